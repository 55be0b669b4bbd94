//! The order scenarios through the program itself: commands as the window sends them, the real engine,
//! the real journal, and a broker. (Through the TWS API: `tests/clients.rs`.)

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "common/program.rs"]
#[expect(dead_code, reason = "shared")]
mod program;
#[path = "common/scenarios.rs"]
mod scenarios;
#[path = "common/server.rs"]
#[expect(dead_code, reason = "shared")]
mod server;

use std::fmt::Write as _;
use std::sync::Arc;

use clap::Parser as _;
use pitdesk::app::cli::Arguments;
use pitdesk::app::market::Plan;
use pitdesk::broker::Adapter;
use pitdesk::broker::ibkr::{Ibkr, IbkrConfig, described};
use pitdesk::broker::registry::{self, brokers};
use pitdesk::domain::{
    AccountId, BrokerId, Decimal, GroupId, InstrumentId, Order, OrderId, OrderKind, OrderSpec, OrderStatus,
    Origin, PlanId, Price, Qty, Side, Time, TimeInForce, TrailBy,
};
use pitdesk::link::{Allocation, AllocationOrder, Bracket, Command, Demand, Place};
use pitdesk::risk::Despite;
use pitdesk::store::bars::Library;
use program::Program;

/// Somebody who trades one share.
struct Trader {
    program: Program,
    share: InstrumentId,
    account: AccountId,
    told: String,
}

/// As the TWS API calls it.
fn word(order: &Order) -> &'static str {
    match order.status {
        OrderStatus::Filled => "Filled",
        OrderStatus::Working | OrderStatus::PartiallyFilled => "Submitted",
        OrderStatus::Held | OrderStatus::Kept => "PreSubmitted",
        OrderStatus::Cancelled | OrderStatus::Rejected | OrderStatus::Expired => "Cancelled",
        _ => "on its way",
    }
}

impl Trader {
    fn new(mut program: Program, symbol: &str) -> Self {
        program.wait_until_ready();
        let share = program.watch(symbol);
        let account = program.look(|desk| desk.accounts()[0].id.clone());
        Self { program, share, account, told: String::new() }
    }

    /// A price on the grid, so many per mille of the middle of the market.
    fn price(&self, per_mille: i64) -> Price {
        self.program.look(|desk| {
            let middle = desk.quote(self.share).unwrap().quote.mid().unwrap();
            let ticks = &desk.instrument(self.share).unwrap().ticks;
            ticks.round_down(Price(middle.0 * Decimal::new(per_mille, 3)))
        })
    }

    fn spec(&self, side: Side, quantity: i64, kind: OrderKind) -> OrderSpec {
        OrderSpec::new(self.share, side, Qty(quantity.into()), kind, TimeInForce::Day)
    }

    fn buy(&self, per_mille: i64) -> OrderSpec {
        self.spec(Side::Buy, 10, OrderKind::Limit { price: self.price(per_mille) })
    }

    /// Places; the order, or the words of the refusal.
    fn place(&mut self, spec: OrderSpec, bracket: Option<Bracket>) -> Result<OrderId, String> {
        let place = Place {
            account: self.account.clone(),
            spec,
            bracket,
            origin: Origin::Ticket,
            seen: None,
            names: Vec::new(),
            despite: Despite::default(),
        };
        self.ask(Command::Place(place)).map(Option::unwrap)
    }

    fn ask(&mut self, command: Command) -> Result<Option<OrderId>, String> {
        let id = self.program.send(command);
        self.program.wait("an answer", |desk| desk.answer(id).is_some());
        self.program.look(|desk| desk.answer(id).unwrap().outcome.clone()).map_err(|why| why.to_string())
    }

    #[track_caller]
    fn wait(&self, id: OrderId, wanted: &str) {
        let is_so =
            |desk: &pitdesk::desk::Desk| desk.blotter().get(id).is_some_and(|order| word(order) == wanted);
        self.program.wait(&format!("order {id} to be {wanted}"), is_so);
    }

    #[track_caller]
    fn wait_net(&self, net: i64) {
        let share = self.share;
        let is_so = move |desk: &pitdesk::desk::Desk| {
            let held = desk.blotter().positions().find(|position| position.instrument == share);
            held.map_or(Decimal::ZERO, |held| held.net) == Decimal::from(net)
        };
        self.program.wait(&format!("a position of {net}"), is_so);
    }

    #[track_caller]
    fn cancel(&mut self, id: OrderId) {
        self.ask(Command::Cancel { order: id }).unwrap();
        self.wait(id, "Cancelled");
    }

    fn flatten(&mut self) {
        let (account, instrument) = (self.account.clone(), self.share);
        self.ask(Command::Close { account, instrument, despite: Despite::default() }).unwrap();
        self.wait_net(0);
    }

