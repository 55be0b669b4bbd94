//! Every way in which a file can be wrong, and what a person is told.

use std::io::{self, Read};

use flate2::read::GzDecoder;
use pitdesk::domain::Timeframe;
use pitdesk::store::import::{DateOrder, DecimalMark, ImportError, LISTED, Options, read, read_csv};

use super::{gzip, import};

fn refusal(bytes: &[u8]) -> String {
    read(bytes, &Options::default()).expect_err("it was imported").to_string()
}

const HEAD: &str = "date,open,high,low,close,volume\n";

#[test]
fn files_that_are_no_tables() {
    let gzipped_zip = gzip(b"PK\x03\x04 and so on");
    let table: [(&[u8], &str); 16] = [
        (b"", "the file is empty"),
        (b"\n\n  \n", "the file is empty"),
        (b"# only a remark\n", "the file is empty"),
        (b"PK\x03\x04\x14\0\x06\0", "a zip archive or a spreadsheet: unpack it"),
        (&gzipped_zip, "a zip archive"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (b"\xFF\xFEd\0a\0t\0e\0", "UTF-16"),
        (b"\x7FELF\x02\x01\x01\0\0\0\0\0\0\0\0\0", "not a text file"),
        (b"date,open,high,low,close\n2024-01-15,1,\xE9,1,1\n", "line 2 is not UTF-8"),
        (b"date,open,high,low,close,volume\n", "no rows below the header in line 1"),
        (b"hello world\n", "begins with “hello world”"),
        (b"a,b,c\n1,2,3\n", "give it a header line"),
        (b"date,open,high,low\n2024-01-15,1,1,1\n", "no column for close; it has date, open, high, low."),
        (b"date,open,high,low,close\nyesterday,1,1,1,1\n", "'yesterday' in line 2 is no date"),
        (b"2024-01-15,10,5\n2024-01-16,11,4\n", "no columns of bars or trades"),
        (b"date,open,high,low,close\n\"2024-01-15,1,1,1,1\n", "line 2"),
    ];
    for (bytes, expected) in table {
        let text = refusal(bytes);
        assert!(text.contains(expected), "{:?}: {text}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn wrong_rows_are_named_by_line_and_reason() {
    let good = "2024-01-15,1,3,1,2,5\n";
    let table = [
        ("2024-01-16,1,x,1,2,5", "line 3: its high 'x' is no number"),
        ("2024-01-16,1,,1,2,5", "line 3: its high is missing"),
        ("2024-01-16,1,NaN,1,2,5", "line 3: its high 'NaN' is no number"),
        ("2024-01-16,1,1,3,2,5", "line 3: its high 1 is below its low 3"),
        ("2024-01-16,9,3,1,2,5", "line 3: its open 9 is outside of low 1 to high 3"),
        ("2024-01-16,1,3,1,0.5,5", "line 3: its close 0.5 is outside of low 1 to high 3"),
        ("2024-01-16,1,3,1,2,-5", "line 3: its volume -5 is negative"),
        ("2024-01-16,1,3,1", "line 3: it has 4 fields where 6 are expected"),
        ("2024-01-16,1,3,1,2,1,234", "line 3: it has 7 fields where 6 are expected"),
        ("2024-01-16,\"1,3,1,2,5", "line 3: its quotes do not match"),
        ("2024-02-30,1,3,1,2,5", "line 3: there is no date '2024-02-30'"),
        ("16.01.2024,1,3,1,2,5", "line 3: '16.01.2024' is no YYYY-MM-DD"),
        ("2024-01-15,1,3,1,2,6", "line 3: its time 2024-01-15T00:00:00Z is also that of line 2"),
        ("\n2024-01-14,1,3,1,2,5", "line 4: its time 2024-01-14T00:00:00Z is out of order"),
    ];
    for (row, expected) in table {
        let text =
            refusal(format!("{HEAD}{good}{row}\n2024-01-17,1,3,1,2,5\n2024-01-18,1,3,1,2,5\n").as_bytes());
        assert!(text.starts_with("1 row is wrong, so nothing was imported."), "{row}: {text}");
        assert!(text.contains(expected), "{row}: {text}");
    }
}

#[test]
fn wrong_trades_are_named_by_line_and_reason() {
    let table = [
        ("2024-01-15T10:00:01Z,1,-2,buy", "line 3: its size -2 is negative"),
        ("2024-01-15T10:00:01Z,one,2,buy", "line 3: its price 'one' is no number"),
        ("2024-01-15T10:00:01Z,1,2,up", "line 3: its side 'up' is neither buy nor sell"),
        ("2024-01-15T09:59:59Z,1,2,buy", "line 3: its time 2024-01-15T09:59:59Z is out of order"),
        ("2024-01-15T10:00:01,1,2,buy", "line 3: '2024-01-15T10:00:01' does not say its zone"),
    ];
    for (row, expected) in table {
        let rest = "2024-01-15T10:00:02Z,1,2,buy\n2024-01-15T10:00:03Z,1,2,buy\n";
        let text =
            refusal(format!("time,price,size,side\n2024-01-15T10:00:00Z,1,2,buy\n{row}\n{rest}").as_bytes());
        assert!(text.contains(expected), "{row}: {text}");
    }
}

#[test]
fn a_wrong_row_without_a_header_is_named_too() {
    let rows: String =
        (1..=28).map(|day| format!("2024-01-{day:02},1,3,1,2,5\n")).collect::<Vec<_>>().concat();
    let text = refusal(rows.replace("2024-01-09,1", "2024-01-09,7").as_bytes());
    assert!(text.contains("line 9: its open 7 is outside of low 1 to high 3"), "{text}");
}

#[test]
fn many_wrong_rows_are_counted() {
    let rows: String = (0..1000)
        .map(|n| format!("2024-01-15 10:{:02}:{:02},1,3,x,2,5\n", n / 60, n % 60))
        .collect::<Vec<_>>()
        .concat();
    let Err(ImportError::WrongRows { listed, total }) = import(&format!("{HEAD}{rows}")) else {
        panic!("imported")
    };
    assert_eq!((listed.len(), total), (LISTED, 1000));
    assert!(listed.iter().map(|p| p.line).eq(2..22));
}

#[test]
fn a_wrong_row_of_a_newest_first_file_has_its_own_line() {
    let rows = "2024-01-18,1,3,1,2,5\n2024-01-19,1,3,1,2,5\n2024-01-17,1,3,1,2,5\n2024-01-16,1,3,1,2,5\n";
    let text = refusal(format!("{HEAD}{rows}").as_bytes());
    assert!(text.contains("line 2: its time 2024-01-18") && text.contains("newest first"), "{text}");
}

#[test]
fn what_is_in_doubt_names_its_option() {
    let doubt = format!("{HEAD}03/04/2024,1,3,1,2,5\n");
    let text = refusal(doubt.as_bytes());
    assert!(text.contains("'03/04/2024' in line 2") && text.contains("--date-order day-first"), "{text}");
    let said = Options { date_order: Some(DateOrder::MonthFirst), ..Options::default() };
    assert_eq!(read(doubt.as_bytes(), &said).unwrap().report.first.to_string(), "2024-03-04T00:00:00Z");

    let minutes = |step: u32| -> String {
        HEAD.to_owned()
            + &(0..9)
                .map(|n| format!("2024-01-15 10:{:02},1,3,1,2,5\n", n * step))
                .collect::<Vec<_>>()
                .concat()
    };
    let text = refusal(minutes(2).as_bytes());
    assert!(text.contains("mostly 2 minutes apart") && text.contains("--timeframe"), "{text}");
    let text = refusal(format!("{HEAD}2024-01-15 10:00,1,3,1,2,5\n").as_bytes());
    assert!(text.contains("single row") && text.contains("--timeframe"), "{text}");
    let said = Options { timeframe: Some(Timeframe::M5), ..Options::default() };
    let text = read(minutes(1).as_bytes(), &said).unwrap_err().to_string();
    assert!(text.contains("said to be 5m, but 8 of them are closer") && text.contains("line 3"), "{text}");

    let marks = b"date;open;high;low;close;volume\n2024-01-15;149.123;149.456;149.001;149.123;1,000\n";
    let text = refusal(marks);
    assert!(text.contains("--decimal-mark comma"), "{text}");
    let said = Options { decimal_mark: Some(DecimalMark::Point), ..Options::default() };
    let report = read(&marks[..], &said).unwrap();
    assert_eq!(super::shown(&report), ["2024-01-15T00:00:00Z 149.123 149.456 149.001 149.123 1000"]);

    let nowhere = Options { zone: Some("Mars/Olympus".to_owned()), ..Options::default() };
    let text = read(doubt.as_bytes(), &nowhere).unwrap_err().to_string();
    assert!(text.contains("'Mars/Olympus' is no time zone") && text.contains("--zone"), "{text}");
}

#[test]
fn a_local_time_that_no_clock_showed_is_wrong() {
    let zone = Options { zone: Some("America/New_York".to_owned()), ..Options::default() };
    let text = "time,open,high,low,close\n2024-03-10 01:30,1,1,1,1\n2024-03-10 02:30,1,1,1,1\n\
                2024-03-10 03:30,1,1,1,1\n";
    let refused = read(text.as_bytes(), &zone).unwrap_err().to_string();
    assert!(refused.contains("line 3: 2024-03-10T02:30:00 does not exist in America/New_York"), "{refused}");
}

#[test]
fn damaged_gzip_is_told_apart_from_a_cut_off_one() {
    // Numbers that do not compress to nothing, so that a cut or a wrong byte hits data.
    let rows: String = (0..5_000)
        .map(|n| format!("{},{p},{p},{p},{p},{n}\n", 1_700_000_000 + n * 60, p = n * 7_919 % 10_007))
        .collect::<Vec<_>>()
        .concat();
    let whole = gzip(format!("time,open,high,low,close,volume\n{rows}").as_bytes());
    assert!(read(whole.as_slice(), &Options::default()).is_ok());
    for cut in [whole.len() / 2, whole.len() - 1, whole.len() - 9, 12] {
        let text = refusal(&whole[..cut]);
        assert!(text.contains("cut off") && text.contains("download or copy it again"), "{cut}: {text}");
    }
    let mut bad = whole.clone();
    let last = bad.len() - 6;
    bad[last] ^= 1;
    let text = refusal(&bad);
    assert!(text.contains("gzip file is damaged"), "{text}");
    let mut plain = String::new();
    GzDecoder::new(whole.as_slice()).read_to_string(&mut plain).unwrap();
    assert!(import(&plain).is_ok());
}

/// Bytes made as they are read: a file of any size costs no memory of its own.
struct Endless(&'static [u8], u64);

impl Read for Endless {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let length = to.len().min(usize::try_from(self.1).unwrap_or(usize::MAX));
        for (slot, byte) in to[..length].iter_mut().zip(self.0.iter().cycle()) {
            *slot = *byte;
        }
        self.1 -= length as u64;
        Ok(length)
    }
}

#[test]
fn a_line_of_a_gigabyte_is_refused_at_its_beginning() {
    let text = read(Endless(b"1234,", 1 << 30), &Options::default()).unwrap_err().to_string();
    assert!(text.contains("line 1 is longer than 65536 bytes"), "{text}");
    let text =
        read(HEAD.as_bytes().chain(Endless(b"x", 1 << 30)), &Options::default()).unwrap_err().to_string();
    assert!(text.contains("line 2 is longer"), "{text}");
}

#[test]
fn a_file_that_is_not_there() {
    let dir = tempfile::tempdir().unwrap();
    let text = read_csv(&dir.path().join("no.csv"), &Options::default()).unwrap_err().to_string();
    assert!(text.contains("cannot open") && text.contains("no.csv"), "{text}");
    let text = read_csv(dir.path(), &Options::default()).unwrap_err().to_string();
    assert!(text.contains("reading stopped") || text.contains("cannot open"), "{text}");
}
