//! The engine dies while the trader is at the desk: the window stays, says so over its whole
//! width, shows the last that is known, and pretends nothing.

#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "common/soft_renderer.rs"]
mod soft_renderer;

use std::path::Path;
use std::time::Duration;

use clap::Parser as _;
use egui::{Vec2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use pitdesk::app::cli::Arguments;
use pitdesk::app::market::Plan;
use pitdesk::app::rehearsal::Rehearsal;
use pitdesk::domain::settings::{Settings, ThemeChoice};
use pitdesk::domain::{Decimal, OrderKind, OrderSpec, Price, Qty, Side, Time, TimeInForce};
use pitdesk::link::{Command, CommandId, Envelope, Place};
use pitdesk::store::bars::Library;
use pitdesk::ui::{Begin, Terminal};

/// 20 November 2026, 15:00:00 UTC: a Friday, New York open.
const START: Time = Time::from_seconds(1_795_186_800);
const WHY: &str = "The engine stopped (a test). Orders at a broker work on; the practice market stands still. \
                   What you see is the last that is known: close this window and start again";

/// A desk with a position and a working order, whose engine is gone.
fn stopped(size: Vec2, theme: ThemeChoice) -> Harness<'static, Terminal> {
    let options = Arguments::parse_from(["pitdesk", "--seed", "7"]).options;
    let (library, _none) = Library::open(Path::new(""));
    let plan = Plan::new(&options, &library, true, START).unwrap();
    let settings = Settings { theme, ..Settings::default() };
    let (mut world, link) = Rehearsal::new(plan, settings, START).unwrap();
    let clock = world.clock();
    let to_engine = link.commander.spare();
    let terminal = Terminal::new(Begin { link, clock: clock.clone(), workspace: None });
    let draw = |ui: &mut egui::Ui, terminal: &mut Terminal| {
        terminal.logic();
        terminal.ui(ui);
    };
    let mut harness = soft_renderer::builder::<Terminal>().with_size(size).build_ui_state(draw, terminal);
    let frames = |harness: &mut Harness<'_, Terminal>, world: &mut Rehearsal, count| {
        for _ in 0..count {
            world.run(Duration::from_millis(200));
            harness.step();
        }
    };
    frames(&mut harness, &mut world, 10);
    let desk = harness.state().desk();
    let aapl = desk.instrument_by_key("AAPL@NASDAQ").unwrap().id;
    let bid = desk.quote(aapl).unwrap().quote.bid.unwrap();
    let far = Price((bid.0 * Decimal::new(97, 2)).round_dp(2));
    for (id, kind) in [(1_000, OrderKind::Market), (1_001, OrderKind::Limit { price: far })] {
        let spec = OrderSpec::new(aapl, Side::Buy, Qty(Decimal::TEN), kind, TimeInForce::Day);
        let place = Place::plain("PAPER".into(), spec);
        let envelope = Envelope { id: CommandId(id), input_at: clock.now(), command: Command::Place(place) };
        to_engine.try_send(envelope).unwrap();
    }
    frames(&mut harness, &mut world, 5);
    assert_eq!(harness.state().desk().blotter().working().count(), 1);
    drop(world);
    harness.state_mut().engine_stopped(WHY);
    harness.run_steps(3);
    harness
}

#[test]
fn the_desk_stays_and_nothing_on_it_trades() {
    let mut harness = stopped(vec2(1_280.0, 720.0), ThemeChoice::Dark);
    let banner = harness.get_by_label(WHY).rect();
    assert!(banner.top() < 40.0, "above everything: {banner:?}");
    for name in ["Buy", "Sell", "Close", "Reverse", "Kill switch", "Cancel all"] {
        assert!(harness.get_by_label(name).accesskit_node().is_disabled(), "{name} can be pressed");
    }
    // What is known can still be read.
    harness.get_by_role_and_label(egui::accesskit::Role::Tab, "Positions").click();
    harness.run_steps(2);
    harness.get_by_label_contains("Position in AAPL");
    harness.get_by_label("Down");
    harness.get_by_label("Close Pitdesk").click();
    harness.run_steps(2);
    assert!(harness.state().has_quit(), "no question: staying would change nothing");
}

#[test]
fn the_search_offers_nothing_that_needs_the_engine() {
    let mut harness = stopped(vec2(1_280.0, 720.0), ThemeChoice::Dark);
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::K);
    harness.run_steps(2);
    for text in ["cancel", "kill"] {
        harness.get_by_role_and_label(egui::accesskit::Role::TextInput, "Search").type_text(text);
        harness.run_steps(2);
        assert!(harness.query_by_label_contains("Cancel all orders").is_none());
        assert!(harness.query_by_label_contains("Kill switch:").is_none());
    }
}

/// For a person to look at: `PITDESK_PICTURES=folder cargo test --test stopped`.
#[test]
fn it_can_be_drawn_in_every_size_and_theme() {
    for (size, theme, name) in [
        (vec2(1_280.0, 720.0), ThemeChoice::Dark, "stopped-small-dark"),
        (vec2(1_600.0, 900.0), ThemeChoice::Light, "stopped-large-light"),
    ] {
        let mut harness = stopped(size, theme);
        let picture = harness.render().unwrap();
        if let Some(folder) = std::env::var_os("PITDESK_PICTURES") {
            picture.save(Path::new(&folder).join(format!("{name}.png"))).unwrap();
        }
    }
}
