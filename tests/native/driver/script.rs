//! The world as a script: it records what it is asked to do, does nothing by itself, and can be made to call back.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use countersign::auth::claims::Claims;
use countersign::auth::entry::{FlightId, KeyId, Reason};
use countersign::auth::flights::Answer;
use countersign::auth::identity::{Person, Told};
use countersign::auth::machine::Notice;
use countersign::auth::policy::Policy;
use countersign::core::error::Why;
use countersign::core::http::{Backend, GENERIC, Head};
use countersign::core::lease::Lease;
use countersign::core::text::Mark;
use countersign::core::time::{DurationMs, Mono, Now, UnixMillis};
use countersign::driver::call::Plan;
use countersign::driver::ports::Ports;
use countersign::driver::session::{Driver, Event, Target};

pub const START: i64 = 1_800_000_000_000;
pub const KEY: KeyId = KeyId(0);

#[derive(Clone, PartialEq, Debug)]
pub enum Act {
    Ask { flight: u32, force: bool },
    DropAsk(u32),
    Give(u32, Option<String>),
    Lend(u32, Option<String>),
    Send(u32, Option<String>),
    Read(u32),
    Deliver(u32),
    Fail(u32, Why),
    Fence(u32),
    Rejected,
}

/// What a port does beside writing down what it was asked.
pub type Hook = Box<dyn Fn(&Driver<Script>, &Act)>;

pub struct Script {
    pub now: Cell<i64>,
    /// How long the machine slept: the wall clock went on, the monotonic one stood.
    pub slept: Cell<i64>,
    pub log: RefCell<Vec<Act>>,
    /// What the timer is set to, and how often it was set.
    pub wake: Cell<(Option<i64>, u32)>,
    /// How often the machine was seen to have slept.
    pub wakes: Cell<usize>,
    pub hook: RefCell<Option<Hook>>,
    driver: RefCell<Weak<Driver<Script>>>,
}

impl Script {
    fn act(&self, act: Act) {
        self.log.borrow_mut().push(act.clone());
        if let (Some(hook), Some(driver)) = (self.hook.borrow().as_ref(), self.driver.borrow().upgrade()) {
            hook(&driver, &act);
        }
    }
}

impl Ports for Script {
    type Value = String;

    fn now(&self) -> Now {
        Now { wall: UnixMillis(self.now.get()), mono: Mono(self.now.get() - START - self.slept.get()) }
    }
    fn random(&self) -> f64 {
        0.5
    }
    fn ask(&self, flight: FlightId, _: KeyId, force: bool, _: Reason) {
        self.act(Act::Ask { flight: flight.0, force });
    }
    fn drop_ask(&self, flight: FlightId) {
        self.act(Act::DropAsk(flight.0));
    }
    fn give(&self, pending: u32, lease: Option<&Lease<String>>) {
        self.act(Act::Give(pending, lease.map(|l| l.value.clone())));
    }
    fn lend(&self, pending: u32, lease: Option<&Lease<String>>) {
        self.act(Act::Lend(pending, lease.map(|l| l.value.clone())));
    }
    fn send(&self, call: u32, token: Option<&String>) {
        self.act(Act::Send(call, token.cloned()));
    }
    fn read(&self, call: u32) {
        self.act(Act::Read(call));
    }
    fn deliver(&self, call: u32) {
        self.act(Act::Deliver(call));
    }
    fn fail(&self, pending: u32, why: Why) {
        self.act(Act::Fail(pending, why));
    }
    fn fence(&self, generation: u32) {
        self.act(Act::Fence(generation));
    }
    fn mirror(&self, _: KeyId, _: Option<(&String, UnixMillis, UnixMillis)>) {}
    fn notice(&self, notice: &Notice) {
        match notice {
            Notice::Rejected(_) => self.act(Act::Rejected),
            Notice::Wake => self.wakes.set(self.wakes.get() + 1),
            _ => {}
        }
    }
    fn wake_in(&self, after: Option<DurationMs>) {
        self.wake.set((after.map(|after| self.now.get() + after.0), self.wake.get().1 + 1));
    }
}

pub struct Rig {
    pub driver: Rc<Driver<Script>>,
    seen: Cell<usize>,
}

