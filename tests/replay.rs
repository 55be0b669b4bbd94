//! Recordings played into an exchange: what was recorded is printed exactly, and the trader
//! takes part in it.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

#[path = "common/data.rs"]
mod data;

use std::sync::Arc;

use pitdesk::domain::time::{HOUR, MINUTE, SECOND};
use pitdesk::domain::{
    AccountId, AssetClass, Bar, Currency, Decimal, Instrument, InstrumentId, Money, OrderId, OrderKind,
    OrderSpec, Price, Qty, Side, Time, TimeInForce, Timeframe, Trade,
};
use pitdesk::exchange::replay::{BadReplay, Replay, ReplayInput, ReplaySubject};
use pitdesk::exchange::{AccountConfig, Config, Event, Exchange, Owner};
use pitdesk::store::bars::Series;
use pitdesk::store::import::{Options, read_csv};

const ACCOUNT: &str = "PAPER";

fn at(text: &str) -> Time {
    Time::from_timestamp(text.parse().unwrap())
}

fn subject(symbol: &str, class: AssetClass, zone: &str) -> ReplaySubject {
    ReplaySubject {
        id: InstrumentId(0),
        symbol: symbol.into(),
        class,
        currency: Currency::USD,
        zone: zone.to_owned(),
    }
}

struct Theatre {
    instrument: Arc<Instrument>,
    replay: Replay,
    exchange: Exchange,
    out: Vec<Event>,
    next: u64,
}

impl Theatre {
    fn new(input: ReplayInput, from: Time) -> Self {
        let instrument = subject("X", AssetClass::Share, "America/New_York").instrument(&input);
        let replay = Replay::new(Arc::clone(&instrument), input, from, 1).unwrap();
        let cash = Money { amount: Decimal::from(10_000_000), currency: Currency::USD };
        let account = AccountConfig {
            id: ACCOUNT.into(),
            title: "Paper".into(),
            cash: vec![cash],
            base: Currency::USD,
            leverage: Decimal::TWO,
        };
        let config = Config { accounts: vec![account], ..Config::default() };
        let exchange = Exchange::new(vec![Arc::clone(&instrument)], config).unwrap();
        Self { instrument, replay, exchange, out: Vec::new(), next: 1 }
    }

    fn advance(&mut self, to: Time) {
        self.replay.advance(&mut self.exchange, to, &mut self.out);
    }

    fn play_out(&mut self) {
        self.advance(Time(i64::MAX / 4));
        assert!(self.replay.is_finished());
    }

    fn trades(&self) -> Vec<Trade> {
        let trades = self.out.iter().filter_map(|event| match event {
            Event::Trade(_, trade) => Some(*trade),
            _ => None,
        });
        trades.collect()
    }

    fn order(&mut self, side: Side, quantity: i64, kind: OrderKind, now: Time) -> OrderId {
        let id = OrderId(self.next);
        self.next += 1;
        let spec = OrderSpec::new(self.instrument.id, side, Qty(quantity.into()), kind, TimeInForce::Gtc);
        self.exchange.submit(Owner::Account(ACCOUNT.into()), id, spec, now, &mut self.out);
        id
    }

    fn filled(&self, id: OrderId) -> Qty {
        self.exchange.order(id).unwrap().filled
    }
}

fn limit(price: &str) -> OrderKind {
    OrderKind::Limit { price: Price(price.parse().unwrap()) }
}

fn bar(minute: i64, [open, high, low, close]: [f64; 4], volume: f64) -> Bar {
    Bar { time: Time(minute * MINUTE), open, high, low, close, volume }
}

fn trade(second: i64, price: &str, quantity: i64) -> Trade {
    Trade {
        time: Time(second * SECOND),
        price: Price(price.parse().unwrap()),
        quantity: Qty(quantity.into()),
        aggressor: None,
    }
}

/// Falls from 100 to 99 and comes back.
fn dip() -> ReplayInput {
    let bars = vec![
        bar(0, [100.0, 100.1, 99.95, 100.0], 4_000.0),
        bar(1, [100.0, 100.0, 99.4, 99.5], 6_000.0),
        bar(2, [99.5, 99.6, 99.0, 99.2], 9_000.0),
        bar(3, [99.2, 100.05, 99.2, 100.0], 5_000.0),
    ];
    ReplayInput::Bars(bars.into(), Timeframe::M1)
}

