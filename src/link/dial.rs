//! Making a connection: name, TCP, TLS, upgrade. It blocks; the link thread does it.

use super::by_record::ByRecord;
use super::endpoint::Endpoint;
use super::failure::Failure;
use super::options::{self, LinkConfig};
use super::stream::{Remembering, Stream, Timed};
use hotpath::record::{Host, link};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use socket2::{Domain, Protocol, Socket, Type};
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tungstenite::HandshakeError;
use tungstenite::http::StatusCode;

/// What is needed to make a connection.
#[derive(Clone, Debug)]
pub struct Dialler {
    /// Where to.
    pub endpoint: Endpoint,
    /// Whom to believe.
    pub tls: Arc<ClientConfig>,
    /// Options of the socket.
    pub options: LinkConfig,
    /// Longest time to make it.
    pub longest: Duration,
}

/// A connection that was upgraded to WebSocket.
#[derive(Debug)]
pub struct Dialled {
    /// The connection, still blocking.
    pub stream: Stream,
    /// What came behind the answer to the upgrade.
    pub rest: Vec<u8>,
    /// What the host granted of the socket's options.
    pub granted: Vec<Host>,
}

impl Dialler {
    /// Makes a connection, within `longest`; only the resolver may take longer.
    ///
    /// # Errors
    /// Why there is none.
    pub fn dial(&self) -> Result<Dialled, Failure> {
        let (stream, granted) = self.open()?;
        let (stream, rest) = upgrade(stream, &self.endpoint)?;
        Ok(Dialled { stream, rest, granted })
    }

    /// Makes a connection and secures it. All that is done with it must be done within `longest` from now.
    pub(super) fn open(&self) -> Result<(Stream, Vec<Host>), Failure> {
        let until = Instant::now() + self.longest;
        let (socket, granted) = self.reach(until)?;
        let timed = Timed::new(socket, until);
        let stream = if self.endpoint.is_tls { self.secure(timed)? } else { Stream::Plain(timed) };
        Ok((stream, granted))
    }

    /// The first address that takes the connection. Each gets its share of the time, so that one that is silent does
    /// not keep the others from being tried.
    fn reach(&self, until: Instant) -> Result<(TcpStream, Vec<Host>), Failure> {
        let Endpoint { host, key, .. } = &self.endpoint;
        let addresses = self.endpoint.addresses().map_err(|error| {
            Failure::new(
                link::NOT_RESOLVED,
                format!(
                    "{host}: the name was not resolved ({error}): check the network and `{key}`; it is tried again"
                ),
            )
        })?;
        let mut whys = Vec::new();
        for (address, others) in addresses.iter().zip((0..addresses.len() as u32).rev()) {
            let left = until.saturating_duration_since(Instant::now()) / (others + 1);
            match self.connect(address, left) {
                Ok(made) => return Ok(made),
                Err(error) => whys.push(format!("{address}: not reached: {error}")),
            }
        }
        if whys.is_empty() {
            return Err(Failure::new(link::NOT_RESOLVED, format!("{host}: the name has no address")));
        }
        Err(Failure::new(
            link::NOT_REACHED,
            format!("{}: check the network and `{key}`; it is tried again", whys.join("; ")),
        ))
    }

    fn connect(&self, address: &SocketAddr, longest: Duration) -> io::Result<(TcpStream, Vec<Host>)> {
        if longest.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        let socket = Socket::new(Domain::for_address(*address), Type::STREAM, Some(Protocol::TCP))?;
        // The window is agreed on with the connection, so the options come before it.
        let granted = options::apply(&socket, &self.options);
        socket.connect_timeout(&(*address).into(), longest)?;
        Ok((socket.into(), granted))
    }

    fn secure(&self, socket: Timed) -> Result<Stream, Failure> {
        let Endpoint { host, key, .. } = &self.endpoint;
        let name = ServerName::try_from(host.clone())
            .map_err(|_| Failure::new(link::CERTIFICATE, format!("{host}: no certificate can name such a host")))?;
        let mut tls = ClientConnection::new(Arc::clone(&self.tls), name)
            .map_err(|error| Failure::new(link::TLS, format!("{host}: TLS cannot be begun: {error}")))?;
        let mut records = ByRecord::new(socket);
        while tls.is_handshaking() {
            tls.complete_io(&mut records).map_err(|error| Failure::of_io(&error, key, host))?;
        }
        Ok(Stream::Tls(Box::new(StreamOwned::new(tls, records))))
    }
}

/// Upgrades a connection, and returns what came behind the answer.
fn upgrade(stream: Stream, endpoint: &Endpoint) -> Result<(Stream, Vec<u8>), Failure> {
    let remembering = Remembering { stream, seen: Vec::new() };
    let (socket, _) = tungstenite::client(&endpoint.url, remembering).map_err(|error| refused(error, endpoint))?;
    // Its own copy of the rest goes with it: ours has the same bytes.
    let Remembering { stream, seen } = socket.into_inner();
    let end = seen.windows(4).position(|bytes| bytes == b"\r\n\r\n").map_or(seen.len(), |at| at + 4);
    Ok((stream, seen[end..].to_vec()))
}

fn refused<R: tungstenite::handshake::HandshakeRole>(error: HandshakeError<R>, endpoint: &Endpoint) -> Failure {
    let Endpoint { key, url, .. } = endpoint;
    use tungstenite::Error;
    match error {
        HandshakeError::Interrupted(_) => Failure::of_io(&ErrorKind::TimedOut.into(), key, url),
        HandshakeError::Failure(Error::Io(error)) => Failure::of_io(&error, key, url),
        HandshakeError::Failure(Error::Http(answer)) => not_upgraded(answer.status(), endpoint),
        HandshakeError::Failure(other) => Failure::new(
            link::PROTOCOL,
            format!(
                "{url}: the host does not answer as an exchange does ({other}): check scheme, port and path of `{key}`; it is tried again"
            ),
        ),
    }
}

fn not_upgraded(status: StatusCode, endpoint: &Endpoint) -> Failure {
    let Endpoint { key, url, .. } = endpoint;
    let advice = match status.as_u16() {
        429 | 503 => "it is tried again later",
        400 | 401 | 403 | 404 => &format!("check `{key}`"),
        _ => "it is tried again",
    };
    let what = format!("{url}: the host answered {status} to the upgrade: {advice}");
    Failure { cause: link::NOT_UPGRADED, code: status.as_u16(), what }
}
