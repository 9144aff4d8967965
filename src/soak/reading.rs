//! What a journal says of a run, read for a judge: what went wrong, where, and whether its books were the exchange's.

use super::books::held;
use super::evidence::{Place, Told};
use crate::memory::Memory;
use crate::replay::scan::first_state;
use anyhow::{Context, Result, anyhow, bail};
use hotpath::engine::Engine;
use hotpath::lines::{Lines, OUTPUT_LINES};
use hotpath::quality::Check;
use hotpath::record::{
    BookEnd, Command, Feed, Frame, GapOpen, Head, Ignored, Kind, Line, Link, Quality, Refused, Status, body_of,
    command, feed, flag, link, payload_of, status,
};
use hotpath::{trust, venue};
use journal::{Item, Segment};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A part that is ignored because nothing is ever made of it.
const UNUSED: u16 = 4;
/// Levels that are shown of a book that is wrong.
const SHOWN_LEVELS: usize = 3;

/// What the journal says.
#[derive(Debug, Default)]
pub struct Reading {
    /// What went wrong as the engine saw it, by kind and code: "gap checksum".
    pub signs: Vec<(Place, String)>,
    /// CRC-32 of each message.
    pub(super) messages: BTreeMap<Place, u32>,
    /// Messages before which the book was trusted.
    pub(super) trusted: BTreeSet<Place>,
    /// Messages behind which it was.
    pub(super) left_trusted: BTreeSet<Place>,
    /// Trusted books that were compared with the exchange's.
    pub compared: u64,
    /// Updates that came behind their successors and made the book what it was before these.
    pub(super) outdated: Vec<Place>,
    /// Whether the book was trusted when the run was told to stop.
    pub is_trusted: bool,
}

impl Reading {
    /// Reads the whole journal of a run.
    ///
    /// # Errors
    /// As [`Reader::read`].
    pub fn of(files: &[PathBuf], told: &Told) -> Result<Self> {
        let (mut reader, mut memory) = (Reader::default(), Memory::new());
        for path in files {
            reader.read(path, &Segment::open(path)?, &mut memory, told)?;
        }
        Ok(reader.reading)
    }
}

fn step(engine: &mut Engine, head: &Head, bytes: &[u8], lines: &mut [Line]) -> Result<()> {
    if head.kind == Kind::FRAME || !(head.kind.is_input() || head.kind.is_event()) {
        return Ok(());
    }
    let mut outputs = Lines::new(lines);
    outputs.begin(head.seq, head.taken_ns, head.connection);
    let stepped = engine.observe_time(head.taken_ns, &mut outputs).and_then(|()| engine.step(bytes, &mut outputs));
    stepped.map_err(|halt| anyhow!("the engine halts: {halt:?}"))
}

/// Reads a journal, segment by segment.
pub struct Reader {
    /// What was read so far.
    pub reading: Reading,
    /// The last message.
    place: Place,
    /// Of a message, whose parts are in several records.
    crc32: crc32fast::Hasher,
    /// Whether anything came behind the last message.
    is_behind: bool,
    is_stopping: bool,
    lines: Vec<Line>,
}

impl Default for Reader {
    fn default() -> Self {
        Self {
            reading: Reading::default(),
            place: (0, 0),
            crc32: crc32fast::Hasher::new(),
            is_behind: false,
            is_stopping: false,
            lines: vec![Line::ZERO; OUTPUT_LINES],
        }
    }
}

impl Reader {
    /// Steps an engine over a segment and compares its book with the exchange's wherever it trusts it.
    ///
    /// # Errors
    /// For a segment that is not whole, and the first trusted book that is not the exchange's.
    pub fn read(&mut self, path: &Path, segment: &Segment, memory: &mut Memory, told: &Told) -> Result<()> {
        let name = path.display();
        let state = first_state(segment).with_context(|| format!("{name}: no checkpoint"))?;
        memory.load(&state).map_err(|halt| anyhow!("{name}: {halt:?}"))?;
        for item in segment.items() {
            let Item::Record(record) = item else { bail!("{name}: damage: `journal verify` says where") };
            let (head, bytes, engine) = (&record.head, record.bytes, memory.engine_mut());
            let at = || format!("{name}: record {}", head.seq);
            self.before(head, bytes, engine, told).with_context(at)?;
            step(engine, head, bytes, &mut self.lines).with_context(at)?;
            self.after(head, bytes, engine, told).with_context(at)?;
        }
        Ok(())
    }

    /// The last message that was read.
    #[must_use]
    pub const fn place(&self) -> Place {
        self.place
    }

