//! Serves a folder.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use accept::{Usage, milliseconds};
use files::{Cache, Site};
use keep_alive::{Answer, Handler, Http, Limits, Next, NoSuccessor, Page};
use poll::{Net, World};
use request::Request;

const USAGE: Usage = Usage {
    text: "Serves the files of a folder, a small site of its own without --root. Open it in a browser, or:\n\
           \n\
           06-files --root DIR                                   serves DIR; index.html stands for a folder\n\
           06-files --root DIR --list                            a folder without index.html is listed\n\
           curl -v http://127.0.0.1:8080/wire.svg                see Content-Type, ETag, Last-Modified\n\
           curl -v -H 'If-None-Match: ETAG' http://127.0.0.1:8080/wire.svg     304 with that ETag\n\
           curl -v -r 0-99 http://127.0.0.1:8080/wire.svg        206: the first hundred bytes\n\
           curl -v --path-as-is http://127.0.0.1:8080/../src/main.rs           404: there is no way out\n\
           \n\
           Environment: MAX_HEAD, MAX_TARGET, MAX_FIELD, MAX_FIELDS, MAX_BODY, MAX_DRAIN, MAX_TRAILERS (bytes, fields),\n\
           IDLE_TIMEOUT_MS, HEAD_TIMEOUT_MS, BODY_TIMEOUT_MS; FILE_CACHE_MS, how long a look at a file holds (0)",
    switches: &["list"],
    values: &["root"],
};

/// The rung's own site: real files, to be changed while the server runs. The path is that of the source, so
/// it does not matter where the program is started.
const OWN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/page");

/// For the own site: the style that all rungs share. And the page of a binary that was carried away from its
/// source.
const PAGE: Page = Page { html: include_str!("elsewhere.html"), script: "" };

fn main() -> ExitCode {
    accept::program(&USAGE, |arguments| {
        let limits = Limits::from_environment()?;
        let site = match arguments.value("root") {
            Some(root) => {
                let root = Path::new(root);
                Some(Site::open(root).map_err(|error| format!("cannot serve {}: {error}", root.display()))?)
            }
            None => Site::open(Path::new(OWN)).ok(),
        };
        let site = site.map(|site| if arguments.switch("list") { site.listing() } else { site });
        if let Some(site) = &site {
            log::info!("serving {}", site.path().display());
        }
        let holds = milliseconds("FILE_CACHE_MS", Duration::ZERO)?;
        let site = site.map(|site| Cache::new(site, holds));
        let own = arguments.value("root").is_none();
        poll::serve::<Http<Demo>>("http", arguments.listen, |_| Demo { limits, site, own })
    })
}

struct Demo {
    limits: Limits,
    /// `None`: there is nothing to serve but the page that says so.
    site: Option<Cache>,
    /// Without `--root`.
    own: bool,
}

impl World for Demo {
    fn timeout(&mut self, key: u32, net: &mut Net) {
        if let Some(cache) = &mut self.site {
            cache.timeout(key, net);
        }
    }
}

impl Handler for Demo {
    type Exchange = ();
    type Successor = NoSuccessor<Demo>;

    fn limits(&self) -> &Limits {
        &self.limits
    }

    fn request(&mut self, head: &Request<'_>, answer: &mut Answer<'_, '_>) -> Next<Demo> {
        let shared = matches!(head.target.path(), "/style.css" | "/common.js");
        let of_the_rungs = self.own && (self.site.is_none() || shared);
        if of_the_rungs && PAGE.answers(head, answer) {
            return Next::Done;
        }
        match &mut self.site {
            Some(site) => site.answer(head, answer),
            None => answer.text(request::Status::NotFound, "There is nothing to serve. Try --root DIR.\n"),
        }
        Next::Done
    }
}
