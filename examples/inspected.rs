//! A small window for the tests of the window-test driver; goes when those can use the terminal itself.
//!
//! `inspected [title]`: one of each thing that the driver touches, and on `Quit` code 7.

use eframe::egui;

#[derive(Default)]
struct App {
    symbol: String,
    quantity: f64,
    armed: bool,
    orders: usize,
    dragged: egui::Vec2,
    keys: String,
}

impl eframe::App for App {
    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        egui::CentralPanel::default().show(ui, |ui| {
            let label = ui.label("Symbol");
            ui.text_edit_singleline(&mut self.symbol).labelled_by(label.id);
            let label = ui.label("Quantity");
            ui.add(egui::DragValue::new(&mut self.quantity)).labelled_by(label.id);
            ui.checkbox(&mut self.armed, "Armed");
            if ui.add_enabled(self.armed, egui::Button::new("Buy")).clicked() {
                self.orders += 1;
            }
            ui.label(format!("{} orders", self.orders));
            if ui.input(|input| input.key_pressed(egui::Key::F5) && input.modifiers.shift) {
                self.keys.push_str("Shift+F5");
            }
            ui.label(format!("keys: {}", self.keys));
            let pad = ui.add_sized([120.0, 60.0], egui::Button::new("Pad").sense(egui::Sense::drag()));
            self.dragged += pad.drag_delta();
            ui.label(format!("dragged {:.0} {:.0}", self.dragged.x, self.dragged.y));
            ui.label(if ui.input(|input| input.focused) { "in front" } else { "behind" });
            if ui.button("Quit").clicked() {
                std::process::exit(7);
            }
        });
    }
}

fn main() -> eframe::Result {
    let title = std::env::args().nth(1).unwrap_or_else(|| "inspected".to_owned());
    let options = eframe::NativeOptions {
        renderer: eframe::Renderer::Glow,
        system_font_fallback: false,
        ..eframe::NativeOptions::default()
    };
    let created = Box::new(|creation: &eframe::CreationContext<'_>| {
        eprintln!("started");
        pitdesk::ui::fonts::install(&creation.egui_ctx);
        Ok(Box::new(App::default()) as Box<dyn eframe::App>)
    });
    let outcome = eframe::run_native(&title, options, created);
    eprintln!("closed in order");
    outcome
}
