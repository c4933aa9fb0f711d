//! Conditions as an author might write them.

use crate::worlds::random::Random;
use crate::worlds::tools::{Shape, Slot, argument, operand, quoted};
use crate::worlds::values::*;

/// Writes conditions.
pub(super) struct Author<'r> {
    pub(super) random: &'r mut Random,
    pub(super) slots: Vec<Slot>,
    pub(super) in_deny: bool,
    pub(super) local: bool,
}

impl Author<'_> {
    pub(super) fn condition(&mut self, depth: usize) -> String {
        if depth == 0 || self.random.chance(50) {
            return self.test();
        }
        let (one, other) = (self.condition(depth - 1), self.condition(depth - 1));
        match self.random.below(10) {
            0..=3 => format!("({one}) and ({other})"),
            4..=7 => format!("({one}) or ({other})"),
            _ => format!("not ({one} or not ({other}))"),
        }
    }

    fn text(&mut self) -> String {
        quoted(self.random.pick(&STRINGS))
    }

    fn texts(&mut self) -> String {
        let count = 1 + self.random.below(3);
        let list: Vec<String> = (0..count).map(|_| self.text()).collect();
        format!("[{}]", list.join(", "))
    }

    fn host(&mut self) -> String {
        quoted(self.random.pick(&HOSTS))
    }

    fn integers(&mut self) -> String {
        let list = self.random.some(&INTEGERS, 1, 3);
        let list: Vec<String> = list.iter().map(i64::to_string).collect();
        format!("[{}]", list.join(", "))
    }

    /// One test, with what a `deny` must say about absence.
    fn test(&mut self) -> String {
        if self.slots.is_empty() || self.random.chance(25) {
            return self.attribute_test();
        }
        let slot = *self.random.pick(&self.slots.clone());
        let name = operand(&slot, self.random);
        if slot.kind == Shape::Opaque || self.random.chance(8) {
            // Of a fact nobody may ask it.
            let asked = match slot.fact {
                Some(_) => format!("args.{}", slot.path.join(".")),
                None => name,
            };
            return format!("{asked} is {}", self.random.pick(&["present", "absent"]));
        }
        let (test, other) = self.argument_test(&slot, &name);
        let mut guarded = test;
        let optional: Vec<Slot> =
            [Some(slot), other].into_iter().flatten().filter(|slot| !slot.required).collect();
        if self.in_deny {
            for slot in optional {
                let name = argument(&slot, self.random);
                guarded = match self.random.chance(70) {
                    true => format!("({name} is present and ({guarded}))"),
                    false => format!("({name} is absent or ({guarded}))"),
                };
            }
        }
        guarded
    }

    fn string_test(&mut self, name: &str, allow_other: bool) -> (String, Option<Slot>) {
        let not = *self.random.pick(&["", "not "]);
        let test = match self.random.below(if allow_other { 15 } else { 12 }) {
            0 => format!("{name} == {}", self.text()),
            1 => format!("{name} != {}", self.text()),
            2 => format!("{name} {not}in {}", self.texts()),
            3 => format!("{name} {not}like \"{}\"", self.random.pick(&GLOBS)),
            4 => format!("path({name}) {not}under {}", quoted(self.random.pick(&FOLDERS))),
            5 => format!("{name} {not}under {}", quoted(self.random.pick(&FOLDERS))),
            6 => format!("path({name}) == {}", quoted(self.random.pick(&FOLDERS))),
            7 => format!("path({name}) {not}like \"{}\"", self.random.pick(&["/srv*", "*/x", "/"])),
            8 => format!(
                "path({name}) {not}in [{}, {}]",
                quoted(self.random.pick(&FOLDERS)),
                quoted(self.random.pick(&FOLDERS))
            ),
            9 => format!("url({name}).host {not}in [{}, {}]", self.host(), self.host()),
            10 => match self.random.below(3) {
                0 => format!("url({name}).scheme {} \"https\"", self.random.pick(&["==", "!="])),
                1 => format!("url({name}).host {not}like \"*.example.com\""),
                _ => format!("url({name}).host == {}", self.host()),
            },
            11 => {
                let compare = *self.random.pick(&["==", "!=", "<", ">="]);
                format!("url({name}).port {compare} {}", self.random.pick(&PORTS))
            }
            12 => format!("{name} {} user.subject", self.random.pick(&["==", "!="])),
            _ => {
                let same: Vec<Slot> =
                    self.slots.iter().filter(|one| one.kind == Shape::Text).copied().collect();
                let other = *self.random.pick(&same);
                let written = operand(&other, self.random);
                let equal = *self.random.pick(&["==", "!="]);
                let test = match self.random.below(4) {
                    0 => format!("path({name}) {equal} path({written})"),
                    1 => format!("url({name}).host {equal} url({written}).host"),
                    _ => format!("{name} {equal} {written}"),
                };
                return (test, Some(other));
            }
        };
        (test, None)
    }

    fn argument_test(&mut self, slot: &Slot, name: &str) -> (String, Option<Slot>) {
        let not = *self.random.pick(&["", "not "]);
        let all = *self.random.pick(&["all", "any"]);
        let compare = *self.random.pick(&["==", "!=", "<", "<=", ">", ">="]);
        let number = *self.random.pick(&INTEGERS);
        match slot.kind {
            Shape::Text => self.string_test(name, true),
            Shape::Truth => match self.random.below(4) {
                0 => (format!("{not}{name}"), None),
                1 => (format!("{name} == {}", self.random.pick(&["true", "false"])), None),
                2 => (format!("{name} != true"), None),
                _ => self.same_kind(slot, name),
            },
            Shape::Number => match self.random.below(6) {
                0 => (format!("{name} {not}in {}", self.integers()), None),
                1 => self.same_kind(slot, name),
                2 => (format!("not {name} {compare} {number}"), None),
                _ => (format!("{name} {compare} {number}"), None),
            },
            Shape::Texts => match self.random.below(4) {
                0 => (format!("{name} {not}has {}", self.text()), None),
                1 => {
                    let (test, _) = self.string_test(name, false);
                    (format!("not {all} {test}"), None)
                }
                _ => {
                    let (test, _) = self.string_test(name, false);
                    (format!("{all} {test}"), None)
                }
            },
            Shape::Truths => match self.random.below(2) {
                0 => (format!("{not}{all} {name}"), None),
                _ => (format!("{all} {name} == false"), None),
            },
            Shape::Numbers => match self.random.below(3) {
                0 => (format!("{all} {name} {not}in {}", self.integers()), None),
                _ => (format!("{not}{all} {name} {compare} {number}"), None),
            },
            Shape::Opaque => (format!("{name} is present"), None),
        }
    }

    fn same_kind(&mut self, slot: &Slot, name: &str) -> (String, Option<Slot>) {
        let same: Vec<Slot> =
            self.slots.iter().filter(|one| one.kind == slot.kind).copied().collect();
        let other = *self.random.pick(&same);
        let written = operand(&other, self.random);
        (format!("{name} {} {written}", self.random.pick(&["==", "!="])), Some(other))
    }

    fn attribute_test(&mut self) -> String {
        let not = *self.random.pick(&["", "not "]);
        let compare = *self.random.pick(&["<", "<=", ">", ">="]);
        let age = *self.random.pick(&["5 minutes", "1 hour", "90 seconds", "1 day"]);
        let usual = *self.random.pick(&["<", "<=", "<", "<=", ">"]);
        match self.random.below(if self.local { 9 } else { 16 }) {
            0 => format!("user.subject == {}", quoted(self.random.pick(&SUBJECTS))),
            1 => format!("user.subject {not}in [\"alice\", \"bob\", \"al#ice\"]"),
            2 => format!("user.issuer != {}", quoted(self.random.pick(&[FIRST, SECOND]))),
            3 => format!("client.id {not}like \"https://*\""),
            4 => format!("client.registration {not}in [\"metadata_document\", \"dynamic\"]"),
            5 | 6 => {
                format!("call.address {not}under {}", quoted(self.random.pick(&NETWORKS)))
            }
            7 => format!("call.address == {}", quoted(self.random.pick(&ADDRESSES))),
            8 => format!(
                "now {compare} {}",
                self.random.pick(&["2026-12-31", "2026-09-21T12:53:20Z", "2020-01-01"])
            ),
            9 => format!("token.age {usual} {age}"),
            10 => format!("token.auth_age {usual} {age}"),
            11 => format!("token.lifetime {usual} {age}"),
            12 => format!("token.auth_age {compare} {age}"),
            13 => format!("token.acr == {}", self.random.pick(&["\"phr\"", "\"mfa\""])),
            14 => format!("token.acr {not}in [\"phr\", \"mfa\"]"),
            _ => format!("token.acr is {}", self.random.pick(&["present", "absent"])),
        }
    }
}
