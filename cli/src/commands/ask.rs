//! `placet ask`: who can do what through which client, and on the strength of which consent.

use std::collections::BTreeSet;
use std::path::PathBuf;

use placet_language::ask::{
    About, Answer, AskLimits, CredentialKind, Question, Row, Takes, answer,
};
use serde_json::json;

use crate::commands::engine;
use crate::commands::signing::Trust;
use crate::exit::{Exit, Failure};
use crate::output::{self, Format, Style, counted, length, plural, printable};

/// Ask a policy who can do what through which client, and on the strength of which consent
///
/// Every row of the answer is proved by a call that the engine was asked about. What could not be told
/// is said, and ends with exit code 3.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
        placet ask 'who can call github/delete_*'\n  \
        placet ask 'what can engineers do via cursor without being asked again'\n  \
        placet ask 'which clients reach access destructive'\n  \
        placet ask 'which consents stand behind github/create_issue'\n  \
        placet ask --policy policies/filesystem 'what can anyone call'\n\n\
        `spec/ask.md` says what the words mean.\n\n\
        Exit codes: 0 answered, 2 the question or the policy is unusable, 3 for some tools it could not be \
        decided.")]
pub(crate) struct Arguments {
    /// The question
    question: String,
    /// The policy that is asked: its folder, or a bundle
    #[arg(short, long, default_value = ".")]
    policy: PathBuf,
    #[command(flatten)]
    trust: Trust,
    /// How to show the answer
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let text = &arguments.question;
    let question = match Question::parse(text) {
        Ok(question) => question,
        Err(error) => return unusable(&error.diagnostic(text)),
    };
    let engine = engine(&arguments.policy, &arguments.trust)?;
    let answer = match answer(&question, &engine, &AskLimits::default()) {
        Ok(answer) => answer,
        Err(error) => return unusable(&error.diagnostic(text)),
    };
    match arguments.format {
        Format::Json => output::print_json(&json!({
            "question": text,
            "about": question.about.as_str(),
            "rows": answer.rows,
            "undecided": answer.undecided,
        }))?,
        Format::Text => output::print(table(question.about, &answer, Style::of_output()))?,
    }
    if answer.undecided.is_empty() {
        return Ok(Exit::Clean);
    }
    for one in &answer.undecided {
        output::note(format_args!(
            "undecided: {}/{}: {}",
            printable(&one.server.name),
            printable(&one.feature.name),
            one.why
        ));
    }
    Ok(Exit::Undecided)
}

/// What is wrong with the question itself.
fn unusable(diagnostic: &placet_language::Diagnostic) -> Result<Exit, Failure> {
    output::diagnostics([diagnostic]);
    output::read_on(diagnostic.code);
    Ok(Exit::Unusable)
}

/// A line of the table, and what is shown below it.
struct Line {
    columns: Vec<String>,
    below: Vec<String>,
}

