//! Cedar's conditions in the form in which the engine evaluates them: read once from Cedar's own
//! syntax tree, and then evaluated on a call's facts as they are.
//!
//! Cedar's evaluator wants a context of values, and builds a value at each step. Here nothing is
//! copied. Of Cedar's language this form has what the compiler emits, with Cedar's meaning: `&&`, `||`
//! and `if` look at their parts from the left and only as far as they have to. Whatever else stands in
//! a policy, and whatever would be an error, is left to Cedar itself: see [`AskCedar`].

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;

use cedar_policy::pst::{self, BinaryOp, Clause, Expr, PatternElem, UnaryOp, Var};
use cedar_policy::{EntityId, EntityTypeName, EntityUid};

use crate::bundle::{Content, Server, fact_name};
use crate::call::Credential;
use crate::condition::{Argument, ArgumentType, Atom, Attribute, Operand, Side, Value};
use crate::facts::Facts;
use crate::glob::Glob;
use crate::ids;
use crate::network::Network;
use crate::slices::Slice;

/// This form cannot tell what the condition is of the call; Cedar can.
pub(crate) struct AskCedar;

/// A condition.
pub(crate) enum Test {
    Constant(bool),
    All(Vec<Test>),
    Any(Vec<Test>),
    Not(Box<Test>),
    If(Box<[Test; 3]>),
    /// The call has a user.
    HasUser,
    Has(Fact),
    /// A fact that is true or false by itself.
    Holds(Fact),
    Equal(Term, Term),
    LessThan(Term, Term),
    AtMost(Term, Term),
    Like(Fact, Glob),
    /// `call.address`, which is there, is in the network.
    InNetwork(Network),
    OneOf(Vec<Constant>, Term),
    Contains(Set, Term),
    ContainsAll(Set, Vec<String>),
    /// The client is one of these, by name.
    ClientIn(Arc<BTreeSet<String>>),
    ActionIn(EntityUid),
}

/// Something that is compared.
pub(crate) enum Term {
    Fact(Fact),
    Constant(Constant),
}

/// A constant.
#[derive(PartialEq)]
pub(crate) enum Constant {
    Text(String),
    Number(i64),
    Truth(bool),
    Address(IpAddr),
}

/// A single value of the context.
pub(crate) enum Fact {
    /// One that conditions read by the same name.
    Attribute(Attribute),
    ClientDomain,
    ClientIssuer,
    ClientMetadataDigest,
    ClientStatus,
    TokenAudience,
    TokenClientId,
    TokenExpiresAt,
    TokenIssuedAt,
    TokenIssuer,
    TokenKind,
    TokenSubject,
    /// `context.args`, by path.
    Argument(Vec<String>),
    /// `context.computed`
    Computed(Argument),
    View(Operand),
    Quantified(Atom, Side),
}

/// A set of strings of the context.
pub(crate) enum Set {
    Audience,
    Consents,
    Scopes,
    /// The arguments that are present of those that some policy asks for, which are these, by name.
    Present(Arc<HashMap<String, Argument>>),
    /// `context.args`, by path.
    Argument(Vec<String>),
    /// `context.computed`
    Computed(Argument),
}

/// A value as it is found in a call.
#[derive(PartialEq)]
enum Found<'f> {
    Text(Cow<'f, str>),
    Number(i64),
    Truth(bool),
    Address(IpAddr),
    /// There, and of no type that is compared here.
    Other,
}

/// What conditions are evaluated on.
pub(crate) struct Asked<'f, 'a> {
    pub(crate) facts: &'f Facts<'a>,
    /// The elements of `context.consents`.
    pub(crate) consents: &'f [&'f str],
    pub(crate) slice: &'f Slice,
}

type Verdict = Result<bool, AskCedar>;

