//! The order scenarios that every way into the exchange must bring to the same end.

/// What they come to, a line each; the same words are what `tests/python/scenarios.py` prints. Of a
/// group only what has filled: the rest of the other is smaller where the one filled in parts. A
/// position is told without its side; `pnl ok` says that the broker's own numbers are those that the
/// fills and the mark come to.
pub const ENDS: &str = "market: Filled 10/0; position 10; pnl ok
limit: Filled 10/0; position 10; pnl ok
amend: Submitted 0/15; position 0; pnl ok
refused amend: PreSubmitted 0/10; position 0; pnl ok
cancel: Cancelled 0/10; position 0; pnl ok
reject: Cancelled 0/10; position 0; pnl ok
partial: Cancelled, filled in part; position as filled; pnl ok
stop: PreSubmitted 0/10; position 0; pnl ok
stop triggered: Filled 10, Cancelled 0; position 10; pnl ok
trailing: PreSubmitted 0/10; position 0; pnl ok
trailing followed: Filled 10/0; position 0; pnl ok
bracket: Filled 10/0, Submitted 0/10, PreSubmitted 0/10; position 10; pnl ok
bracket's target: Filled 10, Cancelled 0; position 0; pnl ok
oca: Cancelled 0, Filled 10; position 10; pnl ok
ioc: Cancelled 0/10; position 0; pnl ok
ioc that fills: Filled 10/0; position 10; pnl ok
fok: Cancelled 0/10; position 0; pnl ok
fok that fills: Filled 10/0; position 10; pnl ok
cancel all: Cancelled 0/10, Cancelled 0/10, Cancelled 0/10; position 0; pnl ok
";
