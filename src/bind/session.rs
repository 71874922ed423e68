//! Sessions, for `pkg/src/core/core.ts`. Sessions, keys, calls and promises are numbers; everything asynchronous comes back through the host.
//!
//! Free functions over a table instead of an exported class, and one `command` for what only takes numbers: each exported method
//! of a class costs half a kilobyte, and this is the part that every page loads.

use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen::prelude::*;

use crate::auth::entry::{FlightId, KeyId};
use crate::auth::identity::{Person, Told};
use crate::auth::machine::{Acquired, Want};
use crate::auth::policy::Policy;
use crate::auth::flights::{Answer, FOREVER};
use crate::backends;
use crate::core::endpoint::{admit, begins};
use crate::core::error::Why;
use crate::core::http::{Backend, GENERIC, Head, Reading, Verdict};
use crate::core::lease::LeaseId;
use crate::core::text::Mark;
use crate::core::time::{DurationMs, UnixMillis};
use crate::driver::call::Plan;
use crate::driver::ports::Ports;
use crate::driver::session::{Driver, Event, Target};
use crate::js::answer;
use crate::js::host::Host;
use crate::js::ports::{Browser, end};

/// What a client of the session sends with, said once.
struct Door {
    /// `None`: bare.
    key: Option<KeyId>,
    /// For a route: its one href.
    origins: Vec<String>,
    insecure: bool,
    anonymous: bool,
    /// `None`: not a client but a route of the session.
    backend: Option<&'static Backend>,
}

struct Session {
    driver: Driver<Browser>,
    doors: RefCell<Vec<Door>>,
}

/// The sessions of the page, by number. A number is never given twice: a late answer for a session that is gone must not reach another.
struct Table {
    last: u32,
    live: Vec<(u32, Rc<Session>)>,
}

thread_local! {
    static SESSIONS: RefCell<Table> = const { RefCell::new(Table { last: 0, live: Vec::new() }) };
}

/// The session of a number; none when it was disposed, which every function takes for "nothing to do".
#[inline(never)]
fn session(n: u32) -> Option<Rc<Session>> {
    // A page has one or two.
    SESSIONS.with(|all| all.borrow().live.iter().find(|(of, _)| *of == n).map(|(_, session)| Rc::clone(session)))
}

fn key(n: f64) -> Option<KeyId> {
    (n >= 0.0).then_some(KeyId(n as u32))
}

/// A new session, which knows nobody yet. Its number.
#[wasm_bindgen]
pub fn open(host: Host) -> u32 {
    let driver = Driver::new(Policy::default(), Browser(host));
    SESSIONS.with(|all| {
        let all = &mut *all.borrow_mut();
        all.last = all.last.wrapping_add(1);
        all.live.push((all.last, Rc::new(Session { driver, doors: RefCell::default() })));
        all.last
    })
}

/// Everything that only takes numbers. The operations are named in `pkg/src/core/op.ts`, and the policy's in `options.ts`.
#[wasm_bindgen]
pub fn command(n: u32, op: u32, a: f64, b: f64) -> f64 {
    let Some(session) = session(n) else { return 0.0 };
    let driver = &session.driver;
    let number = a as u32;
    let event = match op {
        0 => return driver.look(|m, _| f64::from(m.add_key().0)),
        1 => Event::Connected { watches: a > 0.0 },
        2 => Event::Disconnected,
        3 => Event::Rejected(LeaseId(number)),
        4 => Event::Invalidated(key(a)),
        5 => {
            driver.handle(Event::Gone(Target::Token(number)));
            driver.handle(Event::Gone(Target::Lease(number)));
            Event::Gone(Target::Call(number))
        }
        6 => Event::Answered(FlightId(number), failure(b)),
        7 => Event::Visible(a > 0.0),
        8 => Event::Verdict(number, if b == 0.0 { Verdict::Ok } else if b == 1.0 { Verdict::Refresh } else { Verdict::Fail }),
        9 => Event::Head(number, Head { status: b as u16, text: "", complete: false, read: false }),
        10 => {
            driver.handle(Event::Disposed);
            SESSIONS.with(|all| {
                let live = &mut all.borrow_mut().live;
                if let Some(at) = live.iter().position(|(of, _)| *of == n) {
                    live.swap_remove(at);
                }
            });
            return 0.0;
        }
        11 => return driver.look(|m, _| f64::from(m.generation())),
        12 => return driver.look(|m, _| number_of(m, key(a), b)),
        21 => Event::Tick,
        22 => Event::Woken,
        27 => Event::Checking(a > 0.0),
        26 => return driver.look(|m, now| f64::from(u8::from(m.spend(now, KeyId(number))))),
        _ => {
            driver.look(|m, _| set(m.policy_mut(), op, a));
            return 0.0;
        }
    };
    f64::from(u8::from(driver.handle(event)))
}

