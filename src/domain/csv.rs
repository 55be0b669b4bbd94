//! Orders, fills and results as rows of a table for other programs: CSV, and what is pasted into a spreadsheet.
//!
//! Numbers are whole and plain, times are RFC 3339. A text that a spreadsheet would take for a formula has `'` in
//! front: it may come from another program, or from a broker.

use rust_decimal::Decimal;

use super::{
    AccountId, Currency, ExecId, GroupId, Liquidity, Money, Note, OrderId, OrderKind, OrderStatus, Origin,
    Price, Qty, Side, Time, TimeInForce, TrailBy,
};

/// An execution, by names: its fields are those of [`super::Fill`].
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "they stand at the fill")]
pub struct FillLine<'a> {
    pub broker: &'a str,
    pub account: &'a AccountId,
    pub exec: &'a ExecId,
    pub order: OrderId,
    pub instrument: &'a str,
    pub currency: Currency,
    pub side: Side,
    pub quantity: Qty,
    pub price: Price,
    pub commission: Money,
    pub realised: Decimal,
    pub liquidity: Liquidity,
    pub time: Time,
}

/// An order, by names: its fields are those of [`super::Order`].
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "they stand at the order")]
pub struct OrderLine<'a> {
    pub id: OrderId,
    pub broker: &'a str,
    pub account: &'a AccountId,
    pub instrument: &'a str,
    pub side: Side,
    pub quantity: Qty,
    pub kind: OrderKind,
    pub tif: TimeInForce,
    pub post_only: bool,
    pub oco: Option<GroupId>,
    pub parent: Option<OrderId>,
    pub status: OrderStatus,
    pub filled: Qty,
    pub average_price: Option<Decimal>,
    pub trigger: Option<Price>,
    pub reason: Option<&'a str>,
    pub origin: Origin,
    pub created: Time,
    pub updated: Time,
}

/// The heads of [`fill`].
pub const FILL: [&str; 16] = [
    "time",
    "broker",
    "account",
    "execution",
    "order",
    "instrument",
    "side",
    "quantity",
    "price",
    "currency",
    "realised",
    "commission",
    "commission currency",
    "liquidity",
    "note",
    "tags",
];

/// A fill, with what is noted of its order, under the heads [`FILL`].
#[must_use]
pub fn fill(row: &FillLine<'_>, note: Option<&Note>) -> [String; 16] {
    [
        row.time.to_string(),
        words(row.broker),
        words(&row.account.0),
        words(&row.exec.0),
        row.order.to_string(),
        words(row.instrument),
        row.side.to_string(),
        row.quantity.to_string(),
        row.price.to_string(),
        row.currency.to_string(),
        row.realised.to_string(),
        row.commission.amount.to_string(),
        row.commission.currency.to_string(),
        format!("{:?}", row.liquidity),
        note_text(note),
        tags(note),
    ]
}

/// The heads of [`order`].
pub const ORDER: [&str; 25] = [
    "order",
    "entered",
    "changed",
    "broker",
    "account",
    "instrument",
    "side",
    "quantity",
    "type",
    "limit",
    "stop",
    "trail",
    "time in force",
    "until",
    "post only",
    "group",
    "parent",
    "status",
    "filled",
    "average price",
    "trigger",
    "origin",
    "reason",
    "note",
    "tags",
];

/// An order, with what is noted of it, under the heads [`ORDER`].
#[must_use]
pub fn order(row: &OrderLine<'_>, note: Option<&Note>) -> [String; 25] {
    let trail = match row.kind {
        OrderKind::TrailingStop { by: TrailBy::Amount(amount) } => amount.to_string(),
        OrderKind::TrailingStop { by: TrailBy::Percent(percent) } => format!("{percent}%"),
        _ => String::new(),
    };
    let until = match row.tif {
        TimeInForce::Gtd(until) => until.to_string(),
        _ => String::new(),
    };
    [
        row.id.to_string(),
        row.created.to_string(),
        row.updated.to_string(),
        words(row.broker),
        words(&row.account.0),
        words(row.instrument),
        row.side.to_string(),
        row.quantity.to_string(),
        row.kind.label().to_owned(),
        if_any(row.kind.limit()),
        if_any(row.kind.stop()),
        trail,
        row.tif.label().to_owned(),
        until,
        if row.post_only { "yes" } else { "" }.to_owned(),
        if_any(row.oco),
        if_any(row.parent),
        row.status.label().to_owned(),
        row.filled.to_string(),
        if_any(row.average_price),
        if_any(row.trigger),
        format!("{:?}", row.origin),
        words(row.reason.unwrap_or_default()),
        note_text(note),
        tags(note),
    ]
}

