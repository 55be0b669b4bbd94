//! The chart as a trader sees it, pixel by pixel.
//!
//! Few and small pictures, one for each way of drawing: candles with all overlays, columns,
//! the light theme at a scale of 1.25. Everything that can be said in numbers is tested in
//! `ui::chart` itself.

#[path = "common/picture.rs"]
mod picture;
#[path = "common/soft_renderer.rs"]
mod soft_renderer;

use std::sync::Arc;

use egui::{pos2, vec2};
use jiff::tz::TimeZone;
use pitdesk::domain::{Bar, Decimal, Side, TickTable, Time, Timeframe};
use pitdesk::market::series::{BarChunk, BarSeries};
use pitdesk::ui::chart::{ChartData, ChartView, FillMark, LastPrice, LineKind, PriceLine, chart_ui};
use pitdesk::ui::fonts;
use pitdesk::ui::theme::Theme;

/// A random walk from a seed, minutes from 2026-11-20 21:00 UTC on.
fn walk(count: u32) -> BarSeries {
    let mut state = 1_u64;
    let mut uniform = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / f64::from(1_u32 << 31)
    };
    let tick = |price: f64| (price * 100.0).round() / 100.0;
    let mut close = 227.0_f64;
    let bars: Arc<[Bar]> = (0..count)
        .map(|i| {
            let open = close;
            close = tick(open + (uniform() - 0.5) * 0.4);
            let (high, low) = (open.max(close) + uniform() * 0.1, open.min(close) - uniform() * 0.1);
            let volume = (uniform() * 900.0).round() + 10.0;
            let time = Time::from_seconds(1_795_208_400 + 60 * i64::from(i));
            Bar {
                time,
                open,
                high: tick(high).max(open).max(close),
                low: tick(low).min(open).min(close),
                close,
                volume,
            }
        })
        .collect();
    let mut series = BarSeries::default();
    series.replace(BarChunk::new(bars.into()).expect("a sound walk"));
    series
}

struct Shot {
    series: BarSeries,
    theme: Arc<Theme>,
    bars: f64,
    scale: f32,
    crosshair: bool,
}

fn check(name: &str, shot: Shot) {
    let Shot { series, theme, bars, scale, crosshair } = shot;
    let mut view = ChartView::default();
    view.show(bars, series.len() as f64 + bars * 0.04);
    let ticks = TickTable::uniform(Decimal::new(1, 2)).expect("a cent is a tick");
    let last = series.last().expect("bars").close;
    let line =
        |by: f64, label, kind, dashed| PriceLine { price: last + by, label, kind, dashed, handle: None };
    let lines = [
        line(-0.6, "Buy 100 limit", LineKind::Buy, false),
        line(0.5, "Sell 100 stop · Held", LineKind::Sell, true),
        line(0.04, "+200  −8.00", LineKind::Position, false),
        line(50.0, "Sell 5 limit", LineKind::Sell, false),
    ];
    let marks = [(30, Side::Buy), (18, Side::Sell)].map(|(back, side)| {
        let bar = series.get(series.len() - back).expect("bars");
        FillMark { time: bar.time, price: bar.close, side }
    });
    let (setup, colours) = (Arc::clone(&theme), theme);
    let mut harness = soft_renderer::builder()
        .with_context_setup(move |ctx| {
            fonts::install(ctx);
            setup.apply(ctx);
        })
        .with_size(vec2(480.0, 300.0))
        .with_pixels_per_point(scale)
        .build_ui(move |ui| {
            let data = ChartData {
                series: &series,
                title: "AAPL",
                timeframe: Timeframe::M1,
                ticks: &ticks,
                quantity_decimals: 0,
                zone: &TimeZone::UTC,
                last: Some(LastPrice { price: last, is_stale: false }),
                lines: if crosshair { &lines } else { &[] },
                drawings: &[],
                marks: if crosshair { &marks } else { &[] },
                pointed: None,
                gaps: &[],
                hours: None,
                closes_in: None,
                notice: None,
                has_older: false,
            };
            chart_ui(ui, &mut view, &data, &colours);
        });
    if crosshair {
        harness.hover_at(pos2(200.0, 120.0));
    }
    harness.run();
    picture::assert_picture(&mut harness, name);
}

#[test]
fn candles_with_orders_fills_and_crosshair() {
    let theme = Theme::dark();
    check("chart_candles", Shot { series: walk(400), theme, bars: 60.0, scale: 1.0, crosshair: true });
}

#[test]
fn columns_of_many_bars() {
    let theme = Theme::dark();
    check(
        "chart_columns",
        Shot { series: walk(20_000), theme, bars: 20_000.0, scale: 1.0, crosshair: false },
    );
}

#[test]
fn the_light_theme_between_whole_scales() {
    let theme = Theme::light();
    check("chart_light", Shot { series: walk(400), theme, bars: 60.0, scale: 1.25, crosshair: true });
}
