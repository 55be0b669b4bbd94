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

mod book;
pub mod catalogue;
mod changes;
mod check;
mod config;
mod event;
mod grid;
mod groups;
mod ledger;
mod listing;
mod matching;
mod orders;
mod persist;
mod power;
mod query;
mod reject;
pub mod replay;
mod requests;
mod sessions;
mod state;
pub mod synth;
mod triggers;
mod unquoted;

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use rust_decimal::prelude::ToPrimitive as _;

use crate::domain::{
    AccountId, BrokerId, Decimal, Instrument, InstrumentId, OrderId, OrderSpec, Price, Qty, Time,
};

use book::Index;
use ledger::Ledger;
use listing::Listing;
use orders::Orders;
use sessions::Timer;

pub use changes::{AccountChange, DoesNotFollow, Mark};
pub use config::{AccountConfig, BadExchange, Config, SelfMatch};

pub use crate::domain::{Commission, CommissionRule};
pub use event::{AGENT_ORDERS, Amend, CancelReason, Event, HeldFor, Owner, agent_order};
pub use query::BestLevel;
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
    listings: Vec<Listing>,
    /// Where an instrument's listing is, by its id.
    slots: Vec<Option<usize>>,
    broker: BrokerId,
    ledgers: Vec<Ledger>,
    orders: Orders,
    /// Everything that rests in a book.
    index: Index,
    timers: BTreeSet<(Time, Timer)>,
    /// What matching has started and not finished yet; empty between calls.
    work: VecDeque<Work>,
    /// Listings that changed in this call.
    touched: Vec<usize>,
    /// The latest time seen.
    now: Time,
    self_match: SelfMatch,
    collar_percent: Decimal,
    /// The same in millionths.
    collar_ppm: i64,
    next_exec: u64,
    refusals: u64,
    last_refusal: Option<Reject>,
    /// Saved accounts that are not configured, kept to be saved again.
    strangers: Vec<SavedAccount>,
}

/// Working orders of saved accounts, on their way into the market.
#[derive(Debug)]
pub struct Loaded(Vec<OrderId>);

/// What a print or a fill starts, done one after the other once its matching has ended. Finite:
/// a stop triggers once, a child is released once per fill of its parent, and a stop that found
/// nobody looks again once per order that comes to rest.
enum Work {
    /// A stop's price was reached.
    Trigger(OrderId),
    /// Somebody quotes for a triggered stop that had found nobody.
    Retry(OrderId),
    /// A parent has filled (more).
    Release(OrderId),
    /// An order has ended; it may have children.
    ParentEnded(OrderId),
}

impl Exchange {
    /// An exchange that lists `instruments`, with empty books and the configured accounts.
    /// Ids are those of the caller's catalogue; they need not be dense. Nothing is open until
    /// the first call with a time.
    ///
    /// # Errors
    /// When an instrument, an account or a rule makes no market; says which and why.
    pub fn new(instruments: Vec<Arc<Instrument>>, config: Config) -> Result<Self, BadExchange> {
        let collar_percent = config.collar_percent;
        let bad_collar = BadExchange::Collar(collar_percent);
        if collar_percent <= Decimal::ZERO || collar_percent >= Decimal::ONE_HUNDRED {
            return Err(bad_collar);
        }
        let collar_ppm = (collar_percent * Decimal::from(10_000)).to_i64().ok_or(bad_collar)?;
        let mut keys = BTreeSet::new();
        let mut slots: Vec<Option<usize>> = Vec::new();
        let mut listings = Vec::with_capacity(instruments.len());
        let broker = instruments.first().map(|instrument| instrument.broker).unwrap_or_default();
        for instrument in instruments {
            let index = instrument.id.index();
            slots.resize(slots.len().max(index + 1), None);
            if !keys.insert(instrument.key()) || slots[index].is_some() {
                return Err(BadExchange::ListedTwice(instrument.key()));
            }
            slots[index] = Some(listings.len());
            let rule = config.commissions.iter().find(|rule| rule.fits(&instrument));
            let commission = rule.map(|rule| rule.commission).unwrap_or_default();
            listings.push(Listing::new(instrument, commission, config.always_open)?);
        }
        let mut ledgers: Vec<Ledger> = Vec::with_capacity(config.accounts.len());
        for account in config.accounts {
            if ledgers.iter().any(|ledger| ledger.id == account.id) {
                return Err(BadExchange::Account { account: account.id, what: "it is configured twice" });
            }
            ledgers.push(Ledger::open(account)?);
        }
        Ok(Self {
            listings,
            slots,
            broker,
            orders: Orders::new(ledgers.len()),
            ledgers,
            index: Index::default(),
            timers: BTreeSet::new(),
            work: VecDeque::new(),
            touched: Vec::new(),
            now: Time::MIN,
            self_match: config.self_match,
            collar_percent,
            collar_ppm,
            next_exec: 1,
            refusals: 0,
            last_refusal: None,
            strangers: Vec::new(),
        })
    }

