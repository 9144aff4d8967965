//! A message sealed and framed once more, to time what opens it.
//!
//! A journal holds what was inside TLS and frame, not their bytes. So the message is framed as exchanges do and sealed
//! by the server of the embedded exchange, a TLS record or more for each message, and goes through the code that
//! reads a live connection.

use super::nanoseconds;
use crate::exchange::identity;
use crate::latency::stage::Stage;
use crate::link::{Sealed, client_config};
use anyhow::{Context, Result, anyhow, ensure};
use hotpath::websocket::{Frames, INBOX_BYTES};
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, ServerConnection};
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;

/// Both ends of a connection without a network.
pub struct Wire {
    server: ServerConnection,
    client: Sealed,
    inbox: Frames<Box<[u8]>>,
    /// What is on its way.
    sealed: Vec<u8>,
}

impl Wire {
    /// A connection after its handshake.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new() -> Result<Self> {
        let identity = identity(IpAddr::V4(Ipv4Addr::LOCALHOST))?;
        let mut authority = tempfile::NamedTempFile::new().context("cannot make a file for a certificate")?;
        authority.write_all(identity.ca_pem.as_bytes()).context("cannot write a certificate")?;
        let config = client_config(Some(authority.path()))?;
        let mut client = ClientConnection::new(config, ServerName::try_from("localhost")?)?;
        let mut server = ServerConnection::new(identity.config)?;
        server.set_buffer_limit(None);
        // The server's last words are its tickets, which come behind the handshake.
        while client.is_handshaking() || server.is_handshaking() || client.wants_write() || server.wants_write() {
            let mut bytes = Vec::new();
            client.write_tls(&mut bytes)?;
            let mut rest = &bytes[..];
            while !rest.is_empty() && server.read_tls(&mut rest)? > 0 {
                server.process_new_packets()?;
            }
            bytes.clear();
            server.write_tls(&mut bytes)?;
            let mut rest = &bytes[..];
            while !rest.is_empty() && client.read_tls(&mut rest)? > 0 {
                client.process_new_packets()?;
            }
        }
        let inbox = Frames::new(vec![0; INBOX_BYTES].into_boxed_slice());
        Ok(Self { server, client: Sealed::new(client), inbox, sealed: Vec::new() })
    }

    /// What seals: version and cipher.
    pub fn name(&self) -> String {
        let version = self.server.protocol_version().and_then(|version| version.as_str());
        let suite = self.server.negotiated_cipher_suite().and_then(|suite| suite.suite().as_str());
        [version, suite].into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    /// How long it takes to open the records of a message, and to find it in the bytes.
    ///
    /// # Errors
    /// When something else comes out than was put in.
    pub fn times(&mut self, opcode: u16, message: &[u8]) -> Result<[(Stage, u64); 2]> {
        let mut head = frame_head(opcode, message.len());
        head.extend_from_slice(message);
        self.server.writer().write_all(&head)?;
        self.sealed.clear();
        while self.server.wants_write() {
            self.server.write_tls(&mut self.sealed)?;
        }
        let (mut tls_ns, mut rest) = (0_u64, &self.sealed[..]);
        while !rest.is_empty() {
            let vacant = self.client.vacant();
            let count = vacant.len().min(rest.len());
            // As the system would: copying what a read brings is not opening it.
            vacant[..count].copy_from_slice(&rest[..count]);
            rest = &rest[count..];
            let from = Instant::now();
            let opened = self.client.open(count, &mut self.inbox);
            tls_ns = tls_ns.saturating_add(nanoseconds(from, Instant::now()));
            opened.map_err(|cause| anyhow!("a record that was sealed here does not open (cause {cause})"))?;
        }
        let from = Instant::now();
        let found = self.inbox.next();
        let frame_ns = nanoseconds(from, Instant::now());
        let found = found.ok().flatten().filter(|found| found.opcode == opcode);
        ensure!(
            found.is_some_and(|found| self.inbox.bytes(&found) == message),
            "a message that was framed here is not the same behind it"
        );
        Ok([(Stage::Tls, tls_ns), (Stage::Framing, frame_ns)])
    }
}

/// What stands before a message that a server sends whole (RFC 6455, 5.2).
fn frame_head(opcode: u16, length: usize) -> Vec<u8> {
    const FIN: u8 = 0x80;
    let mut head = vec![FIN | opcode as u8];
    match length {
        0..=125 => head.push(length as u8),
        126..=0xffff => {
            head.push(126);
            head.extend((length as u16).to_be_bytes());
        }
        _ => {
            head.push(127);
            head.extend((length as u64).to_be_bytes());
        }
    }
    head
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lengths around every edge of frames, records and buffers come out as they went in.
    #[test]
    fn messages_of_any_length_come_through() {
        let mut wire = Wire::new().expect("a connection");
        assert!(wire.name().starts_with("TLSv1_3"), "{}", wire.name());
        for length in [0, 1, 125, 126, 127, 16_380, 16_384, 49_152, 65_535, 65_536, 200_000, 3] {
            let message: Vec<u8> = (0..length).map(|place| place as u8).collect();
            let times = wire.times(hotpath::websocket::TEXT, &message).expect("the message");
            assert_eq!(times.map(|(stage, _)| stage), [Stage::Tls, Stage::Framing], "{length}");
        }
    }
}
