//! Each row of the table of codes in ibkr-client.md, section 6.1, on each stream on which it can come.

use ibapi::market_data::historical::HistoricalData;
use ibapi::orders::{OrderStatus as TheirStatus, OrderUpdate};

use super::*;
use crate::broker::contract::HistoryRequest;
use crate::broker::ibkr::orders::tests::approved_amend;
use crate::domain::{Decimal, Price};
use crate::risk::Change;

const FIRST: InstrumentId = InstrumentId(0);
const SECOND: InstrumentId = InstrumentId(1);
/// Whatever fails for no known reason waits so long.
const A_MOMENT: Duration = Duration::from_secs(1);
/// Longer than anything waits that is done again.
const LONG: u64 = 700;

fn notes(out: &Out) -> Vec<&str> {
    fn note(event: &BrokerEvent) -> Option<&str> {
        match event {
            BrokerEvent::Note(_, text) => Some(text),
            _ => None,
        }
    }
    out.events.iter().filter_map(note).collect()
}

/// A second of a TWS that is there.
fn passes(core: &mut Core, seconds: u64) -> Out {
    core.pulse = Pulse::new(after(seconds));
    ticked(core, after(seconds))
}

// What names no order and no stream.

#[derive(Debug, Clone, Copy)]
enum Lands {
    Log,
    Note(&'static str),
    State(ConnectionState, &'static str),
    /// It ends the session.
    Ends(&'static str),
}

#[test]
fn a_code_of_no_order_and_no_stream_lands_in_the_light_in_a_note_or_in_the_log() {
    use ConnectionState::{Degraded, Silent};
    use Lands::{Ends, Log, Note, State};
    let rows: &[(&[i32], &str, Lands)] = &[
        (
            &[100],
            "Max rate of messages per second has been exceeded",
            Note("Too many requests to TWS: past bars wait"),
        ),
        (&[101], "Max number of tickers has been reached", Note("reached. Close other quotes (code 101)")),
        (&[102], "Duplicate ticker id", Log),
        (&[103], "Duplicate order id", Note("enter it again")),
        (
            &[104, 105, 106, 107, 134, 135, 136, 161],
            "The order cannot be changed",
            Note("The order cannot be changed"),
        ),
        (&[109], "The price is too far away", Note("price precautions in TWS")),
        (
            &[110, 111, 201, 202, 203, 387, 388, 391, 392, 434],
            "The order is refused",
            Note("The order is refused"),
        ),
        (&[162], "HMDS query returned no data", Note("HMDS query returned no data (code 162)")),
        (&[165, 300, 310, 365, 366], "Can't find it", Log),
        (&[200], "No security definition has been found", Note("Search for it anew")),
        (&[309, 316, 317], "Market depth", Note("Market depth")),
        (&[320, 321, 322], "Error processing request", Note("Error processing request")),
        (&[326], "Client id is already in use", Ends("Client id is already in use")),
        (&[354], "Requested market data is not subscribed", Note("not subscribed")),
        (&[382, 383, 384], "The size limit is violated", Note("size precautions in TWS")),
        (&[399, 404, 460, 2109, 2137], "Something of an order", Note("Something of an order")),
        (&[501, 502, 503, 504, 507], "Of another library", Log),
        (&[1100, 2110], "Connectivity has been lost", State(Silent, "lost its link to IBKR")),
        (&[1300], "The socket port has been reset", Ends("changed its API port")),
        (&[2100, 2101, 2107, 2108, 2119, 2148, 2150, 2161, 2168, 2174, 2176, 2188], "Advice", Log),
        (&[2103], "Market data farm connection is broken:usfarm", State(Degraded, "usfarm is down")),
        (&[2105], "HMDS data farm connection is broken:ushmds", State(Degraded, "ushmds is down")),
        (&[2157], "Sec-def data farm connection is broken:secdefil", State(Degraded, "secdefil is down")),
        (&[2104, 2106, 2158], "Data farm connection is OK:usfarm", Log),
        (&[10_089, 10_090, 10_091, 10_167, 10_187, 10_189, 10_190], "Market data", Note("Market data")),
        (&[10_168, 10_186], "Delayed market data is not enabled", Note("delayed_data = true")),
        (&[10_197], "No market data during competing live session", Note("out elsewhere")),
        (&[10_147, 10_148], "The order cannot be cancelled", Note("cannot be cancelled")),
        (&[10_182, 10_225, 10_314], "Of a chart", Note("Of a chart")),
        (&[10_311], "This order will be directly routed", Note("Send it to SMART")),
        (&[10_349, 10_355], "The preset", Note("The preset")),
        (&[0], "Approaching max rate", Log),
        (&[31_337], "Something new", Note("Something new (code 31337)")),
    ];
    for (codes, text, lands) in rows {
        for code in *codes {
            let mut core = ready();
            let mut out = Out::default();
            core.came(Came::Notice(Some(notice(*code, text))), after(1), &mut out);
            core.settle(after(1), &mut out);
            let told = notes(&out);
            let ended = out.end.as_ref().map(|end| format!("{end:?}"));
            match lands {
                Log => assert!(out.events.is_empty() && ended.is_none(), "{code}: {out:?}"),
                Note(part) => {
                    assert!(matches!(&*told, [note] if note.contains(part)), "{code}: {out:?}");
                    assert_eq!((states(&out), ended), (Vec::new(), None), "{code}");
                }
                State(state, part) => {
                    assert_eq!(states(&out), [*state], "{code}");
                    let is_told = |event: &BrokerEvent| matches!(event, BrokerEvent::Connection { reason, .. } if reason.contains(part));
                    assert!(out.events.iter().any(is_told) && ended.is_none(), "{code}: {out:?}");
                }
                Ends(part) => assert!(ended.is_some_and(|why| why.contains(part)), "{code}: {out:?}"),
            }
        }
    }
}

#[test]
fn that_tws_was_asked_too_fast_makes_bars_wait() {
    let mut core = ready();
    said(&mut core, 100, NOW);
    let mut out = Out::default();
    core.request(BrokerRequest::History(request()), NOW, &mut out);
    core.settle(NOW, &mut out);
    assert!(out.events.iter().any(|event| matches!(event, BrokerEvent::BarsWait { .. })), "{out:?}");
    assert!(!out.calls.iter().any(|call| matches!(call, Call::Bars(_))), "{out:?}");
}

// What names an order.

#[derive(Debug, Clone, Copy, PartialEq)]
enum Asked {
    New,
    Change,
    Cancel,
}

/// What is told of an order after a code has named it and the stream has stayed silent, and whether the books
/// are read again.
fn of_order(asked: Asked, code: i32, text: &str) -> (Vec<ReportKind>, bool) {
    let mut core = ready();
    let mut out = Out::default();
    let spec = limit(Side::Buy, 99);
    core.request(BrokerRequest::Place(vec![approved(1, spec)]), NOW, &mut out);
    if asked != Asked::New {
        let status = TheirStatus {
            order_id: 100,
            status: OrderStatusKind::Submitted,
            remaining: 10.0,
            client_id: CLIENT,
            ..TheirStatus::default()
        };
        let works = SubscriptionItem::Data(OrderUpdate::OrderStatus(status));
        core.came(Came::Order(Some(Ok(works))), NOW, &mut out);
    }
    if asked == Asked::Change {
        let change = Change { limit: Some(Price(Decimal::from(98))), ..Change::default() };
        core.request(BrokerRequest::Amend(approved_amend(1, spec, change)), NOW, &mut out);
    }
    if asked == Asked::Cancel {
        core.request(BrokerRequest::Cancel(OrderId(1)), NOW, &mut out);
    }
    let mut out = Out::default();
    let remark = SubscriptionItem::Notice(Notice { request_id: Some(100), ..notice(code, text) });
    core.came(Came::Order(Some(Ok(remark))), NOW, &mut out);
    core.tick(after(3), &mut out);
    core.tick(after(6), &mut out);
    let reads = out.calls.contains(&Call::Read(2));
    let kind = |event| match event {
        BrokerEvent::Report(report) => Some(report.kind),
        _ => None,
    };
    (out.events.into_iter().filter_map(kind).collect(), reads)
}

#[test]
fn a_new_order_is_refused_lives_or_is_over_as_its_code_says() {
    use OrderStatus::{Accepted, Cancelled, Rejected};
    let rows: &[(&[i32], &str, OrderStatus, &str)] = &[
        (&[103], "Duplicate order id", Rejected, "enter it again"),
        (&[109], "The price is too far away", Rejected, "price precautions in TWS"),
        (&[110], "The price does not conform", Rejected, "must be a multiple of 0.01"),
        (&[111, 387, 388, 391, 392, 434], "The order is invalid", Rejected, "The order is invalid"),
        (&[200], "No security definition has been found", Rejected, "Search for it anew"),
        (&[201, 203], "Order rejected - reason:No<br>cash", Rejected, "No cash (code 20"),
        (&[320, 322], "Error processing request", Rejected, "Error processing request"),
        (&[321], "The API interface is in Read-Only mode", Rejected, "Clear Read-Only API"),
        (&[382, 383, 384], "The size limit is violated", Rejected, "size precautions in TWS"),
        (&[460], "No trading permissions", Rejected, "Ask for the permission"),
        (&[10_311], "This order will be directly routed", Rejected, "Send it to SMART"),
        (&[10_355], "The preset is missing", Rejected, "Set up the preset"),
        (
            &[202],
            "Order Canceled - reason:Your account is restricted",
            Cancelled,
            "Your account is restricted",
        ),
        (&[399], "Order Message:\nWarning: not before 09:30", Accepted, "not before 09:30"),
        (&[404, 2109, 2137, 10_349], "It is held or changed", Accepted, "It is held or changed"),
    ];
    for (codes, text, expected, part) in rows {
        for code in *codes {
            let (told, _) = of_order(Asked::New, *code, text);
            let [ReportKind::Status { status, reason: Some(reason) }] = &*told else {
                panic!("{code}: {told:?}")
            };
            assert_eq!(status, expected, "{code}");
            assert!(reason.contains(part), "{code}: {reason}");
        }
    }
    for code in [100, 399, 31_337] {
        assert_eq!(of_order(Asked::New, code, "Who knows"), (Vec::new(), true), "{code}: the books will say");
    }
}

#[test]
fn a_refused_change_or_cancel_leaves_the_order_and_reads_the_books() {
    for code in [104, 105, 106, 107, 134, 135, 136] {
        let (told, reads) = of_order(Asked::Change, code, "Cannot be changed");
        assert!(
            matches!(&*told, [ReportKind::AmendRefused(why)] if why.contains("Cannot be")),
            "{code}: {told:?}"
        );
        assert!(reads, "{code}");
    }
    for code in [109, 110, 201, 320, 321, 322, 10_311] {
        let (told, _) = of_order(Asked::Change, code, "Refused");
        assert!(
            matches!(&*told, [ReportKind::AmendRefused(why)] if why.contains("Refused")),
            "{code}: {told:?}"
        );
    }
    for code in [135, 136, 161, 10_147, 10_148] {
        let (told, reads) = of_order(Asked::Cancel, code, "Cannot be cancelled");
        assert!(
            matches!(&*told, [ReportKind::CancelRefused(why)] if why.contains("Cannot be")),
            "{code}: {told:?}"
        );
        assert!(reads, "{code}");
    }
}

// What names a stream.

/// A session with quotes, trades and the book of a share, and a chart of another one that is kept.
fn watching() -> Core {
    let mut core = ready();
    let bars = [BarKey { instrument: SECOND, timeframe: Timeframe::M1 }].into();
    let watch = Watch { quotes: [FIRST].into(), depth: [FIRST].into(), bars };
    let mut out = Out::default();
    core.request(BrokerRequest::Watch(watch), NOW, &mut out);
    core.settle(NOW, &mut out);
    core
}

/// What TWS says of a stream, which ends with it unless the code is for information alone.
fn of_stream(feed: Feed, code: i32, text: &str) -> Came {
    fn item<T>(notice: Notice) -> Result<SubscriptionItem<T>, Error> {
        if notice.is_informational() {
            Ok(SubscriptionItem::Notice(notice))
        } else {
            Err(Error::Notice(notice))
        }
    }
    let notice = Notice { request_id: Some(1_500_000_001), ..notice(code, text) };
    match feed {
        Feed::Quotes(id) => Came::Tick(id, Some(item(notice))),
        Feed::Trades(id) => Came::Trade(id, Some(item(notice))),
        Feed::Depth(id) => Came::Depth(id, Some(item(notice))),
        Feed::Kept(key) => Came::Kept(key, Some(item(notice))),
    }
}

/// When the stream is opened again.
fn opened_again(core: &mut Core, feed: Feed) -> Option<u64> {
    let call = Call::Turn(Turn::On(feed));
    (1..=LONG).find(|seconds| passes(core, *seconds).calls.contains(&call))
}

#[test]
fn a_code_of_a_quote_stands_in_its_cell_is_told_and_asked_for_again_where_that_can_help() {
    const GOES_ON: Option<u64> = None;
    const NEVER: Option<u64> = None;
    let rows: &[(&[i32], &str, &str, Option<u64>)] = &[
        (&[101], "all lines taken", "Close other quotes", Some(60)),
        (&[200], "unknown at TWS", "search for it anew", NEVER),
        (&[320, 321, 322], "no data", "what TWS says", Some(60)),
        (&[354], "no subscription", "no subscription to its market data", NEVER),
        (&[10_089, 10_167], "delayed", "delayed data come instead", GOES_ON),
        (&[10_090, 10_091], "partly subscribed", "what TWS says", GOES_ON),
        (&[10_168, 10_186], "no subscription", "delayed_data = true", NEVER),
        (&[10_197], "data go elsewhere", "Log out there", Some(30)),
    ];
    let feed = Feed::Quotes(FIRST);
    for (codes, short, part, again) in rows {
        for code in *codes {
            let mut core = watching();
            let mut out = Out::default();
            core.came(of_stream(feed, *code, "what TWS says"), NOW, &mut out);
            core.settle(NOW, &mut out);
            assert!(matches!(&*notes(&out), [note] if note.contains(part)), "{code}: {out:?}");
            let remark = out.events.iter().find_map(|event| match event {
                BrokerEvent::Remark { instrument: FIRST, remark } => remark.as_ref(),
                _ => None,
            });
            assert_eq!(remark.map(|remark| &*remark.short), Some(*short), "{code}");
            assert_eq!(opened_again(&mut core, feed), *again, "{code}");
        }
    }
    for code in [102, 300, 365, 366] {
        let mut core = watching();
        let mut out = Out::default();
        core.came(of_stream(feed, code, "It is not there"), NOW, &mut out);
        core.settle(NOW, &mut out);
        assert!(out.events.is_empty(), "{code}: {out:?}");
        assert_eq!(opened_again(&mut core, feed), Some(2), "{code}");
    }
}

#[test]
fn a_quote_that_tws_was_asked_too_fast_for_waits_a_moment_and_makes_bars_wait() {
    let mut core = watching();
    let mut out = Out::default();
    let feed = Feed::Quotes(FIRST);
    core.came(of_stream(feed, 100, "Max rate of messages per second has been exceeded"), NOW, &mut out);
    core.settle(NOW, &mut out);
    let [BrokerEvent::Remark { instrument: FIRST, remark: Some(remark) }] = &*out.events else {
        panic!("{out:?}")
    };
    assert!(&*remark.short == "waits for TWS" && remark.text.contains("in a few seconds"), "{remark:?}");
    core.request(BrokerRequest::History(request()), NOW, &mut out);
    core.settle(NOW, &mut out);
    assert!(!out.calls.iter().any(|call| matches!(call, Call::Bars(_))), "the quote goes first: {out:?}");
    let out = passes(&mut core, 2);
    assert!(out.calls.contains(&Call::Turn(Turn::On(feed))), "{out:?}");
    let is_clear =
        |event: &BrokerEvent| matches!(event, BrokerEvent::Remark { instrument: FIRST, remark: None });
    assert!(out.events.iter().any(is_clear), "{out:?}");
}

#[test]
fn a_code_of_a_book_of_trades_or_of_a_kept_chart_is_no_remark_on_the_quote() {
    let (trades, depth) = (Feed::Trades(FIRST), Feed::Depth(FIRST));
    let kept = Feed::Kept(BarKey { instrument: SECOND, timeframe: Timeframe::M1 });
    let rows = [
        (depth, 309, "Max number (3) of market depth requests", Some("Close another one"), Some(60)),
        (depth, 316, "Market depth data has been halted", None, Some(2)),
        // It goes on with an empty book.
        (depth, 317, "Market depth data has been reset", None, None),
        // Not sooner: it was opened a moment ago.
        (trades, 100, "Max rate of messages per second has been exceeded", None, Some(15)),
        (depth, 100, "Max rate of messages per second has been exceeded", None, Some(2)),
        (trades, 10_187, "No market data permissions", None, None),
        (trades, 10_189, "Failed to request tick-by-tick data", None, Some(60)),
        (trades, 10_190, "Max number of tick-by-tick requests", None, Some(600)),
        (kept, 10_182, "Failed to request live updates (disconnected)", None, Some(2)),
        (kept, 10_225, "Bust event occurred", None, Some(2)),
        (kept, 162, "Historical data request pacing violation", None, Some(15)),
        (kept, 162, "No market data permissions for NYSE STK", None, None),
        (kept, 162, "HMDS query returned no data", None, Some(60)),
        (kept, 354, "Requested market data is not subscribed", None, None),
        (kept, 200, "No security definition has been found", None, None),
        (kept, 2188, "The newest seconds need a subscription", None, None),
    ];
    for (feed, code, text, note, again) in rows {
        let mut core = watching();
        let mut out = Out::default();
        core.came(of_stream(feed, code, text), NOW, &mut out);
        core.settle(NOW, &mut out);
        match note {
            Some(part) => assert!(matches!(&*notes(&out), [note] if note.contains(part)), "{code}: {out:?}"),
            None => assert!(notes(&out).is_empty(), "{code}: {out:?}"),
        }
        assert!(!out.events.iter().any(|event| matches!(event, BrokerEvent::Remark { .. })), "{code}");
        assert_eq!(opened_again(&mut core, feed), again, "{code} {text}");
    }
}

// What names a request for bars.

fn request() -> HistoryRequest {
    HistoryRequest { instrument: FIRST, timeframe: Timeframe::M1, before: Time::MAX, count: 5 }
}

#[derive(Debug, PartialEq)]
enum Bars {
    /// They are asked for again when IBKR's pacing allows it.
    Wait,
    /// There are none there, which is no failure.
    None,
    /// They fail, and why; after so many tries.
    Fail(usize, String),
}

/// What becomes of a request that TWS answers so each time.
fn of_bars(code: i32, text: &str) -> Bars {
    let mut core = ready();
    let mut out = Out::default();
    core.request(BrokerRequest::History(request()), NOW, &mut out);
    core.settle(NOW, &mut out);
    for tries in 1..9_usize {
        let asked = out.calls.iter().find_map(|call| match call {
            Call::Bars(ask) => Some(ask.job),
            _ => None,
        });
        let now = after(tries as u64);
        out = Out::default();
        let refused: Result<HistoricalData, Error> = Err(Error::Notice(notice(code, text)));
        core.came(
            Came::Bars(asked.unwrap_or_else(|| panic!("{code}: not asked for")), refused),
            now,
            &mut out,
        );
        core.settle(now, &mut out);
        let waits = |event: &BrokerEvent| matches!(event, BrokerEvent::BarsWait { until, .. } if until.since(now) > A_MOMENT);
        if out.events.iter().any(waits) {
            return Bars::Wait;
        }
        if out.events.iter().any(|event| matches!(event, BrokerEvent::History(_))) {
            let why = notes(&out).first().map(ToString::to_string);
            return why.map_or(Bars::None, |why| Bars::Fail(tries, why));
        }
        out = passes(&mut core, tries as u64 + 1);
    }
    panic!("{code}: it is asked for for ever")
}

#[test]
fn a_code_of_a_request_for_bars_waits_in_silence_or_says_why_there_are_none() {
    assert_eq!(of_bars(162, "Historical data request pacing violation"), Bars::Wait);
    assert_eq!(of_bars(100, "Max rate of messages per second has been exceeded"), Bars::Wait);
    assert_eq!(of_bars(162, "HMDS query returned no data"), Bars::None);
    let rows: &[(i32, &str, usize, &str)] = &[
        (162, "No market data permissions for NYSE STK", 1, "no subscription to past bars"),
        (354, "Requested market data is not subscribed", 1, "Client Portal"),
        (162, "API historical data query cancelled", 3, "bars did not come"),
        (162, "In einer anderen Sprache", 3, "In einer anderen Sprache"),
        (200, "No security definition has been found", 1, "Search for it anew"),
        (320, "Error reading request", 3, "Error reading request"),
        (321, "Error validating request", 3, "Error validating request"),
        (322, "Error processing request", 3, "Error processing request"),
        (10_314, "End Date/Time is invalid", 3, "End Date/Time is invalid"),
    ];
    for (code, text, tries, part) in rows {
        match of_bars(*code, text) {
            Bars::Fail(tried, why) => {
                assert!(tried == *tries && why.contains(part), "{code}: {tried}, {why}");
            }
            other => panic!("{code} {text}: {other:?}"),
        }
    }
}
