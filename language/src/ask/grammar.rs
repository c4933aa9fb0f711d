//! The generated parser, and its mistakes in words.

use pest::error::{ErrorVariant, InputLocation};
use pest::iterators::Pairs;

use crate::ask::question::QuestionError;
use crate::case::first_word;
use crate::diagnostic::did_you_mean;

pub(super) use generated::Rule;

mod generated {
    #[derive(pest_derive::Parser)]
    #[grammar = "ask/question.pest"]
    pub(crate) struct Notation;
}

/// Parses a question.
pub(super) fn parse(text: &str) -> Result<Pairs<'_, Rule>, QuestionError> {
    <generated::Notation as pest::Parser<Rule>>::parse(Rule::question, text)
        .map_err(|error| mistake(&error, text))
}

/// The words that a rule may start with, and what it is called where that says more than they do.
fn expected(rule: Rule) -> (&'static [&'static str], Option<&'static str>) {
    match rule {
        Rule::question
        | Rule::who_can
        | Rule::what_can
        | Rule::which_clients
        | Rule::which_consents => {
            (&["who", "what", "which"], Some("a question, such as `who can call github/delete_*`"))
        }
        Rule::verb => (&["call", "read", "get", "do", "use", "reach"], None),
        Rule::limit | Rule::mark | Rule::EOI => {
            (&["without", "via", "on", "for"], Some("`via`, `on`, `for` or `without`"))
        }
        Rule::what | Rule::feature | Rule::access | Rule::capability | Rule::anything => (
            &["access", "capability", "anything"],
            Some("what is called, such as `github/delete_*`, `access destructive` or `anything`"),
        ),
        Rule::who | Rule::anyone | Rule::machine | Rule::user | Rule::group => (
            &["anyone", "machine", "user"],
            Some("a group's name, `anyone`, `machine` or `user \"…\"`"),
        ),
        Rule::via | Rule::any_client | Rule::clients | Rule::client_name => (
            &["any", "clients"],
            Some("a client's name, `any client` or `clients where registration is …`"),
        ),
        Rule::kw_via => (&["via"], None),
        Rule::by_registration | Rule::kw_registration => (&["registration"], None),
        Rule::by_domain | Rule::kw_domain => (&["domain"], None),
        Rule::issuer | Rule::kw_of => (&["of"], None),
        Rule::server => (&[], Some("a server's name")),
        Rule::level => (&["read", "write", "destructive"], None),
        Rule::slash => (&[], Some("`/` and a tool's name")),
        Rule::pattern | Rule::glob => {
            (&[], Some("a tool's name, in which `*` stands for any text"))
        }
        Rule::name | Rule::word => (&[], Some("a name")),
        Rule::text | Rule::inner => (&[], Some("a text in quotes")),
        Rule::kw_can => (&["can"], None),
        Rule::kw_clients => (&["clients"], None),
        Rule::kw_consents => (&["consents"], None),
        Rule::kw_stand => (&["stand"], None),
        Rule::kw_behind => (&["behind"], None),
        Rule::kw_being => (&["being"], None),
        Rule::kw_asked => (&["asked"], None),
        Rule::kw_again => (&["again"], None),
        Rule::kw_where => (&["where"], None),
        Rule::kw_is => (&["is"], None),
        Rule::kw_client => (&["client"], None),
        _ => (&[], None),
    }
}

/// The parser's mistake in words: what was found, and what might stand there.
fn mistake(error: &pest::error::Error<Rule>, text: &str) -> QuestionError {
    let at = match error.location {
        InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
    };
    let rules: &[Rule] = match &error.variant {
        ErrorVariant::ParsingError { positives, .. } => positives,
        ErrorVariant::CustomError { .. } => &[],
    };
    let rest = text.get(at..).unwrap_or_default();
    let found = first_word(rest);
    let mut words: Vec<&str> = Vec::new();
    let mut things: Vec<String> = Vec::new();
    for rule in rules {
        let (starts, what) = expected(*rule);
        words.extend(starts);
        let shown = match what {
            Some(what) => vec![what.to_owned()],
            None => starts.iter().map(|word| format!("`{word}`")).collect(),
        };
        for thing in shown {
            if !things.contains(&thing) {
                things.push(thing);
            }
        }
    }
    let label = match things.split_last() {
        None => String::from("not understood"),
        Some((last, [])) => format!("expected {last}"),
        Some((last, others)) => format!("expected {} or {last}", others.join(", ")),
    };
    if rest.starts_with('"') && found.len() == 1 {
        return QuestionError::syntax(
            at..at.saturating_add(1),
            "the text is not closed",
            "starts here",
        )
        .help("close it with `\"`");
    }
    if found.is_empty() {
        let end = text.trim_end().len();
        let before = text.get(..end).unwrap_or_default();
        let start = before.rfind(char::is_whitespace).map_or(0, |space| space.saturating_add(1));
        let follows = label.replacen("expected", "after it:", 1);
        return QuestionError::syntax(start..end, "the question is not finished", follows);
    }
    let place = at..at.saturating_add(found.len());
    let error = QuestionError::syntax(place, format!("`{found}` was not expected here"), label);
    match did_you_mean(found, words.iter().copied()) {
        Some(help) => error.help(help),
        None => error,
    }
}
