//! How wide a table's columns are: as wide as what they have shown, or as the trader pulled them.
//!
//! A column fits its widest cell so far and never shrinks by itself, so that numbers are
//! whole and columns do not dance; room that is left over is spread. What was pulled by hand
//! stays, and is the only part that is saved.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::table::{Column, Give};

/// Least and greatest width that a column can be pulled to, in points.
const PULLED: std::ops::RangeInclusive<f32> = 24.0..=600.0;
/// The most that a column gets of the room that is left over.
const SPREAD: f32 = 18.0;
/// What the column that takes the rest gets before others get anything.
const REST_FIRST: f32 = 240.0;

/// The widths of one table's columns.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(in crate::ui) struct Widths {
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

    /// The widths, when there is room for `available`. To pull one column changes no other
    /// but the one that takes the rest: what is under the pointer must follow it.
    pub fn lay_out(&self, columns: &[Column], available: f32) -> Vec<f32> {
        let fitting = |(index, column): (usize, &Column)| match column.give {
            Give::TakesRest => column.least,
            Give::Firm | Give::Shrinks => self.needed.get(index).copied().unwrap_or(0.0).max(column.least),
        };
        let mut widths: Vec<f32> = columns.iter().enumerate().map(fitting).collect();
        let rest = available - widths.iter().sum::<f32>();
        if rest < 0.0 {
            shrink(columns, &mut widths, -rest);
        } else {
            spread(columns, &mut widths, rest.floor());
        }
        let mut grown = 0.0;
        for (width, pulled) in widths.iter_mut().zip(columns.iter().map(|column| self.pulled(column))) {
            if let Some(pulled) = pulled {
                grown += pulled - *width;
                *width = pulled;
            }
        }
        let is_free = |column: &Column| column.give == Give::TakesRest && self.pulled(column).is_none();
        if let Some(last) = columns.iter().position(is_free) {
            widths[last] = (widths[last] - grown).max(columns[last].least);
        }
        widths
    }

    fn pulled(&self, column: &Column) -> Option<f32> {
        let width = *self.pulled.get(column.key)?;
        // A file may say anything.
        width.is_finite().then(|| width.clamp(*PULLED.start(), *PULLED.end()))
    }
}

fn shrink(columns: &[Column], widths: &mut [f32], mut lacking: f32) {
    for (width, column) in widths.iter_mut().zip(columns).filter(|(_, column)| column.give == Give::Shrinks) {
        let given = lacking.ceil().min(*width - column.least);
        *width -= given;
        lacking = (lacking - given).max(0.0);
    }
}

fn spread(columns: &[Column], widths: &mut [f32], mut rest: f32) {
    let last = columns.iter().position(|column| column.give == Give::TakesRest);
    if let Some(last) = last {
        let first = rest.min((REST_FIRST - widths[last]).max(0.0));
        widths[last] += first;
        rest -= first;
    }
    let others = columns.iter().filter(|column| column.give != Give::TakesRest).count();
    let each = (rest / others.max(1) as f32).floor().min(SPREAD);
    for (width, column) in widths.iter_mut().zip(columns) {
        *width += if column.give == Give::TakesRest { rest - each * others as f32 } else { each };
    }
}

#[cfg(test)]
mod tests {
    use super::super::table::Lean;
    use super::*;

    const fn column(key: &'static str, least: f32, lean: Lean, give: Give) -> Column {
        Column { key, title: "", least, lean, give }
    }

    const COLUMNS: [Column; 3] = [
        column("symbol", 40.0, Lean::Left, Give::Shrinks),
        column("price", 40.0, Lean::Right, Give::Firm),
        column("reason", 60.0, Lean::Left, Give::TakesRest),
    ];

    #[test]
    fn a_column_fits_its_widest_cell_and_never_shrinks_by_itself() {
        let mut widths = Widths::default();
        widths.need(1, 81.5);
        widths.need(1, 50.0);
        assert_eq!(widths.lay_out(&COLUMNS, 0.0), [40.0, 82.0, 60.0]);
    }

    #[test]
    fn where_room_lacks_words_give_way_down_to_their_least() {
        let mut widths = Widths::default();
        widths.need(0, 90.0);
        widths.need(1, 90.0);
        assert_eq!(widths.lay_out(&COLUMNS, 230.0), [80.0, 90.0, 60.0]);
        assert_eq!(widths.lay_out(&COLUMNS, 100.0), [40.0, 90.0, 60.0]);
    }

    #[test]
    fn room_goes_first_where_it_is_wanted_and_is_spread_then() {
        let widths = Widths::default();
        assert_eq!(widths.lay_out(&COLUMNS, 160.0), [40.0, 40.0, 80.0]);
        assert_eq!(widths.lay_out(&COLUMNS, 340.0), [50.0, 50.0, 240.0]);
        assert_eq!(widths.lay_out(&COLUMNS, 400.0), [58.0, 58.0, 284.0]);
    }

    #[test]
    fn a_pulled_width_stays_until_it_is_released_and_survives_saving() {
        let mut widths = Widths::default();
        widths.pull(&COLUMNS[0], 9_999.0);
        widths.pull(&COLUMNS[1], 33.3);
        let saved = serde_json::to_string(&widths).unwrap();
        let mut back: Widths = serde_json::from_str(&saved).unwrap();
        back.need(1, 70.0);
        assert_eq!(back.lay_out(&COLUMNS, 0.0), [600.0, 33.0, 60.0]);
        back.release(&COLUMNS[1]);
        assert_eq!(back.lay_out(&COLUMNS, 0.0), [600.0, 70.0, 60.0]);
    }

    #[test]
    fn to_pull_a_column_moves_no_other_but_the_last() {
        let mut widths = Widths::default();
        assert_eq!(widths.lay_out(&COLUMNS, 400.0), [58.0, 58.0, 284.0]);
        widths.pull(&COLUMNS[1], 100.0);
        assert_eq!(widths.lay_out(&COLUMNS, 400.0), [58.0, 100.0, 242.0]);
        widths.pull(&COLUMNS[1], 500.0);
        assert_eq!(widths.lay_out(&COLUMNS, 400.0), [58.0, 500.0, 60.0]);
    }

    #[test]
    fn a_saved_width_that_makes_no_sense_is_bounded() {
        let widths: Widths = serde_json::from_str(r#"{"symbol":-5.0,"price":1e30}"#).unwrap();
        assert_eq!(widths.lay_out(&COLUMNS, 0.0), [24.0, 600.0, 60.0]);
    }
}
