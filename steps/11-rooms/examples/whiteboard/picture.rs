//! The picture, and the messages that make it. Numbers are in network byte order; a point is x and y, two bytes each,
//! x below 1600, y below 1000; a pen is its colour, 0 to 7, and its width, 1 to 40.
//!
//! ```text
//! from a client                            from the server
//! 0 begin      stroke2 pen2 point4         0 a stroke     writer4 stroke2 pen2 point4 ...
//! 1 go on      stroke2 point4 ...          1 more of it   writer4 stroke2 point4 ...
//! 2 take back  stroke2                     2 it is gone   writer4 stroke2
//! 3 clear                                  3 all are gone
//!                                          4 you are      writer4
//!                                          5 here are     people4
//! ```
//!
//! A client numbers its strokes; the server puts the writer in front. So nobody can go on with another's stroke, or take
//! it back: there is no way to name it.

use std::collections::VecDeque;

/// Bytes: `go on` with 256 points.
pub const MAX_MESSAGE: usize = 3 + 256 * POINT;
/// So many strokes are kept, and so many points of all strokes: 100 KB, whoever draws.
const MAX_STROKES: usize = 1000;
const MAX_POINTS: usize = 20_000;
const WIDE: u16 = 1600;
const HIGH: u16 = 1000;

const POINT: usize = 4;
/// A stroke's bytes before its points: kind, writer, stroke, pen.
const BEFORE_POINTS: usize = 9;

/// Who draws it, and the writer's own number for it.
pub type Name = (u32, u16);

/// What a client may say.
pub enum Request<'a> {
    Begin { stroke: u16, pen: [u8; 2], point: &'a [u8] },
    GoOn { stroke: u16, points: &'a [u8] },
    TakeBack { stroke: u16 },
    Clear,
}

impl Request<'_> {
    /// # Errors
    /// What is wrong with it.
    pub fn parse(bytes: &[u8]) -> Result<Request<'_>, &'static str> {
        match *bytes {
            [0, a, b, colour, width, ref point @ ..] if point.len() == POINT => {
                if colour > 7 || !(1..=40).contains(&width) {
                    return Err("there is no such pen");
                }
                on_board(point)?;
                Ok(Request::Begin { stroke: u16::from_be_bytes([a, b]), pen: [colour, width], point })
            }
            [1, a, b, ref points @ ..] if !points.is_empty() && points.len().is_multiple_of(POINT) => {
                on_board(points)?;
                Ok(Request::GoOn { stroke: u16::from_be_bytes([a, b]), points })
            }
            [2, a, b] => Ok(Request::TakeBack { stroke: u16::from_be_bytes([a, b]) }),
            [3] => Ok(Request::Clear),
            _ => Err("this is no message of the whiteboard"),
        }
    }
}

fn on_board(points: &[u8]) -> Result<(), &'static str> {
    let (points, _) = points.as_chunks::<POINT>();
    let inside =
        |&[a, b, c, d]: &[u8; POINT]| u16::from_be_bytes([a, b]) < WIDE && u16::from_be_bytes([c, d]) < HIGH;
    if points.iter().all(inside) { Ok(()) } else { Err("the point is not on the board") }
}

/// The strokes, oldest first.
#[derive(Default)]
pub struct Picture {
    strokes: VecDeque<Stroke>,
    points: usize,
}

struct Stroke {
    name: Name,
    /// The message that draws all of it: what a newcomer is sent is what is kept.
    wire: Vec<u8>,
}

impl Stroke {
    fn points(&self) -> usize {
        (self.wire.len() - BEFORE_POINTS) / POINT
    }
}

impl Picture {
    /// Begins a stroke. Returns what everybody is told.
    ///
    /// # Errors
    /// The writer has a stroke of this number already.
    pub fn begin(&mut self, name: Name, pen: [u8; 2], point: &[u8]) -> Result<Vec<u8>, &'static str> {
        if self.find(name).is_some() {
            return Err("this stroke has begun already");
        }
        let wire = [&of_stroke(0, name)[..], &pen, point].concat();
        self.points += 1;
        self.strokes.push_back(Stroke { name, wire: wire.clone() });
        Ok(wire)
    }

    /// Adds points to a stroke. Returns what everybody is told; `None`: there is no such stroke.
    pub fn go_on(&mut self, name: Name, points: &[u8]) -> Option<Vec<u8>> {
        let at = self.find(name)?;
        self.strokes[at].wire.extend_from_slice(points);
        self.points += points.len() / POINT;
        Some([&of_stroke(1, name)[..], points].concat())
    }

    /// Takes a stroke out. `false`: there is no such stroke.
    pub fn take_back(&mut self, name: Name) -> bool {
        let taken = self.find(name).and_then(|at| self.strokes.remove(at));
        self.points -= taken.as_ref().map_or(0, Stroke::points);
        taken.is_some()
    }

    /// Forgets the oldest stroke, if there are too many strokes or points.
    pub fn forget(&mut self) -> Option<Name> {
        let is_full = self.strokes.len() > MAX_STROKES || self.points > MAX_POINTS;
        let oldest = self.strokes.front().filter(|_| is_full)?.name;
        self.take_back(oldest);
        Some(oldest)
    }

    /// The messages that draw the picture.
    pub fn strokes(&self) -> impl Iterator<Item = &[u8]> {
        self.strokes.iter().map(|stroke| &stroke.wire[..])
    }

    /// From the end: who draws has begun lately.
    fn find(&self, name: Name) -> Option<usize> {
        self.strokes.iter().rposition(|stroke| stroke.name == name)
    }
}

fn of_stroke(kind: u8, (writer, stroke): Name) -> Vec<u8> {
    [&[kind][..], &writer.to_be_bytes(), &stroke.to_be_bytes()].concat()
}

pub fn gone(name: Name) -> Vec<u8> {
    of_stroke(2, name)
}

pub fn cleared() -> Vec<u8> {
    vec![3]
}

pub fn you(writer: u32) -> Vec<u8> {
    [&[4][..], &writer.to_be_bytes()].concat()
}

pub fn here(people: usize) -> Vec<u8> {
    [&[5][..], &(people as u32).to_be_bytes()].concat()
}
