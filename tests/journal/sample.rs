//! Orders, fills and records to write; shared with the unit tests of the journal.

use std::sync::Arc;

use super::domain::time::SECOND;
use super::domain::{
    AssetClass, BrokerId, Currency, Decimal, ExecId, Fill, Instrument, InstrumentId, Liquidity, Moment,
    Money, Order, OrderId, OrderKind, OrderSpec, OrderStatus, Price, Qty, Quote, Record, Seq, Side,
    TickTable, Time, TimeInForce, TradingHours,
};
use super::journal::Names;

/// Two brokers that carry the same listing, and one more instrument.
pub fn names() -> Names {
    let instrument = |id: u32, broker: u8, symbol: &str, currency| {
        Arc::new(Instrument {
            id: InstrumentId(id),
            broker: BrokerId(broker),
            symbol: symbol.into(),
            name: symbol.into(),
            venue: "TEST".into(),
            class: AssetClass::Share,
            currency,
            ticks: TickTable::uniform(Decimal::new(1, 2)).expect("a cent is above zero"),
            lot: Qty(Decimal::ONE),
            multiplier: Decimal::ONE,
            hours: TradingHours::always("UTC"),
        })
    };
    Names {
        brokers: vec!["paper".into(), "other".into()],
        instruments: [
            instrument(0, 0, "AAPL", Currency::USD),
            instrument(1, 1, "AAPL", Currency::USD),
            instrument(2, 0, "7203", Currency::JPY),
        ]
        .into(),
    }
}

/// So many seconds after the start of all records.
fn after(seconds: u64) -> Time {
    Time((1_000 + seconds.cast_signed()) * SECOND)
}

pub fn order(id: u64, status: OrderStatus) -> Order {
    let kind = OrderKind::Limit { price: Price(Decimal::new(10_050, 2)) };
    Order {
        status,
        updated: after(id),
        ..Order::intended(
            OrderId(id),
            BrokerId(0),
            "PAPER".into(),
            OrderSpec::new(InstrumentId(0), Side::Buy, Qty(Decimal::from(100)), kind, TimeInForce::Gtc),
            Time::from_seconds(1_000),
        )
    }
}

pub fn record(seq: u64, moment: Moment, orders: Vec<Order>) -> Record {
    Record { seq: Seq(seq), at: after(seq), moment, orders }
}

pub fn intended(seq: u64, id: u64) -> Record {
    let moment = Moment::Intended { input_at: Time::from_seconds(999), seen: Some(Quote::default()) };
    record(seq, moment, vec![order(id, OrderStatus::Intended)])
}

pub fn sent(seq: u64, id: u64) -> Record {
    let moment = Moment::Sent { journaled_at: Time::from_seconds(1_001), session: 1 };
    record(seq, moment, vec![order(id, OrderStatus::Sent)])
}

pub fn working(seq: u64, id: u64) -> Record {
    let (status, broker_time) = (OrderStatus::Working, Time::from_seconds(1_002));
    record(seq, Moment::Reported { status, reason: None, broker_time }, vec![order(id, status)])
}

pub fn executed(seq: u64, id: u64) -> Record {
    let filled = Order { filled: Qty(Decimal::from(100)), ..order(id, OrderStatus::Filled) };
    record(seq, Moment::Executed(fill(&format!("e-{id}"), id)), vec![filled])
}

pub fn fill(exec: &str, id: u64) -> Fill {
    Fill {
        exec_id: ExecId(exec.into()),
        order: OrderId(id),
        account: "PAPER".into(),
        instrument: InstrumentId(0),
        side: Side::Buy,
        quantity: Qty(Decimal::from(100)),
        price: Price(Decimal::new(10_049, 2)),
        commission: Money { amount: Decimal::new(35, 2), currency: Currency::USD },
        realised: Decimal::new(-125, 1),
        liquidity: Liquidity::Taker,
        time: Time::from_seconds(1_003),
    }
}
