//! Two brackets whose broker answers when it likes, and everything that can happen to them.

use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;

/// What can happen to brackets whose broker answers when it likes.
#[derive(Debug, Clone, Copy)]
enum Luck {
    /// An order of the broker's fills, if it has such a one: the first or the last.
    Fills(Which, bool, u32),
    /// Some of what is held is sold elsewhere.
    Sells(u32),
    /// The broker answers the oldest request: as asked, or with a refusal where it can refuse.
    Answers {
        refuses: bool,
    },
    /// The trader cancels.
    Cancels(Which),
    Closes,
    /// The session ends with what it has not read; another begins.
    Reconnects,
    Passes(u32),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    Entry,
    Target,
    Stop,
}

impl Which {
    fn is_it(self, spec: &OrderSpec) -> bool {
        match self {
            Self::Entry => spec.side == Side::Buy,
            Self::Target => spec.side == Side::Sell && spec.kind.limit().is_some(),
            Self::Stop => spec.side == Side::Sell && spec.kind.stop().is_some(),
        }
    }
}

fn luck() -> impl Strategy<Value = Luck> {
    let which = || prop_oneof![3 => Just(Which::Entry), 1 => Just(Which::Target), 1 => Just(Which::Stop)];
    prop_oneof![
        8 => (which(), any::<bool>(), 1..5_u32).prop_map(|(which, last, units)| Luck::Fills(which, last, units)),
        1 => (1..12_u32).prop_map(Luck::Sells),
        12 => prop::bool::weighted(0.1).prop_map(|refuses| Luck::Answers { refuses }),
        1 => which().prop_map(Luck::Cancels),
        1 => Just(Luck::Closes),
        1 => Just(Luck::Reconnects),
        8 => (100..2_500_u32).prop_map(Luck::Passes),
    ]
}

/// The entry of the second bracket.
const SECOND: u64 = 4;

/// Brackets, a broker that takes its time, and what the trader has done to them.
struct Slow {
    stage: Stage,
    broker: Broker,
    waiting: VecDeque<BrokerRequest>,
    /// Kinds of exits that the trader has taken away, or the broker has refused.
    over: Vec<Which>,
    has_closed: bool,
    has_sold: bool,
}

impl Slow {
    fn new(amend: bool) -> Self {
        let mut slow = Self {
            stage: kept_stage(amend),
            broker: Broker::default(),
            waiting: VecDeque::new(),
            over: Vec::new(),
            has_closed: false,
            has_sold: false,
        };
        for _ in 0..2 {
            let told = slow.stage.command(bracketed("10"));
            slow.hears(told);
        }
        slow
    }

    /// What the engine sends: no exit leaves, and none is made larger, where all of its kind
    /// together would be more than is held.
    fn hears(&mut self, effects: Vec<Effect>) {
        for request in taken(effects) {
            let grows = match &request {
                BrokerRequest::Place(orders) => Some(*orders[0].spec()),
                BrokerRequest::Amend(amend) => {
                    let works = self.broker.works.get(&amend.id());
                    works.filter(|spec| amend.change().quantity > Some(spec.quantity)).copied()
                }
                _ => None,
            };
            self.waiting.push_back(request);
            let Some(spec) = grows else { continue };
            for which in [Which::Target, Which::Stop].into_iter().filter(|which| which.is_it(&spec)) {
                let (most, held) = (self.most(which), self.broker.net.max(Decimal::ZERO));
                assert!(most <= held, "{spec:?} makes {most} where {held} are held");
            }
        }
    }

    /// What a kind of exit could sell, whichever way the broker answers.
    fn most(&self, which: Which) -> Decimal {
        let waiting = |id: &OrderId| {
            let size = |request: &BrokerRequest| match request {
                BrokerRequest::Amend(amend) if amend.id() == *id => amend.change().quantity,
                _ => None,
            };
            self.waiting.iter().filter_map(size).max()
        };
        let works = self.broker.works.iter().filter(|(_, spec)| which.is_it(spec)).map(|(id, spec)| {
            let filled = self.broker.filled.get(id).copied().unwrap_or_default();
            waiting(id).map_or(spec.quantity, |size| size.max(spec.quantity)).0 - filled
        });
        let placed = self.waiting.iter().filter_map(|request| match request {
            BrokerRequest::Place(orders) if which.is_it(orders[0].spec()) => {
                Some(orders[0].spec().quantity.0)
            }
            _ => None,
        });
        works.chain(placed).sum()
    }

    /// What a kind of exit could sell, were everything answered as it stands.
    fn leg(&self, which: Which) -> Decimal {
        let own = self.broker.works.iter().filter(|(_, spec)| which.is_it(spec));
        own.filter_map(|(id, _)| self.broker.remaining(id.0)).sum()
    }

