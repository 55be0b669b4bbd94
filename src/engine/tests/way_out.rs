//! The window is told how long each part of a command's way to the broker took.

use std::time::Duration;

use super::*;
use crate::link::WayOut;

fn way(effects: &[Effect]) -> WayOut {
    let told = effects.iter().find_map(|effect| match effect {
        Effect::Publish { update, .. } => match &**update {
            Update::Wire(way) => Some(*way),
            _ => None,
        },
        _ => None,
    });
    told.expect("the window is told that it has left")
}

#[test]
fn an_orders_way_is_told_with_when_the_disk_had_it() {
    let mut stage = stage();
    stage.disk = Disk::Slow;
    let input_at = stage.now;
    stage.buy("10", "99.00");
    stage.now = stage.now + Duration::from_millis(3);
    let written_at = stage.now;
    stage.disk_has_all();
    stage.now = stage.now + Duration::from_millis(1);
    let wire_at = stage.now;
    let left = stage.broker(BrokerEvent::OnWire { order: OrderId(1), at: wire_at });
    let order = OrderId(1);
    assert_eq!(
        way(&left),
        WayOut { order, input_at, taken_at: input_at, written_at: Some(written_at), wire_at }
    );
}

#[test]
fn a_cancels_way_knows_no_disk() {
    let mut stage = stage();
    stage.buy("10", "99.00");
    stage.broker(BrokerEvent::OnWire { order: OrderId(1), at: stage.now });
    stage.says(1, OrderStatus::Working);
    let input_at = stage.now;
    stage.command(Command::Cancel { order: OrderId(1) });
    stage.now = stage.now + Duration::from_millis(2);
    let left = stage.broker(BrokerEvent::OnWire { order: OrderId(1), at: stage.now });
    assert_eq!((way(&left).input_at, way(&left).written_at), (input_at, None));
}
