//! The reference: a second, slow engine, straight from the checked policy and a call's JSON.
//!
//! It shares no code with the engine's chain or with the lowering, so that a mistake in either shows
//! as a disagreement. Twice over it says what must be decided: [`Reference::judge`] walks the chain
//! by itself, and [`Reference::cedar`] computes the facts that come before Cedar and asks plain
//! `cedar-policy` over the emitted files, as a user of those files would.
//!
//! Where the specification leaves something open, the comment at the place says what was chosen.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::net::IpAddr;

use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityUid, Policy as CedarPolicy, PolicyId,
    PolicySet, Request, Schema, SchemaFragment,
};
use placet_engine::bundle::{Access, Content, Credentials, Target, Who};
use placet_engine::condition::{
    ArgumentType, Atom, Attribute, Condition, Literal, Operand, Quantifier, Test,
};
use placet_language::Policy;
use placet_language::model::{Capability, Effect, Rule, Server};
use serde_json::{Map, Value, json};

/// What must be decided of a call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Why it is denied; `None` where it is allowed.
    pub reason: Option<String>,
    /// The rules that decided: all that allow, all that deny, or the one that came nearest.
    pub rules: BTreeSet<String>,
    /// Where only remedies are missing: rule, capability and lacks, nearest first.
    pub alternatives: Vec<(String, String, Vec<String>)>,
    /// The sets of scopes of which the smallest must be asked for, where scopes are lacking.
    pub needs: BTreeSet<BTreeSet<String>>,
    /// Each receipt that an allow may rest on, by id; with `None` if some rule needs no consent.
    pub receipts: BTreeSet<Option<String>>,
    /// How the reference came to it.
    pub story: String,
}

/// What plain Cedar says of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CedarAnswer {
    /// Whether it allows the call.
    pub allow: bool,
    /// The policies that decided, by id.
    pub decided: BTreeSet<String>,
    /// Evaluation errors: there must be none.
    pub errors: Vec<String>,
    /// The context that was asked with.
    pub context: Value,
}

/// A policy to judge by.
pub struct Reference<'p> {
    policy: &'p Policy,
    digests: BTreeMap<String, String>,
    schema: Schema,
    policies: PolicySet,
    entities: Entities,
    /// The emitted actions by id, as Cedar's JSON schema has them.
    actions: Map<String, Value>,
}

/// A value that an operand has.
#[derive(Debug, Clone, PartialEq)]
enum Scalar {
    Text(String),
    Truth(bool),
    Number(i64),
    Address(IpAddr),
    Texts(Vec<String>),
}

/// On which side a condition stands: what an atom over no value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stands {
    InAllow,
    InDeny,
}

/// A (rule, capability) pair that concerns the call, and what it lacks.
struct Candidate {
    /// The highest access that the consent grants, and how many capabilities.
    asks: (Option<Access>, usize),
    receipt: Option<String>,
    needs: BTreeSet<BTreeSet<String>>,
    lacks: Vec<&'static str>,
    access: Access,
    rule: String,
    capability: String,
}

/// Whether an atom holds of a call, in a `deny` or elsewhere.
pub fn atom_holds(call: &Value, atom: &Atom, in_deny: bool) -> bool {
    let stands = if in_deny { Stands::InDeny } else { Stands::InAllow };
    Reader { call }.atom(atom, stands)
}

/// `null` is as good as absent.
fn member<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    value.get(name).filter(|found| !found.is_null())
}

fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    member(value, name).and_then(Value::as_str)
}

fn number(value: &Value, name: &str) -> Option<i64> {
    member(value, name).and_then(Value::as_i64)
}

/// The integer that a JSON number is, SEMANTICS 1.3.
fn integer(value: &Value) -> Option<i64> {
    let Value::Number(number) = value else { return None };
    if let Some(exact) = number.as_i64() {
        return Some(exact);
    }
    if number.is_u64() {
        return None;
    }
    let float = number.as_f64()?;
    let exact = 2_f64.powi(53);
    if float.trunc() != float || !(-exact..=exact).contains(&float) {
        return None;
    }
    format!("{float:.0}").parse().ok()
}

fn typed(value: &Value, kind: ArgumentType) -> Option<Scalar> {
    match (kind, value) {
        (ArgumentType::String, Value::String(text)) => Some(Scalar::Text(text.clone())),
        (ArgumentType::Boolean, Value::Bool(truth)) => Some(Scalar::Truth(*truth)),
        (ArgumentType::Integer, number) => integer(number).map(Scalar::Number),
        (ArgumentType::Strings, Value::Array(items)) => items
            .iter()
            .map(|item| item.as_str().map(str::to_owned))
            .collect::<Option<Vec<String>>>()
            .map(Scalar::Texts),
        _ => None,
    }
}

/// The normal form of an absolute POSIX path, SEMANTICS 1.4.
pub fn normal_path(raw: &str) -> Option<String> {
    let rest = raw.strip_prefix('/')?;
    if raw.contains(['\\', '%']) || raw.chars().any(char::is_control) {
        return None;
    }
    let mut normal = String::new();
    for segment in rest.split('/') {
        match segment {
            ".." => return None,
            "" | "." => {}
            segment => {
                normal.push('/');
                normal.push_str(segment);
            }
        }
    }
    Some(if normal.is_empty() { String::from("/") } else { normal })
}

