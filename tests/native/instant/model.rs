//! A server, a network that reorders and forgets, a page that changes its mind. Whatever happens: at rest the session in use is the
//! identity's or nobody's, and nothing else is live on the server.

use countersign::backends::instant::failure::Failure;
use countersign::backends::instant::machine::{Bridge, Effect, Event, Held, Identity, IdentityId, Owner, SessionId};
use proptest::prelude::*;
use std::collections::BTreeMap;

#[derive(Clone, Copy, Debug)]
enum Op {
    Identify(u8),
    Store(u8),
    ExchangeAnswers(u8),
    ExchangeFails(u8, u8),
    ExchangeTimesOut(u8),
    RevokeAnswers(u8),
    RevokeFails(u8),
    Adopt(bool),
    AnotherTabStores(u8),
    Leave,
    ServerLoses,
    Wait(u16),
    Wake,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (0u8..5).prop_map(Op::Identify),
        1 => (0u8..4).prop_map(Op::Store),
        4 => any::<u8>().prop_map(Op::ExchangeAnswers),
        2 => (any::<u8>(), any::<u8>()).prop_map(|(at, how)| Op::ExchangeFails(at, how)),
        1 => any::<u8>().prop_map(Op::ExchangeTimesOut),
        3 => any::<u8>().prop_map(Op::RevokeAnswers),
        1 => any::<u8>().prop_map(Op::RevokeFails),
        1 => any::<bool>().prop_map(Op::Adopt),
        1 => (0u8..3).prop_map(Op::AnotherTabStores),
        1 => Just(Op::Leave),
        1 => Just(Op::ServerLoses),
        2 => any::<u16>().prop_map(Op::Wait),
        1 => Just(Op::Wake),
    ]
}

#[derive(Clone, Copy, Debug)]
struct Request {
    epoch: u32,
    user: u32,
    attach: Option<SessionId>,
    timed_out: bool,
}

#[derive(Default)]
struct World {
    bridge: Bridge,
    now: i64,
    identity: Option<Option<u32>>,
    stored: bool,
    /// The sessions the server honours, and for whom: `None` is a guest or a sign-in of the application's own.
    live: BTreeMap<SessionId, Option<u32>>,
    next: u32,
    exchanges: Vec<Request>,
    revokes: Vec<SessionId>,
    alarm: Option<i64>,
}

impl World {
    fn session(&mut self, user: Option<u32>) -> SessionId {
        self.next += 1;
        self.live.insert(SessionId(self.next), user);
        SessionId(self.next)
    }

    fn tell(&mut self, event: Event) {
        self.bridge.handle(event, self.now);
        while let Some(effect) = self.bridge.poll() {
            match effect {
                Effect::Exchange { epoch, attach, .. } => {
                    assert!(self.idle(), "two operations at once");
                    let user = self.identity.flatten().expect("an exchange without a user");
                    if let Some(guest) = attach {
                        assert_ne!(self.live.get(&guest), Some(&Some(3 - user)), "another user's session was attached");
                    }
                    self.exchanges.push(Request { epoch, user, attach, timed_out: false });
                }
                Effect::Revoke(session) => {
                    assert!(self.idle(), "two operations at once");
                    assert_ne!(self.bridge.held().map(|held| held.session), Some(session), "revokes what is in use");
                    self.revokes.push(session);
                }
                Effect::RetryAt(at) => self.alarm = at,
                Effect::Store(_) | Effect::Clear { .. } | Effect::Notify(_) => {}
            }
        }
        if let Some(session) = self.bridge.usable() {
            let user = self.live.get(&session).copied().flatten();
            assert!(user.is_none() || user == self.identity.flatten(), "usable, and another user's");
        }
    }

    fn idle(&self) -> bool {
        self.revokes.is_empty() && self.exchanges.iter().all(|request| request.timed_out)
    }

    fn identify(&mut self, identity: Option<Option<u32>>) {
        self.identity = identity;
        self.tell(Event::Identity(match identity {
            None => Identity::Unknown,
            Some(None) => Identity::Nobody,
            Some(Some(user)) => Identity::User(IdentityId(user)),
        }));
    }

    fn store(&mut self, what: u8) {
        if std::mem::replace(&mut self.stored, true) {
            return;
        }
        let (user, owner) = match what {
            0 => return self.tell(Event::Stored(None)),
            1 => (Some(1), Owner::User(IdentityId(1))),
            2 => (None, Owner::Guest),
            _ => (Some(2), Owner::Stranger),
        };
        let session = self.session(user);
        self.tell(Event::Stored(Some(Held { session, owner })));
    }

    /// The server decides at the moment it answers; an attached live session of that user, or of a guest, is given back as that user's.
    fn answer(&mut self, at: usize) {
        let request = self.exchanges.remove(at);
        let session = match request.attach.filter(|guest| self.live.contains_key(guest)) {
            Some(guest) if self.next.is_multiple_of(2) => guest,
            _ => self.session(Some(request.user)),
        };
        if let Some(guest) = request.attach.filter(|guest| self.live.contains_key(guest)) {
            self.live.insert(guest, Some(request.user));
        }
        self.tell(Event::Exchanged { epoch: request.epoch, session });
    }

