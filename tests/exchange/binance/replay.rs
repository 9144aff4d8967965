//! What is played, to the byte, and the book behind it.

use super::naive::{Book, Naive};
use super::synthetic::{Synthetic, recorded};
use super::{client, depth, get, serves, subscribe};
use crate::running::Running;
use crate::support::recording;
use fathom::exchange::Section;
use fathom::playback;
use std::collections::HashMap;
use std::path::Path;

const SECTIONS: [Section; 2] = [Section::Spot, Section::Perpetual];
/// The most levels that both sections give.
const LEVELS: usize = 1_000;

/// The book as it is answered now.
fn answered(running: &Running, section: Section) -> String {
    let (status, body) = get(running, &depth(section, LEVELS));
    assert_eq!(status, "200", "{body}");
    body
}

/// The full-depth stream's name in recordings.
const fn recorded_topic(section: Section) -> &'static str {
    match section {
        Section::Spot => "depth@100ms",
        Section::Perpetual => "depth@0ms",
    }
}

/// Messages of streams in a recording.
fn streams(path: &Path) -> Vec<String> {
    let frames = playback::open(path).expect("a recording").frames;
    let texts = frames.map(|taped| String::from_utf8(taped.expect("a whole frame").bytes).expect("text"));
    texts.filter(|text| text.contains("\"stream\":")).collect()
}

