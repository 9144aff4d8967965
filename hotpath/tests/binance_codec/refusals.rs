//! Frames that are not believed: the cause, and the byte that is named.

use crate::support::{BTC_PERP, BTC_SPOT, Decoder, PERP, SPOT, one, text_frame};
use crate::wire;
use hotpath::record::Kind;
use hotpath::venue::{Cause, Frame, Refused};

/// The verdict on a text in which `^` stands before the byte that must be named.
fn assert_refused(connection: u16, marked: &str, cause: Cause) {
    let (text, offset) = unmarked(marked);
    assert_eq!(Decoder::new().text(connection, &text), Err(Refused { cause, offset }), "{marked}");
}

fn assert_not_fetched(marked: &str, cause: Cause) {
    let (text, offset) = unmarked(marked);
    assert_eq!(Decoder::new().fetched(BTC_SPOT, &text), Err(Refused { cause, offset }), "{marked}");
}

fn unmarked(marked: &str) -> (String, usize) {
    (marked.replacen('^', "", 1), marked.find('^').expect("no mark"))
}

/// An update of spot with one bid.
fn bid(level: &str) -> String {
    format!(r#"{{"stream":"btcusdt@depth@100ms","data":{{"E":1,"s":"BTCUSDT","U":7,"u":9,"b":[{level}],"a":[]}}}}"#)
}

#[test]
fn levels() {
    let table = [
        (r#"[^"61837.631","1.00000000"]"#, Cause::Precision),
        (r#"[^"61837.63000001","1.00000000"]"#, Cause::Precision),
        (r#"["61837.63000000",^"0.000000001"]"#, Cause::Precision),
        (r#"["61837.63000000",^"1e-9"]"#, Cause::Precision),
        (r#"[^"0.00000000","1.00000000"]"#, Cause::Range),
        (r#"[^"-1.00000000","1.00000000"]"#, Cause::Range),
        (r#"[^"703687441776.65","1.00000000"]"#, Cause::Range),
        (r#"[^"1e999999999999","1.00000000"]"#, Cause::Range),
        (r#"["61837.63000000",^"-0.00000001"]"#, Cause::Range),
        (r#"["61837.63000000",^"11529215046.06846977"]"#, Cause::Range),
        (r#"[^61837.63,"1.00000000"]"#, Cause::Type),
        (r#"["61837.63",^1.0]"#, Cause::Type),
        (r#"["61837.63",^null]"#, Cause::Type),
        (r#"[^"","1.00000000"]"#, Cause::Type),
        (r#"[^"61837.","1.00000000"]"#, Cause::Type),
        (r#"[^"061837.63","1.00000000"]"#, Cause::Type),
        (r#"[^" 61837.63","1.00000000"]"#, Cause::Type),
        (r#"[^"61837.63 ","1.00000000"]"#, Cause::Type),
        (r#"[^"NaN","1.00000000"]"#, Cause::Type),
        (r#"[^"\u0036","1.00000000"]"#, Cause::Type),
        (r#"^["61837.63"]"#, Cause::Missing),
        (r#"^[]"#, Cause::Missing),
        (r#"^{"61837.63":"1.0"}"#, Cause::Type),
        (r#"^"61837.63""#, Cause::Type),
        (r#"["61837.63","1.0"],^"#, Cause::Json),
    ];
    for (level, cause) in table {
        assert_refused(SPOT, &bid(level), cause);
        let fetched = format!(r#"{{"lastUpdateId":7,"bids":[{level}],"asks":[]}}"#);
        assert_not_fetched(&fetched, cause);
    }
    for accepted in [
        r#"["703687441776.640000","0.00000000"]"#,
        r#"["0.01","11529215046.06846976"]"#,
        r#"["61837.630000000000","1"]"#,
        r#"["1","1","more"]"#,
    ] {
        let found = Decoder::new().text(SPOT, &bid(accepted)).map(|records| records.len());
        assert_eq!(found, Ok(3), "{accepted}");
    }
}

#[test]
fn updates() {
    let table = [
        (SPOT, r#"^{"E":1,"s":"BTCUSDT","u":9,"b":[],"a":[]}"#, Cause::Missing),
        (SPOT, r#"^{"E":1,"s":"BTCUSDT","U":7,"b":[],"a":[]}"#, Cause::Missing),
        (SPOT, r#"^{"s":"BTCUSDT","U":7,"u":9,"b":[],"a":[]}"#, Cause::Missing),
        (SPOT, r#"^{"E":1,"s":"BTCUSDT","U":7,"u":9,"a":[]}"#, Cause::Missing),
        (SPOT, r#"^{"E":1,"s":"BTCUSDT","U":7,"u":9,"b":[]}"#, Cause::Missing),
        (SPOT, r#"^{"E":1,"U":7,"u":9,"b":[],"a":[]}"#, Cause::Missing),
        (SPOT, r#"{"E":1,"s":"BTCUSDT","U":^0,"u":9,"b":[],"a":[]}"#, Cause::Range),
        (SPOT, r#"{"E":1,"s":"BTCUSDT","U":^10,"u":8,"b":[],"a":[]}"#, Cause::Range),
        (SPOT, r#"{"E":1,"s":"BTCUSDT","U":^10,"u":9,"b":[],"a":[]}"#, Cause::Range),
        (SPOT, r#"{"E":1,"s":"BTCUSDT","U":^-7,"u":9,"b":[],"a":[]}"#, Cause::Range),
        (SPOT, r#"{"E":1,"s":"BTCUSDT","U":7,"u":^18446744073709551616,"b":[],"a":[]}"#, Cause::Range),
        (SPOT, r#"{"E":1,"s":"BTCUSDT","U":7,"u":^9.5,"b":[],"a":[]}"#, Cause::Precision),
        (SPOT, r#"{"E":1,"s":"BTCUSDT","U":^"7","u":9,"b":[],"a":[]}"#, Cause::Type),
        (SPOT, r#"{"E":^18446744073710,"s":"BTCUSDT","U":7,"u":9,"b":[],"a":[]}"#, Cause::Range),
        (SPOT, r#"{"E":^"1","s":"BTCUSDT","U":7,"u":9,"b":[],"a":[]}"#, Cause::Type),
        (SPOT, r#"{"E":1,"s":"BTCUSDT","U":7,"u":9,"b":^{},"a":[]}"#, Cause::Type),
        (SPOT, r#"{"E":1,"s":"BTCUSDT","U":7,"u":9,"b":[],"a":^"x"}"#, Cause::Type),
        (SPOT, r#"{"E":1,"s":"BTCUSDT","U":7,"u":9,"b":[],"a":[],^"b":[]}"#, Cause::Duplicate),
        (SPOT, r#"{"E":1,"s":"BTCUSDT","U":7,"u":9,^"s":"BTCUSDT","b":[],"a":[]}"#, Cause::Duplicate),
        (SPOT, r#"{"E":1,"s":^7,"U":7,"u":9,"b":[],"a":[]}"#, Cause::Type),
        (SPOT, r#"^[]"#, Cause::Type),
        (PERP, r#"^{"E":1,"s":"BTCUSDT","U":7,"u":9,"b":[],"a":[]}"#, Cause::Missing),
        (PERP, r#"{"E":1,"s":"BTCUSDT","U":7,"u":9,"pu":^10,"b":[],"a":[]}"#, Cause::Range),
        (PERP, r#"{"E":1,"s":"BTCUSDT","U":10,"u":9,"pu":^6,"b":[],"a":[]}"#, Cause::Range),
        (PERP, r#"{"E":1,"s":"BTCUSDT","U":0,"u":0,"pu":^0,"b":[],"a":[]}"#, Cause::Range),
        (PERP, r#"{"E":1,"s":"BTCUSDT","U":7,"u":9,"pu":^-1,"b":[],"a":[]}"#, Cause::Range),
    ];
    for (connection, data, cause) in table {
        assert_refused(connection, &format!(r#"{{"stream":"btcusdt@depth","data":{data}}}"#), cause);
    }
}

#[test]
fn envelopes() {
    let table = [
        ("^", Cause::Truncated),
        ("^[]", Cause::Type),
        (" ^\"stream\"", Cause::Type),
        ("^null", Cause::Type),
        ("^12", Cause::Type),
        ("{}^{}", Cause::Json),
        ("{\"e\":\"serverShutdown\"}^\0", Cause::Json),
        ("{\"e\":\"serverShutdown\"^", Cause::Truncated),
        ("{\"stream\":^7,\"data\":{}}", Cause::Type),
        ("^{\"stream\":\"btcusdt@trade\"}", Cause::Missing),
        ("^{\"stream\":\"btcusdt@trade\",\"data\":null}", Cause::Missing),
        ("{\"stream\":\"btcusdt@trade\",\"data\":^[]}", Cause::Type),
        ("{\"stream\":\"btcusdt@trade\",\"data\":{},^\"stream\":\"\"}", Cause::Duplicate),
    ];
    for (text, cause) in table {
        assert_refused(SPOT, text, cause);
        assert_refused(PERP, text, cause);
    }
    let deep = format!("{{\"stream\":{}^[", "[".repeat(31));
    assert_refused(SPOT, &deep, Cause::Depth);
}

#[test]
fn trades_and_tickers() {
    let table = [
        (SPOT, wire::SPOT_TRADE.replace("\"16850.01000000\"", "^\"16850.01100000\""), Cause::Precision),
        (SPOT, wire::SPOT_TRADE.replace("\"16850.01000000\"", "^\"0.00000000\""), Cause::Range),
        (SPOT, wire::SPOT_TRADE.replace("\"0.00100000\"", "^0.001"), Cause::Type),
        (SPOT, wire::SPOT_TRADE.replace("\"m\":true", "\"m\":^\"true\""), Cause::Type),
        (SPOT, wire::SPOT_TRADE.replace("{\"e\"", "^{\"e\"").replace("\"m\":true,", ""), Cause::Missing),
        (SPOT, wire::SPOT_TRADE.replace("12345", "^-12345"), Cause::Range),
        (PERP, wire::PERP_TRADE.replace("\"p\":\"", "\"p\":^\"-"), Cause::Range),
        (SPOT, wire::SPOT_TICKER.replace("\"b\":", "\"b\":^"), Cause::Precision),
        (PERP, wire::PERP_TICKER.replace("\"31.210\"", "^\"31.2101\""), Cause::Precision),
        (PERP, wire::PERP_TICKER.replace("\"31.210\"", "^\"-31.210\""), Cause::Range),
        (PERP, wire::PERP_TICKER.replace("{\"e\"", "^{\"e\"").replace("\"u\":400900217,", ""), Cause::Missing),
        (PERP, wire::PERP_TICKER.replace("\"E\":1568014460893", "\"E\":^1.5"), Cause::Precision),
    ];
    for (connection, text, cause) in table {
        assert_refused(connection, &text, cause);
    }
}

#[test]
fn what_was_fetched() {
    let table = [
        (r#"^{"code":-1121,"msg":"Invalid symbol."}"#, Cause::Missing),
        (r#"^[]"#, Cause::Type),
        (r#"^<html>"#, Cause::Json),
        (r#"^"#, Cause::Truncated),
        (r#"{"lastUpdateId":^0,"bids":[],"asks":[]}"#, Cause::Range),
        (r#"{"lastUpdateId":^-1,"bids":[],"asks":[]}"#, Cause::Range),
        (r#"{"lastUpdateId":^"7","bids":[],"asks":[]}"#, Cause::Type),
        (r#"^{"bids":[],"asks":[]}"#, Cause::Missing),
        (r#"^{"lastUpdateId":7,"bids":[]}"#, Cause::Missing),
        (r#"{"lastUpdateId":7,"bids":^{},"asks":[]}"#, Cause::Type),
        (r#"{"lastUpdateId":7,"bids":[],"asks":[],^"asks":[]}"#, Cause::Duplicate),
        (r#"{"lastUpdateId":7,"E":^"x","bids":[],"asks":[]}"#, Cause::Type),
    ];
    for (text, cause) in table {
        assert_not_fetched(text, cause);
    }
    // One that came over a socket was fetched for nobody.
    let kind = one(SPOT, wire::SPOT_SNAPSHOT).head().kind;
    assert_eq!(kind, Kind::IGNORED);
}

#[test]
fn every_cut_frame_is_truncated_at_its_end() {
    let frames =
        [(SPOT, wire::SPOT_DEPTH), (PERP, wire::PERP_DEPTH), (SPOT, wire::SPOT_TRADE), (PERP, wire::PERP_TICKER)];
    for (connection, text) in frames {
        for end in 0..text.len() {
            let expected = Err(Refused { cause: Cause::Truncated, offset: end });
            assert_eq!(Decoder::with_lines(64).text(connection, &text[..end]), expected, "{}", &text[..end]);
        }
    }
    for end in 0..wire::PERP_SNAPSHOT.len() {
        let expected = Err(Refused { cause: Cause::Truncated, offset: end });
        assert_eq!(Decoder::with_lines(64).fetched(BTC_PERP, &wire::PERP_SNAPSHOT[..end]), expected);
    }
}

#[test]
fn bytes_that_are_no_text() {
    let mut decoder = Decoder::new();
    let refused = |cause, offset| Err(Refused { cause, offset });
    for opcode in [0, 2, 3, 7] {
        let frame = Frame { opcode, ..text_frame(SPOT, wire::SPOT_DEPTH.as_bytes()) };
        assert_eq!(decoder.frame(frame), refused(Cause::Binary, 0), "{opcode}");
    }
    assert_eq!(decoder.frame(text_frame(SPOT, b"{\"stream\":\"\xff\"}")), refused(Cause::Utf8, 11));
    assert_eq!(decoder.frame(text_frame(SPOT, b"{\"x\":\"\xed\xa0\x80\"}")), refused(Cause::Utf8, 6));
}

#[test]
fn more_levels_than_the_buffer_holds() {
    let cause = |lines| Decoder::with_lines(lines).text(SPOT, wire::SPOT_DEPTH).map_err(|refused| refused.cause);
    for lines in 0..7 {
        assert_eq!(cause(lines), Err(Cause::TooMany), "{lines} lines");
    }
    assert_eq!(cause(7).map(|records| records.len()), Ok(7));
    let cause =
        |lines| Decoder::with_lines(lines).fetched(BTC_SPOT, wire::SPOT_SNAPSHOT).map_err(|refused| refused.cause);
    assert_eq!(cause(4), Err(Cause::TooMany));
    assert_eq!(cause(5).map(|records| records.len()), Ok(5));
}
