//! The book: its rows, put together as a client does, are the exchange's.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use pitdesk::domain::Level;
use pitdesk::gateway::wire::model::{CancelMarketDepth, MarketDepthRequest};
use pitdesk::gateway::wire::{Dialect, Reply, Request};
use pitdesk::link::{Command, Demand};

use super::stage::{Stage, share, words};

fn book(id: i32, symbol: &str, rows: i32, is_smart: bool) -> Request {
    Request::MarketDepth(Box::new(MarketDepthRequest {
        req_id: Some(id),
        contract: Some(share(symbol)),
        num_rows: Some(rows),
        is_smart_depth: Some(is_smart),
        ..MarketDepthRequest::default()
    }))
}

fn forget(id: i32) -> Request {
    Request::CancelMarketDepth(CancelMarketDepth { req_id: Some(id), is_smart_depth: Some(false) })
}

/// Rows by side (0 ask, 1 bid) and place.
#[derive(Default)]
struct Rows(BTreeMap<(i32, i32), (f64, String)>);

impl Rows {
    fn hear(&mut self, replies: &[Reply], is_smart: bool) {
        for reply in replies {
            let row = match reply {
                Reply::MarketDepth(row) if !is_smart => row,
                Reply::MarketDepthL2(row) if is_smart => row,
                other => panic!("{other:?}"),
            };
            let row = row.market_depth_data.clone().unwrap();
            assert_eq!(row.market_maker(), if is_smart { "NASDAQ" } else { "" });
            let place = (row.side(), row.position());
            let told = (row.price(), row.size().to_owned());
            match row.operation() {
                0 => assert_eq!(self.0.insert(place, told), None, "inserted twice"),
                1 => assert!(self.0.insert(place, told).is_some(), "updated before it was there"),
                _ => assert!(self.0.remove(&place).is_some(), "deleted before it was there"),
            }
        }
    }

    fn of(&self, side: i32) -> Vec<(f64, String)> {
        self.0.range((side, 0)..(side + 1, 0)).map(|(_, row)| row.clone()).collect()
    }
}

fn watch(stage: &mut Stage, symbol: &str) {
    let demand = Demand { depth: [stage.instrument(symbol).id].into(), ..Demand::default() };
    stage.command(Command::Demand(Arc::new(demand)));
    stage.run(Duration::from_secs(1));
}

/// The window's rows.
fn expected(stage: &Stage, symbol: &str, rows: usize) -> [Vec<(f64, String)>; 2] {
    let depth = stage.desk.depth(stage.instrument(symbol).id).unwrap();
    let told = |level: &Level| (level.price.0.try_into().unwrap(), level.quantity.0.normalize().to_string());
    [&depth.asks, &depth.bids].map(|levels| levels.iter().take(rows).map(told).collect())
}

#[test]
fn rows_put_together_are_the_book_in_both_dialects() {
    for (dialect, is_smart) in
        [(Dialect::Text, false), (Dialect::Text, true), (Dialect::Protobuf, false), (Dialect::Protobuf, true)]
    {
        let mut stage = Stage::new();
        watch(&mut stage, "AAPL");
        let conn = stage.connect(dialect, 1);
        let mut rows = Rows::default();
        rows.hear(&stage.ask(conn, book(3, "AAPL", 5, is_smart)), is_smart);
        for _ in 0..5 {
            stage.run(Duration::from_secs(1));
            // What the last look has brought is on its way.
            stage.settle();
            rows.hear(&stage.heard(conn), is_smart);
            let [asks, bids] = expected(&stage, "AAPL", 5);
            assert_eq!((rows.of(0), rows.of(1)), (asks, bids));
            assert_eq!(rows.of(1).len(), 5);
        }
        assert!(stage.ask(conn, forget(3)).is_empty());
        assert!(stage.heard_in(conn, 2.0).is_empty());
    }
}

#[test]
fn a_book_that_is_followed_again_begins_with_what_is_there_now() {
    let mut stage = Stage::new();
    let conn = stage.connect(Dialect::Text, 1);
    stage.ask(conn, book(3, "AAPL", 5, false));
    stage.run(Duration::from_secs(2));
    stage.ask(conn, forget(3));
    stage.run(Duration::from_secs(30));
    stage.heard(conn);
    let mut rows = Rows::default();
    rows.hear(&stage.ask(conn, book(4, "AAPL", 5, false)), false);
    let old = rows.of(1);
    watch(&mut stage, "AAPL");
    rows.hear(&stage.heard(conn), false);
    assert_eq!(rows.of(1), expected(&stage, "AAPL", 5)[1]);
    assert!(old.is_empty() || old[0].0 > 0.0);
}

#[test]
fn who_reads_slowly_is_told_the_newest_book_later() {
    let mut stage = Stage::new();
    watch(&mut stage, "AAPL");
    let conn = stage.connect(Dialect::Text, 1);
    let mut rows = Rows::default();
    stage.ask(conn, book(3, "AAPL", 10, false));
    stage.hang_up(conn);
    let conn = stage.connect(Dialect::Text, 1);
    rows.hear(&stage.ask(conn, book(3, "AAPL", 10, false)), false);
    stage.core.waiting(conn, 1 << 20);
    assert!(stage.heard_in(conn, 3.0).is_empty());
    stage.core.waiting(conn, 0);
    let now = stage.now();
    stage.core.tick(now);
    stage.settle();
    rows.hear(&stage.heard(conn), false);
    let [asks, bids] = expected(&stage, "AAPL", 10);
    assert_eq!((rows.of(0), rows.of(1)), (asks, bids));
}

#[test]
fn what_cannot_be_followed_is_refused() {
    let mut stage = Stage::new();
    let conn = stage.connect(Dialect::Text, 1);
    assert_eq!(words(&stage.ask(conn, book(3, "NOSUCH", 5, false))), ["3 error 200"]);
    stage.ask(conn, book(3, "AAPL", 5, false));
    assert!(words(&stage.ask(conn, book(3, "AAPL", 5, false))).contains(&"3 error 322".to_owned()));
    assert!(stage.ask(conn, forget(99)).is_empty());
}
