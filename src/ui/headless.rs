//! egui without a window: frames on a virtual clock, and their pixels when somebody asks.
//!
//! For `pitdesk shot` and for tests of pictures. The context has our fonts and the dark theme, a fixed size
//! and scale, and a clock that moves by the same step each frame, so the same calls give the same pictures
//! on every machine and at every speed. Nothing here waits or reads the machine's clock.

use std::path::Path;

use egui::{Context, Event, FullOutput, RawInput, Rect, Theme, Ui, Vec2, ViewportId, ViewportInfo};

use super::fonts;
use super::raster::{PictureError, Raster};

/// Seconds between frames unless [`Headless::with_step`] says otherwise.
const STEP: f64 = 1.0 / 60.0;
/// What desktop GPUs offer, so that the font atlas grows as it does in the window.
const MAX_TEXTURE_SIDE: usize = 16_384;

/// A context with a virtual screen and clock.
pub struct Headless {
    ctx: Context,
    raster: Raster,
    size: Vec2,
    pixels_per_point: f32,
    time: f64,
    step: f64,
    events: Vec<Event>,
    output: FullOutput,
}

impl Headless {
    /// A screen of `size` points, with our fonts and egui's dark theme.
    #[must_use]
    pub fn new(size: Vec2, pixels_per_point: f32) -> Self {
        let ctx = Context::default();
        ctx.set_theme(Theme::Dark);
        fonts::install(&ctx);
        let pixels = (size * pixels_per_point).round();
        Self {
            ctx,
            raster: Raster::new(pixels.x as usize, pixels.y as usize),
            size,
            pixels_per_point,
            time: 0.0,
            step: STEP,
            events: Vec::new(),
            output: FullOutput::default(),
        }
    }

    /// Prepares the context before the first frame: the theme, options, plugins.
    #[must_use]
    pub fn with_setup(self, setup: impl FnOnce(&Context)) -> Self {
        setup(&self.ctx);
        self
    }

    /// Sets the seconds between frames; 1/60 otherwise.
    #[must_use]
    pub fn with_step(mut self, seconds: f64) -> Self {
        self.step = seconds;
        self
    }

