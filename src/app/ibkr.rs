//! A run that trades at Interactive Brokers: which instruments it lists, and the broker for them.
//!
//! TWS describes what the settings name. What it said is kept in the profile, so that a start at which
//! it does not answer lists the same, with the orders and positions of the journal in sight.

mod credentials;
mod ini;
pub mod keeper;
mod launching;
pub mod login;

use std::path::PathBuf;

pub(super) use launching::end;

use super::cli::Options;
use super::market::Trading;
use crate::broker::ibkr::described::{Described, Descriptions, describe, listed};
use crate::broker::ibkr::launch::{Follower, LaunchState, Launched, Notes};
use crate::broker::ibkr::{IbkrConfig, MarketData};
use crate::broker::registry;
use crate::domain::BrokerId;
use crate::domain::settings::IbkrSettings;
use crate::engine::supervisor;
use crate::link::Clock;
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
/// # Errors
/// In words for a trader: where TWS does not answer and no earlier start has kept what it lists.
pub(super) async fn open(
    options: &Options,
    settings: &IbkrSettings,
    profile: &Profile,
    problems: &mut Vec<String>,
    notes: Notes,
    clock: &Clock,
) -> anyhow::Result<(Trading, Option<Launched>)> {
    let address = options.ibkr.map_or_else(|| settings.address.clone(), |address| address.to_string());
    let market_data =
        if settings.delayed_data { MarketData::DelayedWhenNeeded } else { MarketData::LiveOnly };
    let begun = launching::begin(settings, &address, profile, problems, notes, clock.clone());
    let not_started = begun.as_ref().err().cloned();
    problems.extend(not_started.clone());
    let launched = begun.ok().flatten();
    let launch = launched.as_ref().map(Launched::follow);
    let config = IbkrConfig { market_data, launch, ..IbkrConfig::new(address, settings.client_id) };
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
    let is_kept = |name: &String| kept.iter().any(|described| described.name == *name);
    let asked = match &launched {
        // A login takes minutes: the session waits for it, and says so in the window.
        Some(launched) if settings.instruments.iter().all(is_kept) => {
            let next =
                describe_for_next_start(launched.follow(), config.clone(), settings.clone(), file.clone());
            supervisor::spawn("instruments", next);
            Ok(Descriptions::default())
        }
        Some(launched) => {
            let mut launch = launched.follow();
            launch.settled().await;
            match describe(&config, &settings.instruments).await {
                Ok(described) => Ok(described),
                Err(why) => Err(launch.explain(why, clock.now()).await),
            }
        }
        None => describe(&config, &settings.instruments).await,
    };
    let known = match asked {
        Ok(Descriptions { known, problems: missing }) => {
            problems.extend(missing);
            let known = with_those_of_before(&known, &kept, settings);
            if let Err(error) = files::save(&file, &known) {
                problems.push(format!(
                    "What TWS tells of instruments cannot be kept for the next start: {error}"
                ));
            }
            known
        }
        Err(why) => {
            problems.push(why.clone());
            let why = not_started.into_iter().chain([why]).collect::<Vec<_>>().join(". ");
            anyhow::ensure!(!kept.is_empty(), "nothing is listed yet: {why}");
            kept
        }
    };
    let (listed, wrong) = listed(&known, BrokerId(0));
    problems.extend(wrong);
    anyhow::ensure!(
        !listed.is_empty(),
        "nothing can be traded: name instruments in settings.toml, [ibkr], such as instruments = [\"AAPL\"]"
    );
    let instruments = listed.iter().map(|listed| listed.instrument.clone()).collect();
    let trading = Trading { brokers: vec![registry::ibkr(config, listed)], instruments, is_kept: true };
    Ok((trading, launched))
}

/// Keeps what TWS says of the instruments once it answers: what is listed now was kept by an earlier start.
async fn describe_for_next_start(
    mut launch: Follower,
    config: IbkrConfig,
    settings: IbkrSettings,
    file: PathBuf,
) {
    if matches!(launch.settled().await, LaunchState::Up { .. } | LaunchState::Found)
        && let Ok(Descriptions { known, .. }) = describe(&config, &settings.instruments).await
        && known.len() == settings.instruments.len()
        && let Err(error) = files::save(&file, &known)
    {
        tracing::warn!("what TWS tells of instruments cannot be kept for the next start: {error}");
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
