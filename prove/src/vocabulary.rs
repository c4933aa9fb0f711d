//! The facts of a call in which both versions are put: what the host says, before either version makes
//! anything of it.
//!
//! A version's own facts (its groups, closed scopes, receipts that count) are named booleans with
//! their definition, the same name for the same definition, so that equal policies stay equal.

use std::collections::{BTreeMap, BTreeSet};

use placet_engine::condition::{Argument, ArgumentType, Atom, Attribute, Side};
use serde_json::{Map, Value, json};

use crate::expr::{Expr, equal, member, path};

/// A receipt that some version may let count: facts about the receipts that a call carries.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Receipt {
    /// The names whose withdrawals void it.
    pub(crate) names: BTreeSet<String>,
    /// The name that the terms had when it was given.
    pub(crate) name: String,
    pub(crate) digest: String,
    /// How many seconds it counts; `None`: until its own end.
    pub(crate) lasts: Option<i64>,
    /// The purpose that it names.
    pub(crate) purpose: Option<String>,
}

impl Receipt {
    fn title(&self) -> String {
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        let digest: String = self.digest.chars().take(20).collect();
        let mut title = format!("{} {digest}", self.name);
        if let Some(lasts) = self.lasts {
            title.push_str(&format!(" at most {lasts}s old"));
        }
        if let Some(purpose) = &self.purpose {
            title.push_str(&format!(" for {purpose:?}"));
        }
        if names != [self.name.as_str()] {
            title.push_str(&format!(" unless {} was withdrawn", names.join(" or ")));
        }
        title
    }

    /// Whether a call with this one has one like the other.
    pub(crate) fn implies(&self, other: &Self) -> bool {
        self.name == other.name
            && self.digest == other.digest
            && self.purpose == other.purpose
            && other.names.is_subset(&self.names)
            && match (self.lasts, other.lasts) {
                (_, None) => true,
                (None, Some(_)) => false,
                (Some(one), Some(other)) => one <= other,
            }
    }
}

/// What the policies of an action read.
#[derive(Default)]
pub(crate) struct Vocabulary {
    /// By name, each with its definition.
    pub(crate) defined: BTreeMap<String, Expr>,
    by_definition: BTreeMap<String, String>,
    /// By name: the claims that users may have, by path and what is found there.
    pub(crate) claims: BTreeMap<String, (Vec<String>, String)>,
    /// What a credential may carry.
    pub(crate) scopes: BTreeSet<String>,
    pub(crate) receipts: BTreeMap<String, Receipt>,
    pub(crate) arguments: BTreeMap<String, Argument>,
    /// By name, each with the argument that is viewed and whether what is seen is a number.
    pub(crate) views: BTreeMap<String, (placet_engine::condition::Operand, bool)>,
    pub(crate) present: BTreeMap<String, Argument>,
    pub(crate) quantified: BTreeMap<String, (Atom, Side)>,
    /// Attributes of the token and the call that are read and follow from others.
    pub(crate) reads: BTreeSet<&'static str>,
    pub(crate) purpose: bool,
}

fn kind_word(kind: ArgumentType) -> &'static str {
    match kind {
        ArgumentType::String => "string",
        ArgumentType::Boolean => "boolean",
        ArgumentType::Integer => "integer",
        ArgumentType::Strings => "strings",
    }
}

/// Which components compute what is read. Of two versions, each may have it computed by another.
fn computed<'a>(read: impl IntoIterator<Item = &'a Argument>) -> String {
    let functions = read.into_iter().filter_map(|argument| argument.computed.as_ref());
    functions.map(|function| format!(" by {}", function.component)).collect()
}

impl Vocabulary {
    /// A boolean of its own for an expression, once for the same one.
    pub(crate) fn define(&mut self, title: &str, expr: Expr) -> Expr {
        if expr.get("Value").is_some() {
            return expr;
        }
        let key = expr.to_string();
        let name = match self.by_definition.get(&key) {
            Some(known) => known.clone(),
            None => {
                let mut name = title.to_owned();
                while self.defined.contains_key(&name) {
                    name.push('\'');
                }
                self.by_definition.insert(key, name.clone());
                self.defined.insert(name.clone(), expr);
                name
            }
        };
        member(&path(&["defined"]), &name)
    }

    pub(crate) fn claim(&mut self, of: &[String], has: &str) -> Expr {
        let name = json!([of, has]).to_string();
        self.claims.insert(name.clone(), (of.to_vec(), has.to_owned()));
        member(&path(&["claims"]), &name)
    }

    pub(crate) fn scope(&mut self, scope: &str) -> Expr {
        self.scopes.insert(scope.to_owned());
        member(&path(&["scopes"]), scope)
    }

    pub(crate) fn receipt(&mut self, receipt: Receipt) -> Expr {
        let title = receipt.title();
        self.receipts.insert(title.clone(), receipt);
        member(&path(&["receipts"]), &title)
    }

