//! A server with a log of events, and what lies between it and the page. The cursor of event `n` is `n`.

use crate::random::Random;
use std::collections::VecDeque;

/// What the server, or the network before it, does with whoever connects.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mood {
    Well,
    Unreachable,
    /// Takes the request and never says a word.
    Mute,
    Portal,
    Says(&'static str, u16),
    /// A status, and after this many milliseconds the end; `true`: a clean one.
    Cuts(i64, bool),
    /// A status, and after this many milliseconds an error event.
    Fails(i64, &'static str),
}

/// What arrives at the page in one piece.
#[derive(Clone, Copy, Debug)]
pub enum Chunk {
    Sourced(u64),
    Status(u64),
    /// Events from and to.
    Events(u64, u64),
    /// A page of a feed: events after the one and up to the other, and whether the server says that there are more.
    Page(u64, u64, bool),
    Error(&'static str, u16),
    Garbage,
    End,
    Reset,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Source,
    Stream,
    Feed,
}

/// One request, its answer on the way, and what the server knows about it.
#[derive(Debug)]
pub struct Wire {
    pub id: u32,
    pub kind: Kind,
    /// Of the token it carries.
    pub expires: i64,
    /// Where it wants to go on.
    pub after: u64,
    /// When the server gets it; `None`: it has it.
    pub arrives: Option<i64>,
    /// When the server looks at it again: a status event, or the end of its token.
    pub status_at: i64,
    pub checked_at: i64,
    pub pipe: VecDeque<(i64, Chunk)>,
    /// Nothing gets through any more, and nobody knows.
    pub dead: bool,
    /// The server has said everything.
    pub closed: bool,
}

impl Wire {
    pub fn push(&mut self, at: i64, chunk: Chunk) {
        if self.dead || self.closed {
            return;
        }
        let at = self.pipe.back().map_or(at, |last| at.max(last.0));
        self.closed = matches!(chunk, Chunk::Error(..) | Chunk::Garbage | Chunk::End | Chunk::Reset | Chunk::Sourced(_) | Chunk::Page(..));
        self.pipe.push_back((at, chunk));
    }

    /// Whether the server sends events over it.
    pub fn live(&self) -> bool {
        self.kind == Kind::Stream && self.arrives.is_none() && !self.closed && !self.dead
    }

    pub fn next_check(&self) -> Option<i64> {
        self.live().then(|| self.status_at.min(self.checked_at))
    }
}

pub struct Server {
    /// How many events there were.
    pub log: u64,
    /// What came before is forgotten.
    pub floor: u64,
    pub mood: Mood,
}

const STATUS: i64 = 300_000;
const PAGE: u64 = 16;
const REPLAY: u64 = 128;
const OVERFLOW: usize = 100;

impl Server {
    /// A request arrives.
    pub fn accept(&self, wire: &mut Wire, now: i64, random: &mut Random) {
        wire.arrives = None;
        (wire.status_at, wire.checked_at) = (now + STATUS, i64::MAX);
        let at = now + random.within(1, 400);
        match self.mood {
            Mood::Mute => wire.dead = true,
            Mood::Unreachable => wire.push(at, Chunk::Reset),
            Mood::Portal => wire.push(at, Chunk::Garbage),
            Mood::Says(code, status) => wire.push(at, Chunk::Error(code, status)),
            _ if wire.expires <= now => wire.push(at, Chunk::Error("unauthorized", 401)),
            _ if wire.kind == Kind::Source => wire.push(at, Chunk::Sourced(self.log)),
            _ if wire.after < self.floor => {
                // Sometimes a status comes first, and sometimes it is the answer itself.
                if wire.kind == Kind::Stream && random.once_in(2) {
                    wire.push(at, Chunk::Status(wire.after));
                }
                wire.push(at, Chunk::Error("invalid_stream_start_time", 0));
            }
            _ if wire.kind == Kind::Feed => self.page(wire, at),
            Mood::Cuts(after, clean) => {
                wire.push(at, Chunk::Status(wire.after));
                wire.push(at + after, if clean { Chunk::End } else { Chunk::Reset });
            }
            Mood::Fails(after, code) => {
                wire.push(at, Chunk::Status(wire.after));
                wire.push(at + after, Chunk::Error(code, 0));
            }
            Mood::Well => {
                wire.push(at, Chunk::Status(wire.after));
                if self.log > wire.after + REPLAY {
                    return wire.push(at, Chunk::Error("stream_replay_volume_exceeded", 0));
                }
                wire.checked_at = wire.expires + random.within(0, 60_000);
                self.events(wire, at);
            }
        }
    }

    fn page(&self, wire: &mut Wire, at: i64) {
        let to = self.log.min(wire.after + PAGE);
        match self.mood {
            Mood::Fails(_, code) => wire.push(at, Chunk::Error(code, 0)),
            // Says for ever that there is more.
            Mood::Cuts(_, true) => wire.push(at, Chunk::Page(wire.after, wire.after, true)),
            Mood::Cuts(_, false) => wire.push(at, Chunk::Reset),
            _ => wire.push(at, Chunk::Page(wire.after, to, to < self.log)),
        }
    }

    fn events(&self, wire: &mut Wire, at: i64) {
        if self.log > wire.after {
            wire.push(at, Chunk::Events(wire.after + 1, self.log));
            wire.after = self.log;
        }
    }

    /// The server looks at a connection on its own.
    pub fn check(&self, wire: &mut Wire, now: i64) {
        if now >= wire.checked_at {
            return wire.push(now + 5, Chunk::Error("permission_loss", 0));
        }
        wire.status_at = now + STATUS;
        wire.push(now + 5, Chunk::Status(wire.after));
    }

    /// Somebody wrote.
    pub fn publish(&mut self, count: u64, wire: Option<&mut Wire>, now: i64, random: &mut Random) {
        self.log += count;
        // Only one that it is well disposed to hears of it: the others have been told their end.
        let Some(wire) = wire.filter(|wire| wire.live()) else { return };
        if now >= wire.expires {
            wire.push(now + 5, Chunk::Error("permission_loss", 0));
        } else if wire.pipe.len() > OVERFLOW {
            wire.push(now + 5, Chunk::Error("stream_overflow", 0));
        } else {
            self.events(wire, now + random.within(1, 400));
        }
    }
}
