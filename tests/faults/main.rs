//! Each fault on demand: what the exchange did is in the journal, by connection, message and cause; nothing else is; no
//! trusted book was ever another than the exchange's; the run replays; and the book is trusted again.

mod driven;
mod run;
#[path = "../support/mod.rs"]
mod support;

use fathom::exchange::{Fault, FaultLine, Pair, Section, Serves};
use fathom::files::journal_files;
use fathom::market::{Market, Terms};
use fathom::replay::replay;
use fathom::soak::{Evidence, Paced, Reading, judge};
use run::{Ran, Setting, ran};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

/// So fast that a script of a minute is over in a second or two, and with time for what is quick.
const FAST: f64 = 20.0;
/// A silence lasts nearly four seconds, a stall two and a half: longer than [`PATIENT`].
const SLOW: f64 = 4.0;
/// Longer than the second between two heartbeats.
const PATIENT: &str = "venue.stale_ms=2000";
/// Messages behind the last fault.
const BEHIND: u64 = 100;
/// From so many faults on they come too close for that.
const MANY: usize = 30;
const BEHIND_MANY: u64 = 10;

fn kraken(rules: &[&str], speed: f64, lines: usize, sets: &[&str]) -> (Evidence, Reading) {
    let pair = Pair::listed("BTC/EUR").expect("a pair");
    let (market, stills) = Paced::new(Market::new(3, &Terms::BTC_EUR), speed);
    let serves = Serves::Market { pair, events: Box::new(market), speed };
    audited((serves, stills), "kraken-btc-eur.toml", sets, rules, lines)
}

fn binance(rules: &[&str], speed: f64, lines: usize, more: &[&str]) -> (Evidence, Reading) {
    let section = Section::Spot;
    let (market, stills) = Paced::new(Market::new(3, &section.terms()), speed);
    let serves = Serves::BinanceMarket { section, events: Box::new(market), speed };
    let mut sets = vec![
        "venue.name=binance-spot",
        "venue.price_precision=2",
        "venue.qty_precision=8",
        "venue.price_increment=0.1",
    ];
    sets.extend(more);
    audited((serves, stills), "binance-perp-btc-usdt.toml", &sets, rules, lines)
}

fn audited(
    (serves, stills): (Serves, Arc<AtomicUsize>),
    config: &str,
    sets: &[&str],
    rules: &[&str],
    lines: usize,
) -> (Evidence, Reading) {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let behind = if lines < MANY { BEHIND } else { BEHIND_MANY };
    let ran = ran(Setting { serves, stills, config, sets: owned(sets), rules: owned(rules), lines, behind });
    let files = journal_files(&[ran.folder.path().join("journal")]).expect("a journal");
    assert!(replay(&files, None, None).expect("a replay").iter().all(|report| report.is_match()), "it does not replay");
    let reading = Reading::of(&files, &ran.evidence.told)
        .unwrap_or_else(|error| panic!("{error:#}\n{:#?}", ran.evidence.told.log));
    judge(&ran.evidence, &reading)
        .unwrap_or_else(|error| panic!("{error:#}\n{:#?}\n{:#?}", reading.signs, ran.evidence.told.log));
    assert!(reading.compared > 30, "{} books were compared", reading.compared);
    (ran.evidence, reading)
}

/// A fault that happens at three instants, on both exchanges where both have it.
macro_rules! thrice {
    ($($test:ident: $name:literal, $lines:literal, $venues:expr;)*) => {$(
        #[test]
        fn $test() {
            let rules = [2, 9, 16].map(|second| format!("{}@{second}", $name));
            let rules = rules.each_ref().map(String::as_str);
            for serve in $venues {
                let _: (Evidence, Reading) = serve(&rules, FAST, $lines, &[]);
            }
        }
    )*};
}

type Serve = fn(&[&str], f64, usize, &[&str]) -> (Evidence, Reading);
const BOTH: [Serve; 2] = [kraken, binance];

/// On both exchanges at once, where most of the time is spent waiting.
fn on_both(prove: impl Fn(Serve) + Sync) {
    let prove = &prove;
    std::thread::scope(|scope| {
        let runs = BOTH.map(|serve| scope.spawn(move || prove(serve)));
        runs.into_iter().for_each(|run| run.join().expect("it holds on both"));
    });
}

