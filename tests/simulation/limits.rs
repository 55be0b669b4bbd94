//! The limits of a world: what the program is told, and the same numbers for the judge.

use std::time::Duration;

use pitdesk::domain::{Decimal, InstrumentId, LimitSet, Limits, Qty};

use crate::exchange::instruments;
use crate::pipe::Dice;

/// Most units that an order may open, of any instrument.
pub const ORDER_QUANTITY: i64 = 20;
/// How far a price may be beyond the market, in per cent.
pub const DISTANCE: i64 = 5;

/// Numbers that hold in one world. Each is tight in some worlds, where it refuses much, and out of
/// the way in the others, where other limits are met.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Units of any instrument.
    pub position: Decimal,
    pub order_value: Decimal,
    pub position_value: Decimal,
    pub exposure: Decimal,
    pub working: u32,
    /// Of the first instrument alone.
    pub working_of_first: u32,
    pub per_minute: u32,
    pub loss: Decimal,
    pub quote_age: Duration,
}

impl Bounds {
    pub fn draw(dice: &mut Dice) -> Self {
        let mut pick = |tight: u64, loose: u64| if dice.hits(4) { tight } else { loose };
        Self {
            position: pick(25, 60).into(),
            order_value: pick(5_000, 20_000).into(),
            position_value: pick(12_000, 100_000).into(),
            exposure: pick(20_000, 200_000).into(),
            working: pick(4, 200) as u32,
            working_of_first: pick(2, 100) as u32,
            per_minute: pick(8, 600) as u32,
            loss: pick(10, 100_000).into(),
            quote_age: Duration::from_secs(pick(2, 30)),
        }
    }

    /// As the program has them.
    pub fn limits(&self) -> LimitSet {
        let profile = Limits {
            max_order_value: Some(self.order_value),
            max_position_value: Some(self.position_value),
            max_exposure: Some(self.exposure),
            max_price_distance_percent: Some(DISTANCE.into()),
            max_working_orders: Some(self.working),
            max_orders_per_minute: Some(self.per_minute),
            max_loss_per_day: Some(self.loss),
            max_quote_age_seconds: Some(self.quote_age.as_secs() as u32),
            ..Limits::default()
        };
        let of_instrument = |working| Limits {
            max_order_quantity: Some(Qty(ORDER_QUANTITY.into())),
            max_position_quantity: Some(Qty(self.position)),
            max_working_orders: working,
            ..Limits::default()
        };
        let working = |id: InstrumentId| (id.0 == 0).then_some(self.working_of_first);
        let instruments = instruments().iter().map(|i| (i.key(), of_instrument(working(i.id)))).collect();
        let limits = LimitSet { profile, instruments, ..LimitSet::default() };
        limits.check().expect("limits that settings take");
        limits
    }
}
