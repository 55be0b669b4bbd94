//! A run that trades at Interactive Brokers: which instruments it lists, and the broker for them.
//!
//! TWS describes what the settings name. What it said is kept in the profile, so that a start at which
//! it does not answer lists the same, with the orders and positions of the journal in sight.

mod credentials;
mod ini;
pub mod keeper;
mod launching;
mod left;
pub mod login;

use std::path::PathBuf;
use std::sync::mpsc;
use std::time::Duration;

use anyhow::Context as _;

pub(super) use launching::{clear_login, end};

use super::cli::Options;
use super::market::Trading;
use crate::broker::ibkr::described::{Described, describe, listed};
use crate::broker::ibkr::launch::{Follower, LaunchState, Launched};
use crate::broker::ibkr::{Ibkr, IbkrConfig, MarketData};
use crate::broker::registry;
use crate::domain::BrokerId;
use crate::domain::settings::IbkrSettings;
use crate::engine::shell::NoteSender;
use crate::engine::supervisor;
use crate::link::{Clock, NoticeLevel};
use crate::store::files::{self, Loaded};
use crate::store::profile::{IBKR_PROFILE, Profile};

/// Whether this run trades there: the command line, the settings or the profile's name says so.
pub(super) fn is_meant(options: &Options, settings: &IbkrSettings) -> bool {
    let is_elsewhere = options.replay.is_some() || options.exchange.is_some();
    let is_named = options.profile.as_deref() == Some(IBKR_PROFILE);
    options.ibkr.is_some() || (!is_elsewhere && (settings.is_on || is_named))
}

/// The broker, with what the settings name, and the IB Gateway that was started for it.
///
/// A TWS that does not answer holds nothing up: what an earlier start has kept is listed, and the rest joins
/// when it does.
///
/// # Errors
/// When the system gives no thread.
pub(super) async fn open(
    options: &Options,
    settings: &IbkrSettings,
    profile: &Profile,
    problems: &mut Vec<String>,
    notes: NoteSender,
    clock: &Clock,
) -> anyhow::Result<(Trading, Option<Launched>)> {
    let address = options.ibkr.map_or_else(|| settings.address.clone(), |address| address.to_string());
    let begun = launching::begin(settings, &address, profile, problems, notes.clone(), clock.clone());
    problems.extend(begun.as_ref().err().cloned());
    let launched = begun.ok().flatten();
    let launch = launched.as_ref().map(Launched::follow);
    let config = IbkrConfig { launch, ..config(settings, address) };
    let file = profile.contracts_file();
    let kept: Vec<Described> = match files::load(&file) {
        Loaded::Value(kept) => kept,
        Loaded::Missing => Vec::new(),
        Loaded::Damaged { kept_as, why } => {
            problems
                .push(format!("What TWS had told is damaged ({why}); it is kept as {}", kept_as.display()));
            Vec::new()
        }
    };
    // A login takes minutes. What is listed then is what was kept; what is missing joins when TWS answers.
    let known = match &launched {
        Some(_) => with_those_of_before(&[], &kept, settings),
        None => match describe(&config, &settings.instruments).await {
            Ok(known) => with_those_of_before(&known, &kept, settings),
            Err(why) => {
                problems.push(why);
                with_those_of_before(&[], &kept, settings)
            }
        },
    };
    let is_known = |name: &&String| known.iter().any(|described| described.name == **name);
    let missing = settings.instruments.iter().filter(|name| !is_known(name)).cloned().collect();
    let (listed, wrong) = listed(&known, BrokerId(0));
    problems.extend(wrong);
    let names: Vec<&str> = listed.iter().map(|listed| &*listed.instrument.symbol).collect();
    tracing::info!("instruments that are known at the start: {names:?}");
    let keep = keep_in(file, known, notes).context("the system gives no threads")?;
    if let Some(launched) = &launched {
        let next = describe_for_next_start(launched.follow(), config.clone(), settings.clone(), keep.clone());
        supervisor::spawn("instruments", next);
    }
    let instruments = listed.iter().map(|listed| listed.instrument.clone()).collect();
    // Only at the end of the program nobody takes it any more.
    let keep = move |described| drop(keep.send(vec![described]));
    let broker = Ibkr::new(config, listed).growing(missing, Box::new(keep));
    let trading = Trading { brokers: vec![registry::ibkr(broker)], instruments, is_kept: true };
    Ok((trading, launched))
}

/// What the settings ask of TWS at an address.
fn config(settings: &IbkrSettings, address: String) -> IbkrConfig {
    let market_data =
        if settings.delayed_data { MarketData::DelayedWhenNeeded } else { MarketData::LiveOnly };
    let books_limit = Duration::from_secs(settings.answer_within_s.into());
    IbkrConfig { market_data, books_limit, ..IbkrConfig::new(address, settings.client_id) }
}

/// Writes down what is known for the next start, now and whenever more is: on a thread of its own.
fn keep_in(
    file: PathBuf,
    mut known: Vec<Described>,
    notes: NoteSender,
) -> std::io::Result<mpsc::Sender<Vec<Described>>> {
    let (sender, more) = mpsc::channel::<Vec<Described>>();
    std::thread::Builder::new().name("pitdesk-contracts".to_owned()).spawn(move || {
        let save = |known: &[Described]| {
            if let Err(error) = files::save(&file, &known) {
                let text =
                    format!("What TWS tells of instruments cannot be kept for the next start: {error}");
                tracing::error!("{text}");
                notes.try_send((NoticeLevel::Warning, text.into())).ok();
            }
        };
        save(&known);
        while let Ok(newer) = more.recv() {
            for described in newer {
                known.retain(|before| before.name != described.name);
                known.push(described);
            }
            save(&known);
        }
    })?;
    Ok(sender)
}

/// Keeps what TWS says of the instruments once it answers: what is listed now was kept by an earlier start.
async fn describe_for_next_start(
    mut launch: Follower,
    config: IbkrConfig,
    settings: IbkrSettings,
    keep: mpsc::Sender<Vec<Described>>,
) {
    if matches!(launch.settled().await, LaunchState::Up { .. } | LaunchState::Found)
        && let Ok(known) = describe(&config, &settings.instruments).await
    {
        keep.send(known).unwrap_or_else(|_ended| tracing::debug!("nobody keeps it any more"));
    }
}

/// What TWS has just described, and what it described before and did not now: it stays listed as long
/// as it is named.
fn with_those_of_before(now: &[Described], before: &[Described], settings: &IbkrSettings) -> Vec<Described> {
    let named = settings.instruments.iter();
    let find = |name: &String| {
        let of = |all: &[Described]| all.iter().find(|described| described.name == *name).cloned();
        of(now).or_else(|| of(before))
    };
    named.filter_map(find).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_settings_ask_of_tws_is_what_a_session_begins_with() {
        let usual = config(&IbkrSettings::default(), "127.0.0.1:4002".to_owned());
        assert_eq!(usual, IbkrConfig::new("127.0.0.1:4002", 7));
        let settings = IbkrSettings {
            client_id: 9,
            delayed_data: false,
            answer_within_s: 12,
            ..IbkrSettings::default()
        };
        let config = config(&settings, "127.0.0.1:7497".to_owned());
        assert_eq!((&*config.address, config.client_id), ("127.0.0.1:7497", 9));
        assert_eq!((config.market_data, config.books_limit), (MarketData::LiveOnly, Duration::from_secs(12)));
    }
}
