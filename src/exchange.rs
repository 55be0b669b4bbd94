//! The paper exchange: a deterministic price–time-priority matching engine.
//!
//! Pure: no clock, no I/O, no randomness, no threads. The driver (the paper broker with its
//! synthetic market or a replay) owns one [`Exchange`], calls it with the time, and reads the
//! [`Event`]s that each call appends to `out`. The same calls give the same events, always.
//!
//! - Time never runs backwards: an earlier `now` counts as the latest one seen. Every call first
//!   lets time pass up to `now`, so sessions and expiries cannot be missed.
//! - The book is never crossed, at no instant that a caller can see.
//! - Inside, prices and quantities are integers on the instrument's grid; what goes in or
//!   comes out is decimal and exact.
//! - Agents (the market's own participants) and accounts (the trader) meet in one book by the
//!   same rules; [`Owner`] says what differs.

pub mod catalogue;
mod config;
mod event;
mod reject;
pub mod replay;
mod state;
pub mod synth;

use std::sync::Arc;

use crate::domain::{
    Account, AccountId, Depth, Fill, Instrument, InstrumentId, Order, OrderId, OrderSpec, Position, Price,
    Qty, Quote, Time,
};

pub use config::{AccountConfig, BadExchange, Commission, CommissionRule, Config, SelfMatch};
pub use event::{AGENT_ORDERS, Amend, CancelReason, Event, HeldFor, Owner, agent_order};
pub use reject::Reject;
pub use state::{AccountState, SavedAccount, SavedFill, SavedOrder, SavedPosition};

/// The numbers of a trading day, as the market's driver seeds them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DayStats {
    /// First price of the regular session.
    pub open: Option<Price>,
    /// Highest price.
    pub high: Option<Price>,
    /// Lowest price.
    pub low: Option<Price>,
    /// Price of the last trade.
    pub last: Option<Price>,
    /// Units traded.
    pub volume: Qty,
}

/// The exchange: books, sessions, orders and accounts.
pub struct Exchange {
    instruments: Vec<Arc<Instrument>>,
}

impl Exchange {
    /// An exchange that lists `instruments`, with empty books and the configured accounts.
    /// Ids are those of the caller's catalogue; they need not be dense.
    ///
    /// # Errors
    /// When an instrument, an account or a rule makes no market; says which and why.
    pub fn new(instruments: Vec<Arc<Instrument>>, config: Config) -> Result<Self, BadExchange> {
        let _ = config;
        Ok(Self { instruments })
    }

    /// Sends an order.
    ///
    /// An account's order is answered by [`Event::Accepted`] and what follows from it, by
    /// [`Event::Rejected`], or by [`Event::Duplicate`]. An agent's is not answered: a refused
    /// one is counted in [`Self::agent_refusals`].
    ///
    /// - While the instrument is closed, market orders, IOC and FOK are refused; everything
    ///   else waits ([`Event::Held`]) and enters the book at the open in order of arrival.
    /// - A DAY order ends with the regular session of its trading day; one sent after that,
    ///   in a late session, ends with that session; one sent overnight, with the next day.
    /// - Stops trigger on trades. One that the last price has passed already is refused; a
    ///   bracket's stop, or one that was passed overnight, triggers as soon as it is active.
    ///   What a triggered stop does not fill within the collar rests at the collar's bound.
    /// - `spec.parent`: the order is held until the parent fills, then active for what the
    ///   parent has filled (it grows with each fill, at the back of the queue). Children of one
    ///   parent are an OCO group unless `spec.oco` names another. A parent that ends without a
    ///   fill cancels its children.
    /// - OCO: a fill of one order reduces the others by as much; a complete fill, or a cancel
    ///   by the trader, cancels them. Expiry of one leaves the others: protection stays.
    pub fn submit(&mut self, owner: Owner, id: OrderId, spec: OrderSpec, now: Time, out: &mut Vec<Event>) {
        unimplemented!("{owner:?} {id} {spec:?} {now} {}", out.len())
    }

    /// Changes an order. A smaller size alone keeps its place in the queue; a larger size or
    /// another price loses it; a price that crosses trades at once. Answered by
    /// [`Event::Amended`] and what follows, or [`Event::AmendRejected`].
    pub fn amend(&mut self, id: OrderId, change: Amend, now: Time, out: &mut Vec<Event>) {
        unimplemented!("{id} {change:?} {now} {}", out.len())
    }

    /// Cancels an order: [`Event::Cancelled`] or [`Event::CancelRejected`]; silent for agents.
    pub fn cancel(&mut self, id: OrderId, now: Time, out: &mut Vec<Event>) {
        unimplemented!("{id} {now} {}", out.len())
    }

