//! Small schemas that use every keyword, in two versions.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn one_of<T: Clone + std::fmt::Debug + 'static>(some: Vec<T>) -> impl Strategy<Value = T> {
    proptest::sample::select(some)
}

/// A keyword that needs no other schema.
fn bound() -> impl Strategy<Value = (&'static str, Value)> {
    one_of(vec![
        ("type", json!("string")),
        ("type", json!("integer")),
        ("type", json!("number")),
        ("type", json!("array")),
        ("type", json!("object")),
        ("type", json!(["string", "null"])),
        ("type", json!(["integer", "string"])),
        ("enum", json!(["a"])),
        ("enum", json!(["a", "bb", 0])),
        ("enum", json!([1, 2, null])),
        ("const", json!("a")),
        ("const", json!({"c": "a"})),
        ("minimum", json!(1)),
        ("minimum", json!(1.5)),
        ("maximum", json!(1)),
        ("exclusiveMinimum", json!(1)),
        ("exclusiveMaximum", json!(2)),
        ("multipleOf", json!(2)),
        ("minLength", json!(0)),
        ("minLength", json!(1)),
        ("maxLength", json!(1)),
        ("pattern", json!("^a")),
        ("pattern", json!("b")),
        ("minItems", json!(1)),
        ("maxItems", json!(1)),
        ("uniqueItems", json!(true)),
        ("uniqueItems", json!(false)),
        ("minProperties", json!(1)),
        ("maxProperties", json!(1)),
        ("required", json!(["a"])),
        ("required", json!(["b", "c"])),
        ("required", json!([])),
        ("dependentRequired", json!({"a": ["b"]})),
        ("additionalProperties", json!(false)),
        ("additionalProperties", json!(true)),
        ("unevaluatedProperties", json!(false)),
        ("unevaluatedItems", json!(false)),
        ("minContains", json!(0)),
        ("$ref", json!("#/$defs/x")),
        ("$ref", json!("#/$defs/y")),
        ("$ref", json!("#/properties/a")),
        ("default", json!(1)),
        ("nullable", json!(true)),
    ])
}

/// A keyword around another schema.
fn around(
    inner: impl Strategy<Value = Value> + Clone,
) -> impl Strategy<Value = (&'static str, Value)> {
    let named = (one_of(vec!["a", "b", "c"]), inner.clone());
    let named = proptest::collection::vec(named, 0..3)
        .prop_map(|all| Value::Object(all.into_iter().map(|(n, s)| (n.to_owned(), s)).collect()));
    let list = proptest::collection::vec(inner.clone(), 1..3).prop_map(Value::Array);
    let single =
        one_of(vec!["items", "additionalProperties", "not", "contains", "if", "then", "else"]);
    let named_by = one_of(vec![
        "properties",
        "properties",
        "properties",
        "patternProperties",
        "dependentSchemas",
    ]);
    prop_oneof![
        4 => (named_by, named),
        3 => (one_of(vec!["anyOf", "anyOf", "oneOf", "allOf", "prefixItems"]), list),
        3 => (single, inner),
    ]
}

fn schema() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        1 => Just(json!(true)),
        1 => Just(json!(false)),
        1 => Just(json!({"$ref": "#/$defs/x"})),
        1 => Just(json!({"$ref": "#/properties/a"})),
        6 => proptest::collection::vec(bound(), 0..3).prop_map(object),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        (proptest::collection::vec(bound(), 0..2), proptest::collection::vec(around(inner), 0..3))
            .prop_map(|(bounds, around)| object([bounds, around].concat()))
    })
}

fn object(members: Vec<(&'static str, Value)>) -> Value {
    Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// A whole schema: an object's, with definitions.
fn whole() -> impl Strategy<Value = Value> {
    (schema(), schema(), schema(), any::<bool>()).prop_map(|(schema, x, y, is_plain)| {
        let mut members = match schema {
            Value::Object(members) => members,
            _ => Map::new(),
        };
        if is_plain {
            members.insert(String::from("type"), json!("object"));
        }
        members.insert(String::from("$defs"), json!({"x": x, "y": y}));
        Value::Object(members)
    })
}

/// Two versions that have much in common: the second is the first with one part exchanged.
pub(super) fn versions() -> impl Strategy<Value = (Value, Value)> {
    let edited = (whole(), schema(), bound(), any::<u16>()).prop_map(|(old, part, bound, at)| {
        let mut new = old.clone();
        let mut places = Vec::new();
        schemas(&old, String::new(), &mut places);
        let place = &places[usize::from(at) % places.len()];
        let there = new.pointer_mut(place).unwrap();
        match (at % 3, there.as_object_mut()) {
            (0, _) if !place.is_empty() => *there = part,
            (1, Some(members)) => {
                let last = members.keys().next_back().cloned();
                last.filter(|name| name != "$defs").map(|name| members.remove(&name));
            }
            (_, Some(members)) => {
                members.insert(bound.0.to_owned(), bound.1);
            }
            (_, None) => *there = part,
        }
        (old, new)
    });
    prop_oneof![3 => edited, 1 => (whole(), whole())]
}

/// The places of the schemas within a schema, as far as can be told from their form.
fn schemas(value: &Value, place: String, places: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            let names_schemas =
                ["/properties", "/patternProperties", "/dependentSchemas", "/$defs"];
            if !names_schemas.iter().any(|keyword| place.ends_with(keyword)) {
                places.push(place.clone());
            }
            for (name, value) in members.iter().filter(|(name, _)| {
                !matches!(name.as_str(), "const" | "default" | "dependentRequired")
            }) {
                schemas(value, format!("{place}/{name}"), places);
            }
        }
        Value::Array(items)
            if ["anyOf", "oneOf", "allOf", "prefixItems"]
                .iter()
                .any(|name| place.ends_with(name)) =>
        {
            for (index, item) in items.iter().enumerate() {
                schemas(item, format!("{place}/{index}"), places);
            }
        }
        _ => {}
    }
}
