//! What a replay plays: a file or an import, and what is known of its instrument.
//!
//! Imports are found by one rule here, for replays and for `pitdesk bars`: by symbol, in
//! upper or lower case, of several the finest.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;

use super::cli::{CsvOptions, Options};
use crate::domain::{AssetClass, BrokerId, Currency, Decimal, Instrument, InstrumentId, Money, Price};
use crate::exchange::Config;
use crate::exchange::catalogue::{Catalogue, Listing};
use crate::exchange::replay::{ReplayInput, ReplaySubject};
use crate::store::bars::{Entry, Kind, Library, Origin, Series};
use crate::store::import;
use crate::store::profile::Profile;

/// The replayed instrument's place in its run.
const REPLAYED: InstrumentId = InstrumentId(0);
/// The place of the pair that values its currency, where that is not the dollar.
const RATE: InstrumentId = InstrumentId(1);
const RATE_VENUE: &str = "FIXED";
/// Cash of a replay's account in a currency of which the practice account has none.
const CASH_IN_DOLLARS: i64 = 1_000_000;

/// A recording, and what is known of its instrument.
pub(super) struct Recording {
    pub input: ReplayInput,
    pub subject: ReplaySubject,
}

impl Recording {
    /// Reads the file, or what was imported under that name.
    ///
    /// What the options do not say of the instrument, the import knows; else the practice
    /// market, where it lists the symbol; else it is a share in dollars.
    pub fn read(
        file: &Path,
        library: &Library,
        catalogue: &Catalogue,
        options: &CsvOptions,
    ) -> anyhow::Result<Self> {
        let name = file.to_string_lossy();
        let entry = if file.exists() { None } else { find(library, &name, |_| true) };
        let series = match entry {
            Some(entry) => library.load(&entry.origin.key(), entry.kind)?,
            None => {
                import::read_csv(file, &csv_options(options))
                    .with_context(|| format!("cannot replay {name}"))?
                    .series
            }
        };
        let input = match series {
            Series::Bars(bars, timeframe) => ReplayInput::Bars(bars, timeframe),
            Series::Trades(trades) => ReplayInput::Trades(trades),
        };
        Ok(Self { input, subject: subject(file, entry.map(|entry| &entry.origin), catalogue, options) })
    }
}

fn subject(
    file: &Path,
    origin: Option<&Origin>,
    catalogue: &Catalogue,
    options: &CsvOptions,
) -> ReplaySubject {
    let imported = origin.map(|origin| origin.symbol.clone());
    let symbol = options.symbol.clone().or(imported).unwrap_or_else(|| symbol_of(file));
    let listed = catalogue.listings.iter().map(|listing| &listing.instrument);
    let listed = listed.into_iter().find(|listed| plain(&listed.symbol) == plain(&symbol));
    let class = options.class.or(origin.and_then(|origin| origin.class));
    let currency = options.currency.or(origin.and_then(|origin| origin.currency));
    ReplaySubject {
        id: REPLAYED,
        symbol: symbol.into(),
        class: class.or(listed.map(|listed| listed.class)).unwrap_or(AssetClass::Share),
        currency: currency.or(listed.map(|listed| listed.currency)).unwrap_or(Currency::USD),
        zone: zone(origin, options),
    }
}

/// The zone in which a series' days are counted: as the options say, else as it was imported.
pub(super) fn zone(origin: Option<&Origin>, options: &CsvOptions) -> String {
    let imported = origin.map(|origin| origin.zone.clone());
    options.zone.clone().or(imported).unwrap_or_else(|| "UTC".to_owned())
}

/// The finest import of a symbol among those of a kind: trades before bars, short bars before
/// long ones. One that is written as `symbol` is comes before one in other letters.
pub(super) fn find<'a>(
    library: &'a Library,
    symbol: &str,
    is_wanted: impl Fn(Kind) -> bool,
) -> Option<&'a Entry> {
    let of_symbol = library.entries().iter().filter(|entry| entry.origin.symbol.eq_ignore_ascii_case(symbol));
    of_symbol.filter(|entry| is_wanted(entry.kind)).min_by_key(|entry| {
        let timeframe = match entry.kind {
            Kind::Bars(timeframe) => Some(timeframe),
            Kind::Trades => None,
        };
        (entry.origin.symbol != symbol, timeframe)
    })
}

