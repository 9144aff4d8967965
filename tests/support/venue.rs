//! An exchange that does what a test tells it, frame by frame: its own words, none of the program's.
#![expect(dead_code, reason = "each test program uses a part of it")]

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tungstenite::{Message, WebSocket};

/// Longest wait for anything: a run that is well needs a small part of it.
pub const PATIENCE: Duration = Duration::from_secs(30);

pub trait Stream: Read + Write + Send {}
impl<T: Read + Write + Send> Stream for T {}

/// What the official guide gives as an example, with the symbol of the pair that trades: the checksum covers
/// numbers only.
pub const SNAPSHOT: &str = r#"{"channel":"book","type":"snapshot","data":[{"symbol":"BTC/EUR","bids":[{"price":63004.9,"qty":0.01876947},{"price":63003.3,"qty":0.00005100},{"price":63002.6,"qty":0.01602600},{"price":63000.2,"qty":0.00005100},{"price":63000.0,"qty":0.08325683},{"price":62997.0,"qty":0.09705100},{"price":62993.9,"qty":0.00005100},{"price":62991.8,"qty":0.00158700},{"price":62991.6,"qty":0.11000000},{"price":62988.9,"qty":0.10000000}],"asks":[{"price":63005.0,"qty":2.07265551},{"price":63005.1,"qty":0.55006860},{"price":63005.2,"qty":0.79358539},{"price":63005.8,"qty":0.01537966},{"price":63005.9,"qty":0.11835139},{"price":63006.0,"qty":0.04761452},{"price":63006.3,"qty":0.23809955},{"price":63006.5,"qty":0.79356896},{"price":63007.3,"qty":0.06000000},{"price":63008.4,"qty":0.00057100}],"checksum":2531248887,"timestamp":"2026-08-01T02:53:53.398143Z"}]}"#;
/// The five updates behind it.
pub const UPDATES: [&str; 5] = [
    r#"{"channel":"book","type":"update","data":[{"symbol":"BTC/EUR","bids":[],"asks":[{"price":63005.0,"qty":2.08665551}],"checksum":2532652056,"timestamp":"2026-08-01T02:53:53.646219Z"}]}"#,
    r#"{"channel":"book","type":"update","data":[{"symbol":"BTC/EUR","bids":[],"asks":[{"price":63005.9,"qty":0.00000000},{"price":63008.6,"qty":0.00039677}],"checksum":3629011692,"timestamp":"2026-08-01T02:53:54.966086Z"}]}"#,
    r#"{"channel":"book","type":"update","data":[{"symbol":"BTC/EUR","bids":[],"asks":[{"price":63008.4,"qty":0.00000000},{"price":63009.2,"qty":0.28207838}],"checksum":1024595226,"timestamp":"2026-08-01T02:53:55.137815Z"}]}"#,
    r#"{"channel":"book","type":"update","data":[{"symbol":"BTC/EUR","bids":[],"asks":[{"price":63005.0,"qty":2.14864105}],"checksum":1198578833,"timestamp":"2026-08-01T02:53:55.223312Z"}]}"#,
    r#"{"channel":"book","type":"update","data":[{"symbol":"BTC/EUR","bids":[],"asks":[{"price":63005.0,"qty":2.13464105}],"checksum":2220311411,"timestamp":"2026-08-01T02:53:55.229516Z"}]}"#,
];

const STATUS: &str = r#"{"channel":"status","type":"update","data":[{"version":"2.0.10","system":"online","api_version":"v2","connection_id":15113583034416118705}]}"#;

/// The exchange's end of one connection.
pub struct Peer {
    socket: WebSocket<Box<dyn Stream>>,
    tcp: TcpStream,
    is_well: bool,
    /// A request that was read already.
    first: Option<Value>,
    /// Counts the connections that go to the script, from 0.
    pub number: usize,
}

/// A listening exchange.
pub struct Venue {
    pub url: String,
    /// The certificate, when it speaks TLS.
    pub certificate: Option<String>,
    _thread: JoinHandle<()>,
}

/// How it answers.
#[derive(Clone)]
pub struct Manner {
    pub is_tls: bool,
    pub price_precision: u8,
    /// Status of the answer to an upgrade, by connect; 101 behind the last.
    pub upgrades: Vec<u16>,
}

impl Default for Manner {
    fn default() -> Self {
        Self { is_tls: false, price_precision: 1, upgrades: Vec::new() }
    }
}

impl Venue {
    /// Serves connections one after another with `script`; the one that asks for the instruments gets them.
    pub fn open(manner: Manner, mut script: impl FnMut(&mut Peer) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let made = manner.is_tls.then(certificate);
        let (certificate, tls) = made.map_or((None, None), |(text, config)| (Some(text), Some(config)));
        let scheme = if manner.is_tls { "wss" } else { "ws" };
        let body = move || {
            let mut number = 0;
            let mut upgrades = manner.upgrades.iter();
            for tcp in listener.incoming() {
                let tcp = tcp.expect("a connection");
                let status = upgrades.next().copied().unwrap_or(101);
                let Some(mut peer) = Peer::upgrade(tcp, tls.clone(), status, number) else { continue };
                if peer.instruments(manner.price_precision) {
                    continue;
                }
                number += 1;
                script(&mut peer);
            }
        };
        Self { url: format!("{scheme}://localhost:{port}/v2"), certificate, _thread: thread::spawn(body) }
    }
}

