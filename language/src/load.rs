//! Loading: every file of a policy, each once, with what it `use`s.

use std::collections::{BTreeMap, BTreeSet};

use placet_engine::bundle::EDITION;

use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::files::{Files, resolve};
use crate::hidden::{self, reveal};
use crate::limits::Limits;
use crate::lock::{self, Lock};
use crate::source::{Sources, Span};
use crate::syntax::ast::{Name, Number, Statement, Text, Use};
use crate::syntax::{parse, text};

/// A policy's text, read and parsed.
pub(crate) struct Loaded {
    pub(crate) sources: Sources,
    /// Every statement of every file but `edition`, `use` and `parameter`.
    pub(crate) statements: Vec<Statement>,
    /// What the parameters stand for.
    pub(crate) parameters: Parameters,
    /// The files that were brought in from another folder: packs.
    pub(crate) packs: BTreeSet<usize>,
    /// Names in statements that do not parse.
    pub(crate) broken: BTreeSet<String>,
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// What was reviewed, if there is a lock that can be read.
    pub(crate) lock: Option<Lock>,
}

/// What each file's parameters stand for, by file and name; `None` where that was not said, which
/// was reported.
pub(crate) type Parameters = BTreeMap<(usize, String), Option<Text>>;

pub(crate) fn load(files: &dyn Files, limits: &Limits) -> Loaded {
    let mut loader = Loader {
        files,
        limits,
        loaded: Loaded {
            sources: Sources::default(),
            statements: Vec::new(),
            parameters: Parameters::new(),
            packs: BTreeSet::new(),
            broken: BTreeSet::new(),
            diagnostics: Vec::new(),
            lock: None,
        },
        seen: BTreeMap::new(),
        open: Vec::new(),
    };
    match files.list() {
        Err(why) => {
            let message = format!("the policy's folder cannot be read: {why}");
            let diagnostic = Diagnostic::error(Code::FileUnreadable, message)
                .help("a policy is the folder in which its `.placet` files stand: name that");
            loader.say(diagnostic);
            // What is in it cannot be read either.
            return loader.loaded;
        }
        Ok(paths) if paths.is_empty() => loader.say(
            Diagnostic::error(Code::FileEmpty, "there is no policy here")
                .help("a policy is a folder with at least one file whose name ends in `.placet`"),
        ),
        Ok(mut paths) => {
            paths.sort();
            // The order of files makes no difference: who gives a file its arguments reads it.
            let given: BTreeSet<String> =
                paths.iter().flat_map(|path| loader.gives_arguments(path)).collect();
            let (later, first): (Vec<String>, Vec<String>) =
                paths.into_iter().partition(|path| given.contains(path));
            for path in first.iter().chain(&later) {
                loader.file(path, None, &[]);
            }
        }
    }
    loader.lock();
    loader.loaded
}

struct Loader<'f> {
    files: &'f dyn Files,
    limits: &'f Limits,
    loaded: Loaded,
    /// The files that were read, each with the arguments that it was used with.
    seen: BTreeMap<String, Vec<(String, String)>>,
    /// The files that are being read, each because the one before uses it.
    open: Vec<String>,
}

