//! Every pixel once: coverage, blending, clipping, textures.

use std::sync::Arc;

use egui::epaint::{ClippedPrimitive, ImageDelta, Primitive, Vertex, WHITE_UV};
use egui::{Color32, ColorImage, Mesh, Pos2, Rect, TextureId, TextureOptions, TexturesDelta, pos2};
use proptest::prelude::*;

use super::triangle::{Area, Point, cover};
use super::*;

const SIDE: usize = 24;
/// The side in columns and rows, and on the coordinate grid.
const ROWS: i64 = 24;
const EDGE: i64 = ROWS * 256;
const WHITE: TextureId = TextureId::Managed(0);
const OTHER: TextureId = TextureId::User(7);
const EVERYWHERE: Rect = Rect::EVERYTHING;

fn image(size: [usize; 2], texel: impl Fn(usize, usize) -> Color32) -> ColorImage {
    let pixels = (0..size[1]).flat_map(|y| (0..size[0]).map(move |x| (x, y)));
    ColorImage::new(size, pixels.map(|(x, y)| texel(x, y)).collect())
}

fn upload(raster: &mut Raster, id: TextureId, delta: ImageDelta) {
    let mut deltas = TexturesDelta::default();
    deltas.push(id, delta);
    raster.apply_textures(&deltas);
    deltas.clear();
}

/// A canvas with the white texture that plain shapes use.
fn canvas() -> Raster {
    let mut raster = Raster::new(SIDE, SIDE);
    let white = image([2, 2], |_, _| Color32::WHITE);
    upload(&mut raster, WHITE, ImageDelta::full(white, TextureOptions::LINEAR));
    raster
}

fn vertex(pos: Pos2, color: Color32) -> Vertex {
    Vertex { pos, uv: WHITE_UV, color }
}

fn mesh(vertices: Vec<Vertex>, indices: Vec<u32>) -> Mesh {
    Mesh { indices, vertices, texture_id: WHITE }
}

fn plain(corners: [Pos2; 3], color: Color32) -> Mesh {
    mesh(corners.map(|at| vertex(at, color)).to_vec(), vec![0, 1, 2])
}

fn rectangle(rect: Rect, color: Color32) -> Mesh {
    let mut mesh = Mesh::with_texture(WHITE);
    mesh.add_colored_rect(rect, color);
    mesh
}

fn textured(rect: Rect, uv: Rect, tint: Color32) -> Mesh {
    let mut mesh = Mesh::with_texture(OTHER);
    mesh.add_rect_with_uv(rect, uv, tint);
    mesh
}

fn draw(raster: &mut Raster, clip: Rect, meshes: Vec<Mesh>) {
    let primitives: Vec<_> = meshes
        .into_iter()
        .map(|mesh| ClippedPrimitive { clip_rect: clip, primitive: Primitive::Mesh(mesh) })
        .collect();
    raster.draw(&primitives, 1.0, Color32::TRANSPARENT);
}

fn at(raster: &Raster, x: usize, y: usize) -> [u8; 4] {
    raster.pixels[y * raster.width + x]
}

fn painted(raster: &Raster) -> usize {
    raster.pixels.iter().filter(|pixel| pixel[3] > 0).count()
}

/// Inside or on a top-left edge, straight from the definition.
fn naive_inside(corners: [Point; 3], x: i64, y: i64) -> bool {
    let p = Point::centre_of(x, y);
    let [a, b, c] = corners;
    let cross = |from: Point, to: Point, p: Point| {
        i128::from(to.x - from.x) * i128::from(p.y - from.y)
            - i128::from(to.y - from.y) * i128::from(p.x - from.x)
    };
    let sides = if cross(a, b, c) > 0 { [(a, b), (b, c), (c, a)] } else { [(a, c), (c, b), (b, a)] };
    cross(a, b, c) != 0
        && sides.iter().all(|&(from, to)| {
            let top_or_left = to.y < from.y || (to.y == from.y && to.x > from.x);
            let side = cross(from, to, p);
            side > 0 || (side == 0 && top_or_left)
        })
}

