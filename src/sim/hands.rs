//! The clock of a simulation.

use super::world::World;
use crate::clock::Time;
use hotpath::record::Clock as Reading;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What it costs to look at the clock, nanoseconds: work takes time.
const LOOK_NS: u64 = 20;
/// How far apart its two times may have been read, as it says.
const UNCERTAINTY_NS: u64 = 100;

/// The hands of the clock: monotonic nanoseconds, and UTC when they were at 0.
#[derive(Clone, Debug)]
pub struct Hands {
    now_ns: Arc<AtomicU64>,
    utc_at_0_ns: Arc<AtomicU64>,
}

impl Hands {
    /// At 0, which is `utc_ns`.
    pub fn new(utc_ns: u64) -> Self {
        Self { now_ns: Arc::new(AtomicU64::new(0)), utc_at_0_ns: Arc::new(AtomicU64::new(utc_ns)) }
    }

    /// Monotonic nanoseconds.
    pub fn now_ns(&self) -> u64 {
        self.now_ns.load(Ordering::Relaxed)
    }

    /// For an exchange whose time is this one.
    pub fn shared(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.now_ns)
    }

    /// UTC of the host at a monotonic time.
    pub fn utc_ns(&self, at_ns: u64) -> u64 {
        self.utc_at_0_ns.load(Ordering::Relaxed).saturating_add(at_ns)
    }

    /// Time goes on to `at_ns`; never back.
    pub fn set(&self, at_ns: u64) {
        self.now_ns.fetch_max(at_ns, Ordering::Relaxed);
    }

    /// The host's UTC is set forward, or back.
    pub fn step_utc(&self, by_ns: i64) {
        let stepped = self.utc_at_0_ns.load(Ordering::Relaxed).saturating_add_signed(by_ns);
        self.utc_at_0_ns.store(stepped, Ordering::Relaxed);
    }
}

/// The clock as the loop has it: when the loop rests, the world goes on.
#[derive(Clone)]
pub struct SimTime {
    hands: Hands,
    world: Rc<RefCell<World>>,
}

impl SimTime {
    /// The time of a world.
    pub const fn new(hands: Hands, world: Rc<RefCell<World>>) -> Self {
        Self { hands, world }
    }
}

impl Time for SimTime {
    fn now_ns(&self) -> u64 {
        self.hands.now_ns.fetch_add(LOOK_NS, Ordering::Relaxed)
    }

    fn read(&self) -> Reading {
        let mono_ns = self.now_ns();
        let utc_ns = self.hands.utc_ns(mono_ns);
        let uncertainty_ns = UNCERTAINTY_NS;
        Reading { mono_ns, utc_ns, uncertainty_ns, tsc: 0, tsc_multiplier: 0, tsc_shift: 0, spare: [0; 6] }
    }

    fn rest(&self, _: bool) {
        self.world.borrow_mut().go_on();
    }
}