    /// The context, between frames.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.ctx
    }

    /// Seconds on the virtual clock: the time that the next frame will see.
    #[must_use]
    pub fn time(&self) -> f64 {
        self.time
    }

    /// Queues input for the next frame, behind what is queued already.
    pub fn events(&mut self, events: Vec<Event>) {
        self.events.extend(events);
    }

    /// Runs one frame and moves the clock on.
    ///
    /// The output is for looking at (commands, cursor, repaint delay): its textures are taken over already.
    pub fn frame(&mut self, ui: impl FnMut(&mut Ui)) -> &FullOutput {
        let input = self.input();
        let mut output = self.ctx.run_ui(input, ui);
        self.raster.apply_textures(&output.textures_delta);
        output.textures_delta.clear();
        self.time += self.step;
        self.output = output;
        &self.output
    }

    /// Runs so many frames, as for an animation to end or a layout to find its sizes.
    pub fn frames(&mut self, count: usize, mut ui: impl FnMut(&mut Ui)) {
        for _ in 0..count {
            self.frame(&mut ui);
        }
    }

    /// The pixels of the last frame, on the colour that the theme gives to panels.
    pub fn picture(&mut self) -> &Raster {
        let primitives = self.ctx.tessellate(self.output.shapes.clone(), self.output.pixels_per_point);
        let background = self.ctx.global_style().visuals.panel_fill;
        self.raster.draw(&primitives, self.output.pixels_per_point, background);
        &self.raster
    }

    /// Writes the last frame as a PNG file.
    ///
    /// # Errors
    /// When the file cannot be created or written.
    pub fn write_png(&mut self, path: &Path) -> Result<(), PictureError> {
        self.picture().write_png(path)
    }

    fn input(&mut self) -> RawInput {
        let viewport = ViewportInfo {
            native_pixels_per_point: Some(self.pixels_per_point),
            inner_rect: Some(Rect::from_min_size(egui::Pos2::ZERO, self.size)),
            focused: Some(true),
            ..ViewportInfo::default()
        };
        RawInput {
            viewports: std::iter::once((ViewportId::ROOT, viewport)).collect(),
            screen_rect: Some(Rect::from_min_size(egui::Pos2::ZERO, self.size)),
            max_texture_side: Some(MAX_TEXTURE_SIDE),
            time: Some(self.time),
            predicted_dt: self.step as f32,
            events: std::mem::take(&mut self.events),
            focused: true,
            system_theme: Some(Theme::Dark),
            ..RawInput::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::{Color32, Modifiers, PointerButton, Pos2, pos2, vec2};

    fn desk(ui: &mut Ui) {
        ui.label("BTC/JPY 14,250,000");
        ui.add(egui::Spinner::new());
    }

    fn at(picture: &Raster, x: usize, y: usize) -> &[u8] {
        let [width, _] = picture.size();
        &picture.pixels()[(y * width + x) * 4..][..4]
    }

    #[test]
    fn the_same_calls_give_the_same_bytes() {
        let show = || {
            let mut screen = Headless::new(vec2(160.0, 60.0), 1.5);
            screen.frames(7, desk);
            screen.picture().pixels().to_vec()
        };
        assert_eq!(show(), show());
    }

    #[test]
    fn the_clock_moves_by_the_step_and_animations_with_it() {
        let mut screen = Headless::new(vec2(160.0, 60.0), 1.0).with_step(0.25);
        let mut seen = Vec::new();
        screen.frames(3, |ui| seen.push(ui.input(|i| (i.time, i.stable_dt))));
        assert_eq!(seen[1..], [(0.25, 0.25), (0.5, 0.25)]);
        screen.frame(desk);
        let early = screen.picture().pixels().to_vec();
        screen.frame(desk);
        assert_ne!(early, screen.picture().pixels(), "the spinner turns");
    }

    #[test]
    fn the_picture_has_the_size_of_the_screen_in_pixels_and_the_theme_behind() {
        let mut screen = Headless::new(vec2(101.0, 50.0), 1.25).with_setup(|ctx| {
            let fill = |style: &mut egui::Style| style.visuals.panel_fill = Color32::from_rgb(1, 2, 3);
            ctx.all_styles_mut(fill);
        });
        screen.frame(|ui| {
            let bar = Rect::from_min_max(pos2(0.0, 0.0), pos2(8.0, 8.0));
            ui.painter().rect_filled(bar, 0, Color32::WHITE);
            assert!((ui.pixels_per_point() - 1.25).abs() < f32::EPSILON);
        });
        let picture = screen.picture();
        assert_eq!(picture.size(), [126, 63]);
        assert_eq!((at(picture, 4, 4), at(picture, 120, 60)), (&[255; 4][..], &[1, 2, 3, 255][..]));
        assert_eq!(picture.skipped(), super::super::raster::Skipped::default());
    }

    #[test]
    fn input_reaches_the_next_frame_once() {
        let mut screen = Headless::new(vec2(200.0, 100.0), 1.0);
        let mut clicks = 0;
        let mut button = Rect::NOTHING;
        let mut ui = |ui: &mut Ui| {
            let response = ui.button("Flatten");
            button = response.rect;
            clicks += u32::from(response.clicked());
        };
        screen.frame(&mut ui);
        let press = |pressed| Event::PointerButton {
            pos: pos2(20.0, 15.0),
            button: PointerButton::Primary,
            pressed,
            modifiers: Modifiers::NONE,
        };
        screen.events(vec![Event::PointerMoved(pos2(20.0, 15.0)), press(true)]);
        screen.events(vec![press(false)]);
        screen.frames(3, &mut ui);
        assert!(button.contains(Pos2::new(20.0, 15.0)));
        assert_eq!(clicks, 1);
    }
}
