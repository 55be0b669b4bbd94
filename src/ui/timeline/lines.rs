//! The records of an order as lines for a trader: when, what, and how long after the line before.
//!
//! A record that tells of two instants becomes two lines: the click and the intent, the
//! disk and the session. Lines stand in the order of the journal, which is the order in which
//! the engine learned of things; only what has its own clock (the wire) may step back a little.

use crate::domain::{
    Fill, Instrument, Liquidity, Moment, Order, OrderStatus, Quote, Record, TIMELINE_BEGINS, Time,
};
use crate::domain::{Origin, TimeInForce};
use crate::link::Timeline;
use crate::ui::format;
use jiff::tz::TimeZone;

/// How a line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    Weak,
    Good,
    Warn,
    Danger,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub at: Time,
    /// `15:00:00.123`, with the day where it is another than that of the line before.
    pub time: String,
    /// Time since the line before: `+0.8 ms`.
    pub gap: String,
    pub what: &'static str,
    pub more: String,
    pub tone: Tone,
}

/// The quote that the trader looked at, and when the order was asked for.
pub(super) fn seen(records: &[Record]) -> Option<(Option<Quote>, Time)> {
    records.iter().find_map(|record| match &record.moment {
        Moment::Intended { input_at, seen } => Some((*seen, clicked(*input_at, record.at))),
        _ => None,
    })
}

/// `282.49 x 282.50, 1.2K x 800, 0.3 s old`.
pub(super) fn quote_text(quote: &Quote, at: Time, instrument: &Instrument) -> String {
    let price = |price: Option<_>| price.map_or_else(|| "–".to_owned(), |p| format::price(p, instrument));
    let (bid, ask) = (price(quote.bid), price(quote.ask));
    let sizes = format!("{} x {}", format::size(quote.bid_size), format::size(quote.ask_size));
    let age = match quote.market_time(at) {
        Some(_) => "of a recording".to_owned(),
        None if quote.time == Time::default() => "of unknown age".to_owned(),
        None => format!("{} old", format::duration(at.since(quote.time))),
    };
    let closed = if quote.is_open { "" } else { ", exchange closed" };
    format!("{bid} x {ask}, sizes {sizes}, {age}{closed}")
}

/// When an order was asked for; nobody clicked for what the program asks for itself.
fn clicked(input_at: Time, at: Time) -> Time {
    if input_at == Time::default() || input_at > at { at } else { input_at }
}

/// All lines of an order, oldest first.
pub(super) fn lines(timeline: &Timeline, instrument: &Instrument, zone: &TimeZone) -> Vec<Line> {
    let Timeline { order: id, records, left_out } = timeline;
    let words = Words { instrument, zone };
    let mut lines: Vec<Line> = Vec::with_capacity(records.len() + 2);
    for (index, record) in records.iter().enumerate() {
        if index == TIMELINE_BEGINS && *left_out > 0 {
            let (what, more) =
                ("…", format!("{left_out} records in between are not shown; the journal has them"));
            let (time, gap) = (String::new(), String::new());
            lines.push(Line { at: record.at, time, gap, what, more, tone: Tone::Weak });
        }
        let after = record.orders.iter().find(|order| order.id == *id);
        words.tell(record, after, &mut |at, what, more, tone| {
            let before = lines.last().map(|line| line.at);
            let is_same_day = before.is_some_and(|before| format::is_same_day(before, at, zone));
            let clock = format::clock_millis(at, zone);
            let time = if is_same_day { clock } else { format!("{} {clock}", format::day(at, zone)) };
            let gap = before.map_or_else(String::new, |before| gap(before, at));
            lines.push(Line { at, time, gap, what, more, tone });
        });
    }
    lines
}

/// How long after `before` something was: `+0.8 ms`, `+1.5 s`. What has a clock of its own may
/// be a little earlier.
fn gap(before: Time, at: Time) -> String {
    let (sign, gap) = if at < before { ("−", before.since(at)) } else { ("+", at.since(before)) };
    match gap.as_secs_f64() {
        seconds if seconds < 0.999_95 => format!("{sign}{:.1} ms", seconds * 1e3),
        seconds if seconds < 119.95 => format!("{sign}{seconds:.1} s"),
        _ => format!("{sign}{}", format::duration(gap)),
    }
}

struct Words<'a> {
    instrument: &'a Instrument,
    zone: &'a TimeZone,
}

