//! Instruments found, market rules, exchanges, news.

use super::{Contract, ContractDetails, SoftDollarTier};

messages! {
    /// 10, an instrument that was asked for.
    ContractData {
        1 req_id: int32,
        2 contract: message Contract,
        3 contract_details: message ContractDetails,
    }

    /// An instrument that matches a pattern; its name is in the contract.
    ContractDescription [many 2 derivative_sec_types: string String] {
        1 contract: message Contract,
    }

    /// 79, instruments that match a pattern.
    SymbolSamples [many 2 contract_descriptions: message ContractDescription] {
        1 req_id: int32,
    }

    /// 75, expirations and strikes of an option class on an exchange.
    SecDefOptParameter [many 6 expirations: string String, 7 strikes: double f64] {
        1 req_id: int32,
        2 exchange: string,
        3 underlying_con_id: int32,
        4 trading_class: string,
        5 multiplier: string,
    }

    /// 77, soft dollar tiers.
    SoftDollarTiers [many 2 soft_dollar_tiers: message SoftDollarTier] {
        1 req_id: int32,
    }

    /// An exchange that has a book.
    DepthMarketDataDescription {
        1 exchange: string,
        2 sec_type: string,
        3 listing_exch: string,
        4 service_data_type: string,
        5 agg_group: int32,
    }

    /// 80, exchanges that have a book.
    MarketDepthExchanges [many 1 depth_market_data_descriptions: message DepthMarketDataDescription] {}

    /// An exchange and its letter.
    SmartComponent {
        1 bit_number: int32,
        2 exchange: string,
        3 exchange_letter: string,
    }

    /// 82, the exchanges behind the letters of a quote.
    SmartComponents [many 2 smart_components: message SmartComponent] {
        1 req_id: int32,
    }

    /// From this price on, steps of this size.
    PriceIncrement {
        1 low_edge: double,
        2 increment: double,
    }

    /// 93, price steps.
    MarketRule [many 2 price_increments: message PriceIncrement] {
        1 market_rule_id: int32,
    }

    /// 14, a bulletin.
    NewsBulletin {
        1 news_msg_id: int32,
        2 news_msg_type: int32,
        3 news_message: string,
        4 originating_exch: string,
    }

    /// 83, an article: type 0 is text, 1 a PDF in base 64.
    NewsArticle {
        1 req_id: int32,
        2 article_type: int32,
        3 article_text: string,
    }

    /// 84, a headline, as it comes; `timestamp` is in epoch milliseconds.
    TickNews {
        1 req_id: int32,
        2 timestamp: int64,
        3 provider_code: string,
        4 article_id: string,
        5 headline: string,
        6 extra_data: string,
    }

    /// Who sells news.
    NewsProvider {
        1 provider_code: string,
        2 provider_name: string,
    }

    /// 85, who sells news.
    NewsProviders [many 1 news_providers: message NewsProvider] {}

    /// 86, a past headline.
    HistoricalNews {
        1 req_id: int32,
        2 time: string,
        3 provider_code: string,
        4 article_id: string,
        5 headline: string,
    }

    /// 87, that was all; whether there is more.
    HistoricalNewsEnd {
        1 req_id: int32,
        2 has_more: bool,
    }
}
