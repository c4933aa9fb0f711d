//! Settings: what `placet.toml` beside a policy says to lint.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

use crate::diagnostic::{Code, did_you_mean};
use crate::lint::finding::{Finding, Level};
use crate::lint::rules;

/// The file of the settings, beside the policy.
pub const FILE: &str = "placet.toml";

/// What a policy's authors settled.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settings {
    /// Levels of rules that are not their own; `None`: the rule is off.
    levels: BTreeMap<Code, Option<Level>>,
    /// What is said of servers, by their names in the policy.
    pub servers: BTreeMap<String, ServerSettings>,
    /// The export of the authorization server's clients, relative to the policy's folder.
    pub registry: Option<String>,
    /// How many clients may register on one day before lint says so.
    pub registrations_per_day: usize,
}

/// What is said of a server.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct ServerSettings {
    /// The command that starts a local server, for its catalogue.
    pub command: Vec<String>,
    /// Where its catalogue is fetched; by default its resource URI.
    pub url: Option<String>,
    /// The environment variable that holds a bearer token for that.
    pub token_env: Option<String>,
    /// Its protected resource metadata (RFC 9728), relative to the policy's folder.
    pub metadata: Option<String>,
    /// Tools and prompts that no capability holds on purpose, each with the reason.
    pub excluded: BTreeMap<String, String>,
}

/// Why settings cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsError(String);

impl fmt::Display for SettingsError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for SettingsError {}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Document {
    lint: Lint,
    registry: Option<Registry>,
    servers: BTreeMap<String, ServerSettings>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Lint {
    levels: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Registry {
    clients: String,
    #[serde(default = "ten")]
    per_day: usize,
}

/// More clients than a team adds on one day.
fn ten() -> usize {
    10
}

impl Settings {
    /// Reads the file.
    ///
    /// # Errors
    ///
    /// [`SettingsError`]: not TOML, an unknown key, a code that no rule has, a level that is none, or a
    /// tool that is excluded without a reason.
    pub fn read(text: &str) -> Result<Self, SettingsError> {
        let document: Document = toml::from_str(text).map_err(|error| {
            let line = error.span().map(|span| {
                let before = text.get(..span.start).unwrap_or_default();
                format!(" in line {}", before.matches('\n').count().saturating_add(1))
            });
            let message = error.message().trim_end();
            SettingsError(format!("{message}{}", line.unwrap_or_default()))
        })?;
        let mut levels = BTreeMap::new();
        for (code, level) in document.lint.levels {
            let known = rules::ALL.iter().map(|rule| rule.code);
            let Some(found) = known.clone().find(|known| known.as_str() == code) else {
                let near = did_you_mean(&code, known.map(Code::as_str));
                let near = near.map(|near| format!("; {near}")).unwrap_or_default();
                return Err(SettingsError(format!("there is no rule `{code}`{near}")));
            };
            levels.insert(found, level_of(&code, &level)?);
        }
        for (server, settings) in &document.servers {
            for (tool, reason) in &settings.excluded {
                if reason.trim().is_empty() {
                    return Err(SettingsError(format!(
                        "`{tool}` of server `{server}` is excluded without a reason"
                    )));
                }
            }
        }
        let per_day = document.registry.as_ref().map_or_else(ten, |registry| registry.per_day);
        Ok(Self {
            levels,
            servers: document.servers,
            registry: document.registry.map(|registry| registry.clients),
            registrations_per_day: per_day,
        })
    }

    /// Gives findings the levels that are settled, and leaves out what is off. An error of the checker
    /// stays what it is: the policy is unusable for it.
    pub(super) fn apply(&self, findings: &mut Vec<Finding>) {
        findings.retain_mut(|finding| {
            let by_rule = rules::rule(finding.code()).is_some();
            match self.levels.get(&finding.code()) {
                Some(settled) if by_rule && !finding.makes_unusable() => match settled {
                    None => return false,
                    Some(level) => finding.weigh(*level),
                },
                _ => {}
            }
            true
        });
    }
}

fn level_of(code: &str, level: &str) -> Result<Option<Level>, SettingsError> {
    if level == "off" {
        return Ok(None);
    }
    let found = Level::ALL.into_iter().find(|known| known.to_string() == level);
    found.map(Some).ok_or_else(|| {
        SettingsError(format!(
            "`{code}` has the level `{level}`, which is none: write `off`, `note`, `warning` or `error`"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for (text, why) in [
            ("[lint.levels]\n\"consent.endles\" = \"off\"", "did you mean `consent.endless`?"),
            ("[lint.levels]\n\"consent.endless\" = \"fatal\"", "which is none"),
            ("[lint]\nlevel = 1", "unknown field `level`"),
            ("[servers.x.excluded]\ny = \" \"", "without a reason"),
            ("[registry]\nper-day = 1", "missing field `clients`"),
            ("lint = [", "in line 1"),
        ] {
            let error = Settings::read(text).unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
        assert_eq!(Settings::read("").unwrap().registrations_per_day, 10);
    }
}
