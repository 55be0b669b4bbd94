//! Below the table: what the plan comes to, and the buttons.

use egui::{Align, Button, Color32, Label, Layout, RichText, Ui};

use super::facts::Facts;
use super::preview::{Preview, summary};
use super::{AllocationPane, Said};
use crate::desk::Desk;
use crate::domain::{AccountKind, Decimal, Side, counted};
use crate::market::allocation::{CashOf, Plan};
use crate::ui::commands::Commands;
use crate::ui::confirm::{Hand, Outcome, Rule};
use crate::ui::format;
use crate::ui::theme::Theme;

/// Reasons that are written out.
const MOST_REASONS: usize = 2;

impl AllocationPane {
    pub(super) fn foot_ui(
        &mut self,
        ui: &mut Ui,
        desk: &Desk,
        facts: &Result<Facts<'_>, String>,
        theme: &Theme,
        out: &mut Commands,
    ) {
        ui.set_width(ui.available_width());
        if let Some((preview, facts)) = self.view.preview.as_ref().zip(facts.as_ref().ok()) {
            totals_ui(ui, preview, desk, facts, theme);
            overdrawn_ui(ui, preview, desk, facts, theme);
            held_back_ui(ui, preview, desk, theme);
        }
        ui.horizontal(|ui| {
            if self.sent.is_some() {
                self.results_ui(ui, desk, theme);
                return;
            }
            let Ok(facts) = facts else {
                ui.add_enabled(false, Button::new("Preview"));
                return;
            };
            if ui.button("Preview").on_hover_text("Shows what would be sent. Sends nothing").clicked() {
                self.preview(desk, facts);
            }
            self.send_ui(ui, desk, facts, theme, out);
        });
    }

    fn send_ui(&mut self, ui: &mut Ui, desk: &Desk, facts: &Facts<'_>, theme: &Theme, out: &mut Commands) {
        let Some(preview) = &self.view.preview else { return };
        let (id, count) = (preview.id, preview.plan.totals.orders);
        let why_not = why_not(desk, preview, facts);
        let is_armed = self.view.confirm.asked_by(&()).is_some();
        let live = facts.account.kind == AccountKind::Live;
        let orders = counted(count, "order", "orders");
        let whose = if live { format!(" for LIVE {}", facts.account.id) } else { String::new() };
        let text = if is_armed {
            format!("Confirm: send {orders}{whose}, {}", sides(&preview.plan, facts))
        } else {
            format!("Send {orders}{whose}")
        };
        let (fill, colour) = match (why_not.is_some(), is_armed) {
            (true, _) => (theme.control, theme.text_faint),
            (false, true) => (theme.warn_fill, theme.warn),
            (false, false) => (theme.accent_fill, theme.on_fill),
        };
        let mut button = Button::new(RichText::new(text).color(colour)).fill(fill);
        if live {
            button = button.stroke((2.0, theme.live_fill));
        }
        let response = ui.add_enabled(why_not.is_none(), button);
        let age = format::age(desk.now().since(preview.at));
        let (note, colour) = match &why_not {
            Some(why) => (why.clone(), theme.warn),
            None if is_armed => ("again to send, three seconds take it back".to_owned(), theme.text_weak),
            None => (format!("preview {age} old"), theme.text_weak),
        };
        ui.add(Label::new(RichText::new(note).color(colour)).truncate());
        ui.ctx().request_repaint_after(std::time::Duration::from_millis(250));
        if !response.clicked() {
            return;
        }
        let press = self.view.confirm.press((), id, Rule::AsksFirst, Hand::Pointer, desk.now());
        if let Outcome::Sends(plan) = press {
            self.send(plan, desk, facts, out);
        }
    }

    fn results_ui(&mut self, ui: &mut Ui, desk: &Desk, theme: &Theme) {
        let Some(sent) = &self.sent else { return };
        let zone = format::zone(desk.settings().time_zone_display, None);
        let at = format::clock_time(sent.at, &zone);
        let said = format!("Sent at {at}: {}", summary(sent, desk));
        ui.label(RichText::new(said).color(theme.text_strong));
        // Far from where Send stood: a click too many takes nothing away.
        let back = ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.button("Back to the table").on_hover_text("To plan anew. The orders stay as they are")
        });
        if back.inner.clicked() {
            self.begin_anew();
            self.view.said = Some(Said::Note("Preview anew for what is left to trade".to_owned()));
        }
    }
}

/// Why the plan that is shown cannot be sent.
fn why_not(desk: &Desk, preview: &Preview, facts: &Facts<'_>) -> Option<String> {
    if desk.kill().is_locked() {
        return Some("The kill switch is on: nothing is sent".to_owned());
    }
    if let Some(why) = desk.journal().refusal() {
        return Some(why);
    }
    if preview.plan.totals.orders == 0 {
        return Some("Nothing to send".to_owned());
    }
    preview.outdated(desk, facts).map(|why| format!("{why}: preview anew"))
}

