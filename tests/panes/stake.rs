//! Paper and live never look alike.

use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use pitdesk::domain::{AccountId, AccountKind};
use pitdesk::ui::theme::Theme;

use crate::bench::{painted, settle};
use crate::desktop::{Desktop, click, desktop, desktop_sized};
use crate::safety;

/// Of an account that is armed.
const BADGE: &str = "LIVE · real money · armed: disarm account U1234567";

fn go_live(window: &mut Harness<'static, Desktop>) {
    window.state_mut().market.bank(|account| {
        account.kind = AccountKind::Live;
        account.id = AccountId("U1234567".into());
    });
    window.state_mut().market.arm(true);
    window.state_mut().market.quote("AAPL@NASDAQ", "284.50");
    settle(window);
    window.run_steps(2);
    crate::accounts::choose(window, "U1234567");
}

fn strokes_of(window: &Harness<'_, Desktop>, colour: egui::Color32) -> usize {
    let is_one =
        |shape: &egui::Shape| matches!(shape, egui::Shape::Rect(rect) if rect.stroke.color == colour);
    window.output().shapes.iter().filter(|clipped| is_one(&clipped.shape)).count()
}

#[test]
fn title_frame_badge_and_buttons_say_what_is_at_stake() {
    let mut window = desktop();
    window.state_mut().market.quote("AAPL@NASDAQ", "284.50");
    settle(&mut window);
    let live = Theme::dark().live_fill;
    assert_eq!(window.state().terminal.title(), "Pitdesk (paper)");
    window.get_by_label("PAPER");
    assert!(window.query_by_label(BADGE).is_none());
    assert_eq!(strokes_of(&window, live), 0);

    go_live(&mut window);
    assert_eq!(window.state().terminal.title(), "LIVE U1234567 – Pitdesk");
    assert!(window.query_by_label("PAPER").is_none());
    window.get_by_label(BADGE);
    for name in ["LIVE Buy", "LIVE Sell", "LIVE Close", "LIVE Reverse"] {
        window.get_by_label(name);
    }
    assert!(window.query_by_label("Buy").is_none());
    assert_eq!(strokes_of(&window, live), 6, "four buttons, the ticket and the window");
    let words = painted(&window);
    assert!(words.iter().any(|(text, _)| text.starts_with("LIVE Buy")));

    click(&mut window, "LIVE Buy");
    let asks = window.get_by_label_contains("LIVE Confirm buy 100 AAPL");
    assert!(!asks.accesskit_node().is_disabled());
}

#[test]
fn an_unknown_account_is_neither() {
    let (_market, terminal) = crate::desk::Market::with_terminal(None);
    assert_eq!(terminal.title(), "Pitdesk");
}

#[test]
fn it_fits_every_size() {
    for (size, name) in safety::SIZES {
        let mut window = desktop_sized(size.into());
        safety::theme_by(&mut window, name);
        go_live(&mut window);
        safety::save(&mut window, &format!("live-{name}"));
        let bottom = window.get_by_label("Kill switch").rect().top();
        for way_out in ["LIVE Close", "LIVE Reverse"] {
            assert!(window.get_by_label(way_out).rect().bottom() < bottom, "{way_out} in {name}");
        }
        click(&mut window, "LIVE Sell");
        safety::save(&mut window, &format!("live-armed-{name}"));
        assert!(window.get_by_label("Kill switch").rect().bottom() < size[1]);
    }
}
