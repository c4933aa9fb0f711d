//! JSON as cases print it: on one line, plain words as keys, keys in their order.

use std::fmt;

use serde_json::{Map, Value};

use crate::case::text::{Text, is_word};

/// A value.
pub(crate) struct Json<'v>(pub(crate) &'v Value);

impl fmt::Display for Json<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::String(text) => Text(text).fmt(formatter),
            Value::Array(items) => {
                formatter.write_str("[")?;
                for (index, item) in items.iter().enumerate() {
                    let comma = if index > 0 { ", " } else { "" };
                    write!(formatter, "{comma}{}", Json(item))?;
                }
                formatter.write_str("]")
            }
            Value::Object(members) => Object(members).fmt(formatter),
            plain => write!(formatter, "{plain}"),
        }
    }
}

/// An object.
pub(crate) struct Object<'o>(pub(crate) &'o Map<String, Value>);

impl fmt::Display for Object<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // How a map is ordered depends on how the JSON library was built.
        let mut members: Vec<(&String, &Value)> = self.0.iter().collect();
        members.sort_by_key(|(key, _)| key.as_str());
        formatter.write_str("{")?;
        for (index, (key, value)) in members.into_iter().enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            match is_word(key) {
                true => write!(formatter, "{comma}{key}: {}", Json(value))?,
                false => write!(formatter, "{comma}{}: {}", Text(key), Json(value))?,
            }
        }
        formatter.write_str("}")
    }
}
