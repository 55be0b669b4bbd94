//! The price of an exit that is kept: changed here at once, past the gate as any change, in the
//! journal, and over a restart.

use super::*;

fn stop_at(price: &str, despite: Despite) -> Command {
    let stop = Some(Price(dec(price)));
    Command::Amend { order: OrderId(STOP), quantity: None, limit: None, stop, despite }
}

/// What the journal has of every order last.
fn journaled(stage: &Stage) -> Vec<Order> {
    let mut newest = BTreeMap::new();
    for record in &stage.journal {
        newest.extend(record.orders.iter().map(|order| (order.id, order.clone())));
    }
    newest.into_values().collect()
}

#[test]
fn a_changed_price_is_judged_written_down_and_kept_over_a_restart() {
    let mut first = kept_stage(true);
    let mut broker = entered(&mut first, "10");
    let far = refusal(&first.command(stop_at("150.00", Despite::default()))).to_owned();
    assert!(far.contains("beyond"), "the gate is asked: {far}");
    let off = refusal(&first.command(stop_at("96.005", Despite::default()))).to_owned();
    assert!(off.contains("96.00"), "{off}");
    let same = refusal(&first.command(stop_at("95.00", Despite::default()))).to_owned();
    assert!(same.contains("Nothing would change"), "{same}");
    assert_eq!(journaled(&first)[2].spec.kind, OrderKind::Stop { stop: Price(dec("95.00")) });

    let told = first.command(stop_at("96.00", Despite::default()));
    assert!(answer(&told).is_ok() && requests(&told).is_empty(), "the broker knows nothing of it");
    let stop = Some(Price(dec("96.00")));
    let moment = Moment::AskedAmend { quantity: None, limit: None, stop };
    assert_eq!(first.moments(STOP).last(), Some(&&moment));

    let orders = journaled(&first);
    let mut second = stage_after(Journaled { orders, next_seq: Seq(100), ..Journaled::default() });
    second.next_exec = 50;
    second.engine.brokers[0].facts.capabilities =
        Capabilities { native_groups: false, amend: true, lookup: false, what_if: false };
    assert_eq!(second.status(STOP), OrderStatus::Kept);
    let entry = Order { status: OrderStatus::Working, ..second.order(ENTRY).clone() };
    let books = Books { orders: vec![entry], accounts: vec![account()], ..Books::default() };
    second.broker(BrokerEvent::Books(Arc::new(books)));
    second.broker(BrokerEvent::Connection { state: ConnectionState::Ready, reason: "Ready".into() });
    second.quote();
    broker.fills(&mut second, ENTRY, "10");
    let sent = broker.works[&OrderId(STOP)];
    assert_eq!((sent.kind, sent.quantity), (OrderKind::Stop { stop: Price(dec("96.00")) }, Qty(dec("10"))));
}

#[test]
fn on_a_silent_line_it_changes_where_the_trader_insists() {
    let mut stage = kept_stage(true);
    entered(&mut stage, "10");
    stage.now = stage.now + std::time::Duration::from_secs(6);
    stage.feed(EngineEvent::Tick);
    let refused = stage.command(stop_at("96.00", Despite::default()));
    assert!(refusal(&refused).contains("heard"), "{}", refusal(&refused));
    let insists = Despite { silent_broker: true, ..Despite::default() };
    assert!(answer(&stage.command(stop_at("96.00", insists))).is_ok());
    assert_eq!(stage.order(STOP).spec.kind.stop(), Some(Price(dec("96.00"))));
}
