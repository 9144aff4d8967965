//! What holds whatever happens. A failure names its seed.

use super::rig::{MS_NS, active};
use super::sim::{Sim, seconds};
use hotpath::config::{Config, RegimeConfig, SessionConfig};
use hotpath::record::action;
use hotpath::venue::Wanted;
use std::collections::BTreeSet;

const MINUTES_10_NS: u64 = seconds(600);

/// Most of `times` that lie in any span of `span_ns`.
fn most_within(times: &[u64], span_ns: u64) -> usize {
    times
        .iter()
        .map(|start| times.iter().filter(|at| (*start..start + span_ns).contains(*at)).count())
        .max()
        .unwrap_or(0)
}

fn times(asked: &[(u64, Wanted)], is_meant: impl Fn(&Wanted) -> bool) -> Vec<u64> {
    asked.iter().filter(|(_, wanted)| is_meant(wanted)).map(|(at_ns, _)| *at_ns).collect()
}

/// Waits a tenth as long, so that a minute holds what takes ten otherwise; what the exchange's rules fix stays.
fn hasty(config: &Config) -> Config {
    let SessionConfig { retry_ns_min, retry_ns_max, stable_ns, ping_ns, .. } = config.session;
    let session = SessionConfig {
        retry_ns_min: retry_ns_min / 10,
        retry_ns_max: retry_ns_max / 10,
        stable_ns: stable_ns / 10,
        ping_ns: ping_ns / 10,
        ..config.session
    };
    Config { session, ..*config }
}

/// The same, and regimes change with the few messages that there are.
fn lively(config: &Config) -> Config {
    let regime = RegimeConfig {
        active_per_s: 3,
        active_exit_per_s: 2,
        burst_per_s: 5,
        burst_exit_per_s: 4,
        volatile_ticks: 2,
        volatile_exit_ticks: 1,
        degraded_ns: 100 * MS_NS,
        degraded_exit_ns: 50 * MS_NS,
        dwell_ns: 1_250 * MS_NS,
    };
    Config { regime, ..hasty(config) }
}

/// The exchange blocks who connects too often, and refuses who asks too often.
#[test]
fn nothing_makes_it_ask_too_often() {
    for seed in 0..40 {
        let mut sim = Sim::new(&hasty(&active(if seed % 2 == 0 { &[0, 1] } else { &[0, 0] })), seed);
        sim.go(1_800_000);
        let connects = times(&sim.asked, |wanted| wanted.request.action == action::CONNECT);
        assert!(most_within(&connects, MINUTES_10_NS) <= 75, "seed {seed}");
        assert!(connects.len() > 20, "seed {seed}: {} connects try nothing", connects.len());
        for connection in 0..2 {
            let is_message = |wanted: &Wanted| wanted.request.action >= action::SUBSCRIBE;
            let messages = times(&sim.asked, |wanted| wanted.connection == connection && is_message(wanted));
            assert!(most_within(&messages, seconds(1)) <= 20, "seed {seed}");
        }
        assert!(sim.wakings < 1_800 * 10, "seed {seed}: woken {} times in half an hour", sim.wakings);
    }
}

/// The deadline that the engine names is all that it needs: no time passes by at which it would have done
/// something. Each timer makes it look at everything, so one that comes each millisecond finds what is due.
#[test]
fn waking_it_at_its_deadline_is_as_good_as_waking_it_each_millisecond() {
    let (mut requests, mut changes) = (0, BTreeSet::new());
    for seed in 0..16 {
        let config = lively(&active(if seed % 2 == 0 { &[0, 1] } else { &[0, 0] }));
        let [rested, restless] = [false, true].map(|is_restless| {
            let mut sim = Sim::new(&config, seed);
            sim.is_restless = is_restless;
            sim.go(60_000);
            sim
        });
        let differs = rested.asked.iter().zip(&restless.asked).find(|(one, other)| one != other);
        assert_eq!(differs, None, "seed {seed}");
        assert_eq!((rested.asked.len(), &rested.told), (restless.asked.len(), &restless.told), "seed {seed}");
        assert_eq!(rested.regimes, restless.regimes, "seed {seed}");
        changes.extend(rested.regimes.iter().map(|(_, market, body)| (*market, body.axis, body.to)));
        assert!(rested.wakings * 10 < restless.wakings, "seed {seed}: woken {} times", rested.wakings);
        requests += rested.asked.len();
    }
    assert!(requests > 500, "{requests} requests try nothing");
    // The mid never moves here, and delays only grow: the other changes are tried in the machine's own tests.
    let reached = [(0, 0, 0), (0, 0, 1), (0, 0, 2), (1, 0, 0), (1, 0, 1), (0, 2, 1), (1, 2, 1)];
    assert!(changes.is_superset(&BTreeSet::from(reached)), "{changes:?}");
}

/// From wherever chance has led, an exchange that behaves again leads to trusted books. The longest way: a
/// silence is noticed, the longest wait passes, the connection is made, everything is answered at last.
#[test]
fn an_exchange_that_behaves_again_is_trusted_again_in_time() {
    let session = active(&[0, 1]).session;
    let bound_ms = (session.retry_ns_max + session.ack_ns_max + session.snapshot_ns_max + seconds(5 + 10)) / MS_NS;
    let mut codes = BTreeSet::new();
    for seed in 0..200 {
        let mut sim = Sim::new(&active(if seed % 2 == 0 { &[0, 1] } else { &[0, 0] }), seed);
        sim.go(20_000 + seed * 3_517 % 900_000);
        sim.is_bad = false;
        let since_ns = sim.now_ns();
        while !sim.is_trusted() && sim.now_ns() < since_ns + bound_ms * MS_NS {
            sim.go(100);
        }
        assert!(sim.is_trusted(), "seed {seed}: not after {bound_ms} ms");
        codes.extend(sim.told.iter().map(|(_, _, body)| body.code));
        sim.go(10_000);
        sim.asked.clear();
        sim.go(120_000);
        assert!(sim.is_trusted(), "seed {seed}: trusted, and lost again");
        let asked = times(&sim.asked, |wanted| wanted.request.action <= action::DISCONNECT);
        assert!(asked.is_empty(), "seed {seed}: what is well is left alone");
    }
    // Heartbeats, ack, snapshot, refusal, in vain, silence.
    assert!(codes.is_superset(&BTreeSet::from([1, 2, 3, 4, 5, 9, 10])), "chance led to {codes:?} only");
}