fn counts(triangles: &[[Point; 3]], area: &Area) -> Vec<u32> {
    let mut counts = vec![0; SIDE * SIDE];
    for &triangle in triangles {
        cover(triangle, area, |row, columns| {
            assert!(area.rows.contains(&row) && columns.start >= area.columns.start);
            assert!(columns.start < columns.end && columns.end <= area.columns.end);
            let line = &mut counts[row as usize * SIDE..][..SIDE];
            line[columns.start as usize..columns.end as usize].iter_mut().for_each(|n| *n += 1);
        });
    }
    counts
}

/// Where a pixel is in the answer of [`counts`].
fn cell(column: i64, row: i64) -> usize {
    row as usize * SIDE + column as usize
}

fn whole() -> Area {
    Area { columns: 0..ROWS, rows: 0..ROWS }
}

/// Points around the canvas, often on the centres and corners of pixels, where ties are decided.
fn any_point() -> impl Strategy<Value = Point> {
    let fine = -8 * 256..32 * 256_i64;
    let coarse = (-16..64_i64).prop_map(|half| half * 128);
    let along = prop_oneof![fine, coarse];
    (along.clone(), along).prop_map(|(x, y)| Point { x, y })
}

proptest! {
    #[test]
    fn a_triangle_covers_the_pixels_of_the_definition(a in any_point(), b in any_point(), c in any_point()) {
        let counts = counts(&[[a, b, c]], &whole());
        for y in 0..ROWS {
            for x in 0..ROWS {
                prop_assert_eq!(counts[cell(x, y)] == 1, naive_inside([a, b, c], x, y), "at {} {}", x, y);
            }
        }
    }

    #[test]
    fn triangles_around_a_point_cover_each_pixel_once(
        hub_x in 1..EDGE, hub_y in 1..EDGE, half in any::<bool>(),
        mut cuts in prop::collection::vec(0..EDGE * 4, 0..9),
    ) {
        let side = EDGE;
        let hub = if half {
            Point { x: hub_x / 128 * 128, y: hub_y / 128 * 128 }
        } else {
            Point { x: hub_x, y: hub_y }
        };
        cuts.extend([0, side, 2 * side, 3 * side]);
        cuts.sort_unstable();
        let rim = |t: i64| match (t / side, t % side) {
            (0, t) => Point { x: t, y: 0 },
            (1, t) => Point { x: side, y: t },
            (2, t) => Point { x: side - t, y: side },
            (_, t) => Point { x: 0, y: side - t },
        };
        let triangles: Vec<_> = (0..cuts.len())
            .map(|i| [hub, rim(cuts[i]), rim(cuts[(i + 1) % cuts.len()])])
            .collect();
        prop_assert!(counts(&triangles, &whole()).iter().all(|&n| n == 1));
    }

    #[test]
    fn the_area_limits_and_never_changes_what_is_covered(
        a in any_point(), b in any_point(), c in any_point(),
        left in 0..ROWS, right in 0..ROWS, top in 0..ROWS, bottom in 0..ROWS,
    ) {
        let area = Area { columns: left.min(right)..left.max(right), rows: top.min(bottom)..top.max(bottom) };
        let (free, limited) = (counts(&[[a, b, c]], &whole()), counts(&[[a, b, c]], &area));
        for y in 0..ROWS {
            for x in 0..ROWS {
                let inside = area.columns.contains(&x) && area.rows.contains(&y);
                let expected = if inside { free[cell(x, y)] } else { 0 };
                prop_assert_eq!(limited[cell(x, y)], expected);
            }
        }
    }

    #[test]
    fn far_corners_neither_overflow_nor_leak(
        a in any_point(), b in any_point(),
        x in prop_oneof![Just(f64::INFINITY), Just(f64::NEG_INFINITY), -1e30..1e30_f64, -4e6..4e6_f64],
        y in prop_oneof![Just(f64::INFINITY), Just(f64::NEG_INFINITY), -1e30..1e30_f64, -4e6..4e6_f64],
    ) {
        let far = Point::from_pixels(x, y).expect("a number");
        let counts = counts(&[[a, b, far]], &whole());
        for y in 0..ROWS {
            for x in 0..ROWS {
                prop_assert_eq!(counts[cell(x, y)] == 1, naive_inside([a, b, far], x, y));
            }
        }
    }

    #[test]
    fn a_rectangle_covers_what_its_two_triangles_cover(a in any_point(), b in any_point()) {
        let min = Point { x: a.x.min(b.x), y: a.y.min(b.y) };
        let max = Point { x: a.x.max(b.x), y: a.y.max(b.y) };
        let (right, left) = (Point { x: max.x, y: min.y }, Point { x: min.x, y: max.y });
        let counts = counts(&[[min, right, left], [left, right, max]], &whole());
        let Area { columns, rows } = whole().within(min, max);
        for y in 0..ROWS {
            for x in 0..ROWS {
                prop_assert_eq!(counts[cell(x, y)] == 1, columns.contains(&x) && rows.contains(&y));
            }
        }
    }

    #[test]
    fn blending_is_the_exact_quotient(dst in any::<[u8; 4]>(), src in any::<[u8; 4]>()) {
        let got = blend::over(dst, src);
        for i in 0..4 {
            let kept = (f64::from(dst[i]) * f64::from(255 - src[3]) / 255.0).round();
            prop_assert_eq!(got[i], (f64::from(src[i]) + kept).min(255.0) as u8);
        }
    }

    #[test]
    fn tinting_and_mixing_are_within_half_a_level(
        texels in any::<[[[u8; 4]; 2]; 2]>(), tint in any::<[u8; 4]>(), right in 0..256_u32, down in 0..256_u32,
    ) {
        let tinted = blend::modulate(tint.map(|c| u32::from(c) << 8), texels[0][0]);
        let mixed = blend::bilinear(texels, right, down);
        let (fx, fy) = (f64::from(right) / 256.0, f64::from(down) / 256.0);
        for i in 0..4 {
            let [[a, b], [c, d]] = texels.map(|row| row.map(|texel| f64::from(texel[i])));
            let exact = (a * (1.0 - fx) + b * fx) * (1.0 - fy) + (c * (1.0 - fx) + d * fx) * fy;
            prop_assert!((f64::from(mixed[i]) - exact).abs() <= 0.5);
            prop_assert!((f64::from(tinted[i]) - f64::from(tint[i]) * a / 255.0).abs() <= 0.5);
        }
    }

    #[test]
    fn colours_between_corners_are_those_of_the_weights(
        corners in prop::array::uniform3((-4.0..28.0_f32, -4.0..28.0_f32)), colors in any::<[[u8; 4]; 3]>(),
    ) {
        let colors = colors.map(|[r, g, b, _]| Color32::from_rgb(r, g, b));
        let points = corners.map(|(x, y)| pos2((x * 256.0).round() / 256.0, (y * 256.0).round() / 256.0));
        let vertices = (0..3).map(|i| vertex(points[i], colors[i])).collect();
        let mut raster = canvas();
        draw(&mut raster, EVERYWHERE, vec![mesh(vertices, vec![0, 1, 2])]);
        let [a, b, c] = points.map(|p| (f64::from(p.x), f64::from(p.y)));
        let cross = |o: (f64, f64), p: (f64, f64), q: (f64, f64)| (p.0 - o.0) * (q.1 - o.1) - (q.0 - o.0) * (p.1 - o.1);
        for y in 0..SIDE {
            for x in 0..SIDE {
                let got = at(&raster, x, y);
                if got[3] == 0 {
                    continue;
                }
                let p = (x as f64 + 0.5, y as f64 + 0.5);
                let weights = [cross(b, c, p), cross(c, a, p), cross(a, b, p)].map(|w| w / cross(a, b, c));
                for i in 0..3 {
                    let exact: f64 = (0..3).map(|k| weights[k] * f64::from(colors[k][i])).sum();
                    prop_assert!((f64::from(got[i]) - exact).abs() < 0.52, "{} is not {}", got[i], exact);
                }
            }
        }
    }
}

