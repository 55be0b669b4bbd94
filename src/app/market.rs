//! Builds the brokers of a run from the profile and the command line.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;

use super::cli::Options;
use super::exchange::{account, token};
use super::recording::{self, Recording};
use crate::broker::Adapter;
use crate::broker::paper::{PaperConfig, Source};
use crate::broker::registry::{Elsewhere, Setup, brokers, brokers_elsewhere};
use crate::domain::{Instrument, Time};
use crate::exchange::catalogue::{Catalogue, Opening};
use crate::exchange::replay::{Replay, ReplayClock, ReplayInput};
use crate::exchange::synth::{Market, MarketConfig};
use crate::market::calendar::Calendar;
use crate::store::bars::Library;
use crate::store::profile::{self, Profile};

/// The market of a run without `--seed`. Fixed, so that prices go on where they were
/// when the program is started again.
const USUAL_SEED: u64 = 1;

/// What a run is set up with.
pub struct Plan {
    /// Brokers and their instruments.
    pub setup: Setup,
    /// Whether the account of an earlier run is taken over.
    pub continues_account: bool,
}

impl Plan {
    /// The practice market, or the replay that the options name.
    ///
    /// # Errors
    /// When the recording cannot be read or makes no market.
    pub fn new(options: &Options, library: &Library, always_open: bool, now: Time) -> anyhow::Result<Self> {
        match &options.replay {
            None => Self::practice(options, always_open, now),
            Some(file) => Self::replay(file, library, options, now),
        }
    }

    fn practice(options: &Options, always_open: bool, now: Time) -> anyhow::Result<Self> {
        let catalogue = Catalogue::bundled(opening(always_open))?;
        let seed = options.seed.unwrap_or(USUAL_SEED);
        anyhow::ensure!(
            options.activity > 0.0 && options.activity <= 1_000.0,
            "--activity must be above 0 and at most 1000, such as 1"
        );
        let market = Market::new(&catalogue, seed, now, MarketConfig { activity: options.activity })?;
        let setup = Setup {
            instruments: catalogue.instruments(),
            exchange: catalogue.config(),
            paper: PaperConfig::default(),
            source: Source::Synthetic(Box::new(market)),
            now,
        };
        Ok(Self { setup, continues_account: true })
    }

    fn replay(file: &Path, library: &Library, options: &Options, now: Time) -> anyhow::Result<Self> {
        let catalogue = Catalogue::bundled(Opening::Always)?;
        let Recording { input, subject } = Recording::read(file, library, &catalogue, &options.csv)?;
        let instrument = subject.instrument(&input);
        let calendar = Calendar::new(&instrument.hours)?;
        let from = options
            .from
            .map_or_else(|| second_day(&input, &calendar), |when| when.time(|day| calendar.day_start(day)));
        let start = first_row_from(&input, from);
        let seed = options.seed.unwrap_or(USUAL_SEED);
        let replay = Replay::new(Arc::clone(&instrument), input, start, seed)?;
        anyhow::ensure!(
            options.speed.is_finite() && options.speed > 0.0,
            "--speed must be above zero, such as 1 or 60"
        );
        let rate = recording::rate(&instrument, &catalogue)?;
        let valued = rate.as_ref().map(|(pair, price)| (&**pair, *price));
        let config = recording::config(&catalogue, instrument.currency, valued);
        let source = Source::Replay {
            replay: Box::new(replay),
            clock: ReplayClock::new(now, start, options.speed),
            rates: rate.iter().map(|(pair, price)| (pair.id, *price)).collect(),
        };
        let instruments = std::iter::once(instrument).chain(rate.map(|(pair, _)| pair)).collect();
        let setup = Setup { instruments, exchange: config, paper: PaperConfig::default(), source, now };
        Ok(Self { setup, continues_account: false })
    }

    /// The brokers, whose accounts end with the run.
    ///
    /// # Errors
    /// When one of them cannot be set up.
    pub fn brokers(self) -> anyhow::Result<Vec<Arc<dyn Adapter>>> {
        Ok(brokers(self.setup, None)?)
    }

