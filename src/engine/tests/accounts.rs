//! Orders go for the account that the trader saw, or for none.

use super::*;

fn paper(id: &str) -> Arc<Account> {
    Arc::new(Account { id: id.into(), ..Account::clone(&account()) })
}

fn held(account: &str, net: &str) -> Position {
    Position { net: dec(net), average_price: dec("100"), ..Position::flat(account.into(), SHARE) }
}

/// A session with these accounts, begun anew.
fn session(stage: &mut Stage, accounts: &[&str], positions: Vec<Position>) -> Vec<Effect> {
    let accounts = accounts.iter().map(|id| paper(id)).collect();
    let books = Books { accounts, positions, are_final: true, ..Books::default() };
    let told = stage.broker(BrokerEvent::Books(Arc::new(books)));
    stage.broker(BrokerEvent::Connection { state: ConnectionState::Ready, reason: "Ready".into() });
    stage.quote();
    told
}

fn with_accounts(accounts: &[&str], positions: Vec<Position>) -> Stage {
    let mut stage = stage_after(Journaled::default());
    session(&mut stage, accounts, positions);
    stage
}

fn buy_for(account: &str) -> Command {
    Command::Place(Place { account: account.into(), ..limit_order(Side::Buy, "10", "99.00") })
}

fn leave(account: &str, reverses: bool) -> Command {
    let (account, instrument, despite) = (account.into(), SHARE, Despite::default());
    if reverses {
        Command::Reverse { account, instrument, despite }
    } else {
        Command::Close { account, instrument, despite }
    }
}

/// For which accounts orders left, how many units each.
fn sent(effects: &[Effect]) -> Vec<(&str, Decimal)> {
    let mut found = Vec::new();
    for request in requests(effects) {
        if let BrokerRequest::Place(orders) = request {
            found.extend(orders.iter().map(|order| (&*order.account().0, order.spec().quantity.0)));
        }
    }
    found
}

#[test]
fn an_order_goes_for_the_account_that_it_names() {
    let mut stage = with_accounts(&["B", "C"], vec![held("B", "3"), held("C", "7")]);
    assert_eq!(sent(&stage.command(buy_for("C"))), [("C", dec("10"))]);
    assert_eq!(sent(&stage.command(buy_for("B"))), [("B", dec("10"))]);
    // Another is told of, whose name comes first.
    stage.broker(BrokerEvent::Account(paper("A")));
    assert_eq!(sent(&stage.command(buy_for("C"))), [("C", dec("10"))]);
    assert_eq!(sent(&stage.command(leave("C", false))), [("C", dec("7"))]);
    assert_eq!(sent(&stage.command(leave("B", true))), [("B", dec("6"))]);
    let nothing = stage.command(leave("A", false));
    assert!(refusal(&nothing).contains("no position in AAPL in account A"), "{}", refusal(&nothing));
}

#[test]
fn one_that_is_not_of_this_session_is_refused_by_its_name_and_no_other_is_taken() {
    let mut stage = with_accounts(&["A", "B"], vec![held("A", "3"), held("B", "7")]);
    stage.session_ends();
    session(&mut stage, &["A"], vec![held("A", "3")]);
    for command in [buy_for("B"), leave("B", false), leave("B", true), buy_for("X")] {
        let account = command.account().unwrap().0.to_string();
        let refused = stage.command(command);
        assert_eq!(sent(&refused), []);
        let why = format!("Paper does not tell of account {account} in this session: nothing was sent");
        assert!(refusal(&refused).starts_with(&why), "{}", refusal(&refused));
    }
    assert_eq!(stage.engine.orders.all().count(), 0);
}

#[test]
fn before_any_account_is_known_nothing_goes() {
    let mut stage = stage_after(Journaled::default());
    let refused = stage.command(buy_for("A"));
    assert!(refusal(&refused).contains("not reported an account yet"), "{}", refusal(&refused));
}

#[test]
fn an_order_that_waits_for_the_disk_does_not_leave_into_another_login() {
    for way in [buy_for("B"), leave("B", false)] {
        let mut stage = with_accounts(&["B"], vec![held("B", "7")]);
        stage.disk = Disk::Slow;
        assert!(answer(&stage.command(way)).is_ok());
        stage.session_ends();
        session(&mut stage, &["A"], Vec::new());
        let told = stage.disk_has_all();
        assert_eq!(sent(&told), []);
        let why = stage.order(1).reason.as_deref().unwrap_or_default();
        assert!(why.contains("account B") && stage.status(1) == OrderStatus::Rejected, "{why}");
    }
}
