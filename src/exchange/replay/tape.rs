//! Recorded bars and trades as prints.
//!
//! A recorded trade is one print. A bar becomes prints along a path from its open over
//! its extremes (the nearer one to the open's direction first: low first when it closed
//! up) to its close; they aggregate to exactly the bar's prices and, on the lot grid,
//! its volume. A bar that trades fewer lots than it has turning points gets a lot for
//! each; one without volume in a recording that has volumes is a pause.

use super::ReplayInput;
use crate::domain::{Bar, Side, Time, Timeframe, Trade};
use crate::exchange::synth::grid::Grid;
use crate::exchange::synth::rng::{Rng, hash};
use crate::exchange::synth::share;

/// One trade to be printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Print {
    /// When.
    pub time: Time,
    /// At which price.
    pub units: i64,
    /// How much.
    pub lots: i64,
    /// Who crosses the spread.
    pub aggressor: Side,
}

/// How the bars of a recording are played.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// Whether any bar has volume.
    pub has_volume: bool,
    /// Seed of the paths inside the bars.
    pub seed: u64,
}

/// The period of a bar.
#[derive(Debug, Clone, Copy)]
pub struct Period {
    /// Of which kind.
    pub timeframe: Timeframe,
    /// When it ends, or the next bar begins.
    pub end: Time,
}

/// Prints of a bar of this timeframe at most.
fn most_prints(timeframe: Timeframe) -> i64 {
    match timeframe {
        Timeframe::S1 => 4,
        Timeframe::S5 | Timeframe::S15 => 8,
        Timeframe::S30 | Timeframe::M1 | Timeframe::M3 => 24,
        Timeframe::M5 | Timeframe::M15 | Timeframe::M30 => 60,
        _ => 240,
    }
}

/// The prints of a bar, in order of time, all within its period. `previous` is the
/// last price before it, which the first print's direction is told by.
pub fn prints_of_bar(
    bar: &Bar,
    period: Period,
    previous: i64,
    grid: &Grid,
    style: Style,
    prints: &mut Vec<Print>,
) {
    let [open, high, low, close] = [bar.open, bar.high, bar.low, bar.close].map(|p| grid.nearest(p));
    let lots = grid.lots_of(bar.volume).round() as i64;
    if lots <= 0 && style.has_volume && high == low {
        return;
    }
    let mut turns = vec![open];
    for turn in if close >= open { [low, high, close] } else { [high, low, close] } {
        if turns.last() != Some(&turn) {
            turns.push(turn);
        }
    }
    let needed = i64::try_from(turns.len()).unwrap_or(i64::MAX);
    let count = most_prints(period.timeframe).min(lots).max(needed);
    let mut rng = Rng::new(hash(style.seed, bar.time.0 as u64));
    let path = path_through(&turns, count, (low, high), grid, &mut rng);
    let weights: Vec<f64> = path.iter().map(|_| 0.2 + rng.exponential()).collect();
    let mut sizes = Vec::with_capacity(path.len());
    share(lots, 1, &weights, &mut sizes);
    let length = period.end.0 - bar.time.0;
    let mut last = (previous, Side::Buy);
    for (place, (units, lots)) in (0i64..).zip(path.into_iter().zip(sizes)) {
        // At the middle of each share of the period, so that none falls on the next bar's start.
        let time = Time(bar.time.0 + length / (2 * count) * (2 * place + 1));
        let aggressor = direction(last, units);
        prints.push(Print { time, units, lots, aggressor });
        last = (units, aggressor);
    }
}

/// `count` grid prices through all `turns`, straight with a little noise between them.
fn path_through(turns: &[i64], count: i64, (low, high): (i64, i64), grid: &Grid, rng: &mut Rng) -> Vec<i64> {
    let legs: Vec<i64> = turns.windows(2).map(|pair| (pair[1] - pair[0]).abs()).collect();
    let distance: i64 = legs.iter().sum();
    let spare = count - i64::try_from(turns.len()).unwrap_or(i64::MAX);
    let mut path = vec![turns[0]];
    if legs.is_empty() {
        path.resize(usize::try_from(count).unwrap_or(1), turns[0]);
        return path;
    }
    let (mut walked, mut used) = (0, 0);
    for (pair, leg) in turns.windows(2).zip(&legs) {
        walked += leg;
        let until =
            if walked == distance { spare } else { (spare as f64 * walked as f64 / distance as f64) as i64 };
        let inner = until - used;
        for step in 1..=inner {
            let straight = pair[0] as f64 + (pair[1] - pair[0]) as f64 * step as f64 / (inner + 1) as f64;
            let noisy = straight + 0.08 * (high - low) as f64 * rng.normal();
            path.push(
                grid.nearest(grid.price_f64(1) * noisy.clamp(low as f64, high as f64)).clamp(low, high),
            );
        }
        path.push(pair[1]);
        used = until;
    }
    path
}

