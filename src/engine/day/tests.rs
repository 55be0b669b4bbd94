//! The day by itself, and in an engine that tells it what happens.

mod money;
mod pace;

use std::sync::Arc;

use super::*;
use crate::broker::contract::Books;
use crate::broker::{BrokerEvent, MarketEvent};
use crate::domain::limits::DayState;
use crate::domain::{
    Account, AccountKind, AssetClass, BrokerId, Currency, ExecId, Fill, LimitSet, Liquidity, Moment, OrderId,
    OrderKind, OrderSpec, Origin, Position, Qty, Quote, Settings, Side, TickTable, TimeInForce, TradingHours,
};
use crate::engine::{EngineEvent, Journaled, SaveJob, Start};
use crate::link::{Command, CommandId, ConnectionState, Envelope, Place, Update};

const BROKER: BrokerId = BrokerId(0);
const SHARE: InstrumentId = InstrumentId(0);

fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn at(text: &str) -> Time {
    Time::from_timestamp(text.parse().unwrap())
}

fn share(id: u32, symbol: &str) -> Arc<Instrument> {
    Arc::new(Instrument {
        id: InstrumentId(id),
        broker: BROKER,
        symbol: symbol.into(),
        name: symbol.into(),
        venue: "NASDAQ".into(),
        class: AssetClass::Share,
        currency: Currency::USD,
        ticks: TickTable::uniform(dec("0.01")).unwrap(),
        lot: Qty(Decimal::ONE),
        multiplier: Decimal::ONE,
        hours: TradingHours::always("UTC"),
    })
}

fn position(net: &str, average: &str, realised: &str, commissions: &str) -> Position {
    Position {
        net: dec(net),
        average_price: dec(average),
        realised: dec(realised),
        commissions: dec(commissions),
        ..Position::flat("PAPER".into(), SHARE)
    }
}

fn account() -> Account {
    Account {
        id: "PAPER".into(),
        broker: BROKER,
        kind: AccountKind::Paper,
        title: "Paper".into(),
        base: Currency::USD,
        balances: Vec::new(),
        reported: None,
    }
}

/// An engine, and what its own files will tell the day.
struct Stage {
    engine: Engine,
    now: Time,
    commands: u64,
    /// Executions that the journal has.
    booked: Vec<(Seq, Fill)>,
}

fn stage(set: impl FnOnce(&mut LimitSet), saved: &DayState) -> Stage {
    stage_after(set, saved, Journaled::default())
}

/// The same after earlier runs.
fn stage_after(set: impl FnOnce(&mut LimitSet), saved: &DayState, journal: Journaled) -> Stage {
    let now = at("2026-11-20T15:00:00Z");
    let mut settings = Settings::default();
    set(&mut settings.limits);
    let engine = Engine::new(Start {
        settings: Arc::new(settings),
        day: saved.clone(),
        journal,
        ..Start::first(vec![share(0, "AAPL"), share(1, "MSFT")].into(), vec!["Paper".into()], now)
    });
    let mut stage = Stage { engine, now, commands: 0, booked: Vec::new() };
    stage.feed(EngineEvent::Started);
    stage
}

impl Stage {
    fn feed(&mut self, event: EngineEvent) -> Vec<Effect> {
        let mut out = Vec::new();
        self.engine.process(event, self.now, &mut out);
        for effect in &out {
            let Effect::Journal(record) = effect else { continue };
            match &record.moment {
                Moment::Executed(fill) => self.booked.push((record.seq, fill.clone())),
                Moment::Charged(fill) => {
                    let charged = self.booked.iter_mut().find(|(_, known)| known.exec_id == fill.exec_id);
                    charged.unwrap().1 = fill.clone();
                }
                _ => {}
            }
        }
        out
    }

