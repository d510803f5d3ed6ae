//! Rung 06: static files, as a browser likes them.
//!
//! A path comes from a stranger and names a file: that is the danger of this rung. A browser keeps what it
//! was given and asks whether it still holds: that is its speed. The files, in reading order:
//!
//! - [`Site`] (`site.rs`): a folder that is answered from, the whole rung at a glance.
//! - [`Name`] (`path.rs`): a request's path becomes a name below the root, or nothing.
//! - [`Root`] (`root.rs`): opening that name with no way out.
//! - [`Kind`] (`kind.rs`): what kind of file it is.
//! - [`Validators`] (`validators.rs`): ETag and Last-Modified, by which two versions are told apart.
//! - [`Verdict`] (`conditions.rs`): If-Match, If-None-Match and their kin.
//! - [`Wanted`] (`range.rs`): a part of a file.
//! - `version.rs`: from a file that was found to its answer.
//!
//! Behind the idea, each in a file of its own that nothing above needs to be understood:
//!
//! - `ranges.rs`, `multipart.rs`: several parts in one answer.
//! - [`Coding`] (`coding.rs`): files that were packed beforehand, `page.js.gz` beside `page.js`.
//! - `listing.rs`: a page for a folder that has none.
//! - [`Cache`] (`cache.rs`): files that are found once for many requests.

mod cache;
mod coding;
mod conditions;
mod kind;
mod listing;
mod multipart;
mod path;
mod random;
mod range;
mod ranges;
mod root;
mod site;
mod validators;
mod version;

pub use cache::Cache;
pub use coding::Coding;
pub use conditions::{Verdict, range_holds};
pub use kind::Kind;
pub use path::Name;
pub use range::Wanted;
pub use root::{Found, Root};
pub use site::Site;
pub use validators::Validators;
