//! A folder that requests are answered from.

use std::fs::{File, Metadata};
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use keep_alive::{Answer, Content};
use request::{Method, Request, ResponseHead, Status};
use rustix::io::Errno;

use crate::{Found, Name, Root, Validators, Verdict, Wanted, content_type, range_holds};

/// A folder of files, served as they are: GET, HEAD and OPTIONS.
#[derive(Debug)]
pub struct Site {
    root: Root,
}

const ALLOWED: &str = "GET, HEAD, OPTIONS";

/// Up to this many bytes are read at once and leave with the head in one write, which closes the file too.
/// Above it the kernel sends the file by itself, as the client reads (`poll::Chunk::File`).
const SMALL: u64 = 16 * 1024;

impl Site {
    /// Opens the folder at `path`.
    ///
    /// # Errors
    /// When there is no such folder, or it may not be read.
    pub fn open(path: &Path) -> io::Result<Site> {
        Ok(Site { root: Root::open(path)? })
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
            Ok(Found::File(file, metadata)) => serve(head, &path, file, &metadata, answer),
            Ok(Found::Directory) if name.is_directory() => not_found(answer),
            Ok(Found::Directory) => add_slash(head, answer),
            Err(error) => refuse(&path, &error, answer),
        }
    }
}

fn serve(head: &Request<'_>, path: &Path, file: File, metadata: &Metadata, answer: &mut Answer<'_, '_>) {
    let length = metadata.len();
    let validators = Validators::of(metadata, answer.io().wall);
    match Verdict::of(head, &validators) {
        Verdict::Proceed => {}
        Verdict::NotModified => {
            return answer.send(Status::NotModified, Content::Empty, |fields| validated(fields, &validators));
        }
        Verdict::Failed => return answer.text(Status::PreconditionFailed, "It is another version by now.\n"),
    }
    // RFC 9110 §14.2: "A server MUST ignore a Range header field received with a request method that is
    // unrecognized or for which range handling is not defined. For this specification, GET is the only method
    // for which range handling is defined."
    let wanted = match head.method {
        Method::Get if range_holds(head, &validators) => Wanted::of(head, length),
        _ => Wanted::Whole,
    };
    let (status, range) = match wanted {
        Wanted::Whole => (Status::Ok, 0..length),
        Wanted::Part(range) => (Status::PartialContent, range),
        Wanted::Unsatisfiable => {
            let text = format!("There are {length} bytes, and none of those asked for is among them.\n");
            return answer.send(Status::RangeNotSatisfiable, Content::Text(&text), |fields| {
                fields.field("Content-Range", format_args!("bytes */{length}"))
            });
        }
    };
    let small = if head.method == Method::Get { read_small(&file, &range) } else { None };
    let content = match &small {
        Some(bytes) => Content::Bytes(bytes),
        None => Content::File(Arc::new(file), range.clone()),
    };
    answer.send(status, content, |fields| {
        let fields = validated(fields, &validators)
            .field("Content-Type", content_type(path))
            // The type is the one that we say. A browser that guesses may run a text as a script.
            .field("X-Content-Type-Options", "nosniff")
            .field("Accept-Ranges", "bytes");
        match status {
            Status::PartialContent => {
                // Never of an empty range: `Wanted` has none.
                let last = range.end - 1;
                fields.field("Content-Range", format_args!("bytes {}-{last}/{length}", range.start))
            }
            _ => fields,
        }
    });
}

/// What RFC 9110 §15.4.5 wants in 304 as in 200. `no-cache` means: keep it, and ask each time whether it
/// still holds. Without it a browser may decide by itself for how long not to ask (RFC 9111 §4.2.2).
fn validated<'o>(fields: ResponseHead<'o>, validators: &Validators) -> ResponseHead<'o> {
    let fields = fields.field("ETag", validators.etag()).field("Cache-Control", "no-cache");
    match validators.last_modified() {
        Some(date) => fields.field("Last-Modified", date),
        None => fields,
    }
}

/// `None`: it is large, or became shorter just now. Then it is sent as a file, and the loop cuts the
/// connection where the file ends: a client that was promised more bytes sees that some are missing.
fn read_small(file: &File, range: &Range<u64>) -> Option<Vec<u8>> {
    let length = range.end - range.start;
    if length > SMALL {
        return None;
    }
    let mut bytes = vec![0; length as usize];
    file.read_exact_at(&mut bytes, range.start).ok()?;
    Some(bytes)
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

/// What cannot be opened is not there, for whatever reason: who asks for a file that only we may not read
/// learns nothing from it. The log knows.
fn refuse(path: &Path, error: &io::Error, answer: &mut Answer<'_, '_>) {
    log::debug!("{} {}: {error}", answer.io().id(), path.display());
    match Errno::from_io_error(error) {
        Some(Errno::MFILE | Errno::NFILE | Errno::NOMEM) => {
            log::warn!("{} {}: {error}", answer.io().id(), path.display());
            answer.text(Status::ServiceUnavailable, "Too many files are open. Try again.\n");
        }
        Some(Errno::IO) => {
            log::warn!("{} {}: {error}", answer.io().id(), path.display());
            answer.text(Status::InternalServerError, "The file cannot be read.\n");
        }
        _ => not_found(answer),
    }
}

fn not_found(answer: &mut Answer<'_, '_>) {
    answer.text(Status::NotFound, "There is no such file.\n");
}

#[cfg(test)]
pub(crate) mod tests;
