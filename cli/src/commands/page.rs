//! The page of a diagnostic's code, and what there is to say of a reason.

use std::collections::BTreeMap;
use std::path::Path;

use placet_engine::Reason;
use placet_language::lint::{By, Standard, rule};
use placet_language::{Code, did_you_mean};
use serde_json::json;

use crate::exit::Failure;
use crate::output::{self, Format, Style};

/// Shows what a word means.
///
/// # Errors
///
/// The word is neither a code nor a reason.
pub(crate) fn show(what: &Path, format: Format) -> Result<(), Failure> {
    let word = what.to_string_lossy();
    if let Some(code) = Code::ALL.iter().find(|code| code.as_str() == word) {
        return match format {
            Format::Text => output::print(rendered(*code, Style::of_output()).trim_end()),
            Format::Json => output::print_json(&json!({
                "code": code.as_str(),
                "meaning": code.meaning(),
                "page": code.page(),
                "level": rule(*code).map(|rule| rule.level),
                "serves": served(*code),
            })),
        };
    }
    if let Some(reason) = Reason::ALL.iter().find(|reason| reason.as_str() == word) {
        return match format {
            Format::Text => output::print(in_words(*reason, Style::of_output())),
            Format::Json => output::print_json(&json!({
                "reason": reason.as_str(),
                "link": reason.link().as_str(),
                "meaning": reason.meaning(),
            })),
        };
    }
    Err(not_known(what))
}

fn not_known(what: &Path) -> Failure {
    let word = what.display();
    let codes = Code::ALL.iter().map(|code| code.as_str());
    let known = codes.chain(Reason::ALL.iter().map(|reason| reason.as_str()));
    let help = did_you_mean(&word.to_string(), known).unwrap_or_else(|| {
        String::from(
            "`spec/diagnostics.md` lists the codes, and `spec/chain.md` the reasons; to explain a \
             call, write `placet explain --policy DIR CALL.json`",
        )
    });
    Failure::new(format_args!("`{word}` is neither a code, nor a reason, nor a file")).help(help)
}

/// A page's Markdown for a terminal: headings strong, code indented, and no marks around either.
fn rendered(code: Code, style: Style) -> String {
    let page = code.page();
    let mut text = String::with_capacity(page.len());
    let mut in_code = false;
    let mut beside = false;
    for line in page.lines() {
        if let Some(info) = line.strip_prefix("```") {
            in_code = !in_code;
            beside |= info == "placet";
            continue;
        }
        let shown = match (in_code, line.trim_start_matches('#').trim_start()) {
            (true, _) if line.is_empty() => String::new(),
            (true, _) => format!("    {line}"),
            (false, heading) if heading.len() < line.len() => style.strong(heading),
            (false, _) => line.to_owned(),
        };
        text.push_str(&shown);
        text.push('\n');
    }
    let rule = rule(code);
    if beside {
        let page = match rule.is_some_and(|rule| rule.by == By::Lint) {
            true => "spec/lint.md",
            false => "spec/diagnostics.md",
        };
        text.push('\n');
        text.push_str(&style.faint(&format!("The examples stand beside the policy in {page}.\n")));
    }
    for served in served(code) {
        text.push_str(&style.faint(&format!("Serves {served}.\n")));
    }
    text
}

/// The standards that a rule serves, and their items.
fn served(code: Code) -> Vec<String> {
    let mut by_standard: BTreeMap<Standard, Vec<&str>> = BTreeMap::new();
    for (standard, item) in rule(code).map_or(&[][..], |rule| rule.serves) {
        by_standard.entry(*standard).or_default().push(item);
    }
    let said = |(standard, items): (&Standard, &Vec<&str>)| {
        format!("{}: {}", standard.title(), items.join(", "))
    };
    by_standard.iter().map(said).collect()
}

fn in_words(reason: Reason, style: Style) -> String {
    format!(
        "{}\n\n{}\n\nThe chain breaks at its link `{}`. spec/chain.md says how a call is judged, and \
         what a host\ndoes about a denial.\n\n{}",
        style.strong(reason.as_str()),
        reason.meaning(),
        reason.link(),
        style.faint("Of a call of yours: placet explain --policy DIR CALL.json"),
    )
}