#[test]
fn prints_are_the_recorded_trades() {
    let recorded =
        vec![trade(1, "10.01", 300), trade(1, "10.00", 100), trade(2, "10.05", 700), trade(9, "9.90", 50)];
    let mut theatre = Theatre::new(ReplayInput::Trades(recorded.clone()), Time(0));
    theatre.play_out();
    let printed: Vec<(Time, Price, Qty)> =
        theatre.trades().iter().map(|t| (t.time, t.price, t.quantity)).collect();
    let expected: Vec<(Time, Price, Qty)> = recorded.iter().map(|t| (t.time, t.price, t.quantity)).collect();
    assert_eq!(printed, expected);
    let sides: Vec<Option<Side>> = theatre.trades().iter().map(|t| t.aggressor).collect();
    let (buy, sell) = (Some(Side::Buy), Some(Side::Sell));
    assert_eq!(&sides[1..], &[sell, buy, sell]);
}

#[test]
fn bars_print_themselves_and_the_book_follows() {
    let ReplayInput::Bars(bars, _) = dip() else { unreachable!() };
    let mut theatre = Theatre::new(dip(), Time(0));
    for (minute, bar) in (1..).zip(bars.iter()) {
        theatre.out.clear();
        theatre.advance(Time(minute * MINUTE - 1));
        let trades = theatre.trades();
        let mut again = Bar::from_trade(bar.time, trades[0].price.to_f64(), trades[0].quantity.to_f64());
        for trade in &trades[1..] {
            again.add_trade(trade.price.to_f64(), trade.quantity.to_f64());
        }
        assert_eq!(again, bar);
        assert!(trades.len() >= 10);
        let depth = theatre.exchange.depth(theatre.instrument.id, 50);
        assert!(depth.bids.len() >= 10 && depth.asks.len() >= 10);
        let close = Decimal::from_f64_retain(bar.close).unwrap().round_dp(2);
        let spread = depth.asks[0].price.0 - depth.bids[0].price.0;
        assert!((depth.bids[0].price.0 - close).abs() <= Decimal::new(1, 2) && spread == Decimal::new(1, 2));
    }
    assert_eq!(theatre.exchange.agent_refusals().0, 0);
}

#[test]
fn an_order_that_the_price_passes_is_filled_completely_at_its_price() {
    let mut theatre = Theatre::new(dip(), Time(0));
    theatre.advance(Time(MINUTE));
    // More than all that traded there.
    let bid = theatre.order(Side::Buy, 20_000, limit("99.30"), Time(MINUTE));
    let missed = theatre.order(Side::Buy, 100, limit("98.90"), Time(MINUTE));
    theatre.advance(Time(4 * MINUTE));
    assert_eq!(theatre.filled(bid), Qty(20_000.into()));
    let order = theatre.exchange.order(bid).unwrap();
    assert_eq!(order.average_price, Some("99.30".parse().unwrap()));
    assert_eq!(theatre.filled(missed), Qty::ZERO);
}

#[test]
fn an_order_at_the_recorded_price_shares_in_the_print() {
    let trades = vec![trade(1, "10.00", 100), trade(5, "9.98", 400), trade(6, "9.99", 100)];
    let mut theatre = Theatre::new(ReplayInput::Trades(trades), Time(0));
    theatre.advance(Time(2 * SECOND));
    let bid = theatre.order(Side::Buy, 50, limit("9.99"), Time(2 * SECOND));
    let at_low = theatre.order(Side::Buy, 1_000_000, limit("9.98"), Time(2 * SECOND));
    theatre.advance(Time(10 * SECOND));
    assert_eq!(theatre.filled(bid), Qty(50.into()));
    let shared = theatre.filled(at_low);
    assert!(shared <= Qty(400.into()), "no more than was traded: {shared}");
}

