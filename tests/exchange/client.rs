//! A WebSocket client that waits.

use crate::running::PATIENCE;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::error::Error as AnyError;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use tungstenite::error::Error;
use tungstenite::{HandshakeError, Message, WebSocket};

/// A stream of either kind.
pub trait Stream: Read + Write + Send {}
impl<S: Read + Write + Send> Stream for S {}

/// A connection.
pub struct Client {
    socket: WebSocket<Box<dyn Stream>>,
}

impl Client {
    /// Connects; under TLS it trusts nobody but `ca_pem`.
    pub fn connect(url: &str, ca_pem: Option<&str>) -> Result<Self, Box<dyn AnyError>> {
        let stream = open(url, ca_pem)?;
        let (socket, _) = tungstenite::client(url, stream).map_err(|error| match error {
            HandshakeError::Failure(error) => error.to_string(),
            HandshakeError::Interrupted(_) => "no answer".to_owned(),
        })?;
        Ok(Self { socket })
    }

    /// Sends a text.
    pub fn say(&mut self, text: &str) {
        self.send(Message::Text(text.into()));
    }

    /// Sends any message.
    pub fn send(&mut self, message: Message) {
        self.socket.send(message).expect("it is sent");
    }

    /// The next message of any kind. A machine that was halted meanwhile interrupts the call: it is made again.
    pub fn read(&mut self) -> Result<Message, Error> {
        loop {
            match self.socket.read() {
                Err(Error::Io(error)) if error.kind() == ErrorKind::Interrupted => {}
                read => return read,
            }
        }
    }

    /// The next text.
    pub fn next(&mut self) -> String {
        loop {
            match self.read().expect("a message in time") {
                Message::Text(text) => return text.to_string(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// The next text that is no heartbeat.
    pub fn news(&mut self) -> String {
        self.next_that(|text| text != HEARTBEAT)
    }

    /// The next text of which something holds; what comes before is passed over.
    pub fn next_that(&mut self, holds: impl Fn(&str) -> bool) -> String {
        loop {
            let text = self.next();
            if holds(&text) {
                return text;
            }
        }
    }

    /// Says something and gives the next answer to it.
    pub fn ask(&mut self, text: &str) -> String {
        self.say(text);
        self.next_that(|text| text.contains(r#""method":"#) || text.contains(r#""success":"#))
    }

    /// Subscribes to the book and gives the snapshot.
    pub fn book(&mut self, symbol: &str, depth: usize) -> String {
        let answer = self.ask(&book("subscribe", symbol, depth));
        assert!(answer.contains(r#""success":true"#), "{answer}");
        self.next_that(is_book)
    }

    /// Reads until the server has ended the connection; gives the code it closed with, if it did.
    pub fn end(&mut self) -> Option<u16> {
        self.last_word().map(|(code, _)| code)
    }

    /// The same with the reason.
    pub fn last_word(&mut self) -> Option<(u16, String)> {
        let mut code = None;
        loop {
            match self.read() {
                Ok(Message::Close(frame)) => code = frame.map(|frame| (frame.code.into(), frame.reason.to_string())),
                Ok(_) => {}
                Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => panic!("it goes on"),
                Err(_) => return code,
            }
        }
    }
}

/// The message of each second.
pub const HEARTBEAT: &str = r#"{"channel":"heartbeat"}"#;

/// Whether it is a message of a book.
pub fn is_book(text: &str) -> bool {
    text.starts_with(r#"{"channel":"book""#)
}

/// A request about the book.
pub fn book(method: &str, symbol: &str, depth: usize) -> String {
    format!(r#"{{"method":"{method}","params":{{"channel":"book","symbol":["{symbol}"],"depth":{depth}}}}}"#)
}

/// A request about a channel without parameters of its own.
pub fn channel(method: &str, channel: &str) -> String {
    format!(r#"{{"method":"{method}","params":{{"channel":"{channel}","symbol":["BTC/EUR"]}}}}"#)
}

/// A connection to the host of a URL; under TLS it trusts nobody but `ca_pem`.
pub fn open(url: &str, ca_pem: Option<&str>) -> Result<Box<dyn Stream>, Box<dyn AnyError>> {
    let (scheme, rest) = url.split_once("://").expect("a URL");
    let address = rest.split('/').next().expect("an address");
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(match scheme {
        "ws" | "http" => Box::new(stream),
        _ => Box::new(tls(stream, address, ca_pem.unwrap_or_default())?),
    })
}

fn tls(
    stream: TcpStream,
    address: &str,
    ca_pem: &str,
) -> Result<StreamOwned<ClientConnection, TcpStream>, Box<dyn AnyError>> {
    let mut roots = RootCertStore::empty();
    if !ca_pem.is_empty() {
        roots.add(CertificateDer::from_pem_slice(ca_pem.as_bytes())?)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    let connection = ClientConnection::new(Arc::new(config), ServerName::try_from(host.to_owned())?)?;
    Ok(StreamOwned::new(connection, stream))
}
