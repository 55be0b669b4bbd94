//! The watchlist: named lists of instruments with their quotes, one of them in sight.
//!
//! A list is a list of keys; those that the catalogue lacks (another broker, a replay)
//! are kept and shown as not listed. Numbers are glyph quads in one mesh; a row has one
//! accessible node that says it all. Selecting, adding and removing work by mouse and by
//! keys alike, and a removed row can be put back.

mod add;
mod choice;
mod columns;
mod groups;
mod header;
mod hover;
mod list;
mod lists;
mod menu;
mod order;
mod paint;
mod paste;
mod row;
mod spark;
mod undo;

use serde::{Deserialize, Serialize};

use self::choice::Choice;
use self::columns::Widest;
use self::groups::Naming;
use self::list::Drag;
use self::lists::Lists;
use self::order::Order;
use self::row::Row;
use self::spark::Sparks;
use self::undo::Change;
use super::commands::Commands;
use super::keys::{Act, with_keys};
use super::lookup::Lookup;
use super::pane::Pane;
use super::theme::theme_of;
use crate::desk::Desk;
use crate::domain::{Instrument, InstrumentId};

/// What a first start shows: every class and currency, the largest of the United States first.
const FIRST_KEYS: [&str; 15] = [
    "AAPL@NASDAQ",
    "MSFT@NASDAQ",
    "NVDA@NASDAQ",
    "AMZN@NASDAQ",
    "GOOGL@NASDAQ",
    "TSLA@NASDAQ",
    "SPY@ARCA",
    "7203@TSE",
    "9984@TSE",
    "005930@KRX",
    "EUR/USD@FX",
    "USD/JPY@FX",
    "BTC/USD@CRYPTO",
    "BTC/JPY@CRYPTO",
    "BTC/KRW@CRYPTO",
];

/// Instruments with their quotes.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Watchlist {
    #[serde(flatten)]
    lists: Lists,
    #[serde(skip_serializing_if = "Choice::is_default")]
    columns: Choice,
    #[serde(skip)]
    view: View,
}

/// What is not saved.
#[derive(Debug, Default)]
struct View {
    /// What is typed into the field.
    query: String,
    lookup: Lookup,
    /// Whether the rows are those that were chosen for the trader.
    is_untouched: bool,
    /// The row that keys act on, as it is counted in the trader's own order.
    cursor: usize,
    /// Which row is shown where.
    order: Order,
    /// The desk's instrument as of the last drawing.
    selected: Option<InstrumentId>,
    /// Scroll to the cursor.
    must_reveal: bool,
    /// How far the list is scrolled, in points.
    offset: f32,
    drag: Option<Drag>,
    /// What can be taken back.
    change: Option<Change>,
    /// What of a pasted list could not be added, until the trader has read it.
    problem: Option<String>,
    /// What takes a pasted list while it has the keyboard: the field, the rows.
    takes_paste: [Option<egui::Id>; 2],
    /// The name that the list in sight is being given.
    naming: Option<String>,
    /// Its field has yet to take the keyboard.
    begins_naming: bool,
    naming_group: Option<Naming>,
    sparks: Sparks,
    widest: Widest,
    /// Physical pixels per point that `widest` was measured at, as bits.
    measured_at: u32,
    /// Counts the drawings.
    pass: u64,
}

impl Pane for Watchlist {
    fn ui(&mut self, ui: &mut egui::Ui, desk: &Desk, out: &mut Commands) {
        self.view.pass += 1;
        for row in self.rows_mut() {
            if let Some(instrument) = row.instrument(desk) {
                out.demand.quotes.insert(instrument.id);
            }
        }
        self.follow(desk);
        self.paste(ui, desk);
        ui.spacing_mut().item_spacing.y = 0.0;
        self.add_ui(ui, desk, out);
        let strips = self.strips(desk.now()) as f32 * (theme_of(ui).sizes.row + 8.0);
        let list = egui::vec2(ui.available_width(), (ui.available_height() - strips).max(0.0));
        ui.allocate_ui(list, |ui| {
            ui.set_min_size(list);
            match self.rows() {
                // Before the first snapshot nothing can be said of the list.
                [] if !desk.is_synced() => {}
                [] => empty_ui(ui),
                _ => self.list_ui(ui, desk, out),
            }
        });
        self.problem_ui(ui);
        self.undo_ui(ui, desk);
    }
}

