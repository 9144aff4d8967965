//! A word by which one thread hands over to others what it did before.
//!
//! Every handover of this crate between threads, or between a writer and the readers of its file, is
//! one of these words: the length word of a record, the commit cursor, the frontier of prepared bytes,
//! the durable watermark. The orderings stand here and nowhere else, and the code is generic over the
//! atomic, so that a model checker runs this very code: see `handover/tests.rs`.

use std::marker::PhantomData;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// An atomic integer: the machine's, or a model checker's.
pub(crate) trait Word {
    /// What it holds.
    type Value: Copy;

    fn load(&self, order: Ordering) -> Self::Value;
    fn store(&self, value: Self::Value, order: Ordering);
}

impl Word for AtomicU64 {
    type Value = u64;

    fn load(&self, order: Ordering) -> u64 {
        self.load(order)
    }

    fn store(&self, value: u64, order: Ordering) {
        self.store(value, order);
    }
}

impl Word for &AtomicU32 {
    type Value = u32;

    fn load(&self, order: Ordering) -> u32 {
        AtomicU32::load(self, order)
    }

    fn store(&self, value: u32, order: Ordering) {
        AtomicU32::store(self, value, order);
    }
}

/// The orderings of a handover; a parameter so that a test can weaken them and see the model fail.
pub(crate) trait Orders {
    /// Of the store that hands over.
    const STORE: Ordering;
    /// Of the load that takes over.
    const LOAD: Ordering;
}

/// The orderings in use: what was done before the store is seen after the load that sees it.
#[derive(Debug)]
pub(crate) struct ReleaseAcquire;

impl Orders for ReleaseAcquire {
    const STORE: Ordering = Ordering::Release;
    const LOAD: Ordering = Ordering::Acquire;
}

/// A word that one side publishes and others observe.
#[derive(Debug, Default)]
pub(crate) struct Handover<W, O = ReleaseAcquire> {
    word: W,
    orders: PhantomData<O>,
}

impl<W: Word, O: Orders> Handover<W, O> {
    pub const fn new(word: W) -> Self {
        Self { word, orders: PhantomData }
    }

    /// Hands over all that this thread did up to now.
    pub fn publish(&self, value: W::Value) {
        self.word.store(value, O::STORE);
    }

    /// The latest value, and with it all that was done before it was published.
    pub fn observe(&self) -> W::Value {
        self.word.load(O::LOAD)
    }
}

/// A counter that is handed over: bytes or sequence numbers.
pub(crate) type Counter = Handover<AtomicU64>;

#[cfg(test)]
mod tests;
