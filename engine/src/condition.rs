//! Conditions: the typed, negation-free form that the compiler writes into a bundle.
//!
//! The same tree is lowered to Cedar, which decides, and is evaluated here, to explain. Negation
//! stands at the atoms only, because an atom over a missing value and the negation of that atom are
//! not opposites: both count against the call.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::glob::Glob;
use crate::network::Network;
use crate::view::{View, is_under};

/// A condition on a call.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// Every one holds; of none: true.
    All(Vec<Condition>),
    /// At least one holds; of none: false.
    Any(Vec<Condition>),
    /// One test of one thing.
    Atom(Atom),
}

/// One test of one thing, or its negation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Atom {
    /// For an array argument: whether all of its elements are meant, or any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantifier: Option<Quantifier>,
    /// What is tested.
    pub operand: Operand,
    /// The test.
    pub test: Test,
    /// Whether the test must fail instead. Under a quantifier the negation is the element's: the
    /// compiler writes `not all` as `any not`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub negated: bool,
}

/// How an array argument is judged by its elements. Over an absent or empty array neither has a
/// value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantifier {
    /// Every element.
    All,
    /// At least one element.
    Any,
}

/// An attribute of the call, read through a view or as it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operand {
    /// The view through which a string is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view: Option<View>,
    /// The attribute.
    pub attribute: Attribute,
}

/// Something that a call says, and that a condition may read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attribute {
    /// `args.…`: an argument of the tool, or a fact that is computed from one.
    Argument(Argument),
    /// `user.issuer`.
    UserIssuer,
    /// `user.subject`.
    UserSubject,
    /// `client.id`.
    ClientId,
    /// `client.registration`.
    ClientRegistration,
    /// `token.age`: seconds since `issued_at`.
    TokenAge,
    /// `token.auth_age`: seconds since `auth_time`.
    TokenAuthAge,
    /// `token.lifetime`: seconds from `issued_at` to `expires_at`.
    TokenLifetime,
    /// `token.acr`: the authentication context class.
    TokenAcr,
    /// `call.address`: the IP address that the client's request came from.
    CallAddress,
    /// `call.confirmation_age`: seconds since the user confirmed just this operation.
    ConfirmationAge,
    /// `now`: seconds since the epoch.
    Now,
}

/// An argument by its path from the arguments' root, or a fact that is computed from it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Argument {
    /// What computes the value that is read from the argument; `None`: the argument itself is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub computed: Option<Function>,
    /// Member names, outermost first.
    pub path: Vec<String>,
    /// The type: the one that the tool's `inputSchema` gives it, or that the policy declares for the
    /// fact. For an array that is judged by its elements, the type of an element.
    #[serde(rename = "type")]
    pub kind: ArgumentType,
}

impl Argument {
    /// An argument as it is.
    pub fn given(path: Vec<String>, kind: ArgumentType) -> Self {
        Self { computed: None, path, kind }
    }

    /// What it is, whatever type it is read at.
    pub fn identity(&self) -> (Option<&Function>, &[String]) {
        (self.computed.as_ref(), &self.path)
    }
}

/// A function of a WebAssembly component, by which facts are computed from arguments: see
/// [`Fact`](crate::call::Fact).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Function {
    /// The digest of the component's bytes.
    pub component: Digest,
    /// What the component calls the function.
    pub name: String,
}

/// A type that an argument can be judged at. A value of any other type is no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArgumentType {
    /// A string.
    String,
    /// A boolean.
    Boolean,
    /// A 64-bit integer.
    Integer,
    /// An array of strings, read as a set.
    Strings,
}

/// What an atom asks of its operand.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Test {
    /// `== literal`
    Equals(Literal),
    /// `in [literal, …]`
    OneOf(Vec<Literal>),
    /// `< n`
    LessThan(i64),
    /// `<= n`
    AtMost(i64),
    /// `> n`
    MoreThan(i64),
    /// `>= n`
    AtLeast(i64),
    /// `like "glob"`
    Like(Glob),
    /// `under "/folder"`, of a path view.
    UnderFolder(String),
    /// `under "10.0.0.0/8"`, of an address.
    UnderNetwork(Network),
    /// `has "member"`, of a set of strings.
    Has(String),
    /// `== other`, of two attributes of one type.
    SameAs(Operand),
    /// `is present`: the raw value is there and is not `null`.
    Present,
}

/// A constant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Literal {
    /// A string.
    String(String),
    /// A boolean.
    Boolean(bool),
    /// An integer; also a duration in seconds and an instant in seconds since the epoch.
    Integer(i64),
    /// An IP address.
    Address(IpAddr),
}

/// A value that an attribute has in a call.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// A string, or the normal form that a view gives.
    String(String),
    /// A boolean.
    Boolean(bool),
    /// An integer.
    Integer(i64),
    /// An IP address.
    Address(IpAddr),
    /// A set of strings.
    Strings(Vec<String>),
}

