//! Close and reverse of a position that a bracket guards.

use super::*;

/// Long 10 by order 1, guarded by a target (2) and a stop (3).
fn guarded() -> Stage {
    let mut stage = stage();
    let mut place = limit_order(Side::Buy, "10", "100.00");
    place.bracket = Some(Bracket::gtc(Some(Price(dec("105.00"))), Some(Price(dec("95.00")))));
    stage.command(Command::Place(place));
    stage.fill(1, Side::Buy, "10", "10");
    stage.says(2, OrderStatus::Working);
    stage.says(3, OrderStatus::Held);
    stage
}

fn cancelled(effects: &[Effect]) -> Vec<OrderId> {
    let cancel = |request: &BrokerRequest| match request {
        BrokerRequest::Cancel(id) => Some(*id),
        _ => None,
    };
    requests(effects).into_iter().filter_map(cancel).collect()
}

#[test]
fn the_exits_go_first_and_then_the_position() {
    let mut stage = guarded();
    let asked = stage.command(Command::Close {
        account: "PAPER".into(),
        instrument: SHARE,
        despite: Despite::default(),
    });
    assert_eq!(answer(&asked), &Ok(Some(OrderId(4))));
    assert_eq!(cancelled(&asked), [OrderId(2), OrderId(3)]);
    assert!(placed(&asked).is_empty(), "not while an exit could still fill");
    assert_eq!(stage.status(4), OrderStatus::Intended);
    assert!(stage.order(4).reason.as_deref().unwrap().contains("2 orders"));
    assert!(placed(&stage.says(2, OrderStatus::Cancelled)).is_empty());
    let sent = stage.says(3, OrderStatus::Cancelled);
    assert_eq!((placed(&sent)[0].side, placed(&sent)[0].quantity), (Side::Sell, Qty(dec("10"))));
    assert_eq!((stage.status(4), stage.order(4).reason.clone()), (OrderStatus::Sent, None));
}

#[test]
fn what_an_exit_fills_meanwhile_is_not_sold_again() {
    let mut stage = guarded();
    stage.command(Command::Close { account: "PAPER".into(), instrument: SHARE, despite: Despite::default() });
    stage.fill(2, Side::Sell, "4", "6");
    stage.says(2, OrderStatus::Cancelled);
    let sent = stage.says(3, OrderStatus::Cancelled);
    assert_eq!(placed(&sent)[0].quantity, Qty(dec("6")));

    let mut stage = guarded();
    stage.command(Command::Close { account: "PAPER".into(), instrument: SHARE, despite: Despite::default() });
    stage.says(3, OrderStatus::Cancelled);
    let filled = stage.fill(2, Side::Sell, "10", "0");
    assert!(placed(&filled).is_empty());
    assert_eq!(stage.status(4), OrderStatus::Cancelled);
    assert!(stage.order(4).reason.as_deref().unwrap().contains("nothing is left"));
}

#[test]
fn a_reversal_turns_what_is_left() {
    let mut stage = guarded();
    stage.command(Command::Reverse {
        account: "PAPER".into(),
        instrument: SHARE,
        despite: Despite::default(),
    });
    stage.fill(2, Side::Sell, "4", "6");
    stage.says(2, OrderStatus::Cancelled);
    let sent = stage.says(3, OrderStatus::Cancelled);
    assert_eq!(placed(&sent)[0].quantity, Qty(dec("12")));
}

#[test]
fn an_exit_that_stays_stops_the_close() {
    let mut stage = guarded();
    stage.command(Command::Close { account: "PAPER".into(), instrument: SHARE, despite: Despite::default() });
    stage.says(3, OrderStatus::Cancelled);
    let told = stage.refuses_cancel(2, "Too late");
    assert!(placed(&told).is_empty());
    assert_eq!(stage.status(4), OrderStatus::Cancelled);

    let mut stage = guarded();
    stage.command(Command::Close { account: "PAPER".into(), instrument: SHARE, despite: Despite::default() });
    stage.now = stage.now + std::time::Duration::from_secs(11);
    stage.broker(BrokerEvent::Alive { received: stage.now });
    assert!(placed(&stage.feed(EngineEvent::Tick)).is_empty());
    assert_eq!(stage.status(4), OrderStatus::Cancelled, "the broker has not answered in time");
    assert!(placed(&stage.says(2, OrderStatus::Cancelled)).is_empty());
}

