//! What a simulation has seen. A kind of event that never happens is a check that never ran: the main run fails on it.

macro_rules! hits {
    ($($name:ident = $words:literal,)*) => {
        /// A kind of event.
        #[derive(Clone, Copy)]
        #[repr(usize)]
        pub enum Hit { $($name,)* }

        const WORDS: &[&str] = &[$($words,)*];
    };
}

hits! {
    // The clocks.
    Pass = "time passed",
    Late = "time passed without the timers",
    Sleep = "the machine slept",
    Jump = "the wall clock was set",
    Drift = "the wall clock was set by less than anybody notices",
    Shown = "clocks shown by servers",
    Woken = "wakes reported by the page",
    Tick = "timers that went off",
    Early = "timers that went off early",
    // The people and the page.
    SignIn = "told of a person",
    SignOut = "told of nobody",
    Moved = "told of another organisation",
    Unknown = "told to hold",
    Server = "the provider's own identity changed",
    Connect = "providers connected",
    Disconnect = "providers disconnected",
    Hidden = "pages hidden or shown",
    Invalidate = "invalidations",
    Disposed = "disposals amid a run",
    // The provider.
    AskUnforced = "unforced provider calls",
    AskForced = "forced provider calls",
    AskSecond = "provider calls beside one that hangs",
    Dropped = "provider calls dropped",
    Fresh = "minted tokens",
    Cached = "tokens out of the provider's cache",
    Same = "the same token although forced",
    Expired = "expired tokens",
    Opaque = "opaque tokens",
    NoExp = "tokens without exp",
    Another = "tokens of another user",
    Beside = "expiresAt beside the token",
    Lie = "expiresAt that lies",
    Null = "null answers",
    Fails = "provider failures",
    Busy = "providers that want to be left alone",
    Twice = "answers that settle again",
    AtOnce = "answers from inside ask",
    Reenter = "calls back from inside ask",
    Listener = "calls back from inside a listener",
    // The consumers.
    Get = "getToken",
    GetForced = "forced getToken",
    GetAtOnce = "getToken answered at once",
    GetLate = "getToken answered later",
    GetTimeout = "getToken timed out",
    Restarted = "getToken that outlived its generation",
    Peek = "synchronous hits",
    Lent = "leases",
    LentNext = "next leases",
    Rejected = "leases rejected",
    Aborted = "aborted",
    Request = "requests",
    Bare = "bare requests",
    Anonymous = "requests sent without a token because nobody was signed in",
    Send = "requests sent",
    Replay = "replays with another token",
    Repeat = "replays with the same token after a wait",
    Delivered = "responses delivered",
    Refused = "refusals handed over",
    Fenced = "requests ended by another identity",
    // The backends.
    Truth = "tokens verified by a server's clock",
    TrueExpiry = "tokens that a server found expired",
    Curable = "refusals that a new token cures",
    Incurable = "refusals that none cures",
    Wait = "refusals that time cures",
    Broken = "5xx answers",
    Garbled = "bodies cut short",
    Gone = "requests that the network ended",
    // The machine.
    Fence = "generations begun",
    Noticed = "generations noticed from a token",
    AnotherUser = "tokens refused because of their user",
    Budget = "budgets spent",
    OnlyExpired = "nothing but expired tokens",
    SameToken = "no better token",
    Reentrant = "re-entrant reads refused",
    SignedOut = "requests refused because nobody is signed in",
    SettledCalm = "calm ends",
}

#[derive(Clone)]
pub struct Coverage(Box<[u64]>);

impl Default for Coverage {
    fn default() -> Self {
        Self(vec![0; WORDS.len()].into())
    }
}

impl Coverage {
    pub fn hit(&mut self, hit: Hit) {
        self.0[hit as usize] += 1;
    }

    pub fn add(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(sum, n)| *sum += n);
    }

    pub fn never(&self) -> Vec<&'static str> {
        WORDS.iter().zip(&self.0).filter(|(_, n)| **n == 0).map(|(words, _)| *words).collect()
    }

    pub fn lines(&self) -> String {
        let cells: Vec<_> = WORDS.iter().zip(&self.0).map(|(words, n)| format!("{n:>11} {words}")).collect();
        cells.chunks(2).map(|row| format!("  {:<70}{}\n", row[0], row.get(1).map_or("", String::as_str))).collect()
    }
}
