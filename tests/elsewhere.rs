//! `pitdesk --exchange`: a program that trades with an exchange in another process, which is killed
//! and comes back.

#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "common/program.rs"]
#[expect(dead_code, reason = "the window of these tests does not hang")]
mod program;

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command as Process, Stdio};

use clap::Parser as _;
use pitdesk::app::cli::{Arguments, Options};
use pitdesk::app::market::Trading;
use pitdesk::desk::Desk;
use pitdesk::domain::{Decimal, OrderKind, OrderStatus};
use pitdesk::link::{Clock, Command, ConnectionState};
use pitdesk::store::bars::Library;
use pitdesk::store::profile::Profile;
use program::{PAPER, Program};
use tempfile::TempDir;

/// An exchange, as a person starts it; killed with the value.
struct Exchange {
    child: Child,
    address: SocketAddr,
}

impl Exchange {
    fn start(folder: &Path, listen: &str) -> Self {
        let mut child = Process::new(env!("CARGO_BIN_EXE_pitdesk"))
            .args(["exchange", "--always-open", "--seed", "3", "--listen", listen])
            .arg("--data-dir")
            .arg(folder)
            .arg("--state")
            .arg(folder.join("state"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ").expect(&line).parse().unwrap();
        Self { child, address }
    }

    /// With SIGKILL.
    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn options(folder: &Path, address: SocketAddr) -> Options {
    let (address, folder) = (address.to_string(), folder.to_str().unwrap());
    Arguments::parse_from(["pitdesk", "--exchange", &address, "--data-dir", folder]).options
}

fn trading(options: &Options) -> anyhow::Result<Trading> {
    let profile = Profile::open(options.data_dir.as_deref(), &options.profile_name()).unwrap();
    let (mut problems, now) = (Vec::new(), Clock::system().now());
    Trading::open(options, &Library::empty(), true, &profile, &mut problems, now)
}

fn is(state: ConnectionState) -> impl Fn(&Desk) -> bool {
    move |desk| desk.connection(PAPER).is_some_and(|connection| connection.state == state)
}

#[test]
fn a_program_trades_with_an_exchange_elsewhere_that_dies_and_comes_back() {
    let folder = TempDir::new().unwrap();
    let mut exchange = Exchange::start(folder.path(), "127.0.0.1:0");
    let address = exchange.address;
    let Trading { brokers, instruments, is_kept } = trading(&options(folder.path(), address)).unwrap();
    assert!(is_kept && brokers[0].instruments().len() == instruments.len());
    let mut program = Program::start(folder.path(), brokers[0].clone());
    program.wait_until_ready();
    let (name, reason) = program.look(|desk| {
        let connection = desk.connection(PAPER).unwrap();
        (connection.name.to_string(), connection.reason.to_string())
    });
    assert_eq!(name, "Paper");
    assert!(reason.contains("Practice market") && reason.contains(&address.to_string()), "{reason}");

    let eth = program.watch("ETH/USD");
    let far = program.below(eth, 20);
    let resting = program.place(eth, 1, far);
    program.wait_for_status(resting, OrderStatus::Working);
    let bought = program.place(eth, 2, OrderKind::Market);
    program.wait_for_status(bought, OrderStatus::Filled);
    exchange.kill();
    program.wait("the loss to be told", is(ConnectionState::Down));
    program.wait_for_status(resting, OrderStatus::Unknown);

    let _exchange = Exchange::start(folder.path(), &address.to_string());
    program.wait("the exchange to be back", is(ConnectionState::Ready));
    program.wait_for_status(resting, OrderStatus::Working);
    assert_eq!(program.net(eth), Decimal::TWO);
    let filled: Decimal =
        program.look(|desk| desk.blotter().fills().iter().map(|fill| fill.quantity.0).sum());
    assert_eq!(filled, Decimal::TWO, "each execution once");
    program.send(Command::Cancel { order: resting });
    program.wait_for_status(resting, OrderStatus::Cancelled);
    let next = program.place(eth, 1, far);
    program.wait_for_status(next, OrderStatus::Working);
    program.shut_down();
}

#[test]
fn what_is_missing_to_reach_an_exchange_is_said() {
    let folder = TempDir::new().unwrap();
    let address = "127.0.0.1:4000".parse().unwrap();
    let said = format!("{:#}", trading(&options(folder.path(), address)).err().unwrap());
    assert!(said.contains("pitdesk exchange") && said.contains("--exchange-token-file"), "{said}");
    let mut elsewhere = options(folder.path(), "192.0.2.1:4000".parse().unwrap());
    let token = folder.path().join("token");
    pitdesk::app::exchange::token::obtain(&token).unwrap();
    elsewhere.exchange_token_file = Some(token);
    let said = format!("{:#}", trading(&elsewhere).err().unwrap());
    assert!(said.contains("not an address of this computer"), "{said}");
}
