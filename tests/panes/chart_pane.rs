//! The chart as a pane on a desk: whose bars, orders, position and fills it shows, and what it
//! asks for. Everything comes through the link, as in the program.

use std::sync::Arc;
use std::time::Duration;

use egui::{Event, Key, Modifiers, Pos2, Vec2, pos2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use pitdesk::domain::settings::ZoneDisplay;
use pitdesk::domain::{
    Bar, BrokerId, Currency, DataRemark, Money, Order, OrderKind, OrderStatus, Price, Side, Time, Timeframe,
    TrailBy,
};
use pitdesk::link::update::Placement;
use pitdesk::link::{BarKey, ConnectionState, Demand, History, Outage, Update};
use pitdesk::market::series::BarChunk;
use pitdesk::ui::chart_pane::ChartPane;
use pitdesk::ui::commands::{Commands, UiCommand};
use pitdesk::ui::pane::Pane as _;
use pitdesk::ui::theme::Theme;

use crate::bench::{fill, limit, order, position};
use crate::desk::{Market, START, Window, decimal};
use crate::{picture, soft_renderer};

pub const AAPL: &str = "AAPL@NASDAQ";
pub const WIDE: Vec2 = vec2(700.0, 420.0);
/// What the standard layout leaves the chart in the smallest window.
const NARROW: Vec2 = vec2(438.0, 330.0);
const CTRL: Modifiers = Modifiers::CTRL.plus(Modifiers::COMMAND);

/// A chart on a desk, and what it has asked for.
pub struct Trader {
    pub market: Market,
    window: Window,
    pub pane: ChartPane,
    pub theme: Arc<Theme>,
    demand: Demand,
    asked: Vec<UiCommand>,
}

pub type Chart = Harness<'static, Trader>;

impl Trader {
    pub fn key(&self, timeframe: Timeframe) -> BarKey {
        BarKey { instrument: self.window.desk.selected().expect("an instrument").id, timeframe }
    }

    /// Answers a demand for bars of the shown instrument.
    pub fn history(&mut self, bars: Vec<Bar>, placement: Placement, is_complete: bool) {
        let key = self.key(Timeframe::M1);
        let chunk = Some(BarChunk::new(bars.into()).expect("sound bars"));
        self.market.publish(Update::History(History { key, chunk, placement, is_complete }));
    }

    fn order(&mut self, id: u64, kind: OrderKind, change: impl FnOnce(&mut Order)) -> Order {
        let mut order = order(id, self.key(Timeframe::M1).instrument, Side::Sell, "100", kind, START);
        change(&mut order);
        self.market.publish(Update::Order(order.clone()));
        order
    }

    /// A fill of an order, and an earlier one of the other side.
    fn fills(&mut self, order: &Order, price: &str) {
        let free = Money { amount: 0.into(), currency: Currency::USD };
        for (exec, back) in [(1, 120), (2, 1_500)] {
            let mut fill = fill(exec, order, "100", price, free);
            fill.time = Time(START.0 - back * 1_000_000_000);
            if exec == 2 {
                fill.side = order.spec.side.opposite();
            }
            self.market.publish(Update::Fill(fill));
        }
    }
}

/// Bars of a minute each, the last one `back` minutes before the start, around `price`.
pub fn bars(count: i64, back: i64, price: f64) -> Vec<Bar> {
    let wave = |i: i64| {
        let at = (i + back) as f64;
        price * (1.0 + 0.002 * libm::sin(at / 17.0) + 0.000_6 * libm::sin(at * 0.9))
    };
    let bar = |i: i64| {
        let (open, close) = (wave(i), wave(i + 1));
        Bar {
            time: Time(START.0 - (back + count - 1 - i) * 60_000_000_000),
            open,
            high: open.max(close) + price * 0.000_1,
            low: open.min(close) - price * 0.000_1,
            close,
            volume: ((i * 7919) % 1000 + 1) as f64,
        }
    };
    (0..count).map(bar).collect()
}

/// A chart of an instrument with a fresh quote and an hour and a half of minutes.
pub fn chart(key: &str, price: &str, size: Vec2) -> Chart {
    let (market, mut window) = Market::with_desk();
    window.desk.select(market.id(key));
    let mut trader = Trader {
        market,
        window,
        pane: ChartPane::default(),
        theme: Theme::dark(),
        demand: Demand::default(),
        asked: Vec::new(),
    };
    trader.market.quote(key, price);
    trader.history(bars(1_000, 0, price.parse().expect("a number")), Placement::Anew, false);
    let draw = |ui: &mut egui::Ui, trader: &mut Trader| {
        trader.theme.apply(ui);
        trader.window.update(&trader.market);
        let mut out = Commands::new(trader.market.now(), 1);
        trader.pane.ui(ui, &trader.window.desk, &mut out);
        trader.asked.extend(out.for_window().iter().cloned());
        assert!(out.sent().is_empty(), "a chart sends nothing to the engine");
        trader.demand = out.demand;
        trader.window.desk.settle_demand(&mut trader.demand);
    };
    let mut harness = soft_renderer::builder().with_size(size).build_ui_state(draw, trader);
    harness.run_steps(2);
    harness
}

pub fn aapl() -> Chart {
    chart(AAPL, "284.50", WIDE)
}

/// What the chart says of itself to those who do not see it.
fn said(chart: &Chart) -> String {
    let canvas = chart.get_by(|node| node.role() == egui::Role::Canvas);
    canvas.value().expect("a chart has a value")
}

/// The lines across the chart, in words.
fn lines(chart: &Chart) -> Vec<String> {
    said(chart).split("; ").skip(1).map(str::to_owned).collect()
}

fn painted(chart: &Chart, text: &str) -> bool {
    let is_it = |shape: &egui::epaint::ClippedShape| match &shape.shape {
        egui::Shape::Text(shape) => shape.galley.text().contains(text),
        _ => false,
    };
    chart.output().shapes.iter().any(is_it)
}

fn drag(chart: &mut Chart, from: Pos2, to: Pos2) {
    chart.hover_at(from);
    chart.drag_at(from);
    chart.run_steps(2);
    chart.hover_at(to);
    chart.run_steps(2);
    chart.drop_at(to);
    chart.run_steps(2);
}

pub fn click(chart: &mut Chart, pos: Pos2, modifiers: Modifiers) {
    chart.hover_at(pos);
    for pressed in [true, false] {
        let button = egui::PointerButton::Primary;
        chart.event_modifiers(Event::PointerButton { pos, button, pressed, modifiers }, modifiers);
    }
    chart.run_steps(2);
}

fn stop_limit(stop: &str, price: &str) -> OrderKind {
    OrderKind::StopLimit { stop: Price(decimal(stop)), price: Price(decimal(price)) }
}

#[test]
fn every_live_order_of_the_instrument_stands_at_its_prices_and_says_how_it_stands() {
    let mut chart = aapl();
    let trader = chart.state_mut();
    trader.order(1, limit("286.00"), |order| order.status = OrderStatus::Working);
    trader.order(2, stop_limit("283.00", "282.50"), |order| order.status = OrderStatus::Held);
    trader.order(3, OrderKind::Stop { stop: Price(decimal("281.00")) }, |order| {
        order.status = OrderStatus::PendingCancel;
    });
    trader.order(4, limit("285.00"), |order| order.status = OrderStatus::Sent);
    trader.order(5, limit("287.00"), |order| order.status = OrderStatus::Filled);
    let other = trader.market.id("MSFT@NASDAQ");
    trader.order(6, limit("285.50"), |order| order.spec.instrument = other);
    chart.run_steps(2);
    assert_eq!(
        lines(&chart),
        [
            "Sell 100 limit · Sent at 285.00",
            "Sell 100 stop · Cancelling at 281.00",
            "Sell 100 stop limit · Waiting at 282.50",
            "Sell 100 stop limit trigger · Waiting at 283.00",
            "Sell 100 limit at 286.00",
        ]
    );
    chart.state_mut().order(1, limit("286.00"), |order| order.status = OrderStatus::Cancelled);
    chart.run_steps(2);
    assert!(!said(&chart).contains("286.00"), "{}", said(&chart));
}

#[test]
fn a_stop_that_was_triggered_waits_nowhere_any_more() {
    let mut chart = aapl();
    let kind = stop_limit("283.00", "282.50");
    chart.state_mut().order(1, kind, |order| order.status = OrderStatus::Working);
    chart.run_steps(2);
    assert_eq!(lines(&chart), ["Sell 100 stop limit at 282.50"]);
    chart.state_mut().order(1, kind, |order| {
        order.status = OrderStatus::PendingCancel;
        order.filled = pitdesk::domain::Qty(decimal("40"));
    });
    chart.run_steps(2);
    assert_eq!(lines(&chart), ["Sell 60 stop limit · Cancelling at 282.50"]);
    let by = TrailBy::Amount(decimal("1.50"));
    chart.state_mut().order(1, OrderKind::TrailingStop { by }, |order| order.status = OrderStatus::Held);
    chart.run_steps(2);
    assert!(lines(&chart).is_empty(), "where a trailing stop waits is for the broker to say");
    chart.state_mut().order(1, OrderKind::TrailingStop { by }, |order| {
        order.status = OrderStatus::Held;
        order.trigger = Some(Price(decimal("282.75")));
    });
    chart.run_steps(2);
    assert_eq!(lines(&chart), ["Sell 100 trailing stop · Waiting at 282.75"]);
}

#[test]
fn the_position_shows_what_it_gains_while_the_price_is_known() {
    let mut chart = aapl();
    let id = chart.state().market.id(AAPL);
    chart.state_mut().market.publish(Update::Position(position(id, "100", "284.00")));
    chart.run_steps(2);
    assert_eq!(lines(&chart), ["+100  +50.00 at 284.00"]);
    chart.state_mut().market.connection(ConnectionState::Silent, "Nothing heard");
    chart.run_steps(2);
    assert_eq!(lines(&chart), ["+100  P&L unknown at 284.00"]);
    let mut of_another = position(id, "-7", "250.00");
    of_another.account = "ELSEWHERE".into();
    chart.state_mut().market.publish(Update::Position(of_another));
    chart.run_steps(2);
    assert_eq!(lines(&chart).len(), 1, "only the account that orders are entered for");
}

#[test]
fn a_price_that_is_old_or_not_heard_of_any_more_is_called_stale() {
    let mut chart = aapl();
    assert!(said(&chart).starts_with("last 284.50, "), "{}", said(&chart));
    chart.state_mut().market.connection(ConnectionState::Silent, "Nothing heard");
    chart.run_steps(2);
    assert!(said(&chart).starts_with("last 284.50 stale, "), "{}", said(&chart));
    chart.state_mut().market.connection(ConnectionState::Ready, "Connected");
    chart.run_steps(2);
    assert!(said(&chart).starts_with("last 284.50, "), "{}", said(&chart));
    let age = chart.state().window.desk.settings().limits.profile.max_quote_age_seconds.unwrap();
    chart.state_mut().market.later(Duration::from_secs(u64::from(age) + 1));
    chart.run_steps(2);
    assert!(said(&chart).starts_with("last 284.50 stale, "), "{}", said(&chart));
    assert!(painted(&chart, "Stale since 10:00:00"), "in the zone of the exchange");
}

#[test]
fn only_ctrl_click_offers_a_price_to_the_ticket_and_it_can_be_traded() {
    let mut chart = chart("005930@KRX", "106700", WIDE);
    let middle = pos2(350.0, 200.0);
    click(&mut chart, middle, Modifiers::NONE);
    assert_eq!(chart.state().asked, []);
    click(&mut chart, middle, CTRL);
    let [UiCommand::TakePrice(price)] = chart.state().asked[..] else {
        panic!("one price was expected, not {:?}", chart.state().asked)
    };
    let desk = &chart.state().window.desk;
    assert!(desk.selected().expect("an instrument").ticks.is_on_grid(price), "{price} is off the grid");
}

#[test]
fn own_fills_are_marked_and_those_of_other_instruments_are_not() {
    let mut chart = aapl();
    let corners = |chart: &Chart| -> usize {
        let shapes = chart.output().shapes.iter();
        shapes
            .map(|shape| if let egui::Shape::Mesh(mesh) = &shape.shape { mesh.vertices.len() } else { 0 })
            .sum()
    };
    let plain = corners(&chart);
    let other = chart.state().market.id("MSFT@NASDAQ");
    let id = chart.state().market.id(AAPL);
    let sold = order(1, other, Side::Sell, "100", limit("284.50"), START);
    chart.state_mut().fills(&sold, "284.50");
    chart.run_steps(2);
    assert_eq!(corners(&chart), plain);
    let sold = Order { spec: pitdesk::domain::OrderSpec { instrument: id, ..sold.spec }, ..sold };
    chart.state_mut().fills(&sold, "284.50");
    chart.run_steps(2);
    assert!(corners(&chart) > plain);
}

#[test]
fn the_left_edge_asks_for_older_bars_and_they_move_nothing() {
    let mut chart = aapl();
    let key = chart.state().key(Timeframe::M1);
    let wanted = |chart: &Chart| chart.state().demand.bars[&key];
    assert_eq!(wanted(&chart), 1_000);
    click(&mut chart, pos2(350.0, 200.0), Modifiers::NONE);
    chart.key_press(Key::Home);
    chart.run_steps(3);
    assert!(wanted(&chart) >= 2_000, "{} bars", wanted(&chart));
    assert!(chart.query_by_label("Newest »").is_some());
    let before = said(&chart);
    chart.state_mut().history(bars(1_500, 1_000, 284.5), Placement::Before, true);
    chart.run_steps(2);
    assert_eq!(said(&chart), before);
    assert_eq!(chart.state().window.desk.series(key).expect("a series").series.len(), 2_500);
    chart.get_by_label("Newest »").click();
    chart.run_steps(2);
    assert!(chart.query_by_label("Newest »").is_none());
}

#[test]
fn another_period_demands_its_own_bars() {
    let mut chart = aapl();
    chart.get_by_label("5m").click();
    chart.run_steps(2);
    let demanded: Vec<BarKey> = chart.state().demand.bars.keys().copied().collect();
    assert_eq!(demanded, [chart.state().key(Timeframe::M5)]);
    assert!(painted(&chart, "Loading history …"));
    chart.get_by_label("1m").click();
    chart.run_steps(2);
    chart.state_mut().history(bars(1_000, 0, 284.5), Placement::Anew, true);
    chart.run_steps(2);
    assert!(!painted(&chart, "Loading history …"));
}

#[test]
fn a_snapshot_neither_blanks_the_chart_nor_moves_it() {
    let mut chart = aapl();
    drag(&mut chart, pos2(300.0, 200.0), pos2(600.0, 200.0));
    let before = said(&chart);
    chart.state_mut().market.snapshot();
    chart.run_steps(2);
    assert_eq!(said(&chart), before, "the bars stay in sight");
    assert!(painted(&chart, "Loading history …"));
    chart.state_mut().history(bars(600, 0, 284.5), Placement::Anew, false);
    chart.run_steps(2);
    assert_eq!(said(&chart), before, "and in place, though fewer came");
    assert!(!painted(&chart, "Loading history …"));
}

#[test]
fn times_are_read_from_the_clocks_of_the_chosen_zone() {
    let mut chart = aapl();
    let zone = |chart: &Chart| chart.get_by_label("Time axis of AAPL · NASDAQ").value().unwrap_or_default();
    assert_eq!(zone(&chart), "EST");
    assert!(said(&chart).ends_with(" to Fri 20 Nov 2026  10:00"), "{}", said(&chart));
    chart.state_mut().market.configure(|settings| settings.time_zone_display = ZoneDisplay::Utc);
    chart.run_steps(2);
    assert_eq!(zone(&chart), "UTC");
    assert!(said(&chart).ends_with(" to Fri 20 Nov 2026  15:00"), "{}", said(&chart));
}

#[test]
fn a_trading_day_has_the_date_of_its_exchange_in_every_zone() {
    let mut chart = chart("7203@TSE", "3837", WIDE);
    chart.state_mut().market.configure(|settings| settings.time_zone_display = ZoneDisplay::Utc);
    chart.get_by_label("1D").click();
    chart.run_steps(2);
    // Midnight in Tokyo is 15:00 UTC of the day before.
    let days = [18, 19].map(|day| {
        let time = Time::from_seconds(START.seconds() - (20 - day) * 86_400);
        Bar::from_trade(time, 3_837.0, 100.0)
    });
    let (key, chunk) =
        (chart.state().key(Timeframe::D1), Some(BarChunk::new(days.to_vec().into()).expect("two days")));
    let history = History { key, chunk, placement: Placement::Anew, is_complete: true };
    chart.state_mut().market.publish(Update::History(history));
    chart.run_steps(2);
    assert!(said(&chart).ends_with("2 bars visible, Thu 19 Nov 2026 to Fri 20 Nov 2026"), "{}", said(&chart));
    let axis = chart.get_by_label("Time axis of 7203 · TSE");
    assert_eq!(axis.value().unwrap_or_default(), "", "a date needs no zone");
}

#[test]
fn the_narrowest_pane_has_room_for_its_axis_and_every_period() {
    let chart = chart(AAPL, "284.50", NARROW);
    let room = egui::Rect::from_min_size(Pos2::ZERO, NARROW);
    for name in ["Price axis of AAPL · NASDAQ", "Time axis of AAPL · NASDAQ", "1s", "1D", "1M"] {
        let rect = chart.get_by_label(name).rect();
        assert!(room.contains_rect(rect), "{name} at {rect:?}");
    }
}

/// A chart with everything on it that the program draws.
fn busy(size: Vec2) -> Chart {
    let mut chart = chart(AAPL, "284.50", size);
    let id = chart.state().market.id(AAPL);
    let trader = chart.state_mut();
    trader.order(1, limit("285.10"), |_| ());
    trader.order(2, OrderKind::Stop { stop: Price(decimal("284.20")) }, |order| {
        order.status = OrderStatus::Held;
    });
    trader.order(3, limit("290.00"), |_| ());
    let bought = trader.order(4, limit("284.60"), |order| {
        order.spec.side = Side::Buy;
        order.status = OrderStatus::Filled;
    });
    trader.fills(&bought, "284.60");
    trader.market.publish(Update::Position(position(id, "100", "284.60")));
    chart.run_steps(2);
    chart
}

#[test]
fn a_busy_chart_in_the_narrowest_pane() {
    let mut chart = busy(NARROW);
    picture::assert_picture(&mut chart, "chart_pane");
}

#[test]
fn a_stale_chart_that_was_scrolled_and_scaled_by_hand() {
    let mut chart = busy(NARROW);
    chart.state_mut().theme = Theme::light();
    drag(&mut chart, pos2(150.0, 200.0), pos2(300.0, 200.0));
    drag(&mut chart, pos2(420.0, 100.0), pos2(420.0, 60.0));
    drag(&mut chart, pos2(250.0, 120.0), pos2(250.0, 210.0));
    chart.state_mut().market.later(Duration::from_secs(45));
    chart.run_steps(3);
    picture::assert_picture(&mut chart, "chart_pane_stale");
}

/// What the chart says to those who do not see it.
fn spoken(chart: &Chart) -> String {
    let canvas = chart.get_by_role(egui::Role::Canvas);
    egui_kittest::kittest::NodeT::accesskit_node(&canvas).value().unwrap_or_default()
}

fn connection(chart: &mut Chart, state: ConnectionState) {
    chart.state_mut().market.connection(state, "The line broke");
    chart.run_steps(2);
}

fn outage(chart: &mut Chart, to: Option<Time>) {
    let outage = Outage { broker: BrokerId(0), from: START, to };
    chart.state_mut().market.publish(Update::Outages([outage].into()));
    chart.run_steps(2);
}

#[test]
fn a_gap_is_marked_where_nothing_came() {
    let mut chart = busy(WIDE);
    assert!(!spoken(&chart).contains("no data"));
    connection(&mut chart, ConnectionState::Down);
    outage(&mut chart, None);
    chart.state_mut().market.later(Duration::from_secs(400));
    chart.run_steps(2);
    assert!(spoken(&chart).contains("no data for 7 min"), "it lasts: {}", spoken(&chart));
    connection(&mut chart, ConnectionState::Ready);
    outage(&mut chart, Some(START + Duration::from_secs(400)));
    let now = START.seconds() + 400;
    let later = bars(1_000, -7, 285.0);
    assert!(later.last().unwrap().time.seconds() > now);
    chart.state_mut().history(later, Placement::Anew, false);
    chart.run_steps(3);
    assert!(spoken(&chart).contains("no data for 7 min"), "{}", spoken(&chart));
    picture::assert_picture(&mut chart, "chart_pane_gap");
}

#[test]
fn what_is_to_be_known_about_the_data_stands_in_the_chart() {
    let mut chart = chart(AAPL, "285.00", WIDE);
    let (instrument, key) = {
        let trader = chart.state();
        (trader.key(Timeframe::M1).instrument, trader.key(Timeframe::M5))
    };
    let remark = DataRemark { short: "delayed".into(), text: "Delayed data".into() };
    let until = START + Duration::from_secs(12);
    let market = &mut chart.state_mut().market;
    market.publish(Update::Remark { instrument, remark: Some(Arc::new(remark)) });
    chart.get_by_label("5m").click();
    chart.run_steps(2);
    chart.state_mut().market.publish(Update::BarsWait { key, until });
    chart.run_steps(2);
    assert!(painted(&chart, "Delayed · Waiting for the broker's pacing: bars in 13 s"));
    chart.state_mut().market.later(Duration::from_secs(12));
    chart.run_steps(2);
    assert!(painted(&chart, "Delayed · Loading history …"));
    chart.state_mut().market.publish(Update::BarsRefused(key));
    chart.run_steps(2);
    assert!(painted(&chart, "Delayed · Bars are missing: the broker did not tell them"));
}
