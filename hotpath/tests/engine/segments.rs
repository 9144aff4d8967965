//! Rotation, checkpoints and halts: what the turn decides about the journal.

use crate::feed::{Bench, Exchange, SECOND_NS, bodies, config, kinds, market};
use hotpath::checkpoint::{decode, encode};
use hotpath::engine::Engine;
use hotpath::halt::Halt;
use hotpath::input::Input;
use hotpath::progress::DAY_NS;
use hotpath::record::{Clock, HaltBody, Head, Kind, Line, Timer, flag, head_of, payload_of};

fn heads(records: &[Vec<u8>]) -> Vec<Head> {
    records.iter().filter_map(|record| head_of(record)).collect()
}

fn clock(mono_ns: u64, utc_ns: u64) -> Input<'static> {
    Input::Clock(Clock { mono_ns, utc_ns, uncertainty_ns: 0, tsc: 0, tsc_multiplier: 0, tsc_shift: 0, spare: [0; 6] })
}

#[test]
fn every_record_has_the_next_number_and_every_step_an_end() {
    let mut bench = Bench::new(&config(&[market("BTC/EUR", 1, 8, 10)]));
    let mut exchange = Exchange::new("BTC/EUR", 10, 1, 8);
    bench.frame(&exchange.snapshot());
    for step in 0..50 {
        bench.frame(&exchange.update(&[(true, 1_001, 5 + step)]));
        bench.frame("{\"channel\":\"heartbeat\"}");
    }
    bench.take(Input::Timer(Timer { due_ns: 1, spare: [0; 2] }));
    let heads = heads(&bench.diary.0);
    assert!(heads.iter().zip(0..).all(|(head, seq)| head.seq == seq));
    let mut open = false;
    for head in &heads {
        assert!(!(open && head.kind.is_input()), "an input before the end of a step at seq {}", head.seq);
        open = !head.has(flag::END_OF_STEP);
    }
    assert!(!open);
}

#[test]
fn a_segment_ends_after_its_bytes_and_opens_with_a_pair() {
    let mut config = config(&[market("BTC/EUR", 1, 8, 10)]);
    config.journal.segment_bytes = 64 * 1024;
    let mut bench = Bench::new(&config);
    let mut exchange = Exchange::new("BTC/EUR", 10, 1, 8);
    bench.frame(&exchange.snapshot());
    for step in 0..400 {
        bench.frame(&exchange.update(&[(true, 1_001, 5 + step)]));
    }
    let heads = heads(&bench.diary.0);
    let openings: Vec<_> =
        (0..heads.len()).filter(|at| heads[*at].has(flag::OPENING) && !heads[*at].has(flag::TWIN)).collect();
    assert!(openings.len() > 2);
    for pair in openings.windows(2) {
        let records = &bench.diary.0[pair[0] + 2..pair[1]];
        let bytes: usize = records.iter().map(Vec::len).sum();
        let last: usize = records
            .iter()
            .rev()
            .take_while(|record| head_of(record).is_some_and(|head| head.kind != Kind::FRAME))
            .map(Vec::len)
            .sum();
        assert!(bytes >= 64 * 1024 && bytes - last - 320 < 64 * 1024, "{bytes} {last}");
        assert!(heads[pair[0] + 1].has(flag::OPENING | flag::TWIN));
        assert_eq!(payload_of(&bench.diary.0[pair[0]]), payload_of(&bench.diary.0[pair[0] + 1]));
    }
}

#[test]
fn a_new_utc_day_opens_a_segment_before_its_first_input() {
    let mut bench = Bench::new(&config(&[market("BTC/EUR", 1, 8, 10)]));
    let day = 20_666;
    bench.take(clock(bench.now_ns, (day + 1) * DAY_NS - SECOND_NS));
    bench.frame("{\"channel\":\"heartbeat\"}");
    bench.now_ns += 2 * SECOND_NS;
    let records = bench.frame("{\"channel\":\"heartbeat\"}");
    assert_eq!(kinds(&records)[..3], [Kind::CHECKPOINT, Kind::CHECKPOINT, Kind::FRAME]);
    assert_eq!(bench.core.progress().utc_day, day + 1);
    // A clock that steps back over midnight does not end the day again.
    bench.take(clock(bench.now_ns, (day + 1) * DAY_NS - SECOND_NS));
    let records = bench.frame("{\"channel\":\"heartbeat\"}");
    assert_eq!(kinds(&records)[0], Kind::FRAME);
}

