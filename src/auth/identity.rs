//! Who is signed in, as far as the session was told, and the generation that every request belongs to.

use super::claims::Claims;
use crate::core::text::Mark;

/// What the identity source says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// Not known (yet): hold.
    Unknown,
    /// Nobody.
    SignedOut,
    /// Somebody.
    User(Person),
    /// The same user, in another organisation: the provider's cache may still hold tokens of the old one (H10).
    Moved(Person),
}

/// An identity by value. Two are the same person at the same place when user, organisation and session are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Person {
    /// Of user, organisation and session.
    pub key: Mark,
    /// Of the `sub` that its tokens must carry, where the adapter says that the two are comparable.
    pub subject: Option<Mark>,
}

/// What tokens have said of whom they are for, where nobody else says it. A token names what it names: only what two of them both name is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trail {
    /// Stands for this identity in cache keys, and stays as more becomes known of it.
    pub key: Mark,
    /// `sub`.
    pub subject: Option<Mark>,
    session: Option<Mark>,
    org: Option<Mark>,
}

impl Trail {
    /// What a token says; `None` when it names nobody.
    pub fn of(claims: &Claims) -> Option<Self> {
        let Claims { subject, session, org, .. } = *claims;
        // One after the other, so that a user alone keeps the mark of its `sub`.
        let mut all = None;
        for mark in [subject, session, org].into_iter().flatten() {
            all = Some(all.map_or(mark, |all: Mark| all.with(mark)));
        }
        all.map(|key| Self { key, subject, session, org })
    }

    /// Whether they name different users, sessions or organisations.
    pub fn differs(&self, other: &Self) -> bool {
        let differ = |a: Option<Mark>, b: Option<Mark>| a.is_some() && b.is_some() && a != b;
        differ(self.subject, other.subject) || differ(self.session, other.session) || differ(self.org, other.org)
    }

    /// With what another token adds.
    pub fn with(self, other: &Self) -> Self {
        Self { key: self.key, subject: self.subject.or(other.subject), session: self.session.or(other.session), org: self.org.or(other.org) }
    }
}

/// Where the session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Nobody ever told; tokens speak for themselves. With what they said.
    Untold(Option<Trail>),
    /// Held: the source says that it does not know.
    Held(Before),
    /// Nobody is signed in.
    Nobody,
    /// This person is.
    Known(Person),
}

/// What was known before a hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    /// Nothing yet.
    Never,
    /// Somebody noticed from tokens.
    Noticed(Trail),
    /// That nobody was signed in.
    Nobody,
    /// This person.
    Person(Person),
}

/// As in `Session.status`; JavaScript knows them by number, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Status {
    /// Not known yet.
    Unknown,
    /// Signed out.
    Anonymous,
    /// Signed in.
    SignedIn,
    /// Signed in, and the last refresh failed.
    Degraded,
}

/// What a report changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing.
    None,
    /// Who is there became known for the first time, or is known again: same generation, waiting calls proceed.
    Adopted,
    /// Tokens are held back until the source knows again.
    Held,
    /// Another identity: a new generation. With whether a known user left.
    Bumped {
        /// Whether somebody known was there before: caches must be dropped.
        left: bool,
    },
}

impl Who {
    fn before(&self) -> Before {
        match self {
            Self::Untold(None) => Before::Never,
            Self::Untold(Some(trail)) => Before::Noticed(*trail),
            Self::Held(before) => *before,
            Self::Nobody => Before::Nobody,
            Self::Known(person) => Before::Person(*person),
        }
    }

    /// Takes a report in and says what it changes. The first identity is adopted: what waits goes on. Every later change is a new generation.
    pub fn hear(&mut self, told: Told) -> Change {
        let before = self.before();
        let (next, change) = match told {
            Told::Unknown if matches!(self, Self::Held(_)) => return Change::None,
            Told::Unknown => (Self::Held(before), Change::Held),
            Told::SignedOut if *self == Self::Nobody => return Change::None,
            Told::SignedOut => {
                let adopted = matches!(before, Before::Never | Before::Nobody);
                (Self::Nobody, if adopted { Change::Adopted } else { Change::Bumped { left: true } })
            }
            Told::User(person) | Told::Moved(person) => {
                let change = match &before {
                    Before::Never => Change::Adopted,
                    Before::Nobody => Change::Bumped { left: false },
                    // Told for the first time after tokens had spoken: the same user goes on, another one does not.
                    Before::Noticed(trail) if trail.subject.is_some() && person.subject == trail.subject => Change::Adopted,
                    Before::Person(old) if *old == person => if matches!(self, Self::Known(_)) { Change::None } else { Change::Adopted },
                    _ => Change::Bumped { left: true },
                };
                (Self::Known(person), change)
            }
        };
        *self = next;
        change
    }
}
