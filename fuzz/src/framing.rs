//! Frames, made from their description and not by the program, so that the two can disagree.

use pitdesk::broker::paper::wire::frame::HEADER;

/// Appends the frame of a payload.
pub fn frame(number: u64, payload: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.extend((payload.len() as u32).to_le_bytes());
    out.extend(number.to_le_bytes());
    out.extend(crc32fast::hash(payload).to_le_bytes());
    out.extend(crc32fast::hash(&out[start..]).to_le_bytes());
    assert_eq!(out.len() - start, HEADER);
    out.extend_from_slice(payload);
}

/// Frames of the lines of `text`, numbered from `first` on. One that begins with a digit and a colon
/// skips or repeats as many numbers.
pub fn frames(first: u64, text: &[u8]) -> Vec<u8> {
    let (mut bytes, mut number) = (Vec::new(), first);
    for line in text.split(|byte| *byte == b'\n') {
        let payload = match line {
            [step @ b'0'..=b'9', b':', rest @ ..] => {
                number = number.wrapping_add(u64::from(step - b'0')).wrapping_sub(1);
                rest
            }
            plain => plain,
        };
        frame(number, payload, &mut bytes);
        number = number.wrapping_add(1);
    }
    bytes
}

/// The input without its first two bytes, which say whether the rest are payloads, and in pieces of
/// which size it comes.
pub fn stream(first: u64, data: &[u8]) -> Option<(u8, usize, Vec<u8>)> {
    let [choice, size, rest @ ..] = data else { return None };
    let bytes = if choice & 1 == 0 { frames(first, rest) } else { rest.to_vec() };
    Some((*choice, usize::from(*size) + 1, bytes))
}
