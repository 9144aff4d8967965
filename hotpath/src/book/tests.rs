//! The book against a naive twin, and the exchange's documented checksums.

use super::{Book, Change, SIDE_LEVELS};
use crate::simd::Simd;
use bytemuck::Zeroable;
use proptest::prelude::*;
use std::boxed::Box;
use std::collections::BTreeMap;
use std::format;
use std::string::String;
use std::vec::Vec;

#[derive(Default)]
struct Twin {
    bids: BTreeMap<i64, i64>,
    asks: BTreeMap<i64, i64>,
}

impl Twin {
    fn set(&mut self, ask: bool, price: i64, qty: i64) -> Change {
        let side = if ask { &mut self.asks } else { &mut self.bids };
        match (qty == 0, side.contains_key(&price)) {
            (true, true) => side.remove(&price).map_or(Change::Unknown, |_| Change::Removed),
            (true, false) => Change::Unknown,
            (false, held) => {
                side.insert(price, qty);
                if held { Change::Updated } else { Change::Inserted }
            }
        }
    }

    fn cut(&mut self, depth: usize) {
        while self.bids.len() > depth {
            self.bids.pop_first();
        }
        while self.asks.len() > depth {
            self.asks.pop_last();
        }
    }

    fn checksum(&self) -> u32 {
        let asks = self.asks.iter().take(10);
        let bids = self.bids.iter().rev().take(10);
        let text: String = asks.chain(bids).map(|(price, qty)| format!("{price}{qty}")).collect();
        crc32fast::hash(text.as_bytes())
    }
}

fn set(book: &mut Book, ask: bool, price: i64, qty: i64) -> Change {
    if ask { book.asks.set(price, qty) } else { book.bids.set(price, qty) }
}

fn assert_same(book: &Book, twin: &Twin) {
    let bids: Vec<_> = book.bids.best_first().map(|level| (level.price_ticks, level.qty_lots)).collect();
    let asks: Vec<_> = book.asks.best_first().map(|level| (level.price_ticks, level.qty_lots)).collect();
    assert_eq!(bids, twin.bids.iter().rev().map(|(p, q)| (*p, *q)).collect::<Vec<_>>());
    assert_eq!(asks, twin.asks.iter().map(|(p, q)| (*p, *q)).collect::<Vec<_>>());
    assert_eq!(book.crc32_top10(), twin.checksum());
}

proptest! {
    #[test]
    fn equals_a_map_of_levels(
        depth in prop::sample::select(std::vec![1_usize, 3, 10, 25, 100]),
        messages in prop::collection::vec(prop::collection::vec((any::<bool>(), 1_i64..120, 0_i64..4), 1..7), 1..200),
    ) {
        let [mut plain, mut fast] = paths();
        let mut twin = Twin::default();
        for message in messages {
            for (ask, price, qty) in message {
                let change = twin.set(ask, price, qty);
                prop_assert_eq!(set(&mut plain, ask, price, qty), change);
                prop_assert_eq!(set(&mut fast, ask, price, qty), change);
            }
            twin.cut(depth);
            for book in [&mut plain, &mut fast] {
                book.cut(depth);
                assert_same(book, &twin);
            }
        }
    }
}

fn bytemuck_boxed() -> Box<Book> {
    Box::new(Book::zeroed())
}

/// A book without and one with what the processor has beyond plain code.
fn paths() -> [Box<Book>; 2] {
    [Simd::NONE, Simd::detect()].map(|simd| {
        let mut book = bytemuck_boxed();
        book.use_simd(simd);
        book
    })
}

/// The start of a cut side wanders upwards until it must be moved back; nothing may change then.
#[test]
fn a_cut_side_survives_many_times_its_capacity() {
    let mut book = bytemuck_boxed();
    let mut twin = Twin::default();
    for step in 0..(SIDE_LEVELS as i64 * 3) {
        for (ask, price) in [(false, 10 + step), (true, 100_000 - step)] {
            assert_eq!(set(&mut book, ask, price, 7), Change::Inserted);
            twin.set(ask, price, 7);
        }
        book.cut(10);
        twin.cut(10);
        if step % 511 == 0 {
            assert_same(&book, &twin);
        }
    }
    assert_same(&book, &twin);
}

/// A window that overflows forgets its worst level and refuses to guess beyond it.
#[test]
fn an_overflowing_window_knows_what_it_forgot() {
    let mut book = bytemuck_boxed();
    let capacity = SIDE_LEVELS as i64;
    for price in 1..=capacity {
        assert_eq!(book.bids.set(price, 5), Change::Inserted);
    }
    assert_eq!(book.bids.complete_to_ticks(), None);
    assert_eq!(book.bids.set(capacity + 1, 5), Change::Inserted);
    assert_eq!(book.bids.complete_to_ticks(), Some(1));
    assert_eq!(book.bids.set(1, 9), Change::Beyond);
    assert_eq!(book.bids.len(), SIDE_LEVELS);
    assert_eq!(book.bids.worst_first().next().map(|level| level.price_ticks), Some(2));
    book.clear();
    assert_eq!(book.bids.complete_to_ticks(), None);
}

