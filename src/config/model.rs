//! The model file: coefficients of the fair mid, and the hash that ties a journal to the file.

use super::document::Document;
use super::error::ConfigError;
use super::keys;
use hotpath::config::Model;
use serde::Deserialize;
use std::path::Path;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Typed {
    micro_q16: i64,
    imbalance_q16: i64,
    clamp_ticks: i64,
}

/// Reads a model file.
///
/// # Errors
/// As [`super::load`].
pub(super) fn load(path: &Path) -> Result<Model, ConfigError> {
    let text = super::read(path)?;
    let (typed, _) = Document::parse(path, &text, keys::MODEL)?.finish::<Typed>()?;
    let Typed { micro_q16, imbalance_q16, clamp_ticks } = typed;
    Ok(Model { micro_q16, imbalance_q16, clamp_ticks, file_hash: hash(text.as_bytes()) })
}

/// The first eight bytes, little-endian, of the BLAKE3 hash.
fn hash(bytes: &[u8]) -> u64 {
    let hash = blake3::hash(bytes);
    hash.as_bytes().iter().take(8).rev().fold(0, |value, byte| value << 8 | u64::from(*byte))
}
