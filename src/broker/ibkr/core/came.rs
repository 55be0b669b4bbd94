//! What TWS says.

use std::sync::Arc;

use ibapi::accounts::{AccountSummaryResult, PnL, PositionUpdate};
use ibapi::market_data::historical::{HistoricalBarUpdate, HistoricalData};
use ibapi::market_data::realtime::{Bar as FiveSeconds, MarketDepths, TickTypes, Trade};
use ibapi::orders::{ExecutionData, Executions, OrderUpdate, Orders as TheirOrders};
use ibapi::subscriptions::SubscriptionItem;
use ibapi::{Error, Notice, SUBSCRIPTION_LAG_CODE, UNKNOWN_MESSAGE_TYPE_CODE};

use super::{Call, Core, Out, PROOF};
use crate::broker::contract::BrokerEvent;
use crate::broker::ibkr::advice::{told, with_reasons};
use crate::broker::ibkr::books::Part;
use crate::broker::ibkr::codes::{ChartWord, DataWord, is_for_the_log, of_chart, of_data};
use crate::broker::ibkr::connection::{Change, UNANSWERED, is_of_the_line, why_not};
use crate::broker::ibkr::described::{Described, NotDescribed};
use crate::broker::ibkr::lines::Feed;
use crate::domain::{AccountId, Candidate, Instrument, InstrumentId, Time};
use crate::link::{BarKey, NoticeLevel};

type Item<T> = Option<Result<SubscriptionItem<T>, Error>>;

/// Something that TWS has said. `None` as an item is the end of a stream.
#[derive(Debug)]
pub(in crate::broker::ibkr) enum Came {
    /// About the connection; its end is the end of the session.
    Notice(Option<Notice>),
    /// About orders, as it happens.
    Order(Item<OrderUpdate>),
    /// The answer to a sign of life that was asked for.
    Beat(Result<(), Error>),
    /// Of the books: working orders, or those that are over.
    Orders(u32, Part, Item<TheirOrders>),
    /// Of the books: executions.
    Executions(u32, Item<Executions>),
    /// Of the books, and from then on what changes: what is held.
    Position(u32, Item<PositionUpdate>),
    /// The same of cash and margin.
    Summary(u32, Item<AccountSummaryResult>),
    /// How an account does today.
    Result(AccountId, Item<PnL>),
    /// A tick of a quote.
    Tick(InstrumentId, Item<TickTypes>),
    /// A trade.
    Trade(InstrumentId, Item<Trade>),
    /// A row of a book.
    Depth(InstrumentId, Item<MarketDepths>),
    /// Five seconds of a series.
    FiveSeconds(BarKey, Item<FiveSeconds>),
    /// A bar of a series that TWS keeps.
    Kept(BarKey, Item<HistoricalBarUpdate>),
    /// Bars.
    Bars(u64, Result<HistoricalData, Error>),
    /// When the data of an instrument begin, if that is a time at all.
    First(InstrumentId, Result<Option<Time>, Error>),
    /// What a search has found.
    Found(Arc<str>, Result<Vec<Candidate>, String>),
    /// What an instrument is.
    Described(Arc<str>, Result<Box<Described>, NotDescribed>),
    /// From where on order numbers are free.
    Number(Result<i32, Error>),
}