/// A message that overflowed a side which is cut leaves no price behind at which levels are refused.
#[test]
fn a_cut_makes_a_side_complete_again() {
    let mut book = bytemuck_boxed();
    for price in 1..=SIDE_LEVELS as i64 + 5 {
        book.bids.set(price, 5);
    }
    assert_eq!(book.bids.complete_to_ticks(), Some(5));
    book.cut(10);
    assert_eq!(book.bids.complete_to_ticks(), None);
    assert_eq!(book.bids.set(3, 7), Change::Inserted);
}

/// An insert worse than every level of a full side is itself what is dropped.
#[test]
fn a_full_side_refuses_a_worse_level_after_dropping_one() {
    let mut book = bytemuck_boxed();
    for price in 10..10 + SIDE_LEVELS as i64 {
        book.asks.set(price, 5);
    }
    let worst = 9 + SIDE_LEVELS as i64;
    assert_eq!(book.asks.set(worst + 5, 5), Change::Beyond);
    assert_eq!(book.asks.complete_to_ticks(), Some(worst));
}

struct Vector {
    asks: &'static str,
    bids: &'static str,
    checksum: u32,
    /// Changes (`a` or `b`, price:qty) and the checksum after them.
    updates: &'static [(&'static str, u32)],
    depth: usize,
}

fn digits(decimal: &str) -> i64 {
    decimal.replace('.', "").parse().unwrap_or(0)
}

fn levels(text: &str) -> impl Iterator<Item = (i64, i64)> {
    text.split_whitespace().filter_map(|pair| pair.split_once(':')).map(|(p, q)| (digits(p), digits(q)))
}

/// The documented and recorded checksums of the exchange's API reference, one by one.
#[test]
fn the_documented_checksum_vectors_hold() {
    for vector in VECTORS {
        for mut book in paths() {
            levels(vector.asks).for_each(|(price, qty)| assert_eq!(book.asks.set(price, qty), Change::Inserted));
            levels(vector.bids).for_each(|(price, qty)| assert_eq!(book.bids.set(price, qty), Change::Inserted));
            assert_eq!(book.crc32_top10(), vector.checksum);
            for (changes, checksum) in vector.updates {
                let words: Vec<_> = changes.split_whitespace().collect();
                for pair in words.chunks(2) {
                    for (price, qty) in levels(pair[1]) {
                        set(&mut book, pair[0] == "a", price, qty);
                    }
                }
                book.cut(vector.depth);
                assert_eq!(book.crc32_top10(), *checksum, "{changes}");
            }
        }
    }
}

