//! Several accounts at one broker: which one is meant is in sight, is chosen by nobody but the
//! trader, and goes with the order.

use std::sync::Arc;
use std::time::Duration;

use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use pitdesk::domain::{Account, AccountId, BrokerId, Currency, Position, Reported, ReportedDay, Side};
use pitdesk::link::{Command, Update};
use pitdesk::risk::Despite;

use crate::bench::{limit, order, painted, position, settle};
use crate::desk::{Market, paper_account};
use crate::desktop::{Desktop, click, desktop, desktop_sized, search_and_enter, sent};
use crate::safety;

type Window = Harness<'static, Desktop>;

const AAPL: &str = "AAPL@NASDAQ";
const OTHER: &str = "DU7654321";

fn other() -> AccountId {
    AccountId(OTHER.into())
}

/// Publishes another account, with 40 AAPL beside the 100 of the first and an order of each.
fn two_accounts(market: &mut Market) {
    market.bank_also(|account| {
        account.id = other();
        account.title = "Second paper account".into();
    });
    let aapl = market.id(AAPL);
    market.publish(Update::Position(position(aapl, "100", "280.00")));
    market.publish(Update::Position(Position { account: other(), ..position(aapl, "-40", "285.00") }));
    let now = market.now();
    market.publish(Update::Order(order(12, aapl, Side::Buy, "10", limit("280.00"), now)));
    let mut theirs = order(13, aapl, Side::Buy, "10", limit("281.00"), now);
    theirs.account = other();
    market.publish(Update::Order(theirs));
    market.quote(AAPL, "284.50");
}

fn with_two(mut window: Window) -> Window {
    window.state_mut().market.configure(|settings| settings.confirm_orders = false);
    two_accounts(&mut window.state_mut().market);
    settle(&mut window);
    window.run_steps(2);
    sent(&mut window);
    window
}

/// Chooses the account that orders are entered for.
pub fn choose(window: &mut Window, account: &str) {
    click(window, "Account for orders");
    window.run_steps(2);
    window.get_by_label_contains(&format!("{account} · ")).click();
    settle(window);
    window.run_steps(2);
}

#[test]
fn what_the_broker_counts_itself_stands_below_the_total_and_is_the_equity() {
    let mut window = desktop();
    let day = ReportedDay { gain: 1_500.into(), unrealised: 2_000.into(), realised: (-500).into() };
    let reported = Some(Reported { equity: 7_500_000.into(), day: Some(day) });
    let account = Account { base: Currency::JPY, reported, ..paper_account() };
    window.state_mut().market.publish(Update::Account(Arc::new(account)));
    settle(&mut window);
    click(&mut window, "Account");
    window.run_steps(2);
    let line = "Paper counts: equity 7,500,000 JPY · today +1,500 (open +2,000, realised −500)";
    assert!(says(&window, line), "{:?}", painted(&window));
}

fn is_disabled(window: &Window, name: &str) -> bool {
    window.get_by_label(name).accesskit_node().is_disabled()
}

fn about(window: &Window, name: &str) -> String {
    window.get_by_label(name).accesskit_node().description().unwrap_or_default()
}

fn says(window: &Window, what: &str) -> bool {
    painted(window).iter().any(|(text, _)| text.contains(what))
}

/// Longer than a double click.
fn wait(window: &mut Window) {
    window.state_mut().market.later(Duration::from_millis(600));
    window.run_steps(2);
}

#[test]
fn where_there_is_one_account_nobody_is_asked_which() {
    let mut window = desktop();
    window.state_mut().market.quote(AAPL, "284.50");
    settle(&mut window);
    assert!(window.query_by_label("Account for orders").is_none());
    assert!(!is_disabled(&window, "Buy"));
}

#[test]
fn of_several_none_is_taken_before_one_is_chosen_and_then_that_one() {
    let mut window = with_two(desktop());
    assert!(says(&window, "Choose an account first") && says(&window, "choose …"));
    assert!(!says(&window, "flat"), "nobody knows whose position that would be");
    for name in ["Buy", "Sell", "Close", "Reverse"] {
        assert!(is_disabled(&window, name), "{name}");
        assert!(about(&window, name).contains("choose the one that orders are entered for"), "{name}");
    }
    choose(&mut window, OTHER);
    assert!(says(&window, "short 40 @ 285.00"), "the position of that account");
    assert_eq!(about(&window, "Buy"), format!("Buy (reverses) 100 @ 284.49 for {OTHER}"));
    click(&mut window, "Buy");
    let commands = sent(&mut window);
    let [Command::Place(place)] = &commands[..] else { panic!("{commands:?}") };
    assert_eq!(place.account, other());
    wait(&mut window);
    click(&mut window, "Close");
    let instrument = window.state().market.id(AAPL);
    let close = Command::Close { account: other(), instrument, despite: Despite::default() };
    assert_eq!(sent(&mut window), [close]);

    choose(&mut window, "PAPER");
    assert!(says(&window, "long 100 @ 280.00"));
    wait(&mut window);
    click(&mut window, "Reverse");
    let account = AccountId("PAPER".into());
    assert_eq!(sent(&mut window), [Command::Reverse { account, instrument, despite: Despite::default() }]);
}

