//! What a chart says of its studies, and how they are added, changed and removed.

use egui::{
    Align2, Button, Color32, CursorIcon, DragValue, Frame, Id, Popup, PopupCloseBehavior, Pos2, Rect,
    Response, RichText, Role, Sense, Ui, Vec2, WidgetInfo, pos2, vec2,
};

use super::{MOST, Shown, Studies};
use crate::market::indicators::{INDICATORS, LINES, Mark, Pane, Study};
use crate::ui::chart::ChartData;
use crate::ui::chart::areas;
use crate::ui::chart::layer::Layer;
use crate::ui::format::float;
use crate::ui::theme::Theme;
use crate::ui::tour;

/// Height of a study's line in the legend, in points.
const ROW: f32 = 16.0;
/// Between the parts of a line, in points.
const APART: f32 = 8.0;
/// What the button for more studies says.
const MENU: &str = "Indicators";
/// Space around that, in points.
const MENU_PAD: Vec2 = vec2(6.0, 1.0);

/// Where a legend stands.
#[derive(Debug, Clone, Copy)]
pub struct Spot {
    /// What the ids of its buttons come from.
    pub id: Id,
    /// Its first line begins at the left top of this, and no line leaves it.
    pub room: Rect,
}

/// Of all buttons here: a drag that begins on one moves nothing, and the crosshair stays away.
fn sense() -> Sense {
    Sense::click_and_drag()
}

/// What the trader wants of a study.
enum Wish {
    Remove,
    Change(Study),
}

impl Studies {
    /// Height of the legend over the price, in points.
    #[must_use]
    pub fn legend_height(&self) -> f32 {
        (self.shown.len() - self.below()) as f32 * ROW
    }

    /// Names each study in its pane with its values at the bar `index`, lets it be changed and
    /// removed, and returns what of the room over the price is taken.
    pub fn legend_ui(
        &mut self,
        ui: &Ui,
        spot: Spot,
        data: &ChartData<'_>,
        index: Option<usize>,
        layer: &mut Layer,
        theme: &Theme,
    ) -> Rect {
        let grid = layer.mesh.grid();
        let mut room = spot.room;
        let mut taken = Rect::from_min_size(room.min, Vec2::ZERO);
        let mut wish = None;
        for (place, shown) in self.shown.iter_mut().enumerate() {
            let Some(pane) = shown.place.map(|place| place.pane) else { continue };
            let is_over_price = shown.is_over_price();
            let of_pane = pane.to_points(grid).intersect(Rect::everything_right_of(room.left()));
            let own = if is_over_price { room } else { of_pane };
            if own.height() < ROW {
                continue;
            }
            let values = shown.values_text(data, index);
            let line = Line { shown, values: &values, inks: shown.inks(theme) };
            let (line, wanted) = line_ui(ui, Spot { room: own, ..spot }, &line, layer, theme);
            wish = wish.or(wanted.map(|wanted| (place, wanted)));
            if is_over_price {
                taken |= line;
                room.min.y += ROW;
            } else {
                let behind = grid.rect(line.expand2(vec2(4.0, 0.0))).intersect(pane);
                layer.mesh.rect(behind, theme.surface.gamma_multiply(0.88));
            }
        }
        match wish {
            Some((place, Wish::Remove)) => drop(self.shown.remove(place)),
            Some((place, Wish::Change(study))) => {
                let shown = &mut self.shown[place];
                shown.forget();
                shown.study = study;
            }
            None => return taken,
        }
        ui.request_repaint();
        taken
    }

    /// The size of the button for more studies.
    #[must_use]
    pub fn menu_size(layer: &Layer) -> Vec2 {
        vec2(layer.text.width(MENU), layer.text.line_height()) + 2.0 * MENU_PAD
    }

    /// The button for more studies, with a menu of all there are.
    pub fn menu_ui(&mut self, ui: &Ui, id: Id, rect: Rect, layer: &mut Layer, theme: &Theme) {
        let grid = layer.mesh.grid();
        let button = ui.interact(rect, id.with("indicators"), sense());
        tour::mark(ui, tour::Spot::Indicators, rect);
        button.widget_info(|| WidgetInfo::labeled(Role::Button, true, MENU));
        let lit = button.hovered()
            || button.has_focus()
            || Popup::is_id_open(ui, Popup::default_response_id(&button));
        let (fill, ink) =
            if lit { (theme.hover, theme.text_strong) } else { (theme.control, theme.text_weak) };
        layer.mesh.rect(grid.rect(rect), fill);
        layer.text.put(rect.center(), Align2::CENTER_CENTER, MENU, ink);
        Popup::menu(&button).show(|ui| {
            for indicator in &INDICATORS {
                let entry = Button::new(indicator.name);
                let entry = ui.add_enabled(self.has_room(indicator), entry);
                let full = format!(
                    "A chart shows {MOST} at most, {} of them in panes of their own: remove one first",
                    areas::STUDIES
                );
                if entry.on_disabled_hover_text(full).clicked() {
                    self.add(Study::usual(indicator));
                    ui.request_repaint();
                }
            }
        });
    }
}

