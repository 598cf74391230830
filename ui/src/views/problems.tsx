// What somebody should look at: held, unreadable, critical, lost, in maintenance, too large.
import { useEffect, useState } from "preact/hooks";
import { address, get, type Held, type Instance, type Instances, type Maintenance, type Service, type State } from "../core/api";
import { crossed, nearTheEnd } from "../core/limits";
import { useResource, type Care } from "../core/resource";
import { link } from "../core/route";
import { count, plural } from "../core/text";
import { endpoint } from "../parts/instance_rows";
import { Steps } from "../parts/sizes";
import { Age, Clock, Command, Empty, Labels, ServiceLink } from "../parts/small";
import { Shape } from "../parts/state";

const shown = 10; // of each; the rest is a link away

export function Problems() {
  const services = useResource<Service[]>(address("services"));
  const held = useResource<Held[]>(address("protection"), told("held", "released", "returned"));
  const maintenance = useResource<Maintenance[]>(address("maintenance"), told("maintenance", "maintenance_ended"));
  const critical = useInState("critical");
  const lost = useInState("lost");
  const invalid = useInvalid(services.data);
  const large = services.data?.filter((one) => tooLarge(one)) ?? [];
  const waits = !services.data || !held.data || !maintenance.data || !critical || !lost;
  const none = !waits && invalid.total + held.data!.length + critical.total + lost.total + maintenance.data!.length + large.length === 0;
  return (
    <>
      <h1>Problems</h1>
      {!none && <Contents of={[
        ["held", "held", held.data?.length], ["unreadable", "critical", invalid.total], ["critical", "critical", critical?.total],
        ["lost", "lost", lost?.total], ["large", "warning", large.length], ["in maintenance", "maintenance", maintenance.data?.length],
      ]} />}
      {waits && <div class="waiting" role="status">reading …</div>}
      {none && <Empty title="Nothing to look at"><p>Nobody is critical or lost, nothing is held, every value can be read, every answer fits.</p></Empty>}
      {held.data && held.data.length > 0 && <HeldSection of={held.data} />}
      {invalid.total > 0 && <InvalidSection of={invalid.found} total={invalid.total} />}
      {critical && critical.total > 0 && <StateSection state="critical" of={critical} note="their checks fail" />}
      {lost && lost.total > 0 && <StateSection state="lost" of={lost} note="their owners give no sign of life; each stays until somebody deregisters it" />}
      {large.length > 0 && <LargeSection of={large} />}
      {maintenance.data && maintenance.data.length > 0 && <MaintenanceSection of={maintenance.data} />}
    </>
  );
}

function told(...events: string[]): Care {
  return { concerns: (change) => events.includes(change.event) };
}

// What there is of each, and the way there.
function Contents({ of }: { of: Array<[string, string, number | undefined]> }) {
  return (
    <div class="filter" role="group" aria-label="go to">
      {of.filter(([, , many]) => many).map(([word, shape, many]) => (
        <button type="button" class={`chip ${shape}`} onClick={() => document.getElementById(word)?.scrollIntoView({ block: "start" })}>
          <Shape of={shape} /><b>{count(many ?? 0)}</b> {word}
        </button>
      ))}
    </div>
  );
}

function useInState(state: State): Instances | undefined {
  return useResource<Instances>(address("instances", { state, limit: shown })).data;
}

function tooLarge(one: Service): boolean {
  return nearTheEnd(one.octets.srv ?? 0) || one.records > 100;
}

// Instances of services that have unreadable values, read through for them: a bounded part.
const pagesRead = 5;
const pageSize = 2000;
function useInvalid(services: Service[] | undefined): { found: Instance[]; total: number } {
  const [found, setFound] = useState<Instance[]>([]);
  const names = (services ?? []).filter((one) => one.invalid > 0);
  const key = names.map((one) => `${one.name} ${one.changed}`).join("\n");
  useEffect(() => {
    const stop = new AbortController();
    const read = async () => {
      const all = new Map<string, Instance>();
      for (const { name } of names.slice(0, 20)) {
        let after = "";
        for (let page = 0; page < pagesRead && all.size < shown; page++) {
          const data = await get<Instances>(address("instances", { name, limit: pageSize, after }), stop.signal);
          for (const one of data.instances) if (one.problem) all.set(one.key, one);
          after = data.next ?? "";
          if (!after) break;
        }
      }
      setFound([...all.values()]);
    };
    read().catch(() => undefined); // the counts are there all the same
    return () => stop.abort();
  }, [key]);
  return { found, total: names.reduce((sum, one) => sum + one.invalid, 0) };
}

function Title({ shape, text }: { shape: string; text: string }) {
  return <><Shape of={shape} /> {text}</>;
}

