//! The synthetic market in an exchange: deterministic, lively, in step with its own history,
//! and fair to the trader who joins it.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::collections::BTreeMap;

use pitdesk::domain::time::{HOUR, MINUTE, SECOND};
use pitdesk::domain::{
    AssetClass, Decimal, InstrumentId, Level, OrderId, OrderKind, OrderSpec, Price, Qty, Side, Time,
    TimeInForce, Timeframe, Trade,
};
use pitdesk::exchange::catalogue::{Catalogue, Opening};
use pitdesk::exchange::synth::{Market, MarketConfig};
use pitdesk::exchange::{Event, Exchange, Owner};

fn at(text: &str) -> Time {
    Time::from_timestamp(text.parse().unwrap())
}

/// A Friday, 15:17 in New York.
const FRIDAY: &str = "2026-11-20T20:17:23.4Z";
/// A Sunday at noon in New York.
const SUNDAY: &str = "2026-11-22T17:00:00Z";

fn after(start: &str, nanos: i64) -> Time {
    Time(at(start).0 + nanos)
}

struct World {
    catalogue: Catalogue,
    market: Market,
    exchange: Exchange,
    out: Vec<Event>,
}

impl World {
    fn new(opening: Opening, seed: u64, start: &str, activity: f64) -> Self {
        let catalogue = Catalogue::bundled(opening).unwrap();
        let market = Market::new(&catalogue, seed, at(start), MarketConfig { activity }).unwrap();
        let exchange = Exchange::new(catalogue.instruments(), catalogue.config()).unwrap();
        Self { catalogue, market, exchange, out: Vec::new() }
    }

    fn advance(&mut self, to: Time) {
        self.market.advance(&mut self.exchange, to, &mut self.out);
    }

    fn id(&self, symbol: &str) -> InstrumentId {
        self.catalogue.listings.iter().find(|l| &*l.instrument.symbol == symbol).unwrap().instrument.id
    }

    fn trades(&self) -> impl Iterator<Item = (InstrumentId, Trade)> {
        self.out.iter().filter_map(|event| match event {
            Event::Trade(id, trade) => Some((*id, *trade)),
            _ => None,
        })
    }

    fn trades_of(&self, id: InstrumentId) -> Vec<Trade> {
        self.trades().filter(|(of, _)| *of == id).map(|(_, trade)| trade).collect()
    }

    /// A fingerprint of every print (FNV-1a).
    fn fingerprint(&self) -> u64 {
        let words = self.trades().flat_map(|(id, trade)| {
            let side = match trade.aggressor {
                None => 0,
                Some(Side::Buy) => 1,
                Some(Side::Sell) => 2,
            };
            let price = trade.price.0.mantissa() as u64;
            let quantity = trade.quantity.0.normalize().mantissa() as u64;
            [u64::from(id.0), trade.time.0.unsigned_abs(), price, quantity, side]
        });
        words.fold(0xcbf2_9ce4_8422_2325, |h, word| (h ^ word).wrapping_mul(0x0100_0000_01b3))
    }

    fn order(&mut self, id: u64, spec: OrderSpec, now: Time) {
        let owner = Owner::Account(self.catalogue.account.id.clone());
        self.exchange.submit(owner, OrderId(id), spec, now, &mut self.out);
    }
}

#[test]
fn the_same_seed_gives_the_same_trades_however_time_is_cut() {
    let end = after(SUNDAY, 40 * SECOND);
    let mut whole = World::new(Opening::Always, 5, SUNDAY, 1.0);
    whole.advance(end);
    assert!(whole.trades().count() > 1_000);
    let mut cut = World::new(Opening::Always, 5, SUNDAY, 1.0);
    let mut now = at(SUNDAY).0;
    let mut step = 1;
    while now < end.0 {
        now = (now + step).min(end.0);
        step = step * 7 % 900_000_011;
        cut.advance(Time(now));
    }
    assert_eq!(whole.fingerprint(), cut.fingerprint());
    let mut other = World::new(Opening::Always, 6, SUNDAY, 1.0);
    other.advance(end);
    assert_ne!(whole.fingerprint(), other.fingerprint());
}

