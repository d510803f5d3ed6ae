//! What was measured, as a table of comma-separated values: one row for each run.

/// One run of one way.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The way, in words.
    pub way: String,
    /// The kind of head: `browser` or `bare`.
    pub head: String,
    /// Messages a second, from all together.
    pub rate: u32,
    /// People in the room.
    pub members: u64,
    /// How long was measured.
    pub seconds: f64,
    /// Messages said.
    pub said: u64,
    /// Messages heard: each of them once by each member.
    pub deliveries: u64,
    /// Bytes of names and texts that were heard.
    pub words: u64,
    /// The same as it was encoded: JSON, or the lines of events.
    pub encoded: u64,
    /// Questions for messages.
    pub requests: u64,
    /// Bytes on the connections where people hear, to the server.
    pub up: u64,
    /// And from it.
    pub down: u64,
    /// Bytes of what they said, to the server.
    pub say_up: u64,
    /// The answers to that.
    pub say_down: u64,
    /// Segments that the kernel has counted where people hear, to the server; where there is `ss`.
    pub packets_up: Option<u64>,
    /// And from it.
    pub packets_down: Option<u64>,
    /// The median delay of a delivery, in microseconds.
    pub median_us: u32,
    /// Of a hundred deliveries, the slowest.
    pub p99_us: u32,
    /// Processor time of the server, in microseconds; where there is /proc.
    pub processor_us: Option<u64>,
    /// Bytes of memory that the server has taken since the first member came.
    pub memory: Option<u64>,
}

const HEADER: &str = "way,head,rate,members,seconds,said,deliveries,words,encoded,requests,up,down,say_up,say_down,\
                      packets_up,packets_down,median_us,p99_us,processor_us,memory";

impl Row {
    /// Bytes in both directions, where people hear.
    pub fn bytes(&self) -> u64 {
        self.up + self.down
    }

    /// So much of something for each delivery.
    pub fn each(&self, of: u64) -> f64 {
        of as f64 / self.deliveries.max(1) as f64
    }

    /// So much of something for each member in a minute.
    pub fn a_minute(&self, of: u64) -> f64 {
        of as f64 / self.members as f64 / self.seconds * 60.0
    }

    /// Segments in both directions.
    pub fn packets(&self) -> Option<u64> {
        Some(self.packets_up? + self.packets_down?)
    }

    fn line(&self) -> String {
        let or_none = |number: Option<u64>| number.map_or(String::new(), |number| number.to_string());
        // The only field with a comma in it.
        let words = [format!("\"{}\"", self.way), self.head.clone()];
        let numbers = [
            u64::from(self.rate).to_string(),
            self.members.to_string(),
            self.seconds.to_string(),
            self.said.to_string(),
            self.deliveries.to_string(),
            self.words.to_string(),
            self.encoded.to_string(),
            self.requests.to_string(),
            self.up.to_string(),
            self.down.to_string(),
            self.say_up.to_string(),
            self.say_down.to_string(),
            or_none(self.packets_up),
            or_none(self.packets_down),
            self.median_us.to_string(),
            self.p99_us.to_string(),
            or_none(self.processor_us),
            or_none(self.memory),
        ];
        [&words[..], &numbers[..]].concat().join(",")
    }

    fn parse(line: &str) -> Option<Row> {
        let (way, rest) = line.strip_prefix('"')?.split_once("\",")?;
        let fields: Vec<&str> = rest.split(',').collect();
        let [
            head,
            rate,
            members,
            seconds,
            said,
            deliveries,
            words,
            encoded,
            requests,
            up,
            down,
            say_up,
            say_down,
            packets_up,
            packets_down,
            median,
            p99,
            processor,
            memory,
        ] = fields[..]
        else {
            return None;
        };
        let number = |text: &str| text.parse::<u64>().ok();
        Some(Row {
            way: way.to_owned(),
            head: head.to_owned(),
            rate: rate.parse().ok()?,
            members: number(members)?,
            seconds: seconds.parse().ok()?,
            said: number(said)?,
            deliveries: number(deliveries)?,
            words: number(words)?,
            encoded: number(encoded)?,
            requests: number(requests)?,
            up: number(up)?,
            down: number(down)?,
            say_up: number(say_up)?,
            say_down: number(say_down)?,
            packets_up: number(packets_up),
            packets_down: number(packets_down),
            median_us: median.parse().ok()?,
            p99_us: p99.parse().ok()?,
            processor_us: number(processor),
            memory: number(memory),
        })
    }
}

/// The rows as text.
pub fn write(rows: &[Row]) -> String {
    let lines: Vec<String> = rows.iter().map(Row::line).collect();
    format!("{HEADER}\n{}\n", lines.join("\n"))
}

/// The rows in a text.
///
/// # Errors
/// When it is not what [`write`] writes.
pub fn read(text: &str) -> Result<Vec<Row>, String> {
    let mut lines = text.lines();
    if lines.next() != Some(HEADER) {
        return Err(format!("the first line is not {HEADER}"));
    }
    lines.map(|line| Row::parse(line).ok_or_else(|| format!("no row: {line}"))).collect()
}

#[cfg(test)]
pub(crate) fn sample(way: &str, rate: u32) -> Row {
    Row {
        way: way.into(),
        head: "browser".into(),
        rate,
        members: 10,
        seconds: 2.5,
        said: 5,
        deliveries: 50,
        words: 1500,
        encoded: 3000,
        requests: 60,
        up: 30_000,
        down: 20_000,
        say_up: 600,
        say_down: 400,
        packets_up: Some(70),
        packets_down: None,
        median_us: 400,
        p99_us: 1400,
        processor_us: Some(9000),
        memory: Some(123_456),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let rows = [sample("short polling, 0.1 s", 10), sample("WebSocket", 0)];
        assert_eq!(read(&write(&rows)), Ok(rows.to_vec()));
        assert!(read("x\n").is_err());
        assert!(read(&write(&rows).replace("1400", "much")).is_err());
    }

    #[test]
    fn shares() {
        let row = sample("WebSocket", 1);
        assert_eq!((row.bytes(), row.each(row.bytes()), row.a_minute(60)), (50_000, 1000.0, 144.0));
        assert_eq!(row.packets(), None);
    }
}
