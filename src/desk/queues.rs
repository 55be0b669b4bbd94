//! How much had waited for the window whenever it looked.

use crate::link::{Drained, Stream};

/// Messages of one stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Waited {
    /// When the window looked last.
    pub newest: usize,
    /// At most, since it was last measured anew.
    pub most: usize,
}

/// The same of all streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Queues {
    of: [Waited; Stream::ALL.len()],
}

impl Queues {
    /// One stream's.
    #[must_use]
    pub fn of(&self, stream: Stream) -> Waited {
        self.of[stream as usize]
    }

    pub(super) fn note(&mut self, drained: &Drained) {
        for stream in Stream::ALL {
            let waited = &mut self.of[stream as usize];
            waited.newest = drained.waited(stream);
            waited.most = waited.most.max(waited.newest);
        }
    }

    pub(super) fn measure_anew(&mut self) {
        for waited in &mut self.of {
            waited.most = 0;
        }
    }
}
