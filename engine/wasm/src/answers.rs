//! What the engine says, as records of the interface.

use std::collections::BTreeSet;

use placet_engine::bundle::{Access, KeyError};
use placet_engine::call::{self, ClientId, Fact, UserId};
use placet_engine::{
    AllowVerdict, Alternative, BundleError, ConsentDecision, Decision, DenyVerdict, Explanation,
    Lack, Link, LinkVerdict, NeededFact, Outcome, Reason, RegistrationDecision,
    RegistrationVerdict, Remedy, RequireVerdict, RuleReference, Shown, ToolVisibility, Unchecked,
    Verdict, Visibility,
};

use crate::judge::{self, CallError, LoadError, LoadErrorKind};
use crate::questions::unreadable;

pub(crate) fn load_error(error: BundleError) -> LoadError {
    let kind = match error {
        BundleError::TooLarge { .. }
        | BundleError::TooMany { .. }
        | BundleError::TooDeep { .. } => LoadErrorKind::Limit,
        BundleError::Truncated | BundleError::Unreadable(_) | BundleError::NotCanonical => {
            LoadErrorKind::Unreadable
        }
        BundleError::NewerFormat { .. } | BundleError::NewerEdition { .. } => LoadErrorKind::Newer,
        BundleError::Altered { .. } => LoadErrorKind::Altered,
        BundleError::Signed
        | BundleError::Unsigned
        | BundleError::UnknownKey { .. }
        | BundleError::BadSignature { .. }
        | BundleError::OldSerial { .. } => LoadErrorKind::Signature,
        BundleError::Cedar(_) | BundleError::Inconsistent(_) => LoadErrorKind::Inconsistent,
    };
    LoadError { kind, message: error.to_string() }
}

pub(crate) fn key_error(error: KeyError) -> LoadError {
    LoadError { kind: LoadErrorKind::Key, message: error.to_string() }
}

pub(crate) fn decision(decision: Decision) -> judge::Decision {
    judge::Decision {
        decision: verdict(decision.decision),
        reason: decision.reason.map(reason),
        link: decision.link.map(link),
        detail: decision.detail,
        rules: all(decision.rules, rule_reference),
        remedy: decision.remedy.map(remedy),
        needs: list(decision.needs),
        holds: list(decision.holds),
        receipt: decision.receipt,
        policy: decision.policy.to_string(),
        alternatives: all(decision.alternatives, alternative),
        unchecked: all(decision.unchecked, unchecked),
        operation: decision.operation.map(|digest| digest.to_string()),
        consume: decision.consume,
    }
}

fn fact(fact: Fact) -> Result<judge::Fact, CallError> {
    Ok(judge::Fact {
        component: fact.function.component.to_string(),
        function: fact.function.name,
        argument: fact.argument,
        value: serde_json::to_string(&fact.value).map_err(unreadable)?,
    })
}

pub(crate) fn needed_fact(needed: NeededFact) -> judge::NeededFact {
    judge::NeededFact {
        component: needed.component.to_string(),
        function: needed.function,
        argument: needed.argument,
        input: needed.input,
    }
}

pub(crate) fn registration_decision(decision: RegistrationDecision) -> judge::RegistrationDecision {
    judge::RegistrationDecision {
        decision: match decision.decision {
            RegistrationVerdict::Approved => judge::RegistrationVerdict::Approved,
            RegistrationVerdict::Pending => judge::RegistrationVerdict::Pending,
            RegistrationVerdict::Refused => judge::RegistrationVerdict::Refused,
        },
        reason: decision.reason.map(reason),
        detail: decision.detail,
        remedy: decision.remedy.map(remedy),
    }
}

pub(crate) fn consent_decision(decision: ConsentDecision) -> judge::ConsentDecision {
    judge::ConsentDecision {
        decision: verdict(decision.decision),
        reason: decision.reason.map(reason),
        link: decision.link.map(link),
        detail: decision.detail,
        remedy: decision.remedy.map(remedy),
        rules: all(decision.rules, rule_reference),
        shown: decision.shown.map(shown),
        scopes: list(decision.scopes),
        receipt: decision.receipt.map(receipt),
        policy: decision.policy.to_string(),
    }
}

pub(crate) fn tool_visibility(tool: ToolVisibility) -> Result<judge::ToolVisibility, CallError> {
    let example = tool.example.map(|example| serde_json::to_string(&example));
    Ok(judge::ToolVisibility {
        tool: tool.tool,
        visibility: match tool.visibility {
            Visibility::Visible => judge::Visibility::Visible,
            Visibility::Lacking => judge::Visibility::Lacking,
            Visibility::Hidden => judge::Visibility::Hidden,
        },
        reason: tool.reason.map(reason),
        detail: tool.detail,
        lacks: all(tool.lacks, lack),
        example: example.transpose().map_err(unreadable)?,
        facts: tool.facts.into_iter().map(fact).collect::<Result<_, _>>()?,
    })
}

pub(crate) fn explanation(explanation: Explanation) -> judge::Explanation {
    judge::Explanation {
        decision: decision(explanation.decision),
        links: all(explanation.links, link_verdict),
        allows: all(explanation.allows, allow_verdict),
        denies: all(explanation.denies, deny_verdict),
        requires: all(explanation.requires, require_verdict),
    }
}

