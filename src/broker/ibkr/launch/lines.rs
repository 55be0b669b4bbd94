//! What the program prints, on its way into the log: in lines of bounded length, at a bounded rate, so much a
//! day, and without anything that must not be seen, whatever it prints.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use crate::domain::Time;

/// The longest line that is kept whole, in bytes.
const LONGEST: usize = 1_000;
/// The most lines that are logged in a window of [`WINDOW`].
const MOST: u32 = 200;
const WINDOW: Duration = Duration::from_secs(1);
/// The most that is logged in a [`DAY`], in bytes; a week of a healthy one takes less.
const MOST_A_DAY: usize = 16_000_000;
const DAY: Duration = Duration::from_hours(24);
/// What the log adds to each line: time, level, origin.
const BESIDES: usize = 60;
/// What stands where something was.
const MASK: &str = "***";

/// Text that must not be seen: it is not shown by `Debug`, and overwritten when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// Takes it.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text.into_bytes())
    }

    /// Shows it, to whoever hands it over.
    #[must_use]
    pub fn reveal(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.fill(0);
        // Else the compiler may leave out what nobody reads any more.
        std::hint::black_box(&mut self.0);
    }
}

/// Everything that must not be seen in a log.
#[derive(Debug, Default)]
pub struct Masks {
    /// The longest first, so that one which contains another goes whole.
    secrets: Vec<Secret>,
}

impl Masks {
    /// Masks these. Empty ones are left out.
    #[must_use]
    pub fn new(secrets: impl IntoIterator<Item = Secret>) -> Self {
        // At the end of a line one stands without its last spaces.
        let both = |secret: Secret| [Secret::new(secret.reveal().trim_end().to_owned()), secret];
        let all = secrets.into_iter().flat_map(both);
        let mut secrets: Vec<Secret> = all.filter(|secret| !secret.0.is_empty()).collect();
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.0.len()));
        secrets.dedup();
        Self { secrets }
    }

    /// The text without them. Of a line that was cut, an end that may be the beginning of one goes too.
    #[must_use]
    pub fn clean(&self, text: &str, is_cut: bool) -> String {
        let mut text = text.to_owned();
        for secret in &self.secrets {
            text = text.replace(secret.reveal(), MASK);
        }
        if is_cut {
            let begun = |secret: &Secret| {
                let whole = secret.reveal();
                let ends = whole.char_indices().map(|(at, _)| &whole[..at]).skip(1);
                ends.filter(|beginning| text.ends_with(beginning)).map(str::len).max()
            };
            if let Some(length) = self.secrets.iter().filter_map(begun).max() {
                text.truncate(text.len() - length);
                text.push_str(MASK);
            }
            text.push('…');
        }
        text
    }
}

/// Cuts bytes into lines; of one that is too long, what follows is left out.
#[derive(Debug, Default)]
pub(super) struct Splitter {
    begun: Vec<u8>,
    is_cut: bool,
    ready: VecDeque<Line>,
}

/// A line as it was printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// Without characters that are no text.
    pub text: String,
    /// Whether more had followed.
    pub is_cut: bool,
}

impl Splitter {
    /// Takes what has come.
    pub fn take(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match byte {
                b'\n' => self.end(),
                _ if self.begun.len() < LONGEST => self.begun.push(*byte),
                _ => self.is_cut = true,
            }
        }
    }

    /// Nothing more follows.
    pub fn end(&mut self) {
        // A cut in the middle of a character is no reason to lose the line.
        let text = String::from_utf8_lossy(&self.begun);
        let text = text.trim_end_matches(char::REPLACEMENT_CHARACTER);
        let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let line = Line { text: text.trim_end().to_owned(), is_cut: self.is_cut };
        if !line.text.is_empty() {
            self.ready.push_back(line);
        }
        self.begun.clear();
        self.is_cut = false;
    }

    /// The next whole line.
    pub fn next(&mut self) -> Option<Line> {
        self.ready.pop_front()
    }
}

