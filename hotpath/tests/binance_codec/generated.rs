//! Frames from chance: data that are legal, and legal frames with a byte changed.

use crate::oracle::{found, wanted, wanted_of_snapshot};
use crate::support::{BTC_PERP, BTC_SPOT, Decoder, ETH_SPOT, PERP, SPOT, Verdict};
use crate::wire;
use hotpath::venue::Cause;
use proptest::prelude::*;

/// A number in quotes with so many decimals that mean something, and zeros behind them.
fn decimal(decimals: u32, zeros: usize) -> impl Strategy<Value = String> {
    (1_u64..10_000_000, 0..10_u64.pow(decimals)).prop_map(move |(whole, fraction)| {
        format!("\"{whole}.{fraction:0width$}{:0<zeros$}\"", "", width = decimals as usize)
    })
}

/// Levels of a market; those of spot are padded to eight decimals.
fn levels(price: u32, qty: u32, count: std::ops::Range<usize>) -> impl Strategy<Value = String> {
    let zeros = if qty > 3 { 8 - price as usize } else { 0 };
    let qty = prop_oneof![decimal(qty, 0).boxed(), Just("\"0.000\"".to_owned()).boxed()];
    let row = (decimal(price, zeros), qty).prop_map(|(price, qty)| format!("[{price},{qty}]"));
    prop::collection::vec(row, count).prop_map(|rows| format!("[{}]", rows.join(",")))
}