impl Test {
    pub(crate) fn holds(&self, asked: &Asked<'_, '_>) -> Verdict {
        let facts = asked.facts;
        Ok(match self {
            Self::Constant(value) => *value,
            Self::All(tests) => {
                for test in tests {
                    if !test.holds(asked)? {
                        return Ok(false);
                    }
                }
                true
            }
            Self::Any(tests) => {
                for test in tests {
                    if test.holds(asked)? {
                        return Ok(true);
                    }
                }
                false
            }
            Self::Not(test) => !test.holds(asked)?,
            Self::If(parts) => {
                let [condition, then, otherwise] = parts.as_ref();
                if condition.holds(asked)? { then.holds(asked)? } else { otherwise.holds(asked)? }
            }
            Self::HasUser => facts.call.user.is_some(),
            Self::Has(fact) => fact.find(facts)?.is_some(),
            Self::Holds(fact) => match fact.find(facts)? {
                Some(Found::Truth(value)) => value,
                _ => return Err(AskCedar),
            },
            Self::Equal(one, other) => one.find(facts)? == other.find(facts)?,
            Self::LessThan(one, other) => one.number(facts)? < other.number(facts)?,
            Self::AtMost(one, other) => one.number(facts)? <= other.number(facts)?,
            Self::Like(fact, glob) => match fact.find(facts)? {
                Some(Found::Text(text)) => glob.matches(&text),
                _ => return Err(AskCedar),
            },
            Self::InNetwork(network) => {
                network.contains(facts.call.address.ok_or(AskCedar)?.to_canonical())
            }
            Self::OneOf(constants, term) => {
                let value = term.find(facts)?;
                constants.iter().any(|constant| constant.found() == value)
            }
            Self::Contains(set, term) => match term.find(facts)? {
                Found::Text(text) => set.contains(&text, asked)?,
                _ => return Err(AskCedar),
            },
            Self::ContainsAll(set, texts) => {
                for text in texts {
                    if !set.contains(text, asked)? {
                        return Ok(false);
                    }
                }
                true
            }
            Self::ClientIn(names) => facts.client.is_some_and(|name| names.contains(name)),
            Self::ActionIn(group) => {
                asked.slice.action == *group || asked.slice.ancestors.contains(group)
            }
        })
    }
}

impl Term {
    /// Reading what is not there is an error.
    fn find<'f>(&'f self, facts: &'f Facts<'_>) -> Result<Found<'f>, AskCedar> {
        match self {
            Self::Fact(fact) => match fact.find(facts)? {
                None | Some(Found::Other) => Err(AskCedar),
                Some(found) => Ok(found),
            },
            Self::Constant(constant) => Ok(constant.found()),
        }
    }

    fn number(&self, facts: &Facts<'_>) -> Result<i64, AskCedar> {
        match self.find(facts)? {
            Found::Number(number) => Ok(number),
            _ => Err(AskCedar),
        }
    }
}

impl Constant {
    fn found(&self) -> Found<'_> {
        match self {
            Self::Text(text) => Found::Text(Cow::Borrowed(text)),
            Self::Number(number) => Found::Number(*number),
            Self::Truth(value) => Found::Truth(*value),
            Self::Address(address) => Found::Address(*address),
        }
    }
}

