//! The loop of the pinned thread: commands, each socket, then what is due; after every input, what the engine asked
//! for.
//!
//! It never waits for anything but room in the journal. What one read brings is taken message by message; the last one
//! ends the read and lets the engine decide.

use super::leader::Leader;
use super::seat::{Due, Seat};
use crate::clock::Time;
use crate::link::{Answer, Dock, Fetch, Port, Read, Stamps};
use crate::run::RunError;
use bytemuck::Zeroable;
use hotpath::input::Input;
use hotpath::record::{
    Command, FRAME_BYTES_MAX, Host, Link, NO_CONNECTION, NO_INSTRUMENT, Request, Sent, action, close, command, link,
    sent,
};
use hotpath::venue::{Frame, REQUEST_BYTES_MAX, Wanted};
use hotpath::websocket::{BROKEN, CLOSE, Message, PING, PONG, TEXT, Violation, close_code};
use rtrb::Consumer;

/// Messages of a read, at most: what is more is a read of its own, so that a flood on one connection keeps neither
/// commands nor other connections waiting.
const READ_MESSAGES_MAX: usize = 512;
/// How long the last of leaders is waited for when the run ends, nanoseconds.
const LEADERS_END_NS: u64 = 50_000_000;
/// WebSocket's close code for a connection that is given up in order.
const GOING_AWAY: u16 = 1001;
/// What stands for a close code when a connection broke off without one.
const ABNORMAL: u16 = 1006;

/// One connection of the run.
struct Post<D: Dock> {
    connection: u16,
    dock: D,
    port: Option<Box<D::Port>>,
    /// When what lies in the inbox was received.
    stamps: Stamps,
}

/// How a connection came to its end.
#[derive(Clone, Copy)]
struct End {
    cause: u16,
    close_code: u16,
}

/// What came of taking messages.
#[derive(Clone, Copy)]
enum Taken {
    /// No whole message is left.
    All,
    /// There may be more.
    Some,
    /// The connection is over.
    End(End),
}

/// What a turn of the loop came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Something was done: there may be more.
    Busy,
    /// There was nothing to do.
    Idle,
    /// The run has ended: one of [`close`].
    Over(u16),
}

/// The loop of a thread over its sockets: the pinned one of a live run, or that of a leader.
pub struct LiveLoop<S, D: Dock> {
    seat: S,
    posts: Vec<Post<D>>,
    /// Connections that other threads read.
    leaders: Vec<Leader>,
    commands: Consumer<Command>,
    /// Why the run ends, once it does.
    closing: Option<u16>,
}

impl<S: Seat, D: Dock> LiveLoop<S, D> {
    /// A loop over the connections of `docks`, each with its number, and over what leaders send.
    #[must_use]
    pub fn new(seat: S, docks: Vec<(u16, D)>, leaders: Vec<Leader>, commands: Consumer<Command>) -> Self {
        let post = |(connection, dock)| Post { connection, dock, port: None, stamps: Stamps::default() };
        Self { seat, posts: docks.into_iter().map(post).collect(), leaders, commands, closing: None }
    }

    /// Whoever took the inputs, at the end.
    #[must_use]
    pub fn into_seat(self) -> S {
        self.seat
    }

    /// What the host granted this thread.
    ///
    /// # Errors
    /// As [`LiveLoop::run`].
    pub fn granted(&mut self, rows: &[Host]) -> Result<(), RunError> {
        rows.iter().try_for_each(|row| self.take(&Input::Host(NO_CONNECTION, *row)))
    }

    /// Runs until a command, or the end of the connection that trades, ends the run; returns one of [`close`].
    ///
    /// # Errors
    /// A halt of the engine, or a journal that takes no more.
    pub fn run(&mut self) -> Result<u16, RunError> {
        loop {
            match self.turn()? {
                Turn::Busy => {}
                Turn::Idle => self.seat.rest(),
                Turn::Over(cause) => return Ok(cause),
            }
        }
    }

