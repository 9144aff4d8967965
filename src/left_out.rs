//! What a recovery left out of a journal, for people and scripts.

use crate::cli::counted;
use hotpath::record::{LeftOut, body_of, left_out};
use journal::Record;
use serde_json::{Value, json};
use std::fmt;

/// A place of a recovered journal where records are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Byte offset of the LEFT_OUT.
    pub offset: usize,
    /// Sequence number of the first record that is missing.
    pub seq: u64,
    /// What the LEFT_OUT says.
    pub body: LeftOut,
}

impl Missing {
    /// What is missing at a record, when it is a LEFT_OUT.
    #[must_use]
    pub fn at(record: &Record<'_>) -> Option<Self> {
        let body = body_of::<LeftOut>(record.bytes)?;
        Some(Self { offset: record.offset, seq: record.head.seq, body })
    }

    /// Why, for people.
    fn cause(&self) -> &'static str {
        left_out::name(self.body.cause).unwrap_or("unknown cause")
    }

    /// As one JSON object; `records` is null when their number is not known.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "offset": self.offset,
            "seq": self.seq,
            "records": (self.body.records > 0).then_some(self.body.records),
            "bytes": self.body.bytes,
            "cause": self.cause(),
        })
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { offset, seq, body } = self;
        match body.records {
            0 => write!(f, "all records from seq {seq} on were left out at byte {offset}")?,
            1 => write!(f, "the record seq {seq} was left out at byte {offset}")?,
            many => {
                write!(f, "{} from seq {seq} on were left out at byte {offset}", counted(many, "record", "records"))?;
            }
        }
        write!(f, " ({}, {} passed over)", self.cause(), counted(body.bytes, "byte", "bytes"))
    }
}
