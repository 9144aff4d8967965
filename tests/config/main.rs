//! Configurations: what is shipped loads, and every fault is named.

mod regimes;

use fathom::config::{DiaryConfig, HostConfig, Loaded, Mode, load};
use fathom::link::LinkConfig;
use hotpath::config::{book_rule, checksum_rule, sequence_rule, snapshot_rule, venue_id};
use hotpath::record::channel;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const EUR: &str = "kraken-btc-eur.toml";
const LED: &str = "kraken-btc-eur-led.toml";
const V1: &str = "kraken-v1.toml";
const SPOT: &str = "binance-btc-usdt.toml";
const PERP: &str = "binance-perp-btc-usdt.toml";

fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("configs").join(name)
}

fn text(name: &str) -> String {
    fs::read_to_string(shipped(name)).expect("a shipped file")
}

fn set(name: &str, overrides: &[&str]) -> Result<Loaded, String> {
    let overrides: Vec<_> = overrides.iter().map(|text| (*text).to_owned()).collect();
    load(&shipped(name), &overrides).map_err(|error| error.to_string())
}

/// The error of the shipped BTC/EUR configuration with one text replaced, and of its model file with
/// another.
fn broken(config: (&str, &str), model: (&str, &str)) -> String {
    let folder = TempDir::new().expect("a folder");
    for (name, (from, to)) in [(EUR, config), ("model-first.toml", model)] {
        let text = text(name);
        assert!(text.contains(from), "{from} is not in {name}");
        fs::write(folder.path().join(name), text.replacen(from, to, 1)).expect("a file");
    }
    load(&folder.path().join(EUR), &[]).expect_err("a fault").to_string()
}

fn fault(from: &str, to: &str) -> String {
    broken((from, to), ("", ""))
}

/// `line:column` of a text in a shipped file, both from 1.
fn place(name: &str, wanted: &str) -> String {
    let text = text(name);
    let before = text.split_once(wanted).expect("the text is there").0;
    let line = before.rsplit('\n').next().unwrap_or_default();
    format!("{}:{}", before.lines().count() + usize::from(line.is_empty()), line.len() + 1)
}

/// Every key of a file: section and name.
fn keys(name: &str) -> Vec<(String, String)> {
    let table: toml::Table = text(name).parse().expect("TOML");
    inner("", &table)
}

fn inner(section: &str, table: &toml::Table) -> Vec<(String, String)> {
    let of = |(name, value): (&String, &toml::Value)| match value.as_table() {
        Some(table) if section.is_empty() => inner(name, table),
        Some(table) => inner(&format!("{section}.{name}"), table),
        None => vec![(section.to_owned(), name.clone())],
    };
    table.iter().flat_map(of).collect()
}

#[test]
fn shipped_configurations_mean_what_they_say() {
    for (name, symbol, depth) in [(EUR, "BTC/EUR", 10), ("kraken-btc-usd.toml", "BTC/USD", 25)] {
        let loaded = set(name, &[]).expect(name);
        let market = loaded.config.markets[0];
        assert_eq!((loaded.feed().venue.name, loaded.symbol.as_str()), ("kraken", symbol));
        assert_eq!(loaded.feed().url, "wss://ws.kraken.com/v2");
        assert_eq!(market.symbol.as_bytes(), symbol.as_bytes());
        assert_eq!((market.venue, market.connection, market.depth), (venue_id::KRAKEN, 0, depth));
        assert_eq!((market.book_rule, market.checksum_rule), (book_rule::CUT, checksum_rule::CRC32_TOP10));
        assert_eq!((market.price_precision, market.qty_precision, market.price_increment_ticks), (1, 8, 1));
        assert_eq!((market.stale_ns_max, market.vol_half_life_ns), (5_000_000_000, 10_000_000_000));
        assert_eq!(loaded.config.quote.qty_lots, 100_000);
        assert_eq!(loaded.config.health.journal_lag_ns_max, 50_000_000);
        assert_eq!(loaded.config.journal.checkpoint_ns, 60_000_000_000);
        assert_eq!((loaded.config.market_count, loaded.config.check()), (1, Ok(())));
    }
}

