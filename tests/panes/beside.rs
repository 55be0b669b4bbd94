//! Panes in a window beside the main one: two windows on one terminal, each with a keyboard and a pointer of its
//! own, as the desktop has them.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use egui::{Event, Key, Modifiers, Role, ViewportCommand};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use pitdesk::domain::{Origin, Side, Timeframe};
use pitdesk::link::update::Placement;
use pitdesk::link::{BarKey, Command, Demand, History, Update};
use pitdesk::market::series::BarChunk;
use pitdesk::ui::set_options;
use pitdesk::ui::theme::Theme;
use pitdesk::ui::workspace::WindowKey;

use crate::bench::settle;
use crate::chart_pane::{AAPL, bars};
use crate::desk::Market;
use crate::desktop::Desktop;
use crate::picture::assert_picture;
use crate::soft_renderer;

type Shared = Rc<RefCell<Desktop>>;
type Window = Harness<'static, Shared>;

/// The main window, and one beside it.
struct Two {
    main: Window,
    other: Window,
}

impl Two {
    /// Apple quotes at 284.49 to 284.50; both windows are the standard desk, nothing is taken out yet.
    fn new() -> Self {
        let (market, terminal) = Market::with_terminal(None);
        let desktop = Rc::new(RefCell::new(Desktop { market, terminal }));
        let shared = Rc::clone(&desktop);
        let main = soft_renderer::builder().with_size(egui::vec2(1_280.0, 720.0)).build_ui_state(
            |ui, desktop: &mut Shared| {
                let terminal = &mut desktop.borrow_mut().terminal;
                terminal.logic();
                terminal.ui(ui);
            },
            desktop,
        );
        let mut other = soft_renderer::builder().with_size(egui::vec2(640.0, 480.0)).build_ui_state(
            |ui, desktop: &mut Shared| {
                let terminal = &mut desktop.borrow_mut().terminal;
                let window = terminal.beside().next();
                if let Some((window, _)) = window {
                    terminal.beside_ui(window, ui);
                }
            },
            shared,
        );
        Theme::dark().apply(&other.ctx);
        other.input_mut().focused = false;
        for window in [&main, &other] {
            set_options(&window.ctx);
        }
        let mut two = Self { main, other };
        two.main.state().borrow_mut().market.quote(AAPL, "284.50");
        two.settle();
        two.sent();
        two
    }

    /// The same with this pane in the other window, which has the keyboard.
    fn with(pane: &str) -> Self {
        let mut two = Self::new();
        choose(&mut two.main, pane, "Move to a new window");
        two.turn_to_other();
        two.sent();
        two
    }

    /// A frame of the main window, which took so long.
    fn paint_main(&mut self, took: Duration) {
        self.main.step();
        let Desktop { market, terminal } = &mut *self.main.state().borrow_mut();
        terminal.on_painted(market.now() + took);
    }

    fn settle(&mut self) {
        for _ in 0..2 {
            settle(&mut self.main);
            settle(&mut self.other);
        }
    }

    fn turn_to_other(&mut self) {
        self.main.input_mut().focused = false;
        self.other.input_mut().focused = true;
        self.settle();
    }

    fn turn_to_main(&mut self) {
        self.other.input_mut().focused = false;
        self.main.input_mut().focused = true;
        self.settle();
    }

    fn press(&mut self, modifiers: Modifiers, key: Key) {
        self.other.key_press_modifiers(modifiers, key);
        self.settle();
    }

    /// What was sent since the last call, without what the windows send by themselves.
    fn sent(&mut self) -> Vec<Command> {
        let mut commands = self.main.state().borrow_mut().market.commands();
        let own = |command: &Command| {
            matches!(command, Command::Demand(_) | Command::SaveWorkspace(_) | Command::Snapshot)
        };
        commands.retain(|command| !own(command));
        commands
    }

    /// What was asked for last.
    fn demand(&mut self) -> Demand {
        let commands = self.main.state().borrow_mut().market.commands();
        let demands = commands.into_iter().filter_map(|command| match command {
            Command::Demand(demand) => Some(Demand::clone(&demand)),
            _ => None,
        });
        demands.last().expect("something else is asked for")
    }

    fn is_armed(&self) -> bool {
        self.main.state().borrow().terminal.desk().one_click().is_some()
    }

