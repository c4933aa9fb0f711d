//! Rules that others find: the checker, so that `placet check` says it too, and the scan of clients'
//! configuration. Their findings can be given other levels, and be allowed, like lint's own.

use crate::lint::rules::prelude::*;

/// Declares rules: their name here, their code, who finds them, and what they serve.
macro_rules! found_by {
    ($by:ident: $($name:ident $code:ident [$(($standard:ident, $item:literal)),*];)*) => {
        $(pub(crate) static $name: Rule = Rule {
            code: Code::$code,
            level: Level::Warning,
            serves: &[$(($standard, $item)),*],
            by: By::$by,
            check: nothing,
        };)*
    };
}

found_by! { Check:
    UNREACHABLE Unreachable [(Csf, "PR.PS-01")];
    SHADOWED Shadowed [(Csf, "PR.PS-01"), (Csf, "PR.AA-05")];
    IMPOSSIBLE Impossible [(Csf, "PR.PS-01"), (Csf, "PR.AA-05")];
    REDUNDANT Redundant [(Csf, "PR.PS-01")];
    CAPABILITY_UNUSED CapabilityUnused [(Csf, "PR.PS-01")];
    CONSENT_UNUSED ConsentUnused [(Csf, "PR.PS-01"), (Agentic, "ASI09")];
    SCOPE_UNUSED ScopeUnused [(Practices, "Scope Minimization"), (Nhi, "NHI5"), (Mcp, "MCP02")];
    FACT_UNUSED FactUnused [(Csf, "PR.PS-01")];
    AMBIGUOUS ToolAmbiguous [(Mcp, "MCP02"), (Csf, "PR.AA-05")];
    UNREVIEWED PinUnreviewed [(Nhi, "NHI3"), (Csf, "PR.AA-02")];
    UNLOCKED Unlocked [(Mcp, "MCP03"), (Aisvs, "C10.4"), (Csf, "ID.RA-07")];
    LOCK_DRIFT LockDrift [(Mcp, "MCP02"), (Mcp, "MCP03"), (Aisvs, "C10.4")];
    LOCK_WIDENED LockWidened [(Mcp, "MCP02"), (Mcp, "MCP03"), (Agentic, "ASI04"), (Aisvs, "C10.4")];
    LOCK_COMPONENT LockComponent [(Mcp, "MCP04"), (Agentic, "ASI04"), (Aisvs, "C10.1")];
    DENY_OPTIONAL DenyOptional [(Mcp, "MCP07"), (Agentic, "ASI02")];
    UNTRUSTED SelectorUntrusted [(Mcp, "MCP03"), (Agentic, "ASI04"), (Aisvs, "C10.4")];
    INVALID_SCOPE ValueScope [(Rfc, "RFC 6749")];
    RESOURCE ValueResource [(Rfc, "RFC 8707"), (Practices, "Token Passthrough"), (Mcp, "MCP07")];
}

found_by! { Scan:
    SECRET ScanSecret [(Nhi, "NHI2"), (Mcp, "MCP01"), (Csf, "PR.AA-01")];
    UNPINNED ScanUnpinned [(Mcp, "MCP04"), (Agentic, "ASI04"), (Aisvs, "C10.1"), (Practices, "Local MCP Server Compromise")];
    HTTP ScanHttp [(Aisvs, "C10.3"), (Csf, "PR.DS-02"), (ZeroTrust, "Tenet 2")];
    UNCOVERED ScanUncovered [(Mcp, "MCP09"), (Csf, "ID.AM-02"), (Aisvs, "C10.1")];
}
