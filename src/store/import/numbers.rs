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

/// What one number tells about the decimal mark. Later is stronger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Evidence {
    /// No separators.
    None,
    /// One point.
    OnePoint,
    /// One comma: a decimal one, where commas do not delimit.
    OneComma,
    /// Several of a kind, or both kinds.
    Certain(bool),
}

/// Looks at the separators of a number.
pub(super) fn evidence(text: &str) -> Evidence {
    let count = |mark: char| text.matches(mark).count();
    match (count('.'), count(',')) {
        (0, 0) => Evidence::None,
        (1, 0) => Evidence::OnePoint,
        (0, 1) => Evidence::OneComma,
        (0, _) => Evidence::Certain(false),
        (_, 0) => Evidence::Certain(true),
        _ => Evidence::Certain(text.rfind(',') > text.rfind('.')),
    }
}

/// Reads the numbers of a file, which all have the same decimal mark.
#[derive(Debug)]
pub(super) struct Numbers {
    mark: Option<DecimalMark>,
    /// In a file delimited by commas, a lone comma in quotes groups thousands.
    commas_delimit: bool,
    text: String,
}

impl Numbers {
    /// With the mark that was said, or that `samples` of the file show.
    pub(super) fn new<'a>(
        said: Option<DecimalMark>,
        commas_delimit: bool,
        samples: impl Iterator<Item = &'a str>,
    ) -> Self {
        let mut numbers = Self { mark: said, commas_delimit, text: String::new() };
        if said.is_none() {
            let strongest = samples.map(evidence).max().unwrap_or(Evidence::None);
            numbers.mark = numbers.mark_by(strongest);
        }
        numbers
    }

    /// The mark in use; a point until a number shows otherwise.
    pub(super) fn mark(&self) -> DecimalMark {
        self.mark.unwrap_or(DecimalMark::Point)
    }

    fn mark_by(&self, evidence: Evidence) -> Option<DecimalMark> {
        match evidence {
            Evidence::None => None,
            Evidence::OnePoint | Evidence::Certain(false) => Some(DecimalMark::Point),
            Evidence::OneComma if self.commas_delimit => Some(DecimalMark::Point),
            Evidence::OneComma | Evidence::Certain(true) => Some(DecimalMark::Comma),
        }
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
            self.mark = self.mark_by(evidence(bare));
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
        Numbers::new(None, commas_delimit, [text].into_iter()).real(text)
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
            ("1,5", None),
            ("1,23,456", None),
            ("1234,567", None),
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
        let mut numbers = Numbers::new(None, false, ["1.234", "5,5"].into_iter());
        assert_eq!(numbers.real("1.234"), Some(1234.0));
        assert_eq!(numbers.real("1.5"), None, "a point that groups nothing");
        let mut late = Numbers::new(None, false, ["100"].into_iter());
        assert_eq!(late.real("100,5"), Some(100.5));
        assert_eq!(late.real("1.000"), Some(1000.0));
        let mut said = Numbers::new(Some(DecimalMark::Comma), true, std::iter::empty());
        assert_eq!(said.real("1,234"), Some(1.234));
    }

    #[test]
    fn decimals_are_exact_or_refused() {
        let mut numbers = Numbers::new(None, true, std::iter::empty());
        assert_eq!(numbers.decimal("61737.63000000"), Some(Decimal::new(6_173_763_000_000, 8)));
        assert_eq!(numbers.decimal("1.5e-7"), Some(Decimal::new(15, 8)));
        assert_eq!(numbers.decimal("0.00000000000000000000000000001"), None);
    }
}
