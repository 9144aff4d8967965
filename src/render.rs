//! Records for people and scripts: one line of text, or one JSON object.

use hotpath::record::{
    Field, HEAD_BYTES, Head, Kind, NO_CONNECTION, NO_INSTRUMENT, Regime, ack_error, action, body_of, channel, close,
    command, end, feed, flag, head_of, host, left_out, link, method, payload_of, sent, source, status,
};
use hotpath::{quality, quote, regime, trust};
use serde_json::{Map, Value, json};
use std::fmt::Write;

/// Fraction bits are shown as decimals in text; JSON keeps the integers.
const FIXED: [(&str, f64); 2] = [("_q16", 65_536.0), ("_q30", 1_073_741_824.0)];

/// The name of a kind, or its number when this version does not know it.
#[must_use]
pub fn kind_name(kind: Kind) -> String {
    kind.schema().map_or_else(|| format!("KIND_{:04x}", kind.0), |schema| schema.name.to_owned())
}

/// A record as one JSON object: `offset`, the head's fields, the body's fields.
#[must_use]
pub fn json(offset: u64, record: &[u8]) -> Value {
    let Some(head) = head_of(record) else { return json!({ "offset": offset, "kind": "NONE" }) };
    let mut map = Map::new();
    map.insert("offset".into(), offset.into());
    map.insert("seq".into(), head.seq.into());
    map.insert("kind".into(), kind_name(head.kind).into());
    map.insert("taken_ns".into(), head.taken_ns.into());
    if head.exch_ns != 0 {
        map.insert("exch_ns".into(), head.exch_ns.into());
    }
    if head.instrument != NO_INSTRUMENT {
        map.insert("instrument".into(), head.instrument.into());
    }
    if head.connection != NO_CONNECTION {
        map.insert("connection".into(), head.connection.into());
    }
    map.insert("flags".into(), flag_names(&head).into());
    for (field, values) in fields(&head, record) {
        let number = |value: i128| i64::try_from(value).map_or_else(|_| Value::from(value as u64), Value::from);
        let value = match *values {
            [value] => {
                if let Some(name) = name_of(&head, record, field.name, value) {
                    map.insert(format!("{}_name", field.name), name.into());
                }
                number(value)
            }
            ref list => list.iter().copied().map(number).collect(),
        };
        map.insert(field.name.into(), value);
    }
    if let Some(text) = payload_text(&head, record) {
        map.insert("payload".into(), text.into());
    }
    Value::Object(map)
}

/// A record as one line of text.
#[must_use]
pub fn text(offset: u64, record: &[u8]) -> String {
    let Some(head) = head_of(record) else { return format!("{offset:>12} NONE") };
    let mut line = format!("{offset:>12} {:>9} {:>20} {:<10}", head.seq, head.taken_ns, kind_name(head.kind));
    if head.instrument != NO_INSTRUMENT {
        let _ = write!(line, " market={}", head.instrument);
    }
    if head.connection != NO_CONNECTION {
        let _ = write!(line, " connection={}", head.connection);
    }
    for (field, values) in fields(&head, record) {
        let [value] = *values else {
            let values: Vec<String> = values.iter().map(i128::to_string).collect();
            let _ = write!(line, " {}={}", field.name, values.join(","));
            continue;
        };
        let _ = match (name_of(&head, record, field.name, value), fixed_scale(field.name)) {
            (Some(name), _) => write!(line, " {}={name}", field.name),
            (None, Some((name, scale))) => write!(line, " {name}={:.4}", value as f64 / scale),
            (None, None) => write!(line, " {}={value}", field.name),
        };
    }
    let flags = flag_names(&head);
    if !flags.is_empty() {
        let _ = write!(line, " [{}]", flags.join(" "));
    }
    if let Some(payload) = payload_text(&head, record) {
        let _ = write!(line, " {payload}");
    }
    line
}

