//! The chart trades: what was done to a line or chosen in the menu becomes a command.
//!
//! One way for all of it: the gate is asked, and what it refuses is said. While one-click trading is armed for the
//! account and nothing is unusual, it leaves at once; else the chart asks, and a second, explicit step sends it.
//! Cancels leave at once, as in the blotter. What a question is about is sent as it was asked, or not at all.

use egui::{Key, Modifiers, Pos2, Ui};

use super::lines::Labelled;
use super::menu::{Chosen, Menu};
use super::notes::{Answer, note_ui, question_ui};
use crate::desk::Desk;
use crate::domain::{
    Decimal, DrawingChange, Instrument, Order, OrderId, OrderKind, OrderStatus, Origin, Position, Price, Qty,
    Side,
};
use crate::link::Command;
use crate::ui::amending::Part;
use crate::ui::chart::{ChartResponse, ChartView, Handle, LineDeed, Moving, Tool};
use crate::ui::commands::{Commands, UiCommand};
use crate::ui::confirm::{Confirm, Hand, Outcome, Rule};
use crate::ui::dealing::{self, Deal, Entry};
use crate::ui::format;
use crate::ui::theme::theme_of;
use crate::ui::ticket::gate::{is_same_market, said_whole};
use crate::ui::told::Told;

/// What the trader wants of the chart.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Wish {
    Order(Side, OrderKind, Qty),
    Change(OrderId, Part, Price),
}

/// Where a question is asked, and about what.
#[derive(Debug)]
struct Question {
    deal: Deal,
    at: Pos2,
}

/// Orders by hand in the chart.
#[derive(Debug, Default)]
pub(super) struct Trading {
    confirm: Confirm<Wish, Question>,
    told: Told,
    menu: Option<Menu>,
    /// When it was drawn last, in egui's count, and of what.
    drawn: Option<(u64, crate::domain::InstrumentId)>,
}

/// What a frame is about.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub desk: &'a Desk,
    pub instrument: &'a Instrument,
}

impl Trading {
    /// What was held and asked before the chart was out of sight, or of another instrument, is not what the trader
    /// sees now. Comes before the chart is drawn.
    pub fn begin(&mut self, ui: &Ui, scene: Scene<'_>, view: &mut ChartView) {
        let now = (ui.ctx().cumulative_pass_nr(), scene.instrument.id);
        let goes_on = self.drawn.is_some_and(|(pass, of)| pass + 1 == now.0 && of == now.1);
        if !goes_on || scene.desk.stopped().is_some() {
            view.let_go();
            self.confirm.take_back();
            self.menu = None;
        }
        if self.drawn.is_some_and(|(_, of)| of != now.1) {
            self.told.clear();
        }
        self.drawn = Some(now);
        self.told.hear(scene.desk);
        self.settle(scene);
    }

    /// Where the order would stand that is asked about.
    pub fn asked_line(&self, scene: Scene<'_>) -> Option<Labelled> {
        let (side, price, kind) = match *self.confirm.asked()?.0 {
            Wish::Order(side, kind, _) => (side, kind.limit().or(kind.stop())?, kind),
            Wish::Change(order, _, to) => {
                let spec = scene.desk.blotter().get(order)?.spec;
                (spec.side, to, spec.kind)
            }
        };
        Some(Labelled::asked(side, price, format!("{side} {} ?", kind.label().to_lowercase())))
    }

    /// What is said at the foot of the prices.
    pub fn told(&mut self) -> &mut Told {
        &mut self.told
    }

    /// Carries out what was done in the chart, which is drawn; what the menu wants of a drawing comes back.
    pub fn ui(
        &mut self,
        ui: &mut Ui,
        view: &mut ChartView,
        chart: &ChartResponse,
        scene: Scene<'_>,
        out: &mut Commands,
    ) -> Option<DrawingChange> {
        for deed in &chart.deeds {
            self.act(*deed, ui, chart, scene, out);
        }
        if let Some(moving) = chart.moving {
            self.moving_ui(ui, view, moving, chart, scene);
        }
        let drawn = self.menu_ui(ui, chart, scene, out);
        self.keys(ui, chart, scene, out);
        self.question_ui(ui, chart, scene, out);
        drawn
    }

