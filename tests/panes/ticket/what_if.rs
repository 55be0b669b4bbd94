//! What the broker says that an order would come to, while the ticket asks.

use pitdesk::domain::{Currency, Impact, MarginImpact, Money};
use pitdesk::link::{CommandId, Reckoned, WhatIf};

use super::*;

/// A broker that reckons.
fn reckoning() -> Bench {
    let mut bench = asking();
    bench.market.grow();
    bench
}

fn commands(ui: &Ui) -> Vec<&Command> {
    ui.state().sent.iter().map(|envelope| &envelope.command).collect()
}

fn ask(ui: &mut Ui) -> CommandId {
    click(ui, "Buy");
    let [Command::WhatIf(WhatIf { account, spec })] = commands(ui)[..] else {
        panic!("{:?}", ui.state().sent)
    };
    assert_eq!((&*account.0, spec.side, spec.quantity), ("PAPER", Side::Buy, qty("100")));
    ui.state().sent[0].id
}

fn tells(ui: &mut Ui, to: CommandId, outcome: Result<Impact, std::sync::Arc<str>>) {
    ui.state_mut().market.publish(Update::Impact(Reckoned { to, outcome }.into()));
    ui.run_steps(2);
}

fn impact(equity: &str) -> Impact {
    Impact {
        commission: Some(Money { amount: decimal("1.25"), currency: Currency::USD }),
        margin: Some(MarginImpact {
            currency: Currency::USD,
            initial_change: decimal("5687"),
            initial_after: decimal("7000"),
            maintenance_after: None,
            equity_after: Some(decimal(equity)),
        }),
        warning: None,
    }
}

#[test]
fn margin_and_commission_stand_there_while_it_asks_and_no_button_moves() {
    let mut ui = open(reckoning(), AAPL, "{}");
    let at_rest = ui.get_by_label("Buy").rect();
    let id = ask(&mut ui);
    assert_eq!(ui.get_all_by_label("reckoning …").count(), 2);
    assert_eq!(ui.get_by_label_contains("Confirm buy").rect(), at_rest);
    tells(&mut ui, id, Ok(impact("100000")));
    ui.get_by_label("+5,687.00 → 7,000.00");
    ui.get_by_label("1.25 USD");
    assert_eq!(ui.get_by_label_contains("Confirm buy").rect(), at_rest);
    wait(&mut ui, READING);
    ui.get_by_label_contains("Confirm buy").click();
    settle(&mut ui);
    assert!(matches!(commands(&ui)[..], [Command::WhatIf(_), Command::Place(_)]), "{:?}", ui.state().sent);
    assert!(ui.query_by_label("1.25 USD").is_none(), "it was about what was asked");
}

#[test]
fn an_order_need_not_wait_for_it() {
    let mut ui = open(reckoning(), AAPL, "{}");
    ask(&mut ui);
    wait(&mut ui, READING);
    ui.get_by_label_contains("Confirm buy").click();
    settle(&mut ui);
    assert!(matches!(commands(&ui)[..], [Command::WhatIf(_), Command::Place(_)]));
}

#[test]
fn why_nobody_knows_is_said_and_what_is_of_another_question_is_not_shown() {
    let mut ui = open(reckoning(), AAPL, "{}");
    let id = ask(&mut ui);
    tells(&mut ui, CommandId(id.0 + 77), Ok(impact("100000")));
    assert_eq!(ui.get_all_by_label("reckoning …").count(), 2);
    tells(&mut ui, id, Err("TWS has not answered".into()));
    assert_eq!(ui.get_all_by_label("not told").count(), 2);
}

#[test]
fn a_broker_that_does_not_reckon_is_not_asked() {
    let mut ui = open(asking(), AAPL, "{}");
    click(&mut ui, "Buy");
    assert_eq!(ui.state().sent, []);
    ui.get_by_label_contains("Confirm buy");
}

#[test]
fn an_earlier_answer_does_not_stand_under_another_question() {
    let mut bench = reckoning();
    bench.market.configure(|settings| settings.confirm_orders = false);
    let mut ui = open(bench, AAPL, "{}");
    ui.get_by_label("Quantity").focus();
    ui.run_steps(2);
    ui.key_press_modifiers(CTRL, Key::B);
    ui.run_steps(2);
    let first = ui.state().sent[0].id;
    tells(&mut ui, first, Ok(impact("100000")));
    ui.get_by_label("1.25 USD");
    ui.key_press(Key::Escape);
    write(&mut ui, "Quantity", "200");
    // The market is odd: it asks whether to send despite that.
    wait(&mut ui, Duration::from_mins(1));
    click(&mut ui, "Buy");
    assert!(ui.query_by_label_contains("Send despite").is_some());
    assert!(ui.query_by_label("1.25 USD").is_none());
    assert_eq!(ui.get_all_by_label("reckoning …").count(), 2);
    let Some(Command::WhatIf(asked)) = commands(&ui).last().copied() else { panic!("{:?}", ui.state().sent) };
    assert_eq!(asked.spec.quantity, qty("200"));
}
