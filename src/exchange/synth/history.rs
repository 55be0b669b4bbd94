//! Bars on demand: the past of the path, before any agent traded.
//!
//! For the engine, which asks for chunks of closed bars ending at an instant. Bars of
//! all timeframes are the same path looked at coarser or finer: seconds make exactly
//! their minute, regular minutes exactly their day. Prices are on the tick grid,
//! volumes on the lot grid.
//!
//! A day of an exchange with sessions is its regular sessions; extended hours show in
//! intraday timeframes only. Every trading minute has a bar; a second without trade
//! has none. History begins 13 years before the catalogue's epoch.

use std::sync::Arc;

use jiff::civil::Date;

use super::grid::Grid;
use super::path::{Closes, Detail, Path, SECONDS, Walk};
use super::rng::hash_name;
use super::timeline::{Interval, Stretch, Timeline, signed};
use super::volume::Volume;
use crate::domain::time::{MINUTE, SECOND};
use crate::domain::{Bar, InstrumentId, SessionKind, Time, Timeframe, TradingHours};
use crate::exchange::catalogue::Catalogue;
use crate::market::aggregate::{Sessions, aggregate_bars};
use crate::market::calendar::{BadHours, SessionSpan};

/// The past of every instrument of a catalogue. Cheap to clone.
#[derive(Debug, Clone)]
pub struct History {
    tracks: Arc<[Track]>,
}

/// One instrument: where its price goes, on which grid, with how much volume.
#[derive(Debug, Clone)]
pub(super) struct Track {
    /// The price.
    pub path: Arc<Path>,
    /// The grid.
    pub grid: Grid,
    /// The volume.
    pub volume: Volume,
}

impl History {
    /// The past of the market of `seed`.
    ///
    /// # Errors
    /// When an instrument's hours make no calendar.
    pub fn new(catalogue: &Catalogue, seed: u64) -> Result<Self, BadHours> {
        let mut timelines: Vec<(&TradingHours, Arc<Timeline>)> = Vec::new();
        let mut tracks = Vec::new();
        for listing in &catalogue.listings {
            let hours = &listing.instrument.hours;
            let known = timelines.iter().find(|(known, _)| *known == hours).map(|(_, t)| Arc::clone(t));
            let timeline = if let Some(timeline) = known {
                timeline
            } else {
                let timeline = Arc::new(Timeline::new(hours, catalogue.epoch)?);
                timelines.push((hours, Arc::clone(&timeline)));
                timeline
            };
            let path = Path::new(catalogue, listing, timeline, seed);
            let grid = Grid::new(&listing.instrument);
            let volume = Volume::new(listing, &path, &grid, hash_name(seed, &listing.instrument.key()));
            tracks.push(Track { path: Arc::new(path), grid, volume });
        }
        Ok(Self { tracks: tracks.into() })
    }

    /// The newest `count` bars that had closed by `before`, oldest first; fewer where history
    /// begins, none for an instrument that is not listed.
    #[must_use]
    pub fn bars(
        &self,
        instrument: InstrumentId,
        timeframe: Timeframe,
        before: Time,
        count: usize,
    ) -> Vec<Bar> {
        let Some(track) = self.track(instrument) else { return Vec::new() };
        let mut bars = match timeframe {
            Timeframe::S1 | Timeframe::M1 => track.closed(timeframe, before, count),
            Timeframe::S5 | Timeframe::S15 | Timeframe::S30 => {
                track.folded(Timeframe::S1, timeframe, before, count)
            }
            Timeframe::D1 => track.days(before, count),
            Timeframe::W1 | Timeframe::Mo1 => track.folded_days(timeframe, before, count),
            _ => track.folded(Timeframe::M1, timeframe, before, count),
        };
        bars.drain(..bars.len().saturating_sub(count));
        bars
    }

