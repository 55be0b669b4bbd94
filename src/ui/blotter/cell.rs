//! What stands in a cell, and how the blotter's recurring kinds of cells look.

use std::borrow::Cow;
use std::sync::Arc;

use egui::Color32;
use jiff::tz::TimeZone;

use crate::desk::Desk;
use crate::domain::{AccountId, Currency, Decimal, Instrument, OrderId, Side, Time};
use crate::ui::format;
use crate::ui::theme::Theme;

/// A symbol, with the account where its broker has several: `AAPL · U1234567`.
pub(in crate::ui) fn symbol<'a>(
    desk: &Desk,
    instrument: &'a Instrument,
    account: &AccountId,
) -> Cow<'a, str> {
    if desk.has_others(instrument.broker, account) {
        Cow::Owned(format!("{} · {account}", instrument.symbol))
    } else {
        Cow::Borrowed(&instrument.symbol)
    }
}

/// Letters of a note that a cell has.
const NOTE: usize = 60;

/// How a cell is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ui) enum Look {
    /// Cut with `…` when too long.
    Words,
    /// Never cut. `decimals` is how many the column shows at most, where points stand in line.
    Figures { decimals: Option<u32> },
}

/// The text of a cell.
#[derive(Debug, Clone)]
enum Text {
    Static(&'static str),
    Shared(Arc<str>),
    Own(String),
}

/// A cell.
#[derive(Debug, Clone)]
pub(in crate::ui) struct Cell {
    text: Text,
    short: String,
    /// What it means, for whoever points at it.
    hint: Option<String>,
    look: Look,
    colour: Color32,
    fill: Option<Color32>,
}

impl Cell {
    fn new(text: Text, look: Look, colour: Color32) -> Self {
        Self { text, short: String::new(), hint: None, look, colour, fill: None }
    }

    /// Nothing.
    pub fn empty() -> Self {
        Self::label("", Color32::TRANSPARENT)
    }

    /// A word of ours.
    pub fn label(text: &'static str, colour: Color32) -> Self {
        Self::new(Text::Static(text), Look::Words, colour)
    }

    /// Words from elsewhere.
    pub fn words(text: &Arc<str>, colour: Color32) -> Self {
        Self::new(Text::Shared(Arc::clone(text)), Look::Words, colour)
    }

    /// What is traded, and for which account where its broker has several.
    pub fn symbol(desk: &Desk, instrument: &Instrument, account: &AccountId, colour: Color32) -> Self {
        match symbol(desk, instrument, account) {
            Cow::Borrowed(_) => Self::words(&instrument.symbol, colour),
            Cow::Owned(text) => Self::made(text, colour),
        }
    }

    /// Words made for this frame.
    pub fn made(text: String, colour: Color32) -> Self {
        Self::new(Text::Own(text), Look::Words, colour)
    }

    /// A number.
    pub fn figures(text: String, colour: Color32) -> Self {
        Self::new(Text::Own(text), Look::Figures { decimals: None }, colour)
    }

    /// A number that may be missing.
    pub fn figures_or_dash(text: Option<String>, theme: &Theme, colour: Color32) -> Self {
        match text {
            Some(text) => Self::figures(text, colour),
            None => Self::figures("–".to_owned(), theme.text_weak),
        }
    }

    /// A gain or loss: signed and coloured.
    pub fn gain(value: Option<Decimal>, currency: Currency, theme: &Theme) -> Self {
        let colour = value.map_or(theme.text_weak, |value| {
            // The colour of what is shown: a loss of a tenth of a cent reads as nothing.
            let shown = value.round_dp_with_strategy(
                currency.decimals(),
                rust_decimal::RoundingStrategy::MidpointAwayFromZero,
            );
            theme.of_gain(shown)
        });
        Self::figures_or_dash(value.map(|value| format::gain(value, currency)), theme, colour)
    }

    /// What the trader has noted of an order: all of it for whoever points at it.
    pub fn note(desk: &Desk, order: OrderId, theme: &Theme) -> Self {
        let Some(note) = desk.note(order) else { return Self::empty() };
        let tags = note.tags.iter().map(|tag| format!("#{tag}")).collect::<Vec<_>>().join(" ");
        let hint = [tags.as_str(), &*note.text].into_iter().filter(|part| !part.is_empty());
        let mut line = note.line();
        if let Some((end, _)) = line.char_indices().nth(NOTE) {
            line.truncate(end);
            line.push('…');
        }
        Self::made(line, theme.accent).explained(Some(hint.collect::<Vec<_>>().join("\n")))
    }

