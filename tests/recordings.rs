//! The engine on real recordings of the exchange, against a naive client.
//!
//! Needs FATHOM_DATA; says so when it skips.

mod support;
#[path = "support/twin.rs"]
mod twin;

use fathom::memory::Memory;
use fathom::replay::replay;
use fathom::verify::verify;
use hotpath::config::Config;
use hotpath::diary::Diary;
use hotpath::halt::Halt;
use hotpath::input::Input;
use hotpath::record::{Body, Features, Line, head_of};
use hotpath::turn::{Core, records};
use hotpath::venue::Frame;
use hotpath::venue::kraken::Kraken;
use support::{config, frames, imported, recording};
use twin::Twin;

const DEPTH_25: &str = "kraken-v2/kraken_btcusd_sample.cbcap";
const DEPTH_10: &str = "kraken-v2/kraken_btcusd_l2.cbcap";

/// Keeps the features of the last turn.
#[derive(Default)]
struct LastFeatures(Option<Features>);

impl Diary for LastFeatures {
    type Error = Halt;

    fn append(&mut self, _: &Line, _: &[u8]) -> Result<(), Halt> {
        Ok(())
    }

    fn append_lines(&mut self, lines: &[Line]) -> Result<(), Halt> {
        let found = records(lines).filter(|record| head_of(record).is_some_and(|head| head.kind == Features::KIND));
        self.0 = found.filter_map(hotpath::record::body_of).last().or(self.0);
        Ok(())
    }
}

