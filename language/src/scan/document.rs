//! JSON with comments and TOML as one tree that keeps its places.

use std::ops::Range;

use jsonc_parser::ast;
use jsonc_parser::common::Ranged as _;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value and the bytes that it is written in.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) span: Range<usize>,
    pub(super) value: Value,
}

/// What is written. `null` and truth values are nothing: no rule asks for them.
#[derive(Debug)]
pub(super) enum Value {
    Nothing,
    /// A string without its escapes, or a number as it is written.
    Scalar(String),
    List(Vec<Node>),
    /// Names may repeat: clients differ in which they take.
    Table(Vec<(String, Node)>),
}

/// Why a file has no tree.
#[derive(Debug)]
pub(super) struct Unreadable {
    pub(super) why: String,
    pub(super) span: Range<usize>,
}

impl Node {
    pub(super) fn table(&self) -> Option<&[(String, Node)]> {
        match &self.value {
            Value::Table(members) => Some(members),
            _ => None,
        }
    }
}

pub(super) fn read(name: &str, text: &str) -> Result<Node, Unreadable> {
    if name.to_lowercase().ends_with(".toml") { toml(text) } else { json(text) }
}

fn json(text: &str) -> Result<Node, Unreadable> {
    let options = ParseOptions::default();
    let parsed = parse_to_ast(text, &CollectOptions::default(), &options).map_err(|error| {
        let range = error.range();
        Unreadable { why: lower(&error.kind().to_string()), span: range.start..range.end }
    })?;
    let Some(value) = parsed.value else {
        return Err(Unreadable { why: String::from("it is empty"), span: 0..0 });
    };
    Ok(from_json(value))
}

fn from_json(value: ast::Value<'_>) -> Node {
    let range = value.range();
    let value = match value {
        ast::Value::StringLit(text) => Value::Scalar(text.value.into_owned()),
        ast::Value::NumberLit(number) => Value::Scalar(number.value.to_owned()),
        ast::Value::BooleanLit(_) | ast::Value::NullKeyword(_) => Value::Nothing,
        ast::Value::Array(list) => Value::List(list.elements.into_iter().map(from_json).collect()),
        ast::Value::Object(object) => Value::Table(
            object
                .properties
                .into_iter()
                .map(|member| (member.name.into_string(), from_json(member.value)))
                .collect(),
        ),
    };
    Node { span: range.start..range.end, value }
}

fn toml(text: &str) -> Result<Node, Unreadable> {
    let table = DeTable::parse(text).map_err(|error| Unreadable {
        why: lower(error.message()),
        span: error.span().unwrap_or_default(),
    })?;
    let span = table.span();
    Ok(Node { span, value: from_table(table.into_inner()) })
}

fn from_table(table: DeTable<'_>) -> Value {
    let members = table.into_iter();
    Value::Table(
        members.map(|(name, value)| (name.into_inner().into_owned(), from_toml(value))).collect(),
    )
}

fn from_toml(value: Spanned<DeValue<'_>>) -> Node {
    let span = value.span();
    let value = match value.into_inner() {
        DeValue::String(text) => Value::Scalar(text.into_owned()),
        DeValue::Integer(number) => Value::Scalar(number.as_str().to_owned()),
        DeValue::Float(number) => Value::Scalar(number.as_str().to_owned()),
        DeValue::Boolean(_) | DeValue::Datetime(_) => Value::Nothing,
        DeValue::Array(list) => Value::List(list.into_iter().map(from_toml).collect()),
        DeValue::Table(table) => from_table(table),
    };
    Node { span, value }
}

/// A parser's sentence as the middle of one.
fn lower(sentence: &str) -> String {
    let mut letters = sentence.chars();
    let first = letters.next().into_iter().flat_map(char::to_lowercase);
    first.chain(letters).collect()
}
