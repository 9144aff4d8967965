//! One GET over a connection of its own: how instruments and snapshots are fetched where an exchange does not push
//! them. It blocks; the link thread does it.

use super::dial::Dialler;
use super::failure::Failure;
use hotpath::record::{FRAME_BYTES_MAX, link};
use std::io::{self, ErrorKind, Read, Write};

/// Most bytes of the head of an answer.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// Most headers of an answer.
const HEADERS_MAX: usize = 64;
/// Most bytes of a body: it becomes a frame.
const BODY_BYTES_MAX: usize = FRAME_BYTES_MAX;

/// What a host answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// Fetches path and query of a host, within the dialler's longest time.
///
/// # Errors
/// Why there is no whole answer. An answer with an error status is one.
pub fn get(dialler: &Dialler, target: &str) -> Result<Answer, Failure> {
    let doing = format!("{}{target}", dialler.endpoint.url);
    let mut stream = dialler.open()?.0;
    let host = &dialler.endpoint.host;
    let base = dialler.endpoint.path.trim_end_matches('/');
    let request = format!(
        "GET {base}{target} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: fathom\r\nAccept: application/json\r\nConnection: close\r\n\r\n"
    );
    let outcome =
        stream.write_all(request.as_bytes()).and_then(|()| stream.flush()).and_then(|()| receive(&mut stream));
    outcome.map_err(|error| match error.kind() {
        ErrorKind::InvalidData => Failure::new(link::PROTOCOL, format!("{doing}: {error}: it is tried again")),
        _ => Failure::of_io(&error, &dialler.endpoint.key, &doing),
    })
}

/// How long a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    Bytes(usize),
    Chunks,
    ToTheEnd,
}

/// Reads one answer.
///
/// # Errors
/// Those of the stream; [`ErrorKind::InvalidData`] for what is no answer, or one that is too long.
fn receive(stream: &mut impl Read) -> io::Result<Answer> {
    let mut bytes = Vec::new();
    let (status, extent, start) = loop {
        if let Some(head) = head(&bytes)? {
            break head;
        }
        if bytes.len() > HEAD_BYTES_MAX {
            return Err(invalid("the head of the answer is too long"));
        }
        if !more(stream, &mut bytes)? {
            return Err(ErrorKind::UnexpectedEof.into());
        }
    };
    let mut chunks = Chunks { at: start, body: Vec::new() };
    loop {
        let is_whole = match extent {
            Extent::Bytes(length) => bytes.len() >= start + length,
            Extent::Chunks => chunks.take(&bytes)?,
            Extent::ToTheEnd => false,
        };
        if bytes.len() - start > BODY_BYTES_MAX {
            return Err(invalid("the answer is too long"));
        }
        if is_whole || !more(stream, &mut bytes)? {
            let body = match (extent, is_whole) {
                (Extent::Bytes(length), true) => bytes[start..start + length].to_vec(),
                (Extent::Chunks, true) => chunks.body,
                (Extent::ToTheEnd, _) => bytes[start..].to_vec(),
                _ => return Err(ErrorKind::UnexpectedEof.into()),
            };
            return Ok(Answer { status, body });
        }
    }
}