#[test]
fn trades_are_the_same_on_every_machine() {
    let mut world = World::new(Opening::AsListed, 1, FRIDAY, 1.0);
    world.advance(after(FRIDAY, 10 * SECOND));
    assert_eq!(format!("{:016x}", world.fingerprint()), PINNED);
}

/// Changes with every deliberate change of the market's behaviour; never by itself.
const PINNED: &str = "0f8aebd66d6c779a";

/// A trader's morning: stops, walls, takers and cancels, each at its instant.
fn traded(seed: u64) -> World {
    let mut world = World::new(Opening::Always, seed, SUNDAY, 1.0);
    let aapl = world.id("AAPL");
    let units = |n: i64| Qty(Decimal::from(n));
    let mut id = 0;
    for second in 1..=30 {
        let now = after(SUNDAY, second * SECOND);
        world.advance(now);
        let ticks = world.catalogue.listings.iter().find(|l| l.instrument.id == aapl).unwrap();
        let ticks = ticks.instrument.ticks.clone();
        let quote = world.exchange.quote(aapl);
        let (bid, ask) = (quote.bid.unwrap(), quote.ask.unwrap());
        let (side, quantity, kind) = match second % 6 {
            0 => (Side::Buy, units(2_000), OrderKind::Market),
            1 => (Side::Sell, units(1_500), OrderKind::Market),
            // A wall at the touch, which the crowd must trade against.
            2 => (Side::Buy, units(5_000), OrderKind::Limit { price: bid }),
            3 => (Side::Sell, units(300), OrderKind::Stop { stop: ticks.step(bid, -2) }),
            4 => (Side::Buy, units(300), OrderKind::Stop { stop: ticks.step(ask, 2) }),
            _ => {
                world.exchange.cancel(OrderId(id - 2), now, &mut world.out);
                continue;
            }
        };
        id += 1;
        world.order(id, OrderSpec::new(aapl, side, quantity, kind, TimeInForce::Gtc), now);
    }
    world.advance(after(SUNDAY, 40 * SECOND));
    world
}

#[test]
fn the_same_seed_and_orders_give_the_same_trades_on_every_machine() {
    let world = traded(9);
    let own = world.out.iter().filter(|event| matches!(event, Event::Filled { .. })).count();
    assert!(own > 10, "the trader has taken part: {own}");
    assert_eq!(world.fingerprint(), traded(9).fingerprint());
    assert_ne!(world.fingerprint(), traded(10).fingerprint());
    let mut alone = World::new(Opening::Always, 9, SUNDAY, 1.0);
    alone.advance(after(SUNDAY, 40 * SECOND));
    assert_ne!(world.fingerprint(), alone.fingerprint(), "the market feels the trader");
    assert_eq!(format!("{:016x}", world.fingerprint()), PINNED_WITH_ORDERS);
}

/// As [`PINNED`], with a trader in the market.
const PINNED_WITH_ORDERS: &str = "217bc9db0a8b63d0";

#[test]
fn agents_send_nothing_that_the_exchange_refuses() {
    let mut world = World::new(Opening::Always, 2, SUNDAY, 3.0);
    world.advance(after(SUNDAY, 20 * SECOND));
    let (refusals, latest) = world.exchange.agent_refusals();
    assert_eq!(refusals, 0, "{latest:?}");
}