impl Fact {
    /// `None` where the context has no such member.
    fn find<'f>(&'f self, facts: &'f Facts<'_>) -> Result<Option<Found<'f>>, AskCedar> {
        let call = facts.call;
        let text = |text: &'f str| Some(Found::Text(Cow::Borrowed(text)));
        let number = |number: Option<i64>| number.map(Found::Number);
        let (token, credential) = (facts.token(), call.credential.as_ref());
        Ok(match self {
            Self::Attribute(attribute) => match attribute {
                Attribute::ClientId => text(&call.client.id),
                Attribute::ClientRegistration => text(call.client.registration.as_str()),
                Attribute::UserIssuer => text(&call.user.as_ref().ok_or(AskCedar)?.issuer),
                Attribute::UserSubject => text(&call.user.as_ref().ok_or(AskCedar)?.subject),
                Attribute::TokenAcr => token.and_then(|token| text(token.acr.as_ref()?)),
                Attribute::CallAddress => {
                    call.address.map(|address| Found::Address(address.to_canonical()))
                }
                Attribute::Argument(_) => return Err(AskCedar),
                others => match facts.value_of(others) {
                    Some(Value::Integer(value)) => number(Some(value)),
                    None => None,
                    Some(_) => return Err(AskCedar),
                },
            },
            Self::ClientDomain => facts.domain().and_then(text),
            Self::ClientIssuer => call.client.issuer.as_deref().and_then(text),
            Self::ClientMetadataDigest => {
                call.client.metadata_digest.as_ref().and_then(|digest| text(digest.as_str()))
            }
            Self::ClientStatus => text(call.client.status.as_str()),
            Self::TokenAudience => token.map(|_| Found::Other),
            Self::TokenKind => text(kind(credential)),
            Self::TokenIssuer => token.and_then(|token| text(&token.issuer)),
            Self::TokenSubject => token.and_then(|token| text(&token.subject)),
            Self::TokenClientId => token.and_then(|token| text(&token.client_id)),
            Self::TokenIssuedAt => number(credential.and_then(Credential::issued_at)),
            Self::TokenExpiresAt => number(credential.and_then(Credential::expires_at)),
            Self::Argument(path) => argument(declared(path, facts)?, facts),
            Self::Computed(computed) => argument(known(computed, facts)?, facts),
            Self::View(operand) => {
                let known = facts.tool.reads.views.contains(operand);
                let view = operand.view.filter(|_| known).ok_or(AskCedar)?;
                let raw = match &operand.attribute {
                    Attribute::Argument(one) if one.kind == ArgumentType::String => {
                        facts.arguments.raw(one)
                    }
                    _ => return Err(AskCedar),
                };
                match raw.and_then(|raw| view.of(raw.as_str()?)) {
                    Some(Value::String(seen)) => Some(Found::Text(Cow::Owned(seen))),
                    Some(Value::Integer(seen)) => number(Some(seen)),
                    None => None,
                    Some(_) => return Err(AskCedar),
                }
            }
            Self::Quantified(atom, side) => {
                let reads = &facts.tool.reads;
                let known = match side {
                    Side::Allow => reads.allow_facts.contains(atom),
                    Side::Deny => reads.deny_facts.contains(atom),
                };
                if !known {
                    return Err(AskCedar);
                }
                Some(Found::Truth(atom.holds(facts, *side)))
            }
        })
    }
}

/// The word for a credential in the context.
pub(crate) fn kind(credential: Option<&Credential>) -> &'static str {
    match credential {
        Some(Credential::Oauth(_)) => "oauth",
        Some(Credential::ApiKey(_)) => "api_key",
        Some(Credential::Local {}) => "local",
        None => "none",
    }
}

/// The one argument at this path that the context of the tool's requests has.
fn declared<'t>(path: &[String], facts: &'t Facts<'_>) -> Result<&'t Argument, AskCedar> {
    let is_it = |one: &&Argument| one.computed.is_none() && one.path == path;
    let mut same = facts.tool.reads.arguments.iter().filter(is_it);
    match (same.next(), same.next()) {
        (Some(only), None) => Ok(only),
        _ => Err(AskCedar),
    }
}

/// A fact that the context of the tool's requests has.
fn known<'t>(computed: &'t Argument, facts: &Facts<'_>) -> Result<&'t Argument, AskCedar> {
    facts.tool.reads.arguments.contains(computed).then_some(computed).ok_or(AskCedar)
}

fn argument<'f>(argument: &Argument, facts: &'f Facts<'_>) -> Option<Found<'f>> {
    let raw = facts.arguments.raw(argument)?;
    match argument.kind {
        ArgumentType::String => raw.as_str().map(|text| Found::Text(Cow::Borrowed(text))),
        ArgumentType::Boolean => raw.as_bool().map(Found::Truth),
        ArgumentType::Integer => raw.as_number().and_then(crate::json::integer).map(Found::Number),
        ArgumentType::Strings => texts(raw).map(|_| Found::Other),
    }
}

/// Whether a set of strings has this one.
fn holds(argument: &Argument, text: &str, facts: &Facts<'_>) -> Verdict {
    let raw = facts.arguments.raw(argument).filter(|_| argument.kind == ArgumentType::Strings);
    Ok(raw.and_then(texts).ok_or(AskCedar)?.contains(&text))
}

/// The elements of an array that has nothing but strings.
fn texts(raw: &serde_json::Value) -> Option<Vec<&str>> {
    raw.as_array()?.iter().map(serde_json::Value::as_str).collect()
}

