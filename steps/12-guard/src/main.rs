//! The chat of rung 11 behind a login and the limits of this rung.

mod demo;

use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use accept::{Arguments, Failure, Misuse, Usage, setting};
use demo::Demo;
use guard::{
    COOKIE, Guard, Guarded, Limits, Origins, Proxies, Purpose, Rules, SECURE_COOKIE, Seal, descriptors,
};
use keep_alive::Http;

const USAGE: Usage = Usage {
    text: "The chat of rung 11, fit for the open internet, behind a proxy that speaks TLS. Log in at / with a browser, or by hand:\n\
           \n\
           curl -i -d name=Ada http://127.0.0.1:8080/login          the session is in Set-Cookie\n\
           websocat -H 'Cookie: session=...' ws://127.0.0.1:8080/chat\n\
           curl -H 'Authorization: Bearer ...' http://127.0.0.1:8080/counters.json\n\
           \n\
           --allow-origin LIST    pages of these origins may connect too: https://a.example,https://b.example\n\
           --require-origin       refuse who sends no Origin: all that is no browser\n\
           --trusted-proxy LIST   believe Forwarded or X-Forwarded-For of these: 10.0.0.0/8,::1\n\
           --behind-tls           a proxy in front speaks https: the cookie is Secure, __Host-session\n\
           --issue NAME           print a bearer token for a program called NAME, good for a year, and exit (needs SECRET)\n\
           \n\
           Environment: PASSWORD (everybody's; none is asked for where it is not set), SECRET (signs the logins; at least 32\n\
           characters; without it each start makes a new one, and all must log in again).\n\
           Limits, a rate being PER_SECOND,BURST: MAX_CONNECTIONS (10000), MAX_PER_ADDRESS (100), CONNECTION_RATE (20,200),\n\
           REQUEST_RATE (50,200), LOGIN_RATE (0.5,10), MESSAGE_RATE (30,120), BYTE_RATE (262144,1048576),\n\
           ADDRESS_MESSAGE_RATE (300,1200), ADDRESS_BYTE_RATE (2097152,8388608), PATIENCE_MS (10 s), MESSAGE_TIMEOUT_MS\n\
           (60 s), HANDSHAKE_TIMEOUT_MS (15 s), PING_INTERVAL_MS (20 s), PONG_TIMEOUT_MS (20 s), SESSION_MS (12 h),\n\
           TICKET_MS (30 s), and all of rung 11: SLOW_READER, MAX_MESSAGE, MAX_QUEUE and so on.",
    switches: &["require-origin", "behind-tls"],
    values: &["allow-origin", "trusted-proxy", "issue"],
};

const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

fn main() -> ExitCode {
    accept::program(&USAGE, |arguments| {
        let secret: String = setting("SECRET", String::new())?;
        if let Some(name) = text(&arguments, "issue")? {
            require(
                !secret.is_empty(),
                "--issue needs SECRET: signed with a new one the token would be worth nothing",
            )?;
            println!("{}", seal(&secret)?.issue(Purpose::Session, name, SystemTime::now() + YEAR));
            return Ok(());
        }
        let guard = Guard::new(Limits::from_environment()?, rules(&arguments, &secret)?);
        descriptors::allow(guard.limits().connections);
        let demo = Demo::new(guard, rooms::Limits::from_environment()?, setting("PASSWORD", String::new())?)?;
        poll::serve::<Guarded<Http<Demo>>>("http", arguments.listen, |_| demo)
    })
}

fn rules(arguments: &Arguments, secret: &str) -> Result<Rules, Failure> {
    let origins = Origins::new(
        text(arguments, "allow-origin")?.unwrap_or_default(),
        arguments.switch("require-origin"),
    );
    let proxies = text(arguments, "trusted-proxy")?.map(str::parse::<Proxies>).transpose();
    Ok(Rules {
        origins: origins.map_err(|why| Misuse(format!("--allow-origin: {why}")))?,
        proxies: proxies.map_err(|why| Misuse(format!("--trusted-proxy: {why}")))?.unwrap_or_default(),
        seal: seal(secret)?,
        cookie: if arguments.switch("behind-tls") { SECURE_COOKIE } else { COOKIE },
    })
}

/// The key is the secret, or 32 random bytes.
fn seal(secret: &str) -> Result<Seal, Failure> {
    let mut random = [0; 32];
    let key = match secret {
        "" => {
            getrandom::fill(&mut random)?;
            &random[..]
        }
        // RFC 7518 §3.2: a key of HMAC-SHA256 has the length of its output at least.
        secret => {
            require(
                secret.len() >= 32,
                "SECRET: at least 32 characters; `openssl rand -hex 32` makes a good one",
            )?;
            secret.as_bytes()
        }
    };
    Ok(Seal::new(key, SystemTime::now()))
}

fn text<'a>(arguments: &'a Arguments, option: &str) -> Result<Option<&'a str>, Failure> {
    let Some(value) = arguments.value(option) else { return Ok(None) };
    value.to_str().map(Some).ok_or_else(|| Misuse(format!("--{option}: not UTF-8")).into())
}

fn require(holds: bool, otherwise: &str) -> Result<(), Failure> {
    if holds { Ok(()) } else { Err(Misuse(otherwise.to_string()).into()) }
}