    /// Sends an order.
    ///
    /// An account's order is answered by [`Event::Accepted`] and what follows from it, by
    /// [`Event::Rejected`], or by [`Event::Duplicate`]. An agent's is not answered: a refused
    /// one is counted in [`Self::agent_refusals`].
    ///
    /// - While the instrument is closed, market orders, IOC and FOK are refused; everything
    ///   else waits ([`Event::Held`]), GTC orders of the day before too. At the open the makers
    ///   quote first; then what waits enters in order of age and trades at their prices.
    /// - A DAY order ends at the close of its day's regular trading; one sent after that, or
    ///   on a day without trading, is for the next trading day and ends there. In extended
    ///   sessions it waits for the regular one, as brokers have it unless told otherwise. To
    ///   trade in extended sessions, send GTC, GTD, IOC, FOK or a market order.
    /// - Stops trigger, and trailing ones follow, on trades of regular sessions only. One that the last price has passed already is refused; a
    ///   bracket's stop, or one that was passed overnight, triggers as soon as it is active.
    ///   A triggered stop takes what is quoted within the collar. What it cannot have waits
    ///   unseen ([`HeldFor::Quote`]) and takes the next quotes at their prices; it never rests
    ///   in the book.
    /// - `spec.parent`: an order of the other side, an exit, is held until the parent fills, then
    ///   active for what the parent has filled (it grows with each fill, at the back of the queue). Its
    ///   children together trade no more than it has filled: what one fills is taken off the
    ///   others where they could not have it any more, and a cancel of one by the trader cancels
    ///   them. A parent that ends without a fill cancels its children.
    /// - OCO: a fill of one order reduces the others by as much; a complete fill, or a cancel
    ///   by the trader, cancels them. Expiry of one leaves the others: protection stays.
    pub fn submit(&mut self, owner: Owner, id: OrderId, spec: OrderSpec, now: Time, out: &mut Vec<Event>) {
        self.pass_time(now, out);
        match owner {
            Owner::Agent(agent) => self.submit_agent(agent, id, &spec, out),
            Owner::Account(account) => self.submit_order(&account, id, spec, out),
        }
        self.conclude(out);
    }

    /// Changes an order. A smaller size alone keeps its place in the queue; a larger size or
    /// another price loses it; a price that crosses trades at once. Answered by
    /// [`Event::Amended`] and what follows, or [`Event::AmendRejected`].
    pub fn amend(&mut self, id: OrderId, change: Amend, now: Time, out: &mut Vec<Event>) {
        self.pass_time(now, out);
        if id.0 & AGENT_ORDERS == 0 {
            self.amend_order(id, change, out);
        } else {
            self.amend_agent(id, change, out);
        }
        self.conclude(out);
    }

