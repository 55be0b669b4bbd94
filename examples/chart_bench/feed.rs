//! The program's own way from a broker to the chart: engine, link, desk.
//!
//! A thread stands for the runtime and for a session that reads its socket every
//! millisecond; what came goes through [`Engine::process`], which makes bars of it, and over
//! the link to a desk. The window asks for the bars and for every single trade, which the
//! chart does not need: so it is known that none was lost on the way.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use pitdesk::broker::{BrokerEvent, BrokerRequest, HistoryBars, MarketEvent};
use pitdesk::desk::Desk;
use pitdesk::domain::{
    AssetClass, Bar, BrokerId, Currency, Decimal, Instrument, InstrumentId, Price, Qty, TickTable, Time,
    Timeframe, Trade, TradingHours,
};
use pitdesk::engine::{Effect, Engine, EngineEvent, Start};
use pitdesk::link::{
    BarKey, Clock, Command, CommandId, Demand, EngineEnd, Envelope, Inbox, Stream, WindowEnd, connect,
};
use pitdesk::market::series::BarSeries;

const KEY: BarKey = BarKey { instrument: InstrumentId(0), timeframe: Timeframe::M1 };
const BROKER: BrokerId = BrokerId(0);

/// The window's side: a desk with bars in it, and a market that waits for its start.
pub struct Feed {
    desk: Desk,
    inbox: Inbox,
    clock: Clock,
    market: Market,
    /// Units in the newest bars before the first trade.
    volume: f64,
}

enum Market {
    Waiting(Box<Source>),
    Running(JoinHandle<Sent>),
    Over,
}

impl Feed {
    /// A market with these bars behind it, the last of them forming, and these prices and
    /// sizes to come, again and again.
    ///
    /// # Errors
    /// When the bars or trades do not make it through to the desk.
    pub fn open(
        bars: Vec<Bar>,
        trades: impl Iterator<Item = (f64, f64)>,
        wake: Arc<dyn Fn() + Send + Sync>,
    ) -> anyhow::Result<Self> {
        let decimal = |x: f64, places| anyhow::Ok(Decimal::try_from(x)?.round_dp(places));
        let trades: anyhow::Result<Vec<_>> =
            trades.map(|(price, size)| Ok((Price(decimal(price, 2)?), Qty(decimal(size, 4)?)))).collect();
        let count = bars.len();
        let (link, WindowEnd { inbox, .. }) = connect(wake);
        let mut source = Source::new(link, &bars, trades?)?;
        source.begin(bars)?;
        let clock = source.clock.clone();
        let mut desk = Desk::default();
        desk.apply(inbox.drain(), clock.now());
        ensure!(desk.series(KEY).is_some_and(|view| view.series.len() == count), "the bars did not arrive");
        let mut feed = Self { desk, inbox, clock, market: Market::Waiting(Box::new(source)), volume: 0.0 };
        feed.volume = feed.newest_volume();
        Ok(feed)
    }

    /// What the chart shows.
    pub fn series(&self) -> &BarSeries {
        &self.desk.series(KEY).expect("a feed opens with its history").series
    }

    /// Lets `rate` trades a second happen, for so long.
    ///
    /// # Errors
    /// When it runs already, or there are no threads.
    pub fn start(&mut self, rate: u64, span: Duration) -> anyhow::Result<()> {
        let Market::Waiting(mut source) = std::mem::replace(&mut self.market, Market::Over) else {
            bail!("the market runs already");
        };
        let thread = std::thread::Builder::new().name("engine".to_owned());
        self.market = Market::Running(thread.spawn(move || source.run(rate, span))?);
        Ok(())
    }

    /// Takes over what has arrived, as the terminal does before a frame; how many trades.
    pub fn drain(&mut self) -> u64 {
        let before = self.desk.ledger().of(Stream::Trades).applied;
        self.desk.apply(self.inbox.drain(), self.clock.now());
        self.desk.ledger().of(Stream::Trades).applied - before
    }