/// The body's fields with their values, padding left out.
fn fields<'a>(head: &Head, record: &'a [u8]) -> impl Iterator<Item = (&'static Field, Vec<i128>)> + 'a {
    let all = head.kind.schema().map_or(&[][..], |schema| schema.fields);
    all.iter().filter(|field| !field.name.starts_with("spare")).filter_map(move |field| {
        let start = HEAD_BYTES + field.at;
        let bytes = record.get(start..start + field.bytes * field.count)?;
        Some((field, bytes.chunks(field.bytes).map(|bytes| value(bytes, field.signed)).collect()))
    })
}

fn value(bytes: &[u8], is_signed: bool) -> i128 {
    let mut wide = [0_u8; 16];
    wide[..bytes.len()].copy_from_slice(bytes);
    let unsigned = u128::from_le_bytes(wide);
    let shift = 128 - 8 * bytes.len() as u32;
    if is_signed { (unsigned.cast_signed() << shift) >> shift } else { unsigned.cast_signed() }
}

fn fixed_scale(name: &'static str) -> Option<(&'static str, f64)> {
    FIXED.into_iter().find_map(|(suffix, scale)| Some((name.strip_suffix(suffix)?, scale)))
}

/// The text of a payload that is UTF-8; the state of a checkpoint is binary and not shown.
fn payload_text(head: &Head, record: &[u8]) -> Option<String> {
    if head.kind != Kind::FRAME {
        return None;
    }
    Some(String::from_utf8_lossy(payload_of(record)?).into_owned())
}

fn flag_names(head: &Head) -> Vec<&'static str> {
    let common = [
        (flag::END_OF_READ, "end-of-read"),
        (flag::END_OF_STEP, "end-of-step"),
        (flag::CONTINUES, "continues"),
        (flag::OPENING, "opening"),
        (flag::TWIN, "twin"),
    ];
    let own: &[(u16, &str)] = match head.kind {
        Kind::LEVEL => &[(flag::ASK, "ask")],
        Kind::TRADE => &[(flag::ASK, "taker-sold"), (flag::MARKET_ORDER, "market-order"), (flag::PAST, "past")],
        Kind::BOOK_END => &[(flag::SNAPSHOT, "snapshot"), (flag::CHECKSUM, "checksum")],
        _ => &[],
    };
    common.iter().chain(own).filter(|(bit, _)| head.has(*bit)).map(|(_, name)| *name).collect()
}

/// The name of a coded value of a record.
fn name_of(head: &Head, record: &[u8], field: &str, value: i128) -> Option<&'static str> {
    match (body_of(record), field) {
        // What a level is called depends on its axis.
        (Some(Regime { axis, .. }), "from" | "to") => Some(regime::level_name(axis, u16::try_from(value).ok()?)),
        _ => code_name(head.kind, field, value),
    }
}

/// The name of a coded value.
fn code_name(kind: Kind, field: &str, value: i128) -> Option<&'static str> {
    let code = u16::try_from(value).ok()?;
    let narrow = u8::try_from(code).ok();
    match (kind, field) {
        (Kind::COMMAND, "code") => command::name(code),
        (Kind::COMMAND, "source") => source::name(code),
        (Kind::SENT, "outcome") => sent::name(code),
        (Kind::HOST, "option") => host::name(code),
        (Kind::REQUEST, "action") => action::name(code),
        (Kind::REQUEST | Kind::FEED, "channel") => channel::name(narrow?),
        (Kind::FEED, "code") => feed::name(code),
        (Kind::FEED, "error") => ack_error::name(narrow?),
        (Kind::LINK, "cause") => link::name(code),
        (Kind::CLOSE, "cause") => close::name(code),
        (Kind::FOUND, "end") => end::name(code),
        (Kind::STATUS | Kind::INSTRUMENT, "status") => status::name(narrow?),
        (Kind::ACK, "method") => method::name(narrow?),
        (Kind::ACK, "channel") => channel::name(narrow?),
        (Kind::ACK, "error") => ack_error::name(narrow?),
        (Kind::GAP_OPEN | Kind::GAP_CLOSE, "cause") => Some(trust::cause_name(code)),
        (Kind::REGIME, "axis") => Some(regime::axis_name(code)),
        (Kind::QUALITY, "check") => Some(quality::check_name(code)),
        (Kind::QUOTE, "reason") => Some(quote::reason_name(code)),
        (Kind::REFUSED, "cause") => Some(hotpath::venue::cause_name(code)),
        (Kind::LEFT_OUT, "cause") => left_out::name(code),
        (Kind::IGNORED, "reason") => Some(hotpath::venue::reason_name(code)),
        _ => None,
    }
}
