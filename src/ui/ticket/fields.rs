//! The part of the ticket that is typed and chosen.

use egui::{ComboBox, Ui, vec2};

use super::Ticket;
use super::check::{Checked, UNTIL_FORMAT, default_limit};
use super::facts::Facts;
use super::field::{Caption, Look, Steps, Touched, caption_ui, field_ui};
use super::form::{Field, Form, KindChoice, TifChoice, TrailUnit};
use super::header::halves;
use super::number;
use crate::domain::{Decimal, Price, Side, time::DAY};
use crate::ui::format;
use crate::ui::steps;
use crate::ui::theme::Theme;
use crate::ui::tour::{self, Spot};

/// Fields that an order type has at most, exits aside.
const MOST_FIELDS: f32 = 3.0;

/// Per cent that a step changes a trailing distance by.
const PERCENT_STEP: Decimal = Decimal::from_parts(1, 0, 0, false, 1);

impl Ticket {
    /// Draws choices and fields; returns whether anything was changed. In a `room` of such a height they are as
    /// high with every order type, so that a hand that has just chosen one finds the buttons where they were.
    pub(super) fn fields_ui(
        &mut self,
        ui: &mut Ui,
        room: f32,
        checked: &Checked,
        facts: &Facts<'_>,
        theme: &Theme,
    ) -> bool {
        let top = ui.cursor().top();
        ui.spacing_mut().item_spacing.y = 2.0;
        self.view.controls.clear();
        let before = self.form.clone();
        self.choices_ui(ui, facts, theme);
        let mut is_over_field = false;
        let first = ui.cursor().top();
        let (mut one, mut of_type) = (0.0, 0.0);
        for field in Field::ALL {
            if field == Field::TakeProfit {
                of_type = ui.cursor().top() - first;
                self.flags_ui(ui);
            }
            if !self.form.shows(field) {
                continue;
            }
            ui.add_space(2.0);
            if field == Field::Trail {
                self.unit_ui(ui, facts);
            }
            let touched = self.one_ui(ui, field, checked, facts, theme);
            self.view.controls.push(touched.id);
            is_over_field |= touched.is_hovered;
            self.apply(field, &touched, facts);
            if field == Field::Quantity {
                one = ui.cursor().top() - first;
            }
        }
        if self.form.has_bracket && !before.has_bracket {
            ui.scroll_to_cursor(Some(egui::Align::BOTTOM));
        }
        ui.add_space(4.0);
        let (lacking, free) = (MOST_FIELDS * one - of_type, room - (ui.cursor().top() - top));
        ui.add_space(lacking.min(free).max(0.0));
        self.view.is_over_field = is_over_field;
        if !is_over_field {
            self.view.wheel = 0.0;
        }
        let is_changed = before != self.form;
        for field in self.form.fields().collect::<Vec<_>>() {
            let id = ui.make_persistent_id(field.label());
            if !ui.memory(|memory| memory.has_focus(id)) {
                tidy(&mut self.form, field, checked, facts);
            }
        }
        is_changed
    }

    fn choices_ui(&mut self, ui: &mut Ui, facts: &Facts<'_>, theme: &Theme) {
        let size = vec2(ui.available_width(), theme.sizes.small + 6.0 + theme.sizes.row);
        let (row, _) = ui.allocate_exact_size(size, egui::Sense::hover());
        let [left, right] = halves(row, theme.sizes.gap);
        let none = Caption { line: "", more: "", colour: theme.text_weak };
        let mut column = |ui: &mut Ui,
                          rect: egui::Rect,
                          label: &'static str,
                          choose: &mut dyn FnMut(&mut Ui) -> egui::Response| {
            let mut column = ui.new_child(egui::UiBuilder::new().max_rect(rect).id_salt(label));
            column.spacing_mut().item_spacing.y = 2.0;
            let name = caption_ui(&mut column, label, none, theme);
            let response = choose(&mut column).labelled_by(name);
            self.view.controls.push(response.id);
        };
        let width = left.width();
        let (kind, tif) = (&mut self.form.kind, &mut self.form.tif);
        column(ui, left, "Order type", &mut |ui| {
            let combo = ComboBox::from_id_salt("kind").width(width).selected_text(kind.label());
            let shown = combo.show_ui(ui, |ui| {
                for choice in KindChoice::ALL {
                    ui.selectable_value(kind, choice, choice.label());
                }
            });
            tour::mark(ui, Spot::OrderType, shown.response.rect);
            shown.response
        });
        column(ui, right, "Time in force", &mut |ui| {
            let combo = ComboBox::from_id_salt("tif").width(width).selected_text(tif.label());
            combo
                .show_ui(ui, |ui| {
                    for choice in TifChoice::ALL {
                        ui.selectable_value(tif, choice, choice.label()).on_hover_text(choice.meaning());
                    }
                })
                .response
                .on_hover_text(tif.meaning())
        });
        // Only while nobody types in it: a field that is being emptied must stay empty.
        let until = ui.make_persistent_id(Field::Until.label());
        if self.form.tif == TifChoice::Gtd
            && self.form.text(Field::Until).is_empty()
            && !ui.memory(|memory| memory.has_focus(until))
        {
            let tomorrow = crate::domain::Time(facts.now.0.saturating_add(DAY));
            let zoned = tomorrow.to_timestamp().to_zoned(facts.zone.clone());
            *self.form.text_mut(Field::Until) = zoned.strftime(UNTIL_FORMAT).to_string();
        }
    }

