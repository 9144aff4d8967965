//! A connection's way from a socket to a WebSocket and to its end.

use super::dialect::{Control, Door};
use super::parcel::Break;
use super::stream::Stream;
use super::upgrade::{self, Upgrade};
use std::io::{ErrorKind, Read, Write};
use tungstenite::Utf8Bytes;
use tungstenite::error::Error;
use tungstenite::http::Uri;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::protocol::{CloseFrame, Message, Role, WebSocket, WebSocketConfig};

/// Most bytes of a client's message.
pub(super) const REQUEST_BYTES_MAX: usize = 64 * 1024;
/// Time in which a client must have opened its connection, nanoseconds.
const OPEN_NS_MAX: u64 = 10_000_000_000;
/// Time in which a client must have ended it once we have, nanoseconds.
const LEAVE_NS_MAX: u64 = 1_000_000_000;
/// Bytes read at once.
const READ_BYTES: usize = 4 * 1024;
/// Reads from a client that leaves, in a turn.
const DRAINED_MAX: usize = 16;
/// Bytes of messages that are put together before they are written.
const WRITE_BYTES: usize = 16 * 1024;

/// Where a connection stands.
enum State {
    /// The head of its request is being read.
    Upgrading { stream: Stream, head: Vec<u8> },
    /// The answer is being written; a WebSocket follows if the request was accepted.
    Answering { stream: Stream, reply: Vec<u8>, written: usize, accepted: Option<Accepted> },
    /// It is a WebSocket. `is_blocked`: the socket takes no more bytes just now.
    Open { socket: Box<WebSocket<Stream>>, is_blocked: bool },
    /// We have ended it; what the client still sends is read and forgotten, so that it can read our last words.
    Leaving(Stream),
    /// Nobody reads or writes it; the client does not know.
    Stuck(Stream),
    /// It is over.
    Gone,
}

/// A request that was accepted.
struct Accepted {
    /// What the client sent behind it.
    tail: Vec<u8>,
    /// Its query.
    query: String,
}

/// What happened on a connection.
#[derive(Debug)]
pub(super) enum Heard {
    /// It became a WebSocket; this was the query of its request.
    Opened(String),
    /// The client sent a message.
    Text(Utf8Bytes),
    /// The client sent bytes where the exchange takes text.
    Bytes,
    /// The client sent a control frame, which is dealt with.
    Control(Control),
    /// Nothing, for now.
    Nothing,
}

/// One client's connection.
pub(super) struct Link {
    state: State,
    /// When patience with a client that opens or leaves ends.
    until_ns: u64,
}

impl Link {
    /// A client that has just connected.
    pub const fn new(stream: Stream, now_ns: u64) -> Self {
        let state = State::Upgrading { stream, head: Vec::new() };
        Self { state, until_ns: now_ns.saturating_add(OPEN_NS_MAX) }
    }

    /// Whether it is over.
    pub const fn is_gone(&self) -> bool {
        matches!(self.state, State::Gone)
    }

    /// Whether it was a WebSocket, or was to be one, and is none any more.
    pub const fn has_ended(&self) -> bool {
        matches!(self.state, State::Leaving(_) | State::Stuck(_) | State::Gone)
    }

    /// Whether messages can be sent.
    pub const fn is_open(&self) -> bool {
        matches!(self.state, State::Open { .. })
    }

    /// Goes on with what the client sent, up to the next thing that matters; `door` says what is behind the path of
    /// an HTTP request.
    pub fn hear(&mut self, now_ns: u64, door: &mut dyn FnMut(&Uri) -> Door) -> Heard {
        let is_in_time = self.is_open() || now_ns < self.until_ns;
        if let Some(stream) = self.stream() {
            stream.trouble().set_now(now_ns);
        }
        match std::mem::replace(&mut self.state, State::Gone) {
            State::Upgrading { stream, head } if is_in_time => self.upgrade(stream, head, now_ns, door),
            State::Answering { stream, reply, written, accepted } if is_in_time => {
                self.answer(stream, reply, written, accepted, now_ns)
            }
            State::Open { socket, is_blocked } => self.receive(socket, is_blocked, now_ns),
            State::Leaving(stream) if is_in_time => self.drain(stream),
            State::Stuck(stream) if is_in_time => {
                self.state = State::Stuck(stream);
                Heard::Nothing
            }
            _ => Heard::Nothing,
        }
    }

