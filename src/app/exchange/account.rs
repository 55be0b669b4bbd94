//! The account of the exchange in this program: its log in the profile, and the whole file of
//! earlier versions, which is taken over once.
//!
//! A disk that takes nothing keeps nobody from beginning, and from cancelling: what cannot be written
//! is tried again by the exchange. What is damaged is set aside and said. But what may be whole and
//! cannot be used now (it cannot be read, a newer Pitdesk wrote it) is left alone, and no other
//! account begins in its place.

use std::fs;
use std::path::PathBuf;

use super::log::{Content, Log};
use crate::app::read_whole;
use crate::broker::paper::saved::{self, BadAccount};
use crate::broker::paper::{Change, Disk, NAME, Saved};
use crate::broker::registry::Kept;
use crate::store::files::{Loaded, Refusal};
use crate::store::profile::Profile;

/// What the account file of earlier versions is called once it has been taken over.
const TAKEN: &str = "taken-over";

/// What the profile has kept of the paper account, and where it is kept from now on. What is worth
/// telling a trader goes into `problems`.
///
/// # Errors
/// When another exchange uses the account, or it cannot be used now and may be whole.
pub fn open(profile: &Profile, problems: &mut Vec<String>) -> anyhow::Result<Kept> {
    let path = profile.account_log(NAME);
    let old = profile.account_file(NAME);
    let (log, loaded) = Log::take(&path)?;
    let (saved, earlier) = match loaded {
        Loaded::Value(Content { saved, torn }) => {
            if torn > 0 {
                problems.push(format!(
                    "The last {torn} bytes of the saved paper account were torn when the computer or the \
                     program ended: they are left out. Nothing in them had been confirmed"
                ));
            }
            // It may not have been possible to put it away when it was taken over.
            let is_ours = fs::read_to_string(&old).is_ok_and(|text| saved::read(&text).is_ok());
            (saved, is_ours.then_some(old))
        }
        Loaded::Missing => {
            let is_account = |text: &str| saved::read(text).map(drop).map_err(refusal);
            let text = read_whole(&old, "paper account", problems, is_account);
            let accounts = text.and_then(|text| saved::read(&text).ok());
            let is_ours = accounts.is_some();
            (accounts.map(Saved::from).unwrap_or_default(), is_ours.then_some(old))
        }
        // A damaged file was put away. This is one of a newer Pitdesk, or could not be put away: what
        // is written now would take its place, and there is money in it.
        Loaded::Damaged { why, .. } if path.exists() => {
            anyhow::bail!("The paper account {} cannot be used: {why}", path.display())
        }
        Loaded::Damaged { kept_as, why } => {
            problems.push(format!(
                "The saved paper account cannot be used ({why}); a new one begins, the old is kept as {}",
                kept_as.display()
            ));
            (Saved::default(), None)
        }
    };
    Ok(Kept { saved, disk: Box::new(AccountDisk { log, earlier }) })
}

fn refusal(error: BadAccount) -> Refusal {
    match error {
        BadAccount::Newer { found, newest } => Refusal::Newer { found, newest },
        error @ BadAccount::Damaged(_) => Refusal::Damaged(error.to_string()),
    }
}

/// The log, and the file of an earlier version until that is in it.
struct AccountDisk {
    log: Log,
    earlier: Option<PathBuf>,
}

impl Disk for AccountDisk {
    fn append(&mut self, changes: &[Change], whole: &Saved) -> Result<(), String> {
        if self.log.is_long() {
            return self.replace(whole);
        }
        self.log.append_all(changes).map_err(|error| error.to_string())
    }

