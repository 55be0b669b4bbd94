//! How the window looks, besides its theme: which colours mean what, how tight and how large it is.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::BadSetting;

/// The sizes of text that keys step through, in percent.
pub const TEXT_STEPS: [u16; 10] = [80, 90, 100, 110, 120, 130, 145, 160, 180, 200];
/// What a text size may be, in percent.
const TEXT_SIZES: RangeInclusive<u16> = 80..=200;
const USUAL_TEXT: u16 = 100;

/// How the window looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Looks {
    /// Which two families of colours tell a rise from a fall, and a buy from a sell.
    pub palette: Palette,
    /// Which of the two stands for a rise, and for a buy.
    pub convention: Convention,
    /// How tight rows and controls stand.
    pub density: Density,
    /// How large everything is, in percent of the usual size.
    pub text_percent: u16,
    /// Whose shapes Han characters have, which three languages share and draw differently.
    pub han: HanShapes,
}

impl Default for Looks {
    /// The usual colours in the western convention, comfortable, as large as the desktop has it.
    fn default() -> Self {
        Self {
            palette: Palette::default(),
            convention: Convention::default(),
            density: Density::default(),
            text_percent: USUAL_TEXT,
            han: HanShapes::default(),
        }
    }
}

impl Looks {
    pub(super) fn check(self) -> Result<(), BadSetting> {
        if TEXT_SIZES.contains(&self.text_percent) {
            return Ok(());
        }
        Err(BadSetting { name: "looks.text_percent".to_owned(), why: "must be 80 to 200 percent" })
    }

    /// The size of text after a step: the next one that keys go through, or the same at either end.
    #[must_use]
    pub fn text_stepped(&self, step: TextStep) -> u16 {
        let now = self.text_percent;
        let next = match step {
            TextStep::Larger => TEXT_STEPS.into_iter().find(|size| *size > now),
            TextStep::Smaller => TEXT_STEPS.into_iter().rev().find(|size| *size < now),
            TextStep::Usual => Some(USUAL_TEXT),
        };
        next.unwrap_or(now)
    }
}

/// A step of the size of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextStep {
    /// To the next larger one.
    Larger,
    /// To the next smaller one.
    Smaller,
    /// Back to the usual one.
    Usual,
}

/// Two families of colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Palette {
    /// Green and red.
    #[default]
    Usual,
    /// Blue and orange, which eyes tell that do not tell green from red, or blue from yellow.
    ColourBlind,
}

/// Which family stands for a rise and a buy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Convention {
    /// Green (or blue): as in Europe and America.
    #[default]
    Western,
    /// Red (or orange): as in Japan, Korea, China and Taiwan.
    EastAsian,
}

/// How tight rows and controls stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Density {
    /// With room around them.
    #[default]
    Comfortable,
    /// As many as there is room for.
    Compact,
}

/// Whose shapes Han characters have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HanShapes {
    /// Those of the desktop's language.
    #[default]
    System,
    /// Those of Japan.
    Japanese,
    /// Those of Korea.
    Korean,
    /// The simplified ones of China.
    SimplifiedChinese,
    /// The traditional ones of Taiwan and Hong Kong.
    TraditionalChinese,
}

impl HanShapes {
    /// The language as a BCP 47 tag; none for that of the desktop.
    #[must_use]
    pub fn locale(self) -> Option<&'static str> {
        match self {
            Self::System => None,
            Self::Japanese => Some("ja"),
            Self::Korean => Some("ko"),
            Self::SimplifiedChinese => Some("zh-Hans"),
            Self::TraditionalChinese => Some("zh-Hant"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sized(text_percent: u16) -> Looks {
        Looks { text_percent, ..Looks::default() }
    }

    #[test]
    fn text_grows_and_shrinks_by_steps_and_stops_at_the_ends() {
        for pair in TEXT_STEPS.windows(2) {
            assert_eq!(sized(pair[0]).text_stepped(TextStep::Larger), pair[1]);
            assert_eq!(sized(pair[1]).text_stepped(TextStep::Smaller), pair[0]);
        }
        assert_eq!(sized(200).text_stepped(TextStep::Larger), 200);
        assert_eq!(sized(80).text_stepped(TextStep::Smaller), 80);
        assert_eq!(sized(145).text_stepped(TextStep::Usual), 100);
        let between = (sized(105).text_stepped(TextStep::Larger), sized(105).text_stepped(TextStep::Smaller));
        assert_eq!(between, (110, 100), "a size that was typed is between two steps");
    }

    #[test]
    fn text_that_nobody_could_read_is_refused() {
        for (size, is_good) in [(79, false), (80, true), (200, true), (201, false)] {
            assert_eq!(sized(size).check().is_ok(), is_good, "{size}");
        }
        assert_eq!(
            sized(0).check().unwrap_err().to_string(),
            "'looks.text_percent' must be 80 to 200 percent"
        );
    }
}
