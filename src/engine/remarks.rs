//! What brokers say about the market data of an instrument: passed on, and forgotten with their session.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Effect, Engine};
use crate::domain::{BrokerId, DataRemark, InstrumentId, Time};
use crate::link::Update;

/// By instrument.
pub(super) type Remarks = BTreeMap<InstrumentId, Arc<DataRemark>>;

impl Engine {
    pub(super) fn remark(
        &mut self,
        broker: BrokerId,
        instrument: InstrumentId,
        remark: Option<Arc<DataRemark>>,
        now: Time,
        out: &mut Vec<Effect>,
    ) {
        if self.instruments.get(instrument.index()).is_none_or(|known| known.broker != broker) {
            return;
        }
        let before = match &remark {
            Some(remark) => self.remarks.insert(instrument, Arc::clone(remark)),
            None => self.remarks.remove(&instrument),
        };
        if before != remark {
            out.push(Effect::publish(Update::Remark { instrument, remark }, now));
        }
    }

    /// What the session has said holds no more.
    pub(super) fn forget_remarks(&mut self, broker: BrokerId, now: Time, out: &mut Vec<Effect>) {
        let is_its =
            |id: &&InstrumentId| self.instruments.get(id.index()).is_some_and(|i| i.broker == broker);
        let its: Vec<InstrumentId> = self.remarks.keys().filter(is_its).copied().collect();
        for instrument in its {
            self.remark(broker, instrument, None, now, out);
        }
    }
}
