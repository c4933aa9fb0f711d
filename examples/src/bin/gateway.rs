//! A gateway over stdio: `gateway BUNDLE SERVER CLIENT RECEIPTS COMMAND …`.
//!
//! SERVER is the server's name in the policy, CLIENT the id of the client that starts this, RECEIPTS
//! a JSON file with what the user agreed to. Records go to standard error. For the filesystem server:
//!
//! ```sh
//! placet compile policies/filesystem -o fs.bundle
//! gateway fs.bundle filesystem https://assistant.example/oauth/client.json receipts.json \
//!     npx @modelcontextprotocol/server-filesystem /srv/data
//! ```

use std::error::Error;
use std::io::{Write as _, stderr};

use placet_engine::call::{Client, Credential, Registration, Status, User};
use placet_engine::{Engine, Limits, Record};
use placet_examples::message::Caller;
use placet_examples::stdio::Gateway;
use serde_json::Map;
use tokio::process::Command;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [bundle, server, client, receipts, program, rest @ ..] = arguments.as_slice() else {
        return Err("usage: gateway BUNDLE SERVER CLIENT RECEIPTS COMMAND …".into());
    };
    let gateway = Gateway {
        engine: Engine::load(&std::fs::read(bundle)?, &Limits::default())?,
        server: format!("local:{server}"),
        caller: Caller {
            // Whoever runs the gateway is its user; the receipts are theirs.
            user: Some(User {
                issuer: String::from("https://desktop.example"),
                subject: std::env::var("USER")?,
                claims: Map::new(),
            }),
            client: Client {
                id: client.clone(),
                issuer: None,
                registration: Registration::MetadataDocument,
                status: Status::Approved,
                metadata_digest: None,
            },
            credential: Credential::Local {},
            receipts: serde_json::from_slice(&std::fs::read(receipts)?)?,
        },
        log,
    };
    let mut command = Command::new(program);
    command.args(rest);
    Ok(gateway.run(command, tokio::io::stdin(), tokio::io::stdout()).await?)
}

/// One line of JSON for each decision.
fn log(record: &Record) {
    let line = serde_json::to_string(record).unwrap_or_default();
    // A client that closed the gateway's standard error is not kept waiting for its answers.
    let _ = writeln!(stderr().lock(), "{line}");
}
