//! Layer 2: what each backend says on the wire. One folder, one feature and one line here per backend; none knows another.

#[cfg(feature = "convex")]
pub mod convex;
#[cfg(feature = "fauna")]
pub mod fauna;
#[cfg(feature = "hasura")]
pub mod hasura;
#[cfg(feature = "instant")]
pub mod instant;

/// Every backend of this build.
#[cfg(feature = "core")]
pub const ALL: &[crate::core::http::Backend] = &[
    #[cfg(feature = "convex")]
    convex::BACKEND,
    #[cfg(feature = "fauna")]
    fauna::BACKEND,
    #[cfg(feature = "hasura")]
    hasura::BACKEND,
    #[cfg(feature = "instant")]
    instant::BACKEND,
];

/// The backend of a name; the generic one for any other.
#[cfg(feature = "core")]
pub fn named(name: &str) -> &'static crate::core::http::Backend {
    ALL.iter().find(|b| b.name == name).unwrap_or(&crate::core::http::GENERIC)
}
