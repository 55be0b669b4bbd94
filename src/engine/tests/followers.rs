//! More than one follows the engine: the window, and servers that let other programs use it.

use super::*;
use crate::broker::{HistoryBars, HistoryRequest};
use crate::domain::time::MINUTE;
use crate::domain::{Bar, Timeframe};
use crate::link::{BarKey, Demand, Follower, Hub, connect};
use crate::market::series::Bars;

const MINUTES: BarKey = BarKey { instrument: SHARE, timeframe: Timeframe::M1 };

/// Two that have joined a link whose window is not looked at.
fn two_followers() -> (Follower, Follower) {
    let (engine, _window) = connect(Arc::new(|| {}));
    let hub = engine.followers.hub();
    let join = |hub: &Hub| hub.follow(Arc::new(|| {})).unwrap().follower;
    (join(&hub), join(&hub))
}

impl Stage {
    fn asks(&mut self, follower: Follower, command: Command) -> Vec<Effect> {
        self.next_command += 1;
        let id = follower.command(self.next_command);
        self.feed(EngineEvent::Command(Envelope { id, input_at: self.now, command }))
    }

    fn wants(&mut self, follower: Follower, demand: Demand) -> Vec<Effect> {
        self.asks(follower, Command::Demand(Arc::new(demand)))
    }
}

fn quotes() -> Demand {
    Demand { quotes: [SHARE].into(), ..Demand::default() }
}

fn bars(count: usize) -> Demand {
    Demand { bars: [(MINUTES, count)].into(), ..Demand::default() }
}

fn bar(minute: i64) -> Bar {
    Bar { time: Time(minute * MINUTE), open: 10.0, high: 11.0, low: 9.0, close: 10.0, volume: 5.0 }
}

fn updates(effects: &[Effect]) -> Vec<&Update> {
    let mut updates = Vec::new();
    for effect in effects {
        if let Effect::Publish { update, .. } = effect {
            updates.push(&**update);
        }
    }
    updates
}

fn history_asked(effects: &[Effect]) -> Option<usize> {
    requests(effects).into_iter().find_map(|request| match request {
        BrokerRequest::History(history) => Some(history.count),
        _ => None,
    })
}

fn tells_quote(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Quote(..)))
}

#[test]
fn what_one_wants_no_more_is_still_told_to_the_other() {
    let mut stage = stage();
    let (first, second) = two_followers();
    stage.wants(first, quotes());
    stage.wants(second, quotes());
    stage.wants(first, Demand::default());
    assert!(tells_quote(&stage.quote()));
    stage.feed(EngineEvent::Left(second));
    assert!(!tells_quote(&stage.quote()), "nobody looks any more");
}

#[test]
fn who_joins_later_is_told_the_newest_quote_at_once() {
    let mut stage = stage();
    stage.wants(Follower::WINDOW, quotes());
    stage.quote();
    let (first, _) = two_followers();
    assert!(tells_quote(&stage.wants(first, quotes())));
    assert!(!tells_quote(&stage.wants(first, quotes())), "it has it");
}

#[test]
fn who_wants_bars_later_gets_them_from_the_beginning() {
    let mut stage = stage();
    let (first, _) = two_followers();
    assert_eq!(history_asked(&stage.wants(Follower::WINDOW, bars(500))), Some(500));
    let request =
        HistoryRequest { instrument: SHARE, timeframe: Timeframe::M1, before: Time::MAX, count: 500 };
    let answer = HistoryBars { request, bars: Bars::default(), forming: None, is_cut: false };
    stage.broker(BrokerEvent::History(answer));
    assert_eq!(history_asked(&stage.wants(first, bars(100))), Some(500), "as many as the window wants");
    assert_eq!(history_asked(&stage.wants(first, bars(100))), None);
    let told = stage.wants(first, Demand::default());
    assert!(!told.iter().any(|effect| matches!(effect, Effect::ForgetBars(_))), "the window looks at them");
}

