//! The price chart: candles, volume, axes, drawings, order lines, fills, crosshair.
//!
//! [`chart_ui`] draws a [`BarSeries`] through a [`ChartView`], which is all the state a chart
//! has. Layers, each knowing only those before it: scales (`time_scale`: bar index ↔ x,
//! `price_scale`: price ↔ y) → candles → studies → drawings → axes and overlays → head (title, legend) → crosshair;
//! `input` turns mouse and keys into changes of the view before anything is drawn, `grip` those that are about a
//! line, `controls` are the buttons of a chart that is not where a new one would be.
//!
//! Invariants: everything is drawn in whole physical pixels; no step looks at every bar, so
//! cost depends on the chart's width and not on its history; where several bars share a
//! pixel column, the column shows their true high and low and the sum of their volumes.
//! What only changes with the view (candles, time labels, fills) is kept between frames.

mod areas;
mod axis;
mod candles;
mod controls;
mod crosshair;
mod drawings;
mod gaps;
mod grip;
mod head;
mod input;
mod kept;
mod layer;
mod overlay;
mod price_scale;
mod shading;
mod studies;
mod style;
mod time_axis;
mod time_scale;
mod view;

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use egui::{Align2, CursorIcon, Response, Sense, Shape, Ui, pos2, vec2};
use jiff::tz::TimeZone;

use self::areas::Areas;
use self::candles::{Inks, Stage};
use self::crosshair::hover;
use self::drawings::Scales;
use self::layer::Layer;
use self::overlay::Tags;
use self::studies::{Spot, Studies};
use self::time_scale::Ground;
use crate::domain::{Drawing, Price, Side, TickTable, Time, Timeframe};
use crate::market::calendar::Calendar;
use crate::market::series::BarSeries;
use crate::ui::format::float;
use crate::ui::paint::{Digits, PixelGrid, PxRect};
use crate::ui::theme::Theme;

pub use self::crosshair::Hover;
pub(super) use self::drawings::colour_of;
pub use self::drawings::{DrawingDeed, Tool};
pub use self::grip::{Handle, LineDeed, Moving, Pressed};
pub use self::price_scale::ScaleKind;
pub use self::style::Style;
pub use self::view::ChartView;

/// What a chart shows.
#[derive(Debug, Clone, Copy)]
pub struct ChartData<'a> {
    /// The bars.
    pub series: &'a BarSeries,
    /// What they are of, such as `AAPL`.
    pub title: &'a str,
    /// Their period.
    pub timeframe: Timeframe,
    /// The grid of its prices.
    pub ticks: &'a TickTable,
    /// Decimals of a quantity on its lot grid.
    pub quantity_decimals: u32,
    /// The zone whose clocks the time axis shows. Days and longer are dated by the exchange: give
    /// its zone for them.
    pub zone: &'a TimeZone,
    /// The last price, where there is one.
    pub last: Option<LastPrice>,
    /// Prices to mark across the chart: working orders, the position.
    pub lines: &'a [PriceLine<'a>],
    /// What the trader has drawn, the oldest first.
    pub drawings: &'a [Drawing],
    /// Fills, in order of time.
    pub marks: &'a [FillMark],
    /// Where the pointer is in another chart of the same group, as a place in this one.
    pub pointed: Option<Hover>,
    /// When nothing came from the broker, oldest first.
    pub gaps: &'a [Gap],
    /// When its exchange trades, where times outside the regular hours are to be shaded.
    pub hours: Option<&'a Arc<Calendar>>,
    /// How long the last bar still grows, while that is counted.
    pub closes_in: Option<Duration>,
    /// What the trader should know about the bars, such as `Loading history …`: in the
    /// middle of an empty chart, beside the title of another.
    pub notice: Option<&'a str>,
    /// Whether bars older than the first may be had.
    pub has_older: bool,
}

impl ChartData<'_> {
    /// Decimals of a price.
    fn decimals(&self) -> u32 {
        self.ticks.decimals()
    }
}

/// The last price, and whether it can be relied on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LastPrice {
    /// The price.
    pub price: f64,
    /// The market may be elsewhere by now.
    pub is_stale: bool,
}

