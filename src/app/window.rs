//! The real window: eframe in front, the runtime behind, the link in between.

mod beside;
mod place;
mod wake;

use std::process::ExitCode;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use anyhow::Context as _;
use egui::ViewportCommand;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

use self::beside::Beside;
use self::wake::Wake;
use super::cli::Options;
use super::control::{self, Control};
use super::gateway::Gateway;
use super::notify::Desktop;
use super::running::{self, Listeners};
use super::signals::{Signals, end_when_asked};
use super::sound::{self, Sound};
use super::{Opened, logging, open_profile};
use crate::desk::FrameGap;
use crate::domain::Time;
use crate::domain::settings::HanShapes;
use crate::engine::shell::Watchers;
use crate::engine::supervisor;
use crate::link::{Clock, SpareSender, connect};
use crate::store::profile::Profile;
use crate::ui::workspace::{Shelf, WindowPlace};
use crate::ui::{Begin, Terminal, fonts, format, set_options};

/// Until the accounts are known.
const TITLE: &str = "Pitdesk (paper)";
/// Said where there is no display, with the exit code that scripts look for.
const NO_DISPLAY: &str =
    "pitdesk: there is no display here. Draw the desk into a picture with: pitdesk shot desk.png";
const NO_DISPLAY_CODE: u8 = 2;
/// How long the engine may take to finish after the window has closed: longer than it gives its
/// brokers and then the disk, so that what is not saved can be said.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(4);

pub(super) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    if !has_display() {
        return Ok(no_display());
    }
    let clock = options.clock();
    let began = clock.now();
    format::read_system_zone();
    let opened = open_profile(options)?;
    let log = logging::start(&opened.profile);
    let wake = Wake::default();
    let (engine_end, window_end) = connect(wake.closure(clock.clone()));
    let spare = window_end.commander.spare();
    let watchers = Watchers::default();
    let control = Control {
        profile: Arc::clone(&opened.profile),
        engine: window_end.commander.spare(),
        kill: watchers.kill.subscribe(),
        weather: watchers.weather.subscribe(),
        notes: watchers.notes(),
        clock: clock.clone(),
    };
    let window_place = opened.workspace.as_deref().and_then(|text| Shelf::parse(text).ok()?.0.window);
    let begin = Begin { link: window_end, clock: clock.clone(), workspace: opened.workspace.clone() };
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("pitdesk-runtime")
        .enable_all()
        .build()
        .context("the system gives no threads")?;
    let gateway = Gateway { hub: engine_end.followers.hub(), clock: clock.clone(), notes: watchers.notes() };
    let settings = watchers.settings.subscribe();
    tell_alerts(&runtime, &watchers, &opened.profile);
    let failure = Arc::new(OnceLock::new());
    let engine = start_engine(
        &runtime,
        options.clone(),
        opened,
        Listeners { link: engine_end, watchers },
        clock.clone(),
        Arc::clone(&failure),
        wake.clone(),
    );
    listen(&runtime, control);
    serve(&runtime, gateway.serve_as_set(settings));
    watch_signals(&runtime, wake.clone(), spare, clock.clone());

    let shown = eframe::run_native(
        "pitdesk",
        native_options(window_place),
        Box::new(|cc| Ok(Box::new(Frontend::new(cc, begin, wake, clock, began, Arc::clone(&failure))))),
    );
    let finished = runtime.block_on(async { tokio::time::timeout(SHUTDOWN_LIMIT, engine).await });
    if finished.is_err() {
        tracing::error!("the engine did not finish within {SHUTDOWN_LIMIT:?}");
    }
    runtime.shutdown_timeout(Duration::from_millis(200));
    drop(log);
    if let Some(why) = failure.get() {
        anyhow::bail!("{why}");
    }
    match shown {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) if is_display_error(&error) => Ok(no_display()),
        Err(error) => Err(anyhow::anyhow!("the window could not be opened: {error}")),
    }
}

/// Builds and runs the engine on the runtime, so that the window need not wait for it.
fn start_engine(
    runtime: &Runtime,
    options: Options,
    opened: Opened,
    listeners: Listeners,
    clock: Clock,
    failure: Arc<OnceLock<String>>,
    wake: Wake,
) -> JoinHandle<()> {
    let _inside = runtime.enter();
    let (failed, waker) = (Arc::clone(&failure), wake.clone());
    let task = async move {
        if let Err(error) = Box::pin(running::engine(options, opened, listeners, clock)).await
            && failure
                .set(format!("{error:#}. Nothing can be traded: close this window and start again"))
                .is_ok()
        {
            wake.rouse();
        }
    };
    // The window stays and says so: it shows the last that is known of orders and positions.
    supervisor::spawn_watched("engine", task, move |reason| {
        failed.set(stopped_text(reason)).ok();
        waker.rouse();
    })
}

