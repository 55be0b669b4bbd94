//! A trader on a bad line: whatever is cut, swallowed, delayed or doubled, what the client was
//! told fits what the exchange has, and the books settle the rest.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use pitdesk::broker::contract::{Books, Watch};
use pitdesk::broker::paper::client::Ending;
use pitdesk::broker::paper::wire::frame::HEADER;
use pitdesk::broker::{BrokerEvent, BrokerRequest, Report, ReportKind};
use pitdesk::domain::{Decimal, ExecId, OrderId, OrderKind, OrderStatus, Side};
use pitdesk::risk::Change;

use crate::pipe::{Dice, Faults};
use crate::world::{Trader, Wired, below};

const SEEDS: u64 = 24;
const STEPS: u32 = 60;

fn some_faults(dice: &mut Dice) -> Faults {
    Faults {
        swallows_after: dice.hits(2).then(|| dice.below(30_000)),
        doubles_one_in: dice.hits(2).then_some(3),
        delay: Duration::from_millis(dice.below(40)),
        piece: dice.hits(2).then(|| 1 + usize::try_from(dice.below(50)).unwrap()),
    }
}

/// What a client knows, put together from what it was told.
#[derive(Default)]
struct Blotter {
    fills: BTreeMap<ExecId, (OrderId, Decimal)>,
    /// Told as never sent.
    unsent: BTreeSet<OrderId>,
}

impl Blotter {
    fn read(events: &[BrokerEvent]) -> Self {
        let mut blotter = Self::default();
        for event in events {
            match event {
                BrokerEvent::Books(books) => {
                    for fill in &books.fills {
                        blotter.add(fill);
                    }
                }
                BrokerEvent::Fill { fill, .. } => {
                    let is_new = blotter.add(fill);
                    assert!(is_new, "execution {} was told twice", fill.exec_id);
                }
                BrokerEvent::Report(Report {
                    order,
                    kind: ReportKind::Status { reason: Some(why), .. },
                    ..
                }) if &**why == "The connection was lost before it was sent" => {
                    blotter.unsent.insert(*order);
                }
                _ => {}
            }
        }
        blotter
    }

    fn add(&mut self, fill: &pitdesk::domain::Fill) -> bool {
        let signed = fill.side.sign() * fill.quantity.0;
        self.fills.insert(fill.exec_id.clone(), (fill.order, signed)).is_none()
    }

    fn check(&self, books: &Books, sent: &BTreeMap<OrderId, Decimal>, seed: u64) {
        let at_exchange: BTreeSet<OrderId> = books.orders.iter().map(|order| order.id).collect();
        assert_eq!(at_exchange.len(), books.orders.len(), "seed {seed}: an order is there twice");
        for order in &at_exchange {
            assert!(sent.contains_key(order), "seed {seed}: nobody sent order {order}");
            assert!(!self.unsent.contains(order), "seed {seed}: order {order} was told as never sent");
        }
        let ids: BTreeSet<&ExecId> = books.fills.iter().map(|fill| &fill.exec_id).collect();
        assert!(ids.into_iter().eq(self.fills.keys()), "seed {seed}: the fills differ");
        let mut filled: BTreeMap<OrderId, Decimal> = BTreeMap::new();
        for (order, quantity) in self.fills.values() {
            *filled.entry(*order).or_default() += quantity.abs();
        }
        for (order, quantity) in &filled {
            assert!(*quantity <= sent[order], "seed {seed}: order {order} has filled {quantity}");
        }
        let net: Decimal = self.fills.values().map(|(_, quantity)| quantity).sum();
        let held: Decimal = books.positions.iter().map(|position| position.net).sum();
        assert_eq!(net, held, "seed {seed}: the position is not the sum of the fills");
    }
}

