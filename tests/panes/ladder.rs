//! The price ladder: what it shows, what a click on it does, and what it never does.

use std::sync::Arc;
use std::time::Duration;

use egui::{Event, Key, Modifiers, PointerButton, Pos2, Rect, pos2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use pitdesk::domain::{Depth, Level, OrderId, OrderKind, OrderStatus, Origin, Price, Side, Trade};
use pitdesk::link::{Command, KillState, Place, Update};
use pitdesk::ui::UiCommand;
use pitdesk::ui::ladder::Ladder;
use pitdesk::ui::theme::Theme;

use crate::bench::{Bench, limit, order, settle};
use crate::desk::{decimal, price, qty};
use crate::desktop::{click, desktop, sent};
use crate::picture;

type Trader = Bench<Ladder>;
type Window = Harness<'static, Trader>;

const AAPL: &str = "AAPL@NASDAQ";
/// No room for the last trades and the volume: so the columns of a side stand at its edge.
const NARROW: f32 = 320.0;

/// The market of Apple at this ask, ten levels deep.
fn market(trader: &mut Trader, ask: &str) {
    let (id, now) = (trader.market.id(AAPL), trader.market.now());
    trader.market.quote(AAPL, ask);
    let ticks = trader.market.instruments()[id.index()].ticks.clone();
    let ask = price(ask);
    let level = |steps: i32, lots: i64| Level {
        price: ticks.step(ask, steps),
        quantity: qty(&(lots * 100).to_string()),
        orders: 1,
    };
    let depth = Depth {
        bids: (1..=10).map(|n| level(-n, i64::from(n) + 2)).collect(),
        asks: (0..10).map(|n| level(n, i64::from(n) + 1)).collect(),
        time: now,
    };
    trader.market.batch(|batch| batch.depth(id, Arc::new(depth), now));
}

fn trade(trader: &mut Trader, at: &str, quantity: &str, aggressor: Side) {
    let (id, time) = (trader.market.id(AAPL), trader.market.now());
    let trade = Trade { time, price: price(at), quantity: qty(quantity), aggressor: Some(aggressor) };
    trader.market.batch(|batch| batch.trade(id, trade, time));
}

fn ladder_of(width: f32, height: f32) -> Window {
    let mut trader = Bench::new(Ladder::default());
    trader.select(AAPL);
    market(&mut trader, "284.50");
    let mut window = trader.show(vec2(width, height));
    window.run_steps(2);
    window
}

fn ladder() -> Window {
    ladder_of(NARROW, 460.0)
}

fn arm(window: &mut Window) {
    let desk = &mut window.state_mut().window.desk;
    let account = Arc::clone(&desk.accounts()[0]);
    desk.arm_one_click(&account);
    settle(window);
}

/// Where a row stands.
#[track_caller]
fn row(window: &Window, at: &str) -> Rect {
    let is_row = |label: &str| label == at || label.starts_with(&format!("{at}, "));
    window.get_by(|node| node.value().is_some_and(|label| is_row(&label))).rect()
}

/// A place in the column of a side of the book, at a price.
#[track_caller]
fn book(window: &Window, side: Side, at: &str) -> Pos2 {
    let row = row(window, at);
    let x = if side == Side::Buy { row.left() + 72.0 } else { row.right() - 72.0 };
    pos2(x, row.center().y)
}

/// A place in the column of our orders of a side.
#[track_caller]
fn own(window: &Window, side: Side, at: &str) -> Pos2 {
    let row = row(window, at);
    let x = if side == Side::Buy { row.left() + 20.0 } else { row.right() - 20.0 };
    pos2(x, row.center().y)
}

fn button(pos: Pos2, pressed: bool, modifiers: Modifiers) -> Event {
    Event::PointerButton { pos, button: PointerButton::Primary, pressed, modifiers }
}

fn press(window: &mut Window, at: Pos2, modifiers: Modifiers) {
    window.event(Event::PointerMoved(at));
    window.event(button(at, true, modifiers));
    window.event(button(at, false, modifiers));
    window.run_steps(2);
}

fn drag(window: &mut Window, from: Pos2, to: Pos2) {
    window.event(Event::PointerMoved(from));
    window.event(button(from, true, Modifiers::NONE));
    window.run_steps(1);
    window.event(Event::PointerMoved(to));
    window.run_steps(1);
    window.event(button(to, false, Modifiers::NONE));
    window.run_steps(2);
}

fn placed(commands: &[Command]) -> Vec<(Side, OrderKind)> {
    let place = |command: &Command| match command {
        Command::Place(Place { spec, origin: Origin::Ladder, .. }) => Some((spec.side, spec.kind)),
        _ => None,
    };
    commands.iter().filter_map(place).collect()
}

fn says(window: &Window, part: &str) -> bool {
    let nodes = window.query_all_by(|node| node.value().is_some_and(|label| label.contains(part)));
    nodes.count() > 0
}

#[test]
fn a_row_tells_the_book_and_our_orders() {
    let mut window = ladder();
    let id = window.state().market.id(AAPL);
    let now = window.state().market.now();
    window.state_mut().order(order(1, id, Side::Buy, "100", limit("284.45"), now));
    settle(&mut window);
    assert!(says(&window, "284.45, bid 700, our buys 100"));
    assert!(says(&window, "284.50, ask 100"));
    let demand = &window.state().demand;
    assert!(demand.depth.contains(&id) && demand.trades.contains(&id) && demand.quotes.contains(&id));
}

#[test]
fn until_it_is_armed_a_click_sends_nothing_and_offers_the_price_to_the_ticket() {
    let mut window = ladder();
    let at = book(&window, Side::Buy, "284.40");
    press(&mut window, at, Modifiers::NONE);
    assert_eq!(window.state_mut().take_sent(), []);
    assert_eq!(window.state().wishes, [UiCommand::TakePrice(price("284.40"))]);
    assert!(says(&window, "Arm one-click trading above"));
}

#[test]
fn a_click_sends_an_order_at_the_price_of_its_row() {
    let mut window = ladder();
    arm(&mut window);
    let (bid, ask) = (book(&window, Side::Buy, "284.40"), book(&window, Side::Sell, "284.55"));
    let above = book(&window, Side::Buy, "284.55");
    press(&mut window, bid, Modifiers::NONE);
    press(&mut window, ask, Modifiers::NONE);
    press(&mut window, above, Modifiers::SHIFT);
    let sent = window.state_mut().take_sent();
    let stop = OrderKind::Stop { stop: price("284.55") };
    assert_eq!(
        placed(&sent),
        [(Side::Buy, limit("284.40")), (Side::Sell, limit("284.55")), (Side::Buy, stop)],
        "{sent:?}"
    );
}

#[test]
fn two_quick_clicks_are_two_orders() {
    let mut window = ladder();
    arm(&mut window);
    let at = book(&window, Side::Buy, "284.40");
    window.event(Event::PointerMoved(at));
    for pressed in [true, false, true, false] {
        window.event(button(at, pressed, Modifiers::NONE));
    }
    window.run_steps(2);
    let sent = window.state_mut().take_sent();
    assert_eq!(placed(&sent), [(Side::Buy, limit("284.40")); 2]);
}

#[test]
fn whoever_slides_off_a_row_takes_the_click_back() {
    let mut window = ladder();
    arm(&mut window);
    let (from, to) = (book(&window, Side::Buy, "284.40"), book(&window, Side::Buy, "284.42"));
    drag(&mut window, from, to);
    assert_eq!(window.state_mut().take_sent(), []);
}

#[test]
fn a_click_on_our_order_cancels_it_and_a_drag_moves_it() {
    let mut window = ladder();
    let (id, now) = (window.state().market.id(AAPL), window.state().market.now());
    window.state_mut().order(order(7, id, Side::Buy, "100", limit("284.45"), now));
    settle(&mut window);
    let (at, to) = (own(&window, Side::Buy, "284.45"), own(&window, Side::Buy, "284.41"));
    press(&mut window, at, Modifiers::NONE);
    assert_eq!(window.state_mut().take_sent(), [], "not armed");
    assert!(window.state().wishes.contains(&UiCommand::ShowOrder(OrderId(7))));
    arm(&mut window);
    drag(&mut window, at, to);
    let sent = window.state_mut().take_sent();
    let [Command::Amend { order, limit, stop: None, quantity: None, .. }] = &sent[..] else {
        panic!("{sent:?}")
    };
    assert_eq!((*order, *limit), (OrderId(7), Some(price("284.41"))));
    press(&mut window, at, Modifiers::NONE);
    assert_eq!(window.state_mut().take_sent(), [Command::Cancel { order: OrderId(7) }]);
    window.state_mut().change(7, |order| order.status = OrderStatus::PendingCancel);
    settle(&mut window);
    press(&mut window, at, Modifiers::NONE);
    assert_eq!(window.state_mut().take_sent(), [], "it is on its way");
}

#[test]
fn a_press_that_began_before_the_ladder_was_out_of_sight_ends_nowhere() {
    let mut window = desktop();
    for words in ["open ladder in a new tab", "arm one-click"] {
        window.key_press_modifiers(Modifiers::COMMAND, Key::K);
        settle(&mut window);
        window.event(Event::Text(words.to_owned()));
        settle(&mut window);
        window.key_press(Key::Enter);
        settle(&mut window);
    }
    window.state_mut().market.quote(AAPL, "284.50");
    settle(&mut window);
    let row = window.get_by(|node| node.value().is_some_and(|text| text.starts_with("284.45"))).rect();
    let at = pos2(row.left() + 72.0, row.center().y);
    window.event(Event::PointerMoved(at));
    window.event(button(at, true, Modifiers::NONE));
    window.run_steps(1);
    // Another tab and back, while the button is held.
    for _ in 0..2 {
        window.key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::W);
        window.run_steps(2);
    }
    window.event(button(at, false, Modifiers::NONE));
    settle(&mut window);
    assert!(sent(&mut window).iter().all(|command| !matches!(command, Command::Place(_))));
}

