//! The URL views as a machine: which tests scheme, host and port of a raw string pass.
//!
//! It follows `placet_engine::url` rule by rule. Of hosts in brackets it knows `[::1]` and its like
//! for sure; any other run of hexadecimal digits, colons and dots it takes for an address in its one
//! spelling but for case, and says that it is not sure.

use std::collections::{BTreeSet, HashMap};

use placet_engine::condition::{Literal, Test};

use crate::analysis::Undecided;
use crate::analysis::words::Words;

/// The schemes whose URLs have a port even where none is written.
const SCHEMES: [(&str, i64); 5] =
    [("http", 80), ("ws", 80), ("https", 443), ("wss", 443), ("ftp", 21)];

/// Where in a URL the machine is. What stands before is sealed: only the tests' outcomes are kept.
mod place {
    /// No URL, whatever follows.
    pub(super) const REFUSED: u32 = 0;
    pub(super) const START: u32 = 1;
    pub(super) const SCHEME: u32 = 2;
    pub(super) const COLON: u32 = 3;
    pub(super) const COLON_SLASH: u32 = 4;
    pub(super) const AUTHORITY: u32 = 5;
    pub(super) const NAME: u32 = 6;
    pub(super) const BRACKET: u32 = 7;
    pub(super) const AFTER_BRACKET: u32 = 8;
    pub(super) const PORT: u32 = 9;
    pub(super) const REST: u32 = 10;
}

// The last label of a host's name so far.
const EMPTY: u32 = 0;
/// Just `0`.
const ZERO: u32 = 1;
const DIGITS: u32 = 2;
/// `0x` and hexadecimal digits.
const HEXADECIMAL: u32 = 3;
const WORD: u32 = 4;

/// A host's name that is no dotted IPv4 address, whatever follows.
const NO_ADDRESS: u32 = 0;

/// Within brackets: nothing, `:`, `::`, then the digits of one group; or something else.
const UNSURE: u32 = 7;

/// The longest port has so many digits.
const PORT_DIGITS: u32 = 5;

/// What the machine says of a URL.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Parts {
    pub(super) scheme: Vec<bool>,
    pub(super) host: Vec<bool>,
    /// `None` where the URL has no port.
    pub(super) port: Option<Vec<bool>>,
    /// Whether there is such a URL for sure.
    pub(super) sure: bool,
}

/// Reads a raw string and runs tests on the parts of the URL that it is.
#[derive(Debug)]
pub(super) struct UrlMachine {
    scheme: Words,
    /// How many of the tests of the scheme are a policy's; then come [`SCHEMES`].
    scheme_tests: usize,
    host: Words,
    port: Vec<Test>,
    /// Every port that a test mentions, and the greatest there is.
    ports: Vec<i64>,
    /// Outcomes that were sealed, by their number.
    sealed: Vec<Vec<bool>>,
    numbers: HashMap<Vec<bool>, u32>,
}

/// A state: place, detail, sealed scheme, sealed host, sealed port, whether it is sure, and the
/// state of the tests of the part that is being read.
const FIXED: usize = 6;

impl UrlMachine {
    pub(super) fn new(scheme: &[&Test], host: &[&Test], port: &[&Test]) -> Result<Self, Undecided> {
        let known: Vec<Test> = SCHEMES
            .iter()
            .filter(|_| !port.is_empty())
            .map(|(name, _)| Test::Equals(Literal::String((*name).to_owned())))
            .collect();
        let mut ports: BTreeSet<i64> = BTreeSet::from([i64::from(u16::MAX)]);
        for test in port {
            ports.extend(crate::analysis::integers::constants(test)?);
        }
        Ok(Self {
            scheme: Words::new(scheme.iter().copied().chain(&known))?,
            scheme_tests: scheme.len(),
            host: Words::new(host.iter().copied())?,
            port: port.iter().map(|test| (*test).clone()).collect(),
            ports: ports.into_iter().filter(|port| (1..=65_535).contains(port)).collect(),
            sealed: Vec::new(),
            numbers: HashMap::new(),
        })
    }

    pub(super) fn width(&self) -> usize {
        let port = self.ports.len().saturating_add(1);
        self.scheme.width().max(self.host.width()).max(port).saturating_add(FIXED)
    }

    pub(super) fn start(&self) -> Vec<u32> {
        let mut state = vec![0; self.width()];
        if let Some(place) = state.first_mut() {
            *place = place::START;
        }
        load(&mut state, &self.scheme.start());
        state
    }

