//! A market that knows when the exchange stood still: on a busy machine it may not be let run for seconds, and what the
//! engine then says of silence is true.

use crate::market::{Event, Market};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Longer than any turn of the exchange takes, and shorter than what the engine calls silence.
const STILL: Duration = Duration::from_millis(500);

/// The market.
pub struct Paced {
    market: Market,
    speed: f64,
    /// When the event before the last was asked for, and its instant of the market's time, nanoseconds.
    asked: Option<(Instant, u64)>,
    stills: Arc<AtomicUsize>,
}

impl Paced {
    /// A market at a speed, and how often the exchange will have stood still.
    pub fn new(market: Market, speed: f64) -> (Self, Arc<AtomicUsize>) {
        let stills = Arc::default();
        (Self { market, speed, asked: None, stills: Arc::clone(&stills) }, stills)
    }
}

impl Iterator for Paced {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        let event = self.market.next()?;
        let now = Instant::now();
        // The market stands still by itself until somebody subscribes.
        if let Some((asked, at_ns)) = self.asked.filter(|(_, at_ns)| *at_ns > 0) {
            let due = Duration::from_nanos(event.at_ns - at_ns).div_f64(self.speed);
            if now.duration_since(asked) > due + STILL {
                self.stills.fetch_add(1, Ordering::Relaxed);
            }
        }
        self.asked = Some((now, event.at_ns));
        Some(event)
    }
}
