//! Bars: history, kept up to date or not, every five seconds, since when there are any.
//!
//! A request becomes a demand for a series, as a chart's: it is answered as soon as the series reaches
//! back far enough. What must stay true:
//! - every request is answered: with bars, or with why there are none, within half a minute;
//! - bars that are kept up to date are told without a gap, each once more as it closes: they are
//!   compared with the last one that was told, whatever was left out between.

mod histogram;
mod live;
mod past;
mod periods;
mod schedule;
mod size;
mod wish;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use self::live::LiveBars;
use self::wish::{Dates, Found, MOST_BACK, MOST_BARS, Shown, Wish};
use super::errors::{self, Refusal};
use super::{ConnId, Core};
use crate::desk::SeriesView;
use crate::domain::{Bar, SessionKind, Time, Timeframe};
use crate::gateway::wire::History;
use crate::gateway::wire::{Reply, model};
use crate::link::{BarKey, Demand};
use crate::market::aggregate::Sessions;

/// How long bars are waited for.
const PATIENCE: Duration = Duration::from_secs(30);
/// Requests of a client that may wait for bars or be kept up to date.
const MOST_REQUESTS: usize = 100;
/// Days that are gone back through to find the first: more than any source has.
const MOST_DAYS: usize = 20_000;
/// What TWS says when there are no bars.
const NO_BARS: &str = "Historical Market Data Service error message:HMDS query returned no data";
/// What is said when they do not come.
const NO_ANSWER: &str = "Historical Market Data Service error message:the bars have not come within 30 seconds. \
                         Is the market connected?";

/// What a client waits for or follows of bars.
#[derive(Default)]
pub(super) struct Bars {
    asked: BTreeMap<i32, Asked>,
    firsts: BTreeMap<i32, First>,
    live: BTreeMap<i32, LiveBars>,
}

/// Bars that were asked for.
struct Asked {
    wish: Wish,
    /// Bars of the series that are needed, from the newest.
    wanted: usize,
    keeps_up: bool,
    /// Whether what traded at each price is told, and not the bars.
    is_histogram: bool,
    stage: Stage,
}

enum Stage {
    /// They have not come yet, since then.
    Waits(Time),
    /// They were told up to this bar.
    Told {
        last: Bar,
        /// Whether something newer was left out.
        is_behind: bool,
    },
}

/// Since when there are bars: that was asked for.
struct First {
    key: BarKey,
    sessions: Sessions,
    dates: Dates,
    since: Time,
}

impl Core {
    /// 20: bars, once or kept up to date; or when there was trading.
    pub(super) fn historical_data(&mut self, conn: ConnId, request: &model::HistoricalDataRequest) {
        let req_id = request.req_id.unwrap_or_default();
        match self.begin_history(conn, req_id, request, false) {
            Ok(None) => self.look_for_bars(conn, req_id),
            Ok(Some(schedule)) => self.say(conn, &Reply::HistoricalSchedule(schedule)),
            Err(Refusal { code, text }) => self.error(conn, Some(req_id), code, &text),
        }
    }

    fn begin_history(
        &mut self,
        conn: ConnId,
        req_id: i32,
        request: &model::HistoricalDataRequest,
        is_histogram: bool,
    ) -> Result<Option<model::HistoricalSchedule>, Refusal> {
        let instrument = self.meant(request.contract.as_ref())?;
        let now = self.market_now();
        if Shown::read(request.what_to_show.as_ref(), &instrument)? == Shown::Schedule {
            return schedule::schedule(request, &instrument, now).map(Some);
        }
        let wish = Wish::read(request, &instrument, now)?;
        let keeps_up = request.keep_up_to_date == Some(true);
        let (wanted, stage) = (wish.most(now), Stage::Waits(self.now));
        let bars = self.room_for_bars(conn, req_id)?;
        bars.asked.insert(req_id, Asked { wish, wanted, keeps_up, is_histogram, stage });
        Ok(None)
    }

    /// 25 and 90: no more of these bars. The Python libraries say so of what has ended too.
    pub(super) fn forget_bars(&mut self, conn: ConnId, request: &model::RequestId) {
        if let Some(session) = self.session_mut(conn) {
            let req_id = request.req_id.unwrap_or_default();
            session.bars.asked.remove(&req_id);
            session.bars.firsts.remove(&req_id);
        }
    }

