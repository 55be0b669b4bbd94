//! What a chart remembers: where it looks, its studies, and what it drew last.

use std::ops::Range;
use std::sync::Arc;

use egui::Mesh;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::areas::Areas;
use super::candles::{Inks, Pieces, Shape, Stage};
use super::drawings::{Sketch, Tool};
use super::grip::Hold;
use super::kept::Kept;
use super::price_scale::{Measure, PriceRange, PriceScale, ScaleKind, round_step, tick_at};
use super::studies::{self, Studies};
use super::style::Style;
use super::time_axis::{TimeLabels, time_labels};
use super::time_scale::{Anchor, GAP, TimeScale};
use super::{ChartData, FillMark, axis, ground, overlay, shading};
use crate::domain::{Bar, Timeframe};
use crate::link::BarKey;
use crate::market::calendar::Calendar;
use crate::market::indicators::Study;
use crate::market::series::BarSeries;
use crate::ui::paint::{Digits, PixelGrid, PixelMesh, PxRect};
use crate::ui::theme::Theme;

/// Points per bar of a new chart.
const SPACING: f64 = 7.0;

/// The state of one chart: where it looks, and its studies. Saved are the zoom, the free room at the
/// right and the studies;
/// a chart that was left in the past or scaled by hand opens at the last bar, fitted.
#[derive(Debug, Deserialize)]
#[serde(from = "Saved")]
pub struct ChartView {
    /// Points per bar.
    pub(super) spacing: f64,
    pub(super) anchor: Anchor,
    pub(super) prices: PriceRange,
    style: Style,
    scale: ScaleKind,
    hides_hours: bool,
    /// Bars to show as soon as the width is known: how many, and the index at the right edge.
    asked: Option<(f64, f64)>,
    pub(super) studies: Studies,
    pub(super) hold: Hold,
    pub(super) sketch: Sketch,
    drawn: Drawn,
}

/// A number that is none is written as `null`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
struct Saved {
    spacing: Option<f64>,
    gap: Option<f64>,
    #[serde(deserialize_with = "known")]
    style: Style,
    #[serde(deserialize_with = "known")]
    scale: ScaleKind,
    /// Times outside the regular hours are not shaded.
    #[serde(deserialize_with = "known")]
    hides_hours: bool,
    #[serde(deserialize_with = "studies::known")]
    studies: Vec<Study>,
}

/// What this version does not know is as in a new chart.
fn known<'de, T: DeserializeOwned + Default, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let saved = serde_json::Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(saved).unwrap_or_default())
}

impl From<Saved> for ChartView {
    fn from(Saved { spacing, gap, style, scale, hides_hours, studies }: Saved) -> Self {
        let sound = |x: Option<f64>, or| x.filter(|x| x.is_finite() && *x >= 0.0).unwrap_or(or);
        Self {
            spacing: sound(spacing, SPACING),
            anchor: Anchor::Follow { gap: sound(gap, GAP) },
            prices: PriceRange::Auto,
            style,
            scale,
            hides_hours,
            asked: None,
            studies: Studies::of(studies),
            hold: Hold::default(),
            sketch: Sketch::default(),
            drawn: Drawn::default(),
        }
    }
}

impl Serialize for ChartView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Saved::of(self).serialize(serializer)
    }
}

impl Saved {
    fn of(view: &ChartView) -> Self {
        let gap = match view.anchor {
            Anchor::Follow { gap } => gap,
            Anchor::At { .. } => GAP,
        };
        let ChartView { style, scale, hides_hours, .. } = *view;
        let studies = view.studies.to_saved();
        Self { spacing: Some(view.spacing), gap: Some(gap), style, scale, hides_hours, studies }
    }
}

impl Default for ChartView {
    fn default() -> Self {
        Saved::default().into()
    }
}

/// What was drawn last, kept while its key is unchanged.
#[derive(Debug, Default)]
struct Drawn {
    subject: Option<(String, Timeframe)>,
    prices: Option<PriceScale>,
    has_bars: bool,
    pieces: Kept<PiecesKey, Pieces>,
    candles: Kept<CandlesKey, Arc<Mesh>>,
    labels: Kept<LabelsKey, TimeLabels>,
    shaded: Kept<ShadedKey, Vec<Range<i32>>>,
    marks: Kept<MarksKey, Arc<Mesh>>,
}

/// All bars but the last, as far as one can tell without looking at each.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ClosedBars {
    shape: u64,
    len: usize,
    ends: Option<(Bar, Bar)>,
}

impl ClosedBars {
    pub(super) fn of(series: &BarSeries) -> Self {
        let before_last = series.len().checked_sub(2).and_then(|i| series.get(i));
        Self { shape: series.shape(), len: series.len(), ends: series.first().zip(before_last) }
    }
}

