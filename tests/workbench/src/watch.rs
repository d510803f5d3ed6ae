//! Checks a copy again each time that it is saved.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use crate::Failure;
use crate::check::check;
use crate::course::Course;
use crate::mine::number;

/// Often enough that nobody waits, seldom enough that no battery feels it. The modification times are asked for, not an
/// event of the system: that works the same on every system and in every shared folder.
const PAUSE: Duration = Duration::from_millis(300);

/// Checks, and again after each change, until Ctrl-C.
///
/// # Errors
/// When the rung was not started, or cargo cannot be run.
pub fn watch(course: &Course, name: &str) -> Result<ExitCode, Failure> {
    let mine = course.mine(name);
    mine.expect()?;
    loop {
        let seen = times(&mine.home);
        // Clears a terminal, and is nothing to read in a file.
        if std::io::IsTerminal::is_terminal(&std::io::stdout()) {
            print!("\u{1b}[2J\u{1b}[H");
        }
        // A copy that does not compile, or that fails, is what one watches for.
        if let Err(failure) = check(course, name) {
            println!("{failure}");
        }
        println!(
            "\nWaiting for a change in mine/{name}. By hand: make check STEP={0}. Ctrl-C ends.",
            number(name)
        );
        while times(&mine.home) == seen {
            std::thread::sleep(PAUSE);
        }
    }
}

/// When each file of a copy was changed last; not those that cargo or the workbench writes.
fn times(home: &Path) -> BTreeMap<PathBuf, SystemTime> {
    let mut times = BTreeMap::new();
    let mut folders = vec![home.to_path_buf()];
    while let Some(folder) = folders.pop() {
        // A file may go while it is looked at: an editor has just saved it.
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            let Ok(metadata) = entry.metadata() else { continue };
            if metadata.is_dir() {
                if name != "target" && !name.to_string_lossy().starts_with('.') {
                    folders.push(path);
                }
            } else if name != "Cargo.lock"
                && let Ok(time) = metadata.modified()
            {
                times.insert(path, time);
            }
        }
    }
    times
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_save_is_seen_and_a_build_is_not() {
        let home = std::env::temp_dir().join(format!("workbench-watch-{}", std::process::id()));
        for folder in ["src/inner", "target", ".workbench"] {
            fs::create_dir_all(home.join(folder)).unwrap();
        }
        let source = home.join("src/inner/mask.rs");
        fs::write(&source, "fn a() {}").unwrap();
        let seen = times(&home);
        for other in ["target/built", ".workbench/passed", "Cargo.lock"] {
            fs::write(home.join(other), "").unwrap();
        }
        assert_eq!(times(&home), seen);
        let later = SystemTime::now() + Duration::from_secs(1);
        fs::File::options().write(true).open(&source).unwrap().set_modified(later).unwrap();
        assert_ne!(times(&home), seen);
        let seen = times(&home);
        fs::write(home.join("src/new.rs"), "").unwrap();
        assert_ne!(times(&home), seen);
        fs::remove_dir_all(home).unwrap();
    }
}
