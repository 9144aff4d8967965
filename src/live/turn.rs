//! The loop of the pinned thread: commands, each socket, then what is due; after every input, what the engine asked
//! for.
//!
//! It never waits for anything but room in the journal. What one read brings is taken message by message; the last one
//! ends the read and lets the engine decide.

use super::hot::{Due, Hot};
use crate::link::{Answer, Desk, Fetch, Read, Stamps, Wire};
use crate::run::RunError;
use hotpath::input::Input;
use hotpath::record::{
    Command, FRAME_BYTES_MAX, Found, Host, Link, NO_CONNECTION, Sent, action, close, command, link, sent,
};
use hotpath::session::LinkState;
use hotpath::venue::{Frame, REQUEST_BYTES_MAX, Venue, Wanted};
use hotpath::websocket::{BROKEN, CLOSE, Message, PING, PONG, TEXT, Violation, close_code};
use rtrb::Consumer;

/// Messages of a read, at most: what is more is a read of its own, so that a flood on one connection keeps neither
/// commands nor other connections waiting.
const READ_MESSAGES_MAX: usize = 512;
/// WebSocket's close code for a connection that is given up in order.
const GOING_AWAY: u16 = 1001;
/// What stands for a close code when a connection broke off without one.
const ABNORMAL: u16 = 1006;

/// One connection of the run.
struct Post {
    connection: u16,
    desk: Desk,
    wire: Option<Box<Wire>>,
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

/// The pinned thread of a live run.
pub struct LiveLoop<'a, V> {
    hot: Hot<'a, V>,
    posts: Vec<Post>,
    commands: Consumer<Command>,
    /// Why the run ends, once it does.
    closing: Option<u16>,
}

impl<'a, V: Venue> LiveLoop<'a, V> {
    /// A loop over the connections of `desks`, each with its number.
    #[must_use]
    pub fn new(hot: Hot<'a, V>, desks: Vec<(u16, Desk)>, commands: Consumer<Command>) -> Self {
        let post = |(connection, desk)| Post { connection, desk, wire: None, stamps: Stamps::default() };
        Self { hot, posts: desks.into_iter().map(post).collect(), commands, closing: None }
    }

