//! Sorting, filtering, searching, copying and exporting what the tables show.

use pitdesk::domain::InstrumentId;
use pitdesk::link::update::Refused;
use pitdesk::link::{CommandId, FileDone, FileTask, Noted};
use pitdesk::ui::BlotterTool;
use pitdesk::ui::blotter::Blotter;

use super::*;
use crate::picture;

/// Orders 1 (working, 100 AAPL), 2 (filled, sold 9 MSFT), 3 (rejected, 20 AAPL) and 4 (working, sold 1,000 MSFT).
fn with_orders() -> Pane {
    let mut bench = empty();
    let now = bench.market.now();
    let (aapl, msft) = (bench.market.id(AAPL), bench.market.id("MSFT@NASDAQ"));
    let mut put = |id, of: InstrumentId, side, quantity: &str, at: &str, status| {
        let mut order = order(id, of, side, quantity, limit(at), now);
        order.status = status;
        order.reason = (status == OrderStatus::Rejected).then(|| "=too large".into());
        bench.order(order);
    };
    put(1, aapl, Side::Buy, "100", "282.50", OrderStatus::Working);
    put(2, msft, Side::Sell, "9", "540.00", OrderStatus::Filled);
    put(3, aapl, Side::Buy, "20", "281.00", OrderStatus::Rejected);
    put(4, msft, Side::Sell, "1000", "541.00", OrderStatus::Working);
    let mut pane = bench.show(LARGE);
    settle(&mut pane);
    pane
}

fn copied(pane: &Pane) -> Option<String> {
    pane.output().platform_output.commands.iter().find_map(|command| match command {
        egui::OutputCommand::CopyText(text) => Some(text.clone()),
        _ => None,
    })
}

/// The first cells of what was copied, line by line.
fn first_cells(text: &str) -> Vec<&str> {
    text.lines().filter_map(|line| line.split('\t').next()).collect()
}

fn chord(pane: &mut Pane, modifiers: Modifiers, key: Key) {
    pane.key_press_modifiers(modifiers, key);
    settle(pane);
}

/// Ctrl+C, as the window tells it.
fn copy_keys(pane: &mut Pane) {
    pane.input_mut().events.push(egui::Event::Copy);
    pane.step();
}

fn choose(pane: &mut Pane, choice: &str) {
    click(pane, "Filter the table");
    click(pane, choice);
    press(pane, Key::Escape);
}

#[test]
fn a_click_on_a_head_sorts_by_value_then_the_other_way_then_not_at_all() {
    let mut pane = with_orders();
    let direction = |pane: &Pane| pane.get_by_label("Sort by Quantity").accesskit_node().sort_direction();
    assert_eq!(direction(&pane), None);
    click(&mut pane, "Sort by Quantity");
    assert_eq!(numbers(&pane), [4, 1, 3, 2], "the largest first, as numbers");
    assert_eq!(direction(&pane), Some(egui::accesskit::SortDirection::Descending));
    assert!(painted(&pane).iter().any(|(text, _)| text == "Quantity ▼"));
    click(&mut pane, "Sort by Quantity");
    assert_eq!(numbers(&pane), [2, 3, 1, 4]);
    assert!(painted(&pane).iter().any(|(text, _)| text == "Quantity ▲"));
    click(&mut pane, "Sort by Quantity");
    assert_eq!(numbers(&pane), [4, 1, 3, 2], "the table's own: working first, newest first");
    assert_eq!(direction(&pane), None);
    click(&mut pane, "Sort by Symbol");
    assert_eq!(numbers(&pane), [1, 3, 4, 2], "words from A on, equal ones as they stood");
}

#[test]
fn a_list_that_is_sorted_stays_as_it_is_while_the_pointer_is_over_it() {
    let mut pane = with_orders();
    click(&mut pane, "Sort by Quantity");
    let row = pane.get_by_label_contains("Order 1:").rect();
    pane.hover_at(row.center());
    pane.run_steps(2);
    let bench = pane.state_mut();
    let (aapl, now) = (bench.market.id(AAPL), bench.market.now());
    bench.order(order(5, aapl, Side::Buy, "500", limit("281.00"), now));
    bench.change(3, |order| order.spec.quantity = qty("2000"));
    pane.run_steps(2);
    assert_eq!(numbers(&pane), [4, 1, 3, 2]);
    assert_eq!(pane.get_by_label_contains("Order 1:").rect(), row);
    assert_eq!(pane.get_by_label("Orders").value().as_deref(), Some("3, 1 new"));
    pane.hover_at(Pos2::new(300.0, 10.0));
    pane.run_steps(2);
    assert_eq!(numbers(&pane), [3, 4, 5, 1, 2]);
}

