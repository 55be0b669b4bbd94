//! The paper exchange as a broker's server: accounts, books, market data, history.
//!
//! Synchronous and without a clock: [`PaperVenue::handle`] and [`PaperVenue::advance`]
//! are told the time and append what the broker would send. The session, the
//! simulation and the tests drive the same value.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::ACCOUNT;
use super::prices::{Passage, Prices, Source};
use super::saved;
use super::translate::order_event;
use crate::broker::contract::{
    Books, BrokerEvent, BrokerRequest, HistoryBars, MarketEvent, StateCopy, Watch,
};
use crate::domain::{Account, AccountId, BrokerId, CommissionRule, Instrument, InstrumentId, Order, Time};
use crate::exchange::{Amend, BadExchange, Config, Event, Exchange, Owner};
use crate::link::ConnectionState;

/// Levels a side of the depth that is sent.
const DEPTH_LEVELS: usize = 20;
/// How often the account's value is sent while nothing else happens, with a sign of life.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// The exchange, its market and its connection to one program.
pub struct PaperVenue {
    broker: BrokerId,
    exchange: Exchange,
    prices: Prices,
    account: AccountId,
    commissions: Vec<CommissionRule>,
    watch: Watch,
    last_beat: Time,
    is_restored: bool,
    events: Vec<Event>,
}

/// Why a paper exchange could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum VenueError {
    /// The catalogue makes no market.
    #[error("the paper exchange cannot open: {0}")]
    Exchange(#[from] BadExchange),
}

impl PaperVenue {
    /// Opens an exchange for `instruments` whose market comes from `source`.
    ///
    /// # Errors
    /// When the instruments or accounts make no market.
    pub fn new(
        broker: BrokerId,
        instruments: Vec<Arc<Instrument>>,
        config: Config,
        source: Source,
        now: Time,
    ) -> Result<Self, VenueError> {
        let commissions = config.commissions.clone();
        let mut exchange = Exchange::new(instruments, config)?;
        let mut events = Vec::new();
        let prices = Prices::open(source, &mut exchange, now, &mut events);
        Ok(Self {
            broker,
            exchange,
            prices,
            account: ACCOUNT.into(),
            commissions,
            watch: Watch::default(),
            last_beat: now,
            is_restored: false,
            events,
        })
    }

    /// What is listed.
    pub fn instruments(&self) -> impl Iterator<Item = &Arc<Instrument>> {
        self.exchange.instruments()
    }

    /// Whether the saved accounts have been taken over: before that, there is nothing to save.
    #[must_use]
    pub fn is_restored(&self) -> bool {
        self.is_restored
    }

    /// A program connects: it is told what the broker has. `saved` is taken over by the
    /// first connection only; from then on the exchange itself knows best.
    pub fn connect(&mut self, saved: Option<&str>, now: Time, out: &mut Vec<BrokerEvent>) {
        let mut reason: Arc<str> = self.prices.describe().into();
        if let Some(text) = saved.filter(|_| !self.is_restored) {
            match saved::read(text) {
                Ok(state) => {
                    let at = self.prices.market_time(now);
                    self.exchange.restore(state, at, &mut self.events);
                }
                Err(error) => {
                    tracing::error!("the saved paper account cannot be read: {error}");
                    reason = "The saved paper account could not be read; a new one was opened".into();
                }
            }
        }
        self.is_restored = true;
        // What happened before anyone listened is in the books; its prints are in the bars.
        for event in self.events.drain(..) {
            if let Event::Trade(id, trade) = event {
                self.prices.record(id, &trade);
            }
        }
        self.watch = Watch::default();
        out.push(BrokerEvent::Books(Arc::new(self.books())));
        out.push(BrokerEvent::Connection { state: ConnectionState::Ready, reason });
    }

    fn books(&self) -> Books {
        let own = |order: Order| Order { broker: self.broker, ..order };
        let past = self.exchange.past_orders(&self.account);
        let working = self.exchange.working_orders(&self.account);
        Books {
            are_final: true,
            orders: past.into_iter().chain(working).map(own).collect(),
            fills: self.exchange.fills(&self.account).cloned().collect(),
            positions: self.exchange.positions(&self.account).cloned().collect(),
            accounts: self.account_now().into_iter().collect(),
            commissions: self.commissions.clone(),
        }
    }

    fn account_now(&self) -> Option<Arc<Account>> {
        let account = self.exchange.account(&self.account)?;
        Some(Arc::new(Account { broker: self.broker, ..account }))
    }