#[test]
fn market_orders_and_stops_take_from_the_ladder() {
    let mut theatre = Theatre::new(dip(), Time(0));
    theatre.advance(Time(MINUTE));
    let market = theatre.order(Side::Buy, 500, OrderKind::Market, Time(MINUTE));
    assert_eq!(theatre.filled(market), Qty(500.into()));
    let average = theatre.exchange.order(market).unwrap().average_price.unwrap();
    assert!((average - Decimal::from(100)).abs() < Decimal::new(30, 2), "{average}");
    let stop = OrderKind::Stop { stop: Price("99.50".parse().unwrap()) };
    let stop = theatre.order(Side::Sell, 500, stop, Time(MINUTE));
    theatre.advance(Time(3 * MINUTE));
    assert_eq!(theatre.filled(stop), Qty(500.into()));
    let average = theatre.exchange.order(stop).unwrap().average_price.unwrap();
    assert!(average < "99.51".parse().unwrap() && average > "99.20".parse().unwrap(), "{average}");
}

#[test]
fn a_stop_inside_a_gap_is_filled_at_the_price_behind_it() {
    let gap = |far: &str| vec![trade(1, "168.84", 300), trade(60, far, 300), trade(61, far, 300)];
    for (side, stop, far, worst) in
        [(Side::Sell, "168.00", "167.34", "167.20"), (Side::Buy, "169.50", "170.34", "170.48")]
    {
        let recorded = gap(far);
        let mut theatre = Theatre::new(ReplayInput::Trades(recorded), Time(0));
        theatre.advance(Time(2 * SECOND));
        let kind = OrderKind::Stop { stop: Price(stop.parse().unwrap()) };
        let order = theatre.order(side, 500, kind, Time(2 * SECOND));
        theatre.play_out();
        assert_eq!(theatre.filled(order), Qty(500.into()));
        let (far, worst): (Decimal, Decimal) = (far.parse().unwrap(), worst.parse().unwrap());
        let (low, high) = (far.min(worst), far.max(worst));
        let average = theatre.exchange.order(order).unwrap().average_price.unwrap();
        assert!((low..=high).contains(&average), "{side}: {average}");
        let after = theatre.trades().into_iter().filter(|t| t.time >= Time(60 * SECOND));
        for t in after {
            assert!((low..=high).contains(&t.price.0), "{side}: a print at {}", t.price);
        }
    }
}

#[test]
fn a_large_stop_inside_a_gap_meets_the_whole_ladder_at_once() {
    let recorded = vec![trade(1, "168.84", 300), trade(60, "167.34", 300), trade(90, "167.34", 300)];
    let mut theatre = Theatre::new(ReplayInput::Trades(recorded), Time(0));
    theatre.advance(Time(2 * SECOND));
    let kind = OrderKind::Stop { stop: Price("168.00".parse().unwrap()) };
    let order = theatre.order(Side::Sell, 5_000, kind, Time(2 * SECOND));
    theatre.advance(Time(60 * SECOND));
    assert_eq!(theatre.filled(order), Qty(5_000.into()), "without waiting for the next print");
    let average = theatre.exchange.order(order).unwrap().average_price.unwrap();
    assert!(average > "167.15".parse().unwrap(), "{average}");
}

#[test]
fn trades_do_not_depend_on_how_time_is_cut() {
    let mut whole = Theatre::new(dip(), Time(0));
    whole.play_out();
    let mut cut = Theatre::new(dip(), Time(0));
    for step in 0..480 {
        cut.advance(Time(step * SECOND / 2 + 7));
    }
    assert!(cut.replay.is_finished());
    assert_eq!(whole.trades(), cut.trades());
}

#[test]
fn long_pauses_can_be_skipped_and_short_ones_not() {
    let day = |minute, price| bar(minute, [price; 4], 100.0);
    let input = ReplayInput::Bars(vec![day(0, 10.0), day(3, 10.0), day(900, 11.0)].into(), Timeframe::M1);
    let mut theatre = Theatre::new(input, Time(0));
    theatre.advance(Time(30 * SECOND));
    assert_eq!(theatre.replay.skip_gap(Time(30 * SECOND)), None);
    theatre.advance(Time(MINUTE));
    assert_eq!(theatre.replay.skip_gap(Time(MINUTE)), None, "two minutes are no pause");
    theatre.advance(Time(4 * MINUTE));
    assert_eq!(theatre.replay.skip_gap(Time(4 * MINUTE)), Some(Time(900 * MINUTE)));
    assert_eq!(theatre.replay.skip_gap(Time(896 * MINUTE)), None);
    theatre.advance(Time(901 * MINUTE));
    assert!(theatre.replay.is_finished());
    assert_eq!(theatre.replay.skip_gap(Time(901 * MINUTE)), None);
}