    /// Characters are alike where this is.
    pub(super) fn signature(&self, character: char) -> (Option<char>, u8) {
        let lower = character.to_ascii_lowercase();
        let mentioned =
            Some(lower).filter(|one| self.scheme.mentions(*one) || self.host.mentions(*one));
        let kind = match lower {
            '0'..='9' => u8::try_from(lower).unwrap_or(0),
            'x' | '-' | '.' | '_' | '+' | ':' | '/' | '?' | '#' | '[' | ']' | '%' => {
                u8::try_from(lower).unwrap_or(0)
            }
            'a'..='f' => b'a',
            'a'..='z' => b'g',
            allowed if is_allowed(allowed) => b'!',
            _ => 0,
        };
        (mentioned, kind)
    }

    pub(super) fn mentioned(&self) -> impl Iterator<Item = char> {
        let both = self.scheme.mentioned().chain(self.host.mentioned());
        both.flat_map(|one| [one, one.to_ascii_uppercase()])
    }

    fn seal(&mut self, outcomes: Vec<bool>) -> u32 {
        if let Some(number) = self.numbers.get(&outcomes) {
            return *number;
        }
        let number = u32::try_from(self.sealed.len()).unwrap_or(u32::MAX).saturating_add(1);
        self.sealed.push(outcomes.clone());
        self.numbers.insert(outcomes, number);
        number
    }

    fn unseal(&self, number: u32) -> Option<&Vec<bool>> {
        self.sealed.get(usize::try_from(number).ok()?.checked_sub(1)?)
    }

    /// Whether nothing that follows makes a difference. `alone`: nothing else reads the string, and
    /// what is no URL is found elsewhere.
    pub(super) fn is_over(&self, state: &[u32], alone: bool) -> bool {
        let [at, detail, ..] = state else { return true };
        *at == place::REFUSED || alone && *at == place::REST && *detail % 3 == 0
    }

    pub(super) fn step(&mut self, state: &mut [u32], character: char) {
        if self.advance(state, character).is_none() {
            state.fill(0);
        }
    }

    /// `None`: there is no such URL.
    fn advance(&mut self, state: &mut [u32], character: char) -> Option<()> {
        let [at, detail, scheme, host, port, sure, rest @ ..] = state else { return None };
        let lower = character.to_ascii_lowercase();
        match *at {
            place::START if character.is_ascii_alphabetic() => {
                *at = place::SCHEME;
                self.scheme.step(rest, lower);
            }
            place::SCHEME if character == ':' => {
                *at = place::COLON;
                let outcomes = self.scheme.outcomes(rest);
                rest.fill(0);
                *scheme = self.seal(outcomes);
            }
            place::SCHEME
                if character.is_ascii_alphanumeric() || matches!(character, '+' | '-' | '.') =>
            {
                self.scheme.step(rest, lower);
            }
            place::COLON if character == '/' => *at = place::COLON_SLASH,
            place::COLON_SLASH if character == '/' => {
                *at = place::AUTHORITY;
                *sure = 1;
                rest.fill(0);
                load_part(rest, &self.host.start());
            }
            place::AUTHORITY if character == '[' => {
                *at = place::BRACKET;
                *detail = 0;
                self.host.step(rest, character);
            }
            place::AUTHORITY => {
                *at = place::NAME;
                *detail = name_step(first_of_name(), character)?;
                self.host.step(rest, lower);
            }
            place::NAME | place::AFTER_BRACKET if matches!(character, ':' | '/' | '?' | '#') => {
                if *at == place::NAME && !is_name(*detail) {
                    return None;
                }
                let outcomes = self.host.outcomes(rest);
                rest.fill(0);
                *host = self.seal(outcomes);
                *detail = 0;
                if character == ':' {
                    *at = place::PORT;
                } else {
                    *port = self.default_port(*scheme);
                    *at = place::REST;
                    *detail = rest_step(0, character)?;
                }
            }
            place::NAME => {
                *detail = name_step(*detail, character)?;
                self.host.step(rest, lower);
            }
            place::BRACKET if character == ']' => {
                *at = place::AFTER_BRACKET;
                *sure = u32::from((3..UNSURE).contains(detail));
                *detail = 0;
                self.host.step(rest, character);
            }
            place::BRACKET => {
                *detail = bracket_step(*detail, character)?;
                self.host.step(rest, lower);
            }
            place::PORT if matches!(character, '/' | '?' | '#') => {
                let outcomes = self.port_outcomes(rest)?;
                rest.fill(0);
                *port = self.seal(outcomes);
                *at = place::REST;
                *detail = rest_step(0, character)?;
            }
            place::PORT => self.port_step(rest, character)?,
            place::REST => *detail = rest_step(*detail, character)?,
            _ => return None,
        }
        Some(())
    }

