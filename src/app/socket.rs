//! A client's connection: a task that moves bytes both ways and understands none of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;

use crate::engine::supervisor;

const READ_AT_ONCE: usize = 64 << 10;
/// How long a client that is let go may take to read what was sent.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// How long nothing may come before the system asks whether the other side is there at all, how often it
/// asks then, and how often in vain: a peer whose computer is gone says no goodbye.
const QUIET: Duration = Duration::from_mins(1);
const ASKED_EVERY: Duration = Duration::from_secs(10);
const ASKED_IN_VAIN: u32 = 3;
/// How long the other side may leave what it was sent unacknowledged. While something is, the system does
/// not ask whether it is there: it only sends again, for a quarter of an hour and more.
#[cfg(any(target_os = "linux", target_os = "android"))]
const UNACKNOWLEDGED: Duration = Duration::from_secs(90);

/// What comes from a connection.
pub enum Incoming<Id> {
    /// Bytes.
    Bytes(Id, Vec<u8>),
    /// Its end.
    Closed(Id),
}

/// The way to a client. Dropped, the connection is closed behind what was sent.
pub struct Socket {
    sender: mpsc::UnboundedSender<Vec<u8>>,
    waiting: Arc<AtomicUsize>,
    /// Dropped with this: the task ends soon after, whether the client reads or not.
    _held: oneshot::Sender<()>,
}

impl Socket {
    /// Starts to move the bytes of `stream`; those that come go to `inbox`.
    pub fn open<Id: Copy + Send + Sync + 'static>(
        conn: Id,
        stream: TcpStream,
        inbox: mpsc::Sender<Incoming<Id>>,
    ) -> Self {
        // Without it, answers are only slower.
        stream.set_nodelay(true).ok();
        notice_the_gone(&stream);
        let (sender, outbox) = mpsc::unbounded_channel();
        let (held, dropped) = oneshot::channel();
        let waiting = Arc::<AtomicUsize>::default();
        supervisor::spawn("connection", carry(conn, stream, inbox, outbox, dropped, Arc::clone(&waiting)));
        Self { sender, waiting, _held: held }
    }

    /// Sends bytes behind those before; says how many had waited then.
    pub fn send(&self, bytes: Vec<u8>) -> usize {
        let before = self.waiting.fetch_add(bytes.len(), Ordering::AcqRel);
        // A task that has ended has said so; nobody is there to hear.
        self.sender.send(bytes).ok();
        before
    }

    /// How many bytes wait for the client to read them.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Acquire)
    }
}

/// Has the system end a connection whose other side is gone.
fn notice_the_gone(stream: &TcpStream) {
    let asks = TcpKeepalive::new().with_time(QUIET).with_interval(ASKED_EVERY).with_retries(ASKED_IN_VAIN);
    let socket = SockRef::from(stream);
    let done = socket.set_tcp_keepalive(&asks);
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let done = done.and_then(|()| socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED)));
    if let Err(why) = done {
        tracing::debug!("a peer that is gone will not be noticed: {why}");
    }
}

async fn carry<Id: Copy + Send + Sync>(
    conn: Id,
    stream: TcpStream,
    inbox: mpsc::Sender<Incoming<Id>>,
    mut outbox: mpsc::UnboundedReceiver<Vec<u8>>,
    dropped: oneshot::Receiver<()>,
    waiting: Arc<AtomicUsize>,
) {
    let (mut reader, mut writer) = stream.into_split();
    let write = async {
        while let Some(bytes) = outbox.recv().await {
            if writer.write_all(&bytes).await.is_err() {
                return;
            }
            waiting.fetch_sub(bytes.len(), Ordering::AcqRel);
        }
        // The client sees the end behind the last word, not instead of it.
        writer.shutdown().await.ok();
    };
    let read = async {
        let mut buffer = vec![0; READ_AT_ONCE];
        loop {
            match reader.read(&mut buffer).await {
                Ok(count) if count > 0 => {
                    if inbox.send(Incoming::Bytes(conn, buffer[..count].to_vec())).await.is_err() {
                        return;
                    }
                }
                _ => return,
            }
        }
    };
    // Who is let go has this long to read the last words.
    let over = async {
        dropped.await.ok();
        sleep(LAST_WORDS).await;
    };
    tokio::select! {
        () = write => {}
        () = read => {}
        () = over => {}
    }
    inbox.send(Incoming::Closed(conn)).await.ok();
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn a_peer_that_is_gone_is_noticed_by_the_system() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (_client, accepted) =
            tokio::join!(TcpStream::connect(listener.local_addr().unwrap()), listener.accept());
        let (stream, _from) = accepted.unwrap();
        notice_the_gone(&stream);
        let socket = SockRef::from(&stream);
        assert!(socket.keepalive().unwrap());
        assert_eq!(
            (socket.tcp_keepalive_time().unwrap(), socket.tcp_keepalive_retries().unwrap()),
            (QUIET, 3)
        );
        #[cfg(any(target_os = "linux", target_os = "android"))]
        assert_eq!(socket.tcp_user_timeout().unwrap(), Some(UNACKNOWLEDGED));
    }
}
