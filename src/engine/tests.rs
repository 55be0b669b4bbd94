//! The engine alone: events in, effects out, with a broker played by the test.

mod accounts;
mod alerts;
mod allocation;
mod arming;
mod brokers;
mod charged;
mod drawings;
mod equity;
mod exits;
mod flatten;
mod followers;
mod groups;
mod journal;
mod kill;
mod listing;
mod notes;
mod pace;
mod recall;
mod reconcile;
mod remarks;
mod results;
mod trust;
mod unsaved;
mod way_out;
mod what_if;

use super::*;
use crate::broker::contract::Books;
use crate::broker::{MarketEvent, Report, ReportKind};
use crate::domain::{
    AccountKind, AssetClass, Balance, Currency, Decimal, ExecId, Liquidity, Moment, Money, Order, OrderId,
    OrderKind, OrderSpec, OrderStatus, Origin, Price, Qty, Quote, Record, Side, TickTable, TimeInForce,
    TradingHours,
};
use crate::link::{Bracket, CommandId, Flatten, Place};
use crate::risk::{ApprovedOrder, Despite};

const BROKER: BrokerId = BrokerId(0);
const SHARE: InstrumentId = InstrumentId(0);

fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn share() -> Arc<Instrument> {
    Arc::new(Instrument {
        id: SHARE,
        broker: BROKER,
        symbol: "AAPL".into(),
        name: "Apple".into(),
        venue: "NASDAQ".into(),
        class: AssetClass::Share,
        currency: Currency::USD,
        ticks: TickTable::uniform(dec("0.01")).unwrap(),
        lot: Qty(Decimal::ONE),
        multiplier: Decimal::ONE,
        hours: TradingHours::always("UTC"),
    })
}

/// An engine with a ready broker, an account and a quote of 99.99 / 100.01.
struct Stage {
    engine: Engine,
    now: Time,
    next_command: u64,
    next_exec: u64,
    disk: Disk,
    journal: Vec<Record>,
}

/// What the disk does with the journal.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Disk {
    /// It has every record at once.
    Quick,
    /// It has none until [`Stage::disk_has_all`].
    Slow,
}

fn stage() -> Stage {
    let mut stage = stage_after(Journaled::default());
    let books = Books { accounts: vec![account()], are_final: true, ..Books::default() };
    stage.broker(BrokerEvent::Books(Arc::new(books)));
    stage.broker(BrokerEvent::Connection { state: ConnectionState::Ready, reason: "Ready".into() });
    stage.quote();
    stage
}

/// An engine that begins with what a journal has; its broker has not spoken yet.
fn stage_after(journal: Journaled) -> Stage {
    let now = Time::from_seconds(1_000);
    let engine =
        Engine::new(Start { journal, ..Start::first(vec![share()].into(), vec!["Paper".into()], now) });
    let mut stage =
        Stage { engine, now, next_command: 1, next_exec: 1, disk: Disk::Quick, journal: Vec::new() };
    stage.feed(EngineEvent::Started);
    stage
}

fn account() -> Arc<Account> {
    let balance = Balance {
        currency: Currency::USD,
        cash: dec("1000000"),
        realised: Decimal::ZERO,
        commissions: Decimal::ZERO,
        margin: Decimal::ZERO,
        buying_power: dec("2000000"),
    };
    Arc::new(Account {
        id: "PAPER".into(),
        broker: BROKER,
        kind: AccountKind::Paper,
        title: "Paper".into(),
        base: Currency::USD,
        balances: vec![balance],
        reported: None,
    })
}

impl Stage {
    fn feed(&mut self, event: EngineEvent) -> Vec<Effect> {
        let mut out = Vec::new();
        self.engine.process(event, self.now, &mut out);
        self.write(&mut out);
        let orders = &self.engine.orders;
        assert!(orders.live().eq(orders.all().filter(|order| order.is_live())), "none is lost sight of");
        out
    }

