//! Instruments and whatever else is looked up; and the refusal of what is not served.
//!
//! Every request that names an id is answered: the clients wait without limit.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::errors::{self, Refusal};
use super::orders::text;
use super::{ConnId, Core};
use crate::domain::Instrument;
use crate::gateway::wire::{Reply, Request, model};

/// Requests that the server has no table for, and what it has not.
const NOT_THERE: [(u32, &str); 17] = [
    (18, "no accounts of advisors"),
    (19, "no accounts of advisors"),
    (21, "no options"),
    (22, "no market scanners"),
    (24, "no market scanners"),
    (52, "no fundamental data"),
    (54, "no options"),
    (55, "no options"),
    (65, "no verifications of programs"),
    (66, "no verifications of programs"),
    (67, "no groups of windows"),
    (68, "no groups of windows"),
    (69, "no groups of windows"),
    (72, "no verifications of programs"),
    (73, "no verifications of programs"),
    (100, "no calendars of company events"),
    (102, "no calendars of company events"),
];
/// Cancellations of what was refused before; 107 is that of past ticks.
const CANCELLATIONS: [u32; 9] = [23, 53, 56, 57, 70, 101, 103, 106, 107];
const SOFT_DOLLAR_TIERS: u32 = 79;
const FAMILY_CODES: u32 = 80;

impl Core {
    /// The instrument that a request means.
    pub(super) fn meant(&self, contract: Option<&model::Contract>) -> Result<Arc<Instrument>, Refusal> {
        let unnamed = model::Contract::default();
        let found = self.contracts.resolve(contract.unwrap_or(&unnamed));
        found.cloned().map_err(|unresolved| Refusal::new(errors::NO_DEFINITION, unresolved.to_string()))
    }

    /// The exchange where an instrument is listed, by its name in the TWS API.
    pub(super) fn listing(&self, instrument: &Instrument) -> String {
        let contract = self.contracts.contract(instrument);
        contract.primary_exch.or(contract.exchange).unwrap_or_default()
    }

    /// Answers what is looked up, or says that it is not served.
    pub(super) fn refer(&mut self, conn: ConnId, request: Request) {
        match request {
            Request::ContractData(request) => self.contract_data(conn, &request),
            Request::MatchingSymbols(request) => {
                let contract_descriptions = self.contracts.matching(text(request.pattern.as_ref()));
                let req_id = request.req_id;
                self.say(conn, &Reply::SymbolSamples(model::SymbolSamples { req_id, contract_descriptions }));
            }
            Request::MarketRule(request) => {
                self.market_rule(conn, request.market_rule_id.unwrap_or_default());
            }
            // There are no options: that was all of them.
            Request::SecDefOptParams(request) => {
                let req_id = request.req_id;
                self.say(conn, &Reply::SecDefOptParameterEnd(model::RequestId { req_id }));
            }
            Request::MarketDepthExchanges => self.depth_exchanges(conn),
            Request::SmartComponents(request) => self.smart_components(conn, request),

            Request::CurrentTime => {
                let current_time = Some(self.now.seconds());
                self.say(conn, &Reply::CurrentTime(model::CurrentTime { current_time }));
            }
            Request::CurrentTimeInMillis => {
                let current_time_in_millis = Some(self.now.0.div_euclid(1_000_000));
                let told = model::CurrentTimeInMillis { current_time_in_millis };
                self.say(conn, &Reply::CurrentTimeInMillis(told));
            }
            Request::UserInfo(request) => {
                let white_branding_id = Some(String::new());
                self.say(
                    conn,
                    &Reply::UserInfo(model::UserInfo { req_id: request.req_id, white_branding_id }),
                );
            }

            Request::NewsProviders => {
                self.say(conn, &Reply::NewsProviders(model::NewsProviders::default()));
            }
            Request::NewsArticle(_) | Request::HistoricalNews(_) => {
                self.refuse(conn, request.id(), "There is no news here: ask a provider of your own");
            }
            // Nothing is answered to these: no bulletins come, and the log is the window's.
            Request::NewsBulletins(_) | Request::CancelNewsBulletins | Request::SetServerLogLevel(_) => {}

            Request::Unknown { number: SOFT_DOLLAR_TIERS, req_id } => {
                let told = model::SoftDollarTiers { req_id, ..model::SoftDollarTiers::default() };
                self.say(conn, &Reply::SoftDollarTiers(told));
            }
            Request::Unknown { number: FAMILY_CODES, .. } => {
                self.say(conn, &Reply::FamilyCodes(model::FamilyCodes::default()));
            }
            Request::Unknown { number, .. } if CANCELLATIONS.contains(&number) => {}
            Request::Unknown { number, req_id } => {
                tracing::info!("a client sends request {number}, which is not served");
                let what = NOT_THERE.iter().find(|(known, _)| *known == number).map(|(_, what)| *what);
                let text = match what {
                    Some(what) => format!("There are {what}"),
                    None => format!("Request {number} is not known here"),
                };
                self.refuse(conn, req_id, &text);
            }
            other => {
                let text = format!("{} is not answered now", other.name());
                self.refuse(conn, other.id(), &text);
            }
        }
    }

