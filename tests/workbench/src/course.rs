//! The course as it lies on the disk.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Failure;
use crate::mine::Mine;
use crate::tasks::Tasks;

/// The repository.
pub struct Course {
    /// Its top.
    pub root: PathBuf,
}

/// One rung of the reference.
pub struct Rung {
    /// `09-frames`.
    pub name: String,
    /// `steps/09-frames`.
    pub home: PathBuf,
    /// What is to be done on it.
    pub tasks: Tasks,
}

impl Course {
    /// The repository that this program was built in.
    ///
    /// # Errors
    /// When it is not there any more.
    pub fn here() -> Result<Course, Failure> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let root = root.canonicalize().map_err(|error| format!("{}: {error}", root.display()))?;
        Ok(Course { root })
    }

    /// The names of all rungs, lowest first.
    pub fn rungs(&self) -> Result<Vec<String>, Failure> {
        let mut names: Vec<String> = fs::read_dir(self.root.join("steps"))?
            .filter_map(|entry| {
                let entry = entry.ok()?;
                entry
                    .path()
                    .join("src/lib.rs")
                    .exists()
                    .then(|| entry.file_name().to_string_lossy().into_owned())
            })
            .collect();
        names.sort_unstable();
        Ok(names)
    }

    /// A rung and its tasks.
    ///
    /// # Errors
    /// When there is no such rung, or its tasks cannot be read.
    pub fn rung(&self, name: &str) -> Result<Rung, Failure> {
        let home = self.root.join("steps").join(name);
        if !home.join("src/lib.rs").exists() {
            return Err(format!("There is no rung {name}. There are: {}", self.rungs()?.join(", ")).into());
        }
        let tasks = Tasks::read(&home)?;
        Ok(Rung { name: name.to_string(), home, tasks })
    }

    /// The student's copy of a rung, which may not be there yet.
    pub fn mine(&self, rung: &str) -> Mine {
        Mine { home: self.root.join("mine").join(rung), rung: rung.to_string() }
    }
}

/// The commit that is checked out, shortly; where this is no clone, a word that says so.
pub fn commit(root: &Path) -> String {
    let output =
        std::process::Command::new("git").args(["rev-parse", "--short", "HEAD"]).current_dir(root).output();
    match output {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).trim().to_string(),
        _ => "no commit known".to_string(),
    }
}
