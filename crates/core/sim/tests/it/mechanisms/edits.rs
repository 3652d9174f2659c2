//! The file reads differently from now on.

use crate::zoo::*;
use std::sync::Arc;
use worstday_model::day::DatedEdit;
use worstday_model::system::*;
use worstday_sim::Editing;
use worstday_sim::Ending::*;

/// One edit: the system as it is with it.
struct One(Arc<System>);

impl Editing for One {
    fn edited(&self, active: &[EditId]) -> Arc<System> {
        assert_eq!(active, [EditId(0)], "only asked for edits in force");
        Arc::clone(&self.0)
    }
}

/// Runs with `change` in force from 500 ms to 2 s.
fn edited(mut z: Zoo, change: impl FnOnce(&mut Zoo)) -> Told {
    z.system.edits = vec![Edit {
        name: "events.change".into(),
    }];
    z.day.edits = vec![DatedEdit {
        edit: EditId(0),
        at_ns: 500 * MS,
        lasts_ns: Some(1500 * MS),
    }];
    let mut with = z.clone();
    change(&mut with);
    z.run_with(Arc::new(One(Arc::new(checked(&with.system)))))
}

fn server(workers: u32, at_ms: &[u64]) -> (Zoo, EndpointId) {
    let mut z = Zoo::new(100 * S);
    let [get] = z.service("server", workers, ["get"]);
    z.does(get, vec![work(100 * MS)]);
    z.of("server").start = Dist::Constant(0.0);
    let at: Vec<u64> = at_ms.iter().map(|t| t * MS).collect();
    let users = z.client_at("users", &at);
    z.asks(users, get, CallPolicy::default());
    (z, get)
}

/// Steps that start later take the new lines; what is under way finishes what it began; the end undoes it.
#[test]
fn steps_change() {
    let (z, get) = server(9, &[0, 450, 600, 1950, 2100]);
    let t = edited(z, |z| z.does(get, vec![work(200 * MS), work(100 * MS)]));
    assert_eq!(t.ends_ms(), [100, 550, 900, 2250, 2200]);
}

/// Workers, a queue's bound and its order change at once.
#[test]
fn rooms_change() {
    let (z, _) = server(1, &[450, 450, 450, 450, 700, 700]);
    let t = edited(z.clone(), |z| z.of("server").workers = 3);
    // One until 500, then three at once.
    assert_eq!(t.ends_ms(), [550, 600, 600, 650, 800, 800]);
    let t = edited(z, |z| z.of("server").queue.bound = 2);
    // At 700 the third is in service and one waits: room for one of the two.
    assert_eq!(t.ends_ms()[4], 950);
    assert_eq!(t.endings()[5], Rejected);
}

/// More replicas start, fewer stop: the youngest go, finishing what they have.
#[test]
fn replicas_change() {
    let (mut z, get) = server(1, &[400, 700, 700, 1990, 1990, 20_000, 20_000]);
    z.of("server").balance = Balance::RoundRobin;
    z.of("server").start = Dist::Constant(50e6);
    z.of("server").ready.every_ns = 10 * MS;
    z.of("server").ready.failures = 1;
    let t = edited(z, |z| z.of("server").replicas = 2);
    let of = t.replicas(get);
    assert_eq!((of[1] != of[2], of[3] != of[4]), (true, true), "{of:?}");
    assert_eq!(of[5..], [0, 0]);
    assert!(
        t.endings().iter().all(|e| *e == Ok),
        "what it had at 2 s it finished"
    );
}

/// A replica that stops is killed after its grace.
#[test]
fn grace_ends() {
    let (mut z, get) = server(1, &[1990, 1990]);
    z.of("server").balance = Balance::RoundRobin;
    z.of("server").replicas = 1;
    z.of("server").ready.every_ns = 10 * MS;
    z.of("server").stop_grace_ns = 300 * MS;
    z.does(get, vec![work(10 * S)]);
    let t = edited(z, |z| z.of("server").replicas = 2);
    let mut rows: Vec<_> = t.visits().iter().map(|v| (v.1 / MS, v.2)).collect();
    rows.sort_unstable_by_key(|r| r.0);
    assert_eq!(rows, [(2300, Refused), (11_990, Ok)]);
}

/// Call policies change for calls that begin later.
#[test]
fn policies_change() {
    let (z, _) = server(9, &[450, 600, 2100]);
    let t = edited(z, |z| z.system.calls[0].policy = timeout(50 * MS));
    assert_eq!(t.ends_ms(), [550, 650, 2200]);
    assert_eq!(t.endings(), [Ok, Timeout, Ok]);
}

/// Pools grow and shrink: permits in use run out.
#[test]
fn pools_change() {
    let (mut z, get) = server(99, &[450, 450, 450, 700, 700]);
    let pool = z.pool("locks", Some("server"), 1);
    z.does(get, vec![step(Verb::Hold(pool, vec![work(100 * MS)]))]);
    let t = edited(z, |z| z.system.pools[0].size = 2);
    assert_eq!(t.ends_ms(), [550, 600, 650, 800, 800]);
}

/// Cores change under running jobs.
#[test]
fn cores_change() {
    let cores = |n| {
        Some(Cores {
            request: n,
            limit: n,
            order: CoreOrder::Shared,
        })
    };
    let (mut z, _) = server(u32::MAX, &[400, 400]);
    z.of("server").cores = cores(1.0);
    // Half of each done at 500; then a core each.
    assert_eq!(
        edited(z, |z| z.of("server").cores = cores(2.0)).ends_ms(),
        [550, 550]
    );
}
