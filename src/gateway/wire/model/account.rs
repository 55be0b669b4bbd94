//! Accounts, positions, profit and loss, and what a session is told.

use super::Contract;

messages! {
    /// 4, an error or a notice; `id` −1 is of no request. `error_time` is in epoch milliseconds.
    ErrorMessage {
        1 id: int32,
        2 error_time: int64,
        3 error_code: int32,
        4 error_msg: string,
        5 advanced_order_reject_json: string,
    }

    /// 9, the next order id.
    NextValidId {
        1 order_id: int32,
    }

    /// 15, the accounts, comma-separated.
    ManagedAccounts {
        1 accounts_list: string,
    }

    /// 49, epoch seconds.
    CurrentTime {
        1 current_time: int64,
    }

    /// 109, epoch milliseconds.
    CurrentTimeInMillis {
        1 current_time_in_millis: int64,
    }

    /// 107, whose brand it is.
    UserInfo {
        1 req_id: int32,
        2 white_branding_id: string,
    }

    /// 6, a value of an account.
    AccountValue {
        1 key: string,
        2 value: string,
        3 currency: string,
        4 account_name: string,
    }

    /// 7, a position and what it is worth.
    PortfolioValue {
        1 contract: message Contract,
        2 position: string,
        3 market_price: double,
        4 market_value: double,
        5 average_cost: double,
        6 unrealized_pnl: double,
        7 realized_pnl: double,
        8 account_name: string,
    }

    /// 8, when the values were told: `HH:MM`.
    AccountUpdateTime {
        1 time_stamp: string,
    }

    /// 54, that was all of the account.
    AccountDataEnd {
        1 account_name: string,
    }

    /// 61, a position; 0 once when it closes.
    Position {
        1 account: string,
        2 contract: message Contract,
        3 position: string,
        4 avg_cost: double,
    }

    /// 71, a position of an account or model.
    PositionMulti {
        1 req_id: int32,
        2 account: string,
        3 contract: message Contract,
        4 position: string,
        5 avg_cost: double,
        6 model_code: string,
    }

    /// 63, a chosen value.
    AccountSummary {
        1 req_id: int32,
        2 account: string,
        3 tag: string,
        4 value: string,
        5 currency: string,
    }

    /// 73, a value of an account or model.
    AccountUpdateMulti {
        1 req_id: int32,
        2 account: string,
        3 model_code: string,
        4 key: string,
        5 value: string,
        6 currency: string,
    }

    /// 94, profit and loss of an account.
    PnL {
        1 req_id: int32,
        2 daily_pnl: double,
        3 unrealized_pnl: double,
        4 realized_pnl: double,
    }

    /// 95, profit and loss of a position.
    PnLSingle {
        1 req_id: int32,
        2 position: string,
        3 daily_pnl: double,
        4 unrealized_pnl: double,
        5 realized_pnl: double,
        6 value: double,
    }

    /// An account and its family.
    FamilyCode {
        1 account_id: string,
        2 family_code: string,
    }

    /// 78, families of accounts.
    FamilyCodes [many 1 family_codes: message FamilyCode] {}
}
