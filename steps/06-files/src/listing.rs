//! A page for a folder that has no `index.html`: what is in it. Only where it was asked for (`--list`).
//!
//! **It shows no more than can be fetched**: no dotfiles, no links that lead out, no FIFOs; and a name is
//! somebody else's text, in HTML as in a link.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, UNIX_EPOCH};

use httpdate::fmt_http_date;
use keep_alive::{Answer, Content};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use request::Status;
use rustix::fs::{AtFlags, Dir, FileType, statat};

use crate::path::is_served;
use crate::{Found, Name, Root, random};

/// More entries are not shown, and the page says so. GitHub's page of a folder shows as many.
const MAX_SHOWN: usize = 1000;

/// More names are not read. One thread serves all, and a folder may hold millions: of 200,000 names the page came
/// in 5 ms, of 1000 in 3 ms.
const MAX_READ: usize = 4000;

/// Lists `folder`, which was opened as `name`.
///
/// The page has no validators: the folder's time does not change when a file in it grows.
pub(crate) fn send(root: &Root, name: &Name, folder: File, answer: &mut Answer<'_, '_>) {
    let (entries, complete) = match read(root, name, folder) {
        Ok(read) => read,
        Err(error) => {
            log::warn!("{} {}: {error}", answer.io().id(), name.path().display());
            return answer.text(Status::InternalServerError, "The folder cannot be read.\n");
        }
    };
    // Without random bits there is a page without its style.
    let nonce = random::token().unwrap_or_default();
    let page = page(name, &entries, complete, &nonce);
    answer.send(Status::Ok, Content::Bytes(page.as_bytes()), |fields| {
        fields
            .field("Content-Type", "text/html; charset=utf-8")
            .field("X-Content-Type-Options", "nosniff")
            // Should a name ever get through as HTML, it could still do nothing.
            .field(
                "Content-Security-Policy",
                format_args!(
                    "default-src 'none'; style-src 'nonce-{nonce}'; img-src data:; base-uri 'none'; form-action 'none'"
                ),
            )
            .field("Cache-Control", "no-cache")
    });
}

#[derive(Debug, PartialEq, Eq)]
struct Entry {
    name: Vec<u8>,
    /// In bytes; `None`: it is a folder.
    length: Option<u64>,
    /// In seconds since 1970.
    modified: i64,
}

/// The entries in the order of their names' bytes, and whether these are all.
fn read(root: &Root, name: &Name, folder: File) -> io::Result<(Vec<Entry>, bool)> {
    let mut folder = Dir::new(folder)?;
    // The least names of those that were read.
    let mut names = BTreeSet::new();
    let mut complete = true;
    for count in 0.. {
        let Some(entry) = folder.read() else { break };
        if count == MAX_READ {
            complete = false;
            break;
        }
        let entry = entry?;
        if is_served(entry.file_name().to_bytes()) {
            names.insert(entry.file_name().to_bytes().to_vec());
        }
        if names.len() > MAX_SHOWN {
            names.pop_last();
            complete = false;
        }
    }
    let entries = names.into_iter().filter_map(|entry| look(root, name, &folder, entry)).collect();
    Ok((entries, complete))
}

/// `None`: it is gone already, or nothing that would be sent.
fn look(root: &Root, folder: &Name, open: &Dir, name: Vec<u8>) -> Option<Entry> {
    let status = statat(open.fd().ok()?, OsStr::from_bytes(&name), AtFlags::SYMLINK_NOFOLLOW).ok()?;
    let (length, modified) = match FileType::from_raw_mode(status.st_mode) {
        FileType::RegularFile => (Some(status.st_size as u64), status.st_mtime as i64),
        FileType::Directory => (None, status.st_mtime as i64),
        // What a link leads to is shown, if it would be sent: the root knows.
        FileType::Symlink => match root.find(&folder.path().join(OsStr::from_bytes(&name))).ok()? {
            Found::File(_, metadata) => (Some(metadata.len()), metadata.mtime()),
            Found::Directory(folder) => (None, folder.metadata().ok()?.mtime()),
        },
        _ => return None,
    };
    Some(Entry { name, length, modified })
}

const STYLE: &str = include_str!("listing.css");