/// Whether a glob as it is written fits a text: `*` any characters, `\` takes the next as it is.
pub fn fits(glob: &str, text: &str) -> bool {
    let mut pieces: Vec<Option<char>> = Vec::new();
    let mut characters = glob.chars();
    while let Some(character) = characters.next() {
        match character {
            '*' => pieces.push(None),
            '\\' => pieces.push(Some(characters.next().unwrap_or('\\'))),
            other => pieces.push(Some(other)),
        }
    }
    // The prefixes of the pattern that fit the text so far.
    let mut reached: BTreeSet<usize> = BTreeSet::from([0]);
    let close = |reached: &mut BTreeSet<usize>| {
        for (index, piece) in pieces.iter().enumerate() {
            if piece.is_none() && reached.contains(&index) {
                reached.insert(index.saturating_add(1));
            }
        }
    };
    close(&mut reached);
    for character in text.chars() {
        let mut next = BTreeSet::new();
        for (index, piece) in pieces.iter().enumerate() {
            if !reached.contains(&index) {
                continue;
            }
            match piece {
                None => {
                    next.insert(index);
                }
                Some(wanted) if *wanted == character => {
                    next.insert(index.saturating_add(1));
                }
                Some(_) => {}
            }
        }
        close(&mut next);
        reached = next;
    }
    reached.contains(&pieces.len())
}

/// Whether an address is in a network in CIDR form, compared bit by bit.
pub fn in_network(address: IpAddr, network: &str) -> bool {
    fn bits(address: IpAddr) -> Vec<bool> {
        let bytes = match address {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        };
        bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1 == 1)).collect()
    }
    let Some((base, prefix)) = network.split_once('/') else { return false };
    let (Ok(base), Ok(prefix)) = (base.parse::<IpAddr>(), prefix.parse::<usize>()) else {
        return false;
    };
    let (address, base) = (bits(address), bits(base));
    address.len() == base.len() && address.iter().zip(&base).take(prefix).all(|(a, b)| a == b)
}

fn depth(value: &Value) -> usize {
    let deepest = match value {
        Value::Array(items) => items.iter().map(depth).max(),
        Value::Object(members) => members.values().map(depth).max(),
        _ => return 0,
    };
    deepest.unwrap_or(0).saturating_add(1)
}

/// A part of an entity id.
fn escaped(part: &str) -> String {
    part.chars()
        .map(|c| match c {
            '%' => String::from("%25"),
            '#' => String::from("%23"),
            other => other.to_string(),
        })
        .collect()
}

/// An id in the one spelling that Cedar's JSON takes as it is.
fn entity(kind: &str, id: &str) -> Result<EntityUid, String> {
    EntityUid::from_json(json!({"type": kind, "id": id})).map_err(|error| error.to_string())
}

/// What a call says, as conditions read it.
struct Reader<'c> {
    call: &'c Value,
}

