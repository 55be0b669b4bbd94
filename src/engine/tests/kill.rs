//! The kill switch ends flat or names what it could not end.

use std::time::Duration;

use super::*;
use crate::link::{AccountKill, Flatten, KillStage};

impl Stage {
    fn kill(&mut self, flatten: Flatten) -> Vec<Effect> {
        self.command(Command::Kill { flatten })
    }

    fn line(&self) -> AccountKill {
        self.engine.kill_report().unwrap().accounts[0].clone()
    }

    fn stage_of_kill(&self) -> KillStage {
        self.line().stage
    }

    /// The books as this engine has the orders, but for those named, which work on.
    fn answers_books(&mut self, positions: Vec<Position>) -> Vec<Effect> {
        // What was never sent it does not have.
        let orders =
            self.engine.orders.all().filter(|order| order.status != OrderStatus::Rejected).cloned().collect();
        let books =
            Books { orders, positions, accounts: vec![account()], are_final: true, ..Books::default() };
        self.broker(BrokerEvent::Books(Arc::new(books)))
    }

    /// The books of a broker that does not have order 2.
    fn answers_books_of_three(&mut self, positions: Vec<Position>) -> Vec<Effect> {
        let orders = vec![self.order(1).clone(), self.order(3).clone()];
        let books =
            Books { orders, positions, accounts: vec![account()], are_final: true, ..Books::default() };
        self.broker(BrokerEvent::Books(Arc::new(books)))
    }

    fn tick_after(&mut self, pause: Duration) -> Vec<Effect> {
        self.now = self.now + pause;
        let mut effects = self.broker(BrokerEvent::Alive { received: self.now });
        effects.extend(self.feed(EngineEvent::Tick));
        effects
    }
}

fn holding(net: &str) -> Position {
    Position { net: dec(net), ..Position::flat("PAPER".into(), SHARE) }
}

/// Ten shares held and an order that works.
fn exposed() -> Stage {
    let mut stage = stage();
    stage.buy("10", "100.00");
    stage.fill(1, Side::Buy, "10", "10");
    stage.buy("10", "99.00");
    stage.says(2, OrderStatus::Working);
    stage
}

#[test]
fn without_positions_the_end_is_that_nothing_works_by_the_brokers_own_books() {
    let mut stage = exposed();
    assert!(requests(&stage.kill(Flatten::No)).contains(&&BrokerRequest::CancelAll));
    assert_eq!(stage.stage_of_kill(), KillStage::Cancelling(1));
    let asked = stage.says(2, OrderStatus::Cancelled);
    assert!(requests(&asked).contains(&&BrokerRequest::Books), "its word on the order is not proof enough");
    assert_eq!(stage.stage_of_kill(), KillStage::Verifying);
    stage.answers_books(vec![holding("10")]);
    assert_eq!(stage.stage_of_kill(), KillStage::Done);
    assert!(refusal(&stage.buy("1", "99.00")).contains("kill switch"));
}

#[test]
fn it_closes_positions_and_sees_that_they_are_gone() {
    let mut stage = exposed();
    stage.kill(Flatten::Market);
    stage.says(2, OrderStatus::Cancelled);
    let closes = stage.answers_books(vec![holding("10")]);
    let specs = placed(&closes);
    assert_eq!(specs.len(), 1);
    assert_eq!(
        (specs[0].side, specs[0].quantity, specs[0].kind),
        (Side::Sell, Qty(dec("10")), OrderKind::Market)
    );
    assert_eq!(stage.stage_of_kill(), KillStage::Flattening(1));
    stage.fill(3, Side::Sell, "10", "0");
    assert_eq!(stage.stage_of_kill(), KillStage::Verifying);
    stage.answers_books(vec![holding("0")]);
    assert_eq!(stage.stage_of_kill(), KillStage::Done);
    let evidence: Vec<Arc<str>> = stage.line().evidence.into_iter().map(|(_, text)| text).collect();
    assert!(evidence.iter().any(|text| text.contains("nothing is held")), "{evidence:?}");
}

#[test]
fn a_band_limits_what_closing_may_cost() {
    let mut stage = exposed();
    stage.kill(Flatten::Within(dec("1")));
    stage.says(2, OrderStatus::Cancelled);
    let closes = stage.answers_books(vec![holding("10")]);
    let spec = placed(&closes)[0];
    assert_eq!(
        spec.kind,
        OrderKind::Limit { price: Price(dec("99.00")) },
        "bid 99.99 less one per cent, rounded into the band"
    );
    assert_eq!(spec.tif, TimeInForce::Ioc);
}