    /// 50: a bar every five seconds.
    pub(super) fn real_time_bars(&mut self, conn: ConnId, request: &model::RealTimeBarsRequest) {
        let req_id = request.req_id.unwrap_or_default();
        if let Err(Refusal { code, text }) = self.begin_live_bars(conn, req_id, request) {
            self.error(conn, Some(req_id), code, &text);
        }
    }

    fn begin_live_bars(
        &mut self,
        conn: ConnId,
        req_id: i32,
        request: &model::RealTimeBarsRequest,
    ) -> Result<(), Refusal> {
        let instrument = self.meant(request.contract.as_ref())?;
        if Shown::read(request.what_to_show.as_ref(), &instrument)? == Shown::Schedule {
            return Err(Refusal::request("A schedule has no bars: ask for TRADES"));
        }
        let calendar = wish::calendar(&instrument)?;
        let live = LiveBars::new(instrument.id, calendar, wish::sessions(request.use_rth), self.market_now());
        self.room_for_bars(conn, req_id)?.live.insert(req_id, live);
        Ok(())
    }

    /// 51: no more of them.
    pub(super) fn forget_real_time_bars(&mut self, conn: ConnId, request: &model::RequestId) {
        if let Some(session) = self.session_mut(conn) {
            session.bars.live.remove(&request.req_id.unwrap_or_default());
        }
    }

    /// 87: since when there are bars.
    pub(super) fn head_timestamp(&mut self, conn: ConnId, request: &model::HeadTimestampRequest) {
        let req_id = request.req_id.unwrap_or_default();
        match self.begin_first(conn, req_id, request) {
            Ok(()) => self.look_for_first(conn, req_id),
            Err(Refusal { code, text }) => self.error(conn, Some(req_id), code, &text),
        }
    }

    fn begin_first(
        &mut self,
        conn: ConnId,
        req_id: i32,
        request: &model::HeadTimestampRequest,
    ) -> Result<(), Refusal> {
        let instrument = self.meant(request.contract.as_ref())?;
        Shown::read(request.what_to_show.as_ref(), &instrument)?;
        let first = First {
            key: BarKey { instrument: instrument.id, timeframe: Timeframe::D1 },
            sessions: wish::sessions(request.use_rth),
            dates: Dates::read(request.format_date),
            since: self.now,
        };
        self.room_for_bars(conn, req_id)?.firsts.insert(req_id, first);
        Ok(())
    }

    /// Where a client's new request goes; refused where there is no room, or its id is in use.
    fn room_for_bars(&mut self, conn: ConnId, req_id: i32) -> Result<&mut Bars, Refusal> {
        let gone = || Refusal::request("The connection is closed");
        let bars = &mut self.session_mut(conn).ok_or_else(gone)?.bars;
        let Bars { asked, firsts, live } = bars;
        if asked.contains_key(&req_id) || firsts.contains_key(&req_id) || live.contains_key(&req_id) {
            return Err(Refusal::request("Duplicate ticker id"));
        }
        if asked.len() + firsts.len() + live.len() >= MOST_REQUESTS {
            let text = format!("Only {MOST_REQUESTS} simultaneous requests for bars are allowed");
            return Err(Refusal::request(text));
        }
        Ok(bars)
    }

    /// Answers requests whose bars have come, ends those whose bars do not come, and tells the bars that
    /// are told as they close. While the uplink is away all that waits.
    pub(super) fn tell_bars(&mut self) {
        if self.sky.is_down() {
            return;
        }
        let mut waiting = Vec::new();
        let mut behind = Vec::new();
        let mut firsts = Vec::new();
        for (conn, session) in self.sessions() {
            for (req_id, asked) in &session.bars.asked {
                match asked.stage {
                    Stage::Waits(_) => waiting.push((conn, *req_id)),
                    Stage::Told { is_behind: true, .. } => behind.push((conn, *req_id)),
                    Stage::Told { .. } => {}
                }
            }
            firsts.extend(session.bars.firsts.keys().map(|req_id| (conn, *req_id)));
        }
        for (conn, req_id) in waiting {
            self.look_for_bars(conn, req_id);
        }
        for (conn, req_id) in behind {
            self.keep_up(conn, req_id);
        }
        for (conn, req_id) in firsts {
            self.look_for_first(conn, req_id);
        }
        self.tell_live_bars();
    }

