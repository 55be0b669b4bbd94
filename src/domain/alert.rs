//! Alerts: what the trader wants to be told of, and what was told.
//!
//! The price that counts is that of the last trade; of a currency pair the middle of bid and ask, for nobody
//! tells all its trades. An alert fires when it is armed and that price is at its level or beyond: when the
//! price gets there, jumps over it, or is there already when it is seen first. It is armed again when the price
//! has been on the near side once more ([`AlertState`]).

use std::fmt;
use std::time::Duration;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::bounds;
use super::money::grouped;
use super::{AssetClass, Instrument, Price, Quote, Time};

/// Alerts that a profile may have.
pub const MOST_ALERTS: usize = 200;
/// Firings that are kept; the oldest go.
pub const FIRED_KEPT: usize = 500;
/// Letters of a note.
pub const LONGEST_NOTE: usize = 200;
/// An alert that fires every time does so at most once in this time.
pub const PAUSE: Duration = Duration::from_mins(1);
/// The longest time that a move is looked at over: a day.
pub const LONGEST_WINDOW: u32 = 24 * 60;

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u64);
    };
}

number! {
    /// An alert, unique in a profile for its whole life.
    AlertId
}
number! {
    /// A time that an alert has fired; later ones have larger numbers.
    FiringId
}

/// What the trader wants to be told of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "on")]
pub enum Condition {
    /// The price is at a level or above it.
    Above {
        /// Of which instrument ([`super::Instrument::key`]).
        instrument: String,
        /// The level.
        price: Price,
    },
    /// The price is at a level or below it.
    Below {
        /// Of which instrument.
        instrument: String,
        /// The level.
        price: Price,
    },
    /// The price has moved by so many per cent.
    Move {
        /// Of which instrument.
        instrument: String,
        /// By how many per cent, or more.
        percent: Decimal,
        /// Where to.
        way: Way,
        /// Since what.
        since: Since,
    },
    /// An order was filled for the first time, and when it is filled whole.
    Fill {
        /// Of this instrument; `None`: of any.
        instrument: Option<String>,
    },
    /// The connection to a broker is lost, and when it is back.
    Disconnect,
}

/// Where to a price moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// Up or down.
    #[default]
    Either,
    /// Up alone.
    Up,
    /// Down alone.
    Down,
}

/// What a move is counted from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Since {
    /// The close of the session before.
    PreviousClose,
    /// A price.
    Price(Price),
    /// A rise from the lowest, a fall from the highest price of so many minutes. A sixtieth of them is the
    /// finest that is told apart.
    Minutes(u32),
}

impl Condition {
    /// The instrument whose price it is about.
    #[must_use]
    pub fn priced(&self) -> Option<&str> {
        match self {
            Self::Above { instrument, .. }
            | Self::Below { instrument, .. }
            | Self::Move { instrument, .. } => Some(instrument),
            Self::Fill { .. } | Self::Disconnect => None,
        }
    }

    /// The instrument that it is about, where it is about one.
    #[must_use]
    pub fn instrument(&self) -> Option<&str> {
        match self {
            Self::Fill { instrument } => instrument.as_deref(),
            _ => self.priced(),
        }
    }

    /// In words for a trader. Prices have at least so many decimals.
    #[must_use]
    pub fn in_words(&self, decimals: u32) -> String {
        let at = |price: &Price| price_in_words(*price, decimals);
        match self {
            Self::Above { instrument, price } => format!("{} at {} or above", symbol(instrument), at(price)),
            Self::Below { instrument, price } => format!("{} at {} or below", symbol(instrument), at(price)),
            Self::Move { instrument, percent, way, since } => {
                let (symbol, percent) = (symbol(instrument), percent.normalize());
                let since = match since {
                    Since::PreviousClose => "since the close before".to_owned(),
                    Since::Price(price) => format!("from {}", at(price)),
                    Since::Minutes(1) => "within a minute".to_owned(),
                    Since::Minutes(minutes) => format!("within {minutes} minutes"),
                };
                format!("{symbol} {way} {percent} % {since}")
            }
            Self::Fill { instrument: Some(instrument) } => {
                format!("An order of {} fills", symbol(instrument))
            }
            Self::Fill { instrument: None } => "An order fills".to_owned(),
            Self::Disconnect => "A connection is lost".to_owned(),
        }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Either => "up or down",
            Self::Up => "up",
            Self::Down => "down",
        })
    }
}

/// A price with at least so many decimals, thousands separated.
#[must_use]
pub fn price_in_words(price: Price, decimals: u32) -> String {
    let price = price.0.normalize();
    let decimals = decimals.max(price.scale()) as usize;
    grouped(&format!("{price:.decimals$}"))
}

/// The price that counts: that of the last trade; of a currency pair, whose trades nobody tells, the middle.
#[must_use]
pub fn price_of(instrument: &Instrument, quote: &Quote) -> Option<Price> {
    match instrument.class {
        AssetClass::Fx => quote.mid().filter(|_| quote.bid <= quote.ask),
        _ => quote.last,
    }
}

