//! What the journal tells of the feed, in sentences for the operator.

use crate::gaps::Sign;
use crate::venue::{name_of, symbol_of};
use hotpath::config::{MarketConfig, snapshot_rule};
use hotpath::record::{Feed, GapClose, GapOpen, Head, Kind, Link, NO_CONNECTION, Request, action, body_of, feed, link};
use hotpath::trust::{Cause, cause_name};
use std::collections::BTreeSet;

/// WebSocket's close code for a broken policy.
const CLOSE_POLICY: u16 = 1008;
/// Fetches whose market is remembered, until what became of them is told.
const FETCHES_MAX: usize = 16;
/// From so many attempts on it is told that a snapshot is fetched in vain: at this one and each time that they doubled.
const IN_VAIN_MIN: u32 = 4;

/// Says what records tell, and of which market, when there are several.
#[derive(Debug, Default)]
pub(super) struct Sentences {
    markets: Vec<MarketConfig>,
    /// By market: the section of the configuration that holds its keys.
    sections: Vec<String>,
    /// The last fetches: request and market.
    fetches: Vec<(u64, u16)>,
    /// Connections that are up.
    up: BTreeSet<u16>,
    /// Markets whose book is trusted.
    trusted: BTreeSet<u16>,
}

impl Sentences {
    /// Those of a run of these markets, whose keys are in these sections of the configuration.
    pub(super) fn of(markets: &[MarketConfig], sections: &[String]) -> Self {
        Self { markets: markets.to_vec(), sections: sections.to_vec(), ..Self::default() }
    }

    /// The sentence of a record; none when it has nothing to say to people, or the link thread has said it.
    pub(super) fn sentence(&mut self, head: &Head, record: &[u8]) -> Option<String> {
        match head.kind {
            Kind::TRUST | Kind::GAP_CLOSE => self.trusted.insert(head.instrument),
            Kind::GAP_OPEN => self.trusted.remove(&head.instrument),
            _ => false,
        };
        match head.kind {
            Kind::LINK => self.of_link(head.connection, &body_of(record)?),
            Kind::FEED => self.of_feed(head, &body_of(record)?),
            Kind::GAP_OPEN => Some(self.of_gap(head.instrument, &body_of(record)?)),
            Kind::GAP_CLOSE => {
                let gap: GapClose = body_of(record)?;
                let (market, seconds) = (self.market(head.instrument), gap.duration_ns as f64 / 1e9);
                Some(format!("the book of {market} is trusted again, after {seconds:.3} s"))
            }
            Kind::TRUST => Some(format!("the book of {} is trusted", self.market(head.instrument))),
            Kind::REQUEST => {
                let Request { req_id, action, attempt, .. } = body_of(record)?;
                if action != action::FETCH {
                    return None;
                }
                self.fetches.truncate(FETCHES_MAX - 1);
                self.fetches.insert(0, (req_id, head.instrument));
                (attempt >= IN_VAIN_MIN && attempt.is_power_of_two()).then(|| self.of_vain_fetches(head, attempt - 1))
            }
            _ => None,
        }
    }

    /// `market 0`; with its name and what it is for when there are several.
    fn market(&self, instrument: u16) -> String {
        let row = self.markets.get(usize::from(instrument)).filter(|_| self.markets.len() > 1);
        row.map_or_else(
            || format!("market {instrument}"),
            |row| {
                let role = if instrument == 0 { "trades" } else { "leads" };
                format!("market {instrument} ({} {}, {role})", name_of(row), symbol_of(row))
            },
        )
    }

    /// `connection 0`; with its venue when there are several.
    fn connection(&self, connection: u16) -> String {
        let row = self.markets.iter().find(|row| row.connection == connection);
        let has_several = self.markets.iter().any(|row| row.connection != connection);
        row.filter(|_| has_several).map_or_else(
            || format!("connection {connection}"),
            |row| format!("connection {connection} ({})", name_of(row)),
        )
    }

    /// A key of a market, as the configuration has it.
    fn key(&self, instrument: u16, name: &str) -> String {
        let section = self.sections.get(usize::from(instrument)).map_or("venue", String::as_str);
        format!("`{section}.{name}`")
    }

