//! The engine of a profile, run to its end: the same behind the window and without one.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;

use super::Opened;
use super::cli::Options;
use super::ibkr;
use super::journal::{self, Begun};
use super::market::Trading;
use crate::engine::shell::{self, Watchers};
use crate::engine::{BrokerFacts, Engine, Journaled, Start};
use crate::link::{Clock, EngineEnd, Notice, NoticeLevel};
use crate::store::bars::Library;
use crate::store::equity;
use crate::store::journal::{Journal, Names};

/// How long the end of the program waits for an IB Gateway that it has started: what is left of the time
/// that it has in all.
const GATEWAY_LIMIT: Duration = Duration::from_millis(500);

/// Who hears the engine.
pub(super) struct Listeners {
    pub link: EngineEnd,
    pub watchers: Watchers,
}

/// Builds the engine and runs it until whoever it lives for asks for the end, or is gone.
///
/// # Errors
/// When it could not start.
pub(super) async fn engine(
    options: Options,
    opened: Opened,
    Listeners { link, watchers }: Listeners,
    clock: Clock,
) -> anyhow::Result<()> {
    let Opened { profile, settings, engine, alerts, drawings, mut problems, .. } = opened;
    let now = clock.now();
    watchers.settings.send_replace(Some(Arc::new(settings.clone())));
    let (library, lost) = Library::open(&profile.bars_folder());
    let always_open = settings.practice_always_open;
    let (trading, launched) = if ibkr::is_meant(&options, &settings.ibkr) {
        let notes = watchers.notes();
        ibkr::open(&options, &settings.ibkr, &profile, &mut problems, notes, &clock).await?
    } else {
        (Trading::open(&options, &library, always_open, &profile, &mut problems, now)?, None)
    };
    let Trading { brokers, instruments, is_kept } = trading;
    let names = Names {
        brokers: brokers.iter().map(|adapter| adapter.name().into()).collect(),
        instruments: instruments.clone().into(),
    };
    let Begun { journal, recovered, broken } = if is_kept {
        journal::open(&profile.journal_file(), names, now).await?
    } else {
        let (journal, recovered) = Journal::in_memory(names).await?;
        Begun { journal, recovered, broken: None }
    };
    let equity = is_kept.then(|| equity::load(&profile.equity_folder(), now)).map(|(curves, lost)| {
        problems.extend(lost);
        curves
    });
    problems.extend(recovered.problems);
    problems.extend(recovered.must_reconcile.map(|why| why.to_string()));
    let warn = |text: String| Notice { time: now, level: NoticeLevel::Warning, text: text.into() };
    let start = Start {
        instruments: instruments.into(),
        brokers: brokers.iter().map(|adapter| BrokerFacts::of(&**adapter)).collect(),
        settings: Arc::new(settings),
        is_killed: engine.killed || recovered.is_killed.unwrap_or_default(),
        flatten: engine.flatten.or(recovered.flatten),
        next_order_id: engine.next_order_id.max(recovered.next_order_id),
        day: engine.day,
        journal: Journaled {
            next_seq: recovered.next_seq,
            orders: recovered.orders,
            fills: recovered.fills,
            booked: recovered.booked,
            notes: recovered.notes,
            past: recovered.past,
            broken,
        },
        alerts,
        drawings,
        equity,
        notices: problems.into_iter().chain(lost).map(warn).collect(),
        now,
    };
    let running = shell::run(Engine::new(start), brokers, link, watchers, clock, profile, journal);
    #[cfg(feature = "inspection")]
    let running = super::signals::until_panic_is_asked(running);
    let ended = running.await;
    ibkr::end(launched, GATEWAY_LIMIT).await;
    if let Some(unwritten) = ended.context("the engine could not start")? {
        say_unwritten(&unwritten);
    }
    Ok(())
}

/// The window is gone by then.
#[expect(clippy::print_stderr, reason = "there is no other place to say it but the log")]
fn say_unwritten(what: &str) {
    eprintln!("pitdesk: {what}");
}
