//! Other programs are let in from the window, and locked out again.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};

use pitdesk::domain::settings::GatewaySettings;

use crate::client::Client;
use crate::trader::Trader;
use crate::window::SOON;

/// An address of this computer at which no other test takes ports.
const HERE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 4);

/// A port that nobody listens at.
fn free() -> SocketAddr {
    let taken = TcpListener::bind((HERE, 0)).expect("there are ports");
    taken.local_addr().expect("it is bound")
}

fn is_refused(address: SocketAddr) -> bool {
    TcpStream::connect(address).is_err_and(|why| why.kind() == io::ErrorKind::ConnectionRefused)
}

fn let_in(trader: &mut Trader, address: SocketAddr) -> Client {
    trader.search("let programs connect", "TWS API: let programs connect");
    wait_until(trader, "somebody to listen", || !is_refused(address));
    Client::connect(address, 1)
}

fn wait_until(trader: &mut Trader, what: &str, holds: impl Fn() -> bool) {
    trader.window.wait_until(what, SOON, |_| holds().then_some(()));
}

#[test]
fn programs_can_connect_while_it_is_switched_on_and_neither_before_nor_after() {
    let home = tempfile::tempdir().unwrap();
    let address = free();
    let profile = home.path().join("paper");
    fs::create_dir_all(&profile).unwrap();
    fs::write(profile.join("settings.toml"), format!("[gateway]\naddress = '{address}'\n")).unwrap();
    assert!(GatewaySettings::default().address.ip().is_loopback(), "unless the settings say otherwise");
    let mut trader = Trader::start(home.path());
    trader.look_at("Activity");
    assert!(is_refused(address), "nobody has switched it on");

    let mut client = let_in(&mut trader, address);
    client.is_answered();
    trader.wait_to_read(&[&format!("Programs for the TWS API can connect to {address}")]);
    // It listens there alone.
    assert!(is_refused((Ipv4Addr::new(127, 0, 0, 5), address.port()).into()));

    trader.search("let no programs connect", "TWS API: let no programs connect");
    io::copy(&mut client.stream, &mut io::sink()).expect("who is connected sees the end");
    wait_until(&mut trader, "connections to be refused", || is_refused(address));

    let mut client = let_in(&mut trader, address);
    client.is_answered();
    trader.leave();
    io::copy(&mut client.stream, &mut io::sink()).expect("the window's end is the server's");
    assert!(is_refused(address));
}
