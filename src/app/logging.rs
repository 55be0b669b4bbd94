//! The log: one file a day in the profile's state folder, a week of them.
//!
//! Crates that log through `log` instead of `tracing`, such as the client of Interactive Brokers, are in it too.

use tracing_appender::non_blocking::WorkerGuard;
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::store::profile::Profile;

/// What is logged unless `PITDESK_LOG` says otherwise.
const USUAL_FILTER: &str = "info,ibapi=warn,winit=warn,egui=warn,eframe=warn";
const DAYS_KEPT: usize = 7;

/// Starts logging; what is still buffered is written when the guard is dropped. A log
/// that cannot be written is no reason not to trade: the guard is `None` then.
#[must_use]
pub fn start(profile: &Profile) -> Option<WorkerGuard> {
    let appender = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("pitdesk")
        .filename_suffix("log")
        .max_log_files(DAYS_KEPT)
        .build(profile.logs_folder())
        .ok()?;
    let (writer, guard) = tracing_appender::non_blocking(appender);
    let filter = EnvFilter::try_from_env("PITDESK_LOG").unwrap_or_else(|_none| EnvFilter::new(USUAL_FILTER));
    let file = tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(false);
    tracing_subscriber::registry().with(filter).with(file).try_init().ok()?;
    Some(guard)
}
