//! What the program has heard of its broker: taken down at its ear, by nobody of the program's.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use pitdesk::broker::{BrokerEvent, MarketEvent, ReportKind};
use pitdesk::domain::{Decimal, ExecId, Fill, InstrumentId, OrderId, OrderStatus, Price, Quote, Side, Time};

/// What one life of the program has heard.
#[derive(Debug, Clone, Default)]
pub struct Heard {
    pub execs: BTreeSet<ExecId>,
    /// Orders that the exchange has spoken of, and whether it said that they work.
    pub works: BTreeMap<OrderId, bool>,
    /// What came in and went out for executions, commissions included.
    cash: BTreeMap<InstrumentId, Decimal>,
    /// Of each order, what has filled.
    filled: BTreeMap<OrderId, Decimal>,
    /// Units held, as the broker told last.
    pub net: BTreeMap<InstrumentId, Decimal>,
    quotes: BTreeMap<InstrumentId, Quote>,
    /// Whether the broker has told how everything stands.
    has_books: bool,
    /// When anything was heard of the market.
    market_at: Time,
}

impl Heard {
    /// What a start knows from its journal.
    pub fn before(fills: &[Fill]) -> Self {
        let mut heard = Self::default();
        for fill in fills {
            heard.fill(fill);
        }
        heard
    }

    pub fn hear(&mut self, event: &BrokerEvent, now: Time) {
        match event {
            BrokerEvent::Fill { fill, position } => {
                self.fill(fill);
                self.net.insert(position.instrument, position.net);
            }
            BrokerEvent::Books(books) => {
                self.has_books = true;
                for fill in &books.fills {
                    self.fill(fill);
                }
                self.works.extend(books.orders.iter().map(|order| (order.id, order.is_live())));
                for net in self.net.values_mut() {
                    *net = Decimal::ZERO;
                }
                self.net.extend(books.positions.iter().map(|position| (position.instrument, position.net)));
            }
            BrokerEvent::Market { events, .. } => {
                self.market_at = now;
                for event in events {
                    if let MarketEvent::Quote(id, quote) = event {
                        self.quotes.insert(*id, *quote);
                    }
                }
            }
            BrokerEvent::Report(report) => {
                // A refusal may be the word of our own end of the line.
                if let ReportKind::Status { status, .. } = report.kind
                    && status != OrderStatus::Rejected
                {
                    self.works.insert(report.order, !status.is_final());
                }
            }
            BrokerEvent::Alive { .. } => self.market_at = now,
            _ => {}
        }
    }

    fn fill(&mut self, fill: &Fill) {
        if self.execs.insert(fill.exec_id.clone()) {
            *self.filled.entry(fill.order).or_default() += fill.quantity.0;
            let value = fill.price.0 * fill.quantity.0;
            let paid = if fill.side == Side::Buy { value } else { -value };
            *self.cash.entry(fill.instrument).or_default() -= paid + fill.commission.amount;
        }
    }

    /// What an order was heard to have filled.
    pub fn filled_of(&self, id: OrderId) -> Decimal {
        self.filled.get(&id).copied().unwrap_or_default()
    }

    pub fn net_of(&self, id: InstrumentId) -> Decimal {
        self.net.get(&id).copied().unwrap_or_default()
    }

    /// The price that an order of a side would meet.
    pub fn far(&self, id: InstrumentId, side: Side) -> Option<Price> {
        let quote = self.quotes.get(&id)?;
        if side == Side::Buy { quote.ask } else { quote.bid }
    }

    /// Whether either side of the book has come to a stop.
    pub fn has_touched(&self, id: InstrumentId, side: Side, stop: Price) -> bool {
        let Some(quote) = self.quotes.get(&id) else { return false };
        [quote.bid, quote.ask].iter().flatten().any(|price| side.sign() * (price.0 - stop.0) >= Decimal::ZERO)
    }

    /// By what a position is valued: the last price, within the book.
    pub fn mark(&self, id: InstrumentId) -> Option<Decimal> {
        let quote = self.quotes.get(&id)?;
        let last = quote.last?.0;
        Some(match (quote.bid, quote.ask) {
            (Some(bid), Some(ask)) if bid.0 <= ask.0 => last.max(bid.0).min(ask.0),
            _ => last,
        })
    }

    /// What came in for an instrument and what is held of it, sold at `price`.
    pub fn worth(&self, id: InstrumentId, price: Option<Decimal>) -> Option<Decimal> {
        let cash = self.cash.get(&id).copied().unwrap_or_default();
        let net = self.net_of(id);
        if net.is_zero() { Some(cash) } else { Some(cash + net * price?) }
    }

    pub fn market_age(&self, now: Time) -> Duration {
        now.since(self.market_at)
    }
}

/// The trading day, as the promise goes: what a position has come to counts from when the program
/// first met it, and a loss that reaches its limit locks. Outlives the program.
#[derive(Debug, Clone, Default)]
pub struct Day {
    from: BTreeMap<InstrumentId, Decimal>,
    pub is_locked: bool,
}

impl Day {
    /// A start finds what was saved: what was not is met anew.
    pub fn begin_again(&mut self, is_saved: impl Fn(InstrumentId) -> bool, is_locked: bool) {
        self.from.retain(|id, _| is_saved(*id));
        self.is_locked &= is_locked;
    }

    /// An execution is about to be heard.
    pub fn before_fill(&mut self, fill: &Fill, heard: &Heard) {
        let at = heard.mark(fill.instrument).unwrap_or(fill.price.0);
        if let Some(worth) = heard.worth(fill.instrument, Some(at)) {
            self.from.entry(fill.instrument).or_insert(worth);
        }
    }

    /// Books are about to be heard. How things stood before the first ones nobody knows.
    pub fn before_books(&mut self, fills: &[Fill], heard: &Heard) {
        let is_news = |fill: &&Fill| heard.has_books && !heard.execs.contains(&fill.exec_id);
        for fill in fills.iter().filter(is_news) {
            self.before_fill(fill, heard);
        }
    }

    /// The program looks at its losses.
    pub fn looks(&mut self, heard: &Heard, limit: Decimal) {
        for &id in heard.net.keys() {
            if let Some(worth) = heard.worth(id, heard.mark(id)) {
                self.from.entry(id).or_insert(worth);
            }
        }
        // A hair's breadth is left to rounding.
        self.is_locked |= self.loss(heard).is_some_and(|loss| loss >= limit + Decimal::new(1, 6));
    }

    /// What the day has cost by what was heard; `None` where that cannot be said.
    pub fn loss(&self, heard: &Heard) -> Option<Decimal> {
        let of = |id: &InstrumentId| Some(self.from.get(id)? - heard.worth(*id, heard.mark(*id))?);
        heard.net.keys().map(of).sum()
    }
}
