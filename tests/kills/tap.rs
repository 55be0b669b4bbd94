//! A broker whose every word can be listened to, and at any of them the process can die.

use std::sync::Arc;

use pitdesk::broker::contract::{EventSender, Requests, Session};
use pitdesk::broker::{Adapter, BrokerEvent, BrokerRequest, Capabilities, SessionStart};
use pitdesk::domain::Instrument;
use tokio::sync::mpsc;

/// A word between the engine and its broker, before the other side has it.
pub enum Passing<'a> {
    /// The engine asks: nothing of it has been written yet.
    Asked(&'a BrokerRequest),
    /// The session tells: the engine has not heard it yet.
    Told(&'a BrokerEvent),
}

type Listener = Arc<dyn Fn(&Passing<'_>) + Send + Sync>;

/// A broker that is listened to.
pub struct Tapped<A> {
    broker: A,
    listener: Listener,
}

impl<A: Adapter> Tapped<A> {
    /// `listener` is told of each word on its way.
    pub fn new(broker: A, listener: impl Fn(&Passing<'_>) + Send + Sync + 'static) -> Self {
        Self { broker, listener: Arc::new(listener) }
    }
}

impl<A: Adapter> Adapter for Tapped<A> {
    fn name(&self) -> &'static str {
        self.broker.name()
    }

    fn capabilities(&self) -> Capabilities {
        self.broker.capabilities()
    }

    fn instruments(&self) -> Vec<Arc<Instrument>> {
        self.broker.instruments()
    }

    fn start(&self, start: SessionStart) -> Session {
        let SessionStart { id, clock, mut requests, events } = start;
        // Room for one: what is listened to here is the next thing that happens there.
        let (ask, asked) = mpsc::channel(1);
        let (tell, mut told) = mpsc::channel(1);
        let (requests_of, events_of) = (Requests::new(asked), EventSender::new(id, tell));
        let session = self.broker.start(SessionStart { id, clock, requests: requests_of, events: events_of });
        let (hears_asked, hears_told) = (Arc::clone(&self.listener), Arc::clone(&self.listener));
        let asking = async move {
            while let Some(request) = requests.recv().await {
                hears_asked(&Passing::Asked(&request));
                if ask.send(request).await.is_err() {
                    return;
                }
            }
        };
        let telling = async move {
            while let Some((_, event)) = told.recv().await {
                hears_told(&Passing::Told(&event));
                events.send(event).await.ok();
            }
        };
        Box::pin(async move {
            let running = async move {
                tokio::pin!(session);
                tokio::select! {
                    end = &mut session => return end,
                    // The engine is gone, and the session sees that.
                    () = asking => {}
                }
                session.await
            };
            tokio::join!(running, telling).0
        })
    }
}
