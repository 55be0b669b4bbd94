//! `pitdesk journal export`: orders, fills and results of past days as CSV.
//!
//! It needs no lock on the profile, so that it works beside the window.

use std::io::{self, Write};
use std::path::Path;

use anyhow::Context as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::cli::{Export, Options, What, When};
use crate::domain::Time;
use crate::domain::csv as columns;
use crate::store::files;
use crate::store::journal::{Archive, DayResult, by_day};
use crate::store::profile::Profile;

pub(super) fn run(export: &Export, options: &Options) -> anyhow::Result<()> {
    let file = Profile::journal_of(options.data_dir.as_deref(), &options.profile_name())?;
    let zone_name = options.csv.zone.as_deref().unwrap_or("UTC");
    let zone = TimeZone::get(zone_name).with_context(|| format!("'{zone_name}' is no time zone"))?;
    let from = options.from.map_or(Time::MIN, |when| when.time(|day| start_of(day, &zone)));
    // A day that is named as the end belongs to it.
    let to = match export.to {
        Some(When::Day(day)) => start_of(day.tomorrow().context("no day comes after that of --to")?, &zone),
        Some(When::At(time)) => time,
        None => Time::MAX,
    };
    anyhow::ensure!(from < to, "--from must be before --to");

    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let (count, damaged) = runtime.block_on(async {
        let mut archive = Archive::open(&file).await?;
        let written = match export.what {
            What::Fills => {
                let found = archive.fills(from, to).await?;
                let notes = archive.notes().await?;
                let note = |order| notes.get(order).map(|note| &**note);
                let rows = found.rows.iter().map(|fill| columns::fill(&fill.line(), note(&fill.order)));
                save(&export.file, &columns::FILL, rows)?;
                (found.rows.len(), found.damaged)
            }
            What::Orders => {
                let found = archive.orders(from, to).await?;
                let notes = archive.notes().await?;
                let note = |order| notes.get(order).map(|note| &**note);
                let rows = found.rows.iter().map(|order| columns::order(&order.line(), note(&order.id)));
                save(&export.file, &columns::ORDER, rows)?;
                (found.rows.len(), found.damaged)
            }
            What::Days => {
                let found = archive.fills(from, to).await?;
                let days = by_day(&found.rows, &zone)?;
                save(&export.file, &DAY, days.iter().map(day))?;
                (days.len(), found.damaged)
            }
        };
        archive.close().await;
        anyhow::Ok(written)
    })?;
    let mut out = io::stdout().lock();
    writeln!(out, "Wrote {count} {} to {}", export.what, export.file.display())?;
    anyhow::ensure!(damaged == 0, "{damaged} rows of the journal are damaged and missing in the file");
    Ok(())
}

fn start_of(day: Date, zone: &TimeZone) -> Time {
    day.to_zoned(zone.clone()).map_or(Time::MAX, |start| Time::from_timestamp(start.timestamp()))
}

fn save<const N: usize>(
    file: &Path,
    header: &[&str; N],
    rows: impl Iterator<Item = [String; N]>,
) -> anyhow::Result<()> {
    let write = |out: &mut dyn Write| -> io::Result<()> {
        let mut csv = csv::Writer::from_writer(out);
        csv.write_record(header)?;
        for row in rows {
            csv.write_record(row)?;
        }
        csv.flush()
    };
    Ok(files::write_with(file, |out| write(out))?)
}

/// The heads of [`day`].
const DAY: [&str; 7] = ["day", "broker", "account", "currency", "realised", "commissions", "net"];

/// What a day has come to, under the heads [`DAY`].
fn day(row: &DayResult) -> [String; 7] {
    [
        row.day.to_string(),
        columns::words(&row.broker),
        columns::words(&row.account.0),
        row.currency.to_string(),
        row.realised.to_string(),
        row.commissions.to_string(),
        row.net().to_string(),
    ]
}
