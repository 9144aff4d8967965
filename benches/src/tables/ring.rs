//! What the hot thread pays for a record: the push into the ring, with the consumer on another core.

use crate::beside::Beside;
use crate::clock::Clock;
use crate::harness::{Case, Table};
use crate::place::{Place, RING_LINES, settings};
use crate::records::Template;
use anyhow::Result;
use crossbeam_queue::ArrayQueue;
use hotpath::record::Line;
use journal::{Feed, Folder, Keeper, LiveSettings, Parts, Refused, Step, Tick};
use rtrb::{Producer, RingBuffer};
use std::hint::black_box;
use std::sync::Arc;
use tempfile::TempDir;

/// Lines of a pass: they fit in the smaller ring, so nothing waits for room.
const LINES: usize = 2_000;
/// A ring that stays in the second cache.
const SMALL_LINES: usize = 4_096;
/// Time between the last commit and the next push when pushes are timed one by one.
const PAUSE_NS: u64 = 5_000;

/// The feed with its real consumer, and bare queues whose consumer only reads.
pub(super) fn table(place: &Place) -> Result<Table> {
    let title =
        "ring: hot-side push; one by one: a push 5 us after all before it was taken, for all its lines together";
    let mut table = Table::new(title, "line");
    let [line, wide, step, frame] = [Template::line(), Template::wide(), Template::step(), Template::frame(256)];
    let whole = |feed: &mut Feed, template: &Template| feed.push_lines(template.lines());
    let split = |feed: &mut Feed, template: &Template| {
        let (first, rest) = template.split();
        feed.push(first, rest)
    };
    let small = |template: &Template| Ours::new(place, SMALL_LINES, template, whole);
    table.add("ours, push_lines, a step of 10 lines", small(&step)?);
    table.add("ours, push_lines, 1 line", small(&line)?);
    table.add("ours, push_lines, a record of 2 lines", small(&wide)?);
    table.add("ours, push, a frame of 5 lines", Ours::new(place, SMALL_LINES, &frame, split)?);
    table.add(format!("ours, a step of 10 lines, ring of {RING_LINES}"), Ours::new(place, RING_LINES, &step, whole)?);
    table.add(format!("ours, 1 line, ring of {RING_LINES}"), Ours::new(place, RING_LINES, &line, whole)?);
    table.add_peer("rtrb, chunks of 10 lines", Bare::new(&step, rtrb(in_chunks)));
    table.add("rtrb, chunks of 1 line", Bare::new(&line, rtrb(in_chunks)));
    table.add("rtrb, 10 lines one by one", Bare::new(&step, rtrb(one_by_one)));
    table.add("crossbeam ArrayQueue, 10 lines one by one", Bare::new(&step, array_queue()));
    table.add("ours again", small(&step)?);
    Ok(table)
}

/// A feed whose scribe works beside; its keeper prepares before each pass.
struct Ours<P> {
    template: Template,
    next_seq: u64,
    feed: Feed,
    push: P,
    keeper: Keeper,
    clock: Clock,
    scribe: Beside,
    _folder: TempDir,
}

impl<P: Fn(&mut Feed, &Template) -> Result<(), Refused>> Ours<P> {
    fn new(place: &Place, ring_lines: usize, template: &Template, push: P) -> Result<Self> {
        let folder = place.fresh()?;
        let never = LiveSettings { sync_ns: u64::MAX, ..settings(ring_lines) };
        let Parts { feed, mut scribe, keeper, .. } = Parts::begin(Folder::take(folder.path())?, never)?;
        let scribe = Beside::start(move || {
            if scribe.step().expect("records that fit") != Step::Wrote {
                std::hint::spin_loop();
            }
        });
        let (template, clock) = (template.clone(), Clock::start());
        Ok(Self { template, next_seq: 0, feed, push, keeper, clock, scribe, _folder: folder })
    }

    fn wait(&self) {
        while self.feed.committed() < self.next_seq {
            assert!(!self.feed.is_stopped(), "the journal goes on");
            std::hint::spin_loop();
        }
    }
}

