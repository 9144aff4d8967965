//! What is told of past frames is what happened to them.

use super::{PAST_MAX, Past, PastFrames, STAMPED, Turned, WAIT_NS_MAX};
use hotpath::record::Stamps;
use journal::Commit;
use proptest::prelude::*;

/// A frame as a run has it: when it was taken, how long it took, how many records its turn wrote, and how long after it
/// the journaling thread looks at the clock.
type Told = (u64, u32, u32, u64, u32);

fn frames() -> impl Strategy<Value = Vec<Told>> {
    prop::collection::vec((0_u64..5_000, 0_u32..900, 0_u32..900, 1_u64..5, 0_u32..9_000), 1..80)
}

/// The frames of records, by absolute number and time.
fn listed(seq: u64, stamps: &Stamps) -> Vec<(u64, [u32; 3])> {
    let Stamps { count, behind, decided_ns, pushed_ns, committed_ns, .. } = *stamps;
    let times = |place: usize| [decided_ns[place], pushed_ns[place], committed_ns[place]];
    (0..count as usize).map(|place| (seq - u64::from(behind[place]), times(place))).collect()
}

proptest! {
    /// Frame by frame, whatever the order of turns, commits and looks.
    #[test]
    fn each_frame_is_told_of_once_as_it_was(frames in frames(), looks in prop::collection::vec(any::<bool>(), 80)) {
        let (mut past, mut seq, mut now_ns) = (PastFrames::new(), 0, 0);
        let (mut wanted, mut told, mut lost) = (Vec::new(), Vec::new(), 0);
        for ((idle_ns, decided_ns, pushed_ns, records, committed_ns), look) in frames.into_iter().zip(looks) {
            now_ns += idle_ns;
            let (taken_ns, decided_at_ns) = (now_ns, now_ns + u64::from(decided_ns));
            now_ns = decided_at_ns + u64::from(pushed_ns);
            past.add(Turned { seq, decided_ns: Some(decided_at_ns) }, taken_ns, now_ns, seq + records);
            wanted.push((seq, [decided_ns, pushed_ns, committed_ns]));
            seq += records;
            // A round that ended in the middle of its records says nothing of it yet.
            past.commit(Commit { seq: seq - 1, at_ns: 0 });
            past.commit(Commit { seq, at_ns: now_ns + u64::from(committed_ns) });
            while look && past.is_ready(now_ns) && let Some(stamps) = past.record(seq) {
                lost += stamps.lost;
                told.extend(listed(seq, &stamps));
                seq += 1;
            }
        }
        past.give_up();
        while let Some(stamps) = past.record(seq) {
            told.extend(listed(seq, &stamps));
            seq += 1;
        }
        prop_assert_eq!(told, wanted);
        prop_assert_eq!(lost, 0);
    }
}

fn taken(past: &mut PastFrames, seq: u64) {
    past.add(Turned { seq, decided_ns: Some(seq) }, seq, seq, seq + 1);
}

#[test]
fn frames_beyond_the_bound_are_counted() {
    let mut past = PastFrames::new();
    let most = PAST_MAX as u64;
    (0..most + 3).for_each(|seq| taken(&mut past, seq));
    let first = past.record(most + 3).expect("what was lost is told of");
    assert_eq!((first.count, first.lost), (0, 3));
    assert!(!past.is_pressing() && past.record(most + 4).is_none(), "nothing is committed");
    past.commit(Commit { seq: most, at_ns: most });
    assert!(past.is_pressing());
    let mut told = 0;
    while let Some(stamps) = past.record(most + 4) {
        told += stamps.count;
    }
    assert_eq!(u64::from(told), most);
}

#[test]
fn what_is_not_committed_at_the_end_is_lost() {
    let mut past = PastFrames::new();
    (0..4).for_each(|seq| taken(&mut past, seq));
    past.commit(Commit { seq: 1, at_ns: 9 });
    past.give_up();
    let stamps = past.record(10).expect("one frame");
    assert_eq!((stamps.count, stamps.lost, stamps.behind[0], stamps.committed_ns[0]), (1, 3, 10, 9));
    assert!(past.record(11).is_none());
}

#[test]
fn a_few_wait_for_more_and_not_for_ever() {
    let mut past = PastFrames::new();
    taken(&mut past, 0);
    past.commit(Commit { seq: 1, at_ns: 1 });
    assert!(!past.is_ready(WAIT_NS_MAX - 1) && past.is_ready(WAIT_NS_MAX));
    (1..STAMPED as u64).for_each(|seq| taken(&mut past, seq));
    assert!(!past.is_ready(100), "four of five are not committed");
    past.commit(Commit { seq: STAMPED as u64, at_ns: 1 });
    assert!(past.is_ready(100));
}

#[test]
fn times_that_do_not_fit_are_told_as_the_most() {
    let mut past = PastFrames::new();
    past.add(Turned { seq: 0, decided_ns: Some(u64::MAX / 2) }, 0, u64::MAX - 1, 1);
    past.commit(Commit { seq: 1, at_ns: u64::MAX });
    let Past { decided_ns, pushed_ns, committed_ns, .. } = past.frames[0];
    assert_eq!((decided_ns, pushed_ns, committed_ns), (u32::MAX, u32::MAX, 1));
}
