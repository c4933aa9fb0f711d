//! Where in a definition a comparison is.

use std::fmt;

/// A place in a definition, and what the way there says of the values that fit it.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pointer: String,
    /// How many more schemas may lie below.
    depth: usize,
    /// Whether another schema speaks of the same values, and so may take a parameter that this one
    /// does not name.
    pub(super) is_shared: bool,
}

/// How many schemas may lie within each other. Beyond that nothing is compared.
const DEPTH: usize = 64;

impl Place {
    pub(super) fn root(pointer: &str) -> Self {
        Self { pointer: pointer.to_owned(), depth: DEPTH, is_shared: false }
    }

    /// The place of a member here.
    pub(super) fn member(&self, name: impl fmt::Display) -> Self {
        let name = name.to_string().replace('~', "~0").replace('/', "~1");
        Self { pointer: format!("{}/{name}", self.pointer), ..self.clone() }
    }

    /// The same place for a schema within the one that is here; `None` where that is too deep.
    pub(super) fn deeper(&self) -> Option<Self> {
        Some(Self { depth: self.depth.checked_sub(1)?, ..self.clone() })
    }

    /// The same place as one of which other schemas speak too.
    pub(super) fn shared(&self) -> Self {
        Self { is_shared: true, ..self.clone() }
    }

    pub(super) fn pointer(&self) -> String {
        self.pointer.clone()
    }
}
