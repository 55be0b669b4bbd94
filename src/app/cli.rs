//! The command line. Global options may stand before or after a subcommand.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::domain::{AssetClass, Currency, Time, Timeframe};
use crate::link::Clock;
use crate::store::import::{DateOrder, DecimalMark};
use crate::store::profile::{DEFAULT_PROFILE, EXCHANGE_PROFILE, IBKR_PROFILE};

/// A desktop trading terminal. Without a subcommand it opens the window, on a practice
/// market that needs no account.
#[derive(Debug, Parser)]
#[command(name = "pitdesk", version, about, max_term_width = 100)]
pub struct Arguments {
    /// What to do instead of opening the window.
    #[command(subcommand)]
    pub task: Option<Task>,
    /// Options of every task.
    #[command(flatten)]
    pub options: Options,
}

/// The profile of replays, unless the command line names one.
const REPLAY_PROFILE: &str = "replay";

/// Options of every task.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Keep everything below this folder instead of the desktop's folders
    #[arg(long, global = true, value_name = "FOLDER")]
    pub data_dir: Option<PathBuf>,
    /// Use this profile: its own settings, layout and account
    #[arg(long, global = true, value_name = "NAME")]
    pub profile: Option<String>,
    /// Seed of the practice market: the same seed gives the same market
    #[arg(long, global = true, value_name = "NUMBER")]
    pub seed: Option<u64>,
    /// How busy the practice market is: 1 is a usual day, 45 about 10,000 trades a second
    #[arg(long, global = true, value_name = "FACTOR", default_value_t = 1.0)]
    pub activity: f64,
    /// Trade against recorded bars or trades (CSV, plain or .gz) instead of the practice market
    #[arg(long, global = true, value_name = "FILE")]
    pub replay: Option<PathBuf>,
    /// Trade with the exchange of another process (`pitdesk exchange`) at this address of this
    /// computer, such as 127.0.0.1:4000, instead of the practice market in this one
    #[arg(long, global = true, value_name = "ADDRESS", conflicts_with = "replay")]
    pub exchange: Option<SocketAddr>,
    /// The token file that the exchange was started with, where it is not the usual one below the
    /// data folder
    #[arg(long, global = true, value_name = "FILE")]
    pub exchange_token_file: Option<PathBuf>,
    /// Trade at Interactive Brokers through the TWS or IB Gateway at this address, such as
    /// 127.0.0.1:7497, instead of the practice market
    #[arg(long, global = true, value_name = "ADDRESS", conflicts_with_all = ["replay", "exchange"])]
    pub ibkr: Option<SocketAddr>,
    /// Speed of the replay: 10 plays ten recorded seconds in one
    #[arg(long, global = true, value_name = "FACTOR", default_value_t = 1.0)]
    pub speed: f64,
    /// Where the replay begins, such as 2013-10-07 or 2013-10-07T13:30:00Z, else with the second
    /// recorded day; of an export, its first day
    #[arg(long, global = true, value_name = "TIME", value_parser = parse_when)]
    pub from: Option<When>,
    /// How to read a CSV file.
    #[command(flatten)]
    pub csv: CsvOptions,
    /// Take the start for this time, so that a test is the same on every day
    #[cfg(feature = "inspection")]
    #[arg(long, global = true, value_name = "TIME", hide = true)]
    pub at: Option<jiff::Timestamp>,
}

/// A day, or an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// A day of whatever zone is meant.
    Day(jiff::civil::Date),
    /// An instant.
    At(Time),
}

impl When {
    /// The instant: that of a day is where it starts.
    #[must_use]
    pub fn time(self, start_of: impl FnOnce(jiff::civil::Date) -> Time) -> Time {
        match self {
            Self::Day(day) => start_of(day),
            Self::At(time) => time,
        }
    }
}

