//! What the codes of TWS mean, and where each lands.
//!
//! TWS tells everything that is no data as an "error" with a code, from "market data farm is OK" to
//! "order rejected". Most are no refusals. [`TABLE`] says which part of the program a code concerns;
//! the functions say what it means there. A code that is not in the table changes nothing by itself.

use std::ops::RangeInclusive;

/// Where a code lands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The state of the connection.
    Banner,
    /// An instrument's quotes.
    Quote,
    /// An instrument's bars.
    Chart,
    /// The row of an order.
    Order,
    /// The log alone.
    Log,
}

use Place::{Banner, Chart, Log, Order, Quote};

/// Every code that this program knows. Where a code has several places, what it came for decides.
pub(super) const TABLE: &[(RangeInclusive<i32>, &[Place])] = &[
    (100..=100, &[Banner]),
    (101..=101, &[Quote]),
    (102..=102, &[Log]),
    (103..=103, &[Order]),
    (104..=107, &[Order]),
    (109..=111, &[Order]),
    (134..=136, &[Order]),
    (161..=161, &[Order]),
    (162..=162, &[Chart]),
    (165..=165, &[Log]),
    (200..=200, &[Order, Quote, Chart]),
    (201..=203, &[Order]),
    (300..=300, &[Log]),
    (309..=309, &[Quote]),
    (310..=310, &[Log]),
    (316..=317, &[Quote]),
    (320..=322, &[Order, Quote, Chart]),
    (326..=326, &[Banner]),
    (354..=354, &[Quote]),
    (365..=366, &[Log]),
    (382..=384, &[Order]),
    (387..=388, &[Order]),
    (391..=392, &[Order]),
    (399..=399, &[Order]),
    (404..=404, &[Order]),
    (434..=434, &[Order]),
    (460..=460, &[Order]),
    (501..=504, &[Banner]),
    (507..=507, &[Banner]),
    (1100..=1102, &[Banner]),
    (1300..=1300, &[Banner]),
    (2100..=2101, &[Log]),
    (2103..=2106, &[Banner]),
    (2107..=2108, &[Log]),
    (2109..=2109, &[Order]),
    (2110..=2110, &[Banner]),
    (2119..=2119, &[Log]),
    (2137..=2137, &[Order]),
    (2148..=2148, &[Log]),
    (2150..=2150, &[Log]),
    (2157..=2158, &[Banner]),
    (2161..=2161, &[Log]),
    (2168..=2176, &[Log]),
    (2188..=2188, &[Log]),
    (10089..=10091, &[Quote]),
    (10147..=10148, &[Order]),
    (10167..=10168, &[Quote]),
    (10182..=10182, &[Chart]),
    (10186..=10187, &[Quote]),
    (10189..=10190, &[Quote]),
    (10197..=10197, &[Quote]),
    (10225..=10225, &[Chart]),
    (10311..=10311, &[Order]),
    (10314..=10314, &[Chart]),
    (10349..=10349, &[Order]),
    (10355..=10355, &[Order]),
];

/// Where a code lands; nowhere that is not known.
pub(super) fn places(code: i32) -> &'static [Place] {
    TABLE.iter().find(|(codes, _)| codes.contains(&code)).map_or(&[], |(_, places)| *places)
}

/// What a code means for the order that it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OrderWord {
    /// Something about it is worth saying; it lives on.
    Info,
    /// It was refused; of a change, the change was.
    Refused,
    /// Its change was refused, or of a new one the order.
    NotChanged,
    /// Its cancel was refused.
    NotCancelled,
    /// What was asked of it was refused: it is not there.
    NotFound,
    /// It was cancelled.
    Cancelled,
    /// Its number was used before.
    Duplicate,
    /// Nobody can say from this code alone; its status will tell.
    Doubt,
}

