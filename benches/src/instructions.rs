//! Instructions a message, counted one by one.
//!
//! The program starts itself again and steps through what is counted, instruction by instruction, as a debugger does: the
//! count is of the instructions that this processor runs, whatever they are, and the same each time.

use crate::harness::Table;
use crate::tables::counted;
use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use hotpath::simd::Simd;
use nix::sys::ptrace;
use nix::sys::signal::{Signal, raise};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io::Read;
use std::process::{Command, Stdio};
use std::str::FromStr;

/// Messages that are counted.
const MESSAGES: usize = 20;
/// What a program that may not be traced ends with.
const NOT_TRACED: i32 = 3;

/// What is counted, and what may not be exceeded.
#[derive(Debug, Args)]
pub struct InstructionsArgs {
    /// JSON instead of Markdown.
    #[arg(long)]
    pub json: bool,
    /// Most instructions a message of our row of a table, `decode=600` say; more are an error. May be given several times.
    #[arg(long = "at-most", value_name = "TABLE=N")]
    at_most: Vec<Bound>,
    /// Be what is counted.
    #[arg(long, hide = true)]
    counted: bool,
}

/// A bound of our row of a table.
#[derive(Clone, Debug)]
struct Bound {
    table: String,
    instructions: f64,
}

impl FromStr for Bound {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('=').and_then(|(table, most)| Some((table, most.parse().ok()?)));
        let (table, instructions) = parts.ok_or_else(|| format!("{text} is not TABLE=N, like decode=600"))?;
        Ok(Self { table: table.to_owned(), instructions })
    }
}

/// One case.
#[derive(Debug, Serialize, Deserialize)]
pub struct Counted {
    /// The table.
    pub table: String,
    /// The case.
    pub name: String,
    /// Messages.
    pub messages: usize,
    /// Instructions of all of them.
    pub instructions: u64,
}

impl Counted {
    /// Instructions a message.
    #[must_use]
    pub fn each(&self) -> f64 {
        self.instructions as f64 / self.messages as f64
    }
}

/// All cases.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct Instructions(pub Vec<Counted>);

impl fmt::Display for Instructions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| table | case | instructions a message | times ours |\n|---|---|---|---|")?;
        let mut ours: Option<&Counted> = None;
        for counted in &self.0 {
            let first = ours.filter(|first| first.table == counted.table).unwrap_or(counted);
            ours = Some(first);
            let times = counted.each() / first.each();
            writeln!(f, "| {} | {} | {:.0} | {times:.2} |", counted.table, counted.name, counted.each())?;
        }
        Ok(())
    }
}

/// Counts, and holds the counts against the bounds. None where the host lets no program be traced.
///
/// # Errors
/// When a bound is exceeded or names no table, and when a peer disagrees with us.
pub fn instructions(args: &InstructionsArgs) -> Result<Option<Instructions>> {
    if args.counted {
        if ptrace::traceme().is_err() {
            std::process::exit(NOT_TRACED);
        }
        be_counted()?;
        std::process::exit(0);
    }
    let Some(counted) = count()? else { return Ok(None) };
    let counted = Instructions(counted);
    if !args.at_most.is_empty() && !Simd::detect().is_any() {
        eprintln!("the bounds are not looked at: they are for processors with AVX2, and this one has none");
        return Ok(Some(counted));
    }
    for Bound { table, instructions } in &args.at_most {
        let ours = counted.0.iter().find(|counted| counted.table == *table);
        let each = ours.with_context(|| format!("there is no table {table}"))?.each();
        ensure!(
            each <= *instructions,
            "{table}: {each:.0} instructions a message, at most {instructions:.0} are allowed"
        );
    }
    Ok(Some(counted))
}

/// Runs every case between two stops. A stop before the first stops again at once: what is counted there belongs to no case.
fn be_counted() -> Result<()> {
    let mut stop = || raise(Signal::SIGSTOP).expect("a signal to itself");
    stop();
    stop();
    for (name, table) in counted(MESSAGES)? {
        let mut table: Table = table;
        table.between(&mut stop, |case, messages| {
            let counted = Counted { table: name.to_owned(), name: case.to_owned(), messages, instructions: 0 };
            println!("{}", serde_json::to_string(&counted).expect("plain data"));
        });
    }
    Ok(())
}

fn count() -> Result<Option<Vec<Counted>>> {
    let program = std::env::current_exe().context("the program does not find itself")?;
    eprintln!("counting; one to three minutes");
    let mut child = Command::new(program).args(["instructions", "--counted"]).stdout(Stdio::piped()).spawn()?;
    let pid = Pid::from_raw(i32::try_from(child.id())?);
    let mut counts = Vec::new();
    let mut steps: Option<u64> = None;
    loop {
        match waitpid(pid, None)? {
            WaitStatus::Stopped(_, Signal::SIGSTOP) => match steps.take() {
                None => {
                    steps = Some(0);
                    ptrace::step(pid, None)?;
                }
                Some(counted) => {
                    counts.push(counted);
                    ptrace::cont(pid, None)?;
                }
            },
            WaitStatus::Stopped(_, Signal::SIGTRAP) if steps.is_some() => {
                steps = steps.map(|steps| steps + 1);
                ptrace::step(pid, None)?;
            }
            WaitStatus::Exited(_, 0) => break,
            WaitStatus::Exited(_, NOT_TRACED) => return Ok(None),
            other => bail!("what is counted ended: {other:?}"),
        }
    }
    let mut lines = String::new();
    child.stdout.take().context("no output")?.read_to_string(&mut lines)?;
    let (nothing, counts) = counts.split_first().context("nothing was counted")?;
    let cases: Vec<Counted> = lines.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    ensure!(cases.len() == counts.len(), "{} cases, {} counts", cases.len(), counts.len());
    let counted = |(case, count): (Counted, &u64)| Counted { instructions: count.saturating_sub(*nothing), ..case };
    Ok(Some(cases.into_iter().zip(counts).map(counted).collect()))
}
