//! The table: a row per weight, and what the plan trades besides.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use egui::{Rect, TextEdit, Ui, pos2, vec2};

use super::AllocationPane;
use super::draft::share;
use super::facts::Facts;
use super::preview::{Shown, Verdict};
use crate::desk::Desk;
use crate::domain::{Decimal, Instrument, Order, OrderStatus, Qty, Side};
use crate::market::allocation::{self, Line, Situation, Skip};
use crate::ui::blotter::cell::Cell;
use crate::ui::blotter::control::{Tone, control_ui, empty_ui};
use crate::ui::blotter::table::{Column, Controls, Heads, Row, ShownRow, Table};
use crate::ui::blotter::{status_colour, table};
use crate::ui::format;
use crate::ui::theme::Theme;

const TARGET: &str = "target";
/// Of the control that removes a row.
const CONTROL: f32 = 22.0;
const COLUMNS: [Column; 10] = [
    Column::words("symbol", "Symbol"),
    Column::figures("now", "Now %"),
    Column { least: 66.0, ..Column::figures(TARGET, "Target %") },
    Column::figures("then", "Then %"),
    Column::figures("value", "Value"),
    Column::figures("held", "Held"),
    Column::words("order", "Order"),
    Column::figures("after", "After"),
    Column::figures("cost", "Cost"),
    Column { least: 90.0, ..Column::rest("state", "State") },
];

/// What is held of an instrument as a share of the equity.
pub(super) fn weight_now(line: &Line, situation: &Situation) -> Option<Decimal> {
    value_now(line, situation)?.checked_div(situation.equity)
}

fn value_now(line: &Line, situation: &Situation) -> Option<Decimal> {
    if line.net.is_zero() {
        return Some(Decimal::ZERO);
    }
    let mark = line.quote.as_ref()?.0.mark()?;
    let value = crate::domain::bounds::product([line.net, mark.0, line.instrument.multiplier])?;
    situation.rates.to_base(value, line.instrument.currency)
}

impl AllocationPane {
    pub(super) fn table_ui(&mut self, ui: &mut Ui, desk: &Desk, facts: Option<&Facts<'_>>, theme: &Theme) {
        let is_open = self.sent.is_none();
        let rows = self.shown(desk);
        let mut widths = std::mem::take(&mut self.widths);
        let view = table::Table {
            name: "Allocation table",
            columns: &COLUMNS,
            heads: Heads::Still,
            controls: Controls::Left(CONTROL),
            row_count: rows.len(),
            reveal: None,
            footer: (!rows.is_empty()).then(|| self.footer(facts, theme)),
            zone: None,
        };
        let shown = Table::show(view, ui, theme, &mut widths, |index| self.row(&rows[index], facts, theme));
        self.widths = widths;
        if rows.is_empty() {
            let text = "No weights yet. Type a symbol above, load a file, or paste a table such as AAPL,25%";
            empty_ui(ui, theme, shown.body, text);
        }
        let places: Vec<(Option<usize>, String, String)> =
            rows.iter().map(|row| (row.draft, row.key.clone(), name_of(row).into_owned())).collect();
        drop(rows);
        let mut removed = None;
        for row in &shown.rows {
            let Some((Some(place), key, name)) = places.get(row.index) else { continue };
            if !is_open {
                continue;
            }
            if let Some(cell) = shown.cell(row, TARGET) {
                let body = shown.cells();
                self.weight_ui(ui, theme, cell.intersect(body), row, *place, name);
            }
            let strip = Rect::from_x_y_ranges(shown.controls, row.rect.y_range()).shrink(2.0);
            let id = ui.make_persistent_id(("remove a row", key));
            let clicked = shown.body.contains(strip.center())
                && control_ui(
                    ui,
                    theme,
                    id,
                    strip,
                    (true, "×", Tone::Plain),
                    &format!("Remove {name}"),
                    "Takes the row out of the table; nothing is traded",
                );
            if clicked {
                removed = Some(*place);
            }
        }
        if let Some(place) = removed {
            self.draft.rows.remove(place);
        }
    }

