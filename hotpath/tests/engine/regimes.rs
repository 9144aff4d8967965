//! Regimes as the engine keeps them: from frames to records.

use crate::feed::{Bench, Exchange, SECOND_NS, bodies, config, market};
use hotpath::config::{Config, MarketConfig, RegimeConfig};
use hotpath::input::Input;
use hotpath::record::{Kind, Link, Quote, Regime, Timer, body_of, head_of, link};
use hotpath::regime::Axis;

const MS_NS: u64 = 1_000_000;

fn lively() -> Config {
    let regime = RegimeConfig {
        active_per_s: 5,
        active_exit_per_s: 3,
        burst_per_s: 20,
        burst_exit_per_s: 10,
        volatile_ticks: 2,
        volatile_exit_ticks: 1,
        degraded_ns: 300 * MS_NS,
        degraded_exit_ns: 150 * MS_NS,
        dwell_ns: 2 * SECOND_NS,
    };
    Config { regime, ..inert() }
}

/// Regimes that never change.
fn inert() -> Config {
    config(&[MarketConfig { vol_half_life_ns: 100 * MS_NS, ..market("BTC/EUR", 1, 8, 10) }])
}

/// Wakes it as it wants to be, up to a time.
fn wait(bench: &mut Bench, until_ns: u64) {
    loop {
        let due_ns = bench.core.engine().deadline_ns();
        if due_ns > until_ns {
            break;
        }
        bench.now_ns = due_ns;
        bench.take_now(Input::Timer(Timer { due_ns, spare: [0; 2] }));
    }
    bench.now_ns = until_ns;
}

/// Seconds that are busier and busier and then quiet, with a mid that moves and a book that is lost on the way.
fn played(config: &Config) -> Bench {
    let mut bench = Bench::new(config);
    let mut exchange = Exchange::new("BTC/EUR", 10, 1, 8);
    bench.frame(&exchange.snapshot());
    for step in 0..300_i64 {
        let gap_ms = [400, 90, 20, 7, 150, 900][(step / 25) as usize % 6];
        let until_ns = bench.now_ns + gap_ms * MS_NS;
        wait(&mut bench, until_ns);
        let best = *exchange.asks.first_key_value().expect("an ask").0;
        if step % 9 == 0 && exchange.asks.len() > 5 {
            let moved = [(true, best, 0), (true, best + 1, 0), (true, best + 20, 7), (true, best + 21, 7)];
            bench.frame(&exchange.update(&moved));
        } else {
            bench.frame(&exchange.update(&[(true, best, 5 + step)]));
        }
        if step % 70 == 69 {
            bench.frame("{\"channel\":\"book\",");
            bench.frame(&exchange.snapshot());
        }
    }
    let end_ns = bench.now_ns + 60 * SECOND_NS;
    wait(&mut bench, end_ns);
    bench
}

fn told(bench: &Bench) -> Vec<(u64, u16, Regime)> {
    let of = |record: &Vec<u8>| {
        let head = head_of(record)?;
        Some((head.taken_ns, head.instrument, body_of::<Regime>(record)?))
    };
    bench.diary.0.iter().filter_map(of).collect()
}

/// However the journal is cut, and wherever checkpoints stand, the same changes are told at the same times.
#[test]
fn any_segmentation_tells_the_same() {
    let mut cut = lively();
    cut.journal.segment_bytes = 64 * 1024;
    cut.journal.checkpoint_ns = SECOND_NS;
    let (whole, cut) = (played(&lively()), played(&cut));
    let changes = told(&whole);
    let levels: std::collections::BTreeSet<_> = changes.iter().map(|(_, _, body)| (body.axis, body.to)).collect();
    assert!(levels.is_superset(&[(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)].into()), "{levels:?}");
    assert!(changes.iter().all(|(_, instrument, _)| *instrument == 0));
    let checkpoints = |bench: &Bench| bench.diary.0.iter().filter(|record| is(record, Kind::CHECKPOINT)).count();
    assert!(checkpoints(&cut) > 2 * checkpoints(&whole));
    assert_eq!(told(&cut), changes);
}

fn is(record: &[u8], kind: Kind) -> bool {
    head_of(record).is_some_and(|head| head.kind == kind)
}

/// Nothing depends on regimes yet: the quotes are those of an engine whose regimes never change.
#[test]
fn no_quote_depends_on_them() {
    let quotes = |bench: &Bench| bench.diary.0.iter().filter_map(|record| body_of::<Quote>(record)).collect::<Vec<_>>();
    let (lively, inert) = (played(&lively()), played(&inert()));
    assert!(told(&inert).is_empty() && quotes(&inert).len() > 20);
    assert_eq!(quotes(&lively), quotes(&inert));
}

/// A message with many events is one message, and one of another channel is none.
#[test]
fn messages_are_counted_and_not_their_events() {
    let trades = |count: usize| {
        let row = "{\"symbol\":\"BTC/EUR\",\"side\":\"buy\",\"price\":100.1,\"qty\":0.5,\"ord_type\":\"limit\",\
                   \"trade_id\":7,\"timestamp\":\"2026-08-01T02:53:53.000001Z\"}";
        format!("{{\"channel\":\"trade\",\"type\":\"update\",\"data\":[{}]}}", vec![row; count].join(","))
    };
    let mut bench = Bench::new(&lively());
    for _ in 0..4 {
        assert!(bodies::<Regime>(&bench.frame(&trades(9))).is_empty());
        bench.frame("{\"channel\":\"heartbeat\"}");
    }
    let changes: Vec<Regime> = bodies(&bench.frame(&trades(2)));
    let start_ns = SECOND_NS + MS_NS;
    let lasted_ns = bench.now_ns - start_ns;
    let wanted = Regime { axis: Axis::Activity as u16, from: 0, to: 1, spare: 0, value: 5, lasted_ns };
    assert_eq!(changes, [wanted]);
}

/// A connection that is lost resets nothing: activity ends by itself, the volatility stays until there is a mid again.
#[test]
fn a_lost_connection_resets_nothing() {
    let mut bench = Bench::new(&lively());
    let mut exchange = Exchange::new("BTC/EUR", 10, 1, 8);
    bench.frame(&exchange.snapshot());
    for step in 0..6 {
        let best = *exchange.asks.first_key_value().expect("an ask").0;
        bench.frame(&exchange.update(&[(true, best, 0), (true, best + 30, 7 + step)]));
    }
    let level = |bench: &Bench, axis| bench.core.engine().markets()[0].state.regimes.level(axis);
    assert_eq!([Axis::Activity, Axis::Volatility].map(|axis| level(&bench, axis)), [1, 1]);
    let down = Link { up: 0, cause: link::BROKEN, close_code: 0, spare: 0, recv_ns: 0, spare_tail: 0 };
    assert!(bodies::<Regime>(&bench.take(Input::Link(0, down))).is_empty());
    let until_ns = bench.now_ns + 3_600 * SECOND_NS;
    wait(&mut bench, until_ns);
    let last = *told(&bench).last().expect("a change");
    assert_eq!((last.2.axis, last.2.to), (Axis::Activity as u16, 0));
    let due_ns = (SECOND_NS + MS_NS + last.2.lasted_ns).max(2 * SECOND_NS);
    assert!(last.0 < due_ns + SECOND_NS, "told when it happened, not when somebody looked");
    assert_eq!(level(&bench, Axis::Volatility), 1);
    let changes: Vec<Regime> = bodies(&bench.frame(&exchange.snapshot()));
    assert_eq!(changes.iter().map(|body| (body.axis, body.to)).collect::<Vec<_>>(), [(Axis::Volatility as u16, 0)]);
}