/// BTC/USD and others, from the documentation and from live frames; asks low to high, bids high to low.
const VECTORS: &[Vector] = &[
    // BTC/USD official v2 guide
    Vector {
        asks: "45285.2:0.00100000 45286.4:1.54571953 45286.6:1.54571109 45289.6:1.54560911 \
               45290.2:0.15890660 45291.8:1.54553491 45294.7:0.04454749 45296.1:0.35380000 \
               45297.5:0.09945542 45299.5:0.18772827",
        bids: "45283.5:0.10000000 45283.4:1.54582015 45282.1:0.10000000 45281.0:0.10000000 \
               45280.3:1.54592586 45279.0:0.07990000 45277.6:0.03310103 45277.5:0.30000000 \
               45277.3:1.54602737 45276.6:0.15445238",
        checksum: 3_310_070_434,
        updates: &[],
        depth: 10,
    },
    // MATIC/USD official book sample, zeros restored
    Vector {
        asks: "0.5668:4410.79769741 0.5669:4655.40412487 0.5670:49844.89424998 0.5671:24306.41678000 \
               0.5672:29783.25223475 0.5673:57234.71239278 0.5674:45065.04744000 0.5675:5912.76380354 \
               0.5676:42514.92434778 0.5677:36304.08470220",
        bids: "0.5666:4831.75496356 0.5665:6658.22734739 0.5664:18724.91513344 0.5663:11563.92544914 \
               0.5662:14006.65365711 0.5661:17454.85679807 0.5660:18097.15470000 0.5659:33644.89175666 \
               0.5658:148.34640000 0.5657:606.70854372",
        checksum: 2_439_117_997,
        updates: &[("b 0.5657:1098.39475580", 2_114_181_697)],
        depth: 10,
    },
    // ETH/BTC live 2026-08-26
    Vector {
        asks: "0.031357:0.03740000 0.031358:2.87194815 0.031361:0.00767324 0.031362:4.27140781 \
               0.031363:4.34586052 0.031364:27.28097668 0.031365:12.92325840 0.031366:4.14290322 \
               0.031368:0.00738649 0.031370:0.03740000",
        bids: "0.031348:0.03740000 0.031347:2.87288049 0.031345:8.57986833 0.031344:14.40276069 \
               0.031340:12.96065840 0.031339:13.19606540 0.031338:20.41389313 0.031336:0.03740000 \
               0.031334:14.37158163 0.031332:14.40695990",
        checksum: 3_619_791_617,
        updates: &[("b 0.031347:0.00000000 b 0.031329:19.07893401", 2_505_869_009)],
        depth: 10,
    },
    // ETH/USDT live 2026-01-19
    Vector {
        asks: "3216.17:1.57368901 3216.18:3.10841504 3216.26:5.00183483 3216.35:1.68100000 \
               3216.53:0.11390000 3216.61:6.05150000 3216.66:0.34384896 3216.67:0.32189137 \
               3216.88:0.11390000 3216.89:0.02000000",
        bids: "3215.98:0.43374000 3215.88:1.55563481 3215.68:0.11390000 3215.60:0.31899455 \
               3215.46:0.31577998 3215.41:1.11400000 3215.40:0.75897979 3215.36:0.34384896 \
               3215.35:0.11390000 3215.33:5.00183483",
        checksum: 1_875_479_340,
        updates: &[],
        depth: 10,
    },
    // BTC/USD live 2026-08-01 (CAP)
    Vector {
        asks: "63005.0:2.07265551 63005.1:0.55006860 63005.2:0.79358539 63005.8:0.01537966 \
               63005.9:0.11835139 63006.0:0.04761452 63006.3:0.23809955 63006.5:0.79356896 \
               63007.3:0.06000000 63008.4:0.00057100",
        bids: "63004.9:0.01876947 63003.3:0.00005100 63002.6:0.01602600 63000.2:0.00005100 \
               63000.0:0.08325683 62997.0:0.09705100 62993.9:0.00005100 62991.8:0.00158700 \
               62991.6:0.11000000 62988.9:0.10000000",
        checksum: 2_531_248_887,
        updates: &[
            ("a 63005.0:2.08665551", 2_532_652_056),
            ("a 63005.9:0.00000000 a 63008.6:0.00039677", 3_629_011_692),
            ("a 63008.4:0.00000000 a 63009.2:0.28207838", 1_024_595_226),
            ("a 63005.0:2.14864105", 1_198_578_833),
            ("a 63005.0:2.13464105", 2_220_311_411),
        ],
        depth: 10,
    },
    // BTC/USD live 2023-07-30 (PKS, zeros restored)
    Vector {
        asks: "29430.3:8.25215653 29430.4:2.55637606 29430.5:0.29975980 29430.9:2.56473216 \
               29431.0:0.00011662 29431.1:0.00100000 29432.3:0.02410000 29432.4:0.02210682 \
               29432.5:3.39761477 29433.1:0.01021497",
        bids: "29430.2:0.18967538 29429.6:0.00011621 29427.4:0.00100000 29426.7:4.00000000 \
               29425.7:0.67945399 29423.5:0.67950478 29422.1:0.16314267 29421.8:0.06797895 \
               29421.7:0.23401846 29421.5:0.28639276",
        checksum: 2_785_033_588,
        updates: &[
            ("a 29431.1:0.00000000 a 29433.3:0.80000000 a 29430.6:0.00100000", 3_547_452_596),
            ("a 29430.3:8.25182177", 3_111_681_483),
            ("b 29423.0:2.54902601", 434_883_881),
        ],
        depth: 10,
    },
    // XBT/USD v1 live 2021-04-06 (CAPv1), text as received
    Vector {
        asks: "58729.40000:0.45000000 58729.50000:1.49480000 58734.50000:0.20000000 \
               58734.60000:0.00805000 58735.10000:0.08859046 58738.40000:0.10000000 \
               58738.80000:1.19197313 58741.00000:0.86304182 58741.20000:1.27721897 \
               58744.50000:0.97318963",
        bids: "58724.80000:0.36000000 58719.90000:0.03666000 58719.70000:0.64801400 \
               58719.60000:0.12700000 58715.60000:0.22372452 58715.50000:0.77902358 \
               58715.20000:0.04257446 58715.00000:0.78767383 58714.80000:1.90930440 \
               58711.10000:0.00320000",
        checksum: 1_611_137_690,
        updates: &[],
        depth: 1000,
    },
    // v1 official example
    Vector {
        asks: "0.05005:0.00000500 0.05010:0.00000500 0.05015:0.00000500 0.05020:0.00000500 \
               0.05025:0.00000500 0.05030:0.00000500 0.05035:0.00000500 0.05040:0.00000500 \
               0.05045:0.00000500 0.05050:0.00000500",
        bids: "0.05000:0.00000500 0.04995:0.00000500 0.04990:0.00000500 0.04980:0.00000500 \
               0.04975:0.00000500 0.04970:0.00000500 0.04965:0.00000500 0.04960:0.00000500 \
               0.04955:0.00000500 0.04950:0.00000500",
        checksum: 974_947_235,
        updates: &[],
        depth: 10,
    },
];