    /// Ends what a client waits for: it would wait for ever.
    pub(super) fn end_waits(&mut self, conn: ConnId) {
        let Some(session) = self.session_mut(conn) else { return };
        let waits =
            |(req_id, asked): (&i32, &Asked)| matches!(asked.stage, Stage::Waits(_)).then_some(*req_id);
        let mut over: Vec<i32> = session.bars.asked.iter().filter_map(waits).collect();
        over.extend(session.bars.firsts.keys());
        let snapshots = session.quotes.end_snapshots();
        for req_id in over {
            self.error(
                conn,
                Some(req_id),
                errors::HISTORY,
                "The connection to the servers was lost: ask again",
            );
        }
        for req_id in snapshots {
            self.say(conn, &Reply::TickSnapshotEnd(model::RequestId { req_id: Some(req_id) }));
        }
    }

    /// Tells the bars that have changed to those who keep them up to date.
    pub(super) fn tell_updated_bars(&mut self, changed: &BTreeSet<BarKey>) {
        let mut due = Vec::new();
        for (conn, session) in self.sessions() {
            let told =
                session.bars.asked.iter().filter(|(_, asked)| matches!(asked.stage, Stage::Told { .. }));
            let told = told.filter(|(_, asked)| changed.contains(&asked.wish.key));
            due.extend(told.map(|(req_id, _)| (conn, *req_id)));
        }
        for (conn, req_id) in due {
            self.keep_up(conn, req_id);
        }
    }

    /// Answers a request, if its bars have come.
    fn look_for_bars(&mut self, conn: ConnId, req_id: i32) {
        if self.sky.is_down() {
            return;
        }
        let now = self.market_now();
        let Some(asked) = self.session(conn).and_then(|session| session.bars.asked.get(&req_id)) else {
            return;
        };
        let Stage::Waits(since) = asked.stage else { return };
        match asked.wish.look(self.desk.series(asked.wish.key), asked.wanted, now) {
            Found::Nothing if self.now.since(since) >= PATIENCE => {
                self.end_history(conn, req_id, &Refusal::new(errors::HISTORY, NO_ANSWER));
            }
            Found::Nothing => {}
            Found::TooFew(wanted) if wanted > MOST_BACK => {
                self.end_history(conn, req_id, &wish::too_far_back());
            }
            Found::TooFew(wanted) => {
                if let Some(asked) = self.asked_mut(conn, req_id) {
                    asked.wanted = wanted;
                }
            }
            Found::Bars { bars, start, end } => self.tell_history(conn, req_id, &bars, start, end),
        }
    }

    fn tell_history(&mut self, conn: ConnId, req_id: i32, bars: &[Bar], start: Time, end: Time) {
        let Some(last) = bars.last().copied() else {
            return self.end_history(conn, req_id, &Refusal::new(errors::HISTORY, NO_BARS));
        };
        if bars.len() > MOST_BARS {
            let refusal =
                wish::too_many(MOST_BARS, "are told at once: ask for longer bars, or for less time");
            return self.end_history(conn, req_id, &refusal);
        }
        let Some(asked) = self.asked_mut(conn, req_id) else { return };
        if asked.is_histogram {
            return self.tell_histogram(conn, req_id, bars);
        }
        asked.stage = Stage::Told { last, is_behind: false };
        let (wish, is_over) = (&asked.wish, !asked.keeps_up);
        let history = History {
            data: model::HistoricalData {
                req_id: Some(req_id),
                historical_data_bars: bars.iter().map(|bar| wish.told(bar)).collect(),
            },
            end: Some(wish.end(req_id, start, end)),
        };
        if is_over {
            self.forget_bars(conn, &model::RequestId { req_id: Some(req_id) });
        }
        self.say(conn, &Reply::HistoricalData(history));
    }

    fn end_history(&mut self, conn: ConnId, req_id: i32, refusal: &Refusal) {
        self.forget_bars(conn, &model::RequestId { req_id: Some(req_id) });
        self.error(conn, Some(req_id), refusal.code, &refusal.text);
    }

