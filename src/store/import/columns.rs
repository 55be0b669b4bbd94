//! What the columns of a file are, by the names in its header or, without one, by the
//! only order that such columns come in.
//!
//! A column whose name says "adjusted" is never a price: orders are placed at prices
//! that were traded, not at those corrected for later dividends.

use super::dates::{self, Looks};
use super::error::ImportError;

/// What a column is used as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    Time,
    Open,
    High,
    Low,
    Close,
    Volume,
    Price,
    Size,
    Side,
    /// `true` where the buyer rested, so that the seller was the aggressor.
    BuyerMaker,
    Symbol,
}

impl Role {
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Open => "open",
            Self::High => "high",
            Self::Low => "low",
            Self::Close => "close",
            Self::Volume => "volume",
            Self::Price => "price",
            Self::Size => "size",
            Self::Side | Self::BuyerMaker => "side",
            Self::Symbol => "symbol",
        }
    }
}

/// Names in lower case without punctuation. Of two columns with the same role, the one
/// whose name stands further left is taken.
const NAMES: [(Role, &[&str]); 11] = [
    (
        Role::Time,
        &[
            "timestamp",
            "datetime",
            "date",
            "time",
            "opentime",
            "unix",
            "epoch",
            "day",
            "ts",
            "t",
            "tradetime",
            "일시",
            "일자",
            "날짜",
            "시간",
            "日時",
            "日付",
            "時刻",
        ],
    ),
    (Role::Open, &["open", "o", "openprice", "시가", "始値"]),
    (Role::High, &["high", "h", "highprice", "고가", "高値"]),
    (Role::Low, &["low", "l", "lowprice", "저가", "安値"]),
    (Role::Close, &["close", "c", "closelast", "closeprice", "종가", "終値"]),
    (Role::Volume, &["volume", "vol", "v", "tickvolume", "tickvol", "거래량", "出来高"]),
    (Role::Price, &["price", "tradeprice", "rate", "p", "px", "체결가", "約定値"]),
    (Role::Size, &["size", "quantity", "qty", "amount", "tradesize", "q", "volume", "vol", "v", "체결량"]),
    (Role::Side, &["aggressor", "aggressorside", "takerside", "side"]),
    (Role::BuyerMaker, &["isbuyermaker", "buyerismaker"]),
    (Role::Symbol, &["symbol", "ticker", "instrument", "pair", "name"]),
];

/// Endings of a name that tell a unit or a zone, not another thing.
const ENDINGS: [&str; 7] = ["ms", "us", "ns", "utc", "gmt", "seconds", "s"];
/// The same in front.
const BEGINNINGS: [&str; 5] = ["gmt", "utc", "local", "unix", "exchange"];

/// Where things are in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Columns {
    /// Columns that may hold the time; `settle_time` leaves the one or two that do.
    pub time: Vec<usize>,
    pub kind: Kind,
    pub symbol: Option<usize>,
    /// Fields of a row, blank ones at the end not counted.
    pub count: usize,
    /// Whether the name of a time column that is used says that its times are in UTC.
    pub says_utc: bool,
    /// Names of volume columns that were passed over.
    pub other_volumes: Vec<String>,
}

/// Columns of bars, or of trades.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Bars { prices: [usize; 4], volume: Option<usize> },
    Trades { price: usize, size: usize, side: Option<Aggressor> },
}

/// Where the aggressor is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aggressor {
    Side(usize),
    BuyerMaker(usize),
}

/// Why a line is not a header that can be used.
#[derive(Debug)]
pub(super) enum Miss {
    /// It is no header at all.
    NoHeader,
    /// It is one, but something is missing or doubled.
    Unusable(ImportError),
}

