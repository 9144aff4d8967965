//! Frame bytes to a desired quote, with nothing kept.

use super::cold::Cold;
use crate::books::{Book, Glance, SortedBook, TreeBook};
use crate::client::{Client, Quote};
use crate::decoders::{Decoder, SerdeFloat, SonicFloat};
use crate::harness::{Case, Table};
use crate::stream::{CONNECTION, Stream, TEXT};
use anyhow::{Result, ensure};
use fathom::memory::Memory;
use fathom::run::JournalDiary;
use hotpath::config::{Config, SEGMENT_BYTES_MAX};
use hotpath::diary::Diary;
use hotpath::halt::Halt;
use hotpath::input::Input;
use hotpath::record::{Line, Link, link};
use hotpath::turn::Core;
use hotpath::venue::Frame;
use hotpath::venue::kraken::Kraken;
use std::fmt::Debug;
use std::hint::black_box;
use std::rc::Rc;

/// Most ticks that a float client's quote may lie from ours.
const APART_TICKS_MAX: u64 = 1;
/// Time between two passes of one case: its past then weighs nothing.
const PAUSE_NS: u64 = 3_600_000_000_000;

/// Ours and two clients over one stream, after a check that they agree.
pub(super) fn table(stream: &Rc<Stream>) -> Result<Table> {
    let apart = agree::<SerdeFloat, TreeBook>(stream)? + agree::<SonicFloat, SortedBook>(stream)?;
    let title = format!(
        "tick, compute: frame to desired quote: {}; {apart} quotes of the two clients are a tick from ours",
        stream.origin
    );
    let mut table = Table::new(title, "message");
    table.add("ours, nothing kept", Ours::new(stream, Nowhere));
    table.add_peer("serde_json f64, BTreeMap<i64>, checksum, floats", Peer::<SerdeFloat, TreeBook>::new(stream));
    table.add_peer("sonic-rs f64, sorted Vec, checksum, floats", Peer::<SonicFloat, SortedBook>::new(stream));
    table.add("ours, cold: 64 KiB walked and a system call before each", Cold::new(Ours::new(stream, Nowhere)));
    table.add("serde_json, cold", Cold::new(Peer::<SerdeFloat, TreeBook>::new(stream)));
    table.add("sonic-rs, cold", Cold::new(Peer::<SonicFloat, SortedBook>::new(stream)));
    table.add("ours again", Ours::new(stream, Nowhere));
    Ok(table)
}

/// The stream's configuration, but that no silence and no full segment come between two messages.
pub(super) fn config(stream: &Stream) -> Config {
    let mut config = stream.loaded.config;
    config.journal.segment_bytes = SEGMENT_BYTES_MAX;
    config.markets[0].stale_ns_max = u64::MAX / 2;
    config
}

/// Runs a client beside us; returns how many of its quotes are not ours to the tick.
pub(super) fn agree<D: Decoder + Default, B: Book<i64> + Glance + Default>(stream: &Rc<Stream>) -> Result<usize> {
    let mut ours = Ours::new(stream, Nowhere);
    let mut client = Client::<D, B>::new(&config(stream));
    ours.reset();
    client.restart(stream.snapshot());
    let mut apart = 0;
    for index in 0..stream.len() {
        ours.take(index);
        let desired = ours.core.engine().state().desired;
        let quote = client.take(stream.message(index), stream.age_ns(index)).quote;
        let wanted = Quote { bid_ticks: desired.bid_ticks, ask_ticks: desired.ask_ticks, qty_lots: desired.bid_lots };
        let near = |theirs: i64, own: i64| theirs.abs_diff(own) <= APART_TICKS_MAX;
        let agrees = near(quote.bid_ticks, wanted.bid_ticks) && near(quote.ask_ticks, wanted.ask_ticks);
        ensure!(
            agrees && quote.qty_lots == wanted.qty_lots,
            "message {index}: a client wants {quote:?}, we {wanted:?}"
        );
        apart += usize::from(quote != wanted);
    }
    Ok(apart)
}

