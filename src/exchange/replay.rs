//! Replays a recording through the exchange: the market of the past, in which the
//! trader can trade.
//!
//! The book follows the recorded prices with a plausible ladder around them; every
//! recorded trade is printed with its size, by agents in the book, so the trader's
//! orders meet the same rules as ever:
//! - a resting order that the recorded price passes is filled completely at its price;
//!   at the recorded price itself it waits in the queue and takes part in the print;
//! - a market order takes from the ladder around the current price.
//!
//! With nobody trading, the prints are exactly the recorded ones. The owner of the
//! wall clock turns wall time into recorded time with a [`ReplayClock`].

mod clock;
mod input;
mod listing;
mod tape;

use std::sync::Arc;

use super::synth::grid::Grid;
use super::synth::ladder::{Floor, Ladder, Style};
use super::synth::rng::Rng;
use super::{DayStats, Event, Exchange};
use crate::domain::time::MINUTE;
use crate::domain::{
    Instrument, InstrumentId, OrderKind, OrderSpec, Side, Time, TimeInForce, Trade, TradingHours,
};
use crate::market::calendar::Calendar;
use crate::market::series::Bars;
pub use clock::ReplayClock;
pub use input::{BadReplay, ReplayInput};
pub use listing::ReplaySubject;
use tape::Print;

/// A pause longer than this can be skipped.
const LONGEST_PAUSE: i64 = 5 * MINUTE;
/// Agents of a replay, above those of any synthetic market.
const MAKERS: u32 = u32::MAX - 1;
const TAKERS: u32 = u32::MAX;
/// Order numbers of a replay, above those of any synthetic market.
const FIRST_ORDER: u64 = 1 << 62;
/// Missing levels that are quoted anew at each print.
const REPAIR: usize = 4;

/// A recording being played into an exchange.
#[derive(Debug, Clone)]
pub struct Replay {
    instrument: Arc<Instrument>,
    /// Of a zone that does not exist, UTC's: the exchange refuses to list the instrument.
    calendar: Calendar,
    grid: Grid,
    input: ReplayInput,
    /// The first row that is played.
    first: usize,
    /// The next row to turn into prints.
    next: usize,
    /// Prints of the row at hand, and how many of them are done.
    prints: Vec<Print>,
    done: usize,
    last: Option<(i64, Side)>,
    tape_style: tape::Style,
    book_style: Style,
    bids: Ladder,
    asks: Ladder,
    rng: Rng,
    next_order: u64,
    /// Units between bid and ask.
    spread: i64,
}

impl Replay {
    /// Plays `input` from `from` on into an exchange that lists `instrument` (made by
    /// [`ReplaySubject::instrument`]). `seed` decides what no recording tells: the way inside
    /// a bar, and the sizes in the book.
    ///
    /// # Errors
    /// When the recording is not in order of time, has impossible numbers, or has nothing
    /// from `from` on.
    pub fn new(
        instrument: Arc<Instrument>,
        input: ReplayInput,
        from: Time,
        seed: u64,
    ) -> Result<Self, BadReplay> {
        input.check()?;
        let first = input.rows_before(from);
        if first >= input.len() {
            return Err(BadReplay::NothingLeft { from });
        }
        let grid = Grid::new(&instrument);
        let utc = || Calendar::new(&TradingHours::always("UTC")).expect("UTC is always known");
        let calendar = Calendar::new(&instrument.hours).unwrap_or_else(|_unknown| utc());
        let has_volume =
            matches!(&input, ReplayInput::Bars(bars, _) if bars.iter().any(|bar| bar.volume > 0.0));
        let stride = stride(input.price_at(first), &grid);
        let ladder = |side| Ladder::new(instrument.id, MAKERS, side, seed).with_stride(stride);
        Ok(Self {
            book_style: Style { density: 0.75, usual_lots: 2.0 * tape::usual_lots(&input, &grid) },
            tape_style: tape::Style { has_volume, seed },
            bids: ladder(Side::Buy),
            asks: ladder(Side::Sell),
            rng: Rng::new(seed),
            next_order: FIRST_ORDER,
            prints: Vec::new(),
            done: 0,
            last: None,
            next: first,
            first,
            spread: stride,
            calendar,
            grid,
            instrument,
            input,
        })
    }

