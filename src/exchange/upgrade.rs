//! The HTTP request that opens a connection, and its answer.

use super::dialect::Door;

use tungstenite::handshake::machine::TryParse;
use tungstenite::handshake::server::{Request, create_response, write_response};
use tungstenite::http::{StatusCode, Uri};

/// Most bytes of a request's head.
const HEAD_BYTES_MAX: usize = 8 * 1024;

/// What to do with what a client sent so far.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Upgrade {
    /// The head is not complete.
    Incomplete,
    /// Answer this; behind so many bytes of the client the WebSocket begins. `query` is that of the request.
    Accepted { reply: Vec<u8>, head_bytes: usize, query: String },
    /// Answer this and end.
    Answered(Vec<u8>),
}

/// Looks at the bytes that a client sent first; `door` says what is behind the request's path.
pub(super) fn answer(sent: &[u8], door: &mut dyn FnMut(&Uri) -> Door) -> Upgrade {
    let (head_bytes, request) = match Request::try_parse(sent) {
        Ok(Some(parsed)) => parsed,
        Ok(None) if sent.len() < HEAD_BYTES_MAX => return Upgrade::Incomplete,
        Ok(None) => return refusal(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
        Err(_) => return refusal(StatusCode::BAD_REQUEST),
    };
    if let Door::Answer { status, json } = door(request.uri()) {
        return Upgrade::Answered(reply(status, &json));
    }
    let mut reply = Vec::new();
    let written = create_response(&request).and_then(|response| write_response(&mut reply, &response));
    match written {
        Ok(()) => {
            let query = request.uri().query().unwrap_or_default().to_owned();
            Upgrade::Accepted { reply, head_bytes, query }
        }
        Err(_) => refusal(StatusCode::UPGRADE_REQUIRED),
    }
}

fn refusal(status: StatusCode) -> Upgrade {
    Upgrade::Answered(reply(status, ""))
}

fn reply(status: StatusCode, json: &str) -> Vec<u8> {
    let upgrade = if status == StatusCode::UPGRADE_REQUIRED { "Upgrade: websocket\r\n" } else { "" };
    let content = if json.is_empty() { "" } else { "Content-Type: application/json;charset=UTF-8\r\n" };
    let bytes = json.len();
    format!("HTTP/1.1 {status}\r\n{upgrade}{content}Connection: close\r\nContent-Length: {bytes}\r\n\r\n{json}")
        .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::{Door, HEAD_BYTES_MAX, Upgrade};
    use proptest::prelude::*;
    use tungstenite::http::StatusCode;

    const KEY: &str = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

    /// A WebSocket at one path, a body at another.
    fn answer(sent: &[u8]) -> Upgrade {
        super::answer(sent, &mut |uri| match uri.path() {
            "/v2" => Door::WebSocket,
            "/body" => Door::Answer { status: StatusCode::OK, json: "{}".into() },
            _ => Door::missing(),
        })
    }

    fn status(sent: &str) -> String {
        match answer(sent.as_bytes()) {
            Upgrade::Incomplete => "incomplete".into(),
            Upgrade::Accepted { reply, .. } | Upgrade::Answered(reply) => {
                let reply = String::from_utf8(reply).unwrap();
                assert!(reply.ends_with("\r\n\r\n"));
                reply[9..12].into()
            }
        }
    }

    /// The key and its answer are those of RFC 6455.
    #[test]
    fn a_websocket_on_the_path_is_accepted() {
        let sent = format!("GET /v2 HTTP/1.1\r\nHost: here\r\n{KEY}\r\n");
        let Upgrade::Accepted { reply, head_bytes, query } = answer(format!("{sent}tail").as_bytes()) else {
            panic!("refused")
        };
        assert_eq!((head_bytes, query.as_str()), (sent.len(), ""));
        let reply = String::from_utf8(reply).unwrap().to_lowercase();
        assert!(reply.starts_with("http/1.1 101 "), "{reply}");
        assert!(reply.contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=\r\n"), "{reply}");
    }

    #[test]
    fn a_body_is_as_long_as_it_says() {
        let Upgrade::Answered(reply) = answer(b"GET /body HTTP/1.1\r\n\r\n") else { panic!("no answer") };
        let wanted = "HTTP/1.1 200 OK\r\nContent-Type: application/json;charset=UTF-8\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}";
        assert_eq!(String::from_utf8(reply).unwrap(), wanted);
    }

    #[test]
    fn everything_else_is_refused() {
        let long = format!("GET /v2 HTTP/1.1\r\nX: {}", "x".repeat(HEAD_BYTES_MAX));
        let cases = [
            (format!("GET /v2 HTTP/1.1\r\n{KEY}"), "incomplete"),
            (format!("GET /v2?x=1 HTTP/1.1\r\n{KEY}\r\n"), "101"),
            (format!("GET / HTTP/1.1\r\n{KEY}\r\n"), "404"),
            (format!("GET /v2/ HTTP/1.1\r\n{KEY}\r\n"), "404"),
            ("GET /0/public/Time HTTP/1.1\r\nHost: here\r\n\r\n".into(), "404"),
            ("GET /v2 HTTP/1.1\r\nHost: here\r\n\r\n".into(), "426"),
            (format!("GET /v2 HTTP/1.1\r\n{}\r\n", KEY.replace("13", "8")), "426"),
            (format!("POST /v2 HTTP/1.1\r\n{KEY}\r\n"), "400"),
            ("\x16\x03\x01 this is TLS".into(), "400"),
            (long, "431"),
        ];
        for (sent, wanted) in cases {
            assert_eq!(status(&sent), wanted, "{sent}");
        }
    }

    proptest! {
        /// Whatever stands before it, an answer is HTTP, and what is accepted was asked for.
        #[test]
        fn any_bytes_are_answered(sent in prop::collection::vec(any::<u8>(), 0..300), rest in any::<bool>()) {
            let sent = if rest { [format!("GET /v2 HTTP/1.1\r\n{KEY}").as_bytes(), &sent].concat() } else { sent };
            match answer(&sent) {
                Upgrade::Incomplete => {}
                Upgrade::Accepted { reply, head_bytes, .. } => {
                    prop_assert!(rest && reply.starts_with(b"HTTP/1.1 101 ") && sent[..head_bytes].ends_with(b"\n"));
                }
                Upgrade::Answered(reply) => prop_assert!(reply.starts_with(b"HTTP/1.1 4")),
            }
        }
    }
}
