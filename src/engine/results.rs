//! What was earned day by day, from the journal's own file.
//!
//! It is read beside the journal, which must not wait for it, and not before the journal has written what it was
//! given before the question: an execution that the window knows is in the answer.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::civil::Date;

use super::{Effect, Engine};
use crate::domain::results::DayTotal;
use crate::domain::{Currency, Decimal, Seq, Time};
use crate::link::update::Refused;
use crate::link::{CommandId, Results, Span};
use crate::store::journal::row::FillRow;
use crate::store::journal::{Archive, by_day};

/// A question that waits for the journal: the newest alone.
pub(super) type Asked = Option<(Seq, CommandId, Span)>;

impl Engine {
    pub(super) fn ask_results(&mut self, to: CommandId, span: Span, out: &mut Vec<Effect>) {
        let newest = Seq(self.journal.next().0.saturating_sub(1));
        self.results_asked = Some((newest, to, span));
        self.read_results(out);
    }

    /// Has the file read, once it has what it must. A disk that fails is not waited for.
    pub(super) fn read_results(&mut self, out: &mut Vec<Effect>) {
        let (written, is_broken) = (self.journal.written(), self.journal.state().refusal().is_some());
        let asked = self.results_asked.take_if(|(newest, ..)| is_broken || *newest <= written);
        out.extend(asked.map(|(_, to, span)| Effect::ReadResults(to, span)));
    }
}

/// Reads the journal `file`; may wait for the disk. Without a file nothing is kept.
pub(super) async fn read(file: Option<&Path>, to: CommandId, span: Span) -> Results {
    let days = match file {
        Some(file) => read_days(file, &span).await.map_err(|why| Refused(why.into())),
        None => Err(Refused("A replay keeps no journal: there are no results of days".into())),
    };
    Results { to, span, days }
}

async fn read_days(file: &Path, span: &Span) -> Result<Vec<DayTotal>, String> {
    let mut archive = Archive::open(file).await.map_err(|error| error.to_string())?;
    let found = archive.fills(span.from, Time::MAX).await;
    archive.close().await;
    let found = found.map_err(|error| error.to_string())?;
    if found.damaged > 0 {
        let lost = found.damaged;
        return Err(format!(
            "{lost} rows of the journal are damaged: start Pitdesk again, which looks after them"
        ));
    }
    totals(&found.rows, span).map_err(|error| error.to_string())
}

/// What these executions have come to per day and currency.
fn totals(fills: &[FillRow], span: &Span) -> Result<Vec<DayTotal>, crate::store::journal::BeyondCounting> {
    let mut days: BTreeMap<(Date, Currency), DayTotal> = BTreeMap::new();
    let empty = |(day, currency)| DayTotal {
        day,
        currency,
        realised: Decimal::ZERO,
        commissions: Decimal::ZERO,
        fills: 0,
        winners: 0,
        losers: 0,
    };
    for result in by_day(fills, &span.zone)? {
        let key = (result.day, result.currency);
        let total = days.entry(key).or_insert_with(|| empty(key));
        let beyond = || crate::store::journal::BeyondCounting {
            day: result.day,
            account: result.account.clone(),
            currency: result.currency,
        };
        total.realised = total.realised.checked_add(result.realised).ok_or_else(beyond)?;
        total.commissions = total.commissions.checked_add(result.commissions).ok_or_else(beyond)?;
    }
    for fill in fills {
        let key = (fill.time.to_timestamp().to_zoned(span.zone.clone()).date(), fill.currency);
        let total = days.entry(key).or_insert_with(|| empty(key));
        total.fills += 1;
        total.winners += u32::from(fill.realised > Decimal::ZERO);
        total.losers += u32::from(fill.realised < Decimal::ZERO);
    }
    Ok(days.into_values().collect())
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    use super::*;
    use crate::domain::{AccountId, ExecId, Liquidity, Money, OrderId, Price, Qty, Side};
    use crate::store::journal;

    fn fill(day: i64, account: usize, cents: i64, cost: i64, in_yen: bool) -> FillRow {
        let currency = if in_yen { Currency::JPY } else { Currency::USD };
        FillRow {
            broker: "paper".into(),
            account: AccountId(format!("A{account}").into()),
            exec: ExecId("1".into()),
            order: OrderId(1),
            instrument: "X".into(),
            currency,
            side: Side::Buy,
            quantity: Qty(1.into()),
            price: Price(1.into()),
            commission: Money { amount: Decimal::new(cost, 2), currency: Currency::USD },
            realised: Decimal::new(cents, 2),
            liquidity: Liquidity::Taker,
            time: Time::from_seconds(day * 86_400 + 100),
        }
    }

    #[test]
    fn what_the_file_has_is_told_and_a_replay_has_none() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("journal.sqlite");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let span = || Span { from: Time::MIN, zone: TimeZone::UTC };
        let none = runtime.block_on(read(None, CommandId(1), span()));
        assert!(none.days.is_err_and(|why| why.to_string().contains("replay")));
        let missing = runtime.block_on(read(Some(&file), CommandId(1), span()));
        assert!(missing.days.is_err());
        let begun =
            runtime.block_on(journal::Journal::open(&file, journal::Names::default(), Time::default()));
        runtime.block_on(begun.unwrap().0.close());
        let empty = runtime.block_on(read(Some(&file), CommandId(2), span()));
        assert_eq!((empty.to, empty.days), (CommandId(2), Ok(Vec::new())));
    }

    proptest! {
        #[test]
        fn days_are_what_their_executions_add_up_to(
            made in prop::collection::vec((0_i64..4, 0_usize..2, -500_i64..500, -5_i64..50, any::<bool>()), 0..40),
        ) {
            let fills: Vec<FillRow> = made.iter().map(|f| fill(f.0, f.1, f.2, f.3, f.4)).collect();
            let span = Span { from: Time::MIN, zone: TimeZone::UTC };
            let told = totals(&fills, &span).unwrap();
            for total in &told {
                let of_day = |f: &&(i64, usize, i64, i64, bool)| {
                    Time::from_seconds(f.0 * 86_400).to_timestamp().to_zoned(TimeZone::UTC).date() == total.day
                };
                let own = |f: &&(i64, usize, i64, i64, bool)| f.4 == (total.currency == Currency::JPY);
                let here = || made.iter().filter(of_day).filter(own);
                prop_assert_eq!(total.realised, here().map(|f| Decimal::new(f.2, 2)).sum::<Decimal>());
                let cost = |f: &(i64, usize, i64, i64, bool)| Decimal::new(f.3, 2);
                let paid: Decimal = made.iter().filter(of_day).map(cost).sum();
                let paid = if total.currency == Currency::USD { paid } else { Decimal::ZERO };
                prop_assert_eq!(total.commissions, paid);
                let counts = [here().count(), here().filter(|f| f.2 > 0).count(), here().filter(|f| f.2 < 0).count()];
                prop_assert_eq!([total.fills, total.winners, total.losers].map(|count| count as usize), counts);
            }
            let counted: u32 = told.iter().map(|total| total.fills).sum();
            prop_assert_eq!(counted as usize, made.len());
            prop_assert!(told.is_sorted_by_key(|total| total.day));
        }
    }
}
