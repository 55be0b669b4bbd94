//! Quotes: ticks as they change, quotes asked for once, prints and quotes one by one.
//!
//! What must stay true:
//! - a stream is told what has changed since it was told last, so that whoever is told less often
//!   ends with the same numbers;
//! - a quote asked for once ends, whether there was one or not;
//! - every print that comes is told to whoever has asked for each: a client that does not read them is
//!   let go in the end, it never has a tape with holes that it does not know of.

mod past;
mod ticks;

use std::collections::BTreeMap;
use std::time::Duration;

use self::ticks::{DELAYED, Kinds, LIVE};
use super::errors::{self, Refusal};
use super::orders::text;
use super::{ConnId, Core};
use crate::domain::{Decimal, InstrumentId, Qty, Quote, Time, Trade};
use crate::gateway::wire::{Reply, model};
use crate::link::Demand;

/// How long a quote asked for once is waited for, as in TWS.
const PATIENCE: Duration = Duration::from_secs(11);
/// Quotes that a client may follow at the same time.
const MOST_STREAMS: usize = 1_000;
/// Instruments that a client may follow tick by tick at the same time.
const MOST_TAPES: usize = 200;
/// The generic tick that asks for each print with the volume of the day (`RTVolume`).
const PRINTS: &str = "233";

/// What a client follows of quotes and prints.
#[derive(Default)]
pub(super) struct Quotes {
    age: Age,
    streams: BTreeMap<i32, Stream>,
    tapes: BTreeMap<i32, Tape>,
}

/// Which data a client has asked for. Delayed ones are told, with ticks of their own, where there are
/// no live ones: so only of instruments from which the weather withholds those alone.
#[derive(Clone, Copy, Default)]
enum Age {
    #[default]
    Live,
    Frozen,
    Delayed,
}

/// A quote that is followed, or asked for once.
struct Stream {
    instrument: InstrumentId,
    kinds: &'static Kinds,
    /// The least quantity there can be.
    lot: Qty,
    /// What was told last.
    told: Option<Quote>,
    /// Whether something newer was left out.
    is_behind: bool,
    /// Where it was asked for once: until when it is waited for.
    until: Option<Time>,
    /// Whether each print is told too.
    has_prints: bool,
}

/// An instrument that is followed tick by tick.
struct Tape {
    instrument: InstrumentId,
    kind: TapeKind,
    /// Whether a quote of which only sizes have changed is left out.
    ignores_sizes: bool,
    /// Where its prints are from.
    exchange: String,
    /// The quote that was told last.
    told: Option<Quote>,
    /// Whether something newer was left out.
    is_behind: bool,
}

/// How much is told to a client.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pace {
    Usual,
    /// Quotes that it follows wait.
    Slow,
    /// Everything waits.
    Stands,
}

#[derive(Clone, Copy)]
enum TapeKind {
    Last,
    AllLast,
    BidAsk,
    MidPoint,
}

impl Core {
    /// 1: quotes, as they change or once. Of generic ticks there is 233 only, whatever else is asked.
    pub(super) fn market_data(&mut self, conn: ConnId, request: &model::MarketDataRequest) {
        let req_id = request.req_id.unwrap_or_default();
        if let Err(Refusal { code, text }) = self.begin_stream(conn, req_id, request) {
            self.error(conn, Some(req_id), code, &text);
        }
    }

