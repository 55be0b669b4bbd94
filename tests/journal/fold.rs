//! Whatever is written, in whatever groups and over however many starts: what is recovered
//! is what a plain fold over the same records says.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use pitdesk::domain::*;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::desk;

/// Small numbers, so that orders and executions meet again.
const IDS: u64 = 12;

fn time() -> impl Strategy<Value = Time> {
    (0_i64..100_000_000_000_000).prop_map(Time)
}

fn decimal() -> impl Strategy<Value = Decimal> {
    (0_i64..1_000_000_000_000, 0_u32..12).prop_map(|(digits, scale)| Decimal::new(digits, scale))
}

fn text() -> impl Strategy<Value = std::sync::Arc<str>> {
    // What brokers really send, and what breaks formats.
    prop_oneof!["[ -~]{0,20}", "[\"\\\\\n\t\u{0}é株🕯'}{]{0,6}"].prop_map(Into::into)
}

fn status() -> impl Strategy<Value = OrderStatus> {
    use OrderStatus::*;
    prop::sample::select(vec![
        Intended,
        Sent,
        Held,
        Working,
        PartiallyFilled,
        PendingAmend,
        PendingCancel,
        Filled,
        Cancelled,
        Rejected,
        Expired,
        Unknown,
    ])
}

fn kind() -> impl Strategy<Value = OrderKind> {
    let price = || decimal().prop_map(Price);
    prop_oneof![
        Just(OrderKind::Market),
        price().prop_map(|price| OrderKind::Limit { price }),
        price().prop_map(|stop| OrderKind::Stop { stop }),
        (price(), price()).prop_map(|(stop, price)| OrderKind::StopLimit { stop, price }),
        decimal().prop_map(|by| OrderKind::TrailingStop { by: TrailBy::Amount(by) }),
        decimal().prop_map(|by| OrderKind::TrailingStop { by: TrailBy::Percent(by) }),
    ]
}

/// An instrument and the broker that carries it.
fn listing() -> impl Strategy<Value = (InstrumentId, BrokerId)> {
    prop::sample::select(vec![
        (InstrumentId(0), BrokerId(0)),
        (InstrumentId(1), BrokerId(1)),
        (InstrumentId(2), BrokerId(0)),
    ])
}

fn side() -> impl Strategy<Value = Side> {
    prop::sample::select(vec![Side::Buy, Side::Sell])
}

fn spec() -> impl Strategy<Value = (OrderSpec, BrokerId)> {
    let tif = prop_oneof![
        prop::sample::select(vec![TimeInForce::Day, TimeInForce::Gtc, TimeInForce::Ioc, TimeInForce::Fok]),
        time().prop_map(TimeInForce::Gtd),
    ];
    let links = (any::<bool>(), option::of(1..9_u64), option::of(1..IDS));
    (listing(), side(), decimal(), kind(), tif, links).prop_map(|(on, side, quantity, kind, tif, links)| {
        let spec = OrderSpec::new(on.0, side, Qty(quantity), kind, tif);
        let (post_only, oco, parent) = links;
        (OrderSpec { post_only, oco: oco.map(GroupId), parent: parent.map(OrderId), ..spec }, on.1)
    })
}

fn order() -> impl Strategy<Value = Order> {
    let origin = prop::sample::select(vec![
        Origin::Ticket,
        Origin::Flatten,
        Origin::Api,
        Origin::Allocation(PlanId(u64::MAX)),
        Origin::Foreign,
    ]);
    let told = (option::of(decimal()), option::of(decimal().prop_map(Price)), option::of(text()), origin);
    let times = (time(), time());
    ((1..IDS), spec(), status(), decimal(), told, times).prop_map(
        |(id, spec, status, filled, told, times)| {
            let (average_price, trigger, reason, origin) = told;
            Order {
                id: OrderId(id),
                broker: spec.1,
                account: account_of(id),
                spec: spec.0,
                status,
                filled: Qty(filled),
                average_price,
                is_acknowledged: id % 3 == 0,
                kept: None,
                client: None,
                trigger,
                reason,
                origin,
                created: times.0,
                updated: times.1,
            }
        },
    )
}

fn fill() -> impl Strategy<Value = Fill> {
    let money = (decimal(), prop::sample::select(vec![Currency::USD, Currency::JPY]));
    let amounts = (decimal(), decimal(), decimal(), any::<bool>(), money);
    ((1..9_u64), (1..IDS), listing(), side(), amounts, time()).prop_map(
        |(exec, id, on, side, amounts, time)| {
            let (quantity, price, realised, is_loss, (amount, currency)) = amounts;
            Fill {
                exec_id: ExecId(format!("e-{exec}").into()),
                order: OrderId(id),
                account: "PAPER".into(),
                instrument: on.0,
                side,
                quantity: Qty(quantity),
                price: Price(price),
                commission: Money { amount: if is_loss { -amount } else { amount }, currency },
                realised: if is_loss { -realised } else { realised },
                liquidity: if is_loss { Liquidity::Maker } else { Liquidity::Taker },
                time,
            }
        },
    )
}

