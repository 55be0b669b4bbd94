//! How fast an instrument trades: prints and volume per second.

use crate::domain::time::SECOND;
use crate::domain::{Decimal, Qty, Time, Trade};

/// How finely times are told apart, in nanoseconds: a tenth of a second.
const SLOT: i64 = SECOND / 10;
/// Slots of the longest window.
const SLOTS: i64 = 300;

/// How far back a pace looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Window {
    /// One second.
    One,
    /// Five seconds.
    Five,
    /// Thirty seconds.
    Thirty,
}

impl Window {
    /// All, shortest first.
    pub const ALL: [Self; 3] = [Self::One, Self::Five, Self::Thirty];

    /// Its length.
    #[must_use]
    pub const fn seconds(self) -> u32 {
        match self {
            Self::One => 1,
            Self::Five => 5,
            Self::Thirty => 30,
        }
    }

    const fn slots(self) -> i64 {
        self.seconds() as i64 * (SECOND / SLOT)
    }
}

/// How much trades in a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pace {
    /// Prints per second.
    pub prints: Decimal,
    /// Units per second.
    pub volume: Decimal,
}

/// The trades of one tenth of a second.
#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    /// Which tenth since 1970.
    number: i64,
    prints: u32,
    volume: Qty,
}

/// Counts the trades of the last thirty seconds, in as much memory for many as for few.
///
/// Trades count by the exchange's time, in whatever order they come; one that is older than thirty
/// seconds counts for nothing, and one from after `now`, where the exchange's clock is ahead, counts
/// as of now. Where market data are delayed, `now` is the market's time. A trade has no name: the
/// same one told twice counts twice.
#[derive(Debug, Clone)]
pub struct Speed {
    /// Each tenth of a second at its number modulo [`SLOTS`].
    slots: Box<[Slot; SLOTS as usize]>,
}

impl Default for Speed {
    fn default() -> Self {
        Self { slots: Box::new([Slot::default(); SLOTS as usize]) }
    }
}

impl Speed {
    /// Takes in a trade that was heard of at `now`.
    pub fn add(&mut self, trade: &Trade, now: Time) {
        let newest = number(now);
        let number = number(trade.time).min(newest);
        if number <= newest - Window::Thirty.slots() {
            return;
        }
        let slot = &mut self.slots[number.rem_euclid(SLOTS) as usize];
        // One with another number is of half a minute ago, or of a time that was taken back.
        if slot.number != number {
            *slot = Slot { number, ..Slot::default() };
        }
        slot.prints = slot.prints.saturating_add(1);
        slot.volume = slot.volume.saturating_add(trade.quantity);
    }

    /// The pace over a window that ends with the tenth of a second of `now`.
    #[must_use]
    pub fn pace(&self, window: Window, now: Time) -> Pace {
        let newest = number(now);
        let is_within = |slot: &&Slot| slot.number <= newest && slot.number > newest - window.slots();
        let counted = self.slots.iter().filter(is_within);
        let (prints, volume) = counted.fold((0_u64, Qty::ZERO), |(prints, volume), slot| {
            (prints + u64::from(slot.prints), volume + slot.volume)
        });
        let seconds = Decimal::from(window.seconds());
        Pace { prints: Decimal::from(prints) / seconds, volume: volume.0 / seconds }
    }
}

fn number(time: Time) -> i64 {
    time.0.div_euclid(SLOT)
}
