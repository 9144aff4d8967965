//! When a connection is made again: by cause, close code, HTTP status and system status.

use super::rig::{Rig, active};
use hotpath::record::link;

const STATUS: &str = r#"{"channel":"status","type":"update","data":[{"version":"2.0.10","system":"maintenance","api_version":"v2","connection_id":1}]}"#;

/// How long after the end of its `tries`-th try in a row it is tried again; none: never.
fn wait_ms(tries: u32, cause: u16, close_code: u16, in_maintenance: bool) -> Option<u64> {
    let mut rig = Rig::new(&active(&[0]));
    rig.wake();
    rig.up(0);
    if in_maintenance {
        rig.text(0, STATUS);
    }
    for _ in 1..tries {
        rig.down(0, link::BROKEN, 1006);
        rig.go(100_000);
        rig.hush(0);
    }
    rig.forget();
    let at_ms = rig.now_ms();
    rig.down(0, cause, close_code);
    rig.go(200_000);
    rig.drain().first().map(|(asked_ms, _, _)| asked_ms - at_ms)
}

#[test]
fn connections_are_made_again_by_the_exchanges_rules() {
    const AT_ONCE: (u64, u64) = (0, 0);
    const FIRST: (u64, u64) = (500, 1_000);
    const BUSY: (u64, u64) = (5_000, 5_000);
    const LONGEST: (u64, u64) = (30_000, 60_000);
    let table = [
        (1, link::CLOSED, 1001, false, Some(AT_ONCE)),
        (1, link::CLOSED, 1000, false, Some(AT_ONCE)),
        (1, link::BROKEN, 1006, false, Some(AT_ONCE)),
        (1, link::SILENT, 0, false, Some(AT_ONCE)),
        (1, link::ASKED, 0, false, Some(AT_ONCE)),
        (1, link::NOT_REACHED, 0, false, Some(AT_ONCE)),
        (3, link::BROKEN, 1006, false, Some(AT_ONCE)),
        (4, link::BROKEN, 1006, false, Some(FIRST)),
        (5, link::BROKEN, 1006, false, Some((1_000, 2_000))),
        (7, link::CLOSED, 1001, false, Some((4_000, 8_000))),
        (12, link::NOT_REACHED, 0, false, Some(LONGEST)),
        (1, link::NOT_RESOLVED, 0, false, Some(FIRST)),
        (1, link::NO_ANSWER, 0, false, Some(FIRST)),
        (1, link::TLS, 0, false, Some(FIRST)),
        (1, link::PROTOCOL, 1002, false, Some(FIRST)),
        (1, link::OVERSIZED, 1009, false, Some(FIRST)),
        (1, link::CLOSED, 1008, false, Some((60_000, 60_000))),
        (12, link::CLOSED, 1008, false, Some((60_000, 60_000))),
        (1, link::NOT_UPGRADED, 429, false, Some(BUSY)),
        (1, link::NOT_UPGRADED, 503, false, Some(BUSY)),
        (1, link::NOT_UPGRADED, 500, false, Some(BUSY)),
        (12, link::NOT_UPGRADED, 503, false, Some(LONGEST)),
        (1, link::CLOSED, 1001, true, Some(BUSY)),
        (1, link::NOT_REACHED, 0, true, Some(BUSY)),
        (1, link::NOT_UPGRADED, 400, false, None),
        (1, link::NOT_UPGRADED, 401, false, None),
        (1, link::NOT_UPGRADED, 403, false, None),
        (1, link::NOT_UPGRADED, 404, false, None),
        (1, link::NOT_UPGRADED, 404, true, None),
        (1, link::CERTIFICATE, 0, false, None),
        (1, link::INSTRUMENT, 0, false, None),
    ];
    for (tries, cause, close_code, in_maintenance, expected) in table {
        let found = wait_ms(tries, cause, close_code, in_maintenance);
        let name = link::name(cause).expect("a cause");
        let case = format!("try {tries}, {name} {close_code}, maintenance {in_maintenance}: {found:?}");
        match (found, expected) {
            // The connects of the tries before may be in the way, ten seconds each.
            (Some(wait), Some((least, most))) => assert!((least..=most.max(1)).contains(&wait), "{case}"),
            (found, expected) => assert_eq!(found, expected.map(|(least, _)| least), "{case}"),
        }
    }
}

