//! Power loss under the real keeper: every page that it had not put on the disk is lost, or some are.

use crate::live::{begin, drain, live_settings};
use crate::make::*;
use crate::tail::{PAGE_BYTES, assert_holds, recovered_with};
use hotpath::record::flag;
use journal::{Feed, Item, Parts, RECORDS_AT, Scribe, segment_path, tail_path};

/// Records that a page holds of the smallest, and random losses for each sync.
const LINES_OF_PAGE: u64 = 64;
const LOSSES: usize = 12;
const ROUNDS: u64 = 45;

/// A hot side and where it has come.
struct Hot {
    feed: Feed,
    scribe: Scribe,
    next_seq: u64,
}

impl Hot {
    /// Commits `count` records of different lengths.
    fn append(&mut self, count: u64) {
        for seq in self.next_seq..self.next_seq + count {
            let payload = vec![b'a' + (seq % 26) as u8; 97 * (seq as usize % 11)];
            self.feed.push_lines(&frame(seq, flag::END_OF_STEP, &payload)).expect("room");
        }
        self.next_seq += count;
        drain(&mut self.scribe);
    }

    /// Commits records of one line until `end`, where the last one ended, has come to the end of its page.
    fn fill_page(&mut self, end: usize) {
        let missing = LINES_OF_PAGE - (end % PAGE_BYTES) as u64 / 64;
        for seq in self.next_seq..self.next_seq + missing {
            self.feed.push_lines(&level(seq, flag::END_OF_STEP)).expect("room");
        }
        self.next_seq += missing;
        drain(&mut self.scribe);
    }
}

/// Where the last record ends.
fn end_of(bytes: &[u8]) -> usize {
    let mut ends = items(bytes).0.into_iter().filter_map(|item| match item {
        Item::Record(record) => Some(record.offset + record.bytes.len()),
        Item::Damage(_) => None,
    });
    ends.next_back().unwrap_or(RECORDS_AT)
}

/// A generator of the kind called xorshift: the same losses in every run.
fn random(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

/// The file after a loss: pages from `start` on are zero, but those whose turn in `kept` is a one.
fn lose(whole: &[u8], start: usize, mut kept: u64) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    for page in bytes[start..].chunks_mut(PAGE_BYTES) {
        if kept & 1 == 0 {
            page.fill(0);
        }
        kept = kept.rotate_right(1);
    }
    bytes
}

/// Syncs at many places of a page, the first and the end of a page among them, each followed by records that
/// are not synced; then power goes.
#[test]
fn all_below_the_durable_watermark_survives_the_loss_of_what_was_not_synced() {
    let folder = folder();
    let settings = live_settings();
    let sync_ns = settings.sync_ns;
    let Parts { feed, scribe, mut keeper, .. } = begin(folder.path(), settings);
    let mut hot = Hot { feed, scribe, next_seq: 0 };
    let path = segment_path(folder.path(), 0);
    let read = || std::fs::read(&path).expect("the segment");
    let (mut state, mut full_pages, mut used) = (0x5eed, 0, 0);
    for round in 1..=ROUNDS {
        hot.append(1 + round * 7 % 19);
        if round % 5 == 0 {
            hot.fill_page(end_of(&read()));
        }
        let end = end_of(&read());
        full_pages += u64::from(end.is_multiple_of(PAGE_BYTES));
        keeper.tick(round * sync_ns).expect("a sync");
        let durable = hot.feed.durable();
        assert_eq!(durable, hot.next_seq, "round {round}");
        hot.append(1 + round % 13);
        assert_eq!((hot.feed.durable(), hot.feed.committed()), (durable, hot.next_seq));
        let mut whole = read();
        whole.truncate(end_of(&whole) + PAGE_BYTES);
        let tail = std::fs::read(tail_path(&path)).expect("the tail");
        let losses = [0, u64::MAX].into_iter().chain(std::iter::repeat_with(|| random(&mut state)));
        for kept in losses.take(LOSSES) {
            let source = lose(&whole, end / PAGE_BYTES * PAGE_BYTES, kept);
            let (told, clean) = recovered_with(&source, &tail);
            assert_holds(&clean, &whole, durable, &format!("round {round}, pages kept {kept:#x}"));
            used += u64::from(told.tail_used);
        }
    }
    assert!(full_pages >= ROUNDS / 5 && used > ROUNDS, "{full_pages} full pages, the tail used {used} times");
}