/// Feeds frames one by one and shows the core after each.
fn drive(
    config: &Config,
    frames: &[&(u64, Vec<u8>)],
    mut after: impl FnMut(usize, &Core<'_, Kraken>, Option<Features>),
) {
    let mut memory = Memory::new();
    let mut core = memory.start(Kraken, config).expect("a configuration");
    let mut diary = LastFeatures::default();
    for (index, (recv_ns, bytes)) in frames.iter().enumerate() {
        let frame = Frame::received(0, 1, bytes);
        let input = Input::Frame { frame, recv_ns: *recv_ns, kernel_utc_ns: 0, end_of_read: true };
        diary.0 = None;
        core.turn(*recv_ns, &input, &mut diary).expect("no halt");
        after(index, &core, diary.0);
    }
}

fn check_import(name: &str, sets: &[&str], checksums: u64, snapshots: u64, gaps: u64) {
    let Some(path) = recording(name) else { return };
    let (folder, imported) = imported(&path, &config("kraken-btc-usd.toml", sets));
    let again = folder.path().join("again.bin");
    let reports = replay(&imported.segments, Some(&again), None).expect("a replay");
    assert!(reports.iter().all(|report| report.is_match() && report.is_whole()));
    let counted = reports[0].outcomes[0].checksums;
    assert_eq!(counted, (checksums, 0));
    assert_eq!(reports[0].scan.kinds[&hotpath::record::Kind::SNAPSHOT], snapshots);
    assert_eq!(std::fs::read(&again).expect("a copy"), std::fs::read(&imported.segments[0]).expect("a journal"));
    let verified = verify(&imported.segments[0]).expect("a journal");
    assert!(verified.is_ok());
    assert_eq!(
        (verified.counts.checksums_ok, verified.counts.checksums_bad, verified.counts.unverifiable),
        (checksums, 0, 0)
    );
    assert_eq!(verified.gaps, gaps);
    // Another set of the same records: receive times are those of the recording.
    let bytes = std::fs::read(&path).expect("a recording");
    let segment = journal::Segment::open(&imported.segments[0]).expect("a journal");
    let recorded: Vec<_> = segment
        .items()
        .filter_map(|item| match item {
            journal::Item::Record(record) => hotpath::record::body_of::<hotpath::record::Frame>(record.bytes),
            journal::Item::Damage(_) => None,
        })
        .map(|frame| frame.recv_ns)
        .collect();
    assert_eq!(recorded, frames(&bytes).iter().map(|frame| frame.0).collect::<Vec<_>>());
}

#[test]
fn depth_25_verifies_and_replays() {
    check_import(DEPTH_25, &["venue.depth=25"], 2_052, 1, 0);
}

/// Four times the exchange confirms an unsubscribe while a book is held: four gaps.
#[test]
fn depth_10_verifies_and_replays_with_its_five_snapshots() {
    check_import(DEPTH_10, &["venue.depth=10"], 301, 5, 4);
}

/// What the importer must not do is guess: without the cut most checksums fail.
#[test]
fn without_the_cut_to_depth_only_220_checksums_hold() {
    let Some(path) = recording(DEPTH_25) else { return };
    let bytes = std::fs::read(path).expect("a recording");
    let all = frames(&bytes);
    // The ack would tell the true depth; without it the configured one holds.
    let unacked: Vec<_> = all.iter().filter(|frame| !frame.1.starts_with(b"{\"method\"")).collect();
    let loaded = config("kraken-btc-usd.toml", &["venue.depth=1000"]);
    let mut last = (0, 0);
    drive(&loaded.config, &unacked, |_, core, _| {
        let counts = core.engine().markets()[0].state.counts;
        last = (counts.checksums_ok, counts.checksums_bad);
    });
    assert_eq!(last, (220, 1_832));
}

/// Leaves out one update after another. The engine must stop believing exactly where a naive client
/// would, and start again exactly where it would. Returns how many were found at the very next message.
fn leave_out_each(name: &str, depth: usize, stride: usize) -> Option<(usize, usize)> {
    let path = recording(name)?;
    let all = frames(&std::fs::read(path).expect("a recording"));
    let is_update = |frame: &(u64, Vec<u8>)| frame.1.starts_with(b"{\"channel\":\"book\",\"type\":\"update\"");
    let updates: Vec<usize> = (0..all.len()).filter(|at| is_update(&all[*at])).collect();
    let loaded = config("kraken-btc-usd.toml", &[&format!("venue.depth={depth}")]);
    let (mut tried, mut found_at_once) = (0, 0);
    for out in updates.iter().step_by(stride) {
        let kept: Vec<_> = all.iter().enumerate().filter(|(at, _)| at != out).map(|(_, frame)| frame).collect();
        let mut twin = Twin::new(depth, 1, 8);
        let mut next_update = None;
        drive(&loaded.config, &kept, |index, core, _| {
            let text = std::str::from_utf8(&kept[index].1).expect("text");
            let held = twin.take(text);
            let market = &core.engine().markets()[0].state;
            assert_eq!(market.trust.is_trusted(), twin.trusted, "left out {out}, frame {index}");
            assert_eq!(
                (market.counts.checksums_ok, market.counts.checksums_bad),
                (twin.ok, twin.bad),
                "left out {out}, frame {index}"
            );
            if index >= *out && next_update.is_none() && is_update(kept[index]) {
                next_update = held;
            }
        });
        if let Some(held) = next_update {
            tried += 1;
            found_at_once += usize::from(!held);
        }
    }
    Some((found_at_once, tried))
}

/// The checksum sees the top ten levels: an update that is missing shows at once when it touched them
/// and stayed there.
#[test]
fn a_missing_update_is_found_where_a_naive_client_finds_it_depth_10() {
    let Some(found) = leave_out_each(DEPTH_10, 10, 1) else { return };
    assert_eq!(found, (229, 295));
}

#[test]
fn a_missing_update_is_found_where_a_naive_client_finds_it_depth_25() {
    let Some((_, tried)) = leave_out_each(DEPTH_25, 25, 41) else { return };
    // Of 51 the last has no update after it.
    assert_eq!(tried, 50);
}

/// Features on real books against their formulas in floating point; bounds as in hotpath's README.
#[test]
fn features_agree_with_floats_on_the_recordings() {
    for (name, depth) in [(DEPTH_25, 25), (DEPTH_10, 10)] {
        let Some(path) = recording(name) else { return };
        let all = frames(&std::fs::read(path).expect("a recording"));
        let loaded = config("kraken-btc-usd.toml", &[&format!("venue.depth={depth}")]);
        let levels = loaded.config.markets[0].imbalance_levels as usize;
        let half_life_s = loaded.config.markets[0].vol_half_life_ns as f64 / 1e9;
        let mut twin = Twin::new(depth, 1, 8);
        let mut vol = FloatVol { half_life_s, rate: 0.0, mid: None, at_s: 0.0 };
        let mut compared = 0;
        drive(&loaded.config, &all.iter().collect::<Vec<_>>(), |index, _, features| {
            let before = twin.trusted;
            twin.take(std::str::from_utf8(&all[index].1).expect("text"));
            if before && !twin.trusted {
                vol.mid = None;
            }
            let Some(features) = features else { return };
            assert!(twin.trusted);
            compared += 1;
            let now_s = (all[index].0 - all[0].0) as f64 / 1e9;
            check_features(&features, &twin, levels, vol.observe(&twin, now_s));
        });
        assert!(compared > 290, "{compared}");
    }
}

struct FloatVol {
    half_life_s: f64,
    rate: f64,
    mid: Option<f64>,
    at_s: f64,
}

impl FloatVol {
    fn observe(&mut self, twin: &Twin, now_s: f64) -> f64 {
        let (bid, ask) = (twin.bids.last_key_value().expect("a bid"), twin.asks.first_key_value().expect("an ask"));
        let mid = (bid.0 + ask.0) as f64 / 2.0;
        let decay = |age_s: f64| (-age_s / self.half_life_s).exp2();
        let rate = self.rate * decay(now_s - self.at_s);
        if self.mid != Some(mid) {
            let gained =
                self.mid.map_or(0.0, |before| (mid - before).powi(2) * std::f64::consts::LN_2 / self.half_life_s);
            if self.mid.is_some() {
                self.rate = rate + gained;
            }
            (self.mid, self.at_s) = (Some(mid), now_s);
            return (rate + gained).sqrt();
        }
        rate.sqrt()
    }
}

fn check_features(features: &Features, twin: &Twin, levels: usize, vol: f64) {
    let (bid, ask) = (twin.bids.last_key_value().expect("a bid"), twin.asks.first_key_value().expect("an ask"));
    assert_eq!((features.bid_ticks, features.bid_lots), (*bid.0, *bid.1));
    assert_eq!((features.ask_ticks, features.ask_lots), (*ask.0, *ask.1));
    assert_eq!(
        (usize::from(features.bid_levels), usize::from(features.ask_levels)),
        (twin.bids.len(), twin.asks.len())
    );
    let q16 = |bits: i64| bits as f64 / 65_536.0;
    let spread = (ask.0 - bid.0) as f64;
    assert_eq!(q16(features.mid_q16), (bid.0 + ask.0) as f64 / 2.0);
    let micro = *bid.0 as f64 + spread * *bid.1 as f64 / (bid.1 + ask.1) as f64;
    assert!((q16(features.micro_q16) - micro).abs() <= 2.0 / 65_536.0 + spread * 2.0_f64.powi(-29));
    let bids: i64 = twin.bids.values().rev().take(levels).sum();
    let asks: i64 = twin.asks.values().take(levels).sum();
    let imbalance = (bids - asks) as f64 / (bids + asks) as f64;
    assert!((f64::from(features.imbalance_q30) / 2.0_f64.powi(30) - imbalance).abs() <= 2.0_f64.powi(-29));
    let found = q16(features.vol_q16);
    assert!((found - vol).abs() <= vol * 1e-4 + 1e-3, "{found} {vol}");
}