/// The engine's rules of a venue follow from its name.
#[test]
fn a_chained_venue_has_its_rules() {
    let (spot, perp) = (set(SPOT, &[]).expect(SPOT), set(PERP, &[]).expect(PERP));
    let [own, leader] = spot.config.markets() else { panic!("two markets") };
    let [alone] = perp.config.markets() else { panic!("one market") };
    for (market, venue, precisions) in
        [(own, venue_id::BINANCE_SPOT, (2, 8)), (leader, venue_id::BINANCE_PERP, (1, 3)), (alone, leader.venue, (1, 3))]
    {
        assert_eq!((market.venue, market.symbol.as_bytes()), (venue, &b"BTCUSDT"[..]));
        assert_eq!((market.price_precision, market.qty_precision), precisions);
        assert_eq!((market.book_rule, market.checksum_rule), (book_rule::WINDOW, checksum_rule::NONE));
        assert_eq!((market.sequence_rule, market.snapshot_rule), (sequence_rule::CHAIN, snapshot_rule::FETCHED));
        assert_eq!((market.heartbeats, market.depth), (0, 1_000));
        assert_eq!(market.channels, 1 << channel::BOOK | 1 << channel::TRADE | 1 << channel::TICKER);
    }
    assert_eq!((own.connection, leader.connection), (0, 1));
    let rest: Vec<_> = spot.feeds.iter().map(|feed| feed.rest_url.as_deref()).collect();
    assert_eq!(rest, [Some("https://api.binance.com"), Some("https://fapi.binance.com")]);
    for (key, wanted) in [
        ("venue.depth=4097", "`venue.depth` is 4097; wanted: an integer from 1 to 4096"),
        ("leader.1.depth=25", "wanted on binance-perp: one of 5, 10, 20, 50, 100, 500, 1000, levels a side"),
        ("venue.rest_url=off", "`venue.rest_url` is \"off\"; wanted on binance-spot: an address that starts with http"),
        ("session.channels=['book', 'instrument']", "wanted on binance-spot: any of \"book\", \"trade\", \"ticker\""),
    ] {
        let error = set(SPOT, &[key]).map(drop).expect_err(key);
        assert!(error.contains(wanted), "{key}: {error}");
    }
}

/// The leaders are as they are where they trade; the market that trades is as it is without.
#[test]
fn leaders_change_nothing_of_the_market_that_trades() {
    let (led, alone, spot) = (set(LED, &[]).expect(LED), set(EUR, &[]).expect(EUR), set(SPOT, &[]).expect(SPOT));
    let [own, perp, other] = led.config.markets() else { panic!("three markets") };
    assert_eq!(*own, alone.config.markets[0]);
    assert_eq!((perp.connection, other.connection), (1, 2));
    assert_eq!((*perp, other.symbol), (spot.config.markets[1], spot.config.markets[0].symbol));
    let v1 = set(V1, &[]).expect(V1);
    let symbols: Vec<_> = v1.config.markets().iter().map(|market| market.symbol.as_bytes()).collect();
    assert_eq!(symbols, [&b"XBT/USD"[..], b"DASH/EUR", b"KAVA/USD", b"AUD/USD"]);
    assert!(v1.config.markets().iter().all(|market| market.venue == venue_id::KRAKEN_V1 && market.connection == 0));
    assert_eq!(v1.feeds.len(), 1);
}

#[test]
fn the_model_is_tied_to_its_file() {
    let loaded = set(EUR, &[]).expect("it loads");
    let model = loaded.config.model;
    assert_eq!((model.micro_q16, model.imbalance_q16, model.clamp_ticks), (65_536, 0, 50));
    let hash = blake3::hash(&fs::read(shipped("model-first.toml")).expect("the model"));
    assert_eq!(model.file_hash.to_le_bytes(), hash.as_bytes()[..8]);
    assert_eq!(loaded.model_path, shipped("model-first.toml"));
}

