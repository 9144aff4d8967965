//! Frames from chance: data that are legal, and legal frames with a byte changed.

use crate::oracle::{found, wanted};
use crate::support::{Decoder, usual};
use crate::wire;
use hotpath::venue::Cause;
use proptest::prelude::*;

fn text_of(decimals: u32) -> impl Strategy<Value = String> {
    (1_u64..10_000_000, 0..10_u64.pow(decimals))
        .prop_map(move |(whole, fraction)| format!("\"{}.{fraction:0width$}\"", whole, width = decimals as usize))
}

fn row() -> impl Strategy<Value = String> {
    (text_of(5), text_of(8), 0_u64..4_000_000_000, 0..1_000_000, any::<bool>()).prop_map(
        |(price, qty, s, us, again)| {
            let mark = if again { r#","r""# } else { "" };
            format!(r#"[{price},{qty},"{s}.{us:06}"{mark}]"#)
        },
    )
}

fn rows(count: std::ops::Range<usize>) -> impl Strategy<Value = String> {
    prop::collection::vec(row(), count).prop_map(|rows| format!("[{}]", rows.join(",")))
}

fn book() -> impl Strategy<Value = String> {
    let sides = (rows(0..6), rows(0..6), any::<u32>(), 0..4);
    sides.prop_map(|(asks, bids, checksum, form)| {
        let payloads = match form {
            0 => format!(r#"{{"as":{asks},"bs":{bids}}}"#),
            1 => format!(r#"{{"a":{asks},"c":"{checksum}"}}"#),
            2 => format!(r#"{{"b":{bids},"c":"{checksum}"}}"#),
            _ => format!(r#"{{"a":{asks}}},{{"b":{bids},"c":"{checksum}"}}"#),
        };
        format!(r#"[320,{payloads},"book-1000","XBT/USD"]"#)
    })
}

fn trades() -> impl Strategy<Value = String> {
    let side = prop::sample::select(vec!["b", "s"]);
    let order = prop::sample::select(vec!["l", "m"]);
    let row = (text_of(5), text_of(8), 0_u64..4_000_000_000, side, order)
        .prop_map(|(price, qty, s, side, order)| format!(r#"[{price},{qty},"{s}.000001","{side}","{order}",""]"#));
    prop::collection::vec(row, 1..5).prop_map(|rows| format!(r#"[1,[{}],"trade","XBT/USD"]"#, rows.join(",")))
}

fn touches() -> impl Strategy<Value = String> {
    (text_of(5), text_of(5), text_of(8), text_of(8), any::<bool>()).prop_map(|(bid, ask, bids, asks, has_time)| {
        if has_time {
            format!(r#"[1,[{bid},{ask},"1542057299.545897",{bids},{asks}],"spread","XBT/USD"]"#)
        } else {
            format!(r#"[1,{{"a":[{ask},3,{asks}],"b":[{bid},0,{bids}],"c":[{bid},{asks}]}},"ticker","XBT/USD"]"#)
        }
    })
}

proptest! {
    #[test]
    fn generated_data_mean_what_a_naive_reader_finds(text in prop_oneof![book(), trades(), touches()]) {
        let mut decoder = Decoder::new(usual());
        let wanted = wanted(&decoder.config, &text);
        prop_assert!(wanted.is_some());
        // A snapshot removes nothing.
        let has_zero = text.contains(r#""as""#) && text.contains(r#","0.00000000","#);
        if !has_zero {
            prop_assert_eq!(found(&decoder.text(text.as_bytes())), wanted, "{}", text);
        }
    }

    /// A changed byte is refused inside the frame, or means what a naive reader finds in it.
    #[test]
    fn a_changed_byte_is_refused_or_means_what_it_says(
        frame in 0..wire::BOOK.len() + 3,
        at in any::<prop::sample::Index>(),
        byte in prop::sample::select(br#"0159.,:"[]{}abcrs -\"#.to_vec()),
    ) {
        let text = wire::BOOK.get(frame).copied().unwrap_or([wire::TRADES, wire::SPREAD, wire::TICKER][frame % 3]);
        let mut bytes = text.as_bytes().to_vec();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let mut decoder = Decoder::new(usual());
        match decoder.text(&bytes) {
            Ok(records) => {
                let text = String::from_utf8(bytes).expect("what is accepted is text");
                if let Some(wanted) = wanted(&decoder.config, &text) {
                    prop_assert_eq!(found(&Ok(records)), Some(wanted), "{}", text);
                }
            }
            Err(refused) => prop_assert!(refused.offset < bytes.len() || refused.cause == Cause::Truncated),
        }
    }

    /// A frame that is cut anywhere is not believed.
    #[test]
    fn a_cut_frame_is_refused(frame in 0..wire::BOOK.len(), at in any::<prop::sample::Index>()) {
        let text = wire::BOOK[frame];
        let cut = &text.as_bytes()[..at.index(text.len())];
        let refused = Decoder::new(usual()).text(cut).expect_err("it is cut");
        prop_assert_eq!((refused.cause, refused.offset), (Cause::Truncated, cut.len()));
    }
}
