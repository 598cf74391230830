// What this server's DNS answers to a question, and how large it is.
import { useEffect, useState } from "preact/hooks";
import { address, dnsTypes, type Dns, type DnsSize, type Runtime, type Service } from "../core/api";
import { param, set } from "../core/location";
import { once, useResource } from "../core/resource";
import { count, plural } from "../core/text";
import { plainName } from "../parts/consumer_list";
import { below } from "../parts/instance_rows";
import { Advice, SizeBar } from "../parts/sizes";
import { Command, Copy, Empty, Waiting } from "../parts/small";

const transports: Array<[keyof Dns["sizes"], string]> = [
  ["udp_512", "UDP, 512: no EDNS"],
  ["udp_1232", "UDP, 1,232: what we send at most"],
  ["udp_4096", "UDP, 4,096: what Prometheus announces"],
  ["tcp", "TCP"],
];

export function DnsConsole() {
  const name = param("name");
  const type = param("type") || "SRV";
  return (
    <>
      <h1>
        DNS console <span class="note">this server's own answer, without a network</span>
      </h1>
      <Question name={name} type={type} />
      {name ? <Asked key={`${name} ${type}`} name={name} type={type} /> : <Suggestions />}
    </>
  );
}

function Asked({ name, type }: { name: string; type: string }) {
  const { data, error } = useResource<Dns>(address("dns", { name, type }), {
    concerns: (change) => below(plainName(name), change),
  });
  return data ? <Answer of={data} /> : <Waiting error={error} />;
}

function Question({ name, type }: { name: string; type: string }) {
  const [text, setText] = useState(name);
  const [asked, setAsked] = useState(type);
  useEffect(() => setText(name), [name]);
  useEffect(() => setAsked(type), [type]);
  return (
    <form
      class="question"
      onSubmit={(event) => {
        event.preventDefault();
        set({ name: text.trim(), type: asked });
      }}
    >
      <label>
        name{" "}
        <input
          name="name"
          class="mono"
          value={text}
          spellcheck={false}
          autoComplete="off"
          autoCapitalize="none"
          placeholder="node.prom.internal"
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </label>
      <label>
        type{" "}
        <select
          name="type"
          value={asked}
          onChange={(event) => {
            setAsked(event.currentTarget.value);
            if (text.trim()) set({ name: text.trim(), type: event.currentTarget.value });
          }}
        >
          {dnsTypes.map((one) => (
            <option value={one}>{one}</option>
          ))}
        </select>
      </label>
      <button type="submit">ask</button>
    </form>
  );
}

function Suggestions() {
  const services = useResource<Service[]>(address("services"), once).data ?? [];
  const zones = useResource<Runtime>(address("status/runtimeinfo"), once).data?.zones ?? [];
  const ask = (name: string, type: string) => (
    <li>
      <button type="button" class="plain mono" onClick={() => set({ name, type })}>
        {name} {type}
      </button>
    </li>
  );
  const first = services[0]?.name;
  return (
    <Empty title="Ask for a name">
      <p>
        Selectors work here as in DNS: <code>_healthy.NAME</code>, <code>_shard0of4.NAME</code>.
      </p>
      <ul class="suggestions">
        {services.slice(0, 5).map((one) => ask(one.name, "SRV"))}
        {first && ask(`_healthy.${first}`, "SRV")}
        {zones.slice(0, 3).map((zone) => ask(zone, "SOA"))}
      </ul>
    </Empty>
  );
}

// What Prometheus makes of it.
function meaning(of: Dns): string {
  if (of.rcode === "NXDOMAIN") return "No such name: dns_sd drops every target it has of it.";
  if (of.rcode === "SERVFAIL") return "Not sure, or unreadable: dns_sd keeps the targets it has.";
  if (of.rcode === "REFUSED") return "Outside the zones: the next name server is asked.";
  if (of.rcode === "NOERROR" && of.answer.length === 0)
    return "The name is there, without records of this type: dns_sd drops every target it has of it.";
  if (of.flags.includes("tc")) return "Truncated over TCP: dns_sd keeps the list it has.";
  return "";
}

function Answer({ of }: { of: Dns }) {
  const full = of.sizes.tcp;
  return (
    <>
      <p class="summary">
        <span class={`tag ${of.rcode === "NOERROR" ? "passing" : "critical"}`}>{of.rcode}</span>
        <span class="mono">{of.flags.join(" ")}</span>
        <span>{plural(of.records, "record")}</span>
        {of.ede && (
          <span class="tag warning" title="Extended DNS Error">
            EDE {of.ede.code}
            {of.ede.text && `: ${of.ede.text}`}
          </span>
        )}
      </p>
      {meaning(of) && <p>{meaning(of)}</p>}
      <div class="columns">
        <section>
          <h2>Answer</h2>
          <Zone name="answer" lines={of.answer} />
          {of.authority.length > 0 && (
            <>
              <h3>authority</h3>
              <Zone name="authority" lines={of.authority} />
            </>
          )}
          {of.additional.length > 0 && (
            <>
              <h3>additional</h3>
              <Zone name="additional" lines={of.additional} />
            </>
          )}
          <Command text={`dig @${location.hostname} -p 5300 ${of.name} ${of.type}`} />
        </section>
        <section>
          <h2>Size</h2>
          <div class="sizes">
            {transports.map(([key, title]) => (
              <Transport key={key} title={title} size={of.sizes[key]} />
            ))}
            {of.type === "SRV" && <Advice records={of.records} octets={full.octets} />}
          </div>
        </section>
      </div>
    </>
  );
}

function Transport({ title, size }: { title: string; size: DnsSize }) {
  return (
    <>
      <h3>
        {title}{" "}
        <span class="note">
          {count(size.octets)} octets, {plural(size.records, "record")}
          {size.truncated && <span class="tag warning">TC: ask again by TCP</span>}
        </span>
      </h3>
      <SizeBar octets={size.octets} label={title} />
    </>
  );
}

const most = 200; // lines that are drawn; all are copied

function Zone({ name, lines }: { name: string; lines: string[] }) {
  const [all, setAll] = useState(false);
  if (lines.length === 0) return <p class="soft">nothing</p>;
  return (
    <>
      <Copy label={`${name} as zone text`} text={(all ? lines : lines.slice(0, most)).join("\n")} />
      {!all && lines.length > most && (
        <button type="button" class="plain" onClick={() => setAll(true)}>
          show all {count(lines.length)} lines
        </button>
      )}
    </>
  );
}