/// The provider failed; above zero, it wants to be left alone for so many milliseconds (infinitely many: until something about it changes).
/// Below: -1 nobody is signed in, -6 the same by an error; -8 it may not be asked again within this minute; or it answered with -2 a number, -3 a boolean, -4 an object without a token, -5 something else, -7 an expiry that is no time.
fn failure(how: f64) -> Answer<answer::Token> {
    if how > 0.0 {
        return Answer::Busy(Why::ProviderThrew, DurationMs(how.min(FOREVER.0 as f64) as i64));
    }
    Answer::Failed(match how as i32 {
        0 => Why::ProviderThrew,
        -1 => return Answer::Nobody,
        -6 => return Answer::SignedOut,
        -8 => Why::Budget,
        -2 => Why::AnsweredNumber,
        -3 => Why::AnsweredBoolean,
        -4 => Why::AnsweredObject,
        -7 => Why::AnsweredExpiry,
        _ => Why::AnsweredOther,
    })
}

/// A server that took a key's token showed this time when it was asked at that one; milliseconds since the epoch, its and ours.
#[wasm_bindgen]
pub fn shown(n: u32, key: u32, server: f64, asked: f64) {
    if let Some(session) = session(n) {
        session.driver.handle(Event::Shown(KeyId(key), UnixMillis(server as i64), UnixMillis(asked as i64)));
    }
}

/// Of a key: 0 expiresAt, 1 refreshAt, 2 obtainedAt, 3 refreshes, 4 the reason it was asked for, 5 the last moment it is handed out (local milliseconds);
/// 0 without a token. Of the session: 6 and 7 the ends of the skew, NaN where unknown.
fn number_of(m: &crate::auth::machine::Manager<answer::Token, Target>, key: Option<KeyId>, what: f64) -> f64 {
    let Some(entry) = key.and_then(|k| m.entries().get(k.0 as usize)) else { return 0.0 };
    let ms = |at: UnixMillis| at.0 as f64;
    // One that is only kept to be known again is not at hand.
    let held = entry.held.as_ref().filter(|_| entry.must_force.is_none());
    match (what as u32, held) {
        (3, _) => f64::from(entry.refreshes),
        (6, _) => end(m.skew().bounds().0),
        (7, _) => end(m.skew().bounds().1),
        (_, None) => 0.0,
        (0, Some(held)) => ms(held.expires_at(m.skew())),
        (1, Some(held)) => ms(held.refresh_at(m.policy(), m.skew())),
        (4, Some(held)) => f64::from(held.reason as u8),
        (5, Some(held)) => ms(held.not_after(m.policy(), m.skew(), entry.latency)),
        (_, Some(held)) => ms(held.obtained),
    }
}

fn set(policy: &mut Policy, op: u32, value: f64) {
    let ms = DurationMs(value as i64);
    match op {
        13 => policy.timeout = ms,
        14 => policy.lead = Some(ms),
        15 => policy.margin = Some(ms),
        16 => policy.fallback_ttl = ms,
        17 => policy.opaque_ttl = ms,
        18 => policy.forced_per_minute = value as u32,
        19 => policy.forced_per_minute_all = value as u32,
        23 => policy.backoff = ms,
        24 => policy.backoff_max = ms,
        25 => policy.stuck = ms,
        _ => policy.uncached = value > 0.0,
    }
}

/// Declares a client: its key (-1: bare), its backend; or (backend `route`) one route of the session. Flags: 1 plain http allowed,
/// 2 bare when signed out. Its number.
#[wasm_bindgen]
pub fn door(n: u32, key_number: f64, backend: &str, flags: u32) -> u32 {
    let Some(session) = session(n) else { return 0 };
    let backend = match backend {
        "route" => None,
        "custom" => Some(&CUSTOM),
        name => Some(backends::named(name)),
    };
    let mut doors = session.doors.borrow_mut();
    doors.push(Door { key: key(key_number), origins: Vec::new(), insecure: flags & 1 != 0, anonymous: flags & 2 != 0, backend });
    doors.len() as u32 - 1
}

/// An origin that a client may send its token to; for a route its one href.
#[wasm_bindgen]
pub fn origin(n: u32, door: u32, origin: &str) {
    if let Some(session) = session(n)
        && let Some(door) = session.doors.borrow_mut().get_mut(door as usize)
    {
        door.origins.push(origin.to_owned());
    }
}

/// Who is signed in: 0 not known (hold), 1 nobody, 2 this person, 3 the person of before in another organisation. `person`: user, organisation
/// and session, a line each. `comparable`: the user is what its tokens call `sub`.
#[wasm_bindgen]
pub fn identity(n: u32, kind: u32, person: &str, comparable: bool) {
    let Some(session) = session(n) else { return };
    let user = person.bytes().position(|b| b == b'\n').and_then(|end| person.get(..end)).unwrap_or(person);
    let person = Person { key: Mark::of(person), subject: comparable.then(|| Mark::of(user)) };
    session.driver.handle(Event::Told(match kind {
        0 => Told::Unknown,
        1 => Told::SignedOut,
        2 => Told::User(person),
        _ => Told::Moved(person),
    }));
}

