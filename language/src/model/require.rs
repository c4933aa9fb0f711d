//! Requirements: what every call of some tools must meet, and what would make it.

use std::collections::{BTreeMap, BTreeSet};

use placet_engine::bundle::{Otherwise, Who};
use placet_engine::condition::{Atom, Attribute, Condition, Literal, Operand, Test};

use crate::diagnostic::{Code, Diagnostic};
use crate::model::check::Checker;
use crate::model::{Consent, Effect, Rule};
use crate::source::Span;
use crate::syntax::ast::{self, Remedy, Require};

impl<'a> Checker<'a> {
    pub(crate) fn require(
        &mut self,
        rule: &'a Require,
        consents: &BTreeMap<String, Consent>,
    ) -> Rule {
        let (targets, tools) = self.targets(&rule.targets);
        self.reach(rule.name.span, "require", &tools);
        let otherwise = rule.remedy.as_ref().and_then(|(remedy, span)| {
            let servers: BTreeSet<&str> = tools.iter().map(|(server, _)| server.as_str()).collect();
            self.remedy(remedy, *span, &servers, consents)
        });
        self.confirm_within = match (&otherwise, &rule.remedy) {
            (Some(Otherwise::Confirm { within }), _) => Some(*within),
            // How long was not said, or not right, which was reported.
            (None, Some((Remedy::Confirm(_), _))) => Some(1),
            _ => None,
        };
        let when = rule.condition.as_ref().and_then(|expression| {
            self.untyped(&[(expression, false)], &tools);
            self.condition(expression, false, &tools)
        });
        self.confirm_within = None;
        match (&rule.condition, &rule.remedy, &when, &otherwise) {
            (None, remedy, _, _) if !matches!(remedy, Some((Remedy::Ask(_), _))) => {
                let diagnostic = Diagnostic::error(
                    Code::ClauseMissing,
                    "this `require` does not say what must hold",
                )
                .at(self.sources, rule.name.span, "a condition is missing")
                .help(
                    "write it after the tools: `token.auth_age <= 15 minutes else reauthenticate \
                     within 15 minutes`; to forbid the tools always, write a `deny`",
                );
                self.say(diagnostic);
            }
            (_, Some((_, span)), Some(when), Some(otherwise))
                if !matches!(otherwise, Otherwise::Ask { .. })
                    && !is_met(when, otherwise, oldest(otherwise)) =>
            {
                let diagnostic = Diagnostic::error(
                    Code::RequireUnmet,
                    "whoever does what follows `else` may still not meet the requirement",
                )
                .at(self.sources, *span, "would not be enough")
                .at(self.sources, rule.name.span, "this requirement")
                .help(remedy_help(when, otherwise));
                self.say(diagnostic);
            }
            _ => {}
        }
        let who = match rule.who.is_empty() {
            true => BTreeSet::from([Who::Anyone, Who::Machine]),
            false => self.who(&rule.who),
        };
        let because = rule.because.as_ref().map(|text| self.text(text));
        Rule {
            who,
            via: self.via(rule.via.as_ref()),
            effect: Effect::Require { targets, otherwise },
            when,
            because,
            source: self.source(rule.keyword),
        }
    }

    fn remedy(
        &mut self,
        remedy: &'a Remedy,
        span: Span,
        servers: &BTreeSet<&str>,
        consents: &BTreeMap<String, Consent>,
    ) -> Option<Otherwise> {
        match remedy {
            Remedy::Reauthenticate { acr, within } => {
                if acr.is_empty() && within.is_none() {
                    let diagnostic = Diagnostic::error(
                        Code::ClauseMissing,
                        "`reauthenticate` does not say how",
                    )
                    .at(self.sources, span, "`acr` or `within` is missing")
                    .help(
                        "say how strong the login must be, how recent, or both: `reauthenticate \
                         acr \"phr\" within 15 minutes`",
                    );
                    self.say(diagnostic);
                    return None;
                }
                let within = within.as_ref().and_then(|duration| {
                    let seconds = self.seconds(duration);
                    self.keep(seconds)
                });
                let acr: Vec<String> = acr.iter().map(|text| self.text(text)).collect();
                Some(Otherwise::Reauthenticate { acr, within })
            }
            Remedy::Confirm(Some(within)) => {
                let within = self.seconds(within);
                self.keep(within).map(|within| Otherwise::Confirm { within })
            }
            Remedy::Confirm(None) => {
                let diagnostic = Diagnostic::error(
                    Code::ClauseMissing,
                    "`confirm` does not say how long a confirmation counts",
                )
                .at(self.sources, span, "`within` is missing")
                .help("write `confirm within 10 minutes`: an old confirmation is nobody's word");
                self.say(diagnostic);
                None
            }
            Remedy::Ask(name) => {
                let found = self.names.consents.find(self.sources, name).map(|_| ());
                self.keep(found)?;
                let consent = consents.get(&name.text)?;
                if let Some(other) = servers.iter().find(|server| **server != consent.server) {
                    let diagnostic = Diagnostic::error(
                        Code::ClauseMisplaced,
                        format!("consent `{}` is given for another server", name.text),
                    )
                    .at(self.sources, name.span, format!("for `{}`", consent.server))
                    .help(format!(
                        "a receipt counts at the server it was given for, and these tools are on \
                         `{other}`: ask for a consent of that server"
                    ));
                    self.say(diagnostic);
                }
                Some(Otherwise::Ask { terms: name.text.clone() })
            }
        }
    }
}