    /// The engine's place, at the end.
    #[must_use]
    pub fn into_hot(self) -> Hot<'a, V> {
        self.hot
    }

    /// The first records of the run: the opening, what was found, the clocks, what the host granted this thread.
    ///
    /// # Errors
    /// As [`LiveLoop::run`].
    pub fn begin(&mut self, found: Option<Found>, granted: &[Host]) -> Result<(), RunError> {
        self.hot.begin(found)?;
        granted.iter().try_for_each(|row| self.take(&Input::Host(NO_CONNECTION, *row)))
    }

    /// Runs until a command, or the end of the connection that trades, ends the run; returns one of [`close`].
    ///
    /// # Errors
    /// A halt of the engine, or a journal that takes no more.
    pub fn run(&mut self) -> Result<u16, RunError> {
        loop {
            self.serve()?;
            if let Some(cause) = self.closing {
                self.part_all()?;
                self.hot.close(cause)?;
                return Ok(cause);
            }
            // Sockets before timers: after a pause of this process the exchange is heard before it is called silent.
            let mut is_busy = self.command()?;
            for place in 0..self.posts.len() {
                is_busy |= self.tend(place)?;
            }
            if self.hot.due()? != Due::Done && !is_busy {
                self.hot.rest();
            }
        }
    }

    /// Takes an input once the journal has room for any turn.
    fn take(&mut self, input: &Input<'_>) -> Result<(), RunError> {
        self.wait_for_room()?;
        self.hot.take(input)
    }

    /// Waits until the journal takes a whole turn; meanwhile what is due is done.
    fn wait_for_room(&mut self) -> Result<(), RunError> {
        while self.hot.room_is_short() {
            if self.hot.due()? != Due::Done {
                self.hot.rest();
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
        if let Some(answer) = post.desk.answer() {
            self.answered(place, answer)?;
            return Ok(true);
        }
        let Some(wire) = &mut post.wire else { return Ok(false) };
        // What the last read left.
        if wire.inbox().has_next() {
            self.take_read(place)?;
            return Ok(true);
        }
        match wire.read(self.hot.clock()) {
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
    fn answered(&mut self, place: usize, answer: Answer) -> Result<(), RunError> {
        let connection = self.posts[place].connection;
        let recv_ns = self.hot.now_ns();
        match answer {
            Answer::Failed { cause, code } => self.link(connection, 0, End { cause, close_code: code }, recv_ns),
            Answer::Fetched { instrument, body } => {
                let frame = Frame::fetched(instrument, &body);
                self.take(&Input::Frame { frame, recv_ns, kernel_utc_ns: 0, end_of_read: true })?;
                self.posts[place].desk.spend(body);
                self.serve()
            }
            Answer::NotFetched { req_id, status } => {
                let outcome = if status == 0 { sent::NOT_SENT } else { sent::REFUSED };
                let body = Sent { req_id, sent_ns: recv_ns, crc: 0, bytes: status, outcome };
                self.take(&Input::Sent(connection, body))?;
                self.serve()
            }
            Answer::Made(wire) => {
                for row in wire.granted() {
                    self.take(&Input::Host(connection, *row))?;
                }
                self.posts[place].wire = Some(wire);
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
            let Post { connection, wire: Some(wire), stamps, .. } = &mut self.posts[place] else {
                return Ok(Taken::All);
            };
            let message = match wire.inbox_mut().next() {
                Ok(Some(message)) => message,
                Ok(None) => return Ok(Taken::All),
                Err(violation) => return Ok(Taken::End(End { cause: cause_of(violation), close_code: 0 })),
            };
            let end_of_read = count == READ_MESSAGES_MAX || !wire.inbox().has_next();
            let frame = Frame::received(*connection, message.opcode, wire.inbox().bytes(&message));
            let Stamps { recv_ns, kernel_utc_ns } = *stamps;
            self.hot.take(&Input::Frame { frame, recv_ns, kernel_utc_ns, end_of_read })?;
            let end = answer_control(wire, &message);
            self.serve()?;
            if let Some(end) = end {
                return Ok(Taken::End(end));
            }
        }
        Ok(Taken::Some)
    }

    /// A connection is over: what came of it last is recorded, then its end.
    fn end(&mut self, place: usize, end: End) -> Result<(), RunError> {
        let Post { connection, wire, stamps, .. } = &mut self.posts[place];
        let (connection, recv_ns) = (*connection, stamps.recv_ns);
        let Some(mut wire) = wire.take() else { return Ok(()) };
        for bytes in wire.inbox().remains() {
            if !bytes.is_empty() {
                let bytes = bytes.get(..FRAME_BYTES_MAX).unwrap_or(bytes);
                let frame = Frame::received(connection, BROKEN, bytes);
                self.take(&Input::Frame { frame, recv_ns, kernel_utc_ns: 0, end_of_read: true })?;
            }
        }
        // Whether the goodbye arrives is no matter.
        let _ = wire.send(CLOSE, &GOING_AWAY.to_be_bytes());
        self.posts[place].desk.bury(wire);
        self.link(connection, 0, end, self.hot.now_ns())
    }

    fn link(&mut self, connection: u16, up: u16, end: End, recv_ns: u64) -> Result<(), RunError> {
        let End { cause, close_code } = end;
        self.take(&Input::Link(connection, Link { up, cause, close_code, spare: 0, recv_ns, spare_tail: 0 }))?;
        let engine = self.hot.core().engine();
        let trades = engine.config().markets().first().map_or(NO_CONNECTION, |market| market.connection);
        if engine.session().link(trades).is_some_and(LinkState::is_stopped) {
            self.closing.get_or_insert(close::LINK_STOPPED);
        }
        self.serve()
    }

    /// Carries out what the engine asked for, and what it asks for next because of it.
    fn serve(&mut self) -> Result<(), RunError> {
        while let Some(wanted) = self.hot.wanted() {
            let found = self.posts.iter().position(|post| post.connection == wanted.connection);
            let Some(place) = found else { continue };
            match wanted.request.action {
                action::CONNECT => {
                    if !self.posts[place].desk.connect() {
                        let end = End { cause: link::BROKEN, close_code: 0 };
                        self.link(wanted.connection, 0, end, self.hot.now_ns())?;
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
        let core = self.hot.core();
        let length = core.venue().encode(core.engine().config(), wanted, &mut target);
        let (req_id, instrument) = (wanted.request.req_id, wanted.instrument);
        let fetch = length.map(|length| Fetch { req_id, instrument, target, length });
        if fetch.is_some_and(|fetch| self.posts[place].desk.fetch(fetch)) {
            return Ok(());
        }
        let body = Sent { req_id, sent_ns: self.hot.now_ns(), crc: 0, bytes: 0, outcome: sent::NOT_SENT };
        self.take(&Input::Sent(wanted.connection, body))
    }

    /// Sends a request over its connection, and records what became of it.
    fn send(&mut self, place: usize, wanted: &Wanted) -> Result<(), RunError> {
        let mut text = [0; REQUEST_BYTES_MAX];
        let core = self.hot.core();
        let length = core.venue().encode(core.engine().config(), wanted, &mut text);
        let text = length.and_then(|length| text.get(..length));
        let wire = self.posts[place].wire.as_mut();
        let is_sent = text.zip(wire).is_some_and(|(text, wire)| wire.send(TEXT, text));
        let body = Sent {
            req_id: wanted.request.req_id,
            sent_ns: self.hot.now_ns(),
            crc: if is_sent { text.map_or(0, crc32fast::hash) } else { 0 },
            bytes: text.map_or(0, |text| text.len() as u16),
            outcome: if is_sent { sent::SENT } else { sent::NOT_SENT },
        };
        self.take(&Input::Sent(wanted.connection, body))
    }

    /// The run ends: every connection is told, and what it left is recorded.
    fn part_all(&mut self) -> Result<(), RunError> {
        (0..self.posts.len()).try_for_each(|place| self.end(place, End { cause: link::ASKED, close_code: 0 }))
    }
}

const fn cause_of(violation: Violation) -> u16 {
    match violation {
        Violation::Oversized => link::OVERSIZED,
        Violation::Protocol => link::PROTOCOL,
    }
}

/// Does what the protocol wants of a control frame. Returns how the connection ended, if it did.
fn answer_control(wire: &mut Wire, message: &Message) -> Option<End> {
    if message.opcode < CLOSE {
        return None;
    }
    // The payload lies in the inbox; a control frame's is short.
    let mut copy = [0; 125];
    let payload = wire.inbox().bytes(message);
    let copy = copy.get_mut(..payload.len())?;
    copy.copy_from_slice(payload);
    match message.opcode {
        PING => {
            // A connection that does not take it has stalled, and ends for that.
            let _ = wire.send(PONG, copy);
            None
        }
        CLOSE => Some(close_code(copy).map_or(End { cause: link::PROTOCOL, close_code: 0 }, |close_code| End {
            cause: link::CLOSED,
            close_code,
        })),
        _ => None,
    }
}
