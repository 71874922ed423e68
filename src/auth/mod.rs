//! Layer 1: the token manager, a sans-IO machine. Events in, effects out; the clock and randomness are arguments.
//!
//! [`machine`] holds the state and answers readers, [`flights`] talks to the provider, [`fences`] listens to identity, clock and refusals.

pub mod budget;
pub mod claims;
pub mod entry;
pub mod fences;
pub mod flights;
pub mod identity;
mod landing;
pub mod machine;
pub mod policy;
pub mod skew;