/// How many seconds ago the user may have logged in when the remedy was followed: where the login is
/// recent enough, the authorization server does not ask again (RFC 9470, section 4).
fn oldest(otherwise: &Otherwise) -> i64 {
    match otherwise {
        Otherwise::Reauthenticate { within, .. } => within.unwrap_or(i64::MAX),
        Otherwise::Confirm { .. } | Otherwise::Ask { .. } => 0,
    }
}

/// Whether a condition holds once its remedy was followed, whatever else the call says.
fn is_met(condition: &Condition, otherwise: &Otherwise, oldest: i64) -> bool {
    match condition {
        Condition::All(parts) => parts.iter().all(|part| is_met(part, otherwise, oldest)),
        Condition::Any(parts) => parts.iter().any(|part| is_met(part, otherwise, oldest)),
        Condition::Atom(atom) => is_mended(atom, otherwise, oldest),
    }
}

/// Whether an atom holds once the remedy was followed: a login makes the token new and gives it one
/// of the classes asked for, a confirmation is there.
fn is_mended(atom: &Atom, otherwise: &Otherwise, oldest: i64) -> bool {
    let classes = match otherwise {
        Otherwise::Reauthenticate { acr, .. } => acr,
        Otherwise::Confirm { .. } => {
            return atom.operand.attribute == Attribute::ConfirmationAge && !atom.negated;
        }
        Otherwise::Ask { .. } => return false,
    };
    let is = |class: &String, literal: &Literal| *literal == Literal::String(class.clone());
    let passes = match (&atom.operand.attribute, &atom.test) {
        (_, Test::Present) => match atom.operand.attribute {
            Attribute::TokenAcr => !classes.is_empty(),
            Attribute::TokenAge | Attribute::TokenAuthAge => true,
            _ => return false,
        },
        (Attribute::TokenAge, test) => return is_always(test, atom.negated, 0),
        // Who is refused in the very second of the bound is asked to log in anew the next time.
        (Attribute::TokenAuthAge, test) => {
            return is_always(test, atom.negated, oldest.saturating_sub(1).max(0));
        }
        (Attribute::TokenAcr, _) if classes.is_empty() => return false,
        (Attribute::TokenAcr, test) => {
            let each = |class: &String| match test {
                Test::Equals(literal) => is(class, literal),
                Test::OneOf(literals) => literals.iter().any(|literal| is(class, literal)),
                Test::Like(glob) => glob.matches(class),
                _ => false,
            };
            let mut each = classes.iter().map(|class| each(class) != atom.negated);
            return each.all(|holds| holds);
        }
        _ => return false,
    };
    passes != atom.negated
}

/// Whether a test of an age comes out right for every age up to the oldest.
fn is_always(test: &Test, negated: bool, oldest: i64) -> bool {
    let passes = |age: i64| match test {
        Test::LessThan(bound) => Some(age < *bound),
        Test::AtMost(bound) => Some(age <= *bound),
        Test::MoreThan(bound) => Some(age > *bound),
        Test::AtLeast(bound) => Some(age >= *bound),
        Test::Equals(literal) => Some(*literal == Literal::Integer(age)),
        _ => None,
    };
    // Between two ages there may be one that is another.
    let between = matches!(test, Test::Equals(Literal::Integer(age)) if (0..=oldest).contains(age));
    let is_one_age = oldest == 0;
    (!between || is_one_age)
        && [0, oldest].into_iter().all(|age| passes(age).is_some_and(|passes| passes != negated))
}

fn remedy_help(when: &Condition, otherwise: &Otherwise) -> &'static str {
    match otherwise {
        Otherwise::Reauthenticate { within: Some(_), .. } if is_met(when, otherwise, 0) => {
            "`within` takes a login that the condition refuses, and whoever has such a one is sent back \
             for nothing, again and again: write the same time in both"
        }
        Otherwise::Reauthenticate { within: None, .. } if is_met(when, otherwise, 0) => {
            "without `within` any login will do, however long ago, and whoever has an old one is sent \
             back for nothing, again and again: add `within` and the time that the condition allows"
        }
        Otherwise::Confirm { .. } => {
            "a confirmation makes `call.confirmed` true and nothing else: let the condition be \
             `call.confirmed`, or `… or call.confirmed`"
        }
        _ => {
            "a login makes `token.auth_age` and `token.age` small and `token.acr` one of those \
             named after `acr`, and changes nothing else: ask for just that, or leave `else` out"
        }
    }
}

impl Checker<'_> {
    /// `call.confirmed` where it means something.
    pub(crate) fn confirmed(
        &self,
        test: &ast::Test,
        negate: bool,
    ) -> Option<Result<Atom, Diagnostic>> {
        let names: Vec<&str> = test.operand.path.iter().map(|name| name.text.as_str()).collect();
        if names != ["call", "confirmed"] || test.operand.view.is_some() {
            return None;
        }
        let Some(within) = self.confirm_within else {
            return Some(Err(Diagnostic::error(
                Code::ConfirmedMisplaced,
                "nothing says how long a confirmation counts here",
            )
            .at(self.sources, test.span, "only a `require … else confirm within …` reads this")
            .help(
                "write a `require` of its own: `require human_in_the_loop for … call.confirmed else \
                 confirm within 10 minutes`",
            )));
        };
        if negate || test.operator.is_some() || test.quantifier.is_some() {
            return Some(Err(Diagnostic::error(
                Code::ConfirmedMisplaced,
                "`call.confirmed` stands by itself",
            )
            .at(self.sources, test.span, "neither negated nor compared")
            .help("write `call.confirmed`, or `… or call.confirmed`")));
        }
        let operand = Operand { view: None, attribute: Attribute::ConfirmationAge };
        let test = Test::LessThan(within);
        Some(Ok(Atom { quantifier: None, operand, test, negated: false }))
    }
}
