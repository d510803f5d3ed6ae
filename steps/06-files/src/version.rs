//! One version of a file, from its bytes to its answer: conditions first, then ranges, then the content.

use std::borrow::Cow;
use std::fmt::Display;
use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::time::SystemTime;

use keep_alive::{Answer, Content};
use request::{Field, Lines, Method, Request, ResponseHead, Status};

use crate::multipart::Multipart;
use crate::site::Representation;
use crate::{Coding, Kind, Validators, Verdict, Wanted, range_holds};

/// Up to this many bytes are read at once and leave with the head in one write, which closes the file too.
/// Above it the kernel sends the file by itself, as the client reads (`poll::Chunk::File`).
pub(crate) const SMALL: u64 = 16 * 1024;

/// A file in one form at one time: what an answer says of it, and where its bytes are.
pub(crate) struct Version {
    pub source: Source,
    pub length: u64,
    pub about: About,
    /// What 200 says of it, written by the cache.
    pub lines: Option<Lines>,
}

/// Where the bytes are.
pub(crate) enum Source {
    File(Arc<File>),
    /// All of a small file, kept by the cache.
    Memory(Vec<u8>),
}

impl Version {
    /// `now` is the wall clock.
    pub fn of(chosen: Representation, now: SystemTime) -> Version {
        let Representation { file, metadata, kind, coding } = chosen;
        let about = About { kind, coding, validators: Validators::of(&metadata, coding, now) };
        Version { source: Source::File(Arc::new(file)), length: metadata.len(), about, lines: None }
    }

    /// How many bytes of the file are in memory; `None` where they are not, and the file is open.
    pub fn in_memory(&self) -> Option<usize> {
        match &self.source {
            Source::File(_) => None,
            Source::Memory(bytes) => Some(bytes.len()),
        }
    }

    /// Answers a GET or HEAD.
    pub fn serve(&self, head: &Request<'_>, answer: &mut Answer<'_, '_>) {
        // Most requests ask for all of it, whatever it is: one look at their fields instead of six.
        if !head.fields().any(|field| is_condition(&field)) {
            return self.whole(head, answer);
        }
        let (about, length) = (&self.about, self.length);
        match Verdict::of(head, &about.validators) {
            Verdict::Proceed => {}
            Verdict::NotModified => {
                return answer.send(Status::NotModified, Content::Empty, |fields| about.version(fields));
            }
            Verdict::Failed => {
                return answer.text(Status::PreconditionFailed, "It is another version by now.\n");
            }
        }
        // RFC 9110 §14.2: "A server MUST ignore a Range header field received with a request method that is
        // unrecognized or for which range handling is not defined. For this specification, GET is the only method
        // for which range handling is defined."
        let wanted = match head.method {
            Method::Get if range_holds(head, &about.validators) => Wanted::of(head, length),
            _ => Wanted::Whole,
        };
        match wanted {
            Wanted::Whole => self.whole(head, answer),
            Wanted::Part(range) => {
                // Never an empty range.
                let part = format!("bytes {}-{}/{length}", range.start, range.end - 1);
                self.send(head, Status::PartialContent, range, answer, |fields| {
                    about.content(fields, about.kind).field("Content-Range", part)
                });
            }
            Wanted::Parts(parts) => match Multipart::new(&self.source, length, about, &parts) {
                Some(Multipart { chunks, content_type }) => {
                    answer.send(Status::PartialContent, Content::Chunks(chunks), |fields| {
                        about.content(fields, content_type)
                    });
                }
                None => self.whole(head, answer),
            },
            Wanted::Unsatisfiable => {
                let text = format!("There are {length} bytes, and none of those asked for is among them.\n");
                answer.send(Status::RangeNotSatisfiable, Content::Text(&text), |fields| {
                    fields.field("Content-Range", format_args!("bytes */{length}"))
                });
            }
        }
    }

    fn whole(&self, head: &Request<'_>, answer: &mut Answer<'_, '_>) {
        let about = &self.about;
        self.send(head, Status::Ok, 0..self.length, answer, |fields| match &self.lines {
            Some(lines) => fields.lines(lines),
            None => about.content(fields, about.kind),
        });
    }

    fn send(
        &self,
        head: &Request<'_>,
        status: Status,
        range: Range<u64>,
        answer: &mut Answer<'_, '_>,
        fields: impl FnOnce(ResponseHead<'_>) -> ResponseHead<'_>,
    ) {
        match self.source.piece(&range, head.method == Method::Get) {
            Piece::Bytes(bytes) => answer.send(status, Content::Bytes(&bytes), fields),
            Piece::File(file) => answer.send(status, Content::File(Arc::clone(file), range), fields),
        }
    }
}

fn is_condition(field: &Field<'_>) -> bool {
    field.is("Range") || field.name.get(..3).is_some_and(|begin| begin.eq_ignore_ascii_case("If-"))
}

/// A part of a file, as it is sent.
pub(crate) enum Piece<'a> {
    Bytes(Cow<'a, [u8]>),
    File(&'a Arc<File>),
}

impl Source {
    /// `read`: what is small is read now.
    ///
    /// Where the file became shorter just now it is sent as a file, and the loop cuts the connection where the
    /// file ends: a client that was promised more bytes sees that some are missing.
    pub fn piece(&self, range: &Range<u64>, read: bool) -> Piece<'_> {
        match self {
            Source::Memory(bytes) => {
                Piece::Bytes(Cow::Borrowed(&bytes[range.start as usize..range.end as usize]))
            }
            Source::File(file) => {
                let small = read && range.end - range.start <= SMALL;
                let bytes = small.then(|| read_at(file, range)).flatten();
                bytes.map_or(Piece::File(file), |bytes| Piece::Bytes(Cow::Owned(bytes)))
            }
        }
    }
}

/// `None`: the file ends before.
pub(crate) fn read_at(file: &File, range: &Range<u64>) -> Option<Vec<u8>> {
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
    pub fn content<'o>(&self, fields: ResponseHead<'o>, content_type: impl Display) -> ResponseHead<'o> {
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
