//! Market data on their way through: quotes kept for the gate, trades made into bars,
//! all of it passed on to the window as far as it asked.
//!
//! A series begins with a history request whose answer stands at a known place of the
//! event stream ([`crate::broker::HistoryBars`]): trades before it are in it, trades
//! after it are added here. So no trade is missed and none counts twice.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Effect;
use crate::broker::contract::Watch;
use crate::broker::{BrokerRequest, HistoryBars, HistoryRequest, MarketEvent};
use crate::domain::{
    AssetClass, Bar, BrokerId, Currency, Decimal, Instrument, InstrumentId, Money, Quote, Time, Trade,
};
use crate::link::update::Placement;
use crate::link::{Alive, BarKey, Demand, Follower, History, Update};
use crate::market::aggregate::{Aggregated, Aggregator};
use crate::market::calendar::Calendar;
use crate::market::series::BarChunk;
use crate::market::valuation::Rates;

pub(super) struct MarketData {
    instruments: Arc<[Arc<Instrument>]>,
    calendars: Vec<Option<Arc<Calendar>>>,
    quotes: Vec<Option<(Quote, Time)>>,
    /// Those of them that no session has told which is still there.
    old: BTreeSet<InstrumentId>,
    /// By broker, of those whose session has begun.
    alive: Vec<Alive>,
    /// What each that follows wants, and all of that together.
    wishes: BTreeMap<Follower, Demand>,
    demand: Demand,
    series: BTreeMap<InstrumentId, Vec<Series>>,
}

/// One demanded bar series.
struct Series {
    key: BarKey,
    calendar: Arc<Calendar>,
    wanted: usize,
    known: usize,
    oldest: Time,
    has_all: bool,
    /// A request is on its way.
    is_asked: bool,
    /// The first answer has come.
    is_live: bool,
    /// The broker gave up on the last request: to ask the same again does not help.
    is_refused: bool,
    is_dirty: bool,
    bars: Aggregator,
}

impl MarketData {
    pub fn new(instruments: &Arc<[Arc<Instrument>]>) -> Self {
        let mut market = Self {
            calendars: Vec::new(),
            quotes: Vec::new(),
            old: BTreeSet::new(),
            alive: Vec::new(),
            instruments: Arc::default(),
            wishes: BTreeMap::new(),
            demand: Demand::default(),
            series: BTreeMap::new(),
        };
        market.list(Arc::clone(instruments));
        market
    }

    /// The catalogue has grown at its end.
    pub fn list(&mut self, instruments: Arc<[Arc<Instrument>]>) {
        self.calendars.extend(instruments[self.instruments.len()..].iter().map(calendar));
        self.quotes.resize(instruments.len(), None);
        self.instruments = instruments;
    }

    /// The newest quote, and when it was last known to hold.
    pub fn quote(&self, id: InstrumentId) -> Option<(&Quote, Time)> {
        let (quote, received) = self.quotes.get(id.index())?.as_ref()?;
        let broker = self.instruments[id.index()].broker;
        let alive = self.alive.iter().find(|alive| alive.broker == broker);
        Some((quote, alive.map_or(*received, |alive| alive.confirms(*received))))
    }

    /// The newest quote, where the session that told it is there.
    pub fn quote_of_session(&self, id: InstrumentId) -> Option<&Quote> {
        let (quote, _) = self.quotes.get(id.index())?.as_ref()?;
        (!self.old.contains(&id)).then_some(quote)
    }

    /// A broker's session has ended: its quotes may hold no more.
    pub fn end_session(&mut self, broker: BrokerId) {
        let is_quoted = |one: &&Arc<Instrument>| self.quotes[one.id.index()].is_some();
        let its = self.instruments.iter().filter(|one| one.broker == broker).filter(is_quoted);
        self.old.extend(its.map(|one| one.id));
    }

    /// A broker's session begins at `now`: what an earlier one told is not confirmed by it.
    pub fn begin_session(&mut self, broker: BrokerId, now: Time) {
        self.alive.retain(|alive| alive.broker != broker);
        self.alive.push(Alive { broker, since: now, heard: now });
    }

    /// What the broker has sent in this session still held at `heard`.
    pub fn alive(&mut self, broker: BrokerId, heard: Time, out: &mut Vec<Effect>) {
        if let Some(alive) = self.alive.iter_mut().find(|alive| alive.broker == broker) {
            alive.heard = heard;
            out.push(Effect::Alive(*alive));
        }
    }

