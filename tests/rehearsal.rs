//! The whole program below the window on a virtual clock: a trader trades by hand, and
//! everything adds up; the same seed and hands give the same market.

#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "common/data.rs"]
mod data;

use std::sync::Arc;
use std::time::Duration;

use clap::Parser as _;
use data::recorded;
use pitdesk::app::cli::Arguments;
use pitdesk::app::market::Plan;
use pitdesk::app::rehearsal::Rehearsal;
use pitdesk::desk::Desk;
use pitdesk::domain::settings::Settings;
use pitdesk::domain::{
    Currency, Decimal, InstrumentId, OrderKind, OrderSpec, OrderStatus, Price, Qty, Side, Time, TimeInForce,
    Timeframe, TrailBy,
};
use pitdesk::link::{
    BarKey, Bracket, Command, CommandId, Demand, Envelope, Flatten, KillState, Place, WindowEnd,
};
use pitdesk::risk::Despite;
use pitdesk::store::bars::Library;

const START: Time = Time::from_seconds(1_795_186_800);

struct Trader {
    world: Rehearsal,
    window: WindowEnd,
    desk: Desk,
    next: u64,
}

impl Trader {
    fn new(line: &str) -> Self {
        let options = Arguments::parse_from(line.split(' ')).options;
        let library = Library::empty();
        let plan = Plan::new(&options, &library, true, START).unwrap();
        let (world, window) = Rehearsal::new(plan, Settings::default(), START).unwrap();
        let mut trader = Self { world, window, desk: Desk::default(), next: 1 };
        trader.look();
        trader
    }

    fn look(&mut self) {
        self.desk.apply(self.window.inbox.drain(), self.world.clock().now());
        assert!(self.desk.ledger().adds_up(), "{:?}", self.desk.ledger());
    }

    fn run(&mut self, seconds: f64) {
        self.world.run(Duration::from_secs_f64(seconds));
        self.look();
    }

    fn send(&mut self, command: Command) -> CommandId {
        let id = CommandId(self.next);
        self.next += 1;
        let input_at = self.world.clock().now();
        self.window.commander.try_send(Envelope { id, input_at, command }).unwrap();
        self.run(0.05);
        id
    }

    fn watch(&mut self, symbol: &str) -> InstrumentId {
        let id = self.desk.instruments().iter().find(|i| &*i.symbol == symbol).unwrap().id;
        let mut demand = Demand::default();
        self.desk.settle_demand(&mut demand);
        demand.quotes.insert(id);
        demand.trades.insert(id);
        demand.want_bars(BarKey { instrument: id, timeframe: Timeframe::M1 }, 500);
        self.send(Command::Demand(Arc::new(demand)));
        self.run(1.0);
        id
    }

    fn place(&mut self, instrument: InstrumentId, side: Side, quantity: i64, kind: OrderKind) -> CommandId {
        let quantity = Qty(Decimal::from(quantity));
        let spec = OrderSpec::new(instrument, side, quantity, kind, TimeInForce::Day);
        self.send(Command::Place(Place::plain("PAPER".into(), spec)))
    }

    fn net(&self, instrument: InstrumentId) -> Decimal {
        self.desk.blotter().positions().find(|p| p.instrument == instrument).map_or(Decimal::ZERO, |p| p.net)
    }
}

#[test]
fn closing_a_guarded_position_leaves_nothing_that_could_open_another() {
    let mut trader = Trader::new("pitdesk --seed 3");
    let aapl = trader.watch("AAPL");
    let last = trader.desk.quote(aapl).unwrap().quote.last.unwrap();
    let percent = |percent: i64| {
        let instrument = trader.desk.instrument(aapl).unwrap();
        instrument.ticks.round(Price(last.0 * Decimal::new(percent, 2)))
    };
    let bracket = Bracket::gtc(Some(percent(105)), Some(percent(95)));
    let spec = OrderSpec::new(aapl, Side::Buy, Qty(Decimal::TEN), OrderKind::Market, TimeInForce::Day);
    let place = Place { bracket: Some(bracket), ..Place::plain("PAPER".into(), spec) };
    trader.send(Command::Place(place));
    assert_eq!((trader.net(aapl), trader.desk.blotter().working().count()), (Decimal::TEN, 2));
    let close = trader.send(Command::Close {
        account: "PAPER".into(),
        instrument: aapl,
        despite: Despite::default(),
    });
    assert_eq!((trader.net(aapl), trader.desk.blotter().working().count()), (Decimal::ZERO, 0));
    let order = trader.desk.order_of(close).expect("the close is an order from the first");
    assert_eq!(trader.desk.blotter().get(order).unwrap().status, OrderStatus::Filled);
}