/// `buy 34,000.00 and sell 20,000.00 USD`.
fn sides(plan: &Plan, facts: &Facts<'_>) -> String {
    let of = |side: Side| {
        let trades = plan.trades().filter(|(_, trade)| trade.spec.side == side);
        let value: Decimal = trades.map(|(_, trade)| trade.value).sum();
        (!value.is_zero())
            .then(|| format!("{} {}", side.label().to_lowercase(), format::amount(value, facts.base)))
    };
    let both: Vec<String> = [of(Side::Buy), of(Side::Sell)].into_iter().flatten().collect();
    format!("{} {}", both.join(" and "), facts.base)
}

/// Why the gate holds orders back: of the first few, for there is little room in a row.
fn held_back_ui(ui: &mut Ui, preview: &Preview, desk: &Desk, theme: &Theme) {
    for (id, why) in preview.held_back.iter().take(MOST_REASONS) {
        let symbol = desk.instrument(*id).map_or("", |instrument| &instrument.symbol);
        let text = RichText::new(format!("{symbol} is held back: {why}")).color(theme.danger);
        ui.add(Label::new(text).truncate());
    }
    let more = preview.held_back.len().saturating_sub(MOST_REASONS);
    if more > 0 {
        ui.label(RichText::new(format!("and {more} more, see their rows")).color(theme.danger));
    }
}

/// That a currency would have to be borrowed, though there may be enough in others.
fn overdrawn_ui(ui: &mut Ui, preview: &Preview, desk: &Desk, facts: &Facts<'_>, theme: &Theme) {
    let lender = desk.connection(facts.account.broker).map_or("the broker", |connection| &connection.name);
    for cash in preview.cash.iter().filter(|cash| cash.is_overdrawn()) {
        let CashOf { currency, after, .. } = *cash;
        let after = format::amount(after.unwrap_or_default(), currency);
        let text =
            format!("{currency} would be {after}: {lender} lends it at interest, or buy {currency} first");
        ui.add(Label::new(RichText::new(text).color(theme.warn)).truncate());
    }
}

fn part_ui(ui: &mut Ui, name: &str, value: String, colour: Color32, theme: &Theme) {
    ui.label(RichText::new(name).color(theme.text_weak));
    ui.label(RichText::new(value).color(colour));
    ui.add_space(8.0);
}

fn totals_ui(ui: &mut Ui, preview: &Preview, desk: &Desk, facts: &Facts<'_>, theme: &Theme) {
    let totals = &preview.plan.totals;
    let amount = |amount: Decimal| format::amount(amount, facts.base);
    let percent = |share: Option<Decimal>| {
        let percent = share.and_then(|share| share.checked_mul(Decimal::ONE_HUNDRED));
        percent.map_or_else(|| "–".to_owned(), |percent| format!("{} %", format::decimal(percent, 2)))
    };
    let of_after = |value: Decimal| percent(value.checked_div(totals.equity_after));
    let unknown = if totals.is_commission_known { "" } else { " (commissions not told)" };
    let mut parts = vec![
        ("Turnover", format!("{} ({})", amount(totals.turnover), percent(totals.share(totals.turnover)))),
        ("Commission", format!("{}{unknown}", amount(totals.commission))),
        ("Spread", amount(totals.slippage)),
        ("Cash", format!("{} → {}", amount(totals.cash), amount(totals.cash_after))),
        ("Gross", of_after(totals.gross_after)),
        ("Net", of_after(totals.net_after)),
    ];
    if let Some((id, miss)) = totals.miss {
        let symbol = desk.instrument(id).map_or("", |instrument| &instrument.symbol);
        parts.push(("Largest miss", format!("{symbol} {}", percent(Some(miss)))));
    }
    if totals.skipped > 0 {
        parts.push(("Left out", counted(totals.skipped, "row", "rows")));
    }
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        for (name, value) in parts {
            part_ui(ui, name, value, theme.text, theme);
        }
        for cash in &preview.cash {
            let CashOf { currency, before, after } = *cash;
            let then = after.map_or_else(|| "–".to_owned(), |after| format::amount(after, currency));
            let colour = if cash.is_overdrawn() { theme.warn } else { theme.text };
            let value = format!("{} → {then}", format::amount(before, currency));
            part_ui(ui, &format!("Cash {currency}"), value, colour, theme);
        }
        if !totals.lacking.is_zero() {
            let text =
                format!("Buys are cut: {} {} more would be needed", amount(totals.lacking), facts.base);
            ui.label(RichText::new(text).color(theme.warn));
        }
    });
}
