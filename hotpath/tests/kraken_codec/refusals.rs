//! Frames that are not believed: the cause, and the byte that is named.

use crate::support::{Decoder, text_frame};
use crate::wire;
use hotpath::record::Line;
use hotpath::venue::{Cause, Frame, Refused};

/// The verdict on a text in which `^` stands before the byte that must be named.
fn assert_refused(marked: &str, cause: Cause) {
    let offset = marked.find('^').expect("no mark");
    let text = marked.replacen('^', "", 1);
    let expected = Err(Refused { cause, offset });
    assert_eq!(Decoder::new().agreed(text.as_bytes()), expected, "{marked}");
}

/// A book update whose element holds `fields` beside its symbol.
fn update(fields: &str) -> String {
    format!(r#"{{"channel":"book","type":"update","data":[{{"symbol":"BTC/EUR",{fields}}}]}}"#)
}

/// A book update of one bid.
fn bid(level: &str) -> String {
    update(&format!(r#""bids":[{level}],"asks":[],"checksum":1,"timestamp":"2026-08-01T02:53:53.646219Z""#))
}

#[test]
fn levels() {
    let table = [
        (r#"{"price":^63005.01,"qty":1.00000000}"#, Cause::Precision),
        (r#"{"price":^63005.00,"qty":1.00000000}"#, Cause::Precision),
        (r#"{"price":63005.0,"qty":^0.000000001}"#, Cause::Precision),
        (r#"{"price":63005.0,"qty":^1e-9}"#, Cause::Precision),
        (r#"{"price":^0.0,"qty":1.00000000}"#, Cause::Range),
        (r#"{"price":^-1.0,"qty":1.00000000}"#, Cause::Range),
        (r#"{"price":^7036874417766.5,"qty":1.00000000}"#, Cause::Range),
        (r#"{"price":^1e999999999999,"qty":1.00000000}"#, Cause::Range),
        (r#"{"price":63005.0,"qty":^-0.00000001}"#, Cause::Range),
        (r#"{"price":63005.0,"qty":^11529215046.06846977}"#, Cause::Range),
        (r#"{"price":^"63005.0","qty":1.00000000}"#, Cause::Type),
        (r#"{"price":^true,"qty":1.00000000}"#, Cause::Type),
        (r#"{"price":63005.0,"qty":^[1]}"#, Cause::Type),
        (r#"^["63005.0",1.00000000]"#, Cause::Type),
        (r#"^{"price":63005.0}"#, Cause::Missing),
        (r#"^{"price":63005.0,"qty":null}"#, Cause::Missing),
        (r#"{"price":63005.0,"qty":1.00000000,^"price":63005.0}"#, Cause::Duplicate),
        (r#"{"price":63005.0,"qty":1.00000000,^"p\u0072ice":1}"#, Cause::Duplicate),
        (r#"{"price":63005.0,"qty":0^1.00000000}"#, Cause::Json),
        (r#"{"price":63005.^,"qty":1.00000000}"#, Cause::Json),
        (r#"{"price":^+63005.0,"qty":1.00000000}"#, Cause::Json),
        (r#"{"price":^NaN,"qty":1.00000000}"#, Cause::Json),
        (r#"{"price":63005.0,"qty":1.00000000^"#, Cause::Json),
        (r#"{"price":63005.0,"qty":1.00000000},^"#, Cause::Json),
    ];
    for (level, cause) in table {
        assert_refused(&bid(level), cause);
    }
    for accepted in [r#"{"price":7036874417766.4,"qty":0}"#, r#"{"price":0.1,"qty":11529215046.06846976}"#] {
        assert_eq!(Decoder::new().agreed(bid(accepted).as_bytes()).map(|records| records.len()), Ok(2), "{accepted}");
    }
}

#[test]
fn book_messages() {
    let time = r#""timestamp":"2026-08-01T02:53:53.646219Z""#;
    let table = [
        (format!(r#""bids":[],"asks":[],"checksum":^4294967296,{time}"#), Cause::Range),
        (format!(r#""bids":[],"asks":[],"checksum":^-1,{time}"#), Cause::Range),
        (format!(r#""bids":[],"asks":[],"checksum":^1.0,{time}"#), Cause::Precision),
        (format!(r#""bids":[],"asks":[],"checksum":^"1",{time}"#), Cause::Type),
        (format!(r#""bids":[],"asks":^{{}},"checksum":1,{time}"#), Cause::Type),
        (format!(r#""bids":[],"asks":[],"checksum":1,{time},^"asks":[]"#), Cause::Duplicate),
        (format!(r#""bids":[],"asks":[],"checksum":1,{time},^"symbol":"BTC/EUR""#), Cause::Duplicate),
        (r#""bids":[],"asks":[],"checksum":1,"timestamp":^"2026-02-29T02:53:53.646219Z""#.to_owned(), Cause::Time),
        (r#""bids":[],"asks":[],"checksum":1,"timestamp":^"1969-08-01T02:53:53.646219Z""#.to_owned(), Cause::Range),
        (r#""bids":[],"asks":[],"checksum":1,"timestamp":^1785552833"#.to_owned(), Cause::Type),
    ];
    for (fields, cause) in table {
        assert_refused(&update(&fields), cause);
    }
    let missing = [
        format!(r#""bids":[],"asks":[],{time}"#),
        format!(r#""bids":[],"checksum":1,{time}"#),
        format!(r#""asks":[],"checksum":1,{time}"#),
        r#""bids":[],"asks":[],"checksum":1"#.to_owned(),
    ];
    for fields in missing {
        assert_refused(&update(&fields).replace("{\"symbol\"", "^{\"symbol\""), Cause::Missing);
    }
    let removal = wire::BOOK[0].replace("\"qty\":0.00057100", "\"qty\":^0.00000000");
    assert_refused(&removal, Cause::Range);
}

#[test]
fn envelopes() {
    let table = [
        ("^", Cause::Truncated),
        ("^[]", Cause::Type),
        (" ^\"book\"", Cause::Type),
        ("^12", Cause::Type),
        ("^null", Cause::Type),
        ("{}^{}", Cause::Json),
        ("{\"channel\":\"heartbeat\"}^\0", Cause::Json),
        ("{\"channel\":\"heartbeat\"^", Cause::Truncated),
        ("{\"channel\":^7}", Cause::Type),
        ("{\"channel\":\"book\",^\"channel\":\"book\"}", Cause::Duplicate),
        ("^{\"channel\":\"book\",\"type\":\"update\"}", Cause::Missing),
        ("{\"channel\":\"book\",\"type\":^\"partial\",\"data\":[]}", Cause::Type),
        ("{\"channel\":\"book\",\"type\":\"update\",\"data\":^{}}", Cause::Type),
        ("{\"channel\":\"book\",\"type\":\"update\",\"data\":[^1]}", Cause::Type),
        ("{\"channel\":\"book\",\"type\":\"update\",\"data\":[^{}]}", Cause::Missing),
        ("{\"channel\":\"instrument\",\"data\":^[]}", Cause::Type),
        ("{\"channel\":\"instrument\",\"data\":^{}}", Cause::Missing),
        (
            "{\"channel\":\"status\",\"data\":[{\"system\":\"online\",\"connection_id\":^18446744073709551616}]}",
            Cause::Range,
        ),
        ("^{\"method\":\"pong\"}", Cause::Missing),
        ("^{\"method\":\"subscribe\"}", Cause::Missing),
        ("{\"method\":\"subscribe\",\"success\":^1}", Cause::Type),
        ("{\"error\":^[\"EOrder\"]}", Cause::Type),
        ("{\"method\":\"pong\",\"time_in\":\"2026-08-01T00:00:00Z\",\"time_out\":^\"now\"}", Cause::Time),
    ];
    for (text, cause) in table {
        assert_refused(text, cause);
    }
    let deep = format!("{{\"channel\":\"heartbeat\",\"x\":{}^[", "[".repeat(31));
    assert_refused(&deep, Cause::Depth);
}

#[test]
fn rows_of_other_channels() {
    let table = [
        (wire::TRADE.replace("\"buy\"", "^\"bought\""), Cause::Type),
        (wire::TRADE.replace("\"market\"", "^\"iceberg\""), Cause::Type),
        (wire::TRADE.replace("59874571", "^-1"), Cause::Range),
        (wire::TRADE.replace("3213.89", "^3213.890"), Cause::Precision),
        (wire::TRADE.replace("{\"symbol\"", "^{\"symbol\"").replace("\"qty\"", "\"quantity\""), Cause::Missing),
        (wire::TICKER.replace("\"bid\":3215.88", "\"bid\":^-3215.88"), Cause::Range),
        (
            wire::INSTRUMENT.replace("EUR/USD", "BTC/EUR").replace("\"price_precision\":5", "\"price_precision\":^13"),
            Cause::Range,
        ),
        (
            wire::INSTRUMENT
                .replace("EUR/USD", "BTC/EUR")
                .replace("\"price_increment\":", "\"price_increment\":^1e-6,\"x\":"),
            Cause::Precision,
        ),
    ];
    for (text, cause) in table {
        assert_refused(&text, cause);
    }
}

#[test]
fn every_cut_frame_is_truncated_at_its_end() {
    for text in wire::BOOK.into_iter().chain([wire::STATUS, wire::TRADE, wire::SUBSCRIBED]) {
        for end in 0..text.len() {
            let expected = Err(Refused { cause: Cause::Truncated, offset: end });
            assert_eq!(Decoder::new_small().agreed(&text.as_bytes()[..end]), expected, "{}", &text[..end]);
        }
    }
}

#[test]
fn bytes_that_are_no_text() {
    let mut decoder = Decoder::new();
    let binary = Frame { opcode: 2, ..text_frame(wire::BOOK[1].as_bytes()) };
    let refused = |cause, offset| Err(Refused { cause, offset });
    assert_eq!(decoder.decode(binary), refused(Cause::Binary, 0));
    assert_eq!(decoder.agreed(b"{\"channel\":\"\xff\"}"), refused(Cause::Utf8, 12));
    assert_eq!(decoder.agreed(b"{\"x\":\"\xed\xa0\x80\"}"), refused(Cause::Utf8, 6));
}

#[test]
fn more_levels_than_the_buffer_holds() {
    let frame = text_frame(wire::BOOK[0].as_bytes());
    let refused = |decoder: &mut Decoder| decoder.agreed(frame.bytes).map_err(|refused| refused.cause);
    for lines in 0..22 {
        let mut decoder = Decoder { lines: vec![Line::ZERO; lines], ..Decoder::new_small() };
        assert_eq!(refused(&mut decoder), Err(Cause::TooMany), "{lines} lines");
    }
    let mut decoder = Decoder { lines: vec![Line::ZERO; 22], ..Decoder::new_small() };
    assert!(decoder.fast(frame).is_some());
    assert_eq!(refused(&mut decoder).map(|records| records.len()), Ok(22));
}