#[test]
fn the_desk_knows_where_a_trailing_stop_triggers() {
    let mut trader = Trader::new("pitdesk --seed 3");
    let btc = trader.watch("BTC/USD");
    let last = |trader: &Trader| trader.desk.quote(btc).unwrap().quote.last.unwrap();
    let by = TrailBy::Amount(Decimal::from(2_000));
    let command = trader.place(btc, Side::Buy, 1, OrderKind::TrailingStop { by });
    let id = trader.desk.order_of(command).expect("the order was accepted");
    let mut lowest = Price(last(&trader).0 + Decimal::from(2_001));
    let mut moves = 0;
    for _ in 0..60 {
        trader.run(5.0);
        let order = trader.desk.blotter().get(id).unwrap();
        let trigger = order.trigger.expect("where it triggers");
        assert!(trigger <= lowest && trigger >= last(&trader), "it follows down and never back: {trigger}");
        moves += u32::from(trigger < lowest);
        lowest = trigger;
        assert_eq!(order.reason, None, "the column says where, and says it anew");
    }
    assert!(moves > 3, "this seed's market falls, {moves} times it was lower");
}

#[test]
fn a_market_order_fills_and_its_position_is_closed_again() {
    let mut trader = Trader::new("pitdesk --seed 3");
    let aapl = trader.watch("AAPL");
    let cash = |trader: &Trader| trader.desk.accounts()[0].balance(Currency::USD).unwrap().cash;
    let before = cash(&trader);
    let id = trader.place(aapl, Side::Buy, 10, OrderKind::Market);
    let order = trader.desk.order_of(id).expect("the order was accepted");
    assert_eq!(trader.desk.blotter().get(order).unwrap().status, OrderStatus::Filled);
    assert_eq!(trader.net(aapl), Decimal::TEN);
    trader.send(Command::Close { account: "PAPER".into(), instrument: aapl, despite: Despite::default() });
    assert_eq!(trader.net(aapl), Decimal::ZERO);
    let fills = trader.desk.blotter().fills();
    let moved: Decimal =
        fills.iter().map(|f| -f.side.sign() * f.quantity.0 * f.price.0 - f.commission.amount).sum();
    assert_eq!(
        cash(&trader) - before,
        moved,
        "cash moves by what was traded and charged, to the last decimal"
    );
}

#[test]
fn the_commission_that_is_told_before_is_the_one_that_is_paid() {
    let mut trader = Trader::new("pitdesk --seed 3");
    for (symbol, quantity) in [("AAPL", 10), ("AAPL", 400), ("USD/JPY", 10_000)] {
        let id = trader.watch(symbol);
        let before = trader.desk.blotter().fills().len();
        trader.place(id, Side::Buy, quantity, OrderKind::Market);
        let fills = &trader.desk.blotter().fills()[before..];
        assert!(!fills.is_empty(), "{symbol}");
        let value: Decimal = fills.iter().map(|fill| fill.price.0 * fill.quantity.0).sum();
        let paid: Decimal = fills.iter().map(|fill| fill.commission.amount).sum();
        let (all, average) = (Qty(Decimal::from(quantity)), Price(value / Decimal::from(quantity)));
        let told = trader.desk.commission(trader.desk.instrument(id).unwrap(), average, all);
        assert_eq!(told, Some(paid), "{quantity} {symbol}");
    }
}

