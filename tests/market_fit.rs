//! The synthetic market against what was recorded, and what makes it worth trading against: there is
//! something to know, and something to lose.

use fathom::market::fit::{self, Row};
use fathom::market::{Market, Side, Taker, Terms};

const SECOND_NS: u64 = 1_000_000_000;

/// Every figure of an hour, for several seeds; the tables are printed (`--nocapture` shows them).
#[test]
fn the_market_resembles_what_was_recorded() {
    for seed in [1, 2, 3] {
        let fit = fit::measure(seed, 3_600, &Terms::BTC_EUR);
        println!("{fit}");
        let failed: Vec<_> = fit.rows.iter().filter(|row| !row.passed()).collect();
        assert!(failed.is_empty() && fit.passed(), "seed {seed}: {failed:#?}");
        assert!(fit.rows.len() > 50, "{} rows", fit.rows.len());
    }
}

/// The table can fail: a market of a few seconds has no trades to measure, and a figure next to its bound is
/// outside.
#[test]
fn what_is_not_measured_or_not_within_its_bounds_fails() {
    for seconds in [0, 5] {
        let fit = fit::measure(1, seconds, &Terms::BTC_EUR);
        assert!(!fit.passed(), "{fit}");
        assert!(fit.to_string().contains("FAIL  trades/s "), "{fit}");
    }
    let row = |value| Row { name: "", value, low: 1.0, high: 2.0, source: "" };
    let passed = [0.999, 1.0, 2.0, 2.001, f64::NAN].map(|value| row(value).passed());
    assert_eq!(passed, [false, true, true, false, false]);
}

/// Best prices from one event on: when, twice the mid, and whether more rests at the bid than at the ask.
struct Touch {
    at_ns: u64,
    mid: i64,
    leans: i64,
}

/// A trade: when, the taker's sign, price, and what the taker knew.
struct Taken {
    at_ns: u64,
    sign: i64,
    price: i64,
    taker: Taker,
}

fn run(seed: u64, seconds: u64) -> (Vec<Touch>, Vec<Taken>) {
    let mut market = Market::new(seed, &Terms::BTC_EUR);
    let (mut touches, mut taken) = (Vec::new(), Vec::new());
    while let Some(event) = market.next().filter(|event| event.at_ns < seconds * SECOND_NS) {
        let [bid, ask] = Side::BOTH.map(|side| market.levels(side).next().expect("both sides"));
        touches.push(Touch { at_ns: event.at_ns, mid: bid.0 + ask.0, leans: (bid.1 - ask.1).signum() });
        for trade in &event.trades {
            let taker = market.last_taker().expect("a trade has a taker");
            let sign = if trade.taker == Side::Bid { 1 } else { -1 };
            taken.push(Taken { at_ns: event.at_ns, sign, price: trade.price_ticks, taker });
        }
    }
    (touches, taken)
}

fn mid(touches: &[Touch], at_ns: u64) -> i64 {
    let after = touches.partition_point(|touch| touch.at_ns <= at_ns);
    touches[after - 1].mid
}

/// Mean and standard error.
fn estimate(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    (mean, (squares / count).sqrt() / count.sqrt())
}

/// The mid goes on average to the side at which more rests, and the way of the last taker, by more than six
/// standard errors.
#[test]
fn the_book_and_the_takers_tell_of_the_next_move() {
    let (touches, taken) = run(5, 7_200);
    let ahead_ns = SECOND_NS / 2;
    let leans = (2..14_000).map(|step| {
        let at_ns = step * ahead_ns;
        let now = &touches[touches.partition_point(|touch| touch.at_ns <= at_ns) - 1];
        (now.leans * (mid(&touches, at_ns + ahead_ns) - now.mid)) as f64 / 2.0
    });
    let (mean, error) = estimate(&leans.collect::<Vec<_>>());
    println!("to the heavier side in half a second: {mean:.2} ticks, standard error {error:.2}");
    assert!(mean > 6.0 * error && mean > 0.3, "{mean} against {error}");
    let ways = taken.iter().map(|taken| {
        (taken.sign * (mid(&touches, taken.at_ns + 2 * ahead_ns) - mid(&touches, taken.at_ns))) as f64 / 2.0
    });
    let (mean, error) = estimate(&ways.collect::<Vec<_>>());
    println!("the taker's way in a second: {mean:.2} ticks, standard error {error:.2}");
    assert!(mean > 6.0 * error && mean > 1.0, "{mean} against {error}");
}

/// Who rests loses to those who know and gains from those who do not, by more than six standard errors.
#[test]
fn resting_orders_lose_to_those_who_know_and_gain_from_the_others() {
    let (touches, taken) = run(6, 14_400);
    let gains = |taker| {
        let of = taken.iter().filter(move |taken| taken.taker == taker);
        let gain = |taken: &Taken| (taken.sign * (2 * taken.price - mid(&touches, taken.at_ns + SECOND_NS))) as f64;
        estimate(&of.map(|taken| gain(taken) / 2.0).collect::<Vec<_>>())
    };
    let (lost, lost_error) = gains(Taker::Informed);
    println!("to those who know, a second later: {lost:.2} ticks, standard error {lost_error:.2}");
    assert!(lost < -6.0 * lost_error && lost < -5.0, "{lost} against {lost_error}");
    let (gained, gained_error) = gains(Taker::Noise);
    println!("from the others: {gained:.2} ticks, standard error {gained_error:.2}");
    assert!(gained > 6.0 * gained_error && gained > 1.0, "{gained} against {gained_error}");
}
