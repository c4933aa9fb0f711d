//! The consents: what a user is shown, for how long that counts, and by which rules.

use std::collections::BTreeMap;

use placet_engine::bundle::{Access, OnChange};
use placet_engine::condition::quote;
use placet_language::overview::{Callers, Consent, Kind, Overview};

use crate::output::{counted, length};
use crate::overview::content::{consent_id, words};
use crate::overview::document::{Block, Fact, Inline, Section};

pub(super) fn section(overview: &Overview) -> Section {
    let mut blocks = Vec::new();
    if overview.consents.is_empty() {
        blocks.push(Block::Paragraph(Inline::text("The policy has no consent.")));
    }
    for (index, consent) in overview.consents.iter().enumerate() {
        blocks.push(Block::Heading(consent_id(index), Inline::code(consent.name.clone())));
        blocks.push(Block::Shown(consent.text.clone(), consent.lines.clone()));
        blocks.push(Block::Facts(facts(overview, consent)));
        let resting = overview.rules.iter().filter(|rule| consent.rules.contains(&rule.name));
        let rules: Vec<Inline> =
            resting.map(|rule| words::named(rule).and(": ").then(words::rule(rule))).collect();
        if !rules.is_empty() {
            blocks.push(Block::Paragraph(Inline::text("What rules allow under it:")));
            blocks.push(Block::List(rules));
        }
    }
    Section { id: "consents", title: "Consents", blocks }
}

fn facts(overview: &Overview, consent: &Consent) -> Vec<Fact> {
    let mut facts = Vec::new();
    let mut say = |about, what| facts.push(Fact { about, what });
    say("server", Inline::code(consent.server.clone()));
    say("tools", leads_to(overview, consent));
    say(
        "lasts",
        Inline::text(match consent.lasts {
            Some(seconds) => length(seconds),
            None => String::from("until it is taken back"),
        }),
    );
    let purposes: Vec<String> = consent.purposes.iter().map(|one| quote(one)).collect();
    let must = if consent.purpose_required { ", which a call must state" } else { "" };
    say(
        "purpose",
        match purposes.is_empty() {
            true => Inline::text("none: a call that states one is denied"),
            false => Inline::text(format!("{}{must}", purposes.join(", "))),
        },
    );
    say("given to", words::via(consent.via.as_ref()));
    say(
        "when it changes",
        Inline::text(match consent.on_change {
            OnChange::AskAgain => "whatever widens asks the user again",
            OnChange::Keep => "what was shown stays allowed, and nothing new is",
            OnChange::Extend => "what is new is allowed as well, and nobody is asked",
        }),
    );
    if consent.earlier > 0 {
        let count = counted(consent.earlier, "earlier version");
        say("receipts", Inline::text(format!("may be for {count}, which the lock remembers")));
    }
    if !consent.was.is_empty() {
        say("was called", words::quoted(&consent.was, "nothing else"));
    }
    if !consent.asked_by.is_empty() {
        say("asked for by", Inline::codes(&consent.asked_by, ", ", ""));
    }
    if consent.rules.is_empty() && consent.asked_by.is_empty() {
        say("rules", Inline::default().and_strong("none").and(": agreeing to it allows nothing"));
    }
    say("digest", Inline::code(consent.digest.to_string()));
    facts
}

/// How many tools of which access somebody may call on the strength of it.
fn leads_to(overview: &Overview, consent: &Consent) -> Inline {
    let mut tools: BTreeMap<&str, Access> = BTreeMap::new();
    for cell in &overview.matrix {
        if cell.consent.as_ref() == Some(&consent.name) && cell.callers != Callers::Nobody {
            tools.insert(&cell.feature.name, cell.access);
        }
    }
    let mut said = Inline::default();
    for level in Access::ALL {
        let count = tools.values().filter(|access| **access == level).count();
        if count > 0 {
            let comma = if said.0.is_empty() { "" } else { ", " };
            said = said.and(format!("{comma}{count} ")).and_access(level);
        }
    }
    if said.0.is_empty() { Inline::text("nothing") } else { said }
}

/// What may be done without a consent.
pub(super) fn without(overview: &Overview) -> Vec<Inline> {
    let free = overview.rules.iter().filter(|one| one.kind == Kind::Allow && one.under.is_none());
    free.map(|rule| {
        let because = rule.because.as_deref().unwrap_or("no reason is given");
        words::named(rule).and(": ").then(words::rule(rule)).and(format!(", because: {because}"))
    })
    .collect()
}