thrice! {
    a_wrong_checksum_costs_trust: "checksum", 3, [kraken];
    an_update_that_comes_twice_costs_nothing: "duplicate", 3, BOTH;
    text_that_is_no_json_costs_trust: "garbage", 3, BOTH;
    a_message_that_ends_too_early_costs_trust: "truncate", 3, BOTH;
    a_message_that_is_no_utf8_costs_trust: "utf8", 3, BOTH;
    a_binary_message_costs_trust: "binary", 3, BOTH;
    a_message_that_is_too_large_costs_the_connection: "oversize", 3, BOTH;
    continuation_frames_cost_nothing: "fragment", 3, BOTH;
    messages_that_come_together_cost_nothing: "coalesce", 3, BOTH;
    a_byte_at_a_time_costs_nothing: "drip", 3, BOTH;
    a_close_costs_the_connection: "close", 3, BOTH;
    a_reset_costs_the_connection: "reset", 3, BOTH;
    a_broken_record_costs_the_connection: "tls", 3, BOTH;
    unknown_fields_cost_nothing: "field", 3, BOTH;
    an_unknown_channel_is_counted: "channel", 3, BOTH;
    another_spelling_costs_nothing: "spell", 3, BOTH;
    a_snapshot_in_mid_stream_costs_nothing: "resnapshot", 3, [kraken];
}

fn signs<'a>(journal: &'a Reading, what: &'a str) -> impl Iterator<Item = &'a str> {
    journal.signs.iter().map(|(_, sign)| sign.as_str()).filter(move |sign| sign.starts_with(what))
}

/// Not every update that is missing shows: the next one may set the same level. Most do.
fn found_out(rule: &str, lines: usize) {
    on_both(|serve| {
        let (_, journal) = serve(&[rule], FAST, lines, &[]);
        assert!(signs(&journal, "gap ").count() > 0, "{rule}: {:?}", journal.signs);
    });
}

#[test]
fn updates_that_are_missing_are_found_out() {
    found_out("drop=0.01", 6);
}

#[test]
fn updates_out_of_turn_are_found_out() {
    found_out("reorder=0.01", 6);
}

/// Each is told twice in the log: where it is missing, and where it comes.
#[test]
fn updates_that_are_late_are_found_out() {
    found_out("delay=0.01", 14);
}

/// Heartbeats are signs of life, where there are any; without, the connection is made anew.
#[test]
fn a_stall_costs_the_connection_only_without_heartbeats() {
    let rules = ["stall@2", "stall@14"];
    let (_, journal) = kraken(&rules, SLOW, 2, &[PATIENT]);
    assert_eq!(journal.signs, []);
    let (_, journal) = binance(&rules, SLOW, 2, &[PATIENT]);
    assert_eq!(signs(&journal, "feed silent").count(), 2, "{:?}", journal.signs);
}

#[test]
fn a_silence_costs_the_connection() {
    on_both(|serve| {
        serve(&["silence@2", "silence@12"], SLOW, 2, &[PATIENT]);
    });
}

#[test]
fn a_connection_of_which_one_side_is_gone_is_given_up() {
    on_both(|serve| {
        serve(&["half-open@2", "half-open@12"], SLOW, 2, &[PATIENT]);
    });
}

#[test]
fn who_is_refused_waits_and_comes_back() {
    for refused in ["refuse-429@1", "refuse-503@1"] {
        on_both(|serve| {
            let (_, journal) = serve(&[refused, "reset@2"], FAST, 2, &[]);
            assert_eq!(signs(&journal, "link not-upgraded").count(), 1, "{:?}", journal.signs);
        });
    }
}

/// Of a market that does not run yet the first chance is the first handshake.
#[test]
fn a_handshake_that_fails_is_tried_again() {
    let (_, journal) = kraken(&["tls@0", "tls@0"], FAST, 2, &[]);
    assert_eq!(signs(&journal, "link tls").count(), 2, "{:?}", journal.signs);
}

/// Only differences of stamps are believed, so books go on; that time runs backwards is told.
#[test]
fn a_clock_that_steps_costs_no_trust() {
    for serve in BOTH {
        let (_, journal) = serve(&["clock@2", "clock@45"], FAST, 4, &[]);
        assert_eq!(signs(&journal, "gap ").count(), 0, "{:?}", journal.signs);
        assert!(signs(&journal, "quality time").count() > 0, "{:?}", journal.signs);
    }
}

