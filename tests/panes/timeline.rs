//! The timeline of an order, and what is shown of orders whose fate is unknown or that were
//! entered elsewhere.

use std::time::Duration;

use egui::{Event, ImeEvent, Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use pitdesk::domain::{
    Currency, Moment, Money, Note, Order, OrderId, OrderStatus, Origin, Record, Seq, Side, Time,
    settings::ZoneDisplay,
};
use pitdesk::link::update::Refused;
use pitdesk::link::{Answer, Command, CommandId, Decision, Noted, Timeline, Update};
use pitdesk::ui::theme::Theme;

use crate::bench::{fill, focused, limit, order, painted, settle};
use crate::desk::{START, decimal, price, qty};
use crate::desktop::{Desktop, click, desktop, desktop_sized, sent};

type Window = Harness<'static, Desktop>;

const ASK: Command = Command::Timeline { order: OrderId(12) };

/// Order 12 in a window that shows times in UTC.
fn with_order(status: OrderStatus) -> Window {
    prepared(desktop(), status)
}

fn prepared(mut window: Window, status: OrderStatus) -> Window {
    window.state_mut().market.configure(|settings| settings.time_zone_display = ZoneDisplay::Utc);
    let order = the_order(&window, status);
    window.state_mut().market.publish(Update::Order(order));
    settle(&mut window);
    sent(&mut window);
    window
}

fn the_order(window: &Window, status: OrderStatus) -> Order {
    let market = &window.state().market;
    let order = order(12, market.id("AAPL@NASDAQ"), Side::Buy, "100", limit("282.50"), START);
    Order { status, ..order }
}

/// Milliseconds after [`START`].
fn ms(millis: i64) -> Time {
    Time(START.0 + millis * 1_000_000)
}

/// The life of an order that fills in part and is refused a change.
fn records(window: &Window) -> Vec<Record> {
    let order = the_order(window, OrderStatus::Working);
    let mut quote = window.state().market.quote_at("AAPL@NASDAQ", "282.50");
    quote.time = ms(-300);
    let part = Order { filled: qty("40"), status: OrderStatus::PartiallyFilled, ..order.clone() };
    let money = Money { amount: decimal("0.35"), currency: Currency::USD };
    let mut executed = fill(7, &order, "40", "282.49", money);
    executed.time = ms(29);
    let reported = |status, broker_time| Moment::Reported { status, reason: None, broker_time };
    let moments = [
        (3, Moment::Intended { input_at: ms(1), seen: Some(quote) }, &order),
        (10, Moment::Sent { journaled_at: ms(9), session: 2 }, &order),
        (11, Moment::OnWire { at: ms(10) }, &order),
        (14, reported(OrderStatus::Working, ms(13)), &order),
        (30, Moment::Executed(executed), &part),
        (31, Moment::AskedAmend { quantity: None, limit: Some(price("283.00")), stop: None }, &part),
        (32, Moment::AmendRefused { why: "too late".into() }, &part),
        (1_500, Moment::LostBroker, &part),
        (4_000, Moment::Settled { finding: "Confirmed by the broker: part filled".into() }, &part),
    ];
    let record = |(seq, (at, moment, order)): (usize, (i64, Moment, &Order))| Record {
        seq: Seq(seq as u64),
        at: ms(at),
        moment,
        orders: vec![order.clone()],
    };
    moments.into_iter().enumerate().map(record).collect()
}

fn tell(window: &mut Window, records: Vec<Record>) {
    tell_part(window, records, 0);
}

fn tell_part(window: &mut Window, records: Vec<Record>, left_out: usize) {
    let timeline = Timeline { order: OrderId(12), records: records.into(), left_out };
    window.state_mut().market.publish(Update::Timeline(timeline));
    settle(window);
    window.run_steps(2);
}

fn open(window: &mut Window) {
    click(window, "Timeline of order 12");
    window.run_steps(2);
}

/// Lines of the open timeline, from above.
fn lines(window: &Window) -> Vec<String> {
    let mut found: Vec<(f32, String)> = window
        .query_all_by_role(egui::Role::Row)
        .filter_map(|node| Some((node.rect().top(), node.accesskit_node().label()?)))
        .filter(|(_, name)| name.contains(":00:0"))
        .filter(|(_, name)| !name.starts_with("Order"))
        .collect();
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    found.into_iter().map(|(_, name)| name).collect()
}

fn is_open(window: &Window) -> bool {
    window.query_by_label("Close timeline").is_some()
}

fn says(window: &Window, what: &str) -> bool {
    painted(window).iter().any(|(text, _)| text.contains(what))
}

fn press(window: &mut Window, modifiers: Modifiers, key: Key) {
    window.key_press_modifiers(modifiers, key);
    settle(window);
    window.run_steps(2);
}

/// Selects the row of order 12 by a click on it.
fn select(window: &mut Window) {
    window.get_by_label_contains("Order 12:").click();
    settle(window);
}

#[test]
fn it_tells_every_step_with_its_time_and_what_the_trader_saw() {
    let mut window = with_order(OrderStatus::Working);
    open(&mut window);
    assert_eq!(sent(&mut window), [ASK]);
    assert!(says(&window, "Asking the journal …"));
    let records = records(&window);
    tell(&mut window, records);
    assert_eq!(focused(&window), ["Close timeline"]);
    assert_eq!(
        lines(&window),
        [
            "20 Nov 15:00:00.001, Click or key, in the ticket",
            "15:00:00.003, +2.0 ms, Intent, Buy 100 AAPL limit 282.50 DAY · let through by the risk gate",
            "15:00:00.009, +6.0 ms, On disk, the intent is in the journal",
            "15:00:00.010, +1.0 ms, Sent, to session 2 of the broker",
            "15:00:00.010, +0.0 ms, On the wire, its bytes have left",
            "15:00:00.014, +4.0 ms, Working, at 15:00:00.013 by the broker's clock",
            "15:00:00.030, +16.0 ms, Executed, 40 at 282.49, commission 0.35 USD, taker · 40 of 100 filled · \
             execution 7 · at 15:00:00.029 by the broker's clock",
            "15:00:00.031, +1.0 ms, Change asked for, limit 283.00",
            "15:00:00.032, +1.0 ms, Change refused, too late",
            "15:00:01.500, +1.5 s, Session lost, the broker's session ended while it lived",
            "15:00:04.000, +2.5 s, Books compared, Confirmed by the broker: part filled",
        ]
    );
    assert!(says(&window, "Seen when sent: 282.49 x 282.50, sizes 12 x 8, 301 ms old"));
    assert_eq!(sent(&mut window), [], "it asks once");
}

#[test]
fn while_it_is_open_a_change_of_the_order_asks_anew_one_question_at_a_time() {
    let mut window = with_order(OrderStatus::Working);
    open(&mut window);
    assert_eq!(sent(&mut window), [ASK]);
    for filled in ["10", "20", "30"] {
        let order = Order { filled: qty(filled), ..the_order(&window, OrderStatus::PartiallyFilled) };
        window.state_mut().market.publish(Update::Order(order));
        settle(&mut window);
    }
    assert_eq!(sent(&mut window), [], "the first is not answered yet");
    let records = records(&window);
    tell(&mut window, records[..4].to_vec());
    assert_eq!(sent(&mut window), [ASK]);
    tell(&mut window, records);
    assert_eq!(sent(&mut window), []);
    assert_eq!(lines(&window).len(), 11);
    // Another order's news are no reason.
    let other = Order { id: OrderId(13), ..the_order(&window, OrderStatus::Working) };
    window.state_mut().market.publish(Update::Order(other));
    settle(&mut window);
    assert_eq!(sent(&mut window), []);
}

#[test]
fn a_question_that_was_lost_is_put_again() {
    let mut window = with_order(OrderStatus::Working);
    open(&mut window);
    assert_eq!(sent(&mut window), [ASK]);
    window.state_mut().market.later(Duration::from_secs(6));
    settle(&mut window);
    assert_eq!(sent(&mut window), [ASK]);
}

#[test]
fn what_the_engine_refuses_to_tell_is_asked_again_only_when_the_order_changes() {
    let mut window = with_order(OrderStatus::Working);
    open(&mut window);
    let envelopes = window.state_mut().market.envelopes();
    let to = envelopes.iter().find(|envelope| envelope.command == ASK).expect("it was asked").id;
    let outcome = Err(Refused("There is no order 12".into()));
    window.state_mut().market.publish(Update::Answer(Answer { to, outcome }));
    settle(&mut window);
    assert!(says(&window, "There is no order 12"));
    window.state_mut().market.later(Duration::from_secs(30));
    settle(&mut window);
    assert_eq!(sent(&mut window), []);
    let order = the_order(&window, OrderStatus::Filled);
    window.state_mut().market.publish(Update::Order(order));
    settle(&mut window);
    assert_eq!(sent(&mut window), [ASK]);
}

#[test]
fn an_ended_order_tells_too_by_keyboard_and_gives_the_keyboard_back() {
    let mut window = with_order(OrderStatus::Filled);
    for key in [Key::T, Key::Enter] {
        select(&mut window);
        assert_eq!(focused(&window), ["Orders table"]);
        press(&mut window, Modifiers::NONE, key);
        assert!(is_open(&window), "{key:?}");
        assert_eq!(sent(&mut window), [ASK]);
        tell(&mut window, Vec::new());
        assert!(says(&window, "The journal has no records of this order"));
        assert_eq!(focused(&window), ["Close timeline"]);
        assert!(window.query_by_label("Cancel order").is_none());
        press(&mut window, Modifiers::NONE, Key::Escape);
        assert!(!is_open(&window));
        assert_eq!(focused(&window), ["Orders table"]);
    }
}

#[test]
fn the_search_has_it_for_the_selected_order() {
    let mut window = with_order(OrderStatus::Working);
    select(&mut window);
    press(&mut window, Modifiers::COMMAND, Key::K);
    window.get_by_role_and_label(egui::Role::TextInput, "Search").type_text("timeline");
    settle(&mut window);
    press(&mut window, Modifiers::NONE, Key::Enter);
    assert_eq!(sent(&mut window), [ASK]);
    assert!(is_open(&window));
}

#[test]
fn an_order_can_be_cancelled_where_its_timeline_is_read() {
    let mut window = with_order(OrderStatus::Working);
    open(&mut window);
    sent(&mut window);
    click(&mut window, "Cancel order");
    assert_eq!(sent(&mut window), [Command::Cancel { order: OrderId(12) }]);
    assert!(window.get_by_label("Cancel order").accesskit_node().is_disabled());
}

fn unknown() -> Window {
    let mut window = desktop();
    window.state_mut().market.configure(|settings| settings.time_zone_display = ZoneDisplay::Utc);
    let order = Order {
        reason: Some("not in the broker's books any more".into()),
        ..the_order(&window, OrderStatus::Unknown)
    };
    window.state_mut().market.publish(Update::Order(order));
    settle(&mut window);
    sent(&mut window);
    window
}

fn decided() -> Command {
    Command::Decide { order: OrderId(12), decision: Decision::IsGone }
}

#[test]
fn an_order_of_unknown_fate_is_told_in_danger_and_can_be_cancelled() {
    let mut window = unknown();
    window.get_by_label_contains("Status Unknown");
    window.get_by_label_contains("Reason not in the broker's books any more");
    assert!(window.query_by_label("Amend order 12").is_none());
    click(&mut window, "Cancel order 12");
    assert_eq!(sent(&mut window), [Command::Cancel { order: OrderId(12) }]);
}

#[test]
fn taking_it_for_gone_asks_first_by_pointer_and_by_key() {
    let mut window = unknown();
    click(&mut window, "Mark order 12 as gone");
    assert_eq!(sent(&mut window), []);
    window.run_steps(2);
    assert!(says(&window, "Press again to take order 12 for gone"));
    window.state_mut().market.later(Duration::from_millis(600));
    click(&mut window, "Confirm: order 12 is gone");
    assert_eq!(sent(&mut window), [decided()]);

    let mut window = unknown();
    select(&mut window);
    for expected in [vec![], vec![decided()]] {
        press(&mut window, Modifiers::SHIFT, Key::Delete);
        assert_eq!(sent(&mut window), expected);
        window.state_mut().market.later(Duration::from_millis(600));
    }
}

#[test]
fn the_question_ends_when_the_broker_says_what_became_of_it() {
    let mut window = unknown();
    click(&mut window, "Mark order 12 as gone");
    let order = the_order(&window, OrderStatus::Working);
    window.state_mut().market.publish(Update::Order(order));
    settle(&mut window);
    assert!(window.query_by_label("Confirm: order 12 is gone").is_none());
    window.get_by_label("Amend order 12");
}

#[test]
fn a_decision_that_is_refused_says_why_where_it_was_made() {
    let mut window = unknown();
    open(&mut window);
    assert!(says(
        &window,
        "Nobody can say what became of it: not in the broker's books any more. The broker has never spoken of \
         it: it may not have arrived."
    ));
    sent(&mut window);
    click(&mut window, "Mark as gone …");
    window.state_mut().market.later(Duration::from_millis(600));
    click(&mut window, "Confirm: it is gone");
    let envelopes = window.state_mut().market.envelopes();
    let asked = envelopes.iter().find(|envelope| envelope.command == decided()).expect("it was sent");
    let outcome = Err(Refused("Paper is not ready".into()));
    window.state_mut().market.publish(Update::Answer(Answer { to: asked.id, outcome }));
    settle(&mut window);
    assert!(says(&window, "Paper is not ready"));
    window.get_by_label("Mark as gone …");
}

#[test]
fn an_order_that_was_entered_elsewhere_is_marked() {
    let mut window = desktop();
    let order = Order { origin: Origin::Foreign, ..the_order(&window, OrderStatus::Working) };
    window.state_mut().market.publish(Update::Order(order));
    settle(&mut window);
    window.get_by_label_contains("Type Foreign · Limit");
}

#[test]
fn every_status_has_its_word_in_full() {
    let theme = Theme::dark();
    for (status, colour) in [
        (OrderStatus::Journaled, theme.warn),
        (OrderStatus::Accepted, theme.warn),
        (OrderStatus::Unknown, theme.danger),
    ] {
        let window = with_order(status);
        window.get_by_label_contains(&format!("Status {}", status.label()));
        assert_eq!(pitdesk::ui::blotter::status_colour(status, &theme), colour);
    }
}

/// For a person to look at: `PITDESK_PICTURES=folder cargo test --test panes`.
#[test]
fn it_fits_every_size() {
    for (size, name) in crate::safety::SIZES {
        let mut window = prepared(desktop_sized(size.into()), OrderStatus::PartiallyFilled);
        let mut unknown = the_order(&window, OrderStatus::Unknown);
        unknown.reason =
            Some("It is not in the broker's books any more, and no execution explains it".into());
        crate::safety::theme_by(&mut window, name);
        open(&mut window);
        let mut records = records(&window);
        tell(&mut window, records.clone());
        crate::safety::save(&mut window, &format!("timeline-short-{name}"));
        for seq in 0..30 {
            let again = Record { seq: Seq(100 + seq), ..records[4].clone() };
            records.push(again);
        }
        tell(&mut window, records);
        crate::safety::save(&mut window, &format!("timeline-{name}"));
        let close = window.get_by_label("Close timeline").rect();
        assert!(close.bottom() < size[1], "{name}: {close:?}");
        press(&mut window, Modifiers::NONE, Key::Escape);
        let others = [
            (13, OrderStatus::Journaled, Origin::Ticket),
            (14, OrderStatus::Accepted, Origin::Ticket),
            (15, OrderStatus::Working, Origin::Foreign),
            (16, OrderStatus::Filled, Origin::Foreign),
        ];
        for (id, status, origin) in others {
            let other = Order { id: OrderId(id), origin, ..the_order(&window, status) };
            window.state_mut().market.publish(Update::Order(other));
        }
        window.state_mut().market.publish(Update::Order(unknown));
        settle(&mut window);
        window.hover_at(egui::pos2(2.0, 2.0));
        window.run_steps(3);
        crate::safety::save(&mut window, &format!("blotter-{name}"));
        click(&mut window, "Mark order 12 as gone");
        window.run_steps(2);
        crate::safety::save(&mut window, &format!("unknown-{name}"));
        // What is asked hangs from the control and does not hide it.
        let control = window.get_by_label("Confirm: order 12 is gone").rect();
        let question = window.get_by_label_contains("Press again to take order 12 for gone").rect();
        assert!(!question.intersects(control), "{name}: {question:?} over {control:?}");
    }
}

#[test]
fn what_stands_open_wakes_nobody() {
    let mut window = with_order(OrderStatus::Working);
    click(&mut window, "Kill switch panel");
    open(&mut window);
    let records = records(&window);
    tell(&mut window, records);
    for _ in 0..3 {
        window.state_mut().market.later(Duration::from_secs(2));
        window.run_steps(4);
    }
    let delay = window.output().viewport_output[&egui::ViewportId::ROOT].repaint_delay;
    assert!(delay > Duration::from_secs(10), "the minute of the clock is next, in {delay:?}");
    assert_eq!(sent(&mut window), [ASK]);
}

#[test]
fn records_that_are_left_out_are_told_where_they_are_missing() {
    let mut window = with_order(OrderStatus::Working);
    open(&mut window);
    let order = the_order(&window, OrderStatus::Working);
    let moved = |n: u64| Record {
        seq: Seq(n),
        at: ms(i64::try_from(n).unwrap()),
        moment: Moment::TriggerMoved { price: price("280.00"), moves: 3 },
        orders: vec![order.clone()],
    };
    tell_part(&mut window, (0..55).map(moved).collect(), 7_204);
    assert!(says(&window, "the last of 3 moves"));
    let shown = |window: &Window| says(window, "7204 records in between are not shown");
    for _ in 0..60 {
        if shown(&window) {
            return;
        }
        window.event(egui::Event::MouseWheel {
            unit: egui::MouseWheelUnit::Point,
            delta: egui::vec2(0.0, 60.0),
            modifiers: Modifiers::NONE,
            phase: egui::TouchPhase::Move,
            source: egui::MouseWheelSource::Wheel,
        });
        window.run_steps(2);
    }
    panic!("it is nowhere: {:?}", painted(&window));
}

/// Opens the window by the key of notes.
fn open_note(window: &mut Window) {
    window.get_by_label_contains("Order 12:").click();
    window.run_steps(2);
    press(window, Modifiers::NONE, Key::N);
    settle(window);
    sent(window);
}

fn noted(window: &mut Window, to: CommandId, outcome: Result<Note, &str>) {
    let outcome = outcome.map(Into::into).map_err(|why| Refused(why.into()));
    let noted = Noted { to, order: OrderId(12), outcome };
    window.state_mut().market.publish(Update::Noted(noted.into()));
    settle(window);
}

/// What was sent to be kept, with its id.
fn sent_note(window: &mut Window) -> (CommandId, Note) {
    let all = window.state_mut().market.envelopes();
    let note = all.into_iter().find_map(|envelope| match envelope.command {
        Command::Annotate { order: OrderId(12), note } => Some((envelope.id, note)),
        _ => None,
    });
    note.expect("a note was sent")
}

#[test]
fn a_note_is_told_as_kept_when_it_is_and_a_text_that_is_not_kept_stays() {
    let mut window = with_order(OrderStatus::Working);
    open_note(&mut window);
    assert_eq!(focused(&window), ["Note of order 12"]);
    window.get_by_label("Note of order 12").type_text("too early");
    window.run_steps(2);
    window.get_by_label("Tags of order 12").click();
    window.run_steps(2);
    window.get_by_label("Tags of order 12").type_text("gap, swing");
    window.run_steps(2);
    click(&mut window, "Keep note");
    let (id, note) = sent_note(&mut window);
    assert_eq!(note, Note::typed("too early", "gap swing"));
    settle(&mut window);
    window.get_by_label("On its way to the disk …");
    noted(&mut window, id, Err("The note is not kept. The disk is full"));
    window.get_by_label("The note is not kept. The disk is full. The text stays here");
    // What is not kept is there when the window is opened again.
    press(&mut window, Modifiers::NONE, Key::Escape);
    press(&mut window, Modifiers::NONE, Key::Escape);
    settle(&mut window);
    assert!(window.query_by_label("Keep note").is_none());
    open_note(&mut window);
    assert_eq!(window.get_by_label("Note of order 12").value().as_deref(), Some("too early"));
    click(&mut window, "Keep note");
    let (id, note) = sent_note(&mut window);
    noted(&mut window, id, Ok(note));
    window.get_by_label("Kept");
    assert!(window.get_by_label("Keep note").accesskit_node().is_disabled());
}

#[test]
fn enter_and_escape_of_a_composition_are_not_the_notes() {
    let mut window = with_order(OrderStatus::Working);
    // No font of the tests has Korean.
    window.ctx.set_missing_glyph_policy(egui::epaint::text::MissingGlyphPolicy::Tofu);
    open_note(&mut window);
    let composed = ImeEvent::Preedit { text: "늦".to_owned(), active_range_chars: None };
    window.event(Event::Ime(composed));
    window.run_steps(1);
    for key in [Key::Enter, Key::Escape] {
        window.key_press(key);
        window.run_steps(2);
    }
    window.get_by_label("Keep note");
    assert_eq!(sent(&mut window), []);
    window.event(Event::Ime(ImeEvent::Commit("늦었다".to_owned())));
    window.run_steps(2);
    click(&mut window, "Keep note");
    assert_eq!(sent_note(&mut window).1, Note::typed("늦었다", ""));
}