impl Watchlist {
    /// Puts an instrument at the end of the list in sight, by its key; one that is there stays where it is.
    pub fn add(&mut self, key: String) {
        if !self.keys().any(|known| known == key) {
            self.edited().push(Row::from(key));
            let last = self.rows().len() - 1;
            self.view.order.inserted(last);
            self.unfold_around(last);
        }
    }

    /// On the very first start: a choice of instruments over all markets, and what joins them as long as
    /// the trader has changed nothing.
    pub fn fill_if_new(&mut self, desk: &Desk) {
        let is_of_the_trader = !self.lists.is_new() && !self.view.is_untouched;
        if is_of_the_trader || desk.instruments().is_empty() {
            return;
        }
        let is_listed = |key: &&str| desk.instrument_by_key(key).is_some();
        let mut keys: Vec<String> = FIRST_KEYS.into_iter().filter(is_listed).map(str::to_owned).collect();
        if keys.is_empty() {
            keys = desk.instruments().iter().take(FIRST_KEYS.len()).map(|i| i.key()).collect();
        }
        self.view.order.reset();
        self.lists.edited().rows = keys.into_iter().map(Row::from).collect();
        self.view.is_untouched = true;
    }

    /// Key of the first instrument of the list in sight.
    #[must_use]
    pub fn first(&self) -> Option<&str> {
        self.keys().next()
    }

    /// The keys of the list in sight, in the trader's order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.rows().iter().filter_map(Row::key)
    }

    /// Whether an instrument is in the list in sight: in the one that [`Self::add`] would put it into.
    #[must_use]
    pub fn has(&self, instrument: &Instrument) -> bool {
        self.keys().any(|key| instrument.has_key(key))
    }

    fn rows(&self) -> &[Row] {
        self.lists.rows()
    }

    fn rows_mut(&mut self) -> &mut [Row] {
        self.lists.rows_mut()
    }

    fn edited(&mut self) -> &mut Vec<Row> {
        self.view.is_untouched = false;
        &mut self.lists.edited().rows
    }

    /// Moves the cursor to the desk's instrument when that was chosen elsewhere.
    fn follow(&mut self, desk: &Desk) {
        let selected = desk.selected().map(|instrument| instrument.id);
        if selected != self.view.selected {
            self.view.selected = selected;
            if let Some(index) = self.rows().iter().position(|row| selected.is_some() && row.id() == selected)
            {
                self.view.must_reveal |= index != self.view.cursor;
                self.view.cursor = index;
            }
        }
        self.view.cursor = self.view.cursor.min(self.rows().len().saturating_sub(1));
    }

    /// Moves a row; the cursor stays on the row that it is on.
    fn move_row(&mut self, from: usize, to: usize) {
        let last = self.rows().len().saturating_sub(1);
        let to = to.min(last);
        if from > last || from == to || self.lists.sort().is_some() {
            return;
        }
        let mut row = self.edited().remove(from);
        // Hidden rows would stay behind unseen.
        row.is_folded = false;
        self.edited().insert(to, row);
        self.unfold_around(to);
        let cursor = &mut self.view.cursor;
        *cursor = match *cursor {
            at if at == from => to,
            at if from < at && at <= to => at - 1,
            at if to <= at && at < from => at + 1,
            at => at,
        };
        self.view.must_reveal |= *cursor == to;
    }
}

fn empty_ui(ui: &mut egui::Ui) {
    let theme = theme_of(ui);
    ui.vertical_centered(|ui| {
        ui.add_space(32.0);
        ui.label(egui::RichText::new("No instruments here yet").color(theme.text));
        ui.add_space(4.0);
        let text = "Type a symbol or a name above, paste a list of symbols there, or search everything";
        let text = format!("{}.", with_keys(ui, text, Act::Search));
        ui.label(egui::RichText::new(text).color(theme.text_weak));
    });
}
