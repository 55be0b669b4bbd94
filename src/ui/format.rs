//! Numbers, money and times as they are shown: aligned, grouped, in the right zone.
//!
//! A minus is U+2212, as wide as a plus in our fonts, so that gains and losses align.

pub mod float;

use std::sync::LazyLock;
use std::time::Duration;

use jiff::tz::TimeZone;
use rust_decimal::prelude::ToPrimitive as _;

use crate::domain::settings::ZoneDisplay;
use crate::domain::{Currency, Decimal, Instrument, Money, Price, Qty, Time, counted, money};

const MINUS: &str = "−";

/// A decimal with exactly `decimals` decimals and thousands separated by commas.
#[must_use]
pub fn decimal(value: Decimal, decimals: u32) -> String {
    with_minus(money::rounded(value, decimals))
}

/// The same with a sign in front of a gain too.
#[must_use]
pub fn signed(value: Decimal, decimals: u32) -> String {
    with_plus(decimal(value, decimals))
}

/// A price on the grid of its instrument.
#[must_use]
pub fn price(value: Price, instrument: &Instrument) -> String {
    decimal(value.0, instrument.ticks.decimals())
}

/// A quantity on the lot grid of its instrument.
#[must_use]
pub fn quantity(value: Qty, instrument: &Instrument) -> String {
    decimal(value.0, instrument.quantity_decimals())
}

/// A decimal with the decimals that it needs and no more, thousands separated: for prose
/// and fields, where nothing stands in columns.
#[must_use]
pub fn exact(value: Decimal) -> String {
    let value = value.normalize();
    decimal(value, value.scale())
}

/// A large quantity in few characters: `12.4K`, `3.25M`.
#[must_use]
pub fn compact(value: Decimal) -> String {
    let sign = if value.is_sign_negative() { MINUS } else { "" };
    let in_units = value.abs().to_f64().and_then(float::in_units);
    in_units.map_or_else(
        || decimal(value, if value.fract().is_zero() { 0 } else { 2 }),
        |text| format!("{sign}{text}"),
    )
}

/// The size of a quote in at most six characters: `12`, `1.25K`, `8K`, `0.0312`,
/// `<.0001`. Never rounds something to nothing.
#[must_use]
pub fn size(value: Qty) -> String {
    let value = value.0;
    if value >= Decimal::ONE_THOUSAND {
        let text = compact(value);
        let (number, unit) = text.split_at(text.len() - 1);
        let number = if number.contains('.') { number.trim_end_matches('0') } else { number };
        return format!("{}{unit}", number.trim_end_matches('.'));
    }
    if value.is_zero() {
        return compact(value);
    }
    let decimals = match value {
        v if v >= Decimal::ONE_HUNDRED => 1,
        v if v >= Decimal::TEN => 2,
        v if v >= Decimal::ONE => 3,
        v if v >= Decimal::new(1, 4) => 4,
        _ => return "<.0001".to_owned(),
    };
    let rounded =
        value.round_dp_with_strategy(decimals, rust_decimal::RoundingStrategy::MidpointAwayFromZero);
    decimal(rounded, rounded.normalize().scale())
}

/// An amount with its currency.
#[must_use]
pub fn money(value: Money) -> String {
    value.to_string()
}

/// An amount with the decimals of its currency.
#[must_use]
pub fn amount(value: Decimal, currency: Currency) -> String {
    decimal(value, currency.decimals())
}

/// A gain or loss with the decimals of its currency.
#[must_use]
pub fn gain(value: Decimal, currency: Currency) -> String {
    signed(value, currency.decimals())
}

/// A duration in one unit: `850 µs`, `1.2 ms`, `12 s`, `3 min`.
#[must_use]
pub fn duration(value: Duration) -> String {
    let seconds = value.as_secs_f64();
    match seconds {
        s if s < 1e-3 => format!("{:.0} µs", s * 1e6),
        s if s < 0.1 => format!("{:.1} ms", s * 1e3),
        s if s < 1.0 => format!("{:.0} ms", s * 1e3),
        s if s < 120.0 => format!("{s:.0} s"),
        s if s < 7_200.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.0} h", s / 3_600.0),
    }
}