impl<P: Fn(&mut Feed, &Template) -> Result<(), Refused>> Case for Ours<P> {
    fn messages(&self) -> usize {
        LINES / self.template.lines().len()
    }

    fn units(&self) -> usize {
        LINES
    }

    fn reset(&mut self) {
        while self.keeper.tick(self.clock.now_ns()).expect("the disk has room") != Tick::Idle {}
        self.scribe.wake();
        // Taken at once only by a thread that is awake.
        self.take(0);
        self.wait();
    }

    fn ready(&mut self, _: usize) {
        self.wait();
        pause();
    }

    fn take(&mut self, _: usize) {
        self.next_seq = self.template.stamp(self.next_seq, self.next_seq);
        (self.push)(&mut self.feed, &self.template).expect("the ring has room");
    }

    fn finish(&mut self) {
        self.wait();
        self.scribe.rest();
    }
}

fn pause() {
    let clock = Clock::start();
    while clock.now_ns() < PAUSE_NS {
        std::hint::spin_loop();
    }
}

/// The hot side of a bare queue of lines.
trait Queue {
    fn push(&mut self, lines: &[Line]);
    fn is_drained(&self) -> bool;
}

/// A bare queue; its consumer works beside.
struct Bare<Q> {
    template: Template,
    next_seq: u64,
    queue: Q,
    reader: Beside,
}

impl<Q: Queue> Bare<Q> {
    fn new(template: &Template, (queue, reader): (Q, Beside)) -> Self {
        Self { template: template.clone(), next_seq: 0, queue, reader }
    }

    fn wait(&self) {
        while !self.queue.is_drained() {
            std::hint::spin_loop();
        }
    }
}

impl<Q: Queue> Case for Bare<Q> {
    fn messages(&self) -> usize {
        LINES / self.template.lines().len()
    }

    fn units(&self) -> usize {
        LINES
    }

    fn reset(&mut self) {
        self.reader.wake();
        self.take(0);
        self.wait();
    }

    fn ready(&mut self, _: usize) {
        self.wait();
        pause();
    }

    fn take(&mut self, _: usize) {
        self.next_seq = self.template.stamp(self.next_seq, self.next_seq);
        self.queue.push(self.template.lines());
    }

    fn finish(&mut self) {
        self.wait();
        self.reader.rest();
    }
}

type PushLines = fn(&mut Producer<Line>, &[Line]);

struct Rtrb {
    lines: Producer<Line>,
    push: PushLines,
}

impl Queue for Rtrb {
    fn push(&mut self, lines: &[Line]) {
        (self.push)(&mut self.lines, lines);
    }

    fn is_drained(&self) -> bool {
        self.lines.slots() == SMALL_LINES
    }
}

fn in_chunks(producer: &mut Producer<Line>, lines: &[Line]) {
    let chunk = producer.write_chunk_uninit(lines.len()).expect("the ring has room");
    chunk.fill_from_iter(lines.iter().copied());
}

fn one_by_one(producer: &mut Producer<Line>, lines: &[Line]) {
    lines.iter().for_each(|line| producer.push(*line).expect("the ring has room"));
}

fn rtrb(push: PushLines) -> (Rtrb, Beside) {
    let (lines, mut drain) = RingBuffer::new(SMALL_LINES);
    let reader = Beside::start(move || match drain.read_chunk(drain.slots()) {
        Ok(chunk) if !chunk.is_empty() => chunk.into_iter().for_each(|line: Line| _ = black_box(line)),
        _ => std::hint::spin_loop(),
    });
    (Rtrb { lines, push }, reader)
}

struct Array(Arc<ArrayQueue<Line>>);

impl Queue for Array {
    fn push(&mut self, lines: &[Line]) {
        lines.iter().for_each(|line| self.0.push(*line).expect("the ring has room"));
    }

    fn is_drained(&self) -> bool {
        self.0.is_empty()
    }
}

fn array_queue() -> (Array, Beside) {
    let queue = Arc::new(ArrayQueue::new(SMALL_LINES));
    let drain = Arc::clone(&queue);
    let reader = Beside::start(move || match drain.pop() {
        Some(line) => _ = black_box(line),
        None => std::hint::spin_loop(),
    });
    (Array(queue), reader)
}
