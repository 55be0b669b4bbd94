//! What is traded.

messages! {
    /// An instrument, or what a client knows of it: `ibapi` sends no `con_id` but symbol, type, currency
    /// and exchange, the Python libraries send 0 for "not known".
    Contract [many 20 combo_legs: message ComboLeg] {
        1 con_id: int32,
        2 symbol: string,
        /// `STK`, `OPT`, `FUT`, `CASH`, `CRYPTO`, `BAG` for a combination, …
        3 sec_type: string,
        /// `YYYYMMDD` or `YYYYMM`.
        4 last_trade_date_or_contract_month: string,
        5 strike: double,
        /// `C` or `P`; unset if it is no option.
        6 right: string,
        7 multiplier: double,
        8 exchange: string,
        9 primary_exch: string,
        10 currency: string,
        11 local_symbol: string,
        12 trading_class: string,
        13 sec_id_type: string,
        14 sec_id: string,
        15 description: string,
        16 issuer_id: string,
        17 delta_neutral_contract: message DeltaNeutralContract,
        18 include_expired: bool,
        19 combo_legs_descrip: string,
        21 last_trade_date: string,
    }

    /// A leg of a combination. Its price is part of the order, not of the contract.
    ComboLeg {
        1 con_id: int32,
        2 ratio: int32,
        /// `BUY` or `SELL`.
        3 action: string,
        4 exchange: string,
        5 open_close: int32,
        6 short_sales_slot: int32,
        7 designated_location: string,
        8 exempt_code: int32,
        9 per_leg_price: double,
    }

    /// The underlying that hedges an option order.
    DeltaNeutralContract {
        1 con_id: int32,
        2 delta: double,
        3 price: double,
    }

    /// What is known of an instrument, without what only funds, bonds and event contracts have.
    ContractDetails [map 17 sec_id_list] {
        1 market_name: string,
        /// Smallest step of a price, decimal.
        2 min_tick: string,
        3 order_types: string,
        /// Comma-separated, like `order_types` and `market_rule_ids`.
        4 valid_exchanges: string,
        5 price_magnifier: int32,
        6 under_con_id: int32,
        7 long_name: string,
        8 contract_month: string,
        9 industry: string,
        10 category: string,
        11 subcategory: string,
        12 time_zone_id: string,
        /// `YYYYMMDD:HHMM-YYYYMMDD:HHMM;YYYYMMDD:CLOSED`, in `time_zone_id`.
        13 trading_hours: string,
        14 liquid_hours: string,
        15 ev_rule: string,
        16 ev_multiplier: double,
        18 agg_group: int32,
        19 under_symbol: string,
        20 under_sec_type: string,
        21 market_rule_ids: string,
        22 real_expiration_date: string,
        23 stock_type: string,
        24 min_size: string,
        25 size_increment: string,
        26 suggested_size_increment: string,
    }
}

impl Contract {
    /// A combination of legs, which some text messages list.
    #[must_use]
    pub fn is_bag(&self) -> bool {
        self.sec_type.as_deref() == Some("BAG")
    }
}
