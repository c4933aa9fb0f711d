//! The text of a draft, and the cases that say what it allows.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use placet_engine::bundle::{Access, Feature};
use placet_engine::condition::quote;

use crate::draft::groups::Group;
use crate::draft::words::{tame, written};
use crate::draft::{Reach, Wishes};
use crate::lint::verbs;

/// What a consent for an access is called and says, and how long it lasts.
fn consent(access: Access, server: &str) -> (&'static str, String, &'static str) {
    match access {
        Access::Read => {
            ("reading", format!("Let {{client}} read from {server} for you"), "30 days")
        }
        Access::Write => (
            "changing",
            format!("Let {{client}} create and change things in {server} for you"),
            "8 hours",
        ),
        Access::Destructive => (
            "destroying",
            format!(
                "Let {{client}} delete and overwrite things in {server}, which cannot be undone"
            ),
            "1 hour",
        ),
    }
}

fn rule(access: Access) -> &'static str {
    match access {
        Access::Read => "readers",
        Access::Write => "changers",
        Access::Destructive => "destroyers",
    }
}

/// The scope that a token must hold for an access: one that the server says it has and whose name says
/// as much, or else one that is made up and so denies everybody.
fn scope(access: Access, wishes: &Wishes) -> Option<String> {
    let Reach::Remote { scopes, .. } = &wishes.reach else { return None };
    let says = |scope: &&String| verbs::of_scope(scope) == Some(access);
    let near = scopes.iter().find(says).or_else(|| match scopes.len() {
        1 => scopes.first(),
        _ => None,
    });
    let word = match access {
        Access::Read => "read",
        Access::Write => "write",
        Access::Destructive => "delete",
    };
    Some(near.cloned().unwrap_or_else(|| format!("{}:{word}", wishes.server)))
}

fn used(groups: &[Group]) -> Vec<Access> {
    let used = |access: &Access| groups.iter().any(|group| group.access == *access);
    Access::ALL.into_iter().filter(used).collect()
}

/// A list of names, as a clause writes it.
fn list(names: impl IntoIterator<Item = String>) -> String {
    names.into_iter().collect::<Vec<_>>().join(", ")
}

pub(super) fn policy(wishes: &Wishes, groups: &[Group]) -> String {
    let server = wishes.server.as_str();
    let used = used(groups);
    let placeholders = match &wishes.reach {
        Reach::Local => "your own clients in place of `assistant`",
        Reach::Remote { .. } => "your own clients and groups in place of `assistant` and `users`",
    };
    let mut text = format!(
        "// Drafted from the server's catalogue. Before you use it:\n\
         //   - put {placeholders},\n\
         //   - look at each capability: whether the tools do what it says, and no more,\n\
         //   - take the `//` away before the rules that you want.\n\nedition 2026\n\n",
    );
    // Writing into a string cannot fail.
    match &wishes.reach {
        Reach::Local => {
            let most = used.last().copied().unwrap_or(Access::Read);
            let _ = write!(
                text,
                "server {server} {{\n    local {}\n    credentials local for {most} because \"whoever \
                 starts the server owns what it works on\"\n    catalogue \"catalogue.json\"\n}}\n\n",
                quote(server)
            );
        }
        Reach::Remote { resource, issuers, scopes } => {
            let _ = write!(
                text,
                "server {server} {{\n    resource {}\n    issuer {}\n    catalogue \
                 \"catalogue.json\"\n}}\n\n",
                quote(resource),
                list(issuers.iter().map(|issuer| quote(issuer)))
            );
            let needed: BTreeSet<String> =
                used.iter().filter_map(|access| scope(*access, wishes)).collect();
            if !needed.is_subset(scopes) {
                text.push_str(
                    "// The server does not say which scopes it has for this: write those that it documents.\n",
                );
            }
            for scope in &needed {
                let _ = writeln!(text, "scope {} on {server}", quote(scope));
            }
            text.push('\n');
        }
    }
    text.push_str(
        "client assistant \"https://assistant.example/oauth/client.json\" owner \"you@example.com\"\n\n",
    );
    if matches!(wishes.reach, Reach::Remote { .. }) {
        text.push_str("group users from claim \"groups\" has \"users\"\n\n");
    }
    for group in groups {
        capability(wishes, group, &mut text);
    }
    for access in &used {
        let (name, said, lasts) = consent(*access, server);
        let grants = groups.iter().filter(|group| group.access == *access);
        let required = if *access == Access::Destructive { "    purpose required\n" } else { "" };
        let _ = write!(
            text,
            "consent {name} {} {{\n    grants {}\n    purpose \"assistance\"\n{required}    lasts \
             {lasts}\n}}\n\n",
            quote(&tame(&said)),
            list(grants.map(|group| group.name.clone()))
        );
    }
    rules(wishes, groups, &used, &mut text);
    text
}