#[test]
fn a_filled_shape_has_its_area() {
    let mut raster = canvas();
    draw(
        &mut raster,
        EVERYWHERE,
        vec![rectangle(Rect::from_min_max(pos2(3.0, 4.0), pos2(13.0, 9.0)), Color32::RED)],
    );
    assert_eq!(painted(&raster), 50);
    draw(
        &mut raster,
        EVERYWHERE,
        vec![plain([pos2(0.0, 0.0), pos2(20.0, 0.0), pos2(0.0, 20.0)], Color32::RED)],
    );
    assert_eq!(painted(&raster), 190, "centres on the hypotenuse belong to the other side");
}

#[test]
fn a_rectangle_in_any_winding_is_painted_once() {
    let half = Color32::from_rgba_premultiplied(100, 0, 0, 128);
    let corners = [pos2(2.0, 2.0), pos2(8.0, 2.0), pos2(2.0, 8.0), pos2(8.0, 8.0)];
    for indices in [[0, 1, 2, 2, 1, 3], [0, 2, 1, 1, 3, 2], [1, 0, 3, 0, 3, 2], [3, 1, 0, 0, 2, 3]] {
        let mut raster = canvas();
        let vertices = corners.map(|at| vertex(at, half)).to_vec();
        draw(&mut raster, EVERYWHERE, vec![mesh(vertices, indices.to_vec())]);
        assert_eq!(painted(&raster), 36, "{indices:?}");
        assert!(raster.pixels.iter().all(|p| *p == [0; 4] || *p == [100, 0, 0, 128]), "{indices:?}");
    }
}