    /// The bar of the period that `at` is in, of what has traded in it before `at`; `None` when
    /// nothing has. Of days and longer it may be closed already: after the close, or at the weekend.
    #[must_use]
    pub fn so_far(&self, instrument: InstrumentId, timeframe: Timeframe, at: Time) -> Option<Bar> {
        self.track(instrument)?.so_far(timeframe, at)
    }

    /// The bar that is still forming at `at`. Together with [`Self::bars`] before the same
    /// instant it misses nothing.
    #[must_use]
    pub fn forming(&self, instrument: InstrumentId, timeframe: Timeframe, at: Time) -> Option<Bar> {
        let bar = self.so_far(instrument, timeframe, at)?;
        let newest_closed = self.bars(instrument, timeframe, at, 1);
        newest_closed.iter().all(|closed| closed.time < bar.time).then_some(bar)
    }

    /// The instrument's path, grid and volume.
    pub(super) fn track(&self, instrument: InstrumentId) -> Option<&Track> {
        self.tracks.get(instrument.index())
    }
}

/// A computed interval and the block of closes around it, reused from one to the next.
#[derive(Default)]
struct Scratch {
    closes: Closes,
    walk: Walk,
    lots: Vec<i64>,
}

/// Runs of stretches that share one volume: the regular sessions of a day; each extended session.
fn sessions(interval: &Interval) -> Vec<Vec<Stretch>> {
    let mut sessions: Vec<Vec<Stretch>> = Vec::new();
    for stretch in interval.stretches.iter().filter(|s| s.is_trading()) {
        let same = |s: &&mut Vec<Stretch>| s.iter().all(|o| o.is_regular() && o.day == stretch.day);
        match sessions.last_mut().filter(|_| stretch.is_regular()).filter(same) {
            Some(session) => session.push(*stretch),
            None => sessions.push(vec![*stretch]),
        }
    }
    sessions
}

fn is_regular(span: &SessionSpan) -> bool {
    span.kind == SessionKind::Regular
}

impl Track {
    fn bar(&self, time: Time, [open, high, low, close]: [f64; 4], lots: i64) -> Bar {
        let price = |log: f64| self.grid.price_f64(self.grid.nearest(libm::exp(log)));
        Bar {
            time,
            open: price(open),
            high: price(high),
            low: price(low),
            close: price(close),
            volume: self.grid.volume(lots),
        }
    }

    /// Bars of seconds or minutes that end by `before`, at least `count` where there are.
    fn closed(&self, timeframe: Timeframe, before: Time, count: usize) -> Vec<Bar> {
        let (first, _) = self.path.timeline().bounds();
        let mut scratch = Scratch::default();
        let mut chunks: Vec<Vec<Bar>> = Vec::new();
        let mut found = 0;
        let mut index = self.path.timeline().index_at(before);
        while found < count && index >= first {
            self.path.walk(index, Detail::All, &mut scratch.closes, &mut scratch.walk);
            let chunk = if timeframe == Timeframe::S1 {
                self.second_bars(&mut scratch, before, count - found)
            } else {
                self.minute_bars(&mut scratch, before)
            };
            found += chunk.len();
            chunks.push(chunk);
            index -= 1;
        }
        chunks.into_iter().rev().flatten().collect()
    }

    /// The interval's minutes that end by `before`.
    fn minute_bars(&self, scratch: &mut Scratch, before: Time) -> Vec<Bar> {
        let mut bars = Vec::new();
        for session in sessions(&scratch.walk.interval) {
            scratch.lots.clear();
            self.volume.minutes(&self.path, &scratch.walk, &session, &mut scratch.lots);
            let mut lots = scratch.lots.iter();
            for stretch in &session {
                for (minute, &lots) in (0..stretch.steps).zip(&mut lots) {
                    let time = Time(stretch.start.0 + signed(minute) * MINUTE);
                    if time.0 + MINUTE > before.0 {
                        return bars;
                    }
                    bars.push(self.minute_bar(&scratch.walk, stretch.first + minute, time, lots));
                }
            }
        }
        bars
    }

