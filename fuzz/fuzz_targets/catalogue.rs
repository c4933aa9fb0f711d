//! The catalogue reader: any bytes give a catalogue or an error; what is written again is read as the
//! same. Compared with itself nothing changed, and compared with the one before whatever widens one way
//! narrows the other.

#![no_main]

use std::cell::RefCell;

use libfuzzer_sys::fuzz_target;
use placet_language::catalogue::drift::{Direction, compare, compare_shapes};
use placet_language::catalogue::{self, Catalogue, Prose, Shape, is_wider};

thread_local! {
    /// The catalogue before this one.
    static BEFORE: RefCell<Catalogue> = RefCell::default();
}

fn drift(now: &Catalogue) {
    assert!(compare(now, now).events.is_empty());
    let before = BEFORE.replace(now.clone());
    compare(&before, now);
    for (was, is) in before.tools.values().zip(now.tools.values()) {
        let between = |one, other| Direction::of_all(&compare_shapes(one, other));
        let (there, back) = (between(&was.shape, &is.shape), between(&is.shape, &was.shape));
        assert_eq!(there.is_widening(), back.is_narrowing());
        assert_eq!(there.is_narrowing(), back.is_widening());
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Ok(read) = catalogue::read(bytes) else { return };
    for tool in read.tools.values().chain(read.prompts.values()) {
        let shape = &tool.shape;
        assert_eq!(Shape::from_facts(&shape.facts()).as_ref(), Some(shape));
        assert!(!is_wider(shape, shape));
    }
    drift(&read);
    let Ok(value) = placet_engine::parse_json(bytes) else { return };
    let list = |name: &str| value.get(name).and_then(|list| list.as_array()).cloned();
    let (Some(tools), prompts) = (list("tools"), list("prompts").unwrap_or_default()) else { return };
    for prose in [Prose::Drop, Prose::Keep] {
        let Ok(written) = catalogue::write(&tools, &prompts, prose) else { continue };
        let again = catalogue::read(written.as_bytes()).expect("what is written is read");
        assert_eq!(again.tools.keys().collect::<Vec<_>>(), read.tools.keys().collect::<Vec<_>>());
        assert_eq!(again.prompts.len(), read.prompts.len());
        for (name, tool) in &again.tools {
            let before = &read.tools[name];
            assert_eq!(tool.arguments, before.arguments, "{name}");
            assert_eq!(tool.shape.hints, before.shape.hints, "{name}");
        }
    }
});
