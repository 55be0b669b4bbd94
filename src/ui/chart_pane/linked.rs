//! What a chart has in common with the others of its group, beside the instrument: the period, where the trader
//! wants that, and the place that the pointer is at.

use serde::{Deserialize, Serialize};

use super::ChartPane;
use crate::desk::{Desk, Group, Pointed};
use crate::domain::{InstrumentId, Time, Timeframe};
use crate::link::BarKey;
use crate::market::calendar::Calendar;
use crate::market::series::BarSeries;
use crate::ui::chart::Hover;
use crate::ui::workspace::Workspace;

/// What a chart shares with those of its group that share it too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Links {
    /// The period. Not unless asked for: several periods of one instrument are the usual desk.
    pub period: bool,
    /// The crosshair: each marks the time that the pointer is at in another.
    pub crosshair: bool,
}

impl Default for Links {
    fn default() -> Self {
        Self { period: false, crosshair: true }
    }
}

/// A bond of a chart, to be tied or cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bond {
    /// `Links::period`.
    Period,
    /// `Links::crosshair`.
    Crosshair,
}

impl Bond {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Period, Self::Crosshair];

    /// What it is called.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Period => "Period of its group",
            Self::Crosshair => "Crosshair of its group",
        }
    }
}

impl ChartPane {
    /// What it shares with its group.
    #[must_use]
    pub fn is_tied(&self, bond: Bond) -> bool {
        match bond {
            Bond::Period => self.links.period,
            Bond::Crosshair => self.links.crosshair,
        }
    }

    /// Shares something with its group, or not any more.
    pub fn tie(&mut self, bond: Bond, is_tied: bool) {
        match bond {
            Bond::Period => self.links.period = is_tied,
            Bond::Crosshair => self.links.crosshair = is_tied,
        }
    }
}

impl Links {
    /// Where the pointer is, for the others of the group.
    pub(super) fn point(self, desk: &Desk, instrument: InstrumentId, hover: &Hover) -> Option<Pointed> {
        let Hover { time, price, .. } = *hover;
        self.crosshair.then(|| Pointed { group: desk.group(), instrument, time, price })
    }

    /// The place in a chart of these bars that the pointer is at in another.
    pub(super) fn pointed(
        self,
        desk: &Desk,
        of: BarKey,
        series: &BarSeries,
        calendar: Option<&Calendar>,
    ) -> Option<Hover> {
        let pointed = desk.pointed().filter(|_| self.crosshair)?;
        let end = |begin| calendar.map(|calendar| calendar.period_end(begin, of.timeframe));
        let index = bar_at(series, pointed.time, end)?;
        let price = pointed.price.filter(|_| pointed.instrument == of.instrument);
        Some(Hover { index, time: series.get(index)?.time, price })
    }
}

/// The bar in which an instant lies; of one in which no bar lies, the first after it.
fn bar_at(series: &BarSeries, time: Time, end: impl Fn(Time) -> Option<Time>) -> Option<usize> {
    let next = series.index_at(time);
    if series.get(next).is_some_and(|bar| bar.time == time) {
        return Some(next);
    }
    let before = next.checked_sub(1);
    let holds = |index: &usize| {
        let begin = series.get(*index).map(|bar| bar.time);
        begin.and_then(&end).is_none_or(|end| time < end)
    };
    before.filter(holds).or_else(|| (next < series.len() && next > 0).then_some(next))
}

/// What a chart knows of the period of its group.
pub(super) type Agreed = Option<(Group, Timeframe)>;

impl Workspace {
    /// Gives charts that share the period of their group the one that the trader has chosen in any of them; a
    /// chart that is new to the group takes what the others have. Whether any shows another period now.
    pub fn share_periods(&mut self) -> bool {
        let groups: Vec<_> = self.panes.all::<ChartPane>().map(|(key, _)| (key, self.group(key))).collect();
        let group_of =
            |key| groups.iter().find(|(of, _)| *of == key).map_or_else(Group::default, |(_, group)| *group);
        let mut periods = [None; Group::COUNT];
        // A choice counts more than what was agreed before, and that more than what a chart brings along.
        let ranks: [fn(&ChartPane, Group) -> bool; 3] = [
            |chart, group| chart.agreed.is_some_and(|(of, period)| of == group && period != chart.timeframe),
            |chart, group| chart.agreed == Some((group, chart.timeframe)),
            |_, _| true,
        ];
        for counts in ranks {
            for (key, chart) in self.panes.all::<ChartPane>().filter(|(_, chart)| chart.links.period) {
                let group = group_of(key);
                if counts(chart, group) {
                    periods[group.index()].get_or_insert(chart.timeframe);
                }
            }
        }
        let mut has_turned = false;
        for (key, chart) in self.panes.all_mut::<ChartPane>() {
            let group = group_of(key);
            let period = periods[group.index()].filter(|_| chart.links.period);
            chart.agreed = period.map(|period| (group, period));
            if let Some(period) = period.filter(|period| *period != chart.timeframe) {
                chart.timeframe = period;
                has_turned = true;
            }
        }
        has_turned
    }
}

#[cfg(test)]
mod tests;
