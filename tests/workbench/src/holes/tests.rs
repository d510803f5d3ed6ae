use super::{Change, HoleError, Source};

const FILE: &str = r#"//! The words of the file.

/// Doubles.
pub fn double(n: u32) -> u32 {
    // why twice
    n * 2
}

fn nothing() {}

fn taken_apart((a, b): (u8, u8), [c, ..]: [u8; 4], mut d: u8, _unused: u8) -> u8 {
    d += 1;
    a + b + c + d
}

const fn early() -> u8 {
    1
}

fn many() -> impl Iterator<Item = u8> {
    0..3
}

fn boxed() -> Option<Box<dyn Fn(u8)>> {
    None
}

struct Decoder;

impl Decoder {
    /// The next one.
    fn next(&mut self, bytes: &[u8]) -> usize {
        bytes.len() // all of them
    }
}

trait Protocol {
    fn data(&mut self);
    /// By default: nothing.
    fn ended(&mut self, why: u8) {
        drop(why)
    }
}

impl<T> Protocol for super::Http<T> {
    fn data(&mut self) {}
}

impl Protocol for &mut Decoder {
    fn data(&mut self) {}
}

mod inner {
    mod most {
        pub fn deep() -> u8 {
            3
        }
    }
    fn deep() {}
}
"#;

fn holed(function: &str, words: &str) -> Result<String, HoleError> {
    Source::read(FILE).unwrap().with_holes(&[(function, words.to_string())])
}

/// The file with a hole is the file with one text in place of another.
#[track_caller]
fn becomes(function: &str, words: &str, from: &str, to: &str) {
    assert_eq!(FILE.matches(from).count(), 1, "the test's own text stands once in the file");
    let holed = holed(function, words).unwrap();
    assert_eq!(holed, FILE.replace(from, to));
    syn::parse_file(&holed).expect("it is still Rust");
}

#[test]
fn a_free_function_keeps_its_words_and_its_signature() {
    let (from, to) = (
        "u32 {\n    // why twice\n    n * 2\n}",
        "u32 {\n    // Task 1.\n    //\n    // Double it.\n    let _ = n;\n    todo!()\n}",
    );
    becomes("double", "Task 1.\n\nDouble it.", from, to);
}

#[test]
fn a_function_without_parameters_has_nothing_to_ignore() {
    becomes("nothing", "Do it.", "fn nothing() {}", "fn nothing() {\n    // Do it.\n    todo!()\n}");
}

#[test]
fn what_patterns_bind_is_ignored_by_name() {
    let (from, to) = ("{\n    d += 1;\n    a + b + c + d\n}", "{\n    let _ = (a, b, c, d);\n    todo!()\n}");
    becomes("taken_apart", "", from, to);
}

#[test]
fn a_method_is_called_by_its_type_and_indented_with_it() {
    let (from, to) = (
        "usize {\n        bytes.len() // all of them\n    }",
        "usize {\n        // Go on.\n        let _ = bytes;\n        todo!()\n    }",
    );
    becomes("Decoder::next", "Go on.", from, to);
}

#[test]
fn a_method_of_a_trait_is_called_by_both() {
    let body = "{\n        todo!()\n    }";
    let http = "Http<T> {\n    fn data(&mut self) {}";
    becomes("Protocol for Http::data", "", http, &http.replace("{}", body));
    let decoder = "&mut Decoder {\n    fn data(&mut self) {}";
    becomes("Protocol for Decoder::data", "", decoder, &decoder.replace("{}", body));
}

#[test]
fn a_default_of_a_trait_can_be_a_hole_and_a_promise_cannot() {
    becomes("Protocol::ended", "", "drop(why)", "let _ = why;\n        todo!()");
    let Err(HoleError::Unknown(name, there)) = holed("Protocol::data", "") else { panic!("it has no body") };
    assert_eq!(name, "Protocol::data");
    assert!(there.contains(&"Protocol::ended".to_string()), "{there:?}");
}

#[test]
fn a_function_in_a_module_is_called_by_all_modules_around_it() {
    becomes("inner::most::deep", "", "            3\n", "            todo!()\n");
    becomes("inner::deep", "", "fn deep() {}", "fn deep() {\n        todo!()\n    }");
}

#[test]
fn where_todo_would_not_compile_there_is_no_hole() {
    assert_eq!(holed("early", ""), Err(HoleError::Unfit("early".into(), "it is const")));
    assert_eq!(holed("many", ""), Err(HoleError::Unfit("many".into(), "it returns impl Trait")));
    assert!(holed("boxed", "").is_ok(), "a box of a trait is a type like any other");
}

#[test]
fn a_name_that_two_have_names_none() {
    let twice = "struct A; impl A { fn new() {} } impl A { fn new() {} }";
    let error = Source::read(twice).unwrap().with_holes(&[("A::new", String::new())]);
    assert_eq!(error, Err(HoleError::Ambiguous("A::new".into())));
}

#[test]
fn a_name_that_nobody_has_is_answered_with_those_there_are() {
    let error = holed("duoble", "").unwrap_err().to_string();
    assert!(error.starts_with("no function duoble; there are: double, nothing,"), "{error}");
}

#[test]
fn several_holes_do_not_shift_each_other() {
    let source = Source::read(FILE).unwrap();
    // Neither the order of the file nor its reverse.
    let holes = ["Decoder::next", "double", "inner::deep", "nothing"].map(|name| (name, String::new()));
    let holed = source.with_holes(&holes).unwrap();
    let after = Source::read(&holed).unwrap();
    for (name, _) in holes {
        assert!(after.body(name).unwrap().contains("todo!()"), "{name}");
    }
    assert_eq!(after.body("boxed"), source.body("boxed"));
}

#[test]
fn a_body_is_found_again_when_others_have_moved_it() {
    let source = Source::read(FILE).unwrap();
    assert_eq!(source.body("double").unwrap(), "{\n    // why twice\n    n * 2\n}");
}

#[test]
fn a_switch_keeps_the_body_behind_it() {
    let switched = Source::read(FILE).unwrap().with_switches(&[("double", "open()".to_string())]).unwrap();
    let body = "{\n    // why twice\n    n * 2\n}";
    assert_eq!(switched, FILE.replace(body, &format!("{{ if open() {{ todo!() }}{}", &body[1..])));
}

#[test]
fn what_is_no_rust_is_refused() {
    assert!(matches!(Source::read("fn {"), Err(HoleError::NoRust(_))));
}

#[test]
fn a_function_does_something_else_while_a_condition_holds() {
    let source = Source::read(FILE).unwrap();
    let change =
        |condition: &str, from, to| Change { function: "double", condition: condition.into(), from, to };
    let text = source.with_changes(&[change("one()", "n * 2", "n + 2"), change("two()", "2", "3")]).unwrap();
    let body = "{ if one() {\n    // why twice\n    n + 2\n} else if two() {\n    // why twice\n    n * 3\n} else \
                {\n    // why twice\n    n * 2\n} }";
    assert!(text.contains(&format!("pub fn double(n: u32) -> u32 {body}\n")), "{text}");
    let error = source.with_changes(&[change("one()", " ", "")]).unwrap_err();
    assert_eq!(error, HoleError::NotOnce(" ".into(), "double".into()), "it stands there more than once");
}
