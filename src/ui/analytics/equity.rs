//! What an account was worth over time. Where nobody knows, there is no line.

mod line;

use std::time::Duration;

use egui::{ComboBox, RichText, Ui, WidgetInfo};
use egui_plot::{AxisHints, Line, PlotBounds, PlotPoint, PlotPoints, Points};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use self::line::{Drawn, seconds};
use super::{choice_ui, empty_ui, foot_ui, plot, time_marks};
use crate::desk::Desk;
use crate::domain::{AccountId, Decimal, Money, Price, Time};
use crate::market::equity::{Curve, Sample, runs};
use crate::ui::format;
use crate::ui::theme::{Theme, theme_of};

/// How far labels below are apart, at least, in points.
const LABEL: f64 = 90.0;
/// A value that is older than this is not of now.
const NEWEST: Duration = Duration::from_mins(2);

/// How much of the past is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Window {
    #[default]
    Day,
    Week,
    Month,
    All,
}

impl Window {
    const ALL: [(Self, &'static str, &'static str); 4] = [
        (Self::Day, "1 D", "The last 24 hours"),
        (Self::Week, "1 W", "The last seven days"),
        (Self::Month, "1 M", "The last 30 days"),
        (Self::All, "All", "All that is known"),
    ];

    fn length(self) -> Option<Duration> {
        let days = match self {
            Self::Day => 1,
            Self::Week => 7,
            Self::Month => 30,
            Self::All => return None,
        };
        Some(Duration::from_hours(24 * days))
    }

    fn words(self) -> &'static str {
        match self {
            Self::Day => "in 24 hours",
            Self::Week => "in 7 days",
            Self::Month => "in 30 days",
            Self::All => "in all",
        }
    }
}

/// The curve of an account.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct EquityView {
    window: Window,
    /// Whose; `None`: of the first account.
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<AccountId>,
    #[serde(skip)]
    drawn: Drawn,
}

/// What a frame shows.
struct Scene<'a> {
    desk: &'a Desk,
    theme: &'a Theme,
    account: &'a AccountId,
    /// The values in sight, in the base currency of now, and the runs that they are.
    samples: &'a [Sample],
    zone: TimeZone,
    from: Time,
    to: Time,
}

impl EquityView {
    pub(super) fn ui(&mut self, ui: &mut Ui, desk: &Desk) {
        let theme = theme_of(ui);
        let accounts = accounts(desk);
        let chosen = self.account.clone().filter(|chosen| accounts.contains(&chosen));
        let Some(account) = chosen.or_else(|| accounts.first().copied().cloned()) else {
            empty_ui(ui, "No account yet: a broker tells of its accounts once it is connected");
            return;
        };
        self.head_ui(ui, &accounts, &account);
        let to = Time::from_seconds((desk.now().seconds().div_euclid(60) + 1) * 60);
        let curve = desk.equity().get(&account);
        let begun = curve.and_then(|curve| Some(curve.samples().first()?.time));
        let from = self.window.length().map_or_else(|| begun.unwrap_or(to), |length| to - length);
        let scene = Scene {
            desk,
            theme: &theme,
            account: &account,
            samples: curve.map_or(&[], |curve| curve.since(from)),
            zone: format::zone(desk.settings().time_zone_display, desk.selected().map(|i| &**i)),
            from,
            to,
        };
        let base = desk.settings().base_currency;
        let mut shown = runs(scene.samples, base).flatten();
        let Some(first) = shown.next() else {
            empty_ui(ui, &scene.why_empty(curve));
            return;
        };
        let last = shown.last().unwrap_or(first);
        self.words_ui(ui, &scene, first, last);
        self.plot_ui(ui, &scene, last);
    }

    /// Whose curve, and of how long.
    fn head_ui(&mut self, ui: &mut Ui, accounts: &[&AccountId], account: &AccountId) {
        ui.horizontal_wrapped(|ui| {
            if accounts.len() > 1 {
                let list = ComboBox::from_id_salt("account of the curve").selected_text(account.to_string());
                let list = list.show_ui(ui, |ui| {
                    for other in accounts {
                        if ui.selectable_label(*other == account, other.to_string()).clicked() {
                            self.account = Some((*other).clone());
                        }
                    }
                });
                let name = "Account of the curve";
                list.response.widget_info(|| WidgetInfo::labeled(egui::Role::ComboBox, true, name));
            }
            for (window, text, hint) in Window::ALL {
                choice_ui(ui, &mut self.window, window, text, hint, hint);
            }
        });
    }

