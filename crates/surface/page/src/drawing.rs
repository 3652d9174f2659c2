//! The system as a drawing: who calls whom, and which parts a fault hits.

use std::collections::BTreeMap;

use serde::Serialize;
use worstday_model::system::{Caller, End, Fault, FaultKind, Replicas, ServiceId, System, Target};

/// Nodes and edges; where they stand is the script's business.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Drawing {
    /// Clients, then services, then topics, each in the order of the file.
    pub nodes: Vec<Node>,
    /// In the order of their ends.
    pub edges: Vec<Edge>,
}

/// Somebody who asks, a service or a topic.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Node {
    /// `client NAME`, `service NAME` or `topic NAME`: a client and a service may be called the same.
    pub id: String,
    /// As the file calls it.
    pub name: String,
    /// `client`, `service` or `topic`.
    pub kind: &'static str,
    /// Replicas of a service.
    pub replicas: u32,
    /// How many may wait in front of it or in it, all replicas together; none is unlimited.
    pub room: Option<u64>,
}

/// Who asks, sends to or hands on to whom.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Edge {
    /// Id of the node that asks.
    pub from: String,
    /// Id of the node that is asked.
    pub to: String,
    /// Names of the calls that run along it.
    pub calls: Vec<String>,
}

fn client(system: &System, at: usize) -> String {
    format!("client {}", system.clients[at].name)
}

fn service(system: &System, at: usize) -> String {
    format!("service {}", system.services[at].name)
}

fn topic(system: &System, at: usize) -> String {
    format!("topic {}", system.topics[at].name)
}

fn caller(system: &System, caller: Caller) -> String {
    match caller {
        Caller::Client(id) => client(system, id.index()),
        Caller::Endpoint(id) => service(system, system.endpoints[id.index()].service.index()),
        Caller::Start(id) => service(system, id.index()),
    }
}

/// The drawing of a system.
#[must_use]
pub fn drawing(system: &System) -> Drawing {
    use worstday_model::system::Per;
    let clients = (0..system.clients.len()).map(|at| Node {
        id: client(system, at),
        name: system.clients[at].name.clone(),
        kind: "client",
        replicas: 0,
        room: None,
    });
    let services = system.services.iter().enumerate().map(|(at, row)| Node {
        id: service(system, at),
        name: row.name.clone(),
        kind: "service",
        replicas: row.replicas,
        room: match (row.queue.bound, row.queue.per) {
            (u64::MAX, _) => None,
            (bound, Per::Service) => Some(bound),
            (bound, Per::Replica) => Some(bound.saturating_mul(u64::from(row.replicas))),
        },
    });
    let topics = system.topics.iter().enumerate().map(|(at, row)| Node {
        id: topic(system, at),
        name: row.name.clone(),
        kind: "topic",
        replicas: 0,
        room: (row.bound != u64::MAX).then_some(row.bound),
    });
    let nodes = clients.chain(services).chain(topics).collect();
    let mut edges: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    let mut join = |from: String, to: String, name: String| {
        let calls = edges.entry((from, to)).or_default();
        if !calls.contains(&name) {
            calls.push(name);
        }
    };
    for call in &system.calls {
        let to = system.endpoints[call.target.index()].service.index();
        join(
            caller(system, call.caller),
            service(system, to),
            call.name.clone(),
        );
    }
    for send in &system.sends {
        join(
            caller(system, send.caller),
            topic(system, send.topic.index()),
            send.name.clone(),
        );
    }
    for consumer in &system.consumers {
        let endpoint = &system.endpoints[consumer.endpoint.index()];
        let from = topic(system, consumer.topic.index());
        let to = &system.services[consumer.service.index()].name;
        let name = &system.topics[consumer.topic.index()].name;
        // Runs of the handler are reported as calls of this name.
        join(
            from.clone(),
            service(system, consumer.service.index()),
            format!("{name} -> {to}.{}", endpoint.name),
        );
        if let Some(then) = consumer.then {
            let to = topic(system, then.index());
            join(
                from,
                to,
                format!("{name} -> {}", system.topics[then.index()].name),
            );
        }
    }
    Drawing {
        nodes,
        edges: edges
            .into_iter()
            .map(|((from, to), calls)| Edge { from, to, calls })
            .collect(),
    }
}

