//! What frames cost, shown with F12.

use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use crate::bench::settle;
use crate::desktop::{Desktop, desktop};

fn opened() -> Harness<'static, Desktop> {
    let mut window = desktop();
    window.key_press(Key::F12);
    settle(&mut window);
    window.run_steps(2);
    window
}

fn reads(window: &Harness<'_, Desktop>, text: &str) -> bool {
    window
        .query_all_by_role(egui::Role::Label)
        .any(|node| node.value().is_some_and(|said| said.contains(text)))
}

#[test]
fn f12_shows_what_a_frame_costs_and_puts_it_away() {
    let mut window = opened();
    for text in ["Layout", "Tessellation and upload", "vertices of text", "Orders and state", "of 256"] {
        assert!(reads(&window, text), "{text}");
    }
    window.check_accessibility();
    window.key_press(Key::F12);
    settle(&mut window);
    assert!(!reads(&window, "Tessellation and upload"));
    window.key_press_modifiers(Modifiers::COMMAND, Key::K);
    settle(&mut window);
    window.event(egui::Event::Text("performance".to_owned()));
    settle(&mut window);
    window.key_press(Key::Enter);
    settle(&mut window);
    assert!(reads(&window, "Tessellation and upload"));
}

#[test]
fn numbers_end_below_the_end_of_their_heads() {
    let window = opened();
    let labels: Vec<(String, egui::Rect)> = window
        .query_all_by_role(egui::Role::Label)
        .filter_map(|node| Some((node.accesskit_node().value()?, node.rect())))
        .collect();
    for (head, rows) in
        [("last", 3), ("median", 3), ("worst", 3), ("applied", 4), ("dropped", 4), ("most", 4)]
    {
        let (_, own) = labels.iter().find(|(text, _)| text == head).expect("it is a head");
        let ends = |at: &egui::Rect| (at.right() - own.right()).abs() < 1.0;
        let below = labels.iter().skip_while(|(text, _)| text != head).skip(1);
        let count = below.filter(|(_, at)| at.top() > own.top() && ends(at)).count();
        assert!(count >= rows, "{count} numbers below {head}");
    }
}

#[test]
fn it_takes_no_click_from_what_is_below_it() {
    let window = opened();
    let below = window.get_by_label("Menu of Watchlist").rect().center();
    let is_over =
        |at: egui::Pos2| window.ctx.layer_id_at(at).is_some_and(|layer| layer.order == egui::Order::Tooltip);
    let covered = (0..600).map(|y| egui::pos2(60.0, y as f32)).find(|at| is_over(*at));
    assert_eq!(covered, None);
    assert!(!is_over(below));
}

#[test]
fn a_market_that_stands_still_stands_still_below_it() {
    let mut window = opened();
    window.run();
    let delay = window.output().viewport_output[&egui::ViewportId::ROOT].repaint_delay;
    assert!(delay > std::time::Duration::from_millis(200), "{delay:?}");
}
