//! The gate: every limit from both sides.

use std::sync::Arc;

use super::*;
use crate::domain::{
    AssetClass, BrokerId, Currency, InstrumentId, OrderStatus, Origin, TickTable, TimeInForce, TradingHours,
};

fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn price(text: &str) -> Price {
    Price(dec(text))
}

fn instrument() -> Instrument {
    Instrument {
        id: InstrumentId(0),
        broker: BrokerId(0),
        symbol: "AAPL".into(),
        name: "Apple".into(),
        venue: "NASDAQ".into(),
        class: AssetClass::Share,
        currency: Currency::USD,
        ticks: TickTable::uniform(dec("0.01")).unwrap(),
        lot: Qty(dec("1")),
        multiplier: Decimal::ONE,
        hours: TradingHours::always("UTC"),
    }
}

fn quote() -> Quote {
    Quote { bid: Some(price("99.99")), ask: Some(price("100.01")), is_open: true, ..Quote::default() }
}

struct Scene {
    limits: Limits,
    instrument: Instrument,
    quote: Option<Quote>,
    age_seconds: i64,
    position: &'static str,
    pending: &'static str,
    working: usize,
    is_killed: bool,
    not_ready: Option<&'static str>,
}

fn scene() -> Scene {
    Scene {
        limits: Limits {
            max_order_value: dec("10000"),
            max_position_value: dec("15000"),
            max_price_distance_percent: dec("5"),
            max_working_orders: 3,
            max_quote_age_seconds: 10,
        },
        instrument: instrument(),
        quote: Some(quote()),
        age_seconds: 0,
        position: "0",
        pending: "0",
        working: 0,
        is_killed: false,
        not_ready: None,
    }
}

fn order(side: Side, quantity: &str, kind: OrderKind) -> Order {
    Order {
        id: OrderId(7),
        broker: BrokerId(0),
        account: "PAPER".into(),
        spec: OrderSpec::new(InstrumentId(0), side, Qty(dec(quantity)), kind, TimeInForce::Day),
        status: OrderStatus::Intended,
        filled: Qty::ZERO,
        average_price: None,
        reason: None,
        origin: Origin::Ticket,
        created: Time(0),
        updated: Time(0),
    }
}

impl Scene {
    fn ask(&self, side: Side, quantity: &str, kind: OrderKind) -> Result<ApprovedOrder, Refusal> {
        self.with_known(|known| approve(&order(side, quantity, kind), known))
    }