type PiecesKey = (ClosedBars, TimeScale, PxRect, Shape, Style);
type CandlesKey = (PiecesKey, PriceScale, PxRect, f64, Inks, PixelGrid);
type LabelsKey = (ClosedBars, TimeScale, Timeframe, jiff::tz::TimeZone, f64);
type ShadedKey = (ClosedBars, TimeScale, PxRect, Option<usize>);
type MarksKey = (
    ClosedBars,
    TimeScale,
    PriceScale,
    PxRect,
    usize,
    Option<(FillMark, FillMark)>,
    [egui::Color32; 3],
    PixelGrid,
);

/// The candles of one frame.
pub struct Candles {
    /// All but the last.
    pub closed: Arc<Mesh>,
    /// The last.
    pub forming: PixelMesh,
    /// The volume that fills the volume pane.
    pub full: f64,
}

impl ChartView {
    /// Goes to the last bar and stays there.
    pub fn follow_last(&mut self) {
        self.anchor = Anchor::default();
    }

    /// Whether the last bar is held in sight when bars are added.
    #[must_use]
    pub fn is_following(&self) -> bool {
        matches!(self.anchor, Anchor::Follow { .. })
    }

    /// How bars are drawn.
    #[must_use]
    pub fn style(&self) -> Style {
        self.style
    }

    /// Draws bars otherwise.
    pub fn set_style(&mut self, style: Style) {
        self.style = style;
    }

    /// How prices are laid out, where they can be.
    #[must_use]
    pub fn scale(&self) -> ScaleKind {
        self.scale
    }

    /// Lays prices out otherwise, fitted.
    pub fn set_scale(&mut self, scale: ScaleKind) {
        self.scale = scale;
        self.fit_prices();
    }

    /// Whether times outside the regular hours are shaded.
    #[must_use]
    pub fn shades(&self) -> bool {
        !self.hides_hours
    }

    /// Shades times outside the regular hours, or not.
    pub fn set_shades(&mut self, shades: bool) {
        self.hides_hours = !shades;
    }

