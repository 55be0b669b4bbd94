//! What is noted of orders, in the rows of orders and fills.

use pitdesk::domain::Note;
use pitdesk::link::{CommandId, Noted};

use super::*;

fn note(bench: &mut Bench, order: u64, text: &str, tags: &str) {
    let note = Note::typed(text, tags).into();
    let noted = Noted { to: CommandId(9), order: OrderId(order), outcome: Ok(note) };
    bench.market.publish(Update::Noted(noted.into()));
}

#[test]
fn a_note_stands_in_the_row_and_is_found_sorted_and_copied() {
    let mut pane = with_order();
    let bench = pane.state_mut();
    let (aapl, now) = (bench.market.id(AAPL), bench.market.now());
    bench.order(order(13, aapl, Side::Sell, "5", limit("290.00"), now));
    note(bench, 12, "Bought too early,\nas before", "gap, swing");
    settle(&mut pane);
    let row = &rows(&pane, "Order 12")[0];
    assert!(row.ends_with("Note #gap #swing Bought too early, as before"), "{row}");
    assert!(!rows(&pane, "Order 13")[0].contains("Note"));
    click(&mut pane, "Search and filter");
    pane.get_by_label("Search the table").type_text("#swing early");
    settle(&mut pane);
    assert_eq!(numbers(&pane), [12]);
    pane.get_by_label("Copy").click();
    pane.step();
    let text = pane.output().platform_output.commands.iter().find_map(|command| match command {
        egui::OutputCommand::CopyText(text) => Some(text.clone()),
        _ => None,
    });
    assert!(text.unwrap().ends_with("\tBought too early, as before\tgap, swing"));
}

#[test]
fn a_fill_has_the_note_of_its_order_and_n_opens_it() {
    let mut bench = empty();
    let (aapl, now) = (bench.market.id(AAPL), bench.market.now());
    let order = order(12, aapl, Side::Buy, "100", limit("282.50"), now);
    let commission = Money { amount: decimal("0.35"), currency: Currency::USD };
    bench.market.publish(Update::Fill(fill(1, &order, "60", "282.50", commission)));
    bench.order(order);
    note(&mut bench, 12, "on plan", "");
    let mut pane = bench.show(LARGE);
    pane.get_by_label_contains("Order 12:").click();
    pane.run_steps(2);
    press(&mut pane, Key::N);
    assert!(pane.state().wishes.contains(&UiCommand::Note(OrderId(12))));
    click(&mut pane, "Fills");
    assert!(rows(&pane, "Fill of order 12")[0].ends_with("Note on plan"));
    pane.get_by_label_contains("Fill of order 12").click();
    pane.run_steps(2);
    pane.state_mut().wishes.clear();
    press(&mut pane, Key::N);
    assert_eq!(pane.state().wishes, [UiCommand::Note(OrderId(12))]);
}