    fn act(&mut self, deed: LineDeed, ui: &Ui, chart: &ChartResponse, scene: Scene<'_>, out: &mut Commands) {
        match deed {
            LineDeed::Taken { line, to, by_key } => {
                let hand = if by_key { Hand::Key } else { Hand::Pointer };
                if self.stays(line, Some(to), scene) {
                    return;
                }
                let at = if by_key { None } else { ui.input(|input| input.pointer.latest_pos()) };
                let wish = Wish::Change(line.order, part_of(line), to);
                self.propose(wish, (hand, at.unwrap_or(chart.prices.center())), scene, out);
            }
            LineDeed::Cancel(line) => self.cancel(line.order, scene, out),
            LineDeed::Lost(line) => {
                let what = match scene.desk.blotter().get(line.order) {
                    Some(order) if order.is_live() => "it has just changed".to_owned(),
                    Some(order) => format!("it is {} now", order.status.label().to_lowercase()),
                    None => "it is not known any more".to_owned(),
                };
                self.told.refuse(format!("Order {} was not moved: {what}", line.order), scene.desk.now());
            }
        }
    }

    /// Whether a line stays where it is: since it cannot be changed, which is said, or was taken nowhere else.
    fn stays(&mut self, line: Handle, to: Option<Price>, scene: Scene<'_>) -> bool {
        let Some(order) = scene.desk.blotter().get(line.order) else { return true };
        let part = part_of(line);
        let why = dealing::why_stays(order, part);
        if let Some(why) = why {
            self.told.refuse(format!("Order {} stays: {why}", order.id), scene.desk.now());
        }
        why.is_some() || to.is_some_and(|to| part.of(order) == Some(to.0))
    }

    fn propose(&mut self, wish: Wish, (hand, at): (Hand, Pos2), scene: Scene<'_>, out: &mut Commands) {
        self.confirm.take_back();
        let deal = match deal(wish, scene) {
            Ok(deal) => deal,
            Err(why) => return self.told.refuse(format!("Not sent: {why}"), scene.desk.now()),
        };
        let is_at_once = is_armed(wish, scene) && deal.doubts.is_empty();
        let rule = if is_at_once { Rule::SendsAtOnce } else { Rule::AsksFirst };
        self.press(wish, Question { deal, at }, (rule, hand), scene, out);
    }

    fn press(
        &mut self,
        wish: Wish,
        question: Question,
        (rule, hand): (Rule, Hand),
        scene: Scene<'_>,
        out: &mut Commands,
    ) {
        match self.confirm.press(wish, question, rule, hand, scene.desk.now()) {
            Outcome::Sends(Question { deal, .. }) => {
                let command = out.send(deal.command);
                self.told.say(format!("{}: sent", deal.words), scene.desk.now());
                self.told.sent(command, deal.words);
            }
            Outcome::Asks => self.told.clear(),
            Outcome::Nothing => {}
        }
    }

    /// The question that stands is answered with yes.
    fn accept(&mut self, hand: Hand, scene: Scene<'_>, out: &mut Commands) {
        let Some((&wish, Question { deal, at })) = self.confirm.asked() else { return };
        let question = Question { deal: deal.clone(), at: *at };
        self.press(wish, question, (Rule::AsksFirst, hand), scene, out);
    }

    fn cancel(&mut self, id: OrderId, scene: Scene<'_>, out: &mut Commands) {
        let now = scene.desk.now();
        match scene.desk.blotter().get(id).filter(|order| order.is_live()) {
            None => self.told.refuse(format!("Order {id} has ended already"), now),
            Some(order) if order.status == OrderStatus::PendingCancel => {
                self.told.say("The cancel is on its way", now);
            }
            Some(_) => {
                let command = out.send(Command::Cancel { order: id });
                self.told.say(format!("Cancel of order {id}: sent"), now);
                self.told.sent(command, format!("Cancel order {id}"));
            }
        }
    }

    /// Takes the question back when its time is over, or when it is about another world than this.
    fn settle(&mut self, scene: Scene<'_>) {
        let Some((wish, _)) = self.confirm.asked() else { return };
        let (wish, now) = (*wish, scene.desk.now());
        let is_in_time = self.confirm.left(now).is_some();
        self.confirm.settle(now, |wish, asked| {
            let (then, now) = (&asked.deal, deal(*wish, scene));
            now.is_ok_and(|now| {
                is_same_market(&now.doubts, &then.doubts) && is_same_deal(&now.command, &then.command)
            })
        });
        if self.confirm.asked().is_some() {
            return;
        }
        let why = if is_in_time {
            deal(wish, scene).err().unwrap_or_else(|| "what it was about has just changed".to_owned())
        } else {
            "it was not confirmed".to_owned()
        };
        self.told.refuse(format!("Not sent: {why}"), now);
    }

