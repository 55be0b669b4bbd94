//! What accounts were worth over time: a file for each account, `equity/<account>.curve`.
//!
//! A line that says whose it is, then records of `RECORD` bytes, each with its checksum. They are appended; a start
//! thins what is old and writes the file anew, whole or not at all. A record that is cut or damaged costs itself and
//! no other.

#[cfg(test)]
mod tests;

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::files::{self, Aside, Loaded, Refusal, Step, WriteError};
use super::profile;
use crate::domain::{AccountId, Currency, Decimal, Money, Time, counted};
use crate::market::equity::{Curve, Curves, Sample};

const VERSION: u32 = 1;
const EXTENSION: &str = "curve";
/// Bytes of a record: time, amount, its decimals, whether it follows, currency, nothing, checksum.
const RECORD: usize = 8 + 16 + 1 + 1 + 8 + 2 + 4;
/// What the checksum is of.
const BODY: usize = RECORD - 4;
/// The line is never longer: an account's name is short.
const LONGEST_LINE: u64 = 4_096;

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Head {
    version: u32,
    account: String,
}

impl Head {
    fn of(account: &AccountId) -> Self {
        Self { version: VERSION, account: account.to_string() }
    }

    fn line(&self) -> io::Result<Vec<u8>> {
        let mut line = serde_json::to_vec(self)?;
        line.push(b'\n');
        Ok(line)
    }
}

/// A file, as far as it could be read.
struct Kept {
    account: AccountId,
    curve: Curve,
    /// Records there were, and how many of them are damaged.
    records: usize,
    damaged: usize,
    /// Whether it ends in the middle of one.
    is_cut: bool,
}

/// Reads the curves below `folder` and thins them. What claims to be later than `now` is not shown: a copy of its file
/// is kept. What is wrong comes with them.
#[must_use]
pub fn load(folder: &Path, now: Time) -> (Curves, Vec<String>) {
    let (mut curves, mut problems) = (Curves::default(), Vec::new());
    files::sweep(folder);
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut paths: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|ending| ending == EXTENSION)).collect();
    paths.sort();
    for path in paths {
        match files::load_with(&path, read) {
            Loaded::Value(kept) => {
                let (account, curve) = settle(&path, kept, now, &mut problems);
                curves.put(account, curve);
            }
            Loaded::Missing => {}
            Loaded::Damaged { kept_as, why } => problems.push(format!(
                "The equity curve of {} cannot be used: {why}. It is kept as {}, and a new one begins",
                path.display(),
                kept_as.display()
            )),
        }
    }
    (curves, problems)
}

/// Says what is wrong with a file, thins it, and writes it anew where it is another then.
fn settle(path: &Path, kept: Kept, now: Time, problems: &mut Vec<String>) -> (AccountId, Curve) {
    let Kept { account, mut curve, records, damaged, is_cut } = kept;
    let lost = damaged + usize::from(is_cut);
    if lost > 0 {
        let values = counted(lost, "value", "values");
        problems.push(format!("{values} of the equity curve of {account} are damaged: the rest is shown"));
    }
    let later = curve.end_at(now);
    if later > 0 {
        let values = counted(later, "value", "values");
        let copy = match files::set_aside(path, Aside::Edited) {
            Ok(copy) => format!("They are kept in {}", copy.display()),
            Err(error) => format!("No copy could be made: {error}"),
        };
        problems.push(format!(
            "{values} of the equity curve of {account} are of later than now: check the clock. {copy}"
        ));
    }
    curve.thin(now);
    if (lost > 0 || curve.samples().len() != records)
        && let Err(error) = write(path, &account, curve.samples())
    {
        problems.push(format!("The equity curve of {account} could not be thinned: {error}"));
    }
    (account, curve)
}

fn read(bytes: &[u8]) -> Result<Kept, Refusal> {
    let damaged = |why: &str| Refusal::Damaged(why.to_owned());
    let end = bytes.iter().position(|byte| *byte == b'\n').ok_or_else(|| damaged("its first line is cut"))?;
    let head: Head =
        serde_json::from_slice(&bytes[..end]).map_err(|error| Refusal::Damaged(error.to_string()))?;
    if head.version > VERSION {
        return Err(Refusal::Newer { found: head.version, newest: VERSION });
    }
    let (records, rest) = bytes[end + 1..].as_chunks::<RECORD>();
    let mut kept = Kept {
        account: AccountId(head.account.as_str().into()),
        curve: Curve::default(),
        records: records.len(),
        damaged: 0,
        is_cut: !rest.is_empty(),
    };
    let mut is_whole = true;
    for record in records {
        let sample = decode(record);
        if let Some(sample) = sample {
            // Behind what is lost there is a gap.
            kept.curve.add(Sample { follows: sample.follows && is_whole, ..sample });
        }
        is_whole = sample.is_some();
        kept.damaged += usize::from(!is_whole);
    }
    Ok(kept)
}

