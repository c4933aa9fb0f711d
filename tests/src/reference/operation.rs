//! The operation: what the call is about, and its digest.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use placet_engine::Digest;
use placet_engine::bundle::{Effect, Feature, Otherwise};
use placet_engine::condition::Condition;
use placet_engine::resource::Pattern;
use placet_language::catalogue::Tool;
use placet_language::model::{Capability, Server};
use serde_json::{Map, Value, json};

use crate::reference::conditions::*;
use crate::reference::values::resource_fits;
use crate::reference::{Reference, atoms};

/// What a call is about, where the operation link holds.
pub(super) struct Place<'p> {
    pub(super) name: &'p String,
    pub(super) server: &'p Server,
    pub(super) feature: Feature,
    /// Whether conditions on its arguments can be judged.
    pub(super) judged: bool,
    /// The operation's digest, where some requirement wants it confirmed.
    pub(super) operation: Option<String>,
}

fn depth(value: &Value) -> usize {
    let deepest = match value {
        Value::Array(items) => items.iter().map(depth).max(),
        Value::Object(members) => members.values().map(depth).max(),
        _ => return 0,
    };
    deepest.unwrap_or(0).saturating_add(1)
}

/// Whether a number somewhere cannot be told from its neighbours once it is a 64-bit float.
fn has_great_integer(value: &Value) -> bool {
    let great = 9_007_199_254_740_992_i128;
    match value {
        Value::Array(items) => items.iter().any(has_great_integer),
        Value::Object(members) => members.values().any(has_great_integer),
        Value::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(exact), _, _) => i128::from(exact).abs() > great,
            (None, Some(exact), _) => i128::from(exact) > great,
            // A float of 2⁵³ may have been the integer above it.
            (None, None, Some(float)) => float.trunc() == float && float.abs() >= 2_f64.powi(53),
            (None, None, None) => true,
        },
        _ => false,
    }
}

/// RFC 8785: members by the UTF-16 units of their names, numbers as ECMAScript writes them.
fn canonical(value: &Value, into: &mut String) {
    match value {
        Value::Array(items) => {
            into.push('[');
            for (index, item) in items.iter().enumerate() {
                into.push_str(if index > 0 { "," } else { "" });
                canonical(item, into);
            }
            into.push(']');
        }
        Value::Object(members) => {
            let mut sorted: Vec<(&String, &Value)> = members.iter().collect();
            sorted.sort_by_key(|(name, _)| name.encode_utf16().collect::<Vec<u16>>());
            into.push('{');
            for (index, (name, member)) in sorted.into_iter().enumerate() {
                into.push_str(if index > 0 { "," } else { "" });
                let _ = write!(into, "{}:", json!(name));
                canonical(member, into);
            }
            into.push('}');
        }
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(exact), _) => into.push_str(&exact.to_string()),
            (None, float) => into.push_str(&ecmascript(float.unwrap_or_default())),
        },
        other => into.push_str(&other.to_string()),
    }
}

/// `Number::toString` (ECMA-262, section 6.1.6.1.20), from the shortest digits.
fn ecmascript(float: f64) -> String {
    if float == 0.0 {
        return String::from("0");
    }
    let shortest = format!("{:e}", float.abs());
    let (digits, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    let digits = digits.replace('.', "");
    let point = exponent.parse::<i32>().unwrap_or_default().saturating_add(1);
    let count = i32::try_from(digits.len()).unwrap_or_default();
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or_default());
    let text = if count <= point && point <= 21 {
        format!("{digits}{}", zeros(point.saturating_sub(count)))
    } else if 0 < point && point <= 21 {
        let (whole, part) = digits.split_at(usize::try_from(point).unwrap_or_default());
        format!("{whole}.{part}")
    } else if -6 < point && point <= 0 {
        format!("0.{}{digits}", zeros(point.saturating_neg()))
    } else {
        let (first, rest) = digits.split_at(1);
        let dot = if rest.is_empty() { "" } else { "." };
        format!("{first}{dot}{rest}e{:+}", point.saturating_sub(1))
    };
    if float < 0.0 { format!("-{text}") } else { text }
}

impl<'p> Reference<'p> {
    pub(super) fn server(&self, call: &Value) -> Option<(&'p String, &'p Server)> {
        let identity = text(call, "server")?;
        self.policy.servers.iter().find(|(_, server)| server.identity == identity)
    }

