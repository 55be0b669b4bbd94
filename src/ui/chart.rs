//! The price chart: candles, volume, axes, order lines, fills, crosshair.
//!
//! [`chart_ui`] draws a [`BarSeries`] through a [`ChartView`], which is all the state a chart
//! has. Layers, each knowing only those before it: scales (`time_scale`: bar index ↔ x,
//! `price_scale`: price ↔ y) → candles → axes and overlays → crosshair; `input` turns mouse
//! and keys into changes of the view before anything is drawn.
//!
//! Invariants: everything is drawn in whole physical pixels; no step looks at every bar, so
//! cost depends on the chart's width and not on its history; where several bars share a
//! pixel column, the column shows their true high and low and the sum of their volumes.
//! What only changes with the view (candles, time labels, fills) is kept between frames.

mod areas;
mod axis;
mod candles;
mod crosshair;
mod input;
mod kept;
mod layer;
mod overlay;
mod price_scale;
mod time_axis;
mod time_scale;
mod view;

use std::ops::Range;

use egui::{Align2, Response, Sense, Shape, Ui, pos2, vec2};
use jiff::tz::TimeZone;

use self::areas::Areas;
use self::candles::{Inks, Stage};
use self::crosshair::hover;
use self::layer::Layer;
use self::overlay::Tags;
use self::time_scale::Ground;
use crate::domain::{Side, Time, Timeframe};
use crate::market::series::BarSeries;
use crate::ui::format::float;
use crate::ui::paint::{Digits, PixelGrid, PxRect};
use crate::ui::theme::Theme;

pub use self::crosshair::Hover;
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
    /// Decimals of a price on the instrument's tick grid.
    pub decimals: u32,
    /// Decimals of a quantity on its lot grid.
    pub quantity_decimals: u32,
    /// The zone whose clocks the time axis shows.
    pub zone: &'a TimeZone,
    /// The last price, where there is one.
    pub last: Option<f64>,
    /// Prices to mark across the chart: working orders, the position.
    pub lines: &'a [PriceLine<'a>],
    /// Fills, in order of time.
    pub marks: &'a [FillMark],
    /// What the trader should know about the bars, such as `Loading history …`: in the
    /// middle of an empty chart, beside the title of another.
    pub notice: Option<&'a str>,
    /// Whether bars older than the first may be had.
    pub has_older: bool,
}

/// A price to mark across the chart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PriceLine<'a> {
    /// Where.
    pub price: f64,
    /// What stands at its right end, such as `Buy 100 LMT`. Printable ASCII; may be empty.
    pub label: &'a str,
    /// What it is about, which decides its colour.
    pub kind: LineKind,
    /// Dashed rather than solid: not at the exchange yet.
    pub dashed: bool,
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

/// What came of showing a chart for one frame.
#[derive(Debug, Clone)]
pub struct ChartResponse {
    /// Indices of the bars in sight.
    pub visible: Range<usize>,
    /// How many bars before the first the chart would like, while it would.
    pub wants_older: Option<usize>,
    /// What the pointer is over.
    pub hovered: Option<Hover>,
    /// The price that was clicked at, with the primary button.
    pub clicked_price: Option<f64>,
    /// The chart's response: focus, context menu.
    pub response: Response,
}

/// Least distance between time labels, in points.
const TIME_APART: f32 = 72.0;
/// Height of title and legend, in points.
const HEAD: f32 = 46.0;
/// What a chart asks for when it has no bars to judge by.
const FIRST_BARS: usize = 1000;

