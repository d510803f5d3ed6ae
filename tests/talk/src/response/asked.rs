//! What was asked, so that an answer can be told from its question.

use std::collections::VecDeque;

use keep_alive::{Body, BodyDecoder, Limits};
use request::{Method, Request};

/// The requests that were sent, read as a server reads them.
#[derive(Default)]
pub(super) struct Asked {
    bytes: Vec<u8>,
    body: Option<BodyDecoder>,
    /// For each request without a final answer: was it HEAD?
    pub methods: VecDeque<bool>,
    /// What was sent is no request; where another would begin is not known.
    lost: bool,
}

impl Asked {
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        while !self.lost {
            let used = match &mut self.body {
                Some(body) => match body.next(&self.bytes, &Limits::DEFAULT) {
                    Ok(Some(part)) => {
                        if part.body == Some(Body::End) {
                            self.body = None;
                        }
                        part.used
                    }
                    Ok(None) => return,
                    Err(_) => {
                        self.lost = true;
                        return;
                    }
                },
                None => match Request::parse(&self.bytes, &request::Limits::DEFAULT) {
                    Ok(Some((head, used))) => {
                        self.methods.push_back(head.method == Method::Head);
                        self.body = BodyDecoder::new(head.framing);
                        used
                    }
                    Ok(None) => return,
                    // A wrong request is answered too, once.
                    Err(_) => {
                        self.methods.push_back(false);
                        self.lost = true;
                        return;
                    }
                },
            };
            self.bytes.drain(..used);
        }
    }
}
