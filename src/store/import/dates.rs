//! Dates and times as files write them, read to nanoseconds.
//!
//! All rows of a file have one form, taken from its first row. Where day and month could
//! be either, every row is read month first until one decides the matter; [`Dates::finish`]
//! says how many rows before that have to be turned round, or that none ever decided.
//! Times without a zone come out as if they were UTC; the caller puts them in their zone.

use jiff::civil;

use super::error::ImportError;
use crate::domain::time::{DAY, HOUR, MINUTE, SECOND};

#[cfg(test)]
mod tests;

/// The order of day and month in dates such as 03/04/2024.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateOrder {
    /// 3 April
    DayFirst,
    /// 4 March
    MonthFirst,
}

impl DateOrder {
    /// Reads `day-first` or `month-first`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "day-first" => Some(Self::DayFirst),
            "month-first" => Some(Self::MonthFirst),
            _ => None,
        }
    }
}

/// How dates are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A number of units since 1970.
    Epoch { nanos_per_unit: i64 },
    /// `20241231`, `202412311530` or `20241231153000`.
    Digits,
    /// `2024-12-31`, or with another separator.
    YearFirst(char),
    /// `12/31/2024` or `31/12/2024`, or with another separator.
    YearLast(char),
}

/// What a text looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Looks {
    /// A date and a time of day, or a number since 1970.
    Instant(Form),
    /// A date alone.
    Date(Form),
    /// A time of day alone.
    TimeOfDay,
}

/// Looks at a text that may be a date, a time of day or both.
pub(super) fn look(text: &str) -> Option<Looks> {
    if epoch(text, 1).is_some() {
        let whole = text.split_once('.').map_or(text, |(whole, _)| whole);
        if matches!(whole.len(), 8 | 12 | 14) && whole == text && read_digits(text).is_some() {
            let looks = if text.len() == 8 { Looks::Date } else { Looks::Instant };
            return Some(looks(Form::Digits));
        }
        if let Some(nanos_per_unit) = unit_of(whole) {
            return Some(Looks::Instant(Form::Epoch { nanos_per_unit }));
        }
    }
    if time_of_day(text).is_some() {
        return Some(Looks::TimeOfDay);
    }
    let (date, time) = split(text);
    let form = if date.len() == 8 && read_digits(date).is_some() {
        Form::Digits
    } else {
        let separator = date.chars().find(|c| !c.is_ascii_digit())?;
        let [first, _, last] = parts(date, separator)?;
        match (first >= 1000, last >= 1000) {
            (true, false) => Form::YearFirst(separator),
            (false, true) => Form::YearLast(separator),
            _ => return None,
        }
    };
    match time {
        "" => Some(Looks::Date(form)),
        _ => time_of_day(time).map(|_| Looks::Instant(form)),
    }
}

/// The unit of a number since 1970, by its number of digits: right from 1973 to 2200.
fn unit_of(digits: &str) -> Option<i64> {
    match digits.len() {
        9..=11 => Some(SECOND),
        12..=14 => Some(SECOND / 1_000),
        15..=17 => Some(SECOND / 1_000_000),
        18 | 19 => Some(1),
        _ => None,
    }
}

/// Reads the dates of one file.
#[derive(Debug)]
pub(super) struct Dates {
    form: Form,
    said: Option<DateOrder>,
    order: Option<DateOrder>,
    /// Rows that were read month first before the order was known to be the other.
    turn_before: usize,
    /// The first date that could be either.
    doubt: Option<(u64, String)>,
    /// Whether a date in doubt came with an offset, which a turn would apply to the wrong day.
    doubt_with_offset: bool,
    zoned: Option<bool>,
    has_times: bool,
    /// The latest date and its day number: most rows have the date of the row before.
    latest: (String, i64),
}

/// What all rows together say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Verdict {
    /// The first so many rows have day and month exchanged.
    pub turn_before: usize,
    /// Whether the file says the zone itself.
    pub zoned: bool,
    /// Whether there are times of day.
    pub has_times: bool,
}

