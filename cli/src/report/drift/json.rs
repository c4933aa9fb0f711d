//! The drift of a catalogue for machines: all of it, one object an event.

use serde_json::{Value, json};

use crate::report::drift::Compared;
use crate::report::drift::named;

/// The version of the form.
const FORM: u32 = 1;

pub(crate) fn report(compared: &Compared<'_>) -> Value {
    let mut all = Vec::new();
    for (feature, events) in &compared.drift.events {
        let (kind, name) = named(feature);
        let touched = compared.touched(feature, events);
        for event in events {
            let mut value = json!(event);
            if let Some(members) = value.as_object_mut() {
                members.insert(kind.to_owned(), Value::from(name.clone()));
                members.insert(String::from("alarming"), Value::from(event.is_alarming()));
                if let Some(touched) = &touched {
                    members.insert(String::from("touches"), json!(touched));
                }
            }
            all.push(value);
        }
    }
    json!({
        "version": FORM,
        "old": compared.old,
        "new": compared.new,
        "alarming": compared.drift.is_alarming(),
        "counts": compared.drift.counts(),
        "events": all,
    })
}
