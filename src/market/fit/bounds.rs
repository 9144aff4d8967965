//! The table: each figure, its bounds and where they come from.
//!
//! Recordings are a minute or two long and of another pair, so that what they say is widened: a share by five
//! points on both sides, any other figure by a quarter. Where BTC/EUR is known to differ, the source says how.

use super::Measured;
use crate::market::Taker;

/// A row of the table.
pub(super) struct Bound {
    pub name: &'static str,
    pub low: f64,
    pub high: f64,
    pub source: &'static str,
    pub figure: Figure,
}

/// How a figure is taken.
type Figure = fn(&Measured) -> f64;

/// A figure of which recordings gave from `least` to `most`.
const fn recorded(name: &'static str, least: f64, most: f64, source: &'static str, figure: Figure) -> Bound {
    Bound { name, low: least * 0.75, high: most * 1.25, source, figure }
}

/// A share of which recordings gave from `least` to `most` percent.
const fn share(name: &'static str, least: f64, most: f64, source: &'static str, figure: Figure) -> Bound {
    let low = if least > 5.0 { least - 5.0 } else { 0.0 };
    Bound { name, low, high: most + 5.0, source, figure }
}

/// A share of which a few hundred trades gave `percent`: eight points on both sides.
const fn tape_share(name: &'static str, percent: f64, source: &'static str, figure: Figure) -> Bound {
    let high = if percent < 92.0 { percent + 8.0 } else { 100.0 };
    Bound { name, low: percent - 8.0, high, source, figure }
}

/// A figure of which a recording gave `value`, but from a hundred trades: half of it to twice.
const fn scattered(name: &'static str, value: f64, source: &'static str, figure: Figure) -> Bound {
    Bound { name, low: value / 2.0, high: value * 2.0, source, figure }
}

/// A figure whose bounds are as they stand.
const fn bounded(name: &'static str, low: f64, high: f64, source: &'static str, figure: Figure) -> Bound {
    Bound { name, low, high, source, figure }
}