/// Which way a missing value counts: always against the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// In `allow` and `where`: an atom over no value is false.
    Allow,
    /// In `deny`: an atom over no value is true.
    Deny,
}

impl Side {
    /// What an atom over no value is on this side.
    pub fn without_value(self) -> bool {
        matches!(self, Self::Deny)
    }
}

/// Where conditions find the values of a call.
pub trait Values {
    /// The operand's value, or `None` where it has none.
    fn value(&self, operand: &Operand) -> Option<Value>;
    /// The elements of an array operand, each with its value; `None` where it is no array.
    fn elements(&self, operand: &Operand) -> Option<Vec<Option<Value>>>;
    /// Whether the raw value is there and is not `null`.
    fn is_present(&self, attribute: &Attribute) -> bool;
}

impl Condition {
    /// Whether the condition holds.
    pub fn holds(&self, values: &impl Values, side: Side) -> bool {
        match self {
            Self::All(conditions) => conditions.iter().all(|one| one.holds(values, side)),
            Self::Any(conditions) => conditions.iter().any(|one| one.holds(values, side)),
            Self::Atom(atom) => atom.holds(values, side),
        }
    }

    /// Every atom, left to right.
    pub fn atoms(&self) -> Vec<&Atom> {
        match self {
            Self::All(conditions) | Self::Any(conditions) => {
                conditions.iter().flat_map(Self::atoms).collect()
            }
            Self::Atom(atom) => vec![atom],
        }
    }

    /// Whether an argument of the tool is read, or a fact that is computed from one.
    pub fn reads_arguments(&self) -> bool {
        self.atoms().into_iter().any(|atom| atom.arguments().next().is_some())
    }
}

impl Atom {
    /// What it reads: its operand, and the one that this is compared with.
    pub fn operands(&self) -> impl Iterator<Item = &Operand> {
        let other = match &self.test {
            Test::SameAs(other) => Some(other),
            _ => None,
        };
        std::iter::once(&self.operand).chain(other)
    }

    /// The arguments and the facts computed from them that it reads.
    pub fn arguments(&self) -> impl Iterator<Item = &Argument> {
        self.operands().filter_map(|operand| match &operand.attribute {
            Attribute::Argument(argument) => Some(argument),
            _ => None,
        })
    }

    /// Whether the atom holds.
    pub fn holds(&self, values: &impl Values, side: Side) -> bool {
        match self.quantifier {
            _ if self.test == Test::Present => {
                values.is_present(&self.operand.attribute) != self.negated
            }
            None => self.holds_of(values.value(&self.operand), values, side),
            Some(quantifier) => match values.elements(&self.operand) {
                Some(elements) if !elements.is_empty() => {
                    let mut verdicts =
                        elements.into_iter().map(|element| self.holds_of(element, values, side));
                    match quantifier {
                        Quantifier::All => verdicts.all(|holds| holds),
                        Quantifier::Any => verdicts.any(|holds| holds),
                    }
                }
                _ => side.without_value(),
            },
        }
    }

    /// Whether the atom holds of one element of its operand.
    pub(crate) fn holds_of(&self, value: Option<Value>, values: &impl Values, side: Side) -> bool {
        match value.and_then(|value| self.test.passes(&value, values)) {
            Some(passes) => passes != self.negated,
            None => side.without_value(),
        }
    }
}

impl Test {
    /// `None` where the value is not of the test's type, or the other operand has no value.
    fn passes(&self, value: &Value, values: &impl Values) -> Option<bool> {
        Some(match (self, value) {
            (Self::Equals(literal), value) => literal.equals(value)?,
            (Self::OneOf(literals), value) => {
                let mut any = false;
                for literal in literals {
                    any |= literal.equals(value)?;
                }
                any
            }
            (Self::LessThan(bound), Value::Integer(value)) => value < bound,
            (Self::AtMost(bound), Value::Integer(value)) => value <= bound,
            (Self::MoreThan(bound), Value::Integer(value)) => value > bound,
            (Self::AtLeast(bound), Value::Integer(value)) => value >= bound,
            (Self::Like(glob), Value::String(text)) => glob.matches(text),
            (Self::UnderFolder(folder), Value::String(path)) => is_under(path, folder),
            (Self::UnderNetwork(network), Value::Address(address)) => network.contains(*address),
            (Self::Has(member), Value::Strings(members)) => members.contains(member),
            (Self::SameAs(other), value) => values.value(other)? == *value,
            _ => return None,
        })
    }
}

impl Literal {
    fn equals(&self, value: &Value) -> Option<bool> {
        Some(match (self, value) {
            (Self::String(literal), Value::String(value)) => literal == value,
            (Self::Boolean(literal), Value::Boolean(value)) => literal == value,
            (Self::Integer(literal), Value::Integer(value)) => literal == value,
            (Self::Address(literal), Value::Address(value)) => literal == value,
            _ => return None,
        })
    }
}

