//! Which instruments a run lists: the trader names them, TWS describes them, and what it said is kept
//! for a start at which it does not answer.
//!
//! A name is a share's symbol (`AAPL`; of another currency than the dollar `7203:JPY`), or a pair
//! (`EUR/USD`, `BTC/USD`).

use std::sync::Arc;

use ibapi::contracts::{Contract, ContractDetails, MarketRule, PriceIncrement};
use ibapi::{Client, Error};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use super::instrument::{instrument_of, rule_id};
use super::{IbkrConfig, Listed, connection};
use crate::domain::{BrokerId, InstrumentId};

/// The client id that asks is another than the one that trades, which may be connected.
const ASKS_AS: i32 = 1_000;

/// What TWS says of an instrument.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Described {
    /// As the trader has named it.
    pub name: String,
    details: ContractDetails,
    /// From this price on, steps of this size; empty where no rule is known.
    steps: Vec<(f64, f64)>,
}

/// Descriptions, and in words what is not there.
#[derive(Debug, Default)]
pub struct Descriptions {
    /// In the order of the names.
    pub known: Vec<Described>,
    /// What the trader has to know.
    pub problems: Vec<String>,
}

/// Asks TWS for what the trader has named.
///
/// # Errors
/// In words for a trader: when TWS does not answer, and what to do.
pub async fn describe(config: &IbkrConfig, names: &[String]) -> Result<Descriptions, String> {
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
    let mut all = Descriptions::default();
    for name in names {
        match timeout(config.connect_limit, describe_one(&client, name)).await {
            Ok(Ok(described)) => all.known.push(described),
            Ok(Err(why)) => all.problems.push(format!("{name} is not listed: {why}")),
            Err(_elapsed) => all.problems.push(format!("{name} is not listed: TWS does not answer for it")),
        }
    }
    timeout(config.connect_limit, client.disconnect()).await.ok();
    Ok(all)
}

async fn describe_one(client: &Client, name: &str) -> Result<Described, String> {
    let mut last = "TWS knows no such instrument".to_owned();
    for contract in meanings(name) {
        let details = match client.contract_details(&contract).await {
            Ok(mut details) if details.len() == 1 => details.remove(0),
            Ok(details) if details.is_empty() => continue,
            Ok(details) => {
                last =
                    format!("TWS knows {} such instruments: name its currency, as {name}:USD", details.len());
                continue;
            }
            Err(Error::Notice(notice)) => {
                last.clone_from(&notice.message);
                continue;
            }
            Err(error) => return Err(error.to_string()),
        };
        let rule = match rule_id(&details) {
            Some(id) => client.market_rule(id).await.map_err(|error| error.to_string())?.price_increments,
            None => Vec::new(),
        };
        let steps = rule.iter().map(|step| (step.low_edge, step.increment)).collect();
        return Ok(Described { name: name.to_owned(), details, steps });
    }
    Err(last)
}

/// What a name may mean, the likeliest first.
fn meanings(name: &str) -> Vec<Contract> {
    if let Some((base, quote)) = name.split_once('/') {
        let crypto = Contract::crypto(base);
        return vec![Contract::forex(base, quote).build(), crypto.in_currency(quote).build()];
    }
    let (symbol, currency) = name.split_once(':').unwrap_or((name, "USD"));
    vec![Contract::stock(symbol).in_currency(currency).on_exchange("SMART").build()]
}

/// Instruments with the ids that their places give them, and in words what cannot be traded.
#[must_use]
pub fn listed(described: &[Described], broker: BrokerId) -> (Vec<Listed>, Vec<String>) {
    let (mut listed, mut problems) = (Vec::new(), Vec::new());
    for Described { details, steps, .. } in described {
        let increment = |(low_edge, increment): &(f64, f64)| PriceIncrement {
            low_edge: *low_edge,
            increment: *increment,
        };
        let price_increments: Vec<PriceIncrement> = steps.iter().map(increment).collect();
        let rule = MarketRule { market_rule_id: 0, price_increments };
        let rule = Some(&rule).filter(|rule| !rule.price_increments.is_empty());
        let id = InstrumentId(u32::try_from(listed.len()).unwrap_or(u32::MAX));
        match instrument_of(details, rule, id, broker) {
            Ok(instrument) => {
                listed.push(Listed { instrument: Arc::new(instrument), contract: details.contract.clone() });
            }
            Err(why) => problems.push(why.to_string()),
        }
    }
    (listed, problems)
}
