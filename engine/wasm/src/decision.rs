//! A decision from its record. The component reads one where it is asked for a challenge or an audit
//! event, and its host in Rust reads those that the component gives: this file is part of both.

use placet_engine::bundle::Source;
use placet_engine::{
    Alternative, Decision, Digest, Lack, Link, Reason, Remedy, RuleReference, Unchecked, Verdict,
};

use crate::judge;

/// The decision of a record.
///
/// # Errors
///
/// What in it no engine says.
pub(crate) fn read(decision: judge::Decision) -> Result<Decision, String> {
    Ok(Decision {
        decision: match decision.decision {
            judge::Verdict::Allow => Verdict::Allow,
            judge::Verdict::Deny => Verdict::Deny,
        },
        reason: decision.reason.map(reason).transpose()?,
        link: decision.link.map(link),
        detail: decision.detail,
        rules: decision.rules.into_iter().map(rule_reference).collect(),
        remedy: decision.remedy.map(remedy).transpose()?,
        needs: decision.needs.into_iter().collect(),
        holds: decision.holds.into_iter().collect(),
        receipt: decision.receipt,
        policy: digest(decision.policy)?,
        alternatives: all(decision.alternatives, alternative)?,
        unchecked: decision.unchecked.into_iter().map(unchecked).collect(),
        operation: decision.operation.map(digest).transpose()?,
        consume: decision.consume,
    })
}

fn all<T, U>(items: Vec<T>, read: impl Fn(T) -> Result<U, String>) -> Result<Vec<U>, String> {
    items.into_iter().map(read).collect()
}

fn digest(text: String) -> Result<Digest, String> {
    Digest::parse(&text).ok_or_else(|| format!("`{text}` is no digest"))
}

fn reason(text: String) -> Result<Reason, String> {
    let mut known = Reason::ALL.iter().copied();
    known
        .find(|reason| reason.as_str() == text)
        .ok_or_else(|| format!("`{text}` is no reason of this engine's"))
}

fn link(link: judge::Link) -> Link {
    match link {
        judge::Link::Operation => Link::Operation,
        judge::Link::Registration => Link::Registration,
        judge::Link::Credential => Link::Credential,
        judge::Link::Authentication => Link::Authentication,
        judge::Link::Scope => Link::Scope,
        judge::Link::Consent => Link::Consent,
        judge::Link::Rule => Link::Rule,
        judge::Link::Confirmation => Link::Confirmation,
        judge::Link::Evaluation => Link::Evaluation,
    }
}

fn rule_reference(rule: judge::RuleReference) -> RuleReference {
    let line = usize::try_from(rule.line).unwrap_or(usize::MAX);
    RuleReference { id: rule.id, source: Source { file: rule.file, line }, because: rule.because }
}

fn remedy(remedy: judge::Remedy) -> Result<Remedy, String> {
    Ok(match remedy {
        judge::Remedy::Review(judge::Review { by, within }) => Remedy::Review { by, within },
        judge::Remedy::Reauthenticate(judge::Reauthenticate { acr_values, max_age }) => {
            Remedy::Reauthenticate { acr_values, max_age }
        }
        judge::Remedy::Confirm(judge::Confirm { operation, within }) => {
            Remedy::Confirm { operation: digest(operation)?, within }
        }
        judge::Remedy::InvalidToken => Remedy::InvalidToken,
        judge::Remedy::InsufficientScope(judge::InsufficientScope { scopes }) => {
            Remedy::InsufficientScope { scopes: scopes.into_iter().collect() }
        }
        judge::Remedy::Consent(consent) => Remedy::Consent {
            terms: consent.terms,
            digest: digest(consent.digest)?,
            purpose: consent.purpose,
        },
    })
}

fn lack(lack: judge::Lack) -> Result<Lack, String> {
    Ok(Lack { reason: reason(lack.reason)?, detail: lack.detail, remedy: remedy(lack.remedy)? })
}

fn alternative(alternative: judge::Alternative) -> Result<Alternative, String> {
    Ok(Alternative {
        rule: alternative.rule,
        capability: alternative.capability,
        lacks: all(alternative.lacks, lack)?,
    })
}

fn unchecked(unchecked: judge::Unchecked) -> Unchecked {
    match unchecked {
        judge::Unchecked::ToolDigest => Unchecked::ToolDigest,
        judge::Unchecked::MetadataDigest => Unchecked::MetadataDigest,
    }
}