#[test]
fn triangles_that_overlap_are_no_rectangle() {
    let half = Color32::from_rgba_premultiplied(100, 0, 0, 128);
    let corners = [pos2(2.0, 2.0), pos2(8.0, 2.0), pos2(2.0, 8.0), pos2(8.0, 8.0)];
    for indices in [[0, 1, 2, 0, 2, 1], [0, 1, 2, 0, 1, 3]] {
        let mut raster = canvas();
        let vertices = corners.map(|at| vertex(at, half)).to_vec();
        draw(&mut raster, EVERYWHERE, vec![mesh(vertices, indices.to_vec())]);
        assert_eq!(at(&raster, 4, 7), [0; 4], "{indices:?}: neither covers this");
        assert_eq!(at(&raster, 4, 3), [150, 0, 0, 192], "{indices:?}: and this is painted twice");
    }
}

#[test]
fn clip_rectangles_are_rounded_to_whole_pixels() {
    let mut raster = canvas();
    let clip = Rect::from_min_max(pos2(2.4, 3.5), pos2(10.5, 11.4));
    draw(&mut raster, clip, vec![rectangle(EVERYWHERE, Color32::GREEN)]);
    let inside = |x: usize, y: usize| (2..11).contains(&x) && (4..11).contains(&y);
    for y in 0..SIDE {
        for x in 0..SIDE {
            assert_eq!(at(&raster, x, y)[3] > 0, inside(x, y), "at {x} {y}");
        }
    }
    draw(&mut raster, Rect::NOTHING, vec![rectangle(EVERYWHERE, Color32::GREEN)]);
    assert_eq!(painted(&raster), 0);
}

#[test]
fn points_are_scaled_to_pixels() {
    let mut raster = canvas();
    let rect = Rect::from_min_max(pos2(1.0, 1.0), pos2(3.0, 3.0));
    let primitive = Primitive::Mesh(rectangle(rect, Color32::RED));
    raster.draw(&[ClippedPrimitive { clip_rect: EVERYWHERE, primitive }], 2.0, Color32::BLACK);
    assert_eq!((at(&raster, 2, 2), at(&raster, 5, 5)), ([255, 0, 0, 255], [255, 0, 0, 255]));
    assert_eq!((at(&raster, 1, 2), at(&raster, 6, 5)), ([0, 0, 0, 255], [0, 0, 0, 255]));
}