impl Core {
    /// TWS says something.
    pub fn came(&mut self, came: Came, now: Time, out: &mut Out) {
        match came {
            Came::Notice(Some(notice)) => self.notice(&notice, now, out),
            Came::Notice(None) => {
                let why = why_not(&Error::ConnectionReset, &self.address, 0);
                return self.lose(why, out);
            }
            Came::Beat(outcome) => return self.beat(outcome, now, out),
            Came::Order(item) => self.order(item, now, out),
            Came::Orders(round, part, item) => self.orders_of_books(round, part, item, now, out),
            Came::Executions(round, item) => self.executions_of_books(round, item, now, out),
            Came::Position(round, item) => self.position(round, item, now),
            Came::Summary(round, item) => self.summary(round, item),
            Came::Result(account, item) => self.result(&account, item),
            Came::Tick(id, item) => {
                if let Some(tick) = self.data(Feed::Quotes(id), item, now, out) {
                    if let TickTypes::MarketDataType(kind) = &tick {
                        self.lines.comes(id, *kind);
                    }
                    let listing = Arc::clone(&self.listing);
                    out.events.extend(self.quotes.tick(id, &tick, &listing, now));
                }
            }
            Came::Trade(id, item) => {
                if let Some(trade) = self.data(Feed::Trades(id), item, now, out) {
                    self.quotes.comes_tick_by_tick(id, true);
                    self.quotes.trade(id, &trade);
                }
            }
            Came::Depth(id, item) => {
                if let Some(row) = self.data(Feed::Depth(id), item, now, out) {
                    self.depths.take(id, &row);
                }
            }
            Came::FiveSeconds(key, item) => {
                self.history.keeps(key);
                if let Some(bar) = self.data(Feed::Kept(key), item, now, out) {
                    out.events.extend(self.kept.missed(key));
                    out.events.extend(self.kept.five_seconds(key, &bar, now));
                }
            }
            Came::Kept(key, item) => {
                self.history.keeps(key);
                if let Some(bars) = self.data(Feed::Kept(key), item, now, out) {
                    out.events.extend(self.kept.missed(key));
                    out.events.extend(self.kept.update(key, &bars, now));
                }
            }
            Came::First(id, outcome) => self.history.first(id, outcome, now),
            Came::Number(Ok(number)) => self.orders.free_from(number),
            Came::Number(Err(error)) => tracing::warn!("nobody says which order number is free: {error}"),
            Came::Found(text, outcome) => {
                self.lookup.came();
                out.events.push(BrokerEvent::Found { text, outcome: outcome.map_err(Into::into) });
            }
            Came::Described(name, outcome) => self.described(name, outcome, out),
            Came::Bars(job, outcome) => {
                let is_line = matches!(&outcome, Err(error) if is_of_the_line(error));
                if !is_line {
                    out.events.extend(self.history.came(job, outcome, &self.listing, now));
                }
            }
        }
        self.heard(now, out);
    }

    fn described(&mut self, name: Arc<str>, outcome: Result<Box<Described>, NotDescribed>, out: &mut Out) {
        let was_asked = self.asked.remove(&name);
        let may_change = outcome.as_ref().is_err_and(|not| not.may_change);
        if !may_change {
            self.roster.answered(&name);
        } else if !was_asked {
            // A later session, or TWS when its own lines are back, may know it.
            tracing::warn!("{name} is not described yet: {outcome:?}");
            return;
        }
        // The id is the engine's to give.
        let unnumbered = InstrumentId(u32::MAX);
        let instrument = outcome.map_err(|not| not.why).and_then(|described| {
            let listed = described.as_listed(unnumbered, self.broker).map_err(|why| why.to_string())?;
            let instrument = Box::new(Instrument::clone(&listed.instrument));
            self.roster.describes(listed, *described);
            Ok(instrument)
        });
        out.events.push(BrokerEvent::Described { name, outcome: instrument.map_err(Into::into) });
    }

    /// Asks for what nobody has described yet.
    pub(super) fn ask_for_the_missing(&self, out: &mut Out) {
        out.calls.extend(self.roster.lacks().into_iter().map(|name| Call::Describe(name.into())));
    }

    /// The session is over: what was asked and not answered is answered now.
    pub fn gives_up(&mut self, out: &mut Out) {
        let why: Arc<str> = UNANSWERED.into();
        for name in std::mem::take(&mut self.asked) {
            out.events.push(BrokerEvent::Described { name, outcome: Err(Arc::clone(&why)) });
        }
        for text in self.lookup.gives_up() {
            out.events.push(BrokerEvent::Found { text, outcome: Err(Arc::clone(&why)) });
        }
        out.events.extend(self.what_ifs.gives_up(&why));
    }

    /// TWS lives.
    fn heard(&mut self, now: Time, out: &mut Out) {
        if self.pulse.heard(now) {
            self.tell_state(out);
        }
    }

    fn beat(&mut self, outcome: Result<(), Error>, now: Time, out: &mut Out) {
        match outcome {
            // Whatever it has to complain of, it lives.
            Ok(()) | Err(Error::Notice(_)) => {}
            Err(_silence) => return,
        }
        self.heard(now, out);
        if !self.is_ready {
            return;
        }
        if self.banner.quotes_hold() {
            out.events.push(BrokerEvent::Alive { received: now });
        } else if let Some(account) = self.accounts.any() {
            // The session lives, and says nothing of quotes.
            out.events.push(BrokerEvent::Account(account));
        }
    }

