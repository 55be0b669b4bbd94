//! Ticks of TWS, folded into quotes and prints.
//!
//! A line of market data brings one field at a time. What has changed is told as whole quotes, once per
//! delivery. Where trades come tick by tick, those are the prints; else the aggregated ones of `RTVolume`;
//! else the last price, whenever it is told. Of currencies TWS tells no trades, and makes their bars of the
//! middle of the quotes: so a middle that has moved is a print of nothing here, for bars alone.
//!
//! Delayed and frozen data must never pass for a market. They are told with the instant at which the session
//! began as the time of their reception: no sign of life makes them younger, and the gate holds back what opens
//! a position against them unless the trader insists.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ibapi::contracts::tick_types::TickType;
use ibapi::market_data::MarketDataType;
use ibapi::market_data::realtime::{TickTypes, Trade as TheirTrade};

use super::lines::has_trades;
use super::listed::Listing;
use super::number::{price, quantity};
use super::times;
use crate::broker::contract::{BrokerEvent, MarketEvent};
use crate::domain::{InstrumentId, Price, Qty, Quote, Time, Trade};
use crate::link::NoticeLevel;
use crate::market::calendar::Calendar;

/// An old quote is not told as one of another day, however long the session lasts.
const FAR: Duration = Duration::from_hours(12);
const SECOND: Duration = Duration::from_secs(1);

/// Where the prints of an instrument come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Prints {
    /// There are none.
    Middle,
    Last,
    Volume,
    TickByTick,
}

#[derive(Debug)]
struct Line {
    quote: Quote,
    kind: MarketDataType,
    prints: Prints,
    calendar: Option<Calendar>,
    /// The last middle that was told of, where there are no trades.
    middle: Option<Price>,
    is_halted: bool,
    is_dirty: bool,
    waiting: Vec<Trade>,
}

/// The quotes of everything that is watched.
#[derive(Debug)]
pub(super) struct Quotes {
    began: Time,
    lines: BTreeMap<InstrumentId, Line>,
    /// Those that may have something to tell.
    dirty: BTreeSet<InstrumentId>,
    /// When it was looked last which exchanges are open.
    looked: Time,
}

impl Quotes {
    /// Of a session that begins at `now`.
    pub fn new(now: Time) -> Self {
        Self { began: now, lines: BTreeMap::new(), dirty: BTreeSet::new(), looked: Time::MIN }
    }

    /// A line begins, or begins anew: what an earlier one had told holds no more.
    pub fn begin(&mut self, id: InstrumentId, listing: &Listing) {
        let calendar = listing.instrument(id).and_then(|i| Calendar::new(&i.hours).ok());
        let has_trades = listing.instrument(id).is_none_or(has_trades);
        let first = if has_trades { Prints::Last } else { Prints::Middle };
        let prints = self.lines.get(&id).map_or(first, |line| line.prints);
        self.looked = Time::MIN;
        self.lines.insert(
            id,
            Line {
                quote: Quote::default(),
                kind: MarketDataType::Realtime,
                prints,
                calendar,
                middle: None,
                is_halted: false,
                is_dirty: false,
                waiting: Vec::new(),
            },
        );
    }

    /// Nobody watches it any more.
    pub fn end(&mut self, id: InstrumentId) {
        self.lines.remove(&id);
    }

    /// Trades come tick by tick from now on, or no more.
    pub fn comes_tick_by_tick(&mut self, id: InstrumentId, comes: bool) {
        if let Some(line) = self.lines.get_mut(&id) {
            line.prints = if comes { Prints::TickByTick } else { Prints::Last };
        }
    }

