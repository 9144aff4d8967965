//! The state machine against a naive model that keeps every message.

use super::{AXES, Axis, PART_NS, Regimes, Seen, Surroundings, WINDOW_NS, level_name};
use crate::config::RegimeConfig;
use crate::features::Vol;
use crate::lines::{Lines, Place};
use crate::record::{Line, NO_CONNECTION, Regime, body_of, head_of};
use bytemuck::Zeroable;
use proptest::collection::vec;
use proptest::prelude::*;
use std::vec::Vec;

const MS_NS: u64 = 1_000_000;
const HALF_LIFE_NS: u64 = 400 * MS_NS;
/// The difference of the clocks is anything; the exchange's is far ahead here.
const OFFSET_NS: u64 = 1_700_000_000_000_000_000;

fn config() -> RegimeConfig {
    RegimeConfig {
        active_per_s: 4,
        active_exit_per_s: 3,
        burst_per_s: 9,
        burst_exit_per_s: 6,
        volatile_ticks: 5,
        volatile_exit_ticks: 3,
        degraded_ns: 40 * MS_NS,
        degraded_exit_ns: 20 * MS_NS,
        dwell_ns: 700 * MS_NS,
    }
}

/// An input, so long after the one before it.
#[derive(Clone, Copy, Debug)]
enum Input {
    /// A message of this market: its delay, none without a stamp, and the mid behind it, half ticks.
    Message(Option<u64>, i64),
    /// Another input.
    Other,
    /// The book stops being trusted, or is again.
    Trust(bool),
}

type Script = Vec<(u64, Input)>;

fn script() -> impl Strategy<Value = Script> {
    let gap_ms = prop_oneof![8 => 0_u64..60, 2 => 60_u64..400, 1 => 400_u64..3_000, 1 => Just(WINDOW_NS / MS_NS)];
    let delay = prop_oneof![1 => Just(None), 4 => (0_u64..90).prop_map(Some)];
    let input = prop_oneof![
        8 => (delay, 1_000_i64..1_020).prop_map(|(delay, mid)| Input::Message(delay, mid)),
        2 => Just(Input::Other),
        1 => any::<bool>().prop_map(Input::Trust),
    ];
    vec((gap_ms, input), 1..120)
}

/// The least state around the machine: what the engine does with it.
struct Rig {
    regimes: Regimes,
    vol: Vol,
    is_trusted: bool,
    lines: Vec<Line>,
    told: Vec<(u64, Regime)>,
}

impl Rig {
    fn new() -> Self {
        let lines = std::vec![Line::ZERO; 16];
        Self { regimes: Regimes::START, vol: Vol::zeroed(), is_trusted: true, lines, told: Vec::new() }
    }

    fn judge(&mut self, at_ns: u64, now_ns: u64) {
        let config = config();
        let vol = self.is_trusted.then_some(&self.vol);
        let around = Surroundings { config: &config, vol, half_life_ns: HALF_LIFE_NS };
        let mut out = Lines::new(&mut self.lines);
        out.begin(0, now_ns, NO_CONNECTION);
        self.regimes.judge(around, (at_ns, now_ns), Place::default(), &mut out).expect("room");
        for record in crate::turn::records(out.as_lines()) {
            self.told.push((head_of(record).expect("a head").taken_ns, body_of(record).expect("REGIME")));
        }
    }

    fn take(&mut self, now_ns: u64, input: Input) {
        if let Some(begun_ns) = self.regimes.open(now_ns) {
            self.judge(begun_ns, now_ns);
        }
        match input {
            Input::Message(delay_ms, mid) => {
                let exch_ns = delay_ms.map_or(0, |delay_ms| OFFSET_NS + now_ns - delay_ms * MS_NS);
                self.regimes.count(Seen { taken_ns: now_ns, exch_ns });
                self.regimes.count(Seen { taken_ns: now_ns, exch_ns: 0 });
                if self.is_trusted {
                    self.vol.observe(mid, now_ns, HALF_LIFE_NS);
                }
            }
            Input::Trust(is_trusted) => {
                self.is_trusted = is_trusted;
                self.vol.restart();
                // A book is trusted again by a message.
                if is_trusted {
                    self.regimes.count(Seen { taken_ns: now_ns, exch_ns: 0 });
                }
            }
            Input::Other => {}
        }
        if self.regimes.is_counted() {
            self.judge(now_ns, now_ns);
        }
    }
}

