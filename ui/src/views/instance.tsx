// One instance: all that is known of it, where it is found, and who has fetched it.
import {
  address,
  ApiError,
  type Consumer,
  type History,
  type Instance,
  type Said,
} from "../core/api";
import { go } from "../core/location";
import { ways } from "../core/reach";
import { once, useResource } from "../core/resource";
import { link } from "../core/route";
import { clock, count } from "../core/text";
import { ChangeList } from "../parts/change_list";
import { Knows } from "../parts/consumer_list";
import { below, endpoint } from "../parts/instance_rows";
import { Age, Clock, Command, Empty, Facts, Labels, Name, Section, Waiting } from "../parts/small";
import { StateBadge } from "../parts/state";

export function InstanceView({ name }: { name: string }) {
  const { data, error } = useResource<Instance>(address(`instances/${encodeURIComponent(name)}`), {
    concerns: (change) => below(name, change),
  });
  if (error instanceof ApiError && error.status === 404) return <Absent name={name} />;
  if (!data) return <Waiting error={error} />;
  return (
    <>
      <h1>
        {data.instance}
        <a class="zone" href={link("service", data.name)}>
          .<Name name={data.name} zone={data.zone} />
        </a>
      </h1>
      <p class="summary">
        <StateBadge state={data.state ?? "static"} />
        {data.since && (
          <span>
            for <Age since={data.since} />
          </span>
        )}
        {data.why && <span>{data.why}</span>}
        {data.health && data.health !== data.state && (
          <span class="soft">its owner last said: {data.health}</span>
        )}
      </p>
      <Alarms of={data} />
      <div class="columns">
        <Section title="Registration">
          <Registration of={data} />
        </Section>
        <Section title="Found by">
          <FoundBy of={data} />
        </Section>
      </div>
      <Section title="Fetched by">
        <FetchedBy of={data} />
      </Section>
      <Section title="Changes">
        <ChangeList name={name} />
      </Section>
    </>
  );
}

function said({ since, by, why, until }: Said): string {
  const parts = [
    since && `since ${clock(since, Date.now())}`,
    until && `until ${clock(until, Date.now())}`,
    by && `by ${by}`,
    why,
  ];
  return parts.filter(Boolean).join(", ");
}

function Alarms({ of }: { of: Instance }) {
  const whole = `${of.instance}.${of.name}`;
  return (
    <>
      {of.problem && (
        <p class="banner critical inline">
          <strong>Its value cannot be read.</strong>{" "}
          <span>{of.problem}. What could be read last is still answered.</span>
        </p>
      )}
      {of.held && (
        <div class="banner warning inline">
          <strong>Held.</strong>{" "}
          <span>
            It vanished from the store without a deregistration, and is answered all the same (
            {said(of.held)}). If it was meant:
          </span>
          <Command text={`rollcall protect release ${whole}`} />
        </div>
      )}
      {of.maintenance && (
        <div class="banner inline">
          <strong>In maintenance.</strong> <span>{said(of.maintenance)}. To end it:</span>
          <Command text={`rollcall maintenance off ${whole}`} />
        </div>
      )}
      {of.stopping && (
        <p class="banner inline">
          <strong>Stopped.</strong>{" "}
          <span>{said(of.stopping)}; then it is deregistered, unless it is back.</span>
        </p>
      )}
      {of.state === "lost" && !of.held && (
        <div class="banner warning inline">
          <strong>Lost.</strong>{" "}
          <span>
            Its owner gives no sign of life. Prometheus goes on scraping it, so that{" "}
            <code>up == 0</code> fires. If the host is gone for good:
          </span>
          <Command
            text={`rollcall deregister ${of.service ?? of.name} --instance ${of.instance}`}
          />
        </div>
      )}
    </>
  );
}

