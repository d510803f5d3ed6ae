//! The command line: whom to attack, how hard, and how to get in.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use lexopt::{Arg, Parser};

pub const HELP: &str = "Attacks a server on this machine and tells how it stood.

attack --step NAME            builds and starts a rung, with short deadlines, and attacks it: 11-rooms
attack --address IP:PORT      attacks a server that already runs; loopback addresses only

  --only NAMES        only these attacks: slowloris,never-reads; a part of a name will do
  --list              the attacks, and what each expects of a server
  --quick             fewer and shorter
  --patience SECONDS  a deadline that has not come by then is none (3; with --address 5)
  --honest SECONDS    an honest client that waits longer than this is not served (4)
  --memory MIB        so much more memory than before an attack is without bound (64)
  --connections N     how many the connection flood opens (2000, where the descriptor limit allows it)
  --path PATH         where the WebSocket is; otherwise /chat, /ws, /socket and / are tried
  --post-path PATH    where forms are posted
  --cookie NAME=VALUE, --header NAME:VALUE
                      sent with each request and handshake. Where a handshake is answered 401 and nothing was given,
                      the client logs in: POST /login with name=NAME, as rung 12 has it

The exit code is 0 when the server stood, 1 when it did not, 2 when there was nothing to attack.
";

/// What was asked for.
pub enum Wanted {
    Help,
    List,
    Attack(Options),
}

/// How to attack what.
pub struct Options {
    pub whom: Whom,
    /// Parts of names; empty: all.
    pub only: Vec<String>,
    pub quick: bool,
    pub patience: Duration,
    /// How long an honest client waits before it has not been served.
    pub honest: Duration,
    /// Bytes.
    pub memory: u64,
    pub connections: usize,
    pub path: Option<String>,
    pub post_path: Option<String>,
    pub fields: Vec<(String, String)>,
}

/// A rung of ours, or whoever listens there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whom {
    Rung(String),
    Address(SocketAddr),
}

impl Options {
    /// Reads the arguments. The error is one line.
    pub fn read(mut parser: Parser) -> Result<Wanted, String> {
        let (mut step, mut address, mut patience) = (None, None, None);
        let seconds = |name: &str, text: String| {
            let time = Duration::try_from_secs_f64(number(name, &text)?).ok();
            time.filter(|time| time.as_secs() <= 3600)
                .ok_or_else(|| format!("--{name} {text}: 0 to 3600 seconds"))
        };
        let mut options = Options {
            whom: Whom::Rung(String::new()),
            only: Vec::new(),
            quick: false,
            patience: Duration::ZERO,
            honest: Duration::from_secs(4),
            memory: 64 << 20,
            connections: 2000,
            path: None,
            post_path: None,
            fields: Vec::new(),
        };
        while let Some(argument) = parser.next().map_err(|error| error.to_string())? {
            let name = match argument {
                Arg::Short('h') => "help".to_string(),
                Arg::Long(name) => name.to_string(),
                other => return Err(format!("{}; --help lists the options", other.unexpected())),
            };
            match name.as_str() {
                "help" => return Ok(Wanted::Help),
                "list" => return Ok(Wanted::List),
                "quick" => options.quick = true,
                "step" => step = Some(value(&mut parser)?),
                "address" => address = Some(loopback(&value(&mut parser)?)?),
                "only" => {
                    let names = value(&mut parser)?;
                    options.only =
                        names.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
                }
                "patience" => patience = Some(seconds("patience", value(&mut parser)?)?),
                "honest" => options.honest = seconds("honest", value(&mut parser)?)?,
                "memory" => {
                    options.memory = number::<u32>("memory", &value(&mut parser)?).map(u64::from)? << 20
                }
                "connections" => options.connections = number("connections", &value(&mut parser)?)?,
                "path" => options.path = Some(value(&mut parser)?),
                "post-path" => options.post_path = Some(value(&mut parser)?),
                "cookie" => options.fields.push(("Cookie".into(), value(&mut parser)?)),
                "header" => options.fields.push(field(&value(&mut parser)?)?),
                other => return Err(format!("there is no option --{other}; --help lists them")),
            }
        }
        options.whom = match (step, address) {
            (Some(step), None) if harness::is_rung(&step) => Whom::Rung(step),
            (Some(step), None) => return Err(format!("there is no rung {step:?} under steps/")),
            (None, Some(address)) => Whom::Address(address),
            _ => return Err("say whom to attack: --step NAME, or --address IP:PORT".into()),
        };
        // Whose deadlines we did not set may have longer ones.
        let usual = if matches!(options.whom, Whom::Address(_)) { 5 } else { 3 };
        options.patience = patience.unwrap_or(Duration::from_secs(usual));
        Ok(Wanted::Attack(options))
    }
}