    fn tell(&mut self, name: &str, orders: &[OrderId]) {
        let state = |id: &OrderId| {
            let order = self.program.look(|desk| desk.blotter().get(*id).unwrap().clone());
            format!("{} {}/{}", word(&order), order.filled.0.normalize(), order.remaining().0.normalize())
        };
        let states: Vec<String> = orders.iter().map(state).collect();
        let net = self.program.net(self.share).normalize();
        writeln!(self.told, "{name}: {}; position {net}", states.join(", ")).unwrap();
    }

    fn exits(&self, entry: OrderId) -> Vec<OrderId> {
        self.program.look(|desk| {
            let exits = desk.blotter().orders().filter(|order| order.entry() == Some(entry));
            let mut exits: Vec<(bool, OrderId)> = exits.map(|order| (!order.is_target(), order.id)).collect();
            exits.sort();
            exits.into_iter().map(|(_, id)| id).collect()
        })
    }
}

fn run(trader: &mut Trader) {
    let market = trader.place(trader.spec(Side::Buy, 10, OrderKind::Market), None).unwrap();
    trader.wait(market, "Filled");
    trader.wait_net(10);
    trader.tell("market", &[market]);
    trader.flatten();

    let limit = trader.place(trader.buy(1_010), None).unwrap();
    trader.wait(limit, "Filled");
    trader.wait_net(10);
    trader.tell("limit", &[limit]);
    trader.flatten();

    let amended = trader.place(trader.buy(980), None).unwrap();
    trader.wait(amended, "Submitted");
    let amend = |order, quantity: i64, limit| Command::Amend {
        order,
        quantity: Some(Qty(quantity.into())),
        limit,
        stop: None,
        despite: Despite::default(),
    };
    let lower = trader.price(970);
    trader.ask(amend(amended, 15, Some(lower))).unwrap();
    let is_changed = |desk: &pitdesk::desk::Desk| {
        let order = desk.blotter().get(amended).unwrap();
        order.spec.quantity == Qty(15.into()) && order.status == OrderStatus::Working
    };
    trader.program.wait("the change", is_changed);
    trader.tell("amend", &[amended]);
    trader.cancel(amended);

    let kept = trader.place(trader.buy(980), None).unwrap();
    trader.wait(kept, "Submitted");
    assert!(trader.ask(amend(kept, 100_000_000, None)).is_err());
    trader.tell("refused amend", &[kept]);
    trader.cancel(kept);

    let cancelled = trader.place(trader.buy(980), None).unwrap();
    trader.wait(cancelled, "Submitted");
    trader.cancel(cancelled);
    trader.tell("cancel", &[cancelled]);

    let at = trader.price(970);
    let stop = trader.place(trader.spec(Side::Sell, 10, OrderKind::Stop { stop: at }), None).unwrap();
    trader.wait(stop, "PreSubmitted");
    trader.tell("stop", &[stop]);
    trader.cancel(stop);

    let by = TrailBy::Amount(trader.price(30).0);
    let trailing = trader.place(trader.spec(Side::Sell, 10, OrderKind::TrailingStop { by }), None).unwrap();
    trader.wait(trailing, "PreSubmitted");
    trader.tell("trailing", &[trailing]);
    trader.cancel(trailing);

    let guards = Bracket::gtc(Some(trader.price(1_040)), Some(trader.price(960)));
    let entry = trader.place(trader.buy(1_010), Some(guards)).unwrap();
    trader.wait(entry, "Filled");
    trader.wait_net(10);
    let exits = trader.exits(entry);
    trader.wait(exits[0], "Submitted");
    trader.wait(exits[1], "PreSubmitted");
    trader.tell("bracket", &[entry, exits[0], exits[1]]);
    trader.flatten();
    trader.wait(exits[0], "Cancelled");
    trader.wait(exits[1], "Cancelled");

    let together = |spec| OrderSpec { oco: Some(GroupId(77)), ..spec };
    let waiting = trader.place(together(trader.buy(970)), None).unwrap();
    trader.wait(waiting, "Submitted");
    let taking = trader.place(together(trader.buy(1_010)), None).unwrap();
    trader.wait(taking, "Filled");
    trader.wait(waiting, "Cancelled");
    trader.wait_net(10);
    // In parts it takes from the other what has filled: how much is left of that, the market decides.
    let end = |id| trader.program.look(|desk| desk.blotter().get(id).unwrap().clone());
    let (waiting, taking) = (end(waiting), end(taking));
    let state = |order: &Order| format!("{} {}", word(order), order.filled.0.normalize());
    writeln!(trader.told, "oca: {}, {}; position 10", state(&waiting), state(&taking)).unwrap();
    trader.flatten();

    // It never becomes an order: the gate's refusal is its end.
    assert!(trader.place(trader.spec(Side::Buy, 100_000_000, OrderKind::Market), None).is_err());
    trader.told.push_str("reject: Cancelled 0/100000000; position 0\n");

    for (name, tif) in [("ioc", TimeInForce::Ioc), ("fok", TimeInForce::Fok)] {
        let spec = OrderSpec { tif, ..trader.buy(980) };
        let order = trader.place(spec, None).unwrap();
        trader.wait(order, "Cancelled");
        trader.tell(name, &[order]);
    }

    let all: Vec<OrderId> = (0..3).map(|_| trader.place(trader.buy(980), None).unwrap()).collect();
    for order in &all {
        trader.wait(*order, "Submitted");
    }
    trader.ask(Command::CancelAll { instrument: None }).unwrap();
    for order in &all {
        trader.wait(*order, "Cancelled");
    }
    trader.tell("cancel all", &all);
}