    fn connects(&mut self, positions: Vec<Position>) {
        self.tells_books(positions, Vec::new());
        let state = ConnectionState::Ready;
        self.feed(EngineEvent::Broker(BROKER, BrokerEvent::Connection { state, reason: "Ready".into() }));
        for id in [0, 1] {
            self.quote(id, "100");
        }
        self.passes();
    }

    fn quote(&mut self, id: u32, at: &str) {
        let price = Some(Price(dec(at)));
        let quote = Quote { bid: price, ask: price, last: price, is_open: true, ..Quote::default() };
        let events = vec![MarketEvent::Quote(InstrumentId(id), quote)];
        self.feed(EngineEvent::Broker(BROKER, BrokerEvent::Market { received: self.now, events }));
    }

    fn passes(&mut self) -> bool {
        let mut out = Vec::new();
        self.engine.day_passes(self.now, &mut out)
    }

    fn fills(&mut self, side: Side, quantity: &str, at: &str) {
        let (fill, position) = self.execution(side, quantity, at);
        self.feed(EngineEvent::Broker(BROKER, BrokerEvent::Fill { fill, position }));
        self.passes();
    }

    /// An execution, and the position that it makes.
    fn execution(&mut self, side: Side, quantity: &str, at: &str) -> (Fill, Position) {
        let account: AccountId = "PAPER".into();
        let mut after = self.engine.position_of(&account, SHARE).cloned();
        let position = after.get_or_insert_with(|| Position::flat(account.clone(), SHARE));
        position.apply(side, Qty(dec(quantity)), Price(dec(at)), Decimal::ONE);
        position.commissions += Decimal::ONE;
        let position = position.clone();
        self.commands += 1;
        let fill = Fill {
            exec_id: ExecId(format!("E{}", self.commands).into()),
            order: OrderId(99),
            account,
            instrument: SHARE,
            side,
            quantity: Qty(dec(quantity)),
            price: Price(dec(at)),
            commission: Money { amount: Decimal::ONE, currency: Currency::USD },
            realised: Decimal::ZERO,
            liquidity: Liquidity::Taker,
            time: self.now,
        };
        (fill, position)
    }

    /// The broker tells its books, in the middle of a session or at the beginning of one.
    fn tells_books(&mut self, positions: Vec<Position>, fills: Vec<Fill>) -> Vec<Effect> {
        let accounts = vec![Arc::new(account())];
        let books = Books { fills, positions, accounts, ..Books::default() };
        self.feed(EngineEvent::Broker(BROKER, BrokerEvent::Books(Arc::new(books))))
    }

    /// Sends a market order; the refusal where there is one.
    fn order(&mut self, side: Side, quantity: &str) -> Result<(), String> {
        self.commands += 1;
        let spec = OrderSpec::new(SHARE, side, Qty(dec(quantity)), OrderKind::Market, TimeInForce::Day);
        let place = Place::plain("PAPER".into(), spec);
        let command = Command::Place(place);
        let envelope = Envelope { id: CommandId(self.commands), input_at: self.now, command };
        let effects = self.feed(EngineEvent::Command(envelope));
        let refused = effects.iter().find_map(|effect| match effect {
            Effect::Publish { update, .. } => match &**update {
                Update::Answer(answer) => answer.outcome.as_ref().err().map(ToString::to_string),
                _ => None,
            },
            _ => None,
        });
        if let Some(why) = refused {
            return Err(why);
        }
        Ok(())
    }

    fn result(&self) -> Option<Decimal> {
        self.engine.result_of_day(|_, _| true)
    }

    /// The next run, with what this one has left on the disk.
    fn restarts(&self) -> Stage {
        let text = serde_json::to_string(&self.engine.day_state()).unwrap();
        let saved: DayState = serde_json::from_str(&text).unwrap();
        let (booked, fills): (Vec<Seq>, Vec<Fill>) = self.booked.iter().cloned().unzip();
        let next_seq = self.engine.journal.next();
        let journal = Journaled { next_seq, fills, booked, ..Journaled::default() };
        let mut next = stage_after(|_| {}, &saved, journal);
        (next.now, next.commands, next.booked) = (self.now, self.commands, self.booked.clone());
        next
    }
}

