//! What happened on the way, in words: connections, the feed, commands, the exchange's status, the end.

use super::series::Rank;
use super::units::duration;
use crate::cli::counted;
use hotpath::record::{
    Close, Command, Feed, Found, HaltBody, Head, Host, Kind, Link, NO_CONNECTION, Status, ack_error, body_of, channel,
    close, command, end, feed, host, link, source, status,
};

/// Something that happened.
#[derive(Clone, Debug)]
pub struct Told {
    /// When, monotonic nanoseconds.
    pub at_ns: u64,
    /// How bad it is.
    pub rank: Rank,
    /// Who tells: `connection 0`, `feed of BTC/EUR`, `operator`.
    pub who: String,
    /// What, in one word where there is one.
    pub what: &'static str,
    /// More, for people.
    pub more: String,
}

impl Told {
    /// What a record tells, if it is of a kind that tells something; of which market, when there are several.
    #[must_use]
    pub fn of(head: &Head, record: &[u8], names: &[String]) -> Option<Self> {
        let told = |rank, who: &str, what: Option<&'static str>, more| {
            Some(Self { at_ns: head.taken_ns, rank, who: who.to_owned(), what: what.unwrap_or("unknown"), more })
        };
        let connection = format!("connection {}", head.connection);
        let market = names.get(usize::from(head.instrument)).filter(|_| names.len() > 1);
        let feed_of = match (market, head.connection) {
            (Some(name), _) => format!("feed of {name}"),
            (None, NO_CONNECTION) => "feed".to_owned(),
            (None, _) if names.len() > 1 => format!("feed, {connection}"),
            (None, _) => "feed".to_owned(),
        };
        match head.kind {
            Kind::LINK => {
                let body: Link = body_of(record)?;
                let rank = rank_of(&body);
                told(rank, &connection, link::name(body.cause), link_words(&body))
            }
            Kind::FEED => {
                let body: Feed = body_of(record)?;
                let rank = if body.code == feed::HEARTBEAT_BACK { Rank::Good } else { Rank::Bad };
                told(rank, &feed_of, feed::name(body.code), feed_words(&body))
            }
            Kind::COMMAND => {
                let body: Command = body_of(record)?;
                let who = source::name(body.source).unwrap_or("operator");
                told(Rank::Idle, who, command::name(body.code), format!("command {}", body.serial))
            }
            Kind::STATUS => {
                let body: Status = body_of(record)?;
                let code = u8::try_from(body.status).unwrap_or(status::UNKNOWN);
                let rank = if code == status::ONLINE { Rank::Good } else { Rank::Bad };
                told(rank, "exchange", status::name(code), format!("its connection {}", body.connection_id))
            }
            Kind::FOUND => {
                let body: Found = body_of(record)?;
                told(Rank::Idle, "journal", end::name(body.end), found_words(&body))
            }
            Kind::CLOSE => {
                let body: Close = body_of(record)?;
                told(Rank::Idle, "run", close::name(body.cause), "the run ended on purpose".to_owned())
            }
            Kind::HALT => {
                let body: HaltBody = body_of(record)?;
                let more = format!("an invariant broke (halt {}) at input {}", body.code, body.input_seq);
                told(Rank::Bad, "engine", Some("halt"), more)
            }
            _ => None,
        }
    }
}

/// A connection that ends because it was asked to is no fault.
#[must_use]
pub const fn rank_of(link: &Link) -> Rank {
    match (link.up, link.cause) {
        (0, link::ASKED) => Rank::Idle,
        (0, _) => Rank::Bad,
        _ => Rank::Good,
    }
}

fn link_words(body: &Link) -> String {
    match (body.up, body.close_code) {
        (0, 0) => "down".to_owned(),
        (0, code) => format!("down, code {code}"),
        _ => "up".to_owned(),
    }
}

fn found_words(body: &Found) -> String {
    let Found { segment, run_id, records, .. } = *body;
    let records = counted(records, "record", "records");
    format!("the run before, {run_id:016x}, left segment {segment} with {records}")
}

fn feed_words(body: &Feed) -> String {
    let (expected, found) = (duration(body.expected), duration(body.found));
    let about = channel::name(body.channel).filter(|_| body.channel != channel::UNKNOWN).unwrap_or("request");
    match body.code {
        feed::HEARTBEAT_MISSING => format!("none for {found}, bound {expected}"),
        feed::HEARTBEAT_BACK => format!("the last came {found} ago"),
        feed::ACK_MISSING | feed::SNAPSHOT_MISSING | feed::PROOF_MISSING => {
            format!("{about}: waited {found}, bound {expected}")
        }
        // What was fetched: the status of HTTP.
        feed::REQUEST_REFUSED if body.expected > 0 => {
            format!("snapshot, request {}: HTTP {}", body.found, body.expected)
        }
        feed::REQUEST_REFUSED => {
            let error = ack_error::name(body.error).unwrap_or("unknown");
            format!("{about}, request {}: {error}", body.found)
        }
        feed::CLOCK_STEP => {
            let step_ns = body.found.saturating_sub(body.expected);
            format!("UTC moved by {} against monotonic time", duration(step_ns))
        }
        feed::LINK_STOPPED => format!("it will not be made again, {found} after it ended"),
        feed::CONNECT_SLOW => format!("{found} so far, bound {expected}"),
        feed::RESUBSCRIBED_IN_VAIN => {
            format!("{about}: {}, at most {}", counted(body.found.unsigned_abs(), "time", "times"), body.expected)
        }
        feed::SILENT => format!("no message for {found}, bound {expected}"),
        _ => format!("expected {}, found {}", body.expected, body.found),
    }
}

/// What the host said to something that was asked of it, as often as it said the same.
#[derive(Clone, Copy, Debug)]
pub struct Granted {
    /// The connection, or [`hotpath::record::NO_CONNECTION`].
    pub connection: u16,
    /// What was asked and said.
    pub body: Host,
    /// How often.
    pub times: u64,
}

impl Granted {
    /// The name of the option.
    #[must_use]
    pub fn name(&self) -> &'static str {
        host::name(self.body.option).unwrap_or("unknown")
    }
}

#[cfg(test)]
mod tests {
    use super::{Rank, rank_of};
    use hotpath::record::{Link, link};

    #[test]
    fn a_connection_that_was_asked_to_end_is_neither_good_nor_bad() {
        let of = |up, cause| rank_of(&Link { up, cause, ..bytemuck::Zeroable::zeroed() });
        assert_eq!(of(1, link::CONNECTED), Rank::Good);
        assert_eq!(of(0, link::ASKED), Rank::Idle);
        assert_eq!(of(0, link::BROKEN), Rank::Bad);
    }
}