    fn notice(&mut self, notice: &Notice, now: Time, out: &mut Out) {
        if notice.code == UNKNOWN_MESSAGE_TYPE_CODE {
            let what = notice.message.clone();
            return self.lose(why_not(&Error::InvalidFrame(what), &self.address, 0), out);
        }
        if notice.code < 0 {
            tracing::warn!("{}: {notice}", self.address);
            self.wants_books = true;
            return;
        }
        if of_chart(notice.code, &notice.message) == ChartWord::Pacing {
            self.history.violated(now);
        }
        let change = self.banner.take(notice.code, &notice.message);
        if self.history.farm(self.banner.lacks_history()) {
            // Charts that could not be had meanwhile are asked for anew.
            out.events.push(BrokerEvent::BarsChanged);
        }
        match change {
            Change::Nothing if is_for_the_log(notice.code) => tracing::debug!("{}: {notice}", self.address),
            // What names no order and no stream, and what this program does not know, the trader has to read.
            Change::Nothing => {
                let text = told(notice.code, &notice.message);
                out.events.push(BrokerEvent::Note(NoticeLevel::Warning, text.into()));
            }
            Change::State => self.tell_state(out),
            Change::BackWhole => {
                self.tell_state(out);
                self.wants_books = true;
                self.unproved = Some((now + PROOF, self.lines.to_prove().collect()));
                // What is kept goes on from now; what was traded meanwhile is told nowhere else.
                out.events.push(BrokerEvent::BarsChanged);
                self.ask_for_the_missing(out);
            }
            Change::BackEmpty => {
                self.kept.forget();
                for turn in self.lines.open_again(now) {
                    self.turn(turn, out);
                }
                self.history.forget();
                out.events.push(BrokerEvent::BarsChanged);
                self.ask_for_the_missing(out);
                self.tell_state(out);
                self.wants_books = true;
            }
            Change::Note(level, text) => {
                out.events.push(BrokerEvent::Note(level, text.into()));
                self.tell_state(out);
            }
            Change::Ends(why) => self.lose(why, out),
        }
    }

    fn order(&mut self, item: Item<OrderUpdate>, now: Time, out: &mut Out) {
        let events = &mut out.events;
        match item {
            Some(Ok(SubscriptionItem::Data(update))) => match update {
                OrderUpdate::OrderStatus(status) => self.orders.status(&status, now, events),
                OrderUpdate::OpenOrder(data) if data.order.what_if => {
                    events.extend(self.what_ifs.open(&data));
                }
                OrderUpdate::OpenOrder(data) => {
                    self.orders.open(&data, &self.listing, now, events);
                }
                OrderUpdate::ExecutionData(data) => self.execution(&data, now, out),
                OrderUpdate::CommissionReport(report) => self.fills.commission(&report, events),
                OrderUpdate::OrderBound(_) => {}
            },
            Some(Ok(SubscriptionItem::Notice(notice))) if notice.code == SUBSCRIPTION_LAG_CODE => {
                let text = "More order updates came at once than could be kept: the books are read again";
                events.push(BrokerEvent::Note(NoticeLevel::Warning, text.into()));
                self.wants_books = true;
            }
            Some(Ok(SubscriptionItem::Notice(notice))) => {
                if !notice.advanced_order_reject_json.is_empty() {
                    tracing::warn!("{notice}: {}", notice.advanced_order_reject_json);
                }
                let number = notice.request_id.unwrap_or(-1);
                let text = with_reasons(&notice.message, &notice.advanced_order_reject_json);
                events.extend(self.what_ifs.notice(number, notice.code, &text));
                self.orders.notice(number, notice.code, &text, &self.listing, now, events);
            }
            Some(Err(error)) if is_of_the_line(&error) => {}
            // The one before has not gone yet.
            Some(Err(Error::AlreadySubscribed)) => self.lacks_orders = true,
            Some(Err(error)) => {
                let text = format!("An order update could not be read ({error}): the books are read again");
                events.push(BrokerEvent::Note(NoticeLevel::Error, text.into()));
                (self.wants_books, self.lacks_orders) = (true, true);
            }
            None => {}
        }
    }

    fn execution(&mut self, data: &ExecutionData, now: Time, out: &mut Out) {
        let theirs = &data.execution;
        let order = self.orders.of_execution(
            theirs.client_id,
            theirs.order_id,
            theirs.perm_id,
            &theirs.order_reference,
        );
        self.fills.execution(data, order, &self.listing, self.zone.as_ref(), now, &mut out.events);
    }

    /// An item of an answer: data, or the end of the question.
    fn part<T>(&mut self, round: u32, part: Part, item: Item<T>) -> Option<T> {
        let outcome = match item {
            Some(Ok(SubscriptionItem::Data(data))) => return Some(data),
            Some(Ok(SubscriptionItem::Notice(notice))) if notice.code == SUBSCRIPTION_LAG_CODE => {
                Err("more came at once than could be kept".to_owned())
            }
            Some(Ok(SubscriptionItem::Notice(notice))) => {
                tracing::info!("{part:?}: {notice}");
                return None;
            }
            Some(Err(error)) => Err(error.to_string()),
            None => Ok(()),
        };
        self.part_ends(round, part, outcome);
        None
    }

