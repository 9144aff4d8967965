//! The figures of a run, counted with a pencil.

use crate::support::records;
use hotpath::record::{BookEnd, Clock, Frame, Kind, Regime, Trade, body_of, flag};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What a person would count with a pencil.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Counted {
    pub records: u64,
    pub messages: u64,
    pub book: u64,
    pub trade: u64,
    pub trades: u64,
    pub gaps: u64,
    pub delays: Vec<i64>,
    pub reads: Vec<u64>,
}

pub fn counted(files: &[PathBuf]) -> Counted {
    let mut all = Counted::default();
    let (mut tie, mut recv_ns, mut subject) = ((0, 0), 0, None);
    let mut differences = Vec::new();
    for (head, bytes) in records(files) {
        all.records += 1;
        if head.kind.is_input() {
            match subject.take() {
                Some(Kind::BOOK_END) => all.book += 1,
                Some(Kind::TRADE) => all.trade += 1,
                _ => {}
            }
        }
        if let Some(clock) = body_of::<Clock>(&bytes) {
            // A step of UTC behind the first reading is no delay.
            tie = if tie.1 == 0 { (clock.mono_ns, clock.utc_ns) } else { tie };
        }
        if let Some(frame) = body_of::<Frame>(&bytes) {
            recv_ns = frame.recv_ns;
            if !head.has(flag::CONTINUES) {
                all.messages += 1;
                all.reads.push(recv_ns);
            }
        }
        if body_of::<BookEnd>(&bytes).is_some() {
            subject = Some(Kind::BOOK_END);
            if !head.has(flag::SNAPSHOT) {
                differences.push((recv_ns, (tie.1 + recv_ns - tie.0) as i64 - head.exch_ns as i64));
            }
        }
        if body_of::<Trade>(&bytes).is_some() {
            subject = Some(Kind::TRADE);
            all.trades += u64::from(!head.has(flag::PAST));
        }
        all.gaps += u64::from(head.kind == Kind::GAP_OPEN);
    }
    all.delays = above_least(&differences);
    all.delays.sort_unstable();
    all
}

/// Each difference of two clocks less the least of its ten minutes and of the ten before.
fn above_least(differences: &[(u64, i64)]) -> Vec<i64> {
    const WINDOW_NS: u64 = 600_000_000_000;
    let mut least: BTreeMap<u64, i64> = BTreeMap::new();
    for (at_ns, difference_ns) in differences {
        let held = least.entry(at_ns / WINDOW_NS).or_insert(i64::MAX);
        *held = (*held).min(*difference_ns);
    }
    let above = |(at_ns, difference_ns): &(u64, i64)| {
        let window = at_ns / WINDOW_NS;
        let before = window.checked_sub(1).and_then(|before| least.get(&before)).copied().unwrap_or(i64::MAX);
        difference_ns - least[&window].min(before)
    };
    differences.iter().map(above).collect()
}

/// Most reads in any time of a length.
pub fn burst(reads: &[u64], length_ns: u64) -> u64 {
    let within = |(place, at): (usize, &u64)| reads[place..].iter().take_while(|next| **next < at + length_ns).count();
    reads.iter().enumerate().map(within).max().unwrap_or(0) as u64
}

/// Nanoseconds that market 0 stood on each level, from the times of the records alone.
pub fn regimes(files: &[PathBuf]) -> Value {
    let levels = [vec!["calm", "active", "burst"], vec!["quiet", "volatile"], vec!["normal", "degraded"]];
    let all = records(files);
    let (first_ns, last_ns) = (all.first().expect("a record").0.taken_ns, all.last().expect("a record").0.taken_ns);
    let mut axes = Map::new();
    for (axis, (name, levels)) in ["activity", "volatility", "delay"].into_iter().zip(levels).enumerate() {
        let mut lasted: Map<String, Value> = levels.iter().map(|level| ((*level).to_owned(), Value::from(0))).collect();
        let changes = all.iter().filter(|(head, _)| head.instrument == 0);
        let changes = changes.filter_map(|(head, bytes)| Some((head.taken_ns, body_of::<Regime>(bytes)?)));
        let changes = changes.filter(|(_, body)| usize::from(body.axis) == axis);
        let changes: Vec<_> = changes.map(|(at_ns, body)| (at_ns, usize::from(body.to))).collect();
        let spans = [&[(first_ns, 0)], &changes[..], &[(last_ns, 0)]].concat();
        for span in spans.windows(2) {
            let level = lasted.get_mut(levels[span[0].1]).expect("a level");
            *level = Value::from(level.as_u64().expect("a number") + span[1].0 - span[0].0);
        }
        axes.insert(name.to_owned(), Value::Object(lasted));
    }
    Value::Object(axes)
}
