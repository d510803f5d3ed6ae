//! A folder that requests are answered from.

use std::fs::{File, Metadata};
use std::io;
use std::path::Path;

use keep_alive::{Answer, Content};
use request::{Method, Request, Status};
use rustix::io::Errno;

use crate::version::Version;
use crate::{Coding, Found, Kind, Name, Root, coding, listing};

/// A folder of files, served as they are: GET, HEAD and OPTIONS.
#[derive(Debug)]
pub struct Site {
    pub(crate) root: Root,
    listing: bool,
}

const ALLOWED: &str = "GET, HEAD, OPTIONS";

impl Site {
    /// Opens the folder at `path`.
    ///
    /// # Errors
    /// When there is no such folder, or it may not be read.
    pub fn open(path: &Path) -> io::Result<Site> {
        Ok(Site { root: Root::open(path)?, listing: false })
    }

    /// The same site, where a folder without `index.html` shows what is in it.
    pub fn listing(self) -> Site {
        Site { listing: true, ..self }
    }

    /// Where the folder is.
    pub fn path(&self) -> &Path {
        self.root.path()
    }

    /// Answers a request, whatever it asks for. The connection goes on.
    ///
    /// The files are read in the server's one thread: a disk that is slow to answer makes all clients wait.
    /// From the page cache, where files that are asked for usually are, it takes microseconds.
    pub fn answer(&self, head: &Request<'_>, answer: &mut Answer<'_, '_>) {
        match head.method {
            Method::Get | Method::Head => {}
            Method::Options => {
                return answer
                    .send(Status::NoContent, Content::Empty, |fields| fields.field("Allow", ALLOWED));
            }
            _ => return answer.method_not_allowed(ALLOWED),
        }
        let Some(name) = Name::from_path(head.target.path()) else { return not_found(answer) };
        let path = if name.is_directory() { name.index() } else { name.path().to_owned() };
        match self.root.find(&path) {
            Ok(Found::File(file, metadata)) => {
                let plain =
                    Representation { file, metadata, kind: Kind::of(&path), coding: Coding::Identity };
                match coding::choose(head, &self.root, &path, plain) {
                    Some(chosen) => serve(head, chosen, answer),
                    None => not_acceptable(answer),
                }
            }
            Ok(Found::Directory(_)) if !name.is_directory() => add_slash(head, answer),
            Ok(Found::Directory(_)) => self.without_index(&name, answer),
            Err(error) if name.is_directory() && error.kind() == io::ErrorKind::NotFound => {
                self.without_index(&name, answer)
            }
            Err(error) => refuse(&path, &error, answer),
        }
    }

    fn without_index(&self, name: &Name, answer: &mut Answer<'_, '_>) {
        if !self.listing {
            return not_found(answer);
        }
        match self.root.find(name.path()) {
            Ok(Found::Directory(folder)) => listing::send(&self.root, name, folder, answer),
            Ok(Found::File(..)) => not_found(answer),
            Err(error) => refuse(name.path(), &error, answer),
        }
    }
}

/// A file in one of the forms in which it can be sent (RFC 9110 §3.2).
pub(crate) struct Representation {
    pub file: File,
    /// What the kernel says of this very file.
    pub metadata: Metadata,
    /// Of what it is when it has been unpacked.
    pub kind: Kind,
    pub coding: Coding,
}

fn serve(head: &Request<'_>, chosen: Representation, answer: &mut Answer<'_, '_>) {
    Version::of(chosen, answer.io().wall).serve(head, answer);
}

/// `/folder` is sent to `/folder/`, or each relative link in its page would be one folder too high. The path
/// goes back as it came: it is visible ASCII, and [`Name`] saw that it does not begin with two slashes.
fn add_slash(head: &Request<'_>, answer: &mut Answer<'_, '_>) {
    let query = head.target.query().map(|query| format!("?{query}")).unwrap_or_default();
    let location = format!("{}/{query}", head.target.path());
    answer.send(Status::MovedPermanently, Content::Text("It is a folder: add a slash.\n"), |fields| {
        fields.field("Location", location)
    });
}

/// RFC 9110 §12.4.1 lets a server send 406, or answer as if Accept-Encoding were not there. Who excluded the
/// bytes as they are did so on purpose.
fn not_acceptable(answer: &mut Answer<'_, '_>) {
    let text = Content::Text("There is no form of it that Accept-Encoding allows.\n");
    answer.send(Status::NotAcceptable, text, |fields| fields.field("Vary", "Accept-Encoding"));
}

/// Answers for what could not be opened.
fn refuse(path: &Path, error: &io::Error, answer: &mut Answer<'_, '_>) {
    let status = status_of(error);
    let id = answer.io().id();
    match status {
        Status::NotFound => {
            log::debug!("{id} {}: {error}", path.display());
            not_found(answer);
        }
        Status::ServiceUnavailable => {
            log::warn!("{id} {}: {error}", path.display());
            let text = Content::Text("Too many files are open. Try again.\n");
            answer.send(status, text, |fields| fields.field("Retry-After", 1));
        }
        _ => {
            log::warn!("{id} {}: {error}", path.display());
            answer.text(status, "The file cannot be read.\n");
        }
    }
}

/// What cannot be opened is not there, for whatever reason: who asks for a file that only we may not read
/// learns nothing from it. But what would be there a moment later, or on another disk, is not said to be gone.
fn status_of(error: &io::Error) -> Status {
    match Errno::from_io_error(error) {
        // No descriptor left in this process, in the system; no memory.
        Some(Errno::MFILE | Errno::NFILE | Errno::NOMEM) => Status::ServiceUnavailable,
        Some(Errno::IO) => Status::InternalServerError,
        _ => Status::NotFound,
    }
}

fn not_found(answer: &mut Answer<'_, '_>) {
    answer.text(Status::NotFound, "There is no such file.\n");
}

#[cfg(test)]
pub(crate) mod tests;