#[test]
fn books_are_deep_uncrossed_and_a_few_ticks_wide() {
    let mut world = World::new(Opening::Always, 3, SUNDAY, 1.0);
    let mut spreads: BTreeMap<InstrumentId, Vec<i64>> = BTreeMap::new();
    let (mut books, mut shallow) = (0, 0);
    for second in 1..=30 {
        world.advance(after(SUNDAY, second * SECOND));
        for listing in &world.catalogue.listings {
            let i = &listing.instrument;
            let depth = world.exchange.depth(i.id, 50);
            let (bid, ask) = (depth.bids[0], depth.asks[0]);
            assert!(ask.price > bid.price, "{} {bid:?} {ask:?}", i.symbol);
            let levels = depth.bids.len().min(depth.asks.len());
            // Makers cancel in bursts now and then; the book recovers within seconds.
            assert!(levels >= 8, "{} {levels}", i.symbol);
            (books, shallow) = (books + 1, shallow + usize::from(levels < 15));
            for level in depth.bids.iter().chain(&depth.asks) {
                assert!(i.ticks.is_on_grid(level.price) && i.is_on_lot(level.quantity), "{}", i.symbol);
            }
            let ticks = (ask.price.0 - bid.price.0) / i.ticks.tick_above(bid.price);
            spreads.entry(i.id).or_default().push(ticks.try_into().unwrap());
        }
    }
    assert!(shallow * 50 < books, "{shallow} of {books}");
    for (id, mut ticks) in spreads {
        ticks.sort_unstable();
        let median = ticks[ticks.len() / 2];
        let symbol = &world.catalogue.listings[id.index()].instrument.symbol;
        assert!((1..=12).contains(&median), "{symbol} {ticks:?}");
    }
}

#[test]
fn sizes_grow_from_the_touch_and_decay_farther_out_with_holes() {
    let mut world = World::new(Opening::Always, 4, SUNDAY, 1.0);
    let id = world.id("MSFT");
    let (mut near, mut middle, mut far, mut holes) = (0.0, 0.0, 0.0, 0);
    for second in 1..=60 {
        world.advance(after(SUNDAY, second * SECOND));
        let depth = world.exchange.depth(id, 20);
        let mean = |range: std::ops::Range<usize>| {
            let count = range.len() as f64;
            depth.asks[range].iter().map(|l| l.quantity.to_f64()).sum::<f64>() / count
        };
        (near, middle, far) = (near + mean(0..2), middle + mean(5..9), far + mean(14..depth.asks.len()));
        let is_hole = |pair: &[Level]| pair[1].price.0 - pair[0].price.0 > Decimal::new(1, 2);
        holes += depth.asks.windows(2).filter(|pair| is_hole(pair)).count();
    }
    assert!(middle > 1.2 * near && middle > 1.2 * far, "{near} {middle} {far}");
    assert!(holes > 0);
}

#[test]
fn liquid_names_print_within_a_second_and_at_a_usual_pace() {
    let mut world = World::new(Opening::AsListed, 8, FRIDAY, 1.0);
    world.advance(after(FRIDAY, SECOND));
    for symbol in ["AAPL", "MSFT", "NVDA", "TSLA", "AMZN", "SPY", "BTC/USD", "ETH/USD", "BTC/JPY"] {
        assert!(!world.trades_of(world.id(symbol)).is_empty(), "{symbol}");
    }
    world.out.clear();
    world.advance(after(FRIDAY, 61 * SECOND));
    for symbol in ["AAPL", "NVDA", "TSLA", "BTC/USD"] {
        let id = world.id(symbol);
        let trades = world.trades_of(id).len();
        let changes = world.out.iter().filter(|e| **e == Event::BookChanged(id)).count();
        assert!((150..900).contains(&trades), "{symbol}: {trades} trades a minute");
        assert!((600..3_000).contains(&changes), "{symbol}: {changes} book changes a minute");
    }
    let quiet = world.id("2914");
    assert_eq!(world.trades_of(quiet).len(), 0, "Tokyo is closed");
}

#[test]
fn trades_come_in_bursts() {
    let mut world = World::new(Opening::Always, 9, SUNDAY, 1.0);
    world.advance(after(SUNDAY, 600 * SECOND));
    let mut counts = vec![0.0; 600];
    for trade in world.trades_of(world.id("BTC/USD")) {
        counts[((trade.time.0 - at(SUNDAY).0) / SECOND).min(599) as usize] += 1.0;
    }
    let mean = counts.iter().sum::<f64>() / 600.0;
    let variance = counts.iter().map(|c| (c - mean) * (c - mean)).sum::<f64>() / 600.0;
    assert!(variance > 1.8 * mean, "independent arrivals would give {mean}, not {variance}");
}

