//! Settings from the environment, so that a test can shorten every time and lower every limit.

use std::env;
use std::ffi::OsString;
use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use crate::program::{Failure, Misuse};

/// The longest time that [`milliseconds`] accepts: a day. Far longer ones could not be added to an `Instant`.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// The environment variable `name`, or `default` where it is not set or empty.
///
/// # Errors
/// A [`Misuse`] that names the variable, when its value is not a `T`.
pub fn setting<T>(name: &str, default: T) -> Result<T, Failure>
where
    T: FromStr,
    T::Err: Display,
{
    Ok(parse(name, env::var_os(name))?.unwrap_or(default))
}

/// The environment variable `name` as a time in milliseconds, at most a day, or `default` where it is not set or empty.
///
/// # Errors
/// A [`Misuse`] that names the variable, when its value is not a number or too large.
pub fn milliseconds(name: &str, default: Duration) -> Result<Duration, Failure> {
    let Some(number) = parse(name, env::var_os(name))? else { return Ok(default) };
    Ok(duration(name, number)?)
}

/// The value of a variable; `None` where it is not set or empty.
pub(crate) fn parse<T>(name: &str, value: Option<OsString>) -> Result<Option<T>, Misuse>
where
    T: FromStr,
    T::Err: Display,
{
    let Some(value) = value.filter(|value| !value.is_empty()) else { return Ok(None) };
    let text = value.to_str().ok_or_else(|| Misuse(format!("{name}={value:?}: not UTF-8")))?;
    text.parse().map(Some).map_err(|error| Misuse(format!("{name}={text:?}: {error}")))
}

fn duration(name: &str, milliseconds: u64) -> Result<Duration, Misuse> {
    let time = Duration::from_millis(milliseconds);
    if time > LONGEST {
        return Err(Misuse(format!(
            "{name}={milliseconds}: at most {} milliseconds (a day)",
            LONGEST.as_millis()
        )));
    }
    Ok(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(value: &str) -> Result<Option<u64>, String> {
        parse("MAX_LINE", Some(OsString::from(value))).map_err(|misuse| misuse.to_string())
    }

    #[test]
    fn a_value_is_taken() {
        assert_eq!(number("1000"), Ok(Some(1000)));
    }

    #[test]
    fn not_set_and_empty_mean_the_default() {
        assert_eq!(parse::<u64>("MAX_LINE", None).ok(), Some(None));
        assert_eq!(number(""), Ok(None));
    }

    #[test]
    fn a_bad_value_is_named_together_with_its_variable() {
        assert_eq!(number("many"), Err("MAX_LINE=\"many\": invalid digit found in string".to_string()));
        assert_eq!(number("-1"), Err("MAX_LINE=\"-1\": invalid digit found in string".to_string()));
    }

    #[cfg(unix)]
    #[test]
    fn a_value_that_is_not_utf8_is_refused() {
        use std::os::unix::ffi::OsStringExt;
        let misuse = parse::<u64>("MAX_LINE", Some(OsString::from_vec(vec![b'1', 0xff]))).unwrap_err();
        assert_eq!(misuse.to_string(), "MAX_LINE=\"1\\xFF\": not UTF-8");
    }

    #[test]
    fn a_time_of_more_than_a_day_is_refused() {
        assert_eq!(duration("IDLE_TIMEOUT_MS", 86_400_000).ok(), Some(Duration::from_secs(86_400)));
        let misuse = duration("IDLE_TIMEOUT_MS", 86_400_001).unwrap_err();
        assert_eq!(misuse.to_string(), "IDLE_TIMEOUT_MS=86400001: at most 86400000 milliseconds (a day)");
    }
}
