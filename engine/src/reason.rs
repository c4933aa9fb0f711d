//! The links of the chain, and the stable reasons for which a call can fail at each.

use std::fmt;

use serde::{Serialize, Serializer};

/// A link of the chain, in the order in which they are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Link {
    /// What is to be done, and where.
    Operation,
    /// Whether the client is admitted.
    Registration,
    /// How the client proved its right.
    Credential,
    /// How the user logged in, and when.
    Authentication,
    /// What the token may be used for.
    Scope,
    /// What the user agreed to.
    Consent,
    /// What the author's rules say.
    Rule,
    /// What the user confirmed of this one operation.
    Confirmation,
    /// The engine itself.
    Evaluation,
}

impl Link {
    /// The links that every call passes.
    pub const CHAIN: [Self; 8] = [
        Self::Operation,
        Self::Registration,
        Self::Credential,
        Self::Authentication,
        Self::Scope,
        Self::Consent,
        Self::Rule,
        Self::Confirmation,
    ];

    /// The word for it in decisions.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Operation => "operation",
            Self::Registration => "registration",
            Self::Credential => "credential",
            Self::Authentication => "authentication",
            Self::Scope => "scope",
            Self::Consent => "consent",
            Self::Rule => "rule",
            Self::Confirmation => "confirmation",
            Self::Evaluation => "evaluation",
        }
    }
}

/// Declares the reasons once: variant, stable string, link, meaning.
macro_rules! reasons {
    ($($variant:ident, $text:literal, $link:ident, $meaning:literal;)*) => {
        /// Why a call is denied. The strings are stable: hosts and tests may match on them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason {
            $(#[doc = $meaning] $variant,)*
        }

        impl Reason {
            /// Every reason, in the order of the chain.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The stable string, such as `scope.insufficient`.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// The link at which the chain broke.
            pub fn link(self) -> Link {
                match self { $(Self::$variant => Link::$link,)* }
            }

            /// What it means, in one sentence.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)* }
            }
        }
    };
}

reasons! {
    UnknownServer, "operation.unknown-server", Operation,
        "No server of the policy has this identity.";
    UnknownMethod, "operation.unknown-method", Operation,
        "The policy judges `tools/call`, `resources/read` and `prompts/get`; this is another method.";
    UnknownTool, "operation.unknown-tool", Operation,
        "The server's catalogue has no tool of this name.";
    UnknownResource, "operation.unknown-resource", Operation,
        "No capability speaks of this resource, or its URI has no one normal form.";
    UnknownPrompt, "operation.unknown-prompt", Operation,
        "The server's catalogue has no prompt of this name.";
    ToolChanged, "operation.tool-changed", Operation,
        "The definition is not the one that the policy was compiled with, or the server's tools are pinned and the call does not say which it is.";
    InvalidArguments, "operation.invalid-arguments", Operation,
        "The arguments are not a JSON object, repeat a key, or are over a limit (an integer beyond ±2⁵³ where the operation must be confirmed).";
    UnknownClient, "registration.unknown-client", Registration,
        "No `client` line of the policy names this client, and no `register` line admits it.";
    ClientPending, "registration.pending", Registration,
        "The client's review has not ended.";
    ClientBlocked, "registration.blocked", Registration,
        "The client was reviewed and refused.";
    RegistrationKind, "registration.kind", Registration,
        "The client is named in the policy, but registered in another way than its line says.";
    RegistrationScope, "registration.scope", Registration,
        "The client wants to register for a scope that it may not request.";
    RegistrationRedirect, "registration.redirect", Registration,
        "The client wants to register a redirect URI that its `register` line does not allow.";
    MetadataChanged, "registration.metadata-changed", Registration,
        "The client's metadata are not those that were reviewed, or the server's clients are pinned and that cannot be told.";
    CredentialMissing, "credential.missing", Credential,
        "The call brings no credential.";
    CredentialKind, "credential.kind", Credential,
        "The server does not accept this kind of credential, or not for a tool of this access.";
    CredentialIssuer, "credential.issuer", Credential,
        "The token's issuer is not one of the server's, or not the user's.";
    CredentialAudience, "credential.audience", Credential,
        "The token was issued for another server.";
    CredentialExpired, "credential.expired", Credential,
        "The token's expiry is past.";
    CredentialNotYetValid, "credential.not-yet-valid", Credential,
        "The token was issued in the future.";
    CredentialSubject, "credential.subject", Credential,
        "The token belongs to somebody else than the call's user, or without a user to somebody else than the client.";
    CredentialClient, "credential.client", Credential,
        "The token was issued to another client than the call's.";
    CredentialLifetime, "credential.lifetime", Credential,
        "The token has no expiry, or the API key is older than the server allows.";
    CredentialNetwork, "credential.network", Credential,
        "The credential is accepted from other networks only, or the call has no address.";
    AuthenticationInsufficient, "authentication.insufficient", Authentication,
        "The user's login is too old or too weak for what a `require` rule asks.";
    ScopeInsufficient, "scope.insufficient", Scope,
        "The token lacks scopes that the capability needs.";
    ConsentUnknown, "consent.unknown", Consent,
        "A consent was to be given that the policy does not have at this server.";
    ConsentClient, "consent.client", Consent,
        "A consent was to be given to a client that it may not be given to.";
    ConsentNone, "consent.none", Consent,
        "The user never agreed to these terms for this client at this server.";
    ConsentExpired, "consent.expired", Consent,
        "The user's consent has ended.";
    ConsentWithdrawn, "consent.withdrawn", Consent,
        "The user took the consent back.";
    ConsentDrifted, "consent.drifted", Consent,
        "The terms are no longer those that the user agreed to.";
    ConsentNotCovered, "consent.not-covered", Consent,
        "The user agreed to these terms before they granted this, or granted as much of it.";
    ConsentPurpose, "consent.purpose", Consent,
        "The stated purpose is not one that the user agreed to, or none is stated and the terms ask for one.";
    RuleDenied, "rule.denied", Rule,
        "A `deny` rule forbids the call, or a `require` rule that no remedy could satisfy.";
    RuleNone, "rule.none", Rule,
        "No `allow` rule concerns this user, client, tool and these arguments.";
    ConfirmationRequired, "confirmation.required", Confirmation,
        "The user has not confirmed this one operation, or too long ago.";
    EvaluationError, "evaluation.error", Evaluation,
        "The decision could not be computed, or two ways of computing it disagree.";
}

impl fmt::Display for Link {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl Serialize for Link {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_starts_with_its_link() {
        for reason in Reason::ALL {
            assert!(reason.as_str().starts_with(&format!("{}.", reason.link())), "{reason}");
        }
    }
}
