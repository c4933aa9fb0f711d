//! Challenges, read back by another's parser of the header's syntax, against the texts that define
//! them.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may panic, and says what it found"
)]

use std::collections::{BTreeMap, BTreeSet};

use http_auth::parse_challenges;
use placet_engine::{
    Alternative, Challenge, ChallengeError, Decision, Lack, Link, ProtectedResource, Reason, Remedy,
};
use placet_tests::calls::{decide, good_call, world};
use placet_tests::reference::Reference;
use placet_tests::worlds::{Caller, World};
use proptest::prelude::{Strategy, any};
use proptest::test_runner::{Config, TestRunner};

const METADATA: &str = "https://mcp.example.com/.well-known/oauth-protected-resource";

fn resource() -> ProtectedResource {
    ProtectedResource::new(METADATA).unwrap()
}

fn strings(all: &[&str]) -> BTreeSet<String> {
    all.iter().map(|one| (*one).to_owned()).collect()
}

/// A denial for this reason, which that remedy would mend.
fn denial(reason: Reason, remedy: Remedy) -> Decision {
    let world = world();
    let mut call = good_call(&world);
    call["server"] = "https://elsewhere.example".into();
    let denial = decide(&world.engine, &call);
    Decision { reason: Some(reason), link: Some(reason.link()), remedy: Some(remedy), ..denial }
}

fn scope_denial(scopes: &[&str]) -> Decision {
    let remedy = Remedy::InsufficientScope { scopes: strings(scopes) };
    denial(Reason::ScopeInsufficient, remedy)
}

fn login_denial(acr_values: &[&str], max_age: Option<i64>) -> Decision {
    let acr_values = acr_values.iter().map(|one| (*one).to_owned()).collect();
    let remedy = Remedy::Reauthenticate { acr_values, max_age };
    denial(Reason::AuthenticationInsufficient, remedy)
}

/// The parameters of the one `Bearer` challenge that a header is; each stands there once.
fn parameters(header: &str) -> BTreeMap<String, String> {
    let challenges = parse_challenges(header).unwrap_or_else(|error| panic!("{error}: {header}"));
    assert_eq!(challenges.len(), 1, "{header}");
    assert_eq!(challenges[0].scheme, "Bearer");
    let mut parameters = BTreeMap::new();
    for (name, value) in &challenges[0].params {
        let twice = parameters.insert((*name).to_owned(), value.to_unescaped());
        assert_eq!(twice, None, "{name} stands twice in {header}");
    }
    parameters
}

/// What an example in a text says, less its description, which is each server's own.
fn said(header: &str) -> BTreeMap<String, String> {
    let mut parameters = parameters(header);
    parameters.remove("error_description");
    parameters
}

fn challenge(resource: &ProtectedResource, decision: &Decision) -> Challenge {
    resource.challenge(decision).unwrap().unwrap()
}

