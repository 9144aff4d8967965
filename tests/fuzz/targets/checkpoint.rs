//! States of checkpoints.

use super::tape::Tape;
use fathom::memory::Memory;
use hotpath::checkpoint::{STATE_LINES, decode, decode_config, decode_progress, encode};
use hotpath::engine::Engine;
use hotpath::input::Input;
use hotpath::progress::Progress;
use hotpath::record::{Command, Line, Link, Timer, check, command, link};
use hotpath::venue::Frame;
use hotpath::venue::every::Every;

const SECOND_NS: usize = 1_000_000_000;
const FRAMES: [&str; 3] = [
    r#"{"channel":"heartbeat"}"#,
    r#"{"channel":"book","type":"snapshot","data":[{"symbol":"BTC/EUR","bids":[],"asks":[],"checksum":0}]}"#,
    r#"{"channel":"book","type":"update","data":[{"symbol":"BTC/EUR","bids":[{"price":1.0,"qty":1}],"asks":[{"price":2.0,"qty":1}],"checksum":0,"timestamp":"2026-08-01T00:00:00Z"}]}"#,
];
/// Of the second market, whose updates form a chain: what comes over its connection. It leads on from the seed's last update.
const CHAINED: [&str; 3] = [
    r#"{"stream":"btcusdt@bookTicker","data":{"u":8,"s":"BTCUSDT","b":"54000.0","B":"1.0","a":"54001.0","A":"1.0"}}"#,
    r#"{"stream":"btcusdt@depth","data":{"E":1,"s":"BTCUSDT","U":7,"u":8,"b":[["54000.0","1"]],"a":[["54001.0","1"]]}}"#,
    r#"{"stream":"btcusdt@depth","data":{"E":1,"s":"BTCUSDT","U":99,"u":99,"b":[["54000.0","0"]],"a":[]}}"#,
];
/// What is fetched for it: the seed's last state, and one that is far ahead.
const FETCHED: [&str; 2] = [
    r#"{"lastUpdateId":6,"bids":[["53999.0","1"]],"asks":[["54001.0","1"]]}"#,
    r#"{"lastUpdateId":18446744073709551615,"bids":[["1.0","1"]],"asks":[]}"#,
];

/// A state. What is accepted is encoded to the same bytes again; the parts that are read alone are
/// those of the whole; an engine with that state takes inputs without a halt and without a panic.
pub fn checkpoint(bytes: &[u8]) {
    let mut engine: Box<Engine> = bytemuck::zeroed_box();
    let Ok(progress) = decode(bytes, &mut engine) else { return };
    let mut lines = bytemuck::zeroed_slice_box::<Line>(STATE_LINES);
    let used = encode(&engine, &progress, &mut lines).expect("room for any state");
    let again: &[u8] = bytemuck::cast_slice(&lines);
    assert!(again.get(..used) == Some(bytes), "a state that was accepted is written otherwise");
    assert_eq!(decode_config(bytes).as_ref(), Ok(engine.config()));
    assert_eq!(decode_progress(bytes), Ok(progress));
    drive(bytes, &progress);
}

/// Inputs of every sort on top of the state.
fn drive(bytes: &[u8], progress: &Progress) {
    let mut memory = Memory::new();
    let mut core = memory.resume(Every, bytes).expect("it was accepted before");
    let markets = core.engine().config().market_count;
    let mut tape = Tape::default();
    let taken_ns = progress.taken_ns;
    let body = Link { up: 0, cause: link::CLOSED, close_code: 0, spare: 0, recv_ns: 0, spare_tail: 0 };
    let resume = Command { code: command::RESUME, source: 0, spare: [0; 2], argument: 0, serial: 0 };
    let timer = Timer { due_ns: core.engine().deadline_ns(), spare: [0; 2] };
    let framed = |frame| Input::Frame { frame, recv_ns: taken_ns, kernel_utc_ns: 0, end_of_read: true };
    let received = |connection| move |text: &'static str| framed(Frame::received(connection, 1, text.as_bytes()));
    let frames = FRAMES.map(received(0));
    let [ticker, next, broken] = CHAINED.map(received(1));
    let [spliced, ahead] = FETCHED.map(|text| framed(Frame::fetched(1, text.as_bytes())));
    let chained = [spliced, ticker, next, broken, ahead, next];
    let plain = [Input::Command(resume), Input::Timer(timer), Input::Link(0, body), Input::Link(1, body)];
    let inputs = chained.iter().chain(&frames).chain(&plain).chain(&frames).chain(&chained);
    for (input, later_ns) in inputs.zip((0..).step_by(SECOND_NS)) {
        core.turn(taken_ns.saturating_add(later_ns), input, &mut tape).expect("no halt");
    }
    for (_, head, record) in tape.records() {
        assert_eq!(check(record, markets), Ok(()), "{head:?}");
    }
}
