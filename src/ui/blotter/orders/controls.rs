//! The small controls before an order's row: cancel, change, timeline.
//!
//! An order of which nobody can say what became of it cannot be changed; in the place of that
//! it offers to be taken for gone, after a question.

use egui::{Rect, Ui};

use super::super::asked::CALLOUT;
use super::super::control::{Tone, callout_ui, control_ui};
use super::super::table::{Shown, ShownRow};
use super::{Orders, Wish};
use crate::desk::Desk;
use crate::domain::{Order, OrderStatus};
use crate::link::{Command, Decision};
use crate::ui::amending::{self, Part};
use crate::ui::commands::{Commands, UiCommand};
use crate::ui::confirm::{Hand, Outcome, Rule};
use crate::ui::keys::{Act, keys_of, with_keys};
use crate::ui::theme::Theme;
use crate::ui::timeline::{GONE, fate};

/// Of the strip: three squares of a row's height.
pub(super) const WIDTH: f32 = 62.0;

impl Orders {
    pub(super) fn row_controls_ui(
        &mut self,
        ui: &Ui,
        theme: &Theme,
        desk: &Desk,
        (shown, row): (&Shown, &ShownRow),
        order: &Order,
        out: &mut Commands,
    ) {
        let height = row.rect.height() - 4.0;
        let size = egui::vec2(height, height);
        let left = shown.controls.min + 3.0;
        let place = |column: f32| {
            let x = left + column * (height + 2.0);
            Rect::from_min_size(egui::pos2(x, row.rect.top() + 2.0), size)
        };
        let id = shown.focus.id.with(order.id.0);
        if order.is_live() {
            let cancel = self.why_no_cancel(order);
            let name = format!("Cancel order {}", order.id);
            let look = (cancel.is_none(), "×", Tone::Danger);
            let hint = with_keys(ui, &name, Act::CancelOrder);
            if control_ui(ui, theme, id.with("cancel"), place(0.0), look, &name, cancel.unwrap_or(&hint)) {
                self.cancel(order, desk, out);
            }
            if order.status == OrderStatus::Unknown {
                self.gone_ui(ui, theme, desk, (id.with("gone"), place(1.0)), order, out);
            } else {
                self.amend_ui(ui, theme, desk, (id.with("amend"), place(1.0)), order);
            }
        }
        let name = format!("Timeline of order {}", order.id);
        let hint = "Timeline: everything that happened to it, with times";
        let hint = with_keys(ui, hint, Act::OrderTimeline);
        let look = (true, "…", Tone::Plain);
        if control_ui(ui, theme, id.with("timeline"), place(2.0), look, &name, &hint) {
            self.selected = Some(order.id);
            out.window(UiCommand::Timeline(order.id));
        }
    }

    fn amend_ui(
        &mut self,
        ui: &Ui,
        theme: &Theme,
        desk: &Desk,
        (id, place): (egui::Id, Rect),
        order: &Order,
    ) {
        let amend = amending::why_not(order, Part::first(order));
        let name = format!("Amend order {}", order.id);
        let by_key = keys_of(ui, Act::ChangeOrder);
        let usual = format!("Amend ({by_key}, or double-click on the quantity, limit or stop)");
        let hint = if order.status == OrderStatus::Kept { amending::KEPT } else { &usual };
        let hint = amend.unwrap_or(hint);
        let look = (amend.is_none(), "✎", Tone::Plain);
        if control_ui(ui, theme, id, place, look, &name, hint)
            && let Some(instrument) = desk.instrument(order.spec.instrument)
        {
            self.selected = Some(order.id);
            self.begin_edit(order, Part::first(order), instrument, desk);
        }
    }

    fn gone_ui(
        &mut self,
        ui: &Ui,
        theme: &Theme,
        desk: &Desk,
        (id, place): (egui::Id, Rect),
        order: &Order,
        out: &mut Commands,
    ) {
        let is_free = self.asked.underway(&order.id).is_none();
        let is_armed = self.gone.asked_by(&order.id).is_some();
        let (name, tone) = if is_armed {
            (format!("Confirm: order {} is gone", order.id), Tone::Armed)
        } else {
            (format!("Mark order {} as gone", order.id), Tone::Danger)
        };
        let hint = format!("{}. {} {GONE}", with_keys(ui, "Mark as gone", Act::OrderGone), fate(order));
        if control_ui(ui, theme, id, place, (is_free, "?", tone), &name, &hint) {
            self.take_for_gone(order, Hand::Pointer, desk, out);
        }
        if is_armed {
            let text = format!("Press again to take order {} for gone. {GONE}", order.id);
            callout_ui(ui, theme, id.with("asks"), place, &text);
            ui.request_repaint_after(self.gone.left(desk.now()).unwrap_or(CALLOUT));
        }
    }

    /// A press of the control or key; the second sends.
    pub(super) fn take_for_gone(&mut self, order: &Order, hand: Hand, desk: &Desk, out: &mut Commands) {
        if order.status != OrderStatus::Unknown || self.asked.underway(&order.id).is_some() {
            return;
        }
        match self.gone.press(order.id, (), Rule::AsksFirst, hand, desk.now()) {
            Outcome::Nothing => {}
            Outcome::Asks => self.asked.forget(&order.id),
            Outcome::Sends(()) => {
                let command = out.send(Command::Decide { order: order.id, decision: Decision::IsGone });
                self.asked.ask(order.id, Wish::Gone, command, desk.now());
            }
        }
    }

    /// What speaks against another cancel of an order.
    fn why_no_cancel(&self, order: &Order) -> Option<&'static str> {
        if self.asked.underway(&order.id) == Some(&Wish::Cancel) || order.status == OrderStatus::PendingCancel
        {
            return Some("The cancel is on its way");
        }
        None
    }

    pub(super) fn cancel(&mut self, order: &Order, desk: &Desk, out: &mut Commands) {
        if order.is_live() && self.why_no_cancel(order).is_none() {
            let command = out.send(Command::Cancel { order: order.id });
            self.asked.ask(order.id, Wish::Cancel, command, desk.now());
        }
    }
}
