//! The past is one path: every timeframe agrees with every other, whatever is asked.

use jiff::civil::date;

use super::*;
use crate::domain::time::{DAY, HOUR};
use crate::exchange::catalogue::Opening;

fn at(text: &str) -> Time {
    Time::from_timestamp(text.parse().unwrap())
}

fn world(opening: Opening) -> (Catalogue, History) {
    let catalogue = Catalogue::bundled(opening).unwrap();
    let history = History::new(&catalogue, 7).unwrap();
    (catalogue, history)
}

fn id(catalogue: &Catalogue, symbol: &str) -> InstrumentId {
    catalogue.listings.iter().find(|l| &*l.instrument.symbol == symbol).unwrap().instrument.id
}

/// OHLC must be equal; volumes of whole lots too, of fractions up to the noise of adding them.
fn assert_same(parts: &[Bar], whole: &Bar, what: &str) {
    let mut sum = parts[0];
    parts[1..].iter().for_each(|part| sum.add_bar(part));
    let prices = |bar: &Bar| [bar.open, bar.high, bar.low, bar.close].map(f64::to_bits);
    assert_eq!(prices(&sum), prices(whole), "{what}: {sum:?} {whole:?}");
    let is_whole = whole.volume.fract() == 0.0 && parts.iter().all(|p| p.volume.fract() == 0.0);
    let slack = if is_whole { 0.0 } else { 1e-9 * whole.volume };
    assert!((sum.volume - whole.volume).abs() <= slack, "{what}: {} {}", sum.volume, whole.volume);
}

const NOW: &str = "2026-11-20T20:17:23.4Z";

#[test]
fn the_close_of_the_epoch_is_the_price_of_the_catalogue() {
    let (catalogue, history) = world(Opening::AsListed);
    for listing in &catalogue.listings {
        let i = &listing.instrument;
        let bars = history.bars(i.id, Timeframe::D1, at("2026-11-04T23:00:00Z"), 4);
        let day = |bar: &Bar| history.track(i.id).unwrap().path.timeline().calendar().trading_day(bar.time);
        let found = bars.iter().find(|bar| day(bar) >= catalogue.epoch).unwrap();
        if catalogue.listings[i.id.index()].instrument.hours.zone == "UTC" || !i.hours.is_always() {
            assert!((found.close - listing.price.to_f64()).abs() < 1e-9, "{}: {found:?}", i.symbol);
        }
    }
}

#[test]
fn seconds_make_exactly_their_minute() {
    for opening in [Opening::AsListed, Opening::Always] {
        let (catalogue, history) = world(opening);
        for listing in catalogue.listings.iter().step_by(4) {
            let id = listing.instrument.id;
            let minutes = history.bars(id, Timeframe::M1, at(NOW), 100);
            let seconds = history.bars(id, Timeframe::S1, Time(minutes[99].time.0 + MINUTE), 100 * 60);
            for minute in &minutes[1..] {
                let of_it: Vec<Bar> = seconds
                    .iter()
                    .filter(|s| s.time >= minute.time && s.time.0 < minute.time.0 + MINUTE)
                    .copied()
                    .collect();
                assert!(!of_it.is_empty(), "{} {}", listing.instrument.symbol, minute.time);
                assert_same(&of_it, minute, &listing.instrument.symbol);
            }
        }
    }
}

#[test]
fn regular_minutes_make_exactly_their_day() {
    for opening in [Opening::AsListed, Opening::Always] {
        let (catalogue, history) = world(opening);
        for listing in catalogue.listings.iter().step_by(4) {
            let id = listing.instrument.id;
            let track = history.track(id).unwrap();
            let calendar = track.path.timeline().calendar();
            let days = history.bars(id, Timeframe::D1, at(NOW), 5);
            assert_eq!(days.len(), 5);
            let minutes = history.bars(id, Timeframe::M1, at(NOW), 8 * 1440);
            for day in &days[1..] {
                let date = calendar.trading_day(day.time);
                let regular = calendar.sessions_of(date).into_iter().filter(is_regular);
                let spans: Vec<SessionSpan> = regular.collect();
                let is_of_it = |m: &&Bar| spans.iter().any(|s| s.open <= m.time && m.time < s.close);
                let of_it: Vec<Bar> = minutes.iter().filter(is_of_it).copied().collect();
                assert_same(&of_it, day, &format!("{} {date}", listing.instrument.symbol));
            }
        }
    }
}

