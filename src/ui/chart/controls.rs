//! The buttons of a chart that was moved: each says how it differs from a new one, and takes it back.

use egui::{Button, Rect, RichText, Ui, UiBuilder, Vec2, vec2};

use super::ChartView;
use super::areas::Areas;
use crate::ui::paint::PixelGrid;
use crate::ui::theme::theme_of;

/// Space around a button's text, in points.
const PADDING: Vec2 = vec2(6.0, 2.0);

/// Shows a way to the newest bar while that is not followed, and to a fitted price scale while
/// it is scaled by hand.
pub fn controls_ui(ui: &mut Ui, view: &mut ChartView, areas: &Areas, grid: PixelGrid) {
    if !view.is_following() {
        let corner = areas.prices.to_points(grid).right_bottom() - vec2(8.0, 8.0);
        let size = vec2(70.0, 20.0);
        let place = Rect::from_min_size(corner - size, size);
        if button(ui, "Newest »", place, "Go to the newest bar and stay there (End)") {
            view.follow_last();
        }
    }
    if !view.is_fitted() {
        let (prices, times) = (areas.price_axis.to_points(grid), areas.time_axis.to_points(grid));
        let place = Rect::from_x_y_ranges(prices.x_range(), times.y_range()).shrink(2.0);
        let why = "Prices are scaled by hand. Fit them to what is visible (double-click on the axis)";
        if button(ui, "Auto", place, why) {
            view.fit_prices();
        }
    }
}

/// A button above the chart, which leaves the layout around it as it was.
fn button(ui: &mut Ui, text: &str, place: Rect, why: &str) -> bool {
    let font = theme_of(ui.ctx()).small_font();
    let mut over = ui.new_child(UiBuilder::new().max_rect(place));
    over.spacing_mut().button_padding = PADDING;
    over.spacing_mut().interact_size.y = place.height();
    let button = Button::new(RichText::new(text).font(font)).min_size(place.size());
    let is_clicked = over.put(place, button).on_hover_text(why).clicked();
    if is_clicked {
        ui.request_repaint();
    }
    is_clicked
}