fn loss(limit: &str) -> impl FnOnce(&mut LimitSet) {
    let limit = dec(limit);
    move |limits| limits.profile.max_loss_per_day = Some(limit)
}

#[test]
fn a_day_counts_what_was_realised_what_was_not_and_what_it_cost() {
    let mut stage = stage(loss("1000"), &DayState::default());
    stage.connects(vec![]);
    stage.fills(Side::Buy, "10", "100");
    stage.quote(0, "95");
    assert_eq!(stage.result(), Some(dec("-51")));
    stage.fills(Side::Sell, "4", "90");
    stage.quote(0, "95");
    assert_eq!(stage.result(), Some(dec("-72")), "4 at a loss of 10, 6 at one of 5, two commissions");
    stage.fills(Side::Sell, "6", "95");
    assert_eq!(stage.result(), Some(dec("-73")));
}

#[test]
fn what_was_held_before_counts_from_where_it_stood() {
    let mut stage = stage(loss("1000"), &DayState::default());
    stage.connects(vec![position("10", "500", "-7000", "30")]);
    assert_eq!(stage.result(), Some(Decimal::ZERO), "yesterday's losses are yesterday's");
    stage.quote(0, "98");
    assert_eq!(stage.result(), Some(dec("-20")));
}

#[test]
fn a_position_without_a_price_makes_the_result_unknown_and_opening_refused() {
    let mut stage = stage(loss("1000"), &DayState::default());
    stage.connects(vec![Position { instrument: InstrumentId(1), ..position("10", "100", "0", "0") }]);
    stage.engine.market.forget_quote(InstrumentId(1));
    assert_eq!(stage.result(), None);
    assert!(stage.order(Side::Buy, "1").unwrap_err().contains("not known"));
}

#[test]
fn a_loss_locks_until_the_next_day_and_over_a_restart() {
    let mut first = stage(loss("50"), &DayState::default());
    first.connects(vec![]);
    first.fills(Side::Buy, "10", "100");
    assert_eq!(first.order(Side::Buy, "1"), Ok(()));
    first.quote(0, "95");
    assert!(first.order(Side::Buy, "1").unwrap_err().starts_with("The loss of the day is 51.00 USD"));
    assert!(first.passes(), "the lock is to be saved");
    first.quote(0, "120");
    let refused = first.order(Side::Buy, "1").unwrap_err();
    assert!(refused.contains("before 2026-11-20 22:00 UTC"), "{refused}");
    assert_eq!(first.order(Side::Sell, "4"), Ok(()), "what reduces is never held back");

    let mut second = first.restarts();
    second.connects(vec![position("10", "100.1", "0", "0")]);
    assert!(second.order(Side::Buy, "1").is_err(), "though the limit was taken away meanwhile");
    assert_eq!(second.result(), Some(dec("-1")), "it counts on from the day's beginning");
    second.now = at("2026-11-20T22:00:00Z");
    second.quote(0, "90");
    assert!(second.passes());
    assert_eq!((second.order(Side::Buy, "1"), second.result()), (Ok(()), Some(Decimal::ZERO)));
}

#[test]
fn a_loss_that_is_the_limit_to_the_last_digit_locks() {
    let mut stage = stage(loss("2.10"), &DayState::default());
    stage.connects(vec![]);
    // Their average has no end: 100.00333…
    stage.fills(Side::Buy, "20", "100");
    stage.fills(Side::Buy, "10", "100.01");
    stage.quote(0, "100");
    assert_eq!(stage.result(), Some(dec("-2.10")));
    stage.passes();
    assert!(stage.order(Side::Buy, "1").is_err());
}