#[test]
fn the_past_is_what_was_recorded_before_the_start() {
    let mut theatre = Theatre::new(dip(), Time(2 * MINUTE));
    assert_eq!(theatre.replay.past_bars().len(), 2);
    theatre.advance(Time(2 * MINUTE));
    let quote = theatre.exchange.quote(theatre.instrument.id);
    assert_eq!(quote.open.unwrap().to_f64().to_bits(), 100.0f64.to_bits());
    assert_eq!(quote.low.unwrap(), Price("99.40".parse().unwrap()));
    assert_eq!(quote.last.unwrap(), Price("99.50".parse().unwrap()));
    assert_eq!(quote.volume, Qty(10_000.into()));
}

#[test]
fn trades_recorded_before_the_start_make_the_day_so_far() {
    // The evening of one day of New York, then the morning of the next.
    let midnight = 5 * HOUR / SECOND;
    let recorded = vec![
        trade(midnight - 60, "9.00", 10),
        trade(midnight - 30, "9.50", 10),
        trade(midnight + 10, "10.00", 300),
        trade(midnight + 20, "10.40", 100),
        trade(midnight + 30, "9.80", 200),
        trade(midnight + 40, "10.10", 700),
        trade(midnight + 90, "10.20", 50),
    ];
    let start = Time((midnight + 60) * SECOND);
    let mut theatre = Theatre::new(ReplayInput::Trades(recorded), start);
    theatre.advance(start);
    let quote = theatre.exchange.quote(theatre.instrument.id);
    let price = |text: &str| Some(Price(text.parse().unwrap()));
    assert_eq!((quote.open, quote.high, quote.low), (price("10.00"), price("10.40"), price("9.80")));
    assert_eq!((quote.last, quote.prev_close), (price("10.10"), price("9.50")));
    assert_eq!(quote.volume, Qty(1_300.into()));
}

#[test]
fn months_are_played_within_themselves_and_to_their_ends() {
    let month = |text: &str, price: f64| Bar {
        time: at(text),
        open: price,
        high: price + 5.0,
        low: price - 5.0,
        close: price + 1.0,
        volume: 1e6,
    };
    // In New York: February of 28 days, March of 31 with the change of the clocks.
    let starts = ["2023-02-01T05:00:00Z", "2023-03-01T05:00:00Z", "2023-04-01T04:00:00Z"];
    let months = [month(starts[0], 100.0), month(starts[1], 120.0), month(starts[2], 140.0)];
    let mut theatre = Theatre::new(ReplayInput::Bars(months.to_vec().into(), Timeframe::Mo1), Time(0));
    theatre.play_out();
    let trades = theatre.trades();
    for (i, bar) in months.iter().enumerate() {
        let end = months.get(i + 1).map_or(Time::MAX, |next| next.time);
        let of_month: Vec<&Trade> = trades.iter().filter(|t| t.time >= bar.time && t.time < end).collect();
        let volume: Qty = of_month.iter().map(|trade| trade.quantity).sum();
        assert_eq!(volume, Qty(1_000_000.into()), "{}", starts[i]);
        let prices = || of_month.iter().map(|trade| trade.price.to_f64());
        assert!(prices().all(|price| bar.low <= price && price <= bar.high), "{}", starts[i]);
    }
    let last_of_march = trades.iter().rfind(|trade| trade.time < months[2].time).unwrap().time;
    assert!(months[2].time.0 - last_of_march.0 < 12 * HOUR, "{last_of_march}");
    assert_eq!(theatre.exchange.agent_refusals().0, 0);
}

#[test]
fn a_recording_from_the_smallest_numbers_to_the_largest_is_played() {
    // As of a coin, or of a share adjusted over decades.
    let small = bar(0, [0.000_012_34; 4], 0.123_456_78);
    let large = bar(1, [23_456.0, 23_470.0, 23_450.0, 23_460.0], 3_000_000.0);
    let bars = vec![small, large, Bar { time: Time(2 * MINUTE), ..large }];
    let mut theatre = Theatre::new(ReplayInput::Bars(bars.into(), Timeframe::M1), Time(0));
    theatre.play_out();
    assert_eq!(theatre.exchange.agent_refusals().0, 0);
    let volume: Qty = theatre.trades().iter().map(|trade| trade.quantity).sum();
    assert!((volume.to_f64() - 6_000_000.123_456_78).abs() < 1e-6, "{volume}");
}

