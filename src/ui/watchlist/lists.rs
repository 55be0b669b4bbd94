//! The named lists of a pane, and which of them is in sight.

use serde::{Deserialize, Serialize};

use super::order::Sort;
use super::row::Row;

/// What the first list is called.
const MAIN: &str = "Main";
/// Characters of a name; what is longer is cut.
const LONGEST: usize = 40;

/// Instruments under a name, in the trader's order.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct List {
    pub name: String,
    #[serde(rename = "instruments")]
    pub rows: Vec<Row>,
    /// How the rows are shown, where not in the trader's own order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<Sort>,
}

impl List {
    fn new(name: String, rows: Vec<Row>) -> Self {
        Self { name, rows, sort: None }
    }
}

/// The lists of a pane, in the order of the menu. There are none before the first start has chosen
/// instruments, and never again none after that.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(from = "Saved")]
pub(super) struct Lists {
    lists: Vec<List>,
    /// Of which the pane shows the rows.
    shown: usize,
}

/// As they may have been saved: before there were several, one list without a name.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Saved {
    instruments: Option<Vec<Row>>,
    lists: Vec<List>,
    shown: usize,
}

impl From<Saved> for Lists {
    fn from(saved: Saved) -> Self {
        let only = saved.instruments.map(|rows| List::new(MAIN.to_owned(), rows));
        let lists = if saved.lists.is_empty() { only.into_iter().collect() } else { saved.lists };
        let shown = saved.shown.min(lists.len().saturating_sub(1));
        Self { lists, shown }
    }
}

impl Lists {
    /// Whether nobody has chosen any instrument yet.
    pub fn is_new(&self) -> bool {
        self.lists.is_empty()
    }

    pub fn len(&self) -> usize {
        self.lists.len()
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.lists.iter().map(|list| &*list.name)
    }

    /// Which list is in sight.
    pub fn shown(&self) -> usize {
        self.shown
    }

    /// Name of the list in sight.
    pub fn name(&self) -> &str {
        self.lists.get(self.shown).map_or(MAIN, |list| &list.name)
    }

    /// Rows of the list in sight.
    pub fn rows(&self) -> &[Row] {
        self.lists.get(self.shown).map_or(&[], |list| &list.rows)
    }

    /// How the rows of the list in sight are sorted.
    pub fn sort(&self) -> Option<Sort> {
        self.lists.get(self.shown)?.sort
    }

    /// For looking only: lists that were never filled must not become an empty one.
    pub fn rows_mut(&mut self) -> &mut [Row] {
        self.lists.get_mut(self.shown).map_or(&mut [], |list| &mut list.rows)
    }

    /// The list in sight, to be changed.
    pub fn edited(&mut self) -> &mut List {
        if self.lists.is_empty() {
            self.lists.push(List::new(MAIN.to_owned(), Vec::new()));
        }
        self.shown = self.shown.min(self.lists.len() - 1);
        &mut self.lists[self.shown]
    }

    /// Brings a list into sight, where there is one.
    pub fn show(&mut self, index: usize) {
        self.shown = index.min(self.lists.len().saturating_sub(1));
    }

    /// Makes an empty list behind the one in sight, and shows it.
    pub fn create(&mut self) {
        let name = self.free_name("List", None);
        self.edited();
        self.put(self.shown + 1, List::new(name, Vec::new()));
    }

    /// Makes the list in sight a second time, and shows that.
    pub fn duplicate(&mut self) {
        let name = self.free_name(&format!("{} copy", self.name()), None);
        let list = List { name, ..self.edited().clone() };
        self.put(self.shown + 1, list);
    }

    /// Gives the list in sight a name; a number behind it where another list has it. An empty one changes
    /// nothing.
    pub fn rename(&mut self, name: &str) {
        let name: String = name.trim().chars().take(LONGEST).collect();
        if !name.is_empty() {
            let name = self.free_name(&name, Some(self.shown));
            self.edited().name = name;
        }
    }

    /// Takes the list in sight away, with its place; the last one stays.
    pub fn remove(&mut self) -> Option<(usize, List)> {
        if self.lists.len() < 2 {
            return None;
        }
        let at = self.shown;
        let list = self.lists.remove(at);
        self.show(at);
        Some((at, list))
    }

    /// Puts a list in its place, and shows it.
    pub fn put(&mut self, index: usize, list: List) {
        let index = index.min(self.lists.len());
        self.lists.insert(index, list);
        self.shown = index;
    }

    /// A name that no list has but the one at `own`.
    fn free_name(&self, wish: &str, own: Option<usize>) -> String {
        let is_taken =
            |name: &str| self.lists.iter().enumerate().any(|(at, list)| Some(at) != own && list.name == name);
        let numbered = (2..).map(|number| format!("{wish} {number}"));
        let mut names = std::iter::once(wish.to_owned()).chain(numbered);
        names.find(|name| !is_taken(name)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(lists: &Lists) -> Vec<&str> {
        lists.names().collect()
    }

    #[test]
    fn a_list_of_before_there_were_several_is_the_main_one() {
        let lists: Lists = serde_json::from_str(r#"{"instruments":["AAPL@NASDAQ"]}"#).unwrap();
        assert_eq!((names(&lists), lists.rows().len()), (vec!["Main"], 1));
        let emptied: Lists = serde_json::from_str(r#"{"instruments":[]}"#).unwrap();
        assert!(!emptied.is_new(), "a trader has emptied it");
        let new: Lists = serde_json::from_str(r#"{"instruments":null}"#).unwrap();
        assert!(new.is_new());
    }

    #[test]
    fn lists_read_back_as_they_were_and_a_place_that_is_none_is_the_last() {
        let mut lists = Lists::default();
        lists.edited().rows.push(Row::from("AAPL@NASDAQ".to_owned()));
        lists.create();
        lists.rename("Chips");
        let text = serde_json::to_string(&lists).unwrap();
        assert_eq!(
            text,
            r#"{"lists":[{"name":"Main","instruments":["AAPL@NASDAQ"]},{"name":"Chips","instruments":[]}],"shown":1}"#
        );
        let back: Lists = serde_json::from_str(&text.replace("\"shown\":1", "\"shown\":9")).unwrap();
        assert_eq!((names(&back), back.shown()), (vec!["Main", "Chips"], 1));
    }

    #[test]
    fn names_stay_apart_and_an_empty_one_changes_nothing() {
        let mut lists = Lists::default();
        lists.create();
        lists.create();
        assert_eq!(names(&lists), ["Main", "List", "List 2"]);
        lists.rename(" List ");
        assert_eq!(lists.name(), "List 2");
        lists.rename("  ");
        assert_eq!(lists.name(), "List 2");
        lists.rename("Main");
        assert_eq!(lists.name(), "Main 2");
        lists.duplicate();
        assert_eq!(lists.name(), "Main 2 copy");
    }

    #[test]
    fn a_list_that_is_removed_can_be_put_back_and_the_last_one_stays() {
        let mut lists = Lists::default();
        lists.edited();
        assert!(lists.remove().is_none());
        lists.create();
        lists.show(0);
        let (at, list) = lists.remove().unwrap();
        assert_eq!((names(&lists), lists.shown()), (vec!["List"], 0));
        lists.put(at, list);
        assert_eq!((names(&lists), lists.shown()), (vec!["Main", "List"], 0));
    }
}