#[test]
fn a_waiting_stop_is_dragged_by_its_trigger() {
    let mut window = ladder();
    let (id, now) = (window.state().market.id(AAPL), window.state().market.now());
    let mut stop = order(8, id, Side::Sell, "100", OrderKind::Stop { stop: price("284.45") }, now);
    stop.status = OrderStatus::Held;
    window.state_mut().order(stop);
    window.state_mut().hold(AAPL, "100", "280");
    settle(&mut window);
    arm(&mut window);
    let (at, to) = (own(&window, Side::Sell, "284.45"), own(&window, Side::Sell, "284.42"));
    drag(&mut window, at, to);
    let sent = window.state_mut().take_sent();
    let [Command::Amend { order: OrderId(8), limit: None, stop, .. }] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!(*stop, Some(price("284.42")));
}

#[test]
fn keys_join_and_improve_only_when_armed_and_never_into_the_other_side() {
    let mut window = ladder();
    let at = book(&window, Side::Buy, "284.40");
    window.event(Event::PointerMoved(at));
    window.run_steps(2);
    window.key_press(Key::B);
    window.run_steps(2);
    assert_eq!(window.state_mut().take_sent(), []);
    arm(&mut window);
    window.key_press(Key::B);
    window.run_steps(1);
    window.key_press(Key::S);
    window.run_steps(1);
    window.key_press_modifiers(Modifiers::SHIFT, Key::B);
    window.run_steps(2);
    let sent = window.state_mut().take_sent();
    assert_eq!(placed(&sent), [(Side::Buy, limit("284.49")), (Side::Sell, limit("284.50"))]);
    assert!(says(&window, "There is no room inside the spread"));
    // While a quantity is typed, letters are letters.
    window.get_by_role(egui::Role::TextInput).focus();
    window.run_steps(2);
    window.key_press(Key::B);
    window.run_steps(2);
    assert_eq!(window.state_mut().take_sent(), []);
}