impl Reader<'_> {
    fn argument(&self, path: &[String]) -> Option<&Value> {
        let mut value = member(self.call, "arguments")?;
        for name in path {
            value = value.as_object()?.get(name)?;
        }
        Some(value)
    }

    fn token(&self) -> Option<&Value> {
        member(self.call, "credential").filter(|one| text(one, "kind") == Some("oauth"))
    }

    fn address(&self) -> Option<IpAddr> {
        let address: IpAddr = text(self.call, "address")?.parse().ok()?;
        Some(match address {
            IpAddr::V6(six) => six.to_ipv4_mapped().map_or(address, IpAddr::V4),
            four => four,
        })
    }

    /// An age. One that lies in the future, or beyond 64 bits, is none.
    fn since(&self, start: &str) -> Option<i64> {
        let age = number(self.call, "now")?.checked_sub(number(self.token()?, start)?);
        age.filter(|age| *age >= 0)
    }

    fn lifetime(&self) -> Option<i64> {
        let token = self.token()?;
        number(token, "expires_at")?.checked_sub(number(token, "issued_at")?)
    }

    fn value(&self, operand: &Operand) -> Option<Scalar> {
        let part = |whole: &str, name: &str| {
            member(self.call, whole)
                .and_then(|whole| text(whole, name))
                .map(|text| Scalar::Text(text.to_owned()))
        };
        let value = match &operand.attribute {
            Attribute::Argument(argument) => typed(self.argument(&argument.path)?, argument.kind),
            Attribute::UserIssuer => part("user", "issuer"),
            Attribute::UserSubject => part("user", "subject"),
            Attribute::ClientId => part("client", "id"),
            Attribute::ClientRegistration => part("client", "registration"),
            Attribute::TokenAge => self.since("issued_at").map(Scalar::Number),
            Attribute::TokenAuthAge => self.since("auth_time").map(Scalar::Number),
            Attribute::TokenLifetime => self.lifetime().map(Scalar::Number),
            Attribute::TokenAcr => self
                .token()
                .and_then(|token| text(token, "acr"))
                .map(|acr| Scalar::Text(acr.into())),
            Attribute::CallAddress => self.address().map(Scalar::Address),
            Attribute::Now => number(self.call, "now").map(Scalar::Number),
        }?;
        viewed(operand, value)
    }

    fn elements(&self, operand: &Operand) -> Option<Vec<Option<Scalar>>> {
        let Attribute::Argument(argument) = &operand.attribute else { return None };
        let items = self.argument(&argument.path)?.as_array()?;
        let element = |item| typed(item, argument.kind).and_then(|value| viewed(operand, value));
        Some(items.iter().map(element).collect())
    }

    /// Looks at the raw value.
    fn is_present(&self, attribute: &Attribute) -> bool {
        match attribute {
            Attribute::Argument(argument) => {
                self.argument(&argument.path).is_some_and(|value| !value.is_null())
            }
            attribute => {
                self.value(&Operand { view: None, attribute: attribute.clone() }).is_some()
            }
        }
    }

    fn atom(&self, atom: &Atom, stands: Stands) -> bool {
        if atom.test == Test::Present {
            return self.is_present(&atom.operand.attribute) ^ atom.negated;
        }
        let missing = stands == Stands::InDeny;
        let one = |value: Option<Scalar>| match value.and_then(|value| self.test(atom, &value)) {
            None => missing,
            Some(passes) => passes ^ atom.negated,
        };
        let Some(quantifier) = atom.quantifier else { return one(self.value(&atom.operand)) };
        let elements = self.elements(&atom.operand).unwrap_or_default();
        if elements.is_empty() {
            return missing;
        }
        let holding = elements.iter().filter(|element| one((*element).clone())).count();
        match quantifier {
            Quantifier::All => holding == elements.len(),
            Quantifier::Any => holding > 0,
        }
    }

    /// `None` where there is nothing to compare with.
    fn test(&self, atom: &Atom, value: &Scalar) -> Option<bool> {
        let same = |literal: &Literal| match (literal, value) {
            (Literal::String(one), Scalar::Text(other)) => one == other,
            (Literal::Boolean(one), Scalar::Truth(other)) => one == other,
            (Literal::Integer(one), Scalar::Number(other)) => one == other,
            (Literal::Address(one), Scalar::Address(other)) => one == other,
            _ => false,
        };
        let passes = match (&atom.test, value) {
            (Test::Equals(literal), _) => same(literal),
            (Test::OneOf(literals), _) => literals.iter().any(same),
            (Test::LessThan(bound), Scalar::Number(value)) => *value < *bound,
            (Test::AtMost(bound), Scalar::Number(value)) => *value <= *bound,
            (Test::MoreThan(bound), Scalar::Number(value)) => *value > *bound,
            (Test::AtLeast(bound), Scalar::Number(value)) => *value >= *bound,
            (Test::Like(glob), Scalar::Text(text)) => fits(&glob.to_string(), text),
            (Test::UnderFolder(folder), Scalar::Text(path)) => {
                let segments = |path: &str| -> Vec<String> {
                    path.split('/').filter(|one| !one.is_empty()).map(str::to_owned).collect()
                };
                segments(path).starts_with(&segments(folder))
            }
            (Test::UnderNetwork(network), Scalar::Address(address)) => {
                in_network(*address, &network.to_string())
            }
            (Test::Has(member), Scalar::Texts(members)) => members.contains(member),
            (Test::SameAs(other), value) => self.value(other)? == *value,
            _ => return None,
        };
        Some(passes)
    }

    fn condition(&self, condition: &Condition, stands: Stands) -> bool {
        match condition {
            Condition::All(parts) => !parts.iter().any(|part| !self.condition(part, stands)),
            Condition::Any(parts) => parts.iter().any(|part| self.condition(part, stands)),
            Condition::Atom(atom) => self.atom(atom, stands),
        }
    }

    fn user(&self) -> Option<(&str, &str)> {
        let user = member(self.call, "user")?;
        Some((text(user, "issuer")?, text(user, "subject")?))
    }
}

fn viewed(operand: &Operand, value: Scalar) -> Option<Scalar> {
    match (&operand.view, value) {
        (None, value) => Some(value),
        (Some(_), Scalar::Text(raw)) => normal_path(&raw).map(Scalar::Text),
        (Some(_), _) => None,
    }
}

/// Whether an atom reads an argument, on either side of a comparison.
fn reads_arguments(atom: &Atom) -> bool {
    let other = match &atom.test {
        Test::SameAs(other) => matches!(other.attribute, Attribute::Argument(_)),
        _ => false,
    };
    other || matches!(atom.operand.attribute, Attribute::Argument(_))
}

fn atoms<'c>(condition: &'c Condition, found: &mut Vec<&'c Atom>) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => {
            parts.iter().for_each(|part| atoms(part, found));
        }
        Condition::Atom(atom) => found.push(atom),
    }
}

