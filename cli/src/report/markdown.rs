//! A diff as one comment in a pull request, which starts with a marker, so that the next run finds it
//! and writes it anew.

use std::fmt::Write as _;

use placet_language::diff::{Finding, Group, Outcome, groups};

use crate::markup::{markdown as escaped, markdown_fence as fence};
use crate::output::counted;
use crate::report::{Compared, Standing, words};

/// What the comment is found by.
const MARKER: &str = "<!-- placet diff -->";

/// How many groups of a kind are shown; a comment has an end.
const SHOWN: usize = 30;
/// How many fingerprints of a group are listed: each can be approved by itself.
const FINGERPRINTS: usize = 30;

pub(crate) fn report(compared: &Compared<'_>) -> String {
    // Writing into a string cannot fail.
    let mut text = format!("{MARKER}\n");
    let title = match compared.outcome {
        Outcome::Failed => "❌ This change lets somebody do more",
        Outcome::Undecided => "❓ It could not be decided what this change allows",
        Outcome::Passed if compared.diff.expansions.is_empty() => {
            "✅ This change lets nobody do more"
        }
        Outcome::Passed => "✅ Nothing of what this change allows is to be stopped",
    };
    let _ = write!(text, "## {title}\n\n{}\n", escaped(&words::counts(compared)));
    let approved = compared.approved;
    let lists = [
        ("Approved by the change itself", &approved.added),
        ("Approvals that expired", &approved.expired),
        ("Approvals that approve nothing", &approved.unused),
    ];
    for (title, approvals) in lists.iter().filter(|(_, approvals)| !approvals.is_empty()) {
        let _ = write!(text, "\n### {title}\n\n");
        for one in *approvals {
            let said = format!("{} ({}, until {})", one.reason, one.by, one.expires);
            let _ = writeln!(text, "- `{}` {}", one.fingerprint, escaped(&said));
        }
    }
    if !compared.locked.is_empty() {
        let count = counted(compared.locked.len(), "line");
        let _ = write!(text, "\nThe change adds {count} to the lock.\n");
    }
    section(compared, "Newly allowed, and nobody is asked", &compared.silent(), &mut text);
    section(compared, "Newly allowed, once somebody is asked", &compared.gated(), &mut text);
    let others = [
        ("No longer allowed", &compared.diff.contractions),
        ("Allowed again once users are asked again", &compared.diff.renewals),
    ];
    for (title, findings) in others.into_iter().filter(|(_, findings)| !findings.is_empty()) {
        let _ = write!(text, "\n<details><summary>{title}: {}</summary>\n\n", findings.len());
        let groups = groups(findings);
        for group in groups.iter().take(SHOWN) {
            let Some(first) = group.first() else { continue };
            let who = escaped(&words::who(first));
            let what = escaped(&words::called(group, false));
            let _ = writeln!(text, "- {who}: {what}");
        }
        rest(groups.len().saturating_sub(SHOWN), &mut text);
        text.push_str("\n</details>\n");
    }
    let open = compared.open();
    if !open.is_empty() {
        text.push_str("\n### Could not be decided\n\n");
        for one in open.iter().take(SHOWN) {
            let _ = writeln!(text, "- {}: {}", escaped(&one.what), escaped(&one.why));
        }
        rest(open.len().saturating_sub(SHOWN), &mut text);
    }
    if let Some(proof) = compared.proof {
        let fence = fence(&proof.text);
        let _ = write!(
            text,
            "\n<details><summary>Certificates</summary>\n\n{fence}text\n{}{fence}\n\n</details>\n",
            proof.text
        );
    }
    text
}

fn rest(count: usize, text: &mut String) {
    if count > 0 {
        let _ = writeln!(text, "- and {count} more");
    }
}

fn section(compared: &Compared<'_>, title: &str, findings: &[&Finding], text: &mut String) {
    if findings.is_empty() {
        return;
    }
    let _ = write!(
        text,
        "\n### {title}\n\n| | who | what | when | fingerprint |\n|---|---|---|---|---|\n"
    );
    let groups = compared.groups(findings);
    for (standing, group) in groups.iter().take(SHOWN) {
        row(*standing, group, text);
    }
    let more = groups.len().saturating_sub(SHOWN);
    if more > 0 {
        let _ = write!(text, "\nand {more} more\n");
    }
    text.push_str("\n<details><summary>Witnesses</summary>\n\n");
    for (_, group) in groups.iter().take(SHOWN) {
        let Some(first) = group.first() else { continue };
        let fence = fence(&first.witness);
        let _ = write!(text, "{fence}text\n{}\n{fence}\n", first.witness);
        if group.findings.len() > 1 {
            let ids = group.findings.iter().take(FINGERPRINTS);
            let ids: Vec<String> = ids.map(|one| format!("`{}`", one.fingerprint)).collect();
            let more = group.findings.len().saturating_sub(ids.len());
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let _ = write!(text, "\n{}{more}\n\n", ids.join(" "));
        }
    }
    text.push_str("\n</details>\n");
}

fn row(standing: Standing, group: &Group<'_>, text: &mut String) {
    let Some(first) = group.first() else { return };
    let mark = match standing {
        Standing::Fails => "❌",
        Standing::Approved => "☑️",
        Standing::Shown => "",
    };
    let access = group.access().map(|access| format!(" ({access})")).unwrap_or_default();
    let needs = match first.is_silent() {
        true => String::new(),
        false => format!("; needs {}", words::gates(first)),
    };
    let _ = writeln!(
        text,
        "| {mark} | {} | {} | {} | `{}`{} |",
        escaped(&words::who(first)),
        escaped(&format!("{}{access}", words::called(group, false))),
        escaped(&format!("{}{needs}", words::when(first))),
        first.fingerprint,
        match group.findings.len() {
            0 | 1 => String::new(),
            more => format!(" and {} more", more.saturating_sub(1)),
        }
    );
}
