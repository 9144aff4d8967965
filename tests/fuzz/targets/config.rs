//! Configuration and model files.

use fathom::config::load;
use std::fs;
use tempfile::TempDir;

/// The line between the parts of an input.
const PART: &str = "\n%%\n";
const MODEL_NAME: &str = "model.toml";
/// Files that never end or wait for somebody: what an operator writes is not that hostile.
const DEVICES: [&str; 2] = ["/dev", "/proc"];

/// A configuration file, a model file named `model.toml`, and overrides, one a line. What loads keeps
/// every bound of the engine and loads again to the same; what does not says why.
pub fn config(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if DEVICES.iter().any(|device| text.contains(device)) {
        return;
    }
    let mut parts = text.splitn(3, PART);
    let mut part = || parts.next().unwrap_or_default();
    let (file, model) = (part(), part());
    let overrides: Vec<String> = part().lines().map(str::to_owned).collect();
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("config.toml");
    fs::write(&path, file).expect("a file");
    fs::write(folder.path().join(MODEL_NAME), model).expect("a file");
    let loaded = match load(&path, &overrides) {
        Ok(loaded) => loaded,
        Err(error) => return assert!(!error.to_string().trim().is_empty(), "a refusal without a word"),
    };
    assert_eq!(loaded.config.check(), Ok(()));
    assert_eq!(loaded.config.markets[0].symbol.as_bytes(), loaded.symbol.as_bytes());
    let again = load(&path, &overrides).expect("what loads once loads again");
    assert_eq!((again.config, again.diary), (loaded.config, loaded.diary));
}