/// The role of a column and how good its name is (0 is best).
fn role_of(name: &str) -> Vec<(Role, usize)> {
    let lower = name.to_lowercase();
    if lower.contains("adj") {
        return Vec::new();
    }
    let clean = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    // `AAPL.Open` and `1. open` are an open; `Vol.` ends with its point.
    let last = clean(lower.rsplit('.').next().unwrap_or_default());
    let whole = clean(&lower);
    let found = exact(&last);
    let found = if found.is_empty() { exact(&whole) } else { found };
    if !found.is_empty() {
        return found;
    }
    let bare = ENDINGS.iter().find_map(|e| whole.strip_suffix(e)).unwrap_or(&whole);
    let bare = BEGINNINGS.iter().find_map(|b| bare.strip_prefix(b)).unwrap_or(bare);
    let time = exact(bare).into_iter().filter(|(role, _)| *role == Role::Time);
    let mut found: Vec<_> = time.map(|(role, rank)| (role, rank + 50)).collect();
    // `Volume BTC`, `Volume (BTC)`: the volume in units comes first in such files.
    let words = lower.trim_start_matches('<').strip_prefix("volume");
    if words.is_some_and(|rest| rest.starts_with([' ', '_', '('])) {
        found.push((Role::Volume, 100));
    }
    found
}

fn exact(name: &str) -> Vec<(Role, usize)> {
    let rank = |names: &[&str]| names.iter().position(|n| *n == name);
    NAMES.iter().filter_map(|(role, names)| Some((*role, rank(names)?))).collect()
}

/// Reads a header of these names in `line`.
pub(super) fn from_header(names: &[&str], line: u64) -> Result<Columns, Miss> {
    let count = names.iter().rposition(|n| !n.is_empty()).map_or(0, |last| last + 1);
    let names = &names[..count];
    let mut roles: Vec<(Role, usize, usize)> = Vec::new();
    for (column, name) in names.iter().enumerate() {
        roles.extend(role_of(name).into_iter().map(|(role, rank)| (role, rank, column)));
    }
    roles.sort_unstable();
    let all = |role: Role| roles.iter().filter(move |r| r.0 == role).map(|&(_, _, column)| column);
    let has = |role: Role| all(role).next().is_some();

    let prices = [Role::Open, Role::High, Role::Low];
    let is_bars = prices.iter().any(|&role| has(role));
    // Some exports call the close "price", which only the company of the others tells.
    let close = if has(Role::Close) { Role::Close } else { Role::Price };
    let is_header = has(Role::Time) || is_bars || (has(Role::Price) && has(Role::Size));
    let known = roles.iter().map(|r| r.2).collect::<std::collections::BTreeSet<_>>().len();
    if !is_header || known < 2 {
        return Err(Miss::NoHeader);
    }
    let needed: &[Role] = if is_bars || !has(Role::Price) {
        &[Role::Time, Role::Open, Role::High, Role::Low, close]
    } else {
        &[Role::Time, Role::Price, Role::Size]
    };
    let index_of_frame = names.first() == Some(&"");
    let missing: Vec<_> =
        needed.iter().filter(|&&r| !(has(r) || (r == Role::Time && index_of_frame))).collect();
    if !missing.is_empty() {
        let label = |&&r: &&Role| if r == Role::Price && is_bars { "close" } else { r.label() };
        let adjusted = names.iter().any(|n| n.to_lowercase().contains("adj"));
        let no_close = missing.iter().any(|&&r| r == close);
        return Err(Miss::Unusable(ImportError::MissingColumns {
            line,
            missing: missing.iter().map(label).collect(),
            found: names.iter().map(|&n| n.to_owned()).collect(),
            hint: if no_close && adjusted {
                "; an adjusted close is not the price that was traded"
            } else {
                ""
            },
        }));
    }
    // Of the doubled names only those of the same standing are in doubt.
    let the = |role: Role| -> Result<usize, Miss> {
        let mut same = roles.iter().filter(|r| r.0 == role);
        let best = same.next().expect("it was looked for above");
        match same.next() {
            Some(next) if next.1 == best.1 => Err(Miss::Unusable(ImportError::AmbiguousColumns {
                role: role.label(),
                first: names[best.2].to_owned(),
                second: names[next.2].to_owned(),
            })),
            _ => Ok(best.2),
        }
    };
    let volume = all(Role::Volume).next();
    let kind = if is_bars {
        Kind::Bars { prices: [the(Role::Open)?, the(Role::High)?, the(Role::Low)?, the(close)?], volume }
    } else {
        let side = all(Role::Side).next().map(Aggressor::Side);
        let side = side.or_else(|| all(Role::BuyerMaker).next().map(Aggressor::BuyerMaker));
        Kind::Trades { price: the(Role::Price)?, size: the(Role::Size)?, side }
    };
    let mut time: Vec<usize> = all(Role::Time).collect();
    if index_of_frame {
        time.push(0);
    }
    Ok(Columns {
        says_utc: false,
        symbol: all(Role::Symbol).next(),
        other_volumes: all(Role::Volume)
            .skip(1)
            .filter(|_| is_bars)
            .map(|column| names[column].to_owned())
            .collect(),
        time,
        kind,
        count,
    })
}