/// The imports that a run without a profile of its own may replay: none where it replays a
/// file, or nothing.
pub(super) fn library(options: &Options) -> anyhow::Result<Library> {
    match &options.replay {
        Some(symbol) if !symbol.exists() => {
            let profile = Profile::open(options.data_dir.as_deref(), options.recordings_profile())?;
            Ok(Library::open(&profile.bars_folder()).0)
        }
        _ => Ok(Library::empty()),
    }
}

/// The reading options of the command line in the store's words.
pub(super) fn csv_options(csv: &CsvOptions) -> import::Options {
    import::Options {
        symbol: csv.symbol.clone(),
        zone: csv.zone.clone(),
        date_order: csv.date_order,
        timeframe: csv.timeframe,
        decimal_mark: csv.decimal_mark,
    }
}

/// What values a replay's currency, of which its recording says nothing: a pair with the
/// dollar at the practice market's price, which stands still. `None` where none is needed.
///
/// # Errors
/// When the practice market has no such pair: limits are in dollars, and no order could be
/// checked.
pub(super) fn rate(
    instrument: &Instrument,
    catalogue: &Catalogue,
) -> anyhow::Result<Option<(Arc<Instrument>, Price)>> {
    let currency = instrument.currency;
    let links = |listed: &Instrument| {
        let pair = listed.pair().filter(|_| listed.class == AssetClass::Fx);
        pair == Some((currency, Currency::USD)) || pair == Some((Currency::USD, currency))
    };
    if currency == Currency::USD || links(instrument) {
        return Ok(None);
    }
    let Some(Listing { instrument: pair, price, .. }) =
        catalogue.listings.iter().find(|listing| links(&listing.instrument))
    else {
        anyhow::bail!(
            "there is no exchange rate for {currency} to check limits with: say --currency USD, EUR, GBP, AUD, \
             JPY or KRW"
        );
    };
    let name = format!("{} (fixed rate)", pair.name).into();
    // Another venue: it is not the pair that a watchlist begins with.
    let venue = RATE_VENUE.into();
    let pair = Instrument { id: RATE, broker: BrokerId(0), name, venue, ..(**pair).clone() };
    Ok(Some((Arc::new(pair), *price)))
}

/// The exchange of a replay: the practice market's rules, and cash in the one currency.
pub(super) fn config(
    catalogue: &Catalogue,
    currency: Currency,
    rate: Option<(&Instrument, Price)>,
) -> Config {
    let mut config = catalogue.config();
    for account in &mut config.accounts {
        account.cash.retain(|money| money.currency == currency);
        if account.cash.is_empty() {
            let dollars = Decimal::from(CASH_IN_DOLLARS);
            let amount = match rate {
                Some((pair, price)) if pair.currency == currency => dollars * price.0,
                Some((_, price)) => dollars / price.0,
                None => dollars,
            };
            account.cash.push(Money { amount: amount.round_sf(3).unwrap_or(amount), currency });
        }
    }
    config
}

/// Letters at the start of the file's name: `spy` of `spy_minute.csv.gz`.
fn symbol_of(file: &Path) -> String {
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let letters: String = name.chars().take_while(char::is_ascii_alphanumeric).collect();
    if letters.is_empty() { "REPLAY".to_owned() } else { letters.to_ascii_uppercase() }
}

