//! Accounts: of the profile's kind or left at once, and live ones only once they are armed.

use super::*;
use crate::broker::contract::AccountRule;

fn live(id: &str) -> Arc<Account> {
    let paper = account();
    Arc::new(Account { id: id.into(), kind: AccountKind::Live, ..Account::clone(&paper) })
}

/// A profile of a kind, whose broker has an account.
fn profile(kind: AccountKind, rule: AccountRule, has: Arc<Account>) -> (Stage, Vec<Effect>) {
    let mut stage = stage_after(Journaled::default());
    let settings = Settings { account_kind: kind, ..Settings::default() };
    stage.engine.settings = Arc::new(settings);
    stage.engine.brokers[0].facts.accounts = rule;
    let books = Books { accounts: vec![has], are_final: true, ..Books::default() };
    let told = stage.broker(BrokerEvent::Books(Arc::new(books)));
    stage.broker(BrokerEvent::Connection { state: ConnectionState::Ready, reason: "Ready".into() });
    stage.quote();
    (stage, told)
}

fn ids(id: &str, kind: AccountKind) -> Arc<Account> {
    Arc::new(Account { kind, ..Account::clone(&live(id)) })
}

#[test]
fn an_account_of_the_other_kind_ends_the_session_before_anything_is_sent() {
    let by_ids = AccountRule::InteractiveBrokers;
    let wrong = [
        (AccountKind::Paper, AccountRule::AsReported, live("PAPER")),
        (AccountKind::Paper, by_ids, ids("U1234567", AccountKind::Live)),
        // Its id says live, whatever the report says.
        (AccountKind::Paper, by_ids, ids("U1234567", AccountKind::Paper)),
        (AccountKind::Live, by_ids, ids("DU1234567", AccountKind::Paper)),
        (AccountKind::Live, by_ids, ids("DU1234567", AccountKind::Live)),
        (AccountKind::Paper, by_ids, ids("X1", AccountKind::Paper)),
    ];
    for (kind, rule, has) in wrong {
        let (mut stage, told) = profile(kind, rule, Arc::clone(&has));
        assert!(requests(&told).contains(&&BrokerRequest::Disconnect), "{kind:?} {has:?}");
        let connection = &stage.engine.brokers[0].connection;
        assert_eq!(connection.state, ConnectionState::Closed);
        assert!(connection.reason.contains("nothing was sent"), "{}", connection.reason);
        assert!(connection.reason.contains(&*has.id.0));
        let closed = BrokerEvent::Connection { state: ConnectionState::Closed, reason: "Bye".into() };
        stage.broker(closed);
        assert!(stage.engine.brokers[0].connection.reason.contains("nothing was sent"), "the reason stays");
        assert!(placed(&stage.buy("10", "99.00")).is_empty());
        // Not by a later word, either.
        let right = Arc::new(Account { kind, ..Account::clone(&account()) });
        stage.broker(BrokerEvent::Account(Arc::clone(&right)));
        let books = Books { accounts: vec![right], are_final: true, ..Books::default() };
        stage.broker(BrokerEvent::Books(Arc::new(books)));
        stage.broker(BrokerEvent::Connection { state: ConnectionState::Ready, reason: "Ready".into() });
        stage.quote();
        assert!(stage.engine.accounts.is_empty(), "nothing is taken over of it");
        assert!(placed(&stage.buy("10", "99.00")).is_empty());
    }
}

#[test]
fn accounts_of_the_profiles_kind_are_traded() {
    let by_ids = AccountRule::InteractiveBrokers;
    for id in ["DU1234567", "DUD12345", "DF98765"] {
        let (mut stage, _) = profile(AccountKind::Paper, by_ids, ids(id, AccountKind::Paper));
        assert_eq!(placed(&stage.buy("10", "99.00")).len(), 1, "{id}");
    }
}

#[test]
fn a_live_account_opens_nothing_until_its_id_was_typed() {
    let (mut stage, _) = profile(AccountKind::Live, AccountRule::InteractiveBrokers, live("U1234567"));
    let arm = |typed: &str| Command::Arm { broker: BROKER, account: "U1234567".into(), typed: typed.into() };
    let refused = stage.buy("10", "99.00");
    assert!(placed(&refused).is_empty());
    assert!(refusal(&refused).contains("not armed"), "{}", refusal(&refused));
    assert!(refusal(&stage.command(arm("U123456"))).contains("exactly"));
    assert!(refusal(&stage.command(arm(""))).contains("exactly"));
    assert!(placed(&stage.buy("10", "99.00")).is_empty());
    let told = stage.command(arm(" U1234567 "));
    assert_eq!(answer(&told), &Ok(None));
    assert!(told.iter().any(|e| matches!(e, Effect::Publish { update, .. } if matches!(&**update, Update::Armed(armed) if armed.len() == 1))));
    assert_eq!(placed(&stage.buy("10", "99.00")).len(), 1);
    stage.command(Command::Disarm { broker: BROKER, account: "U1234567".into() });
    assert!(placed(&stage.buy("10", "99.00")).is_empty());
}

#[test]
fn what_is_held_in_an_unarmed_account_can_be_closed_and_cancelled() {
    let (mut stage, _) = profile(AccountKind::Live, AccountRule::AsReported, live("U1234567"));
    let position = Position { net: dec("10"), ..Position::flat("U1234567".into(), SHARE) };
    let books = Books {
        accounts: vec![live("U1234567")],
        positions: vec![position],
        are_final: true,
        ..Books::default()
    };
    stage.broker(BrokerEvent::Books(Arc::new(books)));
    let close = stage.command(Command::Close {
        account: "U1234567".into(),
        instrument: SHARE,
        despite: Despite::default(),
    });
    assert_eq!(placed(&close).len(), 1, "{}", stage.engine.orders.all().count());
    let id = stage.engine.orders.live().next().unwrap().id;
    stage.says(id.0, OrderStatus::Working);
    assert!(requests(&stage.command(Command::Cancel { order: id })).contains(&&BrokerRequest::Cancel(id)));
}

