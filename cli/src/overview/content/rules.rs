//! What is allowed without consent, what is forbidden and what is required, whatever users agree to.

use placet_language::overview::{Kind, Overview, Rule};

use crate::overview::content::{consents, words};
use crate::overview::document::{Block, Inline, Section};

pub(super) fn section(overview: &Overview) -> Section {
    let of = |kind| overview.rules.iter().filter(move |one| one.kind == kind);
    let mut blocks = Vec::new();
    let lists = [
        ("without", "Allowed without consent", consents::without(overview)),
        ("denied", "Denied", of(Kind::Deny).map(denial).collect()),
        ("required", "Required", of(Kind::Require).map(requirement).collect()),
    ];
    for (id, title, rules) in lists {
        blocks.push(Block::Heading(id.to_owned(), title.into()));
        blocks.push(match rules.is_empty() {
            true => Block::Paragraph("Nothing.".into()),
            false => Block::List(rules),
        });
    }
    Section { id: "rules", title: "Whatever users agree to", blocks }
}

fn denial(rule: &Rule) -> Inline {
    let said = words::named(rule).and(": ").then(words::rule(rule));
    because(said, rule)
}

fn requirement(rule: &Rule) -> Inline {
    let mut said = words::named(rule)
        .and(": of ")
        .then(Inline::codes(&rule.who, ", ", "users and clients for themselves"))
        .and(" through ")
        .then(words::via(rule.via.as_ref()))
        .and(", for ")
        .then(Inline::codes(&rule.targets, ", ", "nothing"));
    said = match &rule.when {
        Some(when) => said.and(", that ").and_code(when.clone()).and("; else "),
        None => said.and(", that "),
    };
    because(said.then(words::otherwise(rule.otherwise.as_ref())), rule)
}

fn because(said: Inline, rule: &Rule) -> Inline {
    match &rule.because {
        Some(because) => said.and(format!(", because: {because}")),
        None => said,
    }
}