    /// Looks once at everything that there may be to do.
    ///
    /// # Errors
    /// As [`LiveLoop::run`].
    pub fn turn(&mut self) -> Result<Turn, RunError> {
        self.serve()?;
        if let Some(cause) = self.closing.or(self.seat.is_over()) {
            self.part_all()?;
            self.seat.close(cause)?;
            return Ok(Turn::Over(cause));
        }
        // Sockets before timers: after a pause of this process the exchange is heard before it is called silent.
        let mut is_busy = self.command()?;
        for place in 0..self.posts.len() {
            is_busy |= self.tend(place)?;
        }
        for place in 0..self.leaders.len() {
            is_busy |= self.follow(place)?;
        }
        let is_idle = self.seat.due()? != Due::Done && !is_busy && !self.seat.catch_up()?;
        Ok(if is_idle { Turn::Idle } else { Turn::Busy })
    }

    /// Takes an input once the journal has room for any turn.
    fn take(&mut self, input: &Input<'_>) -> Result<(), RunError> {
        self.wait_for_room()?;
        self.seat.take(input)
    }

    /// Waits until the journal takes a whole turn; meanwhile what is due is done.
    fn wait_for_room(&mut self) -> Result<(), RunError> {
        while self.seat.room_is_short() {
            if self.seat.due()? != Due::Done {
                self.seat.rest();
            }
        }
        Ok(())
    }

    fn command(&mut self) -> Result<bool, RunError> {
        let Ok(command) = self.commands.pop() else { return Ok(false) };
        self.take(&Input::Command(command))?;
        if command.code == command::STOP {
            self.closing.get_or_insert(close::STOPPED);
        }
        self.serve()?;
        Ok(true)
    }

    /// Looks after one connection; whether there was anything to do.
    fn tend(&mut self, place: usize) -> Result<bool, RunError> {
        let post = &mut self.posts[place];
        if let Some(answer) = post.dock.answer() {
            self.answered(place, answer)?;
            return Ok(true);
        }
        let Some(port) = &mut post.port else { return Ok(false) };
        // What the last read left.
        if port.inbox().has_next() {
            self.take_read(place)?;
            return Ok(true);
        }
        match port.read(self.seat.clock()) {
            Read::Nothing => return Ok(false),
            Read::Bytes(stamps) => {
                post.stamps = stamps;
                self.take_read(place)?;
            }
            Read::Ended(cause, stamps) => {
                post.stamps = stamps;
                self.take_rest(place, End { cause, close_code: ABNORMAL })?;
            }
        }
        Ok(true)
    }

    /// A connection was made, or not.
    fn answered(&mut self, place: usize, answer: Answer<D::Port>) -> Result<(), RunError> {
        let connection = self.posts[place].connection;
        let recv_ns = self.seat.clock().now_ns();
        match answer {
            Answer::Failed { cause, code } => self.link(connection, 0, End { cause, close_code: code }, recv_ns),
            Answer::Fetched { instrument, body } => {
                let frame = Frame::fetched(instrument, &body);
                self.take(&Input::Frame { frame, recv_ns, kernel_utc_ns: 0, end_of_read: true })?;
                self.posts[place].dock.spend(body);
                self.serve()
            }
            Answer::NotFetched { req_id, status } => {
                let outcome = if status == 0 { sent::NOT_SENT } else { sent::REFUSED };
                let body = Sent { req_id, sent_ns: recv_ns, crc: 0, bytes: status, outcome };
                self.take(&Input::Sent(connection, body))?;
                self.serve()
            }
            Answer::Made(port) => {
                for row in port.granted() {
                    self.take(&Input::Host(connection, *row))?;
                }
                self.posts[place].port = Some(port);
                self.posts[place].stamps = Stamps { recv_ns, kernel_utc_ns: 0 };
                self.link(connection, 1, End { cause: link::CONNECTED, close_code: 0 }, recv_ns)?;
                // The first message may have come with the answer to the upgrade.
                self.take_read(place)
            }
        }
    }

    /// Takes the messages of one read.
    fn take_read(&mut self, place: usize) -> Result<(), RunError> {
        match self.take_messages(place)? {
            Taken::End(end) => self.end(place, end),
            Taken::All | Taken::Some => Ok(()),
        }
    }

    /// Takes all messages of a connection that is over; a close among them tells why.
    fn take_rest(&mut self, place: usize, otherwise: End) -> Result<(), RunError> {
        loop {
            match self.take_messages(place)? {
                Taken::Some => {}
                Taken::All => return self.end(place, otherwise),
                Taken::End(end) => return self.end(place, end),
            }
        }
    }

