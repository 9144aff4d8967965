//! Frame bytes to a desired quote, with every record in a journal.

use super::cold::Cold;
use super::tick::{self, Ours};
use crate::books::{Book, Glance, SortedBook, TreeBook};
use crate::client::{Client, Decision, Seen};
use crate::decoders::{Decoder, SerdeFloat, SonicFloat};
use crate::harness::{Case, Table};
use crate::stream::{CONNECTION, Stream, TEXT};
use anyhow::{Result, ensure};
use fathom::run::JournalDiary;
use hotpath::halt::Halt;
use hotpath::lines::{EVENT_LINES, Lines, Place};
use hotpath::record::{
    BookEnd, Features, Frame, HEAD_BYTES, Head, Kind, LINE_BYTES, Level, Line, NO_INSTRUMENT, Quote, flag, padded,
};
use hotpath::units::Q16_BITS;
use journal::{Place as FilePlace, Run, Settings, Writer};
use std::rc::Rc;

/// Addresses reserved for one case's file; disk is taken as it is written.
const CAPACITY_BYTES: u64 = 8 << 30;

/// Ours and two clients over one stream, all through the same writer.
pub(super) fn table(stream: &Rc<Stream>) -> Result<Table> {
    let mut ours = Ours::new(stream, JournalDiary(writer()?));
    let mut peer = Peer::<SerdeFloat, TreeBook>::new(stream)?;
    let [own_bytes, peer_bytes] = [bytes_of_pass(&mut ours), bytes_of_pass(&mut peer)];
    ensure!(own_bytes.abs_diff(peer_bytes) * 50 < own_bytes, "we write {own_bytes} bytes, a client {peer_bytes}");
    let per_message = own_bytes / stream.len() as u64;
    let title =
        format!("tick, journaled: frame to desired quote, {per_message} bytes kept a message: {}", stream.origin);
    let mut table = Table::new(title, "message");
    table.add("ours, through the journal's writer", ours);
    table.add_peer("serde_json f64, BTreeMap<i64>, checksum, floats, the same writer", peer);
    let sonic = Peer::<SonicFloat, SortedBook>::new(stream)?;
    table.add_peer("sonic-rs f64, sorted Vec, checksum, floats, the same writer", sonic);
    let cold = Ours::new(stream, JournalDiary(writer()?));
    table.add("ours, cold: 64 KiB walked and a system call before each", Cold::new(cold));
    table.add("ours again", Ours::new(stream, JournalDiary(writer()?)));
    Ok(table)
}

/// A journal in a file without a name: the system removes it when the program ends.
fn writer() -> Result<Writer> {
    let folder = tempfile::tempdir()?;
    let run = Run { run_id: 1, salt: 1, created_utc_ns: 0, markets: 1, origin: 0, segment: 0, first_seq: 0 };
    let place = FilePlace::File(folder.path().join("journal.bin"));
    Ok(Writer::create(Settings { place, run, capacity_bytes: CAPACITY_BYTES })?)
}

/// A case that writes a journal.
trait Writes: Case {
    /// Bytes written so far.
    fn bytes(&self) -> u64;
}

impl Writes for Ours<JournalDiary> {
    fn bytes(&self) -> u64 {
        self.diary.0.offset()
    }
}

impl<D: Decoder + Default, B: Book<i64> + Glance + Default> Writes for Peer<D, B> {
    fn bytes(&self) -> u64 {
        self.writer.offset()
    }
}

fn bytes_of_pass(case: &mut impl Writes) -> u64 {
    case.reset();
    let before = case.bytes();
    (0..case.messages()).for_each(|index| case.take(index));
    case.bytes() - before
}

/// A client that writes the records which the engine writes.
struct Peer<D, B> {
    client: Client<D, B>,
    stream: Rc<Stream>,
    writer: Writer,
    lines: Box<[Line]>,
}

impl<D: Decoder + Default, B: Book<i64> + Glance + Default> Peer<D, B> {
    fn new(stream: &Rc<Stream>) -> Result<Self> {
        let client = Client::new(&tick::config(stream));
        let lines = bytemuck::zeroed_slice_box(EVENT_LINES);
        Ok(Self { client, stream: Rc::clone(stream), writer: writer()?, lines })
    }

