//! What has traded: past prints, and how much at each price.

use pitdesk::domain::Decimal;
use pitdesk::gateway::wire::model::{
    HistogramDataRequest, HistoricalDataBar, HistoricalDataRequest, HistoricalTicksRequest, RequestId,
    TickByTickRequest,
};
use pitdesk::gateway::wire::{Dialect, History, Reply, Request};

use super::stage::{Stage, share, words};

fn past(id: i32, start: &str, end: &str, count: i32, what: &str) -> Request {
    Request::HistoricalTicks(Box::new(HistoricalTicksRequest {
        req_id: Some(id),
        contract: Some(share("AAPL")),
        start_date_time: Some(start.to_owned()),
        end_date_time: Some(end.to_owned()),
        number_of_ticks: Some(count),
        what_to_show: Some(what.to_owned()),
        ..HistoricalTicksRequest::default()
    }))
}

#[test]
fn past_prints_are_those_that_were_told_when_they_came() {
    for dialect in Dialect::ALL {
        let mut stage = Stage::new();
        let conn = stage.connect(dialect, 1);
        let early = words(&stage.ask(conn, past(3, "20261101-00:00:00", "", 100, "TRADES")));
        assert_eq!(early, ["3 error 162"], "nobody has followed it");
        let follow = TickByTickRequest {
            req_id: Some(4),
            contract: Some(share("AAPL")),
            tick_type: Some("AllLast".to_owned()),
            ..TickByTickRequest::default()
        };
        stage.tell(conn, Request::TickByTick(Box::new(follow)));
        let live: Vec<_> = stage
            .heard_in(conn, 60.0)
            .into_iter()
            .filter_map(|reply| match reply {
                Reply::TickByTick(tick) => tick.historical_tick_last,
                _ => None,
            })
            .collect();
        assert!(live.len() > 20, "{}", live.len());
        let other = stage.connect(dialect, 2);
        let told = stage.ask(other, past(5, "20261101-00:00:00", "", 1_000, "TRADES"));
        let [Reply::HistoricalTicksLast(told)] = &told[..] else { panic!("{:?}", words(&told)) };
        assert_eq!((told.req_id(), told.is_done()), (5, true));
        let most = live.len().min(1_000);
        assert_eq!(told.historical_ticks_last[..most], live[..most]);
        let newest = stage.ask(other, past(6, "", "20261201-00:00:00", 10, "TRADES"));
        let [Reply::HistoricalTicksLast(newest)] = &newest[..] else { panic!("{:?}", words(&newest)) };
        assert!((10..live.len()).contains(&newest.historical_ticks_last.len()));
        assert!(live.ends_with(&newest.historical_ticks_last));
        for refused in [past(7, "", "", 10, "TRADES"), past(7, "soon", "", 10, "TRADES")] {
            assert_eq!(words(&stage.ask(other, refused)), ["7 error 322"]);
        }
        let none = past(7, "20261101-00:00:00", "", 0, "TRADES");
        assert_eq!(words(&stage.ask(other, none)), ["7 error 322"]);
        let quotes = past(8, "20261101-00:00:00", "", 10, "BID_ASK");
        assert_eq!(words(&stage.ask(other, quotes)), ["8 error 162"], "quotes are not kept");
    }
}

#[test]
fn what_has_traded_at_each_price_is_all_that_the_bars_have() {
    for dialect in Dialect::ALL {
        let mut stage = Stage::new();
        let conn = stage.connect(dialect, 1);
        let asked = HistogramDataRequest {
            req_id: Some(3),
            contract: Some(share("AAPL")),
            use_rth: Some(true),
            time_period: Some("2 days".to_owned()),
        };
        let wanted = HistoricalDataRequest {
            req_id: Some(4),
            contract: Some(share("AAPL")),
            bar_size_setting: Some("1 min".to_owned()),
            duration: Some("2 D".to_owned()),
            use_rth: Some(true),
            what_to_show: Some("TRADES".to_owned()),
            format_date: Some(2),
            ..HistoricalDataRequest::default()
        };
        stage.tell(conn, Request::HistogramData(Box::new(asked.clone())));
        stage.tell(conn, Request::HistoricalData(Box::new(wanted)));
        let told = stage.heard_in(conn, 5.0);
        let histogram = told.iter().find_map(|reply| match reply {
            Reply::HistogramData(told) if told.req_id() == 3 => Some(&told.histogram_data_entries),
            _ => None,
        });
        let bars = told.iter().find_map(|reply| match reply {
            Reply::HistoricalData(History { data, .. }) => Some(&data.historical_data_bars),
            _ => None,
        });
        let (histogram, bars) = histogram.zip(bars).unwrap_or_else(|| panic!("{:?}", words(&told)));
        let number = |text: &str| text.parse::<Decimal>().unwrap();
        let counted: Decimal = histogram.iter().map(|entry| number(entry.size())).sum();
        let traded: Decimal = bars.iter().map(|bar| number(bar.volume())).sum();
        let whole = Decimal::from(histogram.len());
        assert!((counted - traded).abs() <= whole, "{counted} of {traded}");
        assert!(histogram.is_sorted_by(|one, other| one.price() < other.price()));
        let low = bars.iter().map(HistoricalDataBar::low).fold(f64::MAX, f64::min);
        let high = bars.iter().map(HistoricalDataBar::high).fold(0.0, f64::max);
        assert!(histogram.iter().all(|entry| (low..=high).contains(&entry.price())));
        assert!(histogram.len() > 10, "{histogram:?}");

        let nonsense = HistogramDataRequest { time_period: Some("a while".to_owned()), ..asked.clone() };
        let told = words(&stage.ask(conn, Request::HistogramData(Box::new(nonsense))));
        assert_eq!(told, ["3 error 322"]);
        let unknown = HistogramDataRequest { contract: Some(share("NOSUCH")), ..asked };
        let told = words(&stage.ask(conn, Request::HistogramData(Box::new(unknown))));
        assert_eq!(told, ["3 error 200"]);
        let over = Request::CancelHistogramData(RequestId { req_id: Some(3) });
        assert!(stage.ask(conn, over).is_empty(), "the Python libraries may say so always");
    }
}