    /// Tells what has changed of bars since they were told; later, where the client is slow, the uplink
    /// away or the series on its way again.
    fn keep_up(&mut self, conn: ConnId, req_id: i32) {
        let Self { connections, desk, sky, .. } = self;
        let Some(connection) = connections.get_mut(&conn) else { return };
        let waits = connection.is_slow || sky.is_down();
        let asked = connection.session_mut().and_then(|session| session.bars.asked.get_mut(&req_id));
        let Some(Asked { wish, stage: Stage::Told { last, is_behind }, .. }) = asked else { return };
        let view = desk.series(wish.key).filter(|view| view.is_loaded);
        let Some(SeriesView { series, .. }) = view.filter(|_| !waits) else {
            *is_behind = true;
            return;
        };
        *is_behind = false;
        let mut changed = wish.since(series, last.time);
        changed.retain(|bar| bar != last);
        if let Some(newest) = changed.last() {
            *last = *newest;
        }
        let told: Vec<Reply> = changed
            .iter()
            .map(|bar| model::HistoricalDataUpdate {
                req_id: Some(req_id),
                historical_data_bar: Some(wish.told(bar)),
            })
            .map(|update| Reply::HistoricalDataUpdate(Box::new(update)))
            .collect();
        for reply in told {
            self.say(conn, &reply);
        }
    }

    /// Answers since when there are bars, if that is known.
    fn look_for_first(&mut self, conn: ConnId, req_id: i32) {
        if self.sky.is_down() {
            return;
        }
        let Some(first) = self.session(conn).and_then(|session| session.bars.firsts.get(&req_id)) else {
            return;
        };
        let view = self.desk.series(first.key);
        let is_there =
            |view: &&SeriesView| view.is_loaded && (view.is_complete || view.series.len() >= MOST_DAYS);
        let Some(view) = view.filter(is_there) else {
            if self.now.since(first.since) >= PATIENCE {
                self.end_history(conn, req_id, &Refusal::new(errors::HISTORY, NO_ANSWER));
            }
            return;
        };
        let instrument = self.desk.instrument(first.key.instrument);
        let calendar = instrument.and_then(|instrument| wish::calendar(instrument).ok());
        let oldest = view.series.first().zip(calendar).map(|(bar, calendar)| {
            // A day's bar begins with the day, trading later.
            let sessions = calendar.sessions_of(calendar.trading_day(bar.time));
            let counts = |kind: SessionKind| first.sessions == Sessions::All || kind == SessionKind::Regular;
            sessions.iter().find(|session| counts(session.kind)).map_or(bar.time, |session| session.open)
        });
        let Some(oldest) = oldest else {
            return self.end_history(conn, req_id, &Refusal::new(errors::HISTORY, NO_BARS));
        };
        let head_timestamp = match first.dates {
            Dates::Seconds => oldest.seconds().to_string(),
            Dates::Text => oldest.to_timestamp().strftime("%Y%m%d-%H:%M:%S").to_string(),
        };
        self.forget_bars(conn, &model::RequestId { req_id: Some(req_id) });
        let (req_id, head_timestamp) = (Some(req_id), Some(head_timestamp));
        self.say(conn, &Reply::HeadTimestamp(model::HeadTimestamp { req_id, head_timestamp }));
    }

    fn tell_live_bars(&mut self) {
        let now = self.market_now();
        let Self { connections, desk, .. } = self;
        let mut told = Vec::new();
        for (conn, connection) in connections {
            let Some(session) = connection.session_mut() else { continue };
            for (req_id, live) in &mut session.bars.live {
                let due = live.due(desk.series(live.key), now);
                let reply = |bar: &Bar| Reply::RealTimeBar(Box::new(live::told(*req_id, bar)));
                told.extend(due.iter().map(|bar| (*conn, reply(bar))));
            }
        }
        self.say_each(told);
    }

    fn asked_mut(&mut self, conn: ConnId, req_id: i32) -> Option<&mut Asked> {
        self.session_mut(conn)?.bars.asked.get_mut(&req_id)
    }
}

impl Bars {
    /// Adds what is needed for it.
    pub fn wants(&self, demand: &mut Demand) {
        for asked in self.asked.values() {
            demand.want_bars(asked.wish.key, asked.wanted);
        }
        for first in self.firsts.values() {
            demand.want_bars(first.key, MOST_DAYS);
        }
        for live in self.live.values() {
            // The bar before says the price where nothing trades.
            demand.want_bars(live.key, 1);
        }
    }
}