#[test]
fn a_request_without_authentication_gets_no_error_code() {
    // RFC 9728, section 5.1, and MCP 2026-07-28, "Scope Selection Strategy".
    let challenge = resource().with_scopes(strings(&["files:read"])).unwrap().without_token();
    assert_eq!(challenge.status, 401);
    let example = format!(r#"Bearer resource_metadata="{METADATA}", scope="files:read""#);
    assert_eq!(parameters(&challenge.www_authenticate), parameters(&example));
    // RFC 6750, section 3: `WWW-Authenticate: Bearer realm="example"`.
    let challenge = resource().with_realm("example").unwrap().without_token();
    assert!(challenge.www_authenticate.starts_with(r#"Bearer realm="example", "#));
    for reason in [Reason::CredentialMissing, Reason::CredentialKind] {
        let decision = denial(reason, Remedy::InvalidToken);
        let challenge = self::challenge(&resource(), &decision);
        assert_eq!(challenge, resource().without_token());
        assert!(!challenge.www_authenticate.contains("error"));
    }
}

#[test]
fn a_token_that_is_no_good_is_invalid() {
    // RFC 6750, section 3, with the parameter of RFC 9728.
    let example = format!(
        r#"Bearer realm="example", error="invalid_token", resource_metadata="{METADATA}",
           error_description="The access token expired""#
    )
    .replace('\n', " ");
    let resource = resource().with_realm("example").unwrap();
    let decision = denial(Reason::CredentialExpired, Remedy::InvalidToken);
    let judged = challenge(&resource, &decision);
    assert_eq!((judged.status, said(&judged.www_authenticate)), (401, said(&example)));
    let unverified = resource.invalid_token();
    assert_eq!((unverified.status, said(&unverified.www_authenticate)), (401, said(&example)));
}

#[test]
fn a_token_with_too_little_scope_is_told_all_that_is_needed() {
    // MCP 2026-07-28, "Runtime Insufficient Scope Errors".
    let example = format!(
        r#"Bearer error="insufficient_scope", scope="files:write", resource_metadata="{METADATA}",
           error_description="File write permission required for this operation""#
    )
    .replace('\n', " ");
    let judged = challenge(&resource(), &scope_denial(&["files:write"]));
    assert_eq!((judged.status, said(&judged.www_authenticate)), (403, said(&example)));
    // RFC 6750, section 3.
    let scopes = ["urn:example:channel=HBO&urn:example:rating=G,PG-13", "email", "openid"];
    let judged = challenge(&resource(), &scope_denial(&scopes));
    let scope = "email openid urn:example:channel=HBO&urn:example:rating=G,PG-13";
    assert_eq!(parameters(&judged.www_authenticate)["scope"], scope);
}

#[test]
fn a_login_that_will_not_do_is_told_what_would() {
    // RFC 9470, section 3.
    for (decision, example) in [
        (login_denial(&["myACR"], None), r#"acr_values="myACR""#),
        (login_denial(&[], Some(5)), r#"max_age="5""#),
        (login_denial(&["phr", "mfa"], Some(0)), r#"acr_values="phr mfa", max_age="0""#),
    ] {
        let example = format!(
            r#"Bearer error="insufficient_user_authentication", {example},
               resource_metadata="{METADATA}", error_description="d""#
        )
        .replace('\n', " ");
        let judged = challenge(&resource(), &decision);
        assert_eq!((judged.status, said(&judged.www_authenticate)), (401, said(&example)));
    }
    // "If the resource server determines that the request is also lacking the scopes …"
    let mut decision = login_denial(&["phr"], None);
    let scope = Lack {
        reason: Reason::ScopeInsufficient,
        detail: String::new(),
        remedy: Remedy::InsufficientScope { scopes: strings(&["repo", "workflow"]) },
    };
    let lacks = vec![scope.clone()];
    let (rule, capability) = (String::new(), String::new());
    decision.alternatives = vec![Alternative { rule, capability, lacks }];
    let judged = challenge(&resource(), &decision);
    assert_eq!(parameters(&judged.www_authenticate)["scope"], "repo workflow");
}

#[test]
fn what_no_token_mends_gets_no_challenge() {
    let world = world();
    assert_eq!(resource().challenge(&decide(&world.engine, &good_call(&world))), Ok(None));
    let digest = world.engine.digest().clone();
    for (reason, remedy) in [
        (Reason::ClientPending, Remedy::Review { by: None, within: None }),
        (Reason::ConfirmationRequired, Remedy::Confirm { operation: digest.clone(), within: 1 }),
        (Reason::ConsentNone, Remedy::Consent { terms: String::new(), digest, purpose: None }),
    ] {
        assert_eq!(resource().challenge(&denial(reason, remedy)), Ok(None));
    }
    let bare = Decision { remedy: None, ..denial(Reason::RuleNone, Remedy::InvalidToken) };
    assert_eq!(resource().challenge(&bare), Ok(None));
}

#[test]
fn what_a_header_cannot_say_is_refused() {
    for scope in ["", "a b", "a\"b", "a\\b", "é", "a\r\nSet-Cookie: x=y", "\u{7f}"] {
        let error = Err(ChallengeError::Scope(scope.to_owned()));
        assert_eq!(resource().challenge(&scope_denial(&["ok", scope])), error);
        assert_eq!(resource().with_scopes(strings(&[scope])).map(|_| None), error);
    }
    for acr in ["", "a b", "é", "a\nb"] {
        let error = Err(ChallengeError::AcrValue(acr.to_owned()));
        assert_eq!(resource().challenge(&login_denial(&["ok", acr], None)), error);
    }
    let error = Err(ChallengeError::MaxAge(-1));
    assert_eq!(resource().challenge(&login_denial(&[], Some(-1))), error);
    for realm in ["é", "a\tb", "a\r\nb"] {
        let error = Err(ChallengeError::Realm(realm.to_owned()));
        assert_eq!(resource().with_realm(realm), error);
    }
    for url in [
        "",
        "/.well-known/oauth-protected-resource",
        "http://mcp.example.com/.well-known/oauth-protected-resource",
        "https://mcp.example.com/#fragment",
        "https://user@mcp.example.com/",
        "https://mcp.example.com/\", realm=\"",
        "https://mcp.example.com/\r\nSet-Cookie: x=y",
        "javascript:alert(1)",
    ] {
        let error = Err(ChallengeError::Metadata(url.to_owned()));
        assert_eq!(ProtectedResource::new(url), error);
    }
    for url in ["http://localhost:8080/x", "http://127.0.0.1/x", "http://[::1]:1/x"] {
        assert!(ProtectedResource::new(url).is_ok(), "{url}");
    }
}

/// Whatever policy and call hold, a challenge is one challenge with just its parameters, each of which
/// reads back as it was meant.
#[test]
fn nothing_breaks_out_of_the_header() {
    let hostile = || {
        let part =
            proptest::sample::select(vec!["\"", "\\", "\r\n", ", ", "=", "Bearer", "x", "é"]);
        let parts = proptest::collection::vec(part, 0..6).prop_map(|parts| parts.concat());
        proptest::prop_oneof![parts, "\\PC{0,8}", any::<String>()]
    };
    let texts = proptest::collection::vec(hostile(), 0..3);
    let strategy = (hostile(), hostile(), texts.clone(), texts, any::<Option<i64>>());
    let login = login_denial(&[], None);
    let scope = scope_denial(&[]);
    let mut runner = TestRunner::new(Config { cases: 2_000, ..Config::default() });
    let law = |(realm, metadata, words, classes, max_age): (String, _, Vec<String>, _, _)| {
        let resource = match ProtectedResource::new(&format!("https://example.com/{metadata}")) {
            Ok(resource) => resource,
            Err(_) => self::resource(),
        };
        let resource = resource.clone().with_realm(&realm).unwrap_or(resource);
        let scopes: BTreeSet<String> = words.into_iter().collect();
        let login = Decision {
            remedy: Some(Remedy::Reauthenticate { acr_values: classes, max_age }),
            ..login.clone()
        };
        let scope = Decision {
            remedy: Some(Remedy::InsufficientScope { scopes: scopes.clone() }),
            ..scope.clone()
        };
        let based = resource.clone().with_scopes(scopes).map(|resource| resource.without_token());
        let challenges = [resource.challenge(&login), resource.challenge(&scope), based.map(Some)];
        for challenge in challenges.into_iter().filter_map(Result::ok).flatten() {
            let header = &challenge.www_authenticate;
            assert!(header.bytes().all(|byte| (0x20..0x7f).contains(&byte)), "{header:?}");
            let known = [
                "realm",
                "error",
                "error_description",
                "scope",
                "acr_values",
                "max_age",
                "resource_metadata",
            ];
            for (name, value) in parameters(header) {
                assert!(known.contains(&name.as_str()), "{header}");
                let words: Vec<&str> = value.split(' ').collect();
                match name.as_str() {
                    "realm" => assert_eq!(value, realm),
                    "error" => assert!(words.len() == 1 && !header.contains("error=\"\"")),
                    "scope" | "acr_values" => assert!(words.iter().all(|word| !word.is_empty())),
                    "max_age" => assert_eq!(value.parse().ok(), max_age),
                    _ => {}
                }
            }
        }
        Ok(())
    };
    runner.run(&strategy, law).unwrap();
}

/// On real denials: a challenge where and only where a token would mend them, which asks for exactly
/// what the decision says.
#[test]
fn every_denial_of_the_worlds_is_answered() {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut fixed = vec![world()];
    fixed.extend((9_000..9_010).map(|seed| World::generate(seed).unwrap()));
    for (seed, world) in fixed.iter().enumerate() {
        let reference = Reference::new(&world.policy, &world.content).unwrap();
        let mut caller = Caller::new(world, &reference, seed as u64);
        // The fixed world is where all remedies occur.
        for _ in 0..if seed == 0 { 1_500 } else { 100 } {
            let call = caller.call();
            let bytes = serde_json::to_vec(&call).unwrap();
            let Ok(call) = placet_engine::Call::from_json(&bytes, &Default::default()) else {
                continue;
            };
            let decision = world.engine.decide(&call);
            let answer = resource().challenge(&decision).unwrap();
            let kind = decision.remedy.as_ref().map_or("none", Remedy::kind);
            *seen.entry(kind).or_default() += 1;
            let Some(Challenge { status, www_authenticate }) = answer else {
                assert!(["none", "review", "confirm", "consent"].contains(&kind), "{kind}");
                continue;
            };
            let said = parameters(&www_authenticate);
            let scope =
                said.get("scope").map(|scope| scope.split(' ').map(str::to_owned).collect());
            match decision.link {
                Some(Link::Credential) => assert_eq!((status, scope), (401, None)),
                Some(Link::Authentication) => {
                    assert_eq!(status, 401);
                    let lacks = &decision.alternatives[0].lacks;
                    let lacking = lacks.iter().any(|one| one.reason == Reason::ScopeInsufficient);
                    assert_eq!(scope, lacking.then(|| decision.needs.clone()));
                }
                Some(Link::Scope) => assert_eq!((status, scope), (403, Some(decision.needs))),
                other => panic!("{other:?} is challenged: {www_authenticate}"),
            }
        }
    }
    for kind in ["none", "consent", "invalid_token", "insufficient_scope", "reauthenticate"] {
        assert!(seen.get(kind).is_some_and(|times| *times > 5), "{seen:?}");
    }
}
