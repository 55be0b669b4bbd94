//! Whether a price has reached what an alert waits for.

use std::collections::VecDeque;

use crate::domain::alert::{Condition, Since, Way, price_in_words, price_of};
use crate::domain::time::MINUTE;
use crate::domain::{AssetClass, Decimal, Instrument, Price, Quote, Time};

/// Parts that a time is looked at in; what is kept of each is its highest and its lowest price.
const PARTS: i64 = 60;

/// What is known of a price between two looks at it.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// Whether the price was seen, and all that has come since.
    pub is_live: bool,
    /// The extremes of the day as they were told last, where trades make them.
    extremes: Option<(Price, Price)>,
    window: Window,
}

/// What a look at a price has come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Look {
    /// It is on the near side.
    Near,
    /// It has reached what was waited for; in words.
    Reached(String),
}

impl Watch {
    /// Nothing has come for a while: what the price did meanwhile nobody knows.
    pub fn lose(&mut self) {
        self.is_live = false;
        self.extremes = None;
        self.window.lose();
    }

    /// A move was told: the next is counted from here.
    pub fn begin_anew(&mut self) {
        self.window.parts.clear();
    }

    /// Looks at a quote; `None` where it has no price, or nothing to count from.
    pub fn look(
        &mut self,
        condition: &Condition,
        instrument: &Instrument,
        quote: &Quote,
        now: Time,
    ) -> Option<Look> {
        let price = price_of(instrument, quote)?;
        let (lowest, highest) = self.reached(price, instrument, quote);
        let levels = self.levels(condition, price, quote, now)?;
        let is_up = levels.up.is_some_and(|level| highest >= level);
        let is_down = levels.down.is_some_and(|level| lowest <= level);
        let at = match (is_up, is_down) {
            (true, _) => highest,
            (_, true) => lowest,
            _ => return Some(Look::Near),
        };
        let decimals = instrument.ticks.decimals();
        let (words, told) = (|price| price_in_words(price, decimals), levels.told(at, condition, decimals));
        let text = format!("{} {}: {told}", instrument.symbol, words(at));
        let text = if at == price { text } else { format!("{text}, and is {} now", words(price)) };
        Some(Look::Reached(text))
    }

    /// How far the price went since the last look: a trade that no quote has shown moves the day's extremes.
    fn reached(&mut self, price: Price, instrument: &Instrument, quote: &Quote) -> (Price, Price) {
        if instrument.class == AssetClass::Fx {
            return (price, price);
        }
        let told = quote.low.zip(quote.high);
        let before = std::mem::replace(&mut self.extremes, told).filter(|_| self.is_live);
        let Some(((low, high), (low_before, high_before))) = told.zip(before) else { return (price, price) };
        let lowest = if low < low_before { low.min(price) } else { price };
        let highest = if high > high_before { high.max(price) } else { price };
        (lowest, highest)
    }

    fn levels(&mut self, condition: &Condition, price: Price, quote: &Quote, now: Time) -> Option<Levels> {
        let (percent, way, since) = match condition {
            Condition::Above { price, .. } => return Some(Levels::at(Some(*price), None)),
            Condition::Below { price, .. } => return Some(Levels::at(None, Some(*price))),
            Condition::Move { percent, way, since, .. } => (*percent, *way, *since),
            Condition::Fill { .. } | Condition::Disconnect => return None,
        };
        let (lowest, highest) = match since {
            Since::PreviousClose => quote.prev_close.map(|close| (close, close))?,
            Since::Price(from) => (from, from),
            Since::Minutes(minutes) => self.window.add(price, now, minutes),
        };
        // Of a price of zero or less no part can be told.
        let is_told = lowest.0 > Decimal::ZERO;
        is_told.then(|| Levels {
            up: (way != Way::Down).then(|| moved(lowest, percent)).flatten(),
            down: (way != Way::Up).then(|| moved(highest, -percent)).flatten(),
            from: Some((lowest, highest)),
        })
    }
}

fn moved(from: Price, percent: Decimal) -> Option<Price> {
    let by = from.0.checked_mul(percent)?.checked_div(Decimal::ONE_HUNDRED)?;
    from.0.checked_add(by).map(Price)
}

