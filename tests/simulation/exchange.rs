//! The exchange in a process of its own: a server, its market and its disk.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use pitdesk::broker::paper::{PaperVenue, Source};

use pitdesk::broker::paper::server::{ConnId, Effect, Saved, ServerCore};
use pitdesk::domain::{BrokerId, Decimal, Fill, Instrument, InstrumentId, Order, OrderId, Time};
use pitdesk::exchange::catalogue::{Catalogue, Opening};
use pitdesk::exchange::synth::{Market, MarketConfig};

pub const TOKEN: &str = "a token of forty characters, for the test";
/// Instruments of the small market: enough to mix orders up, few enough to be quick.
const LISTED: usize = 2;

/// A market that is small and busy, so that orders fill within seconds.
fn catalogue() -> &'static Catalogue {
    static CATALOGUE: OnceLock<Catalogue> = OnceLock::new();
    CATALOGUE.get_or_init(|| {
        let mut catalogue = Catalogue::bundled(Opening::Always).unwrap();
        catalogue.listings.truncate(LISTED);
        catalogue
    })
}

pub fn instruments() -> Arc<[Arc<Instrument>]> {
    catalogue().instruments().into()
}

fn venue(seed: u64, now: Time) -> PaperVenue {
    let catalogue = catalogue();
    let market = Market::new(catalogue, seed, now, MarketConfig { activity: 1.0 }).unwrap();
    let source = Source::Synthetic(Box::new(market));
    PaperVenue::new(BrokerId(0), catalogue.instruments(), catalogue.config(), source, now).unwrap()
}

/// The server and what its disk holds.
pub struct Exchange {
    seed: u64,
    pub server: ServerCore,
    disk: Saved,
}

/// What an exchange has of an account.
pub struct Truth {
    pub orders: BTreeMap<OrderId, Order>,
    pub fills: Vec<Fill>,
    pub net: BTreeMap<InstrumentId, Decimal>,
}

impl Exchange {
    pub fn new(seed: u64, now: Time) -> Self {
        let server = ServerCore::new(venue(seed, now), TOKEN, None, now);
        Self { seed, server, disk: Saved::default() }
    }

    /// Puts on its disk what has changed, as it must before anything is said of it.
    pub fn save(&mut self) {
        if let Some(change) = self.server.unsaved() {
            self.disk.apply(change).unwrap();
        }
    }

    /// Dies, and begins again with what is on its disk.
    pub fn restart(&mut self, now: Time) {
        self.server = ServerCore::new(venue(self.seed, now), TOKEN, Some(self.disk.clone()), now);
        self.save();
    }

    pub fn received(&mut self, conn: ConnId, bytes: &[u8], now: Time) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.server.received(conn, bytes, now, &mut effects);
        self.save();
        effects
    }

    pub fn advance(&mut self, now: Time) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.server.advance(now, &mut effects);
        self.save();
        effects
    }

    pub fn truth(&self) -> Truth {
        let books = self.server.venue().books();
        Truth {
            orders: books.orders.into_iter().map(|order| (order.id, order)).collect(),
            fills: books.fills,
            net: books.positions.into_iter().map(|position| (position.instrument, position.net)).collect(),
        }
    }
}