    fn take_messages(&mut self, place: usize) -> Result<Taken, RunError> {
        for count in 1..=READ_MESSAGES_MAX {
            self.wait_for_room()?;
            let Post { connection, port: Some(port), stamps, .. } = &mut self.posts[place] else {
                return Ok(Taken::All);
            };
            let message = match port.inbox_mut().next() {
                Ok(Some(message)) => message,
                Ok(None) => return Ok(Taken::All),
                Err(violation) => return Ok(Taken::End(End { cause: cause_of(violation), close_code: 0 })),
            };
            let end_of_read = count == READ_MESSAGES_MAX || !port.inbox().has_next();
            let frame = Frame::received(*connection, message.opcode, port.inbox().bytes(&message));
            let Stamps { recv_ns, kernel_utc_ns } = *stamps;
            self.seat.take(&Input::Frame { frame, recv_ns, kernel_utc_ns, end_of_read })?;
            let end = answer_control(&mut **port, &message);
            self.serve()?;
            if let Some(end) = end {
                return Ok(Taken::End(end));
            }
        }
        Ok(Taken::Some)
    }

    /// A connection is over: what came of it last is recorded, then its end.
    fn end(&mut self, place: usize, end: End) -> Result<(), RunError> {
        let Post { connection, port, stamps, .. } = &mut self.posts[place];
        let (connection, recv_ns) = (*connection, stamps.recv_ns);
        let Some(mut port) = port.take() else { return Ok(()) };
        for bytes in port.inbox().remains() {
            if !bytes.is_empty() {
                let bytes = bytes.get(..FRAME_BYTES_MAX).unwrap_or(bytes);
                let frame = Frame::received(connection, BROKEN, bytes);
                self.take(&Input::Frame { frame, recv_ns, kernel_utc_ns: 0, end_of_read: true })?;
            }
        }
        // Whether the goodbye arrives is no matter.
        let _ = port.send(CLOSE, &GOING_AWAY.to_be_bytes());
        self.posts[place].dock.bury(port);
        self.link(connection, 0, end, self.seat.clock().now_ns())
    }

    fn link(&mut self, connection: u16, up: u16, end: End, recv_ns: u64) -> Result<(), RunError> {
        let End { cause, close_code } = end;
        self.take(&Input::Link(connection, Link { up, cause, close_code, spare: 0, recv_ns, spare_tail: 0 }))?;
        self.serve()
    }

    /// Carries out what the engine asked for, and what it asks for next because of it.
    fn serve(&mut self) -> Result<(), RunError> {
        while let Some(wanted) = self.seat.wanted() {
            let found = self.posts.iter().position(|post| post.connection == wanted.connection);
            let Some(place) = found else {
                self.hand_on(wanted)?;
                continue;
            };
            match wanted.request.action {
                action::CONNECT => {
                    if !self.posts[place].dock.connect() {
                        let end = End { cause: link::BROKEN, close_code: 0 };
                        self.link(wanted.connection, 0, end, self.seat.clock().now_ns())?;
                    }
                }
                action::DISCONNECT => self.end(place, End { cause: link::ASKED, close_code: 0 })?,
                action::FETCH => self.fetch(place, &wanted)?,
                _ => self.send(place, &wanted)?,
            }
        }
        Ok(())
    }

    /// Hands a fetch on; what comes of it is told later, or now when nothing can.
    fn fetch(&mut self, place: usize, wanted: &Wanted) -> Result<(), RunError> {
        let mut target = [0; REQUEST_BYTES_MAX];
        let length = self.seat.encode(wanted, &mut target);
        let (req_id, instrument) = (wanted.request.req_id, wanted.instrument);
        let fetch = length.map(|length| Fetch { req_id, instrument, target, length });
        if fetch.is_some_and(|fetch| self.posts[place].dock.fetch(fetch)) {
            return Ok(());
        }
        let body = Sent { req_id, sent_ns: self.seat.clock().now_ns(), crc: 0, bytes: 0, outcome: sent::NOT_SENT };
        self.take(&Input::Sent(wanted.connection, body))
    }

