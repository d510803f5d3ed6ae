//! Makes constant what differs from run to run: ports, times, process ids.

/// The report with the same ports and times in every run.
pub fn steady(report: &str) -> String {
    let report = with_steady_ports(report);
    let lines: Vec<String> = report.lines().map(steady_line).collect();
    lines.join("\n")
}

/// Servers are at 8080, 8081, ...; clients at 50001, 50002, ..., in the order in which they are named.
fn with_steady_ports(report: &str) -> String {
    let servers = numbers_behind(report, " listens on 127.0.0.1:");
    let mut ports: Vec<(String, String)> = Vec::new();
    for port in servers.into_iter().chain(numbers_behind(report, "127.0.0.1:")) {
        // The line to try has the port of `make run` already.
        if port != "8080" && !ports.iter().any(|(known, _)| *known == port) {
            let is_server = report.contains(&format!(" listens on 127.0.0.1:{port}"));
            let before = ports.iter().filter(|(_, now)| now.starts_with("80") == is_server).count();
            ports.push((port, (before + if is_server { 8080 } else { 50_001 }).to_string()));
        }
    }
    let mut text = String::new();
    for token in tokens(report) {
        let now = ports.iter().find(|(port, _)| port == token).map(|(_, now)| now.as_str());
        text.push_str(now.unwrap_or(token));
    }
    text
}

fn numbers_behind(text: &str, mark: &str) -> Vec<String> {
    let behind = text.split(mark).skip(1);
    let numbers = behind.map(|rest| rest.chars().take_while(char::is_ascii_digit).collect::<String>());
    numbers.filter(|number| !number.is_empty()).collect()
}

/// Runs of digits, and what stands between them.
fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let is_digit = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    let mut rest = text;
    std::iter::from_fn(move || {
        let digits = is_digit(rest);
        let end = rest.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(rest.len());
        let (token, behind) = rest.split_at(end);
        rest = behind;
        (!token.is_empty()).then_some(token)
    })
}

/// Without the time of a log line, and the folder of a test.
fn steady_line(line: &str) -> String {
    let mut line = line.to_string();
    if let Some(at) = line.find("[ ")
        && let Some(end) = line[at..].find("] ")
        && line[at + 1..at + end].trim().parse::<f64>().is_ok()
    {
        line.replace_range(at..at + end + 1, "[   0.000]");
    }
    if let Some(at) = line.find("/barewire-") {
        let at = at + "/barewire-".len();
        let digits = line[at..].find(|c: char| !c.is_ascii_digit()).unwrap_or(line.len() - at);
        line.replace_range(at..at + digits, "1");
    }
    line
}

/// Whether two texts say the same but for figures: how much was sent, how long it took, in which line a test stands.
pub fn alike(one: &str, other: &str) -> bool {
    let without = |text: &str| -> String {
        tokens(text)
            .map(|token| if token.starts_with(|c: char| c.is_ascii_digit()) { "0" } else { token })
            .collect()
    };
    without(one) == without(other)
}
