//! `fathom init`: a configuration to start from.

use super::Ended;
use anyhow::{Context, Result, bail};
use clap::Args;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Configurations that the program carries, by venue and pair.
const CONFIGS: [(&str, &str); 2] = [
    ("kraken-btc-eur", include_str!("../../configs/kraken-btc-eur.toml")),
    ("kraken-btc-usd", include_str!("../../configs/kraken-btc-usd.toml")),
];
const MODEL: (&str, &str) = ("model-first.toml", include_str!("../../configs/model-first.toml"));

/// Writes a commented configuration to start from, and the model file that it names.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  fathom init my && fathom check my/kraken-btc-eur.toml")]
pub struct InitArgs {
    /// The folder for the two files; made when missing.
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,
    /// Venue and pair.
    #[arg(long, value_name = "NAME", default_value = CONFIGS[0].0, value_parser = clap::builder::PossibleValuesParser::new(CONFIGS.map(|(name, _)| name)))]
    market: String,
}

/// Runs the command.
///
/// # Errors
/// What makes the exit code 2.
pub fn run(args: &InitArgs) -> Result<Ended> {
    let Some((name, text)) = CONFIGS.iter().find(|(name, _)| *name == args.market) else {
        bail!("{} is not known", args.market);
    };
    let config = args.folder.join(format!("{name}.toml"));
    let model = args.folder.join(MODEL.0);
    if config.exists() {
        bail!("{} is there already and stays as it is: name another folder", config.display());
    }
    fs::create_dir_all(&args.folder).with_context(|| format!("cannot make the folder {}", args.folder.display()))?;
    write(&model, MODEL.1)?;
    write(&config, text)?;
    println!("{}\n{}", config.display(), model.display());
    println!("next: fathom check {0} && fathom run {0}", config.display());
    Ok(Ended::Ok)
}

/// Writes a new file; one that holds the same already is as good.
fn write(path: &Path, text: &str) -> Result<()> {
    match OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(mut file) => file.write_all(text.as_bytes()).with_context(|| format!("cannot write {}", path.display())),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let held = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
            if held == text {
                return Ok(());
            }
            bail!("{} is there already and is another: name another folder", path.display())
        }
        Err(error) => Err(error).with_context(|| format!("cannot make {}", path.display())),
    }
}
