//! Volume at price: what has traded at each price since the session began.
//!
//! A profile holds at most [`MOST_PRICES`] prices. When there are more, it takes ten ticks together,
//! then a hundred: nothing that traded is lost, each sum is exact in rows of as many ticks, and the row
//! with the most volume is found wherever the price has gone since. To drop the prices that are farthest
//! away would keep single ticks and lose that. [`Profile::group`] tells how fine it still is.
//!
//! A row is what traded from its price up to the row above. Trades between two ticks, such as those at
//! the middle of the spread, count for the lower one.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ops::{Add, AddAssign};

use super::ladder::{Grid, Group};
use crate::domain::{Price, Qty, Side, TickTable, Time, Trade};

/// Most prices that a profile tells apart.
pub const MOST_PRICES: usize = 4_096;

/// What has traded, by who crossed the spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Volume {
    /// Buyers did: at the ask.
    pub bought: Qty,
    /// Sellers did: at the bid.
    pub sold: Qty,
    /// The exchange does not tell.
    pub unknown: Qty,
}

impl Volume {
    /// All of it.
    #[must_use]
    pub fn total(self) -> Qty {
        self.bought + self.sold + self.unknown
    }

    fn of(trade: &Trade) -> Self {
        let quantity = trade.quantity;
        match trade.aggressor {
            Some(Side::Buy) => Self { bought: quantity, ..Self::default() },
            Some(Side::Sell) => Self { sold: quantity, ..Self::default() },
            None => Self { unknown: quantity, ..Self::default() },
        }
    }
}

impl Add for Volume {
    type Output = Self;
    fn add(self, rhs: Self) -> Self {
        Self {
            bought: self.bought + rhs.bought,
            sold: self.sold + rhs.sold,
            unknown: self.unknown + rhs.unknown,
        }
    }
}

impl AddAssign for Volume {
    fn add_assign(&mut self, rhs: Self) {
        *self = *self + rhs;
    }
}

/// The volume of one instrument's session, trade by trade.
#[derive(Debug, Clone)]
pub struct Profile {
    ticks: TickTable,
    group: Group,
    /// The prices that are told apart: rows of `group`.
    grid: Grid,
    volumes: BTreeMap<Price, Volume>,
    outside: Volume,
    begun: Time,
    late: u64,
}

impl Profile {
    /// Of an instrument with these ticks, in a session that began then.
    #[must_use]
    pub fn new(ticks: TickTable, begun: Time) -> Self {
        let grid = Grid::new(&ticks, Group::ONE);
        let (volumes, outside) = (BTreeMap::new(), Volume::default());
        Self { ticks, group: Group::ONE, grid, volumes, outside, begun, late: 0 }
    }

    /// Begins anew with a session that began then; does nothing when that session, or a later one, has
    /// begun already. Trades from before it are late from then on.
    pub fn begin(&mut self, session: Time) {
        if session > self.begun {
            *self = Self::new(self.ticks.clone(), session);
        }
    }

    /// Forgets what has traded in this session so far.
    pub fn clear(&mut self) {
        *self = Self::new(self.ticks.clone(), self.begun);
    }

    /// Takes a trade in. One that is older than the session is counted as late and changes nothing else.
    /// A trade has no name: the same one told twice counts twice.
    pub fn add(&mut self, trade: &Trade) {
        if trade.time < self.begun {
            self.late += 1;
            return;
        }
        self.put(trade.price, Volume::of(trade));
        while self.volumes.len() > MOST_PRICES {
            self.make_room(trade.price);
        }
    }

    /// The rows of a ladder, from that of one price to that of another, both included. Of a grid that is
    /// finer than [`Self::group`], the lowest row of each group has all of the group's volume.
    #[must_use]
    pub fn rows(&self, grid: &Grid, lowest: Price, highest: Price) -> Rows {
        let Some(last) = grid.floor(highest) else { return Rows::default() };
        let first = grid.floor(lowest).unwrap_or(lowest);
        let placed = self.volumes.range(first..).filter_map(|(&at, &volume)| Some((grid.floor(at)?, volume)));
        let mut rows: Vec<(Price, Volume)> = Vec::new();
        for (row, volume) in placed.take_while(|(row, _)| *row <= last) {
            match rows.last_mut() {
                Some((at, sum)) if *at == row => *sum += volume,
                _ => rows.push((row, volume)),
            }
        }
        Rows { rows }
    }

    /// How many ticks are taken together by now.
    #[must_use]
    pub fn group(&self) -> Group {
        self.group
    }

    /// What traded where no row is: at no price of the tick table, being zero or less, or so far apart
    /// that the coarsest group could not hold it.
    #[must_use]
    pub fn outside(&self) -> Volume {
        self.outside
    }

    /// When the session began.
    #[must_use]
    pub fn begun(&self) -> Time {
        self.begun
    }

    /// Trades that were older than the session when they came.
    #[must_use]
    pub fn late(&self) -> u64 {
        self.late
    }

    fn put(&mut self, price: Price, volume: Volume) {
        match self.grid.floor(price) {
            Some(row) => *self.volumes.entry(row).or_default() += volume,
            None => self.outside += volume,
        }
    }

    /// Takes ten times as many ticks together; from the coarsest group it takes the newest price out.
    fn make_room(&mut self, newest: Price) {
        if let Some(coarser) = Group::new(self.group.ticks() * 10) {
            self.group = coarser;
            self.grid = Grid::new(&self.ticks, coarser);
            for (price, volume) in std::mem::take(&mut self.volumes) {
                self.put(price, volume);
            }
        } else if let Some(volume) = self.grid.floor(newest).and_then(|row| self.volumes.remove(&row)) {
            self.outside += volume;
        }
    }
}

/// Volume by row, of the rows that were asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rows {
    /// By rising price.
    rows: Vec<(Price, Volume)>,
}

impl Rows {
    /// What traded in a row.
    #[must_use]
    pub fn at(&self, row: Price) -> Volume {
        let found = self.rows.binary_search_by_key(&row, |&(row, _)| row);
        found.map_or(Volume::default(), |index| self.rows[index].1)
    }

    /// The most that traded in any of them: the full length of a bar.
    #[must_use]
    pub fn largest(&self) -> Qty {
        self.rows.iter().map(|(_, volume)| volume.total()).max().unwrap_or_default()
    }

    /// The rows with any volume, by rising price.
    #[must_use]
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (Price, Volume)> + '_ {
        self.rows.iter().copied()
    }
}
