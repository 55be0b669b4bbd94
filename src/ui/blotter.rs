//! The blotter: orders, fills, positions, results, accounts and activity, a tab each.
//!
//! Everything it shows is the desk's; it keeps which tab is shown, filters and widths (over
//! restarts), and what was asked of the engine but not answered yet (until it is). Tables make
//! only the rows in sight, so ten thousand orders cost what a dozen do.

mod account;
mod activity;
mod asked;
mod brush;
pub(super) mod cell;
pub(super) mod control;
mod edit;
mod export;
mod fills;
mod order_row;
mod orders;
mod positions;
mod records;
mod results;
mod rows;
pub(super) mod table;
mod today;
mod tools;
mod view;
pub(super) mod widths;

use egui::{Align, Layout, Rect, Role, Sense, Ui, UiBuilder, WidgetInfo, pos2};
use serde::{Deserialize, Serialize};

use super::commands::{BlotterTool, Commands};
use super::keys::{Act, with_keys};
use super::pane::Pane;
use super::theme::{Theme, theme_of};
use crate::desk::Desk;
use crate::domain::OrderId;
use account::AccountView;
use activity::Activity;
use export::Export;
use fills::Fills;
use orders::Orders;
use positions::Positions;
use records::Records;
use results::ResultsView;
use tools::{Subject, Tools};
use view::{Counts, Filter, View};

pub use order_row::{kept_text, status_colour};

/// Width of the button that opens the strip, with what is between buttons.
const FIND: f32 = 50.0;

/// A bar that has no room for tabs with much space between them, in points.
const NARROW: f32 = 520.0;

/// What a tab shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Tab {
    #[default]
    Orders,
    Fills,
    Positions,
    Results,
    Account,
    Activity,
}

impl Tab {
    const ALL: [Self; 6] =
        [Self::Orders, Self::Fills, Self::Positions, Self::Results, Self::Account, Self::Activity];

    fn title(self) -> &'static str {
        match self {
            Self::Orders => "Orders",
            Self::Fills => "Fills",
            Self::Positions => "Positions",
            Self::Results => "Results",
            Self::Account => "Account",
            Self::Activity => "Activity",
        }
    }

    /// What one of its rows is called, and what several are.
    fn rows(self) -> [&'static str; 2] {
        match self {
            Self::Orders => ["order", "orders"],
            Self::Fills => ["fill", "fills"],
            Self::Positions => ["position", "positions"],
            Self::Results => ["result", "results"],
            Self::Account => ["account", "accounts"],
            Self::Activity => ["line", "lines"],
        }
    }
}

/// The pane.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Blotter {
    tab: Tab,
    orders: Orders,
    fills: Fills,
    positions: Positions,
    results: ResultsView,
    account: AccountView,
    #[serde(skip)]
    activity: Activity,
    #[serde(skip)]
    tools: Tools,
    #[serde(skip)]
    export: Export,
    /// What was asked for from elsewhere.
    #[serde(skip)]
    asked: Option<BlotterTool>,
}

impl Pane for Blotter {
    fn ui(&mut self, ui: &mut Ui, desk: &Desk, out: &mut Commands) {
        let theme = theme_of(ui.ctx());
        self.orders.settle(desk);
        self.positions.settle(desk);
        self.refresh(desk);
        self.bar_ui(ui, desk, &theme, out);
        let from_strip = self.tools_ui(ui, desk, &theme);
        // What was chosen there holds already: rows must not be held as they were before.
        self.refresh(desk);
        // What is copied, searched and exported is there without the engine too.
        let mut below = ui.new_child(UiBuilder::new().max_rect(ui.available_rect_before_wrap()));
        if desk.stopped().is_some() {
            below.disable();
        }
        let from_table = match self.tab {
            Tab::Orders => self.orders.ui(&mut below, desk, &theme, out),
            Tab::Fills => self.fills.ui(&mut below, desk, &theme, out),
            Tab::Positions => self.positions.ui(&mut below, desk, &theme, out),
            Tab::Results => {
                self.results.ui(&mut below, desk, &theme, out);
                None
            }
            Tab::Account => {
                self.account.ui(&mut below, desk, &theme);
                None
            }
            Tab::Activity => {
                self.activity.ui(&mut below, desk, &theme);
                None
            }
        };
        let asked = self.asked.take();
        for tool in [from_strip, from_table, asked].into_iter().flatten() {
            self.carry_out(tool, ui, desk);
        }
        self.export_ui(ui, desk, &theme, out);
    }
}

