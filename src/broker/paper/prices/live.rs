//! The bars of this run: what has traded here, by whomever, as far back as it is kept.

use std::collections::VecDeque;

use crate::domain::time::{MINUTE, SECOND};
use crate::domain::{Bar, Time, Timeframe, Trade};

/// One instrument's bars of this run, in seconds and in minutes.
pub(super) struct Live {
    seconds: Run,
    minutes: Run,
}

/// Bars of one length without a gap, the oldest of them dropped when there are too many.
struct Run {
    length: i64,
    kept: usize,
    /// Everything that has traded since is in it.
    from: Time,
    bars: VecDeque<Bar>,
}

/// How many bars are kept of an instrument.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kept {
    pub seconds: usize,
    pub minutes: usize,
}

impl Live {
    /// Nothing has traded yet at `from`.
    pub fn new(from: Time, kept: Kept) -> Self {
        let run = |length, kept| Run { length, kept, from, bars: VecDeque::new() };
        Self { seconds: run(SECOND, kept.seconds), minutes: run(MINUTE, kept.minutes) }
    }

    /// Forgets everything: it is known from `from` on only.
    pub fn restart(&mut self, from: Time) {
        for run in [&mut self.seconds, &mut self.minutes] {
            run.bars.clear();
            run.from = from;
        }
    }

    /// Notes a trade.
    pub fn add(&mut self, trade: &Trade) {
        self.seconds.add(trade);
        self.minutes.add(trade);
    }

    /// From when on [`Self::bars`] are all that traded.
    pub fn from(&self, timeframe: Timeframe) -> Time {
        self.made_of(timeframe).from
    }

    /// The bars that `timeframe` is made of, from `from` on, which is not before [`Self::from`].
    pub fn bars(&self, timeframe: Timeframe, from: Time) -> impl Iterator<Item = Bar> + '_ {
        let run = self.made_of(timeframe);
        // The first may have begun before, in time but not in trades.
        let is_later = move |bar: &&Bar| bar.time.0 + run.length > from.0;
        run.bars.iter().filter(is_later).map(move |bar| Bar { time: bar.time.max(from), ..*bar })
    }

    fn made_of(&self, timeframe: Timeframe) -> &Run {
        if timeframe < Timeframe::M1 { &self.seconds } else { &self.minutes }
    }
}

impl Run {
    fn add(&mut self, trade: &Trade) {
        let (price, volume) = (trade.price.to_f64(), trade.quantity.to_f64());
        let start = Time(trade.time.0.div_euclid(self.length) * self.length);
        match self.bars.back_mut() {
            Some(last) if last.time >= start => last.add_trade(price, volume),
            _ => {
                if self.bars.len() >= self.kept
                    && let Some(dropped) = self.bars.pop_front()
                {
                    self.from = Time(dropped.time.0 + self.length);
                }
                self.bars.push_back(Bar::from_trade(start, price, volume));
            }
        }
    }
}
