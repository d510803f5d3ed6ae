//! The command line of a suite: libtest's, as far as cargo and its users write it.

/// What to run, and how.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub(crate) list: bool,
    pub(crate) fail_fast: bool,
    pub(crate) threads: usize,
    exact: bool,
    only_ignored: bool,
    filters: Vec<String>,
    skip: Vec<String>,
}

impl Options {
    pub(crate) fn from_env() -> Result<Options, String> {
        let mut options = Options::parse(std::env::args().skip(1))?;
        options.fail_fast =
            std::env::var("FAIL_FAST").is_ok_and(|value| !["", "0"].contains(&value.as_str()));
        Ok(options)
    }

    pub(crate) fn parse(args: impl IntoIterator<Item = String>) -> Result<Options, String> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let (filters, skip) = (Vec::new(), Vec::new());
        let mut options = Options {
            list: false,
            fail_fast: false,
            threads: cores.max(4),
            exact: false,
            only_ignored: false,
            filters,
            skip,
        };
        let mut args = args.into_iter();
        while let Some(arg) = args.next() {
            let (flag, value) = match arg.split_once('=') {
                Some((flag, value)) if flag.starts_with("--") => (flag.to_owned(), Some(value.to_owned())),
                _ => (arg, None),
            };
            let mut value =
                || value.clone().or_else(|| args.next()).ok_or_else(|| format!("{flag} needs a value"));
            match flag.as_str() {
                "--exact" => options.exact = true,
                "--list" => options.list = true,
                "--ignored" => options.only_ignored = true,
                "--skip" => options.skip.push(value()?),
                "--test-threads" => {
                    let text = value()?;
                    let threads = text.parse().ok().filter(|&threads| threads > 0);
                    options.threads =
                        threads.ok_or_else(|| format!("--test-threads {text}: not a number above 0"))?;
                }
                // Output of the servers is captured in any case, and there is one format only.
                "--nocapture" | "--no-capture" | "--show-output" | "--include-ignored" | "--quiet" | "-q"
                | "--test" => {}
                "--color" | "--format" | "-Z" => drop(value()?),
                other if other.starts_with('-') => return Err(format!("unknown argument {other}")),
                _ => options.filters.push(flag),
            }
        }
        Ok(options)
    }

    /// Shall this test run? No test is ever ignored, so `--ignored` selects none.
    pub(crate) fn selects(&self, name: &str) -> bool {
        let matches =
            |filter: &String| if self.exact { name == filter } else { name.contains(filter.as_str()) };
        let named = self.filters.is_empty() || self.filters.iter().any(matches);
        named && !self.skip.iter().any(matches) && !self.only_ignored
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, String> {
        Options::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn filters_are_parts_of_names_unless_exact() {
        assert!(parse("echo").unwrap().selects("an_echo_comes"));
        assert!(!parse("--exact echo").unwrap().selects("an_echo_comes"));
        assert!(parse("--exact echo").unwrap().selects("echo"));
        assert!(!parse("--skip echo").unwrap().selects("an_echo_comes"));
        assert!(!parse("--ignored").unwrap().selects("echo"));
    }

    #[test]
    fn what_libtest_takes_is_taken() {
        let options = parse("--nocapture --color always --format=pretty -q --test-threads=3 name").unwrap();
        assert_eq!((options.threads, options.selects("a_name")), (3, true));
        assert!(parse("--test-threads 0").is_err());
        assert!(parse("--no-such-flag").is_err());
        assert!(parse("--skip").is_err());
    }
}