#[test]
fn bars_that_were_missed_are_asked_for_anew_in_their_own_series() {
    let mut stage = stage();
    let hours = BarKey { instrument: SHARE, timeframe: Timeframe::H1 };
    stage
        .wants(Follower::WINDOW, Demand { bars: [(MINUTES, 500), (hours, 100)].into(), ..Demand::default() });
    let request =
        HistoryRequest { instrument: SHARE, timeframe: Timeframe::M1, before: Time::MAX, count: 500 };
    let answer = |time: i64| {
        let bars = Bars::pack(vec![bar(time)]);
        BrokerEvent::History(HistoryBars { request, bars, forming: None, is_cut: false })
    };
    stage.broker(answer(1));
    let asked = stage.broker(BrokerEvent::BarsMissed(MINUTES));
    assert!(matches!(&*requests(&asked), [BrokerRequest::History(again)] if *again == request), "{asked:?}");
    let is_anew = |effect: &Effect| matches!(effect, Effect::Publish { update, .. } if matches!(&**update, Update::History(history) if history.placement == crate::link::update::Placement::Anew));
    assert!(stage.broker(answer(2)).iter().any(is_anew), "what is shown is replaced");
    let unwatched = BarKey { instrument: SHARE, timeframe: Timeframe::D1 };
    assert!(stage.broker(BrokerEvent::BarsMissed(unwatched)).is_empty(), "nobody looks at it");
}

#[test]
fn bars_that_the_broker_refuses_leave_a_chart_as_it_is() {
    let mut stage = stage();
    stage.wants(Follower::WINDOW, bars(3));
    let answer = |before: Time, minutes: &[i64], count: usize, is_cut: bool| {
        let request = HistoryRequest { instrument: SHARE, timeframe: Timeframe::M1, before, count };
        let bars = minutes.iter().map(|minute| bar(*minute)).collect::<Vec<_>>();
        BrokerEvent::History(HistoryBars { request, bars: Bars::pack(bars), forming: None, is_cut })
    };
    stage.broker(answer(Time::MAX, &[11, 12, 13], 3, false));
    stage.broker(BrokerEvent::BarsMissed(MINUTES));
    let told = stage.broker(answer(Time::MAX, &[], 3, true));
    assert!(matches!(&*updates(&told), [Update::BarsRefused(MINUTES)]), "{told:?}");
    assert!(requests(&told).is_empty(), "it would be refused again");
    let so_far = BrokerEvent::BarSoFar { key: MINUTES, bar: bar(14), received: Time::MIN };
    assert!(
        stage.broker(so_far).iter().any(|effect| matches!(effect, Effect::Bar(MINUTES, ..))),
        "it goes on"
    );

    // More of it is asked for from where it began, and a refusal is no end of what there is.
    let asked = |effects: &[Effect]| match &*requests(effects) {
        [BrokerRequest::History(request)] => Some((request.before, request.count)),
        _ => None,
    };
    let first = bar(11).time;
    assert_eq!(asked(&stage.wants(Follower::WINDOW, bars(5))), Some((first, 2)));
    assert!(updates(&stage.broker(answer(first, &[], 2, true))).is_empty());
    assert_eq!(asked(&stage.wants(Follower::WINDOW, bars(6))), Some((first, 3)));
    let told = stage.broker(answer(first, &[10], 3, true));
    let [Update::History(history)] = &*updates(&told) else { panic!("{told:?}") };
    assert!(!history.is_complete && history.chunk.is_some(), "what came of it");
    assert_eq!(asked(&told), None);
    assert_eq!(asked(&stage.broker(BrokerEvent::BarsChanged)), Some((Time::MAX, 6)), "all is asked for anew");
}

