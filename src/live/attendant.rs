//! The thread that looks on: it reads the growing journal, takes operators' commands and signals, and tells.

use super::Notice;
use super::control::{Client, ControlSocket};
use super::watch::{Look, MarketSeen, Seen, Watch};
use crate::venue::{name_of, symbol_of};
use anyhow::Result;
use hotpath::record::{Command, command, source};
use rtrb::Producer;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Time between looks.
const REST: Duration = Duration::from_millis(10);
/// How long a command may take to come back out of the journal.
const PATIENCE: Duration = Duration::from_secs(3);

/// What ends a run beside operators.
#[derive(Clone, Debug, Default)]
pub struct Limits {
    /// How long it runs.
    pub lasts: Option<Duration>,
    /// Set by a signal.
    pub signal: Arc<AtomicBool>,
}

/// A command whose answer is awaited.
struct Awaited {
    serial: u64,
    since: Instant,
    client: Client,
}

/// Looks after a run.
pub struct Attendant {
    watch: Watch,
    control: ControlSocket,
    commands: Producer<Command>,
    noticed: Receiver<Notice>,
    limits: Limits,
    /// Whether the journal can be looked at.
    looked: Result<()>,
    serial: u64,
    awaited: Vec<Awaited>,
    is_stopping: bool,
}

/// A run that was looked after to its end; its journal is not closed yet.
pub struct Attended {
    watch: Watch,
    looked: Result<()>,
    awaited: Vec<Awaited>,
}

impl Attended {
    /// What the whole journal tells, once it is closed. Operators whose command is in it get their answer; the others
    /// are told that theirs came too late.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn finish(mut self) -> Result<Seen> {
        self.looked?;
        while self.watch.look()? == Look::More {}
        let seen = *self.watch.seen();
        for Awaited { serial, client, .. } in self.awaited {
            if serial <= seen.serial {
                client.answer(&status(&seen));
            } else {
                client.refuse("the run has ended: the command was not carried out");
            }
        }
        Ok(seen)
    }
}

impl Attendant {
    /// Of the run that `watch` looks at.
    #[must_use]
    pub fn new(
        watch: Watch,
        control: ControlSocket,
        commands: Producer<Command>,
        noticed: Receiver<Notice>,
        limits: Limits,
    ) -> Self {
        let looked = Ok(());
        Self { watch, looked, control, commands, noticed, limits, serial: 0, awaited: Vec::new(), is_stopping: false }
    }

    /// Looks after the run until `is_over`. A journal that cannot be read is told of once, and does not end the run.
    #[must_use]
    pub fn attend(
        mut self,
        tell: &mut dyn FnMut(Notice),
        show: &mut dyn FnMut(&Seen),
        is_over: impl Fn() -> bool,
    ) -> Attended {
        let start = Instant::now();
        while !is_over() {
            self.noticed.try_iter().for_each(&mut *tell);
            if self.looked.is_ok() {
                self.looked = self.watch.look().map(drop);
                match &self.looked {
                    Ok(()) => {
                        self.watch.sentences().into_iter().for_each(|what| tell(Notice::Watch(what)));
                        show(self.watch.seen());
                    }
                    Err(error) => tell(Notice::Watch(format!(
                        "the journal cannot be followed ({error:#}): the run goes on, its state is not shown any more"
                    ))),
                }
            }
            self.command();
            self.answer();
            if self.limits.signal.load(Ordering::Relaxed) {
                self.stop(source::SIGNAL);
            } else if self.limits.lasts.is_some_and(|lasts| start.elapsed() >= lasts) {
                self.stop(source::TIME);
            }
            sleep(REST);
        }
        self.noticed.try_iter().for_each(&mut *tell);
        let Self { watch, looked, awaited, .. } = self;
        Attended { watch, looked, awaited }
    }

