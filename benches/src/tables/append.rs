//! One record into a journal, beside other ways to keep it.

use crate::clock::Clock;
use crate::harness::{Case, Table};
use crate::place::{Place, settings};
use crate::records::{Template, run};
use anyhow::Result;
use bytemuck::zeroed_slice_box;
use hotpath::record::Line;
use journal::{
    CAPACITY_BYTES_MAX, Feed, Folder, Keeper, LiveSettings, Parts, Place as FilePlace, Scribe, Settings, Step, Tick,
    Writer, record_crc,
};
use std::fs::File;
use std::hint::black_box;
use std::io::{BufWriter, Write};
use tempfile::TempDir;

/// Records of a pass.
const RECORDS: usize = 8_192;
/// Records that the journaling thread takes in one step.
const STEP: usize = 64;
/// A ring for the longest records of a pass.
const RING_LINES: usize = 65_536;
const BUFFER_BYTES: usize = 64 * 1024;
/// Memory beyond the caches.
const FAR_LINES: usize = (64 << 20) / size_of::<Line>();
/// Memory that stays in the second cache.
const NEAR_LINES: usize = (256 << 10) / size_of::<Line>();

/// A table for each length of record.
pub(super) fn tables(place: &Place) -> Result<Vec<Table>> {
    let lengths = [
        ("64 bytes (LEVEL)", Template::line()),
        ("128 bytes (FEATURES)", Template::wide()),
        ("320 bytes (FRAME of 256)", Template::frame(256)),
    ];
    lengths.into_iter().map(|(name, template)| table(place, name, &template)).collect()
}

fn table(place: &Place, name: &str, template: &Template) -> Result<Table> {
    let mut table = Table::new(format!("journal, append: records of {name} on {}", place.file_system()), "record");
    let file = || -> Result<(TempDir, File)> {
        let folder = place.fresh()?;
        let file = File::create(folder.path().join("records"))?;
        Ok((folder, file))
    };
    table.add("ours, the journaling thread's step from ring to prepared file", Scribed::new(place, template)?);
    let (folder, written) = file()?;
    table.add_peer("write(2) a record", Streamed::new(template, written, folder));
    let (folder, buffered) = file()?;
    table.add_peer(
        "BufWriter of 64 KiB",
        Streamed::new(template, BufWriter::with_capacity(BUFFER_BYTES, buffered), folder),
    );
    table.add_peer("plain stores to 64 MiB of warm memory", Stored::new(template, FAR_LINES));
    table.add("plain stores to 256 KiB of warm memory", Stored::new(template, NEAR_LINES));
    table.add("ours, Writer on one thread, prepared before the pass", Written::new(place, template, true)?);
    table.add("ours, Writer, nothing prepared: it grows and faults in the pass", Written::new(place, template, false)?);
    table.add(
        "part of ours: the CRC-32 of the record, nothing else",
        Summed { template: template.clone(), next_seq: 0 },
    );
    table.add("ours again", Scribed::new(place, template)?);
    Ok(table)
}

/// The journaling thread's work, done here. As a whole: steps over a filled ring. One by one: a step over
/// one record that has just been pushed.
struct Scribed {
    template: Template,
    next_seq: u64,
    feed: Feed,
    scribe: Scribe,
    keeper: Keeper,
    clock: Clock,
    records_a_step: usize,
    _folder: TempDir,
}

impl Scribed {
    fn new(place: &Place, template: &Template) -> Result<Self> {
        let folder = place.fresh()?;
        // The sync belongs to another thread, and would be paid for by whichever pass meets it.
        let never = LiveSettings { sync_ns: u64::MAX, capacity_bytes: CAPACITY_BYTES_MAX, ..settings(RING_LINES) };
        let Parts { feed, scribe, keeper, .. } = Parts::begin(Folder::take(folder.path())?, never)?;
        let (template, clock) = (template.clone(), Clock::start());
        Ok(Self { template, next_seq: 0, feed, scribe, keeper, clock, records_a_step: STEP, _folder: folder })
    }

