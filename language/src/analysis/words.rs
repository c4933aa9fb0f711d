//! Words: the tests that a string passes, as one deterministic machine.
//!
//! All constants share one trie, each glob and each folder is a machine of its own. A state is a few
//! numbers in a slice, so that machines that read the same string stand side by side in one vector.

use std::collections::{BTreeMap, BTreeSet};

use placet_engine::condition::{Literal, Test};
use placet_engine::glob::Glob;

use crate::analysis::Undecided;

/// The state from which a machine accepts nothing more.
const LOST: u32 = u32::MAX;

/// Tests of one string.
#[derive(Debug, Default)]
pub(super) struct Words {
    tests: Vec<Word>,
    trie: Vec<Node>,
    globs: Vec<Pieces>,
    folders: Vec<Folder>,
    mentioned: BTreeSet<char>,
}

/// How one test is answered.
#[derive(Debug)]
enum Word {
    /// By the end of one of these constants.
    Constants(BTreeSet<String>),
    /// By the glob of this number.
    Glob(usize),
    /// By the folder of this number.
    Folder(usize),
}

#[derive(Debug, Default)]
struct Node {
    next: BTreeMap<char, u32>,
    ends: Option<String>,
}

impl Words {
    pub(super) fn new<'t>(tests: impl IntoIterator<Item = &'t Test>) -> Result<Self, Undecided> {
        let mut words = Self { trie: vec![Node::default()], ..Self::default() };
        for test in tests {
            words.add(test)?;
        }
        Ok(words)
    }

    fn add(&mut self, test: &Test) -> Result<(), Undecided> {
        let word = match test {
            Test::Equals(literal) => self.constants(std::slice::from_ref(literal))?,
            Test::OneOf(literals) => self.constants(literals)?,
            Test::Like(glob) => {
                self.mentioned.extend(glob.pieces().iter().flat_map(|piece| piece.chars()));
                self.globs.push(Pieces::new(glob));
                Word::Glob(self.globs.len().saturating_sub(1))
            }
            Test::UnderFolder(folder) => {
                self.mentioned.extend(folder.chars().chain(['/']));
                self.folders.push(Folder(folder.chars().collect()));
                Word::Folder(self.folders.len().saturating_sub(1))
            }
            _ => return Err(Undecided::Unknown),
        };
        self.tests.push(word);
        Ok(())
    }

    fn constants(&mut self, literals: &[Literal]) -> Result<Word, Undecided> {
        let mut constants = BTreeSet::new();
        for literal in literals {
            let Literal::String(text) = literal else { return Err(Undecided::Unknown) };
            self.insert(text);
            self.mentioned.extend(text.chars());
            constants.insert(text.clone());
        }
        Ok(Word::Constants(constants))
    }

    fn insert(&mut self, text: &str) {
        let mut at = 0_u32;
        for character in text.chars() {
            let new = u32::try_from(self.trie.len()).unwrap_or(LOST);
            let Some(node) = self.trie.get_mut(at as usize) else { return };
            let next = *node.next.entry(character).or_insert(new);
            if next == new {
                self.trie.push(Node::default());
            }
            at = next;
        }
        if let Some(node) = self.trie.get_mut(at as usize) {
            node.ends = Some(text.to_owned());
        }
    }

    /// Whether a character is told from those that no test mentions.
    pub(super) fn mentions(&self, character: char) -> bool {
        self.mentioned.contains(&character)
    }

    pub(super) fn mentioned(&self) -> impl Iterator<Item = char> {
        self.mentioned.iter().copied()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.tests.is_empty()
    }

    /// Whether nothing that follows changes an outcome.
    pub(super) fn is_settled(&self, state: &[u32]) -> bool {
        let (trie, rest) = state.split_first().map_or((LOST, &[][..]), |(one, rest)| (*one, rest));
        let no_constants = self.trie.len() <= 1 && self.trie.iter().all(|node| node.ends.is_none());
        let (globs, folders) = rest.split_at(self.globs.len().min(rest.len()));
        (trie == LOST || no_constants)
            && self.globs.iter().zip(globs).all(|(glob, state)| glob.is_settled(*state))
            && self.folders.iter().zip(folders).all(|(folder, state)| folder.is_settled(*state))
    }

    /// How many numbers a state has.
    pub(super) fn width(&self) -> usize {
        self.globs.len().saturating_add(self.folders.len()).saturating_add(1)
    }

    pub(super) fn start(&self) -> Vec<u32> {
        let globs = self.globs.iter().map(Pieces::start);
        std::iter::once(0).chain(globs).chain(self.folders.iter().map(|_| 0)).collect()
    }

    pub(super) fn step(&self, state: &mut [u32], character: char) {
        let Some((trie, rest)) = state.split_first_mut() else { return };
        *trie = match self.trie.get(*trie as usize) {
            Some(node) => node.next.get(&character).copied().unwrap_or(LOST),
            None => LOST,
        };
        let (globs, folders) = rest.split_at_mut(self.globs.len().min(rest.len()));
        for (glob, state) in self.globs.iter().zip(globs) {
            *state = glob.step(*state, character);
        }
        for (folder, state) in self.folders.iter().zip(folders) {
            *state = folder.step(*state, character);
        }
    }

    /// What each test says of the string that led to a state.
    pub(super) fn outcomes(&self, state: &[u32]) -> Vec<bool> {
        let (trie, rest) = state.split_first().map_or((LOST, &[][..]), |(one, rest)| (*one, rest));
        let constant = self.trie.get(trie as usize).and_then(|node| node.ends.as_ref());
        let passes = |word: &Word| match word {
            Word::Constants(all) => constant.is_some_and(|text| all.contains(text)),
            Word::Glob(number) => {
                let state = rest.get(*number);
                self.globs.get(*number).zip(state).is_some_and(|(glob, state)| glob.accepts(*state))
            }
            Word::Folder(number) => {
                let state = rest.get(self.globs.len().saturating_add(*number));
                let folder = self.folders.get(*number);
                folder.zip(state).is_some_and(|(folder, state)| folder.accepts(*state))
            }
        };
        self.tests.iter().map(passes).collect()
    }
}