    /// Cancels an order: [`Event::Cancelled`] or [`Event::CancelRejected`]; silent for agents.
    pub fn cancel(&mut self, id: OrderId, now: Time, out: &mut Vec<Event>) {
        self.pass_time(now, out);
        if id.0 & AGENT_ORDERS == 0 {
            self.cancel_order(id, out);
        } else if let Some(&(slot, _)) = self.index.get(&id) {
            self.drop_agent(slot as usize, id);
        }
        self.conclude(out);
    }

    /// Cancels every order of `owner`, in one instrument or in all.
    pub fn cancel_all(
        &mut self,
        owner: &Owner,
        instrument: Option<InstrumentId>,
        now: Time,
        out: &mut Vec<Event>,
    ) {
        self.pass_time(now, out);
        match owner {
            Owner::Agent(agent) => self.cancel_all_of_agent(*agent, instrument),
            Owner::Account(account) => self.cancel_all_of_account(account, instrument, out),
        }
        self.conclude(out);
    }

    /// Lets time pass: sessions open and close, DAY and GTD orders expire, each at its own
    /// instant, in the order of time, however large the step is.
    pub fn advance(&mut self, now: Time, out: &mut Vec<Event>) {
        self.pass_time(now, out);
        self.conclude(out);
    }

    /// Sets the close of the day before; prices off the grid are rounded to it.
    pub fn set_previous_close(&mut self, instrument: InstrumentId, close: Price) {
        if let Some(slot) = self.slot(instrument) {
            let listing = &mut self.listings[slot];
            listing.day.prev_close = listing.grid.nearest(&listing.instrument, close);
        }
    }

    /// Sets the day's numbers and the last price, which stops and marks refer to. Triggers nothing.
    pub fn set_day_stats(&mut self, instrument: InstrumentId, stats: DayStats) {
        if let Some(slot) = self.slot(instrument) {
            self.listings[slot].set_stats(&stats);
        }
    }

    /// Everything of the accounts that must outlive the program.
    #[must_use]
    pub fn save(&self) -> AccountState {
        self.save_accounts()
    }

    /// Puts saved accounts in the place of this exchange's own: cash, positions, past, and
    /// working orders, which enter the market again in their old order of priority. To be
    /// called once, before anything has traded. Orders whose time ran out meanwhile expire at
    /// once; orders in instruments that are not listed any more are cancelled. An account that
    /// is not configured is kept as it is and saved again.
    pub fn restore(&mut self, state: AccountState, now: Time, out: &mut Vec<Event>) {
        let loaded = self.load(state, now, out);
        self.enter(loaded, now, out);
    }

    /// The first half of [`Self::restore`]: all stands as it was saved, and nothing is in the market.
    #[must_use = "the orders have to enter the market"]
    pub fn load(&mut self, state: AccountState, now: Time, out: &mut Vec<Event>) -> Loaded {
        self.pass_time(now, out);
        Loaded(self.load_accounts(state, out))
    }

    /// The second half: time passes, and working orders enter the market.
    pub fn enter(&mut self, Loaded(orders): Loaded, now: Time, out: &mut Vec<Event>) {
        self.pass_time(now, out);
        self.enter_loaded(orders, out);
        self.conclude(out);
    }

    /// The last step of every call: finish what it started, then say what changed.
    fn conclude(&mut self, out: &mut Vec<Event>) {
        self.work_off(out);
        self.report_changes(out);
    }

    fn work_off(&mut self, out: &mut Vec<Event>) {
        while let Some(work) = self.work.pop_front() {
            match work {
                Work::Trigger(id) => self.trigger(id, out),
                Work::Retry(id) => self.retry(id, out),
                Work::Release(id) => self.take_up(id, out),
                Work::ParentEnded(id) => self.parent_ended(id, out),
            }
        }
    }

    fn slot(&self, instrument: InstrumentId) -> Option<usize> {
        self.slots.get(instrument.index()).copied().flatten()
    }

    fn ledger(&self, account: &AccountId) -> Option<usize> {
        self.ledgers.iter().position(|ledger| ledger.id == *account)
    }
}