    fn windows(&self) -> usize {
        self.main.state().borrow().terminal.beside().count()
    }

    /// Bars for the chart.
    fn publish_bars(&mut self) {
        let market = &mut self.main.state().borrow_mut().market;
        let key = BarKey { instrument: market.id(AAPL), timeframe: Timeframe::M1 };
        let chunk = Some(BarChunk::new(bars(200, 0, 284.5).into()).expect("sound bars"));
        market.publish(Update::History(History {
            key,
            chunk,
            placement: Placement::Anew,
            is_complete: true,
        }));
    }

    fn arm(&mut self) {
        self.press(Modifiers::COMMAND | Modifiers::ALT, Key::A);
        assert!(self.is_armed());
    }
}

/// Chooses in the menu of a pane.
#[track_caller]
fn choose(window: &mut Window, pane: &str, entry: &str) {
    window.get_by_label(&format!("Menu of {pane}")).click();
    settle(window);
    let starts = |node: &egui_kittest::Node<'_>| {
        node.accesskit_node().role() == Role::Button
            && node.accesskit_node().label().is_some_and(|label| label.starts_with(entry))
    };
    window.query_all_by(|_| true).find(starts).expect("the menu has it").click();
    settle(window);
}

fn has(window: &Window, name: &str) -> bool {
    window.query_by_label(name).is_some()
}

fn says(window: &Window, part: &str) -> bool {
    let has_part = |node: &egui_kittest::Node<'_>| {
        let node = node.accesskit_node();
        [node.label(), node.value()].into_iter().flatten().any(|text| text.contains(part))
    };
    window.query_all_by(|_| true).any(|node| has_part(&node))
}

#[test]
fn a_pane_is_taken_out_and_comes_back() {
    let mut two = Two::with("Ticket");
    assert!(!has(&two.main, "Menu of Ticket") && has(&two.other, "Menu of Ticket"));
    choose(&mut two.other, "Ticket", "Move to the main window");
    two.settle();
    assert!(has(&two.main, "Menu of Ticket") && two.windows() == 0);

    // By key as well, both ways: the pane that was used last.
    two.turn_to_main();
    two.main.key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::O);
    two.settle();
    assert!(!has(&two.main, "Menu of Ticket") && two.windows() == 1);
    two.turn_to_other();
    two.press(Modifiers::COMMAND | Modifiers::SHIFT, Key::O);
    assert_eq!(two.windows(), 0);
}

#[test]
fn a_window_that_is_closed_gives_its_panes_back() {
    let mut two = Two::with("Chart");
    {
        let terminal = &mut two.main.state().borrow_mut().terminal;
        let (window, _) = terminal.beside().next().expect("a window");
        terminal.close_beside(window);
    }
    two.settle();
    assert!(has(&two.main, "Menu of Chart") && two.windows() == 0);
    two.turn_to_main();
    two.main.key_press_modifiers(Modifiers::COMMAND | Modifiers::ALT, Key::Z);
    two.settle();
    assert_eq!(two.windows(), 1, "which can be taken back");
}

#[test]
fn what_any_window_shows_is_fed() {
    let mut two = Two::new();
    let aapl = two.main.state().borrow().market.id(AAPL);
    choose(&mut two.main, "Chart", "Move to a new window");
    two.settle();
    choose(&mut two.main, "Watchlist", "Close pane");
    two.settle();
    let demand = two.demand();
    assert!(demand.bars.contains_key(&BarKey { instrument: aapl, timeframe: Timeframe::M1 }), "{demand:?}");
    two.publish_bars();
    assert_eq!(two.other.query_all_by_role(Role::Canvas).count(), 1);

    choose(&mut two.other, "Chart", "Close pane");
    two.settle();
    assert!(two.demand().bars.is_empty(), "and no more once it shows it no more");
}

#[test]
fn the_search_opens_in_the_window_that_has_the_keyboard() {
    let mut two = Two::with("Chart");
    two.press(Modifiers::COMMAND, Key::K);
    let field = |window: &Window| {
        let mut fields = window.query_all_by_role(Role::TextInput);
        fields.any(|node| node.is_focused() && node.accesskit_node().label().as_deref() == Some("Search"))
    };
    assert!(field(&two.other));
    two.other.event(Event::Text("open tape".to_owned()));
    two.settle();
    assert!(says(&two.other, "Tape"));
    two.turn_to_main();
    assert!(field(&two.main) && says(&two.main, "open tape"), "it goes where the hands are");
    assert!(!says(&two.other, "open tape"));
    two.main.key_press(Key::Escape);
    two.settle();
    assert!(!says(&two.main, "open tape"));
}

