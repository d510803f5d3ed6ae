//! The student's copy of a rung, and how far it is.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::Failure;
use crate::course::{Course, Rung};
use crate::holes::Source;
use crate::tasks::{Task, said};

/// `mine/09-frames`.
pub struct Mine {
    /// Where it is.
    pub home: PathBuf,
    /// `09-frames`.
    pub rung: String,
}

/// Where the workbench keeps what it must remember of a copy.
pub const KEPT: &str = ".workbench";

impl Mine {
    /// Whether the rung was started.
    pub fn exists(&self) -> bool {
        self.home.join("Cargo.toml").exists()
    }

    /// # Errors
    /// When the rung was not started.
    pub fn expect(&self) -> Result<(), Failure> {
        if self.exists() {
            return Ok(());
        }
        let number = self.rung.split('-').next().unwrap_or_default();
        Err(format!("You have no {} yet: make start STEP={number}", self.rung).into())
    }

    /// Whether a task is still to do. A file that cannot be read as Rust now may be anything: the compiler says more.
    pub fn is_open(&self, task: &Task) -> bool {
        let Ok(text) = fs::read_to_string(self.home.join(&task.file)) else { return true };
        let Ok(source) = Source::read(&text) else { return false };
        source.body(&task.function).is_ok_and(|body| body.contains("todo!("))
    }

    /// The first task that is still to do, with its index.
    pub fn next<'a>(&self, rung: &'a Rung) -> Option<(usize, &'a Task)> {
        rung.tasks.list.iter().enumerate().find(|(_, task)| self.is_open(task))
    }

    /// What was kept under a name; empty where nothing was.
    pub fn recall(&self, name: &str) -> String {
        fs::read_to_string(self.home.join(KEPT).join(name)).unwrap_or_default()
    }

    /// Keeps something under a name.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep(&self, name: &str, content: &str) -> Result<(), Failure> {
        fs::create_dir_all(self.home.join(KEPT))?;
        Ok(fs::write(self.home.join(KEPT).join(name), content)?)
    }

    /// The task that the last check stopped at, if it failed there.
    pub fn failed(&self) -> Option<usize> {
        self.recall("failed").trim().parse().ok()
    }

    /// The files in which the lines still stand that keep a starter, where nobody calls some helpers, free of warnings.
    pub fn loose_ends(&self) -> Vec<String> {
        let stand = |file: &&str| {
            fs::read_to_string(self.home.join(file)).is_ok_and(|text| text.contains(crate::start::QUIET))
        };
        let files = ["src/lib.rs", "src/main.rs"].into_iter().filter(stand);
        files.map(|file| format!("mine/{}/{file}", self.rung)).collect()
    }

    /// Whether the last check was passed.
    pub fn has_passed(&self) -> bool {
        !self.recall("passed").is_empty()
    }
}

/// The next hint for the task that is next: the one whose tests failed, or the first that is still a hole. `TASK` names
/// another one: a test from outside may ask for what no test of a task has seen.
///
/// # Errors
/// When the rung was not started, or `TASK` is none of its tasks.
pub fn hint(course: &Course, name: &str) -> Result<ExitCode, Failure> {
    let rung = course.rung(name)?;
    let mine = course.mine(name);
    mine.expect()?;
    let at = |index: usize| Some((index, rung.tasks.list.get(index)?));
    let wanted = match std::env::var("TASK") {
        Ok(task) => Some(
            task.parse::<usize>()
                .ok()
                .and_then(|number| at(number.checked_sub(1)?))
                .ok_or_else(|| format!("TASK={task}: {name} has the tasks 1 to {}", rung.tasks.list.len()))?,
        ),
        Err(_) => None,
    };
    let Some((index, task)) = wanted.or_else(|| at(mine.failed()?)).or_else(|| mine.next(&rung)) else {
        let step = number(name);
        println!("No task of {name} is open. `make check STEP={step}` says whether all is right.");
        println!("The hints of a task that is written: make hint STEP={step} TASK={}", rung.tasks.list.len());
        return Ok(ExitCode::SUCCESS);
    };
    let kept = format!("hints-{index}");
    let given: usize = mine.recall(&kept).trim().parse().unwrap_or(0);
    println!("{}\n", headline(&rung, index));
    match task.hints.get(given) {
        Some(hint) => {
            println!("{}", said(&format!("Hint {} of {}:", given + 1, task.hints.len()), hint, 90));
            mine.keep(&kept, &(given + 1).to_string())?;
        }
        None => {
            for (n, hint) in task.hints.iter().enumerate() {
                println!("{}\n", said(&format!("Hint {}:", n + 1), hint, 90));
            }
            println!("These were all. The chapter is notes/{name}.md.");
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// `Task 3 of 7: Decoder::next in mine/09-frames/src/decoder.rs`.
pub fn headline(rung: &Rung, index: usize) -> String {
    let Task { file, function, .. } = &rung.tasks.list[index];
    format!("Task {} of {}: {function} in mine/{}/{file}", index + 1, rung.tasks.list.len(), rung.name)
}

/// `09` of `09-frames`: what STEP takes.
pub fn number(name: &str) -> &str {
    name.split('-').next().unwrap_or(name)
}