fn all<T, U>(items: Vec<T>, write: impl Fn(T) -> U) -> Vec<U> {
    items.into_iter().map(write).collect()
}

fn list(texts: BTreeSet<String>) -> Vec<String> {
    texts.into_iter().collect()
}

fn line(line: usize) -> u32 {
    u32::try_from(line).unwrap_or(u32::MAX)
}

fn verdict(verdict: Verdict) -> judge::Verdict {
    match verdict {
        Verdict::Allow => judge::Verdict::Allow,
        Verdict::Deny => judge::Verdict::Deny,
    }
}

fn reason(reason: Reason) -> String {
    reason.as_str().to_owned()
}

fn link(link: Link) -> judge::Link {
    match link {
        Link::Operation => judge::Link::Operation,
        Link::Registration => judge::Link::Registration,
        Link::Credential => judge::Link::Credential,
        Link::Authentication => judge::Link::Authentication,
        Link::Scope => judge::Link::Scope,
        Link::Consent => judge::Link::Consent,
        Link::Rule => judge::Link::Rule,
        Link::Confirmation => judge::Link::Confirmation,
        Link::Evaluation => judge::Link::Evaluation,
    }
}

fn rule_reference(rule: RuleReference) -> judge::RuleReference {
    judge::RuleReference {
        id: rule.id,
        file: rule.source.file,
        line: line(rule.source.line),
        because: rule.because,
    }
}

fn remedy(remedy: Remedy) -> judge::Remedy {
    match remedy {
        Remedy::Review { by, within } => judge::Remedy::Review(judge::Review { by, within }),
        Remedy::Reauthenticate { acr_values, max_age } => {
            judge::Remedy::Reauthenticate(judge::Reauthenticate { acr_values, max_age })
        }
        Remedy::Confirm { operation, within } => {
            judge::Remedy::Confirm(judge::Confirm { operation: operation.to_string(), within })
        }
        Remedy::InvalidToken => judge::Remedy::InvalidToken,
        Remedy::InsufficientScope { scopes } => {
            judge::Remedy::InsufficientScope(judge::InsufficientScope { scopes: list(scopes) })
        }
        Remedy::Consent { terms, digest, purpose } => {
            let digest = digest.to_string();
            judge::Remedy::Consent(judge::Consent { terms, digest, purpose })
        }
    }
}

fn lack(lack: Lack) -> judge::Lack {
    judge::Lack { reason: reason(lack.reason), detail: lack.detail, remedy: remedy(lack.remedy) }
}

fn alternative(alternative: Alternative) -> judge::Alternative {
    judge::Alternative {
        rule: alternative.rule,
        capability: alternative.capability,
        lacks: all(alternative.lacks, lack),
    }
}

fn unchecked(unchecked: Unchecked) -> judge::Unchecked {
    match unchecked {
        Unchecked::ToolDigest => judge::Unchecked::ToolDigest,
        Unchecked::MetadataDigest => judge::Unchecked::MetadataDigest,
    }
}

fn shown(shown: Shown) -> judge::Shown {
    judge::Shown {
        text: shown.text,
        lines: shown.lines,
        purposes: list(shown.purposes),
        access: shown.access.map(|access| match access {
            Access::Read => judge::Access::Read,
            Access::Write => judge::Access::Write,
            Access::Destructive => judge::Access::Destructive,
        }),
        expires_at: shown.expires_at,
    }
}

fn receipt(receipt: call::Receipt) -> judge::Receipt {
    let UserId { issuer, subject } = receipt.user;
    let ClientId { id, issuer: at } = receipt.client;
    judge::Receipt {
        id: receipt.id,
        terms: receipt.terms,
        digest: receipt.digest.to_string(),
        user: judge::UserId { issuer, subject },
        client: judge::ClientId { id, issuer: at },
        server: receipt.server,
        purpose: receipt.purpose,
        given_at: receipt.given_at,
        expires_at: receipt.expires_at,
        withdrawn_at: receipt.withdrawn_at,
    }
}

fn link_verdict(verdict: LinkVerdict) -> judge::LinkVerdict {
    judge::LinkVerdict {
        link: link(verdict.link),
        outcome: match verdict.outcome {
            Outcome::Passed => judge::Outcome::Passed,
            Outcome::Failed => judge::Outcome::Failed,
            Outcome::NotReached => judge::Outcome::NotReached,
        },
        detail: verdict.detail,
    }
}

fn allow_verdict(verdict: AllowVerdict) -> judge::AllowVerdict {
    judge::AllowVerdict {
        rule: verdict.rule,
        file: verdict.source.file,
        line: line(verdict.source.line),
        capability: verdict.capability,
        lacks: verdict.lacks,
    }
}

fn deny_verdict(verdict: DenyVerdict) -> judge::DenyVerdict {
    judge::DenyVerdict {
        rule: verdict.rule,
        file: verdict.source.file,
        line: line(verdict.source.line),
        because: verdict.because,
    }
}

fn require_verdict(verdict: RequireVerdict) -> judge::RequireVerdict {
    judge::RequireVerdict {
        rule: verdict.rule,
        file: verdict.source.file,
        line: line(verdict.source.line),
        because: verdict.because,
        lacks: verdict.lacks,
    }
}
