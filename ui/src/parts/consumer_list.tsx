// Who asks for a name, and whether he knows its latest state.
import { address, type Consumer } from "../core/api";
import { once, useResource } from "../core/resource";
import { link } from "../core/route";
import { count, duration } from "../core/text";
import { narrow } from "../core/screen";
import { Cell, Rows, type Column } from "./rows";
import { Age, Empty, Waiting } from "./small";

const columns: Column[] = [
  { name: "Client" },
  { name: "Asks for" },
  { name: "By" },
  { name: "Last asked", right: true },
  { name: "Every", right: true },
  { name: "Knows", title: "whether it has been told of the latest change" },
  { name: "Asks", right: true },
];

export function ConsumerList({ name, search = "" }: { name: string; search?: string }) {
  const { data, error } = useResource<Consumer[]>(address("consumers", { name }), {
    ...once,
    every: 5,
  });
  if (!data) return <Waiting error={error} />;
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const rows = data.filter((one) => {
    const text =
      `${one.client} ${one.mechanism} ${one.name} ${one.user_agent ?? ""} ${one.silent ? "silent" : ""}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  if (rows.length === 0) {
    return (
      <Empty title={search ? `Nobody fits “${search}”` : "Nobody has asked yet"}>
        {!search && (
          <p>
            Whoever asks by DNS, http_sd or consul_sd appears here with his first question.{" "}
            <code>rollcall doctor --prometheus.config=FILE</code> tells why a Prometheus does not.
          </p>
        )}
      </Empty>
    );
  }
  return (
    <Rows
      label="consumers"
      kind="consumers"
      columns={columns}
      count={rows.length}
      heights={{ wide: 36, narrow: 64 }}
      id={(index) => `${rows[index]?.client} ${rows[index]?.mechanism} ${rows[index]?.name}`}
      row={(index) => {
        const one = rows[index];
        return one && <ConsumerCells of={one} />;
      }}
    />
  );
}

function ConsumerCells({ of }: { of: Consumer }) {
  return (
    <>
      <Cell class="first mono" title={of.user_agent}>
        {of.client}
        <span class="soft agent">{of.user_agent?.split(" ")[0]}</span>
      </Cell>
      <Cell class="asks-for">
        <a class="open" href={link("service", plainName(of.name))}>
          {of.name}
        </a>
      </Cell>
      <Cell class="by">
        {of.mechanism}
        {of.transport && <span class="soft"> {of.transport}</span>}
      </Cell>
      <Cell right class="last">
        <Age since={of.last_seen} />
      </Cell>
      <Cell right class="every">
        {of.interval_seconds !== undefined && (
          <>
            {narrow.value && <span class="soft">every </span>}
            {duration(of.interval_seconds)}
          </>
        )}
      </Cell>
      <Cell class="knows">
        <Knows of={of} />
      </Cell>
      <Cell right class="asks">
        {count(of.asks)}
      </Cell>
    </>
  );
}

export function Knows({ of }: { of: Consumer }) {
  if (of.silent)
    return (
      <span class="tag critical" title="It has not asked for three of its intervals">
        silent
      </span>
    );
  if (of.lag > 0)
    return (
      <span class="tag warning" title={`last told at revision ${of.revision}`}>
        {count(of.lag)} behind
      </span>
    );
  return (
    <span class="tag passing" title={`told at revision ${of.revision}`}>
      up to date
    </span>
  );
}

// Without selectors: `_healthy.node.prom.internal` asks for node.prom.internal.
export function plainName(name: string): string {
  return name
    .replace(/^(_healthy|_shard\d+of\d+)\./i, "")
    .replace(/^(_healthy|_shard\d+of\d+)\./i, "")
    .replace(/\.$/, "");
}
