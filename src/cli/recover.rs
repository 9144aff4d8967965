//! `journal recover`: clean, closed journals from damaged or unfinished ones.

use super::{Ended, counted, grouped, print_json, progress};
use crate::files::{is_held, journal_files, plain_name};
use anyhow::{Context, Result, bail};
use clap::Args;
use hotpath::record::left_out;
use journal::{Passed, Recovered, recover};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Writes a clean, closed journal with every whole record of a damaged, cut or unfinished one.
///
/// Where records are missing, a LEFT_OUT says how many. The file itself is not touched.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  journal recover crashed.bin --out clean.bin && replay clean.bin")]
pub struct RecoverArgs {
    /// Journals, or folders that hold them.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The new journal: a file, or a folder when a folder or several files are given.
    #[arg(long, value_name = "PATH")]
    out: PathBuf,
    /// Print one JSON object on standard output.
    #[arg(long)]
    json: bool,
}

/// Runs the command. A file that cannot be recovered does not keep the others from it.
///
/// # Errors
/// What makes the exit code 2.
pub fn run(args: &RecoverArgs) -> Result<Ended> {
    let files = journal_files(&args.files)?;
    // Before anything is made: half a folder would be in the way of the next try.
    if let Some(path) = files.iter().find(|path| is_held(path)) {
        bail!("{}: a writer still holds it, so nothing is recovered: try again when the run has ended", path.display());
    }
    let targets = targets(&args.files, &files, &args.out)?;
    for target in &targets {
        let compressed = target.with_added_extension("zst");
        if compressed.exists() {
            bail!("{} stands there already: choose another --out", compressed.display());
        }
    }
    let mut done = Vec::new();
    for (source, target) in files.iter().zip(&targets) {
        progress(&format!("recovering {}", source.display()));
        let outcome = recover(source, target);
        progress("");
        match outcome {
            Ok(recovered) => done.push((source, target, recovered)),
            Err(error) if files.len() == 1 => return Err(error.into()),
            Err(error) => eprintln!("journal: {error}"),
        }
    }
    if args.json {
        let values: Vec<_> = done.iter().map(|(source, target, told)| to_json(source, target, told)).collect();
        print_json(&json!({ "files": values, "failed": files.len() - done.len() }))?;
    } else {
        let mut out = std::io::stdout().lock();
        done.iter().try_for_each(|(source, target, told)| print(&mut out, source, target, told))?;
    }
    if done.len() < files.len() {
        let all = counted(files.len() as u64, "file", "files");
        bail!("{} of {all} could not be recovered: see above", files.len() - done.len());
    }
    Ok(Ended::Ok)
}

/// A file for each source: `out` itself for one file, files of the same names in the folder `out` else.
fn targets(given: &[PathBuf], files: &[PathBuf], out: &Path) -> Result<Vec<PathBuf>> {
    if given.len() == 1 && !given[0].is_dir() && !out.is_dir() {
        return Ok(vec![out.to_owned()]);
    }
    std::fs::create_dir_all(out).with_context(|| format!("cannot make the folder {}", out.display()))?;
    let targets: Vec<_> = files.iter().map(|path| Ok(out.join(plain_name(path)?))).collect::<Result<_>>()?;
    if targets.iter().collect::<BTreeSet<_>>().len() < targets.len() {
        bail!("two of the given files have the same name: recover them into folders of their own");
    }
    Ok(targets)
}

fn to_json(source: &Path, target: &Path, told: &Recovered) -> Value {
    let place = |place: &Passed| {
        json!({
            "offset": place.offset,
            "bytes": place.bytes,
            "records": place.records,
            "cause": left_out::name(place.cause).unwrap_or("unknown cause"),
        })
    };
    json!({
        "file": source.display().to_string(),
        "out": target.display().to_string(),
        "records": told.records,
        "bytes": told.bytes,
        "passed_over": told.passed.iter().map(place).collect::<Vec<_>>(),
        "tail_used": told.tail_used,
        "header_mended": told.header_mended,
        "index_rebuilt": told.index_rebuilt,
    })
}

fn print(out: &mut impl Write, source: &Path, target: &Path, told: &Recovered) -> std::io::Result<()> {
    let name = source.display();
    writeln!(out, "{name}: {} -> {}", counted(told.records, "record", "records"), target.display())?;
    if told.tail_used {
        writeln!(out, "  the tail file beside it held what the file had lost")?;
    }
    if told.header_mended {
        writeln!(out, "  one of the two header copies was damaged and is written anew")?;
    }
    if told.index_rebuilt {
        writeln!(out, "  the index is made anew")?;
    }
    for Passed { offset, bytes, records, cause } in &told.passed {
        let missing = match records {
            Some(0) => "no record is missing".to_owned(),
            Some(count) => format!("records missing: {}", grouped(*count)),
            None => "records missing: unknown".to_owned(),
        };
        writeln!(
            out,
            "  passed over {} at byte {offset} ({}); {missing}",
            counted(*bytes, "byte", "bytes"),
            left_out::name(*cause).unwrap_or("unknown cause")
        )?;
    }
    Ok(())
}