/// A diary of a benchmark.
pub trait Kept: Diary<Error: Debug> {
    /// Makes room for a pass.
    fn prepare(&mut self);
}

/// Keeps nothing.
pub struct Nowhere;

impl Diary for Nowhere {
    type Error = Halt;

    fn append(&mut self, first: &Line, payload: &[u8]) -> Result<(), Halt> {
        black_box((first, payload));
        Ok(())
    }

    fn append_lines(&mut self, lines: &[Line]) -> Result<(), Halt> {
        black_box(lines);
        Ok(())
    }
}

impl Kept for Nowhere {
    fn prepare(&mut self) {}
}

impl Kept for JournalDiary {
    fn prepare(&mut self) {
        self.0.prepare().expect("the disk has room");
    }
}

/// The engine over a stream, again and again on one run: a pass begins with a new connection.
pub struct Ours<D> {
    core: Core<'static, Kraken>,
    pub(super) diary: D,
    stream: Rc<Stream>,
    start_ns: u64,
}

impl<D: Kept> Ours<D> {
    /// An engine before its first connection. A configuration that the engine refuses panics.
    #[must_use]
    pub fn new(stream: &Rc<Stream>, mut diary: D) -> Self {
        // The core borrows its memory for as long as the program measures.
        let memory = Box::leak(Box::new(Memory::new()));
        let mut core = memory.start(Kraken, &config(stream)).expect("a checked configuration");
        core.open(0, &mut diary).expect("an empty diary");
        Self { core, diary, stream: Rc::clone(stream), start_ns: PAUSE_NS }
    }

    fn turn(&mut self, taken_ns: u64, input: &Input<'_>) {
        self.core.turn(taken_ns, input, &mut self.diary).expect("the engine does not halt");
    }
}

impl<D: Kept> Case for Ours<D> {
    fn messages(&self) -> usize {
        self.stream.len()
    }

    fn reset(&mut self) {
        self.diary.prepare();
        self.start_ns = self.core.progress().taken_ns + PAUSE_NS;
        let start_ns = self.start_ns;
        for (up, cause) in [(0, link::CLOSED), (1, link::CONNECTED)] {
            let body = Link { up, cause, close_code: 0, spare: 0, recv_ns: start_ns, spare_tail: 0 };
            self.turn(start_ns, &Input::Link(CONNECTION, body));
        }
        let stream = Rc::clone(&self.stream);
        self.turn(start_ns, &input(stream.snapshot(), start_ns));
    }

    fn take(&mut self, index: usize) {
        let taken_ns = self.start_ns + self.stream.age_ns(index);
        let input = input(self.stream.message(index), taken_ns);
        let turned = self.core.turn(taken_ns, &input, &mut self.diary);
        turned.expect("the engine does not halt");
        black_box(&self.core.engine().state().desired);
    }
}

fn input(bytes: &[u8], recv_ns: u64) -> Input<'_> {
    let frame = Frame::received(CONNECTION, TEXT, bytes);
    Input::Frame { frame, recv_ns, kernel_utc_ns: 0, end_of_read: true }
}

struct Peer<D, B> {
    client: Client<D, B>,
    stream: Rc<Stream>,
}

impl<D: Decoder + Default, B: Book<i64> + Glance + Default> Peer<D, B> {
    fn new(stream: &Rc<Stream>) -> Self {
        Self { client: Client::new(&config(stream)), stream: Rc::clone(stream) }
    }
}

impl<D: Decoder + Default, B: Book<i64> + Glance + Default> Case for Peer<D, B> {
    fn messages(&self) -> usize {
        self.stream.len()
    }

    fn reset(&mut self) {
        self.client.restart(self.stream.snapshot());
    }

    fn take(&mut self, index: usize) {
        black_box(self.client.take(self.stream.message(index), self.stream.age_ns(index)));
    }
}