    /// What the tests say of the URL that led to a state, if it is one.
    pub(super) fn outcomes(&self, state: &[u32]) -> Option<Parts> {
        let [at, detail, scheme, host, port, sure, rest @ ..] = state else { return None };
        let host_now = || Some(self.host.outcomes(rest));
        let (host, port) = match *at {
            place::NAME if is_name(*detail) => (host_now(), self.port_by_default(*scheme)),
            place::AFTER_BRACKET => (host_now(), self.port_by_default(*scheme)),
            place::PORT => (self.unseal(*host).cloned(), Some(self.port_outcomes(rest)?)),
            place::REST if *detail % 3 == 0 => {
                (self.unseal(*host).cloned(), self.unseal(*port).cloned())
            }
            _ => return None,
        };
        let scheme = self.unseal(*scheme)?.get(..self.scheme_tests)?.to_vec();
        Some(Parts { scheme, host: host?, port, sure: *sure == 1 })
    }

    /// The outcomes of the port that a URL has without saying so.
    fn port_by_default(&self, scheme: u32) -> Option<Vec<bool>> {
        let known = self.unseal(scheme)?.get(self.scheme_tests..)?;
        let (_, port) = SCHEMES.iter().zip(known).find(|(_, is)| **is)?.0;
        Some(self.port.iter().map(|test| passes(test, *port)).collect())
    }

    fn default_port(&mut self, scheme: u32) -> u32 {
        self.port_by_default(scheme).map_or(0, |outcomes| self.seal(outcomes))
    }

    /// A port as the number of its digits, and how these compare with the first digits of each port
    /// that matters: 0 less, 1 equal, 2 more.
    fn port_step(&self, state: &mut [u32], character: char) -> Option<()> {
        let [length, compared @ ..] = state else { return None };
        let digit = character.to_digit(10)?;
        if *length == PORT_DIGITS || *length == 0 && digit == 0 {
            return None;
        }
        for (port, compared) in self.ports.iter().zip(compared) {
            let written = port.to_string();
            let other = written.chars().nth(*length as usize).and_then(|one| one.to_digit(10));
            if *length == 0 {
                *compared = 1;
            }
            if let (1, Some(other)) = (*compared, other) {
                *compared = match digit.cmp(&other) {
                    std::cmp::Ordering::Less => 0,
                    std::cmp::Ordering::Equal => 1,
                    std::cmp::Ordering::Greater => 2,
                };
            }
        }
        *length = length.saturating_add(1);
        Some(())
    }

    fn port_outcomes(&self, state: &[u32]) -> Option<Vec<bool>> {
        let [length, compared @ ..] = state else { return None };
        if *length == 0 {
            return None;
        }
        let digits = |port: &i64| u32::try_from(port.to_string().len()).unwrap_or(0);
        let order = self.ports.iter().zip(compared).map(|(port, compared)| {
            match (length.cmp(&digits(port)), *compared) {
                (std::cmp::Ordering::Equal, 0) => std::cmp::Ordering::Less,
                (std::cmp::Ordering::Equal, 1) => std::cmp::Ordering::Equal,
                (std::cmp::Ordering::Equal, _) => std::cmp::Ordering::Greater,
                (unequal, _) => unequal,
            }
        });
        let order: Vec<(i64, std::cmp::Ordering)> = self.ports.iter().copied().zip(order).collect();
        if order.last().is_some_and(|(_, greatest)| greatest.is_gt()) {
            return None;
        }
        // A number in the same place between the ports that matter passes the same tests.
        let below =
            order.iter().rev().find(|(_, order)| order.is_gt()).map_or(0, |(port, _)| *port);
        let same = order.iter().find(|(_, order)| order.is_eq()).map(|(port, _)| *port);
        let port = same.unwrap_or(below.saturating_add(1));
        Some(self.port.iter().map(|test| passes(test, port)).collect())
    }
}

