//! Intents about positions: close and reverse, made into orders.

use super::{Effect, Engine, Outcome};
use crate::domain::{
    InstrumentId, Order, OrderKind, OrderSpec, OrderStatus, Origin, Position, Qty, Time, TimeInForce,
};
use crate::link::update::Refused;

impl Engine {
    pub(super) fn close(
        &mut self,
        id: InstrumentId,
        input_at: Time,
        now: Time,
        out: &mut Vec<Effect>,
    ) -> Outcome {
        let position = self.position_to_flatten(id)?;
        self.flatten(&position, position.size(), input_at, now, out)
    }

    pub(super) fn reverse(
        &mut self,
        id: InstrumentId,
        input_at: Time,
        now: Time,
        out: &mut Vec<Effect>,
    ) -> Outcome {
        let position = self.position_to_flatten(id)?;
        self.flatten(&position, position.size() + position.size(), input_at, now, out)
    }

    fn flatten(
        &mut self,
        position: &Position,
        quantity: Qty,
        input_at: Time,
        now: Time,
        out: &mut Vec<Effect>,
    ) -> Outcome {
        let Some(side) = position.side() else { return Err(Refused("There is nothing to close".into())) };
        let tif = TimeInForce::Day;
        let spec = OrderSpec::new(position.instrument, side.opposite(), quantity, OrderKind::Market, tif);
        self.place_own(spec, Origin::Flatten, input_at, now, out)
    }

    /// The position, unless an order that flattens it is on its way already: the
    /// second of two quick clicks must not sell what the first has sold.
    fn position_to_flatten(&self, id: InstrumentId) -> Result<Position, Refused> {
        let instrument = self.instrument(id)?;
        let account = self.account_for(&instrument)?;
        let is_flattening = |o: &Order| {
            let is_on_its_way = o.origin == Origin::Flatten && o.status != OrderStatus::Unknown;
            is_on_its_way && o.spec.instrument == id && o.account == account
        };
        if !self.orders.pending(is_flattening).is_zero() {
            let text = format!("An order that closes {} is already on its way", instrument.symbol);
            return Err(Refused(text.into()));
        }
        let held = self.position_of(&account, id).filter(|position| !position.is_flat());
        held.cloned().ok_or_else(|| Refused(format!("There is no position in {}", instrument.symbol).into()))
    }
}