/// A price to mark across the chart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PriceLine<'a> {
    /// Where.
    pub price: f64,
    /// What stands at its left end, such as `Buy 100 limit`. May be empty; the characters are
    /// those of [`Digits`].
    pub label: &'a str,
    /// What it is about, which decides its colour.
    pub kind: LineKind,
    /// Dashed rather than solid: not working at the exchange.
    pub dashed: bool,
    /// What it is called where it can be taken hold of.
    pub handle: Option<Handle>,
}

/// What a [`PriceLine`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineKind {
    /// A buy order.
    Buy,
    /// A sell order.
    Sell,
    /// A position's average price.
    Position,
}

/// A fill to mark on the chart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FillMark {
    /// When it happened.
    pub time: Time,
    /// At which price.
    pub price: f64,
    /// Bought or sold.
    pub side: Side,
}

/// A time of which nothing came while it passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// Its begin.
    pub from: Time,
    /// Its end.
    pub to: Time,
}

/// What came of showing a chart for one frame.
#[derive(Debug, Clone)]
pub struct ChartResponse {
    /// Indices of the bars in sight.
    pub visible: Range<usize>,
    /// How many bars before the first the chart would like, while it would.
    pub wants_older: Option<usize>,
    /// What the pointer is over.
    pub hovered: Option<Hover>,
    /// The price that was clicked at with Ctrl held (a plain click only gives the focus):
    /// above zero and on the tick grid.
    pub picked_price: Option<Price>,
    /// What was done to lines.
    pub deeds: Vec<LineDeed>,
    /// The line that is being taken somewhere.
    pub moving: Option<Moving>,
    /// What was done to drawings.
    pub drawn: Option<DrawingDeed>,
    /// The line that stands out: under the pointer, held, or with the keyboard.
    pub hot: Option<Handle>,
    /// Where the second button was pressed last, while that was over the prices.
    pub pressed: Option<Pressed>,
    /// Whether the chart or one of its lines has the keyboard.
    pub has_keyboard: bool,
    /// All of the chart, in points.
    pub frame: egui::Rect,
    /// The area of the prices, in points.
    pub prices: egui::Rect,
    /// The chart's response: focus, context menu.
    pub response: Response,
}

/// Least distance between time labels, in points.
const TIME_APART: f32 = 72.0;
/// Height of title and legend, in points.
const HEAD: f32 = 46.0;
/// What a chart asks for when it has no bars to judge by.
pub const FIRST_BARS: usize = 1_000;