/// What a trader calls the instrument of a key: its symbol.
#[must_use]
pub fn symbol(key: &str) -> &str {
    key.rsplit_once('@').map_or(key, |(symbol, _)| symbol)
}

/// What the trader has asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertTerms {
    /// What to be told of.
    pub condition: Condition,
    /// Whether it is armed again by itself; else it fires once.
    pub every_time: bool,
    /// Whether it may be heard.
    pub sound: bool,
    /// What the trader wants to be reminded of.
    pub note: String,
}

/// Why an alert is not set, in words for a trader.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadAlert {
    /// A price that no market has.
    #[error("{0}")]
    Price(#[from] bounds::OutOfBounds),
    /// A move that cannot be.
    #[error("Give a move above zero and of at most 1,000 per cent")]
    Percent,
    /// A fall by more than there is.
    #[error("A price cannot fall by 100 per cent: give less")]
    Fall,
    /// A move from nothing.
    #[error("A move can be counted from a price above zero only")]
    Reference,
    /// A time that is not looked at.
    #[error("Give 1 to 1,440 minutes")]
    Minutes,
    /// A note that is too long.
    #[error("A note has at most 200 letters")]
    Note,
}

impl AlertTerms {
    /// Whether it can be watched for.
    ///
    /// # Errors
    /// Names what is wrong with it.
    pub fn check(&self) -> Result<(), BadAlert> {
        match &self.condition {
            Condition::Above { price, .. } | Condition::Below { price, .. } => {
                bounds::price(price.0)?;
            }
            Condition::Move { percent, way, since, .. } => check_move(*percent, *way, *since)?,
            Condition::Fill { .. } | Condition::Disconnect => {}
        }
        if self.note.chars().count() > LONGEST_NOTE {
            return Err(BadAlert::Note);
        }
        Ok(())
    }
}

fn check_move(percent: Decimal, way: Way, since: Since) -> Result<(), BadAlert> {
    if percent <= Decimal::ZERO || percent > Decimal::ONE_THOUSAND {
        return Err(BadAlert::Percent);
    }
    if way == Way::Down && percent >= Decimal::ONE_HUNDRED {
        return Err(BadAlert::Fall);
    }
    match since {
        Since::Price(price) if price.0 <= Decimal::ZERO => Err(BadAlert::Reference),
        Since::Price(price) => Ok(bounds::price(price.0).map(drop)?),
        Since::Minutes(minutes) if !(1..=LONGEST_WINDOW).contains(&minutes) => Err(BadAlert::Minutes),
        Since::Minutes(_) | Since::PreviousClose => Ok(()),
    }
}

/// Where an alert stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AlertState {
    /// No price was seen since it was set: one that is beyond the level already makes it fire.
    New,
    /// The price was seen on the near side.
    Armed,
    /// It has fired and waits for the price to come back.
    Waiting,
    /// It has fired, once, and waits for nothing.
    Over,
}

/// An alert that the trader has set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// Which.
    pub id: AlertId,
    /// What was asked for.
    pub terms: AlertTerms,
    /// When it was set, changed or armed by hand.
    pub set: Time,
    /// Where it stands.
    pub state: AlertState,
    /// When it fired last since then.
    pub fired: Option<Time>,
}

/// That an alert has fired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Firing {
    /// Which firing.
    pub id: FiringId,
    /// Of which alert; it may be gone.
    pub alert: AlertId,
    /// When.
    pub time: Time,
    /// The instrument that it is about, where it is about one.
    pub instrument: Option<String>,
    /// What happened, in words for a trader.
    pub text: String,
    /// What the trader wants to be reminded of.
    pub note: String,
    /// Whether it may be heard.
    pub sound: bool,
    /// Whether the trader has said that he has seen it.
    pub is_seen: bool,
}

/// The alerts of a profile, and what they have told.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AlertBook {
    /// By id.
    pub alerts: Vec<Alert>,
    /// The oldest first.
    pub fired: Vec<Firing>,
    /// The next free number, of alerts and of firings.
    pub next: u64,
}

impl AlertBook {
    /// One alert.
    #[must_use]
    pub fn get(&self, id: AlertId) -> Option<&Alert> {
        self.alerts.iter().find(|alert| alert.id == id)
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, id: AlertId) -> Option<&mut Alert> {
        self.alerts.iter_mut().find(|alert| alert.id == id)
    }

    /// Takes over an alert that is new or has changed.
    pub fn put(&mut self, alert: Alert) {
        match self.get_mut(alert.id) {
            Some(known) => *known = alert,
            None => self.alerts.push(alert),
        }
    }

    /// Forgets an alert; what it has told stays.
    pub fn remove(&mut self, id: AlertId) {
        self.alerts.retain(|alert| alert.id != id);
    }

