//! Values that make a condition hold, found from its constants.

use placet_engine::condition::{
    Argument, ArgumentType, Atom, Attribute, Condition, Function, Literal, Operand, Quantifier,
    Test,
};
use serde_json::{Value, json};

use crate::reference::atom_holds;
use crate::worlds::caller::Caller;
use crate::worlds::people::set_claim;
use crate::worlds::values::*;

impl Caller<'_> {
    /// Tries to make a condition hold, by setting what it reads.
    pub(super) fn satisfy(&mut self, call: &mut Value, condition: &Condition, in_deny: bool) {
        match condition {
            Condition::All(parts) => {
                for part in parts {
                    self.satisfy(call, part, in_deny);
                }
            }
            Condition::Any(parts) => {
                if let Some(part) = self.random.of(parts) {
                    self.satisfy(call, part, in_deny);
                }
            }
            Condition::Atom(atom) => self.satisfy_atom(call, atom, in_deny),
        }
    }

    fn satisfy_atom(&mut self, call: &mut Value, atom: &Atom, in_deny: bool) {
        if atom_holds(call, atom, in_deny) {
            return;
        }
        let mut values = self.candidates(call, atom);
        self.random.shuffle(&mut values);
        for value in values {
            let mut changed = call.clone();
            let value = match atom.quantifier {
                None => value,
                Some(Quantifier::All) => json!([value.clone(), value]),
                Some(Quantifier::Any) => json!([self.string(), value]),
            };
            set(&mut changed, &atom.operand, value);
            if atom_holds(&changed, atom, in_deny) {
                *call = changed;
                return;
            }
        }
    }

    /// Values that may or may not pass an atom's test: its constants and what is close to them.
    fn candidates(&mut self, call: &Value, atom: &Atom) -> Vec<Value> {
        let near = |number: i64| {
            [number.saturating_sub(1), number, number.saturating_add(1)].map(|one| json!(one))
        };
        let mut values: Vec<Value> = match &atom.test {
            Test::Equals(literal) => vec![constant(literal)],
            Test::OneOf(literals) => literals.iter().map(constant).collect(),
            Test::LessThan(bound)
            | Test::AtMost(bound)
            | Test::MoreThan(bound)
            | Test::AtLeast(bound) => near(*bound).to_vec(),
            Test::Like(glob) => {
                let plain = glob.to_string();
                ["", "x", "/"]
                    .map(|part| {
                        json!(
                            plain.replace("\\*", "\u{0}").replace('*', part).replace('\u{0}', "*")
                        )
                    })
                    .to_vec()
            }
            Test::UnderFolder(folder) => {
                let folder = folder.trim_end_matches('/');
                [format!("{folder}/x"), format!("{folder}//./y"), format!("{folder}/../x")]
                    .map(|one| json!(one))
                    .to_vec()
            }
            Test::UnderNetwork(network) => {
                let base = network.to_string();
                vec![json!(base.split('/').next())]
            }
            Test::Has(member) => vec![json!([member]), json!(["other", member])],
            Test::SameAs(other) => get(call, other).into_iter().collect(),
            Test::Present => vec![json!("x"), Value::Null],
        };
        values.extend(URLS.map(|url| json!(url)));
        values.extend(STRINGS.iter().chain(&PATHS).map(|text| json!(text)));
        values.extend([json!(0), json!(100), json!(true), json!(false), json!(["x"])]);
        values.extend(ADDRESSES.map(|address| json!(address)));
        if let Attribute::Argument(argument) = &atom.operand.attribute
            && argument.kind == ArgumentType::String
            && atom.operand.view.is_some()
        {
            values.extend(FOLDERS.map(|folder| json!(folder)));
        }
        values
    }
}

fn constant(literal: &Literal) -> Value {
    match literal {
        Literal::String(text) => json!(text),
        Literal::Boolean(truth) => json!(truth),
        Literal::Integer(number) => json!(number),
        Literal::Address(address) => json!(address.to_string()),
    }
}

fn is_fact(fact: &Value, function: &Function, argument: &[String]) -> bool {
    fact["component"] == json!(function.component)
        && fact["function"] == json!(function.name)
        && fact["argument"] == json!(argument)
}

/// What an operand reads, where that is an argument or the user's subject.
pub(super) fn get(call: &Value, operand: &Operand) -> Option<Value> {
    match &operand.attribute {
        Attribute::Argument(Argument { computed: Some(function), path, .. }) => {
            let facts = call["facts"].as_array()?;
            let same = facts.iter().find(|fact| is_fact(fact, function, path))?;
            Some(same["value"].clone())
        }
        Attribute::Argument(argument) => {
            let mut value = &call["arguments"];
            for name in &argument.path {
                value = value.get(name)?;
            }
            Some(value.clone())
        }
        Attribute::UserSubject => Some(call["user"]["subject"].clone()),
        _ => None,
    }
}

/// Sets what an operand reads, where that can be set without breaking the call's other links.
pub(super) fn set(call: &mut Value, operand: &Operand, value: Value) {
    let now = call["now"].as_i64().unwrap_or(NOW);
    let number = value.as_i64();
    let oauth = call["credential"]["kind"] == "oauth";
    match (&operand.attribute, number) {
        (Attribute::Argument(Argument { computed: Some(function), path, .. }), _) => {
            // What is no fact makes no call.
            let scalar = |one: &Value| !one.is_array() && !one.is_object();
            if !scalar(&value) && !value.as_array().is_some_and(|all| all.iter().all(scalar)) {
                return;
            }
            if !call["facts"].is_array() {
                call["facts"] = json!([]);
            }
            if let Some(facts) = call["facts"].as_array_mut() {
                facts.retain(|fact| !is_fact(fact, function, path));
                facts.push(json!({
                    "component": function.component, "function": function.name,
                    "argument": path, "value": value,
                }));
            }
        }
        (Attribute::Argument(argument), _) => {
            let path: Vec<&str> = argument.path.iter().map(String::as_str).collect();
            set_claim(&mut call["arguments"], &path, value);
        }
        (Attribute::UserSubject, _) if value.is_string() && call["user"].is_object() => {
            call["user"]["subject"] = value.clone();
            if oauth {
                call["credential"]["subject"] = value;
            }
        }
        (Attribute::CallAddress, _) if value.is_string() || value.is_null() => {
            let text = value.as_str().unwrap_or("0.0.0.0");
            if text.parse::<std::net::IpAddr>().is_ok() {
                call["address"] = value;
            }
        }
        (Attribute::TokenAcr, _) if oauth && (value.is_string() || value.is_null()) => {
            call["credential"]["acr"] = value;
        }
        (Attribute::TokenAge, Some(age)) if oauth => {
            call["credential"]["issued_at"] = json!(now.saturating_sub(age));
        }
        (Attribute::TokenAuthAge, Some(age)) if oauth => {
            call["credential"]["auth_time"] = json!(now.saturating_sub(age));
        }
        (Attribute::TokenLifetime, Some(length)) if oauth && length > 1 => {
            call["credential"]["issued_at"] = json!(now - length / 2);
            call["credential"]["expires_at"] = json!(now - length / 2 + length);
        }
        _ => {}
    }
}
