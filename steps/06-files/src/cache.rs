//! A site that remembers what it found: many requests, one look at the file.
//!
//! **What is sent is what lay below the root when this turn of the loop began, or later.** In one turn the server
//! reads from all clients that have sent something; whoever among them wants the same file gets what was found for
//! the first. The next turn looks anew, with all that [`Root`](crate::Root) promises: a file that was changed,
//! replaced, removed, or put behind a link that leads out is so for the very next turn. What stays is a small
//! file's bytes and its fields, when the look finds the same file unchanged: they are not read again.
//!
//! `FILE_CACHE_MS` lets a look at a small file hold for longer, and then the first sentence ends with "that long ago". nginx's
//! `open_file_cache_valid` is the same; it is 60 s there, where the cache is on.

use std::collections::HashMap;
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use keep_alive::Answer;
use poll::Net;
use request::{Lines, Method, Request};
use rustix::io::Errno;

use crate::site::Representation;
use crate::validators::SETTLED;
use crate::version::{SMALL, Source, Version, read_at};
use crate::{Coding, Found, Kind, Name, Site, coding};

/// A [`Site`], and the files that it found last.
pub struct Cache {
    site: Site,
    /// How long a look holds. Never shorter than the turn.
    holds: Duration,
    /// By the path of the request, as it came; first those for who wants the file as it is, then for who likes gzip.
    entries: [HashMap<Box<str>, Entry>; 2],
    /// Which of them hold a file open.
    open: Vec<(usize, Box<str>)>,
    /// Bytes of files in memory.
    bytes: usize,
}

struct Entry {
    version: Rc<Version>,
    /// What the kernel said of the file.
    stamp: Stamp,
    /// Whether a file that looks the same is the same.
    settled: bool,
    looked: Instant,
}

/// The key of the cache's deadline.
const CLOSE: u32 = u32::from_be_bytes(*b"file");

/// More entries than this are not kept; small files of so many [`BYTES`] together; and so many large ones [`OPEN`],
/// each of which is a descriptor, until the turn is over. When it is full it is emptied: who asks for thousands of
/// files at random gains nothing from remembering the last ones.
const ENTRIES: usize = 1024;
const OPEN: usize = 16;
const BYTES: usize = 1024 * 1024;

impl Cache {
    /// A cache in front of `site`. A look at a file holds for the turn, and as long as `holds` says.
    pub fn new(site: Site, holds: Duration) -> Cache {
        Cache { site, holds, entries: Default::default(), open: Vec::new(), bytes: 0 }
    }

    /// Answers a request as [`Site::answer`] does.
    pub fn answer(&mut self, head: &Request<'_>, answer: &mut Answer<'_, '_>) {
        if matches!(head.method, Method::Get | Method::Head)
            && let Some(packed) = coding::wish(head)
            && let Some(version) = self.find(head, usize::from(packed), answer)
        {
            return version.serve(head, answer);
        }
        // All that is no file, and what nobody asks for twice.
        self.site.answer(head, answer);
    }

    fn find(&mut self, head: &Request<'_>, form: usize, answer: &mut Answer<'_, '_>) -> Option<Rc<Version>> {
        let now = answer.io().now;
        let known = self.entries[form].get(head.target.path());
        match known.filter(|entry| entry.holds(now, self.holds)) {
            Some(entry) => Some(Rc::clone(&entry.version)),
            None => self.look(head, form, answer),
        }
    }

    /// Looks at a file, and notes what it is now.
    fn look(&mut self, head: &Request<'_>, form: usize, answer: &mut Answer<'_, '_>) -> Option<Rc<Version>> {
        let (path, now, wall) = (head.target.path(), answer.io().now, answer.io().wall);
        self.close(now);
        let found = self.open(head);
        let known = self.entries[form].get_mut(path);
        if let (Some(known), Some(found)) = (known, &found)
            && known.settled
            && known.stamp == Stamp::of(found)
        {
            known.looked = now;
            return Some(Rc::clone(&known.version));
        }
        self.forget(form, path);
        let found = found?;
        let stamp = Stamp::of(&found);
        let settled = is_settled(&found.metadata, wall);
        let version = Rc::new(prepared(Version::of(found, wall))?);
        // Also a tag that is weak now becomes strong.
        let settled = settled && version.about.validators.are_strong();
        let bytes = version.in_memory();
        if self.entries.iter().map(HashMap::len).sum::<usize>() >= ENTRIES
            || self.open.len() >= OPEN
            || self.bytes + bytes.unwrap_or(0) > BYTES
        {
            self.clear();
        }
        match bytes {
            Some(bytes) => self.bytes += bytes,
            None => {
                self.open.push((form, path.into()));
                // As soon as this turn is over.
                Net::set_timeout(answer.io(), CLOSE, Some(Duration::ZERO));
            }
        }
        let entry = Entry { version: Rc::clone(&version), stamp, settled, looked: now };
        self.entries[form].insert(path.into(), entry);
        Some(version)
    }

