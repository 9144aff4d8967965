//! Configurations to start from, carried in the program.

use anyhow::{Context, Result, anyhow, bail};
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Venue and pair of each, and its text.
const CONFIGS: [(&str, &str); 6] = [
    ("kraken-btc-eur", include_str!("../configs/kraken-btc-eur.toml")),
    ("kraken-btc-eur-led", include_str!("../configs/kraken-btc-eur-led.toml")),
    ("kraken-btc-usd", include_str!("../configs/kraken-btc-usd.toml")),
    ("binance-btc-usdt", include_str!("../configs/binance-btc-usdt.toml")),
    ("binance-perp-btc-usdt", include_str!("../configs/binance-perp-btc-usdt.toml")),
    ("kraken-v1", include_str!("../configs/kraken-v1.toml")),
];
/// The model file that they name.
const MODEL: (&str, &str) = ("model-first.toml", include_str!("../configs/model-first.toml"));

/// Venues and pairs that there is a configuration for; the first is the usual one.
pub const MARKETS: [&str; CONFIGS.len()] = {
    let mut names = [""; CONFIGS.len()];
    let mut at = 0;
    while at < names.len() {
        names[at] = CONFIGS[at].0;
        at += 1;
    }
    names
};

/// The files that were written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The configuration.
    pub config: PathBuf,
    /// The model.
    pub model: PathBuf,
}

/// Writes the configuration of a market, and its model, into a folder, which is made if it is missing. Files that are
/// there and hold the same are as good.
///
/// # Errors
/// For a market that is not in [`MARKETS`], a file that is there and is another, or a folder that cannot be written to.
pub fn write(folder: &Path, market: &str) -> Result<Written> {
    let Some((name, text)) = CONFIGS.iter().find(|(name, _)| *name == market) else {
        bail!("there is no configuration for {market:?}: choose one of {}", MARKETS.join(", "));
    };
    let written = Written { config: folder.join(format!("{name}.toml")), model: folder.join(MODEL.0) };
    fs::create_dir_all(folder)
        .map_err(|error| anyhow!("cannot make the folder {} ({error}): name another", folder.display()))?;
    let files = [(&written.model, MODEL.1), (&written.config, *text)];
    // Both are looked at before either is made.
    files.iter().try_for_each(|(path, text)| ensure_same(path, text))?;
    files.iter().try_for_each(|(path, text)| write_file(path, text))?;
    Ok(written)
}

/// A file that is there must hold the same.
fn ensure_same(path: &Path, text: &str) -> Result<()> {
    match fs::read_to_string(path) {
        Ok(held) if held != text => {
            bail!("{} is there already, is another, and stays as it is: name another folder", path.display())
        }
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

fn write_file(path: &Path, text: &str) -> Result<()> {
    match OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(mut file) => file.write_all(text.as_bytes()).with_context(|| format!("cannot write {}", path.display())),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error).with_context(|| format!("cannot make {}", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::{MARKETS, write};

    #[test]
    fn what_is_written_loads_and_nothing_is_written_over() {
        let folder = tempfile::tempdir().expect("a folder");
        for market in MARKETS {
            let first = write(folder.path(), market).expect("two files");
            crate::config::load(&first.config, &[]).expect("a configuration");
            assert_eq!(write(folder.path(), market).expect("the same files"), first);
        }
        let changed = folder.path().join("kraken-btc-eur.toml");
        std::fs::write(&changed, "mine").expect("a file");
        let error = write(folder.path(), MARKETS[0]).expect_err("it is another");
        assert!(error.to_string().contains("kraken-btc-eur.toml"), "{error}");
        assert_eq!(std::fs::read_to_string(&changed).expect("it"), "mine");
    }
}
