//! The diff against calls: whatever one version allows and the other does not is found, and whatever is
//! found is so.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test may panic, and says what it found"
)]

use std::collections::BTreeMap;

use placet_engine::bundle::Content;
use placet_engine::{Call, Limits, Reason};
use placet_language::analysis::Undecided;
use placet_language::diff::{Diff, DiffLimits, Finding, diff, switched};
use placet_tests::reference::Reference;
use placet_tests::worlds::{Caller, Random, World, changed};

/// How many pairs to compare: `PLACET_PAIRS`, or what fits into a test run.
fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

#[derive(Default, Debug)]
struct Tally {
    pairs: usize,
    calls: usize,
    newly: usize,
    silent: usize,
    lost: usize,
    expansions: usize,
    contractions: usize,
    renewals: usize,
    undecided: usize,
    without_findings: usize,
    why: BTreeMap<String, usize>,
    disagreements: Vec<String>,
    gates: BTreeMap<String, usize>,
    causes: BTreeMap<String, usize>,
    reaches: BTreeMap<String, usize>,
}

/// Whether only what could exist under a version is in a call.
fn is_old(call: &Call, old: &World) -> bool {
    let content = &old.content;
    let Some(server) = content.servers.values().find(|one| one.identity == call.server) else {
        return call.confirmation.is_none() && call.receipts.is_empty();
    };
    let scopes = call.credential.as_ref().and_then(|one| one.scopes());
    let receipts = call.receipts.iter().all(|receipt| {
        content.terms.values().any(|terms| terms.versions.contains_key(&receipt.digest))
    });
    let classes = text_of_classes(content);
    let acr = match &call.credential {
        Some(placet_engine::call::Credential::Oauth(token)) => token.acr.clone(),
        _ => None,
    };
    // Where the operation was refused already, it is not known whether the client is admitted.
    let early = [Some(placet_engine::Link::Operation), Some(placet_engine::Link::Registration)];
    let admitted = !early.contains(&old.engine.decide(call).link);
    admitted
        && call.confirmation.is_none()
        && receipts
        && scopes.into_iter().flatten().all(|scope| server.scopes.contains_key(scope))
        && acr.is_none_or(|acr| classes.contains(&quoted(&acr)))
}

/// The call, with receipts for the old terms beside those for terms that the old version does not know.
fn renewed(call: &Call, old: &World) -> Call {
    let mut renewed = call.clone();
    for (name, terms) in &old.content.terms {
        for receipt in &call.receipts {
            let is_for = receipt.terms == *name || terms.was.contains(&receipt.terms);
            let mut known = old.content.terms.values().flat_map(|one| &one.versions);
            let is_known =
                known.any(|(digest, then)| *digest == receipt.digest && then.name == receipt.terms);
            if is_for && !is_known && receipt.withdrawn_at.is_none() {
                let mut receipt = receipt.clone();
                receipt.digest.clone_from(&terms.digest);
                receipt.terms.clone_from(name);
                renewed.receipts.push(receipt);
            }
        }
    }
    renewed
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

/// Every constant of every rule, as text.
fn text_of_classes(content: &Content) -> String {
    content.rules.values().map(|rule| serde_json::to_string(rule).unwrap()).collect()
}

fn is_redefined(call: &Call, old: &World, new: &World) -> bool {
    let digest = |world: &World| {
        let server = world.content.servers.values().find(|one| one.identity == call.server)?;
        let (feature, tool) = server.features().find(|(feature, _)| {
            use placet_engine::bundle::Feature;
            match feature {
                Feature::Tool(name) => call.operation == "tools/call" && *name == call.target,
                Feature::Prompt(name) => call.operation == "prompts/get" && *name == call.target,
                Feature::Resources(_) => false,
            }
        })?;
        let _ = feature;
        Some(tool.digest.clone())
    };
    match (digest(old), digest(new)) {
        (Some(old), Some(new)) => old != new,
        _ => false,
    }
}

fn covered<'f>(findings: &'f [Finding], call: &Call) -> Vec<&'f Finding> {
    findings.iter().filter(|one| one.is_about(call)).collect()
}

