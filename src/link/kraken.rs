//! What Kraken is asked before a connection is used: how it describes the instruments.
//!
//! The description of all instruments is about a megabyte, so it comes on a connection of its own.

use super::ColdStart;
use super::dial::{Dialled, Dialler};
use super::failure::Failure;
use super::stream::Stream;
use hotpath::config::{Config, MarketConfig};
use hotpath::lines::{EVENT_LINES, Lines};
use hotpath::market::disagreement;
use hotpath::record::{FRAME_BYTES_MAX, Instrument, Line, body_of, head_of, link};
use hotpath::turn::records;
use hotpath::venue::kraken::Kraken;
use hotpath::venue::{Frame, Venue};
use hotpath::websocket::TEXT;
use std::borrow::Cow;
use std::collections::BTreeSet;
use tungstenite::protocol::{Role, WebSocketConfig};
use tungstenite::{Message, WebSocket};

const REQUEST: &str = r#"{"method":"subscribe","params":{"channel":"instrument","snapshot":true},"req_id":1}"#;
/// Messages that may come before the description: status, ack, heartbeats.
const MESSAGES_MAX: usize = 64;

impl ColdStart for Kraken {
    fn check(&self, dialler: &Dialler, config: &Config, connection: u16) -> Result<(), Failure> {
        let Dialled { stream, rest, .. } = dialler.dial()?;
        let limits =
            WebSocketConfig::default().max_message_size(Some(FRAME_BYTES_MAX)).max_frame_size(Some(FRAME_BYTES_MAX));
        let mut socket = WebSocket::from_partially_read(stream, rest, Role::Client, Some(limits));
        let outcome = ask(self, &mut socket, config, connection);
        // Whether the goodbye arrives is no matter.
        let _ = socket.close(None).and_then(|()| socket.flush());
        outcome
    }
}

fn ask(venue: &Kraken, socket: &mut WebSocket<Stream>, config: &Config, connection: u16) -> Result<(), Failure> {
    socket.send(REQUEST.into()).map_err(broken)?;
    let mut missing: BTreeSet<_> = (0_u16..)
        .zip(config.markets())
        .filter(|(_, row)| row.connection == connection)
        .map(|(index, _)| index)
        .collect();
    let mut memory = vec![Line::ZERO; EVENT_LINES];
    for _ in 0..MESSAGES_MAX {
        let message = socket.read().map_err(broken)?;
        let Message::Text(text) = message else { continue };
        let frame = Frame { connection, opcode: TEXT, bytes: text.as_bytes() };
        for (index, body) in described(venue, config, frame, &mut memory)? {
            agree(config, index, &body)?;
            missing.remove(&index);
        }
        if missing.is_empty() {
            return Ok(());
        }
    }
    let unknown = missing.first().and_then(|index| config.markets().get(usize::from(*index)));
    let symbol = unknown.map(text_of).unwrap_or_default();
    Err(Failure::new(link::INSTRUMENT, format!("the exchange does not list {symbol}: check `venue.symbol`")))
}

fn broken(error: tungstenite::Error) -> Failure {
    const DOING: &str = "asking for the instruments";
    match error {
        tungstenite::Error::Io(error) => Failure::of_io(&error, DOING),
        other => Failure::new(link::PROTOCOL, format!("{DOING}: {other}")),
    }
}

/// The instruments that a message describes, with the indices of their markets.
fn described(
    venue: &Kraken,
    config: &Config,
    frame: Frame<'_>,
    memory: &mut [Line],
) -> Result<Vec<(u16, Instrument)>, Failure> {
    let mut events = Lines::new(memory);
    events.begin(0, 0, frame.connection);
    venue.decode(config, frame, &mut events).map_err(|refused| {
        let what = format!("the description of the instruments is not understood ({refused:?})");
        Failure::new(link::PROTOCOL, what)
    })?;
    let all = records(events.as_lines());
    Ok(all.filter_map(|record| Some((head_of(record)?.instrument, body_of(record)?))).collect())
}

fn agree(config: &Config, index: u16, body: &Instrument) -> Result<(), Failure> {
    let Some(row) = config.markets().get(usize::from(index)) else { return Ok(()) };
    if disagreement(row, body).is_none() {
        return Ok(());
    }
    let what = format!(
        "the exchange describes {} with price precision {}, quantity precision {} and an increment of {} ticks; the \
         configuration has {}, {} and {}: change `venue.price_precision`, `venue.qty_precision`, `venue.price_increment`",
        text_of(row),
        body.price_precision,
        body.qty_precision,
        body.price_increment_ticks,
        row.price_precision,
        row.qty_precision,
        row.price_increment_ticks
    );
    Err(Failure::new(link::INSTRUMENT, what))
}

fn text_of(row: &MarketConfig) -> Cow<'_, str> {
    String::from_utf8_lossy(row.symbol.as_bytes())
}