pub fn user(name: &str) -> Event<'static, String> {
    Event::Told(Told::User(Person { key: Mark::of(name), subject: None }))
}

pub const PLAN: Plan = Plan { key: Some(KEY), backend: &GENERIC, anonymous: false, replayable: true };

pub fn to(backend: &'static Backend) -> Plan {
    Plan { backend, ..PLAN }
}

impl Rig {
    /// Alice is signed in.
    pub fn new() -> Self {
        let script = Script { now: Cell::new(START), slept: Cell::new(0), log: RefCell::default(), wake: Cell::default(), wakes: Cell::default(), hook: RefCell::default(), driver: RefCell::default() };
        let driver = Rc::new(Driver::new(Policy::default(), script));
        *driver.ports().driver.borrow_mut() = Rc::downgrade(&driver);
        driver.look(|m, _| m.add_key());
        driver.handle(Event::Connected { watches: true });
        driver.handle(user("alice"));
        Self { driver, seen: Cell::new(0) }
    }

    /// Nobody tells who is signed in.
    pub fn untold() -> Self {
        let rig = Self::new();
        rig.driver.handle(Event::Disconnected);
        rig.driver.handle(Event::Connected { watches: false });
        rig
    }

    /// With this token at hand.
    pub fn with(token: &str) -> Self {
        let rig = Self::new();
        rig.call(1, PLAN);
        rig.answer(1, token);
        rig.head(1, 200);
        rig.news();
        rig
    }

    pub fn call(&self, id: u32, plan: Plan) {
        self.driver.handle(Event::Call(id, plan));
    }

    /// The provider answers with a token that lives a minute.
    pub fn answer(&self, flight: u32, token: &str) {
        self.settle(flight, token, None);
    }

    /// The same, with a token that says whose it is.
    pub fn answer_as(&self, flight: u32, token: &str, user: &str) {
        self.settle(flight, token, Some(Mark::of(user)));
    }

    fn settle(&self, flight: u32, token: &str, subject: Option<Mark>) {
        let now = self.driver.ports().now.get();
        let claims = Claims { expires: Some(UnixMillis(now + 60_000)), issued: Some(UnixMillis(now)), subject, ..Claims::default() };
        self.driver.handle(Event::Answered(FlightId(flight), Answer::Token { value: token.into(), claims: Some(claims), expires_at: None }));
    }

    /// A response has begun; whether its body is wanted.
    pub fn head(&self, call: u32, status: u16) -> bool {
        self.driver.handle(Event::Head(call, Head { status, text: "", complete: false, read: false }))
    }

    /// The body as far as it has been read; whether more of it is wanted.
    pub fn body(&self, call: u32, text: &str, complete: bool) -> bool {
        self.driver.handle(Event::Head(call, Head { status: 200, text, complete, read: true }))
    }

    pub fn gone(&self, call: u32) -> bool {
        self.driver.handle(Event::Gone(Target::Call(call)))
    }

    /// The lid is closed: timers stand still too.
    pub fn sleep(&self, span: i64) {
        let ports = self.driver.ports();
        ports.now.set(ports.now.get() + span);
        ports.slept.set(ports.slept.get() + span);
        let (at, times) = ports.wake.get();
        ports.wake.set((at.map(|at| at + span), times));
    }

    /// Time passes; the timer goes off when it was set to.
    pub fn run(&self, span: i64) {
        let ports = self.driver.ports();
        let end = ports.now.get() + span;
        while let Some(at) = ports.wake.get().0.filter(|at| *at <= end) {
            ports.now.set(at.max(ports.now.get()));
            ports.wake.set((None, ports.wake.get().1));
            self.driver.handle(Event::Tick);
        }
        ports.now.set(end);
    }

    /// What was done since the last look.
    pub fn news(&self) -> Vec<Act> {
        let log = self.driver.ports().log.borrow();
        log[self.seen.replace(log.len())..].to_vec()
    }

    pub fn hook(&self, hook: impl Fn(&Driver<Script>, &Act) + 'static) {
        *self.driver.ports().hook.borrow_mut() = Some(Box::new(hook));
    }
}

pub fn sent(call: u32, token: &str) -> Act {
    Act::Send(call, Some(token.into()))
}
