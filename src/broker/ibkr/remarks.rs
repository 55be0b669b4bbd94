//! What is to be known about the market data of each instrument, as long as it is so: the screen shows it where
//! the quote stands, or would.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::broker::contract::BrokerEvent;
use crate::domain::{DataRemark, InstrumentId};

/// The remarks of a session.
#[derive(Debug, Default)]
pub(super) struct Remarks {
    known: BTreeMap<InstrumentId, Arc<DataRemark>>,
    changed: BTreeSet<InstrumentId>,
}

impl Remarks {
    /// So it is from now on.
    pub fn set(&mut self, id: InstrumentId, short: &str, text: &str) {
        let remark = DataRemark { short: short.into(), text: text.into() };
        if self.known.get(&id).is_none_or(|known| **known != remark) {
            self.known.insert(id, Arc::new(remark));
            self.changed.insert(id);
        }
    }

    /// Nothing is to be said any more.
    pub fn clear(&mut self, id: InstrumentId) {
        if self.known.remove(&id).is_some() {
            self.changed.insert(id);
        }
    }

    /// What has changed since it was asked last.
    pub fn take_changed(&mut self) -> Vec<BrokerEvent> {
        let changed = std::mem::take(&mut self.changed).into_iter();
        changed
            .map(|instrument| BrokerEvent::Remark {
                instrument,
                remark: self.known.get(&instrument).cloned(),
            })
            .collect()
    }
}
