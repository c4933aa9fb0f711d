//! From the parser's pairs to what a case says; what the grammar lets through and is not right is
//! refused here, in words of its own.

mod step;
mod value;

use std::collections::BTreeSet;

use pest::iterators::Pair;
use placet_engine::call::{Registration, Status};
use placet_engine::condition::{Argument, ArgumentType};
use serde_json::Value;

use crate::case::ast::*;
use crate::case::error::CaseError;
use crate::case::grammar::{Rule, parse};
use crate::case::limits::CaseLimits;
use crate::case::places::{Part, Places};
use crate::case::read::value::*;
use crate::case::step::Step;
use crate::diagnostic::Code;

/// Something with the places of its parts.
pub(crate) struct Placed<T> {
    pub(crate) value: T,
    pub(crate) places: Places,
}

/// Reads a case.
pub(crate) fn case(text: &str, limits: &CaseLimits) -> Result<Placed<Case>, CaseError> {
    let (pair, mut reader) = start(Rule::case, text, limits)?;
    let call = parts(pair).into_iter().find(|part| part.as_rule() == Rule::call);
    let value = reader.case(call.ok_or_else(|| missing(text))?)?;
    Ok(Placed { value, places: reader.places })
}

/// Reads a step of a scenario.
pub(crate) fn step(text: &str, limits: &CaseLimits) -> Result<Placed<Step>, CaseError> {
    let (pair, mut reader) = start(Rule::step, text, limits)?;
    let part = parts(pair).into_iter().next().ok_or_else(|| missing(text))?;
    let value = reader.step(part)?;
    Ok(Placed { value, places: reader.places })
}

/// Reads the head of a scenario: its name, and the time at which it starts.
pub(crate) fn heading(text: &str, limits: &CaseLimits) -> Result<(String, Option<i64>), CaseError> {
    let (pair, _) = start(Rule::heading, text, limits)?;
    let mut heading = (String::new(), None);
    for part in parts(pair) {
        match part.as_rule() {
            Rule::text => heading.0 = self::text(&part)?,
            Rule::instant => heading.1 = Some(instant(&part)?),
            _ => {}
        }
    }
    Ok(heading)
}

fn start<'t>(
    rule: Rule,
    text: &'t str,
    limits: &CaseLimits,
) -> Result<(Pair<'t, Rule>, Reader), CaseError> {
    if let Some(at) = too_deep(text, limits.json_depth) {
        let limit = limits.json_depth;
        let message = format!("the JSON nests deeper than the limit of {limit}");
        return Err(CaseError::new(Code::Limit, at..at.saturating_add(1), message, "one too many"));
    }
    let pair = parse(rule, text)?.next().ok_or_else(|| missing(text))?;
    Ok((pair, Reader { places: Places::default() }))
}

/// Only a grammar that lets nothing through to us could come here.
fn missing(text: &str) -> CaseError {
    CaseError::syntax(0..text.len(), "this says nothing", "not understood")
}

/// Where brackets nest deeper than `limit`. The parser goes as deep as they do.
fn too_deep(text: &str, limit: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            '{' | '[' => {
                depth = depth.saturating_add(1);
                if depth > limit {
                    return Some(at);
                }
            }
            '}' | ']' => depth = depth.saturating_sub(1),
            '"' => {
                let mut escaped = false;
                while let Some((_, inside)) = characters.next_if(|(_, one)| *one != '\n') {
                    match inside {
                        _ if escaped => escaped = false,
                        '\\' => escaped = true,
                        '"' => break,
                        _ => {}
                    }
                }
            }
            '/' if characters.peek().is_some_and(|(_, next)| *next == '/') => {
                while characters.next_if(|(_, one)| *one != '\n').is_some() {}
            }
            _ => {}
        }
    }
    None
}

struct Reader {
    places: Places,
}

impl Reader {
    /// The text of a name, whose place is kept.
    fn name(&mut self, part: Part, pair: &Pair<'_, Rule>) -> Result<String, CaseError> {
        let name = text(pair)?;
        self.places.add(part, &name, trimmed(pair));
        Ok(name)
    }