    fn replace(&mut self, whole: &Saved) -> Result<(), String> {
        self.log.replace(whole).map_err(|error| error.to_string())?;
        if let Some(earlier) = self.earlier.take()
            && let Err(error) = fs::rename(&earlier, earlier.with_added_extension(TAKEN))
        {
            tracing::warn!("{} is in the account's log now, but stays: {error}", earlier.display());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::OrderId;
    use crate::exchange::AccountState;

    fn profile(folder: &tempfile::TempDir) -> Profile {
        Profile::open(Some(folder.path()), "paper").unwrap()
    }

    fn opened(profile: &Profile) -> (Kept, Vec<String>) {
        let mut problems = Vec::new();
        (open(profile, &mut problems).unwrap(), problems)
    }

    /// As an earlier version wrote it: one order, filled in three parts.
    const OLD: &str = include_str!("../../../tests/corpus/account-version-1.json");

    #[test]
    fn the_file_of_an_earlier_version_is_taken_over_once() {
        let folder = tempfile::tempdir().unwrap();
        let profile = profile(&folder);
        let old = profile.account_file(NAME);
        fs::write(&old, OLD).unwrap();
        let (mut kept, problems) = opened(&profile);
        assert_eq!((kept.saved.accounts.next_exec, problems), (4, Vec::new()));
        assert!(kept.saved.ids.contains(OrderId(1)), "its ids are used up");
        assert!(old.exists(), "as long as the log does not have it");
        drop(kept.disk);
        // The program died before it had written: the same again.
        kept = opened(&profile).0;
        kept.disk.replace(&kept.saved).unwrap();
        assert!(!old.exists() && old.with_added_extension(TAKEN).exists(), "kept, and out of the way");
        let later = Saved { event: 1, ..kept.saved };
        kept.disk.replace(&later).unwrap();
        drop(kept.disk);
        // Whatever stands in its place later is not the account any more.
        fs::write(&old, OLD).unwrap();
        let mut again = opened(&profile).0;
        assert_eq!(again.saved, later);
        again.disk.replace(&later).unwrap();
        assert!(!old.exists());
    }

    #[test]
    fn the_log_of_a_newer_version_is_left_alone_and_said() {
        let folder = tempfile::tempdir().unwrap();
        let profile = profile(&folder);
        let path = profile.account_log(NAME);
        let mut frames = crate::broker::paper::wire::frame::Outbound::new(1 << 20);
        let mut bytes = Vec::new();
        frames.frame(&serde_json::json!({ "Format": 77 }), &mut bytes).unwrap();
        fs::write(&path, &bytes).unwrap();
        let refused = open(&profile, &mut Vec::new()).err().map(|error| error.to_string());
        assert!(refused.as_ref().is_some_and(|why| why.contains("newer")), "{refused:?}");
        assert_eq!(fs::read(&path).unwrap(), bytes, "the newer program finds it as it was");
    }

    #[test]
    fn an_account_of_a_newer_version_or_a_damaged_one_is_set_aside_and_said() {
        let folder = tempfile::tempdir().unwrap();
        let profile = profile(&folder);
        let old = profile.account_file(NAME);
        fs::write(&old, r#"{"version":2,"data":{}}"#).unwrap();
        let (mut kept, problems) = opened(&profile);
        assert!(problems[0].contains("a newer Pitdesk wrote it"), "{problems:?}");
        kept.disk.replace(&kept.saved).unwrap();
        assert!(old.exists(), "the newer program finds it in its place");
        drop(kept.disk);
        let log = profile.account_log(NAME);
        let mut bytes = fs::read(&log).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&log, &bytes).unwrap();
        let (kept, problems) = opened(&profile);
        assert_eq!(kept.saved, Saved::default());
        assert!(problems[0].contains("cannot be used") && problems[0].contains("damaged-1"), "{problems:?}");
        assert_eq!(fs::read(log.with_added_extension("damaged-1")).unwrap(), bytes);
    }

    #[test]
    fn a_torn_end_is_left_out_and_said_and_the_rest_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let profile = profile(&folder);
        let (mut kept, _) = opened(&profile);
        let saved =
            Saved { event: 3, accounts: AccountState { next_exec: 9, ..Default::default() }, ..kept.saved };
        kept.disk.replace(&saved).unwrap();
        drop(kept.disk);
        let log = profile.account_log(NAME);
        let bytes = fs::read(&log).unwrap();
        // Cut short; and longer already, with only a later part of it written.
        for torn in [vec![7, 0, 0, 0, 3], [vec![0; 2_000], b"the end of a frame".to_vec()].concat()] {
            fs::write(&log, [bytes.clone(), torn.clone()].concat()).unwrap();
            let (kept, problems) = opened(&profile);
            assert_eq!(kept.saved, saved);
            let said = format!("The last {} bytes of the saved paper account were torn", torn.len());
            assert!(problems[0].starts_with(&said) && problems.len() == 1, "{problems:?}");
        }
    }

    #[test]
    fn a_disk_that_takes_nothing_keeps_nobody_from_beginning() {
        let folder = tempfile::tempdir().unwrap();
        let profile = profile(&folder);
        fs::write(profile.account_file(NAME), OLD).unwrap();
        let log = profile.account_log(NAME);
        let (mut kept, problems) = opened(&profile);
        fs::create_dir_all(log.join("in the way")).unwrap();
        assert!(problems.is_empty());
        let why = kept.disk.append(&[], &kept.saved).unwrap_err();
        assert!(why.contains("account-") && why.contains("move it"), "{why}");
        assert!(profile.account_file(NAME).exists(), "not taken over as long as it is nowhere else");
        fs::remove_dir_all(&log).unwrap();
        kept.disk.append(&[], &kept.saved).unwrap();
        drop(kept.disk);
        assert_eq!(opened(&profile).0.saved, kept.saved);
    }
}
