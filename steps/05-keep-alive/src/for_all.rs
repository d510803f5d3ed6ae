//! What every server answers in the same way, whatever its handler does.

use request::{Expectation, Method, Request, Status, Target};

use crate::{Answer, Content};

const SERVED: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

/// Whether it was such a request; then it is answered.
pub(crate) fn answered_for_all(head: &Request<'_>, answer: &mut Answer<'_, '_>) -> bool {
    if head.expectation == Expectation::Unknown {
        // RFC 9110 §10.1.1: "A server that receives an Expect field value containing a member other than
        // 100-continue MAY respond with a 417".
        answer.text(Status::ExpectationFailed, "The only expectation known here is 100-continue.\n");
    } else if head.target == Target::Asterisk {
        // RFC 9110 §9.3.7: "An OPTIONS request with an asterisk ("*") as the request target applies to the server
        // in general rather than to a specific resource."
        answer.send(Status::NoContent, Content::Empty, |head| head.field("Allow", SERVED));
    } else if matches!(head.method, Method::Trace | Method::Connect) {
        // TRACE would send cookies back to a script that must not see them; CONNECT is for proxies.
        answer.method_not_allowed(SERVED);
    } else {
        return false;
    }
    true
}
