//! The chart as a pane: the selected instrument's bars, orders, position and fills.

mod drawings;
mod lines;
mod linked;
mod look;
mod menu;
mod notes;
mod picture;
mod trading;

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use self::drawings::Drawings;
use self::lines::{Labelled, price_lines};
use self::linked::{Agreed, Links};
use self::picture::{Caption, Pictures};
use self::trading::{Scene, Trading};
use super::chart::{ChartData, ChartView, FIRST_BARS, FillMark, Gap, LastPrice, PriceLine, chart_ui};
use super::choice::choice_ui;
use super::commands::{Commands, UiCommand};
use super::format;
use super::keys::{Act, taken, with_keys};
use super::paint::figures_width;
use super::pane::Pane;
use super::theme::theme_of;
use crate::desk::{Desk, Freshness, QuoteView, SeriesView};
use crate::domain::settings::ZoneDisplay;
use crate::domain::{ExecId, Instrument, InstrumentId, Price, Timeframe, TradingHours};
use crate::link::BarKey;
use crate::market::calendar::Calendar;
use crate::ui::status_bar::counts_seconds;
use crate::ui::tour::{self, Spot};

pub use self::linked::Bond;
pub use self::look::Look;
pub use self::picture::PictureTo;

/// The least room at either side of a period's name.
const LEAST_PADDING: f32 = 1.5;

/// Which period is shown, and how.
#[derive(Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct ChartPane {
    timeframe: Timeframe,
    links: Links,
    view: ChartView,
    /// The series that `wanted` counts for.
    #[serde(skip)]
    shown: Option<BarKey>,
    #[serde(skip)]
    wanted: usize,
    #[serde(skip)]
    fills: Fills,
    #[serde(skip)]
    hours: Hours,
    #[serde(skip)]
    trading: Trading,
    /// The period that its group has, as of the last frame.
    #[serde(skip)]
    agreed: Agreed,
    #[serde(skip)]
    drawings: Drawings,
    #[serde(skip)]
    pictures: Pictures,
}

impl Default for ChartPane {
    fn default() -> Self {
        Self {
            timeframe: Timeframe::M1,
            links: Links::default(),
            view: ChartView::default(),
            shown: None,
            wanted: FIRST_BARS,
            fills: Fills::default(),
            hours: Hours::default(),
            trading: Trading::default(),
            agreed: None,
            drawings: Drawings::default(),
            pictures: Pictures::default(),
        }
    }
}

impl ChartPane {
    /// Shows bars of another period.
    pub fn show(&mut self, timeframe: Timeframe) {
        self.timeframe = timeframe;
    }

    /// The period that is shown.
    #[must_use]
    pub fn timeframe(&self) -> Timeframe {
        self.timeframe
    }

    /// Has the window take a picture of this pane.
    pub fn keep_picture(&mut self, to: PictureTo) {
        self.pictures.wish(to);
    }

    /// How it is shown.
    #[must_use]
    pub fn view(&self) -> &ChartView {
        &self.view
    }

    fn timeframes_ui(&mut self, ui: &mut egui::Ui, desk: &Desk, out: &mut Commands) {
        let padding = padding_of(ui);
        let is_narrow = padding < ui.spacing().button_padding.x;
        let mut periods = egui::Rect::NOTHING;
        // Wrapped: a row that is too wide would push the price axis out of a narrow pane.
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = egui::vec2(2.0, 0.0);
            if is_narrow {
                ui.spacing_mut().item_spacing.x = 1.0;
                ui.spacing_mut().button_padding.x = padding;
            }
            for timeframe in Timeframe::ALL {
                let button = choice_ui(ui, self.timeframe == timeframe, timeframe.label());
                periods |= button.rect;
                if button.on_hover_text(words(timeframe)).clicked() {
                    self.timeframe = timeframe;
                }
            }
            tour::mark(ui, Spot::Periods, periods);
            self.look_ui(ui, desk, out);
            self.tools_ui(ui, desk);
        });
    }
}

/// Room at either side of the names in a chart's head: as usual, or so much less that all of them stand in one row.
fn padding_of(ui: &egui::Ui) -> f32 {
    let font = egui::TextStyle::Button.resolve(ui.style());
    let names = Timeframe::ALL.into_iter().map(Timeframe::label).chain([look::MENU, drawings::MENU]);
    let width = |name: &str| figures_width(ui, name, &font);
    let (count, names) = names.fold((0.0, 0.0), |(count, sum), name| (count + 1.0, sum + width(name)));
    // Each name is followed by a space, and rounded up to whole pixels at both sides.
    let free = ui.available_width() - names - 2.0 * count;
    (free / (2.0 * count)).floor().clamp(LEAST_PADDING, ui.spacing().button_padding.x)
}