/// After a good minute the next loss is a first one; it was counted as one less, and a configuration that asks
/// for no connect at once got one.
#[test]
fn a_stable_connection_starts_its_tries_afresh() {
    for (tries_at_once, expected) in [(0, 0), (1, 1), (3, 3)] {
        let mut config = active(&[0]);
        config.session.tries_at_once = tries_at_once;
        let mut rig = Rig::new(&config);
        rig.wake();
        rig.up(0);
        rig.serve();
        for round in 0..3 {
            rig.go(600_000);
            rig.forget();
            let at_ms = rig.now_ms();
            rig.down(0, link::BROKEN, 1006);
            let mut at_once = 0;
            while !rig.drain().is_empty() {
                at_once += 1;
                rig.down(0, link::BROKEN, 1006);
            }
            assert_eq!(at_once, expected, "round {round} of {tries_at_once}");
            assert_eq!(rig.now_ms(), at_ms);
            rig.go(60_000);
            rig.up(0);
            rig.serve();
            assert!(rig.bench.trusted());
        }
    }
}

/// A connection is stable when its books have been trusted for a minute, not when it has been up for one.
#[test]
fn a_minute_without_a_trusted_book_forgets_nothing() {
    let mut config = active(&[0]);
    config.session.tries_at_once = 0;
    let mut rig = Rig::new(&config);
    rig.wake();
    for _ in 0..6 {
        rig.down(0, link::BROKEN, 1006);
        rig.go(60_000);
    }
    rig.up(0);
    rig.serve();
    for _ in 0..4 {
        rig.go(30_000);
        rig.spoil(0);
        rig.serve();
        if !rig.bench.trusted() {
            break;
        }
    }
    rig.forget();
    let at_ms = rig.now_ms();
    rig.down(0, link::BROKEN, 1006);
    rig.go(60_000);
    assert!(rig.drain()[0].0 - at_ms > 10_000);
}

/// Many engines that lose their connections together must not come back together, nor one in a rhythm.
#[test]
fn waits_are_spread_by_chance_and_the_same_in_every_run() {
    let waits = || -> Vec<u64> {
        let mut rig = Rig::new(&active(&[0]));
        rig.wake();
        let mut waits = Vec::new();
        for _ in 0..20 {
            let at_ms = rig.now_ms();
            rig.drain();
            rig.down(0, link::NO_ANSWER, 0);
            rig.go(60_000);
            waits.push(rig.drain()[0].0 - at_ms);
        }
        waits.split_off(12)
    };
    let first = waits();
    assert_eq!(first, waits());
    let distinct: std::collections::BTreeSet<_> = first.iter().collect();
    assert!(distinct.len() > 5 && first.iter().all(|wait| (30_000..=60_000).contains(wait)), "{first:?}");
}

/// Whatever it is that fails, and however often: the exchange blocks an address after 150 attempts in ten
/// minutes, and a connect makes two.
#[test]
fn connects_never_come_near_the_limit() {
    for connections in [&[0][..], &[0, 1]] {
        let mut config = active(connections);
        config.session.tries_at_once = 10;
        config.session.retry_ns_min = 1;
        config.session.retry_ns_max = 1;
        config.session.stable_ns = 1;
        let mut rig = Rig::new(&config);
        rig.wake();
        let mut connects = Vec::new();
        while rig.now_ms() < 3_600_000 {
            for (at_ms, name, connection) in rig.drain() {
                assert_eq!(name, "connect");
                connects.push(at_ms);
                rig.down(connection, link::BROKEN, 1006);
            }
            rig.go(1);
        }
        let within = |start: u64| connects.iter().filter(|at_ms| (start..start + 600_000).contains(*at_ms)).count();
        let most = connects.iter().map(|start| within(*start)).max().expect("connects");
        assert!((60..=75).contains(&most), "{most} in ten minutes on {connections:?}");
    }
}
