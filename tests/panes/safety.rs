//! What the tests of order safety share: sizes, themes, pictures for a person to look at.

use egui_kittest::Harness;
use pitdesk::domain::settings::ThemeChoice;

use crate::bench::settle;
use crate::desktop::Desktop;

/// Sizes to look at, each in one of the themes.
pub const SIZES: [([f32; 2], &str); 3] =
    [([960.0, 600.0], "960-dark"), ([1280.0, 720.0], "1280-light"), ([1600.0, 900.0], "1600-dark")];

/// Turns to the theme that a name ends with.
pub fn theme_by(window: &mut Harness<'_, Desktop>, name: &str) {
    let choice = if name.ends_with("light") { ThemeChoice::Light } else { ThemeChoice::Dark };
    window.state_mut().market.configure(|settings| settings.theme = choice);
    settle(window);
}

/// Draws, and keeps the picture where `PITDESK_PICTURES` says.
pub fn save(window: &mut Harness<'_, Desktop>, name: &str) {
    let picture = window.render().expect("the soft renderer draws all that the window may draw");
    if let Some(folder) = std::env::var_os("PITDESK_PICTURES") {
        let path = std::path::Path::new(&folder).join(format!("{name}.png"));
        picture.save(path).expect("the folder can be written");
    }
}
