//! Signals that ask the program to end: in order if it can, and soon in any case.
//!
//! A window that hangs (a driver, a display server that is gone) must keep neither the orders
//! unsaved nor the process alive, so nothing here waits for it.

use std::io;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::link::{Clock, Command, CommandId, Envelope, SpareSender};

/// How long the window has to hand over its layout and to end as its own button would.
const GRACE: Duration = Duration::from_millis(300);
/// How long the engine has after that. Together, three seconds after the first signal the
/// process ends, whatever hangs.
const LIMIT: Duration = Duration::from_millis(2_700);

/// Those that a desktop, a terminal or a person sends.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    /// Takes them over; from now on they end the program through [`end_when_asked`] only.
    /// Must be called on the runtime.
    ///
    /// # Errors
    /// When the system does not allow it.
    pub fn take_over() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// The next one.
    pub async fn next(&mut self) -> SignalKind {
        tokio::select! {
            _ = self.terminate.recv() => SignalKind::terminate(),
            _ = self.interrupt.recv() => SignalKind::interrupt(),
            _ = self.hang_up.recv() => SignalKind::hangup(),
        }
    }
}

/// Waits for a signal; then asks the window to close, a moment later the engine to end, and
/// ends the process with the next signal or after [`LIMIT`].
pub(super) async fn end_when_asked(
    mut signals: Signals,
    close_window: impl Fn() + Send,
    engine: SpareSender,
    clock: Clock,
) {
    let asked = signals.next().await;
    tracing::info!("asked by signal {} to end", asked.as_raw_value());
    close_window();
    tokio::select! {
        again = signals.next() => end_now(again),
        () = tokio::time::sleep(GRACE) => {}
    }
    let envelope = Envelope { id: CommandId(0), input_at: clock.now(), command: Command::Shutdown };
    // Refused where the window was quicker and the engine has ended: nothing is left to do.
    if let Err(why) = engine.try_send(envelope) {
        tracing::info!("the engine was not asked to end: {why}");
    }
    tokio::select! {
        again = signals.next() => end_now(again),
        () = tokio::time::sleep(LIMIT) => end_now(asked),
    }
}

/// As a shell counts a process that a signal ended. (A program that ended in order is gone
/// before this is reached.)
fn end_now(signal: SignalKind) -> ! {
    tracing::error!("the window or the engine hangs: the process ends now");
    std::process::exit(128 + signal.as_raw_value())
}

/// Runs the engine until a test wants it to panic, with SIGUSR1: not in a build that a person
/// trades with.
#[cfg(feature = "inspection")]
pub(super) async fn until_panic_is_asked<T>(engine: impl Future<Output = T>) -> T {
    let Ok(mut asked) = signal(SignalKind::user_defined1()) else { return engine.await };
    tokio::select! {
        end = engine => end,
        _ = asked.recv() => panic!("a drill"),
    }
}