    /// The time at an instrument's market, where that is not ours: in a replay.
    pub fn market_time(&self, id: InstrumentId) -> Option<Time> {
        let (quote, received) = self.quotes.get(id.index())?.as_ref()?;
        quote.market_time(*received)
    }

    /// The bars of a series come later.
    pub fn bars_wait(&self, request: HistoryRequest, until: Time, now: Time, out: &mut Vec<Effect>) {
        let HistoryRequest { instrument, timeframe, .. } = request;
        let key = BarKey { instrument, timeframe };
        if self.demand.bars.contains_key(&key) {
            out.push(Effect::publish(Update::BarsWait { key, until }, now));
        }
    }

    /// Forgets a quote that nobody keeps up to date any more.
    pub fn forget_quote(&mut self, id: InstrumentId) {
        if let Some(slot) = self.quotes.get_mut(id.index()) {
            *slot = None;
        }
    }

    /// Whether an instrument trades at `now` by its calendar.
    pub fn is_in_hours(&self, id: InstrumentId, now: Time) -> bool {
        self.calendars.get(id.index()).and_then(Option::as_ref).is_some_and(|hours| hours.is_open(now))
    }

    /// Whether the day that an order of `created` was good for is over at `now`.
    pub fn day_has_ended(&self, id: InstrumentId, created: Time, now: Time) -> bool {
        let now = self.market_time(id).unwrap_or(now);
        let calendar = self.calendars.get(id.index()).and_then(Option::as_ref);
        calendar.is_some_and(|calendar| calendar.day_end(created) <= now)
    }

    /// What a unit of `currency` is worth in `base`, by the newest FX quotes.
    pub fn worth(&self, currency: Currency, base: Currency) -> Option<Money> {
        let amount = self.rates_into(base).to_base(Decimal::ONE, currency)?;
        Some(Money { amount, currency: base })
    }

    /// Exchange rates into a currency, by the newest FX quotes.
    pub fn rates_into(&self, base: Currency) -> Rates {
        let quoted = |instrument: &Arc<Instrument>| {
            let (bought, paid) = instrument.pair()?;
            Some((bought, paid, self.quote(instrument.id)?.0.mark()?.0))
        };
        let quotes: Vec<_> = self.rate_instruments().filter_map(quoted).collect();
        Rates::from_quotes(base, &quotes)
    }

    /// Instruments that value other currencies: always watched.
    fn rate_instruments(&self) -> impl Iterator<Item = &Arc<Instrument>> {
        self.instruments.iter().filter(|instrument| instrument.class == AssetClass::Fx)
    }

    /// What the brokers must send for the window and for the rates.
    pub fn watch(&self) -> Watch {
        let Demand { quotes, depth, trades, bars } = &self.demand;
        let bars = bars.keys().copied().collect();
        let mut watch = Watch { quotes: quotes | trades, depth: depth.clone(), bars };
        watch.quotes.extend(watch.bars.iter().map(|key| key.instrument));
        watch.quotes.extend(self.rate_instruments().map(|instrument| instrument.id));
        watch
    }

    /// Replaces what one that follows wants.
    pub fn set_demand(&mut self, follower: Follower, wish: &Demand, out: &mut Vec<Effect>) {
        let before = self.wishes.insert(follower, wish.clone()).unwrap_or_default();
        self.wishes.retain(|_, wish| *wish != Demand::default());
        let mut demand = Demand::default();
        for wish in self.wishes.values() {
            demand.add(wish);
        }
        for series in self.series.values_mut() {
            series.retain(|series| {
                let is_wanted = demand.bars.contains_key(&series.key);
                if !is_wanted {
                    out.push(Effect::ForgetBars(series.key));
                }
                is_wanted
            });
        }
        self.series.retain(|_, series| !series.is_empty());
        for id in &wish.quotes {
            // What is known at once need not wait for the next change.
            if !before.quotes.contains(id)
                && let Some(Some((quote, received))) = self.quotes.get(id.index())
            {
                out.push(Effect::Quote(*id, *quote, *received));
            }
        }
        // What others know already has to be told from the beginning.
        for key in wish.bars.keys().filter(|key| !before.bars.contains_key(key)) {
            let list = self.series.get_mut(&key.instrument).into_iter().flatten();
            list.filter(|series| series.key == *key).for_each(Series::begin_anew);
        }
        for (&key, &wanted) in &demand.bars {
            self.want(key, wanted, out);
        }
        self.demand = demand;
    }

