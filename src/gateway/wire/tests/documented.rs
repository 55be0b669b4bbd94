//! The byte examples of the document, and messages as real clients are known to send them.

use super::*;
use crate::gateway::wire::model::*;
use crate::gateway::wire::{Reply, Request};

fn check_request(frame: &[u8], dialect: Dialect, request: &Request) {
    assert_eq!(Request::decode(dialect, body(frame)).as_ref(), Ok(request));
    assert_eq!(frame_of!(request, dialect), frame);
}

fn check_reply(frame: &[u8], dialect: Dialect, reply: &Reply) {
    assert_eq!(Reply::decode(dialect, body(frame)).as_ref(), Ok(reply));
    assert_eq!(frame_of!(reply, dialect), frame);
}

#[test]
fn start_api_is_as_clients_send_it() {
    let start = |id| StartApiRequest { client_id: Some(id), optional_capabilities: None };
    check_request(b"\0\0\0\x0871\x002\x007\0\0", Dialect::Text, &Request::StartApi(start(7)));
    check_request(b"\0\0\0\x06\0\0\x01\x0f\x08\x64", Dialect::Protobuf, &Request::StartApi(start(100)));
}

#[test]
fn the_next_valid_id_is_as_clients_want_it() {
    let reply = Reply::NextValidId(NextValidId { order_id: Some(53) });
    check_reply(b"\0\0\0\x079\x001\x0053\0", Dialect::Text, &reply);
    check_reply(b"\0\0\0\x06\0\0\0\xd1\x08\x35", Dialect::Protobuf, &reply);
}

#[test]
fn a_negative_number_is_ten_bytes_of_protobuf() {
    let reply = Reply::Error(ErrorMessage { id: Some(-1), error_code: Some(2104), ..Default::default() });
    let bytes = b"\0\0\0\x12\0\0\0\xcc\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x18\xb8\x10";
    check_reply(bytes, Dialect::Protobuf, &reply);
    check_reply(b"\0\0\0\x0e4\x002\x00-1\x002104\0\0\0", Dialect::Text, &reply);
}

#[test]
fn messages_without_fields_are_their_number() {
    let check = |request: Request, fields: &[&str]| {
        assert_eq!(fields_of!(request), fields);
        let number = 200 + request.number();
        assert_eq!(
            frame_of!(request, Dialect::Protobuf),
            [4u32.to_be_bytes(), number.to_be_bytes()].concat()
        );
    };
    check(Request::OpenOrders, &["5", "1"]);
    check(Request::Positions, &["61", "1"]);
    check(Request::MarketDepthExchanges, &["82"]);
    assert_eq!(fields_of!(Reply::CompletedOrdersEnd), ["102"]);
    assert_eq!(fields_of!(Reply::PositionEnd), ["62", "1"]);
}

/// A plain order as `ib_async` 2.1.0 sends it.
const MARKET_ORDER: &str = "3|5|0|AAPL|STK||0.0|||SMART||USD|||||BUY|10|MKT||||||O|0||1|0|0|0|0|0|0|0||0.0\
    ||||||||0||-1|0|||0|||0|0||0||||||0|||||0|||||||||||0|||0|0|||0||0|0|0|0|||||||0|||||||||0|0|0|0|||0|||";

#[test]
fn a_plain_order_is_understood() {
    let sent = MARKET_ORDER.replace('|', "\0").into_bytes();
    let request = Request::decode(Dialect::Text, &sent).unwrap();
    assert_eq!(request.id(), Some(5));
    let Request::PlaceOrder(place) = request else { panic!("{request:?}") };
    let (contract, order) = (place.contract.unwrap(), place.order.unwrap());
    assert_eq!((contract.symbol(), contract.sec_type(), contract.exchange()), ("AAPL", "STK", "SMART"));
    assert_eq!((contract.con_id, contract.strike, contract.right), (Some(0), Some(0.0), None));
    assert_eq!((order.action(), order.total_quantity(), order.order_type()), ("BUY", "10", "MKT"));
    assert_eq!((order.lmt_price, order.tif, order.account), (None, None, None), "empty is unset");
    assert_eq!((order.transmit, order.what_if, order.exempt_code), (Some(true), Some(false), Some(-1)));
}

/// Bodies that the Python libraries have made (`tests/corpus/tws`): what they mean is in their names.
fn recorded(name: &str) -> PlaceOrderRequest {
    let path = format!("{}/tests/corpus/tws/{name}.bin", env!("CARGO_MANIFEST_DIR"));
    let sent = std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    match Request::decode(Dialect::Text, &sent).unwrap() {
        Request::PlaceOrder(place) => *place,
        other => panic!("{other:?}"),
    }
}

