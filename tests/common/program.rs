//! The program without its window, as `app::window` puts it together: runtime, shell, engine,
//! journal, control socket, and whatever broker a test gives it.
//!
//! The test's desk is brought up to date whenever the engine wakes the window, on the engine's own
//! thread, of which there is one: so a [`Program::start_with`] hook sees every state between two
//! steps of the engine, and what it does (dying, say) happens there.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pitdesk::app;
use pitdesk::app::control::{self, Control};
use pitdesk::app::journal::Begun;
use pitdesk::broker::Adapter;
use pitdesk::desk::Desk;
use pitdesk::domain::{
    BrokerId, Decimal, InstrumentId, OrderId, OrderKind, OrderSpec, OrderStatus, Price, Qty, Side,
    TimeInForce,
};
use pitdesk::engine::shell::{self, Watchers};
use pitdesk::engine::{BrokerFacts, Engine, Journaled, Start, supervisor};
use pitdesk::link::channel::CommandSender;
use pitdesk::link::{Clock, Command, CommandId, ConnectionState, Demand, Envelope, Inbox, Place, connect};
use pitdesk::store::journal::Names;
use pitdesk::store::profile::Profile;
use pitdesk::store::{alerts, drawings, engine_state, equity, settings};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

/// How long any condition may take on a loaded machine.
pub const SOON: Duration = Duration::from_secs(30);
/// The one broker.
pub const PAPER: BrokerId = BrokerId(0);
/// The profile that every program of these tests uses.
pub const PROFILE: &str = "paper";

/// A running program.
pub struct Program {
    runtime: Runtime,
    shell: JoinHandle<()>,
    commander: CommandSender,
    window: Arc<Window>,
    wakes: Receiver<()>,
    pub clock: Clock,
    next: u64,
}

/// What stands in for the window.
struct Window {
    seen: Mutex<Seen>,
    hangs: AtomicBool,
    clock: Clock,
}

#[derive(Default)]
struct Seen {
    inbox: Option<Inbox>,
    desk: Desk,
}

impl Window {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look(&self, hook: &(impl Fn(&Desk) + ?Sized)) {
        if self.hangs.load(Ordering::Acquire) {
            return;
        }
        let mut seen = self.seen();
        let Seen { inbox: Some(inbox), desk } = &mut *seen else { return };
        let applied = desk.apply(inbox.drain(), self.clock.now());
        assert!(!applied.needs_snapshot, "nothing is lost on the way");
        hook(desk);
    }
}

impl Program {
    /// Starts it in `folder`.
    pub fn start(folder: &Path, broker: Arc<dyn Adapter>) -> Self {
        Self::start_with(folder, broker, |_| ())
    }

    /// The same; `hook` sees the desk after every change.
    pub fn start_with(
        folder: &Path,
        broker: Arc<dyn Adapter>,
        hook: impl Fn(&Desk) + Send + Sync + 'static,
    ) -> Self {
        Self::begin(Profile::open(Some(folder), PROFILE).unwrap(), broker, hook)
    }

    /// Starts it in a profile that its broker writes into already.
    pub fn start_in(profile: Profile, broker: Arc<dyn Adapter>) -> Self {
        Self::begin(profile, broker, |_| ())
    }

    fn begin(
        profile: Profile,
        broker: Arc<dyn Adapter>,
        hook: impl Fn(&Desk) + Send + Sync + 'static,
    ) -> Self {
        let (clock, profile) = (Clock::system(), Arc::new(profile));
        let (state, _damage) = engine_state::load(&profile.engine_file());
        let (settings, _wrong) = settings::load(&profile.settings_file());

        let window = Window { seen: Mutex::default(), hangs: false.into(), clock: clock.clone() };
        let (window, (ring, wakes)) = (Arc::new(window), channel());
        let ring = Mutex::new(ring);
        let looking = Arc::clone(&window);
        let (engine_end, window_end) = connect(Arc::new(move || {
            looking.look(&hook);
            ring.lock().unwrap().send(()).unwrap_or_default();
        }));
        window.seen().inbox = Some(window_end.inbox);
        let commander = window_end.commander;
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let instruments: Arc<[_]> = broker.instruments().into();
        let names: Vec<Arc<str>> = vec![broker.name().into()];
        let of_journal = Names { brokers: names.clone(), instruments: Arc::clone(&instruments) };
        let file = profile.journal_file();
        let opening = app::journal::open(&file, of_journal, clock.now());
        let Begun { journal, recovered, broken } = runtime.block_on(opening).unwrap();
        // What its broker lists later is not known to the journal at the start.
        let knows_all = recovered.problems.is_empty() || broker.capabilities().lookup;
        assert!(knows_all && recovered.must_reconcile.is_none(), "{recovered:?}");
        let engine = Engine::new(Start {
            instruments,
            brokers: vec![BrokerFacts::of(&*broker)],
            settings: Arc::new(settings),
            is_killed: state.killed || recovered.is_killed.unwrap_or_default(),
            flatten: state.flatten.or(recovered.flatten),
            next_order_id: state.next_order_id.max(recovered.next_order_id),
            day: state.day,
            journal: Journaled {
                next_seq: recovered.next_seq,
                orders: recovered.orders,
                fills: recovered.fills,
                booked: recovered.booked,
                past: recovered.past,
                notes: recovered.notes,
                broken,
            },
            alerts: alerts::load(&profile.alerts_file()).0,
            drawings: drawings::load(&profile.drawings_file()).0,
            equity: Some(equity::load(&profile.equity_folder(), clock.now()).0),
            notices: Vec::new(),
            now: clock.now(),
        });
        let inside = runtime.enter();
        let watchers = Watchers::default();
        let control = Control {
            profile: Arc::clone(&profile),
            engine: commander.spare(),
            kill: watchers.kill.subscribe(),
            weather: watchers.weather.subscribe(),
            notes: watchers.notes(),
            clock: clock.clone(),
        };
        supervisor::spawn("control socket", control::serve(control));
        let of_shell = clock.clone();
        let shell = supervisor::spawn("engine", async move {
            let running = shell::run(engine, vec![broker], engine_end, watchers, of_shell, profile, journal);
            running.await.unwrap();
        });
        drop(inside);
        Self { runtime, shell, commander, window, wakes, clock, next: 1 }
    }

