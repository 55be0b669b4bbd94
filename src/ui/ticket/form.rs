//! What stands in the ticket's fields: choices and texts as they were typed.
//!
//! Plain data without a widget. The choices outlive the program and a change of
//! instrument; the texts of prices do neither, because a price of one instrument means
//! nothing for another.

use serde::{Deserialize, Serialize};

use crate::domain::{Price, Qty};
use crate::ui::format;

/// A field that is typed into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Field {
    /// How much.
    Quantity,
    /// The trigger.
    Stop,
    /// The worst acceptable price.
    Limit,
    /// How far a trailing stop stays behind.
    Trail,
    /// When a GTD order ends.
    Until,
    /// Limit of the bracket's profit target.
    TakeProfit,
    /// Trigger of the bracket's stop.
    StopLoss,
}

impl Field {
    /// In the order in which they stand.
    pub(super) const ALL: [Self; 7] =
        [Self::Quantity, Self::Stop, Self::Limit, Self::Trail, Self::Until, Self::TakeProfit, Self::StopLoss];

    /// Its name on the screen and for assistive programs.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Quantity => "Quantity",
            Self::Stop => "Stop price",
            Self::Limit => "Limit price",
            Self::Trail => "Trailing distance",
            Self::Until => "Good till",
            Self::TakeProfit => "Take profit",
            Self::StopLoss => "Stop loss",
        }
    }
}

/// The type of the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum KindChoice {
    Market,
    #[default]
    Limit,
    Stop,
    StopLimit,
    TrailingStop,
}

impl KindChoice {
    pub(super) const ALL: [Self; 5] =
        [Self::Market, Self::Limit, Self::Stop, Self::StopLimit, Self::TrailingStop];

    /// As [`crate::domain::OrderKind::label`].
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Market => "Market",
            Self::Limit => "Limit",
            Self::Stop => "Stop",
            Self::StopLimit => "Stop limit",
            Self::TrailingStop => "Trailing stop",
        }
    }
}

/// How long the order is good for; the instant of GTD is a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum TifChoice {
    #[default]
    Day,
    Gtc,
    Ioc,
    Fok,
    Gtd,
}

impl TifChoice {
    pub(super) const ALL: [Self; 5] = [Self::Day, Self::Gtc, Self::Ioc, Self::Fok, Self::Gtd];

    /// As [`crate::domain::TimeInForce::label`].
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Day => "DAY",
            Self::Gtc => "GTC",
            Self::Ioc => "IOC",
            Self::Fok => "FOK",
            Self::Gtd => "GTD",
        }
    }

    /// What the letters stand for.
    pub(super) fn meaning(self) -> &'static str {
        match self {
            Self::Day => "until the session closes",
            Self::Gtc => "until cancelled",
            Self::Ioc => "at once, cancel the rest",
            Self::Fok => "all of it at once, or nothing",
            Self::Gtd => "until a date and time",
        }
    }

    /// Whether an order of this kind can rest in the book.
    pub(super) fn rests(self) -> bool {
        !matches!(self, Self::Ioc | Self::Fok)
    }
}

/// What the trailing distance is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum TrailUnit {
    #[default]
    Amount,
    Percent,
}

/// Choices and texts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Form {
    pub kind: KindChoice,
    pub tif: TifChoice,
    pub trail_unit: TrailUnit,
    pub post_only: bool,
    /// Whether exits go with the order; without it their fields are not shown and do not count.
    #[serde(skip)]
    pub has_bracket: bool,
    #[serde(skip)]
    texts: [String; Field::ALL.len()],
}

impl Form {
    /// What stands in a field.
    pub(super) fn text(&self, field: Field) -> &str {
        &self.texts[field as usize]
    }

    /// The same, to be typed into.
    pub(super) fn text_mut(&mut self, field: Field) -> &mut String {
        &mut self.texts[field as usize]
    }

