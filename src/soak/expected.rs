//! What each fault of the exchange must show itself by in a journal, and what else may follow from it.

use crate::exchange::Fault;

/// Beginnings of signs.
pub struct Expected {
    /// At its message, or at the end of its connection.
    pub must: &'static [&'static str],
    /// Anywhere behind.
    pub may: &'static [&'static str],
}

/// A book that is lost again and again is asked for on a new connection.
const IN_VAIN: &str = "feed resubscribed-in-vain";

/// What an exchange that is not let run looks like.
pub const STILL: [&str; 6] =
    ["gap stale", "feed silent", "feed heartbeat", "feed ack-missing", "feed snapshot-missing", "link no-answer"];

const fn expected(must: &'static [&'static str], may: &'static [&'static str]) -> Expected {
    Expected { must, may }
}

/// The table: of Kraken, or of Binance, whose books are chained.
pub fn expected_of(fault: Fault, is_chained: bool) -> Expected {
    const REFUSED: Expected = expected(&["gap refused-frame"], &["refused ", "gap sequence", IN_VAIN]);
    const SILENT: Expected = expected(&["feed silent", "gap stale"], &["feed heartbeat"]);
    const ENDED: Expected = expected(&["gap link-down"], &["link closed", "link broken"]);
    const NONE: Expected = expected(&[], &[]);
    match fault {
        Fault::Checksum => expected(&["gap checksum"], &[IN_VAIN]),
        Fault::Drop if is_chained => expected(&[], &["gap sequence", IN_VAIN]),
        Fault::Reorder | Fault::Delay if is_chained => expected(&[], &["gap sequence", "quality time", IN_VAIN]),
        Fault::Drop => expected(&[], &["gap checksum", "gap crossed", IN_VAIN]),
        Fault::Reorder | Fault::Delay => expected(&[], &["gap checksum", "gap crossed", "quality time", IN_VAIN]),
        Fault::Garbage | Fault::Truncate | Fault::Utf8 | Fault::Binary => REFUSED,
        Fault::Oversize => expected(&["link oversized", "gap link-down"], &[]),
        Fault::Silence | Fault::HalfOpen => SILENT,
        // A ping of Binance's may come meanwhile: then it is not silent.
        Fault::Stall if is_chained => expected(&[], &["gap stale", "feed silent"]),
        Fault::Close | Fault::Reset => ENDED,
        // The handshake may be that of a request, whose failure is no link's.
        Fault::Tls if is_chained => expected(&["gap link-down"], &["link tls"]),
        Fault::Tls => expected(&["link tls", "gap link-down"], &[]),
        Fault::Refuse429 => expected(&["link not-upgraded 429"], &[]),
        Fault::Refuse503 => expected(&["link not-upgraded 503"], &[]),
        // Where time does not run backwards at once, it does when the clock is right again.
        Fault::Clock => expected(&[], &["quality time"]),
        Fault::Channel => expected(&["ignored channel"], &[]),
        Fault::Maintenance => expected(&["status maintenance"], &[]),
        // What is asked for meanwhile comes behind it.
        Fault::Drip => expected(&[], &["feed ack-missing", "feed snapshot-missing"]),
        Fault::Duplicate
        | Fault::Fragment
        | Fault::Coalesce
        | Fault::Stall
        | Fault::Field
        | Fault::Spell
        | Fault::Resnapshot => NONE,
    }
}

/// Whether a fault is about the connection, behind the message of its line.
pub const fn is_of_connection(fault: Fault) -> bool {
    matches!(fault, Fault::Oversize | Fault::Silence | Fault::HalfOpen | Fault::Close | Fault::Reset | Fault::Tls)
}