#[test]
fn what_a_filter_hides_is_said_and_working_orders_first_of_all() {
    let mut pane = with_orders();
    assert!(pane.query_by_label("Search the table").is_none(), "nothing is hidden");
    click(&mut pane, "Search and filter");
    choose(&mut pane, "Buy");
    assert_eq!(numbers(&pane), [1, 3]);
    pane.get_by_label("2 of 4, 1 working hidden");
    choose(&mut pane, "Rejected, unknown");
    assert_eq!(numbers(&pane), [3]);
    click(&mut pane, "Search and filter");
    pane.get_by_label("1 of 4, 2 working hidden");
    click(&mut pane, "Clear");
    assert_eq!(numbers(&pane), [4, 1, 3, 2]);
    assert!(pane.query_by_label("Search the table").is_none());
}

#[test]
fn a_filter_follows_the_selected_instrument_the_account_and_the_day() {
    let mut pane = with_orders();
    pane.state_mut().select(AAPL);
    click(&mut pane, "Search and filter");
    choose(&mut pane, "Only AAPL, the selected instrument");
    assert_eq!(numbers(&pane), [1, 3]);
    pane.state_mut().select("MSFT@NASDAQ");
    settle(&mut pane);
    assert_eq!(numbers(&pane), [4, 2]);
    click(&mut pane, "Clear");
    pane.state_mut().change(2, |order| order.account = AccountId("OTHER".into()));
    pane.state_mut().market.bank_also(|account| account.id = AccountId("OTHER".into()));
    let at_once = pane.state().window.desk.blotter().orders().cloned().collect::<Vec<_>>();
    for order in at_once {
        pane.state_mut().order(order);
    }
    pane.state_mut().change(2, |order| order.account = AccountId("OTHER".into()));
    settle(&mut pane);
    choose(&mut pane, "OTHER");
    assert_eq!(numbers(&pane), [2]);
    click(&mut pane, "Clear");
    choose(&mut pane, "Only today");
    assert_eq!(numbers(&pane).len(), 4);
    pane.state_mut().market.later(Duration::from_hours(24));
    settle(&mut pane);
    assert_eq!(numbers(&pane), [4, 1], "what works is shown, whatever its day");
}

#[test]
fn words_narrow_the_rows_and_escape_brings_them_back() {
    let mut pane = with_orders();
    pane.get_by_label_contains("Order 1:").click();
    pane.run_steps(2);
    chord(&mut pane, Modifiers::CTRL, Key::F);
    assert_eq!(focused(&pane), ["Search the table"]);
    for (text, shown) in
        [("msft", &[4_u64, 2][..]), ("MSFT filled", &[2]), ("large", &[3]), ("nothing like it", &[])]
    {
        pane.get_by_label("Search the table").type_text(text);
        settle(&mut pane);
        assert_eq!(numbers(&pane), shown, "{text}");
        chord(&mut pane, Modifiers::COMMAND, Key::A);
    }
    assert!(pane.query_by_label_contains("The filter hides all orders").is_some());
    press(&mut pane, Key::Escape);
    assert_eq!(numbers(&pane).len(), 4);
}

#[test]
fn an_order_shown_from_elsewhere_clears_the_filter_that_hides_it() {
    let mut pane = with_orders();
    click(&mut pane, "Search and filter");
    choose(&mut pane, "Sell");
    pane.state_mut().pane.show_order(OrderId(4));
    settle(&mut pane);
    assert_eq!(numbers(&pane), [4, 2], "it is shown already");
    pane.state_mut().pane.show_order(OrderId(1));
    settle(&mut pane);
    assert_eq!(numbers(&pane), [4, 1, 3, 2]);
}

#[test]
fn keys_sort_and_turn_round() {
    let mut pane = with_orders();
    press(&mut pane, Key::S);
    assert_eq!(numbers(&pane), [4, 1, 3, 2], "the table has not the keyboard");
    pane.get_by_label_contains("Order 1:").click();
    pane.run_steps(2);
    press(&mut pane, Key::S);
    assert_eq!(numbers(&pane), [4, 3, 2, 1], "by the first column");
    chord(&mut pane, Modifiers::SHIFT, Key::S);
    assert_eq!(numbers(&pane), [1, 2, 3, 4]);
}

