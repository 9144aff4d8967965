//! The loop of the pinned thread: commands, what is due, then each socket; after every input, what the engine asked
//! for.
//!
//! It never waits for anything. A read that brings frames is taken frame by frame; the last one ends the read and
//! lets the engine decide.

use super::hot::{Due, Hot};
use crate::link::{Answer, Desk, Read, Wire};
use crate::run::RunError;
use hotpath::record::{
    Command, FRAME_BYTES_MAX, Found, Host, Link, NO_CONNECTION, Sent, action, close, command, link, sent,
};
use hotpath::turn::{Input, Wanted};
use hotpath::venue::{Frame, REQUEST_BYTES_MAX, Venue};
use hotpath::websocket::{BROKEN, CLOSE, Message, PING, PONG, TEXT, Violation, close_code};
use rtrb::Consumer;

/// WebSocket's close code for a connection that is given up in order.
const GOING_AWAY: u16 = 1001;
/// What stands for a close code when a connection broke off without one.
const ABNORMAL: u16 = 1006;

/// One connection of the run.
struct Post {
    connection: u16,
    desk: Desk,
    wire: Option<Box<Wire>>,
}

/// How a connection came to its end.
#[derive(Clone, Copy)]
struct End {
    cause: u16,
    close_code: u16,
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
        let posts = desks.into_iter().map(|(connection, desk)| Post { connection, desk, wire: None }).collect();
        Self { hot, posts, commands, closing: None }
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
        granted.iter().try_for_each(|row| self.hot.take(&Input::Host(NO_CONNECTION, *row)))
    }

    /// Runs until a command, or the end of the connection that trades, ends the run; returns one of [`close`].
    ///
    /// # Errors
    /// A halt of the engine, or a journal that takes no more.
    pub fn run(&mut self) -> Result<u16, RunError> {
        loop {
            self.serve()?;
            let is_commanded = self.command()?;
            if let Some(cause) = self.closing {
                self.part_all();
                self.hot.close(cause)?;
                return Ok(cause);
            }
            match self.hot.due()? {
                Due::Done => {}
                Due::Full => self.hot.rest(),
                Due::Nothing => {
                    let mut is_busy = is_commanded;
                    for place in 0..self.posts.len() {
                        is_busy |= self.tend(place)?;
                    }
                    if !is_busy {
                        self.hot.rest();
                    }
                }
            }
        }
    }

    fn command(&mut self) -> Result<bool, RunError> {
        let Ok(command) = self.commands.pop() else { return Ok(false) };
        self.hot.take(&Input::Command(command))?;
        if command.code == command::STOP {
            self.closing = Some(close::STOPPED);
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
        let read = wire.read();
        let recv_ns = self.hot.now_ns();
        match read {
            Read::Nothing => return Ok(false),
            Read::Bytes { kernel_utc_ns } => {
                if let Some(end) = self.take_messages(place, recv_ns, kernel_utc_ns)? {
                    self.end(place, end, recv_ns)?;
                }
            }
            Read::Ended(cause) => {
                let end = self.take_messages(place, recv_ns, 0)?;
                self.end(place, end.unwrap_or(End { cause, close_code: ABNORMAL }), recv_ns)?;
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
            Answer::Made(wire) => {
                for row in wire.granted() {
                    self.hot.take(&Input::Host(connection, *row))?;
                }
                self.posts[place].wire = Some(wire);
                self.link(connection, 1, End { cause: link::CONNECTED, close_code: 0 }, recv_ns)?;
                // The first message may have come with the answer to the upgrade.
                match self.take_messages(place, recv_ns, 0)? {
                    Some(end) => self.end(place, end, recv_ns),
                    None => Ok(()),
                }
            }
        }
    }

    /// Takes all whole messages that were received. Returns how the connection ended, if it did.
    fn take_messages(&mut self, place: usize, recv_ns: u64, kernel_utc_ns: u64) -> Result<Option<End>, RunError> {
        loop {
            self.wait_for_room()?;
            let Post { connection, wire: Some(wire), .. } = &mut self.posts[place] else { return Ok(None) };
            let message = match wire.inbox_mut().next() {
                Ok(Some(message)) => message,
                Ok(None) => return Ok(None),
                Err(violation) => return Ok(Some(End { cause: cause_of(violation), close_code: 0 })),
            };
            let end_of_read = !wire.inbox().has_next();
            let bytes = wire.inbox().bytes(&message);
            let frame = Frame { connection: *connection, opcode: message.opcode, bytes };
            self.hot.take(&Input::Frame { frame, recv_ns, kernel_utc_ns, end_of_read })?;
            let end = answer_control(wire, &message);
            self.serve()?;
            if end.is_some() {
                return Ok(end);
            }
        }
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

    /// A connection is over: what came of it last is recorded, then its end.
    fn end(&mut self, place: usize, end: End, recv_ns: u64) -> Result<(), RunError> {
        let Post { connection, wire, desk } = &mut self.posts[place];
        let connection = *connection;
        let Some(mut wire) = wire.take() else { return Ok(()) };
        for bytes in wire.inbox().remains() {
            if !bytes.is_empty() {
                let bytes = bytes.get(..FRAME_BYTES_MAX).unwrap_or(bytes);
                let frame = Frame { connection, opcode: BROKEN, bytes };
                self.hot.take(&Input::Frame { frame, recv_ns, kernel_utc_ns: 0, end_of_read: true })?;
            }
        }
        part(&mut wire, GOING_AWAY);
        desk.bury(wire);
        self.link(connection, 0, end, recv_ns)
    }

    fn link(&mut self, connection: u16, up: u16, end: End, recv_ns: u64) -> Result<(), RunError> {
        let End { cause, close_code } = end;
        self.hot.take(&Input::Link(connection, Link { up, cause, close_code, spare: 0, recv_ns, spare_tail: 0 }))?;
        let trades = self.hot.core().engine().config().markets[0].connection;
        let session = self.hot.core().engine().session();
        if session.link(trades).is_some_and(hotpath::session::LinkState::is_stopped) {
            self.closing = Some(close::LINK_STOPPED);
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
                action::DISCONNECT => {
                    self.end(place, End { cause: link::ASKED, close_code: 0 }, self.hot.now_ns())?;
                }
                _ => self.send(place, &wanted)?,
            }
        }
        Ok(())
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
        self.hot.take(&Input::Sent(wanted.connection, body))
    }

    /// The run ends: every connection is told.
    fn part_all(&mut self) {
        for Post { wire, desk, .. } in &mut self.posts {
            if let Some(mut wire) = wire.take() {
                part(&mut wire, GOING_AWAY);
                desk.bury(wire);
            }
        }
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
    let payload = copy.get_mut(..payload.len()).map(|copy| {
        copy.copy_from_slice(payload);
        &*copy
    });
    match (message.opcode, payload) {
        (PING, Some(payload)) => {
            // A pong that does not fit is one that the exchange misses.
            let _ = wire.send(PONG, payload);
            None
        }
        (CLOSE, Some(payload)) => match close_code(payload) {
            Ok(close_code) => Some(End { cause: link::CLOSED, close_code }),
            Err(_) => Some(End { cause: link::PROTOCOL, close_code: 0 }),
        },
        _ => None,
    }
}

/// Says goodbye, as far as the connection still takes it.
fn part(wire: &mut Wire, code: u16) {
    let _ = wire.send(CLOSE, &code.to_be_bytes());
}
