//! What TWS is asked for, each as a stream or an answer of what it says.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, ready};
use futures_util::stream::{BoxStream, Stream, empty, once, unfold};
use futures_util::{FutureExt as _, StreamExt as _};
use ibapi::accounts::types::AccountGroup;
use ibapi::contracts::Contract;
use ibapi::market_data::historical::WhatToShow;
use ibapi::market_data::{SmartDepth, TradingHours};
use ibapi::orders::ExecutionFilter;
use ibapi::subscriptions::{NoticeStream, SubscriptionItem};
use ibapi::{Client, Error};
use tokio::time::timeout;

use crate::broker::ibkr::accounts::TAGS;
use crate::broker::ibkr::books::Part;
use crate::broker::ibkr::connection::unanswered;
use crate::broker::ibkr::core::Came;
use crate::broker::ibkr::depth::ROWS;
use crate::broker::ibkr::described::{NotDescribed, describe_one};
use crate::broker::ibkr::history::Ask;
use crate::broker::ibkr::kept::{Source, source};
use crate::broker::ibkr::lines::{Feed, has_trades};
use crate::broker::ibkr::listed::Listed;
use crate::broker::ibkr::named::{candidates, is_exact};
use crate::broker::ibkr::times;
use crate::domain::{AccountId, Instrument, InstrumentId};
use crate::link::BarKey;

/// Aggregated trades with the quotes, for those that have no stream of trades.
const RT_VOLUME: &str = "233";

/// Where a stream belongs; there is one in each place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Slot {
    /// Order updates.
    Orders,
    /// A question of the books.
    Part(Part),
    /// The result of an account, by its place.
    Result(usize),
    /// Market data.
    Feed(Feed),
}

type Item<T> = Option<Result<SubscriptionItem<T>, Error>>;

/// What `open` opens, followed by its end.
fn follow<T, S, F>(
    open: F,
    wrap: impl Fn(Item<T>) -> Came + Clone + Send + 'static,
) -> BoxStream<'static, Came>
where
    T: Send + 'static,
    S: Stream<Item = Result<SubscriptionItem<T>, Error>> + Send + 'static,
    F: Future<Output = Result<S, Error>> + Send + 'static,
{
    let opened = open.map(move |opened| match opened {
        Ok(stream) => stream.map(Some).chain(once(ready(None))).map(wrap).boxed(),
        Err(error) => once(ready(wrap(Some(Err(error))))).boxed(),
    });
    opened.flatten_stream().boxed()
}

/// What TWS says of the connection; its end is told.
pub(super) fn notices(notices: NoticeStream) -> BoxStream<'static, Came> {
    let next = |notices: Option<NoticeStream>| async move {
        let mut notices = notices?;
        let notice = notices.next().await;
        let rest = notice.is_some().then_some(notices);
        Some((Came::Notice(notice), rest))
    };
    unfold(Some(notices), next).boxed()
}

/// What happens to our orders.
pub(super) fn orders(client: &Arc<Client>) -> BoxStream<'static, Came> {
    let client = Arc::clone(client);
    follow(async move { client.order_update_stream().await }, Came::Order)
}

/// The night may lie between an execution and the question for it.
fn of_the_last_days() -> ExecutionFilter {
    ExecutionFilter { last_n_days: 2, ..ExecutionFilter::default() }
}

/// Every question of the books.
pub(super) fn books(client: &Arc<Client>, round: u32) -> [(Part, BoxStream<'static, Came>); 5] {
    let owned = || Arc::clone(client);
    let client = owned();
    let open = follow(async move { client.all_open_orders().await }, move |item| {
        Came::Orders(round, Part::Open, item)
    });
    let client = owned();
    let completed = follow(async move { client.completed_orders(false).await }, move |item| {
        Came::Orders(round, Part::Completed, item)
    });
    let client = owned();
    let executions = follow(async move { client.executions(of_the_last_days()).await }, move |item| {
        Came::Executions(round, item)
    });
    let client = owned();
    let positions = follow(async move { client.positions().await }, move |item| Came::Position(round, item));
    let client = owned();
    let summary =
        follow(async move { client.account_summary(&AccountGroup::from("All"), &TAGS).await }, move |item| {
            Came::Summary(round, item)
        });
    [
        (Part::Open, open),
        (Part::Completed, completed),
        (Part::Executions, executions),
        (Part::Positions, positions),
        (Part::Summary, summary),
    ]
}

/// How an account does, every second.
pub(super) fn result(client: &Arc<Client>, account: AccountId) -> BoxStream<'static, Came> {
    let client = Arc::clone(client);
    let theirs = ibapi::accounts::types::AccountId::from(&*account.0);
    follow(async move { client.pnl(&theirs, None).await }, move |item| Came::Result(account.clone(), item))
}

