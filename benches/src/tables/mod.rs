//! The tables.

mod append;
mod book;
mod cold;
mod decode;
mod gate;
mod journaled;
mod replay;
mod ring;
pub mod tick;

use crate::harness::Table;
use crate::place::Place;
use crate::report::{Outcome, Report};
use crate::stream::Stream;
use anyhow::Result;
use clap::ValueEnum;
use std::rc::Rc;

/// Messages of a small stream: what a live engine has in its caches.
const MESSAGES_FEW: usize = 1_000;
/// Messages of a large stream: beyond the first caches.
const MESSAGES_MANY: usize = 10_000;
/// Subscribed depth of the generated messages, levels a side.
const DEPTH: u32 = 10;

/// What to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Which {
    /// Frame bytes to typed messages.
    Decode,
    /// Levels to a verified book.
    Book,
    /// Frame bytes to a desired quote, without and with a journal.
    Tick,
    /// A journal, frame by frame.
    Replay,
    /// A record into a journal, beside other ways to keep it.
    Journal,
    /// The hot thread's push into the ring.
    Ring,
    /// How long an order waits for its record, and what a look at the gate costs.
    Gate,
    /// All of these.
    All,
}

/// Measures; results come table by table.
///
/// # Errors
/// When messages or files cannot be made, and when a peer disagrees with us.
pub fn run(which: Which, rounds: usize, place: &Place, mut done: impl FnMut(Outcome)) -> Result<()> {
    let wanted = |table| which == Which::All || which == table;
    if ![Which::Journal, Which::Ring, Which::Gate].contains(&which) {
        of_messages(wanted, rounds, |report| done(Outcome::Report(report)))?;
    }
    if wanted(Which::Journal) {
        for table in append::tables(place)? {
            done(Outcome::Report(table.run(rounds)?));
        }
    }
    if wanted(Which::Ring) {
        done(Outcome::Report(ring::table(place)?.run(rounds)?));
    }
    if wanted(Which::Gate) {
        done(Outcome::Report(gate::looks(place)?.run(rounds)?));
        done(Outcome::Delays(gate::delays(place)?));
    }
    Ok(())
}

/// The tables over messages.
fn of_messages(wanted: impl Fn(Which) -> bool, rounds: usize, mut done: impl FnMut(Report)) -> Result<()> {
    let few = Rc::new(Stream::generated(MESSAGES_FEW, DEPTH)?);
    let many = Rc::new(Stream::generated(MESSAGES_MANY, DEPTH)?);
    let recorded = Stream::recorded()?.map(Rc::new);
    if wanted(Which::Decode) {
        for stream in [Some(&few), Some(&many), recorded.as_ref()].into_iter().flatten() {
            done(decode::table(stream)?.run(rounds)?);
        }
    }
    if wanted(Which::Book) {
        for stream in [Some(&few), recorded.as_ref()].into_iter().flatten() {
            done(book::table(stream).run(rounds)?);
        }
        done(book::depths(MESSAGES_FEW)?.run(rounds)?);
    }
    if wanted(Which::Tick) {
        for stream in [Some(&few), Some(&many), recorded.as_ref()].into_iter().flatten() {
            done(tick::table(stream)?.run(rounds)?);
        }
        for stream in [Some(&few), recorded.as_ref()].into_iter().flatten() {
            done(journaled::table(stream)?.run(rounds)?);
        }
    }
    if wanted(Which::Replay) {
        done(replay::table()?.run(rounds)?);
    }
    Ok(())
}

/// The tables whose instructions are counted, over so many generated messages.
///
/// # Errors
/// When messages cannot be made, and when a peer disagrees with us.
pub fn counted(messages: usize) -> Result<Vec<(&'static str, Table)>> {
    let stream = Rc::new(Stream::generated(messages, DEPTH)?);
    Ok(vec![("decode", decode::table(&stream)?), ("book", book::table(&stream)), ("tick", tick::table(&stream)?)])
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGES: usize = 500;

    /// The tables check their peers while they are made; the rounds check every checksum.
    fn all_agree(stream: &Rc<Stream>) {
        for table in [decode::table(stream), Ok(book::table(stream)), tick::table(stream), journaled::table(stream)] {
            let report = table.and_then(|table| table.run(1)).unwrap();
            assert!(
                report.rows.iter().all(|row| row.each.as_ref().is_some_and(|each| each.count == stream.len() as u64))
            );
        }
    }

    #[test]
    fn the_ways_to_keep_records_run_and_lose_none() {
        let place = Place::new(None);
        for table in append::tables(&place).unwrap() {
            assert_eq!(table.run(1).unwrap().rows.len(), 9);
        }
        assert_eq!(ring::table(&place).unwrap().run(1).unwrap().rows.len(), 11);
    }

    #[test]
    fn peers_agree_with_us_on_generated_messages() {
        all_agree(&Rc::new(Stream::generated(MESSAGES, DEPTH).unwrap()));
    }

    #[test]
    fn peers_agree_with_us_on_the_recording() {
        match Stream::recorded().unwrap() {
            Some(stream) => all_agree(&Rc::new(stream)),
            None if std::env::var_os("FATHOM_DATA_REQUIRED").is_some() => panic!("FATHOM_DATA is unset"),
            None => println!("skipped: set FATHOM_DATA"),
        }
    }
}
