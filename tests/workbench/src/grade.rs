//! All rungs that were started, judged: a line for each, and a file for machines.

use std::fs;
use std::process::ExitCode;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::Failure;
use crate::course::{Course, Rung};
use crate::judge::{Judge, Outcome};

/// Where the file goes, from the top of the repository.
const FILE: &str = "target/grade.xml";

/// Judges every rung in `mine/`, whole: one that fails does not hide those behind it.
///
/// # Errors
/// When cargo cannot be run, or the file cannot be written.
pub fn grade(course: &Course) -> Result<ExitCode, Failure> {
    let mut report = Report::new("barewire");
    let mut good = true;
    for name in course.rungs()? {
        if !course.mine(&name).exists() {
            continue;
        }
        let rung = course.rung(&name)?;
        let suite = judged(course, &rung)?;
        let (tasks, rest) = suite.test_cases.split_at(rung.tasks.list.len());
        let right = tasks.iter().filter(|case| is_right(case)).count();
        let rest: Vec<String> = rest
            .iter()
            .map(|case| format!("{} {}", case.name.as_str(), if is_right(case) { "pass" } else { "fail" }))
            .collect();
        good &= suite.test_cases.iter().all(is_right);
        println!("{name:14}  {right} of {} tasks, {}", tasks.len(), rest.join(", "));
        report.add_test_suite(suite);
    }
    if report.test_suites.is_empty() {
        println!("No rung was started: make start STEP=01");
    }
    let path = course.root.join(FILE);
    fs::create_dir_all(path.parent().expect("it was joined"))?;
    fs::write(&path, report.to_string()?)?;
    println!("\nThe same for machines, with what failed: {FILE} (JUnit)");
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A case for each task, one for all unit tests, one for the tests from outside.
fn judged(course: &Course, rung: &Rung) -> Result<TestSuite, Failure> {
    let mut suite = TestSuite::new(&rung.name);
    let names = rung.tasks.list.iter().map(|task| task.function.as_str());
    let names = names.chain(["unit tests", "tests from outside"]);
    match Judge::build(course, rung)? {
        Ok(judge) => {
            for (index, name) in names.enumerate() {
                let outcome = match index.checked_sub(rung.tasks.list.len()) {
                    None => judge.task(index),
                    Some(0) => judge.unit_tests(),
                    Some(_) => judge.from_outside(false)?,
                };
                suite.add_test_case(case(name, outcome));
            }
        }
        Err(errors) => {
            for name in names {
                suite.add_test_case(case(
                    name,
                    Outcome::Failed(format!("it does not compile\n{}", errors.join("\n"))),
                ));
            }
        }
    }
    Ok(suite)
}

fn case(name: &str, outcome: Outcome) -> TestCase {
    let failed = |message: &str, text: &str| {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_message(message.to_string()).set_description(text.to_string());
        status
    };
    let status = match outcome {
        Outcome::Passed => TestCaseStatus::success(),
        Outcome::Open => failed("not written yet", "The body is still todo!()."),
        Outcome::Failed(told) => {
            failed(told.lines().find(|line| !line.is_empty()).unwrap_or_default(), &told)
        }
    };
    TestCase::new(name, status)
}

fn is_right(case: &TestCase) -> bool {
    matches!(case.status, TestCaseStatus::Success { .. })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_reads_what_is_right_and_what_is_not() {
        let mut report = Report::new("barewire");
        let mut suite = TestSuite::new("09-frames");
        suite.add_test_case(case("mask", Outcome::Passed));
        suite.add_test_case(case("Header::parse", Outcome::Open));
        suite.add_test_case(case(
            "unit tests",
            Outcome::Failed("\nA test fails: 1 < 2 & \u{1b}[1mbold\nmore".into()),
        ));
        assert_eq!(suite.test_cases.iter().filter(|case| is_right(case)).count(), 1);
        report.add_test_suite(suite);
        let xml = report.to_string().unwrap();
        assert!(xml.contains("tests=\"3\"") && xml.contains("failures=\"2\""), "{xml}");
        assert!(xml.contains("1 &lt; 2 &amp; bold") && !xml.contains('\u{1b}'), "{xml}");
    }
}