impl Loader<'_> {
    fn say(&mut self, diagnostic: Diagnostic) {
        self.loaded.diagnostics.push(diagnostic);
    }

    fn at(&self, diagnostic: Diagnostic, place: Option<Span>, label: &str) -> Diagnostic {
        match place {
            Some(span) => diagnostic.at(&self.loaded.sources, span, label),
            None => diagnostic,
        }
    }

    /// The files that a file uses with arguments.
    fn gives_arguments(&self, path: &str) -> Vec<String> {
        // What cannot be read is told when it is read.
        let text = self.read(path, self.limits.source_bytes).unwrap_or_default();
        if !(text.contains("use") && text.contains("with")) {
            return Vec::new();
        }
        let mut sources = Sources::default();
        let file = sources.add(path, reveal(&text).0);
        let statements = parse(&sources, file, self.limits).statements.into_iter();
        let used = statements.filter_map(|statement| match statement {
            Statement::Use(used) if !used.arguments.is_empty() => {
                Some(resolve(path, &text::unescape(&used.path.raw)))
            }
            _ => None,
        });
        used.collect()
    }

    /// Reads a file, `by` being the `use` that asks for it.
    fn file(&mut self, path: &str, by: Option<Span>, arguments: &[(Name, Text)]) {
        if let Some(start) = self.open.iter().position(|open| open == path) {
            let circle: Vec<&str> =
                self.open.iter().skip(start).map(String::as_str).chain([path]).collect();
            let diagnostic =
                Diagnostic::error(Code::FileCycle, "these files `use` each other in a circle")
                    .help(format!("{}: leave one of them out", circle.join(" → ")));
            let diagnostic = self.at(diagnostic, by, "closes the circle");
            return self.say(diagnostic);
        }
        let given = arguments.iter().map(|(name, text)| (name.text.clone(), text.raw.clone()));
        let given: Vec<(String, String)> = given.collect();
        if let Some(first) = self.seen.get(path) {
            if by.is_some() && *first != given {
                let diagnostic = Diagnostic::error(
                    Code::ParameterConflict,
                    format!("`{path}` is used twice, with different arguments"),
                )
                .help("a file is part of a policy once: give it the same arguments everywhere");
                let diagnostic = self.at(diagnostic, by, "not as before");
                self.say(diagnostic);
            }
            return;
        }
        if self.seen.len() >= self.limits.files {
            let limit = self.limits.files;
            let diagnostic = Diagnostic::error(
                Code::Limit,
                format!("the policy has more files than the limit of {limit}"),
            );
            let diagnostic = self.at(diagnostic, by, "one too many");
            return self.say(diagnostic);
        }
        self.seen.insert(path.to_owned(), given);
        let text = match self.read(path, self.limits.source_bytes) {
            Ok(text) => text,
            Err(why) => {
                let message = format!("cannot read `{path}`: {why}");
                let diagnostic = Diagnostic::error(Code::FileUnreadable, message);
                let diagnostic = self.at(diagnostic, by, "used here");
                return self.say(diagnostic);
            }
        };
        // A byte order mark says nothing, and would shift the first line's columns.
        let (text, hidden) = reveal(text.strip_prefix('\u{feff}').unwrap_or(&text));
        let file = self.loaded.sources.add(path, text);
        if path.contains('/') {
            self.loaded.packs.insert(file);
        }
        if let Some(diagnostic) = hidden::diagnostic(&self.loaded.sources, file, &hidden) {
            self.say(diagnostic);
        }
        let parsed = parse(&self.loaded.sources, file, self.limits);
        self.loaded.diagnostics.extend(parsed.diagnostics);
        self.loaded.broken.extend(parsed.broken);
        if !self.edition(path, file, &parsed.statements) {
            return;
        }
        self.parameters(file, by, &parsed.statements, arguments);
        self.open.push(path.to_owned());
        for statement in parsed.statements {
            match statement {
                Statement::Edition(_) | Statement::Parameter { .. } => {}
                Statement::Use(used) => self.used(path, &used),
                other => self.statement(other),
            }
        }
        self.open.pop();
    }

    fn statement(&mut self, statement: Statement) {
        let limit = self.limits.statements;
        match self.loaded.statements.len().cmp(&limit) {
            std::cmp::Ordering::Less => self.loaded.statements.push(statement),
            std::cmp::Ordering::Equal => {
                self.loaded.statements.push(statement);
                self.say(Diagnostic::error(
                    Code::Limit,
                    format!("the policy has more statements than the limit of {limit}"),
                ));
            }
            std::cmp::Ordering::Greater => {}
        }
    }

    /// Gives the file's parameters the values that its `use` gives, or their own.
    fn parameters(
        &mut self,
        file: usize,
        by: Option<Span>,
        statements: &[Statement],
        arguments: &[(Name, Text)],
    ) {
        let mut declared: BTreeMap<&str, Option<Text>> = BTreeMap::new();
        for statement in statements {
            let Statement::Parameter { name, default } = statement else { continue };
            let argument = arguments.iter().find(|(of, _)| of.text == name.text);
            let value = argument.map(|(_, text)| text).or(default.as_ref());
            if value.is_none() {
                let diagnostic = Diagnostic::error(
                    Code::ParameterMissing,
                    format!("nothing says what parameter `{}` stands for", name.text),
                );
                let main = by.unwrap_or(name.span);
                let mut diagnostic =
                    self.at(diagnostic, Some(main), "no value is given here").help(format!(
                        "write `use \"…\" with {{ {} \"…\" }}`, or give the parameter a default",
                        name.text
                    ));
                if by.is_some() {
                    diagnostic = self.at(diagnostic, Some(name.span), "the parameter");
                }
                self.say(diagnostic);
            }
            if declared.insert(&name.text, value.cloned()).is_some() {
                let diagnostic = Diagnostic::error(
                    Code::NameRepeated,
                    format!("parameter `{}` is declared twice", name.text),
                )
                .help("keep one of them");
                let diagnostic = self.at(diagnostic, Some(name.span), "declared again here");
                self.say(diagnostic);
            }
        }
        for (name, _) in arguments {
            if declared.contains_key(name.text.as_str()) {
                continue;
            }
            let help =
                did_you_mean(&name.text, declared.keys().copied()).unwrap_or_else(
                    || match declared.is_empty() {
                        true => String::from("the file has no parameters: leave `with` out"),
                        false => {
                            let names: Vec<String> =
                                declared.keys().map(|name| format!("`{name}`")).collect();
                            format!("its parameters are {}", names.join(", "))
                        }
                    },
                );
            let diagnostic = Diagnostic::error(
                Code::NameUnknown,
                format!("the file has no parameter called `{}`", name.text),
            )
            .help(help);
            let diagnostic = self.at(diagnostic, Some(name.span), "not declared");
            self.say(diagnostic);
        }
        let values = declared.into_iter().map(|(name, value)| ((file, name.to_owned()), value));
        self.loaded.parameters.extend(values);
    }

    fn used(&mut self, from: &str, used: &Use) {
        let Use { path: used, arguments } = used;
        let reference = text::unescape(&used.raw);
        if !reference.ends_with(".placet") {
            let diagnostic = Diagnostic::error(Code::ValueFile, "`use` takes a policy file")
                .at(&self.loaded.sources, used.span, "not a `.placet` file")
                .help("name the file, such as `use \"shared/clients.placet\"`");
            return self.say(diagnostic);
        }
        self.file(&resolve(from, &reference), Some(used.span), arguments);
    }

    /// Reads the lock, if there is one.
    fn lock(&mut self) {
        let text = match self.files.has_lock() {
            Ok(false) => return,
            Ok(true) => self.read(lock::FILE, self.limits.lock_bytes),
            Err(why) => Err(why),
        };
        let text = match text {
            Ok(text) => text,
            Err(why) => {
                let message = format!("cannot read `{}`: {why}", lock::FILE);
                return self.say(Diagnostic::error(Code::LockUnreadable, message));
            }
        };
        // What is shown must not hide anything; what is read is the text as it is.
        let file = self.loaded.sources.add(lock::FILE, reveal(&text).0);
        match lock::read(&text) {
            Ok(lock) => self.loaded.lock = Some(lock),
            Err(errors) => {
                for error in errors {
                    let place =
                        error.line.and_then(|line| self.loaded.sources.whole_line(file, line));
                    let message = match place {
                        Some(_) => error.message,
                        None => format!("in `{}` {}", lock::FILE, error.message),
                    };
                    let diagnostic = Diagnostic::error(Code::LockUnreadable, message);
                    let diagnostic = self.at(diagnostic, place, "this line").help(
                        "take the lock as it was before, from version control, and lock the policy \
                         again",
                    );
                    self.say(diagnostic);
                }
            }
        }
    }

    fn read(&self, path: &str, limit: usize) -> Result<String, String> {
        let bytes = self.files.read(path, limit)?;
        String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            format!("it is not UTF-8 at byte {at}")
        })
    }

    /// Whether the file starts with an edition that is known.
    fn edition(&mut self, path: &str, file: usize, statements: &[Statement]) -> bool {
        let mut editions = statements.iter().filter_map(|statement| match statement {
            Statement::Edition(number) => Some(number),
            _ => None,
        });
        let sources = &self.loaded.sources;
        let diagnostic = match (statements.first(), editions.next(), editions.next()) {
            (_, Some(_), Some(again)) => Diagnostic::error(
                Code::ClauseRepeated,
                "a file has one edition",
            )
            .at(sources, again.span, "a second one"),
            (Some(Statement::Edition(number)), _, _) => match unknown_edition(sources, number) {
                None => return true,
                Some(diagnostic) => diagnostic,
            },
            (_, Some(late), _) => {
                Diagnostic::error(Code::EditionMissing, "the edition comes first")
                    .at(sources, late.span, "too late")
                    .help(format!("make `edition {EDITION}` the first statement of the file"))
            }
            (Some(_), None, _) => {
                Diagnostic::error(Code::EditionMissing, format!("`{path}` has no edition"))
                    .at(sources, Span { file, start: 0, end: 0 }, "missing here")
                    .help(format!("start the file with `edition {EDITION}`"))
            }
            // A file without statements either says nothing or is all mistakes, which were reported.
            (None, _, _) => return true,
        };
        // A file of another edition may mean anything.
        let goes_on = diagnostic.code != Code::EditionUnknown;
        self.say(diagnostic);
        goes_on
    }
}

/// What is wrong with an edition, if anything is.
pub(crate) fn unknown_edition(sources: &Sources, number: &Number) -> Option<Diagnostic> {
    if number.digits == EDITION.to_string() {
        return None;
    }
    let newer = number.digits.parse::<u64>().is_ok_and(|edition| edition > u64::from(EDITION));
    let diagnostic =
        Diagnostic::error(Code::EditionUnknown, format!("edition {} is not known", number.digits))
            .at(sources, number.span, format!("this Placet knows edition {EDITION}"));
    Some(match newer {
        true => diagnostic.help("the file was written for a newer Placet: upgrade"),
        false => match did_you_mean(&number.digits, [EDITION.to_string().as_str()]) {
            Some(help) => diagnostic.help(help),
            None => diagnostic.help(format!("write `edition {EDITION}`")),
        },
    })
}
