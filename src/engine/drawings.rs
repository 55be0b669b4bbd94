//! What the trader draws: kept at once, and told to whoever shows charts.

use std::sync::Arc;

use super::{Effect, Engine, Outcome, SaveJob};
use crate::domain::{DrawingChange, InstrumentId, Time};
use crate::link::Update;
use crate::link::update::Refused;

impl Engine {
    /// Changes the drawings of an instrument.
    pub(super) fn draw(
        &mut self,
        instrument: InstrumentId,
        change: DrawingChange,
        now: Time,
        out: &mut Vec<Effect>,
    ) -> Outcome {
        let instrument = self.instruments.get(instrument.index());
        let key = instrument.ok_or_else(|| Refused("There is no such instrument".into()))?.key();
        let changed = Arc::make_mut(&mut self.drawings).change(&key, change);
        changed.map_err(|why| Refused(why.to_string().into()))?;
        out.push(Effect::publish(Update::Drawings(Arc::clone(&self.drawings)), now));
        out.push(Effect::Save(SaveJob::Drawings(Arc::clone(&self.drawings))));
        Ok(None)
    }
}
