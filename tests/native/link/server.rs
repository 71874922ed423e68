//! A server with one log of changes, and the sockets between it and the page. Change `n` has the number `n`: a live query's result is the
//! newest number, a streaming subscription's rows are all of them after its cursor.

use crate::random::Random;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// What the server, or the network before it, does with whoever connects.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mood {
    Well,
    /// The handshake fails.
    Unreachable,
    /// Nothing is ever answered.
    Hangs,
    /// Opens, and never acknowledges.
    Mute,
    /// Closes instead of acknowledging.
    Refuses(u16, &'static str),
    /// Acknowledges, and closes after so many milliseconds.
    Bounces(u16, i64),
}

/// What an operation asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Asks {
    Live,
    Stream,
    Once,
    /// The server closes the socket on which it is asked for this.
    Poison(u16),
}

/// From the page.
#[derive(Clone, Copy, Debug)]
pub enum Said {
    Init,
    Subscribe(u32, Asks, u64),
    Complete(u32),
    Ping,
}

/// To the page.
#[derive(Clone, Copy, Debug)]
pub enum Answer {
    Acked,
    /// A ping or a pong.
    Sign,
    /// Results from and to; of a live query it is one.
    Next(u32, u64, u64),
    Complete(u32),
    /// An error instead of results.
    Failed(u32),
    Closed(u16, &'static str),
}

#[derive(Default)]
pub struct Server {
    pub log: u64,
    /// How often each query was carried out.
    pub ran: BTreeMap<u32, u32>,
}

/// One socket: what is on the way, and what the server knows about it.
pub struct Wire {
    pub mood: Mood,
    /// When the server cuts it: its token's `exp`, by true time.
    pub expires: Option<i64>,
    pub latency: i64,
    pub post: VecDeque<(i64, Said)>,
    pub pipe: VecDeque<(i64, Answer)>,
    /// Nothing gets through any more, and nobody knows.
    pub frozen: bool,
    /// The database has no connection left for some of what is asked for here.
    pub full: bool,
    /// The server closed it.
    pub gone: bool,
    pub acked: bool,
    pub sign_at: i64,
    /// What runs, and up to where it has been told.
    pub runs: BTreeMap<u32, (Asks, u64)>,
    pub answers: Vec<(i64, u32)>,
    /// What was sent on it, ever; and what the page believes runs there.
    pub sent: BTreeSet<u32>,
    pub uses: BTreeSet<u32>,
}

impl Wire {
    pub fn new(mood: Mood, expires: Option<i64>, latency: i64) -> Self {
        Self {
            mood,
            expires,
            latency,
            post: VecDeque::new(),
            pipe: VecDeque::new(),
            frozen: mood == Mood::Hangs,
            full: false,
            gone: false,
            acked: false,
            sign_at: i64::MAX,
            runs: BTreeMap::new(),
            answers: Vec::new(),
            sent: BTreeSet::new(),
            uses: BTreeSet::new(),
        }
    }

    /// From the page, in order.
    pub fn post(&mut self, now: i64, said: Said) {
        self.post.push_back((now + self.latency, said));
    }

    /// From the server, in order.
    pub fn push(&mut self, now: i64, answer: Answer) {
        if self.gone || self.frozen {
            return;
        }
        if matches!(answer, Answer::Closed(..)) {
            self.gone = true;
            self.runs.clear();
        }
        self.pipe.push_back((now + self.latency, answer));
    }

    /// When the server has something to do with it.
    pub fn next(&self) -> Option<i64> {
        let cut = self.expires.filter(|_| self.acked && !self.gone && !self.frozen);
        let sign = Some(self.sign_at).filter(|at| *at < i64::MAX && !self.gone && !self.frozen);
        let answer = self.answers.iter().map(|(at, _)| *at).min().filter(|_| !self.gone);
        [self.post.front().map(|(at, _)| *at), cut, sign, answer].into_iter().flatten().min()
    }

    /// The server does what is due.
    pub fn work(&mut self, now: i64, server: &mut Server, random: &mut Random) {
        while self.post.front().is_some_and(|(at, _)| *at <= now) {
            let Some((_, said)) = self.post.pop_front() else { break };
            if !self.gone && !self.frozen {
                self.hear(said, now, server, random);
            }
        }
        let due: Vec<u32> = self.answers.iter().filter(|(at, _)| *at <= now).map(|(_, op)| *op).collect();
        self.answers.retain(|(at, _)| *at > now);
        for op in due {
            if self.runs.remove(&op).is_some() {
                self.push(now, Answer::Next(op, server.log, server.log));
                self.push(now, Answer::Complete(op));
            }
        }
        if self.sign_at <= now {
            // What nobody reads for hours is not kept.
            if self.pipe.len() < 50 {
                self.push(now, Answer::Sign);
            }
            self.sign_at = now + 5_000;
        }
        // The engine cancels its threads and closes: what it had in hand is lost.
        if self.acked && !self.gone && self.expires.is_some_and(|at| at <= now) {
            self.push(now, Answer::Closed(1006, ""));
        }
    }

    fn hear(&mut self, said: Said, now: i64, server: &mut Server, random: &mut Random) {
        match (said, self.mood) {
            (Said::Init, Mood::Mute) => self.sign_at = now,
            (Said::Init, Mood::Refuses(code, words)) => self.push(now, Answer::Closed(code, words)),
            (Said::Init, mood) => {
                self.sign_at = now;
                self.acked = true;
                self.push(now, Answer::Acked);
                if let Mood::Bounces(code, after) = mood {
                    self.answers.clear();
                    if after == 0 {
                        self.push(now, Answer::Closed(code, ""));
                    } else {
                        // As if somebody restarted it.
                        self.expires = Some(self.expires.map_or(now + after, |at| at.min(now + after)));
                    }
                }
            }
            (Said::Ping, _) => self.push(now, Answer::Sign),
            (Said::Complete(op), _) => {
                self.runs.remove(&op);
            }
            (Said::Subscribe(op, asks, cursor), _) => {
                assert!(!self.runs.contains_key(&op), "operation {op} already exists on this socket");
                match asks {
                    Asks::Live | Asks::Stream if self.full && random.once_in(3) => self.push(now, Answer::Failed(op)),
                    Asks::Poison(code) => self.push(now, Answer::Closed(code, "")),
                    Asks::Once => {
                        *server.ran.entry(op).or_default() += 1;
                        let think = random.pick(&[0, 0, 50, 1_000, 8_000, 30_000]);
                        self.answers.push((now + think, op));
                        self.runs.insert(op, (asks, cursor));
                    }
                    Asks::Live => {
                        self.push(now, Answer::Next(op, server.log, server.log));
                        self.runs.insert(op, (asks, server.log));
                    }
                    Asks::Stream => {
                        self.runs.insert(op, (asks, cursor));
                        self.tell(server.log, now);
                    }
                }
            }
        }
    }

    /// Something changed.
    pub fn tell(&mut self, log: u64, now: i64) {
        let mut news = Vec::new();
        for (op, (asks, told)) in &mut self.runs {
            if *asks != Asks::Once && *told < log {
                news.push(Answer::Next(*op, if *asks == Asks::Stream { *told + 1 } else { log }, log));
                *told = log;
            }
        }
        for answer in news {
            self.push(now, answer);
        }
    }
}