/// How to read a CSV file, where it does not say so itself.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Reading CSV files")]
pub struct CsvOptions {
    /// The symbol that the file is of
    #[arg(long, global = true, value_name = "SYMBOL")]
    pub symbol: Option<String>,
    /// Time zone of times without one, such as Asia/Tokyo; also the zone of the days
    #[arg(long, global = true, value_name = "ZONE")]
    pub zone: Option<String>,
    /// What is recorded: share, fx or crypto; else what the practice market knows by that symbol, or a share
    #[arg(long, global = true, value_name = "CLASS", value_parser = parse_class)]
    pub class: Option<AssetClass>,
    /// The currency of its price, such as JPY; else as the practice market knows it, or USD
    #[arg(long, global = true, value_name = "CODE", value_parser = parse_currency)]
    pub currency: Option<Currency>,
    /// How to read dates such as 03/04/2024: day-first or month-first
    #[arg(long, global = true, value_name = "ORDER", value_parser = parse_date_order)]
    pub date_order: Option<DateOrder>,
    /// The period of the bars, such as 1m or 1D, where it cannot be recognised
    #[arg(long, global = true, value_name = "PERIOD", value_parser = parse_timeframe)]
    pub timeframe: Option<Timeframe>,
    /// What separates decimals: point or comma
    #[arg(long, global = true, value_name = "MARK", value_parser = parse_decimal_mark)]
    pub decimal_mark: Option<DecimalMark>,
}

impl Options {
    /// The machine's clock. (Only a build for tests can be told another time.)
    #[must_use]
    #[cfg_attr(
        not(feature = "inspection"),
        expect(clippy::unused_self, reason = "an option of builds for tests decides")
    )]
    pub fn clock(&self) -> Clock {
        #[cfg(feature = "inspection")]
        if let Some(at) = self.at {
            return Clock::as_if(Time::from_timestamp(at));
        }
        Clock::system()
    }

    /// The profile to open. A replay, every seed, and an exchange elsewhere has one of its own, so
    /// that their fills never mix with those of the practice account.
    #[must_use]
    pub fn profile_name(&self) -> String {
        let default = || match (&self.exchange, &self.replay, self.seed) {
            _ if self.ibkr.is_some() => IBKR_PROFILE.to_owned(),
            (Some(_), _, _) => EXCHANGE_PROFILE.to_owned(),
            (None, Some(_), _) => REPLAY_PROFILE.to_owned(),
            (None, None, Some(seed)) => format!("seed-{seed}"),
            (None, None, None) => DEFAULT_PROFILE.to_owned(),
        };
        self.profile.clone().unwrap_or_else(default)
    }

    /// The profile that imported recordings are kept in: the one that replays them.
    #[must_use]
    pub fn recordings_profile(&self) -> &str {
        self.profile.as_deref().unwrap_or(REPLAY_PROFILE)
    }
}

/// What can be done without the window.
#[derive(Debug, Subcommand)]
pub enum Task {
    /// Draw the desk into a PNG, without a display
    Shot(Shot),
    /// Read bars or trades from a CSV file (plain or .gz) into the profile
    Import(Import),
    /// Print imported bars as CSV
    Bars(Bars),
    /// Run the practice market as an exchange of its own, which programs of this computer connect to
    Exchange(super::exchange::Arguments),
    /// Run without a window, and let programs that are written for the TWS API (Interactive Brokers)
    /// connect and trade on the practice market
    Serve(super::serve::Arguments),
    /// Use the kill switch of the running program, even when its window hangs: lock new orders,
    /// cancel those that work and, if asked, close positions
    Kill(super::control::kill::Arguments),
    /// Give the programs that are connected to a running Pitdesk a bad day, or a better one
    Weather(super::control::weather::Arguments),
    /// Keep the login to Interactive Brokers in the keyring of this computer, for the IB Gateway that
    /// Pitdesk starts (see `[ibkr.launch]` of settings.toml)
    IbkrLogin(super::ibkr::login::Arguments),
    /// Run a program, and stop it when whoever has started this is gone
    #[command(hide = true)]
    IbkrKeeper(super::ibkr::keeper::Arguments),
    /// Look into the record of all orders
    #[command(subcommand)]
    Journal(JournalTask),
}