impl Set {
    fn contains(&self, text: &str, asked: &Asked<'_, '_>) -> Verdict {
        let facts = asked.facts;
        Ok(match self {
            Self::Audience => facts.token().ok_or(AskCedar)?.audience.contains(text),
            Self::Consents => asked.consents.contains(&text),
            Self::Scopes => facts.scopes.contains(text),
            Self::Present(known) => {
                // One that nothing asks for is never among them.
                known.get(text).is_some_and(|argument| {
                    let is_it = |one: &Argument| one.identity() == argument.identity();
                    facts.tool.reads.present.iter().any(is_it)
                        && facts.arguments.is_present(argument)
                })
            }
            Self::Argument(path) => holds(declared(path, facts)?, text, facts)?,
            Self::Computed(computed) => holds(known(computed, facts)?, text, facts)?,
        })
    }
}

/// Reads Cedar's syntax trees. `None` throughout: this form does not have it.
pub(crate) struct Reader {
    /// The names of the clients by their entities' ids.
    clients: HashMap<String, String>,
    /// The names of the clients in each group, by its entity's id; `None` where Cedar knows a client
    /// that the tables do not.
    client_groups: Option<HashMap<String, Arc<BTreeSet<String>>>>,
    views: HashMap<String, Operand>,
    computed: HashMap<String, Argument>,
    quantified: HashMap<String, (Atom, Side)>,
    present: Arc<HashMap<String, Argument>>,
}

