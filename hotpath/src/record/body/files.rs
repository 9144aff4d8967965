//! Bodies of what a file needs to be read: the state, and what is missing.

use super::{Body, Field, Kind, Number};
use bytemuck::{Pod, Zeroable};

bodies! {
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
    /// Records that are missing here, from the one with this record's number on.
    LeftOut = LEFT_OUT {
        /// Records that are missing; 0 when their number is not known, and then none follow.
        records: u64,
        /// Bytes of the damaged file that were passed over.
        bytes: u64,
        /// One of [`crate::record::left_out`].
        cause: u16,
        /// Zero.
        spare: [u16; 3],
    }
}
