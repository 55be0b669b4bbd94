//! The two ends of the exchange's wire, fed with anything behind a valid greeting, and what stands
//! behind each: the exchange; the engine and the desk.
//!
//! An input is lines. One that begins with `+` lets time pass, of the client one that begins with
//! `!` is a command of the trader; the others are payloads. The second byte chooses the pieces.

use std::time::Duration;

use pitdesk::broker::paper::ACCOUNT;
use pitdesk::broker::paper::server::{ConnId, Effect, Saved, ServerCore};
use pitdesk::broker::paper::wire::frame::{Inbound, LONGEST, Outbound};
use pitdesk::broker::paper::wire::{FromExchange, Hello, LONGEST_REQUEST, ToExchange, VERSION};
use pitdesk::domain::{
    BrokerId, Decimal, InstrumentId, OrderId, OrderKind, OrderSpec, Origin, Price, Qty, Side, Time,
    TimeInForce,
};
use pitdesk::link::{Bracket, Command, Decision, Flatten, Place};
use pitdesk::risk::Despite;

use super::framing::frame;
use super::limits;
use super::world::{Disk, Program, START, TOKEN, fingerprint_of_market, venue};

/// So often time passes in one input, and so many milliseconds at most.
const PASSES: usize = 8;
const LONGEST_PASS: u64 = 4_000;

/// The exchange's words, up to which orders are taken.
const GREETING: [&str; 4] = [
    r#"{"Welcome":{"version":1,"session":1,"event":0}}"#,
    r#"{"Books":{"orders":[],"fills":[],"positions":[],"accounts":[{"id":"PAPER","broker":0,"kind":"Paper","title":"Paper","base":"USD","balances":[{"currency":"USD","cash":"1000000","realised":"0","commissions":"0","margin":"0","buying_power":"2000000"}]}],"commissions":[]}}"#,
    r#""BooksEnd""#,
    r#"{"Ready":{"market":"A market"}}"#,
];

/// What an input is besides its lines: whether they are one stream of raw bytes, whether the
/// greeting was in order, how the disk is, in which pieces bytes come.
struct Way {
    is_raw: bool,
    is_greeted: bool,
    disk: Disk,
    size: usize,
}

fn way(data: &[u8]) -> Option<(Way, &[u8])> {
    let [choice, size, rest @ ..] = data else { return None };
    let disk = if choice & 4 == 0 { Disk::Quick } else { Disk::Hangs };
    let size = usize::from(*size) + 1;
    Some((Way { is_raw: choice & 1 != 0, is_greeted: choice & 2 == 0, disk, size }, rest))
}

fn pass(line: &[u8]) -> Option<Duration> {
    let digits = std::str::from_utf8(line.strip_prefix(b"+")?).ok()?;
    Some(Duration::from_millis(digits.trim().parse::<u64>().ok()?.min(LONGEST_PASS)))
}

/// What an exchange says to a program.
pub fn client(data: &[u8]) {
    let Some((way, rest)) = way(data) else { return };
    let mut program = Program::new(way.disk);
    let mut number = 0;
    if way.is_greeted {
        for words in GREETING {
            number += 1;
            let mut bytes = Vec::new();
            frame(number, words.as_bytes(), &mut bytes);
            program.hear(&bytes);
        }
        assert!(program.client.is_ready(), "that was a greeting");
        program.look();
    }
    if way.is_raw {
        rest.chunks(way.size).for_each(|piece| program.hear(piece));
        return program.look();
    }
    let mut passes = 0;
    for line in rest.split(|byte| *byte == b'\n') {
        if let Some(time) = pass(line) {
            passes += 1;
            if passes <= PASSES {
                program.pass(time);
            }
        } else if let Some(command) = line.strip_prefix(b"!").and_then(command) {
            program.command(command);
        } else {
            number += 1;
            let mut bytes = Vec::new();
            frame(number, line, &mut bytes);
            bytes.chunks(way.size).for_each(|piece| program.hear(piece));
        }
        program.look();
    }
}

