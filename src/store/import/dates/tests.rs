//! Dates in every form that files come with.

use super::*;

/// Reads texts as the dates of one file and shows them in UTC.
fn read_all(said: Option<DateOrder>, texts: &[&str]) -> Result<Vec<String>, String> {
    let form = match look(texts[0]) {
        Some(Looks::Instant(form) | Looks::Date(form)) => form,
        other => return Err(format!("{} looks like {other:?}", texts[0])),
    };
    let mut dates = Dates::new(form, said);
    let mut times = Vec::new();
    for (row, text) in texts.iter().enumerate() {
        times.push(dates.read(text, None, row, row as u64 + 1)?);
    }
    let verdict = dates.finish().map_err(|e| e.to_string())?;
    for time in &mut times[..verdict.turn_before] {
        *time = turn(*time);
    }
    Ok(times.into_iter().map(|t| crate::domain::Time(t).to_string()).collect())
}

fn read(text: &str) -> Result<String, String> {
    read_all(None, &[text]).map(|all| all[0].clone())
}

#[test]
fn forms_that_need_no_context() {
    let table = [
        ("2024-12-31", "2024-12-31T00:00:00Z"),
        ("2024/12/31", "2024-12-31T00:00:00Z"),
        ("2024.12.31 15:30", "2024-12-31T15:30:00Z"),
        ("2024-12-31T15:30:00Z", "2024-12-31T15:30:00Z"),
        ("2024-12-31T15:30:00.464Z", "2024-12-31T15:30:00.464Z"),
        ("2024-12-31 15:30:00.123456789", "2024-12-31T15:30:00.123456789Z"),
        ("2024-12-31T15:30:00+09:00", "2024-12-31T06:30:00Z"),
        ("2024-12-31 15:30:00-0530", "2024-12-31T21:00:00Z"),
        ("2024-12-31 15:30:00 UTC", "2024-12-31T15:30:00Z"),
        ("2024-12-31 15:30:00+00", "2024-12-31T15:30:00Z"),
        ("20241231", "2024-12-31T00:00:00Z"),
        ("20241231 15:30:01", "2024-12-31T15:30:01Z"),
        ("20241231 153001", "2024-12-31T15:30:01Z"),
        ("202412311530", "2024-12-31T15:30:00Z"),
        ("20241231153001", "2024-12-31T15:30:01Z"),
        ("12/31/2024", "2024-12-31T00:00:00Z"),
        ("31/12/2024 9:30", "2024-12-31T09:30:00Z"),
        ("31-12-2024", "2024-12-31T00:00:00Z"),
        ("12/31/2024 3:30 PM", "2024-12-31T15:30:00Z"),
        ("12/31/2024 12:00:00 am", "2024-12-31T00:00:00Z"),
        ("03.04.2024", "2024-04-03T00:00:00Z"),
        ("01.02.2024 00:00:00.000 GMT+0100", "2024-01-31T23:00:00Z"),
        ("5/5/2024", "2024-05-05T00:00:00Z"),
        ("1514764800", "2018-01-01T00:00:00Z"),
        ("1514764800.25", "2018-01-01T00:00:00.25Z"),
        ("1514764800000", "2018-01-01T00:00:00Z"),
        ("1514764800000000", "2018-01-01T00:00:00Z"),
        ("1514764800000000001", "2018-01-01T00:00:00.000000001Z"),
        ("946684800", "2000-01-01T00:00:00Z"),
        ("1969-12-31T23:59:59Z", "1969-12-31T23:59:59Z"),
    ];
    for (text, expected) in table {
        assert_eq!(read(text).as_deref(), Ok(expected), "{text}");
    }
}

#[test]
fn texts_that_are_no_dates() {
    let texts = [
        "",
        "now",
        "2024",
        "1234567",
        "2024-13-01",
        "2024-02-30",
        "31/31/2024",
        "1/2/24",
        "2024-12-31T25:00",
        "2024-12-31 10:60",
        "2024-12-31 13:00 PM",
        "2024-12-31 10:00 EST",
        "20241301",
        "1e9",
        "-1514764800",
        "2024-12-31-01",
        "12:30",
        "2024–12–31",
        "99999999999999999999",
        "2024-12-31 10:00+99:00",
        "é",
        "1234é678",
        "2024-1é-01",
    ];
    for text in texts {
        assert!(read(text).is_err(), "{text}");
    }
}

#[test]
fn a_later_row_decides_day_and_month() {
    let day_first = read_all(None, &["03/04/2024", "04/04/2024 15:00", "13/04/2024", "14/04/2024"]).unwrap();
    assert!(day_first[0].starts_with("2024-04-03"), "{day_first:?}");
    assert!(day_first[1].starts_with("2024-04-04T15"), "{day_first:?}");
    let month_first = read_all(None, &["03/04/2024", "03/05/2024", "03/13/2024"]).unwrap();
    assert!(month_first[0].starts_with("2024-03-04"), "{month_first:?}");
}

#[test]
fn day_and_month_in_doubt_are_refused_with_the_option() {
    let refused = read_all(None, &["05/05/2024", "03/04/2024", "04/04/2024"]).unwrap_err();
    assert!(
        refused.contains("'03/04/2024' in line 2") && refused.contains("--date-order day-first"),
        "{refused}"
    );
    let said = read_all(Some(DateOrder::DayFirst), &["03/04/2024"]).unwrap();
    assert!(said[0].starts_with("2024-04-03"));
    let said = read_all(Some(DateOrder::MonthFirst), &["03/04/2024"]).unwrap();
    assert!(said[0].starts_with("2024-03-04"));
}

#[test]
fn rows_that_contradict_each_other_are_refused() {
    let table: [(&[&str], &str); 5] = [
        (&["13/04/2024", "04/13/2024"], "can only be month/day, but other rows are day/month"),
        (&["2024-01-01T00:00Z", "2024-01-01T00:01"], "does not say its zone"),
        (&["2024-01-01T00:00", "2024-01-01T00:01Z"], "says its zone"),
        (&["1514764800000", "2018-01-01"], "no number since 1970"),
        (&["2018-01-01", "1514764800000"], "is no YYYY-MM-DD"),
    ];
    for (texts, expected) in table {
        let refused = read_all(None, texts).unwrap_err();
        assert!(refused.contains(expected), "{refused}");
    }
    let refused = read_all(Some(DateOrder::MonthFirst), &["13/04/2024"]).unwrap_err();
    assert!(refused.contains("the options say month/day"), "{refused}");
}

#[test]
fn an_offset_before_the_order_is_known_is_refused() {
    let texts = ["03/04/2024 10:00 +09:00", "13/04/2024 10:00 +09:00"];
    assert!(read_all(None, &texts).unwrap_err().contains("--date-order"));
    assert_eq!(read_all(Some(DateOrder::DayFirst), &texts).unwrap()[0], "2024-04-03T01:00:00Z");
}
