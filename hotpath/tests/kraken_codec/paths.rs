//! The fast path against the general one: on frames as the exchange writes them, on other spellings
//! of the same message, on frames with one byte wrong.

use crate::oracle::assert_book;
use crate::support::{Decoder, text_frame};
use crate::wire;
use proptest::prelude::*;
use std::fmt::Write;

const MUTATIONS: u32 = 100_000;
const MUTATIONS_OF_SHAPE: u32 = 1_000_000;
const SYMBOLS: [(&str, usize); 4] = [("BTC/EUR", 1), ("BTC/USD", 1), ("ETH/USD", 2), ("XRP/USD", 5)];

#[derive(Clone, Debug)]
struct Message {
    market: usize,
    snapshot: bool,
    bids: Vec<(u64, u64)>,
    asks: Vec<(u64, u64)>,
    checksum: u32,
    micros: u32,
}

fn message() -> impl Strategy<Value = Message> {
    let levels = || proptest::collection::vec((1_u64..10_000_000, 1_u64..1_000_000_000_000), 0..12);
    let rest = (any::<u32>(), 0_u32..1_000_000);
    (0..SYMBOLS.len(), any::<bool>(), levels(), levels(), rest).prop_map(
        |(market, snapshot, bids, asks, (checksum, micros))| Message { market, snapshot, bids, asks, checksum, micros },
    )
}

fn decimal(value: u64, decimals: usize) -> String {
    let unit = 10_u64.pow(decimals as u32);
    format!("{}.{:0decimals$}", value / unit, value % unit)
}

