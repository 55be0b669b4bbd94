//! Every file of `fuzz/corpus/<target>/`, and a few thousand seeded mutations of them all: flipped
//! bits, cuts, doubled and exchanged parts, other digits.

use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

use super::bodies::{self, TARGETS};

/// Most files of one target, and bytes of one file: a corpus is looked through on every run.
const MOST_FILES: usize = 60;
const LONGEST_FILE: usize = 4_096;

/// The files of a target by name.
fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let file = |path: std::path::PathBuf| {
        (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap())
    };
    let mut found: Vec<_> = files.map(|entry| file(entry.unwrap().path())).collect();
    found.sort();
    assert!(found.len() >= 5, "{target}: the corpus was found");
    found
}

/// Runs a body; a panic says which input it was, as bytes that can be pasted into a file.
fn run(target: &str, what: &str, input: &[u8]) {
    let is_kept = catch_unwind(|| bodies::run(target, input)).is_ok();
    assert!(is_kept, "{target}, {what}: b\"{}\"", input.escape_ascii());
}

/// A generator of our own, so that the same mutations are made everywhere (`SplitMix64`).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Below `most`, which is above zero.
    fn below(&mut self, most: usize) -> usize {
        (self.next() % most as u64) as usize
    }

    /// A part of so many bytes.
    fn part(&mut self, length: usize) -> std::ops::Range<usize> {
        let from = self.below(length + 1);
        from..(from + 1 + self.below(24)).min(length)
    }
}

/// Numbers that are at the edge of something.
const EDGES: [&str; 12] = [
    "0",
    "-1",
    "1e28",
    "1000000000000",
    "1000000000000000",
    "0.000000000000000001",
    "18446744073709551615",
    "9223372036854775807",
    "-9223372036854775808",
    "79228162514264337593543950335",
    "null",
    "\"\"",
];

fn mutated(dice: &mut Dice, files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = files[dice.below(files.len())].1.clone();
    for _ in 0..=dice.below(4) {
        let part = dice.part(bytes.len());
        match dice.below(7) {
            0 if !part.is_empty() => bytes[part.start] ^= 1 << dice.below(8),
            1 => drop(bytes.drain(part)),
            2 => {
                let copy = bytes[part.clone()].to_vec();
                bytes.splice(part.start..part.start, copy);
            }
            3 => bytes.truncate(part.start.max(3)),
            4 => {
                let other = &files[dice.below(files.len())].1;
                let theirs = dice.part(other.len());
                bytes.splice(part, other[theirs].iter().copied());
            }
            5 => {
                let digits = |at: &usize| bytes[*at].is_ascii_digit();
                let Some(from) = (part.start..bytes.len()).find(digits) else { continue };
                let to = (from..bytes.len()).find(|at| !digits(at)).unwrap_or(bytes.len());
                bytes.splice(from..to, EDGES[dice.below(EDGES.len())].bytes());
            }
            _ if !part.is_empty() => bytes[part.start] = b'0' + dice.below(10) as u8,
            _ => {}
        }
        bytes.truncate(2 * LONGEST_FILE);
    }
    bytes
}

/// How many mutations a target is given: what opens a market for each is dearer.
fn count(target: &str) -> usize {
    match target {
        "log" | "account" | "client" | "server" => 1_000,
        _ => 4_000,
    }
}

fn check(target: &str) {
    let files = corpus(target);
    for (name, input) in &files {
        run(target, name, input);
    }
    let mut dice = Dice(0xF022);
    for round in 0..count(target) {
        let input = mutated(&mut dice, &files);
        run(target, &format!("mutation {round}"), &input);
    }
}

macro_rules! targets {
    ($($test:ident $target:literal),* $(,)?) => {
        $(#[test]
        fn $test() {
            check($target);
        })*

        #[test]
        fn every_target_is_run() {
            assert_eq!(TARGETS.map(|(name, _)| name), [$($target),*]);
        }
    };
}

targets! {
    csv_files "import",
    settings_files "settings",
    rows_of_the_journal "rows",
    streams_of_frames "wire",
    logs_of_an_exchange "log",
    account_files "account",
    lines_of_the_control_socket "control",
    what_an_exchange_says_to_a_program "client",
    what_a_program_says_to_an_exchange "server",
    the_tws_wire "tws",
    tables_of_target_weights "targets",
}

#[test]
fn the_corpus_stays_small() {
    for (target, _) in TARGETS {
        let files = corpus(target);
        assert!(files.len() <= MOST_FILES, "{target} has {} files", files.len());
        for (name, bytes) in files {
            assert!(bytes.len() <= LONGEST_FILE, "{target}/{name} has {} bytes", bytes.len());
        }
    }
}
