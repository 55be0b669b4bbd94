//! Who follows the engine besides the window: servers that let other programs use it.
//!
//! A follower has an end like the window's, with slots of its own, bounded the same way: however
//! slow it is, neither the engine nor the window waits for it. It may join and leave while the
//! engine runs, and ask for whatever the window may ask; the engine lives for the window alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::sync::mpsc;

use super::channel::{Batch, Inbox, Publisher, SpareSender};
use super::{CommandId, Envelope};

/// Followers that may wait to be let in.
const JOINING: usize = 8;
/// How many bits of a command's id are its number, below those of the follower.
const NUMBER_BITS: u32 = 56;

/// One of those that follow the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Follower(u8);

impl Follower {
    /// The window.
    pub const WINDOW: Self = Self(0);

    /// The id of its command of this number. No two followers ever use the same.
    #[must_use]
    pub fn command(self, number: u64) -> CommandId {
        CommandId((u64::from(self.0) << NUMBER_BITS) | (number & ((1 << NUMBER_BITS) - 1)))
    }
}

impl CommandId {
    /// Whose command it is.
    #[must_use]
    pub fn follower(self) -> Follower {
        Follower((self.0 >> NUMBER_BITS) as u8)
    }
}

/// Where servers join.
#[derive(Clone)]
pub struct Hub {
    joining: mpsc::Sender<(Follower, Publisher)>,
    commands: mpsc::WeakSender<Envelope>,
    next: Arc<AtomicU8>,
}

/// A follower's end. Dropped, it follows no more.
pub struct FollowerEnd {
    /// Who it is.
    pub follower: Follower,
    /// Towards the engine.
    pub commander: SpareSender,
    /// From the engine.
    pub inbox: Inbox,
}

impl Hub {
    /// Follows the engine from now on. The first to be asked for is a snapshot.
    ///
    /// `wake` is called, from any thread, when the follower should look; at most once until it has.
    /// `None` when the engine is gone, or has been followed 255 times in this run.
    #[must_use]
    pub fn follow(&self, wake: Arc<dyn Fn() + Send + Sync>) -> Option<FollowerEnd> {
        let next = |last: u8| last.checked_add(1);
        let last = self.next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).ok()?;
        let follower = Follower(last + 1);
        let (publisher, inbox) = Publisher::new(wake, super::channel::LOSSLESS_CAPACITY);
        self.joining.try_send((follower, publisher)).ok()?;
        Some(FollowerEnd { follower, commander: SpareSender::new(self.commands.clone()), inbox })
    }
}

/// The engine's side of all followers but the window.
pub struct Followers {
    joining: mpsc::Receiver<(Follower, Publisher)>,
    here: Vec<(Follower, Publisher)>,
    hub: Hub,
}

impl Followers {
    pub(super) fn new(commands: mpsc::WeakSender<Envelope>) -> Self {
        let (joining_sender, joining) = mpsc::channel(JOINING);
        let hub = Hub { joining: joining_sender, commands, next: Arc::default() };
        Self { joining, here: Vec::new(), hub }
    }

    /// Where they join.
    #[must_use]
    pub fn hub(&self) -> Hub {
        self.hub.clone()
    }

    /// Tells each of them something under one lock of its own; whether one is so far behind that
    /// only a snapshot can help.
    pub fn tell(&mut self, mut tell: impl FnMut(Follower, &mut Batch<'_>)) -> bool {
        while let Ok(new) = self.joining.try_recv() {
            self.here.push(new);
        }
        let mut is_behind = false;
        for (follower, publisher) in &mut self.here {
            is_behind |= publisher.batch(|batch| {
                tell(*follower, batch);
                batch.needs_snapshot()
            });
        }
        is_behind
    }

    /// Lets go of those that have left, and says who they were.
    pub fn take_gone(&mut self) -> Vec<Follower> {
        let gone = |(follower, publisher): &(Follower, Publisher)| publisher.is_alone().then_some(*follower);
        let gone: Vec<Follower> = self.here.iter().filter_map(gone).collect();
        self.here.retain(|(follower, _)| !gone.contains(follower));
        gone
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{InstrumentId, Quote, Time};
    use crate::link::{Command, connect};

    #[test]
    fn no_two_followers_use_the_same_id() {
        let (engine, _window) = connect(Arc::new(|| {}));
        let hub = engine.followers.hub();
        let follow = || hub.follow(Arc::new(|| {})).unwrap().follower;
        let (first, second) = (follow(), follow());
        assert_ne!(first.command(7), second.command(7));
        assert_ne!(first.command(7), Follower::WINDOW.command(7));
        assert_eq!(second.command(u64::MAX).follower(), second);
        assert_eq!(Follower::WINDOW.command(7), CommandId(7), "as the window counts");
    }

    #[test]
    fn a_follower_is_told_what_happens_from_its_joining_to_its_leaving() {
        let (mut engine, _window) = connect(Arc::new(|| {}));
        let hub = engine.followers.hub();
        let tell = |followers: &mut Followers| {
            followers.tell(|_, batch| batch.quote(InstrumentId(3), Quote::default(), Time(1)))
        };
        tell(&mut engine.followers);
        let end = hub.follow(Arc::new(|| {})).unwrap();
        assert!(end.inbox.drain().quotes.is_empty());
        tell(&mut engine.followers);
        assert_eq!(end.inbox.drain().quotes.len(), 1);
        assert!(engine.followers.take_gone().is_empty());
        let follower = end.follower;
        drop(end);
        assert_eq!(engine.followers.take_gone(), [follower]);
        assert!(engine.followers.take_gone().is_empty());
    }

    #[test]
    fn a_follower_commands_as_long_as_the_window_is_there() {
        let (mut engine, window) = connect(Arc::new(|| {}));
        let end = engine.followers.hub().follow(Arc::new(|| {})).unwrap();
        let envelope =
            || Envelope { id: end.follower.command(1), input_at: Time(5), command: Command::Snapshot };
        end.commander.try_send(envelope()).unwrap();
        assert_eq!(engine.commands.try_recv().unwrap().id.follower(), end.follower);
        drop(window);
        assert!(end.commander.try_send(envelope()).is_err());
    }
}