/// All rows.
pub(super) const ROWS: &[Bound] = &[
    // How often.
    recorded("updates/s, depth 10", 4.96, 15.6, "D10 4.96; DC 15.6, BTC/USD being the livelier", |m| m.depth_10.rate()),
    recorded("updates/s, depth 25", 19.1, 30.9, "DASH 19.1; DC 30.9, BTC/USD being the livelier", |m| {
        m.depth_25.rate()
    }),
    recorded("updates, depth 25 to depth 10", 1.34, 1.98, "V1 1.34, D25 1.66, DC 1.98", |m| {
        m.depth_25.rate() / m.depth_10.rate()
    }),
    recorded("updates, depth 100 to depth 25", 1.60, 1.67, "DC 1.60, V1 1.67", |m| {
        m.depth_100.rate() / m.depth_25.rate()
    }),
    share("gaps below 1 ms, depth 10, %", 31.5, 45.0, "D10 31.5, D25 45.0", |m| m.depth_10.close()),
    share("gaps below 1 ms, depth 25, %", 50.7, 50.7, "D25 50.7", |m| m.depth_25.close()),
    recorded("busiest 10 ms of a minute, depth 25, updates", 8.0, 77.0, "V1 8, D25 77", |m| m.depth_25.busiest(10)),
    recorded("busiest 100 ms of a minute, depth 25, updates", 29.0, 215.0, "V1 29, D25 215", |m| {
        m.depth_25.busiest(100)
    }),
    recorded("busiest second of a minute, depth 25, updates", 103.0, 360.0, "V1 103, D25 360", |m| {
        m.depth_25.busiest(1_000)
    }),
    share("seconds without update, depth 10, %", 0.0, 20.0, "V1 0, D25 4.0, D10 20.0", |m| m.depth_10.empty(1_000)),
    share("100 ms without update, depth 25, %", 26.3, 48.4, "V1 26.3, D25 48.4", |m| m.depth_25.empty(100)),
    recorded("longest silence of a minute, depth 10, s", 1.14, 3.21, "V1 1.14, D10 3.10, D25 3.21", |m| {
        m.depth_10.silence()
    }),
    // What.
    share("updates with 1 row, depth 10, %", 65.1, 75.7, "D25 65.1, V1 68.9, D10 75.7", |m| {
        m.depth_10.with_rows(1..=1)
    }),
    share("updates with 1 row, depth 25, %", 62.1, 65.2, "D25 62.1, V1 65.2", |m| m.depth_25.with_rows(1..=1)),
    share("updates with 2 rows, depth 25, %", 29.8, 34.7, "D25 29.8, V1 34.7", |m| m.depth_25.with_rows(2..=2)),
    share("updates with more rows, depth 25, %", 0.0, 8.1, "V1 0, D25 8.1", |m| m.depth_25.with_rows(3..=usize::MAX)),
    bounded("updates of both sides, depth 25, %", 0.0, 0.5, "D25 0.24, V1 0", |m| m.depth_25.two_sided()),
    share("rows that make a level, depth 25, %", 49.3, 52.2, "D25 49.3, V1 52.2", |m| m.depth_25.inserts()),
    share("rows that end a level, depth 25, %", 24.6, 25.7, "D25 24.6, V1 25.7", |m| m.depth_25.deletes()),
    share("new sizes that are larger, depth 25, %", 47.0, 51.0, "D10 47, V1 49, D25 51", |m| m.depth_25.raises()),
    share("updates at the touch, depth 10, %", 30.9, 43.6, "D25 30.9, V1 34.5, D10 43.6", |m| m.depth_10.touches()),
    share("updates at the touch, depth 25, %", 18.6, 25.8, "D25 18.6, V1 25.8", |m| m.depth_25.touches()),
    recorded("life of a level, median, depth 25, s", 0.194, 0.792, "D25 0.19, V1 0.32; DASH 0.40, twice", |m| {
        m.depth_25.life(50)
    }),
    recorded("life of a level, nine in ten, depth 25, s", 4.96, 9.92, "D25 5.3, V1 5.8; DASH 4.96, twice", |m| {
        m.depth_25.life(90)
    }),
    // The book.
    recorded("spread, one tenth of the time, ticks", 1.0, 5.0, "BTC/USD 1; XRP/USD 0.093 bp = 5", |m| {
        m.depth_10.spread(10)
    }),
    recorded("spread, half of the time, ticks", 1.0, 15.0, "BTC/USD 1; XRP/USD 0.278 bp = 15", |m| {
        m.depth_10.spread(50)
    }),
    recorded("spread, nine tenths of the time, ticks", 11.0, 65.0, "V1 11; XRP/USD 1.203 bp = 65", |m| {
        m.depth_10.spread(90)
    }),
    recorded("changes of the mid/s", 1.13, 3.83, "D25 1.13, V1 1.56, ETH/USD 3.5, DASH 3.83", |m| {
        m.depth_10.mid_changes()
    }),
    recorded("size at the touch, one in ten, BTC", 0.00046, 0.025, "D25 0.00046, V1 0.0047, CB 0.025", |m| {
        m.depth_10.size(1, 10)
    }),
    recorded("size at the touch, median, BTC", 0.087, 0.71, "D25 0.087, D10 0.21, V1 0.38, CB 0.71", |m| {
        m.depth_10.size(1, 50)
    }),
    recorded("size at the touch, nine in ten, BTC", 1.05, 4.22, "D25 1.05, D10 1.82, V1 2.7, CB 4.2", |m| {
        m.depth_10.size(1, 90)
    }),
    recorded("size of the tenth level, median, BTC", 0.080, 0.34, "D25 0.080, D10 0.10, V1 0.34", |m| {
        m.depth_10.size(10, 50)
    }),
    recorded("size of level 25, median, BTC", 0.079, 0.17, "D25 0.079, V1 0.17", |m| m.depth_25.size(25, 50)),
    recorded("tenth level from the mid, median, ticks", 78.5, 141.0, "D25 78, D10 104, V1 141", |m| {
        m.depth_10.distance(10)
    }),
    recorded("level 25 from the mid, median, ticks", 172.0, 352.0, "D25 172, V1 352", |m| m.depth_25.distance(25)),
    recorded("level 100 from the mid, median, ticks", 1_656.0, 1_819.0, "V1 1,656 and 1,819", |m| {
        m.depth_100.distance(100)
    }),
    bounded(
        "orders in the queue at the touch, mean",
        1.0,
        5.0,
        "guess: messages that eat one level take 2 to 5 orders",
        |m| m.signal.queue(),
    ),
    bounded("cancels to trades", 60.0, 375.0, "guess: 187 in an order feed of 2024, half to twice", |m| {
        m.cancels as f64 / m.tape.count()
    }),
    // The trades.
    recorded("trades/s", 0.0713, 0.275, "EUR 0.071, a Saturday; V1 0.275", |m| m.tape.count() / m.seconds),
    tape_share("trades below 0.0001 BTC, %", 15.1, "EUR 15.1", |m| m.tape.smaller_than(0.0001)),
    tape_share("trades below 0.001 BTC, %", 77.1, "EUR 77.1", |m| m.tape.smaller_than(0.001)),
    tape_share("trades below 0.01 BTC, %", 94.4, "EUR 94.4", |m| m.tape.smaller_than(0.01)),
    bounded("trades by market orders, %", 33.0, 76.0, "V1 12 of 22, two standard errors", |m| m.tape.market_orders()),
    bounded("takers who bought, %", 20.0, 80.0, "V1 10 of 22, BIN 42; neither side is ahead", |m| m.tape.buys()),
    bounded("trades on the side of the last, %", 60.0, 94.0, "V1 18 of 22, two standard errors; BIN 89", |m| {
        m.tape.same_side()
    }),
    scattered("seconds with a trade that have more, %", 13.2, "EUR 13.2", |m| m.tape.clustered()),
    bounded("trades a minute, variance to mean", 1.8, 15.0, "EUR 8.5; its half-hours 1.3 to 14.4", |m| {
        m.tape.dispersion((m.seconds * 1e9) as u64)
    }),
    scattered("price from trade to trade, 4 to 8 s, median, ticks", 17.0, "EUR 17", |m| m.tape.moved(4..=8, 50)),
    scattered("price from trade to trade, 4 to 8 s, nine in ten, ticks", 87.0, "EUR 87", |m| m.tape.moved(4..=8, 90)),
    scattered("price from trade to trade, 9 to 20 s, median, ticks", 29.0, "EUR 29", |m| m.tape.moved(9..=20, 50)),
    scattered("price from trade to trade, 9 to 20 s, nine in ten, ticks", 138.0, "EUR 138", |m| {
        m.tape.moved(9..=20, 90)
    }),
    recorded("move of the mid in a second, rms, ticks", 12.3, 30.2, "V1 12.3, D25 30.2", |m| m.signal.volatility(1)),
    scattered("move of the mid in a minute, rms, ticks", 164.0, "EUR 164", |m| m.signal.volatility(60)),
    // What there is to know and to lose.
    bounded("imbalance at the touch and the next 100 ms, correlation", 0.05, 0.25, "BIN 0.12; clear of 0", |m| {
        m.signal.imbalance(100)
    }),
    bounded("imbalance at the touch and the next second, correlation", 0.05, 0.35, "BIN 0.17; clear of 0", |m| {
        m.signal.imbalance(1_000)
    }),
    bounded("mid's way with the taker in the next second, mean, ticks", 1.0, 30.0, "guess: above 0", |m| {
        m.signal.impact(1_000)
    }),
    bounded("trades of those who know, %", 5.0, 50.0, "guess", |m| m.signal.informed()),
    bounded("gain of the resting side, taker knew, 1 s, ticks", -100.0, -3.0, "guess: a loss", |m| {
        m.signal.markout(Taker::Informed, 1_000)
    }),
    bounded("gain of the resting side, taker knew, 10 s, ticks", -150.0, -3.0, "guess: a loss", |m| {
        m.signal.markout(Taker::Informed, 10_000)
    }),
    bounded(
        "gain of the resting side, taker knew nothing, 1 s, ticks",
        0.5,
        50.0,
        "guess: a gain, half a spread",
        |m| m.signal.markout(Taker::Noise, 1_000),
    ),
];
