//! Which streams of market data are open, and what becomes of those that end.
//!
//! The engine says what it wants ([`Watch`]); this opens and closes lines until that is what there is. Trades
//! tick by tick are few at TWS, so that they go to the instruments whose book is open first, and the rest
//! makes do with the prints of their quotes. A line that TWS ends with a code is told once in words and
//! opened again where that can help, after a pause.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ibapi::market_data::MarketDataType;

use super::codes::{ChartWord, DataWord, of_chart, of_data, words};
use super::kept;
use super::listed::Listing;
use super::pacing::OneByOne;
use super::remarks::Remarks;
use crate::broker::contract::{BrokerEvent, Watch};
use crate::domain::{AssetClass, Instrument, InstrumentId, Time};
use crate::link::{BarKey, NoticeLevel};

/// TWS takes the trades of an instrument tick by tick once within this.
const TRADES_WITHIN: Duration = Duration::from_secs(15);
/// When it is looked whether TWS has as much room for streams of trades again as it should.
const ROOM_AGAIN: Duration = Duration::from_mins(10);
/// Before a line is opened again that TWS had no room for, or that failed.
const PAUSE: Duration = Duration::from_mins(1);
/// The same where data go to another login.
const ELSEWHERE: Duration = Duration::from_secs(30);
/// The same where the line only broke.
const SOON: Duration = Duration::from_secs(2);

/// What a trader has to know of them.
const DELAYED: &str = "Delayed data, some 15 minutes old: without a subscription to live ones the market is elsewhere \
    by now. Subscribe to them in the Client Portal of IBKR, or turn delayed data off in settings.toml";

const FROZEN: &str = "Frozen data, the last before the market closed: it opens somewhere else. Live ones come by \
    themselves when it does";
const DELAYED_FROZEN: &str = "Delayed and frozen data, the last before the market closed: when it opens, they come \
    some 15 minutes late. Subscribe to live ones in the Client Portal of IBKR";

/// A stream of market data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Feed {
    /// Quotes.
    Quotes(InstrumentId),
    /// Trades, tick by tick.
    Trades(InstrumentId),
    /// The book.
    Depth(InstrumentId),
    /// The bars of a chart.
    Kept(BarKey),
}

impl Feed {
    pub fn instrument(self) -> InstrumentId {
        match self {
            Self::Quotes(id) | Self::Trades(id) | Self::Depth(id) => id,
            Self::Kept(key) => key.instrument,
        }
    }
}

/// What is to be done about streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// Open it; one that is open already is closed first.
    On(Feed),
    /// Close it.
    Off(Feed),
}

/// All streams of a session.
#[derive(Debug)]
pub(super) struct Lines {
    wanted: Watch,
    /// Those among them that have trades at all.
    with_trades: BTreeSet<InstrumentId>,
    /// The series among them that TWS can keep up to date.
    can_keep: Vec<BarKey>,
    open: BTreeSet<Feed>,
    /// Those that are to be opened again, and when; never for those that cannot help.
    waiting: BTreeMap<Feed, Time>,
    /// What was said of an instrument.
    said: BTreeSet<(InstrumentId, DataWord)>,
    /// How many streams of trades there should be room for.
    most_trades: usize,
    trades_at_once: usize,
    /// Until when there is room for fewer, because TWS has refused one.
    fewer_until: Option<Time>,
    /// Trades that were opened a moment ago, and when.
    trades_opened: BTreeMap<InstrumentId, Time>,
    /// What is said of instruments a part of whose data is not subscribed: true of live data too.
    partly: BTreeMap<InstrumentId, String>,
    remarks: Remarks,
    /// When those are opened again that TWS refused because it was asked too fast.
    refused: OneByOne,
}

impl Lines {
    /// With room for so many streams of trades.
    pub fn new(trades_at_once: usize) -> Self {
        let wanted = Watch::default();
        Self {
            wanted,
            with_trades: BTreeSet::new(),
            can_keep: Vec::new(),
            open: BTreeSet::new(),
            waiting: BTreeMap::new(),
            said: BTreeSet::new(),
            most_trades: trades_at_once,
            trades_at_once,
            fewer_until: None,
            trades_opened: BTreeMap::new(),
            partly: BTreeMap::new(),
            remarks: Remarks::default(),
            refused: OneByOne::default(),
        }
    }