    fn part_ends(&mut self, number: u32, part: Part, outcome: Result<(), String>) {
        if let Some(round) = self.round.as_mut().filter(|round| round.is(number)) {
            round.ends(part, outcome);
        }
    }

    fn orders_of_books(&mut self, round: u32, part: Part, item: Item<TheirOrders>, now: Time, out: &mut Out) {
        let Some(told) = self.part(round, part, item) else { return };
        let listing = Arc::clone(&self.listing);
        match told {
            TheirOrders::OrderStatus(status) => self.orders.status(&status, now, &mut out.events),
            TheirOrders::OrderData(data) if part == Part::Completed => {
                // Live updates of others run through the same channel.
                if data.order_id <= 0 {
                    self.orders.completed(&data, &listing, now);
                }
            }
            TheirOrders::OrderData(data) => {
                let order = self.orders.open(&data, &listing, now, &mut out.events);
                if let Some(order) = order.filter(|_| round == self.rounds) {
                    self.orders.seen(order);
                }
            }
        }
    }

    fn executions_of_books(&mut self, round: u32, item: Item<Executions>, now: Time, out: &mut Out) {
        match self.part(round, Part::Executions, item) {
            Some(Executions::ExecutionData(data)) => self.execution(&data, now, out),
            Some(Executions::CommissionReport(report)) => self.fills.commission(&report, &mut out.events),
            None => {}
        }
    }

    fn position(&mut self, round: u32, item: Item<PositionUpdate>, now: Time) {
        // What is held is told on, behind the answer; an older question has been replaced.
        if round != self.rounds {
            return;
        }
        match self.part(round, Part::Positions, item) {
            Some(PositionUpdate::Position(position)) => self.fills.position(&position, &self.listing, now),
            Some(PositionUpdate::PositionEnd) => {
                self.fills.end_positions();
                self.part_ends(round, Part::Positions, Ok(()));
            }
            None => {}
        }
    }

    fn summary(&mut self, round: u32, item: Item<AccountSummaryResult>) {
        if round != self.rounds {
            return;
        }
        match self.part(round, Part::Summary, item) {
            Some(AccountSummaryResult::Summary(row)) => self.accounts.take(row),
            Some(AccountSummaryResult::End) => self.part_ends(round, Part::Summary, Ok(())),
            None => {}
        }
    }

    /// Where TWS tells no result, the equity moves with the summary alone.
    fn result(&mut self, account: &AccountId, item: Item<PnL>) {
        match item {
            Some(Ok(SubscriptionItem::Data(result))) => self.accounts.take_result(account, &result),
            Some(Ok(SubscriptionItem::Notice(notice))) => tracing::debug!("result of {account}: {notice}"),
            Some(Err(error)) => tracing::info!("no result of {account}: {error}"),
            None => {}
        }
    }

    /// An item of a stream of market data: what came, of a stream that is wanted.
    fn data<T>(&mut self, feed: Feed, item: Item<T>, now: Time, out: &mut Out) -> Option<T> {
        let (code, text, ended) = match item {
            Some(Ok(SubscriptionItem::Data(data))) => {
                if let Some((_, quiet)) = &mut self.unproved {
                    quiet.remove(&feed);
                }
                return self.lines.has(feed).then_some(data);
            }
            Some(Ok(SubscriptionItem::Notice(notice))) if notice.code == SUBSCRIPTION_LAG_CODE => {
                if let Some(turn) = self.lines.lagged(feed) {
                    self.turn(turn, out);
                }
                return None;
            }
            Some(Ok(SubscriptionItem::Notice(notice))) => (notice.code, notice.message, false),
            Some(Err(Error::Notice(notice))) => (notice.code, notice.message, true),
            Some(Err(error)) if is_of_the_line(&error) => return None,
            Some(Err(error)) => {
                tracing::warn!("{feed:?}: {error}");
                self.lines.broke(feed, now);
                return None;
            }
            None => {
                self.lines.broke(feed, now);
                return None;
            }
        };
        let is_too_often = match feed {
            Feed::Kept(_) => of_chart(code, &text) == ChartWord::Pacing,
            _ => of_data(code) == DataWord::TooFast,
        };
        if is_too_often {
            self.history.violated(now);
        }
        let listing = Arc::clone(&self.listing);
        let (turns, note) = self.lines.remark(feed, code, &text, ended, &listing, now);
        if ended && matches!(feed, Feed::Trades(_)) {
            self.quotes.comes_tick_by_tick(feed.instrument(), false);
        }
        for turn in turns {
            self.turn(turn, out);
        }
        out.events.extend(note);
        None
    }
}