impl Dates {
    /// For dates of this form; `said` where the user has told the order of day and month.
    pub(super) fn new(form: Form, said: Option<DateOrder>) -> Self {
        // With points the day comes first wherever such dates are written at all.
        let by_custom = (form == Form::YearLast('.')).then_some(DateOrder::DayFirst);
        Self {
            form,
            said,
            order: said.or(by_custom),
            turn_before: 0,
            doubt: None,
            doubt_with_offset: false,
            zoned: None,
            has_times: matches!(form, Form::Epoch { .. }),
            latest: (String::new(), 0),
        }
    }

    /// Reads the time of row number `row` (from 0, counting what was read well) in `line`:
    /// one text, or a date and a time of day.
    pub(super) fn read(
        &mut self,
        text: &str,
        time: Option<&str>,
        row: usize,
        line: u64,
    ) -> Result<i64, String> {
        if let Form::Epoch { nanos_per_unit } = self.form {
            self.zoned = Some(true);
            let nanos = epoch(text, nanos_per_unit).filter(|&nanos| in_range(nanos));
            return nanos.ok_or_else(|| format!("'{text}' is no number since 1970 as the rows before"));
        }
        let (date, rest) = split(text);
        let (date, rest) = if self.form == Form::Digits && date.len() > 8 && date.is_ascii() {
            date.split_at(8)
        } else {
            (date, rest)
        };
        let rest = time.filter(|_| rest.is_empty()).unwrap_or(rest);
        let (nanos, offset) = if rest.is_empty() {
            (0, None)
        } else {
            self.has_times = true;
            time_of_day(rest).ok_or_else(|| format!("'{rest}' is no time of day"))?
        };
        let day = if self.latest.0 == date {
            self.latest.1
        } else {
            let parts = match self.form {
                Form::YearFirst(separator) | Form::YearLast(separator) => parts(date, separator),
                _ => read_digits(date),
            };
            let parts = parts.ok_or_else(|| format!("'{text}' is no {}", self.describe()))?;
            let day = self.day(parts, row, line, text)?;
            self.latest.0.clear();
            self.latest.0.push_str(date);
            self.latest.1 = day;
            day
        };
        if *self.zoned.get_or_insert(offset.is_some()) != offset.is_some() {
            return Err(if offset.is_some() {
                format!("'{text}' says its zone, but the rows before do not")
            } else {
                format!("'{text}' does not say its zone, but the rows before do")
            });
        }
        let offset = offset.unwrap_or(0);
        self.doubt_with_offset |= offset != 0 && self.order.is_none();
        Ok(day * DAY + nanos - offset)
    }

    /// The rows so far are not kept: the next one is row number 0 again.
    pub(super) fn forget_rows(&mut self) {
        self.turn_before = 0;
    }

    /// Day number of three numbers in the order of the file.
    fn day(&mut self, [a, b, c]: [i64; 3], row: usize, line: u64, text: &str) -> Result<i64, String> {
        let Form::YearLast(_) = self.form else {
            return day_number(a, b, c).ok_or_else(|| format!("there is no date '{text}'"));
        };
        let shown = match (a > 12, b > 12) {
            (true, false) => Some(DateOrder::DayFirst),
            (false, true) => Some(DateOrder::MonthFirst),
            _ => None,
        };
        if self.order.is_none() && shown.is_some() {
            self.order = shown;
            if shown == Some(DateOrder::DayFirst) {
                self.turn_before = row;
            }
        }
        if let (Some(order), Some(shown)) = (self.order, shown)
            && order != shown
        {
            let (has, is) = match order {
                DateOrder::DayFirst => ("day/month", "month/day"),
                DateOrder::MonthFirst => ("month/day", "day/month"),
            };
            let by = if self.said.is_some() { "the options say" } else { "other rows are" };
            return Err(format!("'{text}' can only be {is}, but {by} {has}"));
        }
        if self.order.is_none() && self.doubt.is_none() && a != b {
            self.doubt = Some((line, text.to_owned()));
        }
        let (month, day) = if self.order == Some(DateOrder::DayFirst) { (b, a) } else { (a, b) };
        day_number(c, month, day).ok_or_else(|| format!("there is no date '{text}'"))
    }

