//! Which operation is on which socket.

use super::Kind;

/// An operation.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// Its number.
    pub id: u32,
    /// Whether it moves.
    pub kind: Kind,
    /// The socket whose results count.
    pub on: Option<u32>,
    /// The socket it changes over to.
    pub to: Option<u32>,
    /// A result came, ever: it is not what the server does not like.
    pub proven: bool,
}

/// Those under way, in the order in which they were wanted.
#[derive(Debug, Default)]
pub struct Operations(Vec<Operation>);

impl Operations {
    /// Adds one; its number is the highest.
    pub fn add(&mut self, id: u32, kind: Kind) {
        self.0.push(Operation { id, kind, on: None, to: None, proven: false });
    }

    /// Takes one out.
    pub fn take(&mut self, id: u32) -> Option<Operation> {
        let at = self.0.binary_search_by_key(&id, |op| op.id).ok()?;
        Some(self.0.remove(at))
    }

    /// The one of this number.
    pub fn get(&mut self, id: u32) -> Option<&mut Operation> {
        let at = self.0.binary_search_by_key(&id, |op| op.id).ok()?;
        self.0.get_mut(at)
    }

    /// All of them.
    pub fn each(&mut self) -> impl Iterator<Item = &mut Operation> {
        self.0.iter_mut()
    }

    /// Whether there is none.
    pub fn none(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one is like that.
    pub fn any(&self, like: impl Fn(&Operation) -> bool) -> bool {
        self.0.iter().any(like)
    }

    /// Whether one has to do with this socket.
    pub fn uses(&self, socket: u32) -> bool {
        self.any(|op| op.on == Some(socket) || op.to == Some(socket))
    }

    /// Takes out those that are like that.
    pub fn remove(&mut self, like: impl Fn(&Operation) -> bool, mut taken: impl FnMut(u32)) {
        self.0.retain(|op| {
            let out = like(op);
            if out {
                taken(op.id);
            }
            !out
        });
    }
}