#[test]
fn what_a_partial_fill_left_is_closed_by_another_order_and_after_three_it_is_named() {
    let mut stage = exposed();
    stage.kill(Flatten::Within(dec("1")));
    stage.says(2, OrderStatus::Cancelled);
    let mut placed_in_all = 0;
    let mut left = 10;
    let mut effects = stage.answers_books(vec![holding("10")]);
    for order in 3..6 {
        placed_in_all += placed(&effects).len();
        left -= 2;
        stage.fill(order, Side::Sell, "2", &left.to_string());
        stage.says(order, OrderStatus::Cancelled);
        let at_once = stage.answers_books(vec![holding(&left.to_string())]);
        assert!(placed(&at_once).is_empty(), "the market is given time to come back");
        stage.now = stage.now + Duration::from_secs(2);
        effects = stage.quote();
        effects.extend(stage.feed(EngineEvent::Tick));
    }
    assert_eq!((placed_in_all, placed(&effects).len()), (3, 0));
    let KillStage::Stuck(why) = stage.stage_of_kill() else { panic!("{:?}", stage.line()) };
    assert!(why.contains("AAPL is held") && why.contains("3 orders"), "{why}");
}

#[test]
fn what_a_full_disk_kept_from_leaving_does_not_count_as_tried() {
    let mut stage = exposed();
    stage.kill(Flatten::Market);
    stage.says(2, OrderStatus::Cancelled);
    stage.disk = Disk::Slow;
    stage.answers_books(vec![holding("10")]);
    for n in 0..5 {
        let closes = stage.engine.orders.live().map(|order| order.status);
        assert_eq!(closes.collect::<Vec<_>>(), [OrderStatus::Intended], "{n}: {:?}", stage.line());
        let (from, through) = (Seq(1), Seq(9_000));
        stage.feed(EngineEvent::JournalFailed { from, through, why: "no space left".into() });
        stage.feed(EngineEvent::JournalWorks);
        stage.tick_after(Duration::from_secs(2));
        stage.answers_books(vec![holding("10")]);
    }
    stage.disk = Disk::Quick;
    let told = stage.disk_has_all();
    assert_eq!(placed(&told).len(), 1, "{:?}", stage.line());
}

#[test]
fn an_acknowledgement_that_is_lost_is_asked_for_again() {
    let mut stage = exposed();
    stage.kill(Flatten::No);
    let cancel = BrokerRequest::Cancel(OrderId(2));
    assert!(!requests(&stage.tick_after(Duration::from_secs(1))).contains(&&cancel));
    assert!(requests(&stage.tick_after(Duration::from_secs(1))).contains(&&cancel));
    for _ in 0..5 {
        stage.tick_after(Duration::from_secs(2));
    }
    let KillStage::Stuck(why) = stage.stage_of_kill() else { panic!("{:?}", stage.line()) };
    assert!(why.contains("order 2"), "{why}");
    stage.says(2, OrderStatus::Cancelled);
    assert_eq!(stage.stage_of_kill(), KillStage::Verifying, "it goes on when the answer comes after all");
}

#[test]
fn an_order_that_fills_while_it_is_cancelled_is_closed_too() {
    let mut stage = exposed();
    stage.kill(Flatten::Market);
    stage.fill(2, Side::Buy, "10", "20");
    let closes = stage.answers_books(vec![holding("20")]);
    assert_eq!(placed(&closes)[0].quantity, Qty(dec("20")));
}

#[test]
fn a_broker_that_is_away_is_named_and_dealt_with_when_it_is_back() {
    let mut stage = exposed();
    let order = stage.order(2).clone();
    stage.session_ends();
    stage.kill(Flatten::Market);
    let KillStage::Stuck(why) = stage.stage_of_kill() else { panic!("{:?}", stage.line()) };
    assert!(why.contains("Paper is down") && why.contains("1 order"), "{why}");
    let books = Books {
        orders: vec![stage.order(1).clone(), order],
        positions: vec![holding("10")],
        accounts: vec![account()],
        ..Books::default()
    };
    stage.broker(BrokerEvent::Books(Arc::new(books)));
    let back =
        stage.broker(BrokerEvent::Connection { state: ConnectionState::Ready, reason: "Ready".into() });
    assert!(requests(&back).contains(&&BrokerRequest::Cancel(OrderId(2))));
}