impl Shown {
    /// Its values at a bar, one text for each line.
    fn values_text(&mut self, data: &ChartData<'_>, index: Option<usize>) -> Vec<String> {
        let values = index.map(|index| self.values_at(data.series, index));
        let outputs = self.study.indicator().outputs.len();
        let decimals = match self.study.indicator().pane {
            Pane::Price => data.decimals(),
            Pane::Own { range: Some(_), .. } => 2,
            // Differences of prices, which are small.
            Pane::Own { range: None, .. } => data.decimals() + 2,
        };
        let text =
            |value: f64| if value.is_finite() { float::fixed(value, decimals) } else { "–".to_owned() };
        values.into_iter().flatten().take(outputs).map(text).collect()
    }
}

/// What a line of the legend is about.
struct Line<'a> {
    shown: &'a Shown,
    values: &'a [String],
    inks: [Color32; LINES],
}

/// The line of one study: its label, which opens its numbers, a cross to remove it, its values.
/// The cross stands before the values, so that it does not move with them.
fn line_ui(
    ui: &Ui,
    Spot { id, room }: Spot,
    &Line { shown, values, inks }: &Line<'_>,
    layer: &mut Layer,
    theme: &Theme,
) -> (Rect, Option<Wish>) {
    let label = shown.study.label();
    let id = id.with(("study", shown.number));
    let middle = room.top() + ROW / 2.0;
    let at = |x: f32, width: f32| Rect::from_min_size(pos2(x, room.top()), vec2(width, ROW));

    let place = at(room.left(), layer.text.width(&label));
    let name = ui.interact(place, id, sense()).on_hover_cursor(CursorIcon::PointingHand);
    name.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::Button, true, &label);
        info.current_text_value = Some(values.join(" "));
        info
    });
    let ink = if name.hovered() || name.has_focus() { theme.text_strong } else { inks[0] };
    put(layer, pos2(place.left(), middle), &label, ink);

    let place = at(place.right() + 2.0, 14.0);
    let cross = ui.interact(place, id.with("remove"), sense()).on_hover_cursor(CursorIcon::PointingHand);
    cross.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Remove {label}")));
    let ink = if cross.hovered() || cross.has_focus() { theme.text_strong } else { theme.text_weak };
    layer.text.put(place.center(), Align2::CENTER_CENTER, "×", ink);

    let mut taken = at(room.left(), place.right() - room.left());
    let marks = shown.study.indicator().outputs.iter().map(|output| output.mark);
    for ((value, ink), mark) in values.iter().zip(inks).zip(marks) {
        let ink = if mark == Mark::Histogram { theme.text_weak } else { ink };
        let x = taken.right() + APART;
        if x + layer.text.width(value) > room.right() {
            break;
        }
        taken |= at(x, put(layer, pos2(x, middle), value, ink).width());
    }
    let removed = cross.on_hover_text(format!("Remove {label}")).clicked().then_some(Wish::Remove);
    let changed = numbers_ui(ui, &name, &shown.study).map(Wish::Change);
    name.on_hover_text(format!("{}: change its numbers", shown.study.indicator().name));
    (taken, removed.or(changed))
}

fn put(layer: &mut Layer, pos: Pos2, text: &str, ink: Color32) -> Rect {
    layer.text.put(pos, Align2::LEFT_CENTER, text, ink)
}

/// The numbers of a study below its label, once that was clicked. Returns it with others as soon
/// as one is changed.
fn numbers_ui(ui: &Ui, label: &Response, study: &Study) -> Option<Study> {
    let popup = Popup::from_toggle_button_response(label)
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .frame(Frame::popup(ui.style()).inner_margin(10));
    let shown = popup.show(|ui| {
        ui.label(RichText::new(study.indicator().name).strong());
        let mut numbers = study.parameters().to_vec();
        let mut is_changed = false;
        for (parameter, number) in study.indicator().parameters.iter().zip(&mut numbers) {
            let (speed, decimals) = if parameter.is_whole { (0.2, 0) } else { (0.02, 2) };
            ui.horizontal(|ui| {
                let name = ui.label(parameter.name);
                let field = DragValue::new(number).range(parameter.least..=parameter.most);
                let field = ui.add(field.speed(speed).max_decimals(decimals)).labelled_by(name.id);
                is_changed |= field.changed();
            });
            if parameter.is_whole {
                *number = number.round();
            }
        }
        if numbers.is_empty() {
            ui.label("It has no numbers to change.");
        }
        is_changed.then(|| Study::new(study.indicator(), numbers).ok()).flatten()
    });
    shown?.inner
}
