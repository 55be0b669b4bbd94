//! Settings read value by value: one that cannot be used costs none of the others.

use std::fmt;

use serde::Deserialize as _;
use toml::{Table, Value};

use super::Settings;

/// How a file of settings is written: since 2 the limits stand in tables by scope.
pub const FILE_VERSION: u32 = 2;

/// A value that is not used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Which field, such as `limits.max_order_value`; the file's name where it is all of it.
    pub field: String,
    /// What is wrong with it.
    pub what: String,
    /// What is used instead.
    pub used: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.field, self.what, self.used)
    }
}

impl Settings {
    /// These settings with the values of a table in their places, and what of them cannot be used.
    #[must_use]
    pub fn with(&self, values: &Table) -> (Self, Vec<Problem>) {
        let Ok(used) = Table::try_from(self) else { return (self.clone(), Vec::new()) };
        let mut reader = FieldByField { used, problems: Vec::new() };
        reader.take(values, &mut Vec::new());
        // Every value was tried when it was taken.
        let settings = reader.settings().unwrap_or_else(|_| self.clone());
        (settings, reader.problems)
    }
}

/// Puts in one value at a time, keeping only those with which the whole still is a [`Settings`].
struct FieldByField {
    used: Table,
    problems: Vec<Problem>,
}

impl FieldByField {
    fn settings(&self) -> Result<Settings, String> {
        let settings = Settings::deserialize(self.used.clone()).map_err(|e| e.message().to_owned())?;
        settings.check().map_err(|e| e.to_string())?;
        Ok(settings)
    }

    fn take(&mut self, table: &Table, path: &mut Vec<String>) {
        for (key, value) in table {
            path.push(key.clone());
            let is_table = matches!(self.slot(path), Some(Value::Table(_)));
            match value {
                Value::Table(inner) if is_table || self.begin_table(path) => self.take(inner, path),
                _ => self.take_value(value, path),
            }
            path.pop();
        }
    }

    /// Whether a table that the settings do not have yet, such as the limits of an
    /// account, has its place.
    fn begin_table(&mut self, path: &[String]) -> bool {
        if self.slot(path).is_some() {
            return false;
        }
        self.put(path, Some(Table::new().into()));
        let is_known = self.settings().is_ok_and(|settings| holds(&settings, path));
        if !is_known {
            self.put(path, None);
        }
        is_known
    }

    fn take_value(&mut self, value: &Value, path: &[String]) {
        let default = self.slot(path).cloned();
        self.put(path, Some(value.clone()));
        let (what, used) = match (self.settings(), &default) {
            (Ok(settings), _) if holds(&settings, path) => return,
            (Err(what), Some(default)) => (what, format!("{default} is used")),
            (Err(what), None) => (what, "it is ignored".to_owned()),
            (Ok(_), _) => ("there is no such setting".to_owned(), "it is ignored".to_owned()),
        };
        self.put(path, default);
        self.report(path, what.trim_end(), used);
    }

    fn put(&mut self, path: &[String], value: Option<Value>) {
        let Some((key, tables)) = path.split_last() else { return };
        let table = tables.iter().try_fold(&mut self.used, |at, key| at.get_mut(key)?.as_table_mut());
        if let Some(table) = table {
            match value {
                Some(value) => drop(table.insert(key.clone(), value)),
                None => drop(table.remove(key)),
            }
        }
    }

    fn slot(&mut self, path: &[String]) -> Option<&mut Value> {
        let (first, rest) = path.split_first()?;
        rest.iter().try_fold(self.used.get_mut(first)?, |at, key| at.as_table_mut()?.get_mut(key))
    }

    fn report(&mut self, path: &[String], what: &str, used: String) {
        self.problems.push(Problem { field: path.join("."), what: what.to_owned(), used });
    }
}

/// Whether settings keep something at this place: what they do not know they drop.
fn holds(settings: &Settings, path: &[String]) -> bool {
    let Some((first, rest)) = path.split_first() else { return true };
    let table = Table::try_from(settings).unwrap_or_default();
    let found = rest.iter().try_fold(table.get(first), |at, key| Some(at?.as_table()?.get(key)));
    found.flatten().is_some()
}
