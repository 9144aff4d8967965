//! The exchange's stamps, moved.

use super::json::Node;
use crate::utc::{rfc3339, unix_us};

/// Moves every stamp of a text; none when it is not JSON.
pub(super) fn moved(text: &str, by_ms: i64) -> Option<String> {
    let mut node = Node::parse(text)?;
    node.each(&mut |key, value| match (key, value) {
        ("timestamp" | "time_in" | "time_out", Node::Leaf(stamp)) => {
            if let Some(later) = later(stamp.trim_matches('"'), by_ms) {
                *stamp = format!("\"{later}\"");
            }
        }
        ("E" | "T", Node::Number(stamp)) => {
            if let Ok(ms) = stamp.parse::<u64>() {
                *stamp = ms.saturating_add_signed(by_ms).to_string();
            }
        }
        _ => {}
    });
    Some(node.text())
}

/// A stamp as Kraken writes it, moved.
pub(super) fn later(stamp: &str, by_ms: i64) -> Option<String> {
    Some(rfc3339(unix_us(stamp)?.saturating_add_signed(by_ms * 1_000)))
}

#[cfg(test)]
mod tests {
    use super::moved;

    #[test]
    fn stamps_of_both_exchanges_move() {
        let texts = [
            (
                r#"{"timestamp":"2026-02-28T23:59:58.000001Z","x":1}"#,
                r#"{"timestamp":"2026-03-01T00:00:03.000001Z","x":1}"#,
            ),
            (r#"{"data":{"e":"trade","E":1000,"T":999}}"#, r#"{"data":{"e":"trade","E":6000,"T":5999}}"#),
        ];
        for (text, later) in texts {
            assert_eq!(moved(text, 5_000).as_deref(), Some(later));
            assert_eq!(moved(later, -5_000).as_deref(), Some(text));
        }
    }
}
