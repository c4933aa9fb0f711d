//! Questions: who can do what through which client, and on the strength of which consent.
//!
//! An answer is like a diff against a version that allows nothing: for each tool, each kind of
//! principal and each kind of client it says whether some call is allowed, by which rule, and what
//! that takes. Each row is proved by a call that the engine was asked about. Where it cannot be told
//! whether there is such a call, that is said: [`Answer::undecided`].
//!
//! ```
//! use placet_language::ask::{AskLimits, Question, answer};
//! # fn ask(engine: &placet_engine::Engine) -> Result<(), placet_language::ask::QuestionError> {
//! let question = Question::parse("who can call github/delete_* without being asked again")?;
//! for row in answer(&question, engine, &AskLimits::default())?.rows {
//!     println!("{} through {:?}: {}", row.principal, row.clients, row.feature.name);
//! }
//! # Ok(())
//! # }
//! ```

mod cells;
mod grammar;
mod question;
mod resolve;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use placet_engine::Engine;
use placet_engine::bundle::{Access, Content};
use placet_engine::call::Call;
use placet_engine::resource::Pattern;
use serde::Serialize;
use serde_json::json;

use crate::analysis::{Budget, Undecided};
use crate::reach::cell::Cell;
use crate::reach::names::Names;
use crate::reach::slice::Sliced;
use crate::reach::words::Words;

pub use crate::reach::told::{CredentialKind, FeatureName, RuleName, ServerName, Unsettled};
pub use question::{About, Question, QuestionError};

use cells::{Asking, Called};
use resolve::Asked;

/// How many steps the analysis of one tool may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskLimits {
    /// Steps of the analysis for each tool; beyond, the tool is undecided.
    pub steps: usize,
}

impl Default for AskLimits {
    fn default() -> Self {
        Self { steps: Budget::STEPS }
    }
}

/// What a policy allows of what a question is about.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Answer {
    /// By server, tool, rule and principal.
    pub rows: Vec<Row>,
    /// Of what it could not be told whether it is allowed.
    pub undecided: Vec<Unsettled>,
}

/// That some calls of a tool, a prompt or a resource are allowed.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// The server.
    pub server: ServerName,
    /// What is called.
    pub feature: FeatureName,
    /// Its access.
    pub access: Option<Access>,
    /// Who calls.
    pub principal: String,
    /// Through which clients.
    pub clients: Vec<String>,
    /// How the client proves its right.
    pub credential: CredentialKind,
    /// The rule that allows it, and the capability through which it does.
    pub rule: RuleName,
    /// The rule's and the capability's conditions.
    pub when: String,
    /// What must be there.
    pub takes: Takes,
    /// A call that the engine allows, in case notation.
    pub witness: String,
    /// The same call, for a program.
    #[serde(skip)]
    pub call: Call,
    #[serde(skip)]
    cells: Vec<Cell>,
}

impl Row {
    /// Whether a call is one of those that the row is about: of this principal through one of these
    /// clients with such a credential, whatever else it says.
    pub fn is_about(&self, call: &Call) -> bool {
        self.cells.iter().any(|cell| cell.holds(call))
    }
}

/// What a call takes besides the right arguments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Takes {
    /// Sets of scopes, any of which suffices; none where nothing is needed.
    pub scopes: BTreeSet<BTreeSet<String>>,
    /// The consents that the witness rests on.
    pub consents: Vec<Consent>,
    /// The purpose that the witness states.
    pub purpose: Option<String>,
    /// The login that the witness needs.
    pub login: Option<Login>,
    /// Whether the user confirms each call.
    pub confirmation: bool,
}

/// A consent by its name in the policy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Consent {
    /// Its name.
    pub name: String,
    /// Seconds until the user is asked anew.
    pub lasts: Option<i64>,
}

/// How the user must have logged in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Login {
    /// The authentication context classes, any of which suffices; empty: any at all.
    pub acr: Vec<String>,
    /// The most seconds ago that it may be.
    pub max_age: Option<i64>,
}

/// Answers a question about a policy.
///
/// # Errors
///
/// [`QuestionError`]: the question names something that the policy does not have.
pub fn answer(
    question: &Question,
    engine: &Engine,
    limits: &AskLimits,
) -> Result<Answer, QuestionError> {
    let content = engine.content();
    let mut names = Names::default();
    let sliced = Sliced::new(content, &mut names);
    let asked = Asked::new(question, content, sliced.as_ref().ok(), &mut names)?;
    let mut answer = Answer::default();
    let sliced = match sliced {
        Ok(sliced) => sliced,
        Err(why) => {
            answer.undecided = everything(content, &asked, why);
            return Ok(answer);
        }
    };
    let names = Rc::new(names);
    let budget = Budget::new(limits.steps);
    for (identity, slices) in &sliced.servers {
        let words = Words { names: &names, sides: vec![(content, &sliced)] };
        let server = words.server(identity);
        let patterns = all_patterns(content, &server.name);
        for (feature, slice) in &slices.features {
            if !asked.is_about(&server.name, feature, slice.access, content) {
                continue;
            }
            budget.renew(limits.steps);
            let called = Called::new(&server, feature, slice, &patterns);
            let asking = Asking {
                engine,
                sliced: &sliced,
                names: &names,
                words: &words,
                asked: &asked,
                called: &called,
                budget: &budget,
            };
            match asking.rows() {
                Ok(rows) => answer.rows.extend(rows),
                Err(why) => answer.undecided.push(Unsettled {
                    server: server.clone(),
                    feature: FeatureName::of(feature),
                    why,
                }),
            }
        }
    }
    answer.rows = merged(answer.rows);
    Ok(answer)
}

/// All patterns of a server, by which its resources are told apart.
fn all_patterns(content: &Content, server: &str) -> Rc<BTreeSet<Pattern>> {
    let resources = content.servers.get(server).into_iter().flat_map(|one| &one.resources);
    Rc::new(resources.flat_map(|one| one.patterns.iter().cloned()).collect())
}

fn everything(content: &Content, asked: &Asked, why: Undecided) -> Vec<Unsettled> {
    let mut all = Vec::new();
    for (name, server) in &content.servers {
        for (feature, tool) in server.features() {
            if asked.is_about(name, &feature, tool.access, content) {
                let server = ServerName { name: name.clone(), identity: server.identity.clone() };
                all.push(Unsettled { server, feature: FeatureName::of(&feature), why });
            }
        }
    }
    all
}

/// The rows in order; those that differ in the clients only are one.
fn merged(rows: Vec<Row>) -> Vec<Row> {
    let mut merged: BTreeMap<String, Row> = BTreeMap::new();
    for row in rows {
        let alike = json!([
            row.server,
            row.feature,
            row.rule,
            row.principal,
            row.credential,
            row.when,
            row.takes,
        ]);
        match merged.get_mut(&alike.to_string()) {
            None => {
                merged.insert(alike.to_string(), row);
            }
            Some(known) => {
                known.clients.extend(row.clients);
                known.clients.sort();
                known.clients.dedup();
                known.cells.extend(row.cells);
            }
        }
    }
    merged.into_values().collect()
}
