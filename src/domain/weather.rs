//! Weather: the bad days of a broker that a server of ours can have on purpose.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// One kind of a bad day. It lasts until [`Weather::Fair`], but for those that end by themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Weather {
    /// Everything works again, and what was held back is told.
    Fair,
    /// The nightly reset: the uplink is lost (1100), and comes back with its data (1102) or
    /// without (1101).
    Reset {
        /// Whether subscriptions live on.
        keeps_data: bool,
    },
    /// Every connection is cut, once.
    Cut,
    /// The server neither reads nor sends for so long.
    Freeze(Duration),
    /// News of orders come so much later.
    SlowAcknowledgements(Duration),
    /// What an execution cost is told so much later.
    LateCommissions(Duration),
    /// Quotes of this symbol need a subscription that nobody has; delayed ones are there (10089).
    NoData(Arc<str>),
    /// The same, and there are no delayed ones either (354).
    NotSubscribed(Arc<str>),
    /// Who asks more than 50 times a second is told so (100), and not answered.
    Pacing,
    /// Changes of working orders are refused.
    RefusedChanges,
    /// Of an order that has filled in part, nothing more is told.
    SilenceAfterPartial,
}

/// A text that names no weather.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{0}' is no weather: use fair, reset, reset-keeping-data, cut, freeze=20s, slow-acks=2s, \
     late-commissions=5s, no-data=AAPL, not-subscribed=AAPL, pacing, refused-changes or silence-after-partial"
)]
pub struct BadWeather(pub String);

impl Weather {
    /// Reads what [`fmt::Display`] writes.
    ///
    /// # Errors
    /// When it names none.
    pub fn parse(text: &str) -> Result<Self, BadWeather> {
        let wrong = || BadWeather(text.to_owned());
        let (name, value) = text.split_once('=').unwrap_or((text, ""));
        let seconds = || {
            let seconds: u64 = value.strip_suffix('s').unwrap_or(value).parse().or(Err(wrong()))?;
            if seconds > 3_600 { Err(wrong()) } else { Ok(Duration::from_secs(seconds)) }
        };
        match name {
            "freeze" => Ok(Self::Freeze(seconds()?)),
            "slow-acks" => Ok(Self::SlowAcknowledgements(seconds()?)),
            "late-commissions" => Ok(Self::LateCommissions(seconds()?)),
            "no-data" if !value.is_empty() => Ok(Self::NoData(value.into())),
            "not-subscribed" if !value.is_empty() => Ok(Self::NotSubscribed(value.into())),
            _ if !value.is_empty() => Err(wrong()),
            "fair" => Ok(Self::Fair),
            "reset" => Ok(Self::Reset { keeps_data: false }),
            "reset-keeping-data" => Ok(Self::Reset { keeps_data: true }),
            "cut" => Ok(Self::Cut),
            "pacing" => Ok(Self::Pacing),
            "refused-changes" => Ok(Self::RefusedChanges),
            "silence-after-partial" => Ok(Self::SilenceAfterPartial),
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for Weather {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fair => f.write_str("fair"),
            Self::Reset { keeps_data: false } => f.write_str("reset"),
            Self::Reset { keeps_data: true } => f.write_str("reset-keeping-data"),
            Self::Cut => f.write_str("cut"),
            Self::Freeze(time) => write!(f, "freeze={}s", time.as_secs()),
            Self::SlowAcknowledgements(time) => write!(f, "slow-acks={}s", time.as_secs()),
            Self::LateCommissions(time) => write!(f, "late-commissions={}s", time.as_secs()),
            Self::NoData(symbol) => write!(f, "no-data={symbol}"),
            Self::NotSubscribed(symbol) => write!(f, "not-subscribed={symbol}"),
            Self::Pacing => f.write_str("pacing"),
            Self::RefusedChanges => f.write_str("refused-changes"),
            Self::SilenceAfterPartial => f.write_str("silence-after-partial"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_weather_is_read_as_it_is_written() {
        let ten = Duration::from_secs(10);
        let all = [
            Weather::Fair,
            Weather::Reset { keeps_data: false },
            Weather::Reset { keeps_data: true },
            Weather::Cut,
            Weather::Freeze(ten),
            Weather::SlowAcknowledgements(ten),
            Weather::LateCommissions(ten),
            Weather::NoData("AAPL".into()),
            Weather::NotSubscribed("BRK B".into()),
            Weather::Pacing,
            Weather::RefusedChanges,
            Weather::SilenceAfterPartial,
        ];
        for weather in all {
            assert_eq!(Weather::parse(&weather.to_string()), Ok(weather));
        }
        let wrong = ["", "sunny", "freeze", "freeze=x", "freeze=4000s", "cut=1s", "no-data", "no-data="];
        for wrong in wrong.into_iter().chain(["not-subscribed", "not-subscribed="]) {
            assert_eq!(Weather::parse(wrong), Err(BadWeather(wrong.to_owned())));
        }
    }
}