#[test]
fn orders_of_the_python_libraries_are_understood() {
    for library in ["ib_async", "ib_insync"] {
        let bracket: Vec<Order> = ["parent", "profit", "loss"]
            .map(|leg| recorded(&format!("ask-{library}-{leg}")).order.unwrap())
            .to_vec();
        let told = |order: &Order| (order.parent_id(), order.transmit(), order.lmt_price, order.aux_price);
        assert_eq!(told(&bracket[0]), (0, false, Some(100.0), None));
        assert_eq!(told(&bracket[1]), (7, false, Some(110.0), None));
        assert_eq!(told(&bracket[2]), (7, true, None, Some(90.0)));

        let order = recorded(&format!("ask-{library}-conditions")).order.unwrap();
        let kinds: Vec<i32> = order.conditions.iter().map(OrderCondition::kind).collect();
        assert_eq!(kinds, [1, 3, 4, 5, 6, 7]);
        assert_eq!((order.conditions[0].price(), order.conditions[0].con_id()), (120.5, 265_598));
        assert_eq!(order.conditions[1].is_conjunction_connection, Some(false));
        assert_eq!((order.conditions[5].change_percent(), order.conditions_ignore_rth), (2.5, Some(true)));

        let place = recorded(&format!("ask-{library}-combination"));
        let legs = place.contract.unwrap().combo_legs;
        let told: Vec<_> = legs.iter().map(|leg| (leg.con_id(), leg.ratio(), leg.per_leg_price)).collect();
        assert_eq!(told, [(1, 1, Some(1.25)), (2, 2, Some(2.5))]);
        assert_eq!(place.order.unwrap().smart_combo_routing_params["NonGuaranteed"], "1");

        let order = recorded(&format!("ask-{library}-algorithm")).order.unwrap();
        assert_eq!((order.algo_strategy(), &*order.algo_params["adaptivePriority"]), ("Adaptive", "Normal"));

        let order = recorded(&format!("ask-{library}-limit")).order.unwrap();
        assert_eq!((order.total_quantity(), order.lmt_price), ("10.5", Some(101.25)));
        assert_eq!((order.tif(), order.order_ref()), ("GTC", "한국 é"), "they send UTF-8");

        let order = recorded(&format!("ask-{library}-tiny")).order.unwrap();
        assert_eq!((order.total_quantity(), order.lmt_price), ("0.00001", Some(1e-7)), "and exponents");
    }
}

#[test]
fn bars_come_with_their_end_in_both_dialects() {
    let end = HistoricalDataEnd {
        req_id: Some(7),
        start_date_str: Some("20261120 09:30:00 US/Eastern".into()),
        end_date_str: Some("20261120 16:00:00 US/Eastern".into()),
    };
    let bar = HistoricalDataBar { date: Some("20261120".into()), open: Some(1.5), ..Default::default() };
    let data = HistoricalData { req_id: Some(7), historical_data_bars: vec![bar] };
    let reply = Reply::HistoricalData(crate::gateway::wire::History { data, end: Some(end.clone()) });
    assert_eq!(
        fields_of!(reply)[..8],
        [
            "17",
            "7",
            "20261120 09:30:00 US/Eastern",
            "20261120 16:00:00 US/Eastern",
            "1",
            "20261120",
            "1.5",
            "0"
        ]
    );
    let sent = frame_of!(reply, Dialect::Protobuf);
    let mut frames = crate::gateway::wire::frame::Frames::of_server(1_000);
    frames.push(&sent);
    let first = Reply::decode(Dialect::Protobuf, frames.next().unwrap().unwrap()).unwrap();
    assert!(matches!(first, Reply::HistoricalData(history) if history.data.historical_data_bars.len() == 1));
    let second = Reply::decode(Dialect::Protobuf, frames.next().unwrap().unwrap()).unwrap();
    assert_eq!(second, Reply::HistoricalDataEnd(end));
    assert_eq!(frames.next(), Ok(None));
}

#[test]
fn an_update_of_bars_has_its_own_order() {
    let bar = HistoricalDataBar {
        date: Some("1795186800".into()),
        open: Some(1.0),
        high: Some(4.0),
        low: Some(0.5),
        close: Some(2.0),
        volume: Some("300".into()),
        wap: Some("1.75".into()),
        bar_count: Some(9),
    };
    let update = HistoricalDataUpdate { req_id: Some(7), historical_data_bar: Some(bar) };
    let fields = fields_of!(Reply::HistoricalDataUpdate(Box::new(update)));
    assert_eq!(fields, ["90", "7", "9", "1795186800", "1", "2", "4", "0.5", "1.75", "300"]);
}