/// A text as a sentence begins.
#[must_use]
pub fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// How old something is, to the second: `<1 s`, `42 s`, `3 min`.
#[must_use]
pub fn age(value: Duration) -> String {
    if value < Duration::from_secs(1) { "<1 s".to_owned() } else { duration(value) }
}

/// Finding out the zone of this computer is file access: once, and not on the window's thread.
static SYSTEM_ZONE: LazyLock<TimeZone> = LazyLock::new(TimeZone::system);

/// Reads the zone of this computer. Comes before the window, so that no frame does.
pub fn read_system_zone() {
    LazyLock::force(&SYSTEM_ZONE);
}

/// The zone that times of an instrument are shown in.
#[must_use]
pub fn zone(display: ZoneDisplay, instrument: Option<&Instrument>) -> TimeZone {
    match (display, instrument) {
        (ZoneDisplay::Exchange, Some(instrument)) => {
            TimeZone::get(&instrument.hours.zone).unwrap_or(TimeZone::UTC)
        }
        (ZoneDisplay::Local | ZoneDisplay::Exchange, _) => SYSTEM_ZONE.clone(),
        (ZoneDisplay::Utc, _) => TimeZone::UTC,
    }
}

/// `14:03:22` in a zone.
#[must_use]
pub fn clock_time(time: Time, zone: &TimeZone) -> String {
    time.to_timestamp().to_zoned(zone.clone()).strftime("%H:%M:%S").to_string()
}

/// `14:03:22.417` in a zone.
#[must_use]
pub fn clock_millis(time: Time, zone: &TimeZone) -> String {
    time.to_timestamp().to_zoned(zone.clone()).strftime("%H:%M:%S%.3f").to_string()
}

/// `14:03` in a zone.
#[must_use]
pub fn clock_minute(time: Time, zone: &TimeZone) -> String {
    time.to_timestamp().to_zoned(zone.clone()).strftime("%H:%M").to_string()
}

/// What a zone calls itself at a time: `EST`, `JST`, `UTC`.
#[must_use]
pub fn zone_name(time: Time, zone: &TimeZone) -> String {
    zone.to_offset_info(time.to_timestamp()).abbreviation().to_owned()
}

/// `21 Nov 14:03:22` in a zone.
#[must_use]
pub fn date_time(time: Time, zone: &TimeZone) -> String {
    time.to_timestamp().to_zoned(zone.clone()).strftime("%d %b %H:%M:%S").to_string()
}

/// `21 Nov 2026 14:03:22` in a zone.
#[must_use]
pub fn full_time(time: Time, zone: &TimeZone) -> String {
    time.to_timestamp().to_zoned(zone.clone()).strftime("%d %b %Y %H:%M:%S").to_string()
}

/// `21 Nov 14:03` in a zone.
#[must_use]
pub fn date_minute(time: Time, zone: &TimeZone) -> String {
    time.to_timestamp().to_zoned(zone.clone()).strftime("%d %b %H:%M").to_string()
}

/// `21 Nov` in a zone.
#[must_use]
pub fn day(time: Time, zone: &TimeZone) -> String {
    time.to_timestamp().to_zoned(zone.clone()).strftime("%d %b").to_string()
}

/// `Nov 2026` in a zone.
#[must_use]
pub fn month(time: Time, zone: &TimeZone) -> String {
    time.to_timestamp().to_zoned(zone.clone()).strftime("%b %Y").to_string()
}

/// Whether two instants are of the same calendar day in a zone.
#[must_use]
pub fn is_same_day(one: Time, other: Time, zone: &TimeZone) -> bool {
    let date = |time: Time| zone.to_datetime(time.to_timestamp()).date();
    date(one) == date(other)
}

/// Midnight before an instant in a zone.
#[must_use]
pub fn day_start(time: Time, zone: &TimeZone) -> Time {
    let zoned = time.to_timestamp().to_zoned(zone.clone());
    // Far out of range there is no such midnight; then the day begins now.
    zoned.start_of_day().map_or(time, |midnight| Time::from_timestamp(midnight.timestamp()))
}

