//! Running cases: every case of some files is asked of an engine, and told what came of it.

use std::collections::BTreeSet;

use placet_engine::{Engine, Explanation, Reason};

use crate::case::NOW;
use crate::case::ast::{Case, Expectation};
use crate::case::coverage::Coverage;
use crate::case::error::{CaseError, hidden};
use crate::case::file::{Item, Line, Scenario, split};
use crate::case::limits::CaseLimits;
use crate::case::places::{Part, Places};
use crate::case::read;
use crate::case::resolve::{Surroundings, Unresolved};
use crate::case::scenario::{happen, register};
use crate::case::state::State;
use crate::case::step::Step;
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::files::over_limit;
use crate::hidden::reveal;
use crate::source::{Sources, Span};

/// A file of cases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseFile {
    /// Its path, with `/` between the parts.
    pub path: String,
    /// What it holds.
    pub text: String,
}

/// Which cases are run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter(pub Vec<String>);

impl Filter {
    /// Whether one of these has one of the texts in it.
    fn takes(&self, places: &[&str]) -> bool {
        self.0.is_empty()
            || self.0.iter().any(|text| places.iter().any(|place| place.contains(text.as_str())))
    }
}

/// What came of the cases.
#[derive(Debug)]
pub struct Report {
    /// Every case that was to be run, in the order of the files.
    pub results: Vec<CaseResult>,
    /// What they covered of the policy.
    pub coverage: Coverage,
    /// How many cases the filter left out.
    pub left_out: usize,
}

impl Report {
    /// How many cases came out so.
    pub fn count(&self, which: impl Fn(&Outcome) -> bool) -> usize {
        self.results.iter().filter(|result| which(&result.outcome)).count()
    }
}

/// What came of one case.
#[derive(Debug)]
pub struct CaseResult {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The scenario that it is a step of.
    pub scenario: Option<String>,
    /// What it says: in canonical form, or as it is written where it was not understood.
    pub text: String,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a case.
#[derive(Debug)]
pub enum Outcome {
    /// It was decided as it expects.
    Passed,
    /// It was decided otherwise.
    Failed(Box<Failed>),
    /// It cannot be asked of this policy.
    Unusable(Box<Diagnostic>),
    /// It was not run, as a step before it is unusable.
    NotRun,
}

/// How a case failed.
#[derive(Debug)]
pub struct Failed {
    /// What it expects.
    pub expected: String,
    /// What was decided.
    pub decided: String,
    /// Why, if it is a call.
    pub explanation: Option<Explanation>,
    /// All that, with the place.
    pub diagnostic: Diagnostic,
}

/// Runs the cases of some files that the filter takes.
pub fn run(files: &[CaseFile], engine: &Engine, filter: &Filter, limits: &CaseLimits) -> Report {
    let coverage = Coverage::new(engine.content());
    let report = Report { results: Vec::new(), coverage, left_out: 0 };
    let mut runner = Runner { engine, filter, limits, report };
    for file in files {
        runner.file(file);
    }
    runner.report
}

struct Runner<'r> {
    engine: &'r Engine,
    filter: &'r Filter,
    limits: &'r CaseLimits,
    report: Report,
}

/// The file that is being run.
struct Open<'f> {
    path: &'f str,
    text: &'f str,
    sources: &'f Sources,
    file: usize,
}

impl Open<'_> {
    fn written(&self, line: &Line) -> &str {
        self.text.get(line.place.clone()).unwrap_or_default()
    }

    fn number(&self, line: &Line) -> usize {
        let start = line.place.start;
        self.sources.line(Span { file: self.file, start, end: start })
    }

    fn diagnostic(&self, line: &Line, error: &CaseError) -> Box<Diagnostic> {
        Box::new(error.diagnostic_at(self.sources, self.file, line.place.start))
    }
}

/// A line that is to be run, with what it is a part of.
struct Asked<'f> {
    open: &'f Open<'f>,
    line: &'f Line,
    scenario: Option<&'f str>,
}

