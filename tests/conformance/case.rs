//! A venue's row, and its recordings with what the engine makes of them untouched.

use crate::drive::{Outcome, Step, View, run};
use crate::market::Shown;
use crate::support::{config, recording};
use fathom::config::Loaded;
use fathom::import::Recorded;
use fathom::import::recording::Recording;
use hotpath::book::Level;
use hotpath::config::{Config, sequence_rule};

/// A venue.
pub struct Row {
    /// A shipped configuration, and what is changed in it.
    pub config: &'static str,
    pub sets: &'static [&'static str],
    /// Writes a recording from a seed.
    pub write: fn(u64, &Loaded) -> Vec<Recorded>,
    /// Writes a book as the exchange would.
    pub snapshot: fn(&Shown) -> Recorded,
    /// Real recordings.
    pub real: &'static [&'static str],
}

/// Messages of a real recording that are used: more would take minutes.
const REAL_MAX: usize = 4_000;
/// Places in a recording that something is done to.
const PLACES_WRITTEN: usize = 40;
const PLACES_REAL: usize = 5;
const SEEDS: [u64; 2] = [1, 2];

/// A recording, and what the engine makes of it.
pub struct Case {
    pub name: String,
    pub loaded: Loaded,
    pub config: Config,
    pub messages: Vec<Recorded>,
    pub reference: Vec<View>,
    pub snapshot: fn(&Shown) -> Recorded,
    places: usize,
}

impl Row {
    pub fn loaded(&self) -> Loaded {
        let mut sets = vec!["journal.checkpoint_s=1"];
        sets.extend(self.sets);
        config(self.config, &sets)
    }

    pub fn cases(&self) -> Vec<Case> {
        let loaded = self.loaded();
        let written = SEEDS.map(|seed| (format!("seed {seed}"), (self.write)(seed, &loaded), PLACES_WRITTEN));
        let real = self.real.iter().filter_map(|name| {
            let messages = Recording::open(&recording(name)?).expect("a recording");
            let messages = messages.take(REAL_MAX).map(|message| message.expect("a whole one")).collect();
            Some(((*name).to_owned(), messages, PLACES_REAL))
        });
        let cases = written.into_iter().chain(real);
        cases.map(|(name, messages, places)| Case::new(name, &loaded, messages, self.snapshot, places)).collect()
    }
}

impl Case {
    fn new(
        name: String,
        loaded: &Loaded,
        messages: Vec<Recorded>,
        snapshot: fn(&Shown) -> Recorded,
        places: usize,
    ) -> Self {
        let mut config = loaded.config;
        // Markets beside the first have recordings of their own.
        config.market_count = 1;
        config.markets[1..].fill(bytemuck::Zeroable::zeroed());
        let reference = run(&config, &messages.iter().map(Step::Message).collect::<Vec<_>>()).views;
        let case = Self { name, loaded: loaded.clone(), config, messages, reference, snapshot, places };
        let trusted = case.reference.iter().filter(|view| view.is_trusted).count();
        assert!(trusted > case.messages.len() / 2, "{}: trusted after {trusted} messages", case.name);
        case
    }

    pub fn is_chained(&self) -> bool {
        self.config.markets[0].sequence_rule == sequence_rule::CHAIN
    }

