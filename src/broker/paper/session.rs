//! A connection to the paper exchange: requests in, events out, time passing.

use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;

use super::client::{self, Out};
use super::house::{House, Outbox};
use super::keeper::Progress;
use super::lock;
use crate::broker::contract::{
    Books, BrokerEvent, BrokerRequest, EngineGone, EventSender, SessionEnd, SessionStart,
};
use crate::link::{ConnectionState, Drill, NoticeLevel};

/// Least time between two advances of the exchange to the present; it sleeps for longer while
/// nothing is due.
const STEP: Duration = Duration::from_millis(5);

/// Why a session ends.
enum End {
    EngineGone,
    /// What writes the exchange down has ended: nothing can be confirmed any more.
    KeeperGone,
}

impl From<EngineGone> for End {
    fn from(EngineGone: EngineGone) -> Self {
        Self::EngineGone
    }
}

/// Lost only together with what writes the exchange down: that itself is in this program.
pub(super) async fn run(house: Arc<Mutex<House>>, start: SessionStart) -> SessionEnd {
    match connected(&house, start).await {
        // The engine being gone is how the program ends; there is nobody left to tell.
        Ok(()) | Err(End::EngineGone) => SessionEnd::Asked,
        Err(End::KeeperGone) => SessionEnd::Lost(
            "The paper account is not saved any more, so that nothing is confirmed: start Pitdesk again"
                .into(),
        ),
    }
}

async fn connected(house: &Mutex<House>, start: SessionStart) -> Result<(), End> {
    let SessionStart { clock, mut requests, events, .. } = start;
    let (progress, as_saved) = {
        let mut house = lock(house);
        (house.progress(), house.take_as_saved())
    };
    let is_first = as_saved.is_some();
    let mut line = Line { events, progress, as_saved, outbox: Outbox::default(), told: None };
    let mut out = Vec::new();
    let mut through = lock(house).connect(&mut out);
    line.tell(std::mem::take(&mut out), through).await?;
    if let Some(why) = line.trouble().filter(|_| !is_first && !line.outbox.is_empty()) {
        let state = ConnectionState::Connecting;
        line.send([BrokerEvent::Connection { state, reason: cannot_be_saved(&why).into() }]).await?;
    }
    loop {
        let now = clock.now();
        let pause = lock(house).next_time(now).since(now).max(STEP);
        tokio::select! {
            biased;
            request = requests.recv() => match request {
                None => return Ok(()),
                Some(BrokerRequest::Drill(Drill::Freeze(duration))) => sleep(duration).await,
                Some(BrokerRequest::Drill(Drill::Crash)) => panic!("a drill"),
                Some(BrokerRequest::Disconnect) => {
                    let through = lock(house).advance(clock.now(), &mut out);
                    line.tell(out, through).await?;
                    return line.close().await;
                }
                Some(request) => match line.objection(&request) {
                    Some(why) => {
                        let mut refused = Out::default();
                        client::refuse(&request, &why, clock.now(), &mut refused);
                        line.send(refused.events).await?;
                    }
                    None => through = lock(house).handle(request, clock.now(), &mut out),
                }
            },
            written = line.written() => written?,
            () = sleep(pause) => through = lock(house).advance(clock.now(), &mut out),
        }
        line.tell(std::mem::take(&mut out), through).await?;
    }
}

/// The way to the engine, past the disk where one is waited for.
struct Line {
    events: EventSender,
    /// How far the disk has come, where there is one.
    progress: Option<watch::Receiver<Progress>>,
    /// The books that the disk has, while those of now have not been told and wait for it.
    as_saved: Option<Books>,
    outbox: Outbox,
    /// The trouble that the trader was told of.
    told: Option<Arc<str>>,
}

impl Line {
    /// Returns when the disk has come further, or nothing more goes there.
    async fn written(&mut self) -> Result<(), End> {
        match &mut self.progress {
            Some(progress) => progress.changed().await.map_err(|_gone| End::KeeperGone),
            None => pending().await,
        }
    }

    fn trouble(&self) -> Option<Arc<str>> {
        self.progress.as_ref()?.borrow().trouble.clone()
    }

    /// Why nothing is done for a request: what would add to what the disk does not take. A cancel
    /// is carried out, and told when it is written.
    fn objection(&self, request: &BrokerRequest) -> Option<String> {
        let adds = matches!(request, BrokerRequest::Place(_) | BrokerRequest::Amend(_));
        self.trouble().filter(|_| adds).map(|why| cannot_be_saved(&why))
    }

    /// Tells what may be told; holds the rest until the disk has everything up to `through`.
    async fn tell(&mut self, events: Vec<BrokerEvent>, through: u64) -> Result<(), EngineGone> {
        let Progress { written, trouble } =
            self.progress.as_mut().map(|p| p.borrow_and_update().clone()).unwrap_or_default();
        let late = self.outbox.take(written);
        self.send(late).await?;
        let free = self.outbox.put(events, through, written);
        self.send(free).await?;
        self.begin_as_saved(trouble.as_ref()).await?;
        if trouble != self.told {
            let note = match (&trouble, &self.told) {
                (Some(why), _) => BrokerEvent::Note(NoticeLevel::Error, cannot_be_saved(why).into()),
                (None, _) => BrokerEvent::Note(NoticeLevel::Info, "The paper account is saved again".into()),
            };
            self.told = trouble;
            self.send([note]).await?;
        }
        Ok(())
    }

    /// A session that begins on a disk that takes nothing: what is on it is told, so that orders can
    /// be seen and cancelled. What has become of them since waits for the disk, like everything.
    async fn begin_as_saved(&mut self, trouble: Option<&Arc<str>>) -> Result<(), EngineGone> {
        if self.outbox.is_empty() {
            self.as_saved = None;
        }
        let Some(why) = trouble else { return Ok(()) };
        let Some(books) = self.as_saved.take() else { return Ok(()) };
        let state = ConnectionState::Ready;
        let ready = BrokerEvent::Connection { state, reason: cannot_be_saved(why).into() };
        self.send([BrokerEvent::Books(Arc::new(books)), ready]).await
    }

    async fn send(&self, events: impl IntoIterator<Item = BrokerEvent>) -> Result<(), EngineGone> {
        for event in events {
            self.events.send(event).await?;
        }
        Ok(())
    }

    /// The end, behind the last word of all that happened, unless the disk does not take it.
    async fn close(&mut self) -> Result<(), End> {
        while !self.outbox.is_empty() && self.trouble().is_none() {
            self.written().await?;
            self.tell(Vec::new(), 0).await?;
        }
        let reason = self.trouble().map_or_else(|| "Disconnected".into(), |why| cannot_be_saved(&why).into());
        self.send([BrokerEvent::Connection { state: ConnectionState::Closed, reason }]).await?;
        Ok(())
    }
}

fn cannot_be_saved(why: &str) -> String {
    format!("The paper account cannot be saved: {why}. New orders are refused until it can; cancels work")
}
