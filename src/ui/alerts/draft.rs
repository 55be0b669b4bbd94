//! An alert as it is typed.

use std::sync::Arc;

use crate::desk::Desk;
use crate::domain::alert::{Since, Way};
use crate::domain::{Alert, AlertId, AlertTerms, Condition, Decimal, Instrument, Price};
use crate::ui::format;
use crate::ui::ticket::number;

/// What an alert is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Kind {
    #[default]
    Above,
    Below,
    Move,
    Fill,
    Disconnect,
}

impl Kind {
    pub const ALL: [Self; 5] = [Self::Above, Self::Below, Self::Move, Self::Fill, Self::Disconnect];

    pub fn label(self) -> &'static str {
        match self {
            Self::Above => "Price at or above",
            Self::Below => "Price at or below",
            Self::Move => "Price moves",
            Self::Fill => "Order fills",
            Self::Disconnect => "Connection lost",
        }
    }

    /// Whether it waits for a price.
    pub fn is_priced(self) -> bool {
        matches!(self, Self::Above | Self::Below | Self::Move)
    }
}

/// What a move is counted from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum From {
    #[default]
    Close,
    Price,
    Minutes,
}

impl From {
    pub const ALL: [Self; 3] = [Self::Close, Self::Price, Self::Minutes];

    pub fn label(self) -> &'static str {
        match self {
            Self::Close => "since the close before",
            Self::Price => "from a price",
            Self::Minutes => "within minutes",
        }
    }
}

/// An alert as it is typed.
#[derive(Debug)]
pub(super) struct Draft {
    /// The alert that is changed; else it becomes a new one.
    pub editing: Option<AlertId>,
    pub kind: Kind,
    /// Whether the trader has said above or below; else the price decides.
    pub is_chosen: bool,
    pub symbol: String,
    /// Whether the symbol was typed; else it follows the desk.
    pub is_typed: bool,
    pub price: String,
    pub percent: String,
    pub way: Way,
    pub from: From,
    /// The price or the minutes that a move is counted from.
    pub reference: String,
    pub every_time: bool,
    pub sound: bool,
    pub note: String,
}

impl Default for Draft {
    fn default() -> Self {
        Self {
            editing: None,
            kind: Kind::default(),
            is_chosen: false,
            symbol: String::new(),
            is_typed: false,
            price: String::new(),
            percent: String::new(),
            way: Way::default(),
            from: From::default(),
            reference: String::new(),
            every_time: false,
            sound: true,
            note: String::new(),
        }
    }
}

impl Draft {
    /// A new one at a price.
    pub fn at(instrument: &Instrument, price: Price, desk: &Desk) -> Self {
        let now = super::price_now(desk, instrument);
        Self {
            kind: if now.is_some_and(|now| price < now) { Kind::Below } else { Kind::Above },
            symbol: instrument.key(),
            is_typed: true,
            price: format::exact(price.0),
            ..Self::default()
        }
    }

    /// As an alert is that is to be changed, or was removed.
    pub fn of(alert: &Alert, editing: Option<AlertId>) -> Self {
        let AlertTerms { condition, every_time, sound, note } = alert.terms.clone();
        let draft = Self {
            editing,
            is_chosen: true,
            is_typed: true,
            symbol: condition.instrument().unwrap_or_default().to_owned(),
            every_time,
            sound,
            note,
            ..Self::default()
        };
        match condition {
            Condition::Above { price, .. } => Self { price: format::exact(price.0), ..draft },
            Condition::Below { price, .. } => {
                Self { kind: Kind::Below, price: format::exact(price.0), ..draft }
            }
            Condition::Move { percent, way, since, .. } => {
                let (from, reference) = match since {
                    Since::PreviousClose => (From::Close, String::new()),
                    Since::Price(price) => (From::Price, format::exact(price.0)),
                    Since::Minutes(minutes) => (From::Minutes, minutes.to_string()),
                };
                Self { kind: Kind::Move, percent: format::exact(percent), way, from, reference, ..draft }
            }
            Condition::Fill { .. } => Self { kind: Kind::Fill, ..draft },
            Condition::Disconnect => Self { kind: Kind::Disconnect, ..draft },
        }
    }

    /// Has been set: the next may be like it.
    pub fn clear(&mut self) {
        self.editing = None;
        self.is_chosen = false;
        self.price.clear();
        self.percent.clear();
        self.reference.clear();
        self.note.clear();
    }

    /// What stands here becomes a new alert.
    pub fn stop_editing(&mut self) {
        if self.editing.take().is_some() {
            *self = Self::default();
        }
    }

    /// The instrument of the symbol.
    pub fn instrument<'a>(&self, desk: &'a Desk) -> Option<&'a Arc<Instrument>> {
        let typed = self.symbol.trim();
        let is_symbol = |one: &&Arc<Instrument>| one.symbol.eq_ignore_ascii_case(typed);
        desk.instrument_by_key(typed).or_else(|| desk.instruments().iter().find(is_symbol))
    }

    /// Above or below, as the price says, where the trader has not.
    pub fn turn(&mut self, desk: &Desk) {
        if self.is_chosen || self.editing.is_some() || !matches!(self.kind, Kind::Above | Kind::Below) {
            return;
        }
        let now = self.instrument(desk).and_then(|instrument| super::price_now(desk, instrument));
        let wanted = number::parse(&self.price).ok().flatten();
        if let (Some(now), Some(wanted)) = (now, wanted) {
            self.kind = if wanted < now.0 { Kind::Below } else { Kind::Above };
        }
    }

    /// What is asked for, or what is missing.
    pub fn terms(&self, desk: &Desk) -> Result<AlertTerms, String> {
        let instrument = || {
            let found = self.instrument(desk).map(|instrument| instrument.key());
            found.ok_or_else(|| "Type a symbol that is listed".to_owned())
        };
        let condition = match self.kind {
            Kind::Above => Condition::Above { instrument: instrument()?, price: price(&self.price)? },
            Kind::Below => Condition::Below { instrument: instrument()?, price: price(&self.price)? },
            Kind::Move => Condition::Move {
                instrument: instrument()?,
                percent: typed(&self.percent, "Type by how many per cent")?,
                way: self.way,
                since: self.since()?,
            },
            Kind::Fill if self.symbol.trim().is_empty() => Condition::Fill { instrument: None },
            Kind::Fill => Condition::Fill { instrument: Some(instrument()?) },
            Kind::Disconnect => Condition::Disconnect,
        };
        let note = self.note.trim().to_owned();
        let terms = AlertTerms { condition, every_time: self.every_time, sound: self.sound, note };
        terms.check().map_err(|bad| bad.to_string())?;
        Ok(terms)
    }

    fn since(&self) -> Result<Since, String> {
        Ok(match self.from {
            From::Close => Since::PreviousClose,
            From::Price => Since::Price(price(&self.reference)?),
            From::Minutes => {
                let minutes = typed(&self.reference, "Type how many minutes")?;
                let whole = u32::try_from(minutes).ok().filter(|whole| Decimal::from(*whole) == minutes);
                Since::Minutes(whole.ok_or("Give whole minutes")?)
            }
        })
    }
}

fn price(text: &str) -> Result<Price, String> {
    typed(text, "Type a price").map(Price)
}

fn typed(text: &str, missing: &str) -> Result<Decimal, String> {
    number::parse(text).map_err(|bad| bad.to_string())?.ok_or_else(|| missing.to_owned())
}
