//! Conditions, and the values that they read, by code of the reference's own.

use std::net::IpAddr;

use placet_engine::condition::{
    Argument, ArgumentType, Atom, Attribute, Condition, Literal, Operand, Quantifier, Test,
};
use placet_engine::view::View;
use serde_json::Value;

use crate::reference::values::{fits, in_network, normal_path, url_place};

/// A value that an operand has.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Scalar {
    Text(String),
    Truth(bool),
    Number(i64),
    Address(IpAddr),
    Texts(Vec<String>),
}

/// On which side a condition stands: what an atom over no value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stands {
    InAllow,
    InDeny,
}

/// Whether an atom holds of a call, in a `deny` or elsewhere.
pub fn atom_holds(call: &Value, atom: &Atom, in_deny: bool) -> bool {
    let stands = if in_deny { Stands::InDeny } else { Stands::InAllow };
    Reader::of(call).atom(atom, stands)
}

/// `null` is as good as absent.
pub(super) fn member<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    value.get(name).filter(|found| !found.is_null())
}

pub(super) fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    member(value, name).and_then(Value::as_str)
}

pub(super) fn number(value: &Value, name: &str) -> Option<i64> {
    member(value, name).and_then(Value::as_i64)
}

/// The integer that a JSON number is, SEMANTICS 1.3.
pub(super) fn integer(value: &Value) -> Option<i64> {
    let Value::Number(number) = value else { return None };
    if let Some(exact) = number.as_i64() {
        return Some(exact);
    }
    if number.is_u64() {
        return None;
    }
    let float = number.as_f64()?;
    let exact = 2_f64.powi(53);
    if float.trunc() != float || !(-exact..=exact).contains(&float) {
        return None;
    }
    format!("{float:.0}").parse().ok()
}

pub(super) fn typed(value: &Value, kind: ArgumentType) -> Option<Scalar> {
    match (kind, value) {
        (ArgumentType::String, Value::String(text)) => Some(Scalar::Text(text.clone())),
        (ArgumentType::Boolean, Value::Bool(truth)) => Some(Scalar::Truth(*truth)),
        (ArgumentType::Integer, number) => integer(number).map(Scalar::Number),
        (ArgumentType::Strings, Value::Array(items)) => items
            .iter()
            .map(|item| item.as_str().map(str::to_owned))
            .collect::<Option<Vec<String>>>()
            .map(Scalar::Texts),
        _ => None,
    }
}

/// What a user would have done at the rules' bidding.
#[derive(Debug, Clone, Default)]
pub(super) struct Done {
    /// Logged in again, with this class if one is asked for.
    pub(super) login: Option<Option<String>>,
    /// Confirmed the operation.
    pub(super) confirmed: bool,
}

/// What a call says, as conditions read it.
pub(super) struct Reader<'c> {
    pub(super) call: &'c Value,
    /// The digest of the operation, where it is to be confirmed.
    pub(super) operation: Option<String>,
    pub(super) done: Done,
}

impl<'c> Reader<'c> {
    /// The call as it is, of an operation that nobody has to confirm.
    pub(super) fn of(call: &'c Value) -> Self {
        Self { call, operation: None, done: Done::default() }
    }
}