fn quote() -> impl Strategy<Value = Quote> {
    let price = || option::of(decimal().prop_map(Price));
    (price(), price(), price(), decimal(), any::<bool>(), time()).prop_map(
        |(bid, ask, last, size, is_open, time)| Quote {
            bid,
            ask,
            last,
            bid_size: Qty(size),
            is_open,
            time,
            ..Quote::default()
        },
    )
}

fn reconciled() -> impl Strategy<Value = Moment> {
    let held = vec((1..IDS, any::<bool>(), decimal()), 0..3);
    (0..2_u8, text(), held, option::of(time())).prop_map(|(broker, summary, held, executions_until)| {
        // What this broker carries.
        let listed = |is_first: bool| match (broker, is_first) {
            (0, true) => InstrumentId(0),
            (0, false) => InstrumentId(2),
            _ => InstrumentId(1),
        };
        let position = |(account, is_first, net)| (account_of(account), listed(is_first), net);
        let positions = held.into_iter().map(position).collect();
        let taken = TakenOver { positions, executions_until };
        Moment::Reconciled { broker: BrokerId(broker), summary, taken }
    })
}

fn account_of(id: u64) -> AccountId {
    if id.is_multiple_of(2) { "PAPER".into() } else { "DU 1\"".into() }
}

fn flatten() -> impl Strategy<Value = Flatten> {
    prop_oneof![Just(Flatten::No), Just(Flatten::Market), decimal().prop_map(Flatten::Within)]
}

fn moment() -> impl Strategy<Value = Moment> {
    let amend = (option::of(decimal()), option::of(decimal()), option::of(decimal()));
    prop_oneof![
        3 => (time(), option::of(quote())).prop_map(|(input_at, seen)| Moment::Intended { input_at, seen }),
        1 => text().prop_map(|why| Moment::NotSent { why }),
        1 => (time(), any::<u64>()).prop_map(|(at, session)| Moment::Sent { journaled_at: at, session }),
        1 => time().prop_map(|at| Moment::OnWire { at }),
        1 => amend.prop_map(|(q, l, s)| Moment::AskedAmend {
            quantity: q.map(Qty),
            limit: l.map(Price),
            stop: s.map(Price)
        }),
        1 => Just(Moment::AskedCancel),
        1 => (status(), option::of(text()), time())
            .prop_map(|(status, reason, broker_time)| Moment::Reported { status, reason, broker_time }),
        1 => time().prop_map(|broker_time| Moment::Amended { broker_time }),
        1 => text().prop_map(|why| Moment::AmendRefused { why }),
        1 => text().prop_map(|why| Moment::CancelRefused { why }),
        1 => (decimal(), 1..90_u32).prop_map(|(price, moves)| Moment::TriggerMoved { price: Price(price), moves }),
        4 => fill().prop_map(Moment::Executed),
        2 => fill().prop_map(Moment::Charged),
        1 => Just(Moment::LostBroker),
        1 => text().prop_map(|finding| Moment::Settled { finding }),
        1 => text().prop_map(|decision| Moment::Decided { decision }),
        1 => reconciled(),
        2 => (1..IDS, text(), text()).prop_map(|(order, text, tag)| {
            let tags = Vec::from_iter((!tag.is_empty()).then_some(tag));
            Moment::Noted { order: OrderId(order), note: Note { text, tags } }
        }),
        1 => (any::<bool>(), flatten()).prop_map(|(is_on, flatten)| Moment::Kill { is_on, flatten }),
    ]
}

/// Records in order; a moment that concerns all trading is about no order.
pub fn records(most: usize) -> impl Strategy<Value = Vec<Record>> {
    vec((moment(), vec(order(), 1..3), 0_i64..40_000_000_000), 1..most).prop_map(|parts| {
        let mut at = Time::from_seconds(1_000);
        let mut booked: Option<Fill> = None;
        let number = |(seq, (moment, mut orders, later)): (u64, (Moment, Vec<Order>, i64))| {
            at = Time(at.0 + later);
            orders.dedup_by_key(|order| order.id);
            // Mostly of the execution before it.
            let moment = match (moment, &booked) {
                (Moment::Charged(fill), Some(booked)) => {
                    Moment::Charged(Fill { commission: fill.commission, ..booked.clone() })
                }
                (moment, _) => moment,
            };
            match &moment {
                Moment::Reconciled { .. } | Moment::Kill { .. } | Moment::Noted { .. } => orders.clear(),
                // Its own order, at the broker whose instrument it is of.
                Moment::Executed(fill) | Moment::Charged(fill) => {
                    booked = Some(fill.clone());
                    orders.truncate(1);
                    orders[0].id = fill.order;
                    orders[0].spec.instrument = fill.instrument;
                    orders[0].broker = BrokerId(u8::from(fill.instrument == InstrumentId(1)));
                }
                _ => {}
            }
            Record { seq: Seq(seq), at, moment, orders }
        };
        (1..).zip(parts).map(number).collect()
    })
}