    /// What the trader should know of the scale that was drawn last: the prices in sight had no place on the one
    /// that was chosen.
    #[must_use]
    pub fn scale_remark(&self) -> Option<&'static str> {
        let drawn = self.drawn.prices.filter(|_| self.drawn.has_bars)?;
        match (self.scale, drawn.measure) {
            (ScaleKind::Log, Measure::Linear) => Some("Prices at or below zero: linear scale"),
            (ScaleKind::Percent, Measure::Linear) => Some("No per cent of zero or less: linear scale"),
            _ => None,
        }
    }

    /// Fits the price scale to the bars in sight, from now on.
    pub fn fit_prices(&mut self) {
        self.prices = PriceRange::Auto;
    }

    /// Whether the price scale is fitted.
    #[must_use]
    pub fn is_fitted(&self) -> bool {
        self.prices == PriceRange::Auto
    }

    /// Shows `bars` bars, the right edge of the pane at index `right` (a bar is half an index
    /// wide on either side). Takes effect when it is drawn next, within the limits of zoom.
    pub fn show(&mut self, bars: f64, right: f64) {
        self.asked = (bars > 0.0 && right.is_finite()).then_some((bars, right));
    }

    /// Zoom, place and price scale as in a new chart.
    pub fn reset(&mut self) {
        self.spacing = SPACING;
        self.anchor = Anchor::default();
        self.prices = PriceRange::Auto;
    }

    /// Brings the studies up to a series, which has the bars of `key`; once a frame, before the
    /// chart is drawn. A long history takes several frames. Returns whether all is done: where not,
    /// ask for another frame.
    pub fn follow(&mut self, series: &BarSeries, key: BarKey, calendar: &Arc<Calendar>) -> bool {
        self.studies.follow(series, key, calendar)
    }

    /// Takes a tool for drawing in hand, or leaves it.
    pub fn take_tool(&mut self, tool: Option<Tool>) {
        self.sketch.take(tool);
    }

    /// The tool in hand.
    #[must_use]
    pub fn tool(&self) -> Option<Tool> {
        self.sketch.tool()
    }

    /// Leaves every line where it is, whoever holds it.
    pub fn let_go(&mut self) {
        self.sketch.drop_held();
        self.hold.let_go();
    }

    /// Another instrument or period has other prices and other indices: only the zoom stays.
    pub(super) fn meet(&mut self, data: &ChartData<'_>) {
        let same =
            |(title, timeframe): &(String, Timeframe)| title == data.title && *timeframe == data.timeframe;
        if !self.drawn.subject.as_ref().is_some_and(same) {
            if self.drawn.subject.is_some() {
                self.follow_last();
                self.fit_prices();
            }
            self.hold = Hold::default();
            self.sketch.forget();
            let subject = Some((data.title.to_owned(), data.timeframe));
            self.drawn = Drawn { subject, ..Drawn::default() };
        }
    }

    /// The price scale of the last frame.
    pub(super) fn prices_shown(&self) -> Option<PriceScale> {
        self.drawn.prices
    }

    /// Divides the frame. The price axis has the width of the labels drawn last, or of the
    /// last price.
    pub(super) fn areas(&self, data: &ChartData<'_>, frame: PxRect, text: &Digits, grid: PixelGrid) -> Areas {
        let guess = || {
            let close = data.series.last().map_or(0.0, |bar| bar.close);
            PriceScale::between(close, close, tick_at(data.ticks, close), 0, 1)
        };
        let scale = self.drawn.prices.unwrap_or_else(guess);
        let width = axis::width(data, text, grid, &scale);
        let height = grid.length(text.line_height() + 8.0);
        // Currency quotes have no volume; an empty pane would only take room.
        let whole = data.series.extent(0..data.series.len());
        let has_volume = whole.volume > 0.0 || whole.is_empty();
        Areas::of(frame, grid, (width, height), (has_volume, self.studies.below()))
    }

    /// Scales and shape for these areas.
    pub(super) fn stage(&mut self, data: &ChartData<'_>, areas: &Areas, grid: PixelGrid) -> Stage {
        let ground = ground(data, areas, grid);
        if let Some((bars, right)) = self.asked.take_if(|_| ground.width > 0.0) {
            let spacing = ground.width / bars;
            self.spacing = spacing / ground.per_point;
            self.anchor = ground.anchor(TimeScale { spacing, right, width: ground.width });
        }
        let time = ground.scale(self.anchor, self.spacing);
        let wick = (grid.per_point() + 0.25).floor() as i32;
        let (top, bottom) = (areas.prices.top, areas.prices.bottom);
        let shape = Shape::of(time.spacing, wick);
        let blank = PriceScale::between(0.0, 1.0, 1.0, top, bottom);
        let mut stage = Stage {
            time,
            price: blank,
            prices: areas.prices,
            volumes: areas.volumes,
            shape,
            style: self.style,
            phase: data.series.prepended(),
        };
        let visible = stage.visible(data.series.len());
        let base = data.series.get(visible.start).map(|bar| bar.close);
        let measure = |low| Measure::of(self.scale, low, base);
        let still = self.drawn.prices.filter(|_| self.hold.is_held() || self.sketch.is_held());
        stage.price = match self.prices {
            // What a line is taken to must not change under a pointer that stands still.
            PriceRange::Auto if let Some(still) = still => still.in_rows(top, bottom),
            PriceRange::Auto => {
                let extent = data.series.extent(visible);
                let tick = tick_at(data.ticks, extent.high);
                let head = grid.length(super::HEAD + self.studies.legend_height());
                PriceScale::fitted(&extent, tick, (top, bottom), head, measure(extent.low))
            }
            PriceRange::Manual { low, high } => {
                PriceScale::between(low, high, tick_at(data.ticks, high), top, bottom).measured(measure(low))
            }
        };
        self.drawn.prices = Some(stage.price);
        self.drawn.has_bars = !data.series.is_empty();
        stage
    }

    /// The candles: what is kept of the last frame, and the last bar anew.
    pub(super) fn candles(
        &mut self,
        data: &ChartData<'_>,
        stage: &Stage,
        grid: PixelGrid,
        inks: &Inks,
    ) -> Candles {
        let key = (ClosedBars::of(data.series), stage.time, stage.prices, stage.shape, stage.style);
        let pieces = self.drawn.pieces.get(key.clone(), || stage.pieces(data.series));
        let last = stage.forming(data.series);
        let most = last.map_or(0.0, |piece| piece.volume).max(pieces.most_volume);
        // In steps, so that a growing last bar does not rescale all others with each trade.
        let full = if most > 0.0 { volume_scale(most) } else { 0.0 };
        let key = (key, stage.price, stage.volumes, full, *inks, grid);
        let closed = self.drawn.candles.get(key, || {
            let mut mesh = PixelMesh::with_room(grid, 3 * pieces.len());
            stage.draw_closed(&mut mesh, pieces, full, inks);
            mesh.into_mesh()
        });
        let mut forming = PixelMesh::new(grid);
        if let Some(piece) = last {
            stage.draw_forming(&mut forming, &piece, full, inks);
        }
        Candles { closed: Arc::clone(closed), forming, full }
    }

    /// What is in sight and outside the regular hours.
    pub(super) fn shaded(&mut self, data: &ChartData<'_>, stage: &Stage) -> &[Range<i32>] {
        let hours = data.hours.filter(|_| !self.hides_hours);
        // Another calendar is another instrument's, or lies elsewhere.
        let calendar = hours.map(|hours| Arc::as_ptr(hours) as usize);
        let key = (ClosedBars::of(data.series), stage.time, stage.prices, calendar);
        let spans = || hours.map_or_else(Vec::new, |hours| shading::spans(data, hours, stage));
        self.drawn.shaded.get(key, spans)
    }

    /// The labels of the time axis.
    pub(super) fn time_labels(&mut self, data: &ChartData<'_>, scale: &TimeScale, apart: f64) -> &TimeLabels {
        let key = (ClosedBars::of(data.series), *scale, data.timeframe, data.zone.clone(), apart);
        self.drawn.labels.get(key, || time_labels(data, scale, apart))
    }

    /// The fills.
    pub(super) fn marks(
        &mut self,
        data: &ChartData<'_>,
        stage: &Stage,
        grid: PixelGrid,
        theme: &Theme,
    ) -> Arc<Mesh> {
        let marks = data.marks;
        let key = (
            ClosedBars::of(data.series),
            stage.time,
            stage.price,
            stage.prices,
            marks.len(),
            marks.first().copied().zip(marks.last().copied()),
            [theme.buy_fill, theme.sell_fill, theme.text_strong],
            grid,
        );
        let mesh = self.drawn.marks.get(key, || {
            let mut mesh = PixelMesh::new(grid);
            overlay::marks_ui(marks, data.series, stage, &mut mesh, theme);
            mesh.into_mesh()
        });
        Arc::clone(mesh)
    }
}