#[test]
fn a_resting_order_is_amended_and_cancelled() {
    let mut trader = Trader::new("pitdesk --seed 3");
    let aapl = trader.watch("AAPL");
    let instrument = Arc::clone(trader.desk.instrument(aapl).unwrap());
    let bid = trader.desk.quote(aapl).unwrap().quote.bid.unwrap();
    let far = instrument.ticks.step(bid, -300);
    let id = trader.place(aapl, Side::Buy, 10, OrderKind::Limit { price: far });
    let order = trader.desk.order_of(id).unwrap();
    let shown = |trader: &Trader| trader.desk.blotter().get(order).unwrap().clone();
    assert_eq!(shown(&trader).status, OrderStatus::Working);
    let limit = Some(instrument.ticks.step(far, 1));
    trader.send(Command::Amend {
        order,
        quantity: Some(Qty(Decimal::from(7))),
        limit,
        stop: None,
        despite: Despite::default(),
    });
    assert_eq!(shown(&trader).spec.quantity, Qty(Decimal::from(7)));
    assert_eq!(shown(&trader).spec.kind.limit(), limit);
    trader.send(Command::Cancel { order });
    assert_eq!(shown(&trader).status, OrderStatus::Cancelled);
}

#[test]
fn the_kill_switch_cancels_what_works_and_locks() {
    let mut trader = Trader::new("pitdesk --seed 3");
    let aapl = trader.watch("AAPL");
    let bid = trader.desk.quote(aapl).unwrap().quote.bid.unwrap();
    let far = Price((bid.0 * Decimal::new(97, 2)).round_dp(2));
    trader.place(aapl, Side::Buy, 10, OrderKind::Limit { price: far });
    assert_eq!(trader.desk.blotter().working().count(), 1);
    trader.send(Command::Kill { flatten: Flatten::No });
    assert_eq!(trader.desk.kill(), KillState::Locked { still_working: 0 });
    assert_eq!(trader.desk.blotter().working().count(), 0);
    let refused = trader.place(aapl, Side::Buy, 10, OrderKind::Market);
    assert!(trader.desk.answer(refused).unwrap().outcome.is_err());
}

#[test]
fn bars_of_the_chart_are_the_trades_of_the_market() {
    let mut trader = Trader::new("pitdesk --seed 3");
    let btc = trader.watch("BTC/USD");
    trader.run(150.0);
    let series = &trader.desk.series(BarKey { instrument: btc, timeframe: Timeframe::M1 }).unwrap().series;
    assert!(series.len() >= 502, "500 of history and those since: {}", series.len());
    let last = trader.desk.quote(btc).unwrap().quote.last.unwrap().to_f64();
    assert!((series.last().unwrap().close - last).abs() < 1e-9, "the forming bar closes at the last trade");
    let starts: Vec<i64> =
        (0..series.len()).map(|i| series.get(i).unwrap().time.0 / 60_000_000_000).collect();
    assert!(
        starts.windows(2).all(|pair| pair[1] == pair[0] + 1),
        "no minute is missing where it trades always"
    );
}

#[test]
fn an_open_chart_has_no_gap_after_the_computer_slept() {
    let mut trader = Trader::new("pitdesk --seed 3");
    let btc = trader.watch("BTC/USD");
    trader.run(70.0);
    trader.world.sleep(Duration::from_hours(3));
    trader.run(5.0);
    let series = &trader.desk.series(BarKey { instrument: btc, timeframe: Timeframe::M1 }).unwrap().series;
    let newest = trader.world.clock().now().0 / 60_000_000_000;
    let starts: Vec<i64> = series.bars(0..series.len()).map(|bar| bar.time.0 / 60_000_000_000).collect();
    assert_eq!(starts.last(), Some(&newest));
    assert!(starts.len() >= 500 && starts.windows(2).all(|pair| pair[1] == pair[0] + 1), "{starts:?}");
}

#[test]
fn the_same_seed_and_hands_give_the_same_trades_and_another_seed_does_not() {
    let session = |line: &str| {
        let mut trader = Trader::new(line);
        let aapl = trader.watch("AAPL");
        trader.place(aapl, Side::Buy, 300, OrderKind::Market);
        trader.run(20.0);
        trader.send(Command::Reverse {
            account: "PAPER".into(),
            instrument: aapl,
            despite: Despite::default(),
        });
        trader.run(5.0);
        let fills = trader.desk.blotter().fills().iter().map(|f| (f.price, f.quantity, f.time));
        let tape = trader.desk.tape(aapl).unwrap().iter().map(|t| (t.price, t.quantity, t.time));
        (fills.collect::<Vec<_>>(), tape.collect::<Vec<_>>())
    };
    let first = session("pitdesk --seed 11");
    assert!(first.0.len() >= 2 && first.1.len() >= 20, "{} fills, {} trades", first.0.len(), first.1.len());
    assert_eq!(first, session("pitdesk --seed 11"));
    assert_ne!(first, session("pitdesk --seed 12"));
}

