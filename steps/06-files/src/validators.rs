//! By what two versions of a file are told apart (RFC 9110 §8.8).

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use httpdate::fmt_http_date;

use crate::Coding;

/// The validators of one file at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validators {
    /// The ETag without `W/`, its quotes included.
    tag: String,
    /// The same tag may stand for two contents.
    weak: bool,
    /// In whole seconds, as a date says it.
    modified: Option<SystemTime>,
}

/// A file may be written twice within one step of its clock: the kernel's tick, a second on some file
/// systems, two on FAT. So a file younger than this may change and keep its time. Apache makes its tags weak
/// for one second.
pub(crate) const SETTLED: Duration = Duration::from_secs(2);

impl Validators {
    /// `now` is the wall clock.
    ///
    /// The tag is made of inode, size, modification time in nanoseconds and coding. The inode tells a file from the
    /// one that was renamed over it, though both be of the same second and size; the coding tells forms of one
    /// file apart, also where both come from the same inode.
    pub fn of(file: &Metadata, coding: Coding, now: SystemTime) -> Validators {
        let coding = match coding {
            Coding::Identity => "",
            Coding::Gzip => "-gzip",
        };
        let (seconds, nanoseconds) = (file.mtime(), file.mtime_nsec());
        let tag = format!("\"{:x}-{:x}-{seconds:x}.{nanoseconds:x}{coding}\"", file.ino(), file.size());
        let modified = file.modified().ok();
        // A time in the future is not settled either.
        let age = modified.and_then(|modified| now.duration_since(modified).ok());
        Validators {
            tag,
            weak: age.is_none_or(|age| age < SETTLED),
            modified: modified.and_then(|it| date(it, now)),
        }
    }

    /// The value of the ETag field.
    pub fn etag(&self) -> String {
        format!("{}{}", if self.weak { "W/" } else { "" }, self.tag)
    }

    /// The value of the Last-Modified field. `None` for a file from before 1970, a date that httpdate cannot
    /// write.
    pub fn last_modified(&self) -> Option<String> {
        self.modified.map(fmt_http_date)
    }

    /// The same as a time.
    pub(crate) fn modified(&self) -> Option<SystemTime> {
        self.modified
    }

    /// Whether two answers with these validators have the same bytes.
    pub(crate) fn are_strong(&self) -> bool {
        !self.weak
    }

    /// RFC 9110 §8.8.3.2, weak comparison: "two entity tags are equivalent if their opaque-tags match
    /// character-by-character, regardless of either or both being tagged as "weak"."
    pub(crate) fn matches_weakly(&self, tag: &[u8]) -> bool {
        tag.strip_prefix(b"W/").unwrap_or(tag) == self.tag.as_bytes()
    }

    /// Strong comparison: "two entity tags are equivalent if both are not weak and their opaque-tags match".
    pub(crate) fn matches_strongly(&self, tag: &[u8]) -> bool {
        !self.weak && tag == self.tag.as_bytes()
    }
}