/// What a close or reverse says of the orders that it takes away.
#[must_use]
pub fn cancels_first(count: usize) -> String {
    format!("cancels {} first", counted(count, "order", "orders"))
}

/// What a close or reverse says of the orders that it leaves, which would trade later.
#[must_use]
pub fn leaves_working(count: usize) -> String {
    format!("leaves {} working", counted(count, "order", "orders"))
}

/// Whether a number that is written out is nothing but zeros.
fn is_zero(text: &str) -> bool {
    !text.bytes().any(|b| (b'1'..=b'9').contains(&b))
}

/// The minus of our fonts in the place of the keyboard's.
fn with_minus(text: String) -> String {
    match text.strip_prefix('-') {
        Some(rest) => format!("{MINUS}{rest}"),
        None => text,
    }
}

fn with_plus(text: String) -> String {
    if is_zero(&text) || text.starts_with(MINUS) { text } else { format!("+{text}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dec(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn thousands_are_separated_and_decimals_fixed() {
        assert_eq!(decimal(dec("1234567.891"), 2), "1,234,567.89");
        assert_eq!(decimal(dec("-1000"), 0), "−1,000");
        assert_eq!(decimal(dec("999.5"), 0), "1,000");
        assert_eq!(decimal(dec("-0.004"), 2), "0.00");
    }

    #[test]
    fn exact_numbers_keep_what_they_have() {
        assert_eq!(exact(dec("0.10000000")), "0.1");
        assert_eq!(exact(dec("1234567.00")), "1,234,567");
        assert_eq!(exact(dec("0.12345678")), "0.12345678");
    }

    #[test]
    fn gains_carry_a_sign_and_zero_does_not() {
        assert_eq!(signed(dec("12.3"), 2), "+12.30");
        assert_eq!(signed(dec("-12.3"), 2), "−12.30");
        assert_eq!(signed(dec("0.001"), 2), "0.00");
    }

    #[test]
    fn large_quantities_are_short() {
        assert_eq!(compact(dec("999")), "999");
        assert_eq!(compact(dec("12400")), "12.4K");
        assert_eq!(compact(dec("3250000")), "3.25M");
        assert_eq!(compact(dec("0.5")), "0.50");
        assert_eq!(compact(dec("-12400")), "−12.4K");
        assert_eq!(compact(dec("999960")), "1.00M");
    }

    #[test]
    fn a_day_ends_at_midnight_of_the_zone() {
        let tokyo = TimeZone::get("Asia/Tokyo").unwrap();
        let (before, after) = (Time::from_seconds(14 * 3_600 + 3_599), Time::from_seconds(15 * 3_600));
        assert!(is_same_day(before, after, &TimeZone::UTC));
        assert!(!is_same_day(before, after, &tokyo));
        assert_eq!((day(before, &tokyo), day(after, &tokyo)), ("01 Jan".to_owned(), "02 Jan".to_owned()));
        assert_eq!(day_start(after + Duration::from_hours(5), &tokyo), after);
    }

    #[test]
    fn a_size_is_short_and_never_rounded_to_nothing() {
        let check = |given: &str, shown: &str| assert_eq!(size(Qty(dec(given))), shown);
        check("0", "0");
        check("12", "12");
        check("0.00000001", "<.0001");
        check("0.0312", "0.0312");
        check("0.12345678", "0.1235");
        check("9.9996", "10");
        check("731.25", "731.3");
        check("12400", "12.4K");
        check("8000", "8K");
        check("999.96", "1,000");
        check("100000", "100K");
    }

    #[test]
    fn durations_choose_their_unit() {
        assert_eq!(duration(Duration::from_micros(850)), "850 µs");
        assert_eq!(duration(Duration::from_micros(1_230)), "1.2 ms");
        assert_eq!(duration(Duration::from_secs(12)), "12 s");
        assert_eq!(age(Duration::from_micros(850)), "<1 s");
        assert_eq!(age(Duration::from_secs(12)), "12 s");
    }
}