    /// The instrument that is replayed.
    #[must_use]
    pub fn instrument(&self) -> InstrumentId {
        self.instrument.id
    }

    /// The whole recording, what is still to come too.
    #[must_use]
    pub fn input(&self) -> &ReplayInput {
        &self.input
    }

    /// The recording's bars before the start: the chart's history, which shares its storage.
    #[must_use]
    pub fn past_bars(&self) -> Bars {
        match &self.input {
            ReplayInput::Bars(bars, _) => bars.slice(0..self.first),
            ReplayInput::Trades(_) => Bars::default(),
        }
    }

    /// The period of the recording's bars; `None` of trades.
    #[must_use]
    pub fn timeframe(&self) -> Option<crate::domain::Timeframe> {
        match &self.input {
            ReplayInput::Bars(_, timeframe) => Some(*timeframe),
            ReplayInput::Trades(_) => None,
        }
    }

    /// The recording's trades before the start.
    #[must_use]
    pub fn past_trades(&self) -> &[Trade] {
        match &self.input {
            ReplayInput::Bars(..) => &[],
            ReplayInput::Trades(trades) => &trades[..self.first],
        }
    }

    /// Whether everything has been played.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.done == self.prints.len() && self.next == self.input.len()
    }

    /// Where to jump when the recording pauses at `now` for more than five minutes (a night, a
    /// weekend, a halt): to the next row. `None` while it plays, and at its end.
    #[must_use]
    pub fn skip_gap(&self, now: Time) -> Option<Time> {
        let row = match (self.done, self.prints.len()) {
            (done, prints) if done == prints => self.next,
            // The next row's prints are ready already.
            (0, _) => self.next - 1,
            _ => return None,
        };
        let ended = row.checked_sub(1).and_then(|before| self.input.end_of(before, &self.calendar));
        let next = self.input.time_at(row).filter(|_| ended.is_none_or(|ended| ended <= now))?;
        (next.0 - now.0 > LONGEST_PAUSE).then_some(next)
    }

    /// Plays everything up to and including `to`, and lets time pass until then.
    pub fn advance(&mut self, exchange: &mut Exchange, to: Time, out: &mut Vec<Event>) {
        if self.last.is_none() {
            self.open(exchange, out);
        }
        while let Some(print) = self.upcoming().filter(|print| print.time <= to) {
            self.done += 1;
            let mut next_order = self.next_order;
            let mut floor = Floor { exchange, out, next_order: &mut next_order, now: print.time };
            self.play(print, &mut floor);
            self.next_order = next_order;
        }
        exchange.advance(to, out);
    }

    /// The next print, from the next row where the one at hand is done.
    fn upcoming(&mut self) -> Option<Print> {
        while self.done == self.prints.len() && self.next < self.input.len() {
            self.prints.clear();
            self.done = 0;
            let last = self.last.unwrap_or((0, Side::Buy));
            match &self.input {
                ReplayInput::Bars(bars, timeframe) => {
                    let bar = bars.get(self.next).unwrap_or_default();
                    let end = self.input.end_of(self.next, &self.calendar).unwrap_or(bar.time);
                    let period = tape::Period { timeframe: *timeframe, end };
                    tape::prints_of_bar(&bar, period, last.0, &self.grid, self.tape_style, &mut self.prints);
                }
                ReplayInput::Trades(trades) => {
                    self.prints.push(tape::print_of_trade(&trades[self.next], last, &self.grid));
                }
            }
            self.next += 1;
        }
        self.prints.get(self.done).copied()
    }
}