impl Words<'_> {
    fn tell(
        &self,
        record: &Record,
        after: Option<&Order>,
        line: &mut dyn FnMut(Time, &'static str, String, Tone),
    ) {
        let at = record.at;
        match &record.moment {
            Moment::Intended { input_at, .. } => {
                let clicked = clicked(*input_at, at);
                if clicked < at {
                    line(clicked, "Click or key", after.map_or_else(String::new, from), Tone::Weak);
                }
                let what = after.map_or_else(String::new, |order| self.order(order));
                line(at, "Intent", join(&what, "let through by the risk gate"), Tone::Plain);
                if let Some(order) = after.filter(|order| order.status == OrderStatus::Kept) {
                    line(at, "Kept here", kept(order), Tone::Plain);
                }
            }
            Moment::NotSent { why } => line(at, "Not sent", why.to_string(), Tone::Danger),
            Moment::Sent { journaled_at, session } => {
                line(*journaled_at, "On disk", "the intent is in the journal".to_owned(), Tone::Weak);
                line(at, "Sent", format!("to session {session} of the broker"), Tone::Plain);
            }
            Moment::OnWire { at } => line(*at, "On the wire", "its bytes have left".to_owned(), Tone::Weak),
            Moment::AskedAmend { quantity, limit, stop } => {
                let price = |name, price: Option<_>| {
                    price.map(|p| format!("{name} {}", format::price(p, self.instrument)))
                };
                let size = quantity.map(|q| format!("quantity {}", format::quantity(q, self.instrument)));
                let parts = [size, price("limit", *limit), price("stop", *stop)];
                let parts: Vec<String> = parts.into_iter().flatten().collect();
                // Its size is the group's: nobody else asks for another.
                let is_size_alone = quantity.is_some() && limit.is_none() && stop.is_none();
                let is_ours = is_size_alone && after.is_some_and(|order| order.kept.is_some());
                let why = if is_ours { KEPT_SIZE } else { "" };
                line(at, "Change asked for", join(&parts.join(", "), why), Tone::Plain);
            }
            Moment::AskedCancel => {
                let why = if after.is_some_and(is_cut) { CUT } else { "" };
                line(at, "Cancel asked for", why.to_owned(), Tone::Plain);
            }
            Moment::Reported { status, reason, broker_time } => {
                let filled = after.map_or_else(String::new, |order| self.filled(order));
                let more = join(reason.as_deref().unwrap_or_default(), &filled);
                line(at, status.label(), join(&more, &self.broker_time(*broker_time, at)), tone(*status));
            }
            Moment::Amended { broker_time } => {
                let terms = after.map_or_else(String::new, |order| self.order(order));
                line(at, "Changed", join(&terms, &self.broker_time(*broker_time, at)), Tone::Good);
            }
            Moment::AmendRefused { why } => line(at, "Change refused", why.to_string(), Tone::Danger),
            Moment::CancelRefused { why } => line(at, "Cancel refused", why.to_string(), Tone::Danger),
            Moment::TriggerMoved { price, moves } => {
                let to = format!("to {}", format::price(*price, self.instrument));
                let of = if *moves > 1 { format!("the last of {moves} moves") } else { String::new() };
                line(at, "Trigger moved", join(&to, &of), Tone::Weak);
            }
            Moment::Executed(fill) => line(at, "Executed", self.fill(fill, after, at), Tone::Good),
            Moment::Charged(fill) => {
                let text = format!("commission {}", format::money(fill.commission));
                line(at, "Charged", join(&text, &format!("execution {}", fill.exec_id)), Tone::Plain);
            }
            Moment::LostBroker => {
                let what = "the broker's session ended while it lived";
                line(at, "Session lost", what.to_owned(), Tone::Danger);
            }
            Moment::Settled { finding } => line(at, "Books compared", finding.to_string(), Tone::Warn),
            Moment::Noted { note, .. } if note.is_empty() => {
                line(at, "Note taken away", String::new(), Tone::Weak);
            }
            Moment::Noted { note, .. } => line(at, "Noted", note.line(), Tone::Plain),
            Moment::LegEnded => line(at, "Taken away", "no other exit follows it".to_owned(), Tone::Plain),
            Moment::Decided { decision } => line(at, "Decided", decision.to_string(), Tone::Warn),
            Moment::Reconciled { summary, .. } => {
                line(at, "Books compared", summary.to_string(), Tone::Weak);
            }
            Moment::Kill { is_on, .. } => {
                let what = if *is_on { "Kill switch on" } else { "Kill switch released" };
                line(at, what, String::new(), Tone::Warn);
            }
        }
    }

    /// `Buy 100 AAPL limit 282.50 DAY`.
    fn order(&self, order: &Order) -> String {
        terms(order, self.instrument)
    }

    fn filled(&self, order: &Order) -> String {
        if order.filled.is_zero() {
            return String::new();
        }
        let quantity = |quantity| format::quantity(quantity, self.instrument);
        format!("{} of {} filled", quantity(order.filled), quantity(order.spec.quantity))
    }

    fn fill(&self, fill: &Fill, after: Option<&Order>, at: Time) -> String {
        let (quantity, price) =
            (format::quantity(fill.quantity, self.instrument), format::price(fill.price, self.instrument));
        let liquidity = match fill.liquidity {
            Liquidity::Maker => "maker",
            Liquidity::Taker => "taker",
        };
        let commission = format::money(fill.commission);
        let text = format!("{quantity} at {price}, commission {commission}, {liquidity}");
        let text = join(&text, &after.map_or_else(String::new, |order| self.filled(order)));
        let text = join(&text, &format!("execution {}", fill.exec_id));
        join(&text, &self.broker_time(fill.time, at))
    }

    /// What the broker's own clock says, where it says anything else than ours.
    fn broker_time(&self, time: Time, at: Time) -> String {
        let ours = format::clock_millis(at, self.zone);
        let theirs = format::clock_millis(time, self.zone);
        if time == Time::default() || theirs == ours {
            return String::new();
        }
        format!("at {theirs} by the broker's clock")
    }
}

