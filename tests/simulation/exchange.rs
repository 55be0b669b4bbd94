//! The exchange in a process of its own: a server, its market and its disk.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, OnceLock};

use pitdesk::broker::paper::server::{ConnId, Effect, Saved, ServerCore};
use pitdesk::broker::paper::wire::ToExchange;
use pitdesk::broker::paper::wire::frame::{HEADER, Inbound, LONGEST};
use pitdesk::broker::paper::{PaperVenue, Source};
use pitdesk::domain::{BrokerId, Decimal, Fill, Instrument, InstrumentId, Order, OrderId, Side, Time};
use pitdesk::exchange::catalogue::{Catalogue, Opening};
use pitdesk::exchange::synth::{Market, MarketConfig};

use crate::brackets::LegKey;

pub const TOKEN: &str = "a token of forty characters, for the test";
/// Instruments of the small market: enough to mix orders up, few enough to be quick.
const LISTED: usize = 2;
/// States that a forgetful exchange may fall back to.
const OLDER: usize = 60;

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
    static LISTED: OnceLock<Arc<[Arc<Instrument>]>> = OnceLock::new();
    Arc::clone(LISTED.get_or_init(|| catalogue().instruments().into()))
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
    /// What the disk held before, oldest first, where such a state may come back.
    older: Option<VecDeque<Saved>>,
    /// What comes in, as it is read beside the server.
    lines: BTreeMap<ConnId, Ear>,
    /// Whom the server listens to.
    client: Option<ConnId>,
}

/// What an exchange has of an account.
#[derive(Default)]
pub struct Truth {
    pub orders: BTreeMap<OrderId, Order>,
    pub fills: Vec<Fill>,
    pub net: BTreeMap<InstrumentId, Decimal>,
    /// Exits of brackets that the program keeps: to the exchange they are orders like any other.
    pub kept: BTreeMap<OrderId, LegKey>,
}

/// Reads one connection.
struct Ear {
    held: Vec<u8>,
    inbound: Inbound,
}

impl Ear {
    /// Bytes until the header, or the frame, is whole.
    fn missing(&self) -> usize {
        match self.held.first_chunk::<4>() {
            Some(length) if self.held.len() >= HEADER => {
                HEADER + u32::from_le_bytes(*length) as usize - self.held.len()
            }
            _ => HEADER - self.held.len(),
        }
    }

    /// Takes bytes in; the message that they complete, if it comes for the first time.
    fn take(&mut self, bytes: &[u8]) -> Option<ToExchange> {
        self.held.extend_from_slice(bytes);
        if self.held.len() < HEADER || self.missing() > 0 {
            return None;
        }
        self.inbound.push(&std::mem::take(&mut self.held));
        self.inbound.next_message().ok().flatten()
    }
}

impl Exchange {
    pub fn new(seed: u64, may_forget: bool, now: Time) -> Self {
        let server = ServerCore::new(venue(seed, now), TOKEN, None, now);
        let older = may_forget.then(VecDeque::new);
        Self { seed, server, disk: Saved::default(), older, lines: BTreeMap::new(), client: None }
    }

    /// Puts on its disk what has changed, as it must before anything is said of it.
    fn save(&mut self) {
        if let Some(change) = self.server.unsaved() {
            if let Some(older) = &mut self.older {
                older.push_back(self.disk.clone());
                if older.len() > OLDER {
                    older.pop_front();
                }
            }
            self.disk.apply(change).unwrap();
        }
    }

    /// Dies, and begins again with what is on its disk.
    pub fn restart(&mut self, now: Time) {
        self.lines.clear();
        self.client = None;
        self.server = ServerCore::new(venue(self.seed, now), TOKEN, Some(self.disk.clone()), now);
        self.save();
    }

    /// Dies, and begins again with what was on its disk so many saves ago.
    pub fn restart_forgetting(&mut self, saves: usize, now: Time) {
        if let Some(older) = &mut self.older {
            older.truncate(older.len().saturating_sub(saves.saturating_sub(1)));
            self.disk = older.pop_back().unwrap_or_default();
        }
        self.restart(now);
    }

    pub fn accept(&mut self, conn: ConnId, now: Time) {
        self.lines.insert(conn, Ear { held: Vec::new(), inbound: Inbound::new(LONGEST) });
        self.server.accept(conn, now);
    }

    pub fn closed(&mut self, conn: ConnId) {
        self.gone(conn);
        self.server.closed(conn);
    }

    fn gone(&mut self, conn: ConnId) {
        self.lines.remove(&conn);
        self.client = self.client.filter(|client| *client != conn);
    }

    /// Takes bytes in. Of each request that it takes, `judge` is told before it does.
    pub fn received(
        &mut self,
        conn: ConnId,
        mut bytes: &[u8],
        now: Time,
        mut judge: impl FnMut(Truth, &ToExchange),
    ) -> Vec<Effect> {
        let mut effects = Vec::new();
        while !bytes.is_empty() {
            let Some(line) = self.lines.get_mut(&conn) else { break };
            let (part, rest) = bytes.split_at(line.missing().min(bytes.len()));
            bytes = rest;
            match line.take(part) {
                Some(ToExchange::Hello(_)) => self.client = Some(conn),
                Some(request @ (ToExchange::Place(_) | ToExchange::Amend { .. }))
                    if self.client == Some(conn) =>
                {
                    judge(self.truth(), &request);
                }
                _ => {}
            }
            let before = effects.len();
            self.server.received(conn, part, now, &mut effects);
            for closed in closed_of(&effects[before.saturating_sub(1)..]) {
                self.gone(closed);
            }
        }
        self.save();
        effects
    }