    fn prepare(&mut self) {
        while self.keeper.tick(self.clock.now_ns()).expect("the disk has room") != Tick::Idle {}
    }

    fn push(&mut self) {
        self.next_seq = self.template.stamp(self.next_seq, self.next_seq);
        self.feed.push_lines(self.template.lines()).expect("the ring has room");
    }
}

impl Case for Scribed {
    fn messages(&self) -> usize {
        RECORDS
    }

    fn reset(&mut self) {
        self.prepare();
        self.records_a_step = STEP;
        (0..RECORDS).for_each(|_| self.push());
    }

    fn reset_each(&mut self) {
        self.prepare();
        self.records_a_step = 1;
    }

    fn ready(&mut self, _: usize) {
        self.push();
    }

    fn take(&mut self, index: usize) {
        if index.is_multiple_of(self.records_a_step) {
            assert_eq!(self.scribe.step().expect("records that fit"), Step::Wrote);
        }
    }

    fn finish(&mut self) {
        assert_eq!(self.feed.committed(), self.next_seq, "a pass commits all its records");
    }
}

/// The journal on one thread.
struct Written {
    template: Template,
    writer: Writer,
    prepares: bool,
    _folder: TempDir,
}

impl Written {
    fn new(place: &Place, template: &Template, prepares: bool) -> Result<Self> {
        let folder = place.fresh()?;
        let file = FilePlace::File(folder.path().join("journal.bin"));
        let settings = Settings { place: file, run: run(), capacity_bytes: CAPACITY_BYTES_MAX };
        Ok(Self { template: template.clone(), writer: Writer::create(settings)?, prepares, _folder: folder })
    }
}

impl Case for Written {
    fn messages(&self) -> usize {
        RECORDS
    }

    fn reset(&mut self) {
        if self.prepares {
            self.writer.prepare().expect("the disk has room");
        }
    }

    fn take(&mut self, _: usize) {
        let seq = self.writer.next_seq();
        self.template.stamp(seq, seq);
        let (first, rest) = self.template.split();
        self.writer.append(first, rest).expect("the disk has room");
    }
}

/// The CRC of a record, which goes nowhere.
struct Summed {
    template: Template,
    next_seq: u64,
}

impl Case for Summed {
    fn messages(&self) -> usize {
        RECORDS
    }

    fn take(&mut self, _: usize) {
        self.next_seq = self.template.stamp(self.next_seq, self.next_seq);
        let (first, rest) = self.template.split();
        black_box(record_crc(run().salt, &first.0, rest));
    }
}

/// A record into something that is written to.
struct Streamed<W> {
    template: Template,
    next_seq: u64,
    target: W,
    _folder: TempDir,
}

impl<W: Write> Streamed<W> {
    fn new(template: &Template, target: W, folder: TempDir) -> Self {
        Self { template: template.clone(), next_seq: 0, target, _folder: folder }
    }
}

impl<W: Write> Case for Streamed<W> {
    fn messages(&self) -> usize {
        RECORDS
    }

    fn take(&mut self, _: usize) {
        self.next_seq = self.template.stamp(self.next_seq, self.next_seq);
        self.target.write_all(self.template.bytes()).expect("the disk has room");
    }
}

/// A record into memory, round and round.
struct Stored {
    template: Template,
    next_seq: u64,
    memory: Box<[Line]>,
    at: usize,
}

impl Stored {
    fn new(template: &Template, lines: usize) -> Self {
        let mut memory: Box<[Line]> = zeroed_slice_box(lines);
        // Every page is there before the first pass.
        memory.fill(Line([1; 64]));
        Self { template: template.clone(), next_seq: 0, memory, at: 0 }
    }
}

impl Case for Stored {
    fn messages(&self) -> usize {
        RECORDS
    }

    fn take(&mut self, _: usize) {
        self.next_seq = self.template.stamp(self.next_seq, self.next_seq);
        let lines = self.template.lines();
        if self.at + lines.len() > self.memory.len() {
            self.at = 0;
        }
        let place = &mut self.memory[self.at..self.at + lines.len()];
        place.copy_from_slice(lines);
        black_box(place);
        self.at += lines.len();
    }
}
