//! Alerts: which there are, where they stand, and what makes them fire.
//!
//! [`Alerts`] is pure: quotes, fills and connections go in, what has happened comes out as [`News`]. What is told
//! is as true as what it stands on:
//! - a level counts when the price is there or beyond it, also where it jumps over it, where a trade between two
//!   quotes has touched it (the day's extremes tell), and where it is beyond at the first look: then the words say
//!   that it was so already, or that it got there while nothing came;
//! - that data are delayed, or that the market is closed, is said with it;
//! - silence never fires; that a broker is silent is an alert of its own.

mod price;
mod tell;

use std::collections::BTreeMap;
use std::sync::Arc;

use self::price::{Look, Watch};
pub(super) use self::tell::Heard;
use crate::domain::alert::{MOST_ALERTS, PAUSE};
use crate::domain::{
    Alert, AlertBook, AlertId, AlertState, AlertTerms, BrokerId, Condition, DataRemark, Firing, FiringId,
    Instrument, InstrumentId, Order, OrderStatus, Qty, Quote, Time,
};
use crate::link::{Connection, ConnectionState};

/// What has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum News {
    /// An alert stands otherwise.
    Changed(AlertId),
    /// An alert has fired.
    Fired(Firing),
}

/// The alerts of a profile, with what must be known to watch for them.
#[derive(Default)]
pub(super) struct Alerts {
    book: Arc<AlertBook>,
    /// What is known of the prices that alerts wait for; none where nothing has come yet.
    watches: BTreeMap<AlertId, Watch>,
    /// Alerts that wait for a price, by the instrument in this run's catalogue.
    priced: BTreeMap<InstrumentId, Vec<AlertId>>,
    /// Brokers that are away, and the alerts that have told it.
    away: BTreeMap<BrokerId, Vec<AlertId>>,
}

/// A quote, and what is to be known about it.
pub(super) struct Seen<'a> {
    pub instrument: &'a Instrument,
    pub quote: &'a Quote,
    pub remark: Option<&'a DataRemark>,
}

/// How the price came to be where an alert fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    /// It got there while it was watched.
    Crossed,
    /// It was there when it was seen first.
    Already,
    /// It got there while nothing came.
    Missed,
}

impl Alerts {
    pub fn new(book: AlertBook, instruments: &[Arc<Instrument>]) -> Self {
        let mut alerts = Self { book: Arc::new(book.settled()), ..Self::default() };
        alerts.list(instruments);
        alerts
    }

    pub fn book(&self) -> &Arc<AlertBook> {
        &self.book
    }

    /// Instruments whose prices are waited for.
    pub fn instruments(&self) -> impl Iterator<Item = InstrumentId> {
        self.priced.keys().copied()
    }

    /// Finds the instruments of all alerts in a catalogue.
    pub fn list(&mut self, instruments: &[Arc<Instrument>]) {
        self.priced.clear();
        for alert in self.book.alerts.iter().filter(|alert| alert.state != AlertState::Over) {
            let Some(key) = alert.terms.condition.priced() else { continue };
            let found = instruments.iter().find(|instrument| instrument.has_key(key));
            if let Some(instrument) = found {
                self.priced.entry(instrument.id).or_default().push(alert.id);
            }
        }
    }

    /// Sets an alert, or another one in place of `id`. `None` where there are too many, or there is no such.
    pub fn set(&mut self, id: Option<AlertId>, terms: AlertTerms, now: Time) -> Option<AlertId> {
        let is_fit = match id {
            Some(id) => self.book.get(id).is_some(),
            None => self.book.alerts.len() < MOST_ALERTS,
        };
        if !is_fit {
            return None;
        }
        let book = Arc::make_mut(&mut self.book);
        let id = id.unwrap_or_else(|| AlertId(book.number()));
        book.put(armed(Alert { id, terms, set: now, state: AlertState::New, fired: None }));
        self.watches.remove(&id);
        Some(id)
    }

    /// Arms an alert by hand. Whether there is one.
    pub fn rearm(&mut self, id: AlertId, now: Time) -> bool {
        let Some(alert) = Arc::make_mut(&mut self.book).get_mut(id) else { return false };
        *alert = armed(Alert { set: now, state: AlertState::New, fired: None, ..alert.clone() });
        self.watches.remove(&id);
        true
    }

    pub fn remove(&mut self, id: AlertId) {
        Arc::make_mut(&mut self.book).remove(id);
        self.watches.remove(&id);
        self.away.values_mut().for_each(|told| told.retain(|one| *one != id));
    }

    pub fn see(&mut self, through: FiringId) {
        Arc::make_mut(&mut self.book).see(through);
    }

    /// Whether no price is waited for.
    pub fn is_idle(&self) -> bool {
        self.priced.is_empty()
    }

    /// Looks at a quote that has come.
    pub fn quote(&mut self, seen: &Seen<'_>, now: Time) -> Vec<News> {
        let Some(ids) = self.priced.get(&seen.instrument.id) else { return Vec::new() };
        ids.clone().into_iter().filter_map(|id| self.look(id, seen, now)).collect()
    }