    /// Waits for the end and takes over the rest; how many trades were sent, and how many the
    /// rest was. (Of more than fit into the link between two frames, the oldest are dropped from
    /// the tape, and counted; the bars have them all.)
    ///
    /// # Errors
    /// When the bars of the chart are not what was sent.
    pub fn finish(&mut self) -> anyhow::Result<(u64, u64)> {
        let Market::Running(thread) = std::mem::replace(&mut self.market, Market::Over) else {
            bail!("the market does not run");
        };
        let Ok(Sent { trades, volume }) = thread.join() else { bail!("the engine's thread panicked") };
        let rest = self.drain();
        let shown = self.newest_volume() - self.volume;
        ensure!((shown - volume).abs() <= 1e-6 * volume, "{volume} units were sent, the chart has {shown}");
        Ok((trades, rest))
    }

    /// Units traded in the newest bars, which are those that a run can change.
    fn newest_volume(&self) -> f64 {
        let series = self.series();
        let newest = series.len().saturating_sub(5)..series.len();
        newest.filter_map(|i| series.get(i)).map(|bar| bar.volume).sum()
    }
}

/// What went in at the far end.
struct Sent {
    trades: u64,
    volume: f64,
}

/// The far end: a market in front of the engine.
struct Source {
    engine: Engine,
    link: EngineEnd,
    clock: Clock,
    /// When the forming bar began.
    opened: Time,
    trades: Vec<(Price, Qty)>,
    effects: Vec<Effect>,
}

impl Source {
    fn new(link: EngineEnd, bars: &[Bar], trades: Vec<(Price, Qty)>) -> anyhow::Result<Self> {
        let instrument = Instrument {
            id: KEY.instrument,
            broker: BROKER,
            symbol: "TEST".into(),
            name: "Test".into(),
            venue: "TEST".into(),
            class: AssetClass::Share,
            currency: Currency::USD,
            ticks: TickTable::uniform(Decimal::new(1, 2))?,
            lot: Qty(Decimal::ONE),
            multiplier: Decimal::ONE,
            hours: TradingHours::always("UTC"),
        };
        let clock = Clock::system();
        let engine =
            Engine::new(Start::first(Arc::new([Arc::new(instrument)]), vec!["Test".into()], clock.now()));
        let opened = bars.last().context("there are no bars")?.time;
        Ok(Self { engine, link, clock, opened, trades, effects: Vec::new() })
    }

    /// Lets the window ask for bars and trades, and answers with the history.
    fn begin(&mut self, mut bars: Vec<Bar>) -> anyhow::Result<()> {
        self.process(EngineEvent::Started);
        let mut demand = Demand::default();
        demand.want_bars(KEY, bars.len() - 1);
        demand.trades.insert(KEY.instrument);
        let envelope = Envelope {
            id: CommandId(1),
            input_at: self.clock.now(),
            command: Command::Demand(Arc::new(demand)),
        };
        self.process(EngineEvent::Command(envelope));
        let asked = self.effects.iter().find_map(|effect| match effect {
            Effect::Request(_, BrokerRequest::History(request)) => Some(*request),
            _ => None,
        });
        let request = asked.context("the engine has not asked for the history")?;
        let forming = bars.pop();
        self.process(EngineEvent::Broker(
            BROKER,
            BrokerEvent::History(HistoryBars { request, bars: bars.into(), forming, is_cut: false }),
        ));
        self.publish();
        Ok(())
    }

    fn run(&mut self, rate: u64, span: Duration) -> Sent {
        let start = Instant::now();
        let mut sent = Sent { trades: 0, volume: 0.0 };
        let trades = std::mem::take(&mut self.trades);
        let mut all = trades.iter().cycle();
        loop {
            let elapsed = start.elapsed().min(span);
            let due = (elapsed.as_secs_f64() * rate as f64) as u64 - sent.trades;
            let event = |&(price, quantity): &(Price, Qty)| {
                let trade = Trade { time: self.opened + elapsed, price, quantity, aggressor: None };
                sent.volume += quantity.to_f64();
                MarketEvent::Trade(KEY.instrument, trade)
            };
            let events = all.by_ref().take(due as usize).map(event).collect();
            sent.trades += due;
            let received = self.clock.now();
            self.process(EngineEvent::Broker(BROKER, BrokerEvent::Market { received, events }));
            self.publish();
            if elapsed >= span {
                return sent;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn process(&mut self, event: EngineEvent) {
        self.engine.process(event, self.clock.now(), &mut self.effects);
    }

    fn publish(&mut self) {
        let effects = self.effects.drain(..);
        self.link.publisher.batch(|window| {
            for effect in effects {
                // Requests and files are for others: this broker has told all it knows.
                drop(effect.publish_to(window));
            }
        });
    }
}