fn value(parser: &mut Parser) -> Result<String, String> {
    let value = parser.value().map_err(|error| error.to_string())?;
    value.into_string().map_err(|value| format!("{value:?} is not UTF-8"))
}

fn number<T: std::str::FromStr>(name: &str, text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("--{name} {text}: not a number that fits"))
}

fn field(text: &str) -> Result<(String, String), String> {
    let parts = text.split_once(':').filter(|_| !text.contains(['\r', '\n']));
    let (name, value) = parts.ok_or_else(|| format!("--header {text:?}: write NAME:VALUE"))?;
    Ok((name.trim().to_string(), value.trim().to_string()))
}

/// **Only this machine is attacked.** An address that is not on loopback is refused, whoever owns it.
fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address = match text.strip_prefix("localhost:").map(str::parse::<u16>) {
        Some(Ok(port)) => SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        _ => text.parse().map_err(|_| format!("--address {text}: write IP:PORT, such as 127.0.0.1:8080"))?,
    };
    let ip: IpAddr = address.ip().to_canonical();
    match ip.is_loopback() {
        true => Ok(address),
        false => Err(format!("{ip} is not a loopback address; this client attacks nothing but this machine")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Options, String> {
        match Options::read(Parser::from_args(line.split_whitespace()))? {
            Wanted::Attack(options) => Ok(options),
            Wanted::Help | Wanted::List => Err("help".into()),
        }
    }

    #[test]
    fn only_loopback_is_attacked() {
        for address in ["127.0.0.1:80", "127.9.9.9:80", "[::1]:80", "localhost:80", "[::ffff:127.0.0.1]:80"] {
            assert!(read(&format!("--address {address}")).is_ok(), "{address}");
        }
        for address in ["192.168.0.1:80", "0.0.0.0:80", "[::]:80", "8.8.8.8:53", "[::ffff:8.8.8.8]:53"] {
            let said = read(&format!("--address {address}")).err().unwrap_or_default();
            assert!(said.contains("is not a loopback address"), "{address}: {said:?}");
            assert_eq!(said.lines().count(), 1);
        }
        for address in ["example.com:80", "localhost", "localhost:x", "127.0.0.1"] {
            assert!(read(&format!("--address {address}")).is_err(), "{address}");
        }
    }

    #[test]
    fn a_line_says_what_is_wrong() {
        for line in [
            "",
            "--step 99-nothing",
            "--step 02-poll --address 127.0.0.1:1",
            "--loud",
            "--step 02-poll --patience soon",
            "--step 02-poll --patience -1",
            "--step 02-poll --header x",
            "02-poll",
        ] {
            let said = read(line).err().unwrap_or_default();
            assert!(!said.is_empty() && said.lines().count() == 1, "{line}: {said:?}");
        }
    }

    #[test]
    fn what_is_given_is_taken() {
        let options =
            read("--step 02-poll --only a,b --memory 8 --cookie s=1 --header X-Y:z --patience 0.5").ok();
        let options = options.expect("a good line");
        assert_eq!(options.whom, Whom::Rung("02-poll".into()));
        assert_eq!(options.only, ["a", "b"]);
        assert_eq!((options.memory, options.patience), (8 << 20, Duration::from_millis(500)));
        assert_eq!(options.fields, [("Cookie".into(), "s=1".into()), ("X-Y".into(), "z".into())]);
        let patient = read("--address 127.0.0.1:1").ok().map(|options| options.patience);
        assert_eq!(patient, Some(Duration::from_secs(5)));
    }
}