#[test]
fn a_clock_that_is_set_back_gives_no_loss_away() {
    let mut day = Day::default();
    let money = |text| Money { amount: dec(text), currency: Currency::USD };
    assert!(day.turn(&DayStart::default(), at("2026-11-20T22:00:00Z")));
    assert!(day.lock(Scope::Profile, money("60"), money("50")));
    assert!(!day.lock(Scope::Profile, money("70"), money("50")), "it was locked");
    assert!(!day.turn(&DayStart::default(), at("2026-11-19T22:00:00Z")));
    assert!(day.locks.contains_key(&Scope::Profile));
}

#[test]
fn a_clock_that_was_a_year_ahead_for_a_moment_locks_for_no_year() {
    let mut day = Day::default();
    let money = |text| Money { amount: dec(text), currency: Currency::USD };
    let starts = DayStart::default();
    assert!(day.turn(&starts, at("2026-11-20T22:00:00Z")));
    assert!(day.turn(&starts, at("2027-11-20T22:00:00Z")));
    assert!(day.lock(Scope::Profile, money("60"), money("50")));
    let now = at("2026-11-20T22:00:05Z");
    assert!(day.turn(&starts, now), "it is to be saved");
    let lock = day.lock_in(&Scope::Profile, now).expect("nothing is given away");
    assert_eq!(lock.until, at("2026-11-21T22:00:00Z"));
    assert!(day.turn(&starts, at("2026-11-21T22:00:00Z")));
    assert!(day.locks.is_empty());
}

#[test]
fn orders_of_the_last_minute_are_counted_where_they_belong() {
    let mut stage = stage(|limits| limits.profile.max_orders_per_minute = Some(3), &DayState::default());
    stage.connects(vec![]);
    for _ in 0..3 {
        assert_eq!(stage.order(Side::Buy, "1"), Ok(()));
        stage.now = stage.now + Duration::from_secs(10);
        stage.quote(0, "100");
    }
    let refused = stage.order(Side::Buy, "1").unwrap_err();
    assert!(
        refused.starts_with("3 orders were sent in the last minute, the limit of the profile is 3"),
        "{refused}"
    );
    let count = |stage: &Stage, id| {
        stage.engine.day.orders_last_minute(stage.now, OrderId(0), |_, of| of == InstrumentId(id))
    };
    assert_eq!((count(&stage, 0), count(&stage, 1)), (3, 0));
    stage.now = stage.now + Duration::from_secs(30);
    stage.quote(0, "100");
    assert_eq!(stage.order(Side::Buy, "1"), Ok(()), "the first is a minute old");
}

#[test]
fn exposure_counts_other_positions_and_orders_at_their_worst() {
    let mut stage = stage(|limits| limits.profile.max_exposure = Some(dec("5000")), &DayState::default());
    stage.connects(vec![Position { instrument: InstrumentId(1), ..position("-30", "100", "0", "0") }]);
    assert_eq!(stage.order(Side::Buy, "10"), Ok(()));
    assert_eq!(stage.order(Side::Buy, "10"), Ok(()));
    let refused = stage.order(Side::Buy, "1").unwrap_err();
    assert!(refused.contains("the exposure would be 5,100.00 USD"), "{refused}");
    assert!(stage.order(Side::Sell, "21").is_err());
    stage.engine.market.forget_quote(InstrumentId(1));
    assert!(stage.order(Side::Sell, "20").unwrap_err().contains("no price"));
}

#[test]
fn moving_the_start_of_the_day_lifts_no_lock_and_gives_no_loss_away() {
    let mut stage = stage(loss("50"), &DayState::default());
    stage.connects(vec![]);
    stage.fills(Side::Buy, "10", "100");
    stage.quote(0, "95");
    assert!(stage.passes());
    let mut settings = Settings::clone(&stage.engine.settings);
    settings.limits.day_start = "15:30 UTC".parse().unwrap();
    stage.engine.settings = Arc::new(settings);
    stage.now = at("2026-11-20T15:45:00Z");
    stage.quote(0, "95");
    stage.passes();
    let refused = stage.order(Side::Buy, "1").unwrap_err();
    assert!(refused.contains("before 2026-11-20 22:00 UTC"), "the day ends when it was to end: {refused}");
    let saved = stage.engine.day_state();
    assert_eq!(saved.ends, at("2026-11-20T22:00:00Z"));
    stage.now = at("2026-11-20T22:00:00Z");
    stage.quote(0, "95");
    assert!(stage.passes());
    assert_eq!(stage.order(Side::Buy, "1"), Ok(()));
    assert_eq!(stage.engine.day_state().ends, at("2026-11-21T15:30:00Z"), "the next one is by the new start");
}

