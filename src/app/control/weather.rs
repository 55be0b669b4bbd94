//! `pitdesk weather`: a bad day for the programs that are connected, from a second process.

use std::io::{self, Write as _};
use std::net::Ipv4Addr;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::Address;
use super::kill::address;
use super::wire::{Answer, Ask, LONGEST_ANSWER, Lines, Request, VERSION};
use crate::app::cli::Options;
use crate::domain::Weather;
use crate::store::profile::Profile;

/// How long the program may take to answer.
const ANSWER: Duration = Duration::from_secs(10);

/// Options of `weather`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// fair, reset, reset-keeping-data, cut, freeze=20s, slow-acks=2s, late-commissions=5s,
    /// no-data=AAPL, not-subscribed=AAPL, pacing, refused-changes or silence-after-partial
    #[arg(value_parser = Weather::parse)]
    pub weather: Weather,
}

/// Asks the running program for it.
///
/// # Errors
/// In words for a person: no program runs with this profile, or it refuses.
pub(in crate::app) fn run(arguments: &Arguments, options: &Options) -> anyhow::Result<ExitCode> {
    let name = options.profile_name();
    let file = Profile::control_file_of(options.data_dir.as_deref(), &name)?;
    let address = address(&file).map_err(|why| {
        anyhow::anyhow!("no Pitdesk runs with the profile '{name}' ({why}): start it first")
    })?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let answer = runtime.block_on(async { timeout(ANSWER, ask(address, &arguments.weather)).await });
    match answer?? {
        Answer::Taken => {
            writeln!(io::stdout(), "The weather is now: {}", arguments.weather)?;
            Ok(ExitCode::SUCCESS)
        }
        Answer::Refused(why) | Answer::Over(why) => anyhow::bail!("the weather may be as it was: {why}"),
        Answer::Progress(_) => anyhow::bail!("the program answers something else"),
    }
}

async fn ask(address: Address, weather: &Weather) -> anyhow::Result<Answer> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, address.port)).await?;
    let (reader, mut writer) = stream.into_split();
    let ask = Ask::Weather(weather.to_string());
    let mut line = serde_json::to_vec(&Request { token: address.token, version: VERSION, ask })?;
    line.push(b'\n');
    writer.write_all(&line).await?;
    let line = Lines::new(reader, LONGEST_ANSWER).next().await?;
    let line = line.ok_or_else(|| anyhow::anyhow!("the program ended the connection without a word"))?;
    Ok(serde_json::from_slice(&line)?)
}
