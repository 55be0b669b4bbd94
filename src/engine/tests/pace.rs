//! A broker that takes only so many requests a second, while the kill switch needs many.

use std::time::Duration;

use super::*;
use crate::link::KillStage;

const STEP: Duration = Duration::from_millis(100);
/// Cancels that the broker takes within a second.
const PACE: usize = 5;

/// Lets a second after second pass, with a broker that refuses what comes too fast, until the
/// switch has come to an end; the most cancels that were asked for within one of them.
fn paced_broker(stage: &mut Stage, first: Vec<Effect>, seconds: usize) -> usize {
    let mut most = 0;
    let mut waiting = taken(first);
    for _ in 0..seconds {
        let (mut taken_now, mut asked) = (0, 0);
        for _ in 0..10 {
            let mut answers = Vec::new();
            for request in std::mem::take(&mut waiting) {
                match request {
                    BrokerRequest::Cancel(id) => {
                        asked += 1;
                        if taken_now < PACE {
                            taken_now += 1;
                            answers.extend(stage.says(id.0, OrderStatus::Cancelled));
                        } else {
                            answers.extend(stage.refuses_cancel(id.0, "Rate limit: 5 requests a second"));
                        }
                    }
                    BrokerRequest::CancelAll => {
                        let live: Vec<u64> = stage.engine.orders.live().map(|order| order.id.0).collect();
                        for id in live {
                            answers.extend(stage.refuses_cancel(id, "Rate limit: 5 requests a second"));
                        }
                    }
                    BrokerRequest::Books => {
                        let orders = stage.engine.orders.all().cloned().collect();
                        let accounts = vec![account()];
                        let books = Books { orders, accounts, are_final: true, ..Books::default() };
                        answers.extend(stage.broker(BrokerEvent::Books(Arc::new(books))));
                    }
                    _ => {}
                }
            }
            waiting.extend(taken(answers));
            stage.now = stage.now + STEP;
            waiting.extend(taken(stage.broker(BrokerEvent::Alive { received: stage.now })));
            waiting.extend(taken(stage.feed(EngineEvent::Tick)));
        }
        most = most.max(asked);
    }
    most
}

#[test]
fn a_rate_limit_slows_the_kill_switch_down_and_does_not_stop_it() {
    let mut stage = stage();
    for order in 1..=30 {
        stage.buy("1", "99.00");
        stage.says(order, OrderStatus::Working);
    }
    let told = stage.command(Command::Kill { flatten: Flatten::No });
    let most = paced_broker(&mut stage, told, 20);
    let report = stage.engine.kill_report().unwrap();
    assert_eq!(report.accounts[0].stage, KillStage::Done, "{:#?}", report.accounts[0]);
    assert_eq!(stage.engine.orders.live().count(), 0);
    assert!(most <= 4 * 30, "every order is asked for four times in the first second at most: {most}");
}

#[test]
fn a_broker_that_lets_nothing_through_is_named_with_its_orders() {
    let mut stage = stage();
    stage.buy("1", "99.00");
    stage.says(1, OrderStatus::Working);
    let mut waiting = taken(stage.command(Command::Kill { flatten: Flatten::Market }));
    for _ in 0..120 {
        let mut answers = Vec::new();
        for request in std::mem::take(&mut waiting) {
            if let BrokerRequest::Cancel(id) = request {
                answers.extend(stage.refuses_cancel(id.0, "Rate limit"));
            }
        }
        waiting.extend(taken(answers));
        stage.now = stage.now + STEP;
        waiting.extend(taken(stage.broker(BrokerEvent::Alive { received: stage.now })));
        waiting.extend(taken(stage.feed(EngineEvent::Tick)));
    }
    let report = stage.engine.kill_report().unwrap();
    let KillStage::Stuck(why) = &report.accounts[0].stage else { panic!("{report:#?}") };
    assert!(why.contains("order 1"), "{why}");
    assert!(stage.engine.is_killed, "it stays locked");
}
