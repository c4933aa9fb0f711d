//! Allowances: comments in a policy by which somebody says that a finding is meant to be, why, and for
//! how long.
//!
//! ```placet
//! // placet: allow(consent.endless, "the pilot ends in March", until 2027-03-01)
//! consent triage "…" { … }
//! ```
//!
//! One stands on a line of its own before a statement, or at the end of one of its lines, and speaks of
//! the findings whose main place is in that statement.

use jiff::civil::Date;

use crate::diagnostic::{Code, did_you_mean};
use crate::lint::finding::{Allowed, Finding, Findings, Fix};
use crate::lint::rules;
use crate::model::Places;
use crate::source::Span;
use crate::syntax::parse::{Spanned, lex, segments};

/// What stands once comments had their say.
pub(super) struct Standing {
    pub(super) findings: Vec<Finding>,
    pub(super) allowed: Vec<Allowed>,
}

/// A comment that was read.
struct Allowance {
    code: Code,
    reason: String,
    until: Date,
    /// The comment, without what is around it.
    place: Span,
    /// The statement that it is about: first byte, and byte after the last.
    statement: (usize, usize),
}

/// Takes out of the findings what comments allow, and adds what is wrong with the comments. Of a policy
/// that does not check, nothing is known to be unused.
pub(super) fn apply(
    places: &Places,
    findings: Vec<Finding>,
    checks: bool,
    today: Date,
) -> Standing {
    let mut unusable = Findings::new(&rules::allowance_unusable::RULE, places);
    let mut allowances = Vec::new();
    for file in places.sources.files() {
        if !places.packs.contains(&file) {
            read(places, file, &mut allowances, &mut unusable);
        }
    }
    let mut used = vec![false; allowances.len()];
    let mut standing = Standing { findings: unusable.into_findings(), allowed: Vec::new() };
    for finding in findings {
        let fitting = allowances.iter().zip(&mut used).filter(|(one, _)| one.is_about(&finding));
        let fitting = fitting.max_by_key(|(one, _)| one.until);
        match fitting {
            Some((one, used)) if !finding.makes_unusable() => {
                *used = true;
                if one.until >= today {
                    let (reason, until) = (one.reason.clone(), one.until);
                    standing.allowed.push(Allowed { finding, reason, until });
                    continue;
                }
                standing.findings.push(finding);
            }
            _ => standing.findings.push(finding),
        }
    }
    if !checks {
        return standing;
    }
    let mut expired = Findings::new(&rules::allowance_expired::RULE, places);
    let mut unused = Findings::new(&rules::allowance_unused::RULE, places);
    for (one, used) in allowances.iter().zip(used) {
        if used && one.until < today {
            expired.say(
                one.place,
                format!("`{}` was allowed until {}", one.code, one.until),
                "this day has passed",
                "mend what is found, or look at it again and write a later day",
            );
        }
        if !used {
            let fix = without(places, one.place, &unused);
            let said = unused.say(
                one.place,
                format!("there is no `{}` here to allow", one.code),
                "allows nothing",
                "leave the comment out, so that it does not allow the next one",
            );
            if let Some(said) = said {
                said.fix = fix;
            }
        }
    }
    standing.findings.extend(expired.into_findings());
    standing.findings.extend(unused.into_findings());
    standing
}

impl Allowance {
    fn is_about(&self, finding: &Finding) -> bool {
        let (start, end) = self.statement;
        finding.code() == self.code
            && finding.place.is_some_and(|place| {
                place.file == self.place.file && place.start >= start && place.start < end
            })
    }
}

/// The comment taken out, with its line where it has one to itself.
fn without(places: &Places, comment: Span, findings: &Findings<'_>) -> Option<Fix> {
    let text = places.sources.get(comment.file)?.inner().as_str();
    let before = text.get(..comment.start)?;
    let line = before.rfind('\n').map_or(0, |at| at.saturating_add(1));
    let is_alone = before.get(line..)?.trim().is_empty();
    let place = match is_alone {
        true => Span { start: line, end: comment.end.saturating_add(1).min(text.len()), ..comment },
        false => Span { start: before.trim_end_matches([' ', '\t']).len(), ..comment },
    };
    Some(findings.fix(place, ""))
}

