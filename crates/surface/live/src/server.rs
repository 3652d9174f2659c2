//! The door: HTTP on loopback, for browsers on this machine and nobody else.
//!
//! - Every request must name this host and port (`Host`), so that no name that a stranger points at this machine works.
//! - Where a browser says which page asks (`Origin`), it must be ours; what changes something must say it.
//! - Everything but the page itself needs the token that was printed, as a header that no form and no link can send. It
//!   stands behind `#` in the address: it never reaches a server, a log or another site.
//! - What changes something is `POST` with a body of JSON of at most [`BODY`] bytes.
//!
//! What is asked goes through a channel to the thread that owns the session ([`crate::pace`]).

use std::convert::Infallible;
use std::io;
use std::net::TcpListener;
use std::pin::Pin;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use http_body::Frame;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

use crate::pace::{Answer, Ask, Order, UNREAD};

/// A body is at most so long, bytes.
pub const BODY: usize = 64 << 10;
/// Open connections end within this time when the session does.
const FAREWELL: Duration = Duration::from_millis(500);

/// Who may come in, and where orders go.
pub struct Door {
    token: String,
    host: String,
    origin: String,
    page: worstday_page::Live,
    orders: Mutex<Sender<Order>>,
}

impl Door {
    /// At a port, with a token.
    #[must_use]
    pub fn new(port: u16, token: String, orders: Sender<Order>) -> Self {
        Self {
            token,
            host: format!("127.0.0.1:{port}"),
            origin: format!("http://127.0.0.1:{port}"),
            page: worstday_page::live(),
            orders: Mutex::new(orders),
        }
    }

    /// Whether this is the token, in a time that does not tell how much of it was right.
    fn opens(&self, headers: &HeaderMap) -> bool {
        let given = headers
            .get(header::AUTHORIZATION)
            .map(HeaderValue::as_bytes);
        let Some(given) = given.and_then(|text| text.strip_prefix(b"Bearer ")) else {
            return false;
        };
        let own = self.token.as_bytes();
        let differ = own
            .iter()
            .zip(given)
            .fold(0, |differ, (a, b)| differ | (a ^ b));
        given.len() == own.len() && differ == 0
    }

    async fn ask(&self, ask: Ask) -> Option<Answer> {
        let (answer, answered) = oneshot::channel();
        let sent = match self.orders.lock() {
            Ok(orders) => orders.send(Order { ask, answer }).is_ok(),
            Err(_) => false,
        };
        if sent { answered.await.ok() } else { None }
    }
}

