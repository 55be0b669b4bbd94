//! One direction of a connection, with what networks do to it.

use std::collections::VecDeque;
use std::time::Duration;

use pitdesk::broker::paper::wire::frame::HEADER;
use pitdesk::domain::Time;

/// A generator of faults: the same seed makes the same ones.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) % end
    }

    pub fn hits(&mut self, one_in: u64) -> bool {
        self.below(one_in) == 0
    }
}

/// What is wrong with a pipe.
#[derive(Debug, Clone, Copy, Default)]
pub struct Faults {
    /// So many bytes go through; what follows is swallowed.
    pub swallows_after: Option<u64>,
    /// A frame comes twice, once in so many.
    pub doubles_one_in: Option<u64>,
    /// How long bytes are on their way.
    pub delay: Duration,
    /// Bytes come in pieces of at most so many.
    pub piece: Option<usize>,
}

/// Bytes on their way, in order.
pub struct Pipe {
    faults: Faults,
    dice: Dice,
    passed: u64,
    on_the_way: VecDeque<(Time, Vec<u8>)>,
    /// The writer has closed it.
    pub ends: bool,
}

impl Pipe {
    pub fn new(faults: Faults, seed: u64) -> Self {
        Self { faults, dice: Dice::new(seed), passed: 0, on_the_way: VecDeque::new(), ends: false }
    }

    /// Takes the first bytes of what was to be written.
    pub fn push_raw(&mut self, bytes: &[u8], taken: usize, now: Time) {
        if taken < bytes.len() {
            self.faults.doubles_one_in = None;
        }
        self.push(&bytes[..taken], now);
    }

    pub fn push(&mut self, bytes: &[u8], now: Time) {
        let mut bytes = match self.faults.doubles_one_in {
            Some(one_in) => self.doubled(bytes, one_in),
            None => bytes.to_vec(),
        };
        if let Some(limit) = self.faults.swallows_after {
            bytes.truncate(usize::try_from(limit.saturating_sub(self.passed)).unwrap());
        }
        self.passed += bytes.len() as u64;
        self.on_the_way.push_back((now + self.faults.delay, bytes));
    }

    /// What is written is whole frames, as both sides make them.
    fn doubled(&mut self, mut bytes: &[u8], one_in: u64) -> Vec<u8> {
        let mut out = Vec::new();
        while !bytes.is_empty() {
            let length = u32::from_le_bytes(bytes[..4].try_into().unwrap()) as usize;
            let (frame, rest) = bytes.split_at(HEADER + length);
            out.extend_from_slice(frame);
            if self.dice.hits(one_in) {
                out.extend_from_slice(frame);
            }
            bytes = rest;
        }
        out
    }

    /// What has arrived by now, in pieces.
    pub fn arrived(&mut self, now: Time) -> Vec<Vec<u8>> {
        let mut pieces = Vec::new();
        while let Some((_, bytes)) = self.on_the_way.pop_front_if(|(due, _)| *due <= now) {
            match self.faults.piece {
                Some(size) => pieces.extend(bytes.chunks(size).map(<[u8]>::to_vec)),
                None => pieces.push(bytes),
            }
        }
        pieces
    }

    pub fn is_empty(&self, now: Time) -> bool {
        self.on_the_way.front().is_none_or(|(due, _)| *due > now)
    }

    /// Whether everything has arrived.
    pub fn is_done(&self) -> bool {
        self.on_the_way.is_empty()
    }
}
