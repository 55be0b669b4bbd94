//! Reading the rows of a file as the plan says, one at a time.
//!
//! Rows that are wrong are noted, with their line, and reading goes on: a person wants
//! all of them at once. Times are still as the file has them; [`super::settle`] does the rest.

use super::columns::{Aggressor, Kind};
use super::error::{ImportError, Problems};
use super::fields::Fields;
use super::plan::Plan;
use crate::domain::{Bar, Price, Qty, Side, Time, Trade, bounds};

/// More rows than this are refused: their memory would be several gigabytes.
pub(super) const MOST_ROWS: usize = 50_000_000;
/// As [`bounds::MAX_PRICE`].
const HIGHEST: f64 = 1e12;
/// As [`bounds::MAX_AMOUNT`]: the volume of a month is a sum of many quantities.
const MOST_VOLUME: f64 = 1e22;
/// How many symbols are listed for the user to choose from.
const MOST_SYMBOLS: usize = 10;

/// Something with a time, of which a file has one per row.
pub(super) trait Row: Copy + PartialEq {
    fn time(&self) -> Time;
    fn set_time(&mut self, time: Time);
}

impl Row for Bar {
    fn time(&self) -> Time {
        self.time
    }
    fn set_time(&mut self, time: Time) {
        self.time = time;
    }
}

impl Row for Trade {
    fn time(&self) -> Time {
        self.time
    }
    fn set_time(&mut self, time: Time) {
        self.time = time;
    }
}

/// Rows in the order of the file, with the lines they come from.
#[derive(Debug)]
pub(super) struct Rows<T> {
    pub all: Vec<T>,
    pub lines: LineNumbers,
}

impl<T> Rows<T> {
    pub(super) fn new() -> Self {
        Self { all: Vec::new(), lines: LineNumbers::default() }
    }

    fn push(&mut self, line: u64, row: T) {
        self.lines.push(self.all.len(), line);
        self.all.push(row);
    }

    fn clear(&mut self) {
        self.all.clear();
        self.lines = LineNumbers::default();
    }
}

/// The line of each row, kept only where it does not follow the row before.
#[derive(Debug, Default)]
pub(super) struct LineNumbers {
    runs: Vec<(usize, u64)>,
}

impl LineNumbers {
    fn push(&mut self, row: usize, line: u64) {
        let follows = self.runs.last().is_some_and(|&(r, l)| l + (row - r) as u64 == line);
        if !follows {
            self.runs.push((row, line));
        }
    }

    /// The line of row number `row` of the file.
    pub(super) fn of(&self, row: usize) -> u64 {
        let run = self.runs.partition_point(|&(first, _)| first <= row).saturating_sub(1);
        self.runs.get(run).map_or(0, |&(first, line)| line + (row - first) as u64)
    }
}

