//! How often Interactive Brokers may be asked for past bars.
//!
//! Of bars of 30 seconds and less: not the same request twice within 15 seconds, fewer than six of one
//! instrument within two, at most 60 within ten minutes. Of longer ones only so many at once, because TWS
//! answers them slowly instead. Who asks more often is refused, and after some more refusals cut off.
//!
//! Of everything together TWS takes so many messages a second, from all programs. A stream of market data that is
//! refused for that comes again in its turn ([`OneByOne`]). Pure: time comes in.

use std::collections::VecDeque;
use std::time::Duration;

use ibapi::market_data::historical::BarSize;

use crate::domain::{InstrumentId, Time};

/// Requests that may be open at once.
const AT_ONCE: usize = 5;
const SAME_WITHIN: Duration = Duration::from_secs(15);
const BURST_WITHIN: Duration = Duration::from_secs(2);
const BURST: usize = 5;
const WINDOW: Duration = Duration::from_mins(10);
/// One less than allowed: TWS counts what other programs ask, too.
const IN_WINDOW: usize = 59;
/// After a refusal.
const FIRST_PAUSE: Duration = Duration::from_secs(15);
const LONGEST_PAUSE: Duration = Duration::from_mins(10);
/// Before the first of the streams that TWS has refused comes again.
const REFUSED_PAUSE: Duration = Duration::from_secs(2);
/// Between two of them: a fifth of what TWS takes.
const REFUSED_STEP: Duration = Duration::from_millis(100);

/// What makes two requests the same.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Key {
    /// Of what.
    pub instrument: InstrumentId,
    /// In which bars.
    pub size: BarSize,
    /// Up to when; `None` is now.
    pub ending: Option<Time>,
}

impl Key {
    fn is_short(&self) -> bool {
        matches!(self.size, BarSize::Sec | BarSize::Sec5 | BarSize::Sec10 | BarSize::Sec15 | BarSize::Sec30)
    }
}

/// What was asked, and when the next may be.
#[derive(Debug, Default)]
pub(super) struct Pacing {
    open: usize,
    short: VecDeque<(Time, Key)>,
    pause: Option<(Time, Duration)>,
}

impl Pacing {
    /// When a request may be sent: now, or at the time that is given; `None` where another has to be
    /// answered first.
    pub fn earliest(&mut self, key: &Key, now: Time) -> Option<Time> {
        if self.open >= AT_ONCE {
            return None;
        }
        let mut at = now;
        if key.is_short() {
            while self.short.front().is_some_and(|(sent, _)| now.since(*sent) >= WINDOW) {
                self.short.pop_front();
            }
            let same = self.short.iter().rev().find(|(_, known)| known == key);
            if let Some((sent, _)) = same {
                at = at.max(*sent + SAME_WITHIN);
            }
            let of_it = self.short.iter().rev().filter(|(_, known)| known.instrument == key.instrument);
            if let Some((sent, _)) = of_it.clone().nth(BURST - 1) {
                at = at.max(*sent + BURST_WITHIN);
            }
            if let Some((sent, _)) = self.short.iter().rev().nth(IN_WINDOW - 1) {
                at = at.max(*sent + WINDOW);
            }
        }
        if let Some((until, _)) = self.pause {
            at = at.max(until);
        }
        Some(at)
    }

    /// A request is sent.
    pub fn sent(&mut self, key: Key, now: Time) {
        self.open += 1;
        if key.is_short() {
            self.short.push_back((now, key));
        }
    }

    /// One was answered, or failed.
    pub fn answered(&mut self) {
        self.open = self.open.saturating_sub(1);
    }

    /// What is open will never be answered.
    pub fn forget(&mut self) {
        self.open = 0;
    }

    /// TWS has sent bars: it does not mind.
    pub fn works(&mut self) {
        self.pause = None;
    }

    /// TWS has refused one for being one too many: from here on with pauses that double.
    pub fn violated(&mut self, now: Time) {
        let pause = match self.pause {
            // Others that were on their way are refused for the same.
            Some((until, _)) if now < until => return,
            Some((_, last)) => (last * 2).min(LONGEST_PAUSE),
            None => FIRST_PAUSE,
        };
        self.pause = Some((now + pause, pause));
    }
}

/// The queue of streams that TWS has refused because it was asked too fast: all at once again, they would be
/// refused again.
#[derive(Debug, Default)]
pub(super) struct OneByOne {
    last: Option<Time>,
}

