//! The four buttons. None takes the keyboard's focus: a Tab and a Space must not trade.

use std::sync::Arc;

use egui::{Color32, FontId, Galley, Id, Rect, Response, Sense, Stroke, StrokeKind, Ui, vec2};

use super::check::{Checked, SideCheck};
use super::entry::{Entry, KeyWords};
use super::facts::Facts;
use super::gate::{Doubt, said_short, said_whole};
use super::header::halves;
use super::offer::{Action, Offers, Words, prices};
use super::outlook::{Effect, effect};
use crate::domain::{AccountId, OrderKind, Side};
use crate::ui::fonts;
use crate::ui::format;
use crate::ui::paint::figures;
use crate::ui::theme::Theme;
use crate::ui::tour::{self, Spot};

/// A title and four small lines.
const TRADE_HEIGHT: f32 = 72.0;
/// A title, the order, and what it takes away.
const FLATTEN_HEIGHT: f32 = 46.0;

/// Draws the buttons; returns the one that was clicked.
pub(super) fn buttons_ui(
    ui: &mut Ui,
    checked: &Checked,
    offers: &Offers,
    entry: &Entry,
    facts: &Facts<'_>,
    theme: &Theme,
) -> Option<Action> {
    let mut clicked = None;
    let keys = KeyWords::of(ui);
    let rows =
        [([Action::Buy, Action::Sell], TRADE_HEIGHT), ([Action::Close, Action::Reverse], FLATTEN_HEIGHT)];
    for (actions, height) in rows {
        let (row, _) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
        for (action, rect) in actions.into_iter().zip(halves(row, theme.sizes.gap)) {
            let face = face(action, checked, offers, entry, facts, &keys);
            let face = if facts.is_live() { face.live(action) } else { face };
            match action {
                Action::Buy => tour::mark(ui, Spot::Buy, rect),
                Action::Close => tour::mark(ui, Spot::Close, rect),
                Action::Sell | Action::Reverse => {}
            }
            let deaf = if face.is_armed { entry.deaf_for(facts.now) } else { None };
            if let Some(left) = deaf {
                ui.request_repaint_after(left);
            }
            if face_ui(ui, rect, action, &face, deaf.is_some(), theme).clicked() {
                clicked = Some(action);
            }
        }
    }
    clicked
}

/// A line of a button, with what is left of it where there is no room.
struct Line {
    whole: String,
    short: Option<String>,
}

impl From<String> for Line {
    fn from(whole: String) -> Self {
        Self { whole, short: None }
    }
}

/// What a button shows.
struct Face {
    /// Its accessible name.
    name: String,
    /// The first line is the title.
    lines: Vec<Line>,
    hover: String,
    is_enabled: bool,
    is_armed: bool,
    /// Whether it asks about something unusual, which must not look like the usual question.
    is_doubtful: bool,
    /// Whether it trades real money, which must not look like practice.
    is_live: bool,
}

impl Face {
    /// The same for one of several accounts, where a line is left; the ticket shows it above, too.
    fn of_account(mut self, action: Action, account: Option<&AccountId>) -> Self {
        let most = if matches!(action, Action::Buy | Action::Sell) { 5 } else { 3 };
        if let Some(account) = account.filter(|_| self.lines.len() < most) {
            self.lines.push(Line { whole: format!("for {account}"), short: Some(account.to_string()) });
        }
        self
    }

    /// The same for real money.
    fn live(mut self, action: Action) -> Self {
        self.is_live = true;
        self.name = format!("LIVE {}", self.name);
        // The words of these are wide, and the line with the order has room.
        let at = match action {
            Action::Buy | Action::Sell => 0,
            Action::Close | Action::Reverse if self.is_doubtful => self.lines.len().saturating_sub(1),
            Action::Close | Action::Reverse => usize::from(self.lines.len() > 1),
        };
        if let Some(line) = self.lines.get_mut(at) {
            let short = match (at, self.is_armed) {
                (0, true) => format!("LIVE {}?", action.label().to_lowercase()),
                (0, false) => format!("LIVE {}", action.label()),
                _ => "LIVE".to_owned(),
            };
            *line = Line { whole: format!("LIVE {}", line.whole), short: Some(short) };
        }
        self
    }

    fn text(&self) -> String {
        let lines: Vec<&str> = self.lines.iter().map(|line| line.whole.as_str()).collect();
        lines.join(" ")
    }
}