/// Asks for a token (`want` 0), a forced one (1), or what is at hand and good (2) or at hand at all (3), asking nobody.
/// The token or `null` at once, or `undefined`: the host's `give` or `fail` will say.
#[wasm_bindgen]
pub fn token(n: u32, pending: u32, key: u32, want: u32, timeout: f64) -> JsValue {
    let Some(session) = session(n) else { return JsValue::NULL };
    let key = KeyId(key);
    match want {
        2 => return session.driver.look(|m, now| m.peek(key, now).map_or(JsValue::NULL, |lease| lease.value.0)),
        3 => return session.driver.look(|m, _| m.entries().get(key.0 as usize).and_then(|e| e.held.as_ref()).map_or(JsValue::NULL, |h| h.value.0.clone())),
        _ => {}
    }
    let want = if want == 1 { Want::Forced } else { Want::Any };
    match session.driver.get(Target::Token(pending), key, want, (timeout > 0.0).then_some(DurationMs(timeout.min(FOREVER.0 as f64) as i64))) {
        Acquired::Ready(lease) => return lease.value.0,
        Acquired::Anonymous => return JsValue::NULL,
        Acquired::Pending => {}
        Acquired::Failed(why) => session.driver.ports().fail(pending, why),
    }
    JsValue::UNDEFINED
}

/// Asks for the next lease after one (0: any); `lead` below zero: the policy's. The host's `lend` or `fail` answers.
#[wasm_bindgen]
pub fn lease(n: u32, pending: u32, key: u32, lead: f64, after: u32) {
    let Some(session) = session(n) else { return };
    let want = Want::Next((after > 0).then_some(LeaseId(after)), (lead >= 0.0).then_some(DurationMs(lead as i64)));
    let ports = session.driver.ports();
    match session.driver.get(Target::Lease(pending), KeyId(key), want, None) {
        Acquired::Ready(lease) => ports.lend(pending, Some(&lease)),
        Acquired::Anonymous => ports.lend(pending, None),
        Acquired::Pending => {}
        Acquired::Failed(why) => ports.fail(pending, why),
    }
}

/// An authorised request to a normalised URL, through a door (-1: by route), with a key named by the caller (-1: the route's).
/// The host's `send`, then `give` or `fail` for it.
#[wasm_bindgen]
pub fn request(n: u32, pending: u32, door: f64, named: f64, href: &str, replayable: bool) {
    let Some(session) = session(n) else { return };
    let plan = plan(&session.doors.borrow(), door, key(named), href, replayable);
    match plan {
        Ok(plan) => {
            session.driver.handle(Event::Call(pending, plan));
        }
        Err(why) => session.driver.ports().fail(pending, why),
    }
}

fn plan(doors: &[Door], door: f64, asked: Option<KeyId>, href: &str, replayable: bool) -> Result<Plan, Why> {
    let mut found = doors.get(door as usize).filter(|_| door >= 0.0);
    if door < 0.0 {
        // The longest route that covers the address; of the routes of one template, when the caller named it.
        let mut longest = 0;
        for route in doors.iter().filter(|d| d.backend.is_none() && (asked.is_none() || d.key == asked)) {
            for prefix in &route.origins {
                if prefix.len() >= longest && begins(href, prefix) {
                    (found, longest) = (Some(route), prefix.len());
                }
            }
        }
    }
    let door = found.ok_or(Why::NoRoute)?;
    admit(href, &door.origins, door.insecure)?;
    Ok(Plan { key: door.key, backend: door.backend.unwrap_or(&GENERIC), anonymous: door.anonymous, replayable })
}

/// The provider answered with this text: the string itself, a copy to look at, and its expiry where the provider gave one beside it, or 0.
#[wasm_bindgen]
pub fn answered(n: u32, flight: u32, token: JsValue, copy: &str, expires_at: f64) {
    if let Some(session) = session(n) {
        session.driver.handle(Event::Answered(FlightId(flight), answer::read(token, copy, expires_at)));
    }
}

/// The beginning of a response, as read so far. Whether more is needed.
#[wasm_bindgen]
pub fn head(n: u32, call: u32, status: u32, text: &str, complete: bool) -> bool {
    session(n).is_some_and(|s| s.driver.handle(Event::Head(call, Head { status: status as u16, text, complete, read: true })))
}

/// The caller's own classifier reads the response, in JavaScript, and answers through `command`.
static CUSTOM: Backend = Backend { name: "custom", classify: |_| Reading::More };
