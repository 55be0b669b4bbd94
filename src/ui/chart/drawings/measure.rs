//! What lies between two places: price, per cent, ticks, bars, time, volume.

use std::time::Duration;

use super::geometry::index_of;
use crate::domain::{Decimal, Mark, Price, TickTable};
use crate::ui::chart::ChartData;
use crate::ui::format::{self, float};

/// Two places that were measured between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Measured {
    pub from: Mark,
    pub to: Mark,
}

impl Measured {
    /// Whether it goes up.
    pub fn rises(self) -> bool {
        self.to.price >= self.from.price
    }

    /// What it comes to: the price and its ticks, bars and time, volume where there is any.
    pub fn words(self, data: &ChartData<'_>) -> Option<Vec<String>> {
        let Self { from, to } = self;
        let index = |mark: Mark| index_of(data.series, data.timeframe, mark.time);
        let (first, last) = (index(from)?, index(to)?);
        let change = to.price.0 - from.price.0;
        let percent = (!from.price.0.is_zero()).then(|| change / from.price.0.abs() * Decimal::ONE_HUNDRED);
        let percent = percent.map_or_else(String::new, |part| format!(" ({}%)", format::signed(part, 2)));
        let ticks = ticks_between(data.ticks, from.price, to.price);
        let word = if ticks.abs() == Decimal::ONE { "tick" } else { "ticks" };
        let price = format!(
            "{}{percent} · {} {word}",
            format::signed(change, data.decimals()),
            format::signed(ticks, 0)
        );
        let bars = last - first;
        let word = if bars.abs() == 1 { "bar" } else { "bars" };
        let time = span(from.time.since(to.time).max(to.time.since(from.time)));
        let mut words = vec![price, format!("{} {word} · {time}", format::signed(Decimal::from(bars), 0))];
        let bar = |index: i64| usize::try_from(index.max(0)).unwrap_or(0).min(data.series.len());
        let volume = data.series.extent(bar(first.min(last))..bar(first.max(last) + 1)).volume;
        if volume > 0.0 {
            words.push(format!("V {}", float::volume(volume, data.quantity_decimals)));
        }
        Some(words)
    }
}

/// How many ticks lie between two prices, each as large as its place has it.
fn ticks_between(ticks: &TickTable, from: Price, to: Price) -> Decimal {
    let (low, high) = (from.min(to).0, from.max(to).0);
    let rows = ticks.rows();
    let parts = rows.iter().enumerate().map(|(i, (begin, tick))| {
        // The first row reaches down without end, the last one up.
        let begin = if i == 0 { low } else { low.max(*begin) };
        let end = rows.get(i + 1).map_or(high, |(next, _)| high.min(*next));
        ((end - begin).max(Decimal::ZERO) / tick).round()
    });
    let count: Decimal = parts.sum();
    if to < from { -count } else { count }
}

/// `45 s`, `15 min`, `3 h 20 min`, `2 d 4 h`: the two largest units.
fn span(time: Duration) -> String {
    let seconds = time.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    let two = |(one, unit): (u64, &str), (other, less): (u64, &str)| match other {
        0 => format!("{one} {unit}"),
        _ => format!("{one} {unit} {other} {less}"),
    };
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => two((minutes, "min"), (seconds % 60, "s")),
        (0, ..) => two((hours, "h"), (minutes, "min")),
        _ => two((days, "d"), (hours, "h")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_span_of_time_is_told_in_its_two_largest_units() {
        for (seconds, told) in [
            (0, "0 s"),
            (45, "45 s"),
            (90, "1 min 30 s"),
            (900, "15 min"),
            (12_000, "3 h 20 min"),
            (187_200, "2 d 4 h"),
            (86_400, "1 d"),
        ] {
            assert_eq!(span(Duration::from_secs(seconds)), told);
        }
    }

    proptest! {
        #[test]
        fn ticks_are_counted_as_steps_from_one_price_to_the_other(start in 80_u32..120, steps in 0_i32..60) {
            // Tokyo's way: a coarser grid from 100 on.
            let row = |from: i64, tick: i64| (Decimal::from(from), Decimal::new(tick, 1));
            let ticks = TickTable::new(vec![row(0, 1), row(100, 5)]).unwrap();
            let from = Price(Decimal::from(start));
            let to = ticks.step(from, steps);
            prop_assert_eq!(ticks_between(&ticks, from, to), Decimal::from(steps));
            prop_assert_eq!(ticks_between(&ticks, to, from), Decimal::from(-steps));
        }
    }
}