impl Reader<'_> {
    /// The value of an argument, or of the fact that is computed from it.
    pub(super) fn argument(&self, argument: &Argument) -> Option<&Value> {
        let path = &argument.path;
        if let Some(function) = &argument.computed {
            let told = |fact: &&Value| {
                text(fact, "component") == Some(function.component.as_str())
                    && text(fact, "function") == Some(&function.name)
                    && fact.get("argument") == Some(&serde_json::json!(path))
            };
            return member(self.call, "facts")?.as_array()?.iter().find(told)?.get("value");
        }
        let mut value = member(self.call, "arguments")?;
        for name in path {
            value = value.as_object()?.get(name)?;
        }
        Some(value)
    }

    pub(super) fn token(&self) -> Option<&Value> {
        member(self.call, "credential").filter(|one| text(one, "kind") == Some("oauth"))
    }

    pub(super) fn address(&self) -> Option<IpAddr> {
        let address: IpAddr = text(self.call, "address")?.parse().ok()?;
        Some(match address {
            IpAddr::V6(six) => six.to_ipv4_mapped().map_or(address, IpAddr::V4),
            four => four,
        })
    }

    /// Something that has a time of issue: a token, or an API key.
    fn issued(&self) -> Option<&Value> {
        let credential = member(self.call, "credential")?;
        ["oauth", "api_key"].contains(&text(credential, "kind")?).then_some(credential)
    }

    /// An age. One that lies in the future, or beyond 64 bits, is none.
    fn since(&self, whole: &Value, start: &str) -> Option<i64> {
        let age = number(self.call, "now")?.checked_sub(number(whole, start)?);
        age.filter(|age| *age >= 0)
    }

    pub(super) fn age(&self) -> Option<i64> {
        match self.done.login {
            Some(_) => Some(0),
            None => self.since(self.issued()?, "issued_at"),
        }
    }

    pub(super) fn auth_age(&self) -> Option<i64> {
        match self.done.login {
            Some(_) => Some(0),
            None => self.since(self.token()?, "auth_time"),
        }
    }

    pub(super) fn acr(&self) -> Option<String> {
        match &self.done.login {
            Some(Some(class)) => Some(class.clone()),
            _ => text(self.token()?, "acr").map(str::to_owned),
        }
    }

    pub(super) fn lifetime(&self) -> Option<i64> {
        let credential = self.issued()?;
        let length =
            number(credential, "expires_at")?.checked_sub(number(credential, "issued_at")?);
        length.filter(|length| *length >= 0)
    }

    /// Seconds since this user confirmed just this operation, SEMANTICS 3.6.
    pub(super) fn confirmation_age(&self) -> Option<i64> {
        if self.done.confirmed {
            return Some(0);
        }
        let confirmation = member(self.call, "confirmation")?;
        let by = member(confirmation, "user")?;
        let same = text(confirmation, "operation") == Some(self.operation.as_deref()?)
            && Some((text(by, "issuer")?, text(by, "subject")?)) == self.user();
        self.since(confirmation, "given_at").filter(|_| same)
    }

    pub(super) fn value(&self, operand: &Operand) -> Option<Scalar> {
        let part = |whole: &str, name: &str| {
            member(self.call, whole)
                .and_then(|whole| text(whole, name))
                .map(|text| Scalar::Text(text.to_owned()))
        };
        let value = match &operand.attribute {
            Attribute::Argument(argument) => typed(self.argument(argument)?, argument.kind),
            Attribute::UserIssuer => part("user", "issuer"),
            Attribute::UserSubject => part("user", "subject"),
            Attribute::ClientId => part("client", "id"),
            Attribute::ClientRegistration => part("client", "registration"),
            Attribute::TokenAge => self.age().map(Scalar::Number),
            Attribute::TokenAuthAge => self.auth_age().map(Scalar::Number),
            Attribute::TokenLifetime => self.lifetime().map(Scalar::Number),
            Attribute::TokenAcr => self.acr().map(Scalar::Text),
            Attribute::ConfirmationAge => self.confirmation_age().map(Scalar::Number),
            Attribute::CallAddress => self.address().map(Scalar::Address),
            Attribute::Now => number(self.call, "now").map(Scalar::Number),
        }?;
        viewed(operand, value)
    }

    pub(super) fn elements(&self, operand: &Operand) -> Option<Vec<Option<Scalar>>> {
        let Attribute::Argument(argument) = &operand.attribute else { return None };
        let items = self.argument(argument)?.as_array()?;
        let element = |item| typed(item, argument.kind).and_then(|value| viewed(operand, value));
        Some(items.iter().map(element).collect())
    }

    /// Looks at the raw value.
    pub(super) fn is_present(&self, attribute: &Attribute) -> bool {
        match attribute {
            Attribute::Argument(argument) => {
                self.argument(argument).is_some_and(|value| !value.is_null())
            }
            attribute => {
                self.value(&Operand { view: None, attribute: attribute.clone() }).is_some()
            }
        }
    }

    pub(super) fn atom(&self, atom: &Atom, stands: Stands) -> bool {
        if atom.test == Test::Present {
            return self.is_present(&atom.operand.attribute) ^ atom.negated;
        }
        let missing = stands == Stands::InDeny;
        let one = |value: Option<Scalar>| match value.and_then(|value| self.test(atom, &value)) {
            None => missing,
            Some(passes) => passes ^ atom.negated,
        };
        let Some(quantifier) = atom.quantifier else { return one(self.value(&atom.operand)) };
        let elements = self.elements(&atom.operand).unwrap_or_default();
        if elements.is_empty() {
            return missing;
        }
        let holding = elements.iter().filter(|element| one((*element).clone())).count();
        match quantifier {
            Quantifier::All => holding == elements.len(),
            Quantifier::Any => holding > 0,
        }
    }

    /// `None` where there is nothing to compare with.
    pub(super) fn test(&self, atom: &Atom, value: &Scalar) -> Option<bool> {
        let same = |literal: &Literal| match (literal, value) {
            (Literal::String(one), Scalar::Text(other)) => one == other,
            (Literal::Boolean(one), Scalar::Truth(other)) => one == other,
            (Literal::Integer(one), Scalar::Number(other)) => one == other,
            (Literal::Address(one), Scalar::Address(other)) => one == other,
            _ => false,
        };
        let passes = match (&atom.test, value) {
            (Test::Equals(literal), _) => same(literal),
            (Test::OneOf(literals), _) => literals.iter().any(same),
            (Test::LessThan(bound), Scalar::Number(value)) => *value < *bound,
            (Test::AtMost(bound), Scalar::Number(value)) => *value <= *bound,
            (Test::MoreThan(bound), Scalar::Number(value)) => *value > *bound,
            (Test::AtLeast(bound), Scalar::Number(value)) => *value >= *bound,
            (Test::Like(glob), Scalar::Text(text)) => fits(&glob.to_string(), text),
            (Test::UnderFolder(folder), Scalar::Text(path)) => {
                let segments = |path: &str| -> Vec<String> {
                    path.split('/').filter(|one| !one.is_empty()).map(str::to_owned).collect()
                };
                segments(path).starts_with(&segments(folder))
            }
            (Test::UnderNetwork(network), Scalar::Address(address)) => {
                in_network(*address, &network.to_string())
            }
            (Test::Has(member), Scalar::Texts(members)) => members.contains(member),
            (Test::SameAs(other), value) => self.value(other)? == *value,
            _ => return None,
        };
        Some(passes)
    }

    pub(super) fn condition(&self, condition: &Condition, stands: Stands) -> bool {
        match condition {
            Condition::All(parts) => !parts.iter().any(|part| !self.condition(part, stands)),
            Condition::Any(parts) => parts.iter().any(|part| self.condition(part, stands)),
            Condition::Atom(atom) => self.atom(atom, stands),
        }
    }

    pub(super) fn user(&self) -> Option<(&str, &str)> {
        let user = member(self.call, "user")?;
        Some((text(user, "issuer")?, text(user, "subject")?))
    }
}

pub(super) fn viewed(operand: &Operand, value: Scalar) -> Option<Scalar> {
    let Some(view) = operand.view else { return Some(value) };
    let Scalar::Text(raw) = value else { return None };
    Some(match view {
        View::Path => Scalar::Text(normal_path(&raw)?),
        View::UrlScheme => Scalar::Text(url_place(&raw)?.scheme),
        View::UrlHost => Scalar::Text(url_place(&raw)?.host),
        View::UrlPort => Scalar::Number(url_place(&raw)?.port?),
    })
}

/// Whether an atom reads an argument, on either side of a comparison.
pub(super) fn reads_arguments(atom: &Atom) -> bool {
    let other = match &atom.test {
        Test::SameAs(other) => matches!(other.attribute, Attribute::Argument(_)),
        _ => false,
    };
    other || matches!(atom.operand.attribute, Attribute::Argument(_))
}

pub(super) fn atoms<'c>(condition: &'c Condition, found: &mut Vec<&'c Atom>) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => {
            parts.iter().for_each(|part| atoms(part, found));
        }
        Condition::Atom(atom) => found.push(atom),
    }
}
