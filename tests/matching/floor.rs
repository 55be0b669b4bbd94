//! A trading floor for tests: an exchange, a clock that stands still unless told, and the
//! events of the latest call.

use std::sync::Arc;

use pitdesk::domain::{
    Account, AccountId, AssetClass, Balance, BrokerId, Currency, Decimal, Instrument, InstrumentId, Money,
    Order, OrderId, OrderKind, OrderSpec, Price, Qty, Side, TickTable, Time, TimeInForce, TradingHours,
};
use pitdesk::exchange::{
    AccountConfig, Amend, CancelReason, Config, Event, Exchange, Owner, Reject, agent_order,
};

/// Monday 23 November 2026, 10:00 in Tokyo.
pub const START: Time = Time::from_seconds(1_795_395_600);

pub const X: InstrumentId = InstrumentId(0);

pub fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

pub fn price(text: &str) -> Price {
    Price(dec(text))
}

pub fn qty(n: i64) -> Qty {
    Qty(n.into())
}

pub fn paper() -> AccountId {
    "PAPER".into()
}

pub fn instrument() -> Instrument {
    Instrument {
        id: X,
        broker: BrokerId(0),
        symbol: "ACME".into(),
        name: "Acme".into(),
        venue: "PIT".into(),
        class: AssetClass::Share,
        currency: Currency::USD,
        ticks: TickTable::uniform(dec("0.01")).unwrap(),
        lot: Qty(dec("1")),
        multiplier: Decimal::ONE,
        hours: TradingHours::always("UTC"),
    }
}

pub fn account(cash: i64, leverage: i64) -> AccountConfig {
    AccountConfig {
        id: paper(),
        title: "Paper".into(),
        cash: vec![Money { amount: cash.into(), currency: Currency::USD }],
        base: Currency::USD,
        leverage: leverage.into(),
    }
}

pub fn config() -> Config {
    Config { accounts: vec![account(1_000_000, 2)], ..Config::default() }
}

pub fn limit(at: &str) -> OrderKind {
    OrderKind::Limit { price: price(at) }
}

pub fn stop(at: &str) -> OrderKind {
    OrderKind::Stop { stop: price(at) }
}

pub fn spec(side: Side, quantity: i64, kind: OrderKind) -> OrderSpec {
    OrderSpec::new(X, side, qty(quantity), kind, TimeInForce::Gtc)
}

pub fn buy(quantity: i64, kind: OrderKind) -> OrderSpec {
    spec(Side::Buy, quantity, kind)
}

pub fn sell(quantity: i64, kind: OrderKind) -> OrderSpec {
    spec(Side::Sell, quantity, kind)
}

pub struct Floor {
    pub exchange: Exchange,
    pub now: Time,
    /// Of the latest call.
    pub events: Vec<Event>,
    next_order: u64,
    next_agent: u64,
}

impl Floor {
    pub fn new() -> Self {
        Self::with(instrument(), config())
    }

    pub fn with(instrument: Instrument, config: Config) -> Self {
        let exchange = Exchange::new(vec![Arc::new(instrument)], config).unwrap();
        Self { exchange, now: START, events: Vec::new(), next_order: 1, next_agent: 0 }
    }

    fn call(&mut self, act: impl FnOnce(&mut Exchange, Time, &mut Vec<Event>)) {
        self.events.clear();
        act(&mut self.exchange, self.now, &mut self.events);
        let (bid, ask) = self.exchange.best(X);
        if let (Some((bid, _)), Some((ask, _))) = (bid, ask) {
            assert!(bid < ask, "crossed: {bid} {ask}");
        }
    }

    /// The trader sends an order.
    pub fn send(&mut self, spec: OrderSpec) -> OrderId {
        let id = OrderId(self.next_order);
        self.next_order += 1;
        self.call(|exchange, now, out| exchange.submit(Owner::Account(paper()), id, spec, now, out));
        id
    }