/// What the trader reads when the engine has panicked.
fn stopped_text(reason: &str) -> String {
    format!(
        "The engine stopped ({reason}). Orders at a broker work on; the practice market stands still. \
         What you see is the last that is known: close this window and start again"
    )
}

/// Ctrl+C, a polite kill and a terminal that goes away close the window as its own button
/// would, without asking.
fn watch_signals(runtime: &Runtime, wake: Wake, engine: SpareSender, clock: Clock) {
    let _inside = runtime.enter();
    match Signals::take_over() {
        Ok(signals) => {
            supervisor::spawn("signals", end_when_asked(signals, move || wake.close(), engine, clock));
        }
        Err(error) => tracing::warn!("signals cannot be watched ({error}): Ctrl+C ends the program at once"),
    }
}

/// `pitdesk kill` reaches the engine, whether the window answers or not.
fn listen(runtime: &Runtime, control: Control) {
    let _inside = runtime.enter();
    supervisor::spawn("control socket", control::serve(control));
}

/// Alerts are heard, and seen on the desktop, where the settings say so.
fn tell_alerts(runtime: &Runtime, watchers: &Watchers, profile: &Profile) {
    let _inside = runtime.enter();
    let (settings, notes) = (watchers.settings.subscribe(), watchers.notes());
    let sound = Sound {
        fired: watchers.fired.subscribe(),
        settings: settings.clone(),
        notes: notes.clone(),
        file: profile.sound_file(),
        players: sound::PLAYERS.map(str::to_owned).to_vec(),
    };
    supervisor::spawn("sound of alerts", sound.follow());
    let desktop = Desktop { fired: watchers.fired.subscribe(), settings, notes, bus: None };
    supervisor::spawn("alerts on the desktop", desktop.follow());
}

/// Other programs may connect, where the settings say so.
fn serve(runtime: &Runtime, gateway: impl Future<Output = ()> + Send + 'static) {
    let _inside = runtime.enter();
    supervisor::spawn("gateway", gateway);
}

fn native_options(window: Option<WindowPlace>) -> eframe::NativeOptions {
    eframe::NativeOptions {
        viewport: place::builder(window).with_title(TITLE).with_app_id("pitdesk"),
        renderer: eframe::Renderer::Glow,
        // The fonts of the system are installed by `ui::fonts`, by the language of the text.
        system_font_fallback: false,
        ..eframe::NativeOptions::default()
    }
}

