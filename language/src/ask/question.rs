//! Questions as they are written, and what can be wrong with one.

use std::fmt;
use std::ops::Range;

use pest::iterators::Pair;

use crate::ask::grammar::{self, Rule};
use crate::case::unescape;
use crate::diagnostic::{Code, Diagnostic};
use crate::hidden::reveal;
use crate::source::{Sources, Span};

/// How long a question may be, in bytes.
const LONGEST: usize = 4_096;

/// A question about a policy, none of whose names was looked up yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// What is asked for.
    pub about: About,
    pub(super) operations: Operations,
    pub(super) who: Option<Placed<Who>>,
    pub(super) what: Option<Placed<What>>,
    pub(super) server: Option<Placed<String>>,
    pub(super) via: Vec<Placed<Via>>,
    /// Whether only calls count before which nobody is asked again.
    pub(super) silently: bool,
}

/// What a question asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// `who can …`
    Who,
    /// `what can …`
    What,
    /// `which clients …`
    Clients,
    /// `which consents stand behind …`
    Consents,
}

impl About {
    /// The word for it in results.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Who => "who",
            Self::What => "what",
            Self::Clients => "clients",
            Self::Consents => "consents",
        }
    }
}

/// Which operations count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operations {
    Calls,
    Reads,
    Gets,
    Any,
}