/// Where an alert fires.
struct Levels {
    up: Option<Price>,
    down: Option<Price>,
    /// What a rise and what a fall is counted from.
    from: Option<(Price, Price)>,
}

impl Levels {
    fn at(up: Option<Price>, down: Option<Price>) -> Self {
        Self { up, down, from: None }
    }

    /// What the price has done, in words.
    fn told(&self, at: Price, condition: &Condition, decimals: u32) -> String {
        let words = |price| price_in_words(price, decimals);
        let Some((lowest, highest)) = self.from else {
            return match (self.up, self.down) {
                (Some(level), _) => format!("at {} or above", words(level)),
                (_, level) => format!("at {} or below", words(level.unwrap_or(at))),
            };
        };
        let is_up = self.up.is_some_and(|level| at >= level);
        let from = if is_up { lowest } else { highest };
        let change = at.0.checked_sub(from.0).and_then(|change| change.checked_mul(Decimal::ONE_HUNDRED));
        let change = change.and_then(|change| change.checked_div(from.0)).unwrap_or_default();
        let since = match condition {
            Condition::Move { since: Since::PreviousClose, .. } => "since the close before".to_owned(),
            Condition::Move { since: Since::Minutes(minutes), .. } => format!("within {minutes} min"),
            _ => format!("from {}", words(from)),
        };
        format!("{} {:.2} % {since}", if is_up { "up" } else { "down" }, change.abs())
    }
}

/// The lowest and the highest price of a time, kept in parts of it. A price holds until the next.
#[derive(Debug, Default)]
struct Window {
    /// Of each part its number, its lowest and its highest price; the oldest first.
    parts: VecDeque<(i64, Price, Price)>,
    /// The newest price, while it is known to hold.
    last: Option<Price>,
}

impl Window {
    fn lose(&mut self) {
        self.last = None;
    }

    /// Adds a price; the lowest and the highest of so many minutes up to `now`.
    fn add(&mut self, price: Price, now: Time, minutes: u32) -> (Price, Price) {
        let part = now.0.div_euclid(i64::from(minutes) * MINUTE / PARTS);
        // What was told before held until now.
        let held = self.last.replace(price).unwrap_or(price);
        let (low, high) = (price.min(held), price.max(held));
        match self.parts.back_mut() {
            Some((newest, lowest, highest)) if *newest >= part => {
                (*lowest, *highest) = ((*lowest).min(low), (*highest).max(high));
            }
            _ => self.parts.push_back((part, low, high)),
        }
        while self.parts.front().is_some_and(|(oldest, ..)| *oldest <= part - PARTS) {
            self.parts.pop_front();
        }
        self.parts
            .iter()
            .fold((low, high), |(lowest, highest), (_, low, high)| (lowest.min(*low), highest.max(*high)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::SECOND;
    use proptest::prelude::*;

    proptest! {
        /// Against all prices kept as a staircase: the extremes of the last sixty parts, with the price that
        /// held when they began.
        #[test]
        fn the_extremes_are_those_of_the_time(
            steps in prop::collection::vec((0_i64..200, 1_i64..1_000, prop::bool::weighted(0.05)), 1..60),
            minutes in 1_u32..20,
        ) {
            let mut window = Window::default();
            let width = i64::from(minutes) * MINUTE / PARTS;
            // When each price began, and until when it is known to have held.
            let mut held: Vec<(i64, i64, Price)> = Vec::new();
            let (mut now, mut is_known) = (0_i64, false);
            for (after, price, is_lost) in steps {
                now += after * SECOND;
                let price = Price(price.into());
                if let Some(last) = held.last_mut().filter(|_| is_known) {
                    last.1 = now;
                }
                held.push((now, now, price));
                is_known = true;
                let oldest = now.div_euclid(width) - PARTS;
                let of_time: Vec<Price> =
                    held.iter().filter(|(_, to, _)| to.div_euclid(width) > oldest).map(|h| h.2).collect();
                let expected = (*of_time.iter().min().unwrap(), *of_time.iter().max().unwrap());
                prop_assert_eq!(window.add(price, Time(now), minutes), expected);
                prop_assert!(i64::try_from(window.parts.len()).unwrap() <= PARTS);
                if is_lost {
                    window.lose();
                    is_known = false;
                }
            }
        }
    }
}
