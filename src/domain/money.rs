//! Currencies and amounts of them.

use std::fmt;

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// A currency code of up to eight ASCII letters or digits (`USD`, `JPY`, `USDT`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 8]);

/// A text that is not a currency code.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("'{0}' is no currency code: use 1 to 8 letters or digits, such as USD")]
pub struct BadCurrency(pub String);

impl Currency {
    /// United States dollar.
    pub const USD: Self = Self(*b"USD\0\0\0\0\0");
    /// Japanese yen.
    pub const JPY: Self = Self(*b"JPY\0\0\0\0\0");
    /// South Korean won.
    pub const KRW: Self = Self(*b"KRW\0\0\0\0\0");
    /// Euro.
    pub const EUR: Self = Self(*b"EUR\0\0\0\0\0");

    /// Reads a code, upper-cased.
    ///
    /// # Errors
    /// When `code` is empty, longer than eight characters or not ASCII alphanumeric.
    pub fn parse(code: &str) -> Result<Self, BadCurrency> {
        let ok = (1..=8).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_alphanumeric());
        if !ok {
            return Err(BadCurrency(code.to_owned()));
        }
        let mut bytes = [0; 8];
        for (slot, byte) in bytes.iter_mut().zip(code.bytes()) {
            *slot = byte.to_ascii_uppercase();
        }
        Ok(Self(bytes))
    }

    /// The code, such as `USD`.
    #[must_use]
    pub fn code(&self) -> &str {
        let end = self.0.iter().position(|&b| b == 0).unwrap_or(8);
        std::str::from_utf8(&self.0[..end]).unwrap_or("?")
    }

    /// How many decimals amounts of it are shown with.
    #[must_use]
    pub fn decimals(self) -> u32 {
        match self {
            Self::JPY | Self::KRW => 0,
            _ => 2,
        }
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let code = String::deserialize(from)?;
        Self::parse(&code).map_err(D::Error::custom)
    }
}

/// An amount of one currency. Amounts of different currencies do not add up by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    /// How much; negative is owed or lost.
    pub amount: Decimal,
    /// Of what.
    pub currency: Currency,
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", rounded(self.amount, self.currency.decimals()), self.currency)
    }
}

/// A decimal as people read it: exactly `decimals` decimals, half rounded away from zero,
/// thousands separated by commas, and no sign before a zero. (The decimal's own `Display`
/// cuts off what it does not show: 250,000.006 would be "worth 250000.00".)
#[must_use]
pub fn rounded(value: Decimal, decimals: u32) -> String {
    shown(value.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero), decimals)
}

/// As [`rounded`], but away from zero: for what is over a limit and must not read as equal to it.
#[must_use]
pub fn rounded_up(value: Decimal, decimals: u32) -> String {
    shown(value.round_dp_with_strategy(decimals, RoundingStrategy::AwayFromZero), decimals)
}

fn shown(mut value: Decimal, decimals: u32) -> String {
    value.rescale(decimals);
    if value.is_zero() {
        value.set_sign_positive(true);
    }
    written(value)
}

/// A number with commas between its thousands. Nearly every number of the screen comes through here in every
/// frame: digits are written one after the other, from the last to the first, without the decimal's own formatting.
fn written(value: Decimal) -> String {
    /// 29 digits, a sign, a point, and nine commas.
    const LONGEST: usize = 48;
    let mut text = [0; LONGEST];
    let mut at = LONGEST;
    let mut put = |byte: u8| {
        at -= 1;
        text[at] = byte;
    };
    let mut rest = Rest::of(value.mantissa().unsigned_abs());
    let decimals = value.scale();
    for _ in 0..decimals {
        put(rest.pop());
    }
    if decimals > 0 {
        put(b'.');
    }
    let mut whole = 0;
    while whole == 0 || !rest.is_zero() {
        if whole > 0 && whole % 3 == 0 {
            put(b',');
        }
        put(rest.pop());
        whole += 1;
    }
    if value.is_sign_negative() {
        put(b'-');
    }
    text[at..].iter().map(|byte| char::from(*byte)).collect()
}

/// What is left of a number whose digits are taken from the last on. Dividing 64 bits takes a tenth of the time of 128, and is enough for
/// nearly every number.
enum Rest {
    Short(u64),
    Long(u128),
}

impl Rest {
    fn of(number: u128) -> Self {
        u64::try_from(number).map_or(Self::Long(number), Self::Short)
    }

    fn is_zero(&self) -> bool {
        matches!(self, Self::Short(0))
    }

    fn pop(&mut self) -> u8 {
        let digit = match self {
            Self::Short(number) => {
                let digit = *number % 10;
                *number /= 10;
                digit as u8
            }
            Self::Long(number) => {
                let digit = *number % 10;
                *self = Self::of(*number / 10);
                digit as u8
            }
        };
        b'0' + digit
    }
}

/// Commas between the thousands of a plain number.
#[must_use]
pub fn grouped(number: &str) -> String {
    let (sign, digits) = number.strip_prefix('-').map_or(("", number), |digits| ("-", digits));
    let whole = digits.split('.').next().unwrap_or_default().len();
    let mut text = String::with_capacity(number.len() + whole / 3);
    text.push_str(sign);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && i < whole && (whole - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_are_rounded_grouped_and_never_a_negative_zero() {
        let check = |amount: &str, currency, shown: &str| {
            let money = Money { amount: amount.parse().unwrap(), currency };
            assert_eq!(money.to_string(), shown);
        };
        check("250000.006", Currency::USD, "250,000.01 USD");
        check("1234567", Currency::USD, "1,234,567.00 USD");
        check("-1234.565", Currency::USD, "-1,234.57 USD");
        check("0.005", Currency::USD, "0.01 USD");
        check("-0.004", Currency::USD, "0.00 USD");
        check("999999.5", Currency::JPY, "1,000,000 JPY");
        check("-100", Currency::JPY, "-100 JPY");
    }

    proptest! {
        #[test]
        fn numbers_are_written_as_the_decimal_writes_itself_with_commas(
            mantissa in prop_oneof![any::<i64>().prop_map(i128::from), -(1_i128 << 96) + 1..1_i128 << 96],
            scale in 0..=28_u32,
        ) {
            let value = Decimal::from_i128_with_scale(mantissa, scale);
            prop_assert_eq!(written(value), grouped(&value.to_string()));
        }
    }

    #[test]
    fn what_is_over_a_limit_never_reads_as_the_limit() {
        assert_eq!(rounded_up("10.04".parse().unwrap(), 1), "10.1");
        assert_eq!(rounded_up("10.10".parse().unwrap(), 1), "10.1");
    }
}
