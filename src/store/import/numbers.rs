//! Numbers as people and exports write them: `1234.5`, `"1,234.50"`, `1.234,5`, `$1,234`,
//! `5e-8`. The digits reach the parser unchanged, so a price is exactly what the file says.

use rust_decimal::Decimal;

/// What stands before the decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecimalMark {
    /// `1,234.5`
    Point,
    /// `1.234,5`
    Comma,
}

impl DecimalMark {
    fn bytes(self) -> (u8, u8) {
        match self {
            Self::Point => (b'.', b','),
            Self::Comma => (b',', b'.'),
        }
    }
}

/// What the numbers of a file tell about its decimal mark.
#[derive(Debug, Clone, Copy, Default)]
struct Votes {
    /// Numbers that only make sense with a point, such as `1.5` and `1,234,567`.
    point: bool,
    /// The same with a comma.
    comma: bool,
    /// Numbers such as `1.234`, which may also be thousands.
    perhaps_point: bool,
    /// The same with a comma.
    perhaps_comma: bool,
}

impl Votes {
    fn add(&mut self, text: &str) {
        let count = |mark: char| text.matches(mark).count();
        match (count('.'), count(',')) {
            (0, 0) => {}
            (1, 0) if could_be_thousands(text, '.') => self.perhaps_point = true,
            (0, 1) if could_be_thousands(text, ',') => self.perhaps_comma = true,
            (1, 0) | (0, 2..) => self.point = true,
            (0, 1) | (2.., 0) => self.comma = true,
            _ if text.rfind(',') > text.rfind('.') => self.comma = true,
            _ => self.point = true,
        }
    }

    /// The mark, if there are separators at all.
    fn mark(self, commas_delimit: bool) -> Result<Option<DecimalMark>, UnclearMark> {
        match (self.point, self.comma, self.perhaps_point, self.perhaps_comma) {
            (true, ..) => Ok(Some(DecimalMark::Point)),
            (false, true, ..) => Ok(Some(DecimalMark::Comma)),
            (_, _, true, true) if !commas_delimit => Err(UnclearMark),
            // Where commas delimit, one within quotes groups thousands; elsewhere it is decimal.
            (_, _, false, true) if !commas_delimit => Ok(Some(DecimalMark::Comma)),
            (_, _, false, false) => Ok(None),
            _ => Ok(Some(DecimalMark::Point)),
        }
    }
}

/// Whether the only separator of a number stands where one of thousands would.
fn could_be_thousands(text: &str, separator: char) -> bool {
    let Some((whole, rest)) = text.split_once(separator) else { return false };
    let whole = whole.trim_start_matches(|c: char| !c.is_ascii_digit());
    (1..=3).contains(&whole.len()) && !whole.starts_with('0') && rest.len() == 3
}

/// `1.234` and `1,234` in one file, and nothing that tells which is which.
#[derive(Debug)]
pub(super) struct UnclearMark;

/// Reads the numbers of a file, which all have the same decimal mark.
#[derive(Debug)]
pub(super) struct Numbers {
    mark: Option<DecimalMark>,
    commas_delimit: bool,
    text: String,
}

