//! One tab: the ports of a driver, which do nothing by themselves but write down what they are asked, tell the model, and let a scripted
//! provider or listener call back.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use countersign::auth::entry::{FlightId, KeyId, Reason};
use countersign::auth::identity::{Person, Told};
use countersign::auth::machine::{Acquired, Decision, Notice, Want};
use countersign::core::error::Why;
use countersign::core::lease::{Lease, LeaseId};
use countersign::core::payload::Payload;
use countersign::core::time::{DurationMs, Mono, Now, UnixMillis};
use countersign::driver::ports::Ports;
use countersign::driver::session::{Driver, Event, Target};

use super::coverage::Hit;
use super::model::{At, Cause, Check, Model};
use super::step::{Kind, Mode, PEOPLE, Reply, Somebody};
use super::world::World;

/// A token: a number. What it says is in the issuer's book (`World::tokens`); that claims are read rightly is tested elsewhere.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Token(pub u32);

impl Payload for Token {
    fn same(&self, other: &Self) -> bool {
        self == other
    }
}

/// A lease in somebody's hands.
#[derive(Clone, Copy, Debug)]
pub struct Lent {
    pub key: u8,
    pub id: LeaseId,
    pub token: u32,
}

pub struct Tab {
    pub world: Rc<World>,
    pub n: u8,
    pub driver: RefCell<Weak<Driver<Tab>>>,
    pub model: RefCell<Model>,
    pub mode: Cell<Mode>,
    pub listens: Cell<bool>,
    /// Provider calls without an answer: flight, key, forced.
    pub open: RefCell<Vec<(u32, u8, bool)>>,
    /// Provider calls that are over.
    pub over: RefCell<Vec<(u32, u8, bool)>>,
    /// Requests on the wire, with their backend.
    pub wire: RefCell<Vec<u32>>,
    pub backends: RefCell<Vec<(u32, u8)>>,
    /// Responses whose body is wanted.
    pub reading: RefCell<Vec<(u32, Reply)>>,
    pub lent: RefCell<Vec<Lent>>,
    /// By the monotonic clock.
    pub armed: Cell<Option<i64>>,
    pub last_number: Cell<u32>,
    /// The last token of each key that this provider answered with.
    pub last_token: RefCell<Vec<Option<u32>>>,
}

pub fn told(who: Somebody, comparable: bool, moved: bool) -> Told {
    let person = Person { key: who.key(), subject: comparable.then(|| who.subject()) };
    if moved { Told::Moved(person) } else { Told::User(person) }
}

impl Tab {
    pub fn drive(&self) -> Rc<Driver<Tab>> {
        self.driver.borrow().upgrade().expect("the driver owns this tab")
    }

    pub fn at(&self) -> At {
        self.world.at()
    }

    /// The next number for somebody who waits.
    pub fn number(&self) -> u32 {
        self.last_number.set(self.last_number.get() + 1);
        self.last_number.get()
    }

    pub fn judge(&self, words: impl FnOnce() -> String, check: impl FnOnce(&mut Model, At) -> Check) {
        self.world.say(self.n, words);
        let found = check(&mut self.model.borrow_mut(), self.world.at());
        if let Err(violation) = found {
            self.world.broken(violation);
        }
    }

    /// Events go to the session through here: the model hears of them first.
    pub fn event(&self, cause: Cause, tell: impl FnOnce(&mut Model, At), event: Event<Token>) -> bool {
        {
            let mut model = self.model.borrow_mut();
            model.look(self.at(), cause);
            tell(&mut model, self.at());
        }
        let reply = self.drive().handle(event);
        self.model.borrow_mut().depth -= 1;
        reply
    }

    pub fn tell(&self, who: Option<Option<u8>>) {
        let person = who.map(|w| w.map(|n| PEOPLE[usize::from(n) % PEOPLE.len()]));
        let moved = {
            let before = self.model.borrow().person();
            matches!((before, person), (Some(before), Some(Some(next))) if before.user == next.user && before.org != next.org)
        };
        self.model.borrow_mut().hit(match person {
            None => Hit::Unknown,
            Some(None) => Hit::SignOut,
            Some(Some(_)) if moved => Hit::Moved,
            Some(Some(_)) => Hit::SignIn,
        });
        let event = match person {
            None => Told::Unknown,
            Some(None) => Told::SignedOut,
            Some(Some(who)) => told(who, self.world.config.comparable, moved),
        };
        self.event(Cause::Other, |m, _| m.hear(person), Event::Told(event));
    }

