//! The text dialect at server version 176: lists of fields, each with a NUL after it.
//!
//! The table of a message is a function over [`Fields`], which either reads or writes: what it does
//! with a field, and on which fields a segment depends, is said once for both directions. Tables are
//! written with `layouts!`, or with `fields!` where there are segments.
//!
//! A table is given the message to be changed in both directions: on writing, a value is first made
//! what can be written (NUL out of text, "unset" instead of NaN), so that conditions see what the
//! reader will see.

use std::borrow::Cow;

use self::value::Value;
use super::error::{Problem, quote};

/// The outcome of a table.
pub type Done = Result<(), Problem>;

/// Fields of one structure, in their order: `name`, or `name as how` with a function
/// `how(t, name, slot)` where its form is not the usual one.
macro_rules! fields {
    ($t:ident, $m:expr => $($name:ident $(as $how:ident)?),* $(,)?) => {{
        $(field!($t, $m, $name $($how)?);)*
    }};
}

macro_rules! field {
    ($t:ident, $m:expr, $name:ident) => {
        $t.value(stringify!($name), &mut $m.$name)?
    };
    ($t:ident, $m:expr, $name:ident $how:ident) => {
        $how($t, stringify!($name), &mut $m.$name)?
    };
}

/// Messages that are nothing but fields: `function(Type) ver N: fields;`, where `ver N` is the field
/// that once told the version of the message.
macro_rules! layouts {
    ($($function:ident($body:ty) $(ver $version:literal)?: $($name:ident $(as $how:ident)?),*;)*) => {$(
        pub fn $function(t: &mut Fields, m: &mut $body) -> Done {
            $(t.constant("version", stringify!($version))?;)?
            fields!(t, m => $($name $(as $how)?),*);
            Ok(())
        }
    )*};
}

pub mod account;
mod contract;
pub mod market;
pub mod open_order;
mod order;
pub mod place_order;
pub mod reference;
pub mod requests;
mod value;

/// The fields of one body, being read or being written.
pub struct Fields<'a> {
    side: Side<'a>,
    /// Of the next field, counted from 0, the message number.
    index: usize,
}

