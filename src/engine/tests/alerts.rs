//! Alerts: what makes them fire, what they say, and that they outlive the program.

mod model;

use super::*;
use crate::broker::contract::Watch;
use crate::domain::alert::{MOST_ALERTS, Since, Way};
use crate::domain::{Alert, AlertBook, AlertId, AlertState, AlertTerms, Condition, DataRemark, Firing};

const KEY: &str = "AAPL@NASDAQ";

fn above(level: &str) -> Condition {
    Condition::Above { instrument: KEY.to_owned(), price: Price(dec(level)) }
}

fn below(level: &str) -> Condition {
    Condition::Below { instrument: KEY.to_owned(), price: Price(dec(level)) }
}

fn moves(percent: &str, way: Way, since: Since) -> Condition {
    Condition::Move { instrument: KEY.to_owned(), percent: dec(percent), way, since }
}

fn once(condition: Condition) -> AlertTerms {
    AlertTerms { condition, every_time: false, sound: true, note: String::new() }
}

fn every_time(condition: Condition) -> AlertTerms {
    AlertTerms { every_time: true, ..once(condition) }
}

fn last(price: &str) -> Quote {
    Quote { last: Some(Price(dec(price))), is_open: true, ..Quote::default() }
}

impl Stage {
    fn set(&mut self, terms: AlertTerms) -> Vec<Effect> {
        self.command(Command::SetAlert { id: None, terms })
    }

    fn market(&mut self, quote: Quote) -> Vec<Effect> {
        let events = vec![MarketEvent::Quote(SHARE, quote)];
        self.broker(BrokerEvent::Market { received: self.now, events })
    }

    /// What a trade at this price makes alerts say.
    fn trades(&mut self, price: &str) -> Vec<String> {
        said(&self.market(last(price)))
    }

    fn later(&mut self, seconds: u64) {
        self.now = self.now + std::time::Duration::from_secs(seconds);
    }

    fn is_back(&mut self) -> Vec<Effect> {
        let books = Books { accounts: vec![account()], are_final: true, ..Books::default() };
        let mut effects = self.broker(BrokerEvent::Books(Arc::new(books)));
        let up = BrokerEvent::Connection { state: ConnectionState::Ready, reason: "Ready".into() };
        effects.extend(self.broker(up));
        effects
    }

    /// The same alerts in a new run, before anything has come.
    fn restarted(&self) -> Self {
        let first = Start::first(vec![share()].into(), vec!["Paper".into()], self.now);
        let alerts = AlertBook::clone(self.engine.alerts.book());
        let mut stage = stage_after(Journaled::default());
        stage.now = self.now;
        stage.engine = Engine::new(Start { alerts, ..first });
        stage.feed(EngineEvent::Started);
        stage
    }

    fn alert(&self, index: usize) -> &Alert {
        &self.engine.alerts.book().alerts[index]
    }
}

fn fired(effects: &[Effect]) -> Vec<Arc<Firing>> {
    let firing = |effect: &Effect| match effect {
        Effect::Publish { update, .. } => match &**update {
            Update::Fired(firing) => Some(Arc::clone(firing)),
            _ => None,
        },
        _ => None,
    };
    effects.iter().filter_map(firing).collect()
}

fn said(effects: &[Effect]) -> Vec<String> {
    fired(effects).iter().map(|firing| firing.text.clone()).collect()
}

fn saved(effects: &[Effect]) -> Option<AlertBook> {
    let book = |effect: &Effect| match effect {
        Effect::Save(SaveJob::Alerts(book)) => Some(AlertBook::clone(book)),
        _ => None,
    };
    effects.iter().rev().find_map(book)
}

fn watched(effects: &[Effect]) -> Option<Watch> {
    let watch = |request: &&BrokerRequest| match request {
        BrokerRequest::Watch(watch) => Some(watch.clone()),
        _ => None,
    };
    requests(effects).iter().rev().find_map(watch)
}

#[test]
fn an_alert_fires_when_the_price_gets_there_and_once() {
    let mut stage = stage();
    stage.set(once(above("101")));
    assert!(stage.trades("100.99").is_empty());
    assert_eq!(stage.trades("101"), ["AAPL 101.00: at 101.00 or above"], "at the level is there");
    assert_eq!(stage.alert(0).state, AlertState::Over);
    assert!(stage.trades("100").is_empty() && stage.trades("102").is_empty());
    stage.set(once(below("99.5")));
    assert_eq!(stage.trades("98"), ["AAPL 98.00: at 99.50 or below"], "over the level in one jump");
}

