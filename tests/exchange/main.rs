//! The embedded exchange over real sockets, plain and under TLS, with a client that shares no code with it.

mod binance;
mod client;
mod connections;
mod hostile;
mod market;
mod market_data;
mod program;
mod replay;
mod running;
#[path = "../support/mod.rs"]
mod support;
#[path = "../support/twin.rs"]
mod twin;

use std::path::Path;

/// What an exchange computes of its own is worth nothing as a check when it calls what it checks.
#[test]
fn the_exchange_shares_nothing_with_the_engine() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/exchange");
    let mut folders = vec![folder];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("text");
            assert!(!text.contains("hotpath"), "{} names the engine's crate", path.display());
            files += 1;
        }
    }
    assert!(files > 20, "{files} files");
}
