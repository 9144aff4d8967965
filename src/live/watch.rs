//! What a running engine looks like from outside: read from the journal as it grows, never from the engine.

use super::sentences::Sentences;
use crate::delay::{Delay, Differences, Offset, Pings};
use crate::proofs::{Proof, Proofs};
use crate::tie::Tie;
use crate::uptime::late_ns;
use anyhow::Result;
use hotpath::checkpoint::decode_config;
use hotpath::config::{MARKETS_MAX, MarketConfig, sequence_rule};
use hotpath::record::{
    BODY_BYTES, Command, Features, Frame, HEAD_BYTES, Head, Health, Kind, Link, Quote, body_of, command, flag,
};
use journal::{FolderFollower, FolderPoll, RECORDS_AT, Record};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Records of one look, at most: a look ends, however fast the journal grows.
const RECORDS_MAX: usize = 200_000;

/// Sentences of one look, at most.
const SENTENCES_MAX: usize = 20;

/// One market as the journal tells it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MarketSeen {
    /// Its row of the configuration; none before the first checkpoint.
    pub row: Option<MarketConfig>,
    /// Proofs of the book.
    pub proof: Proof,
    /// Best bid and ask, ticks; none before the first.
    pub touch: Option<(i64, i64)>,
    /// Whether the book is trusted.
    pub is_trusted: bool,
    /// Gaps that opened.
    pub gaps: u64,
    /// From the exchange's stamp to our read of the last update, as far as it is known.
    pub delay: Option<Delay>,
    /// Our clock less the exchange's, as far as it is known.
    pub offset: Option<Offset>,
}

