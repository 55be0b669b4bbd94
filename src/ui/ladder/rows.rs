//! Which rows the ladder shows, and what each has meant to whoever looks at it.
//!
//! Rows stand still while the pointer is over them, while something is dragged, and once the trader has
//! scrolled. Otherwise they follow the market, in jumps. A click is about what was painted: [`Shown`] keeps
//! what the last frame had, and for a moment what stood there before that.

use std::time::Duration;

use egui::{Pos2, Rect};

use crate::domain::{InstrumentId, Price, Side, Time};
use crate::market::ladder::Grid;

/// For so long a hand may still aim at what stood there before: it takes longer to see and to press.
const AIM: Duration = Duration::from_millis(250);

/// A part of a row that can be pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    /// Our orders of a side.
    Own(Side),
    /// What others bid, or offer.
    Book(Side),
    /// The price.
    Price,
}

/// Where the columns stand, in points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Columns {
    pub own_buys: egui::Rangef,
    pub bids: egui::Rangef,
    pub price: egui::Rangef,
    pub asks: egui::Rangef,
    pub own_sells: egui::Rangef,
    /// The last trades of each price, where there is room.
    pub last: Option<egui::Rangef>,
    /// The volume of each price, where there is room.
    pub volume: Option<egui::Rangef>,
}

impl Columns {
    /// What can be pressed there.
    pub fn at(&self, x: f32) -> Option<Column> {
        let all = [
            (self.own_buys, Column::Own(Side::Buy)),
            (self.bids, Column::Book(Side::Buy)),
            (self.price, Column::Price),
            (self.asks, Column::Book(Side::Sell)),
            (self.own_sells, Column::Own(Side::Sell)),
        ];
        all.into_iter().find(|(range, _)| range.contains(x)).map(|(_, column)| column)
    }

    /// Where our orders of a side stand.
    pub fn own(&self, side: Side) -> egui::Rangef {
        match side {
            Side::Buy => self.own_buys,
            Side::Sell => self.own_sells,
        }
    }

    /// Where a side of the book stands.
    pub fn book(&self, side: Side) -> egui::Rangef {
        match side {
            Side::Buy => self.bids,
            Side::Sell => self.asks,
        }
    }
}

/// What a frame showed.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Painted {
    pub instrument: InstrumentId,
    pub body: Rect,
    /// Height of a row, in points.
    pub height: f32,
    /// Highest first.
    pub prices: Vec<Price>,
    pub columns: Columns,
}

impl Painted {
    fn index_at(&self, at: Pos2) -> Option<usize> {
        let index = ((at.y - self.body.top()) / self.height).floor();
        (self.body.contains(at) && index >= 0.0).then_some(index as usize).filter(|i| *i < self.prices.len())
    }

    /// What was painted at a place.
    pub fn meaning(&self, at: Pos2) -> Option<(Column, Price)> {
        Some((self.columns.at(at.x)?, *self.prices.get(self.index_at(at)?)?))
    }

    /// The row of a price at some height, whatever stands beside it.
    pub fn price_at(&self, at: Pos2) -> Option<Price> {
        self.prices.get(self.index_at(at)?).copied()
    }

    /// Where a row was painted.
    pub fn row(&self, price: Price) -> Option<Rect> {
        let index = self.prices.iter().position(|row| *row == price)?;
        let top = self.body.top() + index as f32 * self.height;
        Some(Rect::from_x_y_ranges(self.body.x_range(), top..=top + self.height))
    }
}

/// What a place means to a hand that goes for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// This, in every picture that it may have seen.
    Is(Column, Price),
    /// One thing a moment ago, and another now.
    HasMoved,
}

/// What was painted last, and what before.
#[derive(Debug, Default)]
pub(super) struct Shown {
    last: Option<Painted>,
    /// Older pictures with the time until which each was seen, the newest last.
    before: Vec<(Painted, Time)>,
}

impl Shown {
    /// What stands on the screen.
    pub fn last(&self) -> Option<&Painted> {
        self.last.as_ref()
    }

    /// A frame is painted at `now`.
    pub fn paints(&mut self, painted: Painted, now: Time) {
        self.before.retain(|(_, until)| now.since(*until) < AIM);
        if let Some(last) = self.last.replace(painted)
            && self.last.as_ref() != Some(&last)
        {
            self.before.push((last, now));
        }
    }

    /// What a press at a place goes for; `None` beside all that can be pressed.
    pub fn meaning(&self, at: Pos2, now: Time) -> Option<Meaning> {
        let last = self.last.as_ref()?;
        let is = last.meaning(at)?;
        let is_recent = |(_, until): &&(Painted, Time)| now.since(*until) < AIM;
        let mut before = self.before.iter().filter(is_recent);
        let is_other =
            before.any(|(then, _)| then.instrument != last.instrument || then.meaning(at) != Some(is));
        Some(if is_other { Meaning::HasMoved } else { Meaning::Is(is.0, is.1) })
    }
}

/// What the rows stand around.
#[derive(Debug, Default)]
pub(super) struct Centre {
    price: Option<Price>,
    /// The trader has scrolled: rows stand where he left them.
    is_scrolled: bool,
    was_held: bool,
}

/// What a frame asks of the rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    /// The middle of the market.
    pub middle: Option<Price>,
    /// How many rows there is room for.
    pub rows: usize,
    /// Whether the pointer is over them, or holds something.
    pub is_held: bool,
    /// Whether the trader wants the market in the middle.
    pub centre: bool,
    /// How far he scrolls, upwards positive.
    pub scroll: i32,
}

impl Centre {
    /// The instrument, or its rows, are others.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// The row in the middle.
    pub fn settle(&mut self, grid: &Grid, asked: Asked) -> Option<Price> {
        let has_left = std::mem::replace(&mut self.was_held, asked.is_held) && !asked.is_held;
        if has_left || asked.centre {
            self.is_scrolled = false;
        }
        let middle = asked.middle.and_then(|price| grid.floor(price).or_else(|| grid.ceil(price)));
        let is_free = !asked.is_held && !self.is_scrolled;
        let must_jump = match self.price.zip(middle) {
            None => self.price.is_none(),
            Some((price, middle)) => {
                let away = grid.distance(price, middle).map_or(u64::MAX, i64::unsigned_abs);
                asked.centre || (has_left && away > 0) || (is_free && away > asked.rows as u64 / 4)
            }
        };
        if must_jump {
            self.price = middle;
        }
        if asked.scroll != 0
            && let Some(price) = self.price
        {
            self.price = grid.step(price, asked.scroll);
            self.is_scrolled = true;
        }
        self.price
    }
}

#[cfg(test)]
mod tests;
