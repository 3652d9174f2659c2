//! Single visits followed through the system: every instant of every attempt, late work included.

use crate::zoo::*;
use std::sync::Arc;
use worstday_model::system::*;
use worstday_sim::Ending::{Dropped, Ok, Timeout};
use worstday_sim::trace::{Span, Spent, Which, choose, follow};
use worstday_sim::{Editing, NoEdits};

/// One worker, 300 ms a request; users at 0 and 50 ms, who wait 400 ms, pause 100 ms and ask once more. The second one's
/// first attempt stands in line until 300 and is worked on until 600, but its user leaves at 450; the second attempt is
/// sent at 550, waits for the first to be done, and answers at 900.
#[test]
fn a_visit_is_followed_through_its_attempts() {
    let mut z = Zoo::new(10 * S);
    let [get] = z.service("server", 1, ["get"]);
    z.does(get, vec![work(300 * MS)]);
    let users = z.client_at("users", &[0, 50 * MS]);
    let policy = CallPolicy {
        retry: Some(Retry {
            backoff_ns: 100 * MS,
            ..attempts(2)
        }),
        ..timeout(400 * MS)
    };
    z.asks(users, get, policy);
    let (system, day) = (Arc::new(checked(&z.system)), Arc::new(z.day.clone()));
    let editing: Arc<dyn Editing> = Arc::new(NoEdits);
    let chosen = choose(&system, &day, &editing, 1, &[0], &|| true).expect("it runs");
    let which: Vec<Which> = chosen.iter().map(|one| one.which).collect();
    assert_eq!(
        which,
        [Which::Typical, Which::Slow],
        "the slowest of all is the slow one, and nobody is lost"
    );

    let traces = follow(&system, &day, &editing, 1, &chosen, &|| true).expect("it runs");
    let second = &traces[1];
    assert_eq!((second.from_ns, second.until_ns), (50 * MS, Some(900 * MS)));
    assert_eq!(second.ending, Some(Ok));
    let spans = |lane: usize| -> Vec<(Spent, u64, u64)> {
        let row = |span: &Span| (span.spent, span.from_ns / MS, span.until_ns / MS);
        second.lanes[lane].spans.iter().map(row).collect()
    };
    assert_eq!(
        spans(0),
        [
            (Spent::Call(1), 50, 450),
            (Spent::BackOff, 450, 550),
            (Spent::Call(2), 550, 900)
        ]
    );
    assert_eq!(spans(1), [(Spent::Line, 50, 300), (Spent::Work, 300, 600)]);
    assert_eq!(spans(2), [(Spent::Line, 550, 600), (Spent::Work, 600, 900)]);
    let first = &second.lanes[1];
    assert_eq!(first.result, Some((Timeout, 450 * MS)));
    assert_eq!(
        (first.until_ns, first.ending),
        (Some(600 * MS), Some(Dropped))
    );
    assert_eq!(first.endpoint.as_deref(), Some("server.get"));
    assert_eq!(second.lanes[2].attempt, 2);
}
