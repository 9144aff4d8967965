//! The thresholds of regimes.

use super::*;

/// A file from before there were regimes means what is right for BTC on Kraken, and says that it is the default.
#[test]
fn a_file_without_regimes_has_the_defaults() {
    let folder = TempDir::new().expect("a folder");
    let shipped = text(EUR);
    let (before, section) = shipped.split_once("\n[regime]\n").expect("the section");
    let (_, after) = section.split_once("\n[health]\n").expect("the next one");
    fs::write(folder.path().join(EUR), format!("{before}\n[health]\n{after}")).expect("a file");
    fs::write(folder.path().join("model-first.toml"), text("model-first.toml")).expect("a file");
    let bare = load(&folder.path().join(EUR), &[]).expect("it loads");
    assert_eq!(bare.config.regime, set(EUR, &[]).expect("it loads").config.regime);
    let regime = bare.config.regime;
    let counts = [regime.active_per_s, regime.active_exit_per_s, regime.burst_per_s, regime.burst_exit_per_s];
    assert_eq!(counts, [100, 50, 300, 150]);
    assert_eq!((regime.volatile_ticks, regime.volatile_exit_ticks), (20, 15));
    let times = [regime.degraded_ns, regime.degraded_exit_ns, regime.dwell_ns];
    assert_eq!(times, [50_000_000, 25_000_000, 2_000_000_000]);
    let told: Vec<_> = bare.effective.iter().filter(|row| row.key.starts_with("regime.")).collect();
    assert_eq!(told.len(), 9);
    assert!(told.iter().all(|row| row.place == "default"), "{told:?}");
    let readme = text("README.md");
    for row in told {
        let line = readme.lines().find(|line| line.starts_with(&format!("| `{}` |", row.key))).expect("a line");
        assert!(line.contains(&format!("; {} when absent |", row.value)), "{line}");
    }
    let other = load(&folder.path().join(EUR), &["regime.dwell_ms=7".to_owned()]).expect("it loads");
    assert_eq!(other.config.regime.dwell_ns, 7_000_000);
}

/// Each level is left below where it is entered, and lies above the one before it.
#[test]
fn thresholds_of_regimes_are_in_order() {
    for (text, wanted) in [
        (
            "regime.active_exit_per_s=100",
            "`regime.active_exit_per_s` is 100; wanted: less than `regime.active_per_s`, 100",
        ),
        (
            "regime.burst_exit_per_s=300",
            "`regime.burst_exit_per_s` is 300; wanted: less than `regime.burst_per_s`, 300",
        ),
        ("regime.burst_per_s=100", "`regime.active_per_s` is 100; wanted: less than `regime.burst_per_s`, 100"),
        (
            "regime.burst_exit_per_s=50",
            "`regime.active_exit_per_s` is 50; wanted: less than `regime.burst_exit_per_s`, 50",
        ),
        (
            "regime.volatile_exit_ticks=21",
            "`regime.volatile_exit_ticks` is 21; wanted: less than `regime.volatile_ticks`",
        ),
        ("regime.degraded_exit_ms=50", "`regime.degraded_exit_ms` is 50; wanted: less than `regime.degraded_ms`, 50"),
        ("regime.dwell_ms=0", "`regime.dwell_ms` is 0; wanted: an integer from 1 to 3600000, milliseconds"),
    ] {
        let error = set(EUR, &[text]).map(drop).expect_err(text);
        assert!(error.contains(wanted), "{text}: {error}");
    }
}