impl Blotter {
    /// Finds the rows of the tab anew where it must be.
    fn refresh(&mut self, desk: &Desk) {
        match self.tab {
            Tab::Orders => self.orders.refresh(desk),
            Tab::Fills => self.fills.refresh(desk),
            Tab::Positions | Tab::Results | Tab::Account | Tab::Activity => {}
        }
    }

    /// Turns to the orders and selects one.
    pub fn show_order(&mut self, id: OrderId) {
        self.tab = Tab::Orders;
        self.orders.show_order(id);
    }

    /// The order that is selected.
    #[must_use]
    pub fn selected_order(&self) -> Option<OrderId> {
        self.orders.selected()
    }

    /// Has something done with the table that is shown.
    pub fn ask(&mut self, tool: BlotterTool) {
        self.asked = Some(tool);
    }

    /// The choice of what the table shows, of tabs that have one; and how much of it that is.
    fn view(&mut self, desk: &Desk) -> Option<(&mut View, Counts)> {
        match self.tab {
            Tab::Orders => {
                let counts = self.orders.counts(desk);
                Some((&mut self.orders.view, counts))
            }
            Tab::Fills => {
                let counts = self.fills.counts(desk);
                Some((&mut self.fills.view, counts))
            }
            Tab::Positions => {
                let counts = self.positions.counts();
                Some((&mut self.positions.view, counts))
            }
            Tab::Results | Tab::Account | Tab::Activity => None,
        }
    }

    /// The strip above the table: where it was asked for, and where something is hidden.
    fn tools_ui(&mut self, ui: &mut Ui, desk: &Desk, theme: &Theme) -> Option<BlotterTool> {
        let tab = self.tab;
        let mut tools = std::mem::take(&mut self.tools);
        let wish = self.view(desk).filter(|(view, _)| tools.is_open || view.filter.hides()).and_then(
            |(view, counts)| {
                let (has_status, has_times) = (tab == Tab::Orders, tab != Tab::Positions);
                let mut subject = Subject { rows: tab.rows(), view, counts, has_status, has_times };
                tools.ui(ui, desk, theme, &mut subject)
            },
        );
        self.tools = tools;
        wish
    }

    fn carry_out(&mut self, tool: BlotterTool, ui: &Ui, desk: &Desk) {
        match tool {
            BlotterTool::Find => {
                if self.view(desk).is_none() {
                    self.tab = Tab::Orders;
                }
                (self.tools.is_open, self.tools.must_focus) = (true, true);
            }
            BlotterTool::Clear => {
                if let Some((view, _)) = self.view(desk) {
                    view.filter = Filter::default();
                }
            }
            BlotterTool::Copy | BlotterTool::CopyRow => {
                if let Some(records) = self.records(desk, tool == BlotterTool::CopyRow) {
                    ui.copy_text(records.pasted());
                }
            }
            BlotterTool::Export => self.export.open(self.tab.rows()[1], desk),
        }
        ui.request_repaint();
    }

    /// The rows that are shown, or the one that is selected; of tabs that have some.
    fn records(&self, desk: &Desk, is_one: bool) -> Option<Records> {
        match self.tab {
            Tab::Orders => Some(self.orders.records(desk, is_one)),
            Tab::Fills => Some(self.fills.records(desk, is_one)),
            Tab::Positions => Some(self.positions.records(desk, is_one)),
            Tab::Results | Tab::Account | Tab::Activity => None,
        }
    }

    fn export_ui(&mut self, ui: &Ui, desk: &Desk, theme: &Theme, out: &mut Commands) {
        let mut export = std::mem::take(&mut self.export);
        match self.view(desk) {
            Some((_, counts)) => {
                let counted = counts.named(self.tab.rows());
                export.ui(ui.ctx(), desk, theme, &counted, || self.records(desk, false), out);
            }
            None => export.close(),
        }
        self.export = export;
    }

