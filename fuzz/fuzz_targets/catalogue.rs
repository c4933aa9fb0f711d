//! The catalogue reader: any bytes give a catalogue or an error; what is written again is read as the
//! same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use placet_language::catalogue::{self, Prose, Shape, is_wider};

fuzz_target!(|bytes: &[u8]| {
    let Ok(read) = catalogue::read(bytes) else { return };
    for tool in read.tools.values().chain(read.prompts.values()) {
        let shape = &tool.shape;
        assert_eq!(Shape::from_facts(&shape.facts()).as_ref(), Some(shape));
        assert!(!is_wider(shape, shape));
    }
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
