//! A version's policies in the facts of [`Vocabulary`].
//!
//! What a policy reads and its bundle's tables make of a call (groups, clients, closed scopes,
//! receipts, arguments) is replaced by what the tables make it of. A form that the compiler does not emit is
//! refused.

use std::collections::BTreeSet;

use placet_engine::bundle::{Content, Coverage, OnChange, RegisterRule, Terms, Through, fact_name};
use placet_engine::call::Registration;
use placet_engine::condition::{Argument, Atom, Operand, Side};
use placet_engine::ids;
use placet_engine::view::View;
use serde_json::{Map, Value};

use crate::expr::{Expr, all, any, equal, has, is_one_of, is_text, member, not, path, text, truth};
use crate::version::{Place, Version, Written};
use crate::vocabulary::{Receipt, Vocabulary};

/// A policy without a scope: it holds where this does.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Stated {
    pub(crate) id: String,
    pub(crate) permit: bool,
    pub(crate) holds: Expr,
}

/// Why a policy cannot be put in the facts.
pub(crate) type Unknown = String;

/// What the confirmation of an operation is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Confirmation {
    /// There is none that counts.
    Never,
    /// By the definition that the new version knows, or that both know.
    Shared,
    /// By the definition that only the old version knows.
    OfOld,
}

pub(crate) struct Rewriter<'r, 'c> {
    pub(crate) version: &'r Version<'c>,
    pub(crate) place: &'r Place<'c>,
    pub(crate) confirmation: Confirmation,
    /// By name and digest, receipts for terms that this version does not know, which count as if they
    /// were for its own of that name.
    pub(crate) renewed: &'r BTreeSet<(String, String)>,
    pub(crate) vocabulary: &'r mut Vocabulary,
}

/// How many groups may need one another in a circle.
const CIRCLE: usize = 32;

