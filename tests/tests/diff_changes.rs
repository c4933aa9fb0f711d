//! Changes of a small policy, and just what each is found to be.

#![expect(clippy::unwrap_used, reason = "a test may panic, and says what it found")]

use std::collections::{BTreeMap, BTreeSet};

use placet_engine::{Engine, Limits};
use placet_language::diff::{CredentialKind, Diff, DiffLimits, Finding, diff};
use placet_language::lock::{self, Lock};
use placet_language::{Policy, check, compile};

const POLICY: &str = r#"
edition 2026

server hub {
    resource     "https://mcp.example.com/hub"
    issuer       "https://login.example.com"
    catalogue    "catalogue.json"
    credentials  api_key for read lasts 90 days because "the nightly job"
}

server partners {
    resource   "https://mcp.example.com/partners"
    issuer     "https://partner.example"
    catalogue  "catalogue.json"
}

scope "write" on hub implies "read"
scope "read"  on hub

client one "https://app.example/one.json" metadata "sha256-0000000000000000000000000000000000000000000000000000000000000001"
client two "https://app.example/two.json" metadata "sha256-0000000000000000000000000000000000000000000000000000000000000002"

register dynamic issued by "https://login.example.com" may request "read" redirect loopback

group staff     from claim "groups" has "staff" issued by "https://login.example.com"
group engineers from claim "groups" has "eng" issued by "https://login.example.com"
group leads     from claim "realm"."roles" has "lead" issued by "https://login.example.com" and in staff
group nobody    from claim "realm" has "lead" issued by "https://login.example.com" and in leads
group partners in outer from claim "groups" has "partner" issued by "https://partner.example"
group outer     from claim "groups" has "plain" issued by "https://login.example.com"
group plain     from claim "groups" has "plain" issued by "https://login.example.com"
group first     from claim "x" has "first" issued by "https://login.example.com" and in second
group second    from claim "x" has "second" issued by "https://login.example.com"
group third in second from claim "x" has "third" issued by "https://login.example.com" and in first

capability look "Read files" on hub {
    tools   read_file
    access  read
    needs   "read"
}

capability edit "Edit issues" on hub {
    tools   create_issue
    access  write
    needs   "write"
}

capability drop "Delete issues" on hub {
    tools   delete_issue
    access  destructive
    needs   "write"
}

capability browse "Look at repositories" on hub {
    resources  "repo://acme/*"
    access     read
    needs      "read"
}

capability readmes "Look at what repositories are" on hub {
    resources  "repo://*/readme"
    access     read
    needs      "read"
}

consent editing "Let {client} edit issues" {
    grants   edit
    purpose  "triage"
    lasts    30 days
    via      one
    was      "working"
}

consent auditing "Let {client} be watched" {
    grants   edit
    purpose  "audit"
    purpose  required
}

allow seeing plain via one, two to look without consent because "reads only"
allow working_on staff via one, two to edit under editing
allow browsing staff via one to browse without consent because "reads only"

require recent_login
    anyone for access write
    token.auth_age <= 8 hours else reauthenticate within 8 hours

require human
    anyone for drop
    call.confirmed else confirm within 10 minutes

deny odd anyone, machine to access write when args.owner == user.issuer
"#;

const CATALOGUE: &str = r#"{ "tools": [
    { "name": "read_file", "annotations": { "readOnlyHint": true }, "inputSchema":
        { "type": "object", "properties": { "path": { "type": "string" } } } },
    { "name": "create_issue", "inputSchema":
        { "type": "object", "properties": { "owner": { "type": "string" } }, "required": ["owner"] } },
    { "name": "delete_issue", "inputSchema":
        { "type": "object", "properties": { "owner": { "type": "string" } }, "required": ["owner"] } }
] }"#;

/// A policy as it was compiled with a lock, if there is one.
fn compiled(policy: &str, catalogue: &str, lock: Option<&Lock>) -> (Policy, Engine) {
    let files = [("hub.placet", policy), ("catalogue.json", catalogue)];
    let mut files: BTreeMap<String, String> =
        files.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
    files.extend(lock.map(|lock| (lock::FILE.to_owned(), lock::write(lock))));
    let checked = check(&files, &placet_language::Limits::default());
    assert!(checked.policy.is_some(), "{:?}", checked.diagnostics);
    let policy = checked.policy.unwrap();
    let engine = Engine::load(&compile(&policy).unwrap(), &Limits::default()).unwrap();
    (policy, engine)
}

