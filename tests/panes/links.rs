//! What charts of a group have in common: the crosshair, and the period where that is wanted.

use egui::{Event, Pos2, Rect, Role};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use pitdesk::domain::Timeframe;
use pitdesk::link::update::Placement;
use pitdesk::link::{BarKey, History, Update};
use pitdesk::market::series::BarChunk;

use crate::bench::settle;
use crate::chart_pane::{AAPL, bars};
use crate::desktop::{Desktop, choose, desktop_sized, search_and_enter};

type Window = Harness<'static, Desktop>;

/// Two charts of one instrument, side by side.
fn two_charts() -> Window {
    let mut window = desktop_sized(egui::vec2(1600.0, 720.0));
    let key = BarKey { instrument: window.state().market.id(AAPL), timeframe: Timeframe::M1 };
    let chunk = Some(BarChunk::new(bars(1_000, 0, 284.5).into()).expect("sound bars"));
    let history = History { key, chunk, placement: Placement::Anew, is_complete: true };
    window.state_mut().market.publish(Update::History(history));
    settle(&mut window);
    search_and_enter(&mut window, "open chart to the right");
    window
}

/// Where the charts are, from left to right.
fn charts(window: &Window) -> Vec<Rect> {
    let mut rects: Vec<Rect> = window.query_all_by_role(Role::Canvas).map(|node| node.rect()).collect();
    rects.sort_by(|one, other| one.left().total_cmp(&other.left()));
    rects
}

fn move_to(window: &mut Window, pos: Pos2) {
    window.event(Event::PointerMoved(pos));
    window.run_steps(4);
}

/// Whether the second chart looks another way when the pointer is over the first.
fn second_follows(window: &mut Window) -> bool {
    let [first, second] = charts(window)[..] else { panic!("two charts") };
    let look = |window: &mut Window| {
        let picture = window.render().expect("a picture");
        let rows = second.top() as u32..second.bottom() as u32;
        let at = |y| (second.left() as u32..second.right() as u32).map(move |x| (x, y));
        rows.flat_map(at).map(|(x, y)| *picture.get_pixel(x, y)).collect::<Vec<_>>()
    };
    move_to(window, Pos2::new(3.0, 3.0));
    let before = look(window);
    move_to(window, first.left_top() + first.size() * egui::vec2(0.5, 0.3));
    look(window) != before
}

#[test]
fn the_crosshair_of_one_chart_stands_in_the_others_of_its_group() {
    let mut window = two_charts();
    assert!(second_follows(&mut window));
    let pointed = window.state().terminal.desk().pointed().copied().expect("the pointer is in a chart");
    assert_eq!(pointed.instrument, window.state().market.id(AAPL));
    assert!(pointed.price.is_some());
    move_to(&mut window, Pos2::new(3.0, 3.0));
    assert_eq!(window.state().terminal.desk().pointed(), None, "it goes with the pointer");
    choose(&mut window, "Chart 2", &["Linked to group", "Crosshair of its group"]);
    assert!(!second_follows(&mut window), "this chart does not share it");
}

#[test]
fn the_crosshair_stays_in_its_group() {
    let mut window = two_charts();
    choose(&mut window, "Chart 2", &["Linked to group", "B  "]);
    assert!(!second_follows(&mut window));
}

#[test]
fn charts_that_share_their_period_turn_together() {
    let mut window = two_charts();
    let periods = |window: &Window| {
        let names = window.query_all_by_role(Role::Canvas).map(|node| {
            use egui_kittest::kittest::NodeT as _;
            let name = node.accesskit_node().label().expect("a chart has a name");
            name.rsplit(' ').next().expect("its period is the last word").to_owned()
        });
        names.collect::<Vec<_>>()
    };
    for chart in ["Chart", "Chart 2"] {
        choose(&mut window, chart, &["Linked to group", "Period of its group"]);
    }
    let turn = |window: &mut Window, which: usize| {
        let buttons: Vec<_> = window.query_all_by_label("1h").collect();
        buttons[which].click();
        window.run_steps(3);
    };
    turn(&mut window, 1);
    assert_eq!(periods(&window), ["1h", "1h"]);
}