/// The journal's upkeep in its own units; switched off on purpose, and on again by an override.
#[test]
fn upkeep_is_the_shells_and_bounds_are_off_when_they_say_so() {
    let shipped = set(EUR, &[]).expect("it loads");
    let off =
        DiaryConfig { ring_lines: 262_144, sync_ns: 50_000_000, keep_ns: None, keep_bytes: None, archive: vec![] };
    assert_eq!(shipped.diary, off);
    let sets = ["journal.keep_days='2'", "journal.keep_mib=300", "journal.sync_ms=7", "journal.ring_lines=524_288"];
    let archive = "journal.archive=[\"cp\", '-t', \"/a b\"]";
    let kept = set(EUR, &[&sets[..], &[archive]].concat()).expect("it loads");
    let wanted = DiaryConfig {
        ring_lines: 524_288,
        sync_ns: 7_000_000,
        keep_ns: Some(172_800_000_000_000),
        keep_bytes: Some(314_572_800),
        archive: ["cp", "-t", "/a b"].map(str::to_owned).to_vec(),
    };
    assert_eq!(kept.diary, wanted);
    assert_eq!(kept.config, shipped.config);
    let again = set(EUR, &[&sets[..], &["journal.keep_days=\"off\""]].concat()).expect("it loads");
    assert_eq!(again.diary.keep_ns, None);
    let nameless = set(EUR, &["journal.keep_days=1", "journal.archive=[\"\"]"]).expect_err("no program");
    assert!(nameless.contains("`journal.archive` names no program"), "{nameless}");
}

/// The session is the engine's and is idle until a live run wakes it; sockets and host are the shell's.
#[test]
fn a_live_runs_keys_mean_what_they_say() {
    let live = set(EUR, &[]).expect("it loads");
    let session = live.config.session;
    assert_eq!((session.active, session.activated().active), (0, 1));
    assert_eq!(live.config.markets[0].channels, 1 << channel::INSTRUMENT | 1 << channel::BOOK | 1 << channel::TRADE);
    let times = [session.ack_ns_max, session.snapshot_ns_max, session.heartbeat_ns_max, session.connect_ns_max];
    assert_eq!(times, [5_000_000_000, 5_000_000_000, 3_000_000_000, 15_000_000_000]);
    let times = [session.ping_ns, session.pace_ns, session.retry_ns_min, session.retry_ns_max, session.stable_ns];
    assert_eq!(times, [20_000_000_000, 50_000_000, 1_000_000_000, 60_000_000_000, 60_000_000_000]);
    assert_eq!((session.tries_at_once, session.clock_step_ns_max), (3, 100_000_000));
    let off = LinkConfig {
        extra_ca: None,
        nodelay: true,
        quickack: false,
        receive_buffer_bytes: None,
        busy_poll_us: None,
        kernel_stamps: true,
    };
    assert_eq!(live.live.link, off);
    assert_eq!(live.live.host, HostConfig { core: None, fifo: None, lock_memory: false });
    assert_eq!((live.live.mode, live.live.folder.as_path()), (Mode::Capture, Path::new("runs/kraken-btc-eur")));
    let sets = ["link.extra_ca=lab.pem", "link.nodelay=false", "link.receive_buffer_bytes=65_536", "host.core=3"];
    let other = set(EUR, &sets).expect("it loads");
    assert_eq!(other.live.link.extra_ca, Some(shipped("lab.pem")));
    assert_eq!((other.live.link.nodelay, other.live.link.receive_buffer_bytes), (false, Some(65_536)));
    assert_eq!(other.live.host.core, Some(3));
    assert_eq!(other.config, live.config, "no checkpoint holds them");
}

#[test]
fn another_pair_needs_other_keys_only() {
    let two = ["venue.symbol=ETH/EUR", "venue.price_precision=2", "venue.price_increment=0.05", "quote.qty=0.25"];
    let loaded = set(EUR, &two).expect("two decimals");
    assert_eq!(loaded.symbol, "ETH/EUR");
    assert_eq!(loaded.config.markets[0].price_increment_ticks, 5);
    assert_eq!(loaded.config.quote.qty_lots, 25_000_000);
    let five =
        ["venue.symbol=\"XRP/USD\"", "venue.price_precision='5'", "venue.price_increment=0.00001", "venue.depth=1_000"];
    let market = set(EUR, &five).expect("five decimals").config.markets[0];
    assert_eq!((market.price_precision, market.price_increment_ticks, market.depth), (5, 1, 1_000));
    assert_eq!(market.symbol.as_bytes(), b"XRP/USD");
    let last = set(EUR, &["venue.depth=25", "venue.depth=100"]).expect("the last one wins");
    assert_eq!(last.config.markets[0].depth, 100);
}