fn page(folder: &Name, entries: &[Entry], complete: bool, nonce: &str) -> String {
    let path = match folder.path().as_os_str().as_bytes() {
        b"." => "/".to_owned(),
        path => format!("/{}/", text(path)),
    };
    let above = if path == "/" { "" } else { "<p><a href=\"../\">The folder above</a></p>\n" };
    let rows: String = entries.iter().map(row).collect();
    let table = if rows.is_empty() {
        "<p class=\"note\">It is empty.</p>\n".to_owned()
    } else {
        format!(
            "<table>\n<thead><tr><th scope=\"col\">Name</th><th scope=\"col\" class=\"number\">Bytes</th>\
             <th scope=\"col\" class=\"number\">Changed (UTC)</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n"
        )
    };
    let note = if complete {
        String::new()
    } else {
        format!("<p class=\"note\">There is more here than the {} names shown.</p>\n", entries.len())
    };
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{path}</title>\n\
         <link rel=\"icon\" href=\"data:,\">\n<style nonce=\"{nonce}\">\n{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <h1>{path}</h1>\n{above}{table}{note}</main>\n</body>\n</html>\n"
    )
}

fn row(entry: &Entry) -> String {
    let slash = if entry.length.is_none() { "/" } else { "" };
    let (link, name) = (percent_encode(&entry.name, BUT_UNRESERVED), text(&entry.name));
    let length = entry.length.map(grouped).unwrap_or_default();
    let date = date(entry.modified);
    format!(
        "<tr><th scope=\"row\"><a href=\"{link}{slash}\"><bdi>{name}</bdi>{slash}</a></th>\
         <td class=\"number\">{length}</td><td class=\"number\">{date}</td></tr>\n"
    )
}

/// "09 Sep 2001 01:46", in UTC. A file may have any time; httpdate writes those of the years 1970 to 9999.
fn date(modified: i64) -> String {
    const YEAR_10000: u64 = 253_402_300_800;
    let seconds = modified.max(0).cast_unsigned().min(YEAR_10000 - 1);
    // "Sun, 09 Sep 2001 01:46:40 GMT" without the day of the week and the seconds.
    let date = fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds));
    // On a phone it breaks before the time.
    format!("{} {}", date[5..16].replace(' ', "\u{a0}"), &date[17..22])
}

/// RFC 3986 §2.3, unreserved: all else is encoded. A colon too, or `javascript:alert(1)`, a fine name for a
/// file, would be a link that runs (§4.2).
const BUT_UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A name as HTML. Bytes that are no UTF-8, and controls, show as U+FFFD; among these are those that turn the
/// direction, by which `\u{202e}txt.exe` would read "exe.txt".
fn text(name: &[u8]) -> String {
    let mut html = String::with_capacity(name.len());
    for char in String::from_utf8_lossy(name).chars() {
        match char {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => html.push(char::REPLACEMENT_CHARACTER),
            char if char.is_control() => html.push(char::REPLACEMENT_CHARACTER),
            char => html.push(char),
        }
    }
    html
}

