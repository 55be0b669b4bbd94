//! A session while the IB Gateway behind it is being started: it waits, and says for what.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::broker::contract::{BrokerEvent, BrokerRequest, EngineGone, SessionStart};
use crate::broker::ibkr::launch::Follower;
use crate::link::ConnectionState;

/// How often it is looked whether there is something new to say.
const LOOK: Duration = Duration::from_secs(1);

/// How the wait has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coming {
    /// There is nothing more to wait for.
    Over,
    /// The engine wants no connection any more.
    Disconnected,
}

/// Waits as long as it is worth it. What the engine asks meanwhile is kept in `early`; what a trader asks is
/// not: an order that leaves minutes after it was meant is not what was meant.
pub(super) async fn wait(
    mut launch: Follower,
    start: &mut SessionStart,
    early: &mut VecDeque<BrokerRequest>,
) -> Result<Coming, EngineGone> {
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut said = String::new();
    loop {
        let state = launch.state();
        if !state.is_coming() {
            return Ok(Coming::Over);
        }
        let text = state.says(start.clock.now()).unwrap_or_default();
        if said != text {
            said.clone_from(&text);
            let (state, reason) = (ConnectionState::Connecting, text.into());
            start.events.send(BrokerEvent::Connection { state, reason }).await?;
        }
        tokio::select! {
            () = launch.changed() => {}
            _ = looks.tick() => {}
            request = start.requests.recv() => match request {
                None => return Err(EngineGone),
                Some(BrokerRequest::Disconnect) => return Ok(Coming::Disconnected),
                Some(request) if is_for_now(&request) => {
                    let why = format!("{said}: nothing was sent").into();
                    start.events.send(BrokerEvent::Unsent { request, why }).await?;
                }
                Some(request) => {
                    // The newest says all.
                    if matches!(request, BrokerRequest::Watch(_)) {
                        early.retain(|earlier| !matches!(earlier, BrokerRequest::Watch(_)));
                    }
                    early.push_back(request);
                }
            },
        }
    }
}

/// Whether it is only worth something at once.
fn is_for_now(request: &BrokerRequest) -> bool {
    match request {
        BrokerRequest::Place(_)
        | BrokerRequest::Amend(_)
        | BrokerRequest::Cancel(_)
        | BrokerRequest::CancelAll
        | BrokerRequest::WhatIf(..)
        | BrokerRequest::Find(_)
        | BrokerRequest::Describe(_) => true,
        BrokerRequest::Books
        | BrokerRequest::Watch(_)
        | BrokerRequest::History(_)
        | BrokerRequest::Drill(_)
        | BrokerRequest::Disconnect => false,
    }
}
