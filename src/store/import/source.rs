//! The bytes of a file as numbered lines of text: plain or gzip by content, UTF-8 only,
//! and no line longer than [`LONGEST_LINE`], so that memory stays bounded whatever
//! somebody chose to open.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use flate2::bufread::MultiGzDecoder;

use super::LONGEST_LINE;
use super::error::ImportError;

/// What files begin with that people take for CSV, and what to do with them.
const OTHER_FILES: [(&[u8], &str, &str); 9] = [
    (b"PK\x03\x04", "a zip archive or a spreadsheet", "unpack it, or save the sheet as CSV"),
    (b"\xD0\xCF\x11\xE0", "an old spreadsheet", "save the sheet as CSV"),
    (b"\x28\xB5\x2F\xFD", "compressed with zstd", "unpack it first"),
    (b"\xFD7zXZ", "compressed with xz", "unpack it first"),
    (b"BZh", "compressed with bzip2", "unpack it first"),
    (b"PAR1", "a Parquet file", "convert it to CSV"),
    (b"\xFF\xFE", "text in UTF-16", "save it as CSV in UTF-8"),
    (b"\xFE\xFF", "text in UTF-16", "save it as CSV in UTF-8"),
    (b"<", "a web page or XML", "download the CSV file itself"),
];
const GZIP: &[u8] = &[0x1F, 0x8B];
const BOM: &str = "\u{FEFF}";
const HEAD: u64 = 8;

/// Lines of a file, read one at a time.
pub(super) struct Lines<'a> {
    from: Box<dyn BufRead + 'a>,
    line: Vec<u8>,
    /// Number of the line in `line`, from 1.
    number: u64,
    compressed: bool,
}

impl<'a> Lines<'a> {
    pub(super) fn new(from: impl Read + 'a) -> Result<Self, ImportError> {
        let (head, from) = peek(from).map_err(ImportError::Read)?;
        let compressed = head.starts_with(GZIP);
        let mut lines = Self { from: Box::new(io::empty()), line: Vec::new(), number: 0, compressed };
        if compressed {
            let (head, from) = peek(MultiGzDecoder::new(from)).map_err(|e| lines.failed(e))?;
            check(&head)?;
            lines.from = Box::new(from);
        } else {
            check(&head)?;
            lines.from = Box::new(from);
        }
        Ok(lines)
    }

    pub(super) fn is_compressed(&self) -> bool {
        self.compressed
    }

    /// The next line that is neither blank nor a comment (`#`), with its number.
    pub(super) fn next(&mut self) -> Result<Option<(u64, &str)>, ImportError> {
        loop {
            self.line.clear();
            let limit = LONGEST_LINE as u64 + 1;
            let read = (&mut self.from).take(limit).read_until(b'\n', &mut self.line);
            let read = read.map_err(|e| self.failed(e))?;
            if read == 0 {
                return Ok(None);
            }
            self.number += 1;
            if read > LONGEST_LINE {
                return Err(ImportError::LineTooLong { line: self.number });
            }
            if self.line.contains(&0) {
                let advice = "choose a CSV file of bars or trades";
                return Err(ImportError::OtherFile { what: "not a text file", advice });
            }
            let begin = self.line.trim_ascii_start().first();
            if begin.is_some_and(|&b| b != b'#') {
                break;
            }
        }
        let text = std::str::from_utf8(&self.line)
            .map_err(|_position| ImportError::NotText { line: self.number })?;
        Ok(Some((self.number, text.trim_start_matches(BOM).trim_end_matches(['\n', '\r']))))
    }

    fn failed(&self, e: io::Error) -> ImportError {
        let line = self.number;
        match e.kind() {
            io::ErrorKind::UnexpectedEof if self.compressed => ImportError::TruncatedGzip { line },
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData if self.compressed => {
                ImportError::DamagedGzip { line, source: e }
            }
            _ => ImportError::Read(e),
        }
    }
}

/// The first bytes, and a reader that still has them.
fn peek(mut from: impl Read) -> io::Result<(Vec<u8>, impl BufRead)> {
    let mut head = Vec::new();
    (&mut from).take(HEAD).read_to_end(&mut head)?;
    Ok((head.clone(), BufReader::with_capacity(1 << 16, Cursor::new(head).chain(from))))
}

fn check(head: &[u8]) -> Result<(), ImportError> {
    if head.is_empty() {
        return Err(ImportError::Empty);
    }
    // A header may be in angle brackets, as MetaTrader has it; a web page is longer than that.
    let is_tag =
        head.starts_with(b"<") && [&b"<!"[..], b"<?", b"<html", b"<HTML"].iter().any(|t| head.starts_with(t));
    match OTHER_FILES.iter().find(|(begin, ..)| head.starts_with(begin)) {
        Some((b"<", ..)) if !is_tag => Ok(()),
        Some(&(_, what, advice)) => Err(ImportError::OtherFile { what, advice }),
        None => Ok(()),
    }
}
