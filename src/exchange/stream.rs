//! A socket, plain or under TLS; it never blocks.

use mio::net::TcpStream;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{Read, Result, Write};
use std::net::Shutdown;
use std::sync::Arc;

/// A way to a client without a socket. What it cannot give or take just now is [`std::io::ErrorKind::WouldBlock`].
pub trait Duplex: Read + Write + Send {
    /// Nothing more will be written.
    fn finish(&mut self);
}

/// The socket of one client.
pub(super) enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ServerConnection, TcpStream>>),
    Driven(Box<dyn Duplex>),
}

impl Stream {
    /// Takes a socket; under TLS when there is a configuration.
    pub fn new(socket: TcpStream, tls: Option<&Arc<ServerConfig>>) -> Result<Self> {
        let Some(config) = tls else { return Ok(Self::Plain(socket)) };
        let connection = ServerConnection::new(Arc::clone(config)).map_err(std::io::Error::other)?;
        Ok(Self::Tls(Box::new(StreamOwned::new(connection, socket))))
    }

    /// Says that nothing more will be written.
    pub fn finish(&mut self) {
        let socket = match self {
            Self::Plain(socket) => socket,
            Self::Tls(stream) => {
                stream.conn.send_close_notify();
                // It goes out or it does not: the socket says the same.
                let _ = stream.flush();
                &stream.sock
            }
            Self::Driven(stream) => return stream.finish(),
        };
        let _ = socket.shutdown(Shutdown::Write);
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