#[test]
fn a_question_about_one_account_is_void_for_another() {
    let mut window = with_two(desktop());
    let market = &mut window.state_mut().market;
    market.configure(|settings| settings.confirm_orders = true);
    // The same is held in both: nothing but the account differs.
    let held = position(market.id(AAPL), "-40", "285.00");
    market.publish(Update::Position(held));
    choose(&mut window, OTHER);
    click(&mut window, "Buy");
    let asks = format!("Confirm buy 100 AAPL @ 284.49, for account {OTHER}");
    window.get_by_label(&asks);
    // By another way than the ticket's own, which takes every question back.
    search_and_enter(&mut window, "Enter orders for account PAPER");
    wait(&mut window);
    assert!(window.query_by_label(&asks).is_none());
    assert_eq!(sent(&mut window), []);
}

#[test]
fn one_that_is_not_there_any_more_is_named_and_no_other_takes_its_place() {
    let mut window = with_two(desktop());
    choose(&mut window, OTHER);
    // Another login, which has the first alone.
    window.state_mut().market.bank_only(0);
    window.state_mut().market.quote(AAPL, "284.50");
    settle(&mut window);
    window.run_steps(2);
    assert!(says(&window, "This account is not here"));
    assert!(
        is_disabled(&window, "Buy") && about(&window, "Buy").contains(OTHER),
        "{}",
        about(&window, "Buy")
    );
    choose(&mut window, "PAPER");
    assert!(!is_disabled(&window, "Buy"));
    assert!(window.query_by_label("Account for orders").is_none(), "there is nothing to choose any more");
}

#[test]
fn the_choice_outlives_the_program() {
    let mut window = with_two(desktop());
    choose(&mut window, OTHER);
    window.state_mut().market.later(Duration::from_secs(2));
    window.run_steps(3);
    let commands = window.state_mut().market.commands();
    let saved = commands.iter().rev().find_map(|command| match command {
        Command::SaveWorkspace(text) => Some(text.to_string()),
        _ => None,
    });
    let (mut market, mut terminal) = Market::with_terminal(saved.as_deref());
    two_accounts(&mut market);
    terminal.logic();
    let chosen = terminal.desk().entry_account(BrokerId(0)).map(|account| account.id.clone());
    assert_eq!(chosen, Ok(other()));
}

#[test]
fn rows_name_their_account_and_act_on_it() {
    let mut window = with_two(desktop());
    for (id, account) in [(12, "PAPER"), (13, OTHER)] {
        let start = format!("Order {id}:");
        let row = window.get_by_label_contains(&start);
        let label = row.accesskit_node().label().unwrap_or_default();
        assert!(label.contains(&format!("Symbol AAPL · {account},")), "{label}");
    }
    click(&mut window, "Positions");
    let instrument = window.state().market.id(AAPL);
    click(&mut window, &format!("Close AAPL of {OTHER}"));
    let close = Command::Close { account: other(), instrument, despite: Despite::default() };
    assert_eq!(sent(&mut window), [close]);
    wait(&mut window);
    click(&mut window, "Reverse AAPL of PAPER");
    let account = AccountId("PAPER".into());
    assert_eq!(sent(&mut window), [Command::Reverse { account, instrument, despite: Despite::default() }]);
}

/// For a person to look at: `PITDESK_PICTURES=folder cargo test --test panes`.
#[test]
fn it_fits_every_size() {
    let sizes = safety::SIZES.into_iter().chain([([1280.0, 720.0], "1280-dark")]);
    for (size, name) in sizes {
        let mut window = with_two(desktop_sized(size.into()));
        safety::theme_by(&mut window, name);
        safety::save(&mut window, &format!("accounts-ask-{name}"));
        choose(&mut window, OTHER);
        window.state_mut().market.configure(|settings| settings.confirm_orders = true);
        click(&mut window, "Positions");
        click(&mut window, "Buy");
        safety::save(&mut window, &format!("accounts-{name}"));
        assert_eq!(window.query_all_by_label("PAPER").count(), 1, "that it is paper is said once");
        window.get_by_label(&format!("Equity of {OTHER}"));
        let bottom = window.get_by_label("Kill switch").rect().top();
        for way_out in ["Close", "Reverse"] {
            assert!(window.get_by_label(way_out).rect().bottom() < bottom, "{way_out} in {name}");
        }
        click(&mut window, "Account for orders");
        window.run_steps(2);
        safety::save(&mut window, &format!("accounts-choose-{name}"));
        assert_eq!(sent(&mut window), []);
    }
}
