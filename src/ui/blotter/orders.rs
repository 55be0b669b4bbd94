//! The Orders tab: working orders first, newest first; cancel, cancel all, amend in place.
//!
//! While the pointer is over the table, or a cell is being changed, the rows stay where
//! they are: an order that arrives must not push another one's Cancel under the finger. What
//! came meanwhile is counted in the tab and shown when the pointer leaves.

mod amend;
mod controls;
mod sifted;

use std::sync::Arc;

use egui::{EventFilter, Rect, Sense, Ui};
use serde::{Deserialize, Serialize};

use super::asked::{Asked, Seen};
use super::cell::Cell;
use super::control::callout_ui;
use super::edit::Edit;
use super::order_row::{COLUMNS, RowContext, row_of, zone_name};
use super::records::Records;
use super::rows::OrderRows;
use super::table::{Controls, Heads, Shown, Table};
use super::tools::table_keys;
use super::view::{Counts, Filter, Group, Listed, View, or_default};
use super::widths::Widths;
use crate::desk::Desk;
use crate::domain::{Instrument, Order, OrderId, OrderStatus};
use crate::link::{Command, CommandId};
use crate::ui::amending::Part;
use crate::ui::commands::{BlotterTool, Commands, UiCommand};
use crate::ui::confirm::{Confirm, Hand};
use crate::ui::keys::{Act, taken};
use crate::ui::theme::Theme;
use crate::ui::ticket::gate::Insistence;

use amend::Changed;
use controls::WIDTH;
use sifted::found;

/// What was asked for about an order.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Wish {
    Cancel,
    /// Take an order of unknown fate for gone.
    Gone,
    Amend(Part, crate::domain::Decimal),
}

/// The view state of the tab.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Orders {
    #[serde(deserialize_with = "or_default")]
    pub view: View,
    widths: Widths,
    /// How files of before say that only working orders are shown.
    #[serde(rename = "working_only", skip_serializing)]
    was_working_only: bool,
    #[serde(skip)]
    listed: Listed<OrderId>,
    #[serde(skip)]
    selected: Option<OrderId>,
    /// An order that has to come into sight.
    #[serde(skip)]
    reveal: Option<OrderId>,
    #[serde(skip)]
    held: Option<Held>,
    #[serde(skip)]
    edit: Option<Edit>,
    /// Whether to send a change in spite of what is unusual.
    #[serde(skip)]
    insists: Confirm<Changed, Insistence>,
    #[serde(skip)]
    asked: Asked<OrderId, Wish>,
    #[serde(skip)]
    gone: Confirm<OrderId, ()>,
    #[serde(skip)]
    cancels_all: Option<CommandId>,
}

/// Rows that stay where they are.
#[derive(Debug)]
struct Held {
    view: View,
    ids: Vec<OrderId>,
    newest: Option<OrderId>,
}

impl Orders {
    pub fn selected(&self) -> Option<OrderId> {
        self.selected
    }

    /// Selects an order and brings it into sight.
    pub fn show_order(&mut self, id: OrderId) {
        self.selected = Some(id);
        self.reveal = Some(id);
        self.edit = None;
    }

    /// Orders that came while the rows were held.
    pub fn news(&self, desk: &Desk) -> usize {
        let Some(held) = &self.held else { return 0 };
        let newer = |ids: &[OrderId]| ids.len() - ids.partition_point(|id| Some(*id) <= held.newest);
        if let Some(listed) = self.listed.rows() {
            return listed.iter().filter(|id| Some(**id) > held.newest).count();
        }
        let blotter = desk.blotter();
        newer(blotter.working_ids()) + if self.is_working_only() { 0 } else { newer(blotter.ended_ids()) }
    }

    fn is_working_only(&self) -> bool {
        self.view.filter.status == Group::Working
    }

    /// Finds the rows anew where it must be. Comes before anything of the tab is drawn.
    pub fn refresh(&mut self, desk: &Desk) {
        self.listed.refresh(desk, &self.view, &COLUMNS, |sieve, sorted| found(desk, sieve, sorted));
    }

    /// How many orders are shown, and of how many.
    pub fn counts(&self, desk: &Desk) -> Counts {
        let (working, ended) = (desk.blotter().working_ids().len(), desk.blotter().ended_ids().len());
        if self.listed.rows().is_some() {
            return self.listed.counts;
        }
        let shown = if self.is_working_only() { working } else { working + ended };
        Counts { shown, of: working + ended, hidden_working: 0 }
    }