    pub fn get(&self, key: u8, forced: bool, timeout: Option<i64>) {
        let n = self.number();
        self.world.say(self.n, || format!("getToken({key}{}) as {n}", if forced { ", forced" } else { "" }));
        {
            let mut model = self.model.borrow_mut();
            model.look(self.at(), Cause::Other);
            model.gets(self.at(), n, key, forced, timeout);
        }
        let want = if forced { Want::Forced } else { Want::Any };
        let answer = self.drive().get(Target::Token(n), KeyId(u32::from(key)), want, timeout.map(DurationMs));
        if matches!(answer, Acquired::Ready(_)) {
            self.model.borrow_mut().hit(Hit::GetAtOnce);
        }
        self.answered(n, answer);
        self.model.borrow_mut().depth -= 1;
    }

    pub fn lease(&self, key: u8, lead: Option<i64>, after: Option<Lent>) {
        let n = self.number();
        self.world.say(self.n, || format!("lease of {key} after {:?} as {n}", after.map(|l| l.token)));
        {
            let mut model = self.model.borrow_mut();
            model.look(self.at(), Cause::Other);
            model.leases(self.at(), n, key, after.map(|l| (l.token, l.id)));
        }
        let want = Want::Next(after.map(|l| l.id), lead.map(DurationMs));
        let answer = self.drive().get(Target::Lease(n), KeyId(u32::from(key)), want, None);
        if let Acquired::Ready(lease) = &answer {
            self.lent.borrow_mut().push(Lent { key, id: lease.id, token: lease.value.0 });
        }
        self.answered(n, answer);
        self.model.borrow_mut().depth -= 1;
    }

    fn answered(&self, n: u32, answer: Acquired<Token>) {
        match answer {
            Acquired::Ready(lease) => self.judge(|| format!("  → {n} has token {}", lease.value.0), |m, at| m.give(at, n, Some((lease.value.0, lease.id)))),
            Acquired::Anonymous => self.judge(|| format!("  → {n}: nobody is signed in"), |m, at| m.give(at, n, None)),
            Acquired::Pending => {}
            Acquired::Failed(why) => self.judge(|| format!("  → {n} fails: {why:?}"), |m, at| m.fail(at, n, why)),
        }
    }

    /// The provider answers a call, as it likes.
    pub fn settle(&self, (flight, key, forced): (u32, u8, bool), kind: Kind) {
        let (brought, answer) = self.world.answer(self, key, forced, kind);
        self.world.say(self.n, || format!("the provider answers call {flight}: {brought:?}"));
        self.event(Cause::Other, |m, at| m.answer(at, flight, brought), Event::Answered(FlightId(flight), answer));
    }

    pub fn backend(&self, call: u32) -> u8 {
        self.backends.borrow().iter().rev().find(|(n, _)| *n == call).map_or(0, |(_, b)| *b)
    }

    fn call_back(&self, flight: (u32, u8, bool)) {
        let take = || {
            self.open.borrow_mut().retain(|f| *f != flight);
            self.over.borrow_mut().push(flight);
        };
        match self.mode.get() {
            Mode::Hold => return,
            Mode::AtOnce(kind) => {
                take();
                self.model.borrow_mut().hit(Hit::AtOnce);
                return self.settle(flight, kind);
            }
            Mode::Twice(kind) => {
                take();
                self.settle(flight, kind);
                self.settle(flight, Kind::Fresh);
                return self.model.borrow_mut().hit(Hit::Twice);
            }
            Mode::GetSame => self.get(flight.1, false, None),
            Mode::GetOther => self.get((flight.1 + 1) % self.world.config.keys, false, None),
            Mode::Tells(n) => self.tell(Some(Some(n))),
            Mode::Invalidates => drop(self.event(Cause::Other, |m, at| m.invalidate(at, None), Event::Invalidated(None))),
            Mode::Disposes => drop(self.event(Cause::Other, |m, _| m.dispose(), Event::Disposed)),
        }
        // Once: a provider that calls back whenever it is called never ends.
        self.mode.set(Mode::Hold);
        self.model.borrow_mut().hit(Hit::Reenter);
    }
}

