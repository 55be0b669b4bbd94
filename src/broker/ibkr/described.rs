//! Which instruments a run lists: the trader names them, TWS describes them, and what it said is kept
//! for a start at which it does not answer.
//!
//! What names look like stands in `named`.

use std::sync::Arc;

use ibapi::contracts::{ContractDetails, MarketRule, PriceIncrement};
use ibapi::{Client, Error};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use super::instrument::{NoInstrument, instrument_of, rule_id};
use super::named::{found_exactly, meanings};
use super::{IbkrConfig, Listed, connection};
use crate::domain::{BrokerId, Candidate, InstrumentId};

/// The client id that asks is another than the one that trades, which may be connected.
const ASKS_AS: i32 = 1_000;

/// The code for what TWS does not know.
const NO_DEFINITION: i32 = 200;

/// What TWS says of an instrument.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Described {
    /// As the trader has named it.
    pub name: String,
    details: ContractDetails,
    /// From this price on, steps of this size; empty where no rule is known.
    steps: Vec<(f64, f64)>,
}

/// Asks TWS for what the trader has named. What is missing in the answer is asked for again by the first
/// session, which says why it cannot be listed.
///
/// # Errors
/// In words for a trader: when TWS does not answer, and what to do.
pub async fn describe(config: &IbkrConfig, names: &[String]) -> Result<Vec<Described>, String> {
    let asks_as = config.client_id.saturating_add(ASKS_AS);
    let connecting = Client::builder()
        .address(&config.address)
        .client_id(asks_as)
        .one_shot_timeout(config.connect_limit)
        .max_reconnect_attempts(0)
        .connect();
    let client = match timeout(config.connect_limit, connecting).await {
        Ok(Ok(client)) => client,
        Ok(Err(error)) => return Err(connection::why_not(&error, &config.address, asks_as)),
        Err(_elapsed) => return Err(connection::does_not_answer(&config.address, config.connect_limit)),
    };
    let mut all = Vec::new();
    for name in names {
        match timeout(config.connect_limit, describe_one(&client, name)).await {
            Ok(Ok(described)) => all.push(described),
            Ok(Err(NotDescribed { why, .. })) => tracing::info!("{name} is not described: {why}"),
            Err(_elapsed) => tracing::info!("{name} is not described: TWS does not answer for it"),
        }
    }
    timeout(config.connect_limit, client.disconnect()).await.ok();
    Ok(all)
}

/// Why something is not described.
#[derive(Debug)]
pub(super) struct NotDescribed {
    /// In words for a trader.
    pub why: String,
    /// Whether to ask again could change it.
    pub may_change: bool,
}

impl NotDescribed {
    pub fn for_now(why: String) -> Self {
        Self { why, may_change: true }
    }
}

/// Asks for one of them.
pub(super) async fn describe_one(client: &Client, name: &str) -> Result<Described, NotDescribed> {
    let unknown = "TWS knows no such instrument".to_owned();
    let mut last = NotDescribed { why: unknown, may_change: false };
    for contract in meanings(name) {
        let details = match client.contract_details(&contract).await {
            Ok(mut details) if details.len() == 1 => details.remove(0),
            Ok(details) if details.is_empty() => continue,
            Ok(details) => {
                last.why = format!("TWS knows {} of that name: choose one in the search", details.len());
                continue;
            }
            Err(Error::Notice(notice)) => {
                last = NotDescribed { why: notice.message.clone(), may_change: notice.code != NO_DEFINITION };
                continue;
            }
            Err(error) => return Err(NotDescribed::for_now(connection::unanswered(&error))),
        };
        let rule = match rule_id(&details) {
            Some(id) => {
                client
                    .market_rule(id)
                    .await
                    .map_err(|error| NotDescribed::for_now(connection::unanswered(&error)))?
                    .price_increments
            }
            None => Vec::new(),
        };
        let steps = rule.iter().map(|step| (step.low_edge, step.increment)).collect();
        return Ok(Described { name: name.to_owned(), details, steps });
    }
    Err(last)
}

/// Instruments with the ids that their places give them, and in words what cannot be traded.
#[must_use]
pub fn listed(described: &[Described], broker: BrokerId) -> (Vec<Listed>, Vec<String>) {
    let (mut listed, mut problems) = (Vec::new(), Vec::new());
    for one in described {
        let id = InstrumentId(u32::try_from(listed.len()).unwrap_or(u32::MAX));
        match one.as_listed(id, broker) {
            Ok(one) => listed.push(one),
            Err(why) => problems.push(why.to_string()),
        }
    }
    (listed, problems)
}

impl Described {
    /// The instrument that it is, under an id.
    pub(super) fn as_listed(&self, id: InstrumentId, broker: BrokerId) -> Result<Listed, NoInstrument> {
        let Self { details, steps, .. } = self;
        let increment = |(low_edge, increment): &(f64, f64)| PriceIncrement {
            low_edge: *low_edge,
            increment: *increment,
        };
        let price_increments: Vec<PriceIncrement> = steps.iter().map(increment).collect();
        let rule = MarketRule { market_rule_id: 0, price_increments };
        let rule = Some(&rule).filter(|rule| !rule.price_increments.is_empty());
        let instrument = instrument_of(details, rule, id, broker)?;
        Ok(Listed { instrument: Arc::new(instrument), contract: details.contract.clone() })
    }

    /// What the trader is offered before it is listed.
    pub(super) fn candidate(&self) -> Option<Candidate> {
        found_exactly(&self.name, &self.details)
    }
}
