//! A broker's bad days, as a trader at Interactive Brokers lives through them: the program trades
//! through its adapter at our own server, in another process, which has them on purpose.
//!
//! Each ends where it must: connected, quotes alive, and not an order more or fewer than before.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "common/program.rs"]
#[expect(dead_code, reason = "shared")]
mod program;
#[path = "common/server.rs"]
#[expect(dead_code, reason = "shared")]
mod server;

use std::collections::BTreeSet;
use std::fs;
use std::process::Command as Process;
use std::sync::Arc;

use pitdesk::broker::ibkr::{Ibkr, IbkrConfig, described};
use pitdesk::broker::registry;
use pitdesk::desk::Desk;
use pitdesk::domain::{
    Bar, BrokerId, Decimal, Depth, InstrumentId, Order, OrderId, OrderKind, OrderSpec, OrderStatus, Price,
    Qty, Side, Time, TimeInForce, Timeframe,
};
use pitdesk::link::{BarKey, Command, ConnectionState, Demand, Place, WhatIf};
use pitdesk::risk::Despite;
use pitdesk::store::profile::Profile;
use program::{PAPER, PROFILE, Program};
use rust_decimal::prelude::ToPrimitive as _;
use server::Server;

struct Trader {
    program: Program,
    server: Server,
    share: InstrumentId,
    order: OrderId,
    _folder: tempfile::TempDir,
}

/// The newest of what is watched of one share.
struct Newest {
    quote: Option<Time>,
    depth: Option<Depth>,
    trade: Option<Time>,
    bar: Option<Bar>,
}

impl Newest {
    /// Whether something newer has come, kind by kind.
    #[expect(clippy::type_complexity, reason = "a table")]
    const KINDS: [(&str, fn(&Self, &Self) -> bool); 4] = [
        ("the quote to move again", |now, before| now.quote > before.quote),
        ("the book to move again", |now, before| now.depth.is_some() && now.depth != before.depth),
        ("a newer trade", |now, before| now.trade > before.trade),
        ("the chart to go on", |now, before| now.bar.is_some() && now.bar != before.bar),
    ];

    fn of(desk: &Desk, share: InstrumentId) -> Self {
        let chart = desk.series(chart_of(share)).filter(|view| view.is_loaded);
        Self {
            quote: desk.quote(share).map(|view| view.quote.time),
            depth: desk.depth(share).cloned(),
            trade: desk.tape(share).and_then(|tape| tape.back()).map(|trade| trade.time),
            bar: chart.and_then(|view| view.series.last()),
        }
    }
}

fn chart_of(instrument: InstrumentId) -> BarKey {
    BarKey { instrument, timeframe: Timeframe::M1 }
}

fn everything_of(share: InstrumentId) -> Demand {
    let bars = [(chart_of(share), 50)].into();
    Demand { quotes: [share].into(), depth: [share].into(), trades: [share].into(), bars }
}

/// The profile of a server that was started with a seed.
const SEED_PROFILE: &str = "seed-7";

/// A folder whose profile has limits that no order here comes near: what is tested is the broker's day,
/// and prices wander.
fn wide_profile(name: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let profile = Profile::open(Some(folder.path()), name).unwrap();
    let limits = "[limits]\nmax_order_value = 5000000\nmax_position_value = 50000000\n";
    fs::write(profile.settings_file(), limits).unwrap();
    folder
}

impl Trader {
    /// Connected, with everything of a share in sight, and one order that works.
    fn new() -> Self {
        let server = Server::start_in(wide_profile(SEED_PROFILE), &[]);
        let config = IbkrConfig::new(server.address(), 7);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let asked = runtime.block_on(described::describe(&config, &["AAPL".to_owned(), "MSFT".to_owned()]));
        let (listed, _) = described::listed(&asked.unwrap(), BrokerId(0));
        let folder = wide_profile(PROFILE);
        let profile = Profile::open(Some(folder.path()), PROFILE).unwrap();
        let mut program = Program::start_in(profile, registry::ibkr(Ibkr::new(config, listed)));
        program.wait_until_ready();
        let share = program.watch("AAPL");
        let place = program.look(|desk| {
            let instrument = desk.instrument(share).unwrap();
            let bid = desk.quote(share).unwrap().quote.bid.unwrap();
            let price = instrument.ticks.round_down(Price(bid.0 * Decimal::new(95, 2)));
            let kind = OrderKind::Limit { price };
            Place::plain(
                desk.accounts()[0].id.clone(),
                OrderSpec::new(share, Side::Buy, Qty(10.into()), kind, TimeInForce::Gtc),
            )
        });
        let id = program.send(Command::Place(place));
        program.wait("an answer", |desk| desk.answer(id).is_some());
        let order = program.look(|desk| desk.order_of(id).unwrap());
        program.wait_for_status(order, OrderStatus::Working);
        program.send(Command::Demand(Arc::new(everything_of(share))));
        let none = Newest { quote: None, depth: None, trade: None, bar: None };
        for (what, is_new) in Newest::KINDS {
            program.wait(what, |desk| is_new(&Newest::of(desk, share), &none));
        }
        Self { program, server, share, order, _folder: folder }
    }

    fn as_ticket(desk: &Desk, spec: OrderSpec) -> Place {
        Place::plain(desk.accounts()[0].id.clone(), spec)
    }

