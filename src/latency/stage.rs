//! The stages of a message, from the wire to the journal.

/// What is timed. The first is by two clocks; those up to the total are parts of one message's way, which is the total; the
/// others are measured by running the journal again.
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
    /// Opening the TLS records of the message.
    Tls,
    /// Finding it in the bytes.
    Framing,
    /// Making events of its text.
    Decode,
    /// Applying them to books and markets, proofs included.
    Book,
    /// Features and fair mid of every market that changed.
    FairMid,
    /// What is wanted of them, and why.
    Decision,
    /// Regimes, connections and subscriptions.
    Upkeep,
}

/// The stages of a re-run, in order.
pub const RERUN: [Stage; 7] =
    [Stage::Tls, Stage::Framing, Stage::Decode, Stage::Book, Stage::FairMid, Stage::Decision, Stage::Upkeep];

/// The stages of a run, in order.
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
            Self::Tls => "tls",
            Self::Framing => "frame",
            Self::Decode => "decode",
            Self::Book => "book",
            Self::FairMid => "fair_mid",
            Self::Decision => "decision",
            Self::Upkeep => "regimes_and_connections",
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
            Self::Tls => "TLS",
            Self::Framing => "frame",
            Self::Decode => "decode",
            Self::Book => "book",
            Self::FairMid => "fair mid",
            Self::Decision => "decision",
            Self::Upkeep => "regimes, connections",
        }
    }
}