fn table(about: About, answer: &Answer, style: Style) -> String {
    let headings: &[&str] = match about {
        About::Who => &["what", "who", "through", "takes", "by rule"],
        About::What => &["who", "what", "through", "takes", "by rule"],
        About::Clients => &["client", "what", "who", "takes", "by rule"],
        About::Consents => &["consent", "what", "who", "through", "by rule"],
    };
    let mut lines: Vec<Line> = answer.rows.iter().flat_map(|row| lines(about, row)).collect();
    lines.sort_by(|one, other| one.columns.cmp(&other.columns));
    let widths: Vec<usize> = (0..headings.len())
        .map(|place| {
            let cells = lines.iter().filter_map(|line| line.columns.get(place));
            let cells = cells.map(|cell| cell.chars().count());
            cells.chain(headings.get(place).map(|heading| heading.len())).max().unwrap_or(0)
        })
        .collect();
    let aligned = |columns: &[String]| {
        let cells = columns.iter().zip(&widths);
        let cells = cells.map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let mut shown = Vec::new();
    if !lines.is_empty() {
        let headings: Vec<String> = headings.iter().map(|one| (*one).to_owned()).collect();
        shown.push(style.strong(&aligned(&headings)));
    }
    let mut before: Option<&String> = None;
    for line in &lines {
        let mut columns = line.columns.clone();
        // What stands in the first column counts until something else does.
        let first = line.columns.first();
        if before == first
            && let Some(same) = columns.first_mut()
        {
            same.clear();
        }
        before = first;
        shown.push(aligned(&columns));
        shown.extend(line.below.iter().map(|below| style.faint(&format!("    {below}"))));
    }
    if !shown.is_empty() {
        shown.push(String::new());
    }
    shown.push(summary(about, answer));
    shown.join("\n")
}

fn lines(about: About, row: &Row) -> Vec<Line> {
    let access = row.access.map(|access| format!(" ({access})")).unwrap_or_default();
    let kind = if row.feature.kind == "tool" { "" } else { row.feature.kind };
    let what = format!("{}/{}{access}", row.server.name, row.feature.name);
    let what = printable(format!("{kind} {what}").trim_start());
    let who = match row.credential {
        CredentialKind::Token | CredentialKind::Local => row.principal.clone(),
        CredentialKind::ApiKey => format!("{} with an API key", row.principal),
    };
    let who = printable(&who);
    let through = printable(&row.clients.join(", "));
    let takes = printable(&takes(&row.takes));
    let rule = match &row.rule.capability {
        Some(capability) => format!("{} through {capability}", row.rule.rule),
        None => row.rule.rule.clone(),
    };
    let mut below = Vec::new();
    if row.when != "always" {
        below.push(format!("when {}", printable(&row.when)));
    }
    below.push(format!("such as {}", printable(&row.witness)));
    let line = |columns: Vec<String>| Line { columns, below: below.clone() };
    match about {
        About::Who => vec![line(vec![what, who, through, takes, rule])],
        About::What => vec![line(vec![who, what, through, takes, rule])],
        About::Clients => row
            .clients
            .iter()
            .map(|client| {
                let client = printable(client);
                line(vec![client, what.clone(), who.clone(), takes.clone(), rule.clone()])
            })
            .collect(),
        About::Consents => {
            let mut names: Vec<String> =
                row.takes.consents.iter().map(|consent| printable(&consent.name)).collect();
            if names.is_empty() {
                names.push(String::from("(no consent)"));
            }
            let columns =
                |name| vec![name, what.clone(), who.clone(), through.clone(), rule.clone()];
            names.into_iter().map(|name| line(columns(name))).collect()
        }
    }
}

/// What a call takes, in a few words.
fn takes(takes: &Takes) -> String {
    let mut parts = Vec::new();
    for consent in &takes.consents {
        let lasts = consent.lasts.map(|seconds| format!(" ({})", length(seconds)));
        parts.push(format!("consent {}{}", consent.name, lasts.unwrap_or_default()));
    }
    let sets = takes.scopes.iter().map(|set| set.iter().cloned().collect::<Vec<_>>().join(" and "));
    let sets: Vec<String> = sets.collect();
    if !sets.is_empty() {
        parts.push(format!("scope {}", sets.join(" or ")));
    }
    if let Some(purpose) = &takes.purpose {
        parts.push(format!("purpose {purpose}"));
    }
    if let Some(login) = &takes.login {
        let age = login.max_age.map(|seconds| format!(" of the last {}", length(seconds)));
        let acr = match login.acr.as_slice() {
            [] => String::new(),
            all => format!(" with acr {}", all.join(" or ")),
        };
        parts.push(format!("login{}{acr}", age.unwrap_or_default()));
    }
    if takes.confirmation {
        parts.push(String::from("confirmation"));
    }
    if parts.is_empty() { String::from("nothing more") } else { parts.join(", ") }
}

fn summary(about: About, answer: &Answer) -> String {
    let undecided = match answer.undecided.len() {
        0 => String::new(),
        count => format!("; undecided: {}", counted(count, "tool")),
    };
    if answer.rows.is_empty() {
        let nothing = match about {
            About::Who => "nobody",
            About::What => "nothing",
            About::Clients => "no client",
            About::Consents => "no consent: nothing of it is allowed",
        };
        let told = if answer.undecided.is_empty() { "" } else { " that could be told" };
        return format!("{nothing}{told}{undecided}");
    }
    let distinct = |names: BTreeSet<String>| names.len();
    let tools = distinct(
        answer.rows.iter().map(|row| format!("{}/{}", row.server.name, row.feature.name)).collect(),
    );
    let who = distinct(answer.rows.iter().map(|row| row.principal.clone()).collect());
    let clients = distinct(answer.rows.iter().flat_map(|row| row.clients.clone()).collect());
    let consents =
        answer.rows.iter().flat_map(|row| row.takes.consents.iter().map(|one| one.name.clone()));
    let consents = match about {
        About::Consents => format!(", {}", counted(distinct(consents.collect()), "consent")),
        _ => String::new(),
    };
    format!(
        "{}, {}, {}{consents}{undecided}",
        counted(tools, "tool"),
        plural(who, "kind of caller", "kinds of callers"),
        plural(clients, "kind of client", "kinds of clients"),
    )
}