    /// After the last row.
    ///
    /// # Errors
    /// When no row has decided the order of day and month.
    pub(super) fn finish(&self) -> Result<Verdict, ImportError> {
        let undecided = self.order.is_none() || (self.turn_before > 0 && self.doubt_with_offset);
        if undecided && let Some((line, text)) = &self.doubt {
            return Err(ImportError::AmbiguousDates { line: *line, text: text.clone() });
        }
        Ok(Verdict {
            turn_before: self.turn_before,
            zoned: self.zoned.unwrap_or(false),
            has_times: self.has_times,
        })
    }

    /// How the file writes dates, for people.
    pub(super) fn describe(&self) -> String {
        match (self.form, self.order) {
            (Form::Epoch { nanos_per_unit }, _) => {
                let unit = match nanos_per_unit {
                    SECOND => "seconds",
                    1_000_000 => "milliseconds",
                    1_000 => "microseconds",
                    _ => "nanoseconds",
                };
                format!("{unit} since 1970")
            }
            (Form::Digits, _) => "YYYYMMDD".to_owned(),
            (Form::YearFirst(c), _) => format!("YYYY{c}MM{c}DD"),
            (Form::YearLast(c), Some(DateOrder::DayFirst)) => format!("DD{c}MM{c}YYYY"),
            (Form::YearLast(c), _) => format!("MM{c}DD{c}YYYY"),
        }
    }
}

/// Exchanges day and month of a time that was read in the wrong order. Both are at most
/// 12, or the order would have been known.
pub(super) fn turn(nanos: i64) -> i64 {
    let (day, rest) = (nanos.div_euclid(DAY), nanos.rem_euclid(DAY));
    let date = civil::date(1970, 1, 1).saturating_add(jiff::Span::new().days(day));
    let (month, day) = (i64::from(date.day()), i64::from(date.month()));
    let turned = day_number(date.year().into(), month, day).expect("day and month are at most 12");
    turned * DAY + rest
}

/// Date and time of day, which a `T` or blanks part.
fn split(text: &str) -> (&str, &str) {
    match text.find(['T', 't', ' ']) {
        Some(at) => (&text[..at], text[at + 1..].trim_start()),
        None => (text, ""),
    }
}

/// The three numbers of a date.
fn parts(date: &str, separator: char) -> Option<[i64; 3]> {
    if !matches!(separator, '-' | '/' | '.') {
        return None;
    }
    let mut parts = date.split(separator);
    let numbers = [parts.next()?, parts.next()?, parts.next()?];
    if parts.next().is_some() {
        return None;
    }
    let [a, b, c] = numbers.map(|part| digits(part, 4));
    Some([a?, b?, c?])
}

/// `YYYYMMDD`, with or without `HHMM[SS]` behind it.
fn read_digits(text: &str) -> Option<[i64; 3]> {
    if !text.is_ascii() || text.len() < 8 {
        return None;
    }
    let (date, time) = text.split_at(8);
    let found = [digits(&date[..4], 4)?, digits(&date[4..6], 2)?, digits(&date[6..], 2)?];
    day_number(found[0], found[1], found[2])?;
    (time.is_empty() || time_of_day(time).is_some()).then_some(found)
}

/// One to `most` digits and nothing else.
fn digits(text: &str, most: usize) -> Option<i64> {
    let fits = (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if fits { Some(text.bytes().fold(0, |n, b| n * 10 + i64::from(b - b'0'))) } else { None }
}

/// Days since 1970-01-01, for years that bars can be of.
fn day_number(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1900..=2200).contains(&year) {
        return None;
    }
    let part = |n: i64| i8::try_from(n).ok();
    let date = civil::Date::new(i16::try_from(year).ok()?, part(month)?, part(day)?).ok()?;
    let midnight = date.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(midnight.timestamp().as_second().div_euclid(86_400))
}

