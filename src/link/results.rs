//! What was earned day by day: read from the journal for the window, which never waits for a disk.

use jiff::tz::TimeZone;

use super::CommandId;
use super::update::Refused;
use crate::domain::Time;
use crate::domain::results::DayTotal;

/// Which days are asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// Executions from here on.
    pub from: Time,
    /// Whose days they are.
    pub zone: TimeZone,
}

/// What the journal says of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Results {
    /// The command that has asked.
    pub to: CommandId,
    /// What was asked for.
    pub span: Span,
    /// Days with executions, oldest first; or why there are none to be told, and what to do.
    pub days: Result<Vec<DayTotal>, Refused>,
}
