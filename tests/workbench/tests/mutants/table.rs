//! The mistakes, as tests/mutants tells them: a file for each rung.

use std::fs;
use std::path::PathBuf;

use serde::Deserialize;
use workbench::Course;

/// All mistakes, in the order of the rungs.
pub struct Mistakes {
    pub list: Vec<Mistake>,
}

/// One mistake that a student makes.
pub struct Mistake {
    pub name: String,
    /// The row of notes/bugs.md: what stands in its first cell.
    pub bug: String,
    /// The rung whose suite is run.
    pub suite: String,
    /// What the student has thought or done, in a sentence.
    pub mistake: String,
    pub made: Made,
    /// The test that must be the first to fail.
    pub test: String,
    /// What its report must hold.
    pub says: Vec<String>,
}

/// How the mistake is made.
pub enum Made {
    /// In the reference.
    Changes(Vec<Changed>),
    /// In a program of its own, where Rust's library does not let it happen. `FIXED=1` mends it.
    Program { path: PathBuf },
}

/// A change in the body of one function.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Changed {
    pub rung: String,
    pub file: String,
    pub function: String,
    pub from: String,
    pub to: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    mutant: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    bug: String,
    mistake: String,
    test: String,
    says: Vec<String>,
    /// A lower rung, where the mistake is made there and shows here.
    rung: Option<String>,
    file: Option<String>,
    function: Option<String>,
    from: Option<String>,
    to: Option<String>,
    /// Where one change is not enough.
    #[serde(default)]
    also: Vec<Changed>,
    /// A program in tests/mutants.
    program: Option<String>,
}

impl Mistakes {
    /// Reads all files.
    pub fn read(course: &Course) -> Mistakes {
        let folder = course.root.join("tests/mutants");
        let mut list = Vec::new();
        for rung in course.rungs().unwrap() {
            let path = folder.join(format!("{rung}.toml"));
            // A rung that has no mistake of its own has no file.
            let Ok(text) = fs::read_to_string(&path) else { continue };
            let file: File =
                toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            list.extend(file.mutant.into_iter().map(|entry| entry.mistake(&rung)));
        }
        for (number, mistake) in list.iter().enumerate() {
            let twice = list[..number].iter().any(|other: &Mistake| other.name == mistake.name);
            assert!(!twice, "two mistakes are called {}", mistake.name);
        }
        Mistakes { list }
    }
}

impl Entry {
    fn mistake(self, suite: &str) -> Mistake {
        let Entry { name, bug, mistake, test, says, .. } = self;
        let made = match (self.program, self.file, self.function, self.from, self.to) {
            (Some(program), None, None, None, None) => Made::Program { path: program.into() },
            (None, Some(file), Some(function), Some(from), Some(to)) => {
                let rung = self.rung.unwrap_or_else(|| suite.to_string());
                let first = Changed { rung, file, function, from, to };
                Made::Changes([first].into_iter().chain(self.also).map(Changed::trimmed).collect())
            }
            _ => panic!("{name}: either a program, or file, function, from and to"),
        };
        Mistake { name, bug, suite: suite.to_string(), mistake, made, test, says }
    }
}

impl Changed {
    /// Without the line end before the closing quotes.
    fn trimmed(self) -> Changed {
        let Changed { from, to, .. } = &self;
        let [from, to] = [from, to].map(|text| text.trim_end().to_string());
        Changed { from, to, ..self }
    }
}
