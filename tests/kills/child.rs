//! The program that dies: it trades by a script and kills itself with SIGKILL at a named point.
//!
//! The test runs itself as this child. Points are words between engine and broker, before the
//! other side has them, and states of the desk, in the middle of the engine's step that made
//! them: the engine's only thread is the one that dies, so nothing else happens after it.

use std::env;
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command as Process, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use pitdesk::broker::{BrokerEvent, BrokerRequest, ReportKind};
use pitdesk::desk::Desk;
use pitdesk::domain::{Decimal, OrderKind, OrderStatus};
use pitdesk::link::{Command, Flatten};
use rustix::process::{Signal, getpid, kill_process};

use crate::exchange::{Exchange, broker};
use crate::program::Program;
use crate::tap::{Passing, Tapped};

/// What the child trades.
pub const SYMBOL: &str = "ETH/USD";

/// What a script is about; "start" does nothing but start.
const SCRIPTS: [&str; 6] = ["start", "rest", "parts", "amend", "cancel", "kill"];
/// More than are said in any script.
pub const MOST_WORDS: u32 = 200;
/// What an order may be worth by the usual limits, and a little less.
const WORTH: i64 = 200_000;

/// Where a process dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// An order is intended; the journal has not begun to write it.
    Intended,
    /// A change is asked for; the journal has not begun to write it.
    AmendIntended,
    /// The books were compared; the journal has not begun to write what was found.
    Reconciled,
    /// The so-many-th new order is on disk and at the session, which has written nothing.
    Place(u32),
    /// The change is on disk and at the session, which has written nothing.
    Amend,
    /// The cancel is at the session, which has written nothing.
    Cancel,
    /// The cancel of everything is at the session.
    CancelAll,
    /// The books are asked for.
    BooksAsked,
    /// The bytes of the so-many-th request about an order were written; the engine does not know.
    OnWire(u32),
    /// The so-many-th report came; the engine does not know.
    Report(u32),
    /// The broker has made the change; the engine does not know.
    Amended,
    /// The broker has cancelled; the engine does not know.
    Cancelled,
    /// The first execution came; the engine does not know.
    Fill,
    /// An order's second execution came; the engine knows the first.
    SecondPart,
    /// The broker's books came; the engine does not know.
    Books,
    /// The so-many-th word about orders, of either side.
    Word(u32),
}

impl Point {
    /// How many of its kind it takes.
    fn nth(self) -> u32 {
        match self {
            Self::Place(nth) | Self::OnWire(nth) | Self::Report(nth) | Self::Word(nth) => nth,
            _ => 1,
        }
    }

    fn is_passed_by(self, passing: &Passing<'_>) -> bool {
        let status = |event: &BrokerEvent, wanted| match event {
            BrokerEvent::Report(report) => {
                matches!(&report.kind, ReportKind::Status { status, .. } if *status == wanted)
            }
            _ => false,
        };
        match (self, passing) {
            (Self::Place(_), Passing::Asked(BrokerRequest::Place(_)))
            | (Self::Amend, Passing::Asked(BrokerRequest::Amend(_)))
            | (Self::Cancel, Passing::Asked(BrokerRequest::Cancel(_)))
            | (Self::CancelAll, Passing::Asked(BrokerRequest::CancelAll))
            | (Self::BooksAsked, Passing::Asked(BrokerRequest::Books))
            | (Self::OnWire(_), Passing::Told(BrokerEvent::OnWire { .. }))
            | (Self::Report(_), Passing::Told(BrokerEvent::Report(_)))
            | (Self::Fill, Passing::Told(BrokerEvent::Fill { .. }))
            | (Self::Books, Passing::Told(BrokerEvent::Books(_))) => true,
            (Self::Word(_), Passing::Asked(request)) => {
                !matches!(request, BrokerRequest::Watch(_) | BrokerRequest::History(_))
            }
            // Not what comes of itself, and how much of it nobody knows.
            (Self::Word(_), Passing::Told(event)) => !matches!(
                event,
                BrokerEvent::Market { .. } | BrokerEvent::Alive { .. } | BrokerEvent::Account(_)
            ),
            (Self::Amended, Passing::Told(BrokerEvent::Report(report))) => {
                matches!(report.kind, ReportKind::Amended(_))
            }
            (Self::Cancelled, Passing::Told(event)) => status(event, OrderStatus::Cancelled),
            _ => false,
        }
    }

    fn is_state_of(self, desk: &Desk) -> bool {
        let any = |status| desk.blotter().orders().any(|order| order.status == status);
        match self {
            Self::Intended => any(OrderStatus::Intended),
            Self::AmendIntended => any(OrderStatus::PendingAmend),
            Self::Reconciled => !desk.reconciled().is_empty(),
            _ => false,
        }
    }
}

/// Runs the child on `exchange` and the profile in `folder`, until it dies at `point` of `script`.
#[track_caller]
pub fn die(folder: &Path, exchange: &Exchange, script: &str, point: Point) {
    assert!(dies(folder, exchange, script, point), "{point:?} of {script} was not passed");
}