/// Plain and under TLS: two clients, one that asks for the book before anything and one that asks in the middle, hold the same book as every
/// answer at its update; touches that were told are theirs.
#[test]
fn real_recordings_are_played_to_the_byte_and_followed() {
    let names = ["binance/spot_btcusdt_20240808.gz", "binance/usdm_btcusdt_20240808.gz"];
    for (section, name) in SECTIONS.into_iter().zip(names) {
        let Some(path) = recording(name) else { continue };
        let wanted = streams(&path);
        assert!(wanted.len() > 40_000);
        let running = Running::unwitnessed(serves(section, &path, None), section == Section::Perpetual);
        let mut client = client(&running);
        let (mut early, mut late) = (Naive::default(), Naive::default());
        let first = answered(&running, section);
        early.begin(&first);
        let mut begun = vec![Book::of(&first)];
        client.say(&subscribe(&["bookTicker", "trade", recorded_topic(section)]));
        assert_eq!(client.next(), r#"{"result":null,"id":1}"#);
        let mut answers: HashMap<u64, Book> = HashMap::new();
        let mut held = 0;
        for (place, wanted) in wanted.iter().enumerate() {
            let text = client.next();
            assert_eq!(&text, wanted, "message {place}");
            early.take(&text);
            late.take(&text);
            if place == 10_000 {
                let answer = answered(&running, section);
                late.begin(&answer);
                begun.push(Book::of(&answer));
            }
            if place % 2_000 == 0 {
                let book = Book::of(&answered(&running, section));
                answers.insert(book.update_id, book);
            }
            for book in [early.book(), late.book()].into_iter().flatten() {
                if let Some(answer) = answers.get(&book.update_id) {
                    // Beyond the worst prices of any answer nobody knows all.
                    let bounds: Vec<&Book> = begun.iter().chain([answer]).collect();
                    let [held_levels, levels] = [book, answer].map(|book| book.within(&bounds));
                    assert_eq!(held_levels, levels, "at {}", book.update_id);
                    held += usize::from(levels.iter().all(|side| side.len() > 100));
                }
            }
        }
        assert_eq!((early.broken, late.broken), (0, 0));
        assert!(held > 20, "{held} books held against answers");
        let [early, late] = [early.touches(), late.touches()];
        assert!(early.0 > 500 && late.0 > 100 && early.1 + late.1 == 0, "{early:?} {late:?}");
        println!("{name}: {held} books, {early:?} and {late:?} touches");
    }
}

/// Every book of a made-up recording is the one that made it: the exchange's own, and that of a client over TLS.
#[test]
fn every_book_is_the_one_that_was_recorded() {
    for (section, seed) in SECTIONS.into_iter().zip([3, 4]) {
        let (_folder, path, synthetic) = recorded(section, seed, 400);
        let running = Running::serving(serves(section, &path, None), true);
        assert!(running.url.starts_with("wss://127.0.0.1:") && running.url.ends_with("/stream"));
        let mut naive = Naive::default();
        naive.begin(&answered(&running, section));
        let mut client = client(&running);
        client.say(&subscribe(&["bookTicker", "trade", recorded_topic(section)]));
        client.next();
        for wanted in synthetic.streams() {
            let text = client.next();
            assert_eq!(text, wanted);
            naive.take(&text);
            let book = naive.book().expect("a book");
            assert_eq!(book, &synthetic.books[&book.update_id]);
        }
        assert_eq!((naive.broken, naive.touches()), (0, (401, 0)));
        let answer = Book::of(&answered(&running, section));
        assert_eq!(Some(&answer), synthetic.books.get(&answer.update_id));
        assert_eq!(naive.book(), Some(&answer), "the end of the recording is not that of the exchange");
        let truths: Vec<_> = running.truths.try_iter().collect();
        assert_eq!(truths.len(), 401, "from the message that joins on to the recorded answer");
        for truth in truths {
            let book = &synthetic.books[&truth.update_id.expect("a number")];
            let [bids, asks] = book.within(&[book]);
            assert_eq!((truth.bids, truth.asks), (bids, asks));
        }
    }
}

/// A hole is what it was to the recorder: the client sees it, asks again, and is right again.
#[test]
fn a_hole_in_a_recording_is_closed_by_the_next_answer() {
    for section in SECTIONS {
        let mut synthetic = Synthetic::new(section, 8);
        synthetic.answer();
        synthetic.messages(50);
        synthetic.hole();
        synthetic.messages(3);
        synthetic.answer();
        synthetic.messages(50);
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("recording.gz");
        synthetic.write(&path);
        // At a pace, so that the client meets the hole before all is played.
        let running = Running::serving(serves(section, &path, Some(1.0)), false);
        let mut naive = Naive::default();
        naive.begin(&answered(&running, section));
        let mut client = client(&running);
        client.say(&subscribe(&["bookTicker", "trade", recorded_topic(section)]));
        client.next();
        for wanted in synthetic.streams() {
            let text = client.next();
            assert_eq!(text, wanted);
            naive.take(&text);
            if naive.book().is_none() && naive.broken == 1 {
                naive.begin(&answered(&running, section));
            }
        }
        assert_eq!((naive.broken, naive.touches().1), (1, 0));
        assert_eq!(naive.book(), Some(&Book::of(&answered(&running, section))));
        let notice = running.notice();
        assert!(notice.starts_with("updates before 50093239") && notice.contains("goes on with"), "{notice}");
        for truth in running.truths.try_iter() {
            let book = &synthetic.books[&truth.update_id.expect("a number")];
            assert_eq!([truth.bids, truth.asks], book.within(&[book]));
        }
    }
}

/// Behind a hole that no answer closes there is no book, and that is said; the messages go on.
#[test]
fn a_hole_that_is_never_closed_leaves_no_book() {
    let mut synthetic = Synthetic::new(Section::Spot, 9);
    synthetic.answer();
    synthetic.messages(20);
    synthetic.hole();
    synthetic.messages(20);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("recording.gz");
    synthetic.write(&path);
    let running = Running::serving(serves(Section::Spot, &path, None), false);
    let mut client = client(&running);
    client.say(&subscribe(&["bookTicker", "trade", "depth@100ms"]));
    client.next();
    for wanted in synthetic.streams() {
        assert_eq!(client.next(), wanted);
    }
    assert!(running.notice().ends_with("no answer behind them: there is no book"));
    let (status, body) = get(&running, &depth(Section::Spot, 10));
    assert!(status == "503" && body.starts_with(r#"{"code":-1001,"#), "{status} {body}");
    assert_eq!(running.truths.try_iter().count(), 21);
}

/// Also when they stand in the URL.
#[test]
fn other_names_of_the_same_stream_are_served() {
    let (_folder, path, synthetic) = recorded(Section::Perpetual, 5, 30);
    let running = Running::unwitnessed(serves(Section::Perpetual, &path, None), false);
    let url = format!("{}?streams=btcusdt@depth@100ms", running.url);
    let mut client = crate::client::Client::connect(&url, None).expect("a connection");
    let depths = synthetic.streams().into_iter().filter(|text| text.contains("@depth"));
    for wanted in depths {
        let text = client.next();
        let data = wanted.split_once(r#","stream""#).map_or(wanted.as_str(), |(data, _)| data);
        assert_eq!(text, format!(r#"{{"stream":"btcusdt@depth@100ms",{}}}"#, &data[1..]));
    }
}

/// A recording that stands until somebody subscribes stands for HTTP too; at its own pace a second client comes in the
/// middle and is right.
#[test]
fn who_comes_in_the_middle_is_right() {
    let (_folder, path, synthetic) = recorded(Section::Spot, 6, 3_000);
    let running = Running::unwitnessed(serves(Section::Spot, &path, Some(1.0)), false);
    let before = answered(&running, Section::Spot);
    let mut first = client(&running);
    first.say(&subscribe(&["depth@100ms"]));
    first.next();
    for _ in 0..200 {
        first.next();
    }
    assert_ne!(before, answered(&running, Section::Spot));
    let mut late = client(&running);
    late.say(&subscribe(&["depth@100ms"]));
    late.next();
    let mut naive = Naive::default();
    naive.take(&late.next());
    naive.begin(&answered(&running, Section::Spot));
    for _ in 0..100 {
        naive.take(&late.next());
    }
    let book = naive.book().expect("a book");
    assert_eq!((book, naive.broken), (&synthetic.books[&book.update_id], 0));
    assert!(running.notices.try_recv().is_err(), "nothing to tell");
}
