//! Mouse, wheel and keys: what they do to the view.
//!
//! Pointer: drag that does not begin on a line or a drawing pans (and moves prices once they are scaled by hand), wheel zooms about the
//! pointer, Shift+wheel and sideways scrolling pan, drag on the price axis scales it and a
//! double click fits it again, drag on the time axis zooms, double click resets.
//!
//! A plain click gives the focus and nothing else: it must not change an order. With Ctrl it picks
//! the price ([`super::ChartResponse::picked_price`]).
//!
//! Keys, only while the chart has the focus (a click gives it): ← → pan, with Shift by one
//! bar, ↑ ↓ + − zoom, Home goes to the oldest bar, End to the newest and stays there. Arrows that a chosen drawing
//! has taken do nothing here.

use egui::{CursorIcon, EventFilter, Response, Sense, Ui};

use super::ChartView;
use super::areas::Areas;
use super::price_scale::{PriceRange, PriceScale};
use super::time_scale::{Anchor, Ground, SPACING, TimeScale};
use crate::ui::keys::{Act, taken};
use crate::ui::paint::{PixelGrid, PxRect};

/// Scrolled points that zoom by a factor of e.
const WHEEL: f64 = 240.0;
/// Dragged points on an axis that scale by a factor of e.
const AXIS: f64 = 160.0;
/// Of the pane's width, what an arrow key pans by.
const KEY_PAN: f64 = 0.1;
/// What a zoom key zooms by.
const KEY_ZOOM: f64 = 1.2;

/// The three regions that take input.
pub struct Hands {
    /// Candles and volume; it alone takes the focus.
    pub panes: Response,
    price_axis: Response,
    time_axis: Response,
}

