//! The life of an order: the one table of what may follow what.
//!
//! Two things are kept apart. An order's [`Life`] is what its broker has said of it, and
//! before that how far it has come on its way there; it moves only along [`next`]. What we
//! have *asked* of it since, a change or a cancel, is no part of its life: it is answered,
//! refused, or overtaken by what the broker says, and never remembered as how the order
//! stands. What the screen shows is [`status`], made of both.
//!
//! Broker messages arrive late, twice and out of order. A step that the table does not know
//! changes nothing. Invariants, tested for all sequences: no order leaves a final state, but
//! for a fill that crossed a cancel; none goes back to where the broker did not have it yet.
//!
//! ```text
//!   Kept ► (an exit whose bracket this program keeps begins here, and leaves when its entry fills)
//!    ▼
//!  Intended ► Journaled ► Sent ► Accepted ► Held ◄► Working ─► Filled, Cancelled, Expired, Rejected
//!      │          │         └───────┴─────────┴────────┴──► Unknown ──► wherever the broker says
//!      └──────────┴──► Rejected, Cancelled (nothing was sent)
//!
//!  shown: Working with fills as PartiallyFilled; whatever lives at the broker as PendingCancel
//!  or PendingAmend while one is on its way
//! ```

use crate::domain::OrderStatus;

/// Where an order stands, what was asked of it since left aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Life {
    /// Kept by this program until its entry fills; nothing has been sent.
    Kept,
    /// The gate let it through; it is not on disk yet.
    Intended,
    /// On disk; nothing has been sent.
    Journaled,
    /// Handed to the broker's session, which has not answered.
    Sent,
    /// The broker has it.
    Accepted,
    /// The broker has it, and it waits for a trigger, a parent or the session.
    Held,
    /// Working at the exchange.
    Working,
    /// All of it filled.
    Filled,
    /// Cancelled.
    Cancelled,
    /// Refused, by whom it may be.
    Rejected,
    /// Its time ran out.
    Expired,
    /// It was sent, and nobody here can say what became of it.
    Unknown,
}

use Life::{
    Accepted, Cancelled, Expired, Filled, Held, Intended, Journaled, Kept, Rejected, Sent, Unknown, Working,
};

impl Life {
    /// Whether nothing more can happen to it (but a fill that was already on its way).
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Filled | Cancelled | Rejected | Expired)
    }

    /// Whether nothing of it has left this program.
    #[must_use]
    pub fn is_ours_alone(self) -> bool {
        matches!(self, Kept | Intended | Journaled)
    }

    /// What a broker means by a status; `None` for what only says that something was asked.
    #[must_use]
    pub fn told(status: OrderStatus) -> Option<Self> {
        Some(match status {
            OrderStatus::Kept => Kept,
            OrderStatus::Intended => Intended,
            OrderStatus::Journaled => Journaled,
            OrderStatus::Sent => Sent,
            OrderStatus::Accepted => Accepted,
            OrderStatus::Held => Held,
            OrderStatus::Working | OrderStatus::PartiallyFilled => Working,
            OrderStatus::Filled => Filled,
            OrderStatus::Cancelled => Cancelled,
            OrderStatus::Rejected => Rejected,
            OrderStatus::Expired => Expired,
            OrderStatus::Unknown => Unknown,
            OrderStatus::PendingAmend | OrderStatus::PendingCancel => return None,
        })
    }
}

/// What was asked of an order and has not been answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Underway {
    /// Nothing.
    Nothing,
    /// A change.
    Amend,
    /// A cancel, with or without a change before it.
    Cancel,
}

/// What the screen says of an order.
#[must_use]
pub fn status(life: Life, underway: Underway, has_filled: bool) -> OrderStatus {
    match (life, underway) {
        (Kept, _) => OrderStatus::Kept,
        (Intended, _) => OrderStatus::Intended,
        (Journaled, _) => OrderStatus::Journaled,
        (Filled, _) => OrderStatus::Filled,
        (Cancelled, _) => OrderStatus::Cancelled,
        (Rejected, _) => OrderStatus::Rejected,
        (Expired, _) => OrderStatus::Expired,
        (_, Underway::Cancel) => OrderStatus::PendingCancel,
        (_, Underway::Amend) => OrderStatus::PendingAmend,
        (Sent, _) => OrderStatus::Sent,
        (Accepted, _) => OrderStatus::Accepted,
        (Held, _) => OrderStatus::Held,
        (Working, _) if has_filled => OrderStatus::PartiallyFilled,
        (Working, _) => OrderStatus::Working,
        (Unknown, _) => OrderStatus::Unknown,
    }
}

/// What can happen to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Its entry has filled: it is to be sent.
    Release,
    /// Its intent is safe on disk.
    Journal,
    /// It was handed to the broker's session.
    Send,
    /// It was given up before anything was sent.
    GiveUp(Life),
    /// The broker says it stands so.
    Says(Life),
    /// An execution came.
    Fills {
        /// Whether nothing remains.
        all: bool,
    },
    /// The session broke while the order lived.
    LosesBroker,
}