    /// The file that is asked for, in the form that is chosen. `None`: [`Site`] will say why.
    fn open(&mut self, head: &Request<'_>) -> Option<Representation> {
        let path = Name::from_path(head.target.path())?.file();
        match self.site.root.find(&path) {
            Ok(Found::File(file, metadata)) => {
                let plain =
                    Representation { file, metadata, kind: Kind::of(&path), coding: Coding::Identity };
                coding::choose(head, &self.site.root, &path, plain)
            }
            Ok(Found::Directory(_)) => None,
            Err(error) => {
                // Perhaps it is we who hold the last descriptors.
                if is_exhausted(&error) {
                    self.clear();
                }
                None
            }
        }
    }

    /// To be called by [`World::timeout`](poll::World::timeout): the turn is over in which files were opened.
    pub fn timeout(&mut self, key: u32, net: &mut Net) {
        if key == CLOSE {
            self.close(net.now);
        }
    }

    /// Closes what was opened in earlier turns. A descriptor that is kept is one less for a client that comes, and a
    /// removed file takes its room on the disk as long as somebody has it open.
    fn close(&mut self, now: Instant) {
        let entries = &mut self.entries;
        self.open.retain(|(form, path)| {
            let is_new = entries[*form].get(path).is_some_and(|entry| entry.looked == now);
            if !is_new {
                entries[*form].remove(path);
            }
            is_new
        });
    }

    fn forget(&mut self, form: usize, path: &str) {
        let entry = self.entries[form].remove(path);
        match entry.map(|entry| entry.version.in_memory()) {
            Some(Some(bytes)) => self.bytes -= bytes,
            Some(None) => self.open.retain(|(its_form, its_path)| (*its_form, &**its_path) != (form, path)),
            None => {}
        }
    }

    fn clear(&mut self) {
        self.entries.iter_mut().for_each(HashMap::clear);
        self.open.clear();
        self.bytes = 0;
    }
}

impl Entry {
    /// Whether what was seen need not be looked at again. Of a file that may change and look the same, nothing is
    /// believed beyond the turn.
    fn holds(&self, now: Instant, holds: Duration) -> bool {
        self.looked == now || self.settled && now < self.looked + holds
    }
}

/// The version with its lines written; if it is small with its bytes, and without its descriptor. `None`: it became
/// shorter just now.
fn prepared(mut version: Version) -> Option<Version> {
    if let Source::File(file) = &version.source
        && version.length <= SMALL
    {
        version.source = Source::Memory(read_at(file, &(0..version.length))?);
    }
    let about = &version.about;
    version.lines = Some(Lines::new(|fields| about.content(fields, about.kind)));
    Some(version)
}

/// Whether its next change will have another time. Within one step of its clock a file can change twice.
fn is_settled(file: &Metadata, now: SystemTime) -> bool {
    let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    let changed = u64::try_from(file.ctime()).map(|seconds| Duration::new(seconds, file.ctime_nsec() as u32));
    changed.is_ok_and(|changed| now >= changed + SETTLED)
}

fn is_exhausted(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::MFILE | Errno::NFILE))
}

/// By what the cache knows a file again: more than its ETag says. The time of change cannot be set back as the time
/// of modification can (`touch -d`, `cp -p`).
#[derive(Debug, PartialEq, Eq)]
struct Stamp {
    file: (u64, u64, u64),
    modified: (i64, i64),
    changed: (i64, i64),
    coding: Coding,
}

impl Stamp {
    fn of(found: &Representation) -> Stamp {
        let file = &found.metadata;
        Stamp {
            file: (file.dev(), file.ino(), file.size()),
            modified: (file.mtime(), file.mtime_nsec()),
            changed: (file.ctime(), file.ctime_nsec()),
            coding: found.coding,
        }
    }
}

#[cfg(test)]
mod tests;
