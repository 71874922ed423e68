//! One run: a world, its tabs, and the steps of a seed, one after the other, with a look at every promise after each.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use countersign::auth::policy::Policy;
use countersign::core::http::{Head, Verdict};
use countersign::core::time::{DurationMs, UnixMillis};
use countersign::driver::call::Plan;
use countersign::driver::session::{Driver, Event, Target};
use countersign::auth::entry::KeyId;

use super::backend::{self, Says};
use super::coverage::{Coverage, Hit};
use super::model::{Cause, Limits, Model, Violation};
use super::step::{Config, Kind, Mode, Move, PEOPLE, Reply, Step, Word};
use super::tab::Tab;
use super::world::World;

/// What became of a run.
pub struct Outcome {
    pub violation: Option<Violation>,
    /// Steps that did something.
    pub steps: u64,
    /// How many were taken before it ended.
    pub taken: usize,
    pub seen: Coverage,
    pub lines: Vec<String>,
}

struct Run {
    world: Rc<World>,
    tabs: Vec<Rc<Driver<Tab>>>,
}

/// Plays a run to its end, or to the first broken promise.
pub fn play(config: &Config, moves: &[Move], log: bool) -> Outcome {
    let run = Run::new(config, log);
    let (mut steps, mut taken) = (0, 0);
    for each in moves {
        taken += 1;
        steps += u64::from(run.step(*each));
        if run.world.is_broken() {
            break;
        }
    }
    if !run.world.is_broken() {
        run.calm();
    }
    if !run.world.is_broken() {
        run.end();
    }
    let mut seen = Coverage::default();
    run.tabs.iter().for_each(|t| seen.add(t.ports().model.borrow().seen()));
    Outcome { violation: run.world.verdict(), steps, taken, seen, lines: run.world.lines() }
}

impl Run {
    fn new(config: &Config, log: bool) -> Self {
        let world = Rc::new(World::new(config.clone(), log));
        let policy = Policy {
            timeout: DurationMs(config.timeout),
            forced_per_minute: config.forced_per_minute,
            forced_per_minute_all: config.forced_per_minute_all,
            uncached: config.uncached,
            ..Policy::default()
        };
        let limits = Limits {
            timeout: config.timeout,
            forced: config.forced_per_minute as usize,
            forced_all: config.forced_per_minute_all as usize,
            comparable: config.comparable,
            stuck: policy.stuck.0,
        };
        let tabs = (0..config.tabs).map(|n| {
            let tab = Tab {
                world: world.clone(),
                n,
                driver: RefCell::default(),
                model: RefCell::new(Model::new(config.keys, limits)),
                mode: Cell::new(Mode::Hold),
                listens: Cell::new(false),
                open: RefCell::default(),
                over: RefCell::default(),
                wire: RefCell::default(),
                backends: RefCell::default(),
                reading: RefCell::default(),
                lent: RefCell::default(),
                armed: Cell::new(None),
                last_number: Cell::new(0),
                last_token: RefCell::new(vec![None; usize::from(config.keys)]),
            };
            let driver = Rc::new(Driver::new(policy.clone(), tab));
            *driver.ports().driver.borrow_mut() = Rc::downgrade(&driver);
            driver.look(|m, _| (0..config.keys).for_each(|_| _ = m.add_key()));
            driver
        });
        let run = Self { tabs: tabs.collect(), world };
        for driver in &run.tabs {
            let tab = driver.ports();
            tab.event(Cause::Other, |m, _| m.connect(config.told), Event::Connected { watches: config.told });
            if config.told {
                tab.tell(Some(Some(0)));
            }
        }
        run
    }

    /// Whether it did anything.
    fn step(&self, Move { tab, step }: Move) -> bool {
        let driver = &self.tabs[usize::from(tab) % self.tabs.len()];
        let tab = driver.ports();
        self.world.say(tab.n, || format!("{step:?}"));
        let did = self.apply(tab, step);
        self.rest();
        did
    }

    fn rest(&self) {
        for driver in &self.tabs {
            let tab = driver.ports();
            let found = tab.model.borrow_mut().rest(self.world.at());
            if let Err(violation) = found {
                self.world.broken(violation);
            }
        }
    }