fn engine(policy: &str, catalogue: &str) -> Engine {
    compiled(policy, catalogue, None).1
}

fn between(old: &Engine, new: &Engine) -> Diff {
    let found = diff(old, new, &Vec::new, &DiffLimits::default());
    assert!(found.undecided.is_empty(), "{:?}", found.undecided);
    let fingerprints: BTreeSet<&str> =
        found.expansions.iter().map(|one| one.fingerprint.as_str()).collect();
    assert_eq!(fingerprints.len(), found.expansions.len(), "what differs is approved apart");
    found
}

/// The expansions, each as a line.
fn said(found: &Diff) -> Vec<String> {
    let line = |finding: &Finding| {
        let join = |all: Vec<String>| all.join("+");
        let by = match finding.credential {
            CredentialKind::Token => "",
            CredentialKind::ApiKey => " by key",
            CredentialKind::Local => " locally",
        };
        let asked = match finding.is_silent() {
            true => String::from("silent"),
            false => join(finding.gates.iter().map(ToString::to_string).collect()),
        };
        format!(
            "{} via {} to {}{by} when {}: {:?}, {asked}, {}",
            finding.principal,
            join(finding.clients.clone()),
            finding.feature.name,
            join(finding.when.clone()),
            finding.reach,
            join(finding.causes.iter().map(ToString::to_string).collect()),
        )
    };
    found.expansions.iter().map(line).collect()
}

/// What comes of some text instead of another.
fn replaced(from: &str, to: &str) -> Diff {
    assert!(POLICY.contains(from), "{from}");
    let new = POLICY.replacen(from, to, 1);
    between(&engine(POLICY, CATALOGUE), &engine(&new, CATALOGUE))
}

/// What comes of some text more.
fn added(text: &str) -> Vec<String> {
    said(&between(&engine(POLICY, CATALOGUE), &engine(&format!("{POLICY}\n{text}\n"), CATALOGUE)))
}

/// What comes of one more `allow` that takes no consent.
fn allowed(rule: &str, when: &str) -> Vec<String> {
    added(&format!("allow more {rule} without consent because \"so it is\" {when}"))
}

#[test]
fn a_consent_is_for_its_clients() {
    let found = added("allow more engineers via any client to edit under editing");
    assert_eq!(found, ["engineers via one to create_issue when always: New, silent, policy"]);
}

