//! What the exchange says of a run: what it did wrong, and its own books.

use super::books::{Precisions, ToldBook};
use crate::exchange::{Fault, FaultLine, FaultLog, Truth, Witness};
use hotpath::config::{MarketConfig, checksum_rule};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Where something happened: the exchange's connection, and the last message of it that had come.
pub type Place = (u64, u64);

/// Levels a side that Kraken's checksum sees.
const CHECKED_LEVELS: u32 = 10;

/// Everything that can go wrong with a market. Left out is what its protocol does not have; and, where a book is deeper
/// than its checksum sees, updates that are missing or old: below that nothing shows them.
#[must_use]
pub fn faults_of(market: &MarketConfig) -> Vec<Fault> {
    let has_checksum = market.checksum_rule == checksum_rule::CRC32_TOP10;
    let is_seen = |fault: Fault| match fault {
        Fault::Drop | Fault::Reorder | Fault::Delay => !has_checksum || market.depth <= CHECKED_LEVELS,
        _ => true,
    };
    Fault::ALL.iter().copied().filter(|fault| (has_checksum || fault.is_of_binance()) && is_seen(*fault)).collect()
}

/// What the exchange told.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// What it did wrong, and the first message of each connection.
    pub log: Vec<FaultLine>,
    /// Its book behind each message of one.
    pub books: BTreeMap<Place, ToldBook>,
}

impl Told {
    /// How often each fault happened.
    #[must_use]
    pub fn faults(&self) -> BTreeMap<&'static str, u64> {
        let mut counts = BTreeMap::new();
        for fault in self.log.iter().filter_map(|line| line.fault) {
            *counts.entry(fault.name()).or_default() += 1;
        }
        counts
    }

    /// Which of these faults never happened.
    #[must_use]
    pub fn never(&self, possible: &[Fault]) -> Vec<&'static str> {
        let happened = self.faults();
        possible.iter().map(|fault| fault.name()).filter(|name| !happened.contains_key(name)).collect()
    }

    /// The exchange's number of the connection behind `after` whose first message has this CRC.
    pub(super) fn connection(&self, crc32: u32, after: u64) -> Option<u64> {
        let is_first = |line: &&FaultLine| line.fault.is_none() && line.crc32 == Some(crc32) && line.connection > after;
        self.log.iter().find(is_first).map(|line| line.connection)
    }

    /// Whether a message came behind one that was to follow it.
    pub(super) fn is_late(&self, place: Place) -> bool {
        let is_late = |fault| matches!(fault, Some(Fault::Reorder | Fault::Delay));
        self.log
            .iter()
            .any(|line| is_late(line.fault) && line.crc32.is_some() && (line.connection, line.message) == place)
    }

    /// Whether the exchange's stamps had stepped before.
    pub(super) fn has_stepped(&self, place: Place) -> bool {
        let before = |line: &FaultLine| (line.connection, line.message) < place;
        self.log.iter().any(|line| line.fault == Some(Fault::Clock) && before(line))
    }

    /// Books before a place are not asked for any more.
    pub fn forget_before(&mut self, place: Place) {
        self.books = self.books.split_off(&place);
    }
}

/// What the exchange did, once the run is over.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// What it told.
    pub told: Told,
    /// Lines of the log that have had time to show.
    pub settled: usize,
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
            recorder.told().books.insert((truth.connection, truth.message), book);
        })
    }

    /// Who is told of faults.
    #[must_use]
    pub fn log(&self) -> FaultLog {
        let recorder = self.clone();
        Box::new(move |line: &FaultLine| recorder.told().log.push(line.clone()))
    }

    /// What was told so far.
    pub fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Faults so far.
    #[must_use]
    pub fn faults(&self) -> usize {
        self.told().log.iter().filter(|line| line.fault.is_some()).count()
    }

    /// What was taken down, of which the first `settled` lines have had time to show.
    #[must_use]
    pub fn evidence(&self, settled: usize, is_chained: bool) -> Evidence {
        let told = std::mem::take(&mut *self.told());
        Evidence { told, settled, stills: self.stills.load(Ordering::Relaxed), is_chained }
    }
}

#[cfg(test)]
mod tests {
    use super::faults_of;
    use crate::config::load;
    use crate::exchange::Fault;
    use std::path::Path;

    #[test]
    fn what_can_go_wrong_is_what_shows() {
        let of = |name: &str, set: &str| {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs").join(name);
            faults_of(&load(&path, &[set.to_owned()]).expect("a configuration").config.markets[0])
        };
        assert_eq!(of("kraken-btc-eur.toml", "venue.depth=10"), Fault::ALL);
        let deep = of("kraken-btc-eur.toml", "venue.depth=25");
        assert_eq!(deep.len(), Fault::ALL.len() - 3);
        assert!(![Fault::Drop, Fault::Reorder, Fault::Delay].iter().any(|fault| deep.contains(fault)));
        let binance = of("binance-perp-btc-usdt.toml", "venue.depth=1000");
        assert!(binance.iter().all(|fault| fault.is_of_binance()) && binance.contains(&Fault::Drop));
    }
}