function Item({ of, children }: { of: { name: string; instance?: string; address?: string; port?: number }; children?: preact.ComponentChildren }) {
  return (
    <li>
      <span class="who">
        {of.instance ? <a href={link("instance", `${of.instance}.${of.name}`)}>{of.instance}<span class="zone">.{of.name}</span></a> : <ServiceLink name={of.name} />}
        {of.address && <span class="mono soft">{endpoint(of)}</span>}
      </span>
      {children}
    </li>
  );
}

function Rest({ total, href }: { total: number; href: string }) {
  return total > shown ? <p><a href={href}>all {count(total)}</a></p> : null;
}

function HeldSection({ of }: { of: Held[] }) {
  const names = [...new Set(of.map((one) => one.name))];
  return (
    <section class="problem" id="held">
      <h2><Title shape="held" text={`${count(of.length)} held`} /><span class="note">vanished without a deregistration, and answered all the same</span></h2>
      <ul class="items">
        {of.slice(0, shown).map((one) => <Item key={one.key} of={one}><span class="soft"><Age since={one.since} /></span><span>{one.why}</span></Item>)}
      </ul>
      {of.length > shown && <p class="soft">and {count(of.length - shown)} more</p>}
      <p>If it was meant, let them go; otherwise register them again, and they are held no longer.</p>
      <Command text={names.slice(0, 10).map((name) => `rollcall protect release ${name}`).join("\n")} />
    </section>
  );
}

function InvalidSection({ of, total }: { of: Instance[]; total: number }) {
  return (
    <section class="problem" id="unreadable">
      <h2><Title shape="critical" text={`${plural(total, "value")} that cannot be read`} /><span class="note">what was last readable is still answered</span></h2>
      <ul class="items">{of.slice(0, shown).map((one) => <Item key={one.key} of={one}><span /><span>{one.problem}</span><span class="mono soft">{one.key}</span></Item>)}</ul>
      {of.length < total && <p class="soft">{of.length > 0 ? "The others: " : "Which ones: "}</p>}
      {of.length < total && <Command text="rollcall check records" />}
    </section>
  );
}

function StateSection({ state, of, note }: { state: State; of: Instances; note: string }) {
  return (
    <section class="problem" id={state}>
      <h2><Title shape={state} text={`${count(of.total)} ${state}`} /><span class="note">{note}</span></h2>
      <ul class="items">
        {of.instances.map((one) => <Item key={one.key} of={one}><span class="soft"><Age since={one.since} /></span><span>{one.why}</span><Labels of={one.labels} /></Item>)}
      </ul>
      <Rest total={of.total} href={link("instances", "", { q: `state:${state}` })} />
      {state === "lost" && <><p class="soft">Those lost for long, in one go, after a question:</p><Command text="rollcall deregister --lost-for=7d" /></>}
    </section>
  );
}

function LargeSection({ of }: { of: Service[] }) {
  return (
    <section class="problem" id="large">
      <h2><Title shape="warning" text={`${plural(of.length, "large name")}`} /><span class="note">near or over a limit of DNS; http_sd has none</span></h2>
      <ul class="items">
        {of.slice(0, shown).map((one) => (
          <li key={one.name}>
            <span class="who"><ServiceLink name={one.name} zone={one.zone} /></span>
            <Steps records={one.records} octets={one.octets.srv ?? 0} />
            <span>{plural(one.records, "record")}, {count(one.octets.srv ?? 0)} octets</span>
            <a href={link("service", one.name, { show: "sizes" })}>over {crossed(one.records, one.octets.srv ?? 0).at(-1)?.name ?? "80 %"}: what that means</a>
          </li>
        ))}
      </ul>
      {of.length > shown && <p><a href={link("services", "", { sort: "size" })}>all {count(of.length)}, by size</a></p>}
    </section>
  );
}

function MaintenanceSection({ of }: { of: Maintenance[] }) {
  return (
    <section class="problem" id="in maintenance">
      <h2><Title shape="maintenance" text={`${count(of.length)} in maintenance`} /><span class="note">instances, names and hosts that are left out of the healthy view</span></h2>
      <ul class="items">
        {of.slice(0, shown).map((one) => (
          <li key={one.subject}>
            <span class="who">{one.name ? <a href={link(one.name.startsWith(one.subject) ? "service" : "instance", one.subject)}>{one.subject}</a> : one.subject}</span>
            <span class="soft">{one.until ? <>until <Clock at={one.until} /></> : "until somebody ends it"}</span>
            <span>{[one.problem, one.reason, one.by && `by ${one.by}`].filter(Boolean).join(", ")}</span>
          </li>
        ))}
      </ul>
      {of.length > shown && <p class="soft">and {count(of.length - shown)} more: <code>rollcall maintenance list</code></p>}
    </section>
  );
}
