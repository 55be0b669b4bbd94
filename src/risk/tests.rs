//! The gate: every limit from both sides.

use std::sync::Arc;

mod exits;
mod holdings;
mod scopes;

use super::*;
use crate::domain::limits::{LimitSet, Limits, Scope, ScopeKind};
use crate::domain::{
    AssetClass, BrokerId, Currency, Decimal, Instrument, InstrumentId, Money, OrderKind, OrderStatus, Quote,
    Side, TickTable, Time, TimeInForce, TradingHours, TrailBy,
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
    limits: LimitSet,
    instrument: Instrument,
    quote: Option<Quote>,
    age_seconds: i64,
    position: &'static str,
    pending: &'static str,
    /// Units that exits would sell.
    exits: &'static str,
    /// Of the other side, without a sign.
    against: &'static str,
    uses: [Use; 3],
    is_armed: bool,
    is_killed: bool,
    line: Line<'static>,
    is_regular: bool,
    is_in_hours: bool,
    rate: Option<Decimal>,
}

fn scene() -> Scene {
    Scene {
        limits: LimitSet {
            profile: Limits {
                max_order_value: Some(dec("10000")),
                max_position_value: Some(dec("15000")),
                max_price_distance_percent: Some(dec("5")),
                max_working_orders: Some(3),
                max_quote_age_seconds: Some(10),
                ..Limits::default()
            },
            ..LimitSet::default()
        },
        instrument: instrument(),
        quote: Some(quote()),
        age_seconds: 0,
        position: "0",
        pending: "0",
        exits: "0",
        against: "0",
        uses: [Use::default(); 3],
        is_armed: true,
        is_killed: false,
        line: Line::Ready,
        is_regular: false,
        is_in_hours: false,
        rate: Some(Decimal::ONE),
    }
}

fn order(side: Side, quantity: &str, kind: OrderKind) -> Order {
    Order::intended(
        OrderId(7),
        BrokerId(0),
        "PAPER".into(),
        OrderSpec::new(InstrumentId(0), side, Qty(dec(quantity)), kind, TimeInForce::Day),
        Time(0),
    )
}

impl Scene {
    fn ask(&self, side: Side, quantity: &str, kind: OrderKind) -> Result<ApprovedOrder, Refusal> {
        self.ask_as(Role::Plain, side, quantity, kind)
    }

    fn ask_as(
        &self,
        role: Role,
        side: Side,
        quantity: &str,
        kind: OrderKind,
    ) -> Result<ApprovedOrder, Refusal> {
        self.with_known(|known| approve(&order(side, quantity, kind), role, known))
    }

