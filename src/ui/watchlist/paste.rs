//! A list of symbols from the clipboard: from a chat, a file, a column of a spreadsheet.

use std::collections::HashMap;
use std::sync::Arc;

use egui::{Event, Ui};

use super::Watchlist;
use super::undo::{Change, Changed};
use crate::desk::Desk;
use crate::domain::Instrument;

/// Symbols of one paste.
pub(super) const MOST: usize = 500;
/// Names in a line of what could not be added; the others are counted.
const NAMED: usize = 5;

/// What was found for a text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// Keys of what is known, once each, in the order of the text.
    pub keys: Vec<String>,
    /// What no broker lists.
    pub unknown: Vec<String>,
    /// What several venues list, as the keys of the first two.
    pub ambiguous: Vec<[String; 2]>,
    /// Whether there were too many.
    pub is_cut: bool,
}

/// What a word of the text stands for.
enum Meaning<'a> {
    One(&'a Arc<Instrument>),
    Several([String; 2]),
    Nothing,
}

/// The instruments of a desk, to be found by what people write.
struct Names<'a> {
    desk: &'a Desk,
    by_symbol: HashMap<String, Vec<&'a Arc<Instrument>>>,
}

impl<'a> Names<'a> {
    fn of(desk: &'a Desk) -> Self {
        let mut by_symbol: HashMap<String, Vec<_>> = HashMap::new();
        for instrument in desk.instruments() {
            by_symbol.entry(instrument.symbol.to_uppercase()).or_default().push(instrument);
        }
        Self { desk, by_symbol }
    }

    fn meaning(&self, word: &str) -> Meaning<'a> {
        let as_written = self.desk.instrument_by_key(word);
        let word = word.to_uppercase();
        if let Some(instrument) = as_written.or_else(|| self.desk.instrument_by_key(&word)) {
            return Meaning::One(instrument);
        }
        match self.by_symbol.get(&word).map(Vec::as_slice) {
            None | Some([]) => Meaning::Nothing,
            Some([only]) => Meaning::One(only),
            Some([first, second, ..]) => Meaning::Several([first.key(), second.key()]),
        }
    }

    fn knows(&self, word: &str) -> bool {
        !matches!(self.meaning(word), Meaning::Nothing)
    }
}

/// Whether a text that is pasted into the field for symbols is a list of them, and not one name.
pub(super) fn is_list(text: &str, desk: &Desk) -> bool {
    let text = text.trim();
    if text.contains(|c| SEPARATORS.contains(&c)) {
        return true;
    }
    let names = Names::of(desk);
    let words = || text.split_whitespace();
    words().count() > 1 && !names.knows(text) && words().all(|word| names.knows(word))
}

/// What divides cells; a blank may be within a name.
const SEPARATORS: [char; 5] = [',', ';', '\t', '\n', '\r'];

/// Reads a list of symbols or keys.
pub(super) fn read(text: &str, desk: &Desk) -> Found {
    let names = Names::of(desk);
    let mut found = Found::default();
    let mut count = 0;
    let cells = text.split(SEPARATORS).map(|cell| cell.trim().trim_matches(['"', '\'']).trim());
    for cell in cells.filter(|cell| !cell.is_empty()) {
        // A symbol may have a blank in it.
        let words: Vec<&str> = if names.knows(cell) { vec![cell] } else { cell.split_whitespace().collect() };
        for word in words {
            if count == MOST {
                found.is_cut = true;
                return found;
            }
            count += 1;
            found.take(word, names.meaning(word));
        }
    }
    found
}

impl Found {
    fn take(&mut self, word: &str, meaning: Meaning<'_>) {
        fn add<T: PartialEq>(to: &mut Vec<T>, one: T) {
            if !to.contains(&one) {
                to.push(one);
            }
        }
        match meaning {
            Meaning::One(instrument) => add(&mut self.keys, instrument.key()),
            Meaning::Several(keys) => add(&mut self.ambiguous, keys),
            Meaning::Nothing => add(&mut self.unknown, word.to_owned()),
        }
    }

    /// What could not be added, and what to do; nothing where all was.
    pub fn problem(&self) -> Option<String> {
        let mut parts = Vec::new();
        if !self.unknown.is_empty() {
            parts.push(format!("Not listed: {}. Look for one in the field above", named(&self.unknown)));
        }
        if let [first, second] = self.ambiguous.first().map_or([""; 2], |keys| keys.each_ref().map(|k| &**k))
            && !first.is_empty()
        {
            let symbols: Vec<String> =
                self.ambiguous.iter().map(|keys| symbol(&keys[0]).to_owned()).collect();
            parts.push(format!("On several venues: {}. Write {first} or {second}", named(&symbols)));
        }
        if self.is_cut {
            parts.push(format!("Only the first {MOST} were read. Paste the others into another list"));
        }
        (!parts.is_empty()).then(|| parts.join(" · "))
    }
}

impl Watchlist {
    /// Takes a list of symbols that is pasted while the field or the rows have the keyboard. One name is
    /// left to the field.
    pub(super) fn paste(&mut self, ui: &Ui, desk: &Desk) {
        let focused = ui.memory(egui::Memory::focused);
        let [field, rows] = self.view.takes_paste.map(|id| id.is_some() && id == focused);
        if !(field || rows) {
            return;
        }
        let mut pasted = None;
        ui.input_mut(|input| {
            input.events.retain(|event| match event {
                Event::Paste(text) if rows || is_list(text, desk) => {
                    pasted = Some(read(text, desk));
                    false
                }
                _ => true,
            });
        });
        if let Some(found) = pasted {
            self.add_found(found, desk);
        }
    }

    fn add_found(&mut self, found: Found, desk: &Desk) {
        self.view.problem = found.problem();
        let mut keys = found.keys;
        keys.retain(|key| self.keys().all(|known| known != key));
        if keys.is_empty() {
            self.view.problem.get_or_insert_with(|| "All of them are in the list".to_owned());
            return;
        }
        for key in &keys {
            self.add(key.clone());
        }
        self.view.cursor = self.rows().len() - keys.len();
        self.view.must_reveal = true;
        self.view.change = Some(Change { what: Changed::Added(keys), at: desk.now() });
    }
}

fn symbol(key: &str) -> &str {
    key.rsplit_once('@').map_or(key, |(symbol, _)| symbol)
}

/// The first of them, and how many more there are.
fn named(names: &[String]) -> String {
    let first = names.iter().take(NAMED).map(|name| name.chars().take(24).collect::<String>());
    let first = first.collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}
