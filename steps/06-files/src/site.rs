//! A folder that requests are answered from.

use std::fmt::Display;
use std::fs::{File, Metadata};
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use keep_alive::{Answer, Content};
use request::{Method, Request, ResponseHead, Status};
use rustix::io::Errno;

use crate::multipart::Multipart;
use crate::{Coding, Found, Kind, Name, Root, Validators, Verdict, Wanted, coding, listing, range_holds};

/// A folder of files, served as they are: GET, HEAD and OPTIONS.
#[derive(Debug)]
pub struct Site {
    root: Root,
    listing: bool,
}

const ALLOWED: &str = "GET, HEAD, OPTIONS";

/// Up to this many bytes are read at once and leave with the head in one write, which closes the file too.
/// Above it the kernel sends the file by itself, as the client reads (`poll::Chunk::File`).
pub(crate) const SMALL: u64 = 16 * 1024;

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
    let Representation { file, metadata, kind, coding } = chosen;
    let length = metadata.len();
    let about = About { kind, coding, validators: Validators::of(&metadata, coding, answer.io().wall) };
    match Verdict::of(head, &about.validators) {
        Verdict::Proceed => {}
        Verdict::NotModified => {
            return answer.send(Status::NotModified, Content::Empty, |fields| about.version(fields));
        }
        Verdict::Failed => return answer.text(Status::PreconditionFailed, "It is another version by now.\n"),
    }
    // RFC 9110 §14.2: "A server MUST ignore a Range header field received with a request method that is
    // unrecognized or for which range handling is not defined. For this specification, GET is the only method
    // for which range handling is defined."
    let wanted = match head.method {
        Method::Get if range_holds(head, &about.validators) => Wanted::of(head, length),
        _ => Wanted::Whole,
    };
    match wanted {
        Wanted::Whole => {
            send(head, Status::Ok, file, 0..length, answer, |fields| about.content(fields, kind))
        }
        Wanted::Part(range) => {
            // Never an empty range.
            let part = format!("bytes {}-{}/{length}", range.start, range.end - 1);
            send(head, Status::PartialContent, file, range, answer, |fields| {
                about.content(fields, kind).field("Content-Range", part)
            });
        }
        Wanted::Parts(parts) => match Multipart::new(file, length, &about, &parts) {
            Ok(Multipart { chunks, content_type }) => {
                answer.send(Status::PartialContent, Content::Chunks(chunks), |fields| {
                    about.content(fields, content_type)
                });
            }
            Err(file) => {
                send(head, Status::Ok, file, 0..length, answer, |fields| about.content(fields, kind))
            }
        },
        Wanted::Unsatisfiable => {
            let text = format!("There are {length} bytes, and none of those asked for is among them.\n");
            answer.send(Status::RangeNotSatisfiable, Content::Text(&text), |fields| {
                fields.field("Content-Range", format_args!("bytes */{length}"))
            });
        }
    }
}

fn send(
    head: &Request<'_>,
    status: Status,
    file: File,
    range: Range<u64>,
    answer: &mut Answer<'_, '_>,
    fields: impl FnOnce(ResponseHead<'_>) -> ResponseHead<'_>,
) {
    let small = head.method == Method::Get && range.end - range.start <= SMALL;
    match small.then(|| read(&file, &range)).flatten() {
        Some(bytes) => answer.send(status, Content::Bytes(&bytes), fields),
        None => answer.send(status, Content::File(Arc::new(file), range), fields),
    }
}

/// `None`: the file became shorter just now. Then it is sent as a file, and the loop cuts the connection where
/// the file ends: a client that was promised more bytes sees that some are missing.
pub(crate) fn read(file: &File, range: &Range<u64>) -> Option<Vec<u8>> {
    let mut bytes = vec![0; (range.end - range.start) as usize];
    file.read_exact_at(&mut bytes, range.start).ok()?;
    Some(bytes)
}

/// What an answer's head says of a representation.
pub(crate) struct About {
    pub kind: Kind,
    pub coding: Coding,
    pub validators: Validators,
}

impl About {
    /// What RFC 9110 §15.4.5 wants in 304 as in 200. `no-cache` means: keep it, and ask each time whether it
    /// still holds. Without it a browser may decide by itself for how long not to ask (RFC 9111 §4.2.2).
    fn version<'o>(&self, fields: ResponseHead<'o>) -> ResponseHead<'o> {
        let mut fields = fields.field("ETag", self.validators.etag()).field("Cache-Control", "no-cache");
        if let Some(date) = self.validators.last_modified() {
            fields = fields.field("Last-Modified", date);
        }
        // Whether or not there is a packed file now: a cache must not give one client's form to another.
        if self.kind.shrinks() { fields.field("Vary", "Accept-Encoding") } else { fields }
    }

    /// With the rest of what 200 and 206 say. The type is the file's own, or that of several parts.
    fn content<'o>(&self, fields: ResponseHead<'o>, content_type: impl Display) -> ResponseHead<'o> {
        let fields = self
            .version(fields)
            .field("Content-Type", content_type)
            // The type is the one that we say. A browser that guesses may run a text as a script.
            .field("X-Content-Type-Options", "nosniff")
            .field("Accept-Ranges", "bytes");
        match self.coding {
            Coding::Identity => fields,
            Coding::Gzip => fields.field("Content-Encoding", "gzip"),
        }
    }
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
