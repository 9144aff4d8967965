//! Bodies of events: what a venue said.

use super::{Body, Field, Kind, Number};
use bytemuck::{Pod, Zeroable};

bodies! {
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
        /// One of [`crate::record::status`].
        status: u8,
        /// Zero.
        spare: [u32; 13],
    }
    /// The exchange's system status.
    Status = STATUS {
        /// One of [`crate::record::status`].
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
        /// One of [`crate::record::method`].
        method: u8,
        /// One of [`crate::record::channel`].
        channel: u8,
        /// 1 when the exchange agreed.
        success: u8,
        /// One of [`crate::record::ack_error`].
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
}