    fn minute_bar(&self, walk: &Walk, step: usize, time: Time, lots: i64) -> Bar {
        let (low, high) = walk.extremes(step);
        self.bar(time, [walk.points[step], high, low, walk.points[step + 1]], lots)
    }

    /// The interval's newest seconds that end by `before`, at least `count` where there are.
    fn second_bars(&self, scratch: &mut Scratch, before: Time, count: usize) -> Vec<Bar> {
        let mut minutes: Vec<Vec<Bar>> = Vec::new();
        let mut found = 0;
        for session in sessions(&scratch.walk.interval).iter().rev() {
            scratch.lots.clear();
            self.volume.minutes(&self.path, &scratch.walk, session, &mut scratch.lots);
            let mut end = scratch.lots.len();
            for stretch in session.iter().rev() {
                let lots = &scratch.lots[end - stretch.steps..end];
                end -= stretch.steps;
                for minute in (0..stretch.steps).rev() {
                    let start = Time(stretch.start.0 + signed(minute) * MINUTE);
                    if found >= count || start >= before {
                        continue;
                    }
                    let mut bars =
                        self.seconds_of(&scratch.walk, stretch.first + minute, start, lots[minute]);
                    bars.retain(|bar| bar.time.0 + SECOND <= before.0);
                    found += bars.len();
                    minutes.push(bars);
                }
            }
        }
        minutes.into_iter().rev().flatten().collect()
    }

    /// The seconds with trade of one minute.
    fn seconds_of(&self, walk: &Walk, step: usize, start: Time, lots: i64) -> Vec<Bar> {
        let seconds = walk.seconds(step);
        let shares = self.volume.seconds(&self.path, walk, step, &seconds, lots);
        let mut bars = Vec::with_capacity(SECONDS);
        for (second, &lots) in shares.iter().enumerate().filter(|(_, lots)| **lots > 0) {
            let (open, close) = (seconds.points[second], seconds.points[second + 1]);
            let time = Time(start.0 + signed(second) * SECOND);
            bars.push(self.bar(time, [open, open.max(close), open.min(close), close], lots));
        }
        bars
    }

    /// Bars of `timeframe` made of closed bars of `from`.
    fn folded(&self, from: Timeframe, timeframe: Timeframe, before: Time, count: usize) -> Vec<Bar> {
        let calendar = self.path.timeline().calendar();
        let end = calendar.period_start(before, timeframe);
        let ratio = (timeframe.nanos() / from.nanos()) as usize;
        let mut want = count.saturating_add(2).saturating_mul(ratio);
        loop {
            let parts = self.closed(from, end, want);
            let is_all = parts.len() < want;
            let mut bars = aggregate_bars(parts, calendar, timeframe, Sessions::All);
            if !is_all && !bars.is_empty() {
                // Its beginning may lie before the parts that were asked for.
                bars.remove(0);
            }
            if is_all || bars.len() >= count {
                return bars;
            }
            want = want.saturating_mul(2);
        }
    }

    /// Daily bars whose regular session has closed by `before`.
    fn days(&self, before: Time, count: usize) -> Vec<Bar> {
        let (first, _) = self.path.timeline().bounds();
        let mut scratch = Scratch::default();
        let mut days: Vec<(Date, Bar)> = Vec::new();
        let mut index = self.path.timeline().index_at(before);
        while index >= first && days.len() <= count.saturating_add(1) {
            self.path.walk(index, Detail::Regular, &mut scratch.closes, &mut scratch.walk);
            for session in sessions(&scratch.walk.interval).iter().rev().filter(|s| s[0].is_regular()) {
                let (day, bar) = self.day_bar(&scratch.walk, session);
                match days.last_mut().filter(|(known, _)| *known == day) {
                    // The later part of a day that began in the UTC day before.
                    Some((_, later)) => {
                        let mut whole = bar;
                        whole.add_bar(later);
                        *later = whole;
                    }
                    None => days.push((day, bar)),
                }
            }
            index -= 1;
        }
        if index >= first {
            // Its beginning may lie in the interval before.
            days.pop();
        }
        let calendar = self.path.timeline().calendar();
        let closes =
            |day| calendar.sessions_of(day).into_iter().rfind(is_regular).map_or(Time::MIN, |s| s.close);
        let open = days.iter().take_while(|(day, _)| closes(*day) > before).count();
        days.into_iter().skip(open).rev().map(|(_, bar)| bar).collect()
    }

