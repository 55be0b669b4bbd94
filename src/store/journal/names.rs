//! Between the numbers of a run and the names in the file.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::row::{EventRow, FillRow, HeldRow, MomentRow, OrderRow};
use crate::domain::{
    AccountId, BrokerId, Decimal, Fill, Instrument, InstrumentId, Moment, Order, OrderSpec, Record, Seq,
    TakenOver, Time,
};

/// What a run calls its brokers and instruments.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// Brokers by [`BrokerId`].
    pub brokers: Vec<Arc<str>>,
    /// Instruments by [`InstrumentId`].
    pub instruments: Arc<[Arc<Instrument>]>,
}

impl Names {
    /// The row that the journal makes of a record, for whoever checks that it can be read again.
    #[must_use]
    pub fn row_of(&self, record: &Record) -> EventRow {
        Directory::new(self.clone()).event_row(record)
    }
}

/// [`Names`], ready to look up both ways.
#[derive(Debug)]
pub(super) struct Directory {
    names: Names,
    /// Keys of the instruments, by id.
    keys: Vec<Arc<str>>,
    broker_of: BTreeMap<Arc<str>, BrokerId>,
    /// Two brokers may carry the same listing.
    instrument_of: HashMap<Arc<str>, Vec<(BrokerId, InstrumentId)>>,
}

impl Directory {
    pub(super) fn new(names: Names) -> Self {
        let keys: Vec<Arc<str>> = names.instruments.iter().map(|i| i.key().into()).collect();
        let mut instrument_of: HashMap<_, Vec<_>> = HashMap::with_capacity(keys.len());
        for (key, instrument) in keys.iter().zip(names.instruments.iter()) {
            instrument_of.entry(Arc::clone(key)).or_default().push((instrument.broker, instrument.id));
        }
        let broker_of = (0..=u8::MAX).zip(&names.brokers).map(|(id, n)| (Arc::clone(n), BrokerId(id)));
        Self { broker_of: broker_of.collect(), names, keys, instrument_of }
    }

    /// The catalogue has grown at its end.
    pub(super) fn list(&mut self, instrument: Arc<Instrument>) {
        let key: Arc<str> = instrument.key().into();
        debug_assert_eq!(instrument.id.index(), self.keys.len(), "{key}");
        self.keys.push(Arc::clone(&key));
        self.instrument_of.entry(key).or_default().push((instrument.broker, instrument.id));
        self.names.instruments = self.names.instruments.iter().cloned().chain([instrument]).collect();
    }

    pub(super) fn brokers(&self) -> &[Arc<str>] {
        &self.names.brokers
    }

    fn broker(&self, id: BrokerId) -> Arc<str> {
        self.names.brokers.get(usize::from(id.0)).cloned().unwrap_or_else(|| {
            tracing::error!("the journal was not told the name of broker {id}");
            format!("#{id}").into()
        })
    }

    fn key(&self, id: InstrumentId) -> Arc<str> {
        self.keys.get(id.index()).cloned().unwrap_or_else(|| {
            tracing::error!("the journal was not told the name of instrument {id}");
            format!("#{id}").into()
        })
    }

    pub(super) fn order_row(&self, order: &Order) -> OrderRow {
        OrderRow::of(order, self.broker(order.broker), self.key(order.spec.instrument))
    }

    /// The row of a fill that `orders` say something about.
    pub(super) fn fill_row(&self, fill: &Fill, orders: &[Order]) -> FillRow {
        let instrument = self.names.instruments.get(fill.instrument.index());
        let of_order = orders.iter().find(|order| order.id == fill.order).map(|order| order.broker);
        let broker = of_order.or(instrument.map(|i| i.broker)).unwrap_or_default();
        let currency = instrument.map_or(fill.commission.currency, |i| i.currency);
        FillRow::of(fill, self.broker(broker), self.key(fill.instrument), currency)
    }

