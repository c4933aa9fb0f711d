//! The Cedar schema: what a request for each tool holds.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use placet_engine::bundle::{Feature, Reads, fact_name};
use placet_engine::condition::{Argument, ArgumentType};
use placet_engine::ids;
use placet_engine::view::View;

use crate::lower::condition::{attribute_name, text};
use crate::lower::policies::levels;
use crate::lower::reads::ByFeature;
use crate::model::{Held, Policy};

/// The types that every request shares.
const SHARED: &str = "\
// A user is in the groups that the user's claims match.
entity User in [Group];
entity Group in [Group];
// A client that acts for itself.
entity Machine;
entity Client in [ClientGroup];
entity ClientGroup;
entity Server;

type UserFacts = {
  issuer: String,
  subject: String,
};

type ClientFacts = {
  entity: Client,
  id: String,
  // The host of a client ID metadata document.
  domain?: String,
  // Absent for a client ID metadata document.
  issuer?: String,
  metadata_digest?: String,
  registration: String,
  status: String,
};

// Times are seconds since the epoch; ages and the lifetime are seconds.
type TokenFacts = {
  kind: String,
  acr?: String,
  age?: Long,
  audience?: Set<String>,
  auth_age?: Long,
  client_id?: String,
  expires_at?: Long,
  issued_at?: Long,
  issuer?: String,
  lifetime?: Long,
  subject?: String,
};

type CallFacts = {
  address?: ipaddr,
  // Seconds since the user confirmed just this operation.
  confirmation_age?: Long,
};
";

/// The schema, in Cedar's schema syntax.
pub(crate) fn schema(policy: &Policy, held: &Held<'_>, reads: &ByFeature) -> String {
    let mut schema = String::from(SHARED);
    // Writing into a string cannot fail.
    schema.push_str("\n// A level holds the tools of the levels above it too.\n");
    for (level, below) in levels() {
        let within = below.map(|below| format!(" in [{}]", text(&ids::access(below))));
        let within = within.unwrap_or_default();
        let _ = writeln!(schema, "action {}{within};", text(&ids::access(level)));
    }
    schema.push('\n');
    for name in policy.capabilities.keys() {
        let _ = writeln!(schema, "action {};", text(&ids::capability(name)));
    }
    let nothing = Reads::default();
    for (server_name, server) in &policy.servers {
        let catalogue = &server.catalogue;
        let tools = catalogue.tools.keys().cloned().map(Feature::Tool);
        let prompts = catalogue.prompts.keys().cloned().map(Feature::Prompt);
        let resources = server.resources.iter().cloned().map(Feature::Resources);
        for feature in tools.chain(prompts).chain(resources) {
            let mut groups: Vec<String> = held
                .capabilities(server_name, &feature)
                .iter()
                .map(|(name, _)| text(&ids::capability(name)))
                .collect();
            groups.extend(
                held.access(server_name, &feature).map(|access| text(&ids::access(access))),
            );
            let within = match groups.is_empty() {
                true => String::new(),
                false => format!(" in [{}]", groups.join(", ")),
            };
            let id = ids::feature(server_name, &feature);
            let reads = reads.get(&(server_name.clone(), feature)).unwrap_or(&nothing);
            let _ = write!(
                schema,
                "\naction {}{within} appliesTo {{\n  principal: [User, Machine],\n  resource: [Server],\n  \
                 context: {{\n{}  }},\n}};\n",
                text(&id),
                context(reads)
            );
        }
    }
    schema
}

fn context(reads: &Reads) -> String {
    let mut lines = vec![
        String::from("call: CallFacts"),
        String::from("client: ClientFacts"),
        String::from("consents: Set<String>"),
        String::from("now: Long"),
        String::from("scopes: Set<String>"),
        String::from("token: TokenFacts"),
        String::from("user?: UserFacts"),
    ];
    if reads.given().next().is_some() {
        let mut root = Node::default();
        for argument in reads.given() {
            root.insert(&argument.path, argument);
        }
        lines.push(format!("args: {}", root.record("    ")));
    }
    if reads.computed().next().is_some() {
        let computed = reads
            .computed()
            .map(|fact| format!("{}?: {}", text(&fact.to_string()), cedar_type(fact.kind)));
        lines.push(format!("computed: {}", record(computed.collect(), "    ")));
    }
    if !reads.views.is_empty() {
        let views = reads.views.iter().map(|view| {
            let kind = if view.view == Some(View::UrlPort) { "Long" } else { "String" };
            format!("{}?: {kind}", text(&view.to_string()))
        });
        lines.push(format!("views: {}", record(views.collect(), "    ")));
    }
    if !reads.present.is_empty() {
        lines.push(String::from("present: Set<String>"));
    }
    let facts: Vec<String> = reads
        .facts()
        .map(|(atom, side)| format!("{}: Bool", text(&fact_name(atom, side))))
        .collect();
    if !facts.is_empty() {
        lines.push(format!("facts: {}", record(facts, "    ")));
    }
    lines.into_iter().map(|line| format!("    {line},\n")).collect()
}

fn record(members: Vec<String>, indent: &str) -> String {
    let members: String =
        members.into_iter().map(|member| format!("{indent}  {member},\n")).collect();
    format!("{{\n{members}{indent}}}")
}

fn cedar_type(kind: ArgumentType) -> &'static str {
    match kind {
        ArgumentType::String => "String",
        ArgumentType::Boolean => "Bool",
        ArgumentType::Integer => "Long",
        ArgumentType::Strings => "Set<String>",
    }
}

/// Arguments as nested records: a record for every object on the way, and in it an optional member
/// for every value that is read.
#[derive(Default)]
struct Node<'a> {
    members: BTreeMap<&'a str, Node<'a>>,
    argument: Option<&'a Argument>,
}

impl<'a> Node<'a> {
    fn insert(&mut self, path: &'a [String], argument: &'a Argument) {
        match path.split_first() {
            Some((name, rest)) => {
                self.members.entry(name).or_default().insert(rest, argument);
            }
            None => self.argument = Some(argument),
        }
    }

    fn record(&self, indent: &str) -> String {
        let deeper = format!("{indent}  ");
        let members = self.members.iter().map(|(name, node)| match node.argument {
            Some(argument) => {
                format!("{}?: {}", attribute_name(name), cedar_type(argument.kind))
            }
            None => format!("{}: {}", attribute_name(name), node.record(&deeper)),
        });
        record(members.collect(), indent)
    }
}