/// What can be done with the journal.
#[derive(Debug, Subcommand)]
pub enum JournalTask {
    /// Write orders, fills or daily results into a CSV file; beside the window too
    Export(Export),
}

/// Options of `journal export`.
#[derive(Debug, Args)]
pub struct Export {
    /// The file to write
    pub file: PathBuf,
    /// What to write
    #[arg(long, value_enum, default_value_t = What::Fills)]
    pub what: What,
    /// The last day, or the instant before which to end; else all that there is
    #[arg(long, value_name = "TIME", value_parser = parse_when)]
    pub to: Option<When>,
}

/// What can be exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum What {
    /// Executions, by the exchange's time
    Fills,
    /// Orders, by the time they were entered
    Orders,
    /// Realised profit and commissions per day of --zone, account and currency
    Days,
}

impl std::fmt::Display for What {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Fills => "fills",
            Self::Orders => "orders",
            Self::Days => "days",
        })
    }
}

/// Options of `shot`.
#[derive(Debug, Args)]
pub struct Shot {
    /// The picture to write
    pub out: PathBuf,
    /// Width and height in pixels
    #[arg(long, default_value = "1600x900", value_parser = parse_size)]
    pub size: [u32; 2],
    /// How long the market runs before the picture is taken
    #[arg(long, default_value = "10s")]
    pub after: String,
    /// Draw in the light theme
    #[arg(long)]
    pub light: bool,
    /// Pixels per point: 2 for a high-density screen
    #[arg(long, default_value_t = 1.0)]
    pub scale: f32,
}

/// Options of `import`.
#[derive(Debug, Args)]
pub struct Import {
    /// The file
    pub file: PathBuf,
}

/// Options of `bars`.
#[derive(Debug, Args)]
pub struct Bars {
    /// Bars of the regular session only, 09:30 to 16:00 unless said otherwise, in the zone of the
    /// import (New York where it has none)
    #[arg(long, value_name = "HH:MM-HH:MM", num_args = 0..=1, default_missing_value = "09:30-16:00")]
    pub regular: Option<String>,
}

fn parse_when(text: &str) -> Result<When, String> {
    let day = |_| text.parse().map(When::Day);
    let instant = text.parse().map(Time::from_timestamp).map(When::At);
    instant
        .or_else(day)
        .or(Err("write a day as 2013-10-07, or an instant as 2013-10-07T13:30:00Z".to_owned()))
}

fn parse_timeframe(text: &str) -> Result<Timeframe, String> {
    let known = || Timeframe::ALL.map(Timeframe::label).join(", ");
    Timeframe::parse(text).ok_or_else(|| format!("no such period; there are {}", known()))
}

fn parse_class(text: &str) -> Result<AssetClass, String> {
    match text {
        "share" => Ok(AssetClass::Share),
        "fx" => Ok(AssetClass::Fx),
        "crypto" => Ok(AssetClass::Crypto),
        _ => Err("write share, fx or crypto".to_owned()),
    }
}

fn parse_currency(text: &str) -> Result<Currency, String> {
    Currency::parse(text).map_err(|error| error.to_string())
}

fn parse_date_order(text: &str) -> Result<DateOrder, String> {
    DateOrder::parse(text).ok_or_else(|| "write day-first or month-first".to_owned())
}

fn parse_decimal_mark(text: &str) -> Result<DecimalMark, String> {
    match text {
        "point" => Ok(DecimalMark::Point),
        "comma" => Ok(DecimalMark::Comma),
        _ => Err("write point or comma".to_owned()),
    }
}