/// Shows `data` through `view` in all of the room that is left in `ui`.
pub fn chart_ui(ui: &mut Ui, view: &mut ChartView, data: &ChartData<'_>, theme: &Theme) -> ChartResponse {
    let (rect, place) = ui.allocate_exact_size(ui.available_size().max(vec2(1.0, 1.0)), Sense::hover());
    let grid = PixelGrid::of(ui);
    let frame = grid.rect(rect);
    let text = Digits::new(ui, &theme.small_font());

    view.meet(data);
    let areas = view.areas(data, frame, &text, grid);
    let hands = input::Hands::new(ui, place.id, &areas, grid);
    hands.apply(ui, view, &ground(data, &areas, grid), view.prices_shown());
    let (areas, stage) = settle(view, data, frame, &text, grid);

    let at = |pos: egui::Pos2| hover(data, &areas, &stage, (pixel(grid, pos.x), pixel(grid, pos.y)));
    let hovered = hands.panes.hover_pos().and_then(at);
    // Asked of the click itself: a finger is gone from the glass by now.
    let clicked = hands.panes.interact_pointer_pos().filter(|_| hands.panes.clicked()).and_then(at);
    let visible = stage.visible(data.series.len());
    hands.name(data.title, &|| info(data, &visible));
    if ui.is_rect_visible(rect) {
        let pointer = hands.panes.hover_pos().map(|pos| pixel(grid, pos.y));
        let focus = hands.panes.has_focus();
        Frame { view, data, theme, areas, stage, grid }.paint(ui, hovered.zip(pointer), focus);
    }
    let wanted = visible.len().saturating_mul(2).max(FIRST_BARS);
    ChartResponse {
        wants_older: (data.has_older && visible.start < wanted / 4).then_some(wanted),
        clicked_price: clicked.and_then(|hover| hover.price),
        hovered,
        visible,
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

fn info(data: &ChartData<'_>, visible: &Range<usize>) -> egui::WidgetInfo {
    let name = format!("Chart {} {}", data.title, data.timeframe);
    let mut info = egui::WidgetInfo::labeled(egui::Role::Canvas, true, name);
    let last = data.last.map(|price| format!("last {}, ", float::fixed(price, data.decimals)));
    info.current_text_value = Some(format!("{}{} bars visible", last.unwrap_or_default(), visible.len()));
    info
}

/// All that painting one frame stands on.
struct Frame<'a> {
    view: &'a mut ChartView,
    data: &'a ChartData<'a>,
    theme: &'a Theme,
    areas: Areas,
    stage: Stage,
    grid: PixelGrid,
}

impl Frame<'_> {
    fn paint(mut self, ui: &Ui, pointer: Option<(Hover, i32)>, focus: bool) {
        let (data, theme, areas) = (self.data, self.theme, self.areas);
        let painter = ui.painter().with_clip_rect(areas.frame.to_points(self.grid));
        let layer = || Layer::new(ui, &theme.small_font());
        let mut under = layer();
        let height = axis::tag_height(&under.text, self.grid);
        let candles = self.view.candles(data, &self.stage, self.grid, &Inks::of(theme));
        let tags = Tags::of(data, &areas, &self.stage.price, height, theme);

        under.mesh.rect(areas.frame, theme.surface);
        self.grid_ui(&tags, candles.full, &mut under);
        let [ground, labels] = under.into_shapes();
        let marks = self.view.marks(data, &self.stage, self.grid, theme);
        let mut over = layer();
        overlay::lines_ui(data, &areas, &tags, &mut over, theme);
        let mut head = layer();
        self.legend_ui(&painter, pointer.map(|(hover, _)| hover), &mut head);
        if focus {
            head.mesh.outline(areas.frame, theme.accent);
        }

        let forming = candles.forming.into_shape();
        let mut shapes = vec![ground, Shape::Mesh(candles.closed), forming, Shape::Mesh(marks), labels];
        shapes.extend(over.into_shapes());
        shapes.extend(head.into_shapes());
        shapes.extend(self.title_ui(&painter));
        if let Some((hover, row)) = pointer {
            let mut cross = layer();
            let at = (row, candles.full);
            crosshair::crosshair_ui(data, &areas, &self.stage, &hover, at, &mut cross, theme);
            shapes.extend(cross.into_shapes());
        }
        painter.extend(shapes);
        if data.series.is_empty() {
            let middle = areas.panes().to_points(self.grid).center();
            let notice = data.notice.unwrap_or("No trades yet in this timeframe");
            painter.text(middle, Align2::CENTER_CENTER, notice, theme.text_font(), theme.text_weak);
        }
    }

    /// Grid lines, axis labels and the lines between the areas.
    fn grid_ui(&mut self, tags: &Tags, full: f64, layer: &mut Layer) {
        let Layer { mesh, text } = layer;
        let Areas { frame, prices, volumes, time_axis, .. } = self.areas;
        let (theme, data) = (self.theme, self.data);
        let panes = self.areas.panes();
        let apart = f64::from(TIME_APART * self.grid.per_point());
        let middle = self.grid.points(time_axis.top + time_axis.bottom) / 2.0;
        let time = self.stage.time;
        for tick in self.view.time_ticks(data, &time, apart) {
            let x = time.x_of(tick.index as f64).floor() as i32 + panes.left;
            if !(panes.left..panes.right).contains(&x) {
                continue;
            }
            let (line, ink) =
                if tick.strong { (theme.grid_strong, theme.text) } else { (theme.grid, theme.text_weak) };
            mesh.column(x, panes.top, panes.bottom, line);
            let half = self.grid.length(text.width(&tick.text) / 2.0);
            if x - half >= time_axis.left && x + half <= time_axis.right {
                let at = pos2((x as f32 + 0.5) / self.grid.per_point(), middle);
                text.put(at, Align2::CENTER_CENTER, &tick.text, ink);
            }
        }
        if !data.series.is_empty() {
            let rows = tags.rows();
            axis::price_grid_ui(&self.areas, &self.stage.price, data.decimals, &rows, layer, theme);
            axis::volume_grid_ui(&self.areas, full, data.quantity_decimals, layer, theme);
        }
        let mesh = &mut layer.mesh;
        mesh.column(panes.right, frame.top, frame.bottom, theme.line);
        mesh.row(panes.bottom, frame.left, frame.right, theme.line);
        if !volumes.is_empty() {
            mesh.row(prices.bottom, frame.left, frame.right, theme.line);
        }
    }

    /// Title, period and notice, top left. Ordinary text: it seldom changes and may be foreign.
    fn title_ui(&self, painter: &egui::Painter) -> Option<Shape> {
        let (data, theme) = (self.data, self.theme);
        let mut job = egui::text::LayoutJob::default();
        let mut piece = |text: &str, colour| {
            job.append(text, 0.0, egui::TextFormat::simple(theme.text_font(), colour));
        };
        piece(data.title, theme.text_strong);
        piece("  ", theme.text_weak);
        piece(data.timeframe.label(), theme.text_weak);
        if let Some(notice) = data.notice.filter(|_| !data.series.is_empty()) {
            piece("  ", theme.text_weak);
            piece(notice, theme.warn);
        }
        let galley = painter.layout_job(job);
        let pos = self.title_pos();
        let fits = galley.size().x + pos.x < self.grid.points(self.areas.prices.right);
        fits.then(|| Shape::galley(pos, galley, theme.text))
    }

    fn title_pos(&self) -> egui::Pos2 {
        self.grid.snap(self.grid.pos(self.areas.prices.left, self.areas.prices.top) + vec2(10.0, 7.0))
    }

    /// The numbers of the bar under the pointer, or of the last.
    fn legend_ui(&self, painter: &egui::Painter, hover: Option<Hover>, Layer { mesh, text }: &mut Layer) {
        let series = self.data.series;
        let Some(index) = hover.map(|hover| hover.index).or(series.len().checked_sub(1)) else { return };
        let Some(bar) = series.get(index) else { return };
        let before = index.checked_sub(1).and_then(|i| series.get(i)).map(|bar| bar.close);
        let title = painter.ctx().fonts_mut(|fonts| fonts.row_height(&self.theme.text_font()));
        let pos = self.title_pos() + vec2(0.0, title + 1.0);
        let width = self.grid.points(self.areas.prices.right) - pos.x - 8.0;
        let written = crosshair::legend_ui(self.data, bar, before, (pos, width), text, self.theme);
        // Numbers stay readable over candles.
        let backdrop = egui::Rect::from_min_max(self.title_pos(), written.max).expand2(vec2(4.0, 2.0));
        mesh.rect(
            self.grid.rect(backdrop).intersect(self.areas.prices),
            self.theme.surface.gamma_multiply(0.88),
        );
    }
}

#[cfg(test)]
mod tests;
