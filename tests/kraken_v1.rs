//! Recordings of Kraken's WebSocket v1 through the engine: written ones, and real ones when `FATHOM_DATA` names them.

mod support;

use fathom::config::Loaded;
use fathom::import::{Imported, Source, import};
use fathom::replay::replay;
use fathom::verify::verify;
use std::path::Path;
use support::{config, imported_bytes, recording};

/// BTC/USD's shipped configuration, for a pair of this protocol.
fn loaded(symbol: &str, price_precision: u8, leaders: &[(&str, u8)]) -> Loaded {
    let mut sets: Vec<String> = ["name=kraken-v1", "url=wss://ws.kraken.com", "depth=1000", "stale_ms=60000"]
        .iter()
        .map(|set| format!("venue.{set}"))
        .collect();
    sets.push(format!("venue.symbol={symbol}"));
    sets.push(format!("venue.price_precision={price_precision}"));
    sets.push("session.channels=[\"book\", \"trade\", \"ticker\"]".to_owned());
    for (number, (symbol, price_precision)) in (1..).zip(leaders) {
        let keys = [
            "name=kraken-v1",
            "url=wss://ws.kraken.com",
            "rest_url=off",
            &format!("symbol={symbol}"),
            "depth=1000",
            &format!("price_precision={price_precision}"),
            "qty_precision=8",
            "price_increment=0.00001",
            "stale_ms=60000",
            "channels=[\"book\"]",
            "imbalance_levels=5",
            "vol_half_life_ms=10000",
        ];
        sets.extend(keys.iter().map(|key| format!("leader.{number}.{key}")));
    }
    config("kraken-btc-usd.toml", &sets.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Checksums that hold and that do not, snapshots, gaps, by market.
fn sums(imported: &Imported) -> Vec<(u64, u64, u64, u32)> {
    let sum = |counts: &hotpath::market::Counts| (counts.checksums_ok, counts.checksums_bad, counts.snapshots);
    let sums = imported.markets.iter().map(|market| (sum(&market.counts), market.gaps));
    sums.map(|((ok, bad, snapshots), gaps)| (ok, bad, snapshots, gaps)).collect()
}

/// The journal replays, and another implementation finds the same checksums.
fn assert_proven(imported: &Imported, checksums: (u64, u64)) {
    let reports = replay(&imported.segments, None, None).expect("a replay");
    assert!(reports.iter().all(|report| report.is_match() && report.is_whole()));
    let verified = verify(&imported.segments[0]).expect("a journal");
    assert!(verified.is_ok(), "{verified:?}");
    assert_eq!(
        (verified.counts.checksums_ok, verified.counts.checksums_bad, verified.counts.unverifiable),
        (checksums.0, checksums.1, 0)
    );
}

/// The example of the exchange's documents: ten levels a side, and a change behind them.
fn documented(checksum: u32) -> String {
    let rows = |prices: [u32; 10]| {
        let row = |price: u32| format!(r#"["0.{price:05}","0.00000500","1582905487.684110"]"#);
        prices.map(row).join(",")
    };
    let asks = rows([5005, 5010, 5015, 5020, 5025, 5030, 5035, 5040, 5045, 5050]);
    let bids = rows([5000, 4995, 4990, 4980, 4975, 4970, 4965, 4960, 4955, 4950]);
    let update = r#"[0,{"a":[["0.05120","0.00000500","1582905486.493008"],["0.05275","0.00000500","1582905486.493034"]]},{"b":[["0.04765","0.00000500","1582905486.493008"],["0.04940","0.00000500","1582905486.493034"]]"#;
    format!(
        "configuration: {{}}\nwss://ws.kraken.com <-> 1582905480.1\n\
         1582905488.25: [0,{{\"as\":[{asks}],\"bs\":[{bids}]}},\"book-1000\",\"BTC/USD\"]\n\
         1582905489.5: {update},\"c\":\"{checksum}\"}},\"book-1000\",\"BTC/USD\"]\n"
    )
}

#[test]
fn a_snapshot_without_a_checksum_is_believed_until_one_tells_otherwise() {
    let loaded = loaded("BTC/USD", 5, &[]);
    for (checksum, wanted) in [(974_947_235, (1, 0, 1, 0)), (974_947_236, (0, 1, 1, 1))] {
        let (_folder, imported) = imported_bytes(documented(checksum).as_bytes(), &loaded);
        assert_eq!((imported.frames, imported.refused), (2, 0));
        assert_eq!(sums(&imported), [wanted]);
        assert_eq!(imported.markets[0].is_trusted, wanted.1 == 0);
        assert_proven(&imported, (wanted.0, wanted.1));
    }
}

#[test]
fn nothing_can_be_asked_of_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = env!("CARGO_BIN_EXE_fathom");
    let mut command = std::process::Command::new(program);
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(["run", "configs/kraken-btc-usd.toml", "--out"]);
    command.arg(folder.path().join("run")).args([
        "--set",
        "venue.name=kraken-v1",
        "--set",
        "session.channels=[\"book\"]",
    ]);
    let output = command.output().expect("a program");
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("`venue.name`") && told.contains("read from recordings only"), "{told}");
}

fn real(name: &str) -> Option<Source> {
    Some(Source::own(&recording(&format!("kraken-v1/{name}"))?))
}

fn import_all(sources: &[Source], loaded: &Loaded, folder: &Path) -> Imported {
    import(sources, loaded, &folder.join("journal.bin")).expect("an import")
}

/// The books of four pairs, with trades and tickers of the same minutes from recordings of their own.
#[test]
fn real_recordings_verify_and_replay() {
    let names = ["KRAKEN-c197c0.0.gz", "KRAKEN-82ac16.0.gz", "KRAKEN-4b7396.0.gz"];
    let Some(sources) = names.into_iter().map(real).collect::<Option<Vec<_>>>() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let loaded = loaded("XBT/USD", 5, &[("DASH/EUR", 6), ("FIL/XBT", 9), ("ALGO/XBT", 9)]);
    let imported = import_all(&sources, &loaded, folder.path());
    assert_eq!((imported.frames, imported.refused, imported.halt), (14_636 + 142 + 152, 0, None));
    let wanted = [(5_788, 0, 1, 0), (2_715, 0, 1, 0), (1_327, 0, 1, 0), (1_168, 0, 1, 0)];
    assert_eq!(sums(&imported), wanted);
    assert!(imported.markets.iter().all(|market| market.is_trusted && market.depth == 1_000));
    assert_eq!(imported.markets[0].counts.trades, 22);
    assert_proven(&imported, (5_788 + 2_715 + 1_327 + 1_168, 0));
}

#[test]
fn every_other_pair_verifies_too() {
    let Some(book) = real("KRAKEN-c197c0.0.gz") else { return };
    let groups: [&[(&str, u8)]; 2] =
        [&[("KAVA/USD", 5), ("AUD/USD", 5), ("ICX/USD", 6)], &[("WAVES/ETH", 8), ("USDC/GBP", 8), ("LSK/USD", 6)]];
    for (group, wanted) in groups.into_iter().zip([[863, 363, 940], [412, 51, 869]]) {
        let folder = tempfile::tempdir().expect("a folder");
        let loaded = loaded("XBT/USD", 5, group);
        let imported = import_all(std::slice::from_ref(&book), &loaded, folder.path());
        let sums = sums(&imported);
        assert_eq!(sums[1..].iter().map(|(ok, ..)| *ok).collect::<Vec<_>>(), wanted);
        assert!(sums.iter().all(|(_, bad, snapshots, gaps)| (*bad, *snapshots, *gaps) == (0, 1, 0)), "{sums:?}");
        assert_proven(&imported, (5_788 + wanted.iter().sum::<u64>(), 0));
    }
}