/// Shows `data` through `view` in all of the room that is left in `ui`.
pub fn chart_ui(ui: &mut Ui, view: &mut ChartView, data: &ChartData<'_>, theme: &Theme) -> ChartResponse {
    let (rect, place) = ui.allocate_exact_size(ui.available_size().max(vec2(1.0, 1.0)), Sense::hover());
    let grid = PixelGrid::of(ui);
    let frame = grid.rect(rect);
    let text = Digits::new(ui, &theme.small_font());

    view.meet(data);
    let areas = view.areas(data, frame, &text, grid);
    let hands = input::Hands::new(ui, place.id, &areas, grid);
    let mut deeds = Vec::new();
    if let Some(prices) = view.prices_shown() {
        deeds = view.hold.deeds(ui, &hands.panes, data, (prices, areas.prices), grid);
        if view.sketch.tool().is_some() {
            view.hold.let_go();
        }
        deeds.extend(view.hold.keys_ui(ui, hands.panes.id, data, areas.prices, grid));
    }
    let is_drawing = view.sketch.has_pointer();
    let drawn = view.sketch.act(ui, &hands.panes, data, &view.hold, grid);
    hands.apply(ui, view, &ground(data, &areas, grid), view.prices_shown());
    let (areas, stage) = settle(view, data, frame, &text, grid);

    let at = |pos: egui::Pos2| hover(data, &areas, &stage, (pixel(grid, pos.x), pixel(grid, pos.y)));
    let hovered = hands.panes.hover_pos().and_then(at);
    // Asked of the click itself: a finger is gone from the glass by now.
    let clicked = hands.panes.interact_pointer_pos().filter(|_| hands.panes.clicked()).and_then(at);
    let picks = ui.input(|input| input.modifiers.command) && !is_drawing;
    if picks && hovered.is_some_and(|hover| hover.price.is_some()) {
        ui.set_cursor_icon(CursorIcon::Copy);
    } else if view.hold.is_held() || (view.hold.hot().is_some() && hovered.is_some()) {
        ui.set_cursor_icon(CursorIcon::ResizeVertical);
    } else if let Some(cursor) = view.sketch.cursor(data).filter(|_| hovered.is_some()) {
        ui.set_cursor_icon(cursor);
    }
    let visible = stage.visible(data.series.len());
    hands.name(data.title, &|| info(data, &visible, view.sketch.spoken(data)), &|| {
        time_axis::zone_name(data, visible.end.checked_sub(1))
    });
    view.hold.paints(Vec::new());
    if ui.is_rect_visible(rect) {
        let pointer = hands.panes.hover_pos().map(|pos| pixel(grid, pos.y));
        let focus = hands.panes.has_focus();
        let visible = visible.clone();
        let (id, at) = (hands.panes.id, hands.panes.hover_pos());
        let own = hovered.zip(pointer).map(|(hover, row)| Cross { hover, row: Some(row) });
        let others = data.pointed.filter(|_| hovered.is_none()).map(|hover| {
            let row = hover.price.map(|price| stage.price.row_of(price.to_f64()));
            Cross { hover, row: row.filter(|row| (areas.prices.top..areas.prices.bottom).contains(row)) }
        });
        let crossed = own.or(others).filter(|_| !view.hold.is_held());
        Frame { view, data, theme, areas, stage, visible, grid, id, at }.paint(ui, crossed, focus);
        controls::controls_ui(ui, view, &areas, grid);
    }
    let corner = |to: Price| grid.pos(areas.prices.left, stage.price.row_of(to.to_f64()));
    let moving = view.hold.moving().map(|(line, to)| Moving { line, to, at: corner(to) });
    let wanted = visible.len().saturating_mul(2).max(FIRST_BARS);
    ChartResponse {
        wants_older: (data.has_older && visible.start < wanted / 4).then_some(wanted),
        picked_price: clicked.filter(|_| picks).and_then(|hover| hover.price),
        hovered,
        visible,
        deeds,
        moving,
        hot: view.hold.hot(),
        has_keyboard: hands.panes.has_focus() || view.hold.has_keyboard() || view.sketch.has_keyboard(),
        pressed: view.hold.pressed().map(|pressed| view.sketch.meant(pressed, data)),
        drawn,
        frame: rect,
        prices: areas.prices.to_points(grid),
        response: hands.panes,
    }
}

/// The pixel that a coordinate in points lies in.
fn pixel(grid: PixelGrid, points: f32) -> i32 {
    (points * grid.per_point()).floor() as i32
}

fn ground<'a>(data: &ChartData<'a>, areas: &Areas, grid: PixelGrid) -> Ground<'a> {
    Ground {
        width: f64::from(areas.prices.width()),
        per_point: f64::from(grid.per_point()),
        series: data.series,
    }
}

/// Areas and scales of this frame. The price axis is as wide as its labels, which depend on
/// the bars in sight, which depend on the width that is left: twice round settles it.
fn settle(
    view: &mut ChartView,
    data: &ChartData<'_>,
    frame: PxRect,
    text: &Digits,
    grid: PixelGrid,
) -> (Areas, Stage) {
    let mut areas = view.areas(data, frame, text, grid);
    let mut stage = view.stage(data, &areas, grid);
    let again = view.areas(data, frame, text, grid);
    if again != areas {
        areas = again;
        stage = view.stage(data, &areas, grid);
    }
    (areas, stage)
}

