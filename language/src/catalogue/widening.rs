//! Widening: whether a tool, as it is defined now, may do what it could not do before.

use crate::catalogue::Shape;
use crate::catalogue::drift::compare_shapes;

/// Whether the new shape allows more than the old one: a parameter that is new, optional where it was
/// required, or takes values that it did not take, or a hint of more harm. What cannot be compared
/// counts as wider.
pub fn is_wider(old: &Shape, new: &Shape) -> bool {
    compare_shapes(old, new).iter().any(|event| event.direction.is_widening())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Hints;
    use serde_json::{Value, json};

    fn accepts_more(old: &Value, new: &Value) -> bool {
        let shape = |schema: &Value| Shape { schema: schema.clone(), hints: Hints::default() };
        is_wider(&shape(old), &shape(new))
    }

    fn more_harm(old: Hints, new: Hints) -> bool {
        let shape = |hints| Shape { schema: Value::Null, hints };
        is_wider(&shape(old), &shape(new))
    }

    /// What is wider than what, each the other way round no wider unless both are listed.
    #[test]
    fn what_accepts_more_is_wider() {
        let cases = [
            (json!({}), json!({"type": "string"})),
            (json!({"type": ["string", "null"]}), json!({"type": "string"})),
            (json!({"type": "number"}), json!({"type": "integer"})),
            (json!({"enum": ["a", "b"]}), json!({"enum": ["b"]})),
            (json!({"enum": ["a", "b"]}), json!({"const": "a"})),
            (json!({"minimum": 1}), json!({"minimum": 2})),
            (json!({"maximum": 2.5}), json!({"maximum": 2})),
            (json!({"maxLength": 9}), json!({"maxLength": 8})),
            (json!({}), json!({"pattern": "^a"})),
            (json!({"required": ["a"]}), json!({"required": ["b", "a"]})),
            (json!({"items": {}}), json!({"items": {"type": "string"}})),
            (json!({"uniqueItems": false}), json!({"uniqueItems": true})),
            (json!({"additionalProperties": true}), json!({"additionalProperties": false})),
            (json!({"additionalProperties": {}}), json!({"additionalProperties": false})),
            (json!({}), json!({"additionalProperties": false})),
            (
                json!({"anyOf": [{"type": "string"}, {"type": "null"}]}),
                json!({"anyOf": [{"type": "null"}]}),
            ),
            (json!({"properties": {"a": {}, "b": {}}}), json!({"properties": {"a": {}}})),
            (json!({"properties": {"a": {}}}), json!({"properties": {"a": {"type": "string"}}})),
            (json!({"properties": {"a": {}}}), json!({})),
            (
                json!({"$ref": "#/$defs/x", "$defs": {"x": {}}}),
                json!({"$ref": "#/$defs/x", "$defs": {"x": {"type": "string"}}}),
            ),
            (json!(true), json!({"type": "string"})),
            (json!({"type": "string"}), json!(false)),
        ];
        for (wide, narrow) in cases {
            assert!(accepts_more(&narrow, &wide), "{wide} is wider than {narrow}");
            assert!(!accepts_more(&wide, &narrow), "{narrow} is no wider than {wide}");
            assert!(!accepts_more(&wide, &wide.clone()), "{wide} is no wider than itself");
        }
    }

    #[test]
    fn what_cannot_be_compared_is_wider_both_ways() {
        let cases = [
            (json!({"pattern": "^a"}), json!({"pattern": "^b"})),
            (json!({"default": 10}), json!({"default": 20})),
            (json!({"default": 10}), json!({})),
            (json!({"oneOf": [{"minimum": 1}]}), json!({"oneOf": [{"minimum": 2}]})),
            (json!({"prefixItems": [{}]}), json!({"prefixItems": [true]})),
            (json!({"patternProperties": {"a": {}}}), json!({})),
            (json!({"nullable": true}), json!({})),
            (
                json!({"$defs": {"x": {"minimum": 1}}, "not": {"$ref": "#/$defs/x"}}),
                json!({"$defs": {"x": {"minimum": 2}}, "not": {"$ref": "#/$defs/x"}}),
            ),
            (json!({"allOf": [{"minimum": 1}]}), json!({"allOf": [{"minimum": 2}]})),
            (json!({"$ref": "#/$defs/a"}), json!({"$ref": "#/$defs/b"})),
            (json!({"type": "string"}), json!({"type": "integer"})),
            (json!({"type": 1}), json!({"type": "string"})),
            (json!({"x-unknown": 1}), json!({"x-unknown": 2})),
            (json!("sha256-a"), json!("sha256-b")),
            (json!(null), json!({})),
        ];
        for (one, other) in cases {
            assert!(accepts_more(&one, &other), "{other} after {one}");
            assert!(accepts_more(&other, &one), "{one} after {other}");
        }
    }

    #[test]
    fn a_hint_of_more_harm_is_wider() {
        let hints = |read_only, destructive, idempotent, open_world| Hints {
            read_only,
            destructive,
            idempotent,
            open_world,
        };
        let reader = hints(true, true, false, false);
        assert!(!more_harm(reader, hints(true, false, true, false)));
        assert!(!more_harm(hints(true, false, true, false), reader));
        assert!(more_harm(reader, hints(false, false, true, false)));
        assert!(more_harm(hints(false, false, true, false), hints(false, true, true, false)));
        assert!(more_harm(hints(false, false, true, false), hints(false, false, false, false)));
        assert!(more_harm(reader, hints(true, true, false, true)));
        assert!(!more_harm(Hints::default(), reader));
    }
}