#[test]
fn activity_scales_what_happens() {
    let trades = |activity| {
        let mut world = World::new(Opening::Always, 10, SUNDAY, activity);
        world.advance(after(SUNDAY, 4 * SECOND));
        world.trades().count() as f64
    };
    let ratio = trades(20.0) / trades(1.0);
    assert!((10.0..30.0).contains(&ratio), "{ratio}");
}

#[test]
fn the_watchlist_is_full_at_once_and_live_continues_history() {
    for (opening, start) in [(Opening::AsListed, FRIDAY), (Opening::Always, SUNDAY)] {
        let mut world = World::new(opening, 11, start, 1.0);
        world.advance(at(start));
        for listing in &world.catalogue.listings {
            let (i, history) = (&listing.instrument, world.market.history());
            let quote = world.exchange.quote(i.id);
            let last = history.bars(i.id, Timeframe::S1, at(start), 1)[0];
            assert_eq!(quote.last.unwrap().to_f64().to_bits(), last.close.to_bits(), "{}", i.symbol);
            let (open, high, low) = (quote.open.unwrap(), quote.high.unwrap(), quote.low.unwrap());
            assert!(low <= open && open <= high && !quote.volume.is_zero(), "{} {quote:?}", i.symbol);
            let change = quote.change_percent().unwrap().abs();
            assert!(change < Decimal::from(30), "{} {change}", i.symbol);
        }
        world.advance(after(start, 5 * SECOND));
        for listing in &world.catalogue.listings {
            let i = &listing.instrument;
            let before = world.market.history().bars(i.id, Timeframe::S1, at(start), 60);
            let last = before[before.len() - 1].close;
            let range: f64 = before.iter().map(|b| b.high - b.low).sum::<f64>() / before.len() as f64;
            let Some(first) = world.trades_of(i.id).first().copied() else { continue };
            let tick = Price(i.ticks.tick_above(first.price)).to_f64();
            let distance = (first.price.to_f64() - last).abs();
            assert!(distance <= 5.0 * tick + 6.0 * range, "{}: {last} then {}", i.symbol, first.price);
        }
    }
}

#[test]
fn the_price_stays_with_the_path() {
    let mut world = World::new(Opening::Always, 12, SUNDAY, 1.0);
    let end = after(SUNDAY, 5 * MINUTE);
    world.advance(end);
    for listing in &world.catalogue.listings {
        let i = &listing.instrument;
        let path = world.market.history().bars(i.id, Timeframe::S1, end, 1)[0].close;
        let mid = world.exchange.quote(i.id).mid().unwrap().to_f64();
        let tick = Price(i.ticks.tick_above(world.exchange.best(i.id).0.unwrap().0)).to_f64();
        assert!((mid - path).abs() < 2.0 * tick + 0.001 * path, "{}: {mid} against {path}", i.symbol);
    }
}

#[test]
fn live_volume_is_like_the_past() {
    let mut world = World::new(Opening::Always, 13, SUNDAY, 1.0);
    let end = after(SUNDAY, 10 * MINUTE);
    world.advance(end);
    for symbol in ["AAPL", "BTC/USD", "7203", "EUR/USD"] {
        let id = world.id(symbol);
        let live: f64 = world.trades_of(id).iter().map(|t| t.quantity.to_f64()).sum();
        let past: f64 =
            world.market.history().bars(id, Timeframe::M1, end, 10).iter().map(|b| b.volume).sum();
        assert!((0.25..4.0).contains(&(live / past)), "{symbol}: {live} {past}");
    }
}