    fn hit(&self, hit: Hit) {
        self.tabs[0].ports().model.borrow_mut().hit(hit);
    }

    fn apply(&self, tab: &Tab, step: Step) -> bool {
        let keys = self.world.config.keys;
        match step {
            Step::Pass(ms) => {
                self.hit(Hit::Pass);
                self.pass(i64::from(ms));
            }
            Step::Late(ms) => {
                self.hit(Hit::Late);
                self.world.pass(i64::from(ms));
            }
            Step::Sleep(ms) => {
                self.hit(Hit::Sleep);
                self.world.sleep(i64::from(ms));
            }
            Step::Jump(ms) => {
                self.hit(if ms.abs() > 2_000 { Hit::Jump } else { Hit::Drift });
                self.world.jump(i64::from(ms));
            }
            Step::Early => {
                if tab.armed.get().is_none() {
                    return false;
                }
                self.hit(Hit::Early);
                tick(tab);
            }
            Step::Server(n) => {
                self.hit(Hit::Server);
                self.world.person.set(PEOPLE[usize::from(n)]);
            }
            Step::Tell(word) => match word {
                Word::Unknown => tab.tell(None),
                Word::Nobody => tab.tell(Some(None)),
                Word::Person(n) => tab.tell(Some(Some(n))),
                Word::Truth => tab.tell(Some(PEOPLE.iter().position(|p| *p == self.world.person.get()).map(|n| n as u8))),
            },
            Step::Connect(watches) => {
                self.hit(Hit::Connect);
                tab.event(Cause::Other, |m, _| m.connect(watches), Event::Connected { watches });
            }
            Step::Disconnect => {
                self.hit(Hit::Disconnect);
                tab.event(Cause::Silent, |m, _| m.disconnect(), Event::Disconnected);
            }
            Step::Visible(visible) => {
                self.hit(Hit::Hidden);
                tab.event(Cause::Tick, |m, _| m.visible(visible), Event::Visible(visible));
            }
            Step::Invalidate(key) => {
                self.hit(Hit::Invalidate);
                let key = key.map(|k| k % keys);
                tab.event(Cause::Other, |m, at| m.invalidate(at, key), Event::Invalidated(key.map(|k| KeyId(u32::from(k)))));
            }
            Step::Dispose => {
                self.hit(Hit::Disposed);
                tab.event(Cause::Silent, |m, _| m.dispose(), Event::Disposed);
            }
            Step::Get { key, forced, timeout } => tab.get(key % keys, forced, (timeout > 0).then_some(i64::from(timeout))),
            Step::Lease { key, lead, next } => {
                let after = next.then(|| tab.lent.borrow().iter().rev().find(|l| l.key == key % keys).copied()).flatten();
                tab.lease(key % keys, (lead >= 0).then_some(i64::from(lead)), after);
            }
            Step::Call { key, backend, anonymous, replayable } => self.call(tab, key.map(|k| k % keys), backend, anonymous, replayable),
            Step::Abort(n) => return self.abort(tab, n),
            Step::Reject(n) => {
                let lent = tab.lent.borrow().iter().rev().nth(usize::from(n) % 4).copied();
                let Some(lent) = lent else { return false };
                tab.event(Cause::Other, |_, _| {}, Event::Rejected(lent.id));
            }
            Step::Peek(key) => tab.judge(|| format!("peek({})", key % keys), |m, at| m.peek(at, key % keys)),
            Step::Mode(mode) => tab.mode.set(mode),
            Step::Listens(yes) => tab.listens.set(yes),
            Step::Settle(n, kind) => return settle(tab, n, kind),
            Step::Again(n, kind) => {
                let over = tab.over.borrow().iter().rev().nth(usize::from(n)).copied();
                let Some(call) = over else { return false };
                self.hit(Hit::Twice);
                tab.settle(call, kind);
            }
            Step::Respond(n, reply) => return self.respond(tab, n, reply),
            Step::Read(n, whole) => return read(tab, n, whole),
            Step::Gone(n) => {
                let Some(call) = take(&tab.wire, n) else { return false };
                self.hit(Hit::Gone);
                gone(tab, call, Cause::Silent);
            }
            Step::Shown(key) => {
                self.hit(Hit::Shown);
                let (server, asked) = (self.world.server(), self.world.at().wall - 200);
                tab.event(Cause::Silent, |m, _| m.shown(), Event::Shown(KeyId(u32::from(key % keys)), UnixMillis(server), UnixMillis(asked)));
            }
            Step::Woken => {
                self.hit(Hit::Woken);
                tab.event(Cause::Other, |m, at| m.woken(at), Event::Woken);
            }
        }
        true
    }