    /// Sends a request over its connection, and records what became of it.
    fn send(&mut self, place: usize, wanted: &Wanted) -> Result<(), RunError> {
        let mut text = [0; REQUEST_BYTES_MAX];
        let length = self.seat.encode(wanted, &mut text);
        let text = length.and_then(|length| text.get(..length));
        let port = self.posts[place].port.as_mut();
        let is_sent = text.zip(port).is_some_and(|(text, port)| port.send(TEXT, text));
        let body = Sent {
            req_id: wanted.request.req_id,
            sent_ns: self.seat.clock().now_ns(),
            crc: if is_sent { text.map_or(0, crc32fast::hash) } else { 0 },
            bytes: text.map_or(0, |text| text.len() as u16),
            outcome: if is_sent { sent::SENT } else { sent::NOT_SENT },
        };
        self.take(&Input::Sent(wanted.connection, body))
    }

    /// Takes what a leader has sent, up to the end of a read; whether there was anything.
    fn follow(&mut self, place: usize) -> Result<bool, RunError> {
        for count in 0..READ_MESSAGES_MAX {
            self.wait_for_room()?;
            let leader = &mut self.leaders[place];
            let Some(piped) = leader.pop()? else { return Ok(count > 0) };
            let input = leader.input(&piped)?;
            let is_last = !matches!(input, Input::Frame { end_of_read: false, .. });
            self.seat.take(&input)?;
            self.serve()?;
            if is_last {
                return Ok(true);
            }
        }
        Ok(true)
    }

    /// Hands a request on to the leader whose connection it is about. What a leader's thread does not take has come to
    /// nothing.
    fn hand_on(&mut self, wanted: Wanted) -> Result<(), RunError> {
        let Wanted { connection, request, .. } = wanted;
        let found = self.leaders.iter_mut().find(|leader| leader.connection() == connection);
        if found.is_none_or(|leader| leader.order(wanted)) {
            return Ok(());
        }
        let now_ns = self.seat.clock().now_ns();
        let lost = Link { up: 0, cause: link::BROKEN, close_code: 0, spare: 0, recv_ns: now_ns, spare_tail: 0 };
        let unsent = Sent { req_id: request.req_id, sent_ns: now_ns, crc: 0, bytes: 0, outcome: sent::NOT_SENT };
        self.take(&match request.action {
            action::CONNECT | action::DISCONNECT => Input::Link(connection, lost),
            _ => Input::Sent(connection, unsent),
        })
    }

    /// The run ends: every connection is told, and what it left is recorded. A leader is waited for a moment.
    fn part_all(&mut self) -> Result<(), RunError> {
        (0..self.posts.len()).try_for_each(|place| self.end(place, End { cause: link::ASKED, close_code: 0 }))?;
        let until_ns = self.seat.clock().now_ns() + LEADERS_END_NS;
        for place in 0..self.leaders.len() {
            let connection = self.leaders[place].connection();
            let request = Request { action: action::DISCONNECT, ..Request::zeroed() };
            let mut is_going = self.leaders[place].order(Wanted { connection, instrument: NO_INSTRUMENT, request });
            while is_going && self.seat.clock().now_ns() < until_ns {
                let leader = &mut self.leaders[place];
                let Some(piped) = leader.pop()? else {
                    self.seat.rest();
                    continue;
                };
                let input = leader.input(&piped)?;
                is_going = !matches!(input, Input::Link(_, Link { up: 0, .. }));
                self.seat.take(&input)?;
            }
        }
        Ok(())
    }
}

const fn cause_of(violation: Violation) -> u16 {
    match violation {
        Violation::Oversized => link::OVERSIZED,
        Violation::Protocol => link::PROTOCOL,
    }
}

/// Does what the protocol wants of a control frame. Returns how the connection ended, if it did.
fn answer_control(port: &mut impl Port, message: &Message) -> Option<End> {
    if message.opcode < CLOSE {
        return None;
    }
    // The payload lies in the inbox; a control frame's is short.
    let mut copy = [0; 125];
    let payload = port.inbox().bytes(message);
    let copy = copy.get_mut(..payload.len())?;
    copy.copy_from_slice(payload);
    match message.opcode {
        PING => {
            // A connection that does not take it has stalled, and ends for that.
            let _ = port.send(PONG, copy);
            None
        }
        CLOSE => Some(close_code(copy).map_or(End { cause: link::PROTOCOL, close_code: 0 }, |close_code| End {
            cause: link::CLOSED,
            close_code,
        })),
        _ => None,
    }
}
