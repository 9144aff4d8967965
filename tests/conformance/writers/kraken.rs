//! Recordings of Kraken: the program's own of the second protocol, and of the first one written here.

use crate::market::{Change, Shown, Walk, decimal};
use fathom::config::Loaded;
use fathom::import::Recorded;
use fathom::import::recording::Recording;

const START_NS: u64 = 1_617_666_423_690_142_000;
/// Of the program's recording: a market of an hour begins so.
const FRAMES: usize = 420;

/// What `journal sample` writes.
pub fn v2(seed: u64, loaded: &Loaded) -> Vec<Recorded> {
    let mut bytes = Vec::new();
    fathom::sample::cbcap(seed, FRAMES, loaded, &mut bytes).expect("a recording");
    Recording::read(&bytes[..]).expect("a recording").map(|message| message.expect("a whole one")).collect()
}

/// BTC/USD, one decimal and eight.
pub fn v2_snapshot(shown: &Shown) -> Recorded {
    let rows = |levels: Vec<(&i64, &i64)>| {
        let row = |(price, qty): (&i64, &i64)| {
            format!(r#"{{"price":{},"qty":{}}}"#, decimal(*price, 1, 0), decimal(*qty, 8, 0))
        };
        levels.into_iter().map(row).collect::<Vec<_>>().join(",")
    };
    let (bids, asks) = (rows(shown.bids.iter().rev().collect()), rows(shown.asks.iter().collect()));
    let checksum = shown.checksum();
    let text = format!(
        r#"{{"channel":"book","type":"snapshot","data":[{{"symbol":"BTC/USD","bids":[{bids}],"asks":[{asks}],"checksum":{checksum}}}]}}"#
    );
    Recorded { recv_ns: shown.recv_ns, is_fetched: false, bytes: text.into_bytes() }
}

/// XBT/USD, five decimals and eight.
pub fn v1_snapshot(shown: &Shown) -> Recorded {
    let rows = |levels: Vec<(&i64, &i64)>| {
        levels.into_iter().map(|(price, qty)| v1_row(*price, *qty, shown.recv_ns)).collect::<Vec<_>>().join(",")
    };
    let (asks, bids) = (rows(shown.asks.iter().collect()), rows(shown.bids.iter().rev().collect()));
    let text = format!(r#"[320,{{"as":[{asks}],"bs":[{bids}]}},"book-1000","XBT/USD"]"#);
    Recorded { recv_ns: shown.recv_ns, is_fetched: false, bytes: text.into_bytes() }
}

fn v1_row(price_ticks: i64, qty_lots: i64, at_ns: u64) -> String {
    let (price, qty) = (decimal(price_ticks, 5, 0), decimal(qty_lots, 8, 0));
    format!(r#"["{price}","{qty}","{}"]"#, v1_time(at_ns))
}

fn v1_time(at_ns: u64) -> String {
    decimal((at_ns / 1_000) as i64, 6, 0)
}

/// A snapshot, then updates of one side or both, best prices, trades and heartbeats.
pub fn v1(seed: u64, _: &Loaded) -> Vec<Recorded> {
    let mut walk = Walk::new(seed, 5_872_900_000, 36_000_001);
    let mut messages = Vec::new();
    let mut now_ns = START_NS;
    let mut keep = |text: String, now_ns: u64| {
        messages.push(Recorded { recv_ns: now_ns, is_fetched: false, bytes: text.into_bytes() });
    };
    keep(
        r#"{"connectionID":17843232920108168701,"event":"systemStatus","status":"online","version":"1.8.3"}"#
            .to_owned(),
        now_ns,
    );
    walk.shown.recv_ns = now_ns;
    keep(String::from_utf8(v1_snapshot(&walk.shown).bytes).expect("text"), now_ns);
    for number in 0_u64..220 {
        now_ns += 1_000_000 + walk.chance.below(60_000_000);
        let changes = walk.changes();
        if !changes.is_empty() {
            keep(v1_update(&changes, walk.shown.checksum(), now_ns), now_ns);
        }
        let [(bid, bids), (ask, asks)] = walk.touch();
        let [bid, ask] = [bid, ask].map(|price| decimal(price, 5, 0));
        let [bids, asks] = [bids, asks].map(|qty| decimal(qty, 8, 0));
        let time = v1_time(now_ns);
        match number % 8 {
            0 => keep(r#"{"event":"heartbeat"}"#.to_owned(), now_ns),
            2 | 5 => {
                keep(format!(r#"[321,["{bid}","{ask}","{time}","{bids}","{asks}"],"spread","XBT/USD"]"#), now_ns);
            }
            4 => keep(format!(r#"[322,[["{ask}","{asks}","{time}","b","m",""]],"trade","XBT/USD"]"#), now_ns),
            _ => {}
        }
    }
    messages
}

fn v1_update(changes: &[Change], checksum: u32, now_ns: u64) -> String {
    let rows = |is_ask: bool| {
        let of_side = changes.iter().filter(|change| change.is_ask == is_ask);
        of_side.map(|change| v1_row(change.price_ticks, change.qty_lots, now_ns)).collect::<Vec<_>>().join(",")
    };
    let payload = match (rows(true), rows(false)) {
        (asks, bids) if bids.is_empty() => format!(r#"{{"a":[{asks}],"c":"{checksum}"}}"#),
        (asks, bids) if asks.is_empty() => format!(r#"{{"b":[{bids}],"c":"{checksum}"}}"#),
        (asks, bids) => format!(r#"{{"a":[{asks}]}},{{"b":[{bids}],"c":"{checksum}"}}"#),
    };
    format!(r#"[320,{payload},"book-1000","XBT/USD"]"#)
}