    /// Takes the records over, and tells the engine, as the disk is.
    fn write(&mut self, out: &mut Vec<Effect>) {
        let mut from = 0;
        while from < out.len() {
            let new = std::mem::replace(&mut from, out.len());
            let records = out[new..].iter().filter_map(|effect| match effect {
                Effect::Journal(record) => Some((**record).clone()),
                _ => None,
            });
            let before = self.journal.len();
            self.journal.extend(records);
            if self.disk == Disk::Quick
                && let Some(last) = self.journal[before..].last()
            {
                self.engine.process(EngineEvent::Journaled(last.seq), self.now, out);
            }
        }
    }

    /// The disk has everything it was given.
    fn disk_has_all(&mut self) -> Vec<Effect> {
        let last = self.journal.last().unwrap().seq;
        self.feed(EngineEvent::Journaled(last))
    }

    fn session_ends(&mut self) -> Vec<Effect> {
        self.broker(BrokerEvent::Ended { reason: "It failed".into(), unread: Vec::new() })
    }

    /// What the journal says of an order, oldest first.
    fn moments(&self, order: u64) -> Vec<&Moment> {
        let is_about = |r: &&Record| r.orders.iter().any(|o| o.id == OrderId(order));
        self.journal.iter().filter(is_about).map(|record| &record.moment).collect()
    }

    fn broker(&mut self, event: BrokerEvent) -> Vec<Effect> {
        self.feed(EngineEvent::Broker(BROKER, event))
    }

    fn quote(&mut self) -> Vec<Effect> {
        let price = |text| Some(Price(dec(text)));
        let quote = Quote { bid: price("99.99"), ask: price("100.01"), is_open: true, ..Quote::default() };
        self.broker(BrokerEvent::Market {
            received: self.now,
            events: vec![MarketEvent::Quote(SHARE, quote)],
        })
    }

    fn command(&mut self, command: Command) -> Vec<Effect> {
        let id = CommandId(self.next_command);
        self.next_command += 1;
        self.feed(EngineEvent::Command(Envelope { id, input_at: self.now, command }))
    }

    /// The account that there is.
    fn account(&self) -> AccountId {
        self.engine.accounts.keys().next().map_or("PAPER".into(), |(_, account)| account.clone())
    }

    fn buy(&mut self, quantity: &str, limit: &str) -> Vec<Effect> {
        let account = self.account();
        self.command(Command::Place(Place { account, ..limit_order(Side::Buy, quantity, limit) }))
    }

    fn says(&mut self, order: u64, status: OrderStatus) -> Vec<Effect> {
        let kind = ReportKind::Status { status, reason: None };
        self.broker(BrokerEvent::Report(Report { order: OrderId(order), kind, time: self.now }))
    }

    fn says_why(&mut self, order: u64, status: OrderStatus, why: &str) -> Vec<Effect> {
        let kind = ReportKind::Status { status, reason: Some(why.into()) };
        self.broker(BrokerEvent::Report(Report { order: OrderId(order), kind, time: self.now }))
    }

    fn refuses_cancel(&mut self, order: u64, why: &str) -> Vec<Effect> {
        let kind = ReportKind::CancelRefused(why.into());
        self.broker(BrokerEvent::Report(Report { order: OrderId(order), kind, time: self.now }))
    }

    fn fill(&mut self, order: u64, side: Side, quantity: &str, net: &str) -> Vec<Effect> {
        let exec = format!("E{}", self.next_exec);
        self.next_exec += 1;
        self.fill_as(&exec, order, side, quantity, net)
    }

    fn fill_as(&mut self, exec: &str, order: u64, side: Side, quantity: &str, net: &str) -> Vec<Effect> {
        let account: AccountId = "PAPER".into();
        let fill = Fill {
            exec_id: ExecId(exec.into()),
            order: OrderId(order),
            account: account.clone(),
            instrument: SHARE,
            side,
            quantity: Qty(dec(quantity)),
            price: Price(dec("100")),
            commission: Money { amount: Decimal::ONE, currency: Currency::USD },
            realised: Decimal::ZERO,
            liquidity: Liquidity::Taker,
            time: self.now,
        };
        let position = Position { net: dec(net), ..Position::flat(account, SHARE) };
        self.broker(BrokerEvent::Fill { fill, position })
    }

