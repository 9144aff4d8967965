//! A leader: a connection that is read on a thread of its own, and the pipe from there to the hot thread.
//!
//! The pipe carries records, as a journal does: the hot thread takes a leader's inputs as replay takes a journal's. A
//! full pipe makes the leader's thread wait, and with it the exchange: nothing is lost on the way.

use super::seat::{Due, Seat};
use crate::clock::Clock;
use crate::run::RunError;
use hotpath::config::Config;
use hotpath::diary::Diary;
use hotpath::halt::Halt;
use hotpath::input::Input;
use hotpath::lines::Lines;
use hotpath::record::{
    FRAME_BYTES_MAX, Frame as FrameBody, Head, Kind, LINE_BYTES, Line, RECORD_BYTES_MAX, body_of, close, flag, head_of,
};
use hotpath::session::REQUESTS_MAX;
use hotpath::venue::every::Every;
use hotpath::venue::{Venue, Wanted};
use rtrb::{Consumer, Producer, RingBuffer};
use std::hint::spin_loop;
use std::thread::sleep;
use std::time::Duration;

/// Lines of the pipe: several of the longest records, and some seconds of a busy market.
const PIPE_LINES: usize = 1 << 16;
/// Requests on their way to a leader.
const ORDERS: usize = 4 * REQUESTS_MAX;
/// How long a leader's thread rests where cores are few.
const REST: Duration = Duration::from_micros(100);
/// Lines of an input that is no frame.
const INPUT_LINES: usize = 2;

const _: () = assert!(PIPE_LINES >= 4 * (RECORD_BYTES_MAX / LINE_BYTES));

/// A pipe: the leader's end, and the hot thread's.
#[must_use]
pub fn pipe(connection: u16, config: Config, clock: Clock, spins: bool) -> (Pipe, Leader) {
    let (lines, taken) = RingBuffer::new(PIPE_LINES);
    let (orders, asked) = RingBuffer::new(ORDERS);
    let pipe = Pipe { sink: Sink { lines, spins }, asked, config, clock, spins };
    let leader =
        Leader { connection, lines: taken, orders, frame: Vec::with_capacity(FRAME_BYTES_MAX), is_partial: false };
    (pipe, leader)
}

/// The leader's end: a seat for the loop over its socket.
pub struct Pipe {
    sink: Sink,
    asked: Consumer<Wanted>,
    config: Config,
    clock: Clock,
    spins: bool,
}

/// Where the records go.
struct Sink {
    lines: Producer<Line>,
    spins: bool,
}

impl Sink {
    /// Room for so many lines, once there is.
    fn push(&mut self, first: &Line, rest: &[u8]) -> Result<(), RunError> {
        let count = 1 + rest.len().div_ceil(LINE_BYTES);
        loop {
            // Nobody reads any more: the run has ended.
            if self.lines.is_abandoned() {
                return Err(RunError::Abandoned);
            }
            if let Ok(chunk) = self.lines.write_chunk_uninit(count) {
                let padded = rest.chunks(LINE_BYTES).map(|part| {
                    let mut line = Line::ZERO;
                    line.0[..part.len()].copy_from_slice(part);
                    line
                });
                chunk.fill_from_iter(std::iter::once(*first).chain(padded));
                return Ok(());
            }
            wait(self.spins);
        }
    }
}

impl Diary for Sink {
    type Error = RunError;

    fn append(&mut self, first: &Line, payload: &[u8]) -> Result<(), RunError> {
        self.push(first, payload)
    }

    fn append_lines(&mut self, lines: &[Line]) -> Result<(), RunError> {
        let (first, rest) = lines.split_first().ok_or(Halt::MalformedRecord)?;
        self.push(first, bytemuck::cast_slice(rest))
    }
}

fn wait(spins: bool) {
    if spins { spin_loop() } else { sleep(REST) }
}

impl Seat for Pipe {
    type Time = Clock;

    fn clock(&self) -> &Clock {
        &self.clock
    }

    fn room_is_short(&self) -> bool {
        false
    }

    fn take(&mut self, input: &Input<'_>) -> Result<(), RunError> {
        let mut memory = [Line::ZERO; INPUT_LINES];
        // Number and time of taking are the hot thread's to give.
        input.record(0, 0, &mut Lines::new(&mut memory), &mut self.sink).map(drop)
    }

    fn wanted(&mut self) -> Option<Wanted> {
        self.asked.pop().ok()
    }

    fn encode(&self, wanted: &Wanted, out: &mut [u8]) -> Option<usize> {
        Every.encode(&self.config, wanted, out)
    }

    fn due(&mut self) -> Result<Due, RunError> {
        Ok(Due::Nothing)
    }

    fn catch_up(&mut self) -> Result<bool, RunError> {
        Ok(false)
    }

    fn is_over(&self) -> Option<u16> {
        self.asked.is_abandoned().then_some(close::STOPPED)
    }

    fn close(&mut self, _: u16) -> Result<(), RunError> {
        Ok(())
    }

    fn rest(&self) {
        wait(self.spins);
    }
}

/// The hot thread's end.
pub struct Leader {
    connection: u16,
    lines: Consumer<Line>,
    orders: Producer<Wanted>,
    /// The payload of a frame, put together; it never grows.
    frame: Vec<u8>,
    /// Whether the rest of the frame is still to come.
    is_partial: bool,
}

/// One input of a leader, out of the pipe.
pub enum Piped {
    /// It lies in the leader's memory until the next one is taken out.
    Frame(Head, FrameBody),
    /// Any other.
    Plain(Head, [Line; INPUT_LINES]),
}

impl Leader {
    /// Its connection.
    #[must_use]
    pub const fn connection(&self) -> u16 {
        self.connection
    }