    fn names(
        &mut self,
        part: Part,
        rule: Rule,
        pair: Pair<'_, Rule>,
    ) -> Result<BTreeSet<String>, CaseError> {
        let mut names = BTreeSet::new();
        for one in parts(pair).into_iter().filter(|one| one.as_rule() == rule) {
            let name = self.name(part, &one)?;
            if !names.insert(name.clone()) {
                return Err(twice(trimmed(&one), &format!("`{name}`")));
            }
        }
        Ok(names)
    }

    fn case(&mut self, pair: Pair<'_, Rule>) -> Result<Case, CaseError> {
        let mut case = Case::empty();
        let mut said = Said::default();
        for part in parts(pair) {
            match part.as_rule() {
                Rule::caller => {
                    self.places.add(Part::User, "", trimmed(&part));
                    if let Some(user) = parts(part).into_iter().next() {
                        case.user = Some(self.user(user)?);
                    }
                }
                Rule::client => {
                    self.places.add(Part::Client, "", trimmed(&part));
                    case.client = self.client(part)?;
                }
                Rule::operation => self.operation(part, &mut case)?,
                Rule::clause => {
                    for clause in parts(part) {
                        self.clause(clause, &mut case, &mut said)?;
                    }
                }
                Rule::expectation => {
                    self.places.add(Part::Expectation, "", trimmed(&part));
                    case.expected = Some(self.expectation(part)?);
                }
                _ => {}
            }
        }
        Ok(case)
    }

    fn user(&mut self, pair: Pair<'_, Rule>) -> Result<User, CaseError> {
        let mut user = User::default();
        for part in parts(pair) {
            match part.as_rule() {
                Rule::subject => user.subject = self.name(Part::Subject, &part)?,
                Rule::issuer => user.issuer = Some(text_in(part)?),
                Rule::members => user.groups = self.names(Part::Group, Rule::group, part)?,
                Rule::claims => {
                    let all = trimmed(&part);
                    let claims = parts(part).into_iter().next().map(object).transpose()?;
                    user.claims = Some(claims.flatten().ok_or_else(|| {
                        CaseError::syntax(all, "a claim stands twice", "in these claims")
                    })?);
                }
                _ => {}
            }
        }
        Ok(user)
    }

    fn identity(&mut self, part: Part, pair: Pair<'_, Rule>) -> Result<Identity, CaseError> {
        let mut identity = Identity::Alias(String::new());
        for inside in parts(pair) {
            match inside.as_rule() {
                Rule::alias => identity = Identity::Alias(self.name(part, &inside)?),
                _ => {
                    let (id, issuer) = self.written(inside)?;
                    identity = Identity::Written { id, issuer };
                }
            }
        }
        Ok(identity)
    }

    fn written(&mut self, pair: Pair<'_, Rule>) -> Result<(String, Option<String>), CaseError> {
        let mut written = (String::new(), None);
        for part in parts(pair) {
            match part.as_rule() {
                Rule::text => written.0 = text(&part)?,
                _ => written.1 = Some(text_in(part)?),
            }
        }
        Ok(written)
    }

    fn client(&mut self, pair: Pair<'_, Rule>) -> Result<Client, CaseError> {
        let mut client = Client::of(Identity::Alias(String::new()));
        let mut metadata = None;
        for part in parts(pair) {
            if part.as_rule() == Rule::identity {
                client.identity = self.identity(Part::Alias, part)?;
                continue;
            }
            for part in parts(part) {
                let all = trimmed(&part);
                match part.as_rule() {
                    Rule::registered => {
                        once(&mut client.registration, kind(part), all, "how it is registered")?;
                    }
                    Rule::status => {
                        let status = match first_word(&part) {
                            Some("pending") => Status::Pending,
                            Some("blocked") => Status::Blocked,
                            _ => Status::Approved,
                        };
                        once(&mut client.status, status, all, "where its review stands")?;
                    }
                    _ => {
                        let seen = seen(parts(part).first())?;
                        once(&mut metadata, seen, all, "`metadata`")?;
                    }
                }
            }
        }
        client.metadata = metadata.unwrap_or_default();
        Ok(client)
    }

