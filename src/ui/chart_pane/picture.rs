//! A picture of the pane, into a file or the clipboard: taken of the window once it was painted, written by the
//! engine's side.

use std::sync::{Arc, Mutex, PoisonError};

use egui::{Align2, ColorImage, Rect, Ui};

use crate::desk::Desk;
use crate::domain::{Time, Timeframe};
use crate::link::{Command, CommandId, FileTask, Picture};
use crate::ui::commands::Commands;
use crate::ui::format;
use crate::ui::keys::Act;
use crate::ui::paint::PixelGrid;
use crate::ui::theme::theme_of;
use crate::ui::told::Told;

/// Frames that the window may take to hand a picture over.
const PATIENCE: u32 = 30;
/// Said where it did not.
const NONE_CAME: &str =
    "The window gave no picture of itself. Try again, or draw the desk with: pitdesk shot desk.png";

/// Where a picture goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PictureTo {
    /// Into the profile's folder of pictures.
    File,
    /// Into the clipboard.
    Clipboard,
}

impl PictureTo {
    /// What that is called.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::File => "Keep a picture",
            Self::Clipboard => "Copy a picture",
        }
    }

    /// Whose keys do it.
    #[must_use]
    pub fn act(self) -> Act {
        match self {
            Self::File => Act::KeepPicture,
            Self::Clipboard => Act::CopyPicture,
        }
    }
}

/// Where the window lays a picture of itself.
type Tray = Arc<Mutex<Option<Arc<ColorImage>>>>;

/// A picture on its way.
#[derive(Debug, Default)]
pub(super) struct Pictures {
    wish: Option<Wish>,
    shot: Option<Shot>,
    /// The command that writes it.
    asked: Option<CommandId>,
}

#[derive(Debug)]
struct Wish {
    to: PictureTo,
    /// Whether a frame was painted since, without the menu that it was chosen in.
    is_due: bool,
}

#[derive(Debug)]
struct Shot {
    to: PictureTo,
    name: String,
    /// The pane, in points.
    place: Rect,
    tray: Tray,
    frames: u32,
}

/// What a picture says of itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Caption<'a> {
    pub title: &'a str,
    pub timeframe: Timeframe,
    pub zone: &'a jiff::tz::TimeZone,
    /// When it is taken.
    pub now: Time,
}

impl Pictures {
    /// Wants one of the next frame but one.
    pub fn wish(&mut self, to: PictureTo) {
        self.wish = Some(Wish { to, is_due: false });
    }

    /// Takes what has come since the last frame.
    pub fn settle(&mut self, ui: &Ui, told: &mut Told, desk: &Desk, out: &mut Commands) {
        if let Some(done) = self.asked.and_then(|asked| desk.file_done(asked)) {
            match &done.outcome {
                Ok(path) => told.say(format!("Picture kept: {path}"), desk.now()),
                Err(why) => told.refuse(why.to_string(), desk.now()),
            }
            self.asked = None;
        }
        let Some(shot) = &mut self.shot else { return };
        let image = shot.tray.lock().unwrap_or_else(PoisonError::into_inner).take();
        // Whoever was to fill it has let go of it: nothing comes any more.
        let is_given_up = shot.frames >= PATIENCE || Arc::strong_count(&shot.tray) == 1;
        match image.map(|image| (cropped(&image, shot.place, PixelGrid::of(ui)), shot.to)) {
            Some((Some(picture), PictureTo::File)) => {
                let task = FileTask::Picture { name: shot.name.as_str().into(), picture: Arc::new(picture) };
                let command = out.send(Command::File(task));
                told.say("The picture is being kept", desk.now());
                told.sent(command, "Picture".to_owned());
                self.asked = Some(command);
            }
            Some((Some(Picture { width, height, rgba }), PictureTo::Clipboard)) => {
                let size = [width as usize, height as usize];
                ui.copy_image(ColorImage::from_rgba_unmultiplied(size, &rgba));
                told.say("The picture is in the clipboard", desk.now());
            }
            Some((None, _)) => told.refuse(NONE_CAME, desk.now()),
            None if is_given_up => told.refuse(NONE_CAME, desk.now()),
            None => {
                shot.frames += 1;
                return ui.request_repaint();
            }
        }
        self.shot = None;
        ui.request_repaint();
    }

    /// Whether the next picture is of this frame: nothing is said over it.
    pub fn is_due(&self) -> bool {
        self.wish.as_ref().is_some_and(|wish| wish.is_due)
    }

    /// Has the window take one of this frame, when it is time to: with a caption over the controls at its head. `head`
    /// ends where the chart begins.
    pub fn shoot(&mut self, ui: &Ui, place: Rect, head: f32, caption: Caption<'_>) {
        let Some(wish) = &mut self.wish else { return };
        ui.request_repaint();
        if !wish.is_due {
            wish.is_due = true;
            return;
        }
        let Caption { title, timeframe, zone, now } = caption;
        let text = format!(
            "{title}  {timeframe}  ·  {} {}",
            format::full_time(now, zone),
            format::zone_name(now, zone)
        );
        let theme = theme_of(ui);
        let strip = Rect::from_min_max(place.min, egui::pos2(place.right(), head));
        let painter = ui.painter().with_clip_rect(strip);
        painter.rect_filled(strip, 0.0, theme.surface);
        let at = strip.left_center() + egui::vec2(10.0, 0.0);
        painter.text(at, Align2::LEFT_CENTER, text, theme.text_font(), theme.text_strong);

        let tray = Tray::default();
        let lay = Arc::clone(&tray);
        ui.request_screenshot(move |image| {
            *lay.lock().unwrap_or_else(PoisonError::into_inner) = Some(image);
        });
        let stamp = now.to_timestamp().to_zoned(zone.clone()).strftime("%Y%m%d-%H%M%S").to_string();
        let name = file_name(&format!("{title} {timeframe} {stamp}"));
        self.shot = Some(Shot { to: wish.to, name, place, tray, frames: 0 });
        self.wish = None;
    }
}

