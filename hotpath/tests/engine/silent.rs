//! When a snapshot that was fetched is believed: nothing says that the book still is so while its connection is silent, and a
//! statement of the best levels is a better proof than numbers that fit.

use crate::feed::{Bench, SECOND_NS, bodies, config, market};
use hotpath::config::{Config, MarketConfig, book_rule, checksum_rule, sequence_rule, snapshot_rule, venue_id};
use hotpath::input::Input;
use hotpath::record::{GapClose, GapOpen, Quote, Trust};
use hotpath::trust::Cause;
use hotpath::venue::Frame;

const STALE_NS: u64 = 5 * SECOND_NS;

fn chained() -> Config {
    let row = MarketConfig {
        venue: venue_id::BINANCE_SPOT,
        book_rule: book_rule::WINDOW,
        checksum_rule: checksum_rule::NONE,
        sequence_rule: sequence_rule::CHAIN,
        snapshot_rule: snapshot_rule::FETCHED,
        heartbeats: 0,
        stale_ns_max: STALE_NS,
        ..market("BTCUSDT", 2, 3, 100)
    };
    config(&[row])
}

/// An update from state `id` less one to state `id`.
fn update(id: u64) -> String {
    format!(
        r#"{{"stream":"btcusdt@depth@100ms","data":{{"e":"depthUpdate","E":1723161255208,"s":"BTCUSDT","U":{id},"u":{id},"b":[["99.00","1.000"]],"a":[]}}}}"#
    )
}

/// Takes the answer to a fetch, of a state.
fn fetched(bench: &mut Bench, id: u64) -> Vec<Vec<u8>> {
    let body = format!(r#"{{"lastUpdateId":{id},"bids":[["99.50","2.000"]],"asks":[["100.50","3.000"]]}}"#);
    let frame = Frame::fetched(0, body.as_bytes());
    let recv_ns = bench.now_ns;
    bench.take(Input::Frame { frame, recv_ns, kernel_utc_ns: 0, end_of_read: true })
}

#[test]
fn a_snapshot_that_is_fetched_in_a_silence_waits_for_an_update() {
    for (silent_ns, is_believed) in
        [(STALE_NS - 1_000_001, true), (STALE_NS - 1_000_000, false), (60 * SECOND_NS, false)]
    {
        let mut bench = Bench::new(&chained());
        bench.frame(&update(8));
        // The answer is taken a millisecond later.
        bench.now_ns += silent_ns;
        let records = fetched(&mut bench, 8);
        assert_eq!(bench.trusted(), is_believed, "{silent_ns}");
        assert_eq!(bodies::<Quote>(&records).len(), usize::from(is_believed), "{silent_ns}");
        let due_ns = bench.core.engine().deadline_ns();
        assert!(due_ns > bench.now_ns, "due at {due_ns}, which is over");
        if !is_believed {
            let records = bench.frame(&update(9));
            assert!(bench.trusted(), "the next update bears it out");
            assert_eq!((bodies::<Quote>(&records).len(), bodies::<GapOpen>(&records).len()), (1, 0));
        }
    }
}

/// The gap of the silence closes when the connection speaks again, not before.
#[test]
fn a_gap_of_silence_lasts_as_long_as_the_silence() {
    let mut bench = Bench::new(&chained());
    bench.frame(&update(8));
    let records = fetched(&mut bench, 8);
    assert!(bench.trusted());
    let first = [Trust { snapshots: 1, updates: 1, past: 0 }];
    assert_eq!(bodies::<Trust>(&records), first, "it is told when the book is trusted first");
    // The silence is noticed at the answer to a fetch that was late.
    bench.now_ns += STALE_NS;
    let records = fetched(&mut bench, 8);
    assert_eq!(bodies::<GapOpen>(&records).iter().map(|gap| gap.cause).collect::<Vec<_>>(), [Cause::Stale as u16]);
    assert!(!bench.trusted() && bodies::<GapClose>(&records).is_empty());
    let records = bench.frame(&update(9));
    assert_eq!((bodies::<GapClose>(&records).len(), bodies::<Trust>(&records).len()), (1, 0));
    assert!(bench.trusted());
}

/// The best levels after update `id`, as the exchange states them.
fn stated(id: u64, bid: &str) -> String {
    format!(
        r#"{{"stream":"btcusdt@bookTicker","data":{{"u":{id},"s":"BTCUSDT","b":"{bid}","B":"2.000","a":"100.50","A":"3.000"}}}}"#
    )
}

/// A spoiled snapshot, or one of another pair, was believed and quoted until the first statement spoke against it, and again
/// after each one.
#[test]
fn where_best_levels_are_stated_a_book_waits_for_one_that_is_true_of_it() {
    for (bid, is_true) in [("99.50", true), ("99.40", false)] {
        let mut bench = Bench::new(&chained());
        bench.frame(&update(8));
        bench.frame(&stated(7, bid));
        fetched(&mut bench, 8);
        assert!(!bench.trusted(), "the chain alone is no proof where there is a better one");
        bench.frame(&stated(9, bid));
        let records = bench.frame(&update(9));
        assert_eq!(bench.trusted(), is_true);
        let quoted = bodies::<Quote>(&records).iter().filter(|quote| quote.bid_lots > 0).count();
        let told = (bodies::<Trust>(&records).len(), quoted);
        assert_eq!(told, (usize::from(is_true), usize::from(is_true)), "{bid}");
        let causes: Vec<_> = bodies::<GapOpen>(&records).iter().map(|gap| gap.cause).collect();
        assert_eq!(causes, if is_true { vec![] } else { vec![Cause::Touch as u16] });
        if is_true {
            // It goes on, whether or not something is stated of the next.
            bench.frame(&update(10));
            assert!(bench.trusted());
            // Lost and found again, it is as at first.
            bench.frame(&update(12));
            assert!(!bench.trusted());
            fetched(&mut bench, 12);
            assert!(!bench.trusted());
            bench.frame(&stated(13, bid));
            let records = bench.frame(&update(13));
            assert_eq!((bench.trusted(), bodies::<GapClose>(&records).len()), (true, 1));
        }
    }
}
