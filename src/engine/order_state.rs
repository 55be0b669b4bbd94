//! The life of an order: the one table of what may follow what.
//!
//! Broker messages arrive late, twice and out of order. An order therefore moves
//! only along [`next`]; a report that the table does not know changes nothing.
//! Invariant, tested for all sequences: no order ever leaves a final state, and
//! none goes back to a state before the broker had it.
//!
//! ```text
//! Intended ► Sent ► Held ◄► Working ► PartiallyFilled ► Filled
//!                     │       │  ▲        │  ▲
//!                     ▼       ▼  │        ▼  │
//!                      PendingAmend / PendingCancel
//!   a broker's last word, from wherever it lives ──► Filled, Cancelled, Expired, Rejected
//! ```
//!
//! `Unknown` is where an order goes whose broker was lost while a message was on
//! its way; anything the broker says of it leads out again.

use crate::domain::OrderStatus::{
    self, Cancelled, Expired, Filled, Held, Intended, PartiallyFilled, PendingAmend, PendingCancel, Rejected,
    Sent, Unknown, Working,
};

/// What can happen to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// We handed it to the adapter.
    Send,
    /// We asked for a change.
    AskAmend,
    /// We asked for a cancel.
    AskCancel,
    /// The broker says it stands so.
    Says(OrderStatus),
    /// A change was made or refused, or a cancel refused: it stands as it did before we asked.
    Stands(OrderStatus),
    /// An execution came.
    Fills {
        /// Whether nothing remains.
        all: bool,
    },
    /// The session broke while the order lived.
    LosesBroker,
}

/// The state after `step`, or `None` where the step changes nothing.
#[must_use]
#[expect(clippy::match_same_arms, reason = "each row is a rule with its own reason")]
pub fn next(now: OrderStatus, step: Step) -> Option<OrderStatus> {
    let after = match (now, step) {
        // An execution is a fact, whatever we believed before: a fill can cross a cancel.
        (Filled, _) => return None,
        (_, Step::Fills { all: true }) => Filled,
        // A late partial fill of an order that has ended counts, but does not revive it.
        (Cancelled | Expired | Rejected, _) => return None,
        // A change or cancel that is on its way stays so; its answer is still to come.
        (PendingAmend | PendingCancel, Step::Fills { all: false }) => return None,
        (_, Step::Fills { all: false }) => PartiallyFilled,

        (Intended, Step::Send) => Sent,
        (Sent | Held | Working | PartiallyFilled | PendingAmend | Unknown, Step::AskCancel) => PendingCancel,
        (Held | Working | PartiallyFilled, Step::AskAmend) => PendingAmend,

        (
            PendingAmend | PendingCancel,
            Step::Stands(was @ (Sent | Held | Working | PartiallyFilled | Unknown)),
        ) => was,

        (Intended, Step::LosesBroker) => Rejected,
        (_, Step::LosesBroker) => Unknown,

        // A refusal ends whatever lives: brokers refuse working orders too, and that of the
        // placement may come while a cancel or a change is on its way.
        (_, Step::Says(end @ (Filled | Cancelled | Expired | Rejected))) => end,
        (Intended | Sent | Unknown, Step::Says(Held)) => Held,
        (Intended | Sent | Held | Unknown, Step::Says(working @ (Working | PartiallyFilled))) => working,
        (Working, Step::Says(PartiallyFilled)) => PartiallyFilled,
        // Overnight, or for want of quotes: it rests with the broker, not in the market.
        (Working | PartiallyFilled, Step::Says(Held)) => Held,
        // The adapter says so when the broker knows of a cancel that we did not ask for.
        (Held | Working | PartiallyFilled | Unknown, Step::Says(PendingCancel)) => PendingCancel,
        _ => return None,
    };
    (after != now).then_some(after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: [OrderStatus; 12] = [
        Intended,
        Sent,
        Held,
        Working,
        PartiallyFilled,
        PendingAmend,
        PendingCancel,
        Filled,
        Cancelled,
        Rejected,
        Expired,
        Unknown,
    ];

    fn steps() -> impl Strategy<Value = Step> {
        prop_oneof![
            Just(Step::Send),
            Just(Step::AskAmend),
            Just(Step::AskCancel),
            proptest::sample::select(&ALL[..]).prop_map(Step::Says),
            proptest::sample::select(&ALL[..]).prop_map(Step::Stands),
            any::<bool>().prop_map(|all| Step::Fills { all }),
            Just(Step::LosesBroker),
        ]
    }

    /// How far along its life a state is; states of one rank may follow each other.
    fn rank(status: OrderStatus) -> u8 {
        match status {
            Intended => 0,
            Sent => 1,
            Unknown => 2,
            Held | Working | PartiallyFilled | PendingAmend | PendingCancel => 3,
            Filled | Cancelled | Rejected | Expired => 4,
        }
    }

    proptest! {
        #[test]
        fn no_order_ever_goes_back(walk in proptest::collection::vec(steps(), 1..40)) {
            let mut status = Intended;
            for step in walk {
                let Some(after) = next(status, step) else { continue };
                let late_fill = matches!(step, Step::Fills { all: true });
                prop_assert!(!status.is_final() || (late_fill && after == Filled), "{status:?} -> {after:?}");
                let lost = step == Step::LosesBroker && after == Unknown;
                let asked_in_vain = matches!(step, Step::Stands(was) if was == after && !was.is_final());
                prop_assert!(rank(after) >= rank(status) || lost || asked_in_vain, "{status:?} -> {after:?} by {step:?}");
                prop_assert!(after != Intended && (after != Sent || status == Intended || asked_in_vain));
                status = after;
            }
        }

        #[test]
        fn a_repeated_report_changes_nothing(status in proptest::sample::select(&ALL[..]), says in proptest::sample::select(&ALL[..])) {
            if let Some(after) = next(status, Step::Says(says)) {
                prop_assert_eq!(next(after, Step::Says(says)), None);
            }
        }
    }

    #[test]
    fn the_last_word_of_a_broker_ends_whatever_lives() {
        for alive in ALL.into_iter().filter(|status| !status.is_final()) {
            for end in [Filled, Cancelled, Expired, Rejected] {
                assert_eq!(next(alive, Step::Says(end)), Some(end), "{alive:?}");
            }
        }
    }

    #[test]
    fn a_fill_that_crosses_a_cancel_wins() {
        assert_eq!(next(PendingCancel, Step::Fills { all: true }), Some(Filled));
        assert_eq!(next(Cancelled, Step::Fills { all: true }), Some(Filled));
        assert_eq!(next(Filled, Step::Says(Cancelled)), None);
    }

    #[test]
    fn a_refused_change_returns_to_how_it_stood() {
        assert_eq!(next(PendingAmend, Step::Stands(Held)), Some(Held));
        assert_eq!(next(PendingCancel, Step::Stands(PartiallyFilled)), Some(PartiallyFilled));
        assert_eq!(next(PendingCancel, Step::Stands(Filled)), None);
        assert_eq!(next(Working, Step::Stands(Held)), None);
    }

    #[test]
    fn a_late_acknowledgement_does_not_revive() {
        for ended in [Filled, Cancelled, Rejected, Expired] {
            assert_eq!(next(ended, Step::Says(Working)), None);
            assert_eq!(next(ended, Step::AskCancel), None);
        }
    }

    #[test]
    fn an_order_of_unknown_fate_can_be_cancelled_and_found() {
        assert_eq!(next(Unknown, Step::AskCancel), Some(PendingCancel));
        assert_eq!(next(Unknown, Step::Says(Working)), Some(Working));
    }
}
