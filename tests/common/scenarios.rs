//! The order scenarios that every way into the exchange must bring to the same end.

/// What they come to, a line each; the same words are what `tests/python/scenarios.py` prints. Of a
/// group only what has filled: the rest of the other is smaller where the one filled in parts.
pub const ENDS: &str = "market: Filled 10/0; position 10
limit: Filled 10/0; position 10
amend: Submitted 0/15; position 0
refused amend: Submitted 0/10; position 0
cancel: Cancelled 0/10; position 0
stop: PreSubmitted 0/10; position 0
trailing: PreSubmitted 0/10; position 0
bracket: Filled 10/0, Submitted 0/10, PreSubmitted 0/10; position 10
oca: Cancelled 0, Filled 10; position 10
reject: Cancelled 0/100000000; position 0
ioc: Cancelled 0/10; position 0
fok: Cancelled 0/10; position 0
cancel all: Cancelled 0/10, Cancelled 0/10, Cancelled 0/10; position 0
";