fn parse_size(text: &str) -> Result<[u32; 2], String> {
    let wrong = || "write a size as 1600x900, from 320x240 to 7680x4320".to_owned();
    let (width, height) = text.split_once('x').ok_or_else(wrong)?;
    let (width, height) = (width.parse().or(Err(wrong()))?, height.parse().or(Err(wrong()))?);
    let fits = (320..=7_680).contains(&width) && (240..=4_320).contains(&height);
    if fits { Ok([width, height]) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::Flatten;

    fn parse(line: &str) -> Arguments {
        Arguments::try_parse_from(line.split(' ')).unwrap()
    }

    #[test]
    fn global_options_stand_before_or_after_a_subcommand() {
        for line in ["pitdesk --data-dir /x shot a.png --seed 4", "pitdesk shot a.png --seed 4 --data-dir /x"]
        {
            let arguments = parse(line);
            assert_eq!(arguments.options.data_dir, Some(PathBuf::from("/x")));
            assert_eq!(arguments.options.seed, Some(4));
            assert!(matches!(arguments.task, Some(Task::Shot(_))));
        }
    }

    #[test]
    fn a_replay_has_a_profile_of_its_own() {
        assert_eq!(parse("pitdesk").options.profile_name(), "paper");
        assert_eq!(parse("pitdesk --seed 5").options.profile_name(), "seed-5");
        assert_eq!(parse("pitdesk --replay spy.csv").options.profile_name(), "replay");
        assert_eq!(parse("pitdesk --replay spy.csv --profile mine").options.profile_name(), "mine");
        let elsewhere = parse("pitdesk --exchange 127.0.0.1:4000");
        assert_eq!(elsewhere.options.profile_name(), "exchange");
        assert_eq!(parse("pitdesk --ibkr 127.0.0.1:4002").options.profile_name(), "ibkr");
        let both = ["pitdesk", "--exchange", "127.0.0.1:4000", "--replay", "spy.csv"];
        assert!(Arguments::try_parse_from(both).is_err());
    }

    #[test]
    fn what_is_imported_is_found_by_a_replay() {
        for profile in ["", " --profile mine"] {
            let import = parse(&format!("pitdesk import spy.csv --symbol SPY{profile}"));
            let replay = parse(&format!("pitdesk --replay SPY{profile}"));
            assert_eq!(import.options.recordings_profile(), replay.options.profile_name());
        }
    }

    #[test]
    fn an_export_is_of_days_or_of_instants() {
        let arguments =
            parse("pitdesk journal export a.csv --what days --from 2026-01-02 --to 2026-01-02T10:00Z");
        let Some(Task::Journal(JournalTask::Export(export))) = arguments.task else {
            panic!("{arguments:?}")
        };
        assert_eq!(export.what, What::Days);
        assert_eq!(arguments.options.from, Some(When::Day(jiff::civil::date(2026, 1, 2))));
        assert_eq!(export.to, Some(When::At(Time::from_seconds(1_767_348_000))));
        assert!(parse_when("yesterday").is_err() && parse_when("2026-02-30").is_err());
    }

    #[test]
    fn the_kill_switch_closes_positions_only_if_asked() {
        let kill = |line: &str| match parse(line).task {
            Some(Task::Kill(kill)) => (kill.flatten, kill.wait.as_secs()),
            task => panic!("{task:?}"),
        };
        assert_eq!(kill("pitdesk kill"), (None, 60));
        assert_eq!(kill("pitdesk kill --flatten --wait 5s"), (Some(Flatten::Market), 5));
        assert_eq!(kill("pitdesk kill --flatten=1%"), (Some(Flatten::Within(1.into())), 60));
        let wrong = ["kill", "--flatten=0%"];
        assert!(Arguments::try_parse_from([&["pitdesk"][..], &wrong].concat()).is_err());
    }

    #[test]
    fn sizes_out_of_reason_are_refused() {
        assert_eq!(parse_size("1280x720"), Ok([1_280, 720]));
        for wrong in ["1280", "0x0", "1280x", "99999x99999", "axb"] {
            assert!(parse_size(wrong).is_err(), "{wrong}");
        }
    }
}