#[test]
fn unknown_keys_are_refused_with_the_nearest() {
    let error = fault("depth = 10", "dept = 10");
    let at = place(EUR, "depth = 10");
    assert!(error.contains(&format!("{EUR}:{at}: unknown key `venue.dept`; did you mean `venue.depth`?")), "{error}");
    assert!(error.contains("key `venue.depth` is missing; wanted: an integer from 1 to 4096"), "{error}");
    let error = fault("[venue]", "[venu]");
    assert!(error.contains("unknown key `venu`; did you mean `venue`?"), "{error}");
    let error = set(EUR, &["venue.dept=25"]).expect_err("unknown");
    assert_eq!(error, "override `venue.dept=25`: unknown key `venue.dept`; did you mean `venue.depth`?");
    let error = broken(("", ""), ("micro_q16", "micro_q17"));
    let at = place("model-first.toml", "micro_q16");
    let wanted = format!("model-first.toml:{at}: unknown key `micro_q17`; did you mean `micro_q16`?");
    assert!(error.contains(&wanted), "{error}");
}

#[test]
fn every_key_but_regimes_is_mandatory() {
    for (section, key) in keys(EUR).into_iter().filter(|(section, _)| section != "regime") {
        let line = text(EUR).lines().find(|line| line.starts_with(&format!("{key} = "))).expect("a line").to_owned();
        let error = fault(&line, "");
        assert!(error.contains(&format!("{EUR}: key `{section}.{key}` is missing; wanted: ")), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
    for (_, key) in keys("model-first.toml") {
        let error = broken(("", ""), (&format!("\n{key} = "), "\n# "));
        assert!(error.contains(&format!("model-first.toml: key `{key}` is missing; wanted: an integer")), "{error}");
    }
}

#[test]
fn wrong_types_and_ranges_name_place_and_range() {
    let table = [
        ("depth = 10", "depth = \"10\"", "`venue.depth` is \"10\" (text); wanted: an integer from 1 to 4096"),
        ("depth = 10", "depth = 27", "`venue.depth` is 27; wanted on kraken: one of 10, 25, 100, 500, 1000"),
        ("depth = 10", "depth = 10.0", "`venue.depth` is 10.0 (a float); wanted: an integer"),
        ("name = \"kraken\"", "name = \"krakn\"", "`venue.name` is \"krakn\"; wanted: one of kraken"),
        ("url = \"wss:", "url = \"http:", "`venue.url` is \"http://ws.kraken.com/v2\"; wanted: an address"),
        ("symbol = \"BTC/EUR\"", "symbol = \"BTC EUR\"", "`venue.symbol` is \"BTC EUR\"; wanted: 1 to 24"),
        ("increment = \"0.1\"", "increment = 0.1", "is 0.1 (a float); wanted: a decimal number in quotes"),
        ("increment = \"0.1\"", "increment = \"0.05\"", "has more decimals than `venue.price_precision` (1)"),
        ("increment = \"0.1\"", "increment = \"0.0\"", "which is 0 ticks; wanted: 1 to 70368744177664 ticks"),
        ("increment = \"0.1\"", "increment = \"-0.1\"", "which is -1 ticks; wanted: 1 to"),
        ("qty = \"0.001\"", "qty = \"0.001 BTC\"", "`quote.qty` is \"0.001 BTC\", which is not a decimal number"),
        ("qty = \"0.001\"", "qty = \"99999999999999\"", "which is out of range; wanted: 1 to"),
        ("levels = 5", "levels = 12", "`features.imbalance_levels` is 12, more than `venue.depth` (10)"),
        ("burst = 3", "burst = 0", "`quality.burst` is 0; wanted: an integer from 1 to 65535, failures in a row"),
        ("burst = 3", "burst = 99999999999999999999", "is 99999999999999999999; wanted:"),
        ("bytes = 268435456", "bytes = 4096", "is 4096; wanted: an integer from 65536 to 17179869184, bytes"),
        ("ring_lines = 262144", "ring_lines = 262145", "is 262145; wanted: a power of two, 262144 or 524288, say"),
        ("ring_lines = 262144", "ring_lines = 2048", "is 2048; wanted: an integer from 262144 to 4194304, lines"),
        ("sync_ms = 50", "sync_ms = 0", "`journal.sync_ms` is 0; wanted: an integer from 1 to 1000, milliseconds"),
        ("days = \"off\"", "days = \"of\"", "is \"of\" (text); wanted: \"off\", or an integer from 1 to 36500, days"),
        ("days = \"off\"", "days = 0", "`journal.keep_days` is 0; wanted: \"off\", or an integer from 1 to 36500"),
        (
            "mib = \"off\"",
            "mib = 255",
            "`journal.keep_mib` is less than one segment (`journal.segment_bytes` is 268435456)",
        ),
        ("mib = \"off\"", "mib = false", "is false; wanted: \"off\", or an integer from 1 to 1099511627776, MiB"),
        ("archive = []", "archive = \"cp\"", "is \"cp\" (text); wanted: an array of texts, program and arguments"),
        ("archive = []", "archive = [\"cp\", 1]", "`journal.archive` is an array with 1; wanted: an array of texts"),
        ("archive = []", "archive = [\"cp\"]", "both \"off\": nothing would ever be archived; set one of them"),
        ("mode = \"capture\"", "mode = \"trade\"", "`run.mode` is \"trade\"; wanted: \"capture\""),
        ("folder = \"runs/kraken-btc-eur\"", "folder = \"\"", "`run.folder` is empty; wanted: the path of a folder"),
        ("\"book\", \"trade\"]", "\"trade\"]", "`session.channels` lacks \"book\""),
        (
            "\"book\", \"trade\"]",
            "\"book\", \"trades\"]",
            "`session.channels` holds \"trades\"; wanted: any of \"instrument\", \"book\", \"trade\", \"ticker\"",
        ),
        ("retry_ms_max = 60000", "retry_ms_max = 999", "is 999, less than `session.retry_ms_min` (1000)"),
        ("retry_ms_min = 1000", "retry_ms_min = 99", "`session.retry_ms_min` is 99; wanted: an integer from 100"),
        ("tries_at_once = 3", "tries_at_once = 11", "`session.tries_at_once` is 11; wanted: an integer from 0 to 10"),
        ("nodelay = true", "nodelay = \"yes\"", "`link.nodelay` is \"yes\" (text); wanted: true or false"),
        ("nodelay = true", "nodelay = 1", "`link.nodelay` is 1; wanted: true or false"),
        (
            "extra_ca = \"off\"",
            "extra_ca = \"\"",
            "`link.extra_ca` is empty; wanted: \"off\", or the path of a PEM file",
        ),
        ("core = \"off\"", "core = 1024", "`host.core` is 1024; wanted: \"off\", or an integer from 0 to 1023"),
        ("ring_lines = 262144", "ring_line = 65536\nring_lines = 262144", "did you mean `journal.ring_lines`?"),
        ("[quality]", "[quality", "is not TOML: "),
        ("burst = 3", "burst = 3\nburst = 3", "is not TOML: duplicate key"),
    ];
    for (from, to, wanted) in table {
        let error = fault(from, to);
        assert!(error.contains(wanted) && error.contains(EUR), "{to}: {error}");
        assert_eq!(error.lines().count(), 1, "{to}: {error}");
    }
    let error = fault("depth = 10", "depth = true");
    let at = place(EUR, "10\n");
    assert!(error.contains(&format!("{EUR}:{at}: `venue.depth` is true; wanted: ")), "{error}");
    let error = broken(("", ""), ("clamp_ticks = 50", "clamp_ticks = -1"));
    assert!(error.contains("`clamp_ticks` is -1; wanted: an integer from 0 to 4294967296, ticks"), "{error}");
}

#[test]
fn overrides_are_checked_as_the_file_is() {
    let table = [
        ("venue.depth=27", "override `venue.depth=27`: `venue.depth` is 27; wanted on kraken"),
        ("venue.depth=deep", "override `venue.depth=deep`: `venue.depth` is deep; wanted: an integer from 1 to 4096"),
        ("venue.depth", "override `venue.depth`: has no `=`"),
        ("quote.qty=1e-9", "override `quote.qty=1e-9`: `quote.qty` is \"1e-9\", which has more decimals than"),
        ("journal.keep_days=never", "`journal.keep_days` is never; wanted: \"off\", or an integer from 1 to 36500"),
        ("journal.archive=cp", "override `journal.archive=cp`: `journal.archive` is cp; wanted: an array of texts"),
        ("fair.model=none.toml", "none.toml: cannot be read: "),
    ];
    for (text, wanted) in table {
        let error = set(EUR, &[text]).expect_err(text);
        assert!(error.contains(wanted), "{text}: {error}");
    }
}

/// A leader as overrides: its number, and values that differ from those of Kraken BTC/USD.
fn leader(number: u8, other: &[(&str, &str)]) -> Vec<String> {
    let keys = [
        ("name", "kraken"),
        ("url", "wss://ws.kraken.com/v2"),
        ("rest_url", "off"),
        ("symbol", "BTC/USD"),
        ("depth", "25"),
        ("price_precision", "1"),
        ("qty_precision", "8"),
        ("price_increment", "0.1"),
        ("stale_ms", "7000"),
        ("channels", "[\"book\", \"trade\"]"),
        ("imbalance_levels", "3"),
        ("vol_half_life_ms", "5000"),
    ];
    let value = |key: &str, value| other.iter().find(|(name, _)| *name == key).map_or(value, |(_, value)| value);
    keys.iter().map(|(key, usual)| format!("leader.{number}.{key}={}", value(key, usual))).collect()
}

fn led(leaders: &[Vec<String>]) -> Result<Loaded, String> {
    let all: Vec<_> = leaders.iter().flatten().map(String::as_str).collect();
    set(EUR, &all)
}

#[test]
fn leaders_are_markets_beside_the_one_that_trades() {
    let other = leader(3, &[("url", "wss://elsewhere/v2"), ("symbol", "ETH/USD"), ("price_precision", "2")]);
    let loaded = led(&[leader(1, &[]), other]).expect("two leaders");
    let [_, same, other] = loaded.config.markets() else { panic!("three markets") };
    assert_eq!((same.symbol.as_bytes(), same.connection, same.depth), (&b"BTC/USD"[..], 0, 25));
    assert_eq!((same.channels, same.imbalance_levels), (1 << channel::BOOK | 1 << channel::TRADE, 3));
    assert_eq!((same.stale_ns_max, same.vol_half_life_ns), (7_000_000_000, 5_000_000_000));
    assert_eq!((other.connection, other.price_precision, other.price_increment_ticks), (1, 2, 10));
    let feeds: Vec<_> = loaded.feeds.iter().map(|feed| (feed.connection, &*feed.url, &*feed.section)).collect();
    let wanted = [(0, "wss://ws.kraken.com/v2", "venue"), (1, "wss://elsewhere/v2", "leader.3")];
    assert_eq!(feeds, wanted);
    assert_eq!(loaded.sections, ["venue", "leader.1", "leader.3"], "by market");
}

#[test]
fn a_leaders_faults_name_its_keys() {
    let table = [
        (("depth", "11"), "`leader.1.depth` is 11; wanted on kraken: one of 10, 25, 100, 500, 1000"),
        (("name", "x"), "`leader.1.name` is \"x\"; wanted: one of kraken"),
        (("symbol", "BTC/EUR"), "`leader.1.symbol` is \"BTC/EUR\", which this connection has already"),
        (("rest_url", "https://x"), "`leader.1.rest_url` is \"https://x\"; wanted on kraken: \"off\""),
        (("imbalance_levels", "15"), ""),
        (("channels", "[\"trade\"]"), "`leader.1.channels` lacks \"book\""),
        (("price_increment", "0.05"), "has more decimals than `leader.1.price_precision` (1)"),
    ];
    for (other, wanted) in table {
        match led(&[leader(1, &[other])]) {
            Ok(_) => assert!(wanted.is_empty(), "{other:?}"),
            Err(error) => assert!(error.contains(wanted) && error.lines().count() == 1, "{other:?}: {error}"),
        }
    }
    let error = set(EUR, &["leader.2.depth=10"]).expect_err("the other keys");
    assert_eq!(error.lines().count(), 11, "{error}");
    assert!(error.contains("key `leader.2.url` is missing; wanted: an address"), "{error}");
    let error = set(EUR, &["leader.4.depth=10"]).expect_err("three at most");
    assert!(error.contains("unknown key `leader.4.depth`; did you mean `leader.1.depth`?"), "{error}");
}

#[test]
fn all_faults_are_told_at_once() {
    let error = set(EUR, &["venue.dept=1", "quality.burst=0", "venue.name"]).expect_err("three faults");
    assert_eq!(error.lines().count(), 3, "{error}");
    let error = set(EUR, &["venue.name=x", "venue.price_increment=x", "quote.qty=x"]).expect_err("three faults");
    assert_eq!(error.lines().count(), 3, "{error}");
}

#[test]
fn a_missing_file_is_named() {
    let error = load(Path::new("nowhere.toml"), &[]).expect_err("no file").to_string();
    assert!(error.starts_with("nowhere.toml: cannot be read: "), "{error}");
}

#[test]
fn the_engine_accepts_both_ends_of_every_range() {
    let ends = [
        ["venue.price_precision=0", "venue.price_increment=1"],
        ["venue.price_precision=12", "venue.price_increment=70.368744177664"],
        ["venue.stale_ms=1", "venue.stale_ms=3600000"],
        ["features.vol_half_life_ms=1", "features.vol_half_life_ms=3600000"],
        ["features.imbalance_levels=1", "quote.half_spread_ticks=0"],
        ["quote.half_spread_ticks=4294967296", "quote.qty=11529215046.06846976"],
        ["quality.spread_ticks_max=1", "quality.spread_ticks_max=70368744177664"],
        ["quality.vol_ticks_max=1", "quality.vol_ticks_max=1073741824"],
        ["quality.jump_ticks_max=1", "quality.jump_ticks_max=70368744177664"],
        ["quality.burst=1", "quality.burst=65535"],
        ["regime.active_exit_per_s=1", "regime.burst_per_s=4294967295"],
        ["regime.volatile_exit_ticks=1", "regime.volatile_ticks=1073741824"],
        ["regime.degraded_exit_ms=1", "regime.degraded_ms=3600000"],
        ["regime.dwell_ms=1", "regime.dwell_ms=3600000"],
        ["health.ring_lines_min=0", "health.ring_lines_min=4294967295"],
        ["health.disk_mib_min=0", "health.disk_mib_min=4294967295"],
        ["health.journal_lag_ms_max=1", "health.journal_lag_ms_max=3600000"],
        ["journal.segment_bytes=65536", "journal.segment_bytes=17179869184"],
        ["journal.checkpoint_s=1", "journal.checkpoint_s=86400"],
        ["journal.ring_lines=262144", "journal.ring_lines=4194304"],
        ["journal.sync_ms=1", "journal.sync_ms=1000"],
        ["journal.keep_days=1", "journal.keep_days=36500"],
        ["journal.keep_mib=256", "journal.keep_mib=1099511627776"],
        ["session.channels=['book']", "session.channels=['instrument', 'book', 'trade', 'ticker']"],
        ["session.ack_ms_max=1", "session.ack_ms_max=3600000"],
        ["session.snapshot_ms_max=1", "session.snapshot_ms_max=3600000"],
        ["session.heartbeat_ms_max=1", "session.heartbeat_ms_max=3600000"],
        ["session.connect_ms_max=1", "session.connect_ms_max=3600000"],
        ["session.ping_ms=1000", "session.ping_ms=3600000"],
        ["session.pace_ms=1", "session.pace_ms=60000"],
        ["session.tries_at_once=0", "session.tries_at_once=10"],
        ["session.retry_ms_min=100", "session.retry_ms_max=3600000"],
        ["session.retry_ms_min=60000", "session.retry_ms_max=60000"],
        ["session.stable_s=1", "session.stable_s=3600"],
        ["session.clock_step_ms_max=1", "session.clock_step_ms_max=3600000"],
        ["link.receive_buffer_bytes=4096", "link.receive_buffer_bytes=1073741824"],
        ["link.busy_poll_us=1", "link.busy_poll_us=1000"],
        ["host.core=0", "host.core=1023"],
        ["host.fifo=1", "host.fifo=99"],
    ];
    for pair in ends {
        // The first alone, then both: where both set one key, the second wins.
        for overrides in [&pair[..1], &pair[..]] {
            if overrides.len() == 1 && pair[0].starts_with("venue.price_precision") {
                continue;
            }
            assert_eq!(set(EUR, overrides).map(|_| ()), Ok(()), "{overrides:?}");
        }
    }
}

#[test]
fn every_key_is_commented_and_in_the_table() {
    let readme = text("README.md");
    for name in [EUR, "kraken-btc-usd.toml", LED, V1, SPOT, PERP, "model-first.toml"] {
        let text = text(name);
        let lines: Vec<_> = text.lines().collect();
        for pair in lines.windows(2).filter(|pair| pair[1].contains(" = ") && !pair[1].starts_with('#')) {
            assert!(pair[0].starts_with("# "), "{name}: no comment above `{}`", pair[1]);
        }
        for (section, key) in keys(name) {
            let path = if section.is_empty() { key } else { format!("{section}.{key}") };
            // All leaders have the same keys.
            let path = path.replace("leader.2", "leader.1").replace("leader.3", "leader.1");
            assert!(readme.contains(&format!("\n| `{path}` |")), "{path} is not in the table");
        }
    }
}
