//! Quotes: the top of the book and the day's numbers of one instrument.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::time::DAY;
use super::{Decimal, Price, Qty, Time};

/// What is to be known about an instrument's market data: that they are delayed, or why there are none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataRemark {
    /// A word or two, for where the quote stands.
    pub short: Arc<str>,
    /// The whole of it, with what to do.
    pub text: Arc<str>,
}

/// Everything a watchlist row shows, as one value: the newest replaces the older.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Quote {
    /// Best bid.
    pub bid: Option<Price>,
    /// Quantity at the best bid.
    pub bid_size: Qty,
    /// Best ask.
    pub ask: Option<Price>,
    /// Quantity at the best ask.
    pub ask_size: Qty,
    /// Price of the last trade.
    pub last: Option<Price>,
    /// Quantity of the last trade.
    pub last_size: Qty,
    /// Units traded in this session.
    pub volume: Qty,
    /// Close of the session before, which `change` refers to.
    pub prev_close: Option<Price>,
    /// First price of this session.
    pub open: Option<Price>,
    /// Highest price of this session.
    pub high: Option<Price>,
    /// Lowest price of this session.
    pub low: Option<Price>,
    /// Whether the exchange takes orders now.
    pub is_open: bool,
    /// When the exchange says it was so.
    pub time: Time,
}

impl Quote {
    /// The price at which a position is valued: the last trade, moved into the spread where
    /// the book has left it behind; else the middle, else the previous close.
    #[must_use]
    pub fn mark(&self) -> Option<Price> {
        match (self.last, self.bid, self.ask) {
            (Some(last), Some(bid), Some(ask)) if bid <= ask => Some(last.clamp(bid, ask)),
            _ => self.last.or_else(|| self.mid()).or(self.prev_close),
        }
    }

    /// The time of the market, where it is more than a day from `received`: an open exchange that
    /// sends such a quote is none of today, but a recording. No delay is as long as that.
    #[must_use]
    pub fn market_time(&self, received: Time) -> Option<Time> {
        let is_told = self.is_open && self.time != Time::default();
        (is_told && received.0.abs_diff(self.time.0) > DAY.unsigned_abs()).then_some(self.time)
    }

    /// The middle of bid and ask.
    #[must_use]
    pub fn mid(&self) -> Option<Price> {
        let (bid, ask) = (self.bid?, self.ask?);
        Some(Price((bid.0 + ask.0) / Decimal::TWO))
    }

    /// Last price against the previous close.
    #[must_use]
    pub fn change(&self) -> Option<Decimal> {
        Some(self.last?.0 - self.prev_close?.0)
    }

    /// [`Self::change`] in per cent of the previous close; none of a close of zero, or next to it.
    #[must_use]
    pub fn change_percent(&self) -> Option<Decimal> {
        self.change()?.checked_div(self.prev_close?.0)?.checked_mul(Decimal::ONE_HUNDRED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_is_the_last_trade_within_the_spread() {
        let price = |cents: i64| Some(Price(Decimal::new(cents, 2)));
        let mark =
            |last, bid, ask| Quote { last, bid, ask, prev_close: price(9_000), ..Quote::default() }.mark();
        let (bid, ask) = (price(10_300), price(10_305));
        assert_eq!(mark(price(10_000), bid, ask), bid, "the book has risen above the last trade");
        assert_eq!(mark(price(10_400), bid, ask), ask);
        assert_eq!(mark(price(10_301), bid, ask), price(10_301));
        assert_eq!(mark(price(10_000), ask, bid), price(10_000), "a crossed book says nothing");
        assert_eq!(mark(price(10_000), bid, None), price(10_000));
        assert_eq!(mark(None, bid, ask), Some(Price(Decimal::new(103_025, 3))));
        assert_eq!(mark(None, bid, None), price(9_000));
    }
}
