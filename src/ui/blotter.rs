//! The blotter: orders, fills, positions, accounts and activity in five tabs.
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
mod fills;
mod order_row;
mod orders;
mod positions;
mod rows;
pub(super) mod table;
mod today;
pub(super) mod widths;

use egui::{Align, Layout, Rect, Role, Sense, Ui, UiBuilder, WidgetInfo, pos2};
use serde::{Deserialize, Serialize};

use super::commands::Commands;
use super::pane::Pane;
use super::theme::{Theme, theme_of};
use crate::desk::Desk;
use crate::domain::OrderId;
use account::AccountView;
use activity::Activity;
use fills::Fills;
use orders::Orders;
use positions::Positions;

pub use order_row::{kept_text, status_colour};

/// What a tab shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Tab {
    #[default]
    Orders,
    Fills,
    Positions,
    Account,
    Activity,
}

impl Tab {
    const ALL: [Self; 5] = [Self::Orders, Self::Fills, Self::Positions, Self::Account, Self::Activity];

    fn title(self) -> &'static str {
        match self {
            Self::Orders => "Orders",
            Self::Fills => "Fills",
            Self::Positions => "Positions",
            Self::Account => "Account",
            Self::Activity => "Activity",
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
    account: AccountView,
    #[serde(skip)]
    activity: Activity,
}

impl Pane for Blotter {
    fn ui(&mut self, ui: &mut Ui, desk: &Desk, out: &mut Commands) {
        let theme = theme_of(ui.ctx());
        self.orders.settle(desk);
        self.positions.settle(desk);
        self.bar_ui(ui, desk, &theme, out);
        if desk.stopped().is_some() {
            ui.disable();
        }
        match self.tab {
            Tab::Orders => self.orders.ui(ui, desk, &theme, out),
            Tab::Fills => self.fills.ui(ui, desk, &theme, out),
            Tab::Positions => self.positions.ui(ui, desk, &theme, out),
            Tab::Account => self.account.ui(ui, desk, &theme),
            Tab::Activity => self.activity.ui(ui, desk, &theme),
        }
    }
}

impl Blotter {
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
        for tab in Tab::ALL {
            self.tab_ui(&mut tabs, desk, theme, tab);
        }
        let rest = bar.with_min_x(tabs.min_rect().right() + theme.sizes.gap).shrink2(egui::vec2(6.0, 0.0));
        let mut controls =
            ui.new_child(UiBuilder::new().max_rect(rest).layout(Layout::right_to_left(Align::Center)));
        if desk.stopped().is_some() {
            controls.disable();
        }
        match self.tab {
            Tab::Orders => self.orders.bar_ui(&mut controls, desk, out),
            Tab::Activity => Activity::bar_ui(&mut controls, desk),
            Tab::Fills | Tab::Positions | Tab::Account => {}
        }
        ui.advance_cursor_after_rect(bar);
        // Tables begin right below, without the distance between widgets.
        ui.add_space(-ui.spacing().item_spacing.y);
    }

    fn tab_ui(&mut self, ui: &mut Ui, desk: &Desk, theme: &Theme, tab: Tab) {
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
        let size = egui::vec2(galley.size().x + 16.0, ui.available_height());
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
            Tab::Account => (None, 0),
            Tab::Activity => (Some(desk.notices().len()), 0),
        }
    }
}