#[test]
fn additive_colours_stop_at_white() {
    let mut raster = canvas();
    let glow = Color32::from_rgb_additive(200, 10, 0);
    let everything = || rectangle(EVERYWHERE, glow);
    draw(&mut raster, EVERYWHERE, vec![rectangle(EVERYWHERE, Color32::from_rgb(100, 20, 7)), everything()]);
    assert_eq!(at(&raster, 5, 5), [255, 30, 7, 255]);
}

#[test]
fn texels_drawn_one_to_one_arrive_unchanged() {
    let mut raster = canvas();
    let texel = |x: usize, y: usize| Color32::from_rgb((x * 30) as u8, (y * 30) as u8, 90);
    for options in [TextureOptions::LINEAR, TextureOptions::NEAREST] {
        upload(&mut raster, OTHER, ImageDelta::full(image([8, 6], texel), options));
        let rect = Rect::from_min_max(pos2(5.0, 7.0), pos2(13.0, 13.0));
        draw(
            &mut raster,
            EVERYWHERE,
            vec![textured(rect, Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0)), Color32::WHITE)],
        );
        for (x, y) in (0..6).flat_map(|y| (0..8).map(move |x| (x, y))) {
            assert_eq!(at(&raster, x + 5, y + 7), texel(x, y).to_array(), "{options:?}");
        }
        assert_eq!(painted(&raster), 48);
    }
}

#[test]
fn a_part_of_an_atlas_of_any_size_arrives_unchanged() {
    let mut raster = canvas();
    let texel = |x: usize, y: usize| Color32::from_rgb((x * 37 % 256) as u8, (y * 61 % 256) as u8, 90);
    upload(&mut raster, OTHER, ImageDelta::full(image([1031, 1537], texel), TextureOptions::LINEAR));
    for (left, top) in (0..60_u16).map(|i| (i * 17, i * 25)) {
        let at_texel = |x: u16, y: u16| pos2(f32::from(x) / 1031.0, f32::from(y) / 1537.0);
        let uv = Rect::from_min_max(at_texel(left, top), at_texel(left + 9, top + 6));
        let rect = Rect::from_min_max(pos2(5.0, 7.0), pos2(14.0, 13.0));
        draw(&mut raster, EVERYWHERE, vec![textured(rect, uv, Color32::WHITE)]);
        for (x, y) in (0..6).flat_map(|y| (0..9).map(move |x| (x, y))) {
            let expected = texel(usize::from(left) + x, usize::from(top) + y);
            assert_eq!(at(&raster, x + 5, y + 7), expected.to_array(), "from {left} {top}");
        }
    }
}

#[test]
fn filters_and_wrapping_follow_the_options() {
    let mut raster = canvas();
    let black_white = || image([2, 1], |x, _| Color32::from_gray(if x == 0 { 0 } else { 200 }));
    let row = |raster: &mut Raster, options, uv: Rect| {
        upload(raster, OTHER, ImageDelta::full(black_white(), options));
        let rect = Rect::from_min_max(pos2(0.0, 0.0), pos2(8.0, 1.0));
        draw(raster, EVERYWHERE, vec![textured(rect, uv, Color32::WHITE)]);
        (0..8).map(|x| at(raster, x, 0)[0]).collect::<Vec<_>>()
    };
    let once = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
    let twice = Rect::from_min_max(pos2(0.0, 0.0), pos2(2.0, 1.0));
    assert_eq!(row(&mut raster, TextureOptions::NEAREST, once), [0, 0, 0, 0, 200, 200, 200, 200]);
    assert_eq!(row(&mut raster, TextureOptions::LINEAR, once), [0, 0, 25, 75, 125, 175, 200, 200]);
    assert_eq!(row(&mut raster, TextureOptions::NEAREST, twice), [0, 0, 200, 200, 200, 200, 200, 200]);
    assert_eq!(row(&mut raster, TextureOptions::NEAREST_REPEAT, twice), [0, 0, 200, 200, 0, 0, 200, 200]);
    assert_eq!(
        row(&mut raster, TextureOptions::NEAREST_MIRRORED_REPEAT, twice),
        [0, 0, 200, 200, 200, 200, 0, 0]
    );
}