    /// Cancels every order of `owner`, in one instrument or in all.
    pub fn cancel_all(
        &mut self,
        owner: &Owner,
        instrument: Option<InstrumentId>,
        now: Time,
        out: &mut Vec<Event>,
    ) {
        unimplemented!("{owner:?} {instrument:?} {now} {}", out.len())
    }

    /// Lets time pass: sessions open and close, DAY and GTD orders expire, each at its own
    /// instant, in the order of time, however large the step is.
    pub fn advance(&mut self, now: Time, out: &mut Vec<Event>) {
        unimplemented!("{now} {}", out.len())
    }

    /// The book's best `levels` on both sides; empty for an unknown instrument.
    #[must_use]
    pub fn depth(&self, instrument: InstrumentId, levels: usize) -> Depth {
        unimplemented!("{instrument} {levels}")
    }

    /// Best bid and ask, last trade and the day's numbers.
    #[must_use]
    pub fn quote(&self, instrument: InstrumentId) -> Quote {
        unimplemented!("{instrument}")
    }

    /// Best bid and best ask with the quantity there. O(1).
    #[must_use]
    pub fn best(&self, instrument: InstrumentId) -> (Option<(Price, Qty)>, Option<(Price, Qty)>) {
        unimplemented!("{instrument}")
    }

    /// Whether orders match now.
    #[must_use]
    pub fn is_open(&self, instrument: InstrumentId) -> bool {
        unimplemented!("{instrument}")
    }

    /// What rests in the book of an order, of an agent or an account; `None` when nothing does
    /// (filled, cancelled, held, unknown). O(1): this is how agents learn of their fills.
    #[must_use]
    pub fn resting(&self, id: OrderId) -> Option<Qty> {
        unimplemented!("{id}")
    }

    /// How many orders of agents were refused, and why the latest was (for tests of agents).
    #[must_use]
    pub fn agent_refusals(&self) -> (u64, Option<&Reject>) {
        unimplemented!()
    }

    /// Sets the close of the day before; prices off the grid are rounded to it.
    pub fn set_previous_close(&mut self, instrument: InstrumentId, close: Price) {
        unimplemented!("{instrument} {close}")
    }

    /// Sets the day's numbers and the last price, which stops and marks refer to. Triggers nothing.
    pub fn set_day_stats(&mut self, instrument: InstrumentId, stats: DayStats) {
        unimplemented!("{instrument} {stats:?}")
    }

    /// An order of an account, working or among the newest 10,000 past ones.
    /// Its `origin` is [`crate::domain::Origin::Foreign`]: the exchange does not know more.
    #[must_use]
    pub fn order(&self, id: OrderId) -> Option<Order> {
        unimplemented!("{id}")
    }

    /// Orders of an account that have not ended, oldest id first.
    #[must_use]
    pub fn working_orders(&self, account: &AccountId) -> Vec<Order> {
        unimplemented!("{account}")
    }

    /// The account's newest orders that have ended, oldest first, at most 10,000.
    #[must_use]
    pub fn past_orders(&self, account: &AccountId) -> Vec<Order> {
        unimplemented!("{account}")
    }

    /// The account's newest fills, oldest first, at most 10,000.
    pub fn fills(&self, account: &AccountId) -> impl Iterator<Item = &Fill> {
        let _ = account;
        std::iter::empty()
    }

    /// Every position the account has ever had, flat ones too, by instrument.
    pub fn positions(&self, account: &AccountId) -> impl Iterator<Item = &Position> {
        let _ = account;
        std::iter::empty()
    }

    /// The account with its balances: those with opening cash first, in that order, then any
    /// other currency it has traded in. `margin` is the whole value that positions and working
    /// orders tie up; `buying_power` is equity × leverage − margin.
    #[must_use]
    pub fn account(&self, account: &AccountId) -> Option<Account> {
        unimplemented!("{account}")
    }

    /// Everything of the accounts that must outlive the program.
    #[must_use]
    pub fn save(&self) -> AccountState {
        unimplemented!()
    }

    /// Puts saved accounts in the place of this exchange's own: cash, positions, past, and
    /// working orders, which enter the market again in their old order of priority. To be
    /// called once, before anything has traded. Orders whose time ran out meanwhile expire at
    /// once; orders in instruments that are not listed any more are cancelled. An account that
    /// is not configured is kept as it is and saved again.
    pub fn restore(&mut self, state: AccountState, now: Time, out: &mut Vec<Event>) {
        unimplemented!("{state:?} {now} {}", out.len())
    }

    /// What is listed, in the order given to [`Self::new`].
    #[must_use]
    pub fn instruments(&self) -> &[Arc<Instrument>] {
        &self.instruments
    }
}
