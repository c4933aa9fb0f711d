//! Standards: what rules serve, by the items that others cite.

use std::fmt;

use serde::Serialize;

/// A standard or a list of risks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "&'static str")]
pub enum Standard {
    /// OWASP Non-Human Identities Top 10.
    Nhi,
    /// OWASP MCP Top 10.
    Mcp,
    /// OWASP Top 10 for Agentic Applications.
    Agentic,
    /// OWASP AI Security Verification Standard, chapter C10.
    Aisvs,
    /// NIST SP 800-207.
    ZeroTrust,
    /// NIST Cybersecurity Framework 2.0.
    Csf,
    /// MCP's security best practices.
    Practices,
    /// RFCs of the IETF.
    Rfc,
}

/// An item of a standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item {
    /// How it is cited.
    pub id: &'static str,
    /// What it is called.
    pub title: &'static str,
}

/// Items by their ids and titles.
macro_rules! items {
    ($($id:literal $title:literal)*) => { &[$(Item { id: $id, title: $title }),*] };
}

const NHI: &[Item] = items! {
    "NHI1" "Improper offboarding"
    "NHI2" "Secret leakage"
    "NHI3" "Vulnerable third-party NHI"
    "NHI4" "Insecure authentication"
    "NHI5" "Overprivileged NHI"
    "NHI6" "Insecure cloud deployment configurations"
    "NHI7" "Long-lived secrets"
    "NHI8" "Environment isolation"
    "NHI9" "NHI reuse"
    "NHI10" "Human use of NHI"
};

const MCP: &[Item] = items! {
    "MCP01" "Token mismanagement and secret exposure"
    "MCP02" "Privilege escalation via scope creep"
    "MCP03" "Tool poisoning"
    "MCP04" "Software supply chain attacks and dependency tampering"
    "MCP05" "Command injection and execution"
    "MCP06" "Prompt injection via contextual payloads"
    "MCP07" "Insufficient authentication and authorization"
    "MCP08" "Lack of audit and telemetry"
    "MCP09" "Shadow MCP servers"
    "MCP10" "Context injection and over-sharing"
};

const AGENTIC: &[Item] = items! {
    "ASI01" "Agent goal hijack"
    "ASI02" "Tool misuse and exploitation"
    "ASI03" "Identity and privilege abuse"
    "ASI04" "Agentic supply chain vulnerabilities"
    "ASI05" "Unexpected code execution"
    "ASI06" "Memory and context poisoning"
    "ASI07" "Insecure inter-agent communication"
    "ASI08" "Cascading failures"
    "ASI09" "Human-agent trust exploitation"
    "ASI10" "Rogue agents"
};

const AISVS: &[Item] = items! {
    "C10.1" "Component integrity and supply chain hygiene"
    "C10.2" "Authentication and authorization"
    "C10.3" "Secure transport and network boundary protection"
    "C10.4" "Schema, message and input validation"
    "C10.5" "Outbound access and agent execution safety"
    "C10.6" "Transport restrictions and high-risk boundary controls"
};

const ZERO_TRUST: &[Item] = items! {
    "Tenet 1" "All data sources and computing services are resources"
    "Tenet 2" "All communication is secured regardless of network location"
    "Tenet 3" "Access to individual resources is granted per session"
    "Tenet 4" "Access is determined by dynamic policy"
    "Tenet 5" "The integrity and security posture of all assets is monitored and measured"
    "Tenet 6" "Authentication and authorization are dynamic and strictly enforced before access"
    "Tenet 7" "As much information as possible is collected on the state of assets"
};

const CSF: &[Item] = items! {
    "GV.SC-07" "Risks posed by suppliers are understood, recorded and monitored"
    "ID.AM-02" "Inventories of software, services and systems are maintained"
    "ID.RA-01" "Vulnerabilities in assets are identified, validated and recorded"
    "ID.RA-07" "Changes and exceptions are managed, assessed and tracked"
    "PR.AA-01" "Identities and credentials are managed"
    "PR.AA-02" "Identities are proofed and bound to credentials"
    "PR.AA-03" "Users, services and hardware are authenticated"
    "PR.AA-05" "Access permissions are defined in a policy, managed, enforced and reviewed"
    "PR.DS-02" "Data in transit is protected"
    "PR.PS-01" "Configuration management practices are established and applied"
    "DE.CM-06" "External service provider activities are monitored"
    "DE.CM-09" "Software and services are monitored to find adverse events"
};