    /// Keeps what was told; the oldest goes where there is too much.
    pub fn keep(&mut self, firing: Firing) {
        if self.fired.len() >= FIRED_KEPT {
            self.fired.remove(0);
        }
        self.fired.push(firing);
    }

    /// The trader has seen what was told, up to this one.
    pub fn see(&mut self, through: FiringId) {
        self.fired.iter_mut().filter(|firing| firing.id <= through).for_each(|firing| firing.is_seen = true);
    }

    /// What was told and not seen yet, the newest first.
    pub fn unseen(&self) -> impl Iterator<Item = &Firing> {
        self.fired.iter().rev().filter(|firing| !firing.is_seen)
    }

    /// A number that nothing of this profile has had.
    pub fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// As it can be used, whoever has written it: within the bounds, every alert one that can be watched for,
    /// no number twice.
    #[must_use]
    pub fn settled(mut self) -> Self {
        self.alerts.retain(|alert| alert.terms.check().is_ok());
        self.alerts.sort_by_key(|alert| alert.id);
        self.alerts.dedup_by_key(|alert| alert.id);
        self.alerts.truncate(MOST_ALERTS);
        self.fired.drain(..self.fired.len().saturating_sub(FIRED_KEPT));
        let used = self.alerts.iter().map(|alert| alert.id.0).chain(self.fired.iter().map(|one| one.id.0));
        self.next = used.fold(self.next, u64::max);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(condition: Condition) -> AlertTerms {
        AlertTerms { condition, every_time: false, sound: true, note: String::new() }
    }

    fn moves(percent: i64, way: Way, since: Since) -> Condition {
        Condition::Move { instrument: "AAPL@NASDAQ".to_owned(), percent: percent.into(), way, since }
    }

    fn firing(id: u64) -> Firing {
        Firing {
            id: FiringId(id),
            alert: AlertId(1),
            time: Time::default(),
            instrument: None,
            text: String::new(),
            note: String::new(),
            sound: true,
            is_seen: false,
        }
    }

    #[test]
    fn a_condition_reads_as_a_trader_says_it() {
        let instrument = "BTC/JPY@CRYPTO".to_owned();
        let above = Condition::Above { instrument, price: Price(Decimal::from(15_000_000)) };
        assert_eq!(above.in_words(0), "BTC/JPY at 15,000,000 or above");
        assert_eq!(above.in_words(2), "BTC/JPY at 15,000,000.00 or above");
        let within = moves(2, Way::Either, Since::Minutes(5));
        assert_eq!(within.in_words(2), "AAPL up or down 2 % within 5 minutes");
        let from = moves(1, Way::Down, Since::Price(Price(Decimal::new(284_505, 3))));
        assert_eq!(from.in_words(2), "AAPL down 1 % from 284.505", "no decimal is lost");
    }

    #[test]
    fn what_cannot_be_watched_for_is_refused_by_name() {
        let check = |condition| terms(condition).check();
        assert_eq!(check(moves(0, Way::Up, Since::PreviousClose)), Err(BadAlert::Percent));
        assert_eq!(check(moves(100, Way::Down, Since::PreviousClose)), Err(BadAlert::Fall));
        assert_eq!(check(moves(100, Way::Up, Since::PreviousClose)), Ok(()));
        assert_eq!(check(moves(5, Way::Up, Since::Minutes(0))), Err(BadAlert::Minutes));
        assert_eq!(check(moves(5, Way::Up, Since::Price(Price(Decimal::ZERO)))), Err(BadAlert::Reference));
        let long = AlertTerms { note: "é".repeat(LONGEST_NOTE + 1), ..terms(Condition::Disconnect) };
        assert_eq!(long.check(), Err(BadAlert::Note));
    }

    #[test]
    fn the_history_is_bounded_and_what_was_seen_is_seen() {
        let mut book = AlertBook::default();
        (1..=FIRED_KEPT as u64 + 3).for_each(|id| book.keep(firing(id)));
        assert_eq!((book.fired.len(), book.fired[0].id), (FIRED_KEPT, FiringId(4)));
        book.see(FiringId(500));
        let unseen: Vec<u64> = book.unseen().map(|firing| firing.id.0).collect();
        assert_eq!(unseen, [503, 502, 501], "what came since the trader looked is not seen");
    }

    #[test]
    fn a_book_of_any_hand_gives_no_number_twice() {
        let alert = |id, condition| Alert {
            id: AlertId(id),
            terms: terms(condition),
            set: Time::default(),
            state: AlertState::New,
            fired: None,
        };
        let bad = moves(0, Way::Up, Since::PreviousClose);
        let alerts = vec![alert(7, Condition::Disconnect), alert(7, Condition::Disconnect), alert(3, bad)];
        let mut book = AlertBook { alerts, fired: vec![firing(9)], next: 2 }.settled();
        assert_eq!(book.alerts.iter().map(|alert| alert.id.0).collect::<Vec<_>>(), [7]);
        assert_eq!(book.number(), 10);
    }
}
