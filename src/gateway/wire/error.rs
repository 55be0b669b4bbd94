//! What is wrong with a body that could not be read.

/// A body that is no message, and where it stops being one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}: {problem}")]
pub struct Malformed {
    /// Name of the message, as far as its number was readable.
    pub message: &'static str,
    /// Its number, if that was readable.
    pub number: Option<u32>,
    /// The request or order id, if it stood before what is wrong: whoever asked can be told.
    pub id: Option<i32>,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong with a body. A field's index counts from 0, the message number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A frame of length 0.
    #[error("the body is empty")]
    Empty,
    /// The first field, or the first four bytes, are no message number.
    #[error("{0:?} is no message number")]
    Number(String),
    /// The fields end before the table does.
    #[error("field {index} ({name}) is missing: the body ends before it")]
    Missing {
        /// Of the first field that is missing.
        index: usize,
        /// Its name.
        name: &'static str,
    },
    /// The last field has no NUL after it: the frame was cut.
    #[error("field {index} ({name}) has no NUL after it")]
    Unterminated {
        /// Of the last field.
        index: usize,
        /// Its name.
        name: &'static str,
    },
    /// A field that cannot be what its place says.
    #[error("field {index} ({name}) is {got:?}, but should be {wants}")]
    Field {
        /// Of the field.
        index: usize,
        /// Its name.
        name: &'static str,
        /// What would be right.
        wants: &'static str,
        /// What came, shortened.
        got: String,
    },
    /// More fields than the table has: the sender's list is another one, and whatever was read of
    /// it may be shifted.
    #[error("{bytes} bytes are left over from field {index} on")]
    LeftOver {
        /// Of the first field that has no place.
        index: usize,
        /// How many bytes, with their NULs.
        bytes: usize,
    },
    /// The payload is not protobuf, or not of this message.
    #[error("protobuf: {0}")]
    Protobuf(String),
}

/// At most so much of a wrong field is told.
const LONGEST_QUOTE: usize = 40;

/// The beginning of what came, for an error.
pub(super) fn quote(bytes: &[u8]) -> String {
    let shown = &bytes[..bytes.len().min(LONGEST_QUOTE)];
    let text: String = String::from_utf8_lossy(shown).into_owned();
    if shown.len() < bytes.len() { text + "…" } else { text }
}
