//! Status codes.

use std::fmt;

macro_rules! statuses {
    ($($code:literal $name:ident $reason:literal)*) => {
        /// A status code of RFC 9110 §15 or RFC 6585, with its reason phrase.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        pub enum Status {
            $(
                #[doc = concat!("`", $code, " ", $reason, "`")]
                $name = $code,
            )*
        }

        impl Status {
            /// The reason phrase: for people only, no program reads it (RFC 9112 §4).
            pub fn reason(self) -> &'static str {
                match self {
                    $(Status::$name => $reason,)*
                }
            }

            /// The status line with its end. RFC 9112 §2.3: the version is what the server speaks, 1.1, also in an
            /// answer to 1.0.
            pub(crate) fn line(self) -> &'static str {
                match self {
                    $(Status::$name => concat!("HTTP/1.1 ", $code, " ", $reason, "\r\n"),)*
                }
            }
        }
    };
}

statuses! {
    100 Continue "Continue"
    101 SwitchingProtocols "Switching Protocols"
    200 Ok "OK"
    201 Created "Created"
    202 Accepted "Accepted"
    203 NonAuthoritativeInformation "Non-Authoritative Information"
    204 NoContent "No Content"
    205 ResetContent "Reset Content"
    206 PartialContent "Partial Content"
    300 MultipleChoices "Multiple Choices"
    301 MovedPermanently "Moved Permanently"
    302 Found "Found"
    303 SeeOther "See Other"
    304 NotModified "Not Modified"
    307 TemporaryRedirect "Temporary Redirect"
    308 PermanentRedirect "Permanent Redirect"
    400 BadRequest "Bad Request"
    401 Unauthorized "Unauthorized"
    402 PaymentRequired "Payment Required"
    403 Forbidden "Forbidden"
    404 NotFound "Not Found"
    405 MethodNotAllowed "Method Not Allowed"
    406 NotAcceptable "Not Acceptable"
    407 ProxyAuthenticationRequired "Proxy Authentication Required"
    408 RequestTimeout "Request Timeout"
    409 Conflict "Conflict"
    410 Gone "Gone"
    411 LengthRequired "Length Required"
    412 PreconditionFailed "Precondition Failed"
    413 ContentTooLarge "Content Too Large"
    414 UriTooLong "URI Too Long"
    415 UnsupportedMediaType "Unsupported Media Type"
    416 RangeNotSatisfiable "Range Not Satisfiable"
    417 ExpectationFailed "Expectation Failed"
    421 MisdirectedRequest "Misdirected Request"
    422 UnprocessableContent "Unprocessable Content"
    426 UpgradeRequired "Upgrade Required"
    428 PreconditionRequired "Precondition Required"
    429 TooManyRequests "Too Many Requests"
    431 RequestHeaderFieldsTooLarge "Request Header Fields Too Large"
    500 InternalServerError "Internal Server Error"
    501 NotImplemented "Not Implemented"
    502 BadGateway "Bad Gateway"
    503 ServiceUnavailable "Service Unavailable"
    504 GatewayTimeout "Gateway Timeout"
    505 HttpVersionNotSupported "HTTP Version Not Supported"
}

impl Status {
    /// The three digits.
    pub fn code(self) -> u16 {
        self as u16
    }

    /// 1xx: the final answer follows (RFC 9110 §15.2).
    pub fn is_interim(self) -> bool {
        self.code() < 200
    }

    /// Whether an answer with this status may have content at all. RFC 9110 §6.4.1: "All 1xx (Informational),
    /// 204 (No Content), and 304 (Not Modified) responses do not include content."
    pub fn allows_content(self) -> bool {
        !(self.is_interim() || matches!(self, Status::NoContent | Status::NotModified))
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code(), self.reason())
    }
}
