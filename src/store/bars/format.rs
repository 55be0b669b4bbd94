//! The file of a series. Numbers are little endian.
//!
//! | bytes | content |
//! |---|---|
//! | 8 | `PITDSERS` |
//! | 4 | version of this layout, 1 |
//! | 4 | length of the entry |
//! | that | the [`Entry`] as JSON: origin, kind, number of rows |
//! | … | the rows, in blocks of [`BLOCK`] (the last is shorter), each column by column |
//! | 4 | CRC-32 of everything before |
//!
//! A bar is time (i64), open, high, low, close, volume (f64): 48 bytes. A trade is time
//! (i64), price, quantity (16 bytes of `Decimal`), aggressor (0 unknown, 1 buy, 2 sell):
//! 41 bytes. Blocks keep the memory of reading and writing at a block, whatever the rows.

use std::io::{self, Read, Write};
use std::path::PathBuf;

use crc32fast::Hasher;

use super::{Entry, Kind, LoadError, Series};
use crate::domain::{Bar, Decimal, Price, Qty, Side, Time, Trade, bounds};
use crate::market::series::Packer;

const MAGIC: &[u8; 8] = b"PITDSERS";
const VERSION: u32 = 1;
const BLOCK: usize = 16_384;
const BAR_BYTES: usize = 48;
const TRADE_BYTES: usize = 41;
/// Far above any true entry: a length beyond it is damage, not a reason to allocate.
const LONGEST_ENTRY: u32 = 1 << 20;

/// Why a file was not read.
#[derive(Debug)]
pub(super) enum Fault {
    Io(io::Error),
    Damaged(String),
    Newer(u32),
}

impl Fault {
    /// The error to tell a person about the file at `path`.
    pub(super) fn of(self, path: PathBuf) -> LoadError {
        match self {
            Self::Io(e) if e.kind() == io::ErrorKind::UnexpectedEof => {
                LoadError::Damaged { path, why: "it is cut off".to_owned() }
            }
            Self::Io(source) => LoadError::Io { path, source },
            Self::Damaged(why) => LoadError::Damaged { path, why },
            Self::Newer(found) => LoadError::Newer { path, found },
        }
    }
}

impl From<io::Error> for Fault {
    fn from(e: io::Error) -> Self {
        Self::Io(e)
    }
}

/// Writes the whole file.
pub(super) fn write(to: &mut impl Write, entry: &Entry, series: &Series) -> io::Result<()> {
    let mut out = Summed { inner: to, sum: Hasher::new() };
    let json = serde_json::to_vec(entry)?;
    let length = u32::try_from(json.len()).map_err(io::Error::other)?;
    out.write_all(MAGIC)?;
    out.write_all(&VERSION.to_le_bytes())?;
    out.write_all(&length.to_le_bytes())?;
    out.write_all(&json)?;
    let mut block = Vec::new();
    match series {
        Series::Bars(bars, _) => {
            for start in (0..bars.len()).step_by(BLOCK) {
                let rows: Vec<Bar> = bars.within(start..start + BLOCK).collect();
                block.clear();
                put_bars(&rows, &mut block);
                out.write_all(&block)?;
            }
        }
        Series::Trades(trades) => {
            for rows in trades.chunks(BLOCK) {
                block.clear();
                put_trades(rows, &mut block);
                out.write_all(&block)?;
            }
        }
    }
    let sum = out.sum.finalize();
    to.write_all(&sum.to_le_bytes())
}

/// Reads the beginning only: what the file says it is.
pub(super) fn read_entry(from: &mut impl Read) -> Result<Entry, Fault> {
    read_head(&mut Summed { inner: from, sum: Hasher::new() }).map(|(entry, _)| entry)
}

/// Reads a file of `length` bytes. Nothing of it is returned unless the checksum is right.
pub(super) fn read(from: &mut impl Read, length: u64) -> Result<(Entry, Series), Fault> {
    let mut input = Summed { inner: from, sum: Hasher::new() };
    let (entry, head) = read_head(&mut input)?;
    let row = if entry.kind == Kind::Trades { TRADE_BYTES } else { BAR_BYTES };
    // Before anything is allocated for them: a damaged number of rows could be any.
    let expected = entry.rows.checked_mul(row as u64).and_then(|rows| rows.checked_add(head + 4));
    if expected != Some(length) {
        return Err(Fault::Damaged(format!(
            "it is {length} bytes long, not as its {} rows need",
            entry.rows
        )));
    }
    let rows = usize::try_from(entry.rows)
        .map_err(|_too_many| Fault::Damaged("too many rows for this computer".to_owned()))?;
    let mut block = vec![0; BLOCK.min(rows) * row];
    let series = match entry.kind {
        Kind::Bars(timeframe) => {
            let mut bars = Packer::with_capacity(rows);
            while bars.len() < rows {
                let bytes = &mut block[..BLOCK.min(rows - bars.len()) * row];
                input.read_exact(bytes)?;
                take_bars(bytes, &mut bars);
            }
            Series::Bars(bars.finish(), timeframe)
        }
        Kind::Trades => {
            let mut trades = Vec::with_capacity(rows);
            while trades.len() < rows {
                let bytes = &mut block[..BLOCK.min(rows - trades.len()) * row];
                input.read_exact(bytes)?;
                take_trades(bytes, &mut trades)?;
            }
            Series::Trades(trades)
        }
    };
    let sum = input.sum.clone().finalize();
    if u32::from_le_bytes(input.array()?) != sum {
        return Err(Fault::Damaged("its checksum is wrong".to_owned()));
    }
    Ok((entry, series))
}

