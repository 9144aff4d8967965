//! Whether connections come and go as recorded, with what they do to the books they carry.

use super::books::Books;
use super::faults::{At, Faults};
use hotpath::record::{Command, Head, Kind, Link, Request, action, body_of, command};
use std::collections::BTreeMap;

/// The connections of one run.
#[derive(Debug, Default)]
pub(super) struct Links {
    /// Which connection each market is on.
    carried_by: Vec<u16>,
    /// Whether connections are asked for: a recording's are not.
    is_live: bool,
    up: BTreeMap<u16, bool>,
    asked: BTreeMap<u16, u64>,
    /// Markets whose connection just went down while their book was trusted.
    losing: Vec<u16>,
    /// Whether the run was told to stop: what it lets go then is no loss.
    is_stopping: bool,
    /// How often one was made, lost, and not made.
    pub(super) made: u64,
    pub(super) lost: u64,
    pub(super) failed: u64,
}

impl Links {
    /// The connections of a run whose markets are carried by these.
    pub(super) fn of(carried_by: Vec<u16>, is_live: bool) -> Self {
        Self { carried_by, is_live, ..Self::default() }
    }

    /// One record, before the books see it.
    pub(super) fn note(&mut self, at: At<'_>, head: &Head, record: &[u8], books: &Books, faults: &mut Faults) {
        if head.kind.is_input() {
            for market in std::mem::take(&mut self.losing) {
                // A silence that was noticed only now is the cause that the gap names.
                if books.is_trusted(market) {
                    faults.note(|| format!("{at}: market {market} lost its connection before, and no gap says so"));
                }
            }
        }
        match head.kind {
            Kind::REQUEST if body_of(record).is_some_and(|body: Request| body.action == action::CONNECT) => {
                *self.asked.entry(head.connection).or_default() += 1;
            }
            Kind::COMMAND if body_of(record).is_some_and(|body: Command| body.code == command::STOP) => {
                self.is_stopping = true;
            }
            Kind::LINK => {
                if let Some(body) = body_of(record) {
                    self.link(at, head.connection, &body, books, faults);
                }
            }
            Kind::FRAME if self.up.get(&head.connection) == Some(&false) => {
                faults.note(|| format!("{at}: a FRAME of connection {} that is down", head.connection));
            }
            _ => {}
        }
    }

    fn link(&mut self, at: At<'_>, connection: u16, body: &Link, books: &Books, faults: &mut Faults) {
        let was = self.up.insert(connection, body.up != 0);
        if body.cause == 0 {
            faults.note(|| format!("{at}: a LINK of connection {connection} without a cause"));
        }
        match (was, body.up != 0) {
            (Some(true), true) => faults.note(|| format!("{at}: connection {connection} came up twice")),
            (_, true) => {
                self.made += 1;
                let asked = self.asked.remove(&connection).unwrap_or(0);
                if self.is_live && was.is_some() && asked == 0 {
                    faults.note(|| format!("{at}: connection {connection} came up and nobody asked for it"));
                }
            }
            (Some(false), false) => self.failed += 1,
            (was, false) => {
                let carried =
                    (0..).zip(&self.carried_by).filter(|(_, of)| **of == connection).map(|(market, _)| market);
                let losing: Vec<u16> = carried.filter(|market| books.is_trusted(*market)).collect();
                // Where the files begin in the middle of a run, the first that is told of a connection may be its end.
                let was_up = was == Some(true) || !losing.is_empty();
                if !self.is_stopping {
                    self.lost += u64::from(was_up);
                    self.failed += u64::from(!was_up);
                    self.losing.extend(losing);
                }
            }
        }
    }
}
