//! The one clock of the shell: monotonic time, tied to UTC by readings; and what else can stand in its place.

use hotpath::record::Clock as Reading;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Tries of a reading: the tightest counts.
const TRIES: usize = 8;

/// Time as the loop has it.
pub trait Time: Clone {
    /// Monotonic nanoseconds.
    fn now_ns(&self) -> u64;

    /// Monotonic time and UTC at one instant, as closely as they can be read together.
    fn read(&self) -> Reading;

    /// Lets time go by: there is nothing to do just now. A thread that `spins` has its core for itself.
    fn rest(&self, spins: bool);
}

/// The machine's time: monotonic nanoseconds since it was started.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
}

impl Clock {
    /// Starts at 0.
    #[must_use]
    pub fn start() -> Self {
        Self { start: Instant::now() }
    }
}

impl Time for Clock {
    fn now_ns(&self) -> u64 {
        nanoseconds(self.start.elapsed())
    }

    fn read(&self) -> Reading {
        let tries = (0..TRIES).map(|_| {
            let before_ns = self.now_ns();
            let utc_ns = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, nanoseconds);
            let between_ns = self.now_ns() - before_ns;
            (between_ns, before_ns + between_ns / 2, utc_ns)
        });
        let (uncertainty_ns, mono_ns, utc_ns) = tries.min().unwrap_or_default();
        Reading { mono_ns, utc_ns, uncertainty_ns, tsc: 0, tsc_multiplier: 0, tsc_shift: 0, spare: [0; 6] }
    }

    fn rest(&self, spins: bool) {
        if spins {
            std::hint::spin_loop();
        } else {
            std::thread::yield_now();
        }
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
