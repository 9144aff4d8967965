//! What the engine asked of connections and exchange, and what became of it.

use super::rows::Rows;
use super::spread::{Percentiles, Spread};
use crate::delay::Pings;
use hotpath::record::{Ack, Frame, Head, Kind, Link, Request, Sent, ack_error, action, body_of, channel, link, sent};
use hotpath::venue::FETCHED;

/// A request and what became of it.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// When it was decided, monotonic nanoseconds.
    pub at_ns: u64,
    /// The connection.
    pub connection: u16,
    /// The market, or [`hotpath::record::NO_INSTRUMENT`].
    pub instrument: u16,
    /// The request.
    pub request: Request,
    /// How it ended.
    pub fate: Fate,
    /// When it ended; 0 while it has not.
    pub ended_ns: u64,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Nothing is recorded.
    Open,
    /// It was sent and not answered.
    Sent,
    /// It could not be sent.
    NotSent,
    /// A snapshot that was fetched came.
    Came,
    /// The exchange refused what was fetched: the status of HTTP.
    Status(u16),
    /// The exchange agreed.
    Agreed,
    /// The exchange refused: one of [`ack_error`].
    Refused(u8),
    /// The connection came up.
    Up,
    /// The connection went down, or did not come up: one of [`link`].
    Down(u16),
}

/// The requests of a run.
#[derive(Clone, Debug)]
pub struct Requests {
    /// All but pings.
    pub rows: Rows<Asked>,
    pings: Pings,
    round_trips: Spread,
}

impl Default for Requests {
    fn default() -> Self {
        Self { rows: Rows::default(), pings: Pings::default(), round_trips: Spread::above(0) }
    }
}

impl Requests {
    /// Takes in the next record.
    pub fn take(&mut self, head: &Head, record: &[u8]) {
        if let Some((_, round_trip_ns)) = self.pings.take(head, record) {
            self.round_trips.add(round_trip_ns.cast_signed());
        }
        match head.kind {
            Kind::REQUEST => self.ask(head, body_of(record)),
            Kind::FRAME => self.fetched(head, body_of(record)),
            Kind::SENT => self.sent(body_of(record)),
            Kind::ACK => self.acked(head, body_of(record)),
            Kind::LINK => self.linked(head, body_of(record)),
            _ => {}
        }
    }

    /// Pings that were sent.
    #[must_use]
    pub const fn pings(&self) -> u64 {
        self.pings.sent
    }

    /// Round trips of answered pings, from the socket to the engine.
    #[must_use]
    pub fn round_trips(&self) -> Option<Percentiles> {
        self.round_trips.percentiles()
    }

    fn ask(&mut self, head: &Head, request: Option<Request>) {
        let Some(request) = request else { return };
        if request.action == action::PING {
            return;
        }
        let Head { taken_ns: at_ns, connection, instrument, .. } = *head;
        self.rows.push(Asked { at_ns, connection, instrument, request, fate: Fate::Open, ended_ns: 0 });
    }

    fn sent(&mut self, body: Option<Sent>) {
        let Some(Sent { req_id, sent_ns, outcome, bytes, .. }) = body else { return };
        let fate = match outcome {
            sent::SENT => Fate::Sent,
            // Of a fetch: the status of HTTP.
            sent::REFUSED => Fate::Status(bytes),
            _ => Fate::NotSent,
        };
        self.end(sent_ns, fate, |asked| asked.request.req_id == req_id);
    }

    /// A body that was fetched is of the last fetch of its market that has no end.
    fn fetched(&mut self, head: &Head, frame: Option<Frame>) {
        if frame.is_some_and(|frame| frame.opcode == FETCHED) {
            let waits = |asked: &Asked| {
                let is_fetch = asked.request.action == action::FETCH && asked.fate == Fate::Open;
                is_fetch && asked.instrument == head.instrument
            };
            self.end(head.taken_ns, Fate::Came, waits);
        }
    }

    fn acked(&mut self, head: &Head, ack: Option<Ack>) {
        let Some(Ack { req_id, success, error, .. }) = ack.filter(|ack| ack.req_id != 0) else { return };
        let fate = if success != 0 { Fate::Agreed } else { Fate::Refused(error) };
        self.end(head.taken_ns, fate, |asked| asked.request.req_id == req_id);
    }

    fn linked(&mut self, head: &Head, link: Option<Link>) {
        let Some(link) = link else { return };
        let fate = if link.up != 0 { Fate::Up } else { Fate::Down(link.cause) };
        let waits = |asked: &Asked| {
            let about = matches!(asked.request.action, action::CONNECT | action::DISCONNECT);
            about && asked.connection == head.connection && asked.fate == Fate::Open
        };
        self.end(head.taken_ns, fate, waits);
    }

    fn end(&mut self, at_ns: u64, fate: Fate, is_meant: impl Fn(&Asked) -> bool) {
        if let Some(asked) = self.rows.kept_mut().rev().find(|asked| is_meant(asked)) {
            asked.fate = fate;
            asked.ended_ns = at_ns;
        }
    }
}

impl Asked {
    /// What was asked for, in words.
    #[must_use]
    pub fn wish(&self) -> String {
        let Request { action, channel, depth, .. } = self.request;
        let action = action::name(action).unwrap_or("unknown");
        let about = u8::try_from(channel).ok().filter(|code| *code != channel::UNKNOWN).and_then(channel::name);
        match (about, depth) {
            (None, _) => action.to_owned(),
            (Some(about), 0) => format!("{action} {about}"),
            (Some(about), depth) => format!("{action} {about}, depth {depth}"),
        }
    }
}

impl Fate {
    /// In words.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::Open => "no end is recorded".to_owned(),
            Self::Sent => "sent, not answered".to_owned(),
            Self::NotSent => "not sent".to_owned(),
            Self::Came => "came".to_owned(),
            Self::Status(status) => format!("refused: HTTP {status}"),
            Self::Agreed => "agreed".to_owned(),
            Self::Refused(error) => format!("refused: {}", ack_error::name(error).unwrap_or("unknown")),
            Self::Up => "up".to_owned(),
            Self::Down(cause) => format!("down: {}", link::name(cause).unwrap_or("unknown")),
        }
    }

    /// Whether it is what was wished for.
    #[must_use]
    pub const fn is_good(self) -> bool {
        matches!(self, Self::Agreed | Self::Came | Self::Up | Self::Down(link::ASKED))
    }
}
