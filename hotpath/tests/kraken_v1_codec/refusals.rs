//! Frames that are not believed: the cause, and the byte that is named.

use crate::support::{CONNECTION, Decoder, config, usual};
use crate::wire;
use hotpath::lines::Lines;
use hotpath::record::Line;
use hotpath::simd::Simd;
use hotpath::venue::kraken_v1::KrakenV1;
use hotpath::venue::{Cause, Frame, Refused, Venue};

/// The verdict on a text in which `^` stands before the byte that must be named.
fn assert_refused(marked: &str, cause: Cause) {
    let offset = marked.find('^').expect("no mark");
    let text = marked.replacen('^', "", 1);
    let expected = Err(Refused { cause, offset });
    assert_eq!(Decoder::new(usual()).text(text.as_bytes()), expected, "{marked}");
}

/// A book update of one bid.
fn bid(row: &str) -> String {
    format!(r#"[1,{{"b":[{row}],"c":"1"}},"book-10","XBT/USD"]"#)
}

#[test]
fn levels() {
    let table = [
        (r#"[^"5541.300000","1.00000000","1534614248.765567"]"#, Cause::Precision),
        (r#"["5541.30000",^"1.000000000","1534614248.765567"]"#, Cause::Precision),
        (r#"["5541.30000","1.00000000",^"1534614248.0000000001"]"#, Cause::Precision),
        (r#"[^"0.00000","1.00000000","1534614248.765567"]"#, Cause::Range),
        (r#"[^"-5541.30000","1.00000000","1534614248.765567"]"#, Cause::Range),
        (r#"[^"703687441.77665","1.00000000","1534614248.765567"]"#, Cause::Range),
        (r#"["5541.30000",^"-0.00000001","1534614248.765567"]"#, Cause::Range),
        (r#"["5541.30000",^"11529215046.06846977","1534614248.765567"]"#, Cause::Range),
        (r#"["5541.30000","1.00000000",^"-1.0"]"#, Cause::Range),
        (r#"["5541.30000","1.00000000",^"9223372036.854775808"]"#, Cause::Range),
        (r#"[^5541.30000,"1.00000000","1534614248.765567"]"#, Cause::Type),
        (r#"["5541.30000",^null,"1534614248.765567"]"#, Cause::Type),
        (r#"["5541.30000","1.00000000",^1534614248.765567]"#, Cause::Type),
        (r#"[^"","1.00000000","1534614248.765567"]"#, Cause::Type),
        (r#"[^"5541.","1.00000000","1534614248.765567"]"#, Cause::Type),
        (r#"[^"05541.3","1.00000000","1534614248.765567"]"#, Cause::Type),
        (r#"[^" 5541.3","1.00000000","1534614248.765567"]"#, Cause::Type),
        (r#"[^"\u0035541.3","1.00000000","1534614248.765567"]"#, Cause::Type),
        (r#"["5541.30000","1.00000000",^"2018-08-18T17:44:08Z"]"#, Cause::Time),
        (r#"["5541.30000","1.00000000",^""]"#, Cause::Time),
        (r#"["5541.30000","1.00000000","1534614248.765567",^"x"]"#, Cause::Type),
        (r#"["5541.30000","1.00000000","1534614248.765567",^1]"#, Cause::Type),
        (r#"^["5541.30000","1.00000000"]"#, Cause::Missing),
        (r#"^{"price":"5541.30000"}"#, Cause::Type),
        (r#"["5541.30000","1.00000000","1534614248.765567",^]"#, Cause::Json),
    ];
    for (row, cause) in table {
        assert_refused(&bid(row), cause);
    }
    let accepted = [
        r#"["703687441.77664","0.00000000","0.000000"]"#,
        r#"["0.00001","11529215046.06846976","9223372036.854775807"]"#,
        r#"["5541.3","1","1534614248"]"#,
        r#"["5541.30000","1.00000000","1534614248.765567","r","more"]"#,
    ];
    for row in accepted {
        let verdict = Decoder::new(usual()).text(bid(row).as_bytes());
        assert_eq!(verdict.map(|records| records.len()), Ok(2), "{row}");
    }
}

#[test]
fn book_messages() {
    let row = r#"["5541.30000","1.00000000","1534614248.765567"]"#;
    let table = [
        (format!(r#"{{"b":[{row}],"c":^"4294967296"}}"#), Cause::Range),
        (format!(r#"{{"b":[{row}],"c":^"-1"}}"#), Cause::Range),
        (format!(r#"{{"b":[{row}],"c":^"1.0"}}"#), Cause::Precision),
        (format!(r#"{{"b":[{row}],"c":^1}}"#), Cause::Type),
        (format!(r#"{{"b":[{row}],"c":^"x"}}"#), Cause::Type),
        (format!(r#"{{"b":[{row}],"c":"1",^"b":[]}}"#), Cause::Duplicate),
        (format!(r#"{{"b":[{row}],"c":"1",^"c":"1"}}"#), Cause::Duplicate),
        (format!(r#"^{{"b":[{row}]}}"#), Cause::Missing),
        (r#"^{"c":"1"}"#.to_owned(), Cause::Missing),
        (r#"{"b":^{},"c":"1"}"#.to_owned(), Cause::Type),
        (r#"^[]"#.to_owned(), Cause::Type),
        (format!(r#"^{{"as":[{row}]}}"#), Cause::Missing),
        (format!(r#"{{"as":[{row}],"bs":[],"a":^[]}}"#), Cause::Type),
        (format!(r#"{{"as":[{row}],"bs":[]}},^{{"b":[],"c":"1"}}"#), Cause::Type),
        (r#"{"as":[["5541.3",^"0.0","1.5"]],"bs":[]}"#.to_owned(), Cause::Range),
        (r#"{"as":[],"bs":[],"c":^"y"}"#.to_owned(), Cause::Type),
        (format!(r#"{{"a":[{row}],"c":^"1"}},{{"b":[{row}],"c":"1"}}"#), Cause::Type),
        (format!(r#"{{"a":[{row}]}},{{"a":^[{row}],"c":"1"}}"#), Cause::Duplicate),
        (format!(r#"{{"a":[{row}]}},^{{"b":[{row}]}}"#), Cause::Missing),
        (format!(r#"{{"a":[{row}]}},^{{"c":"1"}}"#), Cause::Missing),
        (format!(r#"{{"a":[{row}]}},^7"#), Cause::Type),
    ];
    for (payloads, cause) in table {
        assert_refused(&format!(r#"[1,{payloads},"book-10","XBT/USD"]"#), cause);
    }
}

#[test]
fn other_messages() {
    let table = [
        (r#"[1,[^["5541.2","0.1","1.5","s"]],"trade","XBT/USD"]"#, Cause::Missing),
        (r#"[1,[["5541.2","0.1","1.5",^"x","l",""]],"trade","XBT/USD"]"#, Cause::Type),
        (r#"[1,[["5541.2","0.1","1.5","s",^"i",""]],"trade","XBT/USD"]"#, Cause::Type),
        (r#"[1,[[^"0.0","0.1","1.5","s","l",""]],"trade","XBT/USD"]"#, Cause::Range),
        (r#"[1,[],^[],"trade","XBT/USD"]"#, Cause::Type),
        (r#"[1,^["1","2","3","4"],"spread","XBT/USD"]"#, Cause::Missing),
        (r#"[1,["1","2","3","4",^5],"spread","XBT/USD"]"#, Cause::Type),
        (r#"[1,^{"a":["1",0,"1"],"b":["1",0,"1"]},"ticker","XBT/USD"]"#, Cause::Missing),
        (r#"[1,{"a":["1",0,"1"],"b":^["1",0],"c":["1","1"]},"ticker","XBT/USD"]"#, Cause::Missing),
        (r#"^[1,{},{},{},"book-10","XBT/USD"]"#, Cause::Type),
        (r#"[1,{},^7,"XBT/USD"]"#, Cause::Type),
        (r#"[1,{},"trade",^7]"#, Cause::Type),
        (r#"^{"event":"systemStatus","status":"online"}"#, Cause::Missing),
        (r#"{"event":"systemStatus","status":"online","connectionID":^-1}"#, Cause::Range),
        (r#"{"event":"subscriptionStatus","status":^"perhaps"}"#, Cause::Type),
        (r#"^{"event":"subscriptionStatus","pair":"XBT/USD"}"#, Cause::Missing),
        (r#"^{"event":"subscriptionStatus","status":"error"}"#, Cause::Missing),
        (
            r#"{"event":"subscriptionStatus","status":"subscribed","subscription":{"name":"book","depth":^"10"}}"#,
            Cause::Type,
        ),
        (r#"{"event":"pong","reqid":^"1"}"#, Cause::Type),
        (r#"{"event":^7}"#, Cause::Type),
        (r#"{"event":"pong",^"event":"pong"}"#, Cause::Duplicate),
        (r#"^"heartbeat""#, Cause::Type),
        (r#"^7"#, Cause::Type),
        (r#"[1,2^"#, Cause::Truncated),
    ];
    for (marked, cause) in table {
        assert_refused(marked, cause);
    }
}

/// Only text is believed; a fetched body is none.
#[test]
fn other_frames() {
    let bytes = wire::HEARTBEAT.as_bytes();
    for frame in [Frame::received(CONNECTION, 2, bytes), Frame::fetched(0, bytes)] {
        let verdict = Decoder::new(usual()).frame(frame);
        assert_eq!(verdict, Err(Refused { cause: Cause::Binary, offset: 0 }));
    }
}

/// A message with more rows than there is room for names the first that has none.
#[test]
fn more_rows_than_room() {
    let config = config(&[("XBT/USD", 5)]);
    let text = wire::BOOK[7].as_bytes();
    let needed = 8;
    for room in 0..=needed {
        let mut lines = vec![Line::ZERO; room];
        let mut events = Lines::new(&mut lines);
        events.begin(0, 0, CONNECTION);
        let verdict = KrakenV1.decode(&config, Frame::received(CONNECTION, 1, text), Simd::detect(), &mut events);
        match verdict {
            Ok(()) => assert_eq!(room, needed),
            Err(refused) => {
                assert!(room < needed);
                assert_eq!(refused.cause, Cause::TooMany);
                assert!(matches!(text[refused.offset], b'[' | b'{'), "{refused:?}");
            }
        }
    }
}
