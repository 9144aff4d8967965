//! The record layout: what lies in the ring, in the journal, in replay and in tests.
//!
//! A record is one or more 64-byte lines. The first line opens with a [`Head`] of 40 bytes; the body
//! follows. Most kinds are one line (a body of [`BODY_BYTES`]) or two (a body of
//! [`WIDE_BODY_BYTES`]); [`Kind::FRAME`] and [`Kind::CHECKPOINT`] carry a payload in the lines after
//! the first, zero-padded to a whole line. All numbers are little-endian. `journal/README.md` is the
//! same layout as a specification for other languages.

mod body;
mod codes;

pub use body::*;
pub use codes::*;

use bytemuck::{Pod, Zeroable};

/// Bytes of a line: a cache line, and the unit of every length and offset.
pub const LINE_BYTES: usize = 64;
/// Bytes of the head that opens every record.
pub const HEAD_BYTES: usize = 40;
/// Bytes of the body of a one-line record, and of the fixed body of a record with a payload.
pub const BODY_BYTES: usize = LINE_BYTES - HEAD_BYTES;
/// Bytes of the body of a two-line record.
pub const WIDE_BODY_BYTES: usize = 2 * LINE_BYTES - HEAD_BYTES;
/// Most payload bytes of one record; a longer payload is continued in further records.
pub const PAYLOAD_BYTES_MAX: usize = 64 * 1024;
/// Most bytes of one whole record.
pub const RECORD_BYTES_MAX: usize = LINE_BYTES + PAYLOAD_BYTES_MAX;
/// Most bytes of a frame over all its records; a connection that sends more is dropped.
pub const FRAME_BYTES_MAX: usize = 4 * 1024 * 1024;
/// The instrument of a record that concerns no market.
pub const NO_INSTRUMENT: u16 = u16::MAX;
/// The connection of a record that came on none.
pub const NO_CONNECTION: u16 = u16::MAX;

/// Version of this layout; a reader refuses a higher one.
pub const FORMAT_VERSION: u32 = 1;

/// 64 bytes, aligned to a cache line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C, align(64))]
pub struct Line(pub [u8; LINE_BYTES]);

impl Line {
    /// A line of zeros: padding, or a place where nothing was committed yet.
    pub const ZERO: Self = Self([0; LINE_BYTES]);
}

/// What a record is. An open integer: a reader passes over kinds it does not know.
///
/// The high byte is the class: 1 input, 2 event, 3 output, 4 state, 5 file structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Pod, Zeroable)]
#[repr(transparent)]
pub struct Kind(pub u16);

impl Kind {
    /// Input: bytes as they came off the wire.
    pub const FRAME: Self = Self(0x0101);
    /// Input: monotonic time against UTC, and the calibration of the time-stamp counter.
    pub const CLOCK: Self = Self(0x0102);
    /// Input: a timer that the engine asked for is due.
    pub const TIMER: Self = Self(0x0103);
    /// Input: an operator's command.
    pub const COMMAND: Self = Self(0x0104);
    /// Input: a sample of ring, journal and disk.
    pub const HEALTH: Self = Self(0x0105);
    /// Input: a connection came up or went down.
    pub const LINK: Self = Self(0x0106);
    /// Input: the run ends here on purpose.
    pub const CLOSE: Self = Self(0x0107);
    /// Input: what a new run found of the one before it in its folder.
    pub const FOUND: Self = Self(0x0108);
    /// Input: what became of a request.
    pub const SENT: Self = Self(0x0109);
    /// Input: what the host granted.
    pub const HOST: Self = Self(0x010a);
    /// Input: when past frames were decided on, pushed and committed.
    pub const STAMPS: Self = Self(0x010b);