impl Message {
    fn kind(&self) -> &'static str {
        if self.snapshot { "snapshot" } else { "update" }
    }

    fn time(&self) -> String {
        format!("2026-08-01T02:53:53.{:06}Z", self.micros)
    }

    /// As the exchange writes it.
    fn plain(&self) -> String {
        let (symbol, decimals) = SYMBOLS[self.market];
        let side = |levels: &[(u64, u64)]| {
            let level = |(price, qty): &(u64, u64)| {
                format!(r#"{{"price":{},"qty":{}}}"#, decimal(*price, decimals), decimal(*qty, 8))
            };
            levels.iter().map(level).collect::<Vec<_>>().join(",")
        };
        format!(
            r#"{{"channel":"book","type":"{}","data":[{{"symbol":"{symbol}","bids":[{}],"asks":[{}],"checksum":{},"timestamp":"{}"}}]}}"#,
            self.kind(),
            side(&self.bids),
            side(&self.asks),
            self.checksum,
            self.time(),
        )
    }

    /// The same with other order, spaces, escapes, exponents and unknown fields; `dice` chooses.
    fn spelled(&self, dice: &[u8]) -> String {
        let mut dice = dice.iter().copied().cycle();
        let mut roll = |sides: u8| dice.next().unwrap_or(0) % sides;
        let (symbol, decimals) = SYMBOLS[self.market];
        let mut side = |levels: &[(u64, u64)]| {
            let mut text = String::from("[");
            for (index, (price, qty)) in levels.iter().enumerate() {
                let comma = if index == 0 { "" } else { " ,\n" };
                let price = [decimal(*price, decimals), format!("{price}e-{decimals}")][usize::from(roll(2))].clone();
                let qty =
                    [decimal(*qty, 8), format!("{qty}E-08"), decimal(*qty, 9) + "e1"][usize::from(roll(3))].clone();
                let level = [
                    format!(r#"{{"price":{price},"qty":{qty}}}"#),
                    format!(r#"{{ "orders":[{{}}], "\u0071ty" : {qty}, "pr\u0069ce":{price}}}"#),
                ];
                write!(text, "{comma}{}", level[usize::from(roll(2))]).unwrap();
            }
            text + "]"
        };
        let mut fields = [
            format!(r#""bids":{}"#, side(&self.bids)),
            format!(r#" "asks" : {}"#, side(&self.asks)),
            format!(r#""symbol":"{}""#, symbol.replace('/', ["/", "\\/", "\\u002f"][usize::from(roll(3))])),
            format!(r#""checksum":{}{}"#, self.checksum, ["", "e0", "E+00"][usize::from(roll(3))]),
            format!(r#""timestamp":"{}""#, self.time().replace('Z', ["Z", "", "000+00:00"][usize::from(roll(3))])),
        ];
        let turn = usize::from(roll(5));
        fields.rotate_left(turn);
        let envelope = [
            r#""channel":"book""#.to_owned(),
            format!(r#""type" : "{}""#, self.kind()),
            format!("\"data\":[{{{}}}]", fields.join(",")),
        ];
        let order = [[0, 1, 2], [2, 1, 0], [1, 0, 2]][usize::from(roll(3))];
        format!("{{{}}}\r\n", order.map(|part| envelope[part].as_str()).join("\t,"))
    }
}

proptest! {
    #[test]
    fn all_spellings_of_a_message_give_the_same_records(message in message(), dice in proptest::collection::vec(any::<u8>(), 1..64)) {
        let mut decoder = Decoder::new_small();
        let plain = message.plain();
        let fast = decoder.fast(text_frame(plain.as_bytes()));
        prop_assert!(fast.is_some(), "not taken: {}", plain);
        if decoder.simd.is_any() && !message.snapshot {
            prop_assert_eq!(&decoder.wide(text_frame(plain.as_bytes())), &fast);
        }
        let records = decoder.agreed(plain.as_bytes());
        prop_assert_eq!(Ok(fast.unwrap_or_default()), records.clone());
        assert_book(&plain, records.as_deref().unwrap_or_default());
        let spelled = message.spelled(&dice);
        prop_assert_eq!(decoder.agreed(spelled.as_bytes()), records, "{}", spelled);
    }

    #[test]
    fn any_bytes_get_one_verdict(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Decoder::new_small().agreed(&bytes);
    }
}

/// A small generator of numbers that look random; the same on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % sides
    }
}

/// Changes, inserts or removes one byte, often for one that JSON means something by.
fn mutate(bytes: &mut Vec<u8>, dice: &mut Dice) {
    const LIKELY: &[u8] = b"0123456789.-+eE\"{}[],:\\/ \tZTu";
    let at = dice.roll(bytes.len());
    let any = dice.roll(256) as u8;
    let byte = if dice.roll(4) == 0 { any } else { LIKELY[dice.roll(LIKELY.len())] };
    match dice.roll(4) {
        0 => bytes.insert(at, byte),
        1 => drop(bytes.remove(at)),
        _ => bytes[at] = byte,
    }
}

#[test]
fn one_wrong_byte_never_splits_the_paths() {
    let frames: Vec<&str> = wire::BOOK
        .into_iter()
        .chain([wire::TRADE, wire::TICKER, wire::INSTRUMENT, wire::STATUS, wire::SUBSCRIBED, wire::PONG])
        .collect();
    let (mut decoder, mut dice) = (Decoder::new_small(), Dice(0x5eed_0001));
    let (mut accepted, mut taken) = (0, 0);
    for _ in 0..MUTATIONS {
        let mut bytes = frames[dice.roll(frames.len())].as_bytes().to_vec();
        mutate(&mut bytes, &mut dice);
        taken += u32::from(decoder.fast(text_frame(&bytes)).is_some());
        accepted += u32::from(decoder.agreed(&bytes).is_ok());
    }
    // Both ends of the comparison were met: digits that changed, and frames that broke.
    assert!(taken > MUTATIONS / 50, "the fast path took {taken}");
    assert!(accepted > taken && accepted < MUTATIONS / 2, "{accepted} were accepted");
}

/// Frames of the known shape with one to three wrong bytes: what the wide path takes, the fast one takes, and both alike.
#[test]
fn wrong_bytes_never_split_the_known_shape() {
    let (mut decoder, mut dice) = (Decoder::new_small(), Dice(0x5eed_0002));
    if !decoder.simd.is_any() {
        println!("skipped: the processor has no wide path");
        return;
    }
    let (mut taken, mut left) = (0, 0);
    for _ in 0..MUTATIONS_OF_SHAPE {
        let mut bytes = wire::BOOK[dice.roll(wire::BOOK.len())].as_bytes().to_vec();
        for _ in 0..=dice.roll(3) {
            mutate(&mut bytes, &mut dice);
        }
        let frame = text_frame(&bytes);
        if let Some(wide) = decoder.wide(frame) {
            assert_eq!(decoder.fast(frame), Some(wide), "{}", String::from_utf8_lossy(&bytes));
            taken += 1;
        } else {
            left += 1;
        }
    }
    assert!(taken > MUTATIONS_OF_SHAPE / 50 && left > MUTATIONS_OF_SHAPE / 2, "{taken} taken, {left} left");
}
