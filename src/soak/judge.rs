//! The journal held against the exchange's log: each fault has left its sign, and there is no sign without a fault.

use super::evidence::{Evidence, Place, Told};
use super::expected::{Expected, STILL, expected_of, is_of_connection};
use super::reading::Reading;
use crate::exchange::{Fault, FaultLine};
use anyhow::{Result, ensure};

/// Signs of a connection that the engine itself ends.
const GIVEN_UP: [&str; 3] = ["feed silent", "feed resubscribed-in-vain", "feed ack-missing"];

/// Holds log and journal against each other.
///
/// # Errors
/// The first fault without its sign, sign without a fault, or message that is another than the exchange handed over; an
/// update that came late without a word; a book that was not trusted at the end.
pub fn judge(evidence: &Evidence, reading: &Reading) -> Result<()> {
    for line in evidence.told.log.iter().take(evidence.settled) {
        if let Some(fault) = line.fault {
            ensure_detected(line, fault, &evidence.told, evidence.is_chained, reading)?;
        }
    }
    ensure_refusals_counted(evidence, reading)?;
    let mut stood = [0; STILL.len()];
    for (place, sign) in &reading.signs {
        let is_explained = evidence.told.log.iter().any(|line| explains(line, *place, sign, evidence.is_chained));
        if let (false, Some(kind)) = (is_explained, STILL.iter().position(|name| sign.starts_with(name))) {
            stood[kind] += 1;
            if stood[kind] <= evidence.stills {
                continue;
            }
        }
        let (connection, message) = place;
        ensure!(is_explained, "{sign} at message {message} of connection {connection}, and the exchange did nothing");
    }
    ensure_outdated_told(&evidence.told, reading)?;
    ensure!(reading.is_trusted, "the book was not trusted at the end");
    Ok(())
}

/// What happens before a connection is up is known by its number alone: each time must have its sign.
fn ensure_refusals_counted(evidence: &Evidence, reading: &Reading) -> Result<()> {
    for fault in [Fault::Refuse429, Fault::Refuse503] {
        for must in expected_of(fault, evidence.is_chained).must {
            let lines =
                evidence.told.log.iter().take(evidence.settled).filter(|line| line.fault == Some(fault)).count();
            let signs = reading.signs.iter().filter(|(_, sign)| sign.starts_with(must)).count();
            ensure!(signs >= lines, "{}: {lines} times, and {signs} times {must} in the journal", fault.name());
        }
    }
    Ok(())
}

/// Holds the messages of Kraken's that something was wrong with against the journal. What befell whole connections may be
/// hidden by what else befell them.
///
/// # Errors
/// The first that did not show, or that is another than the exchange handed over.
pub fn ensure_messages_show(told: &Told, reading: &Reading) -> Result<()> {
    for line in told.log.iter().filter(|line| line.message > 0) {
        if let Some(fault) = line.fault.filter(|fault| !is_of_connection(*fault)) {
            ensure_detected(line, fault, told, false, reading)?;
        }
    }
    Ok(())
}

/// An update that undoes what its successor did has a checksum that holds; only its time says that it is old. The next
/// update's checksum does not hold: its book is compared like any other.
///
/// # Errors
/// The first such update without a word. Where the exchange's stamps had stepped before, they say nothing.
pub fn ensure_outdated_told(told: &Told, reading: &Reading) -> Result<()> {
    for place in &reading.outdated {
        let is_told = reading.signs.iter().any(|(at, sign)| at == place && sign == "quality time");
        let (connection, message) = place;
        ensure!(
            is_told || told.has_stepped(*place),
            "an old book at message {message} of connection {connection} without a word"
        );
    }
    Ok(())
}

/// Whether a line of the exchange's log explains a sign.
fn explains(line: &FaultLine, place: Place, sign: &str, is_chained: bool) -> bool {
    let Some(fault) = line.fault else { return false };
    let Expected { must, may } = expected_of(fault, is_chained);
    // What happens before a connection is up has no message, one that is too large never comes, and one that is out of turn
    // shows at the message before it.
    let is_before = matches!(fault, Fault::Oversize | Fault::Reorder);
    let first = line.message.saturating_sub(u64::from(is_before));
    // Time may run backwards long after: on the next connection too.
    let is_there = (line.connection == place.0 && first <= place.1)
        || line.message == 0
        || (sign == "quality time" && line.connection < place.0);
    is_there && must.iter().chain(may).any(|name| sign.starts_with(name))
}

/// A fault is found in the journal: its message, and its sign there.
fn ensure_detected(line: &FaultLine, fault: Fault, told: &Told, is_chained: bool, reading: &Reading) -> Result<()> {
    let FaultLine { connection, message, crc32, .. } = *line;
    let (name, place) = (fault.name(), (connection, message));
    let what = || format!("{name} at message {message} of connection {connection}");
    let last = reading.messages.range((connection, 0)..=(connection, u64::MAX)).count() as u64;
    if let (Some(crc32), Some(found)) = (crc32, reading.messages.get(&place)) {
        ensure!(*found == crc32, "{}: the journal holds another message than the exchange handed over", what());
    }
    let is_of_connection = is_of_connection(fault);
    if message > last && !is_of_connection {
        // A connection that ended took what was on its way with it.
        let has_ended = told.log.iter().any(|other| other.fault.is_none() && other.connection > connection);
        ensure!(has_ended || crc32.is_none(), "{}: the message is not in the journal", what());
        return Ok(());
    }
    // What befell a connection that the engine had given up already did not come.
    let gave_up =
        |(at, sign): &(Place, String)| at.0 == connection && GIVEN_UP.iter().any(|name| sign.starts_with(name));
    if message > last && reading.signs.iter().any(gave_up) {
        return Ok(());
    }
    let was_trusted = if is_of_connection {
        reading.left_trusted.contains(&(connection, message.min(last)))
    } else {
        reading.trusted.contains(&place)
    };
    for must in expected_of(fault, is_chained).must {
        // A book that is not trusted cannot be trusted less.
        if must.starts_with("gap") && !was_trusted || line.detail == "online" {
            continue;
        }
        let is_there = |at: &Place| message == 0 || (at.0 == connection && (is_of_connection || at.1 == message));
        let is_found = reading.signs.iter().any(|(at, sign)| is_there(at) && sign.starts_with(must));
        ensure!(is_found, "{}: no {must} in the journal", what());
    }
    Ok(())
}
