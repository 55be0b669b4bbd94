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
    /// Commands that were sent, and what they said, until the engine has answered.
    asked: Vec<(CommandId, String)>,
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
        self.asked.push((command, words));
    }

    /// Nothing stands any more; answers are still waited for.
    pub fn clear(&mut self) {
        self.line = None;
    }

    /// Tells what the engine has refused.
    pub fn hear(&mut self, desk: &Desk) {
        let mut refused = None;
        self.asked.retain(|(id, words)| match desk.answer(*id).map(|answer| &answer.outcome) {
            None => true,
            Some(Ok(_)) => false,
            Some(Err(why)) => {
                refused = Some(format!("{words}: refused. {why}"));
                false
            }
        });
        let too_many = self.asked.len().saturating_sub(MOST_ASKED);
        self.asked.drain(..too_many);
        if let Some(text) = refused {
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