    /// Event: a book snapshot begins; both sides are cleared.
    pub const SNAPSHOT: Self = Self(0x0201);
    /// Event: one level of one side is set or removed.
    pub const LEVEL: Self = Self(0x0202);
    /// Event: a book message is complete.
    pub const BOOK_END: Self = Self(0x0203);
    /// Event: a trade print.
    pub const TRADE: Self = Self(0x0204);
    /// Event: best bid and ask as the exchange states them.
    pub const TICKER: Self = Self(0x0205);
    /// Event: precisions, increments and status of the instrument.
    pub const INSTRUMENT: Self = Self(0x0206);
    /// Event: the exchange's system status.
    pub const STATUS: Self = Self(0x0207);
    /// Event: the connection is alive.
    pub const HEARTBEAT: Self = Self(0x0208);
    /// Event: the answer to our ping.
    pub const PONG: Self = Self(0x0209);
    /// Event: the answer to a subscribe, an unsubscribe or another request.
    pub const ACK: Self = Self(0x020a);
    /// Event: the frame was refused; nothing of it reached the book.
    pub const REFUSED: Self = Self(0x020b);
    /// Event: a legal frame, or a part of one, that this engine does not use.
    pub const IGNORED: Self = Self(0x020c);
    /// Event: an update of a book whose updates form a chain begins.
    pub const UPDATE: Self = Self(0x020d);

    /// Output: features and fair mid at a decision.
    pub const FEATURES: Self = Self(0x0301);
    /// Output: the desired two-sided quote changed.
    pub const QUOTE: Self = Self(0x0302);
    /// Output: a book stopped being trusted.
    pub const GAP_OPEN: Self = Self(0x0303);
    /// Output: a book is trusted again.
    pub const GAP_CLOSE: Self = Self(0x0304);
    /// Output: a check on a value failed.
    pub const QUALITY: Self = Self(0x0305);
    /// Output: an invariant broke and the engine stopped.
    pub const HALT: Self = Self(0x0306);
    /// Output: the step produced nothing else.
    pub const IDLE: Self = Self(0x0307);
    /// Output: the session wants something of a connection.
    pub const REQUEST: Self = Self(0x0308);
    /// Output: something is wrong with the feed, or right again.
    pub const FEED: Self = Self(0x0309);
    /// Output: a market's regime changed on one axis.
    pub const REGIME: Self = Self(0x030a);
    /// Output: a book is trusted for the first time in its run, without a gap before that.
    pub const TRUST: Self = Self(0x030b);

    /// State: the whole engine, its configuration and its tables.
    pub const CHECKPOINT: Self = Self(0x0401);

    /// File: the index that closes a sealed segment; not part of the record stream.
    pub const INDEX: Self = Self(0x0501);
    /// File: records that were here are missing; a recovery wrote this in their place.
    pub const LEFT_OUT: Self = Self(0x0502);

    /// The class byte.
    #[must_use]
    pub const fn class(self) -> u8 {
        self.0.to_le_bytes()[1]
    }

    /// Whether replay takes this record as given.
    #[must_use]
    pub const fn is_input(self) -> bool {
        self.class() == 1
    }

    /// Whether this record came out of a venue's decoder.
    #[must_use]
    pub const fn is_event(self) -> bool {
        self.class() == 2
    }

    /// The row of [`SCHEMA`] for this kind.
    #[must_use]
    pub fn schema(self) -> Option<&'static Schema> {
        let place = SCHEMA.binary_search_by_key(&self, |row| row.kind).ok()?;
        SCHEMA.get(place)
    }
}

/// How long a record of a kind may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One line.
    Line,
    /// Two lines.
    Wide,
    /// One line and a payload whose length is the first `u32` of the body.
    Payload,
}

/// Whether a record of a kind names a market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// `instrument` is an index into the market table.
    Market,
    /// `instrument` is [`NO_INSTRUMENT`].
    Whole,
    /// Either of the two.
    Any,
}

/// What a writer accepts of a kind.
#[derive(Clone, Copy, Debug)]
pub struct Schema {
    /// The kind.
    pub kind: Kind,
    /// Its name in text, JSON and filters.
    pub name: &'static str,
    /// Its length.
    pub shape: Shape,
    /// Its instrument.
    pub scope: Scope,
    /// The fields of its body.
    pub fields: &'static [Field],
}

/// One field of a body.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name; padding is called `spare` or `spare_tail`.
    pub name: &'static str,
    /// Byte offset in the body.
    pub at: usize,
    /// Bytes of one value: 1, 2, 4 or 8.
    pub bytes: usize,
    /// Values, one behind the other: more than one in a list, and in padding.
    pub count: usize,
    /// Whether it is two's complement.
    pub signed: bool,
}

const fn row<B: Body>(name: &'static str, shape: Shape, scope: Scope) -> Schema {
    Schema { kind: B::KIND, name, shape, scope, fields: B::FIELDS }
}

