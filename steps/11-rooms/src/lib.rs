//! Rung 11: who is who. Send to one, to all but the sender, to a room; and a chat in the browser.
//!
//! The files, in reading order:
//! - [`Hub`] (`hub.rs`): members by connection id, rooms, sending.
//! - [`SlowReader`] (`slow.rs`): what becomes of a message for somebody who does not read; `reader.rs` does it.
//! - [`Site`] (`site.rs`): a page, and an application behind one WebSocket path: all that a small server is.
//! - [`protocol`] (`protocol.rs`): what chat and page say to each other.
//! - [`Chat`] (`chat.rs`): the application. It stands on `people.rs` (names), `ids.rs` (numbers that grow),
//!   `history.rs` (what the newcomer is shown) and `typing.rs` (who is typing). [`SITE`] (`page.rs`) is its page.
//! - [`Limits`] (`limits.rs`).
//!
//! The application trait is rung 10's, [`messages::Application`]. Two more that implement it stand in `examples/`: a
//! ticker, sixty times a second, and a whiteboard. The shortest one that has rooms at all:
//!
//! ```
//! use messages::{Application, Close, Limits, Message, Socket};
//! use poll::{ConnId, Net, World};
//! use rooms::Hub;
//!
//! /// What anybody sends, everybody gets.
//! #[derive(Default)]
//! struct Party(Hub<()>);
//!
//! impl World for Party {}
//!
//! impl Application for Party {
//!     type Client = ();
//!
//!     fn limits(&self) -> Limits {
//!         Limits::default()
//!     }
//!
//!     fn open(&mut self, _: &mut (), socket: &mut Socket<'_, '_>) {
//!         self.0.enter(socket.id(), "kitchen", ());
//!     }
//!
//!     fn message(&mut self, _: &mut (), message: Message<'_>, socket: &mut Socket<'_, '_>) {
//!         self.0.send_to_all(&message, socket);
//!     }
//!
//!     fn woken(&mut self, _: &mut (), socket: &mut Socket<'_, '_>) {
//!         self.0.close_if_slow(socket);
//!     }
//!
//!     fn close(&mut self, id: ConnId, _: (), _: Close<'_>, _: &mut Net) {
//!         self.0.leave(id);
//!     }
//! }
//! # let _ = Party::default();
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