    /// The key of each market of a connection.
    fn keys(&self, connection: u16, name: &str) -> String {
        let rows = (0..).zip(&self.markets).filter(|(_, row)| row.connection == connection);
        rows.map(|(instrument, _)| self.key(instrument, name)).collect::<Vec<_>>().join(", ")
    }

    fn is_fetched(&self, instrument: u16) -> bool {
        let row = self.markets.get(usize::from(instrument));
        row.is_some_and(|row| row.snapshot_rule == snapshot_rule::FETCHED)
    }

    fn of_gap(&self, instrument: u16, gap: &GapOpen) -> String {
        let (market, cause) = (self.market(instrument), cause_name(gap.cause));
        let then = match gap.cause {
            cause if cause == Cause::Sequence as u16 => {
                let sign = Sign { expected: gap.expected, found: gap.found };
                let then = if gap.found > gap.expected {
                    "the exchange leaves updates out for this connection: look at the host's load and the exchange's status page"
                        .to_owned()
                } else {
                    let [rest_url, url] = ["rest_url", "url"].map(|name| self.key(instrument, name));
                    format!("check that {rest_url} and {url} are of the same market of the same exchange")
                };
                format!("{}, its snapshot is fetched anew; if this comes back, {then}", sign.of_sequence())
            }
            cause if cause == Cause::Touch as u16 => {
                let differs = match gap.found == gap.expected {
                    true => {
                        format!("the size of its best level, at {} ticks, is not what the exchange states", gap.found)
                    }
                    false => {
                        format!("its best price is {} ticks where the exchange states {}", gap.found, gap.expected)
                    }
                };
                format!(
                    "{differs}, its snapshot is fetched anew; if this comes back, keep the journal: `journal verify` says \
                     whether the engine is right"
                )
            }
            cause if cause == Cause::Behind as u16 => format!(
                "best levels are stated of states that no update leads to ({}): its snapshot is fetched anew; if this comes back, \
                 the exchange sends this connection no updates of the book",
                self.key(instrument, "stale_ms")
            ),
            _ if self.is_fetched(instrument) => "its snapshot is fetched anew".to_owned(),
            _ => "it is asked for anew".to_owned(),
        };
        format!("the book of {market} is not trusted ({cause}): {then}")
    }

    /// The exchange answers, and nothing of it becomes a book.
    fn of_vain_fetches(&self, head: &Head, times: u32) -> String {
        if self.trusted.contains(&head.instrument) {
            return format!(
                "a new snapshot of {}, whose book comes near to what the last one showed, was fetched {times} times in vain: it was \
                 refused, or of another moment than the updates that had come; the book goes on, and it is fetched again",
                self.market(head.instrument)
            );
        }
        format!(
            "the snapshot of {} was fetched {times} times in vain: it was refused, or did not fit the updates; check that \
             {} and {} are of the same market of the same exchange, and {}; `journal cat --kind REFUSED` says what was refused",
            self.market(head.instrument),
            self.key(head.instrument, "rest_url"),
            self.key(head.instrument, "url"),
            self.key(head.instrument, "depth")
        )
    }

    /// A connection that could not be made was told by the thread that tried.
    fn of_link(&mut self, connection: u16, body: &Link) -> Option<String> {
        if body.up != 0 {
            self.up.insert(connection);
        } else if !self.up.remove(&connection) {
            return None;
        }
        let what = match (body.up, body.cause) {
            (0, link::CLOSED) if body.close_code == CLOSE_POLICY => {
                "closed by the exchange for its policy (1008): it is made again in a minute; if this comes back, send less or ask the exchange".to_owned()
            }
            (0, link::CLOSED) => format!("closed by the exchange ({}): it is made again", body.close_code),
            (0, link::BROKEN) => "broke off: it is made again".to_owned(),
            (0, link::OVERSIZED) => "sent a message above 4 MiB: it is made again".to_owned(),
            (0, link::PROTOCOL) => {
                "broke a rule of WebSocket: what came is in the journal, and it is made again".to_owned()
            }
            (0, link::TLS) => "broke a rule of TLS: it is made again".to_owned(),
            _ => return None,
        };
        Some(format!("{} {what}", self.connection(connection)))
    }

