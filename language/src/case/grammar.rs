//! The generated parser, and its mistakes in words.

use pest::error::{ErrorVariant, InputLocation};
use pest::iterators::Pairs;

use crate::case::error::CaseError;
use crate::case::text::RESERVED;
use crate::diagnostic::did_you_mean;

pub(super) use generated::Rule;

mod generated {
    #[derive(pest_derive::Parser)]
    #[grammar = "case/notation.pest"]
    pub(crate) struct Notation;
}

/// Parses a text as `rule`.
pub(super) fn parse(rule: Rule, text: &str) -> Result<Pairs<'_, Rule>, CaseError> {
    <generated::Notation as pest::Parser<Rule>>::parse(rule, text)
        .map_err(|error| mistake(&error, text))
}

/// The words that a rule may start with, and what it is called where that says more than they do.
fn expected(rule: Rule) -> (&'static [&'static str], Option<&'static str>) {
    let words: &[&str] = match rule {
        Rule::client_part => &["registered", "pending", "blocked", "approved", "metadata"],
        Rule::kind => &["dynamic", "metadata_document", "preregistered"],
        Rule::status => &["pending", "blocked", "approved"],
        Rule::operation => &["calls", "reads", "gets", "sends"],
        Rule::clause => {
            let clauses =
                &["with", "where", "for", "from", "token", "tool", "under", "confirmed", "at"];
            return (clauses, Some("a clause such as `with scopes …`"));
        }
        Rule::credential => &["with"],
        Rule::token_part => &["issued", "expires", "logged", "acr", "for", "from", "of", "to"],
        Rule::receipt_part => {
            let parts = &["given", "expires", "withdrawn", "for", "with", "as", "by", "to", "on"];
            return (parts, Some("more about the consent, such as `given 40 days ago`"));
        }
        Rule::confirmed_part => &["with", "as", "by"],
        Rule::expectation => &["allow", "deny"],
        Rule::registration => &["approved", "pending", "refused"],
        Rule::when | Rule::moment => {
            let words = &["now", "never", "in", "on"];
            let what = match rule {
                Rule::when => "a time, such as `5 minutes ago`, `in 1 hour` or `never`",
                _ => "a time, such as `5 minutes ago`",
            };
            return (words, Some(what));
        }
        other => {
            return match word(other) {
                Some(_) => (one_word(other), None),
                None => (&[], thing(other)),
            };
        }
    };
    (words, None)
}

/// What a rule without fixed words is called.
fn thing(rule: Rule) -> Option<&'static str> {
    Some(match rule {
        Rule::EOI => "the end",
        Rule::caller => "a user's name or `machine`",
        Rule::user | Rule::subject => "a user's name",
        Rule::group => "a group's name",
        Rule::client | Rule::identity | Rule::alias | Rule::written => {
            "a client's name in the policy, or `client \"https://…\"`"
        }
        Rule::tool => "a tool's name",
        Rule::scope => "a scope",
        Rule::consent | Rule::receipt => "a consent's name",
        Rule::rule_name => "a rule's name",
        Rule::server => "a server's name",
        Rule::text | Rule::digest => "a text in quotes",
        Rule::fact | Rule::function => "a fact, such as `kind(args.sql) is \"read\"`",
        Rule::member => "a name of an argument",
        Rule::open => "`(` and an argument",
        Rule::close => "`)`",
        Rule::dot => "`.` and a name",
        Rule::key_name => "a name of an argument",
        Rule::entry => "a name and a value",
        Rule::object => "an object: `{…}`",
        Rule::value => "a JSON value",
        Rule::duration | Rule::count => "a length of time, such as `3 days`",
        Rule::ago | Rule::later => "a time, such as `5 minutes ago`",
        Rule::unit => "`seconds`, `minutes`, `hours`, `days` or `weeks`",
        Rule::instant => "a time, such as `2026-12-31T12:00:00Z`",
        Rule::reason => "a reason, such as `rule.none`",
        Rule::ip => "an IP address",
        Rule::arrow => "`=>`",
        Rule::slash => "`/` and a name",
        Rule::colon => "`:`",
        Rule::close_brace => "`,` or `}`",
        Rule::close_bracket => "`,` or `]`",
        Rule::case | Rule::call => {
            "a case, such as `alice via cursor calls github/get_issue => allow`"
        }
        Rule::step => {
            "a step, such as a call, `3 days pass` or `alice consents to reading via cursor`"
        }
        Rule::passes => "`pass`",
        _ => return None,
    })
}

/// Declares the words of the notation: rule, text.
macro_rules! words {
    ($($rule:ident $text:literal)*) => {
        /// The word that a rule is.
        pub(super) fn word(rule: Rule) -> Option<&'static str> {
            match rule {
                $(Rule::$rule => Some($text),)*
                _ => None,
            }
        }

        fn one_word(rule: Rule) -> &'static [&'static str] {
            match rule {
                $(Rule::$rule => &[$text],)*
                _ => &[],
            }
        }
    };
}