/// A trader's command: a letter and numbers.
fn command(line: &[u8]) -> Option<Command> {
    let mut words = std::str::from_utf8(line).ok()?.split_ascii_whitespace();
    let verb = words.next()?;
    let mut number = || words.next().and_then(|word| word.parse::<Decimal>().ok());
    let id = |number: Option<Decimal>| number.and_then(|n| u64::try_from(n).ok()).map(OrderId);
    let place = |number: Option<Decimal>| {
        InstrumentId(number.and_then(|n| u32::try_from(n).ok()).unwrap_or_default())
    };
    Some(match verb {
        "buy" | "sell" | "bracket" => {
            let side = if verb == "sell" { Side::Sell } else { Side::Buy };
            let (instrument, quantity) = (place(number()), Qty(number()?));
            let kind = number().map_or(OrderKind::Market, |price| OrderKind::Limit { price: Price(price) });
            let (stop_loss, take_profit) = (number().map(Price), number().map(Price));
            let spec = OrderSpec::new(instrument, side, quantity, kind, TimeInForce::Day);
            let bracket = (verb == "bracket").then_some(Bracket::gtc(take_profit, stop_loss));
            Command::Place(Place {
                account: "PAPER".into(),
                spec,
                bracket,
                origin: Origin::Ticket,
                seen: None,
                names: Vec::new(),
                despite: Despite::default(),
            })
        }
        "amend" => Command::Amend {
            order: id(number())?,
            quantity: number().map(Qty),
            limit: number().map(Price),
            stop: None,
            despite: Despite::default(),
        },
        "cancel" => Command::Cancel { order: id(number())? },
        "all" => Command::CancelAll { instrument: None },
        "close" => Command::Close {
            account: "PAPER".into(),
            instrument: place(number()),
            despite: Despite::default(),
        },
        "reverse" => Command::Reverse {
            account: "PAPER".into(),
            instrument: place(number()),
            despite: Despite::default(),
        },
        "kill" => Command::Kill { flatten: number().map_or(Flatten::Market, Flatten::Within) },
        "release" => Command::ReleaseKill,
        "gone" => Command::Decide { order: id(number())?, decision: Decision::IsGone },
        "books" => Command::Reconcile { broker: BrokerId::default() },
        _ => return None,
    })
}

/// What a program says to an exchange.
pub fn server(data: &[u8]) {
    let Some((way, rest)) = way(data) else { return };
    let mut exchange = Exchange::new();
    let mut number = 0;
    if way.is_greeted {
        let hello = ToExchange::Hello(Hello {
            version: VERSION,
            token: TOKEN.to_owned(),
            account: ACCOUNT.into(),
            catalogue: fingerprint_of_market(),
            last_event: 0,
        });
        let mut bytes = Vec::new();
        Outbound::new(LONGEST_REQUEST).frame(&hello, &mut bytes).expect("a greeting is short");
        number += 1;
        exchange.hear(&bytes);
        assert!(matches!(exchange.told.first(), Some(FromExchange::Welcome { .. })), "it was let in");
    }
    if way.is_raw {
        rest.chunks(way.size).for_each(|piece| exchange.hear(piece));
        return exchange.end();
    }
    let mut passes = 0;
    for line in rest.split(|byte| *byte == b'\n') {
        if let Some(time) = pass(line) {
            passes += 1;
            if passes <= PASSES {
                exchange.pass(time);
            }
        } else {
            number += 1;
            let mut bytes = Vec::new();
            frame(number, line, &mut bytes);
            bytes.chunks(way.size).for_each(|piece| exchange.hear(piece));
        }
    }
    exchange.end();
}

/// An exchange, its disk, and what its one client hears.
struct Exchange {
    core: ServerCore,
    now: Time,
    disk: Saved,
    heard: Inbound,
    told: Vec<FromExchange>,
    is_closed: bool,
}

const CLIENT: ConnId = ConnId(1);

impl Exchange {
    fn new() -> Self {
        let mut core = ServerCore::new(venue(), TOKEN, None, START);
        core.accept(CLIENT, START);
        let (heard, told) = (Inbound::new(LONGEST), Vec::new());
        Self { core, now: START, disk: Saved::default(), heard, told, is_closed: false }
    }

    fn hear(&mut self, bytes: &[u8]) {
        let mut effects = Vec::new();
        self.core.received(CLIENT, bytes, self.now, &mut effects);
        assert!(!self.is_closed || effects.is_empty(), "nobody is answered who was sent away");
        self.carry_out(effects);
    }

    fn pass(&mut self, time: Duration) {
        self.now = self.now + time;
        let mut effects = Vec::new();
        self.core.advance(self.now, &mut effects);
        self.carry_out(effects);
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        if let Some(change) = self.core.unsaved() {
            // What is on the disk is read again, as after a restart.
            let text = serde_json::to_vec(&change).expect("a change has a JSON form");
            let change = serde_json::from_slice(&text).expect("what was written can be read");
            self.disk.apply(change).expect("it follows on the one before it");
        }
        for effect in effects {
            match effect {
                Effect::Send(CLIENT, bytes) => self.heard.push(&bytes),
                Effect::Close(CLIENT) => self.is_closed = true,
                other => panic!("to nobody that is there: {other:?}"),
            }
        }
        while let Some(message) = self.heard.next_message().expect("an exchange says what can be read") {
            limits::told(&message);
            self.told.push(message);
        }
    }

    fn end(self) {
        assert_eq!(self.heard.waiting(), 0, "whole frames");
        assert_eq!(self.core.snapshot(), self.disk, "the disk has all of it");
        limits::saved(&self.disk.accounts);
        let mut events = self.told.iter().filter_map(|message| match message {
            FromExchange::Report { event, .. } | FromExchange::Fill { event, .. } => Some(*event),
            _ => None,
        });
        assert!(events.clone().skip(1).zip(&mut events).all(|(next, event)| next == event + 1));
    }
}
