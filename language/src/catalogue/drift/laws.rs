//! Laws of the comparison, over many small schemas and every small value.

#![expect(clippy::arithmetic_side_effects, reason = "a mistake here fails the test")]

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::catalogue::drift::schema::IN_PLACE;
use crate::catalogue::drift::{Direction, Event, compare_shapes};
use crate::catalogue::{Hints, Shape, is_wider};

fn shape(schema: &Value) -> Shape {
    Shape { schema: schema.clone(), hints: Hints::default() }
}

fn events(old: &Value, new: &Value) -> Vec<Event> {
    compare_shapes(&shape(old), &shape(new))
}

fn direction(old: &Value, new: &Value) -> Direction {
    Direction::of_all(&events(old, new))
}

/// The direction of the way back.
fn mirrored(direction: Direction) -> Direction {
    Direction::of(direction.is_narrowing(), direction.is_widening())
}

/// Small values, of every type and over every bound that the schemas have.
fn values() -> Vec<Value> {
    let scalars = vec![
        json!(null),
        json!(true),
        json!(0),
        json!(1),
        json!(1.5),
        json!(2),
        json!(""),
        json!("a"),
        json!("bb"),
    ];
    let some = [json!(null), json!(0), json!(2), json!("a"), json!("bb")];
    let mut inner = scalars.clone();
    inner.push(json!([]));
    inner.extend(some.iter().map(|one| json!([one])));
    inner.extend(some.iter().map(|one| json!([one, one])));
    inner.push(json!(["a", 0]));
    inner.push(json!({}));
    inner.extend(some.iter().map(|one| json!({ "c": one })));
    let mut values = inner.clone();
    for one in &inner {
        values.push(json!({ "a": one }));
        values.push(json!({ "b": one }));
        values.extend(some.iter().map(|other| json!({"a": one, "b": other})));
    }
    values
}

/// Whether a server reads all of a value: a parameter that its schema does not name is left alone. A
/// schema beside others says nothing of that.
fn is_read(value: &Value, schema: &Value, root: &Value) -> bool {
    let Some(members) = schema.as_object() else { return true };
    if let (1, Some(Value::String(to))) = (members.len(), members.get("$ref")) {
        return root.pointer(&to[1..]).is_none_or(|target| is_read(value, target, root));
    }
    if IN_PLACE.iter().any(|keyword| members.contains_key(*keyword)) {
        return true;
    }
    match value {
        Value::Object(all) => all.iter().all(|(name, value)| {
            let required = members.get("required").and_then(Value::as_array);
            match members.get("properties").and_then(|named| named.get(name)) {
                Some(schema) => is_read(value, schema, root),
                None => {
                    members.contains_key("additionalProperties")
                        || required.is_some_and(|all| all.contains(&json!(name)))
                }
            }
        }),
        Value::Array(all) => {
            let items = members.get("items").unwrap_or(&Value::Null);
            all.iter().all(|value| is_read(value, items, root))
        }
        _ => true,
    }
}

/// Whether a schema refers to itself for one and the same value, which no validator comes to the end of.
fn is_endless(root: &Value) -> bool {
    /// The references that speak of the same value.
    fn here<'v>(schema: &'v Value, found: &mut Vec<&'v str>) {
        match schema {
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str));
                for (name, value) in members {
                    if IN_PLACE.contains(&name.as_str()) {
                        here(value, found);
                    }
                }
                // Schemas by name, of which each may be in force.
                let dependent = members.get("dependentSchemas").and_then(Value::as_object);
                dependent.into_iter().flatten().for_each(|(_, schema)| here(schema, found));
            }
            Value::Array(all) => all.iter().for_each(|one| here(one, found)),
            _ => {}
        }
    }
    ["#/$defs/x", "#/$defs/y", "#/properties/a"].into_iter().any(|start| {
        let mut seen = Vec::new();
        let mut next = vec![start];
        while let Some(reference) = next.pop() {
            let mut found = Vec::new();
            root.pointer(&reference[1..]).into_iter().for_each(|one| here(one, &mut found));
            if found.contains(&start) {
                return true;
            }
            next.extend(found.into_iter().filter(|one| !seen.contains(one)));
            seen.push(reference);
        }
        false
    })
}

/// A value that the new schema takes and reads, and the old one did not take.
fn newly_taken(old: &Value, new: &Value) -> Option<Value> {
    if is_endless(old) || is_endless(new) {
        return None;
    }
    let validator = |schema: &Value| {
        jsonschema::options().with_draft(jsonschema::Draft::Draft202012).build(schema)
    };
    // Such as one that refers only to itself.
    let (Ok(before), Ok(after)) = (validator(old), validator(new)) else { return None };
    values()
        .into_iter()
        .find(|one| after.is_valid(one) && is_read(one, new, new) && !before.is_valid(one))
}

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
fn versions() -> impl Strategy<Value = (Value, Value)> {
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

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is newly taken is said to widen, and the way back is the way there, mirrored.
    #[test]
    fn nothing_that_is_newly_taken_is_missed((old, new) in versions()) {
        let there = direction(&old, &new);
        prop_assert_eq!(direction(&new, &old), mirrored(there));
        prop_assert_eq!(is_wider(&shape(&old), &shape(&new)), there.is_widening());
        prop_assert_eq!(events(&old, &old), []);
        if !there.is_widening() {
            prop_assert_eq!(newly_taken(&old, &new), None, "{:?}", events(&old, &new));
        }
        if !there.is_narrowing() {
            prop_assert_eq!(newly_taken(&new, &old), None, "{:?}", events(&old, &new));
        }
    }
}