/// Every kind of this version, ascending. A writer refuses a record that does not fit its row.
pub const SCHEMA: &[Schema] = &[
    row::<Frame>("FRAME", Shape::Payload, Scope::Any),
    row::<Clock>("CLOCK", Shape::Wide, Scope::Whole),
    row::<Timer>("TIMER", Shape::Line, Scope::Whole),
    row::<Command>("COMMAND", Shape::Line, Scope::Whole),
    row::<Health>("HEALTH", Shape::Wide, Scope::Whole),
    row::<Link>("LINK", Shape::Line, Scope::Whole),
    row::<Close>("CLOSE", Shape::Line, Scope::Whole),
    row::<Found>("FOUND", Shape::Wide, Scope::Whole),
    row::<Sent>("SENT", Shape::Line, Scope::Whole),
    row::<Host>("HOST", Shape::Line, Scope::Whole),
    row::<Stamps>("STAMPS", Shape::Wide, Scope::Whole),
    row::<Snapshot>("SNAPSHOT", Shape::Line, Scope::Market),
    row::<Level>("LEVEL", Shape::Line, Scope::Market),
    row::<BookEnd>("BOOK_END", Shape::Line, Scope::Market),
    row::<Trade>("TRADE", Shape::Line, Scope::Market),
    row::<Ticker>("TICKER", Shape::Wide, Scope::Market),
    row::<Instrument>("INSTRUMENT", Shape::Wide, Scope::Market),
    row::<Status>("STATUS", Shape::Line, Scope::Whole),
    row::<Heartbeat>("HEARTBEAT", Shape::Line, Scope::Whole),
    row::<Pong>("PONG", Shape::Line, Scope::Whole),
    row::<Ack>("ACK", Shape::Line, Scope::Any),
    row::<Refused>("REFUSED", Shape::Line, Scope::Any),
    row::<Ignored>("IGNORED", Shape::Line, Scope::Whole),
    row::<Update>("UPDATE", Shape::Line, Scope::Market),
    row::<Features>("FEATURES", Shape::Wide, Scope::Market),
    row::<Quote>("QUOTE", Shape::Wide, Scope::Market),
    row::<GapOpen>("GAP_OPEN", Shape::Line, Scope::Market),
    row::<GapClose>("GAP_CLOSE", Shape::Line, Scope::Market),
    row::<Quality>("QUALITY", Shape::Line, Scope::Market),
    row::<HaltBody>("HALT", Shape::Line, Scope::Whole),
    row::<Idle>("IDLE", Shape::Line, Scope::Whole),
    row::<Request>("REQUEST", Shape::Line, Scope::Any),
    row::<Feed>("FEED", Shape::Line, Scope::Any),
    row::<Regime>("REGIME", Shape::Line, Scope::Market),
    row::<Trust>("TRUST", Shape::Line, Scope::Market),
    row::<Checkpoint>("CHECKPOINT", Shape::Payload, Scope::Whole),
    Schema { kind: Kind::INDEX, name: "INDEX", shape: Shape::Payload, scope: Scope::Whole, fields: &[] },
    row::<LeftOut>("LEFT_OUT", Shape::Line, Scope::Whole),
];

/// Bits of [`Head::flags`]. Bits 8 and up belong to the kind.
pub mod flag {
    /// The last frame of a drained read: the engine decides after it.
    pub const END_OF_READ: u16 = 1;
    /// The last record of a step: a valid file may end here.
    pub const END_OF_STEP: u16 = 1 << 1;
    /// The payload goes on in the next record of this kind.
    pub const CONTINUES: u16 = 1 << 2;
    /// A checkpoint that opens a segment: the writer switches files before it.
    pub const OPENING: u16 = 1 << 3;
    /// The second copy of an opening checkpoint.
    pub const TWIN: u16 = 1 << 4;
    /// `LEVEL`: the ask side. `TRADE`: the taker sold.
    pub const ASK: u16 = 1 << 8;
    /// `TRADE`: a market order took. Clear: a limit order.
    pub const MARKET_ORDER: u16 = 1 << 9;
    /// `TRADE`: from the snapshot of past trades, before the subscription began.
    pub const PAST: u16 = 1 << 10;
    /// `BOOK_END`: the message was a snapshot.
    pub const SNAPSHOT: u16 = 1 << 8;
    /// `BOOK_END`: the exchange sent a checksum.
    pub const CHECKSUM: u16 = 1 << 9;
}

