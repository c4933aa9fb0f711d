//! Parameters: what `properties` and `required` say.
//!
//! A parameter that no schema names is not read by the server, whatever a validator says of it. So one
//! that is new is more, and one that is gone is less, unless the rest of the schema still takes it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::catalogue::drift::place::Place;
use crate::catalogue::drift::schema::{Schema, Walk};
use crate::catalogue::drift::{Change, Direction};

/// A schema's parameters, and what it says of others.
struct Parameters<'s> {
    named: BTreeMap<&'s str, &'s Value>,
    required: BTreeSet<&'s str>,
    whole: &'s Schema,
}

impl<'s> Walk<'s> {
    pub(super) fn parameters(&mut self, was: &'s Schema, is: &'s Schema, place: &Place) {
        let (Some(old), Some(new)) = (Parameters::read(was), Parameters::read(is)) else {
            for keyword in ["properties", "required"] {
                let (was, is) = (was.get(keyword), is.get(keyword));
                if was != is {
                    self.cannot_tell(&place.member(keyword), was, is);
                }
            }
            return;
        };
        let names: BTreeSet<&str> = old.names().chain(new.names()).collect();
        for name in names {
            let here = place.member("properties").member(name);
            match (old.named.get(name), new.named.get(name)) {
                (Some(was), Some(is)) => {
                    self.demanded(&old, &new, name, &here);
                    self.schema(was, is, &here);
                }
                (None, None) => self.demanded(&old, &new, name, &here),
                (None, Some(is)) => {
                    let less = match old.others(name, place) {
                        Others::Unread => false,
                        Others::Any => true,
                        Others::Fitting(all) => self.between(all, is, &here).is_narrowing(),
                    };
                    let direction = Direction::of(true, less || new.required.contains(name));
                    let after = new.described(name, is);
                    self.event(Change::ParameterAdded, direction, &here, None, Some(after));
                }
                (Some(was), None) => {
                    let more = match new.others(name, place) {
                        Others::Unread => false,
                        Others::Any => true,
                        Others::Fitting(all) => self.between(was, all, &here).is_widening(),
                    };
                    let direction = Direction::of(more || old.required.contains(name), true);
                    let before = old.described(name, was);
                    self.event(Change::ParameterRemoved, direction, &here, Some(before), None);
                }
            }
        }
    }

    /// Whether a parameter must be given.
    fn demanded(&mut self, old: &Parameters<'_>, new: &Parameters<'_>, name: &str, place: &Place) {
        let (was, is) = (old.required.contains(name), new.required.contains(name));
        let (change, direction) = match (was, is) {
            (false, true) => (Change::ParameterRequired, Direction::Narrows),
            (true, false) => (Change::ParameterOptional, Direction::Widens),
            _ => return,
        };
        self.event(change, direction, place, Some(Value::Bool(was)), Some(Value::Bool(is)));
    }
}

/// What a schema says of a parameter that it does not name.
enum Others<'s> {
    /// It is not read.
    Unread,
    /// It is taken if it fits.
    Fitting(&'s Value),
    /// It may be taken.
    Any,
}

impl<'s> Parameters<'s> {
    /// `None` where a keyword is not of the form that JSON Schema gives it.
    fn read(whole: &'s Schema) -> Option<Self> {
        let named = match whole.get("properties") {
            None => BTreeMap::new(),
            Some(properties) => {
                let properties = properties.as_object()?;
                properties.iter().map(|(name, schema)| (name.as_str(), schema)).collect()
            }
        };
        let required = match whole.get("required") {
            None => BTreeSet::new(),
            Some(names) => names.as_array()?.iter().map(Value::as_str).collect::<Option<_>>()?,
        };
        Some(Self { named, required, whole })
    }

    fn names(&self) -> impl Iterator<Item = &'s str> {
        self.named.keys().chain(&self.required).copied()
    }

    fn others(&self, name: &str, place: &Place) -> Others<'s> {
        static ANYTHING: Value = Value::Bool(true);
        if self.whole.contains_key("patternProperties") {
            return Others::Any;
        }
        match self.whole.get("additionalProperties") {
            Some(schema) => Others::Fitting(schema),
            None if place.is_shared || self.required.contains(name) => Others::Fitting(&ANYTHING),
            None => Others::Unread,
        }
    }

    fn described(&self, name: &str, schema: &Value) -> Value {
        json!({"required": self.required.contains(name), "schema": schema})
    }
}
