//! Who may come in.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::json;

use super::flight::Flight;
use crate::tool::{Scratch, desk};

fn desk_flight(name: &str) -> (Flight, Scratch) {
    let file = Scratch::new(&format!("{name}.yaml"), &desk("30/min", ""));
    (Flight::begin(name, &["run", file.path()]), file)
}

/// Each thing that a stranger's page could send is refused, and what was asked for has not happened.
#[test]
fn strangers_stay_outside() {
    let (flight, _file) = desk_flight("door");
    let mut watcher = flight.watch();
    let before = watcher.now(&flight);
    let host = flight.host();
    let ours = format!("http://{host}");
    let bearer = format!("Bearer {}", flight.token);
    let wrong = format!("Bearer {}", "0".repeat(32));
    let half = format!("Bearer {}", &flight.token[..16]);
    let rebound = format!("worstday.example:{}", flight.port);
    let json_type = ("Content-Type", "application/json");
    let (host, origin, token) = (
        ("Host", host.as_str()),
        ("Origin", ours.as_str()),
        ("Authorization", bearer.as_str()),
    );
    let step = br#"{"seconds": 60}"#;
    for (what, wanted, method, path, headers) in [
        (
            "no token",
            401,
            "POST",
            "/api/step",
            vec![host, origin, json_type],
        ),
        (
            "a wrong token",
            401,
            "POST",
            "/api/step",
            vec![host, origin, json_type, ("Authorization", wrong.as_str())],
        ),
        (
            "half a token",
            401,
            "POST",
            "/api/step",
            vec![host, origin, json_type, ("Authorization", half.as_str())],
        ),
        (
            "another site",
            403,
            "POST",
            "/api/step",
            vec![host, json_type, token, ("Origin", "https://example.com")],
        ),
        (
            "another port",
            403,
            "POST",
            "/api/step",
            vec![host, json_type, token, ("Origin", "http://127.0.0.1:1")],
        ),
        (
            "a page of no site",
            403,
            "POST",
            "/api/step",
            vec![host, json_type, token, ("Origin", "null")],
        ),
        (
            "no origin",
            403,
            "POST",
            "/api/step",
            vec![host, json_type, token],
        ),
        (
            "another name",
            403,
            "POST",
            "/api/step",
            vec![("Host", rebound.as_str()), origin, json_type, token],
        ),
        ("no name", 403, "GET", "/", vec![("Host", "")]),
        (
            "another name, to read",
            403,
            "GET",
            "/",
            vec![("Host", rebound.as_str())],
        ),
        (
            "another site, to read",
            403,
            "GET",
            "/api/scenario",
            vec![host, token, ("Origin", "https://example.com")],
        ),
        (
            "a form",
            415,
            "POST",
            "/api/step",
            vec![
                host,
                origin,
                token,
                ("Content-Type", "application/x-www-form-urlencoded"),
            ],
        ),
        ("a picture", 401, "GET", "/api/step", vec![host]),
        ("a link", 405, "GET", "/api/step", vec![host, token]),
        (
            "a put",
            405,
            "PUT",
            "/api/step",
            vec![host, origin, token, json_type],
        ),
        ("the stream", 401, "GET", "/api/stream", vec![host]),
        ("the scenario", 401, "GET", "/api/scenario", vec![host]),
        (
            "the token in the address",
            401,
            "GET",
            "/api/scenario?token=x",
            vec![host],
        ),
        ("nothing", 404, "GET", "/etc/passwd", vec![host, token]),
        (
            "no order",
            404,
            "POST",
            "/api/melt",
            vec![host, origin, token, json_type],
        ),
    ] {
        let body: &[u8] = if method == "GET" { b"" } else { step };
        let (status, head, answer) = flight.ask(method, path, &headers, body);
        assert_eq!(status, wanted, "{what}: {answer}");
        assert!(
            head.contains("x-content-type-options: nosniff"),
            "{what}: {head}"
        );
        assert!(!answer.contains(&flight.token), "{what}: {answer}");
    }
    let after = watcher.now(&flight);
    assert_eq!(before["t"], after["t"]);
    assert_eq!(before["arms"][0]["digest"], after["arms"][0]["digest"]);
}

