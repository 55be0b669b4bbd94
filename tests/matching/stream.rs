//! Random streams of orders, for the model and the invariants. Ticks and lots are 1.

use proptest::prelude::*;

use pitdesk::domain::{
    Decimal, GroupId, Instrument, OrderId, OrderKind, OrderSpec, Price, Qty, Side, TickTable, Time,
    TimeInForce, TrailBy,
};
use pitdesk::exchange::{Amend, Config, Event, Exchange, Owner, agent_order};

use super::floor::{START, X, instrument, paper};

/// The trader among the parties; the others are agents of this number.
pub const TRADER: u32 = 0;

#[derive(Debug, Clone)]
pub struct Send {
    pub party: u32,
    pub side: Side,
    pub quantity: i64,
    pub kind: Kind,
    pub tif: TimeInForce,
    pub post_only: bool,
    /// Of the trader's orders: follow one of his earlier ones.
    pub parent: Option<usize>,
    pub oco: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Market,
    Limit(i64),
    Stop(i64),
    StopLimit(i64, i64),
    Trail(i64),
}

#[derive(Debug, Clone)]
pub enum Step {
    Send(Send),
    /// Of any order sent so far, by its number.
    Cancel(usize),
    Amend(usize, Option<i64>, Option<i64>),
}

fn kind() -> impl Strategy<Value = Kind> {
    let at = 90..110_i64;
    prop_oneof![
        2 => Just(Kind::Market),
        10 => at.clone().prop_map(Kind::Limit),
        2 => at.clone().prop_map(Kind::Stop),
        1 => (at.clone(), at).prop_map(|(stop, limit)| Kind::StopLimit(stop, limit)),
        1 => (1..6_i64).prop_map(Kind::Trail),
    ]
}

fn tif() -> impl Strategy<Value = TimeInForce> {
    prop_oneof![6 => Just(TimeInForce::Gtc), 1 => Just(TimeInForce::Day), 1 => Just(TimeInForce::Ioc), 1 => Just(TimeInForce::Fok)]
}

fn send() -> impl Strategy<Value = Send> {
    let side = prop_oneof![Just(Side::Buy), Just(Side::Sell)];
    let party = prop_oneof![3 => Just(TRADER), 4 => 1..4_u32];
    let flags = (prop::bool::weighted(0.1), prop::option::weighted(0.2, any::<usize>()));
    let oco = prop::option::weighted(0.15, 0..3_u64);
    (party, side, 1..20_i64, kind(), tif(), flags, oco).prop_map(
        |(party, side, quantity, kind, tif, (post_only, parent), oco)| Send {
            party,
            side,
            quantity,
            kind,
            tif,
            post_only,
            parent,
            oco,
        },
    )
}

pub fn steps(most: usize) -> impl Strategy<Value = Vec<Step>> {
    let amend = (any::<usize>(), prop::option::of(1..25_i64), prop::option::of(90..110_i64));
    let step = prop_oneof![
        8 => send().prop_map(Step::Send),
        1 => any::<usize>().prop_map(Step::Cancel),
        2 => amend.prop_map(|(pick, quantity, limit)| Step::Amend(pick, quantity, limit)),
    ];
    prop::collection::vec(step, 0..most)
}

pub fn whole(n: i64) -> Price {
    Price(n.into())
}

pub fn coarse() -> Instrument {
    Instrument { ticks: TickTable::uniform(Decimal::ONE).unwrap(), ..instrument() }
}

impl Kind {
    pub fn order_kind(self) -> OrderKind {
        match self {
            Self::Market => OrderKind::Market,
            Self::Limit(at) => OrderKind::Limit { price: whole(at) },
            Self::Stop(at) => OrderKind::Stop { stop: whole(at) },
            Self::StopLimit(stop, limit) => OrderKind::StopLimit { stop: whole(stop), price: whole(limit) },
            Self::Trail(by) => OrderKind::TrailingStop { by: TrailBy::Amount(by.into()) },
        }
    }
}

/// Drives an exchange along a stream; orders are numbered as they are sent.
pub struct Driver {
    pub exchange: Exchange,
    pub sent: Vec<(OrderId, Send)>,
    /// When it is; stands still unless told.
    pub now: Time,
}

impl Driver {
    pub fn new(config: Config) -> Self {
        Self::with(coarse(), config)
    }

    pub fn with(instrument: Instrument, config: Config) -> Self {
        let exchange = Exchange::new(vec![std::sync::Arc::new(instrument)], config).unwrap();
        Self { exchange, sent: Vec::new(), now: START }
    }

    /// The id that the next order of `party` gets.
    fn id(&self, party: u32) -> OrderId {
        let n = self.sent.len() as u64 + 1;
        if party == TRADER { OrderId(n) } else { agent_order(n) }
    }

    /// One of the orders sent so far.
    pub fn pick(&self, pick: usize) -> Option<OrderId> {
        (!self.sent.is_empty()).then(|| self.sent[pick % self.sent.len()].0)
    }

    fn parent(&self, pick: Option<usize>) -> Option<OrderId> {
        let own: Vec<OrderId> =
            self.sent.iter().filter(|(_, send)| send.party == TRADER).map(|&(id, _)| id).collect();
        pick.filter(|_| !own.is_empty()).map(|pick| own[pick % own.len()])
    }

    /// Does one step and returns what it caused.
    pub fn step(&mut self, step: &Step) -> Vec<Event> {
        let mut out = Vec::new();
        match step {
            Step::Send(send) => {
                let id = self.id(send.party);
                let mut spec =
                    OrderSpec::new(X, send.side, Qty(send.quantity.into()), send.kind.order_kind(), send.tif);
                spec.post_only = send.post_only;
                let owner = if send.party == TRADER {
                    spec.parent = self.parent(send.parent);
                    spec.oco = send.oco.map(GroupId);
                    Owner::Account(paper())
                } else {
                    Owner::Agent(send.party)
                };
                self.exchange.submit(owner, id, spec, self.now, &mut out);
                self.sent.push((id, send.clone()));
            }
            Step::Cancel(pick) => {
                if let Some(id) = self.pick(*pick) {
                    self.exchange.cancel(id, self.now, &mut out);
                }
            }
            Step::Amend(pick, quantity, limit) => {
                if let Some(id) = self.pick(*pick) {
                    let quantity = quantity.map(|n| Qty(n.into()));
                    let change = Amend { quantity, limit: limit.map(whole), stop: None };
                    self.exchange.amend(id, change, self.now, &mut out);
                }
            }
        }
        out
    }
}
