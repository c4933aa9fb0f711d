//! Which clients may register, and asking for what.

use std::collections::BTreeSet;

use placet_engine::call::Registration;
use placet_engine::{Reason, RegistrationRequest, RegistrationVerdict as Verdict};
use placet_tests::worlds::World;

const APP: &str = "https://app.example/c.json";
const LOOPBACK: &str = "http://127.0.0.1:9999/back";
const EVIL: &str = "https://evil.example/back";
const FIRST: &str = "https://login.example.com";
const SECOND: &str = "https://id.example.org/é#2";

#[test]
fn a_client_registers_within_what_its_line_says() {
    let world = World::fixed().unwrap_or_else(|error| panic!("{error}"));
    type Case<'c> = (&'c str, Option<&'c str>, Registration, &'c [&'c str], &'c [&'c str]);
    let document = Registration::MetadataDocument;
    let dynamic = Registration::Dynamic;
    let cases: Vec<(Case<'_>, Verdict, Option<Reason>)> = vec![
        (
            ("https://cursor.example/c.json", None, document, &["all"], &[EVIL]),
            Verdict::Approved,
            None,
        ),
        (
            ("https://cursor.example/c.json", None, dynamic, &[], &[]),
            Verdict::Refused,
            Some(Reason::RegistrationKind),
        ),
        // What is implied may be requested too.
        (
            (APP, None, document, &["all", "view"], &["https://app.example/back"]),
            Verdict::Approved,
            None,
        ),
        ((APP, None, document, &["bulk"], &[]), Verdict::Refused, Some(Reason::RegistrationScope)),
        (
            (APP, None, document, &[], &["https://app.example/back", EVIL]),
            Verdict::Refused,
            Some(Reason::RegistrationRedirect),
        ),
        (
            (APP, None, document, &[], &["https://sub.app.example/back"]),
            Verdict::Refused,
            Some(Reason::RegistrationRedirect),
        ),
        (
            ("https://app.example.evil.example/c", None, document, &[], &[]),
            Verdict::Refused,
            Some(Reason::UnknownClient),
        ),
        (
            ("https://app.example@evil.example/c", None, document, &[], &[]),
            Verdict::Refused,
            Some(Reason::UnknownClient),
        ),
        (
            ("http://app.example/c.json", None, document, &[], &[]),
            Verdict::Refused,
            Some(Reason::UnknownClient),
        ),
        ((APP, Some(FIRST), document, &[], &[]), Verdict::Refused, Some(Reason::UnknownClient)),
        (("dyn", None, dynamic, &[], &[]), Verdict::Refused, Some(Reason::UnknownClient)),
        (
            ("dyn", Some(SECOND), dynamic, &["view"], &[LOOPBACK]),
            Verdict::Pending,
            Some(Reason::ClientPending),
        ),
        // A line without an issuer admits at those that the servers accept.
        (
            ("dyn", Some("https://other.example"), dynamic, &["view"], &[LOOPBACK]),
            Verdict::Refused,
            Some(Reason::UnknownClient),
        ),
        // One line allows the scope, so another that does not is no matter.
        (("dyn", Some(FIRST), dynamic, &["run"], &[EVIL]), Verdict::Approved, None),
        // No single line allows both.
        (
            ("dyn", Some(FIRST), dynamic, &["run", "view"], &[LOOPBACK]),
            Verdict::Refused,
            Some(Reason::RegistrationScope),
        ),
        (
            ("dyn", Some(SECOND), dynamic, &["view"], &[LOOPBACK, EVIL]),
            Verdict::Refused,
            Some(Reason::RegistrationRedirect),
        ),
        (
            ("dyn", Some(SECOND), dynamic, &[], &["http://127.0.0.1.evil.example/"]),
            Verdict::Refused,
            Some(Reason::RegistrationRedirect),
        ),
        (
            ("dyn", Some(SECOND), dynamic, &[], &["http://localhost@evil.example/"]),
            Verdict::Refused,
            Some(Reason::RegistrationRedirect),
        ),
    ];
    for ((id, issuer, registration, scopes, redirects), verdict, reason) in cases {
        let request = RegistrationRequest {
            id: id.to_owned(),
            issuer: issuer.map(str::to_owned),
            registration,
            scopes: scopes.iter().map(|one| (*one).to_owned()).collect::<BTreeSet<_>>(),
            redirect_uris: redirects.iter().map(|one| (*one).to_owned()).collect(),
        };
        let decision = world.engine.decide_registration(&request);
        assert_eq!((decision.decision, decision.reason), (verdict, reason), "{request:?}");
    }
}
