//! The Results tab: what this week and this month have come to, day by day, in the base currency.
//!
//! The journal is asked while the tab is seen, and again when something was traded, a few times a minute at most.

use std::time::Duration;

use egui::{RichText, Ui};
use jiff::civil::Date;
use jiff::{ToSpan as _, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::cell::Cell;
use super::order_row::zone_name;
use super::table::{Column, Controls, Heads, Row, TIME, Table};
use super::widths::Widths;
use crate::desk::Desk;
use crate::domain::results::DayTotal;
use crate::domain::{Currency, Decimal, Time};
use crate::link::{Command, CommandId, Span};
use crate::market::valuation::Rates;
use crate::ui::commands::Commands;
use crate::ui::format;
use crate::ui::theme::{Theme, theme_of};

/// The journal is asked no more often.
const PACE: Duration = Duration::from_secs(5);

const COLUMNS: [Column; 7] = [
    Column::words(TIME, "Day"),
    Column::figures("realised", "Realised"),
    Column::figures("commissions", "Commissions"),
    Column::figures("net", "Net"),
    Column::figures("fills", "Fills"),
    Column::figures("winners", "Winners"),
    Column::figures("losers", "Losers"),
];

/// The view state of the tab.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct ResultsView {
    widths: Widths,
    #[serde(skip)]
    asked: Option<Asked>,
    /// What the journal has said last, and why not where it has not.
    #[serde(skip)]
    told: Vec<DayTotal>,
    #[serde(skip)]
    why_not: Option<String>,
    #[serde(skip)]
    has_come: bool,
}

/// The last question.
#[derive(Debug)]
struct Asked {
    id: CommandId,
    at: Time,
    /// What had been traded then.
    trades: u64,
    span: Span,
    is_answered: bool,
}

/// What several days come to in the base currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Sum {
    /// `None` where an exchange rate is missing.
    realised: Option<Decimal>,
    commissions: Option<Decimal>,
    fills: u32,
    winners: u32,
    losers: u32,
}

impl Sum {
    /// Of days that there are; `None` of none.
    fn of<'a>(days: impl Iterator<Item = &'a DayTotal>, rates: &Rates) -> Option<Self> {
        let mut sum =
            Self { realised: Some(Decimal::ZERO), commissions: Some(Decimal::ZERO), ..Self::default() };
        let mut is_any = false;
        for day in days {
            is_any = true;
            // Nothing needs no rate.
            let to_base = |amount: Decimal| {
                if amount.is_zero() { Some(amount) } else { rates.to_base(amount, day.currency) }
            };
            let add = |to: Option<Decimal>, amount| to?.checked_add(to_base(amount)?);
            sum.realised = add(sum.realised, day.realised);
            sum.commissions = add(sum.commissions, day.commissions);
            sum.fills += day.fills;
            sum.winners += day.winners;
            sum.losers += day.losers;
        }
        is_any.then_some(sum)
    }
}

impl ResultsView {
    /// What is said beside the tabs: in which currency, and how far that holds.
    pub fn bar_ui(&self, ui: &mut Ui, desk: &Desk) {
        let theme = theme_of(ui.ctx());
        let (text, colour) = match &self.why_not {
            Some(why) => (why.clone(), theme.warn),
            None if !self.has_come => ("Asking the journal …".to_owned(), theme.text_weak),
            None => (
                format!("In {}, at the exchange rates of now", desk.settings().base_currency),
                theme.text_weak,
            ),
        };
        let about = "What executions of this profile have realised, over all accounts. What is still held is not in \
                     it. Amounts in other currencies are counted at the rates of now, not at those of their day";
        ui.add(egui::Label::new(RichText::new(text).color(colour)).truncate()).on_hover_text(about);
    }

