//! Proof that the hot path needs no allocator and cannot panic.
//!
//! The whole turn with its session, the real codec in both directions, WebSocket's framing likewise, and the commit gate become a C
//! library without the standard library. It links only when nothing in it wants an allocator. Its panic handler calls a function that does not exist:
//! the link of `tests/staticlib/prove.sh` fails when any panic can be reached.
#![no_std]

use hotpath::checkpoint::STATE_LINES;
use hotpath::config::Config;
use hotpath::diary::Diary;
use hotpath::engine::Engine;
use hotpath::gate::{Gate, Release};
use hotpath::halt::Halt;
use hotpath::input::Input;
use hotpath::lines::{EVENT_LINES, Lines, OUTPUT_LINES};
use hotpath::record::{Clock, Close, Command, Found, Health, Host, Line, Link, Sent, Timer};
use hotpath::turn::{Buffers, Core};
use hotpath::venue::every::Every;
use hotpath::venue::{Frame, REQUEST_BYTES_MAX, Venue};
use hotpath::websocket::{Frames, INBOX_BYTES, close_code, encode};

/// All that a run needs, provided by the caller.
pub struct Memory {
    config: Config,
    engine: Engine,
    events: [Line; EVENT_LINES],
    outputs: [Line; OUTPUT_LINES],
    state: [Line; STATE_LINES],
    state_bytes: usize,
    taken_ns: u64,
    frame: [u8; 65_536],
    frame_bytes: usize,
    opcode: u16,
    end_of_read: bool,
    clock: Clock,
    timer: Timer,
    command: Command,
    health: Health,
    link: Link,
    close: Close,
    found: Found,
    sent: Sent,
    host: Host,
    request: [u8; REQUEST_BYTES_MAX],
    request_bytes: usize,
    inbox: [u8; INBOX_BYTES],
    received: usize,
    gate: Gate<u64, 32>,
    committed_seq: u64,
    written: u64,
}

struct Counting<'a>(&'a mut u64);

impl Diary for Counting<'_> {
    type Error = Halt;

    fn append(&mut self, first: &Line, payload: &[u8]) -> Result<(), Halt> {
        *self.0 =
            self.0.wrapping_add(first.0.iter().chain(payload).map(|byte| u64::from(*byte)).fold(0, u64::wrapping_add));
        Ok(())
    }

    fn append_lines(&mut self, lines: &[Line]) -> Result<(), Halt> {
        lines.iter().try_for_each(|line| self.append(line, &[]))
    }
}

/// Starts a run, takes every kind of input once and resumes from a state. Returns 0 or the halt.
#[unsafe(no_mangle)]
pub extern "C" fn fathom_hotpath_proof(memory: &mut Memory) -> u16 {
    pass(memory);
    unframe(memory);
    run(memory).map_or_else(|halt| halt as u16, |()| 0)
}

/// Uses the commit gate in every way; what it gives back is counted.
fn pass(memory: &mut Memory) {
    let Memory { gate, committed_seq, taken_ns, written, .. } = memory;
    let refused = gate.hold(*committed_seq, *taken_ns, *written).is_err();
    while let Some(Release::Leave(order) | Release::Late(order)) = gate.next(*committed_seq, *taken_ns) {
        *written = written.wrapping_add(order);
    }
    let meant = *written;
    gate.cancel(|order| *order == meant, |_| *written = written.wrapping_add(1));
    if refused || gate.is_full() || gate.is_empty() {
        let waiting = gate.len();
        gate.clear(|_| *written = written.wrapping_add(waiting as u64));
    }
}

/// Finds messages in what a connection received, and frames one to send.
fn unframe(memory: &mut Memory) {
    let Memory { inbox, received, frame, frame_bytes, opcode, written, .. } = memory;
    let mut frames = Frames::new(&mut inbox[..]);
    frames.vacant().iter_mut().zip(frame.iter()).for_each(|(to, from)| *to = *from);
    frames.filled(*received);
    while let Ok(Some(message)) = frames.next() {
        let bytes = frames.bytes(&message);
        let code = close_code(bytes).unwrap_or(0);
        let sum = bytes.iter().map(|byte| u64::from(*byte)).fold(u64::from(code), u64::wrapping_add);
        *written = written.wrapping_add(sum).wrapping_add(u64::from(frames.has_next()));
    }
    let left: usize = frames.remains().iter().map(|bytes| bytes.len()).fold(0, usize::wrapping_add);
    let mask = [1, 2, 3, *received as u8];
    let sent = encode(*opcode, frame.get(..*frame_bytes).unwrap_or(&[]), mask, inbox).unwrap_or(left);
    *written = written.wrapping_add(sent as u64);
}

fn run(memory: &mut Memory) -> Result<(), Halt> {
    let Memory { config, engine, events, outputs, state, taken_ns, written, .. } = memory;
    let mut old_state = [Line::ZERO; 1024];
    old_state.iter_mut().zip(state.iter()).for_each(|(to, from)| *to = *from);
    let frame = Frame::received(0, memory.opcode, memory.frame.get(..memory.frame_bytes).unwrap_or(&[]));
    let inputs = [
        Input::Found(memory.found),
        Input::Clock(memory.clock),
        Input::Link(0, memory.link),
        Input::Frame { frame, recv_ns: *taken_ns, kernel_utc_ns: 0, end_of_read: memory.end_of_read },
        Input::Timer(memory.timer),
        Input::Command(memory.command),
        Input::Health(memory.health),
        Input::Sent(0, memory.sent),
        Input::Host(0, memory.host),
        Input::Close(memory.close),
    ];
    let mut diary = Counting(written);
    let buffers = Buffers { events: Lines::new(events), outputs: Lines::new(outputs), state };
    let mut core = Core::start(Every, config, engine, buffers)?;
    core.open(*taken_ns, &mut diary)?;
    for input in &inputs {
        core.turn(*taken_ns, input, &mut diary)?;
        // What the turn asks for, as it would be sent.
        for wanted in core.requests() {
            let written = core.venue().encode(core.engine().config(), wanted, &mut memory.request);
            memory.request_bytes = memory.request_bytes.wrapping_add(written.unwrap_or(0));
        }
    }
    let buffers = Buffers { events: Lines::new(events), outputs: Lines::new(outputs), state };
    let bytes: &[u8] = bytes_of(&old_state).get(..memory.state_bytes).unwrap_or(&[]);
    let mut core = Core::resume(Every, bytes, engine, buffers)?;
    core.stand(&mut diary)
}

fn bytes_of(lines: &[Line]) -> &[u8] {
    lines.first().map_or(&[], |line| &line.0)
}

unsafe extern "C" {
    safe fn fathom_a_panic_can_be_reached() -> !;
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    fathom_a_panic_can_be_reached()
}
