//! Past days: what is found, what it adds up to, and the export.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use jiff::tz::TimeZone;
use pitdesk::domain::time::DAY;
use pitdesk::domain::*;
use pitdesk::store::journal::{Archive, DayResult, by_day};
use proptest::collection::vec;
use proptest::prelude::*;

use super::desk::{self, block_on};
use super::sample::*;

fn results(file: &Path, zone: &TimeZone) -> Vec<DayResult> {
    block_on(async {
        let mut archive = Archive::open(file).await.unwrap();
        let found = archive.fills(Time::MIN, Time::MAX).await.unwrap();
        assert_eq!(found.damaged, 0);
        archive.close().await;
        by_day(&found.rows, zone).unwrap()
    })
}

/// With twelve decimals more, still what 28 digits can add up.
const MOST: i64 = 100_000_000_000_000;

/// Digits at twelve decimals, so that integers can count what decimals claim.
fn digits(amount: Decimal) -> i128 {
    let scale = amount.scale();
    assert!(scale <= 12);
    amount.mantissa() * 10_i128.pow(12 - scale)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_days_result_is_the_sum_over_its_fills_to_the_last_decimal(
        fills in vec((0..5_i64 * DAY, -MOST..MOST, 0..13_u32, any::<i32>(), 0..13_u32, any::<bool>()), 1..80),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("journal.sqlite");
        let mut records = Vec::new();
        let mut naive: BTreeMap<(jiff::civil::Date, Currency), (i128, i128)> = BTreeMap::new();
        let zone = TimeZone::get("Asia/Tokyo").unwrap();
        for (seq, (at, realised, scale, fee, fee_scale, is_yen)) in (1..).zip(fills) {
            let currency = if is_yen { Currency::JPY } else { Currency::USD };
            let mut record = executed(seq, seq);
            let Moment::Executed(fill) = &mut record.moment else { unreachable!() };
            fill.time = Time(at);
            fill.realised = Decimal::new(realised, scale);
            fill.commission = Money { amount: Decimal::new(fee.into(), fee_scale), currency };
            let day = fill.time.to_timestamp().to_zoned(zone.clone()).date();
            // The instrument is paid in dollars, the fee in whatever the broker takes.
            naive.entry((day, Currency::USD)).or_default().0 += digits(fill.realised);
            naive.entry((day, currency)).or_default().1 += digits(fill.commission.amount);
            records.push(record);
        }
        desk::write(&file, &records);
        let summed = results(&file, &zone).into_iter().map(|row| {
            ((row.day, row.currency), (digits(row.realised), digits(row.commissions)))
        });
        prop_assert_eq!(summed.collect::<BTreeMap<_, _>>(), naive);
    }
}

#[test]
fn a_sum_that_would_be_rounded_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("journal.sqlite");
    let amounts = ["10000000000000000000000", "0.0000000000000000000000000001"];
    let records: Vec<Record> = (1..)
        .zip(amounts)
        .map(|(seq, amount)| {
            let mut record = executed(seq, seq);
            let Moment::Executed(fill) = &mut record.moment else { unreachable!() };
            fill.realised = amount.parse().unwrap();
            record
        })
        .collect();
    desk::write(&file, &records);
    block_on(async {
        let mut archive = Archive::open(&file).await.unwrap();
        let found = archive.fills(Time::MIN, Time::MAX).await.unwrap();
        assert_eq!(found.rows[0].realised.to_string(), amounts[0], "no digit is lost on disk");
        assert_eq!(found.rows[1].realised.to_string(), amounts[1]);
        let error = by_day(&found.rows, &TimeZone::UTC).unwrap_err();
        assert!(error.to_string().contains("added exactly"), "{error}");
    });
}