    fn with_known<R>(&self, f: impl FnOnce(&Known<'_>) -> R) -> R {
        let now = Time::from_seconds(1_000);
        let account = "PAPER".into();
        // Orders on their way are given with their sign, which tells the side.
        let (pending, against) = (dec(self.pending), dec(self.against));
        let pending = if pending.is_sign_negative() {
            Pending { buys: against, sells: -pending }
        } else {
            Pending { buys: pending, sells: against }
        };
        f(&Known {
            is_in_hours: self.is_in_hours,
            is_regular: self.is_regular,
            limits: self.limits.in_force(&account, &self.instrument),
            account: &account,
            instrument: &self.instrument,
            quote: self.quote.as_ref().map(|q| (q, Time::from_seconds(1_000 - self.age_seconds))),
            position: dec(self.position),
            pending,
            exits: Pending { buys: Decimal::ZERO, sells: dec(self.exits) },
            uses: Uses::new(|kind| self.uses[kind as usize]),
            to_limits: self.rate.map(|amount| Money { amount, currency: Currency::USD }),
            is_armed: self.is_armed,
            is_killed: self.is_killed,
            line: self.line,
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
    scene.line = Line::Down("Paper is down");
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
fn a_trailing_stop_that_buys_is_worth_what_it_costs_where_it_triggers() {
    let scene = scene();
    let by = |by| OrderKind::TrailingStop { by };
    let amount = by(TrailBy::Amount(dec("90")));
    assert!(matches!(scene.ask(Side::Buy, "99", amount), Err(Refusal::OrderValue { .. })), "99 at 190.01");
    assert!(scene.ask(Side::Buy, "52", amount).is_ok());
    let percent = by(TrailBy::Percent(dec("50")));
    assert!(matches!(scene.ask(Side::Buy, "99", percent), Err(Refusal::OrderValue { .. })), "99 at 150.02");
    assert!(scene.ask(Side::Buy, "66", percent).is_ok());
    assert!(scene.ask(Side::Sell, "99", amount).is_ok(), "one that sells triggers below");
    let endless = by(TrailBy::Amount(dec("79228162514264337593543950335")));
    assert!(scene.ask(Side::Buy, "1", endless).is_err());
}

#[test]
fn below_zero_a_price_is_worth_as_much_as_above() {
    let mut scene = scene();
    scene.quote = Some(Quote {
        bid: Some(price("-120.01")),
        ask: Some(price("-119.99")),
        last: Some(price("-120.00")),
        ..quote()
    });
    assert!(matches!(scene.ask(Side::Buy, "99", OrderKind::Market), Err(Refusal::OrderValue { .. })));
    assert!(scene.ask(Side::Buy, "80", OrderKind::Market).is_ok());
    let holding = Holding { net: dec("100"), pending: Pending::default(), unit: Some(dec("-120")) };
    assert_eq!(holding.exposure(), Some(dec("12000")));
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
    scene.limits.profile.max_order_value = Some(dec("1000"));
    assert!(
        scene.ask(Side::Sell, "99", OrderKind::Market).is_err(),
        "the exits already close it: this opens a short"
    );
}

#[test]
fn turning_a_position_is_judged_by_what_it_opens() {
    let mut scene = scene();
    scene.position = "1000";
    assert!(scene.ask(Side::Sell, "1090", OrderKind::Market).is_ok());
    let refused = scene.ask(Side::Sell, "1999", OrderKind::Market).unwrap_err();
    let Refusal::OrderValue { value, .. } = refused else { panic!("{refused}") };
    assert_eq!(value.amount, dec("99890.01"), "999 of it open a short");
}

#[test]
fn nothing_but_the_switch_and_the_line_holds_a_close_back() {
    let mut scene = scene();
    scene.position = "1000";
    scene.pending = "-1000";
    scene.uses = [Use { working_orders: 3, ..Use::default() }; 3];
    scene.rate = None;
    scene.age_seconds = 60;
    let close =
        |scene: &Scene| scene.ask_as(Role::Close(Despite::default()), Side::Sell, "1000", OrderKind::Market);
    assert!(close(&scene).is_ok());
    scene.quote = None;
    assert!(close(&scene).is_ok());
    assert!(scene.ask(Side::Sell, "1", OrderKind::Market).is_err(), "the exits already close it");
    scene.is_killed = true;
    assert_eq!(close(&scene), Err(Refusal::Killed));
}

#[test]
fn a_close_never_opens() {
    let mut scene = scene();
    scene.position = "10";
    for quantity in ["11", "200"] {
        let refused = scene.ask_as(Role::Close(Despite::default()), Side::Sell, quantity, OrderKind::Market);
        assert_eq!(refused.err(), Some(Refusal::NothingToClose));
    }
    scene.position = "0";
    assert!(scene.ask_as(Role::Close(Despite::default()), Side::Sell, "10", OrderKind::Market).is_err());
}

#[test]
fn a_reversal_is_worth_what_it_opens_and_counts_what_rests() {
    let mut scene = scene();
    scene.position = "90";
    let reverse =
        |scene: &Scene| scene.ask_as(Role::Reverse(Despite::default()), Side::Sell, "180", OrderKind::Market);
    assert!(reverse(&scene).is_ok(), "90 are within 10,000");
    scene.pending = "-90";
    assert!(matches!(reverse(&scene), Err(Refusal::PositionValue { .. })), "180 are not within 15,000");
}

#[test]
fn exits_are_judged_by_their_entry_and_not_as_openers() {
    let scene = scene();
    let entry = order(Side::Buy, "100", limit("80.00")).spec;
    let exit = |kind| scene.ask_as(Role::exit_of(&entry), Side::Sell, "100", kind);
    assert!(exit(limit("84.00")).is_ok(), "16 % below the market, but above the entry");
    assert!(exit(limit("120.00")).is_ok(), "worth 12,000, but it can only close");
    assert!(matches!(exit(limit("70.00")), Err(Refusal::PriceDistance { .. })));
    let stop = OrderKind::Stop { stop: price("79.00") };
    assert!(exit(stop).is_ok());
    let beyond = OrderKind::Stop { stop: price("95.00") };
    assert!(matches!(exit(beyond), Err(Refusal::PriceDistance { .. })), "it would trigger at the entry");
    assert!(matches!(
        scene.ask_as(Role::exit_of(&entry), Side::Sell, "0.5", stop),
        Err(Refusal::OffLot { .. })
    ));
}

#[test]
fn that_an_exchange_is_closed_is_not_for_an_old_quote_to_say() {
    let mut scene = scene();
    scene.age_seconds = 60;
    scene.quote.as_mut().unwrap().is_open = false;
    assert!(scene.ask(Side::Buy, "1", OrderKind::Market).is_ok());
    scene.is_in_hours = true;
    assert!(matches!(scene.ask(Side::Buy, "1", OrderKind::Market), Err(Refusal::StaleQuote { .. })));
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
    scene.uses = [Use { working_orders: 3, ..Use::default() }; 3];
    assert!(matches!(scene.ask(Side::Buy, "1", OrderKind::Market), Err(Refusal::WorkingOrders { .. })));
}

#[test]
fn an_amend_is_judged_as_what_it_would_become() {
    let scene = scene();
    let mut working = order(Side::Buy, "50", limit("99.00"));
    working.filled = Qty(dec("20"));
    let ask = |change| scene.with_known(|known| approve_amend(&working, change, Role::Plain, known));
    assert!(ask(Change { quantity: Some(Qty(dec("60"))), ..Change::default() }).is_ok());
    assert!(ask(Change { quantity: Some(Qty(dec("130"))), ..Change::default() }).is_err());
    assert!(ask(Change { limit: Some(price("110.00")), ..Change::default() }).is_err());
    let nothing = ask(Change { quantity: Some(Qty(dec("20"))), ..Change::default() }).unwrap_err();
    assert_eq!(nothing.to_string(), "20 of it are filled already: cancel the rest instead.");
}

#[test]
fn a_quantity_beyond_counting_is_refused_and_not_a_panic() {
    let huge = "70000000000000000000000000000";
    assert!(matches!(scene().ask(Side::Buy, huge, OrderKind::Market), Err(Refusal::BeyondCounting(_))));
}

#[test]
fn a_price_beyond_counting_is_refused_and_not_a_panic() {
    let far = limit("79000000000000000000000000000");
    assert!(scene().ask(Side::Buy, "1", far).is_err());
}

#[test]
fn what_the_journal_could_not_read_again_is_not_let_through() {
    let scene = scene();
    for (quantity, kind) in [
        ("1000000000000001", limit("100.00")),
        ("1", limit("1000000000001")),
        ("1", OrderKind::Stop { stop: price("1000000000001") }),
    ] {
        let said = scene.ask(Side::Sell, quantity, kind);
        assert!(matches!(said, Err(Refusal::BeyondCounting(_))), "{quantity} {kind:?}: {said:?}");
    }
}

#[test]
fn every_refusal_says_what_to_do() {
    let refusal = Refusal::OrderValue {
        value: Money { amount: dec("12340"), currency: Currency::USD },
        limit: Money { amount: dec("10000"), currency: Currency::USD },
        scope: Scope::Account("PAPER".into()),
    };
    assert_eq!(
        refusal.to_string(),
        "The order is worth 12,340.00 USD, the limit of account PAPER is 10,000.00 USD: lower the quantity, or \
         change it in Limits (type it into the search)."
    );
    let _shared: Arc<str> = refusal.to_string().into();
}

#[test]
fn selling_what_exits_guard_too_may_not_turn_the_position_past_its_limit() {
    let mut scene = scene();
    scene.limits.profile.max_position_quantity = Some(Qty(dec("150")));
    scene.position = "100";
    scene.exits = "100";
    assert!(scene.ask(Side::Sell, "100", OrderKind::Market).is_ok(), "at worst 100 are short");
    scene.exits = "200";
    assert!(matches!(
        scene.ask(Side::Sell, "100", OrderKind::Market),
        Err(Refusal::PositionQuantity { quantity: Qty(most), .. }) if most == dec("200")
    ));
    assert!(
        scene.ask_as(Role::Close(Despite::default()), Side::Sell, "100", OrderKind::Market).is_ok(),
        "it ends them first"
    );
    scene.position = "0";
    scene.exits = "100";
    assert!(matches!(
        scene.ask(Side::Sell, "60", limit("100.00")),
        Err(Refusal::PositionQuantity { quantity: Qty(most), .. }) if most == dec("160")
    ));
    assert!(scene.ask(Side::Buy, "60", limit("100.00")).is_ok());
}

#[test]
fn exits_that_stay_may_not_make_another_position_that_is_worth_too_much() {
    let mut scene = scene();
    scene.position = "100";
    scene.exits = "100";
    assert!(scene.ask(Side::Sell, "100", OrderKind::Market).is_ok(), "100 short at worst, which may be");
    scene.exits = "200";
    let refused = scene.ask(Side::Sell, "100", OrderKind::Market).unwrap_err();
    assert!(matches!(refused, Refusal::ValueBeyond { .. }), "{refused}");
    scene.quote = None;
    assert!(
        scene.ask(Side::Sell, "100", OrderKind::Market).is_ok(),
        "without a price there is nothing to say"
    );
}

#[test]
fn exits_of_the_other_side_count_in_the_exposure() {
    let mut scene = scene();
    scene.limits.profile.max_exposure = Some(dec("12000"));
    assert!(scene.ask(Side::Buy, "10", OrderKind::Market).is_ok());
    scene.exits = "150";
    assert!(matches!(scene.ask(Side::Buy, "10", OrderKind::Market), Err(Refusal::Exposure { .. })));
}

#[test]
fn a_released_exit_is_not_held_back_by_counts() {
    let mut scene = scene();
    scene.uses = [Use { working_orders: 3, ..Use::default() }; 3];
    let exit = Role::Exit { entry: None, despite: Despite::default() };
    assert!(matches!(
        scene.ask_as(exit, Side::Sell, "1", OrderKind::Market),
        Err(Refusal::WorkingOrders { .. })
    ));
    assert!(
        matches!(
            scene.ask_as(Role::Release, Side::Sell, "1", OrderKind::Market),
            Err(Refusal::NothingToClose)
        ),
        "there is nothing that it could guard"
    );
    scene.position = "1";
    assert!(scene.ask_as(Role::Release, Side::Sell, "1", OrderKind::Market).is_ok());
    let stop = OrderKind::Stop { stop: price("120.00") };
    assert!(
        scene.ask_as(Role::Release, Side::Sell, "1", stop).is_ok(),
        "a stop is needed most behind the market"
    );
    assert!(scene.ask_as(Role::Release, Side::Sell, "2", OrderKind::Market).is_err());
}

#[test]
fn a_sale_under_a_limit_that_is_broken_already_is_not_held_back() {
    let mut scene = scene();
    scene.limits.profile.max_exposure = Some(dec("100"));
    scene.position = "10";
    scene.exits = "10";
    assert!(
        scene.ask(Side::Sell, "5", OrderKind::Market).is_ok(),
        "at worst five are short, ten are long now"
    );
}
