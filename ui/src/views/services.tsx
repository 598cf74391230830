// All names that something is registered under.
import { useEffect, useMemo, useRef } from "preact/hooks";
import { address, type History, type Runtime, type Service } from "../core/api";
import { param, set } from "../core/location";
import { listen } from "../core/live";
import { once, useResource } from "../core/resource";
import { narrow } from "../core/screen";
import { count, plural } from "../core/text";
import { Cell, Rows, type Column } from "../parts/rows";
import { Steps } from "../parts/sizes";
import { Age, Command, Empty, ServiceLink, Waiting } from "../parts/small";
import { StateCounts } from "../parts/state";

// How much a service wants to be looked at.
export function trouble(service: Service): number {
  const { critical = 0, lost = 0, warning = 0 } = service.states;
  return 1e6 * (service.invalid + service.held) + 1e3 * (critical + lost) + warning;
}

const orders: Record<string, (a: Service, b: Service) => number> = {
  name: () => 0, // as they come
  instances: (a, b) => b.count - a.count,
  trouble: (a, b) => trouble(b) - trouble(a),
  size: (a, b) => (b.octets.srv ?? 0) - (a.octets.srv ?? 0),
  consumers: (a, b) => b.consumers - a.consumers,
  changed: (a, b) => b.changed - a.changed,
};

// When the changes were that the server still remembers, or that were seen here.
function useTimes(): Map<number, string> {
  const times = useRef(new Map<number, string>()).current;
  const { data } = useResource<History>(address("history", { limit: 1000 }), once);
  for (const { revision, time } of data?.changes ?? []) times.set(revision, time);
  useEffect(() => listen((change) => change && times.set(change.revision, change.time)), []);
  return times;
}

export function Services() {
  const order = param("sort") || "name";
  const { data, error } = useResource<Service[]>(address("services", { q: param("q") }));
  const times = useTimes();
  // Not the sum of the rows: a name counts what is below it, and so may two.
  const total = useResource<Runtime>(address("status/runtimeinfo"), { ...once, every: 10 }).data
    ?.registrations;
  const rows = useMemo(
    () => [...(data ?? [])].sort(orders[order] ?? orders["name"]),
    [data, order],
  );
  if (!data) return <Waiting error={error} />;
  const sort = (name: string) => ({ is: order === name, by: () => set({ sort: name }) });
  const columns: Column[] = [
    { name: "Service", sort: { ...sort("name"), rising: true } },
    { name: "Instances", right: true, sort: sort("instances") },
    { name: "States", sort: sort("trouble") },
    { name: "Records", right: true },
    { name: "Octets", right: true, sort: sort("size") },
    { name: "Limits", title: "100 records, 1,232, 4,096 and 65,535 octets" },
    { name: "Consumers", right: true, sort: sort("consumers") },
    { name: "Changed", right: true, sort: sort("changed") },
  ];
  return (
    <>
      <h1>
        Services{" "}
        <span class="note">
          {plural(rows.length, "service")}
          {!param("q") && total !== undefined && `, ${plural(total, "instance")}`}
        </span>
      </h1>
      {rows.length === 0 ? (
        <Nothing />
      ) : (
        <Rows
          label="services"
          kind="services"
          columns={columns}
          count={rows.length}
          heights={{ wide: 40, narrow: 84 }}
          id={(index) => rows[index]?.name ?? ""}
          row={(index) => {
            const one = rows[index];
            return one && <ServiceRow of={one} changed={times.get(one.changed)} />;
          }}
        />
      )}
    </>
  );
}

function ServiceRow({ of, changed }: { of: Service; changed: string | undefined }) {
  const octets = of.octets.srv ?? 0;
  return (
    <>
      <Cell class="first">
        <ServiceLink name={of.name} zone={of.zone} />
        {of.held > 0 && (
          <span class="tag held" title="vanished without a deregistration, and still answered">
            {count(of.held)} held
          </span>
        )}
        {of.invalid > 0 && (
          <span class="tag critical" title="values that cannot be read">
            {count(of.invalid)} invalid
          </span>
        )}
      </Cell>
      <Cell right class="instances">
        {count(of.count)}
        {narrow.value && <span class="soft"> instances</span>}
      </Cell>
      <Cell class="states">
        <StateCounts of={of.states} />
      </Cell>
      <Cell right class="records">
        {count(of.records)}
        {narrow.value && <span class="soft"> records</span>}
      </Cell>
      <Cell right class="octets">
        {count(octets)}
        {narrow.value && <span class="soft"> octets</span>}
      </Cell>
      <Cell class="limits">
        <Steps records={of.records} octets={octets} />
      </Cell>
      <Cell right class="consumers" title={of.consumers === 0 ? "nobody asks for it" : undefined}>
        {of.consumers === 0 ? <span class="soft">none</span> : count(of.consumers)}
      </Cell>
      <Cell right class="changed" title={`revision ${count(of.changed)}`}>
        {changed ? <Age since={changed} /> : <span class="soft">r{of.changed}</span>}
      </Cell>
    </>
  );
}

function Nothing() {
  if (param("q")) {
    return (
      <Empty title="No service has such a name">
        <p>
          Names are matched by words. To look for an address, a host or a label, search{" "}
          <a href="#/instances">instances</a>.
        </p>
      </Empty>
    );
  }
  return (
    <Empty title="Nothing is registered yet">
      <p>Register an exporter, from any host that reaches the store:</p>
      <Command text="rollcall register node --address 192.0.2.10 --port 9100 --host server01" />
      <p>or run it under rollcall, so that its state is known:</p>
      <Command text="rollcall run node --port 9100 -- /usr/bin/prometheus-node-exporter" />
    </Empty>
  );
}