fn paper() -> Arc<dyn Adapter> {
    let options = Arguments::parse_from(["pitdesk", "--seed", "7"]).options;
    let now = Time::from_timestamp(jiff::Timestamp::now());
    let plan = Plan::new(&options, &Library::empty(), true, now).unwrap();
    brokers(plan.setup, None).unwrap().remove(0)
}

#[test]
fn through_the_paper_broker_in_this_process() {
    let folder = tempfile::tempdir().unwrap();
    let mut trader = Trader::new(Program::start(folder.path(), paper()), "AAPL");
    run(&mut trader);
    assert_eq!(trader.told, scenarios::ENDS);
    trader.program.shut_down();
}

#[test]
fn through_the_adapter_for_interactive_brokers_and_our_own_server() {
    let server = server::Server::start();
    let config = IbkrConfig::new(format!("127.0.0.1:{}", server.port), 7);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let asked = runtime.block_on(described::describe(&config, &["AAPL".to_owned(), "NOSUCH".to_owned()]));
    let (listed, wrong) = described::listed(&asked.unwrap(), BrokerId(0));
    assert!(wrong.is_empty() && listed.len() == 1, "{wrong:?}");
    let folder = tempfile::tempdir().unwrap();
    let mut trader =
        Trader::new(Program::start(folder.path(), registry::ibkr(Ibkr::new(config, listed))), "AAPL");
    run(&mut trader);
    assert_eq!(trader.told, scenarios::ENDS);
    trader.program.shut_down();
}

/// An order of a plan: so many bought at market, of an account that holds none.
fn bought(instrument: InstrumentId, quantity: i64) -> AllocationOrder {
    let quantity = Qty(quantity.into());
    let spec = OrderSpec::new(instrument, Side::Buy, quantity, OrderKind::Market, TimeInForce::Day);
    AllocationOrder { spec, held: Decimal::ZERO, seen: None }
}

#[test]
fn a_plan_of_weights_goes_to_interactive_brokers_once_also_after_a_restart() {
    let server = server::Server::start();
    let config = IbkrConfig::new(format!("127.0.0.1:{}", server.port), 7);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let symbols = ["AAPL", "MSFT"].map(str::to_owned);
    let described = runtime.block_on(described::describe(&config, &symbols)).unwrap();
    let (listed, wrong) = described::listed(&described, BrokerId(0));
    assert!(wrong.is_empty(), "{wrong:?}");
    let folder = tempfile::tempdir().unwrap();
    let start = || {
        let adapter = registry::ibkr(Ibkr::new(config.clone(), listed.clone()));
        let mut trader = Trader::new(Program::start(folder.path(), adapter), "AAPL");
        let ids = [InstrumentId(0), InstrumentId(1)];
        let demand = Demand { quotes: ids.into(), ..Demand::default() };
        trader.ask(Command::Demand(Arc::new(demand))).unwrap();
        let has_both = move |desk: &pitdesk::desk::Desk| {
            ids.iter().all(|id| desk.quote(*id).is_some_and(|view| view.quote.ask.is_some()))
        };
        trader.program.wait("both quotes", has_both);
        trader
    };
    let send = |trader: &mut Trader| {
        // The last is larger than any order may be: it holds the other back in nothing.
        let orders = [bought(InstrumentId(0), 10), bought(InstrumentId(1), 100_000)].into();
        trader.ask(Command::Allocate(Allocation { plan: PlanId(5), account: trader.account.clone(), orders }))
    };
    let ends = |desk: &pitdesk::desk::Desk| {
        let own = desk.blotter().orders().filter(|order| order.origin == Origin::Allocation(PlanId(5)));
        let mut ends: Vec<(OrderId, OrderStatus)> = own.map(|order| (order.id, order.status)).collect();
        ends.sort();
        ends.into_iter().map(|(_, status)| status).collect::<Vec<_>>()
    };
    let expected = [OrderStatus::Filled, OrderStatus::Rejected];

    let mut trader = start();
    assert_eq!(send(&mut trader), Ok(None));
    trader.program.wait("both orders to end", |desk| ends(desk) == expected);
    trader.wait_net(10);
    assert!(send(&mut trader).unwrap_err().contains("sent already"));
    trader.program.shut_down();

    let mut trader = start();
    assert_eq!(trader.program.look(ends), expected, "what became of it is in the journal");
    assert!(send(&mut trader).unwrap_err().contains("sent already"));
    trader.wait_net(10);
    trader.program.shut_down();
}