fn face(
    action: Action,
    checked: &Checked,
    offers: &Offers,
    entry: &Entry,
    facts: &Facts<'_>,
    keys: &KeyWords,
) -> Face {
    if let Some(armed) = entry.armed(action) {
        let face = if armed.despite.is_empty() {
            armed_face(action, armed.words, keys)
        } else {
            despite_face(action, armed.words, armed.despite, keys)
        };
        return face.of_account(action, armed.words.account.as_ref());
    }
    let offer = offers.get(action);
    let (title, mut lines) = match action {
        Action::Buy => at_rest(Side::Buy, checked.side(Side::Buy), facts),
        Action::Sell => at_rest(Side::Sell, checked.side(Side::Sell), facts),
        Action::Close | Action::Reverse => (action.label().to_owned(), vec![flatten_line(action, facts)]),
    };
    let mut first = Line::from(title);
    let hover = match offer {
        Ok(offer) => {
            lines.extend(offer.words.terms_lines());
            if !offer.doubts.is_empty() {
                match action {
                    Action::Buy | Action::Sell => lines.push("asks twice".to_owned()),
                    // These have no room for another line.
                    Action::Close | Action::Reverse => {
                        let whole = format!("{} · asks twice", first.whole);
                        first = Line { whole, short: Some(first.whole) };
                    }
                }
            }
            let unusual = offer.doubts.iter().map(|doubt| doubt.why.clone());
            let does = format!("{} {}", ask_first(facts), offer.words);
            unusual.chain([does, keys.all.clone()]).collect::<Vec<_>>().join("\n\n")
        }
        Err(why) => why.clone(),
    };
    let lines = std::iter::once(first).chain(lines.into_iter().map(Line::from)).collect();
    let face = Face {
        name: action.label().to_owned(),
        lines,
        hover,
        is_enabled: offer.is_ok(),
        is_armed: false,
        is_doubtful: false,
        is_live: false,
    };
    face.of_account(action, offer.as_ref().ok().and_then(|offer| offer.words.account.as_ref()))
}

