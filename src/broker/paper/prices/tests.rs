//! The joint between what the source knows and what has traded in this run.

use super::*;
use crate::domain::time::{HOUR, SECOND};
use crate::domain::{AssetClass, Currency, Instrument, SessionKind};
use crate::exchange::Config;
use crate::exchange::catalogue::{Catalogue, Opening};
use crate::exchange::replay::{ReplayInput, ReplaySubject};
use crate::exchange::synth::{History, MarketConfig};

const FIRST: InstrumentId = InstrumentId(0);

fn at(text: &str) -> Time {
    Time::from_timestamp(text.parse().unwrap())
}

/// An exchange, its market and the bars of it.
struct Stage {
    exchange: Exchange,
    prices: Prices,
    now: Time,
    out: Vec<Event>,
}

impl Stage {
    fn new(instruments: Vec<Arc<Instrument>>, config: Config, source: Source, now: Time, kept: Kept) -> Self {
        let mut exchange = Exchange::new(instruments, config).unwrap();
        let mut out = Vec::new();
        let prices = Prices::open_keeping(kept, source, &mut exchange, now, &mut out);
        let mut stage = Self { exchange, prices, now, out };
        stage.record();
        stage
    }

    /// The practice market of a single share of New York, and the past that it continues.
    fn practice(opening: Opening, now: &str, kept: Kept) -> (Self, History) {
        let mut catalogue = Catalogue::bundled(opening).unwrap();
        catalogue.listings.truncate(1);
        let share = &catalogue.listings[0].instrument;
        assert_eq!((share.class, share.hours.zone.as_str()), (AssetClass::Share, "America/New_York"));
        let market = Market::new(&catalogue, 7, at(now), MarketConfig::default()).unwrap();
        let history = market.history().clone();
        let source = Source::Synthetic(Box::new(market));
        (Self::new(catalogue.instruments(), catalogue.config(), source, at(now), kept), history)
    }

    /// A replay of bars from `from` on, a hundred times as fast as they were recorded.
    fn replay(bars: Vec<Bar>, recorded: Timeframe, from: Time, kept: Kept) -> Self {
        let input = ReplayInput::Bars(Bars::pack(bars), recorded);
        let subject = ReplaySubject {
            id: FIRST,
            symbol: "TEST".into(),
            class: AssetClass::Share,
            currency: Currency::USD,
            zone: "UTC".to_owned(),
        };
        let instrument = subject.instrument(&input);
        let replay = Replay::new(Arc::clone(&instrument), input, from, 1).unwrap();
        let now = Time::from_seconds(1_900_000_000);
        let source = Source::Replay {
            replay: Box::new(replay),
            clock: ReplayClock::new(now, from, 100.0),
            rates: Vec::new(),
        };
        let config = Catalogue::bundled(Opening::Always).unwrap().config();
        Self::new(vec![instrument], config, source, now, kept)
    }

    fn record(&mut self) {
        for event in self.out.drain(..) {
            if let Event::Trade(id, trade) = event {
                self.prices.record(id, &trade);
            }
        }
    }

    fn jump(&mut self, nanos: i64) -> Passage {
        self.now.0 += nanos;
        let passage = self.prices.advance(&mut self.exchange, self.now, &mut self.out);
        self.record();
        passage
    }

    fn run(&mut self, seconds: i64) {
        for _ in 0..seconds {
            assert_eq!(self.jump(SECOND), Passage::Traded);
        }
    }

    /// The newest closed bars and the forming one.
    fn bars(&self, timeframe: Timeframe, count: usize) -> Vec<Bar> {
        let request = HistoryRequest { instrument: FIRST, timeframe, before: Time::MAX, count };
        let (closed, forming) = self.prices.history(&request, self.now);
        assert!(closed.len() <= count);
        closed.iter().chain(forming).collect()
    }

    fn assert_no_gap(&self, timeframe: Timeframe, count: usize) {
        let bars = self.bars(timeframe, count);
        assert!(bars.len() >= count, "{timeframe}: {}", bars.len());
        for pair in bars.windows(2) {
            assert_eq!(pair[1].time.0 - pair[0].time.0, timeframe.nanos(), "{timeframe} {}", pair[0].time);
        }
    }
}

