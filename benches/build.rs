//! Notes the compiler, so that a result can name what it was built with.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let version = Command::new(rustc).arg("--version").output().ok();
    let version = version.and_then(|output| String::from_utf8(output.stdout).ok()).unwrap_or_default();
    println!("cargo::rustc-env=BENCHES_RUSTC={}", version.trim());
    for (name, cargo_name) in [("BENCHES_PROFILE", "PROFILE"), ("BENCHES_TARGET", "TARGET")] {
        println!("cargo::rustc-env={name}={}", std::env::var(cargo_name).unwrap_or_default());
    }
}
