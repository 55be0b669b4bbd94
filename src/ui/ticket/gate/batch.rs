//! Asks the gate about orders that go out together, each in an instrument of its own.
//!
//! The engine takes them on one after the other, and each counts for those behind it. When the disk
//! has them it asks again, and then all the others count for each: so is asked here.

use super::{Facts, ask_gate};
use crate::desk::Desk;
use crate::domain::{AccountId, Instrument, OrderSpec};
use crate::risk::{Despite, Holdings, Refusal, Role};
use crate::ui::ticket::uses;

/// One of them.
type Entered<'a> = (&'a Instrument, OrderSpec);

/// Why the gate would refuse an order of several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::ui) struct Refused {
    pub refusal: Refusal,
    /// How many orders that go out with it are why; `None` where it would be refused alone, too.
    pub beside: Option<usize>,
}

/// What the gate would say of `orders` of an account, which leave in this order: an answer for each.
/// Nothing unusual is accepted.
pub(in crate::ui) fn refusals_of(
    desk: &Desk,
    account: &AccountId,
    orders: &[Entered<'_>],
) -> Vec<Option<Refused>> {
    let nothing = Ahead { holdings: uses::bounded(desk), working: 0, sent: 0 };
    let mut batch = Batch { desk, account, ahead: nothing.clone(), nothing };
    let mut refused: Vec<_> = orders.iter().map(|order| batch.enters(order)).collect();
    for (order, refused) in orders.iter().zip(&mut refused).filter(|(_, refused)| refused.is_none()) {
        *refused = batch.leaves(order);
    }
    refused
}

/// What counts for an order besides itself.
#[derive(Debug, Clone)]
struct Ahead {
    /// What could become of everything; `None` where no limit asks.
    holdings: Option<Holdings>,
    /// Orders of the batch that would work.
    working: usize,
    /// Those that the engine counts as sent, whatever its second question brings.
    sent: usize,
}

struct Batch<'a> {
    desk: &'a Desk,
    account: &'a AccountId,
    nothing: Ahead,
    ahead: Ahead,
}

impl Batch<'_> {
    /// The engine takes an order on.
    fn enters(&mut self, order: &Entered<'_>) -> Option<Refused> {
        if let Some(refusal) = self.refusal(order, &self.ahead) {
            return Some(self.refused(order, refusal));
        }
        let (instrument, spec) = order;
        if let Some(holdings) = &mut self.ahead.holdings {
            let unit = uses::unit(self.desk, instrument.id);
            holdings.add(self.account, instrument.id, spec.side, spec.quantity, unit);
        }
        self.ahead.working += 1;
        self.ahead.sent += 1;
        None
    }

    /// The disk has one that was taken on.
    fn leaves(&mut self, order: &Entered<'_>) -> Option<Refused> {
        let (instrument, spec) = order;
        // What could become of its own instrument is counted otherwise.
        self.ahead.working -= 1;
        self.ahead.sent -= 1;
        let refusal = self.refusal(order, &self.ahead);
        self.ahead.sent += 1;
        let Some(refusal) = refusal else {
            self.ahead.working += 1;
            return None;
        };
        if let Some(holdings) = &mut self.ahead.holdings {
            holdings.take_back(self.account, instrument.id, spec.side, spec.quantity);
        }
        Some(self.refused(order, refusal))
    }

    fn refused(&self, order: &Entered<'_>, refusal: Refusal) -> Refused {
        let passes_alone = self.refusal(order, &self.nothing).is_none();
        Refused { refusal, beside: passes_alone.then_some(self.ahead.working) }
    }

    fn refusal(&self, (instrument, spec): &Entered<'_>, ahead: &Ahead) -> Option<Refusal> {
        let account = self.desk.account(instrument.broker, self.account);
        let facts = Facts::with_uses(self.desk, instrument, account, |account| {
            let uses = uses::beside(self.desk, account, instrument, ahead.holdings.as_ref());
            uses.after_elsewhere(ahead.working, ahead.sent)
        });
        ask_gate(spec, Role::entered(Despite::default()), &facts).err()
    }
}
