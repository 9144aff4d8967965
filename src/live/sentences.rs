//! What the journal tells of the feed, in sentences for the operator.

use hotpath::record::{Feed, GapClose, GapOpen, Head, Kind, Link, body_of, feed, link};
use hotpath::trust::cause_name;

/// WebSocket's close code for a broken policy.
const CLOSE_POLICY: u16 = 1008;

/// The sentence of a record; none when it has nothing to say to people, or the link thread has said it.
#[must_use]
pub(super) fn sentence(head: &Head, record: &[u8]) -> Option<String> {
    match head.kind {
        Kind::LINK => of_link(head.connection, &body_of(record)?),
        Kind::FEED => of_feed(&body_of(record)?),
        Kind::GAP_OPEN => {
            let gap: GapOpen = body_of(record)?;
            let cause = cause_name(gap.cause);
            Some(format!("the book of market {} is not trusted ({cause}): it is asked for anew", head.instrument))
        }
        Kind::GAP_CLOSE => {
            let gap: GapClose = body_of(record)?;
            let seconds = gap.duration_ns as f64 / 1e9;
            Some(format!("the book of market {} is trusted again, after {seconds:.3} s", head.instrument))
        }
        _ => None,
    }
}

/// A connection that could not be made was told by the thread that tried.
fn of_link(connection: u16, body: &Link) -> Option<String> {
    let what = match (body.up, body.cause) {
        (0, link::CLOSED) if body.close_code == CLOSE_POLICY => {
            "closed by the exchange for its policy (1008): it is made again in a minute; if this comes back, send less or ask the exchange".to_owned()
        }
        (0, link::CLOSED) => format!("closed by the exchange ({}): it is made again", body.close_code),
        (0, link::BROKEN) => "broke off: it is made again".to_owned(),
        (0, link::OVERSIZED) => "sent a message above 4 MiB: it is made again".to_owned(),
        (0, link::PROTOCOL) => "broke a rule of WebSocket: what came is in the journal, and it is made again".to_owned(),
        (0, link::TLS) => "broke a rule of TLS: it is made again".to_owned(),
        _ => return None,
    };
    Some(format!("connection {connection} {what}"))
}

fn of_feed(body: &Feed) -> Option<String> {
    let seconds = |ns: i64| ns as f64 / 1e9;
    let (found, bound) = (seconds(body.found), seconds(body.expected));
    Some(match body.code {
        feed::HEARTBEAT_MISSING => {
            format!("no heartbeat for {found:.1} s (`session.heartbeat_ms_max`): watch the book's age")
        }
        feed::HEARTBEAT_BACK => "heartbeats come again".to_owned(),
        feed::ACK_MISSING => format!("a request was not answered within {bound:.1} s (`session.ack_ms_max`)"),
        feed::SNAPSHOT_MISSING => {
            format!("no snapshot within {bound:.1} s (`session.snapshot_ms_max`): it is asked for anew")
        }
        feed::REQUEST_REFUSED => "the exchange refused a request: `journal cat --kind ACK` says why".to_owned(),
        feed::CLOCK_STEP => {
            format!("UTC moved by {:.3} s: check the clock's keeper", seconds(body.found.saturating_sub(body.expected)))
        }
        feed::LINK_STOPPED => "the connection will not be made again".to_owned(),
        feed::CONNECT_SLOW => {
            format!("the connection is being made for more than {bound:.1} s (`session.connect_ms_max`)")
        }
        feed::RESUBSCRIBED_IN_VAIN => "the book was asked for anew in vain: the connection is made again".to_owned(),
        feed::SILENT => format!("not a byte for {found:.1} s (`venue.stale_ms`): the connection is made again"),
        _ => return None,
    })
}