    /// The order that is selected, or all that are shown.
    pub fn records(&self, desk: &Desk, is_one: bool) -> Records {
        let rows = match self.listed.rows() {
            Some(ids) => OrderRows::Held(ids),
            None => OrderRows::now(desk.blotter(), self.is_working_only()),
        };
        let one = self.selected.filter(|id| is_one && rows.position(*id).is_some());
        let ids = one.map_or_else(|| rows.to_vec(), |id| vec![id]);
        Records::of_orders(ids.iter().filter_map(|id| desk.blotter().get(*id)), desk)
    }

    /// Takes the engine's answers over. Comes once a frame, whatever tab is shown.
    pub fn settle(&mut self, desk: &Desk) {
        if std::mem::take(&mut self.was_working_only) {
            self.view.filter.status = Group::Working;
        }
        let order = |id: &OrderId| desk.blotter().get(*id);
        self.asked.settle(desk, |id, wish, _| order(id).map_or(Seen::Over, |order| seen(order, wish)));
        let status = |id: &OrderId| order(id).map(|order| order.status);
        self.gone.settle(desk.now(), |id, ()| status(id) == Some(OrderStatus::Unknown));
        if self.cancels_all.is_some_and(|command| desk.answer(command).is_some()) {
            self.cancels_all = None;
        }
    }