    fn with_known<R>(&self, f: impl FnOnce(&Known<'_>) -> R) -> R {
        let now = Time::from_seconds(1_000);
        f(&Known {
            limits: &self.limits,
            instrument: &self.instrument,
            quote: self.quote.as_ref().map(|q| (q, Time::from_seconds(1_000 - self.age_seconds))),
            position: dec(self.position),
            pending: dec(self.pending),
            working_orders: self.working,
            to_base: Some(Money { amount: Decimal::ONE, currency: Currency::USD }),
            is_killed: self.is_killed,
            not_ready: self.not_ready,
            now,
        })
    }
}

fn limit(text: &str) -> OrderKind {
    OrderKind::Limit { price: price(text) }
}

#[test]
fn an_order_within_every_limit_passes_unchanged() {
    let approved = scene().ask(Side::Buy, "10", limit("100.00")).unwrap();
    assert_eq!(approved.id(), OrderId(7));
    assert_eq!(approved.spec().quantity, Qty(dec("10")));
}

#[test]
fn the_kill_switch_comes_before_everything() {
    let mut scene = scene();
    scene.is_killed = true;
    scene.quote = None;
    assert_eq!(scene.ask(Side::Buy, "10", OrderKind::Market), Err(Refusal::Killed));
}

#[test]
fn a_connection_that_is_not_ready_takes_nothing() {
    let mut scene = scene();
    scene.not_ready = Some("Paper is down");
    assert!(matches!(scene.ask(Side::Buy, "10", OrderKind::Market), Err(Refusal::NotReady(_))));
}

#[test]
fn quantity_and_prices_must_stand_on_the_grid() {
    let scene = scene();
    assert!(matches!(scene.ask(Side::Buy, "1.5", OrderKind::Market), Err(Refusal::OffLot { .. })));
    assert!(matches!(scene.ask(Side::Buy, "0", OrderKind::Market), Err(Refusal::OffLot { .. })));
    let off = scene.ask(Side::Buy, "1", limit("100.005")).unwrap_err();
    assert_eq!(off.to_string(), "Price 100.005 is not on the tick grid: use 100.00 or 100.01.");
}

#[test]
fn an_old_quote_stops_an_order_while_the_exchange_is_open() {
    let mut scene = scene();
    scene.age_seconds = 11;
    assert!(matches!(scene.ask(Side::Buy, "1", OrderKind::Market), Err(Refusal::StaleQuote { age: 11, .. })));
    scene.quote.as_mut().unwrap().is_open = false;
    assert!(scene.ask(Side::Buy, "1", OrderKind::Market).is_ok());
}

#[test]
fn the_order_value_is_taken_at_its_worst_price() {
    let scene = scene();
    assert!(
        scene.ask(Side::Buy, "100", limit("100.00")).is_err(),
        "100 at the ask of 100.01 is above 10,000"
    );
    assert!(scene.ask(Side::Buy, "99", limit("101.00")).is_ok());
    assert!(matches!(scene.ask(Side::Buy, "100", limit("101.00")), Err(Refusal::OrderValue { .. })));
}

#[test]
fn the_position_limit_counts_what_is_held() {
    let mut scene = scene();
    scene.position = "100";
    assert!(matches!(scene.ask(Side::Buy, "60", limit("100.00")), Err(Refusal::PositionValue { .. })));
    assert!(scene.ask(Side::Buy, "40", limit("100.00")).is_ok());
}

#[test]
fn reducing_is_never_stopped_by_a_size_limit() {
    let mut scene = scene();
    scene.position = "1000";
    assert!(scene.ask(Side::Sell, "1000", OrderKind::Market).is_ok());
    assert!(scene.ask(Side::Sell, "2001", OrderKind::Market).is_err(), "that would be a larger short");
}

#[test]
fn orders_on_their_way_count_as_if_they_had_filled() {
    let mut scene = scene();
    scene.pending = "100";
    assert!(matches!(scene.ask(Side::Buy, "60", limit("100.00")), Err(Refusal::PositionValue { .. })));
    scene.position = "100";
    scene.pending = "-100";
    assert!(scene.ask(Side::Sell, "99", OrderKind::Market).is_ok());
    scene.limits.max_order_value = dec("1000");
    assert!(
        scene.ask(Side::Sell, "99", OrderKind::Market).is_err(),
        "the exits already close it: this opens a short"
    );
}

#[test]
fn turning_a_position_is_no_reducing() {
    let mut scene = scene();
    scene.position = "1000";
    assert!(matches!(scene.ask(Side::Sell, "1999", OrderKind::Market), Err(Refusal::OrderValue { .. })));
}

#[test]
fn a_close_is_never_held_back_by_exits_that_rest() {
    let mut scene = scene();
    scene.position = "1000";
    scene.pending = "-1000";
    let mut close = order(Side::Sell, "1000", OrderKind::Market);
    close.origin = Origin::Flatten;
    assert!(scene.with_known(|known| approve(&close, known)).is_ok());
}

#[test]
fn a_fat_finger_price_is_stopped_on_its_bad_side_only() {
    let scene = scene();
    assert!(matches!(scene.ask(Side::Buy, "1", limit("106.00")), Err(Refusal::PriceDistance { .. })));
    assert!(scene.ask(Side::Buy, "1", limit("50.00")).is_ok(), "a low bid only waits");
    assert!(matches!(scene.ask(Side::Sell, "1", limit("90.00")), Err(Refusal::PriceDistance { .. })));
    let stop = OrderKind::Stop { stop: price("90.00") };
    assert!(scene.ask(Side::Sell, "1", stop).is_ok(), "a stop below the market is what stops are for");
    assert!(matches!(scene.ask(Side::Buy, "1", stop), Err(Refusal::PriceDistance { .. })));
}

#[test]
fn too_many_working_orders_stop_a_new_one() {
    let mut scene = scene();
    scene.working = 3;
    assert!(matches!(scene.ask(Side::Buy, "1", OrderKind::Market), Err(Refusal::WorkingOrders { .. })));
}

#[test]
fn an_amend_is_judged_as_what_it_would_become() {
    let scene = scene();
    let mut working = order(Side::Buy, "50", limit("99.00"));
    working.filled = Qty(dec("20"));
    let ask = |change| scene.with_known(|known| approve_amend(&working, change, known));
    assert!(ask(Change { quantity: Some(Qty(dec("60"))), ..Change::default() }).is_ok());
    assert!(ask(Change { quantity: Some(Qty(dec("130"))), ..Change::default() }).is_err());
    assert!(ask(Change { limit: Some(price("110.00")), ..Change::default() }).is_err());
    assert!(
        ask(Change { quantity: Some(Qty(dec("20"))), ..Change::default() }).is_err(),
        "nothing would be left"
    );
}

#[test]
fn a_quantity_beyond_counting_is_refused_and_not_a_panic() {
    let huge = "70000000000000000000000000000";
    assert!(matches!(scene().ask(Side::Buy, huge, OrderKind::Market), Err(Refusal::BeyondCounting(_))));
}

#[test]
fn every_refusal_says_what_to_do() {
    let refusal = Refusal::OrderValue {
        value: Money { amount: dec("12340"), currency: Currency::USD },
        limit: Money { amount: dec("10000"), currency: Currency::USD },
    };
    assert_eq!(
        refusal.to_string(),
        "The order is worth 12340.00 USD, the limit per order is 10000.00 USD: lower the quantity, or raise \
         limits.max_order_value in settings.toml and restart."
    );
    let _shared: Arc<str> = refusal.to_string().into();
}
