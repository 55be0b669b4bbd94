//! A broker's bad days, as a trader at Interactive Brokers lives through them: the program trades
//! through its adapter at our own server, in another process, which has them on purpose.
//!
//! Each ends where it must: connected, quotes alive, and not an order more or fewer than before.

#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "common/program.rs"]
#[expect(dead_code, reason = "shared")]
mod program;
#[path = "common/server.rs"]
#[expect(dead_code, reason = "shared")]
mod server;

use std::collections::BTreeSet;
use std::process::Command as Process;
use std::sync::Arc;

use pitdesk::broker::ibkr::{Ibkr, IbkrConfig, described};
use pitdesk::broker::registry;
use pitdesk::desk::Desk;
use pitdesk::domain::{
    BrokerId, Decimal, InstrumentId, OrderId, OrderKind, OrderSpec, OrderStatus, Origin, Price, Qty, Side,
    Time, TimeInForce,
};
use pitdesk::link::{Command, ConnectionState, Demand, Place, WhatIf};
use pitdesk::risk::Despite;
use program::{PAPER, Program};
use server::Server;

struct Trader {
    program: Program,
    server: Server,
    share: InstrumentId,
    order: OrderId,
    _folder: tempfile::TempDir,
}

impl Trader {
    /// Connected, with one order that works.
    fn new() -> Self {
        let server = Server::start();
        let config = IbkrConfig::new(format!("127.0.0.1:{}", server.port), 7);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let asked = runtime.block_on(described::describe(&config, &["AAPL".to_owned(), "MSFT".to_owned()]));
        let (listed, _) = described::listed(&asked.unwrap(), BrokerId(0));
        let folder = tempfile::tempdir().unwrap();
        let mut program = Program::start(folder.path(), registry::ibkr(Ibkr::new(config, listed)));
        program.wait_until_ready();
        let share = program.watch("AAPL");
        let place = program.look(|desk| {
            let instrument = desk.instrument(share).unwrap();
            let bid = desk.quote(share).unwrap().quote.bid.unwrap();
            let price = instrument.ticks.round_down(Price(bid.0 * Decimal::new(95, 2)));
            let kind = OrderKind::Limit { price };
            Place {
                account: desk.accounts()[0].id.clone(),
                spec: OrderSpec::new(share, Side::Buy, Qty(10.into()), kind, TimeInForce::Gtc),
                bracket: None,
                origin: Origin::Ticket,
                seen: None,
                names: Vec::new(),
                despite: Despite::default(),
            }
        });
        let id = program.send(Command::Place(place));
        program.wait("an answer", |desk| desk.answer(id).is_some());
        let order = program.look(|desk| desk.order_of(id).unwrap());
        program.wait_for_status(order, OrderStatus::Working);
        Self { program, server, share, order, _folder: folder }
    }

    fn weather(&self, name: &str) {
        let asked = Process::new(env!("CARGO_BIN_EXE_pitdesk"))
            .args(["weather", name, "--seed", "7", "--data-dir"])
            .arg(self.server.folder.path())
            .output()
            .unwrap();
        assert!(asked.status.success(), "{asked:?}");
    }

    #[track_caller]
    fn wait_for(&self, state: ConnectionState) {
        let is_so = |desk: &Desk| desk.connection(PAPER).is_some_and(|c| c.state == state);
        self.program.wait(&format!("the connection to be {state:?}"), is_so);
    }

    #[track_caller]
    fn wait_until_it_is_not_ready(&self) {
        let is_so = |desk: &Desk| desk.connection(PAPER).is_some_and(|c| c.state != ConnectionState::Ready);
        self.program.wait("the connection to be away", is_so);
    }

    /// The same as [`Self::ends_well`], of a day on which nothing came for a while: charts mark it.
    fn ends_well_with_a_gap(self) {
        self.wait_for(ConnectionState::Ready);
        assert!(self.program.look(|desk| desk.outages(PAPER).count()) >= 1);
        self.ends_well();
    }

    fn quoted_at(&self) -> Time {
        let share = self.share;
        self.program.look(|desk| desk.quote(share).map_or(Time::MIN, |view| view.quote.time))
    }

    /// Ready again, quotes move, and the one order works and can be cancelled.
    fn ends_well(mut self) {
        self.wait_for(ConnectionState::Ready);
        let (share, before) = (self.share, self.quoted_at());
        let moves = move |desk: &Desk| desk.quote(share).is_some_and(|view| view.quote.time > before);
        self.program.wait("the quote to move again", moves);
        let is_one =
            |desk: &Desk| desk.blotter().orders().count() == 1 && desk.blotter().working().count() == 1;
        self.program.wait("one order, which works", is_one);
        self.program.send(Command::Cancel { order: self.order });
        self.program.wait_for_status(self.order, OrderStatus::Cancelled);
        self.program.shut_down();
    }
}