fn ask_first(facts: &Facts<'_>) -> &'static str {
    if facts.settings.confirm_orders { "Asks once more, then sends:" } else { "Sends at once:" }
}

/// `Confirm buy`, and below it what is confirmed, in the same rectangle.
fn armed_face(action: Action, words: &Words, keys: &KeyWords) -> Face {
    let whole = format!("Confirm {}", action.label().to_lowercase());
    let title = Line { whole, short: Some(format!("{}?", action.label())) };
    let lines = if matches!(action, Action::Close | Action::Reverse) {
        let side = words.verb.rsplit(' ').next().unwrap_or_default();
        let what = Line::from(format!("{side} {}", words.quantity));
        [title, what].into_iter().chain(words.terms_lines().map(Line::from)).collect()
    } else {
        // The symbol stands at the top of the ticket as well.
        let what = Line {
            whole: format!("{} {}", words.quantity, words.symbol),
            short: Some(words.quantity.clone()),
        };
        let rest = words.prices.iter().cloned().chain(words.terms_lines()).map(Line::from);
        [title, what].into_iter().chain(rest).collect()
    };
    let hover = format!(
        "Click again or press {} to send. Escape, any change, or three seconds take it back.",
        keys.send
    );
    let name = format!("Confirm {words}");
    Face { name, lines, hover, is_enabled: true, is_armed: true, is_doubtful: false, is_live: false }
}

/// `Send despite`, what is unusual, and what would be sent.
fn despite_face(action: Action, words: &Words, despite: &[Doubt], keys: &KeyWords) -> Face {
    let title = Line::from("Send despite".to_owned());
    let lines = if matches!(action, Action::Close | Action::Reverse) {
        let side = words.verb.rsplit(' ').next().unwrap_or_default();
        let (whole, count) = (said_short(despite), despite.len());
        let short = (count > 1).then(|| format!("{count} unusual things"));
        vec![title, Line { whole, short }, Line::from(format!("{side} {}", words.quantity))]
    } else {
        let short = format!("{} {}", words.verb, words.quantity);
        let order = Line { whole: format!("{short} {}", words.prices.join(" ")), short: Some(short) };
        let doubts = despite.iter().map(|doubt| Line::from(doubt.short.clone()));
        std::iter::once(title).chain(doubts).chain([order]).collect()
    };
    let why = said_whole(despite);
    let hover = format!(
        "{why}\n\nClick again or press {} to send this one order nevertheless. Escape, any change, or \
         three seconds take it back.",
        keys.send
    );
    let name = format!("Send despite {}: {words}", said_short(despite));
    Face { name, lines, hover, is_enabled: true, is_armed: true, is_doubtful: true, is_live: false }
}

/// The title and what the order would be.
fn at_rest(side: Side, check: &SideCheck, facts: &Facts<'_>) -> (String, Vec<String>) {
    let what = check.quantity.map(|quantity| effect(facts.net(), side, quantity));
    let title = match what {
        Some(Effect::Closes) => format!("{side} (closes)"),
        Some(Effect::Reverses) => format!("{side} (reverses)"),
        _ => side.label().to_owned(),
    };
    let quantity = check.quantity.map_or_else(|| "–".to_owned(), |quantity| format::exact(quantity.0));
    let about = || check.at.map(|at| format!("≈ {}", format::price(at, facts.instrument)));
    let lines = match check.kind {
        None => vec![quantity],
        Some(OrderKind::Market) => {
            [Some(format!("{quantity} at market")), about()].into_iter().flatten().collect()
        }
        Some(kind) => std::iter::once(quantity).chain(prices(kind, facts.instrument)).collect(),
    };
    (title, lines)
}

fn flatten_line(action: Action, facts: &Facts<'_>) -> String {
    let Some((position, opened)) = facts.position.and_then(|p| p.side().map(|side| (p, side))) else {
        return facts.nothing_held().to_owned();
    };
    let size = position.size();
    let quantity = if action == Action::Reverse { size + size } else { size };
    format!("{} {}", opened.opposite().label().to_lowercase(), format::exact(quantity.0))
}

fn face_ui(ui: &Ui, rect: Rect, action: Action, face: &Face, is_deaf: bool, theme: &Theme) -> Response {
    // CLICK alone: without FOCUSABLE, Tab and the arrows pass it by.
    let sense = if face.is_enabled { Sense::CLICK } else { Sense::hover() };
    let response = ui.interact(rect, id_of(ui, action), sense);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, face.is_enabled, &face.name));
    ui.ctx().accesskit_node_builder(response.id, |node| {
        let said = if face.is_enabled { face.text() } else { format!("{}. {}", face.text(), face.hover) };
        node.set_description(said);
    });
    let is_trade = matches!(action, Action::Buy | Action::Sell);
    let fill = match action {
        _ if !face.is_enabled => theme.control,
        _ if face.is_doubtful => theme.warn_fill,
        Action::Buy => theme.buy_fill,
        Action::Sell => theme.sell_fill,
        Action::Close | Action::Reverse if face.is_armed => theme.warn_fill,
        Action::Close | Action::Reverse if response.hovered() => theme.hover,
        Action::Close | Action::Reverse => theme.control,
    };
    let colour = match action {
        _ if !face.is_enabled => theme.text_faint,
        _ if face.is_doubtful => theme.warn,
        Action::Buy | Action::Sell => theme.on_fill,
        Action::Close | Action::Reverse if face.is_armed => theme.warn,
        Action::Close | Action::Reverse => theme.text,
    };
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, theme.sizes.radius, fill);
    if face.is_live {
        let edge = Stroke::new(3.0, theme.live_fill);
        painter.rect_stroke(rect, theme.sizes.radius, edge, StrokeKind::Inside);
    }
    // Its edge comes when the second press counts.
    let edge = if face.is_armed && !is_deaf {
        Stroke::new(2.0, if is_trade { theme.text_strong } else { colour })
    } else if response.hovered() && face.is_enabled {
        Stroke::new(1.0, theme.text_strong)
    } else {
        Stroke::NONE
    };
    // Inside of the edge that says that money is at stake, not over it.
    let inner = if face.is_live { rect.shrink(3.0) } else { rect };
    painter.rect_stroke(inner, theme.sizes.radius, edge, StrokeKind::Inside);
    let title = if is_trade { fonts::bold(theme.sizes.title) } else { theme.text_font() };
    let lines = laid_out(ui, face, &title, is_trade, rect.width() - 10.0, colour, theme);
    let mut top = rect.center().y - lines.iter().map(|line| line.size().y).sum::<f32>() / 2.0;
    for line in lines {
        let size = line.size();
        painter.galley(egui::pos2(rect.center().x - size.x / 2.0, top), line, colour);
        top += size.y;
    }
    if face.is_enabled {
        response.on_hover_text(&face.hover)
    } else {
        response.on_hover_text(format!("Not now: {}", face.hover))
    }
}

fn id_of(ui: &Ui, action: Action) -> Id {
    ui.make_persistent_id(("trade", action.label()))
}

/// Title and lines, each in the largest of its sizes that fits the width.
fn laid_out(
    ui: &Ui,
    face: &Face,
    title: &FontId,
    is_trade: bool,
    width: f32,
    colour: Color32,
    theme: &Theme,
) -> Vec<Arc<Galley>> {
    // Four lines have room in the small size only.
    let roomy = is_trade && face.lines.len() < 4;
    let line = |(index, line): (usize, &Line)| {
        let [large, small] = match index {
            0 => [title.clone(), fonts::bold(theme.sizes.text)],
            _ if roomy => [theme.text_font(), theme.small_font()],
            _ => [theme.small_font(), theme.small_font()],
        };
        let whole = |font: &FontId| {
            let galley = figures(ui, &line.whole, font, colour, f32::INFINITY);
            (galley.size().x <= width).then_some(galley)
        };
        let short = || {
            let text = line.short.as_ref().unwrap_or(&line.whole);
            figures(ui, text, &small, colour, width)
        };
        whole(&large).or_else(|| whole(&small)).unwrap_or_else(short)
    };
    face.lines.iter().enumerate().map(line).collect()
}
