//! The steps of a scenario.

use std::collections::BTreeSet;

use pest::iterators::Pair;

use crate::case::ast::{Identity, Server, User};
use crate::case::error::CaseError;
use crate::case::grammar::Rule;
use crate::case::places::Part;
use crate::case::read::value::*;
use crate::case::read::{Reader, kind};
use crate::case::step::{Registered, Registers, Step};

impl Reader {
    pub(super) fn step(&mut self, pair: Pair<'_, Rule>) -> Result<Step, CaseError> {
        let rule = pair.as_rule();
        match rule {
            Rule::call => return Ok(Step::Call(Box::new(self.case(pair)?))),
            Rule::registers => return self.registers(pair).map(Step::Registers),
            _ => {}
        }
        let all = trimmed(&pair);
        let approves = first_word(&pair) == Some("approves");
        let mut server = Server::Named(String::new());
        let (mut name, mut terms) = (String::new(), String::new());
        let mut client = Identity::Alias(String::new());
        let mut user = User::default();
        let (mut purpose, mut id, mut seconds) = (None, None, 0);
        for part in parts(pair) {
            match part.as_rule() {
                Rule::duration => seconds = duration(part)?,
                Rule::server => server = self.server(part)?,
                Rule::tool => name = self.name(Part::Tool, &part)?,
                Rule::subject => name = text(&part)?,
                Rule::identity => {
                    self.places.add(Part::Client, "", trimmed(&part));
                    client = self.identity(Part::Alias, part)?;
                }
                Rule::user => {
                    self.places.add(Part::User, "", trimmed(&part));
                    user = self.user(part)?;
                }
                Rule::consent => terms = self.name(Part::Consent, &part)?,
                Rule::purpose => purpose = Some(text_in(part)?),
                _ => id = Some(text_in(part)?),
            }
        }
        Ok(match rule {
            Rule::passes if seconds == 0 => {
                return Err(CaseError::syntax(all, "no time passes here", "nothing happens")
                    .help("leave the step out"));
            }
            Rule::passes => Step::Passes(seconds),
            Rule::changes => Step::Changes { server, tool: name },
            Rule::review => Step::Reviews { reviewer: name, approves, client },
            Rule::consents => Step::Consents { user, terms, client, purpose, id },
            _ => Step::Withdraws { user, terms, client },
        })
    }

    fn registers(&mut self, pair: Pair<'_, Rule>) -> Result<Registers, CaseError> {
        let mut registers = Registers {
            id: String::new(),
            issuer: None,
            registration: kind(pair.clone()),
            scopes: BTreeSet::new(),
            redirects: Vec::new(),
            expected: Registered::Pending,
        };
        for part in parts(pair) {
            match part.as_rule() {
                Rule::written => (registers.id, registers.issuer) = self.written(part)?,
                Rule::asking => registers.scopes = self.names(Part::Scope, Rule::scope, part)?,
                Rule::redirecting => registers.redirects = texts(part)?,
                Rule::registration => {
                    self.places.add(Part::Expectation, "", trimmed(&part));
                    registers.expected = registration(part)?;
                }
                _ => {}
            }
        }
        Ok(registers)
    }
}

fn registration(pair: Pair<'_, Rule>) -> Result<Registered, CaseError> {
    if first_word(&pair) == Some("approved") {
        return Ok(Registered::Approved);
    }
    let all = trimmed(&pair);
    let Some(refused) = parts(pair).into_iter().next() else { return Ok(Registered::Pending) };
    match parts(refused).first() {
        Some(written) => reason(written).map(Registered::Refused),
        None => Err(CaseError::syntax(all, "a refusal says its reason", "which reason?")
            .help("write for example `refused registration.kind`")),
    }
}