#[test]
fn a_patch_changes_its_part_of_the_texture_only() {
    let mut raster = canvas();
    let options = TextureOptions::NEAREST;
    upload(&mut raster, OTHER, ImageDelta::full(image([8, 8], |_, _| Color32::BLUE), options));
    upload(&mut raster, OTHER, ImageDelta::partial([2, 3], image([3, 2], |_, _| Color32::RED), options));
    let rect = Rect::from_min_max(pos2(0.0, 0.0), pos2(8.0, 8.0));
    draw(
        &mut raster,
        EVERYWHERE,
        vec![textured(rect, Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0)), Color32::WHITE)],
    );
    for (x, y) in (0..8).flat_map(|y| (0..8).map(move |x| (x, y))) {
        let red = (2..5).contains(&x) && (3..5).contains(&y);
        let expected = if red { Color32::RED } else { Color32::BLUE };
        assert_eq!(at(&raster, x, y), expected.to_array(), "at {x} {y}");
    }
}

#[test]
fn a_freed_texture_serves_its_last_frame_and_then_counts_as_missing() {
    let mut raster = canvas();
    let solid = ImageDelta::full(image([1, 1], |_, _| Color32::RED), TextureOptions::NEAREST);
    let show =
        || vec![textured(EVERYWHERE, Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0)), Color32::WHITE)];
    let mut delta = TexturesDelta::default();
    delta.push(OTHER, solid);
    delta.free(OTHER);
    raster.apply_textures(&delta);
    delta.clear();
    draw(&mut raster, EVERYWHERE, show());
    assert_eq!((painted(&raster), raster.skipped()), (SIDE * SIDE, Skipped::default()));
    raster.apply_textures(&delta);
    draw(&mut raster, EVERYWHERE, show());
    assert_eq!(painted(&raster), 0);
    assert_eq!(raster.skipped(), Skipped { callbacks: 0, meshes_without_texture: 1 });
}

#[test]
fn callbacks_are_skipped_and_counted() {
    let mut raster = canvas();
    let callback = egui::epaint::PaintCallback { rect: EVERYWHERE, callback: Arc::new(()) };
    let primitive = Primitive::Callback(callback);
    raster.draw(&[ClippedPrimitive { clip_rect: EVERYWHERE, primitive }], 1.0, Color32::BLACK);
    assert_eq!(raster.skipped(), Skipped { callbacks: 1, meshes_without_texture: 0 });
}

#[test]
fn broken_vertices_leave_the_rest_of_the_mesh_alone() {
    let mut raster = canvas();
    let good = [pos2(0.0, 0.0), pos2(4.0, 0.0), pos2(0.0, 4.0)].map(|at| vertex(at, Color32::RED));
    let bad = vertex(pos2(f32::NAN, 0.0), Color32::RED);
    let vertices = [bad].into_iter().chain(good).collect();
    draw(&mut raster, EVERYWHERE, vec![mesh(vertices, vec![0, 1, 2, 1, 2, 3, 1, 2, 99])]);
    assert_eq!(painted(&raster), 6);
}

#[test]
fn a_picture_file_has_straight_alpha() {
    let mut raster = canvas();
    draw(
        &mut raster,
        EVERYWHERE,
        vec![rectangle(EVERYWHERE, Color32::from_rgba_premultiplied(64, 32, 0, 128))],
    );
    let mut file = Vec::new();
    raster.encode_png(&mut file).unwrap();
    let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!((info.width, info.height), (SIDE as u32, SIDE as u32));
    assert_eq!(pixels[..4], [128, 64, 0, 128]);
}

#[test]
fn a_picture_that_cannot_be_written_names_its_path() {
    let error = canvas().write_png(Path::new("/nowhere/at/all.png")).unwrap_err();
    assert!(error.to_string().contains("/nowhere/at/all.png"), "{error}");
}