    /// Whether the chosen type needs a field; the others are not shown.
    pub(super) fn shows(&self, field: Field) -> bool {
        match field {
            Field::Quantity => true,
            Field::Stop => matches!(self.kind, KindChoice::Stop | KindChoice::StopLimit),
            Field::Limit => matches!(self.kind, KindChoice::Limit | KindChoice::StopLimit),
            Field::Trail => self.kind == KindChoice::TrailingStop,
            Field::Until => self.tif == TifChoice::Gtd,
            Field::TakeProfit | Field::StopLoss => self.has_bracket,
        }
    }

    /// The fields that are shown, in order.
    pub(super) fn fields(&self) -> impl Iterator<Item = Field> {
        Field::ALL.into_iter().filter(|&field| self.shows(field))
    }

    /// Whether post-only means anything for the chosen type and time.
    pub(super) fn can_be_post_only(&self) -> bool {
        self.kind == KindChoice::Limit && self.tif.rests()
    }

    /// Begins anew for another instrument.
    pub(super) fn begin(&mut self, quantity: Qty) {
        self.texts = Default::default();
        self.has_bracket = false;
        *self.text_mut(Field::Quantity) = format::exact(quantity.0);
    }

    /// Forgets the prices of the bracket, which were of one position.
    pub(super) fn clear_bracket(&mut self) {
        for field in [Field::TakeProfit, Field::StopLoss] {
            self.text_mut(field).clear();
        }
    }

    /// Takes a price that was pointed at: into the price that the type has, and where it
    /// has none, as a limit, which is what a price that was pointed at asks for.
    pub(super) fn take_price(&mut self, price: Price) {
        let field = match self.kind {
            KindChoice::Limit | KindChoice::StopLimit => Field::Limit,
            KindChoice::Stop => Field::Stop,
            KindChoice::Market | KindChoice::TrailingStop => {
                self.kind = KindChoice::Limit;
                Field::Limit
            }
        };
        // The grid's decimals are in the price already.
        *self.text_mut(field) = format::decimal(price.0, price.0.scale());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_are_indexed_in_their_order() {
        for (index, field) in Field::ALL.into_iter().enumerate() {
            assert_eq!(index, field as usize);
        }
    }

    #[test]
    fn a_price_goes_where_the_type_has_one_and_makes_a_limit_of_a_market_order() {
        let price = Price("227.50".parse().unwrap());
        for (kind, then, field) in [
            (KindChoice::Limit, KindChoice::Limit, Field::Limit),
            (KindChoice::StopLimit, KindChoice::StopLimit, Field::Limit),
            (KindChoice::Stop, KindChoice::Stop, Field::Stop),
            (KindChoice::Market, KindChoice::Limit, Field::Limit),
            (KindChoice::TrailingStop, KindChoice::Limit, Field::Limit),
        ] {
            let mut form = Form { kind, ..Form::default() };
            form.take_price(price);
            assert_eq!((form.kind, form.text(field)), (then, "227.50"));
        }
    }

    #[test]
    fn another_instrument_forgets_prices_and_the_bracket_but_no_choices() {
        let mut form = Form { kind: KindChoice::StopLimit, has_bracket: true, ..Form::default() };
        form.take_price(Price("227.50".parse().unwrap()));
        form.begin(Qty("0.10000000".parse().unwrap()));
        assert_eq!(form.text(Field::Quantity), "0.1");
        assert_eq!(form.text(Field::Limit), "");
        assert!(!form.has_bracket);
        assert_eq!(form.kind, KindChoice::StopLimit);
    }

    #[test]
    fn prices_are_not_saved_and_choices_are() {
        let mut form = Form { kind: KindChoice::Stop, tif: TifChoice::Gtc, ..Form::default() };
        form.take_price(Price("227.50".parse().unwrap()));
        let saved = serde_json::to_string(&form).unwrap();
        assert!(!saved.contains("227"), "{saved}");
        let back: Form = serde_json::from_str(&saved).unwrap();
        assert_eq!((back.kind, back.tif, back.text(Field::Stop)), (KindChoice::Stop, TifChoice::Gtc, ""));
    }
}
