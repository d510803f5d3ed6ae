//! What every server answers in the same way, whatever its handler does.

use request::{Expectation, Method, Request, Status, Target};

use crate::{Answer, Content};

const SERVED: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

/// Whether it was such a request; then it is answered. Where it ends is not in doubt, so its connection goes on, but
/// for CONNECT.
pub(crate) fn answered_for_all(head: &Request<'_>, answer: &mut Answer<'_, '_>) -> bool {
    if head.expectation == Expectation::Unknown {
        // RFC 9110 §10.1.1: "A server that receives an Expect field value containing a member other than
        // 100-continue MAY respond with a 417".
        answer.text(Status::ExpectationFailed, "The only expectation known here is 100-continue.\n");
    } else if head.method == Method::Unknown {
        // RFC 9110 §9.1: "An origin server that receives a request method that is unrecognized or not implemented
        // SHOULD respond with the 501 (Not Implemented) status code."
        answer.text(Status::NotImplemented, "This method is not known here. Methods are case-sensitive.\n");
    } else if head.target == Target::Asterisk {
        // RFC 9110 §9.3.7: "An OPTIONS request with an asterisk ("*") as the request target applies to the server
        // in general rather than to a specific resource."
        answer.send(Status::NoContent, Content::Empty, |head| head.field("Allow", SERVED));
    } else if head.method == Method::Trace {
        // It would send cookies back to a script that must not see them.
        answer.method_not_allowed(SERVED);
    } else if head.method == Method::Connect {
        // It is for proxies. A client that was sure of success has sent what belongs into the tunnel, and whoever
        // wrote that could write a request. RFC 9931 §8: "proxy servers MUST close the underlying connection when
        // rejecting a CONNECT request".
        answer.close_after();
        answer.method_not_allowed(SERVED);
    } else {
        return false;
    }
    true
}
