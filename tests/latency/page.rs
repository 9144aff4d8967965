//! The page: well-formed, complete in itself, with the same figures.

use super::session::session;
use super::xml::{assert_well_formed, embedded};
use super::{EUR, LED, REGIMES, latency, silent, text, ways};
use serde_json::Value;
use support::{config, imported_bytes, synthetic};

use super::support;

#[test]
fn the_page_has_the_figures_and_begins_with_regimes() {
    let folder = tempfile::tempdir().expect("a folder");
    session(folder.path(), LED, &REGIMES, &silent(4_000));
    let before = tempfile::tempdir().expect("a folder");
    session(before.path(), LED, &REGIMES, &ways(3_000));
    let then = before.path().join("then.json");
    std::fs::write(&then, latency(&[text(before.path()), "--json"]).stdout).expect("a file");
    let path = folder.path().join("page.html");
    let arguments = [text(folder.path()), "--html", text(&path), "--against", text(&then), "--json"];
    let mut pages = Vec::new();
    for _ in 0..2 {
        let output = latency(&arguments);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        let mut figures: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        figures.as_object_mut().expect("an object").remove("against");
        let page = std::fs::read_to_string(&path).expect("a page");
        assert_eq!(embedded(&page, "figures"), figures);
        assert_well_formed(&page);
        pages.push(page);
    }
    assert_eq!(pages[0], pages[1], "the same journal gives the same bytes");
    let page = &pages[0];
    let first = page.split("<svg class=\"rungs\"").nth(1).expect("a plot of rows");
    let first = first.split("</svg>").next().expect("its end");
    for words in ["Percentiles by regime", ">calm<", ">active<", ">burst<", ">quiet<", ">volatile<", ">normal<"] {
        assert!(first.contains(words), "{words}");
    }
    assert!(page.find("<svg class=\"curves\"") > page.find("<svg class=\"rungs\""), "regimes come first");
    assert!(page.contains("binance-perp BTCUSDT") && page.contains(&format!("These figures against {}", text(&then))));
    // Nothing is fetched: no address stands in the page.
    assert!(!page.contains("http:") && !page.contains("https:") && page.contains("default-src 'none'"));
    assert!(page.contains("prefers-color-scheme: dark"));
}

#[test]
fn a_journal_without_stamps_gives_a_page_that_says_so() {
    let loaded = config(EUR, &[]);
    let (folder, imported) = imported_bytes(&synthetic(3, 2_000, &loaded), &loaded);
    let path = folder.path().join("page.html");
    let output = latency(&[text(&imported.segments[0]), "--html", text(&path)]);
    assert_eq!(output.status.code(), Some(0));
    let page = std::fs::read_to_string(&path).expect("a page");
    assert_well_formed(&page);
    assert!(page.contains("it holds no STAMPS") && page.contains("Exchange to host, above the least, by level"));
    std::fs::write(&path, "<!DOCTYPE html><p>mine").expect("a file");
    let output = latency(&[text(&imported.segments[0]), "--html", text(&path)]);
    assert_eq!(output.status.code(), Some(2), "somebody's page stays");
}