    /// The bar of one day's regular stretches within an interval.
    fn day_bar(&self, walk: &Walk, session: &[Stretch]) -> (Date, Bar) {
        let (first, last) = (session[0], session[session.len() - 1]);
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for stretch in session {
            let (l, h) = walk.extremes_of(stretch.first..stretch.first + stretch.steps);
            (low, high) = (low.min(l), high.max(h));
        }
        let (open, close) = (walk.points[first.first], walk.points[last.first + last.steps]);
        let time = self.path.timeline().calendar().day_start(first.day);
        let lots = self.volume.session(&self.path, walk, session);
        (first.day, self.bar(time, [open, high, low, close], lots))
    }

    /// Weeks and months whose last trading day has closed by `before`.
    fn folded_days(&self, timeframe: Timeframe, before: Time, count: usize) -> Vec<Bar> {
        let longest = if timeframe == Timeframe::W1 { 7 } else { 31 };
        let want = count.saturating_add(2).saturating_mul(longest);
        let days = self.days(before, want);
        let calendar = self.path.timeline().calendar();
        let mut bars = aggregate_bars(days.iter().copied(), calendar, timeframe, Sessions::All);
        let Some(last) = days.last() else { return bars };
        let next = calendar.next_trading_day(calendar.trading_day(last.time));
        let next = next.map_or(Time::MAX, |day| calendar.day_start(day));
        if calendar.period_start(next, timeframe) == calendar.period_start(last.time, timeframe) {
            bars.pop();
        }
        if days.len() >= want && !bars.is_empty() {
            bars.remove(0);
        }
        bars
    }

    fn so_far(&self, timeframe: Timeframe, at: Time) -> Option<Bar> {
        let calendar = self.path.timeline().calendar();
        let start = calendar.period_start(at, timeframe);
        let today = calendar.period_start(at, Timeframe::D1);
        let mut whole: Option<Bar> = None;
        let mut add = |part: &Bar| match &mut whole {
            Some(whole) => whole.add_bar(part),
            None => whole = Some(Bar { time: start, ..*part }),
        };
        if timeframe > Timeframe::D1 {
            let days = self.days(at, 32);
            days.iter().filter(|day| day.time >= start).for_each(&mut add);
            if days.last().is_some_and(|day| day.time >= today) {
                // Today's regular trading is over, and counted.
                return whole;
            }
        }
        let fine_start = if timeframe > Timeframe::D1 { today } else { start };
        let counts = |time: Time| {
            time >= fine_start
                && (!timeframe.is_calendar() || calendar.session_at(time).as_ref().is_some_and(is_regular))
        };
        let minute = calendar.period_start(at, Timeframe::M1);
        if timeframe > Timeframe::M1 {
            let minutes = ((at.0 - fine_start.0) / MINUTE) as usize + 1;
            self.closed(Timeframe::M1, minute, minutes).iter().filter(|b| counts(b.time)).for_each(&mut add);
        }
        let second_start = fine_start.max(minute);
        let seconds = ((at.0 - second_start.0) / SECOND) as usize + 1;
        let of_minute = self.closed(Timeframe::S1, at, seconds);
        of_minute.iter().filter(|b| b.time >= second_start && counts(b.time)).for_each(&mut add);
        whole
    }
}

#[cfg(test)]
mod tests;
