//! What became of what was done in a pane: one line, for a while.
//!
//! For panes whose deeds leave at once and have no control that could wait for its answer.

use std::time::Duration;

use crate::desk::Desk;
use crate::domain::Time;
use crate::link::CommandId;

/// Answers that are waited for at most: of what is older the desk has forgotten them.
const MOST_ASKED: usize = 64;
/// How long a line stands.
const STANDS: Duration = Duration::from_secs(6);

/// The newest line, and what has not been answered yet.
#[derive(Debug, Default)]
pub(super) struct Told {
    line: Option<Line>,
    asked: Asked,
}

/// Commands that were sent, and what they said, until the engine has answered.
#[derive(Debug, Default)]
pub(super) struct Asked(Vec<(CommandId, String)>);

impl Asked {
    /// This was sent.
    pub fn add(&mut self, command: CommandId, words: String) {
        self.0.push((command, words));
    }

    /// What the engine has refused since the last look, in words.
    pub fn refusals(&mut self, desk: &Desk) -> Vec<String> {
        let mut refusals = Vec::new();
        self.0.retain(|(id, words)| match desk.answer(*id).map(|answer| &answer.outcome) {
            None => true,
            Some(Ok(_)) => false,
            Some(Err(why)) => {
                refusals.push(format!("{words}: refused. {why}"));
                false
            }
        });
        let too_many = self.0.len().saturating_sub(MOST_ASKED);
        self.0.drain(..too_many);
        refusals
    }
}

/// A line about what was done.
#[derive(Debug)]
pub(super) struct Line {
    pub text: String,
    /// It was not done.
    pub is_bad: bool,
    at: Time,
}

impl Told {
    /// Says something, in place of what was said before.
    pub fn say(&mut self, text: impl Into<String>, now: Time) {
        self.line = Some(Line { text: text.into(), is_bad: false, at: now });
    }

    /// Says that something was not done.
    pub fn refuse(&mut self, text: impl Into<String>, now: Time) {
        self.line = Some(Line { text: text.into(), is_bad: true, at: now });
    }

    /// A command was sent: if the engine refuses it, that is said with these words.
    pub fn sent(&mut self, command: CommandId, words: String) {
        self.asked.add(command, words);
    }

    /// Nothing stands any more; answers are still waited for.
    pub fn clear(&mut self) {
        self.line = None;
    }

    /// Tells what the engine has refused.
    pub fn hear(&mut self, desk: &Desk) {
        for text in self.asked.refusals(desk) {
            self.refuse(text, desk.now());
        }
    }

    /// The line, and how long it still stands.
    pub fn line(&self, now: Time) -> Option<(&Line, Duration)> {
        let line = self.line.as_ref()?;
        let left = STANDS.checked_sub(now.since(line.at)).filter(|left| !left.is_zero())?;
        Some((line, left))
    }
}
