//! Lines as they are drawn.

use egui::{Align2, Color32, Rect, Sense, Ui, pos2};
use jiff::tz::TimeZone;

use crate::desk::Desk;
use crate::domain::{Instrument, Qty, Side};
use crate::market::tape::Line;
use crate::ui::format;
use crate::ui::paint::{Digits, PixelGrid, PixelMesh};
use crate::ui::theme::{Theme, theme_of};

const PAD: f32 = 8.0;
/// From this width on there is room for milliseconds.
const WITH_MILLIS: f32 = 260.0;
/// In less there is no room for the time at all; a line is read out with it all the same.
const WITH_TIME: f32 = 190.0;
/// The columns of a wide tape stand no further apart: an eye finds the size of a price across so much.
const WIDEST: f32 = 420.0;

/// Height of a line in points, of whole pixels.
pub(super) fn row_height(ui: &Ui) -> f32 {
    let (theme, grid) = (theme_of(ui), PixelGrid::of(ui));
    grid.points(grid.length(theme.sizes.tight_row))
}

/// What all lines have in common.
pub(super) struct Look<'a> {
    body: Rect,
    instrument: &'a Instrument,
    zone: TimeZone,
    large: Qty,
    has_millis: bool,
}

impl<'a> Look<'a> {
    pub fn of(body: Rect, desk: &Desk, instrument: &'a Instrument, large: Qty) -> Self {
        let zone = format::zone(desk.settings().time_zone_display, Some(instrument));
        let has_millis = body.width() >= WITH_MILLIS;
        Self { body, instrument, zone, large, has_millis }
    }

    fn time(&self, line: &Line) -> String {
        let write = if self.has_millis { format::clock_millis } else { format::clock_time };
        write(line.last, &self.zone)
    }
}

/// Says why there are no lines.
pub(super) fn empty_ui(ui: &mut Ui, body: Rect, desk: &Desk, instrument: &Instrument, is_filtered: bool) {
    let text = match desk.remark(instrument.id) {
        Some(remark) => format::capitalised(&remark.text),
        None if is_filtered => "No trade of this size yet".to_owned(),
        None => format!("No trade of {} yet: they stand here as they happen", instrument.symbol),
    };
    let mut inside = ui.new_child(egui::UiBuilder::new().max_rect(body.shrink(12.0)));
    let colour = theme_of(ui).text_weak;
    inside.centered_and_justified(|ui| ui.label(egui::RichText::new(text).color(colour)));
}

/// Draws lines, newest first.
pub(super) fn lines_ui<'a>(ui: &Ui, look: &Look<'_>, lines: impl Iterator<Item = &'a Line>) {
    let (theme, grid, height) = (theme_of(ui), PixelGrid::of(ui), row_height(ui));
    let mut fills = PixelMesh::new(grid);
    let mut numbers = Digits::new(ui, &theme.text_font());
    let mut small = Digits::new(ui, &theme.small_font());
    let painter = ui.painter().with_clip_rect(look.body);
    let Rect { min, max } = look.body.with_max_x(look.body.right().min(look.body.left() + WIDEST));
    let has_time = look.body.width() >= WITH_TIME;
    let time = match look.has_millis {
        _ if !has_time => 0.0,
        true => small.width("00:00:00.000"),
        false => small.width("00:00:00"),
    };
    let size_right = max.x - PAD - small.width("×999");
    let price_right = min.x + 2.0 * PAD + time + (size_right - min.x - 2.0 * PAD - time) * 0.5;
    for (index, line) in lines.enumerate() {
        let top = min.y + index as f32 * height;
        let row = Rect::from_x_y_ranges(look.body.x_range(), top..=top + height);
        let stands_out = line.stands_out(look.large);
        let colour = colour_of(line, stands_out, &theme);
        if stands_out {
            fills.rect(grid.rect(row), fill_of(line, &theme));
        }
        let y = row.center().y;
        let weak = if stands_out { theme.on_fill } else { theme.text_weak };
        if has_time {
            small.put(pos2(min.x + PAD, y), Align2::LEFT_CENTER, &look.time(line), weak);
        }
        let price = format::price(line.price, look.instrument);
        numbers.put(pos2(price_right, y), Align2::RIGHT_CENTER, &price, colour);
        numbers.put(pos2(size_right, y), Align2::RIGHT_CENTER, &format::size(line.quantity), colour);
        if line.trades > 1 {
            let count = format!("×{}", line.trades.min(999));
            small.put(pos2(max.x - PAD, y), Align2::RIGHT_CENTER, &count, weak);
        }
        let id = ui.scope_id().with(("line", index));
        let node = ui.interact(row.intersect(look.body), id, Sense::empty());
        node.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, spoken(line, look)));
    }
    painter.add(fills.into_shape());
    painter.add(numbers.into_shape());
    painter.add(small.into_shape());
}

fn colour_of(line: &Line, stands_out: bool, theme: &Theme) -> Color32 {
    match line.aggressor {
        _ if stands_out => theme.on_fill,
        Some(Side::Buy) => theme.up,
        Some(Side::Sell) => theme.down,
        None => theme.text,
    }
}

fn fill_of(line: &Line, theme: &Theme) -> Color32 {
    match line.aggressor {
        Some(Side::Buy) => theme.up_fill,
        Some(Side::Sell) => theme.down_fill,
        None => theme.accent_fill,
    }
}

/// A line as it is read out.
fn spoken(line: &Line, look: &Look<'_>) -> String {
    let side = match line.aggressor {
        Some(Side::Buy) => ", bought",
        Some(Side::Sell) => ", sold",
        None => "",
    };
    let count = if line.trades > 1 { format!(", {} prints", line.trades) } else { String::new() };
    let price = format::price(line.price, look.instrument);
    format!("{} {} @ {price}{side}{count}", look.time(line), format::size(line.quantity))
}
