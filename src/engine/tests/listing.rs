//! Instruments that join while the engine runs.

use super::*;
use crate::domain::{Candidate, Recalled};

/// With a broker that has more than it lists.
pub(super) fn growing() -> Stage {
    let mut stage = stage();
    stage.engine.brokers[0].facts.capabilities.lookup = true;
    stage
}

pub(super) fn described(symbol: &str) -> Box<Instrument> {
    let unnumbered = InstrumentId(u32::MAX);
    Box::new(Instrument { id: unnumbered, symbol: symbol.into(), ..Instrument::clone(&share()) })
}

fn joins(stage: &mut Stage, name: &str, symbol: &str) -> Vec<Effect> {
    joins_with(stage, name, symbol, Recalled::default())
}

/// The same of one that earlier runs have traded.
pub(super) fn joins_with(stage: &mut Stage, name: &str, symbol: &str, recalled: Recalled) -> Vec<Effect> {
    let asked = stage.broker(BrokerEvent::Described { name: name.into(), outcome: Ok(described(symbol)) });
    let Some(id) = asked_back(&asked) else { return asked };
    stage.feed(EngineEvent::Recalled(id, Ok(recalled)))
}

/// The instrument that the journal is asked about.
pub(super) fn asked_back(effects: &[Effect]) -> Option<InstrumentId> {
    effects.iter().find_map(|effect| match effect {
        Effect::Recall(instrument) => Some(instrument.id),
        _ => None,
    })
}

fn told(effects: &[Effect]) -> Vec<&Update> {
    let mut found = Vec::new();
    for effect in effects {
        if let Effect::Publish { update, .. } = effect {
            found.push(&**update);
        }
    }
    found
}

pub(super) fn listing(effects: &[Effect]) -> &crate::link::Listing {
    let is_it = |update: &&Update| matches!(update, Update::Listed(_));
    let Some(Update::Listed(listing)) = told(effects).into_iter().find(is_it) else { panic!("{effects:?}") };
    listing
}

fn list(name: &str) -> Command {
    Command::List { broker: BROKER, name: name.into() }
}

#[test]
fn what_is_typed_is_asked_of_brokers_that_can_look() {
    let mut stage = growing();
    let asked = stage.command(Command::Find(" coca ".into()));
    assert_eq!(requests(&asked), [&BrokerRequest::Find("coca".into())]);
    stage.engine.brokers[0].facts.capabilities.lookup = false;
    assert!(requests(&stage.command(Command::Find("coca".into()))).is_empty());
    let refused = stage.command(list("KO"));
    assert!(refusal(&refused).contains("nothing can be added"), "{}", refusal(&refused));
}

#[test]
fn a_text_that_no_broker_could_read_is_refused() {
    let mut stage = growing();
    let long = "x".repeat(65);
    for text in ["", "  ", "a\0b", &long] {
        assert!(refusal(&stage.command(Command::Find(text.into()))).contains("Type a symbol"), "{text:?}");
        assert!(refusal(&stage.command(list(text))).contains("Type a symbol"), "{text:?}");
    }
}

#[test]
fn what_is_listed_already_is_not_offered_again() {
    let mut stage = growing();
    joins(&mut stage, "KO", "KO");
    let candidate = |name: &str| Candidate {
        name: name.into(),
        symbol: name.into(),
        description: name.into(),
        venue: "NYSE".into(),
        currency: "USD".into(),
        class: AssetClass::Share,
    };
    joins(&mut stage, "ESZ6@CME", "ESZ6");
    joins(&mut stage, "BRK B", "BRK.B");
    let names = ["KO", "ESZ6@CME", "BRK B", "KOF"];
    let outcome = Ok(names.map(candidate).to_vec());
    let effects = stage.broker(BrokerEvent::Found { text: "ko".into(), outcome });
    let [Update::Found(found)] = told(&effects)[..] else { panic!("{effects:?}") };
    assert_eq!(found.candidates, [candidate("KOF")]);
}

#[test]
fn one_that_joins_has_the_next_id_and_all_that_must_know_it_are_told_before_it_is_used() {
    let mut stage = growing();
    let asked = stage.command(list("KO"));
    assert_eq!(requests(&asked), [&BrokerRequest::Describe("KO".into())]);
    let effects = joins(&mut stage, "KO", "KO");
    let instrument = listing(&effects).outcome.clone().unwrap();
    assert_eq!((instrument.id, instrument.broker), (InstrumentId(1), BROKER));
    let listed = effects.iter().position(|e| matches!(e, Effect::List(known) if *known == instrument));
    let request = effects.iter().position(|e| matches!(e, Effect::Request(..)));
    assert!(listed.unwrap() < request.unwrap_or(usize::MAX));
    let saved = effects.iter().find_map(|effect| match effect {
        Effect::Save(SaveJob::Settings(settings)) => Some(settings.ibkr.instruments.clone()),
        _ => None,
    });
    assert_eq!(saved.unwrap().last().map(String::as_str), Some("KO"), "the next start lists it too");
    // It is traded like any other.
    let quote = Quote {
        ask: Some(Price(dec("60.01"))),
        bid: Some(Price(dec("60"))),
        is_open: true,
        ..Quote::default()
    };
    let events = vec![MarketEvent::Quote(instrument.id, quote)];
    stage.broker(BrokerEvent::Market { received: stage.now, events });
    let mut place = limit_order(Side::Buy, "10", "60");
    place.spec.instrument = instrument.id;
    let effects = stage.command(Command::Place(place));
    assert_eq!(placed(&effects)[0].instrument, instrument.id);
}