/// The volume at the top of a volume pane whose highest bar is `most`: a little more, on a
/// coarse grid.
fn volume_scale(most: f64) -> f64 {
    let step = round_step(most / 10.0);
    (most / step * (1.0 + 1e-9)).ceil() * step
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Time;

    #[test]
    fn a_saved_view_keeps_its_zoom_and_opens_at_the_last_bar() {
        let mut view = ChartView { spacing: 12.5, ..ChartView::default() };
        view.anchor = Anchor::At { bar: Time::from_seconds(77), beyond: 0.25 };
        let text = serde_json::to_string(&view).unwrap();
        let back: ChartView = serde_json::from_str(&text).unwrap();
        assert!((back.spacing - 12.5).abs() < 1e-12);
        assert!(back.is_following() && back.is_fitted());
    }

    #[test]
    fn a_saved_view_with_nonsense_is_a_usable_view() {
        let broken = ChartView { spacing: f64::NAN, ..ChartView::default() };
        let broken = serde_json::to_string(&broken).unwrap();
        for text in ["{}", r#"{"spacing": -3.0, "gap": null}"#, r#"{"spacing": 1e300}"#, broken.as_str()] {
            let view: ChartView = serde_json::from_str(text).unwrap();
            assert!(view.spacing > 0.0 && view.is_following(), "{text}");
        }
    }

    #[test]
    fn a_study_that_this_version_does_not_know_is_left_out_and_no_other() {
        let known = r#"{"kind": "ema", "parameters": [20.0]}"#;
        let unknown = r#"{"kind": "of-tomorrow", "parameters": []}"#;
        let bad = r#"{"kind": "sma", "parameters": [0.0]}"#;
        let text = format!(r#"{{"spacing": 9.0, "studies": [{unknown}, {bad}, 7, {known}]}}"#);
        let view: ChartView = serde_json::from_str(&text).unwrap();
        let labels: Vec<String> = view.studies.to_saved().iter().map(Study::label).collect();
        assert_eq!(labels, ["EMA 20"]);
        assert!((view.spacing - 9.0).abs() < 1e-12);
        let many = format!(r#"{{"studies": [{}]}}"#, [known; 11].join(","));
        let view: ChartView = serde_json::from_str(&many).unwrap();
        assert_eq!(view.studies.to_saved().len(), studies::MOST);
        let view: ChartView = serde_json::from_str(r#"{"studies": "none", "spacing": 9.0}"#).unwrap();
        assert!(view.studies.to_saved().is_empty() && (view.spacing - 9.0).abs() < 1e-12);
    }

    #[test]
    fn the_volume_pane_is_well_used_and_seldom_rescaled() {
        let mut scales = std::collections::BTreeSet::new();
        for i in 100..1000 {
            let most = f64::from(i) * 13.0;
            let full = volume_scale(most);
            assert!(full >= most && full <= most * 1.26, "{most} in {full}");
            scales.insert(full.to_bits());
        }
        assert!(scales.len() < 40, "{}", scales.len());
    }
}
