//! What commands say, and where it goes. A reader that has seen enough closes its pipe (`| head`):
//! then there is nobody left to write to, which is no mistake.

use std::io::{ErrorKind, Write};
use std::process::ExitCode;

/// What a command that does not succeed says.
pub struct Failure {
    /// For standard output, as a success would.
    pub result: String,
    /// For standard error.
    pub problem: String,
    pub code: u8,
}

impl From<String> for Failure {
    fn from(problem: String) -> Failure {
        Failure { result: String::new(), problem, code: 1 }
    }
}

/// Prints what a command says and gives how it ends.
pub fn finish(done: Result<String, Failure>) -> ExitCode {
    let (result, problem, code) = match done {
        Ok(text) => (text, String::new(), 0),
        Err(Failure { result, problem, code }) => (result, problem, code),
    };
    note(&problem);
    match line(&mut std::io::stdout().lock(), &result) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            note(&format!("error: standard output: {error}"));
            ExitCode::FAILURE
        }
        _ => ExitCode::from(code),
    }
}

/// Says something beside the result, on standard error. When that is gone, nobody listens.
pub fn note(text: &str) {
    let _ = line(&mut std::io::stderr().lock(), text);
}

fn line(to: &mut impl Write, text: &str) -> std::io::Result<()> {
    let text = text.trim_end_matches('\n');
    if text.is_empty() {
        return Ok(());
    }
    writeln!(to, "{text}")?;
    to.flush()
}