    /// The messages as steps.
    pub fn steps(&self) -> Vec<Step<'_>> {
        self.messages.iter().map(Step::Message).collect()
    }

    /// Messages of the book, whatever became of them.
    pub fn books(&self) -> Vec<usize> {
        (0..self.messages.len()).filter(|at| self.reference[*at].is_book).collect()
    }

    /// Places all over the recording where an update led to a trusted book; not too near to its end.
    pub fn updates(&self) -> Vec<usize> {
        let end = self.messages.len() * 9 / 10;
        let is_one = |at: &usize| {
            let view = &self.reference[*at];
            view.is_trusted && view.is_update && self.is_next(*at)
        };
        self.spread((0..end).filter(is_one).collect())
    }

    /// Whether a chained book's update leads on from the book before it.
    fn is_next(&self, at: usize) -> bool {
        !self.is_chained() || at == 0 || self.reference[at - 1].is_trusted
    }

    /// So many of these as a scenario is tried at.
    pub fn spread(&self, all: Vec<usize>) -> Vec<usize> {
        assert!(!all.is_empty(), "{}: nowhere to do anything", self.name);
        let stride = all.len().div_ceil(self.places);
        all.into_iter().step_by(stride).collect()
    }

    /// The message of the book that follows so many of them behind a place.
    pub fn book_behind(&self, at: usize, count: usize) -> usize {
        let behind = (at + 1..self.messages.len()).filter(|at| self.reference[*at].is_book);
        behind.take(count).last().expect("a message of the book")
    }

    /// Whether the book is believed after a step; where updates form a chain, then or later: it waits for the exchange to state
    /// best levels that prove it.
    pub fn is_believed(&self, outcome: &Outcome, step: usize) -> bool {
        let views = &outcome.views[step..];
        if self.is_chained() { views.iter().any(|view| view.is_trusted) } else { views[0].is_trusted }
    }

    pub fn run(&self, steps: &[Step<'_>]) -> Outcome {
        run(&self.config, steps)
    }

    /// The book of the untouched recording after a message, as a snapshot in its exchange's own words.
    pub fn snapshot_at(&self, at: usize) -> Recorded {
        let steps: Vec<_> = self.messages[..=at].iter().map(Step::Message).collect();
        let mut shown = Shown { recv_ns: self.messages[at].recv_ns, ..Shown::default() };
        crate::drive::run_and(&self.config, &steps, |core| {
            let book = &core.engine().markets()[0].book;
            let own = |level: &Level| (level.price_ticks, level.qty_lots);
            shown.bids = book.bids.best_first().map(own).collect();
            shown.asks = book.asks.best_first().map(own).collect();
        });
        shown.update_id = update_id(&self.messages[at].bytes);
        (self.snapshot)(&shown)
    }

    /// After every message of the book: if it is believed, it is that of the untouched recording after the same message.
    /// The best ten levels where checksums prove them, all where updates form a chain. `origins` says which message each step was.
    pub fn assert_same(&self, what: &str, outcome: &Outcome, origins: &[Option<usize>]) {
        assert_eq!(outcome.views.len(), origins.len());
        for (step, (view, origin)) in outcome.views.iter().zip(origins).enumerate() {
            let Some(at) = *origin else { continue };
            if view.is_book && view.is_trusted {
                let wanted = &self.reference[at];
                assert_eq!(view.best, wanted.best, "{}: {what}: step {step}, message {at}", self.name);
                assert!(
                    !self.is_chained() || view.all == wanted.all,
                    "{}: {what}: deep in the book, step {step}, message {at}",
                    self.name
                );
            }
        }
    }

    /// Runs steps and holds what is believed against the untouched recording.
    pub fn check(&self, what: &str, steps: &[(Option<usize>, Step<'_>)]) -> Outcome {
        let (origins, steps): (Vec<_>, Vec<_>) = steps.iter().map(|(origin, step)| (*origin, *step)).unzip();
        let outcome = self.run(&steps);
        self.assert_same(what, &outcome, &origins);
        outcome
    }

    /// The steps of the untouched recording, each with its message.
    pub fn told(&self) -> Vec<(Option<usize>, Step<'_>)> {
        self.messages.iter().enumerate().map(|(at, message)| (Some(at), Step::Message(message))).collect()
    }
}

/// The id of the state that a message leads to, where it has one.
fn update_id(bytes: &[u8]) -> u64 {
    let message: serde_json::Value = serde_json::from_slice(bytes).expect("JSON");
    message["data"]["u"].as_u64().unwrap_or(0)
}
