//! One connection for one (endpoint, identity, role) and the many operations on it: when to connect, which operation is on which socket, when
//! a socket is dead, when to move to a new one before its token expires, when to give up. Frames, tokens and results stay outside.
//!
//! Instant's sockets live as long as they can. Hasura (engine v2 source) authenticates a socket once, in `connection_init`, and cuts it at the
//! token's `exp` without a frame (1006). So before that a second socket is opened, subscriptions are sent on it too, and each one changes over
//! when its results there have caught up. Only subscriptions move: a query or mutation that was sent is answered where it began, or its outcome
//! is unknown.

mod machine;
mod operations;

pub use machine::Link;

use crate::core::time::DurationMs;

/// What a connection is told at its beginning.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// Attempts in a row; `None`: without end.
    pub attempts: Option<u32>,
    /// Who says how long to pause before an attempt: the machine, or the application (`retryWait`).
    pub pauses: Pauses,
    /// A refused token is reported and a second refusal looked into (`Effect::Reject`, `Effect::Probe`).
    pub tokens: bool,
    /// How long a socket without operations is kept; `None`: for ever, and it is opened without any.
    pub idle: Option<DurationMs>,
    /// From the wish to the open socket; zero: for ever.
    pub connect: DurationMs,
    /// From `connection_init` to `connection_ack`; zero: for ever.
    pub ack: DurationMs,
    /// Unheard for so long, a socket is pinged; zero: never, after a sleep either.
    pub ping: DurationMs,
    /// A socket that does not answer a ping is dead.
    pub dead: bool,
}

/// Who says how long to pause.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pauses {
    /// The machine: jittered, and none where the token's expiry ended the socket.
    Ours,
    /// The application, and an acknowledged connection forgives all failures.
    Theirs,
}

/// What the end of a socket means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Close {
    /// The network, a restart, a frozen socket: connect again.
    Passing,
    /// A normal end (1000) that we did not ask for. Hasura also closes with it when it does not understand what we sent.
    Normal,
    /// The server did not like what it was sent. It may be one operation of many: tried again a few times only.
    Doubtful,
    /// `connection_init` was refused: the token, the role or the configuration.
    Refused,
    /// Another attempt would end the same way.
    Fatal,
}

/// What kind of operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A subscription: it moves.
    Live,
    /// A query or mutation: it is sent once.
    Once,
}

/// What happened.
#[derive(Clone, Copy, Debug)]
pub enum Event {
    /// A connection that is kept without operations (`idle: None`) is wanted.
    Start,
    /// An operation is wanted. Numbers rise.
    Subscribe(u32, Kind),
    /// The caller does not want it any more.
    Unsubscribe(u32),
    /// The socket is open and `connection_init` is sent.
    Opened(u32),
    /// `connection_ack`; how long its token is good, where that is known.
    Acked(u32, Option<DurationMs>),
    /// A frame came on it; once a second is enough.
    Heard(u32),
    /// The server said that it lives, on a protocol on which it cannot be asked. Its rhythm is learned.
    Beat(u32),
    /// The results of this operation come from this socket: the first one, or caught up.
    Arrived(u32, u32),
    /// The server ended the operation.
    Ended(u32),
    /// The socket that this operation was to change over to answered with an error: it goes on where it is for as long as that socket lives, and is asked for anew then.
    Declined(u32, u32),
    /// The socket closed.
    Closed(u32, Close),
    /// There is no token for it now; that passes.
    Lost(u32),
    /// It cannot be: nobody is signed in, or the configuration is wrong.
    Failed(u32),
    /// A better token than this socket's is there.
    Renewed(u32),
    /// What HTTP said to the same token.
    Probed(Probe),
    /// The page came back.
    Woken,
    /// Whether there is a network, as far as the platform knows.
    Online(bool),
    /// The application's pause is over.
    Paused,
    /// The application does not want another attempt.
    Refrained,
    /// A timer went off.
    Tick,
    /// Close what there is and connect anew.
    Terminate,
    /// It is over.
    Dispose,
}

/// What a probe over HTTP found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Probe {
    /// The token is accepted there.
    Accepted,
    /// It is refused, as it is after a rotation of keys; that passes.
    Passing,
    /// It is refused, and somebody must change something.
    Refused,
    /// No answer.
    Unreachable,
}

/// Why a socket is opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cause {
    /// There was none.
    First,
    /// The one before was lost.
    Retry,
    /// The one before is about to expire.
    Rotation,
}

/// How an operation ends without the server saying so.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// Disposed of.
    Complete,
    /// With the last error.
    Error,
    /// It was sent, and the socket is gone.
    Unknown,
}

/// How the connection is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    /// Nobody needs it.
    Idle,
    /// A socket is being opened.
    Connecting,
    /// Acknowledged.
    Connected,
    /// Acknowledged, and a new one takes over.
    Rotating,
    /// Until the next attempt.
    Waiting,
    /// The platform says there is no network.
    Offline,
    /// The server refuses the token.
    Unauthorized,
    /// Disposed of.
    Closed,
}

/// What is to be done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Get a token and open a socket.
    Open(u32, Cause),
    /// Send this operation on this socket.
    Send(u32, u32),
    /// Send `complete` for this operation on this socket.
    Stop(u32, u32),
    /// The results of this operation are those of this socket from now on.
    Take(u32, u32),
    /// Close the socket with this code.
    Close(u32, u16),
    /// Ping it.
    Ping(u32),
    /// The operation is over; 0: the connection itself, where it is kept without operations.
    Finish(u32, End),
    /// The token of this socket was refused.
    Reject(u32),
    /// Ask over HTTP what is wrong.
    Probe,
    /// Pause before the attempt of this number.
    Pause(u32),
    /// Say how it is doing; with how long it waits.
    Status(Status, DurationMs),
    /// The only timer; `None`: none.
    WakeIn(Option<DurationMs>),
}
