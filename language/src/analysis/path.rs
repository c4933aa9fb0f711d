//! The path view as a machine: which tests the normal form of a raw string passes.

use crate::analysis::words::Words;

/// Reads a raw string and runs tests on what `path(…)` makes of it.
#[derive(Debug)]
pub(super) struct PathMachine {
    words: Words,
}

// What the raw string looks like so far.
const START: u32 = 0;
/// No path, whatever follows.
pub(super) const REFUSED: u32 = 1;
/// At the start of a segment.
const SLASH: u32 = 2;
/// In a segment that is `.` so far.
const DOT: u32 = 3;
/// In a segment that is `..` so far.
const DOTS: u32 = 4;
/// In a segment that is handed on.
const SEGMENT: u32 = 5;

impl PathMachine {
    pub(super) fn new(words: Words) -> Self {
        Self { words }
    }

    /// Its look, whether a segment was handed on, and the state of the tests.
    pub(super) fn start(&self) -> Vec<u32> {
        [START, 0].into_iter().chain(self.words.start()).collect()
    }

    pub(super) fn width(&self) -> usize {
        self.words.width().saturating_add(2)
    }

    /// Characters are alike where this is.
    pub(super) fn signature(&self, character: char) -> (Option<char>, u8) {
        let mentioned = Some(character).filter(|one| self.words.mentions(*one));
        let kind = match character {
            '/' => 0,
            '.' => 1,
            refused if is_refused(refused) => 2,
            _ => 3,
        };
        (mentioned, kind)
    }

    pub(super) fn mentioned(&self) -> impl Iterator<Item = char> {
        self.words.mentioned()
    }

    pub(super) fn step(&self, state: &mut [u32], character: char) {
        let [look, handed, words @ ..] = state else { return };
        let held = match (*look, character) {
            (REFUSED, _) => return,
            (_, refused) if is_refused(refused) => None,
            (START | SLASH | DOT | SEGMENT, '/') => {
                *look = SLASH;
                return;
            }
            (START, _) | (DOTS, '/') => None,
            (SLASH, '.') => {
                *look = DOT;
                return;
            }
            (DOT, '.') => {
                *look = DOTS;
                return;
            }
            (SLASH, _) => Some("/"),
            (DOT, _) => Some("/."),
            (DOTS, _) => Some("/.."),
            _ => Some(""),
        };
        match held {
            None => {
                *look = REFUSED;
                *handed = 0;
                words.fill(0);
            }
            Some(held) => {
                *look = SEGMENT;
                *handed = 1;
                for one in held.chars().chain([character]) {
                    self.words.step(words, one);
                }
            }
        }
    }

    /// What each test says of the normal form, if there is one.
    pub(super) fn outcomes(&self, state: &[u32]) -> Option<Vec<bool>> {
        let [look, handed, words @ ..] = state else { return None };
        match (*look, *handed) {
            (START | REFUSED | DOTS, _) => None,
            (_, 0) => {
                let mut root = self.words.start();
                self.words.step(&mut root, '/');
                Some(self.words.outcomes(&root))
            }
            _ => Some(self.words.outcomes(words)),
        }
    }
}

fn is_refused(character: char) -> bool {
    character == '\\' || character == '%' || character.is_control()
}
