//! The walker against serde_json.

use super::{DEPTH_MAX, Value, document};
use crate::venue::{Cause, Refused};
use proptest::prelude::*;
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

/// JSON text with the liberties that the grammar gives: space, escapes, doubles, exponents.
fn text() -> impl Strategy<Value = String> {
    let space = "[ \t\r\n]{0,2}";
    let number = "-?(0|[1-9][0-9]{0,5})(\\.[0-9]{1,4})?([eE][+-]?[0-9]{1,2})?";
    let string = "\"([a-zé€😀/ ]|\\\\[\"\\\\/bfnrt]|\\\\u00[0-9a-fA-F]{2}|\\\\ud83d\\\\ude0[0-9a-f]){0,6}\"";
    let leaf = prop_oneof!["true|false|null", number, string];
    leaf.prop_recursive(5, 40, 5, move |inner| {
        let array = proptest::collection::vec((space, inner.clone(), space), 0..5).prop_map(|values| {
            let values: Vec<_> =
                values.iter().map(|(before, value, after)| format!("{before}{value}{after}")).collect();
            format!("[{}]", values.join(","))
        });
        let member = (space, string, space, space, inner, space)
            .prop_map(|(a, key, b, c, value, d)| format!("{a}{key}{b}:{c}{value}{d}"));
        let object = proptest::collection::vec(member, 0..5).prop_map(|members| format!("{{{}}}", members.join(",")));
        prop_oneof![array, object]
    })
}

/// What serde_json says. It refuses numbers that no double holds, and nests deeper than we do.
fn oracle(bytes: &[u8]) -> Option<bool> {
    match serde_json::from_slice::<serde_json::Value>(bytes) {
        Ok(_) => Some(true),
        Err(error) if error.to_string().contains("out of range") => None,
        Err(_) => Some(false),
    }
}

/// The same value, read through the walker's own accessors.
fn rebuilt(value: Value<'_>) -> serde_json::Value {
    if let Ok(elements) = value.elements() {
        return elements.map(rebuilt).collect();
    }
    if let Ok(members) = value.members() {
        return serde_json::Value::Object(members.map(|(key, value)| (key.collect(), rebuilt(value))).collect());
    }
    match value.characters() {
        Ok(text) => serde_json::Value::String(text.collect()),
        Err(_) => serde_json::from_str(value.raw()).unwrap(),
    }
}

proptest! {
    #[test]
    fn reads_what_serde_reads(text in text()) {
        let value = document(text.as_bytes()).map(rebuilt);
        prop_assert_eq!(value, Ok(serde_json::from_str(&text).unwrap()), "{}", text);
    }

    #[test]
    fn accepts_what_serde_accepts(text in text(), edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4), 1..4)) {
        const LIKELY: &[u8] = b"{}[]\",:\\/ue-+.0123456789dDtrfalsn \x00\x1f\x7f\xc3\xa9\xed\xa0\x80\xff";
        let mut bytes = text.into_bytes();
        for (place, byte, how) in edits {
            let at = place.index(bytes.len() + 1);
            let likely = LIKELY[usize::from(byte) % LIKELY.len()];
            match how {
                0 => bytes.insert(at, likely),
                1 if at < bytes.len() => drop(bytes.remove(at)),
                2 => bytes.truncate(at),
                _ => bytes.iter_mut().skip(at).take(1).for_each(|old| *old = likely),
            }
        }
        if let Some(accepted) = oracle(&bytes) {
            let verdict = document(&bytes);
            prop_assert_eq!(verdict.is_ok(), accepted, "{}: {:?}", String::from_utf8_lossy(&bytes), verdict);
        }
    }

    #[test]
    fn a_cut_text_is_truncated_where_it_ends(text in text(), cut in any::<prop::sample::Index>()) {
        let text = format!("{{\"a\":{text}}}");
        let end = cut.index(text.len());
        prop_assume!(text.is_char_boundary(end));
        let expected = Refused { cause: Cause::Truncated, offset: end };
        prop_assert_eq!(document(&text.as_bytes()[..end]).map(Value::raw), Err(expected));
    }
}

#[test]
fn refuses_at_the_byte() {
    let table: &[(&[u8], Cause, usize)] = &[
        (b"", Cause::Truncated, 0),
        (b"  ", Cause::Truncated, 2),
        (b"{} x", Cause::Json, 3),
        (b"{\"a\":1,}", Cause::Json, 7),
        (b"{\"a\" 1}", Cause::Json, 5),
        (b"{a:1}", Cause::Json, 1),
        (b"[1 2]", Cause::Json, 3),
        (b"[1,]", Cause::Json, 3),
        (b"[1}", Cause::Json, 2),
        (b"[01]", Cause::Json, 2),
        (b"[1.]", Cause::Json, 3),
        (b"[nul]", Cause::Json, 4),
        (b"\"a\x01\"", Cause::Json, 2),
        (b"\"\\x\"", Cause::Json, 2),
        (b"\"\\u12g4\"", Cause::Json, 5),
        (b"\"a\\udc00\"", Cause::Json, 2),
        (b"\"a\\ud800b\"", Cause::Json, 2),
        (b"\"a\\ud800\\n\"", Cause::Json, 2),
        (b"\"a\\ud800\\u0041\"", Cause::Json, 2),
        (b"\"a\\ud800\\u", Cause::Truncated, 10),
        (b"\xef\xbb\xbf{}", Cause::Json, 0),
        (b"{\"\xff\":1}", Cause::Utf8, 2),
        (b"{x\"\xff\":1}", Cause::Json, 1),
        (b"{}\xff", Cause::Utf8, 2),
        (b"\"\xed\xa0\x80\"", Cause::Utf8, 1),
        (b"\"\xc0\x80\"", Cause::Utf8, 1),
        (b"\"\xe2\x82", Cause::Utf8, 1),
    ];
    for (bytes, cause, offset) in table {
        let expected = Err(Refused { cause: *cause, offset: *offset });
        assert_eq!(document(bytes).map(Value::raw), expected, "{}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn nests_to_its_bound() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let bound = DEPTH_MAX as usize;
    assert!(document(nested(bound).as_bytes()).is_ok());
    let beyond = Refused { cause: Cause::Depth, offset: bound };
    assert_eq!(document(nested(bound + 1).as_bytes()).map(Value::raw), Err(beyond));
    let megabyte = "{\"a\":".repeat(200_000);
    assert_eq!(document(megabyte.as_bytes()).map(Value::raw), Err(Refused { cause: Cause::Depth, offset: bound * 5 }));
}

#[test]
fn fields_are_found_by_what_their_keys_mean() {
    let value = document(br#" {"other":[1],"b":null,"\u0061":-1.5,"c":"x"}"#).unwrap();
    let [a, b, c] = value.fields(["a", "b", "c"]).unwrap().optional();
    assert_eq!(a.map(Value::raw), Some("-1.5"));
    assert!(b.is_none());
    assert_eq!(c.map(Value::offset), Some(41));
    let missing = Refused { cause: Cause::Missing, offset: 1 };
    assert_eq!(value.fields(["a", "b"]).unwrap().required().map(|_| ()), Err(missing));
    let twice = document(br#"{"a":1,"x":1,"x":2,"\u0061":2}"#).unwrap();
    let duplicate = Refused { cause: Cause::Duplicate, offset: 19 };
    assert_eq!(twice.fields(["a"]).map(|_| ()), Err(duplicate));
}
