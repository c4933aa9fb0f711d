//! Laws of the comparison, over many small schemas and every small value.

#![expect(clippy::arithmetic_side_effects, reason = "a mistake here fails the test")]

mod schemas;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::catalogue::drift::laws::schemas::versions;
use crate::catalogue::drift::schema::BESIDE;
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
        return root
            .pointer(to.trim_start_matches('#'))
            .is_none_or(|target| is_read(value, target, root));
    }
    if BESIDE.iter().any(|keyword| members.contains_key(*keyword)) {
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
                    if BESIDE.contains(&name.as_str()) {
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
            root.pointer(reference.trim_start_matches('#'))
                .into_iter()
                .for_each(|one| here(one, &mut found));
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

#[test]
fn what_sees_other_keywords_is_compared_as_a_whole() {
    let closed = json!({"unevaluatedProperties": false});
    let open = json!({"unevaluatedProperties": false, "anyOf": [{"properties": {"a": {}}}]});
    assert!(newly_taken(&closed, &open).is_some());
    assert_eq!(direction(&closed, &open), Direction::Incomparable);
    // A reference within another base, or one that depends on the way there, may lead to what changed.
    for part in [json!({"$id": "https://example.com/x"}), json!({"$dynamicRef": "#x"})] {
        let with =
            |x: Value| json!({"$defs": {"x": x}, "properties": {"a": {"$ref": "#/$defs/y"}}});
        let whole = |x: Value| {
            let mut whole = with(x);
            whole["$defs"]["y"] = part.clone();
            whole["$defs"]["y"]["items"] = json!({"$ref": "#/$defs/x"});
            whole
        };
        let (old, new) = (whole(json!({"minimum": 1})), whole(json!({"minimum": 2})));
        assert_eq!(direction(&old, &new), Direction::Incomparable, "{part}");
    }
}