impl<'p> Reference<'p> {
    /// Reads the emitted Cedar of a policy. Of all else that was compiled only the digests of the
    /// terms are taken.
    ///
    /// # Errors
    ///
    /// What Cedar has against the emitted files.
    pub fn new(policy: &'p Policy, content: &Content) -> Result<Self, String> {
        let (fragment, _) = SchemaFragment::from_cedarschema_str(&content.cedar.schema)
            .map_err(|error| error.to_string())?;
        let written = fragment.clone().to_json_value().map_err(|error| error.to_string())?;
        let actions = written
            .pointer("//actions")
            .and_then(Value::as_object)
            .cloned()
            .ok_or("the schema declares no actions")?;
        let schema =
            Schema::from_schema_fragments([fragment]).map_err(|error| error.to_string())?;
        let mut policies = PolicySet::new();
        for (id, text) in &content.cedar.policies {
            let one = CedarPolicy::parse(Some(PolicyId::new(id)), text)
                .map_err(|error| format!("{id}: {error}"))?;
            policies.add(one).map_err(|error| error.to_string())?;
        }
        let entities =
            serde_json::to_value(&content.cedar.entities).map_err(|error| error.to_string())?;
        let entities = Entities::from_json_value(entities, Some(&schema))
            .map_err(|error| error.to_string())?;
        let digests = content
            .terms
            .iter()
            .map(|(name, terms)| (name.clone(), terms.digest.to_string()))
            .collect();
        Ok(Self { policy, digests, schema, policies, entities, actions })
    }

    /// The policies that were emitted, by id.
    pub fn policy_ids(&self) -> BTreeSet<String> {
        self.policies.policies().map(|policy| policy.id().to_string()).collect()
    }

    fn server(&self, call: &Value) -> Option<(&'p String, &'p Server)> {
        let identity = text(call, "server")?;
        self.policy.servers.iter().find(|(_, server)| server.identity == identity)
    }

    fn tool_access(&self, server: &str, tool: &str) -> Option<Access> {
        let holding = |one: &&Capability| one.server == server && one.tools.contains(tool);
        self.policy.capabilities.values().filter(holding).map(|one| one.access).max()
    }

    /// The scopes that a token's scopes stand for.
    fn closed_scopes(&self, server: &Server, call: &Value) -> BTreeSet<String> {
        let held = member(call, "credential").and_then(|credential| member(credential, "scopes"));
        let held = held.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let mut waiting: Vec<String> = held.map(str::to_owned).collect();
        let mut closed = BTreeSet::new();
        while let Some(scope) = waiting.pop() {
            if let Some(implied) = server.scopes.get(&scope) {
                waiting.extend(implied.iter().filter(|one| !closed.contains(*one)).cloned());
            }
            closed.insert(scope);
        }
        closed
    }

    /// The groups of the call's user: the least set that the declarations allow.
    fn groups(&self, call: &Value) -> BTreeSet<String> {
        let mut groups: BTreeSet<String> = BTreeSet::new();
        let Some(user) = member(call, "user") else { return groups };
        loop {
            let before = groups.len();
            for (name, group) in &self.policy.groups {
                let mut claim = member(user, "claims");
                for part in &group.claim {
                    claim = claim.and_then(|claim| claim.as_object()?.get(part));
                }
                let has = match claim {
                    Some(Value::String(text)) => *text == group.has,
                    Some(Value::Array(items)) => {
                        items.iter().any(|item| item.as_str() == Some(&group.has))
                    }
                    _ => false,
                };
                let by_claim = has
                    && text(user, "issuer") == Some(group.issuer.as_str())
                    && group.and_in.is_subset(&groups);
                // `and in` asks for more of whoever has the claim, not of the members of groups within.
                let by_member = self.policy.groups.iter().any(|(inner, declared)| {
                    groups.contains(inner) && declared.within.contains(name)
                });
                if by_claim || by_member {
                    groups.insert(name.clone());
                }
            }
            if groups.len() == before {
                return groups;
            }
        }
    }

    fn who(&self, rule: &Rule, groups: &BTreeSet<String>, reader: &Reader<'_>) -> bool {
        let Some((issuer, subject)) = reader.user() else { return false };
        rule.who.iter().any(|who| match who {
            Who::Anyone => true,
            Who::Group(name) => groups.contains(name),
            Who::User { issuer: of, subject: named } => of == issuer && named == subject,
        })
    }

