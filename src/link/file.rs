//! Files that the trader names: written and read for the window, which never waits for a disk.

use std::fmt;
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
    /// Write a picture into the profile's folder of pictures; under another name where there is one of this.
    Picture {
        /// What its file is to be called, without its ending.
        name: Arc<str>,
        /// What is on it.
        picture: Arc<Picture>,
    },
    /// Read a text.
    Read {
        /// Where it is.
        path: Arc<str>,
    },
}

/// Pixels, row by row from the top.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Red, green, blue and opacity of each.
    pub rgba: Vec<u8>,
}

/// Its size: nobody reads a million pixels.
impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Picture of {}x{}", self.width, self.height)
    }
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileDone {
    /// The command that has asked.
    pub to: CommandId,
    /// What was to be done.
    pub task: FileTask,
    /// The text that was written or read, the path of a picture; or why not and what to do.
    pub outcome: Result<Arc<str>, Refused>,
}