#[test]
fn sessions_open_and_close_in_their_own_zones() {
    // 14:59 in Tokyo and Seoul, which close at 15:30 (06:30 UTC).
    let mut world = World::new(Opening::AsListed, 14, "2026-11-20T06:28:00Z", 1.0);
    let (toyota, samsung, apple) = (world.id("7203"), world.id("005930"), world.id("AAPL"));
    world.advance(at("2026-11-20T06:29:00Z"));
    assert!(
        world.exchange.is_open(toyota) && world.exchange.is_open(samsung) && !world.exchange.is_open(apple)
    );
    world.advance(at("2026-11-20T06:31:00Z"));
    for id in [toyota, samsung] {
        assert!(!world.exchange.is_open(id));
        assert!(world.exchange.depth(id, 5).bids.is_empty(), "agents withdraw at the close");
        let last = world.trades_of(id).last().unwrap().time;
        assert!(last < at("2026-11-20T06:30:00Z") && last > at("2026-11-20T06:29:30Z"), "{last}");
    }
    world.out.clear();
    // New York opens for early trading at 04:00 (09:00 UTC).
    world.market.skip_to(&mut world.exchange, at("2026-11-20T08:59:00Z"), &mut world.out);
    assert_eq!(world.trades_of(apple).len(), 0);
    world.advance(at("2026-11-20T09:05:00Z"));
    assert!(world.exchange.is_open(apple) && world.exchange.depth(apple, 20).bids.len() >= 12);
    assert!(world.trades_of(apple).iter().all(|t| t.time >= at("2026-11-20T09:00:00Z")));
}

#[test]
fn an_order_for_the_open_is_filled_at_the_opening_price() {
    // Before the open in Seoul, 09:00 on a Thursday. One program runs on, one sleeps over the open.
    let (open, late) = (at("2026-11-19T00:00:00Z"), at("2026-11-19T00:20:00Z"));
    for (sleeps, filled_at) in [(false, open), (true, late)] {
        let mut world = World::new(Opening::AsListed, 14, "2026-11-18T23:58:00Z", 1.0);
        let evening = at("2026-11-18T23:58:30Z");
        world.advance(evening);
        let id = world.id("005930");
        let listing = &world.catalogue.listings[id.index()];
        let last = world.exchange.quote(id).last.unwrap();
        let price = listing.instrument.ticks.round(Price(last.0 * Decimal::new(108, 2)));
        let kind = OrderKind::Limit { price };
        world.order(1, OrderSpec::new(id, Side::Buy, Qty(40.into()), kind, TimeInForce::Gtc), evening);
        if sleeps {
            world.market.skip_to(&mut world.exchange, late, &mut world.out);
        }
        world.advance(Time(filled_at.0 + SECOND));
        let order = world.exchange.order(OrderId(1)).unwrap();
        assert_eq!(order.filled, Qty(40.into()));
        let average = Price(order.average_price.unwrap()).to_f64();
        let path = world.market.history().bars(id, Timeframe::S1, Time(filled_at.0 + SECOND), 1)[0].open;
        assert!((average / path - 1.0).abs() < 0.004, "filled at {average}, opened at {path}, limit {price}");
    }
}

#[test]
fn a_day_without_end_goes_on_over_midnight() {
    let mut world = World::new(Opening::Always, 15, "2026-11-20T23:59:50Z", 1.0);
    world.advance(at("2026-11-21T00:00:10Z"));
    let coin = world.id("BTC/USD");
    let late = world.trades_of(coin).iter().filter(|t| t.time > at("2026-11-21T00:00:00Z")).count();
    assert!(late > 3, "{late}");
    assert!(world.exchange.depth(coin, 20).asks.len() >= 12);
    let quote = world.exchange.quote(coin);
    assert!(quote.volume < Qty(Decimal::from(100)), "a new day begins with its own volume: {quote:?}");
}