    /// The name of the call's client in the policy.
    fn client(&self, call: &Value) -> Option<&'p String> {
        let client = member(call, "client")?;
        let (id, issuer) = (text(client, "id")?, text(client, "issuer"));
        let named = self.policy.clients.iter();
        named
            .filter(|(_, one)| one.id == id && one.issuer.as_deref() == issuer)
            .map(|(name, _)| name)
            .next()
    }

    fn via(&self, rule: &Rule, client: &str) -> bool {
        rule.clients(self.policy).is_none_or(|clients| clients.contains(client))
    }

    /// Judges a condition of a rule that concerns a tool. Where the tool's schema could not be
    /// translated, a condition that reads arguments counts against the call as a whole.
    fn holds(
        &self,
        condition: Option<&Condition>,
        judged: bool,
        reader: &Reader<'_>,
        stands: Stands,
    ) -> bool {
        let Some(condition) = condition else { return true };
        let mut read = Vec::new();
        atoms(condition, &mut read);
        if !judged && read.into_iter().any(reads_arguments) {
            return stands == Stands::InDeny;
        }
        reader.condition(condition, stands)
    }

    fn denied_tool(&self, targets: &BTreeSet<Target>, server: &str, tool: &str) -> bool {
        targets.iter().any(|target| match target {
            Target::Capability(name) => self
                .policy
                .capabilities
                .get(name)
                .is_some_and(|one| one.server == server && one.tools.contains(tool)),
            Target::Access(level) => {
                self.tool_access(server, tool).is_some_and(|access| access >= *level)
            }
        })
    }

    /// The receipt under which some terms cover the call, or what the consent link lacks.
    ///
    /// SEMANTICS 4 says which receipts are valid, and not which of several invalid ones gives the
    /// reason. Chosen: the latest, as with valid ones; one given in the future is as good as none;
    /// and a withdrawal is named before a drift, a drift before an expiry.
    fn consent(&self, name: &str, call: &Value) -> Result<String, &'static str> {
        let consent = self.policy.consents.get(name).ok_or("consent.none")?;
        let now = i128::from(number(call, "now").unwrap_or_default());
        let same = |receipt: &&Value| {
            let user = member(receipt, "user").zip(member(call, "user"));
            let client = member(receipt, "client").zip(member(call, "client"));
            text(receipt, "terms") == Some(name)
                && text(receipt, "server") == text(call, "server")
                && user.is_some_and(|(one, other)| {
                    text(one, "issuer") == text(other, "issuer")
                        && text(one, "subject") == text(other, "subject")
                })
                && client.is_some_and(|(one, other)| {
                    text(one, "id") == text(other, "id")
                        && text(one, "issuer") == text(other, "issuer")
                })
        };
        let receipts = member(call, "receipts").and_then(Value::as_array);
        let all: Vec<&Value> = receipts.into_iter().flatten().filter(same).collect();
        let given = |receipt: &Value| number(receipt, "given_at").unwrap_or_default();
        let withdrawn = all.iter().filter_map(|one| number(one, "withdrawn_at")).max();
        let fault = |receipt: &Value| {
            let own = member(receipt, "withdrawn_at").is_some();
            let lasts = consent
                .lasts
                .map(|lasts| i128::from(given(receipt)).saturating_add(i128::from(lasts)));
            let stated = number(receipt, "expires_at").map(i128::from);
            if own || withdrawn.is_some_and(|at| given(receipt) <= at) {
                Some("consent.withdrawn")
            } else if text(receipt, "digest") != self.digests.get(name).map(String::as_str) {
                Some("consent.drifted")
            } else if [lasts, stated].into_iter().flatten().any(|end| end <= now) {
                Some("consent.expired")
            } else {
                None
            }
        };
        let mut past: Vec<&Value> =
            all.into_iter().filter(|receipt| i128::from(given(receipt)) <= now).collect();
        past.sort_by_key(|receipt| (Reverse(given(receipt)), text(receipt, "id")));
        let live: Vec<&Value> =
            past.iter().copied().filter(|receipt| fault(receipt).is_none()).collect();
        if live.is_empty() {
            return Err(past.first().and_then(|latest| fault(latest)).unwrap_or("consent.none"));
        }
        // A receipt that names a purpose speaks for no other one: "not one that the user agreed to"
        // is the reason's meaning.
        let stated = text(call, "purpose");
        let declared = match stated {
            Some(purpose) => consent.purposes.contains(purpose),
            None => !consent.purpose_required,
        };
        let agreed = |one: &&Value| match (stated, text(one, "purpose")) {
            (Some(stated), Some(agreed)) => stated == agreed,
            _ => true,
        };
        let named = live.into_iter().filter(|_| declared).find(agreed);
        named.and_then(|one| text(one, "id")).map(str::to_owned).ok_or("consent.purpose")
    }

    /// Whether one of the sets of scopes is held.
    fn scopes_suffice(capability: &Capability, closed: &BTreeSet<String>) -> bool {
        capability.needs.iter().any(|set| set.is_subset(closed))
    }

    /// Walks the chain.
    pub fn judge(&self, call: &Value) -> Verdict {
        let mut verdict = Verdict::default();
        verdict.reason = self.chain(call, &mut verdict).err().map(str::to_owned);
        verdict
    }

    fn chain(&self, call: &Value, verdict: &mut Verdict) -> Result<(), &'static str> {
        let (server_name, server) = self.server(call).ok_or("operation.unknown-server")?;
        if text(call, "operation") != Some("tools/call") {
            return Err("operation.unknown-method");
        }
        let tool_name = text(call, "target").unwrap_or_default();
        let tool = server.catalogue.tools.get(tool_name).ok_or("operation.unknown-tool")?;
        if let Some(seen) = text(call, "tool_digest")
            && tool.digest.as_ref().map(|digest| digest.as_str()) != Some(seen)
        {
            return Err("operation.tool-changed");
        }
        match member(call, "arguments") {
            None => {}
            Some(arguments) if arguments.is_object() && depth(arguments) <= 64 => {}
            Some(_) => return Err("operation.invalid-arguments"),
        }
        let client_name = self.registration(call)?;
        self.credential(call, server_name, server, tool_name)?;

        let story = &mut verdict.story;
        let reader = Reader { call };
        let groups = self.groups(call);
        let closed = self.closed_scopes(server, call);
        let _ = writeln!(story, "client {client_name}, groups {groups:?}, scopes {closed:?}");
        let judged = tool.arguments.is_ok();
        let mut candidates = Vec::new();
        for (rule_name, rule) in &self.policy.rules {
            let Effect::Allow { capabilities, under } = &rule.effect else { continue };
            for capability_name in capabilities {
                let Some(capability) = self.policy.capabilities.get(capability_name) else {
                    continue;
                };
                if capability.server != *server_name || !capability.tools.contains(tool_name) {
                    continue;
                }
                let who = self.who(rule, &groups, &reader);
                let via = self.via(rule, client_name);
                let inner =
                    self.holds(capability.condition.as_ref(), judged, &reader, Stands::InAllow);
                let when = self.holds(rule.when.as_ref(), judged, &reader, Stands::InAllow);
                let _ = writeln!(
                    story,
                    "{rule_name}/{capability_name}: who {who}, via {via}, where {inner}, when {when}"
                );
                if !(who && via && inner && when) {
                    continue;
                }
                let mut lacks = Vec::new();
                let local = matches!(server.credentials, Credentials::Local { .. });
                if !local && !Self::scopes_suffice(capability, &closed) {
                    lacks.push("scope.insufficient");
                }
                let consent = under.as_ref().map(|terms| self.consent(terms, call)).transpose();
                lacks.extend(consent.as_ref().err());
                let _ = writeln!(story, "  a candidate, lacks {lacks:?}");
                let asked = under.as_ref().and_then(|terms| self.policy.consents.get(terms));
                let granted = asked.map(|terms| &terms.grants).into_iter().flatten();
                let granted = granted.filter_map(|name| self.policy.capabilities.get(name));
                candidates.push(Candidate {
                    asks: (granted.clone().map(|one| one.access).max(), granted.count()),
                    receipt: consent.ok().flatten(),
                    needs: capability.needs.clone(),
                    lacks,
                    access: capability.access,
                    rule: rule_name.clone(),
                    capability: capability_name.clone(),
                });
            }
        }
        if candidates.is_empty() {
            return Err("rule.none");
        }
        for (rule_name, rule) in &self.policy.rules {
            let Effect::Deny { targets } = &rule.effect else { continue };
            if self.denied_tool(targets, server_name, tool_name)
                && self.who(rule, &groups, &reader)
                && self.via(rule, client_name)
                && self.holds(rule.when.as_ref(), judged, &reader, Stands::InDeny)
            {
                verdict.rules.insert(rule_name.clone());
            }
        }
        if !verdict.rules.is_empty() {
            return Err("rule.denied");
        }
        candidates.sort_by(|a, b| {
            // SEMANTICS 3.2 breaks ties by access and then by rule id. Between the two comes the consent
            // that asks the user for less.
            let key = |one: &Candidate| (one.lacks.len(), one.access, one.asks);
            key(a)
                .cmp(&key(b))
                .then_with(|| (&a.rule, &a.capability).cmp(&(&b.rule, &b.capability)))
        });
        let Some(nearest) = candidates.first() else { return Err("rule.none") };
        let Some(lack) = nearest.lacks.first() else {
            for one in candidates.iter().filter(|one| one.lacks.is_empty()) {
                verdict.rules.insert(one.rule.clone());
                verdict.receipts.insert(one.receipt.clone());
            }
            return Ok(());
        };
        verdict.rules.insert(nearest.rule.clone());
        verdict.needs.clone_from(&nearest.needs);
        for one in &candidates {
            let lacks = one.lacks.iter().map(|lack| (*lack).to_owned()).collect();
            verdict.alternatives.push((one.rule.clone(), one.capability.clone(), lacks));
        }
        Err(lack)
    }

    /// DESIGN 3 and 6. A client that is declared by the URL of its metadata document must have
    /// registered so, and one that is declared at an issuer must be preregistered there.
    fn registration(&self, call: &Value) -> Result<&'p String, &'static str> {
        let name = self.client(call).ok_or("registration.unknown-client")?;
        let declared = self.policy.clients.get(name).ok_or("registration.unknown-client")?;
        let client = member(call, "client").ok_or("registration.unknown-client")?;
        match text(client, "status") {
            Some("approved") => {}
            Some("pending") => return Err("registration.pending"),
            _ => return Err("registration.blocked"),
        }
        let kind = match declared.issuer {
            None => "metadata_document",
            Some(_) => "preregistered",
        };
        if text(client, "registration") == Some(kind) { Ok(name) } else { Err("registration.kind") }
    }

    fn credential(
        &self,
        call: &Value,
        server_name: &str,
        server: &Server,
        tool: &str,
    ) -> Result<(), &'static str> {
        let credential = member(call, "credential").ok_or("credential.missing")?;
        let user = member(call, "user");
        let now = number(call, "now").unwrap_or_default();
        match (&server.credentials, text(credential, "kind")) {
            (Credentials::Local { up_to, .. }, Some("local")) => {
                if self.tool_access(server_name, tool).is_some_and(|access| access > *up_to) {
                    return Err("credential.kind");
                }
                user.map(|_| ()).ok_or("credential.subject")
            }
            (Credentials::Oauth { issuers }, Some("oauth")) => {
                let issuer = text(credential, "issuer").unwrap_or_default();
                if !issuers.contains(issuer)
                    || user.is_some_and(|user| text(user, "issuer") != Some(issuer))
                {
                    return Err("credential.issuer");
                }
                let audience = member(credential, "audience").and_then(Value::as_array);
                let mut audience = audience.into_iter().flatten();
                if !audience.any(|one| one.as_str() == Some(&server.identity)) {
                    return Err("credential.audience");
                }
                let expires = number(credential, "expires_at");
                if expires.is_some_and(|end| end <= now) {
                    return Err("credential.expired");
                }
                if number(credential, "issued_at").is_some_and(|start| start > now) {
                    return Err("credential.not-yet-valid");
                }
                let subject = user.and_then(|user| text(user, "subject"));
                if subject.is_none() || subject != text(credential, "subject") {
                    return Err("credential.subject");
                }
                let client = member(call, "client").ok_or("credential.client")?;
                let elsewhere = text(client, "issuer").is_some_and(|one| one != issuer);
                if elsewhere || text(client, "id") != text(credential, "client_id") {
                    return Err("credential.client");
                }
                expires.map(|_| ()).ok_or("credential.lifetime")
            }
            _ => Err("credential.kind"),
        }
    }

    /// Asks plain Cedar, over all policies at once. `None` where the call cannot be put to Cedar: no
    /// such tool, no user, or arguments that are no object, all of which deny by themselves.
    ///
    /// # Errors
    ///
    /// The request does not fit the emitted schema.
    pub fn cedar(&self, call: &Value) -> Result<Option<CedarAnswer>, String> {
        let reader = Reader { call };
        let Some((server_name, server)) = self.server(call) else { return Ok(None) };
        let tool = text(call, "target").unwrap_or_default();
        let action = format!("tool:{server_name}/{tool}");
        let (Some(shape), Some((issuer, subject))) = (self.actions.get(&action), reader.user())
        else {
            return Ok(None);
        };
        if text(call, "operation") != Some("tools/call") {
            return Ok(None);
        }
        if member(call, "arguments").is_some_and(|one| !one.is_object() || depth(one) > 64) {
            return Ok(None);
        }
        if let Some(seen) = text(call, "tool_digest") {
            let known = server.catalogue.tools.get(tool).and_then(|tool| tool.digest.as_ref());
            if known.map(|digest| digest.as_str()) != Some(seen) {
                return Ok(None);
            }
        }
        let context_value = self.context(call, server_name, server, tool, shape, &reader);
        let principal = entity("User", &format!("user:{}#{}", escaped(issuer), escaped(subject)))?;
        let action = entity("Action", &action)?;
        let resource = entity("Server", &format!("server:{server_name}"))?;
        let context =
            Context::from_json_value(context_value.clone(), Some((&self.schema, &action)))
                .map_err(|error| format!("{error:?}\n{context_value:#}"))?;
        let parents = self
            .groups(call)
            .iter()
            .map(|name| entity("Group", &format!("group:{name}")))
            .collect::<Result<_, _>>()?;
        let user = Entity::new_no_attrs(principal.clone(), parents);
        let entities = self
            .entities
            .clone()
            .add_entities([user], Some(&self.schema))
            .map_err(|error| error.to_string())?;
        let request = Request::new(principal, action, resource, context, Some(&self.schema))
            .map_err(|error| error.to_string())?;
        let answer = Authorizer::new().is_authorized(&request, &self.policies, &entities);
        Ok(Some(CedarAnswer {
            allow: answer.decision() == Decision::Allow,
            decided: answer.diagnostics().reason().map(ToString::to_string).collect(),
            errors: answer.diagnostics().errors().map(ToString::to_string).collect(),
            context: context_value,
        }))
    }

    fn context(
        &self,
        call: &Value,
        server_name: &str,
        server: &Server,
        tool: &str,
        shape: &Value,
        reader: &Reader<'_>,
    ) -> Value {
        let mut context = Map::new();
        context.insert("now".into(), json!(number(call, "now")));
        let user = reader.user().unwrap_or_default();
        context.insert("user".into(), json!({"issuer": user.0, "subject": user.1}));
        context.insert("client".into(), client_facts(call));
        context.insert("token".into(), token_facts(reader));
        let mut facts = Map::new();
        if let Some(address) = reader.address() {
            let address = json!({"__extn": {"fn": "ip", "arg": address.to_string()}});
            facts.insert("address".into(), address);
        }
        context.insert("call".into(), Value::Object(facts));
        context.insert("scopes".into(), json!(self.closed_scopes(server, call)));
        let covered: Vec<String> = self
            .policy
            .consents
            .iter()
            .filter(|(name, one)| one.server == *server_name && self.consent(name, call).is_ok())
            .flat_map(|(name, one)| one.grants.iter().map(move |cap| format!("{name}/{cap}")))
            .collect();
        context.insert("consents".into(), json!(covered));
        let wanted = |name: &str| shape.pointer(&format!("/appliesTo/context/attributes/{name}"));
        if let Some(wanted) = wanted("args") {
            context.insert("args".into(), arguments(wanted, member(call, "arguments")));
        }
        let (allow, deny) = self.read_atoms(server_name, tool);
        let both = || allow.iter().chain(&deny);
        if wanted("views").is_some() {
            let mut views = Map::new();
            for atom in both() {
                let other = match &atom.test {
                    Test::SameAs(other) => Some(other),
                    _ => None,
                };
                let plain = Some(&atom.operand).filter(|_| atom.quantifier.is_none());
                for operand in plain.into_iter().chain(other).filter(|one| one.view.is_some()) {
                    if let Some(Scalar::Text(path)) = reader.value(operand) {
                        views.insert(operand.to_string(), json!(path));
                    }
                }
            }
            context.insert("views".into(), Value::Object(views));
        }
        if wanted("present").is_some() {
            let asked = both().filter(|atom| atom.test == Test::Present);
            let present: BTreeSet<String> = asked
                .map(|atom| &atom.operand.attribute)
                .filter(|one| matches!(one, Attribute::Argument(_)) && reader.is_present(one))
                .map(ToString::to_string)
                .collect();
            context.insert("present".into(), json!(present));
        }
        if wanted("facts").is_some() {
            let quantified = |atom: &&&Atom| atom.quantifier.is_some();
            let mut facts = Map::new();
            for atom in allow.iter().filter(quantified) {
                facts.insert(atom.to_string(), json!(reader.atom(atom, Stands::InAllow)));
            }
            for atom in deny.iter().filter(quantified) {
                let name = format!("{atom}, or no value");
                facts.insert(name, json!(reader.atom(atom, Stands::InDeny)));
            }
            context.insert("facts".into(), Value::Object(facts));
        }
        Value::Object(context)
    }

    /// The atoms of the conditions that concern a tool, in `allow` and `where`, and in `deny`.
    fn read_atoms(&self, server: &str, tool: &str) -> (Vec<&'p Atom>, Vec<&'p Atom>) {
        let (mut allow, mut deny) = (Vec::new(), Vec::new());
        for rule in self.policy.rules.values() {
            match &rule.effect {
                Effect::Allow { capabilities, .. } => {
                    let held = capabilities
                        .iter()
                        .filter_map(|name| self.policy.capabilities.get(name))
                        .filter(|one| one.server == server && one.tools.contains(tool));
                    let mut any = false;
                    for capability in held {
                        any = true;
                        capability.condition.iter().for_each(|one| atoms(one, &mut allow));
                    }
                    rule.when.iter().filter(|_| any).for_each(|one| atoms(one, &mut allow));
                }
                Effect::Deny { targets } if self.denied_tool(targets, server, tool) => {
                    rule.when.iter().for_each(|one| atoms(one, &mut deny));
                }
                Effect::Deny { .. } => {}
            }
        }
        (allow, deny)
    }
}

