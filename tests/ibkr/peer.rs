//! A TWS for tests: a socket on this computer that says what a test tells it to, in the protobuf dialect of
//! server version 213.

use std::collections::VecDeque;
use std::time::Duration;

use pitdesk::gateway::wire::frame::{Frames, MOST_INCOMING};
use pitdesk::gateway::wire::handshake::{Announcement, Offer};
use pitdesk::gateway::wire::model::{
    AccountSummary, Contract, CurrentTime, ErrorMessage, ManagedAccounts, NextValidId, OpenOrder, Order,
    OrderState, OrderStatus, Position, RequestId,
};
use pitdesk::gateway::wire::{Dialect, Reply, Request};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// How long any condition may take on a loaded machine.
pub const SOON: Duration = Duration::from_secs(30);
pub const ACCOUNT: &str = "DU123";
pub const CLIENT: i32 = 7;
/// What TWS calls the first order of a session.
pub const FIRST: i32 = 40;

/// A socket that a session can connect to.
pub struct House {
    listener: TcpListener,
}

impl House {
    pub async fn open() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.unwrap() }
    }

    pub fn address(&self) -> String {
        self.listener.local_addr().unwrap().to_string()
    }

    /// A program that connects, before anything was said.
    pub async fn visitor(&self) -> Peer {
        let (stream, _) = timeout(SOON, self.listener.accept()).await.unwrap().unwrap();
        // As our own server: what is small must not wait for what was sent before.
        stream.set_nodelay(true).unwrap();
        let frames = Frames::of_client(MOST_INCOMING);
        Peer { stream, frames, backlog: VecDeque::new() }
    }

    /// A program that connects, and is let in.
    pub async fn guest(&self) -> Peer {
        let mut peer = self.visitor().await;
        peer.announces(213).await;
        let Request::StartApi(start) = peer.next().await else { panic!("no start") };
        assert_eq!(start.client_id, Some(CLIENT));
        peer.says(Reply::ManagedAccounts(ManagedAccounts { accounts_list: Some(ACCOUNT.to_owned()) })).await;
        peer.says(Reply::NextValidId(NextValidId { order_id: Some(FIRST) })).await;
        peer
    }
}

/// One connection.
pub struct Peer {
    stream: TcpStream,
    frames: Frames,
    /// Requests that were passed over.
    backlog: VecDeque<Request>,
}

impl Peer {
    async fn body(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some(body) = self.frames.next().unwrap() {
                return Some(body.to_vec());
            }
            let mut piece = [0; 4_096];
            let count = timeout(SOON, self.stream.read(&mut piece)).await.expect("something is said").ok()?;
            if count == 0 {
                return None;
            }
            self.frames.push(&piece[..count]);
        }
    }

    /// Reads the offer and answers with a version.
    pub async fn announces(&mut self, version: u32) {
        let offer = Offer::decode(&self.body().await.unwrap()).unwrap();
        assert!((offer.least..=offer.most).contains(&213), "{offer:?}");
        let mut bytes = Vec::new();
        Announcement { version, connected: "20261120 10:00:00 US/Eastern".to_owned() }.encode(&mut bytes);
        self.stream.write_all(&bytes).await.unwrap();
        self.frames.require(Dialect::Protobuf.least_body());
    }

    pub async fn says(&mut self, reply: Reply) {
        let mut bytes = Vec::new();
        reply.encode(Dialect::Protobuf, &mut bytes);
        self.stream.write_all(&bytes).await.unwrap();
    }

    /// A code about `id`, -1 for none.
    pub async fn remarks(&mut self, id: i32, code: i32, text: &str) {
        self.says(Reply::Error(ErrorMessage {
            id: Some(id),
            error_code: Some(code),
            error_msg: Some(text.to_owned()),
            ..ErrorMessage::default()
        }))
        .await;
    }

    /// The next request. Questions for the time are answered on the way.
    pub async fn next(&mut self) -> Request {
        if let Some(request) = self.backlog.pop_front() {
            return request;
        }
        self.read().await.expect("the session is there")
    }

    async fn read(&mut self) -> Option<Request> {
        loop {
            let body = self.body().await?;
            match Request::decode(Dialect::Protobuf, &body).unwrap() {
                Request::CurrentTime => {
                    self.says(Reply::CurrentTime(CurrentTime { current_time: Some(1_795_186_800) })).await;
                }
                request => return Some(request),
            }
        }
    }

    /// The first request that `pick` picks; others wait.
    pub async fn first<T>(&mut self, pick: impl Fn(&Request) -> Option<T>) -> T {
        if let Some((index, found)) =
            self.backlog.iter().enumerate().find_map(|(index, request)| Some((index, pick(request)?)))
        {
            self.backlog.remove(index);
            return found;
        }
        loop {
            let request = self.read().await.expect("the session is there");
            match pick(&request) {
                Some(found) => return found,
                None => self.backlog.push_back(request),
            }
        }
    }

    /// The next order that is sent, or sent again: its number, its contract and its terms.
    pub async fn order(&mut self) -> (i32, Contract, Order) {
        self.first(|request| match request {
            Request::PlaceOrder(place) => {
                Some((place.order_id?, place.contract.clone()?, place.order.clone()?))
            }
            _ => None,
        })
        .await
    }

    /// The number of the next order that is cancelled.
    pub async fn cancel(&mut self) -> i32 {
        self.first(|request| match request {
            Request::CancelOrder(cancel) => cancel.order_id,
            _ => None,
        })
        .await
    }

    /// Answers questions for the time until the session has closed the connection.
    pub async fn closes(&mut self) {
        while self.read().await.is_some() {}
    }

    /// The questions of the books, once all of them are here. None was answered before.
    pub async fn questions(&mut self) -> Questions {
        let mut questions = Questions::default();
        self.first(|r| matches!(r, Request::AllOpenOrders).then_some(())).await;
        self.first(|r| matches!(r, Request::CompletedOrders(_)).then_some(())).await;
        self.first(|r| matches!(r, Request::Positions).then_some(())).await;
        questions.executions = self
            .first(|request| match request {
                Request::Executions(asked) => asked.req_id,
                _ => None,
            })
            .await;
        questions.summary = self
            .first(|request| match request {
                Request::AccountSummary(asked) => asked.req_id,
                _ => None,
            })
            .await;
        questions
    }

    /// Answers the questions of the books with these.
    pub async fn tells(&mut self, questions: &Questions, told: Told) {
        let Told { open, completed, executions, positions } = told;
        for order in open {
            let status = Reply::OrderStatus(Box::new(order.status()));
            self.says(Reply::OpenOrder(Box::new(order.open()))).await;
            self.says(status).await;
        }
        self.says(Reply::OpenOrderEnd).await;
        for order in completed {
            self.says(Reply::CompletedOrder(Box::new(order))).await;
        }
        self.says(Reply::CompletedOrdersEnd).await;
        for reply in executions {
            self.says(reply).await;
        }
        let req_id = Some(questions.executions);
        self.says(Reply::ExecutionDetailsEnd(RequestId { req_id })).await;
        for position in positions {
            self.says(Reply::Position(Box::new(position))).await;
        }
        self.says(Reply::PositionEnd).await;
        for (tag, value) in
            [("NetLiquidation", "100000"), ("TotalCashValue", "90000"), ("BuyingPower", "200000")]
        {
            self.says(Reply::AccountSummary(AccountSummary {
                req_id: Some(questions.summary),
                account: Some(ACCOUNT.to_owned()),
                tag: Some(tag.to_owned()),
                value: Some(value.to_owned()),
                currency: Some("USD".to_owned()),
            }))
            .await;
        }
        self.says(Reply::AccountSummaryEnd(RequestId { req_id: Some(questions.summary) })).await;
    }

    /// Says that an order is so, and stands so.
    pub async fn stands(&mut self, order: &Working) {
        self.says(Reply::OpenOrder(Box::new(order.open()))).await;
        self.says(Reply::OrderStatus(Box::new(order.status()))).await;
    }
}

