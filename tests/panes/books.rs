//! The report of what was found when the books were compared, and the ways that lead to it.

use std::sync::Arc;

use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use pitdesk::domain::settings::ZoneDisplay;
use pitdesk::domain::{BrokerId, OrderId, Side};
use pitdesk::link::update::Refused;
use pitdesk::link::{
    Answer, Command, ConnectionState, Finding, FindingKind, NoticeLevel, Reconciliation, Update,
};
use pitdesk::ui::theme::Theme;

use crate::bench::{focused, limit, order, painted, settle};
use crate::desktop::{Desktop, click, desktop, desktop_sized, sent};
use crate::safety;

type Window = Harness<'static, Desktop>;

const TITLE: &str = "What was found when the books were compared";
const RECONCILE: Command = Command::Reconcile { broker: BrokerId(0) };

fn finding(kind: FindingKind, order: u64, text: &str) -> Finding {
    Finding { kind, order: Some(OrderId(order)), text: text.into() }
}

fn findings() -> Vec<Finding> {
    vec![
        finding(FindingKind::Filled, 12, "Order 12: Buy 100 AAPL at 282.50"),
        finding(FindingKind::Filled, 12, "Order 12: Buy 50 AAPL at 282.49"),
        finding(FindingKind::Gone, 14, "Order 14, Sell 25 MSFT: not in the broker's books any more"),
    ]
}

fn report(window: &mut Window, findings: Vec<Finding>) {
    let market = &mut window.state_mut().market;
    market.configure(|settings| settings.time_zone_display = ZoneDisplay::Utc);
    let at = market.now();
    let report = Reconciliation { broker: BrokerId(0), at, findings };
    market.publish(Update::Reconciled(Arc::new(report)));
    settle(window);
}

fn is_open(window: &Window) -> bool {
    window.query_by_label("Close books").is_some()
}

#[test]
fn what_needs_attention_stands_at_the_light_until_it_was_looked_at() {
    let mut window = desktop();
    report(&mut window, findings()[..2].to_vec());
    assert!(window.query_by_label("Findings of Paper").is_none(), "nothing to decide");
    report(&mut window, findings());
    click(&mut window, "Findings of Paper");
    window.run_steps(2);
    assert!(is_open(&window));
    assert_eq!(focused(&window), ["Close books"]);
    window.key_press(Key::Escape);
    settle(&mut window);
    assert!(!is_open(&window));
    assert!(window.query_by_label("Findings of Paper").is_none(), "it was looked at");
}

#[test]
fn it_tells_when_and_what_with_the_gravest_first() {
    let mut window = desktop();
    report(&mut window, findings());
    click(&mut window, "Books of Paper");
    window.run_steps(2);
    window.get_by_label(TITLE);
    window.get_by_label("compared 20 Nov 15:00:00 UTC");
    window.get_by_label("2 fills happened while offline");
    window.get_by_label("1 order is not at the broker any more");
    let top = |text: &str| window.get_by_label(text).rect().top();
    let gone = "Order 14, Sell 25 MSFT: not in the broker's books any more";
    assert!(top(gone) < top("Order 12: Buy 100 AAPL at 282.50"));
    let all = painted(&window);
    let colour = all.iter().find(|(text, _)| text == gone).expect("it is painted").1;
    assert_eq!(colour, Theme::dark().danger);
}

#[test]
fn a_finding_leads_to_its_order() {
    let mut window = desktop();
    let market = &mut window.state_mut().market;
    let order = order(14, market.id("MSFT@NASDAQ"), Side::Sell, "25", limit("500.00"), market.now());
    market.publish(Update::Order(order));
    report(&mut window, findings());
    click(&mut window, "Books of Paper");
    window.run_steps(2);
    click(&mut window, "Order 14, Sell 25 MSFT: not in the broker's books any more");
    window.run_steps(2);
    assert!(!is_open(&window));
    let row = window.get_by_label_contains("Order 14:");
    assert_eq!(row.accesskit_node().is_selected(), Some(true));
}

#[test]
fn the_notice_of_a_report_leads_to_it_and_no_other_does() {
    let mut window = desktop();
    report(&mut window, findings());
    let market = &mut window.state_mut().market;
    market.notice(NoticeLevel::Warning, "Paper: something else");
    settle(&mut window);
    assert!(window.query_by_label("Show what was found").is_none());
    let told = "Paper: 2 fills happened while offline; 1 order is not at the broker any more";
    window.state_mut().market.notice(NoticeLevel::Error, told);
    settle(&mut window);
    click(&mut window, "Show what was found");
    window.run_steps(2);
    assert!(is_open(&window));
    assert!(window.query_by_label(&format!("Dismiss: {told}")).is_none(), "the notice is gone");
}

