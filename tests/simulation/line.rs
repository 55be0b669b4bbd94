//! One direction of a connection: the pipe of the wire's tests, in which frames may also come in
//! another order or be missing. (A stream does neither; what numbers frames must see it anyway.)

use pitdesk::broker::paper::wire::frame::HEADER;
use pitdesk::domain::Time;

use crate::pipe::{Dice, Faults, Pipe};

/// What is wrong with a line.
#[derive(Debug, Clone, Copy, Default)]
pub struct Troubles {
    pub faults: Faults,
    /// A frame comes behind the next one, once in so many.
    pub swaps_one_in: Option<u64>,
    /// A frame is lost, once in so many.
    pub loses_one_in: Option<u64>,
}

pub struct Line {
    pipe: Pipe,
    troubles: Troubles,
    dice: Dice,
}

impl Line {
    pub fn new(troubles: Troubles, seed: u64) -> Self {
        Self { pipe: Pipe::new(troubles.faults, seed), troubles, dice: Dice::new(seed ^ 0x0123_4567) }
    }

    /// Takes the first bytes of what was to be written: whole frames, or what a line that breaks
    /// has taken of them.
    pub fn push(&mut self, bytes: &[u8], taken: usize, now: Time) {
        if taken < bytes.len() {
            return self.pipe.push_raw(bytes, taken, now);
        }
        let mut frames = frames(bytes);
        if let Some(one_in) = self.troubles.loses_one_in {
            frames.retain(|_| !self.dice.hits(one_in));
        }
        if let Some(one_in) = self.troubles.swaps_one_in {
            for at in 1..frames.len() {
                if self.dice.hits(one_in) {
                    frames.swap(at - 1, at);
                }
            }
        }
        self.pipe.push(&frames.concat(), now);
    }

    /// The other end has closed it.
    pub fn ends(&mut self) {
        self.pipe.ends = true;
    }

    /// Whether it was closed and everything has arrived.
    pub fn has_ended(&self) -> bool {
        self.pipe.ends && self.pipe.is_done()
    }

    pub fn arrived(&mut self, now: Time) -> Vec<Vec<u8>> {
        self.pipe.arrived(now)
    }

    pub fn is_done(&self) -> bool {
        self.pipe.is_done()
    }
}

fn frames(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut frames = Vec::new();
    while !bytes.is_empty() {
        let length = u32::from_le_bytes(bytes[..4].try_into().unwrap()) as usize;
        let (frame, rest) = bytes.split_at(HEADER + length);
        frames.push(frame);
        bytes = rest;
    }
    frames
}
