//! What a policy declares and nothing uses: most often a slip in a name or a rule that was forgotten.

use std::collections::BTreeSet;

use crate::diagnostic::{Code, Diagnostic};
use crate::model::check::Checker;
use crate::syntax::ast::{CapabilityClause, RegisterClause, Statement};
use crate::syntax::text::unescape;

impl Checker<'_> {
    /// Warns of scopes that no capability needs, no scope implies and no client may request.
    pub(crate) fn check_unused(&mut self, statements: &[Statement]) {
        let mut used: BTreeSet<(Option<&str>, String)> = BTreeSet::new();
        for statement in statements {
            match statement {
                Statement::Capability { server, clauses, .. } => {
                    for clause in clauses {
                        let CapabilityClause::Needs(sets, _) = clause else { continue };
                        let scopes = sets.iter().flatten().map(|text| unescape(&text.raw));
                        used.extend(scopes.map(|scope| (Some(server.text.as_str()), scope)));
                    }
                }
                Statement::Register(declared) => {
                    for clause in &declared.clauses {
                        let RegisterClause::MayRequest(scopes) = clause else { continue };
                        used.extend(scopes.iter().map(|text| (None, unescape(&text.raw))));
                    }
                }
                _ => {}
            }
        }
        for statement in statements {
            let Statement::Scope { scope, server, .. } = statement else { continue };
            let name = unescape(&scope.raw);
            let is_used = self.stands_for(&server.text, &name).into_iter().any(|one| {
                used.contains(&(None, one.clone()))
                    || used.contains(&(Some(server.text.as_str()), one))
            });
            if is_used || self.packs.contains(&scope.span.file) {
                continue;
            }
            let diagnostic = Diagnostic::error(
                Code::ScopeUnused,
                format!("nobody needs scope \"{name}\" of `{}`", server.text),
            )
            .warning()
            .at(self.sources, scope.span, "no capability needs it")
            .help("a client that holds it can do no more for it: name it in a `needs`, or leave it out");
            self.say(diagnostic);
        }
    }

    /// A scope and all that it implies.
    fn stands_for(&self, server: &str, scope: &str) -> BTreeSet<String> {
        let declared = self.servers.get(server).map(|server| &server.scopes);
        let mut found = BTreeSet::new();
        let mut left = vec![scope.to_owned()];
        while let Some(next) = left.pop() {
            let implied = declared.and_then(|scopes| scopes.get(&next)).into_iter().flatten();
            if found.insert(next.clone()) {
                left.extend(implied.cloned());
            }
        }
        found
    }
}