#[test]
fn what_is_held_of_it_at_the_broker_comes_with_its_books() {
    let mut stage = growing();
    stage.now = stage.now + std::time::Duration::from_mins(1);
    let effects = joins(&mut stage, "KO", "KO");
    assert!(requests(&effects).contains(&&BrokerRequest::Books));
    let held = Position {
        net: dec("25"),
        average_price: dec("55"),
        ..Position::flat("PAPER".into(), InstrumentId(1))
    };
    let books = Books { accounts: vec![account()], positions: vec![held.clone()], ..Books::default() };
    stage.broker(BrokerEvent::Books(Arc::new(books)));
    let known = stage.engine.position_of(&"PAPER".into(), InstrumentId(1)).unwrap();
    assert_eq!((known.net, known.average_price), (held.net, held.average_price));
}

#[test]
fn the_same_instrument_joins_once_under_whatever_name() {
    let mut stage = growing();
    joins(&mut stage, "KO", "KO");
    let effects = joins(&mut stage, "KO:USD", "KO");
    assert_eq!(listing(&effects).outcome.as_ref().unwrap().id, InstrumentId(1));
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::List(_))));
    assert_eq!(stage.engine.instruments.len(), 2);
}

#[test]
fn why_it_cannot_be_listed_is_told() {
    let mut stage = growing();
    let why: Arc<str> = "TWS knows no such instrument".into();
    let effects = stage.broker(BrokerEvent::Described { name: "XX".into(), outcome: Err(Arc::clone(&why)) });
    assert_eq!(listing(&effects).outcome, Err(why));
    let says = |update: &&Update| matches!(update, Update::Notice(n) if n.text.contains("XX is not listed"));
    assert!(told(&effects).iter().any(says));
    assert_eq!(stage.engine.instruments.len(), 1);
}

#[test]
fn a_question_that_reaches_no_broker_is_answered() {
    let mut stage = growing();
    let why = "The broker is not connected: nothing was sent";
    let lost = |request| EngineEvent::Undelivered(BROKER, request, why);
    let effects = stage.feed(lost(BrokerRequest::Find("ko".into())));
    let [Update::Found(found)] = told(&effects)[..] else { panic!("{effects:?}") };
    assert_eq!(found.problem.as_deref(), Some(why));
    let effects = stage.feed(lost(BrokerRequest::Describe("KO".into())));
    assert_eq!(listing(&effects).outcome, Err(why.into()));
}

#[test]
fn a_snapshot_has_what_joined() {
    let mut stage = growing();
    joins(&mut stage, "KO", "KO");
    let effects = stage.command(Command::Snapshot);
    let snapshot = told(&effects).into_iter().find_map(|update| match update {
        Update::Snapshot(snapshot) => Some(snapshot),
        _ => None,
    });
    let snapshot = snapshot.unwrap();
    assert_eq!(snapshot.instruments.iter().map(|i| &*i.symbol).collect::<Vec<_>>(), ["AAPL", "KO"]);
    assert_eq!(*snapshot.growing, [BROKER]);
}

#[test]
fn the_books_are_read_for_each_that_joins_however_soon() {
    let mut stage = growing();
    for (name, symbol) in [("KO", "KO"), ("PEP", "PEP"), ("MNST", "MNST")] {
        let effects = joins(&mut stage, name, symbol);
        assert!(requests(&effects).contains(&&BrokerRequest::Books), "{name}");
    }
}

#[test]
fn another_contract_of_the_same_name_is_not_taken_for_the_one_that_is_listed() {
    let mut stage = growing();
    joins(&mut stage, "X:GBP", "X");
    let other = Instrument { currency: Currency::EUR, ..*described("X") };
    let outcome = Ok(Box::new(other));
    let effects = stage.broker(BrokerEvent::Described { name: "X:EUR".into(), outcome });
    let why = listing(&effects).outcome.clone().unwrap_err();
    assert!(why.contains("X@NASDAQ is listed already, in USD"), "{why}");
    assert_eq!(stage.engine.instruments.len(), 2);
}

#[test]
fn settings_that_have_not_heard_of_it_do_not_take_it_out() {
    let mut stage = growing();
    let old = Arc::clone(&stage.engine.settings);
    joins(&mut stage, "KO", "KO");
    stage.command(Command::Configure(Arc::new(Settings { confirm_orders: false, ..(*old).clone() })));
    assert!(!stage.engine.settings.confirm_orders);
    assert_eq!(stage.engine.settings.ibkr.instruments.last().map(String::as_str), Some("KO"));
}
