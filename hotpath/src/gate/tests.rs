//! The gate against a queue that keeps everything, and its bounds.

use super::{Gate, Refusal, Release};
use proptest::prelude::*;
use std::collections::VecDeque;
use std::vec::Vec;

const GATE_NS_MAX: u64 = 10;
const ROOM: usize = 4;

/// One call, its numbers as steps from where the run stands.
#[derive(Clone, Copy, Debug)]
enum Call {
    Hold { seq_step: u64, age_ns: u64 },
    Look { committed: u64, wait_ns: u64 },
    Cancel { divisor: u64 },
    Clear,
}

fn call() -> impl Strategy<Value = Call> {
    prop_oneof![
        6 => (0_u64..4, 0_u64..4).prop_map(|(seq_step, age_ns)| Call::Hold { seq_step, age_ns }),
        6 => (0_u64..4, 0_u64..7).prop_map(|(committed, wait_ns)| Call::Look { committed, wait_ns }),
        1 => (2_u64..4).prop_map(|divisor| Call::Cancel { divisor }),
        1 => Just(Call::Clear),
    ]
}

/// Everything that waits, by the rules alone. An order is its record's number.
#[derive(Default)]
struct Model {
    held: VecDeque<(u64, u64)>,
    last_seq: Option<u64>,
}

impl Model {
    fn hold(&mut self, seq: u64, taken_ns: u64) -> Result<(), Refusal> {
        if Some(seq) <= self.last_seq {
            return Err(Refusal::Disorder);
        }
        if self.held.len() == ROOM {
            return Err(Refusal::Full);
        }
        self.last_seq = Some(seq);
        self.held.push_back((seq, taken_ns));
        Ok(())
    }

    fn next(&mut self, committed_seq: u64, now_ns: u64) -> Option<Release<u64>> {
        let (seq, taken_ns) = *self.held.front()?;
        let release = match (now_ns > taken_ns + GATE_NS_MAX, seq < committed_seq) {
            (true, _) => Release::Late(seq),
            (false, true) => Release::Leave(seq),
            (false, false) => return None,
        };
        self.held.pop_front();
        Some(release)
    }

    fn take_out(&mut self, is_meant: impl Fn(u64) -> bool) -> Vec<u64> {
        let (out, kept): (Vec<_>, Vec<_>) = self.held.iter().copied().partition(|(seq, _)| is_meant(*seq));
        self.held = kept.into();
        out.into_iter().map(|(seq, _)| seq).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn it_does_what_a_queue_of_everything_does(calls in proptest::collection::vec(call(), 0..200)) {
        let mut gate = Gate::<u64, ROOM>::new(GATE_NS_MAX);
        let mut model = Model::default();
        let (mut seq, mut committed_seq, mut now_ns) = (0, 0, 100);
        for call in calls {
            match call {
                Call::Hold { seq_step, age_ns } => {
                    seq += seq_step;
                    let taken_ns = now_ns - age_ns;
                    prop_assert_eq!(gate.hold(seq, taken_ns, seq), model.hold(seq, taken_ns));
                }
                Call::Look { committed, wait_ns } => {
                    committed_seq += committed;
                    now_ns += wait_ns;
                    prop_assert_eq!(gate.next(committed_seq, now_ns), model.next(committed_seq, now_ns));
                }
                Call::Cancel { divisor } => {
                    let is_meant = |order: u64| order.is_multiple_of(divisor);
                    let mut dropped = Vec::new();
                    gate.cancel(|order| is_meant(*order), |release| dropped.push(release));
                    let wanted: Vec<_> = model.take_out(is_meant).into_iter().map(Release::Cancelled).collect();
                    prop_assert_eq!(dropped, wanted);
                }
                Call::Clear => {
                    let mut dropped = Vec::new();
                    gate.clear(|release| dropped.push(release));
                    let wanted: Vec<_> = model.take_out(|_| true).into_iter().map(Release::Halted).collect();
                    prop_assert_eq!(dropped, wanted);
                }
            }
            prop_assert_eq!(gate.len(), model.held.len());
            prop_assert_eq!(gate.is_empty(), model.held.is_empty());
            prop_assert_eq!(gate.is_full(), model.held.len() == ROOM);
        }
    }
}

#[test]
fn an_order_leaves_once_the_cursor_has_passed_its_record() {
    let mut gate = Gate::<char, 2>::new(GATE_NS_MAX);
    assert_eq!(gate.next(u64::MAX, 0), None);
    gate.hold(7, 100, 'a').expect("room");
    assert_eq!(gate.next(7, 100), None);
    assert_eq!(gate.next(8, 100), Some(Release::Leave('a')));
    assert_eq!(gate.next(8, 100), None);
}

#[test]
fn the_last_nanosecond_is_in_time_and_the_one_after_it_late() {
    for committed_seq in [0, 1] {
        let mut gate = Gate::<char, 2>::new(GATE_NS_MAX);
        gate.hold(0, 100, 'a').expect("room");
        let in_time = gate.clone().next(committed_seq, 110);
        assert_eq!(in_time, (committed_seq == 1).then_some(Release::Leave('a')));
        assert_eq!(gate.next(committed_seq, 111), Some(Release::Late('a')));
        assert!(gate.is_empty());
    }
    let mut gate = Gate::<char, 2>::new(u64::MAX);
    gate.hold(0, 100, 'a').expect("room");
    assert_eq!(gate.next(0, u64::MAX), None);
    assert_eq!(gate.next(1, 0), Some(Release::Leave('a')));
}

/// The second record is committed, the first is not: both wait.
#[test]
fn nothing_overtakes() {
    let mut gate = Gate::<char, 2>::new(GATE_NS_MAX);
    gate.hold(5, 100, 'a').expect("room");
    gate.hold(6, 104, 'b').expect("room");
    assert_eq!(gate.next(5, 108), None);
    assert_eq!(gate.next(5, 111), Some(Release::Late('a')));
    assert_eq!(gate.next(5, 111), None);
    assert_eq!(gate.next(7, 111), Some(Release::Leave('b')));
}

/// A number stays used when its order is gone, and a refused order leaves no trace.
#[test]
fn numbers_only_rise_and_room_is_bounded() {
    let mut gate = Gate::<char, 1>::new(GATE_NS_MAX);
    gate.hold(3, 100, 'a').expect("room");
    assert_eq!(gate.hold(3, 100, 'b'), Err(Refusal::Disorder));
    assert_eq!(gate.hold(4, 100, 'b'), Err(Refusal::Full));
    assert_eq!(gate.next(4, 100), Some(Release::Leave('a')));
    assert_eq!(gate.hold(3, 100, 'b'), Err(Refusal::Disorder));
    gate.hold(4, 100, 'b').expect("the refusals used nothing up");
    assert!(gate.is_full());
    let mut none = Gate::<char, 0>::new(GATE_NS_MAX);
    assert_eq!((none.hold(0, 0, 'a'), none.next(1, 0)), (Err(Refusal::Full), None));
}
