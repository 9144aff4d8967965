//! The control socket: operators' commands in, one line of JSON out.
//!
//! A client sends one word and a line feed, and gets one line. Only the user who runs it may connect.

use anyhow::{Context, Result, bail};
use hotpath::record::command;
use nix::sys::stat::{Mode, umask};
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The socket's name in the folder of runs.
pub const SOCKET: &str = "control.sock";
/// Longest word.
const WORD_BYTES_MAX: usize = 32;
/// Clients at a time.
const CLIENTS_MAX: usize = 8;
/// How long a client may take to say its word.
const PATIENCE: Duration = Duration::from_secs(2);
/// Words and their codes.
pub const WORDS: [(&str, u16); 4] =
    [("status", command::STATUS), ("pause", command::PAUSE), ("resume", command::RESUME), ("stop", command::STOP)];

/// One that connected.
#[derive(Debug)]
pub struct Client {
    stream: UnixStream,
    word: Vec<u8>,
    since: Instant,
}

/// The listening socket; it is removed when it is dropped.
#[derive(Debug)]
pub struct ControlSocket {
    listener: UnixListener,
    path: PathBuf,
    clients: Vec<Client>,
}

impl ControlSocket {
    /// Listens in a folder that this process has taken: what a dead process left there is removed.
    ///
    /// # Errors
    /// When the socket cannot be made.
    pub fn listen(folder: &Path) -> Result<Self> {
        let path = folder.join(SOCKET);
        let told =
            || format!("cannot make the control socket {}; a shorter `run.folder` or --out may help", path.display());
        match fs::symlink_metadata(&path) {
            Ok(held) if !held.file_type().is_socket() => {
                bail!("{} is there and is no socket: move it, or name another folder", path.display());
            }
            Ok(_) => fs::remove_file(&path).with_context(told)?,
            Err(_) => {}
        }
        // No moment in which somebody else may connect.
        let before = umask(Mode::S_IXUSR | Mode::S_IRWXG | Mode::S_IRWXO);
        let listener = UnixListener::bind(&path);
        umask(before);
        let listener = listener.with_context(told)?;
        listener.set_nonblocking(true).with_context(told)?;
        Ok(Self { listener, path, clients: Vec::new() })
    }

    /// The next command, if one was given.
    pub fn poll(&mut self) -> Option<(u16, Client)> {
        while self.clients.len() < CLIENTS_MAX
            && let Ok((stream, _)) = self.listener.accept()
        {
            if stream.set_nonblocking(true).is_ok() {
                self.clients.push(Client { stream, word: Vec::new(), since: Instant::now() });
            }
        }
        let mut at = 0;
        while at < self.clients.len() {
            match self.clients[at].read() {
                None => at += 1,
                Some(word) => {
                    let client = self.clients.swap_remove(at);
                    match WORDS.iter().find(|(known, _)| *known == word) {
                        Some((_, code)) => return Some((*code, client)),
                        None => client.refuse("a command is one of: status, pause, resume, stop"),
                    }
                }
            }
        }
        None
    }
}

impl Drop for ControlSocket {
    fn drop(&mut self) {
        // Somebody may have removed it by hand.
        let _ = fs::remove_file(&self.path);
    }
}

impl Client {
    /// The word, once it is whole; an empty one when there will be none.
    fn read(&mut self) -> Option<String> {
        let mut bytes = [0; WORD_BYTES_MAX];
        match self.stream.read(&mut bytes) {
            Ok(0) => return Some(String::new()),
            Ok(count) => self.word.extend_from_slice(&bytes[..count]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => return Some(String::new()),
        }
        if let Some(end) = self.word.iter().position(|byte| *byte == b'\n') {
            return Some(String::from_utf8_lossy(&self.word[..end]).trim().to_owned());
        }
        let is_lost = self.word.len() > WORD_BYTES_MAX || self.since.elapsed() > PATIENCE;
        is_lost.then(String::new)
    }

    /// Answers, and is done.
    pub fn answer(mut self, line: &serde_json::Value) {
        // A client that does not listen any more is no matter of ours.
        let _ = self.stream.set_nonblocking(false);
        let _ = self.stream.set_write_timeout(Some(PATIENCE));
        let _ = writeln!(self.stream, "{line}");
    }

    /// Answers that it will not be.
    pub fn refuse(self, why: &str) {
        self.answer(&serde_json::json!({ "error": why }));
    }
}

/// Gives a running engine a word and returns its answer.
///
/// # Errors
/// When nothing listens there, or it does not answer in time.
pub fn ask(folder: &Path, word: &str) -> Result<serde_json::Value> {
    let path = folder.join(SOCKET);
    let told = || format!("nothing answers at {}: is a run on in that folder?", path.display());
    let mut stream = UnixStream::connect(&path).with_context(told)?;
    stream.set_read_timeout(Some(4 * PATIENCE)).with_context(told)?;
    writeln!(stream, "{word}").with_context(told)?;
    let mut line = String::new();
    stream.read_to_string(&mut line).with_context(told)?;
    serde_json::from_str(&line).with_context(told)
}