/// `BTC/JPY` and `btcjpy` are the same instrument.
fn plain(symbol: &str) -> String {
    symbol.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::cli::Arguments;
    use crate::domain::{Bar, Time, Timeframe};
    use crate::exchange::catalogue::Opening;
    use clap::Parser as _;

    fn options(line: &str) -> CsvOptions {
        Arguments::parse_from(format!("pitdesk {line}").split_whitespace()).options.csv
    }

    fn origin(symbol: &str, zone: &str) -> Origin {
        Origin {
            symbol: symbol.to_owned(),
            venue: "IMPORT".to_owned(),
            zone: zone.to_owned(),
            class: None,
            currency: None,
            source: "x.csv".to_owned(),
            imported: Time(0),
        }
    }

    fn bars(timeframe: Timeframe) -> Series {
        let bar = |i: i64| Bar::from_trade(Time(i * timeframe.nanos()), 100.0, 1.0);
        Series::Bars((0..9).map(bar).collect(), timeframe)
    }

    fn read(library: &Library, name: &str, line: &str) -> ReplaySubject {
        let catalogue = Catalogue::bundled(Opening::Always).unwrap();
        Recording::read(Path::new(name), library, &catalogue, &options(line)).unwrap().subject
    }

    #[test]
    fn an_import_says_what_it_is_unless_the_options_do() {
        let folder = tempfile::tempdir().unwrap();
        let (mut library, _) = Library::open(folder.path());
        let coin = Origin {
            class: Some(AssetClass::Crypto),
            currency: Some(Currency::EUR),
            ..origin("ADA/EUR", "Europe/Paris")
        };
        library.save(coin, &bars(Timeframe::M1)).unwrap();
        library.save(origin("BRK.B", "America/New_York"), &bars(Timeframe::M1)).unwrap();
        library.save(origin("btcjpy", "Asia/Tokyo"), &bars(Timeframe::M1)).unwrap();
        let check = |name, line, symbol: &str, class, currency, zone| {
            let subject = read(&library, name, line);
            assert_eq!((&*subject.symbol, subject.class, subject.currency), (symbol, class, currency));
            assert_eq!(subject.zone, zone);
        };
        check("ada/eur", "", "ADA/EUR", AssetClass::Crypto, Currency::EUR, "Europe/Paris");
        check("brk.b", "", "BRK.B", AssetClass::Share, Currency::USD, "America/New_York");
        check("BTCJPY", "", "btcjpy", AssetClass::Crypto, Currency::JPY, "Asia/Tokyo");
        let line = "--class fx --currency krw --zone Asia/Seoul --symbol X";
        check("BRK.B", line, "X", AssetClass::Fx, Currency::KRW, "Asia/Seoul");
    }

    #[test]
    fn of_several_imports_the_finest_is_found_and_the_one_in_the_same_letters() {
        let folder = tempfile::tempdir().unwrap();
        let (mut library, _) = Library::open(folder.path());
        library.save(origin("SPY", "America/New_York"), &bars(Timeframe::D1)).unwrap();
        library.save(origin("SPY", "America/New_York"), &bars(Timeframe::M5)).unwrap();
        library.save(origin("spy", "UTC"), &bars(Timeframe::M1)).unwrap();
        library.save(origin("SPY", "America/New_York"), &Series::Trades(Vec::new())).unwrap();
        let kind = |symbol, is_wanted: fn(Kind) -> bool| find(&library, symbol, is_wanted).map(|e| e.kind);
        assert_eq!(kind("SPY", |_| true), Some(Kind::Trades));
        assert_eq!(kind("SPY", |kind| kind != Kind::Trades), Some(Kind::Bars(Timeframe::M5)));
        assert_eq!(kind("spy", |_| true), Some(Kind::Bars(Timeframe::M1)));
        assert_eq!(kind("QQQ", |_| true), None);
    }

    #[test]
    fn every_currency_of_the_practice_market_has_a_rate_and_cash() {
        let catalogue = Catalogue::bundled(Opening::Always).unwrap();
        let listed = |symbol: &str| {
            let found = catalogue.listings.iter().find(|listing| &*listing.instrument.symbol == symbol);
            (*found.unwrap().instrument).clone()
        };
        let check = |code: &str, pair: Option<&str>, cash: &str| {
            let currency = Currency::parse(code).unwrap();
            let instrument = Instrument { currency, ..listed("AAPL") };
            let rate = rate(&instrument, &catalogue).unwrap();
            assert_eq!(rate.as_ref().map(|(pair, _)| pair.key()), pair.map(|pair| format!("{pair}@FIXED")));
            let rate = rate.as_ref().map(|(pair, price)| (&**pair, *price));
            let config = config(&catalogue, currency, rate);
            let amount = cash.parse().unwrap();
            assert_eq!(config.accounts[0].cash, [Money { amount, currency }], "{code}");
        };
        check("USD", None, "1000000");
        check("JPY", Some("USD/JPY"), "50000000");
        check("EUR", Some("EUR/USD"), "860000");
        assert!(rate(&listed("USD/JPY"), &catalogue).unwrap().is_none(), "it is the rate itself");
        let strange = Instrument { currency: Currency::parse("CHF").unwrap(), ..listed("AAPL") };
        assert!(rate(&strange, &catalogue).unwrap_err().to_string().contains("--currency"));
    }
}