    /// The way to cancel everything.
    pub fn cancel_all_ui(&mut self, ui: &mut Ui, desk: &Desk, out: &mut Commands) {
        let working = desk.blotter().working_ids().len();
        let text = if working == 0 { "Cancel all".to_owned() } else { format!("Cancel all {working}") };
        let is_free = working > 0 && self.cancels_all.is_none();
        let button = egui::Button::new(text).sense(Sense::CLICK);
        let response = ui.add_enabled(is_free, button);
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, is_free, "Cancel all"));
        let response = response
            .on_hover_text(format!("Cancels {}, of all instruments, at once", count_of(working)))
            .on_disabled_hover_text(if working == 0 {
                "No order is working"
            } else {
                "The cancels are on their way"
            });
        if response.clicked() {
            self.cancels_all = Some(out.send(Command::CancelAll { instrument: None }));
        }
    }

    /// The filter that is used most, in as many words as there is room for.
    pub fn filter_ui(&mut self, ui: &mut Ui) {
        const NAME: &str = "Working only";
        let font = egui::TextStyle::Button.resolve(ui.style());
        let colour = ui.visuals().text_color();
        let room = ui.available_width() - ui.spacing().icon_width - ui.spacing().icon_spacing;
        let fits = |text: &&str| {
            ui.painter().layout_no_wrap((*text).to_owned(), font.clone(), colour).size().x <= room
        };
        // A box without a word says nothing; the menu of the strip has it too.
        let Some(text) = [NAME, "Working"].into_iter().find(fits) else { return };
        let mut is_on = self.is_working_only();
        let filter = ui.checkbox(&mut is_on, text);
        filter.widget_info(|| egui::WidgetInfo::selected(egui::Role::CheckBox, ui.is_enabled(), is_on, NAME));
        if filter.on_hover_text("Hides orders that have ended").changed() {
            self.view.filter.status = if is_on { Group::Working } else { Group::All };
        }
    }

    /// The table; what its keys ask for.
    pub fn ui(&mut self, ui: &mut Ui, desk: &Desk, theme: &Theme, out: &mut Commands) -> Option<BlotterTool> {
        if self.edit.is_none() {
            self.reveal_selected(desk);
        }
        self.end_stale_edit(desk);
        self.settle_doubts(desk);
        if let Some(edit) = &mut self.edit
            && let Some((order, instrument)) = order_of(desk, edit.order)
        {
            edit.take_wheel(ui, order, instrument);
        }
        let mut table = Table {
            name: "Orders table",
            columns: &COLUMNS,
            heads: Heads::Sort(self.view.sorted(&COLUMNS)),
            controls: Controls::Left(WIDTH),
            row_count: 0,
            reveal: None,
            footer: None,
            zone: Some(zone_name(desk)),
        };
        let is_pointed_at = ui.rect_contains_pointer(table.body_of(ui, theme));
        self.hold(is_pointed_at || self.edit.is_some(), desk);
        let (held, listed) = (self.held.take(), std::mem::take(&mut self.listed));
        let rows = match (&held, listed.rows()) {
            (Some(held), _) => OrderRows::Held(&held.ids),
            (None, Some(ids)) => OrderRows::Held(ids),
            (None, None) => OrderRows::now(desk.blotter(), self.is_working_only()),
        };
        table.row_count = rows.len();
        table.reveal = self.reveal.take().and_then(|id| rows.position(id));
        let context = RowContext { desk, theme, asked: &self.asked, selected: self.selected };
        let shown = table.show(ui, theme, &mut self.widths, |index| row_of(rows.get(index), &context));
        if rows.is_empty() {
            self.empty_ui(ui, theme, desk, shown.body);
        }
        self.rows_ui(ui, theme, desk, &shown, &rows, out);
        self.keys(ui, desk, &shown, &rows, out);
        self.edit_ui(ui, theme, desk, &shown, &rows, out);
        self.callouts_ui(ui, theme, desk, &shown, &rows);
        let wish = table_keys(ui, &shown, &mut self.view, &COLUMNS);
        (self.held, self.listed) = (held, listed);
        wish
    }

    /// Holds the rows as they were last drawn, or lets them go.
    fn hold(&mut self, must_hold: bool, desk: &Desk) {
        self.held.take_if(|held| !must_hold || held.view != self.view);
        if must_hold && self.held.is_none() {
            let blotter = desk.blotter();
            let now = || OrderRows::now(blotter, self.is_working_only()).to_vec();
            let ids = self.listed.rows().map_or_else(now, <[OrderId]>::to_vec);
            let newest = blotter.working_ids().last().max(blotter.ended_ids().last()).copied();
            self.held = Some(Held { view: self.view.clone(), ids, newest });
        }
    }

    /// An order that was asked for from elsewhere is shown even against the filter.
    fn reveal_selected(&mut self, desk: &Desk) {
        let Some(order) = self.reveal.and_then(|id| desk.blotter().get(id)) else { return };
        self.held = None;
        let is_hidden = match self.listed.rows() {
            Some(ids) => !ids.contains(&order.id),
            None => self.is_working_only() && !order.is_live(),
        };
        if is_hidden {
            self.view.filter = Filter::default();
            self.refresh(desk);
        }
    }

    fn empty_ui(&self, ui: &mut Ui, theme: &Theme, desk: &Desk, body: Rect) {
        let text = if self.view.filter.hides() && self.counts(desk).of > 0 {
            "The filter hides all orders. Clear it to see them."
        } else if self.is_working_only() && !desk.blotter().ended_ids().is_empty() {
            "No order is working. Turn off Working only to see those that have ended."
        } else {
            "No orders yet. Enter one in the ticket, and it stands here until it is filled or cancelled."
        };
        super::control::empty_ui(ui, theme, body, text);
    }

    /// Clicks on rows and their controls.
    fn rows_ui(
        &mut self,
        ui: &mut Ui,
        theme: &Theme,
        desk: &Desk,
        shown: &Shown,
        rows: &OrderRows<'_>,
        out: &mut Commands,
    ) {
        ui.set_clip_rect(ui.clip_rect().intersect(shown.body));
        for row in &shown.rows {
            let Some((order, instrument)) = order_of(desk, rows.get(row.index)) else { continue };
            self.row_controls_ui(ui, theme, desk, (shown, row), order, out);
            if row.response.clicked() {
                self.selected = Some(order.id);
                ui.memory_mut(|memory| memory.request_focus(shown.focus.id));
                out.window(UiCommand::Select(order.spec.instrument));
            }
            if row.response.double_clicked()
                && let Some(pointer) = row.response.interact_pointer_pos()
            {
                match shown.column_at(pointer.x).and_then(Part::of_column) {
                    Some(part) if order.is_live() => self.begin_edit(order, part, instrument, desk),
                    _ => out.window(UiCommand::Timeline(order.id)),
                }
            }
        }
    }

    /// Keys that act on the table while it has the keyboard.
    fn keys(&mut self, ui: &Ui, desk: &Desk, shown: &Shown, rows: &OrderRows<'_>, out: &mut Commands) {
        if !shown.focus.has_focus() || rows.is_empty() {
            return;
        }
        let filter = EventFilter { vertical_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(shown.focus.id, filter));
        let pressed = |act| taken(ui.ctx(), act).cast_signed();
        let page = (shown.rows.len().cast_signed() - 1).max(1);
        let moved = pressed(Act::OrderBelow) - pressed(Act::OrderAbove)
            + page * (pressed(Act::OrdersBelow) - pressed(Act::OrdersAbove));
        let last = rows.len() - 1;
        let at = self.selected.and_then(|id| rows.position(id));
        let target = match (pressed(Act::FirstOrder), pressed(Act::LastOrder), at) {
            (1.., _, _) => Some(0),
            (_, 1.., _) => Some(last),
            (_, _, Some(at)) if moved != 0 => Some(at.saturating_add_signed(moved).min(last)),
            (_, _, None) if moved != 0 => Some(0),
            _ => None,
        };
        if let Some(target) = target {
            let id = rows.get(target);
            self.selected = Some(id);
            self.reveal = Some(id);
            ui.request_repaint();
            if let Some(order) = desk.blotter().get(id) {
                out.window(UiCommand::Select(order.spec.instrument));
            }
        }
        let selected = self.selected.filter(|id| rows.position(*id).is_some());
        let Some((order, instrument)) = selected.and_then(|id| order_of(desk, id)) else { return };
        if pressed(Act::OrderGone) > 0 {
            self.take_for_gone(order, Hand::Key, desk, out);
        }
        if pressed(Act::OrderTimeline) > 0 {
            out.window(UiCommand::Timeline(order.id));
        }
        if pressed(Act::NoteOrder) > 0 {
            out.window(UiCommand::Note(order.id));
        }
        if pressed(Act::CancelOrder) > 0 {
            self.cancel(order, desk, out);
        }
        if pressed(Act::ChangeOrder) > 0 {
            self.reveal = Some(order.id);
            self.begin_edit(order, Part::first(order), instrument, desk);
        }
    }

    /// Refusals, below the cell or control that asked.
    fn callouts_ui(&self, ui: &Ui, theme: &Theme, desk: &Desk, shown: &Shown, rows: &OrderRows<'_>) {
        let now = desk.now();
        for (id, refusal) in self.asked.fresh(now) {
            let Some(row) = shown.rows.iter().find(|row| rows.get(row.index) == *id) else { continue };
            let under = match refusal.what {
                Wish::Cancel | Wish::Gone => None,
                Wish::Amend(part, _) => shown.cell(row, part.column()),
            };
            let at = under.unwrap_or_else(|| Rect::from_x_y_ranges(shown.controls, row.rect.y_range()));
            callout_ui(
                ui,
                theme,
                shown.focus.id.with(("refused", id.0)),
                at.intersect(shown.body),
                &refusal.why,
            );
            ui.request_repaint_after((refusal.at + super::asked::CALLOUT).since(now));
        }
    }
}

