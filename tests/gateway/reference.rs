//! What is looked up, and that nothing is met with silence.

use pitdesk::gateway::wire::model::{
    Contract, ContractDataRequest, HistoricalNewsRequest, MarketRuleRequest, MatchingSymbolsRequest,
    NewsArticleRequest, NewsBulletinsRequest, RequestId, SecDefOptParamsRequest, SetServerLogLevelRequest,
    SmartComponentsRequest,
};
use pitdesk::gateway::wire::{Dialect, Reply, Request};

use super::stage::{START, Stage, share, start_api, words};

fn details(id: i32, contract: Contract) -> Request {
    Request::ContractData(Box::new(ContractDataRequest { req_id: Some(id), contract: Some(contract) }))
}

#[test]
fn an_instrument_is_found_by_its_symbol_and_again_by_its_number() {
    for dialect in Dialect::ALL {
        let mut stage = Stage::new();
        let conn = stage.connect(dialect, 1);
        let told = stage.ask(conn, details(1, share("AAPL")));
        assert_eq!(words(&told), ["ContractData", "ContractDataEnd"]);
        let Reply::ContractData(data) = &told[0] else { panic!() };
        let (contract, details_of) = (data.contract.clone().unwrap(), data.contract_details.clone().unwrap());
        assert_eq!((data.req_id(), contract.symbol(), details_of.long_name()), (1, "AAPL", "Apple"));
        assert_eq!(details_of.min_tick(), "0.01");
        assert!(details_of.trading_hours().contains(':'), "{details_of:?}");
        let by_number = Contract { con_id: contract.con_id, ..Contract::default() };
        let again = stage.ask(conn, details(2, by_number));
        let Reply::ContractData(data) = &again[0] else { panic!("{again:?}") };
        assert_eq!(data.contract.as_ref().unwrap().symbol(), "AAPL");

        let rule = details_of.market_rule_ids().split(',').next().unwrap().parse().unwrap();
        let rule = stage.ask(conn, Request::MarketRule(MarketRuleRequest { market_rule_id: Some(rule) }));
        let [Reply::MarketRule(rule)] = &rule[..] else { panic!("{rule:?}") };
        assert_eq!(rule.price_increments[0].increment().to_bits(), 0.01_f64.to_bits());
    }
}

#[test]
fn a_symbol_may_mean_many_and_a_mistake_none() {
    let mut stage = Stage::new();
    let conn = stage.connect(Dialect::Text, 1);
    let coins =
        Contract { symbol: Some("BTC".into()), sec_type: Some("CRYPTO".into()), ..Contract::default() };
    let told = words(&stage.ask(conn, details(1, coins)));
    assert!(told.len() > 2 && told.last().unwrap() == "ContractDataEnd", "{told:?}");
    assert_eq!(words(&stage.ask(conn, details(2, share("NOSUCH")))), ["2 error 200"]);
    assert_eq!(words(&stage.ask(conn, details(3, Contract::default()))), ["3 error 200"]);
    let rule = Request::MarketRule(MarketRuleRequest { market_rule_id: Some(9_999) });
    assert_eq!(words(&stage.ask(conn, rule)), ["-1 error 322"]);
}

#[test]
fn instruments_are_searched_by_symbol_and_name() {
    for dialect in Dialect::ALL {
        let mut stage = Stage::new();
        let conn = stage.connect(dialect, 1);
        let mut search = |pattern: &str| -> Vec<String> {
            let request = MatchingSymbolsRequest { req_id: Some(4), pattern: Some(pattern.to_owned()) };
            let told = stage.ask(conn, Request::MatchingSymbols(request));
            let [Reply::SymbolSamples(samples)] = &told[..] else { panic!("{told:?}") };
            let found = samples.contract_descriptions.iter();
            found.map(|found| found.contract.as_ref().unwrap().symbol().to_owned()).collect()
        };
        assert_eq!(search("aap"), ["AAPL"]);
        assert_eq!(search("micros"), ["MSFT"]);
        assert!(search("zzz").is_empty(), "and that is told");
    }
}

