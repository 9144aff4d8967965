//! `journal seal`: closed journals compressed, and proved before the original goes.

use super::{Ended, counted, print_json, progress, tell_held};
use crate::files::files_to_compress;
use anyhow::{Result, bail};
use clap::Args;
use journal::{Compressed, Error, compress};
use serde_json::{Value, json};
use std::io::Write;
use std::path::PathBuf;

/// Compresses closed, undamaged journals; every command reads the compressed file as it is.
///
/// FILE.zst is written, read back and compared byte for byte; then FILE is removed. What is sealed already stays as it is.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  journal seal journal/000000.bin && replay journal/000000.bin.zst")]
pub struct SealArgs {
    /// Journals, or folders that hold them.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// How hard to compress: 1 is fast, 22 is small.
    #[arg(long, value_name = "N", default_value_t = 9, value_parser = clap::value_parser!(i32).range(1..=22))]
    level: i32,
    /// Leave the original where it is.
    #[arg(long)]
    keep: bool,
    /// Print one JSON object on standard output.
    #[arg(long)]
    json: bool,
}

/// Runs the command. A file that cannot be compressed does not keep the others from it.
///
/// # Errors
/// What makes the exit code 2.
pub fn run(args: &SealArgs) -> Result<Ended> {
    let (files, sealed) = files_to_compress(&args.files)?;
    let (mut done, mut held) = (Vec::new(), Vec::new());
    for path in &files {
        progress(&format!("compressing {}", path.display()));
        let outcome = compress(path, args.level).and_then(|compressed| {
            if !args.keep {
                compressed.remove_source()?;
            }
            Ok(compressed)
        });
        progress("");
        match outcome {
            Ok(compressed) => done.push(compressed),
            // Named by itself it is meant, and refused with a word.
            Err(Error::Live { .. }) if args.files != [path.as_path()] => held.push(path.clone()),
            Err(error) if files.len() == 1 => return Err(error.into()),
            Err(error) => eprintln!("journal: {error}"),
        }
    }
    tell_held("journal", &held);
    if args.json {
        let values: Vec<_> = done.iter().map(to_json).collect();
        print_json(
            &json!({ "files": values, "failed": files.len() - held.len() - done.len(), "sealed_before": sealed.len() }),
        )?;
    } else {
        let mut out = std::io::stdout().lock();
        for Compressed { source, path, bytes, compressed_bytes } in &done {
            let (before, after) = (counted(*bytes, "byte", "bytes"), counted(*compressed_bytes, "byte", "bytes"));
            writeln!(out, "{}: {before} -> {}: {after}", source.display(), path.display())?;
        }
        if !sealed.is_empty() {
            writeln!(out, "{} sealed already", counted(sealed.len() as u64, "file is", "files are"))?;
        }
    }
    if done.len() + held.len() < files.len() {
        let all = counted(files.len() as u64, "file", "files");
        bail!("{} of {all} could not be compressed: see above", files.len() - held.len() - done.len());
    }
    Ok(Ended::Ok)
}

fn to_json(compressed: &Compressed) -> Value {
    json!({
        "file": compressed.source.display().to_string(),
        "out": compressed.path.display().to_string(),
        "bytes": compressed.bytes,
        "compressed_bytes": compressed.compressed_bytes,
    })
}
