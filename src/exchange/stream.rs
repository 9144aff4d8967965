//! A socket, plain or under TLS; it never blocks.

use super::fault::{Line, Trouble};
use super::parcel::Break;
use mio::net::TcpStream;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use socket2::SockRef;
use std::io::{Read, Result, Write};
use std::net::Shutdown;
use std::sync::Arc;
use std::time::Duration;

/// A way to a client without a socket. What it cannot give or take just now is [`std::io::ErrorKind::WouldBlock`].
pub trait Duplex: Read + Write + Send {
    /// Nothing more will be written.
    fn finish(&mut self);
}

/// The socket of one client.
pub(super) enum Stream {
    Plain(Line<TcpStream>),
    Tls(Box<StreamOwned<ServerConnection, Line<TcpStream>>>),
    Driven(Line<Box<dyn Duplex>>),
}

impl Stream {
    /// Takes a stream that is no socket.
    pub fn driven(stream: Box<dyn Duplex>) -> Self {
        Self::Driven(Line::new(stream))
    }

    /// Takes a socket; under TLS when there is a configuration.
    pub fn new(socket: TcpStream, tls: Option<&Arc<ServerConfig>>) -> Result<Self> {
        let Some(config) = tls else { return Ok(Self::Plain(Line::new(socket))) };
        let connection = ServerConnection::new(Arc::clone(config)).map_err(std::io::Error::other)?;
        Ok(Self::Tls(Box::new(StreamOwned::new(connection, Line::new(socket)))))
    }

    /// Says that nothing more will be written.
    pub fn finish(&mut self) {
        let line = match self {
            Self::Plain(line) => line,
            Self::Tls(stream) => {
                stream.conn.send_close_notify();
                // It goes out or it does not: the socket says the same.
                let _ = stream.flush();
                &mut stream.sock
            }
            Self::Driven(line) => return line.stream.finish(),
        };
        let _ = line.stream.shutdown(Shutdown::Write);
    }

    /// What is wrong with the line that carries its bytes, below TLS.
    pub const fn trouble(&mut self) -> &mut Trouble {
        match self {
            Self::Plain(line) => &mut line.trouble,
            Self::Tls(stream) => &mut stream.sock.trouble,
            Self::Driven(line) => &mut line.trouble,
        }
    }

    /// Its end is to be a reset. One that is driven knows no other end without a word.
    pub fn reset(&mut self) {
        let socket = match self {
            Self::Plain(line) => &line.stream,
            Self::Tls(stream) => &stream.sock.stream,
            Self::Driven(_) => return,
        };
        // If that is refused, it ends in another way, which a client must bear too.
        let _ = SockRef::from(socket).set_linger(Some(Duration::ZERO));
    }

    /// Something happens to its bytes.
    pub const fn suffer(&mut self, happens: Break) {
        match happens {
            Break::Silence { until_ns } | Break::HalfOpen { until_ns } => self.trouble().mute(until_ns),
            Break::Drip { bytes, each_ns } => self.trouble().drip(bytes, each_ns),
            Break::Spoil => self.trouble().spoil(),
            Break::Close { .. } | Break::Reset => {}
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        match self {
            Self::Plain(socket) => socket.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
            Self::Driven(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        match self {
            Self::Plain(socket) => socket.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
            Self::Driven(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> Result<()> {
        match self {
            Self::Plain(socket) => socket.flush(),
            Self::Tls(stream) => stream.flush(),
            Self::Driven(stream) => stream.flush(),
        }
    }
}