/// A recorded trade as a print; without a recorded aggressor, by the tick rule.
pub fn print_of_trade(trade: &Trade, last: (i64, Side), grid: &Grid) -> Print {
    let units = grid.units(trade.price);
    let aggressor = trade.aggressor.unwrap_or_else(|| direction(last, units));
    Print { time: trade.time, units, lots: grid.lots(trade.quantity), aggressor }
}

/// Who traded, by the tick rule: up is a buyer, down a seller, unchanged the same as before.
fn direction((before, side): (i64, Side), units: i64) -> Side {
    match units.cmp(&before) {
        std::cmp::Ordering::Greater => Side::Buy,
        std::cmp::Ordering::Less => Side::Sell,
        std::cmp::Ordering::Equal => side,
    }
}

/// Size of the book's orders, in lots, around a recording that has no volumes.
const LOTS_WITHOUT_VOLUME: f64 = 1_000.0;

/// Lots of a usual print of the recording, for the size of the book around it.
pub fn usual_lots(input: &ReplayInput, grid: &Grid) -> f64 {
    let (lots, prints) = match input {
        ReplayInput::Bars(bars, timeframe) => {
            let lots: f64 = bars.iter().map(|bar| grid.lots_of(bar.volume)).sum();
            (lots, bars.len() as f64 * most_prints(*timeframe) as f64)
        }
        ReplayInput::Trades(trades) => {
            let lots: f64 = trades.iter().map(|t| grid.lots(t.quantity) as f64).sum();
            (lots, trades.len() as f64)
        }
    };
    if lots > 0.0 { (lots / prints.max(1.0)).max(1.0) } else { LOTS_WITHOUT_VOLUME }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::{AssetClass, Currency, InstrumentId};
    use crate::exchange::replay::ReplaySubject;

    fn grid(bars: Vec<Bar>) -> Grid {
        let subject = ReplaySubject {
            id: InstrumentId(0),
            symbol: "X".into(),
            class: AssetClass::Share,
            currency: Currency::USD,
            zone: "UTC".to_owned(),
        };
        Grid::new(&subject.instrument(&ReplayInput::Bars(bars.into(), Timeframe::M1)))
    }

    proptest! {
        #[test]
        fn prints_aggregate_to_the_bar(
            cents in prop::array::uniform4(1i64..3_000),
            lots in 0i64..5_000,
            seed in any::<u64>(),
        ) {
            let price = |c: i64| c as f64 / 100.0;
            let bar = Bar {
                time: Time::from_seconds(600),
                open: price(cents[0]),
                close: price(cents[1]),
                high: price(*cents.iter().max().unwrap()),
                low: price(*cents.iter().min().unwrap()),
                volume: lots as f64,
            };
            let grid = grid(vec![Bar::from_trade(Time(0), 0.01, 1.0)]);
            let mut prints = Vec::new();
            let style = Style { has_volume: true, seed };
            let period = Period { timeframe: Timeframe::M1, end: Time::from_seconds(660) };
            prints_of_bar(&bar, period, 1, &grid, style, &mut prints);
            if bar.high.to_bits() == bar.low.to_bits() && lots == 0 {
                prop_assert!(prints.is_empty());
                return Ok(());
            }
            let mut again = Bar::from_trade(bar.time, grid.price_f64(prints[0].units), prints[0].lots as f64);
            for print in &prints[1..] {
                again.add_trade(grid.price_f64(print.units), print.lots as f64);
            }
            let prices = |bar: &Bar| [bar.open, bar.high, bar.low, bar.close].map(f64::to_bits);
            prop_assert_eq!(prices(&again), prices(&bar));
            if lots >= 4 {
                prop_assert_eq!(again.volume as i64, lots);
            }
            prop_assert!(prints.iter().all(|p| p.lots > 0));
            prop_assert!(prints.windows(2).all(|p| p[0].time < p[1].time));
            prop_assert!(prints[0].time >= bar.time && prints[prints.len() - 1].time.0 < bar.time.0 + Timeframe::M1.nanos());
        }
    }
}