/// The pixels of a place in the window; `None` where the picture does not hold it.
fn cropped(image: &ColorImage, place: Rect, grid: PixelGrid) -> Option<Picture> {
    let [width, height] = image.size;
    let place = grid.rect(place);
    let side = |from: i32, to: i32, most: usize| {
        let from = usize::try_from(from.max(0)).ok()?.min(most);
        let to = usize::try_from(to.max(0)).ok()?.min(most);
        (from < to).then_some(from..to)
    };
    let (columns, rows) = (side(place.left, place.right, width)?, side(place.top, place.bottom, height)?);
    let mut rgba = Vec::with_capacity(4 * columns.len() * rows.len());
    for row in rows.clone() {
        let line = &image.pixels[row * width + columns.start..row * width + columns.end];
        // A window is opaque, whatever is behind it.
        rgba.extend(line.iter().flat_map(|pixel| [pixel.r(), pixel.g(), pixel.b(), 255]));
    }
    let length = |range: &std::ops::Range<usize>| u32::try_from(range.len()).ok();
    Some(Picture { width: length(&columns)?, height: length(&rows)?, rgba })
}

/// A text in letters that every disk takes.
fn file_name(text: &str) -> String {
    let letter = |c: char| if c.is_alphanumeric() { c } else { '-' };
    let letters: String = text.chars().map(letter).collect();
    letters.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use egui::{Color32, Context, RawInput, pos2};

    use super::*;
    use crate::ui::fonts;

    /// What is said after so many frames of a window that gives no picture; it keeps what was asked of it, or not.
    fn said_after(frames: u32, keeps: bool) -> Option<String> {
        let (ctx, desk) = (Context::default(), Desk::default());
        fonts::install(&ctx);
        let (mut pictures, mut told) = (Pictures::default(), Told::default());
        let (mut kept, zone) = (Vec::new(), jiff::tz::TimeZone::UTC);
        pictures.wish(PictureTo::File);
        for _ in 0..frames {
            let mut out = Commands::new(desk.now(), 1);
            let mut output = ctx.run_ui(RawInput::default(), |ui| {
                pictures.settle(ui, &mut told, &desk, &mut out);
                let (title, timeframe, now) = ("AAPL", Timeframe::M1, desk.now());
                let caption = Caption { title, timeframe, zone: &zone, now };
                pictures.shoot(ui, ui.max_rect(), 30.0, caption);
            });
            output.textures_delta.clear();
            assert!(out.sent().is_empty());
            kept.extend(keeps.then_some(output));
        }
        told.line(desk.now()).map(|(line, _)| line.text.clone())
    }

    #[test]
    fn where_the_window_gives_no_picture_that_is_said_with_the_next_step() {
        assert_eq!(said_after(PATIENCE, true), None, "it may still come");
        for (frames, keeps) in [(PATIENCE + 5, true), (4, false)] {
            let said = said_after(frames, keeps).expect("it is said");
            assert!(said.contains("Try again") && said.contains("pitdesk shot"), "{said}");
        }
    }

    fn image() -> ColorImage {
        let pixel = |i: u8| Color32::from_rgb(i % 8, i / 8, 7);
        ColorImage::new([8, 4], (0..32).map(pixel).collect())
    }

    #[test]
    fn a_picture_has_the_pixels_of_the_pane_and_no_others() {
        let place = Rect::from_min_max(pos2(1.0, 0.5), pos2(2.5, 1.5));
        let picture = cropped(&image(), place, PixelGrid::new(2.0)).unwrap();
        assert_eq!((picture.width, picture.height), (3, 2));
        let pixels: Vec<[u8; 4]> = picture.rgba.chunks_exact(4).map(|c| c.try_into().unwrap()).collect();
        let wanted = [(2, 1), (3, 1), (4, 1), (2, 2), (3, 2), (4, 2)].map(|(x, y)| [x, y, 7, 255]);
        assert_eq!(pixels, wanted);
    }

    #[test]
    fn what_is_not_in_the_picture_is_left_out() {
        let beyond = Rect::from_min_max(pos2(-3.0, 2.0), pos2(100.0, 100.0));
        let picture = cropped(&image(), beyond, PixelGrid::new(1.0)).unwrap();
        assert_eq!((picture.width, picture.height), (8, 2));
        for place in [Rect::NOTHING, Rect::from_min_max(pos2(9.0, 0.0), pos2(12.0, 4.0))] {
            assert_eq!(cropped(&image(), place, PixelGrid::new(1.0)), None);
        }
    }

    #[test]
    fn a_file_is_called_after_what_is_on_it_in_letters_that_every_disk_takes() {
        assert_eq!(file_name("BTC/JPY · PIT  1m 20261120-100000"), "BTC-JPY-PIT-1m-20261120-100000");
    }
}
