//! The top of the ticket: what is traded, at which prices, and what is held of it.

use egui::{Align2, Color32, Rect, RichText, Sense, StrokeKind, Ui, pos2, vec2};

use super::facts::{Facts, Level};
use super::outlook::held;
use crate::desk::Freshness;
use crate::domain::{AccountId, Price, Qty};
use crate::ui::fonts;
use crate::ui::format;
use crate::ui::line::{Cut, End, label_at, line_ui};
use crate::ui::paint::{figures, figures_width};
use crate::ui::theme::Theme;

const PRICE_BUTTON_HEIGHT: f32 = 38.0;

/// What was pointed at.
#[derive(Debug, Default)]
pub(super) struct Picked {
    pub price: Option<Price>,
    /// The account to enter orders for.
    pub account: Option<AccountId>,
}

/// Draws it.
pub(super) fn header_ui(ui: &mut Ui, facts: &Facts<'_>, theme: &Theme) -> Picked {
    standing_ui(ui, facts, theme);
    let account = account_ui(ui, facts, theme);
    title_ui(ui, facts, theme);
    let price = prices_ui(ui, facts, theme);
    position_ui(ui, facts, theme);
    Picked { price, account }
}

/// For which account orders are entered, and the choice of it: there only where it is a question.
fn account_ui(ui: &mut Ui, facts: &Facts<'_>, theme: &Theme) -> Option<AccountId> {
    let broker = facts.instrument.broker;
    let chosen = facts.account.as_ref().ok().map(|account| &account.id);
    if facts.desk.accounts_of(broker).all(|account| Some(&account.id) == chosen) {
        return None;
    }
    let (text, colour) = match chosen {
        Some(id) => (id.to_string(), theme.text_strong),
        None => ("choose …".to_owned(), theme.warn),
    };
    let mut picked = None;
    ui.horizontal(|ui| {
        ui.label(RichText::new("Account").small().color(theme.text_weak));
        let combo = egui::ComboBox::from_id_salt("account").width(ui.available_width());
        let shown = combo.selected_text(RichText::new(text).color(colour)).truncate().show_ui(ui, |ui| {
            for account in facts.desk.accounts_of(broker) {
                let text = format!("{} · {}", account.id, account.title);
                if ui.selectable_label(Some(&account.id) == chosen, text).clicked() {
                    picked = Some(account.id.clone());
                }
            }
        });
        let response = shown.response;
        response.widget_info(|| {
            let mut info = egui::WidgetInfo::labeled(egui::Role::ComboBox, true, "Account for orders");
            info.current_text_value = chosen.map(ToString::to_string);
            info
        });
        response.on_hover_text("Orders of this ticket, Close and Reverse go for this account and no other");
    });
    picked.filter(|picked| Some(picked) != chosen)
}

/// One line, always there: whether orders can be sent, and for which account.
fn standing_ui(ui: &mut Ui, facts: &Facts<'_>, theme: &Theme) {
    let standing = facts.standing();
    let (colour, fill) = match standing.level {
        Level::Plain => (theme.text_weak, Color32::TRANSPARENT),
        Level::Warn => (theme.warn, theme.warn_fill),
        Level::Danger => (theme.danger, theme.danger_fill),
    };
    let (id, rect) = ui.allocate_space(vec2(ui.available_width(), theme.sizes.small + 7.0));
    let mut room = rect.shrink2(vec2(0.0, 1.0));
    if fill != Color32::TRANSPARENT {
        ui.painter().rect_filled(rect, theme.sizes.radius, fill);
        room = room.shrink2(vec2(5.0, 0.0));
    }
    if facts.is_live() {
        room.min.x = live_badge_ui(ui, id.with("live"), room, theme) + ui.spacing().item_spacing.x;
    }
    let line = figures(ui, &standing.line, &theme.small_font(), colour, room.width());
    let place = Align2::LEFT_CENTER.align_size_within_rect(line.size(), room);
    label_at(ui, id, place, line).on_hover_text(&standing.more);
}

/// Draws it at the left of `room`; returns where it ends.
fn live_badge_ui(ui: &Ui, id: egui::Id, room: Rect, theme: &Theme) -> f32 {
    let text = figures(ui, "LIVE", &fonts::bold(theme.sizes.small), theme.on_fill, f32::INFINITY);
    let size = vec2(text.size().x + 10.0, text.size().y);
    let badge = Align2::LEFT_CENTER.align_size_within_rect(size, room);
    ui.painter().rect_filled(badge, theme.sizes.radius, theme.live_fill);
    let place = Align2::CENTER_CENTER.align_size_within_rect(text.size(), badge);
    label_at(ui, id, place, text).on_hover_text("Orders of this ticket trade real money");
    badge.right()
}

fn title_ui(ui: &mut Ui, facts: &Facts<'_>, theme: &Theme) {
    let instrument = facts.instrument;
    let quote = facts.quote.map(|view| view.quote);
    let is_stale = facts.quote.is_some_and(|view| view.freshness == Freshness::Stale);
    let change = quote.and_then(crate::domain::Quote::change);
    let colour = match change {
        _ if is_stale => theme.stale,
        Some(change) => theme.of_gain(change),
        None => theme.text_weak,
    };
    let bold = fonts::bold(theme.sizes.title);
    let last = facts.last().map_or_else(|| "–".to_owned(), |last| format::price(last, instrument));
    let symbol = End { text: &instrument.symbol, font: bold.clone(), colour: theme.text_strong };
    let last = End { text: &last, font: bold, colour };
    if let Some(last) = line_ui(ui, theme.sizes.title + 5.0, &symbol, &last, Cut::Right).right {
        last.on_hover_text("Price of the last trade");
    }
    let percent = quote.and_then(crate::domain::Quote::change_percent);
    let percent = percent.map_or_else(String::new, |percent| format!("{}%", format::signed(percent, 2)));
    let name = format!("{} · {}", instrument.name, instrument.venue);
    let name = End { text: &name, font: theme.small_font(), colour: theme.text_weak };
    let percent = End { text: &percent, font: theme.small_font(), colour };
    if let Some(percent) = line_ui(ui, theme.sizes.small + 4.0, &name, &percent, Cut::Left).right {
        percent.on_hover_text("Change since the previous close");
    }
}