    /// The rows of the draft, then what the plan closes or was sent besides.
    fn shown<'a>(&self, desk: &'a Desk) -> Vec<Shown<'a>> {
        let orders = self.sent.as_ref().map(|sent| sent.orders(desk)).unwrap_or_default();
        let order_of = |instrument: &Instrument| {
            orders.iter().find(|order| order.spec.instrument == instrument.id).copied()
        };
        let mut rows: Vec<Shown<'a>> = self
            .draft
            .rows
            .iter()
            .enumerate()
            .map(|(place, row)| {
                let instrument = self.view.listed.find(desk, &row.key);
                let order = instrument.and_then(|instrument| order_of(instrument));
                Shown { draft: Some(place), key: row.key.clone(), instrument, order }
            })
            .collect();
        let planned =
            self.view.preview.iter().flat_map(|preview| &preview.plan.rows).map(|row| row.instrument);
        let besides = planned.chain(orders.iter().map(|order| order.spec.instrument));
        for id in besides {
            let Some(instrument) = desk.instrument(id) else { continue };
            if !rows.iter().any(|row| row.instrument.is_some_and(|known| known.id == id)) {
                let order = order_of(instrument);
                rows.push(Shown { draft: None, key: instrument.key(), instrument: Some(instrument), order });
            }
        }
        rows
    }

    fn row(&self, row: &Shown<'_>, facts: Option<&Facts<'_>>, theme: &Theme) -> Row {
        let mut hasher = DefaultHasher::new();
        row.key.hash(&mut hasher);
        let mut cells = vec![Cell::made(name_of(row).into_owned(), theme.text_strong)];
        if let Some(instrument) = row.instrument {
            self.cells(row, instrument, facts, theme, &mut cells);
        } else {
            cells.extend(vec![Cell::empty(); COLUMNS.len() - 2]);
            cells.push(Cell::label(LISTED_NOT, theme.warn));
        }
        Row {
            key: hasher.finish(),
            name: Cow::Owned(format!("Row {}", row.key)),
            cells,
            banner: None,
            is_selected: false,
        }
    }

    fn cells(
        &self,
        row: &Shown<'_>,
        instrument: &Instrument,
        facts: Option<&Facts<'_>>,
        theme: &Theme,
        cells: &mut Vec<Cell>,
    ) {
        let line = facts.and_then(|facts| Some((facts.situation.line(instrument.id)?, facts)));
        let planned = self
            .view
            .preview
            .as_ref()
            .and_then(|preview| preview.plan.rows.iter().find(|row| row.instrument == instrument.id));
        let percent =
            |share: Option<Decimal>| share.and_then(|share| share.checked_mul(Decimal::ONE_HUNDRED));
        let share_cell = |share: Option<Decimal>, colour| {
            let text = percent(share).map(|percent| format::decimal(percent, 2));
            Cell::figures_or_dash(text, theme, colour)
        };
        let held = |net: Decimal| {
            let size = format::quantity(Qty(net.abs()), instrument);
            if net.is_sign_negative() && !net.is_zero() { format!("−{size}") } else { size }
        };
        let now = line.and_then(|(line, facts)| weight_now(line, &facts.situation));
        cells.push(share_cell(now, theme.text));
        let typed = row.draft.and_then(|place| share(&self.draft.rows[place].weight).ok());
        let typed = if row.draft.is_some() { typed } else { planned.map(|row| row.target) };
        cells.push(share_cell(typed, theme.text_strong));
        let then = planned.and_then(|row| row.weight_after);
        cells.push(if planned.is_some() { share_cell(then, theme.text) } else { Cell::empty() });
        let value = line
            .and_then(|(line, facts)| Some(format::amount(value_now(line, &facts.situation)?, facts.base)));
        cells.push(Cell::figures_or_dash(value, theme, theme.text));
        cells.push(Cell::figures_or_dash(line.map(|(line, _)| held(line.net)), theme, theme.text));
        let trade = planned.and_then(|row| row.order.as_ref().ok());
        let spec = row.order.map(|order| &order.spec).or_else(|| trade.map(|trade| &trade.spec));
        cells.push(spec.map_or_else(Cell::empty, |spec| {
            let price = spec.kind.limit().or_else(|| trade.map(|trade| trade.price));
            let at =
                price.map_or_else(String::new, |price| format!(" @ {}", format::price(price, instrument)));
            let size = format::quantity(spec.quantity, instrument);
            let colour = if spec.side == Side::Buy { theme.buy } else { theme.sell };
            Cell::made(format!("{} {size}{at}", spec.side), colour)
        }));
        let after = planned.filter(|_| trade.is_some()).map(|row| held(row.after));
        cells.push(after.map_or_else(Cell::empty, |after| Cell::figures(after, theme.text)));
        let cost = trade.and_then(|trade| trade.commission?.checked_add(trade.slippage));
        let base = facts.map(|facts| facts.base);
        cells.push(match (trade, cost.zip(base)) {
            (Some(_), Some((cost, base))) => Cell::figures(format::amount(cost, base), theme.text_weak),
            (Some(_), None) => Cell::figures("–".to_owned(), theme.text_weak)
                .explained(Some("The broker does not tell its commissions".to_owned())),
            (None, _) => Cell::empty(),
        });
        cells.push(self.state(row, planned, theme));
    }

    /// What the row comes to: what the broker has said, what the plan says, what is wrong with the text.
    fn state(&self, row: &Shown<'_>, planned: Option<&allocation::Row>, theme: &Theme) -> Cell {
        if let Some(order) = row.order {
            return result(order, theme);
        }
        let is_waiting = self.sent.is_some() && planned.is_some_and(|row| row.order.is_ok());
        if is_waiting {
            return Cell::label("Waiting", theme.text_weak);
        }
        let Some(planned) = planned else {
            let bad = row.draft.and_then(|place| share(&self.draft.rows[place].weight).err());
            return bad.map_or_else(Cell::empty, |bad| Cell::made(bad.to_string(), theme.warn));
        };
        match &planned.order {
            Ok(trade) if trade.is_cut => {
                let hint = "The cash of now does not reach for all of it: preview anew when the sales have \
                            filled, or count what they bring (Spend sales)";
                Cell::label("cut to the cash there is", theme.warn).explained(Some(hint.to_owned()))
            }
            Ok(_) if row.draft.is_none() => Cell::label("not in the table: closed", theme.text_weak),
            Ok(_) => Cell::empty(),
            Err(Skip::HeldBack) => {
                let why = self.view.preview.as_ref().and_then(|p| p.held_back.get(&planned.instrument));
                let why = why.cloned().unwrap_or_else(|| Skip::HeldBack.to_string());
                Cell::made(format!("held back: {why}"), theme.danger).explained(Some(why))
            }
            Err(Skip::LessThanALot) => Cell::label("on target, to a lot", theme.text_weak),
            Err(skip) => Cell::made(skip.to_string(), theme.warn),
        }
    }

    fn footer(&self, facts: Option<&Facts<'_>>, theme: &Theme) -> Vec<Cell> {
        let (net, gross) = self.draft.sums();
        let percent = |share: Decimal| Some(format::decimal(share.checked_mul(Decimal::ONE_HUNDRED)?, 2));
        let of_now = facts.and_then(|facts| {
            let mut held = facts.situation.lines.iter().map(|line| weight_now(line, &facts.situation));
            held.try_fold(Decimal::ZERO, |sum, weight| sum.checked_add(weight?))
        });
        let is_over = gross > Decimal::ONE;
        let colour = if is_over { theme.warn } else { theme.text_strong };
        let hint = is_over.then(|| {
            let gross = percent(gross).unwrap_or_else(|| "–".to_owned());
            format!("Long and short added, the weights come to {gross} %")
        });
        let totals = self.view.preview.as_ref().map(|preview| preview.plan.totals);
        let then = totals.and_then(|totals| totals.net_after.checked_div(totals.equity_after));
        let mut cells = vec![
            Cell::label("Total", theme.text_weak),
            Cell::figures_or_dash(of_now.and_then(percent), theme, theme.text),
            Cell::figures_or_dash(percent(net), theme, colour).explained(hint),
            totals.map_or_else(Cell::empty, |_| {
                Cell::figures_or_dash(then.and_then(percent), theme, theme.text)
            }),
            Cell::empty(),
            Cell::empty(),
        ];
        if let Some((totals, facts)) = totals.zip(facts) {
            let orders = crate::domain::counted(totals.orders, "order", "orders");
            cells.push(Cell::made(orders, theme.text_strong));
            cells.push(Cell::empty());
            cells.push(Cell::figures(format::amount(totals.cost(), facts.base), theme.text_weak));
        }
        cells
    }

    /// A field over the cell of a weight.
    fn weight_ui(
        &mut self,
        ui: &mut Ui,
        theme: &Theme,
        cell: Rect,
        row: &ShownRow,
        place: usize,
        name: &str,
    ) {
        if !cell.is_positive() || cell.width() < 20.0 {
            return;
        }
        let text = &mut self.draft.rows[place].weight;
        let is_good = share(text).is_ok();
        let rect =
            Rect::from_min_max(cell.min, pos2(cell.max.x, row.rect.max.y - 1.0)).shrink2(vec2(2.0, 1.0));
        ui.painter().rect_filled(rect, theme.sizes.radius, theme.field);
        let edge = if is_good { theme.line } else { theme.danger };
        let edit = TextEdit::singleline(text)
            .frame(egui::Frame::NONE.inner_margin(egui::Margin::symmetric(4, 0)))
            .background_color(theme.field)
            .desired_width(rect.width() - 8.0)
            .align(egui::Align2::RIGHT_CENTER)
            .text_color(if is_good { theme.text_strong } else { theme.danger })
            .clip_text(true);
        let response = ui.put(rect, edit).accessible_name(format!("Target weight of {name}"));
        let edge = if response.has_focus() { theme.accent } else { edge };
        ui.painter().rect_stroke(rect, theme.sizes.radius, (1.0, edge), egui::StrokeKind::Inside);
    }
}

const LISTED_NOT: &str = "not listed at this broker";

fn name_of<'a>(row: &'a Shown<'_>) -> Cow<'a, str> {
    row.instrument.map_or(Cow::Borrowed(&row.key), |instrument| Cow::Borrowed(&*instrument.symbol))
}

/// `Accepted · Working`, `Refused: why`.
fn result(order: &Order, theme: &Theme) -> Cell {
    let reason = order.reason.as_ref().map(ToString::to_string);
    let why = |word: &str| reason.as_ref().map_or_else(|| word.to_owned(), |why| format!("{word}: {why}"));
    match Verdict::of(order) {
        Verdict::Waiting => Cell::label("Waiting", theme.text_weak),
        Verdict::Refused => Cell::made(why("Refused"), theme.danger).explained(reason),
        Verdict::Unknown => Cell::made(why("Unknown"), theme.warn).explained(reason),
        Verdict::Accepted if order.status == OrderStatus::Accepted => Cell::label("Accepted", theme.ok),
        Verdict::Accepted => {
            let text = format!("Accepted · {}", order.status.label());
            Cell::made(text, status_colour(order.status, theme)).explained(reason)
        }
    }
}
