//! Bar series of the open charts.

use std::collections::BTreeMap;

use crate::domain::Bar;
use crate::link::channel::BarSlot;
use crate::link::update::Placement;
use crate::link::{BarKey, Demand, History};
use crate::market::series::{Applied, BarSeries};

/// A demanded series, as far as it has come.
#[derive(Debug, Clone, Default)]
pub struct SeriesView {
    /// The bars; the last one may be forming.
    pub series: BarSeries,
    /// Whether the first answer has come.
    pub is_loaded: bool,
    /// Whether nothing older exists.
    pub is_complete: bool,
}

#[derive(Default)]
pub(super) struct Charts {
    by_key: BTreeMap<BarKey, SeriesView>,
}

impl Charts {
    pub fn get(&self, key: BarKey) -> Option<&SeriesView> {
        self.by_key.get(&key)
    }

    pub fn clear(&mut self) {
        self.by_key.clear();
    }

    /// Takes new bars over; says how many were taken and how many refused. Bars that come
    /// before the history are of no use: the history will contain them.
    pub fn bars(&mut self, key: BarKey, slot: &BarSlot) -> (u64, u64) {
        let total = slot.bars.len() as u64;
        let Some(view) = self.by_key.get_mut(&key).filter(|view| view.is_loaded) else { return (0, total) };
        let mut is_refused = |bar: &Bar| matches!(view.series.apply(*bar), Applied::Stale | Applied::Unsound);
        let refused = slot.bars.iter().filter(|bar| is_refused(bar)).count() as u64;
        (total - refused, refused)
    }

    pub fn history(&mut self, history: History) {
        let view = self.by_key.entry(history.key).or_default();
        view.is_loaded = true;
        view.is_complete |= history.is_complete;
        let Some(chunk) = history.chunk else { return };
        match history.placement {
            Placement::Anew => view.series.replace(chunk),
            Placement::Before => {
                if let Err(overlap) = view.series.prepend(chunk) {
                    tracing::warn!("older bars refused: {overlap}");
                }
            }
        }
    }

    /// Forgets series that nobody demands any more.
    pub fn keep_only(&mut self, demand: &Demand) {
        self.by_key.retain(|key, _| demand.bars.contains_key(key));
    }
}