fn prices_ui(ui: &mut Ui, facts: &Facts<'_>, theme: &Theme) -> Option<Price> {
    let quote = facts.quote.map(|view| view.quote);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), PRICE_BUTTON_HEIGHT), Sense::hover());
    let [left, right] = halves(rect, theme.sizes.gap);
    let bid = Shown { name: "Bid", price: facts.bid(), size: quote.map(|q| q.bid_size), colour: theme.buy };
    let ask = Shown { name: "Ask", price: facts.ask(), size: quote.map(|q| q.ask_size), colour: theme.sell };
    let mut clicked = None;
    for (shown, rect) in [(bid, left), (ask, right)] {
        clicked = clicked.or(price_button_ui(ui, rect, &shown, facts, theme));
    }
    clicked
}

/// A side of the book.
struct Shown {
    name: &'static str,
    price: Option<Price>,
    size: Option<Qty>,
    colour: Color32,
}

fn price_button_ui(ui: &Ui, rect: Rect, shown: &Shown, facts: &Facts<'_>, theme: &Theme) -> Option<Price> {
    let sense = if shown.price.is_some() { Sense::click() } else { Sense::hover() };
    let response = ui.interact(rect, ui.make_persistent_id(shown.name), sense);
    let instrument = facts.instrument;
    let price = shown.price.map_or_else(|| "–".to_owned(), |price| format::price(price, instrument));
    let size = match (shown.price, shown.size) {
        (Some(_), Some(size)) => format!("{} × {}", shown.name, format::exact(size.0)),
        _ => shown.name.to_owned(),
    };
    response.widget_info(|| {
        let mut info = egui::WidgetInfo::labeled(egui::Role::Button, shown.price.is_some(), shown.name);
        info.current_text_value = Some(format!("{price} {size}"));
        info
    });
    let fill = if response.is_pointer_button_down_on() {
        theme.pressed
    } else if response.hovered() && shown.price.is_some() {
        theme.hover
    } else {
        theme.control
    };
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, theme.sizes.radius, fill);
    if response.has_focus() {
        let stroke = egui::Stroke::new(1.0, theme.accent);
        painter.rect_stroke(rect, theme.sizes.radius, stroke, StrokeKind::Inside);
    }
    let is_stale = facts.quote.is_some_and(|view| view.freshness == Freshness::Stale);
    let colour = if is_stale { theme.stale } else { shown.colour };
    let put = |y: f32, text: &str, font: &egui::FontId, colour: Color32| {
        let galley = figures(ui, text, font, colour, f32::INFINITY);
        let at = Align2::CENTER_CENTER.anchor_size(pos2(rect.center().x, y), galley.size()).min;
        painter.galley(at, galley, colour);
    };
    put(rect.top() + 12.0, &price, &fonts::bold(theme.sizes.text), colour);
    put(rect.bottom() - 10.0, &size, &theme.small_font(), theme.text_weak);
    let response = response.on_hover_text("Puts this price into the ticket");
    response.clicked().then_some(shown.price).flatten()
}

/// Two rows, always there.
fn position_ui(ui: &mut Ui, facts: &Facts<'_>, theme: &Theme) {
    let instrument = facts.instrument;
    let mark = facts.quote.and_then(|view| view.quote.mark());
    let (position, profit, colour) = match facts.position {
        Some(position) => {
            let average = format::decimal(position.average_price, instrument.ticks.decimals());
            let profit = mark.and_then(|mark| position.unrealised(mark, instrument.multiplier));
            let shown = profit.map_or_else(
                || "no price".to_owned(),
                |p| format!("{} {}", format::gain(p, instrument.currency), instrument.currency),
            );
            let is_stale = facts.quote.is_some_and(|view| view.freshness == Freshness::Stale);
            let colour = match profit {
                Some(_) if is_stale => theme.stale,
                Some(profit) => theme.of_gain(profit),
                None => theme.text_weak,
            };
            (format!("{} @ {average}", held(position.net)), shown, colour)
        }
        None => (facts.nothing_held().to_owned(), "–".to_owned(), theme.text_weak),
    };
    let strong = if facts.position.is_some() { theme.text } else { theme.text_weak };
    for (name, value, colour) in [("Position", position, strong), ("Open P&L", profit, colour)] {
        let name = End { text: name, font: theme.small_font(), colour: theme.text_weak };
        let taken = figures_width(ui, name.text, &name.font) + ui.spacing().item_spacing.x;
        let large = theme.text_font();
        let has_room = figures_width(ui, &value, &large) <= ui.available_width() - taken;
        let font = if has_room { large } else { theme.small_font() };
        let value = End { text: &value, font, colour };
        line_ui(ui, theme.sizes.text + 3.0, &name, &value, Cut::Right);
    }
}

/// Two equal parts side by side.
pub(super) fn halves(rect: Rect, gap: f32) -> [Rect; 2] {
    let width = ((rect.width() - gap) / 2.0).floor();
    let left = Rect::from_min_size(rect.min, vec2(width, rect.height()));
    let right = Rect::from_min_max(pos2(rect.right() - width, rect.top()), rect.max);
    [left, right]
}
