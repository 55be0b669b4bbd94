//! Above the table: whose money, which choices, and where rows come from.

use egui::{ComboBox, CompletionPopup, Key, Label, RectAlign, RichText, Suggestion, TextEdit, Ui, vec2};

use super::facts::{Facts, find};
use super::{AllocationPane, Said};
use crate::desk::Desk;
use crate::domain::{AccountKind, BrokerId, TimeInForce};
use crate::link::TargetsFrom;
use crate::market::allocation::{Funds, Leverage, Others, Style};
use crate::ui::commands::{Commands, UiCommand};
use crate::ui::format;
use crate::ui::search::matching_instruments;
use crate::ui::theme::Theme;

/// Suggestions that are offered.
const MOST_SUGGESTIONS: usize = 12;
/// Widths of fields, in points.
const RESERVE: f32 = 34.0;
const LEAST_TRADE: f32 = 56.0;

impl AllocationPane {
    pub(super) fn head_ui(
        &mut self,
        ui: &mut Ui,
        desk: &Desk,
        broker: BrokerId,
        facts: &Result<Facts<'_>, String>,
        theme: &Theme,
        out: &mut Commands,
    ) {
        let frame = egui::Frame::new().fill(theme.panel).inner_margin(egui::Margin::symmetric(8, 5));
        frame.show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.spacing_mut().item_spacing = vec2(6.0, 5.0);
            account_ui(ui, desk, broker, facts, theme, out);
            let is_open = self.sent.is_none();
            ui.add_enabled_ui(is_open, |ui| {
                ui.horizontal_wrapped(|ui| self.choices_ui(ui, facts, theme));
                ui.horizontal_wrapped(|ui| self.sources_ui(ui, desk, broker, facts, theme, out));
            });
            self.said_ui(ui, theme);
        });
    }

    fn choices_ui(&mut self, ui: &mut Ui, facts: &Result<Facts<'_>, String>, theme: &Theme) {
        let draft = &mut self.draft;
        let caption = |ui: &mut Ui, text: &str| ui.label(RichText::new(text).color(theme.text_weak));
        caption(ui, "Orders");
        let style = |style| if style == Style::Market { "Market" } else { "Limit" };
        let shown = ComboBox::from_id_salt("allocation style").width(64.0).selected_text(style(draft.style));
        let shown = shown.show_ui(ui, |ui| {
            for choice in [Style::Market, Style::Limit] {
                ui.selectable_value(&mut draft.style, choice, style(choice));
            }
        });
        shown.response.accessible_name("Type of the orders").on_hover_text(
            "Market orders, or limit orders at the far side of the book and so many ticks through it",
        );
        if draft.style == Style::Limit {
            field(ui, &mut draft.ticks, "Ticks through the market", 34.0, theme);
            caption(ui, "ticks");
        }
        let tif = draft.tif;
        let shown = ComboBox::from_id_salt("allocation tif").width(48.0).selected_text(tif.label());
        let shown = shown.show_ui(ui, |ui| {
            for choice in [TimeInForce::Day, TimeInForce::Gtc, TimeInForce::Ioc] {
                ui.selectable_value(&mut draft.tif, choice, choice.label());
            }
        });
        shown.response.accessible_name("Time in force of the orders");
        ui.add_space(4.0);
        whole(ui, &["Reserve", "%"], RESERVE);
        caption(ui, "Reserve");
        field(ui, &mut draft.reserve, "Cash reserve in per cent", RESERVE, theme);
        caption(ui, "%");
        ui.add_space(4.0);
        let unit = facts.as_ref().map_or("", |facts| facts.base.code());
        whole(ui, &["Least trade", unit], LEAST_TRADE);
        caption(ui, "Least trade");
        field(ui, &mut draft.least_trade, "Least trade value", LEAST_TRADE, theme);
        // Nothing to say would begin a line of its own.
        if !unit.is_empty() {
            caption(ui, unit);
        }
        ui.add_space(4.0);
        let mut closes = draft.others == Others::Closed;
        let hint = "Closes every position that has no row; else they are left alone";
        if ui.checkbox(&mut closes, "Close others").on_hover_text(hint).changed() {
            draft.others = if closes { Others::Closed } else { Others::LeftAlone };
        }
    }

    /// What buys are paid with.
    fn money_ui(&mut self, ui: &mut Ui) {
        let draft = &mut self.draft;
        let mut spends = draft.funds == Funds::WithSales;
        let hint = "Orders leave all at once, so what sales bring is not there yet. Unless this is set, buys \
                    cost no more than the cash of now. Set it for a broker that lends the difference";
        if ui.checkbox(&mut spends, "Spend sales").on_hover_text(hint).changed() {
            draft.funds = if spends { Funds::WithSales } else { Funds::CashNow };
        }
        let mut borrows = draft.leverage == Leverage::Allowed;
        let hint = "Weights may add up to more than 100 %, and buys to the buying power";
        if ui.checkbox(&mut borrows, "Leverage").on_hover_text(hint).changed() {
            draft.leverage = if borrows { Leverage::Allowed } else { Leverage::Refused };
        }
    }

    fn sources_ui(
        &mut self,
        ui: &mut Ui,
        desk: &Desk,
        broker: BrokerId,
        facts: &Result<Facts<'_>, String>,
        theme: &Theme,
        out: &mut Commands,
    ) {
        self.add_ui(ui, desk, broker, theme);
        let take = egui::Button::new("Take current weights");
        let hint = "Sets each weight to what is held now, and adds a row for each position";
        if let Ok(facts) = facts {
            if ui.add(take).on_hover_text(hint).clicked() {
                self.take_current(facts);
            }
        } else {
            ui.add_enabled(false, take);
        }
        let Some(path) = &mut self.view.path else {
            let hint = "CSV or TOML. A file can also be dropped here, and a table pasted";
            if ui.button("Load file…").on_hover_text(hint).clicked() {
                self.view.path = Some(String::new());
            }
            let clear = ui.add_enabled(!self.draft.rows.is_empty(), egui::Button::new("Clear table"));
            if clear.clicked() {
                self.draft.rows.clear();
                self.view.said = None;
            }
            ui.add_space(4.0);
            self.money_ui(ui);
            return;
        };
        let edit = TextEdit::singleline(path).hint_text("Path of a CSV or TOML file").desired_width(220.0);
        let response = ui.add(edit).accessible_name("Path of the file");
        let is_entered = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        let has_path = !path.trim().is_empty();
        let is_read = ui.add_enabled(has_path, egui::Button::new("Read")).clicked() || is_entered;
        let wants_away = ui.button("Not now").clicked();
        if is_read && has_path {
            let file = TargetsFrom::File(path.trim().into());
            self.read(file, out);
        } else if wants_away {
            self.view.path = None;
        }
    }

    fn add_ui(&mut self, ui: &mut Ui, desk: &Desk, broker: BrokerId, theme: &Theme) {
        let mut query = std::mem::take(&mut self.view.query);
        let field = TextEdit::singleline(&mut query).hint_text("Add symbol…").desired_width(130.0);
        let completed = CompletionPopup::new(ui.make_persistent_id("add a row"))
            .word_boundary(|_| false)
            .align(RectAlign::BOTTOM_START)
            .max_height(240.0)
            .accept_keys([Key::Enter])
            .show(ui, field, |query| self.suggestions(desk, broker, query.text, theme));
        completed.text_edit.response.response.accessible_name("Add a row");
        self.view.query = query;
        if let Some(accepted) = completed.accepted {
            self.view.query.clear();
            if find(desk, broker, &accepted.insert).is_some() {
                self.draft.add(accepted.insert);
            }
        }
    }

    fn suggestions(&self, desk: &Desk, broker: BrokerId, query: &str, theme: &Theme) -> Vec<Suggestion> {
        if query.trim().is_empty() {
            return Vec::new();
        }
        let found = matching_instruments(desk.instruments(), query).into_iter();
        found
            .filter(|(_, instrument)| instrument.broker == broker || self.draft.rows.is_empty())
            .take(MOST_SUGGESTIONS)
            .map(|(_, instrument)| {
                let symbol = RichText::new(&*instrument.symbol).color(theme.text_strong);
                let has_row = if self.draft.has(instrument) { " · has a row" } else { "" };
                Suggestion::new(instrument.key())
                    .content((symbol, RichText::new(&*instrument.name).color(theme.text_weak)))
                    .description(format!("{}{has_row}", instrument.venue))
            })
            .collect()
    }

    fn said_ui(&self, ui: &mut Ui, theme: &Theme) {
        let Some(said) = &self.view.said else { return };
        let (text, colour) = match said {
            Said::Note(text) => (text, theme.text_weak),
            Said::Problem(text) => (text, theme.danger),
        };
        ui.add(Label::new(RichText::new(text).color(colour)).wrap());
    }
}