    fn begin_stream(
        &mut self,
        conn: ConnId,
        req_id: i32,
        request: &model::MarketDataRequest,
    ) -> Result<(), Refusal> {
        let instrument = self.meant(request.contract.as_ref())?;
        let now = self.now;
        let bbo_exchange = self.listing(&instrument);
        let withheld = self.sky.withholds(&instrument.symbol);
        let Some(session) = self.session_mut(conn) else { return Ok(()) };
        let Quotes { age, streams, .. } = &mut session.quotes;
        let has_delayed = withheld.as_ref().is_some_and(|why| why.code == errors::NEEDS_SUBSCRIPTION);
        let is_delayed = has_delayed && matches!(age, Age::Delayed);
        if let Some(refusal) = withheld.filter(|_| !is_delayed) {
            return Err(refusal);
        }
        if streams.contains_key(&req_id) {
            return Err(Refusal::request("Duplicate ticker id"));
        }
        if streams.len() >= MOST_STREAMS {
            let text = format!("Max number of tickers has been reached: {MOST_STREAMS} for each connection");
            return Err(Refusal::request(text));
        }
        let generic = text(request.generic_tick_list.as_ref());
        let stream = Stream {
            instrument: instrument.id,
            kinds: if is_delayed { &DELAYED } else { &LIVE },
            lot: instrument.lot,
            told: None,
            is_behind: true,
            until: (request.snapshot == Some(true)).then(|| now + PATIENCE),
            has_prints: generic.split(',').any(|tick| tick.trim() == PRINTS),
        };
        let told_as = if matches!(age, Age::Delayed) && !is_delayed { Age::Live } else { *age };
        let market_data_type = Some(told_as.number());
        streams.insert(req_id, stream);
        if is_delayed {
            let text = "Requested market data is not subscribed. Displaying delayed market data.";
            self.error(conn, Some(req_id), errors::SHOWS_DELAYED, text);
        }
        let min_tick = instrument.ticks.rows().iter().map(|(_, tick)| tick.normalize()).min();
        let req_id = Some(req_id);
        self.say(conn, &Reply::MarketDataType(model::MarketDataType { req_id, market_data_type }));
        self.say(
            conn,
            &Reply::TickReqParams(model::TickReqParams {
                req_id,
                min_tick: min_tick.map(|tick| tick.to_string()),
                bbo_exchange: Some(bbo_exchange),
                snapshot_permissions: Some(3),
            }),
        );
        self.tell_quotes(&[]);
        Ok(())
    }

    /// 2: no more of these quotes.
    pub(super) fn forget_market_data(&mut self, conn: ConnId, request: &model::RequestId) {
        if let Some(session) = self.session_mut(conn) {
            session.quotes.streams.remove(&request.req_id.unwrap_or_default());
        }
    }

    /// 59: which data are wanted from now on. Quotes that are followed already stay what they are.
    pub(super) fn market_data_type(&mut self, conn: ConnId, request: &model::MarketDataTypeRequest) {
        let Some(age) = Age::read(request.market_data_type) else {
            return self.error(conn, None, errors::REFUSED, "A market data type is a number from 1 to 4");
        };
        if let Some(session) = self.session_mut(conn) {
            session.quotes.age = age;
        }
    }

    /// 97: prints or quotes one by one, from now on. Quotes come as often as
    /// they are published, which may leave out some between.
    pub(super) fn tick_by_tick(&mut self, conn: ConnId, request: &model::TickByTickRequest) {
        let req_id = request.req_id.unwrap_or_default();
        if let Err(Refusal { code, text }) = self.begin_tape(conn, req_id, request) {
            self.error(conn, Some(req_id), code, &text);
        }
    }

    fn begin_tape(
        &mut self,
        conn: ConnId,
        req_id: i32,
        request: &model::TickByTickRequest,
    ) -> Result<(), Refusal> {
        let instrument = self.meant(request.contract.as_ref())?;
        let wanted = text(request.tick_type.as_ref());
        let kind = TapeKind::read(wanted).ok_or_else(|| {
            let text = format!(
                "There are no ticks of type '{wanted}': Last, AllLast, BidAsk and MidPoint are there"
            );
            Refusal::request(text)
        })?;
        let exchange = self.listing(&instrument);
        let Some(session) = self.session_mut(conn) else { return Ok(()) };
        let tapes = &mut session.quotes.tapes;
        if tapes.contains_key(&req_id) {
            return Err(Refusal::request("Duplicate ticker id"));
        }
        if tapes.len() >= MOST_TAPES {
            let text = format!(
                "Max number of tick-by-tick requests has been reached: {MOST_TAPES} for each connection"
            );
            return Err(Refusal::request(text));
        }
        let ignores_sizes = request.ignore_size == Some(true);
        let tape =
            Tape { instrument: instrument.id, kind, ignores_sizes, exchange, told: None, is_behind: true };
        tapes.insert(req_id, tape);
        self.tell_quotes(&[]);
        Ok(())
    }