#[test]
fn longer_timeframes_are_their_minutes_or_days() {
    for opening in [Opening::AsListed, Opening::Always] {
        let (catalogue, history) = world(opening);
        for symbol in ["AAPL", "7203", "BTC/JPY", "EUR/USD"] {
            let id = id(&catalogue, symbol);
            let calendar = Arc::clone(history.track(id).unwrap().path.timeline().calendar());
            for timeframe in Timeframe::ALL {
                let from = match timeframe {
                    Timeframe::S5 | Timeframe::S15 | Timeframe::S30 => Timeframe::S1,
                    Timeframe::W1 | Timeframe::Mo1 => Timeframe::D1,
                    Timeframe::S1 | Timeframe::M1 | Timeframe::D1 => continue,
                    _ => Timeframe::M1,
                };
                let bars = history.bars(id, timeframe, at(NOW), 6);
                assert_eq!(bars.len(), 6, "{symbol} {timeframe}");
                let parts = history.bars(id, from, at(NOW), 7 * 24 * 60);
                for bar in &bars {
                    let is_of_it = |p: &&Bar| calendar.period_start(p.time, timeframe) == bar.time;
                    let of_it: Vec<Bar> = parts.iter().filter(is_of_it).copied().collect();
                    assert_same(&of_it, bar, &format!("{symbol} {timeframe} {}", bar.time));
                }
            }
        }
    }
}

#[test]
fn bars_are_sound_rising_on_grid_and_closed() {
    let (catalogue, history) = world(Opening::AsListed);
    for symbol in ["AAPL", "7203", "005930", "USD/JPY", "BTC/KRW", "XRP/USD"] {
        let instrument = id(&catalogue, symbol);
        let track = history.track(instrument).unwrap();
        for timeframe in Timeframe::ALL {
            let bars = history.bars(instrument, timeframe, at(NOW), 300);
            assert!(bars.len() == 300 || timeframe >= Timeframe::W1, "{symbol} {timeframe} {}", bars.len());
            for pair in bars.windows(2) {
                assert!(pair[0].time < pair[1].time, "{symbol} {timeframe}");
            }
            let calendar = track.path.timeline().calendar();
            let newest = bars[bars.len() - 1].time;
            assert!(newest < at(NOW), "{symbol} {timeframe}");
            if !timeframe.is_calendar() {
                assert!(calendar.period_end(newest, timeframe) <= at(NOW), "{symbol} {timeframe}");
            }
            for bar in &bars {
                assert!(bar.is_sound() && bar.volume > 0.0, "{symbol} {timeframe} {bar:?}");
                for price in [bar.open, bar.high, bar.low, bar.close] {
                    let rounded = track.grid.price_f64(track.grid.nearest(price));
                    assert!((rounded - price).abs() < 1e-12, "{symbol} {timeframe} {price}");
                }
            }
        }
    }
}

#[test]
fn asking_in_pieces_or_at_once_gives_the_same() {
    let (catalogue, history) = world(Opening::Always);
    let id = id(&catalogue, "ETH/USD");
    for timeframe in
        [Timeframe::S1, Timeframe::S15, Timeframe::M1, Timeframe::H4, Timeframe::D1, Timeframe::W1]
    {
        let whole = history.bars(id, timeframe, at(NOW), 400);
        let mut pieces: Vec<Bar> = Vec::new();
        while pieces.len() < 400 {
            let before = pieces.first().map_or(at(NOW), |bar| bar.time);
            let mut piece = history.bars(id, timeframe, before, 57.min(400 - pieces.len()));
            piece.extend(pieces);
            pieces = piece;
        }
        assert_eq!(whole, pieces, "{timeframe}");
    }
}

