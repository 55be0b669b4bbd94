//! What each side would come to, in two columns, before anything is sent.

use egui::{Align2, Color32, Rect, Sense, Ui, pos2, vec2};

use super::check::Checked;
use super::facts::Facts;
use super::field::{Caption, caption_ui};
use super::foretold::Foretold;
use super::outlook::{Outlook, becomes};
use crate::domain::{Currency, Decimal, Side};
use crate::ui::format;
use crate::ui::paint::{figures, figures_width};
use crate::ui::theme::Theme;

/// What the names of the rows take of the width, in points.
const NAMES: f32 = 62.0;

/// Draws value, commission, buying power and resulting position of both sides.
pub(super) fn figures_ui(
    ui: &mut Ui,
    checked: &Checked,
    foretold: Option<&Foretold>,
    facts: &Facts<'_>,
    theme: &Theme,
) {
    let currency = facts.instrument.currency;
    let base = facts.settings.base_currency;
    let outlook = |side| {
        let check = checked.side(side);
        Outlook::of(facts, side, check.quantity, check.at)
    };
    let (buy, sell) = (outlook(Side::Buy), outlook(Side::Sell));
    ui.spacing_mut().item_spacing.y = 1.0;
    let weak = theme.text_weak;
    row_ui(ui, "", [("Buy", theme.buy), ("Sell", theme.sell)], "", theme);
    let text = theme.text;
    amounts_ui(ui, &format!("Value {currency}"), [buy.value, sell.value], currency, text, theme);
    if base != currency {
        amounts_ui(ui, &format!("Value {base}"), [buy.in_base, sell.in_base], base, weak, theme);
    }
    if let Some(foretold) = foretold {
        foretold_ui(ui, foretold, theme);
    } else {
        let power = [buy.power_left, sell.power_left];
        amounts_ui(ui, &format!("Power {currency}"), power, currency, weak, theme);
        if buy.commission.or(sell.commission).is_some() {
            amounts_ui(ui, "Commission", [buy.commission, sell.commission], currency, weak, theme);
        } else {
            let caption = Caption { line: "as charged by the broker", more: "", colour: weak };
            caption_ui(ui, "Commission", caption, theme);
        }
    }
    for (side, name) in [(Side::Buy, "After buy"), (Side::Sell, "After sell")] {
        // What becomes of a position is not known where it is not known whose it is.
        let quantity = checked.quantity.filter(|_| facts.account.is_ok());
        let line = quantity.map_or_else(|| "–".to_owned(), |q| becomes(facts.net(), side, q));
        after_ui(ui, name, &line, theme);
    }
}

fn foretold_ui(ui: &mut Ui, foretold: &Foretold, theme: &Theme) {
    for (name, line) in [("Margin", &foretold.margin), ("Commission", &foretold.commission)] {
        let colour = if line.is_warning { theme.warn } else { theme.text };
        caption_ui(ui, name, Caption { line: &line.text, more: &line.more, colour }, theme);
    }
}

/// The resulting position, on a line of its own where it is long.
fn after_ui(ui: &mut Ui, name: &str, line: &str, theme: &Theme) {
    let is_long = width_of(ui, line, theme) > ui.available_width() - NAMES;
    let caption = Caption { line, more: line, colour: theme.text };
    if is_long {
        caption_ui(ui, name, Caption { line: "", ..caption }, theme);
        caption_ui(ui, "", caption, theme);
    } else {
        caption_ui(ui, name, caption, theme);
    }
}

fn width_of(ui: &Ui, text: &str, theme: &Theme) -> f32 {
    figures_width(ui, text, &theme.small_font())
}

/// A row of amounts; what is below zero is said in the colour of danger.
fn amounts_ui(
    ui: &mut Ui,
    name: &str,
    amounts: [Option<Decimal>; 2],
    currency: Currency,
    colour: Color32,
    theme: &Theme,
) {
    let room = (ui.available_width() - NAMES) / 2.0 - 4.0;
    let shown = amounts.map(|amount| {
        let Some(amount) = amount else { return ("–".to_owned(), theme.text_weak) };
        let colour = if amount < Decimal::ZERO { theme.danger } else { colour };
        let text = format::amount(amount, currency);
        // Cut digits would be another number.
        if width_of(ui, &text, theme) > room { (format::compact(amount), colour) } else { (text, colour) }
    });
    let more = if name.starts_with("Power") {
        "Buying power left after the working orders and this one, before its commission. Below zero the broker \
         may refuse the order."
    } else {
        "At the price on the button"
    };
    row_ui(ui, name, [(&shown[0].0, shown[0].1), (&shown[1].0, shown[1].1)], more, theme);
}

fn row_ui(ui: &mut Ui, name: &str, cells: [(&str, Color32); 2], more: &str, theme: &Theme) {
    let size = vec2(ui.available_width(), theme.sizes.small + 4.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let [(buy, buy_colour), (sell, sell_colour)] = cells;
    if !name.is_empty() {
        response.widget_info(|| {
            let text = format!("{name}: buy {buy}, sell {sell}");
            egui::WidgetInfo::labeled(egui::Role::Label, true, text)
        });
        response.on_hover_text(more);
    }
    let painter = ui.painter_at(rect);
    let put = |place: Rect, align: Align2, text: &str, colour: Color32| {
        let galley = figures(ui, text, &theme.small_font(), colour, f32::INFINITY);
        painter.galley(align.align_size_within_rect(galley.size(), place).min, galley, colour);
    };
    put(rect, Align2::LEFT_CENTER, name, theme.text_weak);
    let [first, second] = columns(rect);
    put(first, Align2::RIGHT_CENTER, buy, buy_colour);
    put(second, Align2::RIGHT_CENTER, sell, sell_colour);
}

fn columns(rect: Rect) -> [Rect; 2] {
    let width = (rect.width() - NAMES) / 2.0;
    let column = |index: f32| {
        let left = rect.left() + NAMES + index * width;
        Rect::from_min_max(pos2(left, rect.top()), pos2(left + width, rect.bottom()))
    };
    [column(0.0), column(1.0)]
}