#[test]
fn the_selected_row_or_all_that_are_shown_are_copied_with_their_heads() {
    let mut pane = with_orders();
    click(&mut pane, "Sort by Quantity");
    click(&mut pane, "Search and filter");
    choose(&mut pane, "Buy");
    pane.get_by_label("Copy").click();
    pane.step();
    let text = copied(&pane).unwrap();
    assert_eq!(first_cells(&text), ["order", "1", "3"]);
    let cells: Vec<&str> = text.lines().nth(2).unwrap().split('\t').collect();
    assert_eq!(&cells[5..10], ["AAPL@NASDAQ", "Buy", "20", "Limit", "281.00"]);
    assert_eq!(cells[22], "'=too large", "no spreadsheet takes it for a formula");
    pane.run_steps(2);
    pane.get_by_label_contains("Order 3:").click();
    pane.run_steps(2);
    copy_keys(&mut pane);
    assert_eq!(first_cells(&copied(&pane).unwrap()), ["order", "3"]);
}

#[test]
fn fills_are_sorted_filtered_and_copied_too() {
    let mut bench = empty();
    let (aapl, now) = (bench.market.id(AAPL), bench.market.now());
    let commission = |text| Money { amount: decimal(text), currency: Currency::USD };
    let bought = order(12, aapl, Side::Buy, "100", limit("282.50"), now);
    let sold = order(13, aapl, Side::Sell, "9", limit("282.50"), now);
    bench.market.publish(Update::Fill(fill(1, &bought, "90", "282.50", commission("0.35"))));
    bench.market.publish(Update::Fill(fill(2, &sold, "9", "283.50", commission("0.10"))));
    bench.market.publish(Update::Fill(fill(3, &bought, "10", "282.40", commission("0.05"))));
    let mut pane = bench.show(LARGE);
    click(&mut pane, "Fills");
    let commissions = |pane: &Pane| {
        let of = |row: String| row.split("Commission ").nth(1).unwrap().split(',').next().unwrap().to_owned();
        rows(pane, "Fill of").into_iter().map(of).collect::<Vec<_>>()
    };
    assert_eq!(commissions(&pane), ["0.05", "0.10", "0.35"]);
    click(&mut pane, "Sort by Commission");
    assert_eq!(commissions(&pane), ["0.35", "0.10", "0.05"]);
    click(&mut pane, "Search and filter");
    choose(&mut pane, "Sell");
    assert_eq!(commissions(&pane), ["0.10"]);
    pane.get_by_label("1 of 3");
    pane.get_by_label_contains("Fill of order 13").click();
    pane.run_steps(2);
    copy_keys(&mut pane);
    let text = copied(&pane).unwrap();
    assert!(text.lines().nth(1).unwrap().starts_with("2026-11-20T15:00:00Z\t"), "{text}");
    assert_eq!(text.lines().count(), 2);
}

#[test]
fn totals_are_of_the_positions_that_are_shown_and_say_so() {
    let mut pane = with_position(|settings| settings.base_currency = Currency::USD);
    pane.state_mut().market.quote("MSFT@NASDAQ", "540.00");
    pane.state_mut().hold("MSFT@NASDAQ", "-10", "550.00");
    settle(&mut pane);
    let total = |pane: &Pane| rows(pane, "Totals").remove(0);
    assert!(total(&pane).starts_with("Totals: Symbol Total USD"), "{}", total(&pane));
    click(&mut pane, "Sort by Unrealised");
    let first = |pane: &Pane| rows(pane, "Position in").remove(0);
    assert!(first(&pane).starts_with("Position in AAPL"), "450 before 100: {}", first(&pane));
    click(&mut pane, "Sort by Unrealised");
    assert!(first(&pane).starts_with("Position in MSFT"));
    click(&mut pane, "Search and filter");
    choose(&mut pane, "Sell");
    assert_eq!(rows(&pane, "Position in").len(), 1);
    assert!(total(&pane).starts_with("Totals: Symbol Total of shown USD"), "{}", total(&pane));
    pane.get_by_label("1 of 2");
}

#[test]
fn rows_are_written_to_a_file_that_is_not_there_yet() {
    let mut pane = with_orders();
    click(&mut pane, "Search and filter");
    choose(&mut pane, "Buy");
    pane.get_by_label_contains("Order 1:").click();
    pane.run_steps(2);
    chord(&mut pane, Modifiers::CTRL, Key::E);
    assert!(pane.query_by_label_contains("Writes 2 of 4, 1 working hidden orders").is_some());
    click(&mut pane, "Write");
    let sent = pane.state_mut().take_sent();
    let [Command::File(FileTask::Write { path, text })] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!(&**path, "~/pitdesk-orders-2026-11-20.csv");
    assert!(text.starts_with("order,entered,changed,") && text.lines().count() == 3, "{text}");
    let (task, to) = (FileTask::Write { path: path.clone(), text: text.clone() }, CommandId(1));
    let why = Refused("it is there already: choose another name".into());
    let done = FileDone { to, task: task.clone(), outcome: Err(why) };
    pane.state_mut().market.publish(Update::File(done.into()));
    settle(&mut pane);
    pane.get_by_label("it is there already: choose another name");
    click(&mut pane, "Write");
    let done = FileDone { to: CommandId(2), task, outcome: Ok(text.clone()) };
    pane.state_mut().market.publish(Update::File(done.into()));
    settle(&mut pane);
    pane.get_by_label("Written to ~/pitdesk-orders-2026-11-20.csv");
    click(&mut pane, "Close");
    assert!(pane.query_by_label("Write").is_none());
}