    fn want(&mut self, key: BarKey, wanted: usize, out: &mut Vec<Effect>) {
        let Some(instrument) = self.instruments.get(key.instrument.index()) else { return };
        let Some(calendar) = self.calendars[key.instrument.index()].clone() else { return };
        let list = self.series.entry(key.instrument).or_default();
        let index = list.iter().position(|series| series.key == key).unwrap_or_else(|| {
            list.push(Series {
                key,
                calendar: Arc::clone(&calendar),
                wanted,
                known: 0,
                oldest: Time::MAX,
                has_all: false,
                is_asked: false,
                is_live: false,
                is_refused: false,
                is_dirty: false,
                bars: Aggregator::new(calendar, key.timeframe),
            });
            list.len() - 1
        });
        let series = &mut list[index];
        series.is_refused &= series.wanted == wanted;
        series.wanted = wanted;
        series.ask(instrument.broker, out);
    }

    /// Asks a broker for everything anew: its session is new, or its bars are others now.
    pub fn ask_again(&mut self, broker: BrokerId, out: &mut Vec<Effect>) {
        let instruments = &self.instruments;
        let of_broker = |id: &InstrumentId| instruments.get(id.index()).is_some_and(|i| i.broker == broker);
        for (_, list) in self.series.iter_mut().filter(|(id, _)| of_broker(id)) {
            for series in list {
                series.begin_anew();
                series.ask(broker, out);
            }
        }
    }

    /// Asks a broker for one series anew: some of its bars may be missing.
    pub fn ask_anew(&mut self, broker: BrokerId, key: BarKey, out: &mut Vec<Effect>) {
        let list = self.series.get_mut(&key.instrument).into_iter().flatten();
        if let Some(series) = list.into_iter().find(|series| series.key == key) {
            series.begin_anew();
            series.ask(broker, out);
        }
    }

    /// A history request was not handed over.
    pub fn not_asked(&mut self, request: &HistoryRequest) {
        let list = self.series.get_mut(&request.instrument).into_iter().flatten();
        for series in list.filter(|series| series.key.timeframe == request.timeframe) {
            series.is_asked = false;
        }
    }

    /// Asks a broker for what was not handed over to it.
    pub fn ask_missing(&mut self, broker: BrokerId, out: &mut Vec<Effect>) {
        let instruments = &self.instruments;
        let of_broker = |id: &InstrumentId| instruments.get(id.index()).is_some_and(|i| i.broker == broker);
        for (_, list) in self.series.iter_mut().filter(|(id, _)| of_broker(id)) {
            for series in list {
                series.ask(broker, out);
            }
        }
    }

    /// Takes market data over and passes on what is wanted.
    pub fn apply(&mut self, received: Time, events: Vec<MarketEvent>, out: &mut Vec<Effect>) {
        for event in events {
            match event {
                MarketEvent::Quote(id, quote) => {
                    let Some(slot) = self.quotes.get_mut(id.index()) else { continue };
                    *slot = Some((quote, received));
                    self.old.remove(&id);
                    if self.demand.quotes.contains(&id) {
                        out.push(Effect::Quote(id, quote, received));
                    }
                }
                MarketEvent::Trade(id, trade) => self.trade(id, trade, received, out),
                MarketEvent::Depth(id, depth) => {
                    if self.demand.depth.contains(&id) {
                        out.push(Effect::Depth(id, depth, received));
                    }
                }
            }
        }
        // The forming bars once per delivery: the trades between are in them.
        for series in self.series.values_mut().flatten().filter(|series| series.is_dirty) {
            series.is_dirty = false;
            if let Some(bar) = series.bars.forming() {
                out.push(Effect::Bar(series.key, *bar, received));
            }
        }
    }

    fn trade(&mut self, id: InstrumentId, trade: Trade, received: Time, out: &mut Vec<Effect>) {
        for series in self.series.get_mut(&id).into_iter().flatten().filter(|series| series.is_live) {
            match series.bars.add(&trade) {
                Aggregated::Opened { closed: Some(bar), .. } => {
                    series.known += 1;
                    out.push(Effect::Bar(series.key, bar, received));
                }
                Aggregated::Opened { closed: None, .. } | Aggregated::Formed(_) => {}
                Aggregated::Late => {
                    out.push(Effect::LateTrade(series.key));
                    continue;
                }
                Aggregated::Outside => continue,
            }
            series.is_dirty = true;
        }
        if self.demand.trades.contains(&id) {
            out.push(Effect::Trade(id, trade, received));
        }
    }