#[test]
fn a_close_that_would_be_refused_leaves_the_guards_alone() {
    let mut stage = guarded();
    stage.now = stage.now + std::time::Duration::from_secs(6);
    stage.feed(EngineEvent::Tick);
    let told = stage.command(Command::Close {
        account: "PAPER".into(),
        instrument: SHARE,
        despite: Despite::default(),
    });
    assert!(refusal(&told).contains("silent"));
    assert!(requests(&told).is_empty());
}

#[test]
fn a_second_close_and_a_cancel_of_the_first_find_it() {
    let mut stage = guarded();
    stage.command(Command::Close { account: "PAPER".into(), instrument: SHARE, despite: Despite::default() });
    assert!(
        refusal(&stage.command(Command::Close {
            account: "PAPER".into(),
            instrument: SHARE,
            despite: Despite::default()
        }))
        .contains("already on its way")
    );
    let told = stage.command(Command::Cancel { order: OrderId(4) });
    assert!(requests(&told).is_empty(), "the broker has never heard of it");
    assert_eq!(stage.status(4), OrderStatus::Cancelled);
    stage.says(2, OrderStatus::Cancelled);
    assert!(placed(&stage.says(3, OrderStatus::Cancelled)).is_empty());
}

#[test]
fn the_kill_switch_drops_a_close_that_waits() {
    let mut stage = guarded();
    stage.command(Command::Close { account: "PAPER".into(), instrument: SHARE, despite: Despite::default() });
    stage.command(Command::Kill { flatten: Flatten::No });
    assert_eq!(stage.status(4), OrderStatus::Cancelled);
    stage.says(2, OrderStatus::Cancelled);
    assert!(placed(&stage.says(3, OrderStatus::Cancelled)).is_empty());
}

#[test]
fn the_rest_of_a_bracket_entry_goes_too_and_plain_orders_stay() {
    let mut stage = stage();
    let mut place = limit_order(Side::Buy, "10", "100.00");
    place.bracket = Some(Bracket::gtc(Some(Price(dec("105.00"))), None));
    stage.command(Command::Place(place));
    stage.says(1, OrderStatus::Working);
    stage.fill(1, Side::Buy, "4", "4");
    stage.says(2, OrderStatus::Working);
    stage.buy("5", "99.00");
    stage.says(3, OrderStatus::Working);
    assert_eq!(
        cancelled(&stage.command(Command::Close {
            account: "PAPER".into(),
            instrument: SHARE,
            despite: Despite::default()
        })),
        [OrderId(1), OrderId(2)]
    );
}

#[test]
fn exits_of_an_entry_that_has_not_filled_stay() {
    let mut stage = stage();
    stage.buy("10", "100.00");
    stage.fill(1, Side::Buy, "10", "10");
    let mut place = limit_order(Side::Buy, "10", "98.00");
    place.bracket = Some(Bracket::gtc(Some(Price(dec("105.00"))), None));
    stage.command(Command::Place(place));
    let told = stage.command(Command::Close {
        account: "PAPER".into(),
        instrument: SHARE,
        despite: Despite::default(),
    });
    assert_eq!((cancelled(&told).len(), placed(&told).len()), (0, 1));
}

#[test]
fn exits_whose_entry_was_forgotten_go_too() {
    let stage = guarded();
    let exits: Vec<Order> = [2, 3].map(|id| stage.order(id).clone()).into();
    let position = stage.engine.positions.values().next().unwrap().clone();
    let mut later = super::stage();
    let books =
        Books { orders: exits, positions: vec![position], accounts: vec![account()], ..Books::default() };
    later.broker(BrokerEvent::Books(Arc::new(books)));
    later.quote();
    assert_eq!(
        cancelled(&later.command(Command::Close {
            account: "PAPER".into(),
            instrument: SHARE,
            despite: Despite::default()
        })),
        [OrderId(2), OrderId(3)]
    );
}