    /// The name of an argument at the type that it is read at.
    pub(crate) fn argument(&mut self, argument: &Argument) -> String {
        let name = format!("{argument} as {}{}", kind_word(argument.kind), computed([argument]));
        self.arguments.insert(name.clone(), argument.clone());
        name
    }

    pub(crate) fn view(
        &mut self,
        view: &placet_engine::condition::Operand,
        number: bool,
    ) -> String {
        let argument = match &view.attribute {
            Attribute::Argument(argument) => Some(argument),
            _ => None,
        };
        let name = format!("{view}{}", computed(argument));
        self.views.insert(name.clone(), (view.clone(), number));
        name
    }

    pub(crate) fn presence(&mut self, argument: &Argument) -> Expr {
        let name = format!("{argument}{}", computed([argument]));
        self.present.insert(name.clone(), argument.clone());
        member(&path(&["present"]), &name)
    }

    pub(crate) fn fact(&mut self, atom: &Atom, side: Side) -> Expr {
        let kind = match &atom.operand.attribute {
            Attribute::Argument(argument) => kind_word(argument.kind),
            _ => "",
        };
        let name = placet_engine::bundle::fact_name(atom, side);
        let name = format!("{name} as {kind}{}", computed(atom.arguments()));
        self.quantified.insert(name.clone(), (atom.clone(), side));
        member(&path(&["facts"]), &name)
    }

    /// The definitions, each as what holds of every call.
    pub(crate) fn definitions(&self) -> impl Iterator<Item = Expr> + '_ {
        let named = |name: &String| member(&path(&["defined"]), name);
        self.defined.iter().map(move |(name, expr)| equal(&named(name), expr))
    }

    /// A schema of one action with these facts.
    pub(crate) fn schema(&self) -> Value {
        let kind = |name: &str| json!({"type": "EntityOrCommon", "name": name});
        let maybe = |name: &str| json!({"type": "EntityOrCommon", "name": name, "required": false});
        let texts = |required: bool| json!({"type": "Set", "element": kind("String"), "required": required});
        let record = |attributes: Map<String, Value>, required: bool| json!({"type": "Record", "attributes": attributes, "required": required});
        let booleans = |names: Vec<&String>| {
            let members = names.into_iter().map(|name| (name.clone(), kind("Bool")));
            record(members.collect(), true)
        };
        let of = |members: &[(&str, Value)]| -> Map<String, Value> {
            members.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
        };
        let arguments = self.arguments.iter().map(|(name, argument)| {
            let value = match argument.kind {
                ArgumentType::String => maybe("String"),
                ArgumentType::Boolean => maybe("Bool"),
                ArgumentType::Integer => maybe("Long"),
                ArgumentType::Strings => texts(false),
            };
            (name.clone(), value)
        });
        let views = self.views.iter().map(|(name, (_, number))| {
            (name.clone(), maybe(if *number { "Long" } else { "String" }))
        });
        let user = of(&[("issuer", kind("String")), ("subject", kind("String"))]);
        let client = of(&[
            ("id", kind("String")),
            ("domain", maybe("String")),
            ("issuer", maybe("String")),
            ("metadata_digest", maybe("String")),
            ("registration", kind("String")),
            ("status", kind("String")),
        ]);
        let token = of(&[
            ("kind", kind("String")),
            ("acr", maybe("String")),
            ("age", maybe("Long")),
            ("audience", texts(false)),
            ("auth_age", maybe("Long")),
            ("client_id", maybe("String")),
            ("expires_at", maybe("Long")),
            ("issued_at", maybe("Long")),
            ("issuer", maybe("String")),
            ("lifetime", maybe("Long")),
            ("subject", maybe("String")),
        ]);
        let call = of(&[
            ("address", maybe("ipaddr")),
            ("confirmation_age", maybe("Long")),
            ("old_confirmation_age", maybe("Long")),
        ]);
        let context = of(&[
            ("args", record(arguments.collect(), true)),
            ("call", record(call, true)),
            ("claims", booleans(self.claims.keys().collect())),
            ("client", record(client, true)),
            ("defined", booleans(self.defined.keys().collect())),
            ("facts", booleans(self.quantified.keys().collect())),
            ("large_integer", kind("Bool")),
            ("now", kind("Long")),
            ("present", booleans(self.present.keys().collect())),
            ("purpose", maybe("String")),
            ("receipts", booleans(self.receipts.keys().collect())),
            ("scopes", booleans(self.scopes.iter().collect())),
            ("token", record(token, true)),
            ("tool_digest", maybe("String")),
            ("user", record(user, false)),
            ("views", record(views.collect(), true)),
        ]);
        json!({"": {
            "entityTypes": {"User": {}, "Machine": {}, "Server": {}},
            "actions": {"call": {"appliesTo": {
                "principalTypes": ["User", "Machine"],
                "resourceTypes": ["Server"],
                "context": {"type": "Record", "attributes": context},
            }}},
        }})
    }
}
