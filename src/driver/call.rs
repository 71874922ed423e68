//! One authorised request, from the wish to the answer: wait for a token, send, read what the answer says of the token, refresh and replay at most once.

use crate::auth::entry::KeyId;
use crate::core::http::{Backend, Head, Reading, Verdict};
use crate::core::lease::{Lease, LeaseId};
use crate::core::sabotage::{Fault, broken};
use crate::core::time::Mono;

/// What is asked of a call.
#[derive(Clone, Copy)]
pub struct Plan {
    /// Whose token; `None`: bare, the backend has a session of its own.
    pub key: Option<KeyId>,
    /// Who reads the answer.
    pub backend: &'static Backend,
    /// Send without a token when nobody is signed in.
    pub anonymous: bool,
    /// The body can be sent twice.
    pub replayable: bool,
}

/// How far a call is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Phase {
    /// For its first token.
    Waiting,
    /// On the wire, or its answer is being read.
    Sent,
    /// Refused; for a better token. The response is kept, in case there is none.
    Refused,
    /// For the clocks to agree.
    Paused(Mono),
}

/// A call under way.
pub struct Call<V> {
    /// Its number; also the number of the promise that waits for it.
    pub id: u32,
    /// What was asked.
    pub plan: Plan,
    /// The generation it was sent in.
    pub generation: u32,
    /// The token it carries.
    pub lease: Option<Lease<V>>,
    /// How far it is.
    pub phase: Phase,
    /// It has been sent a second time; there is no third.
    pub replayed: bool,
}

/// What follows from an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Next {
    /// Read (on).
    Read,
    /// Hand it over.
    Deliver,
    /// Hand it over; the token it carried was refused and that is final for this call. With whether another token would have helped.
    Refused(LeaseId, bool),
    /// Get a token other than this one, then send again.
    Renew(LeaseId),
    /// Send the same again then.
    Pause(Mono),
}

impl<V> Call<V> {
    /// A call that has not been sent.
    pub fn new(id: u32, plan: Plan, generation: u32) -> Self {
        Self { id, plan, generation, lease: None, phase: Phase::Waiting, replayed: false }
    }

    /// Reads (the beginning of) the answer.
    pub fn judge(&self, head: &Head, now: Mono) -> Next {
        match (self.plan.backend.classify)(head) {
            Reading::More if head.complete => Next::Deliver,
            Reading::More => Next::Read,
            Reading::Decided(verdict) => self.follow(verdict, now),
        }
    }

    /// Draws the conclusion. A call without a token cannot be cured by one.
    pub fn follow(&self, verdict: Verdict, now: Mono) -> Next {
        let lease = self.lease.as_ref().map(|l| l.id);
        let again = (self.plan.replayable || broken(Fault::AnyBody)) && (!self.replayed || broken(Fault::ManyReplays));
        match (verdict, lease) {
            (Verdict::Ok, _) | (_, None) => Next::Deliver,
            (Verdict::Refresh, Some(lease)) if again => Next::Renew(lease),
            (Verdict::Wait(pause), _) if again => Next::Pause(now + pause),
            (Verdict::Wait(_), _) => Next::Deliver,
            // What could not be sent again is not lost on the next call. A second refusal in a row says that tokens do not help.
            (Verdict::Refresh, Some(lease)) => Next::Refused(lease, !self.replayed),
            (Verdict::Fail, Some(lease)) => Next::Refused(lease, false),
        }
    }
}
