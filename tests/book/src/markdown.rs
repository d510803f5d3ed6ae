//! What stands in a chapter: links, headings, blocks of code, each with its place.

use std::ops::Range;
use std::path::{Component, Path, PathBuf};

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// A link or an image.
#[derive(Debug, PartialEq, Eq)]
pub struct Link {
    /// Where it leads, as it was written.
    pub to: String,
    /// All of `[text](to)`, as bytes of the chapter.
    pub range: Range<usize>,
    /// `![...]`: the file is shown, not linked.
    pub image: bool,
    /// The text between the brackets, without its marks.
    pub text: String,
}

fn parser(text: &str) -> pulldown_cmark::OffsetIter<'_> {
    let options = Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES | Options::ENABLE_STRIKETHROUGH;
    Parser::new_ext(text, options).into_offset_iter()
}

/// All links and images, in order; none from blocks of code.
pub fn links(text: &str) -> Vec<Link> {
    let mut links: Vec<Link> = Vec::new();
    let mut open = Vec::new();
    for (event, range) in parser(text) {
        match event {
            Event::Start(Tag::Link { dest_url, .. }) => {
                open.push(links.len());
                links.push(Link { to: dest_url.into_string(), range, image: false, text: String::new() });
            }
            Event::Start(Tag::Image { dest_url, .. }) => {
                open.push(links.len());
                links.push(Link { to: dest_url.into_string(), range, image: true, text: String::new() });
            }
            Event::End(TagEnd::Link | TagEnd::Image) => {
                open.pop();
            }
            Event::Text(said) | Event::Code(said) => {
                for &link in &open {
                    links[link].text.push_str(&said);
                }
            }
            _ => {}
        }
    }
    links
}

/// Where a link leads that stands in this file: a path below the repository, and the fragment without its `#`. `None`: it
/// is no path.
pub fn resolve<'a>(to: &'a str, file: &Path) -> Option<(PathBuf, &'a str)> {
    if to.contains("://") || to.starts_with("mailto:") {
        return None;
    }
    let (path, fragment) = to.split_once('#').unwrap_or((to, ""));
    let mut resolved = file.to_owned();
    if path.is_empty() {
        return Some((resolved, fragment));
    }
    resolved.pop();
    for part in Path::new(path).components() {
        match part {
            Component::ParentDir => {
                resolved.pop();
            }
            Component::Normal(name) => resolved.push(name),
            _ => {}
        }
    }
    Some((resolved, fragment))
}

/// What the headings can be called by, behind a `#`: as mdBook and GitHub make it of their text.
pub fn fragments(text: &str) -> Vec<String> {
    let mut fragments: Vec<String> = Vec::new();
    let mut heading: Option<String> = None;
    for (event, _) in parser(text) {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::Text(said) | Event::Code(said) => {
                if let Some(heading) = &mut heading {
                    heading.push_str(&said);
                }
            }
            Event::End(TagEnd::Heading(_)) => fragments.extend(heading.take().map(|heading| {
                let kept =
                    heading.chars().filter(|c| c.is_alphanumeric() || c.is_whitespace() || "-_".contains(*c));
                kept.flat_map(char::to_lowercase).map(|c| if c.is_whitespace() { '-' } else { c }).collect()
            })),
            _ => {}
        }
    }
    fragments
}

/// `like this`: all code within a line, each with where it stands, ticks included.
pub fn inline_code(text: &str) -> Vec<(String, Range<usize>)> {
    let code = parser(text).filter_map(|(event, range)| match event {
        Event::Code(code) => Some((code.into_string(), range)),
        _ => None,
    });
    code.collect()
}

/// A fenced block of code.
#[derive(Debug, PartialEq, Eq)]
pub struct Block {
    /// The words behind the three ticks: `console,by-hand`.
    pub info: String,
    /// What stands in it, line ends included.
    pub text: String,
    /// The number of its first line, that of the ticks, from 1.
    pub line: usize,
    /// All of it, ticks included, as bytes of the chapter.
    pub range: Range<usize>,
}

/// All fenced blocks, in order.
pub fn blocks(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut within = false;
    for (event, range) in parser(text) {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                within = true;
                blocks.push(Block {
                    info: info.into_string(),
                    text: String::new(),
                    line: line_of(text, range.start),
                    range,
                });
            }
            Event::Text(said) if within => blocks.last_mut().expect("it was begun").text.push_str(&said),
            Event::End(TagEnd::CodeBlock) => within = false,
            _ => {}
        }
    }
    blocks
}

/// The number of the line in which this byte stands, from 1.
pub fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}