    /// Says where a line would go and what that means; a line that cannot go anywhere is let go at once.
    fn moving_ui(
        &mut self,
        ui: &mut Ui,
        view: &mut ChartView,
        moving: Moving,
        chart: &ChartResponse,
        scene: Scene<'_>,
    ) {
        if self.stays(moving.line, None, scene) {
            view.let_go();
            return;
        }
        let Some(order) = scene.desk.blotter().get(moving.line.order) else { return };
        let text = change_words(order, part_of(moving.line), moving.to, scene);
        let theme = theme_of(ui);
        note_ui(ui, &theme, chart.prices, moving.at, &text, theme.text_strong);
    }

    fn menu_ui(
        &mut self,
        ui: &Ui,
        chart: &ChartResponse,
        scene: Scene<'_>,
        out: &mut Commands,
    ) -> Option<DrawingChange> {
        if chart.response.secondary_clicked() {
            self.menu = chart.pressed.map(|pressed| Menu::of(pressed, scene.desk, scene.instrument));
        }
        let menu = self.menu.as_ref().filter(|menu| menu.is_of(scene.instrument))?;
        let chosen = menu.ui(&chart.response, scene.desk, scene.instrument)?;
        self.menu = None;
        match chosen {
            Chosen::Order(side, kind, quantity) => {
                let at = ui.input(|input| input.pointer.latest_pos()).unwrap_or(chart.prices.center());
                self.propose(Wish::Order(side, kind, quantity), (Hand::Pointer, at), scene, out);
            }
            Chosen::Alert(price) => out.window(UiCommand::Alert(Some((scene.instrument.id, price)))),
            Chosen::TakePrice(price) => out.window(UiCommand::TakePrice(price)),
            Chosen::Cancel(order) => self.cancel(order, scene, out),
            Chosen::Show(order) => out.window(UiCommand::ShowOrder(order)),
            Chosen::Timeline(order) => out.window(UiCommand::Timeline(order)),
            Chosen::Drawing(change) => return Some(change),
        }
        None
    }

    /// Enter answers the question with yes and Escape with no, while the chart has the keyboard.
    fn keys(&mut self, ui: &Ui, chart: &ChartResponse, scene: Scene<'_>, out: &mut Commands) {
        if self.confirm.asked().is_none() {
            return;
        }
        let is_asked_now = chart.deeds.iter().any(|deed| matches!(deed, LineDeed::Taken { .. }));
        if ui.input(|input| input.key_pressed(Key::Escape)) {
            self.confirm.take_back();
        } else if chart.has_keyboard && !is_asked_now {
            let is_enter = |input: &mut egui::InputState| input.consume_key(Modifiers::NONE, Key::Enter);
            if ui.input_mut(is_enter) {
                self.accept(Hand::Key, scene, out);
            }
        }
    }

    fn question_ui(&mut self, ui: &Ui, chart: &ChartResponse, scene: Scene<'_>, out: &mut Commands) {
        let Some((wish, question)) = self.confirm.asked() else { return };
        let yes = match wish {
            Wish::Order(..) => "Send",
            Wish::Change(..) => "Change",
        };
        let what = match *wish {
            Wish::Change(id, part, to) => {
                scene.desk.blotter().get(id).map(|order| change_words(order, part, to, scene))
            }
            Wish::Order(..) => None,
        };
        let account = match &question.deal.command {
            Command::Place(place) => Some(&place.account),
            Command::Amend { order, .. } => scene.desk.blotter().get(*order).map(|order| &order.account),
            _ => None,
        };
        let others = |id: &&crate::domain::AccountId| scene.desk.has_others(scene.instrument.broker, id);
        let account = account.filter(others).map(|id| format!("Account {id}"));
        let why = (!question.deal.doubts.is_empty()).then(|| said_whole(&question.deal.doubts));
        let words = std::iter::once(question.deal.words.clone());
        let lines: Vec<String> = words.chain(what).chain(account).chain(why).collect();
        if let Some(left) = self.confirm.left(scene.desk.now()) {
            ui.request_repaint_after(left);
        }
        let id = chart.response.id.with("question");
        match question_ui(ui, id, chart.prices, question.at, &lines, yes) {
            Some(Answer::Yes) => self.accept(Hand::Pointer, scene, out),
            Some(Answer::No) => self.confirm.take_back(),
            None => {}
        }
    }

