//! What brokers say about market data.

use super::*;
use crate::broker::contract::HistoryRequest;
use crate::domain::{DataRemark, Timeframe};
use crate::link::BarKey;

fn delayed() -> Arc<DataRemark> {
    Arc::new(DataRemark { short: "delayed".into(), text: "Delayed data".into() })
}

fn told(effects: &[Effect]) -> Vec<Option<Arc<DataRemark>>> {
    let mut found = Vec::new();
    for effect in effects {
        if let Effect::Publish { update, .. } = effect
            && let Update::Remark { remark, .. } = &**update
        {
            found.push(remark.clone());
        }
    }
    found
}

fn says(stage: &mut Stage, remark: Option<Arc<DataRemark>>) -> Vec<Effect> {
    stage.broker(BrokerEvent::Remark { instrument: SHARE, remark })
}

#[test]
fn a_remark_is_told_once_and_ends_with_the_session() {
    let mut stage = stage();
    assert_eq!(told(&says(&mut stage, Some(delayed()))), [Some(delayed())]);
    assert!(told(&says(&mut stage, Some(delayed()))).is_empty());
    let Effect::Publish { update, .. } = stage.engine.snapshot(stage.now) else { panic!() };
    let Update::Snapshot(snapshot) = *update else { panic!() };
    assert_eq!(snapshot.remarks, [(SHARE, delayed())]);
    assert_eq!(told(&stage.session_ends()), [None]);
}

#[test]
fn what_is_not_of_the_broker_is_not_remarked_on() {
    let mut stage = stage();
    let stranger = InstrumentId(7);
    let effects = stage.broker(BrokerEvent::Remark { instrument: stranger, remark: Some(delayed()) });
    assert!(told(&effects).is_empty());
}

#[test]
fn that_bars_wait_is_told_where_they_are_wanted() {
    let mut stage = stage();
    let request =
        HistoryRequest { instrument: SHARE, timeframe: Timeframe::M1, before: Time::MAX, count: 100 };
    let waits = |stage: &mut Stage| {
        let until = stage.now + std::time::Duration::from_secs(12);
        let effects = stage.broker(BrokerEvent::BarsWait { request, until });
        effects.iter().any(
            |effect| matches!(effect, Effect::Publish { update, .. } if matches!(**update, Update::BarsWait { .. })),
        )
    };
    assert!(!waits(&mut stage));
    let mut demand = Demand::default();
    demand.want_bars(BarKey { instrument: SHARE, timeframe: Timeframe::M1 }, 100);
    stage.command(Command::Demand(Arc::new(demand)));
    assert!(waits(&mut stage));
}
