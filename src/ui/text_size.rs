//! Larger and smaller text by key: a setting like others, asked of the engine, which answers some frames later.

use std::sync::Arc;
use std::time::Duration;

use super::terminal::Terminal;
use crate::domain::settings::TextStep;
use crate::domain::{Settings, Time};
use crate::link::{Command, NoticeLevel};

/// So long the next step goes on from what was asked for. After that it was refused, or is lost.
const ANSWERED: Duration = Duration::from_secs(2);

/// A size that was asked for and may not be in force yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct AskedSize {
    at: Time,
    /// In force then.
    from: u16,
    to: u16,
}

impl Terminal {
    /// Makes text larger or smaller: each press by one step, however late the answers are. A refusal is said where
    /// all are.
    pub(super) fn step_text(&mut self, step: TextStep) {
        let now = self.input_at();
        let mut settings = Settings::clone(self.desk.settings());
        let from = settings.looks.text_percent;
        let is_open = |asked: &AskedSize| asked.from == from && now.since(asked.at) < ANSWERED;
        let here = self.asked_size.filter(is_open).map_or(from, |asked| asked.to);
        settings.looks.text_percent = here;
        let to = settings.looks.text_stepped(step);
        if to == here {
            return;
        }
        settings.looks.text_percent = to;
        if self.desk.stopped().is_none() && self.send_own(Command::Configure(Arc::new(settings))) {
            self.asked_size = Some(AskedSize { at: now, from, to });
        } else {
            self.say(
                NoticeLevel::Warning,
                "The size of text stays as it is: the engine takes no change now.",
            );
        }
    }
}