fn has_display() -> bool {
    ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"]
        .iter()
        .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// Whether no display was found behind the name that the environment gives.
fn is_display_error(error: &eframe::Error) -> bool {
    matches!(error, eframe::Error::WinitEventLoop(_) | eframe::Error::Winit(_))
}

#[expect(clippy::print_stderr, reason = "there is no other place to say it")]
fn no_display() -> ExitCode {
    eprintln!("{NO_DISPLAY}");
    ExitCode::from(NO_DISPLAY_CODE)
}

/// eframe's side of the terminal.
struct Frontend {
    terminal: beside::Shared,
    beside: Beside,
    wake: Wake,
    clock: Clock,
    failure: Arc<OnceLock<String>>,
    /// When this frame began.
    began: Time,
    /// When the last frame began that was painted.
    drawn_at: Option<Time>,
    /// How far the clock had jumped by then.
    jumped: Duration,
    frames: Frames,
    /// What the desktop shows of this window.
    title: String,
    /// Whose shapes Han characters have, once fonts of the system are looked for.
    han: Option<HanShapes>,
    /// Where it stands.
    place: Option<WindowPlace>,
    /// Whether it was looked at where it has come up.
    is_placed: bool,
}

/// Counts frames for the log: how soon the first was there, and how many there were.
struct Frames {
    began: Time,
    painted: u64,
    shown_market: bool,
}

impl Frames {
    /// A frame was on the screen at `at`; `has_market` when it showed what the engine told.
    fn on_painted(&mut self, at: Time, has_market: bool) {
        let after = at.since(self.began).as_secs_f64() * 1e3;
        if self.painted == 0 {
            tracing::info!("first frame after {after:.1} ms");
        }
        self.painted += 1;
        if has_market && !self.shown_market {
            self.shown_market = true;
            tracing::info!("first frame with the market after {after:.1} ms");
        }
    }

    fn on_exit(&self, now: Time, beside: u64) {
        let seconds = now.since(self.began).as_secs_f64();
        tracing::info!("painted {} frames in {seconds:.1} s, and {beside} of other windows", self.painted);
    }
}

impl Frontend {
    fn new(
        cc: &eframe::CreationContext<'_>,
        begin: Begin,
        wake: Wake,
        clock: Clock,
        began: Time,
        failure: Arc<OnceLock<String>>,
    ) -> Self {
        fonts::install(&cc.egui_ctx);
        set_options(&cc.egui_ctx);
        // Whoever wakes from now on reaches this window; it draws once without being asked.
        wake.attach(cc.egui_ctx.clone());
        let frames = Frames { began, painted: 0, shown_market: false };
        Self {
            terminal: Arc::new(Mutex::new(Terminal::new(begin))),
            beside: Beside::default(),
            began: clock.now(),
            wake,
            clock,
            failure,
            drawn_at: None,
            jumped: Duration::ZERO,
            frames,
            title: TITLE.to_owned(),
            han: None,
            place: None,
            is_placed: false,
        }
    }

    /// Brings a window back that came up where no monitor is any more, and remembers where it stands.
    fn follow_place(&mut self, ctx: &egui::Context, frame: &eframe::Frame) {
        if !std::mem::replace(&mut self.is_placed, true)
            && let Some(command) = place::rescue_command(frame, ctx.pixels_per_point())
        {
            tracing::info!("the window stood on a monitor that is gone: it is moved");
            ctx.send_viewport_cmd(command);
            return;
        }
        let scale = ctx.zoom_factor();
        let now = ctx.input(|input| place::now(input.viewport(), scale, self.place));
        if let Some(place) = now.filter(|_| now != self.place) {
            self.place = now;
            beside::of(&self.terminal).on_window_place(place);
        }
    }

    /// Looks for fonts of the system, and again when Han characters are to have other shapes.
    fn follow_han(&mut self, ctx: &egui::Context) {
        let han = beside::of(&self.terminal).desk().settings().looks.han;
        if self.han.replace(han) != Some(han) {
            fonts::install_system_fallback(ctx, han.locale());
        }
    }

    /// Money at stake is in the title, once the accounts are known.
    fn show_title(&mut self, ctx: &egui::Context) {
        let terminal = beside::of(&self.terminal);
        let title = terminal.title();
        if title != self.title && !terminal.desk().accounts().is_empty() {
            self.title.clone_from(&title);
            ctx.send_viewport_cmd(ViewportCommand::Title(title));
        }
    }

    fn handle_close(&mut self, ctx: &egui::Context) {
        let mut terminal = beside::of(&self.terminal);
        if self.wake.is_closing() || terminal.has_quit() {
            ctx.send_viewport_cmd(ViewportCommand::Close);
        } else if ctx.input(|input| input.viewport().close_requested()) {
            tracing::info!("asked by the desktop to close");
            terminal.ask_to_quit();
            if !terminal.has_quit() {
                ctx.send_viewport_cmd(ViewportCommand::CancelClose);
            }
        }
    }
}

impl eframe::App for Frontend {
    fn logic(&mut self, ctx: &egui::Context, frame: &mut eframe::Frame) {
        let now = self.clock.now();
        let mut terminal = beside::of(&self.terminal);
        if let Some(began) = self.drawn_at.take() {
            // eframe tells a frame's time when the next one begins.
            // Where another window was painted after this one, that one's.
            if self.wake.has_drawn_beside(began) {
                self.frames.on_painted(now, terminal.desk().is_synced());
                terminal.on_painted_unmeasured();
            } else if let Some(seconds) = frame.info().cpu_usage {
                let at = began + Duration::from_secs_f32(seconds.max(0.0));
                self.frames.on_painted(at, terminal.desk().is_synced());
                terminal.on_painted(at);
            }
            // As it does after every input; other frames may come as late as they like.
            // The time that the computer slept is no gap.
            let jumped = self.clock.jumped();
            let has_slept = std::mem::replace(&mut self.jumped, jumped) < jumped;
            if ctx.requested_repaint_last_pass() && !has_slept {
                terminal.on_frame_gap(FrameGap { lasted: now.since(began), ended: now });
            }
        }
        self.began = now;
        self.wake.on_frame(now);
        terminal.logic();
        if let Some(why) = self.failure.get() {
            terminal.engine_stopped(why);
        }
        drop(terminal);
        self.show_title(ctx);
        self.follow_han(ctx);
        self.follow_place(ctx, frame);
        self.handle_close(ctx);
    }

    fn ui(&mut self, ui: &mut egui::Ui, frame: &mut eframe::Frame) {
        self.drawn_at = Some(self.began);
        beside::of(&self.terminal).ui(ui);
        self.beside.show(ui.ctx(), frame, (&self.terminal, &self.wake, &self.clock));
    }

    fn on_exit(&mut self, _gl: Option<&eframe::glow::Context>) {
        self.frames.on_exit(self.clock.now(), self.wake.painted_beside());
        beside::of(&self.terminal).shut_down();
    }
}