#[test]
fn a_large_order_moves_the_price_which_then_comes_back() {
    let mut world = World::new(Opening::Always, 16, SUNDAY, 1.0);
    let start = after(SUNDAY, 5 * SECOND);
    world.advance(start);
    let id = world.id("BTC/USD");
    let displaced = |world: &World, now: Time| {
        let path = world.market.history().bars(id, Timeframe::S1, now, 1)[0].close;
        world.exchange.quote(id).mid().unwrap().to_f64() / path - 1.0
    };
    let everything: Qty = world.exchange.depth(id, 20).asks.iter().map(|l| l.quantity).sum();
    world.order(1, OrderSpec::new(id, Side::Buy, everything, OrderKind::Market, TimeInForce::Day), start);
    assert_eq!(world.exchange.order(OrderId(1)).unwrap().filled, everything);
    let soon = after(SUNDAY, 7 * SECOND);
    world.advance(soon);
    let pushed = displaced(&world, soon);
    let later = after(SUNDAY, 2 * MINUTE);
    world.advance(later);
    let left = displaced(&world, later).abs();
    assert!(pushed > 0.0001, "{pushed}");
    assert!(left < pushed / 2.0, "{left} of {pushed}");
}

#[test]
fn agents_trade_with_the_traders_resting_order() {
    let mut world = World::new(Opening::Always, 17, SUNDAY, 1.0);
    let start = after(SUNDAY, 2 * SECOND);
    world.advance(start);
    let id = world.id("BTC/USD");
    let (bid, ask) = world.exchange.best(id);
    let lots = Qty(Decimal::new(20, 4));
    for (order, side, price) in [(1, Side::Buy, bid.unwrap().0), (2, Side::Sell, ask.unwrap().0)] {
        let spec = OrderSpec::new(id, side, lots, OrderKind::Limit { price }, TimeInForce::Gtc);
        world.order(order, spec, start);
    }
    world.advance(after(SUNDAY, 5 * MINUTE));
    let fills = world.exchange.fills(&world.catalogue.account.id).count();
    assert!(fills >= 1, "five minutes at the touch");
    assert_eq!(world.exchange.agent_refusals().0, 0);
}

#[test]
fn a_wall_of_the_trader_holds_until_it_is_eaten() {
    let mut world = World::new(Opening::Always, 18, SUNDAY, 1.0);
    let start = after(SUNDAY, SECOND);
    world.advance(start);
    let id = world.id("SPY");
    let price = world.exchange.best(id).0.unwrap().0;
    let price = world.catalogue.listings[id.index()].instrument.ticks.step(price, 20);
    let spec = OrderSpec::new(id, Side::Buy, Qty(1_000.into()), OrderKind::Limit { price }, TimeInForce::Gtc);
    world.order(1, spec, start);
    for second in 2..40 {
        world.advance(after(SUNDAY, second * SECOND));
        let (bid, ask) = world.exchange.best(id);
        assert!(bid.unwrap().0 < ask.unwrap().0);
    }
    assert_eq!(world.exchange.order(OrderId(1)).unwrap().filled, Qty(1_000.into()));
}

#[test]
fn after_a_long_sleep_the_market_opens_anew() {
    let mut world = World::new(Opening::Always, 19, SUNDAY, 1.0);
    world.advance(after(SUNDAY, 2 * SECOND));
    let late = after(SUNDAY, 9 * HOUR);
    world.market.skip_to(&mut world.exchange, late, &mut world.out);
    world.advance(Time(late.0 + 2 * SECOND));
    let coin = world.id("BTC/USD");
    let trades = world.trades_of(coin);
    assert!(trades.iter().any(|t| t.time >= late));
    assert!(!trades.iter().any(|t| t.time > after(SUNDAY, 2 * SECOND) && t.time < late));
    let path = world.market.history().bars(coin, Timeframe::S1, late, 1)[0].close;
    let mid = world.exchange.quote(coin).mid().unwrap().to_f64();
    assert!((mid / path - 1.0).abs() < 0.002);
}

#[test]
fn every_asset_class_trades_on_a_sunday_in_practice() {
    let mut world = World::new(Opening::Always, 20, SUNDAY, 1.0);
    world.advance(after(SUNDAY, 30 * SECOND));
    for class in [AssetClass::Share, AssetClass::Fx, AssetClass::Crypto] {
        for listing in world.catalogue.listings.iter().filter(|l| l.instrument.class == class) {
            assert!(!world.trades_of(listing.instrument.id).is_empty(), "{}", listing.instrument.symbol);
        }
    }
}