/// Playing one print.
impl Replay {
    /// Tells the exchange of the day so far and puts up the book around the last price.
    fn open(&mut self, exchange: &mut Exchange, out: &mut Vec<Event>) {
        let start = self.input.time_at(self.first).unwrap_or_default();
        let last = match self.first.checked_sub(1) {
            Some(before) => self.input.close_at(before),
            None => self.input.price_at(self.first),
        };
        let units = self.grid.nearest(last);
        self.last = Some((units, Side::Buy));
        self.tell_the_past(exchange, start);
        exchange.advance(start, out);
        let mut next_order = self.next_order;
        let mut floor = Floor { exchange, out, next_order: &mut next_order, now: start };
        self.quote_around(units, Side::Buy, usize::MAX, &mut floor);
        self.next_order = next_order;
    }

    fn tell_the_past(&self, exchange: &mut Exchange, start: Time) {
        let today = self.calendar.day_start(self.calendar.trading_day(start));
        match &self.input {
            ReplayInput::Bars(..) => self.tell_past_bars(exchange, today),
            ReplayInput::Trades(_) => self.tell_past_trades(exchange, today),
        }
    }

    fn tell_past_trades(&self, exchange: &mut Exchange, today: Time) {
        let past = self.past_trades();
        let (before, day) = past.split_at(past.partition_point(|trade| trade.time < today));
        let price = |trade: &Trade| self.grid.price(self.grid.units(trade.price));
        if let Some(last) = before.last() {
            exchange.set_previous_close(self.instrument.id, price(last));
        }
        let (Some(first), Some(last)) = (day.first(), day.last()) else { return };
        let stats = DayStats {
            open: Some(price(first)),
            high: day.iter().map(price).max(),
            low: day.iter().map(price).min(),
            last: Some(price(last)),
            volume: self.grid.quantity(day.iter().map(|trade| self.grid.lots(trade.quantity)).sum()),
        };
        exchange.set_day_stats(self.instrument.id, stats);
    }

    fn tell_past_bars(&self, exchange: &mut Exchange, today: Time) {
        let price = |value: f64| self.grid.price(self.grid.nearest(value));
        let past = self.past_bars();
        let begun = past.partition_by_time(today);
        if let Some(before) = begun.checked_sub(1).and_then(|at| past.get(at)) {
            exchange.set_previous_close(self.instrument.id, price(before.close));
        }
        let mut today = past.within(begun..past.len());
        let Some(mut day) = today.next() else { return };
        today.for_each(|bar| day.add_bar(&bar));
        let stats = DayStats {
            open: Some(price(day.open)),
            high: Some(price(day.high)),
            low: Some(price(day.low)),
            last: Some(price(day.close)),
            volume: self.grid.quantity(self.grid.lots_of(day.volume).round() as i64),
        };
        exchange.set_day_stats(self.instrument.id, stats);
    }

    fn play(&mut self, print: Print, floor: &mut Floor<'_>) {
        let Print { units, aggressor, .. } = print;
        self.bids.observe(floor.exchange, &self.grid);
        self.asks.observe(floor.exchange, &self.grid);
        let bids_gone = self.bids.retreat(if aggressor == Side::Buy { units - 1 } else { units }, floor);
        let asks_gone = self.asks.retreat(if aggressor == Side::Buy { units } else { units + 1 }, floor);
        self.fill_passed(units, floor);
        let gone = if aggressor == Side::Buy { asks_gone } else { bids_gone };
        self.quote_behind(units, aggressor, gone, floor);
        let mut lots = print.lots;
        // Orders of the trader that the recorded trade would have met on its own side.
        lots -= self.take_at(aggressor.opposite(), units, lots, floor);
        if lots > 0 {
            self.offer_at(aggressor.opposite(), units, lots, floor);
            self.take_at(aggressor, units, lots, floor);
        }
        self.last = Some((units, aggressor));
        self.quote_around(units, aggressor, REPAIR, floor);
    }

    /// Puts the levels that have retreated up again behind the print, on the side that is about
    /// to be hit: after a gap it is empty, and a stop that the print triggers must meet the
    /// market of now.
    fn quote_behind(&mut self, units: i64, aggressor: Side, gone: usize, floor: &mut Floor<'_>) {
        let Self { bids, asks, rng, grid, book_style, spread, .. } = self;
        let (ladder, best) = match aggressor {
            Side::Buy => (asks, units + *spread),
            Side::Sell => (bids, units - *spread),
        };
        if best > 0 {
            ladder.build(best, *book_style, gone, grid, rng, floor);
        }
    }

