//! A paper broker that is made without groups, as some brokers are.

use pitdesk::broker::paper::remote::RemotePaper;
use pitdesk::broker::paper::{PaperBroker, PaperConfig};
use pitdesk::broker::{Adapter, BrokerEvent, BrokerRequest, ReportKind};
use pitdesk::domain::{GroupId, OrderId, OrderKind, OrderSpec, OrderStatus, Qty, Side, TimeInForce};

use crate::world::{Embedded, START, Trader as _, approved, below, listed, venue};

const PLAIN: PaperConfig = PaperConfig { native_groups: false };

#[test]
fn what_it_can_do_is_told() {
    let address = "127.0.0.1:4000".parse().unwrap();
    let remote = || RemotePaper::new(address, "a token", listed()).unwrap();
    let brokers: [Box<dyn Adapter>; 2] = [Box::new(PaperBroker::new(venue(3, START))), Box::new(remote())];
    assert!(brokers.iter().all(|broker| broker.capabilities().native_groups));
    let brokers: [Box<dyn Adapter>; 2] =
        [Box::new(PaperBroker::new(venue(3, START).configured(PLAIN))), Box::new(remote().configured(PLAIN))];
    for broker in &brokers {
        assert!(!broker.capabilities().native_groups && broker.capabilities().amend);
    }
}

#[test]
fn a_group_is_refused_as_a_whole_and_a_plain_order_is_taken() {
    let mut trader = Embedded::configured(3, PLAIN);
    let aapl = trader.watch("AAPL");
    let quote = trader.quote(aapl.id);
    let kind = OrderKind::Limit { price: below(&aapl, &quote, 300) };
    let spec = OrderSpec::new(aapl.id, Side::Buy, Qty(1.into()), kind, TimeInForce::Gtc);
    let order = |id, spec| approved(id, spec, &aapl, &quote, START);
    let exit_kind = OrderKind::Limit { price: aapl.ticks.step(quote.ask.unwrap(), 300) };
    let exit = OrderSpec { side: Side::Sell, kind: exit_kind, parent: Some(OrderId(1)), ..spec };
    let from = trader.events().len();
    trader.request(BrokerRequest::Place(vec![order(1, spec), order(2, exit)]));
    let member = OrderSpec { oco: Some(GroupId(7)), ..spec };
    trader.request(BrokerRequest::Place(vec![order(3, member)]));
    trader.request(BrokerRequest::Place(vec![order(4, spec)]));
    let said = trader.events()[from..].iter().filter_map(|event| match event {
        BrokerEvent::Report(report) => match &report.kind {
            ReportKind::Status { status, reason } => {
                let is_why = reason.as_deref().is_some_and(|why| why.contains("not supported"));
                Some((report.order.0, *status, is_why))
            }
            _ => None,
        },
        _ => None,
    });
    let refused = |id| (id, OrderStatus::Rejected, true);
    assert_eq!(
        said.collect::<Vec<_>>(),
        [refused(1), refused(2), refused(3), (4, OrderStatus::Working, false)]
    );
    trader.request(BrokerRequest::Books);
    assert_eq!(trader.books().orders.iter().map(|order| order.id.0).collect::<Vec<_>>(), [4]);
}