    fn status(&self, order: u64) -> OrderStatus {
        self.order(order).status
    }

    fn order(&self, order: u64) -> &Order {
        self.engine.orders.get(OrderId(order)).unwrap()
    }
}

fn limit_order(side: Side, quantity: &str, limit: &str) -> Place {
    let kind = OrderKind::Limit { price: Price(dec(limit)) };
    let spec = OrderSpec::new(SHARE, side, Qty(dec(quantity)), kind, TimeInForce::Day);
    Place::plain("PAPER".into(), spec)
}

fn requests(effects: &[Effect]) -> Vec<&BrokerRequest> {
    let mut found = Vec::new();
    for effect in effects {
        if let Effect::Request(_, request) = effect {
            found.push(request);
        }
    }
    found
}

/// The requests themselves: they cannot be copied.
fn taken(effects: Vec<Effect>) -> Vec<BrokerRequest> {
    let request = |effect| match effect {
        Effect::Request(_, request) => Some(request),
        _ => None,
    };
    effects.into_iter().filter_map(request).collect()
}

fn placed(effects: &[Effect]) -> Vec<&OrderSpec> {
    let mut found = Vec::new();
    for request in requests(effects) {
        if let BrokerRequest::Place(orders) = request {
            found.extend(orders.iter().map(ApprovedOrder::spec));
        }
    }
    found
}

fn answer(effects: &[Effect]) -> &Outcome {
    let found = effects.iter().find_map(|effect| match effect {
        Effect::Publish { update, .. } => match &**update {
            Update::Answer(answer) => Some(&answer.outcome),
            _ => None,
        },
        _ => None,
    });
    found.unwrap()
}

fn refusal(effects: &[Effect]) -> &str {
    &answer(effects).as_ref().unwrap_err().0
}

#[test]
fn an_order_is_approved_sent_worked_and_filled() {
    let mut stage = stage();
    let effects = stage.buy("10", "100.00");
    assert_eq!(placed(&effects).len(), 1);
    assert_eq!(answer(&effects), &Ok(Some(OrderId(1))));
    assert_eq!(stage.status(1), OrderStatus::Sent);
    stage.says(1, OrderStatus::Working);
    stage.fill(1, Side::Buy, "4", "4");
    assert_eq!(stage.status(1), OrderStatus::PartiallyFilled);
    stage.fill(1, Side::Buy, "6", "10");
    assert_eq!(stage.status(1), OrderStatus::Filled);
    assert_eq!(stage.order(1).average_price, Some(dec("100")));
}

#[test]
fn a_refused_order_reaches_no_broker_and_leaves_no_trace_but_the_log() {
    let mut stage = stage();
    let effects = stage.buy("10", "150.00");
    assert!(placed(&effects).is_empty());
    assert!(refusal(&effects).contains("beyond the market"), "{}", refusal(&effects));
    assert_eq!(stage.engine.orders.all().count(), 0);
}

#[test]
fn an_execution_counts_once() {
    let mut stage = stage();
    stage.buy("10", "100.00");
    stage.fill_as("E7", 1, Side::Buy, "4", "4");
    let again = stage.fill_as("E7", 1, Side::Buy, "4", "4");
    assert!(again.iter().all(|e| !matches!(e, Effect::Publish { .. })), "nothing is told twice");
    assert_eq!(stage.order(1).filled, Qty(dec("4")));
    assert_eq!(stage.engine.fills().count(), 1);
}

#[test]
fn half_a_bracket_is_never_sent() {
    let mut stage = stage();
    let mut place = limit_order(Side::Buy, "10", "100.00");
    // The target would sell far below the market: a fat finger.
    place.bracket = Some(Bracket::gtc(Some(Price(dec("50.00"))), Some(Price(dec("95.00")))));
    let effects = stage.command(Command::Place(place.clone()));
    assert!(placed(&effects).is_empty());
    place.bracket = Some(Bracket::gtc(Some(Price(dec("105.00"))), Some(Price(dec("95.00")))));
    let effects = stage.command(Command::Place(place));
    let placed = placed(&effects);
    assert_eq!(placed.len(), 3);
    let parent = answer(&effects).clone().unwrap();
    assert!(placed[1..].iter().all(|child| child.parent == parent && child.side == Side::Sell));
}

