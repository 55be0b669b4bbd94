//! A line cut into fields. One line is one row: a quoted field may hold delimiters and
//! doubled quotes, but no line break, which keeps line numbers true and memory bounded.

/// The fields of one line, as places in it. Kept between lines to allocate once.
#[derive(Debug, Default)]
pub(super) struct Fields {
    spans: Vec<(u32, u32)>,
}

/// A quote without its second half, or text behind it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadQuotes;

impl Fields {
    /// Cuts `line`. Spaces around a field and quotes around its content do not belong to it.
    pub(super) fn cut(&mut self, line: &str, delimiter: u8) -> Result<(), BadQuotes> {
        self.spans.clear();
        let bytes = line.as_bytes();
        let mut at = 0;
        loop {
            let begin = at + blanks(&bytes[at..], delimiter);
            let end;
            if bytes.get(begin) == Some(&b'"') {
                let close = closing_quote(bytes, begin + 1).ok_or(BadQuotes)?;
                self.spans.push((begin as u32 + 1, close as u32));
                end = close + 1 + blanks(&bytes[close + 1..], delimiter);
                if end < bytes.len() && bytes[end] != delimiter {
                    return Err(BadQuotes);
                }
            } else {
                end = bytes[begin..].iter().position(|&b| b == delimiter).map_or(bytes.len(), |n| begin + n);
                let length = bytes[begin..end].trim_ascii_end().len();
                self.spans.push((begin as u32, (begin + length) as u32));
            }
            if end >= bytes.len() {
                return Ok(());
            }
            at = end + 1;
        }
    }

    pub(super) fn len(&self) -> usize {
        self.spans.len()
    }

    /// Field `n` of the `line` that was cut; empty where there are not so many.
    pub(super) fn get<'a>(&self, line: &'a str, n: usize) -> &'a str {
        self.spans.get(n).map_or("", |&(begin, end)| &line[begin as usize..end as usize])
    }

    pub(super) fn all<'a>(&self, line: &'a str) -> Vec<&'a str> {
        (0..self.len()).map(|n| self.get(line, n)).collect()
    }
}

/// Number of blanks at the beginning; a tab is none where it delimits.
fn blanks(bytes: &[u8], delimiter: u8) -> usize {
    bytes.iter().take_while(|&&b| b.is_ascii_whitespace() && b != delimiter).count()
}

fn closing_quote(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += bytes[at..].iter().position(|&b| b == b'"')?;
        if bytes.get(at + 1) != Some(&b'"') {
            return Some(at);
        }
        at += 2;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cut(line: &str, delimiter: char) -> Option<Vec<String>> {
        let mut fields = Fields::default();
        fields.cut(line, delimiter as u8).ok()?;
        Some(fields.all(line).into_iter().map(str::to_owned).collect())
    }

    #[test]
    fn lines_are_cut() {
        let table: [(&str, char, &[&str]); 9] = [
            ("a,b,c", ',', &["a", "b", "c"]),
            ("a,,c,", ',', &["a", "", "c", ""]),
            (" a , b\t", ',', &["a", "b"]),
            ("a\t\tb", '\t', &["a", "", "b"]),
            ("\"1,234\";2", ';', &["1,234", "2"]),
            ("\"1,234\" , \"x\"", ',', &["1,234", "x"]),
            ("\"say \"\"no\"\"\",1", ',', &["say \"\"no\"\"", "1"]),
            ("", ',', &[""]),
            ("5\" pipe,2", ',', &["5\" pipe", "2"]),
        ];
        for (line, delimiter, expected) in table {
            assert_eq!(cut(line, delimiter).unwrap(), expected, "{line}");
        }
    }

    #[test]
    fn open_quotes_are_refused() {
        for line in ["\"a,b", "a,\"", "\"a\"b,c", "\"a\"\""] {
            assert_eq!(cut(line, ','), None, "{line}");
        }
    }

    proptest! {
        #[test]
        fn joined_fields_come_back(fields in proptest::collection::vec("[a-z0-9.:;é ]{0,8}", 1..9)) {
            let trimmed: Vec<String> = fields.iter().map(|f| f.trim().to_owned()).collect();
            prop_assert_eq!(cut(&fields.join(","), ',').unwrap(), trimmed);
        }

        #[test]
        fn any_line_is_cut_without_panic(line in "\\PC{0,40}") {
            cut(&line, ',');
            cut(&line, '\t');
        }
    }
}