    fn buy(&self, quantity: i64, kind: OrderKind) -> Place {
        let spec = OrderSpec::new(self.share, Side::Buy, Qty(quantity.into()), kind, TimeInForce::Day);
        self.program.look(|desk| Self::as_ticket(desk, spec))
    }

    fn place(&mut self, quantity: i64, kind: OrderKind) -> OrderId {
        let place = self.buy(quantity, kind);
        let id = self.program.send(Command::Place(place));
        self.program.wait("an answer", |desk| desk.answer(id).is_some());
        self.program.look(|desk| desk.order_of(id).unwrap_or_else(|| panic!("{:?}", desk.answer(id))))
    }

    fn change(&mut self, order: OrderId, quantity: i64) {
        let quantity = Some(Qty(quantity.into()));
        let despite = Despite::default();
        self.program.send(Command::Amend { order, quantity, limit: None, stop: None, despite });
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

    /// The newest of what is watched, of each kind.
    fn newest(&self) -> Newest {
        self.program.look(|desk| Newest::of(desk, self.share))
    }

    /// Ready again, everything that is watched moves, and the one order works and can be cancelled.
    fn ends_well(mut self) {
        self.wait_for(ConnectionState::Ready);
        let (share, before) = (self.share, self.newest());
        for (what, is_new) in Newest::KINDS {
            self.program.wait(what, |desk| is_new(&Newest::of(desk, share), &before));
        }
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
    trader.change(order, 20);
    let is_refused = move |desk: &Desk| {
        let order = desk.blotter().get(order).unwrap();
        order.status == OrderStatus::Working && order.reason.is_some()
    };
    trader.program.wait("the refusal", is_refused);
    assert_eq!(trader.program.look(|desk| desk.blotter().get(order).unwrap().spec.quantity), Qty(10.into()));
    trader.ends_well();
}

#[test]
fn after_the_silence_behind_a_partial_fill_the_books_are_right() {
    let mut trader = Trader::new();
    trader.weather("silence-after-partial");
    let share = trader.share;
    for _ in 0..20 {
        // More than there is at the best price, unless that has moved by then.
        let quote = trader.program.look(|desk| *desk.quote(share).unwrap().quote);
        let quantity = quote.ask_size.0.trunc().to_i64().unwrap() + 100;
        let order = trader.place(quantity, OrderKind::Limit { price: quote.ask.unwrap() });
        let has_begun = |desk: &Desk| desk.blotter().get(order).unwrap().filled > Qty::ZERO;
        trader.program.wait("the first part", has_begun);
        // While there is silence it is cancelled, and what was asked later is told.
        trader.program.send(Command::Cancel { order });
        let marker = trader.order;
        trader.change(marker, 11);
        let is_changed = |desk: &Desk| {
            let order = desk.blotter().get(marker).unwrap();
            order.spec.quantity == Qty(11.into()) && order.status == OrderStatus::Working
        };
        trader.program.wait("the change of another order", is_changed);
        let so_far = trader.program.look(|desk| desk.blotter().get(order).unwrap().clone());
        trader.change(marker, 10);
        if so_far.status == OrderStatus::Filled {
            continue;
        }
        assert!(!so_far.status.is_final(), "the end of it is not told: {so_far:?}");
        trader.weather("fair");
        trader.program.wait_for_status(order, OrderStatus::Cancelled);
        let filled = |desk: &Desk| {
            desk.blotter().fills().iter().filter(|fill| fill.order == order).map(|fill| fill.quantity.0).sum()
        };
        let parts: Decimal = trader.program.look(filled);
        assert_eq!(trader.program.look(|desk| desk.blotter().get(order).unwrap().filled.0), parts);
        let held = |desk: &Desk| {
            let all: Decimal = desk.blotter().fills().iter().map(|fill| fill.quantity.0).sum();
            desk.blotter().positions().any(|position| position.instrument == share && position.net == all)
        };
        trader.program.wait("what is held to be what has filled", held);
        return trader.program.shut_down();
    }
    panic!("no order has filled in part");
}

#[test]
fn of_many_orders_at_once_each_works_or_ends_however_fast_they_come() {
    let mut trader = Trader::new();
    trader.weather("pacing");
    let place = trader.program.look(|desk| {
        let spec = desk.blotter().get(trader.order).unwrap().spec;
        Trader::as_ticket(desk, spec)
    });
    for _ in 0..60 {
        trader.program.send(Command::Place(place.clone()));
    }
    let are_settled = |desk: &Desk| {
        let is_settled = |order: &Order| order.status == OrderStatus::Working || order.status.is_final();
        desk.blotter().orders().count() == 61 && desk.blotter().orders().all(is_settled)
    };
    trader.program.wait("sixty orders to work or end", are_settled);
    trader.program.send(Command::CancelAll { instrument: None });
    trader.program.wait("all to end", |desk| desk.blotter().working().count() == 0);
    trader.weather("fair");
    trader.program.shut_down();
}

#[test]
fn late_news_of_orders_and_commissions_end_in_the_same_books() {
    let mut trader = Trader::new();
    trader.weather("slow-acks=2s");
    // Longer than an execution waits for its commission.
    trader.weather("late-commissions=5s");
    let share = trader.share;
    let place = trader.buy(5, OrderKind::Market);
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
        let mut demand = everything_of(trader.share);
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
