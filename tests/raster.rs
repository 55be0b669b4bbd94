//! The picture tests themselves: that they draw what egui means, and that they notice changes.

#[path = "common/picture.rs"]
mod picture;
#[path = "common/soft_renderer.rs"]
mod soft_renderer;

use egui::{Color32, Mesh, Rect, RichText, Stroke, StrokeKind, Ui, pos2, vec2};
use egui_kittest::{Harness, SnapshotOptions, try_image_snapshot_options};
use image::RgbaImage;
use pitdesk::ui::fonts;

/// A little of all that panes draw: text in each family, rounded rectangles, lines, a mesh like a chart's.
fn sampler(ui: &mut Ui) {
    ui.label(RichText::new("BTC/JPY").font(fonts::bold(16.0)));
    ui.horizontal(|ui| {
        ui.label("14,250,001.50");
        ui.colored_label(Color32::from_rgb(38, 166, 154), "▲ +1.25 %");
        ui.colored_label(Color32::from_rgb(239, 83, 80), "▼ −0.75 %");
    });
    ui.monospace("  0.0125  14,250,000 ¥ ₿ │ ✓ ✕");
    ui.horizontal(|ui| {
        ui.add(egui::Button::new("Buy"));
        ui.add(egui::Button::selectable(true, "Limit"));
        ui.add_enabled(false, egui::Button::new("Sell"));
    });
    let (rect, _) = ui.allocate_exact_size(vec2(264.0, 72.0), egui::Sense::hover());
    let painter = ui.painter_at(rect);
    painter.rect(
        rect,
        6,
        Color32::from_gray(12),
        Stroke::new(1.0, Color32::from_gray(70)),
        StrokeKind::Inside,
    );
    let mut candles = Mesh::default();
    let mut line = Vec::new();
    for i in 0..31_u8 {
        let wave = f32::from((i * 7) % 16) - 8.0;
        let (x, y) = (rect.left() + 8.0 + f32::from(i) * 8.0, rect.center().y + wave);
        let color = if wave < 0.0 { Color32::from_rgb(38, 166, 154) } else { Color32::from_rgb(239, 83, 80) };
        candles.add_colored_rect(Rect::from_center_size(pos2(x + 2.5, y), vec2(1.0, 28.0)), color);
        candles.add_colored_rect(Rect::from_center_size(pos2(x + 2.5, y), vec2(5.0, 12.0)), color);
        line.push(pos2(x + 2.5, y - 16.0));
    }
    painter.add(candles);
    painter.add(egui::Shape::line(line, Stroke::new(1.5, Color32::from_rgb(255, 200, 60))));
    painter.hline(rect.x_range(), rect.center().y + 0.5, Stroke::new(1.0, Color32::from_white_alpha(60)));
    painter.circle(
        rect.center(),
        14.0,
        Color32::from_rgba_unmultiplied(90, 140, 255, 110),
        Stroke::new(2.0, Color32::WHITE),
    );
}

fn harness() -> Harness<'static> {
    soft_renderer::builder().with_size(vec2(280.0, 190.0)).build_ui(sampler)
}

#[test]
fn what_panes_draw_looks_like_this() {
    picture::assert_picture(&mut harness(), "raster_sampler");
}

#[test]
fn other_scales_have_other_pixels() {
    let picture = |scale: f32| {
        let mut harness = soft_renderer::builder()
            .with_size(vec2(280.0, 190.0))
            .with_pixels_per_point(scale)
            .build_ui(sampler);
        harness.render().unwrap()
    };
    assert_eq!(picture(1.5).dimensions(), (420, 285));
    assert_eq!(picture(1.0), harness().render().unwrap());
}

/// A folder with a picture of the sampler called `one`, and that picture.
fn kept() -> (tempfile::TempDir, RgbaImage) {
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let picture = harness().render().expect("a complete picture");
    picture.save(folder.path().join("one.png")).expect("room for a small file");
    (folder, picture)
}

/// The picture with one channel of one pixel moved by one level.
fn changed_at(picture: &RgbaImage, x: u32, y: u32) -> RgbaImage {
    let mut changed = picture.clone();
    let green = &mut changed.get_pixel_mut(x, y).0[1];
    *green = if *green == 255 { 254 } else { *green + 1 };
    changed
}

#[test]
fn one_pixel_that_changed_by_one_level_fails_the_comparison() {
    let (folder, expected) = kept();
    picture::compare(&expected, folder.path(), "one").unwrap();
    let (width, height) = expected.dimensions();
    for (x, y) in (0..height).step_by(31).flat_map(|y| (0..width).step_by(29).map(move |x| (x, y))) {
        let error = picture::compare(&changed_at(&expected, x, y), folder.path(), "one").unwrap_err();
        assert!(error.contains(&format!("1 pixels of one changed, the first at x {x}, y {y}")), "{error}");
    }
    assert!(folder.path().join("one.diff.png").exists() && folder.path().join("one.new.png").exists());
    picture::compare(&expected, folder.path(), "one").unwrap();
    assert!(!folder.path().join("one.diff.png").exists(), "nothing is left when all is well");
}

#[test]
fn a_missing_picture_and_another_size_fail_the_comparison() {
    let (folder, expected) = kept();
    let error = picture::compare(&expected, folder.path(), "two").unwrap_err();
    assert!(error.contains("two.png"), "{error}");
    let error = picture::compare(&RgbaImage::new(2, 3), folder.path(), "one").unwrap_err();
    assert!(error.contains("280x190") && error.contains("2x3"), "{error}");
}

/// Harnesses may use kittest's own snapshots for plain widgets, with the threshold 0 of `kittest.toml`.
#[test]
fn the_snapshots_of_kittest_notice_changes_outside_of_what_looks_antialiased() {
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        println!("not run: kittest takes over what fails");
        return;
    }
    let (folder, expected) = kept();
    let options = SnapshotOptions::new().output_path(folder.path());
    try_image_snapshot_options(&expected, "one", &options).unwrap();
    let background = changed_at(&expected, 279, 189);
    try_image_snapshot_options(&background, "one", &options).unwrap_err();
}