impl Hands {
    /// Listens on the regions of a chart.
    #[must_use]
    pub fn new(ui: &Ui, id: egui::Id, areas: &Areas, grid: PixelGrid) -> Self {
        let on = |part: &'static str, rect: PxRect, sense: Sense| {
            ui.interact(rect.to_points(grid), id.with(part), sense)
        };
        // The axes stay out of the focus order: the keys do the same from the panes.
        let axis = Sense::CLICK | Sense::DRAG;
        Self {
            panes: on("panes", areas.panes(), Sense::click_and_drag()),
            price_axis: on("price axis", areas.price_axis, axis)
                .on_hover_and_drag_cursor(CursorIcon::ResizeVertical),
            time_axis: on("time axis", areas.time_axis, axis)
                .on_hover_and_drag_cursor(CursorIcon::ResizeHorizontal),
        }
    }

    /// Names the regions for assistive programs and tests.
    pub fn name(&self, title: &str, label: &dyn Fn() -> egui::WidgetInfo, zone: &dyn Fn() -> String) {
        let axis = |what| egui::WidgetInfo::labeled(egui::Role::Splitter, true, format!("{what} of {title}"));
        self.panes.widget_info(label);
        self.price_axis.widget_info(|| axis("Price axis"));
        self.time_axis
            .widget_info(|| egui::WidgetInfo { current_text_value: Some(zone()), ..axis("Time axis") });
    }

    /// Changes the view as the user asked in this frame.
    pub fn apply(&self, ui: &Ui, view: &mut ChartView, ground: &Ground<'_>, prices: Option<PriceScale>) {
        if self.panes.clicked() || self.panes.drag_started() {
            self.panes.request_focus();
        }
        let before = ground.scale(view.anchor, view.spacing);
        let scale = self.keyed(ui, self.wheeled(ui, self.dragged(view, before, ground), ground), ground);
        if scale != before {
            view.spacing = scale.spacing / ground.per_point;
            view.anchor = ground.anchor(scale.clamped(ground.len()));
        }
        if self.time_axis.double_clicked() {
            view.reset();
        }
        if let Some(anchor) = self.jumped(ui, ground, view.spacing) {
            view.anchor = anchor;
        }
        if let Some(prices) = prices {
            self.scaled(view, prices, ground.per_point);
        }
    }

    /// Whether the panes are dragged, and nothing in them.
    fn pans(&self, view: &ChartView) -> bool {
        let is_taken = view.hold.has_pointer() || view.sketch.has_pointer();
        self.panes.dragged_by(egui::PointerButton::Primary) && !is_taken
    }

    fn dragged(&self, view: &ChartView, scale: TimeScale, ground: &Ground<'_>) -> TimeScale {
        let by = |response: &Response| f64::from(response.drag_delta().x) * ground.per_point;
        let mut scale = scale;
        if self.pans(view) {
            scale = scale.panned(by(&self.panes)).clamped(ground.len());
        }
        if self.time_axis.dragged() {
            let factor = (by(&self.time_axis) / ground.per_point / AXIS).exp();
            scale = zoomed(scale, scale.width, factor, ground);
        }
        scale
    }

    fn wheeled(&self, ui: &Ui, scale: TimeScale, ground: &Ground<'_>) -> TimeScale {
        let Some(pointer) = self.panes.hover_pos().or_else(|| self.time_axis.hover_pos()) else {
            return scale;
        };
        let (scroll, pinch) = ui.input(|i| (i.smooth_scroll_delta(), i.zoom_delta()));
        if scroll == egui::Vec2::ZERO && (pinch - 1.0).abs() < f32::EPSILON {
            return scale;
        }
        // Whatever scrolls around the chart must not move as well.
        ui.input_mut(|i| i.smooth_scroll_delta = egui::Vec2::ZERO);
        let x = f64::from(pointer.x - self.panes.rect.left()) * ground.per_point;
        let factor = (f64::from(scroll.y) / WHEEL).exp() * f64::from(pinch);
        let scale = if (factor - 1.0).abs() > 1e-9 { zoomed(scale, x, factor, ground) } else { scale };
        scale.panned(f64::from(scroll.x) * ground.per_point)
    }

    fn keyed(&self, ui: &Ui, scale: TimeScale, ground: &Ground<'_>) -> TimeScale {
        if !self.panes.has_focus() {
            return scale;
        }
        // Otherwise egui takes the arrows to move the focus to a neighbour.
        let arrows = EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(self.panes.id, arrows));
        let count = |act| taken(ui, act) as f64;
        let bars = count(Act::BarLeft) - count(Act::BarRight);
        let pans = count(Act::PanLeft) - count(Act::PanRight);
        let pages = count(Act::PageLeft) - count(Act::PageRight);
        let zooms = count(Act::ZoomIn) - count(Act::ZoomOut);
        let mut scale = scale;
        if zooms != 0.0 {
            // The last bar stays where it is while it is followed, else the middle does.
            let end = scale.x_of(ground.len() as f64 - 0.5);
            let about = if end <= scale.width { end } else { scale.width / 2.0 };
            scale = zoomed(scale, about, KEY_ZOOM.powf(zooms), ground);
        }
        let step = (scale.width * KEY_PAN).max(scale.spacing);
        let by = bars * scale.spacing + pans * step + pages * scale.width * 0.9;
        if by == 0.0 { scale } else { scale.panned(by) }
    }

    fn jumped(&self, ui: &Ui, ground: &Ground<'_>, spacing: f64) -> Option<Anchor> {
        if !self.panes.has_focus() {
            return None;
        }
        if taken(ui, Act::Newest) > 0 {
            return Some(Anchor::default());
        }
        (taken(ui, Act::Oldest) > 0).then(|| {
            let scale = ground.scale(Anchor::default(), spacing);
            ground
                .anchor(TimeScale { right: scale.width / scale.spacing - 0.5, ..scale }.clamped(ground.len()))
        })
    }

    fn scaled(&self, view: &mut ChartView, prices: PriceScale, per_point: f64) {
        if self.price_axis.double_clicked() {
            view.prices = PriceRange::Auto;
        } else if self.price_axis.dragged() {
            view.prices = prices.stretched((f64::from(self.price_axis.drag_delta().y) / AXIS).exp());
        } else if self.pans(view) && view.prices != PriceRange::Auto {
            view.prices = prices.moved(f64::from(self.panes.drag_delta().y) * per_point);
        }
    }
}

fn zoomed(scale: TimeScale, x: f64, factor: f64, ground: &Ground<'_>) -> TimeScale {
    let least = ground.least_spacing() * ground.per_point;
    let most = SPACING.end() * ground.per_point;
    scale.zoomed(x, (scale.spacing * factor).clamp(least, most))
}
