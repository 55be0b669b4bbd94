//! The captions of the columns: a click sorts.

use egui::{
    Align2, Popup, PopupCloseBehavior, Rangef, Rect, Response, Role, Sense, Ui, WidgetInfo, pos2, vec2,
};

use super::Watchlist;
use super::columns::{Columns, GAP, Lines, NARROW, PAD, Widest};
use super::order::{By, Sort};
use crate::ui::paint::{Arrow, PixelGrid, PixelMesh};
use crate::ui::theme::{Theme, theme_of};

/// Height of the mark of the sorted column.
const MARK: f32 = 4.0;

/// What says so where rows cannot be moved.
pub(super) const OWN_ORDER_ONLY: &str =
    "Rows can be moved in your own order only: click the sorted column until its mark is gone";

/// A caption: its edge in the row, and what a click sorts by.
struct Caption {
    title: &'static str,
    x: f32,
    align: Align2,
    /// The whole column.
    across: Rangef,
    by: Option<By>,
}

impl Watchlist {
    /// The strip above the rows.
    pub(super) fn header_ui(&mut self, ui: &mut Ui, columns: &Columns, width: f32) {
        let theme = theme_of(ui);
        let (rect, mut header) = ui.allocate_exact_size(vec2(width, theme.sizes.row), Sense::CLICK);
        header.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Choose columns"));
        // Before the first quote there is no column to stand over.
        let is_known = self.view.widest.last > 0.0;
        let captions = captions(columns, &self.view.widest);
        for caption in captions.iter().take(if is_known { captions.len() } else { 1 }) {
            let Some(response) = self.caption_ui(ui, &theme, &header, rect, caption) else { continue };
            if let Some(by) = caption.by.filter(|_| response.clicked()) {
                self.sort(Sort::clicked(self.lists.sort(), by));
            }
            header = header.union(response);
        }
        let menu = Popup::context_menu(&header).close_behavior(PopupCloseBehavior::CloseOnClickOutside);
        menu.show(|ui| self.columns.ui(ui));
    }

    fn caption_ui(
        &self,
        ui: &Ui,
        theme: &Theme,
        header: &Response,
        strip: Rect,
        caption: &Caption,
    ) -> Option<Response> {
        let sort = self.lists.sort().filter(|sort| Some(sort.by) == caption.by);
        let at = pos2(strip.left() + caption.x, strip.center().y);
        let area = Rect::from_x_y_ranges(
            Rangef::new(strip.left() + caption.across.min, strip.left() + caption.across.max),
            strip.y_range(),
        );
        let response = caption.by.map(|by| {
            let response = ui.interact(area, header.id.with(caption.title), Sense::click());
            response.widget_info(|| {
                let way = match sort {
                    None => "",
                    Some(Sort { is_descending: true, .. }) => ", sorted downwards",
                    Some(_) => ", sorted upwards",
                };
                WidgetInfo::labeled(Role::Button, true, format!("Sort by {}{way}", by.name()))
            });
            response
        });
        let is_strong = sort.is_some() || response.as_ref().is_some_and(Response::hovered);
        let ink = if is_strong { theme.text } else { theme.text_weak };
        let text = ui.painter().text(at, caption.align, caption.title, theme.small_font(), ink);
        if let Some(response) = response.as_ref().filter(|response| response.has_focus()) {
            let stroke = (1.0, theme.accent);
            ui.painter().rect_stroke(response.rect, 0, stroke, egui::StrokeKind::Inside);
        }
        if let Some(sort) = sort {
            mark(ui, theme, text, caption.align, sort);
        }
        response.map(|response| match sort {
            None => response.on_hover_text("Sorts the rows; the third click is your own order again"),
            Some(_) => response.on_hover_text(OWN_ORDER_ONLY),
        })
    }

    /// Shows the rows in another order, from now on.
    pub(super) fn sort(&mut self, sort: Option<Sort>) {
        self.view.is_untouched = false;
        self.lists.edited().sort = sort;
        self.view.order.reset();
        self.view.drag = None;
    }
}

/// An arrow on the free side of a caption.
fn mark(ui: &Ui, theme: &Theme, text: Rect, align: Align2, sort: Sort) {
    let grid = PixelGrid::of(ui);
    let mut mesh = PixelMesh::new(grid);
    let x =
        if align == Align2::LEFT_CENTER { text.right() + 2.0 * NARROW } else { text.left() - 2.0 * NARROW };
    let (arrow, tip) = if sort.is_descending {
        (Arrow::Down, text.center().y + MARK / 2.0)
    } else {
        (Arrow::Up, text.center().y - MARK / 2.0)
    };
    mesh.arrow(arrow, grid.nearest(x), grid.nearest(tip), grid.length(MARK), theme.accent);
    ui.painter().add(mesh.into_shape());
}

/// The captions of the first line, from the left.
fn captions(columns: &Columns, widest: &Widest) -> Vec<Caption> {
    let right = Align2::RIGHT_CENTER;
    let number = |title, x: f32, width: f32, by| {
        let across = Rangef::new(x - width - GAP / 2.0, x + GAP / 2.0);
        Caption { title, x, align: right, across, by }
    };
    let symbol_end = (PAD + widest.symbol.max(48.0)).min(columns.symbol_end);
    let mut captions = vec![Caption {
        title: "Symbol",
        x: PAD,
        align: Align2::LEFT_CENTER,
        across: Rangef::new(0.0, symbol_end),
        by: Some(By::Symbol),
    }];
    captions.extend(columns.last.map(|x| number("Last", x, widest.last, Some(By::Last))));
    captions.extend(columns.change.map(|x| number("Change", x, widest.change, None)));
    captions.extend(columns.percent.map(|x| number("%", x, widest.percent, Some(By::Percent))));
    if columns.lines == Lines::One {
        if let Some(x) = columns.spread {
            captions.push(number("Bid", x - 2.0 * NARROW, widest.text.price, None));
            let ask = number("Ask", x + 2.0 * NARROW, 0.0, None);
            captions.push(Caption { align: Align2::LEFT_CENTER, ..ask });
        }
        captions.extend(columns.volume.map(|x| number("Volume", x, widest.text.volume, Some(By::Volume))));
    }
    captions.extend(columns.range.map(|x| number("Range", x.max, x.span(), None)));
    captions.extend(columns.spark.map(|x| number("Day", x.max, x.span(), None)));
    captions
}