/// What a fault of that name hits, as ids of nodes or `FROM -> TO` of edges, and whether it does not work at all.
///
/// Where the target was drawn by lot, `detail` names the replica that it came to (`web/2 crashes`).
#[must_use]
pub fn struck(system: &System, name: &str, detail: &str) -> (Vec<String>, bool) {
    let Some(fault) = system.faults.iter().find(|fault| fault.name == name) else {
        return (by_detail(system, detail), false);
    };
    let mut hits = Vec::new();
    let fails = hit_by(system, fault, detail, &mut hits);
    hits.sort();
    hits.dedup();
    (hits, fails)
}

fn hit_by(system: &System, fault: &Fault, detail: &str, hits: &mut Vec<String>) -> bool {
    let (target, fails) = match &fault.kind {
        FaultKind::Crash(target)
        | FaultKind::Vanish(target)
        | FaultKind::Stall(target)
        | FaultKind::Hang { target, .. }
        | FaultKind::Cut(target) => (target, true),
        FaultKind::Slow { target, .. }
        | FaultKind::Capacity { target, .. }
        | FaultKind::Errors { target, .. }
        | FaultKind::Loss { target, .. }
        | FaultKind::Delay { target, .. } => (target, false),
        FaultKind::Edit(_) => return false,
        FaultKind::Together(parts) => {
            let mut fails = false;
            for part in parts {
                fails |= hit_by(system, &system.faults[part.index()], detail, hits);
            }
            return fails;
        }
    };
    let whole = |id: ServiceId, which: &Replicas| {
        let replicas = system.services[id.index()].replicas;
        match which {
            Replicas::All => true,
            Replicas::Share(share) => (share * f64::from(replicas)).ceil() >= f64::from(replicas),
            Replicas::One(_) | Replicas::Any | Replicas::Zone(_) => replicas == 1,
        }
    };
    match target {
        Target::Replicas(id, which) => {
            hits.push(service(system, id.index()));
            // One replica of several: what is left still works.
            return fails && whole(*id, which);
        }
        Target::Worker { service: id, .. } => {
            hits.push(service(system, id.index()));
            return false;
        }
        Target::AnyReplica | Target::AnyZone => {
            hits.extend(by_detail(system, detail));
            return false;
        }
        Target::Zone(zone) => {
            let there = |row: &worstday_model::system::Service| row.zones.contains(zone);
            for (at, row) in system.services.iter().enumerate() {
                if there(row) {
                    hits.push(service(system, at));
                }
            }
            return fails && system.services.iter().any(|row| row.zones == [*zone]);
        }
        Target::Endpoint(id) => {
            hits.push(service(
                system,
                system.endpoints[id.index()].service.index(),
            ));
        }
        Target::Pool(id) => {
            if let Some(id) = system.pools[id.index()].service {
                hits.push(service(system, id.index()));
            }
        }
        Target::Link(id) => {
            let link = &system.links[id.index()];
            for from in &link.from {
                for to in &link.to {
                    between(system, *from, *to, hits);
                }
            }
        }
        Target::Path { from, to, .. } => between(system, *from, *to, hits),
    }
    fails
}

/// Edges between two ends, in the direction in which calls run.
fn between(system: &System, from: End, to: End, hits: &mut Vec<String>) {
    let is = |end: End, id: &str| match end {
        End::Service(at) => id == service(system, at.index()),
        End::Client(at) => id == client(system, at.index()),
        End::Zone(zone) => system
            .services
            .iter()
            .enumerate()
            .any(|(at, row)| row.zones.contains(&zone) && id == service(system, at)),
        End::Rest | End::Any => true,
    };
    for edge in drawing(system).edges {
        if (is(from, &edge.from) && is(to, &edge.to)) || (is(to, &edge.from) && is(from, &edge.to))
        {
            hits.push(format!("{} -> {}", edge.from, edge.to));
        }
    }
}

/// The service whose replica a sentence begins with.
fn by_detail(system: &System, detail: &str) -> Vec<String> {
    let first = detail.split_whitespace().next().unwrap_or_default();
    let name = first.split('/').next().unwrap_or_default();
    let at = system.services.iter().position(|row| row.name == name);
    at.map(|at| service(system, at)).into_iter().collect()
}