    fn upgrade(
        &mut self,
        mut stream: Stream,
        mut head: Vec<u8>,
        now_ns: u64,
        door: &mut dyn FnMut(&Uri) -> Door,
    ) -> Heard {
        let mut buffer = [0; READ_BYTES];
        loop {
            match stream.read(&mut buffer) {
                Ok(0) => return Heard::Nothing,
                Ok(count) => head.extend_from_slice(&buffer[..count]),
                Err(error) if is_pause(&error) => {
                    self.state = State::Upgrading { stream, head };
                    return Heard::Nothing;
                }
                Err(_) => return Heard::Nothing,
            }
            match upgrade::answer(&head, door) {
                Upgrade::Incomplete => {}
                Upgrade::Accepted { reply, head_bytes, query } => {
                    let accepted = Some(Accepted { tail: head.split_off(head_bytes), query });
                    return self.answer(stream, reply, 0, accepted, now_ns);
                }
                Upgrade::Answered(reply) => return self.answer(stream, reply, 0, None, now_ns),
            }
        }
    }

    fn answer(
        &mut self,
        mut stream: Stream,
        reply: Vec<u8>,
        mut written: usize,
        accepted: Option<Accepted>,
        now_ns: u64,
    ) -> Heard {
        let mut write = || -> std::io::Result<()> {
            while let Some(rest) = reply.get(written..).filter(|rest| !rest.is_empty()) {
                match stream.write(rest)? {
                    0 => return Err(ErrorKind::WriteZero.into()),
                    count => written += count,
                }
            }
            stream.flush()
        };
        match (write(), accepted) {
            (Ok(()), Some(Accepted { tail, query })) => {
                let socket = WebSocket::from_partially_read(stream, tail, Role::Server, Some(config()));
                self.state = State::Open { socket: Box::new(socket), is_blocked: false };
                Heard::Opened(query)
            }
            (Ok(()), None) => {
                self.leave(stream, now_ns);
                Heard::Nothing
            }
            (Err(error), accepted) => {
                if is_pause(&error) {
                    self.state = State::Answering { stream, reply, written, accepted };
                }
                Heard::Nothing
            }
        }
    }

    fn receive(&mut self, mut socket: Box<WebSocket<Stream>>, is_blocked: bool, now_ns: u64) -> Heard {
        let heard = loop {
            match socket.read() {
                Ok(Message::Text(text)) => break Ok(Heard::Text(text)),
                Ok(Message::Binary(_)) => break Ok(Heard::Bytes),
                // Pings are answered by the next read or write, and so is a close.
                Ok(Message::Ping(_)) => break Ok(Heard::Control(Control::Ping)),
                Ok(Message::Pong(_)) => break Ok(Heard::Control(Control::Pong)),
                Ok(_) => {}
                Err(Error::Io(error)) if is_pause(&error) => break Ok(Heard::Nothing),
                Err(error) => break Err(error),
            }
        };
        match heard {
            Ok(heard) => {
                self.state = State::Open { socket, is_blocked };
                heard
            }
            Err(error) => {
                self.end(socket, close_code(&error).map(|code| (code, "")), now_ns);
                Heard::Nothing
            }
        }
    }

    fn drain(&mut self, mut stream: Stream) -> Heard {
        let mut buffer = [0; READ_BYTES];
        for _ in 0..DRAINED_MAX {
            match stream.read(&mut buffer) {
                Ok(0) => return Heard::Nothing,
                Ok(_) => {}
                Err(error) if is_pause(&error) => break,
                Err(_) => return Heard::Nothing,
            }
        }
        self.state = State::Leaving(stream);
        Heard::Nothing
    }

    /// Sends a message unless the socket takes no more; then it is given back.
    pub fn send(&mut self, message: Message) -> Option<Message> {
        let State::Open { socket, is_blocked } = &mut self.state else { return None };
        if *is_blocked {
            return Some(message);
        }
        // A message that was taken is kept, also when the socket took none or only a part of it.
        let sent = socket.write(message);
        self.note(sent);
        None
    }

    /// Writes what was sent and not yet written.
    pub fn flush(&mut self) {
        let State::Open { socket, .. } = &mut self.state else { return };
        let flushed = socket.flush();
        self.note(flushed);
    }

    fn note(&mut self, outcome: Result<(), Error>) {
        let State::Open { is_blocked, .. } = &mut self.state else { return };
        match outcome {
            Ok(()) => *is_blocked = false,
            Err(Error::Io(error)) if is_pause(&error) => *is_blocked = true,
            Err(_) => self.state = State::Gone,
        }
    }

    fn stream(&mut self) -> Option<&mut Stream> {
        match &mut self.state {
            State::Upgrading { stream, .. }
            | State::Answering { stream, .. }
            | State::Leaving(stream)
            | State::Stuck(stream) => Some(stream),
            State::Open { socket, .. } => Some(socket.get_mut()),
            State::Gone => None,
        }
    }