const PRACTICES: &[Item] = items! {
    "Confused Deputy Problem" "Attacks that reuse a consent for another client"
    "Token Passthrough" "Tokens that were not issued for the server"
    "Session Hijacking" "Sessions that stand in for authentication"
    "Local MCP Server Compromise" "Programs that clients start on a user's machine"
    "Scope Minimization" "Broad scopes and omnibus scopes"
};

const RFC: &[Item] = items! {
    "RFC 6749" "The OAuth 2.0 authorization framework"
    "RFC 6750" "Bearer token usage"
    "RFC 7591" "Dynamic client registration"
    "RFC 8252" "OAuth 2.0 for native apps"
    "RFC 8414" "Authorization server metadata"
    "RFC 8707" "Resource indicators"
    "RFC 9470" "Step-up authentication challenge"
    "RFC 9700" "Best current practice for OAuth 2.0 security"
    "RFC 9728" "Protected resource metadata"
};

impl Standard {
    /// Every standard.
    pub const ALL: [Self; 8] = [
        Self::Nhi,
        Self::Mcp,
        Self::Agentic,
        Self::Aisvs,
        Self::ZeroTrust,
        Self::Csf,
        Self::Practices,
        Self::Rfc,
    ];

    /// The name by which a user picks it.
    pub fn key(self) -> &'static str {
        match self {
            Self::Nhi => "owasp-nhi",
            Self::Mcp => "owasp-mcp",
            Self::Agentic => "owasp-agentic",
            Self::Aisvs => "owasp-aisvs",
            Self::ZeroTrust => "nist-800-207",
            Self::Csf => "nist-csf",
            Self::Practices => "mcp",
            Self::Rfc => "rfc",
        }
    }

    /// Its title, with the version that is cited.
    pub fn title(self) -> &'static str {
        match self {
            Self::Nhi => "OWASP Non-Human Identities Top 10 (2025)",
            Self::Mcp => "OWASP MCP Top 10 (2025, beta)",
            Self::Agentic => "OWASP Top 10 for Agentic Applications (2026)",
            Self::Aisvs => "OWASP AISVS 1.0, chapter C10 (Model Context Protocol security)",
            Self::ZeroTrust => "NIST SP 800-207, Zero Trust Architecture, section 2.1",
            Self::Csf => "NIST Cybersecurity Framework 2.0",
            Self::Practices => "MCP security best practices",
            Self::Rfc => "RFCs of the IETF",
        }
    }

    /// Where it is published.
    pub fn url(self) -> &'static str {
        match self {
            Self::Nhi => "https://owasp.org/www-project-non-human-identities-top-10/2025/",
            Self::Mcp => "https://owasp.org/www-project-mcp-top-10/",
            Self::Agentic => {
                "https://genai.owasp.org/resource/owasp-top-10-for-agentic-applications-for-2026/"
            }
            Self::Aisvs => "https://github.com/OWASP/AISVS",
            Self::ZeroTrust => "https://doi.org/10.6028/NIST.SP.800-207",
            Self::Csf => "https://www.nist.gov/cyberframework",
            Self::Practices => {
                "https://modelcontextprotocol.io/specification/latest/basic/security_best_practices"
            }
            Self::Rfc => "https://www.rfc-editor.org/",
        }
    }

    /// Its items; of a large standard those that a policy on consent and scope can serve.
    pub fn items(self) -> &'static [Item] {
        match self {
            Self::Nhi => NHI,
            Self::Mcp => MCP,
            Self::Agentic => AGENTIC,
            Self::Aisvs => AISVS,
            Self::ZeroTrust => ZERO_TRUST,
            Self::Csf => CSF,
            Self::Practices => PRACTICES,
            Self::Rfc => RFC,
        }
    }
}

impl From<Standard> for &'static str {
    fn from(standard: Standard) -> Self {
        standard.key()
    }
}

impl fmt::Display for Standard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.key())
    }
}
