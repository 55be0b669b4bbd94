//! How many agent operations a second the matching engine takes.
//!
//! Forty instruments with twenty levels on each side; agents move their quotes, and take. The
//! mix is that of the synthetic market: of ten operations nine replace a quote (cancel and
//! submit, two operations) and one takes. Budget: 500,000 a second.

#[path = "common/asked.rs"]
mod asked;

use std::sync::Arc;
use std::time::Duration;

use pitdesk::domain::{
    AccountId, AssetClass, BrokerId, Currency, Decimal, Instrument, InstrumentId, Money, OrderId, OrderKind,
    OrderSpec, Price, Qty, Side, TickTable, Time, TimeInForce, TradingHours,
};
use pitdesk::exchange::{AccountConfig, Config, Event, Exchange, Owner, agent_order};

const INSTRUMENTS: u32 = 40;
const LEVELS: i64 = 20;
const MID: i64 = 10_000;
const OPERATIONS: u64 = 4_000_000;
const BUDGET: f64 = 500_000.0;

fn instrument(id: u32) -> Arc<Instrument> {
    Arc::new(Instrument {
        id: InstrumentId(id),
        broker: BrokerId(0),
        symbol: format!("S{id}").into(),
        name: "Bench".into(),
        venue: "PIT".into(),
        class: AssetClass::Share,
        currency: Currency::USD,
        ticks: TickTable::uniform(Decimal::new(1, 2)).expect("a cent is a tick"),
        lot: Qty(Decimal::ONE),
        multiplier: Decimal::ONE,
        hours: TradingHours::always("UTC"),
    })
}

/// A splitmix step: the same stream in every run.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

struct Bench {
    exchange: Exchange,
    out: Vec<Event>,
    /// Resting quotes by instrument and place; sells are the second half.
    quotes: Vec<OrderId>,
    ids: u64,
    time: Time,
    trades: u64,
}

impl Bench {
    fn new(exchange: Exchange) -> Self {
        let quotes = vec![OrderId(0); (i64::from(INSTRUMENTS) * LEVELS * 2) as usize];
        Self { exchange, out: Vec::new(), quotes, ids: 0, time: Time::from_seconds(1), trades: 0 }
    }

    fn submit(&mut self, agent: u32, instrument: u32, side: Side, quantity: i64, kind: OrderKind) -> OrderId {
        self.ids += 1;
        self.time = self.time + Duration::from_micros(50);
        let id = agent_order(self.ids);
        let (instrument, quantity) = (InstrumentId(instrument), Qty(quantity.into()));
        let spec = OrderSpec::new(instrument, side, quantity, kind, TimeInForce::Gtc);
        self.out.clear();
        self.exchange.submit(Owner::Agent(agent), id, spec, self.time, &mut self.out);
        self.trades += self.out.iter().filter(|event| matches!(event, Event::Trade(..))).count() as u64;
        id
    }

    /// A maker's quote at its place, `shift` ticks off.
    fn quote(&mut self, place: u64, shift: i64) {
        let levels = LEVELS as u64;
        let instrument = (place / (2 * levels)) as u32;
        let level = (place % levels).cast_signed();
        let (side, at) = if place % (2 * levels) < levels {
            (Side::Buy, MID - 1 - level - shift)
        } else {
            (Side::Sell, MID + 1 + level + shift)
        };
        let price = Price(Decimal::new(at, 2));
        let id = self.submit(1, instrument, side, 100 + level, OrderKind::Limit { price });
        self.quotes[place as usize] = id;
    }

    fn run(&mut self, operations: u64) {
        let mut state = 7;
        let places = self.quotes.len() as u64;
        let mut done = 0;
        while done < operations {
            let dice = next(&mut state);
            let place = (dice >> 8) % places;
            if dice.is_multiple_of(10) {
                let side = if dice & 0x80 == 0 { Side::Buy } else { Side::Sell };
                self.submit(2, (place % u64::from(INSTRUMENTS)) as u32, side, 80, OrderKind::Market);
                done += 1;
            } else {
                self.out.clear();
                self.exchange.cancel(self.quotes[place as usize], self.time, &mut self.out);
                self.quote(place, (dice >> 60).cast_signed() % 3);
                done += 2;
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a bench measures with the real clock")]
#[expect(clippy::print_stdout, reason = "a bench prints its result")]
fn measure(title: &str, bench: &mut Bench) {
    let start = std::time::Instant::now();
    bench.run(OPERATIONS);
    let seconds = start.elapsed().as_secs_f64();
    let rate = OPERATIONS as f64 / seconds;
    let verdict = if rate >= BUDGET { "within" } else { "BELOW" };
    println!(
        "{title}: {rate:.0} agent operations/s, {:.0} ns each, {} trades ({verdict} the budget of {BUDGET}/s)",
        seconds * 1e9 / OPERATIONS as f64,
        bench.trades
    );
}

fn exchange() -> Exchange {
    let account = AccountConfig {
        id: "PAPER".into(),
        title: "Paper".into(),
        cash: vec![Money { amount: Decimal::from(1_000_000_000), currency: Currency::USD }],
        base: Currency::USD,
        leverage: Decimal::TWO,
    };
    let config = Config { accounts: vec![account], ..Config::default() };
    Exchange::new((0..INSTRUMENTS).map(instrument).collect(), config).expect("the bench's catalogue is sound")
}

fn main() {
    if !asked::is_asked() {
        return;
    }
    let mut bench = Bench::new(exchange());
    for place in 0..bench.quotes.len() as u64 {
        bench.quote(place, 0);
    }
    measure("agents alone", &mut bench);

    let mut bench = Bench::new(exchange());
    for place in 0..bench.quotes.len() as u64 {
        bench.quote(place, 0);
    }
    let account = AccountId::from("PAPER");
    for n in 0..200_u64 {
        let instrument = InstrumentId((n % u64::from(INSTRUMENTS)) as u32);
        let at = Price(Decimal::new(MID - 30 - (n / 40).cast_signed(), 2));
        let stop = OrderKind::Stop { stop: Price(Decimal::new(MID + 500, 2)) };
        let kind = if n % 2 == 0 { OrderKind::Limit { price: at } } else { stop };
        let spec = OrderSpec::new(instrument, Side::Buy, Qty(Decimal::TEN), kind, TimeInForce::Gtc);
        let owner = Owner::Account(account.clone());
        bench.exchange.submit(owner, OrderId(n + 1), spec, bench.time, &mut bench.out);
    }
    measure("with 200 working orders of a trader", &mut bench);
}