/// A window of the least delay ends soon.
const START_NS: u64 = WINDOW_NS - 1_500_000_007;
/// After so long without a message everything is calm, or stays as it is.
const QUIET_NS: u64 = 20_000 * MS_NS;

/// Takes the script, woken when the machine wants to be; or each millisecond.
fn run(script: &Script, is_restless: bool) -> Rig {
    let mut rig = Rig::new();
    rig.take(START_NS, Input::Other);
    let mut now_ns = START_NS;
    let until = |rig: &mut Rig, mut now_ns: u64, end_ns: u64| {
        loop {
            let next_ns = if is_restless { (now_ns / MS_NS + 1) * MS_NS } else { rig.regimes.due_ns() };
            assert!(next_ns > now_ns, "due at {next_ns}, which is over");
            if next_ns >= end_ns {
                return;
            }
            now_ns = next_ns;
            rig.take(next_ns, Input::Other);
        }
    };
    for (gap_ms, input) in script {
        let at_ns = now_ns + gap_ms * MS_NS;
        // Ten minutes without a message are not walked through millisecond by millisecond: nothing is left after 20 s.
        let end_ns = if is_restless { at_ns.min(now_ns + QUIET_NS) } else { at_ns };
        until(&mut rig, now_ns, end_ns);
        now_ns = at_ns;
        rig.take(at_ns, *input);
    }
    until(&mut rig, now_ns, now_ns + QUIET_NS);
    rig
}

/// Every message with its time and its difference of the clocks; what is counted is looked up anew each time.
#[derive(Default)]
struct Naive {
    messages: Vec<(u64, Option<i128>)>,
    levels: [u16; 3],
    since_ns: [u64; 3],
    told: Vec<(u64, u16, u16, u16)>,
}

impl Naive {
    fn value(&self, axis: Axis, vol: Option<i64>, now_ns: u64) -> Option<i128> {
        let part = now_ns / PART_NS;
        let second = || self.messages.iter().filter(|(at_ns, _)| at_ns / PART_NS + 10 > part);
        match axis {
            Axis::Activity => Some(second().count() as i128),
            Axis::Volatility => vol.map(i128::from),
            Axis::Delay => {
                let least = second().filter_map(|(_, difference)| *difference).min()?;
                let window = now_ns / WINDOW_NS;
                let near = self.messages.iter().filter(|(at_ns, _)| at_ns / WINDOW_NS + 1 >= window);
                Some(least - near.filter_map(|(_, difference)| *difference).min()?)
            }
        }
    }

    fn wanted(axis: Axis, level: u16, value: i128, is_free: bool) -> u16 {
        let config = config();
        let q16 = |ticks: i64| i128::from(ticks) * 65_536;
        let rungs: &[(i128, i128)] = match axis {
            Axis::Activity => &[
                (config.active_per_s.into(), config.active_exit_per_s.into()),
                (config.burst_per_s.into(), config.burst_exit_per_s.into()),
            ],
            Axis::Volatility => &[(q16(config.volatile_ticks), q16(config.volatile_exit_ticks))],
            Axis::Delay => &[(config.degraded_ns.into(), config.degraded_exit_ns.into())],
        };
        // The wildest level that the value enters, or that it does not leave.
        let stays = |at: usize, (enter, exit): (i128, i128)| {
            value >= enter || (at < usize::from(level) && (value >= exit || !is_free))
        };
        let holds = rungs.iter().enumerate().rev().find(|(at, rung)| stays(*at, **rung));
        holds.map_or(0, |(at, _)| at as u16 + 1)
    }

