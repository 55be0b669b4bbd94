//! The order scenarios through the program itself: commands as the window sends them, the real engine,
//! the real journal, and a broker. (Through the TWS API: `tests/clients.rs`.)

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "scenarios/profit.rs"]
mod profit;
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

/// How often something is tried that the market may prevent.
const TRIES: u64 = 40;
/// Steps of the price between the market and a stop that trails it.
const STEPS: i64 = 5;

/// The market, and the least step of its price.
struct Touch {
    bid: Price,
    ask: Price,
    last: Price,
    tick: Decimal,
}

/// Somebody who trades one share.
struct Trader {
    program: Program,
    share: InstrumentId,
    account: AccountId,
    /// Its cash before the first order.
    began: Decimal,
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
        program.wait("its cash", |desk| profit::cash(desk, &account).is_some());
        let began = program.look(|desk| profit::cash(desk, &account).unwrap());
        Self { program, share, account, began, told: String::new() }
    }

    /// A price on the grid, so many per mille of the middle of the market.
    fn price(&self, per_mille: i64) -> Price {
        self.program.look(|desk| {
            let middle = desk.quote(self.share).unwrap().quote.mid().unwrap();
            let ticks = &desk.instrument(self.share).unwrap().ticks;
            ticks.round_down(Price(middle.0 * Decimal::new(per_mille, 3)))
        })
    }

    fn touch(&self) -> Touch {
        self.program.look(|desk| {
            let quote = desk.quote(self.share).unwrap().quote;
            let last = quote.last.unwrap();
            let tick = desk.instrument(self.share).unwrap().ticks.tick_above(last);
            Touch { bid: quote.bid.unwrap(), ask: quote.ask.unwrap(), last, tick }
        })
    }

    fn order(&self, id: OrderId) -> Order {
        self.program.look(|desk| desk.blotter().get(id).unwrap().clone())
    }

    fn spec(&self, side: Side, quantity: i64, kind: OrderKind) -> OrderSpec {
        OrderSpec::new(self.share, side, Qty(quantity.into()), kind, TimeInForce::Day)
    }

    fn buy(&self, per_mille: i64) -> OrderSpec {
        self.spec(Side::Buy, 10, OrderKind::Limit { price: self.price(per_mille) })
    }

    /// Places; the order, or the words of the refusal.
    fn place(&mut self, spec: OrderSpec, bracket: Option<Bracket>) -> Result<OrderId, String> {
        let place = Place { bracket, ..Place::plain(self.account.clone(), spec) };
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

    /// Writes down what came of a scenario, once the broker's books agree with its fills.
    #[track_caller]
    fn say(&mut self, name: &str, ends: &str) {
        let (account, share, began) = (self.account.clone(), self.share, self.began);
        let agrees = |desk: &pitdesk::desk::Desk| profit::agrees(desk, &account, share, began);
        self.program.wait(&format!("profit and loss to be right after {name}"), agrees);
        writeln!(self.told, "{name}: {ends}; pnl ok").unwrap();
    }

    #[track_caller]
    fn say_with_position(&mut self, name: &str, ends: &[String]) {
        let net = self.program.net(self.share).abs().normalize();
        self.say(name, &format!("{}; position {net}", ends.join(", ")));
    }

    #[track_caller]
    fn tell(&mut self, name: &str, orders: &[OrderId]) {
        let state = |id: &OrderId| {
            let order = self.order(*id);
            format!("{} {}/{}", word(&order), order.filled.0.normalize(), order.remaining().0.normalize())
        };
        let states: Vec<String> = orders.iter().map(state).collect();
        self.say_with_position(name, &states);
    }

    /// The same of orders of which the market decides how much of each fills.
    #[track_caller]
    fn tell_filled(&mut self, name: &str, orders: &[OrderId]) {
        let state = |id: &OrderId| {
            let order = self.order(*id);
            format!("{} {}", word(&order), order.filled.0.normalize())
        };
        let states: Vec<String> = orders.iter().map(state).collect();
        self.say_with_position(name, &states);
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
    market_and_limit(trader);
    changes(trader);
    partial_fill(trader);
    stops(trader);
    trailing_stop(trader);
    bracket(trader);
    groups(trader);
    ends_at_once(trader);
    cancel_all(trader);
}

fn market_and_limit(trader: &mut Trader) {
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
}

fn amend(order: OrderId) -> Amend {
    Amend { order, quantity: None, limit: None, stop: None }
}

/// A change, of whatever is set.
struct Amend {
    order: OrderId,
    quantity: Option<Qty>,
    limit: Option<Price>,
    stop: Option<Price>,
}

impl From<Amend> for Command {
    fn from(Amend { order, quantity, limit, stop }: Amend) -> Self {
        Self::Amend { order, quantity, limit, stop, despite: Despite::default() }
    }
}

fn changes(trader: &mut Trader) {
    let amended = trader.place(trader.buy(980), None).unwrap();
    trader.wait(amended, "Submitted");
    let lower = trader.price(970);
    let change = Amend { quantity: Some(Qty(15.into())), limit: Some(lower), ..amend(amended) };
    trader.ask(change.into()).unwrap();
    let is_changed = |desk: &pitdesk::desk::Desk| {
        let order = desk.blotter().get(amended).unwrap();
        order.spec.quantity == Qty(15.into()) && order.status == OrderStatus::Working
    };
    trader.program.wait("the change", is_changed);
    trader.tell("amend", &[amended]);
    trader.cancel(amended);

    // Our gate lets it pass, and the exchange refuses it: the market is beyond it already.
    let stop = OrderKind::Stop { stop: trader.price(970) };
    let kept = trader.place(trader.spec(Side::Sell, 10, stop), None).unwrap();
    trader.wait(kept, "PreSubmitted");
    let passed = trader.price(1_020);
    trader.ask(Amend { stop: Some(passed), ..amend(kept) }.into()).unwrap();
    let is_refused = |desk: &pitdesk::desk::Desk| {
        let order = desk.blotter().get(kept).unwrap();
        order.status == OrderStatus::Held && order.reason.is_some()
    };
    trader.program.wait("the refusal of the change", is_refused);
    assert_eq!(trader.order(kept).spec.kind, stop);
    trader.tell("refused amend", &[kept]);
    trader.cancel(kept);

    let cancelled = trader.place(trader.buy(980), None).unwrap();
    trader.wait(cancelled, "Submitted");
    trader.cancel(cancelled);
    trader.tell("cancel", &[cancelled]);

    let passed = OrderKind::Stop { stop: trader.price(1_020) };
    let rejected = trader.place(trader.spec(Side::Sell, 10, passed), None).unwrap();
    trader.wait(rejected, "Cancelled");
    let why = trader.order(rejected).reason.unwrap();
    assert!(why.contains("would trigger at once"), "it is the exchange that refuses: {why}");
    trader.tell("reject", &[rejected]);
}

/// At the best price, once more than is left there: a part fills at once. As much as an order may be
/// worth can fill whole, and takes from what is there, or comes after that price has gone: then once more.
fn partial_fill(trader: &mut Trader) {
    for _ in 0..TRIES {
        let ask = trader.program.look(|desk| desk.quote(trader.share).unwrap().quote.ask.unwrap());
        let spec = trader.spec(Side::Buy, 800, OrderKind::Limit { price: ask });
        let order = trader.place(spec, None).unwrap();
        let is_known = |desk: &pitdesk::desk::Desk| {
            let order = desk.blotter().get(order).unwrap();
            word(order) != "on its way"
        };
        trader.program.wait("the order to arrive", is_known);
        trader.ask(Command::Cancel { order }).unwrap_or_default();
        let is_over = |desk: &pitdesk::desk::Desk| desk.blotter().get(order).unwrap().status.is_final();
        trader.program.wait("the end of the order", is_over);
        let end = trader.order(order);
        let net = i64::try_from(end.filled.0).unwrap();
        trader.wait_net(net);
        if net > 0 && word(&end) == "Cancelled" {
            assert_eq!(end.filled.0 + end.remaining().0, Decimal::from(800));
            trader.say("partial", "Cancelled, filled in part; position as filled");
            return trader.flatten();
        }
        // Where the ask has moved away before the order came, nothing is held, and nothing to close.
        if net > 0 {
            trader.flatten();
        }
    }
    panic!("{TRIES} orders, and none has filled in part");
}

fn stops(trader: &mut Trader) {
    let at = trader.price(970);
    let stop = trader.place(trader.spec(Side::Sell, 10, OrderKind::Stop { stop: at }), None).unwrap();
    trader.wait(stop, "PreSubmitted");
    trader.tell("stop", &[stop]);
    trader.cancel(stop);

    // One on either side of the market, so near that its next prints meet one of them. Where one of
    // them came before the order was there it is refused: then once more.
    for group in 0..TRIES {
        let touch = trader.touch();
        let beside = |side: Side, stop| OrderSpec {
            oco: Some(GroupId(1_000 + group)),
            ..trader.spec(side, 10, OrderKind::Stop { stop })
        };
        let above = Price(touch.ask.0.max(touch.last.0 + touch.tick));
        let below = Price(touch.bid.0.min(touch.last.0 - touch.tick));
        let specs = [beside(Side::Buy, above), beside(Side::Sell, below)];
        let mut stops = specs.map(|spec| trader.place(spec, None).unwrap());
        let has_ended = |desk: &pitdesk::desk::Desk, id| desk.blotter().get(id).unwrap().status.is_final();
        trader.program.wait("one of two stops to end", |desk| stops.iter().any(|id| has_ended(desk, *id)));
        if !stops.iter().any(|id| word(&trader.order(*id)) == "Filled") {
            for order in stops {
                trader.ask(Command::Cancel { order }).unwrap_or_default();
            }
        }
        trader.program.wait("both to end", |desk| stops.iter().all(|id| has_ended(desk, *id)));
        stops.sort_by_key(|id| word(&trader.order(*id)) != "Filled");
        let triggered = trader.order(stops[0]);
        if word(&triggered) == "Filled" {
            trader.wait_net(if triggered.spec.side == Side::Buy { 10 } else { -10 });
            trader.tell_filled("stop triggered", &stops);
            return trader.flatten();
        }
    }
    panic!("{TRIES} pairs of stops, and none has triggered");
}

/// It sells above where it would have sold had it not followed the market up: once that is seen, it
/// has followed and triggered.
fn trailing_stop(trader: &mut Trader) {
    let by = TrailBy::Amount(trader.price(30).0);
    let trailing = trader.place(trader.spec(Side::Sell, 10, OrderKind::TrailingStop { by }), None).unwrap();
    trader.wait(trailing, "PreSubmitted");
    trader.tell("trailing", &[trailing]);
    trader.cancel(trailing);

    for _ in 0..TRIES {
        let held = trader.place(trader.spec(Side::Buy, 10, OrderKind::Market), None).unwrap();
        trader.wait(held, "Filled");
        let Touch { ask, tick, .. } = trader.touch();
        let away = tick * Decimal::from(STEPS);
        let kind = OrderKind::TrailingStop { by: TrailBy::Amount(away) };
        let trailing = trader.place(trader.spec(Side::Sell, 10, kind), None).unwrap();
        trader.wait(trailing, "Filled");
        trader.wait_net(0);
        // No print was above the ask when it came, but for a step that the market may have moved.
        let first = ask.0 - away + tick;
        if trader.order(trailing).average_price.unwrap() > first {
            return trader.tell("trailing followed", &[trailing]);
        }
    }
    panic!("{TRIES} trailing stops, and none has followed the market");
}

fn bracket(trader: &mut Trader) {
    let guards = Bracket::gtc(Some(trader.price(1_040)), Some(trader.price(960)));
    let entry = trader.place(trader.buy(1_010), Some(guards)).unwrap();
    trader.wait(entry, "Filled");
    trader.wait_net(10);
    let exits = trader.exits(entry);
    trader.wait(exits[0], "Submitted");
    trader.wait(exits[1], "PreSubmitted");
    trader.tell("bracket", &[entry, exits[0], exits[1]]);

    // The target where the market is: it fills, and takes the stop with it.
    let lower = trader.price(995);
    trader.ask(Amend { limit: Some(lower), ..amend(exits[0]) }.into()).unwrap();
    trader.wait(exits[0], "Filled");
    trader.wait(exits[1], "Cancelled");
    trader.wait_net(0);
    trader.tell_filled("bracket's target", &exits);
}

fn groups(trader: &mut Trader) {
    let together = |spec| OrderSpec { oco: Some(GroupId(77)), ..spec };
    let waiting = trader.place(together(trader.buy(970)), None).unwrap();
    trader.wait(waiting, "Submitted");
    let taking = trader.place(together(trader.buy(1_010)), None).unwrap();
    trader.wait(taking, "Filled");
    trader.wait(waiting, "Cancelled");
    trader.wait_net(10);
    // In parts it takes from the other what has filled: how much is left of that, the market decides.
    trader.tell_filled("oca", &[waiting, taking]);
    trader.flatten();
}

fn ends_at_once(trader: &mut Trader) {
    for (name, tif) in [("ioc", TimeInForce::Ioc), ("fok", TimeInForce::Fok)] {
        let order = trader.place(OrderSpec { tif, ..trader.buy(980) }, None).unwrap();
        trader.wait(order, "Cancelled");
        trader.tell(name, &[order]);
        let taking = trader.place(OrderSpec { tif, ..trader.buy(1_010) }, None).unwrap();
        trader.wait(taking, "Filled");
        trader.wait_net(10);
        trader.tell(&format!("{name} that fills"), &[taking]);
        trader.flatten();
    }
}

fn cancel_all(trader: &mut Trader) {
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
    let config = IbkrConfig::new(server.address(), 7);
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
    let config = IbkrConfig::new(server.address(), 7);
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