    fn keep(&mut self, index: usize) -> Result<(), Halt> {
        let Self { client, stream, writer, lines } = self;
        let (frame, now_ns) = (stream.message(index), stream.age_ns(index));
        let seq = writer.next_seq();
        writer.append(&frame_line(frame, seq, now_ns), frame).expect("the disk has room");
        let mut events = Lines::new(lines);
        events.begin(seq + 1, now_ns, CONNECTION);
        let mut levels = 0;
        let mut place = Place { instrument: 0, flags: 0, exch_ns: 0 };
        let mut expected = 0;
        let mut full = Ok(());
        let decision = client.take_with(
            frame,
            now_ns,
            |ask, price_ticks, qty_lots, exch_ns| {
                levels += 1;
                let flags = if ask { flag::ASK } else { 0 };
                let pushed =
                    events.push(Place { instrument: 0, flags, exch_ns }, &Level { price_ticks, qty_lots, spare: 0 });
                full = full.and(pushed);
            },
            |checksum, exch_ns| (expected, place.exch_ns) = (checksum, exch_ns),
        );
        full?;
        let body = BookEnd { checksum: expected, levels, update_id: 0, spare: 0 };
        events.push(Place { flags: flag::CHECKSUM | flag::END_OF_READ, ..place }, &body)?;
        push_decision(&mut events, place, &decision)?;
        events.flag_last(flag::END_OF_STEP);
        writer.append_lines(events.as_lines()).expect("the disk has room");
        Ok(())
    }
}

impl<D: Decoder + Default, B: Book<i64> + Glance + Default> Case for Peer<D, B> {
    fn messages(&self) -> usize {
        self.stream.len()
    }

    fn reset(&mut self) {
        self.writer.prepare().expect("the disk has room");
        self.client.restart(self.stream.snapshot());
    }

    fn take(&mut self, index: usize) {
        self.keep(index).expect("a message's records fit");
    }
}

/// The first line of a frame's record.
fn frame_line(frame: &[u8], seq: u64, now_ns: u64) -> Line {
    let head = Head {
        len: (LINE_BYTES + padded(frame.len())) as u32,
        crc: 0,
        seq,
        taken_ns: now_ns,
        exch_ns: 0,
        kind: Kind::FRAME,
        instrument: NO_INSTRUMENT,
        flags: flag::END_OF_READ,
        connection: CONNECTION,
    };
    let body = Frame { payload_bytes: frame.len() as u32, opcode: TEXT, chunk: 0, recv_ns: now_ns, kernel_utc_ns: 0 };
    let mut line = Line::ZERO;
    line.0[..HEAD_BYTES].copy_from_slice(bytemuck::bytes_of(&head));
    line.0[HEAD_BYTES..].copy_from_slice(bytemuck::bytes_of(&body));
    line
}

/// Features, and the quote when it is new.
fn push_decision(events: &mut Lines<'_>, place: Place, decision: &Decision) -> Result<(), Halt> {
    let Decision { seen: Seen { touch: [bid, ask], micro, imbalance, vol, fair }, quote, is_new } = *decision;
    let q16 = |ticks: f64| (ticks * f64::from(1 << Q16_BITS)) as i64;
    let body = Features {
        bid_ticks: bid.0,
        ask_ticks: ask.0,
        bid_lots: bid.1,
        ask_lots: ask.1,
        mid_q16: (bid.0 + ask.0) << (Q16_BITS - 1),
        micro_q16: q16(micro),
        vol_q16: q16(vol),
        fair_q16: q16(fair),
        imbalance_q30: (imbalance * f64::from(1 << 30)) as i32,
        spread_ticks: (ask.0 - bid.0) as i32,
        bid_levels: 0,
        ask_levels: 0,
        failing: 0,
        trusted: 1,
        spare: 0,
    };
    events.push(place, &body)?;
    if !is_new {
        return Ok(());
    }
    let body = Quote {
        bid_ticks: quote.bid_ticks,
        bid_lots: quote.qty_lots,
        ask_ticks: quote.ask_ticks,
        ask_lots: quote.qty_lots,
        fair_q16: q16(fair),
        reason: 1,
        spare: [0; 3],
        generation: 0,
        spare_tail: [0; 4],
    };
    events.push(place, &body)
}
