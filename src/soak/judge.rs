//! The journal held against the exchange's log: each fault has left its sign, and there is no sign without a fault.

use super::Evidence;
use super::expected::{Expected, STILL, expected_of, is_of_connection};
use super::reading::{Place, Reading};
use crate::exchange::{Fault, FaultLine};
use anyhow::{Result, ensure};

/// Holds log and journal against each other.
///
/// # Errors
/// The first fault without its sign, sign without a fault, or message that is another than the exchange handed over; an
/// update that came late without a word; a book that was not trusted at the end.
pub fn judge(evidence: &Evidence, reading: &Reading) -> Result<()> {
    for line in &evidence.log[..evidence.settled.min(evidence.log.len())] {
        if let Some(fault) = line.fault {
            ensure_detected(line, fault, evidence, reading)?;
        }
    }
    let mut stood = [0; STILL.len()];
    for (place, sign) in &reading.signs {
        let is_explained = evidence.log.iter().any(|line| explains(line, *place, sign, evidence.is_chained));
        if let (false, Some(kind)) = (is_explained, STILL.iter().position(|name| sign.starts_with(name))) {
            stood[kind] += 1;
            if stood[kind] <= evidence.stills {
                continue;
            }
        }
        let (connection, message) = place;
        ensure!(is_explained, "{sign} at message {message} of connection {connection}, and the exchange did nothing");
    }
    // An update that undoes what its successor did has a checksum that holds; only its time says that it is old. The next
    // update's checksum does not hold: its book is compared like any other.
    for place in &reading.outdated {
        let is_told = reading.signs.iter().any(|(at, sign)| at == place && sign == "quality time");
        ensure!(is_told, "an old book at message {} of connection {} without a word", place.1, place.0);
    }
    ensure!(reading.is_trusted, "the book was not trusted at the end");
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
fn ensure_detected(line: &FaultLine, fault: Fault, evidence: &Evidence, reading: &Reading) -> Result<()> {
    let FaultLine { connection, message, crc32, .. } = *line;
    let (name, place) = (fault.name(), (connection, message));
    let told = || format!("{name} at message {message} of connection {connection}");
    let last = reading.messages.range((connection, 0)..=(connection, u64::MAX)).count() as u64;
    if let (Some(crc32), Some(found)) = (crc32, reading.messages.get(&place)) {
        ensure!(*found == crc32, "{}: the journal holds another message than the exchange handed over", told());
    }
    let is_of_connection = is_of_connection(fault);
    if message > last && !is_of_connection {
        // A connection that ended took what was on its way with it.
        let has_ended = evidence.log.iter().any(|other| other.fault.is_none() && other.connection > connection);
        ensure!(has_ended || crc32.is_none(), "{}: the message is not in the journal", told());
        return Ok(());
    }
    let was_trusted = if is_of_connection {
        reading.left_trusted.contains(&(connection, message.min(last)))
    } else {
        reading.trusted.contains(&place)
    };
    for must in expected_of(fault, evidence.is_chained).must {
        // A book that is not trusted cannot be trusted less.
        if must.starts_with("gap") && !was_trusted || line.detail == "online" {
            continue;
        }
        let is_there = |at: &Place| message == 0 || (at.0 == connection && (is_of_connection || at.1 == message));
        let is_found = reading.signs.iter().any(|(at, sign)| is_there(at) && sign.starts_with(must));
        ensure!(is_found, "{}: no {must} in the journal", told());
    }
    Ok(())
}
