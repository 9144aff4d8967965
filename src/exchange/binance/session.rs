//! What the exchange remembers of a connection, without its socket.

use super::recorded::{is_depth, topic};
use super::request::{self, Order, Refused, Request, answer};
use super::source::Played;
use crate::exchange::dialect::{Control, Said};
use serde_json::{Value, json};
use std::collections::VecDeque;
use tungstenite::Utf8Bytes;

/// Time between pings, nanoseconds.
const PING_NS: u64 = 20_000_000_000;
/// Time in which a ping must be answered, nanoseconds.
const PONG_NS_MAX: u64 = 60_000_000_000;
/// Most messages of a client, pings and pongs too, in any [`RATE_NS`].
const RATE_MAX: usize = 5;
/// Nanoseconds.
const RATE_NS: u64 = 1_000_000_000;
/// Most streams of a connection.
const STREAMS_MAX: usize = 1_024;

/// The connection.
#[derive(Debug)]
pub(super) struct Session {
    /// Names as the client gave them, each once.
    streams: Vec<String>,
    /// Whether messages name their stream.
    is_combined: bool,
    /// When its last messages were read.
    heard_ns: VecDeque<u64>,
    /// When it is pinged next.
    ping_ns: u64,
    /// When it was pinged first since it answered.
    pinged_ns: Option<u64>,
    /// Whether it was sent away.
    is_away: bool,
}

/// What came of a message.
#[derive(Debug)]
pub(super) struct Taken {
    pub said: Said,
    /// Streams that are new to the connection.
    pub subscribed: Vec<String>,
}

impl Session {
    /// A connection that has just been made.
    pub fn new(now_ns: u64) -> Self {
        Self {
            streams: Vec::new(),
            is_combined: true,
            heard_ns: VecDeque::new(),
            ping_ns: now_ns.saturating_add(PING_NS),
            pinged_ns: None,
            is_away: false,
        }
    }

    /// Subscribes to streams; gives those that are new, or nothing when they are too many.
    pub fn subscribe(&mut self, streams: Vec<String>) -> Option<Vec<String>> {
        let mut new: Vec<String> = Vec::new();
        for stream in streams {
            if !self.streams.contains(&stream) && !new.contains(&stream) {
                new.push(stream);
            }
            if self.streams.len() + new.len() > STREAMS_MAX {
                return None;
            }
        }
        self.streams.extend_from_slice(&new);
        Some(new)
    }

    /// Takes a message that was read at `read_ns`; nothing comes of it once the client was sent away.
    pub fn take(&mut self, text: &str, read_ns: u64) -> Option<Taken> {
        if let Some(said) = self.count(read_ns) {
            return Some(Taken { said, subscribed: Vec::new() });
        }
        if self.is_away {
            return None;
        }
        let mut subscribed = Vec::new();
        let text = match request::read(text) {
            Ok(request) => self.carry_out(request, &mut subscribed),
            Err(refused) => refused.text(),
        };
        Some(Taken { said: Said::Text(text), subscribed })
    }

    fn carry_out(&mut self, request: Request, subscribed: &mut Vec<String>) -> Utf8Bytes {
        let Request { id, order } = request;
        let result = match order {
            Order::Subscribe(streams) => match self.subscribe(streams) {
                Some(new) => {
                    *subscribed = new;
                    Value::Null
                }
                None => return Refused { id: Some(id), code: 4, why: "Too many subscriptions".into() }.text(),
            },
            Order::Unsubscribe(streams) => {
                self.streams.retain(|stream| !streams.contains(stream));
                Value::Null
            }
            Order::List => json!(self.streams),
            Order::SetCombined(on) => {
                self.is_combined = on;
                Value::Null
            }
            Order::GetCombined => json!(self.is_combined),
        };
        answer(&id, &result)
    }

    /// Takes a control frame.
    pub fn control(&mut self, control: Control, read_ns: u64) -> Option<Said> {
        if control == Control::Pong {
            self.pinged_ns = None;
        }
        self.count(read_ns)
    }

    /// Counts a message; the last word to a client that sends too many.
    fn count(&mut self, read_ns: u64) -> Option<Said> {
        if self.is_away {
            return None;
        }
        self.heard_ns.push_back(read_ns);
        if self.heard_ns.len() <= RATE_MAX {
            return None;
        }
        let first_ns = self.heard_ns.pop_front()?;
        (read_ns.saturating_sub(first_ns) < RATE_NS).then(|| self.send_away("Too many requests"))
    }

    fn send_away(&mut self, why: &'static str) -> Said {
        self.is_away = true;
        self.streams.clear();
        Said::Away(why)
    }

    /// When it is pinged, or given up.
    pub fn timer_ns(&self) -> Option<u64> {
        let end_ns = self.pinged_ns.map_or(u64::MAX, |pinged_ns| pinged_ns.saturating_add(PONG_NS_MAX));
        (!self.is_away).then(|| self.ping_ns.min(end_ns))
    }

    /// The ping that is due, which carries the time `utc_ms`, or the end of patience.
    pub fn tick(&mut self, now_ns: u64, utc_ms: u64) -> Option<Said> {
        if self.timer_ns()? > now_ns {
            return None;
        }
        if self.pinged_ns.is_some_and(|pinged_ns| now_ns.saturating_sub(pinged_ns) >= PONG_NS_MAX) {
            return Some(self.send_away("Pong timeout"));
        }
        // After a stall there is one ping, not as many as were missed.
        self.ping_ns = now_ns.saturating_add(PING_NS);
        self.pinged_ns.get_or_insert(now_ns);
        Some(Said::Ping(utc_ms.to_string()))
    }

    /// The messages that this connection gets of one of the market's: one for each name under which it subscribed
    /// to the stream.
    pub fn messages(&self, symbol: &str, played: &Played) -> Vec<Utf8Bytes> {
        let Played { stream, text, data, is_depth: is_all_changes, .. } = played;
        let mut messages = Vec::new();
        for name in &self.streams {
            let is_same = name == stream;
            let is_like_it = *is_all_changes && topic(name, symbol).is_some_and(is_depth);
            if !is_same && !is_like_it {
                continue;
            }
            messages.push(match (self.is_combined, is_same) {
                (false, _) => data.clone(),
                (true, true) => text.clone(),
                (true, false) => format!("{{\"stream\":{},\"data\":{data}}}", json!(name)).into(),
            });
        }
        messages
    }
}

#[cfg(test)]
mod tests;