#[test]
fn the_search_of_the_window_reaches_the_tools() {
    let mut pane = with_orders();
    pane.state_mut().pane.ask(BlotterTool::Find);
    settle(&mut pane);
    assert_eq!(focused(&pane), ["Search the table"]);
    pane.state_mut().pane.ask(BlotterTool::Copy);
    pane.step();
    assert_eq!(first_cells(&copied(&pane).unwrap()), ["order", "4", "1", "3", "2"]);
}

#[test]
fn sorting_and_filter_are_kept_and_a_damaged_one_costs_itself_alone() {
    let mut pane = with_orders();
    click(&mut pane, "Sort by Quantity");
    click(&mut pane, "Search and filter");
    choose(&mut pane, "Buy");
    let saved = serde_json::to_value(&pane.state().pane).unwrap();
    let mut damaged = saved.clone();
    damaged["orders"]["view"]["filter"]["side"] = "sideways".into();
    damaged["tab"] = "fills".into();
    let show = |saved: serde_json::Value| {
        let pane = serde_json::from_value::<Blotter>(saved).unwrap();
        serde_json::to_value(&pane).unwrap()
    };
    assert_eq!(show(saved.clone()), saved);
    let back = show(damaged);
    assert_eq!(back["orders"]["view"]["filter"]["side"], serde_json::Value::Null);
    assert_eq!(back["tab"], "fills");
    let old = serde_json::json!({"orders": {"working_only": true}});
    let mut bench = empty();
    bench.pane = serde_json::from_value(old).unwrap();
    let (aapl, now) = (bench.market.id(AAPL), bench.market.now());
    let mut ended = order(1, aapl, Side::Buy, "5", limit("280"), now);
    ended.status = OrderStatus::Filled;
    bench.order(ended);
    let pane = bench.show(LARGE);
    assert_eq!(numbers(&pane), [0_u64; 0], "a file of before says that only working orders are shown");
}

#[test]
fn one_row_is_said_to_be_one() {
    let mut bench = empty();
    bench.hold("AAPL@NASDAQ", "100", "284.50");
    let mut pane = bench.show(LARGE);
    click(&mut pane, "Positions");
    click(&mut pane, "Search and filter");
    pane.get_by_label("1 position");
}

#[test]
fn the_activity_is_searched_and_copied_as_far_as_it_is_shown() {
    let mut bench = empty();
    bench.market.notice(NoticeLevel::Info, "Bought 5 AAPL at 284.50");
    bench.market.notice(NoticeLevel::Warning, "MSFT is far away");
    let mut pane = bench.show(LARGE);
    click(&mut pane, "Activity");
    pane.get_by_label("Search the activity").click();
    pane.run_steps(2);
    pane.get_by_label("Search the activity").type_text("warning msft");
    settle(&mut pane);
    assert!(pane.query_by_label_contains("Info: Bought").is_none());
    pane.get_by_label("1 of 2");
    pane.get_by_label("Copy all").click();
    pane.step();
    assert_eq!(copied(&pane).as_deref(), Some("20 Nov 15:00:00 Warning: MSFT is far away"));
}

#[test]
fn it_looks_as_it_should() {
    let mut pane = with_orders();
    let note = pitdesk::domain::Note::typed("Bought too early", "gap, swing");
    let noted = Noted { to: CommandId(9), order: OrderId(1), outcome: Ok(note.into()) };
    pane.state_mut().market.publish(Update::Noted(noted.into()));
    settle(&mut pane);
    click(&mut pane, "Sort by Quantity");
    click(&mut pane, "Search and filter");
    choose(&mut pane, "Buy");
    pane.hover_at(Pos2::new(300.0, 10.0));
    pane.run_steps(3);
    picture::assert_picture(&mut pane, "blotter");
    pitdesk::ui::theme::Theme::light().apply(&pane.ctx);
    pane.run_steps(3);
    picture::assert_picture(&mut pane, "blotter_light");
    pitdesk::ui::theme::Theme::dark().apply(&pane.ctx);
    pane.set_size(Vec2::new(460.0, 220.0));
    pane.run_steps(3);
    picture::assert_picture(&mut pane, "blotter_narrow");
}
