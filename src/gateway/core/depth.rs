//! The book, row by row.
//!
//! A row is told by its place: what changes is updated in place, a book that grows gets rows at its
//! end, one that shrinks loses them there. So it reads the same for clients that move the rows behind
//! an insertion or deletion (`ib_insync`) and for those that do not (`ib_async`).

use super::errors::Refusal;
use super::{ConnId, Core, words};
use crate::domain::{Depth, InstrumentId, Level};
use crate::gateway::wire::{Reply, model};

/// Books that a client may follow at the same time.
const MOST_BOOKS: usize = 100;
/// Rows that are told where a client does not say how many.
const USUAL_ROWS: usize = 5;

/// A book that is followed.
pub(super) struct Depths {
    pub instrument: InstrumentId,
    rows: usize,
    /// Who is told to make the market, where the client wants the book of all exchanges in one.
    maker: Option<String>,
    bids: Vec<Level>,
    asks: Vec<Level>,
    /// Whether something newer was left out.
    is_behind: bool,
}

/// What is done with a row.
#[derive(Clone, Copy)]
enum Operation {
    Insert = 0,
    Update = 1,
    Delete = 2,
}

#[derive(Clone, Copy)]
enum BookSide {
    Ask = 0,
    Bid = 1,
}

impl Core {
    /// 10: the best rows of a book. Of all exchanges in one (`isSmartDepth`) it is the same book, with
    /// the exchange beside each row.
    pub(super) fn market_depth(&mut self, conn: ConnId, request: &model::MarketDepthRequest) {
        let req_id = request.req_id.unwrap_or_default();
        if let Err(Refusal { code, text }) = self.begin_depth(conn, req_id, request) {
            self.error(conn, Some(req_id), code, &text);
        }
    }

    fn begin_depth(
        &mut self,
        conn: ConnId,
        req_id: i32,
        request: &model::MarketDepthRequest,
    ) -> Result<(), Refusal> {
        let instrument = self.meant(request.contract.as_ref())?;
        let listing = self.listing(&instrument);
        // What nobody follows any more is known as it once was.
        let is_newest = self.demand.depth.contains(&instrument.id);
        let Some(session) = self.session_mut(conn) else { return Ok(()) };
        if session.depths.contains_key(&req_id) {
            return Err(Refusal::request("Duplicate ticker id"));
        }
        if session.depths.len() >= MOST_BOOKS {
            let text = format!(
                "Max number of market depth requests has been reached: {MOST_BOOKS} for each connection"
            );
            return Err(Refusal::request(text));
        }
        let rows = request.num_rows.and_then(|rows| usize::try_from(rows).ok()).filter(|rows| *rows > 0);
        let depth = Depths {
            instrument: instrument.id,
            rows: rows.unwrap_or(USUAL_ROWS),
            maker: (request.is_smart_depth == Some(true)).then_some(listing),
            bids: Vec::new(),
            asks: Vec::new(),
            is_behind: is_newest,
        };
        session.depths.insert(req_id, depth);
        self.tell_depth(&[]);
        Ok(())
    }

    /// 11: no more of this book.
    pub(super) fn forget_market_depth(&mut self, conn: ConnId, req_id: Option<i32>) {
        if let Some(session) = self.session_mut(conn) {
            session.depths.remove(&req_id.unwrap_or_default());
        }
    }

    /// Tells the books that have changed, and those that were left out. Who reads slowly is told later,
    /// and while the uplink is away so is everybody.
    pub(super) fn tell_depth(&mut self, changed: &[InstrumentId]) {
        let Self { connections, desk, sky, .. } = self;
        let is_down = sky.is_down();
        let mut told = Vec::new();
        for (conn, connection) in connections {
            let waits = is_down || connection.is_slow;
            let Some(session) = connection.session_mut() else { continue };
            for (req_id, followed) in &mut session.depths {
                followed.is_behind |= changed.contains(&followed.instrument);
                if !followed.is_behind || waits {
                    continue;
                }
                if let Some(depth) = desk.depth(followed.instrument) {
                    followed.is_behind = false;
                    told.extend(followed.tell(*req_id, depth).into_iter().map(|reply| (*conn, reply)));
                }
            }
        }
        self.say_each(told);
    }

    /// Tells what was left out while a client was slow.
    pub(super) fn tell_depth_in_time(&mut self) {
        self.tell_depth(&[]);
    }
}

impl Depths {
    /// Takes a book over; what is to be told of it.
    fn tell(&mut self, req_id: i32, depth: &Depth) -> Vec<Reply> {
        let mut told = Vec::new();
        let best = |levels: &[Level]| levels[..levels.len().min(self.rows)].to_vec();
        let (bids, asks) = (best(&depth.bids), best(&depth.asks));
        for (side, was, is) in [(BookSide::Ask, &self.asks, &asks), (BookSide::Bid, &self.bids, &bids)] {
            let row = |place, operation, level| self.row(req_id, side, place, operation, level);
            for (place, level) in is.iter().enumerate() {
                match was.get(place) {
                    Some(was) if (was.price, was.quantity) == (level.price, level.quantity) => {}
                    Some(_) => told.push(row(place, Operation::Update, Some(level))),
                    None => told.push(row(place, Operation::Insert, Some(level))),
                }
            }
            told.extend((is.len()..was.len()).rev().map(|place| row(place, Operation::Delete, None)));
        }
        (self.bids, self.asks) = (bids, asks);
        told
    }

