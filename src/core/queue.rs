//! First in, first out.

/// A queue that is filled and worked off in turns: what is added waits in one list while the other is taken from.
/// A fraction of the standard library's ring buffer, which can be taken from at both ends and indexed.
#[derive(Clone, Debug)]
pub struct Queue<T> {
    first: std::vec::IntoIter<T>,
    then: Vec<T>,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self { first: Vec::new().into_iter(), then: Vec::new() }
    }
}

impl<T> Queue<T> {
    /// To the end.
    #[inline(never)]
    pub fn add(&mut self, item: T) {
        self.then.push(item);
    }

    /// From the beginning.
    pub fn take(&mut self) -> Option<T> {
        if self.first.len() == 0 {
            self.first = std::mem::take(&mut self.then).into_iter();
        }
        self.first.next()
    }

    /// Leaves out what is not to be kept.
    pub fn retain(&mut self, keep: impl Fn(&T) -> bool) {
        let mut kept = Vec::new();
        while let Some(item) = self.take() {
            if keep(&item) {
                kept.push(item);
            }
        }
        self.then = kept;
    }
}
