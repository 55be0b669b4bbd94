//! The panel of the kill switch, above its control: closing positions as well, and, while it is
//! on, how far every account has come, with the evidence.
//!
//! It is not in the way: no question, nothing behind it is locked out, and it redraws only when
//! the engine tells of something.

use egui::{
    Align2, Area, Button, Frame, Label, Margin, Order, Pos2, RichText, ScrollArea, Sense, TextEdit, Ui,
};

use crate::desk::Desk;
use crate::domain::Decimal;
use crate::link::{AccountKill, Flatten, KillReport, KillStage};
use crate::ui::format;
use crate::ui::theme::{Theme, theme_of};

const WIDTH: f32 = 430.0;
/// Of the evidence, in points.
const HEIGHT: f32 = 230.0;

/// How positions are to be closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Way {
    #[default]
    Market,
    Within,
}

/// The panel, open or not.
#[derive(Debug)]
pub(super) struct Panel {
    pub is_open: bool,
    way: Way,
    /// Per cent, as typed.
    band: String,
}

impl Default for Panel {
    fn default() -> Self {
        Self { is_open: false, way: Way::Market, band: "1".to_owned() }
    }
}

impl Panel {
    /// Draws it; what the switch is to be pressed with, if it was.
    pub fn ui(&mut self, ctx: &egui::Context, corner: Pos2, desk: &Desk, is_busy: bool) -> Option<Flatten> {
        if !self.is_open {
            return None;
        }
        self.is_open = !ctx.input(|input| input.key_pressed(egui::Key::Escape));
        let theme = theme_of(ctx);
        let frame = Frame::popup(&ctx.global_style()).inner_margin(Margin::same(10));
        Area::new(egui::Id::unique("kill switch panel"))
            .order(Order::Foreground)
            .pivot(Align2::RIGHT_BOTTOM)
            .fixed_pos(corner - egui::vec2(0.0, 6.0))
            .constrain_to(ctx.content_rect())
            .show(ctx, |ui| {
                let shown = frame.show(ui, |ui| {
                    ui.set_width(WIDTH.min(ctx.content_rect().width() - 40.0));
                    self.inside_ui(ui, desk, is_busy, &theme)
                });
                shown.inner
            })
            .inner
    }

    fn inside_ui(&mut self, ui: &mut Ui, desk: &Desk, is_busy: bool, theme: &Theme) -> Option<Flatten> {
        let is_locked = desk.kill().is_locked();
        let report = desk.kill_report().filter(|_| is_locked);
        ui.horizontal(|ui| {
            ui.heading(if is_locked { "Orders are locked" } else { "Lock and cancel everything" });
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                if ui.button("Hide").on_hover_text("Escape").clicked() {
                    self.is_open = false;
                }
            });
        });
        match report {
            Some(report) => report_ui(ui, report, desk, theme),
            None if is_locked => weak(ui, "Waiting for the first report of the engine", theme),
            None => weak(
                ui,
                "The kill switch locks new orders and cancels every working one at every broker. Positions \
                 stay as they are, unless they are to be closed as well:",
                theme,
            ),
        }
        ui.add_space(6.0);
        ui.add_enabled_ui(desk.stopped().is_none(), |ui| {
            let flatten = self.way_ui(ui, theme);
            Self::buttons_ui(ui, report.map(|report| report.flatten), flatten, is_locked, is_busy, theme)
        })
        .inner
    }

    /// How to close; `None` while the band cannot be read.
    fn way_ui(&mut self, ui: &mut Ui, theme: &Theme) -> Option<Flatten> {
        let band = self.band.trim().parse::<Decimal>().ok();
        let band = band.filter(|band| *band > Decimal::ZERO && *band < Decimal::ONE_HUNDRED);
        ui.horizontal(|ui| {
            ui.radio_value(&mut self.way, Way::Market, "At market");
            ui.radio_value(&mut self.way, Way::Within, "Within");
            let colour = if band.is_some() { theme.text } else { theme.danger };
            let field = TextEdit::singleline(&mut self.band).desired_width(44.0).text_color(colour);
            let field = ui.add(field).accessible_name("Band in per cent");
            if field.changed() || field.gained_focus() {
                self.way = Way::Within;
            }
            ui.label(RichText::new("% of the market, at once or not at all").color(theme.text_weak));
        });
        match self.way {
            Way::Market => Some(Flatten::Market),
            Way::Within => band.map(Flatten::Within),
        }
    }

    fn buttons_ui(
        ui: &mut Ui,
        before: Option<Flatten>,
        flatten: Option<Flatten>,
        is_locked: bool,
        is_busy: bool,
        theme: &Theme,
    ) -> Option<Flatten> {
        ui.horizontal(|ui| {
            let mut pressed = None;
            let text = if is_locked { "Close positions" } else { "Lock, cancel, close positions" };
            let button = Button::new(RichText::new(text).color(theme.danger)).sense(Sense::CLICK);
            let close = ui.add_enabled(flatten.is_some() && !is_busy, button).on_hover_text(
                "As soon as nothing works by the broker's own report, every position is closed",
            );
            if close.on_disabled_hover_text("Type per cent above 0 and below 100").clicked() {
                pressed = flatten;
            }
            if is_locked {
                let again = ui.add_enabled(!is_busy, Button::new("Try again").sense(Sense::CLICK));
                if again.on_hover_text("Asks for every cancel once more, as the key does").clicked() {
                    pressed = Some(before.unwrap_or_default());
                }
            }
            if is_busy {
                ui.label(RichText::new("On its way …").color(theme.text_weak));
            }
            pressed
        })
        .inner
    }
}