#[test]
fn trading_keys_work_in_it_and_it_says_that_they_do() {
    let mut two = Two::with("Chart");
    assert!(!has(&two.other, "ONE CLICK ON"));
    two.arm();
    assert!(has(&two.other, "ONE CLICK ON") && says(&two.other, "Keys: 100 AAPL"));
    assert!(has(&two.main, "ONE CLICK ON"));
    two.press(Modifiers::ALT, Key::B);
    let commands = two.sent();
    let [Command::Place(place)] = &commands[..] else { panic!("{commands:?}") };
    assert_eq!((place.spec.side, place.origin), (Side::Buy, Origin::Keys));
    two.press(Modifiers::NONE, Key::Escape);
    assert!(!two.is_armed());
    two.press(Modifiers::ALT, Key::B);
    assert_eq!(two.sent(), []);
}

#[test]
fn a_key_trades_what_its_own_window_has_shown() {
    let mut two = Two::new();
    two.main.state().borrow_mut().market.quote("MSFT@NASDAQ", "510.00");
    choose(&mut two.main, "Chart", "Linked to group A");
    let group = |node: &egui_kittest::Node<'_>| {
        node.accesskit_node().label().is_some_and(|label| label.starts_with("B  "))
    };
    two.main.query_all_by(|_| true).find(group).expect("group B").click();
    two.settle();
    choose(&mut two.main, "Chart", "Move to a new window");
    two.turn_to_other();
    two.press(Modifiers::COMMAND, Key::K);
    two.other.event(Event::Text("MSFT".to_owned()));
    two.settle();
    two.press(Modifiers::NONE, Key::Enter);
    two.arm();
    assert!(says(&two.other, "Keys: 100 MSFT"));
    two.turn_to_main();
    assert!(says(&two.main, "Keys: 100 AAPL"), "each window works with its own pane");
    two.sent();

    // The keyboard and the press come in one frame, which has not shown yet what would be traded.
    two.main.input_mut().focused = false;
    two.other.input_mut().focused = true;
    let (key, modifiers) = (Key::B, Modifiers::ALT);
    for pressed in [true, false] {
        let event = Event::Key { key, physical_key: None, pressed, repeat: false, modifiers };
        two.other.input_mut().events.push(event);
    }
    two.other.step();
    assert_eq!(two.sent(), []);
    two.settle();
    two.press(Modifiers::ALT, Key::B);
    let commands = two.sent();
    let [Command::Place(place)] = &commands[..] else { panic!("{commands:?}") };
    assert_eq!(place.spec.instrument, two.main.state().borrow().market.id("MSFT@NASDAQ"));
}

#[test]
fn the_kill_switch_is_heard_in_it() {
    let mut two = Two::with("Chart");
    two.press(Modifiers::COMMAND | Modifiers::SHIFT, Key::Delete);
    assert!(matches!(two.sent()[..], [Command::Kill { .. }]));
}

#[test]
fn it_says_that_the_engine_has_stopped() {
    let mut two = Two::with("Ticket");
    two.main.state().borrow_mut().terminal.engine_stopped("The engine stopped. Start again");
    two.settle();
    assert!(says(&two.other, "The engine stopped"));
    let buttons: Vec<_> = two.other.query_all_by_role(Role::Button).collect();
    let buy = buttons.iter().find(|node| node.accesskit_node().label().is_some_and(|l| l.starts_with("Buy")));
    assert!(buy.expect("the ticket").accesskit_node().is_disabled());
}

#[test]
fn a_price_that_is_taken_in_one_window_is_in_the_ticket_of_another() {
    let mut two = Two::with("Ticket");
    two.turn_to_main();
    two.main.key_press_modifiers(Modifiers::COMMAND, Key::K);
    two.settle();
    two.main.event(Event::Text("prepare a buy".to_owned()));
    two.settle();
    two.main.key_press(Key::Enter);
    two.settle();
    assert!(says(&two.other, "Confirm") || says(&two.other, "Send"), "the ticket asks where it stands");
    assert_eq!(two.windows(), 1);
}