impl MarketSeen {
    /// What proves the book: `touches` where updates chain, or `checksums`; how many held, and how many did not.
    #[must_use]
    pub fn proved(&self) -> (&'static str, (u64, u64)) {
        let is_chained = self.row.is_some_and(|row| row.sequence_rule == sequence_rule::CHAIN);
        if is_chained { ("touches", self.proof.touches) } else { ("checksums", self.proof.checksums) }
    }
}

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
    /// Every market, that of the fields above first.
    pub markets: [MarketSeen; MARKETS_MAX],
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
    /// Whether the connection of a market is up.
    #[must_use]
    pub fn is_connected(&self, market: usize) -> bool {
        let connection = self.markets.get(market).and_then(|seen| seen.row).map_or(0, |row| row.connection);
        self.links.checked_shr(connection.into()).is_some_and(|links| links & 1 != 0)
    }

    /// The markets that are followed and not traded: number and what was seen.
    pub fn leaders(&self) -> impl Iterator<Item = (usize, &MarketSeen)> {
        self.markets.iter().enumerate().skip(1).filter(|(_, seen)| seen.row.is_some())
    }

    /// How the run gets on, in one word.
    #[must_use]
    pub fn state(&self) -> &'static str {
        match self {
            Self { is_over: true, .. } => "stopped",
            _ if !self.is_connected(0) => "connecting",
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
    sections: Vec<String>,
    follower: Option<FolderFollower>,
    seen: Seen,
    /// The first reading of the clocks, and when the last frame was read.
    tie: Option<Tie>,
    recv_ns: u64,
    proofs: Proofs,
    /// By connection.
    differences: BTreeMap<u16, Differences>,
    pings: Pings,
    speaker: Sentences,
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
    /// Looks at the run that begins with the segment `first`; `sections` of its configuration hold the keys of its markets.
    #[must_use]
    pub fn new(first: PathBuf, sections: Vec<String>) -> Self {
        Self {
            first,
            sections,
            follower: None,
            seen: Seen::default(),
            tie: None,
            recv_ns: 0,
            proofs: Proofs::default(),
            differences: BTreeMap::new(),
            pings: Pings::default(),
            speaker: Sentences::default(),
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
        self.publish();
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
        self.proofs.take(head, bytes);
        let sentence = self.speaker.sentence(head, bytes);
        self.sentences.extend(sentence.filter(|_| self.sentences.len() < SENTENCES_MAX));
        if let Some((connection, round_trip_ns)) = self.pings.take(head, bytes) {
            self.differences.entry(connection).or_default().add_round_trip(round_trip_ns);
        }
        match head.kind {
            Kind::CHECKPOINT if self.seen.markets[0].row.is_none() => self.begin(bytes),
            Kind::CLOSE | Kind::HALT => self.seen.is_over = true,
            Kind::FRAME => {
                self.arrive(head.taken_ns);
                self.seen.frames += u64::from(!head.has(flag::CONTINUES));
                self.recv_ns = body_of::<Frame>(bytes).map_or(self.recv_ns, |frame| frame.recv_ns);
            }
            Kind::CLOCK => self.tie = self.tie.or(Tie::of(bytes)),
            Kind::COMMAND => self.command(body_of(bytes)),
            Kind::HEALTH => {
                if let Some(Health { journal_lag_ns, round_trip_ns, .. }) = body_of(bytes) {
                    self.seen.lag_ns = journal_lag_ns;
                    self.seen.round_trip_ns = Some(round_trip_ns).filter(|time_ns| *time_ns > 0);
                }
            }
            Kind::LINK => self.link(head.connection, body_of(bytes)),
            _ => self.take_of_market(head, bytes),
        }
    }

    /// The first checkpoint tells which markets there are. The configuration is its first section.
    fn begin(&mut self, bytes: &[u8]) {
        let state = bytes.get(HEAD_BYTES + BODY_BYTES..).unwrap_or_default();
        let Ok(config) = decode_config(state) else { return };
        for (seen, row) in self.seen.markets.iter_mut().zip(config.markets()) {
            seen.row = Some(*row);
        }
        self.proofs.start(&config);
        self.speaker = Sentences::of(config.markets(), &self.sections);
    }

    fn take_of_market(&mut self, head: &Head, bytes: &[u8]) {
        let is_own = head.instrument == 0;
        let Some(market) = self.seen.markets.get_mut(usize::from(head.instrument)) else { return };
        match head.kind {
            Kind::BOOK_END if !head.has(flag::SNAPSHOT) => self.book_end(head),
            Kind::FEATURES => {
                market.touch = body_of(bytes).map(|body: Features| (body.bid_ticks, body.ask_ticks));
            }
            Kind::QUOTE if is_own => {
                let quote: Option<Quote> = body_of(bytes);
                let stands = quote.filter(|quote| quote.bid_lots > 0);
                self.seen.quote = stands.map(|quote| (quote.bid_ticks, quote.ask_ticks));
            }
            Kind::GAP_OPEN => {
                market.is_trusted = false;
                market.gaps += 1;
                if is_own {
                    self.take_back(body_of(bytes).map_or(0, |gap| late_ns(&gap)));
                }
            }
            Kind::TRUST | Kind::GAP_CLOSE => market.is_trusted = true,
            _ => {}
        }
    }

    /// What was seen becomes what is shown.
    fn publish(&mut self) {
        for (instrument, market) in (0..).zip(&mut self.seen.markets) {
            market.proof = self.proofs.of(instrument);
        }
        let MarketSeen { proof, touch, is_trusted, gaps, .. } = self.seen.markets[0];
        self.seen.checksums = proof.checksums;
        (self.seen.touch, self.seen.is_trusted, self.seen.gaps) = (touch, is_trusted, gaps);
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
        if self.seen.markets[0].is_trusted {
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
        let Some(tie) = self.tie.filter(|_| head.exch_ns != 0) else { return };
        let difference_ns = tie.since_utc_ns(head.exch_ns, self.recv_ns);
        let differences = self.differences.entry(head.connection).or_default();
        differences.add(self.recv_ns, difference_ns);
        if let Some(market) = self.seen.markets.get_mut(usize::from(head.instrument)) {
            market.delay = Some(differences.delay(self.recv_ns, difference_ns));
            market.offset = differences.offset(self.recv_ns);
        }
    }
}