#[test]
fn what_the_gate_refuses_is_not_sent_and_said() {
    let mut window = ladder();
    arm(&mut window);
    window
        .state_mut()
        .market
        .configure(|settings| settings.limits.profile.max_order_quantity = Some(qty("50")));
    settle(&mut window);
    let at = book(&window, Side::Buy, "284.40");
    press(&mut window, at, Modifiers::NONE);
    assert_eq!(window.state_mut().take_sent(), []);
    assert!(says(&window, "50"), "the limit is named");
}

#[test]
fn rows_take_more_ticks_with_plus_and_fewer_with_minus() {
    let mut window = ladder();
    let at = book(&window, Side::Buy, "284.40");
    window.event(Event::PointerMoved(at));
    window.key_press(Key::Plus);
    window.run_steps(1);
    window.key_press(Key::Plus);
    settle(&mut window);
    // Five cents a row: the bids of 284.45 to 284.49, and never better than they are.
    assert!(says(&window, "284.45, bid 2.5K"));
    window.key_press(Key::Minus);
    settle(&mut window);
    assert!(says(&window, "284.48, bid 700"));
    let saved = serde_json::to_string(&window.state().pane).unwrap();
    assert!(saved.contains(r#""AAPL@NASDAQ":2"#), "{saved}");
}

#[test]
fn the_rows_stand_still_under_the_pointer_and_follow_the_market_once_it_leaves() {
    let mut window = ladder();
    let at = book(&window, Side::Buy, "284.40");
    window.event(Event::PointerMoved(at));
    window.run_steps(2);
    let before = window.state().pane.price_at(at);
    market(window.state_mut(), "286.00");
    settle(&mut window);
    assert_eq!(window.state().pane.price_at(at), before);
    window.key_press(Key::C);
    settle(&mut window);
    assert_ne!(window.state().pane.price_at(at), before, "asked for");
    market(window.state_mut(), "288.00");
    window.event(Event::PointerGone);
    settle(&mut window);
    assert!(says(&window, "288.00, ask 100"), "the market is in sight");
}

/// A market that runs one tick every 5 ms under clicks from everywhere: whatever is sent has the price that
/// was painted at the place of the click, and the others are counted.
#[test]
fn no_click_on_a_running_market_trades_at_another_price_than_was_painted() {
    let mut window = ladder();
    arm(&mut window);
    let body = row(&window, "284.40");
    let (mut sent, mut clicks, mut seed) = (0, 0, 7_u64);
    for step in 0..500_i64 {
        window.state_mut().market.later(Duration::from_millis(5));
        let ask = decimal("284.50") + decimal("0.01") * pitdesk::domain::Decimal::from(step);
        market(window.state_mut(), &ask.to_string());
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let at = pos2(body.left() + 72.0, 120.0 + (seed >> 40) as f32 % 300.0);
        let painted = window.state().pane.price_at(at);
        match seed >> 33 & 7 {
            // A hand that comes from afar and presses within one frame.
            0 => {
                clicks += 1;
                window.event(Event::PointerMoved(at));
                window.event(button(at, true, Modifiers::NONE));
                window.event(button(at, false, Modifiers::NONE));
            }
            // One that rests there.
            1 => window.event(Event::PointerMoved(at)),
            2 => window.event(Event::PointerGone),
            _ => {}
        }
        window.run_steps(1);
        for (side, kind) in placed(&window.state_mut().take_sent()) {
            assert_eq!((side, kind.limit()), (Side::Buy, painted), "step {step}");
            sent += 1;
        }
    }
    let refused = window.state().pane.refused();
    assert!(sent > 0 && refused > 0, "{clicks} clicks, {sent} sent, {refused} refused");
    assert!(sent + refused <= clicks, "{clicks} clicks, {sent} sent, {refused} refused");
}

#[test]
fn arming_ends_with_escape_the_kill_switch_and_another_account() {
    let mut window = desktop();
    let arm = |window: &mut Harness<'static, crate::desktop::Desktop>| {
        window.key_press_modifiers(Modifiers::COMMAND, Key::K);
        settle(window);
        window.event(Event::Text("arm one-click".to_owned()));
        settle(window);
        window.key_press(Key::Enter);
        settle(window);
        assert!(window.query_by_label("ONE CLICK ON").is_some(), "seen from everywhere");
    };
    arm(&mut window);
    window.key_press(Key::Escape);
    settle(&mut window);
    assert!(window.query_by_label("ONE CLICK ON").is_none());
    arm(&mut window);
    click(&mut window, "ONE CLICK ON");
    assert!(window.query_by_label("ONE CLICK ON").is_none());
    arm(&mut window);
    window.state_mut().market.publish(Update::Kill(KillState::Locked { still_working: 0 }));
    settle(&mut window);
    assert!(window.query_by_label("ONE CLICK ON").is_none());
    window.state_mut().market.publish(Update::Kill(KillState::Armed));
    settle(&mut window);
    arm(&mut window);
    let first = window.state().terminal.desk().one_click().unwrap().id.0.to_string();
    window.state_mut().market.bank_also(|account| account.id = "SECOND".into());
    settle(&mut window);
    let choose = |window: &mut Harness<'static, crate::desktop::Desktop>, account: &str| {
        window.key_press_modifiers(Modifiers::COMMAND, Key::K);
        settle(window);
        window.event(Event::Text(format!("orders for account {account}")));
        settle(window);
        window.key_press(Key::Enter);
        settle(window);
    };
    choose(&mut window, "SECOND");
    assert!(window.query_by_label("ONE CLICK ON").is_none());
    choose(&mut window, &first);
    assert!(window.query_by_label("ONE CLICK ON").is_none(), "it does not come back with the account");
    assert!(sent(&mut window).iter().all(|command| !matches!(command, Command::Place(_))));
}