/// Appends values to the files of their accounts, each account's oldest first. May wait for the disk.
///
/// # Errors
/// When one could not be written. What was written before it may be written once more: it counts once.
pub fn append(folder: &Path, samples: &[(AccountId, Sample)]) -> Result<(), WriteError> {
    let failed = |source| WriteError { path: folder.to_owned(), step: Step::Create, source };
    profile::make_private(folder).map_err(failed)?;
    let mut accounts: Vec<&AccountId> = samples.iter().map(|(account, _)| account).collect();
    accounts.sort_unstable();
    accounts.dedup();
    for account in accounts {
        let own: Vec<Sample> = samples.iter().filter(|one| one.0 == *account).map(|one| one.1).collect();
        let path = folder.join(format!("{}.{EXTENSION}", profile::file_stem(&account.0)));
        match continued(&path, &Head::of(account)) {
            Some((file, length)) => {
                let added = add(file, length, &own);
                added.map_err(|source| WriteError { path, step: Step::Fill, source })?;
            }
            None => write(&path, account, &own)?,
        }
    }
    Ok(())
}

/// The file to be continued, and how far it reaches; `None` where there is none of this account that can be.
fn continued(path: &Path, head: &Head) -> Option<(File, u64)> {
    let file = OpenOptions::new().read(true).write(true).open(path).ok()?;
    let mut line = Vec::new();
    BufReader::new((&file).take(LONGEST_LINE)).read_until(b'\n', &mut line).ok()?;
    if head.line().ok()? != line {
        return None;
    }
    let length = file.metadata().ok()?.len();
    // Behind what was cut nothing could be read.
    let cut = (length - line.len() as u64) % RECORD as u64;
    Some((file, length - cut))
}

/// Writes records behind the first `length` bytes: all of them, or none that a reader would meet.
fn add(mut file: File, length: u64, samples: &[Sample]) -> io::Result<()> {
    let records: Vec<u8> = samples.iter().flat_map(encode).collect();
    file.set_len(length)?;
    file.seek(SeekFrom::Start(length))?;
    let written = file.write_all(&records).and_then(|()| file.sync_data());
    if written.is_err() {
        file.set_len(length).ok();
    }
    written
}

fn write(path: &Path, account: &AccountId, samples: &[Sample]) -> Result<(), WriteError> {
    files::write_with(path, |file| {
        file.write_all(&Head::of(account).line()?)?;
        samples.iter().try_for_each(|sample| file.write_all(&encode(sample)))
    })
}

fn encode(sample: &Sample) -> [u8; RECORD] {
    let Money { amount, currency } = sample.equity;
    let mut record = [0; RECORD];
    record[..8].copy_from_slice(&sample.time.0.to_le_bytes());
    record[8..24].copy_from_slice(&amount.mantissa().to_le_bytes());
    // 28 at most.
    record[24] = amount.scale() as u8;
    record[25] = u8::from(sample.follows);
    let code = currency.code().as_bytes();
    record[26..26 + code.len()].copy_from_slice(code);
    let sum = crc32fast::hash(&record[..BODY]);
    record[BODY..].copy_from_slice(&sum.to_le_bytes());
    record
}

fn decode(record: &[u8; RECORD]) -> Option<Sample> {
    let (time, rest) = record.split_first_chunk()?;
    let (mantissa, rest) = rest.split_first_chunk()?;
    let ([scale, follows], rest) = rest.split_first_chunk()?;
    let (code, _) = rest.split_first_chunk::<8>()?;
    let sum = record.last_chunk()?;
    if crc32fast::hash(&record[..BODY]) != u32::from_le_bytes(*sum) {
        return None;
    }
    let amount = Decimal::try_from_i128_with_scale(i128::from_le_bytes(*mantissa), u32::from(*scale)).ok()?;
    let code = std::str::from_utf8(code).ok()?.trim_end_matches('\0');
    let equity = Money { amount, currency: Currency::parse(code).ok()? };
    Some(Sample { time: Time(i64::from_le_bytes(*time)), equity, follows: *follows != 0 })
}
