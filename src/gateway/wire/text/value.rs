//! How single values are written in the text dialect.
//!
//! Clients write numbers as `10`, `10.0` or with an exponent; we write them plain, shortest form that
//! reads the same. Unset is the empty field; TWS and old clients also write the largest number of the
//! type. Text is ASCII with `\uXXXX` for the rest, in UTF-16.

use std::borrow::Cow;
use std::fmt::Display;
use std::io::Write as _;

/// The largest double, as TWS writes it for "unset".
pub const UNSET_DOUBLE: &str = "1.7976931348623157E308";
/// The largest 32-bit integer, which TWS writes for "unset" in numbers of any type.
const UNSET_INTEGER: &str = "2147483647";
/// The largest 128-bit integer: an unset decimal.
const UNSET_DECIMAL: &str = "170141183460469231731687303715884105727";
/// Digits and zeros that a decimal is given beyond its exponent: no number of a market has more.
const MOST_SHIFT: usize = 60;

/// A value that a field can hold.
pub trait Value: Sized {
    /// Makes it what can be written: what has no form becomes unset.
    fn tidy(&mut self);
    /// Appends it to the field; nothing where it is unset.
    fn write(&self, out: &mut Vec<u8>);
    /// Reads a field; the error says what would have been right.
    fn read(text: &str) -> Result<Self, &'static str>;
}

fn put(out: &mut Vec<u8>, value: impl Display) {
    write!(out, "{value}").expect("a Vec takes every byte");
}

/// A whole number, also as `10.0` or `1e1`.
fn read_whole(text: &str) -> Result<i64, &'static str> {
    const WANTS: &str = "a whole number in range";
    if let Ok(plain) = text.parse() {
        return Ok(plain);
    }
    let plain = plain_decimal(text).ok_or(WANTS)?;
    let (whole, rest) = plain.split_once('.').unwrap_or((&plain, ""));
    if rest.bytes().any(|digit| digit != b'0') {
        return Err(WANTS);
    }
    whole.parse().map_err(|_not_whole| WANTS)
}

impl Value for Option<i32> {
    fn tidy(&mut self) {
        self.take_if(|value| *value == i32::MAX);
    }

    fn write(&self, out: &mut Vec<u8>) {
        if let Some(value) = self {
            put(out, value);
        }
    }

    fn read(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() || is_unset_double(text) {
            return Ok(None);
        }
        let value = i32::try_from(read_whole(text)?).map_err(|_too_large| "a whole number of 32 bits")?;
        Ok(Some(value).filter(|value| *value != i32::MAX))
    }
}

impl Value for Option<i64> {
    fn tidy(&mut self) {
        self.take_if(|value| *value == i64::MAX);
    }

    fn write(&self, out: &mut Vec<u8>) {
        if let Some(value) = self {
            put(out, value);
        }
    }

    fn read(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() || is_unset_double(text) {
            return Ok(None);
        }
        Ok(Some(read_whole(text)?).filter(|value| *value != i64::MAX))
    }
}

/// Whether a number has a form of its own: the largest means "unset".
fn is_written(value: f64) -> bool {
    value > f64::NEG_INFINITY && (value < f64::MAX || value == f64::INFINITY)
}

impl Value for Option<f64> {
    fn tidy(&mut self) {
        self.take_if(|value| !is_written(*value));
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Some(value) if value.is_infinite() => put(out, "Infinity"),
            // This very number without a point would mean "unset".
            Some(value) if value.to_string() == UNSET_INTEGER => put(out, format_args!("{value}.0")),
            Some(value) => put(out, value),
            None => {}
        }
    }

    fn read(text: &str) -> Result<Self, &'static str> {
        const WANTS: &str = "a number";
        match text {
            "" | UNSET_INTEGER => return Ok(None),
            "Infinite" | "Infinity" => return Ok(Some(f64::INFINITY)),
            _ => {}
        }
        Decimal::parse(text).ok_or(WANTS)?;
        let value: f64 = text.parse().map_err(|_no_number| WANTS)?;
        if value.is_infinite() {
            return Err("a number in range");
        }
        Ok(Some(value).filter(|value| is_written(*value)))
    }
}

impl Value for Option<bool> {
    fn tidy(&mut self) {}

    /// Unset is false: a flag is always written.
    fn write(&self, out: &mut Vec<u8>) {
        out.push(if *self == Some(true) { b'1' } else { b'0' });
    }

    fn read(text: &str) -> Result<Self, &'static str> {
        match text {
            "" => Ok(None),
            "0" | "false" | "False" => Ok(Some(false)),
            "1" | "true" | "True" => Ok(Some(true)),
            _ => Err("1 or 0"),
        }
    }
}

