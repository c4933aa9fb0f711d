//! Expressions in Cedar's JSON form.

use serde_json::{Value, json};

pub(crate) type Expr = Value;

pub(crate) fn truth(value: bool) -> Expr {
    json!({"Value": value})
}

pub(crate) fn text(text: &str) -> Expr {
    json!({"Value": text})
}

pub(crate) fn number(number: i64) -> Expr {
    json!({"Value": number})
}

pub(crate) fn context() -> Expr {
    json!({"Var": "context"})
}

pub(crate) fn member(record: &Expr, name: &str) -> Expr {
    json!({".": {"left": record, "attr": name}})
}

/// `context.….…`
pub(crate) fn path(names: &[&str]) -> Expr {
    names.iter().fold(context(), |record, name| member(&record, name))
}

pub(crate) fn has(record: &Expr, name: &str) -> Expr {
    json!({"has": {"left": record, "attr": name}})
}

pub(crate) fn binary(operator: &str, left: &Expr, right: &Expr) -> Expr {
    json!({operator: {"left": left, "right": right}})
}

pub(crate) fn equal(left: &Expr, right: &Expr) -> Expr {
    binary("==", left, right)
}

/// That an attribute is there and is this text.
pub(crate) fn is_text(record: &Expr, name: &str, is: &str) -> Expr {
    all([has(record, name), equal(&member(record, name), &text(is))])
}

pub(crate) fn not(one: Expr) -> Expr {
    match one.get("!").and_then(|inner| inner.get("arg")) {
        Some(inner) => inner.clone(),
        None if one == truth(true) => truth(false),
        None if one == truth(false) => truth(true),
        None => json!({"!": {"arg": one}}),
    }
}

/// How many operands stand in one chain: long ones are trees of short ones, since whoever reads them
/// walks them recursively.
const CHAIN: usize = 16;

fn joined(operator: &str, parts: Vec<Expr>) -> Option<Expr> {
    let mut parts = parts;
    while parts.len() > 1 {
        parts = parts
            .chunks(CHAIN)
            .filter_map(|chain| {
                // Rightmost first would shift what guards what: `has` stands on the left.
                chain.iter().cloned().reduce(|left, right| binary(operator, &left, &right))
            })
            .collect();
    }
    parts.pop()
}

/// Every one holds; of none: true.
pub(crate) fn all(parts: impl IntoIterator<Item = Expr>) -> Expr {
    let mut kept = Vec::new();
    for part in parts {
        match part {
            part if part == truth(false) => return part,
            part if part == truth(true) => {}
            part => kept.push(part),
        }
    }
    joined("&&", kept).unwrap_or_else(|| truth(true))
}

/// At least one holds; of none: false.
pub(crate) fn any(parts: impl IntoIterator<Item = Expr>) -> Expr {
    let mut kept = Vec::new();
    for part in parts {
        match part {
            part if part == truth(true) => return part,
            part if part == truth(false) => {}
            part if kept.contains(&part) => {}
            part => kept.push(part),
        }
    }
    joined("||", kept).unwrap_or_else(|| truth(false))
}

pub(crate) fn implies(one: Expr, other: Expr) -> Expr {
    if one == truth(false) || other == truth(true) {
        return truth(true);
    }
    // Not `!one || other`: what `one` finds to be there is not known there in `other`.
    json!({"if-then-else": {"if": one, "then": other, "else": truth(true)}})
}

/// That one of these texts is the value.
pub(crate) fn is_one_of<'t>(value: &Expr, texts: impl IntoIterator<Item = &'t str>) -> Expr {
    any(texts.into_iter().map(|one| equal(value, &text(one))))
}
