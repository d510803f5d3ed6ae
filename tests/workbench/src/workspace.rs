//! All rungs, changed, as one workspace: what is common to them is compiled once.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use toml::Table;

use crate::course::Rung;
use crate::manifest::profiles;
use crate::start::{Files, collect};
use crate::{Course, cargo};

/// A workspace whose rungs lie in `NAME/steps`. Cargo tells packages of one name apart by the path from the top of the
/// workspace, and all workspaces build in one folder: rungs in `steps` would be taken for the reference, and those of two
/// workspaces for each other.
pub struct Workspace {
    /// Its top.
    pub home: PathBuf,
}

/// The programs that hold the unit tests of a rung.
pub type Programs = BTreeMap<String, Vec<PathBuf>>;

impl Workspace {
    /// Writes what `files` makes of each rung, into `target/tmp/proof`; `tmp` is the `CARGO_TARGET_TMPDIR` of a test.
    /// Only what is new is written, so that cargo builds only that.
    ///
    /// # Panics
    /// When it cannot be written: it is for tests.
    pub fn write(course: &Course, tmp: &str, name: &str, files: impl Fn(&Rung) -> Files) -> Workspace {
        let home = Path::new(tmp).join("proof").join(name);
        let build_dir = Path::new(tmp).parent().expect("it lies in target").to_path_buf();
        let mut all = Files::new();
        for rung in course.rungs().unwrap() {
            let rung = course.rung(&rung).unwrap();
            for (path, content) in files(&rung) {
                all.insert(Path::new(name).join("steps").join(&rung.name).join(path), content);
            }
            // As it is there: a member of a workspace.
            let manifest = fs::read(rung.home.join("Cargo.toml")).unwrap();
            all.insert(Path::new(name).join("steps").join(&rung.name).join("Cargo.toml"), manifest);
        }
        all.insert("Cargo.toml".into(), manifest(course, name).into_bytes());
        all.insert("Cargo.lock".into(), fs::read(course.root.join("Cargo.lock")).unwrap());
        // Absolute: what is compiled for the reference too is there already.
        let config = format!("[build]\nbuild-dir = {build_dir:?}\ntarget-dir = {:?}\n", home.join("target"));
        all.insert(".cargo/config.toml".into(), config.into());
        replace(&home, name, &all);
        Workspace { home }
    }

    /// Where a rung lies.
    pub fn rung(&self, name: &str) -> PathBuf {
        self.home.join(self.home.file_name().expect("it was joined")).join("steps").join(name)
    }

    /// Builds the programs of all rungs and their examples, and returns the folder in which they lie.
    ///
    /// # Panics
    /// When one does not compile.
    pub fn programs(&self) -> PathBuf {
        let output = cargo::in_copy(&self.home)
            .args(["build", "--quiet", "--workspace", "--bins", "--examples"])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        self.home.join("target/debug")
    }

    /// Builds the unit tests of these rungs.
    ///
    /// # Panics
    /// When one does not compile.
    pub fn unit_tests(&self, rungs: &[Rung]) -> Programs {
        let packages = packages(rungs);
        let mut arguments = vec!["--lib", "--bins"];
        arguments.extend(packages.iter().map(String::as_str));
        let built = cargo::build_tests(cargo::in_copy(&self.home), &arguments).unwrap();
        assert!(built.errors.is_empty(), "{}", built.errors.join("\n"));
        let mut programs = Programs::new();
        for (rung, program) in built.programs {
            programs.entry(rung).or_default().push(program);
        }
        programs
    }
}

/// What tells cargo to build these rungs.
pub fn packages(rungs: &[Rung]) -> Vec<String> {
    rungs.iter().map(|rung| format!("--package=step-{}", rung.name)).collect()
}

/// The files of a rung as they are.
///
/// # Panics
/// When one cannot be read.
pub fn as_they_are(rung: &Rung) -> Files {
    let mut files = Files::new();
    collect(&rung.home, Path::new(""), &mut files).unwrap();
    files
}

/// The workspace's own, with other members.
fn manifest(course: &Course, name: &str) -> String {
    let mut manifest: Table =
        toml::from_str(&fs::read_to_string(course.root.join("Cargo.toml")).unwrap()).unwrap();
    if let Some(mut profiles) = profiles(&manifest) {
        // Unit tests that run once or twice are not worth optimising. What they stand on, the reference needs as it is.
        let test =
            "inherits = 'dev'\nopt-level = 0\ndebug = false\npackage.'*' = { opt-level = 1, debug = false }";
        let test: Table = toml::from_str(test).unwrap();
        profiles.as_table_mut().unwrap().insert("test".into(), test.into());
        manifest.insert("profile".into(), profiles);
    }
    let workspace = manifest["workspace"].as_table_mut().unwrap();
    workspace.insert("members".into(), vec![format!("{name}/steps/*")].into());
    workspace.remove("exclude");
    let dependencies = workspace["dependencies"].as_table_mut().unwrap();
    dependencies.retain(|_, dependency| {
        !dependency.get("path").and_then(|path| path.as_str()).is_some_and(|path| path.starts_with("tests"))
    });
    for (_, dependency) in dependencies {
        if let Some(path) = dependency.get_mut("path") {
            *path = format!("{name}/{}", path.as_str().unwrap()).into();
        }
    }
    toml::to_string(&manifest).unwrap()
}

/// Makes a folder hold these files and, below `name`, no others.
fn replace(home: &Path, name: &str, files: &Files) {
    let mut there = Files::new();
    if home.join(name).exists() {
        collect(home, Path::new(""), &mut there).unwrap();
    }
    for path in there.keys().filter(|path| path.starts_with(name) && !files.contains_key(*path)) {
        fs::remove_file(home.join(path)).unwrap();
    }
    for (path, content) in files.iter().filter(|(path, content)| there.get(*path) != Some(content)) {
        // Cargo has taken out what these rungs do not need.
        if path != Path::new("Cargo.lock") || !there.contains_key(path) {
            fs::create_dir_all(home.join(path).parent().unwrap()).unwrap();
            fs::write(home.join(path), content).unwrap();
        }
    }
}
