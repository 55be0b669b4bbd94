//! Instruments for recordings: the grid is inferred from the numbers themselves.
//!
//! Ticks and lots are the powers of ten that all recorded prices and volumes stand on, so
//! that what was recorded can be printed exactly; coarser ones where the numbers are so large
//! that the exchange could not take them. A replayed instrument is always open:
//! its recording says when there was trading.

use std::sync::Arc;

use super::ReplayInput;
use crate::domain::{
    AssetClass, BrokerId, Currency, Decimal, Instrument, InstrumentId, Qty, TickTable, TradingHours,
};
use crate::exchange::grid::{MAX_POINTS, MAX_UNITS};

/// More decimals than this are noise of the file.
const MOST_DECIMALS: u32 = 8;
/// The highest recorded price in ticks: half of what the exchange takes, because orders go above.
const MOST_TICKS: f64 = (MAX_POINTS / 2) as f64;
/// The largest recorded volume in lots.
const MOST_LOTS: f64 = MAX_UNITS as f64;

/// What a recording cannot tell about its instrument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplaySubject {
    /// Id in this run's catalogue.
    pub id: InstrumentId,
    /// Symbol, such as `SPY`.
    pub symbol: Arc<str>,
    /// Kind.
    pub class: AssetClass,
    /// Currency of its price.
    pub currency: Currency,
    /// IANA zone that its days are counted in.
    pub zone: String,
}

impl ReplaySubject {
    /// The instrument of a recording: ticks and lots by the decimals that it uses, open
    /// whenever the recording plays. A zone that does not exist is refused by the exchange.
    #[must_use]
    pub fn instrument(&self, input: &ReplayInput) -> Arc<Instrument> {
        let (price_decimals, lot_decimals) = decimals(input);
        let (price, volume) = input.largest();
        let price_decimals = fitting(price_decimals, price, MOST_TICKS);
        let lot_decimals = fitting(lot_decimals, volume, MOST_LOTS);
        Arc::new(Instrument {
            id: self.id,
            broker: BrokerId(0),
            symbol: Arc::clone(&self.symbol),
            name: format!("{} (replay)", self.symbol).into(),
            venue: "REPLAY".into(),
            class: self.class,
            currency: self.currency,
            ticks: TickTable::uniform(Decimal::new(1, price_decimals)).expect("a power of ten is positive"),
            lot: Qty(Decimal::new(1, lot_decimals)),
            multiplier: Decimal::ONE,
            hours: TradingHours::always(&self.zone),
        })
    }
}

/// Decimals that the prices and the volumes need.
fn decimals(input: &ReplayInput) -> (u32, u32) {
    match input {
        ReplayInput::Bars(bars, _) => {
            let prices = bars.iter().flat_map(|bar| [bar.open, bar.high, bar.low, bar.close]);
            (decimals_of(prices), decimals_of(bars.iter().map(|bar| bar.volume)))
        }
        ReplayInput::Trades(trades) => {
            let most = |scales: &mut dyn Iterator<Item = Decimal>| {
                scales.map(|value| value.normalize().scale()).max().unwrap_or(0).min(MOST_DECIMALS)
            };
            (most(&mut trades.iter().map(|t| t.price.0)), most(&mut trades.iter().map(|t| t.quantity.0)))
        }
    }
}

/// As many of the decimals as a grid of `most` steps can count `largest` with.
fn fitting(decimals: u32, largest: f64, most: f64) -> u32 {
    let fits = |decimals: &u32| largest * 10_f64.powi(decimals.cast_signed()) <= most;
    (0..=decimals).rev().find(fits).unwrap_or(0)
}

/// Whether the exchange can list these numbers at all.
pub(super) fn can_be_listed(price: f64, volume: f64) -> bool {
    price <= MOST_TICKS && volume <= MOST_LOTS
}

fn decimals_of(values: impl Iterator<Item = f64>) -> u32 {
    let (mut decimals, mut scale) = (0, 1.0);
    for value in values {
        // An f64 holds about 15 digits; what is left of more is rounding.
        let is_whole = |scale: f64| {
            (value * scale - (value * scale).round()).abs() <= 1e-9 * (value * scale).abs().max(1.0)
        };
        while decimals < MOST_DECIMALS && !is_whole(scale) {
            decimals += 1;
            scale *= 10.0;
        }
    }
    decimals
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Bar, Time, Timeframe};

    fn check(prices: &[f64], volumes: &[f64], tick: &str, lot: &str) {
        let bar = |(i, (&p, &v)): (i64, (&f64, &f64))| Bar::from_trade(Time::from_seconds(60 * i), p, v);
        let bars: Vec<Bar> = (0..).zip(prices.iter().zip(volumes)).map(bar).collect();
        let subject = ReplaySubject {
            id: InstrumentId(3),
            symbol: "X".into(),
            class: AssetClass::Share,
            currency: Currency::USD,
            zone: "UTC".to_owned(),
        };
        let instrument = subject.instrument(&ReplayInput::Bars(bars.into(), Timeframe::M1));
        assert_eq!(instrument.ticks.rows(), &[(Decimal::ZERO, tick.parse().unwrap())]);
        assert_eq!(instrument.lot, Qty(lot.parse().unwrap()));
        assert!(instrument.hours.is_always());
    }

    #[test]
    fn the_grid_is_as_fine_as_the_numbers() {
        check(&[167.4, 167.43], &[100.0, 2_300.0], "0.01", "1");
        check(&[15_992_600.0, 16_000_000.0], &[0.0001, 147.9714], "1", "0.0001");
        check(&[1.16243, 0.1 + 0.2], &[0.0, 0.0], "0.00001", "1");
        check(&[1.0 / 3.0], &[1.5], "0.00000001", "0.1");
        // As fine as the exchange can count them.
        check(&[12_345.5, 0.000_012_34], &[2_000_000.0, 0.123_456_78], "0.0000001", "0.0000001");
        check(&[450_000_000_000.5], &[40_000_000_000_000.5], "1", "1");
    }
}