fn capability(wishes: &Wishes, group: &Group, text: &mut String) {
    let of = |kind: fn(&Feature) -> Option<&String>| {
        list(group.features.iter().filter_map(kind).filter_map(|name| written(name)))
    };
    let tools = of(|one| match one {
        Feature::Tool(name) => Some(name),
        _ => None,
    });
    let prompts = of(|one| match one {
        Feature::Prompt(name) => Some(name),
        _ => None,
    });
    let _ = writeln!(
        text,
        "capability {} {} on {} {{",
        group.name,
        quote(&tame(&group.description)),
        wishes.server
    );
    for (clause, names) in [("tools", tools), ("prompts", prompts)] {
        if !names.is_empty() {
            let _ = writeln!(text, "    {clause} {names}");
        }
    }
    let _ = writeln!(text, "    access {}", group.access);
    if let Some(scope) = scope(group.access, wishes) {
        let _ = writeln!(text, "    needs {}", quote(&scope));
    }
    text.push_str("}\n\n");
}

/// The rules: in force for reading if so wished, and comments otherwise.
fn rules(wishes: &Wishes, groups: &[Group], used: &[Access], text: &mut String) {
    let who = if matches!(wishes.reach, Reach::Local) { "anyone" } else { "users" };
    for access in used {
        let names = groups.iter().filter(|group| group.access == *access);
        let names = list(names.map(|group| group.name.clone()));
        let (under, _, _) = consent(*access, &wishes.server);
        let rule = format!("allow {} {who} via assistant to {names} under {under}", rule(*access));
        match *access == Access::Read && wishes.allow_reading {
            true => {
                let _ = write!(text, "{rule}\n\n");
            }
            false => {
                let _ = write!(text, "// {rule}\n\n");
            }
        }
    }
    if used.contains(&Access::Destructive) {
        text.push_str("// With the rule above, have this too:\n");
        text.push_str(match wishes.reach {
            Reach::Local => {
                "// require somebody_there for access destructive call.confirmed else confirm within 10 minutes\n"
            }
            Reach::Remote { .. } => {
                "// require recent_login for access destructive token.auth_age <= 15 minutes else reauthenticate within 15 minutes\n"
            }
        });
    }
}

pub(super) fn cases(wishes: &Wishes, groups: &[Group]) -> String {
    let mut text =
        String::from("// What the draft says of every tool. `placet test` runs these.\n");
    let (name, who) = match wishes.reach {
        Reach::Local => (wishes.server.as_str(), "alice"),
        Reach::Remote { .. } => (wishes.server.as_str(), "alice in users"),
    };
    for group in groups {
        let scopes =
            scope(group.access, wishes).map(|scope| format!(" with scopes {}", quote(&scope)));
        let scopes = scopes.unwrap_or_default();
        let is_allowed = group.access == Access::Read && wishes.allow_reading;
        for feature in &group.features {
            let verb = match feature {
                Feature::Tool(_) => "calls",
                Feature::Prompt(_) => "gets",
                Feature::Resources(_) => continue,
            };
            let Some(target) = written(&feature.name()) else { continue };
            let call = format!("{who} via assistant {verb} {name}/{target}{scopes}");
            let _ = match is_allowed {
                true => writeln!(text, "{call} under reading => allow by readers"),
                false => writeln!(text, "{call} => deny rule.none"),
            };
        }
    }
    text
}
