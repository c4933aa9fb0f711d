//! Expressions: under which facts of a call a version allows it.

use std::rc::Rc;

use placet_engine::Digest;
use placet_engine::condition::{Condition, Side, Values};

use crate::reach::names::GroupId;

/// Something that a call says besides what conditions read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fact {
    /// The user is in the group, which follows from the user's claims.
    Member(GroupId),
    /// The user has the claim: it is this text, or an array that has it.
    Claim(Claim),
    /// The credential carries the scope.
    Scope(String),
    /// The call states the purpose; exactly one of these holds, `None` among them.
    Purpose(Option<String>),
    /// The user gave a consent that was never withdrawn.
    Receipt(Receipt),
    /// A consent of this name was given and withdrawn, which voids all receipts under its names.
    Withdrawn(String),
    /// An argument that nothing reads holds an integer beyond ±2⁵³, so the operation has no digest.
    LargeInteger,
}

/// A claim of a user.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Claim {
    /// The claim's name, or a path of member names to it.
    pub(crate) path: Vec<String>,
    /// What it is, or has among its elements.
    pub(crate) has: String,
}

/// A consent given by the call's user to the call's client at the call's server.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Receipt {
    /// The consent's name then.
    pub(crate) terms: String,
    /// The digest of what the user was shown.
    pub(crate) digest: Digest,
    /// How many seconds ago it was given.
    pub(crate) age: i64,
    /// The purpose that it names.
    pub(crate) purpose: Option<String>,
}

/// A boolean expression.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expr {
    /// Every one holds; of none: true.
    All(Vec<Expr>),
    /// At least one holds; of none: false.
    Any(Vec<Expr>),
    /// It does not hold.
    Not(Box<Expr>),
    /// The fact holds.
    Fact(Fact),
    /// The condition holds, judged on this side.
    Condition(Rc<Condition>, Side),
}

impl Expr {
    pub(crate) const TRUE: Self = Self::All(Vec::new());
    pub(crate) const FALSE: Self = Self::Any(Vec::new());

    pub(crate) fn constant(value: bool) -> Self {
        if value { Self::TRUE } else { Self::FALSE }
    }

    pub(crate) fn is_true(&self) -> bool {
        *self == Self::TRUE
    }

    pub(crate) fn is_false(&self) -> bool {
        *self == Self::FALSE
    }

    /// That every one holds, in as few parts as that takes.
    pub(crate) fn all(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut kept: Vec<Self> = Vec::new();
        for part in parts {
            match part {
                Self::All(inner) => kept.extend(inner),
                part if part.is_false() => return Self::FALSE,
                part => kept.push(part),
            }
        }
        if let ([_], Some(only)) = (kept.as_slice(), kept.first()) {
            only.clone()
        } else {
            Self::All(kept)
        }
    }

    /// That at least one holds, in as few parts as that takes.
    pub(crate) fn any(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut kept: Vec<Self> = Vec::new();
        for part in parts {
            match part {
                Self::Any(inner) => kept.extend(inner),
                part if part.is_true() => return Self::TRUE,
                part => kept.push(part),
            }
        }
        if let ([_], Some(only)) = (kept.as_slice(), kept.first()) {
            only.clone()
        } else {
            Self::Any(kept)
        }
    }

    pub(crate) fn not(self) -> Self {
        match self {
            Self::Not(inner) => *inner,
            one if one.is_true() => Self::FALSE,
            one if one.is_false() => Self::TRUE,
            one => Self::Not(Box::new(one)),
        }
    }

    /// Every condition in it.
    pub(crate) fn conditions<'e>(&'e self, into: &mut Vec<&'e Condition>) {
        match self {
            Self::All(parts) | Self::Any(parts) => {
                parts.iter().for_each(|part| part.conditions(into));
            }
            Self::Not(inner) => inner.conditions(into),
            Self::Condition(condition, _) => into.push(condition),
            Self::Fact(_) => {}
        }
    }

    /// The expression where some facts are known not to hold.
    pub(crate) fn without(&self, is_gone: &impl Fn(&Fact) -> bool) -> Self {
        match self {
            Self::All(parts) => Self::all(parts.iter().map(|part| part.without(is_gone))),
            Self::Any(parts) => Self::any(parts.iter().map(|part| part.without(is_gone))),
            Self::Not(inner) => inner.without(is_gone).not(),
            Self::Fact(fact) if is_gone(fact) => Self::FALSE,
            Self::Fact(_) | Self::Condition(..) => self.clone(),
        }
    }

    /// Whether it holds of a call.
    pub(crate) fn holds(&self, fact: &impl Fn(&Fact) -> bool, values: &impl Values) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(fact, values)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(fact, values)),
            Self::Not(inner) => !inner.holds(fact, values),
            Self::Fact(one) => fact(one),
            Self::Condition(condition, side) => condition.holds(values, *side),
        }
    }
}