    /// When it goes on by itself.
    pub fn due_ns(&mut self) -> Option<u64> {
        self.stream()?.trouble().due_ns()
    }

    /// Something happens to it, unless it has ended or still has something to write; whether it did.
    pub fn suffer(&mut self, happens: Break, now_ns: u64) -> bool {
        if matches!(&self.state, State::Open { is_blocked: true, .. }) {
            return false;
        }
        if let Some(stream) = self.stream() {
            stream.suffer(happens);
        }
        match happens {
            Break::Close { code: 1006 } => self.drop_it(),
            Break::Close { code } => self.close(code.into(), "", now_ns),
            Break::Reset => {
                self.stream().map(Stream::reset);
                self.drop_it();
            }
            Break::HalfOpen { until_ns } => {
                if let State::Open { socket, .. } = std::mem::replace(&mut self.state, State::Gone) {
                    self.until_ns = until_ns;
                    self.state = State::Stuck(socket.into_inner());
                }
            }
            Break::Silence { .. } | Break::Drip { .. } | Break::Spoil => {}
        }
        true
    }

    /// Ends it without a word.
    pub fn drop_it(&mut self) {
        self.state = State::Gone;
    }

    /// Ends it with a code and a reason, if it is open; otherwise without a word.
    pub fn close(&mut self, code: CloseCode, reason: &'static str, now_ns: u64) {
        if let State::Open { socket, .. } = std::mem::replace(&mut self.state, State::Gone) {
            self.end(socket, Some((code, reason)), now_ns);
        }
    }

    fn end(&mut self, mut socket: Box<WebSocket<Stream>>, last: Option<(CloseCode, &'static str)>, now_ns: u64) {
        if let Some((code, reason)) = last {
            // What does not go out now does not go out: the client is told by the end of the stream.
            let _ = socket.close(Some(CloseFrame { code, reason: Utf8Bytes::from_static(reason) }));
        }
        self.leave(socket.into_inner(), now_ns);
    }

    fn leave(&mut self, mut stream: Stream, now_ns: u64) {
        stream.finish();
        self.until_ns = now_ns.saturating_add(LEAVE_NS_MAX);
        self.state = State::Leaving(stream);
    }
}

/// Whether the socket is to be tried again in another turn.
fn is_pause(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BYTES)
        .write_buffer_size(WRITE_BYTES)
        .max_message_size(Some(REQUEST_BYTES_MAX))
        .max_frame_size(Some(REQUEST_BYTES_MAX))
}

/// What to close a connection with; nothing when there is nobody left to tell.
fn close_code(error: &Error) -> Option<CloseCode> {
    match error {
        Error::Capacity(_) => Some(CloseCode::Size),
        Error::Utf8(_) => Some(CloseCode::Invalid),
        Error::Protocol(_) => Some(CloseCode::Protocol),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Door, Heard, LEAVE_NS_MAX, Link, OPEN_NS_MAX};
    use crate::exchange::stream::Stream;
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};

    /// A link and its client.
    fn pair(now_ns: u64) -> (Link, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (socket, _) = listener.accept().unwrap();
        socket.set_nonblocking(true).unwrap();
        let socket = mio::net::TcpStream::from_std(socket);
        (Link::new(Stream::new(socket, None).unwrap(), now_ns), client)
    }

    /// Hears where nothing is behind any path.
    fn hear(link: &mut Link, now_ns: u64) -> Heard {
        link.hear(now_ns, &mut |_| Door::missing())
    }

    #[test]
    fn a_client_that_does_not_open_its_connection_is_not_waited_for() {
        let (mut link, mut client) = pair(5);
        client.write_all(b"GET /v2 HTTP/1.1\r\n").unwrap();
        assert!(matches!(hear(&mut link, 5 + OPEN_NS_MAX - 1), Heard::Nothing) && !link.is_gone());
        assert!(matches!(hear(&mut link, 5 + OPEN_NS_MAX), Heard::Nothing) && link.is_gone());
    }

    #[test]
    fn a_client_that_was_refused_and_stays_is_not_waited_for() {
        let (mut link, mut client) = pair(0);
        client.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
        let mut answer = String::new();
        // The bytes are on their way; the link is asked until it has seen them and answered.
        while !matches!(link.state, super::State::Leaving(_)) {
            hear(&mut link, 7);
        }
        client.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 404 Not Found\r\n"), "{answer}");
        hear(&mut link, 7 + LEAVE_NS_MAX - 1);
        assert!(!link.is_gone());
        hear(&mut link, 7 + LEAVE_NS_MAX);
        assert!(link.is_gone());
    }
}
