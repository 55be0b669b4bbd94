//! Currencies and amounts of them.

use std::fmt;

use rust_decimal::Decimal;
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
        let decimals = self.currency.decimals() as usize;
        write!(f, "{:.decimals$} {}", self.amount, self.currency)
    }
}