/// The ids of the questions of the books that have some.
#[derive(Debug, Default)]
pub struct Questions {
    pub executions: i32,
    pub summary: i32,
}

/// What the books hold.
#[derive(Debug, Default)]
pub struct Told {
    pub open: Vec<Working>,
    pub completed: Vec<pitdesk::gateway::wire::model::CompletedOrder>,
    pub executions: Vec<Reply>,
    pub positions: Vec<Position>,
}

/// An order as TWS has it.
#[derive(Debug, Clone)]
pub struct Working {
    pub number: i32,
    pub contract: Contract,
    pub order: Order,
    pub status: &'static str,
    pub filled: i32,
    pub client: i32,
}

impl Working {
    pub fn new((number, contract, order): (i32, Contract, Order), status: &'static str) -> Self {
        Self { number, contract, order, status, filled: 0, client: CLIENT }
    }

    pub fn now(&self, status: &'static str) -> Self {
        Self { status, ..self.clone() }
    }

    fn perm_id(&self) -> i64 {
        900_000 + i64::from(self.number)
    }

    fn open(&self) -> OpenOrder {
        let order = Order {
            client_id: Some(self.client),
            order_id: Some(self.number),
            perm_id: Some(self.perm_id()),
            ..self.order.clone()
        };
        OpenOrder {
            order_id: Some(self.number),
            contract: Some(self.contract.clone()),
            order: Some(order),
            order_state: Some(OrderState { status: Some(self.status.to_owned()), ..OrderState::default() }),
        }
    }

    fn status(&self) -> OrderStatus {
        let total: i32 = self.order.total_quantity.as_deref().unwrap_or("0").parse().unwrap();
        OrderStatus {
            order_id: Some(self.number),
            status: Some(self.status.to_owned()),
            filled: Some(self.filled.to_string()),
            remaining: Some((total - self.filled).to_string()),
            perm_id: Some(self.perm_id()),
            client_id: Some(self.client),
            ..OrderStatus::default()
        }
    }
}

impl Peer {
    /// Waits for a question for the time and answers it; other requests wait.
    pub async fn first_beat(&mut self) {
        loop {
            let body = self.body().await.expect("the session is there");
            match Request::decode(Dialect::Protobuf, &body).unwrap() {
                Request::CurrentTime => {
                    let current_time = Some(1_795_186_800);
                    return self.says(Reply::CurrentTime(CurrentTime { current_time })).await;
                }
                request => self.backlog.push_back(request),
            }
        }
    }
}

impl Peer {
    /// Requests that were passed over.
    pub fn waiting(&self) -> impl Iterator<Item = &Request> {
        self.backlog.iter()
    }
}