/// What the chart says to those who do not see it: the price, which bars are in sight, and every
/// line with its price.
fn info(data: &ChartData<'_>, visible: &Range<usize>, measured: Option<String>) -> egui::WidgetInfo {
    let price = |price| float::fixed(price, data.decimals());
    let last = data.last.map(|last| {
        let stale = if last.is_stale { " stale" } else { "" };
        format!("last {}{stale}, ", price(last.price))
    });
    let date = |index| Some(time_axis::time_text(data.series.get(index)?.time, data.timeframe, data.zone));
    let dates = visible.end.checked_sub(1).and_then(|end| Some((date(visible.start)?, date(end)?)));
    let dates = dates.map_or_else(String::new, |(first, last)| format!(", {first} to {last}"));
    let closes = data.closes_in.map(|left| format!("bar closes in {}, ", axis::countdown(left)));
    let (last, closes) = (last.unwrap_or_default(), closes.unwrap_or_default());
    let seen = format!("{last}{closes}{} bars visible{dates}", visible.len());
    let lines = data.lines.iter().map(|line| format!("{} at {}", line.label, price(line.price)));
    let value = std::iter::once(seen)
        .chain(lines)
        .chain(gaps::spoken(data))
        .chain(measured)
        .collect::<Vec<_>>()
        .join("; ");
    let name = format!("Chart {} {}", data.title, data.timeframe);
    let mut info = egui::WidgetInfo::labeled(egui::Role::Canvas, true, name);
    info.current_text_value = Some(value);
    info
}

/// Where the crosshair stands.
#[derive(Debug, Clone, Copy)]
struct Cross {
    hover: Hover,
    /// The row of its price, where that is in sight.
    row: Option<i32>,
}

/// All that painting one frame stands on.
struct Frame<'a> {
    view: &'a mut ChartView,
    data: &'a ChartData<'a>,
    theme: &'a Theme,
    areas: Areas,
    stage: Stage,
    visible: Range<usize>,
    grid: PixelGrid,
    id: egui::Id,
    /// Where the pointer is.
    at: Option<egui::Pos2>,
}