    fn answers(&mut self, refuses: bool) {
        let Some(request) = self.waiting.pop_front() else { return };
        match request {
            BrokerRequest::Place(orders) if refuses => {
                let (id, spec) = (orders[0].id(), *orders[0].spec());
                for which in [Which::Target, Which::Stop].into_iter().filter(|which| which.is_it(&spec)) {
                    self.over.push(which);
                }
                let told = self.stage.says(id.0, OrderStatus::Rejected);
                self.hears(told);
            }
            BrokerRequest::Amend(amend) if refuses => {
                let kind = ReportKind::AmendRefused("not now".into());
                let time = self.stage.now;
                let report = Report { order: amend.id(), kind, time };
                let told = self.stage.broker(BrokerEvent::Report(report));
                self.hears(told);
            }
            BrokerRequest::Place(orders) => {
                let id = orders[0].id();
                let spec = *orders[0].spec();
                assert!(self.broker.works.insert(id, spec).is_none(), "{id} was sent twice");
                let told = self.stage.says(id.0, OrderStatus::Working);
                self.hears(told);
            }
            BrokerRequest::Amend(amend) => {
                let Some(spec) = self.broker.works.get_mut(&amend.id()) else { return };
                let after = amend.change().applied_to(spec);
                let filled = self.broker.filled.get(&amend.id()).copied().unwrap_or_default();
                if after.quantity.0 <= filled {
                    let kind = ReportKind::AmendRefused("it has filled more".into());
                    let report = Report { order: amend.id(), kind, time: self.stage.now };
                    let told = self.stage.broker(BrokerEvent::Report(report));
                    return self.hears(told);
                }
                *spec = after;
                let report =
                    Report { order: amend.id(), kind: ReportKind::Amended(after), time: self.stage.now };
                let told = self.stage.broker(BrokerEvent::Report(report));
                self.hears(told);
            }
            BrokerRequest::Cancel(id) => {
                let told = if self.broker.works.remove(&id).is_some() {
                    self.stage.says(id.0, OrderStatus::Cancelled)
                } else {
                    self.stage.refuses_cancel(id.0, "it is gone")
                };
                self.hears(told);
            }
            BrokerRequest::Books => {
                let books = self.books();
                let told = self.stage.broker(BrokerEvent::Books(Arc::new(books)));
                self.hears(told);
            }
            _ => {}
        }
    }

    fn bought(&self) -> Decimal {
        let filled = |id| self.broker.filled.get(&OrderId(id)).copied().unwrap_or_default();
        [ENTRY, SECOND].map(filled).into_iter().sum()
    }

    fn has_sold_twice(&self, entry: u64) -> bool {
        let filled = |id: OrderId| self.broker.filled.get(&id).copied().unwrap_or_default();
        let exits = self.stage.engine.orders.all().filter(|order| order.entry() == Some(OrderId(entry)));
        exits.map(|exit| filled(exit.id)).sum::<Decimal>() > filled(OrderId(entry))
    }

    fn books(&self) -> Books {
        let orders = self.broker.works.iter().map(|(id, spec)| {
            let filled = Qty(self.broker.filled.get(id).copied().unwrap_or_default());
            let status = if filled.is_zero() { OrderStatus::Working } else { OrderStatus::PartiallyFilled };
            Order { spec: *spec, status, filled, ..self.stage.order(id.0).clone() }
        });
        let ended = self.stage.engine.orders.all().filter(|o| o.status.is_final() && o.is_acknowledged);
        let positions = vec![Position { net: self.broker.net, ..Position::flat("PAPER".into(), SHARE) }];
        Books {
            orders: orders.chain(ended.cloned()).collect(),
            accounts: vec![account()],
            positions,
            are_final: true,
            ..Books::default()
        }
    }

    fn happens(&mut self, luck: Luck) {
        match luck {
            Luck::Fills(which, is_last, units) => {
                let mut found = self.broker.works.iter().filter(|(_, spec)| which.is_it(spec));
                let found = if is_last { found.next_back() } else { found.next() };
                let Some(id) = found.map(|(id, _)| id.0) else { return };
                let units = Decimal::from(units).min(self.broker.remaining(id).unwrap());
                // Short positions are another story: what could be sold twice in flight.
                if which != Which::Entry && units > self.broker.net {
                    return;
                }
                self.fill(id, units);
            }
            Luck::Sells(units) => {
                let units = Decimal::from(units).min(self.broker.net);
                if units > Decimal::ZERO {
                    self.has_sold = true;
                    self.broker.net -= units;
                    let (units, net) = (units.to_string(), self.broker.net.to_string());
                    let told = self.stage.fill(900, Side::Sell, &units, &net);
                    self.hears(told);
                }
            }
            Luck::Answers { refuses } => self.answers(refuses),
            Luck::Cancels(which) => {
                let live = |o: &&Order| o.is_live() && which.is_it(&o.spec);
                let Some(id) = self.stage.engine.orders.all().find(live).map(|order| order.id) else {
                    return;
                };
                let told = self.stage.command(Command::Cancel { order: id });
                if answer(&told).is_ok() && which != Which::Entry {
                    self.over.push(which);
                }
                self.hears(told);
            }
            Luck::Closes => {
                let told = self.stage.command(Command::Close {
                    account: "PAPER".into(),
                    instrument: SHARE,
                    despite: Despite::default(),
                });
                self.has_closed |= answer(&told).is_ok();
                self.hears(told);
            }
            Luck::Reconnects => {
                let unread = self.waiting.drain(..).collect();
                let told = self.stage.broker(BrokerEvent::Ended { reason: "It broke".into(), unread });
                self.hears(told);
                let books = self.books();
                let told = self.stage.broker(BrokerEvent::Books(Arc::new(books)));
                self.hears(told);
                let ready = BrokerEvent::Connection { state: ConnectionState::Ready, reason: "Ready".into() };
                let told = self.stage.broker(ready);
                self.hears(told);
                let told = self.stage.quote();
                self.hears(told);
            }
            Luck::Passes(millis) => self.passes(millis),
        }
    }

