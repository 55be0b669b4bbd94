//! A live account opens nothing before its id was typed.

use egui::{Event, Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use pitdesk::domain::{AccountId, AccountKind, BrokerId, Position, Side};
use pitdesk::link::update::Refused;
use pitdesk::link::{Answer, Command, Update};

use crate::bench::{focused, limit, order, painted, position, settle};
use crate::desktop::{Desktop, click, desktop, desktop_sized, sent};
use crate::safety;

type Window = Harness<'static, Desktop>;

const ID: &str = "U1234567";
const BADGE: &str = "LIVE · real money · not armed: arm account U1234567";
const FIELD: &str = "Id of the account";

/// A window on a live account that nobody has armed, with 100 AAPL and a working order.
fn live() -> Window {
    made_live(desktop())
}

fn made_live(mut window: Window) -> Window {
    let market = &mut window.state_mut().market;
    market.bank(|account| {
        account.kind = AccountKind::Live;
        account.id = AccountId(ID.into());
    });
    market.quote("AAPL@NASDAQ", "284.50");
    let aapl = market.id("AAPL@NASDAQ");
    let held = Position { account: AccountId(ID.into()), ..position(aapl, "100", "280.00") };
    market.publish(Update::Position(held));
    let mut working = order(12, aapl, Side::Buy, "10", limit("280.00"), market.now());
    working.account = AccountId(ID.into());
    market.publish(Update::Order(working));
    settle(&mut window);
    window.run_steps(2);
    crate::accounts::choose(&mut window, ID);
    sent(&mut window);
    window
}

fn says(window: &Window, what: &str) -> bool {
    painted(window).iter().any(|(text, _)| text.contains(what))
}

fn is_disabled(window: &Window, name: &str) -> bool {
    window.get_by_label(name).accesskit_node().is_disabled()
}

fn write(window: &mut Window, text: &str) {
    for letter in text.chars() {
        window.event(Event::Text(letter.to_string()));
        window.step();
    }
    settle(window);
}

fn press(window: &mut Window, modifiers: Modifiers, key: Key) {
    window.key_press_modifiers(modifiers, key);
    settle(window);
    window.run_steps(2);
}

fn open(window: &mut Window) {
    press(window, Modifiers::COMMAND | Modifiers::SHIFT, Key::A);
}

fn is_open(window: &Window) -> bool {
    window.query_by_label("Arm account U1234567?").is_some()
}

fn arm() -> Command {
    Command::Arm { broker: BrokerId(0), account: AccountId(ID.into()), typed: ID.into() }
}

/// Answers the one command that was sent.
#[track_caller]
fn answer(window: &mut Window, command: &Command, outcome: Result<(), &str>) {
    let envelopes = window.state_mut().market.envelopes();
    let asked = envelopes.iter().find(|envelope| envelope.command == *command);
    let to = asked.unwrap_or_else(|| panic!("{envelopes:?}")).id;
    let outcome = outcome.map(|()| None).map_err(|why| Refused(why.into()));
    let market = &mut window.state_mut().market;
    if outcome.is_ok() {
        market.arm(true);
    }
    market.publish(Update::Answer(Answer { to, outcome }));
    settle(window);
    window.run_steps(2);
}

#[test]
fn the_badge_opens_the_dialog_which_arms_when_the_id_was_typed() {
    let mut window = live();
    assert!(says(&window, "LIVE · real money · not armed"));
    click(&mut window, BADGE);
    window.run_steps(2);
    assert!(says(&window, "orders for it trade real money until Pitdesk is closed"));
    assert_eq!(focused(&window), [FIELD]);
    assert!(is_disabled(&window, "Arm"));
    write(&mut window, "u1234567");
    assert!(is_disabled(&window, "Arm"), "exactly as it stands");
    for _ in 0..8 {
        window.key_press(Key::Backspace);
        window.step();
    }
    write(&mut window, "U123456");
    press(&mut window, Modifiers::NONE, Key::Enter);
    assert!(is_disabled(&window, "Arm"));
    assert_eq!(sent(&mut window), []);
    write(&mut window, "7");
    assert!(!is_disabled(&window, "Arm"));
    click(&mut window, "Arm");
    assert!(is_open(&window), "until the engine has answered");
    answer(&mut window, &arm(), Ok(()));
    assert!(!is_open(&window));
    window.get_by_label("LIVE · real money · armed: disarm account U1234567");
    assert!(!is_disabled(&window, "LIVE Buy"));
}

#[test]
fn enter_arms_once_it_matches() {
    let mut window = live();
    open(&mut window);
    write(&mut window, ID);
    press(&mut window, Modifiers::NONE, Key::Enter);
    assert_eq!(sent(&mut window), [arm()]);
}

#[test]
fn a_paste_is_not_taken() {
    let mut window = live();
    open(&mut window);
    window.event(Event::Paste(ID.to_owned()));
    settle(&mut window);
    assert_eq!(window.get_by_label(FIELD).value().unwrap_or_default(), "");
    assert!(is_disabled(&window, "Arm"));
    window.get_by_label("Type U1234567 to arm it. Pasting is ignored.");
}

#[test]
fn what_the_engine_refuses_is_told_in_the_dialog() {
    let mut window = live();
    open(&mut window);
    write(&mut window, ID);
    click(&mut window, "Arm");
    answer(&mut window, &arm(), Err("There is no account U1234567"));
    window.get_by_label("There is no account U1234567");
    assert_eq!(focused(&window), [FIELD]);
    assert!(!is_disabled(&window, "Arm"), "it can be tried again");
}

#[test]
fn escape_closes_it_and_gives_the_keyboard_back() {
    let mut window = live();
    window.get_by_label("Quantity").focus();
    window.run_steps(2);
    open(&mut window);
    assert!(is_open(&window));
    write(&mut window, ID);
    press(&mut window, Modifiers::NONE, Key::Escape);
    assert!(!is_open(&window));
    assert_eq!(focused(&window), ["Quantity"]);
    assert_eq!(sent(&mut window), []);
    open(&mut window);
    assert_eq!(window.get_by_label(FIELD).value().unwrap_or_default(), "", "it is typed anew");
}

#[test]
fn the_search_arms_and_disarms_by_name() {
    let enter = |window: &mut Window, query: &str| {
        press(window, Modifiers::COMMAND, Key::K);
        window.get_by_role_and_label(egui::Role::TextInput, "Search").type_text(query);
        settle(window);
        press(window, Modifiers::NONE, Key::Enter);
    };
    let mut window = live();
    enter(&mut window, "arm account");
    assert!(is_open(&window));
    press(&mut window, Modifiers::NONE, Key::Escape);
    window.state_mut().market.arm(true);
    settle(&mut window);
    enter(&mut window, "disarm");
    let disarm = Command::Disarm { broker: BrokerId(0), account: AccountId(ID.into()) };
    assert_eq!(sent(&mut window), [disarm]);
}

#[test]
fn it_is_disarmed_unasked() {
    let mut window = live();
    window.state_mut().market.arm(true);
    settle(&mut window);
    let disarm = Command::Disarm { broker: BrokerId(0), account: AccountId(ID.into()) };
    click(&mut window, "LIVE · real money · armed: disarm account U1234567");
    assert_eq!(sent(&mut window), std::slice::from_ref(&disarm));
    open(&mut window);
    window.get_by_label("Account U1234567 is armed");
    click(&mut window, "Disarm");
    assert_eq!(sent(&mut window), [disarm]);
    window.state_mut().market.arm(false);
    settle(&mut window);
    window.run_steps(2);
    window.get_by_label(BADGE);
}

#[test]
fn what_opens_is_locked_with_the_reason_and_what_closes_works() {
    let mut window = live();
    for name in ["LIVE Buy", "LIVE Reverse", "Reverse AAPL"] {
        if name == "Reverse AAPL" {
            click(&mut window, "Positions");
        }
        assert!(is_disabled(&window, name), "{name}");
    }
    let about = window.get_by_label("LIVE Buy").accesskit_node().description().unwrap_or_default();
    assert!(about.contains("Account U1234567 trades real money and is not armed"), "{about}");
    window.get_by_label("Not armed: closing only");
    window.get_by_label("Reverse AAPL").hover();
    window.run_steps(4);
    assert!(window.query_by_label_contains("is not armed: positions can be closed").is_some());
    for name in ["LIVE Sell", "LIVE Close", "Close AAPL"] {
        assert!(!is_disabled(&window, name), "{name}: 100 are held, and 100 would be sold");
    }
    click(&mut window, "Orders");
    click(&mut window, "Cancel order 12");
    assert_eq!(sent(&mut window), [Command::Cancel { order: pitdesk::domain::OrderId(12) }]);
}

#[test]
fn of_several_accounts_each_is_armed_by_its_own_id() {
    let mut window = live();
    window.state_mut().market.bank_also(|account| account.id = AccountId("U7654321".into()));
    settle(&mut window);
    window.get_by_label("LIVE · real money · not armed · U1234567: arm account U1234567");
    open(&mut window);
    write(&mut window, "U7654321");
    assert!(is_disabled(&window, "Arm"), "that is the other's");
    click(&mut window, "U7654321 · not armed");
    window.run_steps(2);
    window.get_by_label("Arm account U7654321?");
    assert_eq!(window.get_by_label(FIELD).value().unwrap_or_default(), "");
    assert_eq!(focused(&window), [FIELD]);
    write(&mut window, "U7654321");
    click(&mut window, "Arm");
    let (account, typed) = (AccountId("U7654321".into()), "U7654321".into());
    assert_eq!(sent(&mut window), [Command::Arm { broker: BrokerId(0), account, typed }]);
}

#[test]
fn the_account_tab_says_it_too() {
    let mut window = live();
    click(&mut window, "Account");
    window.get_by_label("Paper account · U1234567 · live, not armed");
    window.state_mut().market.arm(true);
    settle(&mut window);
    window.get_by_label("Paper account · U1234567 · live, armed");
}

#[test]
fn paper_needs_none_of_it() {
    let mut window = desktop();
    window.get_by_label("PAPER");
    open(&mut window);
    window.get_by_label("No live account");
    press(&mut window, Modifiers::NONE, Key::Escape);
    assert!(window.query_by_label("No live account").is_none());
}

/// For a person to look at: `PITDESK_PICTURES=folder cargo test --test panes`.
#[test]
fn it_fits_every_size() {
    for (size, name) in safety::SIZES {
        let mut window = made_live(desktop_sized(size.into()));
        safety::theme_by(&mut window, name);
        open(&mut window);
        write(&mut window, "U12345");
        safety::save(&mut window, &format!("arming-{name}"));
        let screen = egui::Rect::from_min_size(egui::Pos2::ZERO, size.into());
        for control in [FIELD, "Arm", "Cancel", BADGE, "Search…  Ctrl+K"] {
            assert!(screen.contains_rect(window.get_by_label(control).rect()), "{control} in {name}");
        }
        window.event(Event::Paste(ID.to_owned()));
        press(&mut window, Modifiers::NONE, Key::Escape);
        window.state_mut().market.arm(true);
        settle(&mut window);
        open(&mut window);
        safety::save(&mut window, &format!("armed-{name}"));
    }
}
