//! Rows as they are drawn: bars and fills in one mesh, numbers in one shape.

use std::collections::BTreeMap;
use std::time::Duration;

use egui::{Align2, Color32, Pos2, Rangef, Rect, Sense, Ui, pos2};

use super::Scene;
use super::hand::Held;
use super::rows::{Column, Columns, Painted};
use crate::domain::{Price, Qty, Side, Trade};
use crate::ui::format;
use crate::ui::paint::{Digits, PixelGrid, PixelMesh};
use crate::ui::theme::{Theme, theme_of};

const PAD: f32 = 5.0;
/// From this width on there is room for the last trades, and from that on for the volume.
const WITH_LAST: f32 = 330.0;
const WITH_VOLUME: f32 = 400.0;
/// Prints that are looked at for the last trades, and how far back.
const PRINTS: usize = 300;
const RECENT: Duration = Duration::from_secs(30);

/// How the rows stand out.
pub(super) struct Look {
    /// Where the pointer is.
    pub over: Option<Pos2>,
    pub held: Option<Held>,
    /// A row that was just refused.
    pub flash: Option<Price>,
}

/// Height of a row in points, of whole pixels.
pub(super) fn row_height(ui: &Ui) -> f32 {
    let (theme, grid) = (theme_of(ui), PixelGrid::of(ui));
    grid.points(grid.length(theme.sizes.tight_row))
}

/// Where the columns stand in this width.
pub(super) fn columns(ui: &Ui, body: Rect, scene: &Scene<'_>) -> Columns {
    let numbers = Digits::new(ui, &theme_of(ui).text_font());
    let widest =
        scene.quote.and_then(|quote| quote.mark()).map(|price| format::price(price, scene.instrument));
    let price = numbers.width(widest.as_deref().unwrap_or("0,000.00")) + 4.0 * PAD;
    let total = body.width();
    let own = if total < 260.0 { 40.0 } else { 62.0 };
    let last = if total >= WITH_LAST { 48.0 } else { 0.0 };
    let volume = if total >= WITH_VOLUME { (total * 0.16).clamp(56.0, 160.0) } else { 0.0 };
    let book = ((total - price - 2.0 * own - last - volume) / 2.0).max(24.0);
    let mut left = body.left();
    let mut next = |width: f32| {
        let range = Rangef::new(left, left + width);
        left += width;
        range
    };
    Columns {
        own_buys: next(own),
        bids: next(book),
        price: next(price),
        asks: next(book),
        own_sells: next(own),
        last: (last > 0.0).then(|| next(last)),
        volume: (volume > 0.0).then(|| next(volume)),
    }
}

/// Says why there are no rows.
pub(super) fn empty_ui(ui: &mut Ui, body: Rect, scene: &Scene<'_>) {
    let theme = theme_of(ui);
    let remark = scene.desk.remark(scene.instrument.id);
    let text = remark.map_or_else(
        || format!("No price of {} yet", scene.instrument.symbol),
        |remark| format::capitalised(&remark.text),
    );
    let mut inside = ui.new_child(egui::UiBuilder::new().max_rect(body.shrink(12.0)));
    inside.centered_and_justified(|ui| ui.label(egui::RichText::new(text).color(theme.text_weak)));
}

struct Pen<'a> {
    theme: &'a Theme,
    grid: PixelGrid,
    fills: PixelMesh,
    numbers: Digits,
    small: Digits,
}

impl Pen<'_> {
    fn fill(&mut self, x: Rangef, row: Rect, colour: Color32) {
        let rect = Rect::from_x_y_ranges(x, row.y_range());
        self.fills.rect(self.grid.rect(rect), colour);
    }

    /// A bar of a share of a column's width, from its left or its right edge.
    fn bar(&mut self, x: Rangef, from_right: bool, share: f32, row: Rect, colour: Color32) {
        let width = (x.span() * share.clamp(0.0, 1.0)).max(1.0);
        let x =
            if from_right { Rangef::new(x.max - width, x.max) } else { Rangef::new(x.min, x.min + width) };
        let rect = Rect::from_x_y_ranges(x, row.y_range()).shrink2(egui::vec2(0.0, 1.0));
        self.fills.rect(self.grid.rect(rect), colour);
    }
}