/// The plain fold.
#[derive(Default)]
pub struct Model {
    pub orders: BTreeMap<OrderId, Order>,
    pub fills: Vec<Fill>,
    keys: BTreeSet<(BrokerId, AccountId, ExecId)>,
    pub is_killed: Option<bool>,
    flatten: Flatten,
    /// What positions come to.
    held: BTreeMap<(AccountId, InstrumentId), Decimal>,
    told_until: BTreeMap<BrokerId, Time>,
    notes: BTreeMap<OrderId, std::sync::Arc<Note>>,
    highest: u64,
}

impl Model {
    pub fn of(records: &[Record]) -> Self {
        let mut model = Self::default();
        for record in records {
            model.apply(record);
        }
        model
    }

    fn apply(&mut self, record: &Record) {
        for order in &record.orders {
            self.highest = self.highest.max(order.id.0);
            self.orders.insert(order.id, order.clone());
        }
        match &record.moment {
            Moment::Executed(fill) | Moment::Charged(fill) => {
                let broker = record.orders[0].broker;
                let is_charge = matches!(record.moment, Moment::Charged(_));
                let is_it = |known: &&mut Fill| {
                    (&known.exec_id, &known.account, known.instrument, known.time)
                        == (&fill.exec_id, &fill.account, fill.instrument, fill.time)
                };
                if is_charge && let Some(known) = self.fills.iter_mut().find(is_it) {
                    *known = fill.clone();
                } else if self.keys.insert((broker, fill.account.clone(), fill.exec_id.clone())) {
                    self.fills.push(fill.clone());
                    let net = self.held.entry((fill.account.clone(), fill.instrument)).or_default();
                    *net += fill.side.sign() * fill.quantity.0;
                }
            }
            Moment::Reconciled { broker, taken, .. } => {
                for (account, instrument, net) in &taken.positions {
                    self.held.insert((account.clone(), *instrument), *net);
                }
                if let Some(until) = taken.executions_until {
                    self.told_until.insert(*broker, until);
                }
            }
            Moment::Noted { order, note } => {
                self.highest = self.highest.max(order.0);
                self.notes.insert(*order, note.clone().into());
                self.notes.retain(|_, note| !note.is_empty());
            }
            Moment::Kill { is_on, flatten } => (self.is_killed, self.flatten) = (Some(*is_on), *flatten),
            _ => {}
        }
    }

    pub fn orders(&self) -> Vec<Order> {
        self.orders.values().cloned().collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_recovered_is_what_a_fold_over_the_records_says(
        records in records(60),
        cut in 0.0..1.0_f64,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("journal.sqlite");
        let (before, after) = records.split_at((records.len() as f64 * cut) as usize);
        desk::write(&file, before);
        desk::write(&file, after);

        let model = Model::of(&records);
        let last = records.last().unwrap();
        let now = last.at + Duration::from_secs(5);
        let recovered = desk::open_at(&file, now).unwrap();
        prop_assert_eq!(recovered.next_seq, last.seq.next());
        prop_assert_eq!(recovered.next_order_id, model.highest + 1);
        prop_assert_eq!(recovered.orders, model.orders());
        prop_assert_eq!(&recovered.fills, &model.fills);
        let mut held = recovered.past.opening.clone();
        for fill in &recovered.fills {
            *held.entry((fill.account.clone(), fill.instrument)).or_default() += fill.side.sign() * fill.quantity.0;
        }
        prop_assert_eq!(held, model.held);
        prop_assert_eq!(recovered.notes, model.notes);
        prop_assert_eq!(recovered.past.told_until, model.told_until);
        prop_assert_eq!(recovered.past.known_until, BTreeMap::new());
        prop_assert_eq!((recovered.is_killed, recovered.flatten), (model.is_killed, model.flatten));
        prop_assert_eq!(recovered.last_commit, Some(last.at));
        prop_assert!(recovered.problems.is_empty() && recovered.must_reconcile.is_none());

        let ids: Vec<OrderId> = model.orders.keys().copied().collect();
        let told = desk::timelines(&file, &ids);
        prop_assert_eq!(told.len(), ids.len());
        for (id, timeline) in told {
            let of_order = |record: &&Record| {
                let is_fill = matches!(&record.moment, Moment::Executed(fill) | Moment::Charged(fill) if fill.order == id);
                let is_note = matches!(&record.moment, Moment::Noted { order, .. } if *order == id);
                is_fill || is_note || record.orders.iter().any(|order| order.id == id)
            };
            let expected: Vec<Record> = records.iter().filter(of_order).cloned().collect();
            prop_assert_eq!(timeline, expected);
        }
    }
}