/// How many lines there may be in a while, and how much of them in a day.
#[derive(Debug)]
pub(super) struct Pace {
    began: Time,
    taken: u32,
    day_began: Time,
    bytes: usize,
    is_full: bool,
    left_out: u64,
}

/// What becomes of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is logged; so many were left out before it.
    Log(u64),
    /// It is left out.
    LeaveOut,
    /// The same, and with it all others of this day.
    LeaveOutRest,
}

impl Pace {
    /// From now on.
    pub fn new(now: Time) -> Self {
        Self { began: now, taken: 0, day_began: now, bytes: 0, is_full: false, left_out: 0 }
    }

    /// Judges a line of so many bytes.
    pub fn judge(&mut self, length: usize, now: Time) -> Verdict {
        if now.since(self.day_began) >= DAY {
            (self.day_began, self.bytes, self.is_full) = (now, 0, false);
        }
        if now.since(self.began) >= WINDOW {
            (self.began, self.taken) = (now, 0);
        }
        if self.is_full || self.taken >= MOST {
            self.left_out = self.left_out.saturating_add(1);
            return Verdict::LeaveOut;
        }
        if self.bytes + length + BESIDES > MOST_A_DAY {
            self.is_full = true;
            self.left_out = self.left_out.saturating_add(1);
            return Verdict::LeaveOutRest;
        }
        self.bytes += length + BESIDES;
        self.taken += 1;
        Verdict::Log(std::mem::take(&mut self.left_out))
    }