    fn refuse(&mut self, conn: ConnId, req_id: Option<i32>, text: &str) {
        self.error(conn, req_id, errors::REFUSED, text);
    }

    /// 9: the details of all instruments that a contract could mean.
    fn contract_data(&mut self, conn: ConnId, request: &model::ContractDataRequest) {
        let req_id = request.req_id;
        let unnamed = model::Contract::default();
        let wanted = request.contract.as_ref().unwrap_or(&unnamed);
        let found: Vec<Reply> = self
            .contracts
            .find(wanted)
            .map(|instrument| model::ContractData {
                req_id,
                contract: Some(self.contracts.contract(instrument)),
                contract_details: Some(self.contracts.details(instrument, self.now)),
            })
            .map(|data| Reply::ContractData(Box::new(data)))
            .collect();
        if found.is_empty() {
            let unknown = crate::gateway::contracts::Unresolved::Unknown.to_string();
            return self.error(conn, req_id, errors::NO_DEFINITION, &unknown);
        }
        for reply in found {
            self.say(conn, &reply);
        }
        self.say(conn, &Reply::ContractDataEnd(model::RequestId { req_id }));
    }

    /// 91: price steps. The request has no id, so that its refusal has none.
    fn market_rule(&mut self, conn: ConnId, id: i32) {
        let Some(rule) = self.contracts.rule(id) else {
            let text = format!("There is no market rule {id}: contract details have those that there are");
            return self.refuse(conn, None, &text);
        };
        self.say(conn, &Reply::MarketRule(rule));
    }

    /// 82: each exchange that something is listed on has a book.
    fn depth_exchanges(&mut self, conn: ConnId) {
        let listed: BTreeSet<(String, Option<String>)> = self
            .desk
            .instruments()
            .iter()
            .map(|instrument| (self.listing(instrument), self.contracts.contract(instrument).sec_type))
            .collect();
        let described = |(exchange, sec_type): (String, Option<String>)| model::DepthMarketDataDescription {
            exchange: Some(exchange),
            sec_type,
            listing_exch: Some(String::new()),
            service_data_type: Some("Deep".to_owned()),
            agg_group: None,
        };
        let told = model::MarketDepthExchanges {
            depth_market_data_descriptions: listed.into_iter().map(described).collect(),
        };
        self.say(conn, &Reply::MarketDepthExchanges(told));
    }

    /// 83: the exchanges behind a quote. It is the one where the instrument is listed, whose name came
    /// with the quote (81).
    fn smart_components(&mut self, conn: ConnId, request: model::SmartComponentsRequest) {
        let exchange = request.bbo_exchange.unwrap_or_default();
        let component = model::SmartComponent {
            bit_number: Some(0),
            exchange_letter: Some(exchange.chars().take(1).collect()),
            exchange: Some(exchange),
        };
        let told = model::SmartComponents { req_id: request.req_id, smart_components: vec![component] };
        self.say(conn, &Reply::SmartComponents(told));
    }
}
