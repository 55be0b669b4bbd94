//! What wakes the windows from the runtime, as often as they can show anything and no more.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use egui::ViewportId;

use crate::domain::Time;
use crate::link::Clock;

/// Least time between two frames of the main window that data alone ask for.
const FRAME: Duration = Duration::from_micros(16_600);
/// The same of the others. Each frame of theirs may wait for its monitor, and the main window with it: all run in
/// one thread. At half its pace they leave it every second turn.
const FRAME_BESIDE: Duration = Duration::from_micros(33_300);

/// Wakes the windows from the runtime. Holds the only copy of egui's context there.
#[derive(Clone, Default)]
pub(super) struct Wake {
    window: Arc<OnceLock<egui::Context>>,
    last_frame: Arc<AtomicI64>,
    /// The windows beside the main one, and when each began its last frame. Held for as long as it takes to look
    /// at a handful of them.
    beside: Arc<Mutex<Vec<(ViewportId, Time)>>>,
    /// Frames of windows beside the main one, of all that there were.
    painted_beside: Arc<AtomicU64>,
    is_closing: Arc<AtomicBool>,
}

impl Wake {
    /// At most one frame per [`FRAME`], however often data come. A delay of zero would
    /// paint two frames, so there is always some.
    pub fn closure(&self, clock: Clock) -> Arc<dyn Fn() + Send + Sync> {
        let Self { window, last_frame, beside, .. } = self.clone();
        Arc::new(move || {
            let Some(window) = window.get() else { return };
            let now = clock.now();
            let rouse = |id, last: Time, frame: Duration| {
                let delay = frame.saturating_sub(now.since(last)).max(Duration::from_millis(1));
                window.request_repaint_after_for(delay, id);
            };
            rouse(ViewportId::ROOT, Time(last_frame.load(Ordering::Relaxed)), FRAME);
            let beside = beside.lock().unwrap_or_else(PoisonError::into_inner).clone();
            for (id, last) in beside {
                rouse(id, last, FRAME_BESIDE);
            }
        })
    }

    /// From now on this window is woken. The first is the only one.
    pub fn attach(&self, window: egui::Context) {
        self.window.set(window).ok();
    }

    /// The main window begins a frame.
    pub fn on_frame(&self, now: Time) {
        self.last_frame.store(now.0, Ordering::Relaxed);
    }

    /// A window beside it begins a frame.
    pub fn on_frame_beside(&self, id: ViewportId, now: Time) {
        self.painted_beside.fetch_add(1, Ordering::Relaxed);
        let mut beside = self.beside.lock().unwrap_or_else(PoisonError::into_inner);
        match beside.iter_mut().find(|(known, _)| *known == id) {
            Some((_, last)) => *last = now,
            None => beside.push((id, now)),
        }
    }

    /// How many frames windows beside the main one have begun.
    pub fn painted_beside(&self) -> u64 {
        self.painted_beside.load(Ordering::Relaxed)
    }

    /// Whether a window beside the main one has begun a frame since.
    pub fn has_drawn_beside(&self, since: Time) -> bool {
        let beside = self.beside.lock().unwrap_or_else(PoisonError::into_inner);
        beside.iter().any(|(_, last)| *last >= since)
    }

    /// There are no others beside the main one than those of which it is true.
    pub fn keep_beside(&self, is_there: impl Fn(ViewportId) -> bool) {
        self.beside.lock().unwrap_or_else(PoisonError::into_inner).retain(|(id, _)| is_there(*id));
    }

    pub fn close(&self) {
        self.is_closing.store(true, Ordering::Release);
        self.rouse();
    }

    /// Whether the program is to end without a question.
    pub fn is_closing(&self) -> bool {
        self.is_closing.load(Ordering::Acquire)
    }

    /// Has the main window look around soon, whether or not there are data.
    pub fn rouse(&self) {
        if let Some(window) = self.window.get() {
            window.request_repaint_after_for(Duration::from_millis(1), ViewportId::ROOT);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a waker has asked of egui: for which window, and how soon.
    fn asked(wake: &Wake) -> Arc<Mutex<Vec<(ViewportId, Duration)>>> {
        let asked: Arc<Mutex<Vec<_>>> = Arc::default();
        let window = egui::Context::default();
        let told = Arc::clone(&asked);
        window.set_request_repaint_callback(move |info| {
            told.lock().unwrap().push((info.viewport_id, info.delay));
        });
        wake.attach(window);
        asked
    }

    #[test]
    fn data_wake_each_window_at_its_own_pace() {
        let wake = Wake::default();
        let asked = asked(&wake);
        let clock = Clock::system();
        let other = ViewportId::from_hash_of("other");
        let gone = ViewportId::from_hash_of("gone");
        wake.on_frame(clock.now());
        wake.on_frame_beside(other, clock.now());
        wake.on_frame_beside(gone, clock.now());
        wake.keep_beside(|id| id != gone);
        wake.closure(clock)();
        let asked = asked.lock().unwrap();
        let of = |id| asked.iter().filter(|(of, _)| *of == id).map(|(_, delay)| *delay).collect::<Vec<_>>();
        let [main] = of(ViewportId::ROOT)[..] else { panic!("{asked:?}") };
        let [beside] = of(other)[..] else { panic!("{asked:?}") };
        assert!(!main.is_zero() && main <= FRAME, "{main:?}");
        assert!(beside > main && beside <= FRAME_BESIDE, "{beside:?} and {main:?}");
        assert!(of(gone).is_empty());
    }
}