/// Runs the child; whether it died at `point`, or came to the end of `script`.
#[track_caller]
pub fn dies(folder: &Path, exchange: &Exchange, script: &str, point: Point) -> bool {
    assert!(SCRIPTS.contains(&script), "{script}");
    let output = Process::new(env::current_exe().unwrap())
        .args(["child::child_that_is_killed", "--exact", "--nocapture", "--test-threads=1"])
        .env("PITDESK_KILLS_FOLDER", folder)
        .env("PITDESK_KILLS_EXCHANGE", exchange.address.to_string())
        .env("PITDESK_KILLS_SCRIPT", script)
        .env("PITDESK_KILLS_POINT", format!("{point:?}"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    let is_killed = output.status.signal() == Some(Signal::KILL.as_raw());
    assert!(is_killed || output.status.success(), "{script}, {point:?}: {said}");
    is_killed
}

/// All points, so that one is found by the name that the parent gives.
fn points() -> Vec<Point> {
    let once = [
        Point::Intended,
        Point::AmendIntended,
        Point::Reconciled,
        Point::Amend,
        Point::Cancel,
        Point::CancelAll,
        Point::BooksAsked,
        Point::Amended,
        Point::Cancelled,
        Point::Books,
        Point::Fill,
        Point::SecondPart,
    ];
    let counted =
        (1..=MOST_WORDS).flat_map(|n| [Point::Place(n), Point::OnWire(n), Point::Report(n), Point::Word(n)]);
    once.into_iter().chain(counted).collect()
}

/// SIGKILL, now.
fn die_here() {
    kill_process(getpid(), Signal::KILL).unwrap();
    loop {
        std::thread::park();
    }
}

/// Not a test of its own: the child.
#[test]
fn child_that_is_killed() {
    let read = |name: &str| env::var(format!("PITDESK_KILLS_{name}"));
    let Ok(folder) = read("FOLDER") else { return };
    let address: SocketAddr = read("EXCHANGE").unwrap().parse().unwrap();
    let name = read("POINT").unwrap();
    let point = points().into_iter().find(|point| format!("{point:?}") == name).unwrap();
    let (passed, filled) = (AtomicU32::new(0), Mutex::new(None));
    let folder = Path::new(&folder);
    let tapped = Tapped::new(broker(folder, address), move |passing| {
        if point.is_passed_by(passing) && passed.fetch_add(1, Ordering::AcqRel) + 1 == point.nth() {
            die_here();
        }
        if let Passing::Told(BrokerEvent::Fill { fill, .. }) = passing {
            let before = filled.lock().unwrap().replace(fill.order);
            if point == Point::SecondPart && before == Some(fill.order) {
                die_here();
            }
        }
    });
    let hook = move |desk: &Desk| {
        if point.is_state_of(desk) {
            die_here();
        }
    };
    let mut program = Program::start_with(folder, Arc::new(tapped), hook);
    program.wait_until_ready();
    if read("SCRIPT").unwrap() != "start" {
        trade(&mut program, &read("SCRIPT").unwrap());
    }
    program.shut_down();
}

fn trade(program: &mut Program, script: &str) {
    if script == "parts" {
        let aapl = program.watch("AAPL");
        // More than anybody offers at the best price, so that it fills in parts.
        let quote = |desk: &Desk| *desk.quote(aapl).unwrap().quote;
        let quantity = |desk: &Desk| (Decimal::from(WORTH) / quote(desk).ask.unwrap().0).trunc();
        let is_little = |desk: &Desk| {
            let has_both = quote(desk).bid.is_some() && quote(desk).ask.is_some();
            has_both && quote(desk).ask_size.0 * Decimal::TWO < quantity(desk)
        };
        // What is offered changes until the order is there: then again.
        for _ in 0..20 {
            program.wait("little to be offered", is_little);
            let quantity = program.look(quantity);
            let order = program.place(aapl, quantity.try_into().unwrap(), OrderKind::Market);
            program.wait_for_status(order, OrderStatus::Filled);
            program.send(Command::Close {
                account: "PAPER".into(),
                instrument: aapl,
                despite: pitdesk::risk::Despite::default(),
            });
            program
                .wait("the position to be closed", |desk| desk.blotter().open_positions().next().is_none());
        }
        return;
    }
    let eth = program.watch(SYMBOL);
    let order = program.place(eth, 1, program.below(eth, 20));
    program.wait_for_status(order, OrderStatus::Working);
    match script {
        "amend" => {
            let limit = program.below(eth, 25).limit();
            program.send(Command::Amend {
                order,
                quantity: None,
                limit,
                stop: None,
                despite: pitdesk::risk::Despite::default(),
            });
            let has_moved =
                |desk: &Desk| desk.blotter().get(order).is_some_and(|o| o.spec.kind.limit() == limit);
            program.wait("the change", has_moved);
        }
        "cancel" => {
            program.send(Command::Cancel { order });
            program.wait_for_status(order, OrderStatus::Cancelled);
        }
        "kill" => {
            let other = program.place(eth, 1, program.below(eth, 21));
            program.wait_for_status(other, OrderStatus::Working);
            let bought = program.place(eth, 2, OrderKind::Market);
            program.wait_for_status(bought, OrderStatus::Filled);
            program.send(Command::Kill { flatten: Flatten::Market });
            program.wait("the end", |desk| desk.kill_report().is_some_and(|report| report.is_done()));
        }
        _ => {}
    }
}
