//! Bodies, field by field. Every body is 24 or 88 bytes without hidden padding.
//!
//! Prices are ticks: whole multiples of 10^-price_precision of the quote currency. Sizes are lots:
//! whole multiples of 10^-qty_precision of the base currency. `_q16` and `_q30` are binary fixed
//! point with that many fraction bits.

use super::{Body, Field, Kind};
use bytemuck::{Pod, Zeroable};

/// A field's type: a number, or a list of them.
trait Number {
    const SIGNED: bool;
    const COUNT: usize = 1;
}

/// FRAMEs that one STAMPS tells of, at most.
pub const STAMPED: usize = 5;

macro_rules! numbers {
    ($($type:ty => $signed:literal,)*) => {$(impl Number for $type { const SIGNED: bool = $signed; })*};
}

numbers! { u8 => false, u16 => false, u32 => false, u64 => false, i32 => true, i64 => true, }

impl<T: Number, const N: usize> Number for [T; N] {
    const SIGNED: bool = T::SIGNED;
    const COUNT: usize = N;
}

macro_rules! bodies {
    ($($(#[$doc:meta])* $name:ident = $kind:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
        #[repr(C)]
        pub struct $name { $($(#[$field_doc])* pub $field: $type,)* }

        impl Body for $name {
            const KIND: Kind = Kind::$kind;
            const FIELDS: &'static [Field] = &[$(Field {
                name: stringify!($field),
                at: core::mem::offset_of!($name, $field),
                bytes: size_of::<$type>() / <$type as Number>::COUNT,
                count: <$type as Number>::COUNT,
                signed: <$type as Number>::SIGNED,
            },)*];
        }

        const _: usize = <$name as Body>::LINES;
    )*};
}

bodies! {
    /// One WebSocket message, or the next 64 KiB of one. The payload follows in whole lines.
    Frame = FRAME {
        /// Payload bytes of this record, at most 65,536.
        payload_bytes: u32,
        /// WebSocket opcode: 1 text, 2 binary; from 8 on the connection's own: 8 close, 9 ping, 10 pong; 16 no frame:
        /// bytes that broke WebSocket's rules, or were left when the connection ended; 17 the body of an HTTP answer
        /// that was fetched for the market `instrument`.
        opcode: u16,
        /// Which part of the message this is, from 0; all but the last have `CONTINUES`.
        chunk: u16,
        /// Monotonic nanoseconds when its bytes were read.
        recv_ns: u64,
        /// The kernel's receive stamp as it gave it, UTC nanoseconds; 0 when it gave none.
        kernel_utc_ns: u64,
    }
    /// Ties monotonic time to UTC: `utc = utc_ns + (taken_ns - mono_ns)`.
    Clock = CLOCK {
        /// Monotonic nanoseconds of the reading.
        mono_ns: u64,
        /// UTC nanoseconds since 1970 of the same instant.
        utc_ns: u64,
        /// How far apart the two readings may lie, nanoseconds; 0 when unknown.
        uncertainty_ns: u64,
        /// The time-stamp counter at `mono_ns`; 0 when no counter was used.
        tsc: u64,
        /// Counter ticks since `tsc` to nanoseconds: multiply by this,
        tsc_multiplier: u32,
        /// then shift right by this many bits.
        tsc_shift: u32,
        /// Zero.
        spare: [u64; 6],
    }
    /// A deadline that the engine asked for has passed.
    Timer = TIMER {
        /// The deadline, monotonic nanoseconds.
        due_ns: u64,
        /// Zero.
        spare: [u64; 2],
    }
    /// An operator's command.
    Command = COMMAND {
        /// One of [`super::command`].
        code: u16,
        /// One of [`super::source`]; 0 when it is not known.
        source: u16,
        /// Zero.
        spare: [u16; 2],
        /// The command's argument; 0 when it takes none.
        argument: i64,
        /// Counts the operator's commands from 1.
        serial: u64,
    }
    /// Sampled by the hot thread; the only way that load reaches a decision.
    Health = HEALTH {
        /// Free lines in the journal ring.
        ring_lines_free: u32,
        /// Free disk, MiB.
        disk_mib_free: u32,
        /// Nanoseconds that the journal's commit cursor lags behind the last push.
        journal_lag_ns: u64,
        /// Latest round trip to the exchange, nanoseconds; 0 when there was none.
        round_trip_ns: u64,
        /// Zero.
        spare: [u64; 8],
    }
    /// A connection changed.
    Link = LINK {
        /// 1 up, 0 down.
        up: u16,
        /// One of [`super::link`].
        cause: u16,
        /// WebSocket close code, or the HTTP status of an upgrade that was refused; 0 when there was none.
        close_code: u16,
        /// Zero.
        spare: u16,
        /// Monotonic nanoseconds when it was noticed.
        recv_ns: u64,
        /// Zero.
        spare_tail: u64,
    }
    /// The last input of a run that ended on purpose.
    Close = CLOSE {
        /// One of [`super::close`].
        cause: u16,
        /// Zero.
        spare: [u16; 11],
    }
    /// What a new run found of the run before it in its folder: the last segment that was begun there.
    Found = FOUND {
        /// The run that wrote it; 0 when its header did not say.
        run_id: u64,
        /// Sequence number of its last whole record; 0 when there is none.
        last_seq: u64,
        /// Whole records of the stream in it.
        records: u64,
        /// Bytes of its valid part, the header included.
        valid_bytes: u64,
        /// Bytes of the file.
        file_bytes: u64,
        /// Its number.
        segment: u32,
        /// Damaged places in it.
        damaged: u32,
        /// One of [`super::end`].
        end: u16,
        /// Zero.
        spare: [u16; 3],
        /// Zero.
        spare_tail: [u64; 4],
    }
    /// What became of a request.
    Sent = SENT {
        /// The request's number.
        req_id: u64,
        /// Monotonic nanoseconds when it was given to the socket.
        sent_ns: u64,
        /// CRC-32 of its text; 0 when it was not sent.
        crc: u32,
        /// Bytes of its text; of a fetch that was refused, the HTTP status.
        bytes: u16,
        /// One of [`super::sent`].
        outcome: u16,
    }
    /// What the host granted of an option that was asked for.
    Host = HOST {
        /// One of [`super::host`].
        option: u16,
        /// 1 when it is in force.
        granted: u16,
        /// The system's error number; 0 when there was none.
        errno: u32,
        /// What was asked for.
        asked: i64,
        /// What is in force.
        found: i64,
    }
    /// How long past FRAMEs of a live run took behind the engine's door. Written when nothing else is to be done.
    Stamps = STAMPS {
        /// FRAMEs in the lists, from 1 to 5; 0 when only some were lost.
        count: u32,
        /// FRAMEs since the last STAMPS of whose times nothing is known: more waited to be committed than are kept.
        lost: u32,
        /// How many sequence numbers before this record each FRAME (its first record) lies; 0 behind the last of them.
        behind: [u32; STAMPED],
        /// From `taken_ns` until the diary was handed what was decided, nanoseconds.
        decided_ns: [u32; STAMPED],
        /// From there until all of it was pushed into the ring.
        pushed_ns: [u32; STAMPED],
        /// From there until the journaling thread said that all of it is in the mapped file: at the end of one of its rounds
        /// of at most 64 records.
        committed_ns: [u32; STAMPED],
    }
    /// Clears both sides; levels follow.
    Snapshot = SNAPSHOT {
        /// Bid levels that follow.
        bids: u32,
        /// Ask levels that follow.
        asks: u32,
        /// Update id of the book that it shows; 0 when the exchange gives none.
        update_id: u64,
        /// Zero.
        spare: u64,
    }
    /// Sets a level, or removes it when `qty_lots` is 0. Side in the flags.
    Level = LEVEL {
        /// Price, ticks.
        price_ticks: i64,
        /// Size, lots; 0 removes.
        qty_lots: i64,
        /// Zero.
        spare: u64,
    }
    /// The message's levels are all given: cut, verify, then publish. Snapshot or update, and
    /// whether there was a checksum, in the flags.
    BookEnd = BOOK_END {
        /// The exchange's checksum.
        checksum: u32,
        /// Levels in the message.
        levels: u32,
        /// The exchange's update id; 0 when it gives none.
        update_id: u64,
        /// Zero.
        spare: u64,
    }
    /// A trade. Taker side and order type in the flags.
    Trade = TRADE {
        /// Price, ticks.
        price_ticks: i64,
        /// Size, lots.
        qty_lots: i64,
        /// The exchange's trade number; 0 when it gives none.
        trade_id: u64,
    }
    /// Best bid and ask as the exchange states them; 0 means none.
    Ticker = TICKER {
        /// Best bid, ticks.
        bid_ticks: i64,
        /// Its size, lots.
        bid_lots: i64,
        /// Best ask, ticks.
        ask_ticks: i64,
        /// Its size, lots.
        ask_lots: i64,
        /// Last trade, ticks.
        last_ticks: i64,
        /// Update id of the book that this is the best of; 0 when the exchange gives none.
        update_id: u64,
        /// Zero.
        spare: [u64; 5],
    }
    /// The exchange's description of the instrument.
    Instrument = INSTRUMENT {
        /// Smallest price step, ticks.
        price_increment_ticks: i64,
        /// Smallest size step, lots.
        qty_increment_lots: i64,
        /// Smallest order, lots.
        qty_min_lots: i64,
        /// Smallest order value, in units of 10^-cost_precision of the quote currency.
        cost_min: i64,
        /// Decimals of prices.
        price_precision: u8,
        /// Decimals of sizes.
        qty_precision: u8,
        /// Decimals of order values.
        cost_precision: u8,
        /// One of [`super::status`].
        status: u8,
        /// Zero.
        spare: [u32; 13],
    }
    /// The exchange's system status.
    Status = STATUS {
        /// One of [`super::status`].
        status: u16,
        /// Zero.
        spare: [u16; 3],
        /// The exchange's connection number.
        connection_id: u64,
        /// Zero.
        spare_tail: u64,
    }
    /// The connection is alive.
    Heartbeat = HEARTBEAT {
        /// Zero.
        spare: [u64; 3],
    }
    /// The answer to our ping.
    Pong = PONG {
        /// The number we sent; 0 when we sent none.
        req_id: u64,
        /// The exchange's clock when the ping arrived, UTC nanoseconds.
        time_in_ns: u64,
        /// The exchange's clock when it answered, UTC nanoseconds.
        time_out_ns: u64,
    }
    /// The answer to a request; `exch_ns` is the exchange's clock when it answered.
    Ack = ACK {
        /// The number we sent; 0 when we sent none.
        req_id: u64,
        /// Book depth that was subscribed; 0 when not a book.
        depth: u32,
        /// One of [`super::method`].
        method: u8,
        /// One of [`super::channel`].
        channel: u8,
        /// 1 when the exchange agreed.
        success: u8,
        /// One of [`super::ack_error`].
        error: u8,
        /// The exchange's clock when the request arrived, UTC nanoseconds.
        time_in_ns: u64,
    }
    /// Nothing of the frame reached the book.
    Refused = REFUSED {
        /// One of the causes of [`crate::venue::Cause`].
        cause: u16,
        /// Zero.
        spare: u16,
        /// Byte offset in the frame where it broke.
        frame_offset: u32,
        /// Bytes of the frame.
        frame_bytes: u32,
        /// Zero.
        spare_tail: [u16; 6],
    }
    /// Legal, not used, counted.
    Ignored = IGNORED {
        /// One of the reasons of [`crate::venue::Reason`].
        reason: u16,
        /// Zero.
        spare: u16,
        /// Bytes of the frame.
        frame_bytes: u32,
        /// Zero.
        spare_tail: [u64; 2],
    }
    /// The levels of an update follow; it holds only behind the update that it names.
    Update = UPDATE {
        /// Update id of the book before this update: of the message before it, or one less than the first id in this one.
        follows_id: u64,
        /// Update id of the book after it.
        update_id: u64,
        /// Zero.
        spare: u64,
    }
    /// What a decision saw. Best prices are 0 when a side is empty.
    Features = FEATURES {
        /// Best bid, ticks.
        bid_ticks: i64,
        /// Best ask, ticks.
        ask_ticks: i64,
        /// Size at the best bid, lots.
        bid_lots: i64,
        /// Size at the best ask, lots.
        ask_lots: i64,
        /// (bid + ask) / 2, ticks.
        mid_q16: i64,
        /// Mid weighted by the opposite sizes, ticks.
        micro_q16: i64,
        /// Realised volatility of the mid, ticks per square root of a second.
        vol_q16: i64,
        /// The model's fair mid, ticks.
        fair_q16: i64,
        /// (bids - asks) / (bids + asks) over the configured levels, -1 to 1.
        imbalance_q30: i32,
        /// ask - bid, ticks.
        spread_ticks: i32,
        /// Levels held on the bid side.
        bid_levels: u16,
        /// Levels held on the ask side.
        ask_levels: u16,
        /// One bit for each of [`crate::quality::Check`] that fails now.
        failing: u16,
        /// 1 when the book is trusted.
        trusted: u16,
        /// Zero.
        spare: u64,
    }
    /// The quote that the engine wants. Sizes of 0: no quote on that side.
    Quote = QUOTE {
        /// Bid, ticks.
        bid_ticks: i64,
        /// Bid size, lots.
        bid_lots: i64,
        /// Ask, ticks.
        ask_ticks: i64,
        /// Ask size, lots.
        ask_lots: i64,
        /// The fair mid it stands around, ticks; 0 when withdrawn.
        fair_q16: i64,
        /// Why: one of [`crate::quote::Reason`].
        reason: u16,
        /// Zero.
        spare: [u16; 3],
        /// Counts changes of the desired quote from 1.
        generation: u64,
        /// Zero.
        spare_tail: [u64; 4],
    }
    /// The book is not trusted from here.
    GapOpen = GAP_OPEN {
        /// One of [`crate::trust::Cause`].
        cause: u16,
        /// Zero.
        spare: u16,
        /// Counts gaps of this market from 1.
        number: u32,
        /// What the exchange said (a checksum, say).
        expected: u64,
        /// What we found.
        found: u64,
    }
    /// The book is trusted again.
    GapClose = GAP_CLOSE {
        /// The cause it was opened with.
        cause: u16,
        /// Zero.
        spare: u16,
        /// The gap's number.
        number: u32,
        /// When it opened, monotonic nanoseconds.
        opened_ns: u64,
        /// How long it lasted.
        duration_ns: u64,
    }
    /// A value failed a check.
    Quality = QUALITY {
        /// One of [`crate::quality::Check`].
        check: u16,
        /// Failures in a row, saturating.
        run: u16,
        /// Failures of this check in the run, saturating.
        total: u32,
        /// The bound that was broken, or what was expected.
        expected: i64,
        /// The value found.
        found: i64,
    }
    /// An invariant broke.
    HaltBody = HALT {
        /// One of [`crate::halt::Halt`].
        code: u16,
        /// Zero.
        spare: [u16; 3],
        /// Sequence number of the input that was being taken.
        input_seq: u64,
        /// Zero.
        spare_tail: u64,
    }
    /// What the session wants of a connection.
    Request = REQUEST {
        /// Its number: counts requests of the run from 1.
        req_id: u64,
        /// Book depth, levels a side; 0 when not a book.
        depth: u32,
        /// Counts tries of the same thing from 1.
        attempt: u32,
        /// One of [`super::action`].
        action: u16,
        /// One of [`super::channel`].
        channel: u16,
        /// Zero.
        spare: u32,
    }
    /// What is wrong with the feed, or right again.
    Feed = FEED {
        /// One of [`super::feed`].
        code: u16,
        /// One of [`super::channel`].
        channel: u8,
        /// Of a refusal: one of [`super::ack_error`].
        error: u8,
        /// Counts what the session had to tell in the run from 1.
        number: u32,
        /// The bound, or what was expected.
        expected: i64,
        /// What was found.
        found: i64,
    }
    /// A market's regime changed on one axis.
    Regime = REGIME {
        /// One of [`crate::regime::Axis`].
        axis: u16,
        /// The level before, from 0.
        from: u16,
        /// The level from here on.
        to: u16,
        /// Zero.
        spare: u16,
        /// What decided it: messages, 65,536ths of a tick per square root of a second, or nanoseconds.
        value: i64,
        /// How long the level before lasted, nanoseconds.
        lasted_ns: u64,
    }
    /// The fixed part of a checkpoint; the payload is the state, section after section.
    Checkpoint = CHECKPOINT {
        /// Payload bytes of this record, at most 65,536.
        payload_bytes: u32,
        /// [`crate::ENGINE_VERSION`] of the writer.
        engine_version: u32,
        /// Bytes of the whole state over all continued records.
        state_bytes: u32,
        /// Byte offset of this record's payload in the state.
        state_offset: u32,
        /// Rows of the market table.
        markets: u16,
        /// Zero.
        spare: [u16; 3],
    }
    /// A step without another output.
    Idle = IDLE {
        /// Zero.
        spare: [u64; 3],
    }
    /// Records that are missing here, from the one with this record's number on.
    LeftOut = LEFT_OUT {
        /// Records that are missing; 0 when their number is not known, and then none follow.
        records: u64,
        /// Bytes of the damaged file that were passed over.
        bytes: u64,
        /// One of [`super::left_out`].
        cause: u16,
        /// Zero.
        spare: [u16; 3],
    }
}