    /// Time passes, and each timer goes off when it was set to, or now if that is past.
    fn pass(&self, ms: i64) {
        let end = self.world.at().mono + ms;
        while !self.world.is_broken() {
            let next = self.tabs.iter().filter_map(|t| Some((t.ports().armed.get()?, t))).min_by_key(|(at, _)| *at);
            let Some((at, driver)) = next.filter(|(at, _)| *at <= end) else { break };
            self.world.pass((at - self.world.at().mono).max(0));
            tick(driver.ports());
            self.rest();
        }
        self.world.pass((end - self.world.at().mono).max(0));
    }

    fn call(&self, tab: &Tab, key: Option<u8>, backend: u8, anonymous: bool, replayable: bool) {
        let n = tab.number();
        self.world.say(tab.n, || format!("request {n} to {:?} for key {key:?}", backend::backend(backend).name));
        tab.backends.borrow_mut().push((n, backend));
        let plan = Plan { key: key.map(|k| KeyId(u32::from(k))), backend: backend::backend(backend), anonymous, replayable };
        let cause = if key.is_some() { Cause::Other } else { Cause::Silent };
        tab.event(cause, |m, at| m.calls(at, n, key, anonymous, replayable), Event::Call(n, plan));
    }

    fn abort(&self, tab: &Tab, n: u8) -> bool {
        let waiting = tab.model.borrow().waiting(n);
        let Some(n) = waiting else { return false };
        self.hit(Hit::Aborted);
        tab.wire.borrow_mut().retain(|w| *w != n);
        tab.reading.borrow_mut().retain(|(w, _)| *w != n);
        if tab.model.borrow().is_call(n) {
            gone(tab, n, Cause::GaveUp);
        } else {
            // As the bindings do: a promise's number may be a caller's or a consumer's.
            tab.event(Cause::GaveUp, |m, _| _ = m.gone(n), Event::Gone(Target::Token(n)));
            tab.event(Cause::GaveUp, |_, _| {}, Event::Gone(Target::Lease(n)));
        }
        true
    }

    /// A backend answers one of the requests on the wire.
    fn respond(&self, tab: &Tab, n: u8, reply: Reply) -> bool {
        let Some(call) = take(&tab.wire, n) else { return false };
        let reply = if reply == Reply::Truth { self.truth(tab, call) } else { reply };
        let b = tab.backend(call);
        let response = backend::response(b, reply);
        self.hit(match (reply, response.says) {
            (_, Says::Renew) => Hit::Curable,
            (_, Says::Refused) => Hit::Incurable,
            (_, Says::Later) => Hit::Wait,
            (Reply::Broken, _) => Hit::Broken,
            (Reply::Garbled, _) => Hit::Garbled,
            _ => Hit::Truth,
        });
        self.world.say(tab.n, || format!("the backend answers {call}: {reply:?}"));
        let head = Head { status: response.status, text: "", complete: false, read: false };
        let cause = if response.read { Cause::Silent } else { looks(tab, call, &response) };
        let wanted = tab.event(cause, |m, at| if !response.read { m.judged(at, call, response.says) }, Event::Head(call, head));
        if wanted != response.read {
            self.world.broken(Violation { invariant: 6, what: format!("the body of {call} is {}read", if wanted { "" } else { "not " }) });
        }
        if wanted {
            tab.reading.borrow_mut().push((call, reply));
        }
        true
    }

    /// What a server finds in the token that it was sent, by its own clock.
    fn truth(&self, tab: &Tab, call: u32) -> Reply {
        let carried = tab.model.borrow().carries(call);
        let tokens = self.world.tokens.borrow();
        let expired = carried.and_then(|t| tokens[t as usize].exp).is_some_and(|exp| exp <= self.world.server());
        if expired {
            self.hit(Hit::TrueExpiry);
            return Reply::Curable;
        }
        Reply::Fine
    }