enum Side<'a> {
    Reads(&'a [u8]),
    Writes(&'a mut Vec<u8>),
}

impl<'a> Fields<'a> {
    /// Reads a body: its message number, and what follows.
    pub fn open(body: &'a [u8]) -> Result<(u32, Self), Problem> {
        if body.is_empty() {
            return Err(Problem::Empty);
        }
        let mut fields = Self { side: Side::Reads(body), index: 0 };
        let text = fields.next("message number")?;
        let number = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
        Ok((number.ok_or_else(|| Problem::Number(quote(text)))?, fields))
    }

    /// Writes a body that begins with this number.
    pub fn write(out: &'a mut Vec<u8>, number: u32) -> Self {
        out.extend_from_slice(number.to_string().as_bytes());
        out.push(0);
        Self { side: Side::Writes(out), index: 1 }
    }

    pub fn is_reading(&self) -> bool {
        matches!(self.side, Side::Reads(_))
    }

    /// The next field as it came.
    fn next(&mut self, name: &'static str) -> Result<&'a [u8], Problem> {
        let Side::Reads(rest) = &mut self.side else { return Ok(&[]) };
        let index = self.index;
        if rest.is_empty() {
            return Err(Problem::Missing { index, name });
        }
        let Some(end) = rest.iter().position(|byte| *byte == 0) else {
            return Err(Problem::Unterminated { index, name });
        };
        let field = &rest[..end];
        *rest = &rest[end + 1..];
        self.index += 1;
        Ok(field)
    }

    /// The place of the field that was just read, in an error.
    fn wrong(&self, name: &'static str, wants: &'static str, got: &[u8]) -> Problem {
        Problem::Field { index: self.index.saturating_sub(1), name, wants, got: quote(got) }
    }

    /// A field: the slot is read from it with `read`, or written to it with `write`.
    fn with<T>(
        &mut self,
        name: &'static str,
        slot: &mut T,
        write: impl FnOnce(&mut T, &mut Vec<u8>),
        read: impl FnOnce(&str) -> Result<T, &'static str>,
    ) -> Done {
        if let Side::Writes(out) = &mut self.side {
            write(slot, out);
            out.push(0);
            return Ok(());
        }
        let bytes = self.next(name)?;
        let text = std::str::from_utf8(bytes).map_err(|_not_utf8| self.wrong(name, "UTF-8", bytes))?;
        *slot = read(text).map_err(|wants| self.wrong(name, wants, bytes))?;
        Ok(())
    }

    /// A field in the usual form of its type.
    pub fn value<V: Value>(&mut self, name: &'static str, slot: &mut V) -> Done {
        let write = |slot: &mut V, out: &mut Vec<u8>| {
            slot.tidy();
            slot.write(out);
        };
        self.with(name, slot, write, V::read)
    }

    /// A field that is written as `unset` where the value is unset.
    pub fn value_or<V: Value>(&mut self, name: &'static str, slot: &mut V, unset: &str) -> Done {
        let write = |slot: &mut V, out: &mut Vec<u8>| {
            let start = out.len();
            slot.tidy();
            slot.write(out);
            if out.len() == start {
                out.extend_from_slice(unset.as_bytes());
            }
        };
        self.with(name, slot, write, V::read)
    }

    /// A field that says nothing any more: written as `text`, ignored when read.
    pub fn constant(&mut self, name: &'static str, text: &str) -> Done {
        match &mut self.side {
            Side::Reads(_) => self.next(name).map(drop),
            Side::Writes(out) => {
                out.extend_from_slice(text.as_bytes());
                out.push(0);
                Ok(())
            }
        }
    }

    /// Whether something follows: `is` when writing.
    pub fn flag(&mut self, name: &'static str, is: bool) -> Result<bool, Problem> {
        let mut flag = Some(is);
        self.value(name, &mut flag)?;
        Ok(flag == Some(true))
    }

    /// How many of something follow: `have` when writing. A number that the rest of the body cannot
    /// hold, with one byte for each, is refused before anything is made of it.
    pub fn count(&mut self, name: &'static str, have: usize) -> Result<usize, Problem> {
        const WANTS: &str = "a count of what follows";
        let mut count = have;
        let write =
            |count: &mut usize, out: &mut Vec<u8>| out.extend_from_slice(count.to_string().as_bytes());
        self.with(name, &mut count, write, |text| match Option::<i32>::read(text)? {
            Some(count) => usize::try_from(count).map_err(|_negative| WANTS),
            None => Ok(0),
        })?;
        match &self.side {
            Side::Reads(rest) if count > rest.len() => {
                Err(self.wrong(name, WANTS, count.to_string().as_bytes()))
            }
            _ => Ok(count),
        }
    }

    /// A count, and as many items.
    pub fn list<T: Default>(
        &mut self,
        name: &'static str,
        items: &mut Vec<T>,
        mut item: impl FnMut(&mut Self, &mut T) -> Done,
    ) -> Done {
        let count = self.count(name, items.len())?;
        if self.is_reading() {
            items.clear();
            for _ in 0..count {
                let mut new = T::default();
                item(self, &mut new)?;
                items.push(new);
            }
            return Ok(());
        }
        items.iter_mut().try_for_each(|old| item(self, old))
    }

    /// A value that the table has read, but has no place for.
    pub fn refuse(&self, name: &'static str, wants: &'static str, got: Option<i32>) -> Problem {
        self.wrong(name, wants, got.map(|got| got.to_string()).unwrap_or_default().as_bytes())
    }

    /// The table is done: nothing may be left.
    pub fn end(&self) -> Done {
        match &self.side {
            Side::Reads(rest) if !rest.is_empty() => {
                Err(Problem::LeftOver { index: self.index, bytes: rest.len() })
            }
            _ => Ok(()),
        }
    }

    /// The number in the field with this index, if the fields get so far: of a message that has no
    /// table.
    pub fn number_at(mut self, index: usize) -> Option<i32> {
        while self.index < index {
            self.next("").ok()?;
        }
        let text = std::str::from_utf8(self.next("").ok()?).ok()?;
        Option::<i32>::read(text).ok().flatten()
    }
}

// How a field is written that has not the usual form of its type.

/// Written as 0 where it is unset: clients take the field for a number without looking.
fn zero<V: Value>(t: &mut Fields, name: &'static str, slot: &mut V) -> Done {
    t.value_or(name, slot, "0")
}

/// Written as −1 where it is unset.
fn minus_one(t: &mut Fields, name: &'static str, slot: &mut Option<i32>) -> Done {
    t.value_or(name, slot, "-1")
}

/// Written as the largest double where it is unset.
fn unset_max(t: &mut Fields, name: &'static str, slot: &mut Option<f64>) -> Done {
    t.value_or(name, slot, value::UNSET_DOUBLE)
}

/// Infinity as TWS wants it of clients. The Python libraries do not understand it, so that replies have
/// the usual word.
fn infinite(t: &mut Fields, name: &'static str, slot: &mut Option<f64>) -> Done {
    let write = |slot: &mut Option<f64>, out: &mut Vec<u8>| {
        slot.tidy();
        if *slot == Some(f64::INFINITY) { out.extend_from_slice(b"Infinite") } else { slot.write(out) }
    };
    t.with(name, slot, write, Value::read)
}

/// A decimal, which the model has as text: a size, a quantity, a step.
fn size(t: &mut Fields, name: &'static str, slot: &mut Option<String>) -> Done {
    t.with(name, slot, |slot, out| value::write_size(slot, "", out), value::read_size)
}

/// A decimal, written as 0 where it is unset.
fn size_or_zero(t: &mut Fields, name: &'static str, slot: &mut Option<String>) -> Done {
    t.with(name, slot, |slot, out| value::write_size(slot, "0", out), value::read_size)
}

/// A list of texts.
fn texts(t: &mut Fields, name: &'static str, slot: &mut Vec<String>) -> Done {
    t.list(name, slot, |t, text| {
        let mut value = Some(std::mem::take(text));
        t.value(name, &mut value)?;
        *text = value.unwrap_or_default();
        Ok(())
    })
}

type Pairs = std::collections::BTreeMap<String, String>;

/// Makes pairs what can be written: without the characters that would tear them.
fn cleaned(pairs: &mut Pairs, of_keys: &[char], of_values: &[char]) {
    let is_torn = |text: &String, by| text.contains(by);
    if pairs.iter().any(|(key, value)| is_torn(key, of_keys) || is_torn(value, of_values)) {
        let old = std::mem::take(pairs).into_iter();
        pairs.extend(old.map(|(key, value)| (key.replace(of_keys, ""), value.replace(of_values, ""))));
    }
}

/// A list of tags and values: the count, then each as two fields.
fn tagged(t: &mut Fields, name: &'static str, slot: &mut Pairs) -> Done {
    cleaned(slot, &['\0'], &['\0']);
    let count = t.count(name, slot.len())?;
    let mut old = std::mem::take(slot).into_iter();
    for _ in 0..count {
        let (tag, value) = old.next().unwrap_or_default();
        let (mut tag, mut value) = (Some(tag), Some(value));
        t.value(name, &mut tag)?;
        t.value(name, &mut value)?;
        slot.insert(tag.unwrap_or_default(), value.unwrap_or_default());
    }
    Ok(())
}

/// Options in one field: `k=v;k=v;`.
fn options(t: &mut Fields, name: &'static str, slot: &mut Pairs) -> Done {
    let write = |slot: &mut Pairs, out: &mut Vec<u8>| {
        cleaned(slot, &['\0', ';', '='], &['\0', ';']);
        for (key, value) in slot {
            value::write_text(&format!("{key}={value};"), out);
        }
    };
    t.with(name, slot, write, |text| {
        let text: Cow<str> = value::unescape(text);
        let pairs = text.split(';').filter(|pair| !pair.is_empty());
        Ok(pairs
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect())
    })
}