    /// The newest value, and how it has changed.
    fn words_ui(&self, ui: &mut Ui, scene: &Scene<'_>, first: &Sample, last: &Sample) {
        let theme = scene.theme;
        ui.horizontal_wrapped(|ui| {
            let value = RichText::new(format::money(last.equity)).strong().color(theme.text_strong);
            ui.label(value).on_hover_text("Cash and what is held, in the base currency");
            let (gain, percent) = change(first, last);
            let colour = theme.of_gain(gain.amount);
            let percent = percent.map_or_else(String::new, |of| format!(" ({} %)", format::signed(of, 2)));
            let gain = format!("{}{percent}", format::gain(gain.amount, gain.currency));
            ui.label(RichText::new(gain).color(colour))
                .on_hover_text("What was paid in or out counts as well");
            // A curve that begins later says so.
            let late = scene.to.since(scene.from) / 20;
            let words = if self.window == Window::All || first.time.since(scene.from) > late {
                format!("since {}", format::date_minute(first.time, &scene.zone))
            } else {
                self.window.words().to_owned()
            };
            ui.label(RichText::new(words).color(theme.text_weak));
            if scene.desk.now().since(last.time) > NEWEST {
                let why = scene.doubt().unwrap_or_else(|| "the next comes within a minute".to_owned());
                let at = format::date_minute(last.time, &scene.zone);
                ui.label(RichText::new(format!("Nothing since {at}: {why}")).color(theme.warn));
            }
        });
    }

    fn plot_ui(&mut self, ui: &mut Ui, scene: &Scene<'_>, last: &Sample) {
        let theme = scene.theme;
        let size = plot::size_above_foot(ui, theme);
        let base = last.equity.currency;
        let drawn = self.drawn.follow(scene.samples, base, scene.from, scene.to, size.x);
        let (from, to) = (seconds(scene.from), seconds(scene.to));
        let (low, high) = plot::with_air(drawn.low, drawn.high);
        let zone = &scene.zone;
        let below = AxisHints::new_x().formatter(|mark, _| time_marks::label(mark, zone));
        let right = AxisHints::new_y().formatter(move |mark, _| {
            format::float::fixed(mark.value, if mark.step_size < 1.0 { base.decimals() } else { 0 })
        });
        let least = 10_f64.powi(-i32::try_from(base.decimals()).unwrap_or(0));
        let of_labels = (high - low) * plot::LABEL_HEIGHT / f64::from(size.y);
        let apart = (to - from) * LABEL / f64::from(size.x.max(1.0));
        let plot = plot::plot("equity", size, theme, below, right)
            .x_grid_spacer(|grid| time_marks::marks(grid.bounds.0, grid.bounds.1, apart, zone))
            .y_grid_spacer(move |grid| plot::round_marks(grid.bounds, of_labels, least));
        let shown = plot.show(ui, |plot| {
            plot.set_plot_bounds(PlotBounds::from_min_max([from, low], [to, high]));
            for run in &drawn.runs {
                let points = PlotPoints::Borrowed(run);
                if run.len() == 1 {
                    plot.points(
                        Points::new("equity", points).color(theme.accent).radius(1.5).allow_hover(false),
                    );
                } else {
                    let line = Line::new("equity", points).color(theme.accent).width(1.5);
                    plot.line(line.allow_hover(false).allow_band(false));
                }
            }
            let pointer = plot.pointer_coordinate()?;
            let near = plot.transform().dvalue_dpos()[0].abs() * 4.0;
            let place = Place::find(scene.samples, pointer, near);
            if let Place::At(sample) = &place {
                plot.vline(plot::crosshair(seconds(sample.time), theme));
                let at = vec![[seconds(sample.time), Price(sample.equity.amount).to_f64()]];
                plot.points(Points::new("pointer", at).color(theme.accent).radius(3.0).allow_hover(false));
            }
            Some(place)
        });
        let said = format!("Equity of {}: {}", scene.account, format::money(last.equity));
        shown.response.widget_info(|| WidgetInfo::labeled(egui::Role::Image, true, &said));
        let foot = shown.inner.map_or_else(
            || "Where the line is broken, Pitdesk was not running or a price was missing or old".to_owned(),
            |place| place.words(zone),
        );
        foot_ui(ui, &foot);
    }
}

