//! Bar series of the open charts.

use std::collections::BTreeMap;

use crate::domain::{Bar, Time};
use crate::link::channel::BarSlot;
use crate::link::update::Placement;
use crate::link::{BarKey, Demand, History};
use crate::market::series::{Applied, BarSeries};

/// A demanded series, as far as it has come.
#[derive(Debug, Clone, Default)]
pub struct SeriesView {
    /// The bars; the last one may be forming. While they are not loaded: those of before, to look at.
    pub series: BarSeries,
    /// Whether the answer has come that the bars stand on.
    pub is_loaded: bool,
    /// Whether nothing older exists.
    pub is_complete: bool,
    /// Until when bars that are wanted have to wait, because the broker lets nobody ask so often.
    pub waits_until: Option<Time>,
    /// Whether bars are missing that the broker would not tell.
    pub lacks_bars: bool,
}

impl SeriesView {
    fn expect_anew(&mut self) {
        self.is_loaded = false;
        self.is_complete = false;
    }
}

#[derive(Default)]
pub(super) struct Charts {
    by_key: BTreeMap<BarKey, SeriesView>,
}

impl Charts {
    pub fn get(&self, key: BarKey) -> Option<&SeriesView> {
        self.by_key.get(&key)
    }

    /// Every series will come anew. The bars stay in sight until then, and nothing is added
    /// to them: a chart that goes blank loses its reader, one with a hole misleads him.
    pub fn expect_anew(&mut self) {
        self.by_key.values_mut().for_each(SeriesView::expect_anew);
    }

    /// Takes new bars over; says how many were taken and how many refused. Bars that come
    /// before the history are of no use: the history will contain them.
    pub fn bars(&mut self, key: BarKey, slot: &BarSlot) -> (u64, u64) {
        let total = slot.bars.len() as u64;
        let Some(view) = self.by_key.get_mut(&key) else { return (0, total) };
        if slot.has_gap {
            view.expect_anew();
        }
        if !view.is_loaded {
            return (0, total);
        }
        let is_taken = |bar: &&Bar| matches!(view.series.apply(**bar), Applied::Replaced | Applied::Appended);
        let taken = slot.bars.iter().filter(is_taken).count() as u64;
        (taken, total - taken)
    }

    /// Bars of a series come later.
    pub fn wait(&mut self, key: BarKey, until: Time) {
        self.by_key.entry(key).or_default().waits_until = Some(until);
    }

    /// Bars that were expected do not come: those of before go on.
    pub fn refused(&mut self, key: BarKey) {
        let view = self.by_key.entry(key).or_default();
        view.waits_until = None;
        view.is_loaded = true;
        view.lacks_bars = true;
    }

    pub fn history(&mut self, history: History) {
        let History { key, chunk, placement, is_complete } = history;
        if let Some(view) = self.by_key.get_mut(&key) {
            view.waits_until = None;
        }
        match placement {
            Placement::Anew => {
                let view = self.by_key.entry(key).or_default();
                view.is_loaded = true;
                view.lacks_bars = false;
                view.is_complete = is_complete;
                match chunk {
                    Some(chunk) => view.series.replace(chunk),
                    None => view.series = BarSeries::default(),
                }
            }
            Placement::Before => {
                // An answer from before a snapshot belongs to bars that will come anew.
                let Some(view) = self.by_key.get_mut(&key).filter(|view| view.is_loaded) else { return };
                view.is_complete |= is_complete;
                let overlap = chunk.and_then(|chunk| view.series.prepend(chunk).err());
                if let Some(overlap) = overlap {
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