fn in_range(nanos: i64) -> bool {
    const FROM: i64 = -2_208_988_800 * SECOND; // 1900-01-01
    const TO: i64 = 7_289_654_400 * SECOND; // 2201-01-01
    (FROM..TO).contains(&nanos)
}

/// A number since 1970, with or without decimals.
fn epoch(text: &str, nanos_per_unit: i64) -> Option<i64> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    // Nineteen digits may be more than fits.
    let whole = if whole.starts_with(['+', '-']) { None } else { whole.parse::<i64>().ok() }?;
    let nanos = digits(decimals.get(..decimals.len().min(9))?, 9)?;
    if !decimals.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let nanos = nanos * nanos_per_unit / 10_i64.pow(decimals.len().min(9) as u32);
    whole.checked_mul(nanos_per_unit)?.checked_add(nanos)
}

/// Nanoseconds since midnight, and the offset from UTC where there is one: `15:30`,
/// `9:30:00.250`, `3:30 PM`, `1530`, `093000`, with `Z`, `UTC`, `+09:00`, `GMT+0900` behind.
fn time_of_day(text: &str) -> Option<(i64, Option<i64>)> {
    let end = text.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(text.len());
    let (first, mut rest) = text.split_at(end);
    let (mut hours, minutes, mut seconds) = match first.len() {
        1 | 2 => {
            rest = rest.strip_prefix(':')?;
            let minutes = digits(rest.get(..2)?, 2)?;
            rest = &rest[2..];
            let mut seconds = 0;
            if let Some(more) = rest.strip_prefix(':') {
                seconds = digits(more.get(..2)?, 2)?;
                rest = &more[2..];
            }
            (digits(first, 2)?, minutes, seconds)
        }
        4 => (digits(&first[..2], 2)?, digits(&first[2..], 2)?, 0),
        // A number such as 93000 has lost its leading zero.
        5 | 6 => {
            let n = digits(first, 6)?;
            (n / 10_000, n / 100 % 100, n % 100)
        }
        _ => return None,
    };
    if minutes > 59 || seconds > 59 {
        return None;
    }
    seconds *= SECOND;
    if let Some(more) = rest.strip_prefix(['.', ',']) {
        let end = more.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(more.len());
        let fraction = digits(&more[..end], 9)?;
        seconds += fraction * 10_i64.pow(9 - end as u32);
        rest = &more[end..];
    }
    rest = rest.trim_start();
    if let Some(half) = rest.get(..2).filter(|h| h.eq_ignore_ascii_case("am") || h.eq_ignore_ascii_case("pm"))
    {
        if !(1..=12).contains(&hours) {
            return None;
        }
        hours = hours % 12 + if half.eq_ignore_ascii_case("pm") { 12 } else { 0 };
        rest = rest[2..].trim_start();
    }
    if hours > 23 {
        return None;
    }
    Some((hours * HOUR + minutes * MINUTE + seconds, offset(rest)?))
}

/// The zone behind a time: none at all, or one that cannot be read, are told apart.
#[expect(clippy::option_option, reason = "outside: can it be read; inside: is there one")]
fn offset(text: &str) -> Option<Option<i64>> {
    if text.is_empty() {
        return Some(None);
    }
    let named = ["Z", "z", "UTC", "GMT"].iter().find_map(|name| text.strip_prefix(name));
    let text = match named {
        Some("") => return Some(Some(0)),
        Some(rest) => rest,
        None => text,
    };
    let (sign, text) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = match text.len() {
        2 => (digits(text, 2)?, 0),
        4 if text.is_ascii() => (digits(&text[..2], 2)?, digits(&text[2..], 2)?),
        5 => {
            let (hours, minutes) = text.split_once(':')?;
            (digits(hours, 2)?, digits(minutes, 2)?)
        }
        _ => return None,
    };
    (hours <= 15 && minutes <= 59).then_some(Some(sign * (hours * HOUR + minutes * MINUTE)))
}
