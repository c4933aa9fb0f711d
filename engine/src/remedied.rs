//! A call as it would be once the user had done what the rules ask for.

use crate::condition::{Attribute, Operand, Value, Values};
use crate::facts::Facts;

/// What the user would have done.
#[derive(Debug, Clone, Default)]
pub(crate) struct Done {
    /// Logged in again, with this authentication context class if one is asked for.
    pub(crate) login: Option<Option<String>>,
    /// Confirmed the operation.
    pub(crate) confirmed: bool,
}

/// The call's values, but for those that a remedy changes.
pub(crate) struct Remedied<'f, 'a> {
    pub(crate) facts: &'f Facts<'a>,
    pub(crate) done: Done,
}

/// The call's values, had the user confirmed nothing.
pub(crate) struct Unconfirmed<'f, 'a>(pub(crate) &'f Facts<'a>);

impl Values for Unconfirmed<'_, '_> {
    fn value(&self, operand: &Operand) -> Option<Value> {
        let confirmed = operand.attribute == Attribute::ConfirmationAge;
        if confirmed { None } else { self.0.value(operand) }
    }

    fn elements(&self, operand: &Operand) -> Option<Vec<Option<Value>>> {
        self.0.elements(operand)
    }

    fn is_present(&self, attribute: &Attribute) -> bool {
        *attribute != Attribute::ConfirmationAge && self.0.is_present(attribute)
    }
}

impl Values for Remedied<'_, '_> {
    fn value(&self, operand: &Operand) -> Option<Value> {
        match (&operand.attribute, &self.done.login) {
            // The login gives a new token.
            (Attribute::TokenAge | Attribute::TokenAuthAge, Some(_)) => Some(Value::Integer(0)),
            (Attribute::TokenAcr, Some(Some(acr))) => Some(Value::String(acr.clone())),
            (Attribute::ConfirmationAge, _) if self.done.confirmed => Some(Value::Integer(0)),
            _ => self.facts.value(operand),
        }
    }

    fn elements(&self, operand: &Operand) -> Option<Vec<Option<Value>>> {
        self.facts.elements(operand)
    }

    fn is_present(&self, attribute: &Attribute) -> bool {
        self.value(&Operand { view: None, attribute: attribute.clone() }).is_some()
            || self.facts.is_present(attribute)
    }
}
