//! Bodies of inputs: what the engine cannot recompute.

use super::{Body, Field, Kind, Number};
use bytemuck::{Pod, Zeroable};

/// FRAMEs that one STAMPS tells of, at most.
pub const STAMPED: usize = 5;

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
        /// One of [`crate::record::command`].
        code: u16,
        /// One of [`crate::record::source`]; 0 when it is not known.
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
        /// One of [`crate::record::link`].
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
        /// One of [`crate::record::close`].
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
        /// One of [`crate::record::end`].
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
        /// One of [`crate::record::sent`].
        outcome: u16,
    }
    /// What the host granted of an option that was asked for.
    Host = HOST {
        /// One of [`crate::record::host`].
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
}