    /// One line at the foot of the prices: what was refused, what the tool in hand does, what was just done, or what
    /// can be done with the line that stands out.
    pub fn foot_ui(&self, ui: &mut Ui, chart: &ChartResponse, scene: Scene<'_>, tool: Option<Tool>) {
        let theme = theme_of(ui);
        let at = chart.prices.left_bottom();
        let is_refused = self.told.line(scene.desk.now()).is_some_and(|(line, _)| line.is_bad);
        if let Some(tool) = tool.filter(|_| !is_refused) {
            let text = format!("{}: {} · Escape: leave it", tool.label(), tool.hint());
            return note_ui(ui, &theme, chart.prices, at, &text, theme.accent);
        }
        if let Some((line, left)) = self.told.line(scene.desk.now()) {
            ui.request_repaint_after(left);
            let colour = if line.is_bad { theme.danger } else { theme.text };
            note_ui(ui, &theme, chart.prices, at, &line.text, colour);
            return;
        }
        if chart.moving.is_some() {
            return;
        }
        let order = chart.hot.and_then(|line| Some((line, scene.desk.blotter().get(line.order)?)));
        if let Some((line, order)) = order {
            let what = match dealing::why_stays(order, part_of(line)) {
                Some(why) => why.to_owned(),
                None => "drag, or ↑ ↓ and Enter: change · right-click: more".to_owned(),
            };
            note_ui(ui, &theme, chart.prices, at, &format!("Order {} · {what}", order.id), theme.text_weak);
        }
    }
}

fn part_of(line: Handle) -> Part {
    if line.is_trigger { Part::Stop } else { Part::Limit }
}

fn deal(wish: Wish, Scene { desk, instrument }: Scene<'_>) -> Result<Deal, String> {
    match wish {
        Wish::Order(side, kind, quantity) => {
            let seen = desk.quote(instrument.id).map(|view| *view.quote);
            dealing::order(desk, instrument, Entry { side, kind, quantity, origin: Origin::Chart, seen })
        }
        Wish::Change(id, part, to) => {
            let order = desk.blotter().get(id).ok_or("the order is not known any more")?;
            dealing::change(desk, instrument, order, (part, to))
        }
    }
}

/// Whether two commands ask for the same, for the same account; a quote that was seen with one may be newer.
fn is_same_deal(one: &Command, other: &Command) -> bool {
    match (one, other) {
        (Command::Place(one), Command::Place(other)) => {
            (&one.account, one.spec) == (&other.account, other.spec)
        }
        (one, other) => one == other,
    }
}

/// Whether it leaves without a question: one-click trading is armed for its very account.
fn is_armed(wish: Wish, Scene { desk, instrument }: Scene<'_>) -> bool {
    let Some(account) = desk.one_click().filter(|_| desk.is_one_click(instrument)) else { return false };
    match wish {
        Wish::Order(..) => true,
        Wish::Change(id, ..) => desk.blotter().get(id).is_some_and(|order| order.account == account.id),
    }
}

/// `Sell 100 limit 286.00 → 285.40 (−0.60) · P&L +140.00 there`.
fn change_words(order: &Order, part: Part, to: Price, Scene { desk, instrument }: Scene<'_>) -> String {
    let decimals = instrument.ticks.decimals();
    let (size, kind) =
        (format::quantity(order.remaining(), instrument), order.spec.kind.label().to_lowercase());
    let there = format::price(to, instrument);
    let from = part.of(order).map_or_else(String::new, |from| {
        let by = format::signed(to.0 - from, decimals);
        format!("{} → {there} ({by})", format::decimal(from, decimals))
    });
    let gain = desk
        .blotter()
        .position_of(&order.account, instrument.id)
        .and_then(|position| gain_at(position, order, to, instrument.multiplier))
        .map_or_else(String::new, |gain| format!(" · P&L {} there", format::gain(gain, instrument.currency)));
    format!("{} {size} {kind} {from}{gain}", order.spec.side)
}

/// What closing as much of a position as an order would, at a price, gains; `None` of one that closes nothing.
fn gain_at(position: &Position, order: &Order, at: Price, multiplier: Decimal) -> Option<Decimal> {
    if position.side()?.opposite() != order.spec.side {
        return None;
    }
    let closed = order.remaining().0.min(position.size().0);
    let part = Position { net: closed * position.side()?.sign(), ..position.clone() };
    part.unrealised(at, multiplier)
}
