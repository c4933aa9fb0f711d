//! Tokens that are known by their form.

use std::ops::Range;

use crate::scan::placeholder::is_placeholder;

/// A kind of token: how it starts, and how long at least the rest is.
struct Form {
    what: &'static str,
    starts: &'static [&'static str],
    at_least: usize,
}

/// The more special before the more general.
const FORMS: &[Form] = &[
    Form {
        what: "a GitHub token",
        starts: &["ghp_", "gho_", "ghu_", "ghs_", "ghr_"],
        at_least: 30,
    },
    Form { what: "a GitHub token", starts: &["github_pat_"], at_least: 40 },
    Form {
        what: "a GitLab token",
        starts: &["glpat-", "gldt-", "glrt-", "glptt-", "glcbt-", "gloas-"],
        at_least: 20,
    },
    Form {
        what: "a Slack token",
        starts: &["xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xoxe-", "xoxe.", "xapp-"],
        at_least: 16,
    },
    Form { what: "an Anthropic key", starts: &["sk-ant-"], at_least: 20 },
    Form { what: "an OpenRouter key", starts: &["sk-or-"], at_least: 20 },
    Form { what: "an OpenAI key", starts: &["sk-proj-", "sk-svcacct-", "sk-admin-"], at_least: 20 },
    Form { what: "an API key", starts: &["sk-"], at_least: 32 },
    Form { what: "an AWS access key", starts: &["AKIA", "ASIA"], at_least: 16 },
    Form { what: "a Google API key", starts: &["AIza"], at_least: 35 },
    Form { what: "a Google token", starts: &["GOCSPX-", "ya29."], at_least: 24 },
    Form {
        what: "a Stripe key",
        starts: &["sk_live_", "sk_test_", "rk_live_", "rk_test_", "whsec_"],
        at_least: 16,
    },
    Form { what: "an npm token", starts: &["npm_"], at_least: 36 },
    Form { what: "a PyPI token", starts: &["pypi-AgE"], at_least: 40 },
    Form { what: "a Hugging Face token", starts: &["hf_"], at_least: 30 },
    Form { what: "a Docker token", starts: &["dckr_pat_"], at_least: 20 },
    Form { what: "a DigitalOcean token", starts: &["dop_v1_"], at_least: 40 },
    Form { what: "a Notion token", starts: &["ntn_"], at_least: 40 },
    Form { what: "a Linear key", starts: &["lin_api_"], at_least: 32 },
    Form { what: "a Figma token", starts: &["figd_"], at_least: 32 },
    Form { what: "a Groq key", starts: &["gsk_"], at_least: 40 },
    Form { what: "a Tavily key", starts: &["tvly-"], at_least: 24 },
];

const KEY_START: &str = "-----BEGIN ";
const KEY_HEAD: &str = "PRIVATE KEY-----";
const KEY_END: &str = "-----END ";

/// The tokens in a text, each with what it is.
pub(super) fn tokens(text: &str) -> Vec<(Range<usize>, &'static str)> {
    let mut found: Vec<(Range<usize>, &'static str)> = Vec::new();
    let mut add = |place: Range<usize>, what| {
        if !found.iter().any(|(one, _)| one.start < place.end && place.start < one.end) {
            found.push((place, what));
        }
    };
    private_keys(text).for_each(|place| add(place, "a private key"));
    web_tokens(text).for_each(|place| add(place, "a JSON Web Token"));
    for form in FORMS {
        for start in form.starts {
            for (at, _) in text.match_indices(start).filter(|(at, _)| is_start(text, *at)) {
                let body = body(text, at.saturating_add(start.len()));
                // Words with dashes between them have no digits.
                let is_key =
                    body.len() >= form.at_least && body.contains(|c: char| c.is_ascii_digit());
                if is_key && !is_placeholder(body) {
                    let length = start.len().saturating_add(body.len());
                    add(at..at.saturating_add(length), form.what);
                }
            }
        }
    }
    found
}

/// Whether a token may start here: nothing of a word stands before.
fn is_start(text: &str, at: usize) -> bool {
    let before = text.get(..at).and_then(|before| before.chars().next_back());
    before.is_none_or(|one| !one.is_alphanumeric())
        // The letter of an escape, as in `\nghp_…`.
        || text.get(..at).is_some_and(|before| {
            [r"\n", r"\t", r"\r"].iter().any(|escape| before.ends_with(escape))
        })
}

fn body(text: &str, at: usize) -> &str {
    let rest = text.get(at..).unwrap_or_default();
    let is_body = |one: char| one.is_ascii_alphanumeric() || "_-.".contains(one);
    let end = rest.find(|one| !is_body(one)).unwrap_or(rest.len());
    rest.get(..end).unwrap_or_default().trim_end_matches('.')
}

fn web_tokens(text: &str) -> impl Iterator<Item = Range<usize>> {
    text.match_indices("eyJ").filter(|(at, _)| is_start(text, *at)).filter_map(|(at, _)| {
        let token = body(text, at);
        let parts: Vec<&str> = token.split('.').collect();
        let [head, claims, _, ..] = parts.as_slice() else { return None };
        let is_token = head.len() > 8 && claims.len() > 8 && claims.starts_with("eyJ");
        is_token.then(|| at..at.saturating_add(token.len()))
    })
}

/// A key without its end takes all that follows: too much is masked rather than too little.
fn private_keys(text: &str) -> impl Iterator<Item = Range<usize>> {
    text.match_indices(KEY_START).filter_map(|(at, _)| {
        let rest = text.get(at..)?;
        let head = rest.find(KEY_HEAD).filter(|head| *head < 48)?.saturating_add(KEY_HEAD.len());
        let end = rest.find(KEY_END).unwrap_or(rest.len());
        let key = rest.get(head..end)?;
        let is_key = key.chars().filter(char::is_ascii_alphanumeric).count() >= 32;
        (is_key && !is_placeholder(key)).then(|| at..at.saturating_add(end))
    })
}