/// A glob, as the place in its pieces. Each piece is looked for at its first place after the one
/// before, which finds a match if there is one; the last must stand at the end.
#[derive(Debug)]
struct Pieces {
    pieces: Vec<Piece>,
    /// The number of the first state of each piece.
    starts: Vec<u32>,
}

#[derive(Debug)]
struct Piece {
    text: Vec<char>,
    /// For each length of a match so far: the longest shorter one that ends in the same place.
    shorter: Vec<usize>,
}

impl Piece {
    fn new(text: &str) -> Self {
        let text: Vec<char> = text.chars().collect();
        let mut piece = Self { shorter: vec![0, 0], text };
        for length in 1..piece.text.len() {
            let Some(character) = piece.text.get(length).copied() else { break };
            let shorter = piece.shorter.get(length).copied().unwrap_or(0);
            let next = piece.longer(shorter, character);
            piece.shorter.push(next);
        }
        piece
    }

    /// The longest match after one more character, none of it lost.
    fn longer(&self, mut matched: usize, character: char) -> usize {
        loop {
            if self.text.get(matched) == Some(&character) {
                return matched.saturating_add(1);
            }
            if matched == 0 {
                return 0;
            }
            matched = self.shorter.get(matched).copied().unwrap_or(0);
        }
    }
}

impl Pieces {
    fn new(glob: &Glob) -> Self {
        let count = glob.pieces().len();
        let pieces: Vec<Piece> = glob
            .pieces()
            .iter()
            .enumerate()
            // Between two stars nothing is found at once.
            .filter(|(at, piece)| !piece.is_empty() || *at == 0 || at.saturating_add(1) == count)
            .map(|(_, piece)| Piece::new(piece))
            .collect();
        let mut starts = Vec::new();
        let mut next = 0_u32;
        for piece in &pieces {
            starts.push(next);
            let length = u32::try_from(piece.text.len()).unwrap_or(LOST);
            next = next.saturating_add(length).saturating_add(1);
        }
        Self { pieces, starts }
    }