    /// Hands on a request; false when the thread is gone or has more to do than it may.
    #[must_use]
    pub fn order(&mut self, wanted: Wanted) -> bool {
        !self.orders.is_abandoned() && self.orders.push(wanted).is_ok()
    }

    /// The next input, when there is one.
    ///
    /// # Errors
    /// [`Halt::MalformedRecord`] when the pipe holds what no leader writes.
    pub fn pop(&mut self) -> Result<Option<Piped>, Halt> {
        while let Ok(&first) = self.lines.peek() {
            let head = head_of(&first.0).ok_or(Halt::MalformedRecord)?;
            let count = head.len as usize / LINE_BYTES;
            let chunk = self.lines.read_chunk(count).map_err(|_| Halt::MalformedRecord)?;
            let (front, back) = chunk.as_slices();
            if head.kind != Kind::FRAME {
                let mut lines = [Line::ZERO; INPUT_LINES];
                lines.iter_mut().zip(front.iter().chain(back)).for_each(|(to, from)| *to = *from);
                chunk.commit_all();
                return Ok(Some(Piped::Plain(head, lines)));
            }
            let body: FrameBody = body_of(&first.0).ok_or(Halt::MalformedRecord)?;
            if !self.is_partial {
                self.frame.clear();
            }
            let start = self.frame.len();
            let front = front.get(1..).unwrap_or_default();
            self.frame.extend_from_slice(bytemuck::cast_slice(front));
            self.frame.extend_from_slice(bytemuck::cast_slice(back));
            self.frame.truncate(start + body.payload_bytes as usize);
            chunk.commit_all();
            self.is_partial = head.has(flag::CONTINUES);
            if !self.is_partial {
                return Ok(Some(Piped::Frame(head, body)));
            }
        }
        Ok(None)
    }

    /// An input that was taken out.
    ///
    /// # Errors
    /// As [`Leader::pop`].
    pub fn input<'a>(&'a self, piped: &'a Piped) -> Result<Input<'a>, Halt> {
        match piped {
            Piped::Frame(head, body) => Ok(Input::framed(head, body, &self.frame)),
            Piped::Plain(head, lines) => Input::plain(head, bytemuck::cast_slice(lines)).ok_or(Halt::MalformedRecord),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Leader, PIPE_LINES, Pipe, Piped, pipe};
    use crate::clock::Clock;
    use crate::live::seat::Seat;
    use bytemuck::Zeroable;
    use hotpath::config::Config;
    use hotpath::input::Input;
    use hotpath::record::{Host, LINE_BYTES, Link, Sent};
    use hotpath::venue::Frame;
    use proptest::prelude::*;

    fn ends() -> (Pipe, Leader) {
        pipe(1, Config::zeroed(), Clock::start(), false)
    }

    /// What a test compares of an input.
    fn text(input: &Input<'_>) -> String {
        format!("{input:?}")
    }

    fn taken(leader: &mut Leader) -> Option<String> {
        let piped = leader.pop().expect("whole records")?;
        assert!(matches!(piped, Piped::Frame(head, _) | Piped::Plain(head, _) if head.taken_ns == 0));
        Some(text(&leader.input(&piped).expect("an input")))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        /// In pieces that wrap around the pipe's end, too.
        #[test]
        fn what_goes_in_comes_out(lengths in prop::collection::vec(prop_oneof![0_usize..300, 60_000_usize..200_000], 1..40)) {
            let (mut pipe, mut leader) = ends();
            for (number, length) in (0..).zip(lengths) {
                let bytes: Vec<u8> = (0..length).map(|byte| (byte as u8).wrapping_add(number)).collect();
                let number = u64::from(number);
                let frame = Frame::received(1, 1, &bytes);
                let inputs = [
                    Input::Frame { frame, recv_ns: number, kernel_utc_ns: 7, end_of_read: length % 2 == 0 },
                    Input::Frame { frame: Frame::fetched(2, &bytes), recv_ns: 1, kernel_utc_ns: 0, end_of_read: true },
                    Input::Link(1, Link { up: 1, recv_ns: number, ..Link::zeroed() }),
                    Input::Sent(1, Sent { req_id: number, ..Sent::zeroed() }),
                    Input::Host(1, Host { asked: 5, ..Host::zeroed() }),
                ];
                for input in &inputs {
                    pipe.take(input).expect("room");
                    prop_assert_eq!(taken(&mut leader), Some(text(input)));
                }
                prop_assert_eq!(taken(&mut leader), None);
            }
        }
    }

    /// A frame that does not fit at once waits for the other end, and arrives.
    #[test]
    fn a_full_pipe_makes_the_leader_wait() {
        let (mut pipe, mut leader) = ends();
        let bytes = vec![7; PIPE_LINES * LINE_BYTES - 100_000];
        let writer = std::thread::spawn(move || {
            for _ in 0..3 {
                let frame = Frame::received(1, 1, &bytes);
                pipe.take(&Input::Frame { frame, recv_ns: 0, kernel_utc_ns: 0, end_of_read: true }).expect("room");
            }
            bytes.len()
        });
        let mut lengths = Vec::new();
        while lengths.len() < 3 {
            match leader.pop().expect("whole records") {
                Some(Piped::Frame(..)) => lengths.push(leader.frame.len()),
                Some(Piped::Plain(..)) => panic!("frames only"),
                None => std::thread::yield_now(),
            }
        }
        let length = writer.join().expect("the leader's thread");
        assert_eq!(lengths, [length; 3]);
    }

    #[test]
    fn a_leader_ends_with_the_hot_thread() {
        let (mut pipe, leader) = ends();
        assert_eq!(pipe.is_over(), None);
        drop(leader);
        assert!(pipe.is_over().is_some());
        assert!(pipe.take(&Input::Link(1, Link::zeroed())).is_err());
    }
}