    /// A tick came. Something may be worth a line of the log.
    pub fn tick(
        &mut self,
        id: InstrumentId,
        tick: &TickTypes,
        listing: &Listing,
        now: Time,
    ) -> Option<BrokerEvent> {
        let line = self.lines.get_mut(&id)?;
        self.dirty.insert(id);
        match tick {
            TickTypes::Price(tick) => line.price(tick.tick_type, tick.price, None, now),
            TickTypes::PriceSize(tick) => line.price(tick.price_tick_type, tick.price, Some(tick.size), now),
            TickTypes::Size(tick) => line.size(tick.tick_type, tick.size),
            TickTypes::String(tick) => line.text(tick.tick_type, &tick.value, now),
            TickTypes::Generic(tick)
                if matches!(tick.tick_type, TickType::Halted | TickType::DelayedHalted) =>
            {
                line.is_halted = tick.value > 0.0;
                line.opens_or_closes(now);
            }
            TickTypes::MarketDataType(kind) => return line.becomes(*kind, listing.symbol(id)),
            _ => {}
        }
        None
    }

    /// A trade came tick by tick.
    pub fn trade(&mut self, id: InstrumentId, theirs: &TheirTrade) {
        let Some(line) = self.lines.get_mut(&id) else { return };
        let Some(time) = times::of_seconds(theirs.time.unix_timestamp()) else { return };
        // Odd trades that move no price are marked so.
        if theirs.trade_attribute.unreported {
            return;
        }
        if let (Some(price), Some(quantity)) = (price(theirs.price), quantity(theirs.size)) {
            line.waiting.push(Trade { time, price, quantity, aggressor: None });
            self.dirty.insert(id);
        }
    }

    /// What has changed since it was told last: at most two deliveries, one of live data, one of old.
    pub fn flush(&mut self, now: Time) -> Vec<BrokerEvent> {
        if now.since(self.looked) >= SECOND {
            self.looked = now;
            for (id, line) in &mut self.lines {
                if line.opens_or_closes(now) {
                    self.dirty.insert(*id);
                }
            }
        }
        let (mut live, mut old) = (Vec::new(), Vec::new());
        for id in std::mem::take(&mut self.dirty) {
            let Some(line) = self.lines.get_mut(&id) else { continue };
            let events = if line.is_old() { &mut old } else { &mut live };
            let middle = line.middle(now);
            line.waiting.extend(middle);
            events.extend(line.waiting.drain(..).map(|trade| MarketEvent::Trade(id, trade)));
            if std::mem::take(&mut line.is_dirty) {
                events.push(MarketEvent::Quote(id, line.told(self.began, now)));
            }
        }
        let told = |received, events: Vec<MarketEvent>| {
            (!events.is_empty()).then_some(BrokerEvent::Market { received, events })
        };
        let before = Time(self.began.0.saturating_sub(1));
        told(now, live).into_iter().chain(told(before, old)).collect()
    }
}

impl Line {
    /// Looks whether its exchange takes orders now; whether that has changed and is worth telling.
    fn opens_or_closes(&mut self, now: Time) -> bool {
        let is_open = !self.is_halted && self.calendar.as_ref().is_none_or(|calendar| calendar.is_open(now));
        let has_changed = std::mem::replace(&mut self.quote.is_open, is_open) != is_open;
        self.is_dirty |= has_changed && self.has_something();
        self.is_dirty
    }

    /// The print of a middle that has moved.
    fn middle(&mut self, now: Time) -> Option<Trade> {
        let middle = self.quote.mid().filter(|_| self.prints == Prints::Middle);
        if middle.is_none() || middle == self.middle {
            return None;
        }
        self.middle = middle;
        Some(Trade { time: now, price: middle?, quantity: Qty::ZERO, aggressor: None })
    }

    /// Whether there is anything to tell but that the exchange is open.
    fn has_something(&self) -> bool {
        self.quote != Quote { is_open: self.quote.is_open, ..Quote::default() }
    }

    /// Whether the market is elsewhere by now, or will be when it opens.
    fn is_old(&self) -> bool {
        use MarketDataType::{Delayed, DelayedFrozen, Frozen};
        matches!(self.kind, Delayed | DelayedFrozen | Frozen)
    }

    fn told(&self, began: Time, now: Time) -> Quote {
        let mut quote = self.quote;
        if !self.is_old() {
            quote.time = now;
        } else if quote.time.since(began) > FAR || began.since(quote.time) > FAR {
            quote.time = began;
        }
        quote
    }

