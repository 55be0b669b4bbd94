//! The activity log: the newest lines, bounded; and what of the disk stays to be said until it is over.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::domain::Time;
use crate::link::{Notice, NoticeLevel};

/// Lines that are kept; older ones are in the log file.
const CAPACITY: usize = 1_000;

pub(super) struct Notices {
    lines: VecDeque<Notice>,
    /// Why the settings in force are not on the disk, while that is so.
    pub settings_unsaved: Option<Arc<str>>,
}

impl Notices {
    /// With what the start had to say.
    pub fn new(first: Vec<Notice>) -> Self {
        let mut notices = Self { lines: VecDeque::new(), settings_unsaved: None };
        for Notice { time, level, text } in first {
            notices.add(level, text, time);
        }
        notices
    }

    pub fn add(&mut self, level: NoticeLevel, text: Arc<str>, time: Time) -> Notice {
        match level {
            NoticeLevel::Info => tracing::info!("{text}"),
            NoticeLevel::Warning => tracing::warn!("{text}"),
            NoticeLevel::Error => tracing::error!("{text}"),
        }
        if self.lines.len() >= CAPACITY {
            self.lines.pop_front();
        }
        let notice = Notice { time, level, text };
        self.lines.push_back(notice.clone());
        notice
    }

    pub fn all(&self) -> impl Iterator<Item = &Notice> {
        self.lines.iter()
    }
}
