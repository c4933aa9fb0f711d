//! What of one definition bears on privilege: its schema and its annotations.

use serde_json::Value;

use crate::catalogue::drift::place::Place;
use crate::catalogue::drift::schema::Walk;
use crate::catalogue::drift::{Change, Direction, Event};
use crate::catalogue::{Hints, Shape};

/// Compares two shapes of a tool, place by place. A shape that allows more than the other, or may do
/// so, has an event that widens, and only such a one: this is what
/// [`is_wider`](crate::catalogue::is_wider) asks.
pub fn compare_shapes(old: &Shape, new: &Shape) -> Vec<Event> {
    let mut walk = Walk::new(&old.schema, &new.schema);
    // The same text refers to the same definitions.
    if old.schema != new.schema {
        walk.schema(&old.schema, &new.schema, &Place::root("/inputSchema"));
    }
    let mut events = walk.events;
    events.extend(annotations(old.hints, new.hints));
    events
}

/// What changes nothing destroys nothing, and may be repeated: of such a tool the two hints that speak
/// of that say nothing.
fn annotations(old: Hints, new: Hints) -> impl Iterator<Item = Event> {
    let harms = |hints: Hints| {
        let writes = !hints.read_only;
        [
            ("readOnlyHint", hints.read_only, writes),
            ("destructiveHint", hints.destructive, writes && hints.destructive),
            ("idempotentHint", hints.idempotent, writes && !hints.idempotent),
            ("openWorldHint", hints.open_world, hints.open_world),
        ]
    };
    let pairs = harms(old).into_iter().zip(harms(new));
    pairs.filter(|((_, was, _), (_, is, _))| was != is).map(
        |((name, was, harmed), (_, is, harms))| Event {
            change: Change::Annotation,
            direction: Direction::of(harms && !harmed, harmed && !harms),
            place: Place::root("/annotations").member(name).pointer(),
            before: Some(Value::Bool(was)),
            after: Some(Value::Bool(is)),
        },
    )
}