    /// From now on these are wanted.
    pub fn watch(&mut self, watch: Watch, listing: &Listing, now: Time) -> Vec<Turn> {
        self.wanted = watch;
        let known = |id: &InstrumentId| listing.get(*id).is_some();
        self.wanted.quotes.retain(known);
        self.wanted.depth.retain(known);
        let has_trades = |id: &InstrumentId| listing.instrument(*id).is_some_and(has_trades);
        self.with_trades = self.wanted.quotes.iter().copied().filter(has_trades).collect();
        let can_keep = |key: &BarKey| {
            let instrument = listing.instrument(key.instrument);
            instrument.is_some_and(|instrument| kept::source(instrument, key.timeframe).is_some())
        };
        self.can_keep = self.wanted.bars.iter().copied().filter(can_keep).collect();
        self.settle(now)
    }

    /// Closes what is not wanted and opens what is, as far as nothing speaks against it.
    fn settle(&mut self, now: Time) -> Vec<Turn> {
        self.trades_opened.retain(|_, at| now.since(*at) < TRADES_WITHIN);
        let mut wanted: BTreeSet<Feed> = self.wanted.quotes.iter().map(|id| Feed::Quotes(*id)).collect();
        wanted.extend(self.wanted.depth.iter().map(|id| Feed::Depth(*id)));
        wanted.extend(self.trades());
        wanted.extend(self.kept(&wanted));
        let gone: Vec<Feed> = self.open.difference(&wanted).copied().collect();
        self.waiting.retain(|feed, _| wanted.contains(feed));
        let missing = wanted.into_iter().filter(|feed| !self.open.contains(feed));
        let fresh: Vec<Feed> =
            missing.filter(|feed| !self.waiting.contains_key(feed) && !self.is_held_back(*feed)).collect();
        for feed in &gone {
            self.open.remove(feed);
        }
        self.open.extend(&fresh);
        for feed in gone.iter().chain(&fresh) {
            if let Feed::Quotes(id) = feed {
                self.remarks.clear(*id);
                self.partly.remove(id);
            }
        }
        let trades = fresh.iter().filter(|feed| matches!(feed, Feed::Trades(_)));
        self.trades_opened.extend(trades.map(|feed| (feed.instrument(), now)));
        gone.into_iter().map(Turn::Off).chain(fresh.into_iter().map(Turn::On)).collect()
    }

    /// Whether it was open a moment ago: TWS would refuse it as one too many. Its room is kept.
    fn is_held_back(&self, feed: Feed) -> bool {
        matches!(feed, Feed::Trades(id) if self.trades_opened.contains_key(&id)) && !self.open.contains(&feed)
    }

    /// Who has trades tick by tick: those who have them already, then those whose book is open, then the
    /// others in their order.
    fn trades(&self) -> Vec<Feed> {
        let has = |id: &&InstrumentId| self.open.contains(&Feed::Trades(**id));
        let can = |id: &&InstrumentId| !self.waiting.contains_key(&Feed::Trades(**id));
        let is_book = |id: &&InstrumentId| self.wanted.depth.contains(id);
        let quotes = || self.with_trades.iter();
        let first = quotes().filter(has);
        let second = quotes().filter(|id| !has(id) && is_book(id) && can(id));
        let third = quotes().filter(|id| !has(id) && !is_book(id) && can(id));
        let ranked = first.chain(second).chain(third).map(|id| Feed::Trades(*id));
        let refused = self.waiting.keys().filter(|feed| matches!(feed, Feed::Trades(_))).copied();
        ranked.take(self.trades_at_once).chain(refused).collect()
    }

    /// The series whose trades do not come tick by tick.
    fn kept(&self, wanted: &BTreeSet<Feed>) -> Vec<Feed> {
        let lacks_trades = |key: &&BarKey| {
            let trades = Feed::Trades(key.instrument);
            !wanted.contains(&trades) || self.waiting.contains_key(&trades) || self.is_held_back(trades)
        };
        let kept = self.can_keep.iter().filter(lacks_trades).take(kept::AT_ONCE);
        kept.map(|key| Feed::Kept(*key)).collect()
    }