function Registration({ of }: { of: Instance }) {
  const facts: Array<[string, preact.ComponentChildren]> = [
    ["address", <span class="mono">{endpoint(of) || "none"}</span>],
  ];
  const add = (name: string, value: string | number | undefined) => {
    if (value !== undefined && value !== "") facts.push([name, String(value)]);
  };
  add("owner", of.owner ?? "none: static");
  add("host", of.host);
  if (Object.keys(of.labels).length > 0) {
    facts.push([
      "labels",
      <Labels
        of={of.labels}
        pick={(key, value) => {
          go(link("instances", "", { q: `${key}=${value}` }));
        }}
      />,
    ]);
  }
  add("tags", of.tags?.join(", "));
  add("text", of.text);
  add("scheme", of.scheme);
  add("metrics path", of.metrics_path);
  add("interval", of.interval);
  add(
    "parameters",
    Object.entries(of.params ?? {})
      .map(([key, value]) => `${key}=${value}`)
      .join(" "),
  );
  add("DNS TTL", of.ttl === undefined ? undefined : `${of.ttl} s`);
  add(
    "priority, weight",
    of.priority === undefined && of.weight === undefined
      ? undefined
      : `${of.priority ?? 10}, ${of.weight ?? 100}`,
  );
  add("retain when lost", of.retain);
  add("lease", of.lease);
  facts.push(["key", <span class="mono">{of.key}</span>], ["revision", count(of.revision)]);
  return <Facts of={facts} />;
}

function FoundBy({ of }: { of: Instance }) {
  return (
    <ul class="ways">
      {ways(of).map(({ kind, what, not }) => (
        <li class={not ? "not" : ""}>
          <span class="kind">{kind}</span>
          {kind.includes("_") ? (
            <span class="mono">{what}</span>
          ) : (
            <a class="mono" href={link("dns", "", { name: what, type: kind })}>
              {what}
            </a>
          )}
          {not && <span class="soft">no: {not}</span>}
        </li>
      ))}
    </ul>
  );
}

function FetchedBy({ of }: { of: Instance }) {
  const { data, error } = useResource<Consumer[]>(
    address("consumers", { name: `${of.instance}.${of.name}` }),
    { ...once, every: 5 },
  );
  if (!data) return <Waiting error={error} />;
  const fetched = data.filter((one) => one.mechanism !== "api");
  if (fetched.length === 0)
    return (
      <Empty title="Nobody has asked for it">
        <p>No DNS, http_sd or consul_sd client has asked for a name that gives this instance.</p>
      </Empty>
    );
  return (
    <ul class="fetched">
      {fetched.slice(0, 100).map((one) => (
        <li>
          <span class="mono">{one.client}</span>{" "}
          <span>
            {one.mechanism} <span class="mono">{one.name}</span>
          </span>
          <span class="soft">
            last <Age since={one.last_seen} /> ago
          </span>
          {one.revision >= of.revision ? (
            <Knows of={one} />
          ) : (
            <span
              class="tag warning"
              title={`told at revision ${one.revision}, changed at ${of.revision}`}
            >
              not told of its last change
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}

// Not registered: who took it away is what somebody wants to know then.
function Absent({ name }: { name: string }) {
  const { data } = useResource<History>(address("history", { name, limit: 20 }), {
    concerns: (change) => below(name, change),
  });
  const last = data?.changes.find(
    (one) => one.event === "deregistered" || one.event === "removed" || one.event === "released",
  );
  const dot = name.indexOf(".");
  return (
    <>
      <h1>{name}</h1>
      <Empty title="Not registered">
        {last ? (
          <p>
            {last.event} at <Clock at={last.time} />
            {last.by && ` by ${last.by}`}
            {last.why && `: ${last.why}`}
          </p>
        ) : (
          <p>
            Nothing has this name, and the server remembers nothing of it.{" "}
            <button
              type="button"
              class="plain"
              onClick={() => {
                go(link("instances", "", { q: name.slice(0, dot < 0 ? undefined : dot) }));
              }}
            >
              search for its first word
            </button>
          </p>
        )}
        <Command text={`rollcall explain ${name}`} />
      </Empty>
      {data && data.changes.length > 0 && (
        <Section title="Changes">
          <ChangeList name={name} />
        </Section>
      )}
    </>
  );
}
