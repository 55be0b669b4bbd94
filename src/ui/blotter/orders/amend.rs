//! Changing an order in its row: the field over a cell, from its opening to the command.
//!
//! Where the gate would let a change through only against something unusual (a silent broker, an
//! old quote), Enter asks once more, in words that name it, and a second Enter sends it
//! nevertheless. Another value is another question.

use std::sync::Arc;

use egui::Ui;

use super::super::control::{callout_in, callout_ui};
use super::super::edit::{Edit, Outcome};
use super::super::rows::OrderRows;
use super::super::table::Shown;
use super::{Orders, Wish, order_of};
use crate::desk::Desk;
use crate::domain::{Decimal, Instrument, Order, OrderId, OrderStatus};
use crate::ui::amending::{self, Part};
use crate::ui::commands::Commands;
use crate::ui::confirm::{Hand, Outcome as Pressed, Rule};
use crate::ui::theme::Theme;
use crate::ui::ticket::gate::{self, Insistence, is_same_market, said_whole};

/// A change that is asked about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Changed {
    order: OrderId,
    part: Part,
    value: Decimal,
}

impl Orders {
    /// An order that can no longer be changed takes the field away.
    pub(super) fn end_stale_edit(&mut self, desk: &Desk) {
        let Some(edit) = &self.edit else { return };
        let why = match desk.blotter().get(edit.order) {
            Some(order) => amending::why_not(order, edit.part),
            None => Some("It is not known any more"),
        };
        if let Some(why) = why {
            let wish = Wish::Amend(edit.part, Decimal::ZERO);
            self.asked.refuse(
                edit.order,
                wish,
                format!("Not changed: {}", lower_first(why)).into(),
                desk.now(),
            );
            self.edit = None;
        }
    }

    pub(super) fn begin_edit(
        &mut self,
        order: &Order,
        part: Part,
        instrument: &Arc<Instrument>,
        desk: &Desk,
    ) {
        if part.of(order).is_none() {
            return;
        }
        if let Some(why) = amending::why_not(order, part) {
            let wish = Wish::Amend(part, Decimal::ZERO);
            self.asked.refuse(order.id, wish, why.into(), desk.now());
            return;
        }
        self.asked.forget(&order.id);
        self.edit = Edit::new(order, part, instrument);
    }

    pub(super) fn edit_ui(
        &mut self,
        ui: &mut Ui,
        theme: &Theme,
        desk: &Desk,
        shown: &Shown,
        rows: &OrderRows<'_>,
        out: &mut Commands,
    ) {
        let Some(mut edit) = self.edit.take() else { return };
        let Some((order, instrument)) = order_of(desk, edit.order) else { return };
        let row = shown.rows.iter().find(|row| rows.get(row.index) == edit.order);
        let Some(cell) = row.and_then(|row| shown.cell(row, edit.part.column())) else {
            // Scrolled out of sight it is left, as by a click elsewhere: the keyboard is gone with it.
            if edit.is_on_its_way() {
                self.edit = Some(edit);
            } else {
                self.asked.forget(&order.id);
            }
            return;
        };
        let clip = ui.clip_rect();
        ui.set_clip_rect(clip.intersect(shown.cells()));
        let outcome = edit.ui(ui, theme, cell, order, instrument);
        ui.set_clip_rect(clip);
        self.doubts_ui(ui, theme, desk, cell.intersect(shown.body), shown.focus.id);
        if order.status == OrderStatus::Kept && self.insists.asked().is_none() {
            let id = shown.focus.id.with("kept here");
            callout_in(ui, theme, id, cell.intersect(shown.body), amending::KEPT, theme.warn);
        }
        let to_table = |ui: &Ui| ui.memory_mut(|memory| memory.request_focus(shown.focus.id));
        match outcome {
            Outcome::Stays => self.edit = Some(edit),
            Outcome::Leaves { to_table: back } => {
                self.asked.forget(&order.id);
                if back {
                    to_table(ui);
                }
            }
            Outcome::Turns(part) => self.edit = Edit::new(order, part, instrument),
            Outcome::Sends(value) => match self.press(order, instrument, (edit.part, value), desk) {
                Some(insistence) => {
                    let command = out.send(edit.part.amend(order, value, insistence.despite));
                    self.asked.ask(order.id, Wish::Amend(edit.part, value), command, desk.now());
                    to_table(ui);
                }
                None => self.edit = Some(edit),
            },
            Outcome::Refuses(bad) => {
                let wish = Wish::Amend(edit.part, Decimal::ZERO);
                self.asked.refuse(order.id, wish, bad.to_string().into(), desk.now());
                self.edit = Some(edit);
            }
        }
    }

    /// Enter on a value that can be sent: what is accepted with it, or nothing where that is to
    /// be asked first.
    fn press(
        &mut self,
        order: &Order,
        instrument: &Instrument,
        (part, value): (Part, Decimal),
        desk: &Desk,
    ) -> Option<Insistence> {
        // What the gate refuses whatever is accepted is the engine's to refuse: it knows more.
        let asked = gate::insist_on_change(desk, instrument, order, part.change(value));
        let insistence = asked.unwrap_or_default();
        if insistence.doubts.is_empty() {
            return Some(insistence);
        }
        let changed = Changed { order: order.id, part, value };
        match self.insists.press(changed, insistence, Rule::AsksFirst, Hand::Key, desk.now()) {
            Pressed::Sends(insistence) => Some(insistence),
            Pressed::Asks => {
                self.asked.forget(&order.id);
                None
            }
            Pressed::Nothing => None,
        }
    }

    /// Takes back what was asked of another value, order or market.
    pub(super) fn settle_doubts(&mut self, desk: &Desk) {
        let edit = self.edit.as_ref();
        let is_true = |changed: &Changed, asked: &Insistence| {
            let found = edit.filter(|edit| edit.order == changed.order && edit.part == changed.part);
            let Some((edit, (order, instrument))) = found.zip(order_of(desk, changed.order)) else {
                return false;
            };
            let now = gate::insist_on_change(desk, instrument, order, changed.part.change(changed.value));
            edit.value(order, instrument) == Some(changed.value)
                && now.is_ok_and(|now| is_same_market(&now.doubts, &asked.doubts))
        };
        self.insists.settle(desk.now(), is_true);
    }

    /// What is asked, below the field.
    fn doubts_ui(&self, ui: &Ui, theme: &Theme, desk: &Desk, under: egui::Rect, id: egui::Id) {
        let Some((changed, insistence)) = self.insists.asked() else { return };
        let why = said_whole(&insistence.doubts);
        let text = format!("{why} Press Enter again to change order {} nevertheless.", changed.order);
        callout_ui(ui, theme, id.with("doubts"), under, &text);
        ui.request_repaint_after(self.insists.left(desk.now()).unwrap_or_default());
    }
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}
