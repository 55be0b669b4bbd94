//! A connection to the paper exchange: requests in, events out, time passing.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::lock;
use super::venue::PaperVenue;
use crate::broker::contract::{BrokerEvent, BrokerRequest, EngineGone, SessionEnd, SessionStart};
use crate::link::{ConnectionState, Drill};

/// Least time between two advances of the exchange to the present; it sleeps for longer while
/// nothing is due.
const STEP: Duration = Duration::from_millis(5);

/// What the session does after a request.
enum Next {
    GoOn,
    Freeze(Duration),
    End,
}

/// Never lost: the exchange is in this program.
pub(super) async fn run(venue: Arc<Mutex<PaperVenue>>, start: SessionStart) -> SessionEnd {
    // The engine being gone is how the program ends; there is nobody left to tell.
    connected(venue, start).await.unwrap_or_else(|EngineGone| tracing::debug!("the engine is gone"));
    SessionEnd::Asked
}

async fn connected(venue: Arc<Mutex<PaperVenue>>, mut start: SessionStart) -> Result<(), EngineGone> {
    let mut out = Vec::new();
    lock(&venue).connect(start.saved.as_deref(), start.clock.now(), &mut out);
    loop {
        for event in out.drain(..) {
            start.events.send(event).await?;
        }
        let now = start.clock.now();
        let pause = lock(&venue).next_time(now).since(now).max(STEP);
        tokio::select! {
            biased;
            request = start.requests.recv() => {
                let Some(request) = request else { return Ok(()) };
                match handle(&venue, request, &start, &mut out) {
                    Next::GoOn => {}
                    Next::Freeze(duration) => tokio::time::sleep(duration).await,
                    Next::End => {
                        for event in out.drain(..) {
                            start.events.send(event).await?;
                        }
                        return Ok(());
                    }
                }
            }
            () = tokio::time::sleep(pause) => lock(&venue).advance(start.clock.now(), &mut out),
        }
    }
}

fn handle(
    venue: &Mutex<PaperVenue>,
    request: BrokerRequest,
    start: &SessionStart,
    out: &mut Vec<BrokerEvent>,
) -> Next {
    match request {
        BrokerRequest::Drill(Drill::Freeze(duration)) => Next::Freeze(duration),
        BrokerRequest::Drill(Drill::Crash) => panic!("a drill"),
        BrokerRequest::Disconnect => {
            let mut venue = lock(venue);
            venue.advance(start.clock.now(), out);
            out.push(BrokerEvent::State(venue.save()));
            let reason = "Disconnected".into();
            out.push(BrokerEvent::Connection { state: ConnectionState::Closed, reason });
            Next::End
        }
        request => {
            lock(venue).handle(request, start.clock.now(), out);
            Next::GoOn
        }
    }
}