/// Reads the comments of a file.
fn read(
    places: &Places,
    file: usize,
    allowances: &mut Vec<Allowance>,
    unusable: &mut Findings<'_>,
) {
    let Some(source) = places.sources.get(file) else { return };
    let text = source.inner().as_str();
    let (tokens, _) = lex(&places.sources, file, text, &mut Vec::new());
    let statements: Vec<(usize, usize)> = segments(text, &tokens)
        .into_iter()
        .filter_map(|tokens| Some((tokens.first()?.0, tokens.last()?.2)))
        .collect();
    for (start, end) in comments(text, &tokens) {
        let place = Span { file, start, end };
        let said = text.get(start..end).unwrap_or_default();
        let Some(said) = said.trim_start_matches('/').trim_start().strip_prefix("placet:") else {
            continue;
        };
        let statement = statement(text, &statements, start);
        let read = match statement {
            Some(statement) => parse(said.trim()).map(|(code, reason, until)| Allowance {
                code,
                reason,
                until,
                place,
                statement,
            }),
            None => Err((
                String::from("this comment is about no statement"),
                String::from("write it before a statement, or at the end of one of its lines"),
            )),
        };
        match read {
            Ok(allowance) => allowances.push(allowance),
            Err((message, help)) => {
                unusable.say(place, message, "says nothing that counts", help);
            }
        }
    }
}

/// The places of all comments: they are in none of the tokens.
fn comments(text: &str, tokens: &[Spanned<'_>]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut from = 0;
    let ends = tokens.iter().map(|(start, _, end)| (*start, *end));
    for (start, end) in ends.chain([(text.len(), text.len())]) {
        let mut at = from;
        while let Some(comment) = text.get(at..start).and_then(|gap| gap.find("//")) {
            let first = at.saturating_add(comment);
            let rest = text.get(first..).unwrap_or_default();
            let last = first.saturating_add(rest.find('\n').unwrap_or(rest.len()));
            let trimmed = text.get(first..last).unwrap_or_default().trim_end().len();
            found.push((first, first.saturating_add(trimmed)));
            at = last;
        }
        from = end;
    }
    found
}

/// The statement that a comment is about.
fn statement(text: &str, statements: &[(usize, usize)], comment: usize) -> Option<(usize, usize)> {
    let is_on_line_of =
        |end: usize| text.get(end..comment).is_some_and(|between| !between.contains('\n'));
    let around = statements
        .iter()
        .find(|(start, end)| *start < comment && (comment < *end || is_on_line_of(*end)));
    around.or_else(|| statements.iter().find(|(start, _)| *start > comment)).copied()
}

/// What `allow(code, "reason", until 2027-03-01)` says, or what is wrong with it and what to do.
fn parse(said: &str) -> Result<(Code, String, Date), (String, String)> {
    let form = "write `// placet: allow(consent.endless, \"why\", until 2027-03-01)`";
    let wrong = |message: &str| (message.to_owned(), form.to_owned());
    let inner = said.strip_prefix("allow(").and_then(|rest| rest.strip_suffix(')'));
    let inner =
        inner.ok_or_else(|| wrong("a comment that starts with `placet:` allows a finding"))?;
    let (code, rest) = inner.split_once(',').ok_or_else(|| wrong("the reason is missing"))?;
    let code = code.trim();
    let known = rules::ALL.iter().map(|rule| rule.code);
    let found = known.clone().find(|known| known.as_str() == code).ok_or_else(|| {
        let near = did_you_mean(code, known.map(Code::as_str));
        (format!("there is no rule `{code}`"), near.unwrap_or_else(|| form.to_owned()))
    })?;
    let rest = rest.trim().strip_prefix('"').ok_or_else(|| wrong("the reason is missing"))?;
    let (reason, rest) = rest.rsplit_once('"').ok_or_else(|| wrong("the reason is not closed"))?;
    if reason.trim().is_empty() {
        return Err(wrong("the reason is empty"));
    }
    let until = rest.trim().strip_prefix(',').and_then(|rest| rest.trim().strip_prefix("until"));
    let until = until.ok_or_else(|| wrong("the day on which this ends is missing"))?.trim();
    let until =
        until.parse().map_err(|_| wrong(&format!("`{until}` is no day such as `2027-03-01`")))?;
    Ok((found, reason.to_owned(), until))
}