#[test]
fn a_close_leaves_on_a_silent_line_only_where_the_trader_insists() {
    let mut stage = stage();
    stage.buy("10", "100.00");
    stage.fill(1, Side::Buy, "10", "10");
    stage.now = stage.now + std::time::Duration::from_secs(6);
    stage.feed(EngineEvent::Tick);
    let refused = stage.command(Command::Close {
        account: "PAPER".into(),
        instrument: SHARE,
        despite: Despite::default(),
    });
    assert!(refusal(&refused).contains("wait until the broker is heard"));
    let despite = Despite { silent_broker: true, ..Despite::default() };
    assert_eq!(
        placed(&stage.command(Command::Close { account: "PAPER".into(), instrument: SHARE, despite })).len(),
        1
    );
}

#[test]
fn a_change_leaves_on_a_silent_line_only_where_the_trader_insists() {
    let mut stage = stage();
    stage.buy("10", "99.00");
    stage.says(1, OrderStatus::Working);
    stage.now = stage.now + std::time::Duration::from_secs(6);
    stage.feed(EngineEvent::Tick);
    let amend = |despite| Command::Amend {
        order: OrderId(1),
        quantity: None,
        limit: Some(Price(dec("98.00"))),
        stop: None,
        despite,
    };
    assert!(refusal(&stage.command(amend(Despite::default()))).contains("heard"));
    let insists = Despite { silent_broker: true, ..Despite::default() };
    let told = stage.command(amend(insists));
    assert!(requests(&told).iter().any(|request| matches!(request, BrokerRequest::Amend(_))));
}

#[test]
fn the_window_is_told_what_is_used_of_the_limits_and_once() {
    let mut stage = stage();
    let mut settings = Settings::default();
    settings.limits.profile.max_exposure = Some(dec("100000"));
    settings.limits.profile.max_loss_per_day = Some(dec("500"));
    stage.command(Command::Configure(Arc::new(settings)));
    stage.buy("10", "100.00");
    stage.fill(1, Side::Buy, "10", "10");
    let uses = |effects: &[Effect]| {
        effects.iter().find_map(|effect| match effect {
            Effect::Publish { update, .. } => match &**update {
                Update::Uses(uses) => Some(Arc::clone(uses)),
                _ => None,
            },
            _ => None,
        })
    };
    let told = uses(&stage.feed(EngineEvent::Tick)).expect("it has changed");
    assert_eq!((told[0].orders_last_minute, told[0].working_orders), (1, 0));
    assert_eq!(told[0].exposure, Some(dec("1000.00")), "ten at the middle of the book");
    assert!(told[0].result_of_day.is_some() && told[0].lock.is_none());
    assert!(uses(&stage.feed(EngineEvent::Tick)).is_none(), "nothing has changed");
    stage.now = stage.now + std::time::Duration::from_mins(2);
    assert_eq!(uses(&stage.feed(EngineEvent::Tick)).expect("a minute has passed")[0].orders_last_minute, 0);
}

#[test]
fn an_unarmed_account_is_not_turned_by_what_makes_its_position_smaller() {
    let (mut stage, _) = profile(AccountKind::Live, AccountRule::AsReported, live("U1234567"));
    let position = Position { net: dec("10"), ..Position::flat("U1234567".into(), SHARE) };
    let books = Books {
        accounts: vec![live("U1234567")],
        positions: vec![position],
        are_final: true,
        ..Books::default()
    };
    stage.broker(BrokerEvent::Books(Arc::new(books)));
    let sell =
        Command::Place(Place { account: "U1234567".into(), ..limit_order(Side::Sell, "10", "101.00") });
    assert_eq!(placed(&stage.command(sell)).len(), 1, "it makes the position smaller");
    stage.says(1, OrderStatus::Working);
    let close = stage.command(Command::Close {
        account: "U1234567".into(),
        instrument: SHARE,
        despite: Despite::default(),
    });
    assert!(placed(&close).is_empty(), "with both, ten would be sold that are not held");
    assert!(requests(&close).contains(&&BrokerRequest::Cancel(OrderId(1))));
    assert_eq!(placed(&stage.says(1, OrderStatus::Cancelled)).len(), 1);
    let reverse =
        Command::Reverse { account: "U1234567".into(), instrument: SHARE, despite: Despite::default() };
    assert!(placed(&stage.command(reverse)).is_empty());
}

#[test]
fn another_session_with_another_account_is_not_armed_and_gets_no_orders_of_the_first() {
    let (mut stage, _) = profile(AccountKind::Live, AccountRule::AsReported, live("U1"));
    stage.command(Command::Arm { broker: BROKER, account: "U1".into(), typed: "U1".into() });
    assert_eq!(placed(&stage.buy("10", "99.00")).len(), 1);
    stage.session_ends();
    let books = Books { accounts: vec![live("U2")], are_final: true, ..Books::default() };
    stage.broker(BrokerEvent::Books(Arc::new(books)));
    stage.broker(BrokerEvent::Connection { state: ConnectionState::Ready, reason: "Ready".into() });
    stage.quote();
    let first = Place { account: "U1".into(), ..limit_order(Side::Buy, "10", "99.00") };
    assert!(refusal(&stage.command(Command::Place(first))).contains("account U1"));
    let refused = stage.buy("10", "99.00");
    assert!(
        refusal(&refused).contains("U2") && refusal(&refused).contains("not armed"),
        "{}",
        refusal(&refused)
    );
}
