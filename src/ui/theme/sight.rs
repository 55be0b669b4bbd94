//! Colours as eyes see them that lack one kind of cone.
//!
//! The matrices are those for a severity of 1.0 in G. M. Machado, M. M. Oliveira and L. A. F. Fernandes, "A
//! Physiologically-based Model for Simulation of Color Vision Deficiency", IEEE Transactions on Visualization and
//! Computer Graphics 15 (6), 2009. They act on linear sRGB.

use egui::Color32;

pub(super) type Sight = [[f64; 3]; 3];

/// With all three kinds of cones.
pub(super) const FULL: Sight = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];

/// Every kind of eyes that colours must be told apart by.
pub(super) const EYES: [(&str, &Sight); 4] = [
    ("all eyes", &FULL),
    ("eyes without red cones (protanopia)", &PROTANOPIA),
    ("eyes without green cones (deuteranopia)", &DEUTERANOPIA),
    ("eyes without blue cones (tritanopia)", &TRITANOPIA),
];

const PROTANOPIA: Sight = [
    [0.152_286, 1.052_583, -0.204_868],
    [0.114_503, 0.786_281, 0.099_216],
    [-0.003_882, -0.048_116, 1.051_998],
];
const DEUTERANOPIA: Sight = [
    [0.367_322, 0.860_646, -0.227_968],
    [0.280_085, 0.672_501, 0.047_413],
    [-0.011_820, 0.042_940, 0.968_881],
];
const TRITANOPIA: Sight = [
    [1.255_528, -0.076_749, -0.178_779],
    [-0.078_411, 0.930_809, 0.147_602],
    [0.004_733, 0.691_367, 0.303_900],
];

/// How different two colours look, as CIE 1976 has it: the distance in CIELAB, for daylight (D65).
pub(super) fn difference(sight: &Sight, one: Color32, other: Color32) -> f64 {
    let (one, other) = (lab(seen(sight, one)), lab(seen(sight, other)));
    one.iter().zip(other).map(|(one, other)| (one - other).powi(2)).sum::<f64>().sqrt()
}

fn times(matrix: &[[f64; 3]; 3], vector: [f64; 3]) -> [f64; 3] {
    matrix.map(|row| row.iter().zip(vector).map(|(one, other)| one * other).sum())
}

fn seen(sight: &Sight, colour: Color32) -> [f64; 3] {
    let linear = |byte: u8| {
        let x = f64::from(byte) / 255.0;
        if x <= 0.040_45 { x / 12.92 } else { ((x + 0.055) / 1.055).powf(2.4) }
    };
    times(sight, [linear(colour.r()), linear(colour.g()), linear(colour.b())]).map(|x| x.clamp(0.0, 1.0))
}

fn lab(rgb: [f64; 3]) -> [f64; 3] {
    const XYZ: [[f64; 3]; 3] = [
        [0.412_456_4, 0.357_576_1, 0.180_437_5],
        [0.212_672_9, 0.715_152_2, 0.072_175_0],
        [0.019_333_9, 0.119_192_0, 0.950_304_1],
    ];
    let [x, y, z] = times(&XYZ, rgb);
    let f = |t: f64| if t > 216.0 / 24_389.0 { t.cbrt() } else { (24_389.0 / 27.0 * t + 16.0) / 116.0 };
    let (x, y, z) = (f(x / 0.950_47), f(y), f(z / 1.088_83));
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

#[test]
fn a_known_pair_is_as_far_apart_as_it_should_be() {
    let between = |one, other| difference(&FULL, one, other);
    assert!((between(Color32::BLACK, Color32::WHITE) - 100.0).abs() < 0.1);
    assert!((between(Color32::RED, Color32::from_rgb(0, 255, 0)) - 170.6).abs() < 0.5, "of sRGB's corners");
    let (red, green) = (Color32::from_rgb(178, 34, 34), Color32::from_rgb(85, 107, 47));
    assert!(difference(&DEUTERANOPIA, red, green) < 0.6 * between(red, green), "which such eyes confuse");
}