/// 128 bits from the operating system, as 32 hexadecimal digits.
///
/// # Errors
///
/// If it has none to give.
pub fn token() -> io::Result<String> {
    let mut bits = [0_u8; 16];
    getrandom::fill(&mut bits).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(bits.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Serves until `over` is told or dropped.
///
/// # Errors
///
/// If the operating system refuses what a server needs.
pub fn serve(
    listener: TcpListener,
    door: Arc<Door>,
    over: oneshot::Receiver<()>,
) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()?;
    runtime.block_on(async move {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let (end, ended) = oneshot::channel::<()>();
        let serving = axum::serve(listener, routes(door)).with_graceful_shutdown(async move {
            let _ = ended.await;
        });
        let serving = tokio::spawn(serving.into_future());
        let _ = over.await;
        drop(end);
        // A browser may hold a connection open as long as it likes.
        let _ = tokio::time::timeout(FAREWELL, serving).await;
        Ok(())
    })
}

fn routes(door: Arc<Door>) -> Router {
    Router::new()
        .route("/", get(page))
        .route("/api/stream", get(stream))
        .route("/api/scenario", get(scenario))
        .route("/api/{order}", post(order))
        .fallback(async || failed(StatusCode::NOT_FOUND, "there is nothing here"))
        .layer(from_fn_with_state(Arc::clone(&door), guard))
        .with_state(door)
}

fn failed(status: StatusCode, why: impl std::fmt::Display) -> Response {
    (
        status,
        [(header::CONTENT_TYPE, JSON)],
        json!({"error": why.to_string()}).to_string(),
    )
        .into_response()
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Lets in who may come in, and adds what every answer says.
async fn guard(State(door): State<Arc<Door>>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let one = |name: &HeaderName| {
        let mut all = headers.get_all(name).iter();
        match (all.next(), all.next()) {
            (Some(value), None) => Some(value.as_bytes()),
            _ => None,
        }
    };
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
    let origin = headers.contains_key(header::ORIGIN);
    let refused = if one(&header::HOST) != Some(door.host.as_bytes()) {
        Some((StatusCode::FORBIDDEN, "this server is called otherwise"))
    } else if (origin || changes) && one(&header::ORIGIN) != Some(door.origin.as_bytes()) {
        Some((StatusCode::FORBIDDEN, "another site asks"))
    } else if request.uri().path() != "/" && !door.opens(headers) {
        Some((
            StatusCode::UNAUTHORIZED,
            "the token is missing or wrong: open the address that was printed",
        ))
    } else {
        None
    };
    let mut response = match refused {
        Some((status, why)) => failed(status, why),
        None => next.run(request).await,
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::CACHE_CONTROL, "no-store"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(
            "default-src 'none'; frame-ancestors 'none'",
        ));
    response
}

async fn page(State(door): State<Arc<Door>>) -> Response {
    let policy = HeaderValue::from_str(&door.page.policy);
    let policy = policy.unwrap_or(HeaderValue::from_static("default-src 'none'"));
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    let headers = [
        (header::CONTENT_TYPE, html),
        (header::CONTENT_SECURITY_POLICY, policy),
    ];
    (headers, door.page.html.clone()).into_response()
}

async fn stream(State(door): State<Arc<Door>>) -> Response {
    let (to, from) = mpsc::channel(UNREAD);
    match door.ask(Ask::Watch(to)).await {
        Some(Ok(_)) => {
            let events = HeaderValue::from_static("text/event-stream");
            ([(header::CONTENT_TYPE, events)], Body::new(Stream(from))).into_response()
        }
        Some(Err(refusal)) => failed(StatusCode::SERVICE_UNAVAILABLE, refusal),
        None => over(),
    }
}

async fn scenario(State(door): State<Arc<Door>>) -> Response {
    match door.ask(Ask::Scenario).await {
        Some(Ok(text)) => {
            let yaml = HeaderValue::from_static("text/plain; charset=utf-8");
            let text = text.as_str().unwrap_or_default().to_owned();
            ([(header::CONTENT_TYPE, yaml)], text).into_response()
        }
        Some(Err(refusal)) => failed(StatusCode::UNPROCESSABLE_ENTITY, refusal),
        None => over(),
    }
}

fn over() -> Response {
    failed(StatusCode::SERVICE_UNAVAILABLE, "the session has ended")
}

/// The endless answer of a watcher.
struct Stream(mpsc::Receiver<Bytes>);

impl http_body::Body for Stream {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0
            .poll_recv(context)
            .map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PaceBody {
    paused: Option<bool>,
    speed: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StepBody {
    seconds: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BackBody {
    to: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PullBody {
    lever: String,
    lasts: Option<f64>,
    size: Option<f64>,
    #[serde(default)]
    arm: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BreakBody {
    kind: String,
    part: String,
    lasts: Option<f64>,
    size: Option<f64>,
    #[serde(default)]
    arm: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReleaseBody {
    done: u32,
    #[serde(default)]
    arm: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ForkBody {
    without: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ArmBody {
    #[serde(default)]
    arm: usize,
}

fn read<T: DeserializeOwned>(
    body: &[u8],
    make: impl FnOnce(T) -> Ask,
) -> Result<Ask, Box<Response>> {
    // A list would do for a map without names: what is asked for is named.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(Box::new(failed(
            StatusCode::BAD_REQUEST,
            "an order is a JSON object",
        )));
    }
    serde_json::from_slice(body)
        .map(make)
        .map_err(|error| Box::new(failed(StatusCode::BAD_REQUEST, error)))
}

/// What a body asks for.
fn asked(order: &str, body: &[u8]) -> Result<Ask, Box<Response>> {
    match order {
        "pace" => read(body, |PaceBody { paused, speed }| Ask::Pace {
            paused,
            speed,
        }),
        "step" => read(body, |StepBody { seconds }| Ask::Step(seconds)),
        "back" => read(body, |BackBody { to }| Ask::Back(to)),
        "pull" => read(body, |body: PullBody| Ask::Pull {
            arm: body.arm,
            lever: body.lever,
            lasts: body.lasts,
            size: body.size,
        }),
        "break" => read(body, |body: BreakBody| Ask::Break {
            arm: body.arm,
            kind: body.kind,
            part: body.part,
            lasts: body.lasts,
            size: body.size,
        }),
        "release" => read(body, |ReleaseBody { done, arm }| Ask::Release { arm, done }),
        "fork" => read(body, |ForkBody { without }| Ask::Fork(without)),
        "keep" => read(body, |ArmBody { arm }| Ask::Keep(arm)),
        "save" => read(body, |ArmBody { arm }| Ask::Save(arm)),
        _ => Err(Box::new(failed(
            StatusCode::NOT_FOUND,
            format!("there is no order `{order}`"),
        ))),
    }
}

async fn order(
    State(door): State<Arc<Door>>,
    Path(order): Path<String>,
    request: Request,
) -> Response {
    let kind = request
        .headers()
        .get(header::CONTENT_TYPE)
        .map(HeaderValue::as_bytes);
    let is_json = kind.is_some_and(|kind| {
        let kind = kind.split(|byte| *byte == b';').next().unwrap_or_default();
        kind.trim_ascii().eq_ignore_ascii_case(b"application/json")
    });
    if !is_json {
        return failed(StatusCode::UNSUPPORTED_MEDIA_TYPE, "orders are JSON");
    }
    let Ok(body) = axum::body::to_bytes(request.into_body(), BODY).await else {
        return failed(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("an order is at most {BODY} bytes long"),
        );
    };
    let ask = match asked(&order, &body) {
        Ok(ask) => ask,
        Err(response) => return *response,
    };
    match door.ask(ask).await {
        Some(Ok(value)) => {
            let text = if value.is_null() {
                Value::Object(serde_json::Map::new())
            } else {
                value
            };
            ([(header::CONTENT_TYPE, JSON)], text.to_string()).into_response()
        }
        Some(Err(refusal)) => failed(StatusCode::UNPROCESSABLE_ENTITY, refusal),
        None => over(),
    }
}