    /// Bought or sold.
    pub fn side(side: Side, theme: &Theme) -> Self {
        let colour = match side {
            Side::Buy => theme.buy,
            Side::Sell => theme.sell,
        };
        Self::label(side.label(), colour)
    }

    /// A time: of today the clock, of another day the day, and both where they fit.
    pub fn time(time: Time, now: Time, zone: &TimeZone, colour: Color32) -> Self {
        if format::is_same_day(time, now, zone) {
            return Self::figures(format::clock_time(time, zone), colour);
        }
        let cell = Self::figures(format::date_time(time, zone), colour);
        Self { short: format::day(time, zone), ..cell }
    }

    /// In the colour of what is no longer fed, where it is not.
    pub fn stale_if(mut self, is_stale: bool, theme: &Theme) -> Self {
        if is_stale {
            self.colour = theme.stale;
        }
        self
    }

    /// With decimal points in line with those of a column that shows so many decimals.
    pub fn in_line(mut self, decimals: u32) -> Self {
        if matches!(self.look, Look::Figures { .. }) {
            self.look = Look::Figures { decimals: Some(decimals) };
        }
        self
    }

    /// On a coloured ground.
    pub fn on(mut self, fill: Color32) -> Self {
        self.fill = Some(fill);
        self
    }

    /// With an explanation for whoever points at it.
    pub fn explained(mut self, hint: Option<String>) -> Self {
        self.hint = hint;
        self
    }

    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    pub fn text(&self) -> &str {
        match &self.text {
            Text::Static(text) => text,
            Text::Shared(text) => text,
            Text::Own(text) => text,
        }
    }

    /// What stands there when the text does not fit; empty for nothing.
    pub fn short(&self) -> &str {
        &self.short
    }

    pub fn look(&self) -> Look {
        self.look
    }

    pub fn colour(&self) -> Color32 {
        self.colour
    }

    pub fn fill(&self) -> Option<Color32> {
        self.fill
    }

    /// How many decimals it has fewer than its column.
    pub fn lacking_decimals(&self) -> u32 {
        let Look::Figures { decimals: Some(decimals) } = self.look else { return 0 };
        let own = self.text().split_once('.').map_or(0, |(_, fraction)| fraction.len() as u32);
        decimals.saturating_sub(own)
    }

    /// Whether its column has decimal points and it has none.
    pub fn lacks_point(&self) -> bool {
        self.lacking_decimals() > 0 && !self.text().contains('.')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yen_hang_by_a_point_and_the_cents() {
        let theme = Theme::dark();
        let yen = Cell::gain(Some(1_234.into()), Currency::JPY, &theme).in_line(2);
        assert_eq!((yen.text(), yen.lacking_decimals(), yen.lacks_point()), ("+1,234", 2, true));
        let dollars = Cell::gain(Some(1_234.into()), Currency::USD, &theme).in_line(2);
        assert_eq!((dollars.lacking_decimals(), dollars.lacks_point()), (0, false));
    }

    #[test]
    fn what_reads_as_nothing_has_the_colour_of_nothing() {
        let theme = Theme::dark();
        let tenth = Cell::gain(Some(Decimal::new(-1, 3)), Currency::USD, &theme);
        assert_eq!((tenth.text(), tenth.colour()), ("0.00", theme.unchanged));
        let unknown = Cell::gain(None, Currency::USD, &theme);
        assert_eq!(unknown.text(), "–");
    }

    #[test]
    fn another_day_shows_at_least_its_date() {
        let now = Time::from_seconds(200_000);
        let theme = Theme::dark();
        let cell = |time| Cell::time(time, now, &TimeZone::UTC, theme.text);
        assert_eq!((cell(now).text(), cell(now).short()), ("07:33:20", ""));
        let earlier = cell(Time::from_seconds(3_600));
        assert_eq!((earlier.text(), earlier.short()), ("01 Jan 01:00:00", "01 Jan"));
    }
}