impl Reader {
    /// `held` has each client's entity id with the ids of the groups that hold it.
    pub(crate) fn new<'e>(
        content: &Content,
        held: impl Iterator<Item = (&'e str, Vec<&'e str>)>,
    ) -> Self {
        let clients: HashMap<String, String> = content
            .clients
            .iter()
            .map(|(name, one)| (ids::client(one.issuer.as_deref(), &one.id), name.clone()))
            .collect();
        let mut groups: HashMap<String, BTreeSet<String>> = HashMap::new();
        let mut all_known = true;
        for (client, holding) in held {
            match clients.get(client) {
                None => all_known = false,
                Some(name) => {
                    for group in holding {
                        groups.entry(group.to_owned()).or_default().insert(name.clone());
                    }
                }
            }
        }
        let groups = groups.into_iter().map(|(id, names)| (id, Arc::new(names))).collect();
        let mut present: HashMap<String, Argument> = HashMap::new();
        let mut reader = Self {
            clients,
            client_groups: all_known.then_some(groups),
            views: HashMap::new(),
            computed: HashMap::new(),
            quantified: HashMap::new(),
            present: Arc::default(),
        };
        for (_, tool) in content.servers.values().flat_map(Server::features) {
            let views = tool.reads.views.iter();
            reader.views.extend(views.map(|view| (view.to_string(), view.clone())));
            let computed = tool.reads.arguments.iter().filter(|one| one.computed.is_some());
            reader.computed.extend(computed.map(|one| (one.to_string(), one.clone())));
            let facts = tool.reads.facts();
            reader
                .quantified
                .extend(facts.map(|(atom, side)| (fact_name(atom, side), (atom.clone(), side))));
            present.extend(tool.reads.present.iter().map(|one| (one.to_string(), one.clone())));
        }
        reader.present = Arc::new(present);
        reader
    }

    /// What a policy's clauses ask for.
    pub(crate) fn clauses(&self, clauses: &[Clause]) -> Option<Test> {
        let test = |clause: &Clause| match clause {
            Clause::When(condition) => self.test(condition),
            Clause::Unless(condition) => Some(Test::Not(Box::new(self.test(condition)?))),
        };
        Some(Test::All(clauses.iter().map(test).collect::<Option<_>>()?))
    }

    fn test(&self, expression: &Expr) -> Option<Test> {
        Some(match expression {
            Expr::Literal(pst::Literal::Bool(value)) => Test::Constant(*value),
            Expr::UnaryOp { op: UnaryOp::Not, expr } => Test::Not(Box::new(self.test(expr)?)),
            Expr::BinaryOp { op, left, right } => match op {
                BinaryOp::And => Test::All(self.chain(*op, expression)?),
                BinaryOp::Or => Test::Any(self.chain(*op, expression)?),
                BinaryOp::Eq => self.equal(left, right)?,
                BinaryOp::NotEq => Test::Not(Box::new(self.equal(left, right)?)),
                BinaryOp::Less => Test::LessThan(self.term(left)?, self.term(right)?),
                BinaryOp::LessEq => Test::AtMost(self.term(left)?, self.term(right)?),
                BinaryOp::Greater => Test::LessThan(self.term(right)?, self.term(left)?),
                BinaryOp::GreaterEq => Test::AtMost(self.term(right)?, self.term(left)?),
                BinaryOp::In => self.within(left, right)?,
                BinaryOp::IsInRange => match (path(left)?.as_slice(), ip(right)) {
                    (["call", "address"], Some(range)) => Test::InNetwork(Network::parse(range)?),
                    _ => return None,
                },
                BinaryOp::Contains => match left.as_ref() {
                    Expr::Set(members) => Test::OneOf(
                        members.iter().map(|member| constant(member)).collect::<Option<_>>()?,
                        self.term(right)?,
                    ),
                    _ => Test::Contains(self.set(left)?, self.term(right)?),
                },
                BinaryOp::ContainsAll => match right.as_ref() {
                    Expr::Set(members) if !members.is_empty() => Test::ContainsAll(
                        self.set(left)?,
                        members.iter().map(|member| text(member)).collect::<Option<_>>()?,
                    ),
                    _ => return None,
                },
                _ => return None,
            },
            Expr::IfThenElse { cond, then_expr, else_expr } => {
                Test::If(Box::new([self.test(cond)?, self.test(then_expr)?, self.test(else_expr)?]))
            }
            Expr::HasAttr { expr, attrs } if attrs.tail.is_empty() => {
                let mut path = path(expr)?;
                path.push(attrs.head.as_str());
                if path == ["user"] { Test::HasUser } else { Test::Has(self.fact(&path)?) }
            }
            Expr::GetAttr { .. } => Test::Holds(self.fact(&path(expression)?)?),
            Expr::Like { expr, pattern } => Test::Like(self.fact(&path(expr)?)?, glob(pattern)),
            _ => return None,
        })
    }

    /// The operands of a chain of one operator, left to right.
    fn chain(&self, operator: BinaryOp, expression: &Expr) -> Option<Vec<Test>> {
        match expression {
            Expr::BinaryOp { op, left, right } if *op == operator => {
                let mut tests = self.chain(operator, left)?;
                tests.extend(self.chain(operator, right)?);
                Some(tests)
            }
            other => Some(vec![self.test(other)?]),
        }
    }

    fn equal(&self, one: &Expr, other: &Expr) -> Option<Test> {
        for (one, other) in [(one, other), (other, one)] {
            if let Some(id) = entity(other, "Client").filter(|_| is_client(one)) {
                // Of one that the policy does not name Cedar has to tell.
                let name = self.clients.get(id)?;
                return Some(Test::ClientIn(Arc::new(BTreeSet::from([name.clone()]))));
            }
        }
        Some(Test::Equal(self.term(one)?, self.term(other)?))
    }

    fn within(&self, one: &Expr, group: &Expr) -> Option<Test> {
        if matches!(one, Expr::Var(Var::Action)) {
            let id = EntityId::new(entity(group, "Action")?);
            let kind = EntityTypeName::from_str("Action").ok()?;
            return Some(Test::ActionIn(EntityUid::from_type_name_and_id(kind, id)));
        }
        let id = entity(group, "ClientGroup").filter(|_| is_client(one))?;
        let names = self.client_groups.as_ref()?.get(id).cloned();
        Some(Test::ClientIn(names.unwrap_or_default()))
    }

    fn term(&self, expression: &Expr) -> Option<Term> {
        match constant(expression) {
            Some(constant) => Some(Term::Constant(constant)),
            None => Some(Term::Fact(self.fact(&path(expression)?)?)),
        }
    }

    fn fact(&self, path: &[&str]) -> Option<Fact> {
        Some(match path {
            ["now"] => Fact::Attribute(Attribute::Now),
            ["user", "issuer"] => Fact::Attribute(Attribute::UserIssuer),
            ["user", "subject"] => Fact::Attribute(Attribute::UserSubject),
            ["client", "id"] => Fact::Attribute(Attribute::ClientId),
            ["client", "registration"] => Fact::Attribute(Attribute::ClientRegistration),
            ["client", "domain"] => Fact::ClientDomain,
            ["client", "issuer"] => Fact::ClientIssuer,
            ["client", "metadata_digest"] => Fact::ClientMetadataDigest,
            ["client", "status"] => Fact::ClientStatus,
            ["token", "acr"] => Fact::Attribute(Attribute::TokenAcr),
            ["token", "age"] => Fact::Attribute(Attribute::TokenAge),
            ["token", "audience"] => Fact::TokenAudience,
            ["token", "auth_age"] => Fact::Attribute(Attribute::TokenAuthAge),
            ["token", "client_id"] => Fact::TokenClientId,
            ["token", "expires_at"] => Fact::TokenExpiresAt,
            ["token", "issued_at"] => Fact::TokenIssuedAt,
            ["token", "issuer"] => Fact::TokenIssuer,
            ["token", "kind"] => Fact::TokenKind,
            ["token", "lifetime"] => Fact::Attribute(Attribute::TokenLifetime),
            ["token", "subject"] => Fact::TokenSubject,
            ["call", "address"] => Fact::Attribute(Attribute::CallAddress),
            ["call", "confirmation_age"] => Fact::Attribute(Attribute::ConfirmationAge),
            ["args", path @ ..] => Fact::Argument(owned(path)),
            ["computed", name] => Fact::Computed(self.computed.get(*name)?.clone()),
            ["views", name] => Fact::View(self.views.get(*name)?.clone()),
            ["facts", name] => {
                let (atom, side) = self.quantified.get(*name)?.clone();
                Fact::Quantified(atom, side)
            }
            _ => return None,
        })
    }

    fn set(&self, expression: &Expr) -> Option<Set> {
        Some(match path(expression)?.as_slice() {
            ["token", "audience"] => Set::Audience,
            ["consents"] => Set::Consents,
            ["scopes"] => Set::Scopes,
            ["present"] => Set::Present(self.present.clone()),
            ["args", path @ ..] => Set::Argument(owned(path)),
            ["computed", name] => Set::Computed(self.computed.get(*name)?.clone()),
            _ => return None,
        })
    }
}

