//! The notes server behind the gateway: `notes BUNDLE KEY`, with a bundle that `placet compile` made
//! of `examples/notes`, and the issuer's Ed25519 key, the `x` of its JWK.

use std::error::Error;
use std::io::{Write as _, stdout};
use std::sync::{Arc, Mutex};

use jsonwebtoken::DecodingKey;
use placet_engine::{Engine, Limits, ProtectedResource, Record};
use placet_examples::http::{Gateway, router};
use placet_examples::token::Issuer;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(bundle), Some(key)) = (arguments.next(), arguments.next()) else {
        return Err("usage: notes BUNDLE KEY".into());
    };
    placet_examples::crypto::install();
    let server = "https://notes.example.com/mcp";
    let key = DecodingKey::from_ed_components(&key)?;
    let gateway = Gateway {
        engine: Engine::load(&std::fs::read(bundle)?, &Limits::default())?,
        server: server.to_owned(),
        resource: ProtectedResource::new(
            "https://notes.example.com/.well-known/oauth-protected-resource/mcp",
        )?
        .with_scopes([String::from("notes:read")].into())?,
        issuer: Issuer::new("https://login.example.com", server, key),
        receipts: Mutex::default(),
        pages: String::from("https://notes.example.com"),
        log,
    };
    let listener = TcpListener::bind(("127.0.0.1", 8080)).await?;
    Ok(axum::serve(listener, router(Arc::new(gateway))).await?)
}

/// One line of JSON for each decision.
fn log(record: &Record) {
    let line = serde_json::to_string(record).unwrap_or_default();
    // An audit log that cannot be written to is no reason to let a call through unseen.
    if writeln!(stdout().lock(), "{line}").is_err() {
        std::process::abort();
    }
}
