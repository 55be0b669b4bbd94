//! Commissions that come after their execution was booked.

use super::*;

/// Ten units that were bought and cost nothing as far as is known.
fn bought() -> Stage {
    let mut stage = stage();
    stage.buy("10", "100.00");
    stage.says(1, OrderStatus::Working);
    stage.broker(BrokerEvent::Fill { fill: execution("0"), position: holding("0") });
    stage
}

fn execution(commission: &str) -> Fill {
    Fill {
        exec_id: ExecId("E1".into()),
        order: OrderId(1),
        account: "PAPER".into(),
        instrument: SHARE,
        side: Side::Buy,
        quantity: Qty(dec("10")),
        price: Price(dec("100")),
        commission: Money { amount: dec(commission), currency: Currency::USD },
        realised: Decimal::ZERO,
        liquidity: Liquidity::Taker,
        time: Time::from_seconds(1_000),
    }
}

fn holding(commissions: &str) -> Position {
    let (net, commissions) = (dec("10"), dec(commissions));
    Position { net, commissions, ..Position::flat("PAPER".into(), SHARE) }
}

fn charged(commission: &str) -> BrokerEvent {
    BrokerEvent::Charged { fill: execution(commission), position: holding(commission) }
}

fn commission(stage: &Stage) -> Decimal {
    stage.engine.fills().next().unwrap().commission.amount
}

fn charges(stage: &Stage) -> usize {
    stage.moments(1).iter().filter(|moment| matches!(moment, Moment::Charged(_))).count()
}

#[test]
fn a_commission_that_comes_late_is_counted_once() {
    let mut stage = bought();
    let effects = stage.broker(charged("1.25"));
    let told = effects.iter().any(|effect| match effect {
        Effect::Publish { update, .. } => {
            matches!(&**update, Update::Charged(fill) if fill.commission.amount == dec("1.25"))
        }
        _ => false,
    });
    assert!(told);
    let again = stage.broker(charged("1.25"));
    assert!(again.is_empty(), "{again:?}");
    assert_eq!((commission(&stage), charges(&stage)), (dec("1.25"), 1));
    let position = stage.engine.position_of(&"PAPER".into(), SHARE).unwrap();
    assert_eq!((position.net, position.commissions), (dec("10"), dec("1.25")));
    assert_eq!(stage.order(1).filled, Qty(dec("10")), "it fills nothing");
    assert_eq!(stage.engine.fills().count(), 1);
}

#[test]
fn what_was_never_booked_is_not_charged() {
    let mut stage = stage();
    let effects = stage.broker(charged("1.25"));
    assert!(effects.is_empty(), "{effects:?}");
    assert_eq!(stage.engine.positions.len(), 0);
}

#[test]
fn the_books_bring_a_commission_that_was_missed_and_take_none_away() {
    let mut stage = bought();
    let filled = Order { status: OrderStatus::Filled, ..stage.order(1).clone() };
    let mut tell = |fill: Fill| {
        let books = Books {
            orders: vec![filled.clone()],
            fills: vec![fill],
            positions: vec![holding("0")],
            accounts: vec![account()],
            ..Books::default()
        };
        stage.broker(BrokerEvent::Books(Arc::new(books)));
        (commission(&stage), charges(&stage))
    };
    assert_eq!(tell(execution("0")), (dec("0"), 0));
    assert_eq!(tell(execution("1.25")), (dec("1.25"), 1));
    assert_eq!(tell(execution("1.25")), (dec("1.25"), 1));
    assert_eq!(tell(execution("0")), (dec("1.25"), 1), "a broker that does not know it yet");
}

#[test]
fn a_start_knows_what_was_charged_and_the_books_charge_it_no_second_time() {
    let fills = vec![execution("1.25")];
    let mut stage = stage_after(Journaled { fills: fills.clone(), ..Journaled::default() });
    let books = Books { fills, positions: vec![holding("0")], accounts: vec![account()], ..Books::default() };
    stage.broker(BrokerEvent::Books(Arc::new(books)));
    assert!(!stage.journal.iter().any(|record| matches!(record.moment, Moment::Charged(_))));
}
