//! Instruments found, market rules, exchanges, news.

use super::{Done, Fields, size, tagged, texts, zero};
use crate::gateway::wire::model::{
    ContractData, HistoricalNews, HistoricalNewsEnd, MarketDepthExchanges, MarketRule, NewsArticle,
    NewsBulletin, NewsProviders, SecDefOptParameter, SmartComponents, SoftDollarTiers, SymbolSamples,
    TickNews,
};

layouts! {
    news_bulletin(NewsBulletin) ver 1: news_msg_id, news_msg_type, news_message, originating_exch;
    news_article(NewsArticle): req_id, article_type, article_text;
    tick_news(TickNews): req_id, timestamp, provider_code, article_id, headline, extra_data;
    historical_news(HistoricalNews): req_id, time, provider_code, article_id, headline;
    historical_news_end(HistoricalNewsEnd): req_id, has_more;
    sec_def_opt_parameter(SecDefOptParameter): req_id, exchange, underlying_con_id, trading_class,
        multiplier, expirations as texts, strikes as strikes;
}

fn strikes(t: &mut Fields, name: &'static str, slot: &mut Vec<f64>) -> Done {
    t.list(name, slot, |t, strike| {
        let mut value = Some(*strike);
        zero(t, name, &mut value)?;
        *strike = value.unwrap_or_default();
        Ok(())
    })
}

pub fn contract_data(t: &mut Fields, m: &mut ContractData) -> Done {
    fields!(t, m => req_id);
    let contract = m.contract.get_or_insert_default();
    let details = m.contract_details.get_or_insert_default();
    fields!(t, contract => symbol, sec_type, last_trade_date_or_contract_month, strike, right, exchange,
        currency, local_symbol);
    fields!(t, details => market_name);
    fields!(t, contract => trading_class, con_id);
    fields!(t, details => min_tick as size);
    fields!(t, contract => multiplier);
    fields!(t, details => order_types, valid_exchanges, price_magnifier, under_con_id, long_name);
    fields!(t, contract => primary_exch);
    fields!(t, details => contract_month, industry, category, subcategory, time_zone_id, trading_hours,
        liquid_hours, ev_rule, ev_multiplier, sec_id_list as tagged, agg_group, under_symbol,
        under_sec_type, market_rule_ids, real_expiration_date, stock_type, min_size as size,
        size_increment as size, suggested_size_increment as size);
    Ok(())
}

pub fn symbol_samples(t: &mut Fields, m: &mut SymbolSamples) -> Done {
    fields!(t, m => req_id);
    t.list("contract_descriptions", &mut m.contract_descriptions, |t, found| {
        let contract = found.contract.get_or_insert_default();
        fields!(t, contract => con_id as zero, symbol, sec_type, primary_exch, currency);
        fields!(t, found => derivative_sec_types as texts);
        fields!(t, contract => description, issuer_id);
        Ok(())
    })
}

pub fn soft_dollar_tiers(t: &mut Fields, m: &mut SoftDollarTiers) -> Done {
    fields!(t, m => req_id);
    t.list("soft_dollar_tiers", &mut m.soft_dollar_tiers, |t, tier| {
        fields!(t, tier => name, value, display_name);
        Ok(())
    })
}

pub fn market_depth_exchanges(t: &mut Fields, m: &mut MarketDepthExchanges) -> Done {
    t.list("depth_market_data_descriptions", &mut m.depth_market_data_descriptions, |t, found| {
        fields!(t, found => exchange, sec_type, listing_exch, service_data_type, agg_group as zero);
        Ok(())
    })
}

pub fn smart_components(t: &mut Fields, m: &mut SmartComponents) -> Done {
    fields!(t, m => req_id);
    t.list("smart_components", &mut m.smart_components, |t, component| {
        fields!(t, component => bit_number as zero, exchange, exchange_letter);
        Ok(())
    })
}

pub fn market_rule(t: &mut Fields, m: &mut MarketRule) -> Done {
    fields!(t, m => market_rule_id);
    t.list("price_increments", &mut m.price_increments, |t, step| {
        fields!(t, step => low_edge as zero, increment as zero);
        Ok(())
    })
}

pub fn news_providers(t: &mut Fields, m: &mut NewsProviders) -> Done {
    t.list("news_providers", &mut m.news_providers, |t, provider| {
        fields!(t, provider => provider_code, provider_name);
        Ok(())
    })
}