#[test]
fn what_the_books_bring_to_light_is_cancelled_too() {
    let mut stage = exposed();
    stage.kill(Flatten::No);
    stage.says(2, OrderStatus::Cancelled);
    let foreign = Order {
        id: OrderId(900),
        origin: Origin::Foreign,
        status: OrderStatus::Working,
        ..stage.order(2).clone()
    };
    let orders = vec![stage.order(1).clone(), stage.order(2).clone(), foreign];
    let books =
        Books { orders, positions: vec![holding("10")], accounts: vec![account()], ..Books::default() };
    let found = stage.broker(BrokerEvent::Books(Arc::new(books)));
    assert!(requests(&found).contains(&&BrokerRequest::Cancel(OrderId(900))));
    assert_eq!(stage.stage_of_kill(), KillStage::Cancelling(1));
}

/// With an order that another program has entered, beside ours.
fn beside_another() -> Stage {
    let mut stage = exposed();
    let theirs = Order {
        id: OrderId(900),
        origin: Origin::Foreign,
        status: OrderStatus::Working,
        ..stage.order(2).clone()
    };
    let orders = vec![stage.order(1).clone(), stage.order(2).clone(), theirs];
    let books =
        Books { orders, positions: vec![holding("10")], accounts: vec![account()], ..Books::default() };
    stage.broker(BrokerEvent::Books(Arc::new(books)));
    stage
}

const NOT_OURS: &str = "It was entered by client 5: cancel it there";

#[test]
fn what_others_have_entered_holds_up_nothing_of_ours_and_is_named_at_the_end() {
    let mut stage = beside_another();
    stage.kill(Flatten::Market);
    stage.refuses_cancel(900, NOT_OURS);
    assert_eq!(stage.stage_of_kill(), KillStage::Cancelling(1), "of ours");
    stage.says(2, OrderStatus::Cancelled);
    let closes = stage.answers_books(vec![holding("10")]);
    assert_eq!(placed(&closes).len(), 1, "what is held is closed");
    stage.fill(901, Side::Sell, "10", "0");
    stage.answers_books(vec![holding("0")]);
    let KillStage::Stuck(why) = stage.stage_of_kill() else { panic!("{:?}", stage.line()) };
    assert!(why.contains("nothing of ours works and nothing is held"), "{why}");
    assert!(why.contains("order 900 (Buy AAPL) works on") && why.contains(NOT_OURS), "{why}");
    let evidence = stage.line().evidence;
    for _ in 0..8 {
        let asked = stage.tick_after(Duration::from_secs(2));
        assert!(!requests(&asked).contains(&&BrokerRequest::Cancel(OrderId(900))), "asked once is enough");
    }
    assert_eq!(stage.line().evidence, evidence, "and told once");
    let says = |text: &str| evidence.iter().any(|(_, line)| line.contains(text));
    assert!(says("order 900 (Buy AAPL) is not ours") && says("nothing of ours works"), "{evidence:?}");
    stage.says(900, OrderStatus::Cancelled);
    assert_eq!(stage.stage_of_kill(), KillStage::Done, "whoever had it has ended it");
    stage.answers_books(vec![holding("0")]);
    assert_eq!(stage.stage_of_kill(), KillStage::Done, "books that nobody asked for say the same");
}

#[test]
fn nothing_is_done_while_an_order_of_ours_works_beside_those_of_others() {
    let mut stage = beside_another();
    stage.kill(Flatten::No);
    stage.refuses_cancel(900, NOT_OURS);
    stage.refuses_cancel(2, "Too many requests");
    for _ in 0..8 {
        let asked = stage.tick_after(Duration::from_secs(2));
        assert!(requests(&asked).contains(&&BrokerRequest::Cancel(OrderId(2))));
    }
    let KillStage::Stuck(why) = stage.stage_of_kill() else { panic!("{:?}", stage.line()) };
    assert!(why.contains("has not ended order 2 (Buy AAPL)") && !why.contains("900"), "{why}");
}

#[test]
fn a_cancel_that_never_reached_the_broker_is_not_its_word_on_an_order_of_others() {
    let mut stage = beside_another();
    stage.kill(Flatten::No);
    stage.says(2, OrderStatus::Cancelled);
    let cancel = || BrokerRequest::Cancel(OrderId(900));
    stage.feed(EngineEvent::Undelivered(BROKER, cancel(), "The broker does not keep up"));
    let asked = stage.tick_after(Duration::from_secs(2));
    assert!(requests(&asked).contains(&&cancel()));
    assert_eq!(stage.stage_of_kill(), KillStage::Cancelling(1));
}

