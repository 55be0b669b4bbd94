//! What the contract calls reports, market data and bars, as it stands on the wire.
//!
//! The contract's types are made for the engine and may change with it; these are the protocol,
//! and change with [`super::VERSION`] only.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::BarsWanted;
use crate::broker::contract::{HistoryRequest, MarketEvent, Report, ReportKind};
use crate::domain::{
    Bar, Depth, InstrumentId, Level, OrderId, OrderSpec, OrderStatus, Price, Qty, Quote, Time, Trade,
};

/// See [`Report`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReportLine {
    /// Which order.
    pub order: OrderId,
    /// What is said of it.
    pub says: Says,
    /// When it happened.
    pub time: Time,
}

/// See [`ReportKind`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Says {
    /// It stands so.
    Status(OrderStatus, Option<Arc<str>>),
    /// The order from now on.
    Amended(OrderSpec),
    /// Where its trailing stop triggers.
    Trigger(Price),
    /// The change was refused.
    AmendRefused(Arc<str>),
    /// The cancel was refused.
    CancelRefused(Arc<str>),
}

impl From<Report> for ReportLine {
    fn from(report: Report) -> Self {
        let Report { order, kind, time } = report;
        let says = match kind {
            ReportKind::Status { status, reason } => Says::Status(status, reason),
            ReportKind::Amended(spec) => Says::Amended(spec),
            ReportKind::Trigger(price) => Says::Trigger(price),
            ReportKind::AmendRefused(why) => Says::AmendRefused(why),
            ReportKind::CancelRefused(why) => Says::CancelRefused(why),
        };
        Self { order, says, time }
    }
}

impl From<ReportLine> for Report {
    fn from(line: ReportLine) -> Self {
        let ReportLine { order, says, time } = line;
        let kind = match says {
            Says::Status(status, reason) => ReportKind::Status { status, reason },
            Says::Amended(spec) => ReportKind::Amended(spec),
            Says::Trigger(price) => ReportKind::Trigger(price),
            Says::AmendRefused(why) => ReportKind::AmendRefused(why),
            Says::CancelRefused(why) => ReportKind::CancelRefused(why),
        };
        Self { order, kind, time }
    }
}

/// See [`MarketEvent`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum MarketLine {
    /// The top of the book and the day's numbers.
    Quote(InstrumentId, Quote),
    /// A print.
    Trade(InstrumentId, Trade),
    /// The book: price, quantity and number of orders of each level, bids first.
    Depth(InstrumentId, Vec<LevelLine>, Vec<LevelLine>, Time),
}

/// Price, quantity, number of orders.
type LevelLine = (Price, Qty, u32);

impl From<MarketEvent> for MarketLine {
    fn from(event: MarketEvent) -> Self {
        let lines = |levels: &[Level]| {
            levels.iter().map(|level| (level.price, level.quantity, level.orders)).collect()
        };
        match event {
            MarketEvent::Quote(id, quote) => Self::Quote(id, quote),
            MarketEvent::Trade(id, trade) => Self::Trade(id, trade),
            MarketEvent::Depth(id, depth) => {
                Self::Depth(id, lines(&depth.bids), lines(&depth.asks), depth.time)
            }
        }
    }
}

impl From<MarketLine> for MarketEvent {
    fn from(line: MarketLine) -> Self {
        let levels = |lines: Vec<LevelLine>| {
            lines.into_iter().map(|(price, quantity, orders)| Level { price, quantity, orders }).collect()
        };
        match line {
            MarketLine::Quote(id, quote) => Self::Quote(id, quote),
            MarketLine::Trade(id, trade) => Self::Trade(id, trade),
            MarketLine::Depth(id, bids, asks, time) => {
                let depth = Depth { bids: levels(bids), asks: levels(asks), time };
                Self::Depth(id, Arc::new(depth))
            }
        }
    }
}

/// A bar: its time, and the bits of open, high, low, close and volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BarLine(Time, u64, u64, u64, u64, u64);

impl From<Bar> for BarLine {
    fn from(bar: Bar) -> Self {
        let Bar { time, open, high, low, close, volume } = bar;
        Self(time, open.to_bits(), high.to_bits(), low.to_bits(), close.to_bits(), volume.to_bits())
    }
}

impl BarLine {
    /// The bar, if it can be one.
    #[must_use]
    pub fn bar(self) -> Option<Bar> {
        let Self(time, open, high, low, close, volume) = self;
        let [open, high, low, close, volume] = [open, high, low, close, volume].map(f64::from_bits);
        Some(Bar { time, open, high, low, close, volume }).filter(Bar::is_sound)
    }
}

impl From<HistoryRequest> for BarsWanted {
    fn from(request: HistoryRequest) -> Self {
        let HistoryRequest { instrument, timeframe, before, count } = request;
        Self { instrument, timeframe, before, count }
    }
}

impl From<BarsWanted> for HistoryRequest {
    fn from(wanted: BarsWanted) -> Self {
        let BarsWanted { instrument, timeframe, before, count } = wanted;
        Self { instrument, timeframe, before, count }
    }
}