    /// The operation link, SEMANTICS 2.7, 2.9, 3.6 and 3.7.
    pub(super) fn place(&self, call: &Value) -> Result<Place<'p>, &'static str> {
        let (name, server) = self.server(call).ok_or("operation.unknown-server")?;
        let target = text(call, "target").unwrap_or_default();
        let known = |all: &'p std::collections::BTreeMap<String, Tool>, missing| {
            all.get(target).map(Some).ok_or(missing)
        };
        let (feature, definition) = match text(call, "operation") {
            Some("tools/call") => (
                Feature::Tool(target.to_owned()),
                known(&server.catalogue.tools, "operation.unknown-tool")?,
            ),
            Some("prompts/get") => (
                Feature::Prompt(target.to_owned()),
                known(&server.catalogue.prompts, "operation.unknown-prompt")?,
            ),
            Some("resources/read") => {
                let here = self.policy.capabilities.values().filter(|one| one.server == *name);
                let fitting: BTreeSet<Pattern> = here
                    .flat_map(|one| &one.patterns)
                    .filter(|pattern| resource_fits(&pattern.to_string(), target))
                    .cloned()
                    .collect();
                if fitting.is_empty() {
                    return Err("operation.unknown-resource");
                }
                (Feature::Resources(fitting), None)
            }
            _ => return Err("operation.unknown-method"),
        };
        let compiled = definition.and_then(|one| one.digest.as_ref()).map(|one| one.as_str());
        let changed = match text(call, "tool_digest") {
            Some(seen) => compiled != Some(seen),
            None => server.pin_tools && definition.is_some(),
        };
        if changed {
            return Err("operation.tool-changed");
        }
        let arguments = member(call, "arguments");
        if arguments.is_some_and(|all| !all.is_object() || depth(all) > 64) {
            return Err("operation.invalid-arguments");
        }
        let judged = definition.is_none_or(|one| one.arguments.is_ok());
        let mut place = Place { name, server, feature, judged, operation: None };
        if self.is_confirmed(&place) {
            let digest = self.operation_digest(call, compiled);
            place.operation = Some(digest.ok_or("operation.invalid-arguments")?);
        }
        Ok(place)
    }

    /// Whether some requirement on the feature asks for a confirmation, whoever it concerns.
    fn is_confirmed(&self, place: &Place<'_>) -> bool {
        self.policy.rules.values().any(|rule| match &rule.effect {
            Effect::Require { targets, otherwise: Some(Otherwise::Confirm { .. }) } => {
                self.is_target(targets, place)
            }
            _ => false,
        })
    }

    /// Whether a capability holds what the call is about.
    pub(super) fn is_held(capability: &Capability, place: &Place<'_>) -> bool {
        capability.server == *place.name
            && match &place.feature {
                Feature::Resources(fitting) => !fitting.is_disjoint(&capability.patterns),
                named => capability.features.contains(named),
            }
    }

    fn operation_digest(&self, call: &Value, compiled: Option<&str>) -> Option<String> {
        let nothing = json!({});
        let arguments = member(call, "arguments").unwrap_or(&nothing);
        if has_great_integer(arguments) {
            return None;
        }
        let parts = |whole: &str, names: [&str; 2]| {
            member(call, whole).map(|whole| {
                let part = |name: &str| (name.to_owned(), json!(text(whole, name)));
                Value::Object(names.map(part).into_iter().collect::<Map<String, Value>>())
            })
        };
        let operation = json!({
            "user": parts("user", ["issuer", "subject"]),
            "client": parts("client", ["id", "issuer"]),
            "server": text(call, "server"),
            "operation": text(call, "operation"),
            "target": text(call, "target"),
            "tool_digest": compiled,
            "purpose": text(call, "purpose"),
            "arguments": arguments,
        });
        let mut written = String::new();
        canonical(&operation, &mut written);
        Some(Digest::of_bytes(written.as_bytes()).to_string())
    }

    /// The digest that a confirmation of a call must carry, where some requirement asks for one.
    pub fn to_confirm(&self, call: &Value) -> Option<String> {
        self.place(call).ok()?.operation
    }

    /// A condition of a tool whose schema is unknown counts against the call if it reads arguments.
    pub(super) fn holds(
        condition: Option<&Condition>,
        place: &Place<'_>,
        reader: &Reader<'_>,
        stands: Stands,
    ) -> bool {
        let Some(condition) = condition else { return true };
        let mut found = Vec::new();
        atoms(condition, &mut found);
        match !place.judged && found.into_iter().any(reads_arguments) {
            true => stands == Stands::InDeny,
            false => reader.condition(condition, stands),
        }
    }
}