    /// Fills the trader's orders that the price has passed: all that is left beyond `units`,
    /// because the ladder has withdrawn.
    fn fill_passed(&self, units: i64, floor: &mut Floor<'_>) {
        for side in [Side::Buy, Side::Sell] {
            // Each round fills the best level at least; a level that stays would be a refusal.
            let mut before = None;
            while let Some((at, lots)) = self.best_against(side, floor.exchange) {
                let is_passed = if side == Side::Buy { at < units } else { at > units };
                if !is_passed || before == Some((at, lots)) {
                    break;
                }
                before = Some((at, lots));
                self.send_taker(side, at, lots, floor);
            }
        }
    }

    /// Best price and lots that an order of `side` would meet.
    fn best_against(&self, side: Side, exchange: &Exchange) -> Option<(i64, i64)> {
        let (bid, ask) = exchange.best(self.instrument.id);
        let (price, quantity) = if side == Side::Buy { ask? } else { bid? };
        Some((self.grid.units(price), self.grid.lots(quantity)))
    }

    /// Trades up to `lots` at `units` with what rests there; returns how much did.
    fn take_at(&self, side: Side, units: i64, lots: i64, floor: &mut Floor<'_>) -> i64 {
        match self.best_against(side, floor.exchange) {
            Some((at, there)) if at == units => {
                self.send_taker(side, units, lots.min(there), floor);
                lots.min(there)
            }
            _ => 0,
        }
    }

    fn send_taker(&self, side: Side, units: i64, lots: i64, floor: &mut Floor<'_>) {
        let kind = OrderKind::Limit { price: self.grid.price(units) };
        let quantity = self.grid.quantity(lots);
        floor.send(TAKERS, OrderSpec::new(self.instrument.id, side, quantity, kind, TimeInForce::Ioc));
    }

    /// Sees to it that `lots` rest at `units` on `side`: as one order, so that the print is one
    /// too; but where the trader waits there, behind what was ahead of the trader before.
    fn offer_at(&mut self, side: Side, units: i64, lots: i64, floor: &mut Floor<'_>) {
        let there = match self.best_against(side.opposite(), floor.exchange) {
            Some((at, there)) if at == units => there,
            _ => 0,
        };
        let ladder = if side == Side::Buy { &mut self.bids } else { &mut self.asks };
        let own = ladder.resting_at(units, floor.exchange, &self.grid);
        let missing = if there > own {
            lots - there
        } else {
            let behind = match side {
                Side::Buy => units - 1,
                Side::Sell => units + 1,
            };
            ladder.retreat(behind, floor);
            lots
        };
        if missing > 0 {
            ladder.post(units, missing, &self.grid, floor);
        }
    }

    /// Puts the ladder around a price at which `aggressor` traded last.
    fn quote_around(&mut self, units: i64, aggressor: Side, most: usize, floor: &mut Floor<'_>) {
        let step = self.spread;
        let (bid, ask) = match aggressor {
            Side::Buy => (units - step, units),
            Side::Sell => (units, units + step),
        };
        let Self { bids, asks, rng, grid, book_style, .. } = self;
        for (ladder, best) in [(bids, bid), (asks, ask)] {
            ladder.observe(floor.exchange, grid);
            ladder.retreat(best, floor);
            if best > 0 {
                ladder.build(best, *book_style, most, grid, rng, floor);
            }
        }
    }
}

/// Units between quoted levels: one tick, or where ticks are absurdly fine (adjusted prices
/// with many decimals), about a fifty-thousandth of the price.
fn stride(price: f64, grid: &Grid) -> i64 {
    let units = grid.nearest(price);
    let (mut stride, fair) = (grid.tick(units), units / 50_000);
    while stride * 10 <= fair {
        stride *= 10;
    }
    stride
}
