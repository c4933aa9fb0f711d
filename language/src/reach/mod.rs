//! Reach: who can do what under which facts, as something that can be solved.
//!
//! A version is cut into slices, one for each tool ([`slice`]), in which nothing goes by the name that
//! an author gave it. For each way to call a tool that can be enumerated ([`context`]: the kind of
//! principal, the client, the credential) what a slice allows is an expression ([`allowed`]) over the
//! facts that remain: claims, scopes, receipts, purposes, and what conditions read. A problem is some
//! of these, to hold or not to hold, as clauses ([`problem`]).

pub(crate) mod alike;
pub(crate) mod allowed;
pub(crate) mod cell;
pub(crate) mod client;
pub(crate) mod context;
pub(crate) mod expression;
pub(crate) mod fixed;
pub(crate) mod names;
pub(crate) mod point;
pub(crate) mod problem;
pub(crate) mod recompute;
pub(crate) mod slice;
pub(crate) mod told;
pub(crate) mod witness;
pub(crate) mod words;