/// Whether a column's name says that its times are in UTC.
pub(super) fn says_utc(name: &str) -> bool {
    let name = name.to_lowercase();
    name.contains("utc") || name.contains("gmt")
}

/// Finds the columns of rows without a header: time, open, high, low, close and perhaps
/// volume, in this order, which the numbers of nearly every row must bear out (wrong ones
/// are told of by line later).
pub(super) fn from_rows(rows: &[Vec<&str>], number: impl Fn(&str) -> Option<f64>) -> Option<Columns> {
    let first = rows.first()?;
    let count = first.len();
    let times = match first.get(..2)?.iter().map(|text| dates::look(text)).collect::<Vec<_>>()[..] {
        [Some(Looks::Date(_)), Some(Looks::TimeOfDay)] => 2,
        [Some(Looks::Date(_) | Looks::Instant(_)), _] => 1,
        _ => return None,
    };
    let binance = count == 12 && rows.iter().all(|row| row.len() == 12 && row[6] > row[0]);
    if !matches!(count - times, 4 | 5) && !binance {
        return None;
    }
    let prices = |row: &Vec<&str>| -> Option<[f64; 4]> {
        let texts: [&str; 4] = row.get(times..times + 4)?.try_into().ok()?;
        let [open, high, low, close] = texts.map(&number);
        Some([open?, high?, low?, close?])
    };
    let mut tells = false;
    let mut wrong = 0;
    for row in rows {
        match prices(row) {
            Some([open, high, low, close]) if low <= open.min(close) && high >= open.max(close) => {
                tells |= high > low;
            }
            _ => wrong += 1,
        }
    }
    if wrong * 10 > rows.len() {
        return None;
    }
    let prices = [times, times + 1, times + 2, times + 3];
    let volume = (count - times > 4).then_some(times + 4);
    tells.then(|| Columns {
        time: (0..times).collect(),
        kind: Kind::Bars { prices, volume },
        symbol: None,
        count,
        says_utc: false,
        other_volumes: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(text: &str) -> Columns {
        from_header(&text.split(',').collect::<Vec<_>>(), 1).unwrap()
    }

    fn bars(prices: [usize; 4], volume: Option<usize>) -> Kind {
        Kind::Bars { prices, volume }
    }

    #[test]
    fn headers_of_bars() {
        let table = [
            ("date,open,high,low,close,volume", bars([1, 2, 3, 4], Some(5))),
            ("Date,Open,High,Low,Close,Adj Close,Volume", bars([1, 2, 3, 4], Some(6))),
            ("date,open,high,low,adjclose,close", bars([1, 2, 3, 5], None)),
            ("Date,Open,High,Low,Adj. Close,Close,AAPL.Adj.Close", bars([1, 2, 3, 5], None)),
            (
                "Date,AAPL.Open,AAPL.High,AAPL.Low,AAPL.Close,AAPL.Volume,AAPL.Adjusted",
                bars([1, 2, 3, 4], Some(5)),
            ),
            ("timestamp,1. open,2. high,3. low,4. close,5. volume", bars([1, 2, 3, 4], Some(5))),
            ("<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<TICKVOL>,<VOL>", bars([2, 3, 4, 5], Some(7))),
            ("t,o,h,l,c,v", bars([1, 2, 3, 4], Some(5))),
            ("Date,Close/Last,Volume,Open,High,Low", bars([3, 4, 5, 1], Some(2))),
            ("Date,Price,Open,High,Low,Vol.,Change %", bars([2, 3, 4, 1], Some(5))),
            ("unix,date,symbol,open,high,low,close,Volume BTC,Volume USD", bars([3, 4, 5, 6], Some(7))),
            (
                "Open time,Open,High,Low,Close,Volume,Close time,Quote asset volume",
                bars([1, 2, 3, 4], Some(5)),
            ),
            ("日付,始値,高値,安値,終値,出来高", bars([1, 2, 3, 4], Some(5))),
            ("일자,시가,고가,저가,종가,거래량", bars([1, 2, 3, 4], Some(5))),
            (",open,high,low,close", bars([1, 2, 3, 4], None)),
        ];
        for (text, kind) in table {
            assert_eq!(header(text).kind, kind, "{text}");
        }
    }

    #[test]
    fn headers_of_trades() {
        let table = [
            ("time,price,size,exchange,condition,suspicious", 1, 2, None),
            ("id,price,qty,quote_qty,time,is_buyer_maker", 1, 2, Some(Aggressor::BuyerMaker(5))),
            ("timestamp_ms,side,amount,rate", 3, 2, Some(Aggressor::Side(1))),
            ("Time,Price,Volume", 1, 2, None),
        ];
        for (text, price, size, side) in table {
            assert_eq!(header(text).kind, Kind::Trades { price, size, side }, "{text}");
        }
    }

    #[test]
    fn headers_that_lack_or_double_something() {
        let table = [
            ("date,open,high,low,volume", "no column for close"),
            ("open,high,low,close", "no column for time"),
            ("time,price", "no column for size"),
            ("date,open,high,low,Adj Close", "adjusted close is not the price"),
            ("date,A.Open,A.High,A.Low,A.Close,B.Close", "'A.Close' and 'B.Close' could both be the close"),
            ("date,value", ""),
        ];
        for (text, expected) in table {
            match from_header(&text.split(',').collect::<Vec<_>>(), 1) {
                Err(Miss::Unusable(e)) => assert!(e.to_string().contains(expected), "{text}: {e}"),
                Err(Miss::NoHeader) => assert!(expected.is_empty(), "{text}"),
                Ok(columns) => panic!("{text}: {columns:?}"),
            }
        }
    }

    #[test]
    fn rows_without_a_header() {
        let find = |text: &str| {
            let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
            from_rows(&rows, |text| text.parse().ok()).map(|columns| columns.kind)
        };
        assert_eq!(find("20240102 000000,1,3,1,2,5"), Some(bars([1, 2, 3, 4], Some(5))));
        assert_eq!(find("2024-01-02,10:00,1,3,1,2,5"), Some(bars([2, 3, 4, 5], Some(6))));
        assert_eq!(find("2024-01-02,1,3,1,2"), Some(bars([1, 2, 3, 4], None)));
        assert_eq!(
            find("1514764800000,1,3,1,2,9,1514764859999,0,0,0,0,0"),
            Some(bars([1, 2, 3, 4], Some(5)))
        );
        for unclear in [
            "2024-01-02,1,1,1,1,5",
            "2024-01-02,1,3,1,2,2,5",
            "2024-01-02,3,1,2,2,5",
            "2024-01-02,10,5",
            "AAPL,1,3,1,2,5",
            "2024-01-02",
        ] {
            assert_eq!(find(unclear), None, "{unclear}");
        }
    }
}