#[test]
fn a_chart_that_was_refused_from_the_beginning_can_still_be_had() {
    let mut stage = stage();
    stage.wants(Follower::WINDOW, bars(3));
    let answer = |count: usize, bars: Vec<Bar>, is_cut: bool| {
        let request =
            HistoryRequest { instrument: SHARE, timeframe: Timeframe::M1, before: Time::MAX, count };
        BrokerEvent::History(HistoryBars { request, bars: Bars::pack(bars), forming: None, is_cut })
    };
    stage.broker(answer(3, Vec::new(), true));
    let so_far = |minute| BrokerEvent::BarSoFar { key: MINUTES, bar: bar(minute), received: Time::MIN };
    stage.broker(so_far(14));
    stage.broker(so_far(15));
    assert_eq!(history_asked(&stage.wants(Follower::WINDOW, bars(5))), Some(5), "all of them");
    let told = stage.broker(answer(5, vec![bar(13), bar(14)], false));
    let is_anew = |update: &&Update| matches!(update, Update::History(history) if history.placement == crate::link::update::Placement::Anew);
    assert!(updates(&told).iter().any(is_anew), "bars that formed meanwhile are replaced: {told:?}");
}

#[test]
fn what_the_broker_counts_of_a_bar_is_told_once_and_only_where_it_adds_something() {
    let mut stage = stage();
    let told = stage.wants(Follower::WINDOW, bars(500));
    let watched = requests(&told)
        .into_iter()
        .any(|request| matches!(request, BrokerRequest::Watch(watch) if watch.bars.contains(&MINUTES)));
    assert!(watched, "a broker is told which charts there are");
    let so_far = |minute: i64, high: f64| BrokerEvent::BarSoFar {
        key: MINUTES,
        bar: Bar { high, ..bar(minute) },
        received: Time::MIN,
    };
    let highs = |effects: &[Effect]| -> Vec<f64> {
        let high = |effect: &Effect| match effect {
            Effect::Bar(MINUTES, bar, _) => Some(bar.high),
            _ => None,
        };
        effects.iter().filter_map(high).collect()
    };
    assert!(
        highs(&stage.broker(so_far(1, 11.0))).is_empty(),
        "before the history there is nothing to add to"
    );
    let request =
        HistoryRequest { instrument: SHARE, timeframe: Timeframe::M1, before: Time::MAX, count: 500 };
    let none = Bars::default();
    stage.broker(BrokerEvent::History(HistoryBars { request, bars: none, forming: None, is_cut: false }));
    assert_eq!(highs(&stage.broker(so_far(1, 11.0))), [11.0]);
    assert!(highs(&stage.broker(so_far(1, 10.5))).is_empty(), "it is in the bar already");
    assert_eq!(highs(&stage.broker(so_far(1, 12.0))), [12.0]);
    assert_eq!(highs(&stage.broker(so_far(2, 10.5))), [12.0, 10.5], "the bar before has closed");
    assert!(highs(&stage.broker(so_far(1, 99.0))).is_empty(), "too late");
}

#[test]
fn an_answer_is_for_whoever_has_asked() {
    let mut stage = stage();
    let (first, second) = two_followers();
    let told = stage.asks(first, Command::Cancel { order: OrderId(77) });
    let answers_for = |follower: Follower| {
        let (mut end, _window) = connect(Arc::new(|| {}));
        let other = end.followers.hub().follow(Arc::new(|| {})).unwrap();
        end.followers.tell(|_, batch| told.iter().for_each(|effect| effect.tell(follower, batch)));
        let is_answer = |n: &crate::link::Numbered| matches!(n.update, Update::Answer(_));
        other.inbox.drain().lossless.iter().filter(|n| is_answer(n)).count()
    };
    assert_eq!((answers_for(first), answers_for(second)), (1, 0));
    let (mut end, window) = connect(Arc::new(|| {}));
    end.publisher.batch(|batch| told.into_iter().for_each(|effect| drop(effect.publish_to(batch))));
    assert!(!window.inbox.drain().lossless.iter().any(|n| matches!(n.update, Update::Answer(_))));
}
