//! The chat's page, and where its WebSocket is.

use keep_alive::{Asset, Page};

use crate::site::Site;

/// The chat in the browser.
pub static SITE: Site = Site {
    page: Page { html: include_str!("../page/index.html"), script: include_str!("../page/page.js") },
    assets: &[
        Asset::script("/connection.js", include_str!("../page/connection.js")),
        Asset::script("/transcript.js", include_str!("../page/transcript.js")),
        Asset::css("/chat.css", include_str!("../page/chat.css")),
    ],
    path: "/chat",
    // protocol.rs
    subprotocols: &["barewire.chat"],
};