    pub fn advance(&mut self, now: Time) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.server.advance(now, &mut effects);
        self.save();
        for closed in closed_of(&effects) {
            self.gone(closed);
        }
        effects
    }

    pub fn truth(&self) -> Truth {
        let books = self.server.venue().books();
        Truth {
            orders: books.orders.into_iter().map(|order| (order.id, order)).collect(),
            fills: books.fills,
            net: books.positions.into_iter().map(|position| (position.instrument, position.net)).collect(),
            kept: BTreeMap::new(),
        }
    }
}

fn closed_of(effects: &[Effect]) -> Vec<ConnId> {
    let close = |effect: &Effect| match effect {
        Effect::Close(conn) => Some(*conn),
        Effect::Send(..) => None,
    };
    effects.iter().filter_map(close).collect()
}

impl Truth {
    pub fn net_of(&self, id: InstrumentId) -> Decimal {
        self.net.get(&id).copied().unwrap_or_default()
    }

    /// What works on a side of an instrument, exits not counted, but for one order.
    pub fn working(&self, id: InstrumentId, side: Side, but: OrderId) -> Decimal {
        let is_meant =
            |o: &&Order| o.spec.instrument == id && o.spec.side == side && self.leg_of(o).is_none();
        let live = self.orders.values().filter(|order| order.is_live() && order.id != but);
        live.filter(is_meant).map(|order| order.remaining().0).sum()
    }

    /// The leg of a bracket that an order is of, whoever keeps it.
    pub fn leg_of(&self, order: &Order) -> Option<LegKey> {
        let native = order.spec.parent.map(|entry| (entry, order.spec.kind.limit().is_some()));
        native.or_else(|| self.kept.get(&order.id).copied())
    }

    /// What exits on a side of an instrument could trade now: of those of one entry one leg, and no
    /// more than the entry has filled; where the program keeps them, less what they have traded.
    pub fn exits(&self, id: InstrumentId, side: Side) -> Decimal {
        self.exits_by_entry(id, side).values().sum()
    }

    pub fn exits_by_entry(&self, id: InstrumentId, side: Side) -> BTreeMap<OrderId, Decimal> {
        let mut legs = BTreeMap::<LegKey, Decimal>::new();
        for exit in
            self.orders.values().filter(|o| o.is_live() && o.spec.instrument == id && o.spec.side == side)
        {
            if let Some(leg) = self.leg_of(exit) {
                *legs.entry(leg).or_default() += exit.remaining().0;
            }
        }
        let mut most = BTreeMap::<OrderId, Decimal>::new();
        for ((entry, _), remaining) in legs {
            let opened = self.orders.get(&entry).map_or(remaining, |order| order.filled.0);
            let open = (opened - self.traded_by_kept(entry)).max(Decimal::ZERO);
            let own = most.entry(entry).or_default();
            *own = (*own).max(remaining.min(open));
        }
        most
    }

    /// By entry, what exits that the program keeps have traded on a side of an instrument, and that
    /// with what they could still trade.
    pub fn kept_exits(&self, id: InstrumentId, side: Side) -> BTreeMap<OrderId, (Decimal, Decimal)> {
        let could = self.exits_by_entry(id, side);
        let is_meant = |exit: &&OrderId| {
            self.orders.get(exit).is_some_and(|o| o.spec.instrument == id && o.spec.side == side)
        };
        let here = self.kept.iter().filter(|(exit, _)| is_meant(exit));
        let with_traded = |entry: OrderId| {
            let traded = self.traded_by_kept(entry);
            (entry, (traded, traded + could.get(&entry).copied().unwrap_or_default()))
        };
        here.map(|(_, leg)| with_traded(leg.0)).collect()
    }

    /// What exits that the program keeps have traded for one entry.
    fn traded_by_kept(&self, entry: OrderId) -> Decimal {
        let exits = self.kept.iter().filter(|(_, leg)| leg.0 == entry);
        exits.filter_map(|(id, _)| self.orders.get(id)).map(|exit| exit.filled.0).sum()
    }

    /// What such exits of a side have traded beyond what their entries have filled: a target and a
    /// stop can both fill before the program hears of either.
    pub fn overtraded(&self, id: InstrumentId, side: Side) -> Decimal {
        let is_meant = |exit: &&OrderId| {
            self.orders.get(exit).is_some_and(|o| o.spec.instrument == id && o.spec.side == side)
        };
        let here = self.kept.iter().filter(|(exit, _)| is_meant(exit));
        let entries: BTreeSet<OrderId> = here.map(|(_, leg)| leg.0).collect();
        let over = |entry: &OrderId| {
            let filled = self.orders.get(entry).map_or(Decimal::ZERO, |order| order.filled.0);
            (self.traded_by_kept(*entry) - filled).max(Decimal::ZERO)
        };
        entries.iter().map(over).sum()
    }

    /// The most that could be held on a side, whichever orders fill.
    pub fn worst(&self, id: InstrumentId, side: Side) -> Decimal {
        side.sign() * self.net_of(id) + self.working(id, side, OrderId(0)) + self.exits(id, side)
    }
}