    /// Counts messages, and finds the exchange's connection by the first of one.
    fn before(&mut self, head: &Head, bytes: &[u8], engine: &Engine, told: &Told) -> Result<()> {
        let is_trusted = is_trusted(engine);
        if !self.is_stopping {
            self.reading.is_trusted = is_trusted;
        }
        if head.kind.is_input() && !self.is_behind {
            self.is_behind = true;
            if is_trusted {
                self.reading.left_trusted.insert(self.place);
            }
        }
        if let Some(body) = body_of::<Link>(bytes) {
            if body.up == 1 {
                self.place.1 = 0;
            } else if body.cause != link::ASKED {
                self.sign(format!("link {} {}", named(link::name(body.cause)), body.close_code));
            }
        }
        let Some(frame) = body_of::<Frame>(bytes).filter(|frame| matches!(frame.opcode, 1 | 2)) else { return Ok(()) };
        if frame.chunk == 0 {
            self.crc32.reset();
        }
        self.crc32.update(payload_of(bytes).context("a message without its bytes")?);
        if head.has(flag::CONTINUES) {
            return Ok(());
        }
        let crc32 = self.crc32.clone().finalize();
        self.place.1 += 1;
        self.is_behind = false;
        if self.place.1 == 1 {
            let connection = told.connection(crc32, self.place.0);
            self.place.0 = connection.context("the exchange does not know the connection")?;
        }
        self.reading.messages.insert(self.place, crc32);
        if is_trusted {
            self.reading.trusted.insert(self.place);
        }
        Ok(())
    }

    /// Notes signs, and compares books.
    fn after(&mut self, head: &Head, bytes: &[u8], engine: &Engine, told: &Told) -> Result<()> {
        self.is_stopping |= body_of::<Command>(bytes).is_some_and(|body| body.code == command::STOP);
        if let Some(end) = body_of::<BookEnd>(bytes) {
            self.compare(head, &end, engine, told)?;
        }
        if let Some(body) = body_of::<GapOpen>(bytes) {
            self.sign(format!("gap {}", trust::cause_name(body.cause)));
        }
        if let Some(body) = body_of::<Refused>(bytes) {
            self.sign(format!("refused {}", venue::cause_name(body.cause)));
        }
        if let Some(body) = body_of::<Ignored>(bytes).filter(|body| body.reason != UNUSED) {
            self.sign(format!("ignored {}", venue::reason_name(body.reason)));
        }
        if let Some(body) = body_of::<Feed>(bytes) {
            self.sign(format!("feed {}", named(feed::name(body.code))));
        }
        if body_of::<Quality>(bytes).is_some_and(|body| body.check == Check::Time as u16) {
            self.sign("quality time".into());
        }
        if let Some(body) = body_of::<Status>(bytes).filter(|body| body.status != u16::from(status::ONLINE)) {
            let name = u8::try_from(body.status).ok().and_then(status::name);
            self.sign(format!("status {}", named(name)));
        }
        Ok(())
    }

    fn sign(&mut self, what: String) {
        if !self.is_stopping {
            self.reading.signs.push((self.place, what));
        }
    }

    fn compare(&mut self, head: &Head, end: &BookEnd, engine: &Engine, told: &Told) -> Result<()> {
        // A snapshot that was fetched is no message of the connection.
        let is_fetched = end.update_id != 0 && head.has(flag::SNAPSHOT);
        if is_fetched || !is_trusted(engine) {
            return Ok(());
        }
        let (connection, message) = self.place;
        let book = told.books.get(&self.place);
        let book = book
            .with_context(|| format!("the exchange does not tell of message {message} of connection {connection}"))?;
        let market = &engine.markets()[0];
        self.reading.compared += 1;
        // Twice as many levels as features look at are known while the book is not short, and the best when it is.
        let known =
            if market.state.is_short() { 1 } else { 2 * engine.config().markets()[0].imbalance_levels as usize };
        if book.is_that_of(&market.book, known) {
            return Ok(());
        }
        if told.is_late(self.place) {
            self.reading.outdated.push(self.place);
            return Ok(());
        }
        let shown =
            |sides: &super::books::Sides| sides.each_ref().map(|side| side[..SHOWN_LEVELS.min(side.len())].to_vec());
        bail!(
            "the book that is trusted at message {message} of connection {connection} is not the exchange's: best bids and \
             asks are {:?}, the exchange's {:?}",
            shown(&held(&market.book)),
            shown(book.near())
        );
    }
}

fn is_trusted(engine: &Engine) -> bool {
    engine.markets()[0].state.trust.is_trusted()
}

fn named(name: Option<&'static str>) -> &'static str {
    name.unwrap_or("unknown")
}
