//! `placet test`: asks a policy every call of its `*.cases` files, and compares.

use std::path::{Path, PathBuf};

use placet_language::case::{
    CaseFile, CaseLimits, CaseResult, Coverage, Filter, Outcome, Report, run as run_cases,
};
use serde_json::{Value, json};

use crate::commands::{compile, explain, usable_policy};
use crate::disk;
use crate::exit::{Exit, Failure};
use crate::junit;
use crate::output::{self, Style, counted, printable};

/// Run a policy's cases, and show why each that fails was decided otherwise
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  placet test policies/filesystem\n  \
                        placet test --filter 'consent is asked for again' --min-coverage 80 .\n\n\
                        Exit codes: 0 all pass, 1 a case fails or too little is covered, 2 the policy or a \
                        case is unusable, or there is none.")]
pub(crate) struct Arguments {
    /// The policy's folder; cases are in `*.cases` files in it and in its `cases` and `tests`
    #[arg(default_value = ".")]
    policy: PathBuf,
    /// Run only cases whose file, scenario or line has this text; may be given several times
    #[arg(long, value_name = "TEXT")]
    filter: Vec<String>,
    /// How to show the result
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Show which rules and which uses of a consent no case covers
    #[arg(long)]
    coverage: bool,
    /// Fail where less is covered
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    min_coverage: Option<u8>,
}

/// How the result of a test run is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// For machines.
    Json,
    /// For build servers: JUnit's XML.
    Junit,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let limits = CaseLimits::default();
    let (_, engine) = compile(&usable_policy(&arguments.policy)?)?;
    let files = case_files(&arguments.policy, &limits)?;
    let report = run_cases(&files, &engine, &Filter(arguments.filter.clone()), &limits);
    if report.results.is_empty() {
        return Err(nothing_to_run(arguments, &report));
    }
    match arguments.format {
        Format::Text => text(arguments, &report)?,
        Format::Json => output::print_json(&machines(&report))?,
        Format::Junit => output::print(junit::report(&report.results))?,
    }
    let unusable = report.count(|one| matches!(one, Outcome::Unusable(_)));
    let failed = report.count(|one| matches!(one, Outcome::Failed(_)));
    let covered = arguments.min_coverage.is_none_or(|least| report.coverage.reaches(least));
    Ok(match (unusable, failed, covered) {
        (0, 0, true) => Exit::Clean,
        (0, _, _) => Exit::Found,
        _ => Exit::Unusable,
    })
}

/// The files of cases that belong to a policy.
fn case_files(policy: &Path, limits: &CaseLimits) -> Result<Vec<CaseFile>, Failure> {
    let cannot = |path: &str, why: String| {
        Failure::new(format_args!("cannot read the cases in `{path}`: {why}"))
    };
    let mut files = Vec::new();
    for path in disk::case_files(policy).map_err(|(path, why)| cannot(&path, why))? {
        let bytes = disk::read(&policy.join(&path), limits.file_bytes);
        let text = bytes.and_then(|bytes| {
            String::from_utf8(bytes).map_err(|error| {
                format!("it is not UTF-8 at byte {}", error.utf8_error().valid_up_to())
            })
        });
        let text = text.map_err(|why| cannot(&path, why))?;
        files.push(CaseFile { path, text });
    }
    Ok(files)
}

/// A test run that tests nothing must not pass.
fn nothing_to_run(arguments: &Arguments, report: &Report) -> Failure {
    let folder = arguments.policy.display();
    match report.left_out {
        0 => Failure::new(format_args!("there is no case in `{folder}`")).help(
            "write one into a file whose name ends in `.cases`, such as `alice via cursor calls \
             github/get_issue => allow`; `spec/cases.md` shows the notation",
        ),
        left_out => {
            let cases = counted(left_out, "case");
            Failure::new(format_args!("the filter leaves nothing of {cases} in `{folder}`"))
                .help("a filter is a part of a file's path, of a scenario's name or of a line")
        }
    }
}

fn text(arguments: &Arguments, report: &Report) -> Result<(), Failure> {
    let style = Style::of_output();
    for result in &report.results {
        match &result.outcome {
            Outcome::Passed => {}
            Outcome::Unusable(diagnostic) => output::print(output::drawn(diagnostic))?,
            Outcome::NotRun => output::print(format_args!(
                "{} {}\n",
                style.faint("not run:"),
                style.faint(&printable(&place(result)))
            ))?,
            Outcome::Failed(failed) => {
                output::print(output::drawn(&failed.diagnostic))?;
                if let Some(explanation) = &failed.explanation {
                    let explained = explain::text(explanation);
                    let lines = explained.lines().map(|line| format!("    {line}\n"));
                    let indented: String = lines.collect();
                    output::print(indented.replace("    \n", "\n"))?;
                }
            }
        }
    }
    if arguments.coverage {
        output::print(uncovered(&report.coverage))?;
    }
    output::print(summary(arguments, report))
}

