//! What a status of TWS says by itself.

use ibapi::orders::OrderStatusKind;

/// How the stream says that an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stand {
    /// TWS has it.
    Accepted,
    /// It waits at IBKR.
    Held,
    /// It works.
    Working,
    /// It is being cancelled.
    Cancelling,
    /// All of it has filled.
    Filled,
    /// It is over; why, codes tell.
    Cancelled,
    /// TWS does nothing with it: refused, or kept until somebody looks at it.
    Inactive,
    /// A word that this program does not know.
    Unknown,
}

pub(super) fn stand(kind: &OrderStatusKind) -> Stand {
    match kind {
        OrderStatusKind::ApiPending | OrderStatusKind::PendingSubmit => Stand::Accepted,
        OrderStatusKind::PreSubmitted => Stand::Held,
        OrderStatusKind::Submitted => Stand::Working,
        OrderStatusKind::PendingCancel => Stand::Cancelling,
        OrderStatusKind::Filled => Stand::Filled,
        OrderStatusKind::Cancelled | OrderStatusKind::ApiCancelled => Stand::Cancelled,
        OrderStatusKind::Inactive => Stand::Inactive,
        OrderStatusKind::Unknown(_) => Stand::Unknown,
    }
}
