//! `placet-component CORE COMPONENT`: makes the component out of the core module that cargo built,
//! and refuses one that imports anything.

use std::error::Error;
use std::path::PathBuf;

use wasmparser::{Parser, Payload};
use wit_component::ComponentEncoder;

fn main() -> Result<(), Box<dyn Error>> {
    let mut files = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(core), Some(component)) = (files.next(), files.next()) else {
        return Err("usage: placet-component CORE COMPONENT".into());
    };
    let made =
        ComponentEncoder::default().module(&std::fs::read(core)?)?.validate(true).encode()?;
    match imports(&made)?.as_slice() {
        [] => Ok(std::fs::write(component, made)?),
        imported => Err(format!("the component imports {}", imported.join(", ")).into()),
    }
}

/// The names of what a component imports. What its core modules import comes from within it.
fn imports(component: &[u8]) -> Result<Vec<String>, wasmparser::BinaryReaderError> {
    let mut depth = 0_usize;
    let mut names = Vec::new();
    for payload in Parser::new(0).parse_all(component) {
        match payload? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => {
                depth = depth.saturating_add(1);
            }
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    names.push(import?.name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    Ok(names)
}