#[test]
fn whatever_the_line_does_nothing_is_lost_and_nothing_done_twice() {
    let mut endings = BTreeMap::new();
    let (mut orders, mut fills, mut unsent) = (0, 0, 0);
    for seed in 1..=SEEDS {
        let mut dice = Dice::new(seed);
        let mut world = Wired::new(seed);
        let aapl = world.watch("AAPL");
        let mut sent = BTreeMap::new();
        for step in 0..STEPS {
            if let Some(end) = &world.end {
                *endings.entry(format!("{end:?}")).or_insert(0) += 1;
                world.run(Duration::from_millis(dice.below(800)));
                let (up, down) = (some_faults(&mut dice), some_faults(&mut dice));
                world.connect(up, down);
            }
            if world.client.is_ready() {
                let watch = [aapl.id].into();
                world.request(BrokerRequest::Watch(Watch { quotes: watch, ..Watch::default() }));
            }
            world.run(Duration::from_millis(100 + dice.below(300)));
            if dice.hits(12) {
                world.breaks_after(usize::try_from(dice.below(300)).unwrap());
            }
            if !world.client.is_ready() {
                continue;
            }
            let id = u64::from(step) + 1;
            let units = i64::try_from(1 + dice.below(20)).unwrap();
            match dice.below(10) {
                0..4 => {
                    let side = if dice.hits(2) { Side::Buy } else { Side::Sell };
                    sent.insert(OrderId(id), Decimal::from(units));
                    world.place(id, &aapl, side, units, OrderKind::Market);
                }
                4..7 => {
                    let ticks = i64::try_from(dice.below(12)).unwrap();
                    let price = below(&aapl, &world.quote(aapl.id), ticks);
                    sent.insert(OrderId(id), Decimal::from(units));
                    world.place(id, &aapl, Side::Buy, units, OrderKind::Limit { price });
                }
                7 => {
                    let price = below(&aapl, &world.quote(aapl.id), 3);
                    let some = dice.below(id);
                    world.amend(some, &aapl, price, Change { limit: Some(price), ..Change::default() });
                }
                8 => world.request(BrokerRequest::Cancel(OrderId(dice.below(id)))),
                _ if dice.hits(3) => world.cut(),
                _ if dice.hits(2) => world.cut_at_the_exchange(),
                _ => world.restart_exchange(),
            }
        }
        world.cut();
        world.run(Duration::from_secs(1));
        world.connect(Faults::default(), Faults::default());
        let (books, blotter) = (world.books(), Blotter::read(&world.events));
        blotter.check(&books, &sent, seed);
        assert_eq!(world.disk, world.server.snapshot(), "seed {seed}");
        orders += books.orders.len();
        fills += blotter.fills.len();
        unsent += blotter.unsent.len();
    }
    let silent = endings.keys().any(|end| end.contains("Nothing was heard"));
    assert!(silent && endings.len() >= 2, "half-open lines were among them: {endings:?}");
    assert!(orders > 300 && fills > 200 && unsent > 0, "{orders} orders, {fills} fills, {unsent} never sent");
}

#[test]
fn a_connection_cut_at_any_byte_of_an_order_leaves_it_whole_or_absent() {
    let mut world = Wired::new(5);
    let aapl = world.watch("AAPL");
    let price = below(&aapl, &world.quote(aapl.id), 500);
    let frame = 240 + HEADER;
    let (mut whole, mut absent) = (0, 0);
    for id in 1..=u64::try_from(frame).unwrap() {
        world.breaks_after(usize::try_from(id).unwrap());
        let order = world.approve(id, &aapl, Side::Buy, 1, OrderKind::Limit { price });
        let at = world.events.len();
        world.request(BrokerRequest::Place(vec![order]));
        world.cut();
        assert!(matches!(world.end, Some(Ending::Lost(_))));
        let is_there = world.truth().0.contains_key(&OrderId(id));
        let told = world.events[at..].iter().find_map(|event| match event {
            BrokerEvent::OnWire { order, .. } if *order == OrderId(id) => Some(true),
            BrokerEvent::Report(Report { order, kind: ReportKind::Status { status, .. }, .. })
                if *order == OrderId(id) && *status == OrderStatus::Rejected =>
            {
                Some(false)
            }
            _ => None,
        });
        assert_eq!(told, Some(is_there), "cut after byte {id}");
        if is_there {
            whole += 1;
        } else {
            absent += 1;
        }
        world.connect(Faults::default(), Faults::default());
    }
    assert!(whole > 5 && absent > 100, "{whole} whole, {absent} absent");
}
