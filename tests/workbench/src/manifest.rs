//! The student's Cargo.toml: a workspace of its own, on the reference's rungs and with its versions and lints.

use toml::{Table, Value};

use crate::Failure;

/// The manifest of a copy of a rung that lies two levels below the top, as the reference does.
///
/// A workspace of its own, so that code which does not compile breaks nothing else.
///
/// # Errors
/// When one of the two manifests is not what cargo would take.
pub fn of_copy(of_rung: &str, of_workspace: &str) -> Result<String, Failure> {
    let mut rung: Table = toml::from_str(of_rung)?;
    let all: Table = toml::from_str(of_workspace)?;
    let shared = all.get("workspace").and_then(Value::as_table).ok_or("no [workspace] in Cargo.toml")?;
    let table = |name: &str| shared.get(name).and_then(Value::as_table).cloned().unwrap_or_default();

    inherit(rung.get_mut("package").and_then(Value::as_table_mut), &table("package"));
    for section in ["dependencies", "dev-dependencies"] {
        let dependencies = rung.get_mut(section).and_then(Value::as_table_mut);
        for (name, dependency) in dependencies.into_iter().flatten() {
            let inherits = dependency.get("workspace").is_some();
            if let Some(shared) = table("dependencies").get(name).filter(|_| inherits) {
                *dependency = merged(shared, dependency);
            }
        }
    }
    if let Some(lints) = shared.get("lints").filter(|_| rung.contains_key("lints")) {
        rung.insert("lints".into(), lints.clone());
    }
    if let Some(profiles) = profiles(&all) {
        rung.insert("profile".into(), profiles);
    }
    rung.insert("workspace".into(), Value::Table(Table::new()));
    Ok(toml::to_string(&rung)?)
}

/// The workspace's profiles, without what they say of packages by name: those are for tests, and a rung has none of them.
/// Cargo would warn.
pub fn profiles(of_workspace: &Table) -> Option<Value> {
    let mut profiles = of_workspace.get("profile")?.clone();
    for (_, profile) in profiles.as_table_mut()? {
        if let Some(packages) = profile.get_mut("package").and_then(Value::as_table_mut) {
            packages.retain(|name, _| name == "*");
        }
    }
    Some(profiles)
}

/// `version.workspace = true` becomes what the workspace says.
fn inherit(package: Option<&mut Table>, shared: &Table) {
    for (name, value) in package.into_iter().flatten() {
        if let Some(shared) = shared.get(name.as_str()).filter(|_| value.get("workspace").is_some()) {
            *value = shared.clone();
        }
    }
}

/// The workspace's dependency, with the features that the rung adds; paths lead up from the copy.
fn merged(shared: &Value, own: &Value) -> Value {
    let mut table = match shared {
        Value::Table(table) => table.clone(),
        version => Table::from_iter([("version".to_string(), version.clone())]),
    };
    if let Some(path) = table.get_mut("path")
        && let Some(text) = path.as_str()
    {
        *path = Value::String(format!("../../{text}"));
    }
    let more = own.get("features").and_then(Value::as_array).cloned().unwrap_or_default();
    if !more.is_empty() {
        let features = table.entry("features").or_insert_with(|| Value::Array(Vec::new()));
        features.as_array_mut().into_iter().for_each(|features| features.extend(more.iter().cloned()));
    }
    Value::Table(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_inherited_is_written_out() {
        let workspace = r#"
            [workspace]
            members = ["steps/*"]
            [workspace.package]
            edition = "2024"
            [workspace.dependencies]
            poll = { package = "step-02-poll", path = "steps/02-poll" }
            log = "0.4"
            mio = { version = "1", features = ["net"] }
            [workspace.lints.rust]
            unsafe_code = "deny"
            [profile.dev]
            opt-level = 1
            [profile.dev.package]
            "*".debug = false
            harness.opt-level = 0
        "#;
        let rung = r#"
            [package]
            name = "step-03-lines"
            edition.workspace = true
            [dependencies]
            poll.workspace = true
            log.workspace = true
            mio = { workspace = true, features = ["os-poll"] }
            [lints]
            workspace = true
        "#;
        let copy: Table = toml::from_str(&of_copy(rung, workspace).unwrap()).unwrap();
        let expected: Table = toml::from_str(
            r#"
            [package]
            name = "step-03-lines"
            edition = "2024"
            [dependencies]
            poll = { package = "step-02-poll", path = "../../steps/02-poll" }
            log = { version = "0.4" }
            mio = { version = "1", features = ["net", "os-poll"] }
            [lints.rust]
            unsafe_code = "deny"
            [profile.dev]
            opt-level = 1
            [profile.dev.package."*"]
            debug = false
            [workspace]
        "#,
        )
        .unwrap();
        assert_eq!(copy, expected);
    }
}