/// Hours as listed, Friday 20 November 2026: 16:30 in New York, after the regular close.
const AFTER_THE_CLOSE: &str = "2026-11-20T21:30:00Z";
/// The same day, 08:00: before the open, in extended trading.
const BEFORE_THE_OPEN: &str = "2026-11-20T13:00:00Z";

#[test]
fn the_day_and_the_week_that_are_over_are_there_after_the_close() {
    for now in [AFTER_THE_CLOSE, "2026-11-21T15:00:00Z", "2026-11-18T21:30:00Z"] {
        let (stage, history) = Stage::practice(Opening::AsListed, now, KEPT);
        let far = Time(at(now).0 + 40 * 24 * HOUR);
        let days = history.bars(FIRST, Timeframe::D1, at(now), 60);
        assert!(stage.bars(Timeframe::D1, 60).ends_with(&days), "{now}");
        for timeframe in [Timeframe::W1, Timeframe::Mo1] {
            let calendar = &stage.prices.calendars[0];
            let of_period = |day: &&Bar| {
                calendar.period_start(day.time, timeframe) == calendar.period_start(at(now), timeframe)
            };
            let expected =
                aggregate_bars(days.iter().filter(of_period).copied(), calendar, timeframe, Sessions::All);
            let shown = stage.bars(timeframe, 5);
            assert_eq!(shown.last(), expected.last(), "{timeframe} {now}");
            let older = history.bars(FIRST, timeframe, far, 20);
            let place = older.iter().position(|bar| bar.time == shown[0].time).unwrap();
            let times = |bars: &[Bar]| bars.iter().map(|bar| bar.time).collect::<Vec<_>>();
            assert_eq!(times(&shown), times(&older[place..place + shown.len()]), "none is missing");
        }
    }
}

#[test]
fn extended_trading_is_in_the_minutes_and_not_in_the_day() {
    for now in [AFTER_THE_CLOSE, BEFORE_THE_OPEN] {
        let (mut stage, history) = Stage::practice(Opening::AsListed, now, KEPT);
        let calendar = Arc::clone(&stage.prices.calendars[0]);
        assert_eq!(calendar.session_at(at(now)).unwrap().kind, SessionKind::Extended);
        let before = Timeframe::ALL.map(|timeframe| stage.bars(timeframe, 3));
        stage.run(300);
        let traded = stage.bars(Timeframe::M1, 10);
        assert!(traded.iter().any(|bar| bar.time >= at(now)), "nothing has traded");
        for (timeframe, before) in Timeframe::ALL.into_iter().zip(before) {
            let same = before == stage.bars(timeframe, 3);
            assert_eq!(same, timeframe.is_calendar(), "{timeframe} {now}");
        }
        // The figures beside the chart are those of the day too.
        if now == AFTER_THE_CLOSE {
            let day = *history.bars(FIRST, Timeframe::D1, at(now), 1).last().unwrap();
            let quote = stage.exchange.quote(FIRST);
            let figures = [quote.open, quote.high, quote.low].map(|price| price.unwrap().to_f64());
            assert!([day.open, day.high, day.low].iter().zip(figures).all(|(a, b)| (a - b).abs() < 1e-9));
        }
    }
}

#[test]
fn a_chart_has_no_gap_where_the_oldest_bars_of_the_run_were_dropped() {
    let kept = Kept { seconds: 40, minutes: 3 };
    let (mut stage, history) = Stage::practice(Opening::Always, AFTER_THE_CLOSE, kept);
    stage.run(400);
    for timeframe in [Timeframe::S15, Timeframe::S30, Timeframe::M1, Timeframe::M3, Timeframe::H1] {
        stage.assert_no_gap(timeframe, 60);
    }
    // Nothing counts twice where both know a part of a bar.
    let hour = *stage.bars(Timeframe::H1, 1).last().unwrap();
    let path = history.so_far(FIRST, Timeframe::H1, stage.now).unwrap();
    assert_eq!(hour.time, path.time);
    assert!((0.5..1.5).contains(&(hour.volume / path.volume)), "{} of {}", hour.volume, path.volume);
}

