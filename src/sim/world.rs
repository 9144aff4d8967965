//! Everything but the hot thread: it goes on while that one rests.

use super::disk::Disk;
use super::dock::Quay;
use super::examine::Examiner;
use super::hands::Hands;
use super::weather::{Fault, Weather};
use crate::exchange::Offline;
use anyhow::Result;
use bytemuck::Zeroable;
use hotpath::record::{Command, command};
use rtrb::Producer;
use std::cell::RefCell;
use std::rc::Rc;

/// The loop looks around at least so often, nanoseconds: what is due is at most so late.
const REST_NS_MAX: u64 = 10_000_000;

/// The exchange, the cable, the disk, and the weather over them.
pub struct World {
    pub hands: Hands,
    pub exchange: Offline,
    pub quay: Rc<RefCell<Quay>>,
    pub disk: Disk,
    pub weather: Weather,
    pub examiner: Examiner,
    pub commands: Producer<Command>,
    /// When the run is stopped.
    pub end_ns: u64,
    /// When the cable is as it was again.
    pub clears_ns: u64,
    /// What went wrong; the run is stopped then.
    pub failed: Option<anyhow::Error>,
    pub is_stopped: bool,
}

impl World {
    /// The hot thread rests: time goes on to the next thing that happens.
    pub fn go_on(&mut self) {
        let now_ns = self.hands.now_ns();
        let mut until_ns = self.next_ns(now_ns);
        loop {
            self.hands.set(until_ns);
            match self.happen(until_ns) {
                // The hot thread does not run: everything else does.
                Ok(Some(for_ns)) => {
                    let wakes_ns = until_ns + for_ns;
                    while self.hands.now_ns() < wakes_ns && self.failed.is_none() {
                        let now_ns = self.next_ns(self.hands.now_ns()).min(wakes_ns);
                        self.hands.set(now_ns);
                        // Two such things at once are one.
                        if let Err(error) = self.happen(now_ns) {
                            self.failed = Some(error);
                        }
                    }
                    until_ns = self.hands.now_ns();
                }
                Ok(None) => {}
                Err(error) => self.failed = Some(error),
            }
            if self.hands.now_ns() >= until_ns {
                break;
            }
        }
        if !self.is_stopped && (until_ns >= self.end_ns || self.failed.is_some()) {
            let stop = Command { code: command::STOP, serial: 1, ..Command::zeroed() };
            self.is_stopped = self.commands.push(stop).is_ok();
        }
    }

    fn next_ns(&mut self, now_ns: u64) -> u64 {
        let due_ns = self.exchange.due_ns().min(self.quay.borrow().due_ns()).min(self.weather.due_ns());
        due_ns.clamp(now_ns + 1, now_ns + REST_NS_MAX)
    }

    /// What happens now; how long the hot thread does not run because of it.
    fn happen(&mut self, now_ns: u64) -> Result<Option<u64>> {
        let mut stall_ns = None;
        if let Some(fault) = self.weather.next(now_ns) {
            stall_ns = self.suffer(fault, now_ns);
        }
        if now_ns >= self.clears_ns {
            self.clears_ns = u64::MAX;
            if let Some(cable) = &self.quay.borrow().cable {
                cable.slow(0);
                cable.freeze(false);
            }
        }
        self.exchange.turn(now_ns);
        self.quay.borrow_mut().go_on(&self.hands, &mut self.exchange, &mut self.weather);
        self.disk.go_on(now_ns)?;
        for path in self.disk.sealed() {
            self.examiner.sealed(path)?;
        }
        Ok(stall_ns)
    }

    fn suffer(&mut self, fault: Fault, now_ns: u64) -> Option<u64> {
        let quay = self.quay.borrow();
        match (fault, &quay.cable) {
            (Fault::Host(for_ns), _) => return Some(for_ns),
            (Fault::Scribe(_) | Fault::Keeper(_) | Fault::Disk(_), _) => self.disk.suffer(fault, now_ns),
            (Fault::Utc(by_ns), _) => self.hands.step_utc(by_ns),
            (Fault::Cut, Some(cable)) => cable.cut(),
            (Fault::Freeze(for_ns), Some(cable)) => {
                cable.freeze(true);
                self.clears_ns = now_ns + for_ns;
            }
            (Fault::Slow(by_ns, for_ns), Some(cable)) => {
                cable.slow(by_ns);
                self.clears_ns = now_ns + for_ns;
            }
            (_, None) => {}
        }
        None
    }
}
