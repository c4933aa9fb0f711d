//! A diff for people.

use placet_language::diff::{Approval, Finding, Group, Outcome, groups};

use crate::output::{Style, counted, printable};
use crate::report::{Compared, Standing, words};

/// How many groups of a kind are shown.
const SHOWN: usize = 10;

pub(crate) fn report(compared: &Compared<'_>) -> String {
    let style = Style::of_output();
    let mut lines = vec![style.strong(&printable(&format!("{} → {}", compared.old, compared.new)))];
    own_approvals(compared, style, &mut lines);
    let sections = [
        ("newly allowed, and nobody is asked", compared.silent()),
        ("newly allowed, once somebody is asked", compared.gated()),
    ];
    for (title, findings) in sections {
        section(compared, (title, &findings), style, &mut lines);
    }
    lost(compared, style, &mut lines);
    renewed(compared, style, &mut lines);
    redefined(compared, style, &mut lines);
    undecided(compared, style, &mut lines);
    if let Some(proof) = compared.proof {
        lines.push(String::new());
        lines.push(printable(proof.text.trim_end()));
    }
    lines.push(String::new());
    lines.push(verdict(compared, style));
    lines.join("\n")
}

/// What the change approves for itself, and approvals that are mistakes.
fn own_approvals(compared: &Compared<'_>, style: Style, lines: &mut Vec<String>) {
    let approved = compared.approved;
    let lists = [
        ("approvals that the change adds for itself", &approved.added),
        ("approvals that expired", &approved.expired),
        ("approvals that approve nothing", &approved.unused),
    ];
    for (title, approvals) in lists {
        if approvals.is_empty() {
            continue;
        }
        lines.push(String::new());
        lines.push(style.strong(&format!("{title}: {}", approvals.len())));
        lines.extend(approvals.iter().map(approval));
    }
    if !compared.locked.is_empty() {
        lines.push(String::new());
        let count = counted(compared.locked.len(), "line");
        lines.push(style.strong(&format!("the change adds {count} to the lock")));
        let shown = if compared.all { compared.locked.len() } else { SHOWN };
        lines.extend(
            compared.locked.iter().take(shown).map(|line| format!("  {}", printable(line))),
        );
        more(compared.locked.len().saturating_sub(shown), "line", style, lines);
    }
}

fn approval(approval: &Approval) -> String {
    let Approval { fingerprint, reason, by, expires } = approval;
    printable(&format!("  {fingerprint}  {reason} ({by}, until {expires})"))
}

fn more(count: usize, what: &str, style: Style, lines: &mut Vec<String>) {
    if count > 0 {
        let count = counted(count, what);
        lines.push(style.faint(&format!("  and {count} more (`--all` shows everything)")));
    }
}

fn section(
    compared: &Compared<'_>,
    (title, findings): (&str, &[&Finding]),
    style: Style,
    lines: &mut Vec<String>,
) {
    if findings.is_empty() {
        return;
    }
    lines.push(String::new());
    let groups = compared.groups(findings);
    let together = match groups.len() == findings.len() {
        true => String::new(),
        false => format!(" in {}", counted(groups.len(), "group")),
    };
    let count = counted(findings.len(), "finding");
    lines.push(style.strong(&format!("{title}: {count}{together}")));
    let shown = if compared.all { groups.len() } else { SHOWN };
    for (standing, group) in groups.iter().take(shown) {
        shown_group(compared, *standing, group, style, lines);
    }
    more(groups.len().saturating_sub(shown), "group", style, lines);
}

