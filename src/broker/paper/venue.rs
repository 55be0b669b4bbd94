//! The paper exchange as a broker's server: accounts, books, market data, history.
//!
//! Synchronous and without a clock: [`PaperVenue::ask`] and [`PaperVenue::advance`]
//! are told the time and append what the broker would send. It takes plain data, as what
//! comes over a wire is: [`PaperVenue::handle`] is for the session inside this program, which
//! brings what the gate has approved. Session, server, simulation and tests drive the same value.
//!
//! An order id is taken once, for ever: a second time it changes nothing and is answered by how
//! that order stands.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::ids::IdSet;
use super::prices::{Passage, Prices, Source};
use super::translate::order_event;
use super::{ACCOUNT, PaperConfig};
use crate::broker::contract::{
    Books, BrokerEvent, BrokerRequest, HistoryBars, HistoryRequest, MarketEvent, Report, ReportKind, Watch,
};
use crate::domain::{
    Account, AccountId, BrokerId, CommissionRule, Instrument, InstrumentId, Order, OrderId, OrderSpec,
    OrderStatus, Time,
};
use crate::exchange::{
    AGENT_ORDERS, AccountChange, AccountState, Amend, BadExchange, Config, Event, Exchange, Mark, Owner,
    Reject,
};
use crate::link::ConnectionState;
use crate::risk::{ApprovedAmend, ApprovedOrder, Change};

/// Levels a side of the depth that is sent.
const DEPTH_LEVELS: usize = 20;
/// How often the account's value is sent while nothing else happens, with a sign of life.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// The exchange, its market and its connection to one program.
pub struct PaperVenue {
    broker: BrokerId,
    config: PaperConfig,
    exchange: Exchange,
    prices: Prices,
    account: AccountId,
    commissions: Vec<CommissionRule>,
    watch: Watch,
    last_beat: Time,
    /// Every order id it has ever had.
    ids: IdSet,
    events: Vec<Event>,
}

/// An order as it reaches the exchange: plain data, whoever has approved it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewOrder {
    /// The sender's id of it.
    pub id: OrderId,
    /// For whose account.
    pub account: AccountId,
    /// What is asked for.
    pub spec: OrderSpec,
}

impl From<&ApprovedOrder> for NewOrder {
    fn from(order: &ApprovedOrder) -> Self {
        Self { id: order.id(), account: order.account().clone(), spec: *order.spec() }
    }
}

/// What can be asked of the exchange.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// Take an order, or an entry with its exits.
    Place(Vec<NewOrder>),
    /// Change an order.
    Amend(OrderId, Amend),
    /// Cancel an order.
    Cancel(OrderId),
    /// Cancel everything of the account.
    CancelAll,
    /// Tell the books.
    Books,
    /// From now on, tell of these, and of no others.
    Watch(Watch),
    /// Tell closed bars.
    History(HistoryRequest),
}

/// The change that the gate has approved, in the exchange's words.
pub(super) fn amend_of(amend: &ApprovedAmend) -> Amend {
    let Change { quantity, limit, stop } = amend.change();
    Amend { quantity, limit, stop }
}

