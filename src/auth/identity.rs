//! Who is signed in, as far as the session was told, and the generation that every request belongs to.

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
}

/// An identity by value. Two are the same person at the same place when user, organisation and session are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Person {
    /// Of user, organisation and session.
    pub key: Mark,
    /// Of the `sub` that its tokens must carry, where the adapter says that the two are comparable.
    pub subject: Option<Mark>,
}

/// Where the session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Nobody ever told; tokens speak for themselves. With the `sub` of the last one.
    Untold(Option<Mark>),
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
    /// A user noticed from the `sub` of a token.
    Noticed(Mark),
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
            Self::Untold(Some(subject)) => Before::Noticed(*subject),
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
            Told::User(person) => {
                let change = match &before {
                    Before::Never => Change::Adopted,
                    Before::Nobody => Change::Bumped { left: false },
                    // Told for the first time after tokens had spoken: the same user goes on, another one does not.
                    Before::Noticed(subject) if person.subject == Some(*subject) => Change::Adopted,
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