fn busy(width: f32, height: f32) -> Window {
    let mut window = ladder_of(width, height);
    let (id, now) = (window.state().market.id(AAPL), window.state().market.now());
    window.state_mut().hold(AAPL, "350", "270");
    window.state_mut().order(order(1, id, Side::Buy, "100", limit("284.46"), now));
    window.state_mut().order(order(2, id, Side::Sell, "200", limit("284.53"), now));
    for (at, quantity, side) in [
        ("284.50", "300", Side::Buy),
        ("284.49", "120", Side::Sell),
        ("284.48", "40", Side::Sell),
        ("284.51", "500", Side::Buy),
        ("284.50", "80", Side::Buy),
    ] {
        trade(window.state_mut(), at, quantity, side);
    }
    settle(&mut window);
    window
}

#[test]
fn it_looks_as_a_ladder_should() {
    let mut window = busy(460.0, 420.0);
    arm(&mut window);
    picture::assert_picture(&mut window, "ladder");
    Theme::light().apply(&window.ctx);
    settle(&mut window);
    picture::assert_picture(&mut window, "ladder_light");
    let mut window = busy(NARROW, 420.0);
    window.event(Event::PointerMoved(book(&window, Side::Buy, "284.44")));
    settle(&mut window);
    picture::assert_picture(&mut window, "ladder_narrow");
}

#[test]
fn the_price_of_a_row_is_never_rounded() {
    let window = ladder();
    let at = book(&window, Side::Buy, "284.40");
    assert_eq!(window.state().pane.price_at(at), Some(Price(decimal("284.40"))));
}
