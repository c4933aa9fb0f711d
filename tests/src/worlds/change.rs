//! Changes: a world as it may be after somebody edited it.

use std::collections::BTreeMap;

use placet_language::lock::{self, Lock};
use placet_language::{Limits, check};
use serde_json::Value;

use crate::worlds::random::Random;
use crate::worlds::statements::{LEVELS, statements};
use crate::worlds::tools::quoted;
use crate::worlds::values::*;
use crate::worlds::{World, files_of};

/// The world after a few changes of its policy, its catalogues or its lock; `None` where none was found
/// that checks.
pub fn changed(world: &World, random: &mut Random) -> Option<World> {
    let other = statements(&mut Random::new(random.number() % 4_000));
    for _ in 0..20 {
        let mut edited = world.statements.clone();
        let mut catalogues: BTreeMap<String, String> = BTreeMap::new();
        for _ in 0..(1 + random.below(3)) {
            match random.chance(15) {
                true => catalogue(world, random, &mut catalogues),
                false => edit(&mut edited, &other, random),
            }
        }
        let mut files = files_of(&edited);
        files.extend(catalogues);
        if random.chance(40) {
            let Some(policy) = check(&files, &Limits::default()).policy else { continue };
            let lock = Lock::take(&policy, Some(&Lock::take(&world.policy, None)));
            files.insert(lock::FILE.to_owned(), lock::write(&lock));
        }
        let Ok(later) = World::of_files(edited, files) else { continue };
        if later.content != world.content {
            return Some(later);
        }
    }
    None
}

/// One change of a policy's text.
fn edit(statements: &mut Vec<String>, other: &[String], random: &mut Random) {
    let at = random.below(statements.len());
    let statement = statements[at].clone();
    let is_rule = ["allow ", "deny ", "require "].iter().any(|word| statement.starts_with(word));
    match random.below(12) {
        0 if is_rule || statement.starts_with("register") => {
            statements.remove(at);
        }
        // A rule of another world, which may speak of what this one does not have.
        1 => {
            let rules = ["allow ", "deny ", "require "];
            let theirs: Vec<&String> =
                other.iter().filter(|one| rules.iter().any(|word| one.starts_with(word))).collect();
            if let Some(rule) = random.of(theirs) {
                let renamed = rule.replacen(' ', " new_", 1);
                statements.push(renamed);
            }
        }
        // A line less.
        2 | 3 => {
            let lines: Vec<&str> = statement.lines().collect();
            if lines.len() > 1 {
                let without = 1 + random.below(lines.len() - 1);
                let kept = lines.iter().enumerate().filter(|(number, _)| *number != without);
                statements[at] = kept.map(|(_, line)| *line).collect::<Vec<_>>().join("\n");
            }
        }
        4 => replace_one(
            statements,
            at,
            random,
            &[
                ("==", "!="),
                ("!=", "=="),
                (" < ", " >= "),
                (" <= ", " > "),
                (" and ", " or "),
                (" or ", " and "),
                ("all args", "any args"),
                ("any args", "all args"),
                ("when ", "unless "),
                ("unless ", "when "),
                ("not ", ""),
            ],
        ),
        5 => {
            let level = *random.pick(&LEVELS);
            let from = *random.pick(&LEVELS);
            statements[at] =
                statement.replace(&format!("access {from}"), &format!("access {level}"));
            if let Some(line) = statement.lines().find(|line| line.trim().starts_with("access")) {
                statements[at] = statement.replace(line, &format!("    access {level}"));
            }
        }
        6 => {
            let values: Vec<String> = VALUES
                .iter()
                .map(quoted)
                .chain(SUBJECTS.iter().map(quoted))
                .chain([quoted(FIRST), quoted(SECOND)])
                .collect();
            let held: Vec<String> =
                values.iter().filter(|one| statement.contains(one.as_str())).cloned().collect();
            if let Some(from) = random.of(held) {
                let to = random.pick(&values).clone();
                statements[at] = statement.replacen(&from, &to, 1);
            }
        }
        7 => replace_one(
            statements,
            at,
            random,
            &[
                (" in staff", ""),
                (" and in eng", ""),
                ("via editors", "via any client"),
                ("via tools", "via any client"),
                ("via any client", "via editors"),
                ("anyone", "eng"),
                ("eng", "anyone"),
                ("guest", "staff"),
                (" implies \"view\"", ""),
                ("on change  keep what was shown", "on change  extend"),
                ("on change  ask again", "on change  extend"),
                ("on change  extend", "on change  ask again"),
                ("facts/gen.wasm", "facts/new.wasm"),
                ("gen.size == ", "gen.size != "),
            ],
        ),
        // Numbers.
        8 => {
            let digits: Vec<(usize, char)> =
                statement.char_indices().filter(|(_, letter)| letter.is_ascii_digit()).collect();
            if let Some((place, _)) = random.of(digits) {
                let digit = random.below(10).to_string();
                statements[at].replace_range(place..=place, &digit);
            }
        }
        9 if statement.starts_with("server ") => {
            let clause = *random.pick(&[
                "    pin tools",
                "    pin clients",
                "    credentials api_key for write from network \"10.0.0.0/8\" lasts 90 seconds because \"b\"",
            ]);
            if !statement.contains(clause.trim()) {
                statements[at] = statement.replacen("\n}", &format!("\n{clause}\n}}"), 1);
            }
        }
        // A name, which is no difference.
        10 if is_rule => {
            statements[at] = statement.replacen(' ', " renamed_", 1);
        }
        // What another world says of the same.
        _ => {
            let head: Vec<&str> = statement.split_whitespace().take(2).collect();
            let same: Vec<&String> = other
                .iter()
                .filter(|one| one.split_whitespace().take(2).eq(head.iter().copied()))
                .collect();
            if let Some(theirs) = random.of(same) {
                statements[at] = theirs.clone();
            }
        }
    }
}

