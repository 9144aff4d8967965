//! The messages that every case takes: book frames of one market, and what they mean.

use anyhow::{Context, Result, ensure};
use fathom::config::{Loaded, load};
use fathom::import::recording::Recording;
use fathom::sample::cbcap;
use hotpath::lines::{EVENT_LINES, Lines};
use hotpath::record::{BookEnd, Head, Level, Line, Snapshot, body_of, flag, head_of};
use hotpath::simd::Simd;
use hotpath::turn::records;
use hotpath::venue::kraken::Kraken;
use hotpath::venue::{Frame, Venue};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Seed of the generated messages.
const SEED: u64 = 7;
/// Generated frames for each message wanted: some are trades and heartbeats.
const FRAMES_PER_MESSAGE: usize = 2;
const SNAPSHOT: &[u8] = br#"{"channel":"book","type":"snapshot""#;
const UPDATE: &[u8] = br#"{"channel":"book","type":"update""#;
/// The connection that all frames come on.
pub const CONNECTION: u16 = 0;
/// WebSocket's opcode of a text message.
pub const TEXT: u16 = 1;

/// A snapshot and the book messages after it, back to back in memory.
pub struct Stream {
    /// Where the messages come from.
    pub origin: String,
    /// The market.
    pub loaded: Loaded,
    bytes: Vec<u8>,
    snapshot: (u64, Range<usize>),
    messages: Vec<(u64, Range<usize>)>,
}

/// A book message in ticks and lots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meaning {
    /// Whether both sides are cleared first.
    pub clears: bool,
    /// Ask side or not, price in ticks, size in lots, in the order of the message: bids first.
    pub levels: Vec<(bool, i64, i64)>,
    /// The exchange's checksum.
    pub checksum: u32,
    /// The exchange's time, UTC nanoseconds.
    pub exch_ns: u64,
}

impl Stream {
    /// Messages made by the project's own generator: all distinct, every checksum valid.
    ///
    /// # Errors
    /// When the shipped configuration does not load.
    pub fn generated(messages: usize, depth: u32) -> Result<Self> {
        let loaded = loaded("kraken-btc-eur.toml", &[format!("venue.depth={depth}")])?;
        let mut bytes = Vec::new();
        cbcap(SEED, messages * FRAMES_PER_MESSAGE + 100, &loaded, &mut bytes)?;
        let mut stream = Self::of(String::new(), loaded, &bytes)?;
        ensure!(stream.messages.len() >= messages, "the generator makes too few updates");
        stream.messages.truncate(messages);
        stream.origin = format!("generated, {}", stream.size());
        Ok(stream)
    }

    /// Messages that the exchange sent, from a recording in the folder of the variable `FATHOM_DATA`;
    /// none when it is unset.
    ///
    /// # Errors
    /// When the recording cannot be read.
    pub fn recorded() -> Result<Option<Self>> {
        let Some(folder) = std::env::var_os("FATHOM_DATA") else { return Ok(None) };
        let path = Path::new(&folder).join("kraken-v2/kraken_btcusd_sample.cbcap");
        let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut stream = Self::of(String::new(), loaded("kraken-btc-usd.toml", &[])?, &bytes)?;
        stream.origin = format!("recorded (BTC/USD, depth 25), {}", stream.size());
        Ok(Some(stream))
    }

    fn of(origin: String, loaded: Loaded, bytes: &[u8]) -> Result<Self> {
        let frames = Recording::read(bytes).map_err(|broken| anyhow::anyhow!("no recording: {broken}"))?;
        let (mut messages, mut text) = (Vec::new(), Vec::new());
        for frame in frames {
            let frame = frame.map_err(|broken| anyhow::anyhow!("a broken recording: {broken}"))?;
            let is_update = frame.bytes.starts_with(UPDATE) && !messages.is_empty();
            if is_update || frame.bytes.starts_with(SNAPSHOT) {
                messages.push((frame.recv_ns, text.len()..text.len() + frame.bytes.len()));
                text.extend(frame.bytes);
            }
        }
        ensure!(messages.len() > 1, "a recording without updates");
        let snapshot = messages.remove(0);
        Ok(Self { origin, loaded, bytes: text, snapshot, messages })
    }

    fn size(&self) -> String {
        let bytes: usize = self.messages.iter().map(|(_, range)| range.len()).sum();
        let levels: usize = self.meanings().iter().map(|meaning| meaning.levels.len()).sum();
        let per = |total: usize| total as f64 / self.len() as f64;
        format!("{} messages of {:.0} bytes and {:.2} levels", self.len(), per(bytes), per(levels))
    }

    /// Messages after the snapshot.
    #[must_use]
    pub fn len(&self) -> usize {
        self.messages.len()
    }

    /// Whether there is no message after the snapshot.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Bytes of a message.
    #[must_use]
    pub fn message(&self, index: usize) -> &[u8] {
        &self.bytes[self.messages[index].1.clone()]
    }

    /// Nanoseconds from the snapshot's receipt to a message's.
    #[must_use]
    pub fn age_ns(&self, index: usize) -> u64 {
        self.messages[index].0.saturating_sub(self.snapshot.0)
    }

    /// Bytes of the snapshot.
    #[must_use]
    pub fn snapshot(&self) -> &[u8] {
        &self.bytes[self.snapshot.1.clone()]
    }

    /// The messages' meanings, by our decoder.
    #[must_use]
    pub fn meanings(&self) -> Vec<Meaning> {
        let mut reader = Reader::new(&self.loaded);
        (0..self.len()).map(|index| reader.read(self.message(index))).collect()
    }

    /// The snapshot's meaning.
    #[must_use]
    pub fn snapshot_meaning(&self) -> Meaning {
        Reader::new(&self.loaded).read(self.snapshot())
    }
}

/// The shipped configuration of a market.
///
/// # Errors
/// When it does not load.
pub fn loaded(name: &str, overrides: &[String]) -> Result<Loaded> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../configs").join(name);
    Ok(load(&path, overrides)?)
}

/// Turns frames into meanings.
struct Reader<'a> {
    loaded: &'a Loaded,
    lines: Box<[Line]>,
}

impl<'a> Reader<'a> {
    fn new(loaded: &'a Loaded) -> Self {
        Self { loaded, lines: bytemuck::zeroed_slice_box(EVENT_LINES) }
    }

    fn read(&mut self, bytes: &[u8]) -> Meaning {
        let mut events = Lines::new(&mut self.lines);
        let frame = Frame::received(CONNECTION, TEXT, bytes);
        Kraken.decode(&self.loaded.config, frame, Simd::detect(), &mut events).expect("a legal message");
        meaning(&events)
    }
}

/// What event records mean.
#[must_use]
pub fn meaning(events: &Lines<'_>) -> Meaning {
    let mut meaning = Meaning::default();
    for record in records(events.as_lines()) {
        let head: Head = head_of(record).expect("a whole record");
        if let Some(level) = body_of::<Level>(record) {
            meaning.levels.push((head.has(flag::ASK), level.price_ticks, level.qty_lots));
        } else if let Some(end) = body_of::<BookEnd>(record) {
            (meaning.checksum, meaning.exch_ns) = (end.checksum, head.exch_ns);
        } else if body_of::<Snapshot>(record).is_some() {
            meaning.clears = true;
        }
    }
    meaning
}
