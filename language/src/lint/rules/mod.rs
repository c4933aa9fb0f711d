//! The rules, one a file. What each means is on the page of its code, in `spec/diagnostics`.

mod elsewhere;
mod prelude;

use crate::diagnostic::Code;
use crate::lint::rule::Rule;

/// Declares the rules' modules, and lists what they declare.
macro_rules! rules {
    ($($module:ident)* ; $($found:ident)*) => {
        $(pub(crate) mod $module;)*

        /// Every rule: lint's own, then those that others find.
        pub static ALL: &[&Rule] = &[$(&$module::RULE,)* $(&elsewhere::$found,)*];
    };
}

rules! {
    // Consents.
    consent_grown consent_reworded consent_mild capability_understated consent_endless
    consent_extends consent_outlived consent_any_client consent_purposeless consent_unstated
    consent_nameless
    // Catalogues.
    drift_added drift_removed drift_renamed drift_widened drift_narrowed drift_reworded
    drift_suspicious drift_broken lock_stale tool_uncovered tool_deceptive access_name
    access_annotation access_scope
    // Scopes.
    scope_omnibus scope_mixed scope_redundant scope_shared scope_meaning scope_unsupported
    scope_undeclared metadata_mismatch
    // Registration.
    registration_unreviewed registration_any_redirect registration_destructive redirect_wildcard
    redirect_http client_unowned client_unreviewed client_blocked registry_unknown registry_rate
    // Credentials.
    credentials_unbound credentials_endless server_http token_unbounded
    // Hygiene.
    rule_anyone rule_without_consent rule_unguarded rule_reasonless deny_absent deny_list
    condition_glob settings_unused allowance_unusable allowance_expired allowance_unused
    ;
    UNREACHABLE SHADOWED IMPOSSIBLE REDUNDANT CAPABILITY_UNUSED CONSENT_UNUSED SCOPE_UNUSED FACT_UNUSED
    AMBIGUOUS UNREVIEWED UNLOCKED LOCK_DRIFT LOCK_WIDENED LOCK_COMPONENT DENY_OPTIONAL UNTRUSTED INVALID_SCOPE
    RESOURCE SECRET UNPINNED HTTP UNCOVERED
}

/// The rule whose findings have a code; `None` for what is no rule but a mistake.
pub fn rule(code: Code) -> Option<&'static Rule> {
    ALL.iter().copied().find(|rule| rule.code == code)
}