#[test]
fn a_switch_that_was_left_on_stays_on_and_does_its_work_at_the_next_start() {
    let mut stage = stage();
    stage.kill(Flatten::No);
    let engine = Engine::new(Start {
        is_killed: true,
        ..Start::first(vec![share()].into(), vec!["Paper".into()], stage.now)
    });
    let mut again = Stage { engine, journal: Vec::new(), ..stage };
    again.feed(EngineEvent::Started);
    let kind = OrderKind::Limit { price: Price(dec("99")) };
    let spec = OrderSpec::new(SHARE, Side::Buy, Qty(dec("1")), kind, TimeInForce::Gtc);
    let order = Order {
        status: OrderStatus::Working,
        is_acknowledged: true,
        ..Order::intended(OrderId(5), BROKER, "PAPER".into(), spec, again.now)
    };
    let books = Books { orders: vec![order], accounts: vec![account()], ..Books::default() };
    again.broker(BrokerEvent::Books(Arc::new(books)));
    let ready =
        again.broker(BrokerEvent::Connection { state: ConnectionState::Ready, reason: "Ready".into() });
    assert!(requests(&ready).contains(&&BrokerRequest::Cancel(OrderId(5))));
    assert!(refusal(&again.buy("1", "99.00")).contains("kill switch"));
}

#[test]
fn released_it_is_gone() {
    let mut stage = exposed();
    stage.kill(Flatten::No);
    stage.command(Command::ReleaseKill);
    assert!(stage.engine.kill_report().is_none());
    assert_eq!(placed(&stage.buy("1", "99.00")).len(), 1);
}

#[test]
fn an_order_of_unknown_fate_holds_nothing_up_and_is_named_at_the_end() {
    let mut stage = exposed();
    let filled = stage.order(1).clone();
    stage.session_ends();
    let books = Books {
        orders: vec![filled],
        positions: vec![holding("10")],
        accounts: vec![account()],
        are_final: true,
        ..Books::default()
    };
    stage.broker(BrokerEvent::Books(Arc::new(books.clone())));
    stage.broker(BrokerEvent::Connection { state: ConnectionState::Ready, reason: "Ready".into() });
    stage.quote();
    assert_eq!(stage.status(2), OrderStatus::Unknown);
    let asked = stage.kill(Flatten::Market);
    assert!(requests(&asked).contains(&&BrokerRequest::CancelAll));
    stage.refuses_cancel(2, "Order 2 is not known");
    let closes = stage.broker(BrokerEvent::Books(Arc::new(books)));
    assert_eq!(placed(&closes).len(), 1, "what is held is closed all the same");
    stage.fill(3, Side::Sell, "10", "0");
    stage.answers_books_of_three(vec![holding("0")]);
    let KillStage::Stuck(why) = stage.stage_of_kill() else { panic!("{:?}", stage.line()) };
    assert!(why.contains("order 2"), "{why}");
    let cancel = BrokerRequest::Cancel(OrderId(2));
    for _ in 0..8 {
        assert!(
            !requests(&stage.tick_after(Duration::from_secs(2))).contains(&&cancel),
            "asked once is enough"
        );
    }
}

#[test]
fn used_again_it_cancels_what_its_first_use_has_sent() {
    let mut stage = exposed();
    stage.kill(Flatten::Market);
    stage.says(2, OrderStatus::Cancelled);
    stage.answers_books(vec![holding("10")]);
    stage.says_why(3, OrderStatus::Held, "Waits for the exchange to open");
    let again = stage.kill(Flatten::No);
    assert!(requests(&again).contains(&&BrokerRequest::CancelAll));
    assert_eq!(stage.status(3), OrderStatus::PendingCancel);
    assert_eq!(stage.stage_of_kill(), KillStage::Cancelling(1));
}

#[test]
fn a_band_wider_than_the_fat_finger_limit_is_the_traders_word() {
    let mut stage = exposed();
    stage.kill(Flatten::Within(dec("15")));
    stage.says(2, OrderStatus::Cancelled);
    assert_eq!(placed(&stage.answers_books(vec![holding("10")])).len(), 1);
}