fn order_of(desk: &Desk, id: OrderId) -> Option<(&Order, &Arc<Instrument>)> {
    let order = desk.blotter().get(id)?;
    Some((order, desk.instrument(order.spec.instrument)?))
}

/// How an accepted wish stands, by what the broker says of the order.
fn seen(order: &Order, wish: &Wish) -> Seen {
    let failed = |word: &str| {
        let why = order.reason.as_deref().unwrap_or("the broker gave no reason");
        Seen::Failed(format!("{word}: {why}").into())
    };
    match wish {
        Wish::Cancel if order.status == OrderStatus::PendingCancel => Seen::Underway,
        Wish::Cancel if order.is_live() => failed("Not cancelled"),
        Wish::Amend(..) if order.status == OrderStatus::PendingAmend => Seen::Underway,
        Wish::Amend(part, value) if order.is_live() && part.of(order) != Some(*value) => {
            failed("Not changed")
        }
        Wish::Cancel | Wish::Gone | Wish::Amend(..) => Seen::Over,
    }
}

fn count_of(orders: usize) -> String {
    if orders == 1 { "the working order".to_owned() } else { format!("{orders} working orders") }
}

/// The reason cell of an order: a refusal of what was asked last comes before the broker's words.
pub(super) fn reason_cell(order: &Order, asked: &Asked<OrderId, Wish>, theme: &Theme) -> Cell {
    if let Some(refusal) = asked.refusal(&order.id) {
        return Cell::words(&refusal.why, theme.danger);
    }
    let Some(reason) = &order.reason else { return Cell::empty() };
    let colour = match order.status {
        OrderStatus::Rejected | OrderStatus::Unknown => theme.danger,
        _ if order.is_live() => theme.warn,
        _ => theme.text_weak,
    };
    Cell::words(reason, colour)
}