    pub fn ui(&mut self, ui: &mut Ui, desk: &Desk, theme: &Theme, out: &mut Commands) {
        let zone = format::zone(desk.settings().time_zone_display, None);
        let today = desk.market_time().unwrap_or(desk.now()).to_timestamp().to_zoned(zone.clone()).date();
        let (week, month) = (monday(today), today.first_of_month());
        self.settle(desk);
        self.ask(ui, desk, &zone, week.min(month), out);
        let rates = desk.rates();
        let base = desk.settings().base_currency;
        let since = |first: Date| Sum::of(self.told.iter().filter(|total| total.day >= first), &rates);
        let mut rows = vec![("This week".to_owned(), since(week)), ("This month".to_owned(), since(month))];
        let mut day = today;
        while day >= week.min(month) {
            let of_day = self.told.iter().filter(|total| total.day == day);
            rows.push((day.strftime("%a %d %b").to_string(), Sum::of(of_day, &rates)));
            let Ok(before) = day.yesterday() else { break };
            day = before;
        }
        let table = Table {
            name: "Results table",
            columns: &COLUMNS,
            heads: Heads::Still,
            controls: Controls::None,
            row_count: rows.len(),
            reveal: None,
            footer: None,
            zone: Some(zone_name(desk)),
        };
        table.show(ui, theme, &mut self.widths, |row| row_of(row, &rows[row], base, theme));
    }

    /// Asks where the days, or what was traded, are not those that were asked about.
    fn ask(&mut self, ui: &Ui, desk: &Desk, zone: &TimeZone, first: Date, out: &mut Commands) {
        if desk.stopped().is_some() {
            return;
        }
        let from =
            first.to_zoned(zone.clone()).map_or(Time::MIN, |day| Time::from_timestamp(day.timestamp()));
        let (now, trades, span) = (desk.now(), desk.trades_revision(), Span { from, zone: zone.clone() });
        if let Some(asked) = &self.asked {
            let is_same = asked.span == span;
            if is_same && asked.trades == trades {
                return;
            }
            let left = PACE.saturating_sub(now.since(asked.at));
            if is_same && !left.is_zero() {
                return ui.request_repaint_after(left);
            }
        }
        let id = out.send(Command::Results(span.clone()));
        self.asked = Some(Asked { id, at: now, trades, span, is_answered: false });
    }

    /// Takes the answer over. What was told before stays until then.
    fn settle(&mut self, desk: &Desk) {
        let Some(asked) = self.asked.as_mut().filter(|asked| !asked.is_answered) else { return };
        let refused = desk.answer(asked.id).and_then(|answer| answer.outcome.as_ref().err());
        let outcome = match (refused, desk.results(asked.id)) {
            (Some(why), _) => Err(why.to_string()),
            (None, Some(results)) => results.days.clone().map_err(|why| why.to_string()),
            (None, None) => return,
        };
        asked.is_answered = true;
        match outcome {
            Ok(days) => (self.told, self.why_not, self.has_come) = (days, None, true),
            Err(why) => self.why_not = Some(why),
        }
    }
}

/// The Monday on or before a day.
fn monday(day: Date) -> Date {
    let after = i64::from(day.weekday().to_monday_zero_offset());
    day.checked_sub(after.days()).unwrap_or(day)
}

fn row_of(row: usize, (name, sum): &(String, Option<Sum>), base: Currency, theme: &Theme) -> Row {
    let is_total = row < 2;
    let title = if is_total { theme.text_strong } else { theme.text };
    let mut cells = vec![Cell::made(name.clone(), title)];
    if let Some(sum) = sum {
        let net = sum.realised.zip(sum.commissions).and_then(|(realised, paid)| realised.checked_sub(paid));
        let lacks =
            (net.is_none()).then(|| "An exchange rate is missing: this cannot be added up".to_owned());
        let amount = |value: Option<Decimal>| value.map(|value| format::amount(value, base));
        cells.extend([
            Cell::gain(sum.realised, base, theme).explained(lacks.clone()),
            Cell::figures_or_dash(amount(sum.commissions), theme, theme.text).explained(lacks.clone()),
            Cell::gain(net, base, theme).explained(lacks),
            Cell::figures(sum.fills.to_string(), theme.text),
            Cell::figures(sum.winners.to_string(), theme.text),
            Cell::figures(sum.losers.to_string(), theme.text),
        ]);
    }
    Row {
        key: row as u64,
        name: if is_total { "Total" } else { "Result" }.into(),
        cells,
        banner: None,
        is_selected: false,
    }
}
