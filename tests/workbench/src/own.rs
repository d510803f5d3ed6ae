//! A rung of the student's upon the student's own lower rungs.
//!
//! Cargo refuses two packages of one name, so what stands between the lowest own rung and this one cannot be the
//! reference's: it names the reference below it. `mine/.own` holds a manifest for each, which differs only in where it looks:
//! an untouched rung is still compiled from the reference's source.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use toml::{Table, Value};

use crate::course::Course;
use crate::{Failure, cargo, manifest};

/// Where a copy is built: in itself, or with `OWN` set, upon the student's own lower rungs.
///
/// # Errors
/// When the rung was not started, or a manifest cannot be read or written.
pub fn place(course: &Course, name: &str) -> Result<PathBuf, Failure> {
    let mine = course.mine(name);
    mine.expect()?;
    if std::env::var_os("OWN").is_some() { tower(course, name) } else { Ok(mine.home) }
}

/// Runs the student's program.
///
/// # Errors
/// When the rung was not started, or cargo cannot be run.
pub fn run(course: &Course, name: &str, arguments: &[&str]) -> Result<ExitCode, Failure> {
    let mut command = cargo::in_copy(&place(course, name)?);
    command.args(["run", "--quiet", "--bin", name, "--"]).args(arguments);
    let status = command.status().map_err(|error| format!("cannot run cargo: {error}"))?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Writes `mine/.own` for this rung, on those below it whose last check has passed, and says where to build.
///
/// # Errors
/// When a manifest cannot be read or written.
fn tower(course: &Course, name: &str) -> Result<PathBuf, Failure> {
    let own = |rung: &str| rung == name || (rung < name && course.mine(rung).has_passed());
    let rungs: Vec<String> = course.rungs()?.into_iter().filter(|rung| rung.as_str() <= name).collect();
    let lowest = rungs.iter().position(|rung| own(rung)).ok_or_else(|| format!("there is no rung {name}"))?;
    let built = &rungs[lowest..];

    let home = course.root.join("mine/.own");
    let of_workspace = fs::read_to_string(course.root.join("Cargo.toml"))?;
    let mut workspace = Table::new();
    for rung in built {
        let (text, sources) = if own(rung) {
            (fs::read_to_string(course.mine(rung).home.join("Cargo.toml"))?, format!("../../{rung}"))
        } else {
            let of_rung = fs::read_to_string(course.root.join("steps").join(rung).join("Cargo.toml"))?;
            (manifest::of_copy(&of_rung, &of_workspace)?, format!("../../../steps/{rung}"))
        };
        let mut member: Table = toml::from_str(&text)?;
        member.remove("workspace");
        if let Some(profile) = member.remove("profile") {
            workspace.insert("profile".into(), profile);
        }
        lead_to(&mut member, &sources, built);
        write(&home.join(rung).join("Cargo.toml"), &toml::to_string(&member)?)?;
        // What a program looks for beside its manifest.
        let (page, link) = (format!("{sources}/page"), home.join(rung).join("page"));
        if home.join(rung).join(&page).exists() && !link.is_symlink() {
            std::os::unix::fs::symlink(&page, &link)?;
        }
    }
    let members = Table::from_iter([
        ("resolver".to_string(), Value::from("3")),
        ("members".to_string(), Value::from(built.to_vec())),
    ]);
    workspace.insert("workspace".into(), Value::Table(members));
    write(&home.join("Cargo.toml"), &toml::to_string(&workspace)?)?;
    if !home.join("Cargo.lock").exists() {
        fs::copy(course.root.join("Cargo.lock"), home.join("Cargo.lock"))?;
    }
    let config = "[build]\nbuild-dir = \"../../target\"\ntarget-dir = \"target\"\n";
    write(&home.join(".cargo/config.toml"), config)?;
    let lower: Vec<&str> =
        built.iter().filter(|rung| own(rung) && *rung != name).map(String::as_str).collect();
    match lower.as_slice() {
        [] => println!("Below {name} no rung of yours has passed: it stands on the course's."),
        lower => println!("{name} stands on your own {}.", lower.join(", ")),
    }
    Ok(home.join(name))
}

/// Lets a manifest in `mine/.own/NAME` find its sources, and the rungs below it.
fn lead_to(member: &mut Table, sources: &str, built: &[String]) {
    let library = member.entry("lib").or_insert_with(|| Value::Table(Table::new()));
    if let Some(library) = library.as_table_mut() {
        library.insert("path".into(), format!("{sources}/src/lib.rs").into());
    }
    for program in member.get_mut("bin").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(program) = program.as_table_mut() {
            let path = program.get("path").and_then(Value::as_str).unwrap_or("src/main.rs");
            program.insert("path".into(), format!("{sources}/{path}").into());
        }
    }
    for section in ["dependencies", "dev-dependencies"] {
        let dependencies = member.get_mut(section).and_then(Value::as_table_mut);
        for (_, dependency) in dependencies.into_iter().flatten() {
            let Some(path) = dependency.get_mut("path") else { continue };
            let Some(rung) = path.as_str().and_then(|path| Path::new(path).file_name()) else { continue };
            let rung = rung.to_string_lossy().into_owned();
            *path = match built.contains(&rung) {
                true => format!("../{rung}"),
                false => format!("../../../steps/{rung}"),
            }
            .into();
        }
    }
}

/// Only what is new, or cargo would build anew.
fn write(path: &Path, content: &str) -> Result<(), Failure> {
    if fs::read_to_string(path).is_ok_and(|there| there == content) {
        return Ok(());
    }
    fs::create_dir_all(path.parent().expect("it was joined"))?;
    Ok(fs::write(path, content)?)
}