impl<'c> Rewriter<'_, 'c> {
    /// All that a version says of a place, with what it forbids before Cedar is asked.
    pub(crate) fn policies(&mut self) -> Result<Vec<Stated>, Unknown> {
        let mut stated = vec![self.operation()];
        for place in self.version.concerning(self.place) {
            let version = self.version;
            if let Some(written) = version.policies.get(place) {
                stated.push(self.policy(written)?);
            }
        }
        Ok(stated)
    }

    /// What is refused as another operation than the one that is known.
    fn operation(&mut self) -> Stated {
        let (context, tool) = (path(&[]), self.place.tool);
        let is_defined =
            !matches!(self.place.feature, placet_engine::bundle::Feature::Resources(_));
        let stated = has(&context, "tool_digest");
        let other = match &tool.digest {
            Some(digest) => {
                all([stated.clone(), not(equal(&path(&["tool_digest"]), &text(digest.as_str())))])
            }
            None => stated.clone(),
        };
        let pinned = self.place.server.pin_tools && is_defined;
        let holds = any([
            other,
            if pinned { not(stated) } else { truth(false) },
            match self.version.confirms(self.place) {
                true => path(&["large_integer"]),
                false => truth(false),
            },
        ]);
        Stated { id: String::from("operation"), permit: false, holds }
    }

    fn policy(&mut self, written: &Written) -> Result<Stated, Unknown> {
        let id = written.policy.id().to_string();
        let part = |name: &str| written.json.get(name).unwrap_or(&Value::Null);
        let refused = |why: Unknown| format!("policy `{id}`: {why}");
        let mut parts = vec![self.principal(part("principal")).map_err(refused)?];
        for condition in part("conditions").as_array().into_iter().flatten() {
            let body = condition.get("body").unwrap_or(&Value::Null);
            let body = self.expr(body).map_err(refused)?;
            parts.push(match condition.get("kind").and_then(Value::as_str) {
                Some("when") => body,
                _ => not(body),
            });
        }
        Ok(Stated { permit: written.is_permit(), holds: all(parts), id })
    }

    /// The scope's principal. Those of action and resource are answered by the place.
    fn principal(&mut self, scope: &Value) -> Result<Expr, Unknown> {
        let id = || {
            let entity = scope.get("entity")?;
            Some((entity.get("type")?.as_str()?, entity.get("id")?.as_str()?))
        };
        let kind = scope.get("entity_type").and_then(Value::as_str);
        match (scope.get("op").and_then(Value::as_str), id(), kind) {
            (Some("All"), None, None) => Ok(truth(true)),
            (Some("in"), Some(("Group", group)), None) => self.member_of(group),
            (Some("=="), Some(("User", user)), None) => self.is_user(user),
            (Some("is"), None, Some("User")) => Ok(has(&path(&[]), "user")),
            (Some("is"), None, Some("Machine")) => Ok(not(has(&path(&[]), "user"))),
            _ => Err(format!("its principal is {scope}")),
        }
    }

    fn expr(&mut self, expr: &Value) -> Result<Expr, Unknown> {
        if let Some(known) = self.known(expr)? {
            return Ok(known);
        }
        match expr {
            Value::Object(members) => {
                let mut rewritten = Map::new();
                for (operator, operands) in members {
                    rewritten.insert(operator.clone(), self.operands(operator, operands)?);
                }
                Ok(Value::Object(rewritten))
            }
            other => Err(format!("{other} is no expression")),
        }
    }

    fn operands(&mut self, operator: &str, operands: &Value) -> Result<Value, Unknown> {
        match (operator, operands) {
            ("Value", Value::Object(_)) => Err(format!("{operands} stands where none is emitted")),
            ("Value", _) => Ok(operands.clone()),
            ("Var", Value::String(name)) if name == "context" => Ok(operands.clone()),
            ("Var", _) => Err(format!("{operands} stands where it is not emitted")),
            (_, Value::Object(operands)) => {
                let mut rewritten = Map::new();
                for (name, operand) in operands {
                    let operand = match operand {
                        Value::Object(_) => self.expr(operand)?,
                        // A name, a pattern, a type.
                        plain => plain.clone(),
                    };
                    rewritten.insert(name.clone(), operand);
                }
                Ok(Value::Object(rewritten))
            }
            (_, Value::Array(operands)) => {
                let rewritten: Result<Vec<Expr>, Unknown> =
                    operands.iter().map(|one| self.expr(one)).collect();
                Ok(Value::Array(rewritten?))
            }
            _ => Err(format!("{operator} {operands} is not emitted")),
        }
    }

    /// What stands for an expression that reads the tables; `None` where it reads none.
    fn known(&mut self, expr: &Value) -> Result<Option<Expr>, Unknown> {
        let pair = |operator: &str| {
            let operands = expr.get(operator)?;
            Some((operands.get("left")?, operands.get("right")?))
        };
        let about = |operator: &str| {
            let operands = expr.get(operator)?;
            Some((operands.get("left")?, operands.get("attr")?.as_str()?))
        };
        for operator in ["in", "=="] {
            if let Some((left, right)) = pair(operator)
                && let Some((kind, id)) = entity(right)
            {
                return self.related(left, operator, kind, id).map(Some);
            }
        }
        if let Some(operands) = expr.get("is") {
            let kind = operands.get("entity_type").and_then(Value::as_str);
            let is_principal =
                operands.get("left").is_some_and(|left| is_variable(left, "principal"));
            let user = has(&path(&[]), "user");
            return match kind.filter(|_| is_principal) {
                Some("User") => Ok(Some(user)),
                Some("Machine") => Ok(Some(not(user))),
                _ => Err(format!("{expr} is not emitted")),
            };
        }
        for operator in ["contains", "containsAll"] {
            let Some((left, right)) = pair(operator) else { continue };
            let Some(root) = chain(left) else { continue };
            if let [root @ ("scopes" | "consents" | "present")] = root.as_slice() {
                let mut found = Vec::new();
                for one in texts(right).ok_or_else(|| format!("{right} is not emitted"))? {
                    found.push(match *root {
                        "scopes" => self.scope(one),
                        "consents" => self.consent(one)?,
                        _ => self.presence(one)?,
                    });
                }
                return Ok(Some(all(found)));
            }
        }
        for operator in [".", "has"] {
            let Some((left, name)) = about(operator) else { continue };
            let Some(mut names) = chain(left) else { continue };
            names.push(name);
            if let Some(found) = self.attribute(operator, &names)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// An attribute of the context, or whether it is there, where the tables make it.
    fn attribute(&mut self, operator: &str, names: &[&str]) -> Result<Option<Expr>, Unknown> {
        let of = |record: Expr, name: &str| match operator {
            "has" => has(&record, name),
            _ => member(&record, name),
        };
        let reads = &self.place.tool.reads;
        match names {
            ["args", path_of @ ..] => {
                let is_it = |argument: &&Argument| argument.path.iter().eq(path_of.iter());
                let argument = reads.given().find(is_it);
                let argument = argument.ok_or_else(|| format!("{names:?} is not read"))?;
                let name = self.vocabulary.argument(argument);
                Ok(Some(of(path(&["args"]), &name)))
            }
            ["computed", name] => {
                let fact = reads.computed().find(|fact| fact.to_string() == *name);
                let fact = fact.ok_or_else(|| format!("{names:?} is not read"))?;
                let name = self.vocabulary.argument(fact);
                Ok(Some(of(path(&["args"]), &name)))
            }
            ["views", name] => {
                let view = reads.views.iter().find(|view: &&Operand| view.to_string() == *name);
                let view = view.ok_or_else(|| format!("{names:?} is not read"))?;
                let name = self.vocabulary.view(view, view.view == Some(View::UrlPort));
                Ok(Some(of(path(&["views"]), &name)))
            }
            ["facts", name] => {
                let is_it = |(atom, side): &(&Atom, Side)| fact_name(atom, *side) == *name;
                let (atom, side) =
                    reads.facts().find(is_it).ok_or_else(|| format!("{names:?} is not read"))?;
                Ok(Some(self.vocabulary.fact(atom, side)))
            }
            ["call", "confirmation_age"] => {
                let name = match self.confirmation {
                    Confirmation::Shared => "confirmation_age",
                    Confirmation::OfOld => "old_confirmation_age",
                    Confirmation::Never if operator == "has" => return Ok(Some(truth(false))),
                    // Only read where it is there, which it never is.
                    Confirmation::Never => return Ok(Some(crate::expr::number(0))),
                };
                self.vocabulary.reads.insert("confirmation_age");
                Ok(Some(of(path(&["call"]), name)))
            }
            ["token", name] => {
                let follows = ["age", "auth_age", "lifetime"];
                self.vocabulary.reads.extend(follows.into_iter().filter(|one| one == name));
                Ok(None)
            }
            ["scopes" | "consents" | "present"] | ["client", "entity"] if operator == "." => {
                Err(format!("{names:?} stands where it is not emitted"))
            }
            _ => Ok(None),
        }
    }

    /// That something is an entity or is held by it.
    fn related(
        &mut self,
        left: &Value,
        operator: &str,
        kind: &str,
        id: &str,
    ) -> Result<Expr, Unknown> {
        if is_variable(left, "principal") {
            return match (operator, kind) {
                ("in", "Group") => self.member_of(id),
                ("==", "User") => self.is_user(id),
                _ => Err(format!("principal {operator} {kind} is not emitted")),
            };
        }
        if is_variable(left, "action") && operator == "in" && kind == "Action" {
            return Ok(truth(self.version.is_within(&self.place.id, id)));
        }
        if chain(left).is_some_and(|names| names == ["client", "entity"]) {
            return match (operator, kind) {
                ("==", "Client") => self.is_client(id),
                ("in", "ClientGroup") => Ok(self.is_client_in(id)),
                _ => Err(format!("client {operator} {kind} is not emitted")),
            };
        }
        Err(format!("{left} {operator} {kind} is not emitted"))
    }

    fn is_user(&mut self, id: &str) -> Result<Expr, Unknown> {
        let user = self.version.users.get(id);
        let (issuer, subject) = user.ok_or_else(|| format!("no rule names {id:?}"))?;
        Ok(user_is(issuer, subject))
    }

    fn is_client(&mut self, id: &str) -> Result<Expr, Unknown> {
        let client = self.version.clients.get(id);
        let (issuer, id) = client.ok_or_else(|| format!("no line names client {id:?}"))?;
        Ok(client_is(issuer.as_deref(), id))
    }

    fn is_client_in(&mut self, group: &str) -> Expr {
        let version = self.version;
        let members = version.client_groups.get(group).into_iter().flatten();
        let members: Vec<Expr> = members
            .filter_map(|id| version.clients.get(id))
            .map(|(issuer, id)| client_is(issuer.as_deref(), id))
            .collect();
        let title = format!("client is one of {group:?}");
        self.vocabulary.define(&title, any(members))
    }

    fn member_of(&mut self, id: &str) -> Result<Expr, Unknown> {
        let name = id.strip_prefix(&ids::group("")).ok_or_else(|| format!("group {id:?}"))?;
        self.group(name)
    }

    /// That the user is in a group of this version.
    pub(crate) fn group(&mut self, name: &str) -> Result<Expr, Unknown> {
        let mut reached: BTreeSet<&str> = BTreeSet::new();
        let mut left = vec![name];
        let mut circle = false;
        while let Some(next) = left.pop() {
            if reached.insert(next) {
                left.extend(self.others(next));
            }
        }
        // A group that reaches itself is one of a circle.
        for one in &reached {
            let mut seen: BTreeSet<&str> = BTreeSet::new();
            let mut left: Vec<&str> = self.others(one);
            while let Some(next) = left.pop() {
                circle |= next == *one;
                if seen.insert(next) {
                    left.extend(self.others(next));
                }
            }
        }
        if !circle {
            return Ok(self.plain_group(name));
        }
        if reached.len() > CIRCLE {
            return Err(format!("group `{name}` is in a circle of more than {CIRCLE} groups"));
        }
        // Members are those that are found in as many rounds as there are groups, from nobody.
        let mut round: std::collections::BTreeMap<&str, Expr> =
            reached.iter().map(|one| (*one, truth(false))).collect();
        for _ in 0..reached.len() {
            let mut next = round.clone();
            for one in &reached {
                let expr = self.membership(one, &|_, other| {
                    round.get(other).cloned().unwrap_or_else(|| truth(false))
                });
                next.insert(*one, expr);
            }
            round = next;
        }
        Ok(round.remove(name).unwrap_or_else(|| truth(false)))
    }

    fn plain_group(&mut self, name: &str) -> Expr {
        self.membership(name, &|this: &mut Self, other| this.plain_group(other))
    }

    /// The groups that a group's members depend on.
    fn others<'n>(&self, name: &'n str) -> Vec<&'n str>
    where
        'c: 'n,
    {
        let content: &'c Content = self.version.content;
        let and_in = content.groups.get(name).into_iter().flat_map(|group| &group.and_in);
        let inner = self.version.inner.get(name).into_iter().flatten().copied();
        and_in.map(String::as_str).chain(inner).collect()
    }

    fn membership(&mut self, name: &str, other: &dyn Fn(&mut Self, &str) -> Expr) -> Expr {
        let content: &'c Content = self.version.content;
        let Some(group) = content.groups.get(name) else { return truth(false) };
        let mut own = vec![
            has(&path(&[]), "user"),
            equal(&path(&["user", "issuer"]), &text(&group.issuer)),
            self.vocabulary.claim(&group.claim, &group.has),
        ];
        for also in &group.and_in {
            own.push(other(self, also));
        }
        let mut ways = vec![all(own)];
        let inner: Vec<&'c str> =
            self.version.inner.get(name).into_iter().flatten().copied().collect();
        for one in inner {
            ways.push(other(self, one));
        }
        self.vocabulary.define(&format!("user is in group {name:?}"), any(ways))
    }

    /// That the credential stands for a scope: carries one that implies it and that counts.
    fn scope(&mut self, needed: &str) -> Expr {
        let content: &'c Content = self.version.content;
        let scopes = &self.place.server.scopes;
        let lines = &content.registrations;
        let named = match lines.is_empty() {
            // Nobody else is admitted.
            true => truth(true),
            false => self.is_client_in(ids::ADMITTED_CLIENTS),
        };
        let mut ways = Vec::new();
        for (held, stands_for) in scopes {
            if !stands_for.contains(needed) {
                continue;
            }
            let may_request = |line: &&RegisterRule| {
                let mut closed = line.may_request.iter().filter_map(|one| scopes.get(one));
                closed.any(|closed| closed.contains(held))
            };
            let counts =
                any(std::iter::once(named.clone())
                    .chain(lines.iter().filter(may_request).map(admits)));
            ways.push(all([self.vocabulary.scope(held), counts]));
        }
        self.vocabulary.define(&format!("scope {needed:?}"), any(ways))
    }

    /// An element of `context.consents`: terms and a capability, or terms that a requirement asks for.
    fn consent(&mut self, element: &str) -> Result<Expr, Unknown> {
        let content: &'c Content = self.version.content;
        let used = content.terms.iter().find_map(|(name, terms)| {
            let capability = element.strip_prefix(name.as_str())?.strip_prefix('/')?;
            Some((name, terms, Some(capability)))
        });
        let agreed = content.terms.get_key_value(element).map(|(name, terms)| (name, terms, None));
        let found = used.or(agreed).ok_or_else(|| format!("there are no terms {element:?}"))?;
        let (name, terms, capability) = found;
        let counting = self.receipts(name, terms, capability);
        let to = match (&terms.clients, capability) {
            // A rule's policy says itself whom the consent may be given to.
            (Some(clients), None) => any(clients.iter().map(|one| self.is_through(one))),
            _ => truth(true),
        };
        let consent = all([has(&path(&[]), "user"), to, counting]);
        Ok(self.vocabulary.define(&format!("consent {element:?}"), consent))
    }

    fn is_through(&self, through: &Through) -> Expr {
        let client = path(&["client"]);
        match through {
            Through::Client(name) => match self.version.content.clients.get(name) {
                Some(one) => client_is(one.issuer.as_deref(), &one.id),
                None => truth(false),
            },
            Through::Registration(kind) => {
                equal(&member(&client, "registration"), &text(kind.as_str()))
            }
            Through::Domain(domain) => is_text(&client, "domain", domain),
        }
    }

    /// That the call carries a receipt that counts for a use of the terms, and states a purpose that
    /// they allow.
    fn receipts(&mut self, name: &str, terms: &Terms, capability: Option<&str>) -> Expr {
        self.vocabulary.purpose = true;
        let (context, stated) = (path(&[]), path(&["purpose"]));
        let unstated = not(has(&context, "purpose"));
        let none = if terms.purpose_required { truth(false) } else { unstated };
        let states = |purposes: &mut dyn Iterator<Item = &str>| {
            any([none.clone(), all([has(&context, "purpose"), is_one_of(&stated, purposes)])])
        };
        let names: BTreeSet<String> = terms.was.iter().cloned().chain([name.to_owned()]).collect();
        let mut ways = Vec::new();
        let mut count = |then: &str, digest: &str, lasts: Option<i64>, shown: &BTreeSet<String>| {
            let receipt = |purpose: Option<&String>| Receipt {
                names: names.clone(),
                name: then.to_owned(),
                digest: digest.to_owned(),
                lasts,
                purpose: purpose.cloned(),
            };
            let was_shown =
                |one: &&str| terms.on_change == OnChange::Extend || shown.contains(*one);
            let mut shown = terms.purposes.iter().map(String::as_str).filter(was_shown);
            let plain = states(&mut shown);
            ways.push(all([self.vocabulary.receipt(receipt(None)), plain]));
            for purpose in &terms.purposes {
                let given = states(&mut std::iter::once(purpose.as_str()));
                ways.push(all([self.vocabulary.receipt(receipt(Some(purpose))), given]));
            }
        };
        for (digest, version) in &terms.versions {
            let covers = match terms.on_change {
                OnChange::Extend => true,
                OnChange::AskAgain => version.covers == Coverage::Whole,
                OnChange::Keep => capability
                    .is_none_or(|capability| version.covers.holds(capability, &self.place.id)),
            };
            if covers && names.contains(&version.name) {
                let lasts = [version.lasts, terms.lasts].into_iter().flatten().min();
                count(&version.name, digest.as_str(), lasts, &version.purposes);
            }
        }
        // As if these had been given for today's terms, which cover all that is granted.
        for (then, digest) in self.renewed.iter().filter(|(then, _)| names.contains(then)) {
            count(then, digest, terms.lasts, &terms.purposes);
        }
        any(ways)
    }

    fn presence(&mut self, name: &str) -> Result<Expr, Unknown> {
        let mut read = self.place.tool.reads.present.iter();
        let argument = read.find(|argument| argument.to_string() == name);
        let argument = argument.ok_or_else(|| format!("{name} is not read"))?;
        Ok(self.vocabulary.presence(argument))
    }
}