fn shown_group(
    compared: &Compared<'_>,
    standing: Standing,
    group: &Group<'_>,
    style: Style,
    lines: &mut Vec<String>,
) {
    let Some(first) = group.first() else { return };
    let mark = match standing {
        Standing::Fails => style.bad("✗"),
        Standing::Approved => style.good("✓"),
        Standing::Shown => String::from("·"),
    };
    let access = group.access().map(|access| format!(" ({access})")).unwrap_or_default();
    lines.push(format!(
        "  {mark} {}: {}{access}",
        style.strong(&words::who(first)),
        words::called(group, compared.all)
    ));
    let mut say = |what: &str, text: String| lines.push(format!("      {what:<8} {text}"));
    say(words::reach(first).split(' ').next().unwrap_or_default(), words::when(first));
    if !first.is_silent() {
        say("needs", words::gates(first));
    }
    say("by", printable(&words::rules(&first.rules)));
    say("before", words::before(first));
    say("cause", words::causes(first));
    say("witness", first.witness.clone());
    let ids: Vec<&str> = group.findings.iter().map(|one| one.fingerprint.as_str()).collect();
    let shown = if compared.all { ids.len() } else { 3 };
    let rest = ids.len().saturating_sub(shown);
    let rest = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    let ids: Vec<&str> = ids.into_iter().take(shown).collect();
    lines.push(style.faint(&format!("      id       {}{rest}", ids.join(" "))));
}

fn lost(compared: &Compared<'_>, style: Style, lines: &mut Vec<String>) {
    let findings = &compared.diff.contractions;
    if findings.is_empty() {
        return;
    }
    lines.push(String::new());
    lines.push(style.strong(&format!("no longer allowed: {}", counted(findings.len(), "finding"))));
    let groups = groups(findings);
    let shown = if compared.all { groups.len() } else { SHOWN };
    for group in groups.iter().take(shown) {
        let Some(first) = group.first() else { continue };
        lines.push(format!("  · {}: {}", words::who(first), words::called(group, compared.all)));
        lines.push(format!("      now      {}", words::before(first)));
        lines.push(format!("      witness  {}", first.witness));
    }
    more(groups.len().saturating_sub(shown), "group", style, lines);
}

/// Users who are asked again before they can go on.
fn renewed(compared: &Compared<'_>, style: Style, lines: &mut Vec<String>) {
    let findings = &compared.diff.renewals;
    if findings.is_empty() {
        return;
    }
    lines.push(String::new());
    lines.push(style.strong(&format!("asked again: {}", counted(findings.len(), "finding"))));
    let groups = groups(findings);
    let shown = if compared.all { groups.len() } else { SHOWN };
    for group in groups.iter().take(shown) {
        let Some(first) = group.first() else { continue };
        lines.push(format!("  · {}: {}", words::who(first), words::called(group, compared.all)));
    }
    more(groups.len().saturating_sub(shown), "group", style, lines);
}

fn redefined(compared: &Compared<'_>, style: Style, lines: &mut Vec<String>) {
    let redefined = &compared.diff.redefined;
    if redefined.is_empty() {
        return;
    }
    lines.push(String::new());
    let count = counted(redefined.len(), "definition");
    lines.push(style.strong(&format!("the servers changed {count}")));
    let shown = if compared.all { redefined.len() } else { SHOWN };
    for one in redefined.iter().take(shown) {
        let name = printable(&format!("{}/{}", one.server.name, one.feature.name));
        lines.push(format!("  · {} {name}", one.feature.kind));
    }
    more(redefined.len().saturating_sub(shown), "definition", style, lines);
}

fn undecided(compared: &Compared<'_>, style: Style, lines: &mut Vec<String>) {
    let open = compared.open();
    if open.is_empty() {
        return;
    }
    lines.push(String::new());
    lines.push(style.bad(&format!("could not be decided: {}", open.len())));
    let shown = if compared.all { open.len() } else { SHOWN };
    for one in open.iter().take(shown) {
        lines.push(printable(&format!("  ? {}: {}", one.what, one.why)));
    }
    more(open.len().saturating_sub(shown), "other", style, lines);
}

fn verdict(compared: &Compared<'_>, style: Style) -> String {
    let counts = words::counts(compared);
    match compared.outcome {
        Outcome::Failed => format!("{}: {counts}", style.bad("fails")),
        Outcome::Undecided => format!("{}: {counts}", style.bad("undecided")),
        Outcome::Passed => format!("{}: {counts}", style.good("passes")),
    }
}
