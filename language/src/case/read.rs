//! From the parser's pairs to what a case says; what the grammar lets through and is not right is
//! refused here, in words of its own.

use std::collections::BTreeSet;
use std::ops::Range;

use pest::iterators::Pair;
use placet_engine::call::{Registration, Status};
use placet_engine::{Digest, Reason};
use serde_json::{Map, Number, Value};

use crate::case::ast::*;
use crate::case::error::CaseError;
use crate::case::grammar::{Rule, parse, word};
use crate::case::limits::CaseLimits;
use crate::case::moment::{Duration, Instant, Moment, When};
use crate::case::places::{Part, Places};
use crate::case::step::{Registered, Registers, Step};
use crate::case::text::unescape;
use crate::diagnostic::{Code, did_you_mean};

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

/// What a pair is made of, without the words of the notation.
fn parts(pair: Pair<'_, Rule>) -> Vec<Pair<'_, Rule>> {
    pair.into_inner().filter(|part| word(part.as_rule()).is_none()).collect()
}

/// The first word of the notation in a pair.
fn first_word(pair: &Pair<'_, Rule>) -> Option<&'static str> {
    pair.clone().into_inner().find_map(|part| word(part.as_rule()))
}

fn place(pair: &Pair<'_, Rule>) -> Range<usize> {
    let span = pair.as_span();
    span.start()..span.end()
}

/// A place without the white space and the comments after it.
fn trimmed(pair: &Pair<'_, Rule>) -> Range<usize> {
    let start = pair.as_span().start();
    start..start.saturating_add(pair.as_str().trim_end().len())
}

/// The text of a pair that is or holds one.
fn text(pair: &Pair<'_, Rule>) -> Result<String, CaseError> {
    if matches!(pair.as_rule(), Rule::bare | Rule::word) {
        return Ok(pair.as_str().to_owned());
    }
    if pair.as_rule() == Rule::inner {
        return unescape(pair.as_str()).map_err(|escape| {
            let start = pair.as_span().start();
            let place = start.saturating_add(escape.start)..start.saturating_add(escape.end);
            CaseError::syntax(place, "this escape means nothing", "not an escape")
                .help("the escapes are those of JSON: `\\\"`, `\\\\`, `\\n`, `\\u00e9`")
        });
    }
    match parts(pair.clone()).first() {
        Some(inside) => text(inside),
        None => Ok(String::new()),
    }
}

/// The first part of a pair that is a text.
fn text_in(pair: Pair<'_, Rule>) -> Result<String, CaseError> {
    text(&pair)
}

fn texts(pair: Pair<'_, Rule>) -> Result<Vec<String>, CaseError> {
    parts(pair).iter().map(text).collect()
}

/// What the host saw: a digest, or nothing where the case says `unknown`.
fn seen(stated: Option<&Pair<'_, Rule>>) -> Result<Seen, CaseError> {
    Ok(match stated {
        Some(stated) => Seen::Is(digest(stated)?),
        None => Seen::Unknown,
    })
}

fn digest(pair: &Pair<'_, Rule>) -> Result<Digest, CaseError> {
    Digest::parse(&text(pair)?).ok_or_else(|| {
        CaseError::syntax(place(pair), "this is not a digest", "not a digest")
            .help("a digest is `sha256-` and 64 lower-case hexadecimal digits")
    })
}

fn instant(pair: &Pair<'_, Rule>) -> Result<i64, CaseError> {
    Instant::read(pair.as_str()).map(|instant| instant.0).ok_or_else(|| {
        CaseError::syntax(place(pair), "there is no such time", "not a second of the calendar")
            .help("write a day, such as `2026-12-31`, or a second, such as `2026-12-31T12:00:00Z`")
    })
}

fn duration(pair: Pair<'_, Rule>) -> Result<i64, CaseError> {
    let all = place(&pair);
    let (mut count, mut unit) = ("", "");
    for part in pair.into_inner() {
        match part.as_rule() {
            Rule::count => count = part.as_str(),
            _ => unit = part.as_str(),
        }
    }
    Duration::seconds(count, unit)
        .ok_or_else(|| CaseError::syntax(all, "this length of time is out of range", "too long"))
}

fn moment(pair: Pair<'_, Rule>) -> Result<Moment, CaseError> {
    let Some(part) = parts(pair).into_iter().next() else { return Ok(Moment::NOW) };
    let rule = part.as_rule();
    let Some(inside) = parts(part).into_iter().next() else { return Ok(Moment::NOW) };
    Ok(match rule {
        Rule::ago => Moment::Relative(duration(inside)?.saturating_neg()),
        Rule::later => Moment::Relative(duration(inside)?),
        _ => Moment::At(instant(&inside)?),
    })
}

/// The time in a pair that holds a `when`.
fn when(pair: Pair<'_, Rule>) -> Result<When, CaseError> {
    let when = parts(pair).into_iter().next();
    match when.and_then(|when| parts(when).into_iter().next()) {
        Some(inside) => moment(inside).map(When::Then),
        None => Ok(When::Never),
    }
}

/// Tells an error if something is said already.
fn once<T>(
    held: &mut Option<T>,
    value: T,
    said: Range<usize>,
    what: &str,
) -> Result<(), CaseError> {
    match held.replace(value) {
        None => Ok(()),
        Some(_) => Err(twice(said, what)),
    }
}

fn twice(said: Range<usize>, what: &str) -> CaseError {
    CaseError::syntax(said, format!("{what} stands twice"), "a second time")
}

/// A JSON value; `None` where a key stands twice.
fn json(pair: Pair<'_, Rule>) -> Result<Option<Value>, CaseError> {
    let Some(inside) = parts(pair).into_iter().next() else { return Ok(Some(Value::Null)) };
    Ok(Some(match inside.as_rule() {
        Rule::object => return Ok(object(inside)?.map(Value::Object)),
        Rule::array => {
            let items = parts(inside).into_iter().filter(|part| part.as_rule() == Rule::value);
            let items: Result<Option<Vec<Value>>, CaseError> = items.map(json).collect();
            return Ok(items?.map(Value::Array));
        }
        Rule::text => Value::String(text(&inside)?),
        Rule::number => Value::Number(number(&inside)?),
        Rule::yes => Value::Bool(true),
        Rule::no => Value::Bool(false),
        _ => Value::Null,
    }))
}

fn number(pair: &Pair<'_, Rule>) -> Result<Number, CaseError> {
    let written = pair.as_str();
    let digits = written.strip_prefix('-').unwrap_or(written);
    let zeros = digits.len() > 1
        && digits.starts_with('0')
        && digits.chars().nth(1).is_some_and(|second| second.is_ascii_digit());
    let integer = written.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let number = match (written.parse::<i64>(), written.parse::<u64>()) {
        _ if zeros => None,
        // Minus zero is no integer.
        (Ok(0), _) if written.starts_with('-') => Number::from_f64(-0.0),
        (Ok(signed), _) if integer => Some(Number::from(signed)),
        (_, Ok(unsigned)) if integer => Some(Number::from(unsigned)),
        _ => written.parse::<f64>().ok().and_then(Number::from_f64),
    };
    number.ok_or_else(|| {
        let (message, label) = match zeros {
            true => ("a number has no zeros in front", "not a JSON number"),
            false => ("this number is out of range", "too large"),
        };
        CaseError::syntax(place(pair), message, label)
    })
}

fn object(pair: Pair<'_, Rule>) -> Result<Option<Map<String, Value>>, CaseError> {
    let mut members = Map::new();
    let mut readable = true;
    for entry in parts(pair).into_iter().filter(|part| part.as_rule() == Rule::entry) {
        let mut key = String::new();
        for part in parts(entry) {
            match part.as_rule() {
                Rule::key_name => key = text(&part)?,
                Rule::value => match json(part)? {
                    Some(value) => {
                        readable &= members.insert(std::mem::take(&mut key), value).is_none();
                    }
                    None => readable = false,
                },
                _ => {}
            }
        }
    }
    Ok(readable.then_some(members))
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

    fn step(&mut self, pair: Pair<'_, Rule>) -> Result<Step, CaseError> {
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

/// Which clauses that leave no trace when they say what is usual were said.
#[derive(Default)]
struct Said {
    credential: Option<()>,
    token: Option<()>,
    tool_digest: Option<()>,
    under: Option<()>,
}

/// The moment in a pair that may hold one.
fn one_moment(pair: Pair<'_, Rule>) -> Result<Moment, CaseError> {
    parts(pair).into_iter().next().map_or(Ok(Moment::NOW), moment)
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

fn reason(pair: &Pair<'_, Rule>) -> Result<Reason, CaseError> {
    let written = pair.as_str();
    Reason::ALL.iter().find(|reason| reason.as_str() == written).copied().ok_or_else(|| {
        let known = Reason::ALL.iter().map(|reason| reason.as_str());
        let help = did_you_mean(written, known.clone()).or_else(|| {
            // `expired` for `consent.expired`.
            let ends = known.filter(|one| one.rsplit('.').next() == Some(written));
            let ends: Vec<String> = ends.map(|one| format!("`{one}`")).collect();
            (!ends.is_empty()).then(|| format!("did you mean {}?", ends.join(" or ")))
        });
        CaseError::syntax(place(pair), format!("there is no reason called `{written}`"), "unknown")
            .help(help.unwrap_or_else(|| String::from("`spec/chain.md` lists the reasons")))
    })
}
