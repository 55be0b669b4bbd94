//! What the codes of TWS mean.
//!
//! TWS tells everything that is no data as an "error" with a code, from "market data farm is OK" to
//! "order rejected". Most are no refusals. What a code came for decides where it lands: an order, a stream,
//! a request for bars, or the connection; the functions say what it means there. What names none of these
//! is for the trader to read, but for what is [only for the log](is_for_the_log).

use std::ops::RangeInclusive;

/// Codes that are for the log alone when they name no order and no stream: those of the connection, which
/// [`super::connection::Banner`] has judged, and what is news to nobody.
const LOG: &[RangeInclusive<i32>] = &[
    0..=0,
    102..=102,
    165..=165,
    300..=300,
    310..=310,
    326..=326,
    365..=366,
    501..=504,
    507..=507,
    1100..=1102,
    1300..=1300,
    2100..=2108,
    2110..=2110,
    2119..=2119,
    2148..=2148,
    2150..=2150,
    2157..=2158,
    2161..=2161,
    2168..=2176,
    2188..=2188,
];

/// Whether a code that names no order and no stream is for the log alone.
pub(super) fn is_for_the_log(code: i32) -> bool {
    LOG.iter().any(|codes| codes.contains(&code))
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
    /// TWS was asked for too much at once: to be asked for again, a little later.
    TooFast,
    /// Nothing to say.
    Nothing,
    /// It failed.
    Failed,
}

/// What a code means for a stream of market data.
pub(super) fn of_data(code: i32) -> DataWord {
    match code {
        100 => DataWord::TooFast,
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
    /// There is no such instrument, or several: to ask again does not help.
    NoInstrument,
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
        200 => ChartWord::NoInstrument,
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
