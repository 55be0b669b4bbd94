//! What the ticket says about its fields and sides.
