//! Facts: which component computes what a case says was computed.

use std::collections::BTreeMap;
use std::fmt;

use placet_engine::Digest;
use placet_engine::bundle::{Content, Server};
use placet_engine::call;
use placet_engine::condition::{Argument, ArgumentType, Function};

use crate::case::ast::Fact;
use crate::case::json::Json;
use crate::case::places::Part;
use crate::case::resolve::Unresolved;
use crate::case::text::{Name, Text, is_word};

impl Fact {
    /// What explanations call it: `kind(args.sql)`.
    pub(crate) fn name(&self) -> String {
        let mut name = format!("{}(args", Name(&self.function));
        for member in &self.argument {
            name.push('.');
            name.push_str(&match is_word(member) {
                true => member.clone(),
                false => Text(member).to_string(),
            });
        }
        name.push(')');
        name
    }
}

impl fmt::Display for Fact {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name())?;
        if let Some(component) = &self.component {
            write!(formatter, " of \"{component}\"")?;
        }
        write!(formatter, " is {}", Json(&self.value))
    }
}

/// The fact that a case says.
pub(super) fn resolve(fact: &Fact, content: &Content) -> Result<call::Fact, Unresolved> {
    let component = match &fact.component {
        Some(component) => component.clone(),
        None => component(fact, content)?,
    };
    Ok(call::Fact {
        function: Function { component, name: fact.function.clone() },
        argument: fact.argument.clone(),
        value: fact.value.clone(),
    })
}

/// The fact that a call brings, as a case says it.
pub(super) fn told(fact: &call::Fact) -> Fact {
    Fact {
        function: fact.function.name.clone(),
        argument: fact.argument.clone(),
        component: Some(fact.function.component.clone()),
        value: fact.value.clone(),
    }
}

/// The component by which a policy has a fact computed.
fn component(fact: &Fact, content: &Content) -> Result<Digest, Unresolved> {
    let tools = content.servers.values().flat_map(Server::features);
    let read = tools.flat_map(|(_, tool)| tool.reads.all());
    let mut known: BTreeMap<String, (&Argument, &Function)> = BTreeMap::new();
    for argument in read {
        if let Some(function) = &argument.computed {
            known.insert(argument.to_string(), (argument, function));
        }
    }
    let is_it = |(argument, function): &&(&Argument, &Function)| {
        function.name == fact.function && argument.path == fact.argument
    };
    match known.values().find(is_it) {
        Some((_, function)) => Ok(function.component.clone()),
        None => {
            let argument = Argument::given(fact.argument.clone(), ArgumentType::String);
            let name = format!("{}({argument})", fact.function);
            let unknown = Unresolved::unknown(Part::Fact, "fact", &name, known.keys());
            Err(match unknown.help {
                Some(_) => unknown,
                None => unknown.help("no rule of the policy reads a fact"),
            })
        }
    }
}
