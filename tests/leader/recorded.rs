//! The exchange program's parts as venue, and recordings of Binance as leaders.

use crate::scripted::kill;
use crate::support::{config, recording};
use crate::{bodies, leader, proved, run_until};
use fathom::exchange::{Options, Pair, Section, Server, Serves};
use fathom::market::{Market, Terms};
use fathom::playback;
use hotpath::record::{Features, GapOpen};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A server on a thread of its own, until it is dropped.
struct Running {
    url: String,
    rest_url: Option<String>,
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Running {
    fn serve(serves: Serves) -> Self {
        let server = Server::bind(Options::new(serves)).expect("an exchange");
        let (url, rest_url) = (server.url(), server.rest_url());
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = Some(std::thread::spawn(move || {
            server.run(&stopped).expect("it ends in order");
        }));
        Self { url, rest_url, stop, thread }
    }

    fn kraken() -> Self {
        let pair = Pair::listed("BTC/EUR").expect("a pair");
        Self::serve(Serves::Market { pair, events: Box::new(Market::new(1, &Terms::BTC_EUR)), speed: 10.0 })
    }

    fn binance(section: Section, path: &Path) -> Self {
        let playback = playback::open(path).expect("a recording");
        Self::serve(Serves::Binance { section, playback, symbol: None, speed: Some(10.0) })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().map(std::thread::JoinHandle::join);
    }
}

fn binance(number: u8, name: &str, running: &Running, decimals: (&str, &str, &str)) -> Vec<String> {
    let (price, qty, increment) = decimals;
    let keys = [
        ("name", name),
        ("url", &running.url),
        ("rest_url", running.rest_url.as_deref().expect("an address")),
        ("symbol", "BTCUSDT"),
        ("depth", "1000"),
        ("price_precision", price),
        ("qty_precision", qty),
        ("price_increment", increment),
        ("channels", "[\"book\", \"trade\", \"ticker\"]"),
    ];
    leader(number, &keys)
}

/// Kraken as venue, both recordings of Binance as leaders, all live: one journal that replays, also after a kill. Every book
/// is trusted, and the leaders' best levels are those that their exchange states.
#[test]
fn kraken_led_by_binance_replays() {
    let (Some(spot), Some(perp)) =
        (recording("binance/spot_btcusdt_20240808.gz"), recording("binance/usdm_btcusdt_20240808.gz"))
    else {
        return;
    };
    for is_killed in [false, true] {
        let own = Running::kraken();
        let (spot, perp) = (Running::binance(Section::Spot, &spot), Running::binance(Section::Perpetual, &perp));
        let folder = tempfile::tempdir().expect("a folder");
        let mut sets = vec![format!("venue.url={}", own.url)];
        sets.extend(binance(1, "binance-spot", &spot, ("2", "8", "0.01")));
        sets.extend(binance(2, "binance-perp", &perp, ("1", "3", "0.1")));
        if is_killed {
            kill(&sets, folder.path(), 20);
        } else {
            let loaded = config("kraken-btc-eur.toml", &sets.iter().map(String::as_str).collect::<Vec<_>>());
            let ran = run_until(&loaded, folder.path(), |seen, _| seen.is_trusted && seen.frames > 20_000);
            assert_eq!((ran.halt, ran.seen.gaps), (None, 0));
        }
        let records = proved(folder.path());
        assert_eq!(bodies::<GapOpen>(&records).len(), 0, "killed {is_killed}");
        for market in 0..3 {
            let count = bodies::<Features>(&records).iter().filter(|(head, _)| head.instrument == market).count();
            assert!(count > 10, "market {market}: {count} decisions, killed {is_killed}");
        }
    }
}