/// What a code means for an order.
pub(super) fn of_order(code: i32, text: &str) -> OrderWord {
    match code {
        103 => OrderWord::Duplicate,
        104..=107 | 134 => OrderWord::NotChanged,
        135 => OrderWord::NotFound,
        136 | 161 | 10147 | 10148 => OrderWord::NotCancelled,
        202 => OrderWord::Cancelled,
        // The others of its kind are warnings too, as far as anybody has seen; its status decides.
        399 if text.lines().any(|line| line.trim_start().starts_with("Warning")) => OrderWord::Info,
        404 | 2100..=2199 | 10349 => OrderWord::Info,
        109..=111
        | 200
        | 201
        | 203
        | 320..=322
        | 382..=384
        | 387
        | 388
        | 391
        | 392
        | 434
        | 460
        | 10311
        | 10355 => OrderWord::Refused,
        _ => OrderWord::Doubt,
    }
}

/// What a code means for a stream of quotes, of trades or of a book.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum DataWord {
    /// Delayed data come instead.
    Delayed,
    /// A part of it is not subscribed.
    Partly,
    /// There is no subscription, and nothing comes.
    NoSubscription,
    /// There is no subscription to live data, and delayed ones are turned off.
    NoDelayed,
    /// All market data lines are taken.
    LinesFull,
    /// All books, or all streams of trades, are taken.
    KindFull,
    /// The book stopped: to be asked for again.
    Halted,
    /// The book is empty from here.
    Reset,
    /// The same user is logged in elsewhere, and the data go there.
    Elsewhere,
    /// There is no such instrument, or several.
    NoInstrument,
    /// Nothing to say.
    Nothing,
    /// It failed.
    Failed,
}

/// What a code means for a stream of market data.
pub(super) fn of_data(code: i32) -> DataWord {
    match code {
        101 => DataWord::LinesFull,
        200 => DataWord::NoInstrument,
        309 | 10190 => DataWord::KindFull,
        316 => DataWord::Halted,
        317 => DataWord::Reset,
        354 | 10187 => DataWord::NoSubscription,
        10168 | 10186 => DataWord::NoDelayed,
        10089 | 10167 => DataWord::Delayed,
        10090 | 10091 => DataWord::Partly,
        10197 => DataWord::Elsewhere,
        102 | 300 | 310 | 365 | 366 | 2100..=2199 => DataWord::Nothing,
        _ => DataWord::Failed,
    }
}

/// What a code means for a request for bars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ChartWord {
    /// Too many requests: to be asked for again, later.
    Pacing,
    /// There are no bars there.
    NoData,
    /// They are not subscribed.
    NoPermission,
    /// To be asked for again at once.
    Again,
    /// Nothing to say.
    Nothing,
    /// It failed.
    Failed,
}

/// What a code means for a request for bars. The text of 162 decides; one in another language than
/// English is shown as it is.
pub(super) fn of_chart(code: i32, text: &str) -> ChartWord {
    let text = text.to_lowercase();
    match code {
        162 if text.contains("pacing violation") => ChartWord::Pacing,
        162 if text.contains("no data") => ChartWord::NoData,
        162 if text.contains("no market data permissions") => ChartWord::NoPermission,
        162 if text.contains("query cancelled") || text.contains("query canceled") => ChartWord::Nothing,
        100 => ChartWord::Pacing,
        354 | 2188 | 10168 | 10186 | 10187 => ChartWord::NoPermission,
        10182 | 10225 => ChartWord::Again,
        165 | 365 | 366 => ChartWord::Nothing,
        _ => ChartWord::Failed,
    }
}

/// A text of TWS for one line of a screen: its words, without its tags.
pub(super) fn words(text: &str) -> String {
    let plain = text.replace("<br>", " ").replace("<br/>", " ").replace("<BR>", " ");
    let mut words = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    for prefix in ["Order rejected - reason:", "Order Canceled - reason:", "Order Message: "] {
        if let Some(rest) = words.strip_prefix(prefix) {
            words = rest.trim().to_owned();
        }
    }
    words
}

#[cfg(test)]
mod tests;