words! {
    kw_acr "acr"
    kw_ago "ago"
    kw_allow "allow"
    kw_and "and"
    kw_approved "approved"
    kw_approves "approves"
    kw_args "args"
    kw_arguments "arguments"
    kw_as "as"
    kw_at "at"
    kw_blocked "blocked"
    kw_blocks "blocks"
    kw_by "by"
    kw_calls "calls"
    kw_changes "changes"
    kw_claims "claims"
    kw_client "client"
    kw_confirmed "confirmed"
    kw_consents "consents"
    kw_credential "credential"
    kw_deny "deny"
    kw_digest "digest"
    kw_dynamic "dynamic"
    kw_expires "expires"
    kw_for "for"
    kw_from "from"
    kw_gets "gets"
    kw_given "given"
    kw_in "in"
    kw_is "is"
    kw_issued "issued"
    kw_key "key"
    kw_local "local"
    kw_logged "logged"
    kw_machine "machine"
    kw_metadata "metadata"
    kw_metadata_document "metadata_document"
    kw_never "never"
    kw_no "no"
    kw_nobody "nobody"
    kw_now "now"
    kw_of "of"
    kw_on "on"
    kw_operation "operation"
    kw_pass "pass"
    kw_passes "passes"
    kw_pending "pending"
    kw_preregistered "preregistered"
    kw_reads "reads"
    kw_redirecting "redirecting"
    kw_refused "refused"
    kw_registered "registered"
    kw_registers "registers"
    kw_scenario "scenario"
    kw_scopes "scopes"
    kw_sends "sends"
    kw_to "to"
    kw_token "token"
    kw_tool "tool"
    kw_under "under"
    kw_unknown "unknown"
    kw_unreadable "unreadable"
    kw_via "via"
    kw_where "where"
    kw_with "with"
    kw_withdrawn "withdrawn"
    kw_withdraws "withdraws"
}

/// The parser's mistake in words: what was found, and what might stand there.
fn mistake(error: &pest::error::Error<Rule>, text: &str) -> CaseError {
    let at = match error.location {
        InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
    };
    let rules: &[Rule] = match &error.variant {
        ErrorVariant::ParsingError { positives, .. } => positives,
        ErrorVariant::CustomError { .. } => &[],
    };
    let rest = text.get(at..).unwrap_or_default();
    let found = first_word(rest);
    let place = at..at.saturating_add(found.len());
    let mut words: Vec<&str> = Vec::new();
    let mut things: Vec<String> = Vec::new();
    for rule in rules {
        let (starts, what) = expected(*rule);
        let shown = match what {
            Some(what) => vec![what.to_owned()],
            None => starts.iter().map(|word| format!("`{word}`")).collect(),
        };
        words.extend(starts);
        things.extend(shown.into_iter().filter(|thing| !thing.is_empty()));
    }
    let mut seen = std::collections::BTreeSet::new();
    things.retain(|thing| seen.insert(thing.clone()));
    // The end is always possible where clauses are, and says nothing beside them.
    if things.len() > 1 {
        things.retain(|thing| thing != "the end");
    }
    let label = match things.split_last() {
        None => String::from("not understood"),
        Some((last, [])) => format!("expected {last}"),
        Some((last, others)) => format!("expected {} or {last}", others.join(", ")),
    };
    if rest.starts_with('"') && found.len() == 1 {
        return CaseError::syntax(place, "the text is not closed", "starts here")
            .help("close it with `\"` on the same line");
    }
    if found.is_empty() {
        let end = text.trim_end().len();
        let before = text.get(..end).unwrap_or_default();
        let start = before.rfind(char::is_whitespace).map_or(0, |space| space.saturating_add(1));
        let follows = label.replacen("expected", "after it:", 1);
        return CaseError::syntax(start..end, "this is not finished", follows);
    }
    let is_name = |rule: &Rule| {
        matches!(
            rule,
            Rule::subject
                | Rule::group
                | Rule::alias
                | Rule::tool
                | Rule::scope
                | Rule::consent
                | Rule::rule_name
                | Rule::identity
                | Rule::client
                | Rule::receipt
        )
    };
    let help = match RESERVED.contains(&found) && rules.iter().any(is_name) {
        true => {
            Some(format!("a name that is a word of the notation stands in quotes: `\"{found}\"`"))
        }
        false => habit(found, rest, &words).or_else(|| did_you_mean(found, words.iter().copied())),
    };
    CaseError::syntax(place, format!("`{found}` was not expected here"), label).help_if(help)
}

/// What somebody means who writes as other notations do.
fn habit(found: &str, rest: &str, expected: &[&str]) -> Option<String> {
    Some(match found {
        "denied" | "denies" if expected.contains(&"deny") => {
            String::from("did you mean `deny`, and its reason?")
        }
        "allowed" | "allows" if expected.contains(&"allow") => {
            String::from("did you mean `allow`?")
        }
        "-" if rest.starts_with("->") => {
            String::from("what is expected stands after `=>`: `=> allow`")
        }
        "#" => String::from("a comment starts with `//`"),
        "'" => String::from("texts stand in double quotes: `\"…\"`"),
        "calls" | "reads" | "gets" | "sends" if expected.contains(&"via") => {
            format!("say through which client: `via CLIENT {found} …`")
        }
        _ => return None,
    })
}

/// What stands at the start of a text: a word, a closed text, or one other character.
pub(crate) fn first_word(text: &str) -> &str {
    let is_letter = |one: char| one.is_alphanumeric() || matches!(one, '_' | '-');
    let letters = text.find(|one: char| !is_letter(one)).unwrap_or(text.len());
    let mut end = letters;
    if end == 0 {
        end = text.chars().next().map_or(0, char::len_utf8);
        if text.starts_with('"') {
            let mut escaped = false;
            for (at, character) in text.char_indices().skip(1) {
                match character {
                    '\n' => break,
                    _ if escaped => escaped = false,
                    '\\' => escaped = true,
                    '"' => {
                        end = at.saturating_add(1);
                        break;
                    }
                    _ => {}
                }
            }
        }
    }
    text.get(..end).unwrap_or_default()
}
