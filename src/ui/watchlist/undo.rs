//! What was changed by mistake is put back: a row or a list that was removed, a list that was pasted.

use std::time::Duration;

use egui::{Align, Button, Frame, Layout, Margin, RichText, Ui};

use super::Watchlist;
use super::columns::Widest;
use super::lists::List;
use super::row::Row;
use crate::desk::Desk;
use crate::domain::Time;
use crate::ui::theme::theme_of;

/// How long a change can be taken back.
const UNDO: Duration = Duration::from_secs(8);

/// A change that can be taken back.
#[derive(Debug)]
pub(super) struct Change {
    pub what: Changed,
    pub at: Time,
}

/// What was changed; rows are those of the list in sight.
#[derive(Debug)]
pub(super) enum Changed {
    /// A row was removed from its place.
    Removed(usize, Box<Row>),
    /// A list was deleted.
    Deleted(usize, List),
    /// Instruments were added, by their keys.
    Added(Vec<String>),
}

impl Changed {
    fn told(&self) -> String {
        match self {
            Self::Removed(_, row) => format!("Removed {}", row.symbol()),
            Self::Deleted(_, list) => format!("Deleted the list {}", list.name),
            Self::Added(keys) => match keys.len() {
                1 => "Added 1 instrument".to_owned(),
                count => format!("Added {count} instruments"),
            },
        }
    }
}

impl Watchlist {
    /// Takes a row out, to be put back as long as the notice stands.
    pub(super) fn remove(&mut self, index: usize, now: Time) {
        if index < self.rows().len() {
            let row = self.take_out(index);
            if row.is_heading() {
                // Its rows now stand below the heading before, and must not vanish there.
                self.unfold_around(index);
            }
            self.view.change = Some(Change { what: Changed::Removed(index, Box::new(row)), at: now });
        }
    }

    fn take_out(&mut self, index: usize) -> Row {
        let place = self.view.order.place(index);
        let row = self.edited().remove(index);
        self.view.order.removed(index);
        self.view.widest = Widest::default();
        let cursor = self.view.cursor;
        self.view.cursor = match place {
            // The row that is now where the cursor was.
            Some(place) if cursor == index => {
                let last = self.view.order.len().saturating_sub(1);
                self.view.order.get(place.min(last)).unwrap_or(0)
            }
            _ if cursor > index => cursor - 1,
            _ => cursor,
        };
        row
    }

    fn undo(&mut self) {
        let Some(Change { what, .. }) = self.view.change.take() else { return };
        match what {
            Changed::Removed(index, row) => self.put_back(index, *row),
            Changed::Deleted(index, list) => {
                self.lists.put(index, list);
                self.view.turn();
            }
            Changed::Added(keys) => {
                for key in keys {
                    if let Some(index) = self.rows().iter().position(|row| row.key() == Some(&*key)) {
                        self.take_out(index);
                    }
                }
            }
        }
    }

    fn put_back(&mut self, index: usize, row: Row) {
        let is_free = |key: &str| self.keys().all(|other| other != key);
        if row.key().is_none_or(is_free) {
            let index = index.min(self.rows().len());
            self.edited().insert(index, row);
            self.view.order.inserted(index);
            self.view.cursor = index;
            self.view.must_reveal = true;
        }
    }

    /// What was changed last, as long as it can be taken back.
    fn change(&self, now: Time) -> Option<(&Change, Duration)> {
        let change = self.view.change.as_ref()?;
        let left = UNDO.checked_sub(now.since(change.at)).filter(|left| !left.is_zero())?;
        Some((change, left))
    }

    /// How many strips stand below the rows.
    pub(super) fn strips(&self, now: Time) -> usize {
        usize::from(self.change(now).is_some()) + usize::from(self.view.problem.is_some())
    }

    /// The offer to take the last change back.
    pub(super) fn undo_ui(&mut self, ui: &mut Ui, desk: &Desk) {
        let Some((change, left)) = self.change(desk.now()) else {
            self.view.change = None;
            return;
        };
        ui.request_repaint_after(left);
        let colour = theme_of(ui).text;
        if strip_ui(ui, RichText::new(change.what.told()).color(colour), "Undo") {
            self.undo();
        }
    }

    /// What of a pasted list could not be added.
    pub(super) fn problem_ui(&mut self, ui: &mut Ui) {
        let Some(problem) = &self.view.problem else { return };
        let colour = theme_of(ui).warn;
        if strip_ui(ui, RichText::new(problem).color(colour), "Close") {
            self.view.problem = None;
        }
    }
}

/// A line below the rows with a button; what does not fit into it is told where the pointer rests.
fn strip_ui(ui: &mut Ui, text: RichText, button: &str) -> bool {
    let frame = Frame::new().fill(theme_of(ui).raised).inner_margin(Margin::symmetric(8, 3));
    let shown = frame.show(ui, |ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let is_clicked = ui.add(Button::new(button)).clicked();
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.add(egui::Label::new(text).truncate());
            });
            is_clicked
        })
    });
    shown.inner.inner
}
