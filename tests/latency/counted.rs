//! The figures of journals, counted with a pencil: every value is kept, sorted and looked up.

use crate::support::records;
use hotpath::record::{BookEnd, Clock, Frame, Head, Regime, Stamps, body_of, flag};
use std::collections::BTreeMap;
use std::path::PathBuf;

const DAY_NS: u64 = 86_400_000_000_000;
const WINDOW_NS: u64 = 600_000_000_000;
const AXES: [(&str, &[&str]); 3] = [
    ("activity", &["calm", "active", "burst"]),
    ("volatility", &["quiet", "volatile"]),
    ("delay", &["normal", "degraded"]),
];

/// Connection, split, level, stage.
pub type Key = (u16, String, String, String);

#[derive(Clone, Debug)]
struct Message {
    connection: u16,
    splits: Vec<(String, String)>,
    day: u64,
    start_ns: u64,
    taken_ns: u64,
}

/// Every value by key, of one day or of all. One run that begins with its first file.
pub fn counted(files: &[PathBuf], day: Option<u64>) -> BTreeMap<Key, Vec<u64>> {
    let mut all = Counter { day, ..Counter::default() };
    for (head, bytes) in records(files) {
        if let Some(clock) = body_of::<Clock>(&bytes) {
            all.tie = (clock.mono_ns, clock.utc_ns);
            // A step of UTC behind the first reading is no delay from the exchange.
            all.first.get_or_insert(all.tie);
        }
        if let Some(regime) = body_of::<Regime>(&bytes).filter(|_| head.instrument == 0) {
            all.levels[usize::from(regime.axis)] = usize::from(regime.to);
        }
        if let Some(frame) = body_of::<Frame>(&bytes).filter(|frame| frame.chunk == 0) {
            all.frame(&head, &frame);
        }
        if body_of::<BookEnd>(&bytes).is_some() && !head.has(flag::SNAPSHOT) && head.exch_ns != 0 {
            let (message, recv_ns) = all.last.clone().expect("the frame of an update");
            let first = all.first.expect("a reading of the clocks");
            let difference_ns = (message.start_ns - first.0 + first.1) as i64 - head.exch_ns as i64;
            all.arrivals.push((recv_ns, difference_ns, message));
        }
        if let Some(stamps) = body_of::<Stamps>(&bytes) {
            all.told(&head, &stamps);
        }
    }
    for (recv_ns, difference_ns, message) in all.arrivals.clone() {
        let near = |at: u64| at / WINDOW_NS == recv_ns / WINDOW_NS || at / WINDOW_NS + 1 == recv_ns / WINDOW_NS;
        let same = all.arrivals.iter().filter(|(at, _, other)| other.connection == message.connection && near(*at));
        let least_ns = same.map(|(_, ns, _)| *ns).min().expect("itself");
        all.put(&message, "exchange_to_host", (difference_ns - least_ns) as u64);
    }
    all.values.values_mut().for_each(|values| values.sort_unstable());
    all.values
}

#[derive(Default)]
struct Counter {
    day: Option<u64>,
    values: BTreeMap<Key, Vec<u64>>,
    /// Monotonic and UTC nanoseconds of the last and of the first reading.
    tie: (u64, u64),
    first: Option<(u64, u64)>,
    levels: [usize; 3],
    messages: BTreeMap<u64, Message>,
    /// The message whose events come now, and when it was read.
    last: Option<(Message, u64)>,
    arrivals: Vec<(u64, i64, Message)>,
}

impl Counter {
    fn put(&mut self, message: &Message, stage: &str, ns: u64) {
        if self.day.is_none_or(|day| day == message.day) {
            for (split, level) in &message.splits {
                let key = (message.connection, split.clone(), level.clone(), stage.to_owned());
                self.values.entry(key).or_default().push(ns);
            }
        }
    }

    fn frame(&mut self, head: &Head, frame: &Frame) {
        self.last = None;
        if frame.opcode > 2 {
            return;
        }
        let utc_ns = |ns: u64| ns - self.tie.0 + self.tie.1;
        let (hour, day) = (utc_ns(head.taken_ns) / (DAY_NS / 24) % 24, utc_ns(head.taken_ns) / DAY_NS);
        let mut splits = vec![("all".to_owned(), "all".to_owned())];
        let levels = AXES.iter().zip(self.levels);
        splits.extend(levels.map(|((axis, names), level)| ((*axis).to_owned(), names[level].to_owned())));
        splits.push(("hour".to_owned(), format!("{hour:02}")));
        let is_stamped = frame.kernel_utc_ns != 0;
        let waited_ns = if is_stamped { utc_ns(frame.recv_ns).saturating_sub(frame.kernel_utc_ns) } else { 0 };
        let start_ns = frame.recv_ns - waited_ns;
        let message = Message { connection: head.connection, splits, day, start_ns, taken_ns: head.taken_ns };
        if is_stamped {
            self.put(&message, "kernel_to_read", waited_ns);
        }
        self.put(&message, "read_to_taken", head.taken_ns - frame.recv_ns);
        self.last = Some((message.clone(), frame.recv_ns));
        self.messages.insert(head.seq, message);
    }

    fn told(&mut self, head: &Head, stamps: &Stamps) {
        for place in 0..stamps.count as usize {
            let of = head.seq - u64::from(stamps.behind[place]);
            let Some(message) = self.messages.get(&of).cloned() else { continue };
            let turn = [stamps.decided_ns[place], stamps.pushed_ns[place], stamps.committed_ns[place]];
            for (stage, ns) in ["taken_to_decided", "decided_to_pushed", "pushed_to_committed"].into_iter().zip(turn) {
                if ns != u32::MAX {
                    self.put(&message, stage, ns.into());
                }
            }
            if !turn.contains(&u32::MAX) {
                let behind_ns: u64 = turn.into_iter().map(u64::from).sum();
                self.put(&message, "total", message.taken_ns + behind_ns - message.start_ns);
            }
        }
    }
}