    /// Tabs on the left, the tab's own controls on the right.
    fn bar_ui(&mut self, ui: &mut Ui, desk: &Desk, theme: &Theme, out: &mut Commands) {
        let whole = ui.available_rect_before_wrap();
        let height = theme.sizes.row + 6.0;
        let bar = Rect::from_min_max(whole.min, pos2(whole.right(), whole.top() + height));
        ui.painter().rect_filled(bar, 0, theme.panel);
        let mut tabs = ui.new_child(
            UiBuilder::new()
                .max_rect(bar.shrink2(egui::vec2(4.0, 0.0)))
                .layout(Layout::left_to_right(Align::Center)),
        );
        tabs.spacing_mut().item_spacing.x = 2.0;
        let padding = if bar.width() < NARROW { 6.0 } else { 16.0 };
        for tab in Tab::ALL {
            self.tab_ui(&mut tabs, desk, theme, tab, padding);
        }
        let rest = bar.with_min_x(tabs.min_rect().right() + theme.sizes.gap).shrink2(egui::vec2(6.0, 0.0));
        let mut controls =
            ui.new_child(UiBuilder::new().max_rect(rest).layout(Layout::right_to_left(Align::Center)));
        if desk.stopped().is_some() {
            controls.disable();
        }
        match self.tab {
            Tab::Orders => {
                self.orders.cancel_all_ui(&mut controls, desk, out);
                self.find_ui(&mut controls);
                self.orders.filter_ui(&mut controls);
            }
            Tab::Activity => self.activity.bar_ui(&mut controls, desk),
            Tab::Fills | Tab::Positions => self.find_ui(&mut controls),
            Tab::Results => self.results.bar_ui(&mut controls, desk),
            Tab::Account => {}
        }
        ui.advance_cursor_after_rect(bar);
        // Tables begin right below, without the distance between widgets.
        ui.add_space(-ui.spacing().item_spacing.y);
    }

    /// Opens the strip, where there is room: a key does so too.
    fn find_ui(&mut self, ui: &mut Ui) {
        if ui.available_width() < FIND {
            return;
        }
        let find = ui.selectable_label(self.tools.is_open, "Find");
        find.widget_info(|| {
            WidgetInfo::selected(Role::Button, true, self.tools.is_open, "Search and filter")
        });
        let hint = with_keys(ui, "Search and filter the rows, copy and export them", Act::FindRows);
        if find.on_hover_text(hint).clicked() {
            self.tools.is_open = !self.tools.is_open;
            self.tools.must_focus = self.tools.is_open;
        }
    }

    fn tab_ui(&mut self, ui: &mut Ui, desk: &Desk, theme: &Theme, tab: Tab, padding: f32) {
        let is_shown = self.tab == tab;
        let (count, news) = self.count(tab, desk);
        let mut job = egui::text::LayoutJob::default();
        let colour = if is_shown { theme.text_strong } else { theme.text_weak };
        let part = |color| egui::TextFormat { font_id: theme.text_font(), color, ..Default::default() };
        job.append(tab.title(), 0.0, part(colour));
        if let Some(count) = count.filter(|count| *count > 0) {
            let colour = if is_shown { theme.text } else { theme.text_weak };
            job.append(&count.to_string(), 5.0, part(colour));
        }
        if news > 0 {
            job.append(&format!("+{news}"), 5.0, part(theme.accent));
        }
        let galley = ui.painter().layout_job(job);
        let size = egui::vec2(galley.size().x + padding, ui.available_height());
        let (rect, response) = ui.allocate_exact_size(size, Sense::click());
        response.widget_info(|| WidgetInfo::labeled(Role::Tab, true, tab.title()));
        ui.accesskit_node_builder(response.id, |node| node.set_selected(is_shown));
        if let Some(count) = count {
            let value = if news > 0 { format!("{count}, {news} new") } else { count.to_string() };
            ui.accesskit_node_builder(response.id, |node| node.set_value(value));
        }
        if response.hovered() && !is_shown {
            ui.painter().rect_filled(rect.shrink2(egui::vec2(0.0, 3.0)), theme.sizes.radius, theme.hover);
        }
        let at = rect.center() - galley.size() / 2.0;
        ui.painter().galley(at, galley, colour);
        if is_shown {
            ui.painter().hline(rect.x_range().shrink(6.0), rect.bottom() - 1.0, (2.0, theme.accent));
        }
        if response.has_focus() {
            ui.painter().rect_stroke(rect, theme.sizes.radius, (1.0, theme.accent), egui::StrokeKind::Inside);
        }
        let response = if news > 0 {
            response.on_hover_text("New rows are shown when the pointer leaves the table")
        } else {
            response
        };
        if response.clicked() {
            self.tab = tab;
        }
    }

    /// How many rows a tab has to tell of, and how many of them wait for the pointer to leave.
    fn count(&self, tab: Tab, desk: &Desk) -> (Option<usize>, usize) {
        let blotter = desk.blotter();
        let is_shown = self.tab == tab;
        let news = |news: usize| if is_shown { news } else { 0 };
        match tab {
            Tab::Orders => (Some(blotter.working_ids().len()), news(self.orders.news(desk))),
            Tab::Fills => (Some(blotter.fills().len()), news(self.fills.news(desk))),
            Tab::Positions => (Some(blotter.open_positions().count()), 0),
            Tab::Results | Tab::Account => (None, 0),
            Tab::Activity => (Some(desk.notices().len()), 0),
        }
    }
}
