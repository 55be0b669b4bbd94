//! The account file of earlier versions: accounts in an envelope that says which format it is.
//! Nothing writes it any more; it is taken over once (`app::exchange::account`).
//!
//! The version is read before anything else, so that the file of a newer Pitdesk is known
//! for what it is and never taken for damage: there is money in it.

use serde::Deserialize;

use crate::exchange::AccountState;

/// The last there was.
const VERSION: u32 = 1;

/// Why a file is not taken over.
#[derive(Debug, thiserror::Error)]
pub enum BadAccount {
    /// A newer Pitdesk wrote it.
    #[error("a newer Pitdesk wrote it (format {found}, this one reads up to {newest})")]
    Newer {
        /// Its format.
        found: u32,
        /// The newest that this program reads.
        newest: u32,
    },
    /// It is not what it should be.
    #[error("{0}")]
    Damaged(#[from] serde_json::Error),
}

#[derive(Deserialize)]
struct Read {
    data: AccountState,
}

/// The version alone: readable whatever the rest has become.
#[derive(Deserialize)]
struct VersionOnly {
    version: Option<u32>,
}

/// Reads an account file, and the bare accounts of the first ones.
///
/// # Errors
/// When it is damaged, or of a newer format.
pub fn read(text: &str) -> Result<AccountState, BadAccount> {
    match serde_json::from_str::<VersionOnly>(text)?.version {
        None => Ok(serde_json::from_str(text)?),
        Some(found) if found > VERSION => Err(BadAccount::Newer { found, newest: VERSION }),
        Some(_) => Ok(serde_json::from_str::<Read>(text)?.data),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Currency, Decimal, Money};
    use crate::exchange::SavedAccount;

    fn state() -> AccountState {
        let account = SavedAccount {
            account: "PAPER".into(),
            cash: vec![Money { amount: Decimal::new(12_345, 2), currency: Currency::USD }],
            positions: Vec::new(),
            working: Vec::new(),
            past: Vec::new(),
            fills: Vec::new(),
        };
        AccountState { next_exec: 7, accounts: vec![account] }
    }

    #[test]
    fn what_was_written_is_read() {
        let text = serde_json::json!({ "version": VERSION, "data": state() }).to_string();
        assert_eq!(read(&text).unwrap(), state());
    }

    #[test]
    fn the_first_files_had_no_envelope_and_are_read() {
        assert_eq!(read(&serde_json::to_string(&state()).unwrap()).unwrap(), state());
    }

    #[test]
    fn a_newer_file_is_not_taken_for_damage() {
        let newer = r#"{"version":2,"data":{"whatever":1}}"#;
        assert!(matches!(read(newer), Err(BadAccount::Newer { found: 2, newest: VERSION })));
        for damaged in ["", "{", r#"{"version":1}"#, r#"{"next_exec":1}"#, r#"{"version":1,"data":{}}"#] {
            assert!(matches!(read(damaged), Err(BadAccount::Damaged(_))), "{damaged}");
        }
    }
}
