//! What the synthetic market costs: history on demand and a second of live trading. And what
//! the lines of indicators cost over a million bars.
//! `cargo bench --bench market` prints measurement and budget side by side.
#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a bench reads the clock and prints")]

#[path = "common/asked.rs"]
mod asked;

use std::sync::Arc;
use std::time::Instant;

use pitdesk::domain::{Bar, InstrumentId, Time, Timeframe, TradingHours};
use pitdesk::exchange::catalogue::{Catalogue, Opening};
use pitdesk::exchange::synth::{History, Market, MarketConfig};
use pitdesk::exchange::{Event, Exchange};
use pitdesk::market::calendar::Calendar;
use pitdesk::market::indicators::{INDICATORS, Study, StudyLines};
use pitdesk::market::series::{BarChunk, BarSeries};

/// The best of several runs, in milliseconds: the machine is shared.
fn best<T>(mut run: impl FnMut() -> T) -> (f64, T) {
    let mut result = None;
    let mut shortest = f64::INFINITY;
    for _ in 0..12 {
        let start = Instant::now();
        let value = run();
        shortest = shortest.min(start.elapsed().as_secs_f64() * 1e3);
        result = Some(value);
    }
    (shortest, result.expect("it ran twelve times"))
}

fn history() {
    let now = Time::from_timestamp("2026-11-20T20:17:23Z".parse().expect("a valid instant"));
    for opening in [Opening::AsListed, Opening::Always] {
        let catalogue = Catalogue::bundled(opening).expect("the bundled market is tested");
        let (load, _) = best(|| Catalogue::bundled(opening).map(|c| c.listings.len()));
        let (ready, history) = best(|| History::new(&catalogue, 1).expect("the bundled market is tested"));
        println!("{opening:?}: catalogue {load:.2} ms, history ready in {ready:.2} ms");
        for (symbol, timeframe, count, budget) in [
            ("AAPL", Timeframe::D1, 1_000, 30.0),
            ("BTC/USD", Timeframe::D1, 1_000, 30.0),
            ("AAPL", Timeframe::M1, 10_000, 10.0),
            ("BTC/USD", Timeframe::M1, 10_000, 10.0),
            ("BTC/USD", Timeframe::S1, 10_000, 10.0),
            ("BTC/USD", Timeframe::H1, 2_000, 30.0),
            ("AAPL", Timeframe::Mo1, 120, 80.0),
        ] {
            let found = catalogue.listings.iter().find(|l| &*l.instrument.symbol == symbol);
            let id = found.map_or(InstrumentId(0), |l| l.instrument.id);
            let (took, bars) = best(|| history.bars(id, timeframe, now, count).len());
            println!("  {symbol:8} {bars:6} bars of {timeframe:3}  {took:7.2} ms (budget {budget} ms)");
        }
    }
}

/// How long some seconds of the whole market take to live through.
fn live() {
    let start = Time::from_timestamp("2026-11-22T17:00:00Z".parse().expect("a valid instant"));
    let catalogue = Catalogue::bundled(Opening::Always).expect("the bundled market is tested");
    for (activity, seconds) in [(1.0, 60), (75.0, 10)] {
        let config = MarketConfig { activity };
        let mut market = Market::new(&catalogue, 1, start, config).expect("the bundled market is tested");
        let mut exchange =
            Exchange::new(catalogue.instruments(), catalogue.config()).expect("the bundled market is tested");
        let mut out = Vec::new();
        let clock = Instant::now();
        market.advance(&mut exchange, start, &mut out);
        let opening = clock.elapsed().as_secs_f64() * 1e3;
        let (mut trades, mut changes, mut slowest) = (0, 0, 0.0f64);
        let clock = Instant::now();
        // As the paper broker does it: in steps of ten milliseconds.
        for step in 1..=seconds * 100 {
            out.clear();
            let tick = Instant::now();
            market.advance(&mut exchange, Time(start.0 + step * 10_000_000), &mut out);
            slowest = slowest.max(tick.elapsed().as_secs_f64() * 1e3);
            trades += out.iter().filter(|e| matches!(e, Event::Trade(..))).count();
            changes += out.iter().filter(|e| matches!(e, Event::BookChanged(_))).count();
        }
        let took = clock.elapsed().as_secs_f64();
        let share = took / seconds as f64 * 100.0;
        println!(
            "activity {activity}: {} trades/s, {} book changes/s, {share:.2} % of a core, \
             slowest 10 ms step {slowest:.2} ms, opening {opening:.1} ms, {:.0} trades per second of work",
            trades / seconds as usize,
            changes / seconds as usize,
            trades as f64 / took,
        );
    }
}

/// A million minutes of a price that comes and goes.
fn minutes() -> Vec<Bar> {
    let price = |minute: i64| 100.0 + (minute % 977) as f64 / 16.0;
    let bar = |minute| Bar::from_trade(Time::from_seconds(minute * 60), price(minute), 10.0);
    (0..1_000_000).map(bar).collect()
}

fn indicators() {
    let chunk = BarChunk::new(minutes().into()).expect("minutes rise");
    let mut series = BarSeries::default();
    series.prepend(chunk).expect("nothing is there yet");
    let last = series.last().expect("a million bars");
    let hours = TradingHours::always("America/New_York");
    let calendar = Arc::new(Calendar::new(&hours).expect("a known zone"));
    let columns: Vec<usize> = (0..=1_600).map(|column| column * series.len() / 1_600).collect();
    let fine: Vec<usize> = (0..=1_600).map(|column| series.len() - (1_600 - column) * 63).collect();
    for indicator in &INDICATORS {
        let (all, mut lines) = best(|| {
            let mut lines = StudyLines::new(Study::usual(indicator), Arc::clone(&calendar));
            lines.follow(&series, usize::MAX);
            lines
        });
        let mut forming = series.clone();
        let (ticks, ()) = best(|| {
            for tick in 0..1_000 {
                forming.apply(Bar { volume: f64::from(tick), ..last });
                lines.follow(&forming, usize::MAX);
            }
        });
        let (mut values, mut spans) = (Vec::new(), Vec::new());
        let (look, ()) = best(|| lines.values(&forming, forming.len() - 300..forming.len(), &mut values));
        let (far, ()) = best(|| lines.columns(&forming, &columns, &mut spans));
        let (near, ()) = best(|| lines.columns(&forming, &fine, &mut spans));
        println!(
            "{:5} 1 M bars {all:6.1} ms, a tick {ticks:6.3} us, 300 values {look:6.3} ms, \
             1,600 columns of 1 M {far:6.3} ms, of 100 k {near:6.3} ms",
            indicator.short,
        );
    }
}

fn main() {
    if !asked::is_asked() {
        return;
    }
    history();
    live();
    indicators();
}