    /// How many were left out that nobody was told of; they are told now.
    pub fn left_out(&mut self) -> u64 {
        std::mem::take(&mut self.left_out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masks(secrets: &[&str]) -> Masks {
        Masks::new(secrets.iter().map(|text| Secret::new((*text).to_owned())))
    }

    fn split(pieces: &[&[u8]]) -> Vec<Line> {
        let mut splitter = Splitter::default();
        for piece in pieces {
            splitter.take(piece);
        }
        splitter.end();
        std::iter::from_fn(|| splitter.next()).collect()
    }

    #[test]
    fn a_secret_is_shown_to_nobody_who_does_not_ask() {
        let secret = Secret::new("hunter2".to_owned());
        assert_eq!(format!("{secret:?} {:?}", masks(&["hunter2"])), "*** Masks { secrets: [***] }");
        assert_eq!(secret.reveal(), "hunter2");
    }

    #[test]
    fn masks_cover_every_occurrence_and_the_longest_first() {
        let masks = masks(&["pass", "password-1", "", "me"]);
        assert_eq!(masks.clean("me: password-1 pass pass", false), "***: *** *** ***");
        assert_eq!(masks.clean("nothing here", false), "nothing here");
    }

    #[test]
    fn a_cut_line_shows_no_beginning_of_a_secret() {
        let masks = masks(&["hunter2", "trader"]);
        assert_eq!(masks.clean("its password is hunt", true), "its password is ***…");
        assert_eq!(masks.clean("by tr", true), "by ***…");
        assert_eq!(masks.clean("whole hunter2", true), "whole ***…");
        assert_eq!(masks.clean("nothing", true), "nothing…");
        assert_eq!(masks.clean("its password is hunt", false), "its password is hunt");
    }

    #[test]
    fn a_secret_at_the_end_of_a_long_line_is_never_seen() {
        let masks = masks(&["correct-horse"]);
        for before in LONGEST - 20..LONGEST + 5 {
            let line = format!("{}correct-horse and more\n", "x".repeat(before));
            for line in split(&[line.as_bytes()]) {
                let shown = masks.clean(&line.text, line.is_cut);
                assert!(!shown.contains('c') && !shown.contains("orse"), "{before}: {shown}");
            }
        }
    }

    #[test]
    fn a_secret_is_masked_wherever_its_line_is_torn() {
        let (secret, line) = ("pä🔑ss ", "its password is pä🔑ss \n".as_bytes());
        let masks = masks(&[secret]);
        for at in 0..=line.len() {
            let shown: Vec<String> = split(&[&line[..at], &line[at..]])
                .iter()
                .map(|line| masks.clean(&line.text, line.is_cut))
                .collect();
            assert_eq!(shown, ["its password is ***"], "{at}");
        }
        // However many of its bytes are the last that are kept.
        for before in LONGEST - 12..LONGEST {
            let line = format!("{}{secret}and more\n", "x".repeat(before));
            for line in split(&[line.as_bytes()]) {
                let shown = masks.clean(&line.text, line.is_cut);
                assert!(!shown.contains(['p', 'ä', '🔑', 's']), "{before}: {shown}");
            }
        }
    }

    #[test]
    fn bytes_that_are_no_text_cost_nothing_else() {
        let shown: Vec<String> =
            split(&[b"a\xffb\n\xf0\x9f", b"\nnext\xc3\n"]).into_iter().map(|l| l.text).collect();
        assert_eq!(shown, ["a\u{fffd}b", "next"]);
    }

    #[test]
    fn lines_are_whole_however_they_come() {
        let whole: Vec<String> = split(&[b"one\r\ntw", b"o\n\n", "dre\u{1b}[31mi".as_bytes()])
            .into_iter()
            .map(|l| l.text)
            .collect();
        assert_eq!(whole, ["one", "two", "dre [31mi"]);
    }

    #[test]
    fn a_line_without_an_end_takes_no_room() {
        let mut splitter = Splitter::default();
        for _ in 0..1_000 {
            splitter.take(&[b'x'; 1_000]);
        }
        assert_eq!(splitter.begun.len(), LONGEST);
        splitter.take(b"\nnext\n");
        let cut = splitter.next().unwrap();
        assert!(cut.is_cut && cut.text.len() == LONGEST, "{cut:?}");
        assert_eq!(splitter.next(), Some(Line { text: "next".to_owned(), is_cut: false }));
    }

    #[test]
    fn what_comes_too_fast_is_counted_and_left_out() {
        let now = Time::from_seconds(1);
        let mut pace = Pace::new(now);
        let logged = (0..500).filter(|_| pace.judge(10, now) == Verdict::Log(0)).count();
        assert_eq!(logged, MOST as usize);
        assert_eq!(pace.judge(10, now + WINDOW), Verdict::Log(500 - u64::from(MOST)));
        assert_eq!(pace.judge(10, now + WINDOW), Verdict::Log(0));
    }

    #[test]
    fn what_prints_without_end_fills_no_disk_and_its_next_day_begins_anew() {
        let began = Time::from_seconds(1);
        let mut pace = Pace::new(began);
        let (mut bytes, mut last_ones, mut left_out) = (0, 0, 0);
        for second in 0..DAY.as_secs() {
            for _ in 0..3 {
                match pace.judge(LONGEST, began + Duration::from_secs(second)) {
                    Verdict::Log(before) => {
                        assert_eq!((before, last_ones), (0, 0), "nothing is logged behind the last word");
                        bytes += LONGEST;
                    }
                    Verdict::LeaveOutRest => (last_ones, left_out) = (last_ones + 1, left_out + 1),
                    Verdict::LeaveOut => left_out += 1,
                }
            }
        }
        assert!((MOST_A_DAY / 2..=MOST_A_DAY).contains(&bytes), "{bytes}");
        assert_eq!(last_ones, 1, "it is said once");
        assert_eq!(pace.judge(10, began + DAY), Verdict::Log(left_out));
        assert_eq!(pace.left_out(), 0, "it is told once");
    }

    #[test]
    fn empty_talk_counts_as_well() {
        let began = Time::from_seconds(1);
        let mut pace = Pace::new(began);
        let lines = (0..DAY.as_secs()).flat_map(|second| [second; 150]);
        let logged = lines
            .filter(|second| matches!(pace.judge(1, began + Duration::from_secs(*second)), Verdict::Log(_)));
        assert!(logged.count() * BESIDES <= MOST_A_DAY);
    }
}