    /// Post-only and the bracket.
    fn flags_ui(&mut self, ui: &mut Ui) {
        ui.add_space(3.0);
        // One below the other where they have no room: what is too wide would widen all that stands below it.
        ui.horizontal_wrapped(|ui| {
            if self.form.kind == KindChoice::Limit {
                let can = self.form.can_be_post_only();
                let mut is_on = self.form.post_only && can;
                let response = ui
                    .add_enabled(can, egui::Checkbox::new(&mut is_on, "Post only"))
                    .on_hover_text("Refused rather than traded at once: it only ever rests in the book")
                    .on_disabled_hover_text("IOC and FOK orders never rest, so they cannot be post-only");
                if response.changed() {
                    self.form.post_only = is_on;
                }
                self.view.controls.push(response.id);
                ui.add_space(6.0);
            }
            let response = ui.checkbox(&mut self.form.has_bracket, "Bracket").on_hover_text(
                "Take profit and stop loss that become active when the order fills; one cancels the other",
            );
            tour::mark(ui, Spot::Bracket, response.rect);
            self.view.controls.push(response.id);
        });
    }

    fn unit_ui(&mut self, ui: &mut Ui, facts: &Facts<'_>) {
        ui.horizontal(|ui| {
            let currency = facts.instrument.currency;
            let amount = format!("Trail in {currency}");
            for (unit, name) in [(TrailUnit::Amount, amount.as_str()), (TrailUnit::Percent, "Trail in %")] {
                let response = ui.selectable_label(self.form.trail_unit == unit, name);
                if response.clicked() && self.form.trail_unit != unit {
                    self.form.trail_unit = unit;
                    // A distance in the other unit means something else altogether.
                    self.form.text_mut(Field::Trail).clear();
                }
                self.view.controls.push(response.id);
            }
        });
    }

    fn one_ui(
        &mut self,
        ui: &mut Ui,
        field: Field,
        checked: &Checked,
        facts: &Facts<'_>,
        theme: &Theme,
    ) -> Touched {
        let problem = checked.problems.get(&field);
        let note = note(field, &self.form, checked, facts);
        let is_empty = self.form.text(field).trim().is_empty();
        let caption = match problem {
            Some(problem) => Caption {
                line: &problem.line,
                more: &problem.more,
                // What is still to be filled in is no mistake yet.
                colour: if problem.blocks && !is_empty { theme.danger } else { theme.warn },
            },
            None => Caption { line: &note, more: "", colour: theme.text_weak },
        };
        let hint = hint(field, &self.form, facts);
        let look = Look {
            label: field.label(),
            caption,
            hint: &hint,
            is_wrong: problem.is_some_and(|problem| problem.blocks) && !is_empty,
            steps: if field == Field::Until { Steps::None } else { Steps::OnGrid },
            keeps_escape: self.entry.is_armed(),
        };
        field_ui(ui, self.form.text_mut(field), &look, &mut self.view.wheel, theme)
    }

