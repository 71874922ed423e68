//! Base64url, read as tolerantly as the strictest complaint allows: what is decoded, and what a strict verifier would object to.

/// Bytes, and the first thing about their spelling that the standard forbids.
pub struct Decoded {
    /// What it stands for.
    pub bytes: Vec<u8>,
    /// In words that fit "it is written with ...".
    pub odd: Option<&'static str>,
}

/// `None`: no base64 in any alphabet, or cut in the middle of a byte.
pub fn decode(text: &str) -> Option<Decoded> {
    let bare = text.trim_end_matches('=');
    let mut odd = (bare.len() != text.len()).then_some("padding (=)");
    let mut bytes = Vec::with_capacity(bare.len() / 4 * 3 + 2);
    let mut bits: u32 = 0;
    let mut have = 0;
    for byte in bare.bytes() {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            b'+' | b'/' => {
                odd = odd.or(Some("the alphabet of ordinary base64 (+ and /)"));
                if byte == b'+' { 62 } else { 63 }
            }
            _ => return None,
        };
        bits = (bits << 6 | u32::from(six)) & 0xffff;
        have += 6;
        if have >= 8 {
            have -= 8;
            bytes.push((bits >> have) as u8);
        }
    }
    if have >= 6 {
        return None;
    }
    if bits & ((1 << have) - 1) != 0 {
        odd = odd.or(Some("stray bits after its last byte"));
    }
    Some(Decoded { bytes, odd })
}
