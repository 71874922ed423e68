//! What the bridge is told and what it asks for. Plain data.

use super::failure::Failure;

/// Names an Instant session (a refresh token). Equal tokens have equal ids.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct SessionId(pub u32);

/// Names an identity (user, organisation, session of the provider).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct IdentityId(pub u32);

/// Who is signed in with the provider.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Identity {
    /// Not known yet, or not any more: everything is left as it is.
    Unknown,
    /// Nobody.
    Nobody,
    /// This one.
    User(IdentityId),
}

/// Under which identity an Instant session was made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Owner {
    /// By the application itself, while nobody was signed in with the provider.
    Nobody,
    /// This identity.
    User(IdentityId),
    /// A guest: becomes the user when it is sent along with the exchange.
    Guest,
    /// Not known: found in storage, with no record of whose it is.
    Stranger,
}

/// The session in use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Held {
    /// Which one.
    pub session: SessionId,
    /// Whose.
    pub owner: Owner,
}

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// The provider's identity is this, from now on.
    Identity(Identity),
    /// Storage was read.
    Stored(Option<Held>),
    /// An exchange gave a session. Late answers are welcome: they name something to revoke.
    Exchanged {
        /// Of the effect that asked for it; 0 for a session that came about in another way and is not wanted.
        epoch: u32,
        /// What it gave.
        session: SessionId,
    },
    /// An exchange gave none.
    Failed {
        /// Of the effect that asked for it.
        epoch: u32,
        /// Why.
        failure: Failure,
    },
    /// A session is gone from the server (or the server never knew it).
    Revoked(SessionId),
    /// A session could not be revoked now.
    RevokeFailed(SessionId),
    /// The application signed in by itself: its session is kept until the identity changes.
    Adopt {
        /// What the sign-in gave.
        session: SessionId,
        /// It is a guest's: where nobody is signed in it becomes the next user's.
        guest: bool,
    },
    /// Another tab wrote this session down, and whose it is.
    StoredElsewhere(Held),
    /// The application signed out by itself: stays so until the identity changes.
    Leave {
        /// Revoke the session; otherwise only forget it here.
        revoke: bool,
    },
    /// The server does not know this session any more.
    Lost(SessionId),
    /// Time passed.
    Tick,
    /// The page woke up or the network returned: nothing has to wait any longer.
    Wake,
    /// Somebody asks again after a failure.
    Retry,
}

/// What the page is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// Nothing is known yet.
    Idle,
    /// An exchange is under way or about to be.
    SigningIn,
    /// The session is the identity's.
    SignedIn,
    /// Nobody is signed in.
    SignedOut,
    /// The exchange failed; a permanent failure stays, any other is still being retried.
    Failed,
}

/// What to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Get an identity token and swap it. Answer with `Exchanged` or `Failed`.
    Exchange {
        /// Its number.
        epoch: u32,
        /// The guest session to send along.
        attach: Option<SessionId>,
        /// The provider's cached identity token will not do.
        force: bool,
    },
    /// End a session on the server. Answer with `Revoked` or `RevokeFailed`.
    Revoke(SessionId),
    /// Write down the session and whose it is.
    Store(Held),
    /// Wipe what is written down.
    Clear {
        /// The server knows it is over, or is not to be told: forget it here without a request.
        dead: bool,
    },
    /// Show this.
    Notify(State),
    /// Send `Tick` at this time; `None`: no need.
    RetryAt(Option<i64>),
}
