//! Measured latencies: from the wire to the screen, from the hand to the wire, from frame to frame.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::domain::{InstrumentId, Time};
use crate::link::WayOut;

/// Durations in buckets that grow by a quarter power of two, 1 µs to about a minute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Histogram {
    counts: [u64; Self::BUCKETS],
    total: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: [0; Self::BUCKETS], total: 0 }
    }
}

impl Histogram {
    const BUCKETS: usize = 104;
    const PER_DOUBLING: f64 = 4.0;

    /// Adds one duration.
    pub fn add(&mut self, duration: Duration) {
        let micros = (duration.as_nanos() as f64 / 1_000.0).max(1.0);
        let bucket = (libm::log2(micros) * Self::PER_DOUBLING) as usize;
        self.counts[bucket.min(Self::BUCKETS - 1)] += 1;
        self.total += 1;
    }

    /// How many were added.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The duration that `share` (0 to 1) of all did not exceed, to within a bucket (19 %).
    #[must_use]
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        if self.total == 0 {
            return None;
        }
        let rank = libm::ceil(self.total as f64 * share.clamp(0.0, 1.0)).max(1.0) as u64;
        let mut seen = 0;
        let bucket = self.counts.iter().position(|count| {
            seen += count;
            seen >= rank
        })?;
        Some(Self::upper_bound(bucket))
    }

    /// `(upper bound, count)` of every bucket that is not empty, for a plot.
    pub fn buckets(&self) -> impl Iterator<Item = (Duration, u64)> {
        let filled = self.counts.iter().enumerate().filter(|(_, count)| **count > 0);
        filled.map(|(bucket, &count)| (Self::upper_bound(bucket), count))
    }

    fn upper_bound(bucket: usize) -> Duration {
        let micros = libm::exp2((bucket + 1) as f64 / Self::PER_DOUBLING);
        Duration::from_nanos((micros * 1_000.0) as u64)
    }
}

/// The latencies of this run, or since they were measured anew.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Latency {
    /// From the receipt of a message to the end of the frame that shows it.
    pub tick_to_screen: Histogram,
    /// From its receipt until the window took it over: the engine, and the wait for a frame.
    pub tick_to_window: Histogram,
    /// From there until the frame was drawn.
    pub window_to_screen: Histogram,
    /// From a click or key to the handing over of its bytes.
    pub click_to_wire: Histogram,
    /// From a click or key until the engine has judged it and taken it on.
    pub click_to_engine: Histogram,
    /// From there until the disk has it. A cancel does not wait for that.
    pub engine_to_disk: Histogram,
    /// From there, of a cancel from the engine, until its bytes were handed over.
    pub disk_to_wire: Histogram,
    /// From the beginning of a frame to that of the next, where the next was due at once,
    /// as it is after every input. A rest between frames that nobody wanted is no gap.
    pub frame_gaps: Histogram,
    longest_gap: Option<FrameGap>,
    unpainted: Vec<Unpainted>,
    /// Since when the quotes of an instrument are looked at.
    watched: BTreeMap<InstrumentId, Time>,
}

/// A message that no frame has shown yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Unpainted {
    received: Time,
    taken: Time,
}

/// How long the window stood still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameGap {
    /// How long.
    pub lasted: Duration,
    /// When it was over.
    pub ended: Time,
}

/// Messages per frame that are timed; the rest of a flood would not tell more.
const TIMED_PER_FRAME: usize = 256;

impl Latency {
    /// Forgets what was measured. What is looked at stays known.
    pub(super) fn measure_anew(&mut self) {
        let watched = std::mem::take(&mut self.watched);
        *self = Self { watched, ..Self::default() };
    }

    /// From `now` on, these quotes are looked at, and no others.
    pub(super) fn watch(&mut self, quotes: &BTreeSet<InstrumentId>, now: Time) {
        self.watched.retain(|id, _| quotes.contains(id));
        for id in quotes {
            self.watched.entry(*id).or_insert(now);
        }
    }

    /// The messages before were taken over, and nobody was there to look: they would count
    /// the time until the window is shown again.
    pub(super) fn not_painted(&mut self) {
        self.unpainted.clear();
    }

    /// A quote that was known before somebody looked at it is handed over with the time at
    /// which it came: its age is no latency.
    pub(super) fn on_quote(&mut self, id: InstrumentId, received: Time, taken: Time) {
        if self.watched.get(&id).is_some_and(|since| received >= *since) {
            self.on_received(received, taken);
        }
    }

    pub(super) fn on_received(&mut self, received: Time, taken: Time) {
        if self.unpainted.len() < TIMED_PER_FRAME {
            self.unpainted.push(Unpainted { received, taken });
        }
    }

    pub(super) fn on_painted(&mut self, now: Time) {
        for Unpainted { received, taken } in self.unpainted.drain(..) {
            self.tick_to_screen.add(now.since(received));
            self.tick_to_window.add(taken.since(received));
            self.window_to_screen.add(now.since(taken));
        }
    }

    pub(super) fn on_painted_unmeasured(&mut self) {
        self.unpainted.clear();
    }