fn read_head<R: Read>(input: &mut Summed<'_, R>) -> Result<(Entry, u64), Fault> {
    if input.array()? != *MAGIC {
        return Err(Fault::Damaged("it does not begin as such a file does".to_owned()));
    }
    let version = u32::from_le_bytes(input.array()?);
    if version > VERSION {
        return Err(Fault::Newer(version));
    }
    let length = u32::from_le_bytes(input.array()?);
    if length > LONGEST_ENTRY {
        return Err(Fault::Damaged("its description is too long".to_owned()));
    }
    let mut json = vec![0; length as usize];
    input.read_exact(&mut json)?;
    let entry = serde_json::from_slice(&json).map_err(|e| Fault::Damaged(format!("its description: {e}")))?;
    Ok((entry, 16 + u64::from(length)))
}

fn put_bars(bars: &[Bar], to: &mut Vec<u8>) {
    to.extend(bars.iter().flat_map(|bar| bar.time.0.to_le_bytes()));
    let columns: [fn(&Bar) -> f64; 5] = [|b| b.open, |b| b.high, |b| b.low, |b| b.close, |b| b.volume];
    for column in columns {
        to.extend(bars.iter().flat_map(|bar| column(bar).to_le_bytes()));
    }
}

fn take_bars(bytes: &[u8], to: &mut Packer) {
    let (words, _) = bytes.as_chunks::<8>();
    let rows = words.len() / 6;
    let (times, numbers) = words.split_at(rows);
    let column = |n: usize| &numbers[n * rows..][..rows];
    let [open, high, low, close, volume] = [0, 1, 2, 3, 4].map(column);
    for i in 0..rows {
        to.push(Bar {
            time: Time(i64::from_le_bytes(times[i])),
            open: f64::from_le_bytes(open[i]),
            high: f64::from_le_bytes(high[i]),
            low: f64::from_le_bytes(low[i]),
            close: f64::from_le_bytes(close[i]),
            volume: f64::from_le_bytes(volume[i]),
        });
    }
}

fn put_trades(trades: &[Trade], to: &mut Vec<u8>) {
    to.extend(trades.iter().flat_map(|t| t.time.0.to_le_bytes()));
    to.extend(trades.iter().flat_map(|t| t.price.0.serialize()));
    to.extend(trades.iter().flat_map(|t| t.quantity.0.serialize()));
    to.extend(trades.iter().map(|t| match t.aggressor {
        None => 0,
        Some(Side::Buy) => 1,
        Some(Side::Sell) => 2,
    }));
}

fn take_trades(bytes: &[u8], to: &mut Vec<Trade>) -> Result<(), Fault> {
    let rows = bytes.len() / TRADE_BYTES;
    let (times, rest) = bytes.split_at(rows * 8);
    let (prices, rest) = rest.split_at(rows * 16);
    let (quantities, sides) = rest.split_at(rows * 16);
    let (times, prices, quantities) =
        (times.as_chunks::<8>().0, prices.as_chunks::<16>().0, quantities.as_chunks::<16>().0);
    for i in 0..rows {
        let aggressor = match sides[i] {
            0 => None,
            1 => Some(Side::Buy),
            2 => Some(Side::Sell),
            other => return Err(Fault::Damaged(format!("{other} is no side"))),
        };
        let damaged = |error: bounds::OutOfBounds| Fault::Damaged(error.to_string());
        to.push(Trade {
            time: Time(i64::from_le_bytes(times[i])),
            price: Price(bounds::price(Decimal::deserialize(prices[i])).map_err(damaged)?),
            quantity: Qty(bounds::quantity(Decimal::deserialize(quantities[i])).map_err(damaged)?),
            aggressor,
        });
    }
    Ok(())
}

/// Sums up what passes through it, in either direction.
struct Summed<'a, T> {
    inner: &'a mut T,
    sum: Hasher,
}

impl<W: Write> Summed<'_, W> {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sum.update(bytes);
        self.inner.write_all(bytes)
    }
}

impl<R: Read> Summed<'_, R> {
    fn read_exact(&mut self, bytes: &mut [u8]) -> io::Result<()> {
        self.inner.read_exact(bytes)?;
        self.sum.update(bytes);
        Ok(())
    }

    fn array<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}
