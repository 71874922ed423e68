//! What may happen next. A step names what it is about by a number that is taken modulo what there is,
//! so a run stays a run when steps are taken out of it: that is what makes a failing one shrink.

use countersign::core::text::Mark;

use super::random::Random;

/// Who a provider may speak for: user, organisation, session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Somebody {
    pub user: u8,
    pub org: u8,
}

impl Somebody {
    /// As an adapter tells them apart: by user and organisation.
    pub fn key(self) -> Mark {
        Mark::of(["alice at one", "alice at two", "bob at one", "bob at two"][usize::from(self.user * 2 + self.org)])
    }

    /// The `sub` of their tokens.
    pub fn subject(self) -> Mark {
        Mark::of(["alice", "bob"][usize::from(self.user)])
    }

    /// The organisation that their tokens name.
    pub fn place(self) -> Mark {
        Mark::of(["one", "two"][usize::from(self.org)])
    }
}

/// Alice in one organisation and in another, and Bob.
pub const PEOPLE: [Somebody; 3] = [Somebody { user: 0, org: 0 }, Somebody { user: 0, org: 1 }, Somebody { user: 1, org: 0 }];

/// What a provider answers with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Fresh,
    /// Out of its cache, as old as it is.
    Cached,
    /// What it answered last, force or not.
    Same,
    Expired,
    /// With this many thousandths of its life left.
    Aged(u16),
    Opaque,
    NoExp,
    Another,
    /// Opaque, with an expiry beside it.
    Beside,
    /// An expiry in seconds instead of milliseconds, or years away, beside a readable token.
    Lie(bool),
    Null,
    Fails,
    /// And wants to be left alone for so many seconds; 0: for ever.
    Busy(u8),
}

/// What the provider does while it is being asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// Answers later, or never.
    Hold,
    AtOnce(Kind),
    Twice(Kind),
    /// Asks the session for the same token.
    GetSame,
    GetOther,
    /// Reports another identity.
    Tells(u8),
    Invalidates,
    Disposes,
}

/// What a backend answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reply {
    /// Whatever the server finds when it looks at the token.
    Truth,
    Fine,
    Curable,
    Incurable,
    Wait,
    Broken,
    Garbled,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Word {
    Unknown,
    Nobody,
    Person(u8),
    /// Whoever the provider speaks for.
    Truth,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// Timers go off when they should.
    Pass(u32),
    /// They do not: a throttled tab. They do with the next step that lets them.
    Late(u32),
    /// The wall clock goes on, the monotonic one and the timers stand still.
    Sleep(u32),
    /// The wall clock is set.
    Jump(i32),
    Early,
    Server(u8),
    Tell(Word),
    Connect(bool),
    Disconnect,
    Visible(bool),
    Invalidate(Option<u8>),
    Dispose,
    Get { key: u8, forced: bool, timeout: u16 },
    Lease { key: u8, lead: i32, next: bool },
    Call { key: Option<u8>, backend: u8, anonymous: bool, replayable: bool },
    Abort(u8),
    Reject(u8),
    Peek(u8),
    Mode(Mode),
    /// A listener that asks for a token whenever it hears anything.
    Listens(bool),
    Settle(u8, Kind),
    Again(u8, Kind),
    Respond(u8, Reply),
    Read(u8, bool),
    Gone(u8),
    /// A server that took a token of this key shows its clock.
    Shown(u8),
    /// The network is back, or the page was away.
    Woken,
}

/// A step of one of the tabs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Move {
    pub tab: u8,
    pub step: Step,
}

/// What holds for a whole run.
#[derive(Clone, Debug)]
pub struct Config {
    pub seed: u64,
    pub tabs: u8,
    pub keys: u8,
    /// Server clock less wall clock, at the start.
    pub skew: i64,
    /// Seconds.
    pub lives: [i64; 2],
    /// Whether the identity source can say which `sub` its tokens carry.
    pub comparable: bool,
    /// Told who is signed in from the start; nobody is ever told otherwise.
    pub told: bool,
    pub forced_per_minute: u32,
    pub forced_per_minute_all: u32,
    pub timeout: i64,
    pub uncached: bool,
}