    pub(super) fn on_wire(&mut self, way: &WayOut) {
        self.click_to_wire.add(way.wire_at.since(way.input_at));
        self.click_to_engine.add(way.taken_at.since(way.input_at));
        if let Some(written_at) = way.written_at {
            self.engine_to_disk.add(written_at.since(way.taken_at));
        }
        self.disk_to_wire.add(way.wire_at.since(way.written_at.unwrap_or(way.taken_at)));
    }

    pub(super) fn on_frame_gap(&mut self, gap: FrameGap) {
        self.frame_gaps.add(gap.lasted);
        if self.longest_gap.is_none_or(|longest| gap.lasted > longest.lasted) {
            self.longest_gap = Some(gap);
        }
    }

    /// The longest that the window stood still with a frame due.
    #[must_use]
    pub fn longest_gap(&self) -> Option<FrameGap> {
        self.longest_gap
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_right_to_within_a_bucket() {
        let mut histogram = Histogram::default();
        for micros in 1..=1_000 {
            histogram.add(Duration::from_micros(micros));
        }
        let check = |share, exact: f64| {
            let found = histogram.quantile(share).unwrap().as_secs_f64() * 1e6;
            assert!(found >= exact && found <= exact * 1.2, "{share}: {found} for {exact}");
        };
        check(0.5, 500.0);
        check(0.99, 990.0);
        check(1.0, 1_000.0);
    }

    #[test]
    fn an_empty_histogram_has_no_quantile() {
        assert_eq!(Histogram::default().quantile(0.5), None);
    }

    #[test]
    fn what_was_received_is_timed_once_painted() {
        let mut latency = Latency::default();
        latency.on_received(Time(0), Time(0));
        assert_eq!(latency.tick_to_screen.total(), 0);
        latency.on_painted(Time(5_000_000));
        latency.on_painted(Time(9_000_000));
        assert_eq!(latency.tick_to_screen.total(), 1);
    }

    #[test]
    fn what_nobody_could_see_is_not_timed() {
        let mut latency = Latency::default();
        latency.on_received(Time(0), Time(0));
        latency.not_painted();
        latency.on_received(Time(600_000_000_000), Time(600_000_000_000));
        latency.on_painted(Time(600_001_000_000));
        assert_eq!(latency.tick_to_screen.total(), 1);
        assert!(latency.tick_to_screen.quantile(1.0).unwrap() < Duration::from_millis(2));
    }

    #[test]
    fn a_quote_from_before_it_was_looked_at_is_not_timed() {
        let share = InstrumentId(3);
        let mut latency = Latency::default();
        let timed = |latency: &mut Latency, received| {
            latency.on_quote(share, Time(received), Time(1_000));
            latency.on_painted(Time(1_000));
            latency.tick_to_screen.total()
        };
        latency.watch(&BTreeSet::from([share]), Time(500));
        assert_eq!(timed(&mut latency, 10), 0, "it was known before");
        assert_eq!(timed(&mut latency, 500), 1);
        latency.watch(&BTreeSet::from([share]), Time(700));
        assert_eq!(timed(&mut latency, 600), 2, "it was looked at all the time");
        latency.watch(&BTreeSet::new(), Time(800));
        latency.watch(&BTreeSet::from([share]), Time(900));
        assert_eq!(timed(&mut latency, 850), 2, "it was not looked at when it came");
    }

    #[test]
    fn the_longest_gap_between_frames_is_kept_with_its_time() {
        let mut latency = Latency::default();
        assert_eq!(latency.longest_gap(), None);
        let gap = |millis, ended| FrameGap { lasted: Duration::from_millis(millis), ended: Time(ended) };
        for next in [gap(17, 1), gap(90, 2), gap(16, 3)] {
            latency.on_frame_gap(next);
        }
        assert_eq!(latency.longest_gap(), Some(gap(90, 2)));
        assert_eq!(latency.frame_gaps.total(), 3);
    }

    #[test]
    fn the_way_to_the_screen_is_the_sum_of_its_stages() {
        let mut latency = Latency::default();
        latency.on_received(Time(1_000_000), Time(5_000_000));
        latency.on_painted(Time(7_000_000));
        let took = |histogram: &Histogram| histogram.quantile(1.0).unwrap().as_secs_f64() * 1e3;
        for (found, exact) in [
            (took(&latency.tick_to_screen), 6.0),
            (took(&latency.tick_to_window), 4.0),
            (took(&latency.window_to_screen), 2.0),
        ] {
            assert!(found >= exact && found <= exact * 1.2, "{found} ms for {exact}");
        }
    }

    #[test]
    fn a_cancel_has_no_stage_on_the_disk() {
        let mut latency = Latency::default();
        let way = |written_at| WayOut {
            order: crate::domain::OrderId(1),
            input_at: Time(0),
            taken_at: Time(1_000_000),
            written_at,
            wire_at: Time(9_000_000),
        };
        latency.on_wire(&way(None));
        assert_eq!(latency.engine_to_disk.total(), 0);
        latency.on_wire(&way(Some(Time(7_000_000))));
        assert_eq!(latency.engine_to_disk.total(), 1);
        let took = |share| latency.disk_to_wire.quantile(share).unwrap().as_secs_f64() * 1e3;
        assert!((2.0..2.4).contains(&took(0.5)) && (8.0..9.6).contains(&took(1.0)));
    }
}
