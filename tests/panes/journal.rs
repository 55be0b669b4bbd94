//! A journal that cannot be written, as the trader meets it.

use egui_kittest::kittest::{NodeT as _, Queryable as _};
use pitdesk::link::{JournalState, Update};

use crate::bench::{painted, settle};
use crate::desktop::{desktop, desktop_sized};
use crate::safety;

const WHY: &str =
    "The journal cannot be written (disk full): new orders and changes are refused, cancels work";

#[test]
fn it_is_told_over_the_whole_width_until_it_works_again() {
    let mut window = desktop();
    window.state_mut().market.quote("AAPL@NASDAQ", "284.50");
    settle(&mut window);
    assert!(!window.get_by_label("Buy").accesskit_node().is_disabled());
    window.state_mut().market.publish(Update::Journal(JournalState::Broken("disk full".into())));
    settle(&mut window);
    let banner = window.get_by_label(WHY).rect();
    assert!(banner.top() < 30.0, "above everything: {banner:?}");
    assert!(window.get_by_label("Buy").accesskit_node().is_disabled());
    let says = |text: &str| painted(&window).iter().any(|(painted, _)| painted.contains(text));
    assert!(says("The journal cannot be written: no orders are sent"), "in the ticket");
    window.state_mut().market.publish(Update::Journal(JournalState::Works));
    settle(&mut window);
    assert!(window.query_by_label(WHY).is_none());
    assert!(!window.get_by_label("Buy").accesskit_node().is_disabled());
}

#[test]
fn a_long_reason_breaks_no_layout() {
    let why = "/home/trader/.local/share/pitdesk/profiles/paper/journal.sqlite: database or disk is full, and \
               this is a long story";
    for (size, name) in safety::SIZES {
        let mut window = desktop_sized(size.into());
        safety::theme_by(&mut window, name);
        window.state_mut().market.publish(Update::Journal(JournalState::Broken(why.into())));
        settle(&mut window);
        let banner = window.get_by_label_contains("The journal cannot be written (").rect();
        assert!(banner.right() <= size[0] && banner.height() < 60.0, "{banner:?}");
        assert!(window.get_by_label("Kill switch").rect().bottom() < size[1]);
        safety::save(&mut window, &format!("journal-{name}"));
    }
}
