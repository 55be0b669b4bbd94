//! Hands effects to the window's link.

use super::Effect;
use crate::link::channel::Batch;

impl Effect {
    /// Publishes what is for the window; gives back what is not.
    pub fn publish_to(self, window: &mut Batch<'_>) -> Option<Self> {
        match self {
            Self::Publish { update, received } => window.lossless(*update, received),
            Self::Quote(id, quote, received) => window.quote(id, quote, received),
            Self::Depth(id, depth, received) => window.depth(id, depth, received),
            Self::Bar(key, bar, received) => window.bar(key, bar, received),
            Self::LateTrade(_) => window.late_trade(),
            Self::Trade(id, trade, received) => window.trade(id, trade, received),
            Self::Alive(alive) => window.alive(alive),
            Self::ForgetBars(key) => window.forget_bars(key),
            other => return Some(other),
        }
        None
    }
}