/// Begins the next line where these words and a field of this width between them have no room on this one.
fn whole(ui: &mut Ui, words: &[&str], field: f32) {
    let (font, colour) = (egui::TextStyle::Body.resolve(ui.style()), ui.visuals().text_color());
    let width = |word: &&str| ui.painter().layout_no_wrap((*word).to_owned(), font.clone(), colour).size().x;
    let gaps = ui.spacing().item_spacing.x * words.len() as f32;
    // The margins of a field stand beside its text.
    let needed = words.iter().map(width).sum::<f32>() + gaps + field + 12.0;
    if ui.available_size_before_wrap().x < needed {
        ui.end_row();
    }
}

fn field(ui: &mut Ui, text: &mut String, name: &'static str, width: f32, theme: &Theme) {
    let edit = TextEdit::singleline(text)
        .desired_width(width)
        .align(egui::Align2::RIGHT_CENTER)
        .min_size(vec2(0.0, theme.sizes.row));
    ui.add(edit).accessible_name(name).on_hover_text(name);
}

/// Whose money it is, and how much.
fn account_ui(
    ui: &mut Ui,
    desk: &Desk,
    broker: BrokerId,
    facts: &Result<Facts<'_>, String>,
    theme: &Theme,
    out: &mut Commands,
) {
    ui.horizontal_wrapped(|ui| {
        let chosen = desk.entry_account(broker);
        let shown = chosen.as_ref().map_or("Choose an account", |account| &*account.title);
        if desk.accounts_of(broker).nth(1).is_some() {
            let title = chosen.as_ref().map_or_else(|_| shown.to_owned(), |account| account.id.to_string());
            let list = ComboBox::from_id_salt("allocation account").selected_text(title);
            let list = list.show_ui(ui, |ui| {
                for account in desk.accounts_of(broker) {
                    let is_it = chosen.as_ref().is_ok_and(|chosen| chosen.id == account.id);
                    if ui.selectable_label(is_it, account.id.to_string()).clicked() {
                        out.window(UiCommand::ChooseAccount(broker, account.id.clone()));
                    }
                }
            });
            list.response.accessible_name("Account of the allocation");
        } else {
            ui.label(RichText::new(shown).strong().color(theme.text_strong));
        }
        match facts {
            Ok(facts) => {
                if facts.account.kind == AccountKind::Live {
                    ui.label(RichText::new("LIVE").strong().color(theme.live_fill));
                }
                let amount = |amount| format::amount(amount, facts.base);
                let of = &facts.situation;
                for (name, value) in
                    [("Equity", of.equity), ("Cash", of.cash), ("Buying power", of.buying_power)]
                {
                    ui.add_space(6.0);
                    ui.label(RichText::new(name).color(theme.text_weak));
                    let colour = if facts.is_stale { theme.stale } else { theme.text };
                    ui.label(RichText::new(format!("{} {}", amount(value), facts.base)).color(colour));
                }
                if facts.is_stale {
                    let hint = "Prices of what is held, or exchange rates, come no more";
                    ui.label(RichText::new("stale").color(theme.warn)).on_hover_text(hint);
                }
            }
            Err(why) => {
                ui.label(RichText::new(why).color(theme.warn));
            }
        }
    });
}
