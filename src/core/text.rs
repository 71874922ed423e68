//! Texts that are compared and never shown.

use std::num::NonZeroU64;

/// A 64-bit FNV-1a hash of a text: tells two identities apart without keeping, or showing, who they are.
/// Never zero, so that an absent one takes no room of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mark(NonZeroU64);

impl Mark {
    /// Of these bytes.
    pub fn of(text: &str) -> Self {
        let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
        for byte in text.bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        Self::from_hash(hash)
    }

    fn from_hash(hash: u64) -> Self {
        Self(NonZeroU64::new(hash).unwrap_or(NonZeroU64::MIN))
    }

    /// One mark of two.
    pub fn with(self, other: Self) -> Self {
        Self::from_hash(self.0.get().rotate_left(1) ^ other.0.get())
    }

    /// As much of it as a number of JavaScript can hold: 52 bits.
    pub fn number(self) -> i64 {
        (self.0.get() >> 12) as i64
    }
}

/// Whether a text contains another: a plain search, because the library's clever one is larger than everything that would use it.
pub fn contains(text: &str, part: &str) -> bool {
    text.as_bytes().windows(part.len()).any(|window| window == part.as_bytes())
}
