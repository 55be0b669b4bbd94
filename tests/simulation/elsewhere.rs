//! Another program that knows the token and trades the same account: what it enters is foreign to
//! ours.

use pitdesk::broker::paper::ACCOUNT;
use pitdesk::broker::paper::server::ConnId;
use pitdesk::broker::paper::wire::frame::Outbound;
use pitdesk::broker::paper::wire::{Hello, LONGEST_REQUEST, NewOrder, ToExchange, VERSION, fingerprint};
use pitdesk::domain::{InstrumentId, OrderId, OrderKind, OrderSpec, Price, Qty, Side, TimeInForce};

use crate::exchange::{Exchange, TOKEN, instruments};
use crate::pipe::Dice;

/// Its ids are so far apart that none of ours, which go on above the highest that is known, is
/// ever one of them.
const APART: u64 = 1_000_000;
/// Its connections, above all of ours.
const CONNS: u64 = 1 << 40;

#[derive(Default)]
pub struct Elsewhere {
    visits: u64,
    orders: u64,
}

/// Whether it is an order of the other program.
pub fn is_foreign(id: OrderId) -> bool {
    id.0.is_multiple_of(APART)
}

impl Elsewhere {
    /// Logs in and enters an order or two: its connection, and what it says.
    pub fn visit(&mut self, exchange: &Exchange, dice: &mut Dice) -> (ConnId, Vec<u8>) {
        self.visits += 1;
        let mut says = vec![ToExchange::Hello(Hello {
            version: VERSION,
            token: TOKEN.to_owned(),
            account: ACCOUNT.into(),
            catalogue: fingerprint(instruments().iter()),
            last_event: 0,
        })];
        for _ in 0..=dice.below(2) {
            says.push(ToExchange::Place(vec![self.order(exchange, dice)]));
        }
        // Else it stays, until ours takes over again.
        if dice.hits(2) {
            says.push(ToExchange::Goodbye);
        }
        let mut bytes = Vec::new();
        let mut outbound = Outbound::new(LONGEST_REQUEST);
        for message in &says {
            outbound.frame(message, &mut bytes).unwrap();
        }
        (ConnId(CONNS + self.visits), bytes)
    }

    fn order(&mut self, exchange: &Exchange, dice: &mut Dice) -> NewOrder {
        self.orders += 1;
        let instrument = &instruments()[usize::try_from(dice.below(2)).unwrap()];
        let side = if dice.hits(2) { Side::Buy } else { Side::Sell };
        let last = exchange.last(instrument.id);
        let ticks = i32::try_from(dice.below(40)).unwrap() * if side == Side::Buy { -1 } else { 1 };
        let kind = match last {
            Some(last) if dice.hits(2) => OrderKind::Limit { price: instrument.ticks.step(last, ticks) },
            _ => OrderKind::Market,
        };
        let quantity = Qty((1 + dice.below(5)).into());
        let spec = OrderSpec::new(instrument.id, side, quantity, kind, TimeInForce::Gtc);
        NewOrder { id: OrderId(self.orders * APART), account: ACCOUNT.into(), spec }
    }
}

impl Exchange {
    /// A price near the market, where there was a fill.
    fn last(&self, id: InstrumentId) -> Option<Price> {
        self.truth().fills.iter().rev().find(|fill| fill.instrument == id).map(|fill| fill.price)
    }
}
