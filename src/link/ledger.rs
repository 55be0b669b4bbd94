//! The integrity ledger: what became of every message.

/// The streams that are counted apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stream {
    /// Numbered updates: orders, fills, positions, accounts, answers …
    Lossless,
    /// Quotes per instrument.
    Quotes,
    /// Depth per instrument.
    Depth,
    /// Forming and closed bars per series.
    Bars,
    /// Single trades per instrument.
    Trades,
}

impl Stream {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Lossless, Self::Quotes, Self::Depth, Self::Bars, Self::Trades];

    /// The word on the screen.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Lossless => "Orders and state",
            Self::Quotes => "Quotes",
            Self::Depth => "Depth",
            Self::Bars => "Bars",
            Self::Trades => "Trades",
        }
    }
}

/// What became of one stream's messages, all counted since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StreamCount {
    /// Handed to the link.
    pub received: u64,
    /// Taken over by the window's model.
    pub applied: u64,
    /// Replaced by a newer value before the window looked.
    pub conflated: u64,
    /// Not taken over, because wrong or late.
    pub rejected: u64,
    /// Pushed out of a full ring or queue.
    pub dropped: u64,
    /// Trades that came when the bar of their time had closed: no bar has them.
    pub late: u64,
}

impl StreamCount {
    /// Whether every message is accounted for, where none waits: after a drain.
    #[must_use]
    pub fn adds_up(&self) -> bool {
        self.received == self.applied + self.conflated + self.rejected + self.dropped + self.late
    }
}

/// All streams' counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ledger {
    counts: [StreamCount; Stream::ALL.len()],
}

impl Ledger {
    /// One stream's count.
    #[must_use]
    pub fn of(&self, stream: Stream) -> &StreamCount {
        &self.counts[stream as usize]
    }

    /// One stream's count, to add to.
    pub fn of_mut(&mut self, stream: Stream) -> &mut StreamCount {
        &mut self.counts[stream as usize]
    }

    /// Whether every message of every stream is accounted for.
    #[must_use]
    pub fn adds_up(&self) -> bool {
        self.counts.iter().all(StreamCount::adds_up)
    }
}
