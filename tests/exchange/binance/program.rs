//! The program with `--venue`.

use super::synthetic::{Synthetic, recorded};
use crate::support::{config, synthetic};
use fathom::exchange::Section;
use std::process::Command;

fn told(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_exchange")).args(arguments).output().expect("it runs");
    let [printed, told] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).expect("text"));
    (output.status.code(), printed, told)
}

#[test]
fn it_says_where_it_listens() {
    let (_folder, path, _) = recorded(Section::Perpetual, 1, 5);
    let path = path.to_str().expect("text");
    let arguments = ["--venue", "binance-perp", "--replay", path, "--seconds", "0", "--json"];
    let (code, printed, _) = told(&arguments);
    let line: serde_json::Value = serde_json::from_str(&printed).expect("JSON");
    let (url, rest) = (line["url"].as_str().expect("a URL"), line["rest"].as_str().expect("a URL"));
    assert_eq!((code, url), (Some(0), format!("{}/stream", rest.replace("http", "ws")).as_str()));
    let (_, printed, _) = told(&[&arguments[..], &["--tls", "--symbol", "btcusdt"]].concat());
    assert!(printed.contains(r#""rest":"https://127.0.0.1:"#), "{printed}");
}

#[test]
fn the_wrong_recording_is_told_in_one_sentence() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str| folder.path().join(name).to_str().expect("text").to_owned();
    let [spot, perp, kraken, bare, foreign, late] =
        ["spot.gz", "perp.gz", "kraken.cbcap", "bare.gz", "foreign.gz", "late.gz"].map(file);
    for (path, section) in [(&spot, Section::Spot), (&perp, Section::Perpetual)] {
        let mut market = Synthetic::new(section, 1);
        market.answer();
        market.write(path.as_ref());
    }
    let mut market = Synthetic::new(Section::Spot, 1);
    market.messages(20);
    market.write(bare.as_ref());
    std::fs::write(&foreign, "7 {\"a\":1}\n").expect("a file");
    std::fs::write(&late, "7 {}\nnothing\n").expect("a file");
    std::fs::write(&kraken, synthetic(5, 100, &config("kraken-btc-eur.toml", &[]))).expect("a file");
    let cases: [(&[&str], &str); 10] = [
        (&["--venue", "binance-spot", "--speed", "max"], "is for recordings: give a number, or --replay"),
        (&["--venue", "binance-perp", "--symbol", "ETHUSDT"], "ETHUSDT: the made-up market of Binance trades BTCUSDT"),
        (
            &["--venue", "binance-spot", "--replay", &perp],
            "is of binance-perp, not of binance-spot: name it with --venue",
        ),
        (
            &["--venue", "binance-perp", "--replay", &spot],
            "is of binance-spot, not of binance-perp: name it with --venue",
        ),
        (
            &["--venue", "binance-perp", "--replay", &kraken],
            "messages of Kraken, not of binance-perp: leave --venue out",
        ),
        (&["--replay", &spot], "messages of Binance: name --venue binance-spot or binance-perp"),
        (&["--venue", "binance-spot", "--replay", &bare], "holds no depth answer"),
        (&["--venue", "binance-spot", "--replay", &foreign], "holds no depth message of binance-spot"),
        (&["--venue", "binance-spot", "--replay", &late], "late.gz: byte 5: expected "),
        (&["--venue", "binance-spot", "--replay", &spot, "--symbol", "ETHUSDT"], "is of BTCUSDT, not of ETHUSDT"),
    ];
    for (arguments, sentence) in cases {
        let (code, printed, told) = told(arguments);
        assert_eq!((code, printed.as_str()), (Some(2), ""), "{arguments:?}: {told}");
        let is_one = told.starts_with("exchange: ") && told.lines().count() == 1;
        assert!(is_one && told.contains(sentence), "{arguments:?}: {told}");
    }
    assert_eq!(told(&["--venue", "binance", "--replay", &spot]).0, Some(2));
}