#[test]
fn closed_bars_and_the_forming_one_miss_nothing() {
    let (catalogue, history) = world(Opening::AsListed);
    let instants = [NOW, "2026-11-18T02:00:00Z", "2026-11-18T15:00:00.5Z", "2026-11-21T12:00:00Z"].map(at);
    for symbol in ["AAPL", "BTC/USD", "7203", "USD/JPY"] {
        let id = id(&catalogue, symbol);
        for (now, timeframe) in instants.iter().flat_map(|now| Timeframe::ALL.map(|tf| (*now, tf))) {
            let what = format!("{symbol} {timeframe} {now}");
            let later = now.0 + (2 * timeframe.nanos()).max(5 * DAY);
            let count = usize::try_from((later - now.0) / timeframe.nanos().max(MINUTE)).unwrap() + 40;
            if timeframe < Timeframe::M1 {
                continue;
            }
            let bars = history.bars(id, timeframe, now, 3);
            let all = history.bars(id, timeframe, Time(later), count);
            let place = all.iter().position(|b| b.time == bars[2].time).unwrap();
            assert_eq!(&all[place - 2..=place], &bars[..], "{what}");
            let Some(next) = all.get(place + 1) else { continue };
            match history.forming(id, timeframe, now) {
                Some(forming) => {
                    assert_eq!(
                        (forming.time, forming.open.to_bits()),
                        (next.time, next.open.to_bits()),
                        "{what}"
                    );
                    assert!(
                        forming.is_sound() && forming.high <= next.high && forming.low >= next.low,
                        "{what}"
                    );
                    assert!(forming.volume <= next.volume * (1.0 + 1e-9), "{what}");
                }
                // Nothing of it has traded yet.
                None => assert!(is_later(&history, id, next, now), "{what} {}", next.time),
            }
        }
    }
}

/// Whether the first trade of the bar `next` comes after `now`.
fn is_later(history: &History, id: InstrumentId, next: &Bar, now: Time) -> bool {
    let seconds = history.bars(id, Timeframe::S1, now, 1);
    seconds.iter().all(|second| second.time < next.time)
        || history
            .track(id)
            .unwrap()
            .path
            .timeline()
            .calendar()
            .session_at(now)
            .is_none_or(|s| !is_regular(&s))
}

#[test]
fn history_is_long_and_stays_plausible() {
    let (catalogue, history) = world(Opening::AsListed);
    for listing in catalogue.listings.iter().step_by(5) {
        let days = history.bars(listing.instrument.id, Timeframe::D1, at(NOW), 2_600);
        assert_eq!(days.len(), 2_600, "{}", listing.instrument.symbol);
        let price = listing.price.to_f64();
        let returns: Vec<f64> = days.windows(2).map(|p| (p[1].close / p[0].close).ln()).collect();
        let variance = returns.iter().map(|r| r * r).sum::<f64>() / returns.len() as f64;
        let per_year = history.track(listing.instrument.id).unwrap().path.timeline().intervals_per_year();
        let volatility = (variance * per_year).sqrt();
        let ratio = volatility / listing.volatility;
        assert!((0.7..1.5).contains(&ratio), "{}: {volatility}", listing.instrument.symbol);
        for day in &days {
            let against = day.close / price;
            assert!((0.03..12.0).contains(&against), "{} {day:?}", listing.instrument.symbol);
        }
    }
}

#[test]
fn volatility_clusters_and_days_are_busiest_at_their_ends() {
    let (catalogue, history) = world(Opening::AsListed);
    let id = id(&catalogue, "AAPL");
    let days = history.bars(id, Timeframe::D1, at(NOW), 2_500);
    let moves: Vec<f64> = days.windows(2).map(|p| (p[1].close / p[0].close).ln().abs()).collect();
    let mean = moves.iter().sum::<f64>() / moves.len() as f64;
    let around = |lag: usize| {
        let pairs = moves.iter().zip(&moves[lag..]);
        pairs.map(|(a, b)| (a - mean) * (b - mean)).sum::<f64>()
    };
    assert!(around(1) / around(0) > 0.06, "{}", around(1) / around(0));

    let minutes = history.bars(id, Timeframe::M1, at("2026-11-20T21:00:00Z"), 20 * 960);
    let part = |from: i64, to: i64| {
        let zone = jiff::tz::TimeZone::get("America/New_York").unwrap();
        let local = |b: &&Bar| {
            let z = b.time.to_timestamp().to_zoned(zone.clone());
            (from..to).contains(&(i64::from(z.hour()) * 60 + i64::from(z.minute())))
        };
        let of_it: Vec<&Bar> = minutes.iter().filter(local).collect();
        let sum = |f: &dyn Fn(&Bar) -> f64| of_it.iter().map(|b| f(b)).sum::<f64>() / of_it.len() as f64;
        (sum(&|b| b.volume), sum(&|b| b.high - b.low))
    };
    let (open, noon, close) = (part(570, 600), part(720, 780), part(930, 960));
    let before = part(300, 480);
    assert!(open.0 > 1.5 * noon.0 && close.0 > 1.2 * noon.0, "{open:?} {noon:?} {close:?}");
    assert!(open.1 > 1.3 * noon.1, "{open:?} {noon:?}");
    assert!(before.0 < 0.2 * noon.0, "{before:?}");
}

