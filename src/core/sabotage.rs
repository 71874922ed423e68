//! Faults to be put into the machines on purpose: a simulation that does not find them proves nothing. Feature `sabotage`, which `lib.rs` refuses on wasm32;
//! without it [`broken`] is a constant `false`, and what stands behind it is not compiled into anything.

macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident = $invariant:literal,)*) => {
        /// One way to break one invariant of DESIGN.md §4.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Fault { $($(#[$doc])* $name,)* }

        impl Fault {
            /// Every fault there is.
            pub const ALL: &'static [Fault] = &[$(Fault::$name),*];

            /// The number of the invariant that it breaks.
            pub const fn invariant(self) -> u8 {
                match self { $(Fault::$name => $invariant,)* }
            }
        }
    };
}

faults! {
    /// Another identity does not fence what was sent, nor what is about to be delivered.
    NoFence = 1,
    /// A request that waited for its token goes out as the next user.
    RequestsGoOn = 1,
    /// The token at hand is kept for the next user.
    KeepsToken = 1,
    /// The answer of a provider call for the user before is taken.
    KeepsFlight = 1,
    /// A token is handed out whatever the clock says.
    ServesExpired = 3,
    /// Timers renew what nobody wants, in a page that nobody sees.
    TimersAlways = 3,
    /// Each reader starts a provider call of its own.
    OwnFlight = 4,
    /// Who forces is answered by whatever call is in the air.
    ForcedJoinsAny = 4,
    /// A caller who gives up takes the provider call along.
    CallerOwnsFlight = 4,
    /// Forced calls are not counted.
    NoBudget = 5,
    /// A provider that fails is asked again at once.
    NoBackoff = 5,
    /// Who waits has no deadline.
    NoDeadline = 5,
    /// A replay may be replayed.
    ManyReplays = 6,
    /// A refused request is sent again with the token that was refused.
    SameToken = 6,
    /// A body that can be sent once is sent twice.
    AnyBody = 6,
}

#[cfg(feature = "sabotage")]
thread_local! {
    static CHOSEN: std::cell::Cell<Option<Fault>> = const { std::cell::Cell::new(None) };
}

/// Breaks the machines of this thread in this way, and in no other.
#[cfg(feature = "sabotage")]
pub fn choose(fault: Option<Fault>) {
    CHOSEN.set(fault);
}

/// Whether the machines of this thread are broken in this way.
#[cfg(feature = "sabotage")]
pub fn broken(fault: Fault) -> bool {
    CHOSEN.get() == Some(fault)
}

/// Never.
#[cfg(not(feature = "sabotage"))]
#[inline(always)]
pub const fn broken(_: Fault) -> bool {
    false
}
