//! What a statement of SQL does, as facts for a policy: whether it reads, calls or writes, and which
//! tables it is about. An existing parser reads the statement; what it cannot read has no facts, and so
//! is allowed by no rule that asks for one.
//!
//! Whoever writes a component like this writes a part of the policy: where it is in doubt it says the
//! worse. Here that is so for every statement that is no query, and for every function that is not known
//! to do nothing but compute.

mod statement;

#[cfg(target_family = "wasm")]
#[expect(
    unsafe_code,
    reason = "generated: memory is handed over by address, and the interface is documented in WIT"
)]
mod bindings {
    wit_bindgen::generate!({ world: "plugin", path: "../../spec/facts.wit" });

    export!(Component with_types_in self);

    use crate::component::Component;
}

#[cfg(target_family = "wasm")]
mod component {
    //! The function of the interface.

    use crate::bindings::exports::placet::facts::compute::{Guest, Value};
    use crate::{Fact, compute};

    /// What the interface is implemented for.
    pub(crate) struct Component;

    impl Guest for Component {
        fn compute(function: String, argument: String) -> Result<Option<Value>, String> {
            compute(&function, &argument).map(|fact| {
                Some(match fact {
                    Fact::Text(text) => Value::Text(text),
                    Fact::Number(number) => Value::Integer(number),
                    Fact::Texts(texts) => Value::Strings(texts),
                })
            })
        }
    }
}

/// What comes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// A text.
    Text(String),
    /// A number.
    Number(i64),
    /// A set of texts.
    Texts(Vec<String>),
}

/// Computes a function of an argument, which is JSON.
///
/// - `kind`: `read`, `call` (a query that calls a function which may do anything) or `write`
/// - `tables`: the tables and views that are named, `schema.table` where that is written
/// - `statements`: how many there are
///
/// # Errors
///
/// Why there is no value: the argument is no string, or no SQL; or there is no such function.
pub fn compute(function: &str, argument: &str) -> Result<Fact, String> {
    let sql: String = serde_json::from_str(argument).map_err(|_| String::from("not a string"))?;
    let read = statement::read(&sql)?;
    match function {
        "kind" => Ok(Fact::Text(read.kind.as_str().to_owned())),
        "tables" => Ok(Fact::Texts(read.tables.into_iter().collect())),
        "statements" => i64::try_from(read.statements)
            .map(Fact::Number)
            .map_err(|_| String::from("too many statements")),
        other => Err(format!("there is no function `{other}`")),
    }
}