    /// Looks at a quote for one alert alone.
    pub fn look(&mut self, id: AlertId, seen: &Seen<'_>, now: Time) -> Option<News> {
        let alert = self.book.get(id)?;
        let watch = self.watches.entry(id).or_default();
        let look = watch.look(&alert.terms.condition, seen.instrument, seen.quote, now)?;
        let was_live = std::mem::replace(&mut watch.is_live, true);
        let how = match alert.state {
            AlertState::New => How::Already,
            _ if was_live => How::Crossed,
            _ => How::Missed,
        };
        match (alert.state, look) {
            (AlertState::New | AlertState::Waiting, Look::Near) => {
                Arc::make_mut(&mut self.book).get_mut(id)?.state = AlertState::Armed;
                Some(News::Changed(id))
            }
            (AlertState::New | AlertState::Armed, Look::Reached(text)) => {
                if alert.fired.is_some_and(|fired| now.since(fired) < PAUSE) {
                    return None;
                }
                watch.begin_anew();
                Some(self.fire(id, with_circumstances(text, how, seen), now))
            }
            _ => None,
        }
    }

    /// Nothing comes from a broker: what its prices do meanwhile nobody knows.
    pub fn lose(&mut self, broker: BrokerId, instruments: &[Arc<Instrument>]) {
        let is_its = |id: InstrumentId| instruments.get(id.index()).is_some_and(|one| one.broker == broker);
        for (_, ids) in self.priced.iter().filter(|(id, _)| is_its(**id)) {
            for id in ids {
                self.watches.entry(*id).or_default().lose();
            }
        }
    }

    /// An order was filled for the first time, or whole.
    pub fn filled(&mut self, instrument: &Instrument, order: &Order, heard: Heard, now: Time) -> Vec<News> {
        let is_of = |alert: &&Alert| match &alert.terms.condition {
            Condition::Fill { instrument: Some(key) } => instrument.has_key(key),
            Condition::Fill { instrument: None } => true,
            _ => false,
        };
        let text = tell::fill_in_words(instrument, order, heard);
        self.fire_all(is_of, &text, Some(instrument), now)
    }

    /// A connection has changed.
    pub fn connection(&mut self, connection: &Connection, now: Time) -> Vec<News> {
        let Connection { broker, name, state, reason, .. } = connection;
        match state {
            ConnectionState::Down | ConnectionState::Silent if !self.away.contains_key(broker) => {
                let text = format!("{name}: the connection is lost. {reason}");
                let is_of = |alert: &&Alert| alert.terms.condition == Condition::Disconnect;
                let news = self.fire_all(is_of, &text, None, now);
                let told = |news: &News| if let News::Fired(one) = news { Some(one.alert) } else { None };
                self.away.insert(*broker, news.iter().filter_map(told).collect());
                news
            }
            ConnectionState::Ready | ConnectionState::Degraded => {
                let told = self.away.remove(broker).unwrap_or_default();
                let text = format!("{name}: the connection is back");
                told.into_iter().map(|id| self.tell(id, text.clone(), None, now)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Fires those that wait for it.
    fn fire_all(
        &mut self,
        is_of: impl Fn(&&Alert) -> bool,
        text: &str,
        instrument: Option<&Instrument>,
        now: Time,
    ) -> Vec<News> {
        let waits = |alert: &&Alert| alert.state != AlertState::Over && is_of(alert);
        let ids: Vec<AlertId> = self.book.alerts.iter().filter(waits).map(|alert| alert.id).collect();
        let fire = |id| {
            if let Some(alert) = Arc::make_mut(&mut self.book).get_mut(id) {
                alert.fired = Some(now);
                alert.state = if alert.terms.every_time { AlertState::Armed } else { AlertState::Over };
            }
            self.tell(id, text.to_owned(), instrument.map(Instrument::key), now)
        };
        ids.into_iter().map(fire).collect()
    }

    /// Fires one that waits for a price.
    fn fire(&mut self, id: AlertId, text: String, now: Time) -> News {
        let mut instrument = None;
        if let Some(alert) = Arc::make_mut(&mut self.book).get_mut(id) {
            alert.fired = Some(now);
            alert.state = if alert.terms.every_time { AlertState::Waiting } else { AlertState::Over };
            instrument = alert.terms.condition.priced().map(str::to_owned);
        }
        self.tell(id, text, instrument, now)
    }

    fn tell(&mut self, alert: AlertId, text: String, instrument: Option<String>, now: Time) -> News {
        let book = Arc::make_mut(&mut self.book);
        let (note, sound) =
            book.get(alert).map_or((String::new(), true), |one| (one.terms.note.clone(), one.terms.sound));
        let id = FiringId(book.number());
        let firing = Firing { id, alert, time: now, instrument, text, note, sound, is_seen: false };
        book.keep(firing.clone());
        News::Fired(firing)
    }
}

/// What waits for no price is armed from the start.
fn armed(mut alert: Alert) -> Alert {
    if alert.terms.condition.priced().is_none() {
        alert.state = AlertState::Armed;
    }
    alert
}

/// What else is to be known about it.
fn with_circumstances(mut text: String, how: How, seen: &Seen<'_>) -> String {
    text.push_str(match how {
        How::Crossed => "",
        How::Already => ". It was so at the first price since the alert was set",
        How::Missed => ". It got there while no prices came",
    });
    if let Some(remark) = seen.remark {
        text.push_str(". ");
        text.push_str(&remark.short);
    }
    if !seen.quote.is_open {
        text.push_str(". The market is closed");
    }
    text
}

/// Whether an order that has just filled is worth an alert: its first execution, and its last.
fn is_worth_telling(order: &Order, newest: Qty) -> bool {
    order.status == OrderStatus::Filled || order.filled == newest
}
