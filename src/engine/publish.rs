//! Hands effects to the links of those that follow.

use std::sync::Arc;

use super::Effect;
use crate::link::channel::Batch;
use crate::link::{Follower, Update};

impl Effect {
    /// Publishes what is for a follower besides the window.
    pub fn tell(&self, follower: Follower, batch: &mut Batch<'_>) {
        match self {
            Self::Publish { update, received } if is_for(update, follower) => {
                batch.lossless((**update).clone(), *received);
            }
            Self::Quote(id, quote, received) => batch.quote(*id, *quote, *received),
            Self::Depth(id, depth, received) => batch.depth(*id, Arc::clone(depth), *received),
            Self::Bar(key, bar, received) => batch.bar(*key, *bar, *received),
            Self::LateTrade(_) => batch.late_trade(),
            Self::Trade(id, trade, received) => batch.trade(*id, *trade, *received),
            Self::Alive(alive) => batch.alive(*alive),
            Self::ForgetBars(key) => batch.forget_bars(*key),
            _ => {}
        }
    }

    /// Publishes what is for the window; gives back what is for none that follows.
    pub fn publish_to(self, window: &mut Batch<'_>) -> Option<Self> {
        match self {
            Self::Publish { update, received } => {
                if is_for(&update, Follower::WINDOW) {
                    window.lossless(*update, received);
                }
            }
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

/// An answer is for whoever has asked; everything else is for all.
fn is_for(update: &Update, follower: Follower) -> bool {
    match update {
        Update::Answer(answer) => answer.to.follower() == follower,
        Update::Results(results) => results.to.follower() == follower,
        Update::Impact(reckoned) => reckoned.to.follower() == follower,
        _ => true,
    }
}