impl Value for Option<String> {
    fn tidy(&mut self) {
        if let Some(text) = self {
            text.retain(|c| c != '\0');
        }
        self.take_if(|text| text.is_empty());
    }

    fn write(&self, out: &mut Vec<u8>) {
        if let Some(text) = self {
            write_text(text, out);
        }
    }

    fn read(text: &str) -> Result<Self, &'static str> {
        let mut value = Some(unescape(text).into_owned());
        value.tidy();
        Ok(value)
    }
}

/// Appends text as ASCII, without NUL. A backslash that would be read as the beginning of an escape
/// is escaped itself.
pub fn write_text(text: &str, out: &mut Vec<u8>) {
    let text: Cow<str> = if text.contains('\0') { text.replace('\0', "").into() } else { text.into() };
    for (at, c) in text.char_indices() {
        let mut units = [0; 2];
        match c {
            '\\' if escaped_unit(&text[at..]).is_some() => put(out, "\\u005c"),
            c if c.is_ascii() => out.push(c as u8),
            c => {
                for unit in c.encode_utf16(&mut units) {
                    put(out, format_args!("\\u{unit:04x}"));
                }
            }
        }
    }
}

/// The UTF-16 unit of an escape at the beginning of the text.
fn escaped_unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
}

/// Reads `\uXXXX` escapes; half of a surrogate pair is left as it is written.
pub fn unescape(text: &str) -> Cow<'_, str> {
    const LENGTH: usize = "\\uXXXX".len();
    if !text.contains("\\u") {
        return Cow::Borrowed(text);
    }
    let (mut plain, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find("\\u") {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        let units: Vec<u16> = [escaped_unit(rest), rest.get(LENGTH..).and_then(escaped_unit)]
            .into_iter()
            .map_while(|unit| unit)
            .collect();
        if let Some(Ok(c)) = char::decode_utf16(units).next() {
            plain.push(c);
            rest = &rest[LENGTH * c.len_utf16()..];
        } else {
            plain.push('\\');
            rest = &rest[1..];
        }
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

/// The parts of a decimal number.
struct Decimal<'a> {
    is_negative: bool,
    whole: &'a str,
    rest: &'a str,
    exponent: i32,
}

impl<'a> Decimal<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (is_negative, text) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse().ok()?),
            None => (text, 0),
        };
        let (whole, rest) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let is_digits = |part: &str| part.bytes().all(|digit| digit.is_ascii_digit());
        let is_number = is_digits(whole) && is_digits(rest) && !(whole.is_empty() && rest.is_empty());
        is_number.then_some(Self { is_negative, whole, rest, exponent })
    }
}

fn is_unset_double(text: &str) -> bool {
    text.contains(['e', 'E']) && text.parse() == Ok(f64::MAX)
}

/// A decimal number without an exponent, its digits as they came.
fn plain_decimal(text: &str) -> Option<Cow<'_, str>> {
    let Decimal { is_negative, whole, rest, exponent } = Decimal::parse(text)?;
    if exponent == 0 && !text.contains(['e', 'E', '+']) && !whole.is_empty() && !text.ends_with('.') {
        return Some(Cow::Borrowed(text));
    }
    let shift = usize::try_from(exponent.unsigned_abs()).ok().filter(|shift| *shift <= MOST_SHIFT)?;
    let zeros = "0".repeat(shift);
    let (whole, rest) = if exponent >= 0 {
        let digits = format!("{rest}{zeros}");
        let (moved, rest) = digits.split_at(shift);
        (format!("{whole}{moved}"), rest.trim_end_matches('0').to_owned())
    } else {
        let digits = format!("{zeros}{whole}");
        let (whole, moved) = digits.split_at(digits.len() - shift);
        (whole.to_owned(), format!("{moved}{rest}"))
    };
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let (sign, point) = (if is_negative { "-" } else { "" }, if rest.is_empty() { "" } else { "." });
    Some(Cow::Owned(format!("{sign}{whole}{point}{rest}")))
}

/// Reads a decimal that the model has as text.
pub fn read_size(text: &str) -> Result<Option<String>, &'static str> {
    if matches!(text, "" | UNSET_INTEGER | UNSET_DECIMAL) || is_unset_double(text) {
        return Ok(None);
    }
    plain_decimal(text).map(|plain| Some(plain.into_owned())).ok_or("a decimal number")
}

/// Appends a decimal that the model has as text; what is no number is unset.
pub fn write_size(slot: &mut Option<String>, unset: &str, out: &mut Vec<u8>) {
    *slot = slot.take().and_then(|text| match text.as_str() {
        // This very number without a point would mean "unset".
        UNSET_INTEGER => Some(text + ".0"),
        _ => read_size(&text).ok().flatten(),
    });
    put(out, slot.as_deref().unwrap_or(unset));
}