    /// From now on the window takes nothing more from the engine.
    pub fn hang(&self) {
        self.window.hangs.store(true, Ordering::Release);
    }

    /// From now on it does again.
    pub fn wake_up(&self) {
        self.window.hangs.store(false, Ordering::Release);
        self.window.look(&|_: &Desk| ());
    }

    /// Something of the desk as it is now.
    pub fn look<T>(&self, at: impl FnOnce(&Desk) -> T) -> T {
        at(&self.window.seen().desk)
    }

    /// Looks whenever the engine wakes, until the condition holds.
    #[track_caller]
    pub fn wait(&self, what: &str, holds: impl Fn(&Desk) -> bool) {
        let deadline = self.clock.now() + SOON;
        while !self.look(&holds) {
            let left = deadline.since(self.clock.now());
            let said = |desk: &Desk| format!("{:?} {:#?}", desk.connections(), desk.notices());
            assert!(!left.is_zero(), "waited in vain for {what}: {}", self.look(said));
            self.wakes.recv_timeout(left.min(Duration::from_millis(100))).unwrap_or_default();
        }
    }

    /// Waits until the broker takes orders.
    #[track_caller]
    pub fn wait_until_ready(&self) {
        let is_ready =
            |desk: &Desk| desk.connection(PAPER).is_some_and(|c| c.state == ConnectionState::Ready);
        self.wait("the broker", is_ready);
    }

    pub fn send(&mut self, command: Command) -> CommandId {
        let id = CommandId(self.next);
        self.next += 1;
        let input_at = self.clock.now();
        self.commander.try_send(Envelope { id, input_at, command }).unwrap();
        id
    }

    /// Watches an instrument, until it has a quote.
    #[track_caller]
    pub fn watch(&mut self, symbol: &str) -> InstrumentId {
        let id = self.look(|desk| desk.instruments().iter().find(|i| &*i.symbol == symbol).unwrap().id);
        let mut demand = Demand::default();
        demand.quotes.insert(id);
        self.send(Command::Demand(Arc::new(demand)));
        let has_both =
            |desk: &Desk| desk.quote(id).is_some_and(|v| v.quote.bid.is_some() && v.quote.ask.is_some());
        self.wait("a quote", has_both);
        id
    }

    /// Asks for a purchase and does not wait for what becomes of it.
    pub fn ask(&mut self, instrument: InstrumentId, quantity: i64, kind: OrderKind) -> CommandId {
        let quantity = Qty(Decimal::from(quantity));
        let spec = OrderSpec::new(instrument, Side::Buy, quantity, kind, TimeInForce::Gtc);
        self.send(Command::Place(Place::plain("PAPER".into(), spec)))
    }

    /// Buys; fails where the gate refuses.
    #[track_caller]
    pub fn place(&mut self, instrument: InstrumentId, quantity: i64, kind: OrderKind) -> OrderId {
        let id = self.ask(instrument, quantity, kind);
        self.wait("an answer", |desk| desk.answer(id).is_some());
        self.look(|desk| desk.order_of(id).unwrap_or_else(|| panic!("{:?}", desk.answer(id))))
    }

    #[track_caller]
    pub fn wait_for_status(&self, order: OrderId, status: OrderStatus) {
        let is_so = |desk: &Desk| desk.blotter().get(order).is_some_and(|o| o.status == status);
        self.wait(&format!("order {order} to be {status:?}"), is_so);
    }

    /// A limit so many per cent below the market, on the grid.
    pub fn below(&self, instrument: InstrumentId, percent: i64) -> OrderKind {
        self.look(|desk| {
            let listed = desk.instrument(instrument).unwrap();
            let last = desk.quote(instrument).unwrap().quote.mark().unwrap();
            let far = Price(last.0 * Decimal::new(100 - percent, 2));
            OrderKind::Limit { price: listed.ticks.round_down(far) }
        })
    }

    pub fn net(&self, instrument: InstrumentId) -> Decimal {
        self.look(|desk| {
            let position = desk.blotter().positions().find(|p| p.instrument == instrument);
            position.map_or(Decimal::ZERO, |p| p.net)
        })
    }

    /// Ends as the window's closing does.
    pub fn shut_down(mut self) {
        self.send(Command::Shutdown);
        let shell = self.shell;
        let end = self.runtime.block_on(async { tokio::time::timeout(SOON, shell).await });
        end.expect("the engine finishes in time").unwrap();
        // With it goes the control socket, and its file.
        self.runtime.shutdown_timeout(SOON);
    }
}