/// Writes a string as Placet writes it: in double quotes, with `"`, `\` and whatever does not print
/// (control characters, invisible and bidirectional ones) escaped.
pub fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\'' => quoted.push('\''),
            other if other.escape_debug().len() > 1 => quoted.extend(other.escape_unicode()),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

/// Whether a name can stand in a path without quotes.
pub fn is_identifier(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && characters.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

impl fmt::Display for Condition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (conditions, word, of_none) = match self {
            Self::Atom(atom) => return atom.fmt(formatter),
            Self::All(conditions) => (conditions, "and", "always"),
            Self::Any(conditions) => (conditions, "or", "never"),
        };
        if conditions.is_empty() {
            return formatter.write_str(of_none);
        }
        for (index, condition) in conditions.iter().enumerate() {
            if index > 0 {
                write!(formatter, " {word} ")?;
            }
            match condition {
                Self::Atom(atom) => atom.fmt(formatter)?,
                group => write!(formatter, "({group})")?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Atom {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.quantifier {
            Some(Quantifier::All) => formatter.write_str("all ")?,
            Some(Quantifier::Any) => formatter.write_str("any ")?,
            None => {}
        }
        let (operand, not) = (&self.operand, if self.negated { "not " } else { "" });
        match &self.test {
            Test::Present if self.negated => write!(formatter, "{operand} is absent"),
            Test::Present => write!(formatter, "{operand} is present"),
            Test::Equals(literal) if self.negated => write!(formatter, "{operand} != {literal}"),
            Test::Equals(literal) => write!(formatter, "{operand} == {literal}"),
            Test::SameAs(other) if self.negated => write!(formatter, "{operand} != {other}"),
            Test::SameAs(other) => write!(formatter, "{operand} == {other}"),
            Test::OneOf(literals) => {
                write!(formatter, "{operand} {not}in [")?;
                for (index, literal) in literals.iter().enumerate() {
                    let comma = if index > 0 { ", " } else { "" };
                    write!(formatter, "{comma}{literal}")?;
                }
                formatter.write_str("]")
            }
            Test::LessThan(bound) => write!(formatter, "{not}{operand} < {bound}"),
            Test::AtMost(bound) => write!(formatter, "{not}{operand} <= {bound}"),
            Test::MoreThan(bound) => write!(formatter, "{not}{operand} > {bound}"),
            Test::AtLeast(bound) => write!(formatter, "{not}{operand} >= {bound}"),
            Test::Like(glob) => {
                let pattern = glob.to_string().replace('"', "\\\"");
                write!(formatter, "{operand} {not}like \"{pattern}\"")
            }
            Test::UnderFolder(folder) => {
                write!(formatter, "{operand} {not}under {}", quote(folder))
            }
            Test::UnderNetwork(network) => write!(formatter, "{operand} {not}under \"{network}\""),
            Test::Has(member) => write!(formatter, "{operand} {not}has {}", quote(member)),
        }
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.view {
            Some(view) => {
                write!(formatter, "{}({}){}", view.function(), self.attribute, view.part())
            }
            None => self.attribute.fmt(formatter),
        }
    }
}

impl fmt::Display for Attribute {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Argument(argument) => return argument.fmt(formatter),
            Self::UserIssuer => "user.issuer",
            Self::UserSubject => "user.subject",
            Self::ClientId => "client.id",
            Self::ClientRegistration => "client.registration",
            Self::TokenAge => "token.age",
            Self::TokenAuthAge => "token.auth_age",
            Self::TokenLifetime => "token.lifetime",
            Self::TokenAcr => "token.acr",
            Self::CallAddress => "call.address",
            Self::ConfirmationAge => "call.confirmation_age",
            Self::Now => "now",
        })
    }
}

/// `args.sql`; of a fact `kind(args.sql)`. One bundle computes each of these by one component only, so
/// this names a fact within it.
impl fmt::Display for Argument {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Function { name, .. }) = &self.computed {
            let argument = Self { computed: None, ..self.clone() };
            return write!(formatter, "{name}({argument})");
        }
        formatter.write_str("args")?;
        for name in &self.path {
            if is_identifier(name) {
                write!(formatter, ".{name}")?;
            } else {
                write!(formatter, ".{}", quote(name))?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::String(text) => formatter.write_str(&quote(text)),
            Self::Boolean(value) => value.fmt(formatter),
            Self::Integer(value) => value.fmt(formatter),
            Self::Address(address) => write!(formatter, "\"{address}\""),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::String(text) => formatter.write_str(&quote(text)),
            Self::Boolean(value) => value.fmt(formatter),
            Self::Integer(value) => value.fmt(formatter),
            Self::Address(address) => write!(formatter, "\"{address}\""),
            Self::Strings(members) => {
                let members: Vec<String> = members.iter().map(|member| quote(member)).collect();
                write!(formatter, "[{}]", members.join(", "))
            }
        }
    }
}
