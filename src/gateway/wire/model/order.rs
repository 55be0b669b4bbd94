//! Orders, what becomes of them, and what they lead to.

use super::Contract;

messages! {
    /// An order's terms. The same client id and order id again is an amendment.
    ///
    /// Zeros may stand for "unset" (`display_size` 0, `pegged_change_amount` 0.0).
    Order
    [many 100 conditions: message OrderCondition]
    [map 62 algo_params, 64 smart_combo_routing_params, 84 order_misc_options] {
        1 client_id: int32,
        2 order_id: int32,
        3 perm_id: int64,
        /// Order id of the parent of a bracket.
        4 parent_id: int32,
        /// `BUY` or `SELL`.
        5 action: string,
        /// Decimal. In a completed order the unfilled rest.
        6 total_quantity: string,
        7 display_size: int32,
        /// `MKT`, `LMT`, `STP`, `STP LMT`, `TRAIL`, …
        8 order_type: string,
        9 lmt_price: double,
        /// The stop of `STP`, the distance of `TRAIL`.
        10 aux_price: double,
        /// Unset is `DAY`.
        11 tif: string,
        /// Unset is the only account.
        12 account: string,
        13 settling_firm: string,
        14 clearing_account: string,
        15 clearing_intent: string,
        16 all_or_none: bool,
        17 block_order: bool,
        18 hidden: bool,
        19 outside_rth: bool,
        20 sweep_to_fill: bool,
        21 percent_offset: double,
        22 trailing_percent: double,
        23 trail_stop_price: double,
        24 min_qty: int32,
        25 good_after_time: string,
        26 good_till_date: string,
        27 oca_group: string,
        28 order_ref: string,
        29 rule80_a: string,
        30 oca_type: int32,
        31 trigger_method: int32,
        32 active_start_time: string,
        33 active_stop_time: string,
        34 fa_group: string,
        35 fa_method: string,
        36 fa_percentage: string,
        37 volatility: double,
        38 volatility_type: int32,
        39 continuous_update: bool,
        40 reference_price_type: int32,
        41 delta_neutral_order_type: string,
        42 delta_neutral_aux_price: double,
        43 delta_neutral_con_id: int32,
        44 delta_neutral_open_close: string,
        45 delta_neutral_short_sale: bool,
        46 delta_neutral_short_sale_slot: int32,
        47 delta_neutral_designated_location: string,
        48 scale_init_level_size: int32,
        49 scale_subs_level_size: int32,
        50 scale_price_increment: double,
        51 scale_price_adjust_value: double,
        52 scale_price_adjust_interval: int32,
        53 scale_profit_offset: double,
        54 scale_auto_reset: bool,
        55 scale_init_position: int32,
        56 scale_init_fill_qty: int32,
        57 scale_random_percent: bool,
        58 scale_table: string,
        59 hedge_type: string,
        60 hedge_param: string,
        61 algo_strategy: string,
        63 algo_id: string,
        /// Only asks what it would do to margin and what it would cost.
        65 what_if: bool,
        /// Unset is **false**: kept until a child or sibling comes that is transmitted.
        66 transmit: bool,
        67 override_percentage_constraints: bool,
        /// `O` or `C`.
        68 open_close: string,
        69 origin: int32,
        70 short_sale_slot: int32,
        71 designated_location: string,
        72 exempt_code: int32,
        73 delta_neutral_settling_firm: string,
        74 delta_neutral_clearing_account: string,
        75 delta_neutral_clearing_intent: string,
        76 discretionary_amt: double,
        77 opt_out_smart_routing: bool,
        78 starting_price: double,
        79 stock_ref_price: double,
        80 delta: double,
        81 stock_range_lower: double,
        82 stock_range_upper: double,
        83 not_held: bool,
        85 solicited: bool,
        86 randomize_size: bool,
        87 randomize_price: bool,
        88 reference_contract_id: int32,
        89 pegged_change_amount: double,
        90 is_pegged_change_amount_decrease: bool,
        91 reference_change_amount: double,
        92 reference_exchange_id: string,
        93 adjusted_order_type: string,
        94 trigger_price: double,
        95 adjusted_stop_price: double,
        96 adjusted_stop_limit_price: double,
        97 adjusted_trailing_amount: double,
        98 adjustable_trailing_unit: int32,
        99 lmt_price_offset: double,
        101 conditions_cancel_order: bool,
        102 conditions_ignore_rth: bool,
        103 model_code: string,
        104 ext_operator: string,
        105 soft_dollar_tier: message SoftDollarTier,
        106 cash_qty: double,
        107 mifid2_decision_maker: string,
        108 mifid2_decision_algo: string,
        109 mifid2_execution_trader: string,
        110 mifid2_execution_algo: string,
        111 dont_use_auto_price_for_hedge: bool,
        112 is_oms_container: bool,
        113 discretionary_up_to_limit_price: bool,
        114 auto_cancel_date: string,
        115 filled_quantity: string,
        116 ref_futures_con_id: int32,
        117 auto_cancel_parent: bool,
        118 shareholder: string,
        119 imbalance_only: bool,
        120 route_marketable_to_bbo: int32,
        121 parent_perm_id: int64,
        122 use_price_mgmt_algo: int32,
        123 duration: int32,
        124 post_to_ats: int32,
        125 advanced_error_override: string,
        126 manual_order_time: string,
        127 min_trade_qty: int32,
        128 min_compete_size: int32,
        129 compete_against_best_offset: double,
        130 mid_offset_at_whole: double,
        131 mid_offset_at_half: double,
        132 customer_account: string,
        133 professional_customer: bool,
        134 bond_accrued_interest: string,
        135 include_overnight: bool,
        136 manual_order_indicator: int32,
        137 submitter: string,
        138 deactivate: bool,
        139 post_only: bool,
        140 allow_pre_open: bool,
        141 ignore_open_auction: bool,
        142 seek_price_improvement: int32,
        143 what_if_type: int32,
        144 hedge_max_size: int32,
        145 conditions_include_overnight: bool,
    }

    /// A condition on which an order becomes active. `kind` says which fields count: 1 price, 3 time,
    /// 4 margin, 5 execution, 6 volume, 7 percent change.
    OrderCondition {
        1 kind: int32,
        /// How it is joined to the **next** one: and, or else or.
        2 is_conjunction_connection: bool,
        3 is_more: bool,
        4 con_id: int32,
        5 exchange: string,
        6 symbol: string,
        7 sec_type: string,
        8 percent: int32,
        9 change_percent: double,
        10 price: double,
        11 trigger_method: int32,
        12 time: string,
        13 volume: int32,
    }

    /// A soft dollar tier.
    SoftDollarTier {
        1 name: string,
        2 value: string,
        3 display_name: string,
    }

    /// The state of an order: its status, and what it does to margin where that was asked.
    OrderState [many 27 order_allocations: message OrderAllocation] {
        1 status: string,
        2 init_margin_before: double,
        3 maint_margin_before: double,
        4 equity_with_loan_before: double,
        5 init_margin_change: double,
        6 maint_margin_change: double,
        7 equity_with_loan_change: double,
        8 init_margin_after: double,
        9 maint_margin_after: double,
        10 equity_with_loan_after: double,
        11 commission_and_fees: double,
        12 min_commission_and_fees: double,
        13 max_commission_and_fees: double,
        14 commission_and_fees_currency: string,
        15 margin_currency: string,
        16 init_margin_before_outside_rth: double,
        17 maint_margin_before_outside_rth: double,
        18 equity_with_loan_before_outside_rth: double,
        19 init_margin_change_outside_rth: double,
        20 maint_margin_change_outside_rth: double,
        21 equity_with_loan_change_outside_rth: double,
        22 init_margin_after_outside_rth: double,
        23 maint_margin_after_outside_rth: double,
        24 equity_with_loan_after_outside_rth: double,
        25 suggested_size: string,
        26 reject_reason: string,
        28 warning_text: string,
        29 completed_time: string,
        /// E.g. `Filled Size: 10`.
        30 completed_status: string,
    }

    /// How an order is shared out among accounts.
    OrderAllocation {
        1 account: string,
        2 position: string,
        3 position_desired: string,
        4 position_after: string,
        5 desired_alloc_qty: string,
        6 allowed_alloc_qty: string,
        7 is_monetary: bool,
    }

    /// A fill.
    Execution {
        1 order_id: int32,
        2 exec_id: string,
        /// `YYYYMMDD HH:MM:SS <IANA zone>`.
        3 time: string,
        4 acct_number: string,
        5 exchange: string,
        /// `BOT` or `SLD`.
        6 side: string,
        7 shares: string,
        8 price: double,
        9 perm_id: int64,
        10 client_id: int32,
        11 is_liquidation: bool,
        12 cum_qty: string,
        13 avg_price: double,
        14 order_ref: string,
        15 ev_rule: string,
        16 ev_multiplier: double,
        17 model_code: string,
        18 last_liquidity: int32,
        19 is_price_revision_pending: bool,
        20 submitter: string,
        21 opt_exercise_or_lapse_type: int32,
    }

    /// 3, order status.
    OrderStatus {
        1 order_id: int32,
        2 status: string,
        3 filled: string,
        4 remaining: string,
        5 avg_fill_price: double,
        6 perm_id: int64,
        7 parent_id: int32,
        8 last_fill_price: double,
        9 client_id: int32,
        10 why_held: string,
        11 mkt_cap_price: double,
    }

    /// 5, a working order, or one that has just changed.
    OpenOrder {
        1 order_id: int32,
        2 contract: message Contract,
        3 order: message Order,
        4 order_state: message OrderState,
    }

    /// 101, an order that is over.
    CompletedOrder {
        1 contract: message Contract,
        2 order: message Order,
        3 order_state: message OrderState,
    }

    /// 11, a fill: asked for, or live with `req_id` −1.
    ExecutionDetails {
        1 req_id: int32,
        2 contract: message Contract,
        3 execution: message Execution,
    }

    /// 59, what a fill cost, by `exec_id`.
    CommissionAndFeesReport {
        1 exec_id: string,
        2 commission_and_fees: double,
        3 currency: string,
        4 realized_pnl: double,
        5 bond_yield: double,
        6 yield_redemption_date: string,
    }

    /// 100, an order was bound to an order id of this client.
    OrderBound {
        1 perm_id: int64,
        2 client_id: int32,
        3 order_id: int32,
    }
}