#[test]
fn it_is_not_done_before_the_lock_is_on_disk() {
    let mut stage = exposed();
    stage.disk = Disk::Slow;
    let asked = stage.kill(Flatten::No);
    assert!(requests(&asked).contains(&&BrokerRequest::CancelAll), "the cancels wait for nothing");
    stage.says(2, OrderStatus::Cancelled);
    stage.answers_books(vec![holding("10")]);
    assert_eq!(stage.stage_of_kill(), KillStage::Verifying);
    let from = stage.journal.last().unwrap().seq;
    stage.feed(EngineEvent::JournalFailed { from, through: from, why: "no space left".into() });
    let KillStage::Stuck(why) = stage.stage_of_kill() else { panic!("{:?}", stage.line()) };
    assert!(why.contains("no space left"), "{why}");
    stage.feed(EngineEvent::JournalWorks);
    stage.disk_has_all();
    assert_eq!(stage.stage_of_kill(), KillStage::Done);
}

#[test]
fn a_lock_that_the_journal_never_took_is_recorded_again() {
    let mut stage = exposed();
    stage.disk = Disk::Slow;
    stage.kill(Flatten::Market);
    let is_lock = |record: &&Record| matches!(record.moment, Moment::Kill { is_on: true, .. });
    let lock = stage.journal.iter().find(is_lock).unwrap().seq;
    // Its queue was full: that record is nowhere, and later ones are written.
    stage.feed(EngineEvent::JournalFailed { from: lock, through: lock, why: "it takes no more".into() });
    stage.says(2, OrderStatus::Cancelled);
    stage.answers_books(vec![]);
    stage.disk_has_all();
    let KillStage::Stuck(why) = stage.stage_of_kill() else { panic!("{:?}", stage.line()) };
    assert!(why.contains("the lock is not on disk"), "{why}");
    stage.feed(EngineEvent::JournalWorks);
    let again = stage.journal.iter().rfind(is_lock).unwrap();
    assert!(again.seq > lock, "it comes once more");
    assert_eq!(again.moment, Moment::Kill { is_on: true, flatten: Flatten::Market });
    assert_eq!(stage.stage_of_kill(), KillStage::Verifying);
    stage.disk_has_all();
    assert_eq!(stage.stage_of_kill(), KillStage::Done);
    // Once is enough.
    stage.feed(EngineEvent::JournalWorks);
    assert_eq!(stage.journal.iter().filter(is_lock).count(), 2);
}

/// An engine that begins with the switch on, as an earlier run has left it.
fn left_on(flatten: Flatten, journal: Journaled) -> Stage {
    let first = Start::first(vec![share()].into(), vec!["Paper".into()], Time::from_seconds(1_000));
    let mut stage = stage();
    stage.engine = Engine::new(Start { is_killed: true, flatten, journal, ..first });
    stage.journal.clear();
    stage.feed(EngineEvent::Started);
    stage
}

fn ready(stage: &mut Stage) -> Vec<Effect> {
    stage.broker(BrokerEvent::Connection { state: ConnectionState::Ready, reason: "Ready".into() })
}

#[test]
fn what_was_to_be_closed_is_saved_with_the_lock() {
    let mut stage = exposed();
    let effects = stage.kill(Flatten::Within(dec("1.5")));
    let is_saved = |effect: &Effect| {
        matches!(effect, Effect::Save(SaveJob::EngineState { is_killed: true, flatten, .. })
            if *flatten == Flatten::Within(dec("1.5")))
    };
    assert!(effects.iter().any(is_saved));
    let locks: Vec<&Moment> =
        stage.journal.iter().map(|r| &r.moment).filter(|m| matches!(m, Moment::Kill { .. })).collect();
    assert_eq!(locks, [&Moment::Kill { is_on: true, flatten: Flatten::Within(dec("1.5")) }]);
    let released = stage.command(Command::ReleaseKill);
    let is_over = |effect: &Effect| {
        matches!(effect, Effect::Save(SaveJob::EngineState { is_killed: false, flatten: Flatten::No, .. }))
    };
    assert!(released.iter().any(is_over), "released, nothing is to be closed any more");
}

#[test]
fn what_is_saved_while_positions_are_closed_still_says_that_they_are_to_be() {
    let mut stage = exposed();
    // The next order needs another block of ids, which is saved with everything else.
    while !stage.engine.orders.allocate().1 {}
    for _ in 0..500 {
        assert!(!stage.engine.orders.allocate().1);
    }
    stage.kill(Flatten::Market);
    stage.says(2, OrderStatus::Cancelled);
    let closes = stage.answers_books(vec![holding("10")]);
    assert_eq!(placed(&closes).len(), 1);
    let saved: Vec<Flatten> = closes
        .iter()
        .filter_map(|effect| match effect {
            Effect::Save(SaveJob::EngineState { is_killed: true, flatten, .. }) => Some(*flatten),
            _ => None,
        })
        .collect();
    assert_eq!(saved, [Flatten::Market]);
}