/// Reads rows.
pub(super) struct Reader<'a> {
    plan: &'a mut Plan,
    fields: Fields,
    symbols: Symbols,
    pub problems: Problems,
    pub empty_volumes: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(plan: &'a mut Plan, wanted: Option<&str>) -> Self {
        let symbols = Symbols { wanted: wanted.map(str::to_owned), ..Symbols::default() };
        Self { plan, fields: Fields::default(), symbols, problems: Problems::default(), empty_volumes: 0 }
    }

    /// Reads one line into `rows`, as `T` is read from its fields.
    pub(super) fn line<T: Row + FromFields>(
        &mut self,
        number: u64,
        text: &str,
        rows: &mut Rows<T>,
    ) -> Result<(), ImportError> {
        let count = self.plan.columns.count;
        if self.fields.cut(text, self.plan.delimiter).is_err() {
            self.problems.note(number, || "its quotes do not match".to_owned());
            return Ok(());
        }
        let extra = (count..self.fields.len()).any(|n| !self.fields.get(text, n).is_empty());
        if self.fields.len() < count || extra {
            let has = self.fields.len();
            self.problems.note(number, || format!("it has {has} fields where {count} are expected"));
            return Ok(());
        }
        if let Some(column) = self.plan.columns.symbol {
            match self.symbols.see(self.fields.get(text, column)) {
                Seen::Take => {}
                Seen::Pass => return Ok(()),
                Seen::TakeAnew => {
                    rows.clear();
                    self.plan.dates.forget_rows();
                    self.problems = Problems::default();
                    self.empty_volumes = 0;
                }
            }
        }
        match self.row(number, text, rows.all.len()) {
            Ok(_) if rows.all.len() == MOST_ROWS => {
                return Err(ImportError::TooManyRows { limit: MOST_ROWS });
            }
            Ok(row) => rows.push(number, row),
            Err(what) => self.problems.note(number, || what),
        }
        Ok(())
    }

    fn row<T: FromFields>(&mut self, number: u64, text: &str, row: usize) -> Result<T, String> {
        let time = &self.plan.columns.time;
        let field = |column: usize| self.fields.get(text, column);
        let of_day = time.get(1).map(|&column| field(column)).filter(|t| !t.is_empty());
        let nanos = self.plan.dates.read(field(time[0]), of_day, row, number)?;
        T::read(self, Time(nanos), text)
    }

    fn real(&mut self, what: &str, text: &str, column: usize) -> Result<f64, String> {
        let field = self.fields.get(text, column);
        self.plan.numbers.real(field).ok_or_else(|| no_number(what, field))
    }

    /// A price of a bar.
    fn level(&mut self, what: &str, text: &str, column: usize) -> Result<f64, String> {
        let price = self.real(what, text, column)?;
        if price.abs() <= HIGHEST { Ok(price) } else { Err(too_large(what, self.fields.get(text, column))) }
    }

    fn decimal(&mut self, what: &str, text: &str, column: usize) -> Result<crate::domain::Decimal, String> {
        let field = self.fields.get(text, column);
        self.plan.numbers.decimal(field).ok_or_else(|| no_number(what, field))
    }

    /// After the last line: all instruments of the file, if the rows are not of one only.
    pub(super) fn finish(self) -> Result<(Problems, usize, usize), ImportError> {
        let passed = self.symbols.check()?;
        Ok((self.problems, self.empty_volumes, passed))
    }
}

fn too_large(what: &str, field: &str) -> String {
    format!("its {what} '{}' is too large", field.chars().take(40).collect::<String>())
}

fn no_number(what: &str, field: &str) -> String {
    match field {
        "" => format!("its {what} is missing"),
        _ => format!("its {what} '{}' is no number", field.chars().take(40).collect::<String>()),
    }
}

/// A row made from the fields of a line.
pub(super) trait FromFields: Sized {
    fn read(reader: &mut Reader<'_>, time: Time, text: &str) -> Result<Self, String>;
}

impl FromFields for Bar {
    fn read(reader: &mut Reader<'_>, time: Time, text: &str) -> Result<Self, String> {
        let Kind::Bars { prices, volume } = reader.plan.columns.kind else {
            return Err("it is no bar".to_owned());
        };
        let open = reader.level("open", text, prices[0])?;
        let high = reader.level("high", text, prices[1])?;
        let low = reader.level("low", text, prices[2])?;
        let close = reader.level("close", text, prices[3])?;
        let volume = match volume {
            Some(column) if reader.fields.get(text, column).is_empty() => {
                reader.empty_volumes += 1;
                0.0
            }
            Some(column) => reader.real("volume", text, column)?,
            None => 0.0,
        };
        if volume > MOST_VOLUME {
            return Err(format!("its volume {volume:e} is too large"));
        }
        let bar = Self { time, open, high, low, close, volume };
        if bar.is_sound() {
            return Ok(bar);
        }
        Err(if high < low {
            format!("its high {high} is below its low {low}")
        } else if volume < 0.0 {
            format!("its volume {volume} is negative")
        } else {
            let (what, price) = if open < low || open > high { ("open", open) } else { ("close", close) };
            format!("its {what} {price} is outside of low {low} to high {high}")
        })
    }
}

impl FromFields for Trade {
    fn read(reader: &mut Reader<'_>, time: Time, text: &str) -> Result<Self, String> {
        let Kind::Trades { price, size, side } = reader.plan.columns.kind else {
            return Err("it is no trade".to_owned());
        };
        let price = reader.decimal("price", text, price)?;
        let quantity = reader.decimal("size", text, size)?;
        if quantity.is_sign_negative() && !quantity.is_zero() {
            return Err(format!("its size {quantity} is negative"));
        }
        bounds::price(price).and_then(|_| bounds::quantity(quantity)).map_err(|error| error.to_string())?;
        let aggressor = match side {
            Some(Aggressor::Side(column)) => read_side(reader.fields.get(text, column))?,
            Some(Aggressor::BuyerMaker(column)) => read_buyer_maker(reader.fields.get(text, column))?,
            None => None,
        };
        Ok(Self { time, price: Price(price), quantity: Qty(quantity), aggressor })
    }
}

fn read_side(text: &str) -> Result<Option<Side>, String> {
    let is = |words: &[&str]| words.iter().any(|w| text.eq_ignore_ascii_case(w));
    if is(&["buy", "b", "bid", "buyer"]) {
        Ok(Some(Side::Buy))
    } else if is(&["sell", "s", "ask", "seller"]) {
        Ok(Some(Side::Sell))
    } else if is(&["", "-", "n", "none", "unknown", "n/a"]) {
        Ok(None)
    } else {
        Err(format!("its side '{}' is neither buy nor sell", text.chars().take(40).collect::<String>()))
    }
}

fn read_buyer_maker(text: &str) -> Result<Option<Side>, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "t" => Ok(Some(Side::Sell)),
        "false" | "0" | "f" => Ok(Some(Side::Buy)),
        "" => Ok(None),
        other => Err(format!("'{other}' is neither true nor false")),
    }
}

