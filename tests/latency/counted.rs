//! The figures of journals, counted with a pencil: every value is kept, sorted and looked up.

use hotpath::record::{BookEnd, Clock, Frame, Head, Kind, Regime, Stamps, body_of, flag};
use journal::{Item, Segment};
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
    let mut values: BTreeMap<Key, Vec<u64>> = BTreeMap::new();
    let mut put = |message: &Message, stage: &str, ns: u64| {
        if day.is_none_or(|day| day == message.day) {
            for (split, level) in &message.splits {
                values
                    .entry((message.connection, split.clone(), level.clone(), stage.to_owned()))
                    .or_default()
                    .push(ns);
            }
        }
    };
    let (mut tie, mut levels, mut messages) = ((0, 0), [0; 3], BTreeMap::new());
    let (mut last, mut arrivals) = (None, Vec::new());
    for (head, bytes) in records(files) {
        if let Some(clock) = body_of::<Clock>(&bytes) {
            tie = (clock.mono_ns, clock.utc_ns);
        }
        if let Some(regime) = body_of::<Regime>(&bytes).filter(|_| head.instrument == 0) {
            levels[usize::from(regime.axis)] = usize::from(regime.to);
        }
        if let Some(frame) = body_of::<Frame>(&bytes).filter(|frame| frame.chunk == 0) {
            last = None;
            if frame.opcode > 2 {
                continue;
            }
            let utc_ns = head.taken_ns - tie.0 + tie.1;
            let mut splits = vec![("all".to_owned(), "all".to_owned())];
            splits.extend(
                AXES.iter().zip(levels).map(|((axis, names), level)| (axis.to_string(), names[level].to_owned())),
            );
            splits.push(("hour".to_owned(), format!("{:02}", utc_ns / (DAY_NS / 24) % 24)));
            let waited_ns =
                if frame.kernel_utc_ns == 0 { 0 } else { frame.recv_ns - tie.0 + tie.1 - frame.kernel_utc_ns };
            let start_ns = frame.recv_ns - waited_ns;
            let message = Message {
                connection: head.connection,
                splits,
                day: utc_ns / DAY_NS,
                start_ns,
                taken_ns: head.taken_ns,
            };
            if frame.kernel_utc_ns != 0 {
                put(&message, "kernel_to_read", waited_ns);
            }
            put(&message, "read_to_taken", head.taken_ns - frame.recv_ns);
            last = Some((message.clone(), frame.recv_ns));
            messages.insert(head.seq, message);
        }
        if body_of::<BookEnd>(&bytes).is_some() && !head.has(flag::SNAPSHOT) && head.exch_ns != 0 {
            let (message, recv_ns) = last.clone().expect("the frame of an update");
            arrivals.push((
                message.connection,
                recv_ns,
                (message.start_ns - tie.0 + tie.1) as i64 - head.exch_ns as i64,
                message,
            ));
        }
        let Some(stamps) = body_of::<Stamps>(&bytes) else { continue };
        for place in 0..stamps.count as usize {
            let Some(message) = messages.get(&(head.seq - u64::from(stamps.behind[place]))) else { continue };
            let turn = [stamps.decided_ns[place], stamps.pushed_ns[place], stamps.committed_ns[place]];
            for (stage, ns) in ["taken_to_decided", "decided_to_pushed", "pushed_to_committed"].into_iter().zip(turn) {
                if ns != u32::MAX {
                    put(message, stage, ns.into());
                }
            }
            if !turn.contains(&u32::MAX) {
                let behind_ns: u64 = turn.into_iter().map(u64::from).sum();
                put(message, "total", message.taken_ns + behind_ns - message.start_ns);
            }
        }
    }
    for (connection, recv_ns, difference_ns, message) in &arrivals {
        let near = |at: &u64| at / WINDOW_NS == recv_ns / WINDOW_NS || at / WINDOW_NS + 1 == recv_ns / WINDOW_NS;
        let least = arrivals.iter().filter(|other| other.0 == *connection && near(&other.1)).map(|other| other.2).min();
        put(message, "exchange_to_host", (difference_ns - least.expect("itself")) as u64);
    }
    values.values_mut().for_each(|values| values.sort_unstable());
    values
}

/// Every record of the stream, files in order.
fn records(files: &[PathBuf]) -> Vec<(Head, Vec<u8>)> {
    let mut all = Vec::new();
    for file in files {
        let segment = Segment::open(file).expect("a journal");
        all.extend(segment.items().filter_map(|item| match item {
            Item::Record(record) if record.head.kind != Kind::INDEX => Some((record.head, record.bytes.to_vec())),
            _ => None,
        }));
    }
    all
}
