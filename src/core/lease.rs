//! A token on loan: what a consumer holds while it uses one.

use super::time::UnixMillis;

/// Names one obtained token within a session. A refusal names the lease, never the token.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct LeaseId(pub u32);

/// A token and how long it may be used.
#[derive(Clone, Debug)]
pub struct Lease<V> {
    /// Which one.
    pub id: LeaseId,
    /// The token.
    pub value: V,
    /// Local time from which it must not be sent any more.
    pub not_after: UnixMillis,
    /// The identity generation in which it was obtained.
    pub generation: u32,
}