fn note_text(note: Option<&Note>) -> String {
    note.map_or_else(String::new, |note| words(&note.text))
}

fn tags(note: Option<&Note>) -> String {
    note.map_or_else(String::new, |note| words(&note.typed_tags()))
}

/// A number that may be missing; nothing then.
#[must_use]
pub fn if_any(value: Option<impl ToString>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

/// Words that no spreadsheet takes for a formula.
#[must_use]
pub fn words(text: &str) -> String {
    let is_formula = text.trim_start().starts_with(['=', '+', '-', '@']) || text.starts_with(['\t', '\r']);
    if is_formula { format!("'{text}") } else { text.to_owned() }
}

/// A table as a file has it, by RFC 4180.
///
/// # Errors
/// None that a list of rows of one length could have.
pub fn file<H: AsRef<[u8]>>(heads: &[H], rows: &[Vec<String>]) -> Result<String, csv::Error> {
    let mut out = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    out.write_record(heads)?;
    for row in rows {
        out.write_record(row)?;
    }
    let bytes = out.into_inner().map_err(csv::IntoInnerError::into_error)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A table as it is pasted into another program: a tab between cells, a line for each row.
#[must_use]
pub fn pasted(heads: &[&str], rows: &[Vec<String>]) -> String {
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let cells: Vec<String> = cells.map(|cell| cell.replace(['\t', '\r', '\n'], " ")).collect();
        cells.join("\t")
    };
    let head = line(&mut heads.iter().copied());
    let rows = rows.iter().map(|row| line(&mut row.iter().map(String::as_str)));
    std::iter::once(head).chain(rows).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cells() -> impl Strategy<Value = Vec<Vec<String>>> {
        prop::collection::vec(prop::collection::vec("[\\PC\"',;=\r\n\t]{0,8}", 3), 0..6)
    }

    proptest! {
        #[test]
        fn what_is_written_is_what_other_programs_read(rows in cells()) {
            let text = file(&["a", "b", "c"], &rows).unwrap();
            let mut reader = csv::Reader::from_reader(text.as_bytes());
            prop_assert_eq!(reader.headers().unwrap(), vec!["a", "b", "c"]);
            let read: Vec<Vec<String>> =
                reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
            prop_assert_eq!(read, rows);
        }

        #[test]
        fn what_is_pasted_has_a_cell_between_tabs_and_a_row_in_a_line(rows in cells()) {
            let text = pasted(&["a", "b", "c"], &rows);
            let lines: Vec<&str> = text.split('\n').collect();
            prop_assert_eq!(lines.len(), rows.len() + 1);
            for (line, row) in lines[1..].iter().zip(&rows) {
                let told: Vec<String> = row.iter().map(|cell| cell.replace(['\t', '\r', '\n'], " ")).collect();
                prop_assert_eq!(line.split('\t').collect::<Vec<_>>(), told);
            }
        }
    }

    #[test]
    fn a_text_that_looks_like_a_formula_is_quoted_and_a_number_is_not() {
        for text in ["=1+2", "+A1", "-A1", "@SUM(A1)", " =1", "\t=1"] {
            assert_eq!(words(text), format!("'{text}"));
        }
        for text in ["", "AAPL", "a=b", "'tis"] {
            assert_eq!(words(text), text);
        }
        assert_eq!(if_any(Some(Decimal::new(-125, 1))), "-12.5");
    }
}