#[test]
fn a_chart_has_no_gap_where_the_computer_slept() {
    let (mut stage, _) = Stage::practice(Opening::Always, AFTER_THE_CLOSE, KEPT);
    stage.run(90);
    assert_eq!(stage.jump(9 * HOUR + 17 * SECOND), Passage::Skipped);
    stage.run(90);
    for timeframe in [Timeframe::S15, Timeframe::S30, Timeframe::M1, Timeframe::M5, Timeframe::H1] {
        stage.assert_no_gap(timeframe, 700);
    }
    // It slept over a midnight of New York; the day is the one that the quote tells of.
    let day = *stage.bars(Timeframe::D1, 1).last().unwrap();
    let quote = stage.exchange.quote(FIRST);
    let figures = [quote.open, quote.high, quote.low].map(|price| price.unwrap().to_f64());
    assert!([day.open, day.high, day.low].iter().zip(figures).all(|(a, b)| (a - b).abs() < 1e-9));
    assert!((day.volume - quote.volume.to_f64()).abs() < 1e-6);
}

/// Recorded bars, a tenth of them with a gap before, each of 100 units.
fn recorded(timeframe: Timeframe, count: i64) -> Vec<Bar> {
    let bar = |i: i64| {
        let time = Time(timeframe.nanos() * (i + i / 10));
        let price = 100.0 + (i % 7) as f64;
        Bar { time, open: price, high: price + 2.0, low: price - 1.0, close: price + 1.0, volume: 100.0 }
    };
    (0..count).map(bar).collect()
}

#[test]
fn a_replay_shows_what_was_recorded_where_its_own_bars_were_dropped() {
    for (recorded_in, kept) in [(Timeframe::M1, 4), (Timeframe::M5, 7), (Timeframe::M5, 3)] {
        let rows = recorded(recorded_in, 40);
        let from = rows[10].time;
        let mut stage = Stage::replay(rows.clone(), recorded_in, from, Kept { seconds: 5, minutes: kept });
        while stage.prices.market_time(stage.now) < rows[35].time {
            stage.run(1);
        }
        let shown = stage.bars(recorded_in, 100);
        assert!(shown.len() > 30, "{}", shown.len());
        // The newest is still being played.
        let closed = shown.len() - 1;
        assert_eq!(shown[..closed], rows[..closed], "{recorded_in}, {kept} minutes kept");
        let hours = stage.bars(Timeframe::H1, 100);
        let volume = |bars: &[Bar]| bars.iter().map(|bar| bar.volume).sum::<f64>();
        assert!((volume(&hours) - volume(&shown)).abs() < 1e-9);
    }
}

#[test]
fn a_replay_stands_still_while_the_computer_sleeps() {
    let rows = recorded(Timeframe::M1, 500);
    let mut stage = Stage::replay(rows.clone(), Timeframe::M1, rows[10].time, KEPT);
    stage.run(3);
    let before = stage.prices.market_time(stage.now);
    assert_eq!(stage.jump(9 * HOUR), Passage::Traded);
    assert_eq!(stage.prices.market_time(stage.now), before);
    stage.run(1);
    assert_eq!(stage.prices.market_time(stage.now), Time(before.0 + 100 * SECOND));
    assert!(stage.bars(Timeframe::M1, 1_000).len() < 20);
}

#[test]
fn a_long_history_of_a_replay_is_the_recording_itself() {
    let rows = recorded(Timeframe::M1, 500);
    let stage = Stage::replay(rows.clone(), Timeframe::M1, rows[400].time, KEPT);
    let request =
        HistoryRequest { instrument: FIRST, timeframe: Timeframe::M1, before: Time::MAX, count: 1_000 };
    let (bars, _) = stage.prices.history(&request, stage.now);
    let Source::Replay { replay, .. } = &stage.prices.source else { unreachable!() };
    assert!(bars.shares_with(&replay.past_bars()));
    assert_eq!(bars, Bars::from(rows[..400].to_vec()));
}