#[test]
fn the_spy_replay_is_traded_and_its_bars_are_the_recorded_ones() {
    let Some(file) = recorded("lean_spy_minute_20131004-11.csv.gz") else { return };
    let file = file.display();
    let line = format!(
        "pitdesk --replay {file} --symbol SPY --zone America/New_York --from 2013-10-07T13:30:00Z --speed 60"
    );
    let mut trader = Trader::new(&line);
    let spy = trader.watch("SPY");
    trader.place(spy, Side::Buy, 10, OrderKind::Market);
    assert_eq!(trader.net(spy), Decimal::TEN);
    let fill = &trader.desk.blotter().fills()[0];
    assert!((167.0..169.0).contains(&fill.price.to_f64()), "{}", fill.price);
    // Two recorded hours, then the first recorded minutes as the chart has them.
    trader.run(120.0);
    let series = &trader.desk.series(BarKey { instrument: spy, timeframe: Timeframe::M1 }).unwrap().series;
    let opening = Time::from_timestamp("2013-10-07T13:31:00Z".parse().unwrap());
    let bar = series.get(series.index_at(opening)).unwrap();
    assert_eq!(bar.time, opening);
    assert!(bar.high <= 168.45 && bar.low >= 167.25, "{bar:?}");
}

#[test]
fn a_coin_in_yen_is_replayed_in_yen_at_what_coins_cost() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("coin.csv");
    let row = |minute: i64| {
        let price = 16_000_000 + 1_000 * (minute % 7);
        let (high, low) = (price + 3_000, price - 3_000);
        let (hour, minute) = (minute / 60, minute % 60);
        format!("2024-03-01T{hour:02}:{minute:02}:00Z,{price},{high},{low},{price},9.1234\n")
    };
    let rows: String = (0..240).map(row).collect();
    std::fs::write(&file, format!("time,open,high,low,close,volume\n{rows}")).unwrap();
    let line = "--symbol BTCJPY --from 2024-03-01T02:00:00Z";
    let mut trader = Trader::new(&format!("pitdesk --replay {} {line}", file.display()));
    let coin = trader.watch("BTCJPY");
    trader.run(10.0);
    let spec = OrderSpec::new(coin, Side::Buy, Qty(Decimal::new(1, 2)), OrderKind::Market, TimeInForce::Day);
    let bought = trader.send(Command::Place(Place::plain("PAPER".into(), spec)));
    assert!(trader.desk.answer(bought).unwrap().outcome.is_ok(), "{:?}", trader.desk.answer(bought));
    let fills = trader.desk.blotter().fills();
    let value: Decimal = fills.iter().map(|fill| fill.price.0 * fill.quantity.0).sum();
    assert_eq!(fills.iter().map(|fill| fill.quantity.0).sum::<Decimal>(), Decimal::new(1, 2));
    let charged: Decimal = fills.iter().map(|fill| fill.commission.amount).sum();
    assert_eq!(charged, (value / Decimal::from(1_000)).round(), "0.1 % of {value}");
    assert!(fills.iter().all(|fill| fill.commission.currency == Currency::JPY));
    let account = &trader.desk.accounts()[0];
    let yen = account.balance(Currency::JPY).unwrap().cash;
    assert_eq!(yen, Decimal::from(50_000_000) - value - charged);
    // The pair that values yen stands still, and is no recording.
    let pair = trader.desk.instruments().iter().find(|i| &*i.symbol == "USD/JPY").unwrap().id;
    let mut demand = Demand::default();
    demand.quotes.insert(pair);
    demand.want_bars(BarKey { instrument: pair, timeframe: Timeframe::M1 }, 50);
    trader.send(Command::Demand(Arc::new(demand)));
    trader.run(1.0);
    assert_eq!(trader.desk.quote(pair).unwrap().quote.mark(), Some(Price("153.480".parse().unwrap())));
    let view = trader.desk.series(BarKey { instrument: pair, timeframe: Timeframe::M1 }).unwrap();
    assert!(view.is_loaded && view.series.is_empty());
}