    fn judge(&mut self, vol: Option<i64>, at_ns: u64, now_ns: u64) {
        for axis in AXES {
            let place = axis as usize;
            let Some(value) = self.value(axis, vol, at_ns) else { continue };
            let is_free = at_ns >= self.since_ns[place] + config().dwell_ns;
            let (from, to) = (self.levels[place], Self::wanted(axis, self.levels[place], value, is_free));
            if from != to {
                self.levels[place] = to;
                self.since_ns[place] = now_ns;
                self.told.push((now_ns, axis as u16, from, to));
            }
        }
    }
}

/// What a naive model says of the script when it is looked at each millisecond.
fn naive(script: &Script) -> Vec<(u64, u16, u16, u16)> {
    let mut model = Naive { since_ns: [START_NS; 3], ..Naive::default() };
    let (mut vol, mut is_trusted, mut part) = (Vol::zeroed(), true, START_NS / PART_NS);
    let mut events: Vec<(u64, Input)> = Vec::new();
    let mut now_ns = START_NS;
    for (gap_ms, input) in script {
        now_ns += gap_ms * MS_NS;
        events.push((now_ns, *input));
    }
    events.push((now_ns + QUIET_NS - 1, Input::Other));
    for (at_ns, input) in events {
        // Every part that begins, one after another.
        while part < at_ns / PART_NS {
            part += 1;
            let begun_ns = part * PART_NS;
            model.judge(is_trusted.then(|| vol.vol_q16(begun_ns, HALF_LIFE_NS)), begun_ns, begun_ns);
        }
        let mut is_message = false;
        match input {
            Input::Message(delay_ms, mid) => {
                let stamp = |delay_ms: u64| i128::from(delay_ms * MS_NS) - i128::from(OFFSET_NS);
                model.messages.push((at_ns, delay_ms.map(stamp)));
                if is_trusted {
                    vol.observe(mid, at_ns, HALF_LIFE_NS);
                }
                is_message = true;
            }
            Input::Trust(now_trusted) => {
                is_trusted = now_trusted;
                vol.restart();
                if is_trusted {
                    model.messages.push((at_ns, None));
                    is_message = true;
                }
            }
            Input::Other => {}
        }
        if is_message {
            model.judge(is_trusted.then(|| vol.vol_q16(at_ns, HALF_LIFE_NS)), at_ns, at_ns);
        }
    }
    model.told
}

fn brief(told: &[(u64, Regime)]) -> Vec<(u64, u16, u16, u16)> {
    told.iter().map(|(at_ns, body)| (*at_ns, body.axis, body.from, body.to)).collect()
}

proptest! {
    /// Woken at its deadlines it says what the naive model says, which looks at every part of every second, and what it says
    /// when it is woken each millisecond, to the byte.
    #[test]
    fn it_says_what_a_naive_model_says(script in script()) {
        let rested = run(&script, false);
        prop_assert_eq!(brief(&rested.told), naive(&script));
        prop_assert_eq!(&rested.told, &run(&script, true).told);
    }

    /// On no axis a calmer level follows sooner than the dwell behind a change, and what is told is a chain in which
    /// each level lasted as long as is said.
    #[test]
    fn it_cannot_chatter(script in script()) {
        let told = run(&script, false).told;
        for axis in AXES {
            let (mut level, mut since_ns, mut ups) = (0, START_NS, 0_usize);
            for (at_ns, body) in told.iter().filter(|(_, body)| body.axis == axis as u16) {
                prop_assert_eq!(body.from, level);
                prop_assert_eq!(body.lasted_ns, at_ns - since_ns);
                if body.to < body.from {
                    prop_assert!(body.lasted_ns >= config().dwell_ns);
                    ups = 0;
                } else {
                    ups += 1;
                    prop_assert!(ups < axis.levels().len(), "more changes up than levels above");
                }
                (level, since_ns) = (body.to, *at_ns);
            }
        }
    }

    /// Between enter and exit nothing changes, however the values jump about.
    #[test]
    fn nothing_changes_between_enter_and_exit(counts in vec(0_u64..2, 1..40)) {
        // Three messages a second at most: less than what enters.
        let script: Script = counts.iter().map(|gap| (340 + gap, Input::Message(None, 1_000))).collect();
        prop_assert!(run(&script, false).told.is_empty());
    }
}

