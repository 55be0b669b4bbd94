//! The codes of the TWS API that this server uses, as `tws-wire.md` (sections 4 and 9) recommends.
//!
//! Which code is sent decides what a client makes of it. The Python libraries take an order as
//! cancelled on any code outside a list of theirs, so every code about a living order is followed by
//! its status; and they wait on after 321, so a request is refused with 322.

/// More messages a second than are taken.
pub const TOO_FAST: i32 = 100;
/// Duplicate order id.
pub const DUPLICATE_ID: i32 = 103;
/// An order that is over cannot be changed.
pub const CANNOT_MODIFY: i32 = 104;
/// What is changed cannot be changed in a working order.
pub const DOES_NOT_MATCH: i32 = 105;
/// A warning about an order that is taken all the same; its text begins with that word.
pub const WARNING: i32 = 399;
/// Bars that are not there, or cannot be had like this.
pub const HISTORY: i32 = 162;
/// No such instrument, or several.
pub const NO_DEFINITION: i32 = 200;
/// An order was refused.
pub const REJECTED: i32 = 201;
/// An order was cancelled.
pub const CANCELLED: i32 = 202;
/// A message that cannot be read.
pub const UNREADABLE: i32 = 320;
/// A request that is refused.
pub const REFUSED: i32 = 322;
/// Another connection has this client id.
pub const CLIENT_ID_IN_USE: i32 = 326;
/// No such order, to be cancelled.
pub const NOT_FOUND: i32 = 10_147;
/// An order that is over, to be cancelled.
pub const CANNOT_CANCEL: i32 = 10_148;

/// The uplink is away; what is asked now comes to nothing.
pub const UPLINK_LOST: i32 = 1_100;
/// It is back, and subscriptions are lost.
pub const UPLINK_LOST_DATA: i32 = 1_101;
/// It is back with them.
pub const UPLINK_KEPT_DATA: i32 = 1_102;
/// The same, and delayed ones are told.
pub const SHOWS_DELAYED: i32 = 10_167;
/// Data for which the account has no subscription, and delayed ones are there.
pub const NEEDS_SUBSCRIPTION: i32 = 10_089;
/// The same, and there are no delayed ones.
pub const NOT_SUBSCRIBED: i32 = 354;

/// What clients expect to read when they connect.
pub const FARMS_ARE_THERE: [(i32, &str); 3] = [
    (2_104, "Market data farm connection is OK:pitdesk"),
    (2_106, "HMDS data farm connection is OK:pitdesk"),
    (2_158, "Sec-def data farm connection is OK:pitdesk"),
];

/// Why something is refused: the code, and the reason in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// One of the codes here.
    pub code: i32,
    /// In words for a person.
    pub text: String,
}

impl Refusal {
    /// With a code of its own.
    pub fn new(code: i32, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }

    /// Of an order.
    pub fn order(text: impl Into<String>) -> Self {
        Self::new(REJECTED, text)
    }

    /// Of a request.
    pub fn request(text: impl Into<String>) -> Self {
        Self::new(REFUSED, text)
    }
}
