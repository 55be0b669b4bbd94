//! A table of target weights that somebody wrote. The first byte chooses what the file is called.

use std::fmt::Write as _;
use std::sync::{Arc, LazyLock};

use pitdesk::domain::Instrument;
use pitdesk::exchange::catalogue::{Catalogue, Opening};
use pitdesk::market::allocation::{MAX_WEIGHT, MOST_ROWS};
use pitdesk::store::allocation::read;

static LISTED: LazyLock<Vec<Arc<Instrument>>> = LazyLock::new(|| {
    let catalogue = Catalogue::bundled(Opening::AsListed).expect("the bundled catalogue is in order");
    catalogue.instruments().clone()
});

pub fn body(data: &[u8]) {
    let [choice, file @ ..] = data else { return };
    let name = if choice & 1 == 1 { "weights.toml" } else { "weights.csv" };
    match read(file, name, &LISTED) {
        Ok(table) => {
            assert!(!table.rows.is_empty() && table.rows.len() <= MOST_ROWS.min(file.len()));
            assert!(table.rows.iter().all(|(_, weight)| weight.abs() <= MAX_WEIGHT));
            let mut keys: Vec<_> = table.rows.iter().map(|(key, _)| key).collect();
            keys.sort();
            keys.dedup();
            assert_eq!(keys.len(), table.rows.len(), "each instrument has one row");
            // What was read, written plainly, is read as the same.
            let mut plain = String::new();
            for (key, weight) in &table.rows {
                writeln!(plain, "\"{key}\",{weight}").expect("a text takes all");
            }
            let again = read(plain.as_bytes(), "plain.csv", &LISTED).expect("it is plain");
            assert_eq!(again.rows, table.rows);
        }
        Err(error) => super::says_something(&error.to_string()),
    }
}
