//! A program that is written for the TWS API: it connects to a socket and speaks the bytes.

use std::io::{Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use pitdesk::gateway::wire::frame::{Frames, MOST_OUTGOING};
use pitdesk::gateway::wire::handshake::{Announcement, Offer};
use pitdesk::gateway::wire::model::StartApiRequest;
use pitdesk::gateway::wire::{Dialect, Reply, Request};

/// How long anything may take on a loaded machine.
const SOON: Duration = Duration::from_mins(1);

pub struct Client {
    pub stream: TcpStream,
    frames: Frames,
}

impl Client {
    /// Connects, once, and says who it is.
    #[track_caller]
    pub fn connect(address: impl ToSocketAddrs, client: i32) -> Self {
        let stream = TcpStream::connect(address).expect("somebody listens");
        stream.set_read_timeout(Some(SOON)).expect("an option of sockets");
        stream.set_write_timeout(Some(SOON)).expect("an option of sockets");
        let mut client_end = Self { stream, frames: Frames::of_server(MOST_OUTGOING) };
        let mut bytes = Vec::new();
        Offer { least: 157, most: 178, options: String::new() }.encode(&mut bytes);
        client_end.stream.write_all(&bytes).expect("the server reads");
        let announced = Announcement::decode(&client_end.body()).expect("a version");
        assert_eq!(announced.version, Dialect::Text.version());
        let start = StartApiRequest { client_id: Some(client), optional_capabilities: Some(String::new()) };
        client_end.say(&Request::StartApi(start));
        client_end
    }

    #[track_caller]
    pub fn say(&mut self, request: &Request) {
        self.stream.write_all(&encoded(request)).expect("the server reads");
    }

    /// The body of the next message.
    #[track_caller]
    fn body(&mut self) -> Vec<u8> {
        let mut buffer = [0; 4096];
        loop {
            if let Some(body) = self.frames.next().expect("frames") {
                return body.to_vec();
            }
            let count = self.stream.read(&mut buffer).expect("the server answers");
            assert!(count > 0, "the server has hung up");
            self.frames.push(&buffer[..count]);
        }
    }

    /// Reads until something comes that is looked for.
    #[track_caller]
    pub fn wait<T>(&mut self, looked_for: impl Fn(Reply) -> Option<T>) -> T {
        loop {
            let body = self.body();
            if let Some(found) = looked_for(Reply::decode(Dialect::Text, &body).expect("a reply")) {
                return found;
            }
        }
    }

    /// Asks for the time, and waits for the answer.
    #[track_caller]
    pub fn is_answered(&mut self) {
        self.say(&Request::CurrentTime);
        self.wait(|reply| matches!(reply, Reply::CurrentTime(_)).then_some(()));
    }
}

/// The bytes of a request.
pub fn encoded(request: &Request) -> Vec<u8> {
    let mut bytes = Vec::new();
    request.encode(Dialect::Text, &mut bytes);
    bytes
}