    fn command(&mut self) {
        while let Some((code, client)) = self.control.poll() {
            match self.give(code, source::OPERATOR) {
                Some(serial) => self.awaited.push(Awaited { serial, since: Instant::now(), client }),
                None => client.refuse("the run has too many commands to carry out: ask again"),
            }
        }
    }

    /// Gives the hot thread a command and returns its number.
    fn give(&mut self, code: u16, source: u16) -> Option<u64> {
        let serial = self.serial + 1;
        let command = Command { code, source, spare: [0; 2], argument: 0, serial };
        self.commands.push(command).ok()?;
        self.serial = serial;
        Some(serial)
    }

    fn stop(&mut self, source: u16) {
        if !self.is_stopping {
            self.is_stopping = self.give(command::STOP, source).is_some();
        }
    }

    /// Answers those whose command has come back out of the journal.
    fn answer(&mut self) {
        let done = self.watch.seen().serial;
        for Awaited { serial, since, client } in std::mem::take(&mut self.awaited) {
            if serial <= done {
                client.answer(&status(self.watch.seen()));
            } else if since.elapsed() > PATIENCE {
                client.refuse("the command was given and has not come back: is the journal lagging?");
            } else {
                self.awaited.push(Awaited { serial, since, client });
            }
        }
    }
}

/// The state of a run for programs.
#[must_use]
pub fn status(seen: &Seen) -> serde_json::Value {
    let MarketSeen { delay, offset, .. } = seen.markets[0];
    json!({
        "run_id": format!("{:016x}", seen.run_id),
        "state": seen.state(),
        "paused": seen.is_paused,
        "connected": seen.is_connected(0),
        "trusted": seen.is_trusted,
        "touch": pair(seen.touch),
        "quote": pair(seen.quote),
        "frames": seen.frames,
        "records": seen.records,
        "proof": seen.markets[0].proved().0,
        "checksums_ok": seen.checksums.0,
        "checksums_bad": seen.checksums.1,
        "touches_ok": seen.markets[0].proof.touches.0,
        "touches_bad": seen.markets[0].proof.touches.1,
        "gaps": seen.gaps,
        "uptime": seen.uptime(),
        "delay_ns": delay.map(|delay| delay.ns_min),
        "delay_ns_max": delay.and_then(|delay| delay.ns_max),
        "clock_offset_ns_max": offset.map(|offset| offset.ns_max),
        "clock_offset_ns_min": offset.and_then(|offset| offset.ns_min),
        "round_trip_ns": seen.round_trip_ns,
        "journal_bytes": seen.bytes,
        "journal_lag_ns": seen.lag_ns,
        "leaders": seen.leaders().map(|(market, leader)| leader_json(seen, market, leader)).collect::<Vec<_>>(),
    })
}

fn pair(pair: Option<(i64, i64)>) -> Option<serde_json::Value> {
    pair.map(|(bid, ask)| json!({ "bid_ticks": bid, "ask_ticks": ask }))
}

fn leader_json(seen: &Seen, market: usize, leader: &MarketSeen) -> serde_json::Value {
    let MarketSeen { row, proof, touch, is_trusted, gaps, delay, offset } = *leader;
    json!({
        "market": market,
        "venue": row.as_ref().map(name_of),
        "symbol": row.as_ref().map(symbol_of),
        "connection": row.map(|row| row.connection),
        "connected": seen.is_connected(market),
        "trusted": is_trusted,
        "touch": pair(touch),
        "proof": leader.proved().0,
        "checksums_ok": proof.checksums.0,
        "checksums_bad": proof.checksums.1,
        "touches_ok": proof.touches.0,
        "touches_bad": proof.touches.1,
        "gaps": gaps,
        "delay_ns": delay.map(|delay| delay.ns_min),
        "delay_ns_max": delay.and_then(|delay| delay.ns_max),
        "clock_offset_ns_max": offset.map(|offset| offset.ns_max),
        "clock_offset_ns_min": offset.and_then(|offset| offset.ns_min),
    })
}