#[test]
fn recordings_that_make_no_sense_are_refused_with_their_row() {
    let refused = |bars: Vec<Bar>, from| {
        let input = ReplayInput::Bars(bars.into(), Timeframe::M1);
        let instrument = subject("X", AssetClass::Share, "UTC").instrument(&input);
        Replay::new(instrument, input, from, 1).unwrap_err()
    };
    let good = bar(0, [1.0; 4], 1.0);
    assert_eq!(refused(vec![good, good], Time(0)), BadReplay::Unsorted { row: 2, time: Time(0) });
    let bad = bar(1, [1.0, 0.5, 1.0, 1.0], 1.0);
    assert_eq!(refused(vec![good, bad], Time(0)), BadReplay::Unsound { row: 2, time: Time(MINUTE) });
    let large = bar(1, [1e12; 4], 1.0);
    assert_eq!(refused(vec![good, large], Time(0)), BadReplay::TooLarge { row: 2, time: Time(MINUTE) });
    assert_eq!(refused(vec![good], Time(HOUR)), BadReplay::NothingLeft { from: Time(HOUR) });
    assert_eq!(refused(Vec::new(), Time(0)), BadReplay::NothingLeft { from: Time(0) });
}

/// Bars of a recorded file, where the recorded data are at hand.
fn recorded(file: &str) -> Option<Vec<Bar>> {
    let imported = read_csv(&data::recorded(file)?, &Options::default()).unwrap();
    match imported.series {
        Series::Bars(bars, _) => Some(bars.iter().collect()),
        Series::Trades(_) => panic!("{file} has trades"),
    }
}

#[test]
fn spy_of_october_7_2013_prints_its_recorded_day() {
    let Some(bars) = recorded("lean_spy_minute_20131004-11.csv.gz") else { return };
    let (from, to) = (at("2013-10-07T00:00:00Z"), at("2013-10-08T00:00:00Z"));
    let mut theatre = Theatre::new(ReplayInput::Bars(bars.into(), Timeframe::M1), from);
    theatre.advance(to);
    let (open, close) = (at("2013-10-07T13:30:00Z"), at("2013-10-07T20:00:00Z"));
    let trades: Vec<Trade> =
        theatre.trades().into_iter().filter(|t| t.time >= open && t.time < close).collect();
    let price = |p: Option<Price>| p.unwrap().to_string();
    let (first, last) = (trades.first().map(|t| t.price), trades.last().map(|t| t.price));
    assert_eq!(price(first), "167.43");
    assert_eq!(price(trades.iter().map(|t| t.price).max()), "168.45");
    assert_eq!(price(trades.iter().map(|t| t.price).min()), "167.25");
    assert_eq!(price(last), "167.42");
    assert_eq!(trades.iter().map(|t| t.quantity).sum::<Qty>(), Qty(81_489_219.into()));
    assert_eq!(theatre.exchange.fills(&AccountId::from(ACCOUNT)).count(), 0);
}

#[test]
fn recorded_coins_print_every_bar() {
    let Some(bars) = recorded("lean_coinbase_btcusd_minute_20161007-09.csv.gz") else { return };
    let mut theatre = Theatre::new(ReplayInput::Bars(bars.clone().into(), Timeframe::M1), Time(0));
    theatre.play_out();
    let mut again: Vec<Bar> = Vec::new();
    for trade in theatre.trades() {
        let minute = Time(trade.time.0 - trade.time.0 % MINUTE);
        let (price, quantity) = (trade.price.to_f64(), trade.quantity.to_f64());
        match again.last_mut().filter(|bar| bar.time == minute) {
            Some(bar) => bar.add_trade(price, quantity),
            None => again.push(Bar::from_trade(minute, price, quantity)),
        }
    }
    assert_eq!(again.len(), bars.len());
    for (printed, recorded) in again.iter().zip(&bars) {
        let prices = |bar: &Bar| [bar.open, bar.high, bar.low, bar.close].map(f64::to_bits);
        assert_eq!(prices(printed), prices(recorded), "{recorded:?}");
        assert!((printed.volume - recorded.volume).abs() < 1e-7, "{recorded:?} {printed:?}");
    }
}
