//! The operation: is there such a server, method and target, and can the arguments be judged?

use serde_json::{Map, Value};

use crate::bundle::{Feature, Server, Tool};
use crate::call::Call;
use crate::chain::Break;
use crate::condition::quote;
use crate::digest::Digest;
use crate::reason::Reason;

/// Something that a call may be about, and arguments that can be judged.
pub(crate) struct Place<'a> {
    pub(crate) feature: Feature,
    pub(crate) tool: &'a Tool,
    pub(crate) arguments: &'a Map<String, Value>,
}

pub(crate) fn judge<'a>(server: Option<&'a Server>, call: &'a Call) -> Result<Place<'a>, Break> {
    let broken = |reason, detail| Err(Break::without_remedy(reason, detail));
    let Some(server) = server else {
        let detail = format!("the policy has no server {}", quote(&call.server));
        return broken(Reason::UnknownServer, detail);
    };
    let (feature, tool) = find(server, call)?;
    // Resources have no definition that could change.
    let has_definition = !matches!(feature, Feature::Resources(_));
    match &call.tool_digest {
        Some(stated) if tool.digest.as_ref() != Some(stated) => {
            let compiled = match &tool.digest {
                Some(digest) => digest.to_string(),
                None => String::from("without a digest"),
            };
            let detail =
                format!("the tool is {stated} now; the policy was compiled when it was {compiled}");
            return broken(Reason::ToolChanged, detail);
        }
        None if server.pin_tools && has_definition => {
            let detail = String::from("the server's tools are pinned, and the call has no digest");
            return broken(Reason::ToolChanged, detail);
        }
        _ => {}
    }
    match &call.arguments {
        Ok(arguments) => Ok(Place { feature, tool, arguments }),
        Err(invalid) => broken(Reason::InvalidArguments, invalid.to_string()),
    }
}

/// What the call is about, whatever its definition is by now.
pub(crate) fn find<'a>(server: &'a Server, call: &Call) -> Result<(Feature, &'a Tool), Break> {
    let target = call.target.as_str();
    let (found, reason, what) = match call.operation.as_str() {
        "tools/call" => {
            let tool = server.tools.get(target);
            let found = tool.map(|tool| (Feature::Tool(target.to_owned()), tool));
            (found, Reason::UnknownTool, "the server's catalogue has no tool")
        }
        "prompts/get" => {
            let prompt = server.prompts.get(target);
            let found = prompt.map(|prompt| (Feature::Prompt(target.to_owned()), prompt));
            (found, Reason::UnknownPrompt, "the server's catalogue has no prompt")
        }
        "resources/read" => {
            (resources(server, target), Reason::UnknownResource, "no capability speaks of resource")
        }
        other => {
            let detail = format!(
                "the policy judges `tools/call`, `resources/read` and `prompts/get`, not {}",
                quote(other)
            );
            return Err(Break::without_remedy(Reason::UnknownMethod, detail));
        }
    };
    found.ok_or_else(|| Break::without_remedy(reason, format!("{what} {}", quote(target))))
}

/// The set of patterns that a resource fits.
fn resources<'a>(server: &'a Server, uri: &str) -> Option<(Feature, &'a Tool)> {
    let fitting = server
        .resources
        .iter()
        .flat_map(|one| &one.patterns)
        .filter(|pattern| pattern.matches(uri))
        .cloned()
        .collect();
    let found = server.resources.iter().find(|one| one.patterns == fitting)?;
    Some((Feature::Resources(fitting), &found.tool))
}

/// The digest of an operation: of who does what through which client where, with which arguments and
/// for what, and not of the credential, the receipts or the time.
pub(crate) fn digest(call: &Call, tool: Option<&Tool>) -> Result<Digest, Break> {
    let cannot = |why: String| Break::without_remedy(Reason::InvalidArguments, why);
    let arguments = call.arguments.as_ref().map_err(|invalid| cannot(invalid.to_string()))?;
    let user = call
        .user
        .as_ref()
        .map(|user| serde_json::json!({"issuer": user.issuer, "subject": user.subject}));
    let operation = serde_json::json!({
        "user": user,
        "client": {"id": call.client.id, "issuer": call.client.issuer},
        "server": call.server,
        "operation": call.operation,
        "target": call.target,
        "tool_digest": tool.and_then(|tool| tool.digest.as_ref()),
        "purpose": call.purpose,
        "arguments": arguments,
    });
    Digest::of_json(&operation).map_err(|_| {
        cannot(String::from(
            "an integer is beyond ±2⁵³, so the operation that must be confirmed has no digest",
        ))
    })
}