impl Numbers {
    /// With the mark that was said, or that `samples` of the file show.
    pub(super) fn new<'a>(
        said: Option<DecimalMark>,
        commas_delimit: bool,
        samples: impl Iterator<Item = &'a str>,
    ) -> Result<Self, UnclearMark> {
        let mut votes = Votes::default();
        samples.for_each(|text| votes.add(text));
        let mark = if said.is_some() { said } else { votes.mark(commas_delimit)? };
        Ok(Self { mark, commas_delimit, text: String::new() })
    }

    /// The mark in use; a point until a number shows otherwise.
    pub(super) fn mark(&self) -> DecimalMark {
        self.mark.unwrap_or(DecimalMark::Point)
    }

    /// The `f64` nearest to the decimal text.
    pub(super) fn real(&mut self, text: &str) -> Option<f64> {
        self.plain(text)?.parse().ok().filter(|x: &f64| x.is_finite())
    }

    /// The decimal that the text says; none where it has more digits than a decimal holds.
    pub(super) fn decimal(&mut self, text: &str) -> Option<Decimal> {
        let plain = self.plain(text)?;
        if plain.contains(['e', 'E']) {
            return Decimal::from_scientific(plain).ok();
        }
        Decimal::from_str_exact(plain).ok()
    }

    /// The number as digits with a point. Refuses words such as `inf`, which `f64` would read.
    fn plain<'a>(&'a mut self, text: &'a str) -> Option<&'a str> {
        let bare = text.strip_prefix(['$', '€', '£', '¥', '₩']).unwrap_or(text);
        if self.mark.is_none() {
            let mut votes = Votes::default();
            votes.add(bare);
            self.mark = votes.mark(self.commas_delimit).ok()?;
        }
        let (point, group) = self.mark().bytes();
        let mut needs_change = point != b'.';
        for &byte in bare.as_bytes() {
            match byte {
                b'0'..=b'9' | b'.' | b'+' | b'-' | b'e' | b'E' => {}
                b',' => needs_change = true,
                _ => return None,
            }
        }
        if !bare.bytes().any(|b| b.is_ascii_digit()) {
            return None;
        }
        if !needs_change {
            return Some(bare);
        }
        let (whole, rest) = bare.split_at(bare.bytes().position(|b| b == point).unwrap_or(bare.len()));
        let whole_digits = whole.trim_start_matches(['+', '-']);
        let mut groups = whole_digits.split(group as char);
        let first = groups.next()?;
        let grouped = whole_digits.len() > first.len();
        if grouped && !((1..=3).contains(&first.len()) && groups.all(|g| g.len() == 3)) {
            return None;
        }
        self.text.clear();
        self.text.extend(whole.chars().filter(|&c| c != group as char));
        if let Some(decimals) = rest.strip_prefix(point as char) {
            self.text.push('.');
            if decimals.contains(['.', ',']) {
                return None;
            }
            self.text.push_str(decimals);
        }
        Some(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, commas_delimit: bool) -> Option<f64> {
        Numbers::new(None, commas_delimit, [text].into_iter()).unwrap().real(text)
    }

    #[test]
    fn numbers_of_comma_files() {
        let table = [
            ("1234.5", Some(1234.5)),
            ("-0.25", Some(-0.25)),
            ("1,234.5", Some(1234.5)),
            ("1,234", Some(1234.0)),
            ("12,345,678", Some(12_345_678.0)),
            ("$1,234.50", Some(1234.5)),
            ("5e-8", Some(5e-8)),
            ("1.5E+06", Some(1.5e6)),
            (".5", Some(0.5)),
            ("1.234,56", Some(1234.56)),
            ("1,5", Some(1.5)),
            ("0,123", Some(0.123)),
            ("1,23,456", None),
            ("1234,567", Some(1234.567)),
            ("", None),
            ("-", None),
            ("nan", None),
            ("inf", None),
            ("1e999", None),
            ("1_000", None),
            ("0x10", None),
            ("1.2.3", None),
            ("1 000", None),
            ("null", None),
        ];
        for (text, expected) in table {
            assert_eq!(read(text, true), expected, "{text}");
        }
    }

    #[test]
    fn numbers_of_semicolon_files() {
        let table = [
            ("1234,5", Some(1234.5)),
            ("1,234", Some(1.234)),
            ("1.234,5", Some(1234.5)),
            ("1.234", Some(1.234)),
            ("1.234.567", Some(1_234_567.0)),
            ("1,234.5", Some(1234.5)),
            ("1,234,567", Some(1_234_567.0)),
            ("1,2,3", None),
        ];
        for (text, expected) in table {
            assert_eq!(read(text, false), expected, "{text}");
        }
    }

    #[test]
    fn the_file_decides_what_a_point_means() {
        let mut numbers = Numbers::new(None, false, ["1.234", "5,5"].into_iter()).unwrap();
        assert_eq!(numbers.real("1.234"), Some(1234.0));
        assert_eq!(numbers.real("1.5"), None, "a point that groups nothing");
        let mut late = Numbers::new(None, false, ["100"].into_iter()).unwrap();
        assert_eq!(late.real("100,5"), Some(100.5));
        assert_eq!(late.real("1.000"), Some(1000.0));
        let mut said = Numbers::new(Some(DecimalMark::Comma), true, std::iter::empty()).unwrap();
        assert_eq!(said.real("1,234"), Some(1.234));
    }

    #[test]
    fn a_file_that_leaves_the_mark_open_is_not_guessed() {
        let unclear = ["149.123", "1,000"];
        assert!(Numbers::new(None, false, unclear.into_iter()).is_err());
        let quoted = Numbers::new(None, true, unclear.into_iter()).unwrap();
        assert_eq!(quoted.mark(), DecimalMark::Point);
        let clear = Numbers::new(None, false, unclear.into_iter().chain(["149.5"])).unwrap();
        assert_eq!(clear.mark(), DecimalMark::Point);
        let clear = Numbers::new(None, false, unclear.into_iter().chain(["0,123"])).unwrap();
        assert_eq!(clear.mark(), DecimalMark::Comma);
    }

    #[test]
    fn decimals_are_exact_or_refused() {
        let mut numbers = Numbers::new(None, true, std::iter::empty()).unwrap();
        assert_eq!(numbers.decimal("61737.63000000"), Some(Decimal::new(6_173_763_000_000, 8)));
        assert_eq!(numbers.decimal("1.5e-7"), Some(Decimal::new(15, 8)));
        assert_eq!(numbers.decimal("0.00000000000000000000000000001"), None);
    }
}