    /// 98: no more of these ticks.
    pub(super) fn forget_tick_by_tick(&mut self, conn: ConnId, request: &model::RequestId) {
        if let Some(session) = self.session_mut(conn) {
            session.quotes.tapes.remove(&request.req_id.unwrap_or_default());
        }
    }

    /// Tells the quotes that have changed, and those that were left out. Who reads slowly is told later,
    /// and while the uplink is away so is everybody.
    pub(super) fn tell_quotes(&mut self, changed: &[InstrumentId]) {
        let Self { connections, desk, now, sky, .. } = self;
        let is_down = sky.is_down();
        let quote_of = |id: InstrumentId| desk.quote(id).map(|view| *view.quote);
        let mut told = Vec::new();
        for (conn, connection) in connections {
            let pace = match (is_down, connection.is_slow) {
                (true, _) => Pace::Stands,
                (false, true) => Pace::Slow,
                (false, false) => Pace::Usual,
            };
            let Some(session) = connection.session_mut() else { continue };
            let mut out = Vec::new();
            session.quotes.tell(changed, pace, quote_of, *now, &mut out);
            told.extend(out.into_iter().map(|reply| (*conn, reply)));
        }
        self.say_each(told);
    }

    /// Tells what was left out while a client was slow, and ends quotes that do not come.
    pub(super) fn tell_quotes_in_time(&mut self) {
        self.tell_quotes(&[]);
    }

    /// Tells prints to whoever follows them.
    pub(super) fn tell_trades<'a>(
        &mut self,
        instrument: InstrumentId,
        trades: &(impl Iterator<Item = &'a Trade> + Clone),
    ) {
        if self.sky.is_down() {
            return;
        }
        let volume = self.desk.quote(instrument).map(|view| view.quote.volume.0);
        let mut told = Vec::new();
        for (conn, session) in self.sessions() {
            let Quotes { streams, tapes, .. } = &session.quotes;
            for (req_id, tape) in tapes.iter().filter(|(_, tape)| tape.instrument == instrument) {
                told.extend(trades.clone().filter_map(|trade| Some((conn, tape.print(*req_id, trade)?))));
            }
            for (req_id, stream) in streams.iter().filter(|(_, stream)| stream.instrument == instrument) {
                if !stream.has_prints || stream.until.is_some() {
                    continue;
                }
                // The newest volume has all of these prints in it.
                let all: Decimal = trades.clone().map(|trade| trade.quantity.0).sum();
                let mut traded = volume.map(|volume| volume - all);
                for trade in trades.clone() {
                    traded = traded.map(|traded| traded + trade.quantity.0);
                    told.push((conn, ticks::print_with_volume(*req_id, trade, traded)));
                }
            }
        }
        self.say_each(told);
    }

    /// Says several things, each to one client.
    pub(super) fn say_each(&mut self, told: Vec<(ConnId, Reply)>) {
        for (conn, reply) in told {
            self.say(conn, &reply);
        }
    }
}

impl Quotes {
    /// Follows nothing any more; which data are wanted stays.
    pub fn forget(&mut self) {
        *self = Self { age: self.age, ..Self::default() };
    }

    /// Takes the quotes away that were asked for once, and says which.
    pub fn end_snapshots(&mut self) -> Vec<i32> {
        self.streams.extract_if(.., |_, stream| stream.until.is_some()).map(|(req_id, _)| req_id).collect()
    }

