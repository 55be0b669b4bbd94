//! Drives an exchange with the crowds of all instruments, event by event.
//!
//! For the paper broker, which owns a [`Market`] beside its exchange and calls
//! [`Market::advance`] as often as it likes. Whoever acts next is taken from one queue
//! ordered by time, so how the broker cuts time decides nothing.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::crowd::Crowd;
use super::history::History;
use super::rng::hash_name;
use crate::domain::{InstrumentId, Qty, Time, Timeframe};
use crate::exchange::catalogue::{Catalogue, Listing};
use crate::exchange::{DayStats, Event, Exchange};
use crate::market::calendar::BadHours;

/// How the market behaves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MarketConfig {
    /// How much faster than usual everyone acts: 1 is a usual day; with the bundled
    /// catalogue, always open, about 45 makes 10,000 trades a second in all.
    pub activity: f64,
}

impl Default for MarketConfig {
    fn default() -> Self {
        Self { activity: 1.0 }
    }
}

/// The synthetic market: the agents of every instrument, and the past they continue.
///
/// Owned by whoever drives the exchange. Trades depend on seed, start, configuration and
/// what the trader sends, never on how often [`Self::advance`] is called.
#[derive(Debug, Clone)]
pub struct Market {
    listings: Vec<Listing>,
    history: History,
    seed: u64,
    config: MarketConfig,
    crowds: Vec<Crowd>,
    /// When each crowd acts next; of equals, the lower place first.
    queue: BinaryHeap<Reverse<(Time, usize)>>,
    next_order: u64,
    /// Set until the exchange has been told of the past.
    opens_at: Option<Time>,
}

impl Market {
    /// The market of `seed`, from `start` on. The exchange that it will drive must list the
    /// catalogue's instruments, with [`Catalogue::config`].
    ///
    /// # Errors
    /// When an instrument's hours make no calendar.
    pub fn new(
        catalogue: &Catalogue,
        seed: u64,
        start: Time,
        config: MarketConfig,
    ) -> Result<Self, BadHours> {
        let mut market = Self {
            listings: catalogue.listings.clone(),
            history: History::new(catalogue, seed)?,
            seed,
            config,
            crowds: Vec::new(),
            queue: BinaryHeap::new(),
            next_order: 0,
            opens_at: None,
        };
        market.gather(start);
        Ok(market)
    }

    /// The past that this market continues.
    #[must_use]
    pub fn history(&self) -> &History {
        &self.history
    }

    /// When the next agent acts: nothing happens in [`Self::advance`] before.
    #[must_use]
    pub fn next_time(&self) -> Option<Time> {
        self.opens_at.or_else(|| self.queue.peek().map(|Reverse((time, _))| *time))
    }

    /// Lets everyone act up to and including `to`, and time pass until then. The first call
    /// tells the exchange of the day so far: open, high, low, volume, previous close.
    pub fn advance(&mut self, exchange: &mut Exchange, to: Time, out: &mut Vec<Event>) {
        if let Some(start) = self.opens_at.filter(|&start| start <= to) {
            self.opens_at = None;
            self.tell_the_past(exchange, start);
            exchange.advance(start, out);
        }
        while let Some(&Reverse((time, place))) = self.queue.peek() {
            if time > to || self.opens_at.is_some() {
                break;
            }
            self.queue.pop();
            let crowd = &mut self.crowds[place];
            crowd.act(exchange, &mut self.next_order, out);
            self.queue.push(Reverse((crowd.next_time(), place)));
        }
        exchange.advance(to, out);
    }

    /// Passes over the time until `to` without trading: for a computer that slept. Agents leave,
    /// time passes in the exchange, the market opens anew at `to` as if it had gone on: orders of
    /// the trader that the price has meanwhile passed are filled then.
    pub fn skip_to(&mut self, exchange: &mut Exchange, to: Time, out: &mut Vec<Event>) {
        for crowd in &mut self.crowds {
            crowd.leave(exchange, to, out);
        }
        self.gather(to);
        self.advance(exchange, to, out);
    }

    fn gather(&mut self, start: Time) {
        self.crowds.clear();
        self.queue.clear();
        for listing in &self.listings {
            let Some(track) = self.history.track(listing.instrument.id) else { continue };
            let seed = hash_name(self.seed ^ 2, &listing.instrument.key());
            let crowd = Crowd::new(listing, track.clone(), seed, start, self.config.activity);
            self.queue.push(Reverse((crowd.next_time(), self.crowds.len())));
            self.crowds.push(crowd);
        }
        self.opens_at = Some(start);
    }

    fn tell_the_past(&self, exchange: &mut Exchange, now: Time) {
        for listing in &self.listings {
            let id = listing.instrument.id;
            let Some((stats, previous)) = self.past(id, now) else { continue };
            if let Some(previous) = previous {
                exchange.set_previous_close(id, previous);
            }
            exchange.set_day_stats(id, stats);
        }
    }

    /// The day's numbers at `now` and the close before it. Before the open, and on days without
    /// trading, the last day that there was.
    fn past(&self, id: InstrumentId, now: Time) -> Option<(DayStats, Option<crate::domain::Price>)> {
        let grid = &self.history.track(id)?.grid;
        let price = |value: f64| grid.price(grid.nearest(value));
        let calendar = self.history.track(id)?.path.timeline().calendar();
        let today = calendar.trading_day(now);
        let has_opened = calendar.sessions_of(today).first().is_some_and(|s| s.open <= now);
        let mut closed = self.history.bars(id, Timeframe::D1, now, 2);
        let day = match self.history.forming(id, Timeframe::D1, now) {
            Some(day) => Some(day),
            // Over, or before the first session of today: the newest day that there was.
            None if !has_opened || closed.last().is_some_and(|d| calendar.trading_day(d.time) == today) => {
                closed.pop()
            }
            // Before the regular session: the day has no numbers yet.
            None => None,
        };
        let previous = closed.last();
        let last = self.history.bars(id, Timeframe::S1, now, 1);
        let lots = day.map_or(0, |day| grid.lots_of(day.volume).round() as i64);
        let stats = DayStats {
            open: day.map(|day| price(day.open)),
            high: day.map(|day| price(day.high)),
            low: day.map(|day| price(day.low)),
            last: last.last().or(previous).map(|bar| price(bar.close)),
            volume: if lots > 0 { grid.quantity(lots) } else { Qty::ZERO },
        };
        Some((stats, previous.map(|bar| price(bar.close))))
    }
}
