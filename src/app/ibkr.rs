//! A run that trades at Interactive Brokers: which instruments it lists, and the broker for them.
//!
//! TWS describes what the settings name. What it said is kept in the profile, so that a start at which
//! it does not answer lists the same, with the orders and positions of the journal in sight.

use std::path::PathBuf;
use std::sync::mpsc;

use anyhow::Context as _;

use super::cli::Options;
use super::market::Trading;
use crate::broker::ibkr::described::{Described, describe, listed};
use crate::broker::ibkr::{Ibkr, IbkrConfig, Keep, MarketData};
use crate::broker::registry;
use crate::domain::BrokerId;
use crate::domain::settings::IbkrSettings;
use crate::engine::shell::NoteSender;
use crate::link::NoticeLevel;
use crate::store::files::{self, Loaded};
use crate::store::profile::{IBKR_PROFILE, Profile};

/// Whether this run trades there: the command line, the settings or the profile's name says so.
pub(super) fn is_meant(options: &Options, settings: &IbkrSettings) -> bool {
    let is_elsewhere = options.replay.is_some() || options.exchange.is_some();
    let is_named = options.profile.as_deref() == Some(IBKR_PROFILE);
    options.ibkr.is_some() || (!is_elsewhere && (settings.is_on || is_named))
}

/// The broker, with what the settings name.
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
    notes: NoteSender,
    problems: &mut Vec<String>,
) -> anyhow::Result<Trading> {
    let address = options.ibkr.map_or_else(|| settings.address.clone(), |address| address.to_string());
    let market_data =
        if settings.delayed_data { MarketData::DelayedWhenNeeded } else { MarketData::LiveOnly };
    let config = IbkrConfig { market_data, ..IbkrConfig::new(address, settings.client_id) };
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
    let known = match describe(&config, &settings.instruments).await {
        Ok(known) => {
            let known = with_those_of_before(&known, &kept, settings);
            if let Err(error) = files::save(&file, &known) {
                problems.push(unsaved(&error));
            }
            known
        }
        Err(why) => {
            problems.push(why);
            kept
        }
    };
    let (listed, wrong) = listed(&known, BrokerId(0));
    problems.extend(wrong);
    let instruments = listed.iter().map(|listed| listed.instrument.clone()).collect();
    let is_known = |name: &&String| known.iter().any(|described| described.name == **name);
    let missing = settings.instruments.iter().filter(|name| !is_known(name)).cloned().collect();
    let keep = keeper(file, known, notes).context("the system gives no threads")?;
    let broker = Ibkr::new(config, listed).growing(missing, keep);
    Ok(Trading { brokers: vec![registry::ibkr(broker)], instruments, is_kept: true })
}

/// Writes down what joins while the program runs, on a thread of its own.
fn keeper(file: PathBuf, mut known: Vec<Described>, notes: NoteSender) -> std::io::Result<Keep> {
    let (sender, joining) = mpsc::channel::<Described>();
    std::thread::Builder::new().name("pitdesk-contracts".to_owned()).spawn(move || {
        while let Ok(described) = joining.recv() {
            known.retain(|before| before.name != described.name);
            known.push(described);
            if let Err(error) = files::save(&file, &known) {
                tracing::error!("{error}");
                notes.try_send((NoticeLevel::Warning, unsaved(&error).into())).ok();
            }
        }
    })?;
    // Only at the end of the program nobody takes it any more.
    Ok(Box::new(move |described| drop(sender.send(described))))
}

fn unsaved(error: &files::WriteError) -> String {
    format!("What TWS tells of instruments cannot be kept for the next start: {error}")
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