fn client_facts(call: &Value) -> Value {
    let client = member(call, "client").cloned().unwrap_or_default();
    let id = text(&client, "id").unwrap_or_default();
    let entity = match text(&client, "issuer") {
        Some(issuer) => format!("client:{}#{}", escaped(issuer), escaped(id)),
        None => format!("client:{}", escaped(id)),
    };
    let mut facts = Map::new();
    facts.insert("entity".into(), json!({"__entity": {"type": "Client", "id": entity}}));
    for name in ["id", "issuer", "registration", "status"] {
        facts.extend(member(&client, name).map(|value| (name.to_owned(), value.clone())));
    }
    Value::Object(facts)
}

fn token_facts(reader: &Reader<'_>) -> Value {
    let credential = member(reader.call, "credential").cloned().unwrap_or_default();
    let mut facts = Map::new();
    facts.insert("kind".into(), json!(text(&credential, "kind").unwrap_or("none")));
    for name in ["acr", "audience", "client_id", "expires_at", "issued_at", "issuer", "subject"] {
        facts.extend(member(&credential, name).map(|value| (name.to_owned(), value.clone())));
    }
    let ages = [
        ("age", reader.since("issued_at")),
        ("auth_age", reader.since("auth_time")),
        ("lifetime", reader.lifetime()),
    ];
    facts.extend(ages.into_iter().filter_map(|(name, age)| Some((name.to_owned(), json!(age?)))));
    Value::Object(facts)
}

/// Of the arguments, those that the schema has room for and that are of its types.
fn arguments(shape: &Value, given: Option<&Value>) -> Value {
    let mut fitting = Map::new();
    let members = shape.get("attributes").and_then(Value::as_object);
    for (name, shape) in members.into_iter().flatten() {
        let value = given.and_then(|given| given.as_object()?.get(name));
        let kind = match (text(shape, "type"), text(shape, "name")) {
            (Some("Record"), _) => {
                fitting.insert(name.clone(), arguments(shape, value));
                continue;
            }
            (Some("Set"), _) => ArgumentType::Strings,
            (_, Some("Long" | "__cedar::Long")) => ArgumentType::Integer,
            (_, Some("Bool" | "__cedar::Bool")) => ArgumentType::Boolean,
            _ => ArgumentType::String,
        };
        let value = value.and_then(|value| typed(value, kind)).map(|value| match value {
            Scalar::Text(text) => json!(text),
            Scalar::Truth(truth) => json!(truth),
            Scalar::Number(number) => json!(number),
            Scalar::Address(address) => json!(address.to_string()),
            Scalar::Texts(texts) => json!(texts),
        });
        fitting.extend(value.map(|value| (name.clone(), value)));
    }
    Value::Object(fitting)
}