/// Why a paper exchange could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum VenueError {
    /// The catalogue makes no market.
    #[error("the paper exchange cannot open: {0}")]
    Exchange(#[from] BadExchange),
    /// Nobody writes its account down.
    #[error("the system gives no thread to save the paper account: {0}. Close other programs, and try again")]
    Thread(#[from] std::io::Error),
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
            config: PaperConfig::default(),
            exchange,
            prices,
            account: ACCOUNT.into(),
            commissions,
            watch: Watch::default(),
            last_beat: now,
            ids: IdSet::default(),
            events,
        })
    }

    /// The same, made as `config` says.
    #[must_use]
    pub fn configured(self, config: PaperConfig) -> Self {
        Self { config, ..self }
    }

    /// How it is made.
    #[must_use]
    pub fn paper_config(&self) -> PaperConfig {
        self.config
    }

    /// What is listed.
    pub fn instruments(&self) -> impl Iterator<Item = &Arc<Instrument>> {
        self.exchange.instruments()
    }

    /// The account that orders are booked to.
    #[must_use]
    pub fn account_id(&self) -> &AccountId {
        &self.account
    }

    /// Takes over accounts and order ids that were saved; to be done once, before anybody has traded.
    /// Returns the books as they were saved: before time has passed, and orders have entered the
    /// market.
    pub fn restore(&mut self, state: AccountState, ids: IdSet, now: Time) -> Books {
        let at = self.prices.market_time(now);
        let loaded = self.exchange.load(state, at, &mut self.events);
        let books = self.books();
        self.exchange.enter(loaded, at, &mut self.events);
        self.ids = ids;
        books
    }

    /// The accounts as they are now.
    #[must_use]
    pub fn accounts(&self) -> AccountState {
        self.exchange.save()
    }

    /// How the accounts have changed since `mark`, which stands here then; and the number of the
    /// next execution.
    pub(super) fn changes_since(&self, mark: &mut Mark) -> (u64, Vec<AccountChange>) {
        (self.exchange.next_exec(), self.exchange.changes_since(mark))
    }

    /// Every order id it has ever had.
    #[must_use]
    pub fn ids(&self) -> &IdSet {
        &self.ids
    }

    /// A program connects: it is told what the broker has.
    pub fn connect(&mut self, out: &mut Vec<BrokerEvent>) {
        // What happened before anyone listened is in the books; its prints are in the bars.
        for event in self.events.drain(..) {
            if let Event::Trade(id, trade) = event {
                self.prices.record(id, &trade);
            }
        }
        self.disconnect();
        out.push(BrokerEvent::Books(Arc::new(self.books())));
        let reason = self.prices.describe().into();
        out.push(BrokerEvent::Connection { state: ConnectionState::Ready, reason });
    }

    /// The program is gone: nothing is watched any more.
    pub fn disconnect(&mut self) {
        self.watch = Watch::default();
    }

    /// What the account has: orders, executions, positions.
    #[must_use]
    pub fn books(&self) -> Books {
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
            ..Books::default()
        }
    }

    fn account_now(&self) -> Option<Arc<Account>> {
        let account = self.exchange.account(&self.account)?;
        Some(Arc::new(Account { broker: self.broker, ..account }))
    }

    /// How an order stands that the exchange remembers, as a report.
    #[must_use]
    pub fn standing(&self, id: OrderId) -> Option<Report> {
        let order = self.exchange.order(id)?;
        let kind = ReportKind::Status { status: order.status, reason: order.reason };
        Some(Report { order: id, kind, time: order.updated })
    }

    /// Does what the session of this program asks. Drills and its end are its own business.
    pub fn handle(&mut self, request: BrokerRequest, now: Time, out: &mut Vec<BrokerEvent>) {
        let on_wire = |order| BrokerEvent::OnWire { order, at: now };
        let (about, ask) = match request {
            BrokerRequest::Place(orders) => {
                let about = orders.iter().map(ApprovedOrder::id).collect();
                (about, Ask::Place(orders.iter().map(NewOrder::from).collect()))
            }
            BrokerRequest::Amend(amend) => (vec![amend.id()], Ask::Amend(amend.id(), amend_of(&amend))),
            BrokerRequest::Cancel(order) => (vec![order], Ask::Cancel(order)),
            BrokerRequest::CancelAll => (Vec::new(), Ask::CancelAll),
            BrokerRequest::Books => (Vec::new(), Ask::Books),
            BrokerRequest::Watch(watch) => (Vec::new(), Ask::Watch(watch)),
            BrokerRequest::History(request) => (Vec::new(), Ask::History(request)),
            BrokerRequest::Find(_)
            | BrokerRequest::WhatIf(..)
            | BrokerRequest::Describe(_)
            | BrokerRequest::Drill(_)
            | BrokerRequest::Disconnect => {
                return self.run_market(now, out);
            }
        };
        self.run_market(now, out);
        out.extend(about.into_iter().map(on_wire));
        self.answer(ask, now, out);
    }

    /// Does what is asked.
    pub fn ask(&mut self, ask: Ask, now: Time, out: &mut Vec<BrokerEvent>) {
        // The market first catches up, so that the request meets the present, and its
        // answer stands behind everything that was before it.
        self.run_market(now, out);
        self.answer(ask, now, out);
    }

    fn answer(&mut self, ask: Ask, now: Time, out: &mut Vec<BrokerEvent>) {
        let at = self.prices.market_time(now);
        match ask {
            Ask::Place(orders) => {
                let objection = self.config.objection(orders.iter().map(|order| &order.spec));
                for NewOrder { id, account, spec } in orders {
                    let refusal = if objection.is_some() {
                        objection
                    } else if account != self.account {
                        Some("This session is not of that account")
                    } else {
                        None
                    };
                    if let Some(why) = refusal {
                        out.push(BrokerEvent::Report(rejected(id, why, at)));
                    } else if self.ids.insert(id) {
                        self.exchange.submit(Owner::Account(account), id, spec, at, &mut self.events);
                    } else {
                        out.push(BrokerEvent::Report(self.standing(id).unwrap_or_else(|| {
                            rejected(id, "This order id was used before: nothing was done", at)
                        })));
                    }
                }
            }
            // The market's own orders are nobody's to change, whatever a wire brings.
            Ask::Amend(id, _) if is_agents(id) => {
                self.events.push(Event::AmendRejected { id, reason: Reject::UnknownOrder(id), time: at });
            }
            Ask::Cancel(id) if is_agents(id) => {
                self.events.push(Event::CancelRejected { id, reason: Reject::UnknownOrder(id), time: at });
            }
            Ask::Amend(id, change) => self.exchange.amend(id, change, at, &mut self.events),
            Ask::Cancel(id) => self.exchange.cancel(id, at, &mut self.events),
            Ask::CancelAll => {
                let owner = Owner::Account(self.account.clone());
                self.exchange.cancel_all(&owner, None, at, &mut self.events);
            }
            Ask::Books => out.push(BrokerEvent::Books(Arc::new(self.books()))),
            Ask::Watch(watch) => self.watch(watch, now, out),
            Ask::History(request) => {
                let (bars, forming) = self.prices.history(&request, now);
                out.push(BrokerEvent::History(HistoryBars { request, bars, forming, is_cut: false }));
            }
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
}

/// The word that an order is not taken.
fn rejected(order: OrderId, why: &str, time: Time) -> Report {
    let kind = ReportKind::Status { status: OrderStatus::Rejected, reason: Some(why.into()) };
    Report { order, kind, time }
}

/// Whether it is an id of the market's own participants.
fn is_agents(id: OrderId) -> bool {
    id.0 & AGENT_ORDERS != 0
}