#[test]
fn after_a_restart_nothing_is_closed_by_itself_and_what_is_held_is_named() {
    let mut stage = left_on(Flatten::Market, Journaled::default());
    stage.answers_books(vec![holding("10")]);
    ready(&mut stage);
    stage.quote();
    let mut effects = stage.answers_books(vec![holding("10")]);
    for _ in 0..5 {
        effects.extend(stage.tick_after(Duration::from_secs(2)));
        effects.extend(stage.quote());
    }
    assert!(placed(&effects).is_empty(), "nobody has asked since the start");
    let KillStage::Stuck(why) = stage.stage_of_kill() else { panic!("{:?}", stage.line()) };
    let expected = "AAPL is held: closing was asked for and not finished; use the switch again";
    assert_eq!(&*why, expected);
    assert_eq!(stage.engine.kill_report().unwrap().flatten, Flatten::Market);

    stage.kill(Flatten::Market);
    let closes = stage.answers_books(vec![holding("10")]);
    assert_eq!(placed(&closes).len(), 1, "asked for again, it closes");
}

#[test]
fn after_a_restart_an_account_that_was_closed_is_done() {
    let mut stage = left_on(Flatten::Market, Journaled::default());
    stage.answers_books(Vec::new());
    ready(&mut stage);
    stage.answers_books(Vec::new());
    assert_eq!(stage.stage_of_kill(), KillStage::Done);
}

#[test]
fn after_a_restart_every_account_of_a_broker_has_its_own_line() {
    let mut stage = left_on(Flatten::Market, Journaled::default());
    let lines = |stage: &Stage| -> Vec<(Option<String>, KillStage)> {
        let report = stage.engine.kill_report().unwrap();
        report
            .accounts
            .iter()
            .map(|a| (a.account.as_ref().map(|a| a.0.to_string()), a.stage.clone()))
            .collect()
    };
    ready(&mut stage);
    assert_eq!(lines(&stage).len(), 1, "no account is known yet");
    let second = Arc::new(Account { id: "SECOND".into(), ..(*account()).clone() });
    let held = Position { account: "SECOND".into(), ..holding("7") };
    let books = Books { accounts: vec![account(), second], positions: vec![held], ..Books::default() };
    stage.broker(BrokerEvent::Books(Arc::new(books)));
    let [(first, done), (second, stuck)] = &lines(&stage)[..] else { panic!("{:?}", lines(&stage)) };
    assert_eq!((first.as_deref(), second.as_deref()), (Some("PAPER"), Some("SECOND")));
    assert_eq!(*done, KillStage::Done);
    assert!(matches!(stuck, KillStage::Stuck(why) if why.contains("AAPL is held")), "{stuck:?}");
    let begun = &stage.line().evidence[0].1;
    assert_eq!(&**begun, "Locked since an earlier run", "what the unnamed line had seen is theirs");
}

#[test]
fn an_account_that_the_session_does_not_tell_of_is_named_and_not_taken_for_flat() {
    let mut stage = stage();
    let other = || Arc::new(Account { id: "SECOND".into(), ..Account::clone(&account()) });
    let held = Position { net: dec("10"), ..Position::flat("SECOND".into(), SHARE) };
    let both = Books {
        accounts: vec![account(), other()],
        positions: vec![held],
        are_final: true,
        ..Books::default()
    };
    stage.broker(BrokerEvent::Books(Arc::new(both)));
    stage.kill(Flatten::Market);
    stage.session_ends();
    let told = stage.answers_books(Vec::new());
    let is_position =
        |e: &Effect| matches!(e, Effect::Publish { update, .. } if matches!(&**update, Update::Position(_)));
    assert!(!told.iter().any(is_position), "what these books leave out of another account is not gone");
    stage.broker(BrokerEvent::Connection { state: ConnectionState::Ready, reason: "Ready".into() });
    stage.tick_after(Duration::from_secs(1));
    let report = stage.engine.kill_report().unwrap();
    let second = report.accounts.iter().find(|line| line.account == Some("SECOND".into())).unwrap();
    let KillStage::Stuck(why) = &second.stage else { panic!("{second:#?}") };
    let seen = "account SECOND in this session: whether anything works there cannot be seen";
    assert!(why.contains(seen), "{why}");
}
