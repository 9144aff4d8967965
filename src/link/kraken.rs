//! What Kraken is asked before a connection is used: how it describes the instruments.
//!
//! The description of all instruments is about a megabyte, so it comes on a connection of its own.

use super::dial::Dialled;
use super::failure::Failure;
use super::stream::Stream;
use super::{Access, ColdStart};
use hotpath::config::{Config, MarketConfig};
use hotpath::lines::{EVENT_LINES, Lines};
use hotpath::market::disagreement;
use hotpath::record::{Ack, FRAME_BYTES_MAX, Ignored, Instrument, Line, ack_error, body_of, head_of, link};
use hotpath::simd::Simd;
use hotpath::turn::records;
use hotpath::venue::kraken::Kraken;
use hotpath::venue::{Frame, Reason, Venue};
use hotpath::websocket::TEXT;
use std::borrow::Cow;
use std::collections::BTreeSet;
use tungstenite::protocol::{Role, WebSocketConfig};
use tungstenite::{Message, WebSocket};

const REQUEST: &str = r#"{"method":"subscribe","params":{"channel":"instrument","snapshot":true},"req_id":1}"#;

impl ColdStart for Kraken {
    fn check(&self, access: &Access, config: &Config, connection: u16) -> Result<(), Failure> {
        let Dialled { stream, rest, .. } = access.socket.dial()?;
        let limits =
            WebSocketConfig::default().max_message_size(Some(FRAME_BYTES_MAX)).max_frame_size(Some(FRAME_BYTES_MAX));
        let mut socket = WebSocket::from_partially_read(stream, rest, Role::Client, Some(limits));
        let outcome = ask(self, &mut socket, config, (connection, access));
        // Whether the goodbye arrives is no matter.
        let _ = socket.close(None).and_then(|()| socket.flush());
        outcome
    }
}

fn ask(
    venue: &Kraken,
    socket: &mut WebSocket<Stream>,
    config: &Config,
    (connection, access): (u16, &Access),
) -> Result<(), Failure> {
    let key = &access.socket.endpoint.key;
    socket.send(REQUEST.into()).map_err(|error| broken(error, key))?;
    let mut missing: BTreeSet<_> = (0_u16..)
        .zip(config.markets())
        .filter(|(_, row)| row.connection == connection)
        .map(|(index, _)| index)
        .collect();
    let mut memory = vec![Line::ZERO; EVENT_LINES];
    // The deadline of the stream ends this when nothing of use comes.
    loop {
        let message = socket.read().map_err(|error| broken(error, key))?;
        let Message::Text(text) = message else { continue };
        let frame = Frame::received(connection, TEXT, text.as_bytes());
        let told = described(venue, config, frame, &mut memory)?;
        for (index, body) in &told.ours {
            agree(config, (*index, access.section(*index)), body)?;
            missing.remove(index);
        }
        if missing.is_empty() {
            return Ok(());
        }
        if !told.ours.is_empty() || told.has_others {
            let unknown = missing.first().copied().unwrap_or_default();
            let symbol = config.markets().get(usize::from(unknown)).map(text_of).unwrap_or_default();
            let what = format!("the exchange does not list {symbol}: check `{}.symbol`", access.section(unknown));
            return Err(Failure::new(link::INSTRUMENT, what));
        }
    }
}

fn broken(error: tungstenite::Error, key: &str) -> Failure {
    const DOING: &str = "asking for the instruments";
    match error {
        tungstenite::Error::Io(error) => Failure::of_io(&error, key, DOING),
        other => Failure::new(link::PROTOCOL, format!("{DOING}: {other}: it is tried again")),
    }
}

/// What a message describes.
struct Told {
    /// Instruments of our markets, with the markets' indices.
    ours: Vec<(u16, Instrument)>,
    /// Whether it is about symbols that are not ours.
    has_others: bool,
}

fn described(venue: &Kraken, config: &Config, frame: Frame<'_>, memory: &mut [Line]) -> Result<Told, Failure> {
    let mut events = Lines::new(memory);
    events.begin(0, 0, frame.connection);
    venue.decode(config, frame, Simd::detect(), &mut events).map_err(|refused| {
        let what = format!("the description of the instruments is not understood ({refused:?}): it is tried again; where it comes back, this program is too old for the exchange");
        Failure::new(link::PROTOCOL, what)
    })?;
    let mut told = Told { ours: Vec::new(), has_others: false };
    for record in records(events.as_lines()) {
        if let (Some(head), Some(body)) = (head_of(record), body_of::<Instrument>(record)) {
            told.ours.push((head.instrument, body));
        }
        told.has_others |= body_of::<Ignored>(record).is_some_and(|body| body.reason == Reason::Symbol as u16);
        if let Some(ack) = body_of::<Ack>(record).filter(|ack| ack.success == 0) {
            let why = ack_error::name(ack.error).unwrap_or("unknown");
            let what = format!("the exchange refused to describe the instruments ({why}): it is asked again later");
            return Err(Failure::new(link::NO_ANSWER, what));
        }
    }
    Ok(told)
}

fn agree(config: &Config, (index, section): (u16, &str), body: &Instrument) -> Result<(), Failure> {
    let Some(row) = config.markets().get(usize::from(index)) else { return Ok(()) };
    if disagreement(row, body).is_none() {
        return Ok(());
    }
    let what = format!(
        "the exchange describes {} with price precision {}, quantity precision {} and an increment of {} ticks; the \
         configuration has {}, {} and {}: change `{section}.price_precision`, `{section}.qty_precision`, `{section}.price_increment`",
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
