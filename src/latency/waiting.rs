//! Messages that wait for the STAMPS that tells how long they took behind the engine's door.

use super::split::Place;
use super::stage::Stage;
use hotpath::record::Stamps;
use std::collections::VecDeque;

/// Messages that are kept, at most: a live run keeps half of them itself until it has told of them.
const WAITING_MAX: usize = 8_192;

/// A message whose turn is not told of yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    /// Sequence number of its first record.
    pub seq: u64,
    /// Its kind.
    pub place: Place,
    /// How long it waited for our read, nanoseconds; none without a stamp of the kernel.
    pub kernel_ns: Option<u64>,
    /// When it was read, monotonic nanoseconds.
    pub recv_ns: u64,
    /// When the engine took it.
    pub taken_ns: u64,
}

/// What is known of a message's way behind the engine's door, nanoseconds. None where it was longer than its record can
/// say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// From taken to decided.
    pub decided_ns: Option<u64>,
    /// From decided to pushed.
    pub pushed_ns: Option<u64>,
    /// From pushed to committed.
    pub committed_ns: Option<u64>,
}

impl Message {
    /// The stages up to the engine's door.
    pub fn before(&self) -> impl Iterator<Item = (Stage, u64)> {
        let kernel = self.kernel_ns.map(|ns| (Stage::KernelToRead, ns));
        let read = (Stage::ReadToTaken, self.taken_ns.saturating_sub(self.recv_ns));
        kernel.into_iter().chain(std::iter::once(read))
    }

    /// The stages behind it, and the whole way when all of it is known: from one instant to the other, not a sum.
    pub fn behind(&self, turn: Turn) -> impl Iterator<Item = (Stage, u64)> {
        let Turn { decided_ns, pushed_ns, committed_ns } = turn;
        let start_ns = self.recv_ns.min(self.taken_ns).saturating_sub(self.kernel_ns.unwrap_or(0));
        let behind_ns = || Some(decided_ns?.saturating_add(pushed_ns?).saturating_add(committed_ns?));
        let total_ns = || Some(self.taken_ns.saturating_add(behind_ns()?) - start_ns);
        let stages = [
            (Stage::TakenToDecided, decided_ns),
            (Stage::DecidedToPushed, pushed_ns),
            (Stage::PushedToCommitted, committed_ns),
            (Stage::Total, total_ns()),
        ];
        stages.into_iter().filter_map(|(stage, ns)| Some((stage, ns?)))
    }
}

/// The messages, in order.
#[derive(Debug, Default)]
pub struct Waiting(VecDeque<Message>);

impl Waiting {
    /// A message was taken.
    pub fn push(&mut self, message: Message) {
        if self.0.len() == WAITING_MAX {
            self.0.pop_front();
        }
        self.0.push_back(message);
    }

    /// The messages that a STAMPS with the number `seq` tells of, each with its turn. Of those before them nothing will be
    /// told any more.
    pub fn take(&mut self, seq: u64, stamps: &Stamps) -> Vec<(Message, Turn)> {
        let known = |ns: u32| (ns != u32::MAX).then_some(u64::from(ns));
        let count = (stamps.count as usize).min(stamps.behind.len());
        let mut told = Vec::with_capacity(count);
        for place in 0..count {
            let of = seq.wrapping_sub(u64::from(stamps.behind[place]));
            while self.0.front().is_some_and(|message| message.seq < of) {
                self.0.pop_front();
            }
            // A frame of the connection's own is told of too.
            let Some(message) = self.0.pop_front_if(|message| message.seq == of) else { continue };
            let decided_ns = known(stamps.decided_ns[place]);
            let pushed_ns = known(stamps.pushed_ns[place]);
            told.push((message, Turn { decided_ns, pushed_ns, committed_ns: known(stamps.committed_ns[place]) }));
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytemuck::Zeroable;
    use hotpath::record::STAMPED;
    use proptest::prelude::*;

    fn message(seq: u64, kernel_ns: Option<u64>, recv_ns: u64, taken_ns: u64) -> Message {
        let place = Place { connection: 0, levels: [None; 3], utc_ns: None };
        Message { seq, place, kernel_ns, recv_ns, taken_ns }
    }

    proptest! {
        /// The parts of a message's way are all of it, to the nanosecond.
        #[test]
        fn stages_sum_to_the_total(
            kernel_ns in prop::option::of(0_u64..1 << 40), recv_ns in 1_u64 << 40..1 << 50, waited_ns in 0_u64..1 << 40,
            turn in prop::array::uniform3(0..u32::MAX),
        ) {
            let taken = message(7, kernel_ns, recv_ns, recv_ns + waited_ns);
            let turn = turn.map(|ns| Some(u64::from(ns)));
            let turn = Turn { decided_ns: turn[0], pushed_ns: turn[1], committed_ns: turn[2] };
            let (total, parts): (Vec<_>, Vec<_>) =
                taken.before().chain(taken.behind(turn)).partition(|(stage, _)| *stage == Stage::Total);
            prop_assert_eq!(parts.len(), 4 + usize::from(kernel_ns.is_some()));
            prop_assert_eq!(total[0].1, parts.iter().map(|(_, ns)| ns).sum::<u64>());
        }
    }

    #[test]
    fn what_is_longer_than_can_be_said_has_no_total() {
        let taken = message(3, Some(5), 100, 110);
        let mut waiting = Waiting::default();
        waiting.push(message(1, None, 0, 0));
        waiting.push(taken);
        waiting.push(message(9, None, 0, 0));
        let stamps = Stamps {
            count: 2,
            behind: [17, 11, 0, 0, 0],
            decided_ns: [1; STAMPED],
            pushed_ns: [2; STAMPED],
            committed_ns: [u32::MAX; STAMPED],
            ..Stamps::zeroed()
        };
        let told = waiting.take(20, &stamps);
        let turn = Turn { decided_ns: Some(1), pushed_ns: Some(2), committed_ns: None };
        assert_eq!(told, [(taken, turn), (message(9, None, 0, 0), turn)], "of 1 nothing is told any more");
        let stages: Vec<_> = taken.behind(turn).collect();
        assert_eq!(stages, [(Stage::TakenToDecided, 1), (Stage::DecidedToPushed, 2)]);
        assert!(waiting.0.is_empty());
    }

    #[test]
    fn messages_of_which_nothing_is_told_do_not_pile_up() {
        let mut waiting = Waiting::default();
        (0..3 * WAITING_MAX as u64).for_each(|seq| waiting.push(message(seq, None, 0, 0)));
        assert_eq!(waiting.0.len(), WAITING_MAX);
        assert_eq!(waiting.0[0].seq, 2 * WAITING_MAX as u64);
    }
}
