//! What an order would come to, by its broker's word.

use super::*;
use crate::domain::Impact;
use crate::link::WhatIf;

fn reckoning() -> Stage {
    let mut stage = stage();
    stage.engine.brokers[0].facts.capabilities.what_if = true;
    stage
}

fn ask(account: &str) -> Command {
    let spec = limit_order(Side::Buy, "10", "100.00").spec;
    Command::WhatIf(WhatIf { account: account.into(), spec })
}

fn told(effects: &[Effect]) -> Option<&crate::link::Reckoned> {
    effects.iter().find_map(|effect| match effect {
        Effect::Publish { update, .. } => match &**update {
            Update::Impact(reckoned) => Some(&**reckoned),
            _ => None,
        },
        _ => None,
    })
}

#[test]
fn the_broker_is_asked_and_nothing_becomes_of_it_but_an_answer() {
    let mut stage = reckoning();
    let written = stage.journal.len();
    let asked = stage.command(ask("PAPER"));
    let [BrokerRequest::WhatIf(id, what)] = requests(&asked)[..] else { panic!("{asked:?}") };
    assert_eq!(what.spec.quantity, Qty(dec("10")));
    let (id, impact) = (*id, Impact { warning: Some("Mind the gap".into()), ..Impact::default() });
    let effects = stage.broker(BrokerEvent::Impact { id, outcome: Ok(impact.clone()) });
    assert_eq!(told(&effects).map(|reckoned| (reckoned.to, &reckoned.outcome)), Some((id, &Ok(impact))));
    assert_eq!(stage.journal.len(), written);
    assert_eq!(stage.engine.orders.all().count(), 0);
}

#[test]
fn it_is_asked_while_the_kill_switch_is_on() {
    let mut stage = reckoning();
    stage.command(Command::Kill { flatten: Flatten::No });
    assert!(matches!(requests(&stage.command(ask("PAPER")))[..], [BrokerRequest::WhatIf(..)]));
}

#[test]
fn who_cannot_be_asked_is_named() {
    let mut stage = reckoning();
    assert!(refusal(&stage.command(ask("OTHER"))).contains("account OTHER"));
    stage.engine.brokers[0].facts.capabilities.what_if = false;
    assert!(refusal(&stage.command(ask("PAPER"))).contains("does not reckon"));
}

#[test]
fn a_question_that_reaches_no_broker_is_answered() {
    let mut stage = reckoning();
    let asked = stage.command(ask("PAPER"));
    let request = taken(asked).remove(0);
    let effects = stage.feed(EngineEvent::Undelivered(BROKER, request, "not connected"));
    assert_eq!(told(&effects).unwrap().outcome, Err("not connected".into()));
}
