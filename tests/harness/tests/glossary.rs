//! notes/glossary.md: each word once, in its place in the alphabet, with a chapter that exists.

use std::fs;
use std::path::Path;

#[test]
fn each_word_has_its_place_and_its_chapter() {
    let notes = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../notes");
    let page = fs::read_to_string(notes.join("glossary.md")).expect("notes/glossary.md");
    let mut words = 0;
    for section in page.split("\n## ").skip(1) {
        let mut before = String::new();
        for entry in section.split("\n- **").skip(1) {
            let (word, text) = entry.split_once("**: ").unwrap_or_else(|| panic!("no word: {entry}"));
            assert!(before < word.to_lowercase(), "{word} stands behind {before}");
            before = word.to_lowercase();
            let links: Vec<&str> =
                text.split("](").skip(1).filter_map(|link| link.split(')').next()).collect();
            assert!(!links.is_empty(), "no chapter for {word}");
            for link in links {
                assert!(notes.join(link).exists(), "{word} names {link}, which is not there");
            }
            words += 1;
        }
    }
    assert!(words >= 60, "only {words} words were found: has the page another form now?");
}
