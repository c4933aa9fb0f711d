//! The emitted Cedar, as a person reads it, of a policy that uses the whole language.

use std::collections::BTreeMap;

use cedar_policy_formatter::{Config, policies_str_to_pretty};
use placet_engine::policy_text;
use placet_language::{Limits, check, lower};

#[test]
fn the_emitted_cedar() {
    let files = BTreeMap::from([
        (
            String::from("everything.placet"),
            include_str!("cases/clean-everything.placet").to_owned(),
        ),
        (String::from("catalogue.json"), include_str!("cases/catalogue.json").to_owned()),
    ]);
    let policy = check(&files, &Limits::default()).policy.unwrap();
    let content = lower(&policy);
    for text in content.cedar.policies.values() {
        assert!(text.starts_with("@id(") && text.contains("\n@source("), "{text}");
    }
    let config = Config { line_width: 100, indent_width: 2 };
    let policies = policies_str_to_pretty(&policy_text(&content.cedar), &config).unwrap();
    insta::assert_snapshot!("policies", policies);
    insta::assert_snapshot!("schema", content.cedar.schema);
    let entities = serde_json::to_string_pretty(&content.cedar.entities).unwrap();
    insta::assert_snapshot!("entities", entities);
    let terms = serde_json::to_string_pretty(&content.terms).unwrap();
    insta::assert_snapshot!("terms", terms);
}
