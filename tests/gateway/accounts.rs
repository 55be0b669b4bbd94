//! Values, positions, profit and loss.

use pitdesk::gateway::wire::model::{
    AccountDataRequest, AccountSummaryRequest, AccountUpdatesMultiRequest, PnLRequest, PositionsMultiRequest,
};
use pitdesk::gateway::wire::{Dialect, Reply, Request};

use super::stage::{Stage, order, place, share, words};

fn managed(stage: &mut Stage) -> String {
    let conn = stage.dial(Dialect::Text);
    stage.greet(conn);
    let told = stage.ask(conn, super::stage::start_api(99));
    stage.hang_up(conn);
    let found = told.iter().find_map(|reply| match reply {
        Reply::ManagedAccounts(accounts) => accounts.accounts_list.clone(),
        _ => None,
    });
    found.unwrap()
}

#[test]
fn positions_are_told_and_followed_down_to_nothing() {
    let mut stage = Stage::new();
    let conn = stage.connect(Dialect::Text, 1);
    assert_eq!(words(&stage.ask(conn, Request::Positions)), ["PositionEnd"]);
    let position = |replies: &[Reply]| -> Vec<String> {
        let held = replies.iter().filter_map(|reply| match reply {
            Reply::Position(position) => Some(position.position().to_owned()),
            _ => None,
        });
        held.collect()
    };
    stage.tell(conn, place(1, share("AAPL"), order("BUY", "10", "MKT")));
    let told = stage.heard_in(conn, 2.0);
    assert_eq!(position(&told), ["10"]);
    stage.tell(conn, place(2, share("AAPL"), order("SELL", "10", "MKT")));
    let told = stage.heard_in(conn, 2.0);
    assert_eq!(position(&told), ["0"], "once when it closes");
    assert_eq!(words(&stage.ask(conn, Request::Positions)), ["PositionEnd"]);
}

#[test]
fn what_clients_ask_when_they_connect_is_answered_to_its_end() {
    let mut stage = Stage::new();
    let account = managed(&mut stage);
    assert!(account.starts_with("DU"), "{account}");
    for dialect in Dialect::ALL {
        let conn = stage.connect(dialect, 1);
        let data = AccountDataRequest { subscribe: Some(true), acct_code: Some(account.clone()) };
        let told = words(&stage.ask(conn, Request::AccountData(data)));
        assert!(told.contains(&"AccountValue".to_owned()), "{told:?}");
        assert_eq!(told.last().unwrap(), "AccountDataEnd");
        let summary = AccountSummaryRequest {
            req_id: Some(3),
            group: Some("All".into()),
            tags: Some("NetLiquidation,BuyingPower".into()),
        };
        let told = words(&stage.ask(conn, Request::AccountSummary(summary)));
        assert_eq!(told, ["AccountSummary", "AccountSummary", "AccountSummaryEnd"]);
        let multi = AccountUpdatesMultiRequest {
            req_id: Some(4),
            account: Some(account.clone()),
            ..Default::default()
        };
        assert_eq!(
            words(&stage.ask(conn, Request::AccountUpdatesMulti(multi))).last().unwrap(),
            "AccountUpdateMultiEnd"
        );
        let positions =
            PositionsMultiRequest { req_id: Some(5), account: Some(account.clone()), ..Default::default() };
        assert_eq!(words(&stage.ask(conn, Request::PositionsMulti(positions))), ["PositionMultiEnd"]);
        let profit = PnLRequest { req_id: Some(6), account: Some(account.clone()), ..Default::default() };
        assert_eq!(words(&stage.ask(conn, Request::PnL(profit))), ["PnL"]);
        let other = PnLRequest { req_id: Some(7), account: Some("U7654321".into()), ..Default::default() };
        assert_eq!(words(&stage.ask(conn, Request::PnL(other))), ["7 error 322"]);
        stage.hang_up(conn);
    }
}

#[test]
fn after_a_trade_the_account_is_told_anew_and_only_what_has_changed() {
    let mut stage = Stage::new();
    let account = managed(&mut stage);
    let conn = stage.connect(Dialect::Text, 1);
    let data = AccountDataRequest { subscribe: Some(true), acct_code: Some(account) };
    let first = stage.ask(conn, Request::AccountData(data)).len();
    stage.tell(conn, place(1, share("AAPL"), order("BUY", "10", "MKT")));
    let told = words(&stage.heard_in(conn, 1.0));
    let of = |what: &str| told.iter().filter(|word| *word == what).count();
    assert!(of("PortfolioValue") > 0, "{told:?}");
    assert!(of("AccountValue") > 0 && of("AccountValue") < first, "{told:?}");
}
