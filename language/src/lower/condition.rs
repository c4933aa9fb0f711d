//! Conditions as Cedar expressions.

use placet_engine::bundle::fact_name;
use placet_engine::condition::{
    Argument, Atom, Attribute, Condition, Literal, Operand, Side, Test, is_identifier,
};
use placet_engine::glob::Glob;

/// A Cedar string literal.
pub(crate) fn text(text: &str) -> String {
    format!("\"{}\"", text.escape_debug())
}

/// A Cedar pattern literal.
fn pattern(glob: &Glob) -> String {
    let pieces =
        glob.pieces().iter().map(|piece| piece.escape_debug().to_string().replace('*', "\\*"));
    format!("\"{}\"", pieces.collect::<Vec<_>>().join("*"))
}

/// Words that Cedar reserves, which cannot follow a dot.
const RESERVED: [&str; 10] =
    ["true", "false", "if", "then", "else", "in", "is", "like", "has", "__cedar"];

/// Whether a name can stand in Cedar without quotes.
fn is_plain(name: &str) -> bool {
    is_identifier(name) && !RESERVED.contains(&name)
}

/// An attribute's name where it is declared or asked for with `has`.
pub(crate) fn attribute_name(name: &str) -> String {
    if is_plain(name) { name.to_owned() } else { text(name) }
}

fn member(record: &str, name: &str) -> String {
    if is_plain(name) { format!("{record}.{name}") } else { format!("{record}[{}]", text(name)) }
}

/// A condition as a Cedar expression.
pub(crate) fn expression(condition: &Condition, side: Side) -> String {
    let (parts, operator, of_none) = match condition {
        Condition::Atom(atom) => return self::atom(atom, side),
        Condition::All(parts) => (parts, " && ", "true"),
        Condition::Any(parts) => (parts, " || ", "false"),
    };
    if parts.is_empty() {
        return of_none.to_owned();
    }
    join(parts.iter().map(|part| format!("({})", expression(part, side))).collect(), operator)
}

/// How many operands stand in one chain.
const CHAIN: usize = 16;

/// Joins operands by an operator. Cedar walks a chain recursively, one operand a step, and gives up
/// where its stack ends; so a long chain becomes a tree of short ones.
pub(crate) fn join(mut operands: Vec<String>, operator: &str) -> String {
    while operands.len() > CHAIN {
        operands = operands
            .chunks(CHAIN)
            .map(|chain| match chain {
                [only] => only.clone(),
                several => format!("({})", several.join(operator)),
            })
            .collect();
    }
    operands.join(operator)
}

/// Where a value is found, and the test that it is there, if it may not be.
struct Found {
    value: String,
    guard: Option<String>,
}

fn find(operand: &Operand) -> Found {
    if operand.view.is_some() {
        let name = operand.to_string();
        return Found {
            value: format!("context.views[{}]", text(&name)),
            guard: Some(format!("context.views has {}", text(&name))),
        };
    }
    let always = |value: &str| Found { value: value.to_owned(), guard: None };
    let maybe = |record: &str, name: &str| Found {
        value: member(record, name),
        guard: Some(format!("{record} has {}", attribute_name(name))),
    };
    let of_user = |name: &str| Found {
        value: format!("context.user.{name}"),
        guard: Some(String::from("context has user")),
    };
    match &operand.attribute {
        Attribute::Argument(argument) => find_argument(argument),
        // A machine has no user.
        Attribute::UserIssuer => of_user("issuer"),
        Attribute::UserSubject => of_user("subject"),
        Attribute::ClientId => always("context.client.id"),
        Attribute::ClientRegistration => always("context.client.registration"),
        Attribute::TokenAge => maybe("context.token", "age"),
        Attribute::TokenAuthAge => maybe("context.token", "auth_age"),
        Attribute::TokenLifetime => maybe("context.token", "lifetime"),
        Attribute::TokenAcr => maybe("context.token", "acr"),
        Attribute::CallAddress => maybe("context.call", "address"),
        Attribute::ConfirmationAge => maybe("context.call", "confirmation_age"),
        Attribute::Now => always("context.now"),
    }
}

fn find_argument(argument: &Argument) -> Found {
    if argument.computed.is_some() {
        let name = argument.to_string();
        return Found {
            value: member("context.computed", &name),
            guard: Some(format!("context.computed has {}", text(&name))),
        };
    }
    let Some((last, records)) = argument.path.split_last() else {
        return Found { value: String::from("context.args"), guard: None };
    };
    let record =
        records.iter().fold(String::from("context.args"), |record, name| member(&record, name));
    Found {
        value: member(&record, last),
        guard: Some(format!("{record} has {}", attribute_name(last))),
    }
}

fn atom(atom: &Atom, side: Side) -> String {
    if atom.quantifier.is_some() {
        return format!("context.facts[{}]", text(&fact_name(atom, side)));
    }
    let found = find(&atom.operand);
    if atom.test == Test::Present {
        let present = match &atom.operand.attribute {
            Attribute::Argument(argument) => {
                format!("context.present.contains({})", text(&argument.to_string()))
            }
            _ => found.guard.unwrap_or_else(|| String::from("true")),
        };
        return if atom.negated { format!("!({present})") } else { present };
    }
    let other = match &atom.test {
        Test::SameAs(other) => Some(find(other)),
        _ => None,
    };
    let test = test(&found.value, &atom.test, other.as_ref().map(|other| other.value.as_str()));
    let test = if atom.negated { format!("!({test})") } else { test };
    let guards: Vec<String> =
        found.guard.into_iter().chain(other.and_then(|other| other.guard)).collect();
    match (guards.is_empty(), side) {
        (true, _) => test,
        (false, Side::Allow) => format!("{} && {test}", guards.join(" && ")),
        (false, Side::Deny) => format!("if {} then {test} else true", guards.join(" && ")),
    }
}

fn test(value: &str, test: &Test, other: Option<&str>) -> String {
    match test {
        Test::Equals(literal) => format!("{value} == {}", self::literal(literal)),
        Test::OneOf(literals) => {
            let literals: Vec<String> = literals.iter().map(self::literal).collect();
            format!("[{}].contains({value})", literals.join(", "))
        }
        Test::LessThan(bound) => format!("{value} < {bound}"),
        Test::AtMost(bound) => format!("{value} <= {bound}"),
        Test::MoreThan(bound) => format!("{value} > {bound}"),
        Test::AtLeast(bound) => format!("{value} >= {bound}"),
        Test::Like(glob) => format!("{value} like {}", pattern(glob)),
        Test::UnderFolder(folder) => {
            let below =
                Glob::parse(&format!("{}/", folder.trim_end_matches('/')).replace('*', "\\*"));
            let below = pattern(&below);
            let below = below.trim_end_matches('"');
            format!("({value} == {} || {value} like {below}*\")", text(folder))
        }
        Test::UnderNetwork(network) => format!("{value}.isInRange(ip(\"{network}\"))"),
        Test::Has(member) => format!("{value}.contains({})", text(member)),
        Test::SameAs(_) => format!("{value} == {}", other.unwrap_or("false")),
        Test::Present => String::from("true"),
    }
}

fn literal(literal: &Literal) -> String {
    match literal {
        Literal::String(string) => text(string),
        Literal::Boolean(value) => value.to_string(),
        Literal::Integer(value) => value.to_string(),
        Literal::Address(address) => format!("ip(\"{address}\")"),
    }
}
