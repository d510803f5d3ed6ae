//! Cargo, as the workbench calls it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::Failure;

/// What a build has made.
#[derive(Debug, Default)]
pub struct Built {
    /// The test programs, with the folder of the rung that each belongs to.
    pub programs: Vec<(String, PathBuf)>,
    /// What the compiler said, one text for each error. None: it is built.
    pub errors: Vec<String>,
    /// How many warnings there were.
    pub warnings: usize,
}

/// How long a build may take before it says so.
const PATIENCE: Duration = Duration::from_secs(6);

/// Cargo in a student's copy. Its `.cargo/config.toml` says where it builds; a target directory that is set for the
/// reference would let the two programs of one name take each other's place.
pub fn in_copy(home: &Path) -> Command {
    let mut command = in_course(home);
    command.env_remove("CARGO_TARGET_DIR").env_remove("CARGO_BUILD_TARGET_DIR");
    command
}

/// Cargo in the repository.
pub fn in_course(root: &Path) -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(root);
    command
}

/// Builds tests and runs none: `test ARGUMENTS --no-run`.
///
/// # Errors
/// When cargo cannot be run, or fails before it compiles anything; its own words have been printed then.
pub fn build_tests(mut cargo: Command, arguments: &[&str]) -> Result<Built, Failure> {
    use std::io::IsTerminal;
    let format = match std::io::stdout().is_terminal() {
        true => "--message-format=json-diagnostic-rendered-ansi",
        false => "--message-format=json",
    };
    cargo.arg("test").args(arguments).args(["--no-run", "--quiet", format]).stderr(Stdio::piped());
    let (built, waiting) = std::sync::mpsc::channel::<()>();
    let patience = std::thread::spawn(move || {
        // The first build of a rung compiles what it stands on. Silence for a minute looks like a program that hangs.
        if waiting.recv_timeout(PATIENCE) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
            eprintln!("(compiling; the first time that takes a minute or two)");
        }
    });
    let output = cargo.output();
    drop(built);
    let _ = patience.join();
    let output = output.map_err(|error| format!("cannot run cargo: {error}"))?;
    let mut built = Built::default();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let Ok(message) = serde_json::from_str::<Value>(line) else { continue };
        let said = &message["message"];
        match (message["reason"].as_str(), said["level"].as_str(), said["rendered"].as_str()) {
            // The same error comes once for the library and once for its tests.
            (_, Some("error"), Some(text))
                if said["spans"].as_array().is_some_and(|spans| !spans.is_empty())
                    && !built.errors.iter().any(|error| error == text) =>
            {
                built.errors.push(text.to_string());
            }
            (_, Some("warning"), Some(_)) => built.warnings += 1,
            (Some("compiler-artifact"), ..) if message["profile"]["test"] == true => {
                let folder = message["manifest_path"].as_str().and_then(|path| Path::new(path).parent());
                if let (Some(program), Some(rung)) =
                    (message["executable"].as_str(), folder.and_then(Path::file_name))
                {
                    built.programs.push((rung.to_string_lossy().into_owned(), program.into()));
                }
            }
            _ => {}
        }
    }
    if !output.status.success() && built.errors.is_empty() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().into());
    }
    Ok(built)
}