    /// Takes over what the broker itself counts of a bar so far.
    pub fn bar_so_far(&mut self, key: BarKey, told: &Bar, received: Time, out: &mut Vec<Effect>) {
        let list = self.series.get_mut(&key.instrument).into_iter().flatten();
        let Some(series) = list.into_iter().find(|series| series.key == key && series.is_live) else {
            return;
        };
        let before = series.bars.forming().copied();
        match series.bars.widen(told) {
            Aggregated::Opened { closed, forming } => {
                series.known += usize::from(closed.is_some());
                out.extend(closed.map(|bar| Effect::Bar(key, bar, received)));
                out.push(Effect::Bar(key, forming, received));
            }
            Aggregated::Formed(bar) if before != Some(bar) => out.push(Effect::Bar(key, bar, received)),
            Aggregated::Formed(_) | Aggregated::Late | Aggregated::Outside => {}
        }
    }

    /// Takes an answered history request over.
    pub fn history(&mut self, answer: HistoryBars, now: Time, out: &mut Vec<Effect>) {
        let HistoryBars { request, bars, forming, is_cut } = answer;
        let key = BarKey { instrument: request.instrument, timeframe: request.timeframe };
        let list = self.series.get_mut(&key.instrument).into_iter().flatten();
        let Some(series) = list.into_iter().find(|series| series.key == key) else { return };
        if request.before != series.before() {
            return; // an answer to a question that was since asked anew
        }
        let placement = if request.before == Time::MAX { Placement::Anew } else { Placement::Before };
        series.is_asked = false;
        series.is_refused = is_cut;
        series.is_live = true;
        if is_cut && bars.is_empty() && series.known > 0 {
            if placement == Placement::Anew {
                out.push(Effect::publish(Update::BarsRefused(key), now));
            }
            return;
        }
        series.has_all = bars.len() < request.count && !is_cut;
        if placement == Placement::Anew {
            series.known = 0;
            series.oldest = Time::MAX;
            series.begin(forming);
        }
        series.known += bars.len();
        if let Some(first) = bars.first() {
            series.oldest = first.time;
        }
        let chunk = match BarChunk::new(bars) {
            Ok(chunk) => (!chunk.bars().is_empty()).then_some(chunk),
            Err(error) => {
                tracing::error!("history of {key:?} refused: {error}");
                series.has_all = true;
                None
            }
        };
        let is_complete = series.has_all;
        if placement == Placement::Anew {
            // Bars that wait in the link are older than this answer.
            out.push(Effect::ForgetBars(key));
        }
        out.push(Effect::publish(Update::History(History { key, chunk, placement, is_complete }), now));
        if let (Placement::Anew, Some(bar)) = (placement, series.bars.forming()) {
            out.push(Effect::Bar(key, *bar, now));
        }
        let broker = self.instruments[key.instrument.index()].broker;
        series.ask(broker, out);
    }
}

impl Series {
    /// Whatever was told of it is asked again. Until the answer has come it is shown as it is.
    fn begin_anew(&mut self) {
        self.has_all = false;
        self.is_asked = false;
        self.is_refused = false;
        self.is_live = false;
    }

    /// Up to when bars are missing.
    fn before(&self) -> Time {
        if self.is_live { self.oldest } else { Time::MAX }
    }

    /// Goes on from the bar that is forming.
    fn begin(&mut self, forming: Option<Bar>) {
        let (calendar, timeframe) = (Arc::clone(&self.calendar), self.key.timeframe);
        self.bars = match forming {
            Some(bar) => Aggregator::resume(calendar, timeframe, bar),
            None => Aggregator::new(calendar, timeframe),
        };
    }

    /// Asks for what is missing, one request at a time.
    fn ask(&mut self, broker: BrokerId, out: &mut Vec<Effect>) {
        // What reaches up to now replaces all that is known.
        let known = if self.before() == Time::MAX { 0 } else { self.known };
        let is_enough = self.is_live && (known >= self.wanted || self.has_all);
        if self.is_asked || is_enough || self.is_refused {
            return;
        }
        self.is_asked = true;
        out.push(Effect::Request(
            broker,
            BrokerRequest::History(HistoryRequest {
                instrument: self.key.instrument,
                timeframe: self.key.timeframe,
                before: self.before(),
                count: self.wanted.saturating_sub(known).max(1),
            }),
        ));
    }
}

/// When an instrument trades; without it there are no bars.
fn calendar(instrument: &Arc<Instrument>) -> Option<Arc<Calendar>> {
    match Calendar::new(&instrument.hours) {
        Ok(calendar) => Some(Arc::new(calendar)),
        Err(error) => {
            tracing::error!("{}: no bars, because {error}", instrument.key());
            None
        }
    }
}
