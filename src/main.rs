//! The program `pitdesk`: reads the arguments and runs [`pitdesk::app`].

use std::process::ExitCode;

use clap::Parser as _;
use pitdesk::app::{self, cli::Arguments};

/// Chosen on purpose: glibc's default gives pages back to the kernel each frame and
/// takes them again, which costs about a third of a frame of this size.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[expect(clippy::print_stderr, reason = "the last word of a program that could not start")]
fn main() -> ExitCode {
    match app::run(Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("pitdesk: {error:#}");
            ExitCode::FAILURE
        }
    }
}