const LIVES: [i64; 7] = [1, 5, 30, 60, 600, 3_600, 2_592_000];

/// How likely each kind of step is in a run where everything is equal; a run then doubles, halves and leaves out at random (swarm testing).
const WEIGHTS: [(Deed, u32); 27] = {
    use Deed::*;
    [
        (Pass, 16), (Late, 2), (Sleep, 2), (Jump, 2), (Early, 1), (Server, 2), (Tell, 4), (Connect, 1), (Disconnect, 1), (Visible, 1), (Invalidate, 2), (Dispose, 1),
        (Get, 10), (Lease, 5), (Call, 14), (Abort, 2), (Reject, 3), (Peek, 3), (ModeOf, 4), (Listens, 1), (Settle, 22), (Again, 1), (Respond, 16), (Read, 8), (Gone, 2), (Shown, 1), (Woken, 1),
    ]
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Deed {
    Pass, Late, Sleep, Jump, Early, Server, Tell, Connect, Disconnect, Visible, Invalidate, Dispose,
    Get, Lease, Call, Abort, Reject, Peek, ModeOf, Listens, Settle, Again, Respond, Read, Gone, Shown, Woken,
}

/// The run of a seed.
pub fn draw(seed: u64) -> (Config, Vec<Move>) {
    let mut r = Random::new(seed);
    let lives = if r.once_in(3) { [r.pick(&LIVES), r.pick(&LIVES)] } else { [r.pick(&[30, 60, 60, 600]), 60] };
    let config = Config {
        seed,
        tabs: r.pick(&[1, 1, 1, 2, 3]),
        keys: r.pick(&[1, 1, 2, 3]),
        skew: match r.below(6) {
            0 => r.within(-86_400_000, 86_400_000),
            1 => r.within(-120_000, 120_000),
            2 => r.within(-10_000, 10_000),
            _ => r.within(-300, 300),
        },
        lives,
        comparable: !r.once_in(4),
        told: !r.once_in(4),
        forced_per_minute: r.pick(&[6, 6, 6, 2, 1]),
        forced_per_minute_all: r.pick(&[30, 30, 7, 3]),
        timeout: r.pick(&[10_000, 10_000, 10_000, 3_000, 700]),
        uncached: r.once_in(12),
    };
    let mut table = Vec::with_capacity(256);
    for (kind, weight) in WEIGHTS {
        use Deed::*;
        let needed = matches!(kind, Pass | Get | Call | Settle | Respond | Read);
        let rare = matches!(kind, Dispose) && !r.once_in(8);
        let weight = match r.below(6) {
            _ if rare => 0,
            // A session that nobody tells stays one, mostly.
            _ if kind == Tell && !config.told && !r.once_in(3) => 0,
            0 | 1 if !needed => 0,
            2 => weight.div_ceil(2),
            3 => weight * 3,
            _ => weight,
        };
        table.extend(std::iter::repeat_n(kind, weight as usize));
    }
    let few = r.pick(&[3, 8, 20]);
    let length = r.pick(&[40, 80, 160, 320]);
    let taste = Taste { few, kinds: taste(&mut r), replies: replies(&mut r), lives };
    let steps = (0..length).map(|_| Move { tab: r.below(u32::from(config.tabs)) as u8, step: one(&mut r, &table, &taste) }).collect();
    (config, steps)
}

/// What this run is fond of.
struct Taste {
    few: u32,
    kinds: Vec<Kind>,
    replies: Vec<Reply>,
    lives: [i64; 2],
}

fn taste(r: &mut Random) -> Vec<Kind> {
    let mut kinds = vec![Kind::Fresh; r.pick(&[1, 4, 12])];
    let all = [Kind::Cached, Kind::Same, Kind::Expired, Kind::Aged(0), Kind::Opaque, Kind::NoExp, Kind::Another, Kind::Beside, Kind::Lie(false), Kind::Lie(true), Kind::Null, Kind::Fails, Kind::Busy(0)];
    for kind in all {
        kinds.extend(std::iter::repeat_n(kind, r.pick(&[0, 0, 1, 3])));
    }
    kinds
}

fn replies(r: &mut Random) -> Vec<Reply> {
    let mut replies = vec![Reply::Truth; r.pick(&[1, 6])];
    for reply in [Reply::Fine, Reply::Curable, Reply::Curable, Reply::Incurable, Reply::Wait, Reply::Broken, Reply::Garbled] {
        replies.extend(std::iter::repeat_n(reply, r.pick(&[0, 1, 3])));
    }
    replies
}

impl Taste {
    fn kind(&self, r: &mut Random) -> Kind {
        match r.pick(&self.kinds) {
            Kind::Aged(_) => Kind::Aged(r.below(1_000) as u16),
            Kind::Busy(_) => Kind::Busy(r.pick(&[0, 1, 5, 30, 200])),
            kind => kind,
        }
    }

    fn span(&self, r: &mut Random) -> u32 {
        let life = self.lives[0].min(3_600) as u32 * 1_000;
        let limit = match r.below(8) {
            0 => life,
            1 => 70_000,
            2 | 3 => 12_000,
            4 | 5 => 2_000,
            _ => 200,
        };
        1 + r.below(limit)
    }
}

fn one(r: &mut Random, table: &[Deed], taste: &Taste) -> Step {
    let n = r.below(taste.few) as u8;
    let key = r.below(4) as u8;
    match r.pick(table) {
        Deed::Pass => Step::Pass(taste.span(r)),
        Deed::Late => Step::Late(taste.span(r)),
        Deed::Sleep => Step::Sleep(match r.below(3) {
            0 => 1 + r.below(40_000_000),
            _ => 1 + r.below(100_000),
        }),
        Deed::Jump => Step::Jump(match r.below(4) {
            0 => r.within(-90_000_000, 90_000_000) as i32,
            1 => r.within(-1_000, 1_000) as i32,
            _ => r.within(-200_000, 200_000) as i32,
        }),
        Deed::Early => Step::Early,
        Deed::Server => Step::Server(r.below(PEOPLE.len() as u32) as u8),
        Deed::Tell => Step::Tell(match r.below(6) {
            0 => Word::Unknown,
            1 => Word::Nobody,
            2 => Word::Person(r.below(PEOPLE.len() as u32) as u8),
            _ => Word::Truth,
        }),
        Deed::Connect => Step::Connect(r.once_in(2)),
        Deed::Disconnect => Step::Disconnect,
        Deed::Visible => Step::Visible(r.once_in(2)),
        Deed::Invalidate => Step::Invalidate((!r.once_in(3)).then_some(key)),
        Deed::Dispose => Step::Dispose,
        Deed::Get => Step::Get { key, forced: r.once_in(3), timeout: if r.once_in(4) { 1 + r.below(20_000) as u16 } else { 0 } },
        Deed::Lease => Step::Lease { key, lead: if r.once_in(2) { -1 } else { r.below(100_000) as i32 }, next: !r.once_in(3) },
        Deed::Call => Step::Call { key: (!r.once_in(12)).then_some(key), backend: r.below(6) as u8, anonymous: r.once_in(4), replayable: !r.once_in(5) },
        Deed::Abort => Step::Abort(n),
        Deed::Reject => Step::Reject(n),
        Deed::Peek => Step::Peek(key),
        Deed::ModeOf => Step::Mode(match r.below(14) {
            0..=4 => Mode::Hold,
            5..=7 => Mode::AtOnce(taste.kind(r)),
            8 => Mode::Twice(taste.kind(r)),
            9 => Mode::GetSame,
            10 => Mode::GetOther,
            11 => Mode::Tells(r.below(PEOPLE.len() as u32) as u8),
            12 => Mode::Invalidates,
            _ if r.once_in(6) => Mode::Disposes,
            _ => Mode::Hold,
        }),
        Deed::Listens => Step::Listens(r.once_in(2)),
        Deed::Settle => Step::Settle(n, taste.kind(r)),
        Deed::Again => Step::Again(n, taste.kind(r)),
        Deed::Respond => Step::Respond(n, r.pick(&taste.replies)),
        Deed::Read => Step::Read(n, !r.once_in(3)),
        Deed::Gone => Step::Gone(n),
        Deed::Shown => Step::Shown(key),
        Deed::Woken => Step::Woken,
    }
}