#[test]
fn what_is_asked_for_is_from_the_first_instant_up_to_the_last_beside_a_writer() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("journal.sqlite");
    let mut records: Vec<Record> = (1..=9_000).map(|id| executed(id, id)).collect();
    for record in &mut records {
        let Moment::Executed(fill) = &mut record.moment else { unreachable!() };
        // Three at each instant, so that pages end among equals.
        fill.time = Time::from_seconds(i64::try_from(fill.order.0 / 3).unwrap());
        record.orders[0].created = fill.time;
    }
    desk::write(&file, &records);
    block_on(async {
        let (journal, _) = pitdesk::store::journal::Journal::open(&file, names(), desk::NOW).await.unwrap();
        let mut archive = Archive::open(&file).await.unwrap();
        let (from, to) = (Time::from_seconds(10), Time::from_seconds(2_900));
        let fills = archive.fills(from, to).await.unwrap();
        let ids: Vec<u64> = fills.rows.iter().map(|fill| fill.order.0).collect();
        assert_eq!(ids, (30..8_700).collect::<Vec<_>>());
        let orders = archive.orders(from, to).await.unwrap();
        let ids: Vec<u64> = orders.rows.iter().map(|order| order.id.0).collect();
        assert_eq!(ids, (30..8_700).collect::<Vec<_>>());
        archive.close().await;
        journal.close().await;
    });
}

fn pitdesk(home: &Path, arguments: &[&str]) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pitdesk"));
    command.arg("--data-dir").arg(home).args(arguments);
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

#[test]
fn the_export_has_every_decimal_and_says_what_it_wrote() {
    let home = tempfile::tempdir().unwrap();
    let csv = home.path().join("out.csv");
    let out = csv.to_str().unwrap();
    let (is_well, said) = pitdesk(home.path(), &["journal", "export", out]);
    assert!(!is_well && said.contains("nothing was traded"), "{said}");

    // Beside a running program: it holds the profile's lock.
    let profile = pitdesk::store::profile::Profile::open(Some(home.path()), "paper").unwrap();
    let note = pitdesk::domain::Note::typed("=early", "gap plan");
    let noted = record(3, Moment::Noted { order: OrderId(1), note }, vec![]);
    let mut records = vec![intended(1, 1), executed(2, 1), noted];
    let Moment::Executed(fill) = &mut records[1].moment else { unreachable!() };
    fill.time = Time::from_timestamp("2026-03-01T23:30:00Z".parse().unwrap());
    fill.commission.amount = "0.350000001".parse().unwrap();
    desk::write(&profile.journal_file(), &records);

    let (is_well, said) = pitdesk(home.path(), &["journal", "export", out]);
    assert!(is_well && said.contains("Wrote 1 fills") && said.contains(out), "{said}");
    assert_eq!(
        fs::read_to_string(&csv).unwrap(),
        "time,broker,account,execution,order,instrument,side,quantity,price,currency,realised,commission,\
         commission currency,liquidity,note,tags\n\
         2026-03-01T23:30:00Z,paper,PAPER,e-1,1,AAPL@TEST,Buy,100,100.49,USD,-12.5,0.350000001,USD,Taker,'=early,\"gap, plan\"\n"
    );
    let (is_well, said) = pitdesk(home.path(), &["journal", "export", out, "--what", "orders"]);
    assert!(is_well, "{said}");
    let orders = fs::read_to_string(&csv).unwrap();
    assert!(
        orders
            .lines()
            .nth(1)
            .unwrap()
            .starts_with("1,1970-01-01T00:16:40Z,1970-01-01T00:16:41Z,paper,PAPER,")
    );
    assert!(orders.contains(",Limit,100.50,,,GTC,,,,,Filled,100,,,Ticket,"), "{orders}");

    let days = ["journal", "export", out, "--what", "days", "--zone", "Asia/Tokyo"];
    let day = |extra: &[&str]| {
        let (is_well, said) = pitdesk(home.path(), &[&days[..], extra].concat());
        assert!(is_well, "{said}");
        fs::read_to_string(&csv).unwrap().lines().nth(1).map(str::to_owned)
    };
    let expected = "2026-03-02,paper,PAPER,USD,-12.5,0.350000001,-12.850000001";
    assert_eq!(day(&[]).as_deref(), Some(expected), "in Tokyo it is the next day");
    assert_eq!(day(&["--from", "2026-03-02", "--to", "2026-03-02"]).as_deref(), Some(expected));
    assert_eq!(day(&["--to", "2026-03-01"]), None);
    let (is_well, said) =
        pitdesk(home.path(), &[&days[..], &["--from", "2026-03-03", "--to", "2026-03-01"]].concat());
    assert!(!is_well && said.contains("--from must be before --to"), "{said}");
}