fn is_undecided(diff: &Diff, call: &Call) -> bool {
    diff.undecided.iter().any(|one| {
        one.server.identity == call.server
            && (one.feature.name == call.target || one.feature.kind == "resource")
    })
}

/// The call as its user confirms it in a world, who confirmed it in this one or the other: a confirmation
/// is of an operation, which has the tool's definition in its digest.
fn confirmed(call: &Call, here: &World, there: &World) -> Call {
    let mut call = call.clone();
    if call.confirmation.is_none() {
        return call;
    }
    let operations = [here, there].map(|world| world.content.operation_digest(&call).ok());
    if let (Some(confirmation), [Some(this), Some(that)]) = (&mut call.confirmation, operations)
        && confirmation.operation == that
    {
        confirmation.operation = this;
    }
    call
}

fn witnesses(findings: &[Finding], from: &World, to: &World, what: &str) {
    for finding in findings {
        assert!(to.engine.decide(&finding.call).is_allow(), "{what}: {finding:#?}");
        let before = from.engine.decide(&confirmed(&finding.call, from, to));
        assert!(!before.is_allow(), "{what}: {finding:#?}");
        assert_ne!(before.reason, Some(Reason::EvaluationError), "{what}: {finding:#?}");
        assert!(finding.is_about(&finding.call), "{what}: {finding:#?}");
    }
}

/// A version of a world, and calls that are directed by its rules.
struct Version {
    world: World,
    calls: Vec<Call>,
}

impl Version {
    fn new(world: World, seed: u64) -> Self {
        let reference = Reference::new(&world.policy, &world.content).unwrap();
        let mut caller = Caller::new(&world, &reference, seed);
        let call = |_| {
            let bytes = serde_json::to_vec(&caller.call()).unwrap();
            Call::from_json(&bytes, &Limits::default()).unwrap()
        };
        let calls = (0..number("PLACET_CALLS_EACH", 40)).map(call).collect();
        Self { world, calls }
    }
}