impl Frame<'_> {
    fn paint(mut self, ui: &Ui, cross: Option<Cross>, focus: bool) {
        let (data, theme, areas) = (self.data, self.theme, self.areas);
        let painter = ui.painter().with_clip_rect(areas.frame.to_points(self.grid));
        let layer = || Layer::new(ui, &theme.small_font());
        let mut under = layer();
        let height = axis::tag_height(&under.text, self.grid);
        let candles = self.view.candles(data, &self.stage, self.grid, &Inks::of(theme));
        self.view.studies.place(data.series, &self.stage, &areas.studies);
        let tags = Tags::of(data, &areas, &self.stage.price, height, theme);

        under.mesh.rect(areas.frame, theme.surface);
        shading::shade_ui(self.view.shaded(data, &self.stage), areas.panes(), &mut under.mesh, theme);
        let mut covered = tags.rows();
        covered.extend(drawings::levels(data).map(|price| self.stage.price.row_of(price)));
        covered.extend(cross.and_then(|cross| cross.row));
        self.grid_ui(&covered, candles.full, &mut under);
        gaps::gaps_ui(data, &self.stage, &mut under, theme);
        let [ground, labels] = under.into_shapes();
        let marks = self.view.marks(data, &self.stage, self.grid, theme);
        let mut top = layer();
        let shown = cross.map(|cross| cross.hover.index).or(self.visible.end.checked_sub(1));
        let menu = Studies::menu_size(&top);
        let head = head::head_ui(data, &areas, shown, (&painter, menu), &mut top, theme);
        let studies = &mut self.view.studies;
        let lines = studies.meshes(data.series, &self.stage, self.grid, theme);
        studies.menu_ui(ui, self.id, head.beside, &mut top, theme);
        let taken = self.legend_ui(ui, head.taken, Spot { id: self.id, room: head.below }, shown, &mut top);
        let scales = Scales::of(&self.stage, data.series);
        let drawings = self.view.sketch.paint(data, &areas, scales, self.at, (layer, theme));
        let mut over = layer();
        // What goes elsewhere stands out there, not where it comes from.
        let moving = self.view.hold.moving();
        let hot = self.view.hold.hot().filter(|_| moving.is_none());
        let painted = overlay::lines_ui(data, &areas, &tags, (taken, hot), &mut over, theme);
        self.view.hold.paints(painted);
        if let Some((line, to)) = moving {
            overlay::moving_ui(data, &areas, &self.stage.price, (line, to), &mut over, theme);
        }
        if focus {
            top.mesh.outline(areas.frame, theme.accent);
        }

        let forming = candles.forming.into_shape();
        let mut shapes = vec![ground, Shape::Mesh(candles.closed), forming];
        shapes.extend(lines.into_iter().map(Shape::Mesh));
        shapes.extend(drawings);
        shapes.extend([Shape::Mesh(marks), labels]);
        shapes.extend(over.into_shapes());
        shapes.extend(top.into_shapes());
        shapes.push(head.title);
        if let Some(Cross { hover, row }) = cross {
            let mut layer = layer();
            let labelled = row.map(|row| {
                let label = self.view.studies.label_at(data, row);
                (row, label.or_else(|| crosshair::label(data, &areas, &hover, row, candles.full)))
            });
            crosshair::crosshair_ui(data, &areas, &self.stage, &hover, labelled, &mut layer, theme);
            shapes.extend(layer.into_shapes());
        }
        painter.extend(shapes);
        if data.series.is_empty() {
            let middle = areas.panes().to_points(self.grid).center();
            let notice = data.notice.unwrap_or("No trades yet in this timeframe");
            painter.text(middle, Align2::CENTER_CENTER, notice, theme.text_font(), theme.text_weak);
        }
    }

    /// The studies over the price below the head, and what both have taken.
    fn legend_ui(
        &mut self,
        ui: &Ui,
        head: PxRect,
        spot: Spot,
        shown: Option<usize>,
        layer: &mut Layer,
    ) -> PxRect {
        let written = self.view.studies.legend_ui(ui, spot, self.data, shown, layer, self.theme);
        if written.height() <= 0.0 {
            return head;
        }
        let legend = self.grid.rect(written.expand2(vec2(4.0, 0.0)));
        let below = PxRect { top: head.bottom, bottom: legend.bottom, ..legend }.intersect(self.areas.prices);
        layer.mesh.rect(below, self.theme.surface.gamma_multiply(0.88));
        PxRect { right: head.right.max(below.right), bottom: below.bottom, ..head }
    }

    /// Grid lines, axis labels and the lines between the areas.
    fn grid_ui(&mut self, covered: &[i32], full: f64, layer: &mut Layer) {
        let Layer { mesh, text } = layer;
        let Areas { frame, prices, volumes, studies, time_axis, .. } = self.areas;
        let (theme, data) = (self.theme, self.data);
        let panes = self.areas.panes();
        let apart = f64::from(TIME_APART * self.grid.per_point());
        let middle = self.grid.points(time_axis.top + time_axis.bottom) / 2.0;
        let time = self.stage.time;
        let labels = self.view.time_labels(data, &time, apart);
        let zone = text.put(
            pos2(self.grid.points(time_axis.right) - 6.0, middle),
            Align2::RIGHT_CENTER,
            &labels.zone,
            theme.text_weak,
        );
        let end = if labels.zone.is_empty() { time_axis.right } else { self.grid.nearest(zone.left() - 8.0) };
        for tick in &labels.ticks {
            let x = time.x_of(tick.index as f64).floor() as i32 + panes.left;
            if !(panes.left..panes.right).contains(&x) {
                continue;
            }
            let (line, ink) =
                if tick.strong { (theme.grid_strong, theme.text) } else { (theme.grid, theme.text_weak) };
            mesh.column(x, panes.top, panes.bottom, line);
            let half = self.grid.length(text.width(&tick.text) / 2.0);
            if x - half >= time_axis.left && x + half <= end {
                let at = pos2((x as f32 + 0.5) / self.grid.per_point(), middle);
                text.put(at, Align2::CENTER_CENTER, &tick.text, ink);
            }
        }
        if let Some(left) = data.closes_in.filter(|_| self.view.is_fitted()) {
            axis::countdown_ui(&self.areas, left, layer, theme);
        }
        if !data.series.is_empty() {
            axis::price_grid_ui(data, &self.areas, &self.stage.price, covered, layer, theme);
            axis::volume_grid_ui(&self.areas, full, data.quantity_decimals, layer, theme);
            self.view.studies.guides_ui(self.areas.price_axis, covered, layer, theme);
        }
        let mesh = &mut layer.mesh;
        mesh.column(panes.right, frame.top, frame.bottom, theme.line);
        mesh.row(panes.bottom, frame.left, frame.right, theme.line);
        if !volumes.is_empty() {
            mesh.row(prices.bottom, frame.left, frame.right, theme.line);
        }
        for pane in studies.iter().filter(|pane| !pane.is_empty()) {
            mesh.row(pane.top - 1, frame.left, frame.right, theme.line);
        }
    }
}

#[cfg(test)]
mod tests;