/// The law above is not kept by saying that everything widens.
#[test]
fn many_pairs_have_a_direction() {
    use proptest::strategy::ValueTree as _;
    use proptest::test_runner::TestRunner;

    let mut runner = TestRunner::deterministic();
    let mut counts = [0_u32; 4];
    let mut taken = 0;
    for _ in 0..2_000 {
        let (old, new) = versions().new_tree(&mut runner).unwrap().current();
        let direction = direction(&old, &new);
        counts[direction as usize] += 1;
        taken += u32::from(newly_taken(&old, &new).is_some());
    }
    assert!(counts.iter().all(|count| *count > 50), "{counts:?}");
    assert!(taken > 100, "{taken}");
}

#[test]
fn a_reference_hides_nothing() {
    let with = |x: Value, schema: Value| json!({"$defs": {"x": x}, "properties": {"a": schema}});
    let (wide, narrow) = (json!({"type": ["string", "null"]}), json!({"type": "string"}));
    let reference = json!({"$ref": "#/$defs/x"});
    let cases = [
        (reference.clone(), Direction::Widens),
        (json!({"items": reference}), Direction::Widens),
        (json!({"not": reference}), Direction::Incomparable),
        (json!({"anyOf": [{"const": 1}, reference]}), Direction::Widens),
        (json!({"$ref": "#/$defs/x", "minLength": 1}), Direction::Widens),
        (json!({"type": "string"}), Direction::Neutral),
    ];
    for (schema, expected) in cases {
        let (old, new) = (with(narrow.clone(), schema.clone()), with(wide.clone(), schema.clone()));
        assert_eq!(direction(&old, &new), expected, "{schema}");
    }
    // Written out or referred to, it is the same.
    assert_eq!(events(&with(narrow.clone(), reference), &with(json!({}), narrow)), []);
    // What cannot be followed may lead to what changed.
    for elsewhere in
        ["#x", "#/$defs/none", "#/$defs/%78", "https://example.com/x", "#/properties/a"]
    {
        let schema = json!({"$ref": elsewhere});
        let (old, new) = (with(json!(1), schema.clone()), with(json!(2), schema));
        assert_eq!(direction(&old, &new), Direction::Incomparable, "{elsewhere}");
    }
}

#[test]
fn a_schema_that_refers_to_itself_is_compared_to_its_end() {
    let tree = |leaf: Value| {
        json!({
            "properties": {"tree": {"$ref": "#/$defs/node"}},
            "$defs": {"node": {
                "type": "object",
                "properties": {
                    "children": {"type": "array", "items": {"$ref": "#/$defs/node"}},
                    "leaf": leaf,
                },
            }},
        })
    };
    let found = events(&tree(json!({"maxLength": 5})), &tree(json!({"maxLength": 9})));
    let places: Vec<&str> = found.iter().map(|event| event.place.as_str()).collect();
    assert_eq!(places, ["/inputSchema/properties/tree/properties/leaf/maxLength"]);
    assert_eq!(found[0].direction, Direction::Widens);
}

#[test]
fn what_unfolds_without_end_cannot_be_compared() {
    let deep = |leaf: Value| (0..80).fold(leaf, |inner, _| json!({ "items": inner }));
    assert_eq!(
        direction(&deep(json!({"minimum": 1})), &deep(json!({"minimum": 2}))),
        Direction::Incomparable
    );
    // Alternatives of alternatives, each compared with each.
    let wide = |leaf: i64| {
        let level = |level: i64| {
            let next = format!("#/$defs/{}", level + 1);
            let one = |bound: i64| json!({"maximum": bound, "items": {"$ref": next}});
            (level.to_string(), json!({"anyOf": (0..9).map(one).collect::<Vec<_>>()}))
        };
        let mut levels: Map<String, Value> = (0..9).map(level).collect();
        levels.insert(String::from("9"), json!({ "minimum": leaf }));
        json!({"$ref": "#/$defs/0", "$defs": levels})
    };
    assert_eq!(direction(&wide(1), &wide(2)), Direction::Incomparable);
}

#[test]
fn a_default_that_is_spelled_out_is_silence() {
    let spelled = json!({
        "type": "object", "additionalProperties": true, "required": [],
        "properties": {"a": {"type": ["array"], "minItems": 0, "uniqueItems": false, "items": {}}},
    });
    let short = json!({"type": "object", "properties": {"a": {"type": "array"}}});
    assert_eq!(events(&short, &spelled), []);
    assert_eq!(events(&spelled, &short), []);
}