/// The life after `step`, or `None` where the step changes nothing.
#[must_use]
#[expect(clippy::match_same_arms, reason = "each row is a rule with its own reason")]
pub fn next(now: Life, step: Step) -> Option<Life> {
    let after = match (now, step) {
        // An execution is a fact, whatever we believed before: a fill can cross a cancel.
        (Filled, _) => return None,
        (_, Step::Fills { all: true }) => Filled,
        // A late partial fill of an order that has ended counts, but does not revive it.
        (Cancelled | Expired | Rejected, _) => return None,
        // What fills works, whatever we thought it waited for.
        (_, Step::Fills { all: false }) => Working,

        (Kept, Step::Release) => Intended,
        (Intended, Step::Journal) => Journaled,
        (Journaled, Step::Send) => Sent,
        (Kept | Intended | Journaled, Step::GiveUp(end @ (Rejected | Cancelled))) => end,

        // Nothing has been sent: the broker has nothing to lose.
        (Kept | Intended | Journaled, Step::LosesBroker) => return None,
        (_, Step::LosesBroker) => Unknown,

        // A refusal ends whatever lives: brokers refuse working orders too, and that of the
        // placement may come while a cancel or a change is on its way.
        (_, Step::Says(end @ (Filled | Cancelled | Expired | Rejected))) => end,
        (Intended | Journaled | Sent | Unknown, Step::Says(Accepted)) => Accepted,
        (Intended | Journaled | Sent | Accepted | Unknown, Step::Says(Held)) => Held,
        (Intended | Journaled | Sent | Accepted | Held | Unknown, Step::Says(Working)) => Working,
        // Overnight, or for want of quotes: it rests with the broker, not in the market.
        (Working, Step::Says(Held)) => Held,
        // A broker that cannot say either.
        (Sent | Accepted | Held | Working, Step::Says(Unknown)) => Unknown,
        _ => return None,
    };
    (after != now).then_some(after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: [Life; 12] = [
        Kept, Intended, Journaled, Sent, Accepted, Held, Working, Filled, Cancelled, Rejected, Expired,
        Unknown,
    ];

    fn steps() -> impl Strategy<Value = Step> {
        prop_oneof![
            Just(Step::Release),
            Just(Step::Journal),
            Just(Step::Send),
            proptest::sample::select(&ALL[..]).prop_map(Step::GiveUp),
            proptest::sample::select(&ALL[..]).prop_map(Step::Says),
            any::<bool>().prop_map(|all| Step::Fills { all }),
            Just(Step::LosesBroker),
        ]
    }

    /// How far along its life a state is; states of one rank may follow each other.
    fn rank(life: Life) -> u8 {
        match life {
            Kept => 0,
            Intended => 1,
            Journaled => 2,
            Sent => 3,
            Unknown => 4,
            Accepted => 5,
            Held | Working => 6,
            Filled | Cancelled | Rejected | Expired => 7,
        }
    }

    proptest! {
        #[test]
        fn no_order_ever_goes_back(walk in proptest::collection::vec(steps(), 1..40)) {
            let mut life = Kept;
            for step in walk {
                let Some(after) = next(life, step) else { continue };
                let late_fill = matches!(step, Step::Fills { all: true });
                prop_assert!(!life.is_final() || (late_fill && after == Filled), "{life:?} -> {after:?}");
                let lost = after == Unknown && matches!(step, Step::LosesBroker | Step::Says(Unknown));
                prop_assert!(rank(after) >= rank(life) || lost, "{life:?} -> {after:?} by {step:?}");
                prop_assert!(!after.is_ours_alone() || life.is_ours_alone());
                life = after;
            }
        }

        #[test]
        fn a_repeated_report_changes_nothing(
            life in proptest::sample::select(&ALL[..]),
            says in proptest::sample::select(&ALL[..]),
        ) {
            if let Some(after) = next(life, Step::Says(says)) {
                prop_assert_eq!(next(after, Step::Says(says)), None);
            }
        }

        #[test]
        fn what_was_sent_is_never_given_up_by_ourselves(life in proptest::sample::select(&ALL[..])) {
            let given_up = next(life, Step::GiveUp(Rejected));
            prop_assert_eq!(given_up.is_some(), life.is_ours_alone());
        }
    }

    #[test]
    fn the_last_word_of_a_broker_ends_whatever_lives() {
        for alive in ALL.into_iter().filter(|life| !life.is_final()) {
            for end in [Filled, Cancelled, Expired, Rejected] {
                assert_eq!(next(alive, Step::Says(end)), Some(end), "{alive:?}");
            }
        }
    }

    #[test]
    fn a_fill_that_crosses_a_cancel_wins() {
        assert_eq!(next(Cancelled, Step::Fills { all: true }), Some(Filled));
        assert_eq!(next(Cancelled, Step::Fills { all: false }), None);
        assert_eq!(next(Filled, Step::Says(Cancelled)), None);
    }

    #[test]
    fn what_was_asked_is_shown_only_while_the_order_lives_at_the_broker() {
        assert_eq!(status(Working, Underway::Cancel, false), OrderStatus::PendingCancel);
        assert_eq!(status(Unknown, Underway::Cancel, false), OrderStatus::PendingCancel);
        assert_eq!(status(Held, Underway::Amend, false), OrderStatus::PendingAmend);
        assert_eq!(status(Filled, Underway::Cancel, true), OrderStatus::Filled);
        assert_eq!(status(Intended, Underway::Cancel, false), OrderStatus::Intended);
        assert_eq!(status(Working, Underway::Nothing, true), OrderStatus::PartiallyFilled);
    }

    #[test]
    fn a_late_acknowledgement_does_not_revive() {
        for ended in [Filled, Cancelled, Rejected, Expired] {
            assert_eq!(next(ended, Step::Says(Working)), None);
        }
    }

    #[test]
    fn an_order_that_was_not_sent_does_not_lose_its_broker() {
        assert_eq!(next(Intended, Step::LosesBroker), None);
        assert_eq!(next(Journaled, Step::LosesBroker), None);
        assert_eq!(next(Sent, Step::LosesBroker), Some(Unknown));
    }

    #[test]
    fn an_order_of_unknown_fate_is_found_by_whatever_the_broker_says() {
        for says in [Accepted, Held, Working, Filled, Cancelled, Rejected, Expired] {
            assert_eq!(next(Unknown, Step::Says(says)), Some(says));
        }
    }
}
