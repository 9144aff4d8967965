//! The journaling thread and the hot side of its ring call the system for nothing, over a switch of segments.
//!
//! The kernel is asked to kill the process at any call of the thread that works (seccomp). The test starts itself
//! again for that.

#[path = "support/filter.rs"]
mod filter;
mod support;

use fathom::memory::Memory;
use filter::{SIGSYS, allow_only, ended};
use hotpath::diary::Diary;
use hotpath::halt::Halt;
use hotpath::input::Input;
use hotpath::record::{Clock, LINE_BYTES, Line, flag, head_of};
use hotpath::venue::Frame;
use hotpath::venue::kraken::Kraken;
use journal::{Folder, LiveSettings, Parts, Retention, Run, Step, segments};
use std::os::unix::process::ExitStatusExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use support::{config, frames, synthetic};

/// Tells the child what to do under the filter.
const WORK: &str = "FATHOM_NO_SYSCALL_WORK";
/// Fewest records of what is pushed and drained.
const RECORDS_MIN: u64 = 2_000;
const RING_LINES: usize = 1 << 14;
/// How the filtered thread gets on.
const WORKING: u8 = 0;
const GOOD: u8 = 1;
const BAD: u8 = 2;

/// Records as an engine writes them, and where its openings stand.
#[derive(Default)]
struct Collected {
    lines: Vec<Line>,
    openings: Vec<usize>,
}

impl Diary for Collected {
    type Error = Halt;

    fn append(&mut self, first: &Line, payload: &[u8]) -> Result<(), Halt> {
        self.lines.push(*first);
        for part in payload.chunks(LINE_BYTES) {
            let mut line = Line::ZERO;
            line.0[..part.len()].copy_from_slice(part);
            self.lines.push(line);
        }
        Ok(())
    }

    fn append_lines(&mut self, lines: &[Line]) -> Result<(), Halt> {
        if lines.first().and_then(|first| head_of(&first.0)).is_some_and(|head| head.has(flag::OPENING)) {
            self.openings.push(self.lines.len());
        }
        self.lines.extend_from_slice(lines);
        Ok(())
    }
}

/// What an engine writes of two segments.
fn two_segments() -> Vec<Line> {
    let loaded = config("kraken-btc-eur.toml", &["journal.segment_bytes=131072"]);
    let mut memory = Memory::new();
    let mut core = memory.start(Kraken, &loaded.config).expect("a legal configuration");
    let mut all = Collected::default();
    for (recv_ns, bytes) in frames(&synthetic(3, 2_000, &loaded)) {
        if all.lines.is_empty() {
            core.open(recv_ns, &mut all).expect("no halt");
            let clock = Clock { mono_ns: recv_ns, utc_ns: recv_ns, ..bytemuck::Zeroable::zeroed() };
            core.turn(recv_ns, &Input::Clock(clock), &mut all).expect("no halt");
        }
        let frame = Frame::received(0, 1, &bytes);
        let input = Input::Frame { frame, recv_ns, kernel_utc_ns: 0, end_of_read: true };
        core.turn(recv_ns, &input, &mut all).expect("no halt");
    }
    all.lines.truncate(all.openings[2]);
    all.lines
}

/// The child: a thread with the filter does the work, this one waits for its verdict.
#[test]
#[ignore = "the other tests start it"]
fn child() {
    let work = std::env::var(WORK).expect("the other tests start this one, with its work");
    let lines = two_segments();
    let folder = tempfile::tempdir().expect("a folder");
    let run = Run { run_id: 1, salt: 2, created_utc_ns: 0, markets: 1, origin: 0, segment: 0, first_seq: 0 };
    let settings = LiveSettings {
        run,
        capacity_bytes: 1 << 20,
        ring_lines: RING_LINES,
        reserved_lines: 16,
        sync_ns: 1_000_000,
        retention: Retention::default(),
    };
    let taken = Folder::take(folder.path()).expect("nobody has it");
    let Parts { mut feed, mut scribe, .. } = Parts::begin(taken, settings).expect("a first segment");
    assert_eq!(segments(folder.path()).expect("a folder").len(), 2, "one is open, one prepared");
    if work != "push" {
        feed.push_lines(&lines).expect("room");
    }
    let verdict = Arc::new(AtomicU8::new(WORKING));
    let told = Arc::clone(&verdict);
    // Never joined: its own end would be a call.
    std::thread::spawn(move || {
        allow_only([]);
        let good = match work.as_str() {
            "push" => feed.push_lines(&lines).is_ok() && feed.push(&lines[0], b"a payload").is_ok(),
            "drain" => {
                while matches!(scribe.step(), Ok(Step::Wrote)) {}
                feed.committed() > RECORDS_MIN && feed.lines_free() == RING_LINES
            }
            _ => std::fs::metadata("/").is_ok(),
        };
        told.store(if good { GOOD } else { BAD }, Ordering::Release);
        loop {
            std::hint::spin_loop();
        }
    });
    while verdict.load(Ordering::Acquire) == WORKING {
        std::thread::yield_now();
    }
    assert_eq!(verdict.load(Ordering::Acquire), GOOD);
}

#[test]
fn pushing_and_draining_call_the_system_for_nothing() {
    for work in ["push", "drain"] {
        let ended = ended(WORK, work);
        assert!(ended.success(), "{work}: {ended}");
    }
}

/// The filter filters: one call is the end.
#[test]
fn a_call_under_the_filter_is_fatal() {
    assert_eq!(ended(WORK, "look at a folder").signal(), Some(SIGSYS));
}