    fn run(&mut self, op: Op) {
        let pick = |at: u8, len: usize| (len > 0).then(|| at as usize % len.max(1));
        match op {
            Op::Identify(0) => self.identify(None),
            Op::Identify(1) => self.identify(Some(None)),
            Op::Identify(user) => self.identify(Some(Some(1 + u32::from(user) % 2))),
            Op::Store(what) => self.store(what),
            Op::ExchangeAnswers(at) => {
                if let Some(at) = pick(at, self.exchanges.len()) {
                    self.answer(at);
                }
            }
            Op::ExchangeFails(at, how) => {
                if let Some(at) = pick(at, self.exchanges.len()) {
                    let failure = match how % 6 {
                        0 => Failure::Transient { after_ms: 0 },
                        1 => Failure::Expired,
                        2 => Failure::Unknown,
                        3 => Failure::KeyMissing,
                        4 => Failure::NoToken,
                        _ => Failure::Permanent,
                    };
                    let request = self.exchanges.remove(at);
                    self.tell(Event::Failed { epoch: request.epoch, failure });
                }
            }
            Op::ExchangeTimesOut(at) => {
                if let Some(at) = pick(at, self.exchanges.len()) {
                    self.exchanges[at].timed_out = true;
                    let epoch = self.exchanges[at].epoch;
                    self.tell(Event::Failed { epoch, failure: Failure::Transient { after_ms: 0 } });
                }
            }
            Op::RevokeAnswers(at) => {
                if let Some(at) = pick(at, self.revokes.len()) {
                    let session = self.revokes.remove(at);
                    self.live.remove(&session);
                    self.tell(Event::Revoked(session));
                }
            }
            Op::RevokeFails(at) => {
                if let Some(at) = pick(at, self.revokes.len()) {
                    let session = self.revokes.remove(at);
                    self.tell(Event::RevokeFailed(session));
                }
            }
            Op::Adopt(guest) if self.stored && self.identity.is_some() => {
                let session = self.session(None);
                self.tell(Event::Adopt { session, guest });
            }
            Op::AnotherTabStores(user) => {
                let user = (user > 0).then_some(u32::from(user));
                let session = self.session(user);
                self.tell(Event::StoredElsewhere(Held { session, owner: user.map_or(Owner::Guest, |user| Owner::User(IdentityId(user))) }));
                // What is left to the tab that has it is ended by that tab, when its turn comes.
                if self.bridge.held().map(|held| held.session) != Some(session) {
                    assert!(!self.revokes.contains(&session), "ends a session that it never held");
                    self.live.remove(&session);
                }
            }
            Op::Leave => self.tell(Event::Leave { revoke: true }),
            Op::ServerLoses => {
                if let Some(held) = self.bridge.held() {
                    self.live.remove(&held.session);
                    self.tell(Event::Lost(held.session));
                }
            }
            Op::Wait(ms) => {
                self.now += i64::from(ms);
                self.ring(0);
            }
            Op::Wake => self.tell(Event::Wake),
            Op::Adopt(_) => {}
        }
    }

    /// The timer that was set, if its time has come: it goes off once.
    fn ring(&mut self, early: i64) {
        if self.alarm.take_if(|at| *at <= self.now + early).is_some() {
            self.tell(Event::Tick);
        }
    }

    /// The network works again and everybody answers.
    fn settle(&mut self) {
        for _ in 0..10_000 {
            if !self.exchanges.is_empty() {
                self.answer(0);
            } else if !self.revokes.is_empty() {
                self.run(Op::RevokeAnswers(0));
            } else if let Some(at) = self.alarm {
                // Timers go by another clock than the one that is read, and may be a moment early.
                let early = i64::from(self.next.is_multiple_of(2));
                self.now = self.now.max(at - early);
                self.ring(early);
                self.now += early;
            } else {
                return;
            }
        }
        panic!("never comes to rest");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn at_rest_the_session_is_the_identitys_and_nothing_is_left_behind(ops in prop::collection::vec(op(), 0..60), last in 1u8..4) {
        let mut world = World::default();
        for op in ops {
            world.run(op);
        }
        world.store(0);
        world.run(Op::Identify(last));
        world.settle();

        let held = world.bridge.held();
        if let Some(held) = held {
            // A guest that could not become the user stays a guest: nobody's, and not used.
            let usable = (held.owner != Owner::Guest || last == 1).then_some(held.session);
            prop_assert_eq!(world.bridge.usable(), usable);
            prop_assert!(world.live.contains_key(&held.session));
        }
        let left: Vec<_> = world.live.keys().filter(|session| Some(**session) != held.map(|held| held.session)).collect();
        prop_assert!(left.is_empty(), "left behind: {:?}, held {:?}", left, held);
    }
}
