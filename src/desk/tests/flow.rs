//! What is counted of trades, and where the counting begins anew.

use super::*;
use crate::domain::{Depth, Level};
use crate::link::{Connection, ConnectionState};
use crate::market::tape::pace::Window;

const ID: InstrumentId = InstrumentId(0);

fn at_second(second: i64) -> Time {
    Time::from_seconds(second)
}

/// A window that wants the trades of the instrument since the tenth second.
fn followed() -> (Engine, WindowEnd, Desk) {
    let (mut engine, window, mut desk) = stage();
    publish_connection(&mut engine, ConnectionState::Ready);
    look(&window, &mut desk, 10);
    (engine, window, desk)
}

/// Takes over what has come, and says again what is wanted, as each frame does.
fn look(window: &WindowEnd, desk: &mut Desk, second: i64) {
    desk.apply(window.inbox.drain(), at_second(second));
    let mut demand = Demand { trades: [ID].into(), ..Demand::default() };
    desk.settle_demand(&mut demand);
}

fn publish_trades(engine: &mut Engine, count: usize) {
    for _ in 0..count {
        engine.end.publisher.batch(|b| b.trade(ID, trade(100), Time(1)));
    }
}

fn publish_connection(engine: &mut Engine, state: ConnectionState) {
    let connection =
        Connection { broker: BrokerId(0), name: "Paper".into(), state, reason: "".into(), since: Time(0) };
    engine.publish(Update::Connection(connection));
}

/// Units counted in the profile, since when, and trades told of in all.
fn counted(desk: &Desk) -> (Decimal, Time, u64) {
    let flow = desk.flow(ID).unwrap();
    let price = Price(Decimal::ONE);
    let grid = crate::market::ladder::Grid::new(&instrument(0).ticks, crate::market::ladder::Group::ONE);
    let volume = flow.profile().rows(&grid, price, price).largest();
    (volume.0, flow.since(), flow.told())
}

#[test]
fn trades_lost_in_the_queue_begin_the_counts_anew_and_leave_the_tape() {
    let (mut engine, window, mut desk) = followed();
    publish_trades(&mut engine, 3);
    look(&window, &mut desk, 11);
    assert_eq!(counted(&desk), (Decimal::from(3), at_second(10), 3));
    publish_trades(&mut engine, TRADES_PER_RING + 5);
    look(&window, &mut desk, 12);
    let kept = TRADES_PER_RING as u64;
    assert_eq!(counted(&desk), (Decimal::from(kept), at_second(12), kept + 3));
    assert_eq!(desk.flow(ID).unwrap().begun(), at_second(10), "a tape goes on, and says how many it lacks");
    publish_trades(&mut engine, 2);
    look(&window, &mut desk, 13);
    assert_eq!(counted(&desk), (Decimal::from(kept + 2), at_second(12), kept + 5));
}

#[test]
fn a_connection_that_fails_begins_the_counts_anew_when_it_is_back() {
    for broken in [ConnectionState::Down, ConnectionState::Degraded, ConnectionState::Connecting] {
        let (mut engine, window, mut desk) = followed();
        publish_trades(&mut engine, 3);
        look(&window, &mut desk, 11);
        publish_connection(&mut engine, broken);
        look(&window, &mut desk, 12);
        publish_connection(&mut engine, ConnectionState::Reconciling);
        publish_connection(&mut engine, ConnectionState::Ready);
        look(&window, &mut desk, 20);
        publish_trades(&mut engine, 1);
        look(&window, &mut desk, 21);
        assert_eq!(counted(&desk), (Decimal::ONE, at_second(20), 1), "{broken:?}");
    }
}

#[test]
fn a_silence_that_ends_without_a_loss_keeps_the_counts() {
    let (mut engine, window, mut desk) = followed();
    publish_trades(&mut engine, 3);
    publish_connection(&mut engine, ConnectionState::Silent);
    look(&window, &mut desk, 12);
    publish_connection(&mut engine, ConnectionState::Ready);
    publish_trades(&mut engine, 1);
    look(&window, &mut desk, 13);
    assert_eq!(counted(&desk), (Decimal::from(4), at_second(10), 4));
}

#[test]
fn a_snapshot_begins_the_counts_anew() {
    let (mut engine, window, mut desk) = followed();
    publish_trades(&mut engine, 3);
    look(&window, &mut desk, 11);
    engine.snapshot();
    look(&window, &mut desk, 12);
    assert_eq!(counted(&desk), (Decimal::ZERO, at_second(12), 0));
}

#[test]
fn in_a_replay_the_speed_is_that_of_the_markets_time() {
    let (mut engine, window, mut desk) = followed();
    let then = at_second(1_000);
    let today = at_second(1_000_000_000);
    let quote = Quote { is_open: true, time: then, ..Quote::default() };
    engine.end.publisher.batch(|b| b.quote(ID, quote, today));
    engine.end.publisher.batch(|b| b.trade(ID, Trade { time: then, ..trade(100) }, today));
    desk.apply(window.inbox.drain(), today);
    assert_eq!(desk.market_time(), Some(then));
    let flow = desk.flow(ID).unwrap();
    assert_eq!(flow.pace(Window::One, then).prints, Decimal::ONE);
    assert_eq!(flow.pace(Window::One, today).prints, Decimal::ZERO);
}

#[test]
fn what_is_ahead_of_a_resting_order_shrinks_with_the_trades_at_its_price() {
    let (mut engine, window, mut desk) = followed();
    let mut resting = order(1, OrderStatus::Working);
    resting.spec.kind = OrderKind::Limit { price: Price(Decimal::ONE) };
    engine.publish_order(resting);
    let level = Level { price: Price(Decimal::ONE), quantity: Qty(Decimal::from(50)), orders: 3 };
    let depth = Depth { bids: vec![level], asks: Vec::new(), time: Time(1) };
    engine.end.publisher.batch(|b| b.depth(ID, Arc::new(depth), Time(1)));
    look(&window, &mut desk, 11);
    let ahead = |desk: &Desk| desk.flow(ID).unwrap().ahead(OrderId(1)).map(|quantity| quantity.0);
    assert_eq!(ahead(&desk), Some(Decimal::from(40)), "ten of the fifty are our own");
    publish_trades(&mut engine, 3);
    look(&window, &mut desk, 12);
    assert_eq!(ahead(&desk), Some(Decimal::from(37)));
    engine.publish_order(order(1, OrderStatus::Cancelled));
    look(&window, &mut desk, 13);
    assert_eq!(ahead(&desk), None);
}
