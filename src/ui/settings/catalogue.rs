//! The one table of all settings: what each is called, what it is for, and how it is changed. The settings window, the
//! search, menus and tests read it.

mod entries;

use super::control::Control;
use crate::domain::Settings;
pub(in crate::ui) use entries::CATALOGUE;

/// What belongs together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ui) enum Section {
    Looks,
    Times,
    Orders,
    Alerts,
    Market,
    Programs,
    Broker,
    Launch,
}

impl Section {
    pub const ALL: [Self; 8] = [
        Self::Looks,
        Self::Times,
        Self::Orders,
        Self::Alerts,
        Self::Market,
        Self::Programs,
        Self::Broker,
        Self::Launch,
    ];

    pub fn label(self) -> &'static str {
        match self {
            Self::Looks => "Looks and keys",
            Self::Times => "Times and money",
            Self::Orders => "Orders and limits",
            Self::Alerts => "Sound and notices",
            Self::Market => "Practice",
            Self::Programs => "Your own programs",
            Self::Broker => "Interactive Brokers",
            Self::Launch => "IB Gateway",
        }
    }
}

/// When a change is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ui) enum Takes {
    AtOnce,
    NextStart,
}

/// A setting.
pub(in crate::ui) struct Entry {
    /// Where the file has it; empty for a window that is about something else.
    pub path: &'static str,
    pub section: Section,
    pub name: &'static str,
    /// What it is for.
    pub line: &'static str,
    /// What else it may be called; searched, not shown.
    pub words: &'static str,
    pub takes: Takes,
    /// Whether the search offers its values by name. Others it leads to.
    pub is_offered: bool,
    pub control: Control,
}

impl Entry {
    /// The setting of a place in the file.
    pub fn at(path: &str) -> Option<&'static Self> {
        CATALOGUE.iter().find(|entry| entry.path == path)
    }

    /// Whether a search means it: every word stands in what is shown of it, or in what else it is called.
    pub fn is_meant(&self, query: &str) -> bool {
        let text =
            format!("{} {} {} {} {}", self.name, self.line, self.words, self.path, self.section.label());
        let text = text.to_lowercase();
        query.to_lowercase().split_whitespace().all(|word| text.contains(word))
    }

    /// The value as a person reads it, in one line.
    pub fn said(&self, settings: &Settings) -> String {
        let value = self.control.value(settings).replace('\n', ", ");
        if value.is_empty() { "nothing".to_owned() } else { value }
    }

    /// Whether settings have another value than a fresh profile.
    pub fn is_changed(&self, settings: &Settings) -> bool {
        let is_own = !matches!(self.control, Control::Fixed(_) | Control::Window(_));
        is_own && self.control.value(settings) != self.control.value(&Settings::default())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    /// The places of all values that the table has no place for, and of those it has one for.
    fn places(value: &Value, path: &str, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(fields) if Entry::at(path).is_none() && !fields.is_empty() => {
                for (name, value) in fields {
                    let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    places(value, &path, found);
                }
            }
            _ => drop(found.insert(path.to_owned())),
        }
    }

    #[test]
    fn every_setting_is_in_the_table_and_nothing_else() {
        let all = serde_json::to_value(Settings::default()).unwrap();
        let mut found = BTreeSet::new();
        for (name, value) in all.as_object().unwrap() {
            places(value, name, &mut found);
        }
        let listed: Vec<&str> =
            CATALOGUE.iter().map(|entry| entry.path).filter(|path| !path.is_empty()).collect();
        let set: BTreeSet<String> = listed.iter().map(|path| (*path).to_owned()).collect();
        assert_eq!(set, found);
        assert_eq!(set.len(), listed.len(), "each once");
    }

    #[test]
    fn a_name_means_one_setting_and_says_what_it_is_for() {
        let names: BTreeSet<&str> = CATALOGUE.iter().map(|entry| entry.name).collect();
        assert_eq!(names.len(), CATALOGUE.len());
        for entry in CATALOGUE {
            assert!(entry.line.ends_with('.') && entry.line.len() < 200, "{}", entry.name);
            assert!(Section::ALL.contains(&entry.section));
        }
    }

    #[test]
    fn whatever_is_chosen_is_in_force_and_every_default_comes_back() {
        let usual = Settings::default();
        for entry in CATALOGUE {
            assert!(!entry.is_changed(&usual), "{}", entry.name);
            let mut changed = usual.clone();
            match &entry.control {
                Control::Choice(choice) => {
                    for at in 0..choice.count {
                        (choice.choose)(&mut changed, at);
                        assert_eq!((choice.at)(&changed), Some(at), "{}", entry.name);
                    }
                    let other = (0..choice.count).find(|at| (choice.at)(&usual) != Some(*at)).unwrap();
                    (choice.choose)(&mut changed, other);
                }
                Control::Switch(switch) => (switch.set)(&mut changed, !(switch.is_on)(&usual)),
                Control::Text(text) => {
                    let typed = ["77", "127.0.0.1:4003", "NAME=value"];
                    assert!(
                        typed.iter().any(|typed| (text.write)(&mut changed, typed).is_ok()),
                        "{}",
                        entry.name
                    );
                }
                Control::Fixed(_) | Control::Window(_) => continue,
            }
            assert_ne!(changed, usual, "{}", entry.name);
            assert!(entry.is_changed(&changed), "{}", entry.name);
            entry.control.copy(&usual, &mut changed);
            assert_eq!(changed, usual, "{}", entry.name);
        }
    }

    #[test]
    fn what_is_no_value_is_refused_and_changes_nothing() {
        let usual = Settings::default();
        let refused = |path: &str, typed: &str| {
            let mut settings = usual.clone();
            let Control::Text(text) = &Entry::at(path).unwrap().control else { panic!("{path}") };
            assert!((text.write)(&mut settings, typed).is_err(), "{path}: {typed}");
            assert_eq!(settings, usual);
        };
        for (path, typed) in [
            ("gateway.address", "nowhere"),
            ("ibkr.client_id", "seven"),
            ("gateway.master_client", "x"),
            ("default_quantity.share", "many"),
            ("default_quantity.share", ""),
            ("ibkr.launch.environment", "LANG"),
        ] {
            refused(path, typed);
        }
    }
}
