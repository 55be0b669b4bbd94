//! `pitdesk import` and `pitdesk bars`: recorded data into the profile, and out again.

use std::io::Write as _;

use anyhow::Context as _;

use super::cli::{Bars, Import, Options};
use super::recording::{self, csv_options, find};
use crate::domain::{Bar, Session, SessionKind, Time, TradingHours, counted};
use crate::market::aggregate::{Sessions, aggregate_bars};
use crate::market::calendar::Calendar;
use crate::store::bars::{Entry, Kind, Library, Origin, Series};
use crate::store::import::{Imported, RowOrder, read_csv};
use crate::store::profile::Profile;

/// The venue under which imported series are filed.
pub(super) const VENUE: &str = "IMPORT";

pub(super) fn run(import: &Import, options: &Options) -> anyhow::Result<()> {
    let symbol = options.csv.symbol.as_deref().context("say which symbol the file is of: --symbol SPY")?;
    let csv = csv_options(&options.csv);
    let imported = read_csv(&import.file, &csv)
        .with_context(|| format!("nothing was imported from {}", import.file.display()))?;
    let profile = Profile::open(options.data_dir.as_deref(), options.recordings_profile())?;
    let (mut library, problems) = Library::open(&profile.bars_folder());
    let origin = Origin {
        symbol: symbol.to_owned(),
        venue: VENUE.to_owned(),
        zone: recording::zone(None, &options.csv),
        class: options.csv.class,
        currency: options.csv.currency,
        source: import.file.display().to_string(),
        imported: Time::from_timestamp(jiff::Timestamp::now()),
    };
    library.save(origin, &imported.series)?;
    let mut out = std::io::stdout().lock();
    for problem in problems {
        writeln!(out, "note: {problem}")?;
    }
    describe(&imported, symbol, &mut out)?;
    writeln!(out, "Trade against it with: pitdesk --replay {symbol}")?;
    Ok(())
}

fn describe(imported: &Imported, symbol: &str, out: &mut impl std::io::Write) -> std::io::Result<()> {
    let report = &imported.report;
    let format = &report.format;
    let what = match &imported.series {
        Series::Bars(_, timeframe) => format!("bars of {timeframe}"),
        Series::Trades(_) => "trades".to_owned(),
    };
    writeln!(out, "Imported {} {what} of {symbol}, {} to {}", report.rows, report.first, report.last)?;
    let order = match format.order {
        RowOrder::OldestFirst => "oldest first",
        RowOrder::NewestFirst => "newest first",
    };
    writeln!(out, "Read as: dates {}, zone {}, {order}", format.dates, format.zone)?;
    let columns: Vec<String> =
        format.columns.iter().map(|(as_what, name)| format!("{as_what} = {name}")).collect();
    writeln!(out, "Columns: {}", columns.join(", "))?;
    if !format.ignored.is_empty() {
        writeln!(out, "Not used: {}", format.ignored.join(", "))?;
    }
    if report.duplicates > 0 {
        let (one, many) = ("row was there twice and is kept once", "rows were there twice and are kept once");
        writeln!(out, "{}", counted(report.duplicates, one, many))?;
    }
    for warning in &report.warnings {
        writeln!(out, "note: {warning}")?;
    }
    Ok(())
}

pub(super) fn print_bars(task: &Bars, options: &Options) -> anyhow::Result<()> {
    let symbol = options.csv.symbol.as_deref().context("say which symbol: --symbol SPY")?;
    let profile = Profile::open(options.data_dir.as_deref(), options.recordings_profile())?;
    let (library, _problems) = Library::open(&profile.bars_folder());
    let entry = imported_bars(&library, symbol)?;
    let Series::Bars(bars, recorded) = library.load(&entry.origin.key(), entry.kind)? else {
        anyhow::bail!("{symbol} was imported as trades");
    };
    let timeframe = options.csv.timeframe.unwrap_or(recorded);
    anyhow::ensure!(timeframe >= recorded, "{symbol} was imported in {recorded}: ask for that or longer");
    let zone = recording::zone(Some(&entry.origin), &options.csv);
    let (hours, sessions) = match &task.regular {
        None => (TradingHours::always(&zone), Sessions::All),
        Some(hours) => (regular_hours(hours, said_zone(entry, options))?, Sessions::RegularOnly),
    };
    let bars = aggregate_bars(bars.iter(), &Calendar::new(&hours)?, timeframe, sessions);
    let mut out = std::io::stdout().lock();
    writeln!(out, "time,open,high,low,close,volume")?;
    for Bar { time, open, high, low, close, volume } in bars {
        writeln!(out, "{time},{open},{high},{low},{close},{volume}")?;
    }
    Ok(())
}

/// The finest bars that were imported of a symbol.
fn imported_bars<'a>(library: &'a Library, symbol: &str) -> anyhow::Result<&'a Entry> {
    match find(library, symbol, |kind| kind != Kind::Trades) {
        Some(entry) => Ok(entry),
        None if find(library, symbol, |_| true).is_some() => {
            anyhow::bail!("{symbol} was imported as trades: import bars of it, or replay it")
        }
        None => anyhow::bail!("nothing was imported of {symbol}: pitdesk import FILE --symbol {symbol}"),
    }
}

/// The zone that somebody has said, now or at the import.
fn said_zone<'a>(entry: &'a Entry, options: &'a Options) -> Option<&'a str> {
    let imported = Some(entry.origin.zone.as_str()).filter(|zone| *zone != "UTC");
    options.csv.zone.as_deref().or(imported)
}

/// `09:30-16:00` on weekdays of the zone, or of New York.
fn regular_hours(text: &str, zone: Option<&str>) -> anyhow::Result<TradingHours> {
    let wrong = || format!("'{text}' are no hours: write 09:30-16:00");
    let minute = |clock: &str| -> anyhow::Result<i16> {
        let (hour, minute) = clock.split_once(':').with_context(wrong)?;
        let (hour, minute): (i16, i16) =
            (hour.parse().with_context(wrong)?, minute.parse().with_context(wrong)?);
        anyhow::ensure!((0..=24).contains(&hour) && (0..60).contains(&minute), wrong());
        Ok(hour * 60 + minute)
    };
    let (open, close) = text.split_once('-').with_context(wrong)?;
    let session = Session { open: minute(open)?, close: minute(close)?, kind: SessionKind::Regular };
    Ok(TradingHours {
        zone: zone.unwrap_or("America/New_York").to_owned(),
        sessions: vec![session],
        weekdays: [true, true, true, true, true, false, false],
        holidays: Vec::new(),
    })
}