fn replace_one(statements: &mut [String], at: usize, random: &mut Random, swaps: &[(&str, &str)]) {
    let fitting: Vec<&(&str, &str)> =
        swaps.iter().filter(|(from, _)| statements[at].contains(from)).collect();
    if let Some((from, to)) = random.of(fitting) {
        statements[at] = statements[at].replacen(from, to, 1);
    }
}

/// One change of a catalogue.
fn catalogue(world: &World, random: &mut Random, changed: &mut BTreeMap<String, String>) {
    let file = *random.pick(&["alpha.json", "beta.json", "disk.json", "gamma.json"]);
    let text = changed.get(file).or_else(|| world.files.get(file)).cloned().unwrap_or_default();
    let Ok(mut catalogue) = serde_json::from_str::<Value>(&text) else { return };
    let Some(tools) = catalogue["tools"].as_array_mut() else { return };
    if tools.len() < 2 {
        return;
    }
    let at = random.below(tools.len());
    match random.below(5) {
        0 => {
            tools.remove(at);
        }
        1 => {
            let mut added = tools[at].clone();
            added["name"] = Value::from(format!("create_{}", random.below(3)));
            tools.push(added);
        }
        2 => tools[at]["description"] = Value::from("now it says something else"),
        3 => {
            let hint = *random.pick(&["readOnlyHint", "openWorldHint", "destructiveHint"]);
            tools[at]["annotations"][hint] = Value::from(random.chance(50));
        }
        _ => {
            let Some(properties) = tools[at]["inputSchema"]["properties"].as_object_mut() else {
                return;
            };
            let names: Vec<String> = properties.keys().cloned().collect();
            let Some(name) = random.of(names) else { return };
            let kind = *random.pick(&["string", "integer", "boolean"]);
            properties.insert(name, serde_json::json!({"type": kind}));
        }
    }
    changed.insert(file.to_owned(), catalogue.to_string());
}
