//! Files that the trader names: written and read for the window, which never waits for a disk.

use std::sync::Arc;

use super::CommandId;
use super::update::Refused;

/// What is to be done with a file. Paths may begin with `~/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileTask {
    /// Write a text to a file that is not there yet: what is there is never written over.
    Write {
        /// Where.
        path: Arc<str>,
        /// What.
        text: Arc<str>,
    },
    /// Read a text.
    Read {
        /// Where it is.
        path: Arc<str>,
    },
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileDone {
    /// The command that has asked.
    pub to: CommandId,
    /// What was to be done.
    pub task: FileTask,
    /// The text that was written or read, or why not and what to do.
    pub outcome: Result<Arc<str>, Refused>,
}