/// 1204 is "1,204".
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::tests::Folder;
    use std::os::unix::fs::symlink;
    use std::path::Path;

    fn listed(folder: &Path, path: &str) -> (Vec<Entry>, bool) {
        let (root, name) = (Root::open(folder).unwrap(), Name::from_path(path).unwrap());
        let Found::Directory(open) = root.find(name.path()).unwrap() else { panic!("{path} is no folder") };
        read(&root, &name, open).unwrap()
    }

    fn names(entries: &[Entry]) -> Vec<&str> {
        entries.iter().map(|entry| str::from_utf8(&entry.name).unwrap()).collect()
    }

    #[test]
    fn what_can_be_fetched_is_shown_and_nothing_else() {
        let folder = Folder::new();
        for file in ["outside.txt", "root/sub/b.txt", "root/sub/a.txt", "root/sub/.hidden", "root/sub/deep/c"]
        {
            folder.write(file, "text");
        }
        folder.write("root/sub/back\\slash", "not reachable, see path.rs");
        folder.fifo("root/sub/fifo");
        let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("root/sub/socket")).unwrap();
        for (target, link) in [
            ("a.txt", "in"),
            ("../sub", "in-folder"),
            ("../../outside.txt", "out"),
            ("/etc/passwd", "absolute"),
            ("missing", "dangling"),
            ("fifo", "to-the-fifo"),
        ] {
            symlink(target, folder.path().join("root/sub").join(link)).unwrap();
        }
        let (entries, complete) = listed(&folder.path().join("root"), "/sub/");
        assert_eq!(names(&entries), ["a.txt", "b.txt", "deep", "in", "in-folder"]);
        let lengths: Vec<_> = entries.iter().map(|entry| entry.length).collect();
        assert_eq!(lengths, [Some(4), Some(4), None, Some(4), None]);
        assert!(complete);
    }

    #[test]
    fn a_huge_folder_is_cut() {
        let folder = Folder::new();
        for n in 0..MAX_SHOWN {
            folder.write(&format!("{n:04}"), "");
        }
        let (entries, complete) = listed(folder.path(), "/");
        assert!(complete && entries.len() == MAX_SHOWN);
        folder.write("0000-more", "");
        let (entries, complete) = listed(folder.path(), "/");
        assert!(!complete);
        assert_eq!(entries.len(), MAX_SHOWN);
        assert_eq!(names(&entries)[..2], ["0000", "0000-more"], "the first ones by name");
        let page = page(&Name::from_path("/").unwrap(), &entries, complete, "");
        assert!(page.contains("There is more here than the 1000 names shown."), "{page}");
    }

    #[test]
    fn not_even_hidden_names_are_read_without_end() {
        let folder = Folder::new();
        folder.write(".0", "");
        for n in 1..=MAX_READ {
            std::fs::hard_link(folder.path().join(".0"), folder.path().join(format!(".{n}"))).unwrap();
        }
        let (entries, complete) = listed(folder.path(), "/");
        assert!(entries.is_empty() && !complete);
    }

    #[test]
    fn a_name_is_text_and_never_html_or_a_scheme() {
        let entry = |name: &str, length| Entry { name: name.into(), length, modified: 1_000_000_000 };
        for (name, link, shown) in [
            ("a b.txt", "a%20b.txt", "a b.txt"),
            ("<script>", "%3Cscript%3E", "&lt;script&gt;"),
            ("\" onclick='x'", "%22%20onclick%3D%27x%27", "&quot; onclick=&#39;x&#39;"),
            ("a&amp;", "a%26amp%3B", "a&amp;amp;"),
            ("javascript:alert(1)", "javascript%3Aalert%281%29", "javascript:alert(1)"),
            ("?#%41", "%3F%23%2541", "?#%41"),
            ("naïve", "na%C3%AFve", "naïve"),
            ("a\nb", "a%0Ab", "a\u{fffd}b"),
            ("\u{202e}txt.exe", "%E2%80%AEtxt.exe", "\u{fffd}txt.exe"),
        ] {
            let expected = format!("<a href=\"{link}\"><bdi>{shown}</bdi></a>");
            let row = row(&entry(name, Some(1_234_567)));
            assert!(row.contains(&expected), "{expected} in {row}");
            assert!(row.contains(">1,234,567<") && row.contains(">09\u{a0}Sep\u{a0}2001 01:46<"), "{row}");
        }
        assert!(row(&entry("sub", None)).contains("<a href=\"sub/\"><bdi>sub</bdi>/</a>"));
        let not_utf_8 = row(&Entry { name: b"\xff".into(), length: Some(0), modified: 0 });
        assert!(not_utf_8.contains("<a href=\"%FF\"><bdi>\u{fffd}</bdi></a>"), "{not_utf_8}");
        let page = page(&Name::from_path("/%3Cb%3E/").unwrap(), &[], true, "");
        assert!(page.contains("<title>/&lt;b&gt;/</title>") && !page.contains("<b>"), "{page}");
    }

    #[test]
    fn any_time_that_a_file_can_have_is_shown() {
        for (modified, shown) in [
            (i64::MIN, "01\u{a0}Jan\u{a0}1970 00:00"),
            (-1, "01\u{a0}Jan\u{a0}1970 00:00"),
            (0, "01\u{a0}Jan\u{a0}1970 00:00"),
            (i64::MAX, "31\u{a0}Dec\u{a0}9999 23:59"),
        ] {
            assert_eq!(date(modified), shown);
        }
        assert_eq!([0, 999, 1000, 1_000_000].map(grouped), ["0", "999", "1,000", "1,000,000"]);
    }
}