impl OneByOne {
    /// When another one that is refused now may be asked for again.
    pub fn again(&mut self, now: Time) -> Time {
        let soonest = now + REFUSED_PAUSE;
        let at = self.last.map_or(soonest, |last| soonest.max(last + REFUSED_STEP));
        self.last = Some(at);
        at
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::time::SECOND;

    proptest! {
        #[test]
        fn what_was_refused_comes_again_in_its_turn_and_no_later_than_need_be(
            pauses in proptest::collection::vec(0..400_u64, 1..100),
        ) {
            let (mut queue, mut now, mut given) = (OneByOne::default(), START, Vec::<Time>::new());
            for pause in pauses {
                now = now + Duration::from_millis(pause);
                let at = queue.again(now);
                prop_assert!(at >= now + REFUSED_PAUSE);
                prop_assert!(given.iter().all(|other| at.since(*other) >= REFUSED_STEP));
                let behind = given.last().map_or(START, |last| *last + REFUSED_STEP);
                prop_assert!(at == now + REFUSED_PAUSE || at == behind);
                given.push(at);
            }
        }
    }

    const START: Time = Time(1_000_000 * SECOND);

    fn after(millis: u64) -> Time {
        START + Duration::from_millis(millis)
    }

    fn key(instrument: u32, size: BarSize, ending: i64) -> Key {
        Key { instrument: InstrumentId(instrument), size, ending: Some(Time(ending)) }
    }

    fn send(pacing: &mut Pacing, key: Key, at: Time) {
        assert_eq!(pacing.earliest(&key, at), Some(at));
        pacing.sent(key, at);
        pacing.answered();
    }

    #[test]
    fn the_same_request_waits_fifteen_seconds() {
        let mut pacing = Pacing::default();
        let same = key(0, BarSize::Sec, 1);
        send(&mut pacing, same, START);
        assert_eq!(pacing.earliest(&same, after(1_000)), Some(after(15_000)));
        assert_eq!(pacing.earliest(&key(0, BarSize::Sec, 2), after(1_000)), Some(after(1_000)));
        assert_eq!(pacing.earliest(&same, after(15_000)), Some(after(15_000)));
    }

    #[test]
    fn five_of_an_instrument_within_two_seconds_and_no_more() {
        let mut pacing = Pacing::default();
        for n in 0..5 {
            send(&mut pacing, key(0, BarSize::Sec5, n), after(100 * n as u64));
        }
        assert_eq!(pacing.earliest(&key(0, BarSize::Sec5, 9), after(500)), Some(after(2_000)));
        assert_eq!(pacing.earliest(&key(1, BarSize::Sec5, 9), after(500)), Some(after(500)), "another one");
    }

    #[test]
    fn in_any_ten_minutes_there_are_fewer_than_sixty() {
        let mut pacing = Pacing::default();
        let (mut now, mut sent) = (START, Vec::new());
        for n in 0..200 {
            let key = key(n % 7, BarSize::Sec30, n.into());
            now = pacing.earliest(&key, now).unwrap();
            pacing.sent(key, now);
            pacing.answered();
            sent.push(now);
        }
        for (index, from) in sent.iter().enumerate() {
            let within = sent[index..].iter().filter(|at| at.since(*from) < WINDOW).count();
            assert!(within < 60, "{within} from {from}");
        }
        assert!(sent[199].since(START) < WINDOW * 4, "and not slower than need be");
    }

    #[test]
    fn longer_bars_are_only_limited_in_how_many_are_open() {
        let mut pacing = Pacing::default();
        for n in 0..5 {
            let key = key(0, BarSize::Min, n);
            assert_eq!(pacing.earliest(&key, START), Some(START));
            pacing.sent(key, START);
        }
        assert_eq!(pacing.earliest(&key(1, BarSize::Day, 1), START), None);
        pacing.answered();
        assert_eq!(pacing.earliest(&key(0, BarSize::Min, 0), START), Some(START));
    }

    #[test]
    fn a_refusal_makes_everything_wait_and_another_one_longer() {
        let mut pacing = Pacing::default();
        let any = key(0, BarSize::Min, 1);
        pacing.violated(START);
        assert_eq!(pacing.earliest(&any, after(1)), Some(after(15_000)));
        pacing.violated(after(2));
        assert_eq!(pacing.earliest(&any, after(3)), Some(after(15_000)), "of the same burst");
        pacing.violated(after(15_000));
        assert_eq!(pacing.earliest(&any, after(15_001)), Some(after(45_000)));
        pacing.works();
        assert_eq!(pacing.earliest(&any, after(15_002)), Some(after(15_002)));
    }
}
