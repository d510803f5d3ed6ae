//! Rung 06: static files, as a browser likes them.
//!
//! A path comes from a stranger and names a file: that is the danger of this rung. A browser keeps what it
//! was given and asks whether it still holds: that is its speed. The files, in reading order:
//!
//! - [`Site`] (`site.rs`): a folder that is answered from, the whole rung at a glance.
//! - [`Name`] (`path.rs`): a request's path becomes a name below the root, or nothing.
//! - [`Root`] (`root.rs`): opening that name with no way out.
//! - [`content_type`] (`kind.rs`): what kind of file it is.
//! - [`Validators`] (`validators.rs`): ETag and Last-Modified, by which two versions are told apart.
//! - [`Verdict`] (`conditions.rs`): If-Match, If-None-Match and their kin.
//! - [`Wanted`] (`range.rs`): a part of a file.

mod conditions;
mod kind;
mod path;
mod range;
mod root;
mod site;
mod validators;

pub use conditions::{Verdict, range_holds};
pub use kind::content_type;
pub use path::Name;
pub use range::Wanted;
pub use root::{Found, Root};
pub use site::Site;
pub use validators::Validators;