fn compare(before: &Version, after: &Version, seed: u64, tally: &mut Tally) {
    let (old, new) = (&before.world, &after.world);
    // To find causes, versions in between are compiled, which takes longer than all the rest.
    let with_causes = seed.is_multiple_of(number("PLACET_CAUSES_EVERY", 1));
    let between = || match with_causes {
        true => switched(&old.files, &new.files, &placet_language::Limits::default()),
        false => Vec::new(),
    };
    let diff = diff(&old.engine, &new.engine, &between, &DiffLimits::default());
    tally.pairs += 1;
    tally.expansions += diff.expansions.len();
    tally.contractions += diff.contractions.len();
    tally.renewals += diff.renewals.len();
    tally.undecided += diff.undecided.len();
    tally.without_findings +=
        usize::from(diff.expansions.is_empty() && diff.contractions.is_empty());
    for one in &diff.undecided {
        *tally.why.entry(one.why.to_string()).or_default() += 1;
        if one.why == Undecided::Disagreement {
            tally.disagreements.push(format!("{seed}: {}", one.feature.name));
        }
    }
    for finding in &diff.expansions {
        for gate in &finding.gates {
            *tally
                .gates
                .entry(format!("{gate}").split('`').next().unwrap().to_owned())
                .or_default() += 1;
        }
        if finding.gates.is_empty() {
            *tally.gates.entry(String::from("silent")).or_default() += 1;
        }
        let causes: Vec<String> = finding.causes.iter().map(ToString::to_string).collect();
        *tally.causes.entry(causes.join("+")).or_default() += 1;
        *tally.reaches.entry(format!("{:?}", finding.reach)).or_default() += 1;
    }
    let explain = |what: &str, call: &Call| {
        format!(
            "seed {seed}: {what}\n== old\n{}\n== new\n{}\n== call\n{}\n== old: {:?}\n== new: {:?}\n== diff\n{:#?}",
            old.text(),
            new.text(),
            placet_language::case::Case::of_call(call, &new.content),
            old.engine.decide(call).detail,
            new.engine.decide(call).rules,
            diff.expansions
                .iter()
                .map(|one| (&one.principal, &one.feature.name, &one.clients, &one.witness))
                .collect::<Vec<_>>(),
        )
    };
    witnesses(&diff.expansions, old, new, &format!("seed {seed}, expansions"));
    witnesses(&diff.contractions, new, old, &format!("seed {seed}, contractions"));
    witnesses(&diff.renewals, new, old, &format!("seed {seed}, renewals"));
    for finding in &diff.expansions {
        let before = old.engine.decide(&renewed(&confirmed(&finding.call, old, new), old));
        assert!(!before.is_allow(), "seed {seed}: {finding:#?}");
    }
    for call in before.calls.iter().chain(&after.calls) {
        let mut call = call.clone();
        if is_redefined(&call, old, new) && call.tool_digest.is_some() {
            call.tool_digest = None;
        }
        tally.calls += 1;
        let (then, now) = (confirmed(&call, old, new), confirmed(&call, new, old));
        let (before, after) = (old.engine.decide(&then), new.engine.decide(&now));
        if before.is_allow() == after.is_allow() || is_undecided(&diff, &call) {
            continue;
        }
        if after.is_allow() {
            // Who agreed to the new terms would have agreed to the old ones.
            if old.engine.decide(&renewed(&then, old)).is_allow() {
                continue;
            }
            tally.newly += 1;
            let covering = covered(&diff.expansions, &call);
            assert!(!covering.is_empty(), "{}", explain("an expansion is missing", &call));
            if is_old(&call, old) {
                tally.silent += 1;
                assert!(
                    covering.iter().any(|one| one.is_silent()),
                    "{}",
                    explain("a silent expansion is missing", &call)
                );
            }
        } else {
            tally.lost += 1;
            let all = diff.contractions.iter().chain(&diff.renewals);
            let covering: Vec<&Finding> = all.filter(|one| one.is_about(&call)).collect();
            assert!(!covering.is_empty(), "{}", explain("a contraction is missing", &call));
        }
    }
}

/// Compares a share of the pairs, so that the shares can run at once. Each world is changed several
/// times, and each version compared with those that are up to a few changes away.
fn share(number_of: u64) {
    let mut tally = Tally::default();
    let worlds = number("PLACET_PAIRS", 84).div_ceil(PAIRS);
    let first = number("PLACET_SEED", 0);
    for seed in (first..first + worlds).filter(|seed| seed % SHARES == number_of) {
        let mut random = Random::new(seed);
        let mut versions = vec![Version::new(World::generate(seed).unwrap(), seed)];
        while let Some(latest) = versions.last().filter(|_| versions.len() < VERSIONS) {
            let Some(later) = changed(&latest.world, &mut random) else { break };
            versions.push(Version::new(later, seed));
        }
        for (at, earlier) in versions.iter().enumerate() {
            for later in versions.iter().skip(at + 1).take(APART) {
                match random.chance(50) {
                    true => compare(earlier, later, seed, &mut tally),
                    false => compare(later, earlier, seed, &mut tally),
                }
            }
        }
    }
    println!("{tally:#?}");
    assert!(tally.disagreements.is_empty(), "{:?}", tally.disagreements);
    // Most of what is asked must be answered.
    assert!(tally.undecided * 10 < tally.expansions + tally.contractions + 100, "{tally:#?}");
}

const SHARES: u64 = 2;
/// How many versions of a world there are.
const VERSIONS: usize = 6;
/// How many changes lie at most between two that are compared.
const APART: usize = 3;
/// How many pairs of a world's versions that makes.
const PAIRS: u64 = 12;

#[test]
fn whatever_changes_is_found() {
    share(0);
}

#[test]
fn whatever_changes_is_found_in_other_worlds() {
    share(1);
}