#[test]
fn a_call_states_one_purpose() {
    let found = added(
        "allow more engineers via one to edit under auditing\n\
         require both anyone for edit else ask editing",
    );
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn a_number_that_leaves_an_operation_without_digest_is_allowed_by_neither_side() {
    let owner = r#"{ "owner": { "type": "string" } }"#;
    let both = r#"{ "owner": { "type": "string" }, "limit": { "type": "integer" } }"#;
    let catalogue = CATALOGUE.replace(owner, both);
    let allow = "allow dropping staff via one to drop without consent because \"so it is\"";
    let deny = "deny large anyone, machine to drop\n    \
                when args.limit is present and args.limit > 9007199254740992";
    let old = engine(&format!("{POLICY}\n{allow}\n{deny}\n"), &catalogue);
    // The number is read by nothing any more: what is newly allowed is what was none.
    let found = between(&old, &engine(&format!("{POLICY}\n{allow}\n"), &catalogue));
    assert_eq!(
        said(&found),
        [
            "staff via one to delete_issue when always: Loosened, a confirmation of each call, policy"
        ]
    );
    let arguments = found.expansions.first().and_then(|one| one.call.arguments.clone().ok());
    assert!(arguments.unwrap().get("limit").is_some_and(|limit| !limit.is_number()));
}

#[test]
fn a_receipt_that_has_ended_is_not_renewed_by_terms_that_last_longer() {
    let old = engine(&POLICY.replacen("30 days", "90 seconds", 1), CATALOGUE);
    let new = engine(&POLICY.replacen("\"triage\"", "\"audit\"", 1), CATALOGUE);
    let found = between(&old, &new);
    let renewed: Vec<&str> = found.renewals.iter().map(|one| one.feature.name.as_str()).collect();
    assert_eq!(renewed, ["create_issue"]);
    assert!(found.renewals.iter().all(|one| one.call.receipts.len() == 1), "{:#?}", found.renewals);
}

#[test]
fn clients_that_something_is_compared_with_are_told_apart() {
    let found = allowed(
        "engineers via one, two to look",
        "when args.path == client.id and args.path like \"*one.json\"",
    );
    let when = "args.path like \"*one.json\" and args.path == client.id";
    assert_eq!(
        found,
        ["by key when", "when"]
            .map(|by| format!("engineers via one to read_file {by} {when}: New, silent, policy"))
    );
}

#[test]
fn clients_that_are_told_apart_for_nothing_are_one_finding() {
    let rule = "allow more staff via one, two to look without consent because \"so it is\" \
                when client.id != \"x\"";
    let new = engine(&format!("{POLICY}\n{rule}\n"), CATALOGUE);
    let found = between(&engine(POLICY, CATALOGUE), &new);
    assert_eq!(found.expansions.len(), 2, "{:?}", said(&found));
    for finding in &found.expansions {
        assert_eq!(finding.clients, ["one", "two"]);
        let is_about = |client: &str| {
            let mut call = finding.call.clone();
            call.client.id = format!("https://app.example/{client}.json");
            finding.is_about(&call)
        };
        assert!(is_about("one") && is_about("two") && !is_about("three"));
    }
}

#[test]
fn a_client_acts_for_itself_with_a_token_and_with_a_key() {
    let found = allowed("machine via one to look", "");
    assert_eq!(
        found,
        ["by key when", "when"]
            .map(|by| format!("machine via one to read_file {by} always: New, silent, policy"))
    );
    // A machine has no issuer, so the `deny` that compares with it holds.
    let found = allowed("machine via one to edit", "");
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn a_client_comes_by_the_line_for_its_issuer() {
    let open = format!(
        "{POLICY}\nallow open plain via any client to look without consent because \"so it is\"\n"
    );
    let register = "register dynamic issued by \"https://partner.example\" may request \"read\" \
                    redirect loopback";
    let more = format!("{open}\n{register}\n");
    let found = between(&engine(&open, CATALOGUE), &engine(&more, CATALOGUE));
    assert_eq!(
        said(&found),
        ["plain via any dynamic client of https://partner.example to read_file by key when \
          always: New, a client that has to be admitted first, clients"]
    );
}

#[test]
fn a_client_with_a_name_comes_by_that_only() {
    let rule = "allow open plain via any client to look without consent because \"so it is\"";
    let open = format!("{POLICY}\n{rule}\n");
    let client = "client three \"three\" issued by \"https://login.example.com\"";
    let found =
        between(&engine(&open, CATALOGUE), &engine(&format!("{open}\n{client}\n"), CATALOGUE));
    let lost = found.contractions.iter().map(|one| one.clients.join("+"));
    let lost: BTreeSet<String> = lost.collect();
    assert_eq!(lost, BTreeSet::from([String::from("three registered by dynamic")]));
}

#[test]
fn a_user_is_in_a_group_by_every_claim_that_it_takes() {
    let by = |group: &str| {
        ["by key when", "when"]
            .map(|by| format!("{group} via one to read_file {by} always: New, silent, policy"))
    };
    assert_eq!(allowed("leads via one to look", ""), by("leads"));
    // Groups that need one another in a circle.
    assert_eq!(allowed("first via one to look", ""), by("first"));
    // A claim that is a text has no members.
    assert!(allowed("nobody via one to look", "").is_empty());
}

#[test]
fn members_by_an_inner_group_come_from_its_issuer() {
    // Those who are in `outer` by its own claim are in `plain`, too, which may do so already.
    let found = allowed("outer via one, two to look", "");
    assert_eq!(found, ["outer via one+two to read_file by key when always: New, silent, policy"]);
}

#[test]
fn what_others_were_allowed_is_no_exception() {
    let found = allowed("staff, engineers via one to look", "");
    assert_eq!(found.len(), 4, "{found:?}");
    assert!(found.iter().all(|one| one.contains(": New, silent, policy")), "{found:?}");
}

#[test]
fn a_new_scope_has_to_be_asked_for() {
    let found = added(
        "scope \"more\" on hub\n\
         capability again \"Edit issues\" on hub { tools create_issue access write needs \"more\" }\n\
         allow more staff via one to again without consent because \"so it is\"",
    );
    assert_eq!(
        found,
        ["staff via one to create_issue when always: Loosened, a new scope `more`, policy+scopes"]
    );
}

#[test]
fn a_confirmation_of_each_call_is_being_asked() {
    let found = allowed("staff via one to drop", "");
    assert_eq!(
        found,
        ["staff via one to delete_issue when always: New, a confirmation of each call, policy"]
    );
}

#[test]
fn a_rule_says_when() {
    let found = allowed("staff via one to look", "when args.path == \"x\"");
    assert!(found.iter().all(|one| one.contains(" when args.path == \"x\": ")), "{found:?}");
    assert_eq!(found.len(), 2);
}

#[test]
fn a_requirement_that_asks_for_less_is_the_policys() {
    let found = replaced("token.auth_age <= 8 hours else", "token.auth_age <= 9 hours else");
    assert_eq!(
        said(&found),
        ["staff via one to create_issue when always: Loosened, silent, policy"]
    );
}

/// The terms are others, which is the policy's doing: there is no lock.
#[test]
fn what_lasts_longer_is_the_policys() {
    let found = replaced("    lasts    30 days", "    lasts    31 days");
    let causes: Vec<String> =
        found.expansions.iter().flat_map(|one| &one.causes).map(ToString::to_string).collect();
    assert!(!causes.is_empty() && causes.iter().all(|cause| cause == "policy"), "{causes:?}");
}

#[test]
fn another_word_makes_users_agree_again() {
    let found = replaced("Let {client} edit issues", "Let {client} edit all issues");
    assert!(found.expansions.is_empty() && found.contractions.is_empty(), "{found:?}");
    assert_eq!(found.renewals.len(), 1);
}

#[test]
fn what_was_withdrawn_under_an_earlier_name_is_withdrawn() {
    let found = replaced("    was      \"working\"\n", "");
    assert_eq!(
        said(&found),
        ["staff via one to create_issue when always: Loosened, silent, policy"]
    );
}

#[test]
fn nobody_is_asked_again_for_another_name() {
    let before = POLICY
        .replacen("    was      \"working\"\n", "", 1)
        .replacen("consent editing", "consent working", 1)
        .replacen("under editing", "under working", 1);
    let found = between(&engine(&before, CATALOGUE), &engine(POLICY, CATALOGUE));
    assert!(found.renewals.is_empty(), "{:?}", found.renewals);
    // Consents that are given under the new name are new.
    assert!(found.expansions.iter().all(|one| !one.is_silent()), "{:?}", said(&found));
}

#[test]
fn resources_of_several_patterns_are_compared_with_what_was_said_of_any() {
    let found = allowed("engineers via one to readmes", "");
    assert_eq!(found.len(), 4, "{found:?}");
    assert!(found.iter().all(|one| one.starts_with("engineers via one to repo://*/readme")));
    // A pattern that the old version does not have.
    let found = added(
        "capability licences \"Look at licences\" on hub {\n\
         resources \"repo://*/licence\" access read needs \"read\" }\n\
         allow more engineers via one to licences without consent because \"so it is\"",
    );
    assert_eq!(found.len(), 4, "{found:?}");
    assert!(found.iter().all(|one| one.starts_with("engineers via one to repo://*/licence")));
}

#[test]
fn a_tool_that_is_new_is_the_catalogues() {
    let old = POLICY.replacen("tools   read_file", "tools   read_*", 1);
    let new = CATALOGUE.replacen("\"read_file\"", "\"read_more\" }, { \"name\": \"read_file\"", 1);
    let found = between(&engine(&old, CATALOGUE), &engine(&old, &new));
    let expected = ["by key when", "when"]
        .map(|by| format!("plain via one+two to read_more {by} always: New, silent, catalogue"));
    assert_eq!(said(&found), expected);
}

#[test]
fn a_claim_may_be_a_text() {
    let rule = "allow more staff via one to look without consent because \"so it is\"";
    let new = engine(&format!("{POLICY}\n{rule}\n"), CATALOGUE);
    for finding in between(&engine(POLICY, CATALOGUE), &new).expansions {
        let mut call = finding.call.clone();
        let user = call.user.as_mut().unwrap();
        user.claims.insert(String::from("groups"), "staff".into());
        assert!(new.decide(&call).is_allow() && finding.is_about(&call), "{finding:#?}");
    }
}

#[test]
fn a_condition_that_asks_for_less_has_a_call_to_show() {
    // The first text that comes to mind is in neither version.
    let with = |when: &str| {
        let rule = "allow more staff via one to look without consent because \"so it is\" when";
        engine(&format!("{POLICY}\n{rule} {when}\n"), CATALOGUE)
    };
    let old = with("args.path like \"a*\" and not args.path like \"*b\"");
    let found = between(&old, &with("args.path like \"a*\""));
    assert_eq!(found.expansions.len(), 2, "{:?}", said(&found));
}

fn pinned(what: &str) -> String {
    POLICY.replacen("    catalogue ", &format!("    pin {what}\n    catalogue "), 1)
}

#[test]
fn what_is_no_longer_pinned_is_the_servers() {
    let plain = engine(POLICY, CATALOGUE);
    let clients = said(&between(&engine(&pinned("clients"), CATALOGUE), &plain));
    assert_eq!(clients.len(), 7, "{clients:?}");
    let admitted = ": New, a client that has to be admitted first, server";
    assert!(clients.iter().all(|one| one.ends_with(admitted)), "{clients:?}");
    let tools = said(&between(&engine(&pinned("tools"), CATALOGUE), &plain));
    assert_eq!(tools.len(), 3, "{tools:?}");
    assert!(tools.iter().all(|one| one.ends_with(": Loosened, silent, server")), "{tools:?}");
}

#[test]
fn a_pinned_tool_that_is_redefined_was_allowed_as_it_was() {
    let old = engine(&pinned("tools"), CATALOGUE);
    let other = "\"read_file\", \"description\": \"Reads\",";
    let new = engine(&pinned("tools"), &CATALOGUE.replacen("\"read_file\",", other, 1));
    let found = said(&between(&old, &new));
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found.iter().all(|one| one.ends_with(": Loosened, silent, catalogue")), "{found:?}");
}

#[test]
fn a_receipt_lasts_as_both_versions_say() {
    let lasting = |days: u32, lock: Option<&Lock>| {
        let policy = POLICY.replacen("30 days", &format!("{days} days"), 1);
        let (_, engine) = compiled(&policy, CATALOGUE, lock);
        let (policy, _) = compiled(&policy, CATALOGUE, None);
        (engine, Lock::take(&policy, lock))
    };
    let (_, lock) = lasting(30, None);
    let (old, lock) = lasting(30, Some(&lock));
    let (shorter, _) = lasting(20, Some(&lasting(20, Some(&lock)).1));
    let (longer, _) = lasting(40, Some(&lasting(40, Some(&lock)).1));
    let found = between(&old, &longer);
    assert!(found.contractions.is_empty(), "{:?}", found.contractions);
    // Whoever agreed to the shorter time did not agree to the longer one.
    assert_eq!(found.expansions.len(), 1);
    assert!(found.expansions.iter().all(|one| !one.is_silent()), "{:?}", said(&found));
    let found = between(&old, &shorter);
    assert!(found.expansions.is_empty(), "{:?}", said(&found));
    assert_eq!(found.contractions.len(), 1);
}

/// Confirming is part of a call, and what is confirmed has the definition in its digest.
#[test]
fn another_word_in_a_definition_is_no_difference_of_what_is_confirmed() {
    let policy = format!(
        "{POLICY}\nallow dropping staff via one to drop without consent because \"so it is\"\n"
    );
    let named = "\"name\": \"delete_issue\"";
    let reworded = CATALOGUE.replace(named, &format!("{named}, \"description\": \"Deletes.\""));
    assert_ne!(reworded, CATALOGUE);
    let found = between(&engine(&policy, CATALOGUE), &engine(&policy, &reworded));
    assert_eq!(said(&found), Vec::<String>::new());
    assert!(found.contractions.is_empty(), "{:?}", found.contractions);
    // Two servers have the catalogue.
    assert_eq!(found.redefined.len(), 2);
    // Another requirement is one, however it is worded.
    let later = policy.replace("confirm within 10 minutes", "confirm within 20 minutes");
    let found = between(&engine(&policy, CATALOGUE), &engine(&later, &reworded));
    assert_eq!(found.expansions.len(), 1, "{:?}", said(&found));
}
