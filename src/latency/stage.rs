//! The stages of a message, from the wire to the journal.

/// What is timed. All but the first are parts of one message's way or, the last, all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// From the exchange's stamp to the kernel's, or to our read where the kernel gave none; above the least.
    ExchangeToHost,
    /// From the kernel's stamp to our read: the wait in the socket's queue.
    KernelToRead,
    /// From our read until the engine took it.
    ReadToTaken,
    /// From there until the diary was handed what was decided.
    TakenToDecided,
    /// From there until all records of the step were in the ring.
    DecidedToPushed,
    /// From there until all of them were committed to the mapped file.
    PushedToCommitted,
    /// From the kernel's stamp, or from our read where the kernel gave none, until all was committed.
    Total,
}

/// Every stage, in order.
pub const STAGES: [Stage; 7] = [
    Stage::ExchangeToHost,
    Stage::KernelToRead,
    Stage::ReadToTaken,
    Stage::TakenToDecided,
    Stage::DecidedToPushed,
    Stage::PushedToCommitted,
    Stage::Total,
];

impl Stage {
    /// For scripts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ExchangeToHost => "exchange_to_host",
            Self::KernelToRead => "kernel_to_read",
            Self::ReadToTaken => "read_to_taken",
            Self::TakenToDecided => "taken_to_decided",
            Self::DecidedToPushed => "decided_to_pushed",
            Self::PushedToCommitted => "pushed_to_committed",
            Self::Total => "total",
        }
    }

    /// For people.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::ExchangeToHost => "exchange to host",
            Self::KernelToRead => "kernel to read",
            Self::ReadToTaken => "read to taken",
            Self::TakenToDecided => "taken to decided",
            Self::DecidedToPushed => "decided to pushed",
            Self::PushedToCommitted => "pushed to committed",
            Self::Total => "total",
        }
    }
}