/// Something and where it stands in the question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Placed<T> {
    pub(super) value: T,
    pub(super) place: Range<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Who {
    Anyone,
    Machine,
    Group(String),
    User { subject: String, issuer: Option<Placed<String>> },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    Anything,
    Feature { server: Placed<String>, pattern: Placed<String> },
    Access(String),
    Capability(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Via {
    Named(String),
    Registered(String),
    Domain(String),
}

/// Why a question cannot be read, or cannot be asked of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuestionError {
    code: Code,
    message: String,
    place: Range<usize>,
    label: String,
    help: Option<String>,
}

impl QuestionError {
    fn new(code: Code, place: Range<usize>, message: String, label: String) -> Self {
        Self { code, message, place, label, help: None }
    }

    pub(super) fn syntax(
        place: Range<usize>,
        message: impl Into<String>,
        label: impl Into<String>,
    ) -> Self {
        Self::new(Code::QuestionSyntax, place, message.into(), label.into())
    }

    pub(super) fn unknown(
        place: Range<usize>,
        message: impl Into<String>,
        label: impl Into<String>,
    ) -> Self {
        Self::new(Code::QuestionUnknown, place, message.into(), label.into())
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The error as a diagnostic about the question that it was found in.
    pub fn diagnostic(&self, question: &str) -> Diagnostic {
        let mut sources = Sources::default();
        let file = sources.add("question", reveal(question).0);
        let span = Span { file, start: self.place.start, end: self.place.end };
        let diagnostic =
            Diagnostic::error(self.code, &self.message).at(&sources, span, &self.label);
        match &self.help {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        }
    }
}

impl fmt::Display for QuestionError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for QuestionError {}

impl Question {
    /// Reads a question.
    ///
    /// # Errors
    ///
    /// What is wrong with it, and where.
    pub fn parse(text: &str) -> Result<Self, QuestionError> {
        if text.len() > LONGEST {
            let message = format!("the question is longer than the limit of {LONGEST} bytes");
            return Err(QuestionError::syntax(0..0, message, "starts here"));
        }
        if !reveal(text).1.is_empty() {
            let message = "the question has a character that hides what it says";
            return Err(QuestionError::syntax(0..text.len(), message, "not shown as it is"));
        }
        let mut question = Self {
            about: About::Who,
            operations: Operations::Any,
            who: None,
            what: None,
            server: None,
            via: Vec::new(),
            silently: false,
        };
        for pair in grammar::parse(text)?.flat_map(Pair::into_inner) {
            question.about = match pair.as_rule() {
                Rule::who_can => About::Who,
                Rule::what_can => About::What,
                Rule::which_clients => About::Clients,
                Rule::which_consents => About::Consents,
                _ => continue,
            };
            for part in pair.into_inner() {
                question.part(part)?;
            }
        }
        Ok(question)
    }

    fn part(&mut self, part: Pair<'_, Rule>) -> Result<(), QuestionError> {
        let place = place(&part);
        match part.as_rule() {
            Rule::verb => {
                self.operations = match part.as_str() {
                    "call" => Operations::Calls,
                    "read" => Operations::Reads,
                    "get" => Operations::Gets,
                    _ => Operations::Any,
                }
            }
            Rule::what => {
                let inner = part.into_inner().next();
                self.what = inner.map(what).transpose()?.map(|value| Placed { value, place });
            }
            Rule::who => self.concerns(part)?,
            Rule::limit => {
                for limit in part.into_inner() {
                    self.limit(limit)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn concerns(&mut self, part: Pair<'_, Rule>) -> Result<(), QuestionError> {
        let place = place(&part);
        if self.who.is_some() {
            return Err(twice(place, "who it is about"));
        }
        let inner = part.into_inner().next();
        self.who = inner.map(who).transpose()?.map(|value| Placed { value, place });
        Ok(())
    }

    fn limit(&mut self, limit: Pair<'_, Rule>) -> Result<(), QuestionError> {
        let place = place(&limit);
        match limit.as_rule() {
            Rule::silently => self.silently = true,
            Rule::on => {
                let server = limit.into_inner().find(|one| one.as_rule() == Rule::server);
                if self.server.is_some() {
                    return Err(twice(place, "on which server"));
                }
                self.server = server.map(placed).transpose()?;
            }
            Rule::via => {
                if !self.via.is_empty() {
                    return Err(twice(place, "through which clients"));
                }
                let clients = limit.into_inner().filter(|one| one.as_rule() == Rule::clients);
                self.via = clients.map(via).collect::<Result<_, _>>()?;
            }
            Rule::for_whom => {
                for who in limit.into_inner().filter(|one| one.as_rule() == Rule::who) {
                    self.concerns(who)?;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

fn twice(place: Range<usize>, what: &str) -> QuestionError {
    QuestionError::syntax(place, format!("the question says twice {what}"), "the second time")
        .help("ask two questions")
}

fn place(pair: &Pair<'_, Rule>) -> Range<usize> {
    let span = pair.as_span();
    let text = span.as_str();
    // A rule takes the spaces with it that stand before what it may end with.
    span.start()..span.start().saturating_add(text.trim_end().len())
}

/// The name or the text that a pair is.
fn placed(pair: Pair<'_, Rule>) -> Result<Placed<String>, QuestionError> {
    let at = place(&pair);
    let mut inner = pair;
    loop {
        match inner.as_rule() {
            Rule::inner => {
                let start = inner.as_span().start();
                let value = unescape(inner.as_str()).map_err(|wrong| {
                    let wrong = start.saturating_add(wrong.start)..start.saturating_add(wrong.end);
                    QuestionError::syntax(wrong, "this escape means nothing", "not an escape")
                        .help("a backslash in a text is written `\\\\`")
                })?;
                return Ok(Placed { value, place: at });
            }
            _ => {
                let text = inner.as_str();
                match inner.into_inner().next() {
                    Some(next) => inner = next,
                    None => return Ok(Placed { value: text.to_owned(), place: at }),
                }
            }
        }
    }
}

/// The names and texts in a pair.
fn names(pair: Pair<'_, Rule>) -> Result<Vec<Placed<String>>, QuestionError> {
    let named = |rule: Rule| {
        matches!(
            rule,
            Rule::name
                | Rule::server
                | Rule::pattern
                | Rule::text
                | Rule::level
                | Rule::client_name
                | Rule::issuer
        )
    };
    pair.into_inner().filter(|one| named(one.as_rule())).map(placed).collect()
}

fn what(pair: Pair<'_, Rule>) -> Result<What, QuestionError> {
    let rule = pair.as_rule();
    let mut names = names(pair)?.into_iter();
    Ok(match (rule, names.next(), names.next()) {
        (Rule::feature, Some(server), Some(pattern)) => What::Feature { server, pattern },
        (Rule::access, Some(level), _) => What::Access(level.value),
        (Rule::capability, Some(name), _) => What::Capability(name.value),
        _ => What::Anything,
    })
}

fn who(pair: Pair<'_, Rule>) -> Result<Who, QuestionError> {
    Ok(match pair.as_rule() {
        Rule::machine => Who::Machine,
        Rule::group => Who::Group(placed(pair)?.value),
        Rule::user => {
            let mut subject = String::new();
            let mut issuer = None;
            for part in pair.into_inner() {
                match part.as_rule() {
                    Rule::text => subject = placed(part)?.value,
                    Rule::issuer => {
                        let text = part.into_inner().find(|one| one.as_rule() == Rule::text);
                        issuer = text.map(placed).transpose()?;
                    }
                    _ => {}
                }
            }
            Who::User { subject, issuer }
        }
        _ => Who::Anyone,
    })
}

fn via(pair: Pair<'_, Rule>) -> Result<Placed<Via>, QuestionError> {
    let at = place(&pair);
    let Some(inner) = pair.into_inner().next() else {
        return Err(QuestionError::syntax(at, "this names no client", "not understood"));
    };
    let rule = inner.as_rule();
    let name = names_or_itself(inner)?;
    let value = match rule {
        Rule::by_registration => Via::Registered(name.value),
        Rule::by_domain => Via::Domain(name.value),
        _ => Via::Named(name.value),
    };
    Ok(Placed { value, place: name.place })
}

fn names_or_itself(pair: Pair<'_, Rule>) -> Result<Placed<String>, QuestionError> {
    if pair.as_rule() == Rule::client_name {
        return placed(pair);
    }
    let whole = place(&pair);
    let found = names(pair)?.into_iter().next();
    Ok(found.unwrap_or(Placed { value: String::new(), place: whole }))
}
