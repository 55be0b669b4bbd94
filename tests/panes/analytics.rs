//! Analytics: the curve of an account with its gaps, the depth of a book, and latencies.

use std::sync::Arc;
use std::time::Duration;

use egui::{Event, Role, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use pitdesk::domain::settings::ZoneDisplay;
use pitdesk::domain::{AccountId, Currency, Depth, Level, Money, Time};
use pitdesk::link::{ConnectionState, Update};
use pitdesk::market::equity::{Curve, Curves, Sample};
use pitdesk::ui::analytics::AnalyticsPane;
use pitdesk::ui::theme::Theme;

use crate::bench::{Bench, painted, settle};
use crate::desk::{Market, price, qty};
use crate::picture;

type Window = Harness<'static, Bench<AnalyticsPane>>;

const AAPL: &str = "AAPL@NASDAQ";
const DAY: i64 = 24 * 60;

fn pane(topic: &str) -> AnalyticsPane {
    serde_json::from_str(&format!(r#"{{"topic":"{topic}"}}"#)).expect("a saved pane")
}

fn paper() -> AccountId {
    AccountId("PAPER".into())
}

/// So many minutes before the market's now.
fn sample(market: &Market, ago: i64, dollars: i64, follows: bool) -> Sample {
    let equity = Money { amount: dollars.into(), currency: Currency::USD };
    Sample { time: Time::from_seconds(market.now().seconds() - 60 * ago), equity, follows }
}

/// Three weeks in which the program ran fourteen hours a day: a walk that rises.
fn weeks(market: &Market) -> Curve {
    let mut curve = Curve::default();
    let is_running = |ago: i64| ago % DAY < 14 * 60;
    let (mut dice, mut dollars) = (1_u64, 1_000_000_i64);
    for ago in (0..21 * DAY).rev().filter(|ago| is_running(*ago)) {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        dollars += i64::from((dice >> 33) as u32 % 61) - 29;
        curve.add(sample(market, ago, dollars, is_running(ago + 1)));
    }
    curve
}

fn shown(curve: impl FnOnce(&Market) -> Option<Curve>) -> Window {
    let mut bench = Bench::new(AnalyticsPane::default());
    bench.market.configure(|settings| settings.time_zone_display = ZoneDisplay::Utc);
    let mut curves = Curves::default();
    if let Some(curve) = curve(&bench.market) {
        curves.put(paper(), curve);
    }
    bench.market.equity = Arc::new(curves);
    bench.market.snapshot();
    bench.show(vec2(560.0, 300.0))
}

fn says(window: &Window, what: &str) -> bool {
    painted(window).iter().any(|(text, _)| text.contains(what))
}

#[track_caller]
fn check_says(window: &Window, what: &str) {
    assert!(says(window, what), "{what:?} is not among {:?}", painted(window));
}

fn point(window: &mut Window, share: f32) {
    let plot = window.get_by_role(Role::Image).rect();
    window.event(Event::PointerMoved(plot.lerp_inside(vec2(share, 0.5))));
    settle(window);
}

fn press(window: &mut Window, name: &str) {
    window.get_by_label(name).click();
    settle(window);
}

#[test]
fn the_newest_value_stands_above_the_curve_with_its_change_over_what_is_shown() {
    let mut window = shown(|market| {
        let mut curve = Curve::default();
        for (ago, dollars, follows) in [
            (4 * DAY, 900_000, false),
            (DAY - 1, 1_000_000, false),
            (1, 1_002_000, false),
            (0, 1_002_310, true),
        ] {
            curve.add(sample(market, ago, dollars, follows));
        }
        Some(curve)
    });
    for what in ["1,002,310.00 USD", "+2,310.00 (+0.23 %)", "in 24 hours"] {
        check_says(&window, what);
    }
    press(&mut window, "The last seven days");
    for what in ["+102,310.00 (+11.37 %)", "since 16 Nov 15:00"] {
        check_says(&window, what);
    }
    let saved = serde_json::to_string(&window.state().pane).unwrap();
    assert!(saved.contains(r#""window":"week""#), "{saved}");
    // What comes is added.
    let market = &mut window.state_mut().market;
    market.later(Duration::from_mins(1));
    let newest = sample(market, 0, 890_000, true);
    market.publish(Update::Equity(paper(), newest));
    settle(&mut window);
    check_says(&window, "890,000.00 USD");
    check_says(&window, "−10,000.00 (−1.11 %)");
    let about = window.get_by_role(Role::Image).accesskit_node().label();
    assert_eq!(about.as_deref(), Some("Equity of PAPER: 890,000.00 USD"));
}

#[test]
fn the_pointer_tells_the_value_and_where_nobody_knows_it_says_so() {
    let mut window = shown(|market| {
        let hours = |from: i64, to: i64| (to..from).rev().map(move |ago| (ago, ago + 1 < from));
        let mut curve = Curve::default();
        for (ago, follows) in hours(20 * 60, 15 * 60).chain(hours(9 * 60, 0)) {
            curve.add(sample(market, ago, 1_000_000 + ago, follows));
        }
        Some(curve)
    });
    check_says(&window, "Where the line is broken");
    point(&mut window, 0.5);
    check_says(&window, "No value between 20 Nov 00:00 and 20 Nov 06:01");
    point(&mut window, 0.2);
    assert!(
        painted(&window).iter().any(|(text, _)| text.contains(" UTC   1,001,1")),
        "{:?}",
        painted(&window)
    );
    point(&mut window, 0.05);
    check_says(&window, "No value before 19 Nov 19:01");
}

#[test]
fn an_account_is_chosen_among_several_earlier_ones_too() {
    let mut window = shown(|market| {
        let mut curve = Curve::default();
        curve.add(sample(market, 1, 5, false));
        Some(curve)
    });
    assert!(window.query_by_label("Account of the curve").is_none());
    let state = window.state_mut();
    let mut curves = (*state.market.equity).clone();
    curves.add(&AccountId("DU7".into()), sample(&state.market, 30, 7, false));
    state.market.equity = Arc::new(curves);
    state.market.snapshot();
    settle(&mut window);
    press(&mut window, "Account of the curve");
    press(&mut window, "DU7");
    check_says(&window, "7.00 USD");
    check_says(&window, "Nothing since 20 Nov 14:30: no broker tells of this account now");
    let saved = serde_json::to_string(&window.state().pane).unwrap();
    assert!(saved.contains(r#""account":"DU7""#), "{saved}");
}

#[test]
fn without_a_value_it_says_why_and_what_to_do() {
    let mut window = shown(|_| None);
    check_says(&window, "No value yet: not everything that it holds has a price");
    window.state_mut().market.connection(ConnectionState::Down, "Lost");
    settle(&mut window);
    check_says(&window, "No value yet: Paper is down");
    let market = &mut window.state_mut().market;
    market.connection(ConnectionState::Ready, "Ready");
    market.bank(|account| account.balances.truncate(1));
    settle(&mut window);
    check_says(&window, "No value yet: the first comes within a minute");
    let market = &mut window.state_mut().market;
    let old = sample(market, 3 * DAY, 7, false);
    market.publish(Update::Equity(paper(), old));
    settle(&mut window);
    check_says(&window, "the newest is of 17 Nov 15:00. Choose a longer time above");
    window.state_mut().market.configure(|settings| settings.base_currency = Currency::EUR);
    settle(&mut window);
    check_says(&window, "No value in EUR yet: until now the base currency was USD");
}

/// A book of 40, 80 and 10 on the offer and less on the bid.
fn deep() -> Window {
    let mut bench = Bench::new(pane("depth"));
    bench.select(AAPL);
    bench.market.quote(AAPL, "284.51");
    let mut window = bench.show(vec2(560.0, 300.0));
    book(&mut window);
    window
}

fn book(window: &mut Window) {
    let level = |at: &str, quantity: &str| Level { price: price(at), quantity: qty(quantity), orders: 1 };
    let market = &mut window.state_mut().market;
    let (id, now) = (market.id(AAPL), market.now());
    let bids = vec![level("284.49", "20"), level("284.48", "30"), level("284.45", "20")];
    let asks = vec![level("284.51", "40"), level("284.52", "80"), level("284.55", "10")];
    let depth = Depth { bids, asks, time: now };
    market.batch(|batch| batch.depth(id, Arc::new(depth), now));
    settle(window);
}

#[test]
fn the_book_is_added_up_and_told_in_words() {
    let mut window = deep();
    for what in ["284.49", "284.51", "mid 284.5 · spread 0.02 (0.007 %)", "offers outweigh by 30 %"] {
        check_says(&window, what);
    }
    point(&mut window, 0.85);
    check_says(&window, "To buy 120 you reach 284.52, average 284.5167");
    point(&mut window, 0.3);
    check_says(&window, "To sell 50 you reach 284.48, average 284.4840");
    point(&mut window, 0.5);
    check_says(&window, "Point at a price");
    let about = window.get_by_role(Role::Image).accesskit_node().label().unwrap_or_default();
    assert_eq!(about, "Depth of AAPL: 70 bid at 3 prices, 130 offered at 3 prices");
    window.state_mut().market.connection(ConnectionState::Down, "Lost");
    settle(&mut window);
    check_says(&window, "old");
}

#[test]
fn a_book_is_asked_for_only_while_it_is_in_sight() {
    let mut window = deep();
    let id = window.state().market.id(AAPL);
    assert!(window.state().demand.depth.contains(&id));
    for other in ["Equity curve", "Latencies"] {
        press(&mut window, other);
        assert!(window.state().demand.depth.is_empty(), "{other}");
    }
    press(&mut window, "Depth curve");
    assert!(window.state().demand.depth.contains(&id));
}

#[test]
fn without_a_book_it_says_why() {
    let mut window = Bench::new(pane("depth")).show(vec2(560.0, 300.0));
    check_says(&window, "Choose an instrument in the watchlist");
    window.state_mut().select(AAPL);
    window.state_mut().market.quote(AAPL, "284.51");
    settle(&mut window);
    check_says(&window, "No book of AAPL has come yet");
    check_says(&window, "284.50 and 284.51");
    let mut closed = window.state().market.quote_at(AAPL, "284.51");
    closed.is_open = false;
    window.state_mut().market.publish_quote(AAPL, closed);
    settle(&mut window);
    check_says(&window, "The market of AAPL is closed");
    window.state_mut().market.connection(ConnectionState::Down, "Lost");
    settle(&mut window);
    check_says(&window, "Paper is down: the book of AAPL comes when it is ready");
}

#[test]
fn latencies_are_those_of_the_status_bar() {
    let mut bench = Bench::new(pane("latencies"));
    bench.select(AAPL);
    let mut window = bench.show(vec2(620.0, 300.0));
    check_says(&window, "Click to wire");
    check_says(&window, "Nothing measured yet");
    // A quote that somebody looks at is timed when it is painted.
    let Bench { market, window: seen, .. } = window.state_mut();
    market.quote(AAPL, "284.50");
    market.later(Duration::from_millis(7));
    seen.update(market);
    seen.desk.on_painted(market.now());
    settle(&mut window);
    check_says(&window, "to the window");
}

#[test]
fn the_curves_look_like_this_dark_and_light() {
    for (theme, name) in [(Theme::dark(), "dark"), (Theme::light(), "light")] {
        let mut window = shown(|market| Some(weeks(market)));
        theme.apply(&window.ctx);
        press(&mut window, "The last seven days");
        point(&mut window, 0.62);
        picture::assert_picture(&mut window, &format!("analytics_equity_{name}"));
        let mut window = deep();
        theme.apply(&window.ctx);
        point(&mut window, 0.85);
        picture::assert_picture(&mut window, &format!("analytics_depth_{name}"));
    }
}