#[test]
fn the_rest_is_answered_in_both_dialects() {
    for dialect in Dialect::ALL {
        let mut stage = Stage::new();
        let conn = stage.connect(dialect, 1);
        let time = stage.ask(conn, Request::CurrentTime);
        let [Reply::CurrentTime(time)] = &time[..] else { panic!("{time:?}") };
        assert_eq!(time.current_time(), stage.now().seconds());
        assert!(time.current_time() >= START.seconds());
        let millis = stage.ask(conn, Request::CurrentTimeInMillis);
        let [Reply::CurrentTimeInMillis(millis)] = &millis[..] else { panic!("{millis:?}") };
        assert_eq!(millis.current_time_in_millis(), stage.now().0 / 1_000_000);

        let user = stage.ask(conn, Request::UserInfo(RequestId { req_id: Some(5) }));
        let [Reply::UserInfo(user)] = &user[..] else { panic!("{user:?}") };
        assert_eq!(user.req_id(), 5);
        let exchanges = stage.ask(conn, Request::MarketDepthExchanges);
        let [Reply::MarketDepthExchanges(exchanges)] = &exchanges[..] else { panic!("{exchanges:?}") };
        let names: Vec<(&str, &str)> = exchanges
            .depth_market_data_descriptions
            .iter()
            .map(|exchange| (exchange.exchange(), exchange.sec_type()))
            .collect();
        assert!(names.contains(&("NASDAQ", "STK")) && names.contains(&("IDEALPRO", "CASH")), "{names:?}");
        let components = SmartComponentsRequest { req_id: Some(6), bbo_exchange: Some("NASDAQ".into()) };
        let components = stage.ask(conn, Request::SmartComponents(components));
        let [Reply::SmartComponents(components)] = &components[..] else { panic!("{components:?}") };
        let one = &components.smart_components[0];
        assert_eq!((one.exchange(), one.exchange_letter()), ("NASDAQ", "N"));

        let options = SecDefOptParamsRequest { req_id: Some(7), ..SecDefOptParamsRequest::default() };
        assert_eq!(words(&stage.ask(conn, Request::SecDefOptParams(options))), ["SecDefOptParameterEnd"]);
        assert_eq!(words(&stage.ask(conn, Request::NewsProviders)), ["NewsProviders"]);
        let tiers = Request::Unknown { number: 79, req_id: Some(8) };
        assert_eq!(words(&stage.ask(conn, tiers)), ["SoftDollarTiers"]);
        let families = Request::Unknown { number: 80, req_id: None };
        assert_eq!(words(&stage.ask(conn, families)), ["FamilyCodes"]);
    }
}

#[test]
fn what_is_not_served_is_refused_and_never_met_with_silence() {
    for dialect in Dialect::ALL {
        let mut stage = Stage::new();
        let conn = stage.connect(dialect, 1);
        let article = NewsArticleRequest { req_id: Some(1), ..NewsArticleRequest::default() };
        assert_eq!(words(&stage.ask(conn, Request::NewsArticle(article))), ["1 error 322"]);
        let news = HistoricalNewsRequest { req_id: Some(2), ..HistoricalNewsRequest::default() };
        assert_eq!(words(&stage.ask(conn, Request::HistoricalNews(news))), ["2 error 322"]);
        for number in [19, 21, 22, 52, 54, 55, 67, 68, 69, 100, 102] {
            let told = words(&stage.ask(conn, Request::Unknown { number, req_id: Some(40) }));
            assert_eq!(told, ["40 error 322"], "{number}");
        }
        for number in [18, 24, 65, 66, 72, 73, 150] {
            let told = words(&stage.ask(conn, Request::Unknown { number, req_id: None }));
            assert_eq!(told, ["-1 error 322"], "{number}");
        }
        assert_eq!(words(&stage.ask(conn, start_api(1))), ["-1 error 322"], "once is enough");
    }
}

#[test]
fn nothing_is_answered_where_nobody_waits() {
    for dialect in Dialect::ALL {
        let mut stage = Stage::new();
        let conn = stage.connect(dialect, 1);
        for number in [23, 53, 56, 57, 70, 101, 103, 106, 107] {
            let told = stage.ask(conn, Request::Unknown { number, req_id: Some(40) });
            assert!(told.is_empty(), "{number}");
        }
        let silent = [
            Request::NewsBulletins(NewsBulletinsRequest { all_messages: Some(true) }),
            Request::CancelNewsBulletins,
            Request::SetServerLogLevel(SetServerLogLevelRequest { log_level: Some(5) }),
            Request::CancelHistoricalData(RequestId { req_id: Some(9) }),
            Request::CancelHeadTimestamp(RequestId { req_id: Some(9) }),
            Request::CancelHistogramData(RequestId { req_id: Some(9) }),
            Request::CancelRealTimeBars(RequestId { req_id: Some(9) }),
            Request::CancelTickByTick(RequestId { req_id: Some(9) }),
            Request::CancelMarketData(RequestId { req_id: Some(9) }),
        ];
        for request in silent {
            let name = request.name();
            assert!(stage.ask(conn, request).is_empty(), "{name}");
        }
    }
}