/// RFC 9110 §8.8.2.1: "An origin server with a clock [...] MUST NOT generate a Last-Modified date that is
/// later than the server's time of message origination [...]"
fn date(modified: SystemTime, now: SystemTime) -> Option<SystemTime> {
    let seconds = modified.min(now).duration_since(UNIX_EPOCH).ok()?.as_secs();
    Some(UNIX_EPOCH + Duration::from_secs(seconds))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::site::tests::Folder;
    use std::fs::File;

    const SEPTEMBER: u64 = 1_000_000_000; // Sun, 09 Sep 2001 01:46:40 GMT

    pub fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    /// Of a file that was modified 2001-09-09, so many seconds ago; always with the same tag.
    pub fn aged(seconds: u64) -> Validators {
        let folder = Folder::new();
        folder.write("a", "text");
        let file = File::open(folder.path().join("a")).unwrap();
        file.set_modified(at(SEPTEMBER)).unwrap();
        let validators = Validators::of(&file.metadata().unwrap(), Coding::Identity, at(SEPTEMBER + seconds));
        Validators { tag: "\"1-2-3.4\"".into(), ..validators }
    }

    #[test]
    fn a_tag_is_weak_while_the_file_is_young() {
        assert!(aged(0).etag().starts_with("W/\""));
        assert!(aged(1).etag().starts_with("W/\""));
        assert!(aged(2).etag().starts_with('"'));
        assert_eq!(aged(2).last_modified().unwrap(), "Sun, 09 Sep 2001 01:46:40 GMT");
    }

    #[test]
    fn rfc_9110_8_8_2_1_no_date_from_the_future() {
        let folder = Folder::new();
        folder.write("a", "text");
        let file = File::open(folder.path().join("a")).unwrap();
        file.set_modified(at(SEPTEMBER + 1000)).unwrap();
        let validators = Validators::of(&file.metadata().unwrap(), Coding::Identity, at(SEPTEMBER));
        assert_eq!(validators.last_modified().unwrap(), "Sun, 09 Sep 2001 01:46:40 GMT");
        assert!(!validators.are_strong());
    }

    #[test]
    fn a_file_older_than_unix_has_no_date() {
        let folder = Folder::new();
        folder.write("a", "text");
        let file = File::open(folder.path().join("a")).unwrap();
        file.set_modified(UNIX_EPOCH - Duration::from_secs(1)).unwrap();
        let validators = Validators::of(&file.metadata().unwrap(), Coding::Identity, at(SEPTEMBER));
        assert_eq!(validators.last_modified(), None);
        assert!(validators.are_strong());
    }

    #[test]
    fn each_version_has_its_own_tag() {
        let folder = Folder::new();
        let of = || {
            let file = File::open(folder.path().join("a")).unwrap();
            Validators::of(&file.metadata().unwrap(), Coding::Identity, at(SEPTEMBER)).tag
        };
        folder.write("a", "text");
        let first = of();
        assert_eq!(first, of());
        let file = File::options().write(true).open(folder.path().join("a")).unwrap();
        file.set_modified(at(5)).unwrap();
        let touched = of();
        assert_ne!(first, touched);
        file.set_len(3).unwrap();
        file.set_modified(at(5)).unwrap();
        assert_ne!(touched, of(), "another size");
        let shorter = of();
        folder.write("b", "xyz");
        File::options().write(true).open(folder.path().join("b")).unwrap().set_modified(at(5)).unwrap();
        std::fs::rename(folder.path().join("b"), folder.path().join("a")).unwrap();
        assert_ne!(shorter, of(), "another file of the same size and time");
    }

    #[test]
    fn rfc_9110_8_8_3_3_each_coding_has_its_own_tag() {
        let folder = Folder::new();
        folder.write("a", "text");
        let metadata = std::fs::metadata(folder.path().join("a")).unwrap();
        let of = |coding| Validators::of(&metadata, coding, at(SEPTEMBER));
        let (plain, packed) = (of(Coding::Identity), of(Coding::Gzip));
        assert!(!packed.matches_weakly(plain.tag.as_bytes()) && !plain.matches_weakly(packed.tag.as_bytes()));
    }

    #[test]
    fn rfc_9110_8_8_3_2_comparison() {
        let (young, old) = (aged(0), aged(2));
        let strong = old.etag();
        let weak = format!("W/{strong}");
        assert!(old.matches_weakly(strong.as_bytes()) && old.matches_weakly(weak.as_bytes()));
        assert!(old.matches_strongly(strong.as_bytes()) && !old.matches_strongly(weak.as_bytes()));
        let (weak, strong) = (young.etag(), young.tag.clone());
        assert!(young.matches_weakly(strong.as_bytes()) && young.matches_weakly(weak.as_bytes()));
        assert!(!young.matches_strongly(strong.as_bytes()) && !young.matches_strongly(weak.as_bytes()));
        assert!(!old.matches_weakly(b"\"\"") && !old.matches_weakly(b"W/"));
    }
}
