//! hyper 1 on one thread of tokio: `GET /hello`.

use std::convert::Infallible;
use std::io;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;

fn main() -> io::Result<()> {
    let mut http = http1::Builder::new();
    // The answers to requests that came together leave together, in one buffer.
    http.pipeline_flush(true).writev(false);
    bench_peers::serve_on_tokio(|stream| {
        tokio::spawn(http.serve_connection(TokioIo::new(stream), service_fn(answer)));
    })
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let mut response = Response::default();
    if request.uri().path() == "/hello" {
        *response.body_mut() = Full::new(Bytes::from_static(b"Hello, World!"));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        // hyper would find it out, and write the number anew each time.
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("13"));
    } else {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    Ok(response)
}