impl Ports for Tab {
    type Value = Token;

    fn now(&self) -> Now {
        let at = self.world.at();
        Now { wall: UnixMillis(at.wall), mono: Mono(at.mono) }
    }

    fn random(&self) -> f64 {
        self.world.chance()
    }

    fn ask(&self, flight: FlightId, key: KeyId, force: bool, reason: Reason) {
        let call = (flight.0, key.0 as u8, force);
        self.judge(|| format!("  → provider call {} for key {}{}: {reason:?}", flight.0, key.0, if force { ", forced" } else { "" }), |m, at| m.ask(at, call.0, call.1, force));
        self.open.borrow_mut().push(call);
        self.call_back(call);
        self.model.borrow_mut().asked();
    }

    fn drop_ask(&self, flight: FlightId) {
        self.judge(|| format!("  → provider call {} is dropped", flight.0), |m, _| m.drop_ask(flight.0));
        let mut open = self.open.borrow_mut();
        if let Some(i) = open.iter().position(|f| f.0 == flight.0) {
            let call = open.swap_remove(i);
            self.over.borrow_mut().push(call);
        }
    }

    fn give(&self, pending: u32, lease: Option<&Lease<Token>>) {
        let token = lease.map(|l| l.value.0);
        self.judge(|| format!("  → {pending} has token {token:?}"), |m, at| {
            m.hit(Hit::GetLate);
            m.give(at, pending, lease.map(|l| (l.value.0, l.id)))
        });
    }

    fn lend(&self, pending: u32, lease: Option<&Lease<Token>>) {
        let token = lease.map(|l| l.value.0);
        if let Some(lease) = lease {
            let key = self.model.borrow().key_of(pending);
            self.lent.borrow_mut().push(Lent { key, id: lease.id, token: lease.value.0 });
        }
        self.judge(|| format!("  → {pending} is lent token {token:?}"), |m, at| m.give(at, pending, lease.map(|l| (l.value.0, l.id))));
    }

    fn send(&self, call: u32, token: Option<&Token>) {
        let token = token.map(|t| t.0);
        self.judge(|| format!("  → request {call} is sent with token {token:?}"), |m, at| m.send(at, call, token));
        self.wire.borrow_mut().push(call);
    }

    fn read(&self, call: u32) {
        self.world.say(self.n, || format!("  → the body of {call} is wanted"));
    }

    fn deliver(&self, call: u32) {
        self.judge(|| format!("  → the response of {call} is delivered"), |m, at| m.deliver(at, call));
    }

    fn fail(&self, pending: u32, why: Why) {
        self.wire.borrow_mut().retain(|n| *n != pending);
        self.reading.borrow_mut().retain(|(n, _)| *n != pending);
        self.judge(|| format!("  → {pending} fails: {why:?}"), |m, at| m.fail(at, pending, why));
    }

    fn fence(&self, generation: u32) {
        self.judge(|| format!("  → generation {generation} begins"), |m, _| m.fence());
    }

    fn mirror(&self, key: KeyId, hit: Option<(&Token, UnixMillis, UnixMillis)>) {
        self.model.borrow_mut().mirror(key.0 as u8, hit.map(|(token, from, until)| (token.0, from.0, until.0)));
    }

    fn notice(&self, notice: &Notice) {
        self.world.say(self.n, || format!("  · {notice:?}"));
        match notice {
            Notice::Rejected(_) => self.model.borrow_mut().hit(Hit::Rejected),
            Notice::Decision(key, Decision::Asked(_, true)) => self.model.borrow_mut().decided(self.at(), key.0 as u8),
            _ => {}
        }
        if self.listens.get() && matches!(notice, Notice::Token(..) | Notice::Identity(_) | Notice::Status(_)) {
            // Once in a while: a listener that asks whenever it hears anything would never end.
            self.listens.set(false);
            self.model.borrow_mut().hit(Hit::Listener);
            self.get(0, false, None);
        }
    }

    fn wake_in(&self, after: Option<DurationMs>) {
        let armed = after.map(|span| self.world.at().mono + span.0);
        self.world.say(self.n, || format!("  · timer: {:?} ms", after.map(|a| a.0)));
        self.armed.set(armed);
        self.model.borrow_mut().armed = armed;
    }
}