#[test]
fn a_cancel_that_crosses_a_fill_ends_filled() {
    let mut stage = stage();
    stage.buy("10", "100.00");
    stage.says(1, OrderStatus::Working);
    stage.command(Command::Cancel { order: OrderId(1) });
    assert_eq!(stage.status(1), OrderStatus::PendingCancel);
    stage.fill(1, Side::Buy, "10", "10");
    stage.says(1, OrderStatus::Cancelled);
    assert_eq!(stage.status(1), OrderStatus::Filled);
    let late = stage.command(Command::Cancel { order: OrderId(1) });
    assert!(requests(&late).is_empty());
    assert!(refusal(&late).contains("filled"));
}

#[test]
fn an_amend_waits_for_the_brokers_word() {
    let mut stage = stage();
    stage.buy("10", "99.00");
    stage.says(1, OrderStatus::Working);
    let amend = |quantity: &str| Command::Amend {
        order: OrderId(1),
        quantity: Some(Qty(dec(quantity))),
        limit: None,
        stop: None,
        despite: Despite::default(),
    };
    stage.command(amend("20"));
    assert_eq!(stage.status(1), OrderStatus::PendingAmend);
    assert_eq!(stage.order(1).spec.quantity, Qty(dec("10")), "not before the broker has confirmed");
    assert!(refusal(&stage.command(amend("30"))).contains("already on its way"));
    let mut spec = stage.order(1).spec;
    spec.quantity = Qty(dec("20"));
    let report = Report { order: OrderId(1), kind: ReportKind::Amended(spec), time: stage.now };
    stage.broker(BrokerEvent::Report(report));
    assert_eq!((stage.status(1), stage.order(1).spec.quantity), (OrderStatus::Working, Qty(dec("20"))));
    assert!(refusal(&stage.command(amend("20"))).contains("Nothing would change"));
}

#[test]
fn closing_twice_sells_once() {
    let mut stage = stage();
    stage.buy("10", "100.00");
    stage.fill(1, Side::Buy, "10", "10");
    let first = stage.command(Command::Close {
        account: "PAPER".into(),
        instrument: SHARE,
        despite: Despite::default(),
    });
    assert_eq!(placed(&first)[0].quantity, Qty(dec("10")));
    assert_eq!(placed(&first)[0].side, Side::Sell);
    let second = stage.command(Command::Close {
        account: "PAPER".into(),
        instrument: SHARE,
        despite: Despite::default(),
    });
    assert!(placed(&second).is_empty());
    assert!(refusal(&second).contains("already on its way"));
    let reverse = stage.command(Command::Reverse {
        account: "PAPER".into(),
        instrument: SHARE,
        despite: Despite::default(),
    });
    assert!(placed(&reverse).is_empty());
}

#[test]
fn reversing_trades_twice_the_position() {
    let mut stage = stage();
    stage.buy("10", "100.00");
    stage.fill(1, Side::Buy, "10", "10");
    let effects = stage.command(Command::Reverse {
        account: "PAPER".into(),
        instrument: SHARE,
        despite: Despite::default(),
    });
    assert_eq!((placed(&effects)[0].side, placed(&effects)[0].quantity), (Side::Sell, Qty(dec("20"))));
}

#[test]
fn the_kill_switch_locks_cancels_counts_down_and_stays() {
    let mut stage = stage();
    stage.buy("10", "99.00");
    stage.says(1, OrderStatus::Working);
    let effects = stage.command(Command::Kill { flatten: Flatten::No });
    assert!(requests(&effects).contains(&&BrokerRequest::CancelAll));
    assert!(effects.iter().any(|e| matches!(e, Effect::Save(SaveJob::EngineState { is_killed: true, .. }))));
    assert_eq!(stage.engine.kill_state(), KillState::Locked { still_working: 1 });
    stage.says(1, OrderStatus::Cancelled);
    assert_eq!(stage.engine.kill_state(), KillState::Locked { still_working: 0 });
    assert!(refusal(&stage.buy("10", "99.00")).contains("kill switch"));
    stage.command(Command::ReleaseKill);
    assert!(answer(&stage.buy("10", "99.00")).is_ok());
}

