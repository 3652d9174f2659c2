//! Messages on their way.

use crate::zoo::*;
use worstday_model::system::*;
use worstday_sim::Ending::*;

fn over_a_link(at_ms: &[u64]) -> (Zoo, EndpointId) {
    let mut z = Zoo::new(100 * S);
    let [get] = z.service("server", 99, ["get"]);
    z.does(get, vec![work(MS)]);
    let at: Vec<u64> = at_ms.iter().map(|t| t * MS).collect();
    let users = z.client_at("users", &at);
    z.asks(users, get, timeout(S));
    (z, get)
}

/// There and back, each the delay.
#[test]
fn delay_is_paid_both_ways() {
    let (mut z, get) = over_a_link(&[0]);
    z.delay(20 * MS);
    let t = z.run();
    assert_eq!(t.reached_ms(get), [20]);
    assert_eq!(t.ends_ms(), [41]);
}

/// Declared links come on top of the built-in one; zones choose which of those it is.
#[test]
fn declared_links_add_up() {
    let (mut z, get) = over_a_link(&[]);
    z.system.zones = ["a", "b"]
        .map(|name| Zone {
            name: name.into(),
            region: None,
        })
        .into();
    z.of("server").zones = vec![ZoneId(1)];
    let [page] = z.service("front", 9, ["page"]);
    z.of("front").zones = vec![ZoneId(0)];
    let call = z.call(Caller::Endpoint(page), get, CallPolicy::default());
    z.does(page, vec![call]);
    let users = z.client_at("more", &[0]);
    z.asks(users, page, CallPolicy::default());
    z.delay(MS);
    z.system.links[0].delay = Dist::Constant(5.0 * MS as f64);
    let mut wire = z.system.links[0].clone();
    wire.name = "wire".into();
    wire.delay = Dist::Constant(30.0 * MS as f64);
    (wire.from, wire.to) = (vec![End::Zone(ZoneId(0))], vec![End::Service(ServiceId(0))]);
    z.system.links.push(wire);
    // 1 to the front, 5 + 30 across, 1 of work, and the same back.
    assert_eq!(z.run().reached_ms(get), [36]);
    assert_eq!(z.run().visits_of(users)[0].1 / MS, 73);
}

/// Capacity serves messages one at a time, first come, first served; the answers cross the twin with its own
/// capacity.
#[test]
fn capacity_serves_one_at_a_time() {
    let (mut z, get) = over_a_link(&[0, 0, 0, 500]);
    z.system.links[1].capacity = Some(Capacity::Messages(10.0));
    let t = z.run();
    assert_eq!(t.reached_ms(get), [100, 200, 300, 600]);
    assert_eq!(t.ends_ms(), [201, 301, 401, 701]);
    // By size: 2 kB at 20 kB/s is the same.
    z.system.links[1].capacity = Some(Capacity::Bytes(20_000.0));
    assert_eq!(z.run().ends_ms(), [201, 301, 401, 701]);
    z.system.calls[0].size_bytes = 1_000;
    assert_eq!(z.run().reached_ms(get), [50, 100, 150, 550]);
}

/// The bound of a link's room counts whole messages that wait, however little of the one under way is left;
/// beyond it a message is lost, and its caller learns that from its timeout alone.
#[test]
fn a_full_link_loses_messages() {
    let (mut z, get) = over_a_link(&[0, 10, 50, 120]);
    z.system.links[1].capacity = Some(Capacity::Messages(10.0));
    z.system.links[1].queue = LinkQueue::Messages(1);
    let t = z.run();
    // 0 crosses until 100, 10 waits; at 50 the room is full; at 120 it is empty again.
    assert_eq!(t.reached_ms(get), [100, 200, 300]);
    assert_eq!(t.endings(), [Ok, Ok, Timeout, Ok]);
    assert_eq!(t.ends_ms()[2], 1050);
    z.system.links[1].queue = LinkQueue::Messages(0);
    assert_eq!(z.run().endings(), [Ok, Timeout, Timeout, Ok]);
    // In bytes: room for 2 kB is room for one message of that size.
    z.system.links[1].queue = LinkQueue::Bytes(2_000);
    assert_eq!(z.run().endings(), [Ok, Ok, Timeout, Ok]);
    z.system.links[1].queue = LinkQueue::Bytes(1_999);
    assert_eq!(z.run().endings(), [Ok, Timeout, Timeout, Ok]);
}

