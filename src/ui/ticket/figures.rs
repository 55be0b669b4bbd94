//! What each side would come to, in two columns, before anything is sent.

use egui::{Align2, Color32, Rect, Sense, Ui, pos2, vec2};

use super::check::Checked;
use super::facts::Facts;
use super::field::{Caption, caption_ui};
use super::outlook::{Outlook, becomes};
use crate::domain::{Currency, Decimal, Side};
use crate::ui::format;
use crate::ui::theme::Theme;

/// Of the width, what the names of the rows take.
const NAME_SHARE: f32 = 0.3;

/// Draws value, commission, buying power and resulting position of both sides.
pub(super) fn figures_ui(ui: &mut Ui, checked: &Checked, facts: &Facts<'_>, theme: &Theme) {
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
    // The row stays where it is when the instrument changes.
    let in_base = if base == currency { [None, None] } else { [buy.in_base, sell.in_base] };
    let name = if base == currency { String::new() } else { format!("Value {base}") };
    if !name.is_empty() {
        amounts_ui(ui, &name, in_base, base, weak, theme);
    }
    amounts_ui(ui, &format!("Power {currency}"), [buy.power_left, sell.power_left], currency, weak, theme);
    let caption = Caption { line: "as charged by the broker", more: "", colour: weak };
    caption_ui(ui, "Commission", caption, theme);
    for side in [Side::Buy, Side::Sell] {
        let line = checked.quantity.map_or_else(|| "–".to_owned(), |q| becomes(facts.net(), side, q));
        let name = match side {
            Side::Buy => "After buy",
            Side::Sell => "After sell",
        };
        caption_ui(ui, name, Caption { line: &line, more: &line, colour: theme.text }, theme);
    }
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
    let shown = amounts.map(|amount| {
        amount.map_or_else(
            || ("–".to_owned(), theme.text_weak),
            |amount| {
                let colour = if amount < Decimal::ZERO { theme.danger } else { colour };
                (format::amount(amount, currency), colour)
            },
        )
    });
    let more = if name.starts_with("Power") {
        "Buying power left, before commission and working orders. Below zero the broker may refuse the order."
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
    let font = theme.small_font();
    let y = rect.center().y;
    painter.text(pos2(rect.left(), y), Align2::LEFT_CENTER, name, font.clone(), theme.text_weak);
    let [first, second] = columns(rect);
    for (column, text, colour) in [(first, buy, buy_colour), (second, sell, sell_colour)] {
        painter.text(pos2(column.right(), y), Align2::RIGHT_CENTER, text, font.clone(), colour);
    }
}

fn columns(rect: Rect) -> [Rect; 2] {
    let names = rect.width() * NAME_SHARE;
    let width = (rect.width() - names) / 2.0;
    let column = |index: f32| {
        let left = rect.left() + names + index * width;
        Rect::from_min_max(pos2(left, rect.top()), pos2(left + width, rect.bottom()))
    };
    [column(0.0), column(1.0)]
}
