//! Files that the trader names, written and read beside the engine.

use std::sync::Arc;

use crate::link::update::Refused;
use crate::link::{CommandId, FileDone, FileTask};
use crate::store::own_files;

/// Writes or reads; may wait for the disk.
#[must_use]
pub fn carry_out(to: CommandId, task: FileTask) -> FileDone {
    let done = match &task {
        FileTask::Write { path, text } => own_files::write(path, text).map(|()| Arc::clone(text)),
        FileTask::Read { path } => own_files::read(path).map(Into::into),
    };
    FileDone { to, task, outcome: done.map_err(|why| Refused(why.into())) }
}