/// Loss is independent per crossing: of 2,000 visits at 10 % both ways, 81 % come back.
#[test]
fn loss_strikes_both_ways() {
    let (mut z, get) = over_a_link(&(0..2000).map(|i| i * 20).collect::<Vec<_>>());
    z.system.links[1].loss = 0.1;
    let t = z.run();
    let ok = t.endings().iter().filter(|e| **e == Ok).count();
    // 1,620 expected, standard deviation 17.5; 1,800 arrive there, 13.4.
    assert!((1540..=1700).contains(&ok), "{ok}");
    let there = t.reached_ms(get).len();
    assert!((1740..=1860).contains(&there), "{there}");
}

/// A cut is a fault on a link or a path: nothing passes, nobody is told.
#[test]
fn a_cut_passes_nothing() {
    let (mut z, get) = over_a_link(&[0, 100, 300]);
    let cut = FaultKind::Cut(Target::Link(LinkId(1)));
    z.strikes(cut, 50 * MS, 200 * MS);
    let t = z.run();
    assert_eq!(t.endings(), [Ok, Timeout, Ok]);
    assert_eq!(t.reached_ms(get), [0, 300]);
    // One direction of a path: the request comes, the answer is lost.
    let (mut z, get) = over_a_link(&[0, 100, 300]);
    let path = |from, to, both| Target::Path { from, to, both };
    let (users, server) = (End::Client(ClientId(0)), End::Service(ServiceId(0)));
    z.strikes(
        FaultKind::Cut(path(server, users, Both::No)),
        50 * MS,
        200 * MS,
    );
    let t = z.run();
    assert_eq!(t.reached_ms(get), [0, 100, 300]);
    assert_eq!(t.endings(), [Ok, Timeout, Ok]);
    // `rest <-> server` is everybody's.
    let (mut z, get) = over_a_link(&[0, 100, 300]);
    z.strikes(
        FaultKind::Cut(path(End::Rest, server, Both::Yes)),
        50 * MS,
        200 * MS,
    );
    assert_eq!(z.run().reached_ms(get), [0, 300]);
}

/// `loss`, `delay` and `capacity` faults on links.
#[test]
fn links_get_worse() {
    let (mut z, _) = over_a_link(&[0, 100, 300]);
    let on = || Target::Link(LinkId(1));
    z.strikes(
        FaultKind::Delay {
            target: on(),
            by: Dist::Constant(30e6),
        },
        50 * MS,
        200 * MS,
    );
    assert_eq!(z.run().ends_ms(), [1, 161, 301]);
    let (mut z, _) = over_a_link(&[0, 100, 300]);
    z.strikes(
        FaultKind::Loss {
            target: on(),
            by: Dist::Constant(1.0),
        },
        50 * MS,
        200 * MS,
    );
    assert_eq!(z.run().endings(), [Ok, Timeout, Ok]);
    let (mut z, get) = over_a_link(&[0, 100, 300]);
    z.system.links[1].capacity = Some(Capacity::Messages(100.0));
    z.strikes(
        FaultKind::Capacity {
            target: on(),
            to: Dist::Constant(0.25),
        },
        50 * MS,
        200 * MS,
    );
    assert_eq!(z.run().reached_ms(get), [10, 140, 310]);
    // A path's delay, one way only.
    let (mut z, get) = over_a_link(&[0, 100, 300]);
    let path = Target::Path {
        from: End::Any,
        to: End::Service(ServiceId(0)),
        both: Both::No,
    };
    z.strikes(
        FaultKind::Delay {
            target: path,
            by: Dist::Constant(30e6),
        },
        50 * MS,
        200 * MS,
    );
    let t = z.run();
    assert_eq!(t.reached_ms(get), [0, 130, 300]);
    assert_eq!(t.ends_ms(), [1, 131, 301]);
}

/// A cancel takes effect after the link's delay.
#[test]
fn a_cancel_travels() {
    let mut z = Zoo::new(20 * S);
    z.delay(50 * MS);
    let [get] = z.service("server", 1, ["get"]);
    z.does(get, vec![work(S)]);
    let users = z.client_at("users", &[0, 0]);
    z.asks(
        users,
        get,
        CallPolicy {
            cancel: Cancel::All,
            ..timeout(200 * MS)
        },
    );
    let t = z.run();
    assert_eq!(
        t.done_ms(get),
        [250, 250],
        "one in service, one in the line, both told at 250"
    );
    assert_eq!(t.service("server").worker_ns, 200 * MS);
    assert_eq!(t.service("server").wasted_worker_ns, 200 * MS);
}