/// Draws all rows.
pub(super) fn rows_ui(ui: &Ui, scene: &Scene<'_>, painted: &Painted, look: &Look) {
    let theme = theme_of(ui);
    let mut pen = Pen {
        theme: &theme,
        grid: PixelGrid::of(ui),
        fills: PixelMesh::new(PixelGrid::of(ui)),
        numbers: Digits::new(ui, &theme.text_font()),
        small: Digits::new(ui, &theme.small_font()),
    };
    let painter = ui.painter().with_clip_rect(painted.body);
    let recent = recent(scene);
    let flow = scene.desk.flow(scene.instrument.id);
    let volumes = flow
        .zip(painted.prices.last().zip(painted.prices.first()))
        .map(|(flow, (low, high))| flow.profile().rows(&scene.grid, *low, *high));
    let most_volume = volumes.as_ref().map_or(Qty::ZERO, crate::market::profile::Rows::largest);
    for (index, price) in painted.prices.iter().enumerate() {
        let top = painted.body.top() + index as f32 * painted.height;
        let row = Rect::from_x_y_ranges(painted.body.x_range(), top..=top + painted.height);
        pen.background(scene, painted, look, row, *price);
        for side in [Side::Buy, Side::Sell] {
            pen.book(scene, painted, row, *price, side);
            pen.own(scene, painted, row, *price, side);
        }
        pen.price(scene, painted, row, *price);
        if let (Some(x), Some(print)) = (painted.columns.last, recent.get(price)) {
            pen.print(x, row, print);
        }
        if let (Some(x), Some(volumes)) = (painted.columns.volume, &volumes) {
            pen.volume(x, row, volumes.at(*price), most_volume);
        }
        let id = ui.scope_id().with(("row", *price));
        let node = ui.interact(row.intersect(painted.body), id, Sense::empty());
        node.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, spoken(scene, *price)));
    }
    pen.edges(painted);
    pen.dragged(scene, painted, look);
    painter.add(pen.fills.into_shape());
    painter.add(pen.numbers.into_shape());
    painter.add(pen.small.into_shape());
}

impl Pen<'_> {
    fn background(&mut self, scene: &Scene<'_>, painted: &Painted, look: &Look, row: Rect, price: Price) {
        let theme = self.theme;
        let Columns { bids, asks, price: middle, .. } = painted.columns;
        let has_last = scene.quote.and_then(|quote| quote.last).and_then(|last| scene.grid.floor(last));
        let over = look.over.filter(|at| row.contains(*at));
        if over.is_some() {
            self.fill(row.x_range(), row, theme.row_hover);
        }
        self.fill(middle, row, if has_last == Some(price) { theme.pressed } else { theme.panel });
        if look.flash == Some(price) {
            self.fill(row.x_range(), row, theme.danger_fill);
        }
        let y = self.grid.nearest(row.bottom()) - 1;
        let (left, right) = (self.grid.nearest(row.left()), self.grid.nearest(row.right()));
        self.fills.row(y, left, right, theme.grid);
        if let Some(at) = over.filter(|_| scene.is_armed) {
            for (x, side) in [(bids, Side::Buy), (asks, Side::Sell)] {
                if x.contains(at.x) {
                    let colour = if side == Side::Buy { theme.buy } else { theme.sell };
                    let cell = Rect::from_x_y_ranges(x, row.y_range());
                    self.fills.outline(self.grid.rect(cell), colour);
                }
            }
        }
    }

    fn book(&mut self, scene: &Scene<'_>, painted: &Painted, row: Rect, price: Price, side: Side) {
        let quantity = scene.levels.at(side, price);
        if quantity.is_zero() {
            return;
        }
        let theme = self.theme;
        let x = painted.columns.book(side);
        let bar = if side == Side::Buy { theme.volume_up } else { theme.volume_down };
        let is_buy = side == Side::Buy;
        self.bar(x, is_buy, share(quantity, scene.levels.largest()), row, bar);
        let colour = if scene.is_stale { theme.stale } else { theme.text };
        let (at, anchor) =
            if is_buy { (x.max - PAD, Align2::RIGHT_CENTER) } else { (x.min + PAD, Align2::LEFT_CENTER) };
        self.numbers.put(pos2(at, row.center().y), anchor, &format::size(quantity), colour);
    }

    fn price(&mut self, scene: &Scene<'_>, painted: &Painted, row: Rect, price: Price) {
        let theme = self.theme;
        let best = |side, best: Option<Price>| best.and_then(|best| scene.grid.row(side, best));
        let quote = scene.quote.as_ref();
        let bid = best(Side::Buy, quote.and_then(|quote| quote.bid));
        let ask = best(Side::Sell, quote.and_then(|quote| quote.ask));
        let colour = match () {
            () if scene.is_stale => theme.stale,
            () if bid == Some(price) => theme.up,
            () if ask == Some(price) => theme.down,
            () => theme.text,
        };
        let text = format::price(price, scene.instrument);
        let at = pos2(painted.columns.price.center(), row.center().y);
        self.numbers.put(at, Align2::CENTER_CENTER, &text, colour);
    }

    /// Our orders as a chip, with how much is about ahead of them.
    fn own(&mut self, scene: &Scene<'_>, painted: &Painted, row: Rect, price: Price, side: Side) {
        let Some(own) = scene.own.at(side, price) else { return };
        let (theme, x) = (self.theme, painted.columns.own(side));
        let fill = if side == Side::Buy { theme.buy_fill } else { theme.sell_fill };
        let chip = Rect::from_x_y_ranges(x, row.y_range()).shrink2(egui::vec2(2.0, 1.0));
        self.fills.rect(self.grid.rect(chip), fill);
        let flow = scene.desk.flow(scene.instrument.id);
        let ahead = own.orders.first().and_then(|first| flow?.ahead(*first));
        let text = format::size(own.quantity);
        let text = match ahead {
            Some(ahead) if x.span() > 50.0 => format!("{text} ≈{}", format::size(ahead)),
            _ => text,
        };
        self.small.put(chip.center(), Align2::CENTER_CENTER, &text, theme.on_fill);
    }

    fn print(&mut self, x: Rangef, row: Rect, print: &Print) {
        let theme = self.theme;
        let colour = match print.aggressor {
            _ if !print.is_newest => theme.text_weak,
            Some(Side::Buy) => theme.up,
            Some(Side::Sell) => theme.down,
            None => theme.text,
        };
        let at = pos2(x.max - PAD, row.center().y);
        self.small.put(at, Align2::RIGHT_CENTER, &format::size(print.quantity), colour);
    }

    /// What was sold, then what was bought, then what nobody can say of.
    fn volume(&mut self, x: Rangef, row: Rect, volume: crate::market::profile::Volume, most: Qty) {
        let total = volume.total();
        if total.is_zero() {
            return;
        }
        let theme = self.theme;
        let mut left = x.min;
        for (part, colour) in [
            (volume.sold, theme.volume_down),
            (volume.bought, theme.volume_up),
            (volume.unknown, theme.line_strong),
        ] {
            let width = x.span() * share(part, most);
            if width > 0.0 {
                let part = Rect::from_x_y_ranges(Rangef::new(left, left + width), row.y_range());
                self.fills.rect(self.grid.rect(part.shrink2(egui::vec2(0.0, 1.0))), colour);
                left += width;
            }
        }
        let at = pos2(x.min + PAD, row.center().y);
        self.small.put(at, Align2::LEFT_CENTER, &format::size(total), theme.text_weak);
    }

    /// Between the columns.
    fn edges(&mut self, painted: &Painted) {
        let Columns { own_buys, own_sells, last, .. } = painted.columns;
        let (top, bottom) = (painted.body.top(), painted.body.bottom());
        for x in [Some(own_buys.max), Some(own_sells.min), Some(own_sells.max), last.map(|x| x.max)]
            .into_iter()
            .flatten()
        {
            let (top, bottom) = (self.grid.nearest(top), self.grid.nearest(bottom));
            self.fills.column(self.grid.nearest(x), top, bottom, self.theme.line);
        }
    }

    /// Where our orders would go that the pointer holds.
    fn dragged(&mut self, scene: &Scene<'_>, painted: &Painted, look: &Look) {
        let Some((Held { column: Column::Own(side), price, .. }, at)) = look.held.zip(look.over) else {
            return;
        };
        let Some(own) = scene.own.at(side, price).filter(|_| scene.is_armed) else { return };
        let Some(to) = painted.price_at(at).filter(|to| *to != price) else { return };
        let Some(row) = painted.row(to) else { return };
        let chip =
            Rect::from_x_y_ranges(painted.columns.own(side), row.y_range()).shrink2(egui::vec2(2.0, 1.0));
        let colour = if side == Side::Buy { self.theme.buy } else { self.theme.sell };
        self.fills.outline(self.grid.rect(chip), colour);
        let text = format::size(own.quantity);
        self.small.put(chip.center(), Align2::CENTER_CENTER, &text, colour);
    }
}