/// Market data.
pub(super) fn feed(client: &Arc<Client>, listed: &Listed, feed: Feed) -> BoxStream<'static, Came> {
    let (client, contract) = (Arc::clone(client), listed.contract.clone());
    match feed {
        Feed::Quotes(id) => {
            let also: &[&str] = if has_trades(&listed.instrument) { &[RT_VOLUME] } else { &[] };
            follow(
                async move { client.market_data(&contract).generic_ticks(also).subscribe().await },
                move |item| Came::Tick(id, item),
            )
        }
        Feed::Trades(id) => {
            follow(async move { client.tick_by_tick(&contract, 0).all_last().await }, move |item| {
                Came::Trade(id, item)
            })
        }
        Feed::Depth(id) => {
            let is_smart = contract.exchange.as_str() == "SMART";
            let smart = if is_smart { SmartDepth::Yes } else { SmartDepth::No };
            follow(
                async move { client.market_depth(&contract, ROWS).smart_depth(smart).subscribe().await },
                move |item| Came::Depth(id, item),
            )
        }
        Feed::Kept(key) => kept(client, contract, &listed.instrument, key),
    }
}

/// Bars of a series as they form.
fn kept(
    client: Arc<Client>,
    contract: Contract,
    instrument: &Instrument,
    key: BarKey,
) -> BoxStream<'static, Came> {
    match source(instrument, key.timeframe) {
        Some((Source::FiveSeconds(what), hours)) => follow(
            async move {
                client.realtime_bars(&contract).what_to_show(what).trading_hours(hours).subscribe().await
            },
            move |item| Came::FiveSeconds(key, item),
        ),
        Some((Source::Kept(size, span, what), hours)) => follow(
            async move {
                let past = client.historical_data(&contract, size).duration(span).what_to_show(what);
                past.trading_hours(hours).stream().await
            },
            move |item| Came::Kept(key, item),
        ),
        None => empty().boxed(),
    }
}

/// A sign of life.
pub(super) fn beat(client: &Arc<Client>) -> BoxFuture<'static, Came> {
    let client = Arc::clone(client);
    async move { Came::Beat(client.server_time().await.map(drop)) }.boxed()
}

/// From where on order numbers are free.
pub(super) fn number(client: &Arc<Client>) -> BoxFuture<'static, Came> {
    let client = Arc::clone(client);
    async move { Came::Number(client.next_valid_order_id().await) }.boxed()
}

/// Bars.
pub(super) fn bars(client: &Arc<Client>, contract: &Contract, ask: Ask) -> BoxFuture<'static, Came> {
    let (client, contract) = (Arc::clone(client), contract.clone());
    async move {
        let mut request = client
            .historical_data(&contract, ask.key.size)
            .duration(ask.span)
            .what_to_show(ask.what)
            .trading_hours(ask.hours);
        if let Some(ending) = ask.key.ending {
            match time::OffsetDateTime::from_unix_timestamp(ending.seconds()) {
                Ok(ending) => request = request.ending(ending),
                Err(error) => {
                    let why = Error::InvalidArgument(format!("no such time: {error}"));
                    return Came::Bars(ask.job, Err(why));
                }
            }
        }
        Came::Bars(ask.job, request.fetch().await)
    }
    .boxed()
}

/// When the data of an instrument begin.
pub(super) fn first(
    client: &Arc<Client>,
    id: InstrumentId,
    contract: &Contract,
    what: WhatToShow,
) -> BoxFuture<'static, Came> {
    let (client, contract) = (Arc::clone(client), contract.clone());
    async move {
        let first = client.head_timestamp(&contract, what, TradingHours::Extended).await;
        Came::First(id, first.map(|first| times::of_seconds(first.unix_timestamp())))
    }
    .boxed()
}

/// Instruments, by what the trader has typed.
pub(super) fn find(client: &Arc<Client>, text: Arc<str>, patience: Duration) -> BoxFuture<'static, Came> {
    let client = Arc::clone(client);
    async move {
        let exactly = is_exact(&text);
        let search = async {
            if exactly {
                let found = describe_one(&client, &text).await.map_err(|not| not.why)?;
                return Ok(found.candidate().into_iter().collect());
            }
            let found = client.matching_symbols(&text).await.map_err(|error| unanswered(&error))?;
            Ok(candidates(&found))
        };
        let found = timeout(patience, search).await.unwrap_or_else(|_elapsed| Err(silent(&text)));
        Came::Found(text, found)
    }
    .boxed()
}

/// What an instrument is.
pub(super) fn describe(client: &Arc<Client>, name: Arc<str>, patience: Duration) -> BoxFuture<'static, Came> {
    let client = Arc::clone(client);
    async move {
        let described = timeout(patience, describe_one(&client, &name)).await;
        let described = described.unwrap_or_else(|_elapsed| Err(NotDescribed::for_now(silent(&name))));
        Came::Described(name, described.map(Box::new))
    }
    .boxed()
}

fn silent(what: &str) -> String {
    format!("TWS does not answer for {what}: try again")
}