    /// Everything works again: whoever waits for a token is answered.
    fn calm(&self) {
        self.world.say(0, || "calm: the provider works, time passes".into());
        for driver in &self.tabs {
            let tab = driver.ports();
            tab.mode.set(Mode::AtOnce(Kind::Fresh));
            tab.listens.set(false);
        }
        // Longer than the longest back-off, and than a minute's budget.
        for _ in 0..4 {
            for driver in &self.tabs {
                if let Some(person) = driver.ports().model.borrow().expects() {
                    self.world.person.set(person);
                }
            }
            self.pass(45_000);
            if self.world.is_broken() {
                return;
            }
        }
        for driver in &self.tabs {
            let tab = driver.ports();
            tab.judge(|| "calm".into(), |m, _| m.calmed(self.tabs.len() == 1));
        }
        self.hit(Hit::SettledCalm);
    }

    /// The last fence: whoever still waits is told so, once.
    fn end(&self) {
        for driver in &self.tabs {
            driver.ports().event(Cause::Other, |m, _| m.dispose(), Event::Disposed);
        }
        self.rest();
        for driver in &self.tabs {
            let tab = driver.ports();
            tab.get(0, false, None);
            if tab.armed.get().is_some() {
                self.world.broken(Violation { invariant: 5, what: "a timer outlives the session".into() });
            }
        }
        self.rest();
    }
}

/// A timer goes off: it is not set any more.
fn tick(tab: &Tab) {
    tab.armed.set(None);
    tab.world.say(tab.n, || "the timer goes off".into());
    tab.event(Cause::Tick, |m, at| m.ticks(at), Event::Tick);
}

fn take<T: Copy>(list: &RefCell<Vec<T>>, n: u8) -> Option<T> {
    let mut list = list.borrow_mut();
    let at = usize::from(n).checked_rem(list.len())?;
    Some(list.swap_remove(at))
}

fn settle(tab: &Tab, n: u8, kind: Kind) -> bool {
    let Some(call) = take(&tab.open, n) else { return false };
    tab.over.borrow_mut().push(call);
    tab.settle(call, kind);
    true
}

/// Only a response that says something of a token makes the session look at its clocks.
fn looks(tab: &Tab, call: u32, response: &backend::Response) -> Cause {
    let carried = tab.model.borrow().carries(call).is_some();
    if carried && matches!(response.says, Says::Renew | Says::Refused) { Cause::Other } else { Cause::Silent }
}

fn gone(tab: &Tab, call: u32, cause: Cause) {
    let owed = Cell::new(false);
    let alive = tab.event(cause, |m, _| owed.set(m.gone(call)), Event::Gone(Target::Call(call)));
    if alive != owed.get() {
        tab.world.broken(Violation { invariant: 5, what: format!("request {call} is gone, and was {}alive", if alive { "" } else { "not " }) });
    }
}

fn read(tab: &Tab, n: u8, whole: bool) -> bool {
    let Some((call, reply)) = take(&tab.reading, n) else { return false };
    let b = tab.backend(call);
    let response = backend::response(b, reply);
    if b % backend::COUNT == backend::OWN {
        // The caller's classifier looks at a copy of the response and says what it found.
        let verdict = match response.says {
            Says::Fine => Verdict::Ok,
            Says::Renew => Verdict::Refresh,
            _ => Verdict::Fail,
        };
        tab.event(looks(tab, call, &response), |m, at| m.judged(at, call, response.says), Event::Verdict(call, verdict));
        return true;
    }
    if !whole && response.body.starts_with('{') {
        // The first byte, which says nothing yet.
        let head = Head { status: response.status, text: &response.body[..1], complete: false, read: true };
        let more = tab.event(Cause::Silent, |_, _| {}, Event::Head(call, head));
        tab.reading.borrow_mut().push((call, reply));
        if !more {
            tab.world.broken(Violation { invariant: 6, what: format!("one byte of the body of {call} was enough") });
        }
        return true;
    }
    let head = Head { status: response.status, text: response.body, complete: true, read: true };
    tab.event(looks(tab, call, &response), |m, at| m.judged(at, call, response.says), Event::Head(call, head));
    true
}