/// The newest run of prints of a row.
struct Print {
    quantity: Qty,
    aggressor: Option<Side>,
    is_newest: bool,
}

/// The last trades, by row: those of the half minute before the newest.
fn recent(scene: &Scene<'_>) -> BTreeMap<Price, Print> {
    let mut rows: BTreeMap<Price, Print> = BTreeMap::new();
    let Some(tape) = scene.desk.tape(scene.instrument.id) else { return rows };
    let Some(newest) = tape.back().map(|trade| trade.time) else { return rows };
    let mut run: Option<Price> = None;
    let is_recent = |trade: &&Trade| newest.since(trade.time) <= RECENT;
    for trade in tape.iter().rev().take(PRINTS).take_while(is_recent) {
        let Some(row) = scene.grid.floor(trade.price) else { continue };
        let is_first = rows.is_empty();
        match rows.get_mut(&row) {
            Some(print) if run == Some(row) => print.quantity += trade.quantity,
            Some(_) => {}
            None => {
                let (quantity, aggressor) = (trade.quantity, trade.aggressor);
                rows.insert(row, Print { quantity, aggressor, is_newest: is_first });
            }
        }
        run = Some(row);
    }
    rows
}

/// A row as it is read out.
fn spoken(scene: &Scene<'_>, price: Price) -> String {
    let mut parts = vec![format::price(price, scene.instrument)];
    for (side, name, ours) in [(Side::Buy, "bid", "our buys"), (Side::Sell, "ask", "our sells")] {
        let quantity = Some(scene.levels.at(side, price)).filter(|quantity| !quantity.is_zero());
        parts.extend(quantity.map(|quantity| format!("{name} {}", format::size(quantity))));
        let own = scene.own.at(side, price);
        parts.extend(own.map(|own| format!("{ours} {}", format::size(own.quantity))));
    }
    parts.join(", ")
}

fn share(part: Qty, most: Qty) -> f32 {
    if most.is_zero() { 0.0 } else { (part.to_f64() / most.to_f64()) as f32 }
}