#[test]
fn maintenance_is_told() {
    let (_, journal) = kraken(&["maintenance@2", "maintenance@30"], FAST, 4, &[]);
    assert_eq!(signs(&journal, "status maintenance").count(), 2, "{:?}", journal.signs);
}

/// Whatever comes together.
fn all_at_once(serve: Serve, of: fn(Fault) -> bool) {
    let rules: Vec<_> = Fault::ALL.iter().filter(|fault| of(**fault)).map(|fault| rule(*fault)).collect();
    let rules: Vec<_> = rules.iter().map(String::as_str).collect();
    let (evidence, _) = serve(&rules, SLOW, MANY, &[PATIENT]);
    let happened: BTreeSet<_> = evidence.told.log.iter().filter_map(|line| line.fault).collect();
    assert!(happened.len() >= 12, "{happened:?}");
}

#[test]
fn all_faults_of_kraken_at_once_are_borne() {
    all_at_once(kraken, |_| true);
}

#[test]
fn all_faults_of_binance_at_once_are_borne() {
    all_at_once(binance, Fault::is_of_binance);
}

/// The rate of a fault among all: of those that cost a connection a few, since the engine makes ever fewer of them.
fn rule(fault: Fault) -> String {
    let rate = match fault {
        Fault::Refuse429 | Fault::Refuse503 => "0.05",
        Fault::Oversize | Fault::Silence | Fault::HalfOpen | Fault::Close | Fault::Reset | Fault::Tls => "0.0003",
        _ => "0.004",
    };
    format!("{}={rate}", fault.name())
}

/// Whoever judges must find a journal, or an exchange, that says something else than what happened.
#[test]
fn the_judge_is_not_deceived() {
    let pair = Pair::listed("BTC/EUR").expect("a pair");
    let (market, stills) = Paced::new(Market::new(3, &Terms::BTC_EUR), FAST);
    let serves = Serves::Market { pair, events: Box::new(market), speed: FAST };
    let rules = ["garbage@2", "reset@16"].map(str::to_owned).to_vec();
    let config = "kraken-btc-eur.toml";
    let Ran { folder, evidence: honest } =
        ran(Setting { serves, stills, config, sets: Vec::new(), rules, lines: 2, behind: BEHIND });
    let files = journal_files(&[folder.path().join("journal")]).expect("a journal");
    let verdict =
        |evidence: &Evidence| Reading::of(&files, &evidence.told).and_then(|reading| judge(evidence, &reading));
    let garbage = honest.told.log.iter().position(|line| line.fault == Some(Fault::Garbage)).expect("it happened");
    let deceived = |change: &dyn Fn(&mut Evidence)| {
        let mut evidence = honest.clone();
        change(&mut evidence);
        format!("{:#}", verdict(&evidence).expect_err("it is found"))
    };
    assert!(verdict(&honest).is_ok());
    let told = deceived(&|evidence| drop(evidence.told.log.remove(garbage)));
    assert!(told.contains("refused json") && told.contains("the exchange did nothing"), "{told}");
    let told = deceived(&|evidence| evidence.told.log[garbage].fault = Some(Fault::Checksum));
    assert!(told.contains("no gap checksum in the journal"), "{told}");
    let told = deceived(&|evidence| evidence.told.log[garbage].crc32 = Some(7));
    assert!(told.contains("another message than the exchange handed over"), "{told}");
    // Long behind all that went wrong: the book is trusted there.
    let mut books = honest.told.books.iter().rev().skip(40);
    let (place, book) = books.next().expect("books");
    let (connection, message) = *place;
    let told = deceived(&|evidence| {
        let line = FaultLine { connection, message, crc32: None, ..honest.told.log[garbage].clone() };
        evidence.told.log.insert(garbage + 1, line);
        evidence.settled += 1;
    });
    assert!(told.contains("no gap refused-frame"), "{told}");
    // A book that was another one a little before.
    let other = books.map(|(_, other)| other).find(|other| *other != book).expect("the market went on");
    let told = deceived(&|evidence| drop(evidence.told.books.insert(*place, other.clone())));
    assert!(told.contains(&format!("message {message} of connection {connection}")), "{told}");
    let mut untrusted = Reading::of(&files, &honest.told).expect("a journal");
    untrusted.is_trusted = false;
    assert!(judge(&honest, &untrusted).expect_err("it is found").to_string().contains("not trusted at the end"));
}
