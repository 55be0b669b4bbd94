//! Which columns the trader wants. Those that are wanted are shown where there is room for them.

use serde::{Deserialize, Serialize};

/// The columns besides the symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Choice {
    pub last: bool,
    pub change: bool,
    pub percent: bool,
    /// Bid and ask, with their sizes.
    pub spread: bool,
    pub volume: bool,
    /// Where the last price stands between the low and the high of the day.
    pub range: bool,
    /// The line of the day.
    pub spark: bool,
}

impl Default for Choice {
    fn default() -> Self {
        Self {
            last: true,
            change: true,
            percent: true,
            spread: true,
            volume: true,
            range: false,
            spark: false,
        }
    }
}

impl Choice {
    /// Whether nobody has chosen.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// A box to tick for each column.
    pub fn ui(&mut self, ui: &mut egui::Ui) {
        let Self { last, change, percent, spread, volume, range, spark } = self;
        for (is_wanted, name, text) in [
            (last, "Last", "The last price"),
            (change, "Change", "The last price against the close of the day before"),
            (percent, "Change in %", "The same in per cent"),
            (spread, "Bid and ask", "With their sizes where there is room"),
            (volume, "Volume", "Units traded today"),
            (range, "Day range", "Where the last price stands between the low and the high of the day"),
            (spark, "Line of the day", "Bars of five minutes, asked for as far as rows are in sight"),
        ] {
            ui.checkbox(is_wanted, name).on_hover_text(text);
        }
        if ui.add_enabled(!self.is_default(), egui::Button::new("As at first")).clicked() {
            *self = Self::default();
        }
    }
}