/// `Buy 100 AAPL limit 282.50 DAY`.
pub(super) fn terms(order: &Order, instrument: &Instrument) -> String {
    let spec = &order.spec;
    let price = |name: &str, price: Option<_>| {
        price.map_or_else(String::new, |p| format!("{name}{}", format::price(p, instrument)))
    };
    let tif = match spec.tif {
        TimeInForce::Gtd(_) => "GTD",
        tif => tif.label(),
    };
    let kind = spec.kind.label().to_lowercase();
    let (stop, limit) = (price(" ", spec.kind.stop()), price(" ", spec.kind.limit()));
    let quantity = format::quantity(spec.quantity, instrument);
    format!("{} {quantity} {} {kind}{stop}{limit} {tif}", spec.side, instrument.symbol)
}

/// Where an order was entered.
fn from(order: &Order) -> String {
    let plain = match order.origin {
        Origin::Ticket => "in the ticket",
        Origin::Flatten => "to close or reverse a position",
        Origin::Ladder => "in the ladder",
        Origin::Keys => "by a trading key",
        Origin::Chart => "in the chart",
        Origin::Api => "by another program",
        Origin::Allocation(_) => "as part of an allocation",
        Origin::Foreign => "elsewhere",
    };
    order.client.as_ref().map_or_else(
        || plain.to_owned(),
        |client| format!("{plain} (client {}, its order {})", client.client, client.order),
    )
}

/// What an order waits for that this program keeps.
fn kept(order: &Order) -> String {
    let until = order.entry().map_or_else(String::new, |entry| format!("until order {entry} fills"));
    join(&until, "the broker does not know of it yet")
}

/// Whether this program itself takes from an order what others of its group have filled.
fn is_cut(order: &Order) -> bool {
    order.kept.is_some_and(|kept| kept.goes_on)
}

const KEPT_SIZE: &str = "by Pitdesk, which keeps it as large as its group needs";
const CUT: &str = "by Pitdesk, which keeps its group: another order of it has filled";

fn tone(status: OrderStatus) -> Tone {
    match status {
        OrderStatus::Rejected | OrderStatus::Unknown => Tone::Danger,
        OrderStatus::Filled => Tone::Good,
        _ => Tone::Plain,
    }
}

/// Two parts of a line; either may be missing.
fn join(one: &str, other: &str) -> String {
    match (one.is_empty(), other.is_empty()) {
        (true, _) => other.to_owned(),
        (_, true) => one.to_owned(),
        _ => format!("{one} · {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_signed_and_in_few_units() {
        let at = |micros: i64| Time(1_000_000_000 + micros * 1_000);
        assert_eq!(gap(at(0), at(840)), "+0.8 ms");
        assert_eq!(gap(at(0), at(0)), "+0.0 ms");
        assert_eq!(gap(at(200), at(0)), "−0.2 ms");
        assert_eq!(gap(at(0), at(999_900)), "+999.9 ms");
        assert_eq!(gap(at(0), at(999_960)), "+1.0 s");
        assert_eq!(gap(at(0), at(1_468_000)), "+1.5 s");
        assert_eq!(gap(at(0), at(180_000_000)), "+3 min");
    }

    #[test]
    fn what_nobody_clicked_for_begins_with_the_intent() {
        let (now, never) = (Time::from_seconds(100), Time::default());
        assert_eq!(clicked(never, now), now);
        assert_eq!(clicked(now + std::time::Duration::from_secs(1), now), now);
        assert_eq!(clicked(Time::from_seconds(99), now), Time::from_seconds(99));
    }

    #[test]
    fn parts_that_are_missing_leave_no_dots() {
        assert_eq!((join("", "b"), join("a", ""), join("a", "b")), ("b".into(), "a".into(), "a · b".into()));
    }
}