#[test]
fn an_alert_that_is_over_fires_again_when_it_is_armed_by_hand_or_changed() {
    let mut stage = stage();
    stage.set(once(above("101")));
    stage.trades("100");
    assert_eq!(stage.trades("101").len(), 1);
    let id = stage.alert(0).id;
    stage.command(Command::RearmAlert(id));
    let again = stage.trades("102");
    assert!(again[0].ends_with("at the first price since the alert was set"), "{again:?}");
    stage.trades("100");
    stage.command(Command::SetAlert { id: Some(id), terms: once(above("105")) });
    assert!(stage.trades("104").is_empty());
    assert_eq!(stage.trades("105").len(), 1);
    assert_eq!(stage.engine.alerts.book().alerts.len(), 1);
}

#[test]
fn a_trade_between_two_quotes_counts() {
    let mut stage = stage();
    stage.set(once(above("101")));
    let quote =
        |price, high| Quote { high: Some(Price(dec(high))), low: Some(Price(dec("99"))), ..last(price) };
    assert!(said(&stage.market(quote("100", "103"))).is_empty(), "the high is of before the alert");
    assert!(said(&stage.market(quote("100.1", "103"))).is_empty());
    let effects = stage.market(quote("100.2", "103.4"));
    assert_eq!(said(&effects), ["AAPL 103.40: at 101.00 or above, and is 100.20 now"]);
}

#[test]
fn a_price_that_is_there_already_is_told_at_once_as_such() {
    let mut stage = stage();
    stage.set(every_time(above("50")));
    stage.trades("100");
    let effects = stage.set(once(above("99")));
    let text = "AAPL 100.00: at 99.00 or above. It was so at the first price since the alert was set";
    assert_eq!(said(&effects), [text], "it does not wait for the next quote");
}

#[test]
fn what_happens_while_nothing_comes_is_told_as_missed() {
    let mut stage = stage();
    stage.set(once(above("101")));
    stage.trades("100");
    stage.session_ends();
    stage.is_back();
    assert_eq!(stage.trades("103"), ["AAPL 103.00: at 101.00 or above. It got there while no prices came"]);
}

#[test]
fn a_new_run_watches_on_and_tells_what_it_has_missed() {
    let mut before = stage();
    before.set(once(above("101")));
    before.set(once(below("90")));
    before.trades("100");
    let mut stage = before.restarted();
    assert!(stage.is_back().iter().any(|effect| matches!(
        effect,
        Effect::Request(_, BrokerRequest::Watch(watch)) if watch.quotes.contains(&SHARE)
    )));
    assert_eq!(stage.trades("103"), ["AAPL 103.00: at 101.00 or above. It got there while no prices came"]);
    assert_eq!((stage.alert(0).state, stage.alert(1).state), (AlertState::Over, AlertState::Armed));
    let again = stage.restarted();
    assert_eq!(again.engine.alerts.book(), stage.engine.alerts.book());
}

#[test]
fn that_data_are_delayed_or_the_market_is_closed_is_said() {
    let mut stage = stage();
    stage.set(once(above("101")));
    stage.trades("100");
    let remark = Some(Arc::new(DataRemark { short: "Delayed".into(), text: "Delayed data".into() }));
    stage.broker(BrokerEvent::Remark { instrument: SHARE, remark });
    let effects = stage.market(Quote { is_open: false, ..last("101") });
    assert_eq!(said(&effects), ["AAPL 101.00: at 101.00 or above. Delayed. The market is closed"]);
}

#[test]
fn alerts_have_their_prices_sent_with_no_pane_open() {
    let mut stage = stage();
    let effects = stage.set(once(above("101")));
    assert!(watched(&effects).unwrap().quotes.contains(&SHARE));
    let id = stage.alert(0).id;
    assert!(watched(&stage.command(Command::RemoveAlert(id))).unwrap().quotes.is_empty());
    stage.set(once(above("101")));
    stage.trades("100");
    let effects = stage.market(last("101"));
    assert!(watched(&effects).unwrap().quotes.is_empty(), "nobody waits for it any more");
    assert!(stage.engine.market.quote(SHARE).is_none(), "what nobody keeps up to date is not kept");
}

