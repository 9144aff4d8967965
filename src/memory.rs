//! The engine's memory: allocated once, lent to the hot path.

use hotpath::checkpoint::STATE_LINES;
use hotpath::config::Config;
use hotpath::engine::Engine;
use hotpath::halt::Halt;
use hotpath::lines::{EVENT_LINES, Lines, OUTPUT_LINES};
use hotpath::record::Line;
use hotpath::simd::Simd;
use hotpath::turn::{Buffers, Core};
use hotpath::venue::Venue;

/// An engine and the buffers of one turn; about eleven megabytes of which little is touched.
pub struct Memory {
    engine: Box<Engine>,
    events: Box<[Line]>,
    outputs: Box<[Line]>,
    state: Box<[Line]>,
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

impl Memory {
    /// Allocates everything that a run will need.
    #[must_use]
    pub fn new() -> Self {
        let mut engine: Box<Engine> = bytemuck::zeroed_box();
        engine.use_simd(Simd::detect());
        Self {
            engine,
            events: bytemuck::zeroed_slice_box(EVENT_LINES),
            outputs: bytemuck::zeroed_slice_box(OUTPUT_LINES),
            state: bytemuck::zeroed_slice_box(STATE_LINES),
        }
    }

    /// A core at the start of a run.
    ///
    /// # Errors
    /// As [`Core::start`].
    pub fn start<V: Venue>(&mut self, venue: V, config: &Config) -> Result<Core<'_, V>, Halt> {
        let (engine, buffers) = self.split();
        Core::start(venue, config, engine, buffers)
    }

    /// A core with the state of a checkpoint.
    ///
    /// # Errors
    /// As [`Core::resume`].
    pub fn resume<V: Venue>(&mut self, venue: V, state: &[u8]) -> Result<Core<'_, V>, Halt> {
        let (engine, buffers) = self.split();
        Core::resume(venue, state, engine, buffers)
    }

    /// The engine with the state of a checkpoint, to look at.
    ///
    /// # Errors
    /// As [`hotpath::checkpoint::decode`].
    pub fn load(&mut self, state: &[u8]) -> Result<&Engine, Halt> {
        hotpath::checkpoint::decode(state, &mut self.engine)?;
        Ok(&self.engine)
    }

    /// The engine itself, to step it over events without frames.
    pub fn engine_mut(&mut self) -> &mut Engine {
        &mut self.engine
    }

    fn split(&mut self) -> (&mut Engine, Buffers<'_>) {
        let Self { engine, events, outputs, state } = self;
        (engine, Buffers { events: Lines::new(events), outputs: Lines::new(outputs), state })
    }
}