/// The first 40 bytes of every record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Head {
    /// Bytes of the whole record, a multiple of 64. Zero: nothing is committed here. Written last.
    pub len: u32,
    /// CRC-32 (IEEE, started from the segment's salt) of `len` and of bytes 8 to `len`. The journal
    /// fills it in; before that it is zero.
    pub crc: u32,
    /// Position in the stream of the run, from 0, without holes.
    pub seq: u64,
    /// Monotonic nanoseconds when the hot thread took the input; an output repeats its input's.
    pub taken_ns: u64,
    /// The exchange's own time, UTC nanoseconds since 1970; 0 when it gave none.
    pub exch_ns: u64,
    /// What the record is.
    pub kind: Kind,
    /// Index into the market table, or [`NO_INSTRUMENT`].
    pub instrument: u16,
    /// Bits of [`flag`].
    pub flags: u16,
    /// The connection it came on, an index that the configuration gives, or [`NO_CONNECTION`].
    pub connection: u16,
}

impl Head {
    /// Whether all bits of `mask` are set.
    #[must_use]
    pub const fn has(&self, mask: u16) -> bool {
        self.flags & mask == mask
    }
}

/// A body with a kind and a fixed size.
pub trait Body: Pod {
    /// The kind that carries it.
    const KIND: Kind;
    /// Its fields; none for a kind that is not shown field by field.
    const FIELDS: &'static [Field] = &[];
    /// Lines of the record: 1 or 2.
    const LINES: usize = match size_of::<Self>() {
        BODY_BYTES => 1,
        WIDE_BODY_BYTES => 2,
        _ => panic!("a body is 24 or 88 bytes"),
    };
}

/// Reads the head of a record that starts at `bytes`.
#[must_use]
pub fn head_of(bytes: &[u8]) -> Option<Head> {
    bytes.get(..HEAD_BYTES).map(bytemuck::pod_read_unaligned)
}

/// Reads the body of a record, when it is of that kind and whole.
#[must_use]
pub fn body_of<B: Body>(bytes: &[u8]) -> Option<B> {
    let end = HEAD_BYTES.checked_add(size_of::<B>())?;
    if head_of(bytes)?.kind != B::KIND {
        return None;
    }
    bytes.get(HEAD_BYTES..end).map(bytemuck::pod_read_unaligned)
}

/// The payload of a record of [`Shape::Payload`], without its padding.
#[must_use]
pub fn payload_of(bytes: &[u8]) -> Option<&[u8]> {
    let head = head_of(bytes)?;
    if !matches!(head.kind.schema()?.shape, Shape::Payload) {
        return None;
    }
    let length: u32 = bytes.get(HEAD_BYTES..HEAD_BYTES.checked_add(4)?).map(bytemuck::pod_read_unaligned)?;
    let end = LINE_BYTES.checked_add(usize::try_from(length).ok()?)?;
    bytes.get(LINE_BYTES..end)
}

/// `bytes` rounded up to whole lines.
#[must_use]
pub const fn padded(bytes: usize) -> usize {
    bytes.saturating_add(LINE_BYTES - 1) & !(LINE_BYTES - 1)
}

/// Why a record does not fit the schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// The kind is in no row.
    Kind,
    /// The length is not the kind's, or the payload length disagrees with it.
    Length,
    /// The instrument is not in the market table, or is given where none belongs.
    Instrument,
    /// The bytes after the payload are not zero.
    Padding,
}

/// Checks one whole record against [`SCHEMA`] and a market table of `markets` rows.
///
/// # Errors
/// The first rule that the record breaks.
pub fn check(record: &[u8], markets: u16) -> Result<(), Misfit> {
    let (first, rest) = record.split_at_checked(LINE_BYTES).ok_or(Misfit::Length)?;
    check_parts(first, rest, markets)?;
    if record.len() == padded(record.len()) { Ok(()) } else { Err(Misfit::Length) }
}

