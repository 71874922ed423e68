//! What a machine needs to know of a value it carries but does not own: a token is a `JsValue` in the browser and a `String` in native tests.

/// A value that passes through a machine untouched.
pub trait Payload: Clone {
    /// Whether both are the same value. Decides that a "new" token is the one that was just refused.
    fn same(&self, other: &Self) -> bool;
}

impl Payload for String {
    fn same(&self, other: &Self) -> bool {
        self == other
    }
}