fn load(state: &mut [u32], part: &[u32]) {
    if let Some(rest) = state.get_mut(FIXED..) {
        load_part(rest, part);
    }
}

fn load_part(rest: &mut [u32], part: &[u32]) {
    for (to, from) in rest.iter_mut().zip(part) {
        *to = *from;
    }
}

fn passes(test: &Test, number: i64) -> bool {
    crate::analysis::integers::passes(test, number)
}

/// The characters of RFC 3986, section 2.
fn is_allowed(character: char) -> bool {
    character.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'()*+,;=%".contains(character)
}

/// The detail of a name: what its last label is, and which part of an IPv4 address it may be.
fn detail(label: u32, address: u32) -> u32 {
    address.saturating_mul(8).saturating_add(label)
}

/// Nothing read: the first number of an address may come, nothing of it yet.
fn first_of_name() -> u32 {
    detail(EMPTY, octet(0, 0))
}

/// The state of an address: which of its four numbers, and what may follow in it.
fn octet(number: u32, progress: u32) -> u32 {
    number.saturating_mul(8).saturating_add(progress).saturating_add(1)
}

fn name_step(state: u32, character: char) -> Option<u32> {
    let (label, address) = (state % 8, state / 8);
    let lower = character.to_ascii_lowercase();
    let label_next = match (label, lower) {
        (EMPTY, '.') => return None,
        (_, '.') => EMPTY,
        (EMPTY, '0') => ZERO,
        (EMPTY | ZERO | DIGITS, '0'..='9') => DIGITS,
        (ZERO, 'x') => HEXADECIMAL,
        (HEXADECIMAL, '0'..='9' | 'a'..='f') => HEXADECIMAL,
        (_, '0'..='9' | 'a'..='z' | '-' | '_') => WORD,
        _ => return None,
    };
    Some(detail(label_next, address_step(address, lower)))
}

/// A number up to 255 without a leading zero: `progress` is 0 for nothing yet, 1 where no digit may
/// follow, 2 after `1`, 3 after `2`, 4 after another digit, 5 where any one digit may follow, 6 after
/// `25`.
fn address_step(address: u32, character: char) -> u32 {
    let Some(state) = address.checked_sub(1) else { return NO_ADDRESS };
    let (number, progress) = (state / 8, state % 8);
    let next = match (progress, character) {
        (1.., '.') if number < 3 => return octet(number.saturating_add(1), 0),
        (0, '0') => 1,
        (0, '1') => 2,
        (0, '2') => 3,
        (0, '3'..='9') => 4,
        (2, '0'..='9') | (3, '0'..='4') => 5,
        (3, '5') => 6,
        (3..=5, '0'..='9') | (6, '0'..='5') => 1,
        _ => return NO_ADDRESS,
    };
    octet(number, next)
}

/// Whether a name may end here: its last label is a word, or all of it an IPv4 address.
fn is_name(state: u32) -> bool {
    let (label, address) = (state % 8, state / 8);
    let is_address = address.checked_sub(1).is_some_and(|state| state / 8 == 3 && state % 8 > 0);
    match label {
        EMPTY => false,
        WORD => true,
        _ => is_address,
    }
}

/// `[::1]` and its like are sure: two colons and one group without a leading zero.
fn bracket_step(state: u32, character: char) -> Option<u32> {
    Some(match (state, character) {
        (0 | 1, ':') => state.saturating_add(1),
        (2, '1'..='9' | 'a'..='f') | (3..=5, '0'..='9' | 'a'..='f') => state.saturating_add(1),
        (_, '0'..='9' | 'a'..='f' | 'A'..='F' | ':' | '.') => UNSURE,
        _ => return None,
    })
}

/// After the authority: whether a `#` was there, and how many digits a `%` still wants.
fn rest_step(state: u32, character: char) -> Option<u32> {
    let (hash, wanted) = (state / 3, state % 3);
    let (hash, wanted) = match (wanted, character) {
        (1.., digit) if digit.is_ascii_hexdigit() => (hash, wanted.saturating_sub(1)),
        (1.., _) | (_, '[' | ']') => return None,
        (_, '#') if hash == 1 => return None,
        (_, '#') => (1, 0),
        (_, '%') => (hash, 2),
        (_, allowed) if is_allowed(allowed) => (hash, 0),
        _ => return None,
    };
    Some(hash.saturating_mul(3).saturating_add(wanted))
}