    /// Does what is asked. Drills and the end of a session are the session's business.
    pub fn handle(&mut self, request: BrokerRequest, now: Time, out: &mut Vec<BrokerEvent>) {
        // The market first catches up, so that the request meets the present, and its
        // answer stands behind everything that was before it.
        self.run_market(now, out);
        let at = self.prices.market_time(now);
        let events = &mut self.events;
        match request {
            BrokerRequest::Place(orders) => {
                for order in orders {
                    out.push(BrokerEvent::OnWire { order: order.id(), at: now });
                    let owner = Owner::Account(order.account().clone());
                    self.exchange.submit(owner, order.id(), *order.spec(), at, events);
                }
            }
            BrokerRequest::Amend(amend) => {
                out.push(BrokerEvent::OnWire { order: amend.id(), at: now });
                let crate::risk::Change { quantity, limit, stop } = amend.change();
                self.exchange.amend(amend.id(), Amend { quantity, limit, stop }, at, events);
            }
            BrokerRequest::Cancel(order) => {
                out.push(BrokerEvent::OnWire { order, at: now });
                self.exchange.cancel(order, at, events);
            }
            BrokerRequest::CancelAll => {
                let owner = Owner::Account(self.account.clone());
                self.exchange.cancel_all(&owner, None, at, events);
            }
            BrokerRequest::Watch(watch) => self.watch(watch, now, out),
            BrokerRequest::History(request) => {
                let (bars, forming) = self.prices.history(&request, now);
                out.push(BrokerEvent::History(HistoryBars { request, bars, forming }));
            }
            BrokerRequest::Books => out.push(BrokerEvent::Books(Arc::new(self.books()))),
            BrokerRequest::Save => out.push(BrokerEvent::State(self.save())),
            BrokerRequest::Drill(_) | BrokerRequest::Disconnect => {}
        }
        self.tell(now, out);
    }

    /// Lets time pass until `now`.
    pub fn advance(&mut self, now: Time, out: &mut Vec<BrokerEvent>) {
        self.run_market(now, out);
        if now.since(self.last_beat) >= HEARTBEAT {
            self.last_beat = now;
            out.push(BrokerEvent::Alive { received: now });
            out.extend(self.account_now().map(BrokerEvent::Account));
        }
    }

    /// When there is something to do next, if nobody asks for anything before.
    #[must_use]
    pub fn next_time(&self, now: Time) -> Time {
        let beat = self.last_beat + HEARTBEAT;
        self.prices.next_time(&self.exchange, now).map_or(beat, |time| time.min(beat))
    }

    fn run_market(&mut self, now: Time, out: &mut Vec<BrokerEvent>) {
        let passage = self.prices.advance(&mut self.exchange, now, &mut self.events);
        self.tell(now, out);
        if passage == Passage::Skipped {
            out.push(BrokerEvent::BarsChanged);
        }
    }

    /// Turns what has happened at the exchange into what the program is told, and
    /// records the prints, the trader's own among them.
    fn tell(&mut self, now: Time, out: &mut Vec<BrokerEvent>) {
        let mut market = Vec::new();
        let mut touched = BTreeSet::new();
        let mut is_account_changed = false;
        for event in self.events.drain(..) {
            match &event {
                Event::Trade(id, trade) => {
                    self.prices.record(*id, trade);
                    touched.insert(*id);
                    if self.watch.quotes.contains(id) {
                        market.push(MarketEvent::Trade(*id, *trade));
                    }
                }
                Event::TopChanged(id)
                | Event::BookChanged(id)
                | Event::SessionChanged { instrument: id, .. } => {
                    touched.insert(*id);
                }
                Event::AccountChanged(_) => is_account_changed = true,
                _ => out.extend(order_event(&event)),
            }
        }
        for id in touched {
            self.show(id, &mut market);
        }
        if !market.is_empty() {
            out.push(BrokerEvent::Market { received: now, events: market });
        }
        if is_account_changed {
            out.extend(self.account_now().map(BrokerEvent::Account));
        }
    }

    /// The instrument's quote and depth as they stand, where they are watched.
    fn show(&self, id: InstrumentId, market: &mut Vec<MarketEvent>) {
        if self.watch.quotes.contains(&id) {
            market.push(MarketEvent::Quote(id, self.exchange.quote(id)));
        }
        if self.watch.depth.contains(&id) {
            market.push(MarketEvent::Depth(id, Arc::new(self.exchange.depth(id, DEPTH_LEVELS))));
        }
    }

    fn watch(&mut self, watch: Watch, now: Time, out: &mut Vec<BrokerEvent>) {
        let before = std::mem::replace(&mut self.watch, watch);
        let fresh: Vec<InstrumentId> = (&self.watch.quotes - &before.quotes)
            .union(&(&self.watch.depth - &before.depth))
            .copied()
            .collect();
        let mut market = Vec::new();
        for id in fresh {
            self.show(id, &mut market);
        }
        if !market.is_empty() {
            out.push(BrokerEvent::Market { received: now, events: market });
        }
    }

    /// A copy of the accounts, for [`Self::connect`] of the next run.
    #[must_use]
    pub fn save(&self) -> StateCopy {
        let state = self.exchange.save();
        StateCopy::new(move || saved::write(&state))
    }
}