fn owned(path: &[&str]) -> Vec<String> {
    path.iter().map(|name| (*name).to_owned()).collect()
}

/// The members that lead from the context to a value.
fn path(expression: &Expr) -> Option<Vec<&str>> {
    match expression {
        Expr::Var(Var::Context) => Some(Vec::new()),
        Expr::GetAttr { expr, attr } => {
            let mut path = path(expr)?;
            path.push(attr.as_str());
            Some(path)
        }
        _ => None,
    }
}

fn is_client(expression: &Expr) -> bool {
    path(expression).is_some_and(|path| path == ["client", "entity"])
}

/// The id of an entity of this type that is written out.
pub(crate) fn entity<'x>(expression: &'x Expr, kind: &str) -> Option<&'x str> {
    match expression {
        Expr::Literal(pst::Literal::EntityUID(uid)) if uid.ty.0.to_string() == kind => {
            Some(uid.eid.as_str())
        }
        _ => None,
    }
}

fn constant(expression: &Expr) -> Option<Constant> {
    match expression {
        Expr::Literal(pst::Literal::Bool(value)) => Some(Constant::Truth(*value)),
        Expr::Literal(pst::Literal::Long(number)) => Some(Constant::Number(*number)),
        Expr::Literal(pst::Literal::String(text)) => Some(Constant::Text(text.to_string())),
        other => ip(other)?.parse().ok().map(Constant::Address),
    }
}

/// The text of an address or a network that is written out.
fn ip(expression: &Expr) -> Option<&str> {
    match expression {
        Expr::UnaryOp { op: UnaryOp::Ip, expr } => match expr.as_ref() {
            Expr::Literal(pst::Literal::String(text)) => Some(text),
            _ => None,
        },
        _ => None,
    }
}

fn text(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Literal(pst::Literal::String(text)) => Some(text.to_string()),
        _ => None,
    }
}

fn glob(pattern: &[PatternElem]) -> Glob {
    let mut written = String::new();
    for element in pattern {
        match element {
            PatternElem::Wildcard => written.push('*'),
            PatternElem::Char(character) => {
                if matches!(character, '*' | '\\') {
                    written.push('\\');
                }
                written.push(*character);
            }
        }
    }
    Glob::parse(&written)
}
