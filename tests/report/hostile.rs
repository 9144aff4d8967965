//! Journals whose records are whole and whose fields are anything: no arithmetic of a page may trust them.

use super::live::{GAPS, live};
use super::mutated::{mend, mutated, places};
use super::xml::assert_well_formed;
use fathom::report::Report;
use hotpath::record::{Kind, head_of};
use journal::Header;
use std::path::Path;

/// Journals that are tried.
const ROUNDS: u64 = 100;
fn tried(whole: &[u8], path: &Path, seed: u64) -> bool {
    std::fs::write(path, mutated(whole, seed)).expect("a journal");
    let Ok(report) = Report::of(&[path.to_owned()], None) else { return false };
    assert_well_formed(&report.page());
    true
}

#[test]
fn any_field_of_any_record_gives_a_page() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("000000.bin");
    live(&path, 60);
    let whole = std::fs::read(&path).expect("a journal");
    let paged = (0..ROUNDS).filter(|seed| tried(&whole, &path, *seed)).count();
    assert!(paged as u64 == ROUNDS, "{paged} pages: only a journal without a record has none");
}

/// The durations of gaps were added up without a bound, and the last frame was taken for the latest: two gaps without an
/// end, or a frame before the first one, ended `journal gaps` and the page with a panic.
#[test]
fn endless_gaps_and_a_time_that_runs_back_are_added_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("000000.bin");
    live(&path, 60);
    let mut bytes = std::fs::read(&path).expect("a journal");
    let salt = Header::read(&bytes).expect("a header").header.salt;
    let places = places(&bytes);
    let kind_of = |bytes: &[u8], at: usize| head_of(&bytes[at..]).expect("a head").kind;
    let last_frame = places.iter().rev().find(|place| kind_of(&bytes, place.0) == Kind::FRAME).expect("a frame").0;
    for (from, to) in places {
        let (field, value) = match kind_of(&bytes, from) {
            Kind::GAP_CLOSE => (from + 56, u64::MAX),
            Kind::FRAME if from == last_frame => (from + 16, 1),
            _ => continue,
        };
        bytes[field..field + 8].copy_from_slice(&value.to_le_bytes());
        mend(&mut bytes[from..to], salt);
    }
    std::fs::write(&path, bytes).expect("a journal");
    let report = Report::of(&[path], None).expect("a page");
    assert_eq!((report.summary().gaps, report.summary().damage), (GAPS, 0));
}
