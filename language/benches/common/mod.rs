//! Policies of any size, for benchmarks: the same numbers give the same policy.

#![expect(clippy::arithmetic_side_effects, reason = "small numbers of a benchmark")]

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Tools of one capability.
const TOOLS_EACH: usize = 5;

/// A policy with so many rules over so many tools, and its catalogue: a server, scopes, groups,
/// clients, capabilities of five tools, a consent for each capability; of ten rules eight allow
/// under consent with conditions on arguments, one denies and one requires a recent login.
pub(crate) fn policy(rules: usize, tools: usize) -> BTreeMap<String, String> {
    let capabilities = tools.div_ceil(TOOLS_EACH).max(1);
    let mut text = String::from(
        "edition 2026\n\n\
         server hub {\n    resource  \"https://mcp.example.com/hub\"\n    \
         issuer    \"https://login.example.com\"\n    catalogue \"catalogue.json\"\n}\n\n\
         scope \"write\" on hub implies \"read\"\nscope \"read\"  on hub\n\n",
    );
    // Writing into a string cannot fail.
    for group in 0..50 {
        let _ = writeln!(text, "group g{group} from claim \"groups\" has \"g{group}\"");
    }
    for client in 0..20 {
        let _ = writeln!(text, "client c{client} \"https://c{client}.example/client.json\"");
    }
    for capability in 0..capabilities {
        let names: Vec<String> = (0..TOOLS_EACH)
            .map(|index| capability * TOOLS_EACH + index)
            .filter(|tool| *tool < tools)
            .map(|tool| format!("tool_{tool}"))
            .collect();
        let access = match capability % 3 {
            0 => "read",
            1 => "write",
            _ => "destructive",
        };
        let needs = if access == "read" { "read" } else { "write" };
        let _ = writeln!(
            text,
            "\ncapability cap{capability} \"Use part {capability}\" on hub {{\n    tools  {}\n    \
             access {access}\n    needs  \"{needs}\"\n}}\n\n\
             consent con{capability} \"Let {{client}} use part {capability}\" {{\n    \
             grants cap{capability}\n    lasts  30 days\n}}",
            names.join(", ")
        );
    }
    for rule in 0..rules {
        let (capability, group, client) = (rule % capabilities, rule % 50, rule % 20);
        let _ = match rule % 10 {
            8 => writeln!(
                text,
                "\ndeny r{rule}\n    g{group} via c{client} to cap{capability}\n    \
                 when args.owner == \"o{rule}\"\n    because \"not for them\""
            ),
            9 => writeln!(
                text,
                "\nrequire r{rule}\n    g{group} for cap{capability}\n    token.auth_age <= {} \
                 minutes else reauthenticate within {} minutes",
                rule % 60 + 1,
                rule % 60 + 1
            ),
            _ => writeln!(
                text,
                "\nallow r{rule}\n    g{group} via c{client} to cap{capability} under \
                 con{capability}\n    when args.owner in [\"o{rule}\", \"acme\"] and \
                 args.path under \"/srv/{rule}\""
            ),
        };
    }
    let tools: Vec<String> = (0..tools)
        .map(|tool| {
            format!(
                "{{\"name\": \"tool_{tool}\", \"inputSchema\": {{\"type\": \"object\", \
                 \"properties\": {{\"owner\": {{\"type\": \"string\"}}, \"path\": {{\"type\": \
                 \"string\"}}, \"count\": {{\"type\": \"integer\"}}}}, \"required\": [\"owner\", \
                 \"path\"]}}}}"
            )
        })
        .collect();
    BTreeMap::from([
        (String::from("policy.placet"), text),
        (String::from("catalogue.json"), format!("{{\"tools\": [{}]}}", tools.join(",\n"))),
    ])
}
