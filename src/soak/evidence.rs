//! What the exchange says of a run: what it did wrong, and its own books.

use super::books::{Precisions, ToldBook};
use super::reading::Place;
use crate::exchange::{FaultLine, FaultLog, Truth, Witness};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What the exchange did, once the run is over.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// What it did wrong, and the first message of each connection.
    pub log: Vec<FaultLine>,
    /// Lines of the log that have had time to show.
    pub settled: usize,
    /// Its book behind each message of one.
    pub books: BTreeMap<Place, ToldBook>,
    /// How often the exchange itself was not let run for so long that the engine had to notice.
    pub stills: usize,
    /// Whether its updates chain, as Binance's.
    pub is_chained: bool,
}

/// Takes it down while the exchange runs. A clone takes down in the same place.
#[derive(Clone, Debug)]
pub struct Recorder {
    told: Arc<Mutex<Told>>,
    precisions: Precisions,
    stills: Arc<AtomicUsize>,
}

#[derive(Debug, Default)]
struct Told {
    log: Vec<FaultLine>,
    faults: usize,
    books: BTreeMap<Place, ToldBook>,
}

impl Recorder {
    /// Of a market with these decimals, whose pace counts `stills`.
    #[must_use]
    pub fn new(precisions: Precisions, stills: Arc<AtomicUsize>) -> Self {
        Self { told: Arc::default(), precisions, stills }
    }

    /// Who is told of books.
    #[must_use]
    pub fn witness(&self) -> Witness {
        let recorder = self.clone();
        Box::new(move |truth: &Truth| {
            let book = ToldBook::of(truth, recorder.precisions);
            recorder.lock().books.insert((truth.connection, truth.message), book);
        })
    }

    /// Who is told of faults.
    #[must_use]
    pub fn log(&self) -> FaultLog {
        let recorder = self.clone();
        Box::new(move |line: &FaultLine| {
            let mut told = recorder.lock();
            told.faults += usize::from(line.fault.is_some());
            told.log.push(line.clone());
        })
    }

    /// Faults so far.
    #[must_use]
    pub fn faults(&self) -> usize {
        self.lock().faults
    }

    /// Lines of the log so far.
    #[must_use]
    pub fn lines(&self) -> usize {
        self.lock().log.len()
    }

    /// What was taken down, of which the first `settled` lines have had time to show.
    #[must_use]
    pub fn evidence(&self, settled: usize, is_chained: bool) -> Evidence {
        let Told { log, books, .. } = std::mem::take(&mut *self.lock());
        Evidence { log, settled, books, stills: self.stills.load(Ordering::Relaxed), is_chained }
    }

    fn lock(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
