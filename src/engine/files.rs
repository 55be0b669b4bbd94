//! Files that the trader names, written and read beside the engine.

use std::path::Path;
use std::sync::Arc;

use crate::link::update::Refused;
use crate::link::{CommandId, FileDone, FileTask};
use crate::store::{own_files, pictures};

/// Writes or reads; may wait for the disk. Pictures go into a folder of their own.
#[must_use]
pub fn carry_out(to: CommandId, task: FileTask, of_pictures: &Path) -> FileDone {
    let done = match &task {
        FileTask::Write { path, text } => own_files::write(path, text).map(|()| Arc::clone(text)),
        FileTask::Picture { name, picture } => {
            let size = (picture.width, picture.height);
            let written = pictures::write(of_pictures, name, size, &picture.rgba);
            written.map(|path| path.display().to_string().into())
        }
        FileTask::Read { path } => own_files::read(path).map(Into::into),
    };
    FileDone { to, task, outcome: done.map_err(|why| Refused(why.into())) }
}
