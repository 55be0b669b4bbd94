//! Words and numbers as the TWS API writes them.

use jiff::tz::TimeZone;

use crate::domain::{AccountId, Decimal, Order, OrderStatus, Qty, Side, Time};

/// Account names of the API have so many digits behind `DU`.
const DIGITS: u32 = 10_000_000;

/// An account's name: programs tell by its first letter that no money is at stake.
#[must_use]
pub fn account_name(id: &AccountId) -> String {
    let is_named_so =
        id.0.len() >= 7 && id.0.starts_with("DU") && id.0[2..].bytes().all(|b| b.is_ascii_digit());
    if is_named_so { id.0.to_string() } else { format!("DU{:07}", crc32fast::hash(id.0.as_bytes()) % DIGITS) }
}

/// A text in the characters that every client reads.
#[must_use]
pub fn ascii(text: &str) -> String {
    let plain = |c: char| match c {
        '\u{2018}' | '\u{2019}' => '\'',
        '\u{201c}' | '\u{201d}' => '"',
        '\u{2013}' | '\u{2014}' | '\u{2212}' => '-',
        '\u{d7}' => 'x',
        c if c == ' ' || c.is_ascii_graphic() => c,
        c if c.is_whitespace() => ' ',
        _ => '?',
    };
    text.replace('\u{2026}', "...").chars().map(plain).collect()
}

/// A number for a field that is a double.
#[must_use]
pub fn double(value: Decimal) -> f64 {
    value.try_into().unwrap_or_default()
}

/// A quantity for a field that is decimal text.
#[must_use]
pub fn size(quantity: Qty) -> String {
    decimal(quantity.0)
}

/// A number for a field that is decimal text.
#[must_use]
pub fn decimal(value: Decimal) -> String {
    value.normalize().to_string()
}

/// A volume of a bar, which is counted in floating point.
#[must_use]
pub fn volume(value: f64) -> String {
    Decimal::try_from(value).map_or_else(|_| "0".to_owned(), |value| decimal(value.round_dp(8)))
}

/// `20261121 09:30:00 America/New_York`.
#[must_use]
pub fn zoned(time: Time, zone: &str) -> String {
    let (zone, name) = TimeZone::get(zone).map_or((TimeZone::UTC, "UTC"), |found| (found, zone));
    let local = time.to_timestamp().to_zoned(zone);
    format!("{} {name}", local.strftime("%Y%m%d %H:%M:%S"))
}

/// An instant as clients write it: `20261121 09:30:00 US/Eastern`, without a zone in `default`, or
/// `20261121-14:30:00`, which is UTC. The time of day may be missing.
#[must_use]
pub fn instant(text: &str, default: &str) -> Option<Time> {
    let text = text.trim();
    let (date, rest) = text.split_at_checked(8)?;
    let (clock, zone) = match rest.strip_prefix('-') {
        Some(clock) => (clock, "UTC"),
        None => match rest.trim_start().split_once(' ') {
            Some((clock, zone)) => (clock, zone.trim()),
            None => (rest.trim_start(), default),
        },
    };
    let clock = if clock.is_empty() { "00:00:00" } else { clock };
    let civil = jiff::civil::DateTime::strptime("%Y%m%d %H:%M:%S", format!("{date} {clock}")).ok()?;
    let zoned = civil.to_zoned(TimeZone::get(zone).ok()?).ok()?;
    Some(Time::from_timestamp(zoned.timestamp()))
}

/// `BUY` or `SELL`.
#[must_use]
pub fn action(side: Side) -> &'static str {
    match side {
        Side::Buy => "BUY",
        Side::Sell => "SELL",
    }
}

/// Where an order stands. What waits for its trigger, its parent or the session is `PreSubmitted`;
/// one that is refused is `Cancelled`, since `Inactive` never ends for `ib_insync`.
#[must_use]
pub fn status(order: &Order) -> &'static str {
    match order.status {
        OrderStatus::Intended | OrderStatus::Journaled | OrderStatus::Sent | OrderStatus::Unknown => {
            "PendingSubmit"
        }
        OrderStatus::Kept | OrderStatus::Accepted | OrderStatus::Held => "PreSubmitted",
        OrderStatus::Working | OrderStatus::PartiallyFilled | OrderStatus::PendingAmend => "Submitted",
        OrderStatus::PendingCancel => "PendingCancel",
        OrderStatus::Filled => "Filled",
        OrderStatus::Cancelled | OrderStatus::Rejected | OrderStatus::Expired => "Cancelled",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_named_as_paper_accounts() {
        let named = account_name(&"PAPER".into());
        assert!(named.starts_with("DU") && named.len() == 9, "{named}");
        assert_eq!(account_name(&"PAPER".into()), named, "in every run");
        assert_eq!(account_name(&"DU1234567".into()), "DU1234567");
        assert_ne!(account_name(&"DUKE".into()), "DUKE");
    }

    #[test]
    fn instants_are_read_as_clients_write_them() {
        let at = |text| instant(text, "US/Eastern").map(|time| time.to_timestamp().to_string());
        let noon = Some("2026-11-20T17:00:00Z".to_owned());
        assert_eq!(at("20261120 12:00:00 US/Eastern"), noon);
        assert_eq!(at("20261120 12:00:00"), noon);
        assert_eq!(at("20261120-17:00:00"), noon);
        assert_eq!(at("20261120 17:00:00 UTC"), noon);
        assert_eq!(at("20261120"), Some("2026-11-20T05:00:00Z".to_owned()));
        for wrong in
            ["", "tomorrow", "20261320", "20261120 25:00:00", "20261120 12:00:00 Mars/Base", "2026112\u{e9}"]
        {
            assert_eq!(at(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn errors_are_told_in_ascii() {
        assert_eq!(
            ascii("\u{201c}AAPL\u{201d} \u{2013} 5 \u{d7} 3\u{2026} \u{c0bc}\n"),
            "\"AAPL\" - 5 x 3... ? "
        );
    }
}
