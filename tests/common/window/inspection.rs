//! The connection to egui's inspection server inside the program.
//!
//! The program listens on a port that the system picked. Which one, the kernel tells: every listening socket
//! of the process is in `/proc`, and the greeting says which of them is the inspection server.

use std::fs;
use std::io::{self, BufReader};
use std::net::TcpStream;
use std::time::Duration;

use egui_inspection::protocol::{PROTOCOL_VERSION, read_handshake};
use egui_inspection::{Request, Response, read_message, write_message};

/// Longer than the server's own limit for an answer, 20 seconds.
const ANSWER: Duration = Duration::from_secs(25);
/// The greeting comes without being asked for.
const GREETING: Duration = Duration::from_secs(2);

/// One conversation: a question, an answer.
pub struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    /// # Errors
    /// When the program has ended, or is stuck for longer than [`ANSWER`].
    pub fn ask(&mut self, request: &Request) -> io::Result<Response> {
        write_message(self.stream.get_mut(), request)?;
        read_message(&mut self.stream)
    }
}

/// Connects to the inspection server of a process, if it has one by now.
pub fn connect(process: u32) -> Option<Connection> {
    listening_ports(process).into_iter().find_map(|port| greeted(port).ok())
}

fn greeted(port: u16) -> io::Result<Connection> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(GREETING))?;
    let version = read_handshake(&mut stream)?;
    if version != PROTOCOL_VERSION {
        return Err(io::Error::other(format!("protocol {version}, and this is {PROTOCOL_VERSION}")));
    }
    stream.set_read_timeout(Some(ANSWER))?;
    Ok(Connection { stream: BufReader::new(stream) })
}

/// Ports on which a process listens on IPv4; empty when it is gone.
fn listening_ports(process: u32) -> Vec<u16> {
    let folder = format!("/proc/{process}");
    let sockets: Vec<String> = fs::read_dir(format!("{folder}/fd"))
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|descriptor| fs::read_link(descriptor.path()).ok())
        .filter_map(|target| Some(target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned()))
        .collect();
    let table = fs::read_to_string(format!("{folder}/net/tcp")).unwrap_or_default();
    table.lines().skip(1).filter_map(|line| port_if_listening(line, &sockets)).collect()
}

/// One line of `/proc/net/tcp`, see proc(5): slot, local address, remote address, state, …, inode in column 9.
fn port_if_listening(line: &str, sockets: &[String]) -> Option<u16> {
    /// `TCP_LISTEN` of the kernel.
    const LISTEN: &str = "0A";
    let columns: Vec<_> = line.split_whitespace().collect();
    let (&local, &state, &inode) = (columns.get(1)?, columns.get(3)?, columns.get(9)?);
    let port = u16::from_str_radix(local.split_once(':')?.1, 16).ok()?;
    (state == LISTEN && sockets.iter().any(|socket| socket == inode)).then_some(port)
}