    fn row(
        &self,
        req_id: i32,
        side: BookSide,
        place: usize,
        operation: Operation,
        level: Option<&Level>,
    ) -> Reply {
        let row = model::MarketDepth {
            req_id: Some(req_id),
            market_depth_data: Some(model::MarketDepthData {
                position: i32::try_from(place).ok(),
                operation: Some(operation as i32),
                side: Some(side as i32),
                price: Some(level.map_or(0.0, |level| words::double(level.price.0))),
                size: Some(level.map_or_else(|| "0".to_owned(), |level| words::size(level.quantity))),
                market_maker: self.maker.clone(),
                is_smart_depth: self.maker.is_some().then_some(true),
            }),
        };
        if self.maker.is_some() { Reply::MarketDepthL2(row) } else { Reply::MarketDepth(row) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Decimal, Price, Qty};

    fn depths(rows: usize, maker: Option<&str>) -> Depths {
        Depths {
            instrument: InstrumentId(0),
            rows,
            maker: maker.map(str::to_owned),
            bids: Vec::new(),
            asks: Vec::new(),
            is_behind: false,
        }
    }

    /// Levels of price and quantity.
    fn levels(of: &[(i64, i64)]) -> Vec<Level> {
        let level = |&(price, quantity): &(i64, i64)| Level {
            price: Price(Decimal::from(price)),
            quantity: Qty(Decimal::from(quantity)),
            orders: 1,
        };
        of.iter().map(level).collect()
    }

    fn book(bids: &[(i64, i64)], asks: &[(i64, i64)]) -> Depth {
        Depth { bids: levels(bids), asks: levels(asks), ..Depth::default() }
    }

    /// Side, place, operation, price, size.
    fn told(depths: &mut Depths, book: &Depth) -> Vec<String> {
        let said = |reply: Reply| {
            let (Reply::MarketDepth(row) | Reply::MarketDepthL2(row)) = reply else { panic!("{reply:?}") };
            let row = row.market_depth_data.unwrap();
            let side = if row.side() == 1 { "bid" } else { "ask" };
            let operation = ["insert", "update", "delete"][usize::try_from(row.operation()).unwrap()];
            format!("{operation} {side} {}: {} x {}", row.position(), row.price(), row.size())
        };
        depths.tell(7, book).into_iter().map(said).collect()
    }

    #[test]
    fn rows_are_told_as_far_as_they_have_changed() {
        let mut depths = depths(3, None);
        let first = book(&[(99, 5), (98, 6), (97, 7), (96, 8)], &[(101, 1)]);
        assert_eq!(
            told(&mut depths, &first),
            ["insert ask 0: 101 x 1", "insert bid 0: 99 x 5", "insert bid 1: 98 x 6", "insert bid 2: 97 x 7"],
            "no more rows than were asked for"
        );
        assert_eq!(told(&mut depths, &first), [""; 0]);
        assert_eq!(
            told(&mut depths, &book(&[(98, 6)], &[(101, 1), (102, 2)])),
            ["insert ask 1: 102 x 2", "update bid 0: 98 x 6", "delete bid 2: 0 x 0", "delete bid 1: 0 x 0"],
            "from the end"
        );
    }

    #[test]
    fn what_is_told_makes_the_book_for_clients_that_move_rows_and_for_those_that_do_not() {
        let books = [
            book(&[(99, 5), (98, 6), (97, 7)], &[(101, 1), (102, 2)]),
            book(&[(98, 6), (97, 7)], &[(100, 3), (101, 1), (102, 2), (103, 1)]),
            book(&[], &[(103, 1)]),
            book(&[(99, 1), (98, 1), (97, 1), (96, 1), (95, 1)], &[]),
        ];
        let mut depths = depths(4, Some("NASDAQ"));
        let (mut moved, mut kept): (Vec<f64>, std::collections::BTreeMap<i32, f64>) = Default::default();
        for book in books {
            for reply in depths.tell(7, &book) {
                let Reply::MarketDepthL2(row) = reply else { panic!("{reply:?}") };
                let row = row.market_depth_data.unwrap();
                assert_eq!((row.market_maker(), row.is_smart_depth()), ("NASDAQ", true));
                if row.side() == 0 {
                    continue;
                }
                let place = usize::try_from(row.position()).unwrap();
                match row.operation() {
                    0 => moved.insert(place, row.price()),
                    1 => moved[place] = row.price(),
                    _ => drop(moved.remove(place)),
                }
                match row.operation() {
                    2 => drop(kept.remove(&row.position())),
                    _ => drop(kept.insert(row.position(), row.price())),
                }
            }
            let bids: Vec<f64> = book.bids.iter().take(4).map(|level| words::double(level.price.0)).collect();
            assert_eq!(moved, bids);
            assert_eq!(kept.values().copied().collect::<Vec<_>>(), bids);
        }
    }
}