/// Checks a record by its first line and the bytes that follow it. A payload may come without its
/// padding: all of it or none.
///
/// # Errors
/// As [`check`].
pub fn check_parts(first: &[u8], rest: &[u8], markets: u16) -> Result<(), Misfit> {
    let head = head_of(first).ok_or(Misfit::Length)?;
    let schema = head.kind.schema().ok_or(Misfit::Kind)?;
    let rest_bytes = match schema.shape {
        Shape::Line => 0,
        Shape::Wide => LINE_BYTES,
        Shape::Payload => check_payload(first, rest)?,
    };
    let whole = rest_bytes.saturating_add(LINE_BYTES);
    if padded(rest.len()) != rest_bytes || usize::try_from(head.len) != Ok(whole) {
        return Err(Misfit::Length);
    }
    let known = head.instrument < markets;
    let none = head.instrument == NO_INSTRUMENT;
    let fits = match schema.scope {
        Scope::Market => known,
        Scope::Whole => none,
        Scope::Any => known || none,
    };
    if fits { Ok(()) } else { Err(Misfit::Instrument) }
}

/// The whole lines that a payload takes.
fn check_payload(first: &[u8], rest: &[u8]) -> Result<usize, Misfit> {
    let end = HEAD_BYTES.saturating_add(size_of::<u32>());
    let announced: u32 = first.get(HEAD_BYTES..end).map(bytemuck::pod_read_unaligned).ok_or(Misfit::Length)?;
    let payload_bytes = usize::try_from(announced).map_err(|_| Misfit::Length)?;
    let padding = rest.get(payload_bytes..).ok_or(Misfit::Length)?;
    if payload_bytes > PAYLOAD_BYTES_MAX {
        return Err(Misfit::Length);
    }
    if padding.iter().any(|byte| *byte != 0) {
        return Err(Misfit::Padding);
    }
    let exact = padding.is_empty() || rest.len() == padded(payload_bytes);
    if exact { Ok(padded(payload_bytes)) } else { Err(Misfit::Length) }
}

const _: () = assert!(size_of::<Head>() == HEAD_BYTES);
const _: () = assert!(size_of::<Line>() == LINE_BYTES && align_of::<Line>() == LINE_BYTES);

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;

    fn frame(len: u32, payload_bytes: u32) -> Line {
        let mut line = Line::ZERO;
        let head = Head {
            len,
            crc: 0,
            seq: 0,
            taken_ns: 0,
            exch_ns: 0,
            kind: Kind::FRAME,
            instrument: NO_INSTRUMENT,
            flags: 0,
            connection: 0,
        };
        line.0[..HEAD_BYTES].copy_from_slice(bytemuck::bytes_of(&head));
        line.0[HEAD_BYTES..HEAD_BYTES + 4].copy_from_slice(&payload_bytes.to_le_bytes());
        line
    }

    #[test]
    fn a_payload_may_come_without_padding_but_not_shorter() {
        let first = frame(192, 65);
        assert_eq!(check_parts(&first.0, &[1; 65], 1), Ok(()));
        assert_eq!(check_parts(&first.0, &[1; 64], 1), Err(Misfit::Length));
        assert_eq!(check_parts(&first.0, &[0; 66], 1), Err(Misfit::Length));
    }

    #[test]
    fn a_whole_record_has_its_padding_and_zeros_in_it() {
        let mut record = frame(192, 65).0.to_vec();
        record.extend(vec![1; 65]);
        assert_eq!(check(&record, 1), Err(Misfit::Length));
        record.resize(192, 0);
        assert_eq!(check(&record, 1), Ok(()));
        record[191] = 1;
        assert_eq!(check(&record, 1), Err(Misfit::Padding));
    }

    #[test]
    fn every_kind_has_one_row_and_bodies_without_holes() {
        for (place, row) in SCHEMA.iter().enumerate() {
            assert!(SCHEMA[..place].iter().all(|other| other.kind < row.kind && other.name != row.name));
            assert_eq!(row.kind.schema().map(|found| found.name), Some(row.name));
            let end = row.fields.iter().fold(0, |at, field| {
                assert_eq!(field.at, at, "{} {}", row.name, field.name);
                at + field.bytes * field.count
            });
            let expected = if matches!(row.shape, Shape::Wide) { WIDE_BODY_BYTES } else { BODY_BYTES };
            assert!(end == expected || row.kind == Kind::INDEX, "{}", row.name);
        }
    }
}