#[test]
fn holidays_and_weekends_have_no_bars_and_nights_have_gaps() {
    let (catalogue, history) = world(Opening::AsListed);
    let aapl = id(&catalogue, "AAPL");
    let calendar = Arc::clone(history.track(aapl).unwrap().path.timeline().calendar());
    let days = history.bars(aapl, Timeframe::D1, at("2026-12-05T00:00:00Z"), 10);
    let dates: Vec<Date> = days.iter().map(|b| calendar.trading_day(b.time)).collect();
    assert!(!dates.contains(&date(2026, 11, 26)) && dates.contains(&date(2026, 11, 27)), "{dates:?}");
    assert!(!dates.contains(&date(2026, 11, 28)));
    let gaps = days.windows(2).filter(|p| (p[1].open - p[0].close).abs() > 0.02).count();
    assert!(gaps >= 7, "{gaps}");
    let toyota = id(&catalogue, "7203");
    let minutes = history.bars(toyota, Timeframe::M1, at("2026-11-20T08:00:00Z"), 330);
    let lunch = minutes.windows(2).filter(|p| p[1].time.0 - p[0].time.0 == HOUR + MINUTE).count();
    assert_eq!(lunch, 1);
}

#[test]
fn shared_factors_move_together() {
    let (catalogue, history) = world(Opening::AsListed);
    let returns = |symbol: &str| -> Vec<f64> {
        let days = history.bars(id(&catalogue, symbol), Timeframe::H4, at(NOW), 500);
        days.windows(2).map(|p| (p[1].close / p[0].close).ln()).collect()
    };
    let correlation = |a: &str, b: &str| {
        let (a, b) = (returns(a), returns(b));
        let dot = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
        dot(&a, &b) / (dot(&a, &a) * dot(&b, &b)).sqrt()
    };
    assert!(correlation("SPY", "QQQ") > 0.8);
    assert!(correlation("AAPL", "MSFT") > 0.35);
    assert!(correlation("AAPL", "GLD").abs() < 0.3);
    let coins = correlation("BTC/USD", "BTC/KRW");
    assert!(coins > 0.5, "{coins}");
}

#[test]
fn another_seed_is_another_past_of_the_same_market() {
    let catalogue = Catalogue::bundled(Opening::Always).unwrap();
    let bars =
        |seed| History::new(&catalogue, seed).unwrap().bars(InstrumentId(0), Timeframe::M1, at(NOW), 50);
    assert_eq!(bars(1), bars(1));
    assert_ne!(bars(1), bars(2));
    let history = History::new(&catalogue, 1).unwrap();
    assert!(history.bars(InstrumentId(9_999), Timeframe::M1, at(NOW), 5).is_empty());
    assert!(history.forming(InstrumentId(9_999), Timeframe::M1, at(NOW)).is_none());
}

/// Nothing but integers and IEEE arithmetic decides: other machines get the same bits.
#[test]
fn the_past_is_the_same_on_every_machine() {
    let (catalogue, history) = world(Opening::AsListed);
    let mut print = 0xcbf2_9ce4_8422_2325_u64;
    for symbol in ["AAPL", "7203", "BTC/KRW", "EUR/USD"] {
        for timeframe in [Timeframe::S1, Timeframe::M1, Timeframe::D1] {
            for bar in history.bars(id(&catalogue, symbol), timeframe, at(NOW), 500) {
                for value in [bar.open, bar.high, bar.low, bar.close, bar.volume] {
                    print = (print ^ value.to_bits()).wrapping_mul(0x0100_0000_01b3);
                }
            }
        }
    }
    assert_eq!(
        format!("{print:016x}"),
        "db142f1dae83fa38",
        "only a deliberate change of the path may change this"
    );
}

#[test]
fn before_the_beginning_there_is_nothing() {
    let (catalogue, history) = world(Opening::AsListed);
    let id = id(&catalogue, "SPY");
    let days = history.bars(id, Timeframe::D1, at("2014-03-01T00:00:00Z"), 2_000);
    assert!(!days.is_empty() && days.len() < 400, "{}", days.len());
    assert!(history.bars(id, Timeframe::M1, at("2010-01-01T00:00:00Z"), 10).is_empty());
}