    fn becomes(&mut self, kind: MarketDataType, symbol: &str) -> Option<BrokerEvent> {
        if std::mem::replace(&mut self.kind, kind) == kind {
            return None;
        }
        self.is_dirty |= self.has_something();
        let (level, text) = match kind {
            MarketDataType::Realtime => (NoticeLevel::Info, "live data"),
            MarketDataType::Frozen => (NoticeLevel::Warning, "frozen data, the last of a closed market"),
            MarketDataType::Delayed => (NoticeLevel::Warning, "delayed data, some 15 minutes old"),
            MarketDataType::DelayedFrozen => {
                (NoticeLevel::Warning, "delayed and frozen data, the last of a closed market")
            }
            MarketDataType::Unknown => return None,
        };
        Some(BrokerEvent::Note(level, format!("{symbol}: {text}").into()))
    }

    fn price(&mut self, kind: TickType, value: f64, size: Option<f64>, now: Time) {
        let value = price(value);
        let size = size.and_then(quantity);
        let quote = &mut self.quote;
        match kind {
            TickType::Bid | TickType::DelayedBid => {
                quote.bid = value;
                quote.bid_size = size.unwrap_or(quote.bid_size);
            }
            TickType::Ask | TickType::DelayedAsk => {
                quote.ask = value;
                quote.ask_size = size.unwrap_or(quote.ask_size);
            }
            TickType::Last | TickType::DelayedLast => {
                quote.last = value;
                quote.last_size = size.unwrap_or(quote.last_size);
                let is_dated = self.kind != MarketDataType::Realtime && quote.time != Time::default();
                let time = if is_dated { quote.time } else { now };
                if let (Prints::Last, Some(price), Some(quantity)) = (self.prints, value, size) {
                    self.waiting.push(Trade { time, price, quantity, aggressor: None });
                }
            }
            TickType::High | TickType::DelayedHigh => quote.high = value,
            TickType::Low | TickType::DelayedLow => quote.low = value,
            TickType::Open | TickType::DelayedOpen => quote.open = value,
            TickType::Close | TickType::DelayedClose => quote.prev_close = value,
            _ => return,
        }
        if self.quote.bid.is_none() {
            self.quote.bid_size = Qty::ZERO;
        }
        if self.quote.ask.is_none() {
            self.quote.ask_size = Qty::ZERO;
        }
        self.is_dirty = true;
    }

    fn size(&mut self, kind: TickType, value: f64) {
        let Some(value) = quantity(value) else { return };
        let quote = &mut self.quote;
        match kind {
            TickType::BidSize | TickType::DelayedBidSize => quote.bid_size = value,
            TickType::AskSize | TickType::DelayedAskSize => quote.ask_size = value,
            TickType::LastSize | TickType::DelayedLastSize => quote.last_size = value,
            TickType::Volume | TickType::DelayedVolume => quote.volume = value,
            _ => return,
        }
        self.is_dirty = true;
    }

    fn text(&mut self, kind: TickType, value: &str, now: Time) {
        match kind {
            TickType::LastTimestamp | TickType::DelayedLastTimestamp => {
                if let Ok(seconds) = value.trim().parse::<u32>() {
                    self.quote.time = Time::from_seconds(seconds.into());
                }
            }
            TickType::RtVolume => {
                if self.prints < Prints::TickByTick
                    && let Some(trade) = print(value, now)
                {
                    self.prints = Prints::Volume;
                    self.waiting.push(trade);
                }
            }
            _ => {}
        }
    }
}

/// A print of "RTVolume": price, size, time in milliseconds, and what is of the day.
fn print(text: &str, now: Time) -> Option<Trade> {
    let mut fields = text.split(';');
    let price = price(fields.next()?.trim().parse().ok()?)?;
    let quantity = quantity(fields.next()?.trim().parse().ok()?).filter(|size| !size.is_zero())?;
    let millis: Option<i64> = fields.next().and_then(|field| field.trim().parse().ok());
    let time = millis.and_then(times::of_millis).unwrap_or(now);
    Some(Trade { time, price, quantity, aggressor: None })
}

#[cfg(test)]
mod tests;
