//! `pitdesk shot`: the real desk, its market running, drawn without a display.

use std::time::Duration;

use anyhow::Context as _;

use super::cli::{Options, Shot};
use super::market::Plan;
use super::recording;
use super::rehearsal::Rehearsal;
use crate::domain::Time;
use crate::domain::settings::{Settings, ThemeChoice, ZoneDisplay};
use crate::ui::headless::Headless;
use crate::ui::{Begin, Terminal};

/// With a seed the picture is the same on every day: Friday 2026-11-20, 15:00 UTC.
const SEEDED_START: Time = Time::from_seconds(1_795_186_800);
/// Frames a second while the market runs; enough for everything that settles over frames.
const FRAME: Duration = Duration::from_millis(250);

pub(super) fn run(shot: &Shot, options: &Options) -> anyhow::Result<()> {
    let after = super::parse_duration(&shot.after)?;
    anyhow::ensure!((0.5..=4.0).contains(&shot.scale), "--scale must be from 0.5 to 4");
    let start = match options.seed {
        Some(_) => SEEDED_START,
        None => Time::from_timestamp(jiff::Timestamp::now()),
    };
    let settings = Settings {
        theme: if shot.light { ThemeChoice::Light } else { ThemeChoice::Dark },
        time_zone_display: ZoneDisplay::Exchange,
        ..Settings::default()
    };
    let library = recording::library(options)?;
    let plan = Plan::new(options, &library, settings.practice_always_open, start)?;
    let (mut world, link) = Rehearsal::new(plan, settings, start)?;
    let mut terminal = Terminal::new(Begin { link, clock: world.clock(), workspace: None });
    let [width, height] = shot.size;
    let size = egui::vec2(width as f32, height as f32) / shot.scale;
    let mut screen = Headless::new(size, shot.scale).with_step(FRAME.as_secs_f64());
    let mut shown = Duration::ZERO;
    loop {
        terminal.logic();
        screen.frame(|ui| terminal.ui(ui));
        if shown >= after {
            break;
        }
        let step = FRAME.min(after.saturating_sub(shown));
        world.run(step);
        shown += step;
    }
    // A last look with everything answered that the last frame asked for.
    world.settle();
    terminal.logic();
    screen.frame(|ui| terminal.ui(ui));
    screen.write_png(&shot.out).with_context(|| format!("cannot write {}", shot.out.display()))
}