#[test]
fn a_checkpoint_stands_at_every_interval() {
    let mut config = config(&[market("BTC/EUR", 1, 8, 10)]);
    config.journal.checkpoint_ns = 10 * SECOND_NS;
    let mut bench = Bench::new(&config);
    for _ in 0..100 {
        bench.now_ns += SECOND_NS;
        bench.frame("{\"channel\":\"heartbeat\"}");
    }
    let standing =
        heads(&bench.diary.0).iter().filter(|head| head.kind == Kind::CHECKPOINT && !head.has(flag::OPENING)).count();
    assert!((9..=10).contains(&standing), "{standing}");
}

/// A state loaded over another one leaves nothing of it: the next state is the same.
#[test]
fn a_checkpoint_loads_over_any_state() {
    let settings = config(&[market("BTC/EUR", 1, 8, 10)]);
    let mut bench = Bench::new(&settings);
    let mut exchange = Exchange::new("BTC/EUR", 10, 1, 8);
    bench.frame(&exchange.snapshot());
    bench.frame(&exchange.update(&[(true, 1_001, 9), (false, 1_000, 0)]));
    let mut lines = vec![Line::ZERO; 1_024];
    let length = encode(bench.core.engine(), bench.core.progress(), &mut lines).expect("room");
    let state = bytemuck::cast_slice::<Line, u8>(&lines)[..length].to_vec();

    let mut deep = config(&[market("ETH/USD", 2, 8, 1_000), market("BTC/USD", 1, 8, 25)]);
    deep.quote.qty_lots = 5;
    let mut other = Bench::new(&deep);
    let mut crowded = Exchange::new("ETH/USD", 500, 2, 8);
    other.frame(&crowded.snapshot());
    let engine = other.core.engine();
    let mut engine: Box<Engine> = {
        let (mut lines, progress) = (vec![Line::ZERO; 4_096], *other.core.progress());
        let length = encode(engine, &progress, &mut lines).expect("room");
        let mut fresh: Box<Engine> = bytemuck_zeroed();
        decode(&bytemuck::cast_slice::<Line, u8>(&lines)[..length], &mut fresh).expect("a state");
        fresh
    };
    let progress = decode(&state, &mut engine).expect("a state");
    let mut again = vec![Line::ZERO; 1_024];
    let length = encode(&engine, &progress, &mut again).expect("room");
    assert_eq!(&bytemuck::cast_slice::<Line, u8>(&again)[..length], &state[..]);
}

fn bytemuck_zeroed() -> Box<Engine> {
    let build = || Box::new(<Engine as bytemuck::Zeroable>::zeroed());
    std::thread::Builder::new().stack_size(64 << 20).spawn(build).expect("a thread").join().expect("an engine")
}

#[test]
fn a_damaged_state_is_refused() {
    let bench = Bench::new(&config(&[market("BTC/EUR", 1, 8, 10)]));
    let mut lines = vec![Line::ZERO; 1_024];
    let length = encode(bench.core.engine(), bench.core.progress(), &mut lines).expect("room");
    let state = bytemuck::cast_slice::<Line, u8>(&lines)[..length].to_vec();
    let mut engine = bytemuck_zeroed();
    assert_eq!(decode(&state[..length - 1], &mut engine), Err(Halt::MalformedCheckpoint));
    assert_eq!(decode(&[&state[..], &[0]].concat(), &mut engine), Err(Halt::MalformedCheckpoint));
    let mut wrong = state.clone();
    wrong[0] ^= 1;
    assert_eq!(decode(&wrong, &mut engine), Err(Halt::MalformedCheckpoint));
    assert!(decode(&state, &mut engine).is_ok());
}

/// Time that runs backwards is the shell's mistake: nothing is taken.
#[test]
fn time_never_runs_backwards() {
    let mut bench = Bench::new(&config(&[market("BTC/EUR", 1, 8, 10)]));
    let before = bench.diary.0.len();
    let timer = Input::Timer(Timer { due_ns: 1, spare: [0; 2] });
    assert_eq!(bench.core.turn(5, &timer, &mut bench.diary), Err(Halt::TimeWentBack));
    assert_eq!(bench.diary.0.len(), before);
}

/// An update with more rows than a side can hold is refused whole or taken whole; what it must not do
/// is halt. A frame above four megabytes is the shell's mistake.
#[test]
fn an_oversized_frame_halts_without_a_record() {
    let mut bench = Bench::new(&config(&[market("BTC/EUR", 1, 8, 10)]));
    let bytes = vec![b' '; (4 << 20) + 1];
    let frame = hotpath::venue::Frame::received(0, 1, &bytes);
    let input = Input::Frame { frame, recv_ns: 0, kernel_utc_ns: 0, end_of_read: true };
    let before = bench.diary.0.len();
    assert_eq!(bench.core.turn(bench.now_ns, &input, &mut bench.diary), Err(Halt::OversizedFrame));
    assert_eq!(bench.diary.0.len(), before);
    assert!(bodies::<HaltBody>(&bench.diary.0).is_empty());
}