#[test]
fn a_broken_session_makes_orders_unknown_until_the_broker_tells() {
    let mut stage = stage();
    stage.buy("10", "99.00");
    stage.says(1, OrderStatus::Working);
    stage.session_ends();
    assert_eq!(stage.status(1), OrderStatus::Unknown);
    assert!(refusal(&stage.buy("10", "99.00")).contains("down"));
    let known = Order { status: OrderStatus::Working, ..stage.order(1).clone() };
    let books = Books { orders: vec![known], accounts: vec![account()], ..Books::default() };
    stage.broker(BrokerEvent::Books(Arc::new(books)));
    assert_eq!(stage.status(1), OrderStatus::Working);
}

#[test]
fn an_order_the_broker_does_not_have_after_reconnecting_is_unknown_and_said_so() {
    let mut stage = stage();
    stage.buy("10", "99.00");
    stage.says(1, OrderStatus::Working);
    stage.buy("10", "99.00");
    stage.session_ends();
    let books = Books { accounts: vec![account()], are_final: true, ..Books::default() };
    let effects = stage.broker(BrokerEvent::Books(Arc::new(books)));
    assert_eq!(stage.status(1), OrderStatus::Unknown);
    assert_eq!(stage.status(2), OrderStatus::Rejected, "it was never acknowledged, so it never arrived");
    let said = effects.iter().any(|effect| match effect {
        Effect::Publish { update, .. } => {
            matches!(&**update, Update::Notice(n) if n.level == NoticeLevel::Error)
        }
        _ => false,
    });
    assert!(said);
}

#[test]
fn what_could_not_be_handed_over_is_refused_and_not_counted_as_a_sign_of_life() {
    let mut stage = stage();
    let sent = stage.buy("10", "99.00");
    let heard = stage.engine.brokers[0].last_heard;
    stage.now = stage.now + std::time::Duration::from_secs(1);
    let place = taken(sent).into_iter().find(|r| matches!(r, BrokerRequest::Place(_))).unwrap();
    stage.feed(EngineEvent::Undelivered(BROKER, place, "nothing was sent"));
    assert_eq!(stage.status(1), OrderStatus::Rejected);
    assert_eq!(stage.engine.brokers[0].last_heard, heard);
}

#[test]
fn a_broker_that_says_nothing_is_silent_until_it_is_heard_again() {
    let mut stage = stage();
    stage.now = stage.now + std::time::Duration::from_secs(6);
    stage.feed(EngineEvent::Tick);
    assert_eq!(stage.engine.brokers[0].connection.state, ConnectionState::Silent);
    assert!(refusal(&stage.buy("10", "99.00")).contains("silent"));
    stage.quote();
    assert_eq!(stage.engine.brokers[0].connection.state, ConnectionState::Ready);
}

#[test]
fn a_sign_of_life_confirms_quotes_of_this_session_only() {
    let mut stage = stage();
    let mut demand = crate::link::Demand::default();
    demand.quotes.insert(SHARE);
    stage.command(Command::Demand(Arc::new(demand)));
    stage.now = stage.now + std::time::Duration::from_mins(2);
    stage.broker(BrokerEvent::Alive { received: stage.now });
    assert!(requests(&stage.buy("10", "99.00")).iter().any(|r| matches!(r, BrokerRequest::Place(_))));
    stage.session_ends();
    let books = Books { accounts: vec![account()], ..Books::default() };
    stage.broker(BrokerEvent::Books(Arc::new(books)));
    stage.broker(BrokerEvent::Connection { state: ConnectionState::Ready, reason: "Ready".into() });
    stage.broker(BrokerEvent::Alive { received: stage.now });
    assert!(refusal(&stage.buy("10", "99.00")).contains("old"));
    stage.quote();
    assert!(requests(&stage.buy("10", "99.00")).iter().any(|r| matches!(r, BrokerRequest::Place(_))));
}

