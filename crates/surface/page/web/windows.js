// What the drawing shows of a run that is over, looked up in the windows of its day.

import {
  clientValues,
  largest,
  lengthOf,
  parts as partsOf,
  values,
  windowAt,
} from "./columns.js";
import { rateUnit } from "./quantity.js";

/**
 * Looks up everything that the drawing shows of one run at an instant.
 * @returns {import("./picture.js").Reader}
 */
export function reader(run, length) {
  const { day, drawing } = run;
  const parts = partsOf(day, day.together);
  const services = new Map(
    day.services.map((row) => [
      `service ${row.name}`,
      {
        utilisation:
          row.utilisation === null ? null : values(row.utilisation, parts),
        queue: values(row.queue, parts),
        ready: values(row.ready, parts),
        arrived: values(row.arrived, parts),
        lost: values(row.lost, parts),
      },
    ]),
  );
  const clients = new Map(
    day.clients.map((row) => [
      `client ${row.name}`,
      {
        together: row.together,
        arrived: clientValues(day, row, row.arrived),
        answered: clientValues(day, row, row.answered),
        lost: [row.failed, row.shed, row.abandoned]
          .map((column) => clientValues(day, row, column))
          .reduce((a, b) => a.map((n, at) => n + b[at])),
      },
    ]),
  );
  const calls = new Map(
    day.calls.map((row) => [
      row.name,
      {
        attempts: values(row.attempts, parts),
        retries: values(row.retries, parts),
        ended: values(row.ended, parts),
        unanswered: values(row.unanswered, parts),
      },
    ]),
  );
  const topics = new Map(
    day.topics.map((row) => [
      `topic ${row.name}`,
      {
        sent: values(row.sent, parts),
        lost: values(row.lost, parts),
        backlog: values(row.backlog, parts),
        age: values(row.age, parts),
      },
    ]),
  );
  const edges = drawing.edges.map((edge) => {
    const rows = edge.calls.map((name) => calls.get(name)).filter(Boolean);
    const sum = (key) =>
      Array.from({ length: parts }, (_, at) =>
        rows.reduce((total, row) => total + row[key][at], 0),
      );
    return {
      attempts: sum("attempts"),
      retries: sum("retries"),
      ended: sum("ended"),
      unanswered: sum("unanswered"),
    };
  });
  const long = (part) => lengthOf(day, part, length, day.together);
  const busiest = Math.max(
    1e-9,
    ...edges.map((edge) =>
      largest(edge.attempts.map((n, part) => n / long(part))),
    ),
  );
  const longest = Math.max(
    1,
    ...[...services.values()].map((service) => largest(service.queue)),
  );
  const active = (at) =>
    day.marks.filter(
      (mark) => mark.from <= at && at < (mark.until ?? Infinity),
    );
  return {
    busiest,
    longest,
    /** One unit for all rates of the drawing: they are there to be compared. */
    rate: rateUnit(busiest).of,
    active,
    hits: (at) => {
      const hits = new Map();
      for (const mark of active(at))
        for (const hit of mark.hits) hits.set(hit, hits.get(hit) || mark.fails);
      return hits;
    },
    phase: (at) => (at / length) * 4000,
    service: (id, at) => {
      const part = windowAt(day, at, day.together);
      const row = services.get(id);
      return {
        utilisation: row.utilisation ? row.utilisation[part] : null,
        queue: row.queue[part],
        ready: row.ready[part],
        arrived: row.arrived[part] / long(part),
        lost: row.lost[part] / long(part),
      };
    },
    client: (id, at) => {
      const row = clients.get(id);
      const window = windowAt(day, at, row.together);
      const lasts = lengthOf(day, window, length, row.together);
      const ended = row.answered[window] + row.lost[window];
      return {
        arrived: row.arrived[window] / lasts,
        lost: ended > 0 ? row.lost[window] / ended : 0,
        ended,
      };
    },
    topic: (id, at) => {
      const part = windowAt(day, at, day.together);
      const row = topics.get(id);
      return {
        backlog: row.backlog[part],
        // The fullest that it gets: where there is no bound, a measure of its own.
        most: largest(row.backlog),
        age: row.age[part],
        sent: row.sent[part] / long(part),
        lost: row.lost[part] / long(part),
      };
    },
    edge: (index, at) => {
      const part = windowAt(day, at, day.together);
      const { attempts, retries, ended, unanswered } = edges[index];
      return {
        first: (attempts[part] - retries[part]) / long(part),
        again: retries[part] / long(part),
        unanswered: unanswered[part] / long(part),
        share: ended[part] > 0 ? unanswered[part] / ended[part] : 0,
      };
    },
  };
}
