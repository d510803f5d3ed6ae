//! Builds the binary that is tested, so that no stale one ever is.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use serde_json::Value;

/// The top of the repository.
pub(crate) fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the harness lies in tests/harness")
}

/// Is this name a rung's? Then its binary has the same name and its package is `step-NAME`.
pub fn is_rung(name: &str) -> bool {
    workspace().join("steps").join(name).join("Cargo.toml").exists()
}

/// A rung, and whether it is built as a release.
type Build = (String, bool);

/// The rung's binary, built by cargo at the first call and once per process and profile.
///
/// The profile is dev, or release: for a test that asks for it, for all with `HARNESS_PROFILE=release`. The error
/// is what cargo printed.
pub fn binary(rung: &str, release: bool) -> Result<PathBuf, String> {
    static BUILT: Mutex<Option<HashMap<Build, Result<PathBuf, String>>>> = Mutex::new(None);
    let release = release || std::env::var("HARNESS_PROFILE").is_ok_and(|profile| profile == "release");
    let mut built = BUILT.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    built
        .get_or_insert_default()
        .entry((rung.into(), release))
        .or_insert_with(|| ready(rung).map_or_else(|| build(rung, release), Ok))
        .clone()
}

/// The rung's program where somebody has built it before, and says so: in the folder `PROGRAMS`.
fn ready(rung: &str) -> Option<PathBuf> {
    let programs = PathBuf::from(std::env::var_os("PROGRAMS")?);
    Some(programs.join(rung.rsplit_once('/').map_or(rung.into(), |(_, name)| format!("examples/{name}"))))
}

/// Where a rung is built: in the repository, or in the student's own copy of it, `MINE`.
fn home(rung: &str) -> PathBuf {
    let mine = std::env::var_os("MINE").map(PathBuf::from);
    mine.filter(|mine| mine.ends_with(rung)).unwrap_or_else(|| workspace().into())
}

fn build(rung: &str, release: bool) -> Result<PathBuf, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or("cargo".into());
    let mut command = Command::new(cargo);
    let home = home(rung);
    if home != workspace() {
        // A copy says where it is built; in the reference's place its program would take the other's, of the same name.
        command.env_remove("CARGO_TARGET_DIR");
    }
    command.current_dir(&home).args(["build", "--message-format=json"]);
    // `11-rooms/ticker` is an example of rung 11.
    let (kind, rung, name) = match rung.split_once('/') {
        Some((rung, example)) => ("--example", rung, example),
        None => ("--bin", rung, rung),
    };
    command.args([kind, name]);
    // Where a package is named, cargo chooses the features of what it depends on for that package alone. For the
    // reference `cargo test` and `make run` have built all of it with everybody's; a copy was tested by its name.
    if home != workspace() {
        command.args(["--package", &format!("step-{rung}")]);
    }
    if release {
        command.arg("--release");
    }
    let output = command.output().map_err(|error| format!("cannot run cargo: {error}"))?;
    let stdout = String::from_utf8_lossy(&output.stdout);
    let messages: Vec<Value> = stdout.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    if !output.status.success() {
        let rendered = messages.iter().filter_map(|message| message["message"]["rendered"].as_str());
        return Err(format!("{}\n{}", rendered.collect::<String>(), String::from_utf8_lossy(&output.stderr)));
    }
    let artifact = messages.iter().find(|message| {
        message["reason"] == "compiler-artifact"
            && message["target"]["name"] == name
            && message["executable"].is_string()
    });
    let path = artifact.and_then(|message| message["executable"].as_str());
    path.map(PathBuf::from).ok_or_else(|| format!("cargo built no binary called {name}"))
}