/// Letters and digits in lower case: `BTC/JPY` and `btc_jpy` are the same instrument.
fn plain(symbol: &str) -> String {
    symbol.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Keeps to one instrument of a file that may hold several.
#[derive(Debug, Default)]
struct Symbols {
    wanted: Option<String>,
    /// As the file writes them: the first ten.
    found: Vec<String>,
    several: bool,
    has_wanted: bool,
    /// Rows of other instruments.
    passed: usize,
    taken: usize,
}

/// What to do with a row.
enum Seen {
    Take,
    Pass,
    /// Take it, and drop what was taken before: that was another instrument's.
    TakeAnew,
}

impl Symbols {
    fn see(&mut self, symbol: &str) -> Seen {
        let is_first = self.found.first().is_none_or(|first| first == symbol);
        if (is_first && self.found.is_empty())
            || (!is_first && self.found.len() < MOST_SYMBOLS && !self.found.iter().any(|f| f == symbol))
        {
            self.found.push(symbol.to_owned());
        }
        self.several |= !is_first;
        let is_wanted = self.wanted.as_ref().is_some_and(|wanted| plain(symbol) == plain(wanted));
        if is_wanted && !self.has_wanted {
            self.has_wanted = true;
            if self.taken > 0 {
                self.passed += self.taken;
                self.taken = 1;
                return Seen::TakeAnew;
            }
        }
        // A file of one instrument is that instrument, by whatever name.
        if is_wanted || (!self.has_wanted && !self.several) {
            self.taken += 1;
            Seen::Take
        } else {
            self.passed += 1;
            Seen::Pass
        }
    }

    fn check(self) -> Result<usize, ImportError> {
        match self.wanted {
            _ if !self.several => Ok(0),
            Some(_) if self.has_wanted => Ok(self.passed),
            Some(wanted) => Err(ImportError::NoSuchInstrument { wanted, found: self.found }),
            None => Err(ImportError::SeveralInstruments { found: self.found }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_known_for_every_row() {
        let mut lines = LineNumbers::default();
        for (row, line) in [2, 3, 4, 7, 8, 20].into_iter().enumerate() {
            lines.push(row, line);
        }
        assert_eq!(lines.runs.len(), 3);
        assert!((0..6).map(|row| lines.of(row)).eq([2, 3, 4, 7, 8, 20]));
    }

    #[test]
    fn one_instrument_is_taken_whatever_the_file_calls_it() {
        let mut symbols = Symbols { wanted: Some("BTC/JPY".to_owned()), ..Symbols::default() };
        assert!(matches!(symbols.see("xbt"), Seen::Take));
        assert!(matches!(symbols.see("xbt"), Seen::Take));
        assert!(matches!(symbols.see("btc_jpy"), Seen::TakeAnew));
        assert!(matches!(symbols.see("xbt"), Seen::Pass));
        assert_eq!(symbols.check().unwrap(), 3);
    }
}