impl Scene<'_> {
    /// Why no value can be taken now.
    fn doubt(&self) -> Option<String> {
        let desk = self.desk;
        let Some(account) = desk.accounts().iter().find(|account| account.id == *self.account) else {
            return Some("no broker tells of this account now".to_owned());
        };
        let connection = desk.connection(account.broker).filter(|connection| !connection.state.is_up());
        if let Some(connection) = connection {
            return Some(format!("{} is {}", connection.name, connection.state.label().to_lowercase()));
        }
        let valued = desk.valuations().iter().find(|valued| valued.account == *self.account)?;
        if !valued.valuation.is_complete() {
            return Some("not everything that it holds has a price, see Account in the blotter".to_owned());
        }
        valued.is_stale.then(|| "a price of what it holds is old".to_owned())
    }

    fn why_empty(&self, curve: Option<&Curve>) -> String {
        let base = self.desk.settings().base_currency;
        let newest = curve.and_then(|curve| curve.samples().last());
        match newest {
            Some(newest) if newest.equity.currency != base => {
                format!("No value in {base} yet: until now the base currency was {}", newest.equity.currency)
            }
            Some(newest) => {
                let at = format::date_minute(newest.time, &self.zone);
                format!("No value in this time: the newest is of {at}. Choose a longer time above")
            }
            None => match self.doubt() {
                Some(why) => format!("No value yet: {why}"),
                None => "No value yet: the first comes within a minute".to_owned(),
            },
        }
    }
}

/// What the pointer is at.
#[derive(Debug, PartialEq)]
enum Place<'a> {
    At(&'a Sample),
    /// Where nobody knows, between what is known.
    Gap(Option<Time>, Option<Time>),
}

impl<'a> Place<'a> {
    /// A value of the line that the pointer is at; at the end of one it may be so many seconds off.
    fn find(samples: &'a [Sample], pointer: PlotPoint, near: f64) -> Self {
        let after = samples.partition_point(|sample| seconds(sample.time) < pointer.x);
        let (before, next) = (after.checked_sub(1).and_then(|at| samples.get(at)), samples.get(after));
        let off = |sample: &&Sample| (seconds(sample.time) - pointer.x).abs();
        let nearest = [before, next].into_iter().flatten().min_by(|a, b| off(a).total_cmp(&off(b)));
        let is_joined = next.is_some_and(|next| next.follows && before.is_some());
        match nearest {
            Some(nearest) if is_joined || off(&nearest) <= near => Self::At(nearest),
            _ => Self::Gap(before.map(|sample| sample.time), next.map(|sample| sample.time)),
        }
    }

    fn words(&self, zone: &TimeZone) -> String {
        let at = |time| format::date_minute(time, zone);
        match self {
            Self::At(sample) => format!(
                "{} {}   {}",
                at(sample.time),
                format::zone_name(sample.time, zone),
                format::money(sample.equity)
            ),
            Self::Gap(Some(from), Some(to)) => format!("No value between {} and {}", at(*from), at(*to)),
            Self::Gap(Some(from), None) => format!("No value since {}", at(*from)),
            Self::Gap(None, Some(to)) => format!("No value before {}", at(*to)),
            Self::Gap(None, None) => "No value".to_owned(),
        }
    }
}

/// Accounts of this session, then those that were worth something earlier.
fn accounts(desk: &Desk) -> Vec<&AccountId> {
    let mut accounts: Vec<&AccountId> = desk.accounts().iter().map(|account| &account.id).collect();
    for earlier in desk.equity().accounts() {
        if !accounts.contains(&earlier) {
            accounts.push(earlier);
        }
    }
    accounts
}

/// From one value to another: by how much, and by how many per cent of what it was, where that was something.
fn change(first: &Sample, last: &Sample) -> (Money, Option<Decimal>) {
    let amount = last.equity.amount - first.equity.amount;
    let is_something = first.equity.amount > Decimal::ZERO;
    let share = amount.checked_div(first.equity.amount).filter(|_| is_something);
    let percent = share.and_then(|share| share.checked_mul(Decimal::ONE_HUNDRED));
    (Money { amount, ..last.equity }, percent)
}