    fn start(&self) -> u32 {
        match self.pieces.first() {
            None => LOST,
            Some(_) => self.found(0, 0),
        }
    }

    /// The state of so much of a piece matched. A piece that is found leads to the next.
    fn found(&self, piece: usize, matched: usize) -> u32 {
        let last = self.pieces.len().saturating_sub(1);
        let whole = self.pieces.get(piece).is_some_and(|one| matched == one.text.len());
        let (piece, matched) =
            if whole && piece < last { (piece.saturating_add(1), 0) } else { (piece, matched) };
        let start = self.starts.get(piece).copied().unwrap_or(LOST);
        start.saturating_add(u32::try_from(matched).unwrap_or(LOST))
    }

    fn at(&self, state: u32) -> Option<(usize, usize)> {
        let piece = self.starts.partition_point(|start| *start <= state).checked_sub(1)?;
        let matched = state.checked_sub(*self.starts.get(piece)?)?;
        let matched = usize::try_from(matched).ok()?;
        (matched <= self.pieces.get(piece)?.text.len()).then_some((piece, matched))
    }

    fn step(&self, state: u32, character: char) -> u32 {
        let Some((number, matched)) = self.at(state) else { return LOST };
        let Some(piece) = self.pieces.get(number) else { return LOST };
        if number == 0 {
            return match piece.text.get(matched) == Some(&character) {
                true => self.found(0, matched.saturating_add(1)),
                false => LOST,
            };
        }
        self.found(number, piece.longer(matched, character))
    }

    /// Lost, or after a star with which the pattern ends.
    fn is_settled(&self, state: u32) -> bool {
        let last = self.pieces.last().is_some_and(|piece| piece.text.is_empty());
        self.at(state).is_none() || last && self.pieces.len() > 1 && self.accepts(state)
    }

    fn accepts(&self, state: u32) -> bool {
        self.at(state).is_some_and(|(number, matched)| {
            number.saturating_add(1) == self.pieces.len()
                && self.pieces.get(number).is_some_and(|piece| matched == piece.text.len())
        })
    }
}

/// A folder, as how much of it was read; one more than its length: something below it.
#[derive(Debug)]
struct Folder(Vec<char>);

impl Folder {
    fn below(&self) -> u32 {
        u32::try_from(self.0.len()).unwrap_or(LOST).saturating_add(1)
    }

    fn step(&self, state: u32, character: char) -> u32 {
        if state == LOST || state == self.below() {
            return state;
        }
        match self.0.get(state as usize) {
            Some(next) if *next == character => state.saturating_add(1),
            Some(_) => LOST,
            None if character == '/' || self.0 == ['/'] => self.below(),
            None => LOST,
        }
    }

    fn is_settled(&self, state: u32) -> bool {
        state == LOST || state == self.below()
    }

    fn accepts(&self, state: u32) -> bool {
        state != LOST && state.saturating_add(1) >= self.below()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use placet_engine::view::is_under;
    use proptest::prelude::*;

    fn outcome(test: Test, text: &str) -> bool {
        let words = Words::new([&test]).unwrap();
        let mut state = words.start();
        text.chars().for_each(|character| words.step(&mut state, character));
        words.outcomes(&state)[0]
    }

    proptest! {
        #[test]
        fn a_glob_is_matched_as_the_engine_does(pattern in "[ab*]{0,7}", text in "[ab]{0,8}") {
            let glob = Glob::parse(&pattern);
            prop_assert_eq!(outcome(Test::Like(glob.clone()), &text), glob.matches(&text));
        }

        #[test]
        fn a_folder_is_judged_as_the_engine_does(folder in "(/[ab]){0,3}|/", text in "[ab/]{0,7}") {
            let expected = is_under(&text, &folder);
            prop_assert_eq!(outcome(Test::UnderFolder(folder), &text), expected);
        }

        #[test]
        fn constants_are_told_apart(all in prop::collection::vec("[ab]{0,3}", 0..4), text in "[ab]{0,3}") {
            let literals = all.iter().cloned().map(Literal::String).collect();
            prop_assert_eq!(outcome(Test::OneOf(literals), &text), all.contains(&text));
        }
    }
}