impl Runner<'_> {
    fn file(&mut self, file: &CaseFile) {
        let (text, hidden_places) = reveal(&file.text);
        let mut sources = Sources::default();
        let index = sources.add(&file.path, text);
        let Some(source) = sources.get(index).cloned() else { return };
        let text = source.inner().as_str();
        let open = Open { path: &file.path, text, sources: &sources, file: index };
        let whole = Line { place: 0..text.len(), wrong: None };
        if text.len() > self.limits.file_bytes {
            let message = format!("`{}`: {}", file.path, over_limit(self.limits.file_bytes));
            return self.unusable_file(&open, Diagnostic::error(Code::Limit, message));
        }
        if let Some((start, end)) = hidden_places.first() {
            let error = open.diagnostic(&whole, &hidden(*start..*end));
            return self.unusable_file(&open, *error);
        }
        let items = split(text, self.limits);
        let lines = items.iter().map(|item| match item {
            Item::Case(_) => 1,
            Item::Scenario(scenario) => scenario.steps.len(),
        });
        if lines.sum::<usize>() > self.limits.cases {
            let limit = self.limits.cases;
            let message = format!("`{}` has more cases than the limit of {limit}", file.path);
            return self.unusable_file(&open, Diagnostic::error(Code::Limit, message));
        }
        for item in &items {
            match item {
                Item::Case(line) => {
                    let asked = Asked { open: &open, line, scenario: None };
                    if self.takes(&asked) {
                        self.standing(&asked);
                    }
                }
                Item::Scenario(scenario) => self.scenario(&open, scenario),
            }
        }
    }

    /// A file of which nothing can be run. Whatever the filter says, that is told.
    fn unusable_file(&mut self, open: &Open<'_>, diagnostic: Diagnostic) {
        self.report.results.push(CaseResult {
            file: open.path.to_owned(),
            line: diagnostic.position().map_or(1, |(line, _)| line),
            scenario: None,
            text: String::new(),
            outcome: Outcome::Unusable(Box::new(diagnostic)),
        });
    }

    fn takes(&mut self, asked: &Asked<'_>) -> bool {
        let written = asked.open.written(asked.line);
        let places = [asked.open.path, written, asked.scenario.unwrap_or_default()];
        let takes = self.filter.takes(&places);
        self.report.left_out = self.report.left_out.saturating_add(usize::from(!takes));
        takes
    }

    fn tell(&mut self, asked: &Asked<'_>, text: String, outcome: Outcome) {
        self.report.results.push(CaseResult {
            file: asked.open.path.to_owned(),
            line: asked.open.number(asked.line),
            scenario: asked.scenario.map(str::to_owned),
            text,
            outcome,
        });
    }

    fn unusable(&mut self, asked: &Asked<'_>, error: &CaseError) {
        let text = asked.open.written(asked.line).to_owned();
        let diagnostic = asked.open.diagnostic(asked.line, error);
        self.tell(asked, text, Outcome::Unusable(diagnostic));
    }

    /// A case by itself.
    fn standing(&mut self, asked: &Asked<'_>) {
        let read = match &asked.line.wrong {
            Some(error) => Err(error.clone()),
            None => read::case(asked.open.written(asked.line), self.limits),
        };
        match read {
            Err(error) => self.unusable(asked, &error),
            Ok(placed) => {
                let state = State::new(NOW);
                if let Err(error) = self.ask(asked, &placed.value, &placed.places, &state, true) {
                    self.unusable(asked, &error);
                }
            }
        }
    }

    fn scenario(&mut self, open: &Open<'_>, scenario: &Scenario) {
        let name = Some(scenario.name.as_str());
        let head = Asked { open, line: &scenario.head, scenario: name };
        let nothing = || {
            let message = "the scenario has no step";
            CaseError::syntax(0..scenario.head.place.len(), message, "nothing happens")
                .help("write what happens below it, indented, a step a line")
        };
        let wrong = scenario.head.wrong.clone();
        if let Some(error) = wrong.or_else(|| scenario.steps.is_empty().then(nothing)) {
            return self.unusable(&head, &error);
        }
        let mut state = State::new(scenario.at.unwrap_or(NOW));
        let mut broken = false;
        for line in &scenario.steps {
            let asked = Asked { open, line, scenario: name };
            let written = open.written(line).to_owned();
            let read = match &line.wrong {
                Some(error) => Err(error.clone()),
                None => read::step(&written, self.limits),
            };
            let is_case = |step: &Step| matches!(step, Step::Call(_) | Step::Registers(_));
            let counts = read.as_ref().map_or(true, |placed| is_case(&placed.value));
            // What a filter leaves out still happens, for what comes after it.
            let takes = counts && self.takes(&asked);
            if broken {
                if takes {
                    self.tell(&asked, written, Outcome::NotRun);
                }
                continue;
            }
            let happened = read.and_then(|placed| {
                let (step, places) = (&placed.value, &placed.places);
                match step {
                    Step::Call(case) => self.step(&asked, case, places, &state, takes),
                    other => self.other(&asked, other, places, &mut state, takes),
                }
            });
            if let Err(error) = happened {
                // Told whatever the filter says: what comes after it is not known.
                self.unusable(&asked, &error);
                broken = true;
            }
        }
    }

    /// A call within a scenario.
    fn step(
        &mut self,
        asked: &Asked<'_>,
        case: &Case,
        places: &Places,
        state: &State,
        takes: bool,
    ) -> Result<(), CaseError> {
        if case.at.is_some() {
            let message = "in a scenario time passes from step to step";
            let place = places.of(Part::At, "").unwrap_or(0..asked.line.place.len());
            return Err(CaseError::syntax(place, message, "a time of its own").help(
                "write a step such as `3 days pass`; `scenario \"…\" at 2026-12-31` says when it \
                 starts",
            ));
        }
        self.ask(asked, case, places, state, takes)
    }

    /// Any other step of a scenario.
    fn other(
        &mut self,
        asked: &Asked<'_>,
        step: &Step,
        places: &Places,
        state: &mut State,
        takes: bool,
    ) -> Result<(), CaseError> {
        let blamed = |error| blame(error, places, asked.line.place.len());
        let Step::Registers(registers) = step else {
            return happen(state, self.engine, step).map_err(blamed);
        };
        let decided = register(state, self.engine, registers);
        if !takes {
            return Ok(());
        }
        let outcome = match decided == registers.expected {
            true => Outcome::Passed,
            false => {
                let (expected, decided) = (registers.expected.to_string(), decided.to_string());
                failed(asked, places, expected, decided, None, None)
            }
        };
        self.tell(asked, step.to_string(), outcome);
        Ok(())
    }

    /// Asks the engine, and compares.
    fn ask(
        &mut self,
        asked: &Asked<'_>,
        case: &Case,
        places: &Places,
        state: &State,
        takes: bool,
    ) -> Result<(), CaseError> {
        let length = asked.line.place.len();
        let Some(expected) = &case.expected else {
            let message = "the case does not say what it expects";
            return Err(CaseError::syntax(0..length, message, "and then?")
                .help("end it with `=> allow`, or with `=> deny` and a reason"));
        };
        let content = self.engine.content();
        if let Some(name) = expected.rules.iter().find(|name| !content.rules.contains_key(*name)) {
            let known = content.rules.keys();
            let unknown = Unresolved::unknown(Part::Rule, "rule", name, known);
            return Err(blame(unknown, places, length));
        }
        let surroundings = Surroundings { content, state };
        let call = surroundings.call(case).map_err(|error| blame(error, places, length))?;
        if !takes {
            return Ok(());
        }
        let explanation = self.engine.explain(&call);
        self.report.coverage.add(content, &call, &explanation);
        let decision = &explanation.decision;
        let rules: BTreeSet<String> = decision.rules.iter().map(|rule| rule.id.clone()).collect();
        let meets = decision.reason == expected.reason
            && decision.is_allow() == expected.reason.is_none()
            && expected.rules.is_subset(&rules);
        let outcome = if meets {
            Outcome::Passed
        } else {
            let decided = Expectation { reason: decision.reason, rules }.to_string();
            let help = self.suggestion(case, &explanation, &surroundings);
            failed(asked, places, expected.to_string(), decided, Some(explanation), help)
        };
        self.tell(asked, case.to_string(), outcome);
        Ok(())
    }

    /// What may have been meant by a case that failed.
    fn suggestion(
        &self,
        case: &Case,
        explanation: &Explanation,
        surroundings: &Surroundings<'_>,
    ) -> Option<String> {
        if explanation.decision.reason != Some(Reason::UnknownTool) {
            return None;
        }
        let place = surroundings.place(&case.operation.server).ok()?;
        let tools = place.declared?.tools.keys();
        did_you_mean(&case.operation.target, tools.map(String::as_str))
    }
}

/// An error with its place in the text of the case.
pub(super) fn blame(error: Unresolved, places: &Places, length: usize) -> CaseError {
    let (part, name) = &error.part;
    let place = places.of(*part, name).unwrap_or(0..length);
    CaseError::new(Code::CaseUnresolved, place, error.message, error.label).help_if(error.help)
}

fn failed(
    asked: &Asked<'_>,
    places: &Places,
    expected: String,
    decided: String,
    explanation: Option<Explanation>,
    help: Option<String>,
) -> Outcome {
    let place = places.of(Part::Expectation, "").unwrap_or(0..asked.line.place.len());
    let message = format!("expected {expected}, and got {decided}");
    let error = CaseError::new(Code::CaseFailed, place, message, format!("it is: {decided}"));
    let diagnostic = *asked.open.diagnostic(asked.line, &error.help_if(help));
    Outcome::Failed(Box::new(Failed { expected, decided, explanation, diagnostic }))
}
