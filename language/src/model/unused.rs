//! What a policy declares and nothing uses: most often a slip in a name or a rule that was forgotten.

use std::collections::BTreeSet;

use crate::diagnostic::{Code, Diagnostic};
use crate::model::check::Checker;
use crate::syntax::ast::{CapabilityClause, RegisterClause, Statement};
use crate::syntax::text::unescape;

impl Checker<'_> {
    /// Warns of scopes that no capability needs, no scope implies and no client may request, and of
    /// facts that no condition reads.
    pub(crate) fn check_unused(&mut self, statements: &[Statement]) {
        // In a policy that does not check, the use may be in the statement that is wrong.
        if self.is_unfinished() {
            return;
        }
        // By server; `None` is any.
        let mut needed: BTreeSet<(Option<&str>, String)> = BTreeSet::new();
        // What is implied must be declared, whether anybody needs it or not.
        let mut implied: BTreeSet<(&str, String)> = BTreeSet::new();
        for statement in statements {
            match statement {
                Statement::Capability { server, clauses, .. } => {
                    for clause in clauses {
                        let CapabilityClause::Needs(sets, _) = clause else { continue };
                        let scopes = sets.iter().flatten().map(|text| unescape(&text.raw));
                        needed.extend(scopes.map(|scope| (Some(server.text.as_str()), scope)));
                    }
                }
                Statement::Scope { server, implies, .. } => {
                    let scopes = implies.iter().map(|text| unescape(&text.raw));
                    implied.extend(scopes.map(|scope| (server.text.as_str(), scope)));
                }
                Statement::Register(declared) => {
                    for clause in &declared.clauses {
                        let RegisterClause::MayRequest(scopes) = clause else { continue };
                        needed.extend(scopes.iter().map(|text| (None, unescape(&text.raw))));
                    }
                }
                _ => {}
            }
        }
        for statement in statements {
            let Statement::Scope { scope, server, .. } = statement else { continue };
            let (name, server_name) = (unescape(&scope.raw), server.text.as_str());
            let is_needed = self.stands_for(server_name, &name).into_iter().any(|one| {
                needed.contains(&(None, one.clone())) || needed.contains(&(Some(server_name), one))
            });
            let is_implied = implied.contains(&(server_name, name.clone()));
            if is_needed || is_implied || self.packs.contains(&scope.span.file) {
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
        self.check_unused_facts();
    }

    fn check_unused_facts(&mut self) {
        let read = self.facts_read.take();
        for (name, _, span) in self.names.facts.iter() {
            if read.contains(name) || self.packs.contains(&span.file) {
                continue;
            }
            let message = format!("no condition reads the fact `{name}`");
            let diagnostic = Diagnostic::error(Code::FactUnused, message)
                .warning()
                .at(self.sources, span, "limits no call")
                .help("test it in a `where` or a `when`, or leave it out");
            self.diagnostics.push(diagnostic);
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
