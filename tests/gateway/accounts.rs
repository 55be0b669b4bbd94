//! Values, positions, profit and loss.

use pitdesk::domain::{Decimal, Side};
use pitdesk::gateway::ConnId;
use pitdesk::gateway::wire::model::{
    AccountDataRequest, AccountSummaryRequest, AccountUpdatesMultiRequest, ContractDataRequest, PnLRequest,
    PnLSingleRequest, PositionsMultiRequest, RequestId,
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

/// What is followed of an account: how it is asked for, how it ends, and what tells of it.
fn subscriptions(account: &str, con_id: i32) -> [(Request, Request, &'static str); 6] {
    let account = Some(account.to_owned());
    let by_id = |req_id| RequestId { req_id: Some(req_id) };
    let summary = AccountSummaryRequest {
        req_id: Some(3),
        group: Some("All".into()),
        tags: Some("NetLiquidation,TotalCashValue".into()),
    };
    let positions = PositionsMultiRequest { req_id: Some(4), account: account.clone(), ..Default::default() };
    let values =
        AccountUpdatesMultiRequest { req_id: Some(5), account: account.clone(), ..Default::default() };
    let profit = PnLRequest { req_id: Some(6), account: account.clone(), ..Default::default() };
    let single = PnLSingleRequest { req_id: Some(7), account, con_id: Some(con_id), ..Default::default() };
    [
        (Request::AccountSummary(summary), Request::CancelAccountSummary(by_id(3)), "AccountSummary"),
        (Request::PositionsMulti(positions), Request::CancelPositionsMulti(by_id(4)), "PositionMulti"),
        (
            Request::AccountUpdatesMulti(values),
            Request::CancelAccountUpdatesMulti(by_id(5)),
            "AccountUpdateMulti",
        ),
        (Request::PnL(profit), Request::CancelPnL(by_id(6)), "PnL"),
        (Request::PnLSingle(single), Request::CancelPnLSingle(by_id(7)), "PnLSingle"),
        (Request::Positions, Request::CancelPositions, "Position"),
    ]
}

fn con_id(stage: &mut Stage, conn: ConnId) -> i32 {
    let details = ContractDataRequest { req_id: Some(1), contract: Some(share("AAPL")) };
    let told = stage.ask(conn, Request::ContractData(Box::new(details)));
    let Reply::ContractData(data) = &told[0] else { panic!("{:?}", words(&told)) };
    data.contract.as_ref().unwrap().con_id.unwrap()
}

#[test]
fn what_is_followed_of_an_account_is_told_after_each_trade_until_it_is_cancelled() {
    for dialect in Dialect::ALL {
        let mut stage = Stage::new();
        let account = managed(&mut stage);
        let conn = stage.connect(dialect, 1);
        let con_id = con_id(&mut stage, conn);
        let followed = subscriptions(&account, con_id);
        for (ask, ..) in &followed {
            stage.ask(conn, ask.clone());
        }
        for ended in 0..=followed.len() {
            let number = i32::try_from(ended).unwrap() + 1;
            stage.tell(conn, place(number, share("AAPL"), order("BUY", "10", "MKT")));
            let told = words(&stage.heard_in(conn, 3.0));
            assert!(told.contains(&format!("{number} Filled 10/0")), "{told:?}");
            for (index, (.., name)) in followed.iter().enumerate() {
                let is_told = told.iter().any(|word| word == name);
                assert_eq!(is_told, index >= ended, "{name} with {ended} ended: {told:?}");
            }
            if let Some((_, cancel, _)) = followed.get(ended) {
                stage.tell(conn, cancel.clone());
            }
        }
    }
}

#[test]
fn profit_and_loss_of_a_position_are_those_of_its_fills() {
    let mut stage = Stage::new();
    let account = managed(&mut stage);
    let conn = stage.connect(Dialect::Text, 1);
    let con_id = con_id(&mut stage, conn);
    let asked = |account: &str, con_id| {
        let account = Some(account.to_owned());
        Request::PnLSingle(PnLSingleRequest {
            req_id: Some(7),
            account,
            con_id: Some(con_id),
            ..Default::default()
        })
    };
    assert_eq!(words(&stage.ask(conn, asked(&account, 1))), ["7 error 200"]);
    assert_eq!(words(&stage.ask(conn, asked("U7654321", con_id))), ["7 error 322"]);
    assert_eq!(words(&stage.ask(conn, asked(&account, con_id))), ["PnLSingle"]);
    stage.tell(conn, place(1, share("AAPL"), order("BUY", "10", "MKT")));
    stage.heard_in(conn, 2.0);
    stage.tell(conn, place(2, share("AAPL"), order("SELL", "4", "MKT")));
    let told = stage.heard_in(conn, 2.0);
    let last = told.iter().rev().find_map(|reply| match reply {
        Reply::PnLSingle(told) => Some(told.clone()),
        _ => None,
    });
    let last = last.unwrap();
    let fills = stage.desk.blotter().fills();
    let part = |side| fills.iter().filter(move |fill| fill.side == side);
    let value = |side| part(side).map(|fill| fill.price.0 * fill.quantity.0).sum::<Decimal>();
    let average = value(Side::Buy) / Decimal::TEN;
    let cost: Decimal = fills.iter().map(|fill| fill.commission.amount).sum();
    let realised = value(Side::Sell) - Decimal::from(4) * average - cost;
    let mark = Decimal::try_from(last.value()).unwrap() / Decimal::from(6);
    let unrealised = Decimal::from(6) * (mark - average);
    let is_near = |told: f64, counted: Decimal| {
        (Decimal::try_from(told).unwrap() - counted).abs() < Decimal::new(11, 3)
    };
    assert_eq!(last.position(), "6");
    assert!(is_near(last.realized_pnl(), realised), "{last:?}, {realised}");
    assert!(is_near(last.unrealized_pnl(), unrealised), "{last:?}, {unrealised}");
    assert!(is_near(last.daily_pnl(), realised + unrealised), "{last:?}: all of it was bought today");
}