/// A period in words: its label tells minutes from months by the case of a letter.
fn words(timeframe: Timeframe) -> String {
    let label = timeframe.label();
    let (count, unit) = label.split_at(label.len() - 1);
    let unit = match unit {
        "s" => "second",
        "m" => "minute",
        "h" => "hour",
        "D" => "trading day",
        "W" => "week",
        _ => "month",
    };
    if count == "1" { format!("{count} {unit} a bar") } else { format!("{count} {unit}s a bar") }
}

impl Pane for ChartPane {
    fn ui(&mut self, ui: &mut egui::Ui, desk: &Desk, out: &mut Commands) {
        let place = ui.max_rect();
        self.timeframes_ui(ui, desk, out);
        let Some(instrument) = desk.selected() else {
            ui.centered_and_justified(|ui| {
                ui.label(with_keys(ui, "Choose an instrument in the watchlist, or by a search", Act::Search))
            });
            return;
        };
        let key = BarKey { instrument: instrument.id, timeframe: self.timeframe };
        if self.shown != Some(key) {
            self.shown = Some(key);
            self.wanted = FIRST_BARS;
        }
        out.demand.quotes.insert(instrument.id);
        out.demand.want_bars(key, self.wanted);

        let empty = SeriesView::default();
        let series = desk.series(key).unwrap_or(&empty);
        let scene = Scene { desk, instrument };
        self.trading.begin(ui, scene, &mut self.view);
        self.pictures.settle(ui, self.trading.told(), desk, out);
        let mut labelled = price_lines(desk, instrument);
        labelled.extend(self.trading.asked_line(scene));
        let lines: Vec<PriceLine<'_>> = labelled.iter().map(Labelled::as_line).collect();
        // A trading day has the date that the exchange gives it, wherever the trader is.
        let display = if self.timeframe.is_calendar() {
            ZoneDisplay::Exchange
        } else {
            desk.settings().time_zone_display
        };
        let zone = format::zone(display, Some(instrument));
        let quote = desk.quote(instrument.id);
        let gaps: Vec<Gap> = desk.outages(instrument.broker).map(|(from, to)| Gap { from, to }).collect();
        let notice = notice(desk, instrument, quote.as_ref(), series, self.view.scale_remark());
        let calendar = self.hours.calendar(instrument);
        let closes_in = calendar
            .filter(|_| quote.is_some_and(|view| view.quote.is_open && view.freshness != Freshness::Stale))
            .and_then(|calendar| closes_in(desk, series, calendar, self.timeframe));
        let title = format!("{} · {}", instrument.symbol, instrument.venue);
        let data = ChartData {
            series: &series.series,
            title: &title,
            timeframe: self.timeframe,
            ticks: &instrument.ticks,
            quantity_decimals: instrument.quantity_decimals(),
            zone: &zone,
            last: quote.and_then(|view| {
                let price = view.quote.last?.to_f64();
                Some(LastPrice { price, is_stale: view.freshness == Freshness::Stale })
            }),
            lines: &lines,
            drawings: self.drawings.shown(scene),
            marks: self.fills.marks(desk, instrument.id),
            pointed: self.links.pointed(desk, key, &series.series, calendar.map(|calendar| &**calendar)),
            gaps: &gaps,
            hours: calendar.filter(|_| !instrument.hours.is_always()),
            closes_in,
            notice: notice.as_deref(),
            has_older: series.is_loaded && !series.is_complete,
        };
        if calendar.is_some_and(|calendar| !self.view.follow(&series.series, key, calendar)) {
            ui.request_repaint();
        }
        let theme = theme_of(ui.ctx());
        let response = chart_ui(ui, &mut self.view, &data, &theme);
        if let Some(more) = response.wants_older {
            self.wanted = self.wanted.max(series.series.len() + more);
        }
        if let Some(hover) = &response.hovered {
            out.pointed = self.links.point(desk, instrument.id, hover);
        }
        if let Some(price) = response.picked_price {
            out.window(UiCommand::TakePrice(price));
        }
        self.drawings.act(ui, &response, self.trading.told(), scene, out);
        for to in [PictureTo::File, PictureTo::Clipboard] {
            if response.has_keyboard && taken(ui, to.act()) > 0 {
                self.pictures.wish(to);
            }
        }
        if let Some(change) = self.trading.ui(ui, &mut self.view, &response, scene, out) {
            self.drawings.ask(ui, change, self.trading.told(), scene, out);
        }
        if !self.pictures.is_due() {
            self.trading.foot_ui(ui, &response, scene, self.view.tool());
        }
        let caption = Caption { title: &title, timeframe: self.timeframe, zone: &zone, now: desk.now() };
        self.pictures.shoot(ui, place, response.frame.top(), caption);
    }
}