fn update(is_perp: bool) -> impl Strategy<Value = String> {
    let (price, qty) = if is_perp { (1, 3) } else { (2, 8) };
    let sides = (levels(price, qty, 0..8), levels(price, qty, 0..8));
    (sides, 1_u64..1 << 62, 0_u64..1_000, 0_u64..100, 0_u64..1 << 43).prop_map(
        move |((bids, asks), first, more, less, ms)| {
            let (last, previous) = (first + more, first.saturating_sub(less));
            let pu = if is_perp { format!(r#""T":{ms},"pu":{previous},"#) } else { String::new() };
            format!(
                r#"{{"stream":"btcusdt@depth@100ms","data":{{"e":"depthUpdate","E":{ms},{pu}"s":"BTCUSDT","U":{first},"u":{last},"b":{bids},"a":{asks}}}}}"#
            )
        },
    )
}

fn trade(is_perp: bool) -> impl Strategy<Value = String> {
    let (price, qty) = if is_perp { (1, 3) } else { (2, 8) };
    (decimal(price, 2), decimal(qty, 0), any::<u64>(), 0_u64..1 << 43, any::<bool>(), any::<bool>()).prop_map(
        move |(price, qty, id, ms, is_sold, has_origin)| {
            let origin = if has_origin { r#""X":"MARKET","# } else { "" };
            format!(
                r#"{{"stream":"btcusdt@trade","data":{{"e":"trade","E":1,"T":{ms},"s":"BTCUSDT","t":{id},"p":{price},"q":{qty},{origin}"m":{is_sold}}}}}"#
            )
        },
    )
}

fn ticker(is_perp: bool) -> impl Strategy<Value = String> {
    let (price, qty) = if is_perp { (1, 3) } else { (2, 8) };
    let side = || (decimal(price, 0), decimal(qty, 1));
    (side(), side(), any::<u64>(), 0_u64..1 << 43).prop_map(move |((bid, bids), (ask, asks), id, ms)| {
        let time = if is_perp { format!(r#","T":{ms},"E":{ms}"#) } else { String::new() };
        format!(
            r#"{{"stream":"btcusdt@bookTicker","data":{{"u":{id},"s":"BTCUSDT","b":{bid},"B":{bids},"a":{ask},"A":{asks}{time}}}}}"#
        )
    })
}

fn message() -> impl Strategy<Value = (u16, String)> {
    any::<bool>().prop_flat_map(|is_perp| {
        let connection = if is_perp { PERP } else { SPOT };
        let text = prop_oneof![update(is_perp).boxed(), trade(is_perp).boxed(), ticker(is_perp).boxed()];
        (Just(connection), text)
    })
}

fn snapshot() -> impl Strategy<Value = (u16, String)> {
    prop::sample::select(vec![(BTC_SPOT, 2, 8), (ETH_SPOT, 2, 4), (BTC_PERP, 1, 3)]).prop_flat_map(
        |(instrument, price, qty)| {
            let sides = (levels(price, qty, 0..20), levels(price, qty, 0..20), 1..u64::MAX, 0_u64..1 << 43);
            let text = sides.prop_map(move |(bids, asks, id, ms)| {
                let time = if instrument == BTC_PERP { format!(r#""E":{ms},"T":{ms},"#) } else { String::new() };
                format!(r#"{{"lastUpdateId":{id},{time}"bids":{bids},"asks":{asks}}}"#)
            });
            (Just(instrument), text)
        },
    )
}

/// What is accepted means what a naive reader finds, if that finds anything; what is refused lies in the frame.
fn assert_means(verdict: &Verdict, wanted: Option<Vec<crate::oracle::Event>>, text: &str) {
    match verdict {
        Ok(_) if found(verdict).is_some() || wanted.is_some() => assert_eq!(found(verdict), wanted, "{text}"),
        Ok(_) => {}
        Err(refused) => {
            assert!(refused.offset < text.len() || refused.cause == Cause::Truncated, "{refused:?}: {text}")
        }
    }
}

fn changed(text: &str, at: prop::sample::Index, byte: u8) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let at = at.index(bytes.len());
    bytes[at] = byte;
    String::from_utf8(bytes).expect("ASCII")
}

const BYTES: &[u8] = br#"0159.,:"[]{}abBAuUpsTmX -\"#;

proptest! {
    #[test]
    fn generated_messages_mean_what_a_naive_reader_finds((connection, text) in message()) {
        let mut decoder = Decoder::new();
        let wanted = wanted(&decoder.config, connection, &text);
        prop_assert!(wanted.is_some(), "{}", text);
        prop_assert_eq!(found(&decoder.text(connection, &text)), wanted, "{}", text);
    }

    #[test]
    fn generated_snapshots_mean_what_a_naive_reader_finds((instrument, text) in snapshot()) {
        let mut decoder = Decoder::new();
        let wanted = wanted_of_snapshot(&decoder.config, instrument, &text);
        prop_assert!(wanted.is_some(), "{}", text);
        prop_assert_eq!(found(&decoder.fetched(instrument, &text)), wanted, "{}", text);
    }

    #[test]
    fn a_changed_byte_is_refused_or_means_what_it_says(
        (connection, text) in message(),
        at in any::<prop::sample::Index>(),
        byte in prop::sample::select(BYTES.to_vec()),
    ) {
        let text = changed(&text, at, byte);
        let mut decoder = Decoder::new();
        let verdict = decoder.text(connection, &text);
        assert_means(&verdict, wanted(&decoder.config, connection, &text), &text);
    }

    #[test]
    fn a_changed_byte_of_a_snapshot_is_refused_or_means_what_it_says(
        (instrument, text) in snapshot(),
        at in any::<prop::sample::Index>(),
        byte in prop::sample::select(BYTES.to_vec()),
    ) {
        let text = changed(&text, at, byte);
        let mut decoder = Decoder::new();
        let verdict = decoder.fetched(instrument, &text);
        assert_means(&verdict, wanted_of_snapshot(&decoder.config, instrument, &text), &text);
    }

    /// Whatever bytes come, of whichever side, the answer is a refusal in the frame or records.
    #[test]
    fn the_sides_read_each_others_messages_without_harm(
        frame in prop::sample::select(vec![wire::SPOT_DEPTH, wire::PERP_DEPTH, wire::SPOT_SNAPSHOT, wire::PERP_TICKER]),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        instrument in 0_u16..3,
    ) {
        let mut bytes = frame.as_bytes().to_vec();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let mut decoder = Decoder::new();
        for connection in [SPOT, PERP] {
            let verdict = decoder.frame(crate::support::text_frame(connection, &bytes));
            prop_assert!(verdict.map_or_else(|refused| refused.offset <= bytes.len(), |records| !records.is_empty()));
        }
        let verdict = decoder.frame(hotpath::venue::Frame::fetched(instrument, &bytes));
        prop_assert!(verdict.map_or_else(|refused| refused.offset <= bytes.len(), |records| !records.is_empty()));
    }
}
