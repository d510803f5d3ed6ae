//! Several parts of a file in one answer: multipart/byteranges (RFC 9110 §14.6, §15.3.7.2).
//!
//! ```text
//! --8f0c...\r\n                          the boundary, which no content can hold by chance or by intent
//! Content-Type: text/plain\r\n           what 200 would have said
//! Content-Range: bytes 0-19/477\r\n      which bytes these are
//! \r\n
//! (20 bytes)\r\n--8f0c...\r\n            the next part
//! ...
//! (the last bytes)\r\n--8f0c...--\r\n    the end
//! ```

use std::io::Write;
use std::ops::Range;
use std::sync::Arc;

use poll::Chunk;

use crate::Coding;
use crate::random::token;
use crate::version::{About, Piece, SMALL, Source};

/// The content of an answer with several parts.
pub(crate) struct Multipart {
    /// Content-Length is the sum of these.
    pub chunks: Vec<Chunk>,
    /// Names the boundary.
    pub content_type: String,
}

impl Multipart {
    /// These parts of a file of `length` bytes. Few bytes are read at once, as of a single part. Of more, only
    /// what stands between the parts is in memory: some 130 bytes each.
    ///
    /// `None`: the file is to be sent whole. It is in a content coding, and Content-Encoding in the head would be
    /// taken to cover what stands between the parts too; or the kernel has no random bits.
    pub fn new(source: &Source, length: u64, about: &About, parts: &[Range<u64>]) -> Option<Multipart> {
        let boundary = token().filter(|_| about.coding == Coding::Identity)?;
        let small = parts.iter().map(|part| part.end - part.start).sum::<u64>() <= SMALL;
        let kind = about.kind;
        let (mut chunks, mut text) = (Vec::new(), Vec::new());
        let mut before = "";
        for part in parts {
            let (first, last) = (part.start, part.end - 1);
            let _ = write!(
                text,
                "{before}--{boundary}\r\nContent-Type: {kind}\r\nContent-Range: bytes {first}-{last}/{length}\r\n\r\n"
            );
            before = "\r\n";
            match source.piece(part, small) {
                Piece::Bytes(bytes) => text.extend_from_slice(&bytes),
                Piece::File(file) => {
                    chunks.push(Chunk::Owned(std::mem::take(&mut text)));
                    chunks.push(Chunk::File { file: Arc::clone(file), range: part.clone() });
                }
            }
        }
        let _ = write!(text, "\r\n--{boundary}--\r\n");
        chunks.push(Chunk::Owned(text));
        Some(Multipart { chunks, content_type: format!("multipart/byteranges; boundary={boundary}") })
    }
}