/// Where a case stands.
fn place(result: &CaseResult) -> String {
    let scenario = result.scenario.as_ref().map(|name| format!(" in scenario \"{name}\""));
    format!("{}:{}{}: {}", result.file, result.line, scenario.unwrap_or_default(), result.text)
}

fn uncovered(coverage: &Coverage) -> String {
    let style = Style::of_output();
    let mut lines: Vec<String> = Vec::new();
    let rules = coverage.uncovered_rules().map(|(name, source)| {
        format!("  {} {}", printable(name), style.faint(&printable(&format!("({source})"))))
    });
    let uses = coverage.uncovered_uses().map(|one| {
        printable(&format!("  {} under {} through {}", one.tool, one.consent, one.capability))
    });
    for (title, list) in [
        ("rules that decided no case", rules.collect::<Vec<_>>()),
        ("tools that no case used under a consent", uses.collect()),
    ] {
        if !list.is_empty() {
            lines.push(style.strong(title));
            lines.extend(list);
            lines.push(String::new());
        }
    }
    let covered = counted_of(coverage);
    lines.push(format!("coverage: {} ({covered})", coverage.percent()));
    lines.join("\n")
}

fn counted_of(coverage: &Coverage) -> String {
    let open = (coverage.uncovered_rules().count(), coverage.uncovered_uses().count());
    format!(
        "{} of {}, {} of {} under a consent",
        coverage.rules.len().saturating_sub(open.0),
        counted(coverage.rules.len(), "rule"),
        coverage.uses.len().saturating_sub(open.1),
        counted(coverage.uses.len(), "use"),
    )
}

fn summary(arguments: &Arguments, report: &Report) -> String {
    let style = Style::of_output();
    let passed = report.count(|one| matches!(one, Outcome::Passed));
    let failed = report.count(|one| matches!(one, Outcome::Failed(_)));
    let unusable = report.count(|one| matches!(one, Outcome::Unusable(_)));
    let not_run = report.count(|one| matches!(one, Outcome::NotRun));
    let counts = [
        (passed, "passed"),
        (failed, "failed"),
        (unusable, "unusable"),
        (not_run, "not run"),
        (report.left_out, "left out"),
    ];
    let counts = counts.into_iter().filter(|(count, what)| *count > 0 || *what == "passed");
    let counts: Vec<String> = counts.map(|(count, what)| format!("{count} {what}")).collect();
    let below = arguments.min_coverage.filter(|least| !report.coverage.reaches(*least));
    let below = below
        .map(|least| format!("; coverage is {}, less than {least} %", report.coverage.percent()));
    let good = failed == 0 && unusable == 0 && below.is_none();
    let head = if good { style.good("ok") } else { style.bad("failed") };
    format!("{head}: {}{}", counts.join(", "), below.unwrap_or_default())
}

fn machines(report: &Report) -> Value {
    let coverage = &report.coverage;
    json!({
        "passed": report.count(|one| matches!(one, Outcome::Passed)),
        "failed": report.count(|one| matches!(one, Outcome::Failed(_))),
        "unusable": report.count(|one| matches!(one, Outcome::Unusable(_))),
        "not_run": report.count(|one| matches!(one, Outcome::NotRun)),
        "left_out": report.left_out,
        "cases": report.results.iter().map(case_json).collect::<Vec<_>>(),
        "coverage": {
            "covered": coverage.covered(),
            "total": coverage.total(),
            "uncovered_rules": coverage.uncovered_rules().map(|(name, source)| json!({
                "id": name, "file": source.file, "line": source.line,
            })).collect::<Vec<_>>(),
            "uncovered_uses": coverage.uncovered_uses().map(|one| json!({
                "consent": one.consent, "capability": one.capability, "tool": one.tool,
            })).collect::<Vec<_>>(),
        },
    })
}

fn case_json(result: &CaseResult) -> Value {
    let mut shown = json!({
        "file": result.file, "line": result.line, "scenario": result.scenario, "text": result.text,
    });
    let (outcome, more) = match &result.outcome {
        Outcome::Passed => ("passed", Vec::new()),
        Outcome::NotRun => ("not_run", Vec::new()),
        Outcome::Unusable(one) => ("unusable", vec![("diagnostic", output::diagnostic_json(one))]),
        Outcome::Failed(failed) => (
            "failed",
            vec![
                ("expected", json!(failed.expected)),
                ("decided", json!(failed.decided)),
                ("help", json!(failed.diagnostic.help)),
                ("explanation", json!(failed.explanation)),
            ],
        ),
    };
    if let Some(members) = shown.as_object_mut() {
        members.insert(String::from("outcome"), json!(outcome));
        members.extend(more.into_iter().map(|(name, value)| (name.to_owned(), value)));
    }
    shown
}
