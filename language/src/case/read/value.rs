//! The values in a case: texts, moments, digests, JSON and reasons.

use std::ops::Range;

use pest::iterators::Pair;
use placet_engine::{Digest, Reason};
use serde_json::{Map, Number, Value};

use crate::case::ast::Seen;
use crate::case::error::CaseError;
use crate::case::grammar::{Rule, word};
use crate::case::moment::{Duration, Instant, Moment, When};
use crate::case::text::unescape;
use crate::diagnostic::did_you_mean;

/// What a pair is made of, without the words of the notation.
pub(super) fn parts(pair: Pair<'_, Rule>) -> Vec<Pair<'_, Rule>> {
    pair.into_inner().filter(|part| word(part.as_rule()).is_none()).collect()
}

/// The first word of the notation in a pair.
pub(super) fn first_word(pair: &Pair<'_, Rule>) -> Option<&'static str> {
    pair.clone().into_inner().find_map(|part| word(part.as_rule()))
}

pub(super) fn place(pair: &Pair<'_, Rule>) -> Range<usize> {
    let span = pair.as_span();
    span.start()..span.end()
}

/// A place without the white space and the comments after it.
pub(super) fn trimmed(pair: &Pair<'_, Rule>) -> Range<usize> {
    let start = pair.as_span().start();
    start..start.saturating_add(pair.as_str().trim_end().len())
}

/// The text of a pair that is or holds one.
pub(super) fn text(pair: &Pair<'_, Rule>) -> Result<String, CaseError> {
    if matches!(pair.as_rule(), Rule::bare | Rule::word) {
        return Ok(pair.as_str().to_owned());
    }
    if pair.as_rule() == Rule::inner {
        return unescape(pair.as_str()).map_err(|escape| {
            let start = pair.as_span().start();
            let place = start.saturating_add(escape.start)..start.saturating_add(escape.end);
            CaseError::syntax(place, "this escape means nothing", "not an escape")
                .help("the escapes are those of JSON: `\\\"`, `\\\\`, `\\n`, `\\u00e9`")
        });
    }
    match parts(pair.clone()).first() {
        Some(inside) => text(inside),
        None => Ok(String::new()),
    }
}

/// The first part of a pair that is a text.
pub(super) fn text_in(pair: Pair<'_, Rule>) -> Result<String, CaseError> {
    text(&pair)
}

pub(super) fn texts(pair: Pair<'_, Rule>) -> Result<Vec<String>, CaseError> {
    parts(pair).iter().map(text).collect()
}

/// What the host saw: a digest, or nothing where the case says `unknown`.
pub(super) fn seen(stated: Option<&Pair<'_, Rule>>) -> Result<Seen, CaseError> {
    Ok(match stated {
        Some(stated) => Seen::Is(digest(stated)?),
        None => Seen::Unknown,
    })
}

pub(super) fn digest(pair: &Pair<'_, Rule>) -> Result<Digest, CaseError> {
    Digest::parse(&text(pair)?).ok_or_else(|| {
        CaseError::syntax(place(pair), "this is not a digest", "not a digest")
            .help("a digest is `sha256-` and 64 lower-case hexadecimal digits")
    })
}

pub(super) fn instant(pair: &Pair<'_, Rule>) -> Result<i64, CaseError> {
    Instant::read(pair.as_str()).map(|instant| instant.0).ok_or_else(|| {
        CaseError::syntax(place(pair), "there is no such time", "not a second of the calendar")
            .help("write a day, such as `2026-12-31`, or a second, such as `2026-12-31T12:00:00Z`")
    })
}

pub(super) fn duration(pair: Pair<'_, Rule>) -> Result<i64, CaseError> {
    let all = place(&pair);
    let (mut count, mut unit) = ("", "");
    for part in pair.into_inner() {
        match part.as_rule() {
            Rule::count => count = part.as_str(),
            _ => unit = part.as_str(),
        }
    }
    Duration::seconds(count, unit)
        .ok_or_else(|| CaseError::syntax(all, "this length of time is out of range", "too long"))
}

pub(super) fn moment(pair: Pair<'_, Rule>) -> Result<Moment, CaseError> {
    let Some(part) = parts(pair).into_iter().next() else { return Ok(Moment::NOW) };
    let rule = part.as_rule();
    let Some(inside) = parts(part).into_iter().next() else { return Ok(Moment::NOW) };
    Ok(match rule {
        Rule::ago => Moment::Relative(duration(inside)?.saturating_neg()),
        Rule::later => Moment::Relative(duration(inside)?),
        _ => Moment::At(instant(&inside)?),
    })
}

/// The time in a pair that holds a `when`.
pub(super) fn when(pair: Pair<'_, Rule>) -> Result<When, CaseError> {
    let when = parts(pair).into_iter().next();
    match when.and_then(|when| parts(when).into_iter().next()) {
        Some(inside) => moment(inside).map(When::Then),
        None => Ok(When::Never),
    }
}

/// Tells an error if something is said already.
pub(super) fn once<T>(
    held: &mut Option<T>,
    value: T,
    said: Range<usize>,
    what: &str,
) -> Result<(), CaseError> {
    match held.replace(value) {
        None => Ok(()),
        Some(_) => Err(twice(said, what)),
    }
}

pub(super) fn twice(said: Range<usize>, what: &str) -> CaseError {
    CaseError::syntax(said, format!("{what} stands twice"), "a second time")
}

/// A JSON value; `None` where a key stands twice.
pub(super) fn json(pair: Pair<'_, Rule>) -> Result<Option<Value>, CaseError> {
    let Some(inside) = parts(pair).into_iter().next() else { return Ok(Some(Value::Null)) };
    Ok(Some(match inside.as_rule() {
        Rule::object => return Ok(object(inside)?.map(Value::Object)),
        Rule::array => {
            let items = parts(inside).into_iter().filter(|part| part.as_rule() == Rule::value);
            let items: Result<Option<Vec<Value>>, CaseError> = items.map(json).collect();
            return Ok(items?.map(Value::Array));
        }
        Rule::text => Value::String(text(&inside)?),
        Rule::number => Value::Number(number(&inside)?),
        Rule::yes => Value::Bool(true),
        Rule::no => Value::Bool(false),
        _ => Value::Null,
    }))
}

pub(super) fn number(pair: &Pair<'_, Rule>) -> Result<Number, CaseError> {
    let written = pair.as_str();
    let digits = written.strip_prefix('-').unwrap_or(written);
    let zeros = digits.len() > 1
        && digits.starts_with('0')
        && digits.chars().nth(1).is_some_and(|second| second.is_ascii_digit());
    let integer = written.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let number = match (written.parse::<i64>(), written.parse::<u64>()) {
        _ if zeros => None,
        // Minus zero is no integer.
        (Ok(0), _) if written.starts_with('-') => Number::from_f64(-0.0),
        (Ok(signed), _) if integer => Some(Number::from(signed)),
        (_, Ok(unsigned)) if integer => Some(Number::from(unsigned)),
        _ => written.parse::<f64>().ok().and_then(Number::from_f64),
    };
    number.ok_or_else(|| {
        let (message, label) = match zeros {
            true => ("a number has no zeros in front", "not a JSON number"),
            false => ("this number is out of range", "too large"),
        };
        CaseError::syntax(place(pair), message, label)
    })
}

pub(super) fn object(pair: Pair<'_, Rule>) -> Result<Option<Map<String, Value>>, CaseError> {
    let mut members = Map::new();
    let mut readable = true;
    for entry in parts(pair).into_iter().filter(|part| part.as_rule() == Rule::entry) {
        let mut key = String::new();
        for part in parts(entry) {
            match part.as_rule() {
                Rule::key_name => key = text(&part)?,
                Rule::value => match json(part)? {
                    Some(value) => {
                        readable &= members.insert(std::mem::take(&mut key), value).is_none();
                    }
                    None => readable = false,
                },
                _ => {}
            }
        }
    }
    Ok(readable.then_some(members))
}

/// The moment in a pair that may hold one.
pub(super) fn one_moment(pair: Pair<'_, Rule>) -> Result<Moment, CaseError> {
    parts(pair).into_iter().next().map_or(Ok(Moment::NOW), moment)
}

pub(super) fn reason(pair: &Pair<'_, Rule>) -> Result<Reason, CaseError> {
    let written = pair.as_str();
    Reason::ALL.iter().find(|reason| reason.as_str() == written).copied().ok_or_else(|| {
        let known = Reason::ALL.iter().map(|reason| reason.as_str());
        let help = did_you_mean(written, known.clone()).or_else(|| {
            // `expired` for `consent.expired`.
            let ends = known.filter(|one| one.rsplit('.').next() == Some(written));
            let ends: Vec<String> = ends.map(|one| format!("`{one}`")).collect();
            (!ends.is_empty()).then(|| format!("did you mean {}?", ends.join(" or ")))
        });
        CaseError::syntax(place(pair), format!("there is no reason called `{written}`"), "unknown")
            .help(help.unwrap_or_else(|| String::from("`spec/chain.md` lists the reasons")))
    })
}
