//! Two hosts of the Placet engine, to read and to copy.
//!
//! - [`http`]: a middleware for axum. It stands in front of an MCP server over Streamable HTTP
//!   ([`notes`], written with rmcp), verifies access tokens ([`token`]), and answers with challenges,
//!   elicitations and errors.
//! - [`stdio`]: a gateway between a client and an MCP server that it starts, such as
//!   `@modelcontextprotocol/server-filesystem` with the policy in `policies/filesystem`.
//!
//! What both share is [`message`]: what of JSON-RPC a gateway has to read, and the way from there to
//! a `Call`.

pub mod crypto;
pub mod http;
pub mod message;
pub mod notes;
pub mod stdio;
pub mod token;
