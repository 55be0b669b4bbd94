//! Numbers as they are typed into the ticket: exact decimals, never `f64`.
//!
//! A comma separates thousands and nothing else, and only where thousands are: `1,5` is
//! refused rather than read as 15 (or as one and a half), because either guess would be
//! somebody's tenfold order.

use crate::domain::Decimal;

/// The largest number that is read. Products of two of these and a multiplier are checked
/// where they are made.
const LARGEST: i64 = 1_000_000_000_000_000;

/// Why a text is no number for an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(in crate::ui) enum BadNumber {
    /// Something other than digits, a point and separators.
    #[error("Not a number")]
    Unreadable,
    /// A comma that does not separate thousands.
    #[error("Comma is for thousands: 1,500.25")]
    Grouping,
    /// Zero or less.
    #[error("Must be above zero")]
    NotPositive,
    /// Larger than any order.
    #[error("Too large")]
    TooLarge,
    /// More decimals than can be kept exactly.
    #[error("Too many decimals")]
    TooFine,
}

/// Reads what was typed; `None` where nothing was.
pub(in crate::ui) fn parse(text: &str) -> Result<Option<Decimal>, BadNumber> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let (is_negative, digits) = text.strip_prefix(['-', '−']).map_or((false, text), |rest| (true, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if !fraction.bytes().all(|b| b.is_ascii_digit()) || (whole.is_empty() && fraction.is_empty()) {
        return Err(BadNumber::Unreadable);
    }
    let whole = ungrouped(whole)?;
    if is_negative || (whole.bytes().chain(fraction.bytes()).all(|b| b == b'0')) {
        return Err(BadNumber::NotPositive);
    }
    if whole.trim_start_matches('0').len() > LARGEST.ilog10() as usize {
        return Err(BadNumber::TooLarge);
    }
    let plain = format!("{}.{}", if whole.is_empty() { "0" } else { &whole }, fraction.trim_end_matches('0'));
    Decimal::from_str_exact(plain.trim_end_matches('.')).map(Some).map_err(|_too_fine| BadNumber::TooFine)
}

/// The digits of a whole part without its separators.
fn ungrouped(whole: &str) -> Result<String, BadNumber> {
    let is_separator = |c: char| matches!(c, ',' | ' ' | '_' | '\'' | '\u{2009}' | '\u{202f}' | '\u{a0}');
    if !whole.chars().all(|c| c.is_ascii_digit() || is_separator(c)) {
        return Err(BadNumber::Unreadable);
    }
    let groups: Vec<&str> = whole.split(is_separator).collect();
    let is_grouped = groups.iter().skip(1).all(|group| group.len() == 3)
        && (groups.len() == 1 || (1..=3).contains(&groups[0].len()));
    if is_grouped { Ok(groups.concat()) } else { Err(BadNumber::Grouping) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::format;
    use proptest::prelude::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(parse(text), Ok(Some(expected.parse().unwrap())), "{text}");
    }

    #[test]
    fn plain_and_grouped_numbers_are_read() {
        check("100", "100");
        check(" 227.50 ", "227.5");
        check(".5", "0.5");
        check("5.", "5");
        check("149,902,000", "149902000");
        check("1 234 567.25", "1234567.25");
        check("0.00000001", "0.00000001");
        assert_eq!(parse("  "), Ok(None));
    }

    #[test]
    fn a_comma_is_never_taken_for_a_decimal_mark() {
        for text in ["1,5", "1,50", "227,5", "1,2345", "12,34,567", ",500", "1234,567", "1,"] {
            assert_eq!(parse(text), Err(BadNumber::Grouping), "{text}");
        }
    }

    #[test]
    fn what_is_no_amount_of_an_order_is_refused_by_name() {
        for text in ["abc", "1e5", "1.2.3", ".", "+1", "1.5,000", "ten"] {
            assert_eq!(parse(text), Err(BadNumber::Unreadable), "{text}");
        }
        assert_eq!(parse("0.00"), Err(BadNumber::NotPositive));
        assert_eq!(parse("-5"), Err(BadNumber::NotPositive));
        assert_eq!(parse("1000000000000000000000000"), Err(BadNumber::TooLarge));
        assert_eq!(parse("0.00000000000000000000000000000001"), Err(BadNumber::TooFine));
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back_as_it_was(units in 1_i64..1_000_000_000_000_000, scale in 0_u32..9) {
            let value = Decimal::new(units, scale);
            prop_assert_eq!(parse(&format::decimal(value, scale)), Ok(Some(value)));
            prop_assert_eq!(parse(&format::exact(value)), Ok(Some(value)));
        }

        #[test]
        fn whatever_is_typed_is_above_zero_or_refused(text in "[-0-9., ]{0,40}") {
            if let Ok(Some(value)) = parse(&text) {
                prop_assert!(value > Decimal::ZERO);
            }
        }
    }
}
