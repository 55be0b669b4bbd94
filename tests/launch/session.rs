//! A session behind a launch: it waits with it, and survives its deaths.

use pitdesk::broker::contract::{EventSender, Requests, SessionEnd, SessionStart};
use pitdesk::broker::ibkr::launch::LaunchState;
use pitdesk::broker::ibkr::{Ibkr, IbkrConfig, described};
use pitdesk::broker::{BrokerEvent, BrokerRequest, registry};
use pitdesk::desk::Desk;
use pitdesk::domain::{
    BrokerId, Decimal, OrderId, OrderKind, OrderSpec, OrderStatus, Price, Qty, Side, TimeInForce,
};
use pitdesk::link::{Clock, Command, ConnectionState, Place};
use tokio::sync::mpsc;

use crate::program::{PAPER, Program};
use crate::stand_in::{Running, Stage, kill};

#[test]
fn a_session_is_ready_again_with_its_orders_after_ib_gateway_has_died() {
    let stage = Stage::serving();
    let running = Running::begin(stage.launch(3));
    running.wait_until_up();
    let launch = Some(running.launched.follow());
    let config = IbkrConfig { launch, ..IbkrConfig::new(stage.address(), 7) };
    let asked = running.runtime.block_on(described::describe(&config, &["AAPL".to_owned()]));
    let (listed, _) = described::listed(&asked.unwrap(), BrokerId(0));
    let folder = tempfile::tempdir().unwrap();
    let mut program = Program::start(folder.path(), registry::ibkr(Ibkr::new(config, listed)));
    program.wait_until_ready();
    let share = program.watch("AAPL");
    let place = program.look(|desk| {
        let bid = desk.quote(share).unwrap().quote.bid.unwrap();
        let price = Price(bid.0 * Decimal::new(95, 2));
        let kind = OrderKind::Limit { price: desk.instrument(share).unwrap().ticks.round_down(price) };
        Place::plain(
            desk.accounts()[0].id.clone(),
            OrderSpec::new(share, Side::Buy, Qty(10.into()), kind, TimeInForce::Gtc),
        )
    });
    let id = program.send(Command::Place(place));
    program.wait("an answer", |desk| desk.answer(id).is_some());
    let order = program.look(|desk| desk.order_of(id).unwrap());
    program.wait_for_status(order, OrderStatus::Working);

    kill(stage.process());
    let is_told = |desk: &Desk| {
        let notices = desk.notices();
        notices.iter().any(|notice| notice.text.contains("IB Gateway") && notice.text.contains("again"))
            || notices.iter().any(|notice| notice.text.contains("IB Gateway is starting"))
    };
    program.wait("the trader to be told", is_told);
    program.wait_until_ready();
    program.wait_for_status(order, OrderStatus::Working);
    assert_eq!(program.look(|desk| desk.blotter().orders().count()), 1);
    assert_eq!(stage.starts(), 2);
    program.send(Command::Cancel { order });
    program.wait_for_status(order, OrderStatus::Cancelled);
    program.shut_down();
    running.stop();
}

#[test]
fn a_session_says_what_it_waits_for_and_can_be_ended_meanwhile() {
    let stage = Stage::new("while :; do sleep 1000; done\n");
    let running = Running::begin(stage.launch(3));
    running.wait("its start", |state| matches!(state, LaunchState::Starting { .. }));
    let launch = Some(running.launched.follow());
    let config = IbkrConfig { launch, ..IbkrConfig::new(stage.address(), 7) };
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(folder.path(), registry::ibkr(Ibkr::new(config, Vec::new())));
    let says = |desk: &Desk| {
        desk.connection(PAPER).is_some_and(|connection| {
            connection.state == ConnectionState::Connecting
                && connection.reason.contains("IB Gateway is starting, waiting for its login")
        })
    };
    program.wait("the reason", says);
    program.shut_down();
    running.stop();
}

#[test]
fn nothing_of_an_order_waits_for_a_login() {
    let stage = Stage::new("while :; do sleep 1000; done\n");
    let running = Running::begin(stage.launch(3));
    running.wait("its start", |state| matches!(state, LaunchState::Starting { .. }));
    let launch = Some(running.launched.follow());
    let config = IbkrConfig { launch, ..IbkrConfig::new(stage.address(), 7) };
    let (ask, asked) = mpsc::channel(8);
    let (tell, mut told) = mpsc::channel(8);
    let session = registry::ibkr(Ibkr::new(config, Vec::new())).start(SessionStart {
        id: BrokerId(0),
        clock: Clock::system(),
        requests: Requests::new(asked),
        events: EventSender::new(BrokerId(0), tell),
    });
    let order = OrderId(5);
    let end = running.runtime.block_on(async {
        ask.send(BrokerRequest::Cancel(order)).await.unwrap();
        let hears = async {
            loop {
                let (_, event) = told.recv().await.unwrap();
                if let BrokerEvent::Unsent { request, why } = event {
                    assert_eq!(request, BrokerRequest::Cancel(order));
                    assert!(why.contains("nothing was sent"), "{why}");
                    ask.send(BrokerRequest::Disconnect).await.unwrap();
                    break;
                }
            }
            while told.recv().await.is_some() {}
        };
        tokio::join!(session, hears).0
    });
    assert_eq!(end, SessionEnd::Asked);
    running.stop();
}

#[test]
fn a_session_says_that_ib_gateway_was_given_up() {
    let stage = Stage::new("exit 3\n");
    let running = Running::begin(stage.launch(0));
    let launch = Some(running.launched.follow());
    let config = IbkrConfig { launch, ..IbkrConfig::new(stage.address(), 7) };
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(folder.path(), registry::ibkr(Ibkr::new(config, Vec::new())));
    let says = |desk: &Desk| {
        desk.connection(PAPER).is_some_and(|connection| {
            connection.state == ConnectionState::Down
                && connection.reason.contains("exit status 3")
                && connection.reason.contains("Nothing listens")
        })
    };
    program.wait("the reason", says);
    program.shut_down();
    running.stop();
}