    /// Agent `agent` sends an order.
    pub fn agent(&mut self, agent: u32, spec: OrderSpec) -> OrderId {
        let id = agent_order(self.next_agent);
        self.next_agent += 1;
        self.call(|exchange, now, out| exchange.submit(Owner::Agent(agent), id, spec, now, out));
        id
    }

    /// Agents bid and offer at these prices.
    pub fn quote(&mut self, bids: &[(&str, i64)], asks: &[(&str, i64)]) {
        for &(at, quantity) in bids {
            self.agent(1, buy(quantity, limit(at)));
        }
        for &(at, quantity) in asks {
            self.agent(1, sell(quantity, limit(at)));
        }
    }

    /// Two agents trade one unit at `at`, which must lie inside the spread.
    pub fn print(&mut self, at: &str) {
        self.agent(2, sell(1, limit(at)));
        self.agent(3, buy(1, OrderKind::Limit { price: price(at) }));
        assert!(self.trades().iter().any(|&(p, _)| p == price(at)), "no print at {at}");
    }

    pub fn amend(&mut self, id: OrderId, change: Amend) {
        self.call(|exchange, now, out| exchange.amend(id, change, now, out));
    }

    pub fn amend_quantity(&mut self, id: OrderId, quantity: i64) {
        self.amend(id, Amend { quantity: Some(qty(quantity)), ..Amend::default() });
    }

    pub fn amend_limit(&mut self, id: OrderId, at: &str) {
        self.amend(id, Amend { limit: Some(price(at)), ..Amend::default() });
    }

    pub fn cancel(&mut self, id: OrderId) {
        self.call(|exchange, now, out| exchange.cancel(id, now, out));
    }

    pub fn cancel_all(&mut self, owner: &Owner) {
        self.call(|exchange, now, out| exchange.cancel_all(owner, None, now, out));
    }

    pub fn advance(&mut self, to: Time) {
        self.now = to;
        self.call(Exchange::advance);
    }

    /// An instant passes.
    pub fn soon(&mut self) {
        self.advance(Time(self.now.0 + 1));
    }

    /// Prints of the latest call.
    pub fn trades(&self) -> Vec<(Price, Qty)> {
        let trade = |event: &Event| match event {
            Event::Trade(_, trade) => Some((trade.price, trade.quantity)),
            _ => None,
        };
        self.events.iter().filter_map(trade).collect()
    }

    /// The trader's fills of the latest call: order, quantity, price.
    pub fn fills(&self) -> Vec<(OrderId, Qty, Price)> {
        let fill = |event: &Event| match event {
            Event::Filled { fill, .. } => Some((fill.order, fill.quantity, fill.price)),
            _ => None,
        };
        self.events.iter().filter_map(fill).collect()
    }

    pub fn rejection(&self) -> Option<&Reject> {
        self.events.iter().find_map(|event| match event {
            Event::Rejected { reason, .. }
            | Event::AmendRejected { reason, .. }
            | Event::CancelRejected { reason, .. } => Some(reason),
            _ => None,
        })
    }

    pub fn cancelled(&self, id: OrderId) -> Option<CancelReason> {
        self.events.iter().find_map(|event| match event {
            Event::Cancelled { id: of, reason, .. } if *of == id => Some(*reason),
            _ => None,
        })
    }

    pub fn order(&self, id: OrderId) -> Order {
        self.exchange.order(id).unwrap()
    }

    /// What rests of an order in the book.
    pub fn resting(&self, id: OrderId) -> i64 {
        self.exchange.resting(id).map_or(0, |q| q.0.try_into().unwrap())
    }

    pub fn net(&self) -> Decimal {
        self.exchange.positions(&paper()).map(|position| position.net).sum()
    }

    pub fn balance(&self) -> Balance {
        let account: Account = self.exchange.account(&paper()).unwrap();
        *account.balance(Currency::USD).unwrap()
    }
}