#[test]
fn a_day_of_an_older_version_ends_by_the_start_that_holds() {
    let text = r#"{"began":"BEGAN","from":[],"locks":[]}"#;
    let began = serde_json::to_string(&at("2026-11-19T22:00:00Z")).unwrap();
    let old: DayState = serde_json::from_str(&text.replace("\"BEGAN\"", &began)).unwrap();
    let stage = stage(|_| {}, &old);
    assert_eq!(stage.engine.day_state().ends, at("2026-11-20T22:00:00Z"));
}

/// The newest state that is to be saved.
fn saved(effects: &[Effect]) -> Option<&DayState> {
    effects.iter().rev().find_map(|effect| match effect {
        Effect::Save(SaveJob::EngineState { day, .. }) => Some(day),
        _ => None,
    })
}

#[test]
fn the_first_execution_of_a_day_counts_though_the_clock_has_not_ticked_yet() {
    let mut first = stage(|_| {}, &DayState::default());
    first.tells_books(Vec::new(), Vec::new());
    first.quote(0, "100");
    let (fill, position) = first.execution(Side::Buy, "10", "100");
    let told = first.feed(EngineEvent::Broker(BROKER, BrokerEvent::Fill { fill, position }));
    assert_eq!(first.result(), Some(dec("-1")), "its commission");
    let day = saved(&told).expect("where the day began is saved").clone();
    assert_eq!(day, first.engine.day_state());

    // The next day begins, and what is done with the position comes before the tick that would say so.
    first.now = at("2026-11-20T22:00:00Z");
    first.quote(0, "99");
    let (fill, position) = first.execution(Side::Sell, "10", "97");
    first.feed(EngineEvent::Broker(BROKER, BrokerEvent::Fill { fill, position }));
    assert_eq!(first.result(), Some(dec("-21")), "10 units from 99 to 97, and a commission");
}

#[test]
fn an_execution_that_only_the_books_tell_of_counts_from_where_the_position_stood() {
    let mut stage = stage(|_| {}, &DayState::default());
    stage.connects(Vec::new());
    let (fill, position) = stage.execution(Side::Buy, "10", "100");
    // As the kill switch asks for them: they overtake the word of the execution.
    let told = stage.tells_books(vec![position.clone()], vec![fill.clone()]);
    stage.feed(EngineEvent::Broker(BROKER, BrokerEvent::Fill { fill, position }));
    stage.quote(0, "95");
    stage.passes();
    assert_eq!(stage.result(), Some(dec("-51")));
    assert_eq!(saved(&told), Some(&stage.engine.day_state()), "over a restart too");
}

#[test]
fn what_was_realised_before_a_restart_counts_though_its_broker_has_forgotten_it() {
    let mut first = stage(loss("50"), &DayState::default());
    first.connects(vec![]);
    first.fills(Side::Buy, "10", "100");
    first.fills(Side::Sell, "4", "92");
    first.quote(0, "95");
    assert_eq!(first.result(), Some(dec("-64")));
    let mut second = first.restarts();
    // As Interactive Brokers tells it: what is held, by an average of its own, and nothing realised.
    second.connects(vec![position("6", "100.2", "0", "0")]);
    second.quote(0, "95");
    assert_eq!(second.result(), Some(dec("-64")));
    // What is flat it does not even mention.
    first.fills(Side::Sell, "6", "95");
    let mut third = first.restarts();
    third.connects(vec![]);
    assert_eq!(third.result(), Some(dec("-65")));
    third.connects(vec![]);
    assert_eq!(third.restarts().result(), Some(dec("-65")), "nothing counts twice");
}