/// One step goes over several levels, both ways.
#[test]
fn a_burst_is_entered_and_left_at_once() {
    let mut rig = Rig::new();
    rig.take(START_NS, Input::Other);
    for _ in 0..9 {
        rig.take(START_NS + MS_NS, Input::Message(None, 1_000));
    }
    rig.take(START_NS + 5_000 * MS_NS, Input::Other);
    let levels: Vec<_> = rig.told.iter().map(|(_, body)| (body.from, body.to, body.value)).collect();
    assert_eq!(levels, [(0, 1, 4), (1, 2, 9), (2, 0, 0)]);
}

/// A mid that moved once: the market is quiet again in the first part of a second that begins below the exit, and it is
/// woken then and not before.
#[test]
fn volatility_wears_off_without_a_message() {
    let mut rig = Rig::new();
    rig.take(START_NS, Input::Message(None, 1_000));
    rig.take(START_NS + MS_NS, Input::Message(None, 1_012));
    let due_ns = rig.regimes.due_ns();
    assert_eq!(due_ns % PART_NS, 0);
    let exit_q16 = config().volatile_exit_ticks << 16;
    assert!(rig.vol.vol_q16(due_ns, HALF_LIFE_NS) < exit_q16);
    assert!(rig.vol.vol_q16(due_ns - PART_NS, HALF_LIFE_NS) >= exit_q16);
    rig.take(due_ns - 1, Input::Other);
    assert_eq!(rig.told.len(), 1);
    rig.take(due_ns, Input::Other);
    let levels: Vec<_> = rig.told.iter().map(|(_, body)| (body.axis, body.from, body.to)).collect();
    assert_eq!(levels, [(1, 0, 1), (1, 1, 0)]);
    assert_eq!(rig.regimes.due_ns(), u64::MAX, "everything is calm");
}

/// Only when even the quickest message of a second is late is the market degraded.
#[test]
fn one_quick_message_in_a_second_keeps_the_delay_normal() {
    let mut rig = Rig::new();
    rig.take(START_NS, Input::Message(Some(0), 1_000));
    for at in 1..30 {
        let delay_ms = if at % 5 == 0 { 5 } else { 80 };
        rig.take(START_NS + at * 150 * MS_NS, Input::Message(Some(delay_ms), 1_000));
    }
    assert!(rig.told.iter().all(|(_, body)| body.axis != Axis::Delay as u16), "{:?}", rig.told);
    for at in 30..40 {
        rig.take(START_NS + at * 150 * MS_NS, Input::Message(Some(80), 1_000));
    }
    let delays: Vec<_> = rig.told.iter().filter(|(_, body)| body.axis == Axis::Delay as u16).collect();
    assert_eq!(delays.iter().map(|(_, body)| (body.to, body.value)).collect::<Vec<_>>(), [(1, 80 * MS_NS as i64)]);
}

/// What the quickest message took is forgotten with its window and the next: clocks drift.
#[test]
fn the_least_delay_of_long_ago_is_forgotten() {
    for (windows, is_degraded) in [(1, true), (2, false), (3, false)] {
        let mut rig = Rig::new();
        rig.take(START_NS, Input::Message(Some(0), 1_000));
        rig.take(START_NS + windows * WINDOW_NS, Input::Message(Some(80), 1_000));
        assert_eq!(rig.regimes.level(Axis::Delay) == 1, is_degraded, "{windows} windows later");
    }
}

#[test]
fn every_level_has_a_name() {
    for axis in AXES {
        assert!((0..axis.levels().len()).all(|level| level_name(axis as u16, level as u16) != "unknown"));
        assert_eq!(level_name(axis as u16, axis.levels().len() as u16), "unknown");
    }
}
