//! What a broker has and a run does not list yet.

use std::sync::Arc;

use super::AssetClass;

/// An instrument that a broker has found by what the trader has typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The name that lists it: what the trader would write into the settings.
    pub name: Arc<str>,
    /// The symbol, as it would be shown.
    pub symbol: Arc<str>,
    /// What it is.
    pub description: Arc<str>,
    /// The exchange that it is listed at.
    pub venue: Arc<str>,
    /// The currency of its price, as the broker writes it.
    pub currency: Arc<str>,
    /// Kind.
    pub class: AssetClass,
}
