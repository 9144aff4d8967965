//! What a running engine looks like from outside: read from the journal as it grows, never from the engine.

use super::sentences::sentence;
use crate::checksums::Checksums;
use crate::tie::Tie;
use crate::uptime::late_ns;
use anyhow::Result;
use hotpath::record::{Command, Features, Frame, Head, Health, Kind, Link, Quote, body_of, command, flag};
use journal::{FolderFollower, FolderPoll, RECORDS_AT, Record};
use std::path::PathBuf;

/// Records of one look, at most: a look ends, however fast the journal grows.
const RECORDS_MAX: usize = 200_000;

/// Sentences of one look, at most.
const SENTENCES_MAX: usize = 20;

/// The state of a run as its journal tells it. Market 0 is meant where a market is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// The run.
    pub run_id: u64,
    /// Records.
    pub records: u64,
    /// Messages.
    pub frames: u64,
    /// Exchange checksums that hold, and that do not.
    pub checksums: (u64, u64),
    /// Best bid and ask, ticks; none before the first.
    pub touch: Option<(i64, i64)>,
    /// The desired quote, ticks; none when it is withdrawn.
    pub quote: Option<(i64, i64)>,
    /// Whether the book is trusted.
    pub is_trusted: bool,
    /// Gaps that opened.
    pub gaps: u64,
    /// Whether the run has ended, in order or by a halt.
    pub is_over: bool,
    /// When the first and the last message came, and the time with a trusted book in between, nanoseconds.
    pub first_ns: u64,
    /// See `first_ns`.
    pub last_ns: u64,
    /// See `first_ns`.
    pub trusted_ns: u64,
    /// Whether the operator paused it.
    pub is_paused: bool,
    /// Connections that are up, as bits.
    pub links: u64,
    /// Time from the exchange's stamp to our read of the last book message, nanoseconds; by two clocks.
    pub delay_ns: Option<i64>,
    /// Lag of the journal's commit cursor at the last sample, nanoseconds.
    pub lag_ns: u64,
    /// Bytes of the journal.
    pub bytes: u64,
    /// The last command that was carried out: its serial number.
    pub serial: u64,
    /// The last round trip of a ping, nanoseconds; none before the first.
    pub round_trip_ns: Option<u64>,
}

impl Seen {
    /// How the run gets on, in one word.
    #[must_use]
    pub const fn state(&self) -> &'static str {
        match self {
            Self { is_over: true, .. } => "stopped",
            Self { links: 0, .. } => "connecting",
            Self { is_paused: true, .. } => "paused",
            _ => "running",
        }
    }

    /// Share of the time from the first message to the last with a trusted book, as `journal gaps` counts it; none while
    /// there is no such time.
    #[must_use]
    pub fn uptime(&self) -> Option<f64> {
        let span_ns = self.last_ns.saturating_sub(self.first_ns);
        (span_ns > 0).then(|| self.trusted_ns as f64 / span_ns as f64)
    }
}

/// Follows the journal of one run.
#[derive(Debug)]
pub struct Watch {
    first: PathBuf,
    follower: Option<FolderFollower>,
    seen: Seen,
    /// The last reading of the clocks, and when the last frame was read.
    tie: Option<Tie>,
    recv_ns: u64,
    checksums: Checksums,
    /// What there is to say since it was taken; more than a run can say to people is left out.
    sentences: Vec<String>,
    /// When the last record was taken, and the time with a trusted book since the last message.
    taken_ns: u64,
    trusted_since_ns: u64,
}

/// What a look came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// There may be more.
    More,
    /// All that was there is taken in; the run goes on.
    Idle,
    /// The run is over.
    Over,
}

impl Watch {
    /// Looks at the run that begins with the segment `first`.
    #[must_use]
    pub fn new(first: PathBuf) -> Self {
        let (seen, checksums) = (Seen::default(), Checksums::default());
        Self {
            first,
            follower: None,
            seen,
            tie: None,
            recv_ns: 0,
            checksums,
            sentences: Vec::new(),
            taken_ns: 0,
            trusted_since_ns: 0,
        }
    }

    /// What was seen.
    #[must_use]
    pub const fn seen(&self) -> &Seen {
        &self.seen
    }

    /// Takes what there is to say of the feed since the last time.
    pub fn sentences(&mut self) -> Vec<String> {
        std::mem::take(&mut self.sentences)
    }

    /// Takes in what was committed since.
    ///
    /// # Errors
    /// As [`FolderFollower::poll`].
    pub fn look(&mut self) -> Result<Look> {
        let mut follower = match self.follower.take() {
            Some(follower) => follower,
            None => FolderFollower::open(&self.first)?,
        };
        let look = self.take_in(&mut follower);
        self.follower = Some(follower);
        look
    }