    /// Everything is opened anew: TWS has forgotten it.
    pub fn open_again(&mut self, now: Time) -> Vec<Turn> {
        self.open.clear();
        self.waiting.clear();
        self.settle(now)
    }

    /// Whether a stream is wanted and open: what comes of another is late.
    pub fn has(&self, feed: Feed) -> bool {
        self.open.contains(&feed)
    }

    /// Streams that are open and would say something before long if they lived, and can be opened anew.
    pub fn to_prove(&self) -> impl Iterator<Item = Feed> {
        self.open.iter().copied().filter(|feed| matches!(feed, Feed::Quotes(_) | Feed::Kept(_)))
    }

    /// Which kind of data come of an instrument from now on.
    pub fn comes(&mut self, id: InstrumentId, kind: MarketDataType) {
        match kind {
            MarketDataType::Delayed => self.remarks.set(id, "delayed", DELAYED),
            MarketDataType::Frozen => self.remarks.set(id, "frozen", FROZEN),
            MarketDataType::DelayedFrozen => self.remarks.set(id, "delayed, frozen", DELAYED_FROZEN),
            MarketDataType::Realtime => match self.partly.get(&id) {
                Some(text) => self.remarks.set(id, short(DataWord::Partly), text),
                None => self.remarks.clear(id),
            },
            MarketDataType::Unknown => {}
        }
    }

    /// What is to be known about market data, as far as that has changed.
    pub fn remarks(&mut self) -> Vec<BrokerEvent> {
        self.remarks.take_changed()
    }

    /// TWS says something about a stream; whether it has `ended` with that.
    pub fn remark(
        &mut self,
        feed: Feed,
        code: i32,
        text: &str,
        ended: bool,
        listing: &Listing,
        now: Time,
    ) -> (Vec<Turn>, Option<BrokerEvent>) {
        if !self.has(feed) {
            return (Vec::new(), None);
        }
        let word = of_data(code);
        let note = self.note(feed, word, text, listing);
        if !ended {
            return (Vec::new(), note);
        }
        self.open.remove(&feed);
        if word == DataWord::KindFull && matches!(feed, Feed::Trades(_)) {
            let open = self.open.iter().filter(|feed| matches!(feed, Feed::Trades(_))).count();
            self.trades_at_once = open;
            self.fewer_until = Some(now + ROOM_AGAIN);
            return (self.settle(now), None);
        }
        let again = match word {
            _ if matches!(feed, Feed::Kept(_)) => chart_again(of_chart(code, text), now),
            DataWord::NoSubscription | DataWord::NoDelayed | DataWord::NoInstrument => Time::MAX,
            DataWord::Elsewhere => now + ELSEWHERE,
            DataWord::TooFast => self.refused.again(now),
            DataWord::Nothing | DataWord::Delayed | DataWord::Partly | DataWord::Halted | DataWord::Reset => {
                now + SOON
            }
            _ => now + PAUSE,
        };
        self.waiting.insert(feed, again);
        // A chart without trades has its bars kept.
        let turns = if matches!(feed, Feed::Trades(_)) { self.settle(now) } else { Vec::new() };
        (turns, note)
    }

    /// A stream has ended without a word of TWS.
    pub fn broke(&mut self, feed: Feed, now: Time) {
        if self.open.remove(&feed) {
            self.waiting.insert(feed, now + SOON);
        }
    }

    /// A stream has lost some of what came: it begins anew, but for trades, whose lost ones would not come again.
    pub fn lagged(&self, feed: Feed) -> Option<Turn> {
        (self.has(feed) && !matches!(feed, Feed::Trades(_))).then_some(Turn::On(feed))
    }

    /// Time has passed: opens again what has waited long enough.
    pub fn tick(&mut self, now: Time) -> Vec<Turn> {
        let is_due = |at: &Time| *at <= now && *at != Time::MAX;
        let has_room = self.fewer_until.take_if(|until| *until <= now).is_some();
        if has_room {
            self.trades_at_once = self.most_trades;
        }
        let takes_trades = self.trades_opened.values().any(|at| now.since(*at) >= TRADES_WITHIN);
        if !has_room && !takes_trades && !self.waiting.values().any(is_due) {
            return Vec::new();
        }
        self.waiting.retain(|_, at| !is_due(at));
        self.settle(now)
    }

