//! A Cedar policy in parts, and as the text that is emitted.

use crate::lower::condition::text;

/// A policy in parts.
pub(crate) struct Written {
    pub(crate) id: String,
    /// Annotations besides `@id`.
    pub(crate) annotations: Vec<(&'static str, String)>,
    pub(crate) effect: &'static str,
    pub(crate) principal: String,
    pub(crate) action: String,
    pub(crate) resource: String,
    /// `when` or `unless`, and the expression.
    pub(crate) clauses: Vec<(&'static str, String)>,
}

impl std::fmt::Display for Written {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(formatter, "@id({})", text(&self.id))?;
        for (name, value) in &self.annotations {
            writeln!(formatter, "@{name}({})", text(value))?;
        }
        let Self { effect, principal, action, resource, .. } = self;
        write!(formatter, "{effect} (\n  {principal},\n  {action},\n  {resource}\n)")?;
        for (word, expression) in &self.clauses {
            write!(formatter, "\n{word} {{ {expression} }}")?;
        }
        write!(formatter, ";")
    }
}