    fn take_in(&mut self, follower: &mut FolderFollower) -> Result<Look> {
        for _ in 0..RECORDS_MAX {
            match follower.poll()? {
                // Another run has begun behind this one.
                FolderPoll::Begun(header) if self.seen.run_id != 0 && header.run_id != self.seen.run_id => {
                    return Ok(Look::Over);
                }
                FolderPoll::Begun(header) => {
                    self.seen.run_id = header.run_id;
                    self.seen.bytes += RECORDS_AT as u64;
                }
                FolderPoll::Record(record) => self.take(&record),
                FolderPoll::Pending => return Ok(Look::Idle),
                FolderPoll::Closed | FolderPoll::Abandoned => return Ok(Look::Over),
            }
        }
        Ok(Look::More)
    }

    fn take(&mut self, record: &Record<'_>) {
        let (head, bytes) = (&record.head, record.bytes);
        self.pass(head.taken_ns);
        self.seen.records += 1;
        self.seen.bytes += bytes.len() as u64;
        self.checksums.take(head, bytes);
        if self.sentences.len() < SENTENCES_MAX {
            self.sentences.extend(sentence(head, bytes));
        }
        self.seen.checksums = (self.checksums.ok, self.checksums.bad);
        match head.kind {
            Kind::CLOSE | Kind::HALT => self.seen.is_over = true,
            Kind::FRAME => {
                self.arrive(head.taken_ns);
                self.seen.frames += u64::from(!head.has(flag::CONTINUES));
                self.recv_ns = body_of::<Frame>(bytes).map_or(self.recv_ns, |frame| frame.recv_ns);
            }
            Kind::CLOCK => self.tie = Tie::of(bytes).or(self.tie),
            Kind::COMMAND => self.command(body_of(bytes)),
            Kind::HEALTH => {
                if let Some(Health { journal_lag_ns, round_trip_ns, .. }) = body_of(bytes) {
                    self.seen.lag_ns = journal_lag_ns;
                    self.seen.round_trip_ns = Some(round_trip_ns).filter(|time_ns| *time_ns > 0);
                }
            }
            Kind::LINK => self.link(head.connection, body_of(bytes)),
            _ if head.instrument == 0 => self.take_of_market(head, bytes),
            _ => {}
        }
    }

    fn take_of_market(&mut self, head: &Head, bytes: &[u8]) {
        match head.kind {
            Kind::BOOK_END => self.book_end(head),
            Kind::FEATURES => {
                self.seen.is_trusted = true;
                self.seen.touch = body_of(bytes).map(|body: Features| (body.bid_ticks, body.ask_ticks));
            }
            Kind::QUOTE => {
                let quote: Option<Quote> = body_of(bytes);
                let stands = quote.filter(|quote| quote.bid_lots > 0);
                self.seen.quote = stands.map(|quote| (quote.bid_ticks, quote.ask_ticks));
            }
            Kind::GAP_OPEN => {
                self.seen.is_trusted = false;
                self.seen.gaps += 1;
                self.take_back(body_of(bytes).map_or(0, |gap| late_ns(&gap)));
            }
            Kind::GAP_CLOSE => self.seen.is_trusted = true,
            _ => {}
        }
    }

    fn link(&mut self, connection: u16, body: Option<Link>) {
        let bit = 1_u64.checked_shl(connection.into()).unwrap_or(0);
        if body.is_some_and(|link| link.up != 0) {
            self.seen.links |= bit;
        } else {
            self.seen.links &= !bit;
        }
    }

    /// Time goes by.
    const fn pass(&mut self, now_ns: u64) {
        if self.seen.is_trusted {
            self.trusted_since_ns += now_ns.saturating_sub(self.taken_ns);
        }
        self.taken_ns = now_ns;
    }

    /// The book was not to be believed for so long before that was noticed.
    fn take_back(&mut self, late_ns: u64) {
        let since_ns = late_ns.min(self.trusted_since_ns);
        self.trusted_since_ns -= since_ns;
        self.seen.trusted_ns = self.seen.trusted_ns.saturating_sub(late_ns - since_ns);
    }

    /// A message came: the time up to it counts.
    const fn arrive(&mut self, now_ns: u64) {
        if self.seen.frames == 0 {
            self.seen.first_ns = now_ns;
        } else {
            self.seen.trusted_ns += self.trusted_since_ns;
        }
        self.trusted_since_ns = 0;
        self.seen.last_ns = now_ns;
    }

    fn command(&mut self, body: Option<Command>) {
        let Some(body) = body else { return };
        self.seen.serial = body.serial;
        match body.code {
            command::PAUSE => self.seen.is_paused = true,
            command::RESUME => self.seen.is_paused = false,
            _ => {}
        }
    }

    fn book_end(&mut self, head: &Head) {
        if let (Some(tie), true) = (self.tie, head.exch_ns != 0) {
            self.seen.delay_ns = Some(tie.since_utc_ns(head.exch_ns, self.recv_ns));
        }
    }
}