/// Whether a `register` line admits the client.
fn admits(line: &RegisterRule) -> Expr {
    let client = path(&["client"]);
    let (attribute, places) = match line.kind {
        Registration::MetadataDocument => ("domain", &line.domains),
        Registration::Preregistered | Registration::Dynamic => ("issuer", &line.issuers),
    };
    all([
        equal(&member(&client, "registration"), &text(line.kind.as_str())),
        has(&client, attribute),
        is_one_of(&member(&client, attribute), places.iter().map(String::as_str)),
    ])
}

pub(crate) fn user_is(issuer: &str, subject: &str) -> Expr {
    all([
        has(&path(&[]), "user"),
        equal(&path(&["user", "issuer"]), &text(issuer)),
        equal(&path(&["user", "subject"]), &text(subject)),
    ])
}

pub(crate) fn client_is(issuer: Option<&str>, id: &str) -> Expr {
    let client = path(&["client"]);
    all([
        equal(&member(&client, "id"), &text(id)),
        match issuer {
            Some(issuer) => is_text(&client, "issuer", issuer),
            None => not(has(&client, "issuer")),
        },
    ])
}

fn is_variable(expr: &Value, name: &str) -> bool {
    expr.get("Var").and_then(Value::as_str) == Some(name)
}

fn entity(expr: &Value) -> Option<(&str, &str)> {
    let entity = expr.get("Value")?.get("__entity")?;
    Some((entity.get("type")?.as_str()?, entity.get("id")?.as_str()?))
}

/// The names from `context` to an attribute.
fn chain(expr: &Value) -> Option<Vec<&str>> {
    if is_variable(expr, "context") {
        return Some(Vec::new());
    }
    let access = expr.get(".")?;
    let mut names = chain(access.get("left")?)?;
    names.push(access.get("attr")?.as_str()?);
    Some(names)
}

/// A text, or all of a set of texts.
fn texts(expr: &Value) -> Option<Vec<&str>> {
    if let Some(set) = expr.get("Set") {
        return set.as_array()?.iter().map(|one| one.get("Value")?.as_str()).collect();
    }
    match expr.get("Value")? {
        Value::String(text) => Some(vec![text]),
        Value::Array(all) => all.iter().map(Value::as_str).collect(),
        _ => None,
    }
}
