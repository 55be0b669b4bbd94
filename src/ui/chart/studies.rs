//! The studies of a chart: indicators over its bars, kept with the view and saved with it.
//!
//! `panes` gives each its pane and scale, `trace` turns values into rows of pixels, `draw` those
//! into meshes that are kept while nothing changes, `legend` names each study with its values, its numbers and a way to remove it.
//!
//! The price scale stays fitted to the candles alone: a study that is far off, such as a long
//! average after a jump, may leave the pane, but never flattens the bars that are traded by.

mod draw;
mod legend;
mod panes;
mod trace;

use std::sync::Arc;

use serde::{Deserialize, Deserializer};

use self::draw::{Drawn, Place};
use super::areas;
use crate::link::BarKey;
use crate::market::calendar::Calendar;
use crate::market::indicators::{Indicator, LINES, Pane, Study, StudyLines, Values};
use crate::market::series::BarSeries;
use crate::ui::theme::STUDIES;

pub use self::legend::Spot;

/// The most studies that a chart shows.
pub const MOST: usize = 8;
/// Bars that all studies of a chart together go through in a frame: some milliseconds.
const BUDGET: usize = 100_000;

/// The studies of one chart, in the order of its legend.
#[derive(Debug, Default)]
pub struct Studies {
    shown: Vec<Shown>,
    /// What their lines are of.
    of: Option<(BarKey, Arc<Calendar>)>,
    /// How many there have ever been: each is known by its number, wherever it stands.
    added: u64,
}

/// One study, and what is known of its lines.
#[derive(Debug)]
struct Shown {
    number: u64,
    study: Study,
    /// Index of its colour in the theme; stays while others come and go.
    colour: usize,
    /// Before the first [`Studies::follow`] there are none.
    lines: Option<StudyLines>,
    /// Bars that the lines have still to go through.
    left: usize,
    /// Where it is in this frame; `None` where the chart has no room for it.
    place: Option<Place>,
    drawn: Drawn,
}

/// Reads a list of studies: those of another version that this one does not know, and whatever
/// else is none, are left out. At most [`MOST`].
pub fn known<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Study>, D::Error> {
    let saved = serde_json::Value::deserialize(deserializer)?;
    let saved = saved.as_array().map(Vec::as_slice).unwrap_or_default();
    let read = saved.iter().filter_map(|value| {
        Study::deserialize(value)
            .inspect_err(|error| tracing::warn!("an indicator of a chart is left out: {error}"))
            .ok()
    });
    Ok(read.take(MOST).collect())
}

impl Studies {
    /// These studies, without lines yet.
    #[must_use]
    pub fn of(saved: Vec<Study>) -> Self {
        let mut studies = Self::default();
        for study in saved {
            studies.add(study);
        }
        studies
    }

    /// To be saved.
    #[must_use]
    pub fn to_saved(&self) -> Vec<Study> {
        self.shown.iter().map(|shown| shown.study.clone()).collect()
    }

    /// Whether there is room for one with this indicator.
    fn has_room(&self, indicator: &Indicator) -> bool {
        let has_pane = indicator.pane == Pane::Price || self.below() < areas::STUDIES;
        self.shown.len() < MOST && has_pane
    }

    /// How many have a pane of their own.
    #[must_use]
    pub fn below(&self) -> usize {
        self.shown.iter().filter(|shown| !shown.is_over_price()).count()
    }

    /// Adds a study where there is room for it, in the colour that fewest have.
    fn add(&mut self, study: Study) {
        if !self.has_room(study.indicator()) {
            return;
        }
        let users = |colour: &usize| self.shown.iter().filter(|shown| shown.colour == *colour).count();
        let colour = (0..STUDIES).min_by_key(users).unwrap_or(0);
        self.added += 1;
        let number = self.added;
        let drawn = Drawn::default();
        self.shown.push(Shown { number, study, colour, lines: None, left: 0, place: None, drawn });
    }

    /// Brings all lines up to the series, a part of them where it is long. Returns whether all is
    /// done.
    pub fn follow(&mut self, series: &BarSeries, key: BarKey, calendar: &Arc<Calendar>) -> bool {
        let is_same = |(of, hours): &(BarKey, Arc<Calendar>)| *of == key && Arc::ptr_eq(hours, calendar);
        if !self.of.as_ref().is_some_and(is_same) {
            self.of = Some((key, Arc::clone(calendar)));
            self.shown.iter_mut().for_each(Shown::forget);
        }
        let mut budget = BUDGET;
        for shown in &mut self.shown {
            let make = || StudyLines::new(shown.study.clone(), Arc::clone(calendar));
            let progress = shown.lines.get_or_insert_with(make).follow(series, budget);
            budget -= progress.used;
            shown.left = progress.left;
        }
        self.shown.iter().all(|shown| shown.left == 0)
    }
}

impl Shown {
    fn is_over_price(&self) -> bool {
        self.study.indicator().pane == Pane::Price
    }

    /// Another series, or other numbers: nothing of the lines holds.
    fn forget(&mut self) {
        self.lines = None;
        self.left = 0;
        self.drawn = Drawn::default();
    }

    /// The values of a bar; NaN where there are none.
    fn values_at(&mut self, series: &BarSeries, index: usize) -> Values {
        let Some(lines) = &self.lines else { return [f64::NAN; LINES] };
        match lines.newest() {
            Some((newest, values)) if newest == index => values,
            _ => self.drawn.values_at(lines, series, index, self.left),
        }
    }
}