#[test]
fn what_executes_while_nobody_looks_counts_by_its_price() {
    let mut first = stage(|_| {}, &DayState::default());
    first.connects(vec![]);
    first.fills(Side::Buy, "10", "100");
    let (sale, _) = first.execution(Side::Sell, "10", "97");
    let mut second = first.restarts();
    second.tells_books(vec![], vec![sale]);
    second.connects(vec![]);
    assert_eq!(second.result(), Some(dec("-32")), "the broker's books alone told of the sale");
}

#[test]
fn units_that_came_without_an_execution_count_from_when_they_came() {
    let mut stage = stage(|_| {}, &DayState::default());
    stage.connects(vec![position("10", "100", "0", "0")]);
    stage.quote(0, "95");
    stage.tells_books(vec![position("30", "10", "0", "0")], vec![]);
    stage.passes();
    assert_eq!(stage.result(), Some(dec("-50")), "a transfer is no profit");
    stage.quote(0, "94");
    assert_eq!(stage.result(), Some(dec("-80")));
    let mut next = stage.restarts();
    next.connects(vec![position("30", "10", "0", "0")]);
    next.quote(0, "94");
    assert_eq!(next.result(), Some(dec("-80")));
}

#[test]
fn a_commission_that_comes_later_and_one_in_another_currency_count() {
    let mut stage = stage(|_| {}, &DayState::default());
    stage.connects(vec![]);
    let (mut fill, position) = stage.execution(Side::Buy, "10", "100");
    fill.commission.amount = Decimal::ZERO;
    stage.feed(EngineEvent::Broker(
        BROKER,
        BrokerEvent::Fill { fill: fill.clone(), position: position.clone() },
    ));
    assert_eq!(stage.result(), Some(Decimal::ZERO));
    fill.commission.amount = dec("2.5");
    stage.feed(EngineEvent::Broker(
        BROKER,
        BrokerEvent::Charged { fill: fill.clone(), position: position.clone() },
    ));
    assert_eq!(stage.result(), Some(dec("-2.5")));
    fill.commission = Money { amount: dec("300"), currency: Currency::JPY };
    stage.feed(EngineEvent::Broker(BROKER, BrokerEvent::Charged { fill, position }));
    assert_eq!(stage.result(), None, "nobody knows what a yen is worth");
}

#[test]
fn the_day_of_an_instrument_that_a_start_does_not_list_is_kept() {
    let mut first = stage(|_| {}, &DayState::default());
    first.connects(vec![]);
    first.fills(Side::Buy, "10", "100");
    let day = first.engine.day_state();
    let without = Engine::new(Start {
        day: day.clone(),
        ..Start::first(vec![share(0, "KO")].into(), vec!["Paper".into()], first.now)
    });
    assert_eq!(without.day_state(), day);
}

#[test]
fn books_that_are_taken_over_position_by_position_lock_nothing_between_two_of_them() {
    let mut stage = stage(loss("50"), &DayState::default());
    stage.connects(Vec::new());
    let (lost, long) = stage.execution(Side::Buy, "10", "100");
    let (won, short) = stage.execution(Side::Sell, "10", "100");
    let other = InstrumentId(1);
    let (won, short) = (Fill { instrument: other, ..won }, Position { instrument: other, ..short });
    for id in [0, 1] {
        stage.quote(id, "90");
    }
    stage.tells_books(vec![long, short], vec![lost, won]);
    stage.passes();
    assert_eq!(stage.result(), Some(dec("-2")), "what one has lost the other has won");
    assert_eq!(stage.order(Side::Sell, "1"), Ok(()));
    assert!(stage.engine.day_state().locks.is_empty());
}