/// What the desktop is asked to do with the main window in the frame of `window` that sees this key pressed.
fn asked_of_main(window: &mut Window, modifiers: Modifiers, key: Key) -> Vec<ViewportCommand> {
    let event = Event::Key { key, physical_key: None, pressed: true, repeat: false, modifiers };
    window.input_mut().events.push(event);
    window.step();
    window.output().viewport_output[&WindowKey::MAIN.viewport()].commands.clone()
}

#[test]
fn what_is_called_in_one_window_comes_to_the_front_where_it_stands() {
    let mut two = Two::with("Chart");
    let brings = [ViewportCommand::Minimized(false), ViewportCommand::Focus];
    let search = |window: &mut Window, words: &str| {
        window.key_press_modifiers(Modifiers::COMMAND, Key::K);
        settle(window);
        window.event(Event::Text(words.to_owned()));
        settle(window);
    };
    search(&mut two.other, "prepare a buy");
    assert_eq!(asked_of_main(&mut two.other, Modifiers::NONE, Key::Enter), brings);
    two.other.step();
    let after = &two.other.output().viewport_output[&WindowKey::MAIN.viewport()].commands;
    assert_eq!(*after, [], "once");

    two.turn_to_main();
    search(&mut two.main, "prepare a buy");
    assert_eq!(asked_of_main(&mut two.main, Modifiers::NONE, Key::Enter), [], "it is in front already");
}

/// The cells beside a name in the table of frames.
fn cells(window: &Window, name: &str) -> Vec<String> {
    let labels: Vec<String> =
        window.query_all_by_role(Role::Label).filter_map(|node| node.accesskit_node().value()).collect();
    let at = labels.iter().position(|label| label == name).expect("the overlay is open");
    labels[at + 1..at + 4].to_vec()
}

#[test]
fn the_overlay_tells_of_frames_of_the_main_window_alone() {
    let mut two = Two::with("Chart");
    two.turn_to_main();
    two.main.key_press(Key::F12);
    two.settle();
    assert!(!says(&two.other, "Tessellation and upload"), "it stands in the main window alone");
    assert_eq!(cells(&two.main, "Both"), ["–", "–", "–"], "no frame was measured");
    two.paint_main(Duration::from_millis(5));
    for _ in 0..3 {
        two.main.state().borrow_mut().market.later(Duration::from_millis(80));
        two.other.step();
    }
    // eframe tells the time of the last window that was painted, and that was not the main one.
    two.main.step();
    two.other.step();
    two.main.state().borrow_mut().terminal.on_painted_unmeasured();
    two.main.step();
    assert_eq!(cells(&two.main, "Both"), ["5.0 ms", "5.0 ms", "5.0 ms"]);
    two.paint_main(Duration::from_millis(7));
    two.main.step();
    assert_eq!(cells(&two.main, "Both"), ["7.0 ms", "7.0 ms", "7.0 ms"], "of two the later is the median");
}

#[test]
fn its_place_and_its_panes_are_saved() {
    let two = Two::with("Chart");
    let place = pitdesk::ui::workspace::WindowPlace {
        position: Some([1_920.0, 40.0]),
        size: [700.0, 500.0],
        is_maximised: false,
    };
    let window = {
        let terminal = &mut two.main.state().borrow_mut().terminal;
        let (window, _) = terminal.beside().next().expect("a window");
        terminal.on_beside_place(window, place);
        terminal.shut_down();
        window
    };
    let saved = two.main.state().borrow_mut().market.commands().into_iter().rev().find_map(|c| match c {
        Command::SaveWorkspace(text) => Some(text),
        _ => None,
    });
    let (_, terminal) = Market::with_terminal(Some(&saved.expect("it is saved")));
    assert_eq!(terminal.beside().collect::<Vec<_>>(), [(window, Some(place))]);
    assert_ne!(window, WindowKey::MAIN);
}

#[test]
fn nothing_moves_and_nothing_is_painted_in_either() {
    let mut two = Two::with("Chart");
    // `run` panics where frame asks for frame.
    two.main.run();
    two.other.run();
}

#[test]
fn it_looks_as_it_should() {
    let mut two = Two::with("Chart");
    two.publish_bars();
    two.arm();
    assert_picture(&mut two.other, "beside_chart");
}