    /// The brokers; what becomes of the account is kept in `profile`, unless this run is not to
    /// touch it. What is worth telling a trader goes into `problems`.
    ///
    /// # Errors
    /// When one of them cannot be set up.
    pub fn kept_brokers(
        self,
        profile: &Profile,
        problems: &mut Vec<String>,
    ) -> anyhow::Result<Vec<Arc<dyn Adapter>>> {
        let kept = self.continues_account.then(|| account::open(profile, problems)).transpose()?;
        Ok(brokers(self.setup, kept)?)
    }
}

/// What a run trades with.
pub struct Trading {
    /// In the order of their ids.
    pub brokers: Vec<Arc<dyn Adapter>>,
    /// What they list.
    pub instruments: Vec<Arc<Instrument>>,
    /// Whether what happens in it is of use to the next run.
    pub is_kept: bool,
}

impl Trading {
    /// With the market of this program, or the exchange that the options name.
    ///
    /// # Errors
    /// When there is no such market, or no way to the exchange.
    pub fn open(
        options: &Options,
        library: &Library,
        always_open: bool,
        profile: &Profile,
        problems: &mut Vec<String>,
        now: Time,
    ) -> anyhow::Result<Self> {
        if let Some(address) = options.exchange {
            return elsewhere(address, options, always_open);
        }
        let plan = Plan::new(options, library, always_open, now)?;
        let (instruments, is_kept) = (plan.setup.instruments.clone(), plan.continues_account);
        Ok(Self { brokers: plan.kept_brokers(profile, problems)?, instruments, is_kept })
    }
}

/// The practice market of another process: every exchange lists the same.
fn elsewhere(address: SocketAddr, options: &Options, always_open: bool) -> anyhow::Result<Trading> {
    let file = match &options.exchange_token_file {
        Some(file) => file.clone(),
        None => profile::exchange_token_file(options.data_dir.as_deref())?,
    };
    let token = token::read(&file).context(
        "the exchange's secret is not known: start `pitdesk exchange` with the same --data-dir first, or \
         name the token file that it was started with by --exchange-token-file",
    )?;
    let instruments = Catalogue::bundled(opening(always_open))?.instruments();
    let paper = PaperConfig::default();
    let exchange = Elsewhere { address, token, instruments: instruments.clone(), paper };
    Ok(Trading { brokers: brokers_elsewhere(exchange)?, instruments, is_kept: true })
}

fn opening(always_open: bool) -> Opening {
    if always_open { Opening::Always } else { Opening::AsListed }
}

/// Where the second recorded day begins, so that the first is the chart's history; the
/// first row where there is one day only.
fn second_day(input: &ReplayInput, calendar: &Calendar) -> Time {
    let times: Box<dyn Iterator<Item = Time>> = match input {
        ReplayInput::Bars(bars, timeframe) if timeframe.is_calendar() => {
            // Daily bars: the first quarter is history.
            return bars.time(bars.len() / 4).unwrap_or(Time::MIN);
        }
        ReplayInput::Bars(bars, _) => Box::new(bars.iter().map(|bar| bar.time)),
        ReplayInput::Trades(trades) => Box::new(trades.iter().map(|trade| trade.time)),
    };
    let mut times = times.peekable();
    let Some(&first) = times.peek() else { return Time::MIN };
    let first_day = calendar.trading_day(first);
    times.find(|time| calendar.trading_day(*time) > first_day).unwrap_or(first)
}

/// The time of the first row at or after `from`, so that a replay begins with a price.
fn first_row_from(input: &ReplayInput, from: Time) -> Time {
    let found = match input {
        ReplayInput::Bars(bars, _) => bars.time(bars.partition_by_time(from)),
        ReplayInput::Trades(trades) => trades.iter().map(|trade| trade.time).find(|time| *time >= from),
    };
    found.unwrap_or(from)
}
