//! The commit gate: no add or amend leaves before its record is in the mapped log.
//!
//! The hot thread does not wait for the journaling thread: an order stands here while the turn goes on,
//! and leaves once the commit cursor has passed its record. One that waited too long is dropped. Cancels
//! never come here: what reduces risk does not wait, not even for the diary. A cancel that meets its
//! order here takes it out ([`Gate::cancel`]); sent ahead, it would miss an order that leaves later.

#[cfg(test)]
mod tests;

/// Orders that wait for their records, at most `N`, in the order of their records.
///
/// It holds of every use: what leaves has a committed record and waited no longer than allowed; nothing
/// overtakes; each order that was held comes back exactly once.
#[derive(Clone, Debug)]
pub struct Gate<T, const N: usize> {
    slots: [Option<Held<T>>; N],
    /// The slot of the oldest order.
    head: usize,
    len: usize,
    last_seq: Option<u64>,
    gate_ns_max: u64,
}

/// One order that waits.
#[derive(Clone, Copy, Debug)]
struct Held<T> {
    seq: u64,
    taken_ns: u64,
    order: T,
}

/// Why an order is not held. It must not be sent then either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// As many orders wait as there is room for.
    Full,
    /// Its record's number is not above that of the order before it.
    Disorder,
}

/// An order that the gate gives back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release<T> {
    /// Send it: its record is committed, and it is in time.
    Leave(T),
    /// Dropped: it waited longer than `gate_ns_max`.
    Late(T),
    /// Dropped: a cancel came first.
    Cancelled(T),
    /// Dropped: the engine halted.
    Halted(T),
}

impl<T: Copy, const N: usize> Gate<T, N> {
    /// An empty gate. An order that is older than `gate_ns_max` nanoseconds no longer leaves; one of
    /// exactly that age does.
    #[must_use]
    pub const fn new(gate_ns_max: u64) -> Self {
        Self { slots: [None; N], head: 0, len: 0, last_seq: None, gate_ns_max }
    }

    /// Holds an order until the record with number `seq` is committed. `taken_ns`: monotonic nanoseconds
    /// of the input that it answers; its age counts from there.
    ///
    /// # Errors
    /// [`Refusal`]; the gate is as before.
    pub fn hold(&mut self, seq: u64, taken_ns: u64, order: T) -> Result<(), Refusal> {
        if self.last_seq.is_some_and(|last| seq <= last) {
            return Err(Refusal::Disorder);
        }
        if self.is_full() {
            return Err(Refusal::Full);
        }
        self.put(Held { seq, taken_ns, order });
        self.last_seq = Some(seq);
        Ok(())
    }

    /// Gives back the oldest order when it may leave or is late; `None` when it must wait, or none is
    /// held. Call it until it gives `None`.
    ///
    /// `committed_seq`: the first sequence number that is not committed yet, the journal's commit cursor.
    /// `now_ns`: monotonic nanoseconds. An order that is late is late even when its record is committed
    /// at the same look: a price that old must not reach the exchange, whatever the log says.
    pub fn next(&mut self, committed_seq: u64, now_ns: u64) -> Option<Release<T>> {
        let Held { seq, taken_ns, order } = self.oldest()?;
        let is_late = now_ns.saturating_sub(taken_ns) > self.gate_ns_max;
        if !is_late && seq >= committed_seq {
            return None;
        }
        self.pop();
        Some(if is_late { Release::Late(order) } else { Release::Leave(order) })
    }

    /// Takes out the orders that a cancel means; `dropped` gets each as [`Release::Cancelled`]. The others
    /// keep their order.
    pub fn cancel(&mut self, mut is_meant: impl FnMut(&T) -> bool, mut dropped: impl FnMut(Release<T>)) {
        for _ in 0..self.len {
            let Some(held) = self.pop() else { return };
            if is_meant(&held.order) {
                dropped(Release::Cancelled(held.order));
            } else {
                self.put(held);
            }
        }
    }

    /// Takes out everything, after a halt; `dropped` gets each order as [`Release::Halted`].
    pub fn clear(&mut self, mut dropped: impl FnMut(Release<T>)) {
        while let Some(held) = self.pop() {
            dropped(Release::Halted(held.order));
        }
    }

    /// Orders that wait.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether none waits.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether [`Gate::hold`] would refuse for want of room.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.len >= N
    }

    fn oldest(&self) -> Option<Held<T>> {
        self.slots.get(self.head).copied().flatten()
    }

    fn pop(&mut self) -> Option<Held<T>> {
        let held = self.slots.get_mut(self.head)?.take()?;
        self.head = wrapped::<N>(self.head.wrapping_add(1));
        self.len = self.len.saturating_sub(1);
        Some(held)
    }

    /// Adds an order, for which there is room, behind the others.
    fn put(&mut self, held: Held<T>) {
        if let Some(free) = self.slots.get_mut(wrapped::<N>(self.head.wrapping_add(self.len))) {
            *free = Some(held);
            self.len = self.len.saturating_add(1);
        }
    }
}

/// A place below `2 * N` as a slot of the ring.
const fn wrapped<const N: usize>(place: usize) -> usize {
    if place < N { place } else { place.wrapping_sub(N) }
}
