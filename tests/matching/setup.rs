//! What the exchange refuses to be opened with.

use std::sync::Arc;

use pitdesk::domain::{Instrument, InstrumentId, Session, SessionKind, TradingHours};
use pitdesk::exchange::{Config, Exchange};

use super::floor::*;

fn error(instruments: Vec<Instrument>, config: Config) -> String {
    let instruments = instruments.into_iter().map(Arc::new).collect();
    Exchange::new(instruments, config).err().unwrap().to_string()
}

#[test]
fn an_instrument_that_makes_no_market_is_named() {
    let lot = Instrument { lot: qty(0), ..instrument() };
    assert_eq!(error(vec![lot], config()), "ACME cannot be listed: its lot is 0; correct the catalogue");
    let multiplier = Instrument { multiplier: dec("-1"), ..instrument() };
    assert!(error(vec![multiplier], config()).contains("multiplier is -1"));
    let session = Session { open: 600, close: 500, kind: SessionKind::Regular };
    let hours = TradingHours { sessions: vec![session], ..TradingHours::always("UTC") };
    assert!(error(vec![Instrument { hours, ..instrument() }], config()).contains("trading hours"));
    let zone = Instrument { hours: TradingHours::always("Mars/Base"), ..instrument() };
    assert!(error(vec![zone], config()).contains("Mars/Base"));
}

#[test]
fn an_instrument_is_listed_once() {
    let twin = Instrument { id: InstrumentId(1), ..instrument() };
    assert!(error(vec![instrument(), twin], config()).starts_with("ACME@PIT is listed twice"));
    let same_id = Instrument { symbol: "OTHER".into(), ..instrument() };
    assert!(error(vec![instrument(), same_id], config()).starts_with("OTHER@PIT is listed twice"));
}

#[test]
fn accounts_and_collar_must_make_sense() {
    let accounts = |accounts| Config { accounts, ..config() };
    assert!(error(vec![], accounts(vec![account(1, 1), account(1, 1)])).contains("configured twice"));
    assert!(error(vec![], accounts(vec![account(1, 0)])).contains("leverage"));
    assert!(error(vec![], accounts(vec![account(-1, 1)])).contains("opening cash"));
    assert!(error(vec![], Config { collar_percent: dec("100"), ..config() }).contains("collar"));
}

#[test]
fn ids_need_not_be_dense_and_unknown_ones_have_empty_answers() {
    let far = Instrument { id: InstrumentId(9), ..instrument() };
    let mut floor = Floor::with(far, config());
    floor.send(buy(1, limit("1.00")));
    assert!(floor.rejection().unwrap().to_string().starts_with("Instrument 0 is not listed"));
    assert_eq!(floor.exchange.best(X), (None, None));
    assert!(floor.exchange.depth(X, 5).bids.is_empty());
    assert_eq!(floor.exchange.quote(InstrumentId(10_000)).last, None);
    assert!(floor.exchange.account(&"NOBODY".into()).is_none());
}