#[test]
fn every_time_means_when_the_price_was_back_and_once_a_minute() {
    let mut stage = stage();
    stage.set(every_time(above("101")));
    stage.trades("100");
    assert_eq!(stage.trades("101").len(), 1);
    stage.later(120);
    assert!(stage.trades("102").is_empty(), "it has stayed there");
    stage.trades("100");
    assert_eq!(stage.trades("101").len(), 1);
    stage.later(30);
    stage.trades("100");
    assert!(stage.trades("101").is_empty(), "not so soon");
    stage.later(31);
    assert_eq!(stage.trades("101.5").len(), 1, "but then, for it is there still");
}

#[test]
fn a_move_is_counted_from_what_was_said() {
    let mut stage = stage();
    let close = |price, close| Quote { prev_close: Some(Price(dec(close))), ..last(price) };
    stage.set(once(moves("2", Way::Either, Since::PreviousClose)));
    assert!(said(&stage.market(close("101.99", "100"))).is_empty());
    assert_eq!(said(&stage.market(close("102", "100"))), ["AAPL 102.00: up 2.00 % since the close before"]);
    stage.set(once(moves("10", Way::Down, Since::Price(Price(dec("200"))))));
    stage.trades("190");
    assert!(stage.trades("240").is_empty(), "up is not down");
    assert_eq!(stage.trades("179"), ["AAPL 179.00: down 10.50 % from 200.00"]);
}

#[test]
fn a_move_within_minutes_is_counted_from_the_extreme_of_that_time() {
    let mut stage = stage();
    stage.set(every_time(moves("1", Way::Up, Since::Minutes(5))));
    stage.trades("100");
    stage.later(200);
    stage.trades("99.6");
    stage.later(200);
    // The price of before has held until the one after it came, and is five minutes old by now.
    assert_eq!(stage.trades("100.6"), ["AAPL 100.60: up 1.00 % within 5 min"]);
    stage.later(100);
    assert!(stage.trades("101.5").is_empty(), "counted anew from where it was told");
    assert_eq!(stage.trades("101.7").len(), 1);
    stage.later(600);
    assert!(stage.trades("102.5").is_empty());
    stage.later(301);
    assert!(stage.trades("103.2").is_empty(), "no more than 0.7 % in five minutes");
}

#[test]
fn a_pair_goes_by_the_middle_of_bid_and_ask() {
    let pair = Instrument {
        symbol: "EUR/USD".into(),
        venue: "FX".into(),
        class: AssetClass::Fx,
        ..Instrument::clone(&share())
    };
    let mut stage = stage();
    let first = Start::first(vec![Arc::new(pair)].into(), vec!["Paper".into()], stage.now);
    stage.engine = Engine::new(first);
    stage.feed(EngineEvent::Started);
    stage.is_back();
    let price = Price(dec("1.10"));
    stage.set(once(Condition::Above { instrument: "EUR/USD@FX".to_owned(), price }));
    let quote = |bid, ask| Quote { bid: Some(Price(dec(bid))), ask: Some(Price(dec(ask))), ..last("2.00") };
    assert!(said(&stage.market(quote("1.08", "1.10"))).is_empty());
    assert!(said(&stage.market(quote("1.14", "1.10"))).is_empty(), "a crossed market has no middle");
    assert_eq!(said(&stage.market(quote("1.09", "1.11"))).len(), 1);
}

#[test]
fn a_fill_is_told_at_its_first_execution_and_when_it_is_whole() {
    let mut stage = stage();
    stage.set(every_time(Condition::Fill { instrument: None }));
    stage.set(once(Condition::Fill { instrument: Some(KEY.to_owned()) }));
    stage.buy("10", "100.00");
    let text = "Buy 10 AAPL: 2 of 10 filled at 100.00";
    assert_eq!(said(&stage.fill(1, Side::Buy, "2", "2")), [text, text], "both wait for it");
    assert!(said(&stage.fill(1, Side::Buy, "3", "5")).is_empty());
    assert_eq!(said(&stage.fill(1, Side::Buy, "5", "10")), ["Buy 10 AAPL: filled at 100.00"]);
}

