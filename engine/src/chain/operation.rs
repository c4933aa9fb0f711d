//! The operation: is there such a server, method and tool, and can the arguments be judged?

use serde_json::{Map, Value};

use crate::bundle::{Server, Tool};
use crate::call::Call;
use crate::chain::Break;
use crate::condition::quote;
use crate::reason::Reason;

/// The one method that this edition judges.
const CALL_TOOL: &str = "tools/call";

/// A tool that a call names, and arguments that can be judged.
pub(crate) struct Place<'a> {
    pub(crate) tool: &'a Tool,
    pub(crate) arguments: &'a Map<String, Value>,
}

pub(crate) fn judge<'a>(server: Option<&'a Server>, call: &'a Call) -> Result<Place<'a>, Break> {
    let broken = |reason, detail| Err(Break::without_remedy(reason, detail));
    let Some(server) = server else {
        let detail = format!("the policy has no server {}", quote(&call.server));
        return broken(Reason::UnknownServer, detail);
    };
    if call.operation != CALL_TOOL {
        let detail = format!("the policy judges `{CALL_TOOL}`, not {}", quote(&call.operation));
        return broken(Reason::UnknownMethod, detail);
    }
    let Some(tool) = server.tools.get(&call.target) else {
        let detail = format!("the server's catalogue has no tool {}", quote(&call.target));
        return broken(Reason::UnknownTool, detail);
    };
    if let Some(stated) = &call.tool_digest
        && tool.digest.as_ref() != Some(stated)
    {
        let compiled = match &tool.digest {
            Some(digest) => digest.to_string(),
            None => String::from("without a digest"),
        };
        let detail =
            format!("the tool is {stated} now; the policy was compiled when it was {compiled}");
        return broken(Reason::ToolChanged, detail);
    }
    match &call.arguments {
        Ok(arguments) => Ok(Place { tool, arguments }),
        Err(invalid) => broken(Reason::InvalidArguments, invalid.to_string()),
    }
}
