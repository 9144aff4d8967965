//! What is known of each connection.

use bytemuck::{Pod, Zeroable};

/// What is known of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Connection {
    /// When the last record came on it.
    pub heard_ns: u64,
    /// The exchange's system status, one of [`crate::record::status`].
    pub status: u64,
}
