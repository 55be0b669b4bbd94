//! What brokers have said besides orders and prices: what they can do, what they have found, what an order
//! would come to, what is to be known about their data, and when nothing came from them.

use std::sync::Arc;
use std::time::Duration;

use super::Desk;
use crate::domain::{Account, BrokerId, DataRemark, Impact, InstrumentId, Time};
use crate::link::{CommandId, Found, Listing, Outage};

/// What is shorter is a moment that nobody could have traded in.
const LEAST: Duration = Duration::from_secs(1);

impl Desk {
    pub(super) fn list(&mut self, listing: Arc<Listing>) {
        if let Ok(instrument) = &listing.outcome
            && instrument.id.index() == self.instruments.len()
        {
            self.instruments = self.instruments.iter().chain([instrument]).cloned().collect();
        }
        self.listed.insert(Arc::clone(&listing.name), listing);
    }

    /// What is to be known about an instrument's market data.
    #[must_use]
    pub fn remark(&self, id: InstrumentId) -> Option<&DataRemark> {
        self.remarks.get(&id).map(|remark| &**remark)
    }

    /// When nothing came from a broker in this run, oldest first; what lasts ends now.
    pub fn outages(&self, broker: BrokerId) -> impl Iterator<Item = (Time, Time)> {
        let its = self.outages.iter().filter(move |outage| outage.broker == broker);
        let span = |outage: &Outage| (outage.from, outage.to.unwrap_or(self.now).max(outage.from));
        its.map(span).filter(|(from, to)| to.since(*from) >= LEAST)
    }

    /// Brokers that have more instruments than they list.
    #[must_use]
    pub fn growing(&self) -> &[BrokerId] {
        &self.growing
    }

    /// Whether a broker reckons with an order before it is sent.
    #[must_use]
    pub fn reckons(&self, broker: BrokerId) -> bool {
        self.reckoning.contains(&broker)
    }

    /// What an order would come to: the answer to this command, if it was the last that has asked.
    #[must_use]
    pub fn impact(&self, of: CommandId) -> Option<&Result<Impact, Arc<str>>> {
        self.reckoned.as_ref().filter(|reckoned| reckoned.to == of).map(|reckoned| &reckoned.outcome)
    }

    /// What a broker has of what was looked for last.
    #[must_use]
    pub fn found(&self) -> Option<&Arc<Found>> {
        self.found.as_ref()
    }

    /// What became of the instrument that was to be listed under this name last.
    #[must_use]
    pub fn listed(&self, name: &str) -> Option<&Arc<Listing>> {
        self.listed.get(name)
    }

    /// Whether what is known of an account's cash was told after its last fill: some brokers tell it minutes
    /// later.
    #[must_use]
    pub fn is_cash_current(&self, account: &Account) -> bool {
        let told = self.cash_told.get(&(account.broker, account.id.clone()));
        let filled = self.filled.get(&account.id);
        filled.is_none_or(|filled| told.is_some_and(|told| told >= filled))
    }
}
