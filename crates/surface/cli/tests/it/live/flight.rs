//! A session in a folder of its own, and the smallest client that can talk to it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::tool::{Said, root, said};

/// Nothing here takes longer on a machine that works.
const PATIENCE: Duration = Duration::from_secs(60);

/// A file of the repository, wherever the command runs.
pub fn model(name: &str) -> String {
    let path = root()
        .canonicalize()
        .expect("the repository is there")
        .join(name);
    path.to_str().expect("the path is UTF-8").to_owned()
}

/// A running session. Ends when it is dropped.
pub struct Flight {
    child: Child,
    out: BufReader<ChildStdout>,
    folder: PathBuf,
    pub port: u16,
    pub token: String,
}

impl Flight {
    /// Starts `worstday WORDS --live` in an empty folder.
    pub fn begin(name: &str, words: &[&str]) -> Self {
        let folder =
            std::env::temp_dir().join(format!("worstday-live-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("a folder for temporary files");
        let mut child = Command::new(env!("CARGO_BIN_EXE_worstday"))
            .args(words)
            .arg("--live")
            .current_dir(&folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the tool runs");
        let mut out = BufReader::new(child.stdout.take().expect("stdout is a pipe"));
        let mut address = String::new();
        out.read_line(&mut address).expect("stdout can be read");
        let Some((port, token)) = address
            .trim()
            .strip_prefix("http://127.0.0.1:")
            .and_then(|rest| rest.split_once("/#"))
        else {
            let mut err = String::new();
            let _ = child
                .stderr
                .take()
                .map(|mut text| text.read_to_string(&mut err));
            panic!("{words:?} printed {address:?}\n{err}");
        };
        assert_eq!(token.len(), 32, "128 bits in hexadecimal digits");
        let port = port.parse().expect("a port");
        let token = token.to_owned();
        let flight = Self {
            child,
            out,
            folder,
            port,
            token,
        };
        flight.does("pace", &json!({"paused": true}));
        flight
    }

    /// Asks for anything: the status, the headers and the body.
    pub fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> (u16, String, String) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("the door is open");
        stream
            .set_read_timeout(Some(PATIENCE))
            .expect("a socket takes a timeout");
        let mut request = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        if !body.is_empty() || method == "POST" {
            request.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        request.push_str("\r\n");
        stream
            .write_all(request.as_bytes())
            .expect("a request can be sent");
        // Who refuses a body need not read it.
        let _ = stream.write_all(body);
        let mut answer = Vec::new();
        let mut part = [0; 16 << 10];
        while let Ok(read) = stream.read(&mut part) {
            if read == 0 {
                break;
            }
            answer.extend_from_slice(&part[..read]);
        }
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status = status.unwrap_or_else(|| panic!("{method} {path}: {answer:?}"));
        (status, head.to_ascii_lowercase(), body.to_owned())
    }

    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// An order as the page sends it: the status and what came back.
    pub fn post(&self, order: &str, body: &Value) -> (u16, Value) {
        let (host, bearer) = (self.host(), format!("Bearer {}", self.token));
        let origin = format!("http://{host}");
        let headers = [
            ("Host", host.as_str()),
            ("Origin", origin.as_str()),
            ("Authorization", bearer.as_str()),
            ("Content-Type", "application/json"),
        ];
        let body = body.to_string();
        let (status, _, answer) =
            self.ask("POST", &format!("/api/{order}"), &headers, body.as_bytes());
        let value = serde_json::from_str(&answer).unwrap_or(Value::Null);
        (status, value)
    }

    /// An order that is done.
    #[track_caller]
    pub fn does(&self, order: &str, body: &Value) -> Value {
        let (status, answer) = self.post(order, body);
        assert_eq!(status, 200, "{order} {body}: {answer}");
        answer
    }

    /// An order that is refused in words.
    #[track_caller]
    pub fn refuses(&self, order: &str, body: &Value) -> String {
        let (status, answer) = self.post(order, body);
        assert_eq!(status, 422, "{order} {body}: {answer}");
        answer["error"]
            .as_str()
            .expect("a refusal says why")
            .to_owned()
    }

    /// Pulls a lever; the number of its entry.
    #[track_caller]
    pub fn pulls(&self, body: &Value) -> u64 {
        self.does("pull", body)["id"].as_u64().expect("a number")
    }

    /// Somebody who watches.
    pub fn watch(&self) -> Watcher {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("the door is open");
        stream
            .set_read_timeout(Some(PATIENCE))
            .expect("a socket takes a timeout");
        let (host, token) = (self.host(), &self.token);
        let request = format!(
            "GET /api/stream HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\r\n"
        );
        stream
            .write_all(request.as_bytes())
            .expect("a request can be sent");
        let mut from = BufReader::new(stream);
        let mut line = String::new();
        from.read_line(&mut line).expect("an answer");
        assert!(line.starts_with("HTTP/1.1 200"), "{line}");
        Watcher { from }
    }

    /// Goes on by so many seconds, and shows how things stand then.
    #[track_caller]
    pub fn steps(&self, watcher: &mut Watcher, seconds: f64) -> Value {
        let from = watcher.now(self)["t"].as_f64().expect("a time");
        self.does("step", &json!({"seconds": seconds}));
        watcher.frame(|frame| {
            frame["t"]
                .as_f64()
                .is_some_and(|t| from + seconds - 1e-6 <= t)
        })
    }

    /// Runs another command in the session's folder.
    pub fn beside(&self, words: &[&str]) -> Said {
        let mut command = Command::new(env!("CARGO_BIN_EXE_worstday"));
        command
            .args(words)
            .current_dir(&self.folder)
            .stdin(Stdio::null());
        said(command.output().expect("the tool runs"), words)
    }

    /// The digest of the run that a saved session's command asks for.
    pub fn replayed(&self, saved: &Value) -> String {
        let command = saved["command"].as_str().expect("a command");
        let words: Vec<&str> = command
            .split(' ')
            .skip(1)
            .chain(["--format", "json", "--no-trial"])
            .collect();
        let report = self.beside(&words);
        assert!(
            matches!(report.exit, 0 | 10 | 11),
            "{command}: {}\n{}",
            report.err,
            saved["text"]
        );
        report.json()["histories"][0]["digest"]
            .as_str()
            .expect("a digest")
            .to_owned()
    }

    /// Ends it as Ctrl-C does: how it exits, and what else it printed.
    #[cfg(unix)]
    pub fn interrupted(mut self) -> (i32, String) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill")
            .args(["-INT", &pid])
            .status()
            .expect("kill runs");
        assert!(sent.success());
        let mut rest = String::new();
        self.out
            .read_to_string(&mut rest)
            .expect("stdout can be read");
        let status = self.child.wait().expect("it ends");
        (status.code().unwrap_or(-1), rest)
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Somebody who reads the stream.
pub struct Watcher {
    from: BufReader<TcpStream>,
}

impl Watcher {
    /// The next event: its name and its data.
    pub fn event(&mut self) -> (String, Value) {
        let mut name = String::new();
        loop {
            let mut line = String::new();
            let read = self.from.read_line(&mut line).expect("the stream goes on");
            assert_ne!(read, 0, "the stream ended");
            if let Some(text) = line.strip_prefix("event: ") {
                name = text.trim_end().to_owned();
            } else if let Some(text) = line.strip_prefix("data: ") {
                return (name, serde_json::from_str(text).expect("frames are JSON"));
            }
        }
    }

    /// The next event of that name.
    pub fn next(&mut self, name: &str) -> Value {
        loop {
            let (is, data) = self.event();
            if is == name {
                return data;
            }
        }
    }

    /// The next frame that is so.
    pub fn frame(&mut self, is: impl Fn(&Value) -> bool) -> Value {
        loop {
            let frame = self.next("frame");
            if is(&frame) {
                return frame;
            }
        }
    }

    /// How things stand: the first frame after an order that changes nothing.
    pub fn now(&mut self, flight: &Flight) -> Value {
        // A speed that nothing else sets marks the frame.
        let mark = 1.0
            + f64::from(
                self.from
                    .get_ref()
                    .local_addr()
                    .map_or(0, |addr| addr.port()),
            ) / 1e5;
        flight.does("pace", &json!({"speed": 60}));
        flight.does("pace", &json!({"speed": mark}));
        let frame = self.frame(|frame| frame["speed"].as_f64() == Some(mark));
        flight.does("pace", &json!({"speed": 60}));
        frame
    }
}