    fn fill(&mut self, id: u64, units: Decimal) {
        let spec = self.broker.works[&OrderId(id)];
        self.broker.net += spec.side.sign() * units;
        let filled = self.broker.filled.entry(OrderId(id)).or_default();
        *filled += units;
        if *filled == spec.quantity.0 {
            self.broker.works.remove(&OrderId(id));
        }
        let net = self.broker.net.to_string();
        let told = self.stage.fill(id, spec.side, &units.to_string(), &net);
        self.hears(told);
    }

    fn passes(&mut self, millis: u32) {
        self.stage.now = self.stage.now + std::time::Duration::from_millis(millis.into());
        let told = self.stage.quote();
        self.hears(told);
        let told = self.stage.feed(EngineEvent::Tick);
        self.hears(told);
    }

    fn rests(&mut self) {
        for _ in 0..12 {
            self.passes(1_100);
            for _ in 0..20 {
                self.answers(false);
                let market = self.broker.works.iter().find(|(_, spec)| spec.kind == OrderKind::Market);
                if let Some(id) = market.map(|(id, _)| id.0) {
                    let left = self.broker.remaining(id).unwrap();
                    self.fill(id, left);
                }
            }
        }
        assert!(self.waiting.is_empty(), "it comes to rest: {:?}", self.waiting);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    /// Whatever fills in whatever pieces, however late the broker answers, whatever it refuses,
    /// whenever the session breaks: no exit leaves and none grows for more than is held, and once
    /// all is quiet the legs that nobody has ended are as large as what is held, or larger where
    /// some of it was sold elsewhere; one that somebody has ended does not come back.
    #[test]
    fn exits_are_as_large_as_what_they_guard(
        amend in any::<bool>(),
        fates in prop::collection::vec(luck(), 1..60),
    ) {
        let mut slow = Slow::new(amend);
        for fate in fates {
            slow.happens(fate);
        }
        slow.rests();
        let held = slow.broker.net;
        // Both exits of one bracket may fill before either is heard of: that sells what the other
        // bracket holds.
        let has_sold = slow.has_sold || [ENTRY, SECOND].into_iter().any(|entry| slow.has_sold_twice(entry));
        for which in [Which::Target, Which::Stop] {
            let leg = slow.leg(which);
            if slow.has_closed || slow.over.contains(&which) {
                // Where its size is not changed nothing could follow: it stays until nothing is held.
                let is_flat = held <= Decimal::ZERO && !has_sold;
                let most = if is_flat { held } else { slow.bought() };
                prop_assert!(leg <= most.max(Decimal::ZERO), "{:?}: {} beside {}", which, leg, held);
            } else if has_sold {
                prop_assert!(leg >= held, "{:?} with {:?}", which, slow.broker.works);
            } else {
                prop_assert_eq!(leg, held, "{:?} with {:?}", which, slow.broker.works);
            }
        }
    }
}

#[test]
fn what_another_bracket_has_sold_twice_is_guarded_when_its_entry_buys_it_back() {
    use Which::{Entry, Stop, Target};
    let answers = Luck::Answers { refuses: false };
    let fills = Luck::Fills;
    let mut slow = Slow::new(false);
    let first = [answers, answers, answers, fills(Entry, false, 4), answers, answers, fills(Entry, true, 4)];
    // Both exits of the first bracket fill, and then both of the second.
    let twice = [
        fills(Target, false, 4),
        answers,
        fills(Stop, false, 4),
        fills(Entry, false, 2),
        fills(Entry, true, 1),
        fills(Entry, false, 4),
        fills(Target, false, 3),
        answers,
        fills(Stop, false, 4),
    ];
    for luck in first.into_iter().chain(twice) {
        slow.happens(luck);
    }
    assert_eq!(slow.broker.net, Decimal::ZERO);
    slow.happens(fills(Entry, false, 1));
    slow.rests();
    assert_eq!(slow.broker.net, Decimal::ONE);
    assert_eq!([Target, Stop].map(|which| slow.leg(which)), [Decimal::ONE; 2]);
}