#[test]
fn books_are_compared_on_demand_and_a_refusal_is_told_there() {
    let mut window = desktop();
    window.key_press_modifiers(Modifiers::COMMAND, Key::K);
    settle(&mut window);
    window.get_by_role_and_label(egui::Role::TextInput, "Search").type_text("books");
    settle(&mut window);
    window.key_press(Key::Enter);
    settle(&mut window);
    window.run_steps(2);
    window.get_by_label("not compared yet");
    let compare = "Compare the books of Paper now";
    click(&mut window, compare);
    let envelopes = window.state_mut().market.envelopes();
    let asked = envelopes.iter().find(|envelope| envelope.command == RECONCILE).expect("it was sent");
    assert!(window.get_by_label(compare).accesskit_node().is_disabled());
    let outcome = Err(Refused("Paper is not ready".into()));
    window.state_mut().market.publish(Update::Answer(Answer { to: asked.id, outcome }));
    settle(&mut window);
    window.get_by_label("Paper is not ready");
    click(&mut window, compare);
    assert_eq!(sent(&mut window), [RECONCILE]);
    report(&mut window, Vec::new());
    window.get_by_label("Nothing differed");
    assert!(!window.get_by_label(compare).accesskit_node().is_disabled());
    window.state_mut().market.connection(ConnectionState::Down, "Lost");
    settle(&mut window);
    assert!(window.get_by_label(compare).accesskit_node().is_disabled());
}

#[test]
fn while_books_are_compared_the_light_and_the_ticket_say_so() {
    let mut window = desktop();
    window.state_mut().market.quote("AAPL@NASDAQ", "284.50");
    window.state_mut().market.connection(ConnectionState::Reconciling, "Comparing books");
    settle(&mut window);
    window.get_by_label("Reconciling");
    let line = "Comparing books: positions can only be made smaller";
    assert!(painted(&window).iter().any(|(text, _)| text == line));
    assert!(window.get_by_label("Buy").accesskit_node().is_disabled());
}

#[test]
fn it_fits_every_size() {
    for (size, name) in safety::SIZES {
        let mut window = desktop_sized(size.into());
        safety::theme_by(&mut window, name);
        let mut many = findings();
        for order in 20..60 {
            let text = format!(
                "Order {order}, Buy 1,000,000.00000001 BTC/KRW at 150,000,000: it ended while offline, and nobody \
                 can say when or why; the broker lists no executions"
            );
            many.push(finding(FindingKind::Ended, order, &text));
        }
        report(&mut window, many);
        let told = window.state().terminal.desk().reconciled()[0].to_string();
        window.state_mut().market.notice(NoticeLevel::Error, &format!("Paper: {told}"));
        settle(&mut window);
        window.run_steps(2);
        safety::save(&mut window, &format!("books-closed-{name}"));
        click(&mut window, "Books of Paper");
        window.run_steps(2);
        safety::save(&mut window, &format!("books-{name}"));
        assert!(window.get_by_label("Close books").rect().bottom() < size[1]);
    }
}

#[test]
fn books_that_come_late_take_the_complaint_back() {
    let mut window = desktop();
    report(&mut window, Vec::new());
    window.state_mut().market.later(std::time::Duration::from_secs(1));
    click(&mut window, "Books of Paper");
    window.run_steps(2);
    click(&mut window, "Compare the books of Paper now");
    window.state_mut().market.later(std::time::Duration::from_secs(6));
    settle(&mut window);
    window.get_by_label("No answer yet");
    report(&mut window, findings());
    assert!(window.query_by_label("No answer yet").is_none());
}

#[test]
fn a_finding_that_is_cut_off_is_told_in_full_to_whoever_points_at_it() {
    let mut window = desktop();
    let long = format!("Order 12: {}", "nobody can say what became of it, ".repeat(8));
    report(&mut window, vec![finding(FindingKind::Ended, 12, &long)]);
    click(&mut window, "Books of Paper");
    window.run_steps(2);
    window.get_by_label_contains("Order 12: nobody").hover();
    window.run_steps(6);
    let told = format!("{long}\n\nShows the order in the blotter");
    assert!(window.query_by_label(&told).is_some());
}