/// What is wrong with what the chart shows, if anything is.
fn notice(
    desk: &Desk,
    instrument: &Instrument,
    quote: Option<&QuoteView<'_>>,
    series: &SeriesView,
    scale: Option<&str>,
) -> Option<String> {
    let stale = quote.filter(|view| view.freshness == Freshness::Stale).map(|view| {
        let zone = format::zone(desk.settings().time_zone_display, Some(instrument));
        let is_today = format::is_same_day(view.confirmed, desk.now(), &zone);
        let since = if is_today { format::clock_time } else { format::date_time };
        format!("Stale since {}", since(view.confirmed, &zone))
    });
    let waits = series.waits_until.and_then(|until| {
        let left = until.0.checked_sub(desk.now().0).filter(|left| *left > 0)?;
        Some(format!("Waiting for the broker's pacing: bars in {} s", left / 1_000_000_000 + 1))
    });
    let loading = (!series.is_loaded).then(|| "Loading history …".to_owned());
    let lacking = series.lacks_bars.then(|| "Bars are missing: the broker did not tell them".to_owned());
    let remark = desk.remark(instrument.id).map(|remark| format::capitalised(&remark.short));
    let scale = scale.map(str::to_owned);
    let parts: Vec<String> =
        [remark, stale, waits.or(loading).or(lacking), scale].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(" · "))
}

/// How long the last bar still grows: told while the clock of the status bar counts seconds, which paints the frames.
fn closes_in(
    desk: &Desk,
    series: &SeriesView,
    calendar: &Calendar,
    timeframe: Timeframe,
) -> Option<Duration> {
    let bar = series.series.last().filter(|_| counts_seconds(desk))?;
    let now = desk.market_time().unwrap_or(desk.now());
    let (start, end) = (calendar.period_start(now, timeframe), calendar.period_end(now, timeframe));
    (bar.time >= start && end > now).then(|| end.since(now))
}

/// The calendar of one instrument, made when its hours are others.
#[derive(Debug, Default)]
struct Hours {
    made_for: Option<(InstrumentId, TradingHours)>,
    calendar: Option<Arc<Calendar>>,
}

impl Hours {
    /// `None` for hours that no exchange can keep.
    fn calendar(&mut self, instrument: &Instrument) -> Option<&Arc<Calendar>> {
        let Instrument { id, hours, .. } = instrument;
        if !self.made_for.as_ref().is_some_and(|(of, made_for)| of == id && made_for == hours) {
            self.made_for = Some((*id, hours.clone()));
            self.calendar = Calendar::new(hours).ok().map(Arc::new);
        }
        self.calendar.as_ref()
    }
}

/// The fills of one instrument, made ready to be drawn when there are others.
#[derive(Debug, Default)]
struct Fills {
    made_for: Option<(InstrumentId, usize, Option<ExecId>)>,
    marks: Vec<FillMark>,
}

impl Fills {
    fn marks(&mut self, desk: &Desk, instrument: InstrumentId) -> &[FillMark] {
        let fills = desk.blotter().fills();
        // The list only grows at its end, or comes anew.
        let newest = fills.last().map(|fill| &fill.exec_id);
        let is_current = self.made_for.as_ref().is_some_and(|(of, count, last)| {
            (*of, *count, last.as_ref()) == (instrument, fills.len(), newest)
        });
        if !is_current {
            let own = fills.iter().filter(|fill| fill.instrument == instrument);
            let mark = |fill: &crate::domain::Fill| FillMark {
                time: fill.time,
                price: Price::to_f64(fill.price),
                side: fill.side,
            };
            self.marks = own.map(mark).collect();
            self.made_for = Some((instrument, fills.len(), newest.cloned()));
        }
        &self.marks
    }
}
