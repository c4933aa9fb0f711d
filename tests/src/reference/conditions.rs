//! Conditions, and the values that they read, by code of the reference's own.

use std::collections::BTreeSet;
use std::net::IpAddr;

use placet_engine::condition::{
    ArgumentType, Atom, Attribute, Condition, Literal, Operand, Quantifier, Test,
};
use serde_json::Value;

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
    Reader { call }.atom(atom, stands)
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

/// The normal form of an absolute POSIX path, SEMANTICS 1.4.
pub(super) fn normal_path(raw: &str) -> Option<String> {
    let rest = raw.strip_prefix('/')?;
    if raw.contains(['\\', '%']) || raw.chars().any(char::is_control) {
        return None;
    }
    let mut normal = String::new();
    for segment in rest.split('/') {
        match segment {
            ".." => return None,
            "" | "." => {}
            segment => {
                normal.push('/');
                normal.push_str(segment);
            }
        }
    }
    Some(if normal.is_empty() { String::from("/") } else { normal })
}

/// Whether a glob as it is written fits a text: `*` any characters, `\` takes the next as it is.
pub fn fits(glob: &str, text: &str) -> bool {
    let mut pieces: Vec<Option<char>> = Vec::new();
    let mut characters = glob.chars();
    while let Some(character) = characters.next() {
        match character {
            '*' => pieces.push(None),
            '\\' => pieces.push(Some(characters.next().unwrap_or('\\'))),
            other => pieces.push(Some(other)),
        }
    }
    // The prefixes of the pattern that fit the text so far.
    let mut reached: BTreeSet<usize> = BTreeSet::from([0]);
    let close = |reached: &mut BTreeSet<usize>| {
        for (index, piece) in pieces.iter().enumerate() {
            if piece.is_none() && reached.contains(&index) {
                reached.insert(index.saturating_add(1));
            }
        }
    };
    close(&mut reached);
    for character in text.chars() {
        let mut next = BTreeSet::new();
        for (index, piece) in pieces.iter().enumerate() {
            if !reached.contains(&index) {
                continue;
            }
            match piece {
                None => {
                    next.insert(index);
                }
                Some(wanted) if *wanted == character => {
                    next.insert(index.saturating_add(1));
                }
                Some(_) => {}
            }
        }
        close(&mut next);
        reached = next;
    }
    reached.contains(&pieces.len())
}

/// Whether an address is in a network in CIDR form, compared bit by bit.
pub(super) fn in_network(address: IpAddr, network: &str) -> bool {
    pub(super) fn bits(address: IpAddr) -> Vec<bool> {
        let bytes = match address {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        };
        bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1 == 1)).collect()
    }
    let Some((base, prefix)) = network.split_once('/') else { return false };
    let (Ok(base), Ok(prefix)) = (base.parse::<IpAddr>(), prefix.parse::<usize>()) else {
        return false;
    };
    let (address, base) = (bits(address), bits(base));
    address.len() == base.len() && address.iter().zip(&base).take(prefix).all(|(a, b)| a == b)
}

/// What a call says, as conditions read it.
pub(super) struct Reader<'c> {
    pub(super) call: &'c Value,
}

impl Reader<'_> {
    pub(super) fn argument(&self, path: &[String]) -> Option<&Value> {
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

    /// An age. One that lies in the future, or beyond 64 bits, is none.
    pub(super) fn since(&self, start: &str) -> Option<i64> {
        let age = number(self.call, "now")?.checked_sub(number(self.token()?, start)?);
        age.filter(|age| *age >= 0)
    }

    pub(super) fn lifetime(&self) -> Option<i64> {
        let token = self.token()?;
        number(token, "expires_at")?.checked_sub(number(token, "issued_at")?)
    }

    pub(super) fn value(&self, operand: &Operand) -> Option<Scalar> {
        let part = |whole: &str, name: &str| {
            member(self.call, whole)
                .and_then(|whole| text(whole, name))
                .map(|text| Scalar::Text(text.to_owned()))
        };
        let value = match &operand.attribute {
            Attribute::Argument(argument) => typed(self.argument(&argument.path)?, argument.kind),
            Attribute::UserIssuer => part("user", "issuer"),
            Attribute::UserSubject => part("user", "subject"),
            Attribute::ClientId => part("client", "id"),
            Attribute::ClientRegistration => part("client", "registration"),
            Attribute::TokenAge => self.since("issued_at").map(Scalar::Number),
            Attribute::TokenAuthAge => self.since("auth_time").map(Scalar::Number),
            Attribute::TokenLifetime => self.lifetime().map(Scalar::Number),
            Attribute::TokenAcr => self
                .token()
                .and_then(|token| text(token, "acr"))
                .map(|acr| Scalar::Text(acr.into())),
            Attribute::CallAddress => self.address().map(Scalar::Address),
            Attribute::Now => number(self.call, "now").map(Scalar::Number),
        }?;
        viewed(operand, value)
    }

    pub(super) fn elements(&self, operand: &Operand) -> Option<Vec<Option<Scalar>>> {
        let Attribute::Argument(argument) = &operand.attribute else { return None };
        let items = self.argument(&argument.path)?.as_array()?;
        let element = |item| typed(item, argument.kind).and_then(|value| viewed(operand, value));
        Some(items.iter().map(element).collect())
    }

    /// Looks at the raw value.
    pub(super) fn is_present(&self, attribute: &Attribute) -> bool {
        match attribute {
            Attribute::Argument(argument) => {
                self.argument(&argument.path).is_some_and(|value| !value.is_null())
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
    match (&operand.view, value) {
        (None, value) => Some(value),
        (Some(_), Scalar::Text(raw)) => normal_path(&raw).map(Scalar::Text),
        (Some(_), _) => None,
    }
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
