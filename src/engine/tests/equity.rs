//! One value of equity a minute, as long as it is beyond doubt; told, kept and in the next snapshot.

use std::time::Duration;

use super::*;
use crate::domain::Reported;
use crate::market::equity::{Curves, Sample};

const MINUTE: Duration = Duration::from_mins(1);

impl Stage {
    /// The next tick, so much later; prices and the broker are fresh then.
    fn tick_later(&mut self, after: Duration) -> Vec<Effect> {
        self.now = self.now + after;
        self.quote();
        self.feed(EngineEvent::Tick)
    }

    /// What a tick one minute later takes.
    fn next_value(&mut self) -> Option<(String, bool)> {
        told(&self.tick_later(MINUTE)).map(|sample| (sample.equity.to_string(), sample.follows))
    }

    /// The account has so much in cash.
    fn has(&mut self, cash: &str) {
        let mut account = (*account()).clone();
        account.balances[0].cash = dec(cash);
        self.broker(BrokerEvent::Account(Arc::new(account)));
    }
}

fn told(effects: &[Effect]) -> Option<Sample> {
    let mut samples = effects.iter().filter_map(|effect| match effect {
        Effect::Publish { update, .. } => match &**update {
            Update::Equity(account, sample) if account.0 == "PAPER".into() => Some(*sample),
            _ => None,
        },
        _ => None,
    });
    let first = samples.next();
    assert_eq!(samples.next(), None);
    first
}

fn kept(effects: &[Effect]) -> Option<&[(AccountId, Sample)]> {
    effects.iter().find_map(|effect| match effect {
        Effect::Save(SaveJob::Equity(samples)) => Some(&samples[..]),
        _ => None,
    })
}

fn curves(effects: &[Effect]) -> Arc<Curves> {
    let found = effects.iter().find_map(|effect| match effect {
        Effect::Publish { update, .. } => match &**update {
            Update::Snapshot(all) => Some(Arc::clone(&all.equity)),
            _ => None,
        },
        _ => None,
    });
    found.unwrap()
}

fn value(text: &str, follows: bool) -> (String, bool) {
    (format!("{text} USD"), follows)
}

#[test]
fn one_value_a_minute_is_told_kept_and_in_the_next_snapshot_and_run() {
    let mut stage = stage();
    let effects = stage.tick_later(Duration::from_secs(20));
    let first = told(&effects).unwrap();
    assert_eq!(kept(&effects).unwrap(), [("PAPER".into(), first)]);
    assert!(!first.follows, "nobody knows what was before");
    for _ in 0..8 {
        assert_eq!(told(&stage.tick_later(Duration::from_secs(4))), None, "once a minute");
    }
    let second = told(&stage.tick_later(MINUTE)).unwrap();
    assert!(second.follows);
    let curves = curves(&stage.command(Command::Snapshot));
    assert_eq!(curves.get(&"PAPER".into()).unwrap().samples(), [first, second]);

    let begin = Start::first(vec![share()].into(), vec!["Paper".into()], stage.now);
    let next = Engine::new(Start { equity: Some((*curves).clone()), ..begin });
    let mut out = Vec::new();
    { next }.process(EngineEvent::Started, stage.now, &mut out);
    assert_eq!(self::curves(&out), curves);
}

#[test]
fn what_is_held_counts_at_its_price_once_the_cash_has_followed_the_fill() {
    let mut stage = stage();
    assert_eq!(stage.next_value(), Some(value("1,000,000.00", false)));
    stage.buy("10", "100.00");
    stage.fill(1, Side::Buy, "10", "10");
    assert_eq!(stage.next_value(), None, "the shares are here and the money is not gone yet");
    stage.has("998999");
    assert_eq!(stage.next_value(), Some(value("999,999.00", false)));
    assert_eq!(stage.next_value(), Some(value("999,999.00", true)));
}

#[test]
fn while_anything_behind_it_is_in_doubt_there_is_a_gap() {
    let mut stage = stage();
    stage.buy("10", "100.00");
    stage.fill(1, Side::Buy, "10", "10");
    stage.has("998999");
    assert_eq!(stage.next_value(), Some(value("999,999.00", false)));
    // The price is old: only the broker is heard.
    stage.now = stage.now + MINUTE;
    stage.has("998998");
    assert_eq!(told(&stage.feed(EngineEvent::Tick)), None);
    assert_eq!(stage.next_value(), Some(value("999,998.00", false)));
    // The broker is away, and its books are compared before anything counts again.
    stage.session_ends();
    assert_eq!(stage.next_value(), None);
    stage.broker(BrokerEvent::Connection { state: ConnectionState::Reconciling, reason: "".into() });
    assert_eq!(stage.next_value(), None);
    let position = Position { net: dec("10"), ..Position::flat("PAPER".into(), SHARE) };
    let books = Books { accounts: vec![account()], positions: vec![position], ..Books::default() };
    stage.broker(BrokerEvent::Books(Arc::new(books)));
    stage.broker(BrokerEvent::Connection { state: ConnectionState::Ready, reason: "Ready".into() });
    assert_eq!(stage.next_value(), Some(value("1,001,000.00", false)));
    // Nobody knows what a dollar is worth in the base currency.
    let settings = Settings { base_currency: Currency::EUR, ..Settings::default() };
    stage.command(Command::Configure(Arc::new(settings)));
    assert_eq!(stage.next_value(), None);
}

#[test]
fn where_the_broker_counts_the_equity_its_word_is_taken_whatever_is_held() {
    let mut stage = stage();
    stage.buy("10", "100.00");
    stage.fill(1, Side::Buy, "10", "10");
    let reported = Some(Reported { equity: dec("1234567.89"), day: None });
    stage.broker(BrokerEvent::Account(Arc::new(Account { reported, ..(*account()).clone() })));
    assert_eq!(stage.next_value(), Some(value("1,234,567.89", false)));
}

#[test]
fn of_a_replay_nothing_is_kept() {
    let mut stage = stage();
    stage.engine.equity = Equity::new(None);
    let effects = stage.tick_later(MINUTE);
    assert!(told(&effects).is_some() && kept(&effects).is_none());
}
