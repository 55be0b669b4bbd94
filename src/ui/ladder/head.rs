//! Above the rows: how fine they are, what a click sends, whether it sends, and the position.

use egui::{Button, RichText, TextEdit, Ui, vec2};

use super::{Ladder, Scene};
use crate::domain::{Decimal, Instrument, Position, Qty};
use crate::ui::commands::{Commands, UiCommand};
use crate::ui::dealing::usual_quantity;
use crate::ui::format;
use crate::ui::keys::{Act, with_keys};
use crate::ui::paint::figures;
use crate::ui::theme::{Theme, theme_of};
use crate::ui::ticket::number;

impl Ladder {
    /// What is typed, where it is a quantity of the instrument.
    pub(in crate::ui) fn quantity(&self, instrument: &Instrument) -> Option<Qty> {
        let typed = number::parse(&self.view.quantity).ok().flatten().map(Qty)?;
        instrument.is_on_lot(typed).then_some(typed)
    }

    /// Whether it is on this instrument.
    pub(in crate::ui) fn is_on(&self, instrument: &Instrument) -> bool {
        self.view.instrument == Some(instrument.id)
    }

    pub(super) fn head_ui(&mut self, ui: &mut Ui, scene: &Scene<'_>, out: &mut Commands) {
        let theme = theme_of(ui);
        let margin = egui::Margin { left: 8, right: 8, top: 4, bottom: 2 };
        egui::Frame::new().inner_margin(margin).show(ui, |ui| {
            ui.horizontal_wrapped(|ui| {
                ui.spacing_mut().item_spacing.x = 4.0;
                self.quantity_ui(ui, scene, &theme);
                one_click_ui(ui, scene, &theme, out);
                self.group_ui(ui, scene, &theme);
                let hint = with_keys(ui, "The market into the middle", Act::Centre);
                if ui.button("Centre").on_hover_text(hint).clicked() {
                    self.view.must_centre = true;
                }
                let orders = scene.orders();
                let text = match orders.len() {
                    0 => "Cancel".to_owned(),
                    count => format!("Cancel {count}"),
                };
                let cancel = ui.add_enabled(!orders.is_empty(), Button::new(text));
                let cancel =
                    cancel.on_hover_text("Cancel all our orders of this instrument, and of this account");
                if cancel.clicked() {
                    self.cancel(&orders, scene, out);
                }
            });
            ui.horizontal(|ui| position_ui(ui, scene, &theme));
        });
    }

    fn quantity_ui(&mut self, ui: &mut Ui, scene: &Scene<'_>, theme: &Theme) {
        let label = ui.label(RichText::new("Qty").small().color(theme.text_weak));
        let is_wrong = scene.quantity.is_none();
        let edit = TextEdit::singleline(&mut self.view.quantity)
            .desired_width(56.0)
            .min_size(vec2(0.0, theme.sizes.row))
            .text_color(if is_wrong { theme.danger } else { theme.text });
        let field = ui.add(edit).labelled_by(label.id);
        if field.changed()
            && let Some(quantity) = self.quantity(scene.instrument)
        {
            let key = scene.instrument.key();
            if quantity == usual_quantity(scene.desk, scene.instrument) {
                self.quantities.remove(&key);
            } else {
                self.quantities.insert(key, quantity.0);
            }
        }
        let lot = format::exact(scene.instrument.lot.0);
        field.on_hover_text(format!("What a click sends, in lots of {lot}"));
    }

    fn group_ui(&mut self, ui: &mut Ui, scene: &Scene<'_>, theme: &Theme) {
        let group = self.group(scene.instrument);
        let names = [("−", Act::Finer, group.finer()), ("+", Act::Coarser, group.coarser())];
        let [less, more] = names.map(|(text, act, to)| {
            let hint = with_keys(ui, act.words(), act);
            let button = ui.add_enabled(to.is_some(), Button::new(text).min_size(vec2(theme.sizes.row, 0.0)));
            button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, to.is_some(), &hint));
            button.on_hover_text(hint).clicked().then_some(to).flatten()
        });
        let at = scene.quote.and_then(|quote| quote.mark());
        let tick = at.map_or(Decimal::ZERO, |price| scene.instrument.ticks.tick_above(price));
        let row = tick * Decimal::from(group.ticks());
        let text = if tick.is_zero() { format!("×{}", group.ticks()) } else { format::exact(row) };
        ui.label(RichText::new(text).small().color(theme.text_weak)).on_hover_text("A row holds so much");
        self.set_group(scene.instrument, less.or(more));
    }
}

/// Whether a click sends, plain to see, and the switch for it.
fn one_click_ui(ui: &mut Ui, scene: &Scene<'_>, theme: &Theme, out: &mut Commands) {
    let is_armed = scene.is_armed;
    let text = if is_armed { "One click ON" } else { "One click off" };
    let colour = if is_armed { theme.warn } else { theme.text_weak };
    let fill = if is_armed { theme.warn_fill } else { theme.control };
    let is_free = scene.desk.stopped().is_none();
    let button = ui.add_enabled(is_free, Button::new(RichText::new(text).strong().color(colour)).fill(fill));
    let name =
        if is_armed { "One-click trading is on: switch it off" } else { "One-click trading is off: arm it" };
    button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, is_free, name));
    let hint = if is_armed {
        "A click on a bid or an ask sends an order at once, a click on our orders cancels them. Escape, or a click \
         here, switches it off."
    } else {
        "Arm it, and a click on a bid or an ask sends an order at once, without a question."
    };
    if button.on_hover_text(hint).clicked() {
        out.window(UiCommand::OneClick(!is_armed));
    }
}

/// What is held, and what it has gained.
fn position_ui(ui: &mut Ui, scene: &Scene<'_>, theme: &Theme) {
    let (desk, instrument) = (scene.desk, scene.instrument);
    let account = desk.entry_account(instrument.broker);
    let held = account.ok().and_then(|account| desk.blotter().position_of(&account.id, instrument.id));
    ui.label(RichText::new(&*instrument.symbol).strong().color(theme.text));
    let mut small = |text: &str, colour| {
        let text = figures(ui, text, &theme.small_font(), colour, ui.available_width());
        ui.label(text);
    };
    let Some(position) = held.filter(|position| !position.is_flat()) else {
        small("flat", theme.text_weak);
        return;
    };
    small(&words(position, instrument), theme.position);
    if scene.is_stale {
        small("P&L unknown", theme.stale);
    } else if let Some(gain) = desk.unrealised(position) {
        small(&format::gain(gain, instrument.currency), theme.of_gain(gain));
    }
}

/// `long 350 @ 270.00`.
fn words(position: &Position, instrument: &Instrument) -> String {
    let side = if position.net.is_sign_negative() { "short" } else { "long" };
    let net = format::quantity(Qty(position.net.abs()), instrument);
    format!("{side} {net} @ {}", format::decimal(position.average_price, instrument.ticks.decimals()))
}