    pub(super) fn event_row(&self, record: &Record) -> EventRow {
        let moment = match &record.moment {
            Moment::Executed(fill) => MomentRow::Executed(self.fill_row(fill, &record.orders)),
            Moment::Charged(fill) => MomentRow::Charged(self.fill_row(fill, &record.orders)),
            Moment::Reconciled { broker, summary, taken } => MomentRow::Reconciled {
                broker: self.broker(*broker),
                summary: Arc::clone(summary),
                positions: taken.positions.iter().map(|position| self.held_row(position)).collect(),
                executions_until: taken.executions_until,
            },
            plain => MomentRow::Plain(plain.clone()),
        };
        EventRow { moment, orders: record.orders.iter().map(|order| self.order_row(order)).collect() }
    }

    fn held_row(&self, (account, instrument, net): &(AccountId, InstrumentId, Decimal)) -> HeldRow {
        HeldRow { account: account.clone(), instrument: self.key(*instrument), net: *net }
    }

    /// The broker of that name; `None` where this run has none.
    pub(super) fn broker_of(&self, name: &str) -> Option<BrokerId> {
        self.broker_of.get(name).copied()
    }

    /// The instrument of that key at the broker of that name.
    pub(super) fn instrument_of(&self, broker: &str, key: &str) -> Option<InstrumentId> {
        self.instrument(self.broker_of(broker)?, key)
    }

    fn instrument(&self, broker: BrokerId, key: &str) -> Option<InstrumentId> {
        let known = self.instrument_of.get(key)?;
        known.iter().find(|(carrier, _)| *carrier == broker).map(|&(_, id)| id)
    }

    /// The order in this run's numbers; `None` where this run does not know what it names.
    pub(super) fn order(&self, row: OrderRow) -> Option<Order> {
        let broker = *self.broker_of.get(&row.broker)?;
        let instrument = self.instrument(broker, &row.instrument)?;
        Some(Order {
            id: row.id,
            broker,
            account: row.account,
            spec: OrderSpec {
                post_only: row.post_only,
                oco: row.oco,
                parent: row.parent,
                ..OrderSpec::new(instrument, row.side, row.quantity, row.kind, row.tif)
            },
            status: row.status,
            filled: row.filled,
            average_price: row.average_price,
            kept: row.kept,
            client: row.client,
            is_acknowledged: row.is_acknowledged,
            trigger: row.trigger,
            reason: row.reason,
            origin: row.origin,
            created: row.created,
            updated: row.updated,
        })
    }

    /// As [`Self::order`].
    pub(super) fn fill(&self, row: FillRow) -> Option<Fill> {
        let broker = *self.broker_of.get(&row.broker)?;
        Some(Fill {
            exec_id: row.exec,
            order: row.order,
            account: row.account,
            instrument: self.instrument(broker, &row.instrument)?,
            side: row.side,
            quantity: row.quantity,
            price: row.price,
            commission: row.commission,
            realised: row.realised,
            liquidity: row.liquidity,
            time: row.time,
        })
    }

    /// As [`Self::order`]; orders of the record that this run does not know are left out.
    pub(super) fn record(&self, seq: Seq, at: Time, row: EventRow) -> Option<Record> {
        let moment = match row.moment {
            MomentRow::Executed(fill) => Moment::Executed(self.fill(fill)?),
            MomentRow::Charged(fill) => Moment::Charged(self.fill(fill)?),
            MomentRow::Reconciled { broker, summary, positions, executions_until } => {
                let held = |HeldRow { account, instrument, net }: HeldRow| {
                    Some((account, self.instrument_of(&broker, &instrument)?, net))
                };
                let positions = positions.into_iter().filter_map(held).collect();
                let taken = TakenOver { positions, executions_until };
                Moment::Reconciled { broker: self.broker_of(&broker)?, summary, taken }
            }
            MomentRow::Plain(moment) => moment,
        };
        let orders = row.orders.into_iter().filter_map(|order| self.order(order)).collect();
        Some(Record { seq, at, moment, orders })
    }
}