#[test]
fn a_fill_that_only_the_books_tell_is_told() {
    let mut stage = stage();
    stage.set(every_time(Condition::Fill { instrument: None }));
    stage.buy("10", "100.00");
    stage.says(1, OrderStatus::Working);
    let alerts = AlertBook::clone(stage.engine.alerts.book());
    let journal = Journaled {
        next_seq: Seq(stage.journal.len() as u64 + 1),
        orders: vec![stage.order(1).clone()],
        ..Journaled::default()
    };
    let first = Start::first(vec![share()].into(), vec!["Paper".into()], stage.now);
    stage.engine = Engine::new(Start { journal, alerts, ..first });
    stage.feed(EngineEvent::Started);
    let fill = |exec: &str, quantity: &str| Fill {
        exec_id: ExecId(exec.into()),
        order: OrderId(1),
        account: "PAPER".into(),
        instrument: SHARE,
        side: Side::Buy,
        quantity: Qty(dec(quantity)),
        price: Price(dec("100")),
        commission: Money { amount: Decimal::ONE, currency: Currency::USD },
        realised: Decimal::ZERO,
        liquidity: Liquidity::Taker,
        time: stage.now,
    };
    let fills = vec![fill("E1", "4"), fill("E2", "6")];
    let position = Position { net: dec("10"), ..Position::flat("PAPER".into(), SHARE) };
    let books = Books {
        accounts: vec![account()],
        positions: vec![position],
        fills,
        are_final: true,
        ..Books::default()
    };
    let effects = stage.broker(BrokerEvent::Books(Arc::new(books)));
    let text = "Buy 10 AAPL: filled at 100.00. Found in the broker's books";
    assert_eq!(said(&effects), [text], "once for both executions");
}

#[test]
fn a_lost_connection_is_told_once_and_that_it_is_back() {
    let mut stage = stage();
    stage.set(once(Condition::Disconnect));
    stage.set(every_time(Condition::Disconnect));
    let text = "Paper: the connection is lost. It failed";
    assert_eq!(said(&stage.session_ends()), [text, text]);
    let again = BrokerEvent::Connection { state: ConnectionState::Down, reason: "No route".into() };
    assert!(said(&stage.broker(again)).is_empty(), "another try is no news");
    let back = "Paper: the connection is back";
    assert_eq!(said(&stage.is_back()), [back, back], "who was told of the loss is told of its end");
    assert_eq!(said(&stage.session_ends()), [text], "the other was for once");
}

#[test]
fn our_own_end_is_no_loss() {
    let mut stage = stage();
    stage.set(every_time(Condition::Disconnect));
    stage.command(Command::Shutdown);
    assert!(said(&stage.session_ends()).is_empty());
}

#[test]
fn what_cannot_be_watched_for_is_refused_with_a_reason() {
    let mut stage = stage();
    let unknown = Condition::Above { instrument: "XYZ@NOWHERE".to_owned(), price: Price(dec("1")) };
    assert!(refusal(&stage.set(once(unknown))).contains("XYZ@NOWHERE is not listed"));
    let nothing = moves("0", Way::Up, Since::PreviousClose);
    assert!(refusal(&stage.set(once(nothing))).contains("above zero"));
    let gone = Command::SetAlert { id: Some(AlertId(77)), terms: once(above("1")) };
    assert!(refusal(&stage.command(gone)).contains("removed meanwhile"));
    for _ in 0..MOST_ALERTS {
        assert_eq!(answer(&stage.set(once(above("1000")))), &Ok(None));
    }
    assert!(refusal(&stage.set(once(above("1000")))).contains("remove some"));
}

#[test]
fn every_change_is_kept_and_what_was_seen_stays_seen() {
    let mut stage = stage();
    let effects = stage.set(AlertTerms { note: "Sell half".to_owned(), ..once(above("101")) });
    assert_eq!(saved(&effects).unwrap().alerts.len(), 1);
    stage.trades("100");
    let effects = stage.market(last("101"));
    let told = &fired(&effects)[0];
    assert_eq!((&*told.note, told.sound, told.instrument.as_deref()), ("Sell half", true, Some(KEY)));
    let book = saved(&effects).unwrap();
    assert_eq!((book.fired.len(), book.unseen().count()), (1, 1));
    let effects = stage.command(Command::SeeAlerts(told.id));
    assert_eq!(saved(&effects).unwrap().unseen().count(), 0);
    let id = stage.alert(0).id;
    let book = saved(&stage.command(Command::RemoveAlert(id))).unwrap();
    assert_eq!((book.alerts.len(), book.fired.len()), (0, 1), "what was told stays");
    let Effect::Publish { update, .. } = stage.engine.snapshot(stage.now) else { panic!() };
    let Update::Snapshot(snapshot) = *update else { panic!() };
    assert_eq!(*snapshot.alerts, book);
}
