//! Rung 11: who is who. Send to one, to all but the sender, to a room; and a chat in the browser.
//!
//! The files, in reading order:
//! - [`Hub`] (`hub.rs`): members by connection id, rooms, sending, and what becomes of a slow reader.
//! - [`protocol`] (`protocol.rs`): what chat and page say to each other.
//! - [`Chat`] (`chat.rs`): the application. It stands on `people.rs` (names), `ids.rs` (numbers that grow),
//!   `history.rs` (what the newcomer is shown) and `typing.rs` (who is typing).
//! - [`Limits`] (`limits.rs`).
//!
//! The application trait is rung 10's, [`messages::Application`]: a game or a ticker implements it as the chat
//! does, and keeps a [`Hub`] to reach its members. All of a ticker:
//!
//! ```
//! use messages::{Application, Close, Limits, Message, Socket};
//! use poll::{ConnId, Net, World};
//! use rooms::Hub;
//! use std::{borrow::Cow, time::Duration};
//!
//! const TICK: u32 = 1;
//!
//! #[derive(Default)]
//! struct Ticker {
//!     hub: Hub<()>,
//!     count: u64,
//! }
//!
//! impl World for Ticker {
//!     fn start(&mut self, net: &mut Net) {
//!         net.set_timeout(TICK, Some(Duration::from_millis(16)));
//!     }
//!
//!     fn timeout(&mut self, _: u32, net: &mut Net) {
//!         self.count += 1;
//!         let message = Message::Text(Cow::Owned(self.count.to_string()));
//!         self.hub.send_to_all(&message, net);
//!         self.start(net);
//!     }
//! }
//!
//! impl Application for Ticker {
//!     type Client = ();
//!
//!     fn limits(&self) -> Limits {
//!         Limits::default()
//!     }
//!
//!     fn open(&mut self, _: &mut (), socket: &mut Socket<'_, '_>) {
//!         self.hub.enter(socket.id(), "ticker", ());
//!     }
//!
//!     fn message(&mut self, _: &mut (), _: Message<'_>, _: &mut Socket<'_, '_>) {}
//!
//!     fn woken(&mut self, _: &mut (), socket: &mut Socket<'_, '_>) {
//!         self.hub.close_if_slow(socket);
//!     }
//!
//!     fn close(&mut self, id: ConnId, _: (), _: Close<'_>, _: &mut Net) {
//!         self.hub.leave(id);
//!     }
//! }
//! # let _ = Ticker::default();
//! ```

mod chat;
mod history;
mod hub;
mod ids;
mod limits;
mod page;
mod people;
pub mod protocol;
mod reader;
mod site;
mod slow;
#[cfg(test)]
mod stage;
mod typing;

pub use chat::Chat;
pub use history::Said;
pub use hub::{Hub, Sending};
pub use limits::Limits;
pub use page::SITE;
pub use people::{Person, check_name};
pub use site::Site;
pub use slow::{Lost, SlowReader};