#[test]
fn the_flags_of_quotes_are_the_other_way_round_in_the_past() {
    let attributes = TickAttribBidAsk { bid_past_low: Some(true), ask_past_high: Some(false) };
    let tick = HistoricalTickBidAsk {
        time: Some(5),
        tick_attrib_bid_ask: Some(attributes),
        price_bid: Some(1.0),
        price_ask: Some(2.0),
        size_bid: Some("3".into()),
        size_ask: Some("4".into()),
    };
    let live = TickByTickData {
        req_id: Some(7),
        tick_type: Some(3),
        historical_tick_bid_ask: Some(tick.clone()),
        ..Default::default()
    };
    assert_eq!(fields_of!(Reply::TickByTick(Box::new(live))), ["99", "7", "3", "5", "1", "2", "3", "4", "1"]);
    let past =
        HistoricalTicksBidAsk { req_id: Some(7), historical_ticks_bid_ask: vec![tick], is_done: Some(true) };
    let fields = fields_of!(Reply::HistoricalTicksBidAsk(past));
    assert_eq!(fields, ["97", "7", "1", "5", "2", "1", "2", "3", "4", "1"]);
}

#[test]
fn unset_amounts_are_told_as_clients_expect_them() {
    const U: &str = "1.7976931348623157E308";
    let report = CommissionAndFeesReport { exec_id: Some("e1".into()), ..Default::default() };
    assert_eq!(fields_of!(Reply::CommissionReport(report)), ["59", "1", "e1", "0", "", U, U, ""]);
    let details = ExecutionDetails::default();
    assert_eq!(fields_of!(Reply::ExecutionDetails(Box::new(details)))[1], "-1", "a live fill");
    let order = OpenOrder {
        contract: Some(Contract { right: Some("C".into()), ..Default::default() }),
        ..Default::default()
    };
    assert_eq!(fields_of!(Reply::OpenOrder(Box::new(order)))[7], "C");
    assert_eq!(fields_of!(Reply::OpenOrder(Box::default()))[7], "?");
}

#[test]
fn a_request_that_has_no_table_can_be_refused() {
    let check = |fields: &[&str], number, req_id| {
        let unknown = Request::Unknown { number, req_id };
        assert_eq!(Request::decode(Dialect::Text, &text(fields)), Ok(unknown.clone()));
        if req_id.is_some() {
            let frame = frame_of!(unknown, Dialect::Protobuf);
            assert_eq!(Request::decode(Dialect::Protobuf, body(&frame)), Ok(unknown.clone()));
            let frame = frame_of!(unknown, Dialect::Text);
            assert_eq!(Request::decode(Dialect::Text, body(&frame)), Ok(unknown));
        }
    };
    check(&["22", "17", "50", "STK"], 22, Some(17));
    check(&["23", "1", "17"], 23, Some(17));
    check(&["52", "2", "17", "0", "AAPL"], 52, Some(17));
    check(&["100", "17"], 100, Some(17));
    check(&["19", "1", "1", "<xml/>", "17"], 19, Some(17));
    check(&["24", "1"], 24, None);
    check(&["22"], 22, None);
    check(&["22", "x"], 22, None);
    check(&["4000000000", "1"], 4_000_000_000, None);
    let proto = [&276u32.to_be_bytes()[..], b"\x12\x01x\x08\x07"].concat();
    let expected = Request::decode(Dialect::Protobuf, &proto).unwrap().id();
    assert_eq!(expected, Some(7), "whatever order the fields have");
    let proto = [&300u32.to_be_bytes()[..], b"\x12\x01x\x08\x07"].concat();
    assert_eq!(
        Request::decode(Dialect::Protobuf, &proto),
        Ok(Request::Unknown { number: 100, req_id: Some(7) })
    );
}

#[test]
fn what_has_traded_at_each_price_is_asked_and_told_as_documented() {
    let wanted = HistogramDataRequest {
        req_id: Some(7),
        contract: Some(Contract {
            symbol: Some("AAPL".into()),
            sec_type: Some("STK".into()),
            ..Default::default()
        }),
        use_rth: Some(true),
        time_period: Some("3 days".into()),
    };
    let asked = fields_of!(Request::HistogramData(Box::new(wanted)));
    // The number, the request's, the twelve of a contract, includeExpired, useRTH, the period.
    assert_eq!((asked.len(), &*asked[0], &*asked[1], &*asked[3]), (17, "88", "7", "AAPL"));
    assert_eq!(asked[15..], ["1", "3 days"]);
    let entry = |price, size: &str| HistogramDataEntry { price: Some(price), size: Some(size.into()) };
    let entries = vec![entry(287.5, "300"), entry(287.51, "20")];
    let told = HistogramData { req_id: Some(7), histogram_data_entries: entries };
    assert_eq!(fields_of!(Reply::HistogramData(told)), ["89", "7", "2", "287.5", "300", "287.51", "20"]);
}
