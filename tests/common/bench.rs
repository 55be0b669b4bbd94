//! One pane on a desk with a market: what a test publishes, and what the pane asks for in return.

use egui::{Color32, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::NodeT as _;
use pitdesk::domain::{
    AccountId, BrokerId, ExecId, Fill, InstrumentId, Liquidity, Money, Order, OrderId, OrderKind, OrderSpec,
    OrderStatus, Position, Side, Time, TimeInForce,
};
use pitdesk::link::update::Refused;
use pitdesk::link::{Answer, Command, CommandId, Demand, Envelope, Update};
use pitdesk::ui::pane::Pane;
use pitdesk::ui::theme::Theme;
use pitdesk::ui::{Commands, UiCommand, fonts};

use crate::desk::{Market, Window, decimal, price, qty};
use crate::soft_renderer;

/// A pane, its desk, and what came out of it.
pub struct Bench<P> {
    pub market: Market,
    pub window: Window,
    pub pane: P,
    /// Commands for the engine since the last look.
    pub sent: Vec<Envelope>,
    /// Commands for the window since the last look.
    pub wishes: Vec<UiCommand>,
    /// What the last frame has asked to be fed with.
    pub demand: Demand,
    next_id: u64,
}

impl<P: Pane + 'static> Bench<P> {
    /// A pane on a desk that has its first snapshot.
    pub fn new(pane: P) -> Self {
        let (market, window) = Market::with_desk();
        let (sent, wishes, demand) = (Vec::new(), Vec::new(), Demand::default());
        Self { market, window, pane, sent, wishes, demand, next_id: 1 }
    }

    /// Shows the pane in a harness of this size, two frames on.
    pub fn show(self, size: impl Into<Vec2>) -> Harness<'static, Self> {
        let setup = |ctx: &egui::Context| {
            fonts::install(ctx);
            Theme::dark().apply(ctx);
        };
        let builder = soft_renderer::builder().with_size(size).with_context_setup(setup);
        let mut harness = builder.build_ui_state(|ui, bench: &mut Self| bench.frame(ui), self);
        settle(&mut harness);
        harness
    }

    /// One frame of the pane, with the part of the window that panes rely on: choosing what and for whom.
    fn frame(&mut self, ui: &mut egui::Ui) {
        self.window.update(&self.market);
        let mut out = Commands::new(self.market.now(), self.next_id);
        self.pane.ui(ui, &self.window.desk, &mut out);
        self.next_id += out.sent().len() as u64;
        self.sent.extend_from_slice(out.sent());
        for wish in out.for_window() {
            match wish {
                UiCommand::Select(id) => self.window.desk.select(*id),
                UiCommand::ChooseAccount(broker, id) => self.window.desk.choose_account(*broker, id.clone()),
                _ => {}
            }
            self.wishes.push(wish.clone());
        }
        self.demand = out.demand;
        // As the window does: what is counted of trades begins with the first demand. Quotes are kept, whoever
        // has published them before the pane asks for them.
        let mut demand = self.demand.clone();
        demand.quotes.extend(self.market.instruments().iter().map(|instrument| instrument.id));
        self.window.desk.settle_demand(&mut demand);
    }

    /// Turns the desk to an instrument.
    pub fn select(&mut self, key: &str) {
        let id = self.market.id(key);
        self.window.desk.select(id);
    }

    /// What was sent since the last call.
    pub fn take_sent(&mut self) -> Vec<Command> {
        std::mem::take(&mut self.sent).into_iter().map(|envelope| envelope.command).collect()
    }

    /// Publishes an order.
    pub fn order(&mut self, order: Order) {
        self.market.publish(Update::Order(order));
    }

    /// Publishes an order that was published before, changed.
    pub fn change(&mut self, id: u64, change: impl FnOnce(&mut Order)) {
        self.window.update(&self.market);
        let mut order = self.window.desk.blotter().get(OrderId(id)).expect("the order was published").clone();
        change(&mut order);
        self.order(order);
    }

    /// Gives the account a position.
    pub fn hold(&mut self, key: &str, net: &str, average: &str) {
        let held = position(self.market.id(key), net, average);
        self.market.publish(Update::Position(held));
    }

    /// Answers the newest command.
    pub fn answer(&mut self, outcome: Result<Option<u64>, &str>) {
        let to = CommandId(self.next_id - 1);
        let outcome = outcome.map(|order| order.map(OrderId)).map_err(|why| Refused(why.into()));
        self.market.publish(Update::Answer(Answer { to, outcome }));
    }
}

/// Lets input take its course, and looks whether everything in sight has a name.
#[track_caller]
pub fn settle<State>(harness: &mut Harness<'_, State>) {
    harness.run_steps(2);
    harness.check_accessibility();
}

/// Names of what has the keyboard: one, or none.
pub fn focused<State>(harness: &Harness<'_, State>) -> Vec<String> {
    let nodes = harness.root().children_recursive().filter(|node| node.accesskit_node().is_focused());
    nodes.filter_map(|node| node.accesskit_node().label()).collect()
}

/// What is painted as text, with its colour.
pub fn painted<State>(harness: &Harness<'_, State>) -> Vec<(String, Color32)> {
    let text = |clipped: &egui::epaint::ClippedShape| match &clipped.shape {
        egui::Shape::Text(text) => {
            let own = text.galley.job.sections.first().map(|section| section.format.color);
            let colour = text.override_text_color.or(own.filter(|colour| *colour != Color32::PLACEHOLDER));
            Some((text.galley.text().to_owned(), colour.unwrap_or(text.fallback_color)))
        }
        _ => None,
    };
    harness.output().shapes.iter().filter_map(text).collect()
}

/// A limit price of a literal.
pub fn limit(text: &str) -> OrderKind {
    OrderKind::Limit { price: price(text) }
}

/// A working day order, entered at `created`.
pub fn order(
    id: u64,
    instrument: InstrumentId,
    side: Side,
    quantity: &str,
    kind: OrderKind,
    created: Time,
) -> Order {
    Order {
        status: OrderStatus::Working,
        ..Order::intended(
            OrderId(id),
            BrokerId(0),
            AccountId("PAPER".into()),
            OrderSpec::new(instrument, side, qty(quantity), kind, TimeInForce::Day),
            created,
        )
    }
}

/// An execution of an order.
pub fn fill(exec: u64, order: &Order, quantity: &str, at: &str, commission: Money) -> Fill {
    Fill {
        exec_id: ExecId(exec.to_string().into()),
        order: order.id,
        account: order.account.clone(),
        instrument: order.spec.instrument,
        side: order.spec.side,
        quantity: qty(quantity),
        price: price(at),
        commission,
        realised: pitdesk::domain::Decimal::ZERO,
        liquidity: Liquidity::Taker,
        time: order.created,
    }
}

/// A position of the paper account.
pub fn position(instrument: InstrumentId, net: &str, average: &str) -> Position {
    Position {
        net: decimal(net),
        average_price: decimal(average),
        ..Position::flat(AccountId("PAPER".into()), instrument)
    }
}