/// Reads more; false at the end. A host that ends TLS without a word has ended all the same.
fn more(stream: &mut impl Read, bytes: &mut Vec<u8>) -> io::Result<bool> {
    let mut buffer = [0; 16 * 1024];
    match stream.read(&mut buffer) {
        Ok(0) => Ok(false),
        Ok(count) => {
            bytes.extend_from_slice(&buffer[..count]);
            Ok(true)
        }
        Err(error) if error.kind() == ErrorKind::Interrupted => Ok(true),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// Status, length of the body, and where it starts; none while the head is not whole.
fn head(bytes: &[u8]) -> io::Result<Option<(u16, Extent, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut response = httparse::Response::new(&mut headers);
    let parsed = response.parse(bytes).map_err(|error| invalid(&format!("the host does not speak HTTP ({error})")))?;
    let (httparse::Status::Complete(start), Some(status)) = (parsed, response.code) else { return Ok(None) };
    let value = |name: &str| {
        let found = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        found.and_then(|header| std::str::from_utf8(header.value).ok()).map(str::trim)
    };
    let extent = match (value("transfer-encoding"), value("content-length")) {
        (Some(coding), _) if coding.eq_ignore_ascii_case("chunked") => Extent::Chunks,
        (Some(_), _) => return Err(invalid("the answer is coded in a way that was not asked for")),
        (None, Some(length)) => {
            let length = length.parse().ok().filter(|length| *length <= BODY_BYTES_MAX);
            Extent::Bytes(length.ok_or_else(|| invalid("the answer is too long, or does not say how long it is"))?)
        }
        (None, None) => Extent::ToTheEnd,
    };
    Ok(Some((status, extent, start)))
}

/// A body in chunks, as far as it was taken.
struct Chunks {
    at: usize,
    body: Vec<u8>,
}

impl Chunks {
    /// Takes the chunks that are whole; true after the last one.
    fn take(&mut self, bytes: &[u8]) -> io::Result<bool> {
        loop {
            let rest = bytes.get(self.at..).unwrap_or_default();
            let size = httparse::parse_chunk_size(rest).map_err(|_| invalid("a chunk of the answer has no size"))?;
            let httparse::Status::Complete((start, length)) = size else { return Ok(false) };
            let length = usize::try_from(length).ok().filter(|length| *length <= BODY_BYTES_MAX);
            let length = length.ok_or_else(|| invalid("the answer is too long"))?;
            if length == 0 {
                return Ok(true);
            }
            let Some(chunk) = rest.get(start..start + length + 2) else { return Ok(false) };
            if !chunk.ends_with(b"\r\n") {
                return Err(invalid("a chunk of the answer does not end where it says"));
            }
            self.body.extend_from_slice(&chunk[..length]);
            self.at += start + length + 2;
        }
    }
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, what.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{Answer, receive};
    use proptest::prelude::*;
    use std::io::{ErrorKind, Read};

    /// A stream that gives a few bytes at a time.
    struct Slow<'a> {
        bytes: &'a [u8],
        step: usize,
    }

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let count = self.step.min(self.bytes.len()).min(buffer.len());
            let (now, rest) = self.bytes.split_at(count);
            buffer[..count].copy_from_slice(now);
            self.bytes = rest;
            Ok(count)
        }
    }

    fn answer(bytes: &[u8], step: usize) -> Result<Answer, ErrorKind> {
        receive(&mut Slow { bytes, step }).map_err(|error| error.kind())
    }

    proptest! {
        /// However it is cut up on its way, and however it says how long it is.
        #[test]
        fn a_body_arrives_as_it_was_sent(
            body in prop::collection::vec(any::<u8>(), 0..600),
            step in 1_usize..700,
            parts in prop::collection::vec(1_usize..90, 1..12),
            status in prop::sample::select(vec![200_u16, 400, 418, 429, 503]),
        ) {
            let head = format!("HTTP/1.1 {status} X\r\nServer: a\r\n");
            let sized = [format!("{head}content-LENGTH: {}\r\n\r\n", body.len()).as_bytes(), &body, b"more"].concat();
            let open = [format!("{head}\r\n").as_bytes(), &body].concat();
            let mut chunked = format!("{head}Transfer-Encoding: chunked\r\n\r\n").into_bytes();
            let mut rest = &body[..];
            for part in parts.iter().cycle() {
                let (now, later) = rest.split_at((*part).min(rest.len()));
                chunked.extend(format!("{:x};ignored\r\n", now.len()).bytes());
                chunked.extend(now);
                chunked.extend(b"\r\n");
                rest = later;
                if now.is_empty() {
                    break;
                }
            }
            for sent in [sized, open, chunked] {
                prop_assert_eq!(answer(&sent, step), Ok(Answer { status, body: body.clone() }));
            }
        }

        #[test]
        fn nothing_that_a_host_sends_is_too_much(bytes in prop::collection::vec(any::<u8>(), 0..400), step in 1_usize..50) {
            let _ = answer(&bytes, step);
            let _ = answer(&[b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", &bytes[..]].concat(), step);
        }
    }

    #[test]
    fn what_is_cut_or_too_long_is_no_answer() {
        let table: [(&[u8], ErrorKind); 8] = [
            (b"", ErrorKind::UnexpectedEof),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfour", ErrorKind::UnexpectedEof),
            (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfive.\r\n", ErrorKind::UnexpectedEof),
            (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfive....", ErrorKind::InvalidData),
            (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", ErrorKind::InvalidData),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", ErrorKind::InvalidData),
            (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", ErrorKind::InvalidData),
            (b"SSH-2.0-x\r\n\r\n", ErrorKind::InvalidData),
        ];
        for (bytes, kind) in table {
            assert_eq!(answer(bytes, 7), Err(kind), "{}", String::from_utf8_lossy(bytes));
        }
        let endless = [b"HTTP/1.1 200 OK\r\n".as_slice(), &b"A: b\r\n".repeat(20_000)].concat();
        assert_eq!(answer(&endless, 4096), Err(ErrorKind::InvalidData));
        let long = [b"HTTP/1.1 200 OK\r\n\r\n".as_slice(), &vec![b'x'; 5 << 20]].concat();
        assert_eq!(answer(&long, 4096), Err(ErrorKind::InvalidData));
    }
}