    fn apply(&mut self, field: Field, touched: &Touched, facts: &Facts<'_>) {
        if touched.steps != 0
            && let Some(text) = stepped(&self.form, field, touched.steps, facts)
        {
            *self.form.text_mut(field) = text;
        }
    }
}

/// Writes a number as it is shown everywhere, once the field is left; what is off the grid
/// stays as it was typed.
fn tidy(form: &mut Form, field: Field, checked: &Checked, facts: &Facts<'_>) {
    if field == Field::Until || checked.problems.get(&field).is_some_and(|problem| problem.blocks) {
        return;
    }
    let Ok(Some(value)) = number::parse(form.text(field)) else { return };
    let ticks = &facts.instrument.ticks;
    let text = match field {
        Field::Quantity | Field::Trail => format::exact(value),
        _ if ticks.is_on_grid(Price(value)) => format::price(Price(value), facts.instrument),
        _ => return,
    };
    if form.text(field) != text {
        *form.text_mut(field) = text;
    }
}

/// The text after so many steps; an empty price begins at its default.
fn stepped(form: &Form, field: Field, steps: i32, facts: &Facts<'_>) -> Option<String> {
    let instrument = facts.instrument;
    let text = form.text(field);
    match field {
        Field::Quantity => {
            let now = number::parse(text).ok()?.unwrap_or_default();
            steps::lots(now, steps, instrument).map(|quantity| format::exact(quantity.0))
        }
        Field::Until => None,
        Field::Trail => {
            let now = number::parse(text).ok()?.unwrap_or_default();
            let step = match form.trail_unit {
                TrailUnit::Amount => instrument.ticks.tick_above(facts.last().unwrap_or(Price(Decimal::ONE))),
                TrailUnit::Percent => PERCENT_STEP,
            };
            let next = now.checked_add(step.checked_mul(steps.into())?)?.max(step);
            Some(format::exact(next))
        }
        Field::Stop | Field::Limit | Field::TakeProfit | Field::StopLoss => {
            let typed = number::parse(text).ok()?.map(Price);
            let stop = number::parse(form.text(Field::Stop)).ok().flatten().map(Price);
            let start = || match field {
                Field::Limit => default_limit(form.kind, Side::Buy, stop, facts),
                _ => facts.last().or(facts.bid()),
            };
            let from = typed.or_else(start)?;
            Some(format::price(instrument.ticks.step(from, steps), instrument))
        }
    }
}

/// What an empty field stands for.
fn hint(field: Field, form: &Form, facts: &Facts<'_>) -> String {
    let instrument = facts.instrument;
    match field {
        Field::Limit if form.kind == KindChoice::StopLimit => "same as the stop".to_owned(),
        Field::Limit => match (facts.bid(), facts.ask()) {
            (Some(bid), Some(ask)) => {
                format!("{} / {}", format::price(bid, instrument), format::price(ask, instrument))
            }
            _ => String::new(),
        },
        Field::TakeProfit | Field::StopLoss => "none".to_owned(),
        Field::Until => "YYYY-MM-DD HH:MM".to_owned(),
        Field::Quantity | Field::Stop | Field::Trail => String::new(),
    }
}

/// The line beside a field with nothing wrong.
fn note(field: Field, form: &Form, checked: &Checked, facts: &Facts<'_>) -> String {
    let is_empty = form.text(field).trim().is_empty();
    match field {
        Field::Quantity => format!("lot {}", format::exact(facts.instrument.lot.0)),
        Field::Limit if is_empty && form.kind == KindChoice::Limit => {
            "empty: buy at bid, sell at ask".to_owned()
        }
        Field::Stop => "buy above, sell below last".to_owned(),
        Field::Trail => match form.trail_unit {
            TrailUnit::Amount => facts.instrument.currency.to_string(),
            TrailUnit::Percent => "%".to_owned(),
        },
        Field::Until => {
            let place = checked.buy.order.as_ref().or(checked.sell.order.as_ref()).ok();
            let zone = facts.now.to_timestamp().to_zoned(facts.zone.clone()).strftime("%Z").to_string();
            match place.map(|place| place.spec.tif) {
                Some(crate::domain::TimeInForce::Gtd(until)) => {
                    format!("{zone}, in {}", format::duration(until.since(facts.now)))
                }
                _ => zone,
            }
        }
        Field::Limit | Field::TakeProfit | Field::StopLoss => String::new(),
    }
}