/// The page itself is there for whoever opens the address, says nothing, and keeps others out of its frame.
#[test]
fn the_page_holds_nothing_secret() {
    let (flight, _file) = desk_flight("page");
    let host = flight.host();
    let (status, head, body) = flight.ask("GET", "/", &[("Host", &host)], b"");
    assert_eq!(status, 200);
    for says in [
        "content-security-policy: default-src 'none'",
        "frame-ancestors 'none'",
        "no-referrer",
        "x-frame-options: deny",
        "no-store",
    ] {
        assert!(head.contains(says), "{says}: {head}");
    }
    assert!(
        body.contains("<!doctype html>") && !body.contains(&flight.token) && !body.contains("desk")
    );
}

/// Bodies that are no orders are refused in words, whatever they are, and the session goes on.
#[test]
fn broken_bodies_are_refused() {
    let (flight, _file) = desk_flight("bodies");
    let (host, bearer) = (flight.host(), format!("Bearer {}", flight.token));
    let origin = format!("http://{host}");
    let headers = [
        ("Host", host.as_str()),
        ("Origin", origin.as_str()),
        ("Authorization", bearer.as_str()),
        ("Content-Type", "application/json; charset=utf-8"),
    ];
    let deep = "[".repeat(50_000);
    let orders = [
        "pace", "step", "back", "pull", "break", "release", "fork", "keep", "save",
    ];
    for order in orders {
        for body in [
            "",
            "{",
            "null",
            "[]",
            "7",
            "\"x\"",
            "{\"paused\": \"yes\"}",
            "{\"seconds\": \"1\"}",
            "{\"unknown\": 1}",
            "{\"to\": 1e999}",
            "{\"seconds\": NaN}",
            "{\"done\": -1}",
            "{\"done\": 1.5}",
            "{\"arm\": -1}",
            "{\"lever\": null}",
            "{\"kind\": 1, \"part\": []}",
            "\u{0}",
            "{\"without\": 1e30}",
            &deep,
        ] {
            let (status, _, answer) =
                flight.ask("POST", &format!("/api/{order}"), &headers, body.as_bytes());
            assert!(
                matches!(status, 400 | 422),
                "{order} {body:?}: {status} {answer}"
            );
            assert!(answer.contains("\"error\""), "{order} {body:?}: {answer}");
        }
    }
    let long = format!("{{\"lever\": \"{}\"}}", "x".repeat(70 << 10));
    let (status, ..) = flight.ask("POST", "/api/pull", &headers, long.as_bytes());
    assert_eq!(status, 413);
    flight.does("pace", &json!({"paused": true}));
}

/// Two watch the same day; a third who reads nothing holds nobody up, and time goes by as long as anybody watches.
#[test]
fn a_slow_watcher_holds_nobody_up() {
    let (flight, _file) = desk_flight("watchers");
    let mut one = flight.watch();
    let mut two = flight.watch();
    assert_eq!(one.next("hello")["system"], two.next("hello")["system"]);
    // Asks for the stream and never reads it.
    let mut deaf = TcpStream::connect(("127.0.0.1", flight.port)).unwrap();
    let request = format!(
        "GET /api/stream HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\r\n",
        flight.host(),
        flight.token
    );
    deaf.write_all(request.as_bytes()).unwrap();
    one.frame(|frame| frame["watchers"] == 3);
    flight.does("pace", &json!({"paused": false, "speed": 600}));
    let begun = Instant::now();
    for watcher in [&mut one, &mut two] {
        watcher.frame(|frame| frame["t"].as_f64().is_some_and(|t| 1200.0 <= t));
    }
    let took = begun.elapsed();
    assert!(
        took < Duration::from_secs(30),
        "20 simulated minutes at 600 times took {took:?}"
    );
    flight.does("pace", &json!({"paused": true}));
    let (a, b) = (one.now(&flight), two.now(&flight));
    assert_eq!(a["arms"][0]["digest"], b["arms"][0]["digest"]);
    drop(deaf);
    one.frame(|frame| frame["watchers"] == 2);
}

/// A stream ends when the session does, and not before.
#[cfg(unix)]
#[test]
fn streams_end_with_the_session() {
    let (flight, _file) = desk_flight("end");
    let mut stream = TcpStream::connect(("127.0.0.1", flight.port)).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let request = format!(
        "GET /api/stream HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\r\n",
        flight.host(),
        flight.token
    );
    stream.write_all(request.as_bytes()).unwrap();
    let begun = Instant::now();
    let (exit, _) = flight.interrupted();
    assert_eq!(exit, 0);
    assert!(begun.elapsed() < Duration::from_secs(10));
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest);
}