#[test]
fn a_refused_cancel_leaves_an_order_as_it_stood() {
    let mut stage = stage();
    stage.buy("10", "99.00");
    stage.says(1, OrderStatus::Held);
    stage.command(Command::Cancel { order: OrderId(1) });
    let kind = ReportKind::CancelRefused("too late".into());
    stage.broker(BrokerEvent::Report(Report { order: OrderId(1), kind, time: stage.now }));
    assert_eq!(stage.status(1), OrderStatus::Held);
}

#[test]
fn a_kill_that_could_not_be_delivered_is_repeated_after_the_reconnect() {
    let mut stage = stage();
    stage.buy("10", "99.00");
    stage.says(1, OrderStatus::Working);
    stage.command(Command::Kill { flatten: Flatten::No });
    stage.feed(EngineEvent::Undelivered(BROKER, BrokerRequest::CancelAll, "not connected"));
    assert_eq!(stage.status(1), OrderStatus::Working, "the screen does not pretend");
    let known = stage.order(1).clone();
    stage.session_ends();
    let books = Books { orders: vec![known], accounts: vec![account()], ..Books::default() };
    stage.broker(BrokerEvent::Books(Arc::new(books)));
    let ready = BrokerEvent::Connection { state: ConnectionState::Ready, reason: "Ready".into() };
    assert!(requests(&stage.broker(ready)).contains(&&BrokerRequest::Cancel(OrderId(1))));
}

#[test]
fn a_snapshot_brings_the_charts_along() {
    let mut stage = stage();
    let mut demand = crate::link::Demand::default();
    demand.want_bars(crate::link::BarKey { instrument: SHARE, timeframe: crate::domain::Timeframe::M1 }, 100);
    let asks = |effects: &[Effect]| {
        requests(effects).iter().filter(|request| matches!(request, BrokerRequest::History(_))).count()
    };
    assert_eq!(asks(&stage.command(Command::Demand(Arc::new(demand)))), 1);
    assert_eq!(asks(&stage.feed(EngineEvent::WindowIsBehind)), 1, "the window has given its bars up");
    assert_eq!(asks(&stage.command(Command::Snapshot)), 1);
}

#[test]
fn an_account_that_is_told_again_unchanged_wakes_nobody() {
    let mut stage = stage();
    let told = stage.broker(BrokerEvent::Account(account()));
    assert!(told.is_empty(), "{told:?}");
    let mut richer = Account::clone(&account());
    richer.balances[0].cash += Decimal::ONE;
    let told = stage.broker(BrokerEvent::Account(Arc::new(richer)));
    let is_account = |effect: &Effect| matches!(effect, Effect::Publish { update, .. } if matches!(**update, Update::Account(_)));
    assert_eq!(told.iter().filter(|effect| is_account(effect)).count(), 1);
}

#[test]
fn order_ids_are_reserved_on_disk_before_they_are_used() {
    let mut stage = stage();
    for _ in 0..1_600 {
        stage.buy("1", "99.00");
        let reserved = stage.engine.orders.reserved_up_to();
        let newest = stage.engine.orders.all().last().map_or(0, |order| order.id.0);
        assert!(newest + 100 < reserved, "order {newest} is too near the reservation up to {reserved}");
        stage.says(newest, OrderStatus::Cancelled);
    }
}

#[test]
fn a_shutdown_disconnects_and_finishes_when_the_broker_has_closed_or_time_is_up() {
    let mut closing = stage();
    let effects = closing.command(Command::Shutdown);
    assert!(requests(&effects).contains(&&BrokerRequest::Disconnect));
    assert!(!effects.iter().any(|e| matches!(e, Effect::Finish)));
    let closed = BrokerEvent::Connection { state: ConnectionState::Closed, reason: "Bye".into() };
    assert!(closing.broker(closed).iter().any(|e| matches!(e, Effect::Finish)));

    let mut hanging = stage();
    hanging.command(Command::Shutdown);
    hanging.now = hanging.now + SHUTDOWN_LIMIT;
    assert!(hanging.feed(EngineEvent::Tick).iter().any(|e| matches!(e, Effect::Finish)));
}
