//! What became of the newest commands.

use std::collections::VecDeque;

use crate::link::{Answer, CommandId};

/// Answers that are kept; a control asks within a few frames.
const CAPACITY: usize = 256;

#[derive(Default)]
pub(super) struct Answers {
    newest: VecDeque<Answer>,
}

impl Answers {
    pub fn add(&mut self, answer: Answer) {
        if self.newest.len() >= CAPACITY {
            self.newest.pop_front();
        }
        self.newest.push_back(answer);
    }

    pub fn get(&self, to: CommandId) -> Option<&Answer> {
        self.newest.iter().rev().find(|answer| answer.to == to)
    }
}
