//! The journal of a run, whatever the disk is like: a full one must not keep anybody from seeing
//! and cancelling what works.

use std::path::Path;
use std::sync::Arc;

use crate::domain::Time;
use crate::store::journal::{Journal, JournalError, Names, Recovered};

/// A journal to run, and how things stood.
pub struct Begun {
    /// It takes records; where it is `broken` it keeps facts until the disk takes them.
    pub journal: Journal,
    /// How things stood when the last run ended.
    pub recovered: Recovered,
    /// Why it cannot be written at present.
    pub broken: Option<Arc<str>>,
}

/// Opens the journal `file`. One that cannot be written is read all the same, and written as soon as
/// that is possible. Where it cannot be read either, brokers alone say what works, and nothing new is
/// sent in this run.
///
/// # Errors
/// When a newer program wrote it, or there is no memory.
pub async fn open(file: &Path, names: Names, now: Time) -> Result<Begun, JournalError> {
    let error = match Journal::open(file, names.clone(), now).await {
        Ok((journal, recovered)) => return Ok(Begun { journal, recovered, broken: None }),
        Err(error @ JournalError::Newer { .. }) => return Err(error),
        Err(error @ JournalError::Open { .. }) => error,
    };
    tracing::error!("{error}");
    match Journal::open_unwritable(file, names.clone()).await {
        Ok((journal, recovered)) => Ok(Begun { journal, recovered, broken: Some(error.to_string().into()) }),
        Err(why) => {
            tracing::error!("nor can it be read: {why}");
            let (journal, recovered) = Journal::in_memory(names).await?;
            let broken = Some(format!("{error}. Mend that and start again").into());
            Ok(Begun { journal, recovered, broken })
        }
    }
}