fn report_ui(ui: &mut Ui, report: &KillReport, desk: &Desk, theme: &Theme) {
    let zone = format::zone(desk.settings().time_zone_display, None);
    let since = format::clock_time(report.since, &zone);
    let positions = match report.flatten {
        Flatten::No => "positions stay".to_owned(),
        Flatten::Market => "positions are closed at market".to_owned(),
        Flatten::Within(band) => format!("positions are closed within {} %", format::exact(band)),
    };
    let name = format::zone_name(report.since, &zone);
    weak(ui, &format!("Since {since} {name} · {positions}"), theme);
    ui.add_space(4.0);
    Frame::new().fill(theme.surface).corner_radius(theme.sizes.radius).inner_margin(6).show(ui, |ui| {
        ui.set_width(ui.available_width());
        let area = ScrollArea::vertical().id_salt("evidence").max_height(HEIGHT).stick_to_bottom(true);
        area.auto_shrink([false, true]).show(ui, |ui| {
            ui.spacing_mut().interact_size.y = 0.0;
            ui.spacing_mut().item_spacing.y = 3.0;
            for account in &report.accounts {
                account_ui(ui, account, report.flatten, &zone, theme);
            }
        });
    });
}

fn account_ui(
    ui: &mut Ui,
    account: &AccountKill,
    flatten: Flatten,
    zone: &jiff::tz::TimeZone,
    theme: &Theme,
) {
    let (stage, colour) = match &account.stage {
        KillStage::Done if flatten == Flatten::No => ("Done: nothing works, locked".to_owned(), theme.ok),
        KillStage::Done => ("Done: flat and locked".to_owned(), theme.ok),
        KillStage::Stuck(_) => (account.stage.label(), theme.danger),
        stage => (format!("{} …", stage.label()), theme.warn),
    };
    let name = match &account.account {
        Some(id) => format!("{} {id}", account.broker_name),
        None => account.broker_name.to_string(),
    };
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(name).strong().color(theme.text_strong));
        ui.label(RichText::new(stage).color(colour));
    });
    for (at, text) in &account.evidence {
        let time = format::clock_millis(*at, zone);
        ui.horizontal_top(|ui| {
            ui.label(RichText::new(time).color(theme.text_weak));
            ui.add(Label::new(RichText::new(&**text).color(theme.text)).wrap());
        });
    }
    ui.add_space(4.0);
}

fn weak(ui: &mut Ui, text: &str, theme: &Theme) {
    ui.add(Label::new(RichText::new(text).color(theme.text_weak)).wrap());
}
