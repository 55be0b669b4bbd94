//! Drawings on the chart, what is measured there, and pictures of it.

mod arrows;

use std::sync::Arc;

use egui::{Event, Key, Modifiers, PointerButton, Pos2, Rect, pos2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use pitdesk::domain::{
    Drawing, DrawingBook, DrawingChange, DrawingId, DrawingInk, Figure, Mark, Price, Side, Time, Timeframe,
};
use pitdesk::link::update::{Placement, Refused};
use pitdesk::link::{Answer, BarKey, Command, FileDone, FileTask, History, Update};
use pitdesk::market::series::BarChunk;
use pitdesk::ui::UiCommand;
use pitdesk::ui::chart::{Style, Tool};
use pitdesk::ui::chart_pane::{ChartPane, Look, PictureTo};
use pitdesk::ui::theme::Theme;

use crate::bench::{Bench, limit, order, painted, settle};
use crate::chart_pane::{AAPL, bars};
use crate::desk::price;
use crate::desktop::{desktop, sent};
use crate::picture;

type Window = Harness<'static, Bench<ChartPane>>;

const MSFT: &str = "MSFT@NASDAQ";

/// A chart of an hour and a half of minutes around 284.50.
fn chart() -> Window {
    chart_of(ChartPane::default())
}

fn chart_of(pane: ChartPane) -> Window {
    let mut trader = Bench::new(pane);
    trader.select(AAPL);
    trader.market.quote(AAPL, "284.50");
    let mut window = trader.show(vec2(700.0, 420.0));
    history(&mut window, Timeframe::M1);
    window
}

fn history(window: &mut Window, timeframe: Timeframe) {
    let each = timeframe.nanos() / Timeframe::M1.nanos();
    let minutes = bars(1_000, 0, 284.5);
    let last = minutes[999].time;
    let longer = minutes.into_iter().enumerate().map(|(i, bar)| {
        let back = (999 - i64::try_from(i).expect("a thousand")) * each * Timeframe::M1.nanos();
        pitdesk::domain::Bar { time: Time(last.0 - back), ..bar }
    });
    let key = BarKey { instrument: window.state().market.id(AAPL), timeframe };
    let chunk = Some(BarChunk::new(longer.collect::<Vec<_>>().into()).expect("sound bars"));
    let history = History { key, chunk, placement: Placement::Anew, is_complete: true };
    window.state_mut().market.publish(Update::History(history));
    settle(window);
}

/// Does with the drawings what the engine does; whatever else was sent comes back.
fn engine(window: &mut Window) -> Vec<Command> {
    let sent = std::mem::take(&mut window.state_mut().sent);
    let mut others = Vec::new();
    for envelope in sent {
        let Command::Draw { instrument, change } = envelope.command else {
            others.push(envelope.command);
            continue;
        };
        let market = &mut window.state_mut().market;
        let key = market.instruments()[instrument.index()].key();
        let changed = Arc::make_mut(&mut market.drawings).change(&key, change);
        market.publish(Update::Drawings(Arc::clone(&market.drawings)));
        let outcome = changed.map(|()| None).map_err(|why| Refused(why.to_string().into()));
        market.publish(Update::Answer(Answer { to: envelope.id, outcome }));
    }
    settle(window);
    others
}

fn drawings(window: &Window) -> Vec<Drawing> {
    window.state().market.drawings.of(AAPL).to_vec()
}

fn has(window: &mut Window, figure: Figure) {
    let book = Arc::make_mut(&mut window.state_mut().market.drawings);
    book.change(AAPL, DrawingChange::Add(figure, DrawingInk::Blue)).expect("there is room");
    let book = Arc::clone(&window.state().market.drawings);
    window.state_mut().market.publish(Update::Drawings(book));
    settle(window);
}

fn level(at: &str) -> Figure {
    Figure::Level { price: price(at) }
}

/// A line over the last forty minutes.
fn trend(window: &Window, from: &str, to: &str) -> Figure {
    let mark = |minutes: i64, at: &str| Mark {
        time: Time(window.state().market.now().0 - minutes * Timeframe::M1.nanos()),
        price: price(at),
    };
    Figure::Trend { from: mark(60, from), to: mark(20, to), extends: false }
}

/// Where a drawing is, by the begin of its name.
#[track_caller]
fn place(window: &Window, name: &str) -> Rect {
    window.get_by(|node| node.label().is_some_and(|label| label.starts_with(name))).rect()
}

fn names(window: &Window) -> Vec<String> {
    let all = window.query_all_by_role(egui::Role::GraphicsObject);
    all.filter_map(|node| node.accesskit_node().label()).collect()
}

fn chosen(window: &Window) -> Vec<String> {
    let all = window.query_all_by_role(egui::Role::GraphicsObject);
    let is_chosen = all.filter(|node| node.value().is_some_and(|value| value == "chosen"));
    is_chosen.filter_map(|node| node.accesskit_node().label()).collect()
}

fn hold(window: &mut Window, modifiers: Modifiers) {
    window.event(Event::ModifiersChanged(modifiers));
    window.run_steps(1);
}

fn button(window: &mut Window, pos: Pos2, button: PointerButton, pressed: bool) {
    let modifiers = window.ctx.input(|input| input.modifiers);
    window.event(Event::PointerButton { pos, button, pressed, modifiers });
    window.run_steps(1);
}

fn hover(window: &mut Window, at: Pos2) {
    window.event(Event::PointerMoved(at));
    window.run_steps(1);
}

fn click(window: &mut Window, at: Pos2) {
    hover(window, at);
    button(window, at, PointerButton::Primary, true);
    button(window, at, PointerButton::Primary, false);
    settle(window);
    // No double click.
    window.run_steps(30);
}

/// Presses on a place and goes to another; the button stays down.
fn take(window: &mut Window, from: Pos2, to: Pos2) {
    hover(window, from);
    button(window, from, PointerButton::Primary, true);
    for part in [0.3, 0.7, 1.0] {
        hover(window, from + (to - from) * part);
    }
}

fn drag(window: &mut Window, from: Pos2, to: Pos2) {
    take(window, from, to);
    button(window, to, PointerButton::Primary, false);
    settle(window);
}

fn menu_at(window: &mut Window, at: Pos2) {
    hover(window, at);
    for pressed in [true, false] {
        button(window, at, PointerButton::Secondary, pressed);
    }
    window.run_steps(2);
}

#[track_caller]
fn press(window: &mut Window, begin: &str) {
    let is_it = |label: String| label.starts_with(begin);
    window.get_by(|node| node.role() == egui::Role::Button && node.label().is_some_and(is_it)).click();
    settle(window);
}

fn choose(window: &mut Window, tool: Tool) {
    press(window, "Draw");
    press(window, tool.label());
    assert_eq!(window.state().pane.view().tool(), Some(tool));
}

fn canvas(window: &Window) -> String {
    window.get_by_role(egui::Role::Canvas).value().expect("a chart has a value")
}

/// What the chart says of the bars in sight.
fn in_sight(window: &Window) -> String {
    canvas(window).split("; ").next().unwrap_or_default().to_owned()
}

/// What was measured.
fn measured(window: &Window) -> Option<String> {
    canvas(window).split("; ").find_map(|part| part.strip_prefix("measured ").map(str::to_owned))
}

fn says(window: &Window, part: &str) -> bool {
    window
        .query_all_by(|node| {
            node.role() == egui::Role::Label && node.value().is_some_and(|t| t.contains(part))
        })
        .next()
        .is_some()
}

fn price_of(drawing: &Drawing) -> Price {
    match drawing.figure {
        Figure::Level { price } => price,
        Figure::Trend { .. } => panic!("{drawing:?} is not level"),
    }
}

#[test]
fn a_tool_is_used_once_and_with_shift_more_often() {
    let mut window = chart();
    choose(&mut window, Tool::Level);
    assert!(says(&window, "Click at a price"));
    click(&mut window, pos2(300.0, 200.0));
    assert_eq!(window.state().pane.view().tool(), None);
    assert_eq!(engine(&mut window), []);
    click(&mut window, pos2(300.0, 260.0));
    engine(&mut window);
    assert_eq!(drawings(&window).len(), 1, "the pointer is an ordinary one again");
    assert!((place(&window, "Horizontal line at ").center().y - 200.0).abs() <= 6.0);

    choose(&mut window, Tool::Level);
    hold(&mut window, Modifiers::SHIFT);
    for y in [150.0, 250.0] {
        click(&mut window, pos2(300.0, y));
    }
    hold(&mut window, Modifiers::NONE);
    window.key_press(Key::Escape);
    settle(&mut window);
    assert_eq!(window.state().pane.view().tool(), None, "Escape leaves it");
    engine(&mut window);
    assert_eq!(drawings(&window).len(), 3);
}

#[test]
fn a_trend_line_is_drawn_by_a_drag_or_by_two_clicks_and_nothing_pans() {
    let mut window = chart();
    let before = in_sight(&window);
    let (from, to) = (pos2(200.0, 260.0), pos2(400.0, 160.0));
    choose(&mut window, Tool::Trend);
    drag(&mut window, from, to);
    engine(&mut window);
    let line = place(&window, "Trend line from ");
    choose(&mut window, Tool::Trend);
    click(&mut window, from);
    assert_eq!(window.state_mut().take_sent(), [], "one end is no line");
    click(&mut window, to);
    engine(&mut window);
    let all = drawings(&window);
    assert_eq!(all.len(), 2);
    assert_eq!(all[0].figure, all[1].figure, "both ways are one");
    assert_eq!(in_sight(&window), before);
    assert!((line.left() - from.x).abs() < 8.0 && (line.right() - to.x).abs() < 8.0, "{line:?}");
    assert!((line.top() - to.y).abs() < 8.0 && (line.bottom() - from.y).abs() < 8.0, "{line:?}");
}

#[test]
fn what_is_drawn_stands_before_the_engine_has_answered() {
    let mut window = chart();
    choose(&mut window, Tool::Level);
    click(&mut window, pos2(300.0, 200.0));
    assert_eq!(names(&window).len(), 1);
    let [Command::Draw { change: DrawingChange::Add(figure, ink), .. }] = window.state_mut().take_sent()[..]
    else {
        panic!("one drawing was sent")
    };
    assert_eq!(ink, DrawingInk::Blue);
    let Figure::Level { price } = figure else { panic!("{figure:?}") };
    let refused = format!("AAPL@NASDAQ has 100 drawings at {price}. Delete one first");
    window.state_mut().answer(Err(&refused));
    settle(&mut window);
    assert!(names(&window).is_empty() && says(&window, "Delete one first"));
}

#[test]
fn a_level_is_moved_by_a_drag_that_neither_pans_nor_trades() {
    let mut window = chart();
    has(&mut window, level("284.60"));
    let (before, line) = (in_sight(&window), place(&window, "Horizontal line at 284.60").center());
    let to = line + vec2(60.0, 40.0);
    take(&mut window, line, to);
    assert_eq!(window.state_mut().take_sent(), [], "it is still held");
    button(&mut window, to, PointerButton::Primary, false);
    settle(&mut window);
    assert_eq!(engine(&mut window), []);
    let moved = price_of(&drawings(&window)[0]);
    assert!(moved < price("284.60"), "{moved}");
    assert!((place(&window, "Horizontal line at ").center().y - to.y).abs() <= 6.0);
    assert_eq!(in_sight(&window), before);
    assert_eq!(chosen(&window), [format!("Horizontal line at {moved}")]);
}

#[test]
fn escape_and_another_button_leave_a_drawing_where_it_was() {
    for takes_back in [true, false] {
        let mut window = chart();
        has(&mut window, level("284.60"));
        let (before, line) = (in_sight(&window), place(&window, "Horizontal line at 284.60").center());
        let to = line + vec2(60.0, 40.0);
        take(&mut window, line, to);
        if takes_back {
            window.key_press(Key::Escape);
        } else {
            button(&mut window, to, PointerButton::Middle, true);
            button(&mut window, to, PointerButton::Middle, false);
        }
        window.run_steps(1);
        hover(&mut window, to + vec2(80.0, 0.0));
        button(&mut window, to + vec2(80.0, 0.0), PointerButton::Primary, false);
        settle(&mut window);
        assert_eq!(window.state_mut().take_sent(), []);
        assert_eq!(in_sight(&window), before, "what is left of the drag does not pan");
        place(&window, "Horizontal line at 284.60");
    }
}

#[test]
fn a_trend_line_is_moved_whole_or_by_one_end() {
    let mut window = chart();
    let figure = trend(&window, "284.00", "284.90");
    has(&mut window, figure);
    let line = place(&window, "Trend line from ");
    let Figure::Trend { from, to, .. } = figure else { panic!("it is a trend line") };
    drag(&mut window, line.center(), line.center() + vec2(0.0, 30.0));
    engine(&mut window);
    let Figure::Trend { from: low, to: high, .. } = drawings(&window)[0].figure else { panic!() };
    assert_eq!((low.time, high.time), (from.time, to.time), "straight down");
    assert!(low.price < from.price && high.price < to.price);

    let line = place(&window, "Trend line from ");
    let (end, other) = (line.right_top(), line.left_bottom());
    drag(&mut window, end, end + vec2(35.0, -10.0));
    engine(&mut window);
    let Figure::Trend { from: still, to: later, .. } = drawings(&window)[0].figure else { panic!() };
    assert_eq!(still, low);
    assert!(later.time > high.time && later.price > high.price, "{later:?}");
    assert!((place(&window, "Trend line from ").left_bottom() - other).length() < 3.0);
}

#[test]
fn lines_of_orders_come_before_drawings() {
    let mut window = chart();
    has(&mut window, level("284.80"));
    let (instrument, now) = (window.state().market.id(AAPL), window.state().market.now());
    window.state_mut().order(order(1, instrument, Side::Sell, "100", limit("284.80"), now));
    settle(&mut window);
    let at = pos2(400.0, place(&window, "Horizontal line at 284.80").center().y);
    click(&mut window, at);
    assert!(chosen(&window).is_empty());
    drag(&mut window, at, at + vec2(0.0, 30.0));
    assert_eq!(window.state_mut().take_sent(), []);
    assert!(says(&window, "Order 1 to "), "the order's line was taken, and it asks");
    assert_eq!(price_of(&drawings(&window)[0]), price("284.80"));
    menu_at(&mut window, at);
    assert!(window.query_by_label_contains("Cancel order 1").is_some());
    assert!(window.query_by_label_contains("Delete horizontal line").is_none());
}

#[test]
fn with_a_tool_in_hand_no_order_is_taken_and_no_price_picked() {
    let mut window = chart();
    let (instrument, now) = (window.state().market.id(AAPL), window.state().market.now());
    window.state_mut().order(order(1, instrument, Side::Sell, "100", limit("284.80"), now));
    settle(&mut window);
    let desk = &mut window.state_mut().window.desk;
    let account = Arc::clone(&desk.accounts()[0]);
    desk.arm_one_click(&account);
    let line = place(&window, "Order 1: ");
    let at = pos2(400.0, line.center().y);
    choose(&mut window, Tool::Trend);
    drag(&mut window, at, at + vec2(60.0, 40.0));
    assert_eq!(engine(&mut window), [], "armed, and nothing of the order was sent");
    assert_eq!(drawings(&window).len(), 1);
    choose(&mut window, Tool::Level);
    hold(&mut window, Modifiers::COMMAND);
    click(&mut window, pos2(300.0, 240.0));
    hold(&mut window, Modifiers::NONE);
    engine(&mut window);
    assert_eq!(drawings(&window).len(), 2);
    let picked = window.state().wishes.iter().any(|wish| matches!(wish, UiCommand::TakePrice(_)));
    assert!(!picked, "Ctrl was about the magnet");
}

#[test]
fn an_end_near_a_price_of_its_bar_goes_there_unless_ctrl_is_held() {
    let mut window = chart();
    let bar = bars(1_000, 0, 284.5)[960];
    let high = price(&format!("{:.2}", bar.high));
    // A line that ends at the very high of a bar says where that is.
    let figure = Figure::Trend {
        from: Mark { time: bar.time, price: high },
        to: Mark { time: Time(bar.time.0 + 20 * Timeframe::M1.nanos()), price: high },
        extends: false,
    };
    has(&mut window, figure);
    let at = place(&window, "Trend line from ").left_center() + vec2(1.0, -4.0);
    for (held, is_taken) in [(Modifiers::NONE, true), (Modifiers::COMMAND, false)] {
        choose(&mut window, Tool::Level);
        hold(&mut window, held);
        click(&mut window, at);
        hold(&mut window, Modifiers::NONE);
        engine(&mut window);
        let drawn = price_of(drawings(&window).last().expect("it was drawn"));
        assert_eq!(drawn == high, is_taken, "{drawn} and {high}");
        assert!(drawn >= high);
    }
}

#[test]
fn a_drawing_is_chosen_deleted_and_brought_back() {
    let mut window = chart();
    has(&mut window, level("284.60"));
    let line = place(&window, "Horizontal line at 284.60").center();
    click(&mut window, line);
    assert_eq!(chosen(&window), ["Horizontal line at 284.60"]);
    click(&mut window, line + vec2(0.0, 60.0));
    assert!(chosen(&window).is_empty(), "a click elsewhere chooses nothing");
    window.key_press(Key::Delete);
    settle(&mut window);
    assert_eq!(window.state_mut().take_sent(), []);

    click(&mut window, line);
    window.key_press(Key::Delete);
    settle(&mut window);
    assert_eq!(engine(&mut window), []);
    assert!(drawings(&window).is_empty() && names(&window).is_empty());
    assert!(says(&window, "Horizontal line deleted. Bring it back (Ctrl+Z)"));
    window.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    settle(&mut window);
    engine(&mut window);
    assert_eq!(price_of(&drawings(&window)[0]), price("284.60"));
    window.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    settle(&mut window);
    assert_eq!(window.state_mut().take_sent(), [], "once");
}

#[test]
fn the_menu_of_a_drawing_is_about_it_and_its_very_price() {
    let mut window = chart();
    has(&mut window, level("284.60"));
    let line = place(&window, "Horizontal line at 284.60").center();
    menu_at(&mut window, line + vec2(0.0, 4.0));
    for entry in ["Alert at 284.60…", "Set price in ticket: 284.60", "Sell limit 100 @ 284.60"] {
        assert!(window.query_by_label(entry).is_some(), "{entry}");
    }
    press(&mut window, "Colour");
    press(&mut window, "Orange");
    engine(&mut window);
    assert_eq!(drawings(&window)[0].ink, DrawingInk::Orange);
    menu_at(&mut window, line);
    press(&mut window, "Delete horizontal line");
    engine(&mut window);
    assert!(drawings(&window).is_empty());

    let figure = trend(&window, "284.00", "284.90");
    has(&mut window, figure);
    let line = place(&window, "Trend line from ");
    menu_at(&mut window, line.center());
    press(&mut window, "Extend it to the right");
    engine(&mut window);
    let Figure::Trend { extends: true, .. } = drawings(&window)[0].figure else { panic!("it goes on") };
    assert!(place(&window, "Trend line from ").right() > line.right() + 20.0);
    menu_at(&mut window, line.center());
    press(&mut window, "End it at its second end");
    engine(&mut window);
    assert!((place(&window, "Trend line from ").right() - line.right()).abs() < 1.0);

    // The colour that was chosen last is that of what comes next.
    choose(&mut window, Tool::Level);
    click(&mut window, pos2(200.0, 300.0));
    engine(&mut window);
    assert_eq!(drawings(&window)[1].ink, DrawingInk::Blue, "that of the line that was changed last");
}

#[test]
fn drawings_are_the_instruments_in_every_period_and_not_anothers() {
    let mut window = chart();
    has(&mut window, level("284.60"));
    let figure = trend(&window, "284.00", "284.90");
    has(&mut window, figure);
    let both = names(&window);
    assert_eq!(both.len(), 2);
    window.state_mut().pane.show(Timeframe::M5);
    settle(&mut window);
    history(&mut window, Timeframe::M5);
    assert_eq!(names(&window), both);
    window.state_mut().select(MSFT);
    settle(&mut window);
    assert!(names(&window).is_empty());
    window.state_mut().select(AAPL);
    settle(&mut window);
    history(&mut window, Timeframe::M5);
    assert_eq!(names(&window), both);
}

#[test]
fn shift_and_a_drag_measure_until_the_next_click() {
    let mut window = chart();
    let before = in_sight(&window);
    hold(&mut window, Modifiers::SHIFT);
    drag(&mut window, pos2(200.0, 260.0), pos2(340.0, 200.0));
    hold(&mut window, Modifiers::NONE);
    assert_eq!(in_sight(&window), before);
    let said = measured(&window).expect("it was measured");
    // 140 points are 20 bars of 7.
    assert!(said.contains("+20 bars · 20 min") && said.contains("ticks") && said.contains('%'), "{said}");
    assert!(said.starts_with('+') && said.contains("V "), "{said}");
    click(&mut window, pos2(420.0, 300.0));
    assert_eq!(measured(&window), None);
    assert_eq!(window.state_mut().take_sent(), [], "nothing of it is kept");

    choose(&mut window, Tool::Measure);
    click(&mut window, pos2(340.0, 200.0));
    click(&mut window, pos2(200.0, 260.0));
    let said = measured(&window).expect("it was measured");
    assert!(said.starts_with('−') && said.contains("−20 bars · 20 min"), "{said}");
    window.key_press(Key::Escape);
    settle(&mut window);
    assert_eq!(measured(&window), None);
}

#[test]
fn the_charts_keys_take_tools_in_hand_and_pictures() {
    let mut window = chart();
    click(&mut window, pos2(300.0, 200.0));
    for modifiers in [Modifiers::COMMAND | Modifiers::ALT, Modifiers::COMMAND | Modifiers::SHIFT] {
        window.key_press_modifiers(modifiers, Key::S);
        window.run_steps(6);
        let files = window.state_mut().take_sent().len();
        assert_eq!(files, usize::from(modifiers.alt), "one is a file, the other the clipboard's");
    }
    assert!(says(&window, "in the clipboard"));
    for (key, tool) in [(Key::H, Tool::Level), (Key::T, Tool::Trend), (Key::M, Tool::Measure)] {
        for wanted in [Some(tool), None] {
            window.key_press_modifiers(Modifiers::ALT, key);
            settle(&mut window);
            assert_eq!(window.state().pane.view().tool(), wanted);
        }
    }
}

#[test]
fn the_search_knows_the_tools_and_the_pictures() {
    let mut window = desktop();
    for (words, said) in
        [("horizontal line", "Click at a price"), ("draw trend", "Click or drag"), ("measure", "Measure: ")]
    {
        window.key_press_modifiers(Modifiers::COMMAND, Key::K);
        settle(&mut window);
        window.event(Event::Text(format!("chart: {words}")));
        settle(&mut window);
        window.key_press(Key::Enter);
        settle(&mut window);
        window.get_by(|node| {
            node.role() == egui::Role::Label && node.value().is_some_and(|t| t.contains(said))
        });
        window.key_press(Key::Escape);
        settle(&mut window);
    }
    window.key_press_modifiers(Modifiers::COMMAND, Key::K);
    settle(&mut window);
    window.event(Event::Text("keep a picture".to_owned()));
    settle(&mut window);
    window.key_press(Key::Enter);
    window.run_steps(6);
    let pictures = sent(&mut window);
    assert!(matches!(pictures[..], [Command::File(FileTask::Picture { .. })]), "{pictures:?}");
}

#[test]
fn the_menu_of_the_pane_keeps_a_picture_of_it() {
    let mut window = desktop();
    window.get_by_label("Menu of Chart").click();
    settle(&mut window);
    window.get_by(|node| node.label().is_some_and(|label| label.starts_with("Keep a picture"))).click();
    window.run_steps(8);
    let pictures = sent(&mut window);
    assert!(matches!(pictures[..], [Command::File(FileTask::Picture { .. })]), "{pictures:?}");
}

#[test]
fn a_picture_has_the_panes_size_says_what_it_shows_and_where_it_went() {
    let mut window = chart();
    has(&mut window, level("284.60"));
    window.state_mut().pane.keep_picture(PictureTo::File);
    let mut captions = Vec::new();
    for _ in 0..6 {
        window.run_steps(1);
        captions
            .extend(painted(&window).into_iter().map(|(text, _)| text).filter(|text| text.contains("2026")));
    }
    assert_eq!(captions, ["AAPL · NASDAQ  1m  ·  20 Nov 2026 10:00:00 EST"], "in the picture alone");
    let envelope = window.state_mut().sent.pop().expect("it was sent");
    let Command::File(task) = envelope.command else { panic!("{envelope:?}") };
    let FileTask::Picture { name, picture } = task.clone() else { panic!("{task:?}") };
    assert_eq!(&*name, "AAPL-NASDAQ-1m-20261120-100000");
    let pane = window.ctx.content_rect().size();
    assert!(picture.width as f32 > pane.x - 20.0 && picture.width as f32 <= pane.x, "{picture:?}");
    assert!(picture.height as f32 > pane.y - 20.0 && picture.height as f32 <= pane.y, "{picture:?}");
    assert_eq!(picture.rgba.len(), 4 * (picture.width * picture.height) as usize);
    assert!(picture.rgba.chunks_exact(4).any(|pixel| pixel != &picture.rgba[..4]), "something is on it");
    let outcome = Ok("/home/me/pictures/AAPL.png".into());
    let done = FileDone { to: envelope.id, task, outcome };
    window.state_mut().market.publish(Update::File(Arc::new(done)));
    settle(&mut window);
    assert!(says(&window, "Picture kept: /home/me/pictures/AAPL.png"));
}

#[test]
fn a_picture_goes_into_the_clipboard() {
    let mut window = chart();
    window.state_mut().pane.keep_picture(PictureTo::Clipboard);
    let mut copied = Vec::new();
    for _ in 0..6 {
        window.run_steps(1);
        let commands = &window.output().platform_output.commands;
        copied.extend(commands.iter().filter_map(|command| match command {
            egui::OutputCommand::CopyImage(image) => Some(image.size),
            _ => None,
        }));
    }
    assert_eq!(copied.len(), 1);
    assert!(copied[0][0] > 600 && copied[0][1] > 350, "{copied:?}");
    assert_eq!(window.state_mut().take_sent(), []);
    assert!(says(&window, "in the clipboard"));
}

#[test]
fn a_file_that_cannot_be_written_is_told() {
    let mut window = chart();
    window.state_mut().pane.keep_picture(PictureTo::File);
    window.run_steps(6);
    let envelope = window.state_mut().sent.pop().expect("it was sent");
    let Command::File(task) = envelope.command else { panic!("{envelope:?}") };
    let outcome = Err(Refused("The picture is not kept: the disk is full".into()));
    window.state_mut().market.publish(Update::File(Arc::new(FileDone { to: envelope.id, task, outcome })));
    settle(&mut window);
    assert!(says(&window, "the disk is full"));
}

#[test]
fn the_head_of_a_narrow_chart_holds_its_menus() {
    let mut trader = Bench::new(ChartPane::default());
    trader.select(AAPL);
    let window = trader.show(vec2(330.0, 320.0));
    for name in ["View", "Draw"] {
        let place = window.get_by_label(name).rect();
        assert!(place.left() >= 0.0 && place.right() <= 330.0, "{name} {place:?}");
    }
}

#[test]
fn the_head_of_a_chart_stands_in_one_row_from_a_third_of_a_small_screen_on() {
    for width in [430.0, 470.0, 520.0, 570.0, 620.0, 700.0] {
        let mut trader = Bench::new(ChartPane::default());
        trader.select(AAPL);
        let window = trader.show(vec2(width, 320.0));
        let place = |name: &str| window.get_by_label(name).rect();
        assert!((place("1s").center().y - place("Draw").center().y).abs() < 1.0, "{width}");
        assert!(place("Draw").right() <= width, "{width}");
    }
}

#[test]
fn drawings_look_like_this_dark_and_light() {
    for (theme, name) in [(Theme::dark(), "dark"), (Theme::light(), "light")] {
        let mut pane = ChartPane::default();
        pane.look(Look::Style(Style::Candles));
        let mut window = chart_of(pane);
        theme.apply(&window.ctx);
        let mut book = DrawingBook::default();
        let Figure::Trend { from, to, .. } = trend(&window, "284.00", "284.60") else { panic!() };
        let figures = [
            (level("284.95"), DrawingInk::Orange),
            (level("283.95"), DrawingInk::Plain),
            (Figure::Trend { from, to, extends: true }, DrawingInk::Violet),
            (trend(&window, "285.05", "284.75"), DrawingInk::Blue),
        ];
        for (figure, ink) in figures {
            book.change(AAPL, DrawingChange::Add(figure, ink)).expect("there is room");
        }
        assert_eq!(book.of(AAPL)[0].id, DrawingId(1));
        window.state_mut().market.drawings = Arc::new(book.clone());
        window.state_mut().market.publish(Update::Drawings(Arc::new(book)));
        settle(&mut window);
        let line = place(&window, "Trend line from 284.00").left_bottom() + vec2(20.0, -7.0);
        click(&mut window, line);
        hold(&mut window, Modifiers::SHIFT);
        drag(&mut window, pos2(420.0, 300.0), pos2(490.0, 240.0));
        hold(&mut window, Modifiers::NONE);
        window.event(Event::PointerGone);
        settle(&mut window);
        picture::assert_picture(&mut window, &format!("chart_drawings_{name}"));
    }
}