    fn server(&mut self, pair: Pair<'_, Rule>) -> Result<Server, CaseError> {
        let all = trimmed(&pair);
        let inside = parts(pair).into_iter().next();
        let named = inside.as_ref().is_some_and(|inside| inside.as_rule() == Rule::word);
        let name = inside.map(|inside| text(&inside)).transpose()?.unwrap_or_default();
        self.places.add(Part::Server, &name, all);
        Ok(if named { Server::Named(name) } else { Server::Identity(name) })
    }

    fn operation(&mut self, pair: Pair<'_, Rule>, case: &mut Case) -> Result<(), CaseError> {
        let Some(pair) = parts(pair).into_iter().next() else { return Ok(()) };
        let rule = pair.as_rule();
        case.operation.method = match rule {
            Rule::calls => Method::Calls,
            Rule::reads => Method::Reads,
            Rule::gets => Method::Gets,
            _ => Method::Sends(String::new()),
        };
        for part in parts(pair) {
            match part.as_rule() {
                Rule::server => case.operation.server = self.server(part)?,
                Rule::tool => case.operation.target = self.name(Part::Tool, &part)?,
                Rule::text if rule == Rule::reads => {
                    case.operation.target = self.name(Part::Tool, &part)?;
                }
                Rule::text => case.operation.method = Method::of(&text(&part)?),
                Rule::value => {
                    case.arguments = match json(part)? {
                        Some(Value::Object(members)) => Arguments::Object(members),
                        Some(other) => Arguments::Other(other),
                        None => Arguments::Unreadable,
                    };
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn clause(
        &mut self,
        clause: Pair<'_, Rule>,
        case: &mut Case,
        said: &mut Said,
    ) -> Result<(), CaseError> {
        let all = trimmed(&clause);
        match clause.as_rule() {
            Rule::unreadable => {
                let none = matches!(&case.arguments, Arguments::Object(one) if one.is_empty());
                case.arguments = Arguments::Unreadable;
                match none {
                    true => Ok(()),
                    false => Err(twice(all, "the arguments")),
                }
            }
            Rule::computed => {
                for fact in parts(clause) {
                    let fact = self.fact(fact)?;
                    case.facts.push(fact);
                }
                once(&mut said.computed, (), all, "`where`")
                    .map_err(|error| error.help("put `and` between facts"))
            }
            Rule::purpose => once(&mut case.purpose, text_in(clause)?, all, "the stated purpose"),
            Rule::address => {
                let written = parts(clause).first().map_or("", |part| part.as_str()).to_owned();
                let address = written.parse().map_err(|_| {
                    CaseError::syntax(all.clone(), "this is not an IP address", "not an address")
                        .help("write an address, such as `10.1.2.3` or `2001:db8::1`")
                })?;
                once(&mut case.address, address, all, "the address")
            }
            Rule::at => {
                let Some(part) = parts(clause).into_iter().next() else { return Ok(()) };
                self.places.add(Part::At, "", all.clone());
                once(&mut case.at, instant(&part)?, all, "the time")
            }
            Rule::credential => {
                self.places.add(Part::Credential, "", all.clone());
                case.credential = self.credential(clause)?;
                once(&mut said.credential, (), all, "the credential")
            }
            Rule::token => {
                self.places.add(Part::Token, "", all.clone());
                for part in parts(clause) {
                    self.token_part(part, &mut case.token)?;
                }
                once(&mut said.token, (), all, "`token`")
            }
            Rule::tool_digest => {
                case.tool_digest = seen(parts(clause).first())?;
                once(&mut said.tool_digest, (), all, "`tool digest`")
            }
            Rule::under => {
                for receipt in parts(clause) {
                    case.receipts.push(self.receipt(receipt)?);
                }
                once(&mut said.under, (), all, "`under`")
                    .map_err(|error| error.help("put `and` between consents"))
            }
            _ => {
                self.places.add(Part::Confirmation, "", all.clone());
                let confirmation = self.confirmation(clause)?;
                once(&mut case.confirmation, confirmation, all, "`confirmed`")
            }
        }
    }

    fn credential(&mut self, pair: Pair<'_, Rule>) -> Result<Credential, CaseError> {
        let Some(pair) = parts(pair).into_iter().next() else { return Ok(Credential::Usual) };
        Ok(match pair.as_rule() {
            Rule::no_credential => Credential::None,
            Rule::no_scopes => Credential::Token(BTreeSet::new()),
            Rule::asking => Credential::Token(self.names(Part::Scope, Rule::scope, pair)?),
            Rule::local => Credential::Local,
            _ => {
                let mut key = Key::default();
                for part in parts(pair) {
                    match part.as_rule() {
                        Rule::text => key.id = Some(text(&part)?),
                        Rule::key_scopes => {
                            key.scopes = self.names(Part::Scope, Rule::scope, part)?
                        }
                        Rule::issued => key.issued = Some(when(part)?),
                        _ => key.expires = Some(when(part)?),
                    }
                }
                Credential::Key(key)
            }
        })
    }

    fn token_part(&mut self, pair: Pair<'_, Rule>, token: &mut Token) -> Result<(), CaseError> {
        let Some(part) = parts(pair).into_iter().next() else { return Ok(()) };
        let all = trimmed(&part);
        match part.as_rule() {
            Rule::issued => once(&mut token.issued, when(part)?, all, "`issued`"),
            Rule::expires => once(&mut token.expires, when(part)?, all, "`expires`"),
            Rule::logged_in => once(&mut token.logged_in, when(part)?, all, "`logged in`"),
            Rule::acr => once(&mut token.acr, text_in(part)?, all, "`acr`"),
            Rule::audience => {
                let audience = texts(part)?.into_iter().collect();
                once(&mut token.audience, audience, all, "the audience")
            }
            Rule::token_issuer => once(&mut token.issuer, text_in(part)?, all, "the issuer"),
            Rule::token_subject => once(&mut token.subject, text_in(part)?, all, "the subject"),
            _ => once(&mut token.client, text_in(part)?, all, "the client"),
        }
    }

    fn fact(&mut self, pair: Pair<'_, Rule>) -> Result<Fact, CaseError> {
        let all = trimmed(&pair);
        let mut fact = Fact {
            function: String::new(),
            argument: Vec::new(),
            component: None,
            value: Value::Null,
        };
        for part in parts(pair) {
            match part.as_rule() {
                Rule::function => fact.function = text(&part)?,
                Rule::argument => {
                    let members =
                        parts(part).into_iter().filter(|one| one.as_rule() == Rule::member);
                    fact.argument =
                        members.map(|member| text(&member)).collect::<Result<_, _>>()?;
                }
                Rule::component => {
                    fact.component = parts(part).first().map(digest).transpose()?;
                }
                Rule::value => {
                    fact.value = match json(part)? {
                        Some(
                            value @ (Value::Array(_)
                            | Value::String(_)
                            | Value::Bool(_)
                            | Value::Number(_)
                            | Value::Null),
                        ) => value,
                        _ => {
                            let what =
                                "a fact is a string, a boolean, an integer or an array of strings";
                            return Err(CaseError::syntax(all, what, "this is none of these"));
                        }
                    };
                }
                _ => {}
            }
        }
        let argument = Argument::given(fact.argument.clone(), ArgumentType::String);
        self.places.add(Part::Fact, &format!("{}({argument})", fact.function), all);
        Ok(fact)
    }

    fn giver(&mut self, pair: Pair<'_, Rule>) -> Result<Giver, CaseError> {
        let mut giver = Giver { subject: String::new(), issuer: None };
        for part in parts(pair) {
            match part.as_rule() {
                Rule::subject => giver.subject = text(&part)?,
                _ => giver.issuer = Some(text_in(part)?),
            }
        }
        Ok(giver)
    }

    fn receipt(&mut self, pair: Pair<'_, Rule>) -> Result<Receipt, CaseError> {
        let mut receipt = Receipt::default();
        for part in parts(pair) {
            if part.as_rule() == Rule::consent {
                receipt.terms = self.name(Part::Consent, &part)?;
                continue;
            }
            let Some(part) = parts(part).into_iter().next() else { continue };
            let all = trimmed(&part);
            match part.as_rule() {
                Rule::given => once(&mut receipt.given, one_moment(part)?, all, "`given`")?,
                Rule::expires => once(&mut receipt.expires, when(part)?, all, "`expires`")?,
                Rule::withdrawn => {
                    once(&mut receipt.withdrawn, one_moment(part)?, all, "`withdrawn`")?;
                }
                Rule::purpose => {
                    let help = "a consent's purpose stands after it, the stated purpose before \
                                `under`";
                    once(&mut receipt.purpose, text_in(part)?, all, "the consent's purpose")
                        .map_err(|error| error.help(help))?;
                }
                Rule::with_digest => {
                    for stated in parts(part) {
                        let digest = digest(&stated)?;
                        once(&mut receipt.digest, digest, all.clone(), "the digest")?;
                    }
                }
                Rule::as_id => once(&mut receipt.id, text_in(part)?, all, "`as`")?,
                Rule::giver => once(&mut receipt.giver, self.giver(part)?, all, "`by`")?,
                Rule::holder => {
                    for identity in parts(part) {
                        let holder = self.identity(Part::Alias, identity)?;
                        once(&mut receipt.holder, holder, all.clone(), "`to`")?;
                    }
                }
                _ => {
                    for server in parts(part) {
                        let server = self.server(server)?;
                        once(&mut receipt.server, server, all.clone(), "`on`")?;
                    }
                }
            }
        }
        Ok(receipt)
    }

    fn confirmation(&mut self, pair: Pair<'_, Rule>) -> Result<Confirmation, CaseError> {
        let mut confirmation = Confirmation::default();
        for part in parts(pair) {
            if part.as_rule() == Rule::moment {
                confirmation.given = Some(moment(part)?);
                continue;
            }
            for part in parts(part) {
                let all = trimmed(&part);
                match part.as_rule() {
                    Rule::as_id => once(&mut confirmation.id, text_in(part)?, all, "`as`")?,
                    Rule::giver => once(&mut confirmation.giver, self.giver(part)?, all, "`by`")?,
                    _ => {
                        for stated in parts(part) {
                            let digest = digest(&stated)?;
                            once(
                                &mut confirmation.operation,
                                digest,
                                all.clone(),
                                "the operation",
                            )?;
                        }
                    }
                }
            }
        }
        Ok(confirmation)
    }

    fn expectation(&mut self, pair: Pair<'_, Rule>) -> Result<Expectation, CaseError> {
        let mut expected = Expectation { reason: None, rules: BTreeSet::new() };
        for verdict in parts(pair) {
            let all = trimmed(&verdict);
            let denies = verdict.as_rule() == Rule::deny;
            for part in parts(verdict) {
                match part.as_rule() {
                    Rule::reason => expected.reason = Some(reason(&part)?),
                    _ => expected.rules = self.names(Part::Rule, Rule::rule_name, part)?,
                }
            }
            if denies && expected.reason.is_none() {
                return Err(CaseError::syntax(all, "a denial says its reason", "which reason?")
                    .help("write for example `deny rule.none`"));
            }
        }
        Ok(expected)
    }
}

/// Which clauses that leave no trace when they say what is usual were said.
#[derive(Default)]
struct Said {
    computed: Option<()>,
    credential: Option<()>,
    token: Option<()>,
    tool_digest: Option<()>,
    under: Option<()>,
}

/// The kind of registration somewhere in a pair.
fn kind(pair: Pair<'_, Rule>) -> Registration {
    let kind = pair.into_inner().find(|part| part.as_rule() == Rule::kind);
    match kind.as_ref().and_then(first_word) {
        Some("dynamic") => Registration::Dynamic,
        Some("preregistered") => Registration::Preregistered,
        _ => Registration::MetadataDocument,
    }
}
