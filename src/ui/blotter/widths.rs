//! How wide a table's columns are: as wide as what they have shown, or as the trader pulled them.
//!
//! A column fits its widest cell so far and never shrinks by itself, so that numbers are
//! whole and columns do not dance; room that is left over is spread. What was pulled by hand
//! stays, and is the only part that is saved.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::table::Column;

/// Least and greatest width that a column can be pulled to, in points.
const PULLED: std::ops::RangeInclusive<f32> = 24.0..=600.0;
/// The most that a column gets of the room that is left over.
const SPREAD: f32 = 18.0;

/// The widths of one table's columns.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Widths {
    /// By key of the column, sorted: a saved arrangement only differs when something did.
    pulled: BTreeMap<String, f32>,
    #[serde(skip)]
    needed: Vec<f32>,
}

impl Widths {
    /// Notes that a cell of a column needs `width` to be whole.
    pub fn need(&mut self, column: usize, width: f32) {
        if self.needed.len() <= column {
            self.needed.resize(column + 1, 0.0);
        }
        self.needed[column] = self.needed[column].max(width.ceil());
    }

    /// Takes over that the trader pulled a column to `width`.
    pub fn pull(&mut self, column: &Column, width: f32) {
        let width = width.round().clamp(*PULLED.start(), *PULLED.end());
        self.pulled.insert(column.key.to_owned(), width);
    }

    /// Lets a column fit what it shows again.
    pub fn release(&mut self, column: &Column) {
        self.pulled.remove(column.key);
    }

    /// The widths, when there is room for `available`.
    pub fn lay_out(&self, columns: &[Column], available: f32) -> Vec<f32> {
        let pulled = |column: &Column| {
            let width = *self.pulled.get(column.key)?;
            // A file may say anything.
            width.is_finite().then(|| width.clamp(*PULLED.start(), *PULLED.end()))
        };
        let fitting = |(index, column): (usize, &Column)| {
            let needed = if column.takes_rest { 0.0 } else { self.needed.get(index).copied().unwrap_or(0.0) };
            pulled(column).unwrap_or_else(|| needed.max(column.least))
        };
        let mut widths: Vec<f32> = columns.iter().enumerate().map(fitting).collect();
        let mut rest = (available - widths.iter().sum::<f32>()).max(0.0);
        let is_free = |column: &Column| !column.takes_rest && pulled(column).is_none();
        let free = columns.iter().filter(|column| is_free(column)).count();
        if free > 0 {
            let each = (rest / free as f32).floor().min(SPREAD);
            for (width, _) in widths.iter_mut().zip(columns).filter(|(_, column)| is_free(column)) {
                *width += each;
                rest -= each;
            }
        }
        let last = columns.iter().position(|column| column.takes_rest && pulled(column).is_none());
        if let Some(last) = last {
            widths[last] += rest.floor();
        }
        widths
    }
}

#[cfg(test)]
mod tests {
    use super::super::table::Lean;
    use super::*;

    const COLUMNS: [Column; 3] = [
        Column { key: "symbol", title: "Symbol", least: 40.0, lean: Lean::Left, takes_rest: false },
        Column { key: "price", title: "Price", least: 40.0, lean: Lean::Right, takes_rest: false },
        Column { key: "reason", title: "Reason", least: 60.0, lean: Lean::Left, takes_rest: true },
    ];

    #[test]
    fn a_column_fits_its_widest_cell_and_never_shrinks() {
        let mut widths = Widths::default();
        widths.need(1, 81.5);
        widths.need(1, 50.0);
        assert_eq!(widths.lay_out(&COLUMNS, 0.0), [40.0, 82.0, 60.0]);
    }

    #[test]
    fn room_is_spread_and_the_rest_goes_where_it_is_wanted() {
        let widths = Widths::default();
        assert_eq!(widths.lay_out(&COLUMNS, 160.0), [50.0, 50.0, 60.0]);
        assert_eq!(widths.lay_out(&COLUMNS, 400.0), [58.0, 58.0, 284.0]);
    }

    #[test]
    fn a_pulled_width_stays_until_it_is_released_and_survives_saving() {
        let mut widths = Widths::default();
        widths.need(0, 70.0);
        widths.pull(&COLUMNS[0], 33.3);
        widths.pull(&COLUMNS[1], 9_999.0);
        let saved = serde_json::to_string(&widths).unwrap();
        let mut back: Widths = serde_json::from_str(&saved).unwrap();
        assert_eq!(back.lay_out(&COLUMNS, 0.0), [33.0, 600.0, 60.0]);
        back.need(0, 70.0);
        back.release(&COLUMNS[0]);
        assert_eq!(back.lay_out(&COLUMNS, 0.0), [70.0, 600.0, 60.0]);
    }

    #[test]
    fn a_saved_width_that_makes_no_sense_is_bounded() {
        let widths: Widths = serde_json::from_str(r#"{"symbol":-5.0,"price":1e30}"#).unwrap();
        assert_eq!(widths.lay_out(&COLUMNS, 0.0), [24.0, 600.0, 60.0]);
    }
}