    /// What a trader is told, once per instrument.
    fn note(&mut self, feed: Feed, word: DataWord, text: &str, listing: &Listing) -> Option<BrokerEvent> {
        let id = feed.instrument();
        let has_others = matches!(feed, Feed::Trades(_) | Feed::Kept(_));
        let said = match word {
            DataWord::Nothing | DataWord::Reset | DataWord::Halted => return None,
            // There are other prints.
            _ if has_others => {
                tracing::info!("{}: {feed:?} does not come: {text}", listing.symbol(id));
                return None;
            }
            DataWord::TooFast => {
                "TWS was asked for too much at once: this quote is asked for again in a few seconds"
                    .to_owned()
            }
            DataWord::Delayed => "no subscription to live data: delayed data come instead".to_owned(),
            DataWord::Partly => format!("a part of its data is not subscribed: {}", words(text)),
            DataWord::NoSubscription => {
                "no subscription to its market data, and delayed data are not allowed or not there".to_owned()
            }
            DataWord::NoDelayed => {
                "no subscription to live data, and delayed ones are turned off: set delayed_data = \
                                    true under [ibkr] in settings.toml, or subscribe"
                    .to_owned()
            }
            DataWord::LinesFull => {
                "no market data: all lines of the login are taken (usually 100). Close other quotes"
                    .to_owned()
            }
            DataWord::KindFull => "no book: TWS allows no more at once. Close another one".to_owned(),
            DataWord::Elsewhere => {
                "no market data: the same user is logged in elsewhere, and the data go there. Log out there"
                    .to_owned()
            }
            DataWord::NoInstrument => {
                let words = words(text);
                format!("TWS knows no such instrument, or several ({words}): search for it anew")
            }
            DataWord::Failed => format!("no market data: {}", words(text)),
        };
        if let Feed::Quotes(id) = feed {
            let text = if word == DataWord::Delayed { DELAYED } else { &said };
            self.remarks.set(id, short(word), text);
            if word == DataWord::Partly {
                self.partly.insert(id, said.clone());
            }
        }
        let level = match word {
            // It passes by itself, and may concern many at once: the row says it.
            DataWord::TooFast => return None,
            DataWord::Partly => NoticeLevel::Info,
            DataWord::Delayed => NoticeLevel::Warning,
            _ => NoticeLevel::Error,
        };
        let is_new = self.said.insert((id, word));
        is_new.then(|| BrokerEvent::Note(level, format!("{}: {said}", listing.symbol(id)).into()))
    }
}

/// When a chart is kept again that TWS has ended. What came too often waits in its queue.
fn chart_again(word: ChartWord, now: Time) -> Time {
    match word {
        ChartWord::Again | ChartWord::Pacing => now + SOON,
        ChartWord::NoPermission | ChartWord::NoInstrument => Time::MAX,
        ChartWord::NoData | ChartWord::Nothing | ChartWord::Failed => now + PAUSE,
    }
}

/// What stands where the quote would.
fn short(word: DataWord) -> &'static str {
    match word {
        DataWord::Delayed => "delayed",
        DataWord::Partly => "partly subscribed",
        DataWord::NoSubscription | DataWord::NoDelayed => "no subscription",
        DataWord::LinesFull => "all lines taken",
        DataWord::Elsewhere => "data go elsewhere",
        DataWord::NoInstrument => "unknown at TWS",
        DataWord::TooFast => "waits for TWS",
        DataWord::KindFull | DataWord::Failed | DataWord::Nothing | DataWord::Reset | DataWord::Halted => {
            "no data"
        }
    }
}

/// Whether TWS tells of trades of an instrument: of currencies there are quotes alone, and who asks for more
/// gets none of it.
pub(super) fn has_trades(instrument: &Instrument) -> bool {
    instrument.class != AssetClass::Fx
}

#[cfg(test)]
mod tests;
