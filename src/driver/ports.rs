//! What the driver needs of the world. Called with no borrow held, so that a port may call straight back.

use crate::auth::entry::{FlightId, KeyId, Reason};
use crate::auth::machine::Notice;
use crate::core::error::Why;
use crate::core::lease::Lease;
use crate::core::payload::Payload;
use crate::core::time::{DurationMs, Now, UnixMillis};

/// The world. In the browser `js/ports.rs`; in native tests a script.
pub trait Ports {
    /// What a token is there.
    type Value: Payload;

    /// Both clocks.
    fn now(&self) -> Now;
    /// In `[0, 1)`.
    fn random(&self) -> f64;
    /// Ask the provider for a key's token; answer with `Event::Answered`, now or later.
    fn ask(&self, flight: FlightId, key: KeyId, force: bool, reason: Reason);
    /// The answer is not wanted any more.
    fn drop_ask(&self, flight: FlightId);
    /// A token for whoever asked under this number; `None`: nobody is signed in.
    fn give(&self, pending: u32, lease: Option<&Lease<Self::Value>>);
    /// The same, for a consumer that needs to know how long and under which name.
    fn lend(&self, pending: u32, lease: Option<&Lease<Self::Value>>);
    /// Send this call's request with this token (or bare); answer with `Event::Head` or `Event::Gone`.
    fn send(&self, call: u32, token: Option<&Self::Value>);
    /// Read the beginning of this call's response; answer with `Event::Head`.
    fn read(&self, call: u32);
    /// Hand this call's response over.
    fn deliver(&self, call: u32);
    /// Whoever asked under this number gets an error. For a call: nothing of it is delivered any more.
    fn fail(&self, pending: u32, why: Why);
    /// Everything sent before this generation is somebody else's: abort it.
    fn fence(&self, generation: u32);
    /// The synchronous hit of a key: token, not before, not after.
    fn mirror(&self, key: KeyId, hit: Option<(&Self::Value, UnixMillis, UnixMillis)>);
    /// For observers.
    fn notice(&self, notice: &Notice);
    /// Send `Event::Tick` after so long; `None`: not at all. Replaces what was asked before.
    fn wake_in(&self, after: Option<DurationMs>);
}