    /// Adds what is needed for it.
    pub fn wants(&self, demand: &mut Demand) {
        for stream in self.streams.values() {
            demand.quotes.insert(stream.instrument);
            if stream.has_prints {
                demand.trades.insert(stream.instrument);
            }
        }
        for tape in self.tapes.values() {
            let wanted = if tape.kind.is_of_prints() { &mut demand.trades } else { &mut demand.quotes };
            wanted.insert(tape.instrument);
        }
    }

    fn tell(
        &mut self,
        changed: &[InstrumentId],
        pace: Pace,
        quote_of: impl Fn(InstrumentId) -> Option<Quote>,
        now: Time,
        out: &mut Vec<Reply>,
    ) {
        for (req_id, tape) in self.tapes.iter_mut().filter(|(_, tape)| !tape.kind.is_of_prints()) {
            tape.is_behind |= changed.contains(&tape.instrument);
            if !tape.is_behind || pace != Pace::Usual {
                continue;
            }
            if let Some(quote) = quote_of(tape.instrument) {
                tape.is_behind = false;
                out.extend(tape.quote(*req_id, &quote));
            }
        }
        self.streams.retain(|req_id, stream| {
            stream.is_behind |= changed.contains(&stream.instrument);
            let is_due = pace == Pace::Usual || (pace == Pace::Slow && stream.until.is_some());
            if stream.is_behind
                && is_due
                && let Some(quote) = quote_of(stream.instrument)
            {
                stream.is_behind = false;
                out.extend(ticks::changes(*req_id, stream.kinds, stream.lot, stream.told.as_ref(), &quote));
                stream.told = Some(quote);
            }
            let is_over = stream.until.is_some_and(|until| stream.told.is_some() || now >= until);
            if is_over {
                out.push(Reply::TickSnapshotEnd(model::RequestId { req_id: Some(*req_id) }));
            }
            !is_over
        });
    }
}

impl Age {
    fn read(number: Option<i32>) -> Option<Self> {
        match number {
            Some(1) => Some(Self::Live),
            Some(2) => Some(Self::Frozen),
            Some(3 | 4) => Some(Self::Delayed),
            _ => None,
        }
    }

    fn number(self) -> i32 {
        match self {
            Self::Live => 1,
            Self::Frozen => 2,
            Self::Delayed => 3,
        }
    }
}

impl TapeKind {
    fn read(text: &str) -> Option<Self> {
        let all = [
            ("Last", Self::Last),
            ("AllLast", Self::AllLast),
            ("BidAsk", Self::BidAsk),
            ("MidPoint", Self::MidPoint),
        ];
        all.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(text)).map(|(_, kind)| kind)
    }

    fn is_of_prints(self) -> bool {
        matches!(self, Self::Last | Self::AllLast)
    }
}

impl Tape {
    /// A print, for who follows prints.
    fn print(&self, req_id: i32, trade: &Trade) -> Option<Reply> {
        match self.kind {
            TapeKind::Last => Some(ticks::last(req_id, 1, trade, &self.exchange)),
            TapeKind::AllLast => Some(ticks::last(req_id, 2, trade, &self.exchange)),
            TapeKind::BidAsk | TapeKind::MidPoint => None,
        }
    }

    /// A quote, where what is followed of it has changed.
    fn quote(&mut self, req_id: i32, quote: &Quote) -> Option<Reply> {
        let was = self.told.replace(*quote).unwrap_or_default();
        let prices = |quote: &Quote| (quote.bid, quote.ask);
        let sizes = |quote: &Quote| (quote.bid_size, quote.ask_size);
        match self.kind {
            TapeKind::BidAsk => {
                let is_same =
                    prices(&was) == prices(quote) && (self.ignores_sizes || sizes(&was) == sizes(quote));
                (!is_same).then(|| ticks::bid_ask(req_id, quote))
            }
            TapeKind::MidPoint => {
                let mid = quote.mid().filter(|mid| was.mid() != Some(*mid))?;
                Some(ticks::mid_point(req_id, quote.time, mid))
            }
            TapeKind::Last | TapeKind::AllLast => None,
        }
    }
}