fn certificate() -> (String, Arc<ServerConfig>) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .expect("a key that fits");
    (cert.pem(), Arc::new(config))
}

impl Peer {
    /// Upgrades a connection, or answers with another status and drops it.
    fn upgrade(tcp: TcpStream, tls: Option<Arc<ServerConfig>>, status: u16, number: usize) -> Option<Self> {
        tcp.set_read_timeout(Some(PATIENCE)).expect("a socket");
        tcp.set_nodelay(true).expect("a socket");
        let mut stream: Box<dyn Stream> = match tls {
            None => Box::new(tcp.try_clone().expect("a socket")),
            Some(config) => {
                let session = ServerConnection::new(config).expect("a session");
                Box::new(StreamOwned::new(session, tcp.try_clone().expect("a socket")))
            }
        };
        if status != 101 {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request);
            let _ = write!(stream, "HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n");
            return None;
        }
        // The first message comes in one segment with the answer: a client that loses it is found out.
        socket2::SockRef::from(&tcp).set_tcp_cork(true).expect("a socket");
        let socket = tungstenite::accept(stream).ok()?;
        let mut peer = Self { socket, tcp, is_well: true, first: None, number };
        peer.send(STATUS);
        socket2::SockRef::from(&peer.tcp).set_tcp_cork(false).expect("a socket");
        Some(peer)
    }

    /// Whether the first request asked for the instruments' description; it got it then.
    fn instruments(&mut self, price_precision: u8) -> bool {
        let Some(request) = self.request() else { return true };
        let wants_all = request["params"]["channel"] == "instrument" && request["params"]["snapshot"] == true;
        if !wants_all {
            self.first = Some(request);
            return false;
        }
        self.ack(&request);
        let increment = format!("0.{}1", "0".repeat(usize::from(price_precision) - 1));
        let rest = r#""status":"online","qty_precision":8,"cost_precision":5,"qty_increment":0.00000001,"qty_min":0.00005,"cost_min":0.45"#;
        self.send(&format!(
            r#"{{"channel":"instrument","type":"snapshot","data":{{"assets":[],"pairs":[{{"symbol":"ETH/EUR","price_precision":2,"price_increment":0.01,{rest}}},{{"symbol":"BTC/EUR","price_precision":{price_precision},"price_increment":{increment},{rest}}}]}}}}"#
        ));
        while self.socket.read().is_ok() {}
        true
    }

    /// The next request; none when the connection ended.
    pub fn request(&mut self) -> Option<Value> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        loop {
            match self.socket.read().ok()? {
                Message::Text(text) => return serde_json::from_str(&text).ok(),
                Message::Close(_) => return None,
                _ => {}
            }
        }
    }

    /// Says yes to a request.
    pub fn ack(&mut self, request: &Value) {
        let params = &request["params"];
        let mut result = json!({ "channel": params["channel"] });
        if let Some(symbol) = params["symbol"].get(0) {
            result["symbol"] = symbol.clone();
        }
        if !params["depth"].is_null() {
            result["depth"] = params["depth"].clone();
        }
        let answer = json!({
            "method": request["method"], "req_id": request["req_id"], "result": result, "success": true,
            "time_in": "2026-08-01T02:53:53.000000Z", "time_out": "2026-08-01T02:53:53.000001Z",
        });
        self.send(&answer.to_string());
    }

    /// Says yes to requests up to the one for the trades, which is the last, and sends the book when it is asked for.
    pub fn serve_subscriptions(&mut self) {
        while let Some(request) = self.request() {
            self.ack(&request);
            match request["params"]["channel"].as_str() {
                Some("book") => self.send(SNAPSHOT),
                Some("trade") => return,
                _ => {}
            }
        }
    }

    /// Sends a text.
    pub fn send(&mut self, text: &str) {
        // A client that went away is the test's business, not the exchange's.
        self.is_well &= self.socket.send(text.into()).is_ok();
    }

    /// Sends a message of any kind.
    pub fn message(&mut self, message: Message) {
        self.is_well &= self.socket.send(message).is_ok();
    }

    /// Whether the last thing that was sent could be.
    pub fn is_there(&self) -> bool {
        self.socket.can_write() && self.is_well
    }

    /// Sends bytes that are no message.
    pub fn raw(&mut self, bytes: &[u8]) {
        let stream = self.socket.get_mut();
        let _ = stream.write_all(bytes).and_then(|()| stream.flush());
    }

    /// The next message of any kind; none when the connection ended.
    pub fn read(&mut self) -> Option<Message> {
        self.socket.read().ok()
    }

    /// Reads until the client is gone.
    pub fn linger(&mut self) {
        while self.socket.read().is_ok() {}
    }

    /// Breaks the connection off.
    pub fn reset(&mut self) {
        socket2::SockRef::from(&self.tcp).set_linger(Some(Duration::ZERO)).expect("a socket");
        let _ = self.tcp.shutdown(std::net::Shutdown::Both);
    }
}