    fn of_feed(&self, head: &Head, body: &Feed) -> Option<String> {
        let seconds = |ns: i64| ns as f64 / 1e9;
        let (found, bound) = (seconds(body.found), seconds(body.expected));
        let what = match body.code {
            feed::HEARTBEAT_MISSING => {
                format!("no heartbeat for {found:.1} s (`session.heartbeat_ms_max`): watch the book's age")
            }
            feed::HEARTBEAT_BACK => "heartbeats come again".to_owned(),
            feed::ACK_MISSING => format!("a request was not answered within {bound:.1} s (`session.ack_ms_max`)"),
            feed::SNAPSHOT_MISSING if self.is_fetched(head.instrument) => format!(
                "no snapshot within {bound:.1} s (`session.snapshot_ms_max`): it is fetched again; if this comes back, check \
                 that {} can be reached from this host",
                self.key(head.instrument, "rest_url")
            ),
            feed::SNAPSHOT_MISSING => {
                format!("no snapshot within {bound:.1} s (`session.snapshot_ms_max`): it is asked for anew")
            }
            feed::REQUEST_REFUSED if body.expected > 0 => return Some(self.of_refused_fetch(head.connection, body)),
            feed::REQUEST_REFUSED => "the exchange refused a request: `journal cat --kind ACK` says why".to_owned(),
            feed::CLOCK_STEP => {
                let step = seconds(body.found.saturating_sub(body.expected));
                return Some(format!("UTC moved by {step:.3} s: check the clock's keeper"));
            }
            feed::LINK_STOPPED => "the connection will not be made again".to_owned(),
            feed::CONNECT_SLOW => {
                format!("the connection is being made for more than {bound:.1} s (`session.connect_ms_max`)")
            }
            feed::RESUBSCRIBED_IN_VAIN => {
                "the book was asked for anew in vain: the connection is made again".to_owned()
            }
            feed::PROOF_MISSING => format!(
                "nothing proved the book for {found:.0} s (`session.stable_s`): it is fetched again; if this comes back, check \
                 that {} and {} serve the same market",
                self.key(head.instrument, "rest_url"),
                self.key(head.instrument, "url")
            ),
            feed::SILENT => {
                let keys = self.keys(head.connection, "stale_ms");
                format!("no message for {found:.1} s ({keys}): the connection is made again")
            }
            _ => return None,
        };
        Some(format!("{}{what}", self.about(head)))
    }

    /// What a sentence is about, in front of it, when there are several markets.
    fn about(&self, head: &Head) -> String {
        if self.markets.len() < 2 {
            return String::new();
        }
        match (head.instrument, head.connection) {
            (market, _) if usize::from(market) < self.markets.len() => format!("{}: ", self.market(market)),
            (_, NO_CONNECTION) => String::new(),
            (_, connection) => format!("{}: ", self.connection(connection)),
        }
    }

    /// A snapshot was refused over HTTP; the refusal names its request.
    fn of_refused_fetch(&self, connection: u16, body: &Feed) -> String {
        let asked = self.fetches.iter().find(|(req_id, _)| *req_id == body.found.cast_unsigned());
        let of = asked.map_or_else(String::new, |(_, market)| format!(" of {}", self.market(*market)));
        let key = |name| asked.map_or_else(|| self.keys(connection, name), |(_, market)| self.key(*market, name));
        let then = match body.expected {
            429 => format!(
                "too many requests: nothing is fetched for a minute; stop what else asks from this address, or make {} \
                 larger, which is fetched less often",
                key("depth")
            ),
            418 => {
                "this address is banned for a while: nothing is fetched for a minute at a time; stop what else asks from it"
                    .to_owned()
            }
            403 | 451 => {
                format!("this address is not served: check {}, and whether the exchange serves this place", key("rest_url"))
            }
            400..500 => {
                let [rest_url, symbol, depth] = ["rest_url", "symbol", "depth"].map(key);
                format!("stop the run and check {rest_url}, {symbol} and {depth} in the configuration")
            }
            _ => "the exchange has a fault: it is fetched again, and its status page may say when it ends".to_owned(),
        };
        format!("the snapshot{of} was refused (HTTP {}): {then}", body.expected)
    }
}

#[cfg(test)]
mod tests;