#[test]
fn a_nightly_reset_that_loses_the_data_ends_with_all_of_them_asked_for_anew() {
    let trader = Trader::new();
    trader.weather("reset");
    trader.wait_until_it_is_not_ready();
    trader.ends_well_with_a_gap();
}

#[test]
fn a_nightly_reset_that_keeps_the_data_ends_by_itself() {
    let trader = Trader::new();
    trader.weather("reset-keeping-data");
    trader.wait_until_it_is_not_ready();
    trader.ends_well_with_a_gap();
}

#[test]
fn what_an_order_would_come_to_is_told_and_leaves_nothing_behind() {
    let mut trader = Trader::new();
    let spec = trader.program.look(|desk| desk.blotter().get(trader.order).unwrap().spec);
    let account = trader.program.look(|desk| desk.accounts()[0].id.clone());
    let asked = trader.program.send(Command::WhatIf(WhatIf { account, spec }));
    trader.program.wait("what it would come to", |desk| desk.impact(asked).is_some());
    let impact = trader.program.look(|desk| desk.impact(asked).cloned().unwrap().unwrap());
    assert!(
        impact.margin.unwrap().initial_change > Decimal::ZERO && impact.commission.is_some(),
        "{impact:?}"
    );
    trader.ends_well();
}

#[test]
fn a_cut_line_is_made_again_with_the_order_where_it_was() {
    let trader = Trader::new();
    trader.weather("cut");
    trader.wait_until_it_is_not_ready();
    trader.ends_well();
}

#[test]
fn a_server_that_hangs_is_noticed_and_comes_back() {
    let trader = Trader::new();
    trader.weather("freeze=10s");
    trader.wait_for(ConnectionState::Silent);
    trader.ends_well_with_a_gap();
}

#[test]
fn a_refused_change_leaves_the_order_as_it_was() {
    let mut trader = Trader::new();
    trader.weather("refused-changes");
    let order = trader.order;
    trader.program.send(Command::Amend {
        order,
        quantity: Some(Qty(20.into())),
        limit: None,
        stop: None,
        despite: Despite::default(),
    });
    let is_refused = move |desk: &Desk| {
        let order = desk.blotter().get(order).unwrap();
        order.status == OrderStatus::Working && order.reason.is_some()
    };
    trader.program.wait("the refusal", is_refused);
    assert_eq!(trader.program.look(|desk| desk.blotter().get(order).unwrap().spec.quantity), Qty(10.into()));
    trader.ends_well();
}

#[test]
fn late_news_of_orders_and_commissions_end_in_the_same_books() {
    let mut trader = Trader::new();
    trader.weather("slow-acks=2s");
    // Longer than an execution waits for its commission.
    trader.weather("late-commissions=5s");
    let share = trader.share;
    let place = trader.program.look(|desk| Place {
        account: desk.accounts()[0].id.clone(),
        spec: OrderSpec::new(share, Side::Buy, Qty(5.into()), OrderKind::Market, TimeInForce::Day),
        bracket: None,
        origin: Origin::Ticket,
        seen: None,
        names: Vec::new(),
        despite: Despite::default(),
    });
    trader.program.send(Command::Place(place));
    let is_paid = |desk: &Desk| {
        let fills = desk.blotter().fills();
        let quantity: Decimal = fills.iter().map(|fill| fill.quantity.0).sum();
        quantity == Decimal::from(5) && fills.iter().all(|fill| !fill.commission.amount.is_zero())
    };
    trader.program.wait("the execution, with what it cost", is_paid);
    assert_eq!(trader.program.net(share), Decimal::from(5));
    trader.program.shut_down();
}

#[test]
fn why_there_are_no_data_is_known_until_they_come() {
    let mut trader = Trader::new();
    let other = trader.program.look(|desk| desk.instrument_by_key("MSFT@NASDAQ").unwrap().id);
    let watch = |trader: &mut Trader, is_on: bool| {
        let mut demand = Demand::default();
        demand.quotes.insert(trader.share);
        demand.quotes.extend(is_on.then_some(other));
        trader.program.send(Command::Demand(Arc::new(demand)));
    };
    // Each has words of its own.
    let mut said = BTreeSet::new();
    for weather in ["no-data=MSFT", "not-subscribed=MSFT"] {
        trader.weather(weather);
        watch(&mut trader, true);
        trader.program.wait("the reason", |desk| desk.remark(other).is_some());
        said.insert(trader.program.look(|desk| desk.remark(other).unwrap().short.to_string()));
        trader.weather("fair");
        watch(&mut trader, false);
        watch(&mut trader, true);
        let is_live = |desk: &Desk| desk.quote(other).is_some_and(|view| view.quote.bid.is_some());
        trader.program.wait("a quote", |desk| is_live(desk) && desk.remark(other).is_none());
        watch(&mut trader, false);
    }
    assert_eq!(said.len(), 2, "{said:?}");
    trader.ends_well();
}
