//! Events in short words: where, what, and from what to what.

use std::fmt;

use serde_json::Value;

use crate::catalogue::drift::{Change, Event};
use crate::diagnostic::printable;

/// How many characters of a value are shown.
const CUT: usize = 48;

impl fmt::Display for Event {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (place, keyword) = self.place();
        let (what, values) = self.words(&keyword, false);
        let said = [printable(&place), what];
        let said: Vec<String> = said.into_iter().filter(|part| !part.is_empty()).collect();
        formatter.write_str(&said.join(" "))?;
        match values.is_empty() {
            true => Ok(()),
            false => write!(formatter, ": {values}"),
        }
    }
}

impl Event {
    /// The parameter that it is about, as people write it, and the keyword there: `filter.by[]` and
    /// `type`.
    pub fn place(&self) -> (String, String) {
        let mut names =
            self.place.split('/').skip(1).map(|name| name.replace("~1", "/").replace("~0", "~"));
        let whole = match names.next().as_deref() {
            Some("inputSchema") => "",
            Some("arguments") => return (names.next().unwrap_or_default(), rest(names)),
            Some("annotations") => return (String::from("annotations"), rest(names)),
            Some(member) => {
                return (
                    String::new(),
                    [member.to_owned()].into_iter().chain(names).collect::<Vec<_>>().join("/"),
                );
            }
            None => return (String::new(), String::new()),
        };
        let mut parameter = whole.to_owned();
        let mut keywords: Vec<String> = Vec::new();
        while let Some(name) = names.next() {
            match name.as_str() {
                "properties" => {
                    settle(&mut parameter, &mut keywords);
                    if !parameter.is_empty() {
                        parameter.push('.');
                    }
                    parameter.push_str(&names.next().unwrap_or_default());
                }
                "items" => {
                    settle(&mut parameter, &mut keywords);
                    parameter.push_str("[]");
                }
                _ => keywords.push(name),
            }
        }
        if parameter.is_empty() {
            parameter.push_str("inputSchema");
        }
        (parameter, keywords.join(" "))
    }

    /// What happened, and from what to what. Values are cut, unless `all` of them is asked for; what
    /// does not print is escaped.
    pub fn words(&self, keyword: &str, all: bool) -> (String, String) {
        let event = self;
        let cut = |text: &str| if all { text.to_owned() } else { cut(text) };
        let text = |value: &Option<Value>| {
            value.as_ref().map_or_else(|| String::from("absent"), |one| cut(&one.to_string()))
        };
        let arrow = || format!("{} → {}", text(&event.before), text(&event.after));
        let (what, values) = match event.change {
            Change::Added | Change::Removed | Change::Renamed => (String::new(), String::new()),
            Change::ParameterAdded => (String::from("parameter added"), parameter(&event.after)),
            Change::ParameterRemoved => {
                (String::from("parameter removed"), parameter(&event.before))
            }
            Change::ParameterRequired => (String::from("now required"), String::new()),
            Change::ParameterOptional => (String::from("no longer required"), String::new()),
            Change::Keyword if keyword.starts_with("anyOf ") => match (&event.before, &event.after)
            {
                (None, Some(new)) => (String::from("alternative added"), kind(new)),
                (Some(old), None) => (String::from("alternative removed"), kind(old)),
                _ => (keyword.to_owned(), arrow()),
            },
            Change::Keyword if matches!(keyword, "enum" | "const" | "type") => {
                (keyword.to_owned(), constants(event).map_or_else(arrow, |one| cut(&one)))
            }
            Change::Keyword | Change::Annotation => (keyword.to_owned(), arrow()),
            Change::Prose | Change::Cosmetic | Change::Other => {
                let verb = match (&event.before, &event.after) {
                    (None, None) => {
                        "the digest changed, and a catalogue without prose does not say why"
                    }
                    (None, _) => "added",
                    (_, None) => "removed",
                    _ => "changed",
                };
                (
                    keyword.to_owned(),
                    if all && event.before.is_some() { differing(event) } else { verb.to_owned() },
                )
            }
            Change::HiddenCharacters => (format!("{keyword} hides"), shown(&event.after)),
            Change::AddressesModel => (format!("{keyword} speaks to a model"), shown(&event.after)),
        };
        (printable(&what), printable(&values))
    }
}

fn rest(names: impl Iterator<Item = String>) -> String {
    names.collect::<Vec<_>>().join("/")
}

/// Keywords on the way to a parameter belong to its name.
fn settle(parameter: &mut String, keywords: &mut Vec<String>) {
    if !keywords.is_empty() {
        parameter.push_str(&format!("({})", keywords.join(" ")));
        keywords.clear();
    }
}

fn shown(value: &Option<Value>) -> String {
    value.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// What a parameter holds, in a word or two.
fn parameter(value: &Option<Value>) -> String {
    let schema = value.as_ref().and_then(|one| one.get("schema"));
    let required = value.as_ref().and_then(|one| one.get("required")) == Some(&Value::Bool(true));
    let kind = schema.map(kind).unwrap_or_default();
    if required { format!("{kind}, required") } else { kind }
}

fn kind(schema: &Value) -> String {
    if let Some(constants) = schema.get("enum").and_then(Value::as_array) {
        let constants: Vec<String> = constants.iter().map(Value::to_string).collect();
        return cut(&constants.join(" or "));
    }
    match schema.get("type") {
        Some(Value::String(one)) if one == "array" => match schema.get("items") {
            Some(items) => format!("array of {}", kind(items)),
            None => String::from("array"),
        },
        Some(Value::String(one)) => one.clone(),
        Some(Value::Array(all)) => {
            all.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or ")
        }
        _ => ["anyOf", "oneOf", "allOf", "const", "$ref"]
            .into_iter()
            .find_map(|keyword| schema.get(keyword).map(|value| (keyword, value)))
            .map_or_else(
                || String::from("anything"),
                |(keyword, value)| match value {
                    Value::Array(_) => keyword.to_owned(),
                    value => format!("{keyword} {}", cut(&value.to_string())),
                },
            ),
    }
}

/// Which constants came and which went.
fn constants(event: &Event) -> Option<String> {
    let list = |value: &Option<Value>| match value {
        Some(Value::Array(all)) => Some(all.clone()),
        Some(only) => Some(vec![only.clone()]),
        None => None,
    };
    let (old, new) = (list(&event.before)?, list(&event.after)?);
    let apart = |sign: &str, some: &[Value], others: &[Value]| -> Vec<String> {
        some.iter().filter(|one| !others.contains(one)).map(|one| format!("{sign}{one}")).collect()
    };
    let changes = [apart("+", &new, &old), apart("−", &old, &new)].concat();
    Some(changes.join(" "))
}

/// Two texts from a little before where they part.
fn differing(event: &Event) -> String {
    let text = |value: &Option<Value>| match value {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    let (old, new) = (text(&event.before), text(&event.after));
    let same = old.chars().zip(new.chars()).take_while(|(old, new)| old == new).count();
    let start = same.saturating_sub(12);
    let from = |text: &str| {
        let lead = if start > 0 { "…" } else { "" };
        let text: String = text.chars().skip(start).collect();
        format!("{lead}{}", cut(&text.split_whitespace().collect::<Vec<_>>().join(" ")))
    };
    format!("“{}” → “{}”", from(&old), from(&new))
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(CUT) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
