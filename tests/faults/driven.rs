//! The exchange without sockets: the same plan does the same again, to the byte and to the nanosecond.

use fathom::exchange::{Duplex, Fault, FaultLine, FaultPlan, Faults, Offline, Options, Pair, Serves};
use fathom::market::{Market, Terms};
use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Result, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

const SECOND_NS: u64 = 1_000_000_000;
const START_UTC_US: u64 = 1_785_641_750_000_000;
const REQUEST: &[u8] =
    b"GET /v2 HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
const SUBSCRIBE: &str = r#"{"method":"subscribe","params":{"channel":"book","symbol":["BTC/EUR"],"depth":10}}"#;

/// Bytes that came, and when.
type Heard = Vec<(u64, Vec<u8>)>;

/// A client that has said all it will say, and listens.
struct Wire {
    now_ns: Arc<AtomicU64>,
    said: VecDeque<u8>,
    heard: Arc<Mutex<Heard>>,
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        if self.said.is_empty() { Err(ErrorKind::WouldBlock.into()) } else { self.said.read(buffer) }
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        let now_ns = self.now_ns.load(Ordering::Relaxed);
        self.heard.lock().expect("nobody panicked").push((now_ns, bytes.to_vec()));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

impl Duplex for Wire {
    fn finish(&mut self) {}
}

/// What a client hears in a minute, and what the log says.
fn minute(rules: &[&str]) -> (Heard, Vec<FaultLine>) {
    let (now_ns, heard, log) = (Arc::new(AtomicU64::new(0)), Arc::default(), Arc::new(Mutex::new(Vec::new())));
    let mut plan = FaultPlan::new(5);
    rules.iter().for_each(|rule| plan.add(rule).expect("a rule"));
    let logger = Arc::clone(&log);
    let noted = Box::new(move |line: &FaultLine| logger.lock().expect("nobody panicked").push(line.clone()));
    let pair = Pair::listed("BTC/EUR").expect("a pair");
    let serves = Serves::Market { pair, events: Box::new(Market::new(3, &Terms::BTC_EUR)), speed: 1.0 };
    let options = Options { faults: Some(Faults { plan, log: noted }), ..Options::new(serves) };
    let mut exchange = Offline::open(options, Arc::clone(&now_ns), START_UTC_US).expect("an exchange");
    // A frame of a client is masked; with zeros it is as it was.
    let frame = [&[0x81, 0x80 | SUBSCRIBE.len() as u8, 0, 0, 0, 0], SUBSCRIBE.as_bytes()].concat();
    let said = [REQUEST, &frame].concat().into();
    exchange.admit(Box::new(Wire { now_ns: Arc::clone(&now_ns), said, heard: Arc::clone(&heard) }), 0);
    let mut at_ns = 0;
    while at_ns < 60 * SECOND_NS {
        now_ns.store(at_ns, Ordering::Relaxed);
        exchange.turn(at_ns);
        at_ns = at_ns.max(exchange.due_ns());
    }
    let (heard, log) = (heard.lock().expect("nobody panicked"), log.lock().expect("nobody panicked"));
    (heard.clone(), log.clone())
}

#[test]
fn a_plan_does_the_same_again() {
    let rules = ["drop=0.02", "reorder=0.02", "delay=0.02", "spell=0.05", "clock@9", "drip@12", "stall@20", "close@50"];
    let (heard, log) = minute(&rules);
    let (same, same_log) = minute(&rules);
    assert!(heard == same && log == same_log, "{log:#?}\n{same_log:#?}");
    for rule in rules {
        let name = rule.split(['=', '@']).next();
        assert!(log.iter().any(|line| line.fault.map(Fault::name) == name), "no {rule}: {log:#?}");
    }
    assert_ne!(heard, minute(&rules[1..]).0);
}

#[test]
fn nothing_comes_in_a_silence_and_a_drip_is_a_byte_at_a_time() {
    let (heard, log) = minute(&["silence@10", "drip@40"]);
    let at_ns = |fault| {
        let line = log.iter().find(|line| line.fault == Some(fault)).expect("it happened");
        line.utc_ns - START_UTC_US * 1_000
    };
    let (from_ns, drip_ns) = (at_ns(Fault::Silence), at_ns(Fault::Drip));
    let in_silence = |at_ns: u64| from_ns < at_ns && at_ns < from_ns + 15 * SECOND_NS;
    assert!(heard.iter().all(|(at_ns, _)| !in_silence(*at_ns)), "{from_ns}");
    assert!(heard.iter().any(|(at_ns, _)| *at_ns == from_ns + 15 * SECOND_NS), "what waited comes at once");
    let dripping: Vec<_> = heard.iter().filter(|(at_ns, _)| (drip_ns..drip_ns + 63_000_000).contains(at_ns)).collect();
    assert!(dripping.len() == 63 && dripping.iter().all(|(_, bytes)| bytes.len() == 1), "{dripping:?}");
    let gaps_ns = dripping.windows(2).map(|pair| pair[1].0 - pair[0].0).collect::<Vec<_>>();
    assert!(gaps_ns.iter().all(|gap_ns| *gap_ns >= 1_000_000), "{gaps_ns:?}");
}
